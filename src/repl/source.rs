//! Where definitions are written: their code, the comment above them, and an editor for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::diagnostics::{Pos, SourceMap, SourceName};
use crate::syntax::{self, Features, Parse, SyntaxKind, SyntaxNode};

/// A function as it is written.
pub(super) struct Written {
    /// The file and the line in it.
    pub(super) place: String,
    pub(super) code: String,
    /// The comment above its definition, without its markers.
    pub(super) comment: Option<String>,
}

/// The function that begins at a position.
pub(super) fn function_at(sources: &SourceMap, pos: Pos) -> Option<Written> {
    let file = sources.file_at(pos)?;
    let location = sources.resolve(pos)?;
    let features = Features { pipe_operators: true };
    let tree = syntax::parse(file.bytes().to_vec(), features).syntax();
    // Without bytes that are not UTF-8, offsets in the tree are those in the file.
    let starts_here = |node: &SyntaxNode| usize::from(node.text_range().start()) == location.offset as usize;
    let lambda = tree.descendants().find(|node| node.kind() == SyntaxKind::Lambda && starts_here(node))?;
    let definition = lambda.parent().filter(|parent| parent.kind() == SyntaxKind::Binding).unwrap_or(lambda.clone());
    Some(Written {
        place: format!("{}:{}", file.name(), location.line),
        code: String::from_utf8_lossy(&Parse::source_of(&definition.text().to_string())).into_owned(),
        comment: comment_above(&definition),
    })
}

/// The comments directly above a definition.
fn comment_above(definition: &SyntaxNode) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut token = definition.first_token()?.prev_token();
    while let Some(before) = token {
        match before.kind() {
            SyntaxKind::Whitespace if before.text().matches('\n').count() <= 1 => {}
            SyntaxKind::Comment => lines.push(without_markers(before.text())),
            _ => break,
        }
        token = before.prev_token();
    }
    lines.reverse();
    let text = lines.join("\n");
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The text of a comment.
fn without_markers(comment: &str) -> String {
    if let Some(line) = comment.strip_prefix('#') {
        return line.trim_start_matches('#').trim().to_owned();
    }
    let inner = comment.trim_start_matches("/*").trim_end_matches("*/");
    let lines = inner.lines().map(|line| line.trim().trim_start_matches('*').trim_end());
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

/// The file and line of a position, if it is in a file.
pub(super) fn file_place(sources: &SourceMap, pos: Pos) -> Option<(PathBuf, u32)> {
    let file = sources.file_at(pos)?;
    match file.name() {
        SourceName::File(path) => Some((path.clone(), sources.resolve(pos)?.line)),
        _ => None,
    }
}

/// Opens an editor, `$VISUAL` or `$EDITOR`, at a line.
///
/// # Errors
/// Why there is none, in words.
pub(super) fn edit(file: &Path, line: u32) -> Result<(), String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let Some(editor) = set("VISUAL").or_else(|| set("EDITOR")) else {
        return Err(format!("set the variable EDITOR to open {}:{line}", file.display()));
    };
    // The variable may have arguments in it.
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program).args(words).arg(format!("+{line}")).arg(file).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("'{editor}' ended with {status}")),
        Err(error) => Err(format!("cannot start '{editor}': {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_lose_their_markers() {
        for (comment, expected) in [
            ("# one", "one"),
            ("## two", "two"),
            ("/* three */", "three "),
            ("/**\n  * four\n  *   five\n  */", "four\n  five"),
            ("/*\n  six\n*/", "six"),
        ] {
            assert_eq!(without_markers(comment).trim_end(), expected.trim_end(), "{comment}");
        }
    }
}
