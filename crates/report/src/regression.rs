//! The regression table as journals print it: a column a model, a row a regressor.
//!
//! Below each estimate stands its standard error (or t, p, interval); the footer has controls, fixed
//! effects and statistics; the notes say how the standard errors were made, which rows were lost and
//! which regressors could not be estimated. Nothing in the notes is typed by hand: all of it comes from
//! the fits.

use crate::escape::part;
use crate::notes::capitalized;
use crate::number::{decimals, fixed, p_value};
use crate::table::{Align, Cell, Column, Entry, Row, Section, Spanner, Table};
use crate::variants::{first_stages, variants};
use crate::words::Lang;
use crate::{Error, Fit, Result};
use plim_stats::{Coefficient, Kind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table of several models side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RegressionTable {
    /// Estimates to show, in this order; all of the study when empty.
    pub fits: Vec<String>,
    /// Title of the table.
    pub title: String,
    /// Headings of the columns below their numbers; the method where the methods differ, when empty.
    pub headings: Vec<String>,
    /// Headings over groups of neighboring columns, such as `{ label = "Full sample", columns = 2 }`.
    pub groups: Vec<ColumnGroup>,
    /// Panels one below the other, each with as many fits: `{ title = "Exports", fits = ["m1", "m2"] }`.
    ///
    /// They replace `fits`.
    pub panels: Vec<Panel>,
    /// Regressors to show, `*` standing for anything; all when empty.
    pub keep: Vec<String>,
    /// Regressors to leave out, `*` standing for anything.
    pub drop: Vec<String>,
    /// Regressors that come first, in this order; the others follow as they appear.
    pub order: Vec<String>,
    /// Regressors shown as one row "Controls: Yes", `*` standing for anything.
    pub controls: Vec<String>,
    /// Words to print instead of names of variables, fixed effects, outcomes and statistics.
    pub labels: BTreeMap<String, String>,
    /// What stands below an estimate.
    pub below: Below,
    /// Levels of significance that stars mark.
    pub stars: Stars,
    /// Decimals; more are printed where fewer than two significant digits would show.
    pub digits: usize,
    /// Show the excluded instruments of the first stages below the estimates.
    pub first_stage: bool,
    /// Statistics of the footer by their names in `results.json`; those that the methods have, when empty.
    pub stats: Vec<String>,
    /// Sentences to add to the notes.
    pub notes: Vec<String>,
    /// Say the covariance in full in the notes, with small-sample rule, counts and degrees of freedom.
    ///
    /// The report's methods and `results.json` have them in any case.
    pub conventions: bool,
}

impl Default for RegressionTable {
    fn default() -> Self {
        RegressionTable {
            fits: Vec::new(),
            title: String::new(),
            headings: Vec::new(),
            groups: Vec::new(),
            panels: Vec::new(),
            keep: Vec::new(),
            drop: Vec::new(),
            order: Vec::new(),
            controls: Vec::new(),
            labels: BTreeMap::new(),
            below: Below::default(),
            stars: Stars::default(),
            digits: 3, // what AER and 经济研究 print
            first_stage: false,
            stats: Vec::new(),
            notes: Vec::new(),
            conventions: false, // a journal's note is a sentence
        }
    }
}

/// A heading over neighboring columns.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnGroup {
    /// Heading; an empty one leaves its columns bare.
    pub label: String,
    /// How many columns it spans.
    pub columns: usize,
}

/// A panel of a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Panel {
    /// Heading after "Panel A"; the outcome when empty.
    pub title: String,
    /// Estimates, a column each.
    pub fits: Vec<String>,
}

/// What stands below an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// The standard error in parentheses.
    #[default]
    Se,
    /// The t statistic in parentheses.
    T,
    /// The p-value in parentheses.
    P,
    /// The 95 % confidence interval in brackets.
    Ci,
    /// Nothing.
    None,
}

/// Levels of significance that stars mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stars {
    /// As the study's `style` has it: `standard`, or none in the style of the AER.
    #[default]
    ByStyle,
    /// `*` 10 %, `**` 5 %, `***` 1 %: the custom of economics.
    Standard,
    /// `*` 5 %, `**` 1 %, `***` 0.1 %.
    Strict,
    /// No stars.
    None,
}

impl Stars {
    /// Stars of a p-value.
    pub fn of(self, p: f64) -> &'static str {
        let levels = match self {
            Stars::Standard | Stars::ByStyle => [0.01, 0.05, 0.1],
            Stars::Strict => [0.001, 0.01, 0.05],
            Stars::None => return "",
        };
        // Every comparison with NaN is false: an unknown p-value gets no star.
        ["***", "**", "*"].into_iter().zip(levels).find(|(_, level)| p < *level).map_or("", |(s, _)| s)
    }

    /// What the notes say of them.
    pub fn note(self) -> Option<&'static str> {
        match self {
            Stars::Standard | Stars::ByStyle => {
                Some("*\u{a0}p\u{a0}<\u{a0}0.1, **\u{a0}p\u{a0}<\u{a0}0.05, ***\u{a0}p\u{a0}<\u{a0}0.01")
            }
            Stars::Strict => {
                Some("*\u{a0}p\u{a0}<\u{a0}0.05, **\u{a0}p\u{a0}<\u{a0}0.01, ***\u{a0}p\u{a0}<\u{a0}0.001")
            }
            Stars::None => None,
        }
    }
}

/// Lists like the coefficients that get a panel of their own.
const PANELS: [&str; 6] = ["determinants", "u_variance", "v_variance", "zero_probability", "separating", "selection"];
/// The table of these fits, each with its name.
pub fn regression(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> Result<Table> {
    if fits.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the list of estimates for the table".into() }));
    }
    if let Some((name, _)) = fits.iter().find(|(_, f)| f.coefficients.is_empty()) {
        return Err(Error::invalid(
            format!("estimate `{name}` has no coefficients to show"),
            "leave it out of the table, or show its measure instead",
        ));
    }
    if !options.headings.is_empty() && options.headings.len() != fits.len() {
        return Err(Error::length("`headings`", options.headings.len(), fits.len()));
    }
    let options = &regimes(fits, options, lang);
    let o = Words { options, lang };
    let main: Vec<&[Coefficient]> = fits.iter().map(|(_, f)| f.coefficients.as_slice()).collect();
    let mut sections = vec![Section::new(o.rows("coefficients", &main))];
    for panel in PANELS {
        let lists: Vec<Vec<Coefficient>> = fits.iter().map(|(_, f)| f.list(panel)).collect();
        if lists.iter().any(|l| !l.is_empty()) {
            let rows = o.rows(panel, &lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
            sections[0].title = Some(lang.say("coefficients").into());
            sections.push(Section::titled(lang.say(panel), rows));
        }
    }
    if sections.iter().all(|s| s.rows.is_empty()) {
        return Err(Error::invalid("`keep`, `drop` and `controls` leave no regressor to show", "name fewer in them"));
    }
    if options.first_stage {
        let rows =
            |lists: &[Vec<Coefficient>]| o.rows("coefficients", &lists.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let stages = first_stages(fits, rows)?;
        if stages.rows.is_empty() {
            return Err(Error::invalid(
                "`first_stage` is set and no estimate of the table has a first stage",
                "name one of method `iv`, `liml` or `gmm`, or leave it out",
            ));
        }
        sections.push(Section { title: Some(lang.say("first_stage").into()), ..stages });
    }
    let specification = o.specification(fits);
    if !specification.is_empty() {
        sections.push(Section::new(specification));
    }
    sections.push(Section::new(o.statistics(fits)?));
    let tests = o.tests(fits);
    if !tests.is_empty() {
        sections.push(Section::titled(lang.say("tests"), tests));
    }

    let column =
        |(i, (name, _)): (usize, &(&str, &Fit))| Column::new(format!("({})", i + 1), Align::Number).of(path(name));
    let table = Table {
        title: if options.title.is_empty() { lang.say("regression").into() } else { options.title.clone() },
        columns: fits.iter().enumerate().map(column).collect(),
        spanners: o.spanners(fits)?,
        sections,
        notes: o.notes(fits),
        variants: variants(fits, options, lang)?,
        ..Table::default()
    };
    table.check()?;
    Ok(table)
}

/// The options with words for the regimes of thresholds: `x:low` is x at values of the threshold variable up to the first.
fn regimes(fits: &[(&str, &Fit)], options: &RegressionTable, lang: Lang) -> RegressionTable {
    let mut labels = options.labels.clone();
    for c in fits.iter().filter(|(_, f)| f.method == "threshold").flat_map(|(_, f)| &f.coefficients) {
        let Some((x, regime @ ("low" | "middle" | "high"))) = c.name.rsplit_once(':') else { continue };
        if !options.labels.contains_key(regime) {
            let x = Words { options, lang }.label(x);
            let said = format!("{x} × {}", lang.say(&format!("regime:{regime}")));
            labels.entry(c.name.clone()).or_insert(said);
        }
    }
    RegressionTable { labels, ..options.clone() }
}

/// Where results keep the fit; one without a name has its result named by the table.
pub(crate) fn path(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("estimates/{}", part(name)) }
}

/// The options with the language they are printed in.
pub(crate) struct Words<'a> {
    pub options: &'a RegressionTable,
    pub lang: Lang,
}

impl Words<'_> {
    /// The label of a regressor: given, or made from its parts.
    pub fn label(&self, name: &str) -> String {
        if let Some(label) = self.options.labels.get(name) {
            return label.clone();
        }
        if let Some(time) = name.strip_prefix("event_time::") {
            return self.lang.with("event_time", &time.replacen('-', "\u{2212}", 1));
        }
        // `x:m` is an interaction; `x:low` of a threshold model reads well enough as x × low.
        match name.split_once(':') {
            Some((x, m)) if !x.is_empty() && !m.is_empty() && !m.starts_with(':') => {
                format!("{} × {}", self.label(x), self.label(m))
            }
            _ if name == "(Intercept)" => self.lang.say(name).into(),
            _ => name.into(),
        }
    }

    /// Rows of regressors over the columns, in the order asked for; `list` is where results keep them.
    pub fn rows(&self, list: &str, columns: &[&[Coefficient]]) -> Vec<Row> {
        let o = self.options;
        let mut names: Vec<&str> = Vec::new();
        for c in columns.iter().flat_map(|c| c.iter()) {
            let shown = (o.keep.is_empty() || matches_any(&o.keep, &c.name))
                && !matches_any(&o.drop, &c.name)
                && !matches_any(&o.controls, &c.name);
            if shown && !names.contains(&c.name.as_str()) {
                names.push(&c.name);
            }
        }
        // A stable sort: the constant goes last, as journals print it.
        let rank = |n: &str| match o.order.iter().position(|p| matches(p, n)) {
            Some(i) => i,
            None => o.order.len() + usize::from(n == "(Intercept)"),
        };
        names.sort_by_key(|n| rank(n));
        names.iter().map(|name| self.row(name, columns).of(format!("{list}/{}", part(name)))).collect()
    }

    fn row(&self, name: &str, columns: &[&[Coefficient]]) -> Row {
        let cell = |c: &Coefficient| {
            let companion = if c.std_error.is_finite() { c.std_error } else { c.estimate };
            self.cell(c, decimals(c.estimate, companion, self.options.digits))
        };
        let found = columns.iter().map(|list| list.iter().find(|c| c.name == name));
        Row::new(self.label(name), found.map(|c| c.map_or(Cell::empty(), cell)).collect())
    }

    /// An estimate with its stars, and what stands below.
    pub fn cell(&self, c: &Coefficient, digits: usize) -> Cell {
        let mut lines = vec![Entry::Number {
            value: c.estimate,
            body: shown(fixed(c.estimate, digits)),
            trail: self.options.stars.of(c.p_value).into(),
        }];
        let bracket =
            |value: f64, text: String| Entry::Number { value, body: format!("({}", shown(text)), trail: ")".into() };
        match self.options.below {
            // Zero by construction, as the reference period of an event study, has no error.
            _ if c.estimate == 0.0 && c.std_error.is_nan() => {}
            Below::Se => lines.push(bracket(c.std_error, fixed(c.std_error, digits))),
            Below::T => lines.push(bracket(c.statistic, fixed(c.statistic, 2))),
            Below::P => lines.push(bracket(c.p_value, p_value(c.p_value))),
            Below::Ci => lines.push(interval(c.conf_low, c.conf_high, digits)),
            Below::None => {}
        }
        Cell(lines)
    }

    /// Controls and fixed effects, yes or no.
    fn specification(&self, fits: &[(&str, &Fit)]) -> Vec<Row> {
        let yes_no = |yes: bool| Cell(vec![Entry::Text(self.lang.say(if yes { "yes" } else { "no" }).into())]);
        let mut rows = Vec::new();
        let sub = |f: &Fit| {
            let split = f.sample.get("split")?;
            Some((split.get("by")?.as_str()?.to_string(), split.get("value")?.as_str()?.to_string()))
        };
        if let Some((by, _)) = fits.iter().find_map(|(_, f)| sub(f)) {
            let value = |f: &Fit| match sub(f) {
                Some((_, value)) if value == "full" => self.lang.say("full").into(),
                Some((_, value)) => self.label(&value),
                None => self.lang.say("full").into(),
            };
            let cells = fits.iter().map(|(_, f)| Cell(vec![Entry::Text(value(f))])).collect();
            rows.push(Row::new(self.label(&by), cells));
        }
        if !self.options.controls.is_empty() {
            let has = |f: &Fit| f.coefficients.iter().any(|c| matches_any(&self.options.controls, &c.name));
            rows.push(Row::new(self.lang.say("controls"), fits.iter().map(|(_, f)| yes_no(has(f))).collect()));
        }
        let mut effects: Vec<&str> = Vec::new();
        for effect in fits.iter().flat_map(|(_, f)| f.fixed_effects()) {
            if !effects.contains(&effect) {
                effects.push(effect);
            }
        }
        for effect in effects {
            let name = match self.options.labels.get(effect) {
                Some(label) => label.clone(),
                None => effect.split('^').map(|one| self.label(one)).collect::<Vec<_>>().join(" × "),
            };
            let label = self.lang.with("fixed_effects", &capitalized(&name));
            rows.push(Row::new(label, fits.iter().map(|(_, f)| yes_no(f.fixed_effects().contains(&effect))).collect()));
        }
        rows
    }

    /// Groups of columns, outcomes over the columns they share, headings.
    fn spanners(&self, fits: &[(&str, &Fit)]) -> Result<Vec<Vec<Spanner>>> {
        let grouped = self.options.groups.iter().map(|g| g.columns).sum::<usize>();
        if !self.options.groups.is_empty() && grouped != fits.len() {
            return Err(Error::length("`groups` (columns)", grouped, fits.len()));
        }
        let group = |g: &ColumnGroup| Spanner { label: g.label.clone(), len: g.columns };
        let groups: Vec<Spanner> = self.options.groups.iter().filter(|g| g.columns > 0).map(group).collect();
        let mut outcomes: Vec<Spanner> = Vec::new();
        for (_, fit) in fits {
            let label = self.label(fit.outcome());
            match outcomes.last_mut() {
                Some(last) if last.label == label => last.len += 1,
                _ => outcomes.push(Spanner { label, len: 1 }),
            }
        }
        let methods_differ = fits.iter().any(|(_, f)| f.method != fits[0].1.method);
        let headings: Vec<Spanner> = match self.options.headings.is_empty() {
            false => self.options.headings.iter().map(|h| Spanner { label: h.clone(), len: 1 }).collect(),
            true if methods_differ => {
                fits.iter().map(|(_, f)| Spanner { label: self.lang.method(&f.method).into(), len: 1 }).collect()
            }
            true => Vec::new(),
        };
        Ok([groups, outcomes, headings].into_iter().filter(|row| row.iter().any(|s| !s.label.is_empty())).collect())
    }
}

/// What is printed for a number that is not there.
pub(crate) fn shown(text: String) -> String {
    if text.is_empty() { "–".into() } else { text }
}

/// An interval in brackets.
pub(crate) fn interval(low: f64, high: f64, digits: usize) -> Entry {
    let body = format!("[{}, {}", shown(fixed(low, digits)), shown(fixed(high, digits)));
    Entry::Number { value: low, body, trail: "]".into() }
}

fn matches_any(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|p| matches(p, name))
}

/// Whether the name fits the pattern, `*` standing for any run of characters.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_follow_the_levels() {
        assert_eq!([0.0099, 0.01, 0.05, 0.1, f64::NAN].map(|p| Stars::Standard.of(p)), ["***", "**", "*", "", ""]);
        assert_eq!([0.0009, 0.009, 0.049, 0.05].map(|p| Stars::Strict.of(p)), ["***", "**", "*", ""]);
        assert_eq!(Stars::None.of(0.0), "");
    }

    #[test]
    fn patterns() {
        assert!(matches("ln_*", "ln_gdp") && matches("*", "") && matches("a*c*e", "abcde") && matches("x", "x"));
        assert!(!matches("ln_*", "gdp") && !matches("x", "xy") && !matches("a*b", "ac") && !matches("aa*aa", "aaa"));
    }
}
