//! Packed derivations in memory, of which many have long parts in common.
//!
//! Each package of a kind is built by the same script. A long value of a variable is kept once, however many derivations have it.

use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

/// A part with fewer bytes is not worth the reference.
pub(super) const LONG: usize = 300;

/// The long parts of texts.
#[derive(Debug, Default)]
pub(super) struct SharedTexts {
    /// When it grows, no text is hashed again.
    parts: IndexSet<Arc<[u8]>, FxBuildHasher>,
}

/// A text without its long parts, and these.
#[derive(Debug)]
pub(super) struct SharedText {
    own: Box<[u8]>,
    /// Each with the place among the own bytes before which it stands, in order.
    shared: Box<[(u32, Arc<[u8]>)]>,
}

impl SharedTexts {
    /// A text that shares its long parts with those before. They are given in order.
    pub(super) fn share(&mut self, text: &[u8], long: &[Range<usize>]) -> SharedText {
        debug_assert!(long.is_sorted_by(|a, b| a.end <= b.start));
        let shared_length: usize = long.iter().map(Range::len).sum();
        let mut own = Vec::with_capacity(text.len() - shared_length);
        let mut shared: SmallVec<[(u32, Arc<[u8]>); 8]> = SmallVec::new();
        let mut copied = 0;
        for part in long {
            own.extend_from_slice(&text[copied..part.start]);
            copied = part.start;
            let Ok(place) = u32::try_from(own.len()) else { break };
            shared.push((place, self.part(&text[part.clone()])));
            copied = part.end;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_what_they_were() {
        let mut shared = SharedTexts::default();
        let text: Vec<u8> = (0..=255).cycle().take(2_000).collect();
        let parts =
            [vec![], vec![(0, 2_000)], vec![(0, 400)], vec![(10, 400), (400, 800)], vec![(5, 310), (900, 2_000)]];
        for _ in 0..2 {
            for long in &parts {
                let long: Vec<_> = long.iter().map(|&(start, end)| start..end).collect();
                for text in [&text[..], &text[..].repeat(2)] {
                    assert_eq!(shared.share(text, &long).to_bytes(), text);
                }
            }
        }
        assert!(shared.share(&[], &[]).to_bytes().is_empty());
    }

    #[test]
    fn long_parts_are_kept_once() {
        let mut shared = SharedTexts::default();
        let texts = ["a", "b", "c"].map(|name| {
            let text = [name, &"x".repeat(LONG)].concat();
            shared.share(text.as_bytes(), std::slice::from_ref(&(1..text.len())))
        });
        assert_eq!(shared.parts.len(), 1);
        assert!(texts.iter().all(|text| text.own.len() == 1 && Arc::ptr_eq(&text.shared[0].1, &texts[0].shared[0].1)));
        assert_eq!(texts[1].to_bytes(), ["b", &"x".repeat(LONG)].concat().as_bytes());
    }
}
