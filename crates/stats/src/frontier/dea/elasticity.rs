//! Scale elasticity at the radial projection, variable returns.
//!
//! The planes v'x = u'y + u0 that support the technology at the projection (x, y) all have the elasticity of outputs
//! with respect to inputs
//!
//! ```text
//! ε = v'x / u'y = 1 / (1 - u0) with v'x = 1 = u'y + u0      (Banker and Thrall 1992)
//! ```
//!
//! At a vertex there are many such planes and ε has a range. Its ends are derivatives along the frontier. With p the
//! peers of the projection, which every supporting plane holds, and without the rows in which the projection has
//! slack, whose weight is zero in every supporting plane:
//!
//! ```text
//! low:   max α   s.t.  X'μ ≤  x,   Y'μ ≥  α y,   Σμ = 0,   μ_j ≥ 0 for j not in p      all inputs grow
//! high:  min β   s.t.  X'μ ≤ -x,   Y'μ ≥ -β y,   Σμ = 0,   μ_j ≥ 0 for j not in p      all inputs shrink
//! ```
//!
//! μ is how the combination changes. They are the duals of min and max v'x over supporting planes with u'y = 1. Where
//! inputs cannot shrink, `high` is infeasible and the elasticity has no upper bound; where outputs can grow for nothing,
//! every supporting plane has u'y = 0, and it has no lower one either. Returns increase where low > 1, decrease where
//! high < 1.

use super::technology::{NoScore, Scored, Technology};
use super::{Dea, DeaModel, Kind, Rts};
use crate::frontier::Status;
use crate::{Error, Result};

/// What the low end may exceed the high end by.
const ROUNDING: f64 = 1e-8;

/// Range of the scale elasticity over the planes that support the frontier at a point.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Elasticity {
    /// When inputs grow; none where it is infinite.
    pub low: Option<f64>,
    /// When inputs shrink; none where it is infinite.
    pub high: Option<f64>,
}

/// The range at `projection`, a point of the frontier with these peers and slacks.
pub(super) fn elasticity(
    technology: &Technology,
    projection: &[f64],
    peers: &[(usize, f64)],
    slacks: &[f64],
) -> Scored<Elasticity> {
    let end = |growth: f64| -> Scored<f64> {
        let mut program = technology.program(projection);
        program.rows.iter_mut().for_each(|row| row.rhs = 0.0);
        let free = [0.0, f64::INFINITY];
        let mut outputs = Vec::new();
        for (i, kind) in technology.kinds().iter().enumerate() {
            if slacks[i] > 0.0 {
                // The other way of the slack: the row says nothing.
                let sign = if *kind == Kind::Output { 1.0 } else { -1.0 };
                technology.add(&mut program, 0.0, free, &[(i, sign)]);
            } else if *kind == Kind::Output {
                outputs.push((i, -growth * projection[i]));
            } else {
                program.rows[i].rhs = growth * projection[i];
            }
        }
        for &(j, _) in peers {
            // The other way of the peer: its weight may fall.
            let column: Vec<(usize, f64)> =
                (0..projection.len()).map(|i| (i, -technology.at(i, j))).chain([(projection.len(), -1.0)]).collect();
            technology.add(&mut program, 0.0, free, &column);
        }
        let rate = technology.add(&mut program, -growth, free, &outputs);
        technology.solve(&program, &[]).map(|solution| solution.own[rate])
    };
    let bound = |found: Scored<f64>, none: Status| match found {
        Ok(rate) => Ok(Some(rate + 0.0)),
        Err(NoScore { status, .. }) if status == none => Ok(None),
        Err(NoScore { status, reason }) => {
            let why = reason.unwrap_or_else(|| format!("{status:?}").to_lowercase());
            Err(NoScore::refused(format!("scale elasticity: {why}")))
        }
    };
    let (low, high) = (bound(end(1.0), Status::Unbounded)?, bound(end(-1.0), Status::Infeasible)?);
    // Two programs that know nothing of each other.
    match low.unwrap_or(f64::INFINITY) <= high.unwrap_or(f64::INFINITY) * (1.0 + ROUNDING) + ROUNDING {
        true => Ok(Elasticity { low, high }),
        false => Err(NoScore::refused("scale elasticity: its two ends are in the wrong order")),
    }
}

/// Options that have no supporting plane, or another one.
pub(super) fn check(options: &Dea) -> Result<()> {
    if !options.scale_elasticity {
        return Ok(());
    }
    if options.rts != Rts::Vrs || options.model != DeaModel::Radial {
        return Err(Error::invalid(
            "`scale_elasticity` is a property of the radial frontier under variable returns",
            "use `rts = \"vrs\"` and `model = \"radial\"`, or leave `scale_elasticity` out",
        ));
    }
    let refused = [
        ("bads", !options.bads.is_empty()),
        ("super_efficiency", options.super_efficiency),
        ("assurance", !options.assurance.is_empty()),
    ];
    match refused.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((option, _)) => Err(Error::invalid(
            format!("`scale_elasticity` does not go with `{option}`: the frontier is another one"),
            "leave one of them out",
        )),
    }
}
