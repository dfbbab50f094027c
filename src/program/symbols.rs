//! The table of interned names.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

use crate::heap::{Heap, Str, Symbol, Value};

/// All names of one evaluator. Each is kept as a string value, so that turning a name into a value
/// costs nothing.
pub(crate) struct SymbolTable<'h> {
    heap: &'h Heap,
    texts: Vec<Value<'h>>,
    ids: HashTable<Symbol>,
}

fn hash(text: &[u8]) -> u64 {
    FxBuildHasher.hash_one(text)
}

impl<'h> SymbolTable<'h> {
    /// A table that holds the [`names`] the evaluator itself knows.
    pub(crate) fn new(heap: &'h Heap) -> Self {
        let mut table = SymbolTable { heap, texts: Vec::new(), ids: HashTable::new() };
        for name in names::ALL {
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

    fn find_hashed(&self, hash: u64, text: &[u8]) -> Option<Symbol> {
        self.ids.find(hash, |&symbol| self.bytes(symbol) == text).copied()
    }

    fn add(&mut self, hash_of_text: u64, text: &[u8], value: Value<'h>) -> Symbol {
        debug_assert_eq!(hash(text), hash_of_text);
        let symbol = Symbol(u32::try_from(self.texts.len()).expect("the heap cannot hold 2^32 names"));
        self.texts.push(value);
        let texts = &self.texts;
        self.ids.insert_unique(hash_of_text, symbol, |&Symbol(id)| {
            hash(texts[id as usize].as_string().map_or(&[][..], Str::bytes))
        });
        symbol
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
        self.texts[symbol.0 as usize]
    }

    /// Sorts indices into `names` by the names' text.
    pub(crate) fn sort_alphabetically(&self, order: &mut [u32], names: &[Symbol]) {
        order.sort_unstable_by_key(|&index| self.bytes(names[index as usize]));
    }
}

/// Declares the names that the evaluator itself looks for, with constant symbols.
macro_rules! known_names {
    ($($name:ident = $text:literal,)*) => {
        /// The names that the evaluator itself looks for.
        pub(crate) mod names {
            use crate::heap::Symbol;

            /// Counts the names; each variant is used by the constant of its name.
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum Index { $($name,)* }

            $(pub(crate) const $name: Symbol = Symbol(Index::$name as u32);)*

            /// In the order of the symbols.
            pub(super) const ALL: &[&str] = &[$($text,)*];
        }
    };
}

known_names! {
    SUB = "__sub",
    MUL = "__mul",
    DIV = "__div",
    LESS_THAN = "__lessThan",
    FIND_FILE = "__findFile",
    NIX_PATH = "__nixPath",
    CUR_POS = "__curPos",
    OVERRIDES = "__overrides",
    FUNCTOR = "__functor",
    TO_STRING = "__toString",
    BUILTINS = "builtins",
    BODY = "body",
    TYPE = "type",
    OUT_PATH = "outPath",
    DRV_PATH = "drvPath",
    OUTPUTS = "outputs",
    NAME = "name",
    VALUE = "value",
    SYSTEM = "system",
    BUILDER = "builder",
    ARGS = "args",
    FILE = "file",
    LINE = "line",
    COLUMN = "column",
    PATH = "path",
    PREFIX = "prefix",
    RIGHT = "right",
    WRONG = "wrong",
    SUCCESS = "success",
    KEY = "key",
    START_SET = "startSet",
    OPERATOR = "operator",
    VERSION = "version",
    STRUCTURED_ATTRS = "__structuredAttrs",
    IGNORE_NULLS = "__ignoreNulls",
    CONTENT_ADDRESSED = "__contentAddressed",
    IMPURE = "__impure",
    OUTPUT_HASH = "outputHash",
    OUTPUT_HASH_ALGO = "outputHashAlgo",
    OUTPUT_HASH_MODE = "outputHashMode",
    ALLOWED_REFERENCES = "allowedReferences",
    ALLOWED_REQUISITES = "allowedRequisites",
    DISALLOWED_REFERENCES = "disallowedReferences",
    DISALLOWED_REQUISITES = "disallowedRequisites",
    MAX_SIZE = "maxSize",
    MAX_CLOSURE_SIZE = "maxClosureSize",
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
        let heap = Heap::new();
        let mut table = SymbolTable::new(&heap);
        let a = table.intern(b"some name");
        assert_eq!(table.intern(b"some name"), a);
        assert_ne!(table.intern(b"another"), a);
        assert_eq!(table.bytes(a), b"some name");
        assert_eq!(table.find(b"never seen"), None);
    }

    #[test]
    fn known_names_have_their_constants() {
        let heap = Heap::new();
        let table = SymbolTable::new(&heap);
        assert_eq!(table.bytes(names::OUT_PATH), b"outPath");
        assert_eq!(table.find(b"__functor"), Some(names::FUNCTOR));
    }
}
