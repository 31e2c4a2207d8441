//! Leverages of the effects: the diagonal of the weighted projection on D.

use super::Absorber;
use super::cells::{Cells, Groups};
use super::effect::reciprocal;
use super::schur::{Budget, Schur};
use crate::math::Mat;
use rayon::prelude::*;

impl Absorber {
    /// Leverage of each observation in the effects alone, exact.
    ///
    /// `None` when more than a few seconds of factorizing would be needed.
    pub fn leverages(&self) -> Option<Vec<f64>> {
        let groups = Groups::new(&self.effects[0]);
        let w = self.w.as_deref();
        let patient;
        let dense = match self.schur.dense() {
            Some(dense) => dense,
            None if Budget::patient().all_dense(&self.effects, &groups) => {
                patient = Schur::new(&self.effects, &groups, w, Budget::patient());
                patient.dense()?
            }
            None => return None,
        };
        let (first, rest) = (&self.effects[0], &self.effects[1..]);
        // A generalized inverse C of S: then h = d₀'N₀⁻¹d₀ + r'C r, r being the row of D_R off its group's means.
        let C = dense.inverse();
        let cells = Cells::new(first, rest, &groups, w);
        let width = first.width();
        let mut h = vec![0.0; self.nobs()];
        let of_group = |g: usize| -> Vec<(usize, f64)> {
            // (C m, m'C m) for each row m of N₀⁻¹B would do for constants; slopes weigh the rows by observation.
            let rows: Vec<Vec<(usize, f64)>> = (0..width)
                .map(|r| {
                    let inverse = reciprocal(first.mass[g * width + r]);
                    cells.of(g).map(|e| (cells.column[e] as usize, cells.at(e, r) * inverse)).collect()
                })
                .collect();
            let images: Vec<Vec<f64>> = rows.iter().map(|row| image(&C, row)).collect();
            let gram = |r: usize, s: usize| rows[r].iter().map(|&(j, m)| m * images[s][j]).sum::<f64>();
            let grams: Vec<f64> = (0..width * width).map(|rs| gram(rs / width, rs % width)).collect();
            groups
                .rows(g)
                .map(|i| {
                    let d0: Vec<f64> = (0..width).map(|r| first.value(r, i)).collect();
                    let own: Vec<(usize, f64)> = (rest.iter().zip(&self.offsets))
                        .flat_map(|(e, offset)| {
                            let base = offset + e.codes.at(i) * e.width();
                            (0..e.width()).map(move |k| (base + k, e.value(k, i)))
                        })
                        .collect();
                    let mut sum = 0.0;
                    for r in 0..width {
                        sum += d0[r] * d0[r] * reciprocal(first.mass[g * width + r]);
                        sum -= 2.0 * d0[r] * own.iter().map(|&(j, z)| z * images[r][j]).sum::<f64>();
                        sum += (0..width).map(|s| d0[r] * d0[s] * grams[r * width + s]).sum::<f64>();
                    }
                    for &(j, z) in &own {
                        sum += z * own.iter().map(|&(k, y)| y * C[(j, k)]).sum::<f64>();
                    }
                    (i, sum * w.map_or(1.0, |w| w[i]))
                })
                .collect()
        };
        let all: Vec<Vec<(usize, f64)>> = (0..groups.len()).into_par_iter().map(of_group).collect();
        all.into_iter().flatten().for_each(|(i, sum)| h[i] = sum);
        Some(h)
    }
}

/// C m for a sparse m.
fn image(C: &Mat<f64>, m: &[(usize, f64)]) -> Vec<f64> {
    let mut out = vec![0.0; C.nrows()];
    for &(j, m) in m {
        out.iter_mut().zip(C.col_as_slice(j)).for_each(|(o, c)| *o += m * c);
    }
    out
}
