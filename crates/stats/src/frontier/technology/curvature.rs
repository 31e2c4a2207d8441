//! Curvature in levels of a function that is quadratic in logarithms.

use crate::Result;
use crate::math::{Mat, linalg::symmetric_eigen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An eigenvalue this small beside the largest entry is zero: constant returns to scale have one that is.
const ZERO: f64 = 1e-10;

/// Curvature of the frontier at a point, as theory wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Curvature {
    /// Concave: a production frontier in inputs, a cost frontier in prices, an input distance in inputs (and
    /// quasi-concave in outputs).
    Concave,
    /// Quasi-concave but not concave, which a production frontier may be.
    QuasiConcave,
    /// An output distance that is convex in outputs and quasi-convex in inputs.
    Convex,
    /// None of what theory wants.
    Violated,
}

impl Curvature {
    /// Its word in columns.
    pub fn word(self) -> &'static str {
        match self {
            Curvature::Concave => "concave",
            Curvature::QuasiConcave => "quasi_concave",
            Curvature::Convex => "convex",
            Curvature::Violated => "violated",
        }
    }

    pub(super) fn when(holds: bool, then: Curvature) -> Curvature {
        if holds { then } else { Curvature::Violated }
    }
}

/// ∇f and the Hessian of f in some of the logarithms.
pub(super) struct Part {
    gradient: Vec<f64>,
    hessian: Mat<f64>,
}

impl Part {
    pub(super) fn new(places: &[usize], gradient: &[f64], hessian: &Mat<f64>) -> Self {
        let k = places.len();
        Part {
            gradient: places.iter().map(|&a| gradient[a]).collect(),
            hessian: Mat::from_fn(k, k, |i, j| hessian[(places[i], places[j])]),
        }
    }

    /// The Hessian of exp(s f) in levels, over exp(s f) and with rows and columns times the levels.
    fn levels(&self, s: f64) -> Mat<f64> {
        let (f, k) = (&self.gradient, self.gradient.len());
        let diagonal = |i: usize, j: usize| if i == j { s * f[i] } else { 0.0 };
        Mat::from_fn(k, k, |i, j| s * self.hessian[(i, j)] + f[i] * f[j] - diagonal(i, j))
    }

    /// Whether exp f is concave.
    pub(super) fn concave(&self) -> Result<bool> {
        negative(&self.levels(1.0))
    }

    /// Whether exp(-f) is convex.
    pub(super) fn inverse_convex(&self) -> Result<bool> {
        negative(&-self.levels(-1.0))
    }

    /// Whether exp f is quasi-concave: as concave, along the directions in which f does not change.
    pub(super) fn quasi_concave(&self) -> Result<bool> {
        let (f, k) = (&self.gradient, self.gradient.len());
        let length: f64 = f.iter().map(|v| v * v).sum();
        if length == 0.0 {
            return self.concave();
        }
        let P = Mat::from_fn(k, k, |i, j| f64::from(u8::from(i == j)) - f[i] * f[j] / length);
        negative(&(&P * self.levels(1.0) * &P))
    }
}

/// Whether a symmetric matrix is negative semidefinite.
fn negative(A: &Mat<f64>) -> Result<bool> {
    let k = A.nrows();
    if k == 0 {
        return Ok(true);
    }
    let A = Mat::from_fn(k, k, |i, j| 0.5 * (A[(i, j)] + A[(j, i)]));
    let size = (0..k * k).map(|c| A[(c / k, c % k)].abs()).fold(0.0, f64::max);
    let (values, _) = symmetric_eigen(&A)?;
    Ok(values[0] <= ZERO * (1.0 + size))
}
