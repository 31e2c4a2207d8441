//! The Anderson-Rubin test and its confidence set, for one endogenous variable.
//!
//! ```text
//! AR(b) = g(b)' V(b)⁻¹ g(b) / l,   g(b) = Q_Z'(y - b d),   V(b) = W₁ - b(W₁₂ + W₁₂') + b²W₂
//! set = {b : AR(b) ≤ c} = {b : c l V(b) - g(b) g(b)' ⪰ 0},   c the 95 % point of F(l, df)
//! ```
//!
//! (Anderson and Rubin 1949), in the Wald form of the regression of y - b d on the instruments. The bounds are real
//! eigenvalues of a quadratic matrix pencil: a single quadratic with one instrument or under iid errors, of degree 2l
//! otherwise. The line of b is bent into a circle, b = s tan θ, so that unbounded sets are ordinary arcs; the
//! eigenvalues of the pencil, complex ones by their real part, and a regular grid cut the circle, and between a
//! point inside and a point outside the bound is bisected. So no arc between two roots is overlooked.

use super::system::quadratic_form;
use super::weakiv::{ReducedForm, ar_test};
use crate::math::{Mat, dist, linalg};
use crate::{Result, Test};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_2, PI};

/// The shape of a confidence set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// From low to high.
    Interval,
    /// No value is compatible with the instruments: they disagree with each other.
    Empty,
    /// Every value: the data say nothing.
    Line,
    /// All but the values between low and high.
    Outside,
    /// Several intervals; low and high are the ends of the whole where it has any.
    Union,
}

/// A confidence set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ArSet {
    /// Its shape.
    pub shape: Shape,
    /// Lower bound; for `outside` the end of the lower ray.
    pub low: Option<f64>,
    /// Upper bound; for `outside` the start of the upper ray.
    pub high: Option<f64>,
    /// All its intervals, ascending; `None` where unbounded.
    pub intervals: Vec<[Option<f64>; 2]>,
}

const LEVEL: f64 = 0.05;

/// Cells of the regular grid on the circle.
const GRID: usize = 64;

/// AR(0), and the 95 % set; `None` where the covariance is singular.
pub(super) fn anderson_rubin(reduced: &ReducedForm) -> Result<(Option<Test>, Option<ArSet>)> {
    let l = reduced.y.len();
    let ar = quadratic_form(&reduced.y, &reduced.yy, &reduced.G).map(|w| ar_test(w / l as f64, l, reduced.df));
    let critical = dist::f_critical(LEVEL, l as f64, reduced.df) * l as f64;
    let pencil = Pencil::new(reduced);
    let set = match critical.is_finite() && ar.is_some() && pencil.scale.is_finite() && pencil.scale > 0.0 {
        true => pencil.set(critical)?,
        false => None,
    };
    Ok((ar, set))
}

/// g and V as functions of the angle.
struct Pencil<'a> {
    reduced: &'a ReducedForm,
    /// s of b = s tan θ: the size of y over that of d in the instruments' eyes.
    scale: f64,
}

impl<'a> Pencil<'a> {
    fn new(reduced: &'a ReducedForm) -> Self {
        let trace = |V: &Mat<f64>| (0..V.nrows()).map(|j| V[(j, j)]).sum::<f64>();
        Pencil { reduced, scale: (trace(&reduced.yy) / trace(&reduced.dd)).sqrt() }
    }

    /// c - l AR at the direction (cos, sin), positive inside the set.
    fn inside(&self, critical: f64, theta: f64) -> Option<f64> {
        let (r, (sin, cos)) = (self.reduced, theta.sin_cos());
        let (l, t) = (r.y.len(), self.scale * sin);
        let g: Vec<f64> = (0..l).map(|i| cos * r.y[i] - t * r.d[i]).collect();
        let V = Mat::from_fn(l, l, |i, j| cos * cos * r.yy[(i, j)] - cos * t * r.cross[(i, j)] + t * t * r.dd[(i, j)]);
        Some(critical - quadratic_form(&g, &V, &r.G)?)
    }

    /// Angles in (-π/2, π/2] of the eigenvalues of c V - gg'.
    fn roots(&self, critical: f64) -> Result<Vec<f64>> {
        let (r, s) = (self.reduced, self.scale);
        let l = r.y.len();
        let M0 = Mat::from_fn(l, l, |i, j| critical * r.yy[(i, j)] - r.y[i] * r.y[j]);
        let M1 = Mat::from_fn(l, l, |i, j| s * (r.y[i] * r.d[j] + r.d[i] * r.y[j] - critical * r.cross[(i, j)]));
        let M2 = Mat::from_fn(l, l, |i, j| s * s * (critical * r.dd[(i, j)] - r.d[i] * r.d[j]));
        let at =
            |c: f64, s: f64| Mat::from_fn(l, l, |i, j| c * c * M0[(i, j)] + c * s * M1[(i, j)] + s * s * M2[(i, j)]);
        // The direction at which the pencil is best conditioned becomes infinity: none of the roots is near it.
        let mut best = (-1.0, 0.0);
        for step in 0..16 {
            let theta = f64::from(step) * PI / 16.0;
            let (values, _) = linalg::symmetric_eigen(&at(theta.cos(), theta.sin()))?;
            let most = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            let least = values.iter().fold(f64::INFINITY, |m, v| m.min(v.abs()));
            if most > 0.0 && least / most > best.0 {
                best = (least / most, theta);
            }
        }
        if best.0 <= 0.0 {
            return Ok(Vec::new());
        }
        let (s0, c0) = f64::sin_cos(best.1);
        let (N2, N0) = (at(c0, s0), at(-s0, c0));
        let N1 =
            Mat::from_fn(l, l, |i, j| 2.0 * s0 * c0 * (M2[(i, j)] - M0[(i, j)]) + (c0 * c0 - s0 * s0) * M1[(i, j)]);
        let (values, U) = linalg::symmetric_eigen(&N2)?;
        let inverse = Mat::from_fn(l, l, |i, j| (0..l).map(|a| U[(i, a)] * U[(j, a)] / values[a]).sum::<f64>());
        let (K0, K1) = (&inverse * &N0, &inverse * &N1);
        let companion = Mat::from_fn(2 * l, 2 * l, |i, j| match (i < l, j < l) {
            (true, true) => 0.0,
            (true, false) => f64::from(u8::from(i == j - l)),
            (false, true) => -K0[(i - l, j)],
            (false, false) => -K1[(i - l, j - l)],
        });
        let angle = |tau: f64| {
            let theta = (tau * s0 + c0).atan2(tau * c0 - s0);
            theta - PI * ((theta - FRAC_PI_2) / PI).ceil()
        };
        Ok(linalg::eigenvalues(&companion)?.into_iter().map(|[re, _]| angle(re)).collect())
    }

    /// The set, from the signs between all cuts of the circle.
    fn set(&self, critical: f64) -> Result<Option<ArSet>> {
        let mut cuts = self.roots(critical)?;
        cuts.retain(|t| t.is_finite());
        cuts.extend((0..=GRID).map(|i| PI * (i as f64 / GRID as f64 - 0.5)));
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        // Infinity, the middle of each cell, infinity again.
        let mut points = vec![-FRAC_PI_2];
        points.extend(cuts.windows(2).map(|c| 0.5 * (c[0] + c[1])));
        points.push(FRAC_PI_2);
        let mut signs = Vec::with_capacity(points.len());
        for &theta in &points {
            match self.inside(critical, theta) {
                Some(v) => signs.push(v >= 0.0),
                None => return Ok(None),
            }
        }
        // Both ends are infinity: one point, whatever rounding makes of it.
        if let [first, .., last] = signs.as_mut_slice() {
            *last = *first;
        }
        let mut bounds = Vec::new();
        for (at, sign) in points.windows(2).zip(signs.windows(2)) {
            if sign[0] != sign[1] {
                match self.bisect(critical, at[0], at[1], sign[0]) {
                    Some(theta) => bounds.push(self.scale * theta.tan()),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(arrange(&bounds, signs[0])))
    }

    /// The angle between `low` (inside the set or not) and `high` at which that changes.
    fn bisect(&self, critical: f64, mut low: f64, mut high: f64, inside: bool) -> Option<f64> {
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            match (self.inside(critical, middle)? >= 0.0) == inside {
                true => low = middle,
                false => high = middle,
            }
        }
        Some(0.5 * (low + high))
    }
}

/// Bounds in ascending order, between which the set alternates, as a set; `inside` says whether it begins at -∞.
fn arrange(bounds: &[f64], inside: bool) -> ArSet {
    let mut ends: Vec<Option<f64>> = bounds.iter().copied().map(Some).collect();
    if inside {
        ends.insert(0, None);
        ends.push(None);
    }
    let intervals: Vec<[Option<f64>; 2]> = ends.chunks_exact(2).map(|e| [e[0], e[1]]).collect();
    let (shape, low, high) = match (intervals.as_slice(), inside) {
        ([], _) => (Shape::Empty, None, None),
        ([_], true) => (Shape::Line, None, None),
        ([[low, high]], false) => (Shape::Interval, *low, *high),
        ([[_, low], [high, _]], true) => (Shape::Outside, *low, *high),
        ([[low, _], .., [_, high]], _) => (Shape::Union, *low, *high),
    };
    ArSet { shape, low, high, intervals }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_become_sets() {
        let shape = |bounds: &[f64], inside| arrange(bounds, inside).shape;
        assert_eq!(shape(&[], false), Shape::Empty);
        assert_eq!(shape(&[], true), Shape::Line);
        assert_eq!(shape(&[1.0, 2.0], false), Shape::Interval);
        assert_eq!(shape(&[1.0, 2.0, 3.0, 4.0], false), Shape::Union);
        let outside = arrange(&[1.0, 2.0], true);
        assert_eq!((outside.shape, outside.low, outside.high), (Shape::Outside, Some(1.0), Some(2.0)));
        assert_eq!(outside.intervals, [[None, Some(1.0)], [Some(2.0), None]]);
    }
}
