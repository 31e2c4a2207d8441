//! Reassigning labels to units: every distinct arrangement when they are few, random ones otherwise.
//!
//! The p-value of a statistic b under the hypothesis that labels are exchangeable is
//! #{|b*| ≥ |b|}/N over all N arrangements, the observed one among them, or (1 + #)/(R + 1) over R random ones,
//! which keeps the test's level for any R (Phipson and Smyth 2010).

use crate::math::rng::Stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Up to this many arrangements are enumerated whatever the replications asked for.
const ENUMERATE: f64 = 5_000.0;

/// Statistics that differ by rounding only are ties.
const TIE: f64 = 1e-9;

/// Arrangements of labels over units.
#[derive(Debug, Clone)]
pub struct Assignments {
    /// Label of each unit, for each arrangement.
    pub draws: Vec<Vec<u32>>,
    /// Whether they are all the arrangements there are.
    pub exact: bool,
}

/// A permutation p-value and how it was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Permutation {
    /// Two-sided p-value.
    pub p_value: f64,
    /// One-sided p-value, in the direction of the estimate.
    pub p_one_sided: f64,
    /// Arrangements evaluated.
    pub draws: usize,
    /// Whether they are all the arrangements there are.
    pub exact: bool,
    /// Arrangements under which the statistic is not defined; counted as extreme, so that p is not understated.
    pub undefined: usize,
}

/// Distinct arrangements of `labels`: n!/(n₁! n₂! …).
pub fn arrangements(labels: &[u32]) -> f64 {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable();
    let (mut count, mut run) = (1.0, 0.0);
    for i in 0..sorted.len() {
        run = if i > 0 && sorted[i] == sorted[i - 1] { run + 1.0 } else { 1.0 };
        count *= (i + 1) as f64 / run;
    }
    count.round()
}

/// The next arrangement in lexicographic order; false after the last.
fn next(labels: &mut [u32]) -> bool {
    let Some(i) = (1..labels.len()).rev().find(|&i| labels[i - 1] < labels[i]) else { return false };
    let pivot = labels[i - 1];
    let j = (i..labels.len()).rev().find(|&j| labels[j] > pivot).unwrap_or(i);
    labels.swap(i - 1, j);
    labels[i..].reverse();
    true
}

impl Assignments {
    /// All arrangements when there are at most `replications` or 5,000, else `replications` random ones.
    pub fn new(labels: &[u32], replications: usize, seed: u64) -> Self {
        let mut current = labels.to_vec();
        if arrangements(labels) <= ENUMERATE.max(replications as f64) {
            current.sort_unstable();
            let mut draws = vec![current.clone()];
            while next(&mut current) {
                draws.push(current.clone());
            }
            return Assignments { draws, exact: true };
        }
        let draw = |r: usize| {
            let mut labels = labels.to_vec();
            Stream::new(seed, r as u64).shuffle(&mut labels);
            labels
        };
        Assignments { draws: (0..replications).map(draw).collect(), exact: false }
    }

    /// As [`Assignments::new`] for labels that are 0 (never) or one of `dates` (1 and up), where the units that are not 0
    /// draw a date of their own too: (n choose k) datesᵏ arrangements.
    pub fn dated(labels: &[u32], dates: u32, replications: usize, seed: u64) -> Self {
        let treated: Vec<u32> = labels.iter().map(|&l| u32::from(l > 0)).collect();
        let k = treated.iter().filter(|&&t| t > 0).count();
        let count = arrangements(&treated) * f64::from(dates).powi(i32::try_from(k).unwrap_or(i32::MAX));
        if count <= ENUMERATE.max(replications as f64) {
            let mut draws = Vec::new();
            for set in Assignments::new(&treated, usize::MAX, seed).draws {
                // Counts in base `dates` over the treated units of this set.
                let mut current = set;
                loop {
                    draws.push(current.clone());
                    let Some(digit) = current.iter_mut().filter(|l| **l > 0).find_map(|l| match *l < dates {
                        true => Some(l),
                        false => {
                            *l = 1;
                            None
                        }
                    }) else {
                        break;
                    };
                    *digit += 1;
                }
            }
            return Assignments { draws, exact: true };
        }
        let draw = |r: usize| {
            let mut stream = Stream::new(seed, r as u64);
            let mut labels = treated.clone();
            stream.shuffle(&mut labels);
            labels.iter_mut().filter(|l| **l > 0).for_each(|l| *l = 1 + stream.below(dates as usize) as u32);
            labels
        };
        Assignments { draws: (0..replications).map(draw).collect(), exact: false }
    }

    /// The p-value of `observed` among `statistics`, one for each arrangement.
    pub fn p_value(&self, observed: f64, statistics: &[Option<f64>]) -> Permutation {
        let bound = observed.abs() * (1.0 - TIE);
        let count = |extreme: &dyn Fn(f64) -> bool| statistics.iter().filter(|s| s.is_none_or(extreme)).count();
        let (two, one) = (count(&|s| s.abs() >= bound), count(&|s| s * observed.signum() >= bound));
        let p = |hits: usize| match self.exact {
            true => hits as f64 / statistics.len() as f64,
            false => (1 + hits) as f64 / (statistics.len() + 1) as f64,
        };
        Permutation {
            p_value: p(two),
            p_one_sided: p(one),
            draws: statistics.len(),
            exact: self.exact,
            undefined: statistics.iter().filter(|s| s.is_none()).count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_arrangements_of_two_two_two() {
        let a = Assignments::new(&[3, 3, 4, 4, 0, 0], 0, 1);
        assert!(a.exact && a.draws.len() == 90 && arrangements(&[3, 3, 4, 4, 0, 0]) == 90.0);
        let distinct: std::collections::HashSet<_> = a.draws.iter().collect();
        assert_eq!(distinct.len(), 90);
    }

    #[test]
    fn units_and_dates_are_enumerated_when_few() {
        // Two of four units, three dates: 6 · 3² arrangements, the given one among them.
        let a = Assignments::dated(&[0, 2, 0, 3], 3, 0, 1);
        assert!(a.exact && a.draws.len() == 54 && a.draws.contains(&vec![0, 2, 0, 3]));
        let distinct: std::collections::HashSet<_> = a.draws.iter().collect();
        assert_eq!(distinct.len(), 54);
        let many: Vec<u32> = (0..40).map(|i| u32::from(i < 10)).collect();
        let b = Assignments::dated(&many, 8, 30, 1);
        assert!(!b.exact && b.draws.len() == 30);
        assert!(b.draws.iter().all(|d| d.iter().filter(|&&l| l > 0).count() == 10 && d.iter().all(|&l| l <= 8)));
    }

    #[test]
    fn random_arrangements_keep_the_composition_and_the_seed() {
        let labels: Vec<u32> = (0..40).map(|i| i % 2).collect();
        let (a, b) = (Assignments::new(&labels, 50, 7), Assignments::new(&labels, 50, 7));
        assert!(!a.exact && a.draws == b.draws && a.draws[0] != a.draws[1]);
        assert!(a.draws.iter().all(|d| d.iter().sum::<u32>() == 20));
        // (1 + 0)/(R + 1) at the least.
        assert_eq!(a.p_value(9.0, &vec![Some(0.0); 50]).p_value, 1.0 / 51.0);
    }
}
