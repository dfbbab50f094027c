//! Sets of bytes, and the names of characters and classes in the "C" locale.

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(super) fn of(belongs: impl Fn(u8) -> bool) -> ByteSet {
        let mut set = ByteSet::default();
        (0..=255).filter(|&byte| belongs(byte)).for_each(|byte| set.insert(byte));
        set
    }

    pub(super) fn one(byte: u8) -> ByteSet {
        let mut set = ByteSet::default();
        set.insert(byte);
        set
    }

    /// The only byte of the set, if there is just one.
    pub(super) fn only(&self) -> Option<u8> {
        let mut members = (0..4).filter(|&word| self.0[word] != 0);
        let word = members.next()?;
        let is_only = members.next().is_none() && self.0[word].is_power_of_two();
        is_only.then(|| word as u8 * 64 + self.0[word].trailing_zeros() as u8)
    }

    pub(super) fn meets(&self, other: &ByteSet) -> bool {
        self.0.iter().zip(other.0).any(|(word, other)| word & other != 0)
    }

    pub(super) fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    #[inline]
    pub(super) fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    pub(super) fn add(&mut self, other: &ByteSet) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    pub(super) fn inverted(&self) -> ByteSet {
        ByteSet(self.0.map(|word| !word))
    }

    /// From `low` to `high` as the library compares them: as signed characters.
    pub(super) fn range(low: u8, high: u8) -> ByteSet {
        ByteSet::of(|byte| (low as i8..=high as i8).contains(&(byte as i8)))
    }
}

/// The class of this name, as in `[[:alpha:]]`. Case does not matter.
pub(super) fn class(name: &[u8]) -> Option<ByteSet> {
    let belongs: fn(u8) -> bool = match name.to_ascii_lowercase().as_slice() {
        b"alnum" => |byte| byte.is_ascii_alphanumeric(),
        b"alpha" => |byte| byte.is_ascii_alphabetic(),
        b"blank" => |byte| matches!(byte, b' ' | b'\t'),
        b"cntrl" => |byte| byte.is_ascii_control(),
        b"digit" | b"d" => |byte| byte.is_ascii_digit(),
        b"graph" => |byte| byte.is_ascii_graphic(),
        b"lower" => |byte| byte.is_ascii_lowercase(),
        b"print" => |byte| (0x20..0x7f).contains(&byte),
        b"punct" => |byte| byte.is_ascii_punctuation(),
        b"space" | b"s" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        b"upper" => |byte| byte.is_ascii_uppercase(),
        b"xdigit" => |byte| byte.is_ascii_hexdigit(),
        b"w" => |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        _ => return None,
    };
    Some(ByteSet::of(belongs))
}

/// The names of the ASCII characters that are no letters, from NUL on; POSIX, "Portable Character Set".
const BEFORE_UPPER: [&str; 65] = [
    "NUL",
    "SOH",
    "STX",
    "ETX",
    "EOT",
    "ENQ",
    "ACK",
    "alert",
    "backspace",
    "tab",
    "newline",
    "vertical-tab",
    "form-feed",
    "carriage-return",
    "SO",
    "SI",
    "DLE",
    "DC1",
    "DC2",
    "DC3",
    "DC4",
    "NAK",
    "SYN",
    "ETB",
    "CAN",
    "EM",
    "SUB",
    "ESC",
    "IS4",
    "IS3",
    "IS2",
    "IS1",
    "space",
    "exclamation-mark",
    "quotation-mark",
    "number-sign",
    "dollar-sign",
    "percent-sign",
    "ampersand",
    "apostrophe",
    "left-parenthesis",
    "right-parenthesis",
    "asterisk",
    "plus-sign",
    "comma",
    "hyphen",
    "period",
    "slash",
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "colon",
    "semicolon",
    "less-than-sign",
    "equals-sign",
    "greater-than-sign",
    "question-mark",
    "commercial-at",
];
const BETWEEN: [&str; 6] =
    ["left-square-bracket", "backslash", "right-square-bracket", "circumflex", "underscore", "grave-accent"];
const AFTER_LOWER: [&str; 5] = ["left-curly-bracket", "vertical-line", "right-curly-bracket", "tilde", "DEL"];

/// The character of this name, as in `[[.hyphen.]]`.
pub(super) fn character(name: &[u8]) -> Option<u8> {
    if let [letter] = name
        && letter.is_ascii_alphabetic()
    {
        return Some(*letter);
    }
    let find = |names: &[&str], first: u8| {
        names.iter().position(|other| other.as_bytes() == name).map(|index| first + index as u8)
    };
    find(&BEFORE_UPPER, 0).or_else(|| find(&BETWEEN, b'[')).or_else(|| find(&AFTER_LOWER, b'{'))
}
