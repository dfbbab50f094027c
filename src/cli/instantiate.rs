//! Finding the derivations in a value, as `nix-instantiate` does.

use rustc_hash::FxHashSet;

use crate::diagnostics::{Code, Diagnostic};
use crate::{Error, Evaluator, Kind, Result, Value};

/// A derivation found in a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    /// The store path of the derivation.
    pub(super) drv_path: Vec<u8>,
    /// The output that is meant.
    pub(super) output: Vec<u8>,
}

/// The derivations in a value: itself, or those in a list or set, in order; sets in it count if they
/// have `recurseForDerivations = true`. Functions are called with `arguments`.
pub(super) fn derivations(firn: &mut Evaluator, value: &Value, arguments: &Value) -> Result<Vec<Found>> {
    let mut search = Search { firn, arguments, seen: FxHashSet::default(), found: Vec::new() };
    // What is still to be searched, the next at the end: nesting is as deep as the program likes.
    let mut open = vec![Place::Root(value.clone())];
    while let Some(place) = open.pop() {
        let first_child = open.len();
        match place {
            Place::Root(value) => search.container(&value, &mut open)?,
            Place::Member { value, always_recurses } => {
                search.member(&value, always_recurses, &mut open)?;
            }
        }
        open[first_child..].reverse();
    }
    Ok(search.found)
}

/// Whether a value is a set with `type = "derivation"`.
pub(super) fn is_derivation(firn: &mut Evaluator, value: &Value) -> Result<bool> {
    if !matches!(firn.kind(value)?, Kind::Attrs(_)) {
        return Ok(false);
    }
    let Some(kind) = firn.attr(value, "type")? else {
        return Ok(false);
    };
    Ok(matches!(firn.kind(&kind)?, Kind::String(text) if text == b"derivation"))
}

enum Place {
    /// What must be a derivation or hold some.
    Root(Value),
    /// An element of a list or an attribute.
    Member {
        value: Value,
        /// Whether a set need not ask for being searched.
        always_recurses: bool,
    },
}

struct Search<'a> {
    firn: &'a mut Evaluator,
    arguments: &'a Value,
    /// The sets that were found to be derivations.
    seen: FxHashSet<usize>,
    found: Vec<Found>,
}

impl Search<'_> {
    /// A member of a set counts if it is a derivation, or a set that asks for being searched.
    fn member(&mut self, value: &Value, always_recurses: bool, open: &mut Vec<Place>) -> Result<()> {
        if self.derivation(value)? {
            return Ok(());
        }
        if always_recurses {
            return self.container(value, open);
        }
        if matches!(self.firn.kind(value)?, Kind::Attrs(_))
            && let Some(recurse) = self.firn.attr(value, "recurseForDerivations")?
        {
            return match self.firn.kind(&recurse)? {
                Kind::Bool(true) => self.container(value, open),
                Kind::Bool(false) => Ok(()),
                _ => Err(type_error("'recurseForDerivations' must be true or false")),
            };
        }
        Ok(())
    }

    /// A value that must be a derivation, or a set or list to search.
    fn container(&mut self, value: &Value, open: &mut Vec<Place>) -> Result<()> {
        let value = self.firn.auto_call(value, self.arguments)?;
        if self.derivation(&value)? {
            return Ok(());
        }
        match self.firn.kind(&value)? {
            Kind::Attrs(_) => {
                let always_recurses = self.firn.attr(&value, "_combineChannels")?.is_some();
                for name in self.firn.attr_names(&value)? {
                    if is_plain_name(&name)
                        && let Some(value) = self.firn.attr(&value, &name)?
                    {
                        open.push(Place::Member { value, always_recurses });
                    }
                }
                Ok(())
            }
            Kind::List(_) => {
                let elements = self.firn.elements(&value)?.into_iter();
                open.extend(elements.map(|value| Place::Member { value, always_recurses: true }));
                Ok(())
            }
            _ => Err(type_error("the expression is no derivation, nor a set or list of derivations")),
        }
    }

    /// Whether a value is a derivation, which is noted unless that was done before.
    fn derivation(&mut self, value: &Value) -> Result<bool> {
        if !is_derivation(self.firn, value)? {
            return Ok(false);
        }
        let identity = self.firn.identity(value)?;
        if identity.is_none_or(|identity| self.seen.insert(identity)) {
            let found = Found { drv_path: self.string(value, "drvPath")?, output: self.string(value, "outputName")? };
            self.found.push(found);
        }
        Ok(true)
    }

    fn string(&mut self, derivation: &Value, name: &str) -> Result<Vec<u8>> {
        let Some(value) = self.firn.attr(derivation, name)? else {
            return Err(type_error(&format!("a derivation lacks the attribute '{name}'")));
        };
        match self.firn.kind(&value)? {
            Kind::String(text) => Ok(text),
            _ => Err(type_error(&format!("the attribute '{name}' of a derivation is no string"))),
        }
    }
}

/// Whether an attribute name is searched: `[A-Za-z_][A-Za-z0-9-_+]*`.
fn is_plain_name(name: &[u8]) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+');
    name.first().is_some_and(|&first| is_start(first)) && name.iter().all(is_part)
}

fn type_error(message: &str) -> Error {
    Box::new(Diagnostic::error(Code::TypeMismatch, message)).into()
}
