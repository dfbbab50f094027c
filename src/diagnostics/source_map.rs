//! Global positions: four bytes that name a byte of any source file.
//!
//! Files are laid end to end in one space of positions, each followed by one position for its
//! end. A position is resolved to a file by binary search, and to a line by an index of line
//! starts that is built when a file is first asked for one.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::ownership::Ownership;

/// A position in one of the files of a [`SourceMap`], or none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pos(u32);

impl Pos {
    /// No position: the thing was not written in a source file.
    pub const NONE: Pos = Pos(0);

    /// Whether this is no position.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether this is a position in a file.
    pub fn is_some(self) -> bool {
        self.0 != 0
    }

    /// The position as a number, for compact storage; 0 is [`Pos::NONE`].
    pub fn to_raw(self) -> u32 {
        self.0
    }

    /// The inverse of [`Pos::to_raw`]. A number that no file covers resolves to nothing.
    pub fn from_raw(raw: u32) -> Pos {
        Pos(raw)
    }

    /// The position `bytes` further on. Adding to [`Pos::NONE`] makes no sense and gives it again.
    pub fn offset(self, bytes: u32) -> Pos {
        match self {
            Pos::NONE => Pos::NONE,
            Pos(start) => Pos(start.saturating_add(bytes)),
        }
    }

    /// The span of `len` bytes from here.
    pub fn span(self, len: u32) -> Span {
        Span { start: self, len }
    }
}

impl fmt::Debug for Pos {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pos({})", self.0)
    }
}

/// A run of bytes in one file. A span of length 0 is a point between two bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: Pos,
    /// How many bytes.
    pub len: u32,
}

impl Span {
    /// No span.
    pub const NONE: Span = Span { start: Pos::NONE, len: 0 };
}

impl From<Pos> for Span {
    /// The point at a position.
    fn from(start: Pos) -> Span {
        Span { start, len: 0 }
    }
}

/// Names a file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(u32);

/// A resolved position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Location {
    /// The file.
    pub file: FileId,
    /// Bytes from the start of the file.
    pub offset: u32,
    /// The line, from 1. Lines end at `\n`, `\r\n` or `\r`.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
}

/// Where a source text came from.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum SourceName {
    /// A file.
    File(PathBuf),
    /// An expression given as a string, for example on the command line.
    String,
    /// Standard input.
    Stdin,
    /// Anything else, for example the prompt of an interactive session.
    Other(Arc<str>),
}

impl fmt::Display for SourceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceName::File(path) => path.display().fmt(formatter),
            SourceName::String => formatter.write_str("«string»"),
            SourceName::Stdin => formatter.write_str("«stdin»"),
            SourceName::Other(name) => write!(formatter, "«{name}»"),
        }
    }
}

/// One source text and its place among the global positions.
#[derive(Debug)]
pub struct SourceFile {
    id: FileId,
    name: SourceName,
    text: Text,
    /// The position of the first byte.
    base: u32,
    length: u32,
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// What names this file in its map.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Where the text came from.
    pub fn name(&self) -> &SourceName {
        &self.name
    }

    /// The text. It need not be UTF-8. Where the program of a file was known without it, the file is read now; if it has
    /// changed meanwhile, it is what there is now, cut off or with blanks at its end.
    pub fn bytes(&self) -> &Arc<[u8]> {
        let (bytes, _) = self.text.bytes.get_or_init(|| {
            let length = self.length as usize;
            let (text, has_changed) = self.text.read.as_ref().map(|read| read()).unwrap_or_default();
            match has_changed {
                false => (text, false),
                true => (text.iter().copied().chain(std::iter::repeat(b' ')).take(length).collect(), true),
            }
        });
        bytes
    }

    /// Whether the text that is shown is not the one that was evaluated, since the file has changed meanwhile.
    pub fn has_changed(&self) -> bool {
        self.text.bytes.get().is_some_and(|&(_, has_changed)| has_changed)
    }

    /// The position of the byte at `offset`; an offset past the end gives the end.
    pub fn pos(&self, offset: usize) -> Pos {
        // `SourceMap::add_text` has checked that base + length fits in 32 bits.
        Pos(self.base + offset.min(self.length as usize) as u32)
    }

    /// The span of the bytes in `range`, which is clipped to the file.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.pos(range.start);
        let end = self.pos(range.end);
        Span { start, len: end.0.saturating_sub(start.0) }
    }

    /// How many bytes lie before `pos`, or nothing if it is in another file.
    pub fn offset(&self, pos: Pos) -> Option<usize> {
        let offset = pos.0.checked_sub(self.base)? as usize;
        (offset <= self.length as usize).then_some(offset)
    }

    /// The number of lines; a last line without bytes counts.
    pub fn line_count(&self) -> usize {
        self.line_starts().len()
    }

    /// The bytes of a line (counted from 0) as offsets, without its terminator.
    pub(super) fn line_range(&self, line: usize) -> Range<usize> {
        let starts = self.line_starts();
        let start = starts.get(line).map_or(self.length as usize, |&s| s as usize);
        let mut end = starts.get(line + 1).map_or(self.length as usize, |&next| next as usize);
        if line + 1 < starts.len() {
            let terminator = if self.bytes()[start..end].ends_with(b"\r\n") { 2 } else { 1 };
            end -= terminator;
        }
        start..end
    }

    /// The line (counted from 0) that holds `offset`.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        // The first line starts at 0, so at least one start is not beyond any offset.
        self.line_starts().partition_point(|&start| start as usize <= offset) - 1
    }

    fn location(&self, offset: usize) -> Location {
        let line = self.line_of(offset);
        let start = self.line_starts()[line] as usize;
        Location { file: self.id, offset: offset as u32, line: line as u32 + 1, column: (offset - start) as u32 + 1 }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let mut starts = vec![0];
            let bytes = self.bytes();
            for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
                let carriage_return_of_pair = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
                if !carriage_return_of_pair {
                    starts.push(at as u32 + 1);
                }
            }
            starts
        })
    }
}

/// The text of a file, or how to get it.
struct Text {
    /// With whether it is another one than that which was evaluated.
    bytes: OnceLock<(Arc<[u8]>, bool)>,
    read: Option<Box<ReadText>>,
}

/// Reads the text of a file, and tells whether it is not what it was.
pub(crate) type ReadText = dyn Fn() -> (Arc<[u8]>, bool) + Send + Sync;

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(formatter)
    }
}

/// All source texts of an evaluator.
///
/// ```
/// use firn::diagnostics::{SourceMap, SourceName};
///
/// let sources = SourceMap::new();
/// let file = sources.add(SourceName::String, b"1 +\n  x".as_slice())?;
/// let location = sources.resolve(file.pos(6)).unwrap();
/// assert_eq!((location.line, location.column), (2, 3));
/// # Ok::<_, firn::diagnostics::SourcesTooLarge>(())
/// ```
#[derive(Debug, Default)]
pub struct SourceMap {
    files: RwLock<Files>,
    ownership: Ownership,
}

/// All files in the order of their positions.
#[derive(Debug, Default)]
struct Files {
    all: Vec<Arc<SourceFile>>,
    /// The first position of each, close together for those who look for a position.
    bases: Vec<u32>,
}

impl SourceMap {
    /// A map without files.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a text and gives it its positions.
    ///
    /// # Errors
    ///
    /// If all texts together would exceed 4 GiB.
    pub fn add(&self, name: SourceName, bytes: impl Into<Arc<[u8]>>) -> Result<Arc<SourceFile>, SourcesTooLarge> {
        let bytes = bytes.into();
        let length = bytes.len();
        self.add_text(name, Text { bytes: OnceLock::from((bytes, false)), read: None }, length)
    }

    /// Adds a text of so many bytes that is read when it is asked for.
    ///
    /// # Errors
    ///
    /// If all texts together would exceed 4 GiB.
    pub(crate) fn add_unread(
        &self,
        name: SourceName,
        length: usize,
        read: Box<ReadText>,
    ) -> Result<Arc<SourceFile>, SourcesTooLarge> {
        self.add_text(name, Text { bytes: OnceLock::new(), read: Some(read) }, length)
    }

    fn add_text(&self, name: SourceName, text: Text, length: usize) -> Result<Arc<SourceFile>, SourcesTooLarge> {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let base = match files.all.last() {
            // One position more than there are bytes: the end of the file is a place, too.
            Some(last) => u64::from(last.base) + u64::from(last.length) + 1,
            None => 1,
        };
        if base + length as u64 > u64::from(u32::MAX) {
            return Err(SourcesTooLarge { name });
        }
        let file = Arc::new(SourceFile {
            // Every file takes a position at least, so there are fewer files than positions.
            id: FileId(files.all.len() as u32),
            name,
            text,
            // The check above was that both fit.
            base: base as u32,
            length: length as u32,
            line_starts: OnceLock::new(),
        });
        files.all.push(file.clone());
        files.bases.push(file.base);
        Ok(file)
    }

    /// The file named by `id`, or nothing if `id` comes from another map.
    pub fn file(&self, id: FileId) -> Option<Arc<SourceFile>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.all.get(id.0 as usize).cloned()
    }

    /// Says that the files in a directory are the user's own: traces show them first. What is evaluated makes the directory
    /// that it is in one of these.
    pub fn add_own(&self, directory: impl AsRef<Path>) {
        self.ownership.add_own(directory.as_ref());
    }

    /// Says that the files in a directory are a library's, as those of the search path are.
    pub fn add_library(&self, directory: impl AsRef<Path>) {
        self.ownership.add_library(directory.as_ref());
    }

    /// Whether a file is the user's own. If `own` is not empty, it says in place of what was
    /// [added](SourceMap::add_own) which directories are.
    pub fn is_own(&self, file: &SourceFile, own: &[PathBuf]) -> bool {
        self.ownership.is_own(file, own)
    }

    /// The name of a file, without the directory of its library.
    pub(super) fn short_name(&self, file: &SourceFile) -> String {
        self.ownership.short_name(file)
    }

    /// The file that holds a position.
    pub fn file_at(&self, pos: Pos) -> Option<Arc<SourceFile>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let after = files.bases.partition_point(|&base| base <= pos.0);
        let file = files.all.get(after.checked_sub(1)?)?;
        file.offset(pos).map(|_| file.clone())
    }

    /// File, line and column of a position; nothing for [`Pos::NONE`].
    pub fn resolve(&self, pos: Pos) -> Option<Location> {
        let file = self.file_at(pos)?;
        file.offset(pos).map(|offset| file.location(offset))
    }
}

/// The texts of a [`SourceMap`] would exceed the 4 GiB that positions can name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourcesTooLarge {
    /// The text that did not fit.
    pub name: SourceName,
}

impl fmt::Display for SourcesTooLarge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot load {}: all source files together would exceed 4 GiB", self.name)
    }
}

impl std::error::Error for SourcesTooLarge {}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
        let sources = SourceMap::new();
        let file = sources.add(SourceName::String, text.as_bytes()).expect("small");
        let location = sources.resolve(file.pos(offset)).expect("in the file");
        (location.line, location.column)
    }

    #[test]
    fn lines_end_as_in_nix() {
        for (text, offset, expected) in [
            ("", 0, (1, 1)),
            ("ab", 1, (1, 2)),
            ("ab", 2, (1, 3)),
            ("a\nb", 1, (1, 2)),
            ("a\nb", 2, (2, 1)),
            ("a\n", 2, (2, 1)),
            ("a\r\nb", 2, (1, 3)),
            ("a\r\nb", 3, (2, 1)),
            ("a\rb", 2, (2, 1)),
            ("a\r\rb", 3, (3, 1)),
            ("a\n\rb", 3, (3, 1)),
            ("ä b", 3, (1, 4)),
        ] {
            assert_eq!(line_and_column(text, offset), expected, "{text:?} at {offset}");
        }
    }

    #[test]
    fn line_ranges_exclude_terminators() {
        let sources = SourceMap::new();
        let file = sources.add(SourceName::String, b"a\r\nbc\r\nd\re\n".as_slice()).expect("small");
        let lines: Vec<_> = (0..file.line_count()).map(|line| &file.bytes()[file.line_range(line)]).collect();
        assert_eq!(lines, [&b"a"[..], b"bc", b"d", b"e", b""]);
    }

    #[test]
    fn positions_name_one_file_each() {
        let sources = SourceMap::new();
        let name = |n: &str| SourceName::File(n.into());
        let empty = sources.add(name("empty"), b"".as_slice()).expect("small");
        let two = sources.add(name("two"), b"xy".as_slice()).expect("small");
        let last = sources.add(name("last"), b"z".as_slice()).expect("small");
        let owner = |pos| sources.file_at(pos).map(|file| file.name().to_string());
        assert_eq!(owner(Pos::NONE), None);
        assert_eq!(owner(empty.pos(0)).as_deref(), Some("empty"));
        assert_eq!(owner(two.pos(0)).as_deref(), Some("two"));
        assert_eq!(owner(two.pos(2)).as_deref(), Some("two"));
        assert_eq!(two.pos(9), two.pos(2));
        assert_eq!(owner(last.pos(0)).as_deref(), Some("last"));
        assert_eq!(owner(Pos::from_raw(last.pos(1).to_raw() + 1)), None);
        assert_eq!(last.offset(two.pos(0)), None);
    }

    #[test]
    fn a_text_is_read_when_it_is_needed() {
        let sources = SourceMap::new();
        let unread = |text: &'static [u8], has_changed| {
            let read = move || (Arc::from(text), has_changed);
            sources.add_unread(SourceName::String, 4, Box::new(read)).expect("small")
        };
        let file = unread(b"a\nbc", false);
        assert_eq!((file.pos(9), sources.file_at(file.pos(4)).map(|file| file.id())), (file.pos(4), Some(file.id())));
        assert!(file.text.bytes.get().is_none());
        let location = sources.resolve(file.pos(3)).expect("in the file");
        assert_eq!((location.line, location.column, &file.bytes()[..]), (2, 2, &b"a\nbc"[..]));
        assert!(!file.has_changed());
        // Positions are in a text whatever becomes of it.
        for (text, shown) in [(&b""[..], b"    "), (b"a\n", b"a\n  "), (b"a\nbcd", b"a\nbc")] {
            let changed = unread(text, true);
            let location = sources.resolve(changed.pos(3)).expect("in the file");
            assert_eq!((location.line > 1, &changed.bytes()[..]), (shown.contains(&b'\n'), &shown[..]));
            assert!(changed.has_changed());
        }
    }

    #[test]
    fn is_send_and_sync() {
        fn check<T: Send + Sync>() {}
        check::<SourceMap>();
    }
}
