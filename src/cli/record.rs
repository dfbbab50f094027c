//! Derivations for people.

use std::borrow::Cow;
use std::io::{self, Write};

use super::instantiate::is_derivation;
use crate::diagnostics::{Code, Colors, Diagnostic, printable};
use crate::store::{self, Derivation, InputOutputs, StoreDir, StorePath};
use crate::{Evaluator, Result, Value};

/// What is shown of a derivation. Texts need not be UTF-8.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) drv_path: String,
    pub(super) system: Vec<u8>,
    pub(super) builder: Vec<u8>,
    pub(super) arguments: Vec<Vec<u8>>,
    /// Names and paths; a path may be unknown before the derivation is built.
    pub(super) outputs: Vec<(String, Option<String>)>,
    /// Paths of derivations and the outputs that are used.
    pub(super) input_derivations: Vec<(String, Vec<String>)>,
    pub(super) input_sources: Vec<String>,
    pub(super) environment: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A derivation in a list of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    /// The names of the outputs.
    pub(super) outputs: String,
    pub(super) drv_path: String,
}

/// A derivation as JSON, as `nix derivation show` prints it; nothing for other values.
pub(super) fn json(firn: &mut Evaluator, value: &Value) -> Result<Option<Vec<u8>>> {
    if !is_derivation(firn, value)? {
        return Ok(None);
    }
    let Some((path, derivation)) = firn.derivation(value)? else {
        return Ok(None);
    };
    let text = store::json::from_derivations([(&path, &derivation)])
        .map_err(|error| error.to_string())
        .and_then(|json| serde_json::to_vec(&json).map_err(|error| error.to_string()));
    match text {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(Box::new(Diagnostic::error(Code::InvalidDerivation, error)).into()),
    }
}

impl Record {
    /// What there is to show of a derivation in a store.
    pub(super) fn new(path: &StorePath, derivation: &Derivation, dir: &StoreDir) -> Record {
        let outputs = derivation.outputs.iter();
        let inputs = derivation.input_derivations.iter();
        let environment = derivation.env.iter();
        Record {
            name: derivation.name.clone(),
            drv_path: dir.display(path),
            system: derivation.system.clone(),
            builder: derivation.builder.clone(),
            arguments: derivation.args.clone(),
            outputs: outputs
                .map(|(name, output)| (name.to_string(), output.path().map(|path| dir.display(path))))
                .collect(),
            input_derivations: inputs.map(|(path, outputs)| (dir.display(path), output_names(outputs))).collect(),
            input_sources: derivation.input_sources.iter().map(|path| dir.display(path)).collect(),
            environment: environment.map(|(name, value)| (name.to_vec(), value.to_vec())).collect(),
        }
    }
}

/// The outputs that are used, those of outputs with a dot: `out` and `out.dev`.
fn output_names(inputs: &InputOutputs) -> Vec<String> {
    let mut names: Vec<String> = inputs.outputs.iter().map(|name| name.to_string()).collect();
    // The store refuses deep nesting, so the recursion is shallow.
    for (name, below) in &inputs.dynamic {
        names.extend(output_names(below).iter().map(|below| format!("{name}.{below}")));
    }
    names
}

/// Writes everything about a derivation.
pub(super) fn write_record(record: &Record, output: &mut impl Write) -> io::Result<()> {
    let known = |path: &Option<String>| path.clone().unwrap_or_else(|| "known when built".into());
    let list = |paths: &[String]| paths.iter().map(|path| (path.clone(), String::new())).collect();
    writeln!(output, "{}", printable(&record.name, Colors::Off))?;
    writeln!(output, "  drvPath  {}", record.drv_path)?;
    writeln!(output, "  system   {}", safe(&record.system))?;
    writeln!(output, "  builder  {}", safe(&record.builder))?;
    let arguments: Vec<String> = record.arguments.iter().map(|text| safe(text).into()).collect();
    section(output, "arguments", list(&arguments))?;
    let outputs = record.outputs.iter().map(|(name, path)| (name.clone(), known(path)));
    section(output, "outputs", outputs.collect())?;
    let inputs = record.input_derivations.iter();
    let inputs = inputs.map(|(path, outputs)| (path.clone(), outputs.join(",")));
    section(output, "input derivations", inputs.collect())?;
    section(output, "input sources", list(&record.input_sources))?;
    let environment = record.environment.iter();
    let environment = environment.map(|(name, value)| (safe(name).into(), safe(value).into()));
    section(output, "environment", environment.collect())
}

/// Writes a line for each derivation, in columns.
pub(super) fn write_rows(rows: &[Row], output: &mut impl Write) -> io::Result<()> {
    let rows: Vec<[Cow<str>; 3]> =
        rows.iter().map(|row| [&row.name, &row.outputs, &row.drv_path].map(|text| one_line(text))).collect();
    let [names, outputs, _] = widths(&rows);
    for [name, output_names, drv_path] in &rows {
        writeln!(output, "{name:names$}  {output_names:outputs$}  {drv_path}")?;
    }
    Ok(())
}

/// Entries with their keys in a column; nothing if there are none.
fn section(output: &mut impl Write, title: &str, entries: Vec<(String, String)>) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(output, "  {title}")?;
    let with_values = entries.iter().filter(|(_, value)| !value.is_empty());
    let width = with_values.map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    for (key, value) in entries {
        if value.is_empty() {
            write_indented(output, &key, 4)?;
            continue;
        }
        write!(output, "    {key:width$}  ")?;
        let (first, rest) = value.split_once('\n').unwrap_or((&value, ""));
        writeln!(output, "{first}")?;
        write_indented(output, rest, width + 6)?;
    }
    Ok(())
}

/// Writes lines after so many blanks; of empty lines nothing but the end.
fn write_indented(output: &mut impl Write, text: &str, indent: usize) -> io::Result<()> {
    for line in text.lines() {
        match line {
            "" => writeln!(output)?,
            line => writeln!(output, "{:indent$}{line}", "")?,
        }
    }
    Ok(())
}

fn widths<const N: usize>(rows: &[[Cow<str>; N]]) -> [usize; N] {
    std::array::from_fn(|column| {
        let width = rows.iter().map(|row| row[column].chars().count()).max();
        width.unwrap_or(0)
    })
}

fn safe(bytes: &[u8]) -> Cow<'static, str> {
    Cow::Owned(printable(&String::from_utf8_lossy(bytes), Colors::Off).into_owned())
}

fn one_line(text: &str) -> Cow<'_, str> {
    match printable(text, Colors::Off) {
        text if text.contains('\n') => Cow::Owned(text.replace('\n', "␊")),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_laid_out() {
        let record = Record {
            name: "hello-1.0".into(),
            drv_path: "/nix/store/aaa-hello-1.0.drv".into(),
            system: b"x86_64-linux".into(),
            builder: b"/bin/sh".into(),
            arguments: vec![b"-e".into(), b"./builder.sh".into()],
            outputs: vec![("dev".into(), None), ("out".into(), Some("/nix/store/bbb-hello-1.0".into()))],
            input_derivations: vec![("/nix/store/ccc-x.drv".into(), vec!["out".into(), "dev".into()])],
            input_sources: vec!["/nix/store/ddd-builder.sh".into()],
            environment: vec![(b"empty".into(), b"".into()), (b"script".into(), b"one\n\n\x1btwo\xff".into())],
        };
        let mut text = Vec::new();
        write_record(&record, &mut text).expect("memory");
        insta::assert_snapshot!(String::from_utf8(text).expect("UTF-8"), @r#"
    hello-1.0
      drvPath  /nix/store/aaa-hello-1.0.drv
      system   x86_64-linux
      builder  /bin/sh
      arguments
        -e
        ./builder.sh
      outputs
        dev  known when built
        out  /nix/store/bbb-hello-1.0
      input derivations
        /nix/store/ccc-x.drv  out,dev
      input sources
        /nix/store/ddd-builder.sh
      environment
        empty
        script  one

                ␛two�
    "#);
    }

    #[test]
    fn rows_are_aligned() {
        let row = |name: &str, outputs: &str| Row {
            name: name.into(),
            outputs: outputs.into(),
            drv_path: format!("/nix/store/x-{name}.drv"),
        };
        let mut text = Vec::new();
        write_rows(&[row("a", "out,dev"), row("long", "out")], &mut text).expect("memory");
        let expected = "a     out,dev  /nix/store/x-a.drv\nlong  out      /nix/store/x-long.drv\n";
        assert_eq!(String::from_utf8(text).expect("UTF-8"), expected);
    }
}
