//! What values are called in the program, found in its text.
//!
//! Evaluation knows places and no names. For the message of an error, the files are parsed again, and the definition
//! around a place is looked up.

use std::collections::HashMap;

use super::Eval;
use crate::diagnostics::{FileId, Pos, SourceFile};
use crate::syntax::{self, NodeId, Parse, SyntaxKind};

/// Where something was asked for, by a name.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub(super) pos: Pos,
    /// Bytes; 0 where it is not a name.
    pub(super) length: u32,
}

/// What a value is called in the program, in quotes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) name: String,
    /// Where the name is.
    pub(super) pos: Pos,
}

impl Definition {
    pub(super) fn is_named(&self) -> bool {
        self.name.starts_with('\'')
    }
}

/// A definition whose value is a variable.
pub(super) struct OtherName {
    pub(super) definition: Definition,
    /// The variable.
    pub(super) used: Use,
}

/// So many definitions in a row are followed that are only other names.
const MOST_OTHER_NAMES: usize = 50;

/// Finds definitions in the sources. Each is parsed again, which is done for errors only.
pub(super) struct Definitions<'e, 'h> {
    eval: &'e Eval<'h>,
    files: HashMap<FileId, Parse>,
}

impl<'e, 'h> Definitions<'e, 'h> {
    pub(super) fn new(eval: &'e Eval<'h>) -> Self {
        Definitions { eval, files: HashMap::new() }
    }

    /// The innermost definition around a place.
    pub(super) fn at(&mut self, place: Pos) -> Definition {
        let unnamed = Definition { name: "a value".to_owned(), pos: place };
        let Some(file) = self.eval.sources.file_at(place) else { return unnamed };
        let Some(offset) = file.offset(place) else { return unnamed };
        let parse = self.parse(&file);
        let Some(name) = definition_around(parse, offset as u32) else { return unnamed };
        let range = parse.range(name);
        let text = String::from_utf8_lossy(parse.text(name)).into_owned();
        Definition { name: format!("'{text}'"), pos: file.pos(range.start as usize) }
    }

    /// The definitions `b = c; c = a;` between a use of `b` and the definition that is needed.
    pub(super) fn other_names(&mut self, used: Use, needed: &Definition) -> Vec<OtherName> {
        let mut names = Vec::new();
        let Some(file) = self.eval.sources.file_at(used.pos) else { return names };
        let Some(mut offset) = file.offset(used.pos) else { return names };
        let parse = self.parse(&file);
        while names.len() < MOST_OTHER_NAMES {
            let Some((name, value)) = binding_of_variable(parse, offset as u32) else { break };
            let range = parse.range(name);
            let pos = file.pos(range.start as usize);
            if pos == needed.pos || parse.kind(value) != SyntaxKind::Ident {
                break;
            }
            let text = String::from_utf8_lossy(parse.text(name)).into_owned();
            let range = parse.range(value);
            offset = range.start as usize;
            let used = Use { pos: file.pos(offset), length: range.end - range.start };
            names.push(OtherName { definition: Definition { name: format!("'{text}'"), pos }, used });
        }
        names
    }

    /// What is asked for at a place, and its name in quotes, if it is asked for by name.
    pub(super) fn use_at(&mut self, pos: Pos) -> Option<(Use, Option<String>)> {
        let file = self.eval.sources.file_at(pos)?;
        let start = file.offset(pos)?;
        let parse = self.parse(&file);
        let mut node = parse.root();
        let mut is_called = false;
        // The innermost node that begins here, but no more than the name of a function that is called.
        while let Some(child) = parse.children(node).find(|child| parse.range(*child).contains(&(start as u32))) {
            is_called = parse.kind(node) == SyntaxKind::Apply && parse.children(node).next() == Some(child);
            node = child;
        }
        let range = parse.range(node);
        if range.start != start as u32 {
            return Some((Use { pos, length: 0 }, None));
        }
        let is_name = matches!(parse.kind(node), SyntaxKind::Ident | SyntaxKind::String);
        let text = String::from_utf8_lossy(parse.text(node));
        let name = (is_name && !is_called && !text.contains('\n')).then(|| format!("'{}'", text.trim_matches('"')));
        let length = if is_name { range.end - range.start } else { 0 };
        Some((Use { pos, length }, name))
    }

    fn parse(&mut self, file: &SourceFile) -> &Parse {
        let features = self.eval.settings.features.syntax();
        self.files.entry(file.id()).or_insert_with(|| syntax::parse(file.bytes().clone(), features))
    }
}

/// The name of the innermost binding or argument whose value is around an offset.
fn definition_around(parse: &Parse, offset: u32) -> Option<NodeId> {
    let mut found = None;
    let mut node = parse.root();
    loop {
        let around = |child: &NodeId| parse.range(*child).contains(&offset);
        let Some(child) = parse.children(node).find(around) else { return found };
        let first = parse.children(node).next();
        match parse.kind(node) {
            SyntaxKind::Binding | SyntaxKind::Formal if Some(child) != first => found = first,
            SyntaxKind::Inherit => found = Some(child),
            SyntaxKind::InheritFrom if Some(child) != first => found = Some(child),
            _ => {}
        }
        node = child;
    }
}

/// The binding that defines the variable at an offset: its name and its value. Nothing if it is an argument without a
/// default.
fn binding_of_variable(parse: &Parse, offset: u32) -> Option<(NodeId, NodeId)> {
    let mut around = vec![parse.root()];
    while let Some(&node) = around.last()
        && let Some(child) = parse.children(node).find(|child| parse.range(*child).contains(&offset))
    {
        around.push(child);
    }
    let variable = around.pop().filter(|&node| parse.kind(node) == SyntaxKind::Ident)?;
    let word = parse.text(variable);
    for scope in around.into_iter().rev() {
        let is_scope = match parse.kind(scope) {
            SyntaxKind::LetIn | SyntaxKind::LegacyLet | SyntaxKind::Lambda => true,
            SyntaxKind::AttrSet => parse.is_rec(scope),
            _ => false,
        };
        if !is_scope {
            continue;
        }
        for child in parse.children(scope) {
            let defines = |node: NodeId| parse.text(node) == word;
            match parse.kind(child) {
                SyntaxKind::Binding => {
                    let mut parts = parse.children(child);
                    if let (Some(path), Some(value)) = (parts.next(), parts.next())
                        && defines(path)
                    {
                        return Some((path, value));
                    }
                }
                SyntaxKind::Ident if parse.kind(scope) == SyntaxKind::Lambda && defines(child) => return None,
                SyntaxKind::Formals => {
                    for formal in parse.children(child) {
                        let mut parts = parse.children(formal);
                        match (parts.next(), parts.next()) {
                            (Some(name), default) if defines(name) => return Some((name, default?)),
                            _ if defines(formal) => return None,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }
    None
}
