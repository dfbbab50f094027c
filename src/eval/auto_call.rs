//! Calling a function with the arguments that the command line or an embedder gives.

use super::{AttrList, ErrorExt, Eval, Result, error};
use crate::diagnostics::{Code, Diagnostic, Pos};
use crate::heap::{Attrs, Ref, Symbol, Value};
use crate::program::{Formals, names};

impl<'h> Eval<'h> {
    /// A function with formals is called with those of `arguments` that it names, and with its defaults;
    /// any other value is itself.
    pub(crate) fn auto_call(&mut self, value: Value<'h>, arguments: Attrs<'h>) -> Result<Value<'h>> {
        let mut value = self.force(value)?;
        while let Some(attrs) = value.as_attrs() {
            let Some(functor) = attrs.get(names::FUNCTOR) else { return Ok(value) };
            let functor = self.force_cell(functor)?;
            value = self.call(functor, &[value], Pos::NONE)?;
        }
        let Some(formals) = self.formals_of(value) else { return Ok(value) };
        let mut given = AttrList::new();
        if formals.has_ellipsis {
            // All arguments, as a function with an ellipsis may look at any.
            let (shape, values) = arguments.flatten(self.heap);
            given.extend(shape.names().iter().zip(values).map(|(&name, value)| (name, Pos::NONE, value.get())));
        } else {
            for formal in formals.formals {
                match arguments.get(formal.name) {
                    Some(argument) => given.push((formal.name, Pos::NONE, argument.get())),
                    None if formal.default.is_none() => {
                        let name = self.symbols.text(formal.name);
                        let message =
                            format!("the function at the top needs an argument '{name}', which was not given");
                        let diagnostic = error(Code::MissingArgument, message).or_at(formal.pos);
                        return Err(
                            diagnostic.hint(format!("give it with '--arg {name} EXPR' or '--argstr {name} TEXT'"))
                        );
                    }
                    None => {}
                }
            }
        }
        let argument = self.attrs_from(given);
        self.call(value, &[argument], Pos::NONE)
    }

    /// The formals that a function takes its next argument apart with.
    pub(crate) fn formals_of(&self, function: Value<'h>) -> Option<&'h Formals<'h>> {
        let given = function.as_partial().map_or(0, |partial| partial.arguments().len());
        let lambda = self.lambda_of(function)?;
        // The formals are the last parameter.
        if given + 1 == lambda.arity as usize { lambda.formals.map(Ref::get) } else { None }
    }

    /// The value at an attribute path such as `a.b.0`, calling functions on the way, but not at its end, as
    /// [`auto_call`](Self::auto_call) does.
    pub(crate) fn select_path(
        &mut self,
        value: Value<'h>,
        path: &[Vec<u8>],
        arguments: Attrs<'h>,
    ) -> Result<Value<'h>> {
        let mut value = self.force(value)?;
        for name in path {
            value = self.auto_call(value, arguments)?;
            let index = std::str::from_utf8(name).ok().and_then(|text| text.parse::<usize>().ok());
            value = match (value.as_list(), index) {
                (Some(list), Some(index)) => match list.elements().get(index) {
                    Some(element) => self.force_cell(element)?,
                    None => {
                        let message = format!("list index {index} in the selection path is out of range");
                        return Err(error(Code::IndexOutOfBounds, message));
                    }
                },
                _ => {
                    let attrs = self.expect_attrs(value).hint("the selection path needs a set here")?;
                    let symbol = self.symbols.intern(name);
                    match attrs.get(symbol) {
                        Some(cell) => self.force_attr(cell, symbol, Pos::NONE)?,
                        None => return Err(self.missing_in_path(attrs, symbol, path)),
                    }
                }
            };
        }
        Ok(value)
    }

    fn missing_in_path(&mut self, attrs: Attrs<'h>, name: Symbol, path: &[Vec<u8>]) -> Box<Diagnostic> {
        let path: Vec<_> = path.iter().map(|name| String::from_utf8_lossy(name)).collect();
        let mut diagnostic = self.missing_attribute(attrs, name);
        let name = self.symbols.text(name);
        diagnostic.message = format!("attribute '{name}' in selection path '{}' not found", path.join("."));
        diagnostic
    }
}

/// Splits an attribute path such as `a."b.c".0` into its names.
pub(crate) fn parse_selection(path: &str) -> Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    let mut name = Vec::new();
    let mut is_quoted = false;
    for byte in path.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'.' if !is_quoted => names.push(std::mem::take(&mut name)),
            byte => name.push(byte),
        }
    }
    if is_quoted {
        return Err(error(Code::InvalidArgument, format!("the quotes in the selection path '{path}' are not closed")));
    }
    if !path.is_empty() {
        names.push(name);
    }
    if names.iter().any(Vec::is_empty) {
        return Err(error(Code::InvalidArgument, format!("the selection path '{path}' has an empty name")));
    }
    Ok(names)
}
