//! Programs that make derivations with all kinds of attributes, contexts, outputs and hash modes.

use crate::literals;
use crate::source::Source;

/// A program whose value tells all paths of some derivations, which may depend on each other.
pub(crate) fn program(bytes: &[u8]) -> String {
    let mut source = Source::new(bytes);
    let count = 1 + source.below(4);
    let mut text = String::from("let\n");
    for number in 0..count {
        let mut derivation = Derivation { source: &mut source, earlier: number, text: String::new() };
        derivation.write();
        text.push_str(&format!("  d{number} = {};\n", derivation.text));
    }
    text.push_str(
        "  shown = d: {\n    inherit (d) drvPath outputName name;\n    outputs = map (o: o.outPath) d.all;\n    \
         context = builtins.getContext \"${d}${d.drvPath}\";\n  };\nin [ ",
    );
    for number in 0..count {
        text.push_str(&format!("(shown d{number}) "));
    }
    text + "]\n"
}

struct Derivation<'a, 'b> {
    source: &'a mut Source<'b>,
    /// How many derivations there are before this one.
    earlier: usize,
    text: String,
}

impl Derivation<'_, '_> {
    fn write(&mut self) {
        let function = match self.source.chance(1, 8) {
            true => {
                "(x: let s = derivationStrict x; in { inherit (s) drvPath; outPath = s.out; outputName = \"out\"; name = x.name; all = [ ]; type = \"derivation\"; })"
            }
            false => "derivation",
        };
        self.text.push_str(&format!("{function} {{"));
        let name = self.source.pick(&["x", "hello-1.0", "a.b_c+d?e=f-g", "n", "0", "x.drv", "a b", "", ".x", "-"]);
        let name = if self.source.chance(7, 8) { "plain-1" } else { name };
        self.attribute("name", &format!("\"{name}\""));
        let system = self.source.pick(&["\"x86_64-linux\"", "\"builtin\"", "\"\"", "\"${\"aarch64\"}-linux\""]);
        self.attribute("system", system);
        let builder = match self.source.below(4) {
            0 => self.value(0),
            _ => self.string(),
        };
        self.attribute("builder", &builder);
        if self.source.chance(1, 2) {
            let arguments: String = (0..self.source.below(4)).map(|_| self.value(1) + " ").collect();
            self.attribute("args", &format!("[ {arguments}]"));
        }
        self.outputs();
        self.special();
        for _ in 0..self.source.below(6) {
            let name = self.source.pick(&["a", "b", "FOO", "foo bar", "x-y", "é", "PATH", "buildInputs", "z1", ""]);
            if self.text.contains(&format!(" \"{name}\" = ")) {
                continue;
            }
            let value = self.value(2);
            self.attribute(name, &value);
        }
        self.text.push_str(" }");
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.text.push_str(&format!(" \"{name}\" = {value};"));
    }

    fn chosen(&mut self, name: &str, values: &[&str]) {
        let value = self.source.pick(values);
        self.attribute(name, value);
    }

    fn outputs(&mut self) {
        const LISTS: [&str; 9] = [
            "[ \"out\" ]",
            "[ \"out\" \"dev\" ]",
            "[ \"dev\" \"out\" \"man\" ]",
            "[ \"lib\" ]",
            "[ \"bin\" \"lib\" ]",
            "[ \"out\" \"out\" ]",
            "[ ]",
            "[ \"drv\" ]",
            "[ \"a b\" ]",
        ];
        const HASHES: [(&str, &str); 6] = [
            ("\"sha256\"", "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""),
            ("null", "\"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\""),
            ("\"sha1\"", "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\""),
            ("\"md5\"", "\"d41d8cd98f00b204e9800998ecf8427e\""),
            (
                "\"sha512\"",
                "\"z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
            ),
            ("\"sha256\"", "\"\""),
        ];
        match self.source.below(8) {
            0 | 1 => {
                let list = self.source.pick(&LISTS);
                let list = if self.source.chance(3, 4) { LISTS[self.source.below(5)] } else { list };
                self.attribute("outputs", list);
            }
            2 | 3 => {
                let (algorithm, hash) = HASHES[self.source.below(HASHES.len())];
                if algorithm != "null" {
                    self.attribute("outputHashAlgo", algorithm);
                }
                self.attribute("outputHash", hash);
                self.mode();
            }
            4 if self.source.chance(1, 2) => {
                self.attribute("__contentAddressed", "true");
                self.chosen("outputHashAlgo", &["\"sha256\"", "\"sha1\"", "null"]);
                self.mode();
            }
            _ => {}
        }
    }

    fn mode(&mut self) {
        let mode = self.source.pick(&["\"flat\"", "\"recursive\"", "\"nar\"", "\"text\"", "\"other\""]);
        if self.source.chance(3, 4) {
            self.attribute("outputHashMode", mode);
        }
    }

    fn special(&mut self) {
        if self.source.chance(1, 5) {
            self.chosen("__structuredAttrs", &["true", "true", "false", "1"]);
        }
        if self.source.chance(1, 6) {
            self.chosen("__ignoreNulls", &["true", "false"]);
        }
        if self.source.chance(1, 8) {
            let value = self.value(1);
            self.attribute("passAsFile", "[ \"a\" ]");
            self.attribute("allowedReferences", &format!("[ {value} ]"));
        }
        if self.source.chance(1, 10) {
            self.attribute("outputChecks", "{ out.allowedReferences = [ \"out\" ]; }");
            self.attribute("exportReferencesGraph", "[ \"graph\" ./data/file ]");
        }
    }

    /// A value that an attribute of a derivation may have.
    fn value(&mut self, depth: usize) -> String {
        match self.source.below(if depth == 0 { 9 } else { 13 }) {
            0 => self.string(),
            1 => self.source.pick(&["1", "(-7)", "true", "false", "null", "9223372036854775807"]).to_owned(),
            2 => literals::float(self.source),
            3 => literals::string(self.source),
            4 if self.earlier > 0 => self.other(),
            5 => literals::path(self.source),
            6 => "(builtins.toFile \"t\" \"text\")".to_owned(),
            7 => "(builtins.path { path = ./data/dir; name = \"d\"; filter = p: t: t != \"symlink\"; })".to_owned(),
            8 => format!("(builtins.placeholder \"{}\")", self.source.pick(&["out", "dev"])),
            9 | 10 => {
                let elements: String = (0..self.source.below(4)).map(|_| self.value(depth - 1) + " ").collect();
                format!("[ {elements}]")
            }
            11 => {
                let value = self.value(depth - 1);
                self.source
                    .pick(&[
                        "{ outPath = V; }",
                        "{ __toString = _: \"${V}\"; }",
                        "{ k = V; }",
                        "(_: V)",
                        "(toString V)",
                    ])
                    .replace('V', &value)
            }
            _ => self.string(),
        }
    }

    fn string(&mut self) -> String {
        let mut text = String::from("\"");
        for _ in 0..self.source.below(3) {
            text.push_str(&literals::string_part(self.source));
            if self.source.chance(1, 2) {
                let part = match self.source.below(4) {
                    0 if self.earlier > 0 => self.other(),
                    1 => "./data/file".to_owned(),
                    2 => "builtins.toFile \"n\" \"\"".to_owned(),
                    _ => "\"\"".to_owned(),
                };
                text.push_str(&format!("${{{part}}}"));
            }
        }
        text + "\""
    }

    /// An earlier derivation, in one of the ways to refer to it.
    fn other(&mut self) -> String {
        let number = self.source.below(self.earlier);
        self.source
            .pick(&[
                "D",
                "D",
                "D.outPath",
                "D.drvPath",
                "D.dev",
                "(builtins.elemAt D.all 0)",
                "D.out",
                "(builtins.unsafeDiscardStringContext \"${D}\")",
                "(builtins.unsafeDiscardOutputDependency D.drvPath)",
                "(builtins.toFile \"r\" D.drvPath)",
                "(builtins.addDrvOutputDependencies (builtins.unsafeDiscardOutputDependency D.drvPath))",
                "(builtins.appendContext \"s\" (builtins.getContext \"${D}\"))",
                "(builtins.substring 0 3 \"${D}\")",
                "(builtins.toJSON D)",
                "(baseNameOf D)",
            ])
            .replace('D', &format!("d{number}"))
    }
}
