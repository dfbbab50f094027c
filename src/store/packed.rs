//! Derivations as bytes of our own, for memory and for digests: shorter than their files, and written with less work, since nothing
//! is escaped.
//!
//! A text is its length and its bytes, and a quote, which [shared texts](super::shared_texts) take for its end; a list is the number of its
//! items and these. Paths of outputs that follow from the rest are not there.

use std::collections::BTreeMap;

use super::address::ContentAddressMethod;
use super::aterm;
use super::derivation::{Derivation, InputOutputs, Output, OutputName};
use super::hash::{Hash, HashAlgorithm};
use super::path::{StoreDir, StorePath};

const DEFERRED: u8 = 0;
const FIXED: u8 = 1;

/// Appends a derivation, but for its name. Its outputs have paths that follow from it, or fixed ones, and none of its inputs is an output
/// of an output.
pub(super) fn write(derivation: &Derivation, out: &mut Vec<u8>) {
    debug_assert!(!derivation.has_dynamic_inputs());
    out.reserve(aterm::about_len(derivation));
    let mut writer = Writer(out);
    writer.number(derivation.outputs.len());
    for (name, output) in &derivation.outputs {
        writer.text(name.as_bytes());
        match output {
            Output::Fixed { method, hash, path } => {
                writer.0.push(FIXED);
                writer.text([method.prefix(), hash.algorithm().name()].concat().as_bytes());
                writer.text(hash.as_bytes());
                writer.text(path.base_name().as_bytes());
            }
            _ => writer.0.push(DEFERRED),
        }
    }
    writer.number(derivation.input_derivations.len());
    for (path, input) in &derivation.input_derivations {
        writer.text(path.base_name().as_bytes());
        writer.number(input.outputs.len());
        input.outputs.iter().for_each(|output| writer.text(output.as_bytes()));
    }
    writer.number(derivation.input_sources.len());
    derivation.input_sources.iter().for_each(|path| writer.text(path.base_name().as_bytes()));
    writer.text(&derivation.system);
    writer.text(&derivation.builder);
    writer.number(derivation.args.len());
    derivation.args.iter().for_each(|arg| writer.text(arg));
    writer.number(derivation.env.len());
    for (name, value) in derivation.env.iter() {
        writer.text(name);
        writer.text(value);
    }
}

/// The derivation of this name that was packed so, when its outputs have got these paths, in order. Nothing if the bytes are no
/// packed derivation.
pub(super) fn read(bytes: &[u8], name: &str, outputs: &[StorePath], dir: &StoreDir) -> Option<Derivation> {
    let mut reader = Reader(bytes);
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
    for _ in 0..reader.number()? {
        derivation.env.insert(reader.text()?, reader.text()?);
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
        self.0.extend_from_slice(text);
        self.0.push(b'"');
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
        self.0 = rest.strip_prefix(b"\"")?;
        Some(text)
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
            let mut bytes = Vec::new();
            write(derivation, &mut bytes);
            assert_eq!(read(&bytes, "a", paths, &dir).as_ref(), Some(expected));
            // Whatever is missing, it is no derivation.
            for length in 0..bytes.len() {
                assert_eq!(read(&bytes[..length], "a", paths, &dir), None, "{length}");
            }
        }
    }
}
