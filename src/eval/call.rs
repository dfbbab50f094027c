//! Calling functions.

use smallvec::SmallVec;

use super::{ErrorExt, Eval, Result, error, known};
use crate::attention::Request;
use crate::builtins::text::string_literal::write_attribute_name;
use crate::builtins::{Builtin, Test};
use crate::diagnostics::{Code, Diagnostic, Part, Pos, TraceFrame, did_you_mean, similar_names};
use crate::heap::{
    Attrs, Closure, Frame, Function, Kind, List, MappedSet, Partial, Ref, Shape, Slot, Symbol, Value, ValueCell,
};
use crate::program::{Formals, FormalsPlan, Lambda, names};

/// Arguments on their way into a function.
pub(crate) type Arguments<'h> = SmallVec<[Value<'h>; 6]>;

impl<'h> Eval<'h> {
    /// Evaluates the body of a function in the frame of a call, which can be used again after that if nothing refers to it.
    #[inline(always)]
    pub(super) fn run_body(&mut self, lambda: &'h Lambda<'h>, frame: Frame<'h>, pos: Pos) -> Result<Value<'h>> {
        self.depth += 1;
        self.counters.function_calls += 1;
        if self.depth > self.call_limit {
            self.note_call(lambda).or_at(pos)?;
        }
        let result = match lambda.body_at_hand() {
            Some(body) => self.eval_body(body, frame),
            None => self.eval_body_later(lambda, frame),
        };
        self.depth -= 1;
        match result {
            Ok(value) => {
                frame.release(self.heap);
                Ok(value)
            }
            Err(error) => Err(self.in_call(error, lambda, pos)),
        }
    }

    /// A call above the limit: one that is noted for the profile, or one too many.
    #[cold]
    #[inline(never)]
    fn note_call(&mut self, lambda: &'h Lambda<'h>) -> Result<()> {
        let limit = self.settings.max_call_depth;
        if self.depth > limit {
            self.depth -= 1;
            return Err(call_depth_exceeded(limit));
        }
        if let Some(profile) = &mut self.profile {
            profile.enter(self.depth, lambda);
        }
        Ok(())
    }

    #[cold]
    fn in_call(&self, error: Box<Diagnostic>, lambda: &Lambda<'h>, pos: Pos) -> Box<Diagnostic> {
        error.or_at(pos).frame(pos, || match lambda.name.get() {
            Some(name) => format!("while calling '{}'", self.symbols.text(name)).into(),
            None => "while calling a function".into(),
        })
    }

    /// Calls a function value, which may be a thunk, with one or more arguments.
    pub(crate) fn call(&mut self, function: Value<'h>, arguments: &[Value<'h>], pos: Pos) -> Result<Value<'h>> {
        if let Some(closure) = function.as_closure()
            && closure.lambda().arity as usize == arguments.len()
        {
            return self.call_closure(closure, arguments, pos);
        }
        self.call_any(function, arguments, pos)
    }

    /// Calls the first of some values with the others.
    #[inline(never)]
    pub(super) fn call_stored(&mut self, call: &'h [ValueCell<'h>]) -> Result<Value<'h>> {
        let arguments: Arguments<'h> = call[1..].iter().map(ValueCell::get).collect();
        self.call(call[0].get(), &arguments, Pos::NONE)
    }

    /// Calls a function with a name and a value of the set that it maps.
    #[inline(never)]
    pub(super) fn call_mapped(&mut self, mapping: &'h MappedSet<'h>, index: usize) -> Result<Value<'h>> {
        let (shape, values) = mapping.set().as_attrs().and_then(Attrs::flat).expect("a set that is mapped is flat");
        let name = self.symbols.value(shape.names()[index]);
        self.call(mapping.function(), &[name, values[index].get()], Pos::NONE)
    }

    /// Calls a value that is more than a function with as many arguments as it takes.
    #[inline(never)]
    fn call_any(&mut self, function: Value<'h>, arguments: &[Value<'h>], pos: Pos) -> Result<Value<'h>> {
        if self.stack.is_low() {
            return self.on_new_segment(|eval| eval.call_any(function, arguments, pos));
        }
        let mut function = function;
        let given = arguments.len();
        let mut arguments = arguments;
        while !arguments.is_empty() {
            function = self.force(function).or_at(pos)?;
            match function.kind() {
                Kind::Function(Function::Closure(closure)) => {
                    let arity = closure.lambda().arity as usize;
                    if arguments.len() < arity {
                        return Ok(Partial::value(self.heap, function, arguments));
                    }
                    let (now, rest) = arguments.split_at(arity);
                    function = self.call_closure(closure, now, pos)?;
                    arguments = rest;
                }
                Kind::Function(Function::Builtin(id)) => {
                    let arity = self.builtins.get(id).parameters.len();
                    if arguments.len() < arity {
                        return Ok(Partial::value(self.heap, function, arguments));
                    }
                    let (now, rest) = arguments.split_at(arity);
                    function = self.run_builtin(self.builtins.get(id), now, pos)?;
                    arguments = rest;
                }
                Kind::Function(Function::Partial(partial)) => return self.call_with_more(partial, arguments, pos),
                Kind::Attrs(attrs) if attrs.get(names::FUNCTOR).is_some() => {
                    function = self.apply_functor(attrs, function, pos)?;
                }
                _ => return Err(self.not_a_function(function).part(part_called(given, arguments, pos)).or_at(pos)),
            }
        }
        Ok(function)
    }

    /// Calls what has some of its arguments already.
    #[inline(never)]
    fn call_with_more(&mut self, partial: Partial<'h>, more: &[Value<'h>], pos: Pos) -> Result<Value<'h>> {
        let all: Arguments<'h> = partial.arguments().iter().map(ValueCell::get).chain(more.iter().copied()).collect();
        self.call(partial.function(), &all, pos)
    }

    /// What a set with `__functor` is called as.
    fn apply_functor(&mut self, attrs: Attrs<'h>, value: Value<'h>, pos: Pos) -> Result<Value<'h>> {
        let functor = attrs.get(names::FUNCTOR).expect("the caller has looked for it");
        let functor = self.force_cell(functor)?;
        self.call(functor, &[value], pos)
    }

    #[cold]
    pub(super) fn not_a_function(&mut self, value: Value<'h>) -> Box<Diagnostic> {
        let found = self.describe(value);
        let diagnostic = error(Code::NotAFunction, format!("this is called like a function, but it is {found}"));
        self.about(diagnostic, value)
    }

    /// Calls a closure with exactly as many arguments as it takes.
    #[inline]
    fn call_closure(&mut self, closure: Closure<'h>, arguments: &[Value<'h>], pos: Pos) -> Result<Value<'h>> {
        let lambda = closure.lambda();
        if let Some(formals) = lambda.formals {
            return self.call_with_formals(closure, formals.get(), arguments, pos);
        }
        let inner = Frame::for_call(self.heap, closure, lambda.slots as usize);
        for (slot, &argument) in inner.slots().iter().zip(arguments) {
            slot.set(argument);
        }
        self.run_body(lambda, inner, pos)
    }

    #[inline(never)]
    fn call_with_formals(
        &mut self,
        closure: Closure<'h>,
        formals: &'h Formals<'h>,
        arguments: &[Value<'h>],
        pos: Pos,
    ) -> Result<Value<'h>> {
        let lambda = closure.lambda();
        let inner = Frame::for_call(self.heap, closure, lambda.slots as usize);
        let plain = lambda.parameters.len();
        for (slot, &argument) in inner.slots()[..plain].iter().zip(arguments) {
            slot.set(argument);
        }
        let argument = self.force(arguments[plain])?;
        self.bind_formals(lambda, formals, argument, inner, pos).or_at(pos)?;
        self.run_body(lambda, inner, pos)
    }

    #[inline]
    pub(super) fn run_builtin(
        &mut self,
        builtin: &'static Builtin,
        arguments: &[Value<'h>],
        pos: Pos,
    ) -> Result<Value<'h>> {
        self.counters.builtin_calls += 1;
        let result = match self.profile {
            None => (builtin.run)(self, arguments),
            Some(_) => self.run_noted_builtin(builtin, arguments),
        };
        match result {
            Ok(value) => Ok(value),
            Err(error) => {
                let error = in_builtin(error, builtin, arguments);
                Err(error.or_at(pos).frame(pos, || match builtin.is_transparent() {
                    true => TraceFrame::HERE.into(),
                    false => format!("while calling the builtin '{}'", builtin.name).into(),
                }))
            }
        }
    }

    /// Runs a builtin that asks whether a value is of some type.
    #[inline(always)]
    pub(super) fn run_test(&mut self, test: Test, value: Value<'h>) -> Value<'h> {
        self.counters.builtin_calls += 1;
        Value::bool(test(value))
    }

    /// Runs a builtin while a profile is taken. A sample that became due in it is taken before it counts as returned.
    #[cold]
    fn run_noted_builtin(&mut self, builtin: &'static Builtin, arguments: &[Value<'h>]) -> Result<Value<'h>> {
        let depth = self.depth;
        let before = self.profile.as_mut().map(|profile| profile.enter_builtin(depth, builtin));
        let result = (builtin.run)(self, arguments);
        if let (Some(profile), Some(before)) = (&mut self.profile, before) {
            if self.stack.attention().take(Request::SAMPLE) {
                profile.sample(depth);
            }
            profile.leave_builtin(before);
        }
        result
    }

    /// Puts the attributes of an argument where the body looks for them, whatever was there. It has large local variables, which are not to
    /// be in the frames of calls within calls.
    #[inline(never)]
    pub(super) fn bind_formals(
        &mut self,
        lambda: &'h Lambda<'h>,
        formals: &'h Formals<'h>,
        argument: Value<'h>,
        frame: Frame<'h>,
        pos: Pos,
    ) -> Result<()> {
        let Some(attrs) = argument.as_attrs() else {
            return Err(self.argument_is_no_set(lambda, formals, argument));
        };
        if let Some(slot) = formals.whole {
            frame.slot(slot).set(argument);
        }
        let slots = &frame.slots()[formals.first_slot as usize..];
        if let Some((shape, values)) = attrs.flat()
            && let Some((known, Some(plan))) = formals.cache.get()
            && known.is(shape)
        {
            for &(formal, index) in plan.present.slice() {
                slots[usize::from(formal)].set(values[index as usize].get());
            }
            // A default may look at another.
            plan.defaults.iter().for_each(|&formal| slots[usize::from(formal)].clear());
            for formal in plan.defaults.iter().copied().map(usize::from) {
                if let Some(default) = &formals.formals[formal].default {
                    slots[formal].set(self.delay(default, Some(frame)));
                }
            }
            return Ok(());
        }
        slots.iter().for_each(Slot::clear);
        self.match_formals(lambda, formals, attrs, slots, pos)?;
        for (slot, formal) in slots.iter().zip(formals.formals) {
            if slot.get().is_none()
                && let Some(default) = &formal.default
            {
                slot.set(self.delay(default, Some(frame)));
            }
        }
        Ok(())
    }

    /// Finds each formal in a set whose shape has not been seen before.
    fn match_formals(
        &mut self,
        lambda: &'h Lambda<'h>,
        formals: &'h Formals<'h>,
        attrs: Attrs<'h>,
        slots: &[Slot<'h>],
        pos: Pos,
    ) -> Result<()> {
        let mut found = 0;
        let mut walk = attrs.walk();
        for (slot, formal) in slots.iter().zip(formals.formals) {
            match walk.find(formal.name) {
                Some(value) => {
                    found += 1;
                    slot.set(value.get());
                }
                None if formal.default.is_none() => {
                    return Err(self.missing_argument(lambda, attrs, formal.name, pos, formal.pos));
                }
                None => {}
            }
        }
        if !formals.has_ellipsis && found != attrs.len() {
            return Err(self.unexpected_argument(lambda, formals, attrs, pos));
        }
        self.remember_formals(formals, attrs);
        Ok(())
    }

    /// The second time in a row that a shape comes, where its names are is worth remembering.
    fn remember_formals(&mut self, formals: &'h Formals<'h>, attrs: Attrs<'h>) {
        let Some(shape) = attrs.flat_shape() else { return };
        let seen_before = formals.cache.get().is_some_and(|(known, _)| known.is(shape));
        let plan = if seen_before { self.formals_plan(formals, shape) } else { None };
        formals.cache.set(Some((shape.reference(), plan)));
    }

    /// How the formals of a function are bound to sets of a shape; nothing if there are more than 65,536.
    fn formals_plan(&self, formals: &'h Formals<'h>, shape: &Shape<'h>) -> Option<Ref<'h, FormalsPlan<'h>>> {
        let mut present: SmallVec<[(u16, u32); 32]> = SmallVec::new();
        let mut defaults: SmallVec<[u16; 32]> = SmallVec::new();
        for (number, formal) in formals.formals.iter().enumerate() {
            let number = u16::try_from(number).ok()?;
            match shape.index_of(formal.name) {
                Some(index) => present.push((number, index as u32)),
                None if formal.default.is_some() => defaults.push(number),
                None => {}
            }
        }
        let (present, defaults) = (self.heap.copy_row(&present), self.heap.copy_row(&defaults));
        Some(self.heap.store_ref(FormalsPlan { present, defaults }))
    }

    #[cold]
    fn missing_argument(
        &mut self,
        lambda: &Lambda<'h>,
        attrs: Attrs<'h>,
        name: Symbol,
        pos: Pos,
        formal: Pos,
    ) -> Box<Diagnostic> {
        let name = self.symbols.text(name);
        let function = self.function_name(lambda);
        let message = format!("{function} is called without required argument '{name}'");
        let given: Vec<_> =
            self.sorted_names(attrs).into_iter().map(|given| (given, self.symbols.text(given))).collect();
        let is_known = |given: Symbol| {
            lambda.formals.is_some_and(|formals| formals.formals.binary_search_by_key(&given, |one| one.name).is_ok())
        };
        let unknown: Vec<&str> =
            given.iter().filter(|(given, _)| !is_known(*given)).map(|(_, text)| text.as_str()).collect();
        let mut diagnostic = error(Code::MissingArgument, message).or_at(pos);
        *diagnostic = diagnostic.with_label(formal.span(name.len() as u32), "the argument is declared here");
        match similar_names(&name, unknown).as_slice() {
            [] if given.is_empty() => diagnostic.hint("the call gives an empty set"),
            [] if given.len() <= MOST_NAMES => {
                let given: Vec<String> = given.into_iter().map(|(_, text)| text).collect();
                diagnostic.hint(format!("the call gives: {}", given.join(", ")))
            }
            [] => diagnostic,
            [similar, ..] => diagnostic.hint(format!("the call gives '{similar}': is one of the two misspelt?")),
        }
    }

    #[cold]
    fn argument_is_no_set(
        &mut self,
        lambda: &Lambda<'h>,
        formals: &Formals<'h>,
        argument: Value<'h>,
    ) -> Box<Diagnostic> {
        let mut diagnostic = self.type_error("a set", argument);
        let function = self.function_name(lambda);
        *diagnostic = diagnostic.with_label(formals.pos.span(0), format!("{function} wants a set here"));
        let wanted = self.show_formals(formals);
        diagnostic.hint(format!("the argument has to be {wanted}"))
    }

    #[cold]
    fn unexpected_argument(
        &mut self,
        lambda: &Lambda<'h>,
        formals: &Formals<'h>,
        attrs: Attrs<'h>,
        pos: Pos,
    ) -> Box<Diagnostic> {
        let unexpected = self
            .sorted_names(attrs)
            .into_iter()
            .find(|&given| formals.formals.binary_search_by_key(&given, |formal| formal.name).is_err());
        let written = unexpected.and_then(|name| attrs.find(name)).map_or(Pos::NONE, |(_, pos)| pos);
        let name = unexpected.map(|name| self.symbols.text(name)).unwrap_or_default();
        let function = self.function_name(lambda);
        let mut shown = Vec::new();
        write_attribute_name(&mut shown, name.as_bytes());
        let shown = String::from_utf8_lossy(&shown);
        let message = format!("{function} is called with unexpected argument '{shown}'");
        let mut diagnostic = error(Code::UnexpectedArgument, message).or_at(pos);
        *diagnostic = diagnostic.with_label(formals.pos.span(0), "the function takes these arguments");
        if written.is_some() {
            *diagnostic = diagnostic.with_label(written.span(name.len() as u32), "this one is given");
        }
        // What is given already is not what was meant.
        let open = formals.formals.iter().filter(|formal| attrs.get(formal.name).is_none());
        let open: Vec<String> = open.map(|formal| self.symbols.text(formal.name)).collect();
        match did_you_mean(&similar_names(&name, open.iter().map(String::as_str))) {
            Some(hint) => diagnostic.hint(hint),
            None => {
                let wanted = self.show_formals(formals);
                diagnostic.hint(format!("the function takes {wanted}; with '...' at the end it would take others too"))
            }
        }
    }

    fn function_name(&self, lambda: &Lambda<'h>) -> String {
        match lambda.name.get() {
            Some(name) => format!("the function '{}'", self.symbols.text(name)),
            None => "the function".to_owned(),
        }
    }
}

/// Of the names in a set, so many are listed in a message.
const MOST_NAMES: usize = 8;

/// Which part of a call is called that is no function: after some arguments it is what the others returned. A call without
/// a place is not one that somebody wrote.
#[cold]
fn part_called(given: usize, left: &[Value<'_>], pos: Pos) -> Part {
    match given - left.len() {
        _ if pos.is_none() => Part::Unknown,
        0 => Part::Function,
        used => Part::Result(used),
    }
}

/// Finds out which argument of a builtin an error is about.
#[cold]
fn in_builtin(error: Box<Diagnostic>, builtin: &'static Builtin, arguments: &[Value<'_>]) -> Box<Diagnostic> {
    let Some(culprit) = &error.culprit else { return error };
    let wrong = culprit.identity;
    // What a function returns may be equal to an argument by chance.
    let calls = arguments.iter().any(|&argument| matches!(known(argument).kind(), Kind::Function(_)));
    if calls && matches!(culprit.type_name, "int" | "bool" | "null") {
        return error;
    }
    for (index, &argument) in arguments.iter().enumerate() {
        if known(argument).identity() == wrong {
            return error.part(Part::Argument(index, Some((builtin.name, builtin.parameters))));
        }
    }
    for (index, &argument) in arguments.iter().enumerate() {
        let elements = known(argument).as_list().map(List::elements).unwrap_or_default();
        if let Some(at) = elements.iter().position(|element| known(element.get()).identity() == wrong) {
            return error.part(Part::Element(index, at, builtin.name));
        }
    }
    error
}

/// Whether a value other than a closure can be called.
#[cold]
pub(super) fn is_callable(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Function(_) => true,
        Kind::Attrs(attrs) => attrs.get(names::FUNCTOR).is_some(),
        _ => false,
    }
}

#[cold]
fn call_depth_exceeded(limit: u64) -> Box<Diagnostic> {
    error(
        Code::CallDepthExceeded,
        format!("calls are nested more than {limit} deep (stack overflow; max-call-depth exceeded)"),
    )
    .hint("this may be a recursion without end; '--max-call-depth' sets the limit")
}
