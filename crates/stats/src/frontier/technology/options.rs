//! The choices of a technology, and which of them go together.

use super::Raw;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Functional form of the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The regressors of the formula as they stand.
    #[default]
    AsGiven,
    /// Linear in logarithms.
    CobbDouglas,
    /// Quadratic in logarithms.
    Translog,
}

/// How squares enter a translog frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Squares {
    /// With 1/2: the coefficient is a second derivative.
    #[default]
    Half,
    /// Without it: the coefficient is half a second derivative.
    Full,
}

/// How time moves the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Not at all.
    #[default]
    None,
    /// By t.
    Linear,
    /// By t and t squared.
    Quadratic,
    /// By t, t squared and t times every logarithm: technical change need not be neutral.
    Interacted,
}

/// Where t is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrendOrigin {
    /// One before the first time of the data: t = 1, 2, ...
    #[default]
    First,
    /// At the mean of the times.
    Mean,
    /// At zero: t is the column of the times.
    Zero,
}

/// Which distance function the frontier is, for several outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// None: one output, or costs.
    #[default]
    None,
    /// Output distance, normalized by the outcome of the formula, an output (Lovell et al. 1994).
    Output,
    /// Input distance, normalized by the outcome of the formula, an input.
    Input,
    /// Stochastic ray frontier: the length of the output vector, given its direction (Löthgren 1997).
    Ray,
}

/// Whether logarithms are still to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Logs {
    /// The columns are logarithms.
    #[default]
    Given,
    /// The columns are levels: take the logarithms of the outcome, the factors and the outputs.
    Take,
}

/// What a form may be reduced to for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restriction {
    /// No second-order terms in the logarithms.
    CobbDouglas,
    /// No term with t.
    NoTechnicalChange,
    /// No product of t and a logarithm.
    HicksNeutral,
}

impl Restriction {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Restriction::CobbDouglas => "cobb_douglas",
            Restriction::NoTechnicalChange => "no_technical_change",
            Restriction::HicksNeutral => "hicks_neutral",
        }
    }
}

/// All choices of a technology.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    /// Functional form.
    pub form: Form,
    /// How squares enter.
    pub squares: Squares,
    /// How time moves the frontier.
    pub trend: Trend,
    /// Where t is zero.
    pub trend_origin: TrendOrigin,
    /// Which distance function.
    pub distance: Distance,
    /// Whether logarithms are to be taken.
    pub logs: Logs,
    /// Whether it is a cost frontier.
    pub cost: bool,
}

impl Shape {
    /// Refuses choices that a form could only ignore; `factors` and `outputs` are how many columns they name.
    pub fn check(&self, factors: usize, outputs: usize) -> Result<()> {
        let refuse = |message: &str, remedy: &str| Err(Error::invalid(message, remedy));
        if self.form == Form::AsGiven {
            let idle = Shape { cost: self.cost, ..Shape::default() };
            let named = [
                ("factors", factors > 0),
                ("outputs", outputs > 0),
                ("squares", self.squares != idle.squares),
                ("trend", self.trend != idle.trend),
                ("trend_origin", self.trend_origin != idle.trend_origin),
                ("distance", self.distance != idle.distance),
                ("logs", self.logs != idle.logs),
            ];
            return match named.into_iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(Error::invalid(
                    format!("`{name}` shapes a technology, and the regressors are taken as given"),
                    "set technology = \"translog\" or \"cobb_douglas\"",
                )),
                None => Ok(()),
            };
        }
        let squared = self.form == Form::Translog || matches!(self.trend, Trend::Quadratic | Trend::Interacted);
        if self.squares == Squares::Full && !squared {
            return refuse(
                "`squares` is given and nothing is squared",
                "leave it out, or set technology = \"translog\"",
            );
        }
        if self.trend == Trend::None && self.trend_origin != TrendOrigin::First {
            return refuse("`trend_origin` is given without a `trend`", "set trend = \"linear\", say");
        }
        match (self.distance, self.cost, outputs) {
            (Distance::None, false, 0) | (Distance::None, true, 1..) => Ok(()),
            (Distance::None, false, _) => refuse(
                "`outputs` belong to a distance function or a cost frontier",
                "set `distance`, or frontier = \"cost\"",
            ),
            (Distance::None, true, 0) => refuse(
                "the technology of a cost frontier needs its outputs",
                "name their columns in `outputs`; `factors` are the prices",
            ),
            (_, true, _) => refuse(
                "a distance function is estimated with its inefficiency below the frontier",
                "leave frontier = \"production\"; the sign of the outcome is taken care of",
            ),
            (_, false, 0) => refuse(
                "a distance function needs `outputs`",
                "name the columns of the outputs beside the outcome of the formula (input distance: of all outputs)",
            ),
            (_, false, _) => Ok(()),
        }
    }

    /// Refuses data that the shape cannot be made of.
    pub(super) fn check_data(&self, raw: &Raw) -> Result<()> {
        self.check(raw.factors.len(), raw.outputs.len())?;
        let n = raw.outcome.1.len();
        let columns = || raw.factors.iter().chain(&raw.outputs);
        if let Some((name, values)) = columns().find(|(_, v)| v.len() != n) {
            return Err(Error::length(format!("`{name}`"), values.len(), n));
        }
        if raw.factors.is_empty() && self.distance != Distance::Input {
            return Err(Error::invalid("the technology has no factors", "name them in `factors` or in the formula"));
        }
        let names: Vec<&String> = columns().map(|c| &c.0).chain([&raw.outcome.0]).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            return Err(Error::invalid(
                format!("`{twice}` is named twice among outcome, factors and outputs"),
                "name it once; the outcome of the formula is not repeated in `factors` or `outputs`",
            ));
        }
        match (self.trend, &raw.time) {
            (Trend::None, _) => Ok(()),
            (_, None) => Err(Error::invalid("a `trend` needs the times", "set `time`")),
            (_, Some(time)) if time.len() != n => Err(Error::length("the times", time.len(), n)),
            (_, Some(_)) => Ok(()),
        }
    }
}
