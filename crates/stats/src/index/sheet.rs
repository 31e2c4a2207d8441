//! The indicator sheet: which indicators make which dimension, and how each is to be read.
//!
//! One row for each indicator and each dimension. `parent` is the code of the row that it belongs to, so that the tree may
//! have any depth; rows without a parent belong to the index itself. Indicators are the rows that no other row names as its
//! parent; their codes are columns of the data.

use super::normalize::{Direction, finite};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One row of a sheet, as the file has it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SheetRow {
    /// Code: the column of an indicator, or a name for a dimension.
    pub code: String,
    /// What it is called in tables.
    pub name: String,
    /// Code of the dimension that it belongs to; none belongs to the index.
    pub parent: String,
    /// 1, -1 or `target=VALUE`; indicators only.
    pub direction: String,
    /// Unit of measurement, for the reader.
    pub unit: String,
    /// Column by which the indicator is divided.
    pub denominator: String,
    /// `log`, `log1p`, `asinh` or none.
    pub transform: String,
    /// Weight within the parent; the weights of a parent sum to one.
    pub weight: Option<f64>,
    /// Goalpost that takes the place of the smallest value.
    pub low: Option<f64>,
    /// Goalpost that takes the place of the largest value.
    pub high: Option<f64>,
}

/// A function of each value before anything else but the denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// The value itself.
    #[default]
    None,
    /// ln x.
    Log,
    /// ln(1 + x).
    Log1p,
    /// Inverse hyperbolic sine.
    Asinh,
}

/// A row of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Code.
    pub code: String,
    /// Label.
    pub name: String,
    /// Place of the parent; none for the index.
    pub parent: Option<usize>,
    /// Places of the children, in the order of the sheet; none for an indicator.
    pub children: Vec<usize>,
    /// 1 for an indicator, one more than the highest child for the others.
    pub level: usize,
    /// Direction.
    pub direction: Direction,
    /// Unit.
    pub unit: String,
    /// Column of the denominator.
    pub denominator: Option<String>,
    /// Transform.
    pub transform: Transform,
    /// Weight within the parent.
    pub weight: Option<f64>,
    /// Goalposts.
    pub posts: Option<[f64; 2]>,
}

/// A tree of indicators: children before their parents, the index last.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Rows.
    pub nodes: Vec<Node>,
}

/// Code of the index where the sheet has no single row above all others.
pub const ROOT: &str = "index";

impl Sheet {
    /// The tree of the rows of a sheet.
    pub fn new(rows: &[SheetRow]) -> Result<Sheet> {
        if rows.is_empty() {
            return Err(Error::new(Kind::Empty { what: "the indicator sheet".into() }));
        }
        for (i, row) in rows.iter().enumerate() {
            if row.code.trim().is_empty() {
                return Err(wrong(&format!("row {}", i + 1), "has no code", "give it the name of its column"));
            }
            if rows[..i].iter().any(|other| other.code == row.code) {
                return Err(wrong(&row.code, "has two rows", "keep one"));
            }
        }
        let place = |code: &str| rows.iter().position(|r| r.code == code);
        let mut parents = Vec::new();
        for row in rows {
            parents.push(match row.parent.trim() {
                "" => None,
                parent => Some(place(parent).ok_or_else(|| {
                    let message = format!("belongs to `{parent}`, which is no row of the sheet: an orphan");
                    wrong(&row.code, &message, "add a row for the parent, or correct its code")
                })?),
            });
        }
        let order = bottom_up(rows, &parents)?;
        let mut at = vec![0; rows.len()];
        order.iter().enumerate().for_each(|(new, &old)| at[old] = new);
        let mut nodes = Vec::new();
        for &old in &order {
            nodes.push(node(&rows[old], parents[old].map(|p| at[p]))?);
        }
        let tops: Vec<usize> = (0..nodes.len()).filter(|&i| nodes[i].parent.is_none()).collect();
        let single = tops.len() == 1 && nodes.iter().any(|n| n.parent == Some(tops[0]));
        if !single {
            if place(ROOT).is_some() {
                return Err(wrong(ROOT, "is the name of the whole index", "give this row another code"));
            }
            let root = nodes.len();
            tops.iter().for_each(|&i| nodes[i].parent = Some(root));
            nodes.push(node(&SheetRow { code: ROOT.into(), ..SheetRow::default() }, None)?);
        }
        for i in 0..nodes.len() {
            if let Some(p) = nodes[i].parent {
                nodes[p].children.push(i);
                nodes[p].level = nodes[p].level.max(nodes[i].level + 1);
            }
        }
        let sheet = Sheet { nodes };
        sheet.check_weights()?;
        Ok(sheet)
    }

    /// The tree of a plain list of indicators.
    pub fn flat(indicators: &[String]) -> Result<Sheet> {
        let row = |code: &String| SheetRow { code: code.clone(), ..SheetRow::default() };
        Sheet::new(&indicators.iter().map(row).collect::<Vec<_>>())
    }

    /// Places of the indicators.
    pub fn leaves(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&i| self.nodes[i].children.is_empty()).collect()
    }

    /// Place of the index.
    pub fn root(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Weights of the children of a node as the sheet gives them; none where it gives none.
    pub fn weights(&self, node: usize) -> Option<Vec<f64>> {
        let given: Vec<f64> = self.nodes[node].children.iter().filter_map(|&c| self.nodes[c].weight).collect();
        let total: f64 = given.iter().sum();
        (!given.is_empty()).then(|| given.iter().map(|w| w / total).collect())
    }

    /// Whether the sheet weighs some children unequally.
    pub fn weighs(&self) -> bool {
        let unequal = |w: Vec<f64>| w.iter().any(|v| (v - w[0]).abs() > 1e-12);
        (0..self.nodes.len()).filter_map(|i| self.weights(i)).any(unequal)
    }

    /// Refuses weights that some children lack, or that do not sum to one (1 each is the word for equal).
    fn check_weights(&self) -> Result<()> {
        for node in &self.nodes {
            let given: Vec<f64> = node.children.iter().filter_map(|&c| self.nodes[c].weight).collect();
            if given.is_empty() {
                continue;
            }
            if let Some(&c) = node.children.iter().find(|&&c| self.nodes[c].weight.is_none()) {
                let message = format!("has no weight, but others of `{}` have one", node.code);
                return Err(wrong(&self.nodes[c].code, &message, "weigh all of them or none"));
            }
            if let Some(bad) = given.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
                return Err(wrong(&node.code, &format!("has a weight {bad} below it"), "weights are zero or more"));
            }
            let total: f64 = given.iter().sum();
            let equal = given.iter().all(|w| *w == 1.0);
            if !equal && (total - 1.0).abs() > 5e-4 * given.len() as f64 {
                return Err(wrong(
                    &node.code,
                    &format!("the weights below it sum to {total}, not to one"),
                    "divide them by their sum, or look for the one that is missing",
                ));
            }
        }
        Ok(())
    }
}

fn wrong(code: &str, message: &str, remedy: &str) -> Error {
    Error::invalid(format!("indicator sheet: `{code}` {message}"), remedy)
}

/// The order of the rows in which every child comes before its parent; a cycle is refused.
fn bottom_up(rows: &[SheetRow], parents: &[Option<usize>]) -> Result<Vec<usize>> {
    let mut depth = Vec::new();
    for start in 0..rows.len() {
        let (mut here, mut steps) = (start, 0);
        while let Some(above) = parents[here] {
            (here, steps) = (above, steps + 1);
            if steps > rows.len() {
                return Err(wrong(&rows[start].code, "belongs to itself through its parents: a cycle", "break it"));
            }
        }
        depth.push(steps);
    }
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| depth[b].cmp(&depth[a]));
    Ok(order)
}

fn node(row: &SheetRow, parent: Option<usize>) -> Result<Node> {
    let direction = match row.direction.trim() {
        "" | "1" | "+1" | "1.0" => Direction::Positive,
        "-1" | "-1.0" => Direction::Negative,
        other => match other.strip_prefix("target=").and_then(finite) {
            Some(m) => Direction::Target(m),
            None => {
                let message = format!("has the direction `{other}`");
                return Err(wrong(&row.code, &message, "write 1 (more is better), -1 (less is) or target=VALUE"));
            }
        },
    };
    let transform = match row.transform.trim() {
        "" | "none" => Transform::None,
        "log" => Transform::Log,
        "log1p" => Transform::Log1p,
        "asinh" => Transform::Asinh,
        other => return Err(wrong(&row.code, &format!("has the transform `{other}`"), "write log, log1p or asinh")),
    };
    let posts = match (row.low, row.high) {
        (None, None) => None,
        (Some(low), Some(high)) if low < high && low.is_finite() && high.is_finite() => Some([low, high]),
        _ => return Err(wrong(&row.code, "has one goalpost, or low above high", "give low and high, low < high")),
    };
    Ok(Node {
        code: row.code.clone(),
        name: if row.name.is_empty() { row.code.clone() } else { row.name.clone() },
        parent,
        children: Vec::new(),
        level: 1,
        direction,
        unit: row.unit.clone(),
        denominator: Some(row.denominator.trim().to_string()).filter(|d| !d.is_empty()),
        transform,
        weight: row.weight,
        posts,
    })
}
