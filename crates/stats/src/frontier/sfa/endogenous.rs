//! Regressors that move with the noise: a frontier and its first stages in one likelihood.
//!
//! ```text
//! y = x'β + v - S u,   x_j = z'δ_j + ε_j for the endogenous x_j,   (v, ε) jointly normal, u independent of them
//! ε̃ = Aε ~ N(0, I),  A lower triangular (A'A = Ω⁻¹, Ω the covariance of ε),   v = η'ε̃ + w,  w ~ N(0, σ_w²)
//!
//! ln L = Σ ln f(S(y - x'β - η'ε̃); σ_w², σ_u²) + Σ (ln det A - ½ ε̃'ε̃ - ½ p ln 2π)
//! ```
//!
//! (Kutlu 2010; Karakaplan and Kutlu 2017.) Without η'ε̃ β is biased, and so are the scores, for part of what looks like
//! noise or inefficiency is the regressor's own shock. f is the density of w - u, σ² = σ_w² + σ_u² and γ = σ_u²/σ² are
//! those of it, and σ_v² = σ_w² + η'η. Scores are given w - u, that is, given y and the endogenous x. z are the excluded
//! instruments, a constant and the exogenous regressors. All parameters are estimated together, so that standard errors
//! know of the first stage; η = 0 is exogeneity, and then the two parts of the likelihood separate.
//!
//! Start: two-stage least squares by its control function, y on x and the least-squares ε̂. The model without
//! inefficiency is limited-information maximum likelihood, whose likelihood has a closed form (`control`). Parameters of A
//! are its logarithmic diagonal and what is below; what is reported is Ω.
//!
//! Kutlu (2010), Economics Letters 109. Karakaplan and Kutlu (2017), Economics Letters 155.

mod control;
mod triangle;

pub(super) use control::Control;

use super::density::Density;
use super::pooled::{Pooled, Sums, wrong_skew};
use super::{Data, Index, LeastSquares, Likelihood, Parameter, Score, Section, SfaFit};
use crate::math::linalg::spd_inverse;
use crate::math::normal::LN_SQRT_TAU;
use crate::math::optimize::Point;
use crate::math::{Mat, dist};
use crate::{Error, Result};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 512;

/// The model. θ: those of the frontier's own model, η (p), δ (p times l), A row by row with ln A_jj.
pub(super) struct Endogenous<'a, D> {
    rows: Pooled<'a, 3, D>,
    control: Control,
}

/// ε̃ of a row with its derivatives in (η, δ, A), of which η has none.
struct Shock {
    tilde: Vec<f64>,
    /// p times the length of (η, δ, A).
    slopes: Vec<Vec<f64>>,
}

impl<'a, D: Density<3>> Endogenous<'a, D> {
    pub(super) fn new(data: &'a Data, frontier: &Index, ols: &'a LeastSquares, sign: f64, density: D) -> Result<Self> {
        let rows = Pooled::of(Cow::Borrowed(&data.y), data, frontier, ols, sign, density)?;
        Ok(Endogenous { rows, control: Control::new(data, frontier)? })
    }

    fn p(&self) -> usize {
        self.control.x.len()
    }

    fn l(&self) -> usize {
        self.control.Z.k
    }

    /// Where η, δ and A begin after the frontier's own parameters, and where all end.
    fn places(&self) -> [usize; 4] {
        let (p, l) = (self.p(), self.l());
        [0, p, p + p * l, p + p * l + p * (p + 1) / 2]
    }

    /// ε of row i.
    fn epsilon(&self, i: usize, rest: &[f64]) -> Vec<f64> {
        let (p, l) = (self.p(), self.l());
        (0..p).map(|j| self.control.x[j][i] - self.control.Z.at(i, &rest[p + j * l..p + (j + 1) * l])).collect()
    }

    fn shock(&self, i: usize, rest: &[f64]) -> Shock {
        let (p, l) = (self.p(), self.l());
        let [_, delta, from, end] = self.places();
        let (epsilon, z) = (self.epsilon(i, rest), self.control.Z.row(i));
        let A = triangle::rows(&rest[from..], p);
        let mut shock = Shock { tilde: vec![0.0; p], slopes: vec![vec![0.0; end]; p] };
        for j in 0..p {
            for k in 0..=j {
                shock.tilde[j] += A[j][k] * epsilon[k];
                (0..l).for_each(|a| shock.slopes[j][delta + k * l + a] = -A[j][k] * z[a]);
                shock.slopes[j][from + triangle::place(j, k)] = if k == j { A[j][j] } else { 1.0 } * epsilon[k];
            }
        }
        shock
    }

    /// The scalars of row i: e has η'ε̃ taken out.
    fn scalars(&self, i: usize, theta: &[f64]) -> [f64; 3] {
        let (own, rest) = theta.split_at(self.rows.p);
        let mut at = self.rows.scalars(i, own);
        let (p, A) = (self.p(), triangle::rows(&rest[self.places()[2]..], self.p()));
        let epsilon = self.epsilon(i, rest);
        let tilde = |j: usize| (0..=j).map(|k| A[j][k] * epsilon[k]).sum::<f64>();
        at[0] -= self.rows.sign * (0..p).map(|j| rest[j] * tilde(j)).sum::<f64>();
        at
    }

    /// Adds row i.
    fn add(&self, i: usize, theta: &[f64], sums: &mut Sums) {
        let (sign, own, total) = (self.rows.sign, self.rows.p, theta.len());
        let rest = &theta[own..];
        let (p, l) = (self.p(), self.l());
        let [_, delta, from, end] = self.places();
        let Shock { tilde, slopes } = self.shock(i, rest);
        let mut at = self.rows.scalars(i, &theta[..own]);
        at[0] -= sign * (0..p).map(|j| rest[j] * tilde[j]).sum::<f64>();
        let jet = self.rows.density.ln(at);
        self.rows.add(i, jet, sums);
        let (slope, curvature) = (jet.gradient[0], jet.hessian[0]);
        // ∂e/∂t for t of (η, δ, A).
        let moves: Vec<f64> = (0..end)
            .map(|t| -sign * if t < p { tilde[t] } else { (0..p).map(|j| rest[j] * slopes[j][t]).sum() })
            .collect();
        for j in 0..p {
            sums.value -= 0.5 * tilde[j] * tilde[j] + LN_SQRT_TAU;
            let diagonal = from + triangle::place(j, j);
            sums.value += rest[diagonal];
            sums.gradient[own + diagonal] += 1.0;
        }
        for t in 0..end {
            let shocks: f64 = (0..p).map(|j| tilde[j] * slopes[j][t]).sum();
            sums.gradient[own + t] += slope * moves[t] - shocks;
            self.rows.add_cross(i, &curvature.map(|h| h * moves[t]), own + t, sums);
            for s in 0..=t {
                let shocks: f64 = (0..p).map(|j| slopes[j][s] * slopes[j][t]).sum();
                // ∂²e/∂η_s∂t.
                let twist = if s < p { -sign * slope * slopes[s][t] } else { 0.0 };
                sums.hessian[(own + s) * total + own + t] += curvature[0] * moves[s] * moves[t] + twist - shocks;
            }
        }
        // Second derivatives of ε̃_j, weighted by that of ln L in it: δ_k with A_jk, and ln A_jj with itself.
        let z = self.control.Z.row(i);
        for j in 0..p {
            let weight = -sign * slope * rest[j] - tilde[j];
            for k in 0..=j {
                let column = own + from + triangle::place(j, k);
                let scale = if k == j { rest[from + triangle::place(j, j)].exp() } else { 1.0 };
                for a in 0..l {
                    sums.hessian[(own + delta + k * l + a) * total + column] -= weight * scale * z[a];
                }
                if k == j {
                    sums.hessian[column * total + column] += weight * slopes[j][from + triangle::place(j, j)];
                }
            }
        }
    }

    fn total(&self) -> usize {
        self.rows.p + self.places()[3]
    }
}

impl<D: Density<3>> Likelihood for Endogenous<'_, D> {
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = self.rows.parameters();
        let names = &self.control.names;
        all.extend(names.iter().map(|x| Parameter { section: Section::Coefficients, name: format!("eta({x})") }));
        let stage = |name: String| Parameter { section: Section::FirstStage, name };
        for x in names {
            all.extend(self.control.Z.names.iter().map(|z| stage(format!("{x} ~ {z}"))));
        }
        for (j, x) in names.iter().enumerate() {
            all.extend(names[..j].iter().map(|w| stage(format!("{x} ~ covariance({w})"))));
            all.push(stage(format!("{x} ~ variance")));
        }
        all
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    /// What moves σ_u².
    fn restrictions(&self) -> usize {
        self.rows.indices[2].k
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let (own, total, p, l) = (self.rows.p, self.total(), self.p(), self.l());
        let [_, delta, from, _] = self.places();
        let (mut values, inner) = self.rows.natural(&theta[..own]);
        let mut J = Mat::zeros(total, total);
        (0..own).for_each(|a| (0..own).for_each(|b| J[(a, b)] = inner[(a, b)]));
        let rest = &theta[own..];
        values.extend(&rest[..p]);
        (0..p).for_each(|j| J[(own + j, own + j)] = 1.0);
        for j in 0..p {
            let at = delta + j * l;
            values.extend(self.control.Z.natural(&rest[at..at + l]));
            for a in 0..l {
                (0..l).for_each(|b| J[(own + at + a, own + at + b)] = self.control.Z.jacobian(a, b));
            }
        }
        let (omega, slopes) = triangle::covariance(&rest[from..], p);
        values.extend(omega);
        for (a, row) in slopes.iter().enumerate() {
            row.iter().enumerate().for_each(|(b, s)| J[(own + from + a, own + from + b)] = *s);
        }
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let (own, p, l) = (self.rows.p, self.p(), self.l());
        let [_, delta, from, _] = self.places();
        let mut theta = self.rows.internal(&natural[..own])?;
        let rest = &natural[own..];
        theta.extend(&rest[..p]);
        for j in 0..p {
            theta.extend(self.control.Z.internal(&rest[delta + j * l..delta + (j + 1) * l]));
        }
        theta.extend(triangle::of_covariance(&rest[from..], p).ok_or_else(|| {
            Error::invalid("`at` has a covariance of the first stages that is not positive definite", "correct it")
        })?);
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        let Pooled { sign, indices, ols, density, .. } = &self.rows;
        if indices[2].is_scalar() && sign * ols.skewness >= 0.0 {
            return Err(wrong_skew(*sign, ols.skewness));
        }
        let start = |at: &[f64; 3]| -> Vec<f64> {
            let mut theta = ols.coef.clone();
            theta[0] += sign * at[0];
            (1..3).for_each(|j| theta.extend(indices[j].level(at[j])));
            theta.extend(self.control.start());
            theta
        };
        Ok(density.starts(ols.variance).iter().map(start).collect())
    }

    fn value(&self, theta: &[f64]) -> f64 {
        let rest = &theta[self.rows.p..];
        let (n, p, from) = (self.rows.nobs(), self.p(), self.places()[2]);
        let A = triangle::rows(&rest[from..], p);
        let ln_det: f64 = (0..p).map(|j| rest[from + triangle::place(j, j)]).sum();
        let one = |i: usize| -> f64 {
            let epsilon = self.epsilon(i, rest);
            let squares: f64 =
                A.iter().map(|row| row.iter().zip(&epsilon).map(|(a, e)| a * e).sum::<f64>().powi(2)).sum();
            let stage = ln_det - 0.5 * squares - p as f64 * LN_SQRT_TAU;
            self.rows.density.ln(self.scalars(i, theta)).value + stage
        };
        let chunk = |c: usize| -> f64 { (c * CHUNK..((c + 1) * CHUNK).min(n)).map(one).sum() };
        (0..n.div_ceil(CHUNK)).into_par_iter().map(chunk).collect::<Vec<_>>().iter().sum()
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let (n, total) = (self.rows.nobs(), self.total());
        let chunk = |c: usize| {
            let mut sums = Sums::new(total);
            (c * CHUNK..((c + 1) * CHUNK).min(n)).for_each(|i| self.add(i, theta, &mut sums));
            sums
        };
        Some(Sums::total(total, (0..n.div_ceil(CHUNK)).into_par_iter().map(chunk).collect()))
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let (n, total) = (self.rows.nobs(), self.total());
        let mut scores = Mat::zeros(n, total);
        for i in 0..n {
            let mut sums = Sums::new(total);
            self.add(i, theta, &mut sums);
            (0..total).for_each(|j| scores[(i, j)] = sums.gradient[j]);
        }
        (scores, (0..n).collect())
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        self.rows.border(&theta[..self.rows.p])
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        let score = |i: usize| self.rows.density.score(self.scalars(i, theta), level);
        (0..self.rows.nobs()).into_par_iter().map(score).collect()
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let mut stats = self.rows.stats(&theta[..self.rows.p]);
        let eta = &theta[self.rows.p..][..self.p()];
        let square: f64 = eta.iter().map(|e| e * e).sum();
        if let Some(v) = stats.iter_mut().find(|s| s.0 == "sigma_v") {
            let w = v.1;
            v.1 = (w * w + square).sqrt();
            stats.push(("sigma_w", w));
        }
        stats.extend(self.control.strength.map(|f| ("first_stage_f", f)));
        stats
    }

    fn notes(&self) -> Vec<String> {
        let weak = self.control.strength.filter(|f| *f < 10.0);
        let note = |f: f64| {
            format!(
                "the instruments are weak (F of the first stage {f:.2}, least squares): estimates lean towards those \
                 without instruments, and their standard errors are too small"
            )
        };
        weak.map(note).into_iter().collect()
    }
}

/// The Wald test of η = 0 under the covariance of the fit, into its statistics.
pub(super) fn add_exogeneity(fit: &mut SfaFit) -> Result<()> {
    let Some(V) = &fit.covariance else { return Ok(()) };
    let at: Vec<usize> = (0..fit.names.len()).filter(|&j| fit.names[j].starts_with("eta(")).collect();
    let q = at.len();
    let inverse = spd_inverse(&Mat::from_fn(q, q, |a, b| V[(at[a], at[b])]), "the covariance of eta")?;
    let eta = |a: usize| fit.coef[at[a]];
    let wald: f64 = (0..q).map(|a| (0..q).map(|b| eta(a) * inverse[(a, b)] * eta(b)).sum::<f64>()).sum();
    let stats = [("exogeneity", wald), ("exogeneity_df", q as f64), ("exogeneity_p", dist::chi2_p(wald, q as f64))];
    fit.stats.own.extend(stats);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::density::{Exponential, HalfNormal};
    use super::super::{Columns, Endogenous as Declared};
    use super::*;
    use crate::math::rng::Stream;

    /// 40 rows with two endogenous regressors, one exogenous one, three instruments.
    fn data() -> Data {
        let mut draw = Stream::new(9, 0);
        let (mut y, mut x, mut z) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..40 {
            let (w, a, b) = (draw.normal(), draw.normal(), draw.normal());
            let row = [draw.normal(), draw.normal(), draw.normal()];
            let own = [row[0] + 0.5 * row[1] + a, 2.0 + row[1] - row[2] + 0.4 * a + b, draw.normal()];
            y.push(1.0 + own.iter().sum::<f64>() * 0.4 + 0.2 * w + 0.1 * a - 0.1 * b - (0.6 * draw.normal()).abs());
            x.push(own);
            z.push(row);
        }
        let X = Mat::from_fn(40, 4, |i, j| if j == 0 { 1.0 } else { x[i][j - 1] });
        let names = |all: &[&str]| all.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        let instruments = Columns { X: Mat::from_fn(40, 3, |i, j| z[i][j]), names: names(&["z1", "z2", "z3"]) };
        let endogenous = Some(Declared { names: names(&["k", "l"]), instruments });
        Data { endogenous, ..Data::new(y, X, names(&["(Intercept)", "k", "l", "m"])) }
    }

    fn derivatives(model: &dyn Likelihood, data: &Data) {
        let start = &model.starts().unwrap()[4];
        let theta: Vec<f64> = start.iter().enumerate().map(|(j, t)| t + 0.03 * (j as f64).sin()).collect();
        let at = |j: usize, h: f64| {
            let mut moved = theta.clone();
            moved[j] += h;
            model.point(&moved).unwrap()
        };
        let point = model.point(&theta).unwrap();
        plim_golden::close(point.value, model.value(&theta), 1e-12, "value");
        let (contributions, _) = model.contributions(&theta);
        let natural = model.natural(&theta);
        let back = model.internal(&natural.0).unwrap();
        for j in 0..theta.len() {
            assert!((back[j] - theta[j]).abs() < 1e-10, "there and back {j}");
            let sum: f64 = (0..data.nobs()).map(|i| contributions[(i, j)]).sum();
            assert!((sum - point.gradient[j]).abs() < 1e-9, "contributions {j}");
            // The error of a central difference: h² times the third derivative, and rounding over h.
            let h = 1e-4;
            let (low, high) = (at(j, -h), at(j, h));
            let slope = (high.value - low.value) / (2.0 * h);
            assert!(
                (point.gradient[j] - slope).abs() < 1e-5 * (1.0 + slope.abs()),
                "{j}: {} {slope}",
                point.gradient[j]
            );
            let moved = |h: f64| {
                let mut at = theta.clone();
                at[j] += h;
                model.natural(&at).0
            };
            let (down, up) = (moved(-h), moved(h));
            for k in 0..theta.len() {
                let second = (high.gradient[k] - low.gradient[k]) / (2.0 * h);
                let got = point.hessian[(j, k)];
                assert!((got - second).abs() < 1e-5 * (1.0 + second.abs()), "{j} {k}: {got} {second}");
                let slope = (up[k] - down[k]) / (2.0 * h);
                assert!((natural.1[(k, j)] - slope).abs() < 1e-6 * (1.0 + slope.abs()), "natural {k} {j}");
            }
        }
    }

    #[test]
    fn derivatives_are_exact() {
        let data = data();
        let frontier = Index::new(&data.frontier).unwrap();
        for sign in [1.0, -1.0] {
            let mut ols = Control::least_squares(&data, &frontier).unwrap();
            // Starts are refused for the wrong side, which does not matter to derivatives.
            ols.skewness = -sign * ols.skewness.abs();
            derivatives(&Endogenous::new(&data, &frontier, &ols, sign, HalfNormal).unwrap(), &data);
            derivatives(&Endogenous::new(&data, &frontier, &ols, sign, Exponential).unwrap(), &data);
        }
    }
}
