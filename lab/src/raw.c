// Freestanding test program (no libc at all, so nothing here ever touches SVE behind our back):
// the kernel then writes a header-only SVE record in the signal frame.
#include "raw.h"
static int pid;
static const char *name;
static volatile int flag, entered, flag2, entered2;
typedef u64 spin_fn(const void *, const void *, volatile int *, void *, void *, volatile int *, const void *, void *);
spin_fn spin_fpsimd, spin_plain;
static u8 zin[512], zout[512], zin2[512], zout2[512];
static void say(const char *v, const char *why, u64 a) {
    struct out o;
    o.n = 0;
    o_s(&o, v);
    o_s(&o, " ");
    o_s(&o, name);
    o_s(&o, " ");
    o_s(&o, why);
    o_s(&o, " ");
    o_x(&o, a);
    o_s(&o, "\n");
    raw_file("result", pid, o.b, o.n);
}
static void ready(void) {
    raw_file("ready", pid, "ready\n", 6);
}
static int eq(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}
static struct out O;
static void describe(const u8 *uc) {
    const u8 *mc = uc + UC_MCONTEXT, *res = (const u8 *)(((u64)mc + 8 + 31 * 8 + 24 + 15) & ~15ull), *p = res;
    O.n = 0;
    o_s(&O, "{\"tid\":");
    o_d(&O, sc(N_gettid, 0, 0, 0, 0));
    o_s(&O, ",\"frame\":\"");
    o_x(&O, (u64)uc - SIGINFO_SIZE);
    o_s(&O, "\",\"ucontext\":\"");
    o_x(&O, (u64)uc);
    o_s(&O, "\",\"uc_flags\":");
    o_d(&O, *(u64 *)uc);
    o_s(&O, ",\"reserved\":\"");
    o_x(&O, (u64)res);
    o_s(&O, "\",\"pc\":\"");
    o_x(&O, *(u64 *)(mc + 264));
    o_s(&O, "\",\"sp\":\"");
    o_x(&O, *(u64 *)(mc + 256));
    o_s(&O, "\",\"records\":[");
    for (int n = 0; p < res + 4096; n++) {
        u32 magic = *(u32 *)p, size = *(u32 *)(p + 4);
        if (n)
            o_s(&O, ",");
        o_s(&O, "{\"magic\":\"");
        o_x(&O, magic);
        o_s(&O, "\",\"size\":");
        o_d(&O, size);
        o_s(&O, ",\"at\":\"");
        o_x(&O, (u64)p);
        o_s(&O, "\"");
        if (magic == SVE_MAGIC || magic == ZA_MAGIC) {
            o_s(&O, ",\"vl\":");
            o_d(&O, *(uint16_t *)(p + 8));
        }
        if (magic == SVE_MAGIC) {
            o_s(&O, ",\"flags\":");
            o_d(&O, *(uint16_t *)(p + 10));
        }
        if (magic == TPIDR2_MAGIC || magic == FPMR_MAGIC || magic == POE_MAGIC) {
            o_s(&O, ",\"value\":\"");
            o_x(&O, *(u64 *)(p + 8));
            o_s(&O, "\"");
        }
        o_s(&O, "}");
        if (!magic || size < 16)
            break;
        p += size;
    }
    o_s(&O, "]}\n");
    raw_file("frames", pid, O.b, O.n);
}
static void timer(long us) {
    long it[4] = {0, 0, 0, us};
    sc(N_setitimer, 0, it, 0, 0);
}
struct ksa {
    void *h;
    u64 flags;
    void *rest;
    u64 mask;
};
static void catch(int sig, void *h, u64 fl) {
    struct ksa sa = {h, 4 | fl, 0, 0};
    sc(N_rt_sigaction, sig, &sa, 0, 8);
}
static void on_sig(int s, void *i, void *u) {
    describe(u);
    ready();
    raw_wait_go();
    flag = 1;
}
static void on_inner(int s, void *i, void *u) {
    describe(u);
    ready();
    raw_wait_go();
    flag2 = 1;
}
static void on_outer(int s, void *i, void *u) {
    describe(u);
    catch(14, on_inner, 0x40000000);
    timer(300000);
    spin_fpsimd(zin2, 0, &flag2, zout2, 0, &entered2, 0, 0);
    flag = 1;
}
__attribute__((noreturn, used)) void start_c(long *sp) {
    int bad = 0;
    pid = sc(N_getpid, 0, 0, 0, 0);
    name = sp[0] > 1 ? (char *)sp[2] : "raw-idle";
    for (int i = 0; i < 512; i++)
        zin[i] = i * 7 + 1, zin2[i] = i * 5 + 3;
    if (eq(name, "raw-idle")) {
        ready();
        raw_wait_go();
    } else if (eq(name, "raw-nested")) {
        catch(14, on_outer, 0x40000000);
        timer(300000);
        spin_fpsimd(zin, 0, &flag, zout, 0, &entered, 0, 0); // SA_NODEFER
        for (int i = 0; i < 512; i++)
            bad |= (zin[i] != zout[i]) | (zin2[i] != zout2[i]) << 1;
    } else {
        if (eq(name, "raw-alt")) {
            u64 ss[3] = {(u64)sc6(N_mmap, 0, 65536, 3, 0x22, -1, 0), 0, 65536};
            sc(N_sigaltstack, ss, 0, 0, 0);
            catch(14, on_sig, 0x08000000);
        } else
            catch(14, on_sig, 0);
        timer(400000);
        spin_fpsimd(zin, 0, &flag, zout, 0, &entered, 0, 0);
        for (int i = 0; i < 512; i++)
            bad |= zin[i] != zout[i];
    }
    say(bad ? "FAIL" : "PASS", "end", bad);
    sc(N_exit_group, bad, 0, 0, 0);
    for (;;)
        ;
}
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start_c\n");
