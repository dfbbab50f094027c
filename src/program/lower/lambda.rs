//! Functions.

use smallvec::SmallVec;

use super::super::{Expr, Formal, Formals, Lambda, Strictness};
use super::Lowerer;
use crate::diagnostics::Pos;
use crate::heap::{Ref, Symbol};
use crate::syntax::{NodeId, SyntaxKind};

use std::cell::{Cell, OnceCell};

/// The parameters of a row of lambdas, `a: b: { c }: body`.
#[derive(Default)]
struct Parameters {
    plain: SmallVec<[Symbol; 4]>,
    positions: SmallVec<[Pos; 4]>,
    /// The node of the formals, which can only come last.
    formals: Option<NodeId>,
}

impl<'h> Lowerer<'_, 'h> {
    pub(super) fn lambda(&mut self, node: NodeId) -> Expr<'h> {
        Expr::Lambda(self.lambda_named(node, None))
    }

    /// A function; `name` is the attribute or variable it is bound to.
    pub(super) fn lambda_named(&mut self, node: NodeId, name: Option<Symbol>) -> Ref<'h, Lambda<'h>> {
        let (parameters, body) = self.parameters(node);
        let heap = self.heap();
        let plain = parameters.plain.len() as u32;
        let mut formals = parameters.formals.map(|node| self.formals(node)).unwrap_or_default();
        formals.names.sort_by_key(|(name, ..)| *name);
        let whole = formals.whole.map(|_| plain);
        let first_slot = plain + u32::from(whole.is_some());
        let slots = first_slot + formals.names.len() as u32;

        let in_scope = (parameters.plain.iter().copied())
            .zip(0..)
            .chain(formals.whole.zip(whole))
            .chain(formals.names.iter().map(|(name, ..)| *name).zip(first_slot..));
        self.scopes.enter(in_scope);
        let lowered: Vec<_> = (formals.names.iter())
            .map(|&(name, pos, default)| Formal { name, pos, default: default.map(|node| self.expr(node)) })
            .collect();
        let body = body.map_or(Expr::constant(crate::heap::Value::null()), |body| self.expr(body));
        self.scopes.leave();

        let formals = parameters.formals.map(|node| {
            heap.store_ref(Formals {
                formals: heap.store_row(lowered),
                has_ellipsis: self.parse.has_ellipsis(node),
                whole,
                whole_name: formals.whole,
                first_slot,
                pos: self.pos(node),
                cache: Cell::new(None),
            })
        });
        heap.store_ref(Lambda {
            arity: parameters.positions.len() as u32,
            slots,
            formals,
            strictness: if formals.is_none() { Strictness::of_body(&body, plain) } else { Strictness::NONE },
            body,
            read_body: OnceCell::new(),
            positions: heap.copy_row(&parameters.positions),
            parameters: heap.copy_row(&parameters.plain),
            name: Cell::new(name),
        })
    }

    /// The parameters of the lambdas that begin at `node`, and the body of the last.
    fn parameters(&mut self, mut node: NodeId) -> (Parameters, Option<NodeId>) {
        let mut parameters = Parameters::default();
        loop {
            let Some(parameter) = self.child(node, 0) else { return (parameters, None) };
            parameters.positions.push(self.pos(node));
            let body = self.child(node, 1).map(|body| self.without_parens(body));
            if self.parse.kind(parameter) == SyntaxKind::Formals {
                parameters.formals = Some(parameter);
                return (parameters, body);
            }
            parameters.plain.push(self.name(parameter));
            match body {
                Some(body) if self.parse.kind(body) == SyntaxKind::Lambda => node = body,
                _ => return (parameters, body),
            }
        }
    }

    fn formals(&mut self, node: NodeId) -> FormalNodes {
        let parse = self.parse;
        let mut names = Vec::new();
        for formal in parse.children(node).filter(|&child| parse.kind(child) == SyntaxKind::Formal) {
            let Some(name) = self.child(formal, 0) else { continue };
            let pos = self.pos(name);
            names.push((self.name(name), pos, self.child(formal, 1)));
        }
        let whole = parse.formals_name(node).map(|name| self.name(name));
        FormalNodes { names, whole }
    }
}

#[derive(Default)]
struct FormalNodes {
    names: Vec<(Symbol, Pos, Option<NodeId>)>,
    whole: Option<Symbol>,
}
