//! Figures of columns: densities of groups, paths over time.

use super::need;
use super::show::{labels, shown};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::density::{self, Layout, median};
use plim_report::page::{Block, Figure as Drawn};
use plim_report::paths;
use plim_table::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of each value of a column, with the words for it: numbers ascending, texts as they first appear.
pub(super) fn groups(cx: &Context, kept: &Table, by: &str) -> Result<Vec<(String, Vec<usize>)>> {
    let column = kept.column(by)?;
    let codes = column.codes();
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for i in (0..kept.rows()).filter(|&i| !column.is_missing(i)) {
        rows.entry(codes[i]).or_default().push(i);
    }
    let mut rows: Vec<Vec<usize>> = rows.into_values().collect();
    let numbers = kept.numbers(by).ok();
    if let Some(values) = numbers {
        rows.sort_by(|a, b| values[a[0]].total_cmp(&values[b[0]]));
    }
    let label = cx.study.labels.get(by).map_or(by, String::as_str);
    // A year and a region speak for themselves, a 1 does not.
    let bare = numbers.is_none() || cx.time.as_deref() == Some(by);
    let name = |i: usize| if bare { column.show(i) } else { format!("{label} = {}", column.show(i)) };
    Ok(rows.into_iter().map(|rows| (name(rows[0]), rows)).collect())
}

/// A figure that can tell so many groups apart and no more.
pub(super) fn at_most(most: usize, found: usize, by: &str) -> Result<()> {
    if found <= most {
        return Ok(());
    }
    Err(Error::plan(
        format!("`{by}` has {found} values, and the figure tells {most} apart"),
        "keep fewer with `where`, or group more coarsely",
    ))
}

/// Kernel densities of a column, one for each year or group.
///
/// Gaussian kernel, bandwidth by Silverman's rule; a table below the figure has numbers, medians and bandwidths.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Density {
    /// Column whose distribution is drawn.
    pub column: String,
    /// Column of the groups, such as the year; one density of all rows without it.
    pub by: Option<String>,
    /// One density below the other (`ridges`), or all in one field (`overlaid`).
    pub layout: Layout,
    /// Value that the column cannot fall below: the kernel is reflected there.
    pub lower: Option<f64>,
    /// Value that the column cannot exceed, such as 1 for an efficiency: the kernel is reflected there.
    pub upper: Option<f64>,
    /// Caption below the figure.
    pub title: String,
}

impl Method for Density {
    fn columns(&self) -> Vec<String> {
        [self.column.clone()].into_iter().chain(self.by.clone()).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let values = kept.numbers(need(&self.column, "column")?)?;
        let label = labels(cx, &BTreeMap::new()).remove(&self.column).unwrap_or_else(|| self.column.clone());
        let groups = match &self.by {
            Some(by) => groups(cx, &kept, by)?,
            None => vec![(label.clone(), (0..kept.rows()).collect())],
        };
        let sample = |rows: &[usize]| rows.iter().map(|&i| values[i]).filter(|v| !v.is_nan()).collect::<Vec<f64>>();
        let groups: Vec<density::Group> = (groups.into_iter())
            .map(|(name, rows)| (name, sample(&rows)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        let most = if self.layout == Layout::Overlaid { 6 } else { 30 };
        at_most(most, groups.len(), self.by.as_deref().unwrap_or_default())?;
        let bounds = [self.lower.unwrap_or(f64::NEG_INFINITY), self.upper.unwrap_or(f64::INFINITY)];
        let scene = density::densities(&groups, bounds, self.layout, &label, cx.study.lang)?;
        let mut table = density::summary(&groups, bounds, 3, cx.study.lang);
        table.title.clone_from(&self.title);
        shown(vec![Block::Figure(Drawn { scene, caption: self.title.clone() }), Block::Table(table)])
    }
}

/// What stands for the units of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Center {
    /// Their arithmetic mean.
    #[default]
    Mean,
    /// Their median.
    Median,
    /// Their geometric mean, which suits indices of change.
    GeometricMean,
}

/// Paths over time: the mean of each group, and the units behind it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// Column whose path is drawn.
    pub column: String,
    /// Column of the groups; one line for all without it.
    pub by: Option<String>,
    /// What stands for the units of a group: `mean`, `median` or `geometric_mean`.
    pub center: Center,
    /// Whether the column is an index of change, such as that of `malmquist`, to be multiplied up over time.
    ///
    /// A unit starts at 1 in the period before its first value; a gap ends its path.
    pub cumulative: bool,
    /// Whether a thin line is drawn for each unit.
    pub units: bool,
    /// Units whose own line is drawn with their name.
    pub highlight: Vec<String>,
    /// Caption below the figure.
    pub title: String,
    /// Time at which something begins, marked by a line.
    pub from: Option<f64>,
}

impl Method for Paths {
    fn columns(&self) -> Vec<String> {
        [self.column.clone()].into_iter().chain(self.by.clone()).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let values = kept.numbers(need(&self.column, "column")?)?;
        let time = kept.numbers(cx.need_time()?)?;
        let mut times: Vec<f64> = time.iter().copied().filter(|t| !t.is_nan()).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let label = cx.study.labels.get(&self.column).unwrap_or(&self.column);
        let grouped = match &self.by {
            Some(by) => groups(cx, &kept, by)?,
            None => vec![(label.clone(), (0..kept.rows()).collect())],
        };
        at_most(12, grouped.len(), self.by.as_deref().unwrap_or_default())?;
        let mut caption = self.title.clone();
        let mut own = Vec::new();
        let mut cells = vec![vec![Vec::new(); times.len()]; grouped.len()];
        if self.cumulative || self.units || !self.highlight.is_empty() {
            let mut group = vec![None; kept.rows()];
            grouped.iter().enumerate().for_each(|(g, (_, rows))| rows.iter().for_each(|&i| group[i] = Some(g)));
            let mut cut = 0;
            for mut unit in series(cx, &kept, &times)? {
                if self.cumulative {
                    cut += usize::from(accumulate(&mut unit, values, &self.column)?);
                } else {
                    unit.values = unit.rows.iter().map(|r| r.map_or(f64::NAN, |i| values[i])).collect();
                }
                for t in 0..times.len() {
                    // The period before the first value may have no row: it belongs where the next one does.
                    let row = unit.rows[t].or_else(|| *unit.rows.get(t + 1)?);
                    if let Some(g) = row.and_then(|i| group[i]) {
                        cells[g][t].push(unit.values[t]);
                    }
                }
                own.push((unit.name, unit.values));
            }
            if cut > 0 {
                caption = format!("{caption} {}", cx.study.lang.with("paths_cut", &cut.to_string())).trim().to_string();
            }
        } else {
            for (g, (_, rows)) in grouped.iter().enumerate() {
                for &i in rows {
                    if let Ok(t) = times.binary_search_by(|t| t.total_cmp(&time[i])) {
                        cells[g][t].push(values[i]);
                    }
                }
            }
        }
        let lines: Vec<paths::Path> = (grouped.into_iter().zip(cells))
            .map(|((name, _), cells)| (name, cells.into_iter().map(|c| self.center.of(c)).collect::<Vec<f64>>()))
            .filter(|(_, values)| values.iter().any(|v| !v.is_nan()))
            .collect();
        let named = (self.highlight.iter())
            .map(|name| {
                own.iter().find(|u| u.0 == *name).cloned().ok_or_else(|| {
                    let near = plim_table::near(name, own.iter().map(|u| u.0.as_str()));
                    let remedy =
                        near.first().map_or("name units as the data do".into(), |n| format!("did you mean `{n}`?"));
                    Error::plan(format!("`highlight`: no unit `{name}`"), remedy)
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let scene = paths::paths(&paths::Paths {
            times: &times,
            groups: &lines,
            units: if self.units { &own } else { &[] },
            named: &named,
            title: label,
            from: self.from,
            level: self.cumulative.then_some(1.0),
        })?;
        shown(vec![Block::Figure(Drawn { scene, caption })])
    }
}

/// A unit over the times: its row at each, and its values.
struct Series {
    name: String,
    rows: Vec<Option<usize>>,
    values: Vec<f64>,
}

/// The rows of each unit in order of time.
fn series(cx: &Context, kept: &Table, times: &[f64]) -> Result<Vec<Series>> {
    let (unit, time) = (cx.need_unit()?, cx.need_time()?);
    let clock = kept.numbers(time)?;
    let column = kept.column(unit)?;
    let mut all: BTreeMap<u32, Series> = BTreeMap::new();
    for (i, code) in column.codes().into_iter().enumerate().filter(|(i, _)| !column.is_missing(*i)) {
        let Ok(t) = times.binary_search_by(|t| t.total_cmp(&clock[i])) else { continue };
        let new = || Series { name: column.show(i), rows: vec![None; times.len()], values: Vec::new() };
        let series = all.entry(code).or_insert_with(new);
        if series.rows[t].replace(i).is_some() {
            return Err(Error::plan(
                format!("{} has two rows at {}", series.name, clock[i]),
                "keep one row for each unit and time with `where`",
            ));
        }
    }
    Ok(all.into_values().collect())
}

/// Multiplies an index of change up; returns whether a gap ended the path before the last value.
fn accumulate(unit: &mut Series, values: &[f64], column: &str) -> Result<bool> {
    let change: Vec<f64> = unit.rows.iter().map(|r| r.map_or(f64::NAN, |i| values[i])).collect();
    if let Some(bad) = change.iter().find(|c| **c <= 0.0) {
        return Err(Error::plan(
            format!("`{column}` of {} is {bad}, and an index of change is positive", unit.name),
            "name a column of ratios between periods, or leave `cumulative` out",
        ));
    }
    unit.values = vec![f64::NAN; change.len()];
    let Some(first) = change.iter().position(|c| !c.is_nan()) else { return Ok(false) };
    if first > 0 {
        unit.values[first - 1] = 1.0;
    }
    let mut level = 1.0;
    for t in first..change.len() {
        if change[t].is_nan() {
            return Ok(change[t..].iter().any(|c| !c.is_nan()));
        }
        level *= change[t];
        unit.values[t] = level;
    }
    Ok(false)
}

impl Center {
    /// Of the values that are there.
    fn of(self, mut values: Vec<f64>) -> f64 {
        values.retain(|v| !v.is_nan());
        let mean = |v: &mut dyn Iterator<Item = f64>| v.sum::<f64>() / values.len() as f64;
        match self {
            Center::Mean => mean(&mut values.iter().copied()),
            Center::Median => median(&values),
            Center::GeometricMean => mean(&mut values.iter().map(|v| v.ln())).exp(),
        }
    }
}
