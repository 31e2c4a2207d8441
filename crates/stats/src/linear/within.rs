//! The variables of a regression off its effects, and what can be said of them: which regressor the effects or the
//! others span, the solution, and its certificate.

use super::least_squares::{COLLINEAR, ROUNDING, Reason};
use super::moments::{Column, Solution, Spanned, dot, least_squares, residual};
use super::ols::{Accuracy, Dropped, INTERCEPT, Precision};
use crate::absorb::{Absorber, CONSTANT, centered_squares, squares};
use crate::math::{Mat, double::Double};
use crate::{Design, Error, Factor, Kind, Result, Slope};
use rayon::prelude::*;

/// An outcome of which the effects leave less than this fraction of its squares is all rounding.
const EXPLAINED: f64 = 1e-26;

/// Largest relative error of an estimate that its own arithmetic may be expected to leave.
const ERROR_TOLERANCE: f64 = 1e-5;

/// Residuals below this fraction of the outcome are taken for so large when a coefficient near zero is judged.
const PERFECT: f64 = 1e-4;

/// Largest residual of the normal equations.
const RESIDUAL_TOLERANCE: f64 = 1e-10;

/// Of a column that absorbing leaves less than this of its squares, the solver's own error may be a good part: it is
/// absorbed once more.
const DOUBTFUL: f64 = 1e-10;

/// Most observations for which the effects that span a regressor are looked for in combination.
const SEARCHED: usize = 1_000_000;

/// Replaces columns by their residuals from the effects; returns their sums of squares before and their certificates.
pub(super) fn absorb(
    absorber: Option<&Absorber>,
    columns: &mut [Vec<f64>],
    w: Option<&[f64]>,
    precision: Precision,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let before: Vec<f64> = columns.iter().map(|c| squares(c, w)).collect();
    let Some(absorber) = absorber else { return Ok((before, vec![0.0; columns.len()])) };
    let done = match precision {
        Precision::Double => absorber.demean(columns)?,
        Precision::Extended => columns.par_iter_mut().map(|c| absorber.demean_extended(c)).collect::<Result<_>>()?,
    };
    for (j, column) in columns.iter_mut().enumerate() {
        // What is left may be a honest remainder, which absorbing again leaves as it is, or the error of the solver,
        // which lies in the span of the effects and goes.
        let mut left = done[j].after;
        while precision == Precision::Double && left > COLLINEAR * before[j] && left < DOUBTFUL * before[j] {
            let Ok(again) = absorber.demean_column(column) else { break };
            if again.after > 0.5 * left {
                break;
            }
            left = again.after;
        }
    }
    Ok((before, done.iter().map(|d| d.orthogonality).collect()))
}

/// A matrix filled column by column.
pub(super) fn matrix(n: usize, k: usize, fill: impl Fn(usize, &mut [f64])) -> Mat<f64> {
    let mut M = Mat::zeros(n, k);
    (0..k).for_each(|j| fill(j, M.col_as_slice_mut(j)));
    M
}

/// The variables of a design, its regressors and then its outcome, off the effects; without effects the design itself
/// has them.
#[derive(Debug, Clone)]
pub(super) struct Within {
    /// Columns; none without effects.
    pub(super) columns: Vec<Vec<f64>>,
    /// Sums of squares before.
    before: Vec<f64>,
    /// Certificates of the absorption.
    orthogonality: Vec<f64>,
    /// The verdict on a regressor alone: that the effects span it.
    pub(super) left: Vec<Option<Dropped>>,
    /// How they were absorbed.
    precision: Precision,
}

impl Within {
    pub(super) fn new(design: &Design, absorber: Option<&Absorber>, precision: Precision) -> Result<Self> {
        let k = design.X.ncols();
        let given: Vec<&[f64]> = (0..k).map(|j| design.X.col_as_slice(j)).chain([&design.y[..]]).collect();
        let Some(absorber) = absorber else {
            let before: Vec<f64> = given.iter().map(|c| squares(c, design.w.as_deref())).collect();
            let left = (0..k).map(|j| (before[j] == 0.0).then(|| Dropped::zero(design, j))).collect();
            return Ok(Within { columns: Vec::new(), before, orthogonality: vec![0.0; k + 1], left, precision });
        };
        let mut columns: Vec<Vec<f64>> = given.into_iter().map(<[f64]>::to_vec).collect();
        let (before, orthogonality) = absorb(Some(absorber), &mut columns, design.w.as_deref(), precision)?;
        let left = (0..k)
            .map(|j| match squares(&columns[j], design.w.as_deref()) <= COLLINEAR * before[j] {
                _ if before[j] == 0.0 => Some(Dropped::zero(design, j)),
                false => None,
                true => {
                    let by = spanning(design, design.X.col_as_slice(j), ROUNDING * before[j].sqrt());
                    Some(Dropped { name: design.names[j].clone(), reason: Reason::Absorbed, by })
                }
            })
            .collect();
        Ok(Within { columns, before, orthogonality, left, precision })
    }

    /// Variable j.
    pub(super) fn column<'a>(&'a self, design: &'a Design, j: usize) -> Column<'a> {
        match self.columns.get(j) {
            Some(absorbed) => Column::from(&absorbed[..]),
            None if j < design.X.ncols() => Column { high: design.X.col_as_slice(j), low: design.low(j) },
            None => Column::from(&design.y[..]),
        }
    }

    /// The variables `kept`, n × k.
    pub(super) fn matrix(&self, design: &Design, kept: &[usize]) -> Mat<f64> {
        matrix(design.nobs(), kept.len(), |j, to| to.copy_from_slice(self.column(design, kept[j]).high))
    }

    /// The same, letting go of each column as it is copied.
    pub(super) fn into_matrix(mut self, design: &Design, kept: &[usize]) -> Mat<f64> {
        for j in (0..self.columns.len()).filter(|j| !kept.contains(j)) {
            self.columns[j] = Vec::new();
        }
        let mut M = Mat::zeros(design.nobs(), kept.len());
        for (at, &j) in kept.iter().enumerate() {
            M.col_as_slice_mut(at).copy_from_slice(self.column(design, j).high);
            if let Some(column) = self.columns.get_mut(j) {
                *column = Vec::new();
            }
        }
        M
    }

    /// Least squares of variable `outcome` on the variables `chosen`.
    pub(super) fn solve(
        &self,
        design: &Design,
        chosen: &[usize],
        outcome: usize,
        size: &[f64],
        precision: Precision,
    ) -> Solution {
        let X: Vec<Column> = chosen.iter().map(|&j| self.column(design, j)).collect();
        let y = self.column(design, outcome);
        least_squares(&X, y, design.w.as_deref(), size, precision == Precision::Extended)
    }

    /// The variables of `order` that the effects do not span.
    pub(super) fn off_effects(&self, order: &[usize]) -> Vec<usize> {
        order.iter().copied().filter(|&j| self.left[j].is_none()).collect()
    }

    /// Norms of variables before anything was taken out of them.
    pub(super) fn sizes(&self, of: &[usize]) -> Vec<f64> {
        of.iter().map(|&j| self.before[j].sqrt()).collect()
    }

    /// The regressors that `solved`, a solution on the columns `judged`, found to be spanned by others.
    pub(super) fn spanned(&self, design: &Design, judged: &[usize], solved: &Solution) -> Vec<(usize, Dropped)> {
        let size = |j: usize| self.before[j].sqrt();
        let one = |spanned: &Spanned| {
            let j = judged[spanned.position];
            let by: Vec<(usize, f64)> = spanned.by.iter().map(|&(at, b)| (judged[at], b)).collect();
            let mut names: Vec<String> = by.iter().map(|&(i, _)| design.names[i].clone()).collect();
            // Whether the effects have a part in it shows in the columns as they were.
            if design.absorbs() {
                let mut rest = design.X.col_as_slice(j).to_vec();
                let mut all = size(j);
                for (i, b) in by {
                    rest.iter_mut().zip(design.X.col_as_slice(i)).for_each(|(r, x)| *r -= b * x);
                    all += b.abs() * size(i);
                }
                let w = design.w.as_deref();
                if squares(&rest, w).sqrt() > ROUNDING * all {
                    match spans(&[Factor::from_keys("", vec![0; rest.len()])], &[], w, &rest, ROUNDING * all) {
                        true => names.push(INTERCEPT.into()),
                        false => names.extend(spanning(design, &rest, ROUNDING * all)),
                    }
                }
            }
            (j, Dropped { name: design.names[j].clone(), reason: spanned.reason, by: names })
        };
        solved.triangle.dropped.iter().map(one).collect()
    }

    /// Coefficients of `outcome` on the variables `kept` and the residual, refined until the normal equations hold, with
    /// their certificate.
    pub(super) fn certified(
        &self,
        design: &Design,
        kept: &[usize],
        outcome: usize,
        solved: &Solution,
    ) -> Result<(Vec<f64>, Vec<f64>, Accuracy)> {
        let w = design.w.as_deref();
        let X: Vec<Column> = kept.iter().map(|&j| self.column(design, j)).collect();
        let y = self.column(design, outcome);
        let norm: Vec<f64> = X.iter().map(|x| squares(x.high, w).sqrt()).collect();
        let total = squares(y.high, w).sqrt();
        let mut coef = solved.coef.clone();
        let mut accuracy = Accuracy {
            orthogonality: kept.iter().chain([&outcome]).fold(0.0, |worst, &j| self.orthogonality[j].max(worst)),
            condition: solved.condition,
            extended: solved.extended,
            ..Accuracy::default()
        };
        let mut u = residual(&X, y, &coef, solved.extended);
        loop {
            let g: Vec<f64> = X.iter().map(|x| inner(x.high, &u, w)).collect();
            accuracy.residual = g.iter().zip(&norm).map(|(g, norm)| g.abs() / (norm * total)).fold(0.0, f64::max);
            // In double precision what the moments rounded off is taken back.
            if solved.extended || accuracy.iterations == 2 || accuracy.residual <= f64::EPSILON / 2.0 {
                break;
            }
            for (j, b) in coef.iter_mut().enumerate() {
                *b += Double::from((0..g.len()).map(|i| solved.bread[(j, i)] * g[i]).sum::<f64>());
            }
            accuracy.iterations += 1;
            drop(u);
            u = residual(&X, y, &coef, solved.extended);
        }
        let b: Vec<f64> = coef.iter().map(|b| b.to_f64()).collect();
        let absorbed = match self.columns.is_empty() {
            true => 0.0,
            false => {
                // A fit without error has coefficients of zero to rounding: they are judged by the outcome.
                let sigma = squares(&u, w).sqrt().max(PERFECT * total) / (design.nobs() as f64).sqrt();
                let rounding = f64::EPSILON / (design.nobs() as f64).sqrt();
                // Extended precision rounds once, what is left.
                let size = match self.precision {
                    Precision::Double => self.sizes(kept),
                    Precision::Extended => norm.clone(),
                };
                rounding * moved_by_rounding(&b, &solved.bread, &size, sigma)
            }
        };
        accuracy.error = solved.error.max(absorbed);
        for (what, value, wanted) in [
            ("relative error of their coefficients", accuracy.error, ERROR_TOLERANCE),
            ("residual of the normal equations", accuracy.residual, RESIDUAL_TOLERANCE),
        ] {
            if value.is_nan() || value > wanted {
                return Err(Error::new(Kind::Untrusted {
                    message: format!(
                        "the regressors are so nearly collinear (condition number {:.1e} once scaled) that the {what} \
                         may reach {value:.0e}, wanted {wanted:.0e}",
                        solved.condition
                    ),
                    remedy: "leave one of them out, or center and rescale them".into(),
                }));
            }
        }
        Ok((b, u, accuracy))
    }

    /// Total sums of squares of `outcome`, before and off the effects; an error when there is nothing to explain.
    pub(super) fn totals(&self, design: &Design, kept: &[usize], outcome: usize) -> Result<(f64, f64)> {
        let w = design.w.as_deref();
        let (name, given) = match outcome < design.X.ncols() {
            true => (&design.names[outcome], design.X.col_as_slice(outcome)),
            false => (&design.outcome, &design.y[..]),
        };
        let raw = self.before[outcome];
        let sst = centered_squares(given, w);
        let within = squares(self.column(design, outcome).high, w);
        let constant = design.absorbs() || kept.iter().any(|&j| design.names[j] == INTERCEPT);
        if within <= EXPLAINED * raw || (constant && sst <= 2.0 * CONSTANT * raw) {
            return Err(Error::invalid(
                "the outcome is constant, or the fixed effects explain it entirely",
                "choose an outcome that varies within the effects",
            )
            .at_column(name.clone()));
        }
        let sst = if constant { sst } else { raw };
        Ok((sst, if design.absorbs() { within } else { sst }))
    }
}

/// How far a change of each column by its `size` before absorbing moves the coefficients `b`, as a fraction of
/// themselves or of their standard errors under errors of size `sigma`, and their covariance: to first order
/// δb = (X'X)⁻¹(E'u - X'E b) and δ(X'X)⁻¹ = -(X'X)⁻¹(E'X + X'E)(X'X)⁻¹. This is for the worst direction; roundings of
/// n rows have none, and move them by 1/√n of it.
fn moved_by_rounding(b: &[f64], bread: &Mat<f64>, size: &[f64], sigma: f64) -> f64 {
    let moved: f64 = b.iter().zip(size).map(|(b, s)| b.abs() * s).sum();
    let of = |i: usize| {
        let unit = bread[(i, i)].sqrt();
        let spread: f64 = (0..b.len()).map(|j| size[j] * bread[(i, j)].abs()).sum::<f64>() / unit;
        (2.0 * spread).max(moved * unit / (b[i].abs() + unit * sigma))
    };
    (0..b.len()).map(of).fold(0.0, f64::max)
}

/// Σ w a b.
fn inner(a: &[f64], b: &[f64], w: Option<&[f64]>) -> f64 {
    match w {
        None => dot(a, b),
        Some(w) => a.iter().zip(b).zip(w).map(|((a, b), w)| w * a * b).sum(),
    }
}

/// Whether effects and slopes span `v` (n) up to `rounding` in the norm.
fn spans(fe: &[Factor], slopes: &[Slope], w: Option<&[f64]>, v: &[f64], rounding: f64) -> bool {
    let mut column = [v.to_vec()];
    let done =
        Absorber::new(fe, slopes, w).and_then(|absorber| absorb(Some(&absorber), &mut column, w, Precision::Double));
    done.is_ok() && squares(&column[0], w).sqrt() <= 2.0 * rounding
}

/// Names of a smallest set of effects that spans `v` (n) up to `rounding` in the norm: one alone where one does,
/// otherwise all less those that are not needed.
fn spanning(design: &Design, v: &[f64], rounding: f64) -> Vec<String> {
    let w = design.w.as_deref();
    let spans = |fe: &[Factor], slopes: &[Slope]| spans(fe, slopes, w, v, rounding);
    let mut all: Vec<String> = design.fe.iter().map(|f| f.name.clone()).collect();
    all.extend(design.slopes.iter().map(|s| s.label()));
    if let Some(one) = design.fe.iter().find(|f| spans(std::slice::from_ref(*f), &[])) {
        return vec![one.name.clone()];
    }
    if let Some(one) = design.slopes.iter().find(|s| spans(&[], std::slice::from_ref(*s))) {
        return vec![one.label()];
    }
    if !design.slopes.is_empty() || design.fe.len() < 3 || design.nobs() > SEARCHED {
        return all;
    }
    let mut needed = design.fe.clone();
    let mut at = needed.len();
    while at > 0 && needed.len() > 2 {
        at -= 1;
        let without: Vec<Factor> =
            needed.iter().enumerate().filter(|&(i, _)| i != at).map(|(_, f)| f.clone()).collect();
        if spans(&without, &[]) {
            needed = without;
        }
    }
    needed.into_iter().map(|f| f.name).collect()
}
