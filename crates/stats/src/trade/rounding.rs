//! What is nothing but rounding: one bound for every difference that a measure divides by, or takes the sign of.
//!
//! A sum of n numbers is off by n ε/2 of the sum of their sizes at most (Higham 2002, "Accuracy and Stability of
//! Numerical Algorithms", 4.2), ε = 2⁻⁵², and each number by ε/2 of itself when it is read. Decimal data that add up to
//! the same total differ by as much in binary: .1 + .2 is not .3.

/// Numbers that each term may itself be a sum of, before it comes here.
const BEFORE: usize = 32;

/// The most that rounding makes of a difference of sums: `terms` numbers, whose sizes add up to `size`.
pub(super) fn rounding(size: f64, terms: usize) -> f64 {
    (terms + BEFORE) as f64 * f64::EPSILON * size
}

/// The difference, zero where rounding explains it.
pub(super) fn settled(difference: f64, size: f64, terms: usize) -> f64 {
    if size.is_finite() && difference.abs() <= rounding(size, terms) { 0.0 } else { difference }
}

/// The values of zero or more, those that differ by rounding alone made one; each is a sum of `terms` numbers.
pub(super) fn settled_levels(x: &[f64], terms: usize) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let mut out = x.to_vec();
    let mut level = f64::NAN;
    for i in order {
        if settled(x[i] - level, x[i] + level, terms) == 0.0 {
            out[i] = level;
        } else {
            level = x[i];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_zero_and_small_changes_are_not() {
        let (a, b) = (0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1);
        assert!(a != b && settled(a - b, a + b, 6) == 0.0);
        assert_eq!(settled(1e-12, 2.0, 6), 1e-12);
        assert_eq!(settled(f64::INFINITY, f64::INFINITY, 6), f64::INFINITY);
        assert!(settled(f64::NAN, 1.0, 6).is_nan());
        assert_eq!(settled_levels(&[a, 2.0, b, 0.0, 2.0 + 1e-12], 3), [b, 2.0, b, 0.0, 2.0 + 1e-12]);
        assert!(settled_levels(&[], 1).is_empty());
    }
}
