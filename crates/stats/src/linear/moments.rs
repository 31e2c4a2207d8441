//! Least squares from weighted moments, with as many digits as the regressors need.
//!
//! ```text
//! X'WX = R'R,    R b = R'⁻¹ X'Wy,    (X'WX)⁻¹ = R⁻¹ R⁻¹'
//! ```
//!
//! Moments cost one pass over the rows and no copy of them, but square the condition number κ of X: b and its
//! standard errors lose 2 log₁₀ κ digits. So there are three ways, and each is left when κ, which the triangle
//! itself tells, asks for the next:
//!
//! 1. moments in double precision, summed in blocks: while k κ² rounding is below 1e-13;
//! 2. moments in double-double precision ([`crate::math::double`]): exact to 1e-32 κ²;
//! 3. the moments of Z = X R⁻¹, row by row, which is nearly orthonormal, give what R lacked ("Cholesky QR twice",
//!    Yamamoto, Nakatsukasa, Yanagisawa and Fukaya 2015): exact to 1e-32 κ.
//!
//! The columns may carry what was rounded off them ([`Column::low`]), as powers of a variable do: the degree-ten
//! polynomial of the NIST reference set Filip has κ = 1e10 and would keep six digits without.

use super::least_squares::{ROUNDING, Reason};
use crate::math::double::{Double, EPSILON};
use crate::math::{Mat, linalg};
use rayon::prelude::*;

/// Rows whose moments are summed before they are added to the others: fixed, so that the bits do not depend on the
/// number of threads.
const BLOCK: usize = 1024;

/// Moments in double precision serve while k κ² is at most this: an error of 1e-13 in the covariance.
const WELL_CONDITIONED: f64 = 1e3;

/// From this condition number on the moments of X R⁻¹ are taken as well: 1e-32 κ² would pass 1e-18.
const ILL_CONDITIONED: f64 = 1e7;

/// A variable, and what was rounded off its values where that is known.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Values, n.
    pub high: &'a [f64],
    /// What their rounding left, n.
    pub low: Option<&'a [f64]>,
}

impl<'a> From<&'a [f64]> for Column<'a> {
    fn from(high: &'a [f64]) -> Self {
        Column { high, low: None }
    }
}

impl Column<'_> {
    fn at(&self, i: usize) -> Double {
        self.low.map_or(Double::from(self.high[i]), |low| Double::with_low(self.high[i], low[i]))
    }
}

/// Σ w v_a v_b of m variables, the upper triangle column by column.
#[derive(Debug, Clone)]
pub struct Moments {
    m: usize,
    values: Vec<Double>,
    /// Whether the products are in double-double precision.
    pub extended: bool,
}

impl Moments {
    /// Products in double precision, summed in blocks.
    pub fn quick(columns: &[&[f64]], w: Option<&[f64]>) -> Self {
        let m = columns.len();
        let block = |rows: std::ops::Range<usize>| {
            let mut out = Vec::with_capacity(m * (m + 1) / 2);
            let mut weighted = [0.0; BLOCK];
            for b in 0..m {
                let v = &columns[b][rows.clone()];
                let v = match w {
                    None => v,
                    Some(w) => {
                        weighted.iter_mut().zip(v).zip(&w[rows.clone()]).for_each(|((t, v), w)| *t = v * w);
                        &weighted[..v.len()]
                    }
                };
                out.extend((0..=b).map(|a| Double::from(dot(&columns[a][rows.clone()], v))));
            }
            out
        };
        Moments { m, values: blocks(columns.first().map_or(0, |c| c.len()), m, block), extended: false }
    }

    /// Products in double-double precision.
    pub fn extended(columns: &[Column], w: Option<&[f64]>) -> Self {
        Self::of_rows(columns.first().map_or(0, |c| c.high.len()), columns.len(), w, |i, row| {
            row.iter_mut().zip(columns).for_each(|(r, c)| *r = c.at(i));
        })
    }

    /// Moments of Z = X R⁻¹ and of y - Z c: `columns` are those of `triangle` and y.
    fn preconditioned(columns: &[Column], w: Option<&[f64]>, triangle: &Triangle, c: &[Double]) -> Self {
        let k = triangle.R.len();
        Self::of_rows(columns.first().map_or(0, |c| c.high.len()), columns.len(), w, |i, row| {
            for j in 0..columns.len() {
                let above = if j < k { &triangle.R[j][..j] } else { c };
                let mut z = columns[j].at(i);
                for (a, r) in above.iter().enumerate() {
                    z -= row[a] * *r;
                }
                row[j] = if j < k { z * triangle.reciprocal[j] } else { z };
            }
        })
    }

    fn of_rows(n: usize, m: usize, w: Option<&[f64]>, fill: impl Fn(usize, &mut [Double]) + Sync) -> Self {
        let block = |rows: std::ops::Range<usize>| {
            let mut sums = vec![Double::ZERO; m * (m + 1) / 2];
            let mut row = vec![Double::ZERO; m];
            for i in rows {
                fill(i, &mut row);
                let mut at = 0;
                for b in 0..m {
                    let v = w.map_or(row[b], |w| row[b] * Double::from(w[i]));
                    for a in 0..=b {
                        sums[at] += row[a] * v;
                        at += 1;
                    }
                }
            }
            sums
        };
        Moments { m, values: blocks(n, m, block), extended: true }
    }

    /// Σ w v_a v_b.
    pub fn at(&self, a: usize, b: usize) -> Double {
        let (a, b) = (a.min(b), a.max(b));
        self.values[b * (b + 1) / 2 + a]
    }

    /// The moments of the variables `which` alone, in that order.
    pub fn select(&self, which: &[usize]) -> Self {
        let values = (0..which.len()).flat_map(|b| (0..=b).map(move |a| self.at(which[a], which[b])));
        Moments { m: which.len(), values: values.collect(), extended: self.extended }
    }

    /// Variables.
    pub fn len(&self) -> usize {
        self.m
    }

    /// Whether there is no variable.
    pub fn is_empty(&self) -> bool {
        self.m == 0
    }
}

/// Packed sums of `block` over all rows, in the order of the rows.
fn blocks(n: usize, m: usize, block: impl Fn(std::ops::Range<usize>) -> Vec<Double> + Sync) -> Vec<Double> {
    let parts: Vec<Vec<Double>> =
        (0..n.div_ceil(BLOCK)).into_par_iter().map(|b| block(b * BLOCK..n.min((b + 1) * BLOCK))).collect();
    let mut sums = vec![Double::ZERO; m * (m + 1) / 2];
    for part in parts {
        sums.iter_mut().zip(part).for_each(|(s, p)| *s += p);
    }
    sums
}

/// a'b in eight lanes, which is both faster and closer than one sum.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (whole_a, rest_a) = a.as_chunks::<8>();
    let (whole_b, rest_b) = b.as_chunks::<8>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for l in 0..8 {
            lanes[l] += a[l] * b[l];
        }
    }
    lanes.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// A column that others span.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned {
    /// Its position.
    pub position: usize,
    /// Why it left.
    pub reason: Reason,
    /// Those that span it: position and coefficient.
    pub by: Vec<(usize, f64)>,
}

/// R of the columns that are kept.
#[derive(Debug, Clone)]
pub struct Triangle {
    /// Positions of the kept columns, in the order asked for.
    pub kept: Vec<usize>,
    /// The others.
    pub dropped: Vec<Spanned>,
    /// Columns of R.
    R: Vec<Vec<Double>>,
    /// 1 / R_jj.
    reciprocal: Vec<Double>,
}

impl Triangle {
    /// Factorizes the moments of the columns `order`; `size[j]` is the norm that column j had before anything was
    /// taken out of it (indexed as the moments are).
    ///
    /// A column is spanned by the kept ones before it when it is nearer to them than the rounding of all of them
    /// together: ‖x - Σ bᵢxᵢ‖ ≤ [`ROUNDING`] (‖x‖ + Σ |bᵢ| ‖xᵢ‖). Neither scales nor the order of the columns enter.
    pub fn new(moments: &Moments, order: &[usize], size: &[f64]) -> Self {
        let mut t = Triangle { kept: Vec::new(), dropped: Vec::new(), R: Vec::new(), reciprocal: Vec::new() };
        for &j in order {
            let mut r = t.forward(&t.beyond(moments, j));
            let pivot = moments.at(j, j) - r.iter().map(|r| *r * *r).sum();
            let all = size[j] + t.kept.iter().zip(t.rough(&r)).map(|(&i, b)| b.abs() * size[i]).sum::<f64>();
            let rounding = ROUNDING * all;
            if pivot.to_f64() > rounding * rounding {
                let root = pivot.sqrt();
                r.push(root);
                t.R.push(r);
                t.reciprocal.push(Double::from(1.0) / root);
                t.kept.push(j);
                continue;
            }
            // A column takes part when its coefficient is more than the rounding would make it.
            let b: Vec<f64> = t.back(&r).iter().map(|b| b.to_f64()).collect();
            let inverse = t.inverse();
            let row = |i: usize| inverse[i..].iter().map(|c| c[i].to_f64().powi(2)).sum::<f64>().sqrt();
            let by =
                (0..b.len()).filter(|&i| b[i].abs() > 4.0 * rounding * row(i)).map(|i| (t.kept[i], b[i])).collect();
            let reason = if size[j] > 0.0 { Reason::Collinear } else { Reason::Zero };
            t.dropped.push(Spanned { position: j, reason, by });
        }
        t
    }

    /// Moments of the kept columns with variable `v`.
    fn beyond(&self, moments: &Moments, v: usize) -> Vec<Double> {
        self.kept.iter().map(|&i| moments.at(i, v)).collect()
    }

    /// R'⁻¹ c.
    fn forward(&self, c: &[Double]) -> Vec<Double> {
        let mut x: Vec<Double> = Vec::with_capacity(c.len() + 1);
        for j in 0..c.len() {
            let above = self.R[j].iter().zip(&x).map(|(r, x)| *r * *x).sum();
            x.push((c[j] - above) * self.reciprocal[j]);
        }
        x
    }

    /// R⁻¹ c.
    fn back(&self, c: &[Double]) -> Vec<Double> {
        let mut x = c.to_vec();
        for j in (0..c.len()).rev() {
            x[j] = x[j] * self.reciprocal[j];
            let xj = x[j];
            x[..j].iter_mut().zip(&self.R[j]).for_each(|(x, r)| *x -= *r * xj);
        }
        x
    }

    /// Columns of R⁻¹, j + 1 entries each.
    fn inverse(&self) -> Vec<Vec<Double>> {
        let unit = |j: usize| (0..=j).map(|i| Double::from(f64::from(u8::from(i == j)))).collect::<Vec<_>>();
        (0..self.R.len()).map(|j| self.back(&unit(j))).collect()
    }

    /// R⁻¹ c in double precision, for sizes.
    fn rough(&self, c: &[Double]) -> Vec<f64> {
        let mut x: Vec<f64> = c.iter().map(|c| c.high).collect();
        for j in (0..c.len()).rev() {
            x[j] *= self.reciprocal[j].high;
            let xj = x[j];
            x[..j].iter_mut().zip(&self.R[j]).for_each(|(x, r)| *x -= r.high * xj);
        }
        x
    }

    /// (X'WX)⁻¹, k × k, and the condition number of the columns, each scaled to norm one.
    fn inverse_moments(&self) -> (Mat<f64>, f64) {
        let k = self.R.len();
        if k == 0 {
            return (Mat::new(), 1.0);
        }
        let inverse = self.inverse();
        let bread = Mat::from_fn(k, k, |i, j| inverse[i.max(j)..].iter().map(|c| c[i] * c[j]).sum::<Double>().to_f64());
        let norm: Vec<f64> = self.R.iter().map(|r| r.iter().map(|r| r.high.powi(2)).sum::<f64>().sqrt()).collect();
        let R = Mat::from_fn(k, k, |i, j| if i <= j { self.R[j][i].high / norm[j] } else { 0.0 });
        let S = Mat::from_fn(k, k, |i, j| if i <= j { inverse[j][i].high * norm[i] } else { 0.0 });
        // The largest singular value of each: the largest is the one that rounding leaves alone.
        let largest = |A: &Mat<f64>| match linalg::symmetric_eigen(&(A.transpose() * A)) {
            Ok((values, _)) => values.first().map_or(1.0, |v| v.sqrt()),
            Err(_) => f64::INFINITY,
        };
        (bread, largest(&R) * largest(&S))
    }
}

/// Coefficients of one outcome with what they rest on.
#[derive(Debug, Clone)]
pub struct Solution {
    /// The triangle of the regressors.
    pub triangle: Triangle,
    /// Coefficients of the kept regressors.
    pub coef: Vec<Double>,
    /// (X'WX)⁻¹.
    pub bread: Mat<f64>,
    /// Condition number of the scaled regressors.
    pub condition: f64,
    /// Relative error of the covariance that the arithmetic leaves at this condition number.
    pub error: f64,
    /// Whether the moments were taken in double-double precision.
    pub extended: bool,
}

/// Least squares of `y` on `X`, with `size[j]` the norm of each column before anything was taken out of it; `extended`
/// asks for double-double precision whatever the condition number.
pub fn least_squares(X: &[Column], y: Column, w: Option<&[f64]>, size: &[f64], extended: bool) -> Solution {
    let order: Vec<usize> = (0..X.len()).collect();
    if !extended {
        let plain: Vec<&[f64]> = X.iter().chain([&y]).map(|c| c.high).collect();
        let moments = Moments::quick(&plain, w);
        if let Some(solution) = solve(&moments, &order, X.len(), size) {
            return solution;
        }
    }
    let all: Vec<Column> = X.iter().copied().chain([y]).collect();
    let moments = Moments::extended(&all, w);
    match solve(&moments, &order, X.len(), size) {
        Some(solution) => solution,
        None => twice(X, y, w, Triangle::new(&moments, &order, size), &moments),
    }
}

/// Least squares of variable `y` on the variables `order` of `moments`; `None` when the condition number asks for more
/// precision than they have.
pub fn solve(moments: &Moments, order: &[usize], y: usize, size: &[f64]) -> Option<Solution> {
    let triangle = Triangle::new(moments, order, size);
    let (bread, condition) = triangle.inverse_moments();
    let k = triangle.kept.len() as f64;
    let enough = match moments.extended {
        true => condition <= ILL_CONDITIONED,
        false => k * condition * condition <= WELL_CONDITIONED && triangle.dropped.is_empty(),
    };
    enough.then(|| {
        let coef = triangle.back(&triangle.forward(&triangle.beyond(moments, y)));
        let rounding = if moments.extended { EPSILON } else { f64::EPSILON };
        let error = k * condition * condition * rounding;
        Solution { coef, bread, condition, error, extended: moments.extended, triangle }
    })
}

/// The second pass for ill-conditioned regressors: with X = Z R₁ and Z = Q R₂, y = Z c₁ + v and v = Q c₂ + u, the
/// triangle is R₂R₁ and b = R₁⁻¹ (c₁ + R₂⁻¹c₂).
fn twice(X: &[Column], y: Column, w: Option<&[f64]>, first: Triangle, moments: &Moments) -> Solution {
    let k = first.kept.len();
    let c = first.forward(&first.beyond(moments, X.len()));
    let columns: Vec<Column> = first.kept.iter().map(|&j| X[j]).chain([y]).collect();
    let again = Moments::preconditioned(&columns, w, &first, &c);
    // Nothing is dropped here (a size of zero), unless Z is not orthonormal at all.
    let second = Triangle::new(&again, &(0..k).collect::<Vec<_>>(), &vec![0.0; k]);
    if second.kept.len() < k {
        let (bread, condition) = first.inverse_moments();
        return Solution {
            coef: first.back(&c),
            bread,
            condition,
            error: f64::INFINITY,
            extended: true,
            triangle: first,
        };
    }
    let more = second.back(&second.forward(&second.beyond(&again, k)));
    let coef = first.back(&c.iter().zip(&more).map(|(c, m)| *c + *m).collect::<Vec<_>>());
    // (R₂R₁)_aj = Σ R₂_ai R₁_ij.
    let product =
        |j: usize| -> Vec<Double> { (0..=j).map(|a| (a..=j).map(|i| second.R[i][a] * first.R[j][i]).sum()).collect() };
    let R: Vec<Vec<Double>> = (0..k).map(product).collect();
    let reciprocal = R.iter().map(|r| Double::from(1.0) / r[r.len() - 1]).collect();
    let triangle = Triangle { R, reciprocal, ..first };
    let (bread, condition) = triangle.inverse_moments();
    // The second pass repairs what the first lost only while Z is near to orthonormal.
    let k = k as f64;
    let error = if k * condition * condition * EPSILON < 0.1 { k * condition * EPSILON } else { f64::INFINITY };
    Solution { coef, bread, condition, error, extended: true, triangle }
}

/// y - X b, n, each in double-double precision when `extended`.
pub fn residual(X: &[Column], y: Column, coef: &[Double], extended: bool) -> Vec<f64> {
    let mut u = y.high.to_vec();
    u.par_chunks_mut(BLOCK).enumerate().for_each(|(b, u)| {
        let from = b * BLOCK;
        if extended {
            for (i, u) in u.iter_mut().enumerate() {
                let fitted = X.iter().zip(coef).map(|(x, b)| x.at(from + i) * *b).sum();
                *u = (y.at(from + i) - fitted).to_f64();
            }
        } else {
            for (x, b) in X.iter().zip(coef) {
                let b = b.to_f64();
                u.iter_mut().zip(&x.high[from..]).for_each(|(u, x)| *u -= b * x);
            }
        }
    });
    u
}
