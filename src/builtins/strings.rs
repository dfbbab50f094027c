//! Strings.

use std::ops::Range;
use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::table::builtins;
use super::text::{path, version};
use crate::diagnostics::Code;
use crate::eval::{Coercion, ContextSet, ErrorExt, Eval, Result, error, invalid_argument, known};
use crate::heap::{Heap, Kind, List, Str, Value, ValueCell, Writer};
use crate::program::names;
use crate::regex::{Captures, Regex};

builtins! {
    /// The last component of a path, or of a string as if it were one: what follows the last slash. One slash at the
    /// end is ignored. The context of a string is kept.
    ///
    /// ```nix
    /// builtins.baseNameOf ./charts/north.nix
    /// # => "north.nix"
    /// builtins.baseNameOf "charts/north/"
    /// # => "north"
    /// builtins.baseNameOf "charts/north//"
    /// # => ""
    /// ```
    "baseNameOf" (path!1) => base_name_of;
    /// Compares two versions component by component (see `splitVersion`): -1 if `left` is older than `right`, 0 if
    /// they are the same, 1 if `left` is newer.
    ///
    /// Numbers compare as numbers; `pre` is older than everything, even nothing; a missing component is older than a
    /// number; other text is older than a number and compares by its bytes.
    ///
    /// ```nix
    /// builtins.compareVersions "1.9" "1.10"
    /// # => -1
    /// map (builtins.compareVersions "2.0") [ "2.0pre1" "2.0" "2.0.1" "2.0a" ]
    /// # => [ 1 0 -1 -1 ]
    /// ```
    "compareVersions" (left!1, right!1) => compare_versions;
    /// The strings of `list` joined, with `separator` between each two. Elements are coerced as in interpolation, so
    /// paths are copied to the store. Contexts are merged.
    ///
    /// ```nix
    /// builtins.concatStringsSep ", " [ "Heron" "Petrel" "Tern" ]
    /// # => "Heron, Petrel, Tern"
    /// builtins.concatStringsSep ", " [ 1 2 ]
    /// # => error[E0201]: an integer
    /// ```
    "concatStringsSep" (separator!1, list!1) => concat_strings_sep;
    /// What stands before the last slash of a path (then it is a path) or of a string (then it is a string); `.` if a
    /// string has no slash.
    ///
    /// ```nix
    /// builtins.dirOf ./charts/north.nix
    /// # => /harbour/charts
    /// [ (builtins.dirOf "charts/north.nix") (builtins.dirOf "north.nix") (builtins.dirOf "/north.nix") ]
    /// # => [ "charts" "." "/" ]
    /// ```
    "dirOf" (path!1) => dir_of;
    /// The groups of a POSIX extended regular expression if it matches the whole of `string`, else `null`. The result
    /// is a list with an element for each pair of parentheses: the text that it matched last, or `null` if it took no
    /// part.
    ///
    /// Special are `.`, `[...]` with classes such as `[[:alpha:]]`, `*`, `+`, `?`, `{n,m}`, `|`, `(...)`, `^` and
    /// `$`; a backslash takes that away. There is no lazy matching, and no `\d` or `\w`. Bytes are matched, not
    /// characters.
    ///
    /// ```nix
    /// builtins.match "([a-z]+)-([0-9.]+)(rc)?" "sloop-1.4"
    /// # => [ "sloop" "1.4" null ]
    /// builtins.match "[a-z]+" "sloop-1.4"
    /// # => null
    /// builtins.match "(" "sloop"
    /// # => error[E0408]: (
    /// ```
    "match" (regex!1, string!1) => match_regex;
    /// Splits the name of a package into `name` and `version`, which begins after the first dash that no letter
    /// follows.
    ///
    /// ```nix
    /// builtins.parseDrvName "tide-table-2.1pre3"
    /// # => { name = "tide-table"; version = "2.1pre3"; }
    /// builtins.parseDrvName "tide-table"
    /// # => { name = "tide-table"; version = ""; }
    /// ```
    "parseDrvName" (name!1) => parse_drv_name;
    /// `string` with each of the strings in the list `from` replaced by that in the same place of `to`. The search
    /// goes from left to right, never into what was replaced; where several match, the first in the list is taken.
    /// The empty string matches before each byte and at the end. Elements of `to` are evaluated when they are used.
    ///
    /// ```nix
    /// builtins.replaceStrings [ "a" "oa" ] [ "A" "--" ] "a boat at sea"
    /// # => "A b--t At seA"
    /// builtins.replaceStrings [ "" ] [ "." ] "sea"
    /// # => ".s.e.a."
    /// ```
    "replaceStrings" (from!1, to!1, string!1) => replace_strings;
    /// The parts of `string` between the matches of a POSIX extended regular expression, and between each two of them
    /// the list of the match's groups as in `match`. Matches do not overlap; of those that begin at one place the
    /// longest is taken, as the last example shows.
    ///
    /// ```nix
    /// builtins.split "-" "north-east-by-east"
    /// # => [ "north" [ ] "east" [ ] "by" [ ] "east" ]
    /// builtins.split "([0-9])(m)?" "3m or 4"
    /// # => [ "" [ "3" "m" ] " or " [ "4" null ] "" ]
    /// builtins.split "(a)|(ab)" "abab"
    /// # => [ "" [ null "ab" ] "" [ null "ab" ] "" ]
    /// ```
    "split" (regex!1, string!1) => split;
    /// The components that versions are compared by: runs of digits and runs of anything else, where `.` and `-`
    /// separate and are left out.
    ///
    /// ```nix
    /// builtins.splitVersion "1.10-rc2"
    /// # => [ "1" "10" "rc" "2" ]
    /// ```
    "splitVersion" (version!1) => split_version;
    /// The number of bytes of a string, which is not that of its characters. What is no string is coerced as in
    /// interpolation.
    ///
    /// ```nix
    /// map builtins.stringLength [ "tide" "marée" "" ]
    /// # => [ 4 6 0 ]
    /// ```
    "stringLength" (string!1) => string_length;
    /// The bytes of `string` from `start` on, counted from 0, at most `length` of them; all if `length` is negative.
    /// Beyond the end there is nothing. A negative `start` is an error. Characters of more than one byte can be cut.
    /// The context is kept.
    ///
    /// ```nix
    /// [ (builtins.substring 0 3 "harbour") (builtins.substring 3 (-1) "harbour") (builtins.substring 9 1 "harbour") ]
    /// # => [ "har" "bour" "" ]
    /// builtins.substring (-1) 3 "harbour"
    /// # => error[E0407]: cannot begin at -1
    /// ```
    "substring" (start!1, length!1, string!1) => substring;
    /// The path `string` as a string, made shorter where it has `.`, `..` or repeated slashes. It must be absolute.
    /// For a real path, append a string to one: `/. + string`.
    ///
    /// ```nix
    /// builtins.toPath "/harbour/./charts//x/.."
    /// # => "/harbour/charts"
    /// ```
    "toPath" (string!1) => to_path;
    /// `value` as a string: that of a number, `"1"` for `true`, `""` for `false` and `null`, the elements of a list
    /// with blanks between them, the text of a path without copying it to the store, of a set the result of
    /// `__toString` or else `outPath`. See [Coercion to strings](#coercion-to-strings).
    ///
    /// ```nix
    /// map toString [ 7 0.5 true false null ./charts [ 1 [ 2 3 ] "x" ] ]
    /// # => [ "7" "0.500000" "1" "" "" "/harbour/charts" "1 2 3 x" ]
    /// toString { berth = 4; __toString = self: "berth ${toString self.berth}"; }
    /// # => "berth 4"
    /// toString { berth = 4; }
    /// # => error[E0201]: a set
    /// ```
    "toString" (value!1) => to_string;
}

fn to_string<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    Ok(eval.coerce_to_string(value, Coercion::TO_STRING)?.value())
}

fn string_length<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let text = eval.coerce(string, Coercion::INTERPOLATION, &mut ContextSet::default())?;
    Ok(Value::int(eval.heap, text.len() as i64))
}

fn substring<'h>(eval: &mut Eval<'h>, [start, length, string]: [Value<'h>; 3]) -> Result<Value<'h>> {
    let start = eval.force_int(start)?;
    let Ok(start) = usize::try_from(start) else {
        return Err(invalid_argument(format!("a substring cannot begin at {start}")));
    };
    let length = eval.force_int(length)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let mut context = ContextSet::default();
    let text = eval.coerce(string, Coercion::INTERPOLATION, &mut context)?;
    let part = &text[substring_range(text.len(), start, length)];
    Ok(Str::concat(eval.heap, &[part], context.as_slice()))
}

/// Which of `available` bytes `substring` takes.
pub(crate) fn substring_range(available: usize, start: usize, length: usize) -> Range<usize> {
    let from = start.min(available);
    from..from.saturating_add(length).min(available)
}

fn concat_strings_sep<'h>(eval: &mut Eval<'h>, [separator, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let separator = eval.force_string(separator)?;
    let list = eval.force_list(list)?;
    let mut context = ContextSet::default();
    context.add(separator.context());
    let elements = list.elements();
    let (mut strings, mut length) = (0, 0);
    // Mostly all are strings, which the list keeps.
    let other = loop {
        let Some(element) = elements.get(strings) else { break None };
        let element = eval.force_cell(element)?;
        let Some(string) = element.as_string() else { break Some(element) };
        context.add(string.context());
        length += string.bytes().len();
        strings += 1;
    };
    let Some(other) = other else {
        length += separator.bytes().len() * elements.len().saturating_sub(1);
        eval.reserve(length)?;
        let context = context.as_slice();
        let mut writer = Writer::new(eval.heap, length, context);
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                writer.push(separator.bytes());
            }
            writer.push(kept_text(element));
        }
        return Ok(writer.finish());
    };
    let mut texts: Vec<&[u8]> = elements[..strings].iter().map(kept_text).collect();
    texts.push(eval.coerce(other, Coercion::INTERPOLATION, &mut context)?);
    for element in &elements[strings + 1..] {
        let element = eval.force_cell(element)?;
        texts.push(eval.coerce(element, Coercion::INTERPOLATION, &mut context)?);
    }
    let parts: Vec<&[u8]> = texts.into_iter().flat_map(|text| [separator.bytes(), text]).skip(1).collect();
    eval.concat_strings(&parts, &context)
}

/// The text of an element that has been forced and is a string.
fn kept_text<'h>(element: &ValueCell<'h>) -> &'h [u8] {
    known(element.get()).as_string().map_or(&[], Str::bytes)
}

fn replace_strings<'h>(eval: &mut Eval<'h>, [from, to, string]: [Value<'h>; 3]) -> Result<Value<'h>> {
    let from = eval.force_list(from)?;
    let to = eval.force_list(to)?;
    if from.len() != to.len() {
        let message = format!("{} strings cannot be replaced by {}: the lists differ in length", from.len(), to.len());
        return Err(invalid_argument(message));
    }
    let patterns = from.iter().map(|pattern| Ok(eval.force_string(pattern)?.bytes()));
    let patterns: SmallVec<[&[u8]; 8]> = patterns.collect::<Result<_>>()?;
    let string = eval.force_string(string)?;
    let mut context = ContextSet::default();
    context.add(string.context());
    let finder = PatternFinder::new(&patterns);
    let text = string.bytes();
    let Some(mut found) = finder.find(text, 0) else { return Ok(string.value()) };
    let mut replacements: SmallVec<[Option<&'h [u8]>; 8]> = smallvec![None; patterns.len()];
    let mut result = Vec::with_capacity(text.len());
    let mut copied = 0;
    loop {
        let (start, index) = found;
        let replacement = match replacements[index] {
            Some(replacement) => replacement,
            None => {
                let replacement = eval.force_string(to.elements()[index].get())?;
                context.add(replacement.context());
                *replacements[index].insert(replacement.bytes())
            }
        };
        let length = result.len() + (start - copied) + replacement.len();
        if length > result.capacity() {
            eval.reserve(length)?;
        }
        result.extend_from_slice(&text[copied..start]);
        result.extend_from_slice(replacement);
        let at = if patterns[index].is_empty() {
            // The empty string is found between all bytes and at the end.
            result.extend_from_slice(text.get(start..=start).unwrap_or_default());
            start + 1
        } else {
            start + patterns[index].len()
        };
        copied = at.min(text.len());
        found = match finder.find(text, at) {
            Some(found) => found,
            None => break,
        };
    }
    eval.concat_strings(&[&result, &text[copied..]], &context)
}

/// Finds the first of several strings: at the first place where any is, and there the first of the list.
struct PatternFinder<'p> {
    patterns: &'p [&'p [u8]],
    /// For each byte the first pattern that begins with it.
    first: [u32; 256],
    /// For each pattern the next one that begins with the same byte.
    next: SmallVec<[u32; 16]>,
    empty: Option<usize>,
}

/// No pattern.
const NONE: u32 = u32::MAX;

impl<'p> PatternFinder<'p> {
    fn new(patterns: &'p [&'p [u8]]) -> Self {
        let mut first = [NONE; 256];
        let mut next: SmallVec<[u32; 16]> = smallvec![NONE; patterns.len()];
        let empty = patterns.iter().position(|pattern| pattern.is_empty());
        for (index, pattern) in patterns.iter().enumerate().rev() {
            if let Some(&byte) = pattern.first() {
                // A list holds fewer than 2^32 elements.
                next[index] = std::mem::replace(&mut first[usize::from(byte)], index as u32);
            }
        }
        PatternFinder { patterns, first, next, empty }
    }

    /// The first pattern but the empty one that a text begins with.
    fn at_start(&self, text: &[u8]) -> Option<usize> {
        let mut index = self.first[usize::from(*text.first()?)];
        while let Some(pattern) = self.patterns.get(index as usize) {
            // The first byte is known to be the same.
            if pattern.len() == 1 || text.starts_with(pattern) {
                return Some(index as usize);
            }
            index = self.next[index as usize];
        }
        None
    }

    /// Where the first match at or after `from` begins, and which pattern it is.
    fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        if let Some(empty) = self.empty {
            let rest = text.get(from..)?;
            return Some((from, self.at_start(rest).map_or(empty, |found| found.min(empty))));
        }
        let mut start = from;
        loop {
            let rest = text.get(start..)?;
            start += rest.iter().position(|byte| self.first[usize::from(*byte)] != NONE)?;
            if let Some(index) = self.at_start(&text[start..]) {
                return Some((start, index));
            }
            start += 1;
        }
    }
}

impl<'h> Eval<'h> {
    /// A compiled regular expression, remembered by its text.
    fn regex(&mut self, pattern: &'h [u8]) -> Result<&Arc<Regex>> {
        // Strings are never freed, so the same address is the same text.
        let identity = (pattern.as_ptr().addr(), pattern.len());
        if self.caches.last_regex.as_ref().is_none_or(|(last, _)| *last != identity) {
            let regex = self.regex_of_text(pattern)?;
            self.caches.last_regex = Some((identity, regex));
        }
        Ok(&self.caches.last_regex.as_ref().expect("it is there, or was just put there").1)
    }

    fn regex_of_text(&mut self, pattern: &[u8]) -> Result<Arc<Regex>> {
        if let Some(regex) = self.caches.regexes.get(pattern) {
            return Ok(regex.clone());
        }
        match Regex::new(pattern) {
            Ok(regex) => {
                let regex = Arc::new(regex);
                self.caches.regexes.insert(pattern.to_vec(), regex.clone());
                Ok(regex)
            }
            Err(cause) => {
                let is_glob = pattern.first() == Some(&b'*');
                let pattern = String::from_utf8_lossy(pattern);
                let diagnostic = error(Code::InvalidRegex, format!("invalid regular expression '{pattern}': {cause}"));
                Err(if is_glob { diagnostic.hint("'.*' stands for any text") } else { diagnostic })
            }
        }
    }
}

fn groups<'h>(heap: &'h Heap, text: &[u8], captures: &Captures) -> Value<'h> {
    List::build(heap, captures.len(), |index| match &captures[index] {
        Some(range) => Str::plain(heap, &text[range.clone()]),
        None => Value::null(),
    })
}

fn match_regex<'h>(eval: &mut Eval<'h>, [regex, string]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let pattern = eval.force_plain_string(regex)?;
    // A pattern that is none is an error whatever the string is.
    eval.regex(pattern)?;
    let text = eval.force_string(string)?.bytes();
    let heap = eval.heap;
    Ok(match eval.regex(pattern)?.match_whole(text) {
        Some(captures) => groups(heap, text, &captures),
        None => Value::null(),
    })
}

fn split<'h>(eval: &mut Eval<'h>, [regex, string]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let pattern = eval.force_plain_string(regex)?;
    let regex = eval.regex(pattern)?.clone();
    let string = eval.force_string(string)?;
    let text = string.bytes();
    let mut parts = Vec::new();
    let mut end = 0;
    for (range, captures) in regex.matches(text) {
        eval.attend()?;
        parts.push(Str::plain(eval.heap, &text[end..range.start]));
        parts.push(groups(eval.heap, text, &captures));
        end = range.end;
    }
    if parts.is_empty() {
        return Ok(List::from_slice(eval.heap, &[string.value()]));
    }
    parts.push(Str::plain(eval.heap, &text[end..]));
    Ok(List::from_slice(eval.heap, &parts))
}

fn compare_versions<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let left = eval.force_plain_string(left)?;
    let right = eval.force_plain_string(right)?;
    Ok(Value::int(eval.heap, version::compare_versions(left, right) as i64))
}

fn split_version<'h>(eval: &mut Eval<'h>, [version]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let version = eval.force_plain_string(version)?;
    let components: Vec<_> = version::split_version(version).map(|part| Str::plain(eval.heap, part)).collect();
    Ok(List::from_slice(eval.heap, &components))
}

fn parse_drv_name<'h>(eval: &mut Eval<'h>, [name]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let full = eval.force_plain_string(name)?;
    let (name, version) = version::parse_drv_name(full);
    let (name, version) = (Str::plain(eval.heap, name), Str::plain(eval.heap, version));
    Ok(eval.attrs_of([(names::NAME, name), (names::VERSION, version)]))
}

fn base_name_of<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let mut context = ContextSet::default();
    let text = eval.coerce(path, Coercion::PLAIN, &mut context)?;
    Ok(Str::concat(eval.heap, &[path::base_name(text)], context.as_slice()))
}

fn dir_of<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let path = eval.force(path)?;
    if let Kind::Path(text) = path.kind() {
        return Ok(Value::path(eval.heap, path::directory(text)));
    }
    let mut context = ContextSet::default();
    let text = eval.coerce(path, Coercion::PLAIN, &mut context)?;
    Ok(Str::concat(eval.heap, &[path::directory(text)], context.as_slice()))
}

fn to_path<'h>(eval: &mut Eval<'h>, [string]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let mut context = ContextSet::default();
    let text = eval.coerce_to_path(string, &mut context)?;
    Ok(Str::concat(eval.heap, &[text], context.as_slice()))
}
