//! Whatever a word is, its answers fit together.

use proptest::prelude::*;

use crate::a64::{Flow, Instruction, Need, Registers, SP, Stored, Write};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn answers_fit_together(word in any::<u32>(), pc in (0_u64..1 << 48).prop_map(|pc| pc & !3)) {
        let it = Instruction::decode(word);
        let (writes, reads) = (it.writes(), it.reads());
        for register in 0..=SP {
            let write = it.write(pc, register);
            prop_assert_eq!(write == Write::Kept, !writes.contains(register), "x{}", register);
            // What a value is made of is read.
            let made_of = match write {
                Write::Sum { from, .. } | Write::Bits { from, .. } | Write::Extended(from) => vec![from],
                Write::Plus { from, register, .. } => vec![from, register],
                Write::Mixed(one, other) => vec![one, other],
                Write::Load { base, .. } => vec![base],
                _ => Vec::new(),
            };
            prop_assert!(made_of.iter().all(|from| reads.contains(*from)), "x{} {:?}", register, write);
        }
        if it.flow().is_call() {
            prop_assert_eq!(writes, Registers::CALL);
        }
        if let Stored::At(store) = it.stored() {
            let stored = store.registers.into_iter().flatten().filter(|register| *register != SP);
            prop_assert!(reads.contains(store.base));
            prop_assert!(stored.into_iter().all(|register| reads.contains(register)));
        }
        if it.mnemonic().is_none() {
            prop_assert_eq!(it.need(), Need::Unknown);
            prop_assert_eq!((writes, reads), (Registers::ALL, Registers::ALL));
            prop_assert_eq!(it.stored(), Stored::Somewhere);
        }
        if let Some(target) = it.flow().named(pc) {
            prop_assert_eq!(target % 4, 0);
        }
        prop_assert!(it.hint().is_none() || it.flow() == Flow::On);
    }
}
