//! From the attributes of a derivation to its paths.

use smallvec::{SmallVec, smallvec};

use super::invalid;
use super::reading::Reading;
use crate::diagnostics::Pos;
use crate::eval::{AttrList, ContextElement, ContextSet, ContextTable, Eval, Result};
use crate::heap::{Str, Value};
use crate::program::names;
use crate::store::{
    ContentAddressMethod, Derivation, Environment, HashAlgorithm, Input, Output, OutputName, Placeholder, Recipe,
    STRUCTURED_ATTRIBUTES, StorePath, output_placeholder,
};

impl Reading {
    /// The paths of the derivation and its outputs, as the program gets them.
    pub(super) fn finish<'h>(mut self, eval: &mut Eval<'h>, name: &str) -> Result<Value<'h>> {
        self.check(eval, name)?;
        eval.counters.derivations += 1;
        let is_usual = self.hash.is_some() || !self.content_addressed && !self.impure;
        match is_usual && self.context.iter().all(|id| is_direct(eval.contexts.element(id))) {
            true => self.finish_as_recipe(eval, name),
            false => self.finish_as_derivation(eval, name),
        }
    }

    /// The same for a derivation of a usual kind with usual inputs.
    fn finish_as_recipe<'h>(mut self, eval: &mut Eval<'h>, name: &str) -> Result<Value<'h>> {
        let outputs = self.decide_outputs(eval, name)?;
        let (made, outputs, env) = {
            let mut direct = DirectInputs::default();
            direct.gather(&eval.contexts, &self.context);
            let are_made = self.context.iter().all(|id| eval.contexts.is_made(id));
            let DirectInputs { inputs, sources } = &direct;
            let Reading { system, builder, arguments: args, env, .. } = self;
            let mut recipe = Recipe { name, outputs, inputs, are_made, sources, system, builder, args, env };
            let made = eval.store.add_recipe(&mut recipe)?;
            (made, recipe.outputs, recipe.env)
        };
        let paths = outputs.iter().zip(&made.outputs).map(|((name, _), path)| (name, path.as_ref()));
        let value = value_of(eval, &made.path, paths);
        eval.keep_environment(env);
        Ok(value)
    }

    /// The same for any derivation.
    fn finish_as_derivation<'h>(mut self, eval: &mut Eval<'h>, name: &str) -> Result<Value<'h>> {
        let mut derivation = Derivation { name: name.to_owned(), ..Derivation::default() };
        add_inputs(eval, &self.context, &mut derivation)?;
        derivation.outputs = self.decide_outputs(eval, name)?.into_iter().collect();
        let Reading { system, builder, arguments: args, env, .. } = self;
        derivation = Derivation { system, builder, args, env, ..derivation };
        let path = eval.store.add_derivation(&mut derivation)?;
        let value = value_of(eval, &path, derivation.outputs.iter().map(|(name, output)| (name, output.path())));
        eval.keep_environment(derivation.env);
        Ok(value)
    }

    /// Completes what was read, as far as it can be.
    fn check(&mut self, eval: &mut Eval<'_>, name: &str) -> Result<()> {
        if let Some(members) = self.structured.take() {
            self.env.insert(STRUCTURED_ATTRIBUTES, [b"{", &members[..], b"}"].concat());
        }
        if self.builder.is_empty() {
            return Err(invalid("the attribute 'builder' is missing"));
        }
        if self.system.is_empty() {
            return Err(invalid("the attribute 'system' is missing"));
        }
        if self.outputs.is_empty() {
            self.outputs.push(eval.store.output_name("out"));
        }
        let is_text = self.hash_method == Some(ContentAddressMethod::Text);
        if name.ends_with(".drv") && !(is_text && self.has_only_out()) {
            return Err(invalid("the name of a derivation can end in '.drv' only if a derivation is what it builds"));
        }
        Ok(())
    }

    fn has_only_out(&self) -> bool {
        matches!(&self.outputs[..], [only] if **only == *"out")
    }

    /// The outputs in order, each of which gets its variable.
    fn decide_outputs(&mut self, eval: &mut Eval<'_>, name: &str) -> Result<SmallVec<[(OutputName, Output); 1]>> {
        let has_only_out = self.has_only_out();
        let mut outputs = SmallVec::new();
        for output in std::mem::take(&mut self.outputs) {
            let (value, text) = if let Some(hash) = &self.hash {
                if !has_only_out {
                    return Err(invalid("a derivation with a fixed hash has one output, 'out'"));
                }
                let hash = eval.fixed_hash(hash, self.hash_algorithm)?;
                let method = self.hash_method.unwrap_or(ContentAddressMethod::Flat);
                let fixed = Output::fixed(eval.store.dir(), name, &output, method, hash)?;
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
                (value, output_placeholder(&*output))
            } else {
                (Output::Deferred, String::new())
            };
            self.env.insert(&*output, text);
            outputs.push((output, value));
        }
        Ok(outputs)
    }
}

/// Whether it is a store object or an output of a derivation, and nothing less usual.
fn is_direct(element: &ContextElement) -> bool {
    match element {
        ContextElement::Opaque(_) => true,
        ContextElement::Built { outputs, .. } => outputs.len() == 1,
        ContextElement::DrvDeep(_) => false,
    }
}

/// What a derivation needs, as in a [`Recipe`].
#[derive(Default)]
struct DirectInputs<'a> {
    inputs: SmallVec<[Input<'a>; 16]>,
    sources: SmallVec<[&'a StorePath; 16]>,
}

impl<'a> DirectInputs<'a> {
    /// The outputs of derivations and the store objects that a context refers to, which is nothing else, in the order of their paths.
    fn gather(&mut self, contexts: &'a ContextTable, context: &ContextSet) {
        for element in contexts.in_order_of_paths(context) {
            debug_assert!(is_direct(element), "it was made sure");
            match element {
                ContextElement::Built { drv, outputs } => match self.inputs.last_mut() {
                    Some((last, known)) if *last == drv => known.extend(outputs),
                    _ => self.inputs.push((drv, outputs.iter().collect())),
                },
                ContextElement::Opaque(path) | ContextElement::DrvDeep(path) => self.sources.push(path),
            }
        }
        self.inputs.iter_mut().for_each(|(_, outputs)| outputs.sort_unstable());
    }
}

/// Adds what the strings of a derivation refer to.
fn add_inputs(eval: &mut Eval<'_>, context: &ContextSet, derivation: &mut Derivation) -> Result<()> {
    let mut deep = Vec::new();
    for element in eval.contexts.in_order_of_paths(context) {
        match element {
            ContextElement::Opaque(path) => _ = derivation.input_sources.insert(path.clone()),
            ContextElement::Built { drv, outputs } => derivation.add_input(drv.clone(), outputs)?,
            ContextElement::DrvDeep(drv) => deep.push(drv),
        }
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

/// The set of a derivation's path and those of its outputs, as far as they can be known.
fn value_of<'h, 'a>(
    eval: &mut Eval<'h>,
    drv: &StorePath,
    outputs: impl Iterator<Item = (&'a OutputName, Option<&'a StorePath>)>,
) -> Value<'h> {
    let element = ContextElement::DrvDeep(drv.clone());
    let context = [eval.contexts.intern_made(element)];
    let value = eval.store.path_value(eval.heap, drv, &context);
    let mut attrs = AttrList::from_iter([(names::DRV_PATH, Pos::NONE, value)]);
    for (name, path) in outputs {
        let element = ContextElement::Built { drv: drv.clone(), outputs: smallvec![name.clone()] };
        let context = [eval.contexts.intern_made(element)];
        let value = match path {
            Some(path) => eval.store.path_value(eval.heap, path, &context),
            None => {
                let text = Placeholder::of_output(drv, name).to_string();
                Str::concat(eval.heap, &[text.as_bytes()], &context)
            }
        };
        attrs.push((eval.symbols.intern(name.as_bytes()), Pos::NONE, value));
    }
    eval.attrs_from(attrs)
}

impl Eval<'_> {
    /// Keeps memory for the variables of the next derivation.
    fn keep_environment(&mut self, mut env: Environment) {
        env.clear();
        self.spare_environment = Some(env);
    }
}
