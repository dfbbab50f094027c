//! Writing an expression as `nix-instantiate --parse` does: fully bracketed, with sugar removed, attribute
//! paths merged and relative paths made absolute.

use super::SymbolTable;
use super::bindings::{BindingSets, Bindings, Bound, DynamicBinding, Reader, SetId};
use super::names_in_order::{NamesInOrder, static_name};
use crate::builtins::text::float::print_float;
use crate::builtins::text::path::join;
use crate::builtins::text::string_literal::{write_attribute_name, write_string_literal};
use crate::diagnostics::Pos;
use crate::heap::Symbol;
use crate::stack;
use crate::syntax::decode::{self, Part};
use crate::syntax::{BinaryOperator, NodeId, Parse, SyntaxKind, UnaryOperator};

/// Writes the expression of a file without syntax errors.
pub(crate) fn show(parse: &Parse, symbols: &mut SymbolTable<'_>, base_dir: &[u8], home: Option<&[u8]>) -> Vec<u8> {
    let mut writer = Writer { parse, symbols, sets: BindingSets::default(), base_dir, home, out: Vec::new() };
    writer.expr(parse.root());
    writer.out
}

struct Writer<'a, 'h> {
    parse: &'a Parse,
    symbols: &'a mut SymbolTable<'h>,
    sets: BindingSets,
    base_dir: &'a [u8],
    home: Option<&'a [u8]>,
    out: Vec<u8>,
}

impl Writer<'_, '_> {
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn name(&mut self, name: Symbol) {
        write_attribute_name(&mut self.out, self.symbols.bytes(name));
    }

    fn child(&self, node: NodeId, index: usize) -> Option<NodeId> {
        self.parse.children(node).nth(index)
    }

    fn expr_at(&mut self, node: NodeId, index: usize) {
        if let Some(child) = self.child(node, index) {
            self.expr(child);
        }
    }

    fn expr(&mut self, node: NodeId) {
        stack::grow_if_needed(|| self.expr_here(node));
    }

    fn expr_here(&mut self, node: NodeId) {
        let parse = self.parse;
        match parse.kind(node) {
            SyntaxKind::Paren => self.expr_at(node, 0),
            SyntaxKind::Int => self.text(&decode::int(parse, node).unwrap_or(0).to_string()),
            SyntaxKind::Float => self.text(&print_float(decode::float(parse, node).unwrap_or(0.0))),
            SyntaxKind::Uri => write_string_literal(&mut self.out, parse.text(node)),
            SyntaxKind::Ident => write_attribute_name(&mut self.out, parse.text(node)),
            SyntaxKind::String | SyntaxKind::IndentedString => self.string(node),
            SyntaxKind::Path => self.path(node),
            SyntaxKind::SearchPath => {
                self.text("(__findFile __nixPath ");
                let text = parse.text(node);
                write_string_literal(&mut self.out, &text[1..text.len() - 1]);
                self.text(")");
            }
            SyntaxKind::List => {
                self.text("[ ");
                for element in parse.children(node) {
                    self.text("(");
                    self.expr(element);
                    self.text(") ");
                }
                self.text("]");
            }
            SyntaxKind::AttrSet => {
                let set = self.read(node, parse.is_rec(node));
                self.set(set);
            }
            SyntaxKind::LegacyLet => {
                let set = self.read(node, true);
                self.text("(");
                self.set(set);
                self.text(").body");
            }
            SyntaxKind::LetIn => {
                let set = self.read(node, false);
                self.text("(let ");
                self.bindings(set);
                self.text("in ");
                if let Some(body) = parse.children(node).last() {
                    self.expr(body);
                }
                self.text(")");
            }
            SyntaxKind::Lambda => self.lambda(node),
            SyntaxKind::Apply => {
                self.text("(");
                for (index, part) in parse.children(node).enumerate() {
                    if index > 0 {
                        self.text(" ");
                    }
                    self.expr(part);
                }
                self.text(")");
            }
            SyntaxKind::Select => self.select(node),
            SyntaxKind::HasAttr => {
                self.text("((");
                self.expr_at(node, 0);
                self.text(") ? ");
                self.attr_path(node);
                self.text(")");
            }
            SyntaxKind::Binary => self.binary(node),
            SyntaxKind::Unary => {
                self.text(match parse.unary_op(node) {
                    UnaryOperator::Not => "(! ",
                    UnaryOperator::Negate => "(__sub 0 ",
                });
                self.expr_at(node, 0);
                self.text(")");
            }
            SyntaxKind::If => self.words(node, &["(if ", " then ", " else ", ")"]),
            SyntaxKind::With => self.words(node, &["(with ", "; ", ")"]),
            SyntaxKind::Assert => self.words(node, &["assert ", "; ", ""]),
            // Nothing else is an expression, and files with errors are not shown.
            _ => {}
        }
    }

    /// Children with words between them.
    fn words(&mut self, node: NodeId, words: &[&str]) {
        for (index, word) in words.iter().enumerate() {
            self.text(word);
            if index + 1 < words.len() {
                self.expr_at(node, index);
            }
        }
    }

    fn string(&mut self, node: NodeId) {
        match decode::plain_string(self.parse, node) {
            Some(text) => write_string_literal(&mut self.out, &text),
            None => {
                let parts = decode::string_parts(self.parse, node);
                self.sum(parts, None);
            }
        }
    }

    /// `("a" + b)`, after `first` if there is one.
    fn sum(&mut self, parts: Vec<Part<'_>>, first: Option<&[u8]>) {
        self.text("(");
        if let Some(first) = first {
            self.out.extend_from_slice(first);
        }
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 || first.is_some() {
                self.text(" + ");
            }
            match part {
                Part::Text(text) => write_string_literal(&mut self.out, &text),
                Part::Interpolation(inner, _) => self.expr(inner),
            }
        }
        self.text(")");
    }

    fn path(&mut self, node: NodeId) {
        let mut parts = decode::string_parts(self.parse, node);
        let mut root = match parts.first() {
            Some(Part::Text(text)) => match text.strip_prefix(b"~") {
                Some(below) => [self.home.unwrap_or_default(), below].concat(),
                None => join(self.base_dir, text),
            },
            _ => self.base_dir.to_vec(),
        };
        if parts.len() <= 1 {
            self.out.extend_from_slice(&root);
            return;
        }
        if let Some(Part::Text(text)) = parts.first() {
            if text.ends_with(b"/") && root != b"/" {
                root.push(b'/');
            }
            parts.remove(0);
        }
        self.sum(parts, Some(&root));
    }

    fn select(&mut self, node: NodeId) {
        self.text("(");
        self.expr_at(node, 0);
        self.text(").");
        self.attr_path(node);
        if let Some(default) = self.child(node, 2) {
            self.text(" or (");
            self.expr(default);
            self.text(")");
        }
    }

    /// The path that is the second child.
    fn attr_path(&mut self, node: NodeId) {
        let parse = self.parse;
        let Some(path) = self.child(node, 1) else { return };
        for (index, element) in parse.children(path).enumerate() {
            if index > 0 {
                self.text(".");
            }
            match static_name(parse, element) {
                Some(name) => write_attribute_name(&mut self.out, &name),
                None => {
                    self.text("\"${");
                    self.dynamic_name(element);
                    self.text("}\"");
                }
            }
        }
    }

    fn dynamic_name(&mut self, node: NodeId) {
        match self.parse.kind(node) {
            SyntaxKind::Dynamic => self.expr_at(node, 0),
            _ => self.expr(node),
        }
    }

    fn lambda(&mut self, node: NodeId) {
        let parse = self.parse;
        let Some(parameter) = self.child(node, 0) else { return };
        self.text("(");
        if parse.kind(parameter) == SyntaxKind::Formals {
            self.formals(parameter);
            if let Some(name) = parse.formals_name(parameter) {
                self.text(" @ ");
                write_attribute_name(&mut self.out, parse.text(name));
            }
        } else {
            write_attribute_name(&mut self.out, parse.text(parameter));
        }
        self.text(": ");
        self.expr_at(node, 1);
        self.text(")");
    }

    fn formals(&mut self, node: NodeId) {
        let parse = self.parse;
        let mut formals: Vec<_> = parse
            .children(node)
            .filter(|&child| parse.kind(child) == SyntaxKind::Formal)
            .filter_map(|formal| Some((parse.text(parse.children(formal).next()?), formal)))
            .collect();
        formals.sort_unstable_by_key(|(name, _)| *name);
        self.text("{ ");
        for (index, (name, formal)) in formals.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            write_attribute_name(&mut self.out, name);
            if let Some(default) = self.child(*formal, 1) {
                self.text(" ? ");
                self.expr(default);
            }
        }
        if parse.has_ellipsis(node) {
            self.text(if formals.is_empty() { "..." } else { ", ..." });
        }
        self.text(" }");
    }

    fn binary(&mut self, node: NodeId) {
        let (left, right) = (0, 1);
        let (open, first, between, second, close) = match self.parse.binary_op(node) {
            BinaryOperator::Add => ("(", left, " + ", right, ")"),
            BinaryOperator::Sub => ("(__sub ", left, " ", right, ")"),
            BinaryOperator::Mul => ("(__mul ", left, " ", right, ")"),
            BinaryOperator::Div => ("(__div ", left, " ", right, ")"),
            BinaryOperator::Equal => ("(", left, " == ", right, ")"),
            BinaryOperator::NotEqual => ("(", left, " != ", right, ")"),
            BinaryOperator::Less => ("(__lessThan ", left, " ", right, ")"),
            BinaryOperator::Greater => ("(__lessThan ", right, " ", left, ")"),
            BinaryOperator::LessEqual => ("(! (__lessThan ", right, " ", left, "))"),
            BinaryOperator::GreaterEqual => ("(! (__lessThan ", left, " ", right, "))"),
            BinaryOperator::And => ("(", left, " && ", right, ")"),
            BinaryOperator::Or => ("(", left, " || ", right, ")"),
            BinaryOperator::Implies => ("(", left, " -> ", right, ")"),
            BinaryOperator::Concat => ("(", left, " ++ ", right, ")"),
            BinaryOperator::Update => ("(", left, " // ", right, ")"),
            BinaryOperator::PipeRight => ("(", right, " ", left, ")"),
            BinaryOperator::PipeLeft => ("(", left, " ", right, ")"),
        };
        self.text(open);
        self.expr_at(node, first);
        self.text(between);
        self.expr_at(node, second);
        self.text(close);
    }

    fn read(&mut self, node: NodeId, is_rec: bool) -> SetId {
        let names = &mut NamesInOrder::default();
        Reader { parse: self.parse, names, base: Pos::NONE, symbols: self.symbols, sets: &mut self.sets }
            .read(node, is_rec)
    }

    fn set(&mut self, set: SetId) {
        if self.sets.sets[set].is_rec {
            self.text("rec ");
        }
        self.text("{ ");
        self.bindings(set);
        self.text("}");
    }

    fn bindings(&mut self, set: SetId) {
        let mut bindings: Bindings = std::mem::take(&mut self.sets.sets[set]);
        bindings.entries.sort_by(|a, b| self.symbols.bytes(a.name).cmp(self.symbols.bytes(b.name)));
        self.inherited(&bindings);
        for entry in &bindings.entries {
            if let Bound::Node(_) | Bound::Set(_) = entry.value {
                self.name(entry.name);
                self.text(" = ");
                self.bound(entry.value);
                self.text("; ");
            }
        }
        for DynamicBinding { name, value, .. } in bindings.dynamic {
            self.text("\"${");
            self.dynamic_name(name);
            self.text("}\" = ");
            self.bound(value);
            self.text("; ");
        }
    }

    fn inherited(&mut self, bindings: &Bindings) {
        let sources = bindings.sources.iter().map(Some).enumerate();
        for (source, node) in std::iter::once((usize::MAX, None)).chain(sources) {
            let names: Vec<_> = (bindings.entries.iter())
                .filter(|entry| match entry.value {
                    Bound::Inherited => source == usize::MAX,
                    Bound::InheritedFrom(from) => source == from,
                    _ => false,
                })
                .map(|entry| entry.name)
                .collect();
            if names.is_empty() {
                continue;
            }
            self.text("inherit");
            if let Some(&node) = node {
                self.text(" (");
                self.expr(node);
                self.text(")");
            }
            for name in names {
                self.text(" ");
                self.name(name);
            }
            self.text("; ");
        }
    }

    fn bound(&mut self, bound: Bound) {
        match bound {
            Bound::Node(node) => self.expr(node),
            Bound::Set(set) => stack::grow_if_needed(|| self.set(set)),
            Bound::Inherited | Bound::InheritedFrom(_) => {}
        }
    }
}
