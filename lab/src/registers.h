// Part of scen.c: jobs for each kind of register state, and what they must find in the end.

static struct job *new_job(const char *kind, u32 seed) {
    struct job *j = mmap(0, (sizeof *j + 4095) & ~4095ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    j->kind = kind;
    fill(j->zin, MAXZ, seed);
    fill(j->pin, MAXP, seed + 7);
    int za = !strcmp(kind, "za") || !strcmp(kind, "smza");
    if (!strcmp(kind, "sve"))
        j->vl = get_vl();
    if (!strcmp(kind, "sm") || !strcmp(kind, "smza") || za || !strcmp(kind, "zt"))
        j->svl = get_svl();
    if (za) {
        size_t n = (size_t)j->svl * j->svl;
        j->zain = mmap(0, 2 * n + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        j->zaout = j->zain + n;
        fill(j->zain, n, seed + 3);
    }
    if (j->vl) {
        // What FFR can hold: ones, then zeros.
        u8 *ffr = j->pin + 16 * (j->vl / 8);
        memset(ffr, 0, j->vl / 8);
        ffr[0] = 0x7f;
    }
    J[njobs++] = j;
    return j;
}

static void run_job(struct job *j) {
    j->tid = sc(N_gettid, 0, 0, 0, 0);
    const char *k = j->kind;
// Where ZA is stored. scen has it wrong, so that its ZA jobs always fail; it stays as it is for the images that name it. scen2,
// the same source, is for the scenarios with ZA.
#ifdef SCEN2
#define ZAOUT j->zaout
#else
#define ZAOUT j->zout
#endif
#define GO(fn, a) j->ret = fn((const void *)(a), j->pin, &j->flag, j->zout, j->pout, &j->entered, j->zain, j->zaout)
    // Two or three letters of the kind tell all apart.
    switch (k[0] | k[1] << 8 | (k[2] ? k[3] << 16 : 0)) {
    case 'f' | 'p' << 8 | 'i' << 16: // fpsimd
        GO(spin_fpsimd, j->zin);
        break;
    case 's' | 'v' << 8 | 0 << 16: // sve
        GO(spin_sve, j->zin);
        break;
    case 's' | 'm' << 8 | 0 << 16: // sm
        GO(spin_streaming, j->zin);
        break;
    case 's' | 'm' << 8 | 'a' << 16: // smza
        GO(spin_sm_za, j->zin);
        break;
    case 'z' | 'a' << 8: // za
        j->ret = spin_za(j->zain, j->pin, &j->flag, ZAOUT, j->pout, &j->entered, j->zain, j->zaout);
        break;
    case 'z' | 't' << 8: // zt
        GO(spin_zt, j->zin);
        break;
    case 't' | 'p' << 8 | 'd' << 16: // tpidr2
        GO(spin_tpidr2, j->arg);
        break;
    case 'f' | 'p' << 8 | 'r' << 16: // fpmr
        GO(spin_fpmr, j->arg);
        break;
    case 'p' | 'o' << 8 | 0 << 16: // por
        GO(spin_por, j->arg);
        break;
    default:
        GO(spin_plain, 0);
    }
}

static int check_job(struct job *j) {
    size_t at = 0;
    int bad = 0;
    const char *k = j->kind;
    int fp = k[0] == 'f' && k[2] == 's', sve = k[0] == 's' && k[1] == 'v', sm = k[0] == 's' && k[1] == 'm',
        za = k[0] == 'z' && k[1] == 'a', zt = k[0] == 'z' && k[1] == 't';
    int smza = sm && k[2];
    if (fp && differs(j->zin, j->zout, 512, &at)) {
        say("NOTE", "q-registers-differ-at", at, j->zout[at]);
        bad |= 1;
    }
    if (sve) {
        if (j->ret != j->vl) {
            say("NOTE", "vl-changed", j->vl, j->ret);
            bad |= 2;
        }
        if (differs(j->zin, j->zout, 32 * j->vl, &at)) {
            say("NOTE", "z-registers-differ-at", at, j->zout[at]);
            bad |= 1;
        }
        if (differs(j->pin, j->pout, 16 * (j->vl / 8), &at)) {
            say("NOTE", "p-registers-differ-at", at, j->pout[at]);
            bad |= 4;
        }
        if (differs(j->pin + 16 * (j->vl / 8), j->pout + 16 * (j->vl / 8), j->vl / 8, &at)) {
            say("NOTE", "ffr-differs-at", at, j->pout[16 * (j->vl / 8) + at]);
            bad |= 8;
        }
    }
    if (sm) {
        if (!(j->ret & 1)) {
            say("NOTE", "streaming-mode-lost", j->ret, 0);
            bad |= 16;
        }
        if (differs(j->zin, j->zout, 32 * j->svl, &at)) {
            say("NOTE", "streaming-z-differ-at", at, j->zout[at]);
            bad |= 1;
        }
        if (differs(j->pin, j->pout, 16 * (j->svl / 8), &at)) {
            say("NOTE", "streaming-p-differ-at", at, j->pout[at]);
            bad |= 4;
        }
    }
    if (za || zt || smza)
        if (!(j->ret & 2)) {
            say("NOTE", "za-lost", j->ret, 0);
            bad |= 32;
        }
    if ((za || smza) && (j->ret & 2) && differs(j->zain, j->zaout, (size_t)j->svl * j->svl, &at)) {
        say("NOTE", "za-differs-at", at, j->zaout[at]);
        bad |= 64;
    }
    if (zt && (j->ret & 2) && differs(j->zin, j->zout, 64, &at)) {
        say("NOTE", "zt0-differs-at", at, j->zout[at]);
        bad |= 128;
    }
    if (k[0] == 't' || (k[0] == 'p' && k[1] == 'o') || (k[0] == 'f' && k[2] == 'm'))
        if (j->ret != j->arg) {
            say("NOTE", "register-value-differs", j->arg, j->ret);
            bad |= 256;
        }
    return bad;
}
