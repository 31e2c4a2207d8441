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
//!
//! A finding is a question to the source, not a verdict. Thresholds are robust: medians and median absolute deviations
//! (times 1.4826, a standard deviation under normality), so that the odd values do not hide themselves.

use super::identities;
use super::weights::correlation;
use crate::distribution::unique;
use crate::{Error, Factor, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// A second row of one unit and time.
    DuplicateRow,
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
        let series = series(unit, time);
        all.extend(aggregates(data, unit, time));
        for c in 0..data.values.len() {
            all.extend(jumps(data, c, &series));
            all.extend(runs(options, data, c, &series));
            all.extend(outliers(options, data, c, unit, time));
        }
    } else if let Some(unit) = data.unit {
        all.extend(named_totals(data, unit));
    }
    all.sort_by(|a, b| (a.check, a.row, &a.column).cmp(&(b.check, b.row, &b.column)));
    Ok(all)
}

/// Rows of each unit in order of time.
fn series(unit: &Factor, time: &[i64]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); unit.levels as usize];
    (0..time.len()).for_each(|i| all[unit.codes[i] as usize].push(i));
    all.iter_mut().for_each(|rows| rows.sort_by_key(|&i| time[i]));
    all
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

/// Changes by a power of ten.
fn jumps(data: &Columns, c: usize, series: &[Vec<usize>]) -> Vec<Finding> {
    let (values, name) = (data.values[c], &data.names[c]);
    let mut changes = Vec::new();
    for rows in series {
        for pair in rows.windows(2) {
            let (a, b) = (values[pair[0]], values[pair[1]]);
            if a * b > 0.0 && a.is_finite() && b.is_finite() {
                changes.push((pair[0], pair[1], (b / a).log10()));
            }
        }
    }
    if changes.len() < 5 {
        return Vec::new();
    }
    let mut sizes: Vec<f64> = changes.iter().map(|c| c.2).collect();
    let center = median(&mut sizes);
    let mut apart: Vec<f64> = sizes.iter().map(|s| (s - center).abs()).collect();
    let sd = 1.4826 * median(&mut apart);
    // A column whose usual change is tenfold has no jumps of unit.
    let near = (3.0 * sd).clamp(0.02, 0.2);
    (changes.into_iter())
        .filter_map(|(from, to, change)| {
            let power = (change - center).round();
            let jump = power != 0.0 && (change - center - power).abs() <= near && (change - center).abs() > 6.0 * sd;
            jump.then(|| Finding {
                check: Check::UnitJump,
                column: name.clone(),
                row: Some(to),
                unit: data.unit.map(|u| u.codes[to]),
                value: values[to],
                expected: values[to] / 10f64.powf(power),
                message: format!(
                    "`{name}` goes from {} to {}, about 10^{power:.0} times its usual change: another unit of measurement?",
                    values[from], values[to]
                ),
            })
        })
        .collect()
}

/// Values that repeat, or lie on a straight line, where the column otherwise moves.
fn runs(options: &AuditData, data: &Columns, c: usize, series: &[Vec<usize>]) -> Vec<Finding> {
    let (values, name) = (data.values[c], &data.names[c]);
    let Some(time) = data.time else { return Vec::new() };
    // Slope between neighbors in time.
    let slope = |a: usize, b: usize| (values[b] - values[a]) / (time[b] - time[a]) as f64;
    let same = |a: f64, b: f64, size: f64| (a - b).abs() <= 1e-9 * size;
    let (mut still, mut moves) = (0, 0);
    for pair in series.iter().flat_map(|rows| rows.windows(2)) {
        let (a, b) = (values[pair[0]], values[pair[1]]);
        if !a.is_nan() && !b.is_nan() {
            moves += 1;
            still += usize::from(a == b);
        }
    }
    // Columns that often stand still (laws, places, counts) are not odd when they do.
    if moves < 5 || still as f64 > 0.2 * moves as f64 {
        return Vec::new();
    }
    let mut all = Vec::new();
    for rows in series {
        let mut first = 0;
        while first + 1 < rows.len() {
            let (a, b) = (rows[first], rows[first + 1]);
            let step = slope(a, b);
            if step.is_nan() {
                first += 1;
                continue;
            }
            let size = values[a].abs().max(values[b].abs());
            let mut last = first + 1;
            while last + 1 < rows.len() && same(slope(rows[last], rows[last + 1]), step, size) {
                last += 1;
            }
            let long = last - first + 1;
            let repeated = step == 0.0;
            // Three points lie on a line by rounding more often than by interpolation.
            if (repeated && long >= options.run) || (!repeated && long >= options.run.max(3) + 1) {
                let (from, to) = (time[rows[first]], time[rows[last]]);
                let (check, message) = match repeated {
                    true => (
                        Check::RepeatedValue,
                        format!("`{name}` is {} from {from} to {to}: carried forward?", values[a]),
                    ),
                    false => (
                        Check::InterpolatedValue,
                        format!("`{name}` lies on a straight line from {from} to {to}: interpolated?"),
                    ),
                };
                all.push(Finding {
                    check,
                    column: name.clone(),
                    row: Some(rows[first + 1]),
                    unit: data.unit.map(|u| u.codes[a]),
                    value: values[rows[first + 1]],
                    expected: f64::NAN,
                    message,
                });
            }
            first = last;
        }
    }
    // A column that lies on straight lines as a rule (population between censuses, trends) is one finding, not many.
    let lines = all.iter().filter(|f| f.check == Check::InterpolatedValue).count();
    if lines > 3 && lines as f64 > 0.5 * series.len() as f64 {
        let units = series.len();
        all.retain(|f| f.check != Check::InterpolatedValue);
        all.push(Finding {
            check: Check::InterpolatedValue,
            column: name.clone(),
            row: None,
            unit: None,
            value: lines as f64,
            expected: f64::NAN,
            message: format!(
                "`{name}` lies on straight lines in {lines} stretches of {units} units: interpolated as a whole?"
            ),
        });
    }
    all
}

/// Values far from what their unit and time would have: residuals of a two-way median fit, in logarithms where all
/// values are positive.
fn outliers(options: &AuditData, data: &Columns, c: usize, unit: &Factor, time: &[i64]) -> Vec<Finding> {
    let (values, name) = (data.values[c], &data.names[c]);
    let there: Vec<usize> = (0..values.len()).filter(|&i| values[i].is_finite()).collect();
    if there.len() < 10 {
        return Vec::new();
    }
    let logs = there.iter().all(|&i| values[i] > 0.0);
    let mut rest: BTreeMap<usize, f64> =
        there.iter().map(|&i| (i, if logs { values[i].ln() } else { values[i] })).collect();
    let whole = rest.clone();
    let codes: Vec<i64> = unit.codes.iter().map(|&u| i64::from(u)).collect();
    // Tukey's median polish: three rounds settle all but ties.
    for _ in 0..3 {
        for key in [&codes[..], time] {
            let mut groups: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
            rest.iter().for_each(|(&i, &v)| groups.entry(key[i]).or_default().push(v));
            let centers: BTreeMap<i64, f64> = groups.into_iter().map(|(k, mut v)| (k, median(&mut v))).collect();
            rest.iter_mut().for_each(|(i, v)| *v -= centers[&key[*i]]);
        }
    }
    let mut sizes: Vec<f64> = rest.values().map(|v| v.abs()).collect();
    let sd = 1.4826 * median(&mut sizes);
    if sd <= 0.0 {
        return Vec::new();
    }
    (rest.iter())
        .filter(|(_, v)| v.abs() > options.outlier * sd)
        .map(|(&i, v)| {
            let fitted = whole[&i] - v;
            let expected = if logs { fitted.exp() } else { fitted };
            Finding {
                check: Check::Outlier,
                column: name.clone(),
                row: Some(i),
                unit: Some(unit.codes[i]),
                value: values[i],
                expected,
                message: format!(
                    "`{name}` is {} where its unit and time make {expected:.4} likely: {:.1} robust standard deviations",
                    values[i],
                    v.abs() / sd
                ),
            }
        })
        .collect()
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
