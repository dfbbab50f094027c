//! Derivations as bytes of our own, for memory and for digests: shorter than their files, and written with less work, since nothing
//! is escaped and the variables are not written anew.
//!
//! Names and values of the variables come first, as the [`Environment`] has them; what follows tells where in there they are. A text is
//! its length and its bytes, a list the number of its items and these. Paths of outputs that follow from the rest are not there.

use std::collections::BTreeMap;
use std::ops::Range;

use super::address::ContentAddressMethod;
use super::append::append;
use super::derivation::{Derivation, InputOutputs, Output, OutputName};
use super::environment::Environment;
use super::hash::{Hash, HashAlgorithm};
use super::path::{StoreDir, StorePath};

const DEFERRED: u8 = 0;
const FIXED: u8 = 1;

/// A packed derivation among the bytes of its variables: it has all up to some place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed {
    /// So many of its bytes are those of names and values.
    pub(super) variables: usize,
    pub(super) length: usize,
}

impl Packed {
    /// The bytes of a derivation that was packed so behind these variables, to which nothing happened since but that some were added.
    pub(super) fn bytes(self, env: &Environment) -> &[u8] {
        &env.bytes()[..self.length]
    }
}

/// What is packed of a derivation, beside its variables. All that has an order is in order.
pub(super) struct Parts<'a, Outputs, Inputs, Sources> {
    pub(super) outputs: Outputs,
    /// The input derivations with the outputs that are needed.
    pub(super) inputs: Inputs,
    pub(super) sources: Sources,
    pub(super) system: &'a [u8],
    pub(super) builder: &'a [u8],
    pub(super) args: &'a [Vec<u8>],
}

/// Packs a derivation, but for its name, behind the bytes of its variables. Its outputs have paths that follow from it, or fixed ones, and
/// none of its inputs is an output of an output.
pub(super) fn pack(derivation: &mut Derivation) -> Packed {
    debug_assert!(!derivation.has_dynamic_inputs());
    let Derivation { outputs, input_derivations, input_sources, system, builder, args, env, .. } = derivation;
    let parts = Parts {
        outputs: outputs.iter(),
        inputs: input_derivations.iter().map(|(path, input)| (path, input.outputs.iter())),
        sources: input_sources.iter(),
        system,
        builder,
        args,
    };
    pack_parts(env, parts)
}

/// The same for a derivation of these variables and parts.
pub(super) fn pack_parts<'a, Names: ExactSizeIterator<Item = &'a OutputName>>(
    env: &mut Environment,
    parts: Parts<
        '_,
        impl ExactSizeIterator<Item = (&'a OutputName, &'a Output)>,
        impl ExactSizeIterator<Item = (&'a StorePath, Names)>,
        impl ExactSizeIterator<Item = &'a StorePath>,
    >,
) -> Packed {
    let mut bytes = std::mem::take(env.bytes_mut());
    let variables = bytes.len();
    let mut writer = Writer(&mut bytes);
    writer.parts(parts);
    writer.places(env.places());
    let length = bytes.len();
    *env.bytes_mut() = bytes;
    Packed { variables, length }
}

/// The derivation of this name that was packed so, with so many bytes of variables, when its outputs have got these paths, in order.
/// Nothing if the bytes are no packed derivation.
pub(super) fn read(
    bytes: &[u8],
    variables: usize,
    name: &str,
    outputs: &[StorePath],
    dir: &StoreDir,
) -> Option<Derivation> {
    let (variables, rest) = bytes.split_at_checked(variables)?;
    let mut reader = Reader(rest);
    let mut derivation = Derivation { name: name.to_owned(), ..Derivation::default() };
    let mut paths = outputs.iter();
    for _ in 0..reader.number()? {
        let name: OutputName = reader.string()?.into();
        let output = match reader.byte()? {
            FIXED => {
                let (method, algorithm) = ContentAddressMethod::split_prefix(reader.string()?);
                let hash = Hash::new(HashAlgorithm::from_name(algorithm)?, reader.text()?)?;
                Output::Fixed { method, hash, path: reader.path()? }
            }
            _ => paths.next().map_or(Output::Deferred, |path| Output::InputAddressed(path.clone())),
        };
        derivation.outputs.insert(name, output);
    }
    for _ in 0..reader.number()? {
        let path = reader.path()?;
        let outputs = (0..reader.number()?).map(|_| reader.string().map(OutputName::from)).collect::<Option<_>>()?;
        derivation.input_derivations.insert(path, InputOutputs { outputs, dynamic: BTreeMap::new() });
    }
    derivation.input_sources = (0..reader.number()?).map(|_| reader.path()).collect::<Option<_>>()?;
    derivation.system = reader.text()?.to_vec();
    derivation.builder = reader.text()?.to_vec();
    derivation.args = (0..reader.number()?).map(|_| reader.text().map(<[u8]>::to_vec)).collect::<Option<_>>()?;
    let mut end = 0;
    for _ in 0..reader.number()? {
        let value = reader.place(end)?;
        let name = reader.place(value.end)?;
        end = name.end;
        derivation.env.insert(variables.get(name)?, variables.get(value)?);
    }
    for (name, output) in &derivation.outputs {
        if let Output::InputAddressed(path) = output {
            derivation.env.insert(&**name, dir.display(path));
        }
    }
    reader.0.is_empty().then_some(derivation)
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn parts<'a, Names: ExactSizeIterator<Item = &'a OutputName>>(
        &mut self,
        parts: Parts<
            '_,
            impl ExactSizeIterator<Item = (&'a OutputName, &'a Output)>,
            impl ExactSizeIterator<Item = (&'a StorePath, Names)>,
            impl ExactSizeIterator<Item = &'a StorePath>,
        >,
    ) {
        self.number(parts.outputs.len());
        for (name, output) in parts.outputs {
            self.text(name.as_bytes());
            match output {
                Output::Fixed { method, hash, path } => {
                    self.0.push(FIXED);
                    self.text([method.prefix(), hash.algorithm().name()].concat().as_bytes());
                    self.text(hash.as_bytes());
                    self.text(path.base_name().as_bytes());
                }
                _ => self.0.push(DEFERRED),
            }
        }
        self.number(parts.inputs.len());
        for (path, outputs) in parts.inputs {
            self.text(path.base_name().as_bytes());
            self.number(outputs.len());
            outputs.for_each(|output| self.text(output.as_bytes()));
        }
        self.number(parts.sources.len());
        parts.sources.for_each(|path| self.text(path.base_name().as_bytes()));
        self.text(parts.system);
        self.text(parts.builder);
        self.number(parts.args.len());
        parts.args.iter().for_each(|arg| self.text(arg));
    }

    /// Where names and values of the variables are.
    fn places(&mut self, places: impl ExactSizeIterator<Item = (Range<usize>, Range<usize>)>) {
        self.number(places.len());
        let mut end = 0;
        for (name, value) in places {
            self.place(&value, end);
            self.place(&name, value.end);
            end = name.end;
        }
    }

    /// Seven bits in a byte, the lowest first; the highest bit says that more follow (LEB128).
    #[inline]
    fn number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.number(text.len());
        append(self.0, text);
    }

    /// How far it is from `end`, mostly nothing, and how long it is.
    #[inline]
    fn place(&mut self, place: &Range<usize>, end: usize) {
        self.number(place.start.wrapping_sub(end));
        self.number(place.len());
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }

    /// Where something is that was written as so far from `end`.
    fn place(&mut self, end: usize) -> Option<Range<usize>> {
        let start = end.wrapping_add(self.number()?);
        Some(start..start.checked_add(self.number()?)?)
    }

    fn string(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.text()?).ok()
    }

    fn path(&mut self) -> Option<StorePath> {
        StorePath::from_base_name(self.text()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Derivation {
        let dir = StoreDir::default();
        let path = |name: &str| StorePath::from_digest([7; 20], name).expect("it can be called so");
        let mut derivation = Derivation {
            name: "a".into(),
            system: b"\"\xff".to_vec(),
            builder: b"/bin/sh".to_vec(),
            args: vec![Vec::new(), b"two\nlines".to_vec()],
            input_sources: [path("source"), path("b")].into(),
            ..Derivation::default()
        };
        derivation.env =
            [("long", "x\"".repeat(200)), ("empty", String::new()), ("b", "2".repeat(128))].into_iter().collect();
        // In another order, and with something that is not there any more.
        derivation.env.insert("a", "1");
        derivation.env.insert("b", "3");
        derivation.add_input(path("c.drv"), &["out".into()]).expect("it is not dynamic");
        derivation.add_input(path("c.drv"), &["dev".into()]).expect("it is not dynamic");
        derivation.add_input(path("d.drv"), &["lib".into()]).expect("it is not dynamic");
        for output in ["out", "dev"] {
            derivation.set_output(output.into(), Output::InputAddressed(path(output)), &dir);
        }
        derivation
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let dir = StoreDir::default();
        let complete = example();
        let paths: Vec<StorePath> = complete.outputs.values().filter_map(Output::path).cloned().collect();
        let mut incomplete = complete.clone();
        for output in ["out", "dev"] {
            incomplete.set_output(output.into(), Output::Deferred, &dir);
        }
        let mut fixed = complete.clone();
        fixed.outputs.clear();
        let hash = Hash::sha256([1; 32]);
        let output = Output::fixed(&dir, "a", "out", ContentAddressMethod::Nar, hash).expect("it can be called so");
        fixed.set_output("out".into(), output, &dir);
        for (derivation, paths, expected) in [
            (&complete, &paths[..], &complete),
            (&incomplete, &paths, &complete),
            (&incomplete, &[], &incomplete),
            (&fixed, &[], &fixed),
        ] {
            let mut derivation = derivation.clone();
            let packed = pack(&mut derivation);
            // What comes later is not there.
            derivation.env.insert("later", "1");
            let bytes = packed.bytes(&derivation.env);
            assert_eq!(read(bytes, packed.variables, "a", paths, &dir).as_ref(), Some(expected));
            // Whatever is missing, it is no derivation.
            for length in 0..bytes.len() {
                assert_eq!(read(&bytes[..length], packed.variables, "a", paths, &dir), None, "{length}");
            }
        }
    }
}
