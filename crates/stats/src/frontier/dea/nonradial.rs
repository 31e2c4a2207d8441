//! The non-radial directional distance: a factor for each variable.
//!
//! ```text
//! max Σ_k w_k β_k   s.t.   X'λ ≤ (1 - β_x) x_o,   Y'λ ≥ (1 + β_y) y_o,   B'λ = (1 - β_b) b_o,   λ ∈ Λ,   β ≥ 0
//! ```
//!
//! with ≤ for undesirable outputs that are strongly disposable (Zhou, Ang and Wang 2012). Where one β for all stops at
//! the first variable that has nothing left to give, here each goes on by itself, so no slack of a moved variable
//! remains. `direction` says which variables move: all (`own`), inputs, or outputs with undesirable outputs. The
//! weights w are equal for the groups that move (inputs, outputs, undesirable outputs) and equal within each, or those
//! of `beta_weights`; a variable of weight zero stays where it is.
//!
//! ```text
//! efficiency = (1 - mean of β over inputs and undesirable outputs) / (1 + mean of β over outputs)
//! ```
//!
//! over the variables that move. The optimum is unique, the split into β need not be.

use super::directional::{clean, toward};
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Direction, Kind, Model, Orientation, Projection, Rts, Units};
use crate::{Error, Result};

/// Non-radial directional distances to one reference.
pub struct NonRadial {
    technology: Technology,
    /// w, m + s + q; zero for what does not move.
    weights: Vec<f64>,
}

impl NonRadial {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, options.disposability);
        NonRadial { technology, weights: weights(units.kinds(), options) }
    }
}

/// w of each variable: those given, or equal for the groups that move and equal within each.
fn weights(kinds: &[Kind], options: &Dea) -> Vec<f64> {
    let moves = |kind: Kind| match options.direction {
        Direction::Inputs => kind == Kind::Input,
        Direction::Outputs => kind != Kind::Input,
        _ => true,
    };
    if !options.beta_weights.is_empty() {
        return kinds.iter().zip(&options.beta_weights).map(|(&k, &w)| if moves(k) { w } else { 0.0 }).collect();
    }
    let size = |kind: Kind| kinds.iter().filter(|&&k| k == kind).count();
    let groups = [Kind::Input, Kind::Output, Kind::Bad].iter().filter(|&&k| moves(k) && size(k) > 0).count();
    kinds.iter().map(|&k| if moves(k) { 1.0 / (groups * size(k)) as f64 } else { 0.0 }).collect()
}

/// Efficiency of a point that improves each variable by the part β of its value; `None` does not move.
///
/// The form of the slacks-based measure: what is left of inputs and undesirable outputs on average, over what outputs
/// become.
pub(super) fn mean_efficiency(kinds: &[Kind], betas: &[Option<f64>]) -> f64 {
    let mean = |output: bool| {
        let of = kinds.iter().zip(betas).filter(|(k, _)| (**k == Kind::Output) == output);
        let moved: Vec<f64> = of.filter_map(|(_, &beta)| beta).collect();
        if moved.is_empty() { 0.0 } else { moved.iter().sum::<f64>() / moved.len() as f64 }
    };
    (1.0 - mean(false)) / (1.0 + mean(true))
}

impl Model for NonRadial {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let kinds = self.technology.kinds();
        let mut program = self.technology.program(point);
        program.skip = standing.skip();
        let moved: Vec<usize> = (0..point.len()).filter(|&i| self.weights[i] > 0.0).collect();
        // Nothing has no part: a zero stays zero.
        let steps: Vec<(usize, usize)> = (moved.iter().filter(|&&i| point[i] != 0.0))
            .map(|&i| {
                let column = [(i, toward(kinds[i]) * point[i])];
                (i, self.technology.add(&mut program, -self.weights[i], [0.0, f64::INFINITY], &column))
            })
            .collect();
        if steps.is_empty() {
            return Err(NoScore::refused("every variable that moves is zero"));
        }
        let start = match standing {
            Standing::Member(column) => self.technology.start(&program, column, &[]),
            _ => Vec::new(),
        };
        let solution = self.technology.solve(&program, &start)?;
        let mut betas = vec![None; point.len()];
        moved.iter().for_each(|&i| betas[i] = Some(0.0));
        steps.iter().for_each(|&(i, own)| betas[i] = Some(clean(solution.own[own])));
        let score = betas.iter().zip(&self.weights).map(|(beta, w)| beta.map_or(0.0, |beta| w * beta)).sum();
        Ok(Projection {
            efficiency: mean_efficiency(kinds, &betas),
            score,
            lambda: self.technology.peers(&solution.shared, point, 1.0),
            prices: solution.dual.clone(),
            betas: Some(betas),
            ..Projection::default()
        })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}

/// Options that exclude each other.
pub(super) fn check(units: &Units, options: &Dea) -> Result<()> {
    if options.model != DeaModel::Nddf {
        return match options.beta_weights.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid(
                "`beta_weights` belong to the non-radial directional model",
                "set `model = \"nddf\"`, or leave `beta_weights` out",
            )),
        };
    }
    let refuse = |what: &str, way_out: &str| {
        Err(Error::invalid(format!("the non-radial directional model cannot honor {what}"), way_out))
    };
    match () {
        () if options.rts == Rts::Fdh => refuse("`rts = \"fdh\"`", "choose `rts` among vrs, crs, nirs, ndrs and grs"),
        () if !matches!(options.direction, Direction::Own | Direction::Inputs | Direction::Outputs) => {
            refuse("this `direction`: its factors are parts of the unit's own values", "choose own, inputs or outputs")
        }
        () if options.orientation == Orientation::Output && options.direction != Direction::Outputs => refuse(
            "`orientation = \"output\"`, which contradicts `direction`",
            "set `direction = \"outputs\"`, or leave `orientation` out",
        ),
        () if options.slacks => refuse("`slacks`: its factors leave none in what moves", "leave `slacks` out"),
        () if options.scale => refuse("`scale`", "leave `scale` out, or choose `model = \"radial\"`"),
        () if options.super_efficiency => {
            refuse("`super_efficiency`: its factors cannot be negative", "choose `model = \"directional\"` for it")
        }
        () if options.beta_weights.is_empty() => Ok(()),
        () if options.beta_weights.len() != units.variables() => {
            Err(Error::length("`beta_weights`", options.beta_weights.len(), units.variables()))
        }
        () if !options.beta_weights.iter().all(|w| *w >= 0.0 && w.is_finite()) => {
            Err(Error::invalid("a weight in `beta_weights` is negative or not finite", "give numbers of at least zero"))
        }
        () if weights(units.kinds(), options).iter().all(|&w| w == 0.0) => {
            Err(Error::invalid("`beta_weights` let nothing move", "give a positive weight to what `direction` moves"))
        }
        () => Ok(()),
    }
}
