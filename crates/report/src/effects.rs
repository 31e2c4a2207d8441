//! Tables of what some methods have beside their coefficients: mediation, moderation, split samples,
//! event studies.

use crate::instruments::{first_stage, instruments};
use crate::number::{count, decimals, fixed, p_value};
use crate::regression::{Below, RegressionTable, Words, interval, regression};
use crate::results::coefficients;
use crate::sensitivity::{benchmarks, oster, ranges, robustness};
use crate::table::{Align, Cell, Column, Entry, Row, Section, Spanner, Table};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use plim_stats::Coefficient;
use plim_stats::math::dist::normal_p;
use serde_json::Value;

/// Paths and effects of a mediation (`effects` of the fit): estimate, standard error, z, p, interval.
pub fn mediation(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let effects = part(fit, "effects", "mediation")?;
    let o = Words { options, lang };
    let number = |key: &str| effects.get(key).and_then(Value::as_f64);
    let row = |key: &&str| {
        let value = effects.get(*key)?;
        let c = coefficient(value)?;
        Some(Row::new(lang.say(key), measured(&o, &c)).of(format!("effects/{key}")))
    };
    let mut paths: Vec<Row> = PATHS.iter().filter_map(row).collect();
    if paths.is_empty() {
        return Err(Error::invalid("`effects` of the fit names no path", "fit it with method `mediation`"));
    }
    let bootstrap = effects.get("bootstrap").filter(|b| b.is_object());
    if let (Some(b), Some(ab)) = (bootstrap, effects.get("indirect").and_then(coefficient)) {
        let se = get(b, "std_error");
        let digits = decimals(ab.estimate, se, options.digits);
        let bounds = Cell(vec![interval(get(b, "conf_low"), get(b, "conf_high"), digits)]);
        let error = Cell::number(se, fixed(se, digits));
        let cells = vec![Cell::empty(), error, Cell::empty(), Cell::empty(), bounds];
        paths.push(Row::new(lang.say("bootstrap"), cells).of("effects/bootstrap"));
    }
    let single = |key: &&str| {
        let v = number(key)?;
        let p = if key.ends_with("_z") { Cell::number(normal_p(v), p_value(normal_p(v))) } else { Cell::empty() };
        let text = if *key == "share" { crate::number::number(v, options.digits) } else { fixed(v, 2) };
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
    if let Some(b) = bootstrap {
        notes.push(lang.with("bootstrapped", &count(get(b, "replications"))));
        if get(b, "failed") > 0.0 {
            notes.push(lang.with("bootstrap_failed", &count(get(b, "failed"))));
        }
    }
    notes.extend(fit.notes.iter().map(|n| lang.sentence(n)));
    Ok(measures("mediation", sections, notes, options, lang))
}

/// Marginal effects at values of the moderator (`slopes` of the fit).
pub fn moderation(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let slopes = part(fit, "slopes", "moderation")?;
    let o = Words { options, lang };
    let mut rows = Vec::new();
    let list = || slopes.as_array().into_iter().flatten();
    // The mean of a centered moderator is a rounding error away from zero: it prints as zero.
    let negligible = 1e-12 * list().map(|s| get(s, "value").abs()).fold(0.0, f64::max);
    for (i, slope) in list().enumerate() {
        let Some(c) = coefficient(slope) else { continue };
        let at = slope.get("at").map_or(String::new(), said);
        let value = match get(slope, "value") {
            v if v.abs() < negligible => 0.0,
            v => v,
        };
        let mut cells = vec![Cell::number(value, crate::number::number(value, options.digits))];
        cells.extend(measured(&o, &c));
        rows.push(Row::new(lang.say(&at), cells).of(format!("slopes/#{i}")));
    }
    if rows.is_empty() {
        return Err(Error::invalid("`slopes` of the fit is empty", "fit it with method `moderation`"));
    }
    let mut notes = stars_and_vcov(fit, options, lang);
    if !slopes.as_array().into_iter().flatten().all(states_tests) {
        notes.push(lang.say("normal_p").into());
    }
    notes.extend(fit.notes.iter().map(|n| lang.sentence(n)));
    let mut table = measures("slopes", vec![Section::new(rows)], notes, options, lang);
    table.stub = lang.say("at").into();
    table.columns.insert(0, Column::new(lang.say("moderator"), Align::Number));
    Ok(table)
}

/// Subsamples side by side (`groups` of the fit) and, where each regressor is compared once, their difference.
pub fn split(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let groups = part(fit, "groups", "split")?;
    let fits: Vec<(String, Fit)> = groups.as_array().into_iter().flatten().map(|g| group(g, fit)).collect();
    let named: Vec<(&str, &Fit)> = fits.iter().map(|(n, f)| (n.as_str(), f)).collect();
    let by = fit.more.get("by").and_then(Value::as_str).unwrap_or_default();
    let heading = |name: &str| match options.labels.get(&format!("{by}={name}")) {
        Some(label) => label.clone(),
        None if by.is_empty() => name.to_owned(),
        None => format!("{} = {name}", options.labels.get(by).map_or(by, String::as_str)),
    };
    let options = RegressionTable {
        headings: match options.headings.is_empty() {
            true => fits.iter().map(|(n, _)| heading(n)).collect(),
            false => options.headings.clone(),
        },
        title: if options.title.is_empty() { lang.say("split").into() } else { options.title.clone() },
        ..options.clone()
    };
    let mut table = regression(&named, &options, lang)?;
    for (i, column) in table.columns.iter_mut().enumerate() {
        column.of = format!("groups/#{i}");
    }
    let between = fit.more.get("between").map_or_else(Vec::new, |b| b.as_array().cloned().unwrap_or_default());
    if fits.len() == 2 && !between.is_empty() {
        beside(&mut table, &between, &Words { options: &options, lang });
    }
    Ok(table)
}

/// Every difference between groups with its tests (`between` of the fit), one a row.
pub fn between(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Table> {
    let list = part(fit, "between", "split")?;
    let o = Words { options, lang };
    let rows: Vec<Row> = (list.as_array().into_iter().flatten().enumerate())
        .map(|(i, b)| {
            let c = difference(b);
            let mut cells = measured(&o, &c);
            cells.truncate(4);
            for p in ["chow_p_value", "p_permutation"].map(|key| get(b, key)) {
                cells.push(Cell::number(p, p_value(p)));
            }
            Row::new(o.label(&c.name), cells).of(format!("between/#{i}"))
        })
        .collect();
    let mut notes = stars_and_vcov(fit, options, lang);
    notes.push(lang.say("between_note").into());
    let mut table = measures("between_groups", vec![Section::new(rows)], notes, options, lang);
    table.columns[0].label = lang.say("difference").into();
    table.columns[4].label = lang.say("chow_p_value").into();
    table.columns.push(Column::new(lang.say("p_permutation"), Align::Number));
    Ok(table)
}

/// Event studies side by side: coefficients in the order of event time, the reference period among them.
pub fn event_study(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> Result<Table> {
    let mut references = Vec::new();
    let mut prepared = Vec::new();
    for (name, fit) in fits {
        let (mut times, reference) = event_times(fit)?;
        times.push((reference, reference_point(reference)));
        times.sort_by_key(|(t, _)| *t);
        let others = fit.coefficients.iter().filter(|c| !c.name.starts_with(EVENT)).cloned();
        let coefficients = times.into_iter().map(|(_, c)| c).chain(others).collect();
        prepared.push((*name, Fit { coefficients, ..(*fit).clone() }));
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    let named: Vec<(&str, &Fit)> = prepared.iter().map(|(n, f)| (*n, f)).collect();
    let title = if options.title.is_empty() { lang.say("event_study").into() } else { options.title.clone() };
    // Periods of all fits in order, whichever fit has them.
    let mut times: Vec<i64> = prepared.iter().flat_map(|(_, f)| f.coefficients.iter().filter_map(event_time)).collect();
    times.sort_unstable();
    times.dedup();
    let order = match options.order.is_empty() {
        true => times.iter().map(|t| format!("{EVENT}{t}")).collect(),
        false => options.order.clone(),
    };
    let mut table = regression(&named, &RegressionTable { title, order, ..options.clone() }, lang)?;
    let references: Vec<String> = references.iter().map(|r| r.to_string().replace('-', "\u{2212}")).collect();
    table.notes.insert(0, lang.with("reference", &references.join(lang.comma())));
    Ok(table)
}

/// Every table that the fit has: its regression, event study or groups, then what its method has beside.
pub fn tables(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Vec<Table>> {
    let has = |key: &str| fit.more.get(key).is_some_and(|v| !v.is_null());
    let mut out = Vec::new();
    if has("groups") {
        out.push(split(fit, options, lang)?);
    } else if fit.coefficients.iter().any(|c| event_time(c).is_some()) {
        out.push(event_study(&[("", fit)], options, lang)?);
    } else {
        out.push(regression(&[("", fit)], options, lang)?);
    }
    // Only the first carries the caller's title; the others say what they are.
    let beside = RegressionTable { title: String::new(), ..options.clone() };
    let parts: [(&str, Part); 9] = [
        ("effects", mediation),
        ("slopes", moderation),
        ("between", between),
        ("first_stage", first_stage),
        ("weak_instruments", instruments),
        ("oster", oster),
        ("robustness", robustness),
        ("benchmarks", benchmarks),
        ("ranges", ranges),
    ];
    for (key, table) in parts {
        if has(key) {
            out.push(table(fit, &beside, lang)?);
        }
    }
    Ok(out)
}

/// A table made from one fit.
type Part = fn(&Fit, &RegressionTable, Lang) -> Result<Table>;

/// Paths and effects of a mediation, in the order of the steps.
const PATHS: [&str; 5] = ["a", "b", "total", "direct", "indirect"];

/// Whether the method itself states p-value and interval of an effect.
fn states_tests(effect: &Value) -> bool {
    get(effect, "p_value").is_finite() && get(effect, "conf_low").is_finite()
}

const EVENT: &str = "event_time::";

fn event_time(c: &Coefficient) -> Option<i64> {
    c.name.strip_prefix(EVENT)?.parse::<i32>().ok().map(i64::from)
}

/// The reference period as a coefficient: zero by construction, without an error.
pub(crate) fn reference_point(time: i64) -> Coefficient {
    let nan = f64::NAN;
    Coefficient {
        name: format!("{EVENT}{time}"),
        estimate: 0.0,
        std_error: nan,
        statistic: nan,
        p_value: nan,
        conf_low: nan,
        conf_high: nan,
    }
}

/// Coefficients by event time, ascending, and the reference period: as the fit states it (`reference`),
/// otherwise the one gap in the times that is nearest to -1.
pub fn event_times(fit: &Fit) -> Result<(Vec<(i64, Coefficient)>, i64)> {
    let mut times: Vec<(i64, Coefficient)> =
        fit.coefficients.iter().filter_map(|c| Some((event_time(c)?, c.clone()))).collect();
    times.sort_by_key(|(t, _)| *t);
    let (Some(first), Some(last)) = (times.first().map(|t| t.0), times.last().map(|t| t.0)) else {
        return Err(Error::invalid(
            "the fit has no coefficient `event_time::K`",
            "fit it with method `did` and `event_study = true`",
        ));
    };
    let stated = fit.more.get("reference").or_else(|| fit.stats.get("reference")).and_then(Value::as_i64);
    let missing = |t: &i64| times.binary_search_by_key(t, |(time, _)| *time).is_err();
    // The span is searched outward from -1 and never walked whole, however long a hostile file makes it.
    let near = |d: i64| [-1 - d, -1 + d].into_iter().filter(|t| (first - 1..=last + 1).contains(t)).find(missing);
    let reference = stated.filter(missing).or_else(|| (0..=times.len() as i64 + 1).find_map(near)).unwrap_or(last + 1);
    Ok((times, reference))
}

/// A part of the fit, or an error that names the method which makes it.
pub(crate) fn part<'a>(fit: &'a Fit, key: &str, method: &str) -> Result<&'a Value> {
    fit.more.get(key).filter(|v| !v.is_null()).ok_or_else(|| {
        Error::invalid(
            format!("a fit of method `{}` has no `{key}`", fit.method),
            format!("name an estimate of method `{method}`"),
        )
    })
}

pub(crate) fn get(v: &Value, key: &str) -> f64 {
    v.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// An object `{estimate, std_error, …}` or a bare number as a coefficient; z and p follow from the normal
/// distribution where the object does not state them.
fn coefficient(v: &Value) -> Option<Coefficient> {
    let estimate = v.as_f64().or_else(|| v.get("estimate").and_then(Value::as_f64))?;
    let std_error = get(v, "std_error");
    let or = |key: &str, other: f64| if get(v, key).is_finite() { get(v, key) } else { other };
    let statistic = or("statistic", estimate / std_error);
    let p_value = or("p_value", if statistic.is_finite() { normal_p(statistic) } else { f64::NAN });
    let name = v.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let half = 1.959_963_984_540_054 * std_error;
    Some(Coefficient {
        name,
        estimate,
        std_error,
        statistic,
        p_value,
        conf_low: or("conf_low", estimate - half),
        conf_high: or("conf_high", estimate + half),
    })
}

fn difference(b: &Value) -> Coefficient {
    let mut c = coefficients(&Value::Array(vec![b.clone()])).remove(0);
    c.estimate = get(b, "difference");
    c
}

/// Cells of the columns estimate, standard error, z, p, interval.
fn measured(o: &Words, c: &Coefficient) -> Vec<Cell> {
    let digits = decimals(c.estimate, c.std_error, o.options.digits);
    let bounds = match c.conf_low.is_finite() && c.conf_high.is_finite() {
        true => Cell(vec![interval(c.conf_low, c.conf_high, digits)]),
        false => Cell::empty(),
    };
    let bare = RegressionTable { below: Below::None, ..o.options.clone() };
    vec![
        Words { options: &bare, lang: o.lang }.cell(c, digits),
        Cell::number(c.std_error, fixed(c.std_error, digits)),
        Cell::number(c.statistic, fixed(c.statistic, 2)),
        Cell::number(c.p_value, p_value(c.p_value)),
        bounds,
    ]
}

/// A table of measured things: estimate, standard error, z, p, interval.
fn measures(title: &str, sections: Vec<Section>, notes: Vec<String>, options: &RegressionTable, lang: Lang) -> Table {
    let columns = ["estimate", "std_error", "z", "p_value", "conf"];
    Table {
        title: if options.title.is_empty() { lang.say(title).into() } else { options.title.clone() },
        columns: columns.iter().map(|c| Column::new(lang.say(c), Align::Number)).collect(),
        sections,
        notes: notes.into_iter().chain(options.notes.iter().cloned()).collect(),
        ..Table::default()
    }
}

fn stars_and_vcov(fit: &Fit, options: &RegressionTable, lang: Lang) -> Vec<String> {
    let vcov = (!fit.vcov.is_empty()).then(|| {
        lang.sentence(&format!("{}{}{}", lang.say("std_error"), lang.colon(), lang.with("note_vcov", &fit.vcov)))
    });
    options.stars.note().map(|n| lang.sentence(n)).into_iter().chain(vcov).collect()
}

/// A group of a split as a fit; what it does not state it has from the whole.
fn group(g: &Value, whole: &Fit) -> (String, Fit) {
    let object = |key: &str| g.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |key: &str, other: &str| g.get(key).and_then(Value::as_str).unwrap_or(other).to_owned();
    let fit = Fit {
        method: text("method", &whole.method),
        formula: text("formula", &whole.formula),
        nobs: g.get("nobs").and_then(Value::as_u64).unwrap_or_default() as usize,
        vcov: text("vcov", &whole.vcov),
        coefficients: g.get("coefficients").map_or_else(Vec::new, coefficients),
        stats: object("stats"),
        sample: object("sample"),
        notes: (g.get("notes").and_then(Value::as_array).into_iter().flatten()).map(said).collect(),
        ..Fit::default()
    };
    (g.get("value").map_or(String::new(), said), fit)
}

/// A JSON value in words.
fn said(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Number(n) => {
            n.as_f64().filter(|f| f.fract() == 0.0).map_or(n.to_string(), |f| count(f).replace(',', ""))
        }
        other => other.to_string(),
    }
}

/// Adds the difference between two groups and its p-values as columns of their own.
fn beside(table: &mut Table, between: &[Value], o: &Words) {
    let differences: Vec<(String, Coefficient, f64)> = (between.iter())
        .map(|b| {
            (o.label(b.get("name").and_then(Value::as_str).unwrap_or_default()), difference(b), get(b, "p_permutation"))
        })
        .collect();
    let permuted = differences.iter().any(|(_, _, p)| p.is_finite());
    let added = if permuted { 2 } else { 1 };
    for section in &mut table.sections {
        for row in &mut section.rows {
            // Only rows of regressors: those whose cells are numbers with something below.
            let found = differences.iter().find(|(label, _, _)| *label == row.label && row.height() > 1);
            match found {
                Some((_, c, p)) => {
                    let digits = decimals(c.estimate, c.std_error, o.options.digits);
                    row.cells.push(o.cell(c, digits));
                    if permuted {
                        row.cells.push(Cell(vec![Entry::Number {
                            value: *p,
                            body: p_value(*p),
                            trail: String::new(),
                        }]));
                    }
                }
                None => row.cells.extend((0..added).map(|_| Cell::empty())),
            }
        }
    }
    table.columns.push(Column::new(o.lang.say("difference"), Align::Number));
    if permuted {
        table.columns.push(Column::new(o.lang.say("p_permutation"), Align::Number));
    }
    for spanners in &mut table.spanners {
        spanners.extend((0..added).map(|_| Spanner { label: String::new(), len: 1 }));
    }
}
