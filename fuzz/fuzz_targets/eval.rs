//! Any bytes can be evaluated: there is a value or an error, and both can be shown.
//!
//! Recursion is bounded by the evaluator, memory by libFuzzer's `-rss_limit_mb`, time by its `-timeout`; what
//! exceeds the latter two may be a program that is meant to. No file and no variable can be read.

#![no_main]

use std::ffi::OsString;
use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use firn::diagnostics::RenderOptions;
use firn::store::{DirectoryEntry, FileSource, FileType, OpenFile};
use firn::{Evaluator, Host};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &[u8]| {
    let mut firn = Evaluator::builder()
        .host(Nowhere)
        .max_call_depth(1_000)
        .max_nesting(1_000)
        .max_stack(64 << 20)
        .build();
    let value = match firn.eval_text(source, "/") {
        Ok(value) => value,
        Err(error) => return show(&firn, &error),
    };
    if let Err(error) = firn.print(&value) {
        show(&firn, &error);
    }
    if let Err(error) = firn.to_json(&value) {
        show(&firn, &error);
    }
    if let Err(error) = firn.force_deep(&value) {
        show(&firn, &error);
    }
    if let Err(error) = firn.print_pretty(&value) {
        show(&firn, &error);
    }
});

fn show(firn: &Evaluator, error: &firn::Error) {
    assert!(
        !firn
            .render(
                error,
                &RenderOptions {
                    show_trace: true,
                    ..RenderOptions::default()
                }
            )
            .is_empty()
    );
}

/// A machine without files, where it is always 1970.
struct Nowhere;

impl FileSource for Nowhere {
    fn file_type(&self, _: &Path) -> Result<FileType> {
        Err(ErrorKind::NotFound.into())
    }

    fn open(&self, _: &Path) -> Result<OpenFile<'_>> {
        Err(ErrorKind::NotFound.into())
    }

    fn read_directory(&self, _: &Path) -> Result<Vec<DirectoryEntry>> {
        Err(ErrorKind::NotFound.into())
    }

    fn read_link(&self, _: &Path) -> Result<PathBuf> {
        Err(ErrorKind::NotFound.into())
    }
}

impl Host for Nowhere {
    fn read_file(&self, _: &Path) -> Result<Vec<u8>> {
        Err(ErrorKind::NotFound.into())
    }

    fn variable(&self, _: &str) -> Option<OsString> {
        None
    }

    fn seconds_since_epoch(&self) -> i64 {
        0
    }

    fn message(&self, _: &[u8]) {}
}
