//! Values of units over years: which rows there are, and where a unit is observed in consecutive years.

use crate::{Error, Factor, Kind, Result};
use std::collections::BTreeMap;

/// Row of each unit with a value, by year.
pub(crate) type Years = BTreeMap<i64, BTreeMap<u32, usize>>;

/// Row of each unit with a value, by year; refuses wrong lengths, negative values and rows of the same key.
pub(crate) fn observed(name: &str, unit: &Factor, time: &[i64], value: &[f64]) -> Result<Years> {
    let n = value.len();
    if unit.codes.len() != n || time.len() != n {
        let (what, got) = if time.len() != n { ("`time`", time.len()) } else { ("`unit`", unit.codes.len()) };
        return Err(Error::length(what, got, n));
    }
    let infinite: Vec<usize> = (0..n).filter(|&i| value[i].is_infinite()).collect();
    if !infinite.is_empty() {
        return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(infinite));
    }
    let negative: Vec<usize> = (0..n).filter(|&i| value[i] < 0.0).collect();
    if !negative.is_empty() {
        return Err(Error::invalid("an export value is negative; wanted zero or more", "correct or drop these rows")
            .at_column(name)
            .at_rows(negative));
    }
    let mut keys: BTreeMap<(i64, u32), usize> = BTreeMap::new();
    let mut years: Years = BTreeMap::new();
    for i in 0..n {
        if let Some(first) = keys.insert((time[i], unit.codes[i]), i) {
            return Err(Error::invalid(
                format!("two rows of one `{}` in {}", unit.name, time[i]),
                "add the values up by unit and year first, for example with a `sql` step",
            )
            .at_rows([first, i]));
        }
        if !value[i].is_nan() {
            years.entry(time[i]).or_default().insert(unit.codes[i], i);
        }
    }
    if years.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the column of values".into() }).at_column(name));
    }
    let sum = |units: &BTreeMap<u32, usize>| units.values().map(|&i| value[i]).sum::<f64>();
    if let Some((year, _)) = years.iter().find(|(_, units)| sum(units).is_infinite()) {
        let what = format!("the values of {year} add up to more than a number can be");
        return Err(Error::invalid(what, "give them in a larger unit, or correct them").at_column(name));
    }
    Ok(years)
}

/// The rows of the units observed in two years, in order of unit code, and how many were observed in one only.
pub(crate) fn matched(then: &BTreeMap<u32, usize>, now: &BTreeMap<u32, usize>) -> (Vec<(usize, usize)>, usize) {
    let pairs: Vec<(usize, usize)> = now.iter().filter_map(|(u, &b)| Some((*then.get(u)?, b))).collect();
    let unmatched = then.len() + now.len() - 2 * pairs.len();
    (pairs, unmatched)
}

/// Consecutive years of one unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    /// Code of the unit.
    pub unit: u32,
    /// First year.
    pub from: i64,
    /// Row of each year, from the first on.
    pub rows: Vec<usize>,
}

/// The runs of consecutive years, by unit; a year whose row is not to `keep` ends a run as a missing year does.
pub(crate) fn runs(years: &Years, keep: impl Fn(usize) -> bool) -> Vec<Run> {
    let mut by_unit: BTreeMap<u32, Vec<(i64, usize)>> = BTreeMap::new();
    for (&year, rows) in years {
        for (&unit, &row) in rows {
            by_unit.entry(unit).or_default().push((year, row));
        }
    }
    let mut out: Vec<Run> = Vec::new();
    for (unit, rows) in by_unit {
        let mut last: Option<i64> = None;
        for (year, row) in rows.into_iter().filter(|&(_, row)| keep(row)) {
            match out.last_mut() {
                Some(run) if last.is_some() && last == year.checked_sub(1) => run.rows.push(row),
                _ => out.push(Run { unit, from: year, rows: vec![row] }),
            }
            last = Some(year);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_at_gaps_and_at_rows_that_are_left_out() {
        let unit = Factor::from_keys("u", [0, 0, 0, 0, 1, 1]);
        let value = [1.0, 2.0, 0.0, 4.0, 5.0, 6.0];
        let years = observed("x", &unit, &[1, 2, 3, 4, 4, 6], &value).unwrap();
        let found: Vec<(u32, i64, usize)> =
            runs(&years, |i| value[i] > 0.0).iter().map(|r| (r.unit, r.from, r.rows.len())).collect();
        assert_eq!(found, [(0, 1, 2), (0, 4, 1), (1, 4, 1), (1, 6, 1)]);
        assert_eq!(runs(&years, |_| true)[0].rows, [0, 1, 2, 3]);
    }
}
