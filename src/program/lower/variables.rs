//! Which value a name means.

use super::super::scope::Place;
use super::super::{DynamicVariable, Expr, names};
use super::Lowerer;
use crate::diagnostics::{Code, Diagnostic, Pos, did_you_mean, similar_names};
use crate::heap::{Attrs, Shape, Str, Symbol, Thunk, Value};
use crate::syntax::NodeId;

impl<'h> Lowerer<'_, 'h> {
    pub(super) fn variable(&mut self, node: NodeId) -> Expr<'h> {
        let name = self.name(node);
        let pos = self.pos(node);
        self.variable_named(name, pos)
    }

    pub(super) fn variable_named(&mut self, name: Symbol, pos: Pos) -> Expr<'h> {
        if name == names::CUR_POS {
            return Expr::folded(self.current_position(pos));
        }
        let place = self.scopes.resolve(name);
        self.variable_at(place, name, pos)
    }

    /// A name as it is seen outside the innermost frame: what `inherit` in `rec` and `let` means.
    pub(super) fn variable_outside(&mut self, name: Symbol, pos: Pos) -> Expr<'h> {
        let place = self.scopes.resolve_outside(name);
        self.variable_at(place, name, pos)
    }

    fn variable_at(&mut self, place: Place, name: Symbol, pos: Pos) -> Expr<'h> {
        match place {
            Place::Slot { depth, slot } => Expr::variable(self.heap(), depth, slot, pos),
            Place::With { depth } => match self.context.globals.values.get(&name) {
                Some(&value) => Expr::constant(value),
                None => Expr::Dynamic(self.heap().store_ref(DynamicVariable {
                    name,
                    pos,
                    depth,
                    found: Default::default(),
                })),
            },
            Place::Outside => match self.context.globals.values.get(&name) {
                Some(&value) => Expr::constant(value),
                None if self.report_foreign_word(name, pos) => Expr::constant(Value::null()),
                None => {
                    self.report_undefined(name, pos);
                    Expr::constant(Value::null())
                }
            },
        }
    }

    /// The global called `name`, unless a scope hides it.
    pub(super) fn global(&self, name: Symbol) -> Option<Value<'h>> {
        match self.scopes.resolve(name) {
            Place::Slot { .. } => None,
            Place::With { .. } | Place::Outside => self.context.globals.values.get(&name).copied(),
        }
    }

    fn report_undefined(&mut self, name: Symbol, pos: Pos) {
        if self.has_enough_diagnostics() {
            return;
        }
        let text = self.context.symbols.text(name);
        let mut diagnostic = Diagnostic::error(Code::UndefinedVariable, format!("undefined variable '{text}'"))
            .at(pos.span(text.len() as u32), "not defined in this scope");
        if let Some(hint) = self.what_was_meant(name, &text) {
            diagnostic = diagnostic.with_hint(hint);
        }
        self.report(diagnostic);
    }

    /// The builtin of this name, a variable of nearly this name, or a builtin of nearly this name.
    fn what_was_meant(&self, name: Symbol, text: &str) -> Option<String> {
        let symbols = &*self.context.symbols;
        let globals = &self.context.globals.values;
        let builtins = symbols.find(b"builtins").and_then(|name| globals.get(&name)?.as_attrs());
        if builtins.is_some_and(|builtins| builtins.get(name).is_some()) {
            return Some(format!("write 'builtins.{text}'"));
        }
        let globals = globals.keys().map(|&name| symbols.text(name)).filter(|name| !name.starts_with("__"));
        let variables: Vec<String> = self.scopes.names().map(|name| symbols.text(name)).chain(globals).collect();
        if let Some(hint) = did_you_mean(&similar_names(text, variables.iter().map(String::as_str))) {
            return Some(hint);
        }
        let (shape, _) = builtins?.flatten(self.heap());
        let builtins: Vec<String> = shape.names().iter().map(|&name| symbols.text(name)).collect();
        let similar = similar_names(text, builtins.iter().map(String::as_str));
        let similar: Vec<String> = similar.into_iter().map(|name| format!("builtins.{name}")).collect();
        did_you_mean(&similar)
    }

    /// The value of `__curPos`.
    fn current_position(&mut self, pos: Pos) -> Value<'h> {
        let heap = self.heap();
        let Some((file, line, column)) = (self.context.location)(pos) else { return Value::null() };
        let mut fields = [
            (names::FILE, Str::plain(heap, &file)),
            // In Nix, these two are found out when they are asked for.
            (names::LINE, Thunk::computed(heap, Value::small_int(line))),
            (names::COLUMN, Thunk::computed(heap, Value::small_int(column))),
        ];
        fields.sort_by_key(|(name, _)| *name);
        let shape = Shape::new(heap, &fields.map(|(name, _)| name), &[Pos::NONE; 3]);
        Attrs::build(heap, shape, |index| fields[index].1)
    }
}
