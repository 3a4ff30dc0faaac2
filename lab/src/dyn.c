// An ordinary glibc program: after the restore it uses what libc and libgcc chose at start-up
// from the old CPU's hwcaps (memcpy variant, outline atomics), step by step.
#define _GNU_SOURCE
#include "raw.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdatomic.h>
static int pid;
static const char *name = "dyn";
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
static _Atomic u64 counter;
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static u8 a[70000], b[70000];
int main(int argc, char **argv) {
    if (argc > 1)
        name = argv[1];
    pid = sc(N_getpid, 0, 0, 0, 0);
    for (unsigned i = 0; i < sizeof a; i++)
        a[i] = i * 31 + 5;
    volatile size_t n = sizeof a;
    memcpy(b, a, n);
    memset(b, 0, n);
    printf("%zu\n", strlen(argv[0]));
    fflush(stdout);
    free(malloc(100)); // bind the PLT entries
    atomic_fetch_add(&counter, 1);
    raw_file("ready", pid, "ready\n", 6);
    raw_wait_go();
    atomic_fetch_add(&counter, 1);
    step("NOTE", "atomics-ok", counter);
    pthread_mutex_lock(&mu);
    pthread_mutex_unlock(&mu);
    step("NOTE", "mutex-ok", 0);
    memcpy(b, a, n);
    if (memcmp(a, b, n))
        step("FAIL", "memcpy", 0);
    step("NOTE", "memcpy-ok", 0);
    memset(b, 3, n);
    memmove(b + 1, b, n - 1);
    step("NOTE", "memset-ok", b[500]);
    void *p = malloc(5000);
    memset(p, 1, 5000);
    free(p);
    step("NOTE", "malloc-ok", 0);
    char t[100];
    snprintf(t, sizeof t, "%s %d %zu", name, pid, strlen(name));
    step("PASS", "end", 0);
    sc(N_exit_group, 0, 0, 0, 0);
}
