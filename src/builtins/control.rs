//! Control over evaluation: errors, order, messages.

use super::table::builtins;
use crate::diagnostics::{Code, Diagnostic, Pos, TraceFrame};
use crate::eval::{Coercion, ContextSet, Eval, PrintStyle, Result, error, is_catchable};
use crate::heap::Value;
use crate::program::names;

builtins! {
    /// Stops evaluation with the error `message`. Unlike the error of `throw`, nothing catches it.
    ///
    /// ```nix
    /// builtins.abort "the tide is out"
    /// # => error[E0404]: the tide is out
    /// (builtins.tryEval (abort "the tide is out")).success
    /// # => error[E0404]: the tide is out
    /// ```
    "abort" (message) => abort;
    /// Evaluates `value`; if that fails, the error's trace mentions `context`.
    ///
    /// ```nix
    /// builtins.addErrorContext "while mooring the boat" 7
    /// # => 7
    /// builtins.addErrorContext "while mooring the boat" (throw "no rope")
    /// # => error[E0403]: no rope
    /// ```
    "addErrorContext" (context, value) => add_error_context;
    /// Returns `value`. In Nix's debugger evaluation stops here; firn has none.
    ///
    /// ```nix
    /// builtins.break (6 * 7)
    /// # => 42
    /// ```
    "break" (value!1) => breakpoint;
    /// Evaluates `first` and everything in it, then returns `second`. Sets and lists that contain themselves are no
    /// problem; functions are not looked into.
    ///
    /// ```nix
    /// builtins.deepSeq { boats = [ "Heron" ]; } "all there"
    /// # => "all there"
    /// builtins.deepSeq { boats = [ (throw "sunk") ]; } "all there"
    /// # => error[E0403]: sunk
    /// ```
    "deepSeq" (first, second) => deep_seq;
    /// Evaluates `first` as far as it takes to know what it is, then returns `second`.
    ///
    /// ```nix
    /// builtins.seq [ (throw "not evaluated") ] "sailing"
    /// # => "sailing"
    /// builtins.seq (throw "evaluated") "sailing"
    /// # => error[E0403]: evaluated
    /// ```
    "seq" (first!1, second!1) => seq;
    /// Stops evaluation with the error `message`, which `tryEval` catches. Use it for what a caller may want to
    /// handle, or for values that are not supposed to be looked at.
    ///
    /// ```nix
    /// throw "no such berth"
    /// # => error[E0403]: no such berth
    /// (builtins.tryEval (throw "no such berth")).success
    /// # => false
    /// ```
    "throw" (message) => throw;
    /// Shows `message` on standard error, then returns `value`. What is not a string is printed as far as it is
    /// evaluated.
    ///
    /// ```nix
    /// # prints trace: casting off
    /// builtins.trace "casting off" 7
    /// # => 7
    /// # prints trace: [ 4 "m" ]
    /// builtins.trace [ 4 "m" ] 7
    /// # => 7
    /// ```
    "trace" (message!1, value) => trace;
    /// Like `trace` if the setting `trace-verbose` is on; otherwise returns `value` and does not evaluate `message`.
    ///
    /// ```nix
    /// builtins.traceVerbose (throw "not evaluated") 7
    /// # => 7
    /// ```
    "traceVerbose" (message, value) => trace_verbose;
    /// Evaluates `value` as far as it takes to know what it is: `{ success = true; value = ...; }`, or
    /// `{ success = false; value = false; }` if `throw` was called, an assertion failed, or a name was not in the
    /// search path. All other errors are not caught. To look for errors inside of a set or list, use it with
    /// `deepSeq`.
    ///
    /// ```nix
    /// builtins.tryEval (1 + 1)
    /// # => { success = true; value = 2; }
    /// builtins.tryEval (assert 1 > 2; "unlikely")
    /// # => { success = false; value = false; }
    /// builtins.tryEval { }.missing
    /// # => error[E0300]: missing
    /// (builtins.tryEval [ (throw "inside") ]).success
    /// # => true
    /// ```
    "tryEval" (value) => try_eval;
    /// Shows `message`, a string, as a warning on standard error, then returns `value`. With the setting
    /// `abort-on-warn` it is an error.
    ///
    /// ```nix
    /// # prints warning[W0001]: the tide turns
    /// builtins.warn "the tide turns" 7
    /// # => 7
    /// ```
    "warn" (message!1, value) => warn;
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
