//! Trade measures: concentration, inertia, complexity and resilience of exports.

pub mod concentration;
pub mod inertia;
pub mod records;
pub mod resilience;

pub use concentration::{Concentration, concentration};
pub use inertia::{Inertia, inertia};
pub use records::Records;
pub use resilience::{Resilience, resilience};

/// For each element the sum of all others.
///
/// From sums to the left and to the right, because total - x loses all digits where x is nearly the total.
pub(crate) fn sums_without_each(x: &[f64]) -> Vec<f64> {
    let mut right = vec![0.0; x.len()];
    for i in (1..x.len()).rev() {
        right[i - 1] = right[i] + x[i];
    }
    let mut left = 0.0;
    for i in 0..x.len() {
        right[i] += left;
        left += x[i];
    }
    right
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums_of_the_others_keep_small_digits() {
        assert_eq!(super::sums_without_each(&[1e20, 3.0, 0.25]), [3.25, 1e20, 1e20]);
        assert_eq!(super::sums_without_each(&[7.0]), [0.0]);
    }
}
