//! Maximum of a smooth function of few parameters, by damped Newton steps, with a certificate.
//!
//! At θ with gradient g and Hessian H the step d solves (τD - H) d = g, D = |diag H|. τ is zero where -H is
//! positive definite and grows otherwise, which turns the step towards steepest ascent; the step is halved until
//! the function rises enough (Armijo). Nocedal and Wright (2006), Numerical Optimization, chapter 3.
//!
//! The certificate of a maximum: -H is positive definite there, and every scaled gradient |g_j| / √(-H_jj) is
//! below the tolerance. For a log-likelihood that says how many (conditional) standard errors the parameter is
//! away from the root of its score, so neither the units nor the number of observations matter.
//!
//! ```
//! use plim_stats::math::{Mat, optimize::{Newton, Point, maximize}};
//! // -(θ - 2)^4/4 - (θ - 2)^2 has its maximum at 2.
//! let f = |t: &[f64]| {
//!     let u = t[0] - 2.0;
//!     let H = Mat::from_fn(1, 1, |_, _| -3.0 * u * u - 2.0);
//!     Some(Point { value: -u.powi(4) / 4.0 - u * u, gradient: vec![-u.powi(3) - 2.0 * u], hessian: H })
//! };
//! let top = maximize("the example", &[10.0], f, &Newton::default()).unwrap();
//! assert!((top.at[0] - 2.0).abs() < 1e-9);
//! ```

use super::{Mat, linalg::spd_inverse};
use crate::{Error, Kind, Result};

/// A function and its derivatives at one point.
#[derive(Debug, Clone)]
pub struct Point {
    /// Value.
    pub value: f64,
    /// Gradient, k.
    pub gradient: Vec<f64>,
    /// Hessian, k × k, symmetric.
    pub hessian: Mat<f64>,
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newton {
    /// Largest scaled gradient |g_j| / √(-H_jj) at a maximum. Newton's last step squares the error, so that 1e-9 of
    /// a standard error costs one step more than 1e-5 would.
    pub tolerance: f64,
    /// Steps allowed. A well-started likelihood takes five to fifteen.
    pub iterations: usize,
}

impl Default for Newton {
    fn default() -> Self {
        Newton { tolerance: 1e-9, iterations: 200 }
    }
}

/// A certified maximum.
#[derive(Debug, Clone)]
pub struct Maximum {
    /// Where it is, k.
    pub at: Vec<f64>,
    /// Value there.
    pub value: f64,
    /// (-H)⁻¹ there, k × k, positive definite: the covariance when the function is a log-likelihood.
    pub covariance: Mat<f64>,
    /// Largest scaled gradient reached.
    pub gradient: f64,
    /// Steps taken.
    pub iterations: usize,
}

/// Where a climb ends.
#[derive(Debug, Clone)]
pub enum Climb {
    /// On a certified maximum.
    Top(Maximum),
    /// At a point beyond the border: there the function rises, without end or towards another model.
    Border(Vec<f64>),
}

/// Climbs from `start` to a maximum of `f`; `f` says `None` outside its domain. `what` names it in errors.
pub fn maximize(what: &str, start: &[f64], f: impl Fn(&[f64]) -> Option<Point>, options: &Newton) -> Result<Maximum> {
    match climb(what, start, f, |_| false, options)? {
        Climb::Top(top) => Ok(top),
        Climb::Border(_) => unreachable!("there is no border"),
    }
}

/// As [`maximize`], given up at the first point reached that is `beyond` the border.
pub fn climb(
    what: &str,
    start: &[f64],
    f: impl Fn(&[f64]) -> Option<Point>,
    beyond: impl Fn(&[f64]) -> bool,
    options: &Newton,
) -> Result<Climb> {
    let finite = |p: &Point| p.value.is_finite() && p.gradient.iter().all(|g| g.is_finite());
    let f = |at: &[f64]| f(at).filter(finite);
    let failed = |iterations, reached| {
        Error::new(Kind::NotConverged { what: what.into(), iterations, reached, wanted: options.tolerance })
    };
    let mut at = start.to_vec();
    let mut point = f(&at).ok_or_else(|| failed(0, f64::INFINITY))?;
    let mut gradient = f64::INFINITY;
    for iterations in 0..options.iterations {
        gradient = scaled_gradient(&point);
        let newton = spd_inverse(&negative(&point.hessian, 0.0), what);
        if gradient <= options.tolerance {
            // At a stationary point that is no maximum the climb cannot go on by first order.
            let covariance = newton.map_err(|_| not_a_maximum(what))?;
            return Ok(Climb::Top(Maximum { at, value: point.value, covariance, gradient, iterations }));
        }
        let inverse = match newton {
            Ok(inverse) => inverse,
            Err(_) => damped_inverse(&point.hessian, what).ok_or_else(|| failed(iterations, gradient))?,
        };
        let step = direction(&inverse, &point.gradient);
        let (next, next_point) = line_search(&at, &point, &step, f).ok_or_else(|| failed(iterations, gradient))?;
        (at, point) = (next, next_point);
        if beyond(&at) {
            return Ok(Climb::Border(at));
        }
    }
    Err(failed(options.iterations, gradient))
}

/// At most so many steps up from `start`, wherever they lead; `None` where `f` has no value at the start.
pub fn ascend(start: &[f64], f: impl Fn(&[f64]) -> Option<Point>, steps: usize) -> Option<Vec<f64>> {
    let finite = |p: &Point| p.value.is_finite() && p.gradient.iter().all(|g| g.is_finite());
    let f = |at: &[f64]| f(at).filter(finite);
    let (mut at, mut point) = (start.to_vec(), f(start)?);
    for _ in 0..steps {
        let what = "the Hessian";
        let inverse = spd_inverse(&negative(&point.hessian, 0.0), what).ok();
        let Some(inverse) = inverse.or_else(|| damped_inverse(&point.hessian, what)) else { break };
        match line_search(&at, &point, &direction(&inverse, &point.gradient), f) {
            Some(next) => (at, point) = next,
            None => break,
        }
    }
    Some(at)
}

/// The step of this inverse along the gradient.
fn direction(inverse: &Mat<f64>, gradient: &[f64]) -> Vec<f64> {
    let k = gradient.len();
    (0..k).map(|i| (0..k).map(|j| inverse[(i, j)] * gradient[j]).sum()).collect()
}

fn not_a_maximum(what: &str) -> Error {
    Error::new(Kind::Untrusted {
        message: format!("{what} stopped where the Hessian is not negative definite, so that it is no maximum"),
        remedy: "a parameter is not identified by these data; simplify the model".into(),
    })
}

/// max_j |g_j| / √|H_jj|.
fn scaled_gradient(p: &Point) -> f64 {
    let scaled = |(j, g): (usize, &f64)| if *g == 0.0 { 0.0 } else { g.abs() / p.hessian[(j, j)].abs().sqrt() };
    p.gradient.iter().enumerate().map(scaled).fold(0.0, f64::max)
}

/// τD - H with D = |diag H|.
fn negative(H: &Mat<f64>, tau: f64) -> Mat<f64> {
    Mat::from_fn(H.nrows(), H.ncols(), |i, j| if i == j { tau * H[(i, i)].abs() - H[(i, j)] } else { -H[(i, j)] })
}

/// Inverse of τD - H for the first τ of 1e-3, 1e-2, … that makes it positive definite.
fn damped_inverse(H: &Mat<f64>, what: &str) -> Option<Mat<f64>> {
    (-3..=6).find_map(|power| spd_inverse(&negative(H, 10f64.powi(power)), what).ok())
}

/// The first of d, d/2, d/4, … along which f rises by 1e-4 of what the gradient promises.
///
/// Near the top the promise falls below the rounding of f itself; there the full step is taken, and the gradient
/// decides whether it was good.
fn line_search(
    at: &[f64],
    from: &Point,
    step: &[f64],
    f: impl Fn(&[f64]) -> Option<Point>,
) -> Option<(Vec<f64>, Point)> {
    let promise: f64 = step.iter().zip(&from.gradient).map(|(d, g)| d * g).sum();
    let rounding = 1e-13 * (1.0 + from.value.abs());
    let mut length = 1.0;
    for _ in 0..60 {
        let next: Vec<f64> = at.iter().zip(step).map(|(t, d)| t + length * d).collect();
        if let Some(point) = f(&next)
            && point.value >= from.value + 1e-4 * length * promise - rounding
        {
            return Some((next, point));
        }
        length *= 0.5;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Minus Rosenbrock's valley, whose Hessian is indefinite on the way.
    fn rosenbrock(t: &[f64]) -> Option<Point> {
        let (x, y) = (t[0], t[1]);
        let u = y - x * x;
        let hessian = Mat::from_fn(2, 2, |i, j| match (i, j) {
            (0, 0) => -(2.0 - 400.0 * (u - 2.0 * x * x)),
            (1, 1) => -200.0,
            _ => 400.0 * x,
        });
        let gradient = vec![2.0 * (1.0 - x) + 400.0 * x * u, -200.0 * u];
        Some(Point { value: -(1.0 - x).powi(2) - 100.0 * u * u, gradient, hessian })
    }

    #[test]
    fn climbs_out_of_a_curved_valley() {
        let top = maximize("Rosenbrock", &[-1.2, 1.0], rosenbrock, &Newton::default()).unwrap();
        assert!((top.at[0] - 1.0).abs() < 1e-8 && (top.at[1] - 1.0).abs() < 1e-8);
        assert!(top.gradient <= 1e-9);
    }

    #[test]
    fn a_saddle_and_a_slope_without_end_are_refused() {
        let saddle = |t: &[f64]| {
            let hessian = Mat::from_fn(2, 2, |i, j| [[-2.0, 0.0], [0.0, 2.0]][i][j]);
            Some(Point { value: t[1] * t[1] - t[0] * t[0], gradient: vec![-2.0 * t[0], 2.0 * t[1]], hessian })
        };
        let error = maximize("a saddle", &[0.0, 0.0], saddle, &Newton::default()).unwrap_err();
        assert!(matches!(error.kind, Kind::Untrusted { .. }), "{error}");
        let slope = |t: &[f64]| {
            let value = -(-t[0]).exp();
            Some(Point { value, gradient: vec![-value], hessian: Mat::from_fn(1, 1, |_, _| value) })
        };
        let error = maximize("a slope", &[0.0], slope, &Newton { iterations: 20, ..Newton::default() }).unwrap_err();
        assert!(matches!(error.kind, Kind::NotConverged { iterations: 20, .. }), "{error}");
    }
}
