//! The first stages by least squares, two-stage least squares by their control function, and the likelihood of limited
//! information.
//!
//! ```text
//! δ̂_j = (Z'Z)⁻¹Z'x_j,  ε̂_j = x_j - Zδ̂_j;   least squares of y on (x, ε̂): β is that of two-stage least squares
//! ln L without inefficiency = -n/2 ((p + 1)(ln 2π + 1) + ln det(Y'M_Z Y/n) + ln κ),   Y = (y, endogenous x)
//! ```
//!
//! κ is the smallest root of det(Y'M_X Y - κ Y'M_Z Y) = 0, X the exogenous regressors (Anderson and Rubin 1949).

use super::super::{Columns, Data, Index, LeastSquares, dot};
use super::triangle;
use crate::math::Mat;
use crate::math::linalg::symmetric_eigen;
use crate::math::normal::LN_SQRT_TAU;
use crate::{Error, Kind, Result};

/// The first stages, and where the likelihood starts.
pub(in super::super) struct Control {
    /// Names of the endogenous regressors, p.
    pub(super) names: Vec<String>,
    /// Their values, p times n.
    pub(super) x: Vec<Vec<f64>>,
    /// Constant, exogenous regressors, excluded instruments.
    pub(super) Z: Index,
    /// Standardized coefficients of the first stages, p times l.
    delta: Vec<f64>,
    /// η of the control function.
    eta: Vec<f64>,
    /// Parameters of A.
    A: Vec<f64>,
    /// F of the excluded instruments where one regressor is endogenous.
    pub(super) strength: Option<f64>,
}

impl Control {
    pub(super) fn new(data: &Data, frontier: &Index) -> Result<Self> {
        Self::fit(data, frontier).map(|c| c.0)
    }

    /// As what a frontier with endogenous regressors is compared with; the skewness is that of two-stage least squares.
    pub(in super::super) fn least_squares(data: &Data, frontier: &Index) -> Result<LeastSquares> {
        Self::fit(data, frontier).map(|c| c.1)
    }

    fn fit(data: &Data, frontier: &Index) -> Result<(Self, LeastSquares)> {
        let (endogenous, instruments) = check(data)?;
        let (X, n) = (&data.frontier.X, data.nobs());
        let (p, k) = (endogenous.len(), X.ncols());
        let names: Vec<String> = endogenous.iter().map(|&j| data.frontier.names[j].clone()).collect();
        let column =
            |j: usize| -> (String, Vec<f64>) { (data.frontier.names[j].clone(), (0..n).map(|i| X[(i, j)]).collect()) };
        let exogenous: Vec<_> = (1..k).filter(|j| !endogenous.contains(j)).map(column).collect();
        let excluded = |j: usize| -> (String, Vec<f64>) {
            (instruments.names[j].clone(), (0..n).map(|i| instruments.X[(i, j)]).collect())
        };
        let all: Vec<_> = exogenous.iter().cloned().chain((0..instruments.X.ncols()).map(excluded)).collect();
        let Z = Index::new(&Columns::new(n, true, &all))?;
        let inside = Index::new(&Columns::new(n, true, &exogenous))?;
        if n <= Z.k + p + 1 {
            return Err(Error::invalid(
                format!("{n} observations for {} coefficients of a first stage", Z.k),
                "use fewer instruments, or more observations",
            ));
        }
        let x: Vec<Vec<f64>> = endogenous.iter().map(|&j| column(j).1).collect();
        let stages: Vec<LeastSquares> = x.iter().map(|x| LeastSquares::fit(x, &Z)).collect::<Result<_>>()?;
        let residuals: Vec<Vec<f64>> = x.iter().zip(&stages).map(|(x, stage)| left(x, &Z, &stage.coef)).collect();
        let cross = |a: usize, b: usize| dot(&residuals[a], &residuals[b]) / n as f64;
        let omega: Vec<f64> = (0..p).flat_map(|j| (0..=j).map(move |k| (j, k))).map(|(j, k)| cross(j, k)).collect();
        let A = triangle::of_covariance(&omega, p).ok_or_else(|| collinear(&names[p - 1]))?;
        let rows = triangle::rows(&A, p);
        let tilde = |j: usize, i: usize| (0..=j).map(|k| rows[j][k] * residuals[k][i]).sum::<f64>();
        // y on x and ε̃; of the coefficients the first k are those of the frontier's own columns.
        let shocks = (0..p).map(|j| (format!("shock of {}", names[j]), (0..n).map(|i| tilde(j, i)).collect()));
        let columns: Vec<_> = (1..k).map(column).chain(shocks).collect();
        let wide = Index::new(&Columns::new(n, true, &columns)).map_err(|_| not_identified(&names))?;
        let ols = LeastSquares::fit(&data.y, &wide)?;
        let natural = wide.natural(&ols.coef);
        let coef = frontier.internal(&natural[..k]);
        let loglik = limited(data, &x, &Z, &inside)?;
        let strength = match p {
            1 => {
                let ssr = |index: &Index| LeastSquares::fit(&x[0], index).map(|f| f.variance);
                let (full, short) = (stages[0].variance, ssr(&inside)?);
                let (df, rest) = ((Z.k - inside.k) as f64, (n - Z.k) as f64);
                Some((short / full - 1.0) * rest / df)
            }
            _ => None,
        };
        let delta = stages.into_iter().flat_map(|s| s.coef).collect();
        let eta = natural[k..].to_vec();
        let start = LeastSquares { coef, loglik, ..ols };
        Ok((Control { names, x, Z, delta, eta, A, strength }, start))
    }

    /// η, δ and A of the start.
    pub(super) fn start(&self) -> impl Iterator<Item = f64> {
        self.eta.iter().chain(&self.delta).chain(&self.A).copied()
    }
}

/// Values less their least-squares fit.
fn left(values: &[f64], index: &Index, coef: &[f64]) -> Vec<f64> {
    values.iter().enumerate().map(|(i, v)| v - index.at(i, coef)).collect()
}

/// ln L of limited-information maximum likelihood.
fn limited(data: &Data, x: &[Vec<f64>], Z: &Index, inside: &Index) -> Result<f64> {
    let (n, q) = (data.nobs() as f64, x.len() + 1);
    let moments = |index: &Index| -> Result<Mat<f64>> {
        let residual = |y: &[f64]| LeastSquares::fit(y, index).map(|f| left(y, index, &f.coef));
        let all = std::iter::once(residual(&data.y)).chain(x.iter().map(|x| residual(x)));
        let all = all.collect::<Result<Vec<_>>>()?;
        Ok(Mat::from_fn(q, q, |a, b| dot(&all[a], &all[b]) / n))
    };
    let (within, outside) = (moments(inside)?, moments(Z)?);
    // C'C = outside; κ the smallest eigenvalue of C'⁻¹ within C⁻¹.
    let flat: Vec<f64> = (0..q).flat_map(|j| (0..=j).map(move |k| (j, k))).map(|(j, k)| outside[(j, k)]).collect();
    let A = triangle::of_covariance(&flat, q).ok_or_else(|| not_identified(&[]))?;
    let rows = triangle::rows(&A, q);
    let a = |j: usize, k: usize| if k <= j { rows[j][k] } else { 0.0 };
    let half = Mat::from_fn(q, q, |i, j| (0..q).map(|k| a(i, k) * within[(k, j)]).sum::<f64>());
    let relative = Mat::from_fn(q, q, |i, j| (0..q).map(|k| half[(i, k)] * a(j, k)).sum::<f64>());
    let (values, _) = symmetric_eigen(&relative)?;
    let kappa = values[q - 1];
    let ln_det: f64 = -2.0 * (0..q).map(|j| A[triangle::place(j, j)]).sum::<f64>();
    Ok(-0.5 * n * (q as f64 * (2.0 * LN_SQRT_TAU + 1.0) + ln_det + kappa.ln()))
}

/// Positions of the endogenous regressors, and the excluded instruments.
fn check(data: &Data) -> Result<(Vec<usize>, &Columns)> {
    let names = &data.frontier.names;
    let Some(endogenous) = &data.endogenous else {
        return Err(Error::invalid("no regressor is endogenous", "name them in `endogenous`"));
    };
    let mut places = Vec::new();
    for name in &endogenous.names {
        let Some(place) = (1..names.len()).find(|&j| names[j] == *name) else {
            let regressors = names[1..].join("`, `");
            return Err(Error::invalid(
                format!("`{name}` of `endogenous` is no regressor of the frontier"),
                format!("there are `{regressors}`"),
            ));
        };
        if places.contains(&place) {
            return Err(Error::invalid(format!("`{name}` is named twice in `endogenous`"), "name it once"));
        }
        places.push(place);
    }
    // A square or a product of an endogenous regressor is endogenous too.
    for (j, name) in names.iter().enumerate().skip(1).filter(|(j, _)| !places.contains(j)) {
        if let Some(part) = endogenous.names.iter().find(|part| mentions(name, part)) {
            return Err(Error::invalid(
                format!("`{name}` is made of the endogenous `{part}`, and would serve as its own instrument"),
                "name it in `endogenous` too, with instruments of its own (such as squares and products of them)",
            )
            .at_column(&names[j]));
        }
    }
    if endogenous.instruments.X.ncols() < places.len() {
        return Err(Error::invalid(
            format!(
                "{} endogenous regressors (`{}`) against {} instruments: the frontier is not identified",
                places.len(),
                endogenous.names.join("`, `"),
                endogenous.instruments.X.ncols()
            ),
            "name at least as many columns in `instruments`",
        ));
    }
    if let Some(twice) = endogenous.instruments.names.iter().find(|name| names.contains(name)) {
        return Err(Error::invalid(
            format!("the instrument `{twice}` is a regressor of the frontier, which is an instrument already"),
            "leave it out of `instruments`",
        ));
    }
    Ok((places, &endogenous.instruments))
}

/// Whether a name has another as a word.
fn mentions(name: &str, part: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    name.match_indices(part).any(|(at, found)| {
        let (before, after) = (name[..at].chars().next_back(), name[at + found.len()..].chars().next());
        !before.is_some_and(word) && !after.is_some_and(word)
    })
}

fn collinear(name: &str) -> Error {
    Error::new(Kind::Collinear { absorbed: false }).at_column(name)
}

fn not_identified(names: &[String]) -> Error {
    Error::invalid(
        format!("the instruments do not move the endogenous `{}` apart from each other", names.join("`, `")),
        "use other instruments",
    )
}
