//! Descriptive statistics of groups side by side; of two groups also the difference of their means.
//!
//! The difference is tested without supposing equal variances (Welch 1947): t = (m₁ − m₂) / √(s₁²/n₁ + s₂²/n₂) with
//! Satterthwaite's degrees of freedom (s₁²/n₁ + s₂²/n₂)² / Σ (sᵢ²/nᵢ)² / (nᵢ − 1).

use crate::describe::{DescribeTable, Statistic, cell, finite_sorted, label};
use crate::number::{decimals, fixed};
use crate::regression::Stars;
use crate::table::{Align, Cell, Column, Entry, Row, Section, Spanner, Table};
use crate::words::Lang;
use crate::{Error, Result};
use plim_stats::Kind;
use plim_stats::math::dist::t_p;

/// A group: its name and its columns, NaN missing.
pub type Group<'a> = (String, Vec<(&'a str, Vec<f64>)>);

/// The statistics of each group under its name; all groups have the same columns.
///
/// N, mean and standard deviation unless `stats` names others: eight of them for each group are no table.
pub fn describe_by(groups: &[Group], options: &DescribeTable, lang: Lang) -> Result<Table> {
    let Some((_, first)) = groups.first().filter(|g| !g.1.is_empty() && !options.stats.is_empty()) else {
        return Err(Error::new(Kind::Empty { what: "the list of groups, columns or statistics to describe".into() }));
    };
    let stats = match options.stats == DescribeTable::default().stats {
        true => vec![Statistic::N, Statistic::Mean, Statistic::Sd],
        false => options.stats.clone(),
    };
    let compares = groups.len() == 2;
    let row = |(j, (name, _)): (usize, &(&str, Vec<f64>))| {
        let sorted: Vec<Vec<f64>> = groups.iter().map(|g| g.1.get(j).map_or(vec![], |c| finite_sorted(&c.1))).collect();
        let mut cells: Vec<Cell> = sorted.iter().flat_map(|x| stats.iter().map(|s| cell(*s, x, options))).collect();
        if let (true, [a, b]) = (compares, sorted.as_slice()) {
            cells.push(difference(a, b, options));
        }
        Row::new(label(&options.labels, name), cells)
    };
    let head = |s: &Statistic| Column::new(lang.say(s.key()), Align::Number);
    let mut columns: Vec<Column> = groups.iter().flat_map(|_| stats.iter().map(head)).collect();
    let mut spanners: Vec<Spanner> =
        groups.iter().map(|(name, _)| Spanner { label: name.clone(), len: stats.len() }).collect();
    let mut notes = Vec::new();
    if compares {
        columns.push(Column::new(lang.say("difference_of_means"), Align::Number));
        spanners.push(Spanner { label: String::new(), len: 1 });
        notes.push(lang.say("welch_note").to_owned());
        notes.extend(options.stars.note().map(|n| lang.sentence(n)));
    }
    Ok(Table {
        title: if options.title.is_empty() { lang.say("describe").into() } else { options.title.clone() },
        stub: lang.say("variable").into(),
        columns,
        spanners: vec![spanners],
        sections: vec![Section::new(first.iter().enumerate().map(row).collect())],
        notes,
        sortable: true,
        ..Table::default()
    })
}

/// The difference of two means with its stars, its standard error below; empty where a group has fewer than two values.
fn difference(a: &[f64], b: &[f64], options: &DescribeTable) -> Cell {
    let part = |x: &[f64]| {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
        (mean, variance / n, n - 1.0)
    };
    if a.len() < 2 || b.len() < 2 {
        return Cell::empty();
    }
    let ((m, u, p), (k, v, q)) = (part(a), part(b));
    let error = (u + v).sqrt();
    let df = (u + v) * (u + v) / (u * u / p + v * v / q);
    let digits = decimals(m - k, error, options.digits);
    // Two constants differ without an error: no test.
    let stars = if error > 0.0 { options.stars.of(t_p((m - k) / error, df)) } else { Stars::None.of(1.0) };
    let body = fixed(m - k, digits);
    if body.is_empty() {
        return Cell::empty();
    }
    Cell(vec![
        Entry::Number { value: m - k, body, trail: stars.into() },
        Entry::Number { value: error, body: format!("({}", fixed(error, digits)), trail: ")".into() },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula in Python's floats: standard error 2.6299556396765835, t = -0.95058637578, 5.9319747 degrees of freedom.
    #[test]
    fn welch() {
        let groups: Vec<Group> = vec![
            ("a".into(), vec![("x", vec![1.0, 2.0, 3.0, 4.0, 10.0])]),
            ("b".into(), vec![("x", vec![2.0, 4.0, 9.0, 11.0, f64::NAN])]),
        ];
        let table = describe_by(&groups, &DescribeTable::default(), Lang::En).unwrap();
        table.check().unwrap();
        let cells = &table.sections[0].rows[0].cells;
        assert_eq!(cells.len(), 7);
        let Entry::Number { value: error, .. } = cells[6].0[1] else { panic!("no error") };
        assert!(
            (cells[6].value().unwrap() + 2.5).abs() < 1e-15 && (error - 2.629_955_639_676_583_5).abs() < 1e-14,
            "{error}"
        );
        assert!(describe_by(&[], &DescribeTable::default(), Lang::En).is_err());
    }
}
