// `midst NAME`: what a handler can interrupt and how it can be left, and what several threads and processes can be in the
// midst of. Like scen, it says that it is ready, waits for /tmp/lab/go, goes on, and checks its state. Compiled with signed
// return addresses. With `-sve` behind the name the interrupted code has live SVE registers.
#define _GNU_SOURCE
#include "raw.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum { N_futex = 98, N_ppoll = 73, N_pipe2 = 59, N_read = 63, N_rt_sigtimedwait = 137, N_pselect6 = 72 };

typedef u64 spin_fn(const void *, const void *, volatile int *, void *, void *, volatile int *, const void *, void *);
spin_fn spin_fpsimd, spin_sve;
u64 get_vl(void);

static int pid;
static const char *name;
static int sve;
static int bad;
static volatile int handlers, release, entered;
static u8 in[32 * 256], out[32 * 256], pin[17 * 32], pout[17 * 32];

static void say(const char *verdict, const char *why, u64 a, u64 b) {
    struct out o;
    o.n = 0;
    o_s(&o, verdict);
    o_s(&o, " ");
    o_s(&o, name);
    o_s(&o, " ");
    o_s(&o, why);
    o_s(&o, " ");
    o_x(&o, a);
    o_s(&o, " ");
    o_x(&o, b);
    o_s(&o, "\n");
    raw_file("result", pid, o.b, o.n);
}
static void finish(int is_bad) {
    say(is_bad ? "FAIL" : "PASS", "end", is_bad, 0);
    sc(N_exit_group, is_bad ? 1 : 0, 0, 0, 0);
}
static void skip(const char *why) {
    say("SKIP", why, 0, 0);
    sc(N_exit_group, 8, 0, 0, 0);
}
static void ready_and_wait(void) {
    raw_file("ready", pid, "ready\n", 6);
    raw_wait_go();
}
static void on(int sig, void (*f)(int, siginfo_t *, void *), int flags) {
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = f;
    sa.sa_flags = SA_SIGINFO | flags;
    sigaction(sig, &sa, 0);
}
static void alarm_ms(int ms) {
    struct itimerval it = {.it_value = {ms / 1000, (ms % 1000) * 1000}};
    setitimer(ITIMER_REAL, &it, 0);
}
static u64 pc_of(void *context) {
    return *(u64 *)((u8 *)context + UC_MCONTEXT + 8 + 31 * 8 + 8);
}

static void hold(int s, siginfo_t *si, void *uc) {
    handlers++;
    ready_and_wait();
    release = 1;
}

// Known registers, until a handler lets go.
static int spin(u32 seed) {
    for (size_t i = 0; i < sizeof in; i++) {
        seed = seed * 1664525u + 1013904223u;
        in[i] = (seed >> 24) | 1;
    }
    if (sve) {
        u64 vl = get_vl();
        memset(pin, 0x55, 16 * (vl / 8));
        memset(pin + 16 * (vl / 8), 0, vl / 8);
        pin[16 * (vl / 8)] = 0x7f;
    }
    (sve ? spin_sve : spin_fpsimd)(in, pin, &release, out, pout, &entered, 0, 0);
    size_t n = sve ? 32 * get_vl() : 512;
    for (size_t i = 0; i < n; i++)
        if (in[i] != out[i]) {
            say("NOTE", "registers-differ-at", i, out[i]);
            return 1;
        }
    return 0;
}

// Copies n bytes, a multiple of 64, and of the vector length.
void copy_loop(void *to, const void *from, size_t n), copy_loop_end(void);
void copy_loop_sve(void *to, const void *from, size_t n), copy_loop_sve_end(void);
__asm__(".arch armv8.2-a+sve\n.text\n.globl copy_loop, copy_loop_end, copy_loop_sve, copy_loop_sve_end\n.balign 16\ncopy_loop:\n"
        "1: ldp q0, q1, [x1], #32\n ldp q2, q3, [x1], #32\n stp q0, q1, [x0], #32\n stp q2, q3, [x0], #32\n"
        " subs x2, x2, #64\n b.ne 1b\n ret\ncopy_loop_end:\n"
        ".balign 16\ncopy_loop_sve:\n mov x3, #0\n whilelo p0.b, x3, x2\n"
        "2: ld1b z0.b, p0/z, [x1, x3]\n st1b z0.b, p0, [x0, x3]\n incb x3\n whilelo p0.b, x3, x2\n b.first 2b\n ret\n"
        "copy_loop_sve_end:\n.arch armv8-a\n");

#define SIZE 49152
static u8 from[SIZE], to[SIZE];
static u64 code, code_end; // what the handler must have interrupted
static int inside_means;   // in that code, or outside of it

static void hold_in_copy(int s, siginfo_t *si, void *uc) {
    u64 pc = pc_of(uc);
    if ((pc >= code && pc < code_end) != inside_means) {
        alarm_ms(7);
        return;
    }
    hold(s, si, uc);
}
extern u8 __start_caller, __stop_caller;
__attribute__((noinline, section("caller"))) static void copying(void *(*copy)(void *, const void *, size_t)) {
    for (size_t i = 0; i < SIZE; i++)
        from[i] = i / 64;
    on(SIGALRM, hold_in_copy, 0);
    alarm_ms(300);
    while (!release) {
        to[SIZE - 1] = 0;
        copy(to, from, SIZE);
        for (size_t i = 0; i < SIZE; i += 61)
            bad |= to[i] != from[i];
    }
    finish(bad | (handlers != 1) << 8);
}
static void *own_copy(void *a, const void *b, size_t n) {
    (sve ? copy_loop_sve : copy_loop)(a, b, n);
    return a;
}
static void copy(void) {
    code = (u64)(sve ? copy_loop_sve : copy_loop);
    code_end = (u64)(sve ? copy_loop_sve_end : copy_loop_end);
    inside_means = 1;
    copying(own_copy);
}
// libc's: anywhere but in the loop that calls it.
static void libc_copy(void) {
    void *(*volatile libc)(void *, const void *, size_t) = memcpy;
    code = (u64)&__start_caller;
    code_end = (u64)&__stop_caller;
    inside_means = 0;
    copying(libc);
}

// A fault: the frame has a record of it. The handler mends the mapping and returns to the instruction.
static u8 *page;
static volatile u32 *faulting;
static void mend(int s, siginfo_t *si, void *uc) {
    handlers++;
    ready_and_wait();
    sc(N_mprotect, page, 4096, 3, 0);
}
static void fault(void) {
    page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    faulting = (u32 *)(page + 64);
    *faulting = 77;
    mprotect(page, 4096, PROT_NONE);
    on(SIGSEGV, mend, 0);
    u32 got = *faulting;
    finish(got != 77 || handlers != 1);
}

// A handler that is not returned from.
static sigjmp_buf back;
static void hold_and_jump(int s, siginfo_t *si, void *uc) {
    handlers++;
    ready_and_wait();
    siglongjmp(back, 1);
}
static void jump_out(void) {
    on(SIGALRM, hold_and_jump, 0);
    alarm_ms(300);
    if (!sigsetjmp(back, 1))
        spin(3);
    finish(handlers != 1);
}
static void hold_and_exit(int s, siginfo_t *si, void *uc) {
    ready_and_wait();
    finish(0);
}
static void exit_out(void) {
    on(SIGALRM, hold_and_exit, 0);
    alarm_ms(300);
    spin(4);
    finish(1);
}
// The jump's target is kept over the restore; the signal comes after it.
static void jump_later(void) {
    on(SIGUSR1, hold_and_jump, 0);
    if (!sigsetjmp(back, 1)) {
        ready_and_wait();
        sc(N_tgkill, pid, pid, SIGUSR1, 0);
        finish(2);
    }
    finish(handlers != 1);
}

// Threads that wait in different system calls.
static u32 word;
static int pipes[4][2];
static volatile int woken, waiting;
static void *waiter(void *p) {
    long which = (long)p, r = 0;
    char c;
    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    if (which == 0)
        do
            r = sc6(N_futex, (long)&word, 128, 0, 0, 0, 0); // FUTEX_WAIT_PRIVATE
        while (!__atomic_load_n(&word, __ATOMIC_SEQ_CST));
    if (which == 1)
        while ((r = sc(N_read, pipes[1][0], &c, 1, 0)) == -4)
            ;
    if (which == 2) {
        struct {
            int fd;
            short events, revents;
        } f = {pipes[2][0], 1, 0};
        while ((r = sc6(N_ppoll, (long)&f, 1, 0, 0, 8, 0)) == -4)
            ;
    }
    if (which == 3) {
        u64 set = 1 << (SIGUSR2 - 1);
        while ((r = sc6(N_rt_sigtimedwait, (long)&set, 0, 0, 8, 0, 0)) == -4)
            ;
    }
    if (which == 4) {
        u64 fds = 1ul << pipes[3][0];
        while ((r = sc6(N_pselect6, pipes[3][0] + 1, (long)&fds, 0, 0, 0, 0)) == -4)
            ;
    }
    __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    for (;;)
        raw_sleep_ms(1000);
    return 0;
}
static void waits(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, 0);
    for (long i = 1; i < 4; i++)
        sc(N_pipe2, pipes[i], 0, 0, 0);
    for (long i = 0; i < 5; i++) {
        pthread_t t;
        if (pthread_create(&t, 0, waiter, (void *)i))
            finish(0x10);
    }
    while (waiting < 5)
        raw_sleep_ms(5);
    raw_sleep_ms(200);
    ready_and_wait();
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    sc6(N_futex, (long)&word, 129, 100, 0, 0, 0);
    for (int i = 1; i < 4; i++)
        sc(N_write, pipes[i][1], "x", 1, 0);
    sc(N_kill, pid, SIGUSR2, 0, 0);
    for (int i = 0; i < 400 && woken < 5; i++)
        raw_sleep_ms(10);
    finish(woken != 5);
}

// Threads below chains of signed return addresses, one of them in a handler.
static volatile int deep, done;
__attribute__((noinline)) static int chain(int n) {
    int r;
    if (n)
        r = chain(n - 1);
    else {
        __atomic_add_fetch(&deep, 1, __ATOMIC_SEQ_CST);
        raw_wait_go();
        r = 1;
    }
    __asm__ volatile("" ::: "memory");
    return r + n;
}
static void chain_in_handler(int s, siginfo_t *si, void *uc) {
    bad |= chain(4) != 11;
    release = 1;
}
static void *signed_thread(void *p) {
    if (p)
        bad |= spin(6);
    else
        bad |= chain(9) != 46;
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    for (;;)
        raw_sleep_ms(1000);
    return 0;
}
static void pac_threads(void) {
    pthread_t t;
    on(SIGUSR1, chain_in_handler, 0);
    for (long i = 0; i < 3; i++)
        if (pthread_create(&t, 0, signed_thread, (void *)(i / 2)))
            finish(0x10);
    while (!entered)
        raw_sleep_ms(5);
    pthread_kill(t, SIGUSR1);
    while (deep < 3)
        raw_sleep_ms(5);
    ready_and_wait();
    while (done < 3)
        raw_sleep_ms(5);
    finish(bad);
}

// The main thread has a vector length of its own and waits; a thread with the default one is in a handler.
static void *default_thread(void *p) {
    bad |= spin(7);
    done = 1;
    for (;;)
        raw_sleep_ms(1000);
    return 0;
}
static void thread_holds(int s, siginfo_t *si, void *uc) {
    deep = 1;
    raw_wait_go();
    release = 1;
}
static void vl_sibling(void) {
    pthread_t t;
    on(SIGUSR1, thread_holds, 0);
    if (pthread_create(&t, 0, default_thread, 0))
        finish(0x10);
    while (!entered)
        raw_sleep_ms(5);
    if (prctl(50, 16) < 0)
        skip("prctl");
    pthread_kill(t, SIGUSR1);
    while (!deep)
        raw_sleep_ms(5);
    ready_and_wait();
    while (!done)
        raw_sleep_ms(5);
    u64 vl = get_vl();
    if (vl != 16)
        say("NOTE", "vl-changed", 16, vl);
    finish(bad | (vl != 16) << 4);
}

// Three generations of processes; the youngest is in a handler, one of the others waits for it.
static void tree(void) {
    u32 *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    if (!fork()) {
        if (!fork()) {
            pid = sc(N_getpid, 0, 0, 0, 0);
            on(SIGALRM, hold, 0);
            alarm_ms(300);
            int differ = spin(8);
            shared[1] = 5;
            sc(N_exit_group, differ, 0, 0, 0);
        }
        if (wait(&status) < 0 || status || shared[1] != 5)
            sc(N_exit_group, 3, 0, 0, 0);
        sc(N_exit_group, 0, 0, 0, 0);
    }
    shared[0] = 9;
    raw_sleep_ms(700);
    ready_and_wait();
    if (wait(&status) < 0 || status || shared[0] != 9)
        bad = 0x80;
    finish(bad);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"copy", copy},         {"libc-copy", libc_copy},     {"fault", fault},           {"jump-out", jump_out},
    {"exit-out", exit_out}, {"jump-later", jump_later},   {"waits", waits},           {"pac-threads", pac_threads},
    {"tree", tree},         {"vl-sibling", vl_sibling},
};

int main(int argc, char **argv) {
    name = argc > 1 ? argv[1] : "";
    pid = sc(N_getpid, 0, 0, 0, 0);
    size_t len = strlen(name);
    sve = len > 4 && !strcmp(name + len - 4, "-sve");
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (!strncmp(name, scenarios[i].name, len - 4 * sve) && !scenarios[i].name[len - 4 * sve])
            scenarios[i].run();
    fprintf(stderr, "unknown scenario %s\n", name);
    return 7;
}
