//! Figures of an index: ranking, ranks over time, correlations, profiles.

use super::figures::at_most;
use super::need;
use super::show::{labels, shown};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::figure::Scene;
use plim_report::heatmap::{Variable, heatmap};
use plim_report::page::{Block, Figure as Drawn};
use plim_report::radar::radar;
use plim_report::ranking::{Ranked, bump, ranking};
use plim_table::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

pub(super) fn figure(scene: Scene, caption: String) -> Result<Outcome> {
    shown(vec![Block::Figure(Drawn { scene, caption })])
}

/// The label of a column: the study's, or its name.
pub(super) fn titled(cx: &Context, column: &str) -> String {
    labels(cx, &BTreeMap::new()).remove(column).unwrap_or_else(|| column.into())
}

/// The row of each unit, in order of appearance; a second row is refused.
pub(super) fn one_row_each(cx: &Context, kept: &Table) -> Result<Vec<(String, usize)>> {
    let unit = kept.column(cx.need_unit()?)?;
    let mut seen: HashMap<u32, usize> = HashMap::new();
    let mut all = Vec::new();
    for (i, code) in unit.codes().into_iter().enumerate().filter(|(i, _)| !unit.is_missing(*i)) {
        if seen.insert(code, i).is_some() {
            return Err(Error::plan(
                format!("{} has several rows, and the figure shows one a unit", unit.show(i)),
                "keep one time with `where`, such as where = \"year = 2021\"",
            ));
        }
        all.push((unit.show(i), i));
    }
    Ok(all)
}

/// The places of named units, or an error that offers near names.
fn named(names: &[String], units: &[(String, usize)]) -> Result<Vec<usize>> {
    let place = |name: &String| {
        units.iter().position(|u| u.0 == *name).ok_or_else(|| {
            let near = plim_table::near(name, units.iter().map(|u| u.0.as_str()));
            let remedy = near.first().map_or("name units as the data do".into(), |n| format!("did you mean `{n}`?"));
            Error::plan(format!("`highlight`: no unit `{name}`"), remedy)
        })
    };
    names.iter().map(place).collect()
}

/// Units from the largest to the smallest value as bars, with intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Ranking {
    /// Column of the values; one row a unit.
    pub column: String,
    /// Column of the lower ends of the intervals.
    pub low: Option<String>,
    /// Column of the upper ends of the intervals.
    pub high: Option<String>,
    /// Units shown, from the largest value on.
    pub top: usize,
    /// Caption below the figure.
    pub title: String,
}

impl Default for Ranking {
    fn default() -> Self {
        Ranking { column: String::new(), low: None, high: None, top: 40, title: String::new() }
    }
}

impl Method for Ranking {
    fn columns(&self) -> Vec<String> {
        std::iter::once(&self.column).chain(&self.low).chain(&self.high).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let values = kept.numbers(need(&self.column, "column")?)?;
        let ends = match (&self.low, &self.high) {
            (Some(low), Some(high)) => Some([kept.numbers(low)?, kept.numbers(high)?]),
            (None, None) => None,
            _ => return Err(Error::plan("only one end of the intervals is given", "set both `low` and `high`")),
        };
        let mut units: Vec<Ranked> = (one_row_each(cx, &kept)?.into_iter())
            .filter(|(_, i)| !values[*i].is_nan())
            .map(|(name, i)| Ranked {
                name,
                value: values[i],
                interval: ends.map_or([f64::NAN; 2], |[low, high]| [low[i], high[i]]),
            })
            .collect();
        units.sort_by(|a, b| b.value.total_cmp(&a.value));
        units.truncate(self.top);
        figure(ranking(&units, &titled(cx, &self.column))?, self.title.clone())
    }
}

/// Ranks of units over time, the first at the top.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Bump {
    /// Column that ranks the units at each time; the largest value is first, equal ones keep the order of the data.
    pub column: String,
    /// Ranks shown; a unit is drawn where it is among them.
    pub top: usize,
    /// Units drawn in color, six at most.
    pub highlight: Vec<String>,
    /// Caption below the figure.
    pub title: String,
}

impl Default for Bump {
    fn default() -> Self {
        Bump { column: String::new(), top: 15, highlight: Vec::new(), title: String::new() }
    }
}

impl Method for Bump {
    fn columns(&self) -> Vec<String> {
        vec![self.column.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        at_most(6, self.highlight.len(), "highlight")?;
        if !(1..=60).contains(&self.top) {
            return Err(Error::plan(format!("`top` is {}", self.top), "show between 1 and 60 ranks"));
        }
        let kept = cx.kept();
        let values = kept.numbers(need(&self.column, "column")?)?;
        let (unit, clock) = (kept.column(cx.need_unit()?)?, kept.numbers(cx.need_time()?)?);
        let mut times: Vec<f64> = clock.iter().copied().filter(|t| !t.is_nan()).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let mut paths: BTreeMap<u32, (String, Vec<f64>)> = BTreeMap::new();
        let codes = unit.codes();
        for (k, &t) in times.iter().enumerate() {
            let mut there: Vec<usize> =
                (0..kept.rows()).filter(|&i| clock[i] == t && !values[i].is_nan() && !unit.is_missing(i)).collect();
            there.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
            for (rank, i) in there.into_iter().enumerate() {
                let new = || (unit.show(i), vec![f64::NAN; times.len()]);
                let place = &mut paths.entry(codes[i]).or_insert_with(new).1[k];
                if !place.is_nan() {
                    return Err(Error::plan(
                        format!("{} has two rows at {t}", unit.show(i)),
                        "keep one row for each unit and time with `where`",
                    ));
                }
                *place = rank as f64 + 1.0;
            }
        }
        let paths: Vec<(String, Vec<f64>)> = paths.into_values().collect();
        let places: Vec<(String, usize)> = paths.iter().enumerate().map(|(i, p)| (p.0.clone(), i)).collect();
        named(&self.highlight, &places)?;
        let scene = bump(&times, &paths, self.top, &self.highlight, &titled(cx, &self.column))?;
        figure(scene, self.title.clone())
    }
}

/// Correlations of columns as a map of colors, those of a pillar side by side.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Heatmap {
    /// Columns in this order; those of the pillars when empty.
    pub columns: Vec<String>,
    /// Columns of each pillar: pillars = { access = ["broadband", "mobile"], use = ["payments"] }.
    pub pillars: BTreeMap<String, Vec<String>>,
    /// Caption below the figure.
    pub title: String,
}

/// A column and the place of its pillar.
type Placed = (String, Option<usize>);

impl Heatmap {
    /// Columns with their pillars, a pillar at the place of its first column.
    fn ordered(&self) -> Result<(Vec<Placed>, Vec<String>)> {
        let all: Vec<String> = match self.columns.is_empty() {
            true => self.pillars.values().flatten().cloned().collect(),
            false => self.columns.clone(),
        };
        let of = |column: &String| self.pillars.iter().find(|(_, c)| c.contains(column)).map(|(p, _)| p.clone());
        let mut pillars: Vec<String> = Vec::new();
        for column in &all {
            match of(column) {
                Some(pillar) if !pillars.contains(&pillar) => pillars.push(pillar),
                None if !self.pillars.is_empty() => {
                    return Err(Error::plan(
                        format!("`{column}` is in no pillar"),
                        "add it to one of `pillars`, or leave it out of `columns`",
                    ));
                }
                _ => {}
            }
        }
        let mut out: Vec<(String, Option<usize>)> = (all.into_iter())
            .map(|column| {
                let pillar = of(&column).and_then(|p| pillars.iter().position(|q| *q == p));
                (column, pillar)
            })
            .collect();
        out.sort_by_key(|c| c.1);
        Ok((out, pillars))
    }
}

impl Method for Heatmap {
    fn columns(&self) -> Vec<String> {
        self.columns.iter().chain(self.pillars.values().flatten()).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let (columns, pillars) = self.ordered()?;
        let words = labels(cx, &BTreeMap::new());
        let variables = (columns.iter())
            .map(|(name, pillar)| {
                let label = words.get(name).cloned().unwrap_or_else(|| name.clone());
                Ok(Variable { name: label, pillar: *pillar, values: kept.numbers(name)? })
            })
            .collect::<Result<Vec<_>>>()?;
        let pillars: Vec<String> = pillars.into_iter().map(|p| words.get(&p).cloned().unwrap_or(p)).collect();
        figure(heatmap(&variables, &pillars, cx.study.lang)?, self.title.clone())
    }
}

/// Profiles of units over the components of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Radar {
    /// Columns of the components, on one scale.
    pub components: Vec<String>,
    /// Units drawn, six at most.
    pub highlight: Vec<String>,
    /// Whether the mean of all units is drawn too.
    pub mean: bool,
    /// Value in the middle.
    pub lower: f64,
    /// Value at the rim.
    pub upper: f64,
    /// Caption below the figure.
    pub title: String,
}

impl Default for Radar {
    fn default() -> Self {
        Radar {
            components: Vec::new(),
            highlight: Vec::new(),
            mean: false,
            lower: 0.0,
            // Normalized indicators reach from 0 to 1.
            upper: 1.0,
            title: String::new(),
        }
    }
}

impl Method for Radar {
    fn columns(&self) -> Vec<String> {
        self.components.clone()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        if self.highlight.is_empty() && !self.mean {
            return Err(Error::plan("no unit is named", "name units in `highlight`, or set `mean = true`"));
        }
        let kept = cx.kept();
        let columns = super::numbers(&kept, &self.components)?;
        let units = one_row_each(cx, &kept)?;
        let mut profiles: Vec<(String, Vec<f64>)> = named(&self.highlight, &units)?
            .into_iter()
            .map(|u| (units[u].0.clone(), columns.iter().map(|c| c[units[u].1]).collect()))
            .collect();
        if self.mean {
            let of = |c: &&[f64]| {
                let there: Vec<f64> = units.iter().map(|u| c[u.1]).filter(|v| !v.is_nan()).collect();
                there.iter().sum::<f64>() / there.len() as f64
            };
            profiles.push((cx.study.lang.say("mean").into(), columns.iter().map(of).collect()));
        }
        let beyond = profiles.iter().flat_map(|p| &p.1).filter(|v| **v < self.lower || **v > self.upper).count();
        if beyond > 0 {
            return Err(Error::plan(
                format!("{beyond} values lie beyond the axes, which reach from {} to {}", self.lower, self.upper),
                "draw normalized components, or set `lower` and `upper`",
            ));
        }
        let axes: Vec<String> = self.components.iter().map(|c| titled(cx, c)).collect();
        figure(radar(&axes, &profiles, [self.lower, self.upper], &self.title)?, self.title.clone())
    }
}
