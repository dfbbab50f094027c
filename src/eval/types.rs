//! Asking a value to be of a type.

use super::{ContextElement, ErrorExt, Eval, Result, error};
use crate::diagnostics::{Code, Culprit, Diagnostic, Part, Pos};
use crate::heap::{Attrs, Function, Kind, List, Str, Symbol, Value};
use crate::program::{Formals, Lambda};

/// Of a function's formals, so many are shown in a message.
const MOST_FORMALS: usize = 8;

impl<'h> Eval<'h> {
    pub(crate) fn force_attrs(&mut self, value: Value<'h>) -> Result<Attrs<'h>> {
        let value = self.force(value)?;
        self.expect_attrs(value)
    }

    pub(crate) fn force_list(&mut self, value: Value<'h>) -> Result<List<'h>> {
        let value = self.force(value)?;
        self.expect_list(value)
    }

    pub(crate) fn force_int(&mut self, value: Value<'h>) -> Result<i64> {
        let value = self.force(value)?;
        value.as_int().ok_or_else(|| self.type_error("an integer", value))
    }

    pub(crate) fn force_bool(&mut self, value: Value<'h>) -> Result<bool> {
        let value = self.force(value)?;
        value.as_bool().ok_or_else(|| self.type_error("a Boolean", value))
    }

    /// A string with its context.
    pub(crate) fn force_string(&mut self, value: Value<'h>) -> Result<Str<'h>> {
        let value = self.force(value)?;
        value.as_string().ok_or_else(|| self.type_error("a string", value))
    }

    /// The bytes of a string that refers to no store path.
    pub(crate) fn force_plain_string(&mut self, value: Value<'h>) -> Result<&'h [u8]> {
        let value = self.force(value)?;
        self.plain_string(value)
    }

    /// The symbol of the name that a forced value is, which must be a string without context.
    #[inline]
    pub(crate) fn symbol_of(&mut self, value: Value<'h>) -> Result<Symbol> {
        match value.as_string().and_then(Str::symbol) {
            Some(symbol) => Ok(symbol),
            None => self.new_symbol_of(value),
        }
    }

    fn new_symbol_of(&mut self, value: Value<'h>) -> Result<Symbol> {
        let name = self.plain_string(value)?;
        let symbol = self.symbols.intern(name);
        if let Some(string) = value.as_string() {
            string.remember_symbol(symbol);
        }
        Ok(symbol)
    }

    /// The symbol of the name that a forced value is, which must be a string without context, if it is a name of anything.
    pub(crate) fn known_symbol_of(&mut self, value: Value<'h>) -> Result<Option<Symbol>> {
        if let Some(symbol) = value.as_string().and_then(Str::symbol) {
            return Ok(Some(symbol));
        }
        let name = self.plain_string(value)?;
        let symbol = self.symbols.find(name);
        if let (Some(string), Some(symbol)) = (value.as_string(), symbol) {
            string.remember_symbol(symbol);
        }
        Ok(symbol)
    }

    /// Forces a value that must be a function or a set with `__functor`.
    pub(crate) fn force_function(&mut self, value: Value<'h>) -> Result<Value<'h>> {
        let value = self.force(value)?;
        match value.kind() {
            Kind::Function(_) => Ok(value),
            Kind::Attrs(attrs) if attrs.get(crate::program::names::FUNCTOR).is_some() => Ok(value),
            _ => Err(self.type_error("a function", value)),
        }
    }

    #[inline(always)]
    pub(crate) fn expect_attrs(&mut self, value: Value<'h>) -> Result<Attrs<'h>> {
        match value.as_attrs() {
            Some(attrs) => Ok(attrs),
            None => Err(self.type_error("a set", value)),
        }
    }

    #[inline(always)]
    pub(crate) fn expect_list(&mut self, value: Value<'h>) -> Result<List<'h>> {
        match value.as_list() {
            Some(list) => Ok(list),
            None => Err(self.type_error("a list", value)),
        }
    }

    /// A number, integers turned to floats.
    pub(crate) fn expect_number(&mut self, value: Value<'h>) -> Result<f64> {
        match value.kind() {
            Kind::Int(value) => Ok(value as f64),
            Kind::Float(value) => Ok(value),
            _ => Err(self.type_error("a number", value)),
        }
    }

    /// The bytes of a forced value that must be a string without context.
    pub(crate) fn plain_string(&mut self, value: Value<'h>) -> Result<&'h [u8]> {
        let Some(string) = value.as_string() else { return Err(self.type_error("a string", value)) };
        match string.context() {
            [] => Ok(string.bytes()),
            [first, ..] => {
                let referred = match self.contexts.element(*first) {
                    ContextElement::Opaque(path) => format!("'{path}'"),
                    ContextElement::DrvDeep(drv) => format!("'{drv}' and all that it needs"),
                    ContextElement::Built { drv, outputs } => format!("the output '{}' of '{drv}'", outputs.join(".")),
                };
                let text = String::from_utf8_lossy(string.bytes());
                let message =
                    format!("the string \"{text}\" is not allowed to refer to a store path (it refers to {referred})");
                let hint = "'builtins.unsafeDiscardStringContext' gives the text without the reference";
                Err(error(Code::IllegalReference, message).hint(hint))
            }
        }
    }

    #[cold]
    pub(crate) fn type_error(&mut self, expected: &str, found: Value<'h>) -> Box<Diagnostic> {
        let description = self.describe(found);
        let diagnostic = error(Code::TypeMismatch, format!("expected {expected} but found {description}"));
        let diagnostic = self.about(diagnostic, found);
        match self.missing_in_call(found) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        }
    }

    /// Notes which value an error is about.
    #[cold]
    pub(crate) fn about(&mut self, mut diagnostic: Box<Diagnostic>, value: Value<'h>) -> Box<Diagnostic> {
        diagnostic.culprit = Some(Box::new(Culprit {
            identity: value.identity(),
            type_name: type_name(value),
            description: self.describe(value),
            written: self.written(value),
            attributes: value.as_attrs().map_or(0, Attrs::len),
            part: Part::Unknown,
        }));
        diagnostic
    }

    /// Where a function or the first attribute of a set was written.
    fn written(&self, value: Value<'h>) -> Pos {
        if let Some(lambda) = self.lambda_of(value) {
            return lambda.positions.first().copied().unwrap_or(Pos::NONE);
        }
        let positions = value.as_attrs().map(|attrs| attrs.flatten(self.heap).0.positions()).unwrap_or_default();
        positions.iter().copied().filter(|pos| pos.is_some()).min().unwrap_or(Pos::NONE)
    }

    /// What a value is and how it reads, for messages: `an integer: 3`.
    pub(crate) fn describe(&mut self, value: Value<'h>) -> String {
        let article = type_with_article(value);
        match value.kind() {
            Kind::Null | Kind::Thunk(_) => article.to_owned(),
            Kind::Function(Function::Builtin(id)) => format!("the builtin '{}'", self.builtins.get(id).name),
            Kind::Function(_) => match self.lambda_of(value).and_then(|lambda| lambda.name.get()) {
                Some(name) => format!("the function '{}'", self.symbols.text(name)),
                None => article.to_owned(),
            },
            _ => format!("{article}: {}", self.excerpt(value)),
        }
    }

    /// The type of a value for messages, with the name of a function and without the text of anything else.
    pub(crate) fn describe_type(&mut self, value: Value<'h>) -> String {
        match value.kind() {
            Kind::Function(_) => self.describe(value),
            _ => type_with_article(value).to_owned(),
        }
    }

    /// What a function waits for that stands where its result was wanted.
    #[cold]
    pub(crate) fn missing_in_call(&self, value: Value<'h>) -> Option<String> {
        let Kind::Function(function) = value.kind() else { return None };
        let given = value.as_partial().map_or(0, |partial| partial.arguments().len());
        let builtin = match function {
            Function::Builtin(id) => Some(id),
            Function::Partial(partial) => partial.function().as_builtin(),
            Function::Closure(_) => None,
        };
        let wanted: Vec<String> = match (builtin, self.lambda_of(value)) {
            (Some(id), _) => self.builtins.get(id).parameters.iter().map(|name| format!("'{name}'")).collect(),
            (None, Some(lambda)) => {
                let plain = lambda.parameters.iter().map(|&name| format!("'{}'", self.symbols.text(name)));
                plain.chain(lambda.formals.map(|formals| self.show_formals(&formals))).collect()
            }
            (None, None) => return None,
        };
        match &wanted[given.min(wanted.len())..] {
            [] => None,
            [one] => Some(format!("is an argument missing in a call? The function wants {one}")),
            [many @ .., last] => {
                Some(format!("are arguments missing in a call? The function wants {} and {last}", many.join(", ")))
            }
        }
    }

    /// `{ a, b ? …, ... }`, the first few.
    pub(crate) fn show_formals(&self, formals: &Formals<'h>) -> String {
        let mut sorted: Vec<_> = formals.formals.iter().collect();
        sorted.sort_by_key(|formal| formal.pos);
        let mut shown: Vec<String> = (sorted.iter().take(MOST_FORMALS))
            .map(|formal| match formal.default {
                Some(_) => format!("{} ? …", self.symbols.text(formal.name)),
                None => self.symbols.text(formal.name),
            })
            .collect();
        if sorted.len() > MOST_FORMALS {
            shown.push("…".to_owned());
        } else if formals.has_ellipsis {
            shown.push("...".to_owned());
        }
        format!("a set {{ {} }}", shown.join(", "))
    }

    /// The lambda behind a closure or a partial application of one.
    pub(crate) fn lambda_of(&self, value: Value<'h>) -> Option<&'h Lambda<'h>> {
        let closure = value.as_closure().or_else(|| value.as_partial()?.function().as_closure())?;
        Some(closure.lambda())
    }
}

/// The type of a value as `builtins.typeOf` names it.
pub(crate) fn type_name(value: Value<'_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Bool(_) => "bool",
        Kind::Int(_) => "int",
        Kind::Float(_) => "float",
        Kind::String(_) => "string",
        Kind::Path(_) => "path",
        Kind::List(_) => "list",
        Kind::Attrs(_) => "set",
        Kind::Function(_) => "lambda",
        Kind::Thunk(_) => "thunk",
    }
}

/// The type of a value for messages.
pub(crate) fn type_with_article(value: Value<'_>) -> &'static str {
    match value.kind() {
        Kind::Null => "null",
        Kind::Bool(_) => "a Boolean",
        Kind::Int(_) => "an integer",
        Kind::Float(_) => "a float",
        Kind::String(string) if string.context().is_empty() => "a string",
        Kind::String(_) => "a string with context",
        Kind::Path(_) => "a path",
        Kind::List(_) => "a list",
        Kind::Attrs(_) => "a set",
        Kind::Function(_) => "a function",
        Kind::Thunk(_) => "a value that has not been evaluated",
    }
}
