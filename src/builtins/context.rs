//! String contexts.

use std::collections::BTreeMap;

use smallvec::smallvec;

use super::table::builtins;
use crate::diagnostics::{Code, Pos};
use crate::eval::{AttrList, Coercion, ContextElement, ContextSet, ErrorExt, Eval, Result, error};
use crate::heap::{List, Str, Value};
use crate::program::names;
use crate::store::{OutputName, StorePath};

builtins! {
    /// `string` with its reference to a derivation's file replaced by one to the derivation and all its outputs. The
    /// context of `string` must have one element exactly, and that must be the file of a derivation. It undoes
    /// `unsafeDiscardOutputDependency`.
    ///
    /// ```nix
    /// let
    ///   boat = derivation { name = "boat"; system = "x86_64-linux"; builder = "/bin/sh"; };
    ///   file = builtins.unsafeDiscardOutputDependency boat.drvPath;
    /// in builtins.attrValues (builtins.getContext (builtins.addDrvOutputDependencies file))
    /// # => [ { allOutputs = true; } ]
    /// builtins.addDrvOutputDependencies "no context"
    /// # => error[E0407]: refers to 0
    /// ```
    "addDrvOutputDependencies" (string!1) => add_drv_output_dependencies;
    /// `string` with the references that the set `context` describes, in the form that `getContext` returns, added to
    /// those it has. Each name is a store path; its value has `path = true`, `allOutputs = true` (for the path of a
    /// derivation) or `outputs`, a list of names. Nothing checks that the text mentions the path.
    ///
    /// ```nix
    /// let
    ///   path = "/nix/store/" + builtins.substring 11 32 (builtins.toFile "a" "") + "-chart";
    ///   text = builtins.appendContext "see the chart" { ${builtins.unsafeDiscardStringContext path}.path = true; };
    /// in builtins.hasContext text
    /// # => true
    /// ```
    "appendContext" (string!1, context!1) => append_context;
    /// What `string` refers to: a set of store paths, each with `path = true` if it refers to the path itself,
    /// `allOutputs = true` if to a derivation and all its outputs, and `outputs`, the outputs of the derivation that
    /// it refers to. See [String context](#string-context).
    ///
    /// ```nix
    /// let boat = derivation { name = "boat"; system = "x86_64-linux"; builder = "/bin/sh"; };
    /// in builtins.attrValues (builtins.getContext "${boat} and ${boat.drvPath}")
    /// # => [ { allOutputs = true; outputs = [ "out" ]; } ]
    /// ```
    "getContext" (string!1) => get_context;
    /// Whether `string` refers to a store path. See [String context](#string-context).
    ///
    /// ```nix
    /// map builtins.hasContext [ "plain" "${./boats.nix}" ]
    /// # => [ false true ]
    /// ```
    "hasContext" (string!1) => has_context;
    /// `string` with each reference to a derivation and all its outputs replaced by one to the derivation's file.
    /// `drvPath` refers to all outputs, so a derivation that mentions it would need them to be built; this makes it
    /// need the file only.
    ///
    /// ```nix
    /// let boat = derivation { name = "boat"; system = "x86_64-linux"; builder = "/bin/sh"; };
    /// in builtins.attrValues (builtins.getContext (builtins.unsafeDiscardOutputDependency boat.drvPath))
    /// # => [ { path = true; } ]
    /// ```
    "unsafeDiscardOutputDependency" (string!1) => discard_output_dependency;
    /// `string` without its references. A derivation that uses the text will not know that it needs what the text
    /// names.
    ///
    /// ```nix
    /// builtins.getContext (builtins.unsafeDiscardStringContext "${./boats.nix}")
    /// # => { }
    /// ```
    "unsafeDiscardStringContext" (string!1) => discard_context;
}

/// The text and the references of a value that can be a string.
fn text_and_context<'h>(eval: &mut Eval<'h>, value: Value<'h>) -> Result<(&'h [u8], ContextSet)> {
    let mut context = ContextSet::default();
    let text = eval.coerce(value, Coercion::INTERPOLATION, &mut context)?;
    Ok((text, context))
}

fn with_context<'h>(eval: &mut Eval<'h>, text: &[u8], context: &ContextSet) -> Value<'h> {
    Str::concat(eval.heap, &[text], context.as_slice())
}

fn discard_context<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let (text, context) = text_and_context(eval, string)?;
    let string = eval.force(string)?;
    Ok(if context.is_empty() && string.as_string().is_some() { string } else { Str::plain(eval.heap, text) })
}

fn has_context<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(Value::bool(!eval.force_string(string)?.context().is_empty()))
}

fn discard_output_dependency<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let (text, context) = text_and_context(eval, string)?;
    let mut shallow = ContextSet::default();
    for id in context.iter() {
        match eval.contexts.element(id).clone() {
            ContextElement::DrvDeep(drv) => shallow.insert(eval.contexts.intern(ContextElement::Opaque(drv))),
            _ => shallow.insert(id),
        }
    }
    Ok(with_context(eval, text, &shallow))
}

fn add_drv_output_dependencies<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let (text, context) = text_and_context(eval, string)?;
    let mut elements = context.iter();
    let (Some(only), None) = (elements.next(), elements.next()) else {
        let message =
            format!("the string must refer to exactly one store path, but refers to {}", context.iter().count());
        return Err(error(Code::InvalidArgument, message));
    };
    let deep = match eval.contexts.element(only).clone() {
        ContextElement::Opaque(path) if path.is_derivation() => ContextElement::DrvDeep(path),
        deep @ ContextElement::DrvDeep(_) => deep,
        ContextElement::Opaque(path) => {
            return Err(error(Code::InvalidArgument, format!("the path '{path}' is not a derivation")));
        }
        ContextElement::Built { drv, outputs } => {
            let output = outputs.join("^");
            let message = format!("the string refers to the output '{output}' of '{drv}' and not to a derivation");
            return Err(error(Code::InvalidArgument, message));
        }
    };
    let mut context = ContextSet::default();
    context.insert(eval.contexts.intern(deep));
    Ok(with_context(eval, text, &context))
}

/// What a string refers to in one store path.
#[derive(Default)]
struct References {
    path: bool,
    all_outputs: bool,
    outputs: Vec<OutputName>,
}

fn get_context<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let context = eval.force_string(string)?.context();
    let mut references: BTreeMap<StorePath, References> = BTreeMap::new();
    for &id in context {
        match eval.contexts.element(id).clone() {
            ContextElement::Opaque(path) => references.entry(path).or_default().path = true,
            ContextElement::DrvDeep(drv) => references.entry(drv).or_default().all_outputs = true,
            ContextElement::Built { drv, outputs } => match outputs.into_inner() {
                Ok([output]) => references.entry(drv).or_default().outputs.push(output),
                Err(_) => {
                    let drv = eval.store.print(&drv);
                    let message = format!("this needs a derivation that '{drv}' makes, and evaluation builds nothing");
                    return Err(error(Code::Unsupported, message));
                }
            },
        }
    }
    let all_outputs = eval.symbols.intern(b"allOutputs");
    let mut attrs = AttrList::with_capacity(references.len());
    for (path, mut reference) in references {
        let mut info = AttrList::new();
        if reference.path {
            info.push((names::PATH, Pos::NONE, Value::TRUE));
        }
        if reference.all_outputs {
            info.push((all_outputs, Pos::NONE, Value::TRUE));
        }
        if !reference.outputs.is_empty() {
            reference.outputs.sort();
            let outputs: Vec<_> =
                reference.outputs.iter().map(|output| Str::plain(eval.heap, output.as_bytes())).collect();
            info.push((names::OUTPUTS, Pos::NONE, List::from_slice(eval.heap, &outputs)));
        }
        let info = eval.attrs_from(info);
        attrs.push((
            {
                let path = eval.store.print(&path);
                eval.symbols.intern(path.as_bytes())
            },
            Pos::NONE,
            info,
        ));
    }
    Ok(eval.attrs_from(attrs))
}

fn append_context<'h>(eval: &mut Eval<'h>, [string, context]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let string = eval.force_string(string)?;
    let mut result = ContextSet::default();
    result.add(string.context());
    let added = eval.force_attrs(context)?;
    let all_outputs = eval.symbols.intern(b"allOutputs");
    let (shape, values) = added.flatten(eval.heap);
    for ((&name, &pos), value) in shape.names().iter().zip(shape.positions()).zip(values) {
        let path = match eval.store.dir().parse(eval.symbols.bytes(name)) {
            Ok(path) => path,
            Err(cause) => return Err(error(Code::InvalidStorePath, cause.to_string()).or_at(pos)),
        };
        let info = eval.force_attrs(value.get()).or_at(pos)?;
        if let Some(flag) = info.get(names::PATH)
            && eval.force_bool(flag.get())?
        {
            result.insert(eval.contexts.intern(ContextElement::Opaque(path.clone())));
        }
        if let Some(flag) = info.get(all_outputs)
            && eval.force_bool(flag.get())?
        {
            expect_derivation(&path).or_at(pos)?;
            result.insert(eval.contexts.intern(ContextElement::DrvDeep(path.clone())));
        }
        if let Some(outputs) = info.get(names::OUTPUTS) {
            let outputs = eval.force_list(outputs.get())?;
            if outputs.len() > 0 {
                expect_derivation(&path).or_at(pos)?;
            }
            for output in outputs.iter() {
                let output: OutputName = String::from_utf8_lossy(eval.force_plain_string(output)?).into();
                result.insert(
                    eval.contexts.intern(ContextElement::Built { drv: path.clone(), outputs: smallvec![output] }),
                );
            }
        }
    }
    Ok(with_context(eval, string.bytes(), &result))
}

fn expect_derivation(path: &StorePath) -> Result<()> {
    if path.is_derivation() {
        return Ok(());
    }
    Err(error(Code::InvalidArgument, format!("outputs of '{path}' are wanted, but it is not a derivation")))
}
