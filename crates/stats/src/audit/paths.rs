//! What is odd in the paths of units over time: jumps of unit, values that repeat or lie on straight lines, outliers.

use super::data::{AuditData, Check, Columns, Finding, median};
use crate::Factor;
use std::collections::BTreeMap;

/// Rows of each unit in order of time.
pub(super) fn series(unit: &Factor, time: &[i64]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new(); unit.levels as usize];
    (0..time.len()).for_each(|i| all[unit.codes[i] as usize].push(i));
    all.iter_mut().for_each(|rows| rows.sort_by_key(|&i| time[i]));
    all
}

/// Changes by a power of ten.
pub(super) fn jumps(data: &Columns, c: usize, series: &[Vec<usize>]) -> Vec<Finding> {
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
pub(super) fn runs(options: &AuditData, data: &Columns, c: usize, series: &[Vec<usize>]) -> Vec<Finding> {
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
            if (repeated && long >= options.run) || (!repeated && long > options.run.max(3)) {
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
pub(super) fn outliers(options: &AuditData, data: &Columns, c: usize, unit: &Factor, time: &[i64]) -> Vec<Finding> {
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
