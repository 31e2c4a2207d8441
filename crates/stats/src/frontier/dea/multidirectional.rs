//! Multi-directional efficiency analysis: each unit toward its own ideal point.
//!
//! What variable k could gain if all others stayed is one program; together the gains are the direction:
//!
//! ```text
//! g_k = max d   s.t.   variable k better by d, all others as they are, λ ∈ Λ
//! max β         s.t.   X'λ ≤ x_o - β g_x,   Y'λ ≥ y_o + β g_y,   B'λ = b_o - β g_b,   λ ∈ Λ
//! ```
//!
//! with ≤ for undesirable outputs that are strongly disposable (Bogetoft and Hougaard 1999; Asmild, Hougaard, Kronborg
//! and Kvist 2003). So a unit improves most where it has most to improve. `orientation` says what moves: inputs,
//! outputs with undesirable outputs, or all (`none`). `score` is β; the part of each variable, β_k = β g_k / v_k, is
//! free of units; efficiency is (1 - mean β_k of inputs and undesirable outputs)/(1 + mean β_k of outputs).

use super::directional::walk;
use super::nonradial::mean_efficiency;
use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Kind, Model, Orientation, Projection, Rts, Units};
use crate::{Error, Result};

/// Multi-directional scores against one reference.
pub struct MultiDirectional {
    technology: Technology,
    orientation: Orientation,
}

impl MultiDirectional {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, options.disposability);
        MultiDirectional { technology, orientation: options.orientation }
    }

    fn moves(&self, variable: usize) -> bool {
        match self.orientation {
            Orientation::Input => self.technology.kinds()[variable] == Kind::Input,
            Orientation::Output => self.technology.kinds()[variable] != Kind::Input,
            Orientation::None => true,
        }
    }

    /// g of a point: what each variable that moves could gain alone, m + s + q, nonnegative.
    pub fn gains(&self, point: &[f64], standing: Standing) -> Scored<Vec<f64>> {
        let alone = |k: usize| {
            let mut step = vec![0.0; point.len()];
            step[k] = self.technology.size(k, point);
            if !self.moves(k) || step[k] == 0.0 {
                return Ok(0.0);
            }
            Ok(step[k] * walk(&self.technology, point, &step, standing)?.beta.max(0.0))
        };
        (0..point.len()).map(alone).collect()
    }
}

impl Model for MultiDirectional {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let gains = self.gains(point, standing)?;
        let moved = |betas: &dyn Fn(usize) -> f64| -> Vec<Option<f64>> {
            (0..point.len()).map(|k| self.moves(k).then(|| betas(k))).collect()
        };
        if gains.iter().all(|&g| g == 0.0) {
            let lambda = match standing {
                Standing::Member(own) => vec![(own, 1.0)],
                _ => Vec::new(),
            };
            return Ok(Projection { efficiency: 1.0, lambda, betas: Some(moved(&|_| 0.0)), ..Projection::default() });
        }
        if (0..point.len()).any(|k| gains[k] > 0.0 && point[k] == 0.0) {
            return Err(NoScore::refused("a variable that could gain is zero: its gain is no part of it"));
        }
        let walk = walk(&self.technology, point, &gains, standing)?;
        let betas = moved(&|k| if gains[k] == 0.0 { 0.0 } else { walk.beta * gains[k] / point[k] });
        Ok(Projection {
            efficiency: mean_efficiency(self.technology.kinds(), &betas),
            score: walk.beta,
            lambda: self.technology.peers(&walk.solution.shared, point, 1.0),
            betas: Some(betas),
            ..Projection::default()
        })
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}

/// Options that exclude each other.
pub(super) fn check(options: &Dea) -> Result<()> {
    if options.model != DeaModel::Mea {
        return Ok(());
    }
    let refuse = |what: &str| {
        let way_out = "leave it out, or choose `model = \"radial\"`";
        Err(Error::invalid(format!("multi-directional analysis cannot honor {what}"), way_out))
    };
    match () {
        () if options.rts == Rts::Fdh => refuse("`rts = \"fdh\"`"),
        () if options.slacks => refuse("`slacks`"),
        () if options.scale => refuse("`scale`"),
        () if options.super_efficiency => refuse("`super_efficiency`: a unit beyond the frontier has no ideal point"),
        () => Ok(()),
    }
}
