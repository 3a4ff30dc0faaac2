use crate::a64::{FP, Flow, Instruction, LR, Registers, SP, Target, Write};

/// Moves a register by so many bytes.
fn by(from: u8, bytes: i64) -> Write {
    Write::Sum {
        from,
        by: bytes.cast_unsigned(),
        keep: u64::MAX,
    }
}

fn load(offset: i64) -> Write {
    Write::Load {
        base: SP,
        offset,
        len: 8,
    }
}

#[test]
fn what_instructions_do_to_the_stack() {
    use Write::{Kept, Loaded, Lost};
    for (word, sp, fp) in [
        (0xd100_83ff, by(SP, -32), Kept),   // sub sp, sp, #32
        (0x9140_07ff, by(SP, 4096), Kept),  // add sp, sp, #1, lsl #12
        (0xa9be_7bfd, by(SP, -32), Kept),   // stp x29, x30, [sp, #-32]!
        (0xa8c2_7bfd, by(SP, 32), load(0)), // ldp x29, x30, [sp], #32
        (0xa940_7bfd, Kept, load(0)),       // ldp x29, x30, [sp]
        (0x9100_43fd, Kept, by(SP, 16)),    // add x29, sp, #16
        (0x9100_03bf, by(FP, 0), Kept),     // mov sp, x29
        (0xf81f_0ffe, by(SP, -16), Kept),   // str x30, [sp, #-16]!
        (0xf841_07fe, by(SP, 16), Kept),    // ldr x30, [sp], #16
        (0x6dbd_27e8, by(SP, -48), Kept),   // stp d8, d9, [sp, #-48]!
        (0xacc1_07e0, by(SP, 32), Kept),    // ldp q0, q1, [sp], #32
        (0x6883_7be0, by(SP, 96), Kept),    // stgp x0, x30, [sp], #96
        (0x0423_53ff, Lost, Kept),          // addvl sp, x3, #31
        (0x0c9f_73e0, Lost, Kept),          // st1 {v0.8b}, [sp], #8
        (0xf100_041f, Kept, Kept),          // cmp x0, #1
        (0xf940_0bfd, Kept, load(16)),      // ldr x29, [sp, #16]
        (0xf900_0bfd, Kept, Kept),          // str x29, [sp, #16]
        (0xf83d_0020, Kept, Kept),          // ldadd x29, x0, [x1]
        (0xf820_003d, Kept, Loaded),        // ldadd x0, x29, [x1]
        (0xf83f_003f, Kept, Kept),          // stadd xzr, [x1]
        (0xd53b_d05d, Kept, Lost),          // mrs x29, tpidr_el0
        (0x9e66_001d, Kept, Lost),          // fmov x29, d0
        (0x4ea0_1c1d, Kept, Kept),          // mov v29.16b, v0.16b
        (0x1d1d_0441, Kept, Lost),          // cpyfp with x29
        (0x8a7f_03fd, Kept, Lost),          // and x29, xzr, xzr
        (0xc04c_73fd, Kept, Lost),          // movt x29, zt0[56]
        (0xc04e_73fd, Kept, Kept),          // movt zt0[56], x29
        (0xd52b_773d, Kept, Lost),          // gcspopm x29
        (0xd52b_777d, Kept, Lost),          // gcsss2 x29
        (0xd50b_775d, Kept, Kept),          // gcsss1 x29
    ] {
        let it = Instruction::decode(word);
        assert_eq!((it.write(0, SP), it.write(0, FP)), (sp, fp), "{word:#010x}");
        assert_eq!(it.flow(), Flow::On, "{word:#010x}");
    }
    // and sp, x0, #0xfffffffffffffff0
    let aligned = Write::Bits {
        from: 0,
        keep: !0xf,
        or: 0,
    };
    assert_eq!(Instruction::decode(0x927c_ec1f).write(0, SP), aligned);
    // sub sp, sp, x16
    let less = Write::Plus {
        from: SP,
        register: 16,
        less: true,
    };
    assert_eq!(Instruction::decode(0xcb30_63ff).write(0, SP), less);
}

#[test]
fn where_instructions_go() {
    let at = Target::Offset;
    for (word, flow) in [
        (0x9400_0002, Flow::Call(at(8))),
        (0xd63f_0020, Flow::Call(Target::Register(1))), // blr x1
        (0xd73f_0822, Flow::Call(Target::Register(1))), // blraa x1, x2
        (0xd65f_03c0, Flow::Return(LR)),
        (0xd65f_0020, Flow::Return(1)),                 // ret x1
        (0xd65f_0bff, Flow::Return(LR)),                // retaa
        (0xd65f_0be2, Flow::Return(LR)),                // retaasppcr x2
        (0x5500_001f, Flow::Return(LR)),                // retaasppc .
        (0xd61f_0020, Flow::Jump(Target::Register(1))), // br x1
        (0xd71f_0822, Flow::Jump(Target::Register(1))), // braa x1, x2
        (0xd420_0020, Flow::Trap),                      // brk #1
        (0, Flow::Trap),                                // udf #0
        (0x17ff_ffff, Flow::Jump(at(-4))),              // b .-4
        (0x5400_0041, Flow::Branch(8)),                 // b.ne .+8
        (0x5400_0051, Flow::Branch(8)),                 // bc.ne .+8
        (0xb4ff_ffe0, Flow::Branch(-4)),                // cbz x0, .-4
        (0x3707_ffe0, Flow::Branch(-4)),                // tbnz w0, #0, .-4
        (0xd400_0001, Flow::On),                        // svc #0
        (0xd69f_03e0, Flow::Unknown),                   // eret
        (0xd6ff_03e0, Flow::Unknown),                   // texit
        (0xd4e0_0060, Flow::Unknown),                   // tenter #3
        (0xd460_0020, Flow::Unknown),                   // tcancel #1
    ] {
        assert_eq!(Instruction::decode(word).flow(), flow, "{word:#010x}");
    }
}

#[test]
fn calls_keep_what_the_procedure_call_standard_says() {
    let call = Instruction::decode(0x9400_0002);
    assert_eq!(call.writes(), Registers::CALL);
    for (register, kept) in [
        (0, false),
        (18, false),
        (19, true),
        (FP, true),
        (LR, false),
        (SP, true),
    ] {
        assert_eq!(call.write(0, register) == Write::Kept, kept, "x{register}");
    }
}

#[test]
fn system_instructions_with_a_result_change_its_register() {
    for (word, register) in [
        (0xd53b_d045, 5), // mrs x5, tpidr_el0
        (0xd523_3066, 6), // tstart x6
        (0xd523_3167, 7), // ttest x7
        (0xd52b_7728, 8), // gcspopm x8
        (0xd52b_7769, 9), // gcsss2 x9
    ] {
        let it = Instruction::decode(word);
        assert_eq!(it.writes(), Registers::or_zero(register), "{word:#010x}");
    }
}
