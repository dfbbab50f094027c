//! The names of a file as symbols.

use std::borrow::Cow;

use super::SymbolTable;
use crate::heap::Symbol;
use crate::syntax::{NodeId, Parse, SyntaxKind, decode};

/// The symbols of the names in a file, by their tokens.
///
/// Where a set or the sets in it are evaluated completely, the order of the attributes is that of their symbols, and
/// thus that in which names became known. People see it in what is traced, and in which of several errors comes
/// first. So names are made known in the order of the text before anything else is done with them.
#[derive(Default)]
pub(super) struct NamesInOrder {
    of_tokens: Vec<Option<Symbol>>,
    /// Names that became known later, as no token is the whole name.
    others: Vec<Symbol>,
}

impl NamesInOrder {
    pub(super) fn intern(parse: &Parse, symbols: &mut SymbolTable<'_>) -> Self {
        let of_tokens = parse.names().map(|name| Some(symbols.intern(name?))).collect();
        NamesInOrder { of_tokens, others: Vec::new() }
    }

    /// All names in the order in which they became known; a name may come again.
    pub(super) fn into_symbols(self) -> Vec<Symbol> {
        self.of_tokens.into_iter().flatten().chain(self.others).collect()
    }

    fn other(&mut self, name: &[u8], symbols: &mut SymbolTable<'_>) -> Symbol {
        let symbol = symbols.intern(name);
        self.others.push(symbol);
        symbol
    }

    /// The symbol of an identifier.
    #[inline]
    pub(super) fn identifier(&mut self, parse: &Parse, node: NodeId, symbols: &mut SymbolTable<'_>) -> Symbol {
        match self.of_tokens.get(parse.first_token_number(node)) {
            Some(&Some(symbol)) => symbol,
            _ => self.other(parse.text(node), symbols),
        }
    }

    /// The name of an element of an attribute path that needs no evaluation.
    pub(super) fn attribute(&mut self, parse: &Parse, node: NodeId, symbols: &mut SymbolTable<'_>) -> Option<Symbol> {
        match parse.kind(node) {
            SyntaxKind::Ident => Some(self.identifier(parse, node, symbols)),
            _ => static_name(parse, node).map(|name| self.other(&name, symbols)),
        }
    }
}

/// The text of an element of an attribute path that needs no evaluation. `"text"` and `${"text"}` are as static as
/// `text`.
pub(super) fn static_name(parse: &Parse, node: NodeId) -> Option<Cow<'_, [u8]>> {
    match parse.kind(node) {
        SyntaxKind::Ident => Some(parse.text(node).into()),
        SyntaxKind::String | SyntaxKind::IndentedString => decode::plain_string(parse, node),
        SyntaxKind::Dynamic => {
            let mut inner = parse.children(node).next()?;
            while parse.kind(inner) == SyntaxKind::Paren {
                inner = parse.children(inner).next()?;
            }
            match parse.kind(inner) {
                _ if decode::is_composed(parse, inner) => None,
                SyntaxKind::String | SyntaxKind::IndentedString => decode::plain_string(parse, inner),
                _ => None,
            }
        }
        _ => None,
    }
}
