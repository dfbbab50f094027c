//! Programs of files: read from the cache where they are there, made from the text where they are not.

use std::io;
use std::time::Instant;

use super::Eval;
use crate::cache::{Cache, Key};
use crate::diagnostics::Pos;
use crate::heap::Symbol;
use crate::program::image::{self, GlobalNames, NameIndices, Reading, Writing};
use crate::program::{Expr, Lints, RootScope};

/// Shorter texts are parsed in less time than it takes to find their programs.
const LEAST: usize = if cfg!(test) { 1 } else { 400 };

/// What a cache needs to be used by an evaluator.
pub(crate) struct Programs {
    cache: Cache,
    /// Which builtins there are: a digest of their names. Known once it is needed.
    builtins: Option<blake3::Hash>,
    /// For writing programs.
    globals: Option<GlobalNames>,
    indices: NameIndices,
    /// The image that was read last; its memory is used for the next.
    image: Vec<u8>,
}

impl Programs {
    pub(crate) fn new(cache: Cache) -> Self {
        Programs { cache, builtins: None, globals: None, indices: NameIndices::default(), image: Vec::new() }
    }
}

impl<'h> Eval<'h> {
    /// By what the program of a text is found, if it is to be kept. A program depends on the text, on where paths in it
    /// begin, on the features of the grammar, and on which names are builtins; and on the build of firn that made it.
    pub(super) fn program_key(&mut self, source: &[u8], base_dir: &[u8], root: &RootScope) -> Option<Key> {
        let is_usual = root.names.is_empty() && self.settings.lints == Lints::default();
        if self.programs.is_none() || !is_usual || source.len() < LEAST {
            return None;
        }
        let home = self.home();
        let programs = self.programs.as_mut()?;
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
        add(&mut hasher, home.as_deref().unwrap_or_default());
        add(&mut hasher, base_dir);
        // In one piece a text is digested several times as fast as behind something else.
        hasher.update(blake3::hash(source).as_bytes());
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
            at_once: false,
        };
        let program = image::read(&programs.image, reading)?;
        self.counters.cached_programs += 1;
        self.counters.reading_programs += start.elapsed();
        Some(program)
    }

    /// Writes the programs that were made since the last time.
    pub(crate) fn save_cache(&mut self) -> io::Result<()> {
        self.programs.as_mut().map_or(Ok(()), |programs| programs.cache.save())
    }

    /// Keeps a program for later runs.
    pub(super) fn keep_program(&mut self, key: Key, program: &Expr<'h>, names: &[Symbol], base: Pos) {
        let Some(programs) = &mut self.programs else { return };
        let globals = programs.globals.get_or_insert_with(|| GlobalNames::new(&self.globals));
        let writing = Writing { names, symbols: &self.symbols, globals, indices: &mut programs.indices, base };
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use crate::corpus::programs_in;
    use crate::{Builder, Cache, Evaluator};

    /// What evaluating a file gives, messages of errors and where they point included, and how many programs were in the
    /// cache.
    fn evaluate(builder: Builder, cache: Option<&Path>, file: &Path) -> (String, u64) {
        let mut builder = builder.max_stack(64 << 20);
        if let Some(directory) = cache {
            builder = builder.cache(Cache::in_directory(directory));
        }
        let mut firn = builder.build();
        let printed = firn.eval_file(file).and_then(|value| {
            // Of what is traced here, the order of attributes shows.
            firn.force_deep(&value)?;
            firn.print(&value)
        });
        let printed = match printed {
            Ok(printed) => String::from_utf8_lossy(&printed).into_owned(),
            Err(error) => firn.render(&error, &crate::diagnostics::RenderOptions::default()),
        };
        (printed, firn.statistics().sources.cached)
    }

    #[test]
    fn programs_from_the_cache_do_what_they_did_before() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut programs = programs_in("corpus/lang");
        programs.retain(|file| file.extension().is_some_and(|extension| extension == "cfg"));
        let (mut same, mut cached) = (0, 0);
        // Others depend on the time, on flags, or take long.
        for file in programs.iter().filter(|file| file.with_extension("out").exists()).step_by(2) {
            let (expected, _) = evaluate(Evaluator::builder(), None, file);
            let (first, _) = evaluate(Evaluator::builder(), Some(directory.path()), file);
            let (second, hits) = evaluate(Evaluator::builder(), Some(directory.path()), file);
            assert_eq!(first, expected, "{}", file.display());
            assert_eq!(second, expected, "{}", file.display());
            same += 1;
            cached += hits;
        }
        assert!(same > 200 && cached > 200, "{same} {cached}");
    }

    /// Where a program is found that was made of the same text in other circumstances, it is the wrong one.
    #[test]
    fn programs_are_found_only_where_they_would_be_made() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let (cache, one, two) = (path("cache"), path("one"), path("two"));
        fs::create_dir(&one).expect("it can be made");
        fs::create_dir(&two).expect("it can be made");
        let put = |path: PathBuf, text: &str| fs::write(path, text).expect("it can be written");
        let with_cache = |builder: Builder, file: &Path| evaluate(builder, Some(&cache), file);

        // Elsewhere, paths are others.
        put(one.join("a.nix"), "[ ./b ]");
        put(two.join("a.nix"), "[ ./b ]");
        assert_eq!(with_cache(Evaluator::builder(), &one.join("a.nix")), (format!("[ {}/b ]", one.display()), 0));
        assert_eq!(with_cache(Evaluator::builder(), &two.join("a.nix")), (format!("[ {}/b ]", two.display()), 0));
        assert_eq!(with_cache(Evaluator::builder(), &one.join("a.nix")), (format!("[ {}/b ]", one.display()), 1));

        // The text has changed.
        put(one.join("a.nix"), "[ ./c ]");
        assert_eq!(with_cache(Evaluator::builder(), &one.join("a.nix")), (format!("[ {}/c ]", one.display()), 0));

        // A builtin may be there or not.
        put(one.join("b.nix"), "with { __currentTime = 1; }; __currentTime == 1");
        assert_eq!(with_cache(Evaluator::builder(), &one.join("b.nix")), ("false".to_owned(), 0));
        assert_eq!(with_cache(Evaluator::builder().pure(true), &one.join("b.nix")), ("true".to_owned(), 0));
        assert_eq!(with_cache(Evaluator::builder(), &one.join("b.nix")), ("false".to_owned(), 1));

        // Syntax may be there or not.
        put(one.join("c.nix"), "1 |> (x: x)");
        let pipes = || Evaluator::builder().feature("pipe-operators");
        assert_eq!(with_cache(pipes(), &one.join("c.nix")), ("1".to_owned(), 0));
        assert_eq!(with_cache(pipes(), &one.join("c.nix")), ("1".to_owned(), 1));
        assert!(with_cache(Evaluator::builder(), &one.join("c.nix")).0.contains("pipe-operators"));
    }

    #[test]
    fn errors_point_to_the_same_places() {
        let directory = tempfile::tempdir().expect("a directory");
        let (cache, file) = (directory.path().join("cache"), directory.path().join("a.nix"));
        let text =
            "let f = { a, b ? a.c }: b + 1;\n    g = x: { inherit (x) y; z = f { a = x; }; };\nin (g { y = 1; }).z\n";
        fs::write(&file, text).expect("it can be written");
        let (expected, _) = evaluate(Evaluator::builder(), None, &file);
        assert!(expected.contains("a.nix:1:"), "{expected}");
        for hits in [0, 1] {
            assert_eq!(evaluate(Evaluator::builder(), Some(&cache), &file), (expected.clone(), hits));
        }
    }

    /// Texts with errors and warnings are read again, so that these are said again.
    #[test]
    fn what_has_errors_is_not_kept() {
        let directory = tempfile::tempdir().expect("a directory");
        let (cache, file) = (directory.path().join("cache"), directory.path().join("a.nix"));
        fs::write(&file, "[ unknown ]").expect("it can be written");
        let (expected, _) = evaluate(Evaluator::builder(), None, &file);
        assert!(expected.contains("undefined variable"), "{expected}");
        for _ in 0..2 {
            assert_eq!(evaluate(Evaluator::builder(), Some(&cache), &file), (expected.clone(), 0));
        }
        assert!(!cache.exists());
    }
}
