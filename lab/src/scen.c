// `scen NAME` brings about one situation of registers and signals (see scenarios.list), says that it is ready, waits for
// /tmp/lab/go, leaves the situation in the normal way, and checks its state.
//
// Checkpoints name this program by build id, in which the names and the order of its functions and variables count: keep
// them (see build).
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
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "job.h"
#include "frames.h"

static struct job *my_job(void) {
    int t = sc(N_gettid, 0, 0, 0, 0);
    for (int i = 0; i < njobs; i++)
        if (J[i]->tid == t)
            return J[i];
    return 0;
}

static void on_sig(int sig, siginfo_t *si, void *uc) {
    struct job *j = my_job();
    sig_count++;
    describe_frame(uc);
    if (!hold_in_handler) {
        if (j)
            j->flag = 1;
        return;
    }
    if (j)
        j->in_handler = 1;
    if (njobs <= 1)
        ready();
    raw_wait_go();
    go_seen = 1;
    if (j)
        j->flag = 1;
}

static void arm_ms(int ms) {
    struct itimerval it = {.it_value = {ms / 1000, (ms % 1000) * 1000}};
    setitimer(ITIMER_REAL, &it, 0);
}
static void catch(int sig, int flags) {
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = on_sig;
    sa.sa_flags = SA_SIGINFO | flags;
    sigaction(sig, &sa, 0);
}

#include "registers.h"

// Runs a job in this thread; the signal comes from a timer while it spins.
static void sig_one(struct job *j) {
    catch(SIGALRM, 0);
    arm_ms(500);
    run_job(j);
    finish(check_job(j) | (sig_count != 1) << 12);
}

static void *helper_wait(void *p) {
    struct job *j = p;
    while (!j->entered)
        raw_sleep_ms(5);
    raw_sleep_ms(200);
    ready();
    raw_wait_go();
    j->flag = 1;
    for (;;)
        raw_sleep_ms(1000);
    return 0;
}

static void start_thread(void *(*f)(void *), void *a) {
    pthread_t t;
    pthread_attr_t at;
    pthread_attr_init(&at);
    pthread_attr_setstacksize(&at, 256 * 1024);
    if (pthread_create(&t, &at, f, a)) {
        perror("pthread_create");
        exit(9);
    }
}
// No handler: the state is live in the registers while the task is dumped.
static void live_one(struct job *j) {
    start_thread(helper_wait, j);
    run_job(j);
    finish(check_job(j));
}

static void *thread_body(void *p) {
    struct job *j = p;
    run_job(j);
    j->bad = check_job(j);
    j->done = 1;
    for (;;)
        raw_sleep_ms(1000);
    return 0;
}

// A thread for each kind, each in a handler.
static void many(const char **kinds, int n) {
    catch(SIGUSR1, 0);
    for (int i = 0; i < n; i++) {
        struct job *j = new_job(kinds[i], 100 + i);
        if (kinds[i][0] == 't')
            j->arg = 0x1122334455667700ull + i;
    }
    if (n == 1)
        njobs = 2, J[1] = J[0];
    for (int i = 0; i < n; i++)
        start_thread(thread_body, J[i]);
    for (int i = 0; i < n; i++)
        while (!J[i]->entered)
            raw_sleep_ms(5);
    raw_sleep_ms(300);
    for (int i = 0; i < n; i++) {
        sc(N_tgkill, pid, J[i]->tid, SIGUSR1, 0);
        while (!J[i]->in_handler)
            raw_sleep_ms(5);
    }
    ready();
    raw_wait_go();
    int bad = 0;
    for (int i = 0; i < n; i++) {
        while (!J[i]->done)
            raw_sleep_ms(5);
        bad |= J[i]->bad;
    }
    finish(bad | (sig_count != n) << 12);
}

// The first handler spins with registers of its own; the second signal lands on top of it.
static struct job *outer, *inner;
static void on_outer(int sig, siginfo_t *si, void *uc) {
    sig_count++;
    describe_frame(uc);
    J[0] = inner;
    // The job that the second handler releases.
    njobs = 1;
    arm_ms(400);
    run_job(inner);
    outer->flag = 1;
}
static void nested(const char *k0, const char *k1) {
    outer = new_job(k0, 11);
    inner = new_job(k1, 22);
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = on_outer;
    sa.sa_flags = SA_SIGINFO;
    sigaction(SIGVTALRM, &sa, 0);
    catch(SIGALRM, 0);
    struct itimerval it = {.it_value = {0, 300000}};
    setitimer(ITIMER_VIRTUAL, &it, 0);
    run_job(outer);
    finish(check_job(outer) | check_job(inner) << 1 | (sig_count != 2) << 12);
}

static void deep(int n, void (*f)(void)) {
    volatile u8 pad[8192];
    pad[0] = n;
    pad[8191] = n;
    if (n)
        deep(n - 1, f);
    else
        f();
    pad[1] = pad[0];
}
static void raise_usr1(void) {
    sc(N_tgkill, pid, sc(N_gettid, 0, 0, 0, 0), SIGUSR1, 0);
}
static struct job *stale_job;
static void alarm_spin(void) {
    arm_ms(400);
    run_job(stale_job);
}
static sigjmp_buf jb;
static void on_jump(int sig, siginfo_t *si, void *uc) {
    sig_count++;
    describe_frame(uc);
    siglongjmp(jb, 1);
}

static void set_altstack(size_t n) {
    stack_t ss;
    memset(&ss, 0, sizeof ss);
    ss.ss_sp = mmap(0, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ss.ss_size = n;
    if (sigaltstack(&ss, 0)) {
        perror("sigaltstack");
        exit(9);
    }
}

static ucontext_t uc_main, uc_co, *uc_saved;
static volatile int co_steps;
static void coro(void) {
    co_steps = 1;
    swapcontext(&uc_co, &uc_main);
    co_steps = 2;
}

static void idle_wait(void) {
    ready();
    raw_wait_go();
}
static int set_vl(int opt, int n) {
    int r = prctl(opt, n);
    if (r < 0) {
        perror("prctl set_vl");
        exit(8);
    }
    return r & 0xffff;
}
#ifndef PR_SVE_SET_VL
#define PR_SVE_SET_VL 50
#endif
#define P_SME_SET_VL 63

__attribute__((noinline)) static void gcs_body(void) {
    struct job *j = new_job("fpsimd", 77);
    sig_one(j);
}
__attribute__((noinline)) static void gcs_idle(void) {
    idle_wait();
    finish(0);
}

int main(int argc, char **argv) {
    const char *s = argc > 1 ? argv[1] : "idle";
    scen_name = s;
    pid = sc(N_getpid, 0, 0, 0, 0);
#define IS(x) (!strcmp(s, x))
    if (IS("idle")) {
        idle_wait();
        finish(0);
    }
    if (IS("sig-plain"))
        sig_one(new_job("plain", 1));
    if (IS("sig-fpsimd"))
        sig_one(new_job("fpsimd", 1));
    if (IS("sig-sve"))
        sig_one(new_job("sve", 2));
    if (IS("sig-za"))
        sig_one(new_job("za", 3));
    if (IS("sig-sm"))
        sig_one(new_job("sm", 4));
    if (IS("sig-sm-za"))
        sig_one(new_job("smza", 5));
    if (IS("sig-zt"))
        sig_one(new_job("zt", 6));
    if (IS("sig-tpidr2")) {
        struct job *j = new_job("tpidr2", 7);
        j->arg = 0x00c0ffee12345678ull;
        sig_one(j);
    }
    if (IS("sig-fpmr")) {
        struct job *j = new_job("fpmr", 8);
        j->arg = 0x9;
        sig_one(j);
    }
    if (IS("sig-por") || IS("live-por")) {
        long k = sc(N_pkey_alloc, 0, 0, 0, 0);
        if (k < 0) {
            fprintf(stderr, "pkey_alloc %ld\n", k);
            return 8;
        }
        void *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        sc(N_pkey_mprotect, m, 4096, 3, k);
        struct job *j = new_job("por", 9);
        j->arg = 0x7 | (u64)0x1 << (4 * k); // key 0 RWX, key k read-only
        if (IS("live-por"))
            live_one(j);
        else
            sig_one(j);
    }
    if (IS("sig-sve-vl256")) {
        set_vl(PR_SVE_SET_VL, 256);
        sig_one(new_job("sve", 12));
    }
    if (IS("sig-sve-vl128")) {
        set_vl(PR_SVE_SET_VL, 128);
        sig_one(new_job("sve", 12));
    }
    if (IS("sig-sve-vl32")) {
        set_vl(PR_SVE_SET_VL, 32);
        sig_one(new_job("sve", 12));
    }
    if (IS("sig-sve-vl16")) {
        set_vl(PR_SVE_SET_VL, 16);
        sig_one(new_job("sve", 12));
    }
    if (IS("sig-fpsimd-vl256")) {
        set_vl(PR_SVE_SET_VL, 256);
        sig_one(new_job("fpsimd", 12));
    }
    if (IS("sig-fpsimd-vl16")) {
        set_vl(PR_SVE_SET_VL, 16);
        sig_one(new_job("fpsimd", 12));
    }
    if (IS("sig-za-svl256")) {
        set_vl(P_SME_SET_VL, 256);
        sig_one(new_job("za", 13));
    }
    if (IS("sig-sm-svl64")) {
        set_vl(P_SME_SET_VL, 64);
        sig_one(new_job("sm", 13));
    }
    if (IS("nested"))
        nested("fpsimd", "fpsimd");
    if (IS("nested-sve"))
        nested("sve", "sve");
    if (IS("altstack")) {
        set_altstack(128 * 1024);
        catch(SIGALRM, SA_ONSTACK);
        arm_ms(500);
        struct job *j = new_job("fpsimd", 20);
        run_job(j);
        finish(check_job(j));
    }
    if (IS("altstack-sve")) {
        set_altstack(128 * 1024);
        catch(SIGALRM, SA_ONSTACK);
        arm_ms(500);
        struct job *j = new_job("sve", 20);
        run_job(j);
        finish(check_job(j));
    }
    if (IS("threads")) {
        const char *k[] = {"fpsimd", "fpsimd", "fpsimd"};
        many(k, 3);
    }
    if (IS("threads-sve")) {
        const char *k[] = {"fpsimd", "sve", "sve"};
        many(k, 3);
    }
    if (IS("threads-sme")) {
        const char *k[] = {"fpsimd", "sve", "za", "sm", "tpidr2"};
        many(k, 5);
    }
    if (IS("stale-ret")) {
        catch(SIGUSR1, 0);
        hold_in_handler = 0;
        deep(6, raise_usr1);
        idle_wait();
        finish(0);
    }
    if (IS("stale-ret-sve")) {
        catch(SIGALRM, 0);
        hold_in_handler = 0;
        stale_job = new_job("sve", 30);
        deep(6, alarm_spin);
        idle_wait();
        finish(check_job(stale_job));
    }
    if (IS("stale-jmp")) {
        struct sigaction sa;
        memset(&sa, 0, sizeof sa);
        sa.sa_sigaction = on_jump;
        sa.sa_flags = SA_SIGINFO;
        sigaction(SIGUSR1, &sa, 0);
        if (!sigsetjmp(jb, 1))
            deep(6, raise_usr1);
        idle_wait();
        finish(0);
    }
    if (IS("stale-jmp-alt")) {
        set_altstack(128 * 1024);
        struct sigaction sa;
        memset(&sa, 0, sizeof sa);
        sa.sa_sigaction = on_jump;
        sa.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(SIGUSR1, &sa, 0);
        if (!sigsetjmp(jb, 1))
            raise_usr1();
        idle_wait();
        finish(0);
    }
    if (IS("stale-copy")) { // a dead frame, and getcontext's structure in the heap
        catch(SIGALRM, 0);
        hold_in_handler = 0;
        stale_job = new_job("fpsimd", 31);
        deep(6, alarm_spin);
        uc_saved = malloc(sizeof *uc_saved);
        getcontext(uc_saved);
        idle_wait();
        finish(0);
    }
    if (IS("ucontext")) {
        char *st = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        getcontext(&uc_co);
        uc_co.uc_stack.ss_sp = st;
        uc_co.uc_stack.ss_size = 65536;
        uc_co.uc_link = &uc_main;
        makecontext(&uc_co, coro, 0);
        swapcontext(&uc_main, &uc_co);
        uc_saved = malloc(sizeof *uc_saved);
        getcontext(uc_saved);
        static sigjmp_buf local;
        sigsetjmp(local, 1);
        idle_wait();
        int was = co_steps;
        swapcontext(&uc_main, &uc_co);
        finish(!(was == 1 && co_steps == 2));
    }
    if (IS("live-fpsimd"))
        live_one(new_job("fpsimd", 40));
    if (IS("live-sve"))
        live_one(new_job("sve", 41));
    if (IS("live-za"))
        live_one(new_job("za", 42));
    if (IS("live-sm"))
        live_one(new_job("sm", 43));
    if (IS("live-tpidr2")) {
        struct job *j = new_job("tpidr2", 44);
        j->arg = 0x00c0ffee87654321ull;
        live_one(j);
    }
    if (IS("vl-idle")) {
        set_vl(PR_SVE_SET_VL, 128);
        u64 v = get_vl();
        idle_wait();
        u64 w = get_vl();
        if (v != w)
            say("NOTE", "vl-changed", v, w);
        finish(v != w);
    }
    if (IS("sig-gcs") || IS("gcs-idle")) {
        int idle = IS("gcs-idle");
        long r = sc6(N_prctl, 75, 1, 0, 0, 0, 0); // PR_SET_SHADOW_STACK_STATUS, ENABLE: no return from here on
        if (r) {
            say("SKIP", "gcs-prctl", -r, 0);
            sc(N_exit_group, 8, 0, 0, 0);
        }
        if (idle)
            gcs_idle();
        else
            gcs_body();
        sc(N_exit_group, 9, 0, 0, 0);
    }
    fprintf(stderr, "unknown scenario %s\n", s);
    return 7;
}
