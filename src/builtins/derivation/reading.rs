//! The attributes of a derivation, read one after the other.

use smallvec::SmallVec;

use super::{invalid, require, utf8};
use crate::builtins::json::write_json_string;
use crate::diagnostics::{Code, Diagnostic};
use crate::eval::{Coercion, ContextSet, ErrorExt, Eval, Result};
use crate::heap::{Symbol, Value};
use crate::program::names;
use crate::store::{ContentAddressMethod, Environment, HashAlgorithm, OutputName};

/// The attributes of a derivation as they are read one after the other.
#[derive(Default)]
pub(super) struct Reading {
    /// The variables of the builder's environment in the order of their names.
    pub(super) env: Environment,
    pub(super) arguments: Vec<Vec<u8>>,
    pub(super) builder: Vec<u8>,
    pub(super) system: Vec<u8>,
    /// The attributes as the members of a JSON object, with `__structuredAttrs`.
    pub(super) structured: Option<Vec<u8>>,
    /// In order; nothing for `out` alone.
    pub(super) outputs: SmallVec<[OutputName; 4]>,
    pub(super) content_addressed: bool,
    pub(super) impure: bool,
    pub(super) hash: Option<String>,
    pub(super) hash_algorithm: Option<HashAlgorithm>,
    pub(super) hash_method: Option<ContentAddressMethod>,
    pub(super) context: ContextSet,
}

impl Reading {
    /// Takes in one attribute.
    pub(super) fn read<'h>(&mut self, eval: &mut Eval<'h>, key: Symbol, value: Value<'h>) -> Result<()> {
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
        let Reading { env, context, outputs, .. } = self;
        let name = eval.symbols.bytes(key);
        let text = env.push_with(name, |bytes| eval.append_coerced(value, Coercion::DERIVATION, context, bytes))?;
        match key {
            names::BUILDER => self.builder = text.to_vec(),
            names::SYSTEM => self.system = text.to_vec(),
            names::OUTPUT_HASH => self.hash = Some(utf8(text)?.to_owned()),
            names::OUTPUT_HASH_ALGO => self.hash_algorithm = hash_algorithm(text),
            names::OUTPUT_HASH_MODE => self.hash_method = Some(hash_method(eval, text)?),
            names::OUTPUTS => {
                let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
                set_outputs(eval, outputs, words)?;
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
        write_json_string(eval.symbols.bytes(key), members)?;
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
                let outputs: Vec<&[u8]> =
                    list.iter().map(|output| eval.force_plain_string(output)).collect::<Result<_>>()?;
                set_outputs(eval, &mut self.outputs, outputs)?;
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
}

fn set_outputs<'a>(
    eval: &mut Eval<'_>,
    outputs: &mut SmallVec<[OutputName; 4]>,
    names: impl IntoIterator<Item = &'a [u8]>,
) -> Result<()> {
    outputs.clear();
    for name in names {
        let name = utf8(name)?;
        if name == "drvPath" {
            return Err(invalid("an output cannot be called 'drvPath'"));
        }
        outputs.push(eval.store.output_name(name));
    }
    outputs.sort_unstable();
    if let Some([twice, _]) = outputs.array_windows().find(|[one, other]| one == other) {
        return Err(invalid(format!("the output '{twice}' is listed twice")));
    }
    match outputs.is_empty() {
        true => Err(invalid("a derivation must have an output")),
        false => Ok(()),
    }
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
