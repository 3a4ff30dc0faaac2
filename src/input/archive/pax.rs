//! Extended headers (POSIX pax, `LENGTH KEYWORD=VALUE` lines).
//!
//! The records are cut by their lengths and not by line: values, such as extended attributes, may hold
//! newlines.

/// What a file's extended header says that matters here.
#[derive(Debug, Default)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: PaxSparse,
}

/// The records of GNU's sparse files, formats 0.0, 0.1 and 1.0.
#[derive(Debug, Default)]
pub(super) struct PaxSparse {
    pub(super) major: Option<u64>,
    pub(super) minor: Option<u64>,
    /// `GNU.sparse.size` (0.x) or `GNU.sparse.realsize` (1.0).
    pub(super) size: Option<u64>,
    /// The numbers of the map (0.0 and 0.1), offset and length in turns.
    pub(super) map: Vec<u64>,
}

impl PaxSparse {
    /// Whether the file is a sparse one.
    pub(super) fn any(&self) -> bool {
        self.major.is_some() || self.size.is_some() || !self.map.is_empty()
    }
}

/// Reads the records. An error says what is wrong with them.
pub(super) fn read(bytes: &[u8]) -> Result<Extended, String> {
    let mut found = Extended::default();
    let mut name = None;
    each(bytes, |key, value| {
        match key {
            b"path" => found.path = Some(value.to_vec()),
            b"linkpath" => found.link = Some(value.to_vec()),
            b"size" => found.size = Some(number(key, value)?),
            b"GNU.sparse.major" => found.sparse.major = Some(number(key, value)?),
            b"GNU.sparse.minor" => found.sparse.minor = Some(number(key, value)?),
            b"GNU.sparse.name" => name = Some(value.to_vec()),
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => {
                found.sparse.size = Some(number(key, value)?);
            }
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => {
                let want_offset = found.sparse.map.len().is_multiple_of(2);
                if want_offset != (key == b"GNU.sparse.offset") {
                    return Err("the map of a sparse file is out of order".to_owned());
                }
                found.sparse.map.push(number(key, value)?);
            }
            b"GNU.sparse.map" => {
                let numbers = value.split(|byte| *byte == b',');
                found.sparse.map = numbers
                    .filter(|text| !text.is_empty())
                    .map(|text| number(key, text))
                    .collect::<Result<_, _>>()?;
            }
            _ => {}
        }
        Ok(())
    })?;
    // Format 0.1 and 1.0 keep the file's own name here, behind a made-up one.
    found.path = name.or(found.path);
    Ok(found)
}

/// Whether global records say anything of files that matters here. Programs differ in whether they heed that.
pub(super) fn concerns_files(bytes: &[u8]) -> Result<bool, String> {
    let mut concerns = false;
    each(bytes, |key, _| {
        concerns |=
            [&b"path"[..], b"linkpath", b"size"].contains(&key) || key.starts_with(b"GNU.sparse.");
        Ok(())
    })?;
    Ok(concerns)
}

fn number(key: &[u8], text: &[u8]) -> Result<u64, String> {
    std::str::from_utf8(text)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            format!(
                "the record {} holds no number",
                String::from_utf8_lossy(key)
            )
        })
}

/// Calls `of` with every record.
fn each<'a>(
    bytes: &'a [u8],
    mut of: impl FnMut(&'a [u8], &'a [u8]) -> Result<(), String>,
) -> Result<(), String> {
    let odd = || "an extended header is malformed".to_owned();
    let mut rest = bytes;
    while !rest.is_empty() {
        let blank = rest.iter().position(|byte| *byte == b' ').ok_or_else(odd)?;
        let (digits, _) = rest.split_at_checked(blank).ok_or_else(odd)?;
        let len = number(b"length", digits)
            .ok()
            .and_then(|len| usize::try_from(len).ok())
            .ok_or_else(odd)?;
        let (record, next) = rest.split_at_checked(len).ok_or_else(odd)?;
        let record = record.strip_suffix(b"\n").ok_or_else(odd)?;
        let body = record.get(blank.saturating_add(1)..).ok_or_else(odd)?;
        let equals = body.iter().position(|byte| *byte == b'=').ok_or_else(odd)?;
        let (key, value) = body.split_at_checked(equals).ok_or_else(odd)?;
        of(key, value.get(1..).unwrap_or_default())?;
        rest = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_cut_by_length_so_that_values_may_hold_anything() {
        let records = b"27 SCHILY.xattr.a=b\n9 c=d\n\n\n20 path=checkpoint\n\n13 size=1024\n";
        assert!(read(records).is_err(), "a length that does not fit");
        let records = b"28 SCHILY.xattr.a=b\n9 c=d\n\n\n19 path=checkpoint\n19 size=8589934592\n";
        let found = read(records).unwrap();
        assert_eq!(found.path.as_deref(), Some(&b"checkpoint"[..]));
        assert_eq!(found.size, Some(1 << 33));
        for broken in [
            &b"x path=a\n"[..],
            b"10 path=a",
            b"999999999999999999999 path=a\n",
            b"5 a=b\n",
            b"13 size=-1234\n",
            b"0 \n",
            b"9 noequal\n",
        ] {
            assert!(read(broken).is_err(), "{}", broken.escape_ascii());
        }
        assert!(!read(b"").unwrap().sparse.any());
        assert_eq!(
            concerns_files(b"11 path=abc\n"),
            Err("an extended header is malformed".to_owned())
        );
        assert_eq!(concerns_files(b"12 path=abc\n"), Ok(true));
        assert_eq!(concerns_files(b"15 comment=abc\n"), Ok(false));
    }

    #[test]
    fn the_maps_of_sparse_files_come_in_two_forms() {
        let old = b"23 GNU.sparse.offset=1\n25 GNU.sparse.numbytes=2\n";
        assert_eq!(read(old).unwrap().sparse.map, [1, 2]);
        assert!(read(b"25 GNU.sparse.numbytes=2\n").is_err());
        let new = b"26 GNU.sparse.map=1,2,3,4\n29 GNU.sparse.name=dir/a.img\n";
        let new = read(new).unwrap();
        assert_eq!(new.sparse.map, [1, 2, 3, 4]);
        assert_eq!(new.path.as_deref(), Some(&b"dir/a.img"[..]));
    }
}
