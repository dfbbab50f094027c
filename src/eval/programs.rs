//! Programs of files: read from the cache where they are there, made from the text where they are not.

use std::io;
use std::time::Instant;

use super::store::Place;
use super::{Eval, os_path};
use crate::builtins::text::path::directory;
use crate::cache::{Cache, Digest, Key};
use crate::diagnostics::{Pos, SourceName};
use crate::heap::Symbol;
use crate::program::image::{self, GlobalNames, NameIndices, Reading, Writing};
use crate::program::{Expr, Lints, RootScope};
use crate::store::{FileType, Stamp};

/// Shorter texts are parsed in less time than it takes to find their programs, even where these need not be read.
const LEAST: usize = if cfg!(test) { 1 } else { 32 };

/// What a cache needs to be used by an evaluator.
pub(crate) struct Programs {
    cache: Cache,
    /// Which builtins there are: a digest of their names. Known once it is needed.
    builtins: Option<blake3::Hash>,
    /// For writing programs.
    globals: Option<GlobalNames>,
    indices: NameIndices,
}

impl Programs {
    pub(crate) fn new(cache: Cache) -> Self {
        Programs { cache, builtins: None, globals: None, indices: NameIndices::default() }
    }
}

impl<'h> Eval<'h> {
    /// By what the program of a text is found, if it is to be kept. If the text was read from a file that had this stamp, that is
    /// kept, too.
    pub(super) fn key_of_text(
        &mut self,
        text: &[u8],
        stamp: Option<&Stamp>,
        base_dir: &[u8],
        root: &RootScope,
    ) -> Option<Key> {
        if !self.is_kept(text.len(), root) {
            return None;
        }
        let hash = blake3::hash(text);
        // A file that is longer or shorter than it was has changed meanwhile.
        let programs = self.programs.as_mut()?;
        if let Some(stamp) = stamp.filter(|stamp| stamp.size() == text.len() as u64)
            && programs.text_hash(stamp) != Some(hash)
        {
            programs.cache.add_digest(&digest_of_stamp(stamp), &[hash.as_bytes()]);
        }
        self.program_key(&hash, base_dir)
    }

    /// Whether the program of a text of so many bytes is to be kept.
    fn is_kept(&self, length: usize, root: &RootScope) -> bool {
        let is_usual = root.names.is_empty() && self.settings.lints == Lints::default();
        self.programs.is_some() && is_usual && length >= LEAST
    }

    /// By what the program of a text with this hash is found. A program depends on the text, on where paths in it
    /// begin, on the features of the grammar, and on which names are builtins; and on the build of firn that made it.
    fn program_key(&mut self, text: &blake3::Hash, base_dir: &[u8]) -> Option<Key> {
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
        hasher.update(text.as_bytes());
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        Some(key)
    }

    /// The program with this key, for a text of so many bytes from `base` on, which is asked for if there is one.
    pub(super) fn kept_program(
        &mut self,
        key: &Key,
        length: usize,
        base: impl FnOnce() -> Option<Pos>,
    ) -> Option<&'h Expr<'h>> {
        let start = Instant::now();
        let (heap, symbols, globals) = (self.heap, &mut self.symbols, &self.globals);
        let program = self.programs.as_ref()?.cache.find(key, |image| {
            let length = u32::try_from(length).ok()?;
            image::read(image.bytes_in(heap), Reading { heap, symbols, globals, base: base()?, length, at_once: false })
        });
        self.counters.reading_programs += start.elapsed();
        // It may be damaged.
        let program = program.flatten()?;
        self.counters.cached_programs += 1;
        Some(program)
    }

    /// The program of a file that has not changed since an earlier run has read it. It is read for nothing but its lines.
    pub(super) fn program_of_unchanged(
        &mut self,
        name: &SourceName,
        file: &[u8],
        stamp: &Stamp,
        root: &RootScope,
    ) -> Option<&'h Expr<'h>> {
        let length = usize::try_from(stamp.size()).ok()?;
        if stamp.file_type() != FileType::Regular || !self.is_kept(length, root) {
            return None;
        }
        let text = self.programs.as_ref()?.text_hash(stamp)?;
        let key = self.program_key(&text, directory(file))?;
        let Place::Path(physical) = self.store.place(file) else { return None };
        let (host, physical) = (self.host.clone(), physical.into_owned());
        let read = move || {
            let path = os_path(&physical);
            // Reading what is no file any more could wait for somebody.
            let is_file = host.file_type(path).is_ok_and(|file_type| file_type == FileType::Regular);
            let (bytes, _) = is_file.then(|| host.read_shared(path).ok()).flatten().unwrap_or_default();
            let has_changed = blake3::hash(&bytes) != text;
            (bytes, has_changed)
        };
        let sources = self.sources.clone();
        // If there is no room for it, that is told when it is read.
        let base = || Some(sources.add_unread(name.clone(), length, Box::new(read)).ok()?.pos(0));
        let program = self.kept_program(&key, length, base)?;
        self.counters.sources += 1;
        self.counters.source_bytes += length as u64;
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

impl Programs {
    /// The hash of what a file had in it when it had this stamp, if a run has read it then.
    fn text_hash(&self, stamp: &Stamp) -> Option<blake3::Hash> {
        self.cache.find_digest(&digest_of_stamp(stamp), |hash| hash.try_into().ok().map(blake3::Hash::from_bytes))
    }
}

fn digest_of_stamp(stamp: &Stamp) -> Digest {
    let mut block = [0; 64];
    block[..8].copy_from_slice(b"contents");
    block[8..].copy_from_slice(stamp.bytes());
    *blake3::hash(&block).as_bytes()
}

/// Adds bytes in such a way that their end is known.
fn add(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use std::{fs, io};

    use crate::corpus::programs_in;
    use crate::store::{DirectoryEntry, FileSource, FileType, OpenFile, Stamp};
    use crate::{Builder, Cache, Evaluator, Host, SystemHost};

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

    /// A host that counts what is read.
    #[derive(Clone, Default)]
    struct Counting(Arc<AtomicUsize>);

    impl FileSource for Counting {
        fn file_type(&self, path: &Path) -> io::Result<FileType> {
            SystemHost.file_type(path)
        }

        fn open(&self, path: &Path) -> io::Result<OpenFile<'_>> {
            SystemHost.open(path)
        }

        fn read_directory(&self, path: &Path) -> io::Result<Vec<DirectoryEntry>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            SystemHost.read_directory(path)
        }

        fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
            SystemHost.read_link(path)
        }

        fn stamp(&self, path: &Path) -> Option<Stamp> {
            SystemHost.stamp(path)
        }
    }

    impl Host for Counting {
        fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            SystemHost.read_file(path)
        }

        fn read_shared(&self, path: &Path) -> io::Result<(Arc<[u8]>, Option<Stamp>)> {
            self.0.fetch_add(1, Ordering::Relaxed);
            SystemHost.read_shared(path)
        }

        fn variable(&self, _: &str) -> Option<OsString> {
            None
        }

        fn seconds_since_epoch(&self) -> i64 {
            0
        }

        fn message(&self, _: &[u8]) {}
    }

    /// Waits until a file has a stamp.
    fn settle(file: &Path) {
        while SystemHost.stamp(file).is_none() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Of what a listing calls a directory it is not asked again what it is.
    #[test]
    fn what_was_listed_is_imported_like_other_files() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let put = |name: &str, text: &str| fs::write(path(name), text).expect("it can be written");
        for name in ["a", "c", "d"] {
            fs::create_dir(path(name)).expect("it can be made");
        }
        std::os::unix::fs::symlink("a", path("b")).expect("it can be made");
        put("a/default.nix", "1");
        put("c/default.cfg", "3");
        put("f", "4");
        let program = "name: builtins.seq (builtins.readDir ./.) (import (./. + \"/${name}\"))";
        put("main.nix", program);
        for name in ["a", "b", "c", "d", "f"] {
            put(&format!("of-{name}.nix"), &format!("import ./main.nix \"{name}\""));
        }
        settle(directory.path());
        let import = |name: &str| {
            let builder = Evaluator::builder().cache(Cache::in_directory(path("cache")));
            evaluate(builder, None, &path(&format!("of-{name}.nix"))).0
        };
        for (name, expected) in [("a", "1"), ("b", "1"), ("c", "3"), ("f", "4")] {
            assert_eq!(import(name), expected, "{name}");
        }
        let error = import("d");
        assert!(error.contains("/d/default.nix' does not exist"), "{error}");
    }

    #[test]
    fn a_file_that_has_not_changed_is_read_for_its_lines_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let (cache, file, part, link) = (path("cache"), path("default.nix"), path("part.nix"), path("link"));
        let put = |path: &Path, text: &str| fs::write(path, text).expect("it can be written");
        put(&file, "import ./part.nix");
        put(&part, "{\n  a = 1;\n}.a");
        std::os::unix::fs::symlink(&file, &link).expect("it can be made");
        let evaluate = |file: &Path| {
            let host = Counting::default();
            let (printed, cached) = evaluate(Evaluator::builder().host(host.clone()), Some(&cache), file);
            (printed, cached, host.0.load(Ordering::Relaxed))
        };
        assert_eq!(evaluate(&file), ("1".to_owned(), 0, 2));
        settle(&part);
        assert_eq!(evaluate(&file), ("1".to_owned(), 2, 2), "they had no stamp when they were read");
        for file in [&file, directory.path(), &link] {
            assert_eq!(evaluate(file), ("1".to_owned(), 2, 0));
        }
        // As long as before.
        put(&part, "{\n  a = 2;\n}.a");
        assert_eq!(evaluate(&file), ("2".to_owned(), 1, 1));
        settle(&part);
        assert_eq!((evaluate(&file).2, evaluate(&file)), (1, ("2".to_owned(), 2, 0)));

        // An error shows the texts of both, and a position of an attribute tells the line.
        put(&part, "{\n  a = throw \"no\";\n}.a");
        settle(&part);
        let expected = evaluate(&file);
        assert!(expected.0.contains("a = throw"), "{}", expected.0);
        assert_eq!(evaluate(&file), (expected.0, 2, 2));
        put(&part, "(builtins.unsafeGetAttrPos \"a\" {\n  a = 1;\n}).line");
        settle(&part);
        assert_eq!((evaluate(&file), evaluate(&file)), (("2".to_owned(), 1, 1), ("2".to_owned(), 2, 1)));

        // What is read again each time, since it says where it is, need not be written down again.
        put(&part, "let x = 1; in [ x __curPos.line ]");
        settle(&part);
        let entries = || fs::read_dir(&cache).expect("it is there").map(|entry| entry.expect("it is there").path());
        evaluate(&file);
        let before: Vec<PathBuf> = entries().collect();
        evaluate(&file);
        assert_eq!(entries().collect::<Vec<_>>(), before);
    }

    /// The file changes between being evaluated and being shown.
    #[test]
    fn a_text_that_is_needed_too_late_is_told_to_be_another() {
        let directory = tempfile::tempdir().expect("a directory");
        let (cache, file) = (directory.path().join("cache"), directory.path().join("a.nix"));
        let text = "{ f =\n  x: throw \"no\"; }";
        fs::write(&file, text).expect("it can be written");
        settle(&file);
        assert_eq!(evaluate(Evaluator::builder(), Some(&cache), &file).1, 0);
        let message = |keep: bool, change: &dyn Fn()| {
            let builder = Evaluator::builder().keep_texts(keep).cache(Cache::in_directory(&cache));
            let mut firn = builder.build();
            let scope = firn.eval_file(&file).expect("it can be evaluated");
            assert_eq!(firn.statistics().sources.cached, 1);
            change();
            let function = firn.attr(&scope, "f").expect("it can be evaluated").expect("it is there");
            let one = firn.eval_text("1", "/").expect("it can be evaluated");
            let error = firn.call(&function, &[one]).expect_err("it throws");
            firn.render(&error, &crate::diagnostics::RenderOptions::default())
        };
        let right = message(false, &|| ());
        assert!(right.contains("x: throw") && right.contains("a.nix:2:6"), "{right}");
        let put = |text: &str| fs::write(&file, text).expect("it can be written");
        let restored = || {
            put(text);
            settle(&file);
        };
        assert_eq!(message(true, &|| put("{ }")), right);
        restored();
        evaluate(Evaluator::builder(), Some(&cache), &file);
        let changed = message(false, &|| put("something else, which is as long"));
        assert!(changed.contains("has changed since") && changed.contains("something else"), "{changed}");
        restored();
        evaluate(Evaluator::builder(), Some(&cache), &file);
        // Nobody writes into the pipe.
        let changed = message(false, &|| {
            fs::remove_file(&file).expect("it is there");
            let status = std::process::Command::new("mkfifo").arg(&file).status();
            assert!(status.expect("there is such a program").success());
        });
        assert!(changed.contains("has changed since"), "{changed}");
    }

    #[test]
    fn a_directory_that_has_not_changed_is_listed_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let listed = directory.path().join("listed");
        fs::create_dir_all(listed.join("a")).expect("it can be made");
        let host = Counting::default();
        let mut firn = Evaluator::builder().host(host.clone()).build();
        let mut list = || {
            let value = firn.eval_text("builtins.readDir ./listed", directory.path()).expect("it is there");
            let printed = firn.print(&value).expect("it can be printed");
            (String::from_utf8_lossy(&printed).into_owned(), host.0.swap(0, Ordering::Relaxed))
        };
        let one = "{ a = \"directory\"; }".to_owned();
        assert_eq!((list(), list()), ((one.clone(), 1), (one.clone(), 1)), "it may change unseen");
        settle(&listed);
        assert_eq!((list(), list()), ((one.clone(), 1), (one, 0)));
        fs::write(listed.join("b"), "").expect("it can be written");
        let two = "{ a = \"directory\"; b = \"regular\"; }".to_owned();
        assert_eq!(list(), (two.clone(), 1));
        settle(&listed);
        assert_eq!((list(), list()), ((two.clone(), 1), (two, 0)));
        // They are two sets.
        let value = firn.eval_text("[ (builtins.readDir ./listed) (builtins.readDir ./listed) ]", directory.path());
        let value = value.expect("it is there");
        firn.force_deep(&value).expect("it can be evaluated");
        assert!(!String::from_utf8_lossy(&firn.print(&value).expect("it can be printed")).contains("repeated"));
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
