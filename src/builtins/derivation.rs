//! `derivationStrict`: from attributes to a recipe with its store paths.

mod finish;
mod reading;

use reading::Reading;
use smallvec::SmallVec;

use super::table::builtins;
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::eval::{ContextElement, ContextSet, ErrorExt, Eval, Result, error};
use crate::heap::{Attrs, Str, Value};
use crate::program::names;
use crate::store::{Environment, OutputName, Placeholder, StorePath, check_name, output_placeholder};

builtins! {
    /// The store paths of the derivation that the set `attributes` describes: `drvPath`, and one attribute for each
    /// output. All attributes are evaluated at once. Programs use `derivation` instead.
    ///
    /// ```nix
    /// builtins.derivationStrict { name = "boat"; system = "x86_64-linux"; builder = "/bin/sh"; }
    /// # => { drvPath = "/nix/store/bc1vasvg82di4jnh0pi90ji3rdkzh6qw-boat.drv"; out = "/nix/store/ssj6llvy6czba4nakjbhmh83rlp330rs-boat"; }
    /// ```
    "derivationStrict" (attributes!1) => derivation_strict;
    /// The path of the output `output` of the derivation that the string `derivation` stands for: the path of a
    /// derivation, or an output that will be one when it is built. If the path of the output cannot be known yet, it
    /// is text that stands for it, and that the builder of a derivation replaces.
    ///
    /// ```nix
    /// # with the feature dynamic-derivations
    /// let boat = derivation { name = "boat"; system = "x86_64-linux"; builder = "/bin/sh"; }; in
    /// builtins.outputOf (builtins.unsafeDiscardOutputDependency boat.drvPath) "out" == boat.outPath
    /// # => true
    /// ```
    "outputOf" (derivation!1, output!1) if "dynamic-derivations" => output_of;
    /// Text that stands for the path of the output `output` of the derivation that it is used in; the builder sees
    /// the path instead. The path itself cannot be known, since it depends on what the derivation says.
    ///
    /// ```nix
    /// builtins.placeholder "out"
    /// # => "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"
    /// ```
    "placeholder" (output!1) => placeholder;
}

fn placeholder<'h>(eval: &mut Eval<'h>, [output]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let output = String::from_utf8_lossy(eval.force_plain_string(output)?).into_owned();
    Ok(Str::plain(eval.heap, output_placeholder(&output).as_bytes()))
}

fn output_of<'h>(eval: &mut Eval<'h>, [derivation, output]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let derivation = eval.force_string(derivation)?;
    let text = String::from_utf8_lossy(derivation.bytes()).into_owned();
    let &[only] = derivation.context() else {
        let count = derivation.context().len();
        let message = format!("the string '{text}' must refer to exactly one store path, but refers to {count}");
        return Err(error(Code::InvalidArgument, message));
    };
    let (drv, mut outputs) = match eval.contexts.element(only).clone() {
        ContextElement::Opaque(path) => (path, SmallVec::new()),
        ContextElement::Built { drv, outputs } => (drv, outputs),
        ContextElement::DrvDeep(_) => {
            let message = format!("the string '{text}' refers to a derivation with all that it needs");
            return Err(error(Code::InvalidArgument, message)
                .hint("'builtins.unsafeDiscardOutputDependency' makes it refer to the derivation alone"));
        }
    };
    let expected = output_path(eval, &drv, &outputs)?;
    if text != expected {
        let message = format!("the string '{text}' must be '{expected}', which is what it refers to");
        return Err(error(Code::InvalidArgument, message));
    }
    outputs.push(String::from_utf8_lossy(eval.force_plain_string(output)?).into());
    let path = output_path(eval, &drv, &outputs)?;
    let mut context = ContextSet::default();
    context.insert(eval.contexts.intern(ContextElement::Built { drv, outputs }));
    Ok(Str::concat(eval.heap, &[path.as_bytes()], context.as_slice()))
}

/// The path of an output of an output ... of a derivation, or what stands for it.
fn output_path(eval: &mut Eval<'_>, drv: &StorePath, outputs: &[OutputName]) -> Result<String> {
    let [first, dynamic @ ..] = outputs else { return Ok(eval.store.print(drv)) };
    if dynamic.is_empty() {
        let derivation = eval.store.derivation(drv)?;
        let Some(output) = derivation.outputs.get(first) else {
            let drv = eval.store.print(drv);
            return Err(error(Code::InvalidArgument, format!("the derivation '{drv}' has no output '{first}'")));
        };
        if let Some(path) = output.path() {
            return Ok(eval.store.print(path));
        }
    }
    let placeholder = Placeholder::of_output(drv, first);
    Ok(dynamic.iter().fold(placeholder, |placeholder, output| placeholder.of_dynamic_output(output)).to_string())
}

fn derivation_strict<'h>(eval: &mut Eval<'h>, [attributes]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let attrs = eval.force_attrs(attributes)?;
    let Some((name, pos)) = attrs.find(names::NAME) else {
        let mut diagnostic = eval.missing_attribute(attrs, names::NAME);
        diagnostic.hints = vec!["a derivation needs a 'name', such as \"lantern-1.4\"".to_owned()];
        let (shape, _) = attrs.flatten(eval.heap);
        let first = shape.positions().iter().copied().filter(|&pos| eval.is_in_program(pos)).min();
        return Err(diagnostic.or_at(first.unwrap_or(Pos::NONE)));
    };
    let name = eval.force_plain_string(name.get()).or_at(pos)?;
    let name = utf8(name).or_at(pos)?;
    instantiate(eval, name, attrs).map_err(|error| {
        // The place in the program, and not the one in the file that calls this builtin.
        let pos = if eval.is_in_program(pos) { pos } else { Pos::NONE };
        let text = || format!("while evaluating the derivation '{name}'").into();
        in_derivation(eval, error, attrs, pos).frame(pos, text)
    })
}

/// Points at the attribute that is wrong, or else at the name.
#[cold]
fn in_derivation<'h>(eval: &Eval<'h>, error: Box<Diagnostic>, attrs: Attrs<'h>, name: Pos) -> Box<Diagnostic> {
    if let Code::InvalidHash | Code::HashMismatch = error.code
        && let Some((_, pos)) = attrs.find(names::OUTPUT_HASH).filter(|&(_, pos)| eval.is_in_program(pos))
    {
        return error.or_at(pos);
    }
    let is_new = error.primary.is_none();
    let mut error = error.or_at(name);
    if let Some(primary) = error.primary.as_mut().filter(|_| is_new) {
        primary.text = "of this derivation".to_owned();
    }
    error
}

/// Most environments, and what their derivations are packed to, need less.
const ENVIRONMENT_BYTES: usize = 4096;

fn instantiate<'h>(eval: &mut Eval<'h>, name: &str, attrs: Attrs<'h>) -> Result<Value<'h>> {
    if let Err(cause) = check_name(name.as_bytes()) {
        return Err(invalid(format!("this cannot be the name of a derivation: {cause}")));
    }
    // While this one is being read, others may be, too, and have an environment of their own.
    let new = || Environment::with_capacity(attrs.len_at_most(), ENVIRONMENT_BYTES);
    let env = eval.spare_environment.take().unwrap_or_else(new);
    let mut reading = Reading { env, ..Reading::default() };
    if let Some(flag) = attrs.get(names::STRUCTURED_ATTRS)
        && eval.force_bool(flag.get())?
    {
        reading.structured = Some(Vec::new());
    }
    let ignore_nulls = match attrs.get(names::IGNORE_NULLS) {
        Some(flag) => eval.force_bool(flag.get())?,
        None => false,
    };
    let (shape, _) = attrs.flatten(eval.heap);
    for (key, cell) in eval.sorted(attrs) {
        if key == names::IGNORE_NULLS {
            continue;
        }
        let value = if ignore_nulls { eval.force_cell(cell) } else { Ok(cell.get()) };
        let result = match value {
            Ok(value) if ignore_nulls && value.is_same(Value::NULL) => continue,
            Ok(value) => reading.read(eval, key, value),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            let pos = shape.index_of(key).map_or(Pos::NONE, |index| shape.positions()[index]);
            let key = eval.symbols.text(key);
            let place = if eval.is_in_program(pos) { pos } else { Pos::NONE };
            return Err(error
                .or_at(place)
                .frame(pos, || format!("while evaluating the attribute '{key}' of the derivation '{name}'").into()));
        }
    }
    reading.finish(eval, name)
}

/// Refuses what needs a feature that is not enabled.
fn require(eval: &Eval<'_>, is_used: bool, feature: &str) -> Result<()> {
    if !is_used || eval.settings.features.has(feature) {
        return Ok(());
    }
    let message = format!("this needs the experimental feature '{feature}', which is not enabled");
    Err(error(Code::FeatureDisabled, message).hint(format!("'--extra-experimental-features {feature}' enables it")))
}

fn utf8(text: &[u8]) -> Result<&str> {
    std::str::from_utf8(text).map_err(|_| invalid(format!("'{}' is not valid UTF-8", String::from_utf8_lossy(text))))
}

fn invalid(message: impl Into<String>) -> Box<Diagnostic> {
    error(Code::InvalidDerivation, message)
}
