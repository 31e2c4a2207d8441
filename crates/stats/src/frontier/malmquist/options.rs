//! What a user chooses: the reference, the distance, the split.

use crate::frontier::dea::{Disposability, Kind, Orientation, Rts, Units};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Malmquist index: productivity change of units between successive periods, and what it is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Malmquist {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Columns of undesirable outputs, such as emissions; less is better. For directional models.
    pub bads: Vec<String>,
    /// Whether undesirable outputs can be given up for nothing, or only together with outputs, as Chung et al. (1997) do.
    pub disposability: Disposability,
    /// Which observations span the frontier of a period. Adjacent periods by default, as Färe et al. (1994) do.
    pub technology: Reference,
    /// Periods, the last one included, that span a frontier under `technology = "window"`.
    pub window: usize,
    /// How the index is split. FGNZ by default, the split that most applications print.
    pub decomposition: Decomposition,
    /// How the distance to a frontier is measured.
    pub model: ProductivityModel,
    /// What moves towards the frontier: inputs, outputs (with undesirable outputs), or all of them (directional only).
    /// Output by default: under constant returns the radial index is the same in both. Of `hicks_moorsteen` and
    /// `fare_primont` it says how efficiency is measured.
    pub orientation: Orientation,
    /// Returns to scale of the index. Constant by default: under variable returns the index ignores gains from scale.
    pub rts: Rts,
}

impl Default for Malmquist {
    fn default() -> Self {
        Malmquist {
            inputs: Vec::new(),
            outputs: Vec::new(),
            bads: Vec::new(),
            disposability: Disposability::default(),
            technology: Reference::default(),
            window: 3,
            decomposition: Decomposition::default(),
            model: ProductivityModel::default(),
            orientation: Orientation::Output,
            rts: Rts::Crs,
        }
    }
}

/// Which observations span the frontier of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// Those of the period; the index is the geometric mean over both periods.
    #[default]
    Adjacent,
    /// Those of the period and all before it: what was possible once stays possible.
    Sequential,
    /// Those of all periods: circular and always feasible.
    Global,
    /// Those of the two periods that the index compares.
    Biennial,
    /// Those of the last `window` periods.
    Window,
}

/// How the index is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decomposition {
    /// Färe, Grosskopf, Norris and Zhang (1994): technical change under constant returns.
    #[default]
    Fgnz,
    /// Ray and Desli (1997): technical change under variable returns, the rest is scale.
    RayDesli,
    /// Zofío (2007): technical change under variable returns, scale efficiency change, scale technical change.
    Zofio,
    /// Grifell-Tatjé and Lovell (1999): on the technology of the earlier period, scale at a change of inputs (outputs)
    /// alone. The index is the product of these parts.
    GrifellLovell,
    /// Färe, Grifell-Tatjé, Grosskopf and Lovell (1997): FGNZ, and technical change as output bias, input bias and
    /// magnitude.
    Bias,
}

/// How the distance to a frontier is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductivityModel {
    /// One factor for all inputs, or for all outputs: the Malmquist index.
    #[default]
    Radial,
    /// Outputs up and undesirable outputs down: the Malmquist-Luenberger index, a ratio.
    Directional,
    /// The same distances as differences: the Luenberger indicator. Above zero is growth.
    Luenberger,
    /// Growth of outputs over growth of inputs, each a Malmquist quantity index (Bjurek 1996).
    HicksMoorsteen,
    /// Outputs over inputs, each a distance at the mean of the data (O'Donnell 2011): levels that can be compared
    /// between any units and periods.
    FarePrimont,
}

/// Options that exclude each other, and data that they cannot take.
pub(super) fn check(units: &Units, unit: &[u32], period: &[u32], options: &Malmquist) -> Result<()> {
    for (what, codes) in [("the codes of units", unit), ("the codes of periods", period)] {
        if codes.len() != units.count() {
            return Err(Error::length(what, codes.len(), units.count()));
        }
    }
    for (kind, what) in [(Kind::Input, "inputs"), (Kind::Output, "outputs")] {
        if units.number(kind) == 0 {
            return Err(Error::invalid(format!("no {what} are named"), format!("list the columns of `{what}`")));
        }
    }
    if (0..units.variables()).any(|i| units.variable(i).iter().any(|v| !v.is_finite())) {
        return Err(Error::invalid("an input or output is not a finite number", "leave these rows out"));
    }
    let directional = matches!(options.model, ProductivityModel::Directional | ProductivityModel::Luenberger);
    let quantities = matches!(options.model, ProductivityModel::HicksMoorsteen | ProductivityModel::FarePrimont);
    let pooled = matches!(options.technology, Reference::Global | Reference::Biennial);
    let mixed = matches!(options.decomposition, Decomposition::GrifellLovell | Decomposition::Bias);
    let wrong = match () {
        () if !directional && options.orientation == Orientation::None => {
            Some(("a radial distance has an orientation", "set `orientation` to `input` or `output`"))
        }
        () if !directional && units.number(Kind::Bad) > 0 => Some((
            "a radial distance gives no credit for less of `bads`",
            "set `model` to `directional` or `luenberger`",
        )),
        () if options.disposability == Disposability::Kuosmanen => Some((
            "abatement factors of each unit (`disposability = \"kuosmanen\"`) are made for one period under variable returns",
            "set `disposability` to `weak` or `strong`",
        )),
        () if options.disposability == Disposability::Strong && units.number(Kind::Bad) == 0 => {
            Some(("`disposability` is about undesirable outputs, and there are none", "name `bads`, or leave it out"))
        }
        () if quantities && options.decomposition != Decomposition::Fgnz => {
            Some(("`decomposition` splits a Malmquist index, which `model` is not", "leave `decomposition` out"))
        }
        () if quantities && pooled => Some((
            "this `model` takes the frontiers of single periods",
            "set `technology` to `adjacent`, `sequential` or `window`",
        )),
        () if directional && mixed => Some((
            "this `decomposition` is one of radial distances",
            "set `model` to `radial`, or choose another `decomposition`",
        )),
        () if pooled && mixed => Some((
            "this `decomposition` compares frontiers of two periods",
            "set `technology` to `adjacent`, `sequential` or `window`",
        )),
        () if !matches!(options.rts, Rts::Crs | Rts::Vrs) => {
            Some(("an index has constant or variable returns", "set `rts` to `crs` or `vrs`"))
        }
        () if options.rts == Rts::Vrs
            && !matches!(options.decomposition, Decomposition::Fgnz | Decomposition::Bias) =>
        {
            Some(("an index under variable returns has no part of scale to split", "leave `decomposition` out"))
        }
        () if options.technology == Reference::Window && options.window == 0 => {
            Some(("`window` is 0, a frontier of no period", "give at least 1"))
        }
        () => None,
    };
    wrong.map_or(Ok(()), |(what, remedy)| Err(Error::invalid(what, remedy)))
}
