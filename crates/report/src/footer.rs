//! The foot of a regression table: statistics and tests of the fits.

use crate::escape::part;
use crate::notes::capitalized;
use crate::number::{count, fixed, number, p_value};
use crate::regression::{Words, shown};
use crate::table::{Cell, Entry, Row};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use serde_json::Value;

/// Statistics of the footer unless asked for: those of them that the fits have.
const USUAL: [&str; 10] =
    ["nobs", "r2", "r2_within", "kp_lm", "kp_f", "hansen_j", "loglik", "gamma", "mean_efficiency", "threshold"];
/// Those of a dynamic panel: serial correlation and overidentification by their p-values, and how many instruments.
const USUAL_DYNAMIC: [&str; 5] = ["nobs", "ar1_p", "ar2_p", "hansen_j_p", "instruments"];

impl Words<'_> {
    /// A row for each statistic that is asked for, or that the methods usually print.
    pub fn statistics(&self, fits: &[(&str, &Fit)]) -> Result<Vec<Row>> {
        let has = |name: &str| fits.iter().any(|(_, f)| statistic(f, name, 0).is_some());
        let names: Vec<&str> = match self.options.stats.is_empty() {
            true => usual(fits),
            false => self.options.stats.iter().map(String::as_str).collect(),
        };
        if let Some(name) = names.iter().find(|n| !has(n)) {
            let mut known: Vec<&str> = fits.iter().flat_map(|(_, f)| f.stats.keys().map(String::as_str)).collect();
            let undefined = known.contains(name);
            known.retain(|n| has(n));
            known.sort_unstable();
            known.dedup();
            let what = match undefined {
                true => format!("the statistic `{name}` is undefined in every estimate of the table"),
                false => format!("none of the estimates has the statistic `{name}`"),
            };
            return Err(Error::invalid(what, format!("choose among: nobs, {}", known.join(", "))));
        }
        let row = |name: &&str| {
            let cell = |f: &Fit| statistic(f, name, self.options.digits).unwrap_or_else(Cell::empty);
            let label = self.options.labels.get(*name).map_or_else(|| label(name, self.lang), Clone::clone);
            let of = match *name {
                "nobs" => "nobs".into(),
                // Counts of clusters are a list, one a way.
                "clusters" => "stats/clusters/#0".into(),
                name => format!("stats/{}", part(name)),
            };
            Row::new(label, fits.iter().map(|(_, f)| cell(f)).collect()).of(of)
        };
        Ok(names.iter().map(row).collect())
    }

    /// Tests that the fits carry: the statistic, its p-value below in brackets.
    pub fn tests(&self, fits: &[(&str, &Fit)]) -> Vec<Row> {
        let of = |f: &Fit| f.more.get("tests").and_then(Value::as_array).cloned().unwrap_or_default();
        let lists: Vec<Vec<Value>> = fits.iter().map(|(_, f)| of(f)).collect();
        let name = |t: &Value| t.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut names: Vec<String> = Vec::new();
        for n in lists.iter().flatten().map(name) {
            if !names.contains(&n) {
                names.push(n);
            }
        }
        let cell = |list: &Vec<Value>, n: &str| {
            let Some(test) = list.iter().find(|t| name(t) == n) else { return Cell::empty() };
            let get = |key: &str| test.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
            let (statistic, p) = (get("statistic"), get("p_value"));
            Cell(vec![
                Entry::Number { value: statistic, body: shown(fixed(statistic, 2)), trail: String::new() },
                Entry::Number { value: p, body: format!("[{}", shown(p_value(p))), trail: "]".into() },
            ])
        };
        let label = |n: &str| self.options.labels.get(n).map_or_else(|| self.test(n), Clone::clone);
        let row = |n: &String| Row::new(label(n), lists.iter().map(|l| cell(l, n)).collect());
        names.iter().map(|n| row(n).of(format!("tests/{}", part(n)))).collect()
    }

    /// The label of a test; `difference_in_hansen:level` is one of a group of instruments.
    fn test(&self, name: &str) -> String {
        let Some((test, of)) = name.split_once(':') else {
            return capitalized(&self.lang.say(name).replace('_', " "));
        };
        let key = format!("hansen:{of}");
        let of = match self.lang.say(&key) {
            said if said == key => self.label(of),
            said => said.to_owned(),
        };
        format!("{}{}{of}", self.lang.say(test), self.lang.colon())
    }
}

/// The statistics that the methods of the fits usually print, in one order.
fn usual<'n>(fits: &[(&str, &Fit)]) -> Vec<&'n str> {
    let dynamic = |f: &Fit| f.method == "gmm_panel";
    let of = |names: &[&'n str], of_dynamic: bool| -> Vec<&'n str> {
        let has = |n: &str| fits.iter().any(|(_, f)| dynamic(f) == of_dynamic && statistic(f, n, 0).is_some());
        names.iter().copied().filter(|n| has(n)).collect()
    };
    let mut names = of(&USUAL, false);
    // Least squares, which has an adjusted R², is not judged by its likelihood; a logit, whose R² is made of it, is.
    let likely = |f: &Fit| f.stat("loglik").is_some() && f.stat("r2_adjusted").is_none();
    names.retain(|&n| n != "loglik" || fits.iter().any(|(_, f)| likely(f)));
    for name in of(&USUAL_DYNAMIC, true) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A statistic in print: a count, a p-value, a number; counts by cluster of several ways as a list.
fn statistic(fit: &Fit, name: &str, digits: usize) -> Option<Cell> {
    if let Some(Value::Array(list)) = fit.stats.get(name) {
        let counts: Vec<f64> = list.iter().filter_map(Value::as_f64).collect();
        return match counts.as_slice() {
            [] => None,
            [one] => Some(Cell::number(*one, count(*one))),
            all => Some(Cell::text(all.iter().map(|&n| count(n)).collect::<Vec<_>>().join(" / "))),
        };
    }
    let v = fit.stat(name)?;
    Some(match name {
        name if is_p(name) => Cell::number(v, p_value(v)),
        _ if v.fract() == 0.0 => Cell::number(v, count(v)),
        _ => Cell::number(v, number(v, digits)),
    })
}

fn is_p(name: &str) -> bool {
    name.ends_with("_p") || name.ends_with("_p_value")
}

/// The label of a statistic; that of a p-value or of degrees of freedom is made from the test's where it has none.
fn label(name: &str, lang: Lang) -> String {
    let said = lang.say(name);
    if said != name {
        return said.to_owned();
    }
    let made = |suffix: &str, of: &str| name.strip_suffix(suffix).map(|test| lang.with(of, lang.say(test)));
    let p = || made("_p_value", "p_of").or_else(|| made("_p", "p_of"));
    p().or_else(|| made("_df", "df_of")).unwrap_or_else(|| name.to_owned())
}
