//! Functions and their formals.

use super::super::SyntaxKind as K;
use super::super::record::{NodeId, Siblings};
use super::{Bracket, Parser, Surroundings};

impl Parser<'_, '_> {
    /// Whether the brace that comes next begins formals and no set.
    pub(super) fn begins_formals(&self) -> bool {
        let closer = self.outline.tokens[self.at].partner;
        let lacks_opener = self.outline.surplus[Bracket::Brace as usize] > 0;
        let begins_set = lacks_opener && self.outline.tokens.get(self.at + 1).is_some_and(|next| next.begins_binding);
        if closer > self.at && !begins_set {
            match self.outline.kind(closer + 1) {
                Some(K::Colon) => return !self.begins_json(),
                Some(K::At) => return true,
                _ => {}
            }
        }
        match (self.kind_after(1), self.kind_after(2)) {
            (Some(K::Ellipsis), _) => true,
            (Some(K::Word), Some(K::Comma)) => !self.begins_json(),
            (Some(K::Word), Some(K::Question)) => true,
            // `{ name } body`, with the colon missing. Otherwise the name lacks its value.
            (Some(K::Word), Some(K::RightBrace)) => {
                let is_argument = self.at > 0
                    && matches!(
                        self.outline.tokens[self.at - 1].kind,
                        K::Word | K::RightParen | K::RightBracket | K::RightBrace
                    );
                let next = self.outline.tokens.get(self.at + 3);
                let begins_body = matches!(
                    next.map(|token| token.kind),
                    Some(
                        K::Word
                            | K::Integer
                            | K::StringStart
                            | K::IndentedStart
                            | K::LeftBrace
                            | K::LeftBracket
                            | K::LeftParen
                            | K::LetKeyword
                            | K::IfKeyword
                            | K::WithKeyword
                            | K::RecKeyword
                    )
                );
                !is_argument && begins_body
            }
            _ => false,
        }
    }

    /// `{ "name": value` or `{ name: value`
    fn begins_json(&self) -> bool {
        match self.kind_after(1) {
            Some(K::Word) => self.kind_after(2) == Some(K::Colon),
            Some(K::StringStart) => {
                let end = self.outline.tokens[self.at + 1].partner;
                self.outline.kind(end + 1) == Some(K::Colon)
            }
            _ => false,
        }
    }

    /// `a, b }: body`, with the brace missing.
    pub(super) fn begins_unopened_formals(&self) -> bool {
        let is_alone =
            !self.is_awaited(K::RightParen) && !self.is_awaited(K::RightBracket) && !self.is_awaited(K::Comma);
        let is_test = self.kind_after(1) == Some(K::Question)
            && matches!(self.kind_after(2), Some(K::Word | K::StringStart | K::InterpolationStart));
        is_alone && !is_test && self.outline.surplus[Bracket::Brace as usize] > 0
    }

    pub(super) fn unopened_lambda(&mut self) -> NodeId {
        let first = self.first();
        let error = self.unexpected("expected '{' before these arguments");
        self.tell(error);
        self.hush();
        let (formals, has_ellipsis) = self.formal_list();
        if self.close(K::RightBrace) {
            let surplus = self.surplus(Bracket::Brace);
            *surplus = surplus.saturating_sub(1);
        }
        let end = self.end();
        let parameter = self.recorder.formals(first, end, (formals, has_ellipsis), None);
        self.body(first, parameter, "the arguments")
    }

    /// `parameter: body`
    pub(super) fn lambda(&mut self) -> NodeId {
        let first = self.first();
        if self.is(K::Word) && self.kind_after(1) == Some(K::Colon) {
            self.advance();
            let parameter = self.node(K::Ident, first, &[]);
            return self.body(first, parameter, "the argument");
        }
        let parameter = self.formals();
        self.body(first, parameter, "the arguments")
    }

    fn body(&mut self, first: u32, parameter: NodeId, what: &str) -> NodeId {
        if !self.eat(K::Colon) {
            let error = self.expected(&format!("':' after {what} of this function"));
            self.tell(error);
            if !self.begins_expression() {
                return self.node(K::Lambda, first, &[parameter]);
            }
        }
        let body = self.expr();
        self.node(K::Lambda, first, &[parameter, body])
    }

    /// `{ a, b ? 1, ... } @ name` or `name @ { a }`
    fn formals(&mut self) -> NodeId {
        let first = self.first();
        let mut name = None;
        if self.is(K::Word) {
            name = Some(self.name());
            self.eat(K::At);
        }
        let opener = self.at;
        self.advance();
        let (formals, has_ellipsis) = self.formal_list();
        if !self.close(K::RightBrace) {
            self.tell_unclosed(opener, Bracket::Brace, "'}' after the arguments");
        }
        if self.is(K::At) {
            self.advance();
            if self.is(K::Word) && name.is_none() {
                name = Some(self.name());
            } else {
                let error = self.expected("a name after '@'");
                self.tell(error);
            }
        }
        let end = self.end();
        self.recorder.formals(first, end, (formals, has_ellipsis), name)
    }

    fn name(&mut self) -> NodeId {
        let first = self.first();
        self.advance();
        self.node(K::Ident, first, &[])
    }

    /// Formals up to their closing brace.
    fn formal_list(&mut self) -> (Siblings, bool) {
        let mut formals = Siblings::NONE;
        let mut has_ellipsis = false;
        let mut needs_comma = false;
        loop {
            match self.kind() {
                None | Some(K::RightBrace | K::Colon | K::At) => break,
                Some(K::Word | K::Ellipsis) if needs_comma => {
                    let error = self.expected("',' between the arguments");
                    self.tell(error);
                    needs_comma = false;
                }
                Some(K::Word) if has_ellipsis => {
                    let error = self.unexpected("'...' comes after all other arguments");
                    self.tell(error);
                    has_ellipsis = false;
                }
                Some(K::Word) => {
                    let formal = self.formal();
                    formals = self.recorder.append(formals, formal);
                    needs_comma = true;
                }
                Some(K::Question) => {
                    let error = self.unexpected("expected a name before '?'");
                    self.tell(error);
                    self.advance();
                    self.default();
                    needs_comma = true;
                }
                Some(K::Ellipsis) => {
                    self.advance();
                    has_ellipsis = true;
                    needs_comma = true;
                }
                Some(K::Comma) => {
                    if !needs_comma {
                        let error = self.expected("a name before ','");
                        self.tell(error);
                    } else if has_ellipsis {
                        let error = self.unexpected("'...' comes after all other arguments, without ',' after it");
                        self.tell(error);
                    }
                    self.advance();
                    needs_comma = false;
                }
                Some(K::Semicolon) => {
                    if self.outline.missing[Bracket::Brace as usize] > 0 && self.is_awaited(K::Semicolon) {
                        break;
                    }
                    let error = self.unexpected("expected ',' between the arguments, but found ';'");
                    self.tell(error);
                    self.advance();
                    needs_comma = false;
                }
                Some(kind) if self.is_awaited(kind) => break,
                Some(_) => self.skip_stray(),
            }
        }
        (formals, has_ellipsis)
    }

    /// Whether what is so many tokens further on comes after a formal.
    fn ends_formal(&self, distance: usize) -> bool {
        matches!(
            self.kind_after(distance),
            None | Some(K::Comma | K::RightBrace | K::Question | K::Assign | K::Word | K::Ellipsis | K::Semicolon)
        )
    }

    /// `name` or `name ? default`
    fn formal(&mut self) -> NodeId {
        let first = self.first();
        let name = self.name();
        let has_default = match self.kind() {
            Some(K::Question) => {
                self.advance();
                true
            }
            Some(K::Assign) => {
                let error = self.unexpected("expected '?' before the default, but found '='");
                self.tell(error.hint("an argument with a default is written 'name ? default'"));
                self.advance();
                true
            }
            Some(K::Word) if self.ends_formal(1) => false,
            Some(_) if self.begins_expression() => {
                let error = self.expected("'?' before the default");
                self.tell(error);
                true
            }
            _ => false,
        };
        if !has_default {
            return self.node(K::Formal, first, &[name]);
        }
        let default = self.default();
        self.node(K::Formal, first, &[name, default])
    }

    fn default(&mut self) -> NodeId {
        let around = Surroundings::Bracket(Bracket::Brace);
        self.until(K::Comma, around, |parser| parser.until(K::RightBrace, around, Self::expr))
    }
}
