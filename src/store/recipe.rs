//! Derivations of the usual kinds as evaluation gathers them.

use smallvec::SmallVec;

use super::derivation::{Derivation, Output, OutputName};
use super::environment::Environment;
use super::packed::{Packed, Parts, pack_parts};
use super::path::StorePath;
use super::repeats::Known;

/// A derivation whose outputs have paths that follow from it, or one that is fixed, and whose inputs are no outputs of outputs; before its
/// paths are known.
///
/// Most have been seen before, in this run or an earlier one: then what refers to parts in place of owning them is all that is ever made
/// of them. All that has an order is in order. Each output has a variable: an empty one, or a fixed path.
#[derive(Debug)]
pub(crate) struct Recipe<'a, 'i> {
    /// The name, without `.drv`.
    pub(crate) name: &'a str,
    /// Either all are [`Output::Deferred`], or the only one is [`Output::Fixed`].
    pub(crate) outputs: SmallVec<[(OutputName, Output); 1]>,
    /// The derivations whose outputs are needed, and which.
    pub(crate) inputs: &'a [Input<'i>],
    /// Whether all of these are known to have been made in this run, with the same memory of hashes. If not, they are looked for there.
    pub(crate) are_made: bool,
    /// The other store objects that are needed.
    pub(crate) sources: &'a [&'a StorePath],
    /// The system to build on.
    pub(crate) system: Vec<u8>,
    /// The program that builds.
    pub(crate) builder: Vec<u8>,
    /// Its arguments.
    pub(crate) args: Vec<Vec<u8>>,
    /// Its environment.
    pub(crate) env: Environment,
}

/// A derivation that is needed, with the outputs that are.
pub(crate) type Input<'a> = (&'a StorePath, SmallVec<[&'a OutputName; 2]>);

/// What was made of a recipe.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// The path of the derivation.
    pub(crate) path: StorePath,
    /// Those of its outputs, in order, as far as they are known.
    pub(crate) outputs: SmallVec<[Option<StorePath>; 1]>,
}

impl Recipe<'_, '_> {
    /// Packs the derivation behind the bytes of its variables.
    pub(super) fn pack(&mut self) -> Packed {
        let Recipe { outputs, inputs, sources, system, builder, args, env, .. } = self;
        let parts = Parts {
            outputs: outputs.iter().map(|(name, output)| (name, output)),
            inputs: inputs.iter().map(|(path, outputs)| (*path, outputs.iter().copied())),
            sources: sources.iter().copied(),
            system,
            builder,
            args,
        };
        pack_parts(env, parts)
    }

    /// Whether the output is fixed.
    pub(super) fn is_fixed(&self) -> bool {
        matches!(self.outputs[..], [(_, Output::Fixed { .. })])
    }

    /// What was made, if this is known of it.
    pub(super) fn made(&self, known: &Known) -> Made {
        let fixed = self.outputs.iter().filter_map(|(_, output)| output.path());
        Made { path: known.path.clone(), outputs: fixed.chain(&known.outputs).cloned().map(Some).collect() }
    }

    /// The derivation itself, which takes what the recipe owns but for the outputs.
    pub(super) fn take_derivation(&mut self) -> Derivation {
        let input = |(path, outputs): &Input<'_>| ((*path).clone(), outputs.iter().copied().cloned().collect());
        Derivation {
            name: self.name.to_owned(),
            outputs: self.outputs.iter().cloned().collect(),
            input_derivations: self.inputs.iter().map(input).collect(),
            input_sources: self.sources.iter().copied().cloned().collect(),
            system: std::mem::take(&mut self.system),
            builder: std::mem::take(&mut self.builder),
            args: std::mem::take(&mut self.args),
            env: std::mem::take(&mut self.env),
        }
    }
}
