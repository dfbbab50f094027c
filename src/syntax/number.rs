//! The value of number literals with a fraction.

/// Reads the text of a float literal, which has to have the form that the lexer gives it.
///
/// Returns `None` for what C's `strtod` calls out of range: too large, or so small that digits
/// are lost.
pub(super) fn parse_float(literal: &str) -> Option<f64> {
    let number: f64 = literal.parse().ok()?;
    let is_small = number == 0.0 || number.is_subnormal();
    let in_range = number.is_finite() && (!is_small || is_exact(literal, number));
    in_range.then_some(number)
}

/// Whether the decimal number is exactly the given zero or subnormal number.
fn is_exact(literal: &str, number: f64) -> bool {
    let (mantissa, _) = literal.split_once(['e', 'E']).unwrap_or((literal, ""));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_matches('0');
    if number == 0.0 || digits.is_empty() {
        return digits.is_empty();
    }
    // No finite number has more than 767 significant decimal digits.
    let exact = format!("{number:.800e}");
    let exact = exact.split_once('e').map_or(&*exact, |(mantissa, _)| mantissa);
    digits == exact.replace('.', "").trim_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_literals() {
        for (literal, expected) in [
            ("1.", Some(1.0)),
            (".5", Some(0.5)),
            ("0.1e1", Some(1.0)),
            ("1.7976931348623157e308", Some(f64::MAX)),
            ("1.0e400", None),
            ("0.0e-500", Some(0.0)),
            ("1.0e-500", None),
            ("1.0e-310", None),
            ("2.2250738585072014e-308", Some(f64::MIN_POSITIVE)),
        ] {
            assert_eq!(parse_float(literal), expected, "{literal}");
        }
        let smallest = format!("{:.800e}", 5e-324);
        assert_eq!(parse_float(&smallest), Some(5e-324));
    }
}
