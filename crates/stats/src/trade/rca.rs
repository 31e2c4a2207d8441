//! Revealed comparative advantage of Balassa (1965), "Trade liberalisation and 'revealed' comparative advantage",
//! Manchester School 33, and the bipartite graph of who has it in what.
//!
//! ```text
//! RCA_cp = (X_cp / X_c) / (X_p / X)        M_cp = 1 where RCA_cp >= 1
//! ```
//!
//! X_c are the exports of unit c, X_p those of product p and X all exports *of the data*. With cities of one nation
//! this is a location quotient within the nation, not an advantage on the world market.

use super::records::Cell;
use crate::index::normalize::{as_text, finite};
use crate::math::Mat;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// From which RCA on a unit counts as having the advantage: `>=1`, `>1`, or another number (read as `>=`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "NumberOrText", into = "String")]
pub struct RcaThreshold {
    /// The number.
    pub value: f64,
    /// Whether RCA must lie above the number rather than reach it.
    pub strict: bool,
}

impl Default for RcaThreshold {
    fn default() -> Self {
        RcaThreshold { value: 1.0, strict: false }
    }
}

impl RcaThreshold {
    /// Whether this RCA counts.
    pub fn passes(self, rca: f64) -> bool {
        if self.strict { rca > self.value } else { rca >= self.value }
    }
}

impl FromStr for RcaThreshold {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let t = s.trim();
        let (number, strict) = match (t.strip_prefix(">="), t.strip_prefix('>')) {
            (Some(number), _) => (number, false),
            (None, Some(number)) => (number, true),
            _ => (t, false),
        };
        match finite(number) {
            Some(value) if value > 0.0 || (value == 0.0 && strict) => Ok(RcaThreshold { value, strict }),
            _ => Err(format!("`{s}` is no threshold of RCA; wanted >=1, >1 or another positive number")),
        }
    }
}

impl fmt::Display for RcaThreshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.strict { ">" } else { ">=" }, self.value)
    }
}

as_text!(RcaThreshold);

/// A threshold may be written as a number.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum NumberOrText {
    Number(f64),
    Text(String),
}

impl TryFrom<NumberOrText> for RcaThreshold {
    type Error = String;
    fn try_from(option: NumberOrText) -> std::result::Result<Self, String> {
        match option {
            NumberOrText::Number(value) => value.to_string().parse(),
            NumberOrText::Text(text) => text.parse(),
        }
    }
}

/// RCA of the units × products that are linked, and the links: the matrix M without empty rows and columns.
#[derive(Debug, Clone)]
pub struct Advantage {
    /// Codes of the units, ascending.
    pub units: Vec<u32>,
    /// Codes of the products, ascending.
    pub products: Vec<u32>,
    /// Exports of each unit.
    pub exports: Vec<f64>,
    /// RCA, units × products.
    pub rca: Mat<f64>,
    /// Products (positions, ascending) in which each unit has the advantage: the rows of M.
    pub of_unit: Vec<Vec<usize>>,
    /// Units (positions, ascending) that have the advantage in each product: the columns of M.
    pub of_product: Vec<Vec<usize>>,
    /// Units left out: below `min_exports`, without exports, or without any advantage.
    pub dropped_units: usize,
    /// Products left out: exported by nobody, or in which nobody has the advantage.
    pub dropped_products: usize,
}

impl Advantage {
    /// From the cells of one year; units that export less than `min_exports` are left out first.
    pub fn new(cells: &[Cell], threshold: RcaThreshold, min_exports: f64) -> Result<Advantage> {
        let (mut of_unit, mut of_product): (BTreeMap<u32, f64>, BTreeMap<u32, f64>) = Default::default();
        for cell in cells {
            *of_unit.entry(cell.unit).or_default() += cell.value;
            of_product.entry(cell.product).or_default();
        }
        let (seen_units, seen_products) = (of_unit.len(), of_product.len());
        of_unit.retain(|_, &mut total| total > 0.0 && total >= min_exports);
        for cell in cells.iter().filter(|c| of_unit.contains_key(&c.unit)) {
            *of_product.entry(cell.product).or_default() += cell.value;
        }
        of_product.retain(|_, &mut total| total > 0.0);
        let total: f64 = of_unit.values().sum();
        let units: Vec<(u32, f64)> = of_unit.into_iter().collect();
        let products: Vec<(u32, f64)> = of_product.into_iter().collect();

        let mut rca = Mat::<f64>::zeros(units.len(), products.len());
        for cell in cells {
            let c = units.binary_search_by_key(&cell.unit, |u| u.0);
            let p = products.binary_search_by_key(&cell.product, |p| p.0);
            if let (Ok(c), Ok(p)) = (c, p) {
                rca[(c, p)] += cell.value;
            }
        }
        // Cross-multiplied: where RCA is exactly one, both products round alike and the quotient is exactly one.
        for (p, product) in products.iter().enumerate() {
            for (c, unit) in units.iter().enumerate() {
                rca[(c, p)] = rca[(c, p)] * total / (unit.1 * product.1);
            }
        }
        let has = |c: usize, p: usize| threshold.passes(rca[(c, p)]);
        // One pass is enough: an empty row adds nothing to any column, and an empty column nothing to any row.
        let c: Vec<usize> = (0..units.len()).filter(|&c| (0..products.len()).any(|p| has(c, p))).collect();
        let p: Vec<usize> = (0..products.len()).filter(|&p| (0..units.len()).any(|c| has(c, p))).collect();
        if c.is_empty() {
            return Err(Error::invalid(
                format!("no unit has an RCA {threshold} in any product"),
                "check the values, `min_exports` and `rca_threshold`",
            ));
        }
        let rows = |wanted: &dyn Fn(usize, usize) -> bool, n: usize, k: usize| -> Vec<Vec<usize>> {
            (0..n).map(|i| (0..k).filter(|&j| wanted(i, j)).collect()).collect()
        };
        Ok(Advantage {
            of_unit: rows(&|i, j| has(c[i], p[j]), c.len(), p.len()),
            of_product: rows(&|j, i| has(c[i], p[j]), p.len(), c.len()),
            rca: Mat::from_fn(c.len(), p.len(), |i, j| rca[(c[i], p[j])]),
            units: c.iter().map(|&i| units[i].0).collect(),
            products: p.iter().map(|&j| products[j].0).collect(),
            exports: c.iter().map(|&i| units[i].1).collect(),
            dropped_units: seen_units - c.len(),
            dropped_products: seen_products - p.len(),
        })
    }

    /// Number of units in each connected part of the graph, largest first.
    pub fn parts(&self) -> Vec<usize> {
        let mut part = vec![usize::MAX; self.units.len()];
        let mut product_seen = vec![false; self.products.len()];
        let mut sizes = Vec::new();
        for start in 0..part.len() {
            if part[start] != usize::MAX {
                continue;
            }
            part[start] = sizes.len();
            sizes.push(0);
            let mut stack = vec![start];
            while let Some(c) = stack.pop() {
                sizes[part[start]] += 1;
                for &p in &self.of_unit[c] {
                    if std::mem::replace(&mut product_seen[p], true) {
                        continue;
                    }
                    for &other in &self.of_product[p] {
                        if part[other] == usize::MAX {
                            part[other] = part[start];
                            stack.push(other);
                        }
                    }
                }
            }
        }
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_read_numbers_and_signs() {
        assert_eq!(">=1".parse(), Ok(RcaThreshold::default()));
        assert_eq!(">1".parse(), Ok(RcaThreshold { value: 1.0, strict: true }));
        assert_eq!("0.5".parse::<RcaThreshold>().unwrap().to_string(), ">=0.5");
        assert_eq!(NumberOrText::Number(2.0).try_into(), Ok(RcaThreshold { value: 2.0, strict: false }));
        for bad in ["", ">", "0", "-1", "<1", "NaN"] {
            assert!(bad.parse::<RcaThreshold>().is_err(), "{bad}");
        }
    }

    #[test]
    fn equal_structures_have_an_advantage_of_exactly_one() {
        // Thirds and sevenths do not divide evenly in binary.
        let cell = |unit, product, value| Cell { unit, time: 0, product, market: 0, value };
        let cells = [cell(0, 0, 1.0), cell(0, 1, 2.0), cell(1, 0, 7.0), cell(1, 1, 14.0)];
        let a = Advantage::new(&cells, RcaThreshold::default(), 0.0).unwrap();
        assert_eq!(a.of_unit, [[0, 1], [0, 1]]);
        assert!(Advantage::new(&cells, ">1".parse().unwrap(), 0.0).is_err());
    }
}
