// Part of scen.c: what it knows of its threads, and how it reports.

typedef u64 spin_fn(const void *, const void *, volatile int *, void *, void *, volatile int *, const void *, void *);
spin_fn spin_fpsimd, spin_sve, spin_streaming, spin_za, spin_sm_za, spin_zt, spin_tpidr2, spin_fpmr, spin_por,
    spin_plain;
u64 get_vl(void), get_svl(void), get_gcspr(void);

// All Z registers; the predicates and FFR. At the longest vectors, of 256 bytes.
#define MAXZ (32 * 256)
#define MAXP (17 * 32)

// A thread's work: a function of state.S loads a pattern into registers, spins in user code until `flag` is set, and stores
// what it finds.
struct job {
    volatile int flag, entered, in_handler, done;
    int tid, bad;
    const char *kind;
    u64 ret, want_ret, arg;
    u8 zin[MAXZ], zout[MAXZ], pin[MAXP], pout[MAXP];
    u8 *zain, *zaout;
    unsigned vl, svl;
};
static struct job *J[8];
static int njobs;
static int pid;
static const char *scen_name;
static volatile int go_seen, hold_in_handler = 1, sig_count;
static volatile u64 frames_seen;

static void fill(u8 *p, size_t n, u32 seed) {
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        p[i] = (seed >> 24) | 1;
    }
}

static int differs(const u8 *a, const u8 *b, size_t n, size_t *at) {
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) {
            *at = i;
            return 1;
        }
    return 0;
}

static void say(const char *verdict, const char *why, u64 a, u64 b) {
    struct out o;
    o.n = 0;
    o_s(&o, verdict);
    o_s(&o, " ");
    o_s(&o, scen_name);
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

static void ready(void) {
    raw_file("ready", pid, "ready\n", 6);
}
