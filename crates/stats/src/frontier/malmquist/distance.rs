//! How productive a point is against one reference, as a logarithm (or a difference) that adds up over time.
//!
//! ```text
//! radial:        q = ln θ  or  q = -ln φ
//! directional:   q = -ln(1 + β),   β = max  s.t.  Y'λ ≥ (1 + β) y,  B'λ = (1 - β) b (strong: ≤),  X'λ ≤ x
//! luenberger:    q = -β
//! ```
//!
//! `orientation` says what the direction of β moves: inputs, outputs with undesirable outputs, or all of them.
//! A program is written in φ = 1 + β ≥ 0, since a point outside the reference may have β < 0.

use super::{Malmquist, ProductivityModel};
use crate::frontier::dea::technology::{Scored, Standing, Technology};
use crate::frontier::dea::{Dea, Kind, Model, Orientation, Radial, Rts, Units};
use crate::math::lp::Variable;

/// Distances against one reference.
pub(super) enum Distance {
    /// Radial scores.
    Radial(Radial, Orientation),
    /// Directional distances in the direction of the point itself.
    Directional { technology: Technology, orientation: Orientation, ratio: bool },
}

/// q of a point, and its optimal basis.
pub(super) type Placed = Scored<(f64, Vec<Variable>)>;

impl Distance {
    /// Against the units `reference`.
    pub(super) fn new(units: &Units, reference: &[usize], rts: Rts, options: &Malmquist) -> Self {
        let orientation = options.orientation;
        match options.model {
            ProductivityModel::Directional | ProductivityModel::Luenberger => Distance::Directional {
                technology: Technology::new(units, reference, rts, [1.0; 2], options.disposability),
                orientation,
                ratio: options.model == ProductivityModel::Directional,
            },
            _ => {
                let dea = Dea { rts, orientation, ..Dea::default() };
                Distance::Radial(Radial::new(units, reference, &dea), orientation)
            }
        }
    }

    /// q of a point, found from `start`: the basis of a point much like it, or none.
    pub(super) fn at(&self, point: &[f64], standing: Standing, start: &[Variable]) -> Placed {
        match self {
            Distance::Radial(radial, orientation) => {
                let (score, basis) = radial.place(point, standing, start)?;
                Ok((if *orientation == Orientation::Output { -score.ln() } else { score.ln() }, basis))
            }
            Distance::Directional { technology, orientation, ratio } => {
                let (phi, basis) = expansion(technology, *orientation, point, standing, start)?;
                Ok((if *ratio { -phi.ln() } else { 1.0 - phi }, basis))
            }
        }
    }

    /// Names the columns that are likely to be peers.
    pub(super) fn prefer(&mut self, columns: &[usize]) {
        match self {
            Distance::Radial(radial, _) => radial.prefer(columns),
            Distance::Directional { technology, .. } => technology.prefer(columns),
        }
    }
}

/// φ = 1 + β of a point, with its optimal basis.
fn expansion(
    technology: &Technology,
    orientation: Orientation,
    point: &[f64],
    standing: Standing,
    start: &[Variable],
) -> Scored<(f64, Vec<Variable>)> {
    let mut program = technology.program(point);
    let mut column = Vec::with_capacity(point.len());
    for (i, kind) in technology.kinds().iter().enumerate() {
        match kind {
            Kind::Input if orientation == Orientation::Output => {}
            Kind::Output | Kind::Bad if orientation == Orientation::Input => {}
            Kind::Output => {
                program.rows[i].rhs = 0.0;
                column.push((i, -point[i]));
            }
            Kind::Input | Kind::Bad => {
                program.rows[i].rhs = 2.0 * point[i];
                column.push((i, point[i]));
            }
        }
    }
    let own = technology.add(&mut program, -1.0, [0.0, f64::INFINITY], &column);
    let solution = match standing {
        Standing::Member(column) if start.is_empty() => {
            technology.solve(&program, &technology.start(&program, column, &[own]))?
        }
        _ => technology.solve(&program, start)?,
    };
    let phi = solution.own[own];
    // A member has β ≥ 0; what is below is rounding.
    let phi = if matches!(standing, Standing::Member(_)) { phi.max(1.0) } else { phi };
    Ok((phi, solution.basis))
}
