//! What is odd in a table of numbers: the mistakes that tables copied from yearbooks carry.
//!
//! | check | what is reported |
//! |---|---|
//! | `duplicate_column`, `near_duplicate_column`, `scaled_copy` | two columns that are equal, equal but for a few rows (or correlated above 0.9999), or equal but for a factor |
//! | `aggregate_unit` | a unit that is the sum or the mean of all others at the same time, or has the name of a total |
//! | `unit_jump` | a value that changes by a power of ten, far beyond the usual changes of its column |
//! | `repeated_value`, `interpolated_value` | values that stay the same, or on a straight line, where others move |
//! | `outlier` | values far from what their unit and time would have |
//! | `broken_sum`, `broken_identity`, `identity` | [`super::identities`] |
//! | `identical_row`, `missing_value` | [`super::rows`] |
//!
//! A finding is a question to the source, not a verdict. Thresholds are robust: medians and median absolute deviations
//! (times 1.4826, a standard deviation under normality), so that the odd values do not hide themselves.

use super::weights::correlation;
use super::{identities, paths};
use crate::distribution::unique;
use crate::{Error, Factor, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is odd in a table: copies, totals among units, jumps of unit, repeated values, broken sums, outliers, encoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditData {
    /// Numeric columns to look at; all when empty.
    pub columns: Vec<String>,
    /// Sums that must hold in every row: `total = a + b + c`.
    pub sums: Vec<String>,
    /// Relative difference up to which two numbers are the same in sums and identities.
    pub tolerance: f64,
    /// Robust standard deviations beyond which a value is an outlier.
    pub outlier: f64,
    /// Times in a row that a value must repeat, or lie on a straight line, to be reported.
    pub run: usize,
    /// Findings at most of each check; what is beyond is counted.
    pub limit: usize,
}

impl Default for AuditData {
    fn default() -> Self {
        // Yearbooks round: a sum of rounded parts is off by about a thousandth. Six standard deviations are rare in any
        // unimodal distribution (Vysochanskij-Petunin: 1.2 %).
        AuditData { columns: Vec::new(), sums: Vec::new(), tolerance: 1e-3, outlier: 6.0, run: 3, limit: 100 }
    }
}

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Damaged text.
    Encoding,
    /// Labels that differ by blanks, width or case only.
    LabelVariant,
    /// Text in a column of numbers.
    TextAmongNumbers,
    /// A row that equals an earlier one in every column.
    IdenticalRow,
    /// A second row of one unit and time.
    DuplicateRow,
    /// Missing values of a column.
    MissingValue,
    /// Equal columns.
    DuplicateColumn,
    /// Nearly equal columns.
    NearDuplicateColumn,
    /// Columns that differ by a factor.
    ScaledCopy,
    /// A total or mean among the units.
    AggregateUnit,
    /// A change by a power of ten.
    UnitJump,
    /// A declared sum that does not hold.
    BrokenSum,
    /// An identity that most rows keep and these do not.
    BrokenIdentity,
    /// An identity between columns.
    Identity,
    /// A value that stays the same.
    RepeatedValue,
    /// Values on a straight line.
    InterpolatedValue,
    /// A value far from the rest.
    Outlier,
}

/// One thing that is odd.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// The column, or the columns joined.
    pub column: String,
    /// Row, where it is one row's.
    pub row: Option<usize>,
    /// Code of the unit, where it is a unit's.
    pub unit: Option<u32>,
    /// Value found.
    pub value: f64,
    /// Value that was expected, NaN where there is none.
    pub expected: f64,
    /// In words.
    pub message: String,
}

/// The table.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Names.
    pub names: &'a [String],
    /// Values, NaN missing.
    pub values: &'a [&'a [f64]],
    /// Unit of each row.
    pub unit: Option<&'a Factor>,
    /// Name of each unit.
    pub labels: &'a [String],
    /// Time of each row.
    pub time: Option<&'a [i64]>,
}

/// Runs every numeric check; findings by check, and by row within it.
pub fn audit_data(options: &AuditData, data: &Columns) -> Result<Vec<Finding>> {
    let n = data.values.first().map_or(0, |c| c.len());
    if n == 0 {
        return Err(Error::new(Kind::Empty { what: "the list of numeric columns".into() }));
    }
    for (name, values) in data.names.iter().zip(data.values) {
        if values.len() != n {
            return Err(Error::length(format!("`{name}`"), values.len(), n));
        }
    }
    let sound = [options.tolerance, options.outlier].iter().all(|v| v.is_finite() && *v > 0.0);
    if !sound || options.tolerance >= 0.1 || options.run < 2 {
        return Err(Error::invalid(
            "`tolerance` is not between 0 and 0.1, `outlier` not positive, or `run` below 2",
            "leave them at their defaults of 0.001, 6 and 3",
        ));
    }
    let mut all = copies(data);
    all.extend(identities::sums(options, data)?);
    all.extend(identities::identities(options, data, &all));
    if let (Some(unit), Some(time)) = (data.unit, data.time) {
        unique(&unit.codes, time)?;
        let series = paths::series(unit, time);
        all.extend(aggregates(data, unit, time));
        for c in 0..data.values.len() {
            all.extend(paths::jumps(data, c, &series));
            all.extend(paths::runs(options, data, c, &series));
            all.extend(paths::outliers(options, data, c, unit, time));
        }
    } else if let Some(unit) = data.unit {
        all.extend(named_totals(data, unit));
    }
    all.sort_by(|a, b| (a.check, a.row, &a.column).cmp(&(b.check, b.row, &b.column)));
    Ok(all)
}

/// Pairs of columns that are one.
fn copies(data: &Columns) -> Vec<Finding> {
    let mut all = Vec::new();
    for (b, second) in data.values.iter().enumerate() {
        for (a, first) in data.values[..b].iter().enumerate() {
            let both: Vec<(f64, f64)> = first
                .iter()
                .zip(second.iter())
                .filter(|(x, y)| !x.is_nan() && !y.is_nan())
                .map(|(x, y)| (*x, *y))
                .collect();
            let m = both.len();
            let mut distinct: Vec<u64> = both.iter().map(|p| p.0.to_bits()).collect();
            distinct.sort_unstable();
            distinct.dedup();
            // Dummies and counts of few values agree by chance.
            if m < 5 || distinct.len() < 5 {
                continue;
            }
            let equal = both.iter().filter(|(x, y)| x == y).count();
            let mut ratios: Vec<f64> = both.iter().filter(|p| p.0 != 0.0).map(|(x, y)| y / x).collect();
            let factor = median(&mut ratios);
            let scaled = factor != 0.0
                && both.iter().all(|(x, y)| (y - factor * x).abs() <= 1e-9 * y.abs().max((factor * x).abs()));
            let (x, y): (Vec<f64>, Vec<f64>) = both.iter().copied().unzip();
            let r = correlation(&x, &y).unwrap_or(0.0);
            let (first, second) = (&data.names[a], &data.names[b]);
            let (check, value, message) = if equal == m {
                (Check::DuplicateColumn, 1.0, format!("`{second}` equals `{first}` in all {m} rows"))
            } else if scaled {
                (Check::ScaledCopy, factor, format!("`{second}` is {factor} times `{first}` in all {m} rows"))
            } else if equal as f64 >= 0.9 * m as f64 {
                let but = m - equal;
                (
                    Check::NearDuplicateColumn,
                    r,
                    format!("`{second}` equals `{first}` in {equal} of {m} rows, all but {but}"),
                )
            } else if r.abs() > 0.9999 {
                (Check::NearDuplicateColumn, r, format!("`{second}` and `{first}` have the correlation {r:.6}"))
            } else {
                continue;
            };
            let column = format!("{first}, {second}");
            all.push(Finding { check, column, row: None, unit: None, value, expected: f64::NAN, message });
        }
    }
    all
}

/// Names of totals in the languages of the field, compared without case.
const TOTALS: [&str; 17] = [
    "total", "sum", "world", "all", "national", "nation", "mean", "average", "china", "合计", "总计", "全国", "总和",
    "平均", "均值", "全省", "小计",
];

fn named_totals(data: &Columns, unit: &Factor) -> Vec<Finding> {
    let wanted = |label: &String| TOTALS.contains(&label.trim().to_lowercase().as_str());
    (data.labels.iter().enumerate())
        .filter(|(_, label)| wanted(label))
        .map(|(code, label)| Finding {
            check: Check::AggregateUnit,
            column: unit.name.clone(),
            row: None,
            unit: Some(code as u32),
            value: f64::NAN,
            expected: f64::NAN,
            message: format!("the unit `{label}` has the name of a total"),
        })
        .collect()
}

/// Units that are the sum or the mean of all others.
fn aggregates(data: &Columns, unit: &Factor, time: &[i64]) -> Vec<Finding> {
    let mut all = named_totals(data, unit);
    let periods = crate::distribution::by_time(time);
    // Per unit: columns at times compared, of which sums, of which means.
    let mut tallies = vec![[0usize; 3]; unit.levels as usize];
    for (c, values) in data.values.iter().enumerate() {
        let numbered = values.iter().filter(|v| !v.is_nan() && **v != 0.0).count() as f64 > 0.5 * values.len() as f64;
        if data.names[c] == unit.name || !numbered {
            continue;
        }
        for rows in periods.values() {
            let there: Vec<usize> = rows.iter().copied().filter(|&i| !values[i].is_nan()).collect();
            let total: f64 = there.iter().map(|&i| values[i]).sum();
            if there.len() < 4 {
                continue;
            }
            for &i in &there {
                let others = total - values[i];
                let near = |x: f64, tolerance: f64| (values[i] - x).abs() <= tolerance * values[i].abs();
                let tally = &mut tallies[unit.codes[i] as usize];
                tally[0] += 1;
                if values[i] != 0.0 {
                    tally[1] += usize::from(near(others, 2e-3));
                    tally[2] += usize::from(near(others / (there.len() - 1) as f64, 1e-6));
                }
            }
        }
    }
    for (code, [compared, sums, means]) in tallies.into_iter().enumerate() {
        let label = data.labels.get(code).cloned().unwrap_or_default();
        // Of two units each is the sum of the other; a single chance hit is none.
        for (hits, what) in [(sums, "sum"), (means, "mean")] {
            if compared >= 2 && hits >= 2 && hits as f64 >= 0.3 * compared as f64 {
                all.push(Finding {
                    check: Check::AggregateUnit,
                    column: unit.name.clone(),
                    row: None,
                    unit: Some(code as u32),
                    value: hits as f64,
                    expected: f64::NAN,
                    message: format!(
                        "the unit `{label}` is the {what} of all others in {hits} of {compared} values: a total among the units"
                    ),
                });
            }
        }
    }
    all
}

/// The middle value; zero of none.
pub(super) fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.sort_by(f64::total_cmp);
    let m = values.len() / 2;
    if values.len() % 2 == 1 { values[m] } else { 0.5 * (values[m - 1] + values[m]) }
}
