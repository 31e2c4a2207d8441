//! Revealed comparative advantage of Balassa (1965), "Trade liberalisation and 'revealed' comparative advantage",
//! Manchester School 33, and the bipartite graph of who has it in what.
//!
//! ```text
//! RCA_cp = (X_cp / X_c) / (X_p / X)        M_cp = 1 where RCA_cp >= 1
//! ```
//!
//! `presence = "rpop"` takes exports per head instead, which do not fall in one product because another grows,
//!
//! ```text
//! RPOP_cp = (X_cp / N_c) / (X_p / N)
//! ```
//!
//! with population N: the `rpop` of the Growth Lab's ecomplexity. X_c are the exports of unit c, X_p those of product p
//! and X all exports *of the data*. With cities of one nation RCA is a location quotient within the nation, not an
//! advantage on the world market.

use super::cells::Basket;
use crate::index::normalize::{as_text, finite};
use crate::math::Mat;
use crate::{Error, Kind, Result};
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

/// What makes a unit present in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Its RCA.
    #[default]
    Rca,
    /// Its RPOP.
    Rpop,
    /// Either of the two.
    Either,
}

/// When a unit has the advantage in a product.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rule<'a> {
    /// From which number on.
    pub threshold: RcaThreshold,
    /// Exports below which a unit is left out, before RCA is taken.
    pub min_exports: f64,
    /// Number that must reach the threshold.
    pub presence: Presence,
    /// Population of the units, by code; those without are left out where `presence` asks for it.
    pub population: Option<&'a BTreeMap<u32, f64>>,
}

/// Exports of a unit in a product and year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Export {
    /// Code of the unit.
    pub unit: u32,
    /// Code of the product.
    pub product: u32,
    /// Value over all markets.
    pub value: f64,
}

/// The exports of a basket by product, zeros included.
pub fn exports<'a>(basket: &Basket<'a>) -> impl Iterator<Item = Export> + use<'a> {
    let (unit, cells) = (basket.unit, basket.cells);
    let products = cells.chunk_by(|a, b| a.product == b.product);
    products.map(move |of| Export { unit, product: of[0].product, value: of.iter().map(|c| c.value).sum() })
}

/// Sums by code, codes ascending.
struct Totals {
    codes: Vec<u32>,
    values: Vec<f64>,
    /// Position of each code; `usize::MAX` for one that is not there.
    position: Vec<usize>,
}

impl Totals {
    fn of(values: impl Iterator<Item = (u32, f64)>) -> Totals {
        let (mut sums, mut seen) = (Vec::new(), Vec::new());
        for (code, value) in values {
            let code = code as usize;
            if code >= sums.len() {
                sums.resize(code + 1, 0.0);
                seen.resize(code + 1, false);
            }
            sums[code] += value;
            seen[code] = true;
        }
        let codes: Vec<u32> = (0..sums.len()).filter(|&c| seen[c]).map(|c| c as u32).collect();
        let values = codes.iter().map(|&c| sums[c as usize]).collect();
        let mut totals = Totals { codes, values, position: vec![usize::MAX; sums.len()] };
        totals.retain(|_, _| true);
        totals
    }

    fn retain(&mut self, keep: impl Fn(u32, f64) -> bool) {
        let kept: Vec<usize> = (0..self.codes.len()).filter(|&i| keep(self.codes[i], self.values[i])).collect();
        self.values = kept.iter().map(|&i| self.values[i]).collect();
        self.codes = kept.iter().map(|&i| self.codes[i]).collect();
        self.position.fill(usize::MAX);
        self.codes.iter().enumerate().for_each(|(i, &code)| self.position[code as usize] = i);
    }

    fn at(&self, code: u32) -> Option<usize> {
        self.position.get(code as usize).copied().filter(|&i| i != usize::MAX)
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
    /// RPOP, units × products, where populations were asked for.
    pub rpop: Option<Mat<f64>>,
    /// Products (positions, ascending) in which each unit has the advantage: the rows of M.
    pub of_unit: Vec<Vec<usize>>,
    /// Units (positions, ascending) that have the advantage in each product: the columns of M.
    pub of_product: Vec<Vec<usize>>,
    /// Units left out: below `min_exports`, without exports, or without any advantage.
    pub dropped_units: usize,
    /// Products left out: exported by nobody, or in which nobody has the advantage.
    pub dropped_products: usize,
}

/// The power of two that brings the largest value near one, so that no product of two sums leaves the range of numbers;
/// exact, as a change of currency is not.
fn unit_of(exports: &[Export]) -> Result<f64> {
    let largest = exports.iter().map(|x| x.value).fold(0.0, f64::max);
    if largest == 0.0 {
        return Ok(1.0);
    }
    let scale = 2f64.powi(-(largest.log2().floor().clamp(-1000.0, 1000.0) as i32));
    let smallest = exports.iter().map(|x| x.value).filter(|&v| v > 0.0).fold(largest, f64::min);
    match (smallest * scale).is_normal() {
        true => Ok(scale),
        false => Err(Error::invalid(
            format!("exports of one year run from {smallest:e} to {largest:e}, more than shares can tell apart"),
            "check the values",
        )),
    }
}

impl Advantage {
    /// From the exports of one year; units that export less than `min_exports` are left out first.
    pub fn new(exports: &[Export], rule: Rule) -> Result<Advantage> {
        let threshold = rule.threshold;
        let people = |unit: u32| rule.population.and_then(|p| p.get(&unit)).copied();
        let scale = unit_of(exports)?;
        let by_people = rule.presence != Presence::Rca;
        let mut of_unit = Totals::of(exports.iter().map(|x| (x.unit, x.value * scale)));
        let seen_units = of_unit.codes.len();
        of_unit
            .retain(|unit, all| all > 0.0 && all >= rule.min_exports * scale && (!by_people || people(unit).is_some()));
        // Products are those of all units, their totals those of the units that are kept.
        let kept = |x: &Export| if of_unit.at(x.unit).is_some() { x.value * scale } else { 0.0 };
        let mut of_product = Totals::of(exports.iter().map(|x| (x.product, kept(x))));
        let seen_products = of_product.codes.len();
        of_product.retain(|_, total| total > 0.0);
        let total: f64 = of_unit.values.iter().sum();
        let (n, k) = (of_unit.codes.len(), of_product.codes.len());

        let mut rca = Mat::<f64>::zeros(n, k);
        for x in exports {
            if let (Some(c), Some(p)) = (of_unit.at(x.unit), of_product.at(x.product)) {
                rca[(c, p)] += x.value * scale;
            }
        }
        let rpop = by_people.then(|| {
            let heads: Vec<f64> = of_unit.codes.iter().map(|&u| people(u).unwrap_or(f64::NAN)).collect();
            let all: f64 = heads.iter().sum();
            Mat::from_fn(n, k, |c, p| rca[(c, p)] * all / (heads[c] * of_product.values[p]))
        });
        let (mut has_product, mut has_unit) = (vec![Vec::new(); n], vec![Vec::new(); k]);
        for p in 0..k {
            for c in 0..n {
                // Cross-multiplied: where RCA is exactly one, both products round alike and the quotient is exactly one.
                let (own, of_c, of_p) = (rca[(c, p)], of_unit.values[c], of_product.values[p]);
                let value = match (of_c * of_p).is_normal() {
                    true => own * total / (of_c * of_p),
                    false => own / of_c / (of_p / total),
                };
                rca[(c, p)] = value;
                let has = match (rule.presence, &rpop) {
                    (Presence::Rpop, Some(rpop)) => threshold.passes(rpop[(c, p)]),
                    (Presence::Either, Some(rpop)) => threshold.passes(value) || threshold.passes(rpop[(c, p)]),
                    _ => threshold.passes(value),
                };
                if has {
                    has_product[c].push(p);
                    has_unit[p].push(c);
                }
            }
        }
        let whole = Advantage {
            units: of_unit.codes,
            products: of_product.codes,
            exports: of_unit.values.iter().map(|v| v / scale).collect(),
            rca,
            rpop,
            of_unit: has_product,
            of_product: has_unit,
            dropped_units: seen_units - n,
            dropped_products: seen_products - k,
        };
        if whole.of_unit.iter().all(Vec::is_empty) {
            return Err(Error::invalid(
                format!("no unit has an {} {threshold} in any product", if by_people { "RCA or RPOP" } else { "RCA" }),
                "check the values, `min_exports` and `rca_threshold`",
            ));
        }
        // One pass is enough: an empty row adds nothing to any column, and an empty column nothing to any row.
        Ok(match whole.of_unit.iter().chain(&whole.of_product).any(Vec::is_empty) {
            true => whole.restricted(|c| !whole.of_unit[c].is_empty()),
            false => whole,
        })
    }

    /// The connected part of the graph that each unit belongs to, and the number of units in each part.
    pub fn parts(&self) -> (Vec<usize>, Vec<usize>) {
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
        (part, sizes)
    }

    /// The units for which `keep` holds and the products that they have the advantage in.
    ///
    /// `keep` must hold for whole parts of the graph, so that no link is cut.
    fn restricted(&self, keep: impl Fn(usize) -> bool) -> Advantage {
        let c: Vec<usize> = (0..self.units.len()).filter(|&c| keep(c)).collect();
        let p: Vec<usize> = (0..self.products.len()).filter(|&p| self.of_product[p].iter().any(|&c| keep(c))).collect();
        let at = |kept: &[usize], links: &[usize]| -> Vec<usize> {
            links.iter().filter_map(|l| kept.binary_search(l).ok()).collect()
        };
        let pick = |m: &Mat<f64>| Mat::from_fn(c.len(), p.len(), |i, j| m[(c[i], p[j])]);
        Advantage {
            of_unit: c.iter().map(|&i| at(&p, &self.of_unit[i])).collect(),
            of_product: p.iter().map(|&j| at(&c, &self.of_product[j])).collect(),
            rca: pick(&self.rca),
            rpop: self.rpop.as_ref().map(pick),
            units: c.iter().map(|&i| self.units[i]).collect(),
            products: p.iter().map(|&j| self.products[j]).collect(),
            exports: c.iter().map(|&i| self.exports[i]).collect(),
            dropped_units: self.dropped_units + self.units.len() - c.len(),
            dropped_products: self.dropped_products + self.products.len() - p.len(),
        }
    }

    /// The part of the graph with the most units; a tie is refused, for which one is meant is nobody's guess.
    pub fn largest_part(self) -> Result<Advantage> {
        let (part, sizes) = self.parts();
        let most = sizes.iter().copied().max().unwrap_or(0);
        let largest: Vec<usize> = (0..sizes.len()).filter(|&i| sizes[i] == most).collect();
        match largest.as_slice() {
            _ if sizes.len() < 2 => Ok(self),
            [one] => Ok(self.restricted(|c| part[c] == *one)),
            several => Err(Error::new(Kind::Untrusted {
                message: format!("the graph has {} largest parts, of {most} units each", several.len()),
                remedy: "choose the units with `where`, or lower `rca_threshold`".into(),
            })),
        }
    }

    /// The graph with the products `drawn` (positions, with repetition); units left without a product go.
    pub fn with_products(&self, drawn: &[usize]) -> Advantage {
        let mut of_unit = vec![Vec::new(); self.units.len()];
        for (new, &p) in drawn.iter().enumerate() {
            self.of_product[p].iter().for_each(|&c| of_unit[c].push(new));
        }
        let drawn_graph = Advantage {
            of_product: drawn.iter().map(|&p| self.of_product[p].clone()).collect(),
            products: drawn.iter().map(|&p| self.products[p]).collect(),
            // Scores do not look at the numbers behind the links.
            rca: Mat::zeros(self.units.len(), drawn.len()),
            rpop: None,
            of_unit,
            ..self.clone()
        };
        drawn_graph.restricted(|c| !drawn_graph.of_unit[c].is_empty())
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
    fn shares_have_no_scale() {
        let cells = |scale: f64| -> Vec<Export> {
            let value = |i: u32| f64::from((i * 7 + i * i) % 11) * scale;
            (0..24).map(|i| Export { unit: i / 6, product: i % 6, value: value(i) }).collect()
        };
        let plain = Advantage::new(&cells(1.0), Rule::default()).unwrap();
        for scale in [1e300, 1e-290, 3e160] {
            let scaled = Advantage::new(&cells(scale), Rule::default()).unwrap();
            assert_eq!((&scaled.of_unit, &scaled.units), (&plain.of_unit, &plain.units), "{scale:e}");
            for (a, b) in scaled.exports.iter().zip(&plain.exports) {
                assert!((a / scale - b).abs() < 1e-12 * b, "{scale:e}");
            }
        }
        // A unit that dwarfs the others has its own advantage, and they have theirs in what it hardly sells.
        let mut cells = cells(1.0);
        cells.extend([(4, 0, 1e300), (4, 1, 3.0)].map(|(unit, product, value)| Export { unit, product, value }));
        let dwarfed = Advantage::new(&cells, Rule::default()).unwrap();
        assert_eq!(dwarfed.rca[(4, 0)], 1.0);
        assert_eq!(dwarfed.of_product[0], [4]);
        assert!(dwarfed.rca.col_as_slice(2).iter().all(|rca| rca.is_finite()));
        cells.push(Export { unit: 4, product: 2, value: 1e-300 });
        assert!(Advantage::new(&cells, Rule::default()).unwrap_err().to_string().contains("check the values"));
    }

    #[test]
    fn equal_structures_have_an_advantage_of_exactly_one() {
        // Thirds and sevenths do not divide evenly in binary.
        let cell = |unit, product, value| Export { unit, product, value };
        let cells = [cell(0, 0, 1.0), cell(0, 1, 2.0), cell(1, 0, 7.0), cell(1, 1, 14.0)];
        let a = Advantage::new(&cells, Rule::default()).unwrap();
        assert_eq!(a.of_unit, [[0, 1], [0, 1]]);
        assert!(Advantage::new(&cells, Rule { threshold: ">1".parse().unwrap(), ..Rule::default() }).is_err());
    }
}
