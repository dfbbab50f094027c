//! From bytes to programs.

use std::cell::{Cell, OnceCell};

use smallvec::SmallVec;

use super::super::{
    Assert, AttrName, AttrsExpr, Binary, BinaryOp, Call, DynamicAttr, DynamicAttrs, DynamicVariable, Expr, Formal,
    Formals, Globals, HasAttr, If, InterpolatedPart, Interpolation, Lambda, Let, ListExpr, PathElement, Select,
    SelectOne, Strictness, SymbolTable, Unary, Update, UpdateCache, With, names,
};
use super::bytes::Input;
use super::later::{Image, Later};
use super::scopes::Scopes;
use super::tag;
use crate::diagnostics::Pos;
use crate::heap::{Attrs, Heap, List, Ref, Row, SelectCache, Shape, Str, Symbol, Value};
use crate::stack;

/// What reading needs besides the image.
pub(crate) struct Reading<'a, 'h> {
    pub(crate) heap: &'h Heap,
    pub(crate) symbols: &'a mut SymbolTable<'h>,
    pub(crate) globals: &'a Globals<'h>,
    /// The position of the first byte of the text.
    pub(crate) base: Pos,
    /// The length of the text.
    pub(crate) length: u32,
    /// Whether nothing is left out.
    pub(crate) at_once: bool,
}

/// The program of an image; nothing if these bytes are none. What is left out of it is not looked at.
pub(crate) fn read<'h>(bytes: &'h [u8], context: Reading<'_, 'h>) -> Option<&'h Expr<'h>> {
    let Reading { heap, symbols, globals, base, length, at_once } = context;
    let mut input = Input::new(bytes, base, length);
    let count = input.length()?;
    let mut names = Vec::with_capacity(count);
    for _ in 0..count {
        names.push(symbols.intern(input.text()?));
    }
    let image = Image { bytes: input.rest, symbols: heap.store_slice(&names), base, length };
    let mut reader = Reader { at_once, ..Reader::new(heap, globals, heap.store(image), 0, Scopes(None)) };
    let program = reader.expr()?;
    reader.input.is_at_end().then(|| heap.store(program))
}

/// Reads what was left out; nothing if it is no expression.
pub(crate) fn read_later<'h>(later: &'h Later<'h>, heap: &'h Heap, globals: &Globals<'h>) -> Option<&'h Expr<'h>> {
    if let Some(expr) = later.expr() {
        return Some(expr);
    }
    let mut reader = Reader::new(heap, globals, later.image, later.at as usize, Scopes(later.scope));
    reader.input.last = later.last;
    let expr = reader.expr()?;
    Some(later.expr.get_or_init(|| expr))
}

/// An expression itself, if it was left out, too.
pub(crate) fn whole<'h>(expr: &'h Expr<'h>, heap: &'h Heap, globals: &Globals<'h>) -> Option<&'h Expr<'h>> {
    match expr {
        Expr::Later(later) => read_later(later, heap, globals),
        expr => Some(expr),
    }
}

struct Reader<'a, 'h> {
    heap: &'h Heap,
    globals: &'a Globals<'h>,
    image: &'h Image<'h>,
    input: Input<'h>,
    scopes: Scopes<'h>,
    /// Expressions of rows that are not complete.
    pending: SmallVec<[Expr<'h>; 32]>,
    at_once: bool,
}

impl<'a, 'h> Reader<'a, 'h> {
    fn new(heap: &'h Heap, globals: &'a Globals<'h>, image: &'h Image<'h>, at: usize, scopes: Scopes<'h>) -> Self {
        let rest = image.bytes.get(at..).unwrap_or_default();
        let input = Input::new(rest, image.base, image.length);
        Reader { heap, globals, image, input, scopes, pending: SmallVec::new(), at_once: false }
    }

    fn name(&mut self) -> Option<Symbol> {
        let index = self.input.small()?;
        self.image.symbols.get(index as usize).copied()
    }

    /// A name or none; nothing at all if there is no such name.
    fn optional_name(&mut self) -> Option<Option<Symbol>> {
        match self.input.small()?.checked_sub(1) {
            None => Some(None),
            Some(index) => self.image.symbols.get(index as usize).map(|&name| Some(name)),
        }
    }

    fn expr(&mut self) -> Option<Expr<'h>> {
        stack::grow_if_needed(|| self.expr_here())
    }

    fn expr_here(&mut self) -> Option<Expr<'h>> {
        let tag = self.input.byte()?;
        if tag & !tag::FOLDED < tag::CONSTANTS {
            let value = self.constant(tag & !tag::FOLDED)?;
            return Some(if tag & tag::FOLDED == 0 { Expr::constant(value) } else { Expr::folded(value) });
        }
        Some(match tag {
            tag::LOCAL => {
                let slot = self.input.small()?;
                Expr::variable(self.heap, 0, self.scopes.slot(0, slot)?, self.input.pos()?)
            }
            tag::OUTER => self.outer()?,
            tag::DYNAMIC => {
                let (name, pos, depth) = (self.name()?, self.input.pos()?, self.input.small()?);
                self.scopes.is_with(depth).then_some(())?;
                Expr::Dynamic(self.heap.store_ref(DynamicVariable { name, pos, depth, found: Cell::default() }))
            }
            tag::SELECT_ONE => {
                let subject = self.expr()?;
                let (name, pos) = (self.name()?, self.input.pos()?);
                Expr::SelectOne(self.heap.store_ref(SelectOne { subject, name, pos, cache: SelectCache::default() }))
            }
            tag::SELECT | tag::SELECT_OR => {
                let subject = self.expr()?;
                let path = self.path()?;
                let default = if tag == tag::SELECT_OR { Some(self.expr()?) } else { None };
                Expr::Select(self.heap.store_ref(Select { subject, path, default }))
            }
            tag::HAS_ATTR => {
                let subject = self.expr()?;
                let path = self.path()?;
                Expr::HasAttr(self.heap.store_ref(HasAttr { subject, path }))
            }
            tag::CALL => {
                let pos = self.input.pos()?;
                let function = self.expr()?;
                let arguments = self.exprs()?;
                Expr::Call(self.heap.store_ref(Call { function, arguments, pos }))
            }
            tag::LAMBDA => self.lambda(false)?,
            tag::FORMALS_LAMBDA => self.lambda(true)?,
            tag::ATTRS => Expr::Attrs(self.attrs(false)?),
            tag::REC_ATTRS => Expr::RecAttrs(self.attrs(true)?),
            tag::LIST => {
                let elements = self.exprs()?;
                Expr::List(self.heap.store_ref(ListExpr { elements }))
            }
            tag::LET => self.let_in()?,
            tag::WITH => self.with()?,
            tag::IF => {
                let pos = self.input.pos()?;
                let (condition, consequence, alternative) = (self.expr()?, self.expr()?, self.expr()?);
                Expr::If(self.heap.store_ref(If { condition, consequence, alternative, pos }))
            }
            tag::ASSERT => {
                let pos = self.input.pos()?;
                let (condition, body) = (self.expr()?, self.expr()?);
                Expr::Assert(self.heap.store_ref(Assert { condition, body, pos }))
            }
            tag::NOT => {
                let pos = self.input.pos()?;
                let operand = self.expr()?;
                Expr::Not(self.heap.store_ref(Unary { operand, pos }))
            }
            tag::AND => Expr::And(self.heap.store_ref(self.operands()?)),
            tag::OR => Expr::Or(self.heap.store_ref(self.operands()?)),
            tag::IMPLIES => Expr::Implies(self.heap.store_ref(self.operands()?)),
            tag::BINARY => {
                let operands = self.operands()?;
                let operator = *BinaryOp::ALL.get(usize::from(self.input.byte()?))?;
                Expr::Binary(operator, self.heap.store_ref(operands))
            }
            tag::UPDATE => {
                let operands = self.operands()?;
                Expr::Update(self.heap.store_ref(Update { operands, cache: UpdateCache::default() }))
            }
            tag::INTERPOLATED_STRING => Expr::String(self.interpolation()?),
            tag::INTERPOLATED_PATH => Expr::Path(self.interpolation()?),
            tag::LATER => return self.later(),
            _ => return None,
        })
    }

    /// Leaves an expression out. Positions behind it are told from the last one before it.
    fn later(&mut self) -> Option<Expr<'h>> {
        let last = self.input.last;
        let start = self.input.pos()?;
        self.input.last = last;
        let length = self.input.length().filter(|&length| length > 0)?;
        if self.at_once {
            let rest = &self.input.rest[length..];
            let expr = self.expr()?;
            self.input.last = last;
            return (self.input.rest.len() == rest.len()).then_some(expr);
        }
        let at = u32::try_from(self.image.bytes.len() - self.input.rest.len()).ok()?;
        self.input.rest = &self.input.rest[length..];
        let expr = OnceCell::new();
        Some(Expr::Later(self.heap.store_ref(Later { image: self.image, scope: self.scopes.0, at, last, start, expr })))
    }

    fn constant(&mut self, tag: u8) -> Option<Value<'h>> {
        Some(match tag {
            tag::NULL => Value::null(),
            tag::FALSE => Value::bool(false),
            tag::TRUE => Value::bool(true),
            tag::INT => Value::int(self.heap, self.input.signed()?),
            tag::FLOAT => Value::float(self.heap, f64::from_bits(u64::from_le_bytes(self.input.bytes()?))),
            tag::STRING => Str::plain(self.heap, self.input.text()?),
            tag::PATH => Value::path(self.heap, self.input.text()?),
            tag::EMPTY_LIST => List::from_slice(self.heap, &[]),
            tag::EMPTY_SET => {
                let shape = Shape::unique(self.heap, &[], &[]);
                Attrs::build(self.heap, shape, |_| unreachable!("an empty set has no values"))
            }
            tag::GLOBAL => {
                let name = self.name()?;
                *self.globals.values.get(&name)?
            }
            _ => return None,
        })
    }

    fn outer(&mut self) -> Option<Expr<'h>> {
        let (depth, slot) = (self.input.small()?, self.input.small()?);
        let slot = self.scopes.slot(depth, slot)?;
        let pos = self.input.pos()?;
        Some(Expr::variable(self.heap, depth, slot, pos))
    }

    fn exprs(&mut self) -> Option<Row<'h, Expr<'h>>> {
        let length = self.input.length()?;
        self.row(length)
    }

    /// So many expressions. On the way there they are on a stack that all levels share.
    fn row(&mut self, length: usize) -> Option<Row<'h, Expr<'h>>> {
        let start = self.pending.len();
        self.read_pending(length)?;
        let stored = self.heap.copy_row(&self.pending[start..]);
        self.pending.truncate(start);
        Some(stored)
    }

    fn read_pending(&mut self, length: usize) -> Option<()> {
        for _ in 0..length {
            let expr = self.expr()?;
            self.pending.push(expr);
        }
        Some(())
    }

    fn path(&mut self) -> Option<Row<'h, PathElement<'h>>> {
        let length = self.input.length().filter(|&length| length > 0)?;
        let mut elements: SmallVec<[PathElement<'h>; 4]> = SmallVec::with_capacity(length);
        for _ in 0..length {
            let pos = self.input.pos()?;
            let name = match self.optional_name()? {
                Some(name) => AttrName::Static(name),
                None => AttrName::Dynamic(self.heap.store_ref(self.expr()?)),
            };
            elements.push(PathElement { name, pos, cache: SelectCache::default() });
        }
        Some(self.heap.store_row(elements))
    }

    fn operands(&mut self) -> Option<Binary<'h>> {
        let pos = self.input.pos()?;
        Some(Binary { left: self.expr()?, right: self.expr()?, pos })
    }

    fn interpolation(&mut self) -> Option<Ref<'h, Interpolation<'h>>> {
        let pos = self.input.pos()?;
        let length = self.input.length()?;
        let mut parts: SmallVec<[InterpolatedPart<'h>; 4]> = SmallVec::with_capacity(length);
        for _ in 0..length {
            // The image stays where it is, and with it the text.
            let before = self.input.text()?;
            parts.push(InterpolatedPart { before, expr: self.expr()?, pos: self.input.pos()? });
        }
        let parts = self.heap.store_row(parts);
        let end = self.input.text()?;
        Some(self.heap.store_ref(Interpolation::new(parts, end, pos)))
    }

    fn let_in(&mut self) -> Option<Expr<'h>> {
        let (values, sources) = (self.input.length()?, self.input.length()?);
        self.scopes.enter(self.heap, u32::try_from(values + sources).ok()?);
        let values = self.row(values)?;
        let sources = self.row(sources)?;
        let body = self.expr()?;
        self.scopes.leave();
        Some(Expr::Let(self.heap.store_ref(Let { values, sources, body })))
    }

    fn with(&mut self) -> Option<Expr<'h>> {
        let outer = self.input.small()?;
        let subject = self.expr()?;
        self.scopes.enter_with(self.heap);
        if outer > 0 && !self.scopes.is_with(outer) {
            return None;
        }
        let body = self.expr()?;
        self.scopes.leave();
        Some(Expr::With(self.heap.store_ref(With { subject, body, outer })))
    }

    fn lambda(&mut self, has_formals: bool) -> Option<Expr<'h>> {
        let name = self.optional_name()?;
        let plain = self.input.length()?;
        let mut parameters: SmallVec<[Symbol; 4]> = SmallVec::with_capacity(plain);
        for _ in 0..plain {
            parameters.push(self.name()?);
        }
        let arity = plain + usize::from(has_formals);
        let mut positions: SmallVec<[Pos; 4]> = SmallVec::with_capacity(arity);
        for _ in 0..arity {
            positions.push(self.input.pos()?);
        }
        let plain = u32::try_from(plain).ok()?;
        let strictness = Strictness::from_bits(self.input.byte()?, self.input.small()?, plain)?;
        let formals = match has_formals {
            true => Some(self.formals(plain)?),
            false if arity > 0 => {
                self.scopes.enter(self.heap, plain);
                None
            }
            false => return None,
        };
        let body = self.expr()?;
        self.scopes.leave();
        let slots = formals.map_or(plain, |formals| formals.first_slot + formals.formals.len() as u32);
        Some(Expr::Lambda(self.heap.store_ref(Lambda {
            arity: arity as u32,
            slots,
            formals,
            body,
            read_body: OnceCell::new(),
            positions: self.heap.copy_row(&positions),
            parameters: self.heap.copy_row(&parameters),
            strictness,
            name: Cell::new(name),
        })))
    }

    /// The formals of a function with so many plain parameters, whose scope is entered.
    fn formals(&mut self, plain: u32) -> Option<Ref<'h, Formals<'h>>> {
        let has_ellipsis = self.input.byte()? != 0;
        let whole_name = self.optional_name()?;
        let pos = self.input.pos()?;
        let whole = whole_name.map(|_| plain);
        let first_slot = plain.checked_add(u32::from(whole.is_some()))?;
        let names = self.sorted_names()?;
        self.scopes.enter_sorted(self.heap, first_slot, &names, 0)?;
        let mut defaults: SmallVec<[Option<Expr<'h>>; 16]> = SmallVec::with_capacity(names.len());
        for _ in 0..names.len() {
            defaults.push(if self.input.byte()? == 0 { None } else { Some(self.expr()?) });
        }
        let formals = names.iter().map(|name| Formal {
            name: name.symbol,
            pos: name.pos,
            default: defaults[name.written as usize],
        });
        let formals = self.heap.store_row(formals);
        Some(self.heap.store_ref(Formals {
            formals,
            has_ellipsis,
            whole,
            whole_name,
            first_slot,
            pos,
            cache: Cell::new(None),
        }))
    }

    /// Names and their positions, which must be different, sorted by symbol.
    fn sorted_names(&mut self) -> Option<SmallVec<[Name; 16]>> {
        let length = self.input.length()?;
        let mut names: SmallVec<[Name; 16]> = SmallVec::with_capacity(length);
        for written in 0..u32::try_from(length).ok()? {
            names.push(Name { symbol: self.name()?, pos: self.input.pos()?, written });
        }
        names.sort_unstable_by_key(|name| name.symbol);
        names.is_sorted_by(|a, b| a.symbol < b.symbol).then_some(names)
    }

    fn attrs(&mut self, is_rec: bool) -> Option<Ref<'h, AttrsExpr<'h>>> {
        let pos = self.input.pos()?;
        let names = self.sorted_names()?;
        let sources = self.input.length()?;
        let has_frame = is_rec || sources > 0;
        if is_rec {
            self.scopes.enter_sorted(self.heap, 0, &names, sources)?;
        } else if has_frame {
            self.scopes.enter(self.heap, u32::try_from(sources).ok()?);
        }
        let sources = self.row(sources)?;
        let start = self.pending.len();
        self.read_pending(names.len())?;
        let pending = &self.pending[start..];
        let values = self.heap.store_row(names.iter().map(|name| pending[name.written as usize]));
        self.pending.truncate(start);
        let dynamic = self.dynamic()?;
        if has_frame {
            self.scopes.leave();
        }
        let symbols: SmallVec<[Symbol; 16]> = names.iter().map(|name| name.symbol).collect();
        let positions: SmallVec<[Pos; 16]> = names.iter().map(|name| name.pos).collect();
        let shape = Shape::unique(self.heap, &symbols, &positions);
        let overrides = if is_rec { shape.index_of(names::OVERRIDES).map(|index| index as u32) } else { None };
        Some(self.heap.store_ref(AttrsExpr { shape, values, sources, dynamic, pos, overrides }))
    }

    fn dynamic(&mut self) -> Option<Option<Ref<'h, DynamicAttrs<'h>>>> {
        let length = self.input.length()?;
        if length == 0 {
            return Some(None);
        }
        let mut attrs = Vec::with_capacity(length);
        for _ in 0..length {
            let (name, value) = (self.expr()?, self.expr()?);
            attrs.push(DynamicAttr { name, value, pos: self.input.pos()? });
        }
        let attrs = self.heap.store_many(attrs);
        Some(Some(self.heap.store_ref(DynamicAttrs { attrs, last: Cell::default(), plans: Cell::default() })))
    }
}

/// A name of a set or of formals.
pub(super) struct Name {
    pub(super) symbol: Symbol,
    pub(super) pos: Pos,
    /// Which of the names it was where the image was written.
    pub(super) written: u32,
}
