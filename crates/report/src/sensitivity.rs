//! Tables of what an estimate hangs on: coefficient stability, omitted variables, single units and controls.

use crate::effects::{get, part};
use crate::number::{count, decimals, fixed, number, p_value, percent};
use crate::regression::{RegressionTable, interval};
use crate::table::{Align, Cell, Column, Row, Section, Table};
use crate::words::Lang;
use crate::{Fit, Result};
use serde_json::Value;

/// Short and long regression, the adjusted effect and the selection that explains the effect away (`oster` of the fit).
pub fn oster(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let o = part(fit, "oster", "oster")?;
    let side = |key: &str| {
        let side = o.get(key)?;
        let (b, se) = (get(side, "estimate"), get(side, "std_error"));
        let digits = decimals(b, se, options.digits);
        let cells = vec![value(b, digits), value(se, digits), Cell::empty(), value(get(side, "r2"), 3)];
        Some(Row::new(lang.say(&format!("oster_{key}")), cells).of(format!("oster/{key}")))
    };
    let boot = |key: &str| o.get("bootstrap").and_then(|b| b.get(key)).filter(|b| b.is_object());
    let result = |key: &str, label: String| {
        let (b, drawn) = (get(o, key), boot(key));
        let se = drawn.map_or(f64::NAN, |d| get(d, "std_error"));
        let digits = decimals(b, if se.is_finite() { se } else { b }, options.digits);
        let bounds =
            drawn.map_or(Cell::empty(), |d| Cell(vec![interval(get(d, "conf_low"), get(d, "conf_high"), digits)]));
        let r2 = if key == "beta_approximate" { Cell::empty() } else { value(get(o, "r2_max"), 3) };
        Row::new(label, vec![value(b, digits), value(se, digits), bounds, r2]).of(format!("oster/{key}"))
    };
    let supposed = number(get(o, "delta_supposed"), 2);
    let rows = vec![
        result("beta_star", lang.with("beta_star", &supposed)),
        result("beta_approximate", lang.say("beta_approximate").into()),
        result("delta", lang.with("oster_delta", &number(get(o, "beta"), 2))),
    ];
    let mut notes = vec![lang.say("oster_note").to_owned()];
    if let Some(drawn) = boot("beta_star").or_else(|| boot("delta")) {
        notes.push(lang.with("bootstrapped", &count(get(drawn, "replications"))));
    }
    let sections = vec![Section::new(["short", "long"].into_iter().filter_map(side).collect()), Section::new(rows)];
    Ok(table("oster", "", &["estimate", "std_error", "conf", "r2"], sections, notes, options, lang))
}

/// How strong an omitted variable must be (`robustness` of the fit), under classical errors and those of the estimate.
pub fn robustness(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let r = part(fit, "robustness", "omitted_variable")?;
    let own = r.get("covariance").unwrap_or(&Value::Null);
    let share = |v: f64| Cell::number(v, percent(v, 1));
    let (q, alpha) = (percent(get(r, "q"), 0), percent(get(r, "alpha"), 0));
    let row = |label: &str, key: &str, cells: [Cell; 2]| Row::new(label, cells.into()).of(format!("robustness/{key}"));
    let extreme = r.get("extreme").and_then(|e| e.get(0)).map_or(f64::NAN, |e| get(e, "r2dz_x"));
    let rows = vec![
        row("t", "statistic", [r, own].map(|v| value(get(v, "statistic"), 2))),
        row(lang.say("df"), "df", [r, own].map(|v| Cell::number(get(v, "df"), count(get(v, "df"))))),
        row(lang.say("partial_r2"), "partial_r2", [share(get(r, "partial_r2")), Cell::empty()]),
        row(&lang.with("rv_q", &q), "rv_q", [share(get(r, "rv_q")), Cell::empty()]),
        row(&lang.with("rv_qa", &alpha), "rv_qa", [r, own].map(|v| share(get(v, "rv_qa")))),
        row(lang.say("extreme_scenario"), "extreme/#0/r2dz_x", [share(extreme), Cell::empty()]),
    ];
    let notes = vec![lang.say("robustness_note").to_owned()];
    let columns = ["classical", "of_estimate"];
    Ok(table("robustness", "", &columns, vec![Section::new(rows)], notes, options, lang))
}

/// What confounders some times as strong as a control would leave (`benchmarks` of the fit).
pub fn benchmarks(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let list = part(fit, "benchmarks", "omitted_variable")?;
    let row = |(i, b): (usize, &Value)| {
        let name = b.get("name").and_then(Value::as_str).unwrap_or_default();
        let label = format!("{}× {}", get(b, "multiple"), options.labels.get(name).map_or(name, String::as_str));
        let (estimate, se) = (get(b, "estimate"), get(b, "std_error"));
        let digits = decimals(estimate, se, options.digits);
        let share = |key: &str| Cell::number(get(b, key), percent(get(b, key), 1));
        let bounds = match se.is_finite() {
            true => Cell(vec![interval(get(b, "conf_low"), get(b, "conf_high"), digits)]),
            false => Cell::empty(),
        };
        let cells = vec![
            share("r2dz_x"),
            share("r2yz_dx"),
            value(estimate, digits),
            value(se, digits),
            value(get(b, "statistic"), 2),
            bounds,
        ];
        Row::new(label, cells).of(format!("benchmarks/#{i}"))
    };
    let rows: Vec<Row> = list.as_array().into_iter().flatten().enumerate().map(row).collect();
    let columns = ["r2dz_short", "r2yz_short", "estimate", "std_error", "t", "conf"];
    let mut made = table("benchmarks", "control", &columns, vec![Section::new(rows)], Vec::new(), options, lang);
    let fields = [".r2dz_x", ".r2yz_dx", ".estimate", ".std_error", ".statistic", ""];
    made.columns.iter_mut().zip(fields).for_each(|(c, of)| c.of = of.into());
    made.notes.insert(0, lang.say("benchmark_note").into());
    Ok(made)
}

/// What leaving out the values of each column does (`ranges` of the fit).
pub fn ranges(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let list = part(fit, "ranges", "leave_one_out")?;
    let row = |(i, r): (usize, &Value)| {
        let by = r.get("by").and_then(Value::as_str).unwrap_or_default();
        let label = match by {
            "control" => lang.say("control").to_owned(),
            by => options.labels.get(by).cloned().unwrap_or_else(|| by.into()),
        };
        let (low, high) = (get(r, "low"), get(r, "high"));
        let digits = decimals(low.abs().max(high.abs()), high - low, options.digits);
        let most = r.get("most_influential").filter(|m| m.is_object());
        let of = |key: &str| most.map_or(f64::NAN, |m| get(m, key));
        let who = most.and_then(|m| m.get("value")).and_then(Value::as_str).unwrap_or_default();
        let counted = |key: &str| Cell::number(get(r, key), count(get(r, key)));
        let cells = vec![
            counted("values"),
            value(low, digits),
            value(high, digits),
            Cell::text(who),
            value(of("estimate"), digits),
            Cell::number(of("p_value"), p_value(of("p_value"))),
            counted("sign_changes"),
            counted("lose_significance"),
        ];
        Row::new(label, cells).of(format!("ranges/#{i}"))
    };
    let rows: Vec<Row> = list.as_array().into_iter().flatten().enumerate().map(row).collect();
    let columns = ["values", "min", "max", "most_influential", "without_it", "p_value", "sign_changes", "loses"];
    let mut made = table("ranges", "left_out", &columns, vec![Section::new(rows)], Vec::new(), options, lang);
    made.columns[3].align = Align::Left;
    let fields = ["values", "low", "high", "most_influential/value", "most_influential/estimate"];
    let fields = fields.into_iter().chain(["most_influential/p_value", "sign_changes", "lose_significance"]);
    made.columns.iter_mut().zip(fields).for_each(|(c, of)| c.of = format!(".{of}"));
    Ok(made)
}

fn table(
    title: &str,
    stub: &str,
    columns: &[&str],
    sections: Vec<Section>,
    notes: Vec<String>,
    options: &RegressionTable,
    lang: Lang,
) -> Table {
    Table {
        title: if options.title.is_empty() { lang.say(title).into() } else { options.title.clone() },
        stub: if stub.is_empty() { String::new() } else { lang.say(stub).into() },
        columns: columns.iter().map(|c| Column::new(lang.say(c), Align::Number)).collect(),
        sections,
        notes: notes.into_iter().chain(options.notes.iter().cloned()).collect(),
        ..Table::default()
    }
}

fn value(v: f64, digits: usize) -> Cell {
    if v.is_finite() { Cell::number(v, fixed(v, digits)) } else { Cell::empty() }
}
