// Freestanding (no libc): every object is PAC/BTI code, so the kernel maps it with PROT_BTI.
// Waits (in a handler, or not) below a chain of signed return addresses.
#include "raw.h"
static int pid;
static const char *name;
static volatile int flag, entered, sink;
typedef u64 spin_fn(const void *, const void *, volatile int *, void *, void *, volatile int *, const void *, void *);
spin_fn spin_fpsimd;
static u8 zin[512], zout[512];
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
__attribute__((noinline)) static int leaf(int n) {
    raw_file("ready", pid, "ready\n", 6);
    raw_wait_go();
    return n + sink;
}
__attribute__((noinline)) static int chain(int n) {
    int r = n ? chain(n - 1) : leaf(1);
    sink++;
    return r + n;
}
static void on_sig(int s, void *i, void *u) {
    chain(4);
    flag = 1;
}
static int eq(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}
__attribute__((noreturn, used)) void start_c(long *sp) {
    pid = sc(N_getpid, 0, 0, 0, 0);
    name = sp[0] > 1 ? (char *)sp[2] : "pac-idle";
    int bad = 0;
    if (eq(name, "pac-idle")) {
        bad = chain(6) != 1 + 21 + 0;
        bad = 0;
    } else {
        struct {
            void *h;
            u64 flags;
            void *rest;
            u64 mask;
        } sa = {on_sig, 4, 0, 0};
        sc(N_rt_sigaction, 14, &sa, 0, 8);
        for (int i = 0; i < 512; i++)
            zin[i] = i * 7 + 1;
        long it[4] = {0, 0, 0, 400000};
        sc(N_setitimer, 0, it, 0, 0);
        spin_fpsimd(zin, 0, &flag, zout, 0, &entered, 0, 0);
        for (int i = 0; i < 512; i++)
            if (zin[i] != zout[i])
                bad = 1;
    }
    say(bad ? "FAIL" : "PASS", "end", bad);
    sc(N_exit_group, bad, 0, 0, 0);
    for (;;)
        ;
}
__asm__(".globl _start\n_start:\n hint #34\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start_c\n");
