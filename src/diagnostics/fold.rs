//! Finding what repeats in a trace.
//!
//! A recursion leaves the same few frames thousands of times. They are to be shown once, with their number.

use rustc_hash::FxHashMap;

use super::{Gap, TraceFrame};

/// The longest run of frames that is recognised when it repeats.
const LONGEST_PERIOD: usize = 512;
/// For how many lengths it is tried whether a run of frames repeats.
const MOST_TRIED: usize = 4;

/// A part of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    /// The frame with this index.
    Frame(usize),
    /// The last so many frames come so many times more.
    Repetition { frames: usize, times: usize },
    /// So many frames are not known.
    Gap(usize),
}

/// The frames with repetitions folded, in time that is linear in their number.
pub(super) fn fold(frames: &[TraceFrame], gap: Option<Gap>) -> Vec<Item> {
    let folding = Folding::new(frames, gap);
    let mut items = Vec::new();
    let mut is_bridged = false;
    let mut at = 0;
    while at < frames.len() {
        match folding.best_period(at) {
            Some(run) => {
                items.extend((at..at + run.period).map(Item::Frame));
                items.push(Item::Repetition { frames: run.period, times: run.times - 1 });
                at = run.next;
                is_bridged |= run.bridges_gap;
            }
            None => {
                items.push(Item::Frame(at));
                at += 1;
            }
        }
        if let Some(gap) = gap.filter(|gap| gap.after == at && !is_bridged) {
            items.push(Item::Gap(gap.frames));
        }
    }
    items
}

/// A run of frames that repeats.
struct Run {
    period: usize,
    /// How often it stands there.
    times: usize,
    /// The index of the first frame after it.
    next: usize,
    /// Whether it stands for the frames of the gap as well.
    bridges_gap: bool,
}

struct Folding {
    /// Equal frames have equal numbers.
    ids: Vec<u32>,
    /// By index, where the next equal frame is.
    next_equal: Vec<usize>,
    gap: Option<Gap>,
}

impl Folding {
    fn new(frames: &[TraceFrame], gap: Option<Gap>) -> Folding {
        let mut numbers: FxHashMap<&TraceFrame, u32> = FxHashMap::default();
        let mut ids = Vec::with_capacity(frames.len());
        for frame in frames {
            let next = numbers.len() as u32;
            ids.push(*numbers.entry(frame).or_insert(next));
        }
        let mut next_equal = vec![usize::MAX; frames.len()];
        let mut last = vec![usize::MAX; numbers.len()];
        for (index, &id) in ids.iter().enumerate().rev() {
            next_equal[index] = std::mem::replace(&mut last[id as usize], index);
        }
        Folding { ids, next_equal, gap }
    }

    /// The run at an index whose repetitions cover most; nothing if folding would save less than three frames.
    fn best_period(&self, at: usize) -> Option<Run> {
        let end = match self.gap {
            Some(gap) if at < gap.after => gap.after,
            _ => self.ids.len(),
        };
        let mut best: Option<Run> = None;
        let mut most_saved = 2;
        let mut next = self.next_equal[at];
        for _ in 0..MOST_TRIED {
            if next >= end || next - at > LONGEST_PERIOD {
                break;
            }
            let period = next - at;
            // Frames equal to those one period further on extend the repetition.
            let pairs = self.ids[at..end].iter().zip(&self.ids[at + period..end]);
            let equal = pairs.take_while(|(frame, next)| frame == next).count();
            let run = self.run(at, period, at + period + equal);
            let saved = (run.times - 1) * period;
            if saved > most_saved {
                most_saved = saved;
                best = Some(run);
            }
            next = self.next_equal[next];
        }
        best
    }

    /// The run of a period from one index to before another, and on behind the gap if it reaches it.
    fn run(&self, at: usize, period: usize, end: usize) -> Run {
        let whole = |length: usize| (length / period, length % period);
        let (times, rest) = whole(end - at);
        let alone = Run { period, times, next: end - rest, bridges_gap: false };
        let Some(gap) = self.gap.filter(|gap| gap.after == end && times > 1) else { return alone };
        let length = end - at + gap.frames;
        let behind = self.ids[end..].iter().enumerate();
        let known = behind.take_while(|(index, id)| **id == self.ids[at + (length + index) % period]).count();
        let (times, rest) = whole(length + known);
        if known < rest || known == 0 && end < self.ids.len() {
            return alone;
        }
        Run { period, times, next: end + known - rest, bridges_gap: true }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pos;
    use super::*;

    /// A frame for each letter.
    fn frames(letters: &str) -> Vec<TraceFrame> {
        let frame = |letter: char| TraceFrame::new(Pos::NONE, letter.to_string());
        letters.chars().map(frame).collect()
    }

    fn folded(letters: &str, gap: Option<Gap>) -> String {
        let frames = frames(letters);
        let show = |item| match item {
            Item::Frame(index) => frames[index].text.to_string(),
            Item::Repetition { frames, times } => format!("({frames}x{times})"),
            Item::Gap(frames) => format!("<{frames}>"),
        };
        fold(&frames, gap).into_iter().map(show).collect()
    }

    #[test]
    fn repetitions_are_folded() {
        for (letters, expected) in [
            ("", ""),
            ("abc", "abc"),
            ("aaa", "aaa"),
            ("aaaa", "a(1x3)"),
            ("xabababy", "xab(2x2)y"),
            ("aabaabaab", "aab(3x2)"),
            ("abcabc", "abc(3x1)"),
            ("abcabd", "abcabd"),
        ] {
            assert_eq!(folded(letters, None), expected, "{letters}");
        }
    }

    #[test]
    fn a_repetition_goes_on_behind_a_gap() {
        for (letters, after, missing, expected) in [
            ("xabababababy", 7, 100, "xab(2x54)y"),
            ("xababababaz", 7, 101, "xab(2x2)<101>abaz"),
            ("xabababababy", 7, 101, "xab(2x2)<101>ababy"),
            ("abcd", 2, 10, "ab<10>cd"),
            ("aaaaaa", 6, 10, "a(1x15)"),
        ] {
            let gap = Some(Gap { after, frames: missing });
            assert_eq!(folded(letters, gap), expected, "{letters} {after} {missing}");
        }
    }

    #[test]
    fn long_periods_are_found() {
        let period: String = (0..300u32).map(|n| char::from_u32(0x4e00 + n).expect("a character")).collect();
        let text = format!("start{}end", period.repeat(20));
        assert!(folded(&text, None).contains("(300x19)"));
    }

    #[test]
    fn folding_long_traces_is_fast() {
        let deep = "abc".repeat(300_000);
        assert_eq!(folded(&deep, None), "abc(3x299999)");
        let varied: String =
            (0..100_000u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 28) as u8)).collect();
        assert!(fold(&frames(&varied), None).len() > 50_000);
    }
}
