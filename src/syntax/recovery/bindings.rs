//! Sets and the bindings in them and in `let`.

use super::super::SyntaxKind as K;
use super::super::operators::BinaryOperator;
use super::super::record::{NodeId, Siblings};
use super::operand::is_keyword;
use super::{Bracket, Parser, Surroundings};

/// Whether the bindings go on.
#[derive(PartialEq, Eq)]
enum Next {
    Binding,
    /// Something was left out.
    Skipped,
    End,
}

impl Parser<'_, '_> {
    /// `{ bindings }`, of which `first` is the first token, which may be `rec` or `let`.
    pub(super) fn set(&mut self, first: u32, kind: K) -> NodeId {
        let opener = self.at;
        self.advance();
        let bindings =
            self.until(K::RightBrace, Surroundings::Bindings, |parser| parser.bindings(K::RightBrace, opener));
        if self.ends_set_further_out(opener) || !self.close(K::RightBrace) {
            self.tell_unclosed(opener, Bracket::Brace, "'}'");
        }
        let end = self.end();
        self.recorder.parent(kind, first, end, bindings)
    }

    /// Whether a brace is missing, and the next one is further left than the line that opened this set.
    fn ends_set_further_out(&mut self, opener: usize) -> bool {
        let is_unclosed = *self.missing(Bracket::Brace) > 0;
        let opener = self.outline.tokens[opener];
        is_unclosed
            && self.is(K::RightBrace)
            && self.token().is_some_and(|token| token.begins_line && token.indent < opener.indent)
    }

    /// Bindings up to a closing token, which is not taken. `opener` is the token that they come after.
    pub(super) fn bindings(&mut self, closer: K, opener: usize) -> Siblings {
        let mut bindings = Siblings::NONE;
        let errors = self.recorder.errors.len();
        loop {
            let before = self.at;
            if self.is(closer) && !self.is_surplus_brace(errors) {
                break;
            }
            match self.next_binding(closer, opener) {
                Next::End => break,
                Next::Skipped => {}
                Next::Binding => {
                    let binding =
                        if self.is(K::InheritKeyword) { self.inherit() } else { self.binding(closer, opener) };
                    bindings = self.recorder.append(bindings, binding);
                }
            }
            debug_assert!(self.at > before, "bindings go on");
        }
        bindings
    }

    /// Whether the next token is a brace that closes nothing, because the one that it should close is missing further up.
    fn is_surplus_brace(&mut self, errors_before: usize) -> bool {
        let has_failed = self.recorder.errors.len() > errors_before;
        self.is(K::RightBrace) && has_failed && *self.surplus(Bracket::Brace) > 0
    }

    /// Looks at what comes where a binding may begin, and leaves out what is none.
    fn next_binding(&mut self, closer: K, opener: usize) -> Next {
        let Some(token) = self.token() else { return Next::End };
        if self.ends_before(closer, opener) {
            return Next::End;
        }
        match token.kind {
            K::Word | K::OrKeyword | K::StringStart | K::InterpolationStart | K::InheritKeyword | K::Assign => {
                return Next::Binding;
            }
            kind if is_keyword(kind) && self.kind_after(1) == Some(K::Assign) => return Next::Binding,
            K::SlashSlash | K::Minus if self.is_foreign_comment() => self.skip_foreign_comment(),
            K::Semicolon => {
                let error = self.unexpected("unexpected ';': there is no binding before it");
                self.tell(error);
                self.advance();
            }
            K::RightBrace if closer == K::RightBrace => {
                // One that closes nothing.
                let surplus = self.surplus(Bracket::Brace);
                *surplus = surplus.saturating_sub(1);
                self.advance();
                self.hush();
            }
            kind if self.is_awaited(kind) => return Next::End,
            K::LeftParen | K::LeftBracket | K::LeftBrace | K::Integer | K::Decimal | K::PathText => {
                self.skip_what_is_no_binding();
            }
            K::Url => self.skip_what_is_no_binding(),
            _ => self.skip_stray(),
        }
        Next::Skipped
    }

    /// Whether the bindings end here though their closing token is not there.
    fn ends_before(&mut self, closer: K, opener: usize) -> bool {
        let Some(token) = self.token() else { return true };
        if closer == K::InKeyword {
            let is_binding = token.begins_binding || matches!(token.kind, K::InheritKeyword | K::Assign);
            return !is_binding && self.outline.missing_in > 0 && self.begins_expression();
        }
        if *self.missing(Bracket::Brace) == 0 {
            return false;
        }
        let opener = self.outline.tokens[opener];
        let is_outside = token.begins_line && token.line > opener.line && token.indent <= opener.indent;
        match token.kind {
            K::Semicolon => self.is_awaited(K::Semicolon),
            K::InKeyword => self.is_awaited(K::InKeyword),
            _ => is_outside && token.begins_binding && self.is_awaited(K::Semicolon),
        }
    }

    /// `name = value;`
    fn binding(&mut self, closer: K, opener: usize) -> NodeId {
        let first = self.first();
        let name = self.text_of(self.at);
        let mut children = Vec::with_capacity(2);
        if self.is(K::Assign) {
            let error = self.unexpected("expected a name before '='");
            self.tell(error);
        } else if self.kind().is_some_and(is_keyword) {
            let error = self.unexpected(format!("'{name}' is a keyword and no name"));
            let quoted = format!("as the name of an attribute it needs quotes: '\"{name}\"'");
            self.tell(if closer == K::InKeyword { error } else { error.hint(quoted) });
            self.advance();
        } else {
            children.push(self.attr_path());
        }
        if !self.binding_sign(&name, closer) {
            return self.node(K::Binding, first, &children);
        }
        let value = self.until(K::Semicolon, Surroundings::Bindings, Self::expr);
        children.push(value);
        self.end_of_binding(closer, opener);
        self.node(K::Binding, first, &children)
    }

    /// What stands between the name and the value. Returns whether a value comes next.
    fn binding_sign(&mut self, name: &str, closer: K) -> bool {
        match self.kind() {
            Some(K::Assign) => {
                self.advance();
                if self.is(K::Assign) {
                    let error = self.unexpected("a binding has one '='");
                    self.tell(error.hint("'==' compares and stands in expressions"));
                    self.advance();
                }
                true
            }
            Some(K::Colon) => {
                self.tell_colon();
                self.advance();
                self.eat(K::Assign);
                true
            }
            Some(K::EqualEqual) => {
                let error = self.unexpected("expected '=' after the name, but found '=='");
                self.tell(error.hint("'==' compares; a binding is written 'name = value;'"));
                self.advance();
                true
            }
            // `a += 1;`
            Some(operator) if BinaryOperator::of(operator).is_some() && self.kind_after(1) == Some(K::Assign) => {
                let error = self.unexpected(format!("there is no '{}='", self.text_of(self.at)));
                self.tell(error.hint("a name is bound once; a set with another value is 'set // { name = value; }'"));
                self.advance();
                self.advance();
                true
            }
            // `a b = 1;`
            Some(_) if self.begins_binding() && !self.begins_line() => {
                let error = self.expected(&format!("'=' or '.' after '{name}'"));
                self.tell(error);
                self.attr_path();
                self.eat(K::Assign)
            }
            Some(_) if self.begins_expression() && !(self.begins_binding() && self.begins_line()) => {
                let mut error = self.expected(&format!("'=' after '{name}'"));
                if closer == K::RightBrace && self.are_names_until_semicolon() {
                    error = error.hint(format!("to take variables from around: 'inherit {name} ...;'"));
                }
                self.tell(error);
                true
            }
            _ => {
                let mut error = self.expected(&format!("'=' and a value after '{name}'"));
                if !name.starts_with('"') && matches!(self.kind(), Some(K::Semicolon | K::RightBrace | K::Comma)) {
                    error = error.hint(format!("to take the variable of this name from around: 'inherit {name};'"));
                }
                self.tell(error);
                if !self.close(K::Semicolon) && self.is(K::Comma) {
                    self.advance();
                    self.hush();
                }
                false
            }
        }
    }

    fn are_names_until_semicolon(&self) -> bool {
        let rest = &self.outline.tokens[self.at..];
        rest.iter().find(|token| token.kind != K::Word).is_some_and(|token| token.kind == K::Semicolon)
    }

    /// `name: value` as in JSON.
    fn tell_colon(&mut self) {
        if !self.is_json {
            let error = self.unexpected("expected '=' after the name, but found ':'");
            self.tell(error.hint("a set is written '{ name = value; other = value; }'"));
        }
        self.is_json = true;
        self.hush();
    }

    fn end_of_binding(&mut self, closer: K, opener: usize) {
        match self.kind() {
            Some(K::Semicolon) => {
                self.close(K::Semicolon);
            }
            Some(K::Comma) => {
                if !self.is_json {
                    let error = self.unexpected("expected ';' after this binding, but found ','");
                    self.tell(error.hint("each binding ends with ';'"));
                }
                self.advance();
                self.hush();
            }
            Some(found) if found == closer && self.is_json => self.hush(),
            None if closer == K::RightBrace && *self.missing(Bracket::Brace) > 0 => {
                self.tell_unclosed(opener, Bracket::Brace, "'}'");
            }
            _ => {
                let error = self.expected("';' after this binding");
                self.tell(error);
            }
        }
    }

    /// `inherit names;` or `inherit (source) names;`
    fn inherit(&mut self) -> NodeId {
        let first = self.first();
        self.advance();
        let mut source = None;
        if self.is(K::LeftParen) {
            let opener = self.at;
            self.advance();
            let around = Surroundings::Bracket(Bracket::Paren);
            source = Some(self.until(K::Semicolon, around, |parser| parser.until(K::RightParen, around, Self::expr)));
            if !self.close(K::RightParen) {
                self.tell_unclosed(opener, Bracket::Paren, "')'");
            }
        }
        let mut names = Siblings::NONE;
        loop {
            if self.begins_binding() {
                break;
            }
            match self.kind() {
                Some(K::Word | K::OrKeyword | K::StringStart | K::InterpolationStart) => {
                    let name = self.inherited_name();
                    names = self.recorder.append(names, name);
                }
                Some(K::Comma) => {
                    let error = self.unexpected("unexpected ',' in 'inherit'");
                    self.tell(error.hint("blanks separate the names: 'inherit a b c;'"));
                    self.advance();
                }
                Some(K::Dot) => {
                    let error = self.unexpected("'inherit' takes names and no paths");
                    self.tell(error.hint("to take attributes of a set: 'inherit (set) name;'"));
                    self.advance();
                }
                _ => break,
            }
        }
        if !self.close(K::Semicolon) {
            let error = self.expected("';' after the names of this 'inherit'");
            self.tell(error);
        }
        let end = self.end();
        self.recorder.inherit(first, end, source, names)
    }

    fn inherited_name(&mut self) -> NodeId {
        let first = self.first();
        match self.kind() {
            Some(K::StringStart) => self.string(K::String, K::StringEnd),
            Some(K::InterpolationStart) => self.interpolation(),
            _ => {
                self.advance();
                self.node(K::Ident, first, &[])
            }
        }
    }

    /// An expression where a binding should be: it is left out up to its semicolon.
    fn skip_what_is_no_binding(&mut self) {
        let found = self.found();
        let mut error = self.unexpected(format!("expected a binding, but found {found}"));
        error = match self.kind() {
            Some(K::Url) => error.hint("a binding is written 'name = value;'"),
            Some(K::LeftParen) => error.hint("a binding is written 'name = value;' or 'inherit (set) name;'"),
            _ => error.hint("a binding is written 'name = value;'"),
        };
        self.tell(error);
        let errors = self.recorder.errors.len();
        self.until(K::Semicolon, Surroundings::Bindings, Self::expr);
        // What is wrong inside it does not matter.
        self.recorder.errors.truncate(errors);
        if self.is(K::Semicolon) || self.is(K::Comma) {
            self.advance();
        }
        self.hush();
    }

    /// Bindings without the `let` or `{` before them.
    pub(super) fn unopened_bindings(&mut self) -> NodeId {
        let first = self.first();
        if self.outline.surplus_in > 0 {
            let error = self.unexpected("expected 'let' before these bindings");
            self.tell(error);
        } else if *self.surplus(Bracket::Brace) > 0 {
            let error = self.unexpected("expected '{' before these bindings");
            self.tell(error);
        } else {
            let error = self.unexpected("bindings stand in a set or after 'let', not alone");
            self.tell(error.hint("write '{' before them and '}' after them"));
        }
        self.rest_of_unopened(first)
    }

    /// Bindings up to `in` and what comes after it, or up to `}`.
    pub(super) fn rest_of_unopened(&mut self, first: u32) -> NodeId {
        let opener = self.at;
        self.quiet_until = self.quiet_until.max(self.at + 3);
        let is_let = self.outline.surplus_in > 0;
        let closer = if is_let { K::InKeyword } else { K::RightBrace };
        let bindings = self.until(closer, Surroundings::Bindings, |parser| {
            // No brace closes what was not opened, so none of the surplus ones is looked out for inside.
            let surplus = std::mem::take(parser.surplus(Bracket::Brace));
            let bindings = parser.bindings(closer, opener);
            *parser.surplus(Bracket::Brace) = surplus;
            bindings
        });
        if is_let {
            self.outline.surplus_in = self.outline.surplus_in.saturating_sub(1);
            self.close(K::InKeyword);
            let body = if self.begins_expression() { self.expr() } else { self.nothing() };
            let end = self.end();
            return self.recorder.let_in(first, end, bindings, body);
        }
        if self.eat(K::RightBrace) {
            let surplus = self.surplus(Bracket::Brace);
            *surplus = surplus.saturating_sub(1);
        }
        self.hush();
        let end = self.end();
        self.recorder.parent(K::AttrSet, first, end, bindings)
    }
}
