//! The builtins that are no functions.

use crate::eval::Eval;
use crate::heap::{List, Str, Value};
use crate::program::names;

/// The version of the language, which has not changed since builtins can be tested for with `?`.
const LANG_VERSION: u32 = 6;

/// Names and values.
pub(super) fn all<'h>(eval: &mut Eval<'h>) -> Vec<(&'static str, Value<'h>)> {
    let heap = eval.heap;
    let store_dir = eval.store.dir().as_str().to_owned();
    let mut constants = vec![
        ("true", Value::TRUE),
        ("false", Value::FALSE),
        ("null", Value::NULL),
        ("langVersion", Value::small_int(LANG_VERSION)),
        ("nixVersion", Str::plain(heap, eval.settings.nix_version.as_bytes())),
        ("storeDir", Str::plain(heap, store_dir.as_bytes())),
        ("nixPath", nix_path(eval)),
        ("derivation", derivation(eval)),
    ];
    if !eval.settings.pure {
        constants.push(("currentSystem", Str::plain(heap, eval.settings.system.as_bytes())));
        constants.push(("currentTime", Value::int(heap, eval.host.seconds_since_epoch())));
    }
    constants
}

/// The search path as `builtins.nixPath` shows it.
fn nix_path<'h>(eval: &mut Eval<'h>) -> Value<'h> {
    let heap = eval.heap;
    let entries: Vec<_> = (eval.settings.search_path.clone().iter())
        .map(|entry| {
            let (path, prefix) = (Str::plain(heap, &entry.path), Str::plain(heap, &entry.prefix));
            eval.attrs_of([(names::PATH, path), (names::PREFIX, prefix)])
        })
        .collect();
    List::from_slice(heap, &entries)
}

/// `derivation`, which is written in the language and read when it is first called.
fn derivation<'h>(eval: &mut Eval<'h>) -> Value<'h> {
    let (import, _) = eval.builtins.find("import").expect("the family of import declares it");
    let path = Value::path(eval.heap, b"/__corepkgs__/derivation.nix");
    eval.delayed_call(Value::builtin(import), &[path])
}
