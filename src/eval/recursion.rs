//! Naming the cycle of an infinite recursion.
//!
//! While a value is evaluated that needs itself, nothing is noted. When it is asked for again, that is an error, and as
//! the error goes up, from the place that asked to the evaluation that is going on, it passes everything that waits:
//! thunks, and the variables and attributes by which they were reached. These are noted here. Where the error meets the
//! thunk that it began with, the cycle is closed, and is told: which definition needs which.

use super::definitions::{Definition, Definitions, Use};
use super::{Eval, error};
use crate::diagnostics::{Code, Diagnostic, Label, Pos, TraceFrame};
use crate::heap::{Function, Kind, Suspension, Thunk, Value};
use crate::program::{Expr, Lambda};

/// No more steps than these are noted.
const MOST_STEPS: usize = 20_000;
/// Of so many steps the definitions are looked up.
const MOST_NAMED: usize = 400;
/// So many definitions are named in the message.
const MOST_IN_MESSAGE: usize = 4;

/// A cycle that is not closed yet.
pub(super) enum OpenCycle {
    Thunks(Waiting),
    /// The file that was imported while it was being evaluated, and the files that wait for it.
    Files(Vec<u8>, Vec<String>),
}

/// The thunks that have been met.
pub(super) struct Waiting {
    /// What was asked for while it was being evaluated.
    target: usize,
    /// From the innermost outwards.
    steps: Vec<Step>,
}

/// A thunk that waits for another.
#[derive(Clone, Copy)]
struct Step {
    /// Where it asks for the other, or [`Pos::NONE`].
    used: Pos,
    /// A place in its expression.
    place: Pos,
}

impl<'h> Eval<'h> {
    /// A thunk is asked for that is being evaluated.
    #[cold]
    #[inline(never)]
    pub(super) fn black_hole(&mut self, thunk: Thunk<'h>) -> Box<Diagnostic> {
        let waiting = Waiting { target: thunk.address(), steps: Vec::new() };
        self.open_cycle = Some(OpenCycle::Thunks(waiting));
        error(Code::InfiniteRecursion, "infinite recursion encountered: this value depends on itself")
    }

    /// An infinite recursion passes a thunk that has been waiting. If it began there, it is explained.
    #[cold]
    #[inline(never)]
    pub(super) fn pass_thunk(&mut self, thunk: Thunk<'h>, suspension: Suspension<'h>, error: &mut Diagnostic) {
        let Some(OpenCycle::Thunks(cycle)) = &mut self.open_cycle else { return };
        let step = Step { used: std::mem::take(&mut error.asked_at), place: place_of(suspension) };
        if cycle.steps.len() < MOST_STEPS {
            cycle.steps.push(step);
        }
        if cycle.target == thunk.address()
            && let Some(OpenCycle::Thunks(cycle)) = self.open_cycle.take()
        {
            self.explain(&cycle, error);
            self.remember_explained(error);
        }
    }

    /// From now on, an error is remembered as it has been explained.
    fn remember_explained(&mut self, error: &Diagnostic) {
        let Some(failure) = error.remembered.and_then(|number| self.failures.get_mut(number as usize)) else { return };
        failure.message.clone_from(&error.message);
        failure.primary.clone_from(&error.primary);
        failure.secondary.clone_from(&error.secondary);
        failure.cycle.clone_from(&error.cycle);
    }

    /// A file is imported that is being evaluated.
    #[cold]
    pub(super) fn import_cycle(&mut self, file: &[u8]) -> Box<Diagnostic> {
        self.open_cycle = Some(OpenCycle::Files(file.to_vec(), Vec::new()));
        let file = String::from_utf8_lossy(file);
        let message =
            format!("infinite recursion encountered: the value of '{file}' depends on itself through imports");
        error(Code::InfiniteRecursion, message)
    }

    /// An infinite recursion passes a file that is being evaluated. If it began there, it is explained.
    #[cold]
    pub(super) fn pass_file(&mut self, file: &[u8], error: &mut Diagnostic) {
        let Some(OpenCycle::Files(target, waiting)) = &mut self.open_cycle else { return };
        waiting.push(format!("'{}'", String::from_utf8_lossy(file)));
        if target != file {
            return;
        }
        let mut names = std::mem::take(waiting);
        self.open_cycle = None;
        names.reverse();
        error.message = format!("infinite recursion encountered: {}", in_words(&names, "imports"));
        self.remember_explained(error);
    }

    /// Says which definition needs which.
    fn explain(&self, cycle: &Waiting, error: &mut Diagnostic) {
        let mut links = self.links(cycle);
        let told = self.told(&mut links);
        let names: Vec<String> = told.iter().map(|link| link.definition.name.clone()).collect();
        error.message = format!("infinite recursion encountered: {}", in_words(&names, "needs"));
        let label = |link: &Link| {
            let used = link.used.as_ref()?;
            Some(Label::new(used.pos.span(used.length), link.in_words(" here")))
        };
        let mut labels = told.iter().filter_map(label);
        if let Some(primary) = labels.next() {
            error.primary = Some(primary);
        }
        if told.len() <= MOST_IN_MESSAGE {
            error.secondary.extend(labels);
            self.label_definition(&told, error);
        }
        let frame = |link: &Link| {
            let pos = link.used.map_or(link.definition.pos, |used| used.pos);
            TraceFrame::new(pos, link.in_words(""))
        };
        error.cycle = links.iter().map(frame).collect();
    }

    /// If a value needs itself under another name, where it is defined is worth a label.
    fn label_definition(&self, links: &[Link], error: &mut Diagnostic) {
        let [link] = links else { return };
        let definition = &link.definition;
        if link.alias.is_some() && definition.pos.is_some() {
            let length = definition.name.len().saturating_sub(2) as u32;
            error.secondary.push(Label::new(definition.pos.span(length), "it is defined here"));
        }
    }

    /// The steps of a cycle from its beginning, steps within one definition taken together.
    fn links(&self, cycle: &Waiting) -> Vec<Link> {
        let mut definitions = Definitions::new(self);
        let steps = &cycle.steps[..];
        // The outermost is the target, which the innermost asks for.
        let subjects = steps.iter().rev();
        let named: Vec<Definition> = subjects.clone().take(MOST_NAMED).map(|step| definitions.at(step.place)).collect();
        let mut links: Vec<Link> = Vec::new();
        for (index, (step, definition)) in subjects.zip(&named).enumerate() {
            let needed = &named[(index + 1) % named.len()];
            let is_inside = needed == definition && definition.is_named();
            // Parts of one definition that need each other are of no interest, unless there is nothing else.
            let is_last = index + 1 == named.len() && links.is_empty();
            if is_inside && !is_last {
                continue;
            }
            let mut link =
                Link { definition: definition.clone(), needed: needed.name.clone(), used: None, alias: None };
            let Some((used, word)) = definitions.use_at(step.used) else {
                links.push(link);
                continue;
            };
            link.used = Some(used);
            link.alias = word.filter(|word| *word != needed.name);
            // A definition that is only another name for a variable waits for nothing itself.
            for other in definitions.other_names(used, needed) {
                let next = Link { definition: other.definition, needed: needed.name.clone(), ..link };
                link.needed.clone_from(&next.definition.name);
                link.alias = None;
                links.push(std::mem::replace(&mut link, Link { used: Some(other.used), ..next }));
                link.alias = definitions.use_at(other.used.pos).and_then(|(_, word)| word);
                link.alias = link.alias.filter(|word| *word != needed.name);
            }
            links.push(link);
        }
        links
    }

    /// The links to speak of: those in the user's own files, if there are such. The cycle then begins with the first.
    fn told(&self, links: &mut [Link]) -> Vec<Link> {
        let is_own = |link: &Link| {
            let pos = link.used.map_or(link.definition.pos, |used| used.pos);
            link.definition.is_named() && self.sources.file_at(pos).is_some_and(|file| self.sources.is_own(&file, &[]))
        };
        let Some(first) = links.iter().position(is_own) else { return links.to_vec() };
        links.rotate_left(first);
        let mut own: Vec<Link> = Vec::new();
        for (index, link) in links.iter().enumerate().filter(|(_, link)| is_own(link)) {
            let mut link = link.clone();
            let next = links[index + 1..].iter().find(|next| is_own(next)).unwrap_or(&links[0]);
            if link.needed != next.definition.name {
                link.needed.clone_from(&next.definition.name);
                link.alias = None;
            }
            own.push(link);
        }
        own
    }
}

/// `'a' needs 'b', which needs 'a'`
fn in_words(names: &[String], verb: &str) -> String {
    match names {
        [] => "this value depends on itself".to_owned(),
        [only] => format!("{only} {verb} itself"),
        [first, rest @ ..] => {
            let (named, left_out) = rest.split_at(rest.len().min(MOST_IN_MESSAGE - 1));
            let mut text = first.clone();
            for (index, name) in named.iter().enumerate() {
                let which = if index == 0 { "" } else { ", which" };
                text.push_str(&format!("{which} {verb} {name}"));
            }
            let detour = match left_out.len() {
                0 => String::new(),
                1 => " by way of another".to_owned(),
                more => format!(" by way of {more} others"),
            };
            text.push_str(&format!(", which{detour} {verb} {first}"));
            text
        }
    }
}

/// A definition that needs another.
#[derive(Clone)]
struct Link {
    definition: Definition,
    needed: String,
    used: Option<Use>,
    /// The name by which the other is needed, if it is another than that of its definition.
    alias: Option<String>,
}

impl Link {
    fn in_words(&self, here: &str) -> String {
        // What has no name of its own is called as it is here.
        let (needed, alias) = match &self.alias {
            Some(alias) if !self.needed.starts_with('\'') => (alias, None),
            alias => (&self.needed, alias.as_ref()),
        };
        let needed = if *needed == self.definition.name { "itself" } else { needed };
        match alias {
            Some(alias) => format!("{} needs {needed}{here}, as {alias}", self.definition.name),
            None => format!("{} needs {needed}{here}", self.definition.name),
        }
    }
}

/// A place in what a thunk evaluates.
fn place_of(suspension: Suspension<'_>) -> Pos {
    match suspension {
        Suspension::Code(expr, _) => place_in(expr),
        Suspension::Apply(function, _) => place_in_function(function),
        Suspension::ApplyMany([function, ..]) => place_in_function(function.get()),
        Suspension::Mapped(mapping, _) => place_in_function(mapping.function()),
        _ => Pos::NONE,
    }
}

fn place_in_function(function: Value<'_>) -> Pos {
    match function.kind() {
        Kind::Function(Function::Closure(closure)) => place_in_lambda(closure.lambda()),
        _ => Pos::NONE,
    }
}

fn place_in_lambda(lambda: &Lambda<'_>) -> Pos {
    lambda.positions.first().copied().unwrap_or(Pos::NONE)
}

/// The first place that is known in an expression.
fn place_in<'h>(mut expr: &'h Expr<'h>) -> Pos {
    loop {
        expr = match expr {
            Expr::Local { pos, .. } | Expr::Outer { pos, .. } => return *pos,
            Expr::Far(variable) => return variable.2,
            Expr::Dynamic(variable) => return variable.pos,
            Expr::SelectOne(select) => return select.pos,
            Expr::Update(update) => return update.operands.pos,
            Expr::Select(select) => return select.path.first().map_or(Pos::NONE, |element| element.pos),
            Expr::HasAttr(has) => return has.path.first().map_or(Pos::NONE, |element| element.pos),
            Expr::Call(call) => return call.pos,
            Expr::Lambda(lambda) => return place_in_lambda(lambda),
            Expr::Attrs(attrs) | Expr::RecAttrs(attrs) => return attrs.pos,
            Expr::If(branch) => return branch.pos,
            Expr::Assert(assert) => return assert.pos,
            Expr::Not(not) => return not.pos,
            Expr::And(binary) | Expr::Or(binary) | Expr::Implies(binary) | Expr::Binary(_, binary) => {
                return binary.pos;
            }
            Expr::String(interpolation) | Expr::Path(interpolation) => return interpolation.pos,
            Expr::Let(bindings) => &bindings.get().body,
            Expr::With(with) => &with.get().body,
            Expr::List(list) => match list.elements.slice().first() {
                Some(first) => first,
                None => return Pos::NONE,
            },
            Expr::Later(later) => match later.get().expr() {
                Some(expr) => expr,
                None => return later.start,
            },
            Expr::Const(_) | Expr::Folded(_) => return Pos::NONE,
        };
    }
}
