//! What people write who know other languages, and tokens that can stand nowhere.

use std::ops::Range;

use super::super::SyntaxKind as K;
use super::super::error::{SyntaxError, SyntaxErrorKind};
use super::super::operators::BinaryOperator;
use super::{Bracket, Parser, Surroundings};

impl Parser<'_, '_> {
    /// Leaves out what stands by mistake after an operand, if nothing else waits for it. Returns whether arguments may
    /// follow.
    pub(super) fn skip_mistake(&mut self, is_tested: bool) -> bool {
        let Some(kind) = self.kind() else { return false };
        match kind {
            kind if BinaryOperator::of(kind).is_some() => return false,
            K::Unknown => self.skip_unknown(),
            K::Assign => return self.assignment(),
            K::Colon if is_tested => {
                let error = self.unexpected("there is no '? :' operator");
                self.tell(
                    error
                        .hint("write 'if condition then one else other'; 'a ? b' tests whether a set has an attribute"),
                );
                self.advance();
                self.expr();
                return false;
            }
            K::Comma if self.is_awaited(K::Comma) || self.surroundings == Surroundings::Bindings => return false,
            K::Comma => {
                let error = self.unexpected("unexpected ','");
                let hint = match self.surroundings {
                    Surroundings::Bracket(Bracket::Paren) if self.is_awaited(K::RightParen) => {
                        "a function is called without parentheses and commas: 'f a b'"
                    }
                    _ => "commas stand only between the arguments that a function declares: '{ a, b }: ...'",
                };
                self.tell(error.hint(hint));
                self.advance();
                self.hush();
            }
            K::Semicolon => {
                let closes_inside = match self.surroundings {
                    Surroundings::Bracket(bracket) => self.outline.missing[bracket as usize] == 0,
                    _ => false,
                };
                if !closes_inside || !self.is_awaited(K::RightParen) {
                    return false;
                }
                self.skip_stray();
            }
            _ if self.is_stray_closer() => self.skip_stray(),
            kind if self.is_awaited(kind) => return false,
            K::RightParen | K::RightBracket | K::RightBrace => {
                // At the outermost level the brace may belong to what follows.
                self.skip_stray();
            }
            // The 'then' before it is missing.
            K::ElseKeyword if self.is_awaited(K::ThenKeyword) => return false,
            K::ThenKeyword | K::ElseKeyword | K::InKeyword => self.skip_keyword(kind),
            K::IfKeyword | K::LetKeyword | K::WithKeyword | K::AssertKeyword => {
                let found = self.found();
                let error = self.unexpected(format!("{found} needs parentheses where it is an argument"));
                let error = self.perhaps_parameter(error);
                self.tell(error);
                let argument = self.expr();
                self.add_argument(argument);
            }
            K::InheritKeyword if self.surroundings == Surroundings::Bindings => return false,
            K::Colon => {
                let error = self.unexpected("unexpected ':'");
                self.tell(error.hint("':' stands between the argument of a function and its body: 'x: x + 1'"));
                self.advance();
                if self.begins_expression() {
                    self.expr();
                }
                return false;
            }
            K::Bang => {
                let error = self.unexpected("unexpected '!' after an operand");
                self.tell(error.hint("'a != b' compares; '!a' as an argument needs parentheses"));
                self.advance();
            }
            _ => self.skip_stray(),
        }
        true
    }

    /// `=` in an expression. Returns whether arguments may follow.
    fn assignment(&mut self) -> bool {
        if self.kind_after(1) == Some(K::RightAngle) {
            let error = self.unexpected("there is no '=>'");
            self.tell(error.hint("a function is written 'argument: body'"));
            self.advance();
            self.advance();
            if self.begins_expression() {
                let body = self.expr();
                self.add_argument(body);
            }
            return true;
        }
        let is_interpolation_unclosed = self.is_awaited(K::RightBrace) && !self.is_awaited(K::Semicolon);
        if is_interpolation_unclosed
            && self.surroundings == Surroundings::Bracket(Bracket::Paren)
            && !self.is_awaited(K::RightParen)
        {
            return false;
        }
        let error = self.unexpected("unexpected '=' in an expression");
        self.tell(error.hint("to compare, write '=='"));
        self.advance();
        if self.begins_operand() {
            let right = self.operand();
            self.add_argument(right);
        } else {
            self.hush();
        }
        true
    }

    /// `then`, `else` or `in` that belongs to nothing, with the expression after it.
    fn skip_keyword(&mut self, kind: K) {
        let (found, opener) = match kind {
            K::ThenKeyword => ("'then'", "'if'"),
            K::ElseKeyword => ("'else'", "'if'"),
            _ => ("'in'", "'let'"),
        };
        let error = self.unexpected(format!("unexpected {found}: there is no {opener} that it belongs to"));
        self.tell(error);
        self.advance();
        self.hush();
        if !self.begins_expression() {
            return;
        }
        let argument = match kind {
            K::ThenKeyword => self.until(K::ElseKeyword, self.surroundings, Self::expr),
            _ => self.expr(),
        };
        self.add_argument(argument);
        if kind == K::ThenKeyword && self.close(K::ElseKeyword) && self.begins_expression() {
            let argument = self.expr();
            self.add_argument(argument);
        }
    }

    /// Leaves out what stands by mistake where an operand should be. Returns whether something was.
    pub(super) fn skip_before_operand(&mut self) -> bool {
        let Some(kind) = self.kind() else { return false };
        match kind {
            K::Unknown => {
                self.skip_unknown();
                true
            }
            K::SlashSlash if self.is_foreign_comment() => {
                self.skip_foreign_comment();
                true
            }
            // `a === b`
            K::Assign if self.at > 0 && self.outline.tokens[self.at - 1].kind == K::EqualEqual => {
                let error = self.unexpected("unexpected '=' after '=='");
                self.tell(error.hint("'==' compares"));
                self.advance();
                true
            }
            K::Bang | K::Minus => false,
            K::RightParen | K::RightBracket | K::RightBrace if !self.is_awaited(kind) && self.at > 0 => {
                self.skip_stray();
                self.begins_operand()
            }
            // `a && && b`
            kind if BinaryOperator::of(kind).is_some() && self.at > 0 => {
                self.tell_missing_expression();
                self.advance();
                self.hush();
                true
            }
            _ => false,
        }
    }

    /// Bytes that begin no token, of which the lexer has told.
    pub(super) fn skip_unknown(&mut self) {
        let start = self.bytes(self.at).start as usize;
        let source = self.recorder.source;
        let is_quote = source.get(start) == Some(&b'\'');
        let line_end = memchr::memchr(b'\n', &source[start..]).map_or(source.len(), |length| start + length);
        let closing = memchr::memchr(b'\'', source.get(start + 1..line_end).unwrap_or_default());
        let Some(closing) = closing.filter(|_| is_quote) else {
            self.advance();
            self.hush();
            return;
        };
        let end = (start + 1 + closing + 1) as u32;
        self.left_out.push(Foreign { range: start as u32..end, is_string: true });
        self.skip_to(end);
    }

    /// Whether a comment of another language begins here: `// text` or `-- text`.
    pub(super) fn is_foreign_comment(&self) -> bool {
        let is_first = self.begins_line() || self.at > 0 && self.outline.tokens[self.at - 1].kind == K::Semicolon;
        is_first && (self.is(K::SlashSlash) || self.is_comment_of_dashes())
    }

    pub(super) fn is_comment_of_dashes(&self) -> bool {
        let are_adjacent = |first: usize| self.bytes(first).end == self.bytes(first + 1).start;
        self.begins_line()
            && self.is(K::Minus)
            && self.kind_after(1) == Some(K::Minus)
            && are_adjacent(self.at)
            && !are_adjacent(self.at + 1)
    }

    /// Leaves out the rest of the line.
    pub(super) fn skip_foreign_comment(&mut self) {
        let start = self.bytes(self.at).start;
        let source = self.recorder.source;
        let length = memchr::memchr(b'\n', &source[start as usize..]);
        let end = length.map_or(source.len() as u32, |length| start + length as u32);
        let sign = if self.is(K::SlashSlash) { "'//'" } else { "'--'" };
        self.left_out.push(Foreign { range: start..end, is_string: false });
        let mut error = self.unexpected(format!("{sign} begins no comment"));
        error.range.end = start + 2;
        self.tell(error.hint("a comment begins with '#', or stands between '/*' and '*/'"));
        self.skip_to(end);
    }

    /// Goes on with the first token at or after an offset.
    fn skip_to(&mut self, end: u32) {
        while self.token().is_some() && self.bytes(self.at).start < end {
            self.advance();
        }
        self.hush();
    }
}

/// What may have been meant by a character that begins no token.
fn character_hint(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "'and' is written '&&'",
        b'|' => "'or' is written '||'",
        b'%' => "there is no operator for the remainder: it is 'a - a / b * b'",
        b'$' => "a variable is written without '$', in a string as '${name}'",
        b'\'' => "strings have double quotes: '\"text\"'",
        b'^' | b'~' | b'\\' | b'`' => "there is no such operator",
        // The first byte of quotes that word processors make.
        0xe2 | 0xc2 => "quotes, dashes and blanks must be the plain ones of ASCII",
        _ => return None,
    })
}

/// A string or a comment as other languages have them.
pub(super) struct Foreign {
    range: Range<u32>,
    is_string: bool,
}

/// The errors without those that the lexer met in what is of another language.
pub(super) fn without(source: &[u8], mut errors: Vec<SyntaxError>, foreign: &[Foreign]) -> Vec<SyntaxError> {
    let mut last_character = None;
    errors.retain_mut(|error| {
        if error.kind == SyntaxErrorKind::InvalidCharacter {
            // One of a line is enough.
            let start = error.range.start as usize;
            let before: Option<usize> = last_character.replace(start);
            let between = before.filter(|&before| before < start).map(|before| &source[before..start]);
            if between.is_some_and(|between| memchr::memchr(b'\n', between).is_none()) {
                return false;
            }
            error.hint = source.get(start).and_then(|&byte| character_hint(byte)).map(str::to_owned);
        }
        let is_lexical = matches!(error.kind, SyntaxErrorKind::InvalidCharacter | SyntaxErrorKind::UnterminatedComment);
        let next = foreign.partition_point(|foreign| foreign.range.start <= error.range.start);
        let around = next.checked_sub(1).map(|last| &foreign[last]);
        let Some(around) = around.filter(|around| is_lexical && around.range.contains(&error.range.start)) else {
            return true;
        };
        if !around.is_string || around.range.start != error.range.start {
            return false;
        }
        error.range.end = around.range.end;
        error.message = "a string has double quotes, not single ones".to_owned();
        error.hint = Some("write '\"text\"'; two single quotes each begin and end a text of several lines".to_owned());
        true
    });
    errors
}
