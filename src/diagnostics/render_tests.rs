//! What diagnostics look like.

use insta::assert_snapshot;

use super::*;

fn map_with(texts: &[(&str, &[u8])]) -> (SourceMap, Vec<std::sync::Arc<SourceFile>>) {
    let sources = SourceMap::new();
    let add = |&(name, text): &(&str, &[u8])| {
        let name = SourceName::File(name.into());
        sources.add(name, text).expect("small")
    };
    let files = texts.iter().map(add).collect();
    (sources, files)
}

fn plain(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    render(diagnostic, sources, &RenderOptions::default())
}

fn whole(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let options = RenderOptions { show_trace: true, ..RenderOptions::default() };
    render(diagnostic, sources, &options)
}

#[test]
fn two_places_a_note_and_a_hint() {
    let text = b"{\n  name = 1;\n  other = 2;\n  name = 3;\n}\n";
    let (sources, files) = map_with(&[("/etc/nixos/a.nix", text)]);
    let diagnostic = Diagnostic::error(Code::DuplicateAttribute, "the attribute 'name' is defined twice")
        .at(files[0].span(31..35), "defined again here")
        .with_label(files[0].span(4..8), "first defined here")
        .with_note("sets written in several places are merged\nunless one of them is no set")
        .with_hint("remove one of them");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0008]: the attribute 'name' is defined twice
      ┌─ /etc/nixos/a.nix:4:5
      │
    2 │   name = 1;
      │   ---- first defined here
    3 │   other = 2;
    4 │   name = 3;
      │     ^^^^ defined again here
      │
      = note: sets written in several places are merged
        unless one of them is no set
      = help: remove one of them
    "#);
}

#[test]
fn a_position_without_a_length_marks_a_word() {
    let (sources, files) = map_with(&[("x.nix", b"let x = fo-o; in x")]);
    let diagnostic = Diagnostic::error(Code::UndefinedVariable, "undefined variable 'fo-o'").at(files[0].pos(8), "");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0100]: undefined variable 'fo-o'
      ┌─ x.nix:1:9
      │
    1 │ let x = fo-o; in x
      │         ^^^^
    "#);
}

#[test]
fn the_end_of_a_file_is_a_place() {
    let (sources, files) = map_with(&[("x.nix", b"{ a = 1;\n")]);
    let diagnostic = Diagnostic::error(Code::UnexpectedEnd, "expected '}'").at(files[0].pos(9), "");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0002]: expected '}'
      ┌─ x.nix:2:1
      │
    2 │ 
      │ ^
    "#);
}

#[test]
fn no_place_at_all() {
    let (sources, _) = map_with(&[]);
    let diagnostic = Diagnostic::warning(Code::UserWarning, "old\nvery old").at(Pos::NONE, "here");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    warning[W0001]: old
    very old
    "#);
}

#[test]
fn places_in_two_files() {
    let (sources, files) = map_with(&[("a.nix", b"f { x = 1; }"), ("f.nix", b"{ y }: y")]);
    let diagnostic = Diagnostic::error(Code::MissingArgument, "the argument 'y' is missing")
        .at(files[0].span(0..1), "called here")
        .with_label(files[1].span(2..3), "needed here");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0302]: the argument 'y' is missing
      ┌─ a.nix:1:1
      │
    1 │ f { x = 1; }
      │ ^ called here
      │
      ┌─ f.nix:1:3
      │
    1 │ { y }: y
      │   - needed here
    "#);
}

#[test]
fn labels_over_several_lines_end_with_the_first() {
    let (sources, files) = map_with(&[("a.nix", b"x: {\n  a = 1;\n}")]);
    let diagnostic = Diagnostic::error(Code::TypeMismatch, "a message").at(files[0].span(3..15), "this set");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0200]: a message
      ┌─ a.nix:1:4
      │
    1 │ x: {
      │    ^ this set
    "#);
}

#[test]
fn hostile_text_is_harmless() {
    let text = b"\t\"\x1b[2J\xff\x07\" + \xe2\x80\xae1";
    let (sources, files) = map_with(&[("a\n\x1b.nix", text)]);
    let diagnostic = Diagnostic::error(Code::TypeMismatch, "bad \x1b[2J value")
        .at(files[0].span(1..9), "\x07label")
        .with_hint("none\x08");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0200]: bad ␛[2J value
      ┌─ a␊␛.nix:1:2
      │
    1 │     "␛[2J�␇" + �1
      │     ^^^^^^^^ ␇label
      │
      = help: none␈
    "#);
}

#[test]
fn lines_of_a_megabyte_are_shortened() {
    let mut text = vec![b'a'; 1_000_000];
    text[700_000..700_005].copy_from_slice(b"WRONG");
    let (sources, files) = map_with(&[("/min.nix", &text)]);
    let diagnostic = Diagnostic::error(Code::DuplicateAttribute, "defined twice")
        .at(files[0].span(700_000..700_005), "again")
        .with_label(files[0].span(10..15), "first");
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0008]: defined twice
      ┌─ /min.nix:1:700001
      │
    1 │ …aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaWRONGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…
      │                                                              ^^^^^ again
      │
      = /min.nix:1:11: first
    "#);
}

#[test]
fn further_errors_follow() {
    let (sources, files) = map_with(&[("a.nix", b"1 +\n2 +\n")]);
    let mut diagnostic = Diagnostic::error(Code::UnexpectedToken, "one").at(files[0].span(2..3), "");
    let second = Diagnostic::error(Code::UnexpectedEnd, "two").at(files[0].span(6..7), "");
    diagnostic.further.extend(std::iter::repeat_n(second, 25));
    let text = plain(&diagnostic, &sources);
    assert_eq!(text.matches("two").count(), 20);
    assert!(text.ends_with("… and 5 more\n"), "{text}");
}

#[test]
fn colours_are_used_where_they_are_understood() {
    let (sources, files) = map_with(&[("a.nix", b"a")]);
    let mut diagnostic = Diagnostic::error(Code::Thrown, "no").at(files[0].pos(0), "");
    diagnostic.push_frame(TraceFrame::new(files[0].pos(0), "while"));
    let options = RenderOptions { colors: Colors::On, ..RenderOptions::default() };
    let text = render(&diagnostic, &sources, &options).replace('\x1b', "ESC");
    assert_snapshot!(text, @r#"
    ESC[0mESC[1mESC[38;5;9merror[E0403]ESC[0mESC[1m: noESC[0m
      ESC[0mESC[36m┌─ESC[0m a.nix:1:1
      ESC[0mESC[36m│ESC[0m
    ESC[0mESC[36m1ESC[0m ESC[0mESC[36m│ESC[0m ESC[0mESC[31maESC[0m
      ESC[0mESC[36m│ESC[0m ESC[0mESC[31m^ESC[0m

      1: while
         at ESC[0mESC[36ma.nix:1:1ESC[0m: ESC[0mESC[2maESC[0m
    "#);
}

fn traced() -> (SourceMap, Diagnostic) {
    let text = b"let\n\tf = x: if x == 0 then throw \"end\" else f (x - 1);\nin f 10\n";
    let library = b"{ list }:\n  map (f: f) list\n";
    let (sources, files) = map_with(&[("/home/me/a.nix", text), ("/nix/store/l.nix", library)]);
    let mut diagnostic = Diagnostic::error(Code::Thrown, "end").at(files[0].span(27..32), "");
    for _ in 0..1234 {
        diagnostic.push_frame(TraceFrame::new(files[0].pos(47), "while calling the function 'f'"));
    }
    for line in 0..6 {
        let pos = files[1].pos(12 + line);
        diagnostic.push_frame(TraceFrame::new(pos, "while calling the builtin 'map'"));
    }
    diagnostic
        .push_frame(TraceFrame::context(Pos::NONE, "while evaluating the option 'services.x'\nof the module 'y'"));
    diagnostic.push_frame(TraceFrame::new(files[0].pos(59), "while calling the function 'f'"));
    (sources, diagnostic)
}

#[test]
fn short_traces_show_the_users_own_frames() {
    let (sources, diagnostic) = traced();
    assert_snapshot!(plain(&diagnostic, &sources), @r#"
    error[E0403]: end
      ┌─ /home/me/a.nix:2:24
      │
    2 │     f = x: if x == 0 then throw "end" else f (x - 1);
      │                           ^^^^^

         1: while calling the function 'f'
            at /home/me/a.nix:2:44: f = x: if x == 0 then throw "end" else f (x - 1);
            … 1,233 more like this
            … 6 frames in store/l.nix
      1241: while evaluating the option 'services.x'
            of the module 'y'
      1242: while calling the function 'f'
            at /home/me/a.nix:3:5: in f 10
    "#);
}

#[test]
fn what_is_own_can_be_said() {
    let (sources, diagnostic) = traced();
    let options = RenderOptions { own: vec!["/nix/store".into()], ..RenderOptions::default() };
    let text = render(&diagnostic, &sources, &options);
    assert!(text.contains("1240: while calling the builtin 'map'"), "{text}");
    assert!(text.contains("… 1,234 frames in me/a.nix"), "{text}");
    assert!(text.contains("1241: while evaluating the option 'services.x'"), "{text}");
}

#[test]
fn whole_traces_fold_repetitions() {
    let (sources, diagnostic) = traced();
    assert_snapshot!(whole(&diagnostic, &sources), @r#"
    error[E0403]: end
      ┌─ /home/me/a.nix:2:24
      │
    2 │     f = x: if x == 0 then throw "end" else f (x - 1);
      │                           ^^^^^

         1: while calling the function 'f'
            at /home/me/a.nix:2:44: f = x: if x == 0 then throw "end" else f (x - 1);
            … 1,233 more like this
      1235: while calling the builtin 'map'
            at /nix/store/l.nix:2:3: map (f: f) list
      1236: while calling the builtin 'map'
            at /nix/store/l.nix:2:4: map (f: f) list
      1237: while calling the builtin 'map'
            at /nix/store/l.nix:2:5: map (f: f) list
      1238: while calling the builtin 'map'
            at /nix/store/l.nix:2:6: map (f: f) list
      1239: while calling the builtin 'map'
            at /nix/store/l.nix:2:7: map (f: f) list
      1240: while calling the builtin 'map'
            at /nix/store/l.nix:2:8: map (f: f) list
      1241: while evaluating the option 'services.x'
            of the module 'y'
      1242: while calling the function 'f'
            at /home/me/a.nix:3:5: in f 10
    "#);
}

proptest::proptest! {
    /// Whatever a source holds and wherever labels point, there is a text, it is short, and it
    /// holds nothing that drives a terminal.
    #[test]
    fn rendering_never_fails(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..600),
        lines in proptest::collection::vec(0..600usize, 0..8),
        primary in (0..700usize, 0..700u32),
        secondary in (0..700usize, 0..700u32),
    ) {
        let mut bytes = bytes;
        for at in lines {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = b'\n';
            }
        }
        let (sources, files) = map_with(&[("a.nix", &bytes)]);
        let span = |(start, length): (usize, u32)| files[0].pos(start).span(length);
        let mut diagnostic = Diagnostic::error(Code::Thrown, "message")
            .at(span(primary), "here")
            .with_label(span(secondary), "there");
        diagnostic.push_frame(TraceFrame::new(files[0].pos(primary.0), "while"));
        let text = whole(&diagnostic, &sources);
        assert!(text.starts_with("error[E0403]: message\n"), "{text}");
        assert!(text.contains("here") && text.contains("there"), "{text}");
        assert!(text.len() < 8_000, "{}", text.len());
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}
