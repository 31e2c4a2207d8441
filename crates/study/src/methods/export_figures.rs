//! Figures of exports: treemap of a basket, product space of a `complexity` step.

use super::figures::{at_most, groups};
use super::need;
use super::show::shown;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::listing::Listing;
use plim_report::page::{Block, Figure as Drawn};
use plim_report::product_space::{Node, product_space};
use plim_report::treemap::{Tile, treemap};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Treemap: the parts of a whole as tiles, such as the products of a basket.
///
/// Values of one label are added up over the rows that `where` keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Treemap {
    /// Column of the parts: products, markets.
    pub label: String,
    /// Column of their sizes, zero or more.
    pub value: String,
    /// Column of groups of parts, side by side in one color; none by default.
    pub by: Option<String>,
    /// Tiles at most; the smaller parts of a group share one.
    pub top: usize,
    /// Caption below the figure.
    pub title: String,
}

impl Default for Treemap {
    fn default() -> Self {
        Treemap { label: String::new(), value: String::new(), by: None, top: 40, title: String::new() }
    }
}

impl Method for Treemap {
    fn columns(&self) -> Vec<String> {
        let named = [&self.label, &self.value].into_iter().filter(|c| !c.is_empty());
        named.cloned().chain(self.by.clone()).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let label = kept.column(need(&self.label, "label")?)?;
        let values = kept.numbers(need(&self.value, "value")?)?;
        let parts = match &self.by {
            Some(by) => groups(cx, &kept, by)?,
            None => vec![(String::new(), (0..kept.rows()).collect())],
        };
        at_most(6, parts.len(), self.by.as_deref().unwrap_or_default())?;
        let mut tiles: Vec<Tile> = Vec::new();
        for (group, (_, rows)) in parts.iter().enumerate() {
            let mut sums: BTreeMap<String, f64> = BTreeMap::new();
            for &i in rows.iter().filter(|&&i| !label.is_missing(i) && !values[i].is_nan()) {
                *sums.entry(label.show(i)).or_default() += values[i];
            }
            tiles.extend(sums.into_iter().map(|(name, value)| Tile { name, group, value }));
        }
        if let Some(bad) = tiles.iter().find(|t| t.value < 0.0) {
            let message = format!("`{}` of {} is {}", self.value, bad.name, bad.value);
            return Err(Error::plan(message, "a treemap shows parts of a whole: values are zero or more"));
        }
        tiles.sort_by(|a, b| b.value.total_cmp(&a.value));
        let rest = tiles.split_off(self.top.min(tiles.len()));
        for group in 0..parts.len() {
            let small: Vec<&Tile> = rest.iter().filter(|t| t.group == group).collect();
            if !small.is_empty() {
                let name = cx.study.lang.with("smaller_parts", &small.len().to_string());
                tiles.push(Tile { name, group, value: small.iter().map(|t| t.value).sum() });
            }
        }
        let names: Vec<String> = parts.into_iter().map(|p| p.0).collect();
        let title = cx.study.labels.get(&self.value).unwrap_or(&self.value);
        let scene = treemap(&tiles, &names, title)?;
        shown(vec![Block::Figure(Drawn { scene, caption: self.title.clone() })])
    }
}

/// The product space of a `complexity` step: its products, near ones joined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProductSpace {
    /// The `complexity` step, which needs `proximity = true`.
    pub measure: String,
    /// The time that is drawn; not needed for a step with only one.
    pub at: Option<i64>,
    /// Proximity from which on links are drawn beside those of the maximum spanning tree.
    pub strong: f64,
    /// Leading characters of the product code that choose the color; one color by default.
    pub prefix: Option<usize>,
    /// Unit whose products with an RCA of at least 1 are drawn full, the others as outlines; needs `cells = true`.
    pub highlight: Option<String>,
    /// Caption below the figure.
    pub title: String,
}

impl Default for ProductSpace {
    fn default() -> Self {
        // 0.55 is the threshold of Hidalgo et al. (2007).
        ProductSpace {
            measure: String::new(),
            at: None,
            strong: 0.55,
            prefix: None,
            highlight: None,
            title: String::new(),
        }
    }
}

impl Method for ProductSpace {
    fn models(&self) -> Vec<String> {
        vec![self.measure.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let list = |key: &str, remedy: &str| -> Result<&Listing> {
            let name = need(&self.measure, "measure")?;
            let measure = cx.results.measures.get(name).filter(|m| m.method == "complexity");
            let measure = measure.ok_or_else(|| {
                Error::plan(format!("`{name}` is not a `complexity` step"), "name an earlier step of that method")
            })?;
            let found = measure.lists.get(key);
            found.ok_or_else(|| Error::plan(format!("`{name}` has no list `{key}`"), remedy))
        };
        let pairs = list("proximity", "set `proximity = true` in that step")?;
        let products = list("products", "set `proximity = true` in that step")?;
        let year = self.year(cx, products)?;
        let of_year = |list: &Listing| match year.as_ref().and_then(|(key, year)| Some((list.column(key)?, *year))) {
            Some((years, year)) => (0..list.len()).filter(|&i| years[i] == year).collect(),
            None => (0..list.len()).collect::<Vec<_>>(),
        };
        let names: Vec<String> = of_year(products).into_iter().map(|i| products.text("product", i)).collect();
        let place: HashMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
        let (colors, group) = self.colors(&names)?;
        let full = match &self.highlight {
            Some(unit) => {
                let cells = list("cells", "set `cells = true` in that step")?;
                advantages(cx, unit, cells, &of_year(cells))?
            }
            None => names.clone(),
        };
        let mut nodes: Vec<Node> = group.into_iter().map(|group| Node { group, full: false }).collect();
        full.iter().filter_map(|n| place.get(n.as_str())).for_each(|&i| nodes[i].full = true);
        let values = pairs.column("value").unwrap_or_default();
        let end = |name: &str, i: usize| place.get(pairs.text(name, i).as_str()).copied();
        let link = |i: usize| Some((end("a", i)?, end("b", i)?, values[i]));
        let links: Vec<_> = of_year(pairs).into_iter().filter_map(link).collect();
        let title = if self.title.is_empty() { self.measure.as_str() } else { self.title.as_str() };
        let scene = product_space(&nodes, &links, self.strong, &colors, title)?;
        shown(vec![Block::Figure(Drawn { scene, caption: self.title.clone() })])
    }
}

impl ProductSpace {
    /// The field and the value of the time that is drawn; none for a step without time.
    fn year(&self, cx: &Context, products: &Listing) -> Result<Option<(String, f64)>> {
        let Some((key, years)) = cx.time.as_ref().and_then(|key| Some((key, products.column(key)?))) else {
            return Ok(None);
        };
        let mut years = years.to_vec();
        years.sort_by(f64::total_cmp);
        years.dedup();
        match (self.at, years.as_slice()) {
            (None, [only]) => Ok(Some((key.clone(), *only))),
            (None, many) => {
                Err(Error::plan(format!("`{}` has {} times", self.measure, many.len()), "set `at` to one of them"))
            }
            (Some(at), all) if all.contains(&(at as f64)) => Ok(Some((key.clone(), at as f64))),
            (Some(at), _) => Err(Error::plan(
                format!("`{}` has nothing at {at}", self.measure),
                format!("its times are {}", years.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")),
            )),
        }
    }

    /// The names of the colors and the color of each product.
    fn colors(&self, names: &[String]) -> Result<(Vec<String>, Vec<usize>)> {
        let Some(length) = self.prefix else { return Ok((Vec::new(), vec![0; names.len()])) };
        let heads: Vec<String> = names.iter().map(|n| n.chars().take(length).collect()).collect();
        let mut colors = heads.clone();
        colors.sort();
        colors.dedup();
        at_most(12, colors.len(), "prefix")?;
        let group = heads.iter().map(|h| colors.partition_point(|c| c < h)).collect();
        Ok((colors, group))
    }
}

/// Products in which a unit has an RCA of at least 1, out of these cells.
fn advantages(cx: &Context, unit: &str, cells: &Listing, of_year: &[usize]) -> Result<Vec<String>> {
    let key = cx.need_unit()?;
    let rca = cells.column("rca").unwrap_or_default();
    let of_unit: Vec<usize> = of_year.iter().copied().filter(|&i| cells.text(key, i) == unit).collect();
    if of_unit.is_empty() {
        let seen: BTreeSet<String> = of_year.iter().map(|&i| cells.text(key, i)).collect();
        let near = plim_table::near(unit, seen.iter().map(String::as_str));
        let remedy = near.first().map_or("name a unit as the data do".into(), |n| format!("did you mean `{n}`?"));
        return Err(Error::plan(format!("`highlight`: no unit `{unit}` with an index"), remedy));
    }
    Ok(of_unit.into_iter().filter(|&i| rca[i] >= 1.0).map(|i| cells.text("product", i)).collect())
}
