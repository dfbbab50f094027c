//! From the parser's record to a program.

mod attrs;
mod foreign_words;
mod lambda;
mod literals;
mod operators;
mod variables;

use smallvec::SmallVec;

use super::bindings::{BindingSets, Reader};
use super::names_in_order::NamesInOrder;
use super::scope::Scopes;
use super::{
    Assert, AttrName, Call, Expr, Globals, HasAttr, If, Lints, ListExpr, PathElement, RootScope, Select, SelectOne,
    SymbolTable, With, names,
};
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::heap::{Heap, List, Row, SelectCache, Symbol, Value};
use crate::stack;
use crate::syntax::{NodeId, Parse, SyntaxKind};

/// What lowering needs besides the record of a file.
pub(crate) struct Lowering<'a, 'h> {
    pub(crate) heap: &'h Heap,
    pub(crate) symbols: &'a mut SymbolTable<'h>,
    pub(crate) globals: &'a Globals<'h>,
    /// What stands around the program.
    pub(crate) root: &'a RootScope,
    /// What relative paths are relative to: absolute and canonical.
    pub(crate) base_dir: &'a [u8],
    /// What `~` stands for, if that may be known.
    pub(crate) home: Option<&'a [u8]>,
    /// The position of the first byte of the source.
    pub(crate) base: Pos,
    /// The name of the file and the start of each line, for `__curPos`.
    pub(crate) location: &'a dyn Fn(Pos) -> Option<(Vec<u8>, u32, u32)>,
    pub(crate) lints: Lints,
    /// Where warnings go.
    pub(crate) warnings: &'a mut Vec<Diagnostic>,
}

/// What became of a text.
pub(crate) struct Lowered<'h> {
    pub(crate) program: &'h Expr<'h>,
    /// The names in the text in the order in which they became known; a name may come again.
    pub(crate) names: Vec<Symbol>,
    /// Whether there were warnings about it.
    pub(crate) has_warnings: bool,
}

/// Turns a file without syntax errors into a program.
///
/// # Errors
/// Undefined variables and attributes that are defined twice, all of them.
pub(crate) fn lower<'h>(context: Lowering<'_, 'h>, parse: &Parse) -> Result<Lowered<'h>, Vec<Diagnostic>> {
    let heap = context.heap;
    let names = NamesInOrder::intern(parse, context.symbols);
    let mut lowerer = Lowerer {
        parse,
        names,
        scopes: Scopes::default(),
        sets: BindingSets::default(),
        diagnostics: Vec::new(),
        pending: Vec::new(),
        context,
    };
    let root = lowerer.context.root;
    if !root.names.is_empty() {
        lowerer.scopes.enter(root.names.iter().copied().zip(0..));
    }
    let program = lowerer.expr(parse.root());
    lowerer.report_duplicates();
    if !lowerer.diagnostics.is_empty() {
        return Err(lowerer.diagnostics);
    }
    let has_warnings = !lowerer.context.warnings.is_empty();
    Ok(Lowered { program: heap.store(program), names: lowerer.names.into_symbols(), has_warnings })
}

/// The state of lowering one file.
struct Lowerer<'a, 'h> {
    context: Lowering<'a, 'h>,
    parse: &'a Parse,
    names: NamesInOrder,
    scopes: Scopes,
    sets: BindingSets,
    diagnostics: Vec<Diagnostic>,
    /// Expressions of rows that are not complete.
    pending: Vec<Expr<'h>>,
}

/// More errors than these help nobody.
const MAX_DIAGNOSTICS: usize = 50;

impl<'a, 'h> Lowerer<'a, 'h> {
    fn heap(&self) -> &'h Heap {
        self.context.heap
    }

    /// The position of the first token of a node.
    fn pos(&self, node: NodeId) -> Pos {
        self.context.base.offset(self.parse.start(node))
    }

    /// Whether no further diagnostics are kept.
    fn has_enough_diagnostics(&self) -> bool {
        self.diagnostics.len() >= MAX_DIAGNOSTICS
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.has_enough_diagnostics() {
            self.diagnostics.push(diagnostic);
        }
    }

    fn report_duplicates(&mut self) {
        for duplicate in std::mem::take(&mut self.sets.duplicates) {
            let path: Vec<_> = duplicate.path.iter().map(|&name| self.context.symbols.text(name)).collect();
            let length = path.last().map_or(1, String::len) as u32;
            let message = format!("the attribute '{}' is defined twice", path.join("."));
            let diagnostic = Diagnostic::error(Code::DuplicateAttribute, message)
                .at(duplicate.pos.span(length), "defined again here")
                .with_label(duplicate.first.span(length), "first defined here");
            self.report(diagnostic);
        }
    }

    /// Reads the bindings below a node.
    fn reader(&mut self) -> Reader<'_, 'h> {
        Reader {
            parse: self.parse,
            names: &mut self.names,
            base: self.context.base,
            symbols: self.context.symbols,
            sets: &mut self.sets,
        }
    }

    /// The symbol of an identifier.
    fn name(&mut self, node: NodeId) -> Symbol {
        self.names.identifier(self.parse, node, self.context.symbols)
    }

    /// The child of a node that the parser says is there.
    fn child(&self, node: NodeId, index: usize) -> Option<NodeId> {
        self.parse.children(node).nth(index)
    }

    /// Lowers a child; a missing one belongs to a file with syntax errors, which is not run.
    fn expr_at(&mut self, node: NodeId, index: usize) -> Expr<'h> {
        match self.child(node, index) {
            Some(child) => self.expr(child),
            None => Expr::constant(Value::null()),
        }
    }

    /// `node` without parentheses around it.
    fn without_parens(&self, mut node: NodeId) -> NodeId {
        while self.parse.kind(node) == SyntaxKind::Paren {
            let Some(inner) = self.child(node, 0) else { break };
            node = inner;
        }
        node
    }

    fn expr(&mut self, node: NodeId) -> Expr<'h> {
        stack::grow_if_needed(|| self.expr_here(node))
    }

    fn expr_here(&mut self, node: NodeId) -> Expr<'h> {
        let node = self.without_parens(node);
        match self.parse.kind(node) {
            SyntaxKind::Int => self.int(node),
            SyntaxKind::Float => self.float(node),
            SyntaxKind::Uri => self.uri(node),
            SyntaxKind::String | SyntaxKind::IndentedString => self.string(node),
            SyntaxKind::Path => self.path(node),
            SyntaxKind::SearchPath => self.search_path(node),
            SyntaxKind::Ident => self.variable(node),
            SyntaxKind::List => self.list(node),
            SyntaxKind::AttrSet => self.attr_set(node),
            SyntaxKind::LetIn => self.let_in(node),
            SyntaxKind::LegacyLet => self.legacy_let(node),
            SyntaxKind::Lambda => self.lambda(node),
            SyntaxKind::Apply => self.apply(node),
            SyntaxKind::Select => self.select(node),
            SyntaxKind::HasAttr => self.has_attr(node),
            SyntaxKind::Binary => self.binary(node),
            SyntaxKind::Unary => self.unary(node),
            SyntaxKind::If => self.if_then_else(node),
            SyntaxKind::Assert => self.assert(node),
            SyntaxKind::With => self.with(node),
            // Nothing else is an expression, and files with errors are not run.
            _ => Expr::constant(Value::null()),
        }
    }

    /// Lowers nodes in a row.
    fn exprs(&mut self, nodes: impl Iterator<Item = NodeId>) -> Row<'h, Expr<'h>> {
        self.stored(nodes, |lowerer, node| lowerer.expr(node))
    }

    /// Stores what `lower` makes of each item. On the way there the expressions are on a stack that all levels share.
    fn stored<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        lower: impl Fn(&mut Self, T) -> Expr<'h>,
    ) -> Row<'h, Expr<'h>> {
        let start = self.pending.len();
        for item in items {
            let expr = lower(self, item);
            self.pending.push(expr);
        }
        let stored = self.heap().copy_row(&self.pending[start..]);
        self.pending.truncate(start);
        stored
    }

    fn list(&mut self, node: NodeId) -> Expr<'h> {
        let parse = self.parse;
        let elements = self.exprs(parse.children(node));
        if elements.is_empty() {
            return Expr::constant(List::from_slice(self.heap(), &[]));
        }
        Expr::List(self.heap().store_ref(ListExpr { elements }))
    }

    fn apply(&mut self, node: NodeId) -> Expr<'h> {
        let parse = self.parse;
        let mut parts = parse.children(node);
        let Some(function) = parts.next() else { return Expr::constant(Value::null()) };
        let pos = self.pos(function);
        let function = called(self.expr(function));
        let arguments = self.exprs(parts);
        Expr::Call(self.heap().store_ref(Call { function, arguments, pos }))
    }

    fn call(&mut self, function: Expr<'h>, arguments: &[Expr<'h>], pos: Pos) -> Expr<'h> {
        let arguments = self.heap().copy_row(arguments);
        Expr::Call(self.heap().store_ref(Call { function: called(function), arguments, pos }))
    }

    fn select(&mut self, node: NodeId) -> Expr<'h> {
        let (Some(subject), Some(path)) = (self.child(node, 0), self.child(node, 1)) else {
            return Expr::constant(Value::null());
        };
        if let Some(builtin) = self.known_builtin(subject, path) {
            return Expr::folded(builtin);
        }
        let subject = self.expr(subject);
        let mut elements = self.parse.children(path);
        if let (Some(only), None, None) = (elements.next(), elements.next(), self.child(node, 2))
            && let Some(name) = self.names.attribute(self.parse, only, self.context.symbols)
        {
            return self.select_name(subject, name, self.pos(only));
        }
        let path = self.attr_path(path);
        let default = self.child(node, 2).map(|default| self.expr(default));
        Expr::Select(self.heap().store_ref(Select { subject, path, default }))
    }

    /// The value of `builtins.name`, if that is what `subject.path` is.
    fn known_builtin(&mut self, subject: NodeId, path: NodeId) -> Option<Value<'h>> {
        let subject = self.without_parens(subject);
        if self.parse.kind(subject) != SyntaxKind::Ident || self.parse.text(subject) != b"builtins" {
            return None;
        }
        let builtins = self.global(names::BUILTINS)?.as_attrs()?;
        let mut elements = self.parse.children(path);
        let name = self.parse.text(elements.next()?);
        if elements.next().is_some() {
            return None;
        }
        let value = builtins.get(self.context.symbols.find(name)?)?.get();
        (!value.is_thunk()).then_some(value)
    }

    fn has_attr(&mut self, node: NodeId) -> Expr<'h> {
        let subject = self.expr_at(node, 0);
        let Some(path) = self.child(node, 1) else { return Expr::constant(Value::null()) };
        let path = self.attr_path(path);
        Expr::HasAttr(self.heap().store_ref(HasAttr { subject, path }))
    }

    fn attr_path(&mut self, node: NodeId) -> Row<'h, PathElement<'h>> {
        let parse = self.parse;
        let elements: SmallVec<[_; 4]> =
            parse.children(node).map(|element| (self.attr_name(element), self.pos(element))).collect();
        self.heap().store_row(elements.into_iter().map(|(name, pos)| PathElement {
            name,
            pos,
            cache: SelectCache::default(),
        }))
    }

    /// One name of an attribute path.
    fn attr_name(&mut self, node: NodeId) -> AttrName<'h> {
        match self.names.attribute(self.parse, node, self.context.symbols) {
            Some(name) => AttrName::Static(name),
            None => {
                let name = self.dynamic_name(node);
                AttrName::Dynamic(self.heap().store_ref(name))
            }
        }
    }

    /// The expression of a name that must be evaluated: `"a${b}"` or `${b}`.
    fn dynamic_name(&mut self, node: NodeId) -> Expr<'h> {
        match self.parse.kind(node) {
            SyntaxKind::Dynamic => self.expr_at(node, 0),
            _ => self.expr(node),
        }
    }

    /// A selection of one known name.
    fn select_name(&mut self, subject: Expr<'h>, name: Symbol, pos: Pos) -> Expr<'h> {
        Expr::SelectOne(self.heap().store_ref(SelectOne { subject, name, pos, cache: SelectCache::default() }))
    }

    fn if_then_else(&mut self, node: NodeId) -> Expr<'h> {
        let pos = self.child(node, 0).map_or(Pos::NONE, |condition| self.pos(condition));
        let condition = self.expr_at(node, 0);
        let consequence = self.expr_at(node, 1);
        let alternative = self.expr_at(node, 2);
        Expr::If(self.heap().store_ref(If { condition, consequence, alternative, pos }))
    }

    fn assert(&mut self, node: NodeId) -> Expr<'h> {
        let pos = self.pos(node);
        let condition = self.expr_at(node, 0);
        let body = self.expr_at(node, 1);
        Expr::Assert(self.heap().store_ref(Assert { condition, body, pos }))
    }

    fn with(&mut self, node: NodeId) -> Expr<'h> {
        let subject = self.expr_at(node, 0);
        // Seen from the new frame, which is one further in.
        let outer = self.scopes.with_depth().map_or(0, |depth| depth + 1);
        self.scopes.enter_with();
        let body = self.expr_at(node, 1);
        self.scopes.leave_with();
        Expr::With(self.heap().store_ref(With { subject, body, outer }))
    }
}

/// The function of a call: nobody can see that it was computed while lowering.
fn called(function: Expr<'_>) -> Expr<'_> {
    match function {
        Expr::Folded(value) => Expr::Const(value),
        function => function,
    }
}
