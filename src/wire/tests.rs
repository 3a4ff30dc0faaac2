use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

use super::schema::{self, check};
use super::{Value, WireErrorKind, WireType, fields, find};

#[test]
fn every_wire_type_is_found_with_its_bytes() {
    // 1: varint 300; 2: "ab"; 3: fixed32; 4: fixed64.
    let bytes = [
        0x08, 0xac, 0x02, 0x12, 2, b'a', b'b', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0,
    ];
    let found: Vec<_> = fields(&bytes).map(Result::unwrap).collect();
    assert_eq!(
        found
            .iter()
            .map(|field| (field.number, field.value))
            .collect::<Vec<_>>(),
        [
            (1, Value::Varint(300)),
            (2, Value::Len(b"ab")),
            (3, Value::Fixed32(1)),
            (4, Value::Fixed64(2))
        ]
    );
    let text = found[1].span;
    assert_eq!(
        (text.start, text.value, text.payload, text.end),
        (3, 4, 5, 7)
    );
}

#[test]
fn damage_is_named_with_its_offset() {
    let kind = |bytes: &[u8]| {
        fields(bytes)
            .find_map(Result::err)
            .map(|error| (error.offset, error.kind))
    };
    assert_eq!(kind(&[0x08, 1, 0x08]), Some((2, WireErrorKind::Truncated)));
    assert_eq!(kind(&[0x12, 5, 0]), Some((0, WireErrorKind::Truncated)));
    assert_eq!(kind(&[0x00, 1]), Some((0, WireErrorKind::FieldNumber(0))));
    assert_eq!(kind(&[0x0b]), Some((0, WireErrorKind::WireType(3))));
    assert_eq!(
        kind(&[0x08, 1, 0x0e]),
        Some((2, WireErrorKind::WireType(6)))
    );
    assert_eq!(
        kind(&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2]),
        Some((0, WireErrorKind::LongVarint))
    );
    assert_eq!(
        kind(&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        None
    );
    // A length of 2^64 - 1 must not wrap around.
    assert_eq!(
        kind(&[0x12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        Some((0, WireErrorKind::Truncated))
    );
}

#[test]
fn a_path_leads_to_the_absolute_span_of_a_nested_field() {
    let bytes = [0x08, 1, 0x2a, 4, 0x12, 2, 0x08, 9];
    let span = find(&bytes, &[5, 2, 1]).unwrap();
    assert_eq!((span.start, span.value, span.end), (6, 7, 8));
    assert_eq!(find(&bytes, &[5, 3]), None);
    assert_eq!(find(&bytes, &[1, 1]), None);
}

#[test]
fn required_unknown_and_wrong_fields_are_told_apart_in_nested_messages() {
    // sa_entry inside of nothing: 1, 2, 4 there, 3 (restorer) missing, 9 unknown twice, 5 as bytes.
    let bytes = [0x08, 1, 0x10, 2, 0x20, 3, 0x48, 1, 0x48, 1, 0x2a, 0];
    let found = check(schema::SA_ENTRY, &bytes).unwrap();
    assert_eq!(
        found
            .missing
            .iter()
            .map(|field| field.name)
            .collect::<Vec<_>>(),
        ["restorer"]
    );
    assert_eq!(
        found
            .wrong
            .iter()
            .map(|field| (field.name, field.offset))
            .collect::<Vec<_>>(),
        [("compat_sigaction", 10)]
    );
    let unknown = found.unknown[&(schema::SA_ENTRY, 9)];
    assert_eq!((unknown.count, unknown.offset, unknown.len), (2, 6, 2));

    // The same as field 15 of a task_core_entry: offsets count from the outside.
    let mut outer = vec![0x7a, bytes.len() as u8];
    outer.extend_from_slice(&bytes);
    let found = check(schema::TASK_CORE_ENTRY, &outer).unwrap();
    assert_eq!(found.unknown[&(schema::SA_ENTRY, 9)].offset, 8);
    assert!(
        found
            .missing
            .iter()
            .any(|field| (field.name, field.offset) == ("restorer", 2))
    );
    assert!(
        found
            .missing
            .iter()
            .any(|field| (field.name, field.offset) == ("comm", 0))
    );
}

#[test]
fn packed_numbers_are_numbers() {
    // mm_saved_auxv (13) as one packed field.
    let found = check(schema::MM_ENTRY, &[0x6a, 2, 6, 7]).unwrap();
    assert!(found.wrong.is_empty() && found.unknown.is_empty());
    let field = schema::MM_ENTRY.field(13).unwrap();
    assert_eq!(
        (field.name, field.wire),
        ("mm_saved_auxv", WireType::Varint)
    );
}

#[test]
fn a_flood_of_unknown_fields_ends() {
    let mut bytes = Vec::new();
    for number in 100u32..3000 {
        let tag = number << 3;
        bytes.extend_from_slice(&[
            (tag as u8 & 0x7f) | 0x80,
            (tag >> 7) as u8 & 0x7f | 0x80,
            (tag >> 14) as u8,
            0,
        ]);
    }
    assert_eq!(
        check(schema::PSTREE_ENTRY, &bytes).unwrap_err().kind,
        WireErrorKind::Unknowns
    );
}

/// One encoded field, by bytes of our own.
fn encoded() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::strategy::Strategy as _;
    (
        1u32..2000,
        any::<u64>(),
        prop::collection::vec(any::<u8>(), 0..300),
        0u8..4,
    )
        .prop_map(|(number, word, text, kind)| {
            let leb = |mut word: u64| {
                let mut out = Vec::new();
                while word > 0x7f {
                    out.push(word as u8 | 0x80);
                    word >>= 7;
                }
                out.push(word as u8);
                out
            };
            let wire = [0u32, 1, 2, 5][usize::from(kind)];
            let mut out = leb(u64::from(number << 3 | wire));
            match wire {
                0 => out.extend(leb(word)),
                1 => out.extend(word.to_le_bytes()),
                2 => {
                    out.extend(leb(text.len() as u64));
                    out.extend(text);
                }
                _ => out.extend((word as u32).to_le_bytes()),
            }
            out
        })
}

proptest! {
    #[test]
    fn spans_cover_a_message_without_gap_or_overlap(parts in prop::collection::vec(encoded(), 0..20)) {
        let bytes = parts.concat();
        let found: Vec<_> = fields(&bytes).collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(found.len(), parts.len());
        let mut joined = Vec::new();
        for (field, part) in found.iter().zip(&parts) {
            let span = field.span;
            prop_assert!(span.start < span.value && span.value <= span.payload && span.payload <= span.end);
            prop_assert_eq!(&bytes[span.start..span.end], &part[..]);
            joined.extend_from_slice(&bytes[span.start..span.end]);
        }
        prop_assert_eq!(joined, bytes);
    }

    #[test]
    fn any_bytes_are_covered_up_to_the_first_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut end = 0;
        for field in fields(&bytes) {
            match field {
                Ok(field) => {
                    prop_assert_eq!(field.span.start, end);
                    end = field.span.end;
                }
                Err(error) => prop_assert_eq!(error.offset, end),
            }
        }
        for message in [schema::CORE_ENTRY, schema::MM_ENTRY, schema::FILE_ENTRY, schema::INVENTORY_ENTRY] {
            let _ = check(message, &bytes);
        }
    }
}
