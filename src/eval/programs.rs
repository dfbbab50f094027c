//! Programs of files: read from the cache where they are there, made from the text where they are not.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant;

use super::Eval;
use crate::diagnostics::Pos;
use crate::program::image::{self, GlobalNames, Reading, Writing};
use crate::program::{Expr, Lints, RootScope};
use crate::program_cache::{Key, ProgramCache};

/// Shorter texts are parsed in less time than it takes to find their programs.
const LEAST: usize = if cfg!(test) { 0 } else { 400 };

/// What a cache needs to be used by an evaluator.
pub(crate) struct Programs {
    cache: ProgramCache,
    /// Which builtins there are: a digest of their names. Known once it is needed.
    builtins: Option<blake3::Hash>,
    /// For writing programs.
    globals: Option<GlobalNames>,
    /// The image that was read last; its memory is used for the next.
    image: Vec<u8>,
}

impl Programs {
    pub(crate) fn new(cache: ProgramCache) -> Self {
        Programs { cache, builtins: None, globals: None, image: Vec::new() }
    }
}

impl<'h> Eval<'h> {
    /// By what the program of a text is found, if it is to be kept. A program depends on the text, on where paths in it
    /// begin, on the features of the grammar, and on which names are builtins; and on the build of firn that made it.
    pub(super) fn program_key(&mut self, source: &[u8], base_dir: &[u8], root: &RootScope) -> Option<Key> {
        let programs = self.programs.as_mut()?;
        let is_usual = root.names.is_empty() && self.settings.lints == Lints::default();
        if !is_usual || source.len() < LEAST {
            return None;
        }
        let builtins = *programs.builtins.get_or_insert_with(|| {
            let mut names: Vec<&[u8]> = self.globals.values.keys().map(|&name| self.symbols.bytes(name)).collect();
            names.sort_unstable();
            let mut hasher = blake3::Hasher::new();
            names.iter().for_each(|name| add(&mut hasher, name));
            hasher.finalize()
        });
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("FIRN_PROGRAM_FORMAT").as_bytes());
        hasher.update(builtins.as_bytes());
        hasher.update(&[u8::from(self.settings.features.syntax().pipe_operators), u8::from(self.settings.pure)]);
        let home = if self.settings.pure { None } else { self.host.variable("HOME") };
        add(&mut hasher, home.as_deref().map_or(b"", |home| home.as_bytes()));
        add(&mut hasher, base_dir);
        hasher.update(source);
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        Some(key)
    }

    /// The program with this key, if it is there, for a text of so many bytes from `base` on.
    pub(super) fn cached_program(&mut self, key: &Key, base: Pos, length: usize) -> Option<&'h Expr<'h>> {
        let start = Instant::now();
        let programs = self.programs.as_mut()?;
        if !programs.cache.find(key, &mut programs.image) {
            return None;
        }
        let reading = Reading {
            heap: self.heap,
            symbols: &mut self.symbols,
            globals: &self.globals,
            base,
            length: u32::try_from(length).ok()?,
        };
        let program = image::read(&programs.image, reading)?;
        self.counters.cached_programs += 1;
        self.counters.reading_programs += start.elapsed();
        Some(program)
    }

    /// Writes the programs that were made since the last time.
    pub(crate) fn save_programs(&mut self) -> io::Result<()> {
        self.programs.as_mut().map_or(Ok(()), |programs| programs.cache.save())
    }

    /// Keeps a program for later runs.
    pub(super) fn keep_program(&mut self, key: Key, program: &Expr<'h>, names: &[crate::heap::Symbol], base: Pos) {
        let Some(programs) = &mut self.programs else { return };
        let globals = programs.globals.get_or_insert_with(|| GlobalNames::new(&self.globals));
        let writing = Writing { names, symbols: &self.symbols, globals, base };
        if let Some(image) = image::write(program, writing) {
            programs.cache.add(key, image);
        }
    }
}

/// Adds bytes in such a way that their end is known.
fn add(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}
