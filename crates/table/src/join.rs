//! Joining tables by keys, and keeping rows.

use crate::error::few;
use crate::{Column, Data, Error, MISSING, Result, Table};
use std::collections::{HashMap, HashSet};

/// A left join and what did not match.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The left table with the columns of the right one.
    pub table: Table,
    /// Rows of the left table without a match (missing in the new columns).
    pub unmatched: usize,
    /// Rows of the right table that no row of the left one asked for.
    pub unused: usize,
    /// What is said of rows without a match that would have one but for blanks around their keys.
    pub blanks: Option<String>,
}

/// Adds the columns of `right` to the rows of `left` whose keys (left name, right name) agree: many to one.
///
/// A key that names two rows on the right, numbers against text, and a column name on both sides are errors.
pub fn left_join(left: &Table, right: &Table, keys: &[(&str, &str)]) -> Result<Join> {
    if keys.is_empty() {
        return Err(Error::invalid("a join without keys", "name the columns to join by"));
    }
    let mut left_codes = vec![Vec::with_capacity(keys.len()); left.rows()];
    let mut right_codes = vec![Vec::with_capacity(keys.len()); right.rows()];
    for (l, r) in keys {
        let (l, r) = shared_codes(left.column(l)?, right.column(r)?)?;
        left_codes.iter_mut().zip(l).for_each(|(key, code)| key.push(code));
        right_codes.iter_mut().zip(r).for_each(|(key, code)| key.push(code));
    }
    // A missing key matches nothing, not even another missing one.
    let whole = |key: &[u32]| !key.contains(&MISSING);
    let mut row_of: HashMap<&[u32], usize> = HashMap::new();
    let mut repeated = Vec::new();
    for (row, key) in right_codes.iter().enumerate().filter(|(_, key)| whole(key)) {
        if let Some(first) = row_of.insert(key, row) {
            repeated.extend([first, row]);
        }
    }
    if !repeated.is_empty() {
        let show = |r: usize| {
            let parts: Vec<String> = (keys.iter())
                .filter_map(|(_, name)| Some(format!("{name} = {}", right.column(name).ok()?.show(r))))
                .collect();
            parts.join(", ")
        };
        let shown: Vec<String> = repeated.chunks(2).map(|pair| show(pair[0])).collect();
        repeated.sort_unstable();
        repeated.dedup();
        return Err(right.content(
            None,
            repeated,
            format!("keys of the joined table name more than one row ({})", few(&shown)),
            "make them distinct, or join by further columns",
        ));
    }
    let matched: Vec<Option<usize>> = left_codes.iter().map(|key| row_of.get(key.as_slice()).copied()).collect();
    let mut table = left.clone();
    for column in right.columns().iter().filter(|c| keys.iter().all(|(_, r)| *r != c.name)) {
        if table.has(&column.name) {
            return Err(Error::invalid(
                format!("both tables have a column `{}` that is no key", column.name),
                "rename it in one of them, or join by it",
            ));
        }
        table.set(spread(column, &matched))?;
    }
    let used: HashSet<usize> = matched.iter().flatten().copied().collect();
    let unmatched = matched.iter().filter(|m| m.is_none()).count();
    let lone: Vec<usize> = (0..left.rows()).filter(|&row| matched[row].is_none()).collect();
    let blanks = blanks(left, right, keys, &lone)?;
    Ok(Join { table, unmatched, unused: right.rows() - used.len(), blanks })
}

/// Tells which of the rows `lone` of the left table have keys that are those of a row on the right but for blanks at
/// their ends, the full-width one included.
fn blanks(left: &Table, right: &Table, keys: &[(&str, &str)], lone: &[usize]) -> Result<Option<String>> {
    let trimmed = |table: &Table, names: &[&str], row: usize| -> Result<Vec<String>> {
        names.iter().map(|name| Ok(table.column(name)?.show(row).trim().to_string())).collect()
    };
    let (left_names, right_names): (Vec<&str>, Vec<&str>) = keys.iter().copied().unzip();
    // Nothing is compared where no key has a blank at its ends.
    let padded = |table: &Table, name: &&str| match table.column(name).map(|column| &column.data) {
        Ok(Data::Text(text)) => text.levels.iter().any(|level| level.trim() != level),
        _ => false,
    };
    if !left_names.iter().any(|name| padded(left, name)) && !right_names.iter().any(|name| padded(right, name)) {
        return Ok(None);
    }
    let known: HashSet<Vec<String>> =
        (0..right.rows()).map(|row| trimmed(right, &right_names, row)).collect::<Result<_>>()?;
    let (mut alike, mut shown) = (0, Vec::new());
    for &row in lone {
        let key = trimmed(left, &left_names, row)?;
        if key.iter().any(String::is_empty) || !known.contains(&key) {
            continue;
        }
        alike += 1;
        let words: Vec<String> =
            left_names.iter().map(|name| Ok(left.column(name)?.show(row))).collect::<Result<_>>()?;
        if shown.len() < 6 && !shown.contains(&words.join(", ")) {
            shown.push(words.join(", "));
        }
    }
    let quoted: Vec<String> = shown.iter().map(|words| format!("`{words}`")).collect();
    Ok((alike > 0).then(|| {
        format!(
            "{alike} rows without a match have one but for blanks around a key on one of the two sides ({}); trim \
             it, as with btrim(name, ' 　') in an `sql` step",
            few(&quoted)
        )
    }))
}

/// Codes of two columns such that equal values have equal codes.
fn shared_codes(left: &Column, right: &Column) -> Result<(Vec<u32>, Vec<u32>)> {
    let both = match (&left.data, &right.data) {
        (Data::Number(l), Data::Number(r)) => Column::number("", [l.as_slice(), r].concat()),
        (Data::Text(l), Data::Text(r)) => {
            Column::text("", (0..left.len()).map(|i| l.get(i)).chain((0..right.len()).map(|i| r.get(i))))
        }
        _ => {
            let kind = |c: &Column| if matches!(c.data, Data::Number(_)) { "numbers" } else { "text" };
            return Err(Error::invalid(
                format!("`{}` holds {}, `{}` {}", left.name, kind(left), right.name, kind(right)),
                "give both the same form, as with CAST in an `sql` step",
            ));
        }
    };
    let mut codes = both.codes();
    let right = codes.split_off(left.len());
    Ok((codes, right))
}

/// A column's values at rows, missing where there is none.
fn spread(column: &Column, rows: &[Option<usize>]) -> Column {
    match &column.data {
        Data::Number(v) => Column::number(&column.name, rows.iter().map(|r| r.map_or(f64::NAN, |r| v[r])).collect()),
        Data::Text(t) => Column::text(&column.name, rows.iter().map(|r| r.and_then(|r| t.get(r)))),
    }
}

/// The rows where `keep` is true.
pub fn filter(table: &Table, keep: &[bool]) -> Result<Table> {
    if keep.len() != table.rows() {
        return Err(Error::Length { column: "keep".into(), got: keep.len(), want: table.rows() });
    }
    Ok(table.take(&(0..keep.len()).filter(|&i| keep[i]).collect::<Vec<_>>()))
}
