//! The slacks-based measure of efficiency: the mean input that is left over the mean output that is missed.
//!
//! ```text
//! min ρ = (1 - (1/m) Σ s⁻/x_o) / (1 + (1/(s+q)) (Σ s⁺/y_o + Σ sᵇ/b_o))
//! s.t.  X'λ + s⁻ = x_o,   Y'λ - s⁺ = y_o,   B'λ + sᵇ = b_o,   λ ∈ Λ,   s ≥ 0
//! ```
//!
//! (Tone 2001; with undesirable outputs B, Tone 2003). The input-oriented measure keeps the numerator, the
//! output-oriented one the denominator. ρ is one exactly for units without any slack; it does not depend on units of
//! measurement, and is never above the radial efficiency.
//!
//! Super-efficiency takes an efficient unit out of the reference and asks how much worse it may get before the
//! others reach it (Tone 2002; under variable returns, Du, Liang and Zhu 2010):
//!
//! ```text
//! min δ = (1 + (1/m) Σ t⁻/x_o) / (1 - (1/(s+q)) (Σ t⁺/y_o + Σ tᵇ/b_o))
//! s.t.  X'λ ≤ x_o + t⁻,   Y'λ ≥ y_o - t⁺,   B'λ ≤ b_o + tᵇ,   0 ≤ t⁺ ≤ y_o,   t ≥ 0
//! ```
//!
//! with a positive denominator. Inefficient units keep ρ. Both are ratios of affine functions, minimized by
//! [`super::fractional`].
//!
//! ```
//! use plim_stats::frontier::dea::sbm::{Sbm, sbm};
//! use plim_stats::frontier::dea::{Rts, Units};
//! use plim_stats::math::Mat;
//! let x = Mat::from_fn(3, 1, |i, _| [2.0, 3.0, 6.0][i]);
//! let y = Mat::from_fn(3, 1, |i, _| [2.0, 5.0, 8.0][i]);
//! let options = Sbm { inputs: vec!["x".into()], outputs: vec!["y".into()], rts: Rts::Crs, ..Sbm::default() };
//! let scores = sbm(&Units::new(&x, &y).unwrap(), &options).unwrap();
//! assert!((scores.units[0].efficiency.unwrap() - 0.6).abs() < 1e-12);
//! ```
//!
//! K. Tone (2001), "A slacks-based measure of efficiency in data envelopment analysis", and (2002), "... of
//! super-efficiency ...", European Journal of Operational Research 130 and 143. K. Tone (2003), "Dealing with
//! undesirable outputs in DEA: a slacks-based measure (SBM) approach", GRIPS. J. Du, L. Liang and J. Zhu (2010), European
//! Journal of Operational Research 204.

use super::fractional::minimize;
use super::slack::{Ratio, dominating, least, reachable, worsen};
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaScores, Disposability, Kind, Model, Orientation, Projection, Rts, Units, check, radial, score};
use crate::frontier::Status;
use crate::math::lp::Solution;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A ratio this close to one is one: the certificate does not tell them apart.
pub(super) const EFFICIENT: f64 = 1e-10;

/// Slacks-based measure of efficiency (SBM).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sbm {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Columns of undesirable outputs, such as emissions; less is better. Their slacks count with those of outputs.
    pub bads: Vec<String>,
    /// Returns to scale of the frontier. Variable by default: cities and countries differ in size.
    pub rts: Rts,
    /// Smallest and largest Σλ under generalized returns to scale (`rts = "grs"`).
    pub grs: [f64; 2],
    /// Which slacks count: of inputs, of outputs and undesirable outputs, or of all (`none`).
    pub orientation: Orientation,
    /// Measure each efficient unit against the others alone, so that its score is above one and can be ranked.
    pub super_efficiency: bool,
    /// What to do with slacks of a value that is zero, by which they cannot be divided.
    pub zeros: Zeros,
    /// Column for each value of which there is a frontier of its own, such as the year; one frontier of all rows without
    /// it.
    pub by: Option<String>,
}

impl Default for Sbm {
    fn default() -> Self {
        Sbm {
            inputs: Vec::new(),
            outputs: Vec::new(),
            bads: Vec::new(),
            rts: Rts::default(),
            grs: [0.8, 1.2],
            orientation: Orientation::None,
            super_efficiency: false,
            zeros: Zeros::default(),
            by: None,
        }
    }
}

/// What to do with slacks of a value that is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// Leave the slack out and divide by the number of the others: the unit has no function for that output.
    #[default]
    Drop,
    /// Divide by a tenth of the smallest positive value of the column: the unit could make it, and does not.
    Tenth,
    /// Refuse the unit.
    Refuse,
}

/// Scores every unit against the frontier of all of them.
pub fn sbm(units: &Units, options: &Sbm) -> Result<DeaScores> {
    if options.rts == Rts::FdhPlus {
        return Err(Error::invalid("`rts = \"fdh+\"` is of radial scores", "use another `rts`, or a `dea` step"));
    }
    check(units, &options.frame())?;
    let zero = |unit: usize| units.point(unit).contains(&0.0);
    let refusal = |unit: usize| match radial::refusal(units, unit) {
        Some(reason) => Some(NoScore::refused(reason)),
        None if options.zeros == Zeros::Refuse && zero(unit) => {
            Some(NoScore::refused("an input or output is zero, and a slack cannot be divided by it"))
        }
        None => None,
    };
    let model = |reference: &[usize]| -> Box<dyn Model> { Box::new(SlacksBased::new(units, reference, options)) };
    let mut scores = score(units, refusal, model, options.super_efficiency);
    let zeros = (0..units.count()).filter(|&i| scores.units[i].score.is_some() && zero(i)).count();
    if zeros > 0 {
        let done = match options.zeros {
            Zeros::Tenth => "are divided by a tenth of the column's smallest positive value",
            Zeros::Drop | Zeros::Refuse => "are left out and not counted",
        };
        scores.notes.push(format!("{zeros} of {} units have zeros: slacks of those {done}", units.count()));
    }
    Ok(scores)
}

impl Sbm {
    /// The same names and frontier for the checks that all models share.
    fn frame(&self) -> Dea {
        let Sbm { inputs, outputs, bads, rts, grs, super_efficiency, by, .. } = self.clone();
        Dea { inputs, outputs, bads, rts, grs, super_efficiency, by, ..Dea::default() }
    }
}

/// Slacks-based scores against one reference.
pub struct SlacksBased {
    technology: Technology,
    rts: Rts,
    orientation: Orientation,
    /// What a slack is divided by where the value is zero, m + s + q; zero to leave it out.
    instead: Vec<f64>,
}

impl SlacksBased {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Sbm) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, Disposability::Strong);
        let smallest = |i: usize| {
            let positive = reference.iter().map(|&j| units.at(i, j)).filter(|&v| v > 0.0);
            Some(positive.fold(f64::INFINITY, f64::min)).filter(|v| v.is_finite()).unwrap_or(0.0)
        };
        let instead = match options.zeros {
            Zeros::Tenth => (0..units.variables()).map(|i| 0.1 * smallest(i)).collect(),
            Zeros::Drop | Zeros::Refuse => vec![0.0; units.variables()],
        };
        SlacksBased { technology, rts: options.rts, orientation: options.orientation, instead }
    }

    fn ratio(&self, point: &[f64]) -> Ratio {
        let values: Vec<f64> = point.iter().zip(&self.instead).map(|(&v, &i)| if v == 0.0 { i } else { v }).collect();
        let mut ratio = Ratio::new(self.technology.kinds(), Disposability::Strong, &values);
        match self.orientation {
            Orientation::Input => ratio.outputs.fill(0.0),
            Orientation::Output => ratio.inputs.fill(0.0),
            Orientation::None => {}
        }
        ratio
    }

    /// ρ: the others and the unit itself.
    fn efficiency(&self, point: &[f64], standing: Standing, ratio: &Ratio) -> Scored<Projection> {
        if self.rts == Rts::Fdh {
            let best = least(dominating(&self.technology, point, Disposability::Strong), |s| ratio.at(s));
            return single(best);
        }
        let mut program = self.technology.program(point);
        let (N, D) = ratio.affine();
        let start = match standing {
            Standing::Member(own) | Standing::LeftOut(own) => self.technology.start(&program, own, &[]),
            Standing::Outside => Vec::new(),
        };
        let (rho, solution) = minimize(&self.technology, &mut program, &start, &N, &D)?;
        let slacks = self.technology.slacks(&solution, point);
        // At slacks of zero the ratio is one; rounding must not say otherwise.
        let rho = if rho >= 1.0 - EFFICIENT { 1.0 } else { rho };
        Ok(self.projection(rho, &solution, point, slacks))
    }

    /// δ: how much worse the unit may get before the units but `skip` reach it.
    fn super_efficiency(&self, point: &[f64], skip: Option<usize>, ratio: &Ratio) -> Scored<Projection> {
        let (input, output) = (self.orientation != Orientation::Output, self.orientation != Orientation::Input);
        let kinds = self.technology.kinds();
        let may = |i: usize| point[i] > 0.0 && if kinds[i] == Kind::Input { input } else { output };
        if self.rts == Rts::Fdh {
            let others = reachable(&self.technology, point, skip, may);
            return single(least(others, |s| ratio.at(s)).filter(|b| b.2.is_finite()));
        }
        let mut program = self.technology.program(point);
        program.skip = skip;
        let (mut N, mut D) = ratio.affine();
        (N.slack, D.slack) = (Vec::new(), Vec::new());
        let worse = worsen(&self.technology, &mut program, point, may);
        (N.own, D.own) = (vec![0.0; program.own.len()], vec![0.0; program.own.len()]);
        for &(i, k, size) in &worse {
            (N.own[k], D.own[k]) = (ratio.inputs[i] * size, -ratio.outputs[i] * size);
        }
        let (delta, solution) = minimize(&self.technology, &mut program, &[], &N, &D)?;
        let mut slacks = vec![0.0; kinds.len()];
        for (i, k, size) in worse {
            let t = solution.own[k];
            slacks[i] = if t <= EFFICIENT { 0.0 } else { -t * size };
        }
        let delta = if delta <= 1.0 + EFFICIENT { 1.0 } else { delta };
        Ok(self.projection(delta, &solution, point, slacks))
    }

    fn projection(&self, ratio: f64, solution: &Solution, point: &[f64], slacks: Vec<f64>) -> Projection {
        let lambda = self.technology.peers(&solution.shared, point, ratio.min(1.0));
        Projection { efficiency: ratio, score: ratio, lambda, slacks: Some(slacks), ..Projection::default() }
    }
}

/// The projection on one unit.
fn single(best: Option<(usize, Vec<f64>, f64)>) -> Scored<Projection> {
    let (j, slacks, ratio) = best.ok_or(NoScore::new(Status::Infeasible))?;
    let (lambda, slacks) = (vec![(j, 1.0)], Some(slacks));
    Ok(Projection { efficiency: ratio, score: ratio, lambda, slacks, ..Projection::default() })
}

impl Model for SlacksBased {
    /// A point outside that no combination dominates is measured as under super-efficiency: its score is above one.
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let ratio = self.ratio(point);
        match (self.efficiency(point, standing, &ratio), standing) {
            (Ok(projection), Standing::LeftOut(_)) if projection.efficiency == 1.0 => {
                self.super_efficiency(point, standing.skip(), &ratio)
            }
            (Err(NoScore { status: Status::Infeasible, .. }), Standing::Outside) => {
                self.super_efficiency(point, None, &ratio)
            }
            (scored, _) => scored,
        }
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}
