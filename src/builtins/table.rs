//! The table of all builtins, and the scope it makes.

use crate::diagnostics::Pos;
use crate::eval::{AttrList, Eval, Result, Settings};
use crate::heap::{BuiltinId, Value};
use crate::program::names;

/// What a builtin is called as.
pub(crate) type Run = for<'h> fn(&mut Eval<'h>, &[Value<'h>]) -> Result<Value<'h>>;

/// Whether a value that has been evaluated is of some type.
pub(crate) type Test = for<'h> fn(Value<'h>) -> bool;

/// No builtin has more parameters.
pub(crate) const MAX_ARITY: usize = 3;

/// A builtin function.
pub(crate) struct Builtin {
    /// The name in `builtins`.
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [&'static str],
    /// For each parameter a bit: whether it is forced before anything else is looked at, in this order.
    pub(crate) eager: u8,
    /// The experimental feature that it belongs to.
    pub(crate) feature: Option<&'static str>,
    /// What it does, in Markdown, as its comment has it.
    pub(crate) doc: &'static str,
    pub(crate) run: Run,
    /// If it asks whether a value is of a type, that question alone.
    pub(crate) test: Option<Test>,
}

/// Declares the builtins of a family.
///
/// Each has its documentation, its name, its parameters, and the function, which gets the evaluator
/// and an array of the arguments. `!` after a parameter says that the function forces it before it looks at
/// anything else, one after the other; `if "feature"` that it is there with that feature only.
macro_rules! builtins {
    ($($(#[doc = $doc:literal])+ $name:literal ($($parameter:ident $(!$eager:tt)?),*) $(if $feature:literal)? => $run:expr;)+) => {
        pub(super) const BUILTINS: &[$crate::builtins::Builtin] = &[$($crate::builtins::Builtin {
            name: $name,
            parameters: &[$(stringify!($parameter)),*],
            eager: $crate::builtins::table::mask(&[$(0 $(+ $eager)?),*]),
            feature: $crate::builtins::table::feature(&[$($feature)?]),
            doc: concat!($($doc, "\n"),+),
            run: |eval, arguments| {
                let arguments = <&[_; <[&str]>::len(&[$(stringify!($parameter)),*])]>::try_from(arguments);
                $run(eval, *arguments.expect("a builtin is called with as many arguments as it has parameters"))
            },
            test: None,
        }),+];
    };
}
pub(super) use builtins;

/// The flags as bits, the first lowest.
pub(super) const fn mask(flags: &[u8]) -> u8 {
    let mut bits = 0;
    let mut index = 0;
    while index < flags.len() {
        bits |= flags[index] << index;
        index += 1;
    }
    bits
}

pub(super) const fn feature(features: &'static [&'static str]) -> Option<&'static str> {
    match features {
        [feature, ..] => Some(feature),
        [] => None,
    }
}

impl Builtin {
    /// Whether errors pass through it without a mention in the trace.
    pub(crate) fn is_transparent(&self) -> bool {
        matches!(self.name, "throw" | "abort" | "addErrorContext" | "seq" | "deepSeq" | "trace" | "import")
    }
}

/// The builtins that are global names without a prefix; `__name` is global for all others.
const BARE: &[&str] = &[
    "abort",
    "baseNameOf",
    "break",
    "builtins",
    "derivation",
    "derivationStrict",
    "dirOf",
    "fetchGit",
    "fetchMercurial",
    "fetchTarball",
    "fetchTree",
    "fromTOML",
    "import",
    "isNull",
    "map",
    "placeholder",
    "removeAttrs",
    "scopedImport",
    "throw",
    "toString",
    "true",
    "false",
    "null",
];

/// The builtins of an evaluator.
pub(crate) struct BuiltinTable {
    /// Those with names, then those that are in no scope.
    all: Vec<&'static Builtin>,
    /// How many have names.
    named: usize,
    /// `toString` and `substring`, for calls of them in texts.
    to_string: BuiltinId,
    substring: BuiltinId,
}

const FAMILIES: &[&[Builtin]] = &[
    super::attrs::BUILTINS,
    super::context::BUILTINS,
    super::control::BUILTINS,
    super::derivation::BUILTINS,
    super::environment::BUILTINS,
    super::fetch::BUILTINS,
    super::files::BUILTINS,
    super::hash::BUILTINS,
    super::import::BUILTINS,
    super::json::BUILTINS,
    super::lists::BUILTINS,
    super::numbers::BUILTINS,
    super::strings::BUILTINS,
    super::toml::BUILTINS,
    super::types::BUILTINS,
    super::types::TESTS,
    super::xml::BUILTINS,
];

/// Every builtin function, whatever the settings.
pub(crate) fn all() -> impl Iterator<Item = &'static Builtin> {
    FAMILIES.iter().copied().flatten()
}

/// The global name of a builtin.
pub(crate) fn global_name(name: &str) -> String {
    if BARE.contains(&name) { name.to_owned() } else { format!("__{name}") }
}

impl BuiltinTable {
    /// The builtins that the settings allow.
    pub(crate) fn new(settings: &Settings) -> Self {
        let is_enabled = |builtin: &&Builtin| builtin.feature.is_none_or(|feature| settings.features.has(feature));
        let mut all: Vec<_> = all().filter(is_enabled).collect();
        let [to_string, substring] = ["toString", "substring"].map(|name| {
            let index = all.iter().position(|builtin| builtin.name == name);
            BuiltinId(index.expect("no feature is needed for it") as u16)
        });
        let named = all.len();
        all.extend(super::position::BUILTINS);
        BuiltinTable { all, named, to_string, substring }
    }

    /// The functions that find out the line and the column of a position.
    pub(crate) fn line_and_column(&self) -> [BuiltinId; 2] {
        [0, 1].map(|index| BuiltinId((self.named + index) as u16))
    }

    /// `toString`, if that is what this value is.
    #[inline(always)]
    pub(crate) fn to_string_of(&self, value: Value<'_>) -> Option<&'static Builtin> {
        value.is_builtin(self.to_string).then(|| self.get(self.to_string))
    }

    /// Whether this value is `substring`.
    #[inline(always)]
    pub(crate) fn is_substring(&self, value: Value<'_>) -> bool {
        value.is_builtin(self.substring)
    }

    #[inline(always)]
    pub(crate) fn get(&self, id: BuiltinId) -> &'static Builtin {
        self.all[id.0 as usize]
    }

    /// Those with names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (BuiltinId, &'static Builtin)> + '_ {
        self.all[..self.named].iter().enumerate().map(|(index, &builtin)| (BuiltinId(index as u16), builtin))
    }

    /// The builtin of this name.
    pub(crate) fn find(&self, name: &str) -> Option<(BuiltinId, &'static Builtin)> {
        self.iter().find(|(_, builtin)| builtin.name == name)
    }
}

/// Where `derivation` is written, as far as positions tell.
pub(crate) const DERIVATION_FILE: &[u8] = b"/derivation-internal.nix";

/// The text of a file that comes with the evaluator: what `<nix/name>` means, and `derivation`.
pub(crate) fn builtin_file(path: &[u8]) -> Option<&'static str> {
    match path {
        DERIVATION_FILE => Some(include_str!("nix/derivation.nix")),
        b"/__corepkgs__/fetchurl.nix" => Some(include_str!("nix/fetchurl.nix")),
        b"/__corepkgs__/digest.nix" => Some(include_str!("nix/digest.nix")),
        _ => None,
    }
}

/// Gives an evaluator its builtins and global names.
pub(crate) fn define(eval: &mut Eval<'_>) {
    let functions: Vec<_> = eval.builtins.iter().map(|(id, builtin)| (builtin.name, Value::builtin(id))).collect();
    let constants = super::constants::all(eval);
    let mut members = AttrList::with_capacity(functions.len() + constants.len() + 1);
    for (name, value) in functions.into_iter().chain(constants) {
        let symbol = eval.symbols.intern(name.as_bytes());
        members.push((symbol, Pos::NONE, value));
        let global = eval.symbols.intern(global_name(name).as_bytes());
        eval.globals.values.insert(global, value);
    }
    // `builtins.builtins` is the set itself.
    members.push((names::BUILTINS, Pos::NONE, Value::null()));
    let builtins = eval.attrs_from(members);
    if let Some(cell) = builtins.as_attrs().and_then(|attrs| attrs.get(names::BUILTINS)) {
        cell.set(builtins);
    }
    eval.globals.values.insert(names::BUILTINS, builtins);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These run while firn is compiled, as a rule.
    #[test]
    fn marks_of_builtins() {
        assert_eq!(mask(&[]), 0);
        assert_eq!(mask(&[1, 0, 1]), 0b101);
        assert_eq!(feature(&[]), None);
        assert_eq!(feature(&["flakes"]), Some("flakes"));
    }
}
