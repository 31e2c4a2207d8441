//! Two stages in a row: inputs X make intermediate products Z, and nothing but Z makes the outputs Y.
//!
//! The relational model of Kao and Hwang (2008) under constant returns gives Z one price in both stages:
//!
//! ```text
//! E = max u'y_o   s.t.  v'x_o = 1,   w'z_j ≤ v'x_j,   u'y_j ≤ w'z_j  for all j,   u, v, w ≥ 0
//! E1 = w'z_o / v'x_o,   E2 = u'y_o / w'z_o,   E = E1 E2
//! ```
//!
//! Solved is the dual, of m + p + s rows, with λ the intensities of the first stage and μ those of the second:
//!
//! ```text
//! min θ   s.t.  X'λ ≤ θ x_o,   Z'λ ≥ Z'μ,   Y'μ ≥ y_o,   λ, μ ≥ 0
//! ```
//!
//! E is unique, its split is not: the prices that attain E are a face. Any prices of that face are complementary to one
//! optimal (λ, μ), which turns the constraints of its units into equalities and prices what is slack at zero:
//!
//! ```text
//! E1⁺ = max w'z_o   s.t.  v'x_o = 1,   w'z_j = v'x_j for λ_j > 0,   u'y_j = w'z_j for μ_j > 0,   the rest as before
//! ```
//!
//! and E2 = E / E1. With priority to the second stage w'z_o is minimized on the same face. E stays out of the
//! constraints: held to a rounded number, it would make the face empty or thick. That the prices found attain E is
//! checked afterwards. Assumes constant returns; under others the stages' efficiencies do not multiply to E.
//!
//! Kao, C. and S.-N. Hwang (2008), "Efficiency decomposition in two-stage data envelopment analysis", European
//! Journal of Operational Research 185.

use super::Status;
use super::dea::technology::{NoScore, Scored, certified};
use super::prices::{free, restrict_to_face};
use crate::math::Mat;
use crate::math::lp::{Columns, Program, Row, Sense};
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The prices of the split attain E to this part of it.
const ATTAINED: f64 = 1e-9;

/// Two-stage data envelopment analysis: overall efficiency as the product of the efficiencies of two stages in a row.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TwoStageDea {
    /// Columns of inputs of the first stage, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of intermediate products: all that the first stage makes and all that the second uses.
    pub links: Vec<String>,
    /// Columns of outputs of the second stage, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Stage that gets the largest efficiency the overall one allows, because the split is not unique. The first by
    /// default, as Kao and Hwang (2008) do.
    pub priority: Priority,
    /// Column for each value of which there is a frontier of its own, such as the year; one frontier of all rows without
    /// it.
    pub by: Option<String>,
}

/// Stage that gets the largest efficiency the overall one allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// From inputs to intermediate products.
    #[default]
    First,
    /// From intermediate products to outputs.
    Second,
}

/// Efficiencies of one unit; without an optimum the numbers are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TwoStageUnit {
    /// E, overall.
    pub efficiency: Option<f64>,
    /// E1 and E2, whose product is E.
    pub stages: Option<[f64; 2]>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Efficiencies of all units, in row order, from X (n × m), Z (n × p) and Y (n × s).
///
/// A unit with a negative value, or without a positive input, intermediate product or output, is refused and is no
/// part of the others' frontier.
pub fn two_stage(X: &Mat<f64>, Z: &Mat<f64>, Y: &Mat<f64>, priority: Priority) -> Result<Vec<TwoStageUnit>> {
    let n = X.nrows();
    for (what, M) in [("the inputs", X), ("the intermediate products", Z), ("the outputs", Y)] {
        if M.nrows() != n {
            return Err(Error::length(what, M.nrows(), n));
        }
        if M.ncols() == 0 || n == 0 {
            return Err(Error::new(Kind::Empty { what: what.into() }));
        }
        let rows: Vec<usize> = (0..n).filter(|&i| (0..M.ncols()).any(|j| !M[(i, j)].is_finite())).collect();
        if !rows.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_rows(rows));
        }
    }
    let refusals: Vec<Option<NoScore>> = (0..n).map(|i| refusal(&[X, Z, Y], i).map(NoScore::refused)).collect();
    let reference: Vec<usize> = (0..n).filter(|&i| refusals[i].is_none()).collect();
    let columns = columns(X, Z, Y, &reference);
    let score = |(i, refusal): (usize, Option<NoScore>)| {
        let point = [X, Z, Y].map(|M| (0..M.ncols()).map(|j| M[(i, j)]).collect::<Vec<f64>>());
        let scored = refusal.map_or_else(|| efficiencies(&columns, &point, priority), Err);
        match scored {
            Ok((efficiency, stages)) => TwoStageUnit {
                efficiency: Some(efficiency),
                stages: Some(stages),
                status: Status::Optimal,
                reason: None,
            },
            Err(NoScore { status, reason }) => TwoStageUnit { efficiency: None, stages: None, status, reason },
        }
    };
    Ok(refusals.into_par_iter().enumerate().map(score).collect())
}

fn refusal(blocks: &[&Mat<f64>; 3], unit: usize) -> Option<&'static str> {
    let values = |M: &Mat<f64>| (0..M.ncols()).map(|j| M[(unit, j)]).collect::<Vec<f64>>();
    if blocks.iter().any(|M| values(M).iter().any(|&v| v < 0.0)) {
        return Some("an input, intermediate product or output is negative");
    }
    let zero = ["all inputs are zero", "all intermediate products are zero", "all outputs are zero"];
    blocks.iter().zip(zero).find(|(M, _)| values(M).iter().all(|&v| v == 0.0)).map(|(_, why)| why)
}

/// Rows of X, Z and Y; the columns are λ, then μ: (m + p + s) × 2n.
fn columns(X: &Mat<f64>, Z: &Mat<f64>, Y: &Mat<f64>, reference: &[usize]) -> Columns {
    let n = reference.len();
    let mut raw = Vec::with_capacity((X.ncols() + Z.ncols() + Y.ncols()) * 2 * n);
    for (M, first, second) in [(X, 1.0, 0.0), (Z, 1.0, -1.0), (Y, 0.0, 1.0)] {
        for j in 0..M.ncols() {
            raw.extend(reference.iter().map(|&i| first * M[(i, j)]));
            raw.extend(reference.iter().map(|&i| second * M[(i, j)]));
        }
    }
    Columns::new(X.ncols() + Z.ncols() + Y.ncols(), 2 * n, raw)
}

/// E at one unit, and E1 and E2.
fn efficiencies(columns: &Columns, [x, z, y]: &[Vec<f64>; 3], priority: Priority) -> Scored<(f64, [f64; 2])> {
    // Coefficients of x_o, z_o and y_o, in a column or in the right side.
    let stack = |a: f64, b: f64, c: f64| -> Vec<f64> {
        let scaled = [(a, x), (b, z), (c, y)].into_iter().flat_map(|(k, v)| v.iter().map(move |v| k * v));
        scaled.collect()
    };
    let sense = |i: usize| if i < x.len() { Sense::AtMost } else { Sense::AtLeast };
    let rows = |rhs: Vec<f64>| rhs.into_iter().enumerate().map(|(i, v)| Row::new(sense(i), v)).collect();
    let mut program = Program {
        columns,
        cost: &[],
        skip: None,
        own: vec![free(1.0, stack(-1.0, 0.0, 0.0))],
        rows: rows(stack(0.0, 0.0, 1.0)),
    };
    let first = certified(&program, &[])?;
    let overall = first.objective.min(1.0);
    let start = restrict_to_face(&mut program, &first);
    // The dual of max w'z_o, or of max -w'z_o.
    program.rows = rows(stack(0.0, if priority == Priority::First { 1.0 } else { -1.0 }, 0.0));
    let second = certified(&program, &start)?;
    let at_least = x.len() + z.len();
    let attained: f64 = y.iter().zip(&second.dual[at_least..]).map(|(y, u)| y * u).sum();
    if (attained - overall).abs() > ATTAINED * overall {
        let off = (attained / overall - 1.0).abs();
        return Err(NoScore::refused(format!("the split misses the overall efficiency by {off:.1e} of it")));
    }
    let first_stage = second.objective.abs().clamp(overall, 1.0);
    Ok((overall, [first_stage, overall / first_stage]))
}
