//! Additive models: the largest weighted sum of slacks.
//!
//! ```text
//! max Σ w s   s.t.  X'λ + s⁻ = x_o,   Y'λ - s⁺ = y_o,   B'λ + sᵇ = b_o (strong),   λ ∈ Λ,   s ≥ 0
//! ```
//!
//! | model | w of variable v | efficiency |
//! |---|---|---|
//! | `additive` (Charnes et al. 1985) | 1, or `slack_weights` | Tone's ratio at the target |
//! | `mip` (Cooper, Park and Pastor 1999) | 1/v_o | Tone's ratio at the target |
//! | `normalized` (Lovell and Pastor 1995) | 1/sd(v) | 1/(1 + Σ w s/k) |
//! | `ram` (Cooper, Park and Pastor 1999) | 1/(k (max v - min v)) | 1 - Σ w s |
//! | `bam` (Cooper, Pastor, Borras, Aparicio and Pastor 2011) | 1/(k (v_o - min v)), outputs 1/(k (max v - v_o)) | 1 - Σ w s |
//!
//! k = m + s + q. `score` is the sum itself, zero for units without slack. A sum in the columns' units, or of parts of
//! outputs, has no upper limit, hence no efficiency of its own: the ratio (1 - mean s⁻/x)/(1 + mean s⁺/y) of the target
//! that the sum chose lies between zero and one, is one without slack and free of units (Tone 2001). Under variable
//! returns `normalized`, `ram` and `bam` do not depend on the origin either and take negative values.
//!
//! Super-efficiency (Du, Liang and Zhu 2010) takes a unit without slack out of the reference and asks for the smallest
//! weighted sum by which it may get worse before the others reach it:
//!
//! ```text
//! min Σ w t   s.t.  X'λ ≤ x_o + t⁻,   Y'λ ≥ y_o - t⁺,   0 ≤ t⁺ ≤ y_o,   t ≥ 0
//! ```
//!
//! The slacks are then -t, `score` is minus the sum and `efficiency` the same ratio, above one. Others keep their score.

use super::slack::{Ratio, dominating, dot, least, reachable, worsen};
use super::technology::{NEGLIGIBLE, NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Disposability, Kind, Model, Orientation, Projection, Rts, Units, radial};
use crate::frontier::Status;
use crate::{Error, Result};

/// Additive scores against one reference.
pub struct Additive {
    technology: Technology,
    disposability: Disposability,
    rts: Rts,
    model: DeaModel,
    /// Weights that are the same for all units, m + s + q.
    common: Vec<f64>,
    /// Smallest and largest value of each variable in the reference.
    range: Vec<[f64; 2]>,
}

impl Additive {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, options.disposability);
        let values = |i: usize| reference.iter().map(move |&j| units.at(i, j));
        let range: Vec<[f64; 2]> = (0..units.variables())
            .map(|i| values(i).fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(v), b.max(v)]))
            .collect();
        let k = units.variables() as f64;
        let common = (0..units.variables())
            .map(|i| match options.model {
                DeaModel::Ram => reciprocal(k * (range[i][1] - range[i][0])),
                DeaModel::Normalized => {
                    let n = reference.len() as f64;
                    let mean = values(i).sum::<f64>() / n;
                    reciprocal((values(i).map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
                }
                _ => options.slack_weights.get(i).copied().unwrap_or(1.0),
            })
            .collect();
        let Dea { disposability, rts, model, .. } = *options;
        Additive { technology, disposability, rts, model, common, range }
    }

    /// w of a point, m + s + q; a slack that cannot be has none.
    fn weights(&self, point: &[f64]) -> Vec<f64> {
        let k = point.len() as f64;
        let kinds = self.technology.kinds();
        let weight = |i: usize| match (self.model, kinds[i]) {
            _ if kinds[i] == Kind::Bad && self.disposability == Disposability::Weak => 0.0,
            (DeaModel::Mip, _) => reciprocal(point[i]),
            (DeaModel::Bam, Kind::Output) => reciprocal(k * (self.range[i][1] - point[i])),
            (DeaModel::Bam, _) => reciprocal(k * (point[i] - self.range[i][0])),
            _ => self.common[i],
        };
        (0..point.len()).map(weight).collect()
    }

    /// The nearest target among the units but `skip`: peers and slacks, which are negative.
    fn super_efficiency(&self, point: &[f64], skip: Option<usize>, weights: &[f64]) -> Scored<(Peers, Vec<f64>)> {
        // A column without a weight would get worse for nothing: it is held.
        let may = |i: usize| weights[i] > 0.0;
        if self.rts == Rts::Fdh {
            let best = least(reachable(&self.technology, point, skip, may), |s| -dot(weights, s));
            let (j, slacks, _) = best.ok_or(NoScore::new(Status::Infeasible))?;
            return Ok((vec![(j, 1.0)], slacks));
        }
        let mut program = self.technology.program(point);
        program.skip = skip;
        let worse = worsen(&self.technology, &mut program, point, may);
        worse.iter().for_each(|&(i, k, size)| program.own[k].cost = weights[i] * size);
        let solution = self.technology.solve(&program, &[])?;
        let mut slacks = vec![0.0; point.len()];
        for (i, k, size) in worse {
            let t = solution.own[k];
            slacks[i] = if t <= NEGLIGIBLE { 0.0 } else { -t * size };
        }
        Ok((self.technology.peers(&solution.shared, point, 1.0), slacks))
    }

    fn efficiency(&self, point: &[f64], score: f64, slacks: &[f64]) -> f64 {
        match self.model {
            DeaModel::Ram | DeaModel::Bam => 1.0 - score,
            DeaModel::Normalized => 1.0 / (1.0 + score / point.len() as f64),
            _ => Ratio::new(self.technology.kinds(), self.disposability, point).at(slacks),
        }
    }
}

/// Columns of the reference with their weights.
type Peers = Vec<(usize, f64)>;

impl Model for Additive {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let weights = self.weights(point);
        let (mut lambda, mut slacks) = if self.rts == Rts::Fdh {
            let best = least(dominating(&self.technology, point, self.disposability), |s| -dot(&weights, s));
            let (j, slacks, _) = best.ok_or(NoScore::new(Status::Infeasible))?;
            (vec![(j, 1.0)], slacks)
        } else {
            let mut program = self.technology.program(point);
            program.rows.iter_mut().zip(&weights).for_each(|(row, w)| row.slack_cost = -w);
            let start = match standing {
                Standing::Member(own) | Standing::LeftOut(own) => self.technology.start(&program, own, &[]),
                Standing::Outside => Vec::new(),
            };
            let solution = self.technology.solve(&program, &start)?;
            let lambda = self.technology.peers(&solution.shared, point, 1.0);
            (lambda, self.technology.slacks(&solution, point))
        };
        if standing.skip().is_some() && slacks.iter().all(|&s| s == 0.0) {
            (lambda, slacks) = self.super_efficiency(point, standing.skip(), &weights)?;
        }
        let score = dot(&weights, &slacks);
        let efficiency = self.efficiency(point, score, &slacks);
        Ok(Projection { efficiency, score, lambda, slacks: Some(slacks), ..Projection::default() })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}

/// One over `x`, or nothing where there is nothing to divide by.
fn reciprocal(x: f64) -> f64 {
    if x > 0.0 { 1.0 / x } else { 0.0 }
}

/// Why a unit has no additive score, if so.
pub(super) fn refusal(units: &Units, unit: usize, options: &Dea) -> Option<&'static str> {
    let anywhere = matches!(options.model, DeaModel::Normalized | DeaModel::Ram | DeaModel::Bam);
    if anywhere && options.rts == Rts::Vrs { None } else { radial::refusal(units, unit) }
}

/// Options that additive models cannot honor.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    let refuse = |option: &str, why: &str| {
        Err(Error::invalid(format!("additive models {why}"), format!("leave `{option}` out, or use another `model`")))
    };
    if options.orientation == Orientation::Output {
        return refuse("orientation", "have no orientation");
    }
    if options.super_efficiency && !matches!(options.model, DeaModel::Additive | DeaModel::Mip) {
        return refuse("super_efficiency", "other than `additive` and `mip` have no super-efficiency");
    }
    if options.scale {
        return refuse("scale", "have no scale efficiency");
    }
    if options.model == DeaModel::Bam && !matches!(options.rts, Rts::Vrs | Rts::Fdh) {
        return Err(Error::invalid(
            "`bam` bounds slacks by the observed ranges, which only hold under variable returns",
            "set `rts` to `vrs` or `fdh`, or use another `model`",
        ));
    }
    let weights = &options.slack_weights;
    if !weights.is_empty() && options.model != DeaModel::Additive {
        return refuse("slack_weights", "other than `additive` have weights of their own");
    }
    if !weights.is_empty() && weights.len() != units.variables() {
        return Err(Error::length("`slack_weights` (inputs, outputs, bads)", weights.len(), units.variables()));
    }
    match weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
        Some(w) => Err(Error::invalid(format!("`slack_weights` has {w}"), "give finite weights of at least zero")),
        None => Ok(()),
    }
}
