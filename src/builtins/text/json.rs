//! JSON text: what is in it, and writing strings.
//!
//! The format is RFC 8259. Where that leaves a choice, Nix's is made, which is that of the C++ library nlohmann/json.

use std::borrow::Cow;
use std::fmt;

/// Writes a string with its quotes. Text that is not ASCII stays as it is.
pub(crate) fn write_string(out: &mut Vec<u8>, text: &[u8]) -> Result<(), NotUnicode> {
    if std::str::from_utf8(text).is_err() {
        return Err(NotUnicode);
    }
    out.push(b'"');
    out.reserve(text.len() + 2);
    let is_escaped = |&byte: &u8| byte < 0x20 || matches!(byte, b'"' | b'\\');
    let mut rest = text;
    while let Some(index) = rest.iter().position(is_escaped) {
        out.extend_from_slice(&rest[..index]);
        match rest[index] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            byte @ 0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            byte => out.extend_from_slice(&[b'\\', byte]),
        }
        rest = &rest[index + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
    Ok(())
}

/// Text that is not UTF-8, which JSON cannot hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotUnicode;

impl fmt::Display for NotUnicode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("it is not valid UTF-8")
    }
}

/// What comes next in a text.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Event<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Cow<'a, str>),
    Key(Cow<'a, str>),
    StartArray,
    EndArray,
    StartObject,
    EndObject,
}

/// What is wrong with a text, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct JsonError {
    message: &'static str,
    line: usize,
    column: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at line {}, column {}", self.message, self.line, self.column)
    }
}

/// What must come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Value,
    /// A value or the end of an array that has just begun.
    FirstElement,
    /// A name or the end of an object that has just begun.
    FirstKey,
    Key,
    /// After a value: a comma, an end, or nothing.
    After,
}

/// Reads a text event by event. Nesting takes memory and no stack.
pub(crate) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    state: State,
    /// The brackets that are open: whether each is that of an object.
    open: Vec<bool>,
    is_done: bool,
}

type Result<T, E = JsonError> = std::result::Result<T, E>;

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let at = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        Reader { text, at, state: State::Value, open: Vec::new(), is_done: false }
    }

    /// The next event; nothing at the end of the text.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'a>>> {
        loop {
            self.skip_blanks();
            let byte = self.text.get(self.at).copied();
            match (self.state, byte) {
                (State::After, None) if self.open.is_empty() => {
                    self.is_done = true;
                    return Ok(None);
                }
                (_, None) => return Err(self.error("the text ends too early")),
                (State::After, Some(b',')) if !self.open.is_empty() => {
                    self.at += 1;
                    self.state = if self.open.last() == Some(&true) { State::Key } else { State::Value };
                }
                (State::After | State::FirstElement, Some(b']')) if self.open.last() == Some(&false) => {
                    return Ok(Some(self.close(Event::EndArray)));
                }
                (State::After | State::FirstKey, Some(b'}')) if self.open.last() == Some(&true) => {
                    return Ok(Some(self.close(Event::EndObject)));
                }
                (State::After, Some(_)) => return Err(self.error("a comma or the end was expected")),
                (State::FirstKey | State::Key, Some(b'"')) => {
                    let key = self.string()?;
                    self.skip_blanks();
                    if self.text.get(self.at) != Some(&b':') {
                        return Err(self.error("a colon was expected"));
                    }
                    self.at += 1;
                    self.state = State::Value;
                    return Ok(Some(Event::Key(key)));
                }
                (State::FirstKey | State::Key, Some(_)) => return Err(self.error("a name in quotes was expected")),
                (State::Value | State::FirstElement, Some(byte)) => return self.value(byte).map(Some),
            }
        }
    }

    fn close(&mut self, event: Event<'a>) -> Event<'a> {
        self.at += 1;
        self.open.pop();
        self.state = State::After;
        event
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
    }

    fn value(&mut self, byte: u8) -> Result<Event<'a>> {
        self.state = State::After;
        match byte {
            b'[' => {
                self.at += 1;
                self.open.push(false);
                self.state = State::FirstElement;
                Ok(Event::StartArray)
            }
            b'{' => {
                self.at += 1;
                self.open.push(true);
                self.state = State::FirstKey;
                Ok(Event::StartObject)
            }
            b'"' => self.string().map(Event::String),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                for (word, event) in [("null", Event::Null), ("true", Event::Bool(true)), ("false", Event::Bool(false))]
                {
                    if self.text[self.at..].starts_with(word.as_bytes()) {
                        self.at += word.len();
                        return Ok(event);
                    }
                }
                Err(self.error("a value was expected"))
            }
        }
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Event<'a>> {
        let start = self.at;
        let is_negative = self.text[start] == b'-';
        self.at += usize::from(is_negative);
        let leading = self.text.get(self.at).copied();
        match self.digits() {
            0 => return Err(self.error("a digit was expected")),
            1 => {}
            // A number ends after a leading zero; what follows is an error of its own.
            more if leading == Some(b'0') => self.at -= more - 1,
            _ => {}
        }
        let mut is_integer = true;
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            is_integer = false;
            if self.digits() == 0 {
                return Err(self.error("a digit was expected"));
            }
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            is_integer = false;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.error("a digit was expected"));
            }
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).expect("a number is ASCII");
        if is_integer {
            if let Ok(value) = text.parse() {
                return Ok(Event::Int(value));
            }
            if !is_negative && text.parse::<u64>().is_ok() {
                return Err(self.error("an integer does not fit 64 bits with a sign"));
            }
        }
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Event::Float(value)),
            _ => Err(self.error("a number is out of range")),
        }
    }

    /// Reads a string from its opening quote.
    fn string(&mut self) -> Result<Cow<'a, str>> {
        self.at += 1;
        let start = self.at;
        let mut decoded: Option<Vec<u8>> = None;
        let mut copied = start;
        loop {
            match self.text.get(self.at).copied() {
                None => return Err(self.error("a string is not closed")),
                Some(b'"') => break,
                Some(b'\\') => {
                    let out = decoded.get_or_insert_default();
                    out.extend_from_slice(&self.text[copied..self.at]);
                    let character = self.escape()?;
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    copied = self.at;
                }
                Some(0..0x20) => return Err(self.error("a control character in a string must be escaped")),
                Some(_) => self.at += 1,
            }
        }
        let rest = &self.text[copied..self.at];
        let string = match decoded {
            None => std::str::from_utf8(rest).ok().map(Cow::Borrowed),
            Some(mut out) => {
                out.extend_from_slice(rest);
                String::from_utf8(out).ok().map(Cow::Owned)
            }
        };
        let string = string.ok_or_else(|| self.error("a string is not valid UTF-8"))?;
        if string.contains('\0') {
            return Err(self.error("a string contains a NUL character, which no string of the language can"));
        }
        self.at += 1;
        Ok(string)
    }

    /// Reads an escape from its backslash.
    fn escape(&mut self) -> Result<char> {
        let kind = self.text.get(self.at + 1).copied();
        self.at += 2;
        Ok(match kind {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first).ok_or_else(|| self.error("half of a surrogate pair is missing"));
                }
                if !self.text[self.at.min(self.text.len())..].starts_with(b"\\u") {
                    return Err(self.error("half of a surrogate pair is missing"));
                }
                self.at += 2;
                let second = self.hex()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return Err(self.error("half of a surrogate pair is missing"));
                }
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                char::from_u32(code).ok_or_else(|| self.error("half of a surrogate pair is missing"))?
            }
            _ => return Err(self.error("this escape is not known")),
        })
    }

    fn hex(&mut self) -> Result<u32> {
        let digits = self.text.get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        let all_hex = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let value = all_hex.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        value.ok_or_else(|| self.error("four hexadecimal digits were expected"))
    }

    #[cold]
    fn error(&self, message: &'static str) -> JsonError {
        let before = &self.text[..self.at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        JsonError { message, line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(text: &str) -> std::result::Result<String, String> {
        let mut reader = Reader::new(text.as_bytes());
        let mut seen = Vec::new();
        while let Some(event) = reader.next().map_err(|error| error.to_string())? {
            seen.push(format!("{event:?}"));
        }
        Ok(seen.join(" "))
    }

    #[test]
    fn texts_and_their_events() {
        for (text, expected) in [
            ("null", "Null"),
            (" [1, -2.5e1, true] ", "StartArray Int(1) Float(-25.0) Bool(true) EndArray"),
            (
                r#"{"a": {}, "b": []}"#,
                r#"StartObject Key("a") StartObject EndObject Key("b") StartArray EndArray EndObject"#,
            ),
            (r#""\u00e9\ud83d\ude00\n""#, r#"String("é😀\n")"#),
            ("-9223372036854775809", "Float(-9.223372036854776e18)"),
        ] {
            assert_eq!(events(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn texts_that_are_no_json() {
        for text in [
            "",
            "[1,]",
            "{\"a\":1,}",
            "01",
            "1.",
            "-",
            "[1 2]",
            "nul",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\u{1}\"",
            "1 2",
            "{1:2}",
            "\"\\u0000\"",
            "1e999",
            "9223372036854775808",
            "[",
            "\"a",
        ] {
            assert!(events(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strings_are_escaped() {
        let mut out = Vec::new();
        write_string(&mut out, "a\"\\\n\u{1}\u{7f}é".as_bytes()).expect("valid UTF-8");
        assert_eq!(String::from_utf8_lossy(&out), "\"a\\\"\\\\\\n\\u0001\u{7f}é\"");
        assert_eq!(write_string(&mut out, b"\xff"), Err(NotUnicode));
    }
}
