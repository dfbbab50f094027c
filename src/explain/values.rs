//! Values of the wrong type: which expression had the value, and where that comes from.

use std::sync::Arc;

use super::Texts;
use super::attributes::show_set;
use super::calls::{forgotten_parentheses, hint};
use super::names::take;
use super::scope::{Definition, Means};
use super::text::Text;
use crate::diagnostics::{Code, Culprit, Diagnostic, Part, Pos, Span};
use crate::syntax::{NodeId, SyntaxKind};

/// Of a trace, so many frames are searched for the call that gave a value.
const MOST_FRAMES: usize = 16;

/// The part of the text that the wrong value is of.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// The expression, or the call that returned it.
    pub(super) node: NodeId,
    pub(super) role: Role,
}

/// What the expression is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An operand of this operator.
    Operand(NodeId, usize),
    /// The function of this call.
    Function(NodeId),
    /// This call with only so many of its arguments.
    Result(NodeId, usize),
    /// An argument of this call.
    Argument(NodeId, usize),
    /// An element of this list.
    Element(NodeId, usize),
    /// In `${}`.
    Interpolated(NodeId),
    /// After `if`, `assert` or `!`.
    Condition,
    /// What this attribute path is selected from.
    Subject(NodeId),
    /// The value of an attribute.
    Value,
}

pub(super) fn explain(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>, pos: Pos) {
    let Some(culprit) = diagnostic.culprit.clone() else { return };
    let Some(text) = texts.at(pos) else { return };
    let has_hint = match place(&text, pos, culprit.part) {
        Some(place) => explain_place(diagnostic, texts, &text, place, &culprit),
        None if culprit.part == Part::Unknown => {
            selected_from(diagnostic, &text, pos, &culprit);
            false
        }
        None => false,
    };
    if !has_hint && culprit.type_name == "lambda" {
        call_in_list(diagnostic, texts, &culprit);
    }
}

/// Shows the expression and where its value comes from. Whether it was found out what to do about it.
fn explain_place(
    diagnostic: &mut Diagnostic,
    texts: &mut Texts<'_>,
    text: &Text,
    place: Place,
    culprit: &Culprit,
) -> bool {
    point_at(diagnostic, text, place, culprit);
    let (origin, definition) = text.origin(place.node);
    let given = definition
        .filter(|found| matches!(found.means, Means::Parameter))
        .and_then(|found| given(diagnostic, texts, text, found.scope, found.name));
    let hint_for_call = match given {
        Some((caller, call, argument)) => {
            label(diagnostic, caller.span(argument), "the value is given here");
            forgotten_parentheses(&caller, argument, culprit, Role::Argument(call, 0))
        }
        None => {
            show_definition(diagnostic, text, place, definition);
            show_written(diagnostic, texts, text, culprit);
            None
        }
    };
    diagnostic.notes.extend(hidden_by_let(text, place.node));
    match hint_for_call.or_else(|| hint(text, place, origin, culprit, diagnostic.code)) {
        Some(hint) => {
            diagnostic.hints = vec![hint];
            true
        }
        None => false,
    }
}

/// Shows where the variable or attribute is defined that the value was read from.
fn show_definition(diagnostic: &mut Diagnostic, text: &Text, place: Place, definition: Option<Definition>) {
    let Some(found) = definition.filter(|found| found.name != place.node) else { return };
    if matches!(place.role, Role::Result(..)) {
        return;
    }
    let name = String::from_utf8_lossy(text.bytes(found.name)).into_owned();
    let what = if matches!(found.means, Means::Parameter) { "is an argument" } else { "is defined here" };
    label(diagnostic, text.span(found.name), &format!("'{name}' {what}"));
}

/// Marks the element of an attribute path that the one at this place cannot be selected from.
fn selected_from(diagnostic: &mut Diagnostic, text: &Text, pos: Pos, culprit: &Culprit) {
    let element = text.innermost(text.offset(pos));
    let Some(path) = text.parent(element).filter(|&path| text.kind(path) == SyntaxKind::AttrPath) else { return };
    let Some(select) = text.parent(path).filter(|&select| text.kind(select) == SyntaxKind::Select) else { return };
    let before: Vec<NodeId> = text.children(path).take_while(|&one| one != element).collect();
    let Some(&last) = before.last() else { return };
    label(diagnostic, text.span(last), &format!("this is {}", culprit.description));
    let mut set = text.child(select, 0);
    let mut found = None;
    for element in before {
        let attribute = set.and_then(|set| text.attribute(set, text.name(element)?));
        found = attribute.map(|(name, _)| name);
        set = attribute.and_then(|(_, value)| value);
    }
    if let Some(found) = found {
        let name = String::from_utf8_lossy(text.bytes(found)).into_owned();
        label(diagnostic, text.span(found), &format!("'{name}' is defined here"));
    }
}

/// Finds the expression that the evaluator means.
fn place(text: &Text, pos: Pos, part: Part) -> Option<Place> {
    let offset = text.offset(pos);
    let at = text.innermost(offset);
    let call = || text.starting_at(offset, SyntaxKind::Apply);
    let is_operator = text.kind(at) == SyntaxKind::Binary && text.parse().operator_start(at) == offset;
    let place = |node, role| Some(Place { node, role });
    match part {
        Part::Operand(index) if is_operator => place(text.child(at, index)?, Role::Operand(at, index)),
        Part::Function => place(text.child(call()?, 0)?, Role::Function(call()?)),
        Part::Result(count) => place(call()?, Role::Result(call()?, count)),
        Part::Argument(index, builtin) => {
            let call = call()?;
            if let Some((name, _)) = builtin
                && !is_builtin(text, text.child(call, 0)?, name)
            {
                return None;
            }
            place(text.child(call, index + 1)?, Role::Argument(call, index))
        }
        Part::Element(argument, index, builtin) => {
            let call = call()?;
            let list = text.origin(text.child(call, argument + 1)?).0;
            let is_list = text.kind(list) == SyntaxKind::List && is_builtin(text, text.child(call, 0)?, builtin);
            place(text.child(list, index).filter(|_| is_list)?, Role::Element(list, index))
        }
        Part::At(start) if is_operator => {
            let operands = text.children(at).enumerate();
            let (index, node) = operands.into_iter().find(|&(_, operand)| text.pos(operand) == start)?;
            place(node, Role::Operand(at, index))
        }
        Part::At(_) => {
            let around = std::iter::once(at).chain(text.ancestors(at));
            let whole = around
                .into_iter()
                .find(|&node| matches!(text.kind(node), SyntaxKind::If | SyntaxKind::Assert | SyntaxKind::Unary))?;
            place(text.child(whole, 0)?, Role::Condition)
        }
        Part::Unknown if text.kind(at) == SyntaxKind::Dynamic => place(text.child(at, 0)?, Role::Interpolated(at)),
        Part::Unknown => {
            let path = text.parent(at).filter(|&path| text.kind(path) == SyntaxKind::AttrPath)?;
            if let Some(binding) = text.parent(path).filter(|&binding| text.kind(binding) == SyntaxKind::Binding) {
                let value = text.child(binding, 1)?;
                // It may be an element that is wrong.
                let is_list = text.kind(text.bare(value)) == SyntaxKind::List;
                return if is_list { None } else { place(value, Role::Value) };
            }
            let select = text.parent(path).filter(|&select| text.kind(select) == SyntaxKind::Select)?;
            let is_first = text.child(path, 0) == Some(at);
            place(text.child(select, 0).filter(|_| is_first)?, Role::Subject(path))
        }
        Part::With(passed) => {
            let mut withs = text.ancestors(at).filter(|&node| text.kind(node) == SyntaxKind::With);
            place(text.child(withs.nth(passed)?, 0)?, Role::Value)
        }
        Part::Operand(_) => None,
    }
}

/// Whether an expression is this builtin.
pub(super) fn is_builtin(text: &Text, node: NodeId, name: &str) -> bool {
    let node = text.bare(node);
    let written = text.bytes(node);
    let bare = written.strip_prefix(b"builtins.").or(written.strip_prefix(b"__")).unwrap_or(written);
    bare == name.as_bytes()
}

/// Marks the expression.
fn point_at(diagnostic: &mut Diagnostic, text: &Text, place: Place, culprit: &Culprit) {
    let is_literal = matches!(
        text.kind(text.bare(place.node)),
        SyntaxKind::Int
            | SyntaxKind::Float
            | SyntaxKind::String
            | SyntaxKind::IndentedString
            | SyntaxKind::Uri
            | SyntaxKind::List
            | SyntaxKind::AttrSet
            | SyntaxKind::Path
    );
    let description = match culprit.description.split_once(": ") {
        Some((what, _)) if is_literal => what,
        _ => &culprit.description,
    };
    let mut what = format!("this is {description}");
    match place.role {
        Role::Interpolated(whole) => widen(diagnostic, text.span(whole), &what),
        Role::Function(_) | Role::Condition => widen(diagnostic, text.span(place.node), &what),
        Role::Result(call, count) => {
            let end = text.child(call, count).unwrap_or(call);
            let start = text.pos(call);
            let length = text.pos(end).to_raw() + text.span(end).len - start.to_raw();
            widen(diagnostic, start.span(length), &what);
        }
        Role::Argument(call, index) => {
            if let Some(function) = text.child(call, 0) {
                widen(diagnostic, text.span(function), "");
            }
            if let Part::Argument(_, Some((builtin, parameters))) = culprit.part {
                what = format!("{what}, the argument '{}' of '{builtin}'", parameters[index]);
            }
            label(diagnostic, text.span(place.node), &what);
        }
        Role::Operand(..) | Role::Element(..) | Role::Subject(_) | Role::Value => {
            label(diagnostic, text.span(place.node), &what)
        }
    }
}

/// Widens the primary mark to more of the text.
fn widen(diagnostic: &mut Diagnostic, span: Span, what: &str) {
    if let Some(primary) = &mut diagnostic.primary {
        if primary.span.start == span.start {
            primary.span = span;
        }
        primary.text = what.to_owned();
    }
}

fn label(diagnostic: &mut Diagnostic, span: Span, what: &str) {
    *diagnostic = take(diagnostic).with_label(span, what);
}

/// The argument that a parameter got its value from, and the call: one of those in the trace, in any file.
fn given(
    diagnostic: &Diagnostic,
    texts: &mut Texts<'_>,
    text: &Text,
    lambda: NodeId,
    name: NodeId,
) -> Option<(Arc<Text>, NodeId, NodeId)> {
    // `a: b: c` is called with its arguments in a row.
    let mut outermost = lambda;
    let mut index = 0;
    while let Some(outer) = text.parent(outermost)
        && text.kind(outer) == SyntaxKind::Lambda
        && text.child(outer, 1) == Some(outermost)
    {
        outermost = outer;
        index += 1;
    }
    let own_name = bound_name(text, outermost);
    let places: Vec<Pos> = diagnostic.trace.iter().take(MOST_FRAMES).map(|frame| frame.pos).collect();
    for pos in places.into_iter().filter(|pos| pos.is_some()) {
        let Some(caller) = texts.at(pos) else { continue };
        let Some(call) = caller.starting_at(caller.offset(pos), SyntaxKind::Apply) else { continue };
        let Some(function) = caller.child(call, 0) else { continue };
        let is_same_text = caller.pos(caller.root()) == text.pos(text.root());
        let is_called = match is_same_text {
            true => text.origin(function).0 == outermost,
            // From another file the function can be told by its name only.
            false => own_name.is_some() && last_name(&caller, function) == own_name,
        };
        let Some(argument) = caller.child(call, index + 1).filter(|_| is_called) else { continue };
        if text.child(lambda, 0).is_some_and(|parameter| text.kind(parameter) == SyntaxKind::Formals) {
            let (_, value) = caller.attribute(argument, text.bytes(name))?;
            return Some((caller, call, value?));
        }
        return Some((caller, call, argument));
    }
    None
}

/// The name that a function is defined by.
fn bound_name(text: &Text, lambda: NodeId) -> Option<&[u8]> {
    let around = std::iter::once(lambda).chain(text.ancestors(lambda));
    let binding =
        around.into_iter().find(|&node| !matches!(text.kind(node), SyntaxKind::Lambda | SyntaxKind::Paren))?;
    let path = text.child(binding, 0).filter(|_| text.kind(binding) == SyntaxKind::Binding)?;
    text.name(text.children(path).last()?)
}

/// The name that an expression such as `a.b.name` ends in.
fn last_name(text: &Text, node: NodeId) -> Option<&[u8]> {
    match text.kind(node) {
        SyntaxKind::Select => text.name(text.children(text.child(node, 1)?).last()?),
        _ => text.name(node),
    }
}

/// A variable that a `with` has, too, but that `let` or a function defines.
fn hidden_by_let(text: &Text, node: NodeId) -> Option<String> {
    let node = text.bare(node);
    if text.kind(node) != SyntaxKind::Ident {
        return None;
    }
    let name = text.bytes(node);
    let scope = text.definition(node, name)?.scope;
    let inner = text.ancestors(node).take_while(|&outer| outer != scope);
    let with = inner.into_iter().find(|&outer| {
        let subject = text.child(outer, 0).filter(|_| text.kind(outer) == SyntaxKind::With);
        subject.is_some_and(|subject| text.attribute(subject, name).is_some())
    })?;
    let (subject, name) = (text.quote(text.child(with, 0)?)?, String::from_utf8_lossy(name));
    Some(format!(
        "'{subject}' has a '{name}', too, but a variable that is defined around 'with' comes first: \
         write '{subject}.{name}' for the attribute"
    ))
}

/// `[ f x ]` in a call or a definition on the way to the error, where the function itself was the wrong value. If there is
/// none, it may be the only such list in the text.
fn call_in_list(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>, culprit: &Culprit) {
    let primary = diagnostic.primary.iter().map(|label| label.span.start);
    let frames = diagnostic.trace.iter().take(MOST_FRAMES).map(|frame| frame.pos);
    let places: Vec<Pos> = primary.chain(frames).filter(|pos| pos.is_some()).collect();
    for &pos in &places {
        let Some(text) = texts.at(pos) else { continue };
        let offset = text.offset(pos);
        let innermost = text.innermost(offset);
        let around = text
            .starting_at(offset, SyntaxKind::Apply)
            .or_else(|| text.ancestors(innermost).take(2).find(|&node| text.kind(node) == SyntaxKind::Binding));
        let lists = around.into_iter().flat_map(|node| text.children(node)).map(|child| text.bare(child));
        let found = lists.filter_map(|list| function_in_list(&text, list, culprit)).next();
        if let Some((list, index)) = found {
            return say_parentheses(diagnostic, &text, list, index, culprit);
        }
    }
    let Some(text) = places.first().and_then(|&pos| texts.at(pos)) else { return };
    let mut found = text.nodes().filter_map(|list| function_in_list(&text, list, culprit));
    if let (Some((list, index)), None) = (found.next(), found.next()) {
        say_parentheses(diagnostic, &text, list, index, culprit);
    }
}

/// The place in a list of the function that is the culprit, if something follows it.
fn function_in_list(text: &Text, list: NodeId, culprit: &Culprit) -> Option<(NodeId, usize)> {
    if text.kind(list) != SyntaxKind::List {
        return None;
    }
    let name = culprit.description.strip_suffix('\'')?.rsplit('\'').next()?;
    let count = text.children(list).count();
    let index = text.children(list).take(count.saturating_sub(1)).position(|element| {
        last_name(text, element) == Some(name.as_bytes()) && {
            let origin = text.origin(element).0;
            match text.kind(origin) {
                SyntaxKind::Lambda => text.pos(origin) == culprit.written,
                // It is not known what the name means.
                kind => matches!(kind, SyntaxKind::Ident | SyntaxKind::Select),
            }
        }
    })?;
    Some((list, index))
}

fn say_parentheses(diagnostic: &mut Diagnostic, text: &Text, list: NodeId, index: usize, culprit: &Culprit) {
    let Some(element) = text.child(list, index) else { return };
    let Some(hint) = forgotten_parentheses(text, element, culprit, Role::Element(list, index)) else { return };
    let is_marked = diagnostic.secondary.iter().any(|label| label.span.start == text.pos(element));
    if !is_marked {
        label(diagnostic, text.span(element), "this function is an element of the list");
    }
    diagnostic.hints = vec![hint];
}

/// Shows where a set or function is written that is from another file.
fn show_written(diagnostic: &mut Diagnostic, texts: &mut Texts<'_>, text: &Text, culprit: &Culprit) {
    let Some(other) = texts.at(culprit.written).filter(|_| culprit.written.is_some()) else { return };
    if other.pos(other.root()) == text.pos(text.root()) || texts.is_internal(culprit.written) {
        return;
    }
    match culprit.type_name {
        "lambda" => label(diagnostic, culprit.written.span(0), "the function is written here"),
        _ => show_set(diagnostic, texts),
    }
}

/// Whether an error says that a list, and not something else, was wanted.
pub(super) fn is_list_wanted(code: Code, builtin: &str) -> bool {
    let takes_list = matches!(
        builtin,
        "map"
            | "filter"
            | "length"
            | "head"
            | "tail"
            | "elemAt"
            | "elem"
            | "all"
            | "any"
            | "concatMap"
            | "concatLists"
            | "foldl'"
            | "sort"
            | "partition"
            | "groupBy"
            | "concatStringsSep"
    );
    code == Code::TypeMismatch && takes_list
}
