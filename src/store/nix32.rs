//! The base-32 notation of Nix: 32 letters and digits without `e`, `o`, `u`
//! and `t`, the bytes read from the last to the first.
//!
//! Source: "Nix32 Encoding" in the Nix manual, `protocols/nix32.md`.

const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

const NO_DIGIT: u8 = 0xff;

const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        digits[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

/// Number of characters that `bytes` bytes take.
pub const fn encoded_len(bytes: usize) -> usize {
    (bytes * 8).div_ceil(5)
}

/// Whether `byte` is one of the 32 characters.
pub fn is_digit(byte: u8) -> bool {
    DIGITS[byte as usize] != NO_DIGIT
}

/// Writes `bytes` in Nix's base-32 notation.
///
/// ```
/// assert_eq!(firn::store::nix32::encode(&[0x5e, 0xd6]), "1mjy");
/// ```
pub fn encode(bytes: &[u8]) -> String {
    digits(bytes).map(char::from).collect()
}

/// The characters of `bytes` in Nix's base-32 notation, one by one.
pub(super) fn digits(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    (0..encoded_len(bytes.len())).rev().map(|position| {
        let (index, shift) = (position * 5 / 8, position * 5 % 8);
        let low = u16::from(bytes[index]);
        let high = bytes.get(index + 1).map_or(0, |&byte| u16::from(byte));
        let value = (high << 8 | low) >> shift & 0x1f;
        ALPHABET[usize::from(value)]
    })
}

/// Reads Nix's base-32 notation of `len` bytes.
///
/// # Errors
///
/// [`DecodeError`] if a character is not one of the alphabet, or if the text
/// stands for more or less than `len` bytes.
pub fn decode(text: &[u8], len: usize) -> Result<Vec<u8>, DecodeError> {
    if let Some(&byte) = text.iter().find(|&&byte| !is_digit(byte)) {
        return Err(DecodeError::Character(byte));
    }
    if text.len() != encoded_len(len) {
        return Err(DecodeError::Length);
    }
    let mut bytes = vec![0; len];
    for (position, &byte) in text.iter().rev().enumerate() {
        let (index, shift) = (position * 5 / 8, position * 5 % 8);
        let value = u16::from(DIGITS[byte as usize]) << shift;
        bytes[index] |= value as u8;
        let carry = (value >> 8) as u8;
        match bytes.get_mut(index + 1) {
            Some(next) => *next |= carry,
            None if carry == 0 => {}
            None => return Err(DecodeError::Length),
        }
    }
    Ok(bytes)
}

/// Why a text is not the base-32 notation of a number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// It contains a character that is not one of the 32.
    Character(u8),
    /// It stands for another number of bytes.
    Length,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digits_are_read_from_the_last_byte() {
        assert_eq!(encode(&[]), "");
        assert_eq!(encode(&[0x1f]), "0z");
        assert_eq!(encode(&[0, 0, 0, 0, 0xff]), "zw000000");
        assert_eq!(encode(&[0xff; 20]), "z".repeat(32));
    }

    #[test]
    fn bits_beyond_the_last_byte_are_refused() {
        assert_eq!(decode(b"0z", 1), Ok(vec![0x1f]));
        assert_eq!(decode(b"7z", 1), Ok(vec![0xff]));
        assert_eq!(decode(b"8z", 1), Err(DecodeError::Length));
        assert_eq!(decode(b"000", 1), Err(DecodeError::Length));
        assert_eq!(decode(b"0e", 1), Err(DecodeError::Character(b'e')));
    }

    proptest! {
        #[test]
        fn round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(decode(encode(&bytes).as_bytes(), bytes.len()), Ok(bytes));
        }
    }
}
