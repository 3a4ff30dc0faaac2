//! The names that a mistyped one may have meant.

/// Characters compared; longer names are cut, since only names from short tables are looked for.
const MAX_CHARS: usize = 64;

/// Up to three of `names` that are close to `wrong`, closest first.
pub(in crate::profile) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let wrong: String = wrong
        .chars()
        .take(MAX_CHARS)
        .collect::<String>()
        .to_lowercase();
    let limit = wrong.chars().count().div_ceil(3).max(2);
    let mut scored: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(&wrong, &name.to_lowercase()), name))
        .filter(|(score, _)| *score <= limit)
        .collect();
    scored.sort_unstable();
    scored
        .into_iter()
        .take(3)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// "did you mean `a` or `b`?", or nothing.
pub(in crate::profile) fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    let quoted: Vec<_> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}? ", quoted.join(" or "))
}

/// Number of characters to insert, delete or replace to turn one text into the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(MAX_CHARS).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, from) in a.chars().take(MAX_CHARS).enumerate() {
        let mut left = index.saturating_add(1);
        let mut next = vec![left];
        for (window, to) in row.windows(2).zip(&b) {
            let &[diagonal, above] = window else { continue };
            let replaced = diagonal.saturating_add(usize::from(from != *to));
            left = replaced
                .min(above.saturating_add(1))
                .min(left.saturating_add(1));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counts_of_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("sve", "sve"), 0);
    }

    #[test]
    fn the_nearest_name_comes_first_and_far_ones_not_at_all() {
        assert_eq!(
            nearest(
                "neoverse-v2",
                ["a64fx", "neoverse-n2", "neoverse-v1", "neoverse-v1-np"]
            )[0],
            "neoverse-n2"
        );
        assert_eq!(nearest("PageSize", ["page_size"]), ["page_size"]);
        assert!(nearest("graviton", ["max"]).is_empty());
    }
}
