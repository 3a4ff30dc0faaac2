// A glibc program that waits inside libc calls (as nearly every process does) and returns through
// libc's own frames after the restore: with a libc built for PAC those return addresses are signed.
#define _GNU_SOURCE
#include "raw.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/time.h>
static int pid;
static const char *name = "dyn-libc";
static void step(const char *v, const char *why, u64 a) {
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
static int calls;
static void wait_libc(void) {
    while (access("/tmp/lab/go", F_OK))
        usleep(40000);
}
static int cmp(const void *a, const void *b) {
    if (!calls++) {
        raw_file("ready", pid, "ready\n", 6);
        wait_libc();
        step("NOTE", "usleep-returned", 0);
    }
    return *(const int *)a - *(const int *)b;
}
static volatile int got;
static void on_sig(int s) {
    raw_file("ready", pid, "ready\n", 6);
    wait_libc();
    step("NOTE", "usleep-returned", 0);
    got = 1;
}
int main(int argc, char **argv) {
    if (argc > 1)
        name = argv[1];
    pid = getpid();
    if (name[8]) { // dyn-libc-sig: the handler interrupts libc's sleep
        struct sigaction sa;
        memset(&sa, 0, sizeof sa);
        sa.sa_handler = on_sig;
        sigaction(SIGALRM, &sa, 0);
        struct itimerval it = {.it_value = {0, 400000}};
        setitimer(ITIMER_REAL, &it, 0);
        while (!got)
            usleep(10000000);
    } else {
        int v[8] = {5, 3, 8, 1, 9, 2, 7, 4};
        qsort(v, 8, sizeof v[0], cmp);
        if (v[0] != 1 || v[7] != 9) {
            step("FAIL", "qsort", v[0]);
            sc(N_exit_group, 1, 0, 0, 0);
        }
    }
    step("PASS", "end", 0);
    sc(N_exit_group, 0, 0, 0, 0);
}
