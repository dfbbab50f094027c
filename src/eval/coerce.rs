//! Turning values into strings and paths.

use smallvec::{SmallVec, smallvec};

use super::context::{ContextElement, ContextSet};
use super::operators::Arithmetic;
use super::search_path::BUILTIN_FILES;
use super::{ErrorExt, Eval, Result, error};
use crate::builtins::text::{float, path};
use crate::diagnostics::{Code, Diagnostic, Part};
use crate::heap::{Attrs, Frame, Kind, Str, Value};
use crate::program::{Binary, Expr, Interpolation, names};
use crate::store::append;

/// What may be made a string.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) struct Coercion {
    /// Also numbers, Booleans, null and lists, as `toString` and `derivation` do.
    pub(crate) more: bool,
    /// Whether a path is copied to the store and stands for its store path.
    pub(crate) copy: bool,
}

impl Coercion {
    /// What `${}` does, and `+` behind a text.
    pub(crate) const INTERPOLATION: Coercion = Coercion { more: false, copy: true };
    /// What `builtins.toString` does.
    pub(crate) const TO_STRING: Coercion = Coercion { more: true, copy: false };
    /// What `derivation` does.
    pub(crate) const DERIVATION: Coercion = Coercion { more: true, copy: true };
    /// Strings, paths without copying, and sets that stand for one of them.
    pub(crate) const PLAIN: Coercion = Coercion { more: false, copy: false };
}

/// How many sets in a row may stand for each other as text.
const MAX_REPRESENTATIONS: usize = 100_000;

impl<'h> Eval<'h> {
    /// A string of parts, one after the other.
    ///
    /// # Errors
    /// It would exceed the memory.
    pub(crate) fn concat_strings(&mut self, parts: &[&[u8]], context: &ContextSet) -> Result<Value<'h>> {
        self.reserve(parts.iter().map(|part| part.len()).sum())?;
        Ok(Str::concat(self.heap, parts, context.as_slice()))
    }

    /// `./a/${b}`
    #[inline(never)]
    pub(super) fn interpolate_path(
        &mut self,
        interpolation: &'h Interpolation<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let mut context = ContextSet::default();
        let mut path = Vec::new();
        for part in interpolation.parts {
            let value = self.eval(&part.expr, frame)?;
            path.extend_from_slice(part.before);
            path.extend_from_slice(self.coerce_forced(value, Coercion::PLAIN, &mut context).or_at(part.pos)?);
        }
        path.extend_from_slice(interpolation.end);
        self.path_of(&path, &context).or_at(interpolation.pos)
    }

    fn path_of(&mut self, text: &[u8], context: &ContextSet) -> Result<Value<'h>> {
        if !context.is_empty() {
            let message = "a string that refers to a store path cannot be appended to a path";
            return Err(error(Code::IllegalReference, message));
        }
        if text.contains(&0) {
            return Err(error(Code::InvalidPath, "a path cannot contain a NUL byte"));
        }
        Ok(Value::path(self.heap, &path::canonicalize(text)))
    }

    /// `left + right` where the left side is no number: it decides what is added.
    #[inline(never)]
    pub(super) fn add_text(
        &mut self,
        left: Value<'h>,
        right: &'h Expr<'h>,
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let mut context = ContextSet::default();
        let mut coercion = Coercion::PLAIN;
        match left.kind() {
            Kind::Path(text) => {
                let right = self.eval(right, frame)?;
                let right = self.coerce_forced(right, coercion, &mut context).part(Part::Operand(1))?;
                return self.path_of(&[text, right].concat(), &context);
            }
            kind => coercion.copy = matches!(kind, Kind::String(_)),
        }
        let left = self.coerce_forced(left, coercion, &mut context).part(Part::Operand(0))?;
        let right = self.eval(right, frame)?;
        let right = self.coerce_forced(right, coercion, &mut context).part(Part::Operand(1))?;
        self.concat_strings(&[left, right], &context)
    }

    /// A text with the right sides of these operators behind it.
    #[inline(never)]
    pub(super) fn add_texts(
        &mut self,
        text: Str<'h>,
        operators: &[&'h Binary<'h>],
        frame: Option<Frame<'h>>,
    ) -> Result<Value<'h>> {
        let mut context = ContextSet::default();
        context.add(text.context());
        let mut parts: SmallVec<[&[u8]; 16]> = smallvec![text.bytes()];
        let mut length = text.bytes().len();
        for operands in operators {
            let right = self.operand(&operands.right, frame).or_at(operands.pos)?;
            let right = self.coerce_forced(right, Coercion::INTERPOLATION, &mut context).part(Part::Operand(1));
            let right = right.or_at(operands.pos)?;
            length += right.len();
            self.reserve(length).or_at(operands.pos)?;
            parts.push(right);
        }
        Ok(Str::concat(self.heap, &parts, context.as_slice()))
    }

    /// The sum of a number and what must be one.
    pub(super) fn add_numbers(&mut self, left: Value<'h>, right: Value<'h>) -> Result<Value<'h>> {
        if matches!(right.kind(), Kind::Int(_) | Kind::Float(_)) {
            return self.arithmetic(Arithmetic::Add, left, right);
        }
        Err(self.not_addable(right))
    }

    #[cold]
    fn not_addable(&mut self, right: Value<'h>) -> Box<Diagnostic> {
        let found = self.describe(right);
        let diagnostic = error(Code::TypeMismatch, format!("cannot add {found} to a number"));
        let diagnostic = self.about(diagnostic, right).part(Part::Operand(1));
        match right.kind() {
            Kind::String(_) => {
                diagnostic.hint("'toString' makes a string of the number, and strings can be joined by '+'")
            }
            _ => match self.missing_in_call(right) {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            },
        }
    }

    /// The text of a value; what it refers to is added to `context`.
    pub(crate) fn coerce(&mut self, value: Value<'h>, how: Coercion, context: &mut ContextSet) -> Result<&'h [u8]> {
        let value = self.force(value)?;
        self.coerce_forced(value, how, context)
    }

    /// The value as a string value with its context.
    pub(crate) fn coerce_to_string(&mut self, value: Value<'h>, how: Coercion) -> Result<Str<'h>> {
        let value = self.force(value)?;
        if let Some(string) = value.as_string() {
            return Ok(string);
        }
        let string = match value.as_small_int() {
            Some(value) if how.more => Str::plain(self.heap, itoa::Buffer::new().format(value).as_bytes()),
            _ => {
                let mut context = ContextSet::default();
                let text = self.coerce_forced(value, how, &mut context)?;
                Str::concat(self.heap, &[text], context.as_slice())
            }
        };
        Ok(string.as_string().expect("a string has just been made"))
    }

    /// The same for a value that has been forced.
    #[inline]
    pub(super) fn coerce_forced(
        &mut self,
        value: Value<'h>,
        how: Coercion,
        context: &mut ContextSet,
    ) -> Result<&'h [u8]> {
        match value.as_string() {
            Some(string) => {
                context.add(string.context());
                Ok(string.bytes())
            }
            None => self.coerce_other(value, how, context),
        }
    }

    fn coerce_other(&mut self, value: Value<'h>, how: Coercion, context: &mut ContextSet) -> Result<&'h [u8]> {
        if self.stack.is_low() {
            return self.on_new_segment(|eval| eval.coerce_other(value, how, context));
        }
        match value.kind() {
            Kind::String(string) => {
                context.add(string.context());
                Ok(string.bytes())
            }
            Kind::Path(path) if how.copy => self.coerce_copied(path, context),
            Kind::Path(path) if path.starts_with(BUILTIN_FILES) => Ok(&path[BUILTIN_FILES.len() - 1..]),
            Kind::Path(path) => Ok(path),
            Kind::Attrs(attrs) => self.coerce_attrs(attrs, how, context),
            Kind::List(list) if how.more => self.coerce_list(list, how, context),
            Kind::Bool(true) if how.more => Ok(b"1"),
            Kind::Bool(false) | Kind::Null if how.more => Ok(b""),
            Kind::Int(value) if how.more => Ok(self.heap.store_slice(itoa::Buffer::new().format(value).as_bytes())),
            Kind::Float(value) if how.more => Ok(self.heap.store_slice(float::float_to_string(value).as_bytes())),
            _ => Err(self.not_a_string(value)),
        }
    }

    #[cold]
    fn not_a_string(&mut self, value: Value<'h>) -> Box<Diagnostic> {
        let found = self.describe_type(value);
        let message = match value.kind() {
            Kind::Null | Kind::Function(_) | Kind::Thunk(_) => format!("cannot coerce {found} to a string"),
            _ => format!("cannot coerce {found} to a string: {}", self.excerpt(value)),
        };
        let diagnostic = self.about(error(Code::NotAString, message), value);
        match value.kind() {
            Kind::Int(_) | Kind::Float(_) => diagnostic.hint("'toString' makes a string of a number"),
            Kind::Bool(_) => diagnostic.hint(
                "'toString' makes \"1\" of true and \"\" of false; for other words write 'if … then \"yes\" else \"no\"'",
            ),
            Kind::Null => diagnostic.hint("null has no text: say what to write for it, as in 'if x == null then \"\" else x'"),
            Kind::List(_) => diagnostic.hint("'builtins.concatStringsSep \" \"' joins the strings of a list"),
            Kind::Attrs(_) => diagnostic.hint(
                "select an attribute of the set, or write it down with 'builtins.toJSON'; a set with 'outPath' or '__toString' would do",
            ),
            _ => match self.missing_in_call(value) {
                Some(hint) => diagnostic.hint(hint),
                None => diagnostic,
            },
        }
    }

    /// A path that is copied to the store. What it comes to is remembered.
    fn coerce_copied(&mut self, path: &'h [u8], context: &mut ContextSet) -> Result<&'h [u8]> {
        if let Some(&(text, id)) = self.copied_paths.get(path) {
            context.insert(id);
            return Ok(text);
        }
        let copied = self.copy_to_store(self.canonical(path))?;
        let text = self.heap.store_slice(self.store.print(&copied).as_bytes());
        let id = self.contexts.intern(ContextElement::Opaque(copied));
        self.copied_paths.insert(path, (text, id));
        context.insert(id);
        Ok(text)
    }

    /// A set stands for what its `__toString` returns or for its `outPath`.
    fn coerce_attrs(&mut self, attrs: Attrs<'h>, how: Coercion, context: &mut ContextSet) -> Result<&'h [u8]> {
        let represented = self.represented(attrs)?;
        self.coerce_forced(represented, how, context)
    }

    /// What a set stands for where text is wanted: a value that is no set.
    fn represented(&mut self, attrs: Attrs<'h>) -> Result<Value<'h>> {
        let mut attrs = attrs;
        for _ in 0..MAX_REPRESENTATIONS {
            let value = if let Some(to_string) = self.find(attrs, names::TO_STRING) {
                let function = self.force_cell(to_string)?;
                self.call(function, &[attrs.value()], crate::diagnostics::Pos::NONE)?
            } else if let Some(out_path) = self.find(attrs, names::OUT_PATH) {
                self.force_attr(out_path, names::OUT_PATH, crate::diagnostics::Pos::NONE)?
            } else {
                return Err(self.not_a_string(attrs.value()));
            };
            match value.as_attrs() {
                Some(inner) => attrs = inner,
                None => return Ok(value),
            }
        }
        Err(error(Code::InfiniteRecursion, "infinite recursion encountered: this set stands for itself as text"))
    }

    /// Appends the text of a value to `out`; what it refers to is added to `context`. It makes no text in between.
    pub(crate) fn append_coerced(
        &mut self,
        value: Value<'h>,
        how: Coercion,
        context: &mut ContextSet,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let mut value = self.force(value)?;
        if let Some(attrs) = value.as_attrs() {
            value = self.represented(attrs)?;
        }
        match value.kind() {
            Kind::List(list) if how.more => return self.append_list(list, how, context, out),
            Kind::Int(number) if how.more => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            _ => append(out, self.coerce_forced(value, how, context)?),
        }
        Ok(())
    }

    /// A path without `.` and `..`: only a literal that begins with `~` has them.
    fn canonical(&self, path: &'h [u8]) -> &'h [u8] {
        match memchr::memmem::find(path, b"/.") {
            None => path,
            Some(_) => self.heap.store_slice(&path::canonicalize(path)),
        }
    }

    /// The absolute path that a value means: a path, or text that begins with `/`.
    pub(crate) fn coerce_to_path(&mut self, value: Value<'h>, context: &mut ContextSet) -> Result<&'h [u8]> {
        let mut value = self.force(value)?;
        if let Some(attrs) = value.as_attrs() {
            value = self.represented(attrs)?;
        }
        if let Kind::Path(path) = value.kind() {
            return Ok(self.canonical(path));
        }
        let text = self.coerce_forced(value, Coercion::PLAIN, context)?;
        if text.first() != Some(&b'/') {
            return Err(not_absolute(text));
        }
        Ok(self.heap.store_slice(&path::canonicalize(text)))
    }
}

#[cold]
fn not_absolute(text: &[u8]) -> Box<Diagnostic> {
    let is_simple = |byte: &u8| byte.is_ascii_alphanumeric() || b"._/+-".contains(byte);
    let relative = if text.starts_with(b"./") || text.starts_with(b"../") { "" } else { "./" };
    let as_path = !text.is_empty() && text.iter().all(is_simple) && !text.ends_with(b"/");
    let text = String::from_utf8_lossy(text);
    let diagnostic = error(Code::InvalidPath, format!("the string \"{text}\" is not an absolute path"));
    match as_path {
        true => diagnostic.hint(format!("for a path relative to this file, leave out the quotes: {relative}{text}")),
        false => {
            diagnostic.hint("for a path relative to this file, write './name' without quotes, or './. + \"/name\"'")
        }
    }
}
