// `stepto PID OFFSET`: steps a task that calls into the vDSO until it is OFFSET bytes (hexadecimal) behind the vDSO's start,
// and leaves it there, stopped.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { STATUS = 1, REGISTERS = 34, PC = 32 };

static unsigned long vdso_of(const char *pid) {
    char path[64], line[512];
    unsigned long start = 0;
    snprintf(path, sizeof path, "/proc/%s/maps", pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strstr(line, "[vdso]"))
            start = strtoul(line, 0, 16);
    if (f)
        fclose(f);
    return start;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    int pid = atoi(argv[1]), status;
    unsigned long wanted = vdso_of(argv[1]) + strtoul(argv[2], 0, 16), registers[REGISTERS];
    struct iovec all = {registers, sizeof registers};
    if (ptrace(PTRACE_ATTACH, pid, 0, 0) || waitpid(pid, &status, __WALL) != pid)
        return 1;
    for (long steps = 0; steps < 2000000; steps++) {
        if (ptrace(PTRACE_GETREGSET, pid, STATUS, &all))
            return 1;
        if (registers[PC] == wanted)
            return ptrace(PTRACE_DETACH, pid, 0, SIGSTOP) ? 1 : 0;
        if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
            return 1;
    }
    ptrace(PTRACE_DETACH, pid, 0, 0);
    return 1;
}
