//! Diagnostics as JSON for programs. `docs/diagnostics.md` describes the format.

use serde::Serialize;

use super::{Diagnostic, FrameKind, Label, Pos, Severity, SourceMap, Span, TraceFrame};

/// A diagnostic as JSON, with a line for it and one for each of the [further](Diagnostic::further) ones; each line is
/// an object.
///
/// ```
/// use firn::diagnostics::{Code, Diagnostic, SourceMap, SourceName, to_json};
///
/// let sources = SourceMap::new();
/// let file = sources.add(SourceName::String, b"1 +\n  x".as_slice())?;
/// let diagnostic = Diagnostic::error(Code::UndefinedVariable, "undefined variable 'x'").at(file.span(6..7), "here");
/// let json: serde_json::Value = serde_json::from_str(&to_json(&diagnostic, &sources)).expect("one object");
/// assert_eq!(json["code"], "E0100");
/// assert_eq!(json["labels"][0]["start"], serde_json::json!({ "byte": 6, "line": 2, "column": 3 }));
/// # Ok::<_, firn::diagnostics::SourcesTooLarge>(())
/// ```
pub fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut lines = String::new();
    for diagnostic in std::iter::once(diagnostic).chain(&diagnostic.further) {
        // Writing strings and numbers to memory does not fail.
        lines += &serde_json::to_string(&Object::of(diagnostic, sources)).unwrap_or_default();
        lines.push('\n');
    }
    lines
}

#[derive(Serialize)]
struct Object<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    labels: Vec<LabelObject<'a>>,
    notes: &'a [String],
    hints: &'a [String],
    trace: Vec<FrameObject<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cycle: Vec<FrameObject<'a>>,
}

#[derive(Serialize)]
struct LabelObject<'a> {
    primary: bool,
    file: String,
    start: Place,
    end: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct FrameObject<'a> {
    kind: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Place>,
}

/// A place in a file: bytes before it, and its line and column, which count from 1. Columns count bytes.
#[derive(Serialize)]
struct Place {
    byte: u32,
    line: u32,
    column: u32,
}

impl<'a> Object<'a> {
    fn of(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Self {
        let primary = diagnostic.primary.iter().map(|label| (true, label));
        let secondary = diagnostic.secondary.iter().map(|label| (false, label));
        let labels = primary.chain(secondary);
        Object {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code.as_str(),
            message: &diagnostic.message,
            labels: labels.filter_map(|(primary, label)| LabelObject::of(primary, label, sources)).collect(),
            notes: &diagnostic.notes,
            hints: &diagnostic.hints,
            trace: diagnostic.trace.iter().map(|frame| FrameObject::of(frame, sources)).collect(),
            cycle: diagnostic.cycle.iter().map(|frame| FrameObject::of(frame, sources)).collect(),
        }
    }
}

impl<'a> LabelObject<'a> {
    /// The label, unless it has no place.
    fn of(primary: bool, label: &'a Label, sources: &SourceMap) -> Option<Self> {
        let Span { start, len } = label.span;
        let (file, start) = locate(start, sources)?;
        // A span does not leave its file; should one do, it ends where it begins.
        let end = locate(label.span.start.offset(len), sources).filter(|(name, _)| *name == file);
        let end = end.map_or(Place { ..start }, |(_, end)| end);
        Some(LabelObject { primary, file, start, end, text: &label.text })
    }
}

impl<'a> FrameObject<'a> {
    fn of(frame: &'a TraceFrame, sources: &SourceMap) -> Self {
        let (file, start) = locate(frame.pos, sources).unzip();
        FrameObject {
            kind: match frame.kind {
                FrameKind::Evaluation => "evaluation",
                FrameKind::Context => "context",
            },
            text: &frame.text,
            file,
            start,
        }
    }
}

/// The name of a position's file, and where in it the position is.
fn locate(pos: Pos, sources: &SourceMap) -> Option<(String, Place)> {
    let location = sources.resolve(pos)?;
    let file = sources.file(location.file)?;
    let place = Place { byte: location.offset, line: location.line, column: location.column };
    Some((file.name().to_string(), place))
}

#[cfg(test)]
mod tests {
    use super::super::{Code, SourceName};
    use super::*;

    #[test]
    fn everything_that_a_diagnostic_holds_is_there() {
        let sources = SourceMap::new();
        let file =
            sources.add(SourceName::File("/a.nix".into()), b"one\r\ntwo \xff \"three\"".as_slice()).expect("small");
        let mut diagnostic = Diagnostic::error(Code::TypeMismatch, "line 1\nline 2")
            .at(file.span(5..8), "primary")
            .with_label(file.span(2..6), "over a line break")
            .with_label(Pos::NONE, "nowhere")
            .with_note("note")
            .with_hint("hint");
        diagnostic.push_frame(TraceFrame::new(file.pos(11), "while \"asking\""));
        diagnostic.push_frame(TraceFrame::context(Pos::NONE, "said"));
        diagnostic.further.push(Diagnostic::warning(Code::Deprecated, "old"));
        insta::assert_snapshot!(to_json(&diagnostic, &sources), @r#"
        {"severity":"error","code":"E0200","message":"line 1\nline 2","labels":[{"primary":true,"file":"/a.nix","start":{"byte":5,"line":2,"column":1},"end":{"byte":8,"line":2,"column":4},"text":"primary"},{"primary":false,"file":"/a.nix","start":{"byte":2,"line":1,"column":3},"end":{"byte":6,"line":2,"column":2},"text":"over a line break"}],"notes":["note"],"hints":["hint"],"trace":[{"kind":"evaluation","text":"while \"asking\"","file":"/a.nix","start":{"byte":11,"line":2,"column":7}},{"kind":"context","text":"said"}]}
        {"severity":"warning","code":"W0006","message":"old","labels":[],"notes":[],"hints":[],"trace":[]}
        "#);
    }
}
