//! Variables that nothing defines.

use super::Texts;
use super::text::Text;
use crate::diagnostics::{Diagnostic, Pos};
use crate::syntax::{NodeId, SyntaxKind};

/// What other languages call nothing.
const OTHER_NULLS: &[&[u8]] = &[b"None", b"nil", b"NULL", b"undefined", b"nothing"];

pub(super) fn explain(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>, pos: Pos) {
    let Some(text) = texts.at(pos) else { return };
    let node = text.innermost(text.offset(pos));
    let Some(name) = text.name(node) else { return };
    if OTHER_NULLS.contains(&name) {
        diagnostic.hints = vec!["the value for nothing is 'null'".to_owned()];
        return;
    }
    if let Some(hint) = difference(&text, node, name) {
        diagnostic.hints = vec![hint];
        return;
    }
    if let Some(hint) = missing_parentheses_of_inherit(&text, node, name) {
        diagnostic.hints = vec![hint];
        return;
    }
    if missing_rec(diagnostic, &text, node, name) || !diagnostic.hints.is_empty() {
        return;
    }
    if let Some(hint) = missing_colon(&text, node, name).or_else(|| meant_for_the_shell(&text, node)) {
        diagnostic.hints.push(hint);
        return;
    }
    defined_elsewhere(diagnostic, &text, node, name);
}

/// `total-used` where there are variables `total` and `used`: the name of neither has a hyphen.
fn difference(text: &Text, node: NodeId, name: &[u8]) -> Option<String> {
    let is_operand = |part: &[u8]| {
        let is_number = !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        is_number || text.definition(node, part).is_some()
    };
    let hyphens = name.iter().enumerate().filter(|(_, byte)| **byte == b'-').map(|(at, _)| at);
    let at =
        hyphens.into_iter().find(|&at| text.definition(node, &name[..at]).is_some() && is_operand(&name[at + 1..]))?;
    let (left, right) = (String::from_utf8_lossy(&name[..at]), String::from_utf8_lossy(&name[at + 1..]));
    Some(format!("a '-' can be part of a name; for a difference put blanks around it: {left} - {right}"))
}

/// `inherit tools hammer` where `tools` is a set that has `hammer`.
fn missing_parentheses_of_inherit(text: &Text, node: NodeId, name: &[u8]) -> Option<String> {
    let inherit = text.parent(node).filter(|&parent| text.kind(parent) == SyntaxKind::Inherit)?;
    let source = text.child(inherit, 0).filter(|&source| source != node)?;
    let source_name = text.name(source)?;
    text.attribute(source, name)?;
    let (source, name) = (String::from_utf8_lossy(source_name), String::from_utf8_lossy(name));
    Some(format!("to take '{name}' from '{source}', put parentheses around the set: inherit ({source}) {name};"))
}

/// Whether an enclosing set has an attribute of the name, and is not `rec`.
fn missing_rec(diagnostic: &mut Diagnostic, text: &Text, node: NodeId, name: &[u8]) -> bool {
    let is_inherited = text.parent(node).is_some_and(|parent| text.kind(parent) == SyntaxKind::Inherit);
    let sets = text.ancestors(node).filter(|&set| text.kind(set) == SyntaxKind::AttrSet && !text.parse().is_rec(set));
    let Some((attribute, _)) = sets.filter_map(|set| text.binding(set, name)).find(|&(found, _)| found != node) else {
        return false;
    };
    if is_inherited {
        return false;
    }
    let label = "an attribute is a variable only in 'rec { … }'";
    *diagnostic = take(diagnostic).with_label(text.span(attribute), label);
    diagnostic.hints = vec!["write 'rec' before the '{' of the set, or define the variable with 'let'".to_owned()];
    true
}

/// `n n * 2`, which may have been to be `n: n * 2`.
fn missing_colon(text: &Text, node: NodeId, name: &[u8]) -> Option<String> {
    let call = text.parent(node).filter(|&call| text.kind(call) == SyntaxKind::Apply)?;
    let argument = text.child(call, 1)?;
    let is_twice = text.child(call, 0) == Some(node) && text.name(argument) == Some(name);
    is_twice.then(|| format!("a function has a colon after its parameter: {0}: {0} …", String::from_utf8_lossy(name)))
}

/// `${name}` in a string that may be meant to be written as it is.
fn meant_for_the_shell(text: &Text, node: NodeId) -> Option<String> {
    let dynamic = text.parent(node).filter(|&parent| text.kind(parent) == SyntaxKind::Dynamic)?;
    let shown = text.quote(dynamic)?;
    match text.kind(text.parent(dynamic)?) {
        SyntaxKind::IndentedString => Some(format!("to have '{shown}' in the text as it is, write ''{shown}")),
        SyntaxKind::String => Some(format!("to have '{shown}' in the text as it is, write \\{shown}")),
        _ => None,
    }
}

/// Shows where the name is defined for another part of the text.
fn defined_elsewhere(diagnostic: &mut Diagnostic, text: &Text, node: NodeId, name: &[u8]) {
    let scopes = text.nodes().filter(|&scope| {
        matches!(text.kind(scope), SyntaxKind::LetIn | SyntaxKind::AttrSet) && text.binding(scope, name).is_some()
    });
    // The last one before the place is the likeliest.
    let start = text.pos(node);
    let nearest = scopes.map(|scope| (text.pos(scope), scope)).filter(|(pos, _)| *pos <= start).max();
    let Some((_, scope)) = nearest else { return };
    let Some((found, _)) = text.binding(scope, name).filter(|&(found, _)| found != node) else { return };
    let label = match text.kind(scope) {
        SyntaxKind::LetIn => "this one is known in its 'let … in' only",
        _ => "this is an attribute of a set: it has to be selected",
    };
    *diagnostic = take(diagnostic).with_label(text.span(found), label);
}

/// Takes a diagnostic out of its place, to which a changed one comes back.
pub(super) fn take(diagnostic: &mut Diagnostic) -> Diagnostic {
    std::mem::replace(diagnostic, Diagnostic::error(diagnostic.code, ""))
}
