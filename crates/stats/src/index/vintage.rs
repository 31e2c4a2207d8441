//! What an index was made with: all it takes to score later rows on the same scale.
//!
//! Scores of two vintages compare only where every indicator is read, scaled, weighed and put together alike. An index is
//! therefore refused on a vintage of other indicators, directions, denominators, transforms, means or weights. Options that
//! say how scales and weights were found have nothing left to say: they may be left out, or be those of the earlier run.

use super::aggregate::Aggregate;
use super::basis::Basis;
use super::composite::{Index, TreeWeight, WeightLevel};
use super::normalize::{Direction, NormalizeScope, Oriented};
use super::scale::{Fixed, Normalize, Scale};
use super::sheet::{Node, Sheet, Transform};
use super::treat::{Treat, Treatment};
use super::weights::Weighting;
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// All it takes to score new rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vintage {
    /// Form of the normalization.
    pub normalize: Normalize,
    /// Onto what it went.
    pub scale: [f64; 2],
    /// Form of the aggregation by level.
    pub aggregate: Vec<Aggregate>,
    /// Power of the generalized mean.
    pub power: f64,
    /// How each indicator is read.
    pub indicators: Vec<Reading>,
    /// How scales and weights were asked for.
    pub asked: Asked,
    /// Treatments of the indicators that have one.
    pub treatments: Vec<Treated>,
    /// Scale of each indicator; none for one that was dropped.
    pub scales: Vec<Scale>,
    /// Weights at every level.
    pub weights: Vec<TreeWeight>,
}

/// How an indicator is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The indicator and its direction.
    pub direction: Oriented,
    /// Column by which it is divided.
    pub denominator: Option<String>,
    /// Function of each value.
    pub transform: Transform,
}

impl Reading {
    fn of(node: &Node) -> Self {
        let direction = Oriented { name: node.code.clone(), direction: node.direction };
        Reading { direction, denominator: node.denominator.clone(), transform: node.transform }
    }
}

/// The options that found the treatments, scales and weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Convention of the weights.
    #[serde(flatten)]
    pub weighting: Weighting,
    /// Over which rows they were taken.
    pub weight_scope: NormalizeScope,
    /// What was weighed together.
    pub weight_level: Option<WeightLevel>,
    /// Over which rows scales were taken.
    pub normalize_scope: NormalizeScope,
    /// Goalposts, those of the sheet among them.
    pub goalposts: Vec<Fixed>,
    /// Treatment of outliers.
    pub treat: Treat,
    /// Largest |skewness| left.
    pub skewness: f64,
    /// Largest excess kurtosis left.
    pub kurtosis: f64,
    /// Most values winsorized.
    pub winsorize_max: usize,
}

impl Asked {
    /// The options of `options`, with the normalization by `basis`, which has the goalposts of the sheet.
    pub(super) fn of(options: &Index, basis: &Basis) -> Self {
        Asked {
            weighting: options.weighting.clone(),
            weight_scope: options.weight_scope,
            weight_level: options.weight_level,
            normalize_scope: basis.normalize_scope,
            goalposts: basis.goalposts.clone(),
            treat: options.treat,
            skewness: options.skewness,
            kurtosis: options.kurtosis,
            winsorize_max: options.winsorize_max,
        }
    }

    /// The first option that is neither left out nor that of `then`.
    fn differs(&self, then: &Asked) -> Option<&'static str> {
        let default = Asked::of(&Index::default(), &Basis::default());
        if self.weighting.method.is_some_and(|m| m != then.weighting.convention()) {
            return Some("method");
        }
        macro_rules! each {
            ($($name:literal: $($field:ident).+;)+) => {$(
                let now = &self.$($field).+;
                if *now != default.$($field).+ && *now != then.$($field).+ {
                    return Some($name);
                }
            )+};
        }
        each! {
            "weights": weighting.weights;
            "correlation": weighting.correlation;
            "components": weighting.components;
            "pairwise": weighting.pairwise;
            "nonnegative": weighting.nonnegative;
            "assurance": weighting.assurance;
            "combine": weighting.combine;
            "combination": weighting.combination;
            "weight_scope": weight_scope;
            "weight_level": weight_level;
            "normalize_scope": normalize_scope;
            "goalposts": goalposts;
            "treat": treat;
            "skewness": skewness;
            "kurtosis": kurtosis;
            "winsorize_max": winsorize_max;
        }
        None
    }
}

/// An indicator and its treatment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Treated {
    /// Indicator.
    pub name: String,
    /// Values that it changed.
    pub values: usize,
    /// The treatment.
    #[serde(flatten)]
    pub treatment: Treatment,
}

impl Vintage {
    /// How the indicators of a sheet are read.
    pub(super) fn readings(sheet: &Sheet) -> Vec<Reading> {
        sheet.leaves().into_iter().map(|l| Reading::of(&sheet.nodes[l])).collect()
    }

    /// Whether an indicator has a scale; what has none was dropped.
    pub(super) fn scales(&self, name: &str) -> bool {
        self.scales.iter().any(|s| s.name == name)
    }

    /// Refuses to score by this vintage what is another index, or what is damaged.
    pub(super) fn check(&self, options: &Index, sheet: &Sheet, basis: &Basis) -> Result<()> {
        let form = [
            ("normalize", options.basis.normalize.is_some_and(|n| n != self.normalize)),
            ("scale", options.scale != self.scale),
            ("aggregate", options.aggregate != self.aggregate),
            ("power", options.power != self.power),
        ];
        if let Some((name, _)) = form.iter().find(|(_, differs)| *differs) {
            return Err(Error::invalid(
                format!("the frozen index was made in another way: with another `{name}`"),
                "set it as in the earlier run",
            ));
        }
        if let Some(name) = Asked::of(options, basis).differs(&self.asked) {
            return Err(Error::invalid(
                format!("beside `frozen` nothing is found anew, but `{name}` is not that of the earlier run"),
                "leave it out, or set it as in the earlier run; without `frozen` it is heeded",
            ));
        }
        self.same_indicators(sheet)?;
        match self.scales.iter().find(|s| !(s.center.is_finite() && s.spread.is_finite() && s.spread != 0.0)) {
            Some(bad) => Err(Error::invalid("its frozen scale is no scale", SAVE_ANEW).at_column(&bad.name)),
            None => Ok(()),
        }
    }

    fn same_indicators(&self, sheet: &Sheet) -> Result<()> {
        let now = Vintage::readings(sheet);
        let refuse = |name: &str, message: String, remedy: &str| Err(Error::invalid(message, remedy).at_column(name));
        for reading in &now {
            let name = &reading.direction.name;
            let Some(then) = self.indicators.iter().find(|r| r.direction.name == *name) else {
                return refuse(
                    name,
                    "it is no indicator of the frozen index".into(),
                    "use the sheet of the earlier run",
                );
            };
            let (was, is) = (sign(then.direction.direction), sign(reading.direction.direction));
            if was != is {
                return refuse(
                    name,
                    format!("its direction is {was} in the frozen index, here {is}"),
                    "set `negative`, `direction` or the sheet as in the earlier run",
                );
            }
            if (&then.denominator, then.transform) != (&reading.denominator, reading.transform) {
                let message = "its denominator or transform is not that of the frozen index".into();
                return refuse(name, message, "use the sheet of the earlier run");
            }
        }
        let absent = |r: &&Reading| now.iter().all(|n| n.direction.name != r.direction.name);
        match self.indicators.iter().find(absent) {
            Some(Reading { direction, .. }) => refuse(
                &direction.name,
                "the frozen index has this indicator, and here it is missing".into(),
                "name all indicators of the earlier run: some of them make another index",
            ),
            None => Ok(()),
        }
    }
}

/// What to do about a vintage that cannot be read.
pub(super) const SAVE_ANEW: &str = "save the earlier run anew";

/// A direction as the sheet writes it.
fn sign(direction: Direction) -> String {
    match direction {
        Direction::Positive => "1".into(),
        Direction::Negative => "-1".into(),
        Direction::Target(m) => format!("target={m}"),
    }
}
