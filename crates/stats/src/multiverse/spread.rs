//! What the spread of the estimates over specifications comes from.
//!
//! Universe u makes one choice among the alternatives of each question; θ_u is its estimate. With the alternatives as
//! dummies, R²(S) is the share of Σ (θ_u - θ̄)² that the questions in S explain by their main effects. The share of
//! question q is its Shapley value (Lindeman, Merenda and Gold 1980; Shorrocks 2013)
//!
//! ```text
//! φ_q = Σ_{S ∌ q} |S|! (d - |S| - 1)!/d! · (R²(S ∪ q) - R²(S)),      Σ_q φ_q = R²(all)
//! ```
//!
//! and 1 - R²(all) is what choices do in company only (interactions). In a full factorial design φ_q is the first-order
//! share of the analysis of variance.

use crate::math::rng::Stream;
use std::collections::HashMap;

/// Up to this many questions every subset is evaluated; beyond it, random orders.
const SUBSETS: usize = 12;

/// Random orders beyond.
const ORDERS: usize = 1024;

/// What the choices explain of the spread.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// Shapley share of each question.
    pub shares: Vec<f64>,
    /// What choices do in company only.
    pub interactions: f64,
}

/// Shares of the questions in the spread of `values`; `choices[u][q]` is the alternative that universe u takes. `None`
/// without spread.
pub fn explained(choices: &[Vec<u16>], values: &[f64]) -> Option<Explained> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let total: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    if values.len() < 2 || total <= 1e-24 * values.iter().map(|v| v * v).sum::<f64>() {
        return None;
    }
    let questions = choices.first().map_or(0, Vec::len);
    let dummies = Dummies::new(choices, values, mean, questions);
    let r2 = |set: &[usize]| dummies.explained(set) / total;
    let mut shares = vec![0.0; questions];
    if questions <= SUBSETS {
        let all: Vec<f64> = (0..1usize << questions)
            .map(|mask| r2(&(0..questions).filter(|q| mask >> q & 1 == 1).collect::<Vec<_>>()))
            .collect();
        // |S|! (d - |S| - 1)!/d!, from its neighbor.
        let mut weight = vec![1.0 / questions.max(1) as f64; questions.max(1)];
        for s in 1..questions {
            weight[s] = weight[s - 1] * s as f64 / (questions - s) as f64;
        }
        for (q, share) in shares.iter_mut().enumerate() {
            let without = (0..all.len()).filter(|mask| mask >> q & 1 == 0);
            *share = without.map(|m| weight[m.count_ones() as usize] * (all[m | 1 << q] - all[m])).sum();
        }
    } else {
        let mut order: Vec<usize> = (0..questions).collect();
        for r in 0..ORDERS {
            Stream::new(0, r as u64).shuffle(&mut order);
            let mut before = 0.0;
            for at in 0..questions {
                let now = r2(&order[..=at]);
                shares[order[at]] += (now - before) / ORDERS as f64;
                before = now;
            }
        }
    }
    let interactions = 1.0 - shares.iter().sum::<f64>();
    Some(Explained { shares, interactions: interactions.max(0.0) })
}

/// Moments of the dummies of all alternatives but the first, centered, and of the values.
struct Dummies {
    /// Columns of each question.
    of: Vec<Vec<usize>>,
    gram: Vec<Vec<f64>>,
    with_values: Vec<f64>,
}

impl Dummies {
    fn new(choices: &[Vec<u16>], values: &[f64], mean: f64, questions: usize) -> Self {
        let mut columns: Vec<(usize, u16)> = Vec::new();
        let mut of = vec![Vec::new(); questions];
        for q in 0..questions {
            let mut seen: Vec<u16> = choices.iter().map(|c| c[q]).collect();
            seen.sort_unstable();
            seen.dedup();
            for &alternative in seen.iter().skip(1) {
                of[q].push(columns.len());
                columns.push((q, alternative));
            }
        }
        let n = values.len() as f64;
        let is = |u: usize, (q, a): (usize, u16)| f64::from(u8::from(choices[u][q] == a));
        let share: Vec<f64> = columns.iter().map(|&c| (0..values.len()).map(|u| is(u, c)).sum::<f64>() / n).collect();
        let p = columns.len();
        let mut gram = vec![vec![0.0; p]; p];
        for i in 0..p {
            for j in i..p {
                let both: f64 = (0..values.len()).map(|u| is(u, columns[i]) * is(u, columns[j])).sum();
                gram[i][j] = both - n * share[i] * share[j];
                gram[j][i] = gram[i][j];
            }
        }
        let with_values =
            columns.iter().map(|&c| (0..values.len()).map(|u| is(u, c) * (values[u] - mean)).sum()).collect();
        Dummies { of, gram, with_values }
    }

    /// Sum of squares that these questions explain, by Cholesky; columns that others span add nothing.
    fn explained(&self, questions: &[usize]) -> f64 {
        let columns: Vec<usize> = questions.iter().flat_map(|&q| self.of[q].iter().copied()).collect();
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let (mut z, mut sum): (Vec<f64>, f64) = (Vec::new(), 0.0);
        let mut kept: Vec<usize> = Vec::new();
        for &c in &columns {
            let mut row: Vec<f64> = Vec::with_capacity(kept.len() + 1);
            for (k, &other) in kept.iter().enumerate() {
                let before: f64 = (0..k).map(|m| row[m] * rows[k][m]).sum();
                row.push((self.gram[c][other] - before) / rows[k][k]);
            }
            let left = self.gram[c][c] - row.iter().map(|r| r * r).sum::<f64>();
            if left <= 1e-10 * self.gram[c][c] {
                continue;
            }
            let d = left.sqrt();
            let value = (self.with_values[c] - row.iter().zip(&z).map(|(r, z)| r * z).sum::<f64>()) / d;
            sum += value * value;
            row.push(d);
            rows.push(row);
            z.push(value);
            kept.push(c);
        }
        sum
    }
}

/// For each question, the share of pairs of universes that differ in this choice alone and have estimates of opposite
/// signs; `None` where there is no such pair.
pub fn flips(choices: &[Vec<u16>], values: &[f64]) -> Vec<Option<f64>> {
    let questions = choices.first().map_or(0, Vec::len);
    let share = |q: usize| {
        let mut groups: HashMap<Vec<u16>, (u64, u64)> = HashMap::new();
        for (choice, value) in choices.iter().zip(values) {
            let mut rest = choice.clone();
            rest.remove(q);
            let (positive, other) = groups.entry(rest).or_default();
            match *value > 0.0 {
                true => *positive += 1,
                false => *other += 1,
            }
        }
        let (mut pairs, mut opposite) = (0, 0);
        for (positive, other) in groups.values() {
            let n = positive + other;
            pairs += n * n.saturating_sub(1) / 2;
            opposite += positive * other;
        }
        (pairs > 0).then(|| opposite as f64 / pairs as f64)
    };
    (0..questions).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factorial(levels: &[u16]) -> Vec<Vec<u16>> {
        levels.iter().fold(vec![Vec::new()], |all, &n| {
            all.iter().flat_map(|u| (0..n).map(move |a| [&u[..], &[a]].concat())).collect()
        })
    }

    #[test]
    fn additive_effects_are_shared_as_their_variances() {
        // Effects 0, 3 and 0, 1, 2: variances 2.25 and 2/3, no interaction.
        let choices = factorial(&[2, 3]);
        let values: Vec<f64> = choices.iter().map(|c| 3.0 * f64::from(c[0]) + f64::from(c[1])).collect();
        let e = explained(&choices, &values).unwrap();
        let (a, b) = (2.25, 2.0 / 3.0);
        assert!((e.shares[0] - a / (a + b)).abs() < 1e-12 && (e.shares[1] - b / (a + b)).abs() < 1e-12);
        assert!(e.interactions < 1e-12);
    }

    #[test]
    fn a_pure_interaction_is_no_main_effect() {
        let choices = factorial(&[2, 2]);
        let values: Vec<f64> = choices.iter().map(|c| if c[0] == c[1] { 1.0 } else { -1.0 }).collect();
        let e = explained(&choices, &values).unwrap();
        assert!(e.shares.iter().all(|s| s.abs() < 1e-12) && (e.interactions - 1.0).abs() < 1e-12);
        // Each choice flips the sign of every pair that it tells apart.
        assert_eq!(flips(&choices, &values), [Some(1.0), Some(1.0)]);
    }

    #[test]
    fn orders_and_subsets_agree_on_an_unbalanced_design() {
        // Two questions go together in most universes: each gets half of what both explain, whatever the way.
        let choices: Vec<Vec<u16>> = vec![vec![0, 0], vec![0, 0], vec![1, 1], vec![1, 1], vec![0, 1], vec![1, 0]];
        let values = [0.0, 0.1, 2.0, 2.1, 1.0, 1.1];
        let two = explained(&choices, &values).unwrap();
        let padded: Vec<Vec<u16>> = choices.iter().map(|c| [&c[..], &[0; 11]].concat()).collect();
        let many = explained(&padded, &values).unwrap();
        assert!((two.shares[0] - many.shares[0]).abs() < 0.02, "{two:?} {many:?}");
        let sum: f64 = two.shares.iter().sum::<f64>() + two.interactions;
        assert!((sum - 1.0).abs() < 1e-12);
        assert!(explained(&choices, &[1.0; 6]).is_none());
    }
}
