//! One price for each flow: the whole's best ratio, and the stages' best ratios among the prices that attain it.
//!
//! The prices p of flows, and the constants of stages under variable returns, form the cone
//!
//! ```text
//! K = { O_k(j) ≤ I_k(j) for all units j and stages k,   p ≥ 0 }
//! ```
//!
//! and both the whole and a stage are a ratio c'p / d'p at the unit o, to be maximized over K: max c'p s.t. d'p = 1. Solved
//! is the dual, with a row for each price and A the columns of all stages (made minus used):
//!
//! ```text
//! min θ   s.t.   A λ + θ d ≥ c  (= in rows of free constants),   λ ≥ 0
//! ```
//!
//! Prices complementary to an optimum are all those that attain it. Among them the first stage is maximized, among those
//! left the next, and so on: each program has the columns in use and the slacks that are not zero free of sign, so that
//! its prices hold them at equality. E itself is never a constraint (see [`crate::frontier::two_stage`]); that the prices
//! found at last attain the whole's and every stage's efficiency is checked.

use super::blocks::{Blocks, What};
use super::{Flow, NetworkModel, Scores};
use crate::frontier::Status;
use crate::frontier::dea::technology::{NoScore, Scored, certified};
use crate::frontier::prices::{free, restrict_to_face};
use crate::math::lp::{Program, Row, Sense};

/// The prices at last attain every efficiency to this part of the value of what enters.
const ATTAINED: f64 = 1e-9;
/// What is worth less than this part of what enters is worth nothing.
const WORTHLESS: f64 = 1e-9;

/// The programs of all units.
pub(super) struct Multipliers<'a> {
    blocks: &'a Blocks<'a>,
    model: NetworkModel,
}

impl<'a> Multipliers<'a> {
    pub(super) fn new(blocks: &'a Blocks<'a>, model: NetworkModel) -> Self {
        Multipliers { blocks, model }
    }

    /// Scores column `own` of the reference; stages get their largest efficiency in this `order`.
    pub(super) fn score(&self, own: usize, order: &[usize]) -> Scored<Scores> {
        let whole = |flow: &Flow| match self.model {
            NetworkModel::Relational => !flow.is_link(),
            NetworkModel::Additive | NetworkModel::Sbm => true,
        };
        let made = self.values(own, |flow| flow.maker.is_some() && whole(flow), |_| true);
        let used = self.values(own, |flow| flow.user.is_some() && whole(flow), |_| false);
        let mut program = Program {
            columns: &self.blocks.columns,
            cost: &[],
            skip: None,
            own: vec![free(1.0, used.clone())],
            rows: self.rows(&made),
        };
        let mut optimum = certified(&program, &[])?;
        let overall = optimum.objective.min(1.0);
        let mut attained = vec![(overall, made, used.clone())];
        let mut stages = vec![None; order.len()];
        for &k in order {
            let start = restrict_to_face(&mut program, &optimum);
            let made = self.values(own, |flow| flow.maker == Some(k), |stage| stage == k);
            let used_here = self.values(own, |flow| flow.user == Some(k), |_| false);
            program.own[0].column.clone_from(&used_here);
            program.rows = self.rows(&made);
            match certified(&program, &start) {
                Ok(solution) => {
                    let efficiency = solution.objective.min(1.0);
                    // Constants can make what a stage makes worth less than nothing, which is no efficiency.
                    stages[k] = (efficiency > -ATTAINED).then_some(efficiency.max(0.0));
                    attained.push((efficiency, made, used_here));
                    optimum = solution;
                }
                // No bound from above: no prices of the face give the stage's inputs a value. Proven by the largest one.
                Err(NoScore { status: Status::Unbounded, .. }) => {
                    program.own[0].column.clone_from(&used);
                    program.rows = self.rows(&used_here);
                    let solution = certified(&program, &start)?;
                    if solution.objective > WORTHLESS {
                        return Err(NoScore::refused(format!(
                            "stage `{}` has no bound although what it uses has a value",
                            self.blocks.network.stages[k]
                        )));
                    }
                    optimum = solution;
                }
                Err(other) => return Err(other),
            }
        }
        let value = |weights: &[f64]| weights.iter().zip(&optimum.dual).map(|(v, p)| v * p).sum::<f64>();
        let entering = value(&used);
        let missed = attained.iter().map(|(e, made, used)| (value(made) - e * value(used)).abs() / entering);
        match missed.fold(0.0, f64::max) {
            off if off <= ATTAINED => Ok((overall, stages)),
            off => Err(NoScore::refused(format!("the stages' prices miss the overall efficiency by {off:.1e} of it"))),
        }
    }

    /// Coefficients of the prices at a unit: its own values of the flows that `counts`, ones for the constants of stages.
    fn values(&self, own: usize, counts: impl Fn(&Flow) -> bool, constant: impl Fn(usize) -> bool) -> Vec<f64> {
        let blocks = self.blocks;
        let value = |what: &What| match *what {
            What::Flow(f) | What::Fixed(f) if counts(&blocks.network.flows[f]) => blocks.at(f, own),
            What::Scale(stage, _) if constant(stage) => 1.0,
            _ => 0.0,
        };
        blocks.rows.iter().map(value).collect()
    }

    /// Constraints with these right sides.
    fn rows(&self, rhs: &[f64]) -> Vec<Row> {
        let sense = |what: &What| match *what {
            What::Flow(_) | What::Fixed(_) => Sense::AtLeast,
            What::Scale(_, sense) => sense,
        };
        self.blocks.rows.iter().zip(rhs).map(|(what, &v)| Row::new(sense(what), v)).collect()
    }
}
