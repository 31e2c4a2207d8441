//! The scaling property: one distribution of inefficiency, stretched by what a unit is (Wang and Schmidt 2002).
//!
//! ```text
//! u_i = h_i u*_i,   h_i = exp(z_i'δ),   u*_i the same distribution for all
//! ```
//!
//! Environments change how large inefficiency is and not its shape, δ are semi-elasticities of its mean whatever the
//! distribution of u*, and z without effect is δ = 0 (Alvarez, Amsler, Orea and Schmidt 2006). With u* half-normal or
//! exponential this is ln σ_u² = c + 2 z'δ; with u* a truncated normal both μ and σ_u are stretched.
//!
//! z has no constant: it would be the scale of u*. Inside, z is centered, so that u* is the inefficiency of a unit with
//! the mean z; what is reported is that of z = 0, σ_u e^-m and μ e^-m with m = z̄'δ.

use super::density::{Density, Scaled};
use super::pooled::Pooled;
use super::{Columns, ComposedError, Data, Index, LeastSquares, Likelihood, Parameter, Score};
use crate::math::Mat;
use crate::math::optimize::Point;
use crate::{Error, Result};

/// The model: pooled rows whose last index is that of h, of centered columns.
pub(super) struct Scaling<'a, const R: usize, D> {
    rows: Pooled<'a, R, D>,
    /// Which scalar is a location.
    location: Option<usize>,
    /// Means of the standardized columns of h.
    mean: Vec<f64>,
}

impl<'a, const Q: usize, const R: usize, D: Density<Q>> Scaling<'a, R, Scaled<D, Q>> {
    pub(super) fn new(
        data: &'a Data,
        frontier: &Index,
        ols: &'a LeastSquares,
        sign: f64,
        density: Scaled<D, Q>,
    ) -> Result<Self> {
        let z = data.determinants.as_ref().ok_or_else(|| {
            Error::invalid("`scaling` needs what scales inefficiency", "name columns in `determinants`")
        })?;
        let (n, k) = (z.X.nrows(), z.X.ncols());
        let mean: Vec<f64> = (0..k).map(|j| (0..n).map(|i| z.X[(i, j)]).sum::<f64>() / n as f64).collect();
        if let Some(j) = (0..k).find(|&j| (0..n).all(|i| z.X[(i, j)] == z.X[(0, j)])) {
            let way_out = "leave it out: the scale of u has the constant already";
            return Err(Error::invalid("it is the same in all rows", way_out).at_column(&z.names[j]));
        }
        let X = Mat::from_fn(n, k, |i, j| z.X[(i, j)] - mean[j]);
        let index = Index::new(&Columns { X, names: z.names.clone() })?;
        let mean = index.natural(&mean);
        let location = density.location;
        let rows = Pooled::new(data, frontier, ols, sign, density)?.with_index(Q, index);
        Ok(Scaling { rows, location, mean })
    }
}

impl<const R: usize, D: Density<R>> Scaling<'_, R, D> {
    /// θ with the scale of u* at z = 0 in the place of that at the mean of z (`turn` = -1), or back (1).
    fn at_zero(&self, theta: &[f64], turn: f64) -> Vec<f64> {
        let mut theta = theta.to_vec();
        let m = turn * super::dot(&self.mean, &theta[self.rows.from[R - 1]..]);
        theta[self.rows.from[2]] += 2.0 * m;
        if let Some(l) = self.location {
            theta[self.rows.from[l]] *= m.exp();
        }
        theta
    }
}

impl<const R: usize, D: Density<R>> Likelihood for Scaling<'_, R, D> {
    fn parameters(&self) -> Vec<Parameter> {
        self.rows.parameters()
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let moved = self.at_zero(theta, -1.0);
        let (values, J) = self.rows.natural(&moved);
        let p = theta.len();
        let mut inner = Mat::from_fn(p, p, |i, j| f64::from(u8::from(i == j)));
        let from = self.rows.from[R - 1];
        for (a, mean) in self.mean.iter().enumerate() {
            inner[(self.rows.from[2], from + a)] = -2.0 * mean;
            if let Some(l) = self.location.map(|l| self.rows.from[l]) {
                inner[(l, from + a)] = -mean * moved[l];
            }
        }
        if let Some(l) = self.location.map(|l| self.rows.from[l]) {
            inner[(l, l)] = (-super::dot(&self.mean, &theta[from..])).exp();
        }
        (values, J * inner)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        Ok(self.at_zero(&self.rows.internal(natural)?, 1.0))
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        self.rows.starts()
    }

    fn value(&self, theta: &[f64]) -> f64 {
        self.rows.value(theta)
    }

    fn promise(&self, theta: &[f64]) -> f64 {
        self.rows.promise(theta)
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        self.rows.point(theta)
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        self.rows.contributions(theta)
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        self.rows.border(theta)
    }

    fn composed(&self, theta: &[f64]) -> Option<ComposedError> {
        self.rows.composed(theta)
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        self.rows.scores(theta, level)
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        self.rows.stats(&self.at_zero(theta, -1.0))
    }
}
