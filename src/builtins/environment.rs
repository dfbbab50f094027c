//! What a program can learn of the machine.

use std::os::unix::ffi::OsStringExt;

use super::table::builtins;
use crate::eval::{Eval, Result};
use crate::heap::{Str, Value};

builtins! {
    /// The variable `name` of the environment; the empty string if it is not set, and always in pure evaluation.
    ///
    /// ```nix
    /// builtins.getEnv "HOME"
    /// # => "/home/ada"
    /// builtins.getEnv "SURELY_NOT_SET"
    /// # => ""
    /// ```
    "getEnv" (name!1) => get_env;
}

fn get_env<'h>(eval: &mut Eval<'h>, [name]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let name = String::from_utf8_lossy(eval.force_plain_string(name)?);
    let value = match eval.settings.pure {
        true => None,
        // A name with these bytes cannot be set, and must not be asked for.
        false if name.is_empty() || name.contains(['=', '\0']) => None,
        false => eval.host.variable(&name),
    };
    Ok(Str::plain(eval.heap, &value.map(OsStringExt::into_vec).unwrap_or_default()))
}
