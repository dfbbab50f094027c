//! Where the time goes, by functions of the program: a sampled profile.
//!
//! While a profile is taken, the limit for nested calls is zero, so each call leaves the fast path to note what it calls.
//! Notes are not taken back when a call returns: a note is known to be out of date by its depth. Nothing of this costs
//! evaluations without a profile more than the comparison with that limit, which they need anyway.

use rustc_hash::FxHashMap;

use super::Eval;
use crate::builtins::Builtin;
use crate::program::Lambda;

/// The samples taken so far.
#[derive(Default)]
pub(super) struct Profile<'h> {
    /// The calls that have not returned, and some that have, each with its depth.
    calls: Vec<(u64, Callee<'h>)>,
    /// How often each stack was met, the outermost call first.
    samples: FxHashMap<Vec<Callee<'h>>, u64>,
}

#[derive(Copy, Clone)]
enum Callee<'h> {
    Function(&'h Lambda<'h>),
    Builtin(&'static Builtin),
}

impl Callee<'_> {
    /// Equal for equal callees.
    fn address(self) -> usize {
        match self {
            Callee::Function(lambda) => std::ptr::from_ref(lambda).addr(),
            Callee::Builtin(builtin) => std::ptr::from_ref(builtin).addr(),
        }
    }
}

impl PartialEq for Callee<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Callee<'_> {}

impl std::hash::Hash for Callee<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl<'h> Profile<'h> {
    /// Notes a call of a function at a depth, which counts calls that have not returned.
    pub(super) fn enter(&mut self, depth: u64, lambda: &'h Lambda<'h>) {
        self.leave(depth);
        self.calls.push((depth, Callee::Function(lambda)));
    }

    /// Forgets calls from a depth on.
    fn leave(&mut self, depth: u64) {
        while self.calls.last().is_some_and(|&(noted, _)| noted >= depth) {
            self.calls.pop();
        }
    }

    /// Notes a call of a builtin in a function at a depth; how many notes there were before.
    pub(super) fn enter_builtin(&mut self, depth: u64, builtin: &'static Builtin) -> usize {
        self.leave(depth + 1);
        let before = self.calls.len();
        self.calls.push((depth, Callee::Builtin(builtin)));
        before
    }

    pub(super) fn leave_builtin(&mut self, before: usize) {
        self.calls.truncate(before);
    }

    /// Counts the stack of calls, of which `depth` have not returned.
    pub(super) fn sample(&mut self, depth: u64) {
        self.leave(depth + 1);
        let stack = self.calls.iter().map(|&(_, callee)| callee).collect();
        *self.samples.entry(stack).or_default() += 1;
    }
}

impl<'h> Eval<'h> {
    /// Takes a profile from now on.
    pub(crate) fn start_profile(&mut self) {
        self.profile = Some(Box::default());
        self.call_limit = 0;
    }

    /// Ends the profile and writes it: a line for each stack, `outer;inner count`, as the tools for flame graphs read it
    /// (<https://github.com/brendangregg/FlameGraph>, "folded stacks").
    pub(crate) fn finish_profile(&mut self) -> Vec<u8> {
        self.call_limit = self.settings.max_call_depth;
        let Some(profile) = self.profile.take() else { return Vec::new() };
        let mut names: FxHashMap<usize, String> = FxHashMap::default();
        let mut lines: Vec<String> = Vec::with_capacity(profile.samples.len());
        for (stack, count) in profile.samples {
            let mut line = String::from("(evaluation)");
            for callee in stack {
                line.push(';');
                line.push_str(names.entry(callee.address()).or_insert_with(|| self.profile_name(callee)));
            }
            lines.push(format!("{line} {count}\n"));
        }
        lines.sort_unstable();
        lines.concat().into_bytes()
    }

    fn profile_name(&self, callee: Callee<'h>) -> String {
        let name = match callee {
            Callee::Builtin(builtin) => format!("builtins.{}", builtin.name),
            Callee::Function(lambda) => {
                let name = lambda.name.get().map_or_else(|| "function".to_owned(), |name| self.symbols.text(name));
                let place = lambda.positions.first().and_then(|&pos| self.sources.resolve(pos));
                match place {
                    Some(place) => {
                        let file =
                            self.sources.file(place.file).map_or_else(String::new, |file| file.name().to_string());
                        format!("{name} ({file}:{}:{})", place.line, place.column)
                    }
                    None => name,
                }
            }
        };
        // These separate calls and lines.
        name.replace([';', '\n'], "_")
    }
}
