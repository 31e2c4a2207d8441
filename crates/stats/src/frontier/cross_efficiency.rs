//! Cross-efficiency: every unit judged by the weights of every other.
//!
//! Each unit k has optimal weights (u, v) of the multiplier model under constant returns; unit j seen by k scores
//!
//! ```text
//! E_kj = u_k'y_j / v_k'x_j,      e_j = mean over k of E_kj
//! ```
//!
//! (Sexton, Silkman and Hogan 1986). The weights are seldom unique and e depends on the choice, so a second goal chooses
//! among those that keep the unit's own score θ_k (Doyle and Green 1994): kind to the others or hard on them,
//!
//! ```text
//! difference (II):  max or min  u'Ỹ - v'X̃   s.t.  v'x_k = 1
//! ratio (III):      max or min  u'Ỹ         s.t.  v'X̃ = 1          Ỹ, X̃ sums over j ≠ k
//! both:             u'y_k = θ_k v'x_k,   u'y_j ≤ v'x_j for j ≠ k,   u, v ≥ 0
//! ```
//!
//! The simplex likes few rows, so the dual is solved (m + s rows, a column for each unit) and the weights are its
//! certified dual prices. Orientation does not matter: weights count up to their scale only. Under variable returns E can
//! be negative, so there is no such option.

use super::Status;
use super::dea::technology::{NoScore, Scored, Standing, Technology};
use super::dea::{Dea, Disposability, Kind, Model, Radial, Rts, Units, refusal};
use crate::math::lp::Solution;
use crate::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Cross-efficiency: every unit judged by the weights of every other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEfficiency {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Which of its optimal weights a unit judges the others by. Benevolent by default: arbitrary weights depend on the
    /// solver.
    pub goal: Goal,
    /// What the goal makes large or small: the others' difference of weighted outputs and inputs, or their ratio.
    pub surrogate: Surrogate,
    /// Whether a unit's own judgment counts in its mean.
    pub self_rating: bool,
    /// Column for each value of which the units judge each other, such as the year; all rows without it.
    pub by: Option<String>,
}

impl Default for CrossEfficiency {
    fn default() -> Self {
        CrossEfficiency {
            inputs: Vec::new(),
            outputs: Vec::new(),
            goal: Goal::default(),
            surrogate: Surrogate::default(),
            self_rating: true,
            by: None,
        }
    }
}

/// Which of its optimal weights a unit judges the others by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Those that flatter the others most.
    #[default]
    Benevolent,
    /// Those that flatter the others least.
    Aggressive,
    /// Those that the solver happens to find.
    Arbitrary,
}

/// What a goal makes large or small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Surrogate {
    /// Weighted outputs less weighted inputs of the others (method II of Doyle and Green).
    #[default]
    Difference,
    /// Weighted outputs of the others for weighted inputs of one (method III).
    Ratio,
}

/// How a unit is judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Mean of the judgments on it.
    pub efficiency: Option<f64>,
    /// Its own judgment, the radial efficiency under constant returns.
    pub self_efficiency: Option<f64>,
    /// Own judgment over the mean of the others', less one: large for a maverick.
    pub maverick: Option<f64>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Judgments of all units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgments {
    /// One per row.
    pub units: Vec<Judged>,
    /// E_kj of the units that have weights, a row for each judge and a column for each judged, by row of the data; NaN
    /// where one of them was refused.
    pub matrix: Vec<Vec<f64>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Judges every unit by the weights of every unit.
pub fn cross_efficiency(units: &Units, options: &CrossEfficiency) -> Result<Judgments> {
    let radial = Dea {
        inputs: options.inputs.clone(),
        outputs: options.outputs.clone(),
        rts: Rts::Crs,
        multipliers: true,
        ..Dea::default()
    };
    units.check(&radial)?;
    let n = units.count();
    let refusals: Vec<Option<NoScore>> = (0..n).map(|unit| refusal(units, unit, &radial)).collect();
    let reference: Vec<usize> = (0..n).filter(|&i| refusals[i].is_none()).collect();
    if reference.len() < 2 {
        return Err(Error::invalid("fewer than two units can be judged", "check the data of the others"));
    }
    let first = Radial::new(units, &reference, &radial);
    let second = Second::new(units, &reference, options);
    let judge = |own: usize| -> Scored<(f64, Vec<f64>)> {
        let point: Vec<f64> = units.point(reference[own]);
        let found = first.project(&point, Standing::Member(own))?;
        let weights = found.multipliers.map(|m| m.weights).unwrap_or_default();
        let weights = match options.goal {
            Goal::Arbitrary => weights,
            _ => second.weights(&point, own, found.efficiency)?,
        };
        Ok((found.efficiency, weights))
    };
    let judges: Vec<Scored<(f64, Vec<f64>)>> = (0..reference.len()).into_par_iter().map(judge).collect();
    let mut matrix = vec![vec![f64::NAN; n]; n];
    for (judge, &k) in judges.iter().zip(&reference) {
        if let Ok((_, weights)) = judge {
            reference.iter().for_each(|&j| matrix[k][j] = judgment(units, weights, j));
        }
    }
    let mut judges = judges.into_iter();
    let judged = refusals.into_iter().enumerate().map(|(j, refused)| {
        let own = match refused {
            Some(none) => Err(none),
            None => judges.next().expect("one judge for each unit of the reference").map(|judge| judge.0),
        };
        let seen: Vec<(usize, f64)> = reference.iter().map(|&k| (k, matrix[k][j])).collect();
        judged(own, j, &seen, options.self_rating)
    });
    let units: Vec<Judged> = judged.collect();
    let mut notes = Vec::new();
    let refused = units.iter().filter(|u| u.efficiency.is_none()).count();
    if refused > 0 {
        notes.push(format!("{refused} of {n} units have no cross-efficiency (see `reason`)"));
    }
    match options.goal {
        Goal::Arbitrary => notes.push(
            "optimal weights are seldom unique: arbitrary ones, and so these scores, depend on the solver; prefer \
             `goal = \"benevolent\"` or `\"aggressive\"`"
                .into(),
        ),
        _ => notes.push("the second goal narrows the choice of optimal weights and need not make it unique".into()),
    }
    Ok(Judgments { units, matrix, notes })
}

/// u'y_j / v'x_j; NaN where the weights see nothing of the unit's inputs.
fn judgment(units: &Units, weights: &[f64], j: usize) -> f64 {
    let weighted = |kind: Kind| -> f64 {
        let of = units.kinds().iter().zip(weights).enumerate().filter(|(_, (k, _))| **k == kind);
        of.map(|(i, (_, weight))| weight * units.at(i, j)).sum()
    };
    match weighted(Kind::Input) {
        used if used > 0.0 => weighted(Kind::Output) / used,
        _ => f64::NAN,
    }
}

/// Means of what the judges `seen` say about unit j, who says `own`.
fn judged(own: Scored<f64>, j: usize, seen: &[(usize, f64)], self_rating: bool) -> Judged {
    let mut result =
        Judged { efficiency: None, self_efficiency: None, maverick: None, status: Status::Optimal, reason: None };
    let own = match own {
        Ok(own) => own,
        Err(NoScore { status, reason }) => {
            (result.status, result.reason) = (status, reason);
            return result;
        }
    };
    result.self_efficiency = Some(own);
    let others: Vec<f64> = seen.iter().filter(|(k, _)| *k != j).map(|(_, e)| *e).collect();
    let sum = others.iter().sum::<f64>();
    if !sum.is_finite() {
        result.status = Status::Refused;
        result.reason = Some("some judge has no weights, or puts none on the inputs of this unit".into());
        return result;
    }
    let peers = sum / others.len() as f64;
    result.efficiency = Some(if self_rating { (sum + own) / (others.len() + 1) as f64 } else { peers });
    result.maverick = (peers > 0.0).then(|| own / peers - 1.0);
    result
}

/// The second goal of each judge, as the dual program over the technology of constant returns.
struct Second {
    technology: Technology,
    kinds: Vec<Kind>,
    /// Sums of each variable over all units.
    totals: Vec<f64>,
    others: f64,
    /// +1 to flatter the others, -1 not to.
    kindness: f64,
    surrogate: Surrogate,
}

impl Second {
    fn new(units: &Units, reference: &[usize], options: &CrossEfficiency) -> Self {
        let technology = Technology::new(units, reference, Rts::Crs, [1.0; 2], Disposability::Strong);
        let total = |i: usize| reference.iter().map(|&j| units.at(i, j)).sum();
        Second {
            technology,
            kinds: units.kinds().to_vec(),
            totals: (0..units.variables()).map(total).collect(),
            others: (reference.len() - 1) as f64,
            kindness: if options.goal == Goal::Aggressive { -1.0 } else { 1.0 },
            surrogate: options.surrogate,
        }
    }

    /// Weights of the unit at `point`, column `own`, whose score is `theta`.
    ///
    /// With σ = +1 (benevolent) or -1, means X̄, Ȳ of the others, λ ≥ 0 for them and α, β free:
    ///
    /// ```text
    /// difference:  max α + θ β   s.t.  X'λ + α x_k ≤ σ X̄,            Y'λ - β y_k ≥ σ Ȳ
    /// ratio:       max α         s.t.  X'λ + α X̄ - β θ x_k ≤ 0,      Y'λ - β y_k ≥ σ Ȳ
    /// ```
    fn weights(&self, point: &[f64], own: usize, theta: f64) -> Scored<Vec<f64>> {
        let mean = |i: usize| (self.totals[i] - point[i]) / self.others;
        let mut program = self.technology.program(point);
        let (mut alpha, mut beta) = (Vec::new(), Vec::new());
        for (i, kind) in self.kinds.iter().enumerate() {
            program.rows[i].rhs = self.kindness * mean(i);
            match (kind, self.surrogate) {
                (Kind::Output, _) => beta.push((i, -point[i])),
                (_, Surrogate::Difference) => alpha.push((i, point[i])),
                (_, Surrogate::Ratio) => {
                    program.rows[i].rhs = 0.0;
                    alpha.push((i, mean(i)));
                    beta.push((i, -theta * point[i]));
                }
            }
        }
        let free = [f64::NEG_INFINITY, f64::INFINITY];
        let price = if self.surrogate == Surrogate::Difference { -theta } else { 0.0 };
        self.technology.add(&mut program, -1.0, free, &alpha);
        self.technology.add(&mut program, price, free, &beta);
        program.skip = Some(own);
        let Solution { dual, .. } = self.technology.solve(&program, &[])?;
        Ok(dual.iter().map(|price| price.abs()).collect())
    }
}
