//! Asking a value to be of a type.

use super::{Eval, Result, error};
use crate::diagnostics::{Code, Diagnostic};
use crate::heap::{Attrs, Function, Kind, List, Str, Value};
use crate::program::Lambda;

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
                let path = self.contexts.element(*first).to_string();
                let text = String::from_utf8_lossy(string.bytes());
                let message =
                    format!("the string \"{text}\" is not allowed to refer to a store path (it refers to '{path}')");
                Err(error(Code::IllegalReference, message))
            }
        }
    }

    #[cold]
    pub(crate) fn type_error(&mut self, expected: &str, found: Value<'h>) -> Box<Diagnostic> {
        let description = self.describe(found);
        let diagnostic = error(Code::TypeMismatch, format!("expected {expected} but found {description}"));
        if matches!(found.kind(), Kind::Function(_)) {
            use super::ErrorExt;
            return diagnostic.hint("perhaps an argument is missing in a call");
        }
        diagnostic
    }

    /// What a value is and how it reads, for messages: `an integer: 3`.
    pub(crate) fn describe(&mut self, value: Value<'h>) -> String {
        let article = type_with_article(value);
        match value.kind() {
            Kind::Null | Kind::Thunk(_) => article.to_owned(),
            Kind::Function(Function::Builtin(id)) => format!("the builtin '{}'", self.builtins.get(id).name),
            Kind::Function(_) => article.to_owned(),
            _ => format!("{article}: {}", self.excerpt(value)),
        }
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
