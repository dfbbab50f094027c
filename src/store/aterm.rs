//! Derivations as bytes: the ATerm format of `.drv` files, written.
//! [`parse`](super::aterm_parse::parse) reads it.
//!
//! Source: "Derivation ATerm file format" in the Nix manual,
//! `protocols/derivation-aterm.md`. What the manual leaves open, the order of
//! things and what is escaped, was found by comparing files.

use std::collections::BTreeMap;

use super::derivation::{Derivation, InputOutputs, Output, OutputName};
use super::path::{StoreDir, StorePath};

/// Appends the bytes of a `.drv` file to `out`.
pub fn write(derivation: &Derivation, dir: &StoreDir, out: &mut Vec<u8>) {
    out.reserve(about_len(derivation));
    let mut writer = Writer { out, dir };
    writer.start(derivation.has_dynamic_inputs());
    writer.outputs(&derivation.outputs);
    writer.input_derivations(&derivation.input_derivations);
    writer.rest(derivation, Env::Whole);
}

/// The bytes of a `.drv` file.
///
/// ```
/// use firn::store::{Derivation, Output, StoreDir, aterm};
///
/// let mut derivation = Derivation { system: b"any".into(), ..Derivation::default() };
/// derivation.env.insert(b"text".into(), b"two\nlines".into());
/// derivation.outputs.insert("out".into(), Output::Deferred);
/// assert_eq!(
///     aterm::to_bytes(&derivation, &StoreDir::default()),
///     br#"Derive([("out","","","")],[],[],"any","",[],[("text","two\nlines")])"#,
/// );
/// ```
pub fn to_bytes(derivation: &Derivation, dir: &StoreDir) -> Vec<u8> {
    let mut out = Vec::new();
    write(derivation, dir, &mut out);
    out
}

/// Roughly how many bytes the file has, without escapes.
fn about_len(derivation: &Derivation) -> usize {
    const STORE_PATH: usize = 100;
    let paths = derivation.input_derivations.len() + derivation.input_sources.len();
    let env = derivation.env.iter();
    let env = env.map(|(name, value)| name.len() + value.len() + 8);
    200 + paths * STORE_PATH + env.sum::<usize>()
}

/// What stands for an output of an input derivation when a derivation is
/// hashed modulo its inputs: a hash of the input, and the output's name.
pub(super) type InputHash<'a> = ([u8; 32], &'a OutputName);

/// Which outputs a derivation that is hashed modulo its inputs shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outputs {
    /// All as they are.
    Shown,
    /// Neither their paths nor the variables named like them.
    Masked,
}

/// Appends the bytes that are hashed to identify a derivation regardless of
/// how its fixed-output inputs are obtained. `inputs` must be sorted and
/// without duplicates.
pub(super) fn write_modulo(
    derivation: &Derivation,
    dir: &StoreDir,
    inputs: &[InputHash<'_>],
    outputs: Outputs,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer { out, dir };
    writer.start(false);
    let env = match outputs {
        Outputs::Shown => {
            writer.outputs(&derivation.outputs);
            Env::Whole
        }
        Outputs::Masked => {
            writer.masked_outputs(derivation.outputs.keys());
            Env::WithoutOutputs
        }
    };
    writer.input_hashes(inputs);
    writer.rest(derivation, env);
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    dir: &'a StoreDir,
}

#[derive(PartialEq, Eq)]
enum Env {
    Whole,
    /// The variables named like outputs are empty.
    WithoutOutputs,
}

impl Writer<'_> {
    fn start(&mut self, dynamic: bool) {
        self.raw(match dynamic {
            true => br#"DrvWithVersion("xp-dyn-drv","#,
            false => b"Derive(",
        });
    }

    fn outputs(&mut self, outputs: &BTreeMap<OutputName, Output>) {
        self.list(outputs, |writer, (name, output)| {
            writer.raw(b"(");
            writer.quoted(name.as_bytes());
            writer.output(output);
            writer.raw(b")");
        });
    }

    fn output(&mut self, output: &Output) {
        match output {
            Output::InputAddressed(path) => {
                self.raw(b",");
                self.path(path);
                self.raw(br#","","""#);
            }
            Output::Fixed { method, hash, path } => {
                self.raw(b",");
                self.path(path);
                self.raw(br#",""#);
                self.raw(method.prefix().as_bytes());
                self.raw(hash.algorithm().name().as_bytes());
                self.raw(br#"",""#);
                self.base16(hash.as_bytes());
                self.raw(br#"""#);
            }
            Output::Deferred => self.raw(br#","","","""#),
            Output::Floating { method, algorithm } | Output::Impure { method, algorithm } => {
                self.raw(br#","",""#);
                self.raw(method.prefix().as_bytes());
                self.raw(algorithm.name().as_bytes());
                self.raw(match output {
                    Output::Impure { .. } => br#"","impure""#,
                    _ => br#"","""#,
                });
            }
        }
    }

    fn masked_outputs<'n>(&mut self, names: impl Iterator<Item = &'n OutputName>) {
        self.list(names, |writer, name| {
            writer.raw(b"(");
            writer.quoted(name.as_bytes());
            writer.raw(br#","","","")"#);
        });
    }

    fn input_derivations(&mut self, inputs: &BTreeMap<StorePath, InputOutputs>) {
        self.raw(b",");
        self.list(inputs, |writer, (path, outputs)| {
            writer.raw(b"(");
            writer.path(path);
            writer.raw(b",");
            writer.input_outputs(outputs);
            writer.raw(b")");
        });
    }

    /// Recurses only as deep as [`super::derivation::MAX_DYNAMIC_DEPTH`].
    fn input_outputs(&mut self, input: &InputOutputs) {
        if input.dynamic.is_empty() {
            return self.output_names(&input.outputs);
        }
        self.raw(b"(");
        self.output_names(&input.outputs);
        self.raw(b",");
        self.list(&input.dynamic, |writer, (name, outputs)| {
            writer.raw(b"(");
            writer.quoted(name.as_bytes());
            writer.raw(b",");
            writer.input_outputs(outputs);
            writer.raw(b")");
        });
        self.raw(b")");
    }

    fn output_names<'n>(&mut self, names: impl IntoIterator<Item = &'n OutputName>) {
        self.list(names, |writer, name| writer.quoted(name.as_bytes()));
    }

    fn input_hashes(&mut self, inputs: &[InputHash<'_>]) {
        self.raw(b",");
        self.list(inputs.chunk_by(|a, b| a.0 == b.0), |writer, group| {
            writer.raw(br#"(""#);
            writer.base16(&group[0].0);
            writer.raw(br#"","#);
            writer.output_names(group.iter().map(|(_, name)| *name));
            writer.raw(b")");
        });
    }

    fn rest(&mut self, derivation: &Derivation, env: Env) {
        self.raw(b",");
        self.list(&derivation.input_sources, |writer, path| writer.path(path));
        self.raw(b",");
        // Nix does not escape the system either.
        self.quoted(&derivation.system);
        self.raw(b",");
        self.string(&derivation.builder);
        self.raw(b",");
        self.list(&derivation.args, |writer, arg| writer.string(arg));
        self.raw(b",");
        let masked = env == Env::WithoutOutputs;
        let mut outputs = derivation.outputs.keys().peekable();
        self.list(&derivation.env, |writer, (name, value)| {
            writer.raw(b"(");
            writer.string(name);
            writer.raw(b",");
            // Variables and outputs are in the same order.
            while outputs.next_if(|output| output.as_bytes() < name.as_slice()).is_some() {}
            let is_output = outputs.peek().is_some_and(|output| output.as_bytes() == name);
            writer.string(if masked && is_output { b"" } else { value });
            writer.raw(b")");
        });
        self.raw(b")");
    }

    fn list<Item>(&mut self, items: impl IntoIterator<Item = Item>, mut write: impl FnMut(&mut Self, Item)) {
        self.raw(b"[");
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.raw(b",");
            }
            write(self, item);
        }
        self.raw(b"]");
    }

    fn path(&mut self, path: &StorePath) {
        self.raw(br#"""#);
        self.raw(self.dir.as_str().as_bytes());
        self.raw(b"/");
        self.raw(path.base_name().as_bytes());
        self.raw(br#"""#);
    }

    fn base16(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
            self.raw(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
    }

    fn quoted(&mut self, bytes: &[u8]) {
        self.raw(br#"""#);
        self.raw(bytes);
        self.raw(br#"""#);
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 2);
        self.raw(br#"""#);
        let mut copied = 0;
        let mut escape = |writer: &mut Self, index: usize| {
            writer.raw(&bytes[copied..index]);
            writer.raw(match bytes[index] {
                b'\n' => br"\n",
                b'\r' => br"\r",
                b'\t' => br"\t",
                b'"' => br#"\""#,
                _ => br"\\",
            });
            copied = index + 1;
        };
        // Three characters can be looked for at once; the other two are rare.
        if memchr::memchr2(b'\r', b'\t', bytes).is_none() {
            memchr::memchr3_iter(b'"', b'\\', b'\n', bytes).for_each(|index| escape(self, index));
        } else {
            let escaped =
                bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t'));
            escaped.for_each(|(index, _)| escape(self, index));
        }
        self.raw(&bytes[copied..]);
        self.raw(br#"""#);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}
