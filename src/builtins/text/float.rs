//! Floating-point numbers as text: the notations that Nix prints.

use super::grisu;

/// Formats a number as values are printed and as `toXML` writes it: six significant digits, the
/// notation of C's `%g`.
///
/// `1e6` is `1e+06`, `0.1 + 0.2` is `0.3`, and a whole number has no decimal point.
pub(crate) fn print_float(number: f64) -> String {
    if let Some(text) = non_finite(number) {
        return text.to_owned();
    }
    let scientific = format!("{number:.5e}");
    let (mantissa, exponent) = split_exponent(&scientific);
    if (-4..6).contains(&exponent) {
        // The digits after the decimal point that six significant ones leave.
        let precision = (5 - exponent) as usize;
        return strip_zeros(&format!("{number:.precision$}")).to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let exponent = exponent.abs();
    format!("{}e{sign}{exponent:02}", strip_zeros(mantissa))
}

/// Formats a number as `toString` does: six digits after the decimal point, C's `%f`.
pub(crate) fn float_to_string(number: f64) -> String {
    match non_finite(number) {
        Some(text) => text.to_owned(),
        None => format!("{number:.6}"),
    }
}

/// Formats a number as `toJSON` does: enough digits to read the same number back, always with a
/// decimal point or an exponent, and `null` for what JSON cannot express.
pub(crate) fn float_to_json(number: f64) -> String {
    if !number.is_finite() {
        return "null".to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number == 0.0 {
        return format!("{sign}0.0");
    }
    let (digits, exponent) = grisu::shortest(number.abs());
    // Where the decimal point is, counted in digits from the left.
    let point = digits.len() as i32 + exponent;
    match point {
        1..=15 if exponent >= 0 => format!("{sign}{digits}{:0<1$}.0", "", exponent as usize),
        1..=15 => {
            let (whole, fraction) = digits.split_at(point as usize);
            format!("{sign}{whole}.{fraction}")
        }
        -3..=0 => format!("{sign}0.{:0<1$}{digits}", "", -point as usize),
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            let exponent_sign = if point <= 0 { '-' } else { '+' };
            let exponent = (point - 1).abs();
            format!("{sign}{first}{dot}{rest}e{exponent_sign}{exponent:02}")
        }
    }
}

fn non_finite(number: f64) -> Option<&'static str> {
    match (number.is_nan(), number.is_infinite(), number.is_sign_negative()) {
        (true, _, false) => Some("nan"),
        (true, _, true) => Some("-nan"),
        (_, true, false) => Some("inf"),
        (_, true, true) => Some("-inf"),
        _ => None,
    }
}

/// Splits what Rust formats with `e`.
fn split_exponent(scientific: &str) -> (&str, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}

/// Removes the zeros, and then the decimal point, at the end of a decimal fraction.
fn strip_zeros(decimal: &str) -> &str {
    match decimal.contains('.') {
        true => decimal.trim_end_matches('0').trim_end_matches('.'),
        false => decimal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_numbers() {
        // The number as printed, as a string and as JSON.
        for (number, printed, string, json) in [
            (0.0, "0", "0.000000", "0.0"),
            (-0.0, "-0", "-0.000000", "-0.0"),
            (1.0, "1", "1.000000", "1.0"),
            (-1.5, "-1.5", "-1.500000", "-1.5"),
            (0.1 + 0.2, "0.3", "0.300000", "0.30000000000000004"),
            (100000.0, "100000", "100000.000000", "100000.0"),
            (999999.5, "1e+06", "999999.500000", "999999.5"),
            (1e6, "1e+06", "1000000.000000", "1000000.0"),
            (123456789.0, "1.23457e+08", "123456789.000000", "123456789.0"),
            (0.0001, "0.0001", "0.000100", "0.0001"),
            (0.00001, "1e-05", "0.000010", "1e-05"),
            (0.0078125, "0.0078125", "0.007812", "0.0078125"),
            (1e15, "1e+15", "1000000000000000.000000", "1e+15"),
            (1e14, "1e+14", "100000000000000.000000", "100000000000000.0"),
            (1e100, "1e+100", &format!("{:.6}", 1e100), "1e+100"),
            (2.5e-7, "2.5e-07", "0.000000", "2.5e-07"),
            (f64::MAX, "1.79769e+308", &format!("{:.6}", f64::MAX), "1.7976931348623157e+308"),
            (5e-324, "4.94066e-324", "0.000000", "5e-324"),
            (f64::INFINITY, "inf", "inf", "null"),
            (f64::NEG_INFINITY, "-inf", "-inf", "null"),
            (f64::NAN.copysign(-1.0), "-nan", "-nan", "null"),
            (f64::NAN.copysign(1.0), "nan", "nan", "null"),
        ] {
            assert_eq!(print_float(number), printed);
            assert_eq!(float_to_string(number), string);
            assert_eq!(float_to_json(number), json);
        }
    }
}
