//! Attribute sets and the arguments of functions.

use rustc_hash::FxHashMap;

use super::table::builtins;
use crate::diagnostics::{Code, Pos};
use crate::eval::{AttrList, Eval, Result, error};
use crate::heap::{Attrs, Kind, List, Symbol, Thunk, Value};
use crate::program::names;

builtins! {
    /// The names of the attributes of `set`, in the order of their bytes. The values are not evaluated.
    ///
    /// ```nix
    /// builtins.attrNames { width = 3; Length = 12; draught = throw "not evaluated"; }
    /// # => [ "Length" "draught" "width" ]
    /// ```
    "attrNames" (set!1) => attr_names;
    /// The values of the attributes of `set`, in the order of the sorted names.
    ///
    /// ```nix
    /// builtins.attrValues { width = 3; length = 12; }
    /// # => [ 12 3 ]
    /// ```
    "attrValues" (set!1) => attr_values;
    /// The values of the attribute `name` of all sets in `list` that have it.
    ///
    /// ```nix
    /// builtins.catAttrs "sail" [ { sail = "jib"; } { oars = 2; } { sail = "lug"; } ]
    /// # => [ "jib" "lug" ]
    /// ```
    "catAttrs" (name!1, list!1) => cat_attrs;
    /// The formal parameters of `function`: a set of their names, each `true` if it has a default. Of a function that
    /// takes no set, and of a builtin, it is empty. Sets with `__functor` are not accepted.
    ///
    /// ```nix
    /// builtins.functionArgs ({ name, berth ? 1, ... }: name)
    /// # => { berth = true; name = false; }
    /// builtins.functionArgs (name: name)
    /// # => { }
    /// ```
    "functionArgs" (function!1) => function_args;
    /// The attribute `name` of `set`, like `set.${name}`.
    ///
    /// ```nix
    /// builtins.getAttr "sail" { sail = "jib"; }
    /// # => "jib"
    /// builtins.getAttr "mast" { sail = "jib"; }
    /// # => error[E0300]: mast
    /// ```
    "getAttr" (name!1, set!1) => get_attr;
    /// Whether `set` has an attribute `name`, like `set ? ${name}`, but `set` must be one. The attribute is not
    /// evaluated.
    ///
    /// ```nix
    /// builtins.hasAttr "sail" { sail = throw "not evaluated"; }
    /// # => true
    /// ```
    "hasAttr" (name!1, set!1) => has_attr;
    /// The attributes of `right` whose names `left` has as well. Values are not evaluated.
    ///
    /// ```nix
    /// builtins.intersectAttrs { berth = null; sail = null; } { berth = 4; oars = 2; }
    /// # => { berth = 4; }
    /// ```
    "intersectAttrs" (left!1, right!1) => intersect_attrs;
    /// The set that a list of `{ name = ...; value = ...; }` describes. Of equal names the first counts. The values
    /// are not evaluated.
    ///
    /// ```nix
    /// builtins.listToAttrs [
    ///   { name = "Heron"; value = 4; }
    ///   { name = "Tern"; value = 7; }
    ///   { name = "Heron"; value = throw "not used"; }
    /// ]
    /// # => { Heron = 4; Tern = 7; }
    /// ```
    "listToAttrs" (list!1) => list_to_attrs;
    /// The set of what `function` returns for the name and the value of each attribute of `set`. The calls are made
    /// when the values are needed.
    ///
    /// ```nix
    /// builtins.mapAttrs (name: berth: "${name} at ${toString berth}") { Heron = 4; Tern = 7; }
    /// # => { Heron = "Heron at 4"; Tern = "Tern at 7"; }
    /// ```
    "mapAttrs" (function, set!1) => map_attrs;
    /// `set` without the attributes named in the list `names`. Names that it does not have are ignored.
    ///
    /// ```nix
    /// removeAttrs { sail = "jib"; oars = 2; } [ "oars" "wheels" ]
    /// # => { sail = "jib"; }
    /// ```
    "removeAttrs" (set!1, names!1) => remove_attrs;
    /// Where the attribute `name` of `set` was written: a set with `file`, `line` and `column`, or `null` if that is
    /// not known. Two evaluations of the same values may differ in it, so do not let results depend on it.
    ///
    /// ```nix
    /// (builtins.unsafeGetAttrPos "depth" (import ./charts/north.nix)).column
    /// # => 3
    /// builtins.unsafeGetAttrPos "depth" { }
    /// # => null
    /// ```
    "unsafeGetAttrPos" (name!1, set!1) => unsafe_get_attr_pos;
    /// For each name in the sets of `list`, what `function` returns for the name and the list of its values. The
    /// calls are made when the values are needed.
    ///
    /// ```nix
    /// builtins.zipAttrsWith (name: values: values) [ { berth = 1; sail = "jib"; } { berth = 2; } ]
    /// # => { berth = [ 1 2 ]; sail = [ "jib" ]; }
    /// ```
    "zipAttrsWith" (function!1, list!1) => zip_attrs_with;
}

impl<'h> Eval<'h> {
    /// An attribute that must be there, not forced.
    pub(crate) fn required(&mut self, attrs: Attrs<'h>, name: Symbol) -> Result<Value<'h>> {
        match self.find(attrs, name) {
            Some(value) => Ok(value.get()),
            None => Err(self.missing_attribute(attrs, name)),
        }
    }
}

fn attr_names<'h>(eval: &mut Eval<'h>, [set]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let set = eval.force_attrs(set)?;
    let mut names = eval.sorted(set);
    let symbols = &eval.symbols;
    Ok(List::build(eval.heap, names.len(), |_| {
        symbols.value(names.next().expect("there are as many names as the set is long").0)
    }))
}

fn attr_values<'h>(eval: &mut Eval<'h>, [set]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let set = eval.force_attrs(set)?;
    let mut values = eval.sorted(set);
    Ok(List::build(eval.heap, values.len(), |_| {
        values.next().expect("there are as many values as the set is long").1.get()
    }))
}

fn cat_attrs<'h>(eval: &mut Eval<'h>, [name, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let name = eval.force(name)?;
    let name = eval.symbol_of(name)?;
    let list = eval.force_list(list)?;
    let mut found = Vec::new();
    for element in list.iter() {
        let attrs = eval.force_attrs(element)?;
        found.extend(eval.find(attrs, name).map(|value| value.get()));
    }
    Ok(List::from_slice(eval.heap, &found))
}

fn function_args<'h>(eval: &mut Eval<'h>, [function]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let function = eval.force(function)?;
    if !matches!(function.kind(), Kind::Function(_)) {
        let found = eval.describe(function);
        return Err(error(Code::TypeMismatch, format!("expected a function but found {found}")));
    }
    let formals = eval.formals_of(function);
    let attrs = formals.map_or(&[][..], |formals| formals.formals.slice()).iter();
    let attrs = attrs.map(|formal| (formal.name, formal.pos, Value::bool(formal.default.is_some()))).collect();
    Ok(eval.attrs_from(attrs))
}

fn get_attr<'h>(eval: &mut Eval<'h>, [name, set]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let name = eval.force(name)?;
    eval.plain_string(name)?;
    let set = eval.force_attrs(set)?;
    let name = eval.symbol_of(name)?;
    match eval.find(set, name) {
        Some(value) => eval.force_attr(value, name, Pos::NONE),
        None => Err(eval.missing_attribute(set, name)),
    }
}

fn has_attr<'h>(eval: &mut Eval<'h>, [name, set]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let name = eval.force(name)?;
    eval.plain_string(name)?;
    let set = eval.force_attrs(set)?;
    // A name that is no symbol yet is in no set.
    let found = eval.known_symbol_of(name)?.and_then(|name| eval.find(set, name));
    Ok(Value::bool(found.is_some()))
}

fn intersect_attrs<'h>(eval: &mut Eval<'h>, [left, right]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let left = eval.force_attrs(left)?;
    let right = eval.force_attrs(right)?;
    let mut kept = AttrList::new();
    if left.len_at_most() < right.len_at_most() {
        let (shape, _) = left.flatten(eval.heap);
        for &name in shape.names() {
            kept.extend(eval.find_with_pos(right, name).map(|(value, pos)| (name, pos, value.get())));
        }
    } else {
        let (shape, values) = right.flatten(eval.heap);
        for ((&name, &pos), value) in shape.names().iter().zip(shape.positions()).zip(values) {
            if eval.find(left, name).is_some() {
                kept.push((name, pos, value.get()));
            }
        }
    }
    Ok(eval.attrs_from(kept))
}

fn list_to_attrs<'h>(eval: &mut Eval<'h>, [list]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let list = eval.force_list(list)?;
    let mut pairs: Vec<(Symbol, Attrs<'h>)> = Vec::with_capacity(list.len());
    for element in list.elements() {
        let element = eval.force_cell(element)?;
        let pair = eval.expect_attrs(element)?;
        let name = eval.required(pair, names::NAME)?;
        let name = eval.force(name)?;
        pairs.push((eval.symbol_of(name)?, pair));
    }
    // The sort is stable, so the first of equal names stays first.
    pairs.sort_by_key(|(name, _)| *name);
    pairs.dedup_by_key(|(name, _)| *name);
    let mut attrs = AttrList::with_capacity(pairs.len());
    for (name, pair) in pairs {
        match pair.find(names::VALUE) {
            Some((value, pos)) => attrs.push((name, pos, value.get())),
            None => return Err(eval.missing_attribute(pair, names::VALUE)),
        }
    }
    Ok(eval.attrs_from(attrs))
}

fn map_attrs<'h>(eval: &mut Eval<'h>, [function, set]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let set = eval.force_attrs(set)?;
    let shape = set.flatten(eval.heap).0.without_positions(eval.heap);
    let mapping = Thunk::mapping(eval.heap, function, set);
    Ok(Attrs::build(eval.heap, shape, |index| Thunk::mapped(eval.heap, mapping, index)))
}

fn remove_attrs<'h>(eval: &mut Eval<'h>, [set, names]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let set = eval.force_attrs(set)?;
    let names = eval.force_list(names)?;
    eval.without_listed(set, names)
}

fn unsafe_get_attr_pos<'h>(eval: &mut Eval<'h>, [name, set]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let name = eval.force(name)?;
    eval.plain_string(name)?;
    let set = eval.force_attrs(set)?;
    let found = eval.known_symbol_of(name)?.and_then(|name| eval.find_with_pos(set, name));
    Ok(match found {
        Some((_, pos)) => eval.position_value(pos),
        None => Value::null(),
    })
}

fn zip_attrs_with<'h>(eval: &mut Eval<'h>, [function, list]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let function = eval.force_function(function)?;
    let list = eval.force_list(list)?;
    let mut zipped: FxHashMap<Symbol, Vec<Value<'h>>> = FxHashMap::default();
    for element in list.iter() {
        let (shape, values) = eval.force_attrs(element)?.flatten(eval.heap);
        for (&name, value) in shape.names().iter().zip(values) {
            zipped.entry(name).or_default().push(value.get());
        }
    }
    let mut attrs = AttrList::with_capacity(zipped.len());
    for (name, values) in zipped {
        let values = List::from_slice(eval.heap, &values);
        let name_value = eval.symbols.value(name);
        attrs.push((name, Pos::NONE, eval.delayed_call(function, &[name_value, values])));
    }
    Ok(eval.attrs_from(attrs))
}
