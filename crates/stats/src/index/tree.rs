//! Weights along a tree of indicators: within each dimension, and over the whole index.

use super::basis::Prepared;
use super::composite::{Index, Tree};
use super::normalize::{NormalizeScope, scoped};
use super::sheet::{Node, Sheet};
use super::vintage::SAVE_ANEW;
use super::weighted::{BlockWeights, Source, Stat, at_rows, block_weights};
use super::weights::{Convention, Weights, to_sum_one};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is weighed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightLevel {
    /// All indicators; a dimension weighs the sum of its own.
    Leaf,
    /// The children of each dimension.
    Group,
}

/// Weight of an indicator or a dimension.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeWeight {
    /// Code.
    pub name: String,
    /// Code of the dimension it belongs to.
    pub parent: String,
    /// 1 for an indicator.
    pub level: usize,
    /// Year, where weights differ by year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i64>,
    /// Weight within the parent.
    pub weight: f64,
    /// Weight in the index: the product along the branch.
    pub global: f64,
}

/// Weights within each dimension, for the rows of a block.
pub(crate) struct Local {
    /// Year of the rows; none when all stand together.
    pub year: Option<i64>,
    /// The rows.
    pub rows: Vec<usize>,
    /// For each node the weights of its children; none for an indicator.
    pub weights: Vec<Option<Vec<f64>>>,
}

impl Local {
    /// Weights of an earlier vintage, which must be those of this tree and of each dimension sum to one.
    pub fn frozen(sheet: &Sheet, rows: &[usize], given: &[TreeWeight]) -> Result<Local> {
        let elsewhere = |w: &&TreeWeight| {
            let belongs = |n: &Node| n.code == w.name && n.parent.is_some_and(|p| sheet.nodes[p].code == w.parent);
            !sheet.nodes.iter().any(belongs)
        };
        if let Some(w) = given.iter().find(elsewhere) {
            return Err(Error::invalid(
                format!("the frozen index weighs `{}` in `{}`, and here it does not belong there", w.name, w.parent),
                "use the sheet of the earlier run",
            ));
        }
        let mut weights = vec![None; sheet.nodes.len()];
        for (at, node) in sheet.nodes.iter().enumerate().filter(|(_, n)| !n.children.is_empty()) {
            let mut own = Vec::new();
            for &c in &node.children {
                let code = &sheet.nodes[c].code;
                let found = given.iter().find(|w| w.name == *code && w.parent == node.code).ok_or_else(|| {
                    Error::invalid(
                        format!("the frozen index has no weight of `{code}` in `{}`", node.code),
                        "use the sheet of the earlier run",
                    )
                })?;
                own.push(found.weight);
            }
            let total: f64 = own.iter().sum();
            // A damaged file must not rescale the index.
            if total.is_nan() || (total - 1.0).abs() > 1e-9 {
                return Err(Error::invalid(
                    format!("the frozen weights in `{}` sum to {total}, not to one", node.code),
                    SAVE_ANEW,
                ));
            }
            weights[at] = Some(own);
        }
        Ok(Local { year: None, rows: rows.to_vec(), weights })
    }
}

/// Weights within each dimension by the options, for each block of the weight scope. `tree` gets the scores of the
/// dimensions that are weighed by their data.
pub(crate) fn local_weights(
    options: &Index,
    sheet: &Sheet,
    prepared: &Prepared,
    Z: &[Vec<f64>],
    tree: &mut Tree,
    stats: &mut Vec<Stat>,
    notes: &mut Vec<String>,
) -> Result<Vec<Local>> {
    let how = &options.weighting;
    let method = how.convention();
    let listed = method == Convention::Ahp || method == Convention::Given && !how.weights.is_empty();
    let level = options.weight_level.unwrap_or(match method.from_data() || listed {
        true => WeightLevel::Leaf,
        false => WeightLevel::Group,
    });
    if level == WeightLevel::Leaf {
        if method == Convention::Given && how.weights.is_empty() {
            return Err(Error::invalid(
                "`weight_level = \"leaf\"` with the weights of the sheet, which are those within dimensions",
                "set `weight_level = \"group\"`, or list the `weights` of all indicators",
            ));
        }
        let found = block_weights(prepared, Z, how, options.weight_scope, notes)?;
        stats.extend(found.iter().flat_map(BlockWeights::stats));
        return found.into_iter().map(|b| from_leaves(sheet, b.year, b.rows, &b.weights)).collect();
    }
    if listed {
        return Err(Error::invalid(
            "a list of weights or comparisons is about all indicators, not about each dimension",
            "set `weight_level = \"leaf\"`, or write the weights into the sheet",
        ));
    }
    let varies = leaf_varies(sheet, prepared);
    let mut all = Vec::new();
    for (block, rows) in scoped(&prepared.rows, prepared.time, options.weight_scope, "weight_scope")? {
        let year = block.year.filter(|_| options.weight_scope == NormalizeScope::Year);
        let mut weights = vec![None; sheet.nodes.len()];
        for (at, node) in sheet.nodes.iter().enumerate().filter(|(_, n)| !n.children.is_empty()) {
            let own = match (method, sheet.weights(at)) {
                (Convention::Given | Convention::Equal, given) => {
                    let k = node.children.len();
                    let own = given.unwrap_or_else(|| vec![1.0 / k as f64; k]);
                    let kept = own.iter().zip(&node.children).map(|(w, &c)| if varies[c] { *w } else { 0.0 });
                    to_sum_one(kept.collect()).map_err(|e| e.at_column(&node.code))?
                }
                _ => {
                    let found = by_data(options, sheet, at, tree, &varies, &block.rows, notes)?;
                    stats.extend(found.stats.into_iter().map(|(name, value)| {
                        let parent = Some(node.code.clone());
                        Stat { name, parent, year, value }
                    }));
                    found.weights
                }
            };
            // What is weighed by its data must be scored before what is above it.
            if method.from_data() {
                tree.aggregate(options, at, &own, &rows, prepared)?;
            }
            weights[at] = Some(own);
        }
        all.push(Local { year, rows, weights });
    }
    Ok(all)
}

/// Whether a node has spread: an indicator by its data, a dimension when one of its children has.
fn leaf_varies(sheet: &Sheet, prepared: &Prepared) -> Vec<bool> {
    let mut varies = vec![false; sheet.nodes.len()];
    sheet.leaves().iter().zip(&prepared.varies).for_each(|(&l, v)| varies[l] = *v);
    for at in 0..sheet.nodes.len() {
        varies[at] |= sheet.nodes[at].children.iter().any(|&c| varies[c]);
    }
    varies
}

/// Weights of the children of a node from their values.
fn by_data(
    options: &Index,
    sheet: &Sheet,
    node: usize,
    tree: &Tree,
    varies: &[bool],
    rows: &[usize],
    notes: &mut Vec<String>,
) -> Result<Weights> {
    let children = &sheet.nodes[node].children;
    if children.len() == 1 {
        return Ok(Weights { weights: vec![1.0], ..Weights::default() });
    }
    let names: Vec<String> = children.iter().map(|&c| sheet.nodes[c].code.clone()).collect();
    let varies: Vec<bool> = children.iter().map(|&c| varies[c]).collect();
    let source = Source {
        names: &names,
        z: children.iter().map(|&c| tree.values[c].as_slice()).collect(),
        varies: &varies,
        inverted: Vec::new(),
        constant: options.basis.constant,
    };
    at_rows(&source, &options.weighting, rows, notes)
}

/// Weights within dimensions out of the weights of all indicators: each over the sum of its dimension.
fn from_leaves(sheet: &Sheet, year: Option<i64>, rows: Vec<usize>, leaf: &[f64]) -> Result<Local> {
    let mut total = vec![0.0; sheet.nodes.len()];
    sheet.leaves().iter().zip(leaf).for_each(|(&l, w)| total[l] = *w);
    let mut weights = vec![None; sheet.nodes.len()];
    for at in 0..sheet.nodes.len() {
        let children = &sheet.nodes[at].children;
        if children.is_empty() {
            continue;
        }
        total[at] = children.iter().map(|&c| total[c]).sum();
        // A dimension of dropped indicators has weight zero in the index and equal weights within.
        let own = |c: &usize| if total[at] != 0.0 { total[*c] / total[at] } else { 1.0 / children.len() as f64 };
        weights[at] = Some(children.iter().map(own).collect());
    }
    Ok(Local { year, rows, weights })
}

/// The weights of every node, from the indicators up.
pub(crate) fn tree_weights(sheet: &Sheet, blocks: &[Local]) -> Vec<TreeWeight> {
    let mut all = Vec::new();
    for block in blocks {
        let n = sheet.nodes.len();
        let mut within = vec![1.0; n];
        for (at, own) in block.weights.iter().enumerate() {
            for (w, &c) in own.iter().flatten().zip(&sheet.nodes[at].children) {
                within[c] = *w;
            }
        }
        // Parents come after their children: from the index down.
        let mut global = vec![1.0; n];
        for at in (0..n).rev() {
            if let Some(parent) = sheet.nodes[at].parent {
                global[at] = global[parent] * within[at];
            }
        }
        for (at, node) in sheet.nodes.iter().enumerate() {
            let Some(parent) = node.parent else { continue };
            all.push(TreeWeight {
                name: node.code.clone(),
                parent: sheet.nodes[parent].code.clone(),
                level: node.level,
                year: block.year,
                weight: within[at],
                global: global[at],
            });
        }
    }
    all
}
