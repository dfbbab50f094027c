//! Operands: literals, names, brackets, selections.

use super::super::SyntaxKind as K;
use super::super::record::{NodeId, Siblings};
use super::{Awaited, Bracket, Parser, Surroundings};
use crate::stack::grow_if_needed;

impl Parser<'_, '_> {
    /// An operand with the selections from it. It begins with the next token.
    pub(super) fn operand(&mut self) -> NodeId {
        grow_if_needed(|| self.operand_on_this_stack())
    }

    fn operand_on_this_stack(&mut self) -> NodeId {
        let first = self.first();
        let subject = self.simple();
        if self.is(K::OrKeyword) && !self.begins_binding() {
            let or = self.token_node(K::Ident);
            return self.node(K::Apply, first, &[subject, or]);
        }
        if !self.eat(K::Dot) {
            return subject;
        }
        let path = self.attr_path();
        if self.is(K::OrKeyword) && !self.begins_binding() {
            self.advance();
            let default = if self.begins_operand() {
                self.operand()
            } else {
                self.tell_missing_expression();
                self.nothing()
            };
            return self.node(K::Select, first, &[subject, path, default]);
        }
        self.node(K::Select, first, &[subject, path])
    }

    /// A node of the next token.
    fn token_node(&mut self, kind: K) -> NodeId {
        let first = self.first();
        self.advance();
        self.node(kind, first, &[])
    }

    fn simple(&mut self) -> NodeId {
        let first = self.first();
        match self.kind() {
            Some(K::Word) => self.token_node(K::Ident),
            Some(K::Integer) => {
                self.advance();
                self.recorder.integer(first)
            }
            Some(K::Decimal) => {
                self.advance();
                self.recorder.decimal(first)
            }
            Some(K::Url) => self.token_node(K::Uri),
            Some(K::AnglePath) => self.token_node(K::SearchPath),
            Some(K::PathText) => self.token_node(K::Path),
            Some(K::PathStart) => self.path(),
            Some(K::StringStart) => self.string(K::String, K::StringEnd),
            Some(K::IndentedStart) => self.string(K::IndentedString, K::IndentedEnd),
            Some(K::InterpolationStart) => self.interpolation_outside(),
            Some(K::LeftParen) => self.paren(),
            Some(K::LeftBracket) => self.list(),
            Some(K::LeftBrace) => self.set(first, K::AttrSet),
            Some(K::RecKeyword) => {
                self.advance();
                if self.is(K::LeftBrace) {
                    return self.set(first, K::AttrSet);
                }
                let error = self.expected("'{' after 'rec'");
                if !self.begins_binding() {
                    self.tell(error);
                    return self.node(K::Error, first, &[]);
                }
                self.tell(
                    error.hint(
                        "'rec { ... }' is a set whose attributes see each other; for variables write 'let ... in'",
                    ),
                );
                self.rest_of_unopened(first)
            }
            Some(K::LetKeyword) => {
                self.advance();
                self.set(first, K::LegacyLet)
            }
            _ => self.nothing(),
        }
    }

    fn path(&mut self) -> NodeId {
        let first = self.first();
        self.advance();
        let mut parts = Siblings::NONE;
        loop {
            if self.is(K::InterpolationStart) {
                let part = self.interpolation();
                parts = self.recorder.append(parts, part);
            } else if !self.eat(K::PathMore) {
                break;
            }
        }
        let end = self.end();
        self.recorder.parent(K::Path, first, end, parts)
    }

    pub(super) fn string(&mut self, kind: K, closer: K) -> NodeId {
        let first = self.first();
        self.advance();
        let mut parts = Siblings::NONE;
        loop {
            match self.kind() {
                Some(K::InterpolationStart) => {
                    let part = self.interpolation();
                    parts = self.recorder.append(parts, part);
                }
                Some(K::StringText | K::IndentedText) => self.advance(),
                Some(found) if found == closer => {
                    self.advance();
                    break;
                }
                // The lexer has told that a string is not closed.
                None => {
                    self.quiet_until = usize::MAX;
                    break;
                }
                Some(_) => break,
            }
        }
        let end = self.end();
        self.recorder.parent(kind, first, end, parts)
    }

    /// `${expression}`
    pub(super) fn interpolation(&mut self) -> NodeId {
        let first = self.first();
        let opener = self.at;
        let closer = self.outline.tokens[opener].partner;
        self.advance();
        // Nothing outside of a string can be reached from here. From the name of an attribute it can, if the brace is
        // missing.
        let is_unclosed = !self.is_in_string() && *self.missing(Bracket::Brace) > 0;
        let around = self.awaited;
        if !is_unclosed {
            self.awaited = Awaited::default();
        }
        let inner = self.until(K::RightBrace, Surroundings::Bracket(Bracket::Paren), |parser| {
            if parser.is(K::RightBrace) {
                let error = parser.expected("an expression between '${' and '}'");
                parser.tell(error);
                return parser.nothing();
            }
            parser.expr()
        });
        self.awaited = around;
        if !self.is(K::RightBrace) {
            let opener_bytes = self.bytes(opener);
            let found = self.found();
            let error = match self.kind() {
                Some(_) if closer > opener && !is_unclosed => {
                    self.unexpected(format!("expected '}}', but found {found}"))
                }
                _ => self.expected("'}'"),
            };
            self.tell(error.related(opener_bytes, "this is not closed"));
            // Never back, and past the end only if there is one.
            if is_unclosed {
                let missing = self.missing(Bracket::Brace);
                *missing = missing.saturating_sub(1);
                return self.node(K::Dynamic, first, &[inner]);
            }
            if closer > self.at {
                self.at = closer;
                self.hush();
            }
        }
        self.eat(K::RightBrace);
        self.node(K::Dynamic, first, &[inner])
    }

    /// Whether the next token comes after text of a string, or after what is interpolated in one.
    fn is_in_string(&self) -> bool {
        let Some(before) = self.at.checked_sub(1) else { return false };
        let before = self.outline.tokens[before];
        let is_adjacent = self.token().is_some_and(|token| token.index == before.index + 1);
        let is_text = matches!(
            before.kind,
            K::StringStart | K::StringText | K::IndentedStart | K::IndentedText | K::PathStart | K::PathMore
        );
        let closes_interpolation =
            before.kind == K::RightBrace && self.outline.kind(before.partner) == Some(K::InterpolationStart);
        is_text || is_adjacent && closes_interpolation
    }

    /// `${x}` where code is.
    fn interpolation_outside(&mut self) -> NodeId {
        let error = self
            .unexpected("'${...}' stands only in strings, in paths and for names of attributes")
            .hint("write the expression without '${' and '}', or the whole as a string: \"${...}\"");
        self.tell(error);
        self.interpolation()
    }

    fn paren(&mut self) -> NodeId {
        let first = self.first();
        let opener = self.at;
        self.advance();
        let inner = self.until(K::RightParen, Surroundings::Bracket(Bracket::Paren), |parser| {
            if parser.is(K::RightParen) {
                let error = parser.expected("an expression between '(' and ')'");
                parser.tell(error);
                return parser.nothing();
            }
            parser.expr()
        });
        if !self.close(K::RightParen) {
            self.tell_unclosed(opener, Bracket::Paren, "')'");
        }
        self.node(K::Paren, first, &[inner])
    }

    fn list(&mut self) -> NodeId {
        let first = self.first();
        let opener = self.at;
        self.advance();
        let elements = self.until(K::RightBracket, Surroundings::Bracket(Bracket::List), Self::elements);
        if !self.close(K::RightBracket) {
            self.tell_unclosed(opener, Bracket::List, "']'");
        }
        let end = self.end();
        self.recorder.parent(K::List, first, end, elements)
    }

    fn elements(&mut self) -> Siblings {
        let mut elements = Siblings::NONE;
        let mut separators = 0;
        let mut operators = 0;
        while let Some(token) = self.token() {
            let is_function = match (token.kind, self.kind_after(1)) {
                (K::Word, Some(K::Colon)) => true,
                (K::LeftBrace, _) => self.begins_formals(),
                _ => false,
            };
            let is_unclosed = *self.missing(Bracket::List) > 0;
            match token.kind {
                K::RightBracket => break,
                _ if token.begins_binding && token.begins_line && is_unclosed => break,
                _ if token.begins_binding && *self.surplus(Bracket::Brace) > 0 => {
                    let element = self.unopened_bindings();
                    elements = self.recorder.append(elements, element);
                }
                K::Semicolon if is_unclosed && self.is_awaited(K::Semicolon) => break,
                K::Comma if self.is_awaited(K::Comma) && is_unclosed => break,
                K::Comma | K::Semicolon => {
                    separators += 1;
                    self.separator_in_list(separators == 1);
                }
                K::IfKeyword | K::LetKeyword | K::WithKeyword | K::AssertKeyword if !self.begins_operand() => {
                    let found = self.found();
                    let error = self.unexpected(format!("{found} needs parentheses in a list"));
                    self.tell(error);
                    let element = self.expr();
                    elements = self.recorder.append(elements, element);
                }
                _ if is_function => {
                    let error = self.unexpected("a function needs parentheses in a list");
                    self.tell(error);
                    let element = self.expr();
                    elements = self.recorder.append(elements, element);
                }
                _ if self.begins_operand() => {
                    let element = self.operand();
                    elements = self.recorder.append(elements, element);
                }
                K::SlashSlash | K::Minus if self.is_foreign_comment() => self.skip_foreign_comment(),
                _ if self.is_stray_closer() => self.skip_stray(),
                kind if self.is_awaited(kind) => break,
                kind if kind == K::Bang || super::super::operators::BinaryOperator::of(kind).is_some() => {
                    operators += 1;
                    self.operator_in_list(operators == 1);
                }
                _ => self.skip_stray(),
            }
        }
        elements
    }

    fn separator_in_list(&mut self, is_first: bool) {
        let found = self.found();
        if is_first && !self.is_json {
            let error = self.unexpected(format!("unexpected {found} in a list"));
            self.tell(error.hint("blanks separate the elements of a list: '[ 1 2 3 ]'"));
        }
        self.advance();
        self.hush();
    }

    fn operator_in_list(&mut self, is_first: bool) {
        let found = self.found();
        if is_first {
            let error = self.unexpected(format!("unexpected {found} in a list"));
            self.tell(
                error.hint("blanks separate the elements; what has an operator needs parentheses: '[ (a + b) ]'"),
            );
        }
        self.advance();
        self.hush();
    }

    /// `name."name".${name}`
    pub(super) fn attr_path(&mut self) -> NodeId {
        let first = self.first().min(self.recorder.tokens.kinds.len() as u32);
        let mut path = Siblings::NONE;
        loop {
            let name = match self.kind() {
                Some(K::Word | K::OrKeyword) => self.token_node(K::Ident),
                Some(K::StringStart) => self.string(K::String, K::StringEnd),
                Some(K::InterpolationStart) => self.interpolation(),
                _ => {
                    self.tell_missing_name();
                    break;
                }
            };
            path = self.recorder.append(path, name);
            if !self.eat(K::Dot) {
                break;
            }
        }
        let end = self.end();
        let first = first.min(end);
        self.recorder.parent(K::AttrPath, first, end, path)
    }

    fn tell_missing_name(&mut self) {
        let after = self.at.checked_sub(1).map_or("", |before| self.outline.tokens[before].kind.description());
        let is_keyword = self.kind().is_some_and(is_keyword) && self.kind_after(1) == Some(K::Assign);
        if is_keyword {
            let word = self.text_of(self.at);
            let error = self.unexpected(format!("'{word}' is a keyword and no name"));
            self.tell(error.hint(format!("as the name of an attribute it needs quotes: '\"{word}\"'")));
            self.advance();
            return;
        }
        let error = self.expected(&format!("the name of an attribute after {after}"));
        self.tell(error);
    }
}

/// Whether a token is a word that cannot be a name.
pub(super) fn is_keyword(kind: K) -> bool {
    matches!(
        kind,
        K::IfKeyword
            | K::ThenKeyword
            | K::ElseKeyword
            | K::AssertKeyword
            | K::WithKeyword
            | K::LetKeyword
            | K::InKeyword
            | K::RecKeyword
            | K::InheritKeyword
    )
}
