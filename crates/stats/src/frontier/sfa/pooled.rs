//! Independent observations: each row has its own inefficiency.
//!
//! The scalars of the density are linear indices of the row, e = S(y - x'β), ln σ_v² = v'ω, ln σ_u² = w'κ, μ = z'δ. With
//! the derivatives f_j, f_jk of ln f in the scalars, the gradient is Σ f_j z_j and the Hessian Σ f_jk z_j z_k'.

use super::composed::{ComposedError, ROWS};
use super::density::Density;
use super::{Data, Index, LeastSquares, Likelihood, Parameter, Score, Section};
use crate::math::jet::Jet;
use crate::math::optimize::Point;
use crate::math::{Mat, dist};
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 2048;
/// Rows that are enough to order starts by.
const SAMPLE: usize = 4096;
/// A variance with less than this share of the total is at its border of zero.
const BORDER: f64 = 1e-8;

pub(super) struct Pooled<'a, const Q: usize, D> {
    y: Cow<'a, [f64]>,
    pub(super) sign: f64,
    pub(super) density: D,
    /// Of the scalars, in their order.
    pub(super) indices: [Index; Q],
    /// Where the parameters of each index begin.
    pub(super) from: [usize; Q],
    pub(super) p: usize,
    pub(super) ols: &'a LeastSquares,
}

impl<'a, const Q: usize, D: Density<Q>> Pooled<'a, Q, D> {
    /// `frontier` is the index of the regressors, which `ols` was fitted on.
    pub(super) fn new(data: &'a Data, frontier: &Index, ols: &'a LeastSquares, sign: f64, density: D) -> Result<Self> {
        Self::of(Cow::Borrowed(&data.y), data, frontier, ols, sign, density)
    }

    /// As [`Pooled::new`], of another outcome than that of the data.
    pub(super) fn of(
        y: Cow<'a, [f64]>,
        data: &Data,
        frontier: &Index,
        ols: &'a LeastSquares,
        sign: f64,
        density: D,
    ) -> Result<Self> {
        let own = density.own();
        let index = |columns: &Option<super::Columns>, name: &str| match columns {
            Some(columns) => Index::new(columns),
            None => Ok(Index::scalar(name)),
        };
        let mut indices: [Index; Q] = std::array::from_fn(|j| match j {
            0 => frontier.clone(),
            1 | 2 => Index::scalar("(Intercept)"),
            // What a model adds to the distribution's own it names itself.
            _ => Index::scalar(own.get(j - 3).copied().unwrap_or_default()),
        });
        indices[1] = index(&data.v_variance, "(Intercept)")?;
        indices[2] = index(&data.u_variance, "(Intercept)")?;
        if let (Some(j), Some(_)) = (density.moved(), &data.determinants) {
            indices[j] = index(&data.determinants, own[j - 3])?;
        }
        Ok(Pooled { y, sign, density, indices, from: [0; Q], p: 0, ols }.laid_out())
    }

    /// The same with another index of scalar j.
    pub(super) fn with_index(mut self, j: usize, index: Index) -> Self {
        self.indices[j] = index;
        self.laid_out()
    }

    fn laid_out(mut self) -> Self {
        (1..Q).for_each(|j| self.from[j] = self.from[j - 1] + self.indices[j - 1].k);
        self.p = self.from[Q - 1] + self.indices[Q - 1].k;
        self
    }

    /// Rows.
    pub(super) fn nobs(&self) -> usize {
        self.y.len()
    }

    fn part<'b>(&self, j: usize, theta: &'b [f64]) -> &'b [f64] {
        &theta[self.from[j]..self.from[j] + self.indices[j].k]
    }

    /// The scalars of row i.
    pub(super) fn scalars(&self, i: usize, theta: &[f64]) -> [f64; Q] {
        let mut at = std::array::from_fn(|j| self.indices[j].at(i, self.part(j, theta)));
        at[0] = self.sign * (self.y[i] - at[0]);
        at
    }

    /// The scalars where all columns are at their mean; e = 0.
    pub(super) fn center(&self, theta: &[f64]) -> [f64; Q] {
        std::array::from_fn(|j| if j > 0 && self.indices[j].constant { theta[self.from[j]] } else { 0.0 })
    }

    /// Whether σ_v and σ_u are one number each.
    fn constant_variances(&self) -> bool {
        self.indices[1].is_scalar() && self.indices[2].is_scalar()
    }

    /// Whether, besides, they have one unit, so that σ² and γ say it all.
    pub(super) fn homoscedastic(&self) -> bool {
        self.density.comparable() && self.constant_variances()
    }

    /// Where the parameters begin of which θ has the logarithms, if there are any.
    fn logs(&self) -> Option<usize> {
        (self.density.logs() && Q > 3).then(|| self.from[3])
    }

    /// Outcome of row i.
    pub(super) fn outcome(&self, i: usize) -> f64 {
        self.y[i]
    }

    /// σ_v² + σ_u² at the mean of the columns; where σ_u² is not near the variance of u, that of the residuals.
    fn total(&self, center: &[f64; Q]) -> f64 {
        let near = self.density.comparable() && !self.density.logs();
        if near { center[1].exp() + center[2].exp() } else { self.ols.variance }
    }

    /// Whether σ_v² has vanished.
    pub(super) fn noiseless(&self, theta: &[f64]) -> bool {
        let center = self.center(theta);
        center[1].exp() < BORDER * self.total(&center)
    }

    /// Order of the indices in the natural parameters: frontier, σ_u, σ_v (or σ² and γ), own.
    fn order(&self) -> [usize; Q] {
        std::array::from_fn(|j| if self.homoscedastic() || j == 0 || j > 2 { j } else { 3 - j })
    }
}

/// Value, gradient and upper triangle of the Hessian of some rows.
pub(super) struct Sums {
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
    pub(super) hessian: Vec<f64>,
}

impl Sums {
    /// Of no rows, in p parameters.
    pub(super) fn new(p: usize) -> Self {
        Sums { value: 0.0, gradient: vec![0.0; p], hessian: vec![0.0; p * p] }
    }

    /// All of these together, in their order.
    pub(super) fn total(p: usize, parts: Vec<Sums>) -> Point {
        let mut total = Sums::new(p);
        for sums in parts {
            total.value += sums.value;
            total.gradient.iter_mut().zip(&sums.gradient).for_each(|(t, s)| *t += s);
            total.hessian.iter_mut().zip(&sums.hessian).for_each(|(t, s)| *t += s);
        }
        let hessian = Mat::from_fn(p, p, |i, j| total.hessian[i.min(j) * p + i.max(j)]);
        Point { value: total.value, gradient: total.gradient, hessian }
    }
}

impl<const Q: usize, D: Density<Q>> Pooled<'_, Q, D> {
    /// Adds Σ_j w_j ∂s_j/∂θ of the scalars s of row i.
    pub(super) fn add_slope(&self, i: usize, weights: &[f64; Q], out: &mut [f64]) {
        for j in 0..Q {
            // de/d(x'β) = -S.
            let weight = if j == 0 { -self.sign * weights[0] } else { weights[j] };
            let out = &mut out[self.from[j]..];
            self.indices[j].row(i).iter().zip(out).for_each(|(z, o)| *o += weight * z);
        }
    }

    /// Adds second derivatives between the scalars of row i (these weights) and a further parameter.
    pub(super) fn add_cross(&self, i: usize, weights: &[f64; Q], parameter: usize, sums: &mut Sums) {
        let p = sums.gradient.len();
        for j in 0..Q {
            let weight = if j == 0 { -self.sign * weights[0] } else { weights[j] };
            let from = self.from[j];
            let z = self.indices[j].row(i).iter().enumerate();
            z.for_each(|(a, z)| sums.hessian[(from + a) * p + parameter] += weight * z);
        }
    }

    /// Adds a function of the scalars of row i to the sums, which may have further parameters after these.
    pub(super) fn add(&self, i: usize, mut jet: Jet<Q>, sums: &mut Sums) {
        let p = sums.gradient.len();
        sums.value += jet.value;
        self.add_slope(i, &jet.gradient, &mut sums.gradient);
        for j in 1..Q {
            jet.hessian[0][j] *= -self.sign;
        }
        for j in 0..Q {
            let z = self.indices[j].row(i);
            for k in j..Q {
                let w = self.indices[k].row(i);
                for (a, z) in z.iter().enumerate() {
                    let at = (self.from[j] + a) * p + self.from[k];
                    let first = if j == k { a } else { 0 };
                    let weight = jet.hessian[j][k] * z;
                    w.iter().enumerate().skip(first).for_each(|(b, w)| sums.hessian[at + b] += weight * w);
                }
            }
        }
    }

    fn sums(&self, theta: &[f64], rows: std::ops::Range<usize>) -> Sums {
        let mut sums = Sums::new(self.p);
        rows.for_each(|i| self.add(i, self.density.ln(self.scalars(i, theta)), &mut sums));
        sums
    }
}

impl<const Q: usize, D: Density<Q>> Likelihood for Pooled<'_, Q, D> {
    fn parameters(&self) -> Vec<Parameter> {
        let list = |section: Section, names: &[String]| -> Vec<Parameter> {
            names.iter().map(|name| Parameter { section, name: name.clone() }).collect()
        };
        let mut all = list(Section::Coefficients, &self.indices[0].names);
        if self.homoscedastic() {
            all.extend(list(Section::Coefficients, &["sigma2".into(), "gamma".into()]));
        } else {
            all.extend(list(Section::UVariance, &self.indices[2].names));
            all.extend(list(Section::VVariance, &self.indices[1].names));
        }
        for index in &self.indices[3..] {
            let section = if index.is_scalar() { Section::Coefficients } else { Section::Determinants };
            all.extend(list(section, &index.names));
        }
        all
    }

    fn frontier(&self) -> usize {
        self.indices[0].k
    }

    /// None where the distribution has a shape, which means nothing without inefficiency.
    fn lr_p_value(&self, lr: f64) -> f64 {
        match self.density.logs() || !self.density.comparable() {
            true => f64::NAN,
            false => dist::chi_bar_p(lr, self.restrictions(), 1)[1],
        }
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let mut values = Vec::with_capacity(self.p);
        let mut J = Mat::zeros(self.p, self.p);
        for j in self.order() {
            let (index, from, to) = (&self.indices[j], self.from[j], values.len());
            values.extend(index.natural(self.part(j, theta)));
            for a in 0..index.k {
                (0..index.k).for_each(|b| J[(to + a, from + b)] = index.jacobian(a, b));
            }
        }
        if self.homoscedastic() {
            let (a, b) = (self.from[1], self.from[2]);
            let (v, u) = (theta[a].exp(), theta[b].exp());
            let gamma = u / (v + u);
            (values[a], values[b]) = (v + u, gamma);
            (J[(a, a)], J[(a, b)]) = (v, u);
            (J[(b, a)], J[(b, b)]) = (-gamma * (1.0 - gamma), gamma * (1.0 - gamma));
        }
        for at in self.logs().map_or(0..0, |from| from..self.p) {
            values[at] = theta[at].exp();
            J[(at, at)] = values[at];
        }
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let mut theta = vec![0.0; self.p];
        let mut at = 0;
        for j in self.order() {
            let (from, k) = (self.from[j], self.indices[j].k);
            theta[from..from + k].copy_from_slice(&self.indices[j].internal(&natural[at..at + k]));
            at += k;
        }
        if self.homoscedastic() {
            let (a, b) = (self.from[1], self.from[2]);
            (theta[a], theta[b]) = ln_variances(natural[a], natural[b])?;
        }
        for at in self.logs().map_or(0..0, |from| from..self.p) {
            if natural[at].partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
                let message = format!("`at` has {} = {}", self.density.own()[0], natural[at]);
                return Err(Error::invalid(message, "give a positive number"));
            }
            theta[at] = natural[at].ln();
        }
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        let one = self.constant_variances() && self.indices[3..].iter().all(Index::is_scalar);
        if one && self.density.skewed() && self.sign * self.ols.skewness >= 0.0 {
            return Err(wrong_skew(self.sign, self.ols.skewness));
        }
        let start = |at: &[f64; Q]| -> Vec<f64> {
            let mut theta = self.ols.coef.clone();
            theta[0] += self.sign * at[0];
            (1..Q).for_each(|j| theta.extend(self.indices[j].level(at[j])));
            theta
        };
        Ok(self.density.starts(self.ols.variance).iter().map(start).collect())
    }

    fn value(&self, theta: &[f64]) -> f64 {
        let n = self.y.len();
        let chunk = |c: usize| -> f64 {
            (c * CHUNK..((c + 1) * CHUNK).min(n)).map(|i| self.density.ln(self.scalars(i, theta)).value).sum()
        };
        (0..n.div_ceil(CHUNK)).into_par_iter().map(chunk).collect::<Vec<_>>().iter().sum()
    }

    fn promise(&self, theta: &[f64]) -> f64 {
        let n = self.y.len();
        (0..n).step_by(n.div_ceil(SAMPLE)).map(|i| self.density.ln(self.scalars(i, theta)).value).sum()
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let (n, p) = (self.y.len(), self.p);
        let chunks: Vec<Sums> = (0..n.div_ceil(CHUNK))
            .into_par_iter()
            .map(|c| self.sums(theta, c * CHUNK..((c + 1) * CHUNK).min(n)))
            .collect();
        Some(Sums::total(p, chunks))
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let n = self.y.len();
        let mut scores = Mat::zeros(n, self.p);
        for i in 0..n {
            let jet = self.density.ln(self.scalars(i, theta));
            for j in 0..Q {
                let slope = if j == 0 { -self.sign * jet.gradient[0] } else { jet.gradient[j] };
                let z = self.indices[j].row(i);
                z.iter().enumerate().for_each(|(a, z)| scores[(i, self.from[j] + a)] = slope * z);
            }
        }
        (scores, (0..n).collect())
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        let center = self.center(theta);
        if self.noiseless(theta) {
            return Some(no_noise());
        }
        if center[2].exp() < BORDER * self.total(&center) && self.density.limit(center).is_none() {
            return Some(no_inefficiency(self.sign, self.ols.skewness));
        }
        let model = self.density.limit(center)?;
        Some(Error::new(Kind::Untrusted {
            message: format!("the likelihood has no maximum: it rises towards {model}"),
            remedy: "use another `distribution`".into(),
        }))
    }

    fn composed(&self, theta: &[f64]) -> Option<ComposedError> {
        let n = self.y.len();
        let alike = self.indices[1..].iter().all(Index::is_scalar);
        let rows: Vec<[f64; Q]> =
            (0..n).step_by(if alike { n } else { n.div_ceil(ROWS) }).map(|i| self.scalars(i, theta)).collect();
        let density = |r: f64| {
            let at = |row: &[f64; Q]| {
                let mut at = *row;
                at[0] = self.sign * r;
                self.density.ln(at).value.exp()
            };
            rows.iter().map(at).sum::<f64>() / rows.len() as f64
        };
        let residuals: Vec<f64> = (0..n).map(|i| self.sign * self.scalars(i, theta)[0]).collect();
        ComposedError::of(&residuals, density)
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        (0..self.y.len()).into_par_iter().map(|i| self.density.score(self.scalars(i, theta), level)).collect()
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        if !self.constant_variances() {
            return Vec::new();
        }
        let center = self.center(theta);
        let (v, u) = (center[1].exp(), center[2].exp());
        let mut stats = vec![("sigma_u", u.sqrt()), ("sigma_v", v.sqrt())];
        if self.homoscedastic() {
            stats.extend([("sigma2", v + u), ("gamma", u / (v + u))]);
        }
        let own = self.density.own().iter().enumerate().filter(|(j, _)| self.indices[3 + j].is_scalar());
        let natural = |c: f64| if self.density.logs() { c.exp() } else { c };
        stats.extend(own.map(|(j, name)| (*name, natural(center[3 + j]))));
        stats
    }
}

/// (ln σ_v², ln σ_u²) of σ² and γ that were given.
pub(super) fn ln_variances(sigma2: f64, gamma: f64) -> Result<(f64, f64)> {
    match sigma2 > 0.0 && gamma > 0.0 && gamma < 1.0 {
        true => Ok(((sigma2 * (1.0 - gamma)).ln(), (sigma2 * gamma).ln())),
        false => Err(Error::invalid(
            format!("`at` has sigma2 = {sigma2}, gamma = {gamma}"),
            "give a positive sigma2 and a gamma between 0 and 1",
        )),
    }
}

/// Waldman (1982): a maximum of the likelihood at σ_u = 0.
pub(super) fn wrong_skew(sign: f64, skewness: f64) -> Error {
    let (side, wanted) = if sign > 0.0 { ("right", "left") } else { ("left", "right") };
    Error::new(Kind::Untrusted {
        message: format!(
            "the least-squares residuals are skewed to the {side} (skewness {skewness:.4}) where inefficiency would \
             skew them to the {wanted}: the likelihood peaks at no inefficiency and every score would be one"
        ),
        remedy: "check `frontier`, the functional form and outliers, or estimate without inefficiency (`feols`)".into(),
    })
}

/// σ_v² has vanished.
pub(super) fn no_noise() -> Error {
    Error::new(Kind::Untrusted {
        message: "gamma is at its border of one: no noise is left and standard errors do not exist".into(),
        remedy: "check for outliers and duplicates, use another `distribution`, or a deterministic frontier (`dea`)"
            .into(),
    })
}

/// σ_u² has vanished.
pub(super) fn no_inefficiency(sign: f64, skewness: f64) -> Error {
    if sign * skewness >= 0.0 {
        return wrong_skew(sign, skewness);
    }
    Error::new(Kind::Untrusted {
        message: "gamma is at its border of zero: the likelihood peaks at no inefficiency and every score would be one"
            .into(),
        remedy: "simplify the model of inefficiency, or estimate without it (`feols`)".into(),
    })
}
