// `labrun CRIU IMAGE_DIR LOG WAIT_MS`: restores an image, lets its tasks go, and says as a line of JSON what became of them.
//
// CRIU's restored tasks become its children (it is their sub-reaper), so that it sees how they end.
#define _GNU_SOURCE
#include <dirent.h>
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

#define GO "/tmp/lab/go"
#define PIDFILE "/tmp/lab/restored.pid"
#define CRIU_OUT "/tmp/lab/criu.out"
#define HUNG "/tmp/lab/hung"

// A CRIU whose log has not grown for so long hangs.
enum { CRIU_SILENT_S = 6 };

struct outcome {
    // criu_signal is -1 where it hung and was ended.
    int criu_exit, criu_signal, pid, signal, exit, before_go;
    const char *word;
    char stat[200];
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void nap(int ms) {
    struct timespec t = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&t, 0);
}

// The line of /proc/PID/stat, without characters that JSON would mind; empty where there is no such task.
static void read_stat(int pid, char *line, int size) {
    char path[64];
    line[0] = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return;
    if (!fgets(line, size, f))
        line[0] = 0;
    line[strcspn(line, "\n\"\\")] = 0;
    fclose(f);
}

// Calls `act` with each task's pid and stat line.
static int each_task(int (*act)(int pid, const char *stat)) {
    int sum = 0;
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char line[512];
        int pid = atoi(entry->d_name);
        if (pid <= 0 || pid == getpid())
            continue;
        read_stat(pid, line, sizeof line);
        if (line[0])
            sum += act(pid, line);
    }
    if (dir)
        closedir(dir);
    return sum;
}

static int kill_child(int pid, const char *stat) {
    const char *end = strrchr(stat, ')');
    char state;
    int parent;
    if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2 || parent != getpid() || state == 'Z')
        return 0;
    kill(pid, SIGKILL);
    return 1;
}

// For the log: what a hanging CRIU has done with the tasks. Those of the system have small numbers.
static int note_task(int pid, const char *stat) {
    FILE *f = pid > 100 ? fopen(HUNG, "a") : 0;
    if (f) {
        fprintf(f, "%s\n", stat);
        fclose(f);
    }
    return 0;
}

static pid_t start_criu(const char *criu, const char *image, const char *log) {
    pid_t child = fork();
    if (child)
        return child;
    setsid();
    dup2(open("/dev/null", O_RDONLY), 0);
    int out = open(CRIU_OUT, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    dup2(out, 1);
    dup2(out, 2);
    // Tasks must not find descriptors that they did not have.
    close_range(3, ~0u, 0);
    execlp(criu, "criu", "restore", "-d", "-D", image, "--shell-job", "-vv", "-o", log, "--pidfile", PIDFILE, (char *)0);
    _exit(127);
}

static void await_criu(pid_t criu, const char *log, struct outcome *o) {
    double grew = now();
    long size = -1;
    int status;
    while (waitpid(criu, &status, WNOHANG) != criu) {
        struct stat file;
        long found = stat(log, &file) ? 0 : file.st_size;
        if (found != size) {
            size = found;
            grew = now();
        }
        if (now() > grew + CRIU_SILENT_S) {
            each_task(note_task);
            kill(criu, SIGKILL);
            waitpid(criu, &status, 0);
            o->criu_signal = -1;
            return;
        }
        nap(20);
    }
    if (WIFEXITED(status))
        o->criu_exit = WEXITSTATUS(status);
    else
        o->criu_signal = WTERMSIG(status);
}

static int restored_pid(void) {
    int pid = 0;
    FILE *f = fopen(PIDFILE, "r");
    if (f) {
        if (fscanf(f, "%d", &pid) != 1)
            pid = 0;
        fclose(f);
    }
    return pid;
}

// Lets the tasks go and waits for the first of them.
static void await_task(int wait_ms, struct outcome *o) {
    int status;
    nap(400);
    pid_t ended = waitpid(o->pid, &status, WNOHANG);
    o->before_go = ended == o->pid;
    close(open(GO, O_CREAT | O_WRONLY, 0644));
    // One that was dumped while it was stopped.
    if (ended != o->pid)
        kill(o->pid, SIGCONT);
    for (double end = now() + wait_ms / 1000.0; ended != o->pid && now() < end; nap(20))
        ended = waitpid(o->pid, &status, WNOHANG);
    if (ended != o->pid) {
        o->word = "HANG";
        read_stat(o->pid, o->stat, sizeof o->stat);
        kill(o->pid, SIGKILL);
        waitpid(o->pid, &status, 0);
    } else if (WIFSIGNALED(status)) {
        o->word = "KILLED";
        o->signal = WTERMSIG(status);
    } else {
        o->exit = WEXITSTATUS(status);
        o->word = o->exit ? "FAIL" : "PASS";
    }
}

int main(int argc, char **argv) {
    struct outcome o = {.criu_exit = -1, .exit = -1, .word = "CRIU-FAILED"};
    if (argc != 5) {
        fprintf(stderr, "usage: labrun CRIU IMAGE_DIR LOG WAIT_MS\n");
        return 2;
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    unlink(GO);
    unlink(PIDFILE);
    await_criu(start_criu(argv[1], argv[2], argv[3]), argv[3], &o);
    o.pid = restored_pid();
    if (o.criu_exit == 0 && o.pid > 0)
        await_task(atoi(argv[4]), &o);
    unlink(GO);
    // A failed restore leaves tasks behind.
    for (int round = 0; round < 50; round++) {
        while (waitpid(-1, 0, WNOHANG) > 0)
            ;
        if (!each_task(kill_child))
            break;
        nap(20);
    }
    printf("{\"criu_exit\":%d,\"criu_signal\":%d,\"pid\":%d,\"outcome\":\"%s\",\"signal\":%d,\"exit\":%d,"
           "\"before_go\":%s,\"stat\":\"%s\"}\n",
           o.criu_exit, o.criu_signal, o.pid, o.word, o.signal, o.exit, o.before_go ? "true" : "false", o.stat);
    return 0;
}
