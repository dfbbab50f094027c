//! What is printed can be read again: printing a value and evaluating the text gives the value.

use firn::{Evaluator, Value};
use proptest::prelude::*;

/// A value that has a literal.
#[derive(Clone, Debug)]
enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Vec<u8>),
    List(Vec<Literal>),
    Attrs(Vec<(String, Literal)>),
}

fn literal() -> impl Strategy<Value = Literal> {
    let string = prop::collection::vec(
        prop_oneof![
            4 => any::<u8>(),
            1 => prop::sample::select(b"$${}\"\\\n\r\t'' ".to_vec()),
        ],
        0..12,
    );
    let leaf = prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(Literal::Int),
        // Six digits are printed, so numbers that have no more survive.
        (-99_999_i32..100_000, -3..4_i32)
            .prop_map(|(digits, power)| Literal::Float(f64::from(digits) * 10_f64.powi(power))),
        // A string cannot hold a NUL byte.
        string.prop_map(|bytes| Literal::String(bytes.into_iter().filter(|byte| *byte != 0).collect())),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Literal::List),
            prop::collection::btree_map("[a-z_][a-z0-9_'-]{0,4}|[ -~]{0,6}|if|or|rec", inner, 0..6)
                .prop_map(|attrs| Literal::Attrs(attrs.into_iter().collect())),
        ]
    })
}

/// The value in the language.
fn build(firn: &mut Evaluator, literal: &Literal) -> Value {
    match literal {
        Literal::Null => firn.eval_text("null", "/").expect("null is a value"),
        Literal::Bool(value) => firn.bool(*value),
        Literal::Int(value) => firn.int(*value),
        Literal::Float(value) => firn.float(*value),
        Literal::String(bytes) => firn.string(bytes),
        Literal::List(elements) => {
            let elements: Vec<_> = elements.iter().map(|element| build(firn, element)).collect();
            firn.list(&elements)
        }
        Literal::Attrs(attrs) => {
            let attrs: Vec<_> = attrs.iter().map(|(name, value)| (name.clone(), build(firn, value))).collect();
            firn.attrs(attrs)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_as_the_same_value(literal in literal()) {
        let mut firn = Evaluator::new();
        let value = build(&mut firn, &literal);
        let pretty = firn.print_pretty(&value).expect("the value is not deep");
        let again = match firn.eval_text(pretty.clone(), "/") {
            Ok(again) => again,
            Err(error) => {
                let text = firn.render(&error, &Default::default());
                return Err(TestCaseError::fail(format!("{}\n{text}", String::from_utf8_lossy(&pretty))));
            }
        };
        let equal = firn.eval_text("a: b: a == b", "/").expect("a function");
        let equal = firn.call(&equal, &[value, again]).expect("the values can be compared");
        prop_assert_eq!(firn.kind(&equal).expect("evaluated"), firn::Kind::Bool(true), "{}", String::from_utf8_lossy(&pretty));
    }
}
