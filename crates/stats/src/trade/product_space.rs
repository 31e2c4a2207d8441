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
    for p in 0..k {
        phi[(p, p)] = diagonal;
        for q in 0..p {
            let both: u32 = bits[p].iter().zip(&bits[q]).map(|(x, y)| (x & y).count_ones()).sum();
            let value = f64::from(both) / a.of_product[p].len().max(a.of_product[q].len()) as f64;
            phi[(p, q)] = value;
            phi[(q, p)] = value;
        }
    }
    phi
}

/// Σ_q φ_pq of each product.
pub fn strength(phi: &Mat<f64>) -> Vec<f64> {
    (0..phi.ncols()).map(|p| phi.col_as_slice(p).iter().sum()).collect()
}

/// Density, units × products; NaN for a product near no other under a zero diagonal.
pub fn density(a: &Advantage, phi: &Mat<f64>, strength: &[f64]) -> Mat<f64> {
    let mut d = Mat::<f64>::zeros(a.units.len(), a.products.len());
    for p in 0..a.products.len() {
        let near = phi.col_as_slice(p);
        for c in 0..a.units.len() {
            d[(c, p)] = a.of_unit[c].iter().map(|&q| near[q]).sum::<f64>() / strength[p];
        }
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
    let mut g = Mat::<f64>::zeros(a.units.len(), a.products.len());
    for c in 0..a.units.len() {
        let held = held(a, c);
        let open: Vec<(usize, f64)> =
            (0..pci.len()).filter(|&q| !held[q] && strength[q] > 0.0).map(|q| (q, pci[q] / strength[q])).collect();
        for p in (0..pci.len()).filter(|&p| !held[p]) {
            let near = phi.col_as_slice(p);
            g[(c, p)] = open.iter().map(|&(q, worth)| near[q] * worth).sum();
        }
    }
    g
}

fn held(a: &Advantage, c: usize) -> Vec<bool> {
    let mut held = vec![false; a.products.len()];
    a.of_unit[c].iter().for_each(|&p| held[p] = true);
    held
}
