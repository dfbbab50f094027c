//! Numbers, texts and positions in an image.

use crate::diagnostics::Pos;

/// What is written.
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    /// The position of the first byte of the text.
    base: u32,
    /// The last position that was written, from there.
    pub(super) last: u32,
}

impl Output {
    pub(super) fn new(base: Pos) -> Self {
        Output { bytes: Vec::new(), base: base.to_raw(), last: 0 }
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    pub(super) fn signed(&mut self, number: i64) {
        self.number(fold_sign(number));
    }

    pub(super) fn length(&mut self, length: usize) {
        self.number(length as u64);
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.length(text.len());
        self.bytes.extend_from_slice(text);
    }

    /// Zero stands for no position.
    pub(super) fn pos(&mut self, pos: Pos) {
        if pos.is_none() {
            return self.byte(0);
        }
        let at = pos.to_raw().wrapping_sub(self.base);
        self.number(fold_sign(i64::from(at) - i64::from(self.last)) + 1);
        self.last = at;
    }
}

/// Small numbers of either sign as small numbers: 0, -1, 1, -2, ...
fn fold_sign(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}

fn unfold_sign(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// What is left to read. Each method gives nothing if it is something else that comes, or nothing.
pub(super) struct Input<'a> {
    pub(super) rest: &'a [u8],
    base: Pos,
    /// The last position that was read, from there.
    pub(super) last: u32,
    /// The length of the text.
    end: u32,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8], base: Pos, end: u32) -> Self {
        Input { rest: bytes, base, last: 0, end }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        match self.byte()? {
            byte if byte < 0x80 => Some(u64::from(byte)),
            byte => self.longer_number(u64::from(byte & 0x7f)),
        }
    }

    fn longer_number(&mut self, mut number: u64) -> Option<u64> {
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        self.number().map(unfold_sign)
    }

    #[inline]
    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    /// How many things follow. Each takes a byte at least, so there are not more than bytes.
    #[inline]
    pub(super) fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.number()?).ok()?;
        (length <= self.rest.len()).then_some(length)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }

    #[inline]
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(text)
    }

    #[inline]
    pub(super) fn pos(&mut self) -> Option<Pos> {
        let number = self.number()?;
        let Some(distance) = number.checked_sub(1) else { return Some(Pos::NONE) };
        let at = u32::try_from(i64::from(self.last).checked_add(unfold_sign(distance))?).ok()?;
        if at > self.end {
            return None;
        }
        self.last = at;
        Some(self.base.offset(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let base = Pos::from_raw(1000);
        let mut output = Output::new(base);
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let signed = [0, -1, 1, i64::MIN, i64::MAX];
        let positions = [base, base.offset(50), Pos::NONE, base.offset(7), base.offset(60)];
        numbers.iter().for_each(|&number| output.number(number));
        signed.iter().for_each(|&number| output.signed(number));
        positions.iter().for_each(|&pos| output.pos(pos));
        output.text(b"text");

        let mut input = Input::new(&output.bytes, base, 60);
        numbers.iter().for_each(|&number| assert_eq!(input.number(), Some(number)));
        signed.iter().for_each(|&number| assert_eq!(input.signed(), Some(number)));
        positions.iter().for_each(|&pos| assert_eq!(input.pos(), Some(pos)));
        assert_eq!(input.text(), Some(&b"text"[..]));
        assert!(input.is_at_end());
        assert_eq!(input.byte(), None);
    }

    #[test]
    fn what_cannot_have_been_written_is_nothing() {
        let input = |bytes: &'static [u8]| Input::new(bytes, Pos::from_raw(1), 10);
        // A number without end, one of more than 64 bits, a length beyond the end, a position beyond the text.
        assert_eq!(input(&[0x80]).number(), None);
        assert_eq!(input(&[0xff; 12]).number(), None);
        assert_eq!(input(&[3, 1, 1]).text(), None);
        assert_eq!(input(&[23]).pos(), None);
        assert_eq!(input(&[2]).pos(), None);
    }
}
