//! Text as the formats take it. Names of images, files and tasks come from machines nobody vouches for: in
//! no format may they end what they stand in, begin something else, or steer who looks at it.
//!
//! Everything here begins with [`visible`]: controls, line breaks and characters that hide others are shown as
//! `\u{…}`. What a format cannot quote at all is shown so too.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::layout::visible;

/// The text with these characters as `\u{…}`, too.
fn visible_without(text: &str, unwanted: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if unwanted(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Text that XML 1.0 can hold, before `<` and `&` are escaped: there, U+FFFE and U+FFFF are no characters
/// (production `Char`), and lone surrogates cannot be in a `str`.
pub(super) fn xml(text: &str) -> String {
    visible_without(text, |c| matches!(c, '\u{fffe}' | '\u{ffff}'))
}

/// The content of an HTML element, on one line.
pub(super) fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in xml(text).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            c => shown.push(c),
        }
    }
    shown
}

/// A Markdown code span, in a table or not: nothing in one is a link, a mention or markup. A backtick could end
/// it and a bar the cell of a table, and blanks at its ends get lost, so these are shown as escapes.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let shown = visible_without(text, |c| matches!(c, '`' | '|'));
    let inner = shown.trim_matches(' ');
    let blanks = |count: usize| "\\u{20}".repeat(count);
    let before = shown.len() - shown.trim_start_matches(' ').len();
    let after = shown.len() - before - inner.len();
    format!("`{}{inner}{}`", blanks(before), blanks(after))
}

/// A fence that no line of the text closes.
pub(super) fn fence(text: &str) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

/// The message of a GitHub workflow command (`actions/toolkit`, `packages/core/src/command.ts`, `escapeData`).
pub(super) fn command_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a GitHub workflow command (the same file, `escapeProperty`).
pub(super) fn command_property(text: &str) -> String {
    command_data(&visible(text))
        .replace(':', "%3A")
        .replace(',', "%2C")
}

/// A plain-text message of SARIF 2.1.0: braces stand for arguments (3.11.5) and `[text](place)` for links (3.11.6).
pub(super) fn sarif(text: &str) -> String {
    visible(text)
        .replace("](", "] (")
        .replace('{', "{{")
        .replace('}', "}}")
}

/// What RFC 3986 lets stand in the path of a reference, without `:`, which could end a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b'@')
    .remove(b'+')
    .remove(b'=')
    .remove(b',');

/// A path as a reference relative to where hwcr ran, or as a `file` URI where it is absolute.
pub(super) fn uri(path: &str) -> String {
    let steps: Vec<&str> = path
        .split('/')
        .filter(|step| !step.is_empty() && *step != ".")
        .collect();
    let root = if path.starts_with('/') {
        "file:///"
    } else {
        ""
    };
    let uri = format!("{root}{}", utf8_percent_encode(&steps.join("/"), PATH));
    if uri.is_empty() { ".".to_owned() } else { uri }
}

#[cfg(test)]
pub(super) mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use pulldown_cmark::{CowStr, Event, Options, Parser};

    use super::{code, command_data, command_property, fence, html, sarif, uri, visible, xml};

    /// Texts made of what means something somewhere.
    pub(in crate::report) fn tricky() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            3 => "[a-z ]{1,4}",
            4 => proptest::sample::select(vec![
                "`", "``", "|", "\\", "\n", "\r", "%", "%0A", "::", "::error::", ",", "<", ">", "&", "]]>",
                "<!--", "\"", "'", "[", "](", ")", "{", "}", "{0}", "*", "_", "#", "@user", "http://a.b", "\u{1b}[2J",
                "\u{0}", "\u{7f}", "\u{9b}", "\u{85}", "\u{2028}", "\u{202e}", "\u{feff}", "\u{fffe}", "\u{ffff}", "\u{e0041}", "~~~",
                "$", "/", "..", "./", ":", "é", "😀",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn events(markdown: &str) -> Vec<Event<'_>> {
        Parser::new_ext(markdown, Options::all()).collect()
    }

    #[test]
    fn words_of_each_format() {
        assert_eq!(command_data("50%\r\n::x::"), "50%25%0D%0A::x::");
        assert_eq!(command_property("a:b,c%\n"), "a%3Ab%2Cc%25\\u{a}");
        assert_eq!(xml("a\u{1b}\u{ffff}\n"), "a\\u{1b}\\u{ffff}\\u{a}");
        assert_eq!(
            html("<a href='x'>\"&"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;"
        );
        assert_eq!(code("a|`b"), "`a\\u{7c}\\u{60}b`");
        assert_eq!(code(" a "), "`\\u{20}a\\u{20}`");
        assert_eq!(code("  "), "`\\u{20}\\u{20}`");
        assert_eq!(code(""), "(empty)");
        assert_eq!(fence("a ```` b ``"), "`````");
        assert_eq!(fence("a"), "```");
        assert_eq!(sarif("[a](b) {0}"), "[a] (b) {{0}}");
        assert_eq!(uri("./dump//a b/100%:é"), "dump/a%20b/100%25%3A%C3%A9");
        assert_eq!(uri("/dumps/x@y+z"), "file:///dumps/x@y+z");
        assert_eq!(uri("../x"), "../x");
        assert_eq!(uri("./"), ".");
    }

    proptest! {
        #[test]
        fn a_command_keeps_to_its_line_and_its_place(text in tricky()) {
            let decoded = |escaped: &str| percent_decode_str(escaped).decode_utf8().unwrap().into_owned();
            let data = command_data(&text);
            prop_assert!(!data.contains(['\n', '\r']));
            prop_assert_eq!(decoded(&data), text.clone());
            let property = command_property(&text);
            prop_assert!(!property.contains(['\n', '\r', ':', ',']) && !property.contains("::"));
            prop_assert_eq!(decoded(&property), visible(&text));
        }

        #[test]
        fn a_code_span_is_one_in_a_table_and_beside(text in tricky()) {
            let span = code(&text);
            let line = format!("a {span} b");
            let table = format!("| x | y |\n|---|---|\n| {span} | {span} |\n");
            let codes = |markdown: &str| -> Vec<String> {
                events(markdown).into_iter().filter_map(|event| match event {
                    Event::Code(text) => Some(text.into_string()),
                    _ => None,
                }).collect()
            };
            let inner = span.trim_matches('`').to_owned();
            if text.is_empty() {
                prop_assert!(codes(&line).is_empty());
            } else {
                prop_assert_eq!(codes(&line), [inner.clone()]);
                prop_assert_eq!(codes(&table), [inner.clone(), inner]);
            }
            let odd = |event: &Event<'_>| matches!(event, Event::Html(_) | Event::InlineHtml(_) | Event::SoftBreak | Event::HardBreak);
            prop_assert!(!events(&line).iter().any(odd));
        }

        #[test]
        fn a_fenced_block_holds_all_of_the_text(text in tricky(), more in tricky()) {
            let text = format!("{}\n{}\n", visible(&text), visible(&more));
            let fence = fence(&text);
            let markdown = format!("{fence}text\n{text}{fence}\n");
            let held: String = events(&markdown).into_iter().filter_map(|event| match event {
                Event::Text(text) => Some(CowStr::into_string(text)),
                _ => None,
            }).collect();
            prop_assert_eq!(held, text);
        }

        #[test]
        fn html_and_xml_read_the_same(text in tricky()) {
            let page = format!("<p>{}</p>", html(&text));
            let read = roxmltree::Document::parse(&page).unwrap();
            prop_assert_eq!(read.root_element().text().unwrap_or_default(), xml(&text));
            prop_assert_eq!(read.root_element().children().filter(roxmltree::Node::is_element).count(), 0);
        }

        #[test]
        fn a_uri_has_nothing_but_what_a_path_may_have(text in tricky()) {
            let uri = uri(&text);
            let path = uri.strip_prefix("file:///").unwrap_or(&uri);
            prop_assert!(path.chars().all(|c| c.is_ascii_alphanumeric() || "-._~/@+=,%".contains(c)), "{}", uri);
            prop_assert!(!path.contains("//"));
        }

        #[test]
        fn a_sarif_message_has_neither_arguments_nor_links(text in tricky()) {
            let message = sarif(&text);
            prop_assert!(!message.contains("]("));
            let plain = message.replace("{{", "").replace("}}", "");
            let alone = plain.contains(['{', '}']);
            prop_assert!(!alone);
        }
    }
}
