// Part of scen.c: a handler's own signal frame as a line of JSON, for decoders of images to be held against.

static void describe_frame(const void *ucp) {
    const u8 *uc = ucp;
    const u8 *mc = uc + UC_MCONTEXT, *res = mc + 8 + 31 * 8 + 8 + 8 + 8; // fault_address, regs, sp, pc, pstate
    res = (const u8 *)(((u64)res + 15) & ~15ull);
    struct out o;
    o.n = 0;
    o_s(&o, "{\"tid\":");
    o_d(&o, sc(N_gettid, 0, 0, 0, 0));
    o_s(&o, ",\"frame\":\"");
    o_x(&o, (u64)uc - SIGINFO_SIZE);
    o_s(&o, "\",\"ucontext\":\"");
    o_x(&o, (u64)uc);
    o_s(&o, "\",\"uc_flags\":");
    o_d(&o, *(u64 *)uc);
    o_s(&o, ",\"reserved\":\"");
    o_x(&o, (u64)res);
    o_s(&o, "\",\"pc\":\"");
    o_x(&o, *(u64 *)(mc + 8 + 31 * 8 + 8));
    o_s(&o, "\",\"sp\":\"");
    o_x(&o, *(u64 *)(mc + 8 + 31 * 8));
    o_s(&o, "\",\"records\":[");
    const u8 *p = res, *end = res + 4096;
    int first = 1, extra = 0;
    while (p + 8 <= end) {
        u32 magic = *(u32 *)p, size = *(u32 *)(p + 4);
        if (!first)
            o_s(&o, ",");
        first = 0;
        o_s(&o, "{\"magic\":\"");
        o_x(&o, magic);
        o_s(&o, "\",\"size\":");
        o_d(&o, size);
        o_s(&o, ",\"at\":\"");
        o_x(&o, (u64)p);
        o_s(&o, "\"");
        if (magic == SVE_MAGIC || magic == ZA_MAGIC) {
            o_s(&o, ",\"vl\":");
            o_d(&o, *(uint16_t *)(p + 8));
            if (magic == SVE_MAGIC) {
                o_s(&o, ",\"flags\":");
                o_d(&o, *(uint16_t *)(p + 10));
            }
        }
        if (magic == ZT_MAGIC) {
            o_s(&o, ",\"nregs\":");
            o_d(&o, *(uint16_t *)(p + 8));
        }
        if (magic == TPIDR2_MAGIC || magic == FPMR_MAGIC || magic == POE_MAGIC || magic == GCS_MAGIC) {
            o_s(&o, ",\"value\":\"");
            o_x(&o, *(u64 *)(p + 8));
            o_s(&o, "\"");
        }
        if (magic == EXTRA_MAGIC) {
            o_s(&o, ",\"datap\":\"");
            o_x(&o, *(u64 *)(p + 8));
            o_s(&o, "\",\"extra_size\":");
            o_d(&o, *(u32 *)(p + 16));
        }
        o_s(&o, "}");
        if (magic == 0 && size == 0) {
            if (extra)
                break;
            // The list goes on where an EXTRA record says.
            extra = 2;
            const u8 *q = res, *x = 0;
            while (q < p) {
                if (*(u32 *)q == EXTRA_MAGIC)
                    x = q;
                q += *(u32 *)(q + 4);
            }
            if (!x)
                break;
            p = (const u8 *)*(u64 *)(x + 8);
            end = p + *(u32 *)(x + 16);
            continue;
        }
        if (size < 16)
            break;
        p += size;
    }
    o_s(&o, "]}\n");
    raw_file("frames", pid, o.b, o.n);
}
