//! Derivations from bytes: the ATerm format of `.drv` files, read.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::address::ContentAddressMethod;
use super::derivation::{Derivation, InputOutputs, MAX_DYNAMIC_DEPTH, Output, OutputName, too_deep};
use super::error::{Error, Result};
use super::hash::Hash;
use super::path::{StoreDir, StorePath};

/// Reads a `.drv` file. The name, which the file does not contain, is that of
/// its store path without `.drv`.
///
/// # Errors
///
/// [`Error::Aterm`] if the bytes do not follow the format, are followed by
/// others, or state a path of a fixed output that is not the right one.
pub fn parse(bytes: &[u8], name: &str, dir: &StoreDir) -> Result<Derivation> {
    let mut parser = Parser { bytes, position: 0, name, dir, dynamic: false };
    parser.derivation()
}

struct Parser<'a> {
    bytes: &'a [u8],
    position: usize,
    name: &'a str,
    dir: &'a StoreDir,
    /// Whether the file may contain outputs of outputs.
    dynamic: bool,
}

impl<'a> Parser<'a> {
    fn derivation(&mut self) -> Result<Derivation> {
        self.start()?;
        let mut derivation = Derivation { name: self.name.to_owned(), ..Derivation::default() };
        self.list(|parser| {
            let (name, output) = parser.output()?;
            derivation.outputs.insert(name, output);
            Ok(())
        })?;
        self.expect(b",")?;
        self.list(|parser| {
            let (path, input) = parser.input_derivation()?;
            derivation.input_derivations.insert(path, input);
            Ok(())
        })?;
        self.expect(b",")?;
        self.list(|parser| {
            derivation.input_sources.insert(parser.path()?);
            Ok(())
        })?;
        self.expect(b",")?;
        derivation.system = self.string()?.into_owned();
        self.expect(b",")?;
        derivation.builder = self.string()?.into_owned();
        self.expect(b",")?;
        self.list(|parser| {
            derivation.args.push(parser.string()?.into_owned());
            Ok(())
        })?;
        self.expect(b",")?;
        let mut variables = Vec::new();
        self.list(|parser| {
            parser.expect(b"(")?;
            let name = parser.string()?;
            parser.expect(b",")?;
            variables.push((name, parser.string()?));
            parser.expect(b")")
        })?;
        derivation.env = variables.into_iter().collect();
        self.expect(b")")?;
        match self.position == self.bytes.len() {
            true => Ok(derivation),
            false => Err(self.error("something follows the end of the derivation")),
        }
    }

    fn start(&mut self) -> Result<()> {
        if self.accept(b"Derive(") {
            return Ok(());
        }
        if !self.accept(b"DrvWithVersion(") {
            return Err(self.error("a derivation starts with 'Derive(' or 'DrvWithVersion('"));
        }
        let version = self.string()?;
        if *version != *b"xp-dyn-drv" {
            let version = String::from_utf8_lossy(&version);
            return Err(self.error(format!("the version '{version}' is unknown")));
        }
        self.dynamic = true;
        self.expect(b",")
    }

    fn output(&mut self) -> Result<(OutputName, Output)> {
        self.expect(b"(")?;
        let name = self.output_name()?;
        self.expect(b",")?;
        let path = self.string()?;
        self.expect(b",")?;
        let algorithm = self.string()?;
        self.expect(b",")?;
        let hash = self.string()?;
        let output = self.output_of_parts(&name, &path, &algorithm, &hash)?;
        self.expect(b")")?;
        Ok((name, output))
    }

    fn output_of_parts(&self, name: &str, path: &[u8], algorithm: &[u8], hash: &[u8]) -> Result<Output> {
        let store_path = |path| self.dir.parse_canonical(path).map_err(|error| self.error(error.to_string()));
        if algorithm.is_empty() {
            return Ok(match path {
                b"" => Output::Deferred,
                path => Output::InputAddressed(store_path(path)?),
            });
        }
        let algorithm = String::from_utf8_lossy(algorithm);
        let (method, algorithm) = ContentAddressMethod::split_prefix(&algorithm);
        let algorithm = algorithm.parse().map_err(|error| self.error(format!("{error}")))?;
        match (path, hash) {
            (b"", b"") => Ok(Output::Floating { method, algorithm }),
            (b"", b"impure") => Ok(Output::Impure { method, algorithm }),
            (_, b"" | b"impure") => Err(self.error(format!("the output '{name}' must not state its path"))),
            (stated, digits) => {
                let stated = store_path(stated)?;
                let hash = Hash::parse_digits(&String::from_utf8_lossy(digits), algorithm)
                    .map_err(|error| self.error(error.to_string()))?;
                let output = Output::fixed(self.dir, self.name, name, method, hash)
                    .map_err(|error| self.error(error.to_string()))?;
                match output.path() == Some(&stated) {
                    true => Ok(output),
                    false => {
                        Err(self.error(format!("the path '{stated}' of output '{name}' does not follow from its hash")))
                    }
                }
            }
        }
    }

    fn input_derivation(&mut self) -> Result<(StorePath, InputOutputs)> {
        self.expect(b"(")?;
        let path = self.path()?;
        self.expect(b",")?;
        let input = self.input_outputs(0)?;
        if input.outputs.is_empty() && input.dynamic.is_empty() {
            return Err(self.error(format!("the input '{path}' names no outputs")));
        }
        self.expect(b")")?;
        Ok((path, input))
    }

    fn input_outputs(&mut self, depth: usize) -> Result<InputOutputs> {
        let mut input = InputOutputs::default();
        if !(self.dynamic && self.accept(b"(")) {
            input.outputs = self.output_names()?;
            return Ok(input);
        }
        if depth == MAX_DYNAMIC_DEPTH {
            return Err(too_deep(self.name));
        }
        input.outputs = self.output_names()?;
        self.expect(b",")?;
        self.list(|parser| {
            parser.expect(b"(")?;
            let name = parser.output_name()?;
            parser.expect(b",")?;
            let outputs = parser.input_outputs(depth + 1)?;
            input.dynamic.insert(name, outputs);
            parser.expect(b")")
        })?;
        self.expect(b")")?;
        Ok(input)
    }

    fn output_names(&mut self) -> Result<BTreeSet<OutputName>> {
        let mut names = BTreeSet::new();
        self.list(|parser| {
            names.insert(parser.output_name()?);
            Ok(())
        })?;
        Ok(names)
    }

    fn output_name(&mut self) -> Result<OutputName> {
        let name = self.string()?;
        match std::str::from_utf8(&name) {
            Ok(name) => Ok(name.into()),
            Err(_) => Err(self.error("the name of an output is not UTF-8")),
        }
    }

    fn path(&mut self) -> Result<StorePath> {
        let path = self.string()?;
        self.dir.parse_canonical(&*path).map_err(|error| self.error(error.to_string()))
    }

    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.expect(b"[")?;
        if self.accept(b"]") {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.accept(b"]") {
                return Ok(());
            }
            self.expect(b",")?;
        }
    }

    fn string(&mut self) -> Result<Cow<'a, [u8]>> {
        self.expect(b"\"")?;
        let rest = &self.bytes[self.position..];
        let unterminated = || self.error("a string does not end");
        let mut stop = memchr::memchr2(b'"', b'\\', rest).ok_or_else(unterminated)?;
        if rest[stop] == b'"' {
            self.position += stop + 1;
            return Ok(Cow::Borrowed(&rest[..stop]));
        }
        let mut string = Vec::with_capacity(2 * stop + 16);
        let mut start = 0;
        while rest[stop] == b'\\' {
            string.extend_from_slice(&rest[start..stop]);
            string.push(match rest.get(stop + 1) {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(&byte) => byte,
                None => return Err(unterminated()),
            });
            start = stop + 2;
            let next = memchr::memchr2(b'"', b'\\', &rest[start..]);
            stop = start + next.ok_or_else(unterminated)?;
        }
        string.extend_from_slice(&rest[start..stop]);
        self.position += stop + 1;
        Ok(Cow::Owned(string))
    }

    fn accept(&mut self, text: &[u8]) -> bool {
        let found = self.bytes[self.position..].starts_with(text);
        if found {
            self.position += text.len();
        }
        found
    }

    fn expect(&mut self, text: &[u8]) -> Result<()> {
        match self.accept(text) {
            true => Ok(()),
            false => Err(self.error(format!("expected '{}'", text.escape_ascii()))),
        }
    }

    fn error(&self, problem: impl Into<String>) -> Error {
        Error::Aterm { name: self.name.to_owned(), offset: self.position, problem: problem.into() }
    }
}
