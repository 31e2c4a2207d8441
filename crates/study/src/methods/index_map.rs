//! Figures of an index on a tree and on a map.

use super::index_figures::{figure, one_row_each, titled};
use super::need;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::choropleth::{choropleth, classes};
use plim_report::geojson;
use plim_report::sunburst::{Node, sunburst};
use plim_table::damage::plain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// A tree of indicators as rings, the angle of each its weight.
///
/// Reads a table with a row for each node of the tree, such as an indicator sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sunburst {
    /// Column of the names (codes) of the nodes.
    pub label: String,
    /// Column of the name of each node's parent; empty at the first level.
    pub parent: String,
    /// Column of the weights of the indicators; nodes with children weigh what these do.
    pub weight: Option<String>,
    /// Earlier step of an index whose weights are taken instead.
    pub measure: Option<String>,
    /// What stands in the middle.
    pub root: String,
    /// Caption below the figure.
    pub title: String,
}

impl Method for Sunburst {
    fn columns(&self) -> Vec<String> {
        let named = [&self.label, &self.parent].into_iter().filter(|c| !c.is_empty());
        named.chain(&self.weight).cloned().collect()
    }

    fn models(&self) -> Vec<String> {
        self.measure.iter().cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let label = kept.column(need(&self.label, "label")?)?;
        let parent = kept.column(need(&self.parent, "parent")?)?;
        let names: Vec<String> = (0..kept.rows()).map(|i| label.show(i)).collect();
        if let Some((i, name)) = names.iter().enumerate().find(|(i, n)| names[..*i].contains(n)) {
            return Err(Error::plan(format!("`{name}` is twice in the tree (row {})", i + 1), "name each node once"));
        }
        let weights: Vec<f64> = match (&self.weight, &self.measure) {
            (Some(column), None) => kept.numbers(column)?.to_vec(),
            (None, Some(step)) => {
                let measure =
                    cx.results.measures.get(step).ok_or_else(|| {
                        Error::plan(format!("no earlier measure `{step}`"), "name the step of an index")
                    })?;
                let given: HashMap<String, f64> = (measure.more.get("weights").and_then(Value::as_array))
                    .into_iter()
                    .flatten()
                    .filter(|w| w.get("year").is_none())
                    .filter_map(|w| Some((w.get("name")?.as_str()?.to_string(), w.get("weight")?.as_f64()?)))
                    .collect();
                names.iter().map(|n| given.get(n).copied().unwrap_or(f64::NAN)).collect()
            }
            _ => return Err(Error::plan("the weights are not given, or twice", "set `weight` or `measure`")),
        };
        let mut nodes = Vec::new();
        for (i, name) in names.iter().enumerate() {
            let above = parent.show(i);
            // The root itself, or a parent that is it, is the middle.
            let parent = match above.is_empty() || above == self.root {
                true => None,
                false => Some(names.iter().position(|n| *n == above).ok_or_else(|| {
                    let near = plim_table::near(&above, names.iter().map(String::as_str));
                    let remedy = near.first().map_or("add its row".into(), |n| format!("did you mean `{n}`?"));
                    Error::plan(format!("the parent `{above}` of `{name}` is not in the tree"), remedy)
                })?),
            };
            let name = cx.study.labels.get(name).cloned().unwrap_or_else(|| name.clone());
            nodes.push(Node { name, parent, weight: weights[i] });
        }
        figure(sunburst(&nodes, &self.root)?, self.title.clone())
    }
}

/// Map of a column on the regions of a GeoJSON file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Choropleth {
    /// Column of the values; one row a unit.
    pub column: String,
    /// GeoJSON file with the regions, below the study's folder, in longitude and latitude.
    pub file: String,
    /// Property of the regions that has the units' names.
    pub property: String,
    /// Classes of shades, by quantiles of the values.
    pub classes: usize,
    /// Caption below the figure.
    pub title: String,
}

impl Default for Choropleth {
    fn default() -> Self {
        Choropleth {
            column: String::new(),
            file: String::new(),
            property: "name".into(),
            classes: 5,
            title: String::new(),
        }
    }
}

impl Method for Choropleth {
    fn columns(&self) -> Vec<String> {
        vec![self.column.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        if !(2..=9).contains(&self.classes) {
            return Err(Error::plan(format!("`classes` is {}", self.classes), "set it to between 2 and 9"));
        }
        let kept = cx.kept();
        let values = kept.numbers(need(&self.column, "column")?)?;
        let units = one_row_each(cx, &kept)?;
        let regions = geojson::regions(&(cx.read_text)(need(&self.file, "file")?)?, &self.property)?;
        // Names that differ by blanks, width or case are one.
        let places: HashMap<String, usize> = units.iter().map(|(name, i)| (plain(name), *i)).collect();
        let found: Vec<f64> =
            regions.iter().map(|r| places.get(&plain(&r.name)).map_or(f64::NAN, |&i| values[i])).collect();
        let known: HashSet<String> = regions.iter().map(|r| plain(&r.name)).collect();
        let lost: Vec<&str> = units.iter().map(|u| u.0.as_str()).filter(|n| !known.contains(&plain(n))).collect();
        if found.iter().all(|v| v.is_nan()) {
            let names: Vec<&str> = regions.iter().map(|r| r.name.as_str()).take(5).collect();
            return Err(Error::plan(
                format!("no unit is a region of the map; its regions are {}, …", names.join(", ")),
                "set `property` to the property of the map that names regions as the data do",
            ));
        }
        let (paint, words) = classes(&found, self.classes);
        let scene = choropleth(&regions, &paint, &words, &titled(cx, &self.column), cx.study.lang)?;
        let mut caption = self.title.clone();
        if !lost.is_empty() {
            let some = lost.iter().take(5).copied().collect::<Vec<_>>().join(cx.study.lang.comma());
            let more = if lost.len() > 5 { ", …" } else { "" };
            let words = cx.study.lang.with("not_on_map", &format!("{} ({some}{more})", lost.len()));
            caption = format!("{caption} {words}").trim().to_string();
        }
        figure(scene, caption)
    }
}
