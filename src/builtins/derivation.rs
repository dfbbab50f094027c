//! `derivationStrict`: from attributes to a recipe with its store paths.

use std::collections::BTreeSet;

use smallvec::{SmallVec, smallvec};

use super::table::builtins;
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::eval::{AttrList, Coercion, ContextElement, ContextSet, ErrorExt, Eval, Result, error};
use crate::heap::{Attrs, Str, Symbol, Value};
use crate::program::names;
use crate::store::{
    ContentAddressMethod, Derivation, Environment, HashAlgorithm, InputOutputs, Output, OutputName, Placeholder,
    STRUCTURED_ATTRIBUTES, StorePath, check_name, output_placeholder,
};

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

/// The attributes of a derivation as they are read one after the other.
#[derive(Default)]
struct Recipe {
    /// The variables of the builder's environment in the order of their names.
    env: Environment,
    arguments: Vec<Vec<u8>>,
    builder: Vec<u8>,
    system: Vec<u8>,
    /// The attributes as the members of a JSON object, with `__structuredAttrs`.
    structured: Option<Vec<u8>>,
    outputs: BTreeSet<OutputName>,
    content_addressed: bool,
    impure: bool,
    hash: Option<String>,
    hash_algorithm: Option<HashAlgorithm>,
    hash_method: Option<ContentAddressMethod>,
    context: ContextSet,
}

fn instantiate<'h>(eval: &mut Eval<'h>, name: &str, attrs: Attrs<'h>) -> Result<Value<'h>> {
    if let Err(cause) = check_name(name.as_bytes()) {
        return Err(invalid(format!("this cannot be the name of a derivation: {cause}")));
    }
    // While this one is being read, others may be, too, and have an environment of their own.
    let new = || Environment::with_capacity(attrs.len_at_most(), ENVIRONMENT_BYTES);
    let env = eval.spare_environment.take().unwrap_or_else(new);
    let mut recipe = Recipe { outputs: BTreeSet::from(["out".into()]), env, ..Recipe::default() };
    if let Some(flag) = attrs.get(names::STRUCTURED_ATTRS)
        && eval.force_bool(flag.get())?
    {
        recipe.structured = Some(Vec::new());
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
            Ok(value) => recipe.read(eval, key, value),
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
    let derivation = recipe.finish(eval, name)?;
    write(eval, derivation)
}

impl Recipe {
    /// Takes in one attribute.
    fn read<'h>(&mut self, eval: &mut Eval<'h>, key: Symbol, value: Value<'h>) -> Result<()> {
        match key {
            names::CONTENT_ADDRESSED => {
                self.content_addressed = eval.force_bool(value)?;
                require(eval, self.content_addressed, "ca-derivations")
            }
            names::IMPURE => {
                self.impure = eval.force_bool(value)?;
                require(eval, self.impure, "impure-derivations")
            }
            names::ARGS => {
                for argument in eval.force_list(value)?.iter() {
                    let mut text = Vec::new();
                    eval.append_coerced(argument, Coercion::DERIVATION, &mut self.context, &mut text)?;
                    self.arguments.push(text);
                }
                Ok(())
            }
            names::STRUCTURED_ATTRS if self.structured.is_some() => Ok(()),
            _ if self.structured.is_some() => self.read_structured(eval, key, value),
            _ => self.read_plain(eval, key, value),
        }
    }

    /// An attribute that becomes a variable of the builder's environment.
    fn read_plain<'h>(&mut self, eval: &mut Eval<'h>, key: Symbol, value: Value<'h>) -> Result<()> {
        let Recipe { env, context, .. } = self;
        let name = eval.symbols.bytes(key);
        let text = env.insert_with(name, |bytes| eval.append_coerced(value, Coercion::DERIVATION, context, bytes))?;
        match key {
            names::BUILDER => self.builder = text.to_vec(),
            names::SYSTEM => self.system = text.to_vec(),
            names::OUTPUT_HASH => self.hash = Some(utf8(text)?.to_owned()),
            names::OUTPUT_HASH_ALGO => self.hash_algorithm = hash_algorithm(text),
            names::OUTPUT_HASH_MODE => self.hash_method = Some(hash_method(eval, text)?),
            names::OUTPUTS => {
                let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                let outputs = words.map(|word| utf8(word).map(str::to_owned)).collect::<Result<_>>()?;
                self.set_outputs(outputs)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// An attribute that becomes a member of the JSON object that the builder gets.
    fn read_structured<'h>(&mut self, eval: &mut Eval<'h>, key: Symbol, value: Value<'h>) -> Result<()> {
        let members = self.structured.get_or_insert_default();
        if !members.is_empty() {
            members.push(b',');
        }
        super::json::write_json_string(eval.symbols.bytes(key), members)?;
        members.push(b':');
        eval.write_json(value, members, &mut self.context)?;
        match key {
            names::BUILDER => {
                let builder = eval.force_string(value)?;
                self.context.add(builder.context());
                self.builder = builder.bytes().to_vec();
            }
            names::SYSTEM => self.system = eval.force_plain_string(value)?.to_vec(),
            names::OUTPUT_HASH => self.hash = Some(utf8(eval.force_plain_string(value)?)?.to_owned()),
            names::OUTPUT_HASH_ALGO => self.hash_algorithm = hash_algorithm(eval.force_plain_string(value)?),
            names::OUTPUT_HASH_MODE => {
                let mode = eval.force_plain_string(value)?;
                self.hash_method = Some(hash_method(eval, mode)?);
            }
            names::OUTPUTS => {
                let list = eval.force_list(value)?;
                let outputs = list.iter().map(|output| Ok(utf8(eval.force_plain_string(output)?)?.to_owned()));
                let outputs = outputs.collect::<Result<_>>()?;
                self.set_outputs(outputs)?;
            }
            names::ALLOWED_REFERENCES
            | names::ALLOWED_REQUISITES
            | names::DISALLOWED_REFERENCES
            | names::DISALLOWED_REQUISITES
            | names::MAX_SIZE
            | names::MAX_CLOSURE_SIZE => {
                let key = eval.symbols.text(key);
                let message =
                    format!("with structured attributes, '{key}' has no effect; use 'outputChecks.<output>.{key}'");
                eval.warn(&Diagnostic::warning(Code::Deprecated, message));
            }
            _ => {}
        }
        Ok(())
    }

    fn set_outputs(&mut self, outputs: Vec<String>) -> Result<()> {
        self.outputs.clear();
        for output in outputs {
            if output == "drvPath" {
                return Err(invalid("an output cannot be called 'drvPath'"));
            }
            if self.outputs.contains(output.as_str()) {
                return Err(invalid(format!("the output '{output}' is listed twice")));
            }
            self.outputs.insert(output.into());
        }
        if self.outputs.is_empty() {
            return Err(invalid("a derivation must have an output"));
        }
        Ok(())
    }

    /// The derivation, with the paths of its outputs.
    fn finish(self, eval: &mut Eval<'_>, name: &str) -> Result<Derivation> {
        let mut env = self.env;
        if let Some(members) = self.structured {
            env.insert(STRUCTURED_ATTRIBUTES, [b"{", &members[..], b"}"].concat());
        }
        if self.builder.is_empty() {
            return Err(invalid("the attribute 'builder' is missing"));
        }
        if self.system.is_empty() {
            return Err(invalid("the attribute 'system' is missing"));
        }
        let only_out = self.outputs.iter().map(|output| &**output).eq(["out"]);
        let is_text = self.hash_method == Some(ContentAddressMethod::Text);
        if name.ends_with(".drv") && !(is_text && only_out) {
            return Err(invalid("the name of a derivation can end in '.drv' only if a derivation is what it builds"));
        }
        let mut derivation = Derivation {
            name: name.to_owned(),
            system: self.system,
            builder: self.builder,
            args: self.arguments,
            ..Derivation::default()
        };
        add_inputs(eval, &self.context, &mut derivation)?;
        for output in &self.outputs {
            let (value, text) = if let Some(hash) = &self.hash {
                if !only_out {
                    return Err(invalid("a derivation with a fixed hash has one output, 'out'"));
                }
                let hash = eval.fixed_hash(hash, self.hash_algorithm)?;
                let method = self.hash_method.unwrap_or(ContentAddressMethod::Flat);
                let fixed = Output::fixed(eval.store.dir(), name, output, method, hash)?;
                let path = fixed.path().map(|path| eval.store.print(path)).unwrap_or_default();
                (fixed, path)
            } else if self.content_addressed || self.impure {
                let algorithm = self.hash_algorithm.unwrap_or(HashAlgorithm::Sha256);
                let method = self.hash_method.unwrap_or(ContentAddressMethod::Nar);
                let value = match (self.content_addressed, self.impure) {
                    (true, true) => return Err(invalid("a derivation cannot be both content-addressed and impure")),
                    (_, true) => Output::Impure { method, algorithm },
                    (_, false) => Output::Floating { method, algorithm },
                };
                (value, output_placeholder(&**output))
            } else {
                (Output::Deferred, String::new())
            };
            env.insert(&**output, text);
            derivation.outputs.insert(output.clone(), value);
        }
        derivation.env = env;
        Ok(derivation)
    }
}

/// Adds what the strings of a derivation refer to.
fn add_inputs(eval: &mut Eval<'_>, context: &ContextSet, derivation: &mut Derivation) -> Result<()> {
    let mut inputs: Vec<(StorePath, InputOutputs)> = Vec::new();
    let mut sources: Vec<StorePath> = Vec::new();
    let (mut dynamic, mut deep) = (Vec::new(), Vec::new());
    // Trees are made of what is in their order in less time than by searching the place of each.
    for element in eval.contexts.in_order_of_paths(context) {
        match element {
            ContextElement::Opaque(path) => sources.push(path.clone()),
            ContextElement::Built { drv, outputs } if outputs.len() == 1 => match inputs.last_mut() {
                Some((last, known)) if last == drv => known.outputs.extend(outputs.iter().cloned()),
                _ => inputs.push((drv.clone(), outputs.iter().cloned().collect())),
            },
            ContextElement::Built { drv, outputs } => dynamic.push((drv, outputs)),
            ContextElement::DrvDeep(drv) => deep.push(drv),
        }
    }
    derivation.input_derivations = inputs.into_iter().collect();
    derivation.input_sources = sources.into_iter().collect();
    for (drv, outputs) in dynamic {
        derivation.add_input(drv.clone(), outputs)?;
    }
    // The builder may look at all of it, so all of it is an input.
    for drv in deep {
        for path in eval.store.closure(drv)? {
            for output in eval.store.outputs_of(&path)? {
                derivation.add_input(path.clone(), &[output])?;
            }
            derivation.input_sources.insert(path);
        }
    }
    Ok(())
}

/// Computes the paths of a derivation and gives them to the program.
fn write<'h>(eval: &mut Eval<'h>, mut derivation: Derivation) -> Result<Value<'h>> {
    eval.counters.derivations += 1;
    let drv_path = eval.store.add_derivation(&mut derivation)?;
    let mut context = ContextSet::default();
    context.insert(eval.contexts.intern(ContextElement::DrvDeep(drv_path.clone())));
    let drv_value = eval.store.path_value(eval.heap, &drv_path, &context);
    let mut attrs = AttrList::from_iter([(names::DRV_PATH, Pos::NONE, drv_value)]);
    for (name, output) in &derivation.outputs {
        let mut context = ContextSet::default();
        context.insert(
            eval.contexts.intern(ContextElement::Built { drv: drv_path.clone(), outputs: smallvec![name.clone()] }),
        );
        let value = match output.path() {
            Some(path) => eval.store.path_value(eval.heap, path, &context),
            None => {
                let text = Placeholder::of_output(&drv_path, name).to_string();
                Str::concat(eval.heap, &[text.as_bytes()], context.as_slice())
            }
        };
        attrs.push((eval.symbols.intern(name.as_bytes()), Pos::NONE, value));
    }
    derivation.env.clear();
    eval.spare_environment = Some(derivation.env);
    Ok(eval.attrs_from(attrs))
}

fn hash_algorithm(name: &[u8]) -> Option<HashAlgorithm> {
    HashAlgorithm::from_name(std::str::from_utf8(name).ok()?)
}

fn hash_method(eval: &Eval<'_>, name: &[u8]) -> Result<ContentAddressMethod> {
    let name = utf8(name)?;
    let Some(method) = ContentAddressMethod::from_name(name) else {
        return Err(
            invalid(format!("unknown outputHashMode '{name}'")).hint("the modes are flat, recursive (or nar) and text")
        );
    };
    require(eval, method == ContentAddressMethod::Text, "dynamic-derivations")?;
    require(eval, method == ContentAddressMethod::Git, "git-hashing")?;
    Ok(method)
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
