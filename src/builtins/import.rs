//! Importing files.

use super::table::builtins;
use crate::eval::{ContextSet, ErrorExt, Eval, Result};
use crate::heap::{Frame, Value};
use crate::program::{RootScope, names};

builtins! {
    /// The value of the file at `path`; of a directory that of its `default.nix`, or in firn, if there is none, of
    /// its `default.cfg`. `path` may be a string if it is absolute. A file is read and evaluated once, however often
    /// it is imported. The variables of the importing file are not visible in it. See
    /// [Imports and search paths](#imports-and-search-paths).
    ///
    /// ```nix
    /// import ./charts/north.nix
    /// # => { depth = 12; }
    /// import ./charts { name = "Bay"; }
    /// # => "Bay 1:1000"
    /// import "charts/north.nix"
    /// # => error[E0011]: not an absolute path
    /// ```
    "import" (path!1) => import;
    /// Like `import`, with the attributes of the set `scope` as variables that the file can use; they hide builtins
    /// of the same name. The file is evaluated anew for each call. Programs for others to read do better with
    /// functions.
    ///
    /// ```nix
    /// builtins.scopedImport { scale = 500; } ./charts/scaled.nix
    /// # => 1000
    /// ```
    "scopedImport" (scope, path!1) => scoped_import;
    /// The path of the file `name` in `searchPath`, a list of sets with `path` and `prefix`, of which the first
    /// counts that has the file. A prefix stands for the beginning of `name`, up to a slash; the empty prefix for
    /// none. `<name>` means `findFile nixPath "name"`, with the `findFile` and `nixPath` in scope as `__findFile` and
    /// `__nixPath`.
    ///
    /// ```nix
    /// builtins.findFile [ { prefix = "maps"; path = ./charts; } ] "maps/north.nix"
    /// # => /harbour/charts/north.nix
    /// builtins.findFile [ { prefix = ""; path = ./charts; } ] "south.nix"
    /// # => error[E0501]: south.nix
    /// ```
    "findFile" (searchPath!1, name) => find_file;
}

fn import<'h>(eval: &mut Eval<'h>, [path]: [Value<'h>; 1]) -> Result<Value<'h>> {
    let path = eval.readable_path(path)?;
    eval.import(path)
}

fn scoped_import<'h>(eval: &mut Eval<'h>, [scope, path]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let path = eval.readable_path(path)?;
    let scope = eval.force_attrs(scope)?;
    let (shape, values) = scope.flatten(eval.heap);
    let frame = Frame::new(eval.heap, None, values.len());
    for (slot, value) in frame.slots().iter().zip(values) {
        slot.set(value.get());
    }
    eval.import_with_scope(path, &RootScope { names: shape.names().to_vec() }, frame)
}

fn find_file<'h>(eval: &mut Eval<'h>, [search_path, name]: [Value<'h>; 2]) -> Result<Value<'h>> {
    let list = eval.force_list(search_path)?;
    let mut entries = Vec::with_capacity(list.len());
    for element in list.iter() {
        let attrs = eval.force_attrs(element).hint("each entry of a search path is a set")?;
        let prefix = match attrs.get(names::PREFIX) {
            Some(prefix) => eval.force_string(prefix.get())?.bytes().to_vec(),
            None => Vec::new(),
        };
        let path = eval.required(attrs, names::PATH)?;
        let path = eval.coerce(path, crate::eval::Coercion::PLAIN, &mut ContextSet::default())?.to_vec();
        entries.push(crate::eval::SearchPathEntry { prefix, path });
    }
    let name = eval.force_plain_string(name)?;
    let found = eval.find_in_search_path(&entries, name)?;
    Ok(Value::path(eval.heap, &found))
}
