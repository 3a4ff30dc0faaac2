// What a restore asks of a kernel, and what a program may keep of a machine: one case for each. No libc.
//
// Each case sets something up, waits for a dump and a restore, and checks that it is still as it was.
#include "raw.h"

enum {
    N_lseek = 62,
    N_read = 63,
    N_execve = 221,
    N_pipe2 = 59,
    N_ftruncate = 46,
    N_fcntl = 25,
    N_clock_gettime = 113,
    N_getppid = 173,
    N_timer_create = 107,
    N_timer_gettime = 108,
    N_timer_delete = 111,
    N_madvise = 233,
    N_unshare = 97,
    N_clone = 220,
    N_wait4 = 260,
    N_seccomp = 277,
    N_memfd_create = 279,
    N_membarrier = 283,
    N_rseq = 293,
    N_mseal = 462,
    N_pidfd_send_signal = 424,
    N_pidfd_open = 434,
};
enum { RD = 1, RW = 3, PRIVATE = 2, SHARED = 1, ANON = 0x20, DROPPABLE = 8, PAGE = 4096, MONOTONIC = 1 };

static u64 pid;
static const char *name;
static char **environment;
static u64 *auxv;

static int eq(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}
static void say(const char *v, const char *why, u64 a, u64 b) {
    struct out o;
    o.n = 0;
    o_s(&o, v);
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
// A value that is to be as it was.
static int same(const char *what, u64 now, u64 was) {
    if (now == was)
        return 0;
    say("NOTE", what, now, was);
    return 1;
}
static long map(u64 at, u64 size, int prot, int flags, long fd) {
    return sc6(N_mmap, at, size, prot, flags, fd, 0);
}
// A system call without which there is no case.
static long need(const char *what, long result) {
    if (result < 0 && result > -4096) {
        say("FAIL", what, -result, 0);
        sc(N_exit_group, 3, 0, 0, 0);
    }
    return result;
}
static u64 now_ns(void) {
    long ts[2];
    sc(N_clock_gettime, MONOTONIC, ts, 0, 0);
    return ts[0] * 1000000000ull + ts[1];
}

// The flags that /proc/self/smaps names for the mapping at an address, in text: " rd wr mr ... ".
static char smaps[32768];
static int hex(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
static int flagged(u64 address, const char *two) {
    long fd = sc(N_openat, -100, "/proc/self/smaps", 0, 0), n = 0, got;
    while ((got = sc(N_read, fd, smaps + n, sizeof smaps - 1 - n, 0)) > 0)
        n += got;
    sc(N_close, fd, 0, 0, 0);
    smaps[n] = 0;
    int here = 0;
    for (char *line = smaps; *line;) {
        char *end = line;
        while (*end && *end != '\n')
            end++;
        u64 from = 0, to = 0;
        char *p = line;
        for (; hex(*p) >= 0; p++)
            from = from * 16 + hex(*p);
        if (*p == '-' && p > line) {
            for (p++; hex(*p) >= 0; p++)
                to = to * 16 + hex(*p);
            here = address >= from && address < to;
        } else if (here && line[0] == 'V' && line[2] == 'F') {
            for (p = line + 8; p + 2 < end; p++)
                if (p[0] == ' ' && p[1] == two[0] && p[2] == two[1])
                    return 1;
            return 0;
        }
        line = *end ? end + 1 : end;
    }
    return -1;
}

// MAP_DROPPABLE, Linux 6.11.
static long droppable;
static void make_droppable(void) {
    droppable = need("mmap", map(0, 16 * PAGE, RW, ANON | DROPPABLE, -1));
    *(volatile u64 *)droppable = 1;
}
static int check_droppable(void) {
    *(volatile u64 *)(droppable + PAGE) = 2;
    return same("droppable", flagged(droppable, "dp"), 1);
}

// MADV_GUARD_INSTALL, Linux 6.13: the second of three pages. A system call tells whether it is guarded: EFAULT, or ENOENT
// for a path that can be read.
static long guarded;
static void make_guard(void) {
    guarded = need("mmap", map(0, 3 * PAGE, RW, PRIVATE | ANON, -1));
    for (int i = 0; i < 3; i++)
        *(volatile u64 *)(guarded + i * PAGE) = 0x51515151 + i;
    need("guard", sc(N_madvise, guarded + PAGE, PAGE, 102, 0));
}
static int check_guard(void) {
    int bad = same("first page", *(volatile u64 *)guarded, 0x51515151);
    bad |= same("last page", *(volatile u64 *)(guarded + 2 * PAGE), 0x51515153) << 1;
    return bad | same("guard", -sc(N_faccessat, -100, guarded + PAGE, 0, 0), 14) << 2;
}

// Memory files. Seals: 0x20 is F_SEAL_EXEC, which MFD_NOEXEC_SEAL (Linux 6.3) sets.
static long memfd;
static u64 seals;
static void make_memfd_of(int flags, int seal) {
    memfd = need("memfd_create", sc(N_memfd_create, "lab", flags, 0, 0));
    need("ftruncate", sc(N_ftruncate, memfd, PAGE, 0, 0));
    sc(N_write, memfd, "lab", 3, 0);
    if (seal)
        need("seal", sc(N_fcntl, memfd, 1033, seal, 0));
    seals = need("seals", sc(N_fcntl, memfd, 1034, 0, 0));
}
static void make_memfd(void) {
    make_memfd_of(2, 0x6);
}
static void make_memfd_noexec(void) {
    make_memfd_of(0x8, 0);
}
static void make_memfd_exec(void) {
    make_memfd_of(0x10 | 2, 0);
}
static int check_memfd(void) {
    char text[4] = {0};
    sc(N_lseek, memfd, 0, 0, 0);
    int bad = same("content", sc(N_read, memfd, text, 3, 0), 3) | !eq(text, "lab");
    return bad | same("seals", sc(N_fcntl, memfd, 1034, 0, 0), seals) << 1;
}

// Descriptors of processes: its own; one of a child that has ended; one of its own thread (PIDFD_THREAD, Linux 6.9).
static long pidfd;
static void make_pidfd(void) {
    pidfd = need("pidfd_open", sc(N_pidfd_open, pid, 0, 0, 0));
}
static void make_pidfd_thread(void) {
    pidfd = need("pidfd_open", sc(N_pidfd_open, pid, 0200, 0, 0));
}
static void make_pidfd_dead(void) {
    long child = need("clone", sc(N_clone, 17, 0, 0, 0));
    if (!child) {
        raw_sleep_ms(200);
        sc(N_exit, 0, 0, 0, 0);
    }
    pidfd = need("pidfd_open", sc(N_pidfd_open, child, 0, 0, 0));
    sc(N_wait4, child, 0, 0, 0);
}
static int check_pidfd(void) {
    return same("signal", -sc(N_pidfd_send_signal, pidfd, 0, 0, 0), 0);
}
static int check_pidfd_dead(void) {
    return same("signal", -sc(N_pidfd_send_signal, pidfd, 0, 0, 0), 3);
}

// A filter under which getppid fails with 77.
struct filter {
    uint16_t code;
    u8 yes, no;
    u32 k;
};
static void filter_with(long flags) {
    static struct filter program[] = {
        {0x20, 0, 0, 0}, {0x15, 0, 1, N_getppid}, {0x06, 0, 0, 0x00050000 | 77}, {0x06, 0, 0, 0x7fff0000}};
    struct {
        uint16_t count;
        struct filter *program;
    } filters = {4, program};
    need("no_new_privs", sc(N_prctl, 38, 1, 0, 0));
    need("seccomp", sc(N_seccomp, 1, flags, &filters, 0));
}
static void make_seccomp(void) {
    filter_with(0);
}
static void make_seccomp_log(void) {
    filter_with(2);
}
static int check_seccomp(void) {
    return same("getppid", -sc(N_getppid, 0, 0, 0, 0), 77);
}

// A time namespace a day ahead of the machine's; entered by starting itself again.
static u64 before_day;
static void make_timens(void) {
    if (now_ns() < 80000000000000ull) {
        static char *again[] = {"floors", "timens", 0};
        need("unshare", sc(N_unshare, 0x80, 0, 0, 0));
        long fd = need("offsets", sc(N_openat, -100, "/proc/self/timens_offsets", 1, 0));
        need("offset", sc(N_write, fd, "monotonic 90000 0\n", 18, 0));
        sc(N_close, fd, 0, 0, 0);
        need("execve", sc(N_execve, "/opt/lab/floors", again, environment, 0));
    }
    before_day = now_ns();
}
static int check_timens(void) {
    u64 now = now_ns();
    return same("a day ahead", now > before_day && now < before_day + 3600000000000ull, 1);
}

// Registers that any program can read, and keep.
#define READ(name)                                                                                                     \
    ({                                                                                                                 \
        u64 value;                                                                                                     \
        __asm__ volatile("isb\n mrs %0, " name : "=r"(value)::"memory");                                               \
        value;                                                                                                         \
    })
// The frequency of the counter: measures half a second with what it was at the start.
static u64 frequency;
static void make_cntfrq(void) {
    frequency = READ("cntfrq_el0");
}
static int check_cntfrq(void) {
    u64 from = now_ns(), ticks = READ("cntvct_el0");
    raw_sleep_ms(500);
    ticks = READ("cntvct_el0") - ticks;
    u64 real = (now_ns() - from) / 1000000, counted = ticks * 1000 / frequency;
    say("NOTE", "frequency", READ("cntfrq_el0"), frequency);
    say("NOTE", "milliseconds", counted, real);
    return counted * 10 > real * 12 || counted * 10 < real * 8;
}
// Cache line sizes.
static u64 lines;
static void make_ctr(void) {
    lines = READ("ctr_el0");
}
static int check_ctr(void) {
    u64 now = READ("ctr_el0");
    say("NOTE", "CTR_EL0", now, lines);
    // A step longer than the line skips lines.
    return (now & 15) < (lines & 15) || (now >> 16 & 15) < (lines >> 16 & 15);
}

// Spins in the vDSO's clock_gettime; compares it with the system call at the end.
typedef long clock_fn(long, long *);
static clock_fn *vdso_clock;
static u64 vdso_base;
static void make_vdso(void) {
    for (u64 *a = auxv; *a; a += 2)
        if (*a == 33)
            vdso_base = a[1];
    const u8 *elf = (const u8 *)vdso_base;
    const u64 *dynamic = 0;
    u64 load = 0;
    for (int i = 0; i < *(uint16_t *)(elf + 56); i++) {
        const u8 *p = elf + *(u64 *)(elf + 32) + i * 56;
        if (*(u32 *)p == 1)
            load = vdso_base + *(u64 *)(p + 8) - *(u64 *)(p + 16);
        if (*(u32 *)p == 2)
            dynamic = (const u64 *)(elf + *(u64 *)(p + 8));
    }
    const char *strings = 0;
    const u8 *symbols = 0;
    for (; dynamic && *dynamic; dynamic += 2) {
        if (dynamic[0] == 5)
            strings = (const char *)(load + dynamic[1]);
        if (dynamic[0] == 6)
            symbols = (const u8 *)(load + dynamic[1]);
    }
    // The string table lies behind the symbols.
    for (const u8 *s = symbols; s && s < (const u8 *)strings; s += 24)
        if (eq(strings + *(u32 *)s, "__kernel_clock_gettime"))
            vdso_clock = (clock_fn *)(load + *(u64 *)(s + 8));
    need("no vDSO", vdso_clock ? 0 : -2);
}
static u64 vdso_ns(void) {
    long ts[2];
    vdso_clock(MONOTONIC, ts);
    return ts[0] * 1000000000ull + ts[1];
}
static void wait_vdso(void) {
    u64 last = 0, sum = 0;
    do {
        for (int i = 0; i < 20000; i++) {
            u64 now = vdso_ns();
            sum += now < last;
            last = now;
        }
    } while (!raw_exists("/tmp/lab/go"));
    if (sum)
        say("NOTE", "went back", sum, 0);
}
static int check_vdso(void) {
    u64 before = now_ns(), inside = vdso_ns(), after = now_ns();
    return same("time", inside >= before - 1000000 && inside <= after + 1000000, 1);
}

// Memory that is not to gain execution (PR_SET_MDWE, Linux 6.3).
static void make_mdwe(void) {
    need("mdwe", sc(N_prctl, 65, 1, 0, 0));
}
static int check_mdwe(void) {
    return same("mdwe", sc6(N_prctl, 66, 0, 0, 0, 0, 0), 1);
}

// Timers with gaps between their ids: those of a multiple of 7 are left.
enum { TIMERS = 30 };
static int timers[TIMERS];
static void make_timers(void) {
    struct {
        u64 value;
        u32 signal, how;
        u64 rest[6];
    } event = {0, 0, 1, {0}};
    for (int i = 0; i < TIMERS; i++)
        need("timer", sc(N_timer_create, MONOTONIC, &event, &timers[i], 0));
    for (int i = 0; i < TIMERS; i++)
        if (i % 7)
            sc(N_timer_delete, timers[i], 0, 0, 0);
}
static int check_timers(void) {
    long spec[4];
    int bad = 0;
    for (int i = 0; i < TIMERS; i++)
        bad |= same("timer", -sc(N_timer_gettime, timers[i], spec, 0, 0), i % 7 ? 22 : 0);
    return bad;
}

// What madvise can mark a mapping with, and how /proc/PID/smaps calls it.
static const struct {
    int advice;
    const char *flag;
} MARKS[] = {{18, "wf"}, {14, "hg"}, {15, "nh"}, {12, "mg"}, {16, "dd"}, {10, "dc"}, {1, "rr"}, {2, "sr"}};
enum { MARKED = sizeof MARKS / sizeof MARKS[0] };
static long marked[MARKED];
static void make_marks(void) {
    for (int i = 0; i < MARKED; i++) {
        marked[i] = need("mmap", map(0, PAGE, RW, PRIVATE | ANON, -1));
        *(volatile u64 *)marked[i] = i;
        need(MARKS[i].flag, sc(N_madvise, marked[i], PAGE, MARKS[i].advice, 0));
        need("fence", map(0, PAGE, 0, PRIVATE | ANON, -1));
    }
}
static int check_marks(void) {
    int bad = 0;
    for (int i = 0; i < MARKED; i++)
        bad |= same(MARKS[i].flag, flagged(marked[i], MARKS[i].flag), 1) << i;
    return bad;
}

// Restartable sequences: an area of 32 bytes, and of 64 (Linux 6.3). The kernel writes the CPU into it.
static struct area {
    u32 words[16];
} __attribute__((aligned(64))) rseq_area;
static u64 rseq_size;
static void make_rseq_of(u64 size) {
    rseq_size = size;
    rseq_area.words[0] = rseq_area.words[1] = ~0u;
    need("rseq", sc(N_rseq, &rseq_area, size, 0, 0x1234));
}
static void make_rseq(void) {
    make_rseq_of(32);
}
static void make_rseq_64(void) {
    make_rseq_of(64);
}
static int check_rseq(void) {
    raw_sleep_ms(50);
    int bad = same("cpu", rseq_area.words[1] < 64, 1);
    // Taking it back works only where it is registered, with the same values.
    return bad | same("registered", -sc(N_rseq, &rseq_area, rseq_size, 1, 0x1234), 0) << 1;
}

// Registered for each kind of membarrier; which can be asked since Linux 6.3.
static u64 barriers;
static void make_membarrier(void) {
    for (int command = 4; command <= 256; command *= 4)
        need("membarrier", sc(N_membarrier, command, 0, 0, 0));
    barriers = need("registrations", sc(N_membarrier, 512, 0, 0, 0));
}
static int check_membarrier(void) {
    long now = sc(N_membarrier, 512, 0, 0, 0);
    int bad = now < 0 ? 0 : same("registrations", now, barriers);
    bad |= same("private", -sc(N_membarrier, 8, 0, 0, 0), 0) << 1;
    return bad | same("core", -sc(N_membarrier, 32, 0, 0, 0), 0) << 2;
}

// A mapping above 48 bits, where user addresses have 52.
static long high;
static void make_va52(void) {
    high = need("mmap", map(1ull << 50, PAGE, RW, PRIVATE | ANON, -1));
    need("52 bits", (u64)high >> 48 ? 0 : -12);
    *(volatile u64 *)high = 0x5252;
}
static int check_va52(void) {
    return same("high", *(volatile u64 *)high, 0x5252);
}

// What mmap and prctl give a task, and CRIU 4.2.1 does not look at: a sealed mapping (Linux 6.10), one whose branches must
// land on BTI, addresses with a tag in their top byte for system calls.
static long sealed;
static void make_mseal(void) {
    sealed = need("mmap", map(0, PAGE, RW, PRIVATE | ANON, -1));
    need("mseal", sc(N_mseal, sealed, PAGE, 0, 0));
}
static int check_mseal(void) {
    return same("munmap", -sc(N_munmap, sealed, PAGE, 0, 0), 1);
}
static long guided;
static void make_bti(void) {
    guided = need("mmap", map(0, PAGE, 0x15, PRIVATE | ANON, -1));
}
static int check_bti(void) {
    return same("bti", flagged(guided, "bt"), 1);
}
static void make_tagged(void) {
    need("tagged", sc(N_prctl, 55, 1, 0, 0));
}
static int check_tagged(void) {
    return same("tagged path", -sc(N_faccessat, -100, (u64) "/none" | 0x5aull << 56, 0, 0), 2);
}

// A vector length that the parent set: this program never sets one.
static u64 length;
static void make_vl_kept(void) {
    length = need("no SVE", sc(N_prctl, 51, 0, 0, 0)) & 0xffff;
    say("NOTE", "length", length, 0);
}
static int check_vl_kept(void) {
    return same("length", sc(N_prctl, 51, 0, 0, 0) & 0xffff, length);
}

static const struct one {
    const char *name;
    void (*make)(void);
    int (*check)(void);
    void (*wait)(void);
} ALL[] = {
    {"droppable", make_droppable, check_droppable, 0},
    {"guard", make_guard, check_guard, 0},
    {"memfd", make_memfd, check_memfd, 0},
    {"memfd-noexec", make_memfd_noexec, check_memfd, 0},
    {"memfd-exec", make_memfd_exec, check_memfd, 0},
    {"pidfd", make_pidfd, check_pidfd, 0},
    {"pidfd-thread", make_pidfd_thread, check_pidfd, 0},
    {"pidfd-dead", make_pidfd_dead, check_pidfd_dead, 0},
    {"seccomp", make_seccomp, check_seccomp, 0},
    {"seccomp-log", make_seccomp_log, check_seccomp, 0},
    {"timens", make_timens, check_timens, 0},
    {"cntfrq", make_cntfrq, check_cntfrq, 0},
    {"ctr", make_ctr, check_ctr, 0},
    {"vdso", make_vdso, check_vdso, wait_vdso},
    {"mdwe", make_mdwe, check_mdwe, 0},
    {"timers", make_timers, check_timers, 0},
    {"marks", make_marks, check_marks, 0},
    {"rseq", make_rseq, check_rseq, 0},
    {"rseq-64", make_rseq_64, check_rseq, 0},
    {"membarrier", make_membarrier, check_membarrier, 0},
    {"va52", make_va52, check_va52, 0},
    {"mseal", make_mseal, check_mseal, 0},
    {"bti", make_bti, check_bti, 0},
    {"tagged", make_tagged, check_tagged, 0},
    {"vl-kept", make_vl_kept, check_vl_kept, 0},
};

__attribute__((noreturn, used)) void start_c(long *sp) {
    int bad = 2;
    pid = sc(N_getpid, 0, 0, 0, 0);
    name = sp[0] > 1 ? (char *)sp[2] : "";
    environment = (char **)(sp + sp[0] + 2);
    char **end = environment;
    while (*end)
        end++;
    auxv = (u64 *)(end + 1);
    for (unsigned i = 0; i < sizeof ALL / sizeof ALL[0]; i++)
        if (eq(name, ALL[i].name)) {
            ALL[i].make();
            raw_file("ready", pid, "ready\n", 6);
            (ALL[i].wait ? ALL[i].wait : raw_wait_go)();
            bad = ALL[i].check();
        }
    say(bad ? "FAIL" : "PASS", "end", bad, 0);
    sc(N_exit_group, bad, 0, 0, 0);
    for (;;)
        ;
}
__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl start_c\n");
