//! Productivity over time: Malmquist, Malmquist-Luenberger and Luenberger indices from frontiers of the periods.
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
//! returns and SEC = EC - PEC. Ray and Desli (1997) take TC under variable returns as well and leave the rest to scale;
//! Zofío (2007) keeps SEC and calls TC - TC_v scale technical change. Directional distances give the
//! Malmquist-Luenberger index (Chung, Färe and Grosskopf 1997; global: Oh 2010) and, as differences, the Luenberger
//! indicator (Chambers 1996), above zero for growth.
//!
//! A unit without one of two successive periods has no index there, yet spans the frontier of the period it has.

mod distance;

use super::Status;
use super::dea::technology::{NoScore, Scored, Standing};
use super::dea::{Kind, Orientation, Rts, Units, radial};
use crate::{Error, Result};
use distance::Distance;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// Which observations span the frontier of a period. Adjacent periods by default, as Färe et al. (1994) do.
    pub technology: Reference,
    /// Periods, the last one included, that span a frontier under `technology = "window"`.
    pub window: usize,
    /// How the index is split. FGNZ by default, the split that most applications print.
    pub decomposition: Decomposition,
    /// How the distance to a frontier is measured.
    pub model: ProductivityModel,
    /// What moves towards the frontier: inputs, outputs (with undesirable outputs), or all of them (directional only).
    /// Output by default: under constant returns the radial index is the same in both.
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
}

/// Change of one unit up to this period; without an index the numbers are `None`.
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
    /// What is left to scale.
    pub scale_efficiency_change: Option<f64>,
    /// Zofío's change of scale of the technology.
    pub scale_technical_change: Option<f64>,
    /// The indices chained since the unit's first period without a gap.
    pub cumulative: Option<f64>,
    /// What became of it; `None` where the unit has no period before.
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

/// q of the observations: against the technology of their own period, of the next and of the one before.
struct Distances {
    own: Vec<Scored<f64>>,
    next: Vec<Scored<f64>>,
    previous: Vec<Scored<f64>>,
}

/// Productivity change of each observation of `units` since the period before.
///
/// `unit` and `period` hold a code per observation; periods count the times of the data from zero, in order.
pub fn malmquist(units: &Units, unit: &[u32], period: &[u32], options: &Malmquist) -> Result<Productivity> {
    check(units, unit, period, options)?;
    let at: BTreeMap<(u32, u32), usize> = (0..units.count()).map(|i| ((unit[i], period[i]), i)).collect();
    if at.len() < units.count() {
        let twice: Vec<usize> = (0..units.count()).filter(|&i| at[&(unit[i], period[i])] != i).collect();
        return Err(
            Error::invalid("a unit has two rows of one period", "keep one row per unit and time").at_rows(twice)
        );
    }
    let refusals: Vec<Option<&str>> = (0..units.count()).map(|i| radial::refusal(units, i)).collect();
    let usable: Vec<usize> = (0..units.count()).filter(|&i| refusals[i].is_none()).collect();
    let index = distances(units, period, &usable, options.rts, true, options);
    let split = options.decomposition != Decomposition::Fgnz;
    let variable = (options.rts == Rts::Crs).then(|| distances(units, period, &usable, Rts::Vrs, split, options));
    let mut changes = vec![Change::default(); units.count()];
    // In the order of `at` a unit's periods ascend, so the chain up to the period before is there already.
    for (&(u, p), &later) in &at {
        let Some(&earlier) = p.checked_sub(1).and_then(|before| at.get(&(u, before))) else { continue };
        let refused = [earlier, later].iter().find_map(|&i| refusals[i]);
        let parts = match refused {
            Some(reason) => Err(NoScore::refused(reason)),
            None => parts(&index, variable.as_ref(), earlier, later, options),
        };
        let mut change = Change::new(parts, options.model);
        let first = changes[earlier].status.is_none();
        change.cumulative = match (first, changes[earlier].cumulative, change.index) {
            (true, _, index) => index,
            (false, Some(chain), Some(index)) if options.model == ProductivityModel::Luenberger => Some(chain + index),
            (false, Some(chain), Some(index)) => Some(chain * index),
            _ => None,
        };
        changes[later] = change;
    }
    let notes = notes(&changes, options);
    Ok(Productivity { changes, notes })
}

/// ln of index, EC, TC, PEC, SEC, STC of one unit between two observations.
type Parts = [Option<f64>; 6];

/// What the index of one unit between two observations is made of.
fn parts(
    index: &Distances,
    variable: Option<&Distances>,
    earlier: usize,
    later: usize,
    options: &Malmquist,
) -> Scored<Parts> {
    let total = index.change(earlier, later, options)?;
    let efficiency = index.catching_up(earlier, later)?;
    let technical = total - efficiency;
    let Some(variable) = variable else {
        return Ok([Some(total), Some(efficiency), Some(technical), Some(efficiency), None, None]);
    };
    let pure = variable.catching_up(earlier, later)?;
    let (technical, scale, shift) = match options.decomposition {
        Decomposition::Fgnz => (technical, efficiency - pure, None),
        Decomposition::RayDesli => {
            let frontier = variable.change(earlier, later, options)? - pure;
            (frontier, total - frontier - pure, None)
        }
        Decomposition::Zofio => {
            let frontier = variable.change(earlier, later, options)? - pure;
            (frontier, efficiency - pure, Some(technical - frontier))
        }
    };
    Ok([Some(total), Some(efficiency), Some(technical), Some(pure), Some(scale), shift])
}

impl Distances {
    /// ln M between two observations of a unit.
    fn change(&self, earlier: usize, later: usize, options: &Malmquist) -> Scored<f64> {
        let (ahead, behind) = (self.next[earlier].clone()?, self.previous[later].clone()?);
        match options.technology {
            Reference::Global | Reference::Biennial => Ok(behind - ahead),
            Reference::Adjacent | Reference::Sequential | Reference::Window => {
                Ok(0.5 * (behind - self.own[earlier].clone()? + self.own[later].clone()? - ahead))
            }
        }
    }

    /// EC between two observations of a unit.
    fn catching_up(&self, earlier: usize, later: usize) -> Scored<f64> {
        Ok(self.own[later].clone()? - self.own[earlier].clone()?)
    }
}

impl Change {
    fn new(parts: Scored<Parts>, model: ProductivityModel) -> Self {
        let value = |q: Option<f64>| if model == ProductivityModel::Luenberger { q } else { q.map(f64::exp) };
        match parts {
            Err(NoScore { status, reason }) => Change { status: Some(status), reason, ..Change::default() },
            Ok(parts) => {
                let [index, efficiency, technical, pure, scale, shift] = parts.map(value);
                Change {
                    index,
                    efficiency_change: efficiency,
                    technical_change: technical,
                    pure_efficiency_change: pure,
                    scale_efficiency_change: scale,
                    scale_technical_change: shift,
                    status: Some(Status::Optimal),
                    ..Change::default()
                }
            }
        }
    }
}

/// q of the `usable` observations under `rts`; `cross` asks for the technologies of other periods too.
fn distances(units: &Units, period: &[u32], usable: &[usize], rts: Rts, cross: bool, options: &Malmquist) -> Distances {
    let blank = || vec![Err(NoScore::new(Status::Refused)); units.count()];
    let mut all = Distances { own: blank(), next: blank(), previous: blank() };
    let periods = period.iter().max().map_or(0, |&last| last + 1);
    let within = |from: u32, to: u32| -> Vec<usize> {
        usable.iter().copied().filter(|&i| (from..=to).contains(&period[i])).collect()
    };
    let back = match options.technology {
        Reference::Sequential => u32::MAX,
        Reference::Window => u32::try_from(options.window).unwrap_or(u32::MAX) - 1,
        Reference::Adjacent | Reference::Global | Reference::Biennial => 0,
    };
    let pooled = matches!(options.technology, Reference::Global | Reference::Biennial);
    for s in 0..periods {
        let against = Against::new(units, within(s.saturating_sub(back), s), rts, options);
        against.fill(&within(s, s), &mut all.own);
        if cross && !pooled {
            if s > 0 {
                against.fill(&within(s - 1, s - 1), &mut all.next);
            }
            against.fill(&within(s + 1, s + 1), &mut all.previous);
        }
        if cross && options.technology == Reference::Biennial && s > 0 {
            let both = Against::new(units, within(s - 1, s), rts, options);
            both.fill(&within(s - 1, s - 1), &mut all.next);
            both.fill(&within(s, s), &mut all.previous);
        }
    }
    if cross && options.technology == Reference::Global {
        Against::new(units, usable.to_vec(), rts, options).fill(usable, &mut all.next);
        all.previous = all.next.clone();
    }
    all
}

/// One reference with the distances to it.
struct Against<'a> {
    units: &'a Units,
    /// Ascending.
    reference: Vec<usize>,
    distance: Distance,
}

impl<'a> Against<'a> {
    fn new(units: &'a Units, reference: Vec<usize>, rts: Rts, options: &Malmquist) -> Self {
        let distance = Distance::new(units, &reference, rts, options);
        Against { units, reference, distance }
    }

    /// Writes q of `observations` into their places of `into`.
    fn fill(&self, observations: &[usize], into: &mut [Scored<f64>]) {
        if self.reference.is_empty() {
            return;
        }
        let q = |&i: &usize| {
            let standing = self.reference.binary_search(&i).map_or(Standing::Outside, Standing::Member);
            self.distance.at(&self.units.point(i), standing)
        };
        let values: Vec<Scored<f64>> = observations.par_iter().map(q).collect();
        for (&i, value) in observations.iter().zip(values) {
            into[i] = value;
        }
    }
}

/// Options that exclude each other, and data that they cannot take.
fn check(units: &Units, unit: &[u32], period: &[u32], options: &Malmquist) -> Result<()> {
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
    let radial = options.model == ProductivityModel::Radial;
    let wrong = match () {
        () if radial && options.orientation == Orientation::None => {
            Some(("a radial index has an orientation", "set `orientation` to `input` or `output`"))
        }
        () if radial && units.number(Kind::Bad) > 0 => {
            Some(("a radial index gives no credit for less of `bads`", "set `model` to `directional` or `luenberger`"))
        }
        () if !matches!(options.rts, Rts::Crs | Rts::Vrs) => {
            Some(("an index has constant or variable returns", "set `rts` to `crs` or `vrs`"))
        }
        () if options.rts == Rts::Vrs && options.decomposition != Decomposition::Fgnz => {
            Some(("an index under variable returns has no part of scale to split", "leave `decomposition` out"))
        }
        () if options.technology == Reference::Window && options.window == 0 => {
            Some(("`window` is 0, a frontier of no period", "give at least 1"))
        }
        () => None,
    };
    wrong.map_or(Ok(()), |(what, remedy)| Err(Error::invalid(what, remedy)))
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
        notes.push(format!("{infeasible} indices are infeasible against the frontier of another period{way_out}"));
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
