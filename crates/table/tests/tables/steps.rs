//! Panels, cleaning steps and joins: known numbers and identities.

use plim_table::clean::{
    Deflate, Function, Growth, Interpolate, Lag, Standardize, Transform, Trim, Undefined, Winsorize, deflate,
    interpolate, standardize, transform, trim, winsorize,
};
use plim_table::{Column, Data, Panel, Table, filter, left_join};

const NAN: f64 = f64::NAN;

/// Bit for bit equal, all missing alike.
#[track_caller]
fn same(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| g == w || g.is_nan() && w.is_nan()), "{got:?}, wanted {want:?}");
}

/// Type 7 and type 2 quantiles, written here from their definitions.
fn numpy(sorted: &[f64], _: &[f64], p: f64) -> f64 {
    let h = (sorted.len() - 1) as f64 * p;
    let j = h.floor() as usize;
    sorted[j] + (h - h.floor()) * (sorted[(j + 1).min(sorted.len() - 1)] - sorted[j])
}

fn stata(sorted: &[f64], _: &[f64], p: f64) -> f64 {
    let h = sorted.len() as f64 * p;
    let j = h.round();
    match (h - j).abs() < 1e-9 && j >= 1.0 && (j as usize) < sorted.len() {
        true => 0.5 * (sorted[j as usize - 1] + sorted[j as usize]),
        false => sorted[(h.floor() as usize).min(sorted.len() - 1)],
    }
}

/// methods.md 6.8: quantiles of 1, 4, …, 100 by type 7 and type 2; the lowest value is pulled in to them.
#[test]
fn winsorizing_by_both_definitions() {
    let x: Vec<f64> = (1..=10).map(|i| f64::from(i * i)).collect();
    for (p, seven, two) in [(0.05, 2.35, 1.0), (0.1, 3.7, 2.5), (0.25, 10.75, 9.0)] {
        plim_golden::close(winsorize(&x, None, None, (p, 1.0), numpy).unwrap().0[0], seven, 1e-12, "type 7");
        plim_golden::close(winsorize(&x, None, None, (p, 1.0), stata).unwrap().0[0], two, 1e-12, "type 2");
    }
    let (seven, changed) = winsorize(&x, None, None, (0.1, 0.9), numpy).unwrap();
    assert_eq!(changed, 2);
    plim_golden::close(seven[0], 3.7, 1e-12, "type 7");
    let (two, changed) = winsorize(&x, None, None, (0.1, 0.9), stata).unwrap();
    assert_eq!((two[0], two[9], changed), (2.5, 90.5, 2));
    same(&two[1..9], &x[1..9]);
    let (trimmed, count) = trim(&x, None, None, (0.1, 0.9), stata).unwrap();
    assert!(trimmed[0].is_nan() && trimmed[9].is_nan() && count == 2);
    same(&trimmed[1..9], &x[1..9]);
}

#[test]
fn winsorizing_within_groups_is_winsorizing_each_group() {
    let x: Vec<f64> = (0..40).map(|i| f64::from((i * 37) % 41) * f64::from(1 + i % 2 * 99)).chain([NAN]).collect();
    let groups: Vec<u32> = (0..41).map(|i| i % 2).collect();
    let (all, changed) = winsorize(&x, None, Some(&groups), (0.05, 0.95), stata).unwrap();
    let mut total = 0;
    for group in 0..2 {
        let rows: Vec<usize> = (0..41).filter(|&i| groups[i] == group).collect();
        let part: Vec<f64> = rows.iter().map(|&i| x[i]).collect();
        let (alone, changed) = winsorize(&part, None, None, (0.05, 0.95), stata).unwrap();
        same(&rows.iter().map(|&i| all[i]).collect::<Vec<_>>(), &alone);
        total += changed;
    }
    assert_eq!(changed, total);
}

/// The step takes its quantiles within each value of `by`; pooled, the rich year would lose what the poor one keeps.
#[test]
fn trimming_by_year_is_counted() {
    let years = [2010.0, 2011.0].map(|y| vec![y; 10]).concat();
    let x: Vec<f64> = (1..=10).map(f64::from).chain((1..=10).map(|i| f64::from(1000 * i))).collect();
    let given = Table::new(vec![Column::number("year", years), Column::number("x", x)]).unwrap();
    let columns = vec!["x".to_string()];
    let missing = |t: &Table| -> Vec<usize> {
        t.numbers("x").unwrap().iter().enumerate().filter(|(_, v)| v.is_nan()).map(|(i, _)| i).collect()
    };
    let by = Some("year".to_string());
    let (mut within, mut pooled) = (given.clone(), given);
    let step = Trim { columns: columns.clone(), lower: 0.15, upper: 0.85, by, ..Trim::default() };
    let notes = step.apply(&mut within, None, stata).unwrap();
    assert_eq!(missing(&within), [0, 9, 10, 19]);
    assert_eq!(notes, ["x: 4 of 20 values made missing outside the 0.15 and 0.85 quantiles"]);
    Trim { by: None, ..step }.apply(&mut pooled, None, stata).unwrap();
    assert_eq!(missing(&pooled), [0, 1, 2, 17, 18, 19]);
}

/// Quantiles 0 and 1 change nothing, and the unit of measurement does not matter.
#[test]
fn winsorizing_identities() {
    let x: Vec<f64> = (0..101).map(|i| f64::from((i * i) % 103)).collect();
    assert_eq!(winsorize(&x, None, None, (0.0, 1.0), stata).unwrap(), (x.clone(), 0));
    let scaled: Vec<f64> = x.iter().map(|v| v * 1024.0).collect();
    let (a, n) = winsorize(&x, None, None, (0.01, 0.99), stata).unwrap();
    let (b, m) = winsorize(&scaled, None, None, (0.01, 0.99), stata).unwrap();
    assert_eq!(n, m);
    same(&a.iter().map(|v| v * 1024.0).collect::<Vec<_>>(), &b);
}

fn panel() -> (Table, Panel) {
    let table = Table::new(vec![
        Column::text("city", [Some("b"), Some("a"), Some("a"), Some("b"), Some("a"), Some("a")]),
        Column::number("year", vec![2011.0, 2012.0, 2010.0, 2010.0, 2015.0, 2014.0]),
        Column::number("x", vec![6.0, NAN, 1.0, 3.0, 8.0, 5.0]),
    ])
    .unwrap();
    let panel = Panel::new(&table, "city", "year").unwrap();
    (table, panel)
}

#[test]
fn lags_go_by_time_and_not_by_row() {
    let (table, panel) = panel();
    let x = table.numbers("x").unwrap();
    assert_eq!(panel.labels, ["b", "a"]);
    assert_eq!((&panel.units[..], &panel.times[..3]), (&[0, 1, 1, 0, 1, 1][..], &[2011, 2012, 2010][..]));
    same(&panel.lag(x, 1).unwrap(), &[3.0, NAN, NAN, NAN, 5.0, NAN]);
    same(&panel.lag(x, 2).unwrap(), &[NAN, 1.0, NAN, NAN, NAN, NAN]);
    same(&panel.lead(x, 1).unwrap(), &[NAN, NAN, NAN, 6.0, NAN, 8.0]);
    same(&panel.lag(x, 0).unwrap(), x);
    same(&panel.diff(x, 1).unwrap(), &[3.0, NAN, NAN, NAN, 3.0, NAN]);
    let (growth, undefined) = panel.growth(x, 1).unwrap();
    same(&growth, &[1.0, NAN, NAN, NAN, 8.0 / 5.0 - 1.0, NAN]);
    assert_eq!(undefined, 0);
    let (growth, undefined) = panel.growth(&[1.0, 1.0, 1.0, 0.0, 1.0, -2.0], 1).unwrap();
    assert!(growth.iter().all(|g| g.is_nan()) && undefined == 2);
}

/// Permuting the rows permutes the lags.
#[test]
fn lags_do_not_depend_on_the_order_of_rows() {
    let (table, panel) = panel();
    let lag = panel.lag(table.numbers("x").unwrap(), 1).unwrap();
    let order = [4, 2, 0, 5, 1, 3];
    let shuffled = table.take(&order);
    let again = Panel::new(&shuffled, "city", "year").unwrap();
    let moved = again.lag(shuffled.numbers("x").unwrap(), 1).unwrap();
    same(&moved, &order.map(|r| lag[r]));
}

#[test]
fn balance() {
    let (table, panel) = panel();
    let b = panel.balance();
    // Times 2010, 2011, 2012, 2014, 2015; a lacks 2011 between its rows, b lacks the last three.
    assert_eq!((b.units, b.times, b.rows, b.balanced), (2, 5, 6, false));
    assert_eq!((b.missing_cells, b.gaps, b.min_spell, b.max_spell), (4, 1, 1, 3));
    assert_eq!(
        b.to_string(),
        "2 units × 5 times (2010 to 2015), 6 rows: unbalanced, 4 cells missing, 1 of them inside a unit's span; \
         spells of 1 to 3 times"
    );
    // Levels that a filter emptied are no units.
    let some = filter(&table, &[true, false, false, true, false, false]).unwrap();
    let b = Panel::new(&some, "city", "year").unwrap().balance();
    assert!(b.balanced && b.units == 1 && b.to_string().ends_with("2 rows: balanced"));
}

#[test]
fn interpolation_fills_short_gaps_only_and_counts() {
    let table = Table::new(vec![
        Column::number("unit", vec![1.0; 8]),
        Column::number("year", vec![1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
        Column::number("x", vec![NAN, 1.0, NAN, NAN, 5.0, NAN, 9.0, NAN]),
    ])
    .unwrap();
    let panel = Panel::new(&table, "unit", "year").unwrap();
    let x = table.numbers("x").unwrap();
    // From 2 to 6 three times are missing, the year 4 has no row; the ends are never filled.
    assert_eq!(interpolate(x, &panel, 0).unwrap().1, 0);
    let (one, filled) = interpolate(x, &panel, 1).unwrap();
    same(&one, &[NAN, 1.0, NAN, NAN, 5.0, 7.0, 9.0, NAN]);
    assert_eq!(filled, 1);
    let (three, filled) = interpolate(x, &panel, 3).unwrap();
    same(&three, &[NAN, 1.0, 2.0, 4.0, 5.0, 7.0, 9.0, NAN]);
    assert_eq!(filled, 3);
}

#[test]
fn transforms_and_deflating() {
    let x = [1.0, 0.0, -0.5, NAN];
    let (log, undefined) = transform(&x, Function::Log);
    same(&log, &[0.0, NAN, NAN, NAN]);
    assert_eq!(undefined, [1, 2]);
    let (log1p, undefined) = transform(&x, Function::Log1p);
    same(&log1p, &[1f64.ln_1p(), 0.0, (-0.5f64).ln_1p(), NAN]);
    assert!(undefined.is_empty());
    same(&transform(&x, Function::Asinh).0, &x.map(f64::asinh));
    let (real, lost) = deflate(&[110.0, 240.0, 1.0, NAN], &[110.0, 120.0, NAN, NAN], 100.0).unwrap();
    plim_golden::close(real[0], 100.0, 1e-15, "real");
    plim_golden::close(real[1], 200.0, 1e-15, "real");
    assert_eq!(lost, 1);
}

#[test]
fn steps_name_their_columns_and_say_what_they_changed() {
    let (mut table, panel) = panel();
    let columns = vec!["x".to_string()];
    assert!(Lag { columns: columns.clone(), periods: -2 }.apply(&mut table, &panel).unwrap().is_empty());
    Growth { columns: columns.clone(), periods: 1 }.apply(&mut table, &panel).unwrap();
    Deflate { columns: columns.clone(), index: "year".into(), base: 2010.0 }.apply(&mut table).unwrap();
    Transform { columns: columns.clone(), function: Function::Log, undefined: Undefined::Missing }
        .apply(&mut table)
        .unwrap();
    let names: Vec<&str> = table.names().collect();
    assert_eq!(names, ["city", "year", "x", "x_lead2", "x_growth", "x_real", "log_x"]);
    same(table.numbers("x_lead2").unwrap(), &[NAN, 5.0, NAN, NAN, NAN, NAN]);
    let notes = Interpolate { columns: columns.clone(), max_gap: 3 }.apply(&mut table, &panel).unwrap();
    assert_eq!(notes, ["x: 1 of 6 values interpolated over gaps of at most 3"]);
    let notes =
        Winsorize { columns, lower: 0.2, upper: 0.8, ..Winsorize::default() }.apply(&mut table, None, stata).unwrap();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("x: 2 of 6 values winsorized at the 0.2 and 0.8"), "{notes:?}");
}

#[test]
fn a_left_join_keeps_the_left_rows_and_counts() {
    let (left, _) = panel();
    let right = Table::new(vec![
        Column::text("name", [Some("c"), Some("a"), None, None]),
        Column::number("when", vec![2010.0, 2010.0, 2010.0, 2010.0]),
        Column::number("pop", vec![7.0, 8.0, 9.0, 10.0]),
        Column::text("zone", [None, Some("贵州"), None, None]),
    ])
    .unwrap();
    let join = left_join(&left, &right, &[("city", "name"), ("year", "when")]).unwrap();
    assert_eq!((join.unmatched, join.unused), (5, 3));
    same(join.table.numbers("pop").unwrap(), &[NAN, NAN, 8.0, NAN, NAN, NAN]);
    same(join.table.numbers("x").unwrap(), left.numbers("x").unwrap());
    match &join.table.column("zone").unwrap().data {
        Data::Text(t) => assert_eq!((t.get(0), t.get(2)), (None, Some("贵州"))),
        Data::Number(_) => panic!("zone is text"),
    }
    assert_eq!(join.blanks, None);
    // Blanks around a key, the full-width one too, are no match; it is said where they are all that is between.
    let odd = Table::new(vec![
        Column::text("name", [Some("a\u{3000}"), Some(" b"), Some("z ")]),
        Column::number("pop", vec![1.0, 2.0, 3.0]),
    ]);
    let join = left_join(&left, &odd.unwrap(), &[("city", "name")]).unwrap();
    let (said, rows) = (join.blanks.unwrap(), left.rows());
    assert_eq!(join.unmatched, rows);
    assert!(said.starts_with(&format!("{rows} rows without a match")) && said.contains("`a`"), "{said}");
    // Joining a table with itself by its keys matches every row.
    let keys = left.take(&[0, 1, 2, 3, 4, 5]);
    let narrow = Table::new(vec![keys.columns()[0].clone(), keys.columns()[1].clone()]).unwrap();
    let join = left_join(&left, &narrow, &[("city", "city"), ("year", "year")]).unwrap();
    assert_eq!((join.unmatched, join.unused), (0, 0));
}

#[test]
fn standardized_columns_have_mean_zero_and_deviation_one() {
    // 1, 2, 6 by hand: mean 3, s² = (4 + 1 + 9)/2 = 7.
    let (z, constant) = standardize(&[1.0, 2.0, f64::NAN, 6.0], None, None);
    assert!(constant.is_empty() && z[2].is_nan());
    plim_golden::close(z[0], -2.0 / 7f64.sqrt(), 1e-15, "z");
    // A weight of two counts as two rows.
    let (weighted, _) = standardize(&[1.0, 2.0, 6.0], Some(&[2.0, 1.0, 1.0]), None);
    let (copies, _) = standardize(&[1.0, 1.0, 2.0, 6.0], None, None);
    plim_golden::close(weighted[2], copies[3], 1e-15, "weights");
    let mut table = Table::new(vec![
        Column::number("x", vec![1.0, 3.0, 5.0, 5.0]),
        Column::number("year", vec![2011.0, 2011.0, 2012.0, 2012.0]),
    ])
    .unwrap();
    let columns = vec!["x".to_string()];
    Standardize { columns: columns.clone(), by: None }.apply(&mut table, None).unwrap();
    assert!(table.numbers("z_x").unwrap().iter().sum::<f64>().abs() < 1e-15);
    let mut table = table.clone();
    let e = Standardize { columns, by: Some("year".into()) }.apply(&mut table, None).unwrap_err();
    assert!(e.to_string().contains("no spread"), "{e}");
}
