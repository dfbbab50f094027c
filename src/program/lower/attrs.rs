//! Attribute sets and `let`.

use std::cell::Cell;

use smallvec::SmallVec;

use super::super::bindings::{Bindings, Bound, DynamicBinding, SetId};
use super::super::{AttrsExpr, DynamicAttr, DynamicAttrs, Expr, Let, names};
use super::Lowerer;
use crate::diagnostics::Pos;
use crate::heap::{Attrs, Ref, Row, Shape, Symbol};
use crate::stack;
use crate::syntax::{NodeId, SyntaxKind};

/// Where the value of an `inherit (source)` comes from.
#[derive(Copy, Clone)]
enum Source {
    /// Not evaluated, as nothing is inherited from it. Its variables must be defined nevertheless.
    Unused(NodeId),
    /// Evaluated anew for each name: it is cheap or used once.
    Inline(NodeId),
    /// In this slot of the innermost frame.
    Slot(u32),
}

impl<'h> Lowerer<'_, 'h> {
    pub(super) fn attr_set(&mut self, node: NodeId) -> Expr<'h> {
        let is_rec = self.parse.is_rec(node);
        let set = self.reader().read(node, is_rec);
        let pos = self.pos(node);
        self.set(set, pos)
    }

    /// `let { ...; body = ...; }` is `(rec { ...; body = ...; }).body`.
    pub(super) fn legacy_let(&mut self, node: NodeId) -> Expr<'h> {
        let set = self.reader().read(node, true);
        let pos = self.pos(node);
        let subject = self.set(set, pos);
        self.select_name(subject, names::BODY, pos)
    }

    fn set(&mut self, set: SetId, pos: Pos) -> Expr<'h> {
        stack::grow_if_needed(|| {
            let bindings = self.take_sorted(set);
            let lowered = if bindings.is_rec { self.rec_set(&bindings, pos) } else { self.plain_set(&bindings, pos) };
            self.sets.discard(bindings);
            lowered
        })
    }

    /// The bindings of a set, by symbol.
    fn take_sorted(&mut self, set: SetId) -> Bindings {
        let mut bindings = std::mem::take(&mut self.sets.sets[set]);
        bindings.entries.sort_unstable_by_key(|entry| entry.name);
        bindings
    }

    fn shape(&self, bindings: &Bindings) -> &'h Shape<'h> {
        let names: SmallVec<[_; 16]> = bindings.entries.iter().map(|entry| entry.name).collect();
        let positions: SmallVec<[_; 16]> = bindings.entries.iter().map(|entry| entry.pos).collect();
        Shape::unique(self.heap(), &names, &positions)
    }

    fn plain_set(&mut self, bindings: &Bindings, pos: Pos) -> Expr<'h> {
        let shape = self.shape(bindings);
        if bindings.entries.is_empty() && bindings.dynamic.is_empty() && bindings.sources.is_empty() {
            return Expr::folded(Attrs::build(self.heap(), shape, |_| unreachable!("an empty set has no values")));
        }
        let (sources, slots) = self.place_sources(bindings, 0);
        let has_frame = !slots.is_empty();
        // Source expressions are evaluated in the new frame too, which binds no names.
        if has_frame {
            self.scopes.enter(std::iter::empty());
        }
        let source_exprs = self.exprs(slots.iter().copied());
        let values = self.values(bindings, &sources, false);
        let dynamic = self.dynamic(&bindings.dynamic);
        if has_frame {
            self.scopes.leave();
        }
        let attrs = AttrsExpr { shape, values, sources: source_exprs, dynamic, pos, overrides: None };
        Expr::Attrs(self.heap().store_ref(attrs))
    }

    fn rec_set(&mut self, bindings: &Bindings, pos: Pos) -> Expr<'h> {
        let shape = self.shape(bindings);
        let (sources, slots) = self.place_sources(bindings, shape.len() as u32);
        self.scopes.enter(shape.names().iter().copied().zip(0..));
        let source_exprs = self.exprs(slots.iter().copied());
        let values = self.values(bindings, &sources, true);
        let dynamic = self.dynamic(&bindings.dynamic);
        self.scopes.leave();
        let overrides = shape.index_of(names::OVERRIDES).map(|index| index as u32);
        let attrs = AttrsExpr { shape, values, sources: source_exprs, dynamic, pos, overrides };
        Expr::RecAttrs(self.heap().store_ref(attrs))
    }

    pub(super) fn let_in(&mut self, node: NodeId) -> Expr<'h> {
        let parse = self.parse;
        let set = self.reader().read(node, true);
        let bindings = self.take_sorted(set);
        let (sources, slots) = self.place_sources(&bindings, bindings.entries.len() as u32);
        self.scopes.enter(bindings.entries.iter().map(|entry| entry.name).zip(0..));
        let source_exprs = self.exprs(slots.iter().copied());
        let values = self.values(&bindings, &sources, true);
        let body = match parse.children(node).last() {
            Some(body) => self.expr(body),
            None => Expr::constant(crate::heap::Value::null()),
        };
        self.scopes.leave();
        self.sets.discard(bindings);
        Expr::Let(self.heap().store_ref(Let { values, sources: source_exprs, body }))
    }

    /// Decides for each `inherit (source)` how its value is reached; the slots that are needed begin at
    /// `first_slot`. Returns the sources and the nodes that go to slots.
    fn place_sources(&self, bindings: &Bindings, first_slot: u32) -> (Vec<Source>, Vec<NodeId>) {
        let mut uses = vec![0_u32; bindings.sources.len()];
        for entry in &bindings.entries {
            if let Bound::InheritedFrom(source) = entry.value {
                uses[source] += 1;
            }
        }
        let mut slots = Vec::new();
        let sources = (bindings.sources.iter().zip(uses))
            .map(|(&node, uses)| {
                let is_variable = self.parse.kind(self.without_parens(node)) == SyntaxKind::Ident;
                if uses == 0 {
                    return Source::Unused(node);
                }
                if is_variable || uses == 1 {
                    return Source::Inline(node);
                }
                slots.push(node);
                Source::Slot(first_slot + slots.len() as u32 - 1)
            })
            .collect();
        (sources, slots)
    }

    /// The values of a set in the order of its names. Plain `inherit` looks outside of the innermost
    /// frame if that frame holds the names themselves.
    fn values(&mut self, bindings: &Bindings, sources: &[Source], is_rec: bool) -> Row<'h, Expr<'h>> {
        for source in sources {
            if let Source::Unused(node) = *source {
                self.expr(node);
            }
        }
        self.stored(bindings.entries.iter(), |lowerer, entry| match entry.value {
            Bound::Inherited if is_rec => lowerer.variable_outside(entry.name, entry.pos),
            Bound::Inherited => lowerer.variable_named(entry.name, entry.pos),
            Bound::InheritedFrom(source) => {
                let subject = match sources[source] {
                    Source::Inline(node) | Source::Unused(node) => lowerer.expr(node),
                    Source::Slot(slot) => {
                        Expr::variable(lowerer.heap(), 0, slot, lowerer.pos(bindings.sources[source]))
                    }
                };
                lowerer.select_name(subject, entry.name, entry.pos)
            }
            bound => lowerer.bound(bound, Some(entry.name), entry.pos),
        })
    }

    fn bound(&mut self, bound: Bound, name: Option<Symbol>, pos: Pos) -> Expr<'h> {
        match bound {
            Bound::Set(set) => self.set(set, pos),
            Bound::Node(node) => {
                let node = self.without_parens(node);
                if self.parse.kind(node) == SyntaxKind::Lambda {
                    return Expr::Lambda(stack::grow_if_needed(|| self.lambda_named(node, name)));
                }
                self.expr(node)
            }
            Bound::Inherited | Bound::InheritedFrom(_) => Expr::constant(crate::heap::Value::null()),
        }
    }

    fn dynamic(&mut self, dynamic: &[DynamicBinding]) -> Option<Ref<'h, DynamicAttrs<'h>>> {
        if dynamic.is_empty() {
            return None;
        }
        let lowered: Vec<_> = (dynamic.iter())
            .map(|attr| DynamicAttr {
                name: self.dynamic_name(attr.name),
                value: self.bound(attr.value, None, attr.pos),
                pos: attr.pos,
            })
            .collect();
        let attrs = self.heap().store_many(lowered);
        Some(self.heap().store_ref(DynamicAttrs { attrs, last: Cell::default(), plans: Cell::default() }))
    }
}
