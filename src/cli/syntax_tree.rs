//! Printing the lossless syntax tree.

use std::collections::BTreeSet;
use std::io::{self, Write};

use rowan::{Language, SyntaxNode, WalkEvent};

use super::reporter::Reporter;
use crate::diagnostics::{Code, Diagnostic, SourceMap, SourceName};
use crate::syntax::{self, Features};

/// The deepest level that is indented more than the one above.
const DEEPEST_INDENT: usize = 64;

/// Writes the tree of a text to `output` and returns what is wrong with the text, as it is to be reported; an
/// empty string if all is well.
pub(super) fn write(
    name: SourceName,
    text: Vec<u8>,
    features: &BTreeSet<String>,
    reporter: &Reporter,
    output: &mut impl Write,
) -> io::Result<String> {
    let features = Features { pipe_operators: features.contains("pipe-operators") };
    let text: std::sync::Arc<[u8]> = text.into();
    let parse = syntax::parse(text.clone(), features);
    write_tree(&parse.syntax(), output)?;
    let sources = SourceMap::new();
    let base = match sources.add(name, text) {
        Ok(file) => file.pos(0),
        Err(error) => {
            let error = Diagnostic::error(Code::SourceTooLarge, error.to_string());
            return Ok(reporter.text(&error, &sources));
        }
    };
    let mut errors = parse.errors().iter().map(|error| error.to_diagnostic(base));
    let Some(mut first) = errors.next() else {
        return Ok(String::new());
    };
    first.further.extend(errors);
    Ok(reporter.text(&first, &sources))
}

/// Writes a line for each node and token, indented by its depth: kind, range of bytes, and for tokens
/// the text.
fn write_tree<L: Language>(root: &SyntaxNode<L>, output: &mut impl Write) -> io::Result<()> {
    let mut depth = 0;
    for event in root.preorder_with_tokens() {
        let element = match event {
            WalkEvent::Enter(element) => element,
            WalkEvent::Leave(_) => {
                depth -= 1;
                continue;
            }
        };
        let range = element.text_range();
        let (start, end) = (u32::from(range.start()), u32::from(range.end()));
        // Nobody reads more indentation, and it would take more space than all else.
        let indent = 2 * depth.min(DEEPEST_INDENT);
        write!(output, "{:indent$}{:?} {start}..{end}", "", element.kind())?;
        match element.as_token() {
            Some(token) => writeln!(output, " {:?}", token.text())?,
            None => writeln!(output)?,
        }
        depth += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rowan::{GreenNodeBuilder, SyntaxKind};

    use super::*;

    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct Numbers;

    impl Language for Numbers {
        type Kind = u16;

        fn kind_from_raw(raw: SyntaxKind) -> u16 {
            raw.0
        }

        fn kind_to_raw(kind: u16) -> SyntaxKind {
            SyntaxKind(kind)
        }
    }

    #[test]
    fn nodes_and_tokens_have_lines() {
        let mut builder = GreenNodeBuilder::new();
        builder.start_node(SyntaxKind(1));
        builder.token(SyntaxKind(2), "a\n");
        builder.start_node(SyntaxKind(3));
        builder.token(SyntaxKind(4), "bc");
        builder.finish_node();
        builder.finish_node();
        let tree = SyntaxNode::<Numbers>::new_root(builder.finish());
        let mut text = Vec::new();
        write_tree(&tree, &mut text).expect("memory");
        let expected = "1 0..4\n  2 0..2 \"a\\n\"\n  3 2..4\n    4 2..4 \"bc\"\n";
        assert_eq!(String::from_utf8(text).expect("UTF-8"), expected);
    }
}
