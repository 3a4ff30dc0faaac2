// Guest side: `labrun restore CRIU DIR LOG [N_WAIT_MS]`: restore with criu as a sub-reaper's child,
// let the tasks go, and say what became of them as one line of JSON.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}
static void nap(int ms) {
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, 0);
}
// children by /proc (a failed restore can leave tasks behind)
static int kids(int show) {
    int n = 0, me = getpid();
    DIR *d = opendir("/proc");
    struct dirent *e;
    FILE *o = show ? fopen("/tmp/lab/hung", "w") : 0;
    while (d && (e = readdir(d))) {
        int pid = atoi(e->d_name);
        if (pid <= 0 || pid == me)
            continue;
        char p[64], l[512];
        snprintf(p, sizeof p, "/proc/%d/stat", pid);
        FILE *f = fopen(p, "r");
        if (!f)
            continue;
        if (fgets(l, sizeof l, f)) {
            char *q = strrchr(l, ')');
            int pp = 0;
            char st;
            if (q && sscanf(q + 1, " %c %d", &st, &pp) == 2) {
                if (o && pid > 100)
                    fprintf(o, "%s", l);
                if (!show && pp == me && st != 'Z') {
                    kill(pid, SIGKILL);
                    n++;
                }
            }
        }
        fclose(f);
    }
    if (d)
        closedir(d);
    if (o)
        fclose(o);
    return n;
}
static int kill_children(void) {
    return kids(0);
}
static void show_tasks(void) {
    kids(1);
}
int main(int argc, char **argv) {
    const char *criu = argv[1], *dir = argv[2], *log = argv[3];
    int wait_ms = argc > 4 ? atoi(argv[4]) : 15000;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    unlink("/tmp/lab/go");
    unlink("/tmp/lab/restored.pid");
    double t0 = now();
    pid_t c = fork();
    if (!c) {
        setsid();
        int fd = open("/tmp/lab/criu.out", O_CREAT | O_TRUNC | O_WRONLY, 0644);
        dup2(fd, 1);
        dup2(fd, 2);
        int n = open("/dev/null", O_RDONLY);
        dup2(n, 0);
        if (fd > 2)
            close(fd);
        if (n > 2)
            close(n);
        execlp(criu, "criu", "restore", "-d", "-D", dir, "--shell-job", "-vv", "-o", log, "--pidfile",
               "/tmp/lab/restored.pid", (char *)0);
        _exit(127);
    }
    // criu itself may hang: when its log has not grown for 6 s it is ended (criu_signal -1)
    int st = 0, cexit = -1, csig = 0, others = 0;
    double grew = t0;
    long size = -1;
    for (;;) {
        pid_t r = waitpid(c, &st, WNOHANG);
        if (r == c)
            break;
        struct stat sb;
        long n = stat(log, &sb) ? 0 : sb.st_size;
        if (n != size)
            size = n, grew = now();
        if (now() > grew + 6) {
            show_tasks();
            kill(c, 9);
            waitpid(c, &st, 0);
            csig = -1;
            break;
        }
        nap(20);
    }
    if (csig == 0) {
        if (WIFEXITED(st))
            cexit = WEXITSTATUS(st);
        else
            csig = WTERMSIG(st);
    }
    double t1 = now();
    int pid = 0;
    FILE *f = fopen("/tmp/lab/restored.pid", "r");
    if (f) {
        if (fscanf(f, "%d", &pid) != 1)
            pid = 0;
        fclose(f);
    }
    const char *outcome = "CRIU-FAILED";
    int wsig = 0, wexit = -1, early = 0;
    char status[200] = "";
    if (cexit == 0 && pid > 0) {
        nap(400);
        pid_t r = waitpid(pid, &st, WNOHANG);
        if (r == pid)
            early = 1;
        int fd = open("/tmp/lab/go", O_CREAT | O_WRONLY, 0644);
        close(fd);
        double end = now() + wait_ms / 1000.0;
        while (r != pid && now() < end) {
            r = waitpid(pid, &st, WNOHANG);
            nap(20);
        }
        if (r != pid) {
            char p[64];
            snprintf(p, sizeof p, "/proc/%d/stat", pid);
            FILE *g = fopen(p, "r");
            if (g) {
                if (!fgets(status, sizeof status, g))
                    status[0] = 0;
                status[strcspn(status, "\n\"\\")] = 0;
                fclose(g);
            }
            outcome = "HANG";
            kill(pid, 9);
            waitpid(pid, &st, 0);
        } else if (WIFSIGNALED(st)) {
            outcome = "KILLED";
            wsig = WTERMSIG(st);
        } else {
            wexit = WEXITSTATUS(st);
            outcome = wexit == 0 ? "PASS" : "FAIL";
        }
    }
    unlink("/tmp/lab/go");
    for (int round = 0; round < 50; round++) {
        while (waitpid(-1, &st, WNOHANG) > 0)
            others++;
        if (!kill_children())
            break;
        nap(20);
    }
    printf("{\"criu_exit\":%d,\"criu_signal\":%d,\"pid\":%d,\"outcome\":\"%s\",\"signal\":%d,\"exit\":%d,\"before_go\":"
           "%s,\"criu_s\":%.2f,\"total_s\":%.2f,\"stat\":\"%s\"}\n",
           cexit, csig, pid, outcome, wsig, wexit, early ? "true" : "false", t1 - t0, now() - t0, status);
    return 0;
}
