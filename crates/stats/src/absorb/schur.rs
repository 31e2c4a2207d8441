//! The system that is left for the other effects once the largest is eliminated.

use super::Effect;
use crate::math::Mat;
use crate::math::semidefinite::Semidefinite;
use rayon::prelude::*;

/// Largest Schur complement that is factorized: p³/3 operations and 8 p² bytes, a second and 50 MB.
const DIRECT_LEVELS: usize = 2_500;

/// Most multiplications spent on forming the Schur complement.
const DIRECT_WORK: f64 = 2e9;

/// A pivot is null below this fraction of the level's weight. Rounding leaves about p ε ≈ 1e-13; a chain of
/// p levels has pivots as small as 1/p ≈ 4e-4, and unequal weights take the rest of the room between.
const NULL_PIVOT: f64 = 1e-11;

/// Conjugate gradients stop at this relative residual; refinement goes on from there.
const CG_TOLERANCE: f64 = 1e-13;

/// Residuals below this fraction of the column's norm are its rounding.
const CG_FLOOR: f64 = 1e-15;

/// Steps of conjugate gradients at most, and without progress: on long chains of effects the residual rises for
/// hundreds of steps before it falls.
const CG_STEPS: usize = 20_000;
const CG_PATIENCE: usize = 3_000;

#[derive(Debug, Clone)]
pub(super) enum Schur {
    /// One effect: nothing is left.
    Nothing,
    /// Factorized.
    Direct(Semidefinite),
    /// Too large: its diagonal, for conjugate gradients, and the rank where a graph search gives it.
    Iterative { diagonal: Vec<f64>, rank: Option<usize> },
}

impl Schur {
    /// Chooses and prepares the solver for `effects[1..]`, `effects[0]` being eliminated.
    pub(super) fn new(effects: &[Effect], w: Option<&[f64]>) -> Self {
        let levels: usize = effects[1..].iter().map(|e| e.mass.len()).sum();
        if levels == 0 {
            return Schur::Nothing;
        }
        let groups = Groups::new(&effects[0]);
        if levels <= DIRECT_LEVELS && groups.work(effects.len() - 1, levels) <= DIRECT_WORK {
            let scale: Vec<f64> = effects[1..].iter().flat_map(|e| e.mass.iter().copied()).collect();
            return Schur::Direct(Semidefinite::new(form(effects, w, &groups, levels), &scale, NULL_PIVOT));
        }
        let mut diagonal: Vec<f64> = effects[1..].iter().flat_map(|e| e.mass.iter().copied()).collect();
        let mass = diagonal.clone();
        groups.rows(effects, w, levels, |n, row| {
            for &(j, b) in row {
                diagonal[j] -= b * b / n;
            }
        });
        // A level inside one group of the eliminated effect has a null diagonal: its weight will do.
        diagonal.iter_mut().zip(&mass).for_each(|(d, m)| *d = if *d > NULL_PIVOT * m { *d } else { *m });
        let rank = (effects.len() == 2).then(|| levels - components(&effects[0], &effects[1]));
        Schur::Iterative { diagonal, rank }
    }

    pub(super) fn rank(&self) -> Option<usize> {
        match self {
            Schur::Nothing => Some(0),
            Schur::Direct(factorized) => Some(factorized.rank()),
            Schur::Iterative { rank, .. } => *rank,
        }
    }

    /// Diagonal of the projection on the effects, without the weight of the observation: 1/n_g + r'S⁻r with r the
    /// row of D_R off its group's mean. `None` when S is not factorized.
    pub(super) fn leverages(&self, effects: &[Effect], w: Option<&[f64]>) -> Option<Vec<f64>> {
        let first = &effects[0];
        let alone = |i: usize| 1.0 / first.mass[first.codes[i] as usize];
        let factorized = match self {
            Schur::Nothing => return Some((0..first.codes.len()).map(alone).collect()),
            Schur::Direct(factorized) => factorized,
            Schur::Iterative { .. } => return None,
        };
        let levels = effects[1..].iter().map(|e| e.mass.len()).sum();
        let mut means: Vec<Vec<(usize, f64)>> = Vec::with_capacity(first.mass.len());
        Groups::new(first)
            .rows(effects, w, levels, |n, row| means.push(row.iter().map(|&(j, b)| (j, b / n)).collect()));
        let leverage = |i: usize| {
            let mut r = vec![0.0; levels];
            means[first.codes[i] as usize].iter().for_each(|&(j, m)| r[j] -= m);
            let mut from = 0;
            for effect in &effects[1..] {
                r[from + effect.codes[i] as usize] += 1.0;
                from += effect.mass.len();
            }
            alone(i) + factorized.quadratic(&mut r)
        };
        Some((0..first.codes.len()).into_par_iter().map(leverage).collect())
    }

    /// Given v off the means of the eliminated effect, projects it off all effects; `size` is its norm at first.
    pub(super) fn project(&self, effects: &[Effect], v: &mut [f64], w: Option<&[f64]>, size: f64) {
        let a = match self {
            Schur::Nothing => return,
            Schur::Direct(factorized) => {
                let mut b = sums(effects, v, w);
                factorized.solve(&mut b);
                b
            }
            Schur::Iterative { diagonal, .. } => conjugate_gradients(effects, &sums(effects, v, w), diagonal, w, size),
        };
        subtract(effects, &a, v);
        effects[0].center(v, w);
    }
}

/// D_R'Wv, p.
fn sums(effects: &[Effect], v: &[f64], w: Option<&[f64]>) -> Vec<f64> {
    let mut out = vec![0.0; effects[1..].iter().map(|e| e.mass.len()).sum()];
    let mut rest = out.as_mut_slice();
    for effect in &effects[1..] {
        let (own, after) = rest.split_at_mut(effect.mass.len());
        effect.sums(v, w, own);
        rest = after;
    }
    out
}

/// v - D_R a.
fn subtract(effects: &[Effect], a: &[f64], v: &mut [f64]) {
    let mut from = 0;
    for effect in &effects[1..] {
        effect.subtract(&a[from..from + effect.mass.len()], v);
        from += effect.mass.len();
    }
}

/// S a without S: D_R'W M₀ D_R a.
fn apply(effects: &[Effect], a: &[f64], w: Option<&[f64]>, work: &mut [f64]) -> Vec<f64> {
    work.fill(0.0);
    subtract(effects, a, work); // -D_R a
    effects[0].center(work, w);
    sums(effects, work, w).into_iter().map(|x| -x).collect()
}

/// Solves S a = b (singular, consistent up to rounding) with the diagonal of S as preconditioner.
///
/// Returns the best iterate; whether it is good enough is for the certificate of the column to say. `size` is
/// the norm of the column: residuals below its rounding lie in the null space and cannot be reduced.
fn conjugate_gradients(effects: &[Effect], b: &[f64], diagonal: &[f64], w: Option<&[f64]>, size: f64) -> Vec<f64> {
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>();
    let precondition = |r: &[f64]| -> Vec<f64> { r.iter().zip(diagonal).map(|(r, d)| r / d).collect() };
    let mut work = vec![0.0; effects[0].codes.len()];
    let mut a = vec![0.0; b.len()];
    let mut r = b.to_vec();
    let mut p = precondition(&r);
    let mut rz = dot(&r, &p);
    let target = (CG_TOLERANCE * rz.sqrt()).max(CG_FLOOR * size);
    let (mut best, mut least, mut since) = (a.clone(), rz, 0);
    for _ in 0..CG_STEPS {
        if rz.sqrt() <= target || since > CG_PATIENCE {
            break;
        }
        let Sp = apply(effects, &p, w, &mut work);
        let curvature = dot(&p, &Sp);
        if curvature <= 0.0 {
            break; // only the null space is left
        }
        let step = rz / curvature;
        a.iter_mut().zip(&p).for_each(|(a, p)| *a += step * p);
        r.iter_mut().zip(&Sp).for_each(|(r, s)| *r -= step * s);
        let z = precondition(&r);
        let next = dot(&r, &z);
        let beta = next / rz;
        rz = next;
        p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + beta * *p);
        since += 1;
        if rz < least {
            best.copy_from_slice(&a);
            (least, since) = (rz, 0);
        }
    }
    best
}

/// The observations of each level of the eliminated effect.
struct Groups {
    order: Vec<u32>,
    start: Vec<usize>,
}

impl Groups {
    fn new(effect: &Effect) -> Self {
        let mut start = vec![0usize; effect.mass.len() + 1];
        for &c in &effect.codes {
            start[c as usize + 1] += 1;
        }
        for g in 0..effect.mass.len() {
            start[g + 1] += start[g];
        }
        let mut next = start.clone();
        let mut order = vec![0u32; effect.codes.len()];
        for (i, &c) in effect.codes.iter().enumerate() {
            order[next[c as usize]] = i as u32;
            next[c as usize] += 1;
        }
        Groups { order, start }
    }

    /// Multiplications that [`form`] needs at most.
    fn work(&self, others: usize, levels: usize) -> f64 {
        self.start.windows(2).map(|s| (((s[1] - s[0]) * others).min(levels) as f64).powi(2) / 2.0).sum()
    }

    /// Calls `each` with the weight of every group and its row of D₀'W D_R: (level, weight), levels ascending.
    fn rows(&self, effects: &[Effect], w: Option<&[f64]>, levels: usize, mut each: impl FnMut(f64, &[(usize, f64)])) {
        let mut row = vec![0.0; levels];
        let mut seen = vec![false; levels];
        let mut touched: Vec<usize> = Vec::new();
        let mut sparse: Vec<(usize, f64)> = Vec::new();
        for (g, bounds) in self.start.windows(2).enumerate() {
            touched.clear();
            for &i in &self.order[bounds[0]..bounds[1]] {
                let weight = w.map_or(1.0, |w| w[i as usize]);
                let mut from = 0;
                for effect in &effects[1..] {
                    let j = from + effect.codes[i as usize] as usize;
                    if !seen[j] {
                        seen[j] = true;
                        touched.push(j);
                    }
                    row[j] += weight;
                    from += effect.mass.len();
                }
            }
            touched.sort_unstable();
            sparse.clear();
            for &j in &touched {
                sparse.push((j, row[j]));
                row[j] = 0.0;
                seen[j] = false;
            }
            each(effects[0].mass[g], &sparse);
        }
    }
}

/// The lower triangle of S, p × p.
fn form(effects: &[Effect], w: Option<&[f64]>, groups: &Groups, levels: usize) -> Mat<f64> {
    let mut S = Mat::<f64>::zeros(levels, levels);
    for i in 0..effects[0].codes.len() {
        let weight = w.map_or(1.0, |w| w[i]);
        let mut row = 0;
        for (e, effect) in effects[1..].iter().enumerate() {
            let r = row + effect.codes[i] as usize;
            let mut column = 0;
            for other in &effects[1..=e + 1] {
                S[(r, column + other.codes[i] as usize)] += weight;
                column += other.mass.len();
            }
            row += effect.mass.len();
        }
    }
    groups.rows(effects, w, levels, |n, row| {
        for (at, &(j, b)) in row.iter().enumerate() {
            let times = b / n;
            let column = S.col_as_slice_mut(j);
            for &(i, c) in &row[at..] {
                column[i] -= times * c;
            }
        }
    });
    S
}

/// Connected components of the graph that joins the levels of two effects where an observation has both.
pub(crate) fn connected(a: &[u32], a_levels: usize, b: &[u32], b_levels: usize) -> usize {
    let mut parent: Vec<usize> = (0..a_levels + b_levels).collect();
    fn root(parent: &mut [usize], mut x: usize) -> usize {
        while parent[x] != x {
            parent[x] = parent[parent[x]];
            x = parent[x];
        }
        x
    }
    let mut count = a_levels + b_levels;
    for (&x, &y) in a.iter().zip(b) {
        let (x, y) = (root(&mut parent, x as usize), root(&mut parent, a_levels + y as usize));
        if x != y {
            parent[x.max(y)] = x.min(y);
            count -= 1;
        }
    }
    count
}

fn components(a: &Effect, b: &Effect) -> usize {
    connected(&a.codes, a.mass.len(), &b.codes, b.mass.len())
}
