//! The linear program of quantile regression, solved exactly by walking over vertices.
//!
//! ```text
//! min_b Σᵢ ρ_τ(yᵢ - xᵢ'b),      ρ_τ(r) = r (τ - 1[r < 0])
//! ```
//!
//! A vertex fits k observations h exactly, b = X_h⁻¹ y_h. From it lead 2k edges: column j of X_h⁻¹, up or down, which
//! lets observation h_j go. With g = Σ_{i∉h} ψᵢ xᵢ, ψᵢ = τ above the fit and τ - 1 below, and v = X_h⁻ᵀ g, the
//! objective falls along the edge up (down) iff v_j > 1 - τ (v_j < -τ); where no edge falls the vertex is optimal
//! (Koenker and Bassett 1978, theorem 3.3). One step goes along the edge that falls fastest, past all observations
//! whose residual changes sign while it still falls: their weighted median is the next to be fitted exactly
//! (Barrodale and Roberts 1973; Bloomfield and Steiger 1983).
//!
//! A good start saves most of the steps: the optimum of every eighth observation, which is itself found so.
//!
//! Ties leave more than k residuals at zero. Their side is then remembered, not read off the sign; and when many
//! steps in a row have no length, y is perturbed by about 1e-9 of its size until the optimum, which is then repaired
//! for the true y.
//!
//! The certificate is that of linear programming: multipliers a with a_i = ψᵢ, a_h = -v ∈ [τ - 1, τ] and X'a = 0, for
//! which Σ aᵢ yᵢ bounds the objective from below; at the optimum both agree.

use crate::math::orthonormal::{combine, dot};
use crate::math::rng::Stream;
use crate::{Error, Kind, Result};

/// Slack of the optimality condition -τ ≤ v ≤ 1 - τ. Rounding of v is about n ε; an edge that falls more slowly than
/// this changes the objective by less than 1e-9 of it.
const SLACK: f64 = 1e-9;

/// Residuals below this fraction of the largest |y - mean|, or below the rounding of y itself, are zero.
const ZERO: f64 = 1e-12;

/// A row of which the rows in the basis leave less than this part of the norm is passed over, at first.
const INDEPENDENT: [f64; 3] = [0.1, 1e-3, 1e-7];

/// Below this many rows a start from a subsample saves nothing.
const LARGE: usize = 2000;

/// The subsample is every so many rows.
const STRIDE: usize = 8;

/// The inverse of X_h is made anew after so many steps, so that rounding does not build up.
const REFRESH: usize = 50;

/// Row i of columns.
fn row(X: &[Vec<f64>], i: usize) -> Vec<f64> {
    X.iter().map(|column| column[i]).collect()
}

/// An optimal vertex.
#[derive(Debug, Clone)]
pub struct Vertex {
    /// Coefficients, k.
    pub b: Vec<f64>,
    /// The observations fitted exactly, k.
    pub basis: Vec<usize>,
    /// Residuals, n; zero in the basis.
    pub residuals: Vec<f64>,
    /// Multipliers, n: τ above, τ - 1 below, between in the basis; X'a = 0.
    pub multipliers: Vec<f64>,
    /// Σ ρ_τ.
    pub objective: f64,
    /// Whether no other point has this objective.
    pub unique: bool,
    /// Steps taken on the whole sample.
    pub steps: usize,
    /// |Σ ρ_τ - Σ a y| / (Σ ρ_τ + the rounding of a'y): the gap to the lower bound.
    pub gap: f64,
}

/// ρ_τ(r).
pub fn check_function(r: f64, tau: f64) -> f64 {
    r * (tau - f64::from(u8::from(r < 0.0)))
}

/// Minimizes Σ ρ_τ(y - x'b). X are k columns of n, best orthonormal; `near` are residuals of a rough fit, or `basis` is an earlier optimum.
pub fn minimize(X: &[Vec<f64>], y: &[f64], tau: f64, near: &[f64], basis: Option<&[usize]>) -> Result<Vertex> {
    let n = y.len();
    let start = match basis {
        Some(basis) => Some(basis.to_vec()),
        None if n >= LARGE.max(STRIDE * 10 * X.len()) => subsample(X, y, tau, near),
        None => None,
    };
    let start = match start {
        Some(basis) => basis,
        None => nearest(X, near, tau)?,
    };
    Walk::new(X, y, tau, start)?.run()
}

/// The optimal basis of every eighth row; `None` when these do not have full rank.
fn subsample(X: &[Vec<f64>], y: &[f64], tau: f64, near: &[f64]) -> Option<Vec<usize>> {
    let keep: Vec<usize> = (0..y.len()).step_by(STRIDE).collect();
    let at = |v: &[f64]| keep.iter().map(|&i| v[i]).collect::<Vec<_>>();
    let columns: Vec<Vec<f64>> = X.iter().map(|c| at(c)).collect();
    let found = minimize(&columns, &at(y), tau, &at(near), None).ok()?;
    Some(found.basis.iter().map(|&i| keep[i]).collect())
}

/// k independent rows with residuals near their τ-quantile.
fn nearest(X: &[Vec<f64>], near: &[f64], tau: f64) -> Result<Vec<usize>> {
    let (n, k) = (near.len(), X.len());
    let mut sorted = near.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted[((n as f64 * tau) as usize).min(n - 1)];
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| (near[a] - middle).abs().total_cmp(&(near[b] - middle).abs()).then(a.cmp(&b)));
    let (mut basis, mut orthonormal): (Vec<usize>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
    for part in INDEPENDENT {
        for &i in &order {
            if basis.len() == k {
                return Ok(basis);
            }
            let mut row = row(X, i);
            let size = dot(&row, &row).sqrt();
            for e in orthonormal.iter().chain(&orthonormal) {
                let r = dot(e, &row);
                row.iter_mut().zip(e).for_each(|(v, e)| *v -= r * e);
            }
            let left = dot(&row, &row).sqrt();
            if left > part * size && !basis.contains(&i) {
                row.iter_mut().for_each(|v| *v /= left);
                orthonormal.push(row);
                basis.push(i);
            }
        }
    }
    match basis.len() == k {
        true => Ok(basis),
        false => Err(Error::new(Kind::Singular { what: "the matrix of regressors".into() })),
    }
}

/// A vertex and what is known of it.
struct Walk<'a> {
    X: &'a [Vec<f64>],
    /// The outcome, perhaps perturbed.
    y: Vec<f64>,
    truth: &'a [f64],
    tau: f64,
    basis: Vec<usize>,
    in_basis: Vec<bool>,
    /// X_h⁻¹ by columns, k × k: edge j is `D[j]`.
    D: Vec<Vec<f64>>,
    r: Vec<f64>,
    /// Side of each observation outside the basis.
    above: Vec<bool>,
    /// Σ_{i∉h} ψᵢ xᵢ.
    g: Vec<f64>,
    zero: f64,
    /// How far along an edge the next vertex is looked for first.
    reach: f64,
}

/// An edge along which the objective falls: position in the basis, direction, and how fast.
struct Edge {
    j: usize,
    sign: f64,
    fall: f64,
}

impl<'a> Walk<'a> {
    fn new(X: &'a [Vec<f64>], y: &'a [f64], tau: f64, basis: Vec<usize>) -> Result<Self> {
        let n = y.len();
        let mut in_basis = vec![false; n];
        basis.iter().for_each(|&i| in_basis[i] = true);
        let mean = y.iter().sum::<f64>() / n as f64;
        let (spread, size) = y.iter().fold((0.0f64, 0.0f64), |(s, m), y| (s.max((y - mean).abs()), m.max(y.abs())));
        let zero = ZERO * spread + 8.0 * f64::EPSILON * size;
        let mut walk = Walk {
            X,
            y: y.to_vec(),
            truth: y,
            tau,
            basis,
            in_basis,
            D: Vec::new(),
            r: vec![0.0; n],
            above: vec![true; n],
            g: Vec::new(),
            zero,
            reach: f64::INFINITY,
        };
        walk.refresh()?;
        Ok(walk)
    }

    /// Inverse, residuals, sides and g from the basis alone.
    fn refresh(&mut self) -> Result<Vec<f64>> {
        let rows: Vec<Vec<f64>> = self.basis.iter().map(|&i| row(self.X, i)).collect();
        self.D = inverse_columns(&rows)
            .ok_or_else(|| Error::new(Kind::Singular { what: "the basis of the quantile regression".into() }))?;
        let mut b = vec![0.0; self.X.len()];
        // The second round removes the rounding of the inverse.
        for _ in 0..2 {
            for ((D, row), &i) in self.D.iter().zip(&rows).zip(&self.basis) {
                let miss = self.y[i] - dot(row, &b);
                b.iter_mut().zip(D).for_each(|(b, d)| *b += miss * d);
            }
        }
        self.r = combine(self.X, &b);
        self.r.iter_mut().zip(&self.y).for_each(|(r, y)| *r = y - *r);
        self.basis.iter().for_each(|&i| self.r[i] = 0.0);
        for (above, r) in self.above.iter_mut().zip(&self.r) {
            if r.abs() > self.zero {
                *above = *r > 0.0;
            }
        }
        let mut psi: Vec<f64> = (0..self.y.len()).map(|i| self.psi(i)).collect();
        self.basis.iter().for_each(|&i| psi[i] = 0.0);
        self.g = self.X.iter().map(|x| dot(x, &psi)).collect();
        Ok(b)
    }

    fn psi(&self, i: usize) -> f64 {
        if self.above[i] { self.tau } else { self.tau - 1.0 }
    }

    /// v = X_h⁻ᵀ g.
    fn v(&self) -> Vec<f64> {
        self.D.iter().map(|d| dot(d, &self.g)).collect()
    }

    /// The edge along which the objective falls fastest; `None` at an optimum.
    fn steepest(&self) -> Option<Edge> {
        let mut best: Option<(f64, Edge)> = None;
        for (j, v) in self.v().into_iter().enumerate() {
            let (sign, fall) = if v > 0.0 { (1.0, v - (1.0 - self.tau)) } else { (-1.0, -v - self.tau) };
            let rate = fall / dot(&self.D[j], &self.D[j]).sqrt();
            if fall > SLACK && best.as_ref().is_none_or(|(r, _)| rate > *r) {
                best = Some((rate, Edge { j, sign, fall }));
            }
        }
        best.map(|(_, edge)| edge)
    }

    /// xᵢ'd along an edge, n.
    fn along(&self, j: usize, sign: f64) -> Vec<f64> {
        combine(self.X, &self.D[j].iter().map(|d| sign * d).collect::<Vec<_>>())
    }

    /// The observations that an edge meets within a length: (length, |xᵢ'd|, i).
    fn met(&self, s: &[f64], least: f64, within: f64) -> Vec<(f64, f64, u32)> {
        let mut met = Vec::new();
        for (i, ((&s, &r), &above)) in s.iter().zip(&self.r).zip(&self.above).enumerate() {
            // r/s ≤ within, without a division for the many that are not met.
            if s.abs() > least && (s > 0.0) == above && r.abs() <= within * s.abs() && !self.in_basis[i] {
                met.push(((r / s).max(0.0), s.abs(), i as u32));
            }
        }
        met
    }

    /// An observation with a smaller |xᵢ'd| than this does not move along edge j.
    fn least(&self, j: usize) -> f64 {
        1e-13 * dot(&self.D[j], &self.D[j]).sqrt()
    }

    /// Goes along an edge to the next vertex; gives the length of the step.
    fn step(&mut self, edge: &Edge) -> Result<f64> {
        let (s, least) = (self.along(edge.j, edge.sign), self.least(edge.j));
        // The next vertex is near: most observations need not be put in order.
        let mut met = self.met(&s, least, self.reach);
        if met.iter().map(|m| m.1).sum::<f64>() < edge.fall {
            met = self.met(&s, least, f64::INFINITY);
        }
        let Some(last) = weighted_median(&mut met, edge.fall) else {
            return Err(Error::new(Kind::Singular { what: "the matrix of regressors".into() }));
        };
        let (length, _, enter) = met[last];
        let enter = enter as usize;
        self.reach = 4.0 * length;
        self.r.iter_mut().zip(&s).for_each(|(r, s)| *r -= length * s);
        for &(_, _, i) in &met[..last] {
            let i = i as usize;
            let change = if self.above[i] { -1.0 } else { 1.0 };
            self.above[i] = !self.above[i];
            self.g.iter_mut().zip(self.X).for_each(|(g, x)| *g += change * x[i]);
        }
        let leave = std::mem::replace(&mut self.basis[edge.j], enter);
        self.above[leave] = edge.sign < 0.0;
        self.r[leave] = -edge.sign * length;
        let (out, into) = (self.psi(leave), self.psi(enter));
        self.g.iter_mut().zip(self.X).for_each(|(g, x)| *g += out * x[leave] - into * x[enter]);
        (self.in_basis[leave], self.in_basis[enter], self.r[enter]) = (false, true, 0.0);
        // Row j of X_h is replaced: the edges stay, less what they have along the new row.
        let entering = row(self.X, enter);
        let w: Vec<f64> = self.D.iter().map(|d| dot(d, &entering)).collect();
        let pivot: Vec<f64> = self.D[edge.j].iter().map(|d| d / w[edge.j]).collect();
        for (c, d) in self.D.iter_mut().enumerate() {
            match c == edge.j {
                true => d.copy_from_slice(&pivot),
                false => d.iter_mut().zip(&pivot).for_each(|(d, p)| *d -= w[c] * p),
            }
        }
        Ok(length)
    }

    fn run(mut self) -> Result<Vertex> {
        let (n, k) = (self.y.len(), self.X.len());
        let most = 200 * (k + 10) + 10 * n;
        let patience = 2 * k + 20;
        let (mut steps, mut stalled, mut perturbed, mut rounds) = (0, 0, false, 0);
        let (mut lowered, mut flat, most_lowered) = (0, false, 10 * k + 100);
        loop {
            match self.steepest() {
                Some(edge) => {
                    let length = self.step(&edge)?;
                    steps += 1;
                    stalled = if length > self.zero { 0 } else { stalled + 1 };
                    if stalled > patience && !perturbed {
                        perturbed = true;
                        rounds += 1;
                        self.perturb(rounds);
                        self.refresh()?;
                    } else if steps % REFRESH == 0 {
                        self.refresh()?;
                    }
                    if steps > most {
                        return Err(Error::new(Kind::NotConverged {
                            what: "the simplex of the quantile regression".into(),
                            iterations: steps,
                            reached: edge.fall,
                            wanted: SLACK,
                        }));
                    }
                }
                None => {
                    // What was updated step by step is made anew before it is believed.
                    if std::mem::take(&mut perturbed) {
                        self.y.copy_from_slice(self.truth);
                        stalled = 0;
                    }
                    let b = self.refresh()?;
                    if self.steepest().is_some() {
                        continue;
                    }
                    match self.lower().filter(|_| lowered < most_lowered) {
                        Some(edge) => {
                            lowered += 1;
                            flat |= self.step(&edge)? > self.zero;
                        }
                        None => return Ok(self.vertex(b, steps, flat)),
                    }
                }
            }
        }
    }

    /// An edge along which the objective stays equal; up or down.
    fn level(&self, v: &[f64]) -> Vec<Edge> {
        let one = |(j, v): (usize, &f64)| {
            let (up, down) = (v - (1.0 - self.tau), -v - self.tau);
            let sign = if up >= down { 1.0 } else { -1.0 };
            // A hair of fall stops at the first observation met.
            (up.max(down) >= -SLACK).then_some(Edge { j, sign, fall: 1e-3 * SLACK })
        };
        v.iter().enumerate().filter_map(one).collect()
    }

    /// Where the optimum is not unique, an edge to one with lower fitted values: of all solutions the limit from
    /// below in τ is given, as the inverse of the empirical distribution is for a sample.
    fn lower(&self) -> Option<Edge> {
        let level = self.level(&self.v());
        if level.is_empty() {
            return None;
        }
        let total: Vec<f64> = self.X.iter().map(|x| x.iter().sum()).collect();
        let size = (self.y.len() as f64).sqrt();
        level.into_iter().find(|e| {
            let d = &self.D[e.j];
            e.sign * dot(d, &total) < -SLACK * size * dot(d, d).sqrt()
        })
    }

    fn perturb(&mut self, round: u64) {
        let size = 1e3 * self.zero;
        for (i, y) in self.y.iter_mut().enumerate() {
            *y += size * Stream::new(round, i as u64).uniform();
        }
    }

    fn vertex(self, b: Vec<f64>, steps: usize, flat: bool) -> Vertex {
        let v = self.v();
        let mut multipliers: Vec<f64> = (0..self.y.len()).map(|i| self.psi(i)).collect();
        self.basis.iter().zip(&v).for_each(|(&i, v)| multipliers[i] = (-v).clamp(self.tau - 1.0, self.tau));
        let objective: f64 = self.r.iter().map(|&r| check_function(r, self.tau)).sum();
        let bound = dot(&multipliers, self.truth);
        let size: f64 = multipliers.iter().zip(self.truth).map(|(a, y)| (a * y).abs()).sum();
        // An edge along which the objective stays equal for some length leads to another optimum.
        let length = |e: &Edge| {
            let met = self.met(&self.along(e.j, e.sign), self.least(e.j), f64::INFINITY);
            met.iter().fold(f64::INFINITY, |least, m| least.min(m.0))
        };
        let flat = flat || self.level(&v).iter().any(|e| length(e) > self.zero);
        Vertex {
            b,
            basis: self.basis,
            residuals: self.r,
            multipliers,
            objective,
            unique: !flat,
            steps,
            gap: (objective - bound).abs() / (objective + 1e-3 * size).max(f64::MIN_POSITIVE),
        }
    }
}

/// Puts the points in order of length as far as needed, and gives the first at which the weights sum to `fall`.
fn weighted_median(points: &mut [(f64, f64, u32)], fall: f64) -> Option<usize> {
    let (mut low, mut high, mut need) = (0, points.len(), fall);
    if high == 0 {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        points[low..high].select_nth_unstable_by(middle - low, |a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        let sum: f64 = points[low..middle].iter().map(|p| p.1).sum();
        match sum >= need {
            true => high = middle,
            false => {
                need -= sum;
                low = middle;
            }
        }
    }
    Some(low)
}

/// Columns of the inverse of a square matrix given by rows (Gauss and Jordan, partial pivoting); `None` if singular.
fn inverse_columns(rows: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let k = rows.len();
    let mut A: Vec<Vec<f64>> = (rows.iter().enumerate())
        .map(|(i, row)| row.iter().copied().chain((0..k).map(|j| f64::from(u8::from(i == j)))).collect())
        .collect();
    for c in 0..k {
        let pivot = (c..k).max_by(|&a, &b| A[a][c].abs().total_cmp(&A[b][c].abs()))?;
        A.swap(c, pivot);
        let top = A[c][c];
        if !(top.is_finite() && top != 0.0) {
            return None;
        }
        A[c].iter_mut().for_each(|v| *v /= top);
        let row = A[c].clone();
        for (i, other) in A.iter_mut().enumerate() {
            let factor = other[c];
            if i != c && factor != 0.0 {
                other.iter_mut().zip(&row).for_each(|(v, p)| *v -= factor * p);
            }
        }
    }
    Some((0..k).map(|j| A.iter().map(|row| row[k + j]).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_a_sample() {
        let y = [3.0, 9.0, 1.0, 7.0, 5.0];
        let found = minimize(&[vec![1.0; 5]], &y, 0.5, &y, None).unwrap();
        assert_eq!((found.b[0], found.objective, found.unique), (5.0, 6.0, true));
        // Between the middle two every point is a median of an even sample.
        let found = minimize(&[vec![1.0; 4]], &y[..4], 0.5, &y[..4], None).unwrap();
        assert!(!found.unique && found.gap < 1e-15);
    }

    #[test]
    fn ties_do_not_cycle() {
        // Two dummies and a trend on an outcome of three values: most vertices are degenerate.
        let n = 300;
        let columns = [
            vec![1.0; n],
            (0..n).map(|i| f64::from(u8::from(i % 3 == 0))).collect::<Vec<_>>(),
            (0..n).map(|i| (i % 10) as f64).collect(),
        ];
        let y: Vec<f64> = (0..n).map(|i| ((i * 7) % 3) as f64).collect();
        for tau in [0.1, 0.25, 0.5, 0.9] {
            let found = minimize(&columns, &y, tau, &y, None).unwrap();
            assert!(found.gap < 1e-12, "{tau}: {}", found.gap);
        }
    }
}
