//! What an attribute set or `let` binds, after nested attribute paths have been merged.
//!
//! `{ a.b = 1; a = { c = 2; }; }` binds `a` to a set with two names. The rules, odd corners included, are
//! Nix's: a set that is merged into another loses its `rec`, and everything in it sees the scope of
//! the set it joins.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::SymbolTable;
use super::names_in_order::NamesInOrder;
use crate::diagnostics::Pos;
use crate::heap::Symbol;
use crate::syntax::{NodeId, Parse, SyntaxKind};

/// The index of a [`Bindings`] in its [`BindingSets`].
pub(super) type SetId = usize;

/// One set's bindings.
#[derive(Default)]
pub(super) struct Bindings {
    pub(super) is_rec: bool,
    pub(super) entries: Vec<Binding>,
    pub(super) dynamic: Vec<DynamicBinding>,
    /// The expressions of `inherit (source)`.
    pub(super) sources: Vec<NodeId>,
    /// From a name to its entry, once there are many.
    index: FxHashMap<Symbol, usize>,
}

#[derive(Copy, Clone)]
pub(super) struct Binding {
    pub(super) name: Symbol,
    pub(super) pos: Pos,
    pub(super) value: Bound,
}

pub(super) struct DynamicBinding {
    pub(super) name: NodeId,
    pub(super) value: Bound,
    pub(super) pos: Pos,
}

/// What a name is bound to.
#[derive(Copy, Clone)]
pub(super) enum Bound {
    /// `inherit name;`
    Inherited,
    /// `inherit (source) name;`, by the index of the source.
    InheritedFrom(usize),
    Node(NodeId),
    /// A set that attribute paths or merging made.
    Set(SetId),
}

/// A name that is bound twice.
pub(super) struct Duplicate {
    pub(super) path: Vec<Symbol>,
    pub(super) pos: Pos,
    pub(super) first: Pos,
}

/// All merged sets of a file, and what was wrong with them.
#[derive(Default)]
pub(super) struct BindingSets {
    pub(super) sets: Vec<Bindings>,
    pub(super) duplicates: Vec<Duplicate>,
    /// Lists of entries to be used again.
    spare: Vec<Vec<Binding>>,
}

impl BindingSets {
    fn add(&mut self, is_rec: bool) -> SetId {
        let entries = self.spare.pop().unwrap_or_default();
        self.sets.push(Bindings { is_rec, entries, ..Bindings::default() });
        self.sets.len() - 1
    }

    /// Takes back what is not needed any more.
    pub(super) fn discard(&mut self, mut bindings: Bindings) {
        bindings.entries.clear();
        self.spare.push(bindings.entries);
    }
}

const INDEX_FROM: usize = 16;

impl Bindings {
    fn find(&self, name: Symbol) -> Option<usize> {
        if self.entries.len() < INDEX_FROM {
            return self.entries.iter().position(|entry| entry.name == name);
        }
        self.index.get(&name).copied()
    }

    fn push(&mut self, entry: Binding) {
        let at = self.entries.len();
        self.entries.push(entry);
        if self.entries.len() == INDEX_FROM {
            self.index = self.entries.iter().enumerate().map(|(at, entry)| (entry.name, at)).collect();
        } else if self.entries.len() > INDEX_FROM {
            self.index.insert(entry.name, at);
        }
    }
}

/// Reads bindings out of the parser's record.
pub(super) struct Reader<'a, 'h> {
    pub(super) parse: &'a Parse,
    pub(super) names: &'a mut NamesInOrder,
    pub(super) base: Pos,
    pub(super) symbols: &'a mut SymbolTable<'h>,
    pub(super) sets: &'a mut BindingSets,
}

/// An element of an attribute path.
enum Element {
    Static(Symbol),
    Dynamic(NodeId),
}

impl Reader<'_, '_> {
    /// The bindings below `node`: a set, a `let` (whose last child, the body, is not one), an old `let`.
    pub(super) fn read(&mut self, node: NodeId, is_rec: bool) -> SetId {
        let parse = self.parse;
        let set = self.new_set(is_rec);
        for child in parse.children(node) {
            match parse.kind(child) {
                SyntaxKind::Binding => self.binding(set, child),
                SyntaxKind::Inherit => self.inherit(set, child, None),
                SyntaxKind::InheritFrom => {
                    let mut children = parse.children(child);
                    if let Some(source) = children.next() {
                        let sources = &mut self.sets.sets[set].sources;
                        sources.push(source);
                        let index = sources.len() - 1;
                        self.inherit(set, child, Some(index));
                    }
                }
                _ => {}
            }
        }
        set
    }

    fn new_set(&mut self, is_rec: bool) -> SetId {
        self.sets.add(is_rec)
    }

    fn inherit(&mut self, set: SetId, node: NodeId, source: Option<usize>) {
        let parse = self.parse;
        for child in parse.children(node).skip(usize::from(source.is_some())) {
            // The parser reports a dynamic name here.
            let Element::Static(name) = self.element(child) else { continue };
            let pos = self.base.offset(parse.start(child));
            let value = source.map_or(Bound::Inherited, Bound::InheritedFrom);
            match self.sets.sets[set].find(name) {
                Some(at) => self.duplicate(vec![name], pos, set, at),
                None => self.sets.sets[set].push(Binding { name, pos, value }),
            }
        }
    }

    fn binding(&mut self, mut set: SetId, node: NodeId) {
        let parse = self.parse;
        let mut children = parse.children(node);
        let (Some(path), Some(value)) = (children.next(), children.next()) else { return };
        let pos = self.base.offset(parse.start(path));
        let mut elements = parse.children(path).peekable();
        let mut seen = SmallVec::<[Symbol; 4]>::new();
        while let Some(node) = elements.next() {
            let is_last = elements.peek().is_none();
            match self.element(node) {
                Element::Static(name) => {
                    seen.push(name);
                    if is_last {
                        self.insert(set, &seen, Binding { name, pos, value: Bound::Node(value) });
                    } else {
                        match self.nested(set, &seen, name, pos) {
                            Some(nested) => set = nested,
                            None => return,
                        }
                    }
                }
                Element::Dynamic(name) => {
                    let value = if is_last { Bound::Node(value) } else { Bound::Set(self.new_set(false)) };
                    self.sets.sets[set].dynamic.push(DynamicBinding { name, value, pos });
                    if let Bound::Set(nested) = value {
                        set = nested;
                    }
                }
            }
        }
    }

    /// The set called `name` in `set`, which attribute paths may add to; made if there is none.
    fn nested(&mut self, set: SetId, path: &[Symbol], name: Symbol, pos: Pos) -> Option<SetId> {
        let Some(at) = self.sets.sets[set].find(name) else {
            let nested = self.new_set(false);
            self.sets.sets[set].push(Binding { name, pos, value: Bound::Set(nested) });
            return Some(nested);
        };
        let nested = self.as_set(set, at);
        if nested.is_none() {
            self.duplicate(path.to_vec(), pos, set, at);
        }
        nested
    }

    /// The value of an entry as a set that can be added to, if it is one.
    fn as_set(&mut self, set: SetId, at: usize) -> Option<SetId> {
        match self.sets.sets[set].entries[at].value {
            Bound::Set(nested) => Some(nested),
            Bound::Node(node) => {
                let nested = self.set_literal(node)?;
                self.sets.sets[set].entries[at].value = Bound::Set(nested);
                Some(nested)
            }
            Bound::Inherited | Bound::InheritedFrom(_) => None,
        }
    }

    /// Reads `node` if it is a set literal, perhaps in parentheses.
    fn set_literal(&mut self, mut node: NodeId) -> Option<SetId> {
        let parse = self.parse;
        while parse.kind(node) == SyntaxKind::Paren {
            node = parse.children(node).next()?;
        }
        (parse.kind(node) == SyntaxKind::AttrSet).then(|| self.read(node, parse.is_rec(node)))
    }

    /// Adds an entry, or merges it with one of the same name when both are sets. `path` leads to it.
    fn insert(&mut self, set: SetId, path: &[Symbol], entry: Binding) {
        if self.sets.sets[set].find(entry.name).is_none() {
            return self.sets.sets[set].push(entry);
        }
        let mut pending = vec![(set, path.to_vec(), entry)];
        while let Some((set, path, entry)) = pending.pop() {
            let Some(at) = self.sets.sets[set].find(entry.name) else {
                self.sets.sets[set].push(entry);
                continue;
            };
            let added = match entry.value {
                Bound::Node(node) => self.set_literal(node),
                Bound::Set(added) => Some(added),
                Bound::Inherited | Bound::InheritedFrom(_) => None,
            };
            match added.and_then(|added| Some((added, self.as_set(set, at)?))) {
                Some((added, target)) => self.merge(target, added, &path, &mut pending),
                None => self.duplicate(path, entry.pos, set, at),
            }
        }
    }

    /// Moves everything bound in `added` to `target`; names are left in `pending` for [`insert`](Self::insert).
    fn merge(
        &mut self,
        target: SetId,
        added: SetId,
        path: &[Symbol],
        pending: &mut Vec<(SetId, Vec<Symbol>, Binding)>,
    ) {
        let added = std::mem::take(&mut self.sets.sets[added]);
        let first_source = self.sets.sets[target].sources.len();
        // The last one pushed is inserted first.
        for mut entry in added.entries.into_iter().rev() {
            if let Bound::InheritedFrom(source) = &mut entry.value {
                *source += first_source;
            }
            let path = path.iter().copied().chain([entry.name]).collect();
            pending.push((target, path, entry));
        }
        let target = &mut self.sets.sets[target];
        target.sources.extend(added.sources);
        target.dynamic.extend(added.dynamic);
    }

    fn duplicate(&mut self, path: Vec<Symbol>, pos: Pos, set: SetId, at: usize) {
        let first = self.sets.sets[set].entries[at].pos;
        self.sets.duplicates.push(Duplicate { path, pos, first });
    }

    /// An element of an attribute path. `"text"` and `${"text"}` are as static as `text`.
    fn element(&mut self, node: NodeId) -> Element {
        match self.names.attribute(self.parse, node, self.symbols) {
            Some(name) => Element::Static(name),
            None => Element::Dynamic(node),
        }
    }
}
