//! The scales of ECI and PCI.

use super::{Complexity, PciScale, Standardize};
use crate::trade::bipartite::averages;
use crate::trade::rca::Advantage;
use crate::{Error, Kind, Result};

/// ECI and PCI on their scales.
pub(super) struct Index {
    pub eci: Vec<f64>,
    pub pci: Vec<f64>,
    /// PCI with mean zero over the links, in the scale of `sd`: outlook and gain are taken from it.
    pub raw_pci: Vec<f64>,
    /// Standard deviation of the ECI before it was standardized.
    pub sd: f64,
}

impl Index {
    /// From vectors of which `units` is the mean of `products` over each unit's products.
    pub fn new(options: &Complexity, a: &Advantage, units: Vec<f64>, products: Vec<f64>) -> Result<Index> {
        let cells = a.units.len() * a.products.len();
        let (mean, sd) = moments(&units, options.standardize, cells);
        if sd.is_nan() || sd <= 1e-12 * units.iter().fold(0.0, |m: f64, v| m.max(v.abs())) {
            return Err(Error::new(Kind::Untrusted {
                message: "all units have the same complexity".into(),
                remedy: "there is nothing to rank; check the data and `rca_threshold`".into(),
            }));
        }
        let eci: Vec<f64> = units.iter().map(|v| (v - mean) / sd).collect();
        let pci = match options.pci_scale {
            PciScale::Eci => products.iter().map(|v| (v - mean) / sd).collect(),
            PciScale::Own => {
                let (mean, sd) = moments(&products, options.standardize, cells);
                products.iter().map(|v| (v - mean) / sd).collect()
            }
            PciScale::MeanEci => averages(&a.of_product, &eci),
        };
        Ok(Index { eci, pci, raw_pci: products, sd })
    }

    /// From a PCI of elsewhere, NaN where it is not known: ECI is its mean over the products of the advantage.
    ///
    /// It stays on the scale that it came with, so that it compares with the units it was made from. The second value
    /// is the share of each unit's products with a PCI.
    pub fn external(a: &Advantage, pci: Vec<f64>) -> (Index, Vec<f64>) {
        let (mut eci, mut covered) = (Vec::new(), Vec::new());
        for links in &a.of_unit {
            let known: Vec<f64> = links.iter().map(|&p| pci[p]).filter(|v| !v.is_nan()).collect();
            eci.push(known.iter().sum::<f64>() / known.len() as f64);
            covered.push(known.len() as f64 / links.len() as f64);
        }
        // Products without a PCI open no outlook.
        let raw_pci = pci.iter().map(|v| if v.is_nan() { 0.0 } else { *v }).collect();
        (Index { eci, pci, raw_pci, sd: 1.0 }, covered)
    }
}

/// Mean and standard deviation; `cells` is n of the convention of Stata.
pub(super) fn moments(x: &[f64], how: Standardize, cells: usize) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    let correction = match how {
        Standardize::Population => 1.0,
        Standardize::Sample => n / (n - 1.0),
        Standardize::Stata => cells as f64 / (cells as f64 - 1.0),
    };
    (mean, (variance * correction).sqrt())
}
