//! `toJSON` and `fromJSON`.

use super::table::builtins;
use rustc_hash::FxHashMap;

use super::text::float;
use super::text::json::{self, Event};
use crate::diagnostics::{Code, Pos};
use crate::eval::{ContextElement, ContextSet, ErrorExt, Eval, Result, error};
use crate::heap::{Attrs, Kind, List, Str, Symbol, Value};
use crate::program::names;

builtins! {
    /// The value that a JSON text describes. Numbers without fraction and exponent are integers if they fit, else
    /// floats; of equal names in an object the last counts. The text must have no context.
    ///
    /// ```nix
    /// builtins.fromJSON ''{ "boats": ["Heron", null], "depth": 4.0, "full": false }''
    /// # => { boats = [ "Heron" null ]; depth = 4; full = false; }
    /// builtins.fromJSON "{"
    /// # => error[E0600]: JSON
    /// ```
    "fromJSON" (text!1) => from_json;
    /// A value as JSON text, completely evaluated. Names are sorted. A set with `__toString` or else `outPath` is
    /// that string, a path is copied to the store and is its store path, floats have as many digits as it takes to
    /// tell them apart. Functions are an error. The string refers to what the strings in the value refer to.
    ///
    /// ```nix
    /// builtins.toJSON { pier = [ 1 2.5 null ]; boat = { outPath = "/boat"; }; }
    /// # => "{\"boat\":\"/boat\",\"pier\":[1,2.5,null]}"
    /// builtins.toJSON (x: x)
    /// # => error[E0200]: function
    /// ```
    "toJSON" (value!1) => to_json;
}

fn to_json<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let mut text = Vec::new();
    let mut context = ContextSet::default();
    eval.write_json(value, &mut text, &mut context)?;
    eval.concat_strings(&[&text], &context)
}

impl<'h> Eval<'h> {
    /// Writes a value as JSON: without blanks, names sorted.
    pub(crate) fn write_json(&mut self, value: Value<'h>, out: &mut Vec<u8>, context: &mut ContextSet) -> Result<()> {
        if self.is_stack_low() {
            return self.on_new_segment(|eval| eval.write_json(value, out, context));
        }
        let value = self.force(value)?;
        let most = self.settings.max_nesting;
        match value.kind() {
            Kind::Null | Kind::Thunk(_) => out.extend_from_slice(b"null"),
            Kind::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
            Kind::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Kind::Float(value) => out.extend_from_slice(float::float_to_json(value).as_bytes()),
            Kind::String(string) => {
                context.add(string.context());
                write_json_string(string.bytes(), out)?;
            }
            Kind::Path(path) => {
                let copied = self.copy_to_store(path)?;
                write_json_string(self.store.print(&copied).as_bytes(), out)?;
                context.insert(self.contexts.intern(ContextElement::Opaque(copied)));
            }
            Kind::List(list) => {
                self.nested(value.identity(), most, |eval| eval.write_json_list(list, out, context))?;
            }
            Kind::Attrs(attrs) => {
                self.nested(attrs.identity(), most, |eval| eval.write_json_attrs(attrs, out, context))?;
            }
            Kind::Function(_) => {
                let found = self.describe(value);
                return Err(error(Code::TypeMismatch, format!("cannot convert {found} to JSON")));
            }
        }
        Ok(())
    }

    fn write_json_list(&mut self, list: List<'h>, out: &mut Vec<u8>, context: &mut ContextSet) -> Result<()> {
        out.push(b'[');
        for (index, element) in list.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.write_json(element, out, context)
                .frame(Pos::NONE, || format!("while converting the list element {index} to JSON").into())?;
        }
        out.push(b']');
        Ok(())
    }

    fn write_json_attrs(&mut self, attrs: Attrs<'h>, out: &mut Vec<u8>, context: &mut ContextSet) -> Result<()> {
        if attrs.get(names::TO_STRING).is_some() {
            let text = self.coerce(attrs.value(), crate::eval::Coercion::PLAIN, context)?;
            return write_json_string(text, out);
        }
        if let Some(path) = attrs.get(names::OUT_PATH) {
            return self.write_json(path.get(), out, context);
        }
        out.push(b'{');
        for (index, (name, value)) in self.sorted(attrs).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_json_string(self.symbols.bytes(name), out)?;
            out.push(b':');
            self.write_json(value.get(), out, context).map_err(|error| self.in_attribute(error, name, Pos::NONE))?;
        }
        out.push(b'}');
        Ok(())
    }
}

pub(super) fn write_json_string(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    json::write_string(out, text).map_err(|cause| {
        let message = format!("the string \"{}\" cannot be written as JSON: {cause}", String::from_utf8_lossy(text));
        error(Code::InvalidData, message)
    })
}

fn from_json<'h>(eval: &mut Eval<'h>, [text]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let text = eval.force_plain_string(text)?;
    let mut reader = json::Reader::new(text);
    let mut open: Vec<Open<'h>> = Vec::new();
    let mut result = Value::null();
    loop {
        eval.attend()?;
        let event = match reader.next() {
            Ok(Some(event)) => event,
            Ok(None) => return Ok(result),
            Err(cause) => return Err(error(Code::InvalidData, format!("this is not valid JSON: {cause}"))),
        };
        let value = match event {
            Event::Null => Value::null(),
            Event::Bool(value) => Value::bool(value),
            Event::Int(value) => Value::int(eval.heap, value),
            Event::Float(value) => Value::float(eval.heap, value),
            Event::String(text) => Str::plain(eval.heap, text.as_bytes()),
            Event::StartArray => {
                open.push(Open::Array(Vec::new()));
                continue;
            }
            Event::StartObject => {
                open.push(Open::Object(FxHashMap::default(), None));
                continue;
            }
            Event::Key(name) => {
                if let Some(Open::Object(_, key)) = open.last_mut() {
                    *key = Some(eval.symbols.intern(name.as_bytes()));
                }
                continue;
            }
            Event::EndArray | Event::EndObject => match open.pop() {
                Some(Open::Array(elements)) => List::from_slice(eval.heap, &elements),
                Some(Open::Object(attrs, _)) => {
                    eval.attrs_from(attrs.into_iter().map(|(name, value)| (name, Pos::NONE, value)).collect())
                }
                None => Value::null(),
            },
        };
        match open.last_mut() {
            None => result = value,
            Some(Open::Array(elements)) => elements.push(value),
            // Of equal names the last counts.
            Some(Open::Object(attrs, key)) => attrs.extend(key.take().map(|name| (name, value))),
        }
    }
}

/// An array or object that is not closed yet.
enum Open<'h> {
    Array(Vec<Value<'h>>),
    Object(FxHashMap<Symbol, Value<'h>>, Option<Symbol>),
}
