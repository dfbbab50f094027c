//! Control over evaluation: errors, order, messages, types.

use super::table::builtins;
use crate::diagnostics::{Code, Diagnostic, Pos, TraceFrame};
use crate::eval::{Coercion, ContextSet, Eval, PrintStyle, Result, error, is_catchable, type_name};
use crate::heap::{Kind, Value};
use crate::program::names;

builtins! {
    /// Stops evaluation with an error that nothing catches.
    "abort" (message) => abort;
    /// Evaluates `value`; if that fails, `context` is shown with the error.
    "addErrorContext" (context, value) => add_error_context;
    /// Returns `value`. With a debugger, it would stop here.
    "break" (value!1) => breakpoint;
    /// Evaluates `first` and everything in it, then returns `second`.
    "deepSeq" (first, second) => deep_seq;
    /// Whether `value` is a set.
    "isAttrs" (value!1) => is_attrs;
    /// Whether `value` is a Boolean.
    "isBool" (value!1) => is_bool;
    /// Whether `value` is a float.
    "isFloat" (value!1) => is_float;
    /// Whether `value` is a function. A set with `__functor` is none.
    "isFunction" (value!1) => is_function;
    /// Whether `value` is an integer.
    "isInt" (value!1) => is_int;
    /// Whether `value` is a list.
    "isList" (value!1) => is_list;
    /// Whether `value` is null.
    "isNull" (value!1) => is_null;
    /// Whether `value` is a path.
    "isPath" (value!1) => is_path;
    /// Whether `value` is a string.
    "isString" (value!1) => is_string;
    /// Evaluates `first`, then returns `second`.
    "seq" (first!1, second!1) => seq;
    /// Stops evaluation with an error that `tryEval` catches.
    "throw" (message) => throw;
    /// Shows `message`, then returns `value`.
    "trace" (message!1, value) => trace;
    /// Like `trace` if the setting `trace-verbose` is on; otherwise returns `value`.
    "traceVerbose" (message, value) => trace_verbose;
    /// Evaluates `value`: `{ success = true; value = value; }`, or `{ success = false; value = false; }` if an
    /// error was thrown or an assertion failed.
    "tryEval" (value) => try_eval;
    /// The type of `value`: `"int"`, `"bool"`, `"string"`, `"path"`, `"null"`, `"set"`, `"list"`, `"lambda"` or `"float"`.
    "typeOf" (value!1) => type_of;
    /// Shows `message` as a warning, then returns `value`.
    "warn" (message!1, value) => warn;
}

fn is_attrs<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(eval.force(value)?.as_attrs().is_some()))
}

fn is_bool<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(eval.force(value)?.as_bool().is_some()))
}

fn is_float<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(matches!(eval.force(value)?.kind(), Kind::Float(_))))
}

fn is_function<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(matches!(eval.force(value)?.kind(), Kind::Function(_))))
}

fn is_int<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(eval.force(value)?.as_int().is_some()))
}

fn is_list<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(eval.force(value)?.as_list().is_some()))
}

fn is_null<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(eval.force(value)?.is_same(Value::NULL)))
}

fn is_path<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(matches!(eval.force(value)?.kind(), Kind::Path(_))))
}

fn is_string<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(eval.force(value)?.as_string().is_some()))
}

fn type_of<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let name = type_name(eval.force(value)?);
    let symbol = eval.symbols.intern(name.as_bytes());
    Ok(eval.symbols.value(symbol))
}

/// The text of a message that a program gives.
fn message_text<'h>(eval: &mut Eval<'h>, message: Value<'h>) -> Result<String> {
    let text = eval.coerce(message, Coercion::INTERPOLATION, &mut ContextSet::default())?;
    Ok(String::from_utf8_lossy(text).into_owned())
}

fn throw<'h>(eval: &mut Eval<'h>, [message]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Err(error(Code::Thrown, message_text(eval, message)?))
}

fn abort<'h>(eval: &mut Eval<'h>, [message]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let message = message_text(eval, message)?;
    Err(error(Code::Aborted, format!("evaluation aborted with the following error message: '{message}'")))
}

fn add_error_context<'h>(eval: &mut Eval<'h>, [context, value]: [Value<'h>; 2]) -> Result<Value<'h>> {
    match eval.force(value) {
        Ok(value) => Ok(value),
        Err(mut diagnostic) => {
            let text = eval.coerce(context, Coercion::PLAIN, &mut ContextSet::default())?;
            let text = String::from_utf8_lossy(text).into_owned();
            diagnostic.push_frame(TraceFrame::context(Pos::NONE, text));
            Err(diagnostic)
        }
    }
}

fn breakpoint<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    eval.force(value)
}

fn seq<'h>(eval: &mut Eval<'h>, [first, second]: [Value<'h>; 2]) -> Result<Value<'h>> {
    eval.force(first)?;
    eval.force(second)
}

fn deep_seq<'h>(eval: &mut Eval<'h>, [first, second]: [Value<'h>; 2]) -> Result<Value<'h>> {
    eval.force_deep(first)?;
    eval.force(second)
}

fn trace<'h>(eval: &mut Eval<'h>, [message, value]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let message = eval.force(message)?;
    let text = match message.as_string() {
        Some(string) => string.bytes().to_vec(),
        None => eval.print(message, PrintStyle::Line)?,
    };
    eval.host.message(&[b"trace: ", &text[..]].concat());
    eval.force(value)
}

fn trace_verbose<'h>(eval: &mut Eval<'h>, [message, value]: [Value<'h>; 2]) -> Result<Value<'h>> {
    if eval.settings.trace_verbose { trace(eval, [message, value]) } else { eval.force(value) }
}

fn warn<'h>(eval: &mut Eval<'h>, [message, value]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let message = String::from_utf8_lossy(eval.force_string(message)?.bytes()).into_owned();
    eval.warn(&Diagnostic::warning(Code::UserWarning, message));
    if eval.settings.abort_on_warn {
        return Err(error(
            Code::Aborted,
            "evaluation aborted because of a warning, as the setting 'abort-on-warn' asks",
        ));
    }
    eval.force(value)
}

fn try_eval<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let (success, value) = match eval.force(value) {
        Ok(value) => (true, value),
        Err(error) if is_catchable(&error) => (false, Value::FALSE),
        Err(error) => return Err(error),
    };
    Ok(eval.attrs_of([(names::SUCCESS, Value::bool(success)), (names::VALUE, value)]))
}
