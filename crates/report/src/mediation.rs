//! A mediation as journals print it: outcome on treatment, mediator on treatment, outcome on both, and below them the
//! indirect effect; or its paths and effects as a list.

use crate::effects::{coefficient, get, measured, measures, of_t, part, said, stars_and_vcov, states_tests};
use crate::number::{count, decimals, fixed, number, p_value};
use crate::regression::{RegressionTable, Words, interval, regression};
use crate::results::coefficients;
use crate::table::{Cell, Entry, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use plim_stats::Coefficient;
use plim_stats::math::dist::normal_p;
use serde_json::Value;

/// The regressions of the steps (`steps` of the fit) side by side, and below the last the indirect effect with its
/// tests and, where it was bootstrapped, the bootstrap's interval in a row of its own.
pub fn steps(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let steps = part(fit, "steps", "mediation")?;
    let mediator = fit.more.get("mediator").and_then(Value::as_str).unwrap_or_default();
    let right = fit.formula.split_once('~').map_or("", |(_, right)| right.trim());
    let model = |key: &'static str| {
        let step = steps.get(key)?;
        let object = |key: &str| step.get(key).and_then(Value::as_object).cloned();
        let model = Fit {
            formula: if key == "mediator" { format!("{mediator} ~ {right}") } else { fit.formula.clone() },
            nobs: step.get("nobs").and_then(Value::as_u64).unwrap_or_default() as usize,
            vcov: step.get("vcov").map_or(fit.vcov.clone(), said),
            coefficients: coefficients(step.get("coefficients")?),
            stats: object("stats").unwrap_or_default(),
            more: serde_json::Map::new(),
            ..fit.clone()
        };
        Some((key, model))
    };
    let models: Vec<(&str, Fit)> = ["total", "mediator", "outcome"].into_iter().filter_map(model).collect();
    let named: Vec<(&str, &Fit)> = models.iter().map(|(_, f)| ("", f)).collect();
    let title = if options.title.is_empty() { lang.say("mediation").into() } else { options.title.clone() };
    let order = match options.order.is_empty() {
        true => ["treatment", "mediator"].iter().filter_map(|k| fit.more.get(*k)).map(said).collect(),
        false => options.order.clone(),
    };
    let mut table = regression(&named, &RegressionTable { title, order, ..options.clone() }, lang)?;
    for (column, (key, _)) in table.columns.iter_mut().zip(&models) {
        column.of = format!("steps/{key}");
    }
    let effects = part(fit, "effects", "mediation")?;
    let rows = indirect(effects, &Words { options, lang }, table.columns.len());
    if !rows.is_empty() {
        let of = vec![String::new(); table.columns.len()];
        let at = table.sections.len() - 1;
        table.sections.insert(at, Section { of, ..Section::titled(lang.say("indirect_effect"), rows) });
        table.notes.push(lang.say("indirect_note").into());
        table.notes.extend(resampled(effects, lang));
    }
    Ok(table)
}

/// The rows of the indirect effect, in the last of so many columns.
fn indirect(effects: &Value, o: &Words, columns: usize) -> Vec<Row> {
    let last = |label: &str, cell: Cell, of: &str| {
        let mut cells = vec![Cell::empty(); columns.saturating_sub(1)];
        cells.push(cell);
        Row::new(o.lang.say(label), cells).of(format!("effects/{of}"))
    };
    let Some(ab) = effects.get("indirect").and_then(coefficient) else { return Vec::new() };
    let digits = decimals(ab.estimate, ab.std_error, o.options.digits);
    let bootstrap = effects.get("bootstrap").filter(|b| b.is_object());
    let mut rows = vec![last("indirect", o.cell(&apart(ab, bootstrap), digits), "indirect")];
    let z = get(effects, "sobel_z");
    if z.is_finite() {
        let p = normal_p(z);
        let cell = Cell(vec![
            Entry::Number { value: z, body: fixed(z, 2), trail: String::new() },
            Entry::Number { value: p, body: format!("[{}", p_value(p)), trail: "]".into() },
        ]);
        rows.push(last("sobel_z", cell, "sobel_z"));
    }
    if let Some(b) = bootstrap {
        let bounds = interval(get(b, "conf_low"), get(b, "conf_high"), digits);
        rows.push(last("bootstrap_interval", Cell(vec![bounds]), "bootstrap"));
    }
    let share = get(effects, "share");
    if share.is_finite() {
        rows.push(last("share", Cell::number(share, number(share, o.options.digits)), "share"));
    }
    rows
}

/// The indirect effect with the interval of its own standard error: a bootstrap's interval stands in a row of its own.
fn apart(ab: Coefficient, bootstrap: Option<&Value>) -> Coefficient {
    let half = 1.959_963_984_540_054 * ab.std_error;
    match bootstrap {
        Some(_) => Coefficient { conf_low: ab.estimate - half, conf_high: ab.estimate + half, ..ab },
        None => ab,
    }
}

/// What the notes say of the bootstrap.
fn resampled(effects: &Value, lang: Lang) -> Vec<String> {
    let Some(b) = effects.get("bootstrap").filter(|b| b.is_object()) else { return Vec::new() };
    let failed = (get(b, "failed") > 0.0).then(|| lang.with("bootstrap_failed", &count(get(b, "failed"))));
    [lang.with("bootstrapped", &count(get(b, "replications")))].into_iter().chain(failed).collect()
}

/// Paths and effects of a mediation (`effects` of the fit): estimate, standard error, z, p, interval.
pub fn mediation(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let effects = part(fit, "effects", "mediation")?;
    let o = Words { options, lang };
    let value_of = |key: &str| effects.get(key).and_then(Value::as_f64);
    let bootstrap = effects.get("bootstrap").filter(|b| b.is_object());
    let of_t = ["a", "total"].iter().filter_map(|key| effects.get(*key)).any(|e| of_t(fit, e));
    let row = |key: &&str| {
        let value = effects.get(*key)?;
        let c = coefficient(value)?;
        let c = if *key == "indirect" { apart(c, bootstrap) } else { c };
        let mut cells = measured(&o, &c);
        if of_t && *key == "indirect" {
            // Its statistic is Sobel's z, which has a row of its own.
            cells[2] = Cell::empty();
        }
        Some(Row::new(lang.say(key), cells).of(format!("effects/{key}")))
    };
    let mut paths: Vec<Row> = PATHS.iter().filter_map(row).collect();
    if paths.is_empty() {
        return Err(Error::invalid("`effects` of the fit names no path", "fit it with method `mediation`"));
    }
    if let (Some(b), Some(ab)) = (bootstrap, effects.get("indirect").and_then(coefficient)) {
        let se = get(b, "std_error");
        let digits = decimals(ab.estimate, se, options.digits);
        let bounds = Cell(vec![interval(get(b, "conf_low"), get(b, "conf_high"), digits)]);
        let error = Cell::number(se, fixed(se, digits));
        let cells = vec![Cell::empty(), error, Cell::empty(), Cell::empty(), bounds];
        paths.push(Row::new(lang.say("bootstrap"), cells).of("effects/bootstrap"));
    }
    let single = |key: &&str| {
        let v = value_of(key)?;
        let p = if key.ends_with("_z") { Cell::number(normal_p(v), p_value(normal_p(v))) } else { Cell::empty() };
        let text = if *key == "share" { number(v, options.digits) } else { fixed(v, 2) };
        Some(Row::new(lang.say(key), vec![Cell::number(v, text), Cell::empty(), Cell::empty(), p, Cell::empty()]))
    };
    let tests: Vec<Row> = ["share", "sobel_z", "aroian_z", "goodman_z"].iter().filter_map(single).collect();
    let mut sections = vec![Section::new(paths)];
    if !tests.is_empty() {
        sections.push(Section::new(tests));
    }
    let mut notes: Vec<String> = stars_and_vcov(fit, options, lang);
    if !PATHS.iter().filter_map(|key| effects.get(*key)).filter(|v| !v.is_null()).all(states_tests) {
        notes.push(lang.say("normal_p").into());
    }
    notes.extend(resampled(effects, lang));
    notes.extend(fit.notes.iter().map(|n| lang.sentence(&lang.note(n))));
    let mut table = measures("mediation", sections, notes, options, lang);
    if of_t {
        table.columns[2].label = lang.say("t").into();
    }
    Ok(table)
}

/// Paths and effects of a mediation, in the order of the steps.
const PATHS: [&str; 5] = ["a", "b", "total", "direct", "indirect"];
