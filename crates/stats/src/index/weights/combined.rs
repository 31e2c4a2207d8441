//! Several weights put together: product, minimum relative entropy, game theory.
//!
//! With weights w_1, …, w_m of the same indicators,
//!
//! ```text
//! product                   w_j ∝ Π_i w_ij
//! minimum_relative_entropy  w_j ∝ (Π_i w_ij)^(1/m)       nearest to all in relative entropy
//! game_theory               w = Σ_i α_i w_i,   [w_i'w_l] α = (w_i'w_i)_i,   α = |α| / Σ |α|
//! ```
//!
//! The game's α make w nearest to all w_i in squares (the first-order conditions of min Σ_i |Σ_l α_l w_l - w_i|², each
//! taken alone, as the literature has it).

use super::{Convention, to_sum_one};
use crate::math::Mat;
use crate::math::linalg::solve;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How weights are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Combination {
    /// Their product, the commonest form.
    #[default]
    Product,
    /// Their geometric mean.
    MinimumRelativeEntropy,
    /// A sum, with coefficients nearest to all of them.
    GameTheory,
}

/// Refuses fewer than two conventions, and a combination inside another.
pub(crate) fn check(combine: &[Convention]) -> Result<()> {
    if combine.len() < 2 || combine.contains(&Convention::Combined) {
        return Err(Error::invalid(
            "`method = \"combined\"` needs two or more conventions under `combine`",
            "set `combine = [\"entropy\", \"critic\"]`, say",
        ));
    }
    Ok(())
}

/// Combined weights of two or more vectors of the same length.
pub fn combine(parts: &[Vec<f64>], how: Combination) -> Result<Vec<f64>> {
    let k = parts.first().map_or(0, Vec::len);
    if let Some(other) = parts.iter().find(|p| p.len() != k) {
        return Err(Error::length("a list of weights to combine", other.len(), k));
    }
    let negative = parts.iter().flatten().any(|w| *w < 0.0);
    if negative && how != Combination::GameTheory {
        return Err(Error::invalid(
            "a weight to combine is negative, so that products of weights mean nothing",
            "set `nonnegative = true`, or `combination = \"game_theory\"`",
        ));
    }
    let product = |j: usize| parts.iter().map(|p| p[j]).product::<f64>();
    match how {
        Combination::Product => to_sum_one((0..k).map(product).collect()),
        Combination::MinimumRelativeEntropy => {
            to_sum_one((0..k).map(|j| product(j).powf(1.0 / parts.len() as f64)).collect())
        }
        Combination::GameTheory => {
            let alpha = game(parts)?;
            to_sum_one((0..k).map(|j| parts.iter().zip(&alpha).map(|(p, a)| a * p[j]).sum()).collect())
        }
    }
}

/// The coefficients of a game by the convention they belong to; none of other combinations.
pub(crate) fn alphas(of: &[Convention], parts: &[Vec<f64>], how: Combination) -> Result<Vec<(String, f64)>> {
    match how {
        Combination::GameTheory => {
            let named = |(c, a): (&Convention, f64)| (format!("alpha_{}", c.word()), a);
            Ok(of.iter().zip(game(parts)?).map(named).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The coefficients α of the game, which sum to one.
pub fn game(parts: &[Vec<f64>]) -> Result<Vec<f64>> {
    let m = parts.len();
    let inner = |a: usize, b: usize| parts[a].iter().zip(&parts[b]).map(|(x, y)| x * y).sum::<f64>();
    let G = Mat::from_fn(m, m, inner);
    let right: Vec<f64> = (0..m).map(|a| inner(a, a)).collect();
    let alpha = solve(&G, &right, "the matrix of products of the weights").map_err(|_| {
        Error::invalid(
            "the weights to combine are linearly dependent (two are equal, say), so that the game has no solution",
            "combine conventions that differ, or set `combination = \"minimum_relative_entropy\"`",
        )
    })?;
    to_sum_one(alpha.iter().map(|a| a.abs()).collect())
}
