//! The builtins that are no functions.

use crate::eval::Eval;
use crate::heap::{List, Str, Value};
use crate::program::names;

/// A builtin that is a value from the start.
pub(crate) struct Constant {
    /// The name in `builtins`.
    pub(crate) name: &'static str,
    /// What it takes if it can be called.
    pub(crate) parameters: &'static [&'static str],
    /// What it is, in Markdown, as its comment has it.
    pub(crate) doc: &'static str,
}

/// Documents the constants; [`all`] has their values.
macro_rules! constants {
    ($($(#[doc = $doc:literal])+ $name:literal $(($parameter:ident))?;)+) => {
        pub(crate) const CONSTANTS: &[Constant] = &[$(Constant {
            name: $name,
            parameters: &[$(stringify!($parameter))?],
            doc: concat!($($doc, "\n"),+),
        }),+];
    };
}

constants! {
    /// The set of all builtins, itself included. Test with `?` whether a builtin exists before you rely on one that
    /// is new or experimental.
    ///
    /// ```nix
    /// builtins ? wat
    /// # => false
    /// builtins.builtins.builtins.add 1 1
    /// # => 2
    /// if builtins ? isNull then "there" else "missing"
    /// # => "there"
    /// ```
    "builtins";
    /// The system that firn runs on, or that `--system` names, as derivations want it: processor, dash, operating
    /// system. It does not exist in pure evaluation.
    ///
    /// ```nix
    /// builtins.currentSystem
    /// # => "x86_64-linux"
    /// # in pure evaluation
    /// builtins ? currentSystem
    /// # => false
    /// ```
    "currentSystem";
    /// The time at which the evaluator began, in seconds since 1970-01-01 00:00 UTC. It does not exist in pure
    /// evaluation.
    ///
    /// ```nix
    /// builtins.currentTime > 1700000000
    /// # => true
    /// ```
    "currentTime";
    /// A derivation: the set `attributes`, extended by `drvPath`, `outPath`, `type = "derivation"`, `drvAttrs` (the
    /// attributes as given), `all` (the list of all outputs), `outputName`, and one attribute for each output. It is
    /// a thin layer over `derivationStrict`, written in the language. See [Derivations](#derivations).
    ///
    /// The store paths are computed only when they are asked for, so that the set can be made, extended and inspected
    /// without cost.
    ///
    /// ```nix
    /// let
    ///   boat = derivation {
    ///     name = "boat";
    ///     system = "x86_64-linux";
    ///     builder = "/bin/sh";
    ///     outputs = [ "hull" "mast" ];
    ///   };
    /// in [ boat.type boat.outputName boat.mast.outputName boat.outPath (boat == boat.hull) ]
    /// # => [ "derivation" "hull" "mast" "/nix/store/xd53xavx0mczy5m5c70h3765v0hvpjz2-boat-hull" true ]
    /// ```
    "derivation" (attributes);
    /// The Boolean that is not `true`. It is a variable, not a keyword: a program can define another `false`.
    ///
    /// ```nix
    /// builtins.false == (1 > 2)
    /// # => true
    /// let false = "no"; in false
    /// # => "no"
    /// ```
    "false";
    /// The version of the language, which has been 6 since builtins can be tested for with `builtins ? name`.
    ///
    /// ```nix
    /// builtins.langVersion
    /// # => 6
    /// ```
    "langVersion";
    /// The search path: a list of sets with `path` and `prefix`, as `-I` and the variable `NIX_PATH` give it.
    /// `<name>` looks in it.
    ///
    /// ```nix
    /// builtins.nixPath
    /// # => [ { path = "/harbour/charts"; prefix = "charts"; } ]
    /// ```
    "nixPath";
    /// The version of Nix that firn stands in for. Test for the builtin you need instead, where you can.
    ///
    /// ```nix
    /// builtins.compareVersions builtins.nixVersion "2.30" > 0
    /// # => true
    /// ```
    "nixVersion";
    /// The value that stands for nothing. It is a variable, not a keyword.
    ///
    /// ```nix
    /// builtins.typeOf null
    /// # => "null"
    /// ```
    "null";
    /// The directory of the store.
    ///
    /// ```nix
    /// builtins.storeDir
    /// # => "/nix/store"
    /// ```
    "storeDir";
    /// The Boolean that comparisons return if they hold. It is a variable, not a keyword.
    ///
    /// ```nix
    /// builtins.true == (1 < 2)
    /// # => true
    /// ```
    "true";
}

/// The version of the language, which has not changed since builtins can be tested for with `?`.
const LANG_VERSION: u32 = 6;

/// Names and values.
pub(super) fn all<'h>(eval: &mut Eval<'h>) -> Vec<(&'static str, Value<'h>)> {
    let heap = eval.heap;
    let store_dir = eval.store.dir().as_str().to_owned();
    let mut constants = vec![
        ("true", Value::TRUE),
        ("false", Value::FALSE),
        ("null", Value::NULL),
        ("langVersion", Value::small_int(LANG_VERSION)),
        ("nixVersion", Str::plain(heap, eval.settings.nix_version.as_bytes())),
        ("storeDir", Str::plain(heap, store_dir.as_bytes())),
        ("nixPath", nix_path(eval)),
        ("derivation", derivation(eval)),
    ];
    if !eval.settings.pure {
        constants.push(("currentSystem", Str::plain(heap, eval.settings.system.as_bytes())));
        constants.push(("currentTime", Value::int(heap, eval.host.seconds_since_epoch())));
    }
    constants
}

/// The search path as `builtins.nixPath` shows it.
fn nix_path<'h>(eval: &mut Eval<'h>) -> Value<'h> {
    let heap = eval.heap;
    let entries: Vec<_> = (eval.settings.search_path.clone().iter())
        .map(|entry| {
            let (path, prefix) = (Str::plain(heap, &entry.path), Str::plain(heap, &entry.prefix));
            eval.attrs_of([(names::PATH, path), (names::PREFIX, prefix)])
        })
        .collect();
    List::from_slice(heap, &entries)
}

/// `derivation`, which is written in the language and read when it is first needed.
fn derivation<'h>(eval: &mut Eval<'h>) -> Value<'h> {
    let (import, _) = eval.builtins.find("import").expect("the family of import declares it");
    let path = Value::path(eval.heap, super::DERIVATION_FILE);
    let derivation = eval.delayed_call(Value::builtin(import), &[path]);
    eval.derivation = derivation;
    derivation
}
