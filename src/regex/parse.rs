//! Reading a pattern.

use super::RegexError;
use super::classes::{ByteSet, character, class};
use super::nodes::{Builder, Fragment, Node};
use super::program::Program;
use crate::stack;

type Result<T> = std::result::Result<T, RegexError>;

/// Compiles a pattern.
pub(super) fn parse(pattern: &[u8]) -> Result<Program> {
    let mut parser = Parser { pattern, at: 0, builder: Builder::default(), groups: 0, depth: 0 };
    let body = parser.alternatives()?;
    if parser.at < pattern.len() {
        return Err(RegexError(match pattern[parser.at] {
            b')' => "a ')' closes nothing",
            _ => "there is nothing to repeat",
        }));
    }
    let accept = parser.builder.add(Node::Accept)?;
    parser.builder.connect(body, accept);
    Ok(Program::new(&parser.builder.nodes, body.start, parser.groups as usize))
}

struct Parser<'p> {
    pattern: &'p [u8],
    at: usize,
    builder: Builder,
    groups: u32,
    /// How many groups are open.
    depth: usize,
}

/// The work grows with the square of how deep loops nest.
const MAX_DEPTH: usize = 1000;

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn alternatives(&mut self) -> Result<Fragment> {
        let mut all = self.sequence()?;
        while self.eat(b'|') {
            let next = self.sequence()?;
            all = self.builder.either(all, next)?;
        }
        Ok(all)
    }

    fn sequence(&mut self) -> Result<Fragment> {
        let mut all: Option<Fragment> = None;
        while let Some(part) = self.term()? {
            all = Some(match all {
                Some(before) => self.builder.join(before, part),
                None => part,
            });
        }
        match all {
            Some(all) => Ok(all),
            None => self.builder.single(Node::Skip),
        }
    }

    /// An atom with its repetitions, or an anchor.
    fn term(&mut self) -> Result<Option<Fragment>> {
        let first_node = self.builder.nodes.len();
        let Some(byte) = self.peek() else { return Ok(None) };
        let mut atom = match byte {
            b'^' => {
                self.at += 1;
                return self.builder.single(Node::Begin).map(Some);
            }
            b'$' => {
                self.at += 1;
                return self.builder.single(Node::End).map(Some);
            }
            b'|' | b')' | b'*' | b'+' | b'?' | b'{' => return Ok(None),
            b'(' => stack::grow_if_needed(|| self.group())?,
            b'[' => {
                self.at += 1;
                let set = self.bracket()?;
                self.builder.single(|next| Node::Byte(set, next))?
            }
            b'.' => {
                self.at += 1;
                let set = ByteSet::one(0).inverted();
                self.builder.single(|next| Node::Byte(set, next))?
            }
            b'\\' => {
                let Some(escaped) = self.pattern.get(self.at + 1).copied() else {
                    return Err(RegexError("a backslash stands at the end"));
                };
                if !b".[\\()*+?{|^$".contains(&escaped) {
                    return Err(RegexError("a backslash stands before a character that is not special"));
                }
                self.at += 2;
                self.builder.single(|next| Node::Byte(ByteSet::one(escaped), next))?
            }
            literal => {
                self.at += 1;
                self.builder.single(|next| Node::Byte(ByteSet::one(literal), next))?
            }
        };
        while let Some(repeated) = self.repetition(atom, first_node)? {
            atom = repeated;
        }
        Ok(Some(atom))
    }

    fn group(&mut self) -> Result<Fragment> {
        if self.depth >= MAX_DEPTH {
            return Err(RegexError("groups are nested too deeply"));
        }
        self.depth += 1;
        self.at += 1;
        let group = self.groups;
        self.groups += 1;
        let start = self.builder.single(|next| Node::GroupStart(group, next))?;
        let body = self.alternatives()?;
        if !self.eat(b')') {
            return Err(RegexError(match self.peek() {
                None => "a '(' is not closed",
                Some(_) => "there is nothing to repeat",
            }));
        }
        self.depth -= 1;
        let end = self.builder.single(|next| Node::GroupEnd(group, next))?;
        let body = self.builder.join(start, body);
        Ok(self.builder.join(body, end))
    }

    /// What a repetition makes of an atom, which consists of the nodes from `first_node` on.
    fn repetition(&mut self, atom: Fragment, first_node: usize) -> Result<Option<Fragment>> {
        let repeated = match self.peek() {
            Some(b'*') => self.builder.star(atom)?,
            Some(b'+') => self.builder.plus(atom)?,
            Some(b'?') => {
                let end = self.builder.single(Node::Skip)?;
                self.builder.connect(atom, end.start);
                let start = self.builder.add(Node::Prefer(atom.start, end.start))?;
                Fragment { start, end: end.end }
            }
            Some(b'{') => return self.interval(atom, first_node).map(Some),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(repeated))
    }

    fn number(&mut self) -> Option<usize> {
        let start = self.at;
        let mut value = 0_usize;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
            self.at += 1;
        }
        (self.at > start).then_some(value)
    }

    /// `{n}`, `{n,}` and `{n,m}`: copies of the atom.
    fn interval(&mut self, atom: Fragment, first_node: usize) -> Result<Fragment> {
        self.at += 1;
        let least = self.number().ok_or(RegexError("a number must follow '{'"))?;
        let most = match self.eat(b',') {
            false => Some(least),
            true => self.number(),
        };
        if !self.eat(b'}') {
            return Err(RegexError("a '{' is not closed after its numbers"));
        }
        if most.is_some_and(|most| most < least) {
            return Err(RegexError("the numbers in braces are in the wrong order"));
        }
        let last_node = self.builder.nodes.len();
        let mut all = self.builder.single(Node::Skip)?;
        for _ in 0..least {
            let copy = self.builder.copy(atom, first_node, last_node)?;
            all = self.builder.join(all, copy);
        }
        match most {
            None => {
                let copy = self.builder.copy(atom, first_node, last_node)?;
                let rest = self.builder.star(copy)?;
                Ok(self.builder.join(all, rest))
            }
            Some(most) => {
                let end = self.builder.single(Node::Skip)?;
                for _ in least..most {
                    let copy = self.builder.copy(atom, first_node, last_node)?;
                    let choice = self.builder.add(Node::Prefer(copy.start, end.start))?;
                    all = self.builder.join(all, Fragment { start: choice, end: copy.end });
                }
                Ok(self.builder.join(all, end))
            }
        }
    }

    /// A bracket expression after its `[`.
    fn bracket(&mut self) -> Result<ByteSet> {
        let is_inverted = self.eat(b'^');
        let mut set = ByteSet::default();
        // A character that may begin a range.
        let mut last: Option<u8> = None;
        let mut is_first = true;
        loop {
            match self.bracket_item(is_first)? {
                Item::End => break,
                Item::Set(more) => {
                    set.add(&more);
                    last.take().into_iter().for_each(|byte| set.insert(byte));
                }
                Item::Byte(byte) => {
                    last.replace(byte).into_iter().for_each(|byte| set.insert(byte));
                }
                Item::Dash if is_first => last = Some(b'-'),
                Item::Dash => match last {
                    None if self.eat(b']') => {
                        set.insert(b'-');
                        break;
                    }
                    None => return Err(RegexError("a dash in brackets stands neither at the start nor at the end")),
                    Some(low) => match self.bracket_item(false)? {
                        Item::Byte(high) => {
                            self.range(&mut set, low, high)?;
                            last = None;
                        }
                        Item::Dash => {
                            self.range(&mut set, low, b'-')?;
                            last = None;
                        }
                        Item::End => {
                            set.insert(b'-');
                            break;
                        }
                        Item::Set(_) => return Err(RegexError("a range in brackets ends in no character")),
                    },
                },
            }
            is_first = false;
        }
        last.into_iter().for_each(|byte| set.insert(byte));
        Ok(if is_inverted { set.inverted() } else { set })
    }

    fn range(&self, set: &mut ByteSet, low: u8, high: u8) -> Result<()> {
        if low as i8 > high as i8 {
            return Err(RegexError("a range in brackets is in the wrong order"));
        }
        set.add(&ByteSet::range(low, high));
        Ok(())
    }

    fn bracket_item(&mut self, is_first: bool) -> Result<Item> {
        let byte = self.peek().ok_or(RegexError("a '[' is not closed"))?;
        self.at += 1;
        Ok(match (byte, self.peek()) {
            (b'-', _) => Item::Dash,
            (b']', _) if !is_first => Item::End,
            (b'[', None) => return Err(RegexError("a '[' is not closed")),
            (b'[', Some(b':')) => {
                let name = self.bracket_name(b':')?;
                Item::Set(class(name).ok_or(RegexError("there is no character class of this name"))?)
            }
            (b'[', Some(b'.')) => {
                let name = self.bracket_name(b'.')?;
                Item::Byte(character(name).ok_or(RegexError("there is no character of this name"))?)
            }
            (b'[', Some(b'=')) => {
                let name = self.bracket_name(b'=')?;
                let like = character(name).ok_or(RegexError("there is no character of this name"))?;
                Item::Set(ByteSet::of(|byte| byte.eq_ignore_ascii_case(&like)))
            }
            (byte, _) => Item::Byte(byte),
        })
    }

    /// The name in `[:name:]` and the like, after the first bracket.
    fn bracket_name(&mut self, mark: u8) -> Result<&[u8]> {
        let start = self.at + 1;
        let rest = self.pattern.get(start..).unwrap_or_default();
        let length = rest.windows(2).position(|pair| pair == [mark, b']']);
        let length = length.ok_or(RegexError("a name in brackets is not closed"))?;
        self.at = start + length + 2;
        Ok(&self.pattern[start..start + length])
    }
}

/// A part of a bracket expression.
enum Item {
    Byte(u8),
    Set(ByteSet),
    Dash,
    End,
}
