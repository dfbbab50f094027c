//! `fromTOML`.

use toml::Value as Toml;
use toml::value::{Datetime, Offset};

use super::table::builtins;
use crate::diagnostics::{Code, Pos};
use crate::eval::{AttrList, ErrorExt, Eval, Result, error};
use crate::heap::{List, Str, Value};
use crate::program::names;

builtins! {
    /// The value that a TOML text describes. Dates and times are an error, unless the experimental feature
    /// `parse-toml-timestamps` is on; then they are sets with `_type = "timestamp"` and the text as `value`.
    ///
    /// ```nix
    /// builtins.fromTOML ''
    ///   [pier]
    ///   length = 0x20
    ///   berths = [ "a", "b" ]
    /// ''
    /// # => { pier = { berths = [ "a" "b" ]; length = 32; }; }
    /// # with the feature parse-toml-timestamps
    /// builtins.fromTOML "high = 06:30:00"
    /// # => { high = { _type = "timestamp"; value = "06:30:00"; }; }
    /// ```
    "fromTOML" (text!1) => from_toml;
}

fn from_toml<'h>(eval: &mut Eval<'h>, [text]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let text = eval.force_plain_string(text)?;
    let Ok(text) = std::str::from_utf8(text) else { return Err(invalid("it is not valid UTF-8")) };
    match toml::from_str::<toml::Table>(text) {
        Ok(table) => convert(eval, Toml::Table(table)),
        Err(cause) => Err(invalid(cause.to_string().trim_end())),
    }
}

fn invalid(cause: impl std::fmt::Display) -> Box<crate::diagnostics::Diagnostic> {
    error(Code::InvalidData, format!("this is not valid TOML: {cause}"))
}

/// The parser limits how deep a text nests, so this recurses no deeper.
fn convert<'h>(eval: &mut Eval<'h>, value: Toml) -> Result<Value<'h>> {
    Ok(match value {
        Toml::Boolean(value) => Value::bool(value),
        Toml::Integer(value) => Value::int(eval.heap, value),
        Toml::Float(value) => Value::float(eval.heap, value),
        Toml::String(text) => Str::plain(eval.heap, without_nul(&text)?),
        Toml::Datetime(timestamp) => return convert_timestamp(eval, &timestamp),
        Toml::Array(elements) => {
            let elements = elements.into_iter().map(|element| convert(eval, element)).collect::<Result<Vec<_>>>()?;
            List::from_slice(eval.heap, &elements)
        }
        Toml::Table(table) => {
            let mut attrs = AttrList::with_capacity(table.len());
            for (name, value) in table {
                let symbol = eval.symbols.intern(without_nul(&name)?);
                attrs.push((symbol, Pos::NONE, convert(eval, value)?));
            }
            eval.attrs_from(attrs)
        }
    })
}

fn without_nul(text: &str) -> Result<&[u8]> {
    if text.contains('\0') {
        return Err(invalid("a string contains a NUL character, which no string of the language can"));
    }
    Ok(text.as_bytes())
}

fn convert_timestamp<'h>(eval: &mut Eval<'h>, timestamp: &Datetime) -> Result<Value<'h>> {
    if !eval.settings.features.has("parse-toml-timestamps") {
        return Err(invalid(format!("the date or time '{timestamp}' is not supported"))
            .hint("'--extra-experimental-features parse-toml-timestamps' allows them"));
    }
    let kind = eval.symbols.intern(b"_type");
    let value = Str::plain(eval.heap, timestamp_text(timestamp).as_bytes());
    let timestamp = Str::plain(eval.heap, b"timestamp");
    Ok(eval.attrs_of([(kind, timestamp), (names::VALUE, value)]))
}

/// A date or time in the one form that Nix gives it: with seconds, and with a fraction of three, six or nine
/// digits if there is one.
fn timestamp_text(timestamp: &Datetime) -> String {
    let mut text = String::new();
    if let Some(date) = timestamp.date {
        text.push_str(&format!("{:04}-{:02}-{:02}", date.year, date.month, date.day));
    }
    if let Some(time) = timestamp.time {
        if timestamp.date.is_some() {
            text.push('T');
        }
        text.push_str(&format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second.unwrap_or(0)));
        text.push_str(&match time.nanosecond.unwrap_or(0) {
            0 => String::new(),
            nanos if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
            nanos if nanos % 1000 == 0 => format!(".{:06}", nanos / 1000),
            nanos => format!(".{nanos:09}"),
        });
    }
    match timestamp.offset {
        None => {}
        Some(Offset::Z) => text.push('Z'),
        Some(Offset::Custom { minutes }) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            text.push_str(&format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60));
        }
    }
    text
}
