//! What names mean, as far as the text alone tells.

use super::text::Text;
use crate::syntax::{BinaryOperator, NodeId, SyntaxKind};

/// So many steps are gone from a name to its value.
const MOST_STEPS: usize = 32;

/// Where a variable is defined.
#[derive(Clone, Copy)]
pub(super) struct Definition {
    /// The name in the definition.
    pub(super) name: NodeId,
    pub(super) means: Means,
    /// What the variable can be used in.
    pub(super) scope: NodeId,
}

/// What a defined variable stands for.
#[derive(Clone, Copy)]
pub(super) enum Means {
    /// An expression.
    Value(NodeId),
    /// An attribute of what an expression results in.
    Inherited(NodeId),
    /// A parameter of the function that is the scope, or one of its formals.
    Parameter,
    /// All formals of the function that is the scope.
    Formals,
    /// A set that is written in several parts.
    Parts,
}

impl Text {
    /// Where the variable is defined that a name at this node means, if it is not a global one or one of a `with`.
    pub(super) fn definition(&self, node: NodeId, name: &[u8]) -> Option<Definition> {
        let mut inherited_in = None;
        for scope in self.ancestors(node) {
            match self.kind(scope) {
                // `inherit name;` means the variable outside of the set or `let` that it is in.
                SyntaxKind::Inherit => inherited_in = self.parent(scope),
                SyntaxKind::LetIn | SyntaxKind::LegacyLet if inherited_in != Some(scope) => {
                    if let Some((name, means)) = self.binding(scope, name) {
                        return Some(Definition { name, means, scope });
                    }
                }
                SyntaxKind::AttrSet if self.parse().is_rec(scope) && inherited_in != Some(scope) => {
                    if let Some((name, means)) = self.binding(scope, name) {
                        return Some(Definition { name, means, scope });
                    }
                }
                SyntaxKind::Lambda => {
                    if let Some(found) = self.parameter(scope, name) {
                        return Some(found);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn parameter(&self, lambda: NodeId, name: &[u8]) -> Option<Definition> {
        let parameter = self.child(lambda, 0)?;
        if self.kind(parameter) == SyntaxKind::Ident {
            let found = Definition { name: parameter, means: Means::Parameter, scope: lambda };
            return (self.bytes(parameter) == name).then_some(found);
        }
        self.children(parameter).find_map(|child| {
            let (ident, means) = match self.kind(child) {
                SyntaxKind::Formal => (self.child(child, 0)?, Means::Parameter),
                _ => (child, Means::Formals),
            };
            (self.bytes(ident) == name).then_some(Definition { name: ident, means, scope: lambda })
        })
    }

    /// What a set or `let` binds a name to.
    pub(super) fn binding(&self, set: NodeId, name: &[u8]) -> Option<(NodeId, Means)> {
        self.children(set).find_map(|child| match self.kind(child) {
            SyntaxKind::Binding => {
                let mut path = self.children(self.child(child, 0)?);
                let first = path.next()?;
                let means = match path.next() {
                    None => Means::Value(self.child(child, 1)?),
                    Some(_) => Means::Parts,
                };
                (self.name(first)? == name).then_some((first, means))
            }
            SyntaxKind::Inherit => {
                let found = self.children(child).find(|&one| self.name(one) == Some(name))?;
                Some((found, Means::Value(found)))
            }
            SyntaxKind::InheritFrom => {
                let source = self.child(child, 0)?;
                let found = self.children(child).skip(1).find(|&one| self.name(one) == Some(name))?;
                Some((found, Means::Inherited(source)))
            }
            _ => None,
        })
    }

    /// The expression that an expression has its value from, and the name last on the way to it.
    pub(super) fn origin(&self, node: NodeId) -> (NodeId, Option<Definition>) {
        let mut node = self.bare(node);
        let mut last = None;
        for _ in 0..MOST_STEPS {
            let Some((next, definition)) = self.step(node) else { break };
            last = definition.or(last);
            match next {
                Some(next) => node = self.bare(next),
                None => break,
            }
        }
        (node, last)
    }

    /// One step towards where a value is written: the expression it comes from, if that can be told, and the definition.
    fn step(&self, node: NodeId) -> Option<(Option<NodeId>, Option<Definition>)> {
        match self.kind(node) {
            SyntaxKind::Ident => {
                let found = self.definition(node, self.bytes(node))?;
                let next = match found.means {
                    Means::Value(value) => Some(value),
                    Means::Inherited(source) => {
                        let name = self.name(found.name)?;
                        match self.attribute(source, name) {
                            Some((attribute, value)) => {
                                let found = Definition { name: attribute, ..found };
                                return Some((value, Some(found)));
                            }
                            None => None,
                        }
                    }
                    Means::Parameter | Means::Formals | Means::Parts => None,
                };
                Some((next, Some(found)))
            }
            SyntaxKind::Select if self.child(node, 2).is_none() => {
                let mut subject = self.child(node, 0)?;
                let mut found = None;
                for element in self.children(self.child(node, 1)?) {
                    let (name, value) = self.attribute(subject, self.name(element)?)?;
                    found = Some(Definition { name, means: Means::Parts, scope: node });
                    subject = value?;
                }
                Some((Some(subject), found))
            }
            SyntaxKind::LetIn | SyntaxKind::With | SyntaxKind::Assert => Some((self.children(node).last(), None)),
            _ => None,
        }
    }

    /// The attribute of a set that an expression is, if the set is written in this text: its name and its value.
    pub(super) fn attribute(&self, set: NodeId, name: &[u8]) -> Option<(NodeId, Option<NodeId>)> {
        let mut set = self.bare(set);
        for _ in 0..MOST_STEPS {
            match self.kind(set) {
                SyntaxKind::AttrSet => {
                    let (found, means) = self.binding(set, name)?;
                    let value = match means {
                        Means::Value(value) => Some(value),
                        _ => None,
                    };
                    return Some((found, value));
                }
                SyntaxKind::Binary if self.parse().binary_op(set) == BinaryOperator::Update => {
                    let (left, right) = (self.child(set, 0)?, self.child(set, 1)?);
                    let right = self.bare(right);
                    let in_right = match self.kind(right) {
                        SyntaxKind::AttrSet => self.binding(right, name).is_some(),
                        // What is not written here may have the attribute or not.
                        _ => return None,
                    };
                    set = if in_right { right } else { self.bare(left) };
                }
                SyntaxKind::Ident => match self.definition(set, self.bytes(set))?.means {
                    Means::Value(value) => set = self.bare(value),
                    _ => return None,
                },
                SyntaxKind::LetIn | SyntaxKind::With | SyntaxKind::Assert => {
                    set = self.bare(self.children(set).last()?);
                }
                _ => return None,
            }
        }
        None
    }
}
