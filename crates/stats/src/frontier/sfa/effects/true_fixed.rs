//! True fixed effects: an intercept for each unit, estimated with the frontier (Greene 2005).
//!
//! ```text
//! ln L(θ) = Σ_i max_a Σ_t ln f(e_it - a; θ)
//! ```
//!
//! ln f is concave in e, so that each unit has one best a, found by Newton's method. With L_a = 0 there, the gradient in
//! θ is that at fixed a, and the Hessian has the arrow eliminated: L_θθ - L_θa L_aθ/L_aa. This is exact; nothing is of
//! the size of the number of units.
//!
//! Assumed beside the frontier's assumptions: many years. Each a is estimated from its unit's years alone, and with few
//! of them σ_v is too small and σ_u off, however many units there are (incidental parameters; Greene 2005, Belotti and
//! Ilardi 2018). `within_mle` has no such bias.

use super::super::density::Density;
use super::super::pooled::{Pooled, Sums, wrong_skew};
use super::super::{Data, Index, LeastSquares, Likelihood, Parameter, Score, Sfa};
use super::{CHUNK, Within, intercept, peak};
use crate::math::Mat;
use crate::math::jet::Jet;
use crate::math::optimize::Point;
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use std::borrow::Cow;

/// Years per unit below which the bias is said to matter: in Greene's (2005) and Wang and Ho's (2010) experiments it
/// fades between ten and twenty.
const SHORT: f64 = 15.0;
/// σ_v² below this share of σ_v² + σ_u² is at its border.
const NOISE: f64 = 1e-8;

/// The model; its rows are demeaned, which moves a and nothing else.
pub(in super::super) struct TrueFixed<'a, const Q: usize, D> {
    data: &'a Data,
    rows: Pooled<'a, Q, D>,
    spells: Vec<Vec<usize>>,
}

impl<'a, const Q: usize, D: Density<Q>> TrueFixed<'a, Q, D> {
    pub(in super::super) fn new(data: &'a Data, ols: &'a LeastSquares, options: &Sfa, density: D) -> Result<Self> {
        let Within { y, frontier, spells } = Within::new(data)?;
        let rows = Pooled::of(Cow::Owned(y), data, &frontier, ols, options.frontier.sign(), density)?;
        Ok(TrueFixed { data, rows, spells })
    }

    /// Mean rows of a unit.
    fn years(&self) -> f64 {
        self.data.nobs() as f64 / self.spells.len() as f64
    }

    /// ln f of these scalars when e is shifted by a.
    fn shifted(&self, mut at: [f64; Q], a: f64) -> Jet<Q> {
        at[0] -= a;
        self.rows.density.ln(at)
    }

    /// The best a of a unit with these scalars.
    fn best(&self, scalars: &[[f64; Q]]) -> f64 {
        let s = scalars.iter().map(|at| (-at[1]).exp()).sum::<f64>().powf(-0.5);
        let low = scalars.iter().map(|at| at[0]).fold(f64::INFINITY, f64::min);
        let high = scalars.iter().map(|at| at[0]).fold(f64::NEG_INFINITY, f64::max);
        let slopes = |a: f64| {
            scalars.iter().fold([0.0; 2], |[g, h], at| {
                let jet = self.shifted(*at, a);
                [g - jet.gradient[0], h + jet.hessian[0][0]]
            })
        };
        // Newton's method squares the error: a step of 1e-9 leaves nothing.
        peak(slopes, high, high - low + 10.0 * s, 1e-9 * s)
    }

    fn scalars(&self, spell: &[usize], theta: &[f64]) -> Vec<[f64; Q]> {
        spell.iter().map(|&i| self.rows.scalars(i, theta)).collect()
    }

    /// Adds a unit; gives L_θa and L_aa.
    fn add(&self, spell: &[usize], theta: &[f64], sums: &mut Sums) -> (Vec<f64>, f64) {
        let scalars = self.scalars(spell, theta);
        let a = self.best(&scalars);
        let (mut cross, mut curvature) = (vec![0.0; self.rows.p], 0.0);
        for (&i, at) in spell.iter().zip(&scalars) {
            let jet = self.shifted(*at, a);
            self.rows.add(i, jet, sums);
            self.rows.add_slope(i, &jet.hessian[0].map(|h| -h), &mut cross);
            curvature += jet.hessian[0][0];
        }
        (cross, curvature)
    }
}

impl<const Q: usize, D: Density<Q>> Likelihood for TrueFixed<'_, Q, D> {
    fn parameters(&self) -> Vec<Parameter> {
        self.rows.parameters()
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        self.rows.natural(theta)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        self.rows.internal(natural)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        let Pooled { sign, indices, ols, density, .. } = &self.rows;
        if indices[1..].iter().all(Index::is_scalar) && sign * ols.skewness >= 0.0 {
            return Err(wrong_skew(*sign, ols.skewness));
        }
        let start = |at: &[f64; Q]| -> Vec<f64> {
            let mut theta = ols.coef.clone();
            (1..Q).for_each(|j| theta.extend(indices[j].level(at[j])));
            theta
        };
        // The variance that least squares finds with as many effects as units is too small by as many.
        let n = self.data.nobs() as f64;
        Ok(density.starts(ols.variance * n / (n - self.spells.len() as f64)).iter().map(start).collect())
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let p = self.rows.p;
        let chunk = |units: &[Vec<usize>]| {
            let mut sums = Sums::new(p);
            for spell in units {
                let (cross, curvature) = self.add(spell, theta, &mut sums);
                for a in 0..p {
                    (a..p).for_each(|b| sums.hessian[a * p + b] -= cross[a] * cross[b] / curvature);
                }
            }
            sums
        };
        Some(Sums::total(p, self.spells.par_chunks(CHUNK).map(chunk).collect()))
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let p = self.rows.p;
        let mut scores = Mat::zeros(self.spells.len(), p);
        for (g, spell) in self.spells.iter().enumerate() {
            let mut sums = Sums::new(p);
            self.add(spell, theta, &mut sums);
            (0..p).for_each(|j| scores[(g, j)] = sums.gradient[j]);
        }
        (scores, self.spells.iter().map(|s| s[0]).collect())
    }

    /// With few years the effects take up the noise: then this is the usual end, and not for the data's sake.
    fn border(&self, theta: &[f64]) -> Option<Error> {
        let center = self.rows.center(theta);
        if center[1].exp() < NOISE * (center[1].exp() + center[2].exp()) {
            return Some(Error::new(Kind::Untrusted {
                message: format!(
                    "no noise is left beside unit effects estimated from {:.1} rows each: sigma_v is zero where the \
                     likelihood is highest",
                    self.years()
                ),
                remedy: "use model = \"within_mle\", which estimates no effects, or more years".into(),
            }));
        }
        self.rows.border(theta)
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        let mut out = vec![Score::sound([f64::NAN; 5]); self.data.nobs()];
        for spell in &self.spells {
            let scalars = self.scalars(spell, theta);
            let a = self.best(&scalars);
            for (&i, mut at) in spell.iter().zip(scalars) {
                at[0] -= a;
                out[i] = self.rows.density.score(at, level);
            }
        }
        out
    }

    fn columns(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let slopes = self.rows.indices[0].natural(&theta[..self.rows.indices[0].k]);
        let mut effect = vec![0.0; self.data.nobs()];
        for spell in &self.spells {
            let a = self.best(&self.scalars(spell, theta));
            let alpha = intercept(self.data, spell, &slopes, self.rows.sign * a);
            spell.iter().for_each(|&i| effect[i] = alpha);
        }
        vec![effect]
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        self.rows.stats(theta)
    }

    fn notes(&self) -> Vec<String> {
        let years = self.years();
        (years < SHORT)
            .then(|| {
                format!(
                    "unit effects are estimated from {years:.1} rows each: with so few sigma_v is too small and the \
                     scores are off, however many units there are (incidental parameters); within_mle has no such bias"
                )
            })
            .into_iter()
            .collect()
    }
}
