//! `toXML`.
//!
//! The format is that of `nix-instantiate --eval --xml`, which the Nix manual describes.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use super::table::builtins;
use super::text::float;
use crate::diagnostics::Pos;
use crate::eval::{ContextSet, Eval, Result, known, shown_path};
use crate::heap::{Attrs, Kind, Value};
use crate::program::{Lambda, names};

builtins! {
    /// A value as an XML document, completely evaluated: elements `attrs`, `attr`, `list`, `string`, `int`, `float`,
    /// `bool`, `null`, `path`, `function`, `derivation`. What is in a derivation is written where it first occurs
    /// only.
    ///
    /// ```nix
    /// builtins.toXML { depth = 4; }
    /// # => "<?xml version='1.0' encoding='utf-8'?>\n<expr>\n  <attrs>\n    <attr name=\"depth\">\n      <int value=\"4\" />\n    </attr>\n  </attrs>\n</expr>\n"
    /// ```
    "toXML" (value!1) => to_xml;
}

fn to_xml<'h>(eval: &mut Eval<'h>, [value]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let options = XmlOptions { strict: true, locations: false };
    let mut context = ContextSet::default();
    let text = eval.xml(value, options, &mut context)?;
    eval.concat_strings(&[&text], &context)
}

/// What an XML document shows.
#[derive(Copy, Clone, Debug)]
pub(crate) struct XmlOptions {
    /// Whether everything is evaluated; otherwise a thunk is `<unevaluated />`.
    pub(crate) strict: bool,
    /// Whether attributes and functions say where they are written.
    pub(crate) locations: bool,
}

/// A document that is being written.
struct Writer {
    out: Vec<u8>,
    depth: usize,
    options: XmlOptions,
    /// The derivations that were written in full.
    derivations: FxHashSet<Vec<u8>>,
}

/// The attributes of an element, in the order they are written: sorted by name.
type XmlAttrs<'a> = Vec<(&'static str, Cow<'a, [u8]>)>;

impl Writer {
    fn tag(&mut self, name: &str, attrs: &XmlAttrs<'_>, end: &str) {
        self.out.resize(self.out.len() + 2 * self.depth, b' ');
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        for (name, value) in attrs {
            self.out.extend_from_slice(format!(" {name}=\"").as_bytes());
            self.escape(value);
            self.out.push(b'"');
        }
        self.out.extend_from_slice(end.as_bytes());
    }

    fn escape(&mut self, text: &[u8]) {
        for &byte in text {
            match byte {
                b'"' => self.out.extend_from_slice(b"&quot;"),
                b'<' => self.out.extend_from_slice(b"&lt;"),
                b'>' => self.out.extend_from_slice(b"&gt;"),
                b'&' => self.out.extend_from_slice(b"&amp;"),
                // A reader would turn a line break in an attribute into a blank.
                b'\n' => self.out.extend_from_slice(b"&#xA;"),
                byte => self.out.push(byte),
            }
        }
    }

    fn empty(&mut self, name: &str, attrs: &XmlAttrs<'_>) {
        self.tag(name, attrs, " />\n");
    }

    fn scalar(&mut self, name: &str, value: &[u8]) {
        self.empty(name, &vec![("value", value.into())]);
    }

    fn open(&mut self, name: &str, attrs: &XmlAttrs<'_>) {
        self.tag(name, attrs, ">\n");
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.out.resize(self.out.len() + 2 * self.depth, b' ');
        self.out.extend_from_slice(format!("</{name}>\n").as_bytes());
    }
}

/// Deeper than this, indentation would take more space than anything else.
const MAX_NESTING: u64 = 10_000;

impl<'h> Eval<'h> {
    /// A value as an XML document.
    pub(crate) fn xml(&mut self, value: Value<'h>, options: XmlOptions, context: &mut ContextSet) -> Result<Vec<u8>> {
        let out = b"<?xml version='1.0' encoding='utf-8'?>\n".to_vec();
        let mut writer = Writer { out, depth: 0, options, derivations: FxHashSet::default() };
        writer.open("expr", &Vec::new());
        self.write_xml(value, &mut writer, context)?;
        writer.close("expr");
        Ok(writer.out)
    }

    fn write_xml(&mut self, value: Value<'h>, writer: &mut Writer, context: &mut ContextSet) -> Result<()> {
        if self.is_stack_low() {
            return self.on_new_segment(|eval| eval.write_xml(value, writer, context));
        }
        let value = if writer.options.strict { self.force(value)? } else { known(value) };
        match value.kind() {
            Kind::Thunk(_) => writer.empty("unevaluated", &Vec::new()),
            Kind::Null => writer.empty("null", &Vec::new()),
            Kind::Bool(value) => writer.scalar("bool", if value { b"true" } else { b"false" }),
            Kind::Int(value) => writer.scalar("int", value.to_string().as_bytes()),
            Kind::Float(value) => writer.scalar("float", float::print_float(value).as_bytes()),
            Kind::Path(path) => writer.scalar("path", &shown_path(path)),
            Kind::String(string) => {
                context.add(string.context());
                writer.scalar("string", string.bytes());
            }
            Kind::List(list) => self.nested(value.identity(), MAX_NESTING, |eval| {
                writer.open("list", &Vec::new());
                for element in list.iter() {
                    eval.write_xml(element, writer, context)?;
                }
                writer.close("list");
                Ok(())
            })?,
            Kind::Attrs(attrs) => self.write_xml_set(attrs, writer, context)?,
            Kind::Function(_) => match self.lambda_of(value) {
                Some(lambda) => {
                    let given = value.as_partial().map_or(0, |partial| partial.arguments().len());
                    self.write_xml_function(lambda, given, writer);
                }
                None => writer.empty("unevaluated", &Vec::new()),
            },
        }
        Ok(())
    }

    fn write_xml_set(&mut self, attrs: Attrs<'h>, writer: &mut Writer, context: &mut ContextSet) -> Result<()> {
        if !self.is_derivation(attrs)? {
            writer.open("attrs", &Vec::new());
            self.nested(attrs.identity(), MAX_NESTING, |eval| eval.write_xml_attrs(attrs, writer, context))?;
            writer.close("attrs");
            return Ok(());
        }
        let mut paths: XmlAttrs<'h> = Vec::new();
        for (label, name) in [("drvPath", names::DRV_PATH), ("outPath", names::OUT_PATH)] {
            let Some(cell) = attrs.get(name) else { continue };
            let path = if writer.options.strict { self.force_cell(cell)? } else { known(cell.get()) };
            paths.extend(path.as_string().map(|path| (label, path.bytes().into())));
        }
        writer.open("derivation", &paths);
        let drv_path = paths.first().filter(|(label, _)| *label == "drvPath").map(|(_, path)| path.to_vec());
        if drv_path.is_some_and(|path| !path.is_empty() && writer.derivations.insert(path)) {
            self.nested(attrs.identity(), MAX_NESTING, |eval| eval.write_xml_attrs(attrs, writer, context))?;
        } else {
            writer.empty("repeated", &Vec::new());
        }
        writer.close("derivation");
        Ok(())
    }

    fn write_xml_attrs(&mut self, attrs: Attrs<'h>, writer: &mut Writer, context: &mut ContextSet) -> Result<()> {
        for (name, value) in self.sorted(attrs) {
            let pos = match writer.options.locations {
                true => attrs.find(name).map_or(Pos::NONE, |(_, pos)| pos),
                false => Pos::NONE,
            };
            let mut xml_attrs = self.xml_location(pos);
            xml_attrs.push(("name", self.symbols.bytes(name).into()));
            xml_attrs.sort_by_key(|(name, _)| *name);
            writer.open("attr", &xml_attrs);
            self.write_xml(value.get(), writer, context).map_err(|error| self.in_attribute(error, name, Pos::NONE))?;
            writer.close("attr");
        }
        Ok(())
    }

    fn xml_location(&self, pos: Pos) -> XmlAttrs<'h> {
        let Some((file, line, column)) = self.locate(pos) else { return Vec::new() };
        let mut attrs: XmlAttrs<'h> =
            vec![("column", column.to_string().into_bytes().into()), ("line", line.to_string().into_bytes().into())];
        if self.is_in_file(pos) {
            attrs.push(("path", file.into()));
        }
        attrs
    }

    /// A function by its parameters: those of a curried function that are left.
    fn write_xml_function(&self, lambda: &Lambda<'h>, given: usize, writer: &mut Writer) {
        let location = match writer.options.locations {
            true => self.xml_location(lambda.positions.get(given).copied().unwrap_or(Pos::NONE)),
            false => Vec::new(),
        };
        writer.open("function", &location);
        match (lambda.parameters.get(given), lambda.formals) {
            (Some(&parameter), _) => writer.empty("varpat", &vec![("name", self.symbols.bytes(parameter).into())]),
            (None, Some(formals)) => {
                let mut attrs: XmlAttrs<'h> = Vec::new();
                if formals.has_ellipsis {
                    attrs.push(("ellipsis", b"1"[..].into()));
                }
                attrs.extend(formals.whole_name.map(|name| ("name", self.symbols.bytes(name).into())));
                writer.open("attrspat", &attrs);
                let mut names: Vec<_> = formals.formals.iter().map(|formal| self.symbols.bytes(formal.name)).collect();
                names.sort_unstable();
                for name in names {
                    writer.empty("attr", &vec![("name", name.into())]);
                }
                writer.close("attrspat");
            }
            (None, None) => {}
        }
        writer.close("function");
    }
}
