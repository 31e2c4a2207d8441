//! The hyperbolic model: inputs down and outputs up by one factor.
//!
//! ```text
//! min θ   s.t.   X'λ ≤ θ x_o,   Y'λ ≥ y_o / θ,   B'λ = θ b_o,   λ ∈ Λ        efficiency θ
//! ```
//!
//! with ≤ for undesirable outputs that are strongly disposable (Färe, Grosskopf and Lovell 1985). The program is
//! convex: 1/θ is, so its tangent at θ_k is a relaxation, and
//!
//! ```text
//! min θ   s.t.   X'λ ≤ θ x_o,   Y'λ + y_o θ / θ_k² ≥ 2 y_o / θ_k,   B'λ = θ b_o,   λ ∈ Λ
//! ```
//!
//! gives the next θ_{k+1} ≤ θ from below; the step is Newton's on the boundary that is met, so few are needed. Each is
//! a linear program with its certificate, and the bound that the last one proves is within 1e-12 of the point where
//! its tangent touches: both sides of the score are shown. Under constant returns without undesirable outputs θ is the
//! root of the radial input score.
//!
//! In the free disposal hull every unit is tried: θ = min_j max(x_j / x_o, y_o / y_j) over all variables.

use super::technology::{NoScore, Scored, Standing, Technology};
use super::{Dea, DeaModel, Disposability, Kind, Model, Orientation, Projection, Rts, Units};
use crate::frontier::Status;
use crate::{Error, Result};

/// A θ this close to one is one: the certificate does not tell them apart.
const EFFICIENT: f64 = 1e-10;
/// Tangents touch the boundary when θ moves by less than this part.
const TOUCHES: f64 = 1e-12;
/// Steps of a method that converges quadratically; more means that it does not.
const STEPS: usize = 60;

/// Hyperbolic scores against one reference.
pub struct Hyperbolic {
    technology: Technology,
    hull: bool,
}

impl Hyperbolic {
    /// Of the units `reference`, with what `options` ask for.
    pub fn new(units: &Units, reference: &[usize], options: &Dea) -> Self {
        let technology = Technology::new(units, reference, options.rts, options.grs, options.disposability);
        Hyperbolic { technology, hull: options.rts == Rts::Fdh }
    }

    /// θ of a point by the unit `column` alone; none when no θ makes it dominate.
    fn alone(&self, point: &[f64], column: usize) -> Option<f64> {
        let mut theta = 0.0_f64;
        for (i, kind) in self.technology.kinds().iter().enumerate() {
            let (more, less) = match kind {
                Kind::Output => (point[i], self.technology.at(i, column)),
                Kind::Input | Kind::Bad => (self.technology.at(i, column), point[i]),
            };
            match () {
                () if more == 0.0 => {}
                () if less == 0.0 => return None,
                () => theta = theta.max(more / less),
            }
        }
        Some(theta)
    }

    /// The best single unit, the first of several.
    fn in_hull(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        let others = (0..self.technology.count()).filter(|&j| standing.skip() != Some(j));
        let tried = others.filter_map(|j| Some((j, self.alone(point, j)?)));
        let best = tried.min_by(|a, b| a.1.total_cmp(&b.1)).ok_or_else(|| NoScore::new(Status::Infeasible))?;
        Ok(Projection { efficiency: best.1, score: best.1, lambda: vec![(best.0, 1.0)], ..Projection::default() })
    }
}

impl Model for Hyperbolic {
    fn project(&self, point: &[f64], standing: Standing) -> Scored<Projection> {
        if self.hull {
            return self.in_hull(point, standing);
        }
        let kinds = self.technology.kinds();
        let mut program = self.technology.program(point);
        program.skip = standing.skip();
        let column: Vec<(usize, f64)> =
            (0..kinds.len()).map(|i| (i, if kinds[i] == Kind::Output { 0.0 } else { -point[i] })).collect();
        let own = self.technology.add(&mut program, 1.0, [0.0, f64::INFINITY], &column);
        for i in (0..kinds.len()).filter(|&i| kinds[i] != Kind::Output) {
            program.rows[i].rhs = 0.0;
        }
        let mut start = match standing {
            Standing::Member(column) => self.technology.start(&program, column, &[own]),
            _ => Vec::new(),
        };
        let mut touch = 1.0_f64;
        for _ in 0..STEPS {
            for i in (0..kinds.len()).filter(|&i| kinds[i] == Kind::Output) {
                program.own[own].column[i] = point[i] / (touch * touch);
                program.rows[i].rhs = 2.0 * point[i] / touch;
            }
            let solution = self.technology.solve(&program, &start)?;
            let theta = solution.own[own];
            // θ = 0 solves a relaxation when the tangent is so flat that it says nothing: come from below instead.
            let next = if theta > 0.0 { theta } else { touch / 2.0 };
            let touches = (next - touch).abs() <= TOUCHES * touch;
            if touches {
                let beyond = matches!(standing, Standing::Member(_)) && theta > 1.0;
                let score = if beyond || (theta - 1.0).abs() <= EFFICIENT { 1.0 } else { theta };
                let lambda = self.technology.peers(&solution.shared, point, score.min(1.0));
                return Ok(Projection { efficiency: score, score, lambda, ..Projection::default() });
            }
            (touch, start) = (next, solution.basis);
        }
        Err(NoScore::refused(format!("the hyperbolic score did not settle in {STEPS} steps; the last was {touch:.9}")))
    }

    fn prefer(&mut self, columns: &[usize]) {
        self.technology.prefer(columns);
    }
}

/// Options that exclude each other.
pub(super) fn check(options: &Dea) -> Result<()> {
    if options.model != DeaModel::Hyperbolic {
        return Ok(());
    }
    let refuse = |what: &str| {
        let way_out = "leave it out, or choose `model = \"radial\"`";
        Err(Error::invalid(format!("the hyperbolic model cannot honor {what}"), way_out))
    };
    match () {
        () if options.rts == Rts::Fdh && !options.bads.is_empty() && options.disposability != Disposability::Strong => {
            refuse("`rts = \"fdh\"` with undesirable outputs, unless `disposability = \"strong\"`")
        }
        () if options.orientation == Orientation::Output => {
            refuse("`orientation = \"output\"`: it moves inputs and outputs at once")
        }
        () if options.slacks => refuse("`slacks`"),
        () if options.scale => refuse("`scale`"),
        () => Ok(()),
    }
}
