//! `--stats`: what an evaluation took and did.

use std::fmt::Write;

use cpu_time::ProcessTime;
use serde::Serialize;

use super::job::StatisticsFormat;
use super::memory;
use crate::{Evaluator, Objects, Statistics};

/// The numbers of a process.
#[derive(Serialize)]
struct Report {
    /// User and system time of the process, in seconds.
    cpu_seconds: f64,
    /// The most memory that the process had, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_bytes: Option<u64>,
    #[serde(flatten)]
    statistics: Statistics,
}

/// What `firn` has done, as text that ends with a line feed.
pub(super) fn report(firn: &Evaluator, format: StatisticsFormat) -> String {
    let report = Report {
        cpu_seconds: ProcessTime::try_now().map_or(0.0, |time| time.as_duration().as_secs_f64()),
        peak_memory_bytes: memory::peak(),
        statistics: firn.statistics(),
    };
    match format {
        StatisticsFormat::Text => report.text(),
        StatisticsFormat::Json => serde_json::to_string(&report).unwrap_or_default() + "\n",
        StatisticsFormat::Nix => report.as_nix() + "\n",
    }
}

impl Report {
    /// A table for people.
    fn text(&self) -> String {
        let statistics = &self.statistics;
        let sources = &statistics.sources;
        let mut lines = vec![
            ("processor time".to_owned(), format!("{:.3} s", self.cpu_seconds), String::new()),
            ("  parsing".to_owned(), format!("{:.3} s", sources.parsing_seconds), String::new()),
            ("  lowering".to_owned(), format!("{:.3} s", sources.lowering_seconds), String::new()),
            ("  reading programs".to_owned(), format!("{:.3} s", sources.cache_seconds), String::new()),
        ];
        let mut row = |name: &str, count: u64, bytes: Option<u64>| {
            let bytes = bytes.map_or(String::new(), mebibytes);
            lines.push((name.to_owned(), grouped(count), bytes));
        };
        row("sources", sources.count, Some(sources.bytes));
        row("  with a program in the cache", sources.cached, None);
        row("names", statistics.symbols, None);
        row("function calls", statistics.calls.functions, None);
        row("builtin calls", statistics.calls.builtins, None);
        row("attribute selections", statistics.selections, None);
        row("updates of sets (//)", statistics.updates, None);
        for (name, made) in self.kinds() {
            row(name, made.count, Some(made.bytes));
        }
        row("derivations", statistics.derivations, None);
        row("  with paths in the cache", statistics.cached_derivations, None);
        row("sources copied to the store", statistics.copied_sources, None);
        lines.push(("heap".to_owned(), String::new(), mebibytes(statistics.heap_bytes)));
        if let Some(peak) = self.peak_memory_bytes {
            lines.push(("peak of memory".to_owned(), String::new(), mebibytes(peak)));
        }
        let mut text = String::new();
        for (name, count, bytes) in lines {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", format!("{name:<28} {count:>14} {bytes:>12}").trim_end());
        }
        text
    }

    fn kinds(&self) -> [(&'static str, Objects); 9] {
        let values = &self.statistics.values;
        [
            ("thunks", values.thunks),
            ("frames", values.frames),
            ("sets", values.sets),
            ("layers over sets", values.layers),
            ("shapes of sets", values.shapes),
            ("lists", values.lists),
            ("strings", values.strings),
            ("closures", values.closures),
            ("partial applications", values.partials),
        ]
    }

    /// Those numbers that Nix prints with NIX_SHOW_STATS, by the names that it gives them.
    fn as_nix(&self) -> String {
        let Statistics { values, calls, sources, .. } = &self.statistics;
        let sets = values.sets.count + values.layers.count;
        let json = serde_json::json!({
            "cpuTime": self.cpu_seconds,
            "time": { "cpu": self.cpu_seconds, "parse": sources.parsing_seconds },
            "envs": { "number": values.frames.count, "bytes": values.frames.bytes },
            "list": { "bytes": values.lists.bytes },
            "sets": { "number": sets, "bytes": values.sets.bytes + values.layers.bytes },
            "values": { "number": values.thunks.count, "bytes": values.thunks.bytes },
            "symbols": { "number": self.statistics.symbols },
            "nrThunks": values.thunks.count,
            "nrFunctionCalls": calls.functions,
            "nrPrimOpCalls": calls.builtins,
            "nrLookups": self.statistics.selections,
            "nrOpUpdates": self.statistics.updates,
            "gc": { "heapSize": self.statistics.heap_bytes, "totalBytes": self.statistics.heap_bytes },
        });
        serde_json::to_string_pretty(&json).unwrap_or_default()
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(mebibytes(3 << 19), "1.5 MiB");
    }
}
