//! What type a value is of.

use super::table::builtins;
use crate::eval::{Eval, Result, type_name};
use crate::heap::{Kind, Value};

builtins! {
    /// The type of `value`: `"int"`, `"bool"`, `"string"`, `"path"`, `"null"`, `"set"`, `"list"`, `"lambda"` or
    /// `"float"`.
    ///
    /// ```nix
    /// map builtins.typeOf [ 1 true "" ./. null { } [ ] (x: x) 1.0 ]
    /// # => [ "int" "bool" "string" "path" "null" "set" "list" "lambda" "float" ]
    /// ```
    "typeOf" (value!1) => type_of;
}

/// Declares the builtins that ask whether a value is of a type, with their documentation. They get it evaluated.
macro_rules! tests {
    ($($(#[doc = $doc:literal])+ $name:literal => $test:expr;)+) => {
        pub(super) const TESTS: &[$crate::builtins::Builtin] = &[$($crate::builtins::Builtin {
            name: $name,
            parameters: &["value"],
            eager: 1,
            feature: None,
            doc: concat!($($doc, "\n"),+),
            run: |eval, arguments| {
                let test: fn(Value<'_>) -> bool = $test;
                Ok(Value::bool(test(eval.force(arguments[0])?)))
            },
            test: Some($test),
        }),+];
    };
}

tests! {
    /// Whether `value` is a set. Derivations and sets with `__functor` are.
    ///
    /// ```nix
    /// map builtins.isAttrs [ { } [ ] ]
    /// # => [ true false ]
    /// ```
    "isAttrs" => |value| value.as_attrs().is_some();
    /// Whether `value` is `true` or `false`.
    ///
    /// ```nix
    /// map builtins.isBool [ true 1 ]
    /// # => [ true false ]
    /// ```
    "isBool" => |value| value.as_bool().is_some();
    /// Whether `value` is a float.
    ///
    /// ```nix
    /// map builtins.isFloat [ 1.0 1 ]
    /// # => [ true false ]
    /// ```
    "isFloat" => |value| matches!(value.kind(), Kind::Float(_));
    /// Whether `value` is a function, a builtin included. A set with `__functor` is not, though it can be called.
    ///
    /// ```nix
    /// map builtins.isFunction [ (x: x) builtins.add { __functor = self: x: x; } ]
    /// # => [ true true false ]
    /// ```
    "isFunction" => |value| matches!(value.kind(), Kind::Function(_));
    /// Whether `value` is an integer.
    ///
    /// ```nix
    /// map builtins.isInt [ 1 1.0 "1" ]
    /// # => [ true false false ]
    /// ```
    "isInt" => |value| value.as_int().is_some();
    /// Whether `value` is a list.
    ///
    /// ```nix
    /// map builtins.isList [ [ ] { } ]
    /// # => [ true false ]
    /// ```
    "isList" => |value| value.as_list().is_some();
    /// Whether `value` is `null`. `value == null` is the same.
    ///
    /// ```nix
    /// map isNull [ null 0 ]
    /// # => [ true false ]
    /// ```
    "isNull" => |value| value.is_same(Value::NULL);
    /// Whether `value` is a path. A string that looks like one is not.
    ///
    /// ```nix
    /// map builtins.isPath [ ./charts "/harbour/charts" ]
    /// # => [ true false ]
    /// ```
    "isPath" => |value| matches!(value.kind(), Kind::Path(_));
    /// Whether `value` is a string.
    ///
    /// ```nix
    /// map builtins.isString [ "./charts" ./charts ]
    /// # => [ true false ]
    /// ```
    "isString" => |value| value.as_string().is_some();
}

fn type_of<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let name = type_name(eval.force(value)?);
    let symbol = eval.symbols.intern(name.as_bytes());
    Ok(eval.symbols.value(symbol))
}
