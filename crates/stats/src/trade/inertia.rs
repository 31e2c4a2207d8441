//! Inertia of a basket of exports: how much of it is as it was a year before.
//!
//! With s_k the share of product k at t and r_k its share at t - 1,
//!
//! ```text
//! similarity          Σ min(r_k, s_k) = 1 - ½ Σ |s_k - r_k|
//! old_product_share   Σ s_k over the products exported at t - 1
//! retention           products exported at both / products exported at t - 1
//! cosine              Σ r_k s_k / √(Σ r_k² Σ s_k²)
//! weighted_jaccard    Σ min(r_k, s_k) / Σ max(r_k, s_k)
//! jaccard             products exported at both / products exported at either
//! bray_curtis         2 Σ min(x_k, y_k) / Σ (x_k + y_k), of the values x at t - 1 and y at t themselves
//! ```
//!
//! All are 1 for a basket that stays as it is. Those of shares do not see growth; Bray-Curtis does, and on shares it
//! would be the first.
//!
//! The first is that of Finger and Kreinin (1979), "A measure of 'export similarity' and its possible uses",
//! Economic Journal 89, of a unit with its own past. The year before must be in the data: there is no comparison
//! across a gap.

use super::cells::{Cells, RecordCount, YearBefore};
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
    /// Cosine of the angle between the shares, 0 to 1.
    pub cosine: f64,
    /// Smaller over larger shares, 0 to 1.
    pub weighted_jaccard: f64,
    /// Products exported in both years over those exported in either.
    pub jaccard: f64,
    /// Similarity of the values themselves: 1 - the Bray-Curtis dissimilarity.
    pub bray_curtis: f64,
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

/// Inertia of each unit and time of the cells.
pub fn inertia(cells: &Cells) -> InertiaMeasure {
    let sample = cells.count;
    let mut rows: Vec<InertiaRow> = Vec::with_capacity(cells.baskets().len());
    let (mut first, mut gaps) = (0, 0);
    for (basket, before) in cells.baskets().zip(cells.years_before()) {
        let found = match before {
            YearBefore::At(j) => compare(&cells.basket(j).by_product(), &basket.by_product()),
            YearBefore::First | YearBefore::Gap => {
                *if before == YearBefore::Gap { &mut gaps } else { &mut first } += 1;
                [f64::NAN; 7]
            }
        };
        let [similarity, old_product_share, retention, cosine, weighted_jaccard, jaccard, bray_curtis] = found;
        rows.push(InertiaRow {
            unit: basket.unit,
            time: basket.time,
            similarity,
            old_product_share,
            retention,
            cosine,
            weighted_jaccard,
            jaccard,
            bray_curtis,
        });
    }
    let mut notes = vec![format!("{first} rows are the first of their unit and have nothing to compare with")];
    if gaps > 0 {
        notes.push(format!("{gaps} rows follow a gap: no comparison, because the year before is not in the data"));
    }
    if sample.duplicates > 0 {
        notes.push(format!("{} records repeat a cell and were added to it", sample.duplicates));
    }
    InertiaMeasure { rows, sample, notes }
}

/// The measures of [`InertiaRow`], in its order, of two baskets with codes ascending.
fn compare(old: &[(u32, f64)], now: &[(u32, f64)]) -> [f64; 7] {
    if old.is_empty() || now.is_empty() {
        return [f64::NAN; 7];
    }
    let total = |basket: &[(u32, f64)]| basket.iter().map(|&(_, value)| value).sum::<f64>();
    let (old_total, now_total) = (total(old), total(now));
    let length = |basket: &[(u32, f64)], total: f64| basket.iter().map(|b| (b.1 / total).powi(2)).sum::<f64>().sqrt();
    let (mut similarity, mut in_old, mut kept, mut product_of_shares, mut common) = (0.0, 0.0, 0, 0.0, 0.0);
    for &(product, value) in now {
        if let Ok(at) = old.binary_search_by_key(&product, |&(p, _)| p) {
            let (r, s) = (old[at].1 / old_total, value / now_total);
            similarity += s.min(r);
            product_of_shares += r * s;
            common += value.min(old[at].1);
            in_old += value;
            kept += 1;
        }
    }
    [
        similarity,
        in_old / now_total,
        kept as f64 / old.len() as f64,
        // Rounding must not carry a cosine past one.
        (product_of_shares / (length(old, old_total) * length(now, now_total))).min(1.0),
        // Σ max = Σ r + Σ s - Σ min, and shares add up to one.
        similarity / (2.0 - similarity),
        kept as f64 / (old.len() + now.len() - kept) as f64,
        2.0 * common / (old_total + now_total),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basket_is_wholly_similar_to_itself_and_not_to_another() {
        let halved = compare(&[(1, 2.0), (4, 6.0)], &[(1, 1.0), (4, 3.0)]);
        assert!(halved[..6].iter().all(|v| (v - 1.0).abs() < 1e-15), "{halved:?}");
        assert_eq!(halved[6], 8.0 / 12.0, "values halved");
        assert_eq!(compare(&[(1, 2.0)], &[(2, 2.0)]), [0.0; 7]);
        assert!(compare(&[], &[(2, 2.0)])[0].is_nan());
    }
}
