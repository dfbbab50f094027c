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
pub(super) struct NamesInOrder(Vec<Option<Symbol>>);

impl NamesInOrder {
    pub(super) fn intern(parse: &Parse, symbols: &mut SymbolTable<'_>) -> Self {
        NamesInOrder(parse.names().map(|name| Some(symbols.intern(name?))).collect())
    }

    /// The symbol of an identifier.
    #[inline]
    pub(super) fn identifier(&self, parse: &Parse, node: NodeId, symbols: &mut SymbolTable<'_>) -> Symbol {
        match self.0.get(parse.first_token_number(node)) {
            Some(&Some(symbol)) => symbol,
            _ => symbols.intern(parse.text(node)),
        }
    }

    /// The name of an element of an attribute path that needs no evaluation.
    pub(super) fn attribute(&self, parse: &Parse, node: NodeId, symbols: &mut SymbolTable<'_>) -> Option<Symbol> {
        match parse.kind(node) {
            SyntaxKind::Ident => Some(self.identifier(parse, node, symbols)),
            _ => static_name(parse, node).map(|name| symbols.intern(&name)),
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
