//! The projection in extended precision, on demand: every coefficient is the sum of two doubles.
//!
//! Refinement in doubles computes the next residual from the last one, whose rounding stays. Here the residual
//! v - D a is made anew from v in each round, with a and the sums D'W(v - D a) in about 32 digits (Dekker 1971); the
//! factorization in doubles serves to find the corrections. The result is right to its last digits even where the
//! effects are many orders larger than what they leave.

use super::effect::weight_of;
use super::{Absorbed, Absorber, ORTHOGONALITY_TOLERANCE, centered_squares, certified_size, squares};
use crate::{Error, Kind, Result};

/// Rounds at most; each gains about ten digits.
const ROUNDS: usize = 12;

/// A number as the unevaluated sum of two doubles, the second below the rounding of the first.
#[derive(Debug, Clone, Copy, Default)]
struct Double2(f64, f64);

impl Double2 {
    /// a + b without error.
    fn of_sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        let of_b = sum - a;
        Double2(sum, (a - (sum - of_b)) + (b - of_b))
    }

    /// a b without error, unless it overflows.
    fn of_product(a: f64, b: f64) -> Self {
        let split = |x: f64| {
            let t = 134_217_729.0 * x; // 2²⁷ + 1
            let high = t - (t - x);
            (high, x - high)
        };
        let (product, (a1, a2), (b1, b2)) = (a * b, split(a), split(b));
        Double2(product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
    }

    fn plus(self, other: Self) -> Self {
        let Double2(sum, rest) = Double2::of_sum(self.0, other.0);
        Double2::of_sum(sum, rest + (self.1 + other.1))
    }

    fn times(self, by: f64) -> Self {
        let Double2(product, rest) = Double2::of_product(self.0, by);
        Double2::of_sum(product, rest + self.1 * by)
    }
}

impl Absorber {
    /// Replaces one column (n) by its residual from the effects, as [`Absorber::demean_column`] but in extended
    /// precision: some fifty times slower.
    pub fn demean_extended(&self, v: &mut [f64]) -> Result<Absorbed> {
        if v.len() != self.nobs() {
            return Err(Error::length("the column to demean", v.len(), self.nobs()));
        }
        let w = self.w.as_deref();
        let before = centered_squares(v, w);
        let size = certified_size(before, squares(v, w));
        let mut a = vec![Double2::default(); self.effects.iter().map(|e| e.mass.len()).sum()];
        let mut out = Absorbed { before, after: 0.0, orthogonality: f64::INFINITY, iterations: 0, rounds: 0 };
        let mut b = self.sums_extended(v, &a);
        loop {
            out.orthogonality = self.cosine(&b, size);
            let (correction, steps) = self.solve_all(b, before.sqrt());
            let next: Vec<Double2> = a.iter().zip(&correction).map(|(a, c)| a.plus(Double2(*c, 0.0))).collect();
            b = self.sums_extended(v, &next);
            let better = self.cosine(&b, size) < 0.5 * out.orthogonality;
            if out.rounds == ROUNDS || !better {
                break;
            }
            a = next;
            out.iterations += steps;
            out.rounds += 1;
        }
        for i in 0..v.len() {
            v[i] = self.residual_extended(v[i], &a, i).0;
        }
        // The certificate is that of the rounded result.
        let none = vec![Double2::default(); a.len()];
        out.orthogonality = self.cosine(&self.sums_extended(v, &none), size);
        out.after = squares(v, w);
        match out.orthogonality <= ORTHOGONALITY_TOLERANCE {
            true => Ok(out),
            false => Err(Error::new(Kind::NotConverged {
                what: "absorbing the fixed effects in extended precision".into(),
                iterations: out.iterations.max(out.rounds),
                reached: out.orthogonality,
                wanted: ORTHOGONALITY_TOLERANCE,
            })),
        }
    }

    /// Calls `each` with the unknowns that an observation has and its entries of D.
    fn entries(&self, i: usize, mut each: impl FnMut(usize, f64)) {
        let mut from = 0;
        for effect in &self.effects {
            let base = from + effect.codes.at(i) * effect.width();
            (0..effect.width()).for_each(|k| each(base + k, effect.value(k, i)));
            from += effect.mass.len();
        }
    }

    /// v - D a at observation i.
    fn residual_extended(&self, v: f64, a: &[Double2], i: usize) -> Double2 {
        let mut r = Double2(v, 0.0);
        self.entries(i, |j, z| r = r.plus(a[j].times(-z)));
        r
    }

    /// D'W(v - D a), all effects.
    fn sums_extended(&self, v: &[f64], a: &[Double2]) -> Vec<f64> {
        let weight = weight_of(self.w.as_deref());
        let mut b = vec![Double2::default(); a.len()];
        for i in 0..v.len() {
            let t = self.residual_extended(v[i], a, i).times(weight(i));
            self.entries(i, |j, z| b[j] = b[j].plus(t.times(z)));
        }
        b.into_iter().map(|b| b.0).collect()
    }

    fn cosine(&self, b: &[f64], scale: f64) -> f64 {
        let mass = self.effects.iter().flat_map(|e| &e.mass);
        let size = |(b, m): (&f64, &f64)| if *m > 0.0 { b.abs() / (m.sqrt() * scale) } else { 0.0 };
        if scale == 0.0 { 0.0 } else { b.iter().zip(mass).map(size).fold(0.0, super::sweep::larger) }
    }

    /// A solution of D'WD a = b in doubles, and the steps it took.
    fn solve_all(&self, mut b: Vec<f64>, scale: f64) -> (Vec<f64>, usize) {
        let weight = weight_of(self.w.as_deref());
        let first = &self.effects[0];
        let own = first.mass.len();
        let divided = |b: &[f64]| -> Vec<f64> {
            b.iter().zip(&first.mass).map(|(b, &m)| if m > 0.0 { b / m } else { 0.0 }).collect()
        };
        let means = divided(&b[..own]);
        for i in 0..self.nobs() {
            let mut fitted = 0.0;
            self.entries(i, |j, z| fitted += if j < own { means[j] * z } else { 0.0 });
            let t = weight(i) * fitted;
            self.entries(i, |j, z| b[j] -= if j < own { 0.0 } else { t * z });
        }
        let mut rest: Vec<[f64; 1]> = b[own..].iter().map(|&b| [b]).collect();
        let [steps] = self.schur.solve(&mut rest, [scale]);
        for i in 0..self.nobs() {
            let mut fitted = 0.0;
            self.entries(i, |j, z| fitted += if j < own { 0.0 } else { rest[j - own][0] * z });
            let t = weight(i) * fitted;
            self.entries(i, |j, z| b[j] -= if j < own { t * z } else { 0.0 });
        }
        let mut a = divided(&b[..own]);
        a.extend(rest.into_iter().map(|[a]| a));
        (a, steps)
    }
}
