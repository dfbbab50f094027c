//! Settings with names: what `--option NAME VALUE` and the flags of the same names change.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::PathBuf;

use super::counting_store::CountingStore;
use super::memory;
use super::progress::Progress;
use crate::diagnostics::{Colors, RenderOptions};
use crate::store::{self, ComputeStore, DirectoryStore, StoreDir};
use crate::{Builder, Cache, Evaluator, Lint, LintLevel, Lints, SearchPathEntry};

/// How to evaluate and how to report errors.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// Entries of the search path, before those of the environment.
    pub search_path: Vec<Vec<u8>>,
    /// What to use in place of the variable `NIX_PATH`: entries separated by colons or blanks.
    pub nix_path: Option<String>,
    /// Experimental features to enable.
    pub features: BTreeSet<String>,
    /// How many calls may be nested; by default memory decides.
    pub max_call_depth: Option<u64>,
    /// How many MiB values may take; by default three quarters of the machine's memory. More than 7,680 have no effect.
    pub max_memory: Option<u64>,
    /// How deep a value may be nested to be converted to JSON; by default memory decides.
    pub max_nesting: Option<u64>,
    /// What `builtins.currentSystem` is, unless it is this machine's.
    pub system: Option<String>,
    /// Whether to evaluate without access to what may change.
    pub pure: bool,
    /// Whether `builtins.traceVerbose` prints.
    pub trace_verbose: bool,
    /// Whether a warning ends the evaluation.
    pub abort_on_warn: bool,
    /// The directory that holds the store: store paths are files below it. By default the root.
    pub store_root: Option<PathBuf>,
    /// Whether derivations and sources are written into the store; otherwise their paths are computed.
    pub writes: bool,
    /// What to say about literals that a project may not want.
    pub lints: Lints,
    /// Whether to show whole traces.
    pub show_trace: bool,
    /// The directories of the user's own files, which traces show; by default that of what is evaluated.
    pub own: Vec<PathBuf>,
    /// When to use colours.
    pub colors: ColorChoice,
    /// How errors and warnings are written.
    pub error_format: ErrorFormat,
    /// Whether to parse and hash everything anew, in place of looking for it in the cache of the user.
    pub no_cache: bool,
    /// Whether to say on a terminal how far a long evaluation is.
    pub progress: bool,
}

/// How errors and warnings are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum ErrorFormat {
    /// For people
    #[default]
    Text,
    /// A JSON object on a line for each
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless the variable NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What kind of value a setting has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SettingKind {
    Flag,
    Value,
    /// A setting of Nix that changes nothing here: where and how to build, what to download.
    NoEffectFlag,
    /// The same with a value.
    NoEffectValue,
}

/// What was wrong with a setting.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum SettingError {
    Unknown,
    /// What the value should have been.
    Invalid(&'static str),
}

use SettingKind::{Flag, NoEffectFlag, NoEffectValue, Value};

/// The settings that are known, sorted.
const SETTINGS: &[(&str, SettingKind)] = &[
    ("abort-on-warn", Flag),
    ("accept-flake-config", NoEffectFlag),
    ("allow-dirty", NoEffectFlag),
    ("allow-import-from-derivation", NoEffectFlag),
    ("auto-optimise-store", NoEffectFlag),
    ("builders", NoEffectValue),
    ("cores", NoEffectValue),
    ("download-attempts", NoEffectValue),
    ("eval-cache", NoEffectFlag),
    ("eval-cores", NoEffectValue),
    ("eval-store", NoEffectValue),
    ("eval-system", Value),
    ("experimental-features", Value),
    ("fallback", NoEffectFlag),
    ("http-connections", NoEffectValue),
    ("keep-derivations", NoEffectFlag),
    ("keep-failed", NoEffectFlag),
    ("keep-going", NoEffectFlag),
    ("keep-outputs", NoEffectFlag),
    ("lint-absolute-path-literals", Value),
    ("lint-short-path-literals", Value),
    ("lint-url-literals", Value),
    ("log-format", NoEffectValue),
    ("max-call-depth", Value),
    ("max-jobs", NoEffectValue),
    ("max-memory", Value),
    ("max-silent-time", NoEffectValue),
    ("nix-path", Value),
    ("cache", Flag),
    ("pure-eval", Flag),
    ("sandbox", NoEffectValue),
    ("show-trace", Flag),
    ("store", Value),
    ("substituters", NoEffectValue),
    ("substitute", NoEffectFlag),
    ("system", Value),
    ("tarball-ttl", NoEffectValue),
    ("timeout", NoEffectValue),
    ("trace-function-calls", NoEffectFlag),
    ("trace-verbose", Flag),
    ("trusted-public-keys", NoEffectValue),
    ("use-xdg-base-directories", NoEffectFlag),
    ("warn-dirty", NoEffectFlag),
];

impl Settings {
    /// What kind of setting `name` is; nothing if there is none of this name.
    pub(super) fn kind(name: &str) -> Option<SettingKind> {
        let found = SETTINGS.iter().find(|(known, _)| *known == name)?;
        Some(found.1)
    }

    /// Changes a setting. A name with `extra-` before it adds to the setting's value.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        if let Some(name) = name.strip_prefix("extra-")
            && matches!(name, "experimental-features" | "nix-path")
        {
            return self.add(name, value);
        }
        match name {
            "abort-on-warn" => self.abort_on_warn = flag(value)?,
            "cache" => self.no_cache = !flag(value)?,
            "pure-eval" => self.pure = flag(value)?,
            "show-trace" => self.show_trace = flag(value)?,
            "trace-verbose" => self.trace_verbose = flag(value)?,
            "experimental-features" => {
                self.features.clear();
                return self.add(name, value);
            }
            "lint-absolute-path-literals" => self.lints.set(Lint::AbsolutePathLiteral, level(value)?),
            "lint-short-path-literals" => self.lints.set(Lint::ShortPathLiteral, level(value)?),
            "lint-url-literals" => self.lints.set(Lint::UrlLiteral, level(value)?),
            "max-call-depth" => self.max_call_depth = Some(number(value)?),
            "max-memory" => self.max_memory = Some(number(value)?),
            "nix-path" => self.nix_path = Some(value.to_owned()),
            "store" => self.store_root = store_root(value)?,
            "system" | "eval-system" if value.is_empty() => self.system = None,
            "system" | "eval-system" => self.system = Some(value.to_owned()),
            _ => match Settings::kind(name.strip_prefix("extra-").unwrap_or(name)) {
                Some(_) => {}
                None => return Err(SettingError::Unknown),
            },
        }
        Ok(())
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        if name == "nix-path" {
            let entries = value.split_ascii_whitespace();
            self.search_path.extend(entries.map(|entry| entry.as_bytes().to_vec()));
        } else {
            self.features.extend(value.split_ascii_whitespace().map(str::to_owned));
        }
        Ok(())
    }

    /// An evaluator with these settings; the derivations that it finds are progress.
    ///
    /// # Errors
    ///
    /// The store directory cannot be created, or the variable `NIX_STORE_DIR` does not name one.
    pub(super) fn builder(&self, progress: &Progress) -> store::Result<Builder> {
        let builder = self.plain_builder();
        let dir = match std::env::var("NIX_STORE_DIR") {
            Ok(dir) if !dir.is_empty() => StoreDir::new(&dir)?,
            _ => StoreDir::default(),
        };
        if !self.writes {
            return Ok(builder.store(CountingStore { store: ComputeStore::new(dir), progress: progress.clone() }));
        }
        let remote = || std::env::var("NIX_REMOTE").ok().and_then(|value| store_root(&value).ok().flatten());
        let root = self.store_root.clone().or_else(remote).unwrap_or("/".into());
        Ok(builder.store(CountingStore { store: DirectoryStore::new(&root, dir)?, progress: progress.clone() }))
    }

    fn plain_builder(&self) -> Builder {
        let mut builder = Evaluator::builder()
            .pure(self.pure)
            .trace_verbose(self.trace_verbose)
            .abort_on_warn(self.abort_on_warn)
            .lints(self.lints);
        for entry in &self.search_path {
            builder = builder.search_path(SearchPathEntry::parse(entry));
        }
        for entry in self.environment_search_path() {
            builder = builder.search_path(entry);
        }
        for feature in &self.features {
            builder = builder.feature(feature);
        }
        if !self.no_cache
            && let Some(cache) = Cache::of_user()
        {
            builder = builder.cache(cache);
        }
        if let Some(depth) = self.max_call_depth {
            builder = builder.max_call_depth(depth);
        }
        let max_memory = self.max_memory.map(|mebibytes| mebibytes.saturating_mul(1 << 20));
        if let Some(bytes) = max_memory.or_else(memory::usual_limit) {
            builder = builder.max_memory(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        if let Some(depth) = self.max_nesting {
            builder = builder.max_nesting(depth);
        }
        if let Some(system) = &self.system {
            builder = builder.system(system);
        }
        builder
    }

    /// The entries of the search path that are not given on the command line.
    fn environment_search_path(&self) -> Vec<SearchPathEntry> {
        use std::os::unix::ffi::OsStringExt;

        if self.pure {
            return Vec::new();
        }
        if let Some(path) = &self.nix_path {
            let entries = path.split_ascii_whitespace();
            return entries.flat_map(|part| SearchPathEntry::parse_list(part.as_bytes())).collect();
        }
        match std::env::var_os("NIX_PATH") {
            Some(path) => SearchPathEntry::parse_list(&path.into_vec()),
            None => channels(),
        }
    }

    /// How to show errors on standard error.
    pub(crate) fn render_options(&self) -> RenderOptions {
        RenderOptions { colors: self.colors.on(&std::io::stderr()), show_trace: self.show_trace, own: self.own.clone() }
    }
}

/// Where Nix keeps the channels of the user and of root, which are the search path if there is no
/// `NIX_PATH`.
fn channels() -> Vec<SearchPathEntry> {
    const ROOT: &str = "/nix/var/nix/profiles/per-user/root/channels";
    let mut entries = Vec::new();
    if let Some(home) = std::env::home_dir() {
        entries.push((String::new(), home.join(".nix-defexpr/channels")));
    }
    entries.push(("nixpkgs=".to_owned(), format!("{ROOT}/nixpkgs").into()));
    entries.push((String::new(), ROOT.into()));
    entries.retain(|(_, path)| path.exists());
    let entry = |(prefix, path): (String, std::path::PathBuf)| {
        let path = path.into_os_string().into_encoded_bytes();
        SearchPathEntry::parse(&[prefix.into_bytes(), path].concat())
    };
    entries.into_iter().map(entry).collect()
}

impl ColorChoice {
    /// Whether to use colours in what goes to `stream`.
    pub(crate) fn on(self, stream: &impl IsTerminal) -> Colors {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let on = match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => stream.is_terminal() && !is_set("NO_COLOR") && !is_dumb(),
        };
        if on { Colors::On } else { Colors::Off }
    }
}

/// The root of a store given as Nix takes it: a directory, `local?root=DIRECTORY`, or words for the usual one.
fn store_root(value: &str) -> Result<Option<PathBuf>, SettingError> {
    let root = value.strip_prefix("local?root=").unwrap_or(value);
    match root {
        "" | "auto" | "daemon" | "local" | "dummy://" => Ok(None),
        root if root.starts_with('/') => Ok(Some(root.into())),
        _ => Err(SettingError::Invalid("an absolute path or 'local?root=' and one")),
    }
}

fn flag(value: &str) -> Result<bool, SettingError> {
    match value {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(SettingError::Invalid("'true' or 'false'")),
    }
}

fn number(value: &str) -> Result<u64, SettingError> {
    value.parse().map_err(|_| SettingError::Invalid("a number"))
}

fn level(value: &str) -> Result<LintLevel, SettingError> {
    match value {
        "ignore" => Ok(LintLevel::Ignore),
        "warn" => Ok(LintLevel::Warn),
        "fatal" => Ok(LintLevel::Fatal),
        _ => Err(SettingError::Invalid("'ignore', 'warn' or 'fatal'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_set_by_name() {
        let mut settings = Settings::default();
        for (name, value, expected) in [
            ("show-trace", "true", Ok(())),
            ("show-trace", "maybe", Err(SettingError::Invalid("'true' or 'false'"))),
            ("max-call-depth", "12", Ok(())),
            ("max-call-depth", "-1", Err(SettingError::Invalid("a number"))),
            ("experimental-features", "a b", Ok(())),
            ("extra-experimental-features", "c", Ok(())),
            ("lint-url-literals", "fatal", Ok(())),
            ("cores", "4", Ok(())),
            ("extra-substituters", "https://example.org", Ok(())),
            ("no-such-setting", "1", Err(SettingError::Unknown)),
        ] {
            assert_eq!(settings.set(name, value), expected, "{name}");
        }
        assert!(settings.show_trace);
        assert_eq!(settings.max_call_depth, Some(12));
        assert_eq!(settings.features.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(settings.lints.level(Lint::UrlLiteral), LintLevel::Fatal);
        assert_eq!(settings.set("experimental-features", "d"), Ok(()));
        assert_eq!(settings.features.iter().collect::<Vec<_>>(), ["d"]);
    }
}
