//! The composed error as the figure of a fit shows it: residuals in bins, and the density that was fitted to them.
//!
//! ```text
//! curve(r) = 1/n Σ_i f_i(S r),   r = y - x'β = v - S u
//! ```
//!
//! f_i differs between rows where something moves a variance or the mean of u; then the mean over a part of the rows is
//! taken. Bins are as wide as Scott's rule has them (1979), 3.49 s n^(-1/3).

use serde::{Deserialize, Serialize};

/// Most bins, and points of the curve less one.
const BINS: f64 = 60.0;
const POINTS: usize = 120;
/// Rows that the curve is the mean of, where they differ.
pub(super) const ROWS: usize = 50;

/// Residuals against their fitted density.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComposedError {
    /// A histogram of the residuals, of area one.
    pub bins: Vec<Bin>,
    /// The fitted density.
    pub curve: Vec<CurvePoint>,
}

/// Residuals from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// Share of the residuals over the width.
    pub density: f64,
}

/// A point of the fitted density.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The residual.
    pub residual: f64,
    /// Its density.
    pub density: f64,
}

impl ComposedError {
    /// Of these residuals, `density` that of the model; `None` where they have no spread or the density no value.
    pub(super) fn of(residuals: &[f64], density: impl Fn(f64) -> f64) -> Option<Self> {
        let n = residuals.len() as f64;
        let mean = residuals.iter().sum::<f64>() / n;
        let sd = (residuals.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / n).sqrt();
        let (low, high) = residuals.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), r| (l.min(*r), h.max(*r)));
        let count = ((high - low) / (3.49 * sd * n.powf(-1.0 / 3.0))).ceil().clamp(1.0, BINS);
        let wide = (high - low) / count;
        if !(wide.is_finite() && wide > 0.0) {
            return None;
        }
        let mut counts = vec![0.0; count as usize];
        let last = counts.len() - 1;
        residuals.iter().for_each(|r| counts[(((r - low) / wide) as usize).min(last)] += 1.0);
        let bin = |(b, count): (usize, f64)| {
            let from = low + b as f64 * wide;
            Bin { from, to: from + wide, density: count / (n * wide) }
        };
        let point = |k: usize| {
            let residual = low + (high - low) * k as f64 / POINTS as f64;
            CurvePoint { residual, density: density(residual) }
        };
        let curve: Vec<CurvePoint> = (0..=POINTS).map(point).collect();
        let whole = curve.iter().all(|p| p.density.is_finite());
        whole.then(|| ComposedError { bins: counts.into_iter().enumerate().map(bin).collect(), curve })
    }
}
