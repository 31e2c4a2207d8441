//! Tables of what some methods have beside their coefficients: moderation, event studies, and every table of a fit.

use crate::covariance;
use crate::instruments::{first_stage, instruments};
use crate::mediation::{mediation, steps};
use crate::notes::capitalized;
use crate::number::{count, decimals, fixed, p_value};
use crate::regression::{Below, RegressionTable, Words, interval, regression};
use crate::sensitivity::{benchmarks, oster, ranges, robustness};
use crate::split::{between, is_split, several, split};
use crate::table::{Align, Cell, Column, Row, Section, Table};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use plim_stats::Coefficient;
use plim_stats::math::dist::normal_p;
use serde_json::Value;

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
    notes.extend(fit.notes.iter().map(|n| lang.sentence(&lang.note(n))));
    let mut table = measures("slopes", vec![Section::new(rows)], notes, options, lang);
    table.stub = lang.say("at").into();
    if slopes.as_array().into_iter().flatten().all(|s| of_t(fit, s)) {
        table.columns[2].label = lang.say("t").into();
    }
    table.columns.insert(0, Column::new(lang.say("moderator"), Align::Number));
    Ok(table)
}

/// Event studies side by side, or beside other fits: coefficients in the order of event time, the reference period among
/// them. Ends that are binned say so.
pub fn event_study(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> Result<Table> {
    let (mut references, mut prepared) = (Vec::new(), Vec::new());
    let mut labels = options.labels.clone();
    for (name, fit) in fits {
        if fits.len() > 1 && !is_event(fit) {
            prepared.push((*name, (*fit).clone()));
            continue;
        }
        let (mut times, reference) = event_times(fit)?;
        times.push((reference, reference_point(reference)));
        times.sort_by_key(|(t, _)| *t);
        for (t, c) in &times {
            // A period is a bin of the table where it is one in all its fits.
            let has = |f: &Fit| f.coefficients.iter().any(|own| own.name == c.name);
            let sign = bin(fit, *t);
            if !sign.is_empty() && fits.iter().all(|(_, f)| !has(f) || bin(f, *t) == sign) {
                let time = format!("{sign}{}", t.to_string().replace('-', "\u{2212}"));
                labels.entry(c.name.clone()).or_insert_with(|| lang.with("event_time", &time));
            }
        }
        let others = fit.coefficients.iter().filter(|c| !c.name.starts_with(EVENT)).cloned();
        let coefficients = times.into_iter().map(|(_, c)| c).chain(others).collect();
        prepared.push((*name, Fit { coefficients, ..(*fit).clone() }));
        if !references.contains(&reference) {
            references.push(reference);
        }
    }
    let named: Vec<(&str, &Fit)> = prepared.iter().map(|(n, f)| (*n, f)).collect();
    let all = prepared.iter().all(|(_, f)| is_event(f));
    let title = if options.title.is_empty() && all { lang.say("event_study").into() } else { options.title.clone() };
    let order = match options.order.is_empty() {
        true => event_order(&named),
        false => options.order.clone(),
    };
    let mut table = regression(&named, &RegressionTable { title, order, labels, ..options.clone() }, lang)?;
    let references: Vec<String> = references.iter().map(|r| r.to_string().replace('-', "\u{2212}")).collect();
    table.notes.insert(0, lang.with("reference", &references.join(lang.comma())));
    Ok(table)
}

/// What only other fits have, as the effect of a plain difference in differences; then the periods of all fits in
/// order, whichever fit has them.
fn event_order(fits: &[(&str, &Fit)]) -> Vec<String> {
    let (events, plain): (Vec<&Fit>, Vec<&Fit>) = fits.iter().map(|(_, f)| *f).partition(|f| is_event(f));
    let in_events = |c: &&Coefficient| events.iter().any(|f| f.coefficients.iter().any(|own| own.name == c.name));
    let own = plain.iter().flat_map(|f| &f.coefficients).filter(|c| !in_events(c) && c.name != "(Intercept)");
    let mut times: Vec<i64> = events.iter().flat_map(|f| f.coefficients.iter().filter_map(event_time)).collect();
    times.sort_unstable();
    times.dedup();
    own.map(|c| c.name.clone()).chain(times.iter().map(|t| format!("{EVENT}{t}"))).collect()
}

/// `≤` or `≥` where the period stands for all before or after it too (`binned` of the fit), else nothing.
pub(crate) fn bin(fit: &Fit, time: i64) -> &'static str {
    let end = |key: &str| fit.more.get("binned")?.get(key)?.as_i64();
    match time {
        t if end("low") == Some(t) => "≤",
        t if end("high") == Some(t) => "≥",
        _ => "",
    }
}

fn is_event(fit: &Fit) -> bool {
    fit.coefficients.iter().any(|c| event_time(c).is_some())
}

/// Several fits in one table: the groups of splits, periods in order with their reference, or just columns.
pub fn side_by_side(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> Result<Table> {
    match fits {
        _ if fits.iter().any(|(_, f)| is_split(f)) => several(fits, options, lang),
        _ if fits.iter().any(|(_, f)| is_event(f)) => event_study(fits, options, lang),
        _ => regression(fits, options, lang),
    }
}

/// Every table that the fit has: its regression, event study or groups, then what its method has beside.
pub fn tables(fit: &Fit, options: &RegressionTable, lang: Lang) -> Result<Vec<Table>> {
    let has = |key: &str| fit.more.get(key).is_some_and(|v| !v.is_null());
    let mut out = Vec::new();
    // The regressions of a mediation show its paths.
    let stepwise = has("effects") && has("steps");
    if stepwise {
        out.push(steps(fit, options, lang)?);
    } else if is_split(fit) {
        out.push(split(fit, options, lang)?);
    } else if is_event(fit) {
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
        if has(key) && !(stepwise && key == "effects") {
            out.push(table(fit, &beside, lang)?);
        }
    }
    Ok(out)
}

/// A table made from one fit.
type Part = fn(&Fit, &RegressionTable, Lang) -> Result<Table>;

/// Whether the method itself states p-value and interval of an effect.
pub(crate) fn states_tests(effect: &Value) -> bool {
    get(effect, "p_value").is_finite() && get(effect, "conf_low").is_finite()
}

/// Whether the method's own p-value of an effect is of t, and its statistic therefore a t.
pub(crate) fn of_t(fit: &Fit, effect: &Value) -> bool {
    states_tests(effect) && fit.stat("df_t").is_some()
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
pub(crate) fn coefficient(v: &Value) -> Option<Coefficient> {
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

/// Cells of the columns estimate, standard error, z, p, interval.
pub(crate) fn measured(o: &Words, c: &Coefficient) -> Vec<Cell> {
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
pub(crate) fn measures(
    title: &str,
    sections: Vec<Section>,
    notes: Vec<String>,
    options: &RegressionTable,
    lang: Lang,
) -> Table {
    let columns = ["estimate", "std_error", "z", "p_value", "conf"];
    Table {
        title: if options.title.is_empty() { lang.say(title).into() } else { options.title.clone() },
        columns: columns.iter().map(|c| Column::new(lang.say(c), Align::Number)).collect(),
        sections,
        notes: notes.into_iter().chain(options.notes.iter().cloned()).collect(),
        ..Table::default()
    }
}

pub(crate) fn stars_and_vcov(fit: &Fit, options: &RegressionTable, lang: Lang) -> Vec<String> {
    let o = Words { options, lang };
    let vcov = (!fit.vcov.is_empty()).then(|| match options.conventions {
        true => format!("{}{}{}", lang.say("std_error"), lang.colon(), lang.with("note_vcov", &fit.vcov)),
        false => capitalized(&lang.with("note_errors", &covariance::words(&fit.vcov, lang, |name| o.label(name)))),
    });
    let vcov = vcov.map(|said| lang.sentence(&said));
    options.stars.note().map(|n| lang.sentence(n)).into_iter().chain(vcov).collect()
}

/// A JSON value in words.
pub(crate) fn said(v: &Value) -> String {
    match v {
        Value::String(s) => s.clone(),
        Value::Number(n) => {
            n.as_f64().filter(|f| f.fract() == 0.0).map_or(n.to_string(), |f| count(f).replace(',', ""))
        }
        other => other.to_string(),
    }
}
