//! Tables of a fit by instruments: its first stages, and what the instruments are worth.

use crate::number::{count, fixed, p_value};
use crate::regression::{RegressionTable, regression};
use crate::results::coefficients;
use crate::table::{Align, Cell, Column, Entry, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use serde_json::{Map, Value};

/// The first stages side by side (`first_stage` of the fit), a column an endogenous variable.
pub fn first_stage(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let list = fit.more.get("first_stage").and_then(Value::as_array).filter(|l| !l.is_empty()).ok_or_else(|| {
        Error::invalid(
            format!("a fit of method `{}` has no first stage", fit.method),
            "name an estimate of method `iv`, `liml` or `gmm`",
        )
    })?;
    let effects = match fit.fixed_effects().join(" + ") {
        none if none.is_empty() => String::new(),
        some => format!(" | {some}"),
    };
    let one = |stage: &Value| {
        let name = stage.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut stats = Map::new();
        for (ours, theirs) in [("first_stage_f", "f"), ("first_stage_f_p", "p_value"), ("partial_r2", "partial_r2")] {
            stats.insert(ours.into(), stage.get(theirs).cloned().unwrap_or(Value::Null));
        }
        let list = stage.get("coefficients").unwrap_or(&Value::Null);
        let fit = Fit {
            method: fit.method.clone(),
            formula: format!("{name} ~ 1{effects}"),
            nobs: fit.nobs,
            vcov: fit.vcov.split(" (").next().unwrap_or_default().to_owned(),
            coefficients: coefficients(list),
            stats,
            ..Fit::default()
        };
        (name, fit)
    };
    let stages: Vec<(String, Fit)> = list.iter().map(one).collect();
    let named: Vec<(&str, &Fit)> = stages.iter().map(|(n, f)| (n.as_str(), f)).collect();
    let stats = ["nobs", "first_stage_f", "first_stage_f_p", "partial_r2"];
    let some = |name: &&str| named.iter().any(|(_, f)| f.stat(name).is_some());
    let options = RegressionTable {
        title: if options.title.is_empty() { lang.say("first_stage").into() } else { options.title.clone() },
        stats: stats.into_iter().filter(some).map(String::from).collect(),
        headings: Vec::new(),
        groups: Vec::new(),
        first_stage: false,
        ..options.clone()
    };
    let mut table = regression(&named, &options, lang)?;
    for (i, column) in table.columns.iter_mut().enumerate() {
        column.of = format!("first_stage/#{i}");
    }
    Ok(table)
}

/// Strength and validity of the instruments, the Anderson-Rubin test and its set, endogeneity.
pub fn instruments(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let number = |name: &str| fit.stats.get(name).and_then(Value::as_f64);
    let label = |name: &str| options.labels.get(name).map_or_else(|| lang.say(name).to_owned(), String::clone);
    // Statistic, degrees of freedom and p-value of what is defined.
    let test = |name: &&str| {
        let value = number(name)?;
        let cell = |key: String, print: &dyn Fn(f64) -> String| {
            number(&key).map_or(Cell::empty(), |v| Cell::number(v, print(v)))
        };
        let cells = vec![
            Cell::number(value, fixed(value, if *name == "kappa" { 6 } else { 2 })),
            cell(format!("{name}_df"), &count),
            cell(format!("{name}_p"), &p_value),
        ];
        Some(Row::new(label(name), cells).of(format!("stats/{name}")))
    };
    let rows = |names: &[&str]| names.iter().filter_map(test).collect::<Vec<Row>>();
    let mut robust = rows(&["wald_f", "ar_f"]);
    if let Some(set) = confidence_set(fit) {
        let text = Cell(vec![Entry::Text(set.unwrap_or_else(|| lang.say("ar_empty").into()))]);
        robust.push(Row::new(lang.say("ar_set"), vec![text, Cell::empty(), Cell::empty()]));
    }
    let sections = [
        (
            "strength",
            rows(&[
                "first_stage_f",
                "cragg_donald_f",
                "kp_lm",
                "kp_f",
                "stock_yogo_10",
                "effective_f",
                "effective_f_critical_10",
            ]),
        ),
        ("robust_inference", robust),
        ("validity", rows(&["sargan", "hansen_j", "c_statistic"])),
        ("exogeneity", rows(&["endogeneity", "durbin", "wu_hausman"])),
        ("estimator", rows(&["kappa"])),
    ];
    let sections = sections.into_iter().filter(|(_, rows)| !rows.is_empty());
    Ok(Table {
        title: if options.title.is_empty() { lang.say("instrument_tests").into() } else { options.title.clone() },
        columns: ["statistic", "df", "p_value"].iter().map(|c| Column::new(lang.say(c), Align::Number)).collect(),
        sections: sections.map(|(title, rows)| Section::titled(lang.say(title), rows)).collect(),
        notes: vec![lang.say("instrument_note").into()],
        ..Table::default()
    })
}

/// The Anderson-Rubin set in mathematical notation; `Some(None)` when it is empty, `None` without one.
fn confidence_set(fit: &Fit) -> Option<Option<String>> {
    let set = fit.more.get("weak_instruments")?.get("ar_set")?;
    let intervals = set.get("intervals")?.as_array()?;
    let ends: Vec<f64> =
        intervals.iter().flat_map(|i| i.as_array().cloned().unwrap_or_default()).filter_map(|e| e.as_f64()).collect();
    // As many decimals as show three digits of the smallest bound.
    let least = ends.iter().fold(f64::INFINITY, |m, e| m.min(e.abs()));
    let digits = crate::number::decimals(least, least / 10.0, 3);
    let one = |interval: &Value| {
        let end = |at: usize| interval.get(at).and_then(Value::as_f64);
        let low = end(0).map_or("(-∞".into(), |v| format!("[{}", fixed(v, digits)));
        let high = end(1).map_or("∞)".into(), |v| format!("{}]", fixed(v, digits)));
        format!("{low}, {high}")
    };
    match intervals.is_empty() {
        true => Some(None),
        false => Some(Some(intervals.iter().map(one).collect::<Vec<_>>().join(" ∪ "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sets_read_as_mathematics() {
        let of = |intervals: Value| {
            let more = json!({ "weak_instruments": { "ar_set": { "intervals": intervals } } });
            confidence_set(&Fit { more: more.as_object().cloned().unwrap_or_default(), ..Fit::default() })
        };
        assert_eq!(of(json!([[-0.79014, 0.94932]])), Some(Some("[-0.790, 0.949]".into())));
        assert_eq!(of(json!([[null, -1.5], [2.25, null]])), Some(Some("(-∞, -1.500] ∪ [2.250, ∞)".into())));
        assert_eq!(of(json!([[null, null]])), Some(Some("(-∞, ∞)".into())));
        assert_eq!(of(json!([])), Some(None));
        assert_eq!(confidence_set(&Fit::default()), None);
    }
}
