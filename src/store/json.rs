//! Derivations as JSON, in version 4 of the format: what `nix derivation show`
//! of Nix 2.36 prints.
//!
//! Source: "Derivation" in the Nix manual, `protocols/json/derivation/`, and
//! the schema `protocols/json/schema/derivation-v4.yaml`.

use serde_json::{Map, Value, json};

use super::address::ContentAddressMethod;
use super::derivation::{
    Derivation, InputOutputs, MAX_DYNAMIC_DEPTH, Output, OutputName, STRUCTURED_ATTRIBUTES, too_deep,
};
use super::error::{Error, Result};
use super::hash::{Hash, HashAlgorithm};
use super::path::{StoreDir, StorePath};

/// The version of the format.
pub const VERSION: u64 = 4;

/// Derivations with their store paths, as `nix derivation show` prints them.
///
/// # Errors
///
/// Those of [`from_derivation`].
pub fn from_derivations<'a>(derivations: impl IntoIterator<Item = (&'a StorePath, &'a Derivation)>) -> Result<Value> {
    let mut entries = Vec::new();
    for (path, derivation) in derivations {
        entries.push((path.to_string(), from_derivation(derivation)?));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(json!({ "derivations": object(entries), "version": VERSION }))
}

/// One derivation. The keys of all objects are in order.
///
/// # Errors
///
/// [`Error::Derivation`] if a string is not UTF-8, which JSON cannot express,
/// or the structured attributes are not JSON.
pub fn from_derivation(derivation: &Derivation) -> Result<Value> {
    let text = |what: &str, bytes: &[u8]| text(derivation, what, bytes);
    let mut env = Vec::with_capacity(derivation.env.len());
    let mut structured = None;
    for (name, value) in derivation.env.iter() {
        if name == STRUCTURED_ATTRIBUTES {
            structured = Some(structured_attributes(derivation, value)?);
        } else {
            env.push((text("a variable", name)?, text("a variable", value)?.into()));
        }
    }
    let args = derivation.args.iter().map(|arg| text("an argument", arg));
    let sources = derivation.input_sources.iter().map(StorePath::base_name);
    let inputs = derivation.input_derivations.iter();
    let outputs = derivation.outputs.iter();
    let mut entries = vec![
        ("args", args.collect::<Result<Vec<String>>>()?.into()),
        ("builder", text("the builder", &derivation.builder)?.into()),
        ("env", object(env)),
        (
            "inputs",
            json!({
                "drvs": object(inputs.map(|(path, outputs)| (path.to_string(), from_input(outputs)))),
                "srcs": sources.collect::<Vec<_>>(),
            }),
        ),
        ("name", derivation.name.as_str().into()),
        ("outputs", object(outputs.map(|(name, output)| (name.to_string(), from_output(output))))),
        ("system", text("the system", &derivation.system)?.into()),
        ("version", VERSION.into()),
    ];
    if let Some(structured) = structured {
        entries.insert(6, ("structuredAttrs", structured));
    }
    Ok(object(entries.into_iter().map(|(key, value)| (key.to_owned(), value))))
}

fn object(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Object(entries.into_iter().collect())
}

fn text(derivation: &Derivation, what: &str, bytes: &[u8]) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => {
            let lossy = String::from_utf8_lossy(bytes);
            let problem = format!("{what} is not UTF-8, as JSON must be: '{lossy}'");
            Err(Error::derivation(&derivation.name, problem))
        }
    }
}

fn structured_attributes(derivation: &Derivation, bytes: &[u8]) -> Result<Value> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let problem = format!("its structured attributes are not JSON: {error}");
        Error::derivation(&derivation.name, problem)
    })?;
    value.sort_all_objects();
    Ok(value)
}

/// Recurses only as deep as [`MAX_DYNAMIC_DEPTH`].
fn from_input(input: &InputOutputs) -> Value {
    let dynamic = input.dynamic.iter();
    let names: Vec<&str> = input.outputs.iter().map(|name| &**name).collect();
    json!({
        "dynamicOutputs": object(dynamic.map(|(name, input)| (name.to_string(), from_input(input)))),
        "outputs": names,
    })
}

fn from_output(output: &Output) -> Value {
    match output {
        Output::InputAddressed(path) => json!({ "path": path.base_name() }),
        Output::Fixed { method, hash, .. } => {
            json!({ "hash": hash.to_sri(), "method": method.name() })
        }
        Output::Floating { method, algorithm } => {
            json!({ "hashAlgo": algorithm.name(), "method": method.name() })
        }
        Output::Deferred => json!({}),
        Output::Impure { method, algorithm } => json!({
            "hashAlgo": algorithm.name(),
            "impure": true,
            "method": method.name(),
        }),
    }
}

/// Reads a derivation.
///
/// # Errors
///
/// [`Error::Json`] if the value does not follow the format; and if the hash
/// of a fixed output has no path.
pub fn to_derivation(value: &Value, dir: &StoreDir) -> Result<Derivation> {
    let record = as_object(value, "the derivation")?;
    match member(record, "version")?.as_u64() {
        Some(VERSION) => {}
        _ => return Err(malformed(format!("only version {VERSION} is supported"))),
    }
    let mut derivation = Derivation {
        name: string_member(record, "name")?.to_owned(),
        system: string_member(record, "system")?.into(),
        builder: string_member(record, "builder")?.into(),
        ..Derivation::default()
    };
    for arg in array_member(record, "args")? {
        derivation.args.push(as_str(arg, "an argument")?.into());
    }
    let env = object_member(record, "env")?.iter();
    derivation.env = env.map(|(name, value)| Ok((name, as_str(value, "a variable")?))).collect::<Result<_>>()?;
    if let Some(structured) = record.get("structuredAttrs") {
        if derivation.env.get(STRUCTURED_ATTRIBUTES).is_some() {
            return Err(malformed("'structuredAttrs' and the variable '__json' exclude each other"));
        }
        let mut structured = structured.clone();
        structured.sort_all_objects();
        derivation.env.insert(STRUCTURED_ATTRIBUTES, structured.to_string());
    }
    let inputs = object_member(record, "inputs")?;
    for source in array_member(inputs, "srcs")? {
        let source = StorePath::from_base_name(as_str(source, "an input")?)?;
        derivation.input_sources.insert(source);
    }
    for (path, input) in object_member(inputs, "drvs")? {
        let input = to_input(input, &derivation.name, 0)?;
        let path = StorePath::from_base_name(path)?;
        derivation.input_derivations.insert(path, input);
    }
    for (name, output) in object_member(record, "outputs")? {
        let output = to_output(output, dir, &derivation.name, name)?;
        derivation.outputs.insert(name.as_str().into(), output);
    }
    Ok(derivation)
}

fn to_input(value: &Value, derivation: &str, depth: usize) -> Result<InputOutputs> {
    let record = as_object(value, "an input")?;
    let mut input = InputOutputs::default();
    for name in array_member(record, "outputs")? {
        let name = as_str(name, "the name of an output")?;
        input.outputs.insert(name.into());
    }
    for (name, value) in object_member(record, "dynamicOutputs")? {
        if depth == MAX_DYNAMIC_DEPTH {
            return Err(too_deep(derivation));
        }
        let name: OutputName = name.as_str().into();
        input.dynamic.insert(name, to_input(value, derivation, depth + 1)?);
    }
    Ok(input)
}

fn to_output(value: &Value, dir: &StoreDir, derivation: &str, name: &str) -> Result<Output> {
    let record = as_object(value, "an output")?;
    let mut keys: Vec<&str> = record.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let method = || {
        let method = string_member(record, "method")?;
        ContentAddressMethod::from_name(method).ok_or_else(|| malformed(format!("the method '{method}' is unknown")))
    };
    let algorithm = || -> Result<HashAlgorithm> { Ok(string_member(record, "hashAlgo")?.parse()?) };
    match keys.as_slice() {
        [] => Ok(Output::Deferred),
        ["path"] => {
            let path = StorePath::from_base_name(string_member(record, "path")?)?;
            Ok(Output::InputAddressed(path))
        }
        ["hash", "method"] => {
            let hash = Hash::parse_sri(string_member(record, "hash")?)?;
            Output::fixed(dir, derivation, name, method()?, hash)
        }
        ["hashAlgo", "method"] => Ok(Output::Floating { method: method()?, algorithm: algorithm()? }),
        ["hashAlgo", "impure", "method"] => Ok(Output::Impure { method: method()?, algorithm: algorithm()? }),
        _ => Err(malformed(format!("the output '{name}' has unknown members"))),
    }
}

fn member<'a>(record: &'a Map<String, Value>, key: &str) -> Result<&'a Value> {
    record.get(key).ok_or_else(|| malformed(format!("'{key}' is missing")))
}

fn string_member<'a>(record: &'a Map<String, Value>, key: &str) -> Result<&'a str> {
    as_str(member(record, key)?, &format!("'{key}'"))
}

fn array_member<'a>(record: &'a Map<String, Value>, key: &str) -> Result<&'a Vec<Value>> {
    let value = member(record, key)?;
    value.as_array().ok_or_else(|| malformed(format!("'{key}' is not an array")))
}

fn object_member<'a>(record: &'a Map<String, Value>, key: &str) -> Result<&'a Map<String, Value>> {
    as_object(member(record, key)?, &format!("'{key}'"))
}

fn as_object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| malformed(format!("{what} is not an object")))
}

fn as_str<'a>(value: &'a Value, what: &str) -> Result<&'a str> {
    value.as_str().ok_or_else(|| malformed(format!("{what} is not a string")))
}

fn malformed(problem: impl Into<String>) -> Error {
    Error::Json(problem.into())
}
