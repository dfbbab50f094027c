//! Derivations as Nix writes them: read, written, and computed anew.

use std::collections::BTreeMap;

use firn::store::{
    ComputeStore, ContentAddressMethod, Derivation, DerivationFile, DerivationKind, Error, Hash, HashAlgorithm,
    HashModulo, InputHash, InputOutputs, Location, MAX_DYNAMIC_DEPTH, Output, OutputName, Placeholder, Store, StoreDir,
    StorePath, aterm, closure, derivation_path, hash_bytes, instantiate, json, parse_derivation,
};
use proptest::prelude::*;

mod written_by_nix;
use written_by_nix::WRITTEN_BY_NIX;

fn dir() -> StoreDir {
    StoreDir::default()
}

fn path(base_name: &str) -> StorePath {
    StorePath::from_base_name(base_name).unwrap()
}

fn parse(path: &StorePath, text: &str) -> Derivation {
    parse_derivation(text.as_bytes(), path.derivation_name().unwrap(), &dir()).unwrap()
}

fn written_by_nix() -> impl Iterator<Item = (StorePath, &'static str, Derivation)> {
    WRITTEN_BY_NIX.iter().map(|(base_name, text)| {
        let path = path(base_name);
        let derivation = parse(&path, text);
        (path, *text, derivation)
    })
}

/// Nothing must be asked for that is not in `WRITTEN_BY_NIX`.
fn read(wanted: &StorePath) -> Result<Derivation, Error> {
    let mut all = written_by_nix();
    Ok(all.find(|(path, ..)| path == wanted).unwrap().2)
}

/// Forgets everything that follows from the rest.
fn unfinished(mut derivation: Derivation) -> Derivation {
    for (name, output) in std::mem::take(&mut derivation.outputs) {
        let output = match output {
            Output::InputAddressed(_) => Output::Deferred,
            other => other,
        };
        derivation.set_output(name, output, &dir());
    }
    derivation
}

#[test]
fn reading_and_writing_keeps_every_byte() {
    for (_, text, derivation) in written_by_nix() {
        assert_eq!(String::from_utf8(aterm::to_bytes(&derivation, &dir())).unwrap(), text);
    }
}

#[test]
fn outputs_and_store_paths_are_computed_as_by_nix() {
    let mut store = ComputeStore::new(dir());
    let mut hashes = HashModulo::new(dir());
    for (path, text, expected) in written_by_nix() {
        let mut derivation = unfinished(expected.clone());
        assert_eq!(instantiate(&mut store, &mut hashes, &mut derivation).unwrap(), path);
        assert_eq!(derivation, expected);
        assert_eq!(store.locate(&path), Some(Location::Text(text.as_bytes().into())));
        assert_eq!(store.read_derivation(&path).unwrap(), expected);
        assert!(store.references(&path).unwrap().iter().eq(expected.references()));
    }
}

#[test]
fn the_closure_of_a_derivation() {
    let mut store = ComputeStore::new(dir());
    for (path, _, derivation) in written_by_nix() {
        let dir = store.dir().clone();
        let file = DerivationFile::new(&derivation, &dir);
        assert_eq!(file.bytes(), aterm::to_bytes(&derivation, &dir));
        assert_eq!(derivation_path(&dir, &derivation, &file.bytes()).unwrap(), path);
        store.add_derivation(&path, &file).unwrap();
    }
    let both = path("bz7sh3s2cj6lqwvd9ad1ydn81vqryxw8-ub.drv");
    let text = path("dda4p611vyrlinnjrh41mcwbvkrn4ngw-text2");
    assert_eq!(
        closure(&store, &both).unwrap_err().to_string(),
        "the store has no path '/nix/store/dda4p611vyrlinnjrh41mcwbvkrn4ngw-text2'"
    );
    store.ensure(&text).unwrap();
    let closure = closure(&store, &both).unwrap();
    let names: Vec<&str> = closure.iter().map(StorePath::name).collect();
    assert_eq!(names, ["uf.drv", "r.drv", "ub.drv", "text2", "f.tar.gz.drv", "r.drv", "multi.drv", "m.drv", "uf.drv"]);
}

#[test]
fn inputs_that_are_not_remembered_are_read() {
    for (path, _, expected) in written_by_nix() {
        let mut hashes = HashModulo::new(dir());
        let mut derivation = unfinished(expected.clone());
        hashes.fill_outputs(&mut derivation, &mut read).unwrap();
        assert_eq!(derivation, expected, "{path}");
        // What is complete stays as it is.
        hashes.fill_outputs(&mut derivation, &mut read).unwrap();
        assert_eq!(derivation, expected, "{path}");
    }
}

#[test]
fn a_fixed_output_counts_the_same_however_it_is_made() {
    let mut hashes = HashModulo::new(dir());
    let mut hash = |base_name: &str| {
        let path = path(base_name);
        let derivation = read(&path).unwrap();
        hashes.learn(path, &derivation, &mut read).unwrap()
    };
    let first = hash("aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv");
    let second = hash("pmkb617b37g04j59j4v5zqfn9fqcdafg-r.drv");
    assert!(matches!(first, InputHash::FixedOutput(_)));
    assert_eq!(first, second);

    let first = hash("07q470j0c2dy7wn9zh0xba7xmlqxwik6-uf.drv");
    let second = hash("zfqjiivkpmnlj8fj6zfgxrxbwlddd67r-uf.drv");
    assert!(matches!(first, InputHash::Derivation(_)));
    assert_eq!(first, second);

    let deferred = hash("c4h3ikxa5pxaqpp3h9y8dbq9rbk10nd9-uca.drv");
    assert_eq!(deferred, InputHash::Deferred);
}

#[test]
fn wrong_paths_and_variables_are_refused() {
    let (_, _, right) = written_by_nix().next().unwrap();
    let fill = |derivation: &mut Derivation| {
        let mut hashes = HashModulo::new(dir());
        match hashes.fill_outputs(derivation, &mut read) {
            Ok(()) => "it is right".to_owned(),
            Err(error) => error.to_string(),
        }
    };

    let mut wrong_variable = right.clone();
    wrong_variable.env.insert("out", "/");
    assert_eq!(
        fill(&mut wrong_variable),
        "derivation 'x': its variable 'out' is '/', but should be \
         '/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x'"
    );

    let mut wrong_path = right.clone();
    let other = path("aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-x");
    wrong_path.outputs.insert("out".into(), Output::InputAddressed(other));
    assert_eq!(
        fill(&mut wrong_path),
        "derivation 'x': it has an output 'aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-x', \
         which should be 's668cfx1vrqfjryf96jj8wfhg7f67dhj-x'"
    );

    let mut too_early = right.clone();
    let deferred = path("c4h3ikxa5pxaqpp3h9y8dbq9rbk10nd9-uca.drv");
    too_early.add_input(deferred, &["out".into()]).unwrap();
    assert_eq!(
        fill(&mut too_early),
        "derivation 'x': the path 's668cfx1vrqfjryf96jj8wfhg7f67dhj-x' of an output \
         cannot be known yet"
    );

    let mut no_such_output = unfinished(right);
    let fixed = path("aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv");
    no_such_output.add_input(fixed, &["dev".into()]).unwrap();
    assert_eq!(
        fill(&mut no_such_output),
        "derivation 'x': its input 'aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv' has no output 'dev'"
    );
}

#[test]
fn a_long_chain_of_unread_inputs_needs_no_stack() {
    const LENGTH: usize = 100_000;
    let link = |number: usize| {
        let digest = hash_bytes(HashAlgorithm::Sha1, &number.to_le_bytes());
        path(&format!("{}-link.drv", digest.to_nix32()))
    };
    let numbers: BTreeMap<StorePath, usize> = (0..LENGTH).map(|number| (link(number), number)).collect();
    let mut derivation = Derivation::default();
    derivation.outputs.insert("out".into(), Output::Deferred);
    derivation.add_input(link(0), &["out".into()]).unwrap();
    let mut hashes = HashModulo::new(dir());
    let result = hashes.fill_outputs(&mut derivation, &mut |path| {
        let mut link_derivation = Derivation::default();
        let output = Output::InputAddressed(path.clone());
        link_derivation.outputs.insert("out".into(), output);
        if numbers[path] + 1 < LENGTH {
            link_derivation.add_input(link(numbers[path] + 1), &["out".into()])?;
        }
        Ok(link_derivation)
    });
    // A derivation without a name has no output path; all else went well.
    let error = result.unwrap_err().to_string();
    assert_eq!(error, "the name of a store path must not be empty");
    assert!(matches!(hashes.get(&link(0)), Some(InputHash::Derivation(_))));
}

#[test]
fn an_input_that_depends_on_itself_is_an_error() {
    let around = path("aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv");
    let mut derivation = Derivation::default();
    let output = Output::InputAddressed(around.clone());
    derivation.outputs.insert("out".into(), output);
    derivation.add_input(around, &["out".into()]).unwrap();
    let mut hashes = HashModulo::new(dir());
    let error = hashes.fill_outputs(&mut derivation.clone(), &mut |_| Ok(derivation.clone())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "derivation '': the input 'aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv' depends on itself"
    );
}

#[test]
fn outputs_must_fit_together() {
    let fixed = |name: &str| {
        let hash = Hash::zero(HashAlgorithm::Sha256);
        Output::fixed(&dir(), "x", name, ContentAddressMethod::Flat, hash).unwrap()
    };
    let floating = |algorithm| Output::Floating { method: ContentAddressMethod::Nar, algorithm };
    let kind = |outputs: &[(&str, Output)]| {
        let mut derivation = Derivation::default();
        for (name, output) in outputs {
            derivation.outputs.insert((*name).into(), output.clone());
        }
        derivation.kind().map_err(|error| error.to_string())
    };
    let (sha256, sha512) = (HashAlgorithm::Sha256, HashAlgorithm::Sha512);
    assert_eq!(kind(&[("out", fixed("out"))]), Ok(DerivationKind::Fixed));
    assert_eq!(kind(&[]), Err("derivation '': it must have at least one output".into()));
    assert_eq!(
        kind(&[("a", Output::Deferred), ("b", floating(sha256))]),
        Err("derivation '': its outputs must all be of the same kind".into())
    );
    assert_eq!(
        kind(&[("a", fixed("a"))]),
        Err("derivation '': a fixed output must be the only one and be named 'out'".into())
    );
    assert_eq!(
        kind(&[("a", floating(sha512)), ("b", floating(sha256))]),
        Err("derivation '': floating outputs must all use the same hash algorithm".into())
    );
}

#[test]
fn placeholders() {
    // As in the variables of `uca`, `uuca` and `p` in `WRITTEN_BY_NIX`.
    let floating = path("809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv");
    let out = Placeholder::of_output(&floating, "out").to_string();
    assert_eq!(out, "/0175br9dnq4yrfgdm65nfy660im9l7d7swg83l51hkjl9ib1pb9g");
    let dev = Placeholder::of_output(&floating, "dev").to_string();
    assert_eq!(dev, "/0n40qcrmrsv91dsw86nd9mn7gi2jhyjka78s63b7h9cjnz66cfvh");
    // The value that Nix 2.36 expects of itself.
    let dynamic = Placeholder::of_output(&path("g1w7hy3qg1w7hy3qg1w7hy3qg1w7hy3q-foo.drv.drv"), "out");
    assert_eq!(dynamic.of_dynamic_output("out").to_string(), "/0gn6agqxjyyalf0dpihgyf49xq5hqxgw100f0wydnj6yqrhqsb3w");
}

const DYNAMIC: &str = r#"DrvWithVersion("xp-dyn-drv",[("out","","","")],[("/nix/store/809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv",(["dev"],[("out",["out"]),("zz",(["a"],[("b",["c"])]))])),("/nix/store/97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv",["out"])],[],"s","b",[],[])"#;

#[test]
fn dynamic_inputs() {
    let parsed = parse_derivation(DYNAMIC.as_bytes(), "x", &dir()).unwrap();
    let mut built = Derivation { name: "x".into(), system: b"s".into(), builder: b"b".into(), ..Derivation::default() };
    built.outputs.insert("out".into(), Output::Deferred);
    for (base_name, outputs) in [
        ("97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv", &["out"][..]),
        ("809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv", &["zz", "b", "c"]),
        ("809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv", &["zz", "a"]),
        ("809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv", &["out", "out"]),
        ("809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv", &["dev"]),
    ] {
        let outputs: Vec<OutputName> = outputs.iter().map(|&name| name.into()).collect();
        built.add_input(path(base_name), &outputs).unwrap();
    }
    assert_eq!(parsed, built);
    assert_eq!(aterm::to_bytes(&built, &dir()), DYNAMIC.as_bytes());
    // Its outputs cannot be known, and its inputs need not be read.
    HashModulo::new(dir()).fill_outputs(&mut built, &mut |_| unreachable!()).unwrap();
    assert_eq!(parsed, built);
}

#[test]
fn dynamic_inputs_do_not_nest_without_bound() {
    let names = vec![OutputName::from("out"); MAX_DYNAMIC_DEPTH + 1];
    let mut derivation = Derivation { name: "x".into(), ..Derivation::default() };
    let input = path("97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv");
    derivation.add_input(input.clone(), &names).unwrap();
    let bytes = aterm::to_bytes(&derivation, &dir());
    assert_eq!(parse_derivation(&bytes, "x", &dir()).unwrap(), derivation);

    let error = "derivation 'x': an input nests outputs of outputs deeper than 100";
    let deeper = vec![OutputName::from("out"); 100_000];
    assert_eq!(derivation.add_input(input, &deeper).unwrap_err().to_string(), error);
    let node = r#"(["out"],[("out","#.repeat(100_000);
    let text = DYNAMIC.replace(r#"["dev"]"#, &format!(r#"["dev"],[("out",{node}"#));
    let text = text.replace(r#"(["dev"]"#, &node);
    assert_eq!(parse_derivation(text.as_bytes(), "x", &dir()).unwrap_err().to_string(), error);
}

#[test]
fn malformed_files_are_refused_where_they_are_wrong() {
    let text = WRITTEN_BY_NIX[0].1;
    let parse = |text: &str| match parse_derivation(text.as_bytes(), "x", &dir()) {
        Ok(_) => panic!("it was read: {text}"),
        Err(error) => error.to_string(),
    };
    let at =
        |offset: usize, problem: &str| format!("the file of derivation 'x' is malformed at byte {offset}: {problem}");
    assert_eq!(parse("Deriv"), at(0, "a derivation starts with 'Derive(' or 'DrvWithVersion('"));
    assert_eq!(parse(r#"DrvWithVersion("2","#), at(18, "the version '2' is unknown"));
    assert_eq!(parse(&format!("{text}\n")), at(text.len(), "something follows the end of the derivation"));
    assert_eq!(parse(r#"Derive([("out"#), at(10, "a string does not end"));
    assert_eq!(parse(r#"Derive([("out\"#), at(10, "a string does not end"));
    assert_eq!(parse("Derive(["), at(8, "expected '('"));
    for end in 0..text.len() {
        parse(&text[..end]);
    }
    let wrong = |(_, text): &(&str, &str), from: &str, to: &str| {
        assert!(text.contains(from));
        parse(&text.replace(from, to))
    };
    // The path of `m` for another hash; a path for what has none.
    let problem = wrong(&WRITTEN_BY_NIX[4], "md5\",\"9", "md5\",\"8");
    assert!(
        problem
            .ends_with("the path 'mfj6blv5mgsc58dyxpf44q1551fds52a-m' of output 'out' does not follow from its hash")
    );
    let problem = wrong(&WRITTEN_BY_NIX[4], "md5\",\"900150983cd24fb0d6963f7d28e17f72", "md5\",\"");
    assert!(problem.ends_with("the output 'out' must not state its path"));
}

#[test]
fn json_has_the_form_of_version_4() {
    let (_, _, structured) = written_by_nix().find(|(path, ..)| path.name() == "st.drv").unwrap();
    let expected = r#"{
  "args": [],
  "builder": "/bin/sh",
  "env": {
    "bin": "/nix/store/lky6454za4bai7f57mjjqpmqx0vw58ii-st-bin",
    "out": "/nix/store/68i23jp5yqpdzis2vacqd84fm2hsl907-st"
  },
  "inputs": {
    "drvs": {
      "97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv": {
        "dynamicOutputs": {},
        "outputs": [
          "out"
        ]
      },
      "bz7sh3s2cj6lqwvd9ad1ydn81vqryxw8-ub.drv": {
        "dynamicOutputs": {},
        "outputs": [
          "out"
        ]
      }
    },
    "srcs": []
  },
  "name": "st",
  "outputs": {
    "bin": {
      "path": "lky6454za4bai7f57mjjqpmqx0vw58ii-st-bin"
    },
    "out": {
      "path": "68i23jp5yqpdzis2vacqd84fm2hsl907-st"
    }
  },
  "structuredAttrs": {
    "builder": "/bin/sh",
    "list": [
      1,
      2.5,
      "é",
      null,
      true
    ],
    "name": "st",
    "outputs": [
      "out",
      "bin"
    ],
    "set": {
      "a": "/nix/store/yqvzcdr4fan7v0957rcdpbsajabkr164-ub",
      "z": "/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x"
    },
    "system": "x86_64-linux"
  },
  "system": "x86_64-linux",
  "version": 4
}"#;
    let value = json::from_derivation(&structured).unwrap();
    assert_eq!(serde_json::to_string_pretty(&value).unwrap(), expected);
}

#[test]
fn outputs_in_json() {
    let outputs = |name: &str| {
        let (_, _, derivation) = written_by_nix().find(|(path, ..)| path.name() == name).unwrap();
        json::from_derivation(&derivation).unwrap()["outputs"].to_string()
    };
    assert_eq!(outputs("s1.drv"), r#"{"out":{"hash":"sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=","method":"nar"}}"#);
    assert_eq!(outputs("caf.drv"), r#"{"out":{"hashAlgo":"sha512","method":"flat"}}"#);
    assert_eq!(outputs("uca.drv"), r#"{"out":{}}"#);
    assert_eq!(outputs("imp.drv"), r#"{"out":{"hashAlgo":"sha256","impure":true,"method":"nar"}}"#);
}

#[test]
fn several_derivations_in_json() {
    let (last, _, plain) = written_by_nix().next().unwrap();
    let first = path("00000000000000000000000000000000-x.drv");
    let value = json::from_derivations([(&last, &plain), (&first, &plain)]).unwrap();
    let keys: Vec<&String> = value["derivations"].as_object().unwrap().keys().collect();
    assert_eq!(keys, [first.base_name(), last.base_name()]);
    assert_eq!(value["version"], 4);
}

#[test]
fn json_reads_back() {
    let dynamic = parse_derivation(DYNAMIC.as_bytes(), "x", &dir()).unwrap();
    for derivation in written_by_nix().map(|(_, _, derivation)| derivation).chain([dynamic]) {
        let value = json::from_derivation(&derivation).unwrap();
        assert_eq!(json::to_derivation(&value, &dir()).unwrap(), derivation);
    }
}

#[test]
fn json_cannot_express_all_strings() {
    let mut derivation = Derivation { name: "x".into(), ..Derivation::default() };
    derivation.args.push(b"a\xff".into());
    assert_eq!(
        json::from_derivation(&derivation).unwrap_err().to_string(),
        "derivation 'x': an argument is not UTF-8, as JSON must be: 'a\u{fffd}'"
    );
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof!["[a-z\"\\\\\n\r\t é]{0,40}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..40),]
}

fn any_name() -> impl Strategy<Value = OutputName> {
    "[a-z]{1,3}".prop_map(OutputName::from)
}

fn any_path() -> impl Strategy<Value = StorePath> {
    "[0-9a-df-np-sv-z]{32}-[a-zA-Z0-9+_?=-]{1,9}".prop_map(|base_name| path(&base_name))
}

fn any_output() -> impl Strategy<Value = Output> {
    let method = prop::sample::select(vec![
        ContentAddressMethod::Flat,
        ContentAddressMethod::Nar,
        ContentAddressMethod::Text,
        ContentAddressMethod::Git,
    ]);
    let algorithm = prop::sample::select(HashAlgorithm::ALL.to_vec());
    prop_oneof![
        Just(Output::Deferred),
        any_path().prop_map(Output::InputAddressed),
        (method.clone(), algorithm.clone()).prop_map(|(method, algorithm)| Output::Floating { method, algorithm }),
        (method, algorithm).prop_map(|(method, algorithm)| Output::Impure { method, algorithm }),
    ]
}

fn any_input() -> impl Strategy<Value = InputOutputs> {
    let leaf = prop::collection::btree_set(any_name(), 1..3)
        .prop_map(|outputs| InputOutputs { outputs, ..InputOutputs::default() });
    leaf.prop_recursive(3, 8, 2, |inner| {
        (prop::collection::btree_set(any_name(), 0..3), prop::collection::btree_map(any_name(), inner, 1..3))
            .prop_map(|(outputs, dynamic)| InputOutputs { outputs, dynamic })
    })
}

prop_compose! {
    fn any_derivation()(
        outputs in prop::collection::btree_map(any_name(), any_output(), 0..4),
        fixed in any::<Option<[u8; 32]>>(),
        input_derivations in prop::collection::btree_map(any_path(), any_input(), 0..3),
        input_sources in prop::collection::btree_set(any_path(), 0..3),
        builder in any_bytes(),
        args in prop::collection::vec(any_bytes(), 0..4),
        env in prop::collection::btree_map(any_bytes(), any_bytes(), 0..8),
    ) -> Derivation {
        let mut derivation = Derivation {
            name: "any".into(),
            outputs,
            input_derivations,
            input_sources,
            // Written without escapes, as in Nix.
            system: b"x86_64-linux".into(),
            builder,
            args,
            env: env.into_iter().collect(),
        };
        if let Some(bytes) = fixed {
            let hash = Hash::new(HashAlgorithm::Sha256, &bytes).unwrap();
            let fixed = Output::fixed(&dir(), "any", "fixed", ContentAddressMethod::Nar, hash);
            derivation.outputs.insert("fixed".into(), fixed.unwrap());
        }
        derivation
    }
}

proptest! {
    #[test]
    fn whatever_is_written_reads_back(derivation in any_derivation()) {
        let bytes = aterm::to_bytes(&derivation, &dir());
        prop_assert_eq!(parse_derivation(&bytes, "any", &dir()).unwrap(), derivation);
    }

    /// What is written once for several purposes is what is written for each of them.
    #[test]
    fn instantiation_is_its_steps(
        derivation in any_derivation(),
        outputs in prop::collection::btree_set(any_name(), 1..4),
        has_variables: bool,
        dir in prop::sample::select(vec!["/nix/store", "/a \"store\""]),
    ) {
        let dir = StoreDir::new(dir).unwrap();
        let mut derivation = Derivation { outputs: BTreeMap::new(), input_derivations: BTreeMap::new(), ..derivation };
        for output in outputs {
            if has_variables {
                derivation.set_output(output, Output::Deferred, &dir);
            } else if derivation.env.get(&*output).is_none_or(<[u8]>::is_empty) {
                derivation.outputs.insert(output, Output::Deferred);
            }
        }
        prop_assume!(!derivation.outputs.is_empty());
        let mut whole = derivation.clone();
        let (mut store, mut hashes) = (ComputeStore::new(dir.clone()), HashModulo::new(dir.clone()));
        let path = instantiate(&mut store, &mut hashes, &mut whole).unwrap();

        let mut by_steps = HashModulo::new(dir.clone());
        let none = &mut |_: &StorePath| unreachable!("there are no inputs");
        by_steps.fill_outputs(&mut derivation, none).unwrap();
        prop_assert_eq!(&derivation, &whole);
        let file = aterm::to_bytes(&derivation, &dir);
        prop_assert_eq!(store.locate(&path), Some(Location::Text(file.into())));
        prop_assert_eq!(hashes.get(&path), Some(by_steps.learn(path, &derivation, none).unwrap()));
    }

    #[test]
    fn whatever_is_read_writes_back(position: prop::sample::Index, byte: u8) {
        for (_, text, derivation) in written_by_nix() {
            let mut bytes = text.as_bytes().to_vec();
            let position = position.index(bytes.len());
            bytes[position] = byte;
            // One byte may spoil the file, or change what it says.
            let read = |bytes: &[u8]| parse_derivation(bytes, &derivation.name, &dir());
            if let Ok(changed) = read(&bytes) {
                prop_assert_eq!(read(&aterm::to_bytes(&changed, &dir())).unwrap(), changed);
            }
        }
    }
}
