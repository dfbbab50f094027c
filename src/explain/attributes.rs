//! Attributes that are missing.

use super::Texts;
use super::names::take;
use super::scope::Means;
use super::text::Text;
use crate::diagnostics::{Diagnostic, Pos};
use crate::syntax::{BinaryOperator, NodeId, SyntaxKind};

pub(super) fn explain(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>, pos: Pos) {
    if let Some(text) = texts.at(pos)
        && let Some(selection) = Selection::at(&text, pos)
        && let Some(hint) = default_of_formal(&text, &selection).or_else(|| shallow_update(&text, &selection))
    {
        diagnostic.hints = vec![hint];
    }
    if diagnostic.secondary.is_empty() {
        show_set(diagnostic, texts);
    }
}

/// `subject.path`, and which element of the path was not found.
struct Selection {
    subject: NodeId,
    path: Vec<NodeId>,
    index: usize,
}

impl Selection {
    fn at(text: &Text, pos: Pos) -> Option<Selection> {
        let element = text.innermost(text.offset(pos));
        let path = text.parent(element).filter(|&path| text.kind(path) == SyntaxKind::AttrPath)?;
        let select = text.parent(path).filter(|&select| text.kind(select) == SyntaxKind::Select)?;
        let path: Vec<_> = text.children(path).collect();
        let index = path.iter().position(|&one| one == element)?;
        Some(Selection { subject: text.bare(text.child(select, 0)?), path, index })
    }
}

/// `{ port ? 80, ... } @ args: args.port` without a `port` in the call.
fn default_of_formal(text: &Text, selection: &Selection) -> Option<String> {
    let Selection { subject, path, index: 0 } = selection else { return None };
    if text.kind(*subject) != SyntaxKind::Ident {
        return None;
    }
    let whole = text.definition(*subject, text.bytes(*subject))?;
    let name = text.name(path[0])?;
    if !matches!(whole.means, Means::Formals) {
        return None;
    }
    let formal = text.children(text.child(whole.scope, 0)?).find(|&formal| {
        text.kind(formal) == SyntaxKind::Formal && text.child(formal, 0).is_some_and(|ident| text.bytes(ident) == name)
    })?;
    text.child(formal, 1)?;
    let (args, name) = (text.quote(*subject)?, String::from_utf8_lossy(name));
    Some(format!("'{args}' is what the call gives, without defaults: write '{name}' instead of '{args}.{name}'"))
}

/// `(left // right).a.b` where only the `a` of the left has a `b`.
fn shallow_update(text: &Text, selection: &Selection) -> Option<String> {
    let (missing, prefix) = selection.path.get(..=selection.index)?.split_last()?;
    let (update, _) = text.origin(selection.subject);
    let is_update = text.kind(update) == SyntaxKind::Binary && text.parse().binary_op(update) == BinaryOperator::Update;
    let first = prefix.first().filter(|_| is_update)?;
    let mut left = text.child(update, 0)?;
    text.attribute(text.child(update, 1)?, text.name(*first)?)?;
    for element in prefix {
        left = text.attribute(left, text.name(*element)?)?.1?;
    }
    text.attribute(left, text.name(*missing)?)?;
    let outer = String::from_utf8_lossy(text.name(*first)?);
    Some(format!("'//' replaces '{outer}' as a whole, with what is in it; merge the inner sets with '//' too"))
}

/// Shows where the set is written.
pub(super) fn show_set(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>) {
    let Some(culprit) = &diagnostic.culprit else { return };
    let (written, attributes) = (culprit.written, culprit.attributes);
    let Some(text) = texts.at(written).filter(|_| written.is_some() && !texts.is_internal(written)) else { return };
    let attribute = text.innermost(text.offset(written));
    let path = text.parent(attribute).filter(|&path| text.kind(path) == SyntaxKind::AttrPath);
    if let Some(path) = path.filter(|&path| text.child(path, 1).is_some()) {
        // `a.b = 1;` makes a set without braces.
        *diagnostic = take(diagnostic).with_label(text.span(path), "the set is written here");
        return;
    }
    let Some(set) = text.ancestors(attribute).find(|&node| text.kind(node) == SyntaxKind::AttrSet) else { return };
    let bindings = text.children(set).map(|binding| match text.kind(binding) {
        SyntaxKind::Binding => 1,
        SyntaxKind::Inherit => text.children(binding).count(),
        _ => text.children(binding).count().saturating_sub(1),
    });
    let label = match bindings.sum::<usize>() == attributes {
        true => "this is the set",
        false => "some of the set is from here",
    };
    let on_one_line = text.quote(set).is_some();
    let span = if on_one_line { text.span(set) } else { text.pos(set).span(1) };
    *diagnostic = take(diagnostic).with_label(span, label);
}
