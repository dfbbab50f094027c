//! Finding all errors of a text, within bounds of time.

use super::SyntaxKind;
use super::parse::GrammarError;
use super::record::{NodeId, Recorder};
use super::recovery::RootParser;

/// The work that finding errors may be, in states of the parser that are copied.
///
/// To recover, the parser tries for each token that it leaves out at each of the constructs that are open whether it
/// can go on there, and copies its stack each time.
const EFFORT: u64 = 1_000_000_000_000;
/// So many states are on the parser's stack for a construct.
const STATES: u64 = 3;

/// Parses a text that has errors, to find them all. `first` is what the parser that knows no recovery said.
pub(super) fn with_recovery(recorder: &mut Recorder<'_>, first: GrammarError) -> NodeId {
    let tokens = recorder.tokens;
    let states = STATES * nesting(&tokens.kinds).max(1);
    let known = EFFORT / (states * states);
    if known < tokens.kinds.len() as u64 {
        recorder.report(separated(first));
        return recorder.node(SyntaxKind::Error, 0, 0, &[]);
    }
    let significant = (0_u32..)
        .zip(&tokens.kinds)
        .filter(|(_, kind)| !kind.is_trivia())
        .map(|(index, &kind)| Ok((index, kind, index + 1)));
    RootParser::new().parse(recorder, significant).unwrap_or_else(|error| {
        recorder.report(error);
        recorder.node(SyntaxKind::Error, 0, 0, &[])
    })
}

/// An error at the first token of a string where it was at the string as a whole.
fn separated(error: GrammarError) -> GrammarError {
    error.map_token(|kind| match kind {
        SyntaxKind::String => SyntaxKind::StringStart,
        SyntaxKind::IndentedString => SyntaxKind::IndentedStart,
        kind => kind,
    })
}

/// How many constructs are open at the same time at most, or somewhat more.
fn nesting(kinds: &[SyntaxKind]) -> u64 {
    /// What is open since a bracket.
    #[derive(Default)]
    struct Level {
        constructs: u64,
        /// How many of them are ended by a semicolon of their own.
        semicolons: u64,
    }
    let mut levels = vec![Level::default()];
    let (mut open, mut most) = (0_u64, 0);
    for kind in kinds {
        let is_inside = levels.len() > 1;
        let level = levels.last_mut().expect("the outermost level stays");
        match kind {
            SyntaxKind::LeftBrace
            | SyntaxKind::LeftBracket
            | SyntaxKind::LeftParen
            | SyntaxKind::InterpolationStart
            | SyntaxKind::StringStart
            | SyntaxKind::IndentedStart => {
                open += 1;
                levels.push(Level::default());
            }
            SyntaxKind::RightBrace
            | SyntaxKind::RightBracket
            | SyntaxKind::RightParen
            | SyntaxKind::StringEnd
            | SyntaxKind::IndentedEnd
                if is_inside =>
            {
                let closed = levels.pop().expect("there are several levels");
                open -= closed.constructs + 1;
            }
            SyntaxKind::Semicolon if level.semicolons > 0 => level.semicolons -= 1,
            SyntaxKind::Semicolon => open -= std::mem::take(&mut level.constructs),
            kind if begins_construct(*kind) => {
                level.constructs += 1;
                level.semicolons += u64::from(matches!(kind, SyntaxKind::WithKeyword | SyntaxKind::AssertKeyword));
                open += 1;
            }
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Whether there is more to come after a token that ends with no bracket.
fn begins_construct(kind: SyntaxKind) -> bool {
    use SyntaxKind as K;
    matches!(
        kind,
        K::IfKeyword | K::ElseKeyword | K::LetKeyword | K::InKeyword | K::WithKeyword | K::AssertKeyword | K::Colon
    ) || matches!(kind, K::Assign | K::OrKeyword | K::Question)
}
