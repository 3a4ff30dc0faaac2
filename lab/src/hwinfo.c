// Prints what this machine offers to programs, as JSON.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

// include/uapi/linux/auxvec.h and arch/arm64/include/uapi/asm/hwcap.h; older headers lack some.
enum { HWCAP3 = 29, HWCAP4 = 30, MINSIGSTKSZ = 51 };
#define HWCAP_CPUID_BIT (1ul << 11)
#define HWCAP_SVE_BIT (1ul << 22)
#define HWCAP2_SME_BIT (1ul << 23)
enum { SVE_SET_VL = 50, SVE_GET_VL = 51, PAC_GET_ENABLED_KEYS = 61, SME_SET_VL = 63, SME_GET_VL = 64, VL_MASK = 0xffff };

// All lengths up to 256 bytes, which is the longest there is: the kernel gives the next shorter of those it has.
static void lengths(const char *name, int set, int get, int have) {
    int standard = have ? prctl(get) & VL_MASK : 0;
    printf("  \"%s_vl_default\": %d,\n  \"%s_vls\": [", name, standard, name);
    const char *comma = "";
    for (int asked = 16; have && asked <= 256; asked += 16)
        if ((prctl(set, asked) & VL_MASK) == asked) {
            printf("%s%d", comma, asked);
            comma = ", ";
        }
    printf("],\n");
}

static void features(void) {
    char line[8192];
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "Features", 8)) {
            char *names = strchr(line, ':');
            names += strspn(names, ": \t");
            names[strcspn(names, "\n")] = 0;
            printf("  \"features\": \"%s\",\n", names);
            break;
        }
    if (f)
        fclose(f);
}

#define REGISTER(comma, name, encoding)                                                                                \
    do {                                                                                                               \
        unsigned long value;                                                                                           \
        __asm__("mrs %0, " encoding : "=r"(value));                                                                    \
        printf(comma "\n    \"" name "\": \"0x%016lx\"", value);                                                       \
    } while (0)

// The kernel emulates reading them where it says so.
static void registers(int readable) {
    printf("  \"id_registers\": {");
    if (readable) {
        REGISTER("", "MIDR_EL1", "S3_0_C0_C0_0");
        REGISTER(",", "ID_AA64PFR0_EL1", "S3_0_C0_C4_0");
        REGISTER(",", "ID_AA64PFR1_EL1", "S3_0_C0_C4_1");
        REGISTER(",", "ID_AA64PFR2_EL1", "S3_0_C0_C4_2");
        REGISTER(",", "ID_AA64ZFR0_EL1", "S3_0_C0_C4_4");
        REGISTER(",", "ID_AA64SMFR0_EL1", "S3_0_C0_C4_5");
        REGISTER(",", "ID_AA64FPFR0_EL1", "S3_0_C0_C4_7");
        REGISTER(",", "ID_AA64ISAR0_EL1", "S3_0_C0_C6_0");
        REGISTER(",", "ID_AA64ISAR1_EL1", "S3_0_C0_C6_1");
        REGISTER(",", "ID_AA64ISAR2_EL1", "S3_0_C0_C6_2");
        REGISTER(",", "ID_AA64ISAR3_EL1", "S3_0_C0_C6_3");
        REGISTER(",", "ID_AA64MMFR0_EL1", "S3_0_C0_C7_0");
        REGISTER(",", "ID_AA64MMFR1_EL1", "S3_0_C0_C7_1");
        REGISTER(",", "ID_AA64MMFR2_EL1", "S3_0_C0_C7_2");
        REGISTER(",", "ID_AA64MMFR3_EL1", "S3_0_C0_C7_3");
    }
    printf("\n  }\n");
}

int main(void) {
    struct utsname kernel;
    uname(&kernel);
    unsigned long hwcap = getauxval(AT_HWCAP), hwcap2 = getauxval(AT_HWCAP2);
    printf("{\n  \"kernel\": \"%s\",\n  \"kernel_version\": \"%s\",\n", kernel.release, kernel.version);
    printf("  \"page_size\": %ld,\n", sysconf(_SC_PAGESIZE));
    printf("  \"AT_HWCAP\": \"0x%lx\",\n  \"AT_HWCAP2\": \"0x%lx\",\n", hwcap, hwcap2);
    printf("  \"AT_HWCAP3\": \"0x%lx\",\n  \"AT_HWCAP4\": \"0x%lx\",\n", getauxval(HWCAP3), getauxval(HWCAP4));
    printf("  \"AT_MINSIGSTKSZ\": %lu,\n", getauxval(MINSIGSTKSZ));
    // A hint above 48 bits is honoured only where user addresses have 52.
    unsigned long high = (unsigned long)mmap((void *)(1ul << 50), 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("  \"user_va_bits\": %d,\n", high != (unsigned long)MAP_FAILED && high >= 1ul << 49 ? 52 : 48);
    printf("  \"pac_enabled_keys\": %d,\n", prctl(PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
    lengths("sve", SVE_SET_VL, SVE_GET_VL, (hwcap & HWCAP_SVE_BIT) != 0);
    lengths("sme", SME_SET_VL, SME_GET_VL, (hwcap2 & HWCAP2_SME_BIT) != 0);
    features();
    registers((hwcap & HWCAP_CPUID_BIT) != 0);
    printf("}\n");
    return 0;
}
