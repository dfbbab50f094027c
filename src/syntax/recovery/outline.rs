//! What a look over all tokens of a text tells, before it is parsed: lines, brackets, where bindings begin.

use super::super::SyntaxKind as K;
use super::super::lexer::Tokens;

/// The brackets that can be left open, as indices of [`Outline::missing`] and [`Outline::surplus`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bracket {
    Paren,
    List,
    Brace,
}

impl Bracket {
    fn opened_by(kind: K) -> Option<Bracket> {
        match kind {
            K::LeftParen => Some(Bracket::Paren),
            K::LeftBracket => Some(Bracket::List),
            K::LeftBrace => Some(Bracket::Brace),
            _ => None,
        }
    }

    pub(super) fn closed_by(kind: K) -> Option<Bracket> {
        match kind {
            K::RightParen => Some(Bracket::Paren),
            K::RightBracket => Some(Bracket::List),
            K::RightBrace => Some(Bracket::Brace),
            _ => None,
        }
    }
}

/// A token that is no blank, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: K,
    /// Its index among all tokens.
    pub(super) index: u32,
    /// The line it is on, from 0.
    pub(super) line: u32,
    /// The bytes before the first token of its line.
    pub(super) indent: u32,
    /// Whether it is the first of its line.
    pub(super) begins_line: bool,
    /// Whether a name or a path of names begins here that `=` follows.
    pub(super) begins_binding: bool,
    /// The other end of a bracket, string or interpolation; its own place if it has none.
    pub(super) partner: usize,
}

/// The tokens without blanks and comments, and what is out of balance.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) tokens: Vec<Token>,
    /// By [`Bracket`]: how many are not closed.
    pub(super) missing: [u32; 3],
    /// By [`Bracket`]: how many close nothing.
    pub(super) surplus: [u32; 3],
    /// How many `let` have no `in`.
    pub(super) missing_in: u32,
    /// How many `in` have no `let`.
    pub(super) surplus_in: u32,
}

impl Outline {
    /// Takes time in proportion to the text.
    pub(super) fn new(source: &[u8], all: &Tokens) -> Outline {
        let mut outline = Outline { tokens: significant(source, all), ..Outline::default() };
        outline.count_brackets();
        outline.match_brackets();
        outline.find_bindings();
        outline
    }

    /// Finds out of which brackets there are too few or too many.
    fn count_brackets(&mut self) {
        let (mut opened, mut closed) = ([0_u32; 3], [0_u32; 3]);
        for token in &self.tokens {
            if let Some(bracket) = Bracket::opened_by(token.kind) {
                opened[bracket as usize] += 1;
            } else if let Some(bracket) = Bracket::closed_by(token.kind) {
                closed[bracket as usize] += 1;
            } else if token.kind == K::InterpolationStart {
                opened[Bracket::Brace as usize] += 1;
            }
        }
        self.missing = std::array::from_fn(|bracket| opened[bracket].saturating_sub(closed[bracket]));
        self.surplus = std::array::from_fn(|bracket| closed[bracket].saturating_sub(opened[bracket]));
    }

    /// Finds the partner of each bracket, string and interpolation.
    fn match_brackets(&mut self) {
        // What is open, with the number of `let` in it that wait for `in`.
        let mut open: Vec<(usize, u32)> = Vec::new();
        let mut lets = 0_u32;
        // By bracket, how many are open since the last string or interpolation began, and the counts outside of it.
        let mut inside = [0_u32; 3];
        let mut outside: Vec<[u32; 3]> = Vec::new();
        let mut strays = self.surplus;
        for at in 0..self.tokens.len() {
            let kind = self.tokens[at].kind;
            match kind {
                K::LeftBrace | K::LeftBracket | K::LeftParen => {
                    let bracket = Bracket::opened_by(kind).expect("it is an opening bracket") as usize;
                    inside[bracket] += 1;
                    open.push((at, std::mem::take(&mut lets)));
                }
                K::StringStart | K::IndentedStart | K::InterpolationStart => {
                    outside.push(std::mem::take(&mut inside));
                    open.push((at, std::mem::take(&mut lets)));
                }
                K::LetKeyword if self.kind(at + 1) != Some(K::LeftBrace) => lets += 1,
                K::InKeyword if lets > 0 => lets -= 1,
                K::InKeyword => self.surplus_in += 1,
                K::RightBrace | K::RightBracket | K::RightParen | K::StringEnd | K::IndentedEnd => {
                    let bracket = Bracket::closed_by(kind);
                    let closes_interpolation = kind == K::RightBrace && inside[Bracket::Brace as usize] == 0;
                    let innermost = open.last().and_then(|&(opener, _)| Bracket::opened_by(self.tokens[opener].kind));
                    let is_open = match bracket {
                        // It would leave another bracket open.
                        Some(bracket)
                            if innermost.is_some_and(|open| open != bracket) && strays[bracket as usize] > 0 =>
                        {
                            strays[bracket as usize] -= 1;
                            false
                        }
                        Some(bracket) if inside[bracket as usize] > 0 => true,
                        Some(_) => closes_interpolation && self.is_in_interpolation(&open),
                        None => true,
                    };
                    if !is_open {
                        continue;
                    }
                    // What is open further inside is not closed.
                    while let Some((opener, outer_lets)) = open.pop() {
                        self.missing_in += std::mem::replace(&mut lets, outer_lets);
                        let opened = Bracket::opened_by(self.tokens[opener].kind);
                        match opened {
                            Some(opened) => inside[opened as usize] -= 1,
                            None => inside = outside.pop().unwrap_or_default(),
                        }
                        let wanted = bracket.filter(|_| !closes_interpolation);
                        if opened == wanted {
                            self.tokens[opener].partner = at;
                            self.tokens[at].partner = opener;
                            break;
                        }
                    }
                }
                _ => {}
            }
        }
        self.missing_in += lets;
        self.missing_in += open.into_iter().map(|(_, lets)| lets).sum::<u32>();
    }

    /// Whether the innermost string or interpolation that is open is an interpolation. Brackets above it are not closed.
    fn is_in_interpolation(&self, open: &[(usize, u32)]) -> bool {
        let mut kinds = open.iter().rev().map(|&(opener, _)| self.tokens[opener].kind);
        kinds.find(|&kind| Bracket::opened_by(kind).is_none()) == Some(K::InterpolationStart)
    }

    /// Finds the names, and paths of names, that `=` follows.
    fn find_bindings(&mut self) {
        for at in 0..self.tokens.len() {
            // `=>` is a function as other languages have it.
            if self.tokens[at].kind != K::Assign || self.kind(at + 1) == Some(K::RightAngle) {
                continue;
            }
            let mut end = at;
            while let Some(start) = self.name_before(end) {
                let continues = start > 0 && self.tokens[start - 1].kind == K::Dot;
                if !continues {
                    self.tokens[start].begins_binding = true;
                    break;
                }
                end = start - 1;
            }
        }
    }

    /// Where the name begins that ends before a token.
    fn name_before(&self, end: usize) -> Option<usize> {
        let last = end.checked_sub(1)?;
        let token = self.tokens[last];
        match token.kind {
            K::Word | K::OrKeyword => Some(last),
            K::StringEnd if token.partner < last => Some(token.partner),
            K::RightBrace if self.tokens[token.partner].kind == K::InterpolationStart => Some(token.partner),
            _ => None,
        }
    }

    pub(super) fn kind(&self, at: usize) -> Option<K> {
        self.tokens.get(at).map(|token| token.kind)
    }
}

/// The tokens that are no blanks, with their lines.
fn significant(source: &[u8], all: &Tokens) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(all.kinds.len() / 2 + 1);
    let (mut line, mut line_start, mut indent, mut begins_line) = (0_u32, 0_u32, 0_u32, true);
    for (index, (kind, range)) in (0_u32..).zip(all.iter()) {
        if !kind.is_trivia() {
            if begins_line {
                indent = range.start - line_start;
            }
            let partner = tokens.len();
            tokens.push(Token { kind, index, line, indent, begins_line, begins_binding: false, partner });
            begins_line = false;
        }
        for newline in memchr::memchr_iter(b'\n', &source[range.start as usize..range.end as usize]) {
            line += 1;
            line_start = range.start + newline as u32 + 1;
            begins_line = true;
        }
    }
    tokens
}
