//! How numbers are printed: fixed decimals as journals use, but never so few that a number vanishes.
//!
//! Strings are plain ASCII; the typographic minus is put in by the renderers that have one.
//!
//! ```
//! use plim_report::number::number;
//! assert_eq!(number(0.98184013, 3), "0.982");
//! assert_eq!(number(0.00012345, 3), "0.00012"); // two significant digits at least
//! assert_eq!(number(123456.789, 3), "123,457"); // large numbers give up decimals
//! assert_eq!(number(-0.0, 3), "0.000");
//! ```

/// More decimals than this and the number is printed in powers of ten.
const MOST_DECIMALS: i32 = 7;

/// Decimals for an estimate of size `largest` whose finest companion (its standard error) is of size `smallest`.
///
/// `digits` of them, fewer from 1 000 upwards (one for each further power of ten), and more when the
/// smaller number would show less than two significant digits.
pub fn decimals(largest: f64, smallest: f64, digits: usize) -> usize {
    let power = |x: f64| x.abs().log10().floor() as i32;
    let digits = digits as i32;
    let large = if largest.is_finite() && largest.abs() >= 1000.0 { power(largest) - 2 } else { 0 };
    let small = if smallest.is_finite() && smallest != 0.0 { 1 - power(smallest) } else { 0 };
    let wanted = if large > 0 { digits - large } else { digits.max(small) };
    wanted.max(0) as usize
}

/// `x` with this many decimals; empty when not finite, in powers of ten when the decimals would be too many.
pub fn fixed(x: f64, decimals: usize) -> String {
    if !x.is_finite() {
        return String::new();
    }
    if decimals as i32 > MOST_DECIMALS && x != 0.0 || x.abs() >= 1e15 {
        return format!("{x:.1e}");
    }
    let text = format!("{:.*}", decimals.min(MOST_DECIMALS as usize), x.abs());
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    let sign = if x < 0.0 && !zero { "-" } else { "" };
    // Four digits stay together, so that years read as years.
    let separate = text.split('.').next().is_some_and(|whole| whole.len() > 4);
    format!("{sign}{}", if separate { thousands(&text) } else { text })
}

/// `x` on its own, with about `digits` decimals.
pub fn number(x: f64, digits: usize) -> String {
    fixed(x, decimals(x, x, digits))
}

/// A count, with separators from 1 000.
pub fn count(n: f64) -> String {
    if n.is_finite() { thousands(&format!("{n:.0}")) } else { String::new() }
}

/// A share as a percentage.
pub fn percent(share: f64, decimals: usize) -> String {
    if share.is_finite() { format!("{}%", fixed(100.0 * share, decimals)) } else { String::new() }
}

/// A p-value: three decimals, `<0.001` below.
pub fn p_value(p: f64) -> String {
    match p {
        p if !p.is_finite() => String::new(),
        p if p < 0.0005 => "<0.001".into(),
        p => fixed(p, 3),
    }
}

/// The printed number without commas between thousands; the comma of an interval, which a space follows, stays.
pub fn ungrouped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        let next = text[i + c.len_utf8()..].chars().next();
        if c != ',' || next.is_none_or(|n| !n.is_ascii_digit()) {
            out.push(c);
        }
    }
    out
}

fn thousands(text: &str) -> String {
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        let left = whole.len() - i;
        if i > 0 && left % 3 == 0 && !out.ends_with('-') {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_vanishes_and_nothing_is_minus_zero() {
        assert_eq!(fixed(-0.0004, 3), "0.000");
        assert_eq!(number(-0.0004, 3), "-0.00040");
        assert_eq!(number(2016.0, 3), "2016.00");
        assert_eq!(number(3.2e-12, 3), "3.2e-12");
        assert_eq!(number(f64::NAN, 3), "");
        assert_eq!(fixed(1e300, 3), "1.0e300");
        assert_eq!(fixed(-0.0, 12), "0.0000000");
        assert_eq!(count(3179.0), "3,179");
        assert_eq!(count(-1000.0), "-1,000");
        assert_eq!(count(120.0), "120");
        assert_eq!(
            (p_value(0.0), p_value(0.0005), p_value(0.04999)),
            ("<0.001".into(), "0.001".into(), "0.050".into())
        );
    }

    #[test]
    fn an_estimate_and_its_error_share_their_decimals() {
        assert_eq!(decimals(0.98, 0.147, 3), 3);
        assert_eq!(decimals(0.98, 0.0041, 3), 4);
        assert_eq!(decimals(1234.5, 200.1, 3), 2);
        assert_eq!(decimals(0.0, 0.0, 3), 3);
    }
}
