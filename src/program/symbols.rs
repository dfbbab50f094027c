//! The table of interned names.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;
use std::hash::BuildHasher;

use crate::heap::{Heap, Str, Symbol, Value, Word};

/// All names of one evaluator. Each is kept as a string value, so that turning a name into a value
/// costs nothing.
pub(crate) struct SymbolTable<'h> {
    heap: &'h Heap,
    texts: Vec<Word<'h>>,
    ids: HashTable<Entry>,
}

/// A name with so much of its hash that hardly another one is looked at, and none is hashed twice. Tables of names are large.
#[derive(Copy, Clone)]
struct Entry {
    hash: u32,
    symbol: Symbol,
}

impl Entry {
    /// A hash for the table, which looks at both ends of it.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

fn hash(text: &[u8]) -> u32 {
    (FxBuildHasher.hash_one(text) >> 32) as u32
}

impl<'h> SymbolTable<'h> {
    /// A table that holds the names that are known from the start.
    pub(crate) fn new(heap: &'h Heap) -> Self {
        let mut table = SymbolTable { heap, texts: Vec::new(), ids: HashTable::new() };
        for name in IN_ORDER {
            table.intern(name.as_bytes());
        }
        table
    }

    pub(crate) fn intern(&mut self, text: &[u8]) -> Symbol {
        let hash_of_text = hash(text);
        if let Some(symbol) = self.find_hashed(hash_of_text, text) {
            return symbol;
        }
        self.add(hash_of_text, text, Str::plain(self.heap, text))
    }

    fn find_hashed(&self, hash: u32, text: &[u8]) -> Option<Symbol> {
        let is_it = |entry: &Entry| entry.hash == hash && self.bytes(entry.symbol) == text;
        self.ids.find(Entry::spread(hash), is_it).map(|entry| entry.symbol)
    }

    fn add(&mut self, hash_of_text: u32, text: &[u8], value: Value<'h>) -> Symbol {
        debug_assert_eq!(hash(text), hash_of_text);
        let symbol = Symbol(u32::try_from(self.texts.len()).expect("the heap cannot hold 2^32 names"));
        self.texts.push(value.into());
        if let Some(string) = value.as_string() {
            string.remember_symbol(symbol);
        }
        let entry = Entry { hash: hash_of_text, symbol };
        self.ids.insert_unique(Entry::spread(hash_of_text), entry, |entry| Entry::spread(entry.hash));
        symbol
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The symbol of a name that has been interned before.
    pub(crate) fn find(&self, text: &[u8]) -> Option<Symbol> {
        self.find_hashed(hash(text), text)
    }

    #[inline]
    pub(crate) fn bytes(&self, symbol: Symbol) -> &'h [u8] {
        self.value(symbol).as_string().map_or(&[], Str::bytes)
    }

    /// The name for messages.
    pub(crate) fn text(&self, symbol: Symbol) -> String {
        String::from_utf8_lossy(self.bytes(symbol)).into_owned()
    }

    /// The name as a string value.
    #[inline]
    pub(crate) fn value(&self, symbol: Symbol) -> Value<'h> {
        self.texts[symbol.0 as usize].get()
    }

    /// Sorts indices into `names` by the names' text.
    pub(crate) fn sort_alphabetically(&self, order: &mut [u32], names: &[Symbol]) {
        let text = |index: u32| self.bytes(names[index as usize]);
        // Most names differ in their beginnings, which are numbers that are at hand.
        let mut keyed: SmallVec<[(u64, u32); 64]> =
            order.iter().map(|&index| (beginning(text(index)), index)).collect();
        keyed.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| text(a.1).cmp(text(b.1))));
        for (index, (_, sorted)) in order.iter_mut().zip(keyed) {
            *index = sorted;
        }
    }
}

/// The first eight bytes of a text as a number, the first of them the most significant, with zeros for those that are missing.
/// Of texts with different beginnings, the one with the smaller comes first.
fn beginning(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (to, &byte) in bytes.iter_mut().zip(text) {
        *to = byte;
    }
    u64::from_be_bytes(bytes)
}

/// The names that are known from the start, in the order in which Nix comes to know them: those that its evaluator looks
/// for, its builtins, and those in its definition of `derivation`. Sets are evaluated deeply in the order of their
/// symbols, so people see it. The last ones are names that only this evaluator has from the start.
#[rustfmt::skip]
const IN_ORDER: &[&str] = &[
    "outPath", "drvPath", "type", "meta", "name", "value", "system", "__overrides", "outputs", "outputName",
    "__ignoreNulls", "file", "line", "column", "__functor", "__toString", "right", "wrong", "__structuredAttrs",
    "__json", "allowedReferences", "allowedRequisites", "disallowedReferences", "disallowedRequisites",
    "maxSize", "maxClosureSize", "builder", "args", "__contentAddressed", "__impure", "outputHash",
    "outputHashAlgo", "outputHashMode", "recurseForDerivations", "description", "self", "", "startSet",
    "operator", "key", "path", "prefix", "outputSpecified", "requiredSystemFeatures", "__sub", "__lessThan",
    "__mul", "__div", "or", "__findFile", "__nixPath", "body", "builtins", "true", "false", "null",
    "__currentTime", "currentTime", "__currentSystem", "currentSystem", "__nixVersion", "nixVersion",
    "__storeDir", "storeDir", "__langVersion", "langVersion", "__traceVerbose", "traceVerbose", "nixPath",
    "scopedImport", "import", "__typeOf", "typeOf", "isNull", "__isFunction", "isFunction", "__isInt", "isInt",
    "__isFloat", "isFloat", "__isString", "isString", "__isBool", "isBool", "__isPath", "isPath",
    "__genericClosure", "genericClosure", "break", "abort", "throw", "__addErrorContext", "addErrorContext",
    "__ceil", "ceil", "__floor", "floor", "__tryEval", "tryEval", "__getEnv", "getEnv", "__seq", "seq",
    "__deepSeq", "deepSeq", "__trace", "trace", "__warn", "warn", "derivationStrict", "placeholder", "__toPath",
    "toPath", "__storePath", "storePath", "__pathExists", "pathExists", "baseNameOf", "dirOf", "__readFile",
    "readFile", "findFile", "__hashFile", "hashFile", "__readFileType", "readFileType", "__readDir", "readDir",
    "__toXML", "toXML", "__toJSON", "toJSON", "__fromJSON", "fromJSON", "__toFile", "toFile", "__filterSource",
    "filterSource", "__path", "__attrNames", "attrNames", "__attrValues", "attrValues", "__getAttr", "getAttr",
    "__unsafeGetAttrPos", "unsafeGetAttrPos", "__hasAttr", "hasAttr", "__isAttrs", "isAttrs", "removeAttrs",
    "__listToAttrs", "listToAttrs", "__intersectAttrs", "intersectAttrs", "__catAttrs", "catAttrs",
    "__functionArgs", "functionArgs", "__mapAttrs", "mapAttrs", "__zipAttrsWith", "zipAttrsWith", "__isList",
    "isList", "__elemAt", "elemAt", "__head", "head", "__tail", "tail", "map", "__filter", "filter", "__elem",
    "elem", "__concatLists", "concatLists", "__length", "length", "__foldl'", "foldl'", "__any", "any", "__all",
    "all", "__genList", "genList", "__sort", "sort", "__partition", "partition", "__groupBy", "groupBy",
    "__concatMap", "concatMap", "__add", "add", "sub", "mul", "div", "__bitAnd", "bitAnd", "__bitOr", "bitOr",
    "__bitXor", "bitXor", "lessThan", "toString", "__substring", "substring", "__stringLength", "stringLength",
    "__hashString", "hashString", "__convertHash", "convertHash", "__match", "match", "__split", "split",
    "__concatStringsSep", "concatStringsSep", "__replaceStrings", "replaceStrings", "__parseDrvName",
    "parseDrvName", "__compareVersions", "compareVersions", "__splitVersion", "splitVersion",
    "__unsafeDiscardStringContext", "unsafeDiscardStringContext", "__hasContext", "hasContext",
    "__unsafeDiscardOutputDependency", "unsafeDiscardOutputDependency", "__addDrvOutputDependencies",
    "addDrvOutputDependencies", "__getContext", "getContext", "__appendContext", "appendContext",
    "fetchMercurial", "fetchFinalTree", "__fetchurl", "fetchurl", "fetchTarball", "fetchGit", "fromTOML", "__getFlake",
    "getFlake", "__parseFlakeRef", "parseFlakeRef", "__flakeRefToString", "flakeRefToString", "derivation",
    "strict", "drvAttrs", "commonAttrs", "outputsList", "x", "outputToAttrListElement", "__curPos", "success",
    "version", "recursive", "sha256", "url", "hash", "hashAlgo", "toHashFormat",
];

/// The symbol of a name that is known from the start.
const fn known(name: &str) -> Symbol {
    let mut index = 0;
    while index < IN_ORDER.len() {
        if equal(IN_ORDER[index].as_bytes(), name.as_bytes()) {
            return Symbol(index as u32);
        }
        index += 1;
    }
    panic!("the name is not in the list of those that are known from the start")
}

const fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Declares the names that the evaluator itself looks for, with constant symbols.
macro_rules! known_names {
    ($($name:ident = $text:literal,)*) => {
        /// The names that the evaluator itself looks for.
        pub(crate) mod names {
            use crate::heap::Symbol;

            $(pub(crate) const $name: Symbol = super::known($text);)*
        }
    };
}

known_names! {
    OUT_PATH = "outPath",
    DRV_PATH = "drvPath",
    TYPE = "type",
    NAME = "name",
    VALUE = "value",
    SYSTEM = "system",
    OVERRIDES = "__overrides",
    OUTPUTS = "outputs",
    IGNORE_NULLS = "__ignoreNulls",
    FILE = "file",
    LINE = "line",
    COLUMN = "column",
    FUNCTOR = "__functor",
    TO_STRING = "__toString",
    RIGHT = "right",
    WRONG = "wrong",
    STRUCTURED_ATTRS = "__structuredAttrs",
    ALLOWED_REFERENCES = "allowedReferences",
    ALLOWED_REQUISITES = "allowedRequisites",
    DISALLOWED_REFERENCES = "disallowedReferences",
    DISALLOWED_REQUISITES = "disallowedRequisites",
    MAX_SIZE = "maxSize",
    MAX_CLOSURE_SIZE = "maxClosureSize",
    BUILDER = "builder",
    ARGS = "args",
    CONTENT_ADDRESSED = "__contentAddressed",
    IMPURE = "__impure",
    OUTPUT_HASH = "outputHash",
    OUTPUT_HASH_ALGO = "outputHashAlgo",
    OUTPUT_HASH_MODE = "outputHashMode",
    START_SET = "startSet",
    OPERATOR = "operator",
    KEY = "key",
    PATH = "path",
    PREFIX = "prefix",
    SUB = "__sub",
    LESS_THAN = "__lessThan",
    MUL = "__mul",
    DIV = "__div",
    FIND_FILE = "__findFile",
    NIX_PATH = "__nixPath",
    BODY = "body",
    CUR_POS = "__curPos",
    BUILTINS = "builtins",
    SUCCESS = "success",
    VERSION = "version",
    FILTER = "filter",
    RECURSIVE = "recursive",
    SHA256 = "sha256",
    URL = "url",
    HASH = "hash",
    HASH_ALGO = "hashAlgo",
    HASH_FORMAT = "toHashFormat",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_symbol() {
        let heap = Heap::new(usize::MAX);
        let mut table = SymbolTable::new(&heap);
        let a = table.intern(b"some name");
        assert_eq!(table.intern(b"some name"), a);
        assert_ne!(table.intern(b"another"), a);
        assert_eq!(table.bytes(a), b"some name");
        assert_eq!(table.find(b"never seen"), None);
    }

    #[test]
    fn names_are_sorted_by_their_bytes() {
        let heap = Heap::new(usize::MAX);
        let mut table = SymbolTable::new(&heap);
        let mut texts: Vec<&[u8]> = vec![
            b"",
            b"\0",
            b"\0\0",
            b"a",
            b"a\0",
            b"a\0b",
            b"ab",
            b"abcdefgh",
            b"abcdefgh\0",
            b"abcdefghi",
            b"abcdefgi",
            b"B",
            b"\xff",
            b"\xff\xff\xff\xff\xff\xff\xff\xff",
            b"abcdefg",
            b"abcdefghij",
            b"abcdefgha",
        ];
        let names: Vec<Symbol> = texts.iter().rev().map(|text| table.intern(text)).collect();
        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        table.sort_alphabetically(&mut order, &names);
        texts.sort_unstable();
        assert!(order.iter().map(|&index| table.bytes(names[index as usize])).eq(texts));
    }

    #[test]
    fn known_names_have_their_constants() {
        let heap = Heap::new(usize::MAX);
        let table = SymbolTable::new(&heap);
        assert_eq!(table.bytes(names::OUT_PATH), b"outPath");
        assert_eq!(table.find(b"__functor"), Some(names::FUNCTOR));
        for (index, name) in IN_ORDER.iter().enumerate() {
            assert_eq!(table.find(name.as_bytes()), Some(Symbol(index as u32)), "{name} is listed twice");
        }
    }
}
