use proptest::prelude::*;

use super::Fake;
use crate::auxv::Error;
use crate::auxv::vdso::{self, Found};
use crate::units::{Addr, Version};

/// The pages of a fixture's vDSO: the last ELF header in its pages file and what follows it. With `len`
/// bytes: kernel 6.1 maps one page, 7.3 two.
fn fixture(name: &str, len: usize) -> Vec<u8> {
    let path = format!(
        "{}/tests/fixtures/images/{name}/pages-1.img",
        env!("CARGO_MANIFEST_DIR")
    );
    let pages = std::fs::read(path).unwrap();
    let start = (0..pages.len())
        .step_by(4096)
        .rfind(|at| pages[*at..].starts_with(b"\x7fELF"));
    let start = start.unwrap();
    pages[start..start + len].to_vec()
}

const BASE: u64 = 0xffff_f7ff_e000;

#[test]
fn a_vdso_with_a_gnu_hash_only() {
    let facts = vdso::parse(&fixture("sig-sve@max@new", 8192), Addr(BASE), None).unwrap();
    assert_eq!(facts.sigreturn, Some(Addr(BASE + 2088)));
    assert_eq!(facts.how, Some(Found::Symbol));
    assert_eq!(facts.kernel, Some(Version::new(7, 3, 4)));
    assert_eq!(facts.build_salt.as_deref(), Some("7.3.4+deb13-cloud-arm64"));
    let id: String = facts
        .build_id
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(id, "148975676e25044e30e325ea2310c579ed8b9624");
}

#[test]
fn a_vdso_with_an_old_hash_only() {
    let facts = vdso::parse(&fixture("sig-sve@max@6.1", 4096), Addr(BASE), None).unwrap();
    assert_eq!(facts.sigreturn, Some(Addr(BASE + 1980)));
    assert_eq!(facts.how, Some(Found::Symbol));
    assert_eq!(facts.kernel, Some(Version::new(6, 1, 176)));
}

#[test]
fn the_instructions_stand_in_for_the_symbol_when_they_occur_once() {
    let mut bytes = fixture("sig-sve@max@new", 8192);
    let name = b"__kernel_rt_sigreturn";
    let at = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap();
    bytes[at] = b'X';
    let facts = vdso::parse(&bytes, Addr(BASE), None).unwrap();
    assert_eq!(
        (facts.sigreturn, facts.how),
        (Some(Addr(BASE + 2088)), Some(Found::Instructions))
    );
    let code = bytes[2088..2096].to_vec();
    bytes[4096..4104].copy_from_slice(&code);
    let facts = vdso::parse(&bytes, Addr(BASE), None).unwrap();
    assert_eq!((facts.sigreturn, facts.how), (None, None));
}

#[test]
fn the_vector_or_the_mapping_says_where_it_is() {
    let bytes = fixture("sig-sve@max@new", 8192);
    let mut fake = Fake::new(vec![(0x1000, vec![0; 4096]), (BASE, bytes)]);
    let told = vdso::find(&fake, Some(Addr(BASE))).unwrap();
    assert_eq!(told.sigreturn, Some(Addr(BASE + 2088)));
    assert!(told.place.is_some());
    assert!(matches!(vdso::find(&fake, None), Err(Error::NoVdso { .. })));
    assert!(matches!(
        vdso::find(&fake, Some(Addr(0x5000))),
        Err(Error::NoVdso { .. })
    ));
    assert!(matches!(
        vdso::find(&fake, Some(Addr(0x1000))),
        Err(Error::VdsoNotElf { .. })
    ));
    fake.mappings[1].vdso = true;
    assert_eq!(vdso::find(&fake, None).unwrap(), told);
    assert_eq!(vdso::find(&fake, Some(Addr(0x5000))).unwrap(), told);
}

#[test]
fn other_elf_files_are_refused() {
    let mut bytes = fixture("sig-sve@max@new", 8192);
    bytes[18] = 62; // x86-64
    assert!(matches!(
        vdso::parse(&bytes, Addr(BASE), None),
        Err(Error::VdsoNotElf { .. })
    ));
    assert!(vdso::parse(b"", Addr(BASE), None).is_err());
    assert!(vdso::parse(b"\x7fELF", Addr(BASE), None).is_err());
}

proptest! {
    #[test]
    fn damaged_bytes_get_an_answer(
        edits in proptest::collection::vec((0_usize..0xf00, any::<u8>()), 0..24),
        cut in 0_usize..8192,
    ) {
        let mut bytes = fixture("sig-sve@max@new", 8192);
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        let _ = vdso::parse(&bytes, Addr(u64::MAX - 100), None);
        let _ = vdso::parse(&bytes[..cut], Addr(BASE), None);
    }

    /// Damage where it hurts: counts, offsets and sizes of the header, the program headers, the dynamic
    /// section and the notes.
    #[test]
    fn damaged_offsets_get_an_answer(
        at in prop_oneof![32_usize..232, 0x2a0_usize..0x308, 0xd38_usize..0xe48],
        word in any::<u64>(),
    ) {
        let mut bytes = fixture("sig-sve@max@new", 8192);
        bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        let _ = vdso::parse(&bytes, Addr(BASE), None);
    }
}
