//! The point nearest to the origin that meets linear inequalities: a strictly convex quadratic program in its own
//! coordinates, with a certificate.
//!
//! ```text
//! min ½ w'w   s.t.  h_i'w ≥ d_i,  i = 1..n          dual: max d'μ - ½ ‖H'μ‖²,  μ ≥ 0,  w = H'μ
//! ```
//!
//! Few variables k, any number n of constraints. The dual is a problem of nonnegative least squares, u = argmin ‖E u - f‖,
//! with columns (h_i, d_i) and f = (0, …, 0, 1), and μ = u/(1 - d'u); at most k of its columns are active at a time
//! (Lawson and Hanson 1974, chapter 23). w is then solved again from the active constraints alone, so that their rounding
//! is that of one triangular system. Units of the constraints do not matter: columns are scaled to length one.
//!
//! ```
//! use plim_stats::math::least_distance::nearest;
//! // x + y ≥ 2 and y ≥ 1.5: the point (0.5, 1.5).
//! let found = nearest(2, &[1.0, 1.0, 0.0, 1.0], &[2.0, 1.5]).unwrap();
//! assert!((found.at[0] - 0.5).abs() < 1e-14 && (found.at[1] - 1.5).abs() < 1e-14);
//! assert!(found.certificate <= 1e-14);
//! ```
//!
//! C. L. Lawson and R. J. Hanson (1974), Solving Least Squares Problems, Prentice-Hall.

use super::orthonormal::{Orthonormal, combine, dot};
use crate::{Error, Kind, Result};

/// A gradient below this, of columns of length one, is none.
const NOTHING: f64 = 1e-13;
/// A Karush-Kuhn-Tucker residual that still proves nine digits.
const TOLERANCE: f64 = 1e-9;

/// The point, and the proof.
#[derive(Debug, Clone)]
pub struct Nearest {
    /// w, k.
    pub at: Vec<f64>,
    /// Active constraints with their multipliers μ, ascending.
    pub active: Vec<(usize, f64)>,
    /// Largest residual of the Karush-Kuhn-Tucker conditions: a violated constraint, a negative multiplier, an active
    /// constraint with slack, each relative to its terms; and the gap to the dual, relative to the objective.
    pub certificate: f64,
}

/// Solves the program with rows `h` (n × k, row by row) and right sides `d` (n).
pub fn nearest(k: usize, h: &[f64], d: &[f64]) -> Result<Nearest> {
    let n = d.len();
    let row = |i: usize| &h[i * k..(i + 1) * k];
    if d.iter().all(|&d| d <= 0.0) {
        return Ok(Nearest { at: vec![0.0; k], active: Vec::new(), certificate: 0.0 });
    }
    // Right sides of order one, so that neither part of a column drowns the other.
    let size = d.iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    let columns: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let mut column: Vec<f64> = row(i).iter().copied().chain([d[i] / size]).collect();
            let length = dot(&column, &column).sqrt();
            column.iter_mut().for_each(|c| *c /= length.max(f64::MIN_POSITIVE));
            column
        })
        .collect();
    let passive = nonnegative(k, &columns)?;
    // w on the active constraints: H_P w = d_P with w = H_P'μ, H_P' = Q R.
    let basis = Orthonormal::new(&passive.iter().map(|&i| row(i).to_vec()).collect::<Vec<_>>());
    let passive: Vec<usize> = basis.kept.iter().map(|&p| passive[p]).collect();
    // R'c = d, w = Q c, R μ = c.
    let R = &basis.R_inverse;
    let c: Vec<f64> = (0..passive.len()).map(|j| (0..=j).map(|l| R[(l, j)] * d[passive[l]]).sum()).collect();
    let at = if passive.is_empty() { vec![0.0; k] } else { combine(&basis.Q, &c) };
    let mut active: Vec<(usize, f64)> = passive.into_iter().zip(basis.coefficients(&c)).collect();
    active.sort_by_key(|a| a.0);
    let certificate = residual(k, h, d, &at, &active);
    match certificate <= TOLERANCE {
        true => Ok(Nearest { at, active, certificate }),
        false => Err(Error::new(Kind::Untrusted {
            message: format!("the quadratic program misses its optimality conditions by {certificate:.1e}"),
            remedy: "drop regressors that are nearly collinear".into(),
        })),
    }
}

/// The largest residual of the optimality conditions; NaN counts as infinite.
fn residual(k: usize, h: &[f64], d: &[f64], w: &[f64], active: &[(usize, f64)]) -> f64 {
    let length = dot(w, w).sqrt();
    let row = |i: usize| &h[i * k..(i + 1) * k];
    let terms = |i: usize| dot(row(i), row(i)).sqrt() * length + d[i].abs();
    let gap = |i: usize| d[i] - dot(row(i), w);
    let relative = |x: f64, terms: f64| if x == 0.0 { 0.0 } else { x / terms };
    let violated = (0..d.len()).map(|i| relative(gap(i).max(0.0), terms(i)));
    let slack = active.iter().map(|&(i, _)| relative(gap(i).abs(), terms(i)));
    let most = active.iter().map(|a| a.1.abs()).fold(0.0, f64::max);
    let negative = active.iter().map(|a| relative((-a.1).max(0.0), most));
    // w'w = d'μ at the optimum.
    let dual: f64 = active.iter().map(|&(i, m)| d[i] * m).sum();
    let share = relative((dual - length * length).abs(), length * length);
    let all = violated.chain(slack).chain(negative).chain([share]);
    all.fold(0.0, |m, v| if v.is_nan() { f64::INFINITY } else { f64::max(m, v) })
}

/// The positive coefficients of nonnegative least squares of f = (0, …, 0, 1) on columns of length one, each k + 1.
fn nonnegative(k: usize, columns: &[Vec<f64>]) -> Result<Vec<usize>> {
    let (mut passive, mut x): (Vec<usize>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut banned = vec![false; columns.len()];
    let limit = 50 * (k + 2) + columns.len();
    for _ in 0..limit {
        let mut r = vec![0.0; k + 1];
        r[k] = 1.0;
        for (&j, x) in passive.iter().zip(&x) {
            r.iter_mut().zip(&columns[j]).for_each(|(r, c)| *r -= x * c);
        }
        let gradient = |j: usize| dot(&columns[j], &r);
        let open = (0..columns.len()).filter(|j| !banned[*j] && !passive.contains(j));
        let entering = open.map(|j| (gradient(j), j)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((slope, j)) = entering.filter(|e| e.0 > NOTHING * dot(&r, &r).sqrt()) else { return Ok(passive) };
        debug_assert!(slope > 0.0);
        passive.push(j);
        x.push(0.0);
        let mut new = true;
        loop {
            let Some(s) = coefficients(&passive, columns).filter(|s| !new || s[s.len() - 1] > 0.0) else {
                // Spanned by the others, or rounding: not this one, until another step is made.
                passive.pop();
                x.pop();
                banned[j] = true;
                break;
            };
            if new {
                banned.fill(false);
            }
            new = false;
            if s.iter().all(|s| *s > 0.0) {
                x = s;
                break;
            }
            let steps = x.iter().zip(&s).filter(|(_, s)| **s <= 0.0).map(|(x, s)| x / (x - s));
            let share = steps.fold(1.0, f64::min);
            x.iter_mut().zip(&s).for_each(|(x, s)| *x += share * (s - *x));
            let least = (0..x.len()).filter(|&p| s[p] <= 0.0).min_by(|&a, &b| x[a].total_cmp(&x[b]));
            let gone = |p: usize| Some(p) == least || (s[p] <= 0.0 && x[p] <= 0.0);
            let left: Vec<usize> = (0..x.len()).filter(|&p| !gone(p)).collect();
            (passive, x) = (left.iter().map(|&p| passive[p]).collect(), left.iter().map(|&p| x[p]).collect());
            if passive.is_empty() {
                break;
            }
        }
    }
    Err(Error::new(Kind::NotConverged {
        what: "the quadratic program".into(),
        iterations: limit,
        reached: f64::NAN,
        wanted: NOTHING,
    }))
}

/// Least squares of f on these columns; none when they are not independent.
fn coefficients(passive: &[usize], columns: &[Vec<f64>]) -> Option<Vec<f64>> {
    let basis = Orthonormal::new(&passive.iter().map(|&j| columns[j].clone()).collect::<Vec<_>>());
    if basis.kept.len() < passive.len() {
        return None;
    }
    // Q'f: the last entry of each column of Q.
    let last = basis.Q.first()?.len() - 1;
    let c: Vec<f64> = basis.Q.iter().map(|q| q[last]).collect();
    Some(basis.coefficients(&c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::rng::Stream;

    /// Against every subset of active constraints of small programs, by brute force.
    #[test]
    fn no_subset_of_constraints_gives_a_nearer_point() {
        let mut draw = Stream::new(1, 0);
        for case in 0..200 {
            let (k, n) = (2 + case % 3, 7);
            // The first coordinate of every row is one, so that a feasible point exists.
            let h: Vec<f64> = (0..n * k).map(|i| if i % k == 0 { 1.0 } else { draw.normal() }).collect();
            let d: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
            let found = nearest(k, &h, &d).unwrap();
            let mut best = f64::INFINITY;
            for mask in 0..1usize << n {
                let subset: Vec<usize> = (0..n).filter(|i| mask >> i & 1 == 1).collect();
                if subset.len() > k {
                    continue;
                }
                let basis =
                    Orthonormal::new(&subset.iter().map(|&i| h[i * k..(i + 1) * k].to_vec()).collect::<Vec<_>>());
                if basis.kept.len() < subset.len() {
                    continue;
                }
                let c: Vec<f64> =
                    (0..subset.len()).map(|j| (0..=j).map(|l| basis.R_inverse[(l, j)] * d[subset[l]]).sum()).collect();
                let w = if subset.is_empty() { vec![0.0; k] } else { combine(&basis.Q, &c) };
                if (0..n).all(|i| dot(&h[i * k..(i + 1) * k], &w) >= d[i] - 1e-10) {
                    best = best.min(dot(&w, &w));
                }
            }
            plim_golden::close(dot(&found.at, &found.at), best, 1e-9, "distance");
            assert!(found.certificate <= 1e-12, "{}", found.certificate);
        }
    }

    #[test]
    fn many_constraints_that_are_nearly_the_same() {
        let mut draw = Stream::new(2, 0);
        let n = 5000;
        let h: Vec<f64> = (0..n).flat_map(|i| [1.0, f64::from(i) / 1000.0, (f64::from(i) / 1000.0).powi(2)]).collect();
        let d: Vec<f64> = (0..n).map(|i| (f64::from(i) / 300.0).sin() + 1e-6 * draw.normal()).collect();
        let found = nearest(3, &h, &d).unwrap();
        assert!(found.active.len() <= 3 && found.certificate <= 1e-10, "{found:?}");
    }
}
