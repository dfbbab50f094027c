//! Expressions and operators.

use super::super::SyntaxKind as K;
use super::super::error::SyntaxError;
use super::super::operators::{BinaryOperator, Item};
use super::super::record::NodeId;
use super::{Bracket, Parser, Surroundings};
use crate::stack::grow_if_needed;

impl Parser<'_, '_> {
    pub(super) fn expr(&mut self) -> NodeId {
        grow_if_needed(|| self.expr_on_this_stack())
    }

    fn expr_on_this_stack(&mut self) -> NodeId {
        if let Some(bindings) = self.misplaced_bindings() {
            return bindings;
        }
        match (self.kind(), self.kind_after(1)) {
            (Some(K::IfKeyword), _) => self.if_expr(),
            (Some(K::LetKeyword), next) if next != Some(K::LeftBrace) => self.let_expr(),
            (Some(K::AssertKeyword), _) => self.prefixed(K::Assert),
            (Some(K::WithKeyword), _) => self.prefixed(K::With),
            (Some(K::Word), Some(K::Colon)) => self.lambda(),
            (Some(K::Word), Some(K::At)) if self.kind_after(2) == Some(K::LeftBrace) => self.lambda(),
            (Some(K::LeftBrace), _) if self.begins_formals() => self.lambda(),
            (Some(K::Word), Some(K::Comma | K::Question)) if self.begins_unopened_formals() => self.unopened_lambda(),
            _ => self.operators(),
        }
    }

    /// Bindings where a value should be, because `let` or `{` is missing.
    fn misplaced_bindings(&mut self) -> Option<NodeId> {
        let is_value = self.surroundings == Surroundings::Bindings || self.begins_line();
        if !is_value || !self.begins_binding() {
            return None;
        }
        if self.outline.surplus_in > 0 || *self.surplus(Bracket::Brace) > 0 {
            return Some(self.unopened_bindings());
        }
        if self.begins_line() && self.surroundings == Surroundings::Bindings {
            self.tell_missing_expression();
            return Some(self.nothing());
        }
        None
    }

    fn if_expr(&mut self) -> NodeId {
        let first = self.first();
        let keyword = self.at;
        self.advance();
        let condition = self.until(K::ThenKeyword, Surroundings::Condition, Self::expr);
        let mut children = vec![condition];
        if self.close(K::ThenKeyword) || self.tell_missing_then() {
            let consequence = self.until(K::ElseKeyword, self.surroundings, Self::expr);
            children.push(consequence);
        }
        let is_elif = self.is_elif();
        if is_elif {
            let word = self.text_of(self.at);
            let error = self.unexpected(format!("'{word}' is no keyword")).hint("write 'else if'");
            self.tell(error);
            // The rest is like any 'if'.
            children.push(self.if_expr());
        } else if self.close(K::ElseKeyword) {
            children.push(self.expr());
        } else {
            let opener = self.bytes(keyword);
            let error = self.expected("'else': an 'if' has both branches");
            self.tell(error.related(opener, "this 'if' has no 'else'"));
        }
        self.node(K::If, first, &children)
    }

    /// Says that `then` is missing. Returns whether the consequence comes next.
    fn tell_missing_then(&mut self) -> bool {
        let before = if self.is(K::ElseKeyword) { ", before 'else'" } else { "" };
        let error = self.expected(&format!("'then' after the condition of this 'if'{before}"));
        self.tell(error);
        self.begins_operand()
    }

    pub(super) fn is_elif(&self) -> bool {
        self.is(K::Word) && matches!(self.text_of(self.at).as_str(), "elif" | "elsif" | "elseif")
    }

    fn let_expr(&mut self) -> NodeId {
        let first = self.first();
        let keyword = self.at;
        self.advance();
        let bindings =
            self.until(K::InKeyword, Surroundings::Bindings, |parser| parser.bindings(K::InKeyword, keyword));
        if !self.close(K::InKeyword) {
            let keyword = self.bytes(keyword);
            let error = self.expected("'in' after the bindings of this 'let'");
            self.tell(error.related(keyword, "the 'let'"));
            self.outline.missing_in = self.outline.missing_in.saturating_sub(1);
            if !self.begins_expression() {
                let body = self.nothing();
                return self.finish_let(first, bindings, body);
            }
        }
        let body = self.expr();
        self.finish_let(first, bindings, body)
    }

    fn finish_let(&mut self, first: u32, bindings: super::super::record::Siblings, body: NodeId) -> NodeId {
        let end = self.end();
        self.recorder.let_in(first, end, bindings, body)
    }

    /// `with subject; body` or `assert condition; body`.
    fn prefixed(&mut self, kind: K) -> NodeId {
        let first = self.first();
        self.advance();
        let start = self.at;
        let subject = self.until(K::Semicolon, Surroundings::Condition, Self::expr);
        let what = match kind {
            K::With => "';' after the set of this 'with'",
            _ => "';' after the condition of this 'assert'",
        };
        if !self.close(K::Semicolon) {
            let mut error = self.expected(what);
            // What was taken for arguments on the next line is most likely the body.
            if let Some(end) = self.end_of_first_line(start) {
                error.range = end..end;
            }
            self.tell(error);
            if !self.begins_expression() {
                return self.node(kind, first, &[subject]);
            }
        } else if !self.begins_expression() || self.surroundings == Surroundings::Bindings && self.begins_binding() {
            let keyword = if kind == K::With { "'with'" } else { "'assert'" };
            let mut error = self.expected(&format!("the expression that this {keyword} is for, after ';'"));
            if self.recorder.kind(subject) == K::Apply {
                error = error.hint("perhaps the ';' after its set or condition is missing, further to the left");
            }
            self.tell(error);
            let body = self.nothing();
            return self.node(kind, first, &[subject, body]);
        }
        let body = self.expr();
        self.node(kind, first, &[subject, body])
    }

    /// Where the line ends on which a token is, if the last token is on another.
    fn end_of_first_line(&self, start: usize) -> Option<u32> {
        let tokens = self.outline.tokens.get(start..self.at)?;
        let line = tokens.first()?.line;
        // A line may be the whole text, and what stands in it may nest, so it is not walked through.
        let next = tokens.partition_point(|token| token.line == line);
        (next < tokens.len()).then(|| self.bytes(start + next - 1).end)
    }

    /// Operators and operands in a row.
    fn operators(&mut self) -> NodeId {
        let run = self.recorder.items.len() as u32;
        loop {
            while self.is(K::Bang) || self.is(K::Minus) {
                if self.is_comment_of_dashes() {
                    self.skip_foreign_comment();
                    continue;
                }
                let token = self.first();
                self.recorder.push(Item::Prefix(token));
                self.advance();
            }
            let operand = self.operand_or_error();
            self.recorder.push(Item::Operand(operand));
            self.arguments();
            if self.kind().and_then(BinaryOperator::of).is_none() {
                break;
            }
            let token = self.first();
            self.recorder.push(Item::Infix(token));
            self.advance();
        }
        self.recorder.bracket(run)
    }

    /// What may follow an operand before the next operator: arguments and tests, and what stands there by mistake.
    fn arguments(&mut self) {
        let mut is_tested = false;
        loop {
            if self.is(K::Question) {
                self.advance();
                let path = self.attr_path();
                self.recorder.push(Item::Has(path));
                is_tested = true;
            } else if self.ends_arguments() {
                return;
            } else if self.begins_operand() {
                if is_tested && self.surroundings == Surroundings::Condition {
                    return;
                }
                if is_tested {
                    let error = self.expected("an operator after the test with '?'");
                    self.tell(error.hint("an argument needs parentheses around the test: '(a ? b) c'"));
                    is_tested = false;
                }
                let argument = self.argument();
                self.add_argument(argument);
            } else if !self.skip_mistake(is_tested) {
                return;
            }
        }
    }

    /// Adds an argument to the operand before it. After a test, there is none to add it to.
    pub(super) fn add_argument(&mut self, argument: NodeId) {
        if let Some(Item::Operand(_) | Item::Call(..)) = self.recorder.items.last() {
            self.recorder.argument(argument);
        }
    }

    /// Whether the next token belongs to what comes after the arguments, though it could begin one.
    fn ends_arguments(&mut self) -> bool {
        let Some(token) = self.token() else { return true };
        if self.is_awaited(K::ElseKeyword) && self.is_elif() {
            return true;
        }
        if !token.begins_binding {
            return false;
        }
        match self.surroundings {
            Surroundings::Bindings => true,
            Surroundings::Condition => token.begins_line,
            Surroundings::Bracket(bracket) => token.begins_line && *self.missing(bracket) > 0,
        }
    }

    /// An argument: an operand, or by mistake a function without parentheses.
    fn argument(&mut self) -> NodeId {
        if self.begins_binding() && *self.surplus(Bracket::Brace) > 0 {
            return self.unopened_bindings();
        }
        let is_function = match (self.kind(), self.kind_after(1)) {
            (Some(K::Word), Some(K::Colon)) => true,
            (Some(K::LeftBrace), _) => self.begins_formals(),
            _ => false,
        };
        if !is_function {
            return self.operand();
        }
        let error = self.unexpected("a function needs parentheses where it is an argument");
        let error = self.perhaps_parameter(error);
        self.tell(error);
        self.expr()
    }

    /// An error at what comes after a name that may be meant as the parameter of a function.
    pub(super) fn perhaps_parameter(&self, error: SyntaxError) -> SyntaxError {
        let before = self.at.checked_sub(1).filter(|&before| self.outline.tokens[before].kind == K::Word);
        match before {
            Some(before) => {
                let name = self.text_of(before);
                error.hint(format!("if '{name}' is meant as the argument of a function, put ':' after it"))
            }
            None => error,
        }
    }

    /// What an operator stands before. Something is said if it is missing.
    fn operand_or_error(&mut self) -> NodeId {
        loop {
            if self.begins_operand() {
                return self.operand();
            }
            let is_keyword =
                matches!(self.kind(), Some(K::IfKeyword | K::LetKeyword | K::WithKeyword | K::AssertKeyword));
            if is_keyword {
                let found = self.found();
                let error = self.unexpected(format!("{found} needs parentheses after an operator"));
                self.tell(error);
                return self.expr();
            }
            if !self.skip_before_operand() {
                self.tell_missing_expression();
                return self.nothing();
            }
        }
    }

    /// Says that there is no expression between the last token and the next.
    pub(super) fn tell_missing_expression(&mut self) {
        let after = match self.at.checked_sub(1) {
            Some(before) => match self.outline.tokens[before].kind {
                K::Word => format!(" after '{}'", self.text_of(before)),
                kind => format!(" after {}", kind.description()),
            },
            None => String::new(),
        };
        let error = self.expected(&format!("an expression{after}"));
        self.tell(error);
    }

    /// Whether an operand begins here, or what a person may have meant to be one.
    pub(super) fn begins_operand(&self) -> bool {
        match self.kind() {
            Some(K::LetKeyword) => self.kind_after(1) == Some(K::LeftBrace),
            Some(
                K::Word
                | K::Integer
                | K::Decimal
                | K::Url
                | K::AnglePath
                | K::PathText
                | K::PathStart
                | K::StringStart
                | K::IndentedStart
                | K::InterpolationStart
                | K::LeftParen
                | K::LeftBracket
                | K::LeftBrace
                | K::RecKeyword,
            ) => true,
            _ => false,
        }
    }

    pub(super) fn begins_expression(&self) -> bool {
        let is_keyword = matches!(
            self.kind(),
            Some(K::IfKeyword | K::LetKeyword | K::WithKeyword | K::AssertKeyword | K::Bang | K::Minus)
        );
        is_keyword || self.begins_operand()
    }
}
