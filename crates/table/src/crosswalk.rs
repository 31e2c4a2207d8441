//! Translating codes: products between revisions, industries, regions.
//!
//! A crosswalk table has a row for each pair of an old and a new code, and where an old code becomes several the share
//! of each. With shares w,
//!
//! ```text
//! value(new) = Σ_old w(old, new) value(old),   Σ_new w(old, new) = 1
//! ```
//!
//! so that nothing is lost or made: shares that do not sum to one are an error. Values of a row are divided over its new
//! codes; rows are not added up.

use crate::error::few;
use crate::{Column, Data, Error, Result, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Shares of one code may miss one by so much, for they are printed with few digits.
const ROUNDING: f64 = 1e-6;

/// Translates the codes of a column by a table of old and new codes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Crosswalk {
    /// Column whose codes are translated.
    pub column: String,
    /// The table of old and new codes, by its name in the study.
    pub table: String,
    /// Its column of old codes.
    pub from: String,
    /// Its column of new codes.
    pub to: String,
    /// Its column of shares; needed where an old code has several new ones.
    pub share: Option<String>,
    /// Columns that are divided by the shares: values, quantities.
    pub values: Vec<String>,
    /// What happens to codes that the table does not have.
    pub unmatched: Unmatched,
}

/// Codes without a translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// An error that names them.
    #[default]
    Refuse,
    /// Kept as they are, counted.
    Keep,
    /// Left out, counted with their values.
    Drop,
}

/// New codes of an old one, with their shares.
type Targets = HashMap<String, Vec<(String, f64)>>;

impl Crosswalk {
    /// The table with new codes, more rows where codes divide; and what was counted.
    pub fn apply(&self, table: &Table, crosswalk: &Table) -> Result<(Table, Vec<String>)> {
        let targets = self.targets(crosswalk)?;
        let column = table.column(&self.column)?;
        let values: Vec<(&str, &[f64])> =
            self.values.iter().map(|name| Ok((name.as_str(), table.numbers(name)?))).collect::<Result<_>>()?;
        let (mut rows, mut codes, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        let (mut unmatched, mut divided) = (Vec::new(), 0);
        let old = column.to_text();
        let of_level: Vec<_> = old.levels.iter().map(|code| targets.get(code)).collect();
        for i in 0..table.rows() {
            match of_level.get(old.codes[i] as usize).copied().flatten() {
                Some(list) => {
                    divided += usize::from(list.len() > 1);
                    for (new, share) in list {
                        rows.push(i);
                        codes.push(Some(new.as_str()));
                        shares.push(*share);
                    }
                }
                None => {
                    unmatched.push(i);
                    if self.unmatched == Unmatched::Keep {
                        rows.push(i);
                        codes.push(old.get(i));
                        shares.push(1.0);
                    }
                }
            }
        }
        if divided > 0 && values.is_empty() {
            return Err(Error::invalid(
                "codes divide into several, and no `values` are named to be divided with them",
                "name the columns of values and quantities in `values`",
            ));
        }
        if self.unmatched == Unmatched::Refuse && !unmatched.is_empty() {
            return Err(self.untranslated(table, crosswalk, unmatched, &targets));
        }
        let mut result = table.take(&rows);
        for (name, values) in &values {
            let parts = rows.iter().zip(&shares).map(|(&i, share)| values[i] * share).collect();
            result.set(Column::number(*name, parts))?;
        }
        result.set(Column::text(&*self.column, codes))?;
        let mut notes = vec![format!("{} rows became {}, {divided} of them divided", table.rows(), result.rows())];
        if !unmatched.is_empty() {
            let done = if self.unmatched == Unmatched::Keep { "kept" } else { "left out" };
            let lost: Vec<String> = (values.iter())
                .map(|(name, v)| {
                    let part: f64 = unmatched.iter().map(|&i| v[i]).filter(|v| v.is_finite()).sum();
                    let whole: f64 = v.iter().filter(|v| v.is_finite()).sum();
                    format!("{:.3} % of `{name}`", 100.0 * part / whole)
                })
                .collect();
            let lost = if lost.is_empty() { String::new() } else { format!(", {}", lost.join(", ")) };
            notes.push(format!("{} rows with codes that `{}` does not have {done}{lost}", unmatched.len(), self.table));
        }
        Ok((result, notes))
    }

    /// The error that names the codes without a translation, and zeros that one of the tables has lost.
    fn untranslated(&self, table: &Table, crosswalk: &Table, rows: Vec<usize>, targets: &Targets) -> Error {
        let Ok(column) = table.column(&self.column) else { return Error::invalid("no column of codes", "name it") };
        let mut seen = HashSet::new();
        let codes: Vec<String> =
            rows.iter().map(|&i| column.show(i)).filter(|code| seen.insert(code.clone())).collect();
        let shown: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
        let what = format!("`{}` has no translation of {} codes: {}", self.table, codes.len(), few(&shown));
        let bare = |code: &str| code.trim_start_matches('0').to_string();
        let known: HashSet<String> = targets.keys().map(|code| bare(code)).collect();
        let padded = codes.iter().filter(|code| known.contains(&bare(code))).count();
        let number = |t: &Table, name: &str| t.column(name).is_ok_and(|c| matches!(c.data, Data::Number(_)));
        let remedy = match (padded, number(crosswalk, &self.from), number(table, &self.column)) {
            (0, ..) => "complete the table, or set `unmatched` to keep or drop".into(),
            (n, true, false) => format!(
                "{n} of them are there without their leading zeros, for `{}` was read as numbers: read it as text, \
                 as_text = [\"{}\"] at the table `{}`, from a file in which the zeros are",
                self.from, self.from, self.table
            ),
            (n, false, true) => format!(
                "{n} of them are there with leading zeros, for `{}` was read as numbers: read it as text, as_text = \
                 [\"{}\"], from a file in which the zeros are, or let `trade_records` with `digits` give them back",
                self.column, self.column
            ),
            (n, ..) => format!("{n} of them are there with other leading zeros: write the codes alike in both tables"),
        };
        table.content(Some(&self.column), rows, what, remedy)
    }

    /// The new codes of each old one.
    fn targets(&self, crosswalk: &Table) -> Result<Targets> {
        let (from, to) = (crosswalk.column(&self.from)?, crosswalk.column(&self.to)?);
        let shares = self.share.as_ref().map(|name| crosswalk.numbers(name)).transpose()?;
        let mut targets = Targets::new();
        let mut rows: HashMap<String, Vec<usize>> = HashMap::new();
        for i in 0..crosswalk.rows() {
            let (old, new) = (from.show(i), to.show(i));
            if old.is_empty() || new.is_empty() {
                let column = if old.is_empty() { &self.from } else { &self.to };
                return Err(crosswalk.content(Some(column), vec![i], "a code is missing", "correct or drop this row"));
            }
            let share = shares.map_or(1.0, |s| s[i]);
            if !(0.0..=1.0 + ROUNDING).contains(&share) {
                let name = self.share.as_deref();
                return Err(crosswalk.content(name, vec![i], "this is no share", "give numbers between 0 and 1"));
            }
            let list = targets.entry(old.clone()).or_default();
            if list.iter().any(|(code, _)| *code == new) {
                return Err(crosswalk.content(
                    Some(&self.to),
                    vec![i],
                    format!("the pair {old} and {new} stands twice"),
                    "drop one of them, or add their shares up",
                ));
            }
            list.push((new, share));
            rows.entry(old).or_default().push(i);
        }
        let mut wrong: Vec<(&String, f64)> = targets
            .iter()
            .map(|(old, list)| (old, list.iter().map(|t| t.1).sum::<f64>()))
            .filter(|(_, sum)| (sum - 1.0).abs() > ROUNDING)
            .collect();
        wrong.sort_by(|a, b| a.0.cmp(b.0));
        let Some((old, sum)) = wrong.first() else { return Ok(targets) };
        let remedy = match &self.share {
            Some(_) => "correct the shares, which say how each old code is divided",
            None => "name the column of shares in `share`: an old code has several new ones",
        };
        let message = format!("the shares of {old} sum to {sum}, not to one ({} such codes)", wrong.len());
        Err(crosswalk.content(self.share.as_deref().or(Some(&self.from)), rows[*old].clone(), message, remedy))
    }
}

/// Turns columns of years into rows: tables of indicators in wide form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Longer {
    /// Columns to turn; all whose names are a year (`1990`, `1990 [YR1990]`, `YR1990`, R's `X1990`) when none are named.
    pub columns: Vec<String>,
    /// Name of the column of years.
    pub time: String,
    /// Name of the column of values.
    pub value: String,
    /// Keeps rows whose value is missing.
    pub keep_missing: bool,
}

impl Default for Longer {
    fn default() -> Self {
        Longer { columns: Vec::new(), time: "year".into(), value: "value".into(), keep_missing: false }
    }
}

/// The year that a name says, between 1000 and 2999.
fn year(name: &str) -> Option<i32> {
    let name = name.trim();
    let first = name.split(['[', ' ']).next().unwrap_or(name);
    let digits = first.strip_prefix("YR").or(first.strip_prefix('X')).unwrap_or(first);
    let year: i32 = (digits.len() == 4).then(|| digits.parse().ok())??;
    (1000..3000).contains(&year).then_some(year)
}

impl Longer {
    /// One row for each row and year, in this order; the other columns are repeated.
    pub fn apply(&self, table: &Table) -> Result<(Table, Vec<String>)> {
        let chosen: Vec<(String, i32)> = match self.columns.is_empty() {
            true => table.names().filter_map(|n| Some((n.to_string(), year(n)?))).collect(),
            false => (self.columns.iter())
                .map(|n| {
                    let year = year(n).ok_or_else(|| {
                        Error::invalid(format!("`{n}` is not named as a year"), "name columns such as 1990, YR1990")
                    })?;
                    Ok((n.clone(), year))
                })
                .collect::<Result<_>>()?,
        };
        if chosen.is_empty() {
            return Err(Error::invalid("no column is named as a year", "name them in `columns`"));
        }
        let values: Vec<&[f64]> = chosen.iter().map(|(name, _)| table.numbers(name)).collect::<Result<_>>()?;
        let (mut rows, mut years, mut cells, mut missing) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for i in 0..table.rows() {
            for ((_, year), column) in chosen.iter().zip(&values) {
                if column[i].is_nan() {
                    missing += 1;
                    if !self.keep_missing {
                        continue;
                    }
                }
                rows.push(i);
                years.push(f64::from(*year));
                cells.push(column[i]);
            }
        }
        let other = table.columns().iter().filter(|c| !chosen.iter().any(|(name, _)| *name == c.name));
        let mut columns: Vec<Column> = other.map(|c| c.take(&rows)).collect();
        columns.push(Column::number(&*self.time, years));
        columns.push(Column::number(&*self.value, cells));
        let mut long = Table::new(columns)?;
        long.origin = table.origin.of(&rows);
        let done = if self.keep_missing { "kept" } else { "left out" };
        let note = format!(
            "{} rows of {} years became {}; {missing} missing values {done}",
            table.rows(),
            chosen.len(),
            long.rows()
        );
        Ok((long, vec![note]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows() -> Table {
        Table::new(vec![
            Column::text("hs", ["010110", "010190", "999999"].map(Some)),
            Column::number("value", vec![10.0, 100.0, 7.0]),
            Column::number("year", vec![2015.0; 3]),
        ])
        .unwrap()
    }

    fn codes(pairs: &[(&str, &str, f64)]) -> Table {
        Table::new(vec![
            Column::text("old", pairs.iter().map(|p| Some(p.0))),
            Column::text("new", pairs.iter().map(|p| Some(p.1))),
            Column::number("w", pairs.iter().map(|p| p.2).collect()),
        ])
        .unwrap()
    }

    fn crosswalk() -> Crosswalk {
        Crosswalk {
            column: "hs".into(),
            table: "map".into(),
            from: "old".into(),
            to: "new".into(),
            share: Some("w".into()),
            values: vec!["value".into()],
            unmatched: Unmatched::Drop,
        }
    }

    #[test]
    fn values_divide_by_shares_and_nothing_is_lost() {
        let map = codes(&[("010110", "A", 1.0), ("010190", "A", 0.25), ("010190", "B", 0.75)]);
        let (table, notes) = crosswalk().apply(&flows(), &map).unwrap();
        assert_eq!(table.numbers("value").unwrap(), [10.0, 25.0, 75.0]);
        assert_eq!(table.column("hs").unwrap().show(2), "B");
        assert!(notes[1].contains("5.983 % of `value`"), "{notes:?}");
        let (kept, _) = Crosswalk { unmatched: Unmatched::Keep, ..crosswalk() }.apply(&flows(), &map).unwrap();
        assert_eq!(kept.numbers("value").unwrap().iter().sum::<f64>(), 117.0);
    }

    #[test]
    fn shares_that_lose_or_make_values_are_refused() {
        let refused =
            |c: &Crosswalk, pairs: &[(&str, &str, f64)]| c.apply(&flows(), &codes(pairs)).unwrap_err().to_string();
        let good = [("010110", "A", 1.0), ("010190", "A", 0.25), ("010190", "B", 0.75)];
        assert!(refused(&crosswalk(), &[("010110", "A", 0.9)]).contains("sum to 0.9"));
        assert!(refused(&crosswalk(), &[("010110", "A", -0.5), ("010110", "B", 1.5)]).contains("no share"));
        assert!(refused(&crosswalk(), &[("010110", "A", 0.5), ("010110", "A", 0.5)]).contains("twice"));
        assert!(refused(&Crosswalk { share: None, ..crosswalk() }, &good).contains("`share`"));
        assert!(refused(&Crosswalk { unmatched: Unmatched::Refuse, ..crosswalk() }, &good).contains("no translation"));
        assert!(refused(&Crosswalk { values: Vec::new(), ..crosswalk() }, &good).contains("`values`"));
    }

    #[test]
    fn codes_without_a_translation_are_named_and_so_are_lost_zeros() {
        let refuse = Crosswalk { unmatched: Unmatched::Refuse, share: None, ..crosswalk() };
        let map = |old: Column| Table::new(vec![old, Column::text("new", ["A", "B"].map(Some))]).unwrap();
        let said = |old: Column| refuse.apply(&flows(), &map(old)).unwrap_err().to_string();
        let message = said(Column::text("old", ["010110", "010190"].map(Some)));
        assert!(message.contains("no translation of 1 codes: `999999`; complete the table"), "{message}");
        let message = said(Column::number("old", vec![10110.0, 10190.0]));
        assert!(message.contains("of 3 codes: `010110`, `010190`, `999999`; 2 of them are there without"), "{message}");
        assert!(message.contains("as_text = [\"old\"] at the table `map`"), "{message}");
        let mut numbers = flows();
        numbers.set(Column::number("hs", vec![10110.0, 10190.0, 10110.0])).unwrap();
        let padded = map(Column::text("old", ["010110", "010190"].map(Some)));
        let message = refuse.apply(&numbers, &padded).unwrap_err().to_string();
        assert!(message.contains("of 2 codes: `10110`, `10190`; 2 of them are there with leading zeros"), "{message}");
    }

    #[test]
    fn years_become_rows() {
        let wide = Table::new(vec![
            Column::text("Country Code", ["CHN", "NAM"].map(Some)),
            Column::number("1990 [YR1990]", vec![1.0, f64::NAN]),
            Column::number("1991", vec![2.0, 3.0]),
            Column::number("20190", vec![0.0, 0.0]),
        ])
        .unwrap();
        let (long, notes) = Longer::default().apply(&wide).unwrap();
        assert_eq!(long.numbers("year").unwrap(), [1990.0, 1991.0, 1991.0]);
        assert_eq!(long.numbers("value").unwrap(), [1.0, 2.0, 3.0]);
        assert_eq!(long.names().collect::<Vec<_>>(), ["Country Code", "20190", "year", "value"]);
        assert!(notes[0].contains("1 missing"));
        let r = Table::new(vec![Column::number("X1990", vec![1.0]), Column::number("X19", vec![2.0])]).unwrap();
        assert_eq!(Longer::default().apply(&r).unwrap().0.numbers("year").unwrap(), [1990.0]);
        let all = Longer { keep_missing: true, ..Longer::default() }.apply(&wide).unwrap().0;
        assert_eq!(all.rows(), 4);
        let wrong = Longer { columns: vec!["20190".into()], ..Longer::default() };
        assert!(wrong.apply(&wide).unwrap_err().to_string().contains("not named as a year"));
    }
}
