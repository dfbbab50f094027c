//! Making attribute sets and looking into them.

use smallvec::SmallVec;

use super::expr::frame_up;
use super::{ErrorExt, Eval, Result, error, known};
use crate::diagnostics::{Code, Diagnostic, Part, Pos, did_you_mean, similar_names};
use crate::heap::{Attrs, Frame, Kind, Row, SelectCache, Shape, Suspension, Symbol, Thunk, Value, ValueCell};
use crate::program::image;
use crate::program::{AttrName, AttrsExpr, DynamicVariable, Expr, HasAttr, PathElement, Select, SelectOne};

/// Of the names in a set, so many are listed in a message.
const MOST_NAMES: usize = 12;
/// Of the attributes of a set, so many are searched for an attribute that is missing.
const MOST_SEARCHED: usize = 1000;

/// AttrList of a set that is being made, in any order.
pub(crate) type AttrList<'h> = SmallVec<[(Symbol, Pos, Value<'h>); 8]>;

impl<'h> Eval<'h> {
    /// `{ ... }`
    #[inline(never)]
    pub(super) fn attr_set(&mut self, attrs: &'h AttrsExpr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let mut frame = frame;
        if !attrs.sources.is_empty() {
            let inner = Frame::new(self.heap, frame, attrs.sources.len());
            self.fill_slots(inner, 0, attrs.sources);
            frame = Some(inner);
        }
        if let Some(dynamic) = attrs.dynamic {
            return self
                .dynamic_set(dynamic.get(), attrs.shape, frame, |eval, index| eval.delay(&attrs.values[index], frame));
        }
        Ok(Attrs::build(self.heap, attrs.shape, |index| self.delay(&attrs.values[index], frame)))
    }

    /// Gives slots of a frame, from `first` on, the values of expressions in it, which are not evaluated.
    #[inline(always)]
    pub(super) fn fill_slots(&mut self, frame: Frame<'h>, first: usize, exprs: Row<'h, Expr<'h>>) {
        for (slot, expr) in frame.slots()[first..].iter().zip(exprs) {
            slot.set(self.delay(expr, Some(frame)));
        }
    }

    /// `rec { ... }`
    #[inline(never)]
    pub(super) fn rec_attr_set(&mut self, attrs: &'h AttrsExpr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let count = attrs.values.len();
        let inner = Frame::new(self.heap, frame, count + attrs.sources.len());
        // Values may refer to the sources, which are therefore there first.
        self.fill_slots(inner, count, attrs.sources);
        match attrs.overrides {
            None => self.fill_slots(inner, 0, attrs.values),
            // What a variable stands for is not known before the overrides are.
            Some(_) => {
                for (slot, expr) in inner.slots().iter().zip(attrs.values) {
                    slot.set(Thunk::code(self.heap, expr, Some(inner)));
                }
            }
        }
        let value = |index: usize| inner.slots()[index].get().expect("all slots have just been filled");
        match (attrs.overrides, attrs.dynamic) {
            (None, None) => Ok(Attrs::build(self.heap, attrs.shape, value)),
            (None, Some(dynamic)) => self.dynamic_set(dynamic.get(), attrs.shape, Some(inner), |_, index| value(index)),
            (Some(index), dynamic) => {
                let set = Attrs::build(self.heap, attrs.shape, value);
                let set = self.apply_overrides(attrs, set, index, inner)?;
                let Some(dynamic) = dynamic else { return Ok(set) };
                let set = set.as_attrs().expect("the set has just been made");
                let (shape, values) = set.flatten(self.heap);
                self.dynamic_set(dynamic.get(), shape, Some(inner), |_, index| values[index].get())
            }
        }
    }

    /// `rec { __overrides = { ... }; }`: its attributes replace those of the set, for the scope as well.
    fn apply_overrides(
        &mut self,
        attrs: &'h AttrsExpr<'h>,
        set: Value<'h>,
        index: u32,
        frame: Frame<'h>,
    ) -> Result<Value<'h>> {
        let overrides = frame.slot(index).get().expect("all slots have been filled");
        let overrides = self.force_attrs(overrides).or_at(attrs.pos)?;
        let (shape, values) = overrides.flatten(self.heap);
        for (&name, value) in shape.names().iter().zip(values) {
            if let Some(index) = attrs.shape.index_of(name) {
                frame.slots()[index].set(value.get());
            }
        }
        let base = set.as_attrs().expect("the set has just been made");
        Ok(self.update(base, overrides))
    }

    /// A set of these attributes, which are in any order, no name twice.
    pub(crate) fn attrs_from(&mut self, mut attrs: AttrList<'h>) -> Value<'h> {
        attrs.sort_unstable_by_key(|(name, ..)| *name);
        let names: SmallVec<[_; 32]> = attrs.iter().map(|attr| attr.0).collect();
        let positions: SmallVec<[_; 32]> = attrs.iter().map(|attr| attr.1).collect();
        let shape = Shape::new(self.heap, &names, &positions);
        Attrs::build(self.heap, shape, |index| attrs[index].2)
    }

    /// The same for attributes without positions.
    pub(crate) fn attrs_of<const N: usize>(&mut self, mut attrs: [(Symbol, Value<'h>); N]) -> Value<'h> {
        attrs.sort_unstable_by_key(|(name, _)| *name);
        let shape = Shape::new(self.heap, &attrs.map(|(name, _)| name), &[Pos::NONE; N]);
        Attrs::build(self.heap, shape, |index| attrs[index].1)
    }

    /// The names of a set in alphabetical order.
    pub(crate) fn sorted_names(&self, attrs: Attrs<'h>) -> Vec<Symbol> {
        self.sorted(attrs).map(|(name, _)| name).collect()
    }

    /// Names and values of a set in alphabetical order.
    pub(crate) fn sorted(
        &self,
        attrs: Attrs<'h>,
    ) -> impl ExactSizeIterator<Item = (Symbol, &'h ValueCell<'h>)> + use<'h> {
        let (shape, values) = attrs.flatten(self.heap);
        let order = shape.alphabetical(self.heap, |order, names| self.symbols.sort_alphabetically(order, names));
        order.iter().map(move |&index| (shape.names()[index as usize], &values[index as usize]))
    }

    /// Looks `name` up, first where it was found last time.
    #[inline(always)]
    pub(super) fn find_cached(
        &self,
        attrs: Attrs<'h>,
        name: Symbol,
        cache: &SelectCache<'h>,
    ) -> Option<&'h ValueCell<'h>> {
        match cache.find(attrs) {
            Some(found) => found,
            None => self.find_anew(attrs, name, cache),
        }
    }

    #[inline(never)]
    fn find_anew(&self, attrs: Attrs<'h>, name: Symbol, cache: &SelectCache<'h>) -> Option<&'h ValueCell<'h>> {
        self.lookups.find(self.heap, attrs, name, Some(cache))
    }

    /// Looks `name` up, with the help of what was looked up before.
    #[inline]
    pub(crate) fn find(&self, attrs: Attrs<'h>, name: Symbol) -> Option<&'h ValueCell<'h>> {
        self.lookups.find(self.heap, attrs, name, None)
    }

    /// Looks `name` up in the same way, with the place where it was written.
    pub(crate) fn find_with_pos(&self, attrs: Attrs<'h>, name: Symbol) -> Option<(&'h ValueCell<'h>, Pos)> {
        self.lookups.find_with_pos(attrs, name)
    }

    /// Finds what an element of an attribute path names. What a static name found is remembered.
    #[inline(always)]
    fn find_element(&self, value: Value<'h>, name: Symbol, element: &'h PathElement<'h>) -> Option<&'h ValueCell<'h>> {
        let attrs = value.as_attrs()?;
        match element.name {
            AttrName::Static(_) => self.find_cached(attrs, name, &element.cache),
            AttrName::Dynamic(_) => self.find(attrs, name),
        }
    }

    #[inline(always)]
    fn path_name(&mut self, element: &'h PathElement<'h>, frame: Option<Frame<'h>>) -> Result<Symbol> {
        match &element.name {
            AttrName::Static(name) => Ok(*name),
            AttrName::Dynamic(expr) => {
                let name = self.eval(expr, frame)?;
                self.symbol_of(name).or_at(element.pos)
            }
        }
    }

    /// `subject.name`
    #[inline(never)]
    pub(super) fn select_one(&mut self, select: &'h SelectOne<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let value = self.operand(&select.subject, frame)?;
        self.counters.selections += 1;
        match value.as_attrs().and_then(|attrs| self.find_cached(attrs, select.name, &select.cache)) {
            Some(cell) => self.force_attr(cell, select.name, select.pos),
            None => Err(self.cannot_select(value, select.name, select.pos)),
        }
    }

    /// `subject.path or default`
    #[inline(never)]
    pub(super) fn select(&mut self, select: &'h Select<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let mut value = self.operand(&select.subject, frame)?;
        for element in select.path {
            self.counters.selections += 1;
            let name = self.path_name(element, frame)?;
            value = match (self.find_element(value, name, element), &select.default) {
                (Some(cell), _) => self.force_attr(cell, name, element.pos)?,
                (None, Some(default)) => return self.eval(default, frame),
                (None, None) => return Err(self.cannot_select(value, name, element.pos)),
            };
        }
        Ok(value)
    }

    /// Forces an attribute and keeps its value in the set.
    #[inline(always)]
    pub(crate) fn force_attr(&mut self, cell: &'h ValueCell<'h>, name: Symbol, pos: Pos) -> Result<Value<'h>> {
        match self.force_cell(cell) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.in_attribute(error, name, pos)),
        }
    }

    #[cold]
    pub(crate) fn in_attribute(&self, error: Box<Diagnostic>, name: Symbol, pos: Pos) -> Box<Diagnostic> {
        error.or_at(pos).frame(pos, || format!("while evaluating the attribute '{}'", self.symbols.text(name)).into())
    }

    #[cold]
    fn cannot_select(&mut self, value: Value<'h>, name: Symbol, pos: Pos) -> Box<Diagnostic> {
        let length = self.symbols.bytes(name).len() as u32;
        let mut diagnostic = match value.as_attrs() {
            Some(attrs) => self.missing_attribute(attrs, name),
            None => {
                let found = self.describe_type(value);
                let name = self.symbols.text(name);
                let message = format!("cannot select '{name}' from {found}: only sets have attributes");
                let diagnostic = self.about(error(Code::TypeMismatch, message), value);
                match self.missing_in_call(value) {
                    Some(hint) => diagnostic.hint(hint),
                    None => diagnostic,
                }
            }
        };
        if diagnostic.primary.is_none() {
            *diagnostic = diagnostic.at(pos.span(length), "");
        }
        diagnostic
    }

    #[cold]
    pub(crate) fn missing_attribute(&mut self, attrs: Attrs<'h>, name: Symbol) -> Box<Diagnostic> {
        let wanted = self.symbols.text(name);
        let present: Vec<(Symbol, String)> =
            self.sorted_names(attrs).into_iter().map(|name| (name, self.symbols.text(name))).collect();
        let similar = similar_names(&wanted, present.iter().map(|(_, text)| text.as_str()));
        let diagnostic = error(Code::MissingAttribute, format!("attribute '{wanted}' missing"));
        let mut diagnostic = self.about(diagnostic, attrs.value());
        if let Some(hint) = did_you_mean(&similar) {
            if let [one] = similar.as_slice()
                && let Some(&(symbol, _)) = present.iter().find(|(_, text)| text == one)
                && let Some((_, pos)) = attrs.find(symbol).filter(|(_, pos)| pos.is_some())
            {
                *diagnostic = diagnostic.with_label(pos.span(one.len() as u32), format!("'{one}' is defined here"));
            }
            return diagnostic.hint(hint);
        }
        if present.is_empty() {
            return diagnostic.hint("the set is empty");
        }
        let is_dotted = |text: &str| text.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('.'));
        if let Some((_, dotted)) = present.iter().find(|(_, text)| is_dotted(text)) {
            return diagnostic.hint(format!("the set has \"{dotted}\": a name with a dot in it is selected in quotes"));
        }
        if let Some(path) = self.found_deeper(attrs, &present, name) {
            return diagnostic.hint(format!("it is one level further in: '{path}'"));
        }
        if present.len() <= MOST_NAMES {
            let names: Vec<_> = present.into_iter().map(|(_, text)| text).collect();
            return diagnostic.hint(format!("the set has: {}", names.join(", ")));
        }
        diagnostic
    }

    /// An attribute that is a set in which there is the attribute wanted, as far as that is known without evaluation.
    #[cold]
    fn found_deeper(&self, attrs: Attrs<'h>, present: &[(Symbol, String)], name: Symbol) -> Option<String> {
        let (_, text) = present.iter().take(MOST_SEARCHED).find(|(inner, _)| {
            let value = attrs.get(*inner).map(|cell| known(cell.get()));
            match value.map(Value::kind) {
                Some(Kind::Attrs(inner)) => inner.get(name).is_some(),
                Some(Kind::Thunk(thunk)) => match thunk.suspension() {
                    Suspension::Code(expr, _) => match image::whole(expr, self.heap, &self.globals) {
                        Some(Expr::Attrs(set) | Expr::RecAttrs(set)) => set.shape.index_of(name).is_some(),
                        _ => false,
                    },
                    _ => false,
                },
                _ => false,
            }
        })?;
        Some(format!("{text}.{}", self.symbols.text(name)))
    }

    /// `subject ? path`
    #[inline(never)]
    pub(super) fn has_attr(&mut self, has: &'h HasAttr<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let mut value = self.operand(&has.subject, frame)?;
        let (last, path) = has.path.split_last().expect("an attribute path has an element");
        for element in path {
            let name = self.path_name(element, frame)?;
            match self.find_element(value, name, element) {
                Some(cell) => value = self.force_attr(cell, name, element.pos)?,
                None => return Ok(Value::FALSE),
            }
        }
        let name = self.path_name(last, frame)?;
        Ok(Value::bool(self.find_element(value, name, last).is_some()))
    }

    /// A variable that one of the enclosing `with`s provides, the innermost first.
    #[inline(never)]
    pub(super) fn dynamic_variable(
        &mut self,
        variable: &'h DynamicVariable<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        match self.look_up_in_withs(variable, frame) {
            Ok(value) => Ok(value),
            Err(error) => Err(self.in_withs(error, variable, frame)),
        }
    }

    #[inline(always)]
    fn look_up_in_withs(&mut self, variable: &'h DynamicVariable<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let innermost = frame_up(frame, variable.depth);
        if let Some((known, cell)) = variable.found.get()
            && known.is_same(innermost)
        {
            return self.force_attr(cell, variable.name, variable.pos);
        }
        let mut with = innermost;
        loop {
            let subject = with.slot(0).get().expect("a with frame has its set");
            let subject = self.force(subject).or_at(variable.pos)?;
            let Some(attrs) = subject.as_attrs() else {
                return Err(self.type_error("a set", subject).or_at(variable.pos));
            };
            with.slot(0).set(subject);
            if let Some(cell) = self.find(attrs, variable.name) {
                variable.found.set(Some((innermost, cell)));
                return self.force_attr(cell, variable.name, variable.pos);
            }
            let depth = with.slot(1).get().and_then(Value::as_int).map_or(0, |distance| distance as u32);
            if depth == 0 {
                return Err(self.not_in_any_with(variable));
            }
            with = frame_up(Some(with), depth);
        }
    }

    #[cold]
    fn not_in_any_with(&self, variable: &DynamicVariable) -> Box<Diagnostic> {
        let name = self.symbols.text(variable.name);
        let diagnostic = Diagnostic::error(Code::UndefinedVariable, format!("undefined variable '{name}'"));
        let place = variable.pos.span(name.len() as u32);
        Box::new(diagnostic.at(place, "no enclosing 'with' provides it"))
    }

    /// Says more about an error of [`Eval::dynamic_variable`]: which `with` has no set, or what the sets have.
    #[cold]
    #[inline(never)]
    fn in_withs(
        &mut self,
        mut error: Box<Diagnostic>,
        variable: &'h DynamicVariable,
        frame: Option<Frame<'h>>,
    ) -> Box<Diagnostic> {
        // The error may be about something else, which the variable only stands for.
        let is_here = error.primary.as_ref().is_some_and(|label| label.span.start == variable.pos);
        if !is_here || !error.hints.is_empty() && error.code == Code::UndefinedVariable {
            return error;
        }
        if error.code == Code::UndefinedVariable {
            let name = self.symbols.text(variable.name);
            let meant = withs(variable, frame).into_iter().filter_map(Value::as_attrs).find_map(|attrs| {
                let present: Vec<String> =
                    self.sorted_names(attrs).into_iter().map(|name| self.symbols.text(name)).collect();
                did_you_mean(&similar_names(&name, present.iter().map(String::as_str)))
            });
            error.hints.extend(meant);
            return error;
        }
        if let Some(culprit) = error.culprit.as_mut().filter(|culprit| culprit.part == Part::Unknown)
            && let Some(index) = withs(variable, frame).iter().position(|with| with.identity() == culprit.identity)
        {
            culprit.part = Part::With(index);
            if error.hints.is_empty() {
                return error.hint("what stands after 'with' must be a set");
            }
        }
        error
    }

    /// A call that is made when its value is needed.
    pub(crate) fn delayed_call(&mut self, function: Value<'h>, arguments: &[Value<'h>]) -> Value<'h> {
        match arguments {
            [argument] => Thunk::apply(self.heap, function, *argument),
            _ => {
                let call: SmallVec<[_; 4]> = std::iter::once(function).chain(arguments.iter().copied()).collect();
                Thunk::apply_many(self.heap, &call)
            }
        }
    }
}

/// What stands after the `with`s around a variable, the innermost first.
#[cold]
fn withs<'h>(variable: &DynamicVariable, frame: Option<Frame<'h>>) -> Vec<Value<'h>> {
    let (mut depth, mut frame) = (variable.depth, frame);
    let mut subjects = Vec::new();
    loop {
        let with = frame_up(frame, depth);
        subjects.extend(with.slot(0).get().map(known));
        depth = with.slot(1).get().and_then(Value::as_int).map_or(0, |distance| distance as u32);
        if depth == 0 {
            return subjects;
        }
        frame = Some(with);
    }
}
