//! What may have been meant where a value has the wrong type.

use super::text::Text;
use super::values::{Place, Role, is_builtin, is_list_wanted};
use crate::diagnostics::{Code, Culprit, Part};
use crate::syntax::{BinaryOperator, NodeId, SyntaxKind};

/// What to do about a value of the wrong type in this place. `origin` is the expression that it comes from.
pub(super) fn hint(text: &Text, place: Place, origin: NodeId, culprit: &Culprit, code: Code) -> Option<String> {
    if text.kind(origin) == SyntaxKind::Uri && culprit.type_name == "string" {
        let url = text.quote(origin)?;
        let (parameter, body) = url.split_once(':')?;
        return Some(format!("'{url}' is a URL, and so a string: a function has a blank in it, '{parameter}: {body}'"));
    }
    match place.role {
        Role::Operand(operator, index) => operand(text, operator, index, place.node, culprit),
        Role::Function(call) => called(text, call, culprit),
        Role::Result(call, count) => too_many_arguments(text, call, count),
        Role::Argument(_, index) => forgotten_parentheses(text, place.node, culprit, place.role)
            .or_else(|| argument(text, place.node, index, culprit, code)),
        Role::Element(..) => forgotten_parentheses(text, place.node, culprit, place.role),
        Role::Condition => condition(text, place.node, culprit),
        Role::Subject(path) => subject(text, place.node, path, culprit),
        Role::Interpolated(_) | Role::Value => None,
    }
}

/// A function followed by what looks like its argument, in a list or among the arguments of a call.
pub(super) fn forgotten_parentheses(text: &Text, node: NodeId, culprit: &Culprit, role: Role) -> Option<String> {
    if culprit.type_name != "lambda" || !matches!(text.kind(node), SyntaxKind::Ident | SyntaxKind::Select) {
        return None;
    }
    let row = text.parent(node)?;
    let mut after = text.children(row).skip_while(|&one| one != node).skip(1);
    let next = after.next()?;
    let function = text.quote(node)?;
    // A set after it is likely to be another argument.
    let more = after.next().is_some_and(|more| text.kind(more) == SyntaxKind::AttrSet);
    let call = match text.quote(next) {
        Some(next) if !more => format!("({function} {next})"),
        Some(next) => format!("({function} {next} …)"),
        None => format!("({function} …)"),
    };
    Some(match role {
        Role::Element(..) => format!("elements of a list are separated by blanks: to call '{function}', write {call}"),
        _ => format!("arguments are separated by blanks: to call '{function}' first, write {call}"),
    })
}

fn operand(text: &Text, operator: NodeId, index: usize, node: NodeId, culprit: &Culprit) -> Option<String> {
    let operands = text.children(operator);
    if let Some(path) = operands.into_iter().map(|one| text.bare(one)).find(|&one| is_division(text, one)) {
        let path = text.quote(path)?;
        let (left, right) = path.rsplit_once('/')?;
        return Some(format!("'{path}' is a path; for a division put blanks around '/': {left} / {right}"));
    }
    let quote = text.quote(node).unwrap_or_else(|| "…".to_owned());
    match (text.parse().binary_op(operator), culprit.type_name) {
        (BinaryOperator::Sub, "lambda") if index == 0 => {
            let number = text.child(operator, 1)?;
            let is_close = text.before(number).ends_with(b"-") && text.before(number).ends_with(b" -");
            let number = text.quote(number).filter(|_| is_close)?;
            Some(format!("this is a subtraction; put a negative argument in parentheses: {quote} (-{number})"))
        }
        (BinaryOperator::Add, "list") => Some("'++' joins lists".to_owned()),
        (BinaryOperator::Add, "set") => Some("'//' merges sets".to_owned()),
        (BinaryOperator::Concat, "string") => {
            Some(format!("'++' joins lists, '+' joins strings; a list of one element is [ {quote} ]"))
        }
        (BinaryOperator::Concat, "int" | "float" | "bool" | "path") => {
            Some(format!("'++' joins lists; a list of one element is [ {quote} ]"))
        }
        (BinaryOperator::Concat, "set") => Some(format!("a list of one element is [ {quote} ]; '//' merges sets")),
        (BinaryOperator::Update, "list") => Some("'++' joins lists".to_owned()),
        (BinaryOperator::Update, "null") => Some("to add nothing, write { }".to_owned()),
        (BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Implies, _) => comparison(&quote, culprit),
        (
            BinaryOperator::Less | BinaryOperator::LessEqual | BinaryOperator::Greater | BinaryOperator::GreaterEqual,
            "string",
        ) => Some(
            "'builtins.fromJSON' makes a number of a string of digits, 'builtins.compareVersions' compares versions"
                .to_owned(),
        ),
        _ => None,
    }
}

/// A path such as `total/parts`.
fn is_division(text: &Text, node: NodeId) -> bool {
    let starts_like_a_path = |path: &[u8]| path.starts_with(b".") || path.starts_with(b"/") || path.starts_with(b"~");
    text.kind(node) == SyntaxKind::Path && !starts_like_a_path(text.bytes(node))
}

/// Something called that is no function.
fn called(text: &Text, call: NodeId, culprit: &Culprit) -> Option<String> {
    let function = text.child(call, 0)?;
    let first = text.child(call, 1)?;
    if text.kind(function) == SyntaxKind::Select
        && let Some(default) = text.child(function, 2)
    {
        let rest = match (text.quote(default), text.quote(first)) {
            (Some(default), Some(first)) => format!("({default} {first})"),
            _ => "(…)".to_owned(),
        };
        return Some(format!("'or' takes only what is next to it: put the whole default in parentheses: or {rest}"));
    }
    let quote = text.quote(function)?;
    if culprit.type_name == "list"
        && text.kind(first) == SyntaxKind::Float
        && let Some(index) = text.quote(first)?.strip_prefix('.')
    {
        return Some(format!("an element of a list is had with 'builtins.elemAt {quote} {index}'"));
    }
    let on_other_line =
        text.before(first).rsplit(|&byte| byte == b'\n').next().is_some_and(|line| line.trim_ascii().is_empty());
    if on_other_line {
        return Some(
            "what follows in the next line is taken as its argument: is a ';' or an operator missing?".to_owned(),
        );
    }
    match culprit.type_name {
        "set" => {
            Some("select the function that is in the set; a set itself can be called if it has '__functor'".to_owned())
        }
        _ => None,
    }
}

fn too_many_arguments(text: &Text, call: NodeId, count: usize) -> Option<String> {
    let function = text.quote(text.child(call, 0)?)?;
    let given = text.children(call).count().checked_sub(1)?;
    let arguments = if count == 1 { "argument" } else { "arguments" };
    Some(format!("'{function}' has its result after {count} {arguments}, but the call gives {given}"))
}

/// An argument of a builtin.
fn argument(text: &Text, node: NodeId, index: usize, culprit: &Culprit, code: Code) -> Option<String> {
    let Part::Argument(_, Some((builtin, parameters))) = culprit.part else { return None };
    let inner = text.origin(node).0;
    if culprit.type_name == "null"
        && text.kind(inner) == SyntaxKind::Apply
        && text.child(inner, 0).is_some_and(|function| is_builtin(text, function, "match"))
    {
        return Some("'builtins.match' gives null if the text as a whole does not match".to_owned());
    }
    if culprit.type_name == "set" && is_list_wanted(code, builtin) && index + 1 == parameters.len() {
        return Some(match builtin {
            "map" => "'builtins.mapAttrs' goes over a set, 'builtins.attrValues' makes a list of its values".to_owned(),
            "length" => "'builtins.attrNames' makes a list of the names of a set".to_owned(),
            _ => "a list of one element is [ … ]; 'builtins.attrValues' makes a list of the values of a set".to_owned(),
        });
    }
    if culprit.type_name == "path" && code == Code::TypeMismatch && matches!(parameters[index], "text" | "string") {
        return Some("'builtins.readFile' gives the text of a file".to_owned());
    }
    if culprit.type_name == "list" && builtin == "stringLength" {
        return Some("'builtins.length' counts the elements of a list".to_owned());
    }
    if culprit.type_name == "float" && code == Code::TypeMismatch {
        return Some("'builtins.floor' and 'builtins.ceil' make an integer of a float".to_owned());
    }
    match parameters {
        [] | [_] => None,
        _ if culprit.type_name == "lambda" => None,
        _ => Some(format!("the arguments of '{builtin}' are, in this order: {}", parameters.join(", "))),
    }
}

fn condition(text: &Text, node: NodeId, culprit: &Culprit) -> Option<String> {
    comparison(&text.quote(node)?, culprit)
}

/// What makes a Boolean of a value.
fn comparison(quote: &str, culprit: &Culprit) -> Option<String> {
    let nothing = match culprit.type_name {
        "int" => "0",
        "null" => "null",
        "list" => "[ ]",
        "set" => "{ }",
        "string" => "\"\"",
        _ => return None,
    };
    Some(format!("no other value counts as true or false: compare it, as in '{quote} != {nothing}'"))
}

/// Something that has no attributes.
fn subject(text: &Text, node: NodeId, path: NodeId, culprit: &Culprit) -> Option<String> {
    let (quote, path) = (text.quote(node)?, text.quote(path)?);
    match culprit.type_name {
        "null" => Some(format!("with a default, it can be left out: {quote}.{path} or …")),
        "list" => Some(format!("to select it from each element, write: map (element: element.{path}) {quote}")),
        "string" if matches!(text.kind(node), SyntaxKind::String | SyntaxKind::IndentedString) => {
            Some("'.' selects an attribute; '+' joins strings".to_owned())
        }
        "path" => Some("'import' gives the value of the file at a path".to_owned()),
        _ => None,
    }
}
