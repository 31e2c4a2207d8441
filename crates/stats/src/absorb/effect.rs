//! One effect as the solver sees it: a block of columns of D.
//!
//! A constant by level has the dummies as its columns. An effect with slopes has several columns for each level;
//! they are made orthogonal to each other under the weights within the level (modified Gram-Schmidt, constant
//! first), so that D'WD is diagonal within every effect whatever the scale of the slopes, and a column that its
//! level's others span (a slope whose variable is constant there) becomes null and is not counted in the rank.

use crate::{Error, Factor, Result, Slope};
use std::ops::Range;
use std::sync::Arc;

/// A slope whose variable varies less than this within a level, as a fraction of its sum of squares there, is
/// spanned: rounding leaves (nε)².
const NULL_SLOPE: f64 = 1e-22;

/// Levels of the observations in as few bytes as they fit.
#[derive(Debug)]
pub(super) enum Codes {
    Byte(Vec<u8>),
    Short(Vec<u16>),
    Word(Vec<u32>),
}

impl Codes {
    fn new(codes: &[u32], levels: usize) -> Self {
        match levels {
            0..=0x100 => Codes::Byte(codes.iter().map(|&c| c as u8).collect()),
            0x101..=0x10000 => Codes::Short(codes.iter().map(|&c| c as u16).collect()),
            _ => Codes::Word(codes.to_vec()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Codes::Byte(c) => c.len(),
            Codes::Short(c) => c.len(),
            Codes::Word(c) => c.len(),
        }
    }

    pub(super) fn at(&self, i: usize) -> usize {
        match self {
            Codes::Byte(c) => c[i] as usize,
            Codes::Short(c) => c[i] as usize,
            Codes::Word(c) => c[i] as usize,
        }
    }

    /// The levels of `rows` into `out`.
    pub(super) fn read(&self, rows: Range<usize>, out: &mut Vec<u32>) {
        out.clear();
        match self {
            Codes::Byte(c) => out.extend(c[rows].iter().map(|&c| u32::from(c))),
            Codes::Short(c) => out.extend(c[rows].iter().map(|&c| u32::from(c))),
            Codes::Word(c) => out.extend_from_slice(&c[rows]),
        }
    }
}

/// The columns of one effect; unknown `level * width + k` is the coefficient of column k at a level.
#[derive(Debug, Clone)]
pub(super) struct Effect {
    pub codes: Arc<Codes>,
    pub levels: usize,
    /// What each of the `width` columns multiplies by, n; `None` is one.
    pub values: Vec<Option<Vec<f64>>>,
    /// Diagonal of D'WD, levels × width; zero for a null column.
    pub mass: Vec<f64>,
    /// What was taken out to make columns orthogonal: (of column, times this column, levels).
    taken: Vec<(usize, usize, Vec<f64>)>,
    /// Position in the list that the user gave, and there first constants then slopes.
    pub constant: Option<usize>,
    pub slopes: Vec<usize>,
}

impl Effect {
    /// Groups constants and slopes of the same factor; most columns first.
    pub(super) fn all(fe: &[Factor], slopes: &[Slope], w: Option<&[f64]>) -> Result<Vec<Self>> {
        let mut groups: Vec<(&Factor, Option<usize>, Vec<usize>)> =
            fe.iter().enumerate().map(|(e, f)| (f, Some(e), Vec::new())).collect();
        for (s, slope) in slopes.iter().enumerate() {
            let same = |f: &Factor| f.name == slope.factor.name && f.codes == slope.factor.codes;
            match groups.iter_mut().find(|(f, ..)| same(f)) {
                Some((.., own)) => own.push(s),
                None => groups.push((&slope.factor, None, vec![s])),
            }
        }
        let mut all: Vec<Effect> = (groups.into_iter())
            .map(|(factor, constant, own)| Effect::new(factor, constant, own, slopes, w))
            .collect::<Result<_>>()?;
        all.sort_by_key(|e| std::cmp::Reverse(e.mass.len())); // stable: ties keep formula order
        Ok(all)
    }

    fn new(
        factor: &Factor,
        constant: Option<usize>,
        own: Vec<usize>,
        slopes: &[Slope],
        w: Option<&[f64]>,
    ) -> Result<Self> {
        let levels = factor.levels as usize;
        let mass = match w {
            None => {
                let mut counts = vec![0u32; levels];
                factor.codes.iter().for_each(|&c| counts[c as usize] += 1);
                counts.into_iter().map(f64::from).collect()
            }
            Some(w) => sums(&factor.codes, levels, |i| w[i]),
        };
        if let Some(level) = mass.iter().position(|&m| m.is_nan() || m <= 0.0) {
            return Err(Error::invalid(
                format!("level {level} of `{}` has no weight", factor.name),
                "give positive weights and recode the factor to the sample",
            ));
        }
        let codes = Arc::new(Codes::new(&factor.codes, levels));
        let mut effect = Effect { codes, levels, values: Vec::new(), mass, taken: Vec::new(), constant, slopes: own };
        if effect.slopes.is_empty() {
            effect.values.push(None);
        } else {
            effect.orthogonalize(&factor.codes, slopes, w);
        }
        Ok(effect)
    }

    /// Makes the columns of every level orthogonal; `self.mass` is that of the constant.
    fn orthogonalize(&mut self, codes: &[u32], slopes: &[Slope], w: Option<&[f64]>) {
        let weight = weight_of(w);
        let mut columns: Vec<Option<Vec<f64>>> = Vec::new();
        let mut masses: Vec<Vec<f64>> = Vec::new();
        if self.constant.is_some() {
            columns.push(None);
            masses.push(self.mass.clone());
        }
        for &s in &self.slopes {
            let k = columns.len();
            let mut z = slopes[s].x.clone();
            let squares = |z: &[f64]| sums(codes, self.levels, |i| weight(i) * z[i] * z[i]);
            let before = squares(&z);
            // Twice: the second pass takes out what cancellation left in the first.
            for pass in 0..2 {
                for (j, column) in columns.iter().enumerate() {
                    let other = |i: usize| column.as_ref().map_or(1.0, |q| q[i]);
                    let mut times = sums(codes, self.levels, |i| weight(i) * other(i) * z[i]);
                    times.iter_mut().zip(&masses[j]).for_each(|(t, &m)| *t *= reciprocal(m));
                    codes.iter().enumerate().for_each(|(i, &c)| z[i] -= times[c as usize] * other(i));
                    match pass {
                        0 => self.taken.push((k, j, times)),
                        _ => {
                            let first = self.taken.iter_mut().find(|(a, b, _)| (*a, *b) == (k, j));
                            first.into_iter().for_each(|(.., t)| t.iter_mut().zip(&times).for_each(|(t, d)| *t += d));
                        }
                    }
                }
            }
            let mut mass = squares(&z);
            mass.iter_mut().zip(&before).for_each(|(m, b)| *m = if *m > NULL_SLOPE * b { *m } else { 0.0 });
            codes.iter().zip(&mut z).filter(|(c, _)| mass[**c as usize] == 0.0).for_each(|(_, z)| *z = 0.0);
            columns.push(Some(z));
            masses.push(mass);
        }
        self.mass = (0..self.levels).flat_map(|l| masses.iter().map(move |m| m[l])).collect();
        self.values = columns;
    }

    /// Columns for each level.
    pub(super) fn width(&self) -> usize {
        self.values.len()
    }

    /// Columns of D that are not null.
    pub(super) fn rank(&self) -> usize {
        self.mass.iter().filter(|&&m| m > 0.0).count()
    }

    /// Whether every entry of the columns is one.
    pub(super) fn plain(&self) -> bool {
        self.slopes.is_empty()
    }

    /// Entry of observation i in column k of its level.
    pub(super) fn value(&self, k: usize, i: usize) -> f64 {
        self.values[k].as_ref().map_or(1.0, |z| z[i])
    }

    /// `tile` -= D a for the observations from `from` on, whose levels are `codes`.
    pub(super) fn subtract<const K: usize>(&self, from: usize, codes: &[u32], a: &[[f64; K]], tile: &mut [[f64; K]]) {
        let width = self.width();
        for (k, values) in self.values.iter().enumerate() {
            match values {
                None => tile.iter_mut().zip(codes).for_each(|(t, &c)| {
                    let a = &a[c as usize * width + k];
                    (0..K).for_each(|q| t[q] -= a[q]);
                }),
                Some(z) => tile.iter_mut().zip(codes).zip(&z[from..]).for_each(|((t, &c), z)| {
                    let a = &a[c as usize * width + k];
                    (0..K).for_each(|q| t[q] -= z * a[q]);
                }),
            }
        }
    }

    /// `out` += D'`tile`, likewise; the tile has its weights already.
    pub(super) fn add<const K: usize>(&self, from: usize, codes: &[u32], tile: &[[f64; K]], out: &mut [[f64; K]]) {
        let width = self.width();
        for (k, values) in self.values.iter().enumerate() {
            match values {
                None => tile.iter().zip(codes).for_each(|(t, &c)| {
                    let out = &mut out[c as usize * width + k];
                    (0..K).for_each(|q| out[q] += t[q]);
                }),
                Some(z) => tile.iter().zip(codes).zip(&z[from..]).for_each(|((t, &c), z)| {
                    let out = &mut out[c as usize * width + k];
                    (0..K).for_each(|q| out[q] += z * t[q]);
                }),
            }
        }
    }

    /// Turns coefficients of the orthogonal columns into those of the constant and the slopes as given.
    pub(super) fn as_given(&self, a: &mut [f64]) {
        let width = self.width();
        for (k, j, times) in self.taken.iter().rev() {
            for (l, t) in times.iter().enumerate() {
                a[l * width + j] -= t * a[l * width + k];
            }
        }
    }
}

/// Sums by level, with the rounding of each carried along: mass is subtracted from mass later.
fn sums(codes: &[u32], levels: usize, value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut sums = vec![(0.0f64, 0.0f64); levels];
    for (i, &c) in codes.iter().enumerate() {
        let (x, (sum, carry)) = (value(i), &mut sums[c as usize]);
        let new = *sum + x;
        *carry += if sum.abs() >= x.abs() { (*sum - new) + x } else { (x - new) + *sum };
        *sum = new;
    }
    sums.into_iter().map(|(sum, carry)| sum + carry).collect()
}

/// The weight of an observation.
pub(super) fn weight_of(w: Option<&[f64]>) -> impl Fn(usize) -> f64 {
    move |i| w.map_or(1.0, |w| w[i])
}

/// 1/m, zero for a null column.
pub(super) fn reciprocal(m: f64) -> f64 {
    if m > 0.0 { 1.0 / m } else { 0.0 }
}
