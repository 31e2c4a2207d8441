//! The product space of Hidalgo, Klinger, Barabási and Hausmann (2007), Science 317: products are near when the
//! same units have the advantage in both.
//!
//! ```text
//! proximity   φ_pq = Σ_c M_cp M_cq / max(k_p, k_q)
//! density     d_cp = Σ_q M_cq φ_pq / Σ_q φ_pq
//! COI         Σ_p d_cp (1 - M_cp) PCI_p                                 outlook of unit c
//! COG         (1 - M_cp) Σ_q (1 - M_cq) (φ_pq / Σ_r φ_qr) PCI_q         gain in outlook from product p
//! ```

use super::rca::Advantage;
use crate::math::Mat;

/// Side of a tile of products × products.
const TILE: usize = 32;

/// Proximity, products × products; `diagonal` is the proximity of a product to itself.
pub fn proximity(a: &Advantage, diagonal: f64) -> Mat<f64> {
    let words = a.units.len().div_ceil(64);
    // Co-occurrences as bits: 64 units at a time, and exact.
    let bits: Vec<Vec<u64>> = (a.of_product.iter())
        .map(|units| {
            let mut row = vec![0u64; words];
            units.iter().for_each(|&c| row[c / 64] |= 1 << (c % 64));
            row
        })
        .collect();
    let k = a.products.len();
    let mut phi = Mat::<f64>::zeros(k, k);
    // In the machine's own instructions, of which counting bits is one.
    pulp::Arch::new().dispatch(|| {
        for q in 0..k {
            let (column, units) = (&mut phi.col_as_slice_mut(q)[q + 1..], a.of_product[q].len());
            for (value, p) in column.iter_mut().zip(q + 1..) {
                let both: u32 = bits[p].iter().zip(&bits[q]).map(|(x, y)| (x & y).count_ones()).sum();
                *value = f64::from(both) / a.of_product[p].len().max(units) as f64;
            }
        }
    });
    // The other half in tiles that the cache holds both ways.
    for (q0, p0) in (0..k).step_by(TILE).flat_map(|q| (q..k).step_by(TILE).map(move |p| (q, p))) {
        for q in q0..k.min(q0 + TILE) {
            for p in p0.max(q + 1)..k.min(p0 + TILE) {
                phi[(q, p)] = phi[(p, q)];
            }
        }
    }
    (0..k).for_each(|p| phi[(p, p)] = diagonal);
    phi
}

/// Density, units × products, and Σ_q φ_pq of each product; NaN for a product near no other under a zero diagonal.
pub fn density(a: &Advantage, diagonal: f64) -> (Mat<f64>, Vec<f64>) {
    let units = a.units.len();
    // A last row that has every product.
    let mut M = Mat::<f64>::from_fn(units + 1, a.products.len(), |c, _| if c == units { 1.0 } else { 0.0 });
    for (c, held) in a.of_unit.iter().enumerate() {
        held.iter().for_each(|&p| M[(c, p)] = 1.0);
    }
    let mut d = near(a, &M, diagonal);
    let strength = (0..d.ncols()).map(|p| d[(units, p)]).collect::<Vec<_>>();
    for (p, strength) in strength.iter().enumerate() {
        d.col_as_slice_mut(p).iter_mut().for_each(|v| *v /= strength);
    }
    (d, strength)
}

/// V Φ: of rows over products, what of each is near to every product.
fn near(a: &Advantage, V: &Mat<f64>, diagonal: f64) -> Mat<f64> {
    let links: usize = a.of_product.iter().map(Vec::len).sum();
    // A product of matrices does some ten times as many steps in the same time.
    match 4 * links * 10 < a.products.len().pow(2) {
        true => through_units(a, V, diagonal),
        false => V * proximity(a, diagonal),
    }
}

/// V Φ without Φ, which has products² numbers.
///
/// With the products in order of their k, the smaller of two k is that of the earlier, and Σ_c M_cq M_cp makes the
/// sum over products one over the units of p:
///
/// ```text
/// (V Φ)_p = V_p φ_pp + Σ_{c: M_cp = 1} ( Σ_{q < p} M_cq V_q / k_p + Σ_{q > p} M_cq V_q / k_q )
/// ```
///
/// The inner sums are kept for each unit and grow with p: 4 × links × rows steps in place of products² × rows.
fn through_units(a: &Advantage, V: &Mat<f64>, diagonal: f64) -> Mat<f64> {
    let mut order: Vec<usize> = (0..a.products.len()).collect();
    order.sort_by_key(|&p| a.of_product[p].len());
    let mut of_unit = Mat::<f64>::zeros(V.nrows(), a.units.len());
    let mut out = Mat::<f64>::zeros(V.nrows(), a.products.len());
    let add = |to: &mut [f64], from: &[f64], times: f64| to.iter_mut().zip(from).for_each(|(t, f)| *t += times * f);
    pulp::Arch::new().dispatch(|| {
        for &p in &order {
            let (units, sum) = (&a.of_product[p], out.col_as_slice_mut(p));
            units.iter().for_each(|&c| add(sum, of_unit.col_as_slice(c), 1.0));
            sum.iter_mut().for_each(|v| *v /= units.len() as f64);
            add(sum, V.col_as_slice(p), diagonal);
            units.iter().for_each(|&c| add(of_unit.col_as_slice_mut(c), V.col_as_slice(p), 1.0));
        }
        of_unit.fill(0.0);
        for &p in order.iter().rev() {
            let (units, sum) = (&a.of_product[p], out.col_as_slice_mut(p));
            units.iter().for_each(|&c| add(sum, of_unit.col_as_slice(c), 1.0));
            let share = 1.0 / units.len() as f64;
            units.iter().for_each(|&c| add(of_unit.col_as_slice_mut(c), V.col_as_slice(p), share));
        }
    });
    out
}

/// COI of each unit before it is standardized; products without a density count nothing.
pub fn outlook(a: &Advantage, density: &Mat<f64>, pci: &[f64]) -> Vec<f64> {
    let of = |c: usize| {
        let held = held(a, c);
        (0..pci.len()).filter(|&p| !held[p] && !density[(c, p)].is_nan()).map(|p| density[(c, p)] * pci[p]).sum()
    };
    (0..a.units.len()).map(of).collect()
}

/// COG, units × products; zero for products that the unit has already.
pub fn gain(a: &Advantage, diagonal: f64, strength: &[f64], pci: &[f64]) -> Mat<f64> {
    let worth: Vec<f64> = pci.iter().zip(strength).map(|(pci, s)| if *s > 0.0 { pci / s } else { 0.0 }).collect();
    let mut open = Mat::from_fn(a.units.len(), pci.len(), |_, q| worth[q]);
    for (c, held) in a.of_unit.iter().enumerate() {
        held.iter().for_each(|&q| open[(c, q)] = 0.0);
    }
    let mut g = near(a, &open, diagonal);
    for (c, held) in a.of_unit.iter().enumerate() {
        held.iter().for_each(|&p| g[(c, p)] = 0.0);
    }
    g
}

fn held(a: &Advantage, c: usize) -> Vec<bool> {
    let mut held = vec![false; a.products.len()];
    a.of_unit[c].iter().for_each(|&p| held[p] = true);
    held
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::rca::{Export, Rule};

    /// The two ways to V Φ agree, for rows of any sign, both diagonals, ties in k and products that stand alone.
    #[test]
    fn through_the_units_is_the_product_of_matrices() {
        let mut stream = crate::math::rng::Stream::new(5, 0);
        for (units, products) in [(3, 12), (12, 60), (40, 7)] {
            let cells: Vec<Export> = (0..units as u32)
                .flat_map(|unit| (0..products as u32).map(move |product| (unit, product)))
                .map(|(unit, product)| Export { unit, product, value: stream.uniform().powi(4) + 1e-3 })
                .collect();
            let a = Advantage::new(&cells, Rule::default()).unwrap();
            let V = Mat::from_fn(5, a.products.len(), |_, _| stream.uniform() - 0.4);
            for diagonal in [0.0, 1.0] {
                let (dense, through) = (&V * proximity(&a, diagonal), through_units(&a, &V, diagonal));
                for p in 0..a.products.len() {
                    for (x, y) in dense.col_as_slice(p).iter().zip(through.col_as_slice(p)) {
                        assert!((x - y).abs() < 1e-13, "{units} × {products}, {diagonal}: {x} and {y}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_product_near_no_other_has_no_density_without_itself() {
        let cells = [(0, 0), (1, 1), (1, 2), (2, 2)].map(|(unit, product)| Export { unit, product, value: 1.0 });
        let a = Advantage::new(&cells, Rule::default()).unwrap();
        let V = Mat::from_fn(1, 3, |_, _| 1.0);
        assert_eq!(through_units(&a, &V, 0.0)[(0, 0)], 0.0);
        // The other two are near to each other, and the first to none: exactly.
        assert_eq!(through_units(&a, &V, 0.0).row(0).iter().copied().collect::<Vec<_>>(), [0.0, 0.5, 0.5]);
        assert!(density(&a, 0.0).0[(0, 0)].is_nan());
        assert_eq!(density(&a, 1.0).0[(0, 0)], 1.0);
    }
}
