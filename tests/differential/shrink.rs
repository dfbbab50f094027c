//! Making a program smaller that shows a difference, by its lossless tree.

use std::ops::Range;

use firn::syntax::{self, Features, SyntaxKind, SyntaxNode};

/// The smallest program found for which `differs` holds, as it does for `program`. Asks at most `budget` times.
pub(crate) fn shrink(program: &str, mut budget: usize, mut differs: impl FnMut(&str) -> bool) -> String {
    let mut smallest = program.to_owned();
    'search: loop {
        for candidate in candidates(&smallest) {
            if budget == 0 {
                return smallest;
            }
            budget -= 1;
            if differs(&candidate) {
                smallest = candidate;
                continue 'search;
            }
        }
        return smallest;
    }
}

/// Smaller programs, those first from which most is gone.
fn candidates(program: &str) -> Vec<String> {
    let tree = syntax::parse(program.as_bytes().to_vec(), Features::default()).syntax();
    let mut candidates = Vec::new();
    for node in tree.descendants().filter(is_expression) {
        let range = range(&node);
        let kept = program[range.clone()].trim();
        if kept.len() < program.trim().len() {
            candidates.push(kept.to_owned());
        }
        // An expression inside in the place of the whole.
        for inner in node.descendants().skip(1).filter(is_expression).take(12) {
            candidates.push(replaced(program, &range, &program[self::range(&inner)]));
        }
        for simple in ["null", "1", "\"\"", "[ ]", "{ }"] {
            if kept.len() > simple.len() {
                candidates.push(replaced(program, &range, simple));
            }
        }
    }
    for node in tree.descendants().filter(is_part) {
        candidates.push(replaced(program, &range(&node), ""));
    }
    // What literals are made of.
    for token in tree.descendants_with_tokens().filter_map(|element| element.into_token()) {
        let text = token.text();
        if matches!(token.kind(), SyntaxKind::StringText | SyntaxKind::IndentedText) && text.len() > 1 {
            let start = usize::from(token.text_range().start());
            let middle = (0..=text.len() / 2).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            candidates.push(replaced(program, &(start..start + middle), ""));
            candidates.push(replaced(program, &(start + middle..start + text.len()), ""));
        }
    }
    candidates.retain(|candidate| candidate.len() < program.len());
    candidates.sort_by_key(String::len);
    candidates.dedup();
    candidates
}

fn replaced(program: &str, range: &Range<usize>, by: &str) -> String {
    [&program[..range.start], by, &program[range.end..]].concat()
}

fn range(node: &SyntaxNode) -> Range<usize> {
    node.text_range().into()
}

pub(crate) fn is_expression(node: &SyntaxNode) -> bool {
    use SyntaxKind::*;
    matches!(
        node.kind(),
        Int | Float
            | Uri
            | Ident
            | String
            | IndentedString
            | Path
            | SearchPath
            | List
            | AttrSet
            | LetIn
            | LegacyLet
            | Lambda
            | Apply
            | Select
            | HasAttr
            | Binary
            | Unary
            | If
            | Assert
            | With
            | Paren
    )
}

/// What may be left out.
fn is_part(node: &SyntaxNode) -> bool {
    use SyntaxKind::*;
    let in_list = node.parent().is_some_and(|parent| matches!(parent.kind(), List | Inherit | InheritFrom));
    in_list || matches!(node.kind(), Binding | Inherit | InheritFrom | Formal | Dynamic)
}
