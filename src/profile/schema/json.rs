//! JSON with positions.
//!
//! A profile's mistakes are mostly found after parsing, so every value must remember where it began.
//! Only the structure is read here; strings and numbers are checked and unescaped by `serde_json`.

/// A value and the byte offset of its first character.
#[derive(Debug)]
pub(in crate::profile) struct Node {
    /// Byte offset.
    pub(in crate::profile) at: usize,
    /// The value.
    pub(in crate::profile) value: Value,
}

/// A JSON value.
#[derive(Debug)]
pub(in crate::profile) enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number as written.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, keys in order, possibly twice.
    Object(Vec<(Key, Node)>),
}

/// A key and the byte offset of its first quote.
#[derive(Debug)]
pub(in crate::profile) struct Key {
    /// Byte offset.
    pub(in crate::profile) at: usize,
    /// The key.
    pub(in crate::profile) text: String,
}

/// Where and why the text is not JSON.
#[derive(Debug)]
pub(in crate::profile) struct Syntax {
    /// Byte offset.
    pub(in crate::profile) at: usize,
    /// What is there, and what should be.
    pub(in crate::profile) problem: String,
}

/// Objects and arrays inside each other; a profile needs three. Keeps the recursion short.
const MAX_DEPTH: u32 = 16;

/// Reads one value that fills the text.
pub(in crate::profile) fn parse(text: &str) -> Result<Node, Syntax> {
    let mut parser = Parser { text, at: 0 };
    let node = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.expected("the end of the file after the closing `}`")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn space(&mut self) {
        let rest = self.rest();
        let blank = rest
            .len()
            .saturating_sub(rest.trim_start_matches([' ', '\t', '\n', '\r']).len());
        self.skip(blank);
    }

    fn expected(&self, what: &str) -> Syntax {
        let found = match self.peek() {
            None => "the file ends".to_owned(),
            Some(found) => format!("found `{}`", found.escape_debug()),
        };
        Syntax {
            at: self.at,
            problem: format!("{found}; write {what} here"),
        }
    }

    /// Takes `wanted` if it comes next after blanks.
    fn take(&mut self, wanted: char) -> bool {
        self.space();
        let found = self.peek() == Some(wanted);
        if found {
            self.skip(wanted.len_utf8());
        }
        found
    }

    fn value(&mut self, depth: u32) -> Result<Node, Syntax> {
        self.space();
        let at = self.at;
        if depth > MAX_DEPTH {
            let problem = format!(
                "more than {MAX_DEPTH} objects and arrays inside each other; a profile has three"
            );
            return Err(Syntax { at, problem });
        }
        let value = match self.peek() {
            Some('{') => Value::Object(self.object(depth)?),
            Some('[') => Value::List(self.list(depth)?),
            Some('"') => Value::Text(self.string()?),
            Some('-' | '0'..='9') => Value::Number(self.number()?),
            Some('t' | 'f' | 'n') => self.word()?,
            _ => return Err(self.expected("a value")),
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: u32) -> Result<Vec<(Key, Node)>, Syntax> {
        let mut fields = Vec::new();
        self.skip(1);
        if self.take('}') {
            return Ok(fields);
        }
        loop {
            self.space();
            if self.peek() != Some('"') {
                return Err(self.expected("a key in double quotes"));
            }
            let key = Key {
                at: self.at,
                text: self.string()?,
            };
            if !self.take(':') {
                return Err(self.expected("`:` after the key"));
            }
            fields.push((key, self.value(depth.saturating_add(1))?));
            if self.take('}') {
                return Ok(fields);
            }
            if !self.take(',') {
                return Err(self.expected("`,` or `}`"));
            }
        }
    }

    fn list(&mut self, depth: u32) -> Result<Vec<Node>, Syntax> {
        let mut items = Vec::new();
        self.skip(1);
        if self.take(']') {
            return Ok(items);
        }
        loop {
            items.push(self.value(depth.saturating_add(1))?);
            if self.take(']') {
                return Ok(items);
            }
            if !self.take(',') {
                return Err(self.expected("`,` or `]`"));
            }
        }
    }

    fn string(&mut self) -> Result<String, Syntax> {
        let at = self.at;
        let mut escaped = false;
        let closing = self.rest().bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(inside) = closing else {
            return Err(Syntax {
                at,
                problem: "the string has no end; write the closing `\"`".to_owned(),
            });
        };
        let whole = inside.saturating_add(2);
        let text = self.rest().get(..whole).unwrap_or("");
        let value = serde_json::from_str(text).map_err(|_| Syntax {
            at,
            problem: "the string has a line break, a control character or an unknown escape in it; write plain text, \
                      and `\\\\` for a backslash"
                .to_owned(),
        })?;
        self.skip(whole);
        Ok(value)
    }

    fn number(&mut self) -> Result<String, Syntax> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !"+-._".contains(c))
            .unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or("").to_owned();
        if serde_json::from_str::<serde_json::Number>(&text).is_err() {
            let hex = if text.starts_with("0x") {
                "; put hexadecimal numbers in double quotes"
            } else {
                ""
            };
            let shown: String = text.chars().take(40).collect();
            return Err(Syntax {
                at: self.at,
                problem: format!("`{shown}` is no JSON number{hex}"),
            });
        }
        self.skip(end);
        Ok(text)
    }

    fn word(&mut self) -> Result<Value, Syntax> {
        let words = [
            ("null", Value::Null),
            ("true", Value::Bool),
            ("false", Value::Bool),
        ];
        for (word, value) in words {
            let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
            if self.rest().strip_prefix(word).is_some_and(ends) {
                self.skip(word.len());
                return Ok(value);
            }
        }
        Err(self.expected("a value (text goes in double quotes)"))
    }
}
