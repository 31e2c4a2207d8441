//! A composite index from a tree of indicators, step by step.
//!
//! The steps are those of the OECD and JRC's Handbook on Constructing Composite Indicators (2008), in its order, each of
//! them optional:
//!
//! ```text
//! denominate   x / denominator, then the transform of the sheet
//! impute       missing values filled, each one counted             super::impute
//! treat        outliers winsorized or transformed                  super::treat
//! normalize    one direction, one scale                            super::scale
//! weigh        w_j of all indicators, or within each dimension     super::weights
//! aggregate    indicators into dimensions, these into the index    super::aggregate
//! ```
//!
//! A weight is reported within its parent and over the whole index, which is the product along the branch. With
//! `weight_level = "leaf"` the indicators are weighed together and a dimension weighs the sum of its own. What the
//! treatments, scales and weights were is the index's [`Vintage`]: with it later rows are scored on the same scale, and
//! adding rows changes no score.

use super::aggregate::{Aggregate, aggregate};
use super::basis::{Basis, Prepared};
use super::impute::{Impute, Keys, impute};
use super::normalize::{NormalizeScope, Oriented, blocks};
use super::presets::Preset;
use super::scale::{Fixed, Normalize, Scale};
use super::sheet::{Sheet, Transform};
use super::treat::{Rule, Treat, treatment};
use super::tree::{Local, local_weights, tree_weights};
use super::vintage::Asked;
use super::weighted::Stat;
use super::weights::{Convention, Weighting};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::tree::{TreeWeight, WeightLevel};
pub use super::vintage::{Treated, Vintage};

/// A composite index from a tree of indicators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Index {
    /// File of the indicator sheet, CSV or TOML: code, name, parent, direction, unit, denominator, transform, weight, low,
    /// high. Without it the `indicators` make the index directly.
    pub indicator_sheet: Option<String>,
    /// A set of indicators from the literature instead of a sheet: `core` or `extended` (digital economy). `indicators`
    /// then names your columns in the order of the set, where they have other names.
    pub preset: Option<Preset>,
    /// Indicators and their normalization.
    #[serde(flatten)]
    pub basis: Basis,
    /// Convention of the weights.
    #[serde(flatten)]
    pub weighting: Weighting,
    /// Over which rows the weights are taken: `pooled`, one weight an indicator, `year`, weights by year, or `base:YEAR`,
    /// those of one year for all rows.
    pub weight_scope: NormalizeScope,
    /// Whether all indicators are weighed together (`leaf`) or those of each dimension among themselves (`group`). By
    /// default `leaf` where the data or a list gives the weights, `group` for equal weights and those of the sheet.
    pub weight_level: Option<WeightLevel>,
    /// How missing values are filled: `none`, `group_mean`, `linear` in time within the unit, or `carried` forward.
    pub impute: Impute,
    /// Column of the groups for `impute = "group_mean"`.
    pub impute_group: Option<String>,
    /// How outliers are treated: `none`, `winsorize`, `winsorize_log`, `log` or `box_cox`, where an indicator's skewness and
    /// kurtosis both exceed their limits.
    pub treat: Treat,
    /// Largest |skewness| that is left as it is.
    pub skewness: f64,
    /// Largest excess kurtosis that is left as it is.
    pub kurtosis: f64,
    /// Most values of an indicator that are winsorized.
    pub winsorize_max: usize,
    /// Onto what the normalized values go: smallest and largest (`min_max`, `rank`), or mean and standard deviation (`z`).
    ///
    /// [0, 1] by default. Means of products and ratios need more than zero: [1, 100], say.
    pub scale: [f64; 2],
    /// Codes of dimensions whose scores become columns beside the index.
    pub dimensions: Vec<String>,
    /// Form of the aggregation, one for all levels, or one for each from the indicators up.
    pub aggregate: Vec<Aggregate>,
    /// Power of the generalized mean.
    pub power: f64,
    /// File with the results of an earlier run (`results.json`, or what `--json` printed): its treatments, scales and weights
    /// score these rows.
    pub frozen: Option<String>,
}

impl Default for Index {
    fn default() -> Self {
        Index {
            indicator_sheet: None,
            preset: None,
            basis: Basis::default(),
            weighting: Weighting::default(),
            weight_scope: NormalizeScope::default(),
            weight_level: None,
            impute: Impute::default(),
            impute_group: None,
            treat: Treat::default(),
            skewness: 2.0,
            kurtosis: 3.5,
            winsorize_max: 5,
            scale: [0.0, 1.0],
            dimensions: Vec::new(),
            aggregate: vec![Aggregate::Arithmetic],
            power: 1.0,
            frozen: None,
        }
    }
}

/// The data of an index.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The indicators in the order of [`Sheet::leaves`], each of n rows, NaN missing.
    pub x: &'a [&'a [f64]],
    /// Denominators of the same, where they have one.
    pub denominators: &'a [Option<&'a [f64]>],
    /// Unit, time and group of each row.
    pub keys: Keys<'a>,
}

/// An index with its dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// Score of every dimension (by code, in the order of the tree) and of the index, last; NaN where a row has none.
    pub scores: Vec<(String, Vec<f64>)>,
    /// Weights at every level.
    pub weights: Vec<TreeWeight>,
    /// What the weights are judged by, where they were found anew.
    pub stats: Vec<Stat>,
    /// Indicators with values filled in, and how many.
    pub imputed: Vec<(String, usize)>,
    /// Treatments.
    pub treated: Vec<Treated>,
    /// Scales.
    pub scales: Vec<Scale>,
    /// All it takes to score new rows; none where scores depend on the rows at hand.
    pub vintage: Option<Vintage>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The index of `inputs` along the tree of `sheet`; with a `vintage`, on its scale.
pub fn index(options: &Index, sheet: &Sheet, inputs: &Inputs, vintage: Option<&Vintage>) -> Result<Composite> {
    // Beside a vintage the options of scales and weights are those of the earlier run.
    match vintage {
        Some(_) => unused_group(options)?,
        None => unused(options, &[], &[], &[])?,
    }
    made(options, sheet, inputs, vintage)
}

/// As [`index`], where options may serve alternatives to it.
pub(super) fn made(options: &Index, sheet: &Sheet, inputs: &Inputs, vintage: Option<&Vintage>) -> Result<Composite> {
    let leaves = sheet.leaves();
    let basis = basis(options, sheet, &leaves);
    check(options, sheet, vintage.is_some())?;
    if let Some(vintage) = vintage {
        vintage.check(options, sheet, &basis)?;
    }
    let names: Vec<String> = leaves.iter().map(|&l| sheet.nodes[l].code.clone()).collect();
    if inputs.x.len() != leaves.len() || inputs.denominators.len() != leaves.len() {
        return Err(Error::length("the list of indicator columns", inputs.x.len(), leaves.len()));
    }
    let mut notes = Vec::new();
    let mut columns = denominated(sheet, &leaves, inputs)?;
    let imputed = filled(options, &names, &mut columns, &inputs.keys, &mut notes)?;
    let treated = treat(options, &names, &mut columns, vintage, &mut notes)?;

    let x: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let time = inputs.keys.time;
    let prepared = match vintage {
        Some(vintage) => {
            let varies = names.iter().map(|name| vintage.scales(name)).collect();
            Prepared { varies, ..basis.complete(&x, time)? }
        }
        None => basis.prepare(&x, time)?,
    };
    notes.extend(prepared.notes.iter().cloned());
    let own = super::weighted::form(&options.basis, options.weighting.convention());
    let normalize = vintage.map_or(own, |v| v.normalize);
    let (Z, scales) = prepared.frozen(normalize, vintage.map_or(&[], |v| &v.scales))?;

    let mut tree = Tree::new(sheet, &leaves, &Z, options, normalize);
    let mut stats = Vec::new();
    let local = match vintage {
        Some(vintage) => vec![Local::frozen(sheet, &prepared.rows, &vintage.weights)?],
        None => local_weights(options, sheet, &prepared, &Z, &mut tree, &mut stats, &mut notes)?,
    };
    for block in &local {
        tree.climb(options, block, &prepared)?;
    }
    let weights = tree_weights(sheet, &local);
    let movable = options.basis.normalize_scope != NormalizeScope::Year
        && options.weight_scope != NormalizeScope::Year
        && normalize != Normalize::Rank
        && !options.aggregate.iter().any(|a| a.compares());
    let made = || Vintage {
        normalize,
        scale: options.scale,
        aggregate: options.aggregate.clone(),
        power: options.power,
        indicators: Vintage::readings(sheet),
        asked: Asked::of(options, &basis),
        treatments: treated.clone(),
        scales: scales.clone(),
        weights: weights.clone(),
    };
    let vintage = vintage.cloned().or_else(|| movable.then(made));
    Ok(Composite { scores: tree.scores(), weights, stats, imputed, treated, scales, vintage, notes })
}

/// Refuses options that neither the index nor one of its alternatives asks for.
pub(super) fn unused(
    options: &Index,
    conventions: &[Convention],
    aggregations: &[Aggregate],
    treatments: &[Treat],
) -> Result<()> {
    options.weighting.check(conventions)?;
    unused_group(options)?;
    let plain = Index::default();
    let refuse = |option: &str, needs: &str| {
        Err(Error::invalid(
            format!("`{option}` belongs to `{needs}`, which is not asked for"),
            format!("set `{needs}`, or leave `{option}` out"),
        ))
    };
    if options.power != plain.power
        && !options.aggregate.iter().chain(aggregations).any(|a| *a == Aggregate::GeneralizedMean)
    {
        return refuse("power", "aggregate = \"generalized_mean\"");
    }
    let treats = |which: fn(&Treat) -> bool| treatments.iter().chain([&options.treat]).any(which);
    if !treats(|t| *t != Treat::None) {
        if options.skewness != plain.skewness {
            return refuse("skewness", "treat = \"winsorize\"");
        }
        if options.kurtosis != plain.kurtosis {
            return refuse("kurtosis", "treat = \"winsorize\"");
        }
    }
    match options.winsorize_max != plain.winsorize_max
        && !treats(|t| matches!(t, Treat::Winsorize | Treat::WinsorizeLog))
    {
        true => refuse("winsorize_max", "treat = \"winsorize\""),
        false => Ok(()),
    }
}

fn unused_group(options: &Index) -> Result<()> {
    match options.impute_group.is_some() && options.impute != Impute::GroupMean {
        true => Err(Error::invalid(
            "`impute_group` belongs to `impute = \"group_mean\"`, which is not asked for",
            "set `impute = \"group_mean\"`, or leave `impute_group` out",
        )),
        false => Ok(()),
    }
}

/// Refuses options that do not go together.
fn check(options: &Index, sheet: &Sheet, frozen: bool) -> Result<()> {
    let refuse = |message: &str, remedy: &str| Err(Error::invalid(message, remedy));
    let dimension = |code: &String| sheet.nodes.iter().any(|n| n.code == *code && !n.children.is_empty());
    if let Some(other) = options.dimensions.iter().find(|code| !dimension(code)) {
        return refuse(
            &format!("`dimensions` names `{other}`, which is no dimension of the sheet"),
            "correct its code",
        );
    }
    let [low, high] = options.scale;
    let standardized = matches!(options.basis.normalize, Some(Normalize::Z | Normalize::Robust));
    let rises = if standardized { high > 0.0 } else { low < high };
    if !(low.is_finite() && high.is_finite() && rises) {
        return refuse(
            "`scale` has no length",
            "write the smallest and the largest value, as [0, 100]; under `z` the mean and the standard deviation",
        );
    }
    if options.aggregate.is_empty() || !options.power.is_finite() {
        return refuse("`aggregate` or `power` says nothing", "set `aggregate = \"arithmetic\"`");
    }
    if !(options.skewness >= 0.0 && options.kurtosis.is_finite()) {
        return refuse("a limit of `skewness` or `kurtosis` is no number of use", "leave them out: 2 and 3.5");
    }
    let listed = !options.weighting.weights.is_empty();
    let other = listed || options.weighting.convention() != Convention::Given;
    if other && sheet.weighs() && !frozen {
        return refuse(
            "the sheet has unequal weights, but the convention is another",
            "set `method = \"given\"` (in a study file `using = \"given\"`), or take the weights out of the sheet",
        );
    }
    let unweighed = sheet.nodes.iter().all(|n| n.weight.is_none());
    if options.weighting.convention() == Convention::Given && !listed && unweighed && !frozen {
        return refuse("the convention `given` without weights", "list `weights`, or write them into the sheet");
    }
    Ok(())
}

/// The options of normalization with names and directions from the sheet.
pub(super) fn basis(options: &Index, sheet: &Sheet, leaves: &[usize]) -> Basis {
    let nodes = || leaves.iter().map(|&l| &sheet.nodes[l]);
    let posts = nodes().filter_map(|n| n.posts.map(|[low, high]| Fixed { name: n.code.clone(), low, high }));
    Basis {
        indicators: nodes().map(|n| n.code.clone()).collect(),
        negative: Vec::new(),
        direction: nodes().map(|n| Oriented { name: n.code.clone(), direction: n.direction }).collect(),
        goalposts: posts.chain(options.basis.goalposts.iter().cloned()).collect(),
        ..options.basis.clone()
    }
}

/// Indicators over their denominators, transformed.
pub(super) fn denominated(sheet: &Sheet, leaves: &[usize], inputs: &Inputs) -> Result<Vec<Vec<f64>>> {
    let mut columns = Vec::new();
    for ((&leaf, x), denominator) in leaves.iter().zip(inputs.x).zip(inputs.denominators) {
        let node = &sheet.nodes[leaf];
        let mut column = x.to_vec();
        if let Some(d) = denominator {
            // By a negative one the order of the rows would turn.
            let zero: Vec<usize> = (0..x.len()).filter(|&i| d[i] <= 0.0 && !x[i].is_nan()).collect();
            if !zero.is_empty() {
                let e = Error::invalid(
                    format!("its denominator `{}` is zero or less", node.denominator.as_deref().unwrap_or_default()),
                    "correct these rows or leave them out with `where`",
                );
                return Err(e.at_column(&node.code).at_rows(zero));
            }
            column.iter_mut().zip(*d).for_each(|(v, d)| *v /= d);
        }
        let (apply, least): (fn(f64) -> f64, f64) = match node.transform {
            Transform::None => (|v| v, f64::NEG_INFINITY),
            Transform::Log => (f64::ln, 0.0),
            Transform::Log1p => (f64::ln_1p, -1.0),
            Transform::Asinh => (f64::asinh, f64::NEG_INFINITY),
        };
        let bad: Vec<usize> = (0..column.len()).filter(|&i| column[i] <= least).collect();
        if !bad.is_empty() && node.transform != Transform::None {
            let e = Error::invalid(
                format!("its logarithm needs values above {least}"),
                "set the transform to `log1p` or `asinh`, or correct these rows",
            );
            return Err(e.at_column(&node.code).at_rows(bad));
        }
        column.iter_mut().for_each(|v| *v = apply(*v));
        columns.push(column);
    }
    Ok(columns)
}

pub(super) fn filled(
    options: &Index,
    names: &[String],
    columns: &mut [Vec<f64>],
    keys: &Keys,
    notes: &mut Vec<String>,
) -> Result<Vec<(String, usize)>> {
    let mut imputed = Vec::new();
    for (name, column) in names.iter().zip(columns) {
        let count = impute(column, options.impute, keys).map_err(|e| e.at_column(name))?;
        if count > 0 {
            imputed.push((name.clone(), count));
        }
    }
    if !imputed.is_empty() {
        let parts: Vec<String> = imputed.iter().map(|(name, count)| format!("`{name}` {count}")).collect();
        notes.push(format!("imputed values: {}", parts.join(", ")));
    }
    Ok(imputed)
}

pub(super) fn treat(
    options: &Index,
    names: &[String],
    columns: &mut [Vec<f64>],
    vintage: Option<&Vintage>,
    notes: &mut Vec<String>,
) -> Result<Vec<Treated>> {
    let rule = Rule { skewness: options.skewness, kurtosis: options.kurtosis, most: options.winsorize_max };
    let mut treated = Vec::new();
    for (name, column) in names.iter().zip(columns) {
        let found = match vintage {
            Some(vintage) => vintage.treatments.iter().find(|t| t.name == *name).map(|t| t.treatment),
            None => treatment(column, options.treat, &rule).map_err(|e| e.at_column(name))?,
        };
        let Some(treatment) = found else { continue };
        let mut values = 0;
        for v in column.iter_mut().filter(|v| !v.is_nan()) {
            let new = treatment.apply(*v);
            values += usize::from(new != *v);
            *v = new;
        }
        treated.push(Treated { name: name.clone(), values, treatment });
    }
    if !treated.is_empty() {
        let parts: Vec<String> = treated.iter().map(|t| format!("`{}` {}", t.name, t.values)).collect();
        notes.push(format!("treated for outliers, values changed: {}", parts.join(", ")));
    }
    Ok(treated)
}

/// Values of every node of the tree as they come.
pub(crate) struct Tree<'a> {
    sheet: &'a Sheet,
    /// n values a node; NaN where there is none.
    pub values: Vec<Vec<f64>>,
}

impl<'a> Tree<'a> {
    fn new(sheet: &'a Sheet, leaves: &[usize], Z: &[Vec<f64>], options: &Index, normalize: Normalize) -> Self {
        let n = Z.first().map_or(0, Vec::len);
        let [a, b] = options.scale;
        let slope = if matches!(normalize, Normalize::Z | Normalize::Robust) { b } else { b - a };
        let plain = options.scale == [0.0, 1.0];
        let mut values = vec![vec![f64::NAN; n]; sheet.nodes.len()];
        for (&leaf, z) in leaves.iter().zip(Z) {
            values[leaf] = if plain { z.clone() } else { z.iter().map(|v| a + slope * v).collect() };
        }
        Tree { sheet, values }
    }

    /// Scores all dimensions and the index at the rows of a block.
    fn climb(&mut self, options: &Index, block: &Local, prepared: &Prepared) -> Result<()> {
        for node in 0..self.sheet.nodes.len() {
            if let Some(weights) = &block.weights[node] {
                self.aggregate(options, node, weights, &block.rows, prepared)?;
            }
        }
        Ok(())
    }

    /// Scores one dimension at `rows`.
    pub fn aggregate(
        &mut self,
        options: &Index,
        node: usize,
        weights: &[f64],
        rows: &[usize],
        prepared: &Prepared,
    ) -> Result<()> {
        let of = &self.sheet.nodes[node];
        let form = options.aggregate[(of.level - 2).min(options.aggregate.len() - 1)];
        let columns: Vec<&[f64]> = of.children.iter().map(|&c| self.values[c].as_slice()).collect();
        let mut score = self.values[node].clone();
        let by_year = form.compares() && options.basis.normalize_scope == NormalizeScope::Year;
        for part in blocks(rows, prepared.time, by_year)? {
            aggregate(form, options.power, &columns, weights, &part.rows, &mut score)
                .map_err(|e| e.at_column(&of.code))?;
        }
        self.values[node] = score;
        Ok(())
    }

    fn scores(self) -> Vec<(String, Vec<f64>)> {
        let parents = self.sheet.nodes.iter().zip(self.values).filter(|(n, _)| !n.children.is_empty());
        parents.map(|(n, v)| (n.code.clone(), v)).collect()
    }
}
