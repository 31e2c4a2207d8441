//! Productivity over time: Malmquist, Malmquist-Luenberger, Luenberger, Hicks-Moorsteen and Färe-Primont indices.
//!
//! With q^s(t) the logarithm of the efficiency of (x_t, y_t) against the technology of period s,
//!
//! ```text
//! adjacent:  ln M = ½ [q^t(t+1) - q^t(t) + q^{t+1}(t+1) - q^{t+1}(t)]        (Färe, Grosskopf, Norris, Zhang 1994)
//! pooled:    ln M = q^P(t+1) - q^P(t),     P all periods or {t, t+1}         (Pastor and Lovell 2005; Pastor et al. 2011)
//! EC = q^{t+1}(t+1) - q^t(t),     TC = ln M - EC
//! ```
//!
//! Above one is growth, in every orientation. EC and M are measured under constant returns; PEC is EC under variable
//! returns and SEC = EC - PEC. The other splits are in `malmquist/split.rs`, all sums of q. Directional distances give
//! the Malmquist-Luenberger index (Chung, Färe and Grosskopf 1997; global: Oh 2010) and, as differences, the Luenberger
//! indicator (Chambers 1996), above zero for growth.
//!
//! A unit without one of two successive periods has no index there, yet spans the frontier of the period it has. A
//! point that a frontier cannot reach makes the parts that need it infeasible, and no others.

mod distance;
mod fare_primont;
mod frontiers;
mod options;
mod split;
mod starts;

pub use options::{Decomposition, Malmquist, ProductivityModel, Reference};

use super::Status;
use super::dea::technology::NoScore;
use super::dea::{Orientation, Rts, Units, radial};
use crate::{Error, Result};
use fare_primont::FarePrimont;
use frontiers::{Frontiers, Observations, Pair};
use rayon::prelude::*;
use serde::Serialize;
use split::{Part, Parts};
use std::collections::BTreeMap;

/// Change of one unit up to this period; what has no optimum, or is not asked for, is `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Change {
    /// Productivity change.
    pub index: Option<f64>,
    /// Catching up with the frontier.
    pub efficiency_change: Option<f64>,
    /// Movement of the frontier; against a pooled reference, best practice change.
    pub technical_change: Option<f64>,
    /// Catching up under variable returns.
    pub pure_efficiency_change: Option<f64>,
    /// What is left to scale (and mix, in a Färe-Primont index).
    pub scale_efficiency_change: Option<f64>,
    /// Zofío's change of scale of the technology.
    pub scale_technical_change: Option<f64>,
    /// How much further the frontier moved for the later than for the earlier outputs.
    pub output_bias: Option<f64>,
    /// How much further the frontier moved for the later than for the earlier inputs.
    pub input_bias: Option<f64>,
    /// Movement of the frontier at the earlier observation.
    pub magnitude: Option<f64>,
    /// Total factor productivity of this period, of a Färe-Primont index.
    pub level: Option<f64>,
    /// The indices chained since the unit's first period without a gap.
    pub cumulative: Option<f64>,
    /// What became of it: of the first part that has no optimum; `None` where the unit has no period before.
    pub status: Option<Status>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Changes of all observations, in row order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Productivity {
    /// One per row, under the later period.
    pub changes: Vec<Change>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Productivity change of each observation of `units` since the period before.
///
/// `unit` and `period` hold a code per observation; periods count the times of the data from zero, in order.
pub fn malmquist(units: &Units, unit: &[u32], period: &[u32], options: &Malmquist) -> Result<Productivity> {
    options::check(units, unit, period, options)?;
    let at: BTreeMap<(u32, u32), usize> = (0..units.count()).map(|i| ((unit[i], period[i]), i)).collect();
    if at.len() < units.count() {
        let twice: Vec<usize> = (0..units.count()).filter(|&i| at[&(unit[i], period[i])] != i).collect();
        return Err(
            Error::invalid("a unit has two rows of one period", "keep one row per unit and time").at_rows(twice)
        );
    }
    let refusals: Vec<Option<&str>> = (0..units.count()).map(|i| radial::refusal(units, i)).collect();
    let observations = Observations { units, period, refusals: &refusals };
    let before = |&(u, p): &(u32, u32)| at.get(&(u, p.checked_sub(1)?)).copied();
    let pairs: Vec<Pair> = at.iter().filter_map(|(key, &later)| Some([before(key)?, later])).collect();
    let mut changes = vec![Change::default(); units.count()];
    // On the pool once: a visit for each of the many small batches would cost more than some of them.
    let parts = rayon::scope(|_| parts(&observations, &pairs, options, &mut changes));
    // In the order of `at` a unit's periods ascend, so the chain up to the period before is there already.
    for (&[earlier, later], parts) in pairs.iter().zip(parts) {
        let change = parts.change(options.model);
        let first = changes[earlier].status.is_none();
        let cumulative = match (first, changes[earlier].cumulative, change.index) {
            (true, _, index) => index,
            (false, Some(chain), Some(index)) if options.model == ProductivityModel::Luenberger => Some(chain + index),
            (false, Some(chain), Some(index)) => Some(chain * index),
            _ => None,
        };
        changes[later] = Change { cumulative, level: changes[later].level, ..change };
    }
    let notes = notes(&changes, options);
    Ok(Productivity { changes, notes })
}

/// Parts of the index of each pair; writes the levels, where the index has some.
fn parts(observations: &Observations, pairs: &[Pair], options: &Malmquist, changes: &mut [Change]) -> Vec<Parts> {
    let all = |of: &(dyn Fn(Pair) -> Parts + Sync)| pairs.par_iter().map(|&pair| of(pair)).collect();
    let oriented = |orientation| Malmquist { orientation, ..options.clone() };
    match options.model {
        ProductivityModel::FarePrimont => {
            let index = FarePrimont::new(observations, options);
            for (change, level) in changes.iter_mut().zip(&index.level) {
                change.level = level.as_ref().ok().map(|level| level.exp());
            }
            all(&|pair| index.parts(pair))
        }
        ProductivityModel::HicksMoorsteen => {
            let output = Frontiers::new(observations, false, &oriented(Orientation::Output));
            let input = Frontiers::new(observations, false, &oriented(Orientation::Input));
            let own = if options.orientation == Orientation::Input { &input } else { &output };
            all(&|pair| split::hicks_moorsteen(&output, &input, own, pair))
        }
        ProductivityModel::Radial | ProductivityModel::Directional | ProductivityModel::Luenberger => {
            let index = Frontiers::new(observations, true, options);
            let cross = !matches!(options.decomposition, Decomposition::Fgnz | Decomposition::Bias);
            let under = Malmquist { rts: Rts::Vrs, ..options.clone() };
            let variable = (options.rts == Rts::Crs).then(|| Frontiers::new(observations, cross, &under));
            all(&|pair| split::malmquist(&index, variable.as_ref(), pair, options))
        }
    }
}

impl Parts {
    /// The parts that exist as ratios (differences, of the indicator), and what became of the first that does not.
    fn change(self, model: ProductivityModel) -> Change {
        let mut change = Change { status: Some(Status::Optimal), ..Change::default() };
        let mut value = |part: Part| match part? {
            Ok(q) => Some(if model == ProductivityModel::Luenberger { q } else { q.exp() }),
            Err(NoScore { status, reason }) => {
                if change.status == Some(Status::Optimal) {
                    (change.status, change.reason) = (Some(status), reason);
                }
                None
            }
        };
        let (index, efficiency_change) = (value(self.index), value(self.efficiency));
        let (technical_change, pure_efficiency_change) = (value(self.technical), value(self.pure));
        let (scale_efficiency_change, scale_technical_change) = (value(self.scale), value(self.scale_technical));
        let (output_bias, input_bias) = (value(self.output_bias), value(self.input_bias));
        let magnitude = value(self.magnitude);
        Change {
            index,
            efficiency_change,
            technical_change,
            pure_efficiency_change,
            scale_efficiency_change,
            scale_technical_change,
            output_bias,
            input_bias,
            magnitude,
            ..change
        }
    }
}

/// What a reader must know of the changes.
fn notes(changes: &[Change], options: &Malmquist) -> Vec<String> {
    let count = |status: Option<Status>| changes.iter().filter(|c| c.status == status).count();
    let mut notes = Vec::new();
    let none = count(None);
    if none > 0 {
        notes.push(format!("{none} rows have no period just before and no index; gaps are not bridged"));
    }
    let infeasible = count(Some(Status::Infeasible));
    if infeasible > 0 {
        let way_out =
            if options.technology == Reference::Global { "" } else { "; `technology = \"global\"` reaches all" };
        notes.push(format!(
            "{infeasible} indices, or parts of them, are infeasible against the frontier of another period{way_out}"
        ));
    }
    let refused = count(Some(Status::Refused)) + count(Some(Status::Unbounded));
    if refused > 0 {
        notes.push(format!("{refused} indices are refused: see their reasons"));
    }
    if options.model == ProductivityModel::Luenberger {
        notes.push("the Luenberger indicator is a difference: above 0 is growth".into());
    }
    notes
}
