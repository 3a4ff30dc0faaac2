// Prints this machine's CPU facts as JSON on stdout.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>
static void vls(const char *name, int set, unsigned long have) {
    printf("  \"%s\": [", name);
    int first = 1, last = -1;
    if (have)
        for (int v = 16; v <= 8192; v += 16) {
            int r = prctl(set, v | 0);
            if (r < 0)
                break;
            r &= 0xffff;
            if (r == v && r != last) {
                printf("%s%d", first ? "" : ", ", r);
                first = 0;
                last = r;
            }
            if (v > 256 && r <= 256)
                break;
        }
    printf("],\n");
}
#define ID(n, r)                                                        \
    do {                                                                \
        unsigned long v;                                                \
        __asm__("mrs %0, " r : "=r"(v));                                \
        printf("%s\n    \"%s\": \"0x%016lx\"", idn++ ? "," : "", n, v); \
    } while (0)
int main(void) {
    struct utsname u;
    uname(&u);
    unsigned long h1 = getauxval(16), h2 = getauxval(26), h3 = getauxval(29), h4 = getauxval(30);
    printf("{\n  \"kernel\": \"%s\",\n  \"kernel_version\": \"%s\",\n  \"page_size\": %ld,\n", u.release, u.version,
           sysconf(_SC_PAGESIZE));
    printf("  \"AT_HWCAP\": \"0x%lx\",\n  \"AT_HWCAP2\": \"0x%lx\",\n  \"AT_HWCAP3\": \"0x%lx\",\n  \"AT_HWCAP4\": "
           "\"0x%lx\",\n  \"AT_MINSIGSTKSZ\": %lu,\n",
           h1, h2, h3, h4, getauxval(51));
    printf("  \"AT_PLATFORM\": \"%s\",\n", getauxval(15) ? (char *)getauxval(15) : "");
    // user address space: a hint above 48 bits is honoured only with 52-bit addresses (the PAC field is smaller then)
    void *hi = mmap((void *)(1ul << 50), 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("  \"user_va_bits\": %d,\n", hi != MAP_FAILED && (unsigned long)hi >= 1ul << 49 ? 52 : 48);
    unsigned long pm[2] = {0, 0};
    (void)pm;
    printf("  \"pac_enabled_keys\": %d,\n", prctl(61, 0, 0, 0, 0));
    int d = prctl(51);
    printf("  \"sve_vl_default\": %d,\n", d < 0 ? 0 : d & 0xffff);
    d = prctl(64);
    printf("  \"sme_vl_default\": %d,\n", d < 0 ? 0 : d & 0xffff);
    vls("sve_vls", 50, h1 & (1ul << 22));
    vls("sme_vls", 63, h2 & (1ul << 23));
    char line[8192];
    FILE *f = fopen("/proc/cpuinfo", "r");
    int n = 0;
    while (f && fgets(line, sizeof line, f)) {
        if (!strncmp(line, "Features", 8) && !n++) {
            char *p = strchr(line, ':') + 1;
            while (*p == ' ')
                p++;
            p[strcspn(p, "\n")] = 0;
            printf("  \"features\": \"%s\",\n", p);
        }
    }
    int idn = 0;
    printf("  \"id_registers\": {");
    if (h1 & (1 << 11)) {
        ID("MIDR_EL1", "S3_0_C0_C0_0");
        ID("ID_AA64PFR0_EL1", "S3_0_C0_C4_0");
        ID("ID_AA64PFR1_EL1", "S3_0_C0_C4_1");
        ID("ID_AA64PFR2_EL1", "S3_0_C0_C4_2");
        ID("ID_AA64ZFR0_EL1", "S3_0_C0_C4_4");
        ID("ID_AA64SMFR0_EL1", "S3_0_C0_C4_5");
        ID("ID_AA64FPFR0_EL1", "S3_0_C0_C4_7");
        ID("ID_AA64ISAR0_EL1", "S3_0_C0_C6_0");
        ID("ID_AA64ISAR1_EL1", "S3_0_C0_C6_1");
        ID("ID_AA64ISAR2_EL1", "S3_0_C0_C6_2");
        ID("ID_AA64ISAR3_EL1", "S3_0_C0_C6_3");
        ID("ID_AA64MMFR0_EL1", "S3_0_C0_C7_0");
        ID("ID_AA64MMFR1_EL1", "S3_0_C0_C7_1");
        ID("ID_AA64MMFR2_EL1", "S3_0_C0_C7_2");
        ID("ID_AA64MMFR3_EL1", "S3_0_C0_C7_3");
    }
    printf("\n  }\n}\n");
}
