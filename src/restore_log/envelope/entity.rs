//! Characters as HTML writes them, in pages and chats that logs are copied from.

const ENTITIES: &[(&str, &str)] = &[
    ("&quot;", "\""),
    ("&#34;", "\""),
    ("&#x22;", "\""),
    ("&gt;", ">"),
    ("&lt;", "<"),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&#039;", "'"),
    ("&apos;", "'"),
    ("&#96;", "`"),
    ("&#x60;", "`"),
    ("&nbsp;", " "),
    ("&#160;", " "),
    ("&amp;", "&"),
];

/// Ends of lines, and what stands around lines.
const TAGS: &[(&str, &str)] = &[
    ("<br>", "\n"),
    ("<br/>", "\n"),
    ("<br />", "\n"),
    ("<pre>", ""),
    ("</pre>", ""),
    ("<code>", ""),
    ("</code>", ""),
    ("<p>", ""),
    ("</p>", ""),
];

/// The text with its entities replaced, once; `None` where it has none.
pub(super) fn undo(text: &str) -> Option<String> {
    if !text.contains(['&', '<']) {
        return None;
    }
    let known = |text: &str| {
        ENTITIES
            .iter()
            .chain(TAGS)
            .find(|(entity, _)| text.starts_with(entity))
            .copied()
    };
    let mut out = String::new();
    let mut rest = text;
    let mut any = false;
    while let Some(at) = rest.find(['&', '<']) {
        let (before, from) = rest.split_at_checked(at)?;
        out.push_str(before);
        if let Some((entity, character)) = known(from) {
            any = true;
            out.push_str(character);
            rest = from.get(entity.len()..)?;
        } else {
            let mut chars = from.chars();
            out.extend(chars.next());
            rest = chars.as_str();
        }
    }
    out.push_str(rest);
    any.then_some(out)
}
