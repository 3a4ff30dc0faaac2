//! Strings as Go (`strconv.Quote`) and JSON write them.

/// Undoes one level of escapes. What is no escape stays as it is.
pub(super) fn undo(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        rest = one(after, &mut out);
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

/// The escape whose backslash was before `text`; what is behind it.
fn one<'a>(text: &'a str, out: &mut Vec<u8>) -> &'a str {
    let mut chars = text.chars();
    let plain = match chars.next() {
        Some('n') => b'\n',
        Some('t') => b'\t',
        Some('r') => b'\r',
        Some('b') => 8,
        Some('f') => 12,
        Some('a') => 7,
        Some('v') => 11,
        Some(same @ ('"' | '\\' | '/' | '\'')) => u8::try_from(same).unwrap_or(b'\\'),
        Some('x') => return number(text, 1, 2, 16, false, out),
        Some('u') => return number(text, 1, 4, 16, true, out),
        Some('U') => return number(text, 1, 8, 16, true, out),
        Some('0'..='7') => return number(text, 0, 3, 8, false, out),
        _ => {
            out.push(b'\\');
            return text;
        }
    };
    out.push(plain);
    chars.as_str()
}

/// A number of `digits` digits behind `skip` bytes: a byte, or a character.
fn number<'a>(
    text: &'a str,
    skip: usize,
    digits: usize,
    radix: u32,
    character: bool,
    out: &mut Vec<u8>,
) -> &'a str {
    let end = skip.saturating_add(digits);
    let value = text
        .get(skip..end)
        .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
        .and_then(|digits| u32::from_str_radix(digits, radix).ok());
    let rest = text.get(end..).unwrap_or("");
    let Some(value) = value else {
        out.push(b'\\');
        return text;
    };
    if !character {
        match u8::try_from(value) {
            Ok(byte) => out.push(byte),
            Err(_) => {
                out.push(b'\\');
                return text;
            }
        }
        return rest;
    }
    let (value, rest) = surrogates(value, rest);
    let mut buffer = [0; 4];
    let character = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
    rest
}

/// The character of two halves, where `rest` begins with the second one.
fn surrogates(high: u32, rest: &str) -> (u32, &str) {
    let low = (0xd800..0xdc00)
        .contains(&high)
        .then(|| rest.strip_prefix("\\u")?.get(..4))
        .flatten()
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .filter(|low| (0xdc00..0xe000).contains(low));
    match low {
        Some(low) => {
            let value = ((high & 0x3ff) << 10 | (low & 0x3ff)).saturating_add(0x1_0000);
            (value, rest.get(6..).unwrap_or(""))
        }
        None => (high, rest),
    }
}

/// The inside of a string whose opening quote was before `text`, and what is behind its closing one.
/// A string that is cut off ends with the text.
pub(super) fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (inside, rest) = text.split_at_checked(at).unwrap_or((text, ""));
                return (inside, rest.strip_prefix('"').unwrap_or(rest));
            }
            _ => {}
        }
    }
    (text, "")
}
