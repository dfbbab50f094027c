//! Derivations as bytes: the ATerm format of `.drv` files, written.
//! [`parse`](super::aterm_parse::parse) reads it.
//!
//! Source: "Derivation ATerm file format" in the Nix manual,
//! `protocols/derivation-aterm.md`. What the manual leaves open, the order of
//! things and what is escaped, was found by comparing files.

use std::collections::BTreeMap;
use std::ops::Range;

use super::derivation::{Derivation, InputOutputs, Output, OutputName};
use super::path::{StoreDir, StorePath};

/// Appends the bytes of a `.drv` file to `out`.
pub fn write(derivation: &Derivation, dir: &StoreDir, out: &mut Vec<u8>) {
    out.reserve(about_len(derivation));
    let mut writer = Writer { out, dir };
    writer.start(derivation.has_dynamic_inputs());
    writer.outputs(&derivation.outputs);
    writer.input_derivations(&derivation.input_derivations);
    writer.rest(derivation, |writer, value| writer.string(value));
}

/// The bytes of a `.drv` file.
///
/// ```
/// use firn::store::{Derivation, Output, StoreDir, aterm};
///
/// let mut derivation = Derivation { system: b"any".into(), ..Derivation::default() };
/// derivation.env.insert("text", "two\nlines");
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

/// A store path has about so many bytes, with what is around it in a file.
const STORE_PATH: usize = 100;

/// Roughly how many bytes the file has, without escapes.
pub(super) fn about_len(derivation: &Derivation) -> usize {
    let paths = derivation.input_derivations.len() + derivation.input_sources.len();
    200 + paths * STORE_PATH + derivation.env.bytes_len() + derivation.env.len() * 8
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

/// The parts of the bytes of a derivation, which are written once: the bytes that are hashed to identify it regardless of how its
/// fixed-output inputs are obtained differ from those of its file in little. Buffers to be used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    /// The file. If outputs are masked, the variables named like them are empty.
    bytes: Vec<u8>,
    /// Where the input derivations are.
    inputs: Range<usize>,
    /// Where the values of the variables named like masked outputs belong, after the quote that begins them.
    gaps: Vec<usize>,
    /// The hashes that stand for the input derivations.
    hashes: Vec<u8>,
}

impl Parts {
    /// Writes the parts of a derivation without dynamic inputs, but for the hashes that stand for its inputs.
    pub(super) fn fill(&mut self, derivation: &Derivation, dir: &StoreDir, outputs: Outputs) {
        let Parts { bytes, inputs, gaps, .. } = self;
        bytes.clear();
        gaps.clear();
        bytes.reserve(about_len(derivation));
        let mut writer = Writer { out: bytes, dir };
        writer.start(false);
        match outputs {
            Outputs::Shown => writer.outputs(&derivation.outputs),
            Outputs::Masked => writer.masked_outputs(derivation.outputs.keys()),
        }
        inputs.start = writer.out.len();
        writer.input_derivations(&derivation.input_derivations);
        inputs.end = writer.out.len();
        writer.rest(derivation, |writer, value| match outputs {
            Outputs::Shown => writer.string(value),
            Outputs::Masked => {
                gaps.push(writer.out.len() + 1);
                writer.string(b"");
            }
        });
    }

    /// Writes the hashes that stand for the inputs; they must be sorted and without duplicates.
    pub(super) fn fill_hashes(&mut self, inputs: &[InputHash<'_>], dir: &StoreDir) {
        self.hashes.clear();
        Writer { out: &mut self.hashes, dir }.input_hashes(inputs);
    }

    /// The bytes that identify the derivation, one after the other.
    pub(super) fn modulo(&self) -> [&[u8]; 3] {
        [&self.bytes[..self.inputs.start], &self.hashes, &self.bytes[self.inputs.end..]]
    }

    /// Writes the file of a derivation whose parts were written with masked outputs, and whose outputs have got their paths
    /// since. Gives where the input derivations are in it.
    pub(super) fn show(&self, derivation: &Derivation, dir: &StoreDir, file: &mut Vec<u8>) -> Range<usize> {
        file.clear();
        file.reserve(self.bytes.len() + derivation.outputs.len() * 2 * STORE_PATH);
        let mut writer = Writer { out: file, dir };
        writer.start(false);
        writer.outputs(&derivation.outputs);
        let start = writer.out.len();
        writer.raw(&self.bytes[self.inputs.clone()]);
        let rest = writer.out.len();
        // Where a variable was missing there is no gap for it.
        if self.gaps.len() == derivation.outputs.len() {
            let mut written = self.inputs.end;
            for (&gap, output) in self.gaps.iter().zip(derivation.outputs.keys()) {
                writer.raw(&self.bytes[written..gap]);
                writer.escaped(derivation.env.get(&**output).unwrap_or_default());
                written = gap;
            }
            writer.raw(&self.bytes[written..]);
        } else {
            writer.rest(derivation, |writer, value| writer.string(value));
        }
        start..rest
    }

    /// The bytes that identify the derivation with all its outputs shown, from its file and where the inputs are in it.
    pub(super) fn shown<'a>(&'a self, file: &'a [u8], inputs: Range<usize>) -> [&'a [u8]; 3] {
        [&file[..inputs.start], &self.hashes, &file[inputs.end..]]
    }
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    dir: &'a StoreDir,
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

    /// All behind the input derivations; `output` writes the values of the variables that are named like outputs.
    fn rest(&mut self, derivation: &Derivation, mut output: impl FnMut(&mut Self, &[u8])) {
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
        let mut outputs = derivation.outputs.keys().peekable();
        self.list(derivation.env.iter(), |writer, (name, value)| {
            writer.raw(b"(");
            writer.string(name);
            writer.raw(b",");
            // Variables and outputs are in the same order.
            while outputs.next_if(|output| output.as_bytes() < name).is_some() {}
            match outputs.peek().is_some_and(|output| output.as_bytes() == name) {
                true => output(writer, value),
                false => writer.string(value),
            }
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
        self.dir.parts(path).iter().for_each(|part| self.raw(part.as_bytes()));
        self.raw(br#"""#);
    }

    fn base16(&mut self, bytes: &[u8]) {
        let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
        // As long as the longest hash. Its length is a constant, so that the loop has no checks.
        let mut digits = [[0; 2]; 64];
        for part in bytes.chunks(digits.len()) {
            for (digits, byte) in digits.iter_mut().zip(part) {
                *digits = [digit(byte >> 4), digit(byte & 0xf)];
            }
            self.raw(digits[..part.len()].as_flattened());
        }
    }

    fn quoted(&mut self, bytes: &[u8]) {
        self.raw(br#"""#);
        self.raw(bytes);
        self.raw(br#"""#);
    }

    fn string(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        self.escaped(bytes);
        self.out.push(b'"');
    }

    fn escaped(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(index) = find_escaped(rest) {
            self.raw(&rest[..index]);
            let escape = match rest[index] {
                b'\n' => b'n',
                b'\r' => b'r',
                b'\t' => b't',
                byte => byte,
            };
            self.raw(&[b'\\', escape]);
            rest = &rest[index + 1..];
        }
        self.raw(rest);
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }
}

/// The place of the first byte that is written with a backslash.
fn find_escaped(bytes: &[u8]) -> Option<usize> {
    let Some(last) = bytes.len().checked_sub(WORD) else { return bytes.iter().position(|&byte| is_escaped(byte)) };
    // The last word may begin within the one before it.
    (0..last).step_by(WORD).chain([last]).find_map(|start| escaped_in_word(bytes, start))
}

const WORD: usize = size_of::<u64>();

#[inline(always)]
fn escaped_in_word(bytes: &[u8], start: usize) -> Option<usize> {
    // The words are read so that the first byte is the lowest.
    let word = u64::from_le_bytes(bytes[start..start + WORD].try_into().expect("it is as long as a word"));
    let mut suspects = suspects(word);
    while suspects != 0 {
        let index = start + suspects.trailing_zeros() as usize / 8;
        if is_escaped(bytes[index]) {
            return Some(index);
        }
        suspects &= suspects - 1;
    }
    None
}

/// The highest bit of each byte of a word that is a quote, a backslash or a control character. A byte after such a one may
/// be reported, too, so what is reported must be looked at.
///
/// Source: "Determine if a word has a byte less than n", Bit Twiddling Hacks, Sean Eron Anderson.
fn suspects(word: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHS: u64 = ONES << 7;
    let less = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word;
    let quote = less(word ^ (ONES * u64::from(b'"')), 1);
    let backslash = less(word ^ (ONES * u64::from(b'\\')), 1);
    (less(word, 0x20) | quote | backslash) & HIGHS
}

fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that need a backslash, and those next to them in value, at each place of texts around the length of a word.
    #[test]
    fn what_needs_a_backslash_gets_one_wherever_it_is() {
        let dir = StoreDir::default();
        let bytes =
            [b'"', b'!', b'#', b'\\', b'[', b']', b'\n', b'\r', b'\t', 0, 0x0b, 0x1f, b' ', 0x7f, 0x80, 0xff, 0x8a];
        for length in 1..=20 {
            for (place, &byte) in (0..length).flat_map(|place| bytes.iter().map(move |byte| (place, byte))) {
                for around in [b'a', b'\n', 0xdc, byte] {
                    let mut text = vec![around; length];
                    text[place] = byte;
                    let mut out = Vec::new();
                    Writer { out: &mut out, dir: &dir }.escaped(&text);
                    let escaped = text.iter().flat_map(|byte| match byte {
                        b'\n' => br"\n".to_vec(),
                        b'\r' => br"\r".to_vec(),
                        b'\t' => br"\t".to_vec(),
                        b'"' | b'\\' => vec![b'\\', *byte],
                        _ => vec![*byte],
                    });
                    assert_eq!(out, escaped.collect::<Vec<u8>>(), "{text:?}");
                }
            }
        }
    }
}
