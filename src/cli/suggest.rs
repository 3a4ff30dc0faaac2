//! "Did you mean": known words near to one that is not known.

/// How alike two words must be, 0 to 1.
const ENOUGH: f64 = 0.7;

/// At most this many suggestions.
const MOST: usize = 3;

/// The known words nearest to `word`, best first; none where nothing is near.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word = word.to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .into_iter()
        .map(|known| {
            (
                strsim::normalized_damerau_levenshtein(&word, &known.to_lowercase()),
                known,
            )
        })
        .filter(|(likeness, _)| *likeness >= ENOUGH)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.truncate(MOST);
    near.into_iter().map(|(_, known)| known).collect()
}

/// `did you mean A, B or C?`
pub(super) fn question(near: &[&str]) -> Option<String> {
    let (last, rest) = near.split_last()?;
    Some(if rest.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", rest.join(", "))
    })
}
