// `unframed NAME`: signal handlers and stacks of its own in code that keeps no frame pointers, but unwind tables. Built
// with -fomit-frame-pointer; x29 holds anything. Like scen, it says that it is ready, waits for /tmp/lab/go, leaves the
// situation in the normal way, and checks what its functions returned.
#include "raw.h"

enum { SIGUSR1 = 10, SIGUSR2 = 12, ONSTACK = 0x08000000, STACK = 64 * 1024 };

typedef void body(void);
static int pid;
static const char *name;
static u64 wrong;

// What the program knows of its signal frames: where each is, and whether it will be returned through.
static struct frame {
    u64 tid, at;
    int live;
} frames[8];
static int frame_count;

static void finish(void) {
    struct out o;
    o.n = 0;
    o_s(&o, wrong ? "FAIL " : "PASS ");
    o_s(&o, name);
    o_s(&o, " ");
    o_x(&o, wrong);
    o_s(&o, "\n");
    raw_file("result", pid, o.b, o.n);
    sc(N_exit_group, wrong != 0, 0, 0, 0);
}

static void hold(void) {
    for (int i = 0; i < frame_count; i++) {
        struct out o;
        o.n = 0;
        o_s(&o, "{\"tid\":");
        o_d(&o, frames[i].tid);
        o_s(&o, ",\"frame\":\"");
        o_x(&o, frames[i].at);
        o_s(&o, frames[i].live ? "\",\"live\":true}\n" : "\",\"live\":false}\n");
        raw_file("frames", pid, o.b, o.n);
    }
    raw_file("ready", pid, "ready\n", 6);
    raw_wait_go();
}

// A few functions deep, with something in x29 that is neither a frame record nor zero; then `leaf`.
__attribute__((noinline)) static u64 deep(u64 n, body *leaf) {
    volatile u64 kept[4];
    kept[n & 3] = n;
    __asm__ volatile("mov x29, %0" : : "r"(&kept[1]) : "x29");
    if (n)
        return deep(n - 1, leaf) + kept[n & 3];
    leaf();
    return kept[0];
}
static void at_depth(u64 n, body *leaf) {
    if (deep(n, leaf) != n * (n + 1) / 2)
        wrong |= 1;
}

static void raise_one(void) {
    sc(N_tgkill, pid, sc(N_gettid, 0, 0, 0, 0), SIGUSR1, 0);
}
static void raise_other(void) {
    sc(N_tgkill, pid, sc(N_gettid, 0, 0, 0, 0), SIGUSR2, 0);
}
static void nothing(void) {}

// What handlers do, and whether their frames will be of use when the program is dumped.
static body *in_one = nothing, *in_other = nothing;
static int live = 1;

static void note(const void *context) {
    int at = __atomic_fetch_add(&frame_count, 1, __ATOMIC_SEQ_CST);
    frames[at].tid = sc(N_gettid, 0, 0, 0, 0);
    frames[at].at = (u64)context - SIGINFO_SIZE;
    frames[at].live = live;
}
static void one(int s, void *info, void *context) {
    note(context);
    at_depth(2, in_one);
}
static void other(int s, void *info, void *context) {
    note(context);
    at_depth(3, in_other);
}
static void on(int signal, void (*handler)(int, void *, void *), u64 flags) {
    struct {
        void *handler;
        u64 flags;
        void *restorer;
        u64 mask;
    } action = {(void *)handler, 4 | flags, 0, 0}; // SA_SIGINFO
    sc(N_rt_sigaction, signal, &action, 0, 8);
}
static u8 *memory(u64 size) {
    return (u8 *)sc6(N_mmap, 0, size, 3, 0x22, -1, 0);
}
static void altstack(void) {
    struct {
        void *at;
        int flags;
        u64 size;
    } stack = {memory(STACK), 0, STACK};
    sc(N_sigaltstack, &stack, 0, 0, 0);
}

// Contexts: x19 to x30 and SP.
typedef u64 context[13];
void switch_to(u64 *from, const u64 *to);
__asm__(".text\n.balign 16\n.globl switch_to\nswitch_to:\n\t.cfi_startproc\n"
        "\tstp x19, x20, [x0]\n\tstp x21, x22, [x0, #16]\n\tstp x23, x24, [x0, #32]\n\tstp x25, x26, [x0, #48]\n"
        "\tstp x27, x28, [x0, #64]\n\tstp x29, x30, [x0, #80]\n\tmov x9, sp\n\tstr x9, [x0, #96]\n"
        "\tldp x19, x20, [x1]\n\tldp x21, x22, [x1, #16]\n\tldp x23, x24, [x1, #32]\n\tldp x25, x26, [x1, #48]\n"
        "\tldp x27, x28, [x1, #64]\n\tldp x29, x30, [x1, #80]\n\tldr x9, [x1, #96]\n\tmov sp, x9\n\tret\n"
        "\t.cfi_endproc\n");
// Where a context begins that has not run: it calls x19, which does not return.
void begin(void);
__asm__(".text\n.balign 16\n.globl begin\nbegin:\n\t.cfi_startproc\n\t.cfi_undefined x30\n\tmov x30, #0\n\tblr x19\n\tbrk #0\n\t.cfi_endproc\n");
static context main_context, other_context;

static void prepare(u8 *stack, body *first) {
    other_context[0] = (u64)first;
    other_context[10] = 0;
    other_context[11] = (u64)begin;
    other_context[12] = (u64)stack;
}
static void leave(void) {
    switch_to(main_context, other_context);
}
static void park(void) {
    switch_to(other_context, main_context);
}
static void interrupted_there(void) {
    at_depth(3, raise_one);
    park();
}
static void waiting_there(void) {
    at_depth(4, hold);
    park();
}

// Handlers on the main stack, one and two; both on the alternate stack.
static void sig(void) {
    in_one = hold;
    at_depth(5, raise_one);
}
static void nested(void) {
    in_one = raise_other;
    in_other = hold;
    at_depth(5, raise_one);
}
static void alt(void) {
    altstack();
    on(SIGUSR1, one, ONSTACK);
    on(SIGUSR2, other, ONSTACK);
    nested();
}

// A handler has returned: its frame lies on the alternate stack, or in local variables that were never written.
static void left_alt(void) {
    altstack();
    on(SIGUSR1, one, ONSTACK);
    live = 0;
    at_depth(2, raise_one);
    at_depth(6, hold);
}
__attribute__((noinline)) static void wide(void) {
    volatile u8 unwritten[24 * 1024];
    unwritten[0] = unwritten[sizeof unwritten - 1] = 7;
    at_depth(1, hold);
    wrong |= (unwritten[0] != 7 || unwritten[sizeof unwritten - 1] != 7) << 1;
}
static void left_main(void) {
    live = 0;
    at_depth(4, raise_one);
    wide();
}
// It was left by a jump.
static void jump(void) {
    switch_to(other_context, main_context);
}
static void left_by_jump(void) {
    static volatile int jumped;
    live = 0;
    in_one = jump;
    switch_to(main_context, main_context);
    if (!jumped) {
        jumped = 1;
        at_depth(4, raise_one);
    }
    wide();
}

// Contexts that were left inside a handler, and will be resumed: on memory of their own, on the local variables of a
// function that is running, with the handler on the alternate stack; and the main stack itself.
static void resume_later(u8 *top) {
    in_one = park;
    prepare(top, interrupted_there);
    leave();
    at_depth(4, hold);
    leave();
}
static void parked(void) {
    resume_later(memory(STACK) + STACK);
}
__attribute__((noinline)) static void parked_inside(void) {
    u8 inside[STACK] __attribute__((aligned(16)));
    resume_later(inside + STACK);
}
static void parked_alt(void) {
    altstack();
    on(SIGUSR1, one, ONSTACK);
    parked();
}
static void away(void) {
    in_one = leave;
    prepare(memory(STACK) + STACK, waiting_there);
    at_depth(3, raise_one);
}

// Threads in handlers.
long thread_with(u64 flags, void *stack, u64 tls, body *first);
__asm__(".text\n.balign 16\n.globl thread_with\nthread_with:\n\t.cfi_startproc\n\tmov x5, x3\n\tmov x3, x2\n\tmov x2, #0\n\tmov x4, #0\n"
        "\tmov x8, #220\n\tsvc #0\n\tcbz x0, 1f\n\tret\n1:\t.cfi_undefined x30\n\tblr x5\n\tmov x0, #0\n"
        "\tmov x8, #93\n\tsvc #0\n\t.cfi_endproc\n");
static volatile int inside, through;
static void hold_thread(void) {
    __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    raw_wait_go();
}
static void a_thread(void) {
    at_depth(4, raise_one);
    __atomic_add_fetch(&through, 1, __ATOMIC_SEQ_CST);
    for (;;)
        raw_sleep_ms(1000);
}
static void threads(void) {
    in_one = hold_thread;
    for (int i = 0; i < 2; i++) {
        u8 *top = memory(STACK) + STACK - 1024;
        thread_with(0x50f00 | 0x80000, top, (u64)top + 512, a_thread);
        while (inside <= i)
            raw_sleep_ms(5);
    }
    at_depth(3, hold);
    while (through != 2)
        raw_sleep_ms(5);
}

static const struct {
    const char *name;
    body *run;
} scenarios[] = {
    {"sig", sig},
    {"nested", nested},
    {"alt", alt},
    {"left-alt", left_alt},
    {"left-main", left_main},
    {"left-by-jump", left_by_jump},
    {"parked", parked},
    {"parked-inside", parked_inside},
    {"parked-alt", parked_alt},
    {"away", away},
    {"threads", threads},
};

static int same(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}
__attribute__((used)) void c_start(u64 *sp) {
    pid = sc(N_getpid, 0, 0, 0, 0);
    name = (const char *)sp[2];
    on(SIGUSR1, one, 0);
    on(SIGUSR2, other, 0);
    for (u64 i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (same(name, scenarios[i].name)) {
            scenarios[i].run();
            finish();
        }
    sc(N_exit_group, 9, 0, 0, 0);
}
__asm__(".text\n.globl _start\n_start:\n\t.cfi_startproc\n\t.cfi_undefined x30\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n"
        "\tbl c_start\n\tbrk #0\n\t.cfi_endproc\n");
