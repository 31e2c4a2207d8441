//! Steps that show: tables, figures and text of the report.

use super::need;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::agreement::{AgreementTable, agreement_table};
use plim_report::by_group::{Group, describe_by};
use plim_report::contour::contour;
use plim_report::describe::{CorrelationTable, DescribeTable, correlation, describe, weights};
use plim_report::escape::part;
use plim_report::page::{Block, Figure as Drawn};
use plim_report::regression::RegressionTable;
use plim_report::specification::{of_fits, specification_curve};
use plim_report::table::{Align, Cell, Column, Row, Section, Table};
use plim_report::variants::panels;
use plim_report::{Fit, effects, number, plots};
use plim_stats::Coefficient;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A heading that starts a section of the report, and paragraphs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Text {
    /// Heading of the section that begins here.
    pub heading: String,
    /// Paragraphs, an empty line between them.
    pub text: String,
}

impl Method for Text {
    fn run(&self, _: &Context) -> Result<Outcome> {
        let paragraphs = self.text.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
        Ok(Outcome::Shown {
            heading: (!self.heading.is_empty()).then(|| self.heading.clone()),
            blocks: paragraphs.map(|p| Block::Paragraph(p.to_string())).collect(),
        })
    }
}

/// The study's labels, those of the step on top.
pub(super) fn labels(cx: &Context, own: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = cx.study.labels.clone().into_iter().collect();
    all.extend(own.clone());
    all
}

pub(super) fn shown(blocks: Vec<Block>) -> Result<Outcome> {
    Ok(Outcome::Shown { heading: None, blocks })
}

/// Columns of the kept rows by name.
fn columns<'t>(kept: &'t plim_table::Table, names: &'t [String]) -> Result<Vec<(&'t str, &'t [f64])>> {
    names.iter().map(|name| Ok((name.as_str(), kept.numbers(name)?))).collect()
}

impl Method for DescribeTable {
    fn columns(&self) -> Vec<String> {
        self.columns.iter().chain(&self.by).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let stars = cx.study.style.stars(self.stars);
        let options = DescribeTable { labels: labels(cx, &self.labels), stars, ..self.clone() };
        let all = columns(&kept, &self.columns)?;
        let Some(by) = &self.by else { return shown(vec![Block::Table(describe(&all, &options, cx.study.lang)?)]) };
        let found = super::figures::groups(cx, &kept, by)?;
        super::figures::at_most(GROUPS, found.len(), by)?;
        let of = |rows: &[usize]| all.iter().map(|(n, v)| (*n, rows.iter().map(|&i| v[i]).collect())).collect();
        let groups: Vec<Group> = found.iter().map(|(name, rows)| (name.clone(), of(rows))).collect();
        shown(vec![Block::Table(describe_by(&groups, &options, cx.study.lang)?)])
    }
}

/// Groups that a table has room for side by side.
const GROUPS: usize = 6;

impl Method for CorrelationTable {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let stars = cx.study.style.stars(self.stars);
        let options = CorrelationTable { labels: labels(cx, &self.labels), stars, ..self.clone() };
        shown(vec![Block::Table(correlation(&columns(&kept, &self.columns)?, &options, cx.study.lang)?)])
    }
}

impl Method for AgreementTable {
    fn columns(&self) -> Vec<String> {
        self.columns.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let options = AgreementTable { labels: labels(cx, &self.labels), ..self.clone() };
        shown(vec![Block::Table(agreement_table(&columns(&kept, &self.columns)?, &options, cx.study.lang)?)])
    }
}

/// Weights of an index as a table and as bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Weights {
    /// The measure that has weights, by the name of its step.
    pub measure: String,
    /// Title of the table.
    pub title: String,
    /// Decimals.
    pub digits: usize,
}

impl Default for Weights {
    fn default() -> Self {
        Weights { measure: String::new(), title: String::new(), digits: 4 }
    }
}

impl Method for Weights {
    fn models(&self) -> Vec<String> {
        vec![self.measure.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let name = need(&self.measure, "measure")?;
        let measure = cx
            .results
            .measures
            .get(name)
            .ok_or_else(|| Error::plan(format!("no earlier measure `{name}`"), "name the step of an index"))?;
        let labels = labels(cx, &BTreeMap::new());
        let mut table = weights(measure, &labels, self.digits, cx.study.lang)?;
        if !self.title.is_empty() {
            table.title.clone_from(&self.title);
        }
        table.of = format!("measures/{}", part(name));
        let mut blocks = vec![Block::Table(table)];
        let bars: Vec<(String, f64)> = measure
            .more
            .get("weights")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            // Of a tree, the indicators by their weight in the whole index.
            .filter(|w| w.get("year").is_none() && w.get("level").is_none_or(|l| l == 1))
            .filter_map(|w| {
                let name = w.get("name")?.as_str()?;
                let weight = w.get("global").or(w.get("weight"))?.as_f64()?;
                Some((labels.get(name).cloned().unwrap_or_else(|| name.into()), weight))
            })
            .collect();
        if !bars.is_empty() {
            let scene = plots::bars(&bars, cx.study.lang.say("weights"))?;
            blocks.push(Block::Figure(Drawn { scene, caption: self.title.clone() }));
        }
        shown(blocks)
    }
}

impl Method for RegressionTable {
    fn models(&self) -> Vec<String> {
        self.fits.iter().chain(self.panels.iter().flat_map(|p| &p.fits)).cloned().collect()
    }

    /// The table that the fits call for: effects, subsamples or event times where the methods have them.
    fn run(&self, cx: &Context) -> Result<Outcome> {
        let stars = cx.study.style.stars(self.stars);
        let options = RegressionTable { labels: labels(cx, &self.labels), stars, ..self.clone() };
        let lang = cx.study.lang;
        if !self.panels.is_empty() {
            if !self.fits.is_empty() {
                return Err(Error::plan("both `fits` and `panels` are given", "name the fits within the panels"));
            }
            let parts = self.panels.iter().map(|p| Ok((p.title.as_str(), cx.results.fits(&p.fits)?)));
            let parts = parts.collect::<Result<Vec<_>>>()?;
            return shown(vec![Block::Table(panels(&parts, &options, lang)?)]);
        }
        let fits = cx.results.fits(&self.fits)?;
        let tables = match fits.as_slice() {
            [(name, fit)] => {
                let mut tables = effects::tables(fit, &options, lang)?;
                tables.iter_mut().for_each(|t| t.of = format!("estimates/{}", part(name)));
                tables
            }
            all => vec![effects::side_by_side(all, &options, lang)?],
        };
        let blocks = tables.into_iter().map(Block::Table).collect();
        shown(blocks)
    }
}

/// What a figure draws.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Estimates with their intervals, the fits side by side.
    #[default]
    Coefficients,
    /// Estimates by event time with pointwise intervals.
    EventStudy,
    /// Marginal effect over the moderator with its band.
    Slopes,
    /// Placebo estimates and the actual one.
    Placebo,
    /// Every estimate of one coefficient, sorted, above the choices it rests on; the first fit is the main one.
    SpecificationCurve,
    /// The adjusted estimate over the strength of an omitted variable, from a fit of `omitted_variable`.
    Contour,
}

/// A figure of one or more fits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Figure {
    /// What to draw: `coefficients`, `event_study`, `slopes`, `placebo`, `specification_curve` or
    /// `contour`.
    pub kind: Kind,
    /// The fits to draw, by the names of their steps.
    pub fits: Vec<String>,
    /// Coefficients to draw; all when empty, the first of the first fit for a specification curve.
    pub coefficients: Vec<String>,
    /// Caption below the figure.
    pub title: String,
}

impl Method for Figure {
    fn models(&self) -> Vec<String> {
        self.fits.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let fits = cx.results.fits(&self.fits)?;
        let (labels, lang) = (labels(cx, &BTreeMap::new()), cx.study.lang);
        let first = || match fits.as_slice() {
            [(_, fit)] => Ok(*fit),
            _ => Err(Error::plan("this figure draws one fit", "name exactly one under `fits`")),
        };
        let scene = match self.kind {
            Kind::Coefficients => {
                let wanted = |c: &&Coefficient| {
                    self.coefficients.is_empty() && c.name != "(Intercept)" || self.coefficients.contains(&c.name)
                };
                let chosen: Vec<(&str, Vec<Coefficient>)> = fits
                    .iter()
                    .map(|(name, fit)| (*name, fit.coefficients.iter().filter(wanted).cloned().collect()))
                    .collect();
                let series: Vec<plots::Series> = chosen.iter().map(|(name, list)| (*name, list.as_slice())).collect();
                plots::coefficients(&series, &labels, lang)?
            }
            Kind::EventStudy => plots::event_study(&fits, lang)?,
            Kind::SpecificationCurve => {
                let main = fits.first().and_then(|(_, f)| f.coefficients.iter().find(|c| c.name != "(Intercept)"));
                let name = match (self.coefficients.as_slice(), main) {
                    ([one], _) => one,
                    ([], Some(first)) => &first.name,
                    _ => {
                        return Err(Error::plan(
                            "a specification curve is of one coefficient",
                            "name exactly one under `coefficients`",
                        ));
                    }
                };
                let label = |n: &str| labels.get(n).cloned().unwrap_or_else(|| n.into());
                specification_curve(&of_fits(&fits, name, label, lang)?, lang)?
            }
            Kind::Contour => contour(first()?, |n| labels.get(n).cloned().unwrap_or_else(|| n.into()), lang)?,
            Kind::Slopes => slopes(cx, first()?, &labels)?,
            Kind::Placebo => {
                let fit = first()?;
                let placebo = fit.more.get("placebo").ok_or_else(|| {
                    Error::plan(
                        format!("the fit of method `{}` has no placebo", fit.method),
                        "set `placebo` in its step",
                    )
                })?;
                let draws = floats(placebo.get("estimates"));
                let number = |key: &str| placebo.get(key).and_then(Value::as_f64);
                plots::placebo(&draws, number("estimate").unwrap_or(f64::NAN), number("p_value"), lang)?
            }
        };
        shown(vec![Block::Figure(Drawn { scene, caption: self.title.clone() })])
    }
}

fn floats(value: Option<&Value>) -> Vec<f64> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_f64).collect()
}

/// Marginal effects of a moderation over the range of the moderator.
fn slopes(cx: &Context, fit: &Fit, labels: &BTreeMap<String, String>) -> Result<plim_report::figure::Scene> {
    let line: Vec<plots::Effect> = fit
        .more
        .get("line")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|p| {
            let get = |key: &str| p.get(key).and_then(Value::as_f64);
            Some((get("value")?, get("estimate")?, get("conf_low")?, get("conf_high")?))
        })
        .collect();
    let moderator = fit.more.get("moderator").and_then(Value::as_str).unwrap_or_default();
    let bound = |key: &str| fit.more.get("johnson_neyman")?.get(key)?.as_f64();
    let bounds: Vec<f64> = [bound("low"), bound("high")].into_iter().flatten().collect();
    let kept = cx.kept();
    let sample: Vec<f64> = match kept.numbers(moderator) {
        Ok(values) => values.iter().copied().filter(|v| v.is_finite()).collect(),
        Err(_) => Vec::new(),
    };
    let label = labels.get(moderator).map_or(moderator, String::as_str);
    Ok(plots::marginal(&line, &bounds, &sample, label, cx.study.lang)?)
}

/// Estimates beside the true values of a simulated world.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Truth {
    /// File with the true values, below the study's folder.
    pub file: String,
    /// What to compare: `STEP:QUANTITY = PATH`, QUANTITY a coefficient, a statistic or `effects/NAME`, PATH that of the truth.
    ///
    /// `* sd(COLUMN)` after the quantity multiplies the estimate by the standard deviation of a column.
    pub compare: Vec<String>,
    /// Title of the table.
    pub title: String,
}

impl Method for Truth {
    fn models(&self) -> Vec<String> {
        self.compare.iter().filter_map(|c| Some(c.split_once(':')?.0.trim().to_string())).collect()
    }

    fn columns(&self) -> Vec<String> {
        let left = self.compare.iter().filter_map(|line| Some(line.split_once('=')?.0));
        left.filter_map(scale).map(str::to_string).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let text = (cx.read_text)(need(&self.file, "file")?)?;
        let truth: Value = serde_json::from_str(&text)
            .map_err(|e| plim_table::Error::file(&self.file, format!("not the truth of a simulated world: {e}")))?;
        let rows = self.compare.iter().map(|line| compare(cx, line, &truth)).collect::<Result<Vec<Row>>>()?;
        let lang = cx.study.lang;
        let heads = ["truth", "estimate", "std_error", "distance"];
        shown(vec![Block::Table(Table {
            title: self.title.clone(),
            stub: lang.say("quantity").into(),
            columns: heads.iter().map(|h| Column::new(lang.say(h), Align::Number)).collect(),
            sections: vec![Section::new(rows)],
            notes: vec![lang.say("truth_note").into()],
            ..Table::default()
        })])
    }
}

/// The column behind `* sd(COLUMN)` on the left side of a comparison.
fn scale(left: &str) -> Option<&str> {
    let (_, scale) = left.split_once('*')?;
    Some(scale.trim().strip_prefix("sd(")?.strip_suffix(')')?.trim())
}

/// One line of the comparison.
fn compare(cx: &Context, line: &str, truth: &Value) -> Result<Row> {
    let wrong = |why: &str| {
        Error::plan(format!("`{line}`: {why}"), "write STEP:QUANTITY = PATH or STEP:QUANTITY * sd(COLUMN) = PATH")
    };
    let (left, path) = line.split_once('=').ok_or_else(|| wrong("`=` is missing"))?;
    let quantity = left.split_once('*').map_or(left, |(quantity, _)| quantity).trim();
    if left.contains('*') && scale(left).is_none() {
        return Err(wrong("`*` is followed by `sd(COLUMN)` only"));
    }
    let (step, quantity) = quantity.split_once(':').ok_or_else(|| wrong("`:` is missing"))?;
    let (step, quantity) = (step.trim(), quantity.trim());
    let fit = cx.results.estimates.get(step).ok_or_else(|| wrong("no such estimate"))?;
    let value = |v: &Value, key: &str| v.get(key).and_then(Value::as_f64);
    let (estimate, error) = if let Some(c) = fit.coefficients.iter().find(|c| c.name == quantity) {
        (c.estimate, c.std_error)
    } else {
        let pointer = format!("/{}", quantity.trim_start_matches('/'));
        let more = Value::Object(fit.more.clone());
        let at = more.pointer(&pointer).cloned().or_else(|| fit.stats.get(quantity).cloned());
        match at {
            Some(Value::Number(n)) => (n.as_f64().unwrap_or(f64::NAN), f64::NAN),
            Some(v) => (value(&v, "estimate").unwrap_or(f64::NAN), value(&v, "std_error").unwrap_or(f64::NAN)),
            None => return Err(wrong("the estimate has no such quantity")),
        }
    };
    let by = match scale(left) {
        None => 1.0,
        Some(column) => {
            let x: Vec<f64> = cx.table.numbers(column)?.iter().copied().filter(|v| !v.is_nan()).collect();
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt()
        }
    };
    let path = format!("/{}", path.trim().trim_start_matches('/').replace('.', "/"));
    let exact = truth.pointer(&path).and_then(Value::as_f64).ok_or_else(|| wrong("the truth has no such value"))?;
    let (estimate, error) = (estimate * by, error * by);
    let cell = |v: f64| Cell::number(v, number::number(v, 3));
    Ok(Row::new(left.trim(), vec![cell(exact), cell(estimate), cell(error), cell((estimate - exact) / error)]))
}
