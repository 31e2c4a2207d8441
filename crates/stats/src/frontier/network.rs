//! Stages in a row: each uses what comes from outside and what earlier stages hand it, its *links*.
//!
//! Stage k has inputs X_k and outputs Y_k; Z_kh passes from stage k to a later stage h. Each stage has a frontier and
//! intensities λ_k of its own. Three models say how efficient the whole is.
//!
//! *Slacks-based* (Tone and Tsutsui 2009), with weights w_k of the stages that add up to one:
//!
//! ```text
//! min ρ = Σ_k w_k (1 - (1/m_k) Σ s⁻_k/x_ok) / Σ_k w_k (1 + (1/r_k) Σ s⁺_k/y_ok)
//! s.t.  X_k'λ_k + s⁻_k = x_ok,   Y_k'λ_k - s⁺_k = y_ok,   λ_k ∈ Λ,   s ≥ 0
//!       Z_kh'λ_k = Z_kh'λ_h             free links:  the stages agree on what is handed over
//!       Z_kh'λ_k = Z_kh'λ_h = z_okh     fixed links: and it stays what it is
//! ```
//!
//! The efficiency of a stage is its own ratio at the optimum.
//!
//! *Relational* (Kao and Hwang 2008, Kao 2009) and *additive* (Chen, Cook, Li and Zhu 2009) give each column one price p,
//! the same to the stage that makes it and to the one that uses it. With I_k(j) and O_k(j) the value of all that stage k of
//! unit j uses and makes,
//!
//! ```text
//! E = max  value of the whole's outputs / value of its inputs   s.t.   O_k(j) ≤ I_k(j) for all j and k,   p ≥ 0
//! E_k = O_k(o) / I_k(o)
//! ```
//!
//! The relational whole is Σ of what leaves over Σ of what enters; without flows from outside between the stages,
//! E = Π E_k. The additive whole is Σ_k O_k / Σ_k I_k, so that E is the mean of the E_k weighted by what the stages use; it
//! allows variable returns, by a constant in each O_k.
//!
//! ```
//! use plim_stats::frontier::network::{NetworkDea, NetworkModel, network};
//! use plim_stats::frontier::dea::Rts;
//! use plim_stats::math::Mat;
//! let stages = vec!["collect: staff -> deposits".into(), "lend: deposits -> loans".into()];
//! let options = NetworkDea { stages, model: NetworkModel::Relational, rts: Rts::Crs, ..NetworkDea::default() };
//! // Columns staff, deposits, loans. The first unit collects best, the second lends best.
//! let values = Mat::from_fn(2, 3, |i, j| [[1.0, 2.0, 2.0], [2.0, 2.0, 4.0]][i][j]);
//! let scores = network(&values, &options).unwrap();
//! assert!((scores.units[0].efficiency.unwrap() - 0.5).abs() < 1e-12);
//! assert_eq!(scores.units[0].stages.as_ref().unwrap(), &[Some(1.0), Some(0.5)]);
//! ```
//!
//! K. Tone and M. Tsutsui (2009), "Network DEA: a slacks-based measure approach", C. Kao (2009), "Efficiency decomposition
//! in network data envelopment analysis: a relational model", and Y. Chen, W. D. Cook, N. Li and J. Zhu (2009), "Additive
//! efficiency decomposition in two-stage DEA", European Journal of Operational Research 197, 192 and 196.

mod blocks;
mod flows;
mod multipliers;
mod slacks;

pub use flows::{Flow, Network};

use super::Status;
use super::dea::technology::{NoScore, Scored};
use super::dea::{Orientation, Rts};
use crate::math::Mat;
use crate::{Error, Kind, Result};
use blocks::Blocks;
use multipliers::Multipliers;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use slacks::Slacks;

/// Network data envelopment analysis: efficiency of stages in a row, each with inputs and outputs of its own.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkDea {
    /// Stages in their order, each a text `name: inputs -> outputs` with columns separated by `+`, such as
    /// `lend: deposits + capital -> loans`. What one stage makes and a later one uses is a link between them; every column
    /// is made by one stage and used by one stage at most. All are nonnegative.
    pub stages: Vec<String>,
    /// What efficiency is. The slacks-based measure by default: it takes any returns to scale and any flows.
    pub model: NetworkModel,
    /// Returns to scale of each stage's frontier: `vrs`, `crs`, `nirs` or `ndrs`; `crs` alone for the relational model.
    pub rts: Rts,
    /// Which slacks count in the slacks-based measure: of inputs, of outputs, or of both (`none`, its default). The other
    /// models take the prices of inputs as their yardstick, `input`.
    pub orientation: Option<Orientation>,
    /// Whether the slacks-based measure may change what stages hand over: free by default.
    pub links: Option<Links>,
    /// Weight of each stage in the slacks-based measure, positive; equal by default.
    pub weights: Vec<f64>,
    /// Stages by name, in the order in which they get the largest efficiency that the overall one allows, for the
    /// relational and additive models, whose split is not unique; stages that are not named follow. As listed by default.
    pub priority: Vec<String>,
    /// Column for each value of which there is a frontier of its own, such as the year; one frontier of all rows without
    /// it.
    pub by: Option<String>,
}

/// What efficiency of a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkModel {
    /// Slacks of all stages' inputs and outputs (Tone and Tsutsui 2009).
    #[default]
    Sbm,
    /// Value of what leaves over value of what enters; links have one price in both stages (Kao 2009).
    Relational,
    /// Mean of the stages' efficiencies, weighted by the value of what they use (Chen, Cook, Li and Zhu 2009).
    Additive,
}

/// What becomes of links in the slacks-based measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Links {
    /// The stages agree on what is handed over, whatever it is.
    #[default]
    Free,
    /// What is handed over stays what it is: it is beyond the unit's control.
    Fixed,
}

/// Scores of one unit; without an optimum there are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkUnit {
    /// Efficiency of the whole; one is efficient, more is better.
    pub efficiency: Option<f64>,
    /// Efficiency of each stage, K; none for a stage that at the prices that attain the whole's uses what is worth nothing,
    /// or makes what is worth less.
    pub stages: Option<Vec<Option<f64>>>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Scores of all units, in their order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkScores {
    /// One per unit.
    pub units: Vec<NetworkUnit>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Efficiency of the whole and of the stages.
type Scores = (f64, Vec<Option<f64>>);

/// Scores every unit against the frontiers of all of them, from values (n × columns) in the order of
/// [`Network::columns`].
///
/// A unit with a negative value, or with a stage that uses nothing or makes nothing, is refused and is no part of the
/// others' frontiers.
pub fn network(values: &Mat<f64>, options: &NetworkDea) -> Result<NetworkScores> {
    let network = Network::parse(&options.stages)?;
    check(values, &network, options)?;
    let order = order(&network, options)?;
    let n = values.nrows();
    let refusals: Vec<Option<NoScore>> = (0..n).map(|i| refusal(values, &network, i)).collect();
    let reference: Vec<usize> = (0..n).filter(|&i| refusals[i].is_none()).collect();
    let fixed = options.links == Some(Links::Fixed);
    let blocks = Blocks::new(&network, values, &reference, options.rts, fixed);
    let score = |own: usize| -> Scored<Scores> {
        match options.model {
            NetworkModel::Sbm => Slacks::new(&blocks, options).score(own),
            NetworkModel::Relational | NetworkModel::Additive => {
                Multipliers::new(&blocks, options.model).score(own, &order)
            }
        }
    };
    let scored: Vec<Scored<Scores>> = (0..reference.len()).into_par_iter().map(score).collect();
    let mut scored = scored.into_iter();
    let unit = |refusal: Option<NoScore>| match refusal
        .map_or_else(|| scored.next().expect("one score for each unit of the reference"), Err)
    {
        Ok((overall, stages)) => {
            NetworkUnit { efficiency: Some(overall), stages: Some(stages), status: Status::Optimal, reason: None }
        }
        Err(NoScore { status, reason }) => NetworkUnit { efficiency: None, stages: None, status, reason },
    };
    let units: Vec<NetworkUnit> = refusals.into_iter().map(unit).collect();
    let notes = notes(values, &network, options, &units);
    Ok(NetworkScores { units, notes })
}

/// Options that the model cannot honor, and data that it cannot take.
fn check(values: &Mat<f64>, network: &Network, options: &NetworkDea) -> Result<()> {
    if values.ncols() != network.flows.len() {
        return Err(Error::length("the columns of the stages", values.ncols(), network.flows.len()));
    }
    for (j, name) in network.columns().enumerate() {
        let bad: Vec<usize> = (0..values.nrows()).filter(|&i| !values[(i, j)].is_finite()).collect();
        if !bad.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad));
        }
    }
    if matches!(options.rts, Rts::Fdh | Rts::FdhPlus | Rts::Grs) {
        return Err(Error::invalid(
            "a network has no free disposal hull and no generalized returns to scale",
            "set `rts` to `vrs`, `crs`, `nirs` or `ndrs`",
        ));
    }
    if options.model == NetworkModel::Sbm {
        if !options.priority.is_empty() {
            return Err(Error::invalid("`priority` means nothing in the slacks-based measure", "leave it out"));
        }
        let K = network.stages.len();
        if !options.weights.is_empty() && options.weights.len() != K {
            return Err(Error::length("the weights of the stages", options.weights.len(), K));
        }
        if options.weights.iter().any(|w| !(w.is_finite() && *w > 0.0)) {
            return Err(Error::invalid("a weight of a stage is not positive", "give each stage a positive weight"));
        }
        return Ok(());
    }
    if options.model == NetworkModel::Relational && options.rts != Rts::Crs {
        return Err(Error::invalid(
            "the relational model is one of constant returns: under others the stages' efficiencies do not make up the \
             whole's",
            "set `rts = \"crs\"`, or `model` to `additive` or `sbm`",
        ));
    }
    for (name, given) in [
        ("orientation", options.orientation.is_some_and(|o| o != Orientation::Input)),
        ("links", options.links.is_some()),
        ("weights", !options.weights.is_empty()),
    ] {
        if given {
            return Err(Error::invalid(
                format!("`{name}` belongs to the slacks-based measure; this model has prices"),
                format!("leave `{name}` out, or set `model = \"sbm\"`"),
            ));
        }
    }
    Ok(())
}

/// The stages in the order in which they get the largest efficiency.
fn order(network: &Network, options: &NetworkDea) -> Result<Vec<usize>> {
    let mut order = Vec::with_capacity(network.stages.len());
    for name in &options.priority {
        match network.stages.iter().position(|stage| stage == name) {
            Some(k) if !order.contains(&k) => order.push(k),
            found => {
                let what = if found.is_some() { "is named twice" } else { "is no stage" };
                return Err(Error::invalid(
                    format!("`{name}` in `priority` {what}"),
                    format!("the stages are: {}", network.stages.join(", ")),
                ));
            }
        }
    }
    let rest: Vec<usize> = (0..network.stages.len()).filter(|k| !order.contains(k)).collect();
    order.extend(rest);
    Ok(order)
}

/// Why a unit is outside the model, if so.
fn refusal(values: &Mat<f64>, network: &Network, unit: usize) -> Option<NoScore> {
    if (0..values.ncols()).any(|j| values[(unit, j)] < 0.0) {
        return Some(NoScore::refused("an input, link or output is negative"));
    }
    let zero = |of: &dyn Fn(&Flow) -> Option<usize>, k: usize| {
        network.flows.iter().enumerate().all(|(j, flow)| of(flow) != Some(k) || values[(unit, j)] == 0.0)
    };
    for (k, name) in network.stages.iter().enumerate() {
        for (empty, what) in [(zero(&|f| f.user, k), "inputs"), (zero(&|f| f.maker, k), "outputs")] {
            if empty {
                return Some(NoScore::refused(format!("all {what} of stage `{name}` are zero")));
            }
        }
    }
    None
}

fn notes(values: &Mat<f64>, network: &Network, options: &NetworkDea, units: &[NetworkUnit]) -> Vec<String> {
    let mut notes = Vec::new();
    let n = units.len();
    let refused = units.iter().filter(|u| u.status == Status::Refused).count();
    if refused > 0 {
        notes.push(format!(
            "{refused} of {n} units were refused (see `reason`); units whose data are outside the method do not span the \
             frontiers"
        ));
    }
    if options.model == NetworkModel::Sbm {
        let zero =
            |i: usize| network.flows.iter().enumerate().any(|(j, flow)| !flow.is_link() && values[(i, j)] == 0.0);
        let zeros = (0..n).filter(|&i| units[i].efficiency.is_some() && zero(i)).count();
        if zeros > 0 {
            notes.push(format!("{zeros} of {n} units have zeros: slacks of those are left out and not counted"));
        }
        let orientation = options.orientation.unwrap_or(Orientation::None);
        for (k, name) in network.stages.iter().enumerate() {
            let counts = |flow: &Flow| {
                (flow.maker.is_none() && flow.user == Some(k) && orientation != Orientation::Output)
                    || (flow.user.is_none() && flow.maker == Some(k) && orientation != Orientation::Input)
            };
            if !network.flows.iter().any(counts) {
                notes.push(format!("nothing of stage `{name}` but its links is free to count: its efficiency is one"));
            }
        }
        if network.stages.len() > 1 {
            notes.push("the efficiencies of the stages need not be unique; they are those of one optimum".into());
        }
    }
    for (k, name) in network.stages.iter().enumerate() {
        let without = units.iter().filter(|u| u.stages.as_ref().is_some_and(|s| s[k].is_none())).count();
        if without > 0 {
            notes.push(format!(
                "stage `{name}` of {without} of {n} units has no efficiency: at the prices that attain the overall \
                 one what it uses is worth nothing, or what it makes less than that"
            ));
        }
    }
    notes
}
