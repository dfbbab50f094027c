//! From programs to bytes.

use super::super::{
    AttrName, AttrsExpr, BinaryOp, DynamicAttrs, Expr, Formals, Interpolation, Lambda, PathElement, SymbolTable,
};
use super::bytes::Output;
use super::{GlobalNames, tag};
use crate::diagnostics::Pos;
use crate::heap::{Kind, Symbol, Value};
use crate::stack;

/// Expressions of fewer bytes are read at once: leaving them out would take as much memory.
const LEAST_LATER: usize = if cfg!(test) { 1 } else { 48 };

/// What writing needs besides the program.
pub(crate) struct Writing<'a, 'h> {
    /// The names of the text in the order in which they became known; a name may come again.
    pub(crate) names: &'a [Symbol],
    pub(crate) symbols: &'a SymbolTable<'h>,
    pub(crate) globals: &'a GlobalNames,
    /// Memory for it, to be used again.
    pub(crate) indices: &'a mut NameIndices,
    /// The position of the first byte of the text.
    pub(crate) base: Pos,
}

/// For each symbol its index among the names of the image that is being written, and one; zero if it is none of them.
#[derive(Default)]
pub(crate) struct NameIndices(Vec<u32>);

/// The image of a program, if there can be one.
pub(crate) fn write<'h>(program: &Expr<'h>, context: Writing<'_, 'h>) -> Option<Vec<u8>> {
    let Writing { names, symbols, globals, indices, base } = context;
    indices.0.resize(symbols.len(), 0);
    let mut writer = Writer { globals, names: Vec::new(), indices, output: Output::new(base) };
    for &name in names {
        writer.index_of(name);
    }
    let is_written = writer.expr(program).is_some();
    let Writer { names, indices, output, .. } = writer;
    let mut image = Output::new(base);
    image.length(names.len());
    for &name in &names {
        indices.0[name.0 as usize] = 0;
        image.text(symbols.bytes(name));
    }
    image.bytes.extend(output.bytes);
    is_written.then_some(image.bytes)
}

struct Writer<'a> {
    globals: &'a GlobalNames,
    /// The names so far, and the index of each.
    names: Vec<Symbol>,
    indices: &'a mut NameIndices,
    output: Output,
}

impl Writer<'_> {
    fn index_of(&mut self, name: Symbol) -> u32 {
        let index = &mut self.indices.0[name.0 as usize];
        if *index == 0 {
            self.names.push(name);
            *index = self.names.len() as u32;
        }
        *index - 1
    }

    fn name(&mut self, name: Symbol) {
        let index = self.index_of(name);
        self.output.number(u64::from(index));
    }

    /// Zero stands for no name.
    fn optional_name(&mut self, name: Option<Symbol>) {
        let number = name.map_or(0, |name| u64::from(self.index_of(name)) + 1);
        self.output.number(number);
    }

    fn expr(&mut self, expr: &Expr<'_>) -> Option<()> {
        stack::grow_if_needed(|| self.expr_here(expr))
    }

    fn expr_here(&mut self, expr: &Expr<'_>) -> Option<()> {
        match *expr {
            Expr::Const(value) => self.constant(value.get(), 0),
            Expr::Folded(value) => self.constant(value.get(), tag::FOLDED),
            Expr::Local { slot, pos } => {
                self.output.byte(tag::LOCAL);
                self.output.number(u64::from(slot));
                self.output.pos(pos);
                Some(())
            }
            Expr::Outer { depth, slot, pos } => self.outer(depth.into(), slot.into(), pos),
            Expr::Far(variable) => {
                let (depth, slot, pos) = *variable;
                self.outer(depth, slot, pos)
            }
            Expr::Dynamic(variable) => {
                self.output.byte(tag::DYNAMIC);
                self.name(variable.name);
                self.output.pos(variable.pos);
                self.output.number(u64::from(variable.depth));
                Some(())
            }
            Expr::SelectOne(select) => {
                self.output.byte(tag::SELECT_ONE);
                self.expr(&select.subject)?;
                self.name(select.name);
                self.output.pos(select.pos);
                Some(())
            }
            Expr::Select(select) => {
                self.output.byte(if select.default.is_some() { tag::SELECT_OR } else { tag::SELECT });
                self.expr(&select.subject)?;
                self.path(&select.path)?;
                select.default.as_ref().map_or(Some(()), |default| self.expr(default))
            }
            Expr::HasAttr(has) => {
                self.output.byte(tag::HAS_ATTR);
                self.expr(&has.subject)?;
                self.path(&has.path)
            }
            Expr::Call(call) => {
                self.output.byte(tag::CALL);
                self.output.pos(call.pos);
                self.expr(&call.function)?;
                self.exprs(&call.arguments)
            }
            Expr::Lambda(lambda) => self.lambda(&lambda),
            Expr::Attrs(attrs) => self.attrs(&attrs, tag::ATTRS),
            Expr::RecAttrs(attrs) => self.attrs(&attrs, tag::REC_ATTRS),
            Expr::List(list) => {
                self.output.byte(tag::LIST);
                self.exprs(&list.elements)
            }
            Expr::Let(bindings) => {
                self.output.byte(tag::LET);
                self.output.length(bindings.values.len());
                self.output.length(bindings.sources.len());
                self.later_row(&bindings.values)?;
                self.row(&bindings.sources)?;
                self.expr(&bindings.body)
            }
            Expr::With(with) => {
                self.output.byte(tag::WITH);
                self.output.number(u64::from(with.outer));
                self.expr(&with.subject)?;
                self.expr(&with.body)
            }
            Expr::If(branch) => {
                self.output.byte(tag::IF);
                self.output.pos(branch.pos);
                self.expr(&branch.condition)?;
                self.expr(&branch.consequence)?;
                self.expr(&branch.alternative)
            }
            Expr::Assert(assert) => {
                self.output.byte(tag::ASSERT);
                self.output.pos(assert.pos);
                self.expr(&assert.condition)?;
                self.expr(&assert.body)
            }
            Expr::Not(not) => {
                self.output.byte(tag::NOT);
                self.output.pos(not.pos);
                self.expr(&not.operand)
            }
            Expr::And(operands) => self.operands(tag::AND, &operands.left, &operands.right, operands.pos),
            Expr::Or(operands) => self.operands(tag::OR, &operands.left, &operands.right, operands.pos),
            Expr::Implies(operands) => self.operands(tag::IMPLIES, &operands.left, &operands.right, operands.pos),
            Expr::Binary(operator, operands) => {
                self.operands(tag::BINARY, &operands.left, &operands.right, operands.pos)?;
                self.operator(operator)
            }
            Expr::Update(update) => {
                let operands = &update.operands;
                self.operands(tag::UPDATE, &operands.left, &operands.right, operands.pos)
            }
            Expr::String(interpolation) => self.interpolation(tag::INTERPOLATED_STRING, &interpolation),
            Expr::Path(interpolation) => self.interpolation(tag::INTERPOLATED_PATH, &interpolation),
            // Programs that were read are there already.
            Expr::Later(_) => None,
        }
    }

    /// Writes an expression that need not be read until it is evaluated.
    fn later(&mut self, expr: &Expr<'_>) -> Option<()> {
        // What is a value, or another's thunk, wherever it is bound must be known at once.
        if matches!(
            expr,
            Expr::Const(_) | Expr::Folded(_) | Expr::Local { .. } | Expr::Outer { .. } | Expr::Far(_) | Expr::Lambda(_)
        ) {
            return self.expr(expr);
        }
        let (at, last) = (self.output.bytes.len(), self.output.last);
        self.expr(expr)?;
        let length = self.output.bytes.len() - at;
        if length < LEAST_LATER {
            return Some(());
        }
        self.output.last = last;
        let end = self.output.bytes.len();
        self.output.byte(tag::LATER);
        self.output.pos(expr.start());
        self.output.length(length);
        let header = self.output.bytes.len() - end;
        self.output.bytes[at..].rotate_right(header);
        self.output.last = last;
        Some(())
    }

    fn exprs(&mut self, exprs: &[Expr<'_>]) -> Option<()> {
        self.output.length(exprs.len());
        self.row(exprs)
    }

    /// Expressions whose number has been written already.
    fn row(&mut self, exprs: &[Expr<'_>]) -> Option<()> {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    fn later_row(&mut self, exprs: &[Expr<'_>]) -> Option<()> {
        exprs.iter().try_for_each(|expr| self.later(expr))
    }

    fn constant(&mut self, value: Value<'_>, folded: u8) -> Option<()> {
        if let Some(name) = self.globals.of(value) {
            self.output.byte(tag::GLOBAL | folded);
            self.name(name);
            return Some(());
        }
        match value.kind() {
            Kind::Null => self.output.byte(tag::NULL | folded),
            Kind::Bool(value) => self.output.byte(if value { tag::TRUE } else { tag::FALSE } | folded),
            Kind::Int(number) => {
                self.output.byte(tag::INT | folded);
                self.output.signed(number);
            }
            Kind::Float(number) => {
                self.output.byte(tag::FLOAT | folded);
                self.output.bytes.extend(number.to_bits().to_le_bytes());
            }
            Kind::String(text) if text.context().is_empty() => {
                self.output.byte(tag::STRING | folded);
                self.output.text(text.bytes());
            }
            Kind::Path(path) => {
                self.output.byte(tag::PATH | folded);
                self.output.text(path);
            }
            Kind::List(list) if list.len() == 0 => self.output.byte(tag::EMPTY_LIST | folded),
            Kind::Attrs(attrs) if attrs.is_empty() => self.output.byte(tag::EMPTY_SET | folded),
            // Nothing else is a constant, but for the value of `__curPos`.
            _ => return None,
        }
        Some(())
    }

    fn outer(&mut self, depth: u32, slot: u32, pos: Pos) -> Option<()> {
        self.output.byte(tag::OUTER);
        self.output.number(u64::from(depth));
        self.output.number(u64::from(slot));
        self.output.pos(pos);
        Some(())
    }

    fn path(&mut self, path: &[PathElement<'_>]) -> Option<()> {
        self.output.length(path.len());
        for element in path {
            self.output.pos(element.pos);
            match &element.name {
                AttrName::Static(name) => self.optional_name(Some(*name)),
                AttrName::Dynamic(name) => {
                    self.optional_name(None);
                    self.expr(name)?;
                }
            }
        }
        Some(())
    }

    fn operands(&mut self, tag: u8, left: &Expr<'_>, right: &Expr<'_>, pos: Pos) -> Option<()> {
        self.output.byte(tag);
        self.output.pos(pos);
        self.expr(left)?;
        self.expr(right)
    }

    fn operator(&mut self, operator: BinaryOp) -> Option<()> {
        let index = BinaryOp::ALL.iter().position(|&other| other == operator)?;
        self.output.byte(index as u8);
        Some(())
    }

    fn interpolation(&mut self, tag: u8, interpolation: &Interpolation<'_>) -> Option<()> {
        self.output.byte(tag);
        self.output.pos(interpolation.pos);
        self.output.length(interpolation.parts.len());
        for part in interpolation.parts {
            self.output.text(part.before);
            self.expr(&part.expr)?;
            self.output.pos(part.pos);
        }
        self.output.text(interpolation.end);
        Some(())
    }

    fn lambda(&mut self, lambda: &Lambda<'_>) -> Option<()> {
        self.output.byte(if lambda.formals.is_some() { tag::FORMALS_LAMBDA } else { tag::LAMBDA });
        self.optional_name(lambda.name.get());
        self.output.length(lambda.parameters.len());
        for &name in lambda.parameters {
            self.name(name);
        }
        for &pos in lambda.positions {
            self.output.pos(pos);
        }
        let (first, forced) = lambda.strictness.to_bits();
        self.output.byte(first);
        self.output.number(u64::from(forced));
        if let Some(formals) = lambda.formals {
            self.formals(&formals)?;
        }
        self.later(&lambda.body)
    }

    fn formals(&mut self, formals: &Formals<'_>) -> Option<()> {
        self.output.byte(u8::from(formals.has_ellipsis));
        self.optional_name(formals.whole_name);
        self.output.pos(formals.pos);
        self.output.length(formals.formals.len());
        for formal in formals.formals {
            self.name(formal.name);
            self.output.pos(formal.pos);
        }
        for formal in formals.formals {
            self.output.byte(u8::from(formal.default.is_some()));
            if let Some(default) = &formal.default {
                self.expr(default)?;
            }
        }
        Some(())
    }

    fn attrs(&mut self, attrs: &AttrsExpr<'_>, tag: u8) -> Option<()> {
        self.output.byte(tag);
        self.output.pos(attrs.pos);
        self.output.length(attrs.shape.len());
        for (&name, &pos) in attrs.shape.names().iter().zip(attrs.shape.positions()) {
            self.name(name);
            self.output.pos(pos);
        }
        self.exprs(&attrs.sources)?;
        self.later_row(&attrs.values)?;
        self.dynamic(attrs.dynamic.as_deref())
    }

    fn dynamic(&mut self, dynamic: Option<&DynamicAttrs<'_>>) -> Option<()> {
        let attrs = dynamic.map_or(&[][..], |dynamic| dynamic.attrs);
        self.output.length(attrs.len());
        for attr in attrs {
            self.expr(&attr.name)?;
            self.expr(&attr.value)?;
            self.output.pos(attr.pos);
        }
        Some(())
    }
}
