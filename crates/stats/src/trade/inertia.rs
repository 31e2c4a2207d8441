//! Inertia of a basket of exports: how much of it is as it was a year before.
//!
//! With s_k the share of product k at t and r_k its share at t - 1,
//!
//! ```text
//! similarity          Σ min(r_k, s_k) = 1 - ½ Σ |s_k - r_k|
//! old_product_share   Σ s_k over the products exported at t - 1
//! retention           products exported at both / products exported at t - 1
//! ```
//!
//! The similarity is that of Finger and Kreinin (1979), "A measure of 'export similarity' and its possible uses",
//! Economic Journal 89, of a unit with its own past. The year before must be in the data: there is no comparison
//! across a gap.

use super::concentration::at_value;
use super::records::{Cell, RecordCount, Records, baskets, by_product};
use crate::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Similarity of each unit's basket with its own a year before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Inertia {
    /// The column of products, in long records.
    pub product: String,
    /// The column of markets, in long records; values are added up over markets.
    ///
    /// It serves to tell records of several markets from duplicates.
    pub market: Option<String>,
    /// The column of values, in long records.
    pub value: String,
    /// For wide data instead of `product` and `value`: the columns of values, one a product.
    pub columns: Vec<String>,
}

/// Inertia of one unit and time; NaN (missing) without exports in the year or in the one before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InertiaRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Finger-Kreinin similarity of the shares by product, 0 to 1.
    pub similarity: f64,
    /// Share of exports in products exported the year before.
    pub old_product_share: f64,
    /// Share of the products of the year before that are still exported.
    pub retention: f64,
}

/// Inertia of every unit and time.
#[derive(Debug, Clone, PartialEq)]
pub struct InertiaMeasure {
    /// One row a unit and time, in order of unit code and time.
    pub rows: Vec<InertiaRow>,
    /// Records, duplicates and zeros.
    pub sample: RecordCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Inertia of each unit and time of the records; duplicate records are added up.
pub fn inertia(options: &Inertia, records: &Records) -> Result<InertiaMeasure> {
    let (cells, sample) = records.cells().map_err(|e| at_value(e, &options.value))?;
    let held: Vec<&[Cell]> = baskets(&cells).collect();
    let mut rows: Vec<InertiaRow> = Vec::with_capacity(held.len());
    let (mut first, mut gaps) = (0, 0);
    for (i, now) in held.iter().enumerate() {
        let (unit, time) = (now[0].unit, now[0].time);
        let before = i.checked_sub(1).map(|j| held[j]).filter(|b| b[0].unit == unit);
        let [similarity, old_product_share, retention] = match before {
            Some(b) if b[0].time.checked_add(1) == Some(time) => compare(&by_product(b), &by_product(now)),
            _ => {
                *if before.is_some() { &mut gaps } else { &mut first } += 1;
                [f64::NAN; 3]
            }
        };
        rows.push(InertiaRow { unit, time, similarity, old_product_share, retention });
    }
    let mut notes = vec![format!("{first} rows are the first of their unit and have nothing to compare with")];
    if gaps > 0 {
        notes.push(format!("{gaps} rows follow a gap: no comparison, because the year before is not in the data"));
    }
    if sample.duplicates > 0 {
        notes.push(format!("{} records repeat a cell and were added to it", sample.duplicates));
    }
    Ok(InertiaMeasure { rows, sample, notes })
}

/// Similarity, share of old products and retention of two baskets with codes ascending.
fn compare(old: &[(u32, f64)], now: &[(u32, f64)]) -> [f64; 3] {
    if old.is_empty() || now.is_empty() {
        return [f64::NAN; 3];
    }
    let total = |basket: &[(u32, f64)]| basket.iter().map(|&(_, value)| value).sum::<f64>();
    let (old_total, now_total) = (total(old), total(now));
    let (mut similarity, mut in_old, mut kept) = (0.0, 0.0, 0);
    for &(product, value) in now {
        if let Ok(at) = old.binary_search_by_key(&product, |&(p, _)| p) {
            similarity += (value / now_total).min(old[at].1 / old_total);
            in_old += value;
            kept += 1;
        }
    }
    [similarity, in_old / now_total, kept as f64 / old.len() as f64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basket_is_wholly_similar_to_itself_and_not_to_another() {
        assert_eq!(compare(&[(1, 2.0), (4, 6.0)], &[(1, 1.0), (4, 3.0)]), [1.0; 3]);
        assert_eq!(compare(&[(1, 2.0)], &[(2, 2.0)]), [0.0; 3]);
        assert!(compare(&[], &[(2, 2.0)])[0].is_nan());
    }
}
