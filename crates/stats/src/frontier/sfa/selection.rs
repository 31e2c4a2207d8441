//! Sample selection: outcomes that are seen for some rows only, and noise that moves with being seen (Greene 2010).
//!
//! ```text
//! seen      where z'α + w > 0,   w ~ N(0, 1)
//! y         = x'β + v - S u,     (v, w) normal with correlation ρ,  u ~ |N(0, σ_u²)|
//! ln L      = Σ_seen ln f(e, seen) + Σ_unseen ln Φ(-z'α)
//! ```
//!
//! A frontier of the rows that are seen takes E[v | seen] for the frontier's or for inefficiency; with ρ = 0 it is
//! right, and ln L is that of the frontier and of a probit. Everything is estimated at once: Greene takes α from a probit
//! and simulates the integral over u, which is a bivariate normal distribution function (`density/selected`).
//!
//! Outcome and regressors of rows that are not seen are not looked at; z is needed in all rows, and should have a column
//! that x has not, for else the normal form alone tells selection from inefficiency.

use super::density::Selected;
use super::pooled::{Pooled, Sums};
use super::{Columns, Data, Index, LeastSquares, Likelihood, Parameter, Score, Section, Sfa, sfa};
use crate::math::bivariate::BivariateNormal;
use crate::math::jet::Jet;
use crate::math::normal::{cdf, ln_cdf_mills};
use crate::math::optimize::{Newton, Point, maximize};
use crate::math::{Mat, dist};
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 256;
/// A standard error of a standardized probit coefficient that no maximum has.
const FLAT: f64 = 1e3;
/// |ρ| of its border.
const BORDER: f64 = 0.999;

/// The model: pooled rows, those that are not seen filled with means, which nothing depends on.
pub(super) struct Selection<'a> {
    rows: Pooled<'a, 5, Selected>,
    seen: Vec<bool>,
    /// Coefficients and ln L of the probit alone.
    probit: (Vec<f64>, f64),
    /// The rows that are seen.
    part: Data,
}

/// Which rows are seen, and the columns of that.
fn seen(data: &Data) -> Result<(Vec<bool>, &Columns)> {
    let selection = data.selection.as_ref().ok_or_else(|| {
        Error::invalid(
            "`selection` needs which rows were selected, and what moves that",
            "set `selected` and `selection`",
        )
    })?;
    let seen: Vec<bool> = selection.selected.iter().map(|&s| s == 1.0).collect();
    if let Some(same) = [true, false].into_iter().find(|same| seen.iter().all(|s| s == same)) {
        return Err(Error::invalid(
            format!("{} row is selected, so that nothing says what moves selection", if same { "every" } else { "no" }),
            "rows that are not selected need some number in the outcome and the regressors too, which is not looked at",
        ));
    }
    Ok((seen, &selection.columns))
}

/// These rows alone.
fn part(data: &Data, seen: &[bool]) -> Data {
    let rows: Vec<usize> = (0..seen.len()).filter(|&i| seen[i]).collect();
    let of = |c: &Columns| Columns {
        X: Mat::from_fn(rows.len(), c.X.ncols(), |i, j| c.X[(rows[i], j)]),
        names: c.names.clone(),
    };
    let y = rows.iter().map(|&i| data.y[i]).collect();
    let frontier = of(&data.frontier);
    Data {
        u_variance: data.u_variance.as_ref().map(of),
        v_variance: data.v_variance.as_ref().map(of),
        ..Data::new(y, frontier.X, frontier.names)
    }
}

impl<'a> Selection<'a> {
    /// The frontier's index over all rows, and least squares on those that are seen, with the probit's likelihood.
    pub(super) fn least_squares(data: &Data) -> Result<(Index, LeastSquares)> {
        let (seen, columns) = seen(data)?;
        let part = part(data, &seen);
        let (n, k) = (part.nobs(), part.frontier.X.ncols());
        if n < k + 4 {
            return Err(Error::invalid(
                format!("{n} selected observations for {} parameters of the frontier", k + 3),
                "use fewer regressors or more observations",
            ));
        }
        let inner = Index::new(&part.frontier)?;
        let ols = LeastSquares::fit(&part.y, &inner)?;
        let mean = |j: usize| (0..n).map(|i| part.frontier.X[(i, j)]).sum::<f64>() / n as f64;
        let means: Vec<f64> = (0..k).map(mean).collect();
        let X = Mat::from_fn(seen.len(), k, |i, j| if seen[i] { data.frontier.X[(i, j)] } else { means[j] });
        let index = Index::new(&Columns { X, names: data.frontier.names.clone() })?;
        let coef = index.internal(&inner.natural(&ols.coef));
        let loglik = ols.loglik + probit(&Index::new(columns)?, &seen)?.1;
        Ok((index, LeastSquares { coef, loglik, ..ols }))
    }

    pub(super) fn new(data: &'a Data, frontier: &Index, ols: &'a LeastSquares, options: &Sfa) -> Result<Self> {
        let (seen, columns) = seen(data)?;
        let index = Index::new(columns)?;
        if index.is_scalar() {
            return Err(Error::invalid("nothing moves selection but a constant", "name columns in `selection`"));
        }
        let probit = probit(&index, &seen)?;
        let part = part(data, &seen);
        let sign = options.frontier.sign();
        let mean = part.y.iter().sum::<f64>() / part.nobs() as f64;
        let y = (0..seen.len()).map(|i| if seen[i] { data.y[i] } else { mean }).collect();
        let density = Selected { sign, normal: BivariateNormal::new() };
        let rows = Pooled::of(Cow::Owned(y), data, frontier, ols, sign, density)?
            .with_index(3, index)
            .with_index(4, Index::scalar("rho"));
        Ok(Selection { rows, seen, probit, part })
    }

    /// ln L of a row in its scalars.
    fn ln(&self, i: usize, at: [f64; 5]) -> Jet<5> {
        if self.seen[i] {
            use super::density::Density;
            return self.rows.density.ln(at);
        }
        let [.., zeta, _] = Jet::variables(at);
        (-zeta).ln_cdf()
    }
}

/// A probit of what is seen: coefficients and ln L.
fn probit(index: &Index, seen: &[bool]) -> Result<(Vec<f64>, f64)> {
    let k = index.k;
    let point = |at: &[f64]| {
        let mut sums = Sums::new(k);
        for (i, &seen) in seen.iter().enumerate() {
            let (z, side) = (index.row(i), if seen { 1.0 } else { -1.0 });
            let (ln, m, excess) = ln_cdf_mills(side * index.at(i, at));
            sums.value += ln;
            for a in 0..k {
                sums.gradient[a] += side * m * z[a];
                (a..k).for_each(|b| sums.hessian[a * k + b] -= m * excess * z[a] * z[b]);
            }
        }
        Some(Sums::total(k, vec![sums]))
    };
    match maximize("the probit of selection", &vec![0.0; k], point, &Newton::default()) {
        // Where a column predicts without error its coefficient grows until the likelihood is flat to rounding.
        Ok(top) if (0..k).all(|j| top.covariance[(j, j)] < FLAT * FLAT) => Ok((top.at, top.value)),
        _ => Err(Error::new(Kind::Untrusted {
            message: "the probit of selection has no maximum: its columns predict selection without error".into(),
            remedy: "leave out of `selection` what decides selection alone".into(),
        })),
    }
}

impl Likelihood for Selection<'_> {
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = self.rows.parameters();
        all[self.rows.from[3]..self.rows.from[4]].iter_mut().for_each(|p| p.section = Section::Selection);
        all
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    /// No inefficiency, the same noise everywhere, no correlation.
    fn restrictions(&self) -> usize {
        self.rows.indices[1].k + self.rows.indices[2].k
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let (mut values, mut J) = self.rows.natural(theta);
        let j = self.rows.from[4];
        let rho = theta[j].tanh();
        (values[j], J[(j, j)]) = (rho, 1.0 - rho * rho);
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let mut theta = self.rows.internal(natural)?;
        let (j, rho) = (self.rows.from[4], natural[self.rows.from[4]]);
        if rho.abs() >= 1.0 {
            return Err(Error::invalid(format!("`at` has rho = {rho}"), "give a correlation between -1 and 1"));
        }
        theta[j] = rho.atanh();
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        let mut starts = self.rows.starts()?;
        let (from, to) = (self.rows.from[3], self.rows.from[4]);
        starts.iter_mut().for_each(|s| s[from..to].copy_from_slice(&self.probit.0));
        Ok(starts)
    }

    fn value(&self, theta: &[f64]) -> f64 {
        let chunk =
            |rows: &[usize]| -> f64 { rows.iter().map(|&i| self.ln(i, self.rows.scalars(i, theta)).value).sum() };
        let all: Vec<usize> = (0..self.seen.len()).collect();
        all.par_chunks(CHUNK).map(chunk).collect::<Vec<_>>().iter().sum()
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let chunk = |rows: &[usize]| {
            let mut sums = Sums::new(self.rows.p);
            rows.iter().for_each(|&i| self.rows.add(i, self.ln(i, self.rows.scalars(i, theta)), &mut sums));
            sums
        };
        let all: Vec<usize> = (0..self.seen.len()).collect();
        Some(Sums::total(self.rows.p, all.par_chunks(CHUNK).map(chunk).collect()))
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let (n, p) = (self.seen.len(), self.rows.p);
        let mut scores = Mat::zeros(n, p);
        let mut row = vec![0.0; p];
        for i in 0..n {
            row.fill(0.0);
            self.rows.add_slope(i, &self.ln(i, self.rows.scalars(i, theta)).gradient, &mut row);
            row.iter().enumerate().for_each(|(j, s)| scores[(i, j)] = *s);
        }
        (scores, (0..n).collect())
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        if theta[self.rows.from[4]].tanh().abs() > BORDER {
            return Some(Error::new(Kind::Untrusted {
                message: "the likelihood is highest where noise and selection are one: rho is at its border".into(),
                remedy: "check whether selection is by the outcome itself, or use model = \"pooled\"".into(),
            }));
        }
        self.rows.border(theta)
    }

    fn outside(&self) -> usize {
        self.seen.iter().filter(|s| !**s).count()
    }

    /// Rows that were not seen have no score.
    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        let mut scores = self.rows.scores(theta, level);
        scores.iter_mut().zip(&self.seen).filter(|s| !*s.1).for_each(|s| *s.0 = Score::sound([f64::NAN; 5]));
        scores
    }

    /// P(seen) without knowing e.
    fn columns(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        vec![(0..self.seen.len()).map(|i| cdf(self.rows.scalars(i, theta)[3])).collect()]
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let mut stats = self.rows.stats(theta);
        stats.extend([("rho", theta[self.rows.from[4]].tanh()), ("selected", self.part.nobs() as f64)]);
        stats
    }

    /// Against ρ = 0, a frontier of the rows that are seen and a probit; ρ is inside, hence chi-square(1).
    fn comparisons(&self, loglik: f64) -> (Vec<(&'static str, f64)>, Vec<String>) {
        let frontier = if self.rows.sign > 0.0 { super::Frontier::Production } else { super::Frontier::Cost };
        match sfa(&self.part, &Sfa { frontier, ..Sfa::default() }) {
            Ok(fit) => {
                let lr = 2.0 * (loglik - fit.stats.loglik - self.probit.1);
                (vec![("lr_selection", lr), ("lr_selection_p_value", dist::chi2_p(lr.max(0.0), 1.0))], Vec::new())
            }
            Err(error) => (Vec::new(), vec![format!("no test of rho = 0: without selection, {error}")]),
        }
    }

    fn notes(&self) -> Vec<String> {
        let unseen = self.outside();
        vec![format!("{unseen} rows were not selected: they have no score, and their outcome is not looked at")]
    }
}
