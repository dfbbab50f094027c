//! Any bytes can be parsed, and the tree holds all of them.

#![no_main]

use firn::syntax::{Features, Parse, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &[u8]| {
    for pipe_operators in [false, true] {
        let parse = parse(source, Features { pipe_operators });
        for error in parse.errors() {
            assert!(
                error.range.end as usize <= source.len(),
                "an error points behind the source: {error:?}"
            );
        }
        let text = parse.syntax().text().to_string();
        assert_eq!(
            Parse::source_of(&text),
            source,
            "the tree lost or changed a part of the source"
        );
    }
});
