//! Whether measures of one thing agree: rank correlations and signs, pair by pair.
//!
//! Spearman's ρ is Pearson's correlation of ranks. Kendall's τ_b, with C pairs of rows ordered alike by both measures
//! and D ordered against each other,
//!
//! ```text
//! τ_b = (C - D) / √((n₀ - n_x)(n₀ - n_y)),     n₀ = n(n - 1)/2,  n_x and n_y pairs of rows tied in one measure
//! ```
//!
//! is counted in n log n steps (Knight 1966, Journal of the American Statistical Association 61). The share of equal
//! signs is that of rows which both measures put on the same side of zero, or of their medians.

use crate::describe::{label, pearson, ranks};
use crate::number::{count, fixed};
use crate::table::{Align, Cell, Column, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Result};
use plim_stats::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Agreement between measures: rank correlations and the share of equal signs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgreementTable {
    /// Columns to compare, two or more.
    pub columns: Vec<String>,
    /// Title of the table.
    pub title: String,
    /// Words to print instead of names.
    pub labels: BTreeMap<String, String>,
    /// Where a measure changes its sign: at `zero`, or at its `median` over the rows of the pair.
    pub center: Center,
    /// Decimals.
    pub digits: usize,
}

impl Default for AgreementTable {
    fn default() -> Self {
        AgreementTable {
            columns: Vec::new(),
            title: String::new(),
            labels: BTreeMap::new(),
            center: Center::default(),
            digits: 3,
        }
    }
}

/// Where a measure changes its sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Center {
    /// At zero: better or worse than expected.
    #[default]
    Zero,
    /// At the median: better or worse than most, for measures of one sign.
    Median,
}

/// How far two measures agree; NaN where one of them does not vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Rows that have both.
    pub rows: usize,
    /// Spearman's ρ.
    pub spearman: f64,
    /// Kendall's τ_b.
    pub kendall: f64,
    /// Share of rows with equal signs.
    pub same_sign: f64,
}

/// Agreement of two measures (each n, missing values not finite).
///
/// ```
/// use plim_report::agreement::{Center, agreement};
/// let a = agreement(&[-1.0, 2.0, 3.0, f64::NAN], &[-10.0, -20.0, 30.0, 1.0], Center::Zero);
/// assert_eq!((a.rows, a.spearman, a.same_sign), (3, 0.5, 2.0 / 3.0));
/// ```
pub fn agreement(x: &[f64], y: &[f64], center: Center) -> Agreement {
    let both = |(a, b): &(&f64, &f64)| a.is_finite() && b.is_finite();
    let (x, y): (Vec<f64>, Vec<f64>) = x.iter().zip(y).filter(both).map(|(a, b)| (*a, *b)).unzip();
    let n = x.len();
    let middle = |v: &[f64]| match center {
        Center::Zero => 0.0,
        Center::Median => {
            let mut sorted = v.to_vec();
            sorted.sort_by(f64::total_cmp);
            if n == 0 { 0.0 } else { 0.5 * sorted[(n - 1) / 2] + 0.5 * sorted[n / 2] }
        }
    };
    let (cx, cy) = (middle(&x), middle(&y));
    let equal = x.iter().zip(&y).filter(|(a, b)| a.partial_cmp(&&cx) == b.partial_cmp(&&cy)).count();
    Agreement {
        rows: n,
        spearman: if n < 2 { f64::NAN } else { pearson(&ranks(&x), &ranks(&y)) },
        kendall: kendall(&x, &y),
        same_sign: if n == 0 { f64::NAN } else { equal as f64 / n as f64 },
    }
}

/// Kendall's τ_b of finite values; NaN where one side is constant.
fn kendall(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len();
    let mut rows: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).map(|(a, b)| (a + 0.0, b + 0.0)).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let pairs = |k: usize| k as f64 * (k as f64 - 1.0) / 2.0;
    let tied_x: f64 = rows.chunk_by(|a, b| a.0 == b.0).map(|c| pairs(c.len())).sum();
    let tied_both: f64 = rows.chunk_by(|a, b| a == b).map(|c| pairs(c.len())).sum();
    // Sorting by y what is sorted by x: each exchange is a pair that the two order against each other.
    let mut by_y: Vec<f64> = rows.iter().map(|r| r.1).collect();
    let mut spare = by_y.clone();
    let against = exchanges(&mut by_y, &mut spare) as f64;
    let tied_y: f64 = by_y.chunk_by(|a, b| a == b).map(|c| pairs(c.len())).sum();
    let all = pairs(n);
    let alike = all - tied_x - tied_y + tied_both - against;
    (alike - against) / ((all - tied_x).sqrt() * (all - tied_y).sqrt())
}

/// Merge sort of `v` (n, with as much room to spare); gives the number of pairs that were out of order.
fn exchanges(v: &mut [f64], spare: &mut [f64]) -> u64 {
    let n = v.len();
    if n < 2 {
        return 0;
    }
    let half = n / 2;
    let mut count = {
        let (left, right) = v.split_at_mut(half);
        let (spare_left, spare_right) = spare.split_at_mut(half);
        exchanges(left, spare_left) + exchanges(right, spare_right)
    };
    let (mut i, mut j) = (0, half);
    for slot in spare.iter_mut() {
        if j >= n || (i < half && v[i] <= v[j]) {
            *slot = v[i];
            i += 1;
        } else {
            *slot = v[j];
            count += (half - i) as u64;
            j += 1;
        }
    }
    v.copy_from_slice(spare);
    count
}

/// The table of agreement, a row for each pair of columns.
pub fn agreement_table(columns: &[(&str, &[f64])], options: &AgreementTable, lang: Lang) -> Result<Table> {
    if columns.len() < 2 {
        return Err(Error::invalid("agreement is between two measures or more", "name their columns under `columns`"));
    }
    let rows = columns[0].1.len();
    if let Some((name, values)) = columns.iter().find(|c| c.1.len() != rows) {
        return Err(Error::length(format!("column `{name}`"), values.len(), rows));
    }
    let mut body = Vec::new();
    for (i, (first, x)) in columns.iter().enumerate() {
        for (second, y) in &columns[i + 1..] {
            let a = agreement(x, y, options.center);
            let cell = |v: f64| Cell::number(v, fixed(v, options.digits));
            let name = format!("{} · {}", label(&options.labels, first), label(&options.labels, second));
            let n = a.rows as f64;
            body.push(Row::new(
                name,
                vec![Cell::number(n, count(n)), cell(a.spearman), cell(a.kendall), cell(a.same_sign)],
            ));
            if a.rows == 0 {
                return Err(Error::new(Kind::Empty { what: format!("the sample of both `{first}` and `{second}`") }));
            }
        }
    }
    let note = match options.center {
        Center::Zero => "agreement_zero",
        Center::Median => "agreement_median",
    };
    Ok(Table {
        title: if options.title.is_empty() { lang.say("agreement").into() } else { options.title.clone() },
        stub: lang.say("measures").into(),
        columns: (["n", "spearman_rho", "kendall_tau", "same_sign"].iter())
            .map(|head| Column::new(lang.say(head), Align::Number))
            .collect(),
        sections: vec![Section::new(body)],
        notes: vec![lang.say(note).into()],
        sortable: true,
        ..Table::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// τ_b from its definition.
    fn by_pairs(x: &[f64], y: &[f64]) -> f64 {
        let (mut score, mut in_x, mut in_y) = (0.0, 0.0, 0.0);
        for i in 0..x.len() {
            for j in 0..i {
                let sign = |a: f64, b: f64| if a == b { 0.0 } else { (a - b).signum() };
                let (a, b) = (sign(x[i], x[j]), sign(y[i], y[j]));
                score += a * b;
                in_x += a * a;
                in_y += b * b;
            }
        }
        score / (in_x * in_y).sqrt()
    }

    #[test]
    fn kendall_is_what_counting_pairs_gives() {
        let x: Vec<f64> = (0..97).map(|i| f64::from((i * 37) % 23)).collect();
        let y: Vec<f64> = (0..97).map(|i| f64::from((i * i * 5 + i) % 19) - 9.0).collect();
        assert!((kendall(&x, &y) - by_pairs(&x, &y)).abs() < 1e-14);
        // scipy 1.17.1, golden/resilience.py.
        let a = agreement(&x, &y, Center::Zero);
        assert!((a.kendall + 0.009179998066).abs() < 1e-12 && (a.spearman + 0.012325746978).abs() < 1e-12, "{a:?}");
        let down: Vec<f64> = x.iter().map(|v| -v).collect();
        assert!((kendall(&x, &x) - 1.0).abs() < 1e-14 && (kendall(&x, &down) + 1.0).abs() < 1e-14);
        assert!(kendall(&[1.0, 1.0], &[1.0, 2.0]).is_nan() && kendall(&[], &[]).is_nan());
        assert!(
            (kendall(&[0.0, -0.0, 1.0], &[1.0, 2.0, 3.0]) - by_pairs(&[0.0, 0.0, 1.0], &[1.0, 2.0, 3.0])).abs() < 1e-15
        );
    }

    #[test]
    fn signs_are_those_about_the_center() {
        let (x, y) = ([-3.0, -2.0, -1.0, 0.0], [1.0, 2.0, 3.0, 0.0]);
        assert_eq!(agreement(&x, &y, Center::Zero).same_sign, 0.25, "zero agrees with zero alone");
        assert_eq!(agreement(&x, &y, Center::Median).same_sign, 0.5);
        let none = agreement(&[f64::NAN], &[1.0], Center::Zero);
        assert!(none.rows == 0 && none.same_sign.is_nan() && none.spearman.is_nan());
    }

    #[test]
    fn fewer_than_two_measures_or_no_common_row_is_refused() {
        let options = AgreementTable::default();
        let table = |columns: &[(&str, &[f64])]| agreement_table(columns, &options, Lang::En);
        assert!(table(&[("a", &[1.0])]).is_err());
        assert!(table(&[("a", &[1.0, f64::NAN]), ("b", &[f64::NAN, 2.0])]).unwrap_err().to_string().contains("empty"));
        assert!(table(&[("a", &[1.0]), ("b", &[1.0, 2.0])]).is_err());
        let shown = crate::text::render(&table(&[("a", &[1.0, 2.0, 3.0]), ("b", &[1.0, 3.0, 2.0])]).unwrap());
        assert!(shown.contains("a · b") && shown.contains("0.500") && shown.contains("0.333"), "{shown}");
    }
}
