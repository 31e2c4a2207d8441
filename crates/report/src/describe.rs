//! Tables that describe data: summary statistics, correlations, the weights of an index.

use crate::number::{count, decimals, fixed, number};
use crate::regression::Stars;
use crate::table::{Align, Cell, Column, Entry, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Measure, Result};
use plim_stats::Kind;
use plim_stats::math::dist::t_p;
use plim_stats::math::quantile::{QuantileType, quantile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Descriptive statistics: N, mean, standard deviation, minimum, quartiles, maximum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DescribeTable {
    /// Columns to describe, in this order.
    pub columns: Vec<String>,
    /// A column of groups, to describe each apart; of two groups the means are compared.
    pub by: Option<String>,
    /// Title of the table.
    pub title: String,
    /// Words to print instead of names.
    pub labels: BTreeMap<String, String>,
    /// Statistics and their order.
    pub stats: Vec<Statistic>,
    /// Decimals.
    pub digits: usize,
    /// Definition of the quartiles: 2 as Stata has it, 7 as NumPy.
    pub quantile_type: QuantileType,
    /// Levels of significance that stars mark at a difference of means.
    pub stars: Stars,
}

impl Default for DescribeTable {
    fn default() -> Self {
        use Statistic::*;
        DescribeTable {
            columns: Vec::new(),
            by: None,
            title: String::new(),
            labels: BTreeMap::new(),
            stats: vec![N, Mean, Sd, Min, P25, Median, P75, Max],
            digits: 3,
            quantile_type: QuantileType::default(),
            stars: Stars::default(),
        }
    }
}

/// A descriptive statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Values that are not missing.
    N,
    /// Mean.
    Mean,
    /// Standard deviation with n - 1.
    Sd,
    /// Smallest value.
    Min,
    /// Lower quartile.
    P25,
    /// Median.
    Median,
    /// Upper quartile.
    P75,
    /// Largest value.
    Max,
}

impl Statistic {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Statistic::N => "n",
            Statistic::Mean => "mean",
            Statistic::Sd => "sd",
            Statistic::Min => "min",
            Statistic::P25 => "p25",
            Statistic::Median => "median",
            Statistic::P75 => "p75",
            Statistic::Max => "max",
        }
    }

    /// The statistic of `sorted` (ascending, finite); NaN when undefined.
    fn of(self, sorted: &[f64], kind: QuantileType) -> f64 {
        let n = sorted.len();
        match self {
            Statistic::N => n as f64,
            _ if n == 0 => f64::NAN,
            Statistic::Mean => mean(sorted),
            Statistic::Sd if n == 1 => f64::NAN,
            Statistic::Sd => {
                let m = mean(sorted);
                (sorted.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (n - 1) as f64).sqrt()
            }
            Statistic::Min => sorted[0],
            Statistic::P25 => quantile(sorted, 0.25, kind),
            Statistic::Median => quantile(sorted, 0.5, kind),
            Statistic::P75 => quantile(sorted, 0.75, kind),
            Statistic::Max => sorted[n - 1],
        }
    }
}

/// Descriptive statistics of columns, NaN missing.
///
/// ```
/// use plim_report::{describe::{describe, DescribeTable}, Lang, text};
/// let table = describe(&[("x", &[1.0, 2.0, f64::NAN, 6.0])], &DescribeTable::default(), Lang::En).unwrap();
/// assert!(text::render(&table).contains("x         3  3.000  2.646  1.000  1.000   2.000  6.000  6.000"));
/// ```
pub fn describe(columns: &[(&str, &[f64])], options: &DescribeTable, lang: Lang) -> Result<Table> {
    if columns.is_empty() || options.stats.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the list of columns or statistics to describe".into() }));
    }
    let row = |(name, values): &(&str, &[f64])| {
        let sorted = finite_sorted(values);
        let cells = options.stats.iter().map(|s| cell(*s, &sorted, options));
        Row::new(label(&options.labels, name), cells.collect()).of(*name)
    };
    Ok(Table {
        title: if options.title.is_empty() { lang.say("describe").into() } else { options.title.clone() },
        stub: lang.say("variable").into(),
        columns: options.stats.iter().map(|s| Column::new(lang.say(s.key()), Align::Number)).collect(),
        sections: vec![Section::new(columns.iter().map(row).collect())],
        sortable: true,
        ..Table::default()
    })
}

/// A statistic of sorted values, with the decimals that their size and spread call for.
pub(crate) fn cell(statistic: Statistic, sorted: &[f64], options: &DescribeTable) -> Cell {
    let largest = sorted.first().map_or(0.0, |a| a.abs().max(sorted[sorted.len() - 1].abs()));
    let digits = decimals(largest, Statistic::Sd.of(sorted, options.quantile_type), options.digits);
    let v = statistic.of(sorted, options.quantile_type);
    Cell::number(v, if statistic == Statistic::N || digits == 0 { count(v) } else { fixed(v, digits) })
}

/// Correlations between columns, with stars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelationTable {
    /// Columns to correlate, in this order.
    pub columns: Vec<String>,
    /// Title of the table.
    pub title: String,
    /// Words to print instead of names.
    pub labels: BTreeMap<String, String>,
    /// Coefficient of correlation.
    pub method: Correlation,
    /// What happens to missing values.
    pub missing: Missing,
    /// Levels of significance that stars mark.
    pub stars: Stars,
    /// Decimals.
    pub digits: usize,
}

impl Default for CorrelationTable {
    fn default() -> Self {
        CorrelationTable {
            columns: Vec::new(),
            title: String::new(),
            labels: BTreeMap::new(),
            method: Correlation::default(),
            missing: Missing::default(),
            stars: Stars::default(),
            digits: 3,
        }
    }
}

/// Coefficient of correlation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correlation {
    /// Pearson's product-moment correlation.
    #[default]
    Pearson,
    /// Spearman's rank correlation, ties at their mean rank.
    Spearman,
}

/// What happens to missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Each pair uses the rows complete in both (Stata's `pwcorr`).
    #[default]
    Pairwise,
    /// Every pair uses the rows complete in all columns (Stata's `correlate`).
    Listwise,
}

/// Lower triangle of the correlation matrix, p-values from t with n - 2 degrees of freedom.
pub fn correlation(columns: &[(&str, &[f64])], options: &CorrelationTable, lang: Lang) -> Result<Table> {
    let Some(rows) = columns.first().map(|c| c.1.len()) else {
        return Err(Error::new(Kind::Empty { what: "the list of columns to correlate".into() }));
    };
    if let Some((name, values)) = columns.iter().find(|c| c.1.len() != rows) {
        return Err(Error::length(format!("column `{name}`"), values.len(), rows));
    }
    let complete: Vec<bool> = (0..rows).map(|i| columns.iter().all(|c| c.1[i].is_finite())).collect();
    let (mut least, mut most) = (usize::MAX, 0);
    let mut body = Vec::new();
    for (i, (name, x)) in columns.iter().enumerate() {
        let mut cells = vec![Cell::empty(); columns.len()];
        for (j, (_, y)) in columns[..=i].iter().enumerate() {
            let keep = |r: &usize| match options.missing {
                Missing::Listwise => complete[*r],
                Missing::Pairwise => x[*r].is_finite() && y[*r].is_finite(),
            };
            let (a, b): (Vec<f64>, Vec<f64>) = (0..rows).filter(keep).map(|r| (x[r], y[r])).unzip();
            let n = a.len();
            (least, most) = (least.min(n), most.max(n));
            let r = match options.method {
                Correlation::Pearson => pearson(&a, &b),
                Correlation::Spearman => pearson(&ranks(&a), &ranks(&b)),
            };
            if r.is_finite() {
                // Rounding may leave |r| a hair above one, where t has no value.
                let t = r * ((n as f64 - 2.0) / (1.0 - r * r).max(0.0)).sqrt();
                let trail = if i == j { "" } else { options.stars.of(t_p(t, n as f64 - 2.0)) };
                cells[j] = Cell(vec![Entry::Number { value: r, body: fixed(r, options.digits), trail: trail.into() }]);
            }
        }
        body.push(Row::new(format!("({}) {}", i + 1, label(&options.labels, name)), cells));
    }
    let sizes = match options.missing {
        Missing::Listwise => lang.with("listwise", &count(most as f64)),
        Missing::Pairwise => lang.with("pairwise", &count(least as f64)).replacen("{}", &count(most as f64), 1),
    };
    let kind = if options.method == Correlation::Pearson { "pearson" } else { "spearman" };
    let mut notes = vec![lang.say(kind).to_owned(), sizes];
    notes.extend(options.stars.note().map(|n| lang.sentence(n)));
    Ok(Table {
        title: if options.title.is_empty() { lang.say("correlation").into() } else { options.title.clone() },
        columns: (1..=columns.len()).map(|i| Column::new(format!("({i})"), Align::Number)).collect(),
        sections: vec![Section::new(body)],
        notes,
        ..Table::default()
    })
}

/// The weights of an index (`weights` of the measure): weight, entropy and divergence where it has them.
pub fn weights(measure: &Measure, labels: &BTreeMap<String, String>, digits: usize, lang: Lang) -> Result<Table> {
    let list = measure.more.get("weights").and_then(Value::as_array).filter(|l| !l.is_empty()).ok_or_else(|| {
        Error::invalid(
            format!("a measure of method `{}` has no `weights`", measure.method),
            "name a measure that weighs indicators: entropy, critic, pca, topsis, weights or index",
        )
    })?;
    let numbers = ["level", "year", "weight", "global", "low", "high", "entropy", "divergence"];
    let present: Vec<&str> =
        numbers.into_iter().filter(|k| list.iter().any(|w| w.get(*k).is_some_and(Value::is_number))).collect();
    let row = |(i, w): (usize, &Value)| {
        let cells = present.iter().map(|k| {
            let v = w.get(*k).and_then(Value::as_f64).unwrap_or(f64::NAN);
            Cell::number(v, if matches!(*k, "level" | "year") { fixed(v, 0) } else { number(v, digits) })
        });
        let name = label(labels, w.get("name").and_then(Value::as_str).unwrap_or_default());
        Row::new(name, cells.collect()).of(format!("weights/#{i}"))
    };
    Ok(Table {
        title: lang.say("weights").into(),
        stub: lang.say("indicator").into(),
        columns: present.iter().map(|k| Column::new(lang.say(k), Align::Number).of(format!(".{k}"))).collect(),
        sections: vec![Section::new(list.iter().enumerate().map(row).collect())],
        notes: measure.notes.iter().map(|n| lang.sentence(&lang.note(n))).collect(),
        sortable: true,
        ..Table::default()
    })
}

pub(crate) fn label(labels: &BTreeMap<String, String>, name: &str) -> String {
    labels.get(name).cloned().unwrap_or_else(|| name.to_owned())
}

pub(crate) fn finite_sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Pearson's correlation; NaN when a side is constant or there are fewer than two pairs.
pub(crate) fn pearson(x: &[f64], y: &[f64]) -> f64 {
    // In units of the largest deviation, so that neither tiny nor huge units under- or overflow the squares.
    let centered = |x: &[f64]| {
        let m = mean(x);
        let most = x.iter().map(|v| (v - m).abs()).fold(0.0, f64::max);
        x.iter().map(|v| (v - m) / most).collect::<Vec<f64>>()
    };
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in centered(x).into_iter().zip(centered(y)) {
        xy += a * b;
        xx += a * a;
        yy += b * b;
    }
    (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)
}

/// Ranks from 1, ties at their mean.
pub(crate) fn ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let mut ranks = vec![0.0; x.len()];
    let mut start = 0;
    while start < order.len() {
        let end = start + order[start..].iter().take_while(|&&i| x[i] == x[order[start]]).count();
        for &i in &order[start..end] {
            ranks[i] = (start + end + 1) as f64 / 2.0;
        }
        start = end;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_share_ties() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert!(pearson(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
    }
}
