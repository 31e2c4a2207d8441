//! Rows that stand twice, and values that are not there: what records without units and times can be asked too.

use super::data::{Check, Finding};
use std::collections::HashMap;

/// The rows that equal an earlier one in every column, each with the first that it equals; `columns` are the codes of
/// the values, n each, a missing one among them.
///
/// Rows are told apart column by column: two are the same in the first j columns if they are in the first j − 1 and have
/// one code in the j-th.
pub fn identical_rows(columns: &[Vec<u32>]) -> Vec<(usize, usize)> {
    let Some(first) = columns.first() else { return Vec::new() };
    let mut group = vec![0; first.len()];
    for codes in columns {
        let mut seen: HashMap<(u32, u32), u32> = HashMap::new();
        for (own, &code) in group.iter_mut().zip(codes) {
            let next = seen.len() as u32;
            *own = *seen.entry((*own, code)).or_insert(next);
        }
    }
    let mut first = HashMap::new();
    let again = |(row, own): (usize, &u32)| {
        let first = *first.entry(*own).or_insert(row);
        (first != row).then_some((row, first))
    };
    group.iter().enumerate().filter_map(again).collect()
}

/// A finding for each column with missing values, of which there are so many in so many rows.
pub fn missing_values<'a>(columns: impl IntoIterator<Item = (&'a str, usize)>, rows: usize) -> Vec<Finding> {
    let holes = columns.into_iter().filter(|&(_, missing)| missing > 0);
    let finding = |(name, missing): (&str, usize)| Finding {
        check: Check::MissingValue,
        column: name.into(),
        row: None,
        unit: None,
        value: missing as f64,
        expected: f64::NAN,
        message: format!(
            "`{name}` is missing in {missing} of {rows} rows ({:.2} %)",
            100.0 * missing as f64 / rows as f64
        ),
    };
    holes.map(finding).collect()
}
