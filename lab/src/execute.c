// Executes A64 instructions one by one, and writes what each did: see lab/execute. Input: how many, then of each its word and
// the registers that it is said to read, as a set of bits. Output: AT_HWCAP, AT_HWCAP2 and AT_HWCAP3, then records.
//
// Each word lies before a BRK. A signal's handler is where everything happens: it takes the registers from the context
// of the signal that ended one instruction, and puts those of the next into it. Memory is mapped where it is touched,
// with contents that tell the address.
//
// With the argument `streaming`, all is executed in streaming mode with ZA.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

typedef uint64_t u64;
typedef uint32_t u32;

enum { REGISTERS = 32, SP = 31, TRIALS = 6, PAGE = 4096, PAGES = 12, ELSEWHERE = 100 };
static const u64 CODE = 0x7000000000;

struct input { u32 word, reads; };
// examples/execute.rs has the same layout.
struct record {
    u32 word, trial, status, unused;
    u64 pc;
    u64 before[REGISTERS], after[REGISTERS];
    u64 flags, low, high;
};

static struct input *inputs;
static u32 count, at, trial;
static struct record now;
static u64 first[REGISTERS];
static u64 pages[PAGES];
static unsigned mapped;
static unsigned char out[1 << 20], vectors[PAGE];
static size_t filled;
static int begun;

static u64 dice(void) {
    static u64 seed = 0x1234567;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545F4914F6CDD1Dull;
}

static void flush(void) {
    for (size_t done = 0; done < filled;) {
        ssize_t wrote = write(1, out + done, filled - done);
        if (wrote <= 0) _exit(3);
        done += wrote;
    }
    filled = 0;
}

static u64 content(u64 address) { return address * 0x9E3779B97F4A7C15ull ^ 0x5bd1e995; }

static int map(u64 page) {
    if (mapped == PAGES || page < 0x10000 || page >= 0x7f0000000000) return 0;
    void *got = mmap((void *)page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != (void *)page) return 0;
    for (u64 a = page; a < page + PAGE; a += 8) *(u64 *)a = content(a);
    pages[mapped++] = page;
    return 1;
}

// Even trials have values of their own: addresses; addresses and small numbers; anything. Odd ones have the same where the
// instruction is said to read, and others elsewhere.
static void choose(void) {
    for (int i = 0; i < REGISTERS; i++) {
        u64 address = 0x1000000000 + (u64)i * 0x1000000 + 0x800 + (dice() & 0xff) * PAGE;
        u64 *to = &now.before[i];
        if (trial % 2) *to = i == SP || inputs[at].reads >> i & 1 ? first[i] : trial == 5 ? dice() : 0x3000000000 + (dice() & 0xfffff0);
        else if (trial == 4) *to = i == SP ? dice() & ~15ull : dice();
        else *to = trial == 2 && i % 2 ? dice() % 256 * 16 : address;
    }
    if (trial % 2 == 0) memcpy(first, now.before, sizeof first);
}

static void start(ucontext_t *context) {
    memset(&now, 0, sizeof now);
    now.word = inputs[at].word;
    now.trial = trial;
    now.pc = CODE + (u64)at * 8;
    choose();
    memcpy(context->uc_mcontext.regs, now.before, sizeof context->uc_mcontext.regs);
    context->uc_mcontext.sp = now.before[SP];
    context->uc_mcontext.pc = now.pc;
    context->uc_mcontext.pstate = trial & 2 ? 0x60000000 : 0x20000000;
    memcpy(context->uc_mcontext.__reserved, vectors, sizeof vectors);
}

static void changes(void) {
    now.low = ~0ull;
    for (; mapped; mapped--) {
        u64 page = pages[mapped - 1];
        for (u64 a = page; a < page + PAGE; a++) {
            u64 whole = content(a & ~7ull);
            if (*(unsigned char *)a == ((unsigned char *)&whole)[a & 7]) continue;
            if (a < now.low) now.low = a;
            if (a + 1 > now.high) now.high = a + 1;
        }
        munmap((void *)page, PAGE);
    }
}

static void handler(int signal, siginfo_t *info, void *argument) {
    ucontext_t *context = argument;
    if (!begun) {
        begun = 1;
        memcpy(vectors, context->uc_mcontext.__reserved, sizeof vectors);
        start(context);
        return;
    }
    if (signal == SIGSEGV && map((u64)info->si_addr & ~(u64)(PAGE - 1))) return;
    now.status = signal != SIGTRAP ? (u32)signal : context->uc_mcontext.pc == now.pc + 4 ? 0 : ELSEWHERE;
    memcpy(now.after, context->uc_mcontext.regs, sizeof context->uc_mcontext.regs);
    now.after[SP] = context->uc_mcontext.sp;
    now.flags = context->uc_mcontext.pstate >> 28;
    changes();
    if (filled + sizeof now > sizeof out) flush();
    memcpy(out + filled, &now, sizeof now);
    filled += sizeof now;
    if (signal == SIGILL || now.status == ELSEWHERE || ++trial == TRIALS) {
        trial = 0;
        if (++at == count) {
            flush();
            _exit(0);
        }
    }
    start(context);
}

int main(int argc, char **argv) {
    if (fread(&count, sizeof count, 1, stdin) != 1 || !(inputs = calloc(count, sizeof *inputs))) return 2;
    if (fread(inputs, sizeof *inputs, count, stdin) != count) return 2;
    u64 words[] = {getauxval(AT_HWCAP), getauxval(AT_HWCAP2), getauxval(29)};
    memcpy(out, words, filled = sizeof words);
    size_t size = (size_t)count * 8 + PAGE;
    u32 *code = mmap((void *)CODE, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (code == MAP_FAILED) return 2;
    for (u32 i = 0; i < count; i++) {
        code[i * 2] = inputs[i].word;
        code[i * 2 + 1] = 0xd4200000;
    }
    mprotect(code, size, PROT_READ | PROT_EXEC);
    __builtin___clear_cache((char *)code, (char *)code + size);
    stack_t stack = {.ss_sp = malloc(1 << 20), .ss_size = 1 << 20};
    sigaltstack(&stack, 0);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    int signals[] = {SIGTRAP, SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGSYS};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, 0);
    if (argc > 1 && !strcmp(argv[1], "streaming")) __asm__ volatile(".inst 0xd503477f"); // smstart
    __asm__ volatile("brk #0");
    return 4;
}
