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

/// Σ_q φ_pq of each product.
pub fn strength(phi: &Mat<f64>) -> Vec<f64> {
    (0..phi.ncols()).map(|p| phi.col_as_slice(p).iter().sum()).collect()
}

/// Density, units × products; NaN for a product near no other under a zero diagonal.
pub fn density(a: &Advantage, phi: &Mat<f64>, strength: &[f64]) -> Mat<f64> {
    let mut M = Mat::<f64>::zeros(a.units.len(), a.products.len());
    for (c, held) in a.of_unit.iter().enumerate() {
        held.iter().for_each(|&p| M[(c, p)] = 1.0);
    }
    // Dense: a product of matrices is faster than adding up the links unless fewer than one in twenty is there.
    let mut d = M * phi;
    for (p, strength) in strength.iter().enumerate() {
        d.col_as_slice_mut(p).iter_mut().for_each(|v| *v /= strength);
    }
    d
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
pub fn gain(a: &Advantage, phi: &Mat<f64>, strength: &[f64], pci: &[f64]) -> Mat<f64> {
    let worth: Vec<f64> = pci.iter().zip(strength).map(|(pci, s)| if *s > 0.0 { pci / s } else { 0.0 }).collect();
    let mut open = Mat::from_fn(a.units.len(), pci.len(), |_, q| worth[q]);
    for (c, held) in a.of_unit.iter().enumerate() {
        held.iter().for_each(|&q| open[(c, q)] = 0.0);
    }
    let mut g = open * phi;
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
