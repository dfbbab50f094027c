//! Packed derivations in memory, of which many have long parts in common.
//!
//! Each package that is fetched lists the same variables, each of a kind is built by the same script. A long part that stands
//! between two quotes is kept once, however many texts have it.

use std::sync::Arc;

use memchr::{memchr, memrchr};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// A part with fewer bytes is not worth the reference.
const LONG: usize = 300;

/// The long parts of texts.
#[derive(Debug, Default)]
pub(super) struct SharedTexts {
    parts: FxHashSet<Arc<[u8]>>,
}

/// A text without its long parts, and these.
#[derive(Debug)]
pub(super) struct SharedText {
    own: Box<[u8]>,
    /// Each with the place among the own bytes before which it stands, in order.
    shared: Box<[(u32, Arc<[u8]>)]>,
}

impl SharedTexts {
    /// A text that shares its long parts with those before.
    pub(super) fn share(&mut self, text: &[u8]) -> SharedText {
        let mut own = Vec::new();
        let mut shared: SmallVec<[(u32, Arc<[u8]>); 8]> = SmallVec::new();
        let mut copied = 0;
        let mut from = 0;
        while let Some((start, end)) = long_part(text, from) {
            if shared.is_empty() {
                // As much as there will be, if it is the only one.
                own.reserve_exact(text.len() - (end - start));
            }
            own.extend_from_slice(&text[copied..start]);
            copied = start;
            let Ok(place) = u32::try_from(own.len()) else { break };
            shared.push((place, self.part(&text[start..end])));
            (copied, from) = (end, end);
        }
        if shared.is_empty() {
            return SharedText { own: text.into(), shared: Box::default() };
        }
        own.extend_from_slice(&text[copied..]);
        SharedText { own: own.into_boxed_slice(), shared: shared.into_boxed_slice() }
    }

    fn part(&mut self, part: &[u8]) -> Arc<[u8]> {
        if let Some(known) = self.parts.get(part) {
            return known.clone();
        }
        let part: Arc<[u8]> = part.into();
        self.parts.insert(part.clone());
        part
    }
}

impl SharedText {
    /// All bytes of the text.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let shared: usize = self.shared.iter().map(|(_, part)| part.len()).sum();
        let mut text = Vec::with_capacity(self.own.len() + shared);
        let mut copied = 0;
        for (place, part) in &self.shared {
            let place = *place as usize;
            text.extend_from_slice(&self.own[copied..place]);
            text.extend_from_slice(part);
            copied = place;
        }
        text.extend_from_slice(&self.own[copied..]);
        text
    }
}

/// Where the first long part at or behind `from` begins and ends. One look for the last quote in so many bytes passes over many
/// short ones.
fn long_part(text: &[u8], mut from: usize) -> Option<(usize, usize)> {
    loop {
        let window = text.get(from..from + LONG)?;
        match memrchr(b'"', window) {
            Some(quote) => from += quote + 1,
            None => {
                let rest = from + LONG;
                return Some((from, memchr(b'"', &text[rest..]).map_or(text.len(), |quote| rest + quote)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_they_were() {
        let long = |byte: u8, length: usize| vec![byte; length];
        let quote = b"\"".to_vec();
        let mut texts = vec![Vec::new(), quote.clone()];
        for length in [LONG - 1, LONG, LONG + 1, 3 * LONG] {
            for parts in [
                vec![long(b'a', length)],
                vec![quote.clone(), long(b'a', length), quote.clone()],
                vec![long(b'b', 10), quote.clone(), long(b'a', length), quote.clone(), long(b'a', length)],
                vec![
                    long(b'b', length),
                    quote.clone(),
                    quote.clone(),
                    long(b'a', length),
                    quote.clone(),
                    long(b'c', 5),
                ],
            ] {
                texts.push(parts.concat());
            }
        }
        let mut shared = SharedTexts::default();
        for text in texts.iter().chain(&texts) {
            assert_eq!(&shared.share(text).to_bytes(), text);
        }
    }

    #[test]
    fn long_parts_are_kept_once() {
        let mut shared = SharedTexts::default();
        let text = |name: &str| format!("(\"name\",\"{name}\"),(\"script\",\"{}\")", "x".repeat(LONG));
        let texts = ["a", "b", "c"].map(|name| shared.share(text(name).as_bytes()));
        assert_eq!(shared.parts.len(), 1);
        assert!(texts.iter().all(|text| text.own.len() < 40 && Arc::ptr_eq(&text.shared[0].1, &texts[0].shared[0].1)));
        assert_eq!(texts[1].to_bytes(), text("b").as_bytes());
    }
}
