//! Lints about names: what is bound and not used, what hides something else.
//!
//! They look at the parser's record, apart from lowering, and only if one of them is on. Each look-up takes constant
//! time, as every binding knows the one of the same name that it hides.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::names_in_order::static_name;
use super::{Lint, LintLevel, Lints};
use crate::diagnostics::{Diagnostic, Pos, Span};
use crate::stack;
use crate::syntax::{NodeId, Parse, SyntaxKind};

/// What the lints need besides the record.
pub(crate) struct NameLinting<'a> {
    pub(crate) parse: &'a Parse,
    /// The position of the first byte of the source.
    pub(crate) base: Pos,
    pub(crate) lints: Lints,
    /// Whether a name is one of the builtins that need no `builtins.` before them.
    pub(crate) is_global: &'a dyn Fn(&[u8]) -> bool,
    /// The names that stand around the program.
    pub(crate) root: Vec<Vec<u8>>,
}

/// What the lints find in a file without syntax errors, in the order of the text: warnings, and errors where the level
/// of the lint says so.
pub(crate) fn lint_names(context: NameLinting<'_>) -> Vec<Diagnostic> {
    let mut finder = Finder {
        innermost: FxHashMap::default(),
        bindings: Vec::new(),
        scopes: Vec::new(),
        withs: Vec::new(),
        found: Vec::new(),
        context: &context,
    };
    finder.enter(context.root.iter().map(|name| New { name: name[..].into(), node: None, role: Role::Attribute }));
    finder.visit(context.parse.root());
    let mut found = finder.found;
    found.sort_by_key(|&(start, _)| start);
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// What a name is bound as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A variable of `let`.
    Variable,
    /// A variable of `let` that has the value of the outer one of its name.
    Copy,
    /// An argument that is written without braces.
    Argument,
    /// An argument in braces.
    Formal,
    /// The name of all arguments together.
    Whole,
    /// An attribute of a `rec` set, or a name from outside: it may be used elsewhere.
    Attribute,
}

/// A name that is about to be bound.
struct New<'a> {
    name: Cow<'a, [u8]>,
    /// Where it is written.
    node: Option<NodeId>,
    role: Role,
}

struct Bound<'a> {
    new: New<'a>,
    is_used: bool,
    /// The binding that this one hides; `NOWHERE` if there is none.
    hidden: u32,
}

const NOWHERE: u32 = u32::MAX;

struct Finder<'a> {
    context: &'a NameLinting<'a>,
    /// The innermost binding of each name, by its index in `bindings`.
    innermost: FxHashMap<Cow<'a, [u8]>, u32>,
    bindings: Vec<Bound<'a>>,
    /// For each open scope, where its bindings begin.
    scopes: Vec<usize>,
    /// For each open `with`, whether a variable may come from it.
    withs: Vec<bool>,
    /// With the offset in the source.
    found: Vec<(u32, Diagnostic)>,
}

impl<'a> Finder<'a> {
    fn parse(&self) -> &'a Parse {
        self.context.parse
    }

    fn visit(&mut self, node: NodeId) {
        stack::grow_if_needed(|| self.visit_here(node));
    }

    fn visit_all(&mut self, nodes: impl Iterator<Item = NodeId>) {
        nodes.for_each(|node| self.visit(node));
    }

    fn visit_here(&mut self, node: NodeId) {
        let parse = self.parse();
        match parse.kind(node) {
            SyntaxKind::Ident => self.use_name(parse.text(node), usize::MAX),
            SyntaxKind::SearchPath => {
                self.use_name(b"__findFile", usize::MAX);
                self.use_name(b"__nixPath", usize::MAX);
            }
            SyntaxKind::AttrPath => {
                // A name in a path is no variable.
                self.visit_all(parse.children(node).filter(|&name| parse.kind(name) != SyntaxKind::Ident));
            }
            SyntaxKind::AttrSet => match parse.is_rec(node) {
                true => self.scope(node, Role::Attribute),
                false => self.bindings(node, false),
            },
            SyntaxKind::LegacyLet => self.scope(node, Role::Attribute),
            SyntaxKind::LetIn => self.scope(node, Role::Variable),
            SyntaxKind::Lambda => self.lambda(node),
            SyntaxKind::With => self.with(node),
            _ => self.visit_all(parse.children(node)),
        }
    }

    /// Bindings that see each other, and for `let` its body.
    fn scope(&mut self, node: NodeId, role: Role) {
        let names = self.bound_names(node, role);
        self.enter(names.into_iter());
        self.bindings(node, true);
        self.leave();
    }

    /// What is bound to names. `inherit` without source looks outside of the scope that the bindings make.
    fn bindings(&mut self, node: NodeId, is_scope: bool) {
        let parse = self.parse();
        let outside = match is_scope {
            true => self.scopes.last().copied().unwrap_or(0),
            false => usize::MAX,
        };
        for child in parse.children(node) {
            match parse.kind(child) {
                SyntaxKind::Inherit => {
                    for name in parse.children(child).filter_map(|name| static_name(parse, name)) {
                        self.use_name(&name, outside);
                    }
                }
                SyntaxKind::InheritFrom => self.visit_all(parse.children(child).take(1)),
                _ => self.visit(child),
            }
        }
    }

    /// The names that a `let` or `rec` set binds, each once.
    fn bound_names(&self, node: NodeId, role: Role) -> Vec<New<'a>> {
        let parse = self.parse();
        let mut names = Vec::new();
        let mut seen = rustc_hash::FxHashSet::default();
        let mut add = |node: NodeId, role: Role| {
            if let Some(name) = static_name(parse, node)
                && seen.insert(name.clone())
            {
                names.push(New { name, node: Some(node), role });
            }
        };
        for child in parse.children(node) {
            let mut parts = parse.children(child);
            match parse.kind(child) {
                SyntaxKind::Binding => {
                    if let Some(name) = parts.next().and_then(|path| parse.children(path).next()) {
                        add(name, role);
                    }
                }
                SyntaxKind::Inherit | SyntaxKind::InheritFrom => {
                    let source = match parse.kind(child) {
                        SyntaxKind::InheritFrom => parts.next(),
                        _ => None,
                    };
                    let is_copy = source.is_none_or(|source| is_builtins(parse, source));
                    let role = if is_copy && role == Role::Variable { Role::Copy } else { role };
                    parts.for_each(|name| add(name, role));
                }
                _ => {}
            }
        }
        names
    }

    fn lambda(&mut self, node: NodeId) {
        let parse = self.parse();
        let mut children = parse.children(node);
        let Some(parameter) = children.next() else { return };
        let new = |node: NodeId, role| New { name: parse.text(node).into(), node: Some(node), role };
        if parse.kind(parameter) != SyntaxKind::Formals {
            self.enter(std::iter::once(new(parameter, Role::Argument)));
        } else {
            self.enter(parse.children(parameter).filter_map(|child| match parse.kind(child) {
                SyntaxKind::Formal => Some(new(parse.children(child).next()?, Role::Formal)),
                _ => Some(new(child, Role::Whole)),
            }));
            for formal in parse.children(parameter) {
                self.visit_all(parse.children(formal).skip(1));
            }
        }
        self.visit_all(children);
        self.leave();
    }

    fn with(&mut self, node: NodeId) {
        let mut children = self.parse().children(node);
        self.visit_all(children.by_ref().take(1));
        self.withs.push(false);
        self.visit_all(children);
        let is_used = self.withs.pop().unwrap_or(true);
        if !is_used {
            let start = self.parse().start(node);
            let span = self.context.base.offset(start).span(b"with".len() as u32);
            let message = "no variable is looked up through this 'with'".to_owned();
            self.report(Lint::UnusedWith, start, message, |found| found.at(span, "").with_hint("remove it"));
        }
        // What is not in this set is looked up in the one around it.
        if let Some(outer) = self.withs.last_mut() {
            *outer |= is_used;
        }
    }

    /// Notes that a variable is used. Bindings from `limit` on are not looked at.
    fn use_name(&mut self, name: &[u8], limit: usize) {
        let mut at = self.innermost.get(name).copied().unwrap_or(NOWHERE);
        while let Some(bound) = self.bindings.get_mut(at as usize) {
            // At most one binding of the innermost scope is passed.
            if (at as usize) < limit {
                bound.is_used = true;
                return;
            }
            at = bound.hidden;
        }
        if let Some(innermost) = self.withs.last_mut()
            && name != b"__curPos"
            && !(self.context.is_global)(name)
        {
            *innermost = true;
        }
    }

    fn enter(&mut self, names: impl Iterator<Item = New<'a>>) {
        self.scopes.push(self.bindings.len());
        for new in names {
            let innermost = self.innermost.entry(new.name.clone()).or_insert(NOWHERE);
            let hidden = std::mem::replace(innermost, self.bindings.len() as u32);
            self.report_shadowed(&new, hidden);
            self.bindings.push(Bound { new, is_used: false, hidden });
        }
    }

    fn leave(&mut self) {
        let start = self.scopes.pop().unwrap_or(0);
        let left = self.bindings.split_off(start);
        // Whoever takes all arguments together may use any of them.
        let uses_whole = left.iter().any(|bound| bound.new.role == Role::Whole && bound.is_used);
        for bound in left.into_iter().rev() {
            self.innermost.insert(bound.new.name.clone(), bound.hidden);
            let may_be_used = bound.is_used || uses_whole && bound.new.role == Role::Formal;
            if !may_be_used {
                self.report_unused(&bound.new);
            }
        }
    }

    fn report_unused(&mut self, new: &New<'a>) {
        let (lint, hint) = match new.role {
            Role::Attribute => return,
            Role::Variable | Role::Copy => (Lint::UnusedBinding, "remove it".to_owned()),
            Role::Formal => (Lint::UnusedArgument, "remove it; '...' accepts it from callers that give it".to_owned()),
            Role::Whole => (Lint::UnusedArgument, "remove it and its '@'".to_owned()),
            Role::Argument => (Lint::UnusedArgument, format!("call it '_{}'", String::from_utf8_lossy(&new.name))),
        };
        let Some(node) = new.node.filter(|_| !is_marked_unused(&new.name)) else { return };
        let span = self.span(node);
        let kind = if lint == Lint::UnusedBinding { "variable" } else { "argument" };
        let message = format!("the {kind} '{}' is never used", String::from_utf8_lossy(&new.name));
        self.report(lint, self.parse().start(node), message, |found| found.at(span, "").with_hint(hint));
    }

    fn report_shadowed(&mut self, new: &New<'a>, hidden: u32) {
        if matches!(new.role, Role::Attribute | Role::Copy) || is_marked_unused(&new.name) {
            return;
        }
        let Some(node) = new.node else { return };
        let name = String::from_utf8_lossy(&new.name);
        let kind = if new.role == Role::Variable { "variable" } else { "argument" };
        let (message, first) = match self.bindings.get(hidden as usize) {
            Some(bound) => (format!("the {kind} '{name}' hides another '{name}'"), bound.new.node),
            None if (self.context.is_global)(&new.name) => {
                (format!("the {kind} '{name}' hides the builtin '{name}'"), None)
            }
            None => return,
        };
        let (span, first) = (self.span(node), first.map(|first| self.span(first)));
        self.report(Lint::ShadowedName, self.parse().start(node), message, |found| {
            let found = found.at(span, "").with_hint("give it another name");
            first.into_iter().fold(found, |found, first| found.with_label(first, "this one"))
        });
    }

    fn span(&self, node: NodeId) -> Span {
        let range = self.parse().range(node);
        self.context.base.offset(range.start).span(range.end.saturating_sub(range.start))
    }

    /// Adds what a lint has found, as loud as its level is.
    fn report(&mut self, lint: Lint, start: u32, message: String, complete: impl FnOnce(Diagnostic) -> Diagnostic) {
        let diagnostic = match self.context.lints.level(lint) {
            LintLevel::Ignore => return,
            LintLevel::Warn => Diagnostic::warning(lint.code(), message),
            LintLevel::Fatal => Diagnostic::error(lint.code(), message),
        };
        self.found.push((start, complete(diagnostic)));
    }
}

/// Whether a name says that it may be unused, or is one that the language looks for.
fn is_marked_unused(name: &[u8]) -> bool {
    name.starts_with(b"_")
}

fn is_builtins(parse: &Parse, mut node: NodeId) -> bool {
    while parse.kind(node) == SyntaxKind::Paren {
        let Some(inner) = parse.children(node).next() else { break };
        node = inner;
    }
    parse.kind(node) == SyntaxKind::Ident && parse.text(node) == b"builtins"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Features, parse};

    /// What the lints find in a program: the code and what is marked.
    fn found(program: &str) -> String {
        let parse = parse(program.as_bytes(), Features::default());
        assert!(parse.errors().is_empty(), "{program}");
        let context = NameLinting {
            parse: &parse,
            base: Pos::from_raw(1),
            lints: Lint::ALL.into_iter().fold(Lints::default(), |lints, lint| lints.with(lint, LintLevel::Warn)),
            is_global: &|name| [&b"map"[..], b"builtins", b"__findFile", b"__nixPath"].contains(&name),
            root: vec![b"root".to_vec()],
        };
        let found = lint_names(context).into_iter().map(|found| {
            let span = found.primary.expect("it has a place").span;
            let start = span.start.to_raw() as usize - 1;
            format!("{} {}", found.code, &program[start..start + span.len as usize])
        });
        found.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn unused_names() {
        for (program, expected) in [
            ("let a = 1; b = a; in b", ""),
            ("let a = 1; b = 2; in b", "W0007 a"),
            ("let _a = 1; in 2", ""),
            ("let a.b = 1; a.c = 2; in 3", "W0007 a"),
            ("let \"a b\" = 1; in 3", "W0007 \"a b\""),
            ("let a = 1; in { inherit a; }", ""),
            ("let a = 1; in { b.a = 2; }.a", "W0007 a"),
            ("let a = 1; in ({ }).${a} or 2", ""),
            ("let a = 1; in \"x ${toString a}\"", ""),
            ("let inherit (root) a b; in a", "W0007 b"),
            ("let inherit root; in 1", "W0007 root"),
            ("rec { a = 1; b = 2; }", ""),
            ("let { a = 1; body = 2; }", ""),
            ("x: y: y", "W0008 x"),
            ("_: _x: 1", ""),
            ("{ a, b ? a, c }: c", "W0008 b"),
            ("{ a, b }@all: all", ""),
            ("all@{ a, b }: a", "W0008 all, W0008 b"),
            ("let a = 1; in let inherit a; in a", ""),
        ] {
            assert_eq!(found(program), expected, "{program}");
        }
    }

    #[test]
    fn unused_with() {
        for (program, expected) in [
            ("with root; a", ""),
            ("with root; map", "W0009 with"),
            ("with root; 1", "W0009 with"),
            ("let a = 1; in with root; a", "W0009 with"),
            ("with root; with root; a", ""),
            ("with root; with a; 1", "W0009 with"),
            ("with root; { inherit a; }", ""),
            ("with root; rec { a = 1; inherit b; }", ""),
            ("with root; rec { a = 1; b = a; }", "W0009 with"),
            ("with root; __curPos", "W0009 with"),
        ] {
            assert_eq!(found(program), expected, "{program}");
        }
    }

    #[test]
    fn hidden_names() {
        for (program, expected) in [
            ("let a = 1; in let a = 2; in a", "W0007 a, W0010 a"),
            ("x: x: x", "W0008 x, W0010 x"),
            ("map: map", "W0010 map"),
            ("let inherit (builtins) map; in map", ""),
            ("let inherit (root) map; in map", "W0010 map"),
            ("rec { map = 1; }", ""),
            ("rec { a = a: a; }", "W0010 a"),
            ("root: root", "W0010 root"),
            ("let f = x: x; g = x: x; in f g", ""),
            ("{ a }: [ a ({ a }: a) ]", "W0010 a"),
        ] {
            assert_eq!(found(program), expected, "{program}");
        }
    }

    #[test]
    fn deep_and_wide_programs_are_looked_at_in_linear_time() {
        let deep = format!("{}1{}", "(x: ".repeat(100_000), ")".repeat(100_000));
        assert_eq!(found(&deep).split(", ").filter(|found| found.starts_with("W0008")).count(), 100_000);
        let wide: String = (0..100_000).map(|n| format!("a{n} = {n};")).collect();
        assert_eq!(found(&format!("let {wide} in 1")).split(", ").count(), 100_000);
        let withs = format!("{}a", "with root; ".repeat(100_000));
        assert_eq!(found(&withs), "");
    }
}
