//! Densities of a, by which a unit shifts its composed errors.
//!
//! ```text
//! within MLE            1                              improper: the location of a unit says nothing
//! true random effects   φ(a/σ_w)/σ_w                   a = S w
//! four components       the half-normal frontier's     a = S w - h,  w ~ N(0, σ_w²),  h ~ |N(0, σ_h²)|
//! ```

use super::super::conditional::Conditional;
use super::super::density::{Density, HalfNormal, Truncated};
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;

/// The density of a.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Prior {
    /// Flat.
    Flat,
    /// Normal.
    Normal,
    /// A normal less a half-normal.
    Composed,
}

impl Prior {
    /// Its parameters: ln σ_w², ln σ_h².
    pub(in super::super) fn names(self) -> &'static [&'static str] {
        match self {
            Prior::Flat => &[],
            Prior::Normal => &["sigma_w"],
            Prior::Composed => &["sigma_w", "sigma_h"],
        }
    }

    /// ln of the density with derivatives in a, ln σ_w², ln σ_h²; `c` are the parameters that it has.
    pub(in super::super) fn ln(self, a: f64, c: &[f64]) -> Jet<3> {
        match self {
            Prior::Flat => Jet::constant(0.0),
            Prior::Normal => {
                let [a, w, _] = Jet::variables([a, c[0], 0.0]);
                (a * a * (-w).exp() + w) * -0.5 - LN_SQRT_TAU
            }
            Prior::Composed => HalfNormal.ln([a, c[0], c[1]]),
        }
    }

    /// What it adds to 1/variance of a when all inefficiency is known.
    pub(in super::super) fn precision(self, c: &[f64]) -> f64 {
        if self == Prior::Flat { 0.0 } else { (-c[0]).exp() }
    }

    /// Persistent inefficiency h given a.
    pub(in super::super) fn persistent(self, a: f64, c: &[f64]) -> Option<Conditional> {
        (self == Prior::Composed).then(|| HalfNormal.given([a, c[0], c[1]]))
    }
}
