//! Iteratively reweighted least squares with absorbed effects: Newton's method on the concentrated likelihood.
//!
//! At η with working residual r = ℓ'/W the step solves one weighted regression of r on the regressors X and the
//! dummies D, the effects being absorbed under the weights of the moment (Correia, Guimarães and Zylkin 2020):
//!
//! ```text
//! r̃ = M r,  X̃ = M X  (off D under W),   Δβ = (X̃'WX̃)⁻¹ X̃'W r̃,   Δη = r - (r̃ - X̃Δβ).
//! ```
//!
//! X̃ of one step is the start for the next, since X and X̃ differ by effects alone. Because r and not the working
//! outcome η + r is regressed, each step also repairs the rounding of the step before.
//!
//! The certificate is the cosine between r and the space of X and D under W: the gradient of the likelihood in
//! every direction, effects included, over its size by curvature and Pearson residual. It does not depend on the
//! units of y or X. A fit ends below [`GOAL`] with every η at rest; else it is an error.

use super::separation::{STILL, separated};
use super::{Family, negbin};
use crate::absorb::{Absorber, centered_squares};
use crate::linear::Collinear;
use crate::linear::least_squares::{Orthogonal, Reason};
use crate::math::{Mat, linalg};
use crate::{Design, Error, Kind, Result};

/// Cosine at which the iteration ends. Steps converge quadratically, so that one more costs little.
const GOAL: f64 = 1e-10;

/// Largest cosine of a fit, where rounding keeps it from [`GOAL`].
const TOLERANCE: f64 = 1e-8;

/// Steps allowed: a well-posed fit takes five to fifteen, separated ones are found within as many again.
const ITERATIONS: usize = 100;

/// Halvings of a step that does not raise the likelihood.
const HALVINGS: usize = 40;

/// Below this cosine the likelihood no longer shows the gain of a step, and the full step is taken.
const FULL_STEP: f64 = 1e-5;

/// Largest change of η in a step after which the effects need no balancing.
const SETTLED: f64 = 1e-3;

/// Steps with all η at rest to this end the iteration whatever the cosine: the outcome is fitted perfectly.
const PERFECT: f64 = 1e-12;

/// A likelihood on its way to the maximum.
#[derive(Debug, Clone)]
pub(super) struct Climb<'d> {
    design: &'d Design,
    collinear: Collinear,
    pub family: Family,
    /// Linear predictor, offset included, n.
    pub eta: Vec<f64>,
    /// Whether `eta` lies in the space of offset, X and D, with `coef` its coefficients.
    inside: bool,
    /// Coefficients of the kept regressors.
    pub coef: Vec<f64>,
    /// Positions of the kept regressors, once the verdict is known.
    pub kept: Option<Vec<usize>>,
    /// Positions and reasons of the others.
    pub dropped: Vec<(usize, Reason)>,
    /// Kept regressors off the effects under `W`, k of n.
    pub X: Vec<Vec<f64>>,
    /// Weights of the last step, those of the design included.
    pub W: Vec<f64>,
    /// Working residual of the last step.
    pub r: Vec<f64>,
    pub iterations: usize,
    pub certificate: f64,
    /// Gain of the last step in twice the log-likelihood.
    pub gain: f64,
}

/// A column projected on the effects and the regressors.
pub(super) struct Projection {
    /// Coefficients of the kept regressors.
    pub coef: Vec<f64>,
    /// The column off the effects.
    pub off: Vec<f64>,
    /// Its fit by effects and regressors.
    pub fit: Vec<f64>,
}

impl<'d> Climb<'d> {
    /// Begins at `eta` (n), which need not lie in the space of the model.
    pub fn new(design: &'d Design, family: Family, eta: Vec<f64>, collinear: Collinear) -> Self {
        Climb {
            design,
            collinear,
            family,
            eta,
            inside: false,
            coef: Vec::new(),
            kept: None,
            dropped: Vec::new(),
            X: (0..design.X.ncols()).map(|j| design.X.col_as_slice(j).to_vec()).collect(),
            W: Vec::new(),
            r: Vec::new(),
            iterations: 0,
            certificate: f64::NAN,
            gain: f64::NAN,
        }
    }

    fn w(&self, i: usize) -> f64 {
        self.design.w.as_ref().map_or(1.0, |w| w[i])
    }

    fn offset(&self, i: usize) -> f64 {
        self.design.offset.as_ref().map_or(0.0, |o| o[i])
    }

    /// Minus the log-likelihood, without terms free of η and θ.
    fn loss(&self, eta: &[f64], family: Family) -> f64 {
        let one = |i: usize| match family {
            Family::Poisson => eta[i].exp() - self.design.y[i] * eta[i],
            family => -family.loglik(self.design.y[i], eta[i]),
        };
        (0..eta.len()).map(|i| self.w(i) * one(i)).sum()
    }

    /// Working residuals and weights at η.
    pub fn weigh(&mut self) {
        let pairs = (0..self.eta.len()).map(|i| {
            let (r, W) = self.family.working(self.design.y[i], self.eta[i]);
            (r, (self.w(i) * W).max(f64::MIN_POSITIVE))
        });
        (self.r, self.W) = pairs.unzip();
    }

    /// Expected weights at η, and the regressors off the effects under them: for covariances.
    pub fn expect(&mut self) -> Result<()> {
        self.weigh();
        for i in 0..self.eta.len() {
            let expected = (self.w(i) * self.family.information(self.eta[i])).max(f64::MIN_POSITIVE);
            self.r[i] *= self.W[i] / expected;
            self.W[i] = expected;
        }
        self.project(Vec::new()).map(|_| ())
    }

    /// Climbs to the maximum, or to the observations that are separated.
    pub fn run(&mut self) -> Result<Option<Vec<usize>>> {
        let mut loss = if self.inside { self.loss(&self.eta, self.family) } else { f64::NAN };
        let mut last = f64::INFINITY;
        for _ in 0..ITERATIONS {
            self.iterations += 1;
            self.weigh();
            if !self.inside {
                loss = self.enter()?;
                loss = self.balance().unwrap_or(loss);
                continue;
            }
            let (step, curve) = (self.step()?, |v: &[f64], W: &[f64]| weighted(v, v, W));
            let (moved, all) = (curve(&step.fit, &self.W), curve(&self.r, &self.W));
            let cosine = if moved > 0.0 { (moved / all).sqrt() } else { 0.0 };
            let largest = step.fit.iter().fold(step.theta.abs(), |m, z| m.max(z.abs()));
            self.certificate = cosine;
            let at_rest = largest <= STILL && (step.theta.abs() <= 10.0 * GOAL);
            let rounding = cosine <= TOLERANCE && cosine > 0.5 * last;
            if at_rest && (cosine <= GOAL || rounding) || largest <= PERFECT {
                // The step is known already; taking it squares the error that is left.
                self.move_along(&step, loss, cosine)?;
                self.weigh();
                return Ok(None);
            }
            last = cosine;
            if let Some(gone) = separated(self.family, &self.design.y, &step.fit) {
                return Ok(Some(gone));
            }
            loss = self.move_along(&step, loss, cosine)?;
            if largest > SETTLED {
                loss = self.balance().unwrap_or(loss);
            }
            negbin::check_dispersion(self.family, &self.design.outcome)?;
        }
        Err(self.failed())
    }

    fn failed(&self) -> Error {
        Error::new(Kind::NotConverged {
            what: "the likelihood (cosine of the gradient with the model space)".into(),
            iterations: self.iterations,
            reached: self.certificate,
            wanted: GOAL,
        })
    }

    /// The first step, from a predictor outside the model's space into it.
    ///
    /// It may overshoot: then it is drawn towards the best constant, which lies in the space too.
    fn enter(&mut self) -> Result<f64> {
        let n = self.eta.len();
        let working: Vec<f64> = (0..n).map(|i| self.eta[i] - self.offset(i) + self.r[i]).collect();
        let Projection { coef, fit, .. } = self.project(vec![working])?.remove(0);
        let (base, base_coef) = self.constant();
        let base_loss = self.loss(&base, self.family);
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let at = |i: usize| base[i] + length * (self.offset(i) + fit[i] - base[i]);
            let eta: Vec<f64> = (0..n).map(at).collect();
            let loss = self.loss(&eta, self.family);
            if loss <= base_loss + 1e-10 * base_loss.abs() {
                self.coef = coef.iter().zip(&base_coef).map(|(b, c)| c + length * (b - c)).collect();
                (self.eta, self.inside) = (eta, true);
                return Ok(loss);
            }
            length *= 0.5;
        }
        Err(self.failed())
    }

    /// The predictor with the right overall mean, where the model has a constant; else the offset alone.
    fn constant(&self) -> (Vec<f64>, Vec<f64>) {
        let n = self.eta.len();
        let kept = self.kept.as_deref().unwrap_or_default();
        let at = kept.iter().position(|&j| self.design.names[j] == crate::linear::INTERCEPT);
        let mut coef = vec![0.0; kept.len()];
        let mut level = 0.0;
        if at.is_some() || !self.design.fe.is_empty() {
            level = null_constant(self.design, self.family);
            if let Some(at) = at {
                coef[at] = level;
            }
        }
        ((0..n).map(|i| self.offset(i) + level).collect(), coef)
    }

    /// The full step in η, the coefficients and ln θ.
    fn step(&mut self) -> Result<Step> {
        match self.family {
            Family::NegativeBinomial(theta) => {
                let terms = negbin::Terms::new(self.design, &self.eta, theta);
                let q = terms.cross.iter().zip(&self.W).map(|(c, W)| c / W).collect();
                let mut both = self.project(vec![self.r.clone(), q])?;
                let (q, r) = (both.remove(1), both.remove(0));
                let move_theta = terms.step(&r.fit, &q.fit);
                let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + move_theta * b).collect();
                Ok(Step { coef: add(&r.coef, &q.coef), fit: add(&r.fit, &q.fit), theta: move_theta })
            }
            _ => {
                let Projection { coef, fit, .. } = self.project(vec![self.r.clone()])?.remove(0);
                Ok(Step { coef, fit, theta: 0.0 })
            }
        }
    }

    /// Takes the longest of the step, its half, its quarter … that raises the likelihood.
    fn move_along(&mut self, step: &Step, loss: f64, cosine: f64) -> Result<f64> {
        let mut length = 1.0;
        for _ in 0..HALVINGS {
            let eta: Vec<f64> = self.eta.iter().zip(&step.fit).map(|(e, z)| e + length * z).collect();
            let family = match self.family {
                Family::NegativeBinomial(theta) => Family::NegativeBinomial(theta * (length * step.theta).exp()),
                family => family,
            };
            let next = self.loss(&eta, family);
            if next <= loss || (cosine <= FULL_STEP && next.is_finite()) {
                self.gain = 2.0 * (loss - next);
                self.coef.iter_mut().zip(&step.coef).for_each(|(b, d)| *b += length * d);
                (self.eta, self.family) = (eta, family);
                return Ok(next);
            }
            length *= 0.5;
        }
        Err(self.failed())
    }

    /// Maximizes over each Poisson effect in turn, the others given: the level of an effect that makes the sums of
    /// outcomes and means agree is closed. Gives the loss after.
    ///
    /// Newton's step moves η down by one at most, so that levels far below the start would need a step for each
    /// factor of e; this moves them there at once. It never lowers the likelihood.
    fn balance(&mut self) -> Option<f64> {
        let design = self.design;
        if self.family != Family::Poisson || design.fe.is_empty() {
            return None;
        }
        let mut mu: Vec<f64> = self.eta.iter().enumerate().map(|(i, e)| self.w(i) * e.exp()).collect();
        for factor in &design.fe {
            let mut sums = vec![[0.0; 2]; factor.levels as usize];
            for (i, &c) in factor.codes.iter().enumerate() {
                let [outcome, mean] = &mut sums[c as usize];
                *outcome += self.w(i) * design.y[i];
                *mean += mu[i];
            }
            let ratio = |[outcome, mean]: &[f64; 2]| match outcome / mean {
                ratio if ratio.is_finite() && ratio > 0.0 => ratio,
                _ => 1.0, // the mean is out of range: left to Newton's step
            };
            let ratio: Vec<f64> = sums.iter().map(ratio).collect();
            let shift: Vec<f64> = ratio.iter().map(|r| r.ln()).collect();
            for (i, &c) in factor.codes.iter().enumerate() {
                mu[i] *= ratio[c as usize];
                self.eta[i] += shift[c as usize];
            }
        }
        Some((0..mu.len()).map(|i| mu[i] - self.w(i) * design.y[i] * self.eta[i]).sum())
    }

    /// Projects columns (each n) on effects and regressors under `W`; the first time also decides on collinearity.
    pub fn project(&mut self, columns: Vec<Vec<f64>>) -> Result<Vec<Projection>> {
        let design = self.design;
        let k = self.X.len();
        let mut all = std::mem::take(&mut self.X);
        all.extend(columns.iter().cloned());
        let before: Vec<f64> = match design.fe.is_empty() {
            true => all[..k].iter().map(|x| centered_squares(x, Some(&self.W))).collect(),
            false => {
                let absorber = Absorber::new(&design.fe, &[], Some(&self.W))?;
                absorber.demean(&mut all)?.iter().map(|d| d.before).collect()
            }
        };
        let off = all.split_off(k);
        self.X = all;
        if self.kept.is_none() {
            self.judge(&before[..k])?;
        }
        let inverse = match self.X.is_empty() {
            true => Mat::new(),
            false => linalg::spd_inverse(&gram(&self.X, &self.W), "the information of the regressors")?,
        };
        let one = |(column, off): (Vec<f64>, Vec<f64>)| {
            let inner: Vec<f64> = self.X.iter().map(|x| weighted(x, &off, &self.W)).collect();
            let k = inner.len();
            let coef: Vec<f64> = (0..k).map(|i| (0..k).map(|j| inverse[(i, j)] * inner[j]).sum()).collect();
            let mut fit: Vec<f64> = column.iter().zip(&off).map(|(c, o)| c - o).collect();
            for (x, b) in self.X.iter().zip(&coef) {
                fit.iter_mut().zip(x).for_each(|(f, x)| *f += b * x);
            }
            Projection { coef, off, fit }
        };
        Ok(columns.into_iter().zip(off).map(one).collect())
    }

    /// Keeps the regressors that are independent of the effects and of those before them.
    fn judge(&mut self, before: &[f64]) -> Result<()> {
        let basis = Orthogonal::new(&self.scaled(), before);
        if let (Collinear::Error, Some(&(j, reason))) = (self.collinear, basis.dropped.first()) {
            let absorbed = reason == Reason::Absorbed;
            return Err(Error::new(Kind::Collinear { absorbed }).at_column(self.design.names[j].clone()));
        }
        if basis.kept.is_empty() && !self.design.names.is_empty() {
            return Err(Error::new(Kind::NothingLeft).at_column(self.design.names.join("`, `")));
        }
        let mut j = 0;
        self.X.retain(|_| {
            j += 1;
            basis.kept.contains(&(j - 1))
        });
        (self.kept, self.dropped) = (Some(basis.kept), basis.dropped);
        Ok(())
    }

    /// The regressors off the effects times √W.
    pub fn scaled(&self) -> Vec<Vec<f64>> {
        self.X.iter().map(|x| x.iter().zip(&self.W).map(|(x, W)| x * W.sqrt()).collect()).collect()
    }
}

/// A step from η.
struct Step {
    /// Change of the coefficients.
    coef: Vec<f64>,
    /// Change of η.
    fit: Vec<f64>,
    /// Change of ln θ.
    theta: f64,
}

/// Σ W a b.
pub(super) fn weighted(a: &[f64], b: &[f64], W: &[f64]) -> f64 {
    a.iter().zip(b).zip(W).map(|((a, b), W)| W * a * b).sum()
}

/// X'WX, k × k.
fn gram(X: &[Vec<f64>], W: &[f64]) -> Mat<f64> {
    let mut G = Mat::<f64>::zeros(X.len(), X.len());
    for i in 0..X.len() {
        for j in 0..=i {
            G[(i, j)] = weighted(&X[i], &X[j], W);
            G[(j, i)] = G[(i, j)];
        }
    }
    G
}

/// The constant of the model with the offset and nothing else.
pub(super) fn null_constant(design: &Design, family: Family) -> f64 {
    let w = |i: usize| design.w.as_ref().map_or(1.0, |w| w[i]);
    let n = design.nobs();
    let total: f64 = (0..n).map(w).sum();
    let mean: f64 = (0..n).map(|i| w(i) * design.y[i]).sum::<f64>() / total;
    let Some(offset) = &design.offset else { return family.link(mean) };
    if !family.binary() {
        // Closed for Poisson; for the negative binomial a good constant, which is all that is asked of it.
        let top = offset.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return mean.ln() - top - ((0..n).map(|i| w(i) * (offset[i] - top).exp()).sum::<f64>() / total).ln();
    }
    // Newton's method on a concave function of one number, halved towards the last point where it would overshoot.
    let mut constant = 0.0;
    for _ in 0..ITERATIONS {
        let (mut score, mut curvature) = (0.0, 0.0);
        for i in 0..n {
            let (r, W) = family.working(design.y[i], offset[i] + constant);
            score += w(i) * W * r;
            curvature += w(i) * W;
        }
        let step = (score / curvature).clamp(-1.0, 1.0);
        constant += step;
        if step.abs() <= 1e-13 * (1.0 + constant.abs()) {
            break;
        }
    }
    constant
}
