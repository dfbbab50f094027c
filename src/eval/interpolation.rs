//! Texts with interpolations.

use super::coerce::Coercion;
use super::context::ContextSet;
use super::{ErrorExt, Eval, Result};
use crate::builtins::{Builtin, substring_range};
use crate::heap::{Frame, Value, Writer};
use crate::program::{Call, Expr, Interpolation};
use crate::store::append;

/// A longer text is not made before it is wanted.
const MAX_EARLY_LENGTH: usize = 1024;

/// What became of a part of a text that is a call.
enum CallInText<'h> {
    /// No value is made for this.
    Piece(Piece<'h>),
    /// It is `toString` of something, which is this string.
    Text(Value<'h>),
    /// It is another call.
    Other,
}

/// A piece of a text: bytes, or an integer that is written where the text will be.
#[derive(Copy, Clone)]
enum Piece<'h> {
    Text(&'h [u8]),
    Integer(i64),
    /// So many of the evaluator's `piece_bytes`.
    Made {
        start: usize,
        length: usize,
    },
}

/// Most texts have no more pieces than this.
const USUAL_PIECES: usize = 6;

impl<'h> Piece<'h> {
    const EMPTY: Piece<'h> = Piece::Text(&[]);

    /// The number of bytes, or more.
    #[inline(always)]
    fn len_at_most(self) -> usize {
        match self {
            Piece::Text(text) => text.len(),
            Piece::Integer(_) => MOST_DIGITS,
            Piece::Made { length, .. } => length,
        }
    }
}

/// An integer that is a piece has 31 bits, which takes at most so many bytes with its sign.
const MOST_DIGITS: usize = 11;

impl<'h> Eval<'h> {
    /// `"a${b}c"`
    #[inline(never)]
    pub(super) fn interpolate(&mut self, string: &'h Interpolation<'h>, frame: Option<Frame<'h>>) -> Result<Value<'h>> {
        let made = self.piece_bytes.len();
        let text = match string.parts.len() {
            count @ ..=USUAL_PIECES => self.interpolate_with(string, frame, &mut [Piece::EMPTY; USUAL_PIECES][..count]),
            count => self.interpolate_with(string, frame, &mut vec![Piece::EMPTY; count]),
        };
        self.piece_bytes.truncate(made);
        text
    }

    /// Makes a text of as many pieces as it has parts.
    #[inline(always)]
    fn interpolate_with(
        &mut self,
        string: &'h Interpolation<'h>,
        frame: Option<Frame<'h>>,
        pieces: &mut [Piece<'h>],
    ) -> Result<Value<'h>> {
        let mut context = ContextSet::default();
        let mut length = string.literal;
        for (part, piece) in string.parts.iter().zip(pieces.iter_mut().by_ref()) {
            let value = match part.expr {
                Expr::Call(call) => match self.call_in_text(call.get(), frame, &mut context)? {
                    CallInText::Piece(made) => {
                        length += made.len_at_most();
                        *piece = made;
                        continue;
                    }
                    CallInText::Text(value) => value,
                    CallInText::Other => self.eval(&part.expr, frame)?,
                },
                _ => self.operand(&part.expr, frame)?,
            };
            let text = self.coerce_forced(value, Coercion::INTERPOLATION, &mut context).or_at(part.pos)?;
            length += text.len();
            *piece = Piece::Text(text);
        }
        self.reserve(length)?;
        Ok(self.text_of(string, pieces, length, &context))
    }

    /// The text with these pieces for its parts, which has `length` bytes or less.
    #[inline(always)]
    fn text_of(
        &self,
        string: &Interpolation<'h>,
        pieces: &[Piece<'h>],
        length: usize,
        context: &ContextSet,
    ) -> Value<'h> {
        let mut writer = Writer::new(self.heap, length, context.as_slice());
        write(string, pieces, &self.piece_bytes, |bytes| writer.push(bytes));
        writer.finish_early(self.heap)
    }

    /// The text that an interpolation makes, if all its parts are at hand, so that nothing can go wrong or be seen. It has large local
    /// variables, which are not to be in the frames of calls within calls.
    #[inline(never)]
    pub(super) fn interpolated_already(
        &mut self,
        string: &'h Interpolation<'h>,
        frame: Option<Frame<'h>>,
    ) -> Option<Value<'h>> {
        let mut pieces = [Piece::EMPTY; USUAL_PIECES];
        let pieces = pieces.get_mut(..string.parts.len())?;
        let mut context = ContextSet::default();
        let length = self.pieces_already(string, frame, pieces, &mut context)?;
        Some(self.text_of(string, pieces, length, &context))
    }

    /// The pieces of such a text; with the number of its bytes, or more.
    #[inline(always)]
    fn pieces_already(
        &mut self,
        string: &'h Interpolation<'h>,
        frame: Option<Frame<'h>>,
        pieces: &mut [Piece<'h>],
        context: &mut ContextSet,
    ) -> Option<usize> {
        let mut length = string.literal;
        let mut integers = 0;
        for (part, piece) in string.parts.iter().zip(pieces.iter_mut().by_ref()) {
            *piece = match part.expr {
                Expr::Call(call) => match (self.callee_to_string(call.get()), call.arguments.slice()) {
                    (Some(_), [argument]) => {
                        integers += 1;
                        Piece::Integer(self.at_hand(argument, frame)?.as_small_int()?)
                    }
                    _ => return None,
                },
                _ => {
                    let text = self.at_hand(&part.expr, frame)?.as_string()?;
                    context.add(text.context());
                    Piece::Text(text.bytes())
                }
            };
            length += piece.len_at_most();
        }
        if length > MAX_EARLY_LENGTH {
            return None;
        }
        self.counters.builtin_calls += integers;
        Some(length)
    }

    /// The builtin `toString`, if that is what is called.
    #[inline(always)]
    fn callee_to_string(&self, call: &Call<'h>) -> Option<&'static Builtin> {
        let Expr::Const(function) = call.function else { return None };
        self.builtins.to_string_of(function.get()).filter(|_| self.profile.is_none())
    }

    /// A call of a builtin in a text, of which no string is made if none is needed: of `toString` of an integer, and of `substring`.
    #[inline(always)]
    fn call_in_text(
        &mut self,
        call: &'h Call<'h>,
        frame: Option<Frame<'h>>,
        context: &mut ContextSet,
    ) -> Result<CallInText<'h>> {
        let Expr::Const(function) = call.function else { return Ok(CallInText::Other) };
        match (self.callee_to_string(call), call.arguments.slice()) {
            (Some(builtin), [argument]) => {
                let argument = self.operand(argument, frame)?;
                match argument.as_small_int() {
                    Some(value) => {
                        self.counters.builtin_calls += 1;
                        Ok(CallInText::Piece(Piece::Integer(value)))
                    }
                    None => Ok(CallInText::Text(self.run_builtin(builtin, &[argument], call.pos)?)),
                }
            }
            (None, [start, length, text]) if self.builtins.is_substring(function.get()) && self.profile.is_none() => {
                let piece = self.substring_already([start, length, text], frame, context);
                Ok(piece.map_or(CallInText::Other, CallInText::Piece))
            }
            _ => Ok(CallInText::Other),
        }
    }

    /// The piece that `substring` makes of these arguments, if all that it needs is at hand. What is copied of a text is that piece alone.
    #[inline(never)]
    fn substring_already(
        &mut self,
        [start, length, text]: [&'h Expr<'h>; 3],
        frame: Option<Frame<'h>>,
        context: &mut ContextSet,
    ) -> Option<Piece<'h>> {
        let start = usize::try_from(self.at_hand(start, frame)?.as_small_int()?).ok()?;
        let length = usize::try_from(self.at_hand(length, frame)?.as_small_int()?).unwrap_or(usize::MAX);
        let piece = match *text {
            Expr::String(string) => {
                let made = self.piece_bytes.len();
                self.append_already(string.get(), frame, context)?;
                let part = substring_range(self.piece_bytes.len() - made, start, length);
                self.piece_bytes.copy_within(made + part.start..made + part.end, made);
                self.piece_bytes.truncate(made + part.len());
                Piece::Made { start: made, length: part.len() }
            }
            _ => {
                let text = self.at_hand(text, frame)?.as_string()?;
                context.add(text.context());
                Piece::Text(&text.bytes()[substring_range(text.bytes().len(), start, length)])
            }
        };
        self.counters.builtin_calls += 1;
        Some(piece)
    }

    /// Appends a text, all parts of which are at hand, to `piece_bytes`.
    #[inline(always)]
    fn append_already(
        &mut self,
        string: &'h Interpolation<'h>,
        frame: Option<Frame<'h>>,
        context: &mut ContextSet,
    ) -> Option<()> {
        let mut pieces = [Piece::EMPTY; USUAL_PIECES];
        let pieces = pieces.get_mut(..string.parts.len())?;
        self.pieces_already(string, frame, pieces, context)?;
        // None of these pieces is made of bytes that are there already.
        write(string, pieces, &[], |bytes| append(&mut self.piece_bytes, bytes));
        Some(())
    }
}

/// Writes the text with these pieces for its parts, front to back.
#[inline(always)]
fn write(string: &Interpolation<'_>, pieces: &[Piece<'_>], made: &[u8], mut push: impl FnMut(&[u8])) {
    for (part, piece) in string.parts.iter().zip(pieces) {
        push(part.before);
        match *piece {
            Piece::Text(text) => push(text),
            Piece::Integer(value) => push(itoa::Buffer::new().format(value).as_bytes()),
            Piece::Made { start, length } => push(&made[start..start + length]),
        }
    }
    push(string.end);
}
