use std::fmt;
use std::ops::Range;

use super::append::append;

/// The variables that a builder gets, in the order of their names. Names and values are bytes.
///
/// All of them are in one buffer, so a derivation with many variables needs few allocations. What is replaced stays in
/// it, unseen, until the whole is dropped.
///
/// ```
/// use firn::store::Environment;
///
/// let mut env = Environment::from_iter([("system", "any"), ("name", "x")]);
/// env.insert("name", "y");
/// assert_eq!(env.get("name"), Some(b"y".as_slice()));
/// let names: Vec<&[u8]> = env.iter().map(|(name, _)| name).collect();
/// assert_eq!(names, [b"name".as_slice(), b"system"]);
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    bytes: Vec<u8>,
    variables: Vec<Variable>,
}

/// Where name and value of a variable are.
#[derive(Clone)]
struct Variable {
    name: Range<usize>,
    value: Range<usize>,
}

impl Environment {
    /// No variables, with room for so many, and for so many bytes of names and values.
    pub fn with_capacity(variables: usize, bytes: usize) -> Environment {
        Environment { bytes: Vec::with_capacity(bytes), variables: Vec::with_capacity(variables) }
    }

    /// Adds a variable, or replaces its value. In ascending order of names this takes constant time; for many in another
    /// order, collect them.
    pub fn insert(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        let name = name.as_ref();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value.as_ref());
        self.set(self.find(name), name, start..self.bytes.len());
    }

    /// Adds a variable whose name comes after all that are there, with a value that `write` appends to the bytes, and gives the value.
    /// After an error there is no new variable.
    pub(crate) fn push_with<Error>(
        &mut self,
        name: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<&[u8], Error> {
        debug_assert_eq!(self.find(name), Err(self.variables.len()), "the names come in order");
        let start = self.bytes.len();
        write(&mut self.bytes)?;
        let value = start..self.bytes.len();
        self.set(Err(self.variables.len()), name, value.clone());
        Ok(&self.bytes[value])
    }

    /// Gives a variable the value of these parts, which it may have already, if it is missing or empty. Otherwise it stays, and its
    /// value is the error.
    pub(super) fn fill(&mut self, name: &[u8], parts: &[&[u8]]) -> Result<(), &[u8]> {
        let place = self.find(name);
        if let Ok(index) = place {
            let value = self.variables[index].value.clone();
            if !value.is_empty() {
                let value = &self.bytes[value];
                return if value == parts.concat() { Ok(()) } else { Err(value) };
            }
        }
        let start = self.bytes.len();
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        self.set(place, name, start..self.bytes.len());
        Ok(())
    }

    /// The value of a variable.
    pub fn get(&self, name: impl AsRef<[u8]>) -> Option<&[u8]> {
        let index = self.find(name.as_ref()).ok()?;
        Some(&self.bytes[self.variables[index].value.clone()])
    }

    /// How many variables there are.
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// Whether there are no variables.
    pub fn is_empty(&self) -> bool {
        self.variables.is_empty()
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.variables.iter().map(|variable| (&self.bytes[variable.name.clone()], &self.bytes[variable.value.clone()]))
    }

    /// Takes all variables away, and keeps the memory for others.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.variables.clear();
    }

    /// All names and values, with what has been replaced.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same to append something, which is no variable. What is there stays.
    pub(super) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Where names and values are among the bytes, in the order of the names.
    pub(super) fn places(&self) -> impl ExactSizeIterator<Item = (Range<usize>, Range<usize>)> {
        self.variables.iter().map(|variable| (variable.name.clone(), variable.value.clone()))
    }

    /// How long all names and values are together, with what has been replaced.
    pub(super) fn bytes_len(&self) -> usize {
        self.bytes.len()
    }

    /// The index of a variable, or where it would be.
    fn find(&self, name: &[u8]) -> Result<usize, usize> {
        match self.variables.last() {
            Some(last) if self.bytes[last.name.clone()] < *name => Err(self.variables.len()),
            _ => self.variables.binary_search_by(|variable| self.bytes[variable.name.clone()].cmp(name)),
        }
    }

    /// Gives a variable a value that has been written. `place` is what [`find`](Environment::find) tells for its name.
    fn set(&mut self, place: Result<usize, usize>, name: &[u8], value: Range<usize>) {
        match place {
            Ok(index) => self.variables[index].value = value,
            Err(index) => {
                let start = self.bytes.len();
                append(&mut self.bytes, name);
                self.variables.insert(index, Variable { name: start..self.bytes.len(), value });
            }
        }
    }
}

/// Of several values for a name, the last one counts.
impl<Name: AsRef<[u8]>, Value: AsRef<[u8]>> FromIterator<(Name, Value)> for Environment {
    fn from_iter<Variables: IntoIterator<Item = (Name, Value)>>(variables: Variables) -> Environment {
        let mut variables: Vec<(Name, Value)> = variables.into_iter().collect();
        variables.sort_by(|(a, _), (b, _)| a.as_ref().cmp(b.as_ref()));
        let mut env = Environment::default();
        for (name, value) in variables {
            env.insert(name, value);
        }
        env
    }
}

impl PartialEq for Environment {
    fn eq(&self, other: &Environment) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Environment {}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes);
        f.debug_map().entries(self.iter().map(|(name, value)| (text(name), text(value)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_in_order_and_the_last_value_counts() {
        let env = Environment::from_iter([("b", "1"), ("a", "2"), ("c", "3"), ("a", "4")]);
        assert_eq!(format!("{env:?}"), r#"{"a": "4", "b": "1", "c": "3"}"#);
        let mut other = Environment::default();
        for (name, value) in [("c", "0"), ("a", "4"), ("b", "1"), ("c", "3")] {
            other.insert(name, value);
        }
        assert_eq!(env, other);
        assert_eq!((env.len(), env.get("b"), env.get("d")), (3, Some(b"1".as_slice()), None));
        other.insert("b", "");
        assert_ne!(env, other);
    }
}
