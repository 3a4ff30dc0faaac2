// `stacks NAME`: where signal frames can lie, and what else a program may have made of its stacks and memory. Like
// scen, it says that it is ready, waits for /tmp/lab/go, leaves the situation in the normal way, and checks its state.
// With `-sve` behind the name the interrupted code has live SVE registers.
#define _GNU_SOURCE
#include "raw.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

typedef u64 spin_fn(const void *, const void *, volatile int *, void *, void *, volatile int *, const void *, void *);
spin_fn spin_fpsimd, spin_sve;
u64 get_vl(void);

static int pid;
static const char *name;
static int sve; // the interrupted code has live SVE state, not only FPSIMD

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
static void finish(int bad) {
    say(bad ? "FAIL" : "PASS", "end", bad, 0);
    sc(N_exit_group, bad ? 1 : 0, 0, 0, 0);
}
static void ready_and_wait(void) {
    raw_file("ready", pid, "ready\n", 6);
    raw_wait_go();
}

// One stretch of interrupted code with known registers.
struct work {
    volatile int release, entered;
    u8 in[32 * 256], out[32 * 256], pin[17 * 32], pout[17 * 32];
};
static struct work *work_new(u32 seed) {
    struct work *w = mmap(0, sizeof *w, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < sizeof w->in; i++) {
        seed = seed * 1664525u + 1013904223u;
        w->in[i] = (seed >> 24) | 1;
    }
    for (size_t i = 0; i < sizeof w->pin; i++) {
        seed = seed * 1664525u + 1013904223u;
        w->pin[i] = (seed >> 24) | 1;
    }
    if (sve) {
        u64 vl = get_vl();
        u8 *ffr = w->pin + 16 * (vl / 8);
        memset(ffr, 0, vl / 8);
        ffr[0] = 0x7f;
    }
    return w;
}
static int work_do(struct work *w) {
    (sve ? spin_sve : spin_fpsimd)(w->in, w->pin, &w->release, w->out, w->pout, &w->entered, 0, 0);
    size_t n = sve ? 32 * get_vl() : 512;
    for (size_t i = 0; i < n; i++)
        if (w->in[i] != w->out[i]) {
            say("NOTE", "registers-differ-at", i, w->out[i]);
            return 1;
        }
    return 0;
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
static void *altstack(size_t n, int flags) {
    stack_t ss;
    memset(&ss, 0, sizeof ss);
    ss.ss_sp = mmap(0, (n + 4095) & ~4095ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ss.ss_size = n;
    ss.ss_flags = flags;
    if (sc(N_sigaltstack, &ss, 0, 0, 0)) {
        say("SKIP", "sigaltstack", n, 0);
        sc(N_exit_group, 8, 0, 0, 0);
    }
    return ss.ss_sp;
}

static struct work *works[5];
static int depth, bad, handlers;
static int after_prof; // whose alarm is the last one: that of process time

static void hold(int s, siginfo_t *si, void *uc) {
    handlers++;
    ready_and_wait();
    works[0]->release = 1;
}

// Handlers that work themselves and are interrupted in turn; the innermost one holds.
static void outer(int s, siginfo_t *si, void *uc) {
    int mine = ++depth;
    handlers++;
    struct itimerval it = {.it_value = {0, 300000}};
    setitimer(after_prof && !works[mine + 1] ? ITIMER_PROF : ITIMER_REAL, &it, 0);
    bad |= work_do(works[mine]) << mine;
    works[mine - 1]->release = 1;
}
static void innermost(int s, siginfo_t *si, void *uc) {
    handlers++;
    ready_and_wait();
    works[depth]->release = 1;
}
static void begin_nesting(int count) {
    for (int i = 0; i < count; i++)
        works[i] = work_new(i + 1);
    struct itimerval it = {.it_value = {0, 300000}};
    setitimer(ITIMER_VIRTUAL, &it, 0);
    bad |= work_do(works[0]);
    finish(bad | (handlers != count) << 8);
}

static void one_handler(void (*f)(int, siginfo_t *, void *), int flags) {
    works[0] = work_new(1);
    on(SIGALRM, f, flags);
    alarm_ms(400);
    bad |= work_do(works[0]);
    finish(bad | (handlers != 1) << 8);
}

// Both handlers on the alternate stack.
static void nested_alt(void) {
    altstack(256 * 1024, 0);
    on(SIGVTALRM, outer, SA_ONSTACK);
    on(SIGALRM, innermost, SA_ONSTACK);
    begin_nesting(2);
}

// Main stack, alternate stack, alternate stack again though not asked for.
static void interleaved(void) {
    altstack(256 * 1024, 0);
    after_prof = 1;
    on(SIGVTALRM, outer, 0);
    on(SIGALRM, outer, SA_ONSTACK);
    on(SIGPROF, innermost, 0);
    begin_nesting(3);
}

static sigjmp_buf back;
static void jump(int s, siginfo_t *si, void *uc) {
    siglongjmp(back, 1);
}

// A handler on the alternate stack is left by siglongjmp; the next one begins there anew.
static void alt_to_main(void) {
    altstack(128 * 1024, 0);
    on(SIGUSR1, jump, SA_ONSTACK);
    if (!sigsetjmp(back, 1))
        sc(N_tgkill, pid, pid, SIGUSR1, 0);
    one_handler(hold, SA_ONSTACK);
}

// Likewise on the main stack, three times.
static void jump_then_signal(void) {
    on(SIGUSR1, jump, 0);
    for (volatile int i = 0; i < 3; i++)
        if (!sigsetjmp(back, 1))
            sc(N_tgkill, pid, pid, SIGUSR1, 0);
    one_handler(hold, 0);
}

// Runs f on a stack of its own, the way a runtime with its own stacks does.
__attribute__((noinline)) static void on_stack(void *top, void (*f)(void)) {
    __asm__ volatile("mov x19, sp\n\tmov sp, %0\n\tblr %1\n\tmov sp, x19"
                     :
                     : "r"(top), "r"(f)
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
                       "x15", "x16", "x17", "x18", "x19", "x30", "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5",
                       "v6", "v7", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27",
                       "v28", "v29", "v30", "v31");
}
static void interrupted(void) {
    works[0] = work_new(2);
    on(SIGALRM, hold, 0);
    alarm_ms(400);
    bad |= work_do(works[0]);
}
static void heap_stack(void) {
    u8 *stack = malloc(256 * 1024);
    on_stack((void *)(((u64)stack + 256 * 1024) & ~15ul), interrupted);
    finish(bad | (handlers != 1) << 8);
}
static void mmap_stack(void) {
    u8 *stack = mmap(0, 256 * 1024, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    on_stack(stack + 256 * 1024, interrupted);
    finish(bad | (handlers != 1) << 8);
}

static ucontext_t main_context, other_context;
static void switch_to(void (*body)(void)) {
    getcontext(&other_context);
    other_context.uc_stack.ss_sp = malloc(256 * 1024);
    other_context.uc_stack.ss_size = 256 * 1024;
    other_context.uc_link = &main_context;
    makecontext(&other_context, body, 0);
    swapcontext(&main_context, &other_context);
}
static void interrupted_there(void) {
    interrupted();
    swapcontext(&other_context, &main_context);
}
static void parked(void) {
    swapcontext(&other_context, &main_context);
}
static void coroutine(void) {
    switch_to(interrupted_there);
    finish(bad | (handlers != 1) << 8);
}
static void coroutine_parked(void) {
    switch_to(parked);
    ready_and_wait();
    swapcontext(&main_context, &other_context);
    finish(0);
}

// Keeps siginfo, ucontext and records in the heap, as crash reporters do.
static u8 *kept;
static void report(int s, siginfo_t *si, void *uc) {
    handlers++;
    kept = malloc(8192);
    for (int i = 0; i < 4560; i++)
        kept[i] = ((u8 *)uc - 128)[i];
    ready_and_wait();
    works[0]->release = 1;
}
static void crash_copy(void) {
    one_handler(report, 0);
}

void own_restorer(void);
__asm__(".text\n.balign 16\nown_restorer:\n\tmov x8, #139\n\tsvc 0\n");
// SA_RESTORER: the handler does not return to the vDSO.
static void restorer(void) {
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        u64 mask;
    } action = {(void *)hold, SA_SIGINFO | 0x04000000, (void *)own_restorer, 0};
    works[0] = work_new(1);
    if (sc6(N_rt_sigaction, SIGALRM, (long)&action, 0, 8, 0, 0))
        finish(0x40);
    alarm_ms(400);
    bad |= work_do(works[0]);
    finish(bad | (handlers != 1) << 8);
}

// SS_AUTODISARM: no alternate stack while the handler runs.
static void autodisarm(void) {
    altstack(128 * 1024, 1u << 31);
    one_handler(hold, SA_ONSTACK);
}

// An alternate stack of just what this machine asks for, or 5120 bytes, the least the kernel takes: less than the frame
// of a larger machine. The signal comes after the restore.
static void altstack_exact(void) {
    size_t size = getauxval(51);
    if (size < 5120)
        size = 5120;
    altstack(size, 0);
    on(SIGUSR1, jump, SA_ONSTACK);
    ready_and_wait();
    if (!sigsetjmp(back, 1)) {
        sc(N_tgkill, pid, pid, SIGUSR1, 0);
        finish(0x20);
    }
    finish(0);
}

static int tids[2];
static volatile int inside;
static void hold_thread(int s, siginfo_t *si, void *uc) {
    int tid = sc(N_gettid, 0, 0, 0, 0);
    __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    raw_wait_go();
    works[tid == tids[1]]->release = 1;
}
static void *thread(void *p) {
    size_t which = (size_t)p;
    tids[which] = sc(N_gettid, 0, 0, 0, 0);
    bad |= work_do(works[which]);
    works[which]->entered = 2;
    for (;;)
        raw_sleep_ms(1000);
    return 0;
}
// Threads in handlers, their stacks hardly larger than a frame.
static void thread_small(void) {
    on(SIGUSR1, hold_thread, 0);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, (sysconf(_SC_THREAD_STACK_MIN) + getauxval(51) + 8191) & ~4095ul);
    for (int i = 0; i < 2; i++) {
        works[i] = work_new(i + 5);
        pthread_t t;
        if (pthread_create(&t, &small, thread, (void *)(size_t)i))
            finish(0x10);
    }
    for (int i = 0; i < 2; i++) {
        while (!works[i]->entered)
            raw_sleep_ms(5);
        raw_sleep_ms(200);
        sc(N_tgkill, pid, tids[i], SIGUSR1, 0);
        while (inside <= i)
            raw_sleep_ms(5);
    }
    ready_and_wait();
    for (int i = 0; i < 2; i++)
        while (works[i]->entered != 2)
            raw_sleep_ms(5);
    finish(bad);
}

// A vector length of its own, and a frame that says so.
static void vl_thread(void) {
    if (prctl(50, 32) < 0) {
        say("SKIP", "prctl", 0, 0);
        sc(N_exit_group, 8, 0, 0, 0);
    }
    sve = 1;
    one_handler(hold, 0);
}

// A process and its two children, each in a handler.
static void children(void) {
    for (int i = 0; i < 2; i++) {
        if (fork())
            continue;
        pid = sc(N_getpid, 0, 0, 0, 0);
        works[0] = work_new(50 + i);
        on(SIGALRM, hold, 0);
        alarm_ms(200);
        sc(N_exit_group, work_do(works[0]), 0, 0, 0);
    }
    raw_sleep_ms(900);
    works[0] = work_new(9);
    on(SIGALRM, hold, 0);
    alarm_ms(100);
    bad |= work_do(works[0]);
    for (int i = 0; i < 2; i++) {
        int status = 0;
        if (wait(&status) < 0 || status)
            bad |= 0x80;
    }
    finish(bad | (handlers != 1) << 8);
}

// Shared anonymous memory, and a memfd.
static void shared(void) {
    int fd = syscall(SYS_memfd_create, "lab", 0);
    if (ftruncate(fd, 65536))
        finish(0x10);
    u32 *one = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    u32 *other = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (u32 i = 0; i < 16384; i++) {
        one[i] = i * 7;
        other[i] = i * 11;
    }
    ready_and_wait();
    for (u32 i = 0; i < 16384; i++)
        bad |= one[i] != i * 7 || other[i] != i * 11;
    finish(bad);
}

// A handler that runs on shared memory.
static void shared_stack(void) {
    stack_t ss;
    memset(&ss, 0, sizeof ss);
    ss.ss_sp = mmap(0, 131072, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ss.ss_size = 131072;
    sigaltstack(&ss, 0);
    one_handler(hold, SA_ONSTACK);
}

static const struct {
    const char *name;
    void (*run)(void);
} scenarios[] = {
    {"nested-alt", nested_alt},     {"interleaved", interleaved},
    {"alt-to-main", alt_to_main},   {"jump-then-signal", jump_then_signal},
    {"heap-stack", heap_stack},     {"mmap-stack", mmap_stack},
    {"coroutine", coroutine},       {"coroutine-parked", coroutine_parked},
    {"crash-copy", crash_copy},     {"restorer", restorer},
    {"autodisarm", autodisarm},     {"altstack-exact", altstack_exact},
    {"thread-small", thread_small}, {"vl-thread", vl_thread},
    {"children", children},         {"shared", shared},
    {"shared-stack", shared_stack},
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
