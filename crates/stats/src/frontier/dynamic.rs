//! Dynamic slacks-based measure: units observed over T periods, with carry-overs that one period hands to the next.
//!
//! In period t a unit uses inputs X_t, makes outputs Y_t and hands over Z_t: *good* carry-overs, of which less is a
//! shortfall (retained profit), *bad* ones, of which more is an excess (bad loans), *free* ones, which may be what they
//! like, and *fixed* ones, which must stay what they are. Each period has intensities λ_t of its own, and what the
//! target of t hands over is what the target of t + 1 takes:
//!
//! ```text
//! min ρ = Σ_t N_t / Σ_t D_t
//! N_t = 1 - (Σ s⁻_t/x_ot + Σ sᵇ_t/zᵇ_ot) / (m + bad)        D_t = 1 + (Σ s⁺_t/y_ot + Σ sᵍ_t/zᵍ_ot) / (s + good)
//! s.t.  X_t'λ_t + s⁻_t = x_ot,    Y_t'λ_t - s⁺_t = y_ot,    λ_t ∈ Λ,    s ≥ 0          t = 1..T
//!       Zᵇ_t'λ_t + sᵇ_t = zᵇ_ot,  Zᵍ_t'λ_t - sᵍ_t = zᵍ_ot,  Zᶠⁱˣ_t'λ_t = zᶠⁱˣ_ot
//!       Z_t'λ_t = Z_t'λ_{t+1}     for every carry-over                                 t = 1..T-1
//! ```
//!
//! (Tone and Tsutsui 2010, with equal weights of periods and of variables). The input-oriented measure has D_t = 1, the
//! output-oriented one N_t = 1. ρ is the minimum exactly if min ΣN - ρΣD = 0 (Dinkelbach 1967): each step is one linear
//! program of T blocks of n columns at the last ratio and from the last basis, and the certificate of the last one proves
//! ρ. A slack of a value that is zero cannot be divided by it: it is left out and not counted (Tone 2001).
//!
//! The efficiency of a period is N_t/D_t at the optimum. ρ is unique; its parts need not be, as several targets can attain
//! ρ: they are those of one such target, always the same one for the same data.
//!
//! ```
//! use plim_stats::frontier::dynamic::{DynamicDea, Panel, Role, dynamic};
//! use plim_stats::math::Mat;
//! // Two units in two periods, the first period first; the second unit makes as much of twice the input in each.
//! let x = Mat::from_fn(4, 1, |i, _| [1.0, 2.0, 1.0, 2.0][i]);
//! let y = Mat::from_fn(4, 1, |_, _| 1.0);
//! let panel = Panel::new(2, &[(Role::Input, &x), (Role::Output, &y)]).unwrap();
//! let options = DynamicDea { inputs: vec!["x".into()], outputs: vec!["y".into()], ..DynamicDea::default() };
//! let scores = dynamic(&panel, &options).unwrap();
//! assert_eq!(scores.units[0].efficiency, Some(1.0));
//! assert!((scores.units[1].efficiency.unwrap() - 0.5).abs() < 1e-12);
//! ```
//!
//! K. Tone and M. Tsutsui (2010), "Dynamic DEA: a slacks-based measure approach", Omega 38. W. Dinkelbach (1967), "On
//! nonlinear fractional programming", Management Science 13(7).

mod block;

use super::Status;
use super::dea::technology::{NoScore, Scored};
use super::dea::{Orientation, Rts};
use super::shares::Split;
use crate::math::Mat;
use crate::{Error, Kind, Result};
use block::Blocks;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Dynamic efficiency over periods that are linked by carry-overs (dynamic SBM), on a balanced panel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DynamicDea {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Columns of what a period hands to the next and more of is better, such as retained profit; nonnegative.
    pub carry_good: Vec<String>,
    /// Columns of what a period hands to the next and less of is better, such as bad loans; nonnegative.
    pub carry_bad: Vec<String>,
    /// Columns of what a period hands to the next and a unit may choose as it likes; nonnegative.
    pub carry_free: Vec<String>,
    /// Columns of what a period hands to the next and a unit cannot change; nonnegative.
    pub carry_fixed: Vec<String>,
    /// Returns to scale of each period's frontier: `vrs`, `crs`, `nirs` or `ndrs`.
    pub rts: Rts,
    /// Which slacks count: of inputs and bad carry-overs, of outputs and good carry-overs, or of all (`none`).
    pub orientation: Orientation,
}

impl Default for DynamicDea {
    fn default() -> Self {
        DynamicDea {
            inputs: Vec::new(),
            outputs: Vec::new(),
            carry_good: Vec::new(),
            carry_bad: Vec::new(),
            carry_free: Vec::new(),
            carry_fixed: Vec::new(),
            rts: Rts::default(),
            orientation: Orientation::None,
        }
    }
}

impl DynamicDea {
    /// The columns by role, in the order that a [`Panel`] for these options has its variables.
    pub fn variables(&self) -> impl Iterator<Item = (Role, &String)> {
        let lists = [
            (Role::Input, &self.inputs),
            (Role::Output, &self.outputs),
            (Role::Good, &self.carry_good),
            (Role::Bad, &self.carry_bad),
            (Role::Free, &self.carry_free),
            (Role::Fixed, &self.carry_fixed),
        ];
        lists.into_iter().flat_map(|(role, names)| names.iter().map(move |name| (role, name)))
    }
}

/// What a variable is to a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Less is better.
    Input,
    /// More is better.
    Output,
    /// A carry-over of which more is better.
    Good,
    /// A carry-over of which less is better.
    Bad,
    /// A carry-over that may take any value.
    Free,
    /// A carry-over that keeps its value.
    Fixed,
}

impl Role {
    /// Whether one period hands it to the next.
    pub fn carried(self) -> bool {
        !matches!(self, Role::Input | Role::Output)
    }
}

/// Values of n units in each of T periods, a variable at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    units: usize,
    periods: usize,
    /// Role and nT values, period by period.
    variables: Vec<(Role, Vec<f64>)>,
}

impl Panel {
    /// From matrices with nT rows, those of the first period first and the units in the same order in each.
    pub fn new(periods: usize, blocks: &[(Role, &Mat<f64>)]) -> Result<Self> {
        let rows = blocks.first().map_or(0, |(_, M)| M.nrows());
        if rows == 0 || periods == 0 || !rows.is_multiple_of(periods) {
            return Err(Error::new(Kind::Empty {
                what: format!("a balanced panel of {rows} rows and {periods} periods"),
            }));
        }
        let mut variables = Vec::new();
        for (role, M) in blocks {
            if M.nrows() != rows {
                return Err(Error::length("a matrix of the panel", M.nrows(), rows));
            }
            variables.extend((0..M.ncols()).map(|j| (*role, (0..rows).map(|i| M[(i, j)]).collect())));
        }
        Ok(Panel { units: rows / periods, periods, variables })
    }

    /// n.
    pub fn units(&self) -> usize {
        self.units
    }

    /// T.
    pub fn periods(&self) -> usize {
        self.periods
    }

    /// Value of a variable for a unit in a period.
    pub fn at(&self, variable: usize, period: usize, unit: usize) -> f64 {
        self.variables[variable].1[period * self.units + unit]
    }

    /// What each variable is.
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.variables.iter().map(|v| v.0)
    }

    /// Why a unit is outside the model, if so.
    fn refusal(&self, unit: usize) -> Option<NoScore> {
        let values = |wanted: Option<Role>, t: usize| {
            let of = move |(_, role): &(usize, Role)| wanted.is_none_or(|w| w == *role);
            self.roles().enumerate().filter(of).map(move |(v, _)| self.at(v, t, unit))
        };
        for t in 0..self.periods {
            let period = t + 1;
            if values(None, t).any(|v| v < 0.0) {
                return Some(NoScore::refused(format!("a variable is negative in period {period}")));
            }
            for (role, what) in [(Role::Input, "inputs"), (Role::Output, "outputs")] {
                if values(Some(role), t).all(|v| v == 0.0) {
                    return Some(NoScore::refused(format!("all {what} are zero in period {period}")));
                }
            }
        }
        None
    }
}

/// Scores of one unit; without an optimum there are none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DynamicUnit {
    /// ρ over all periods; one is efficient, more is better.
    pub efficiency: Option<f64>,
    /// Efficiency of each period at the target that attains ρ, T.
    pub periods: Option<Vec<f64>>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Scores of all units, in their order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DynamicScores {
    /// One per unit.
    pub units: Vec<DynamicUnit>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Scores every unit against the frontiers of all of them.
pub fn dynamic(panel: &Panel, options: &DynamicDea) -> Result<DynamicScores> {
    check(panel, options)?;
    let refusals: Vec<Option<NoScore>> = (0..panel.units).map(|i| panel.refusal(i)).collect();
    let reference: Vec<usize> = (0..panel.units).filter(|&i| refusals[i].is_none()).collect();
    let blocks = Blocks::new(panel, &reference, options);
    let scored: Vec<Scored<Split>> = (0..reference.len()).into_par_iter().map(|own| blocks.score(own)).collect();
    let mut scored = scored.into_iter();
    let unit = |refusal: Option<NoScore>| match refusal
        .map_or_else(|| scored.next().expect("one score for each unit of the reference"), Err)
    {
        Ok(Split { overall, parts }) => {
            DynamicUnit { efficiency: Some(overall), periods: Some(parts), status: Status::Optimal, reason: None }
        }
        Err(NoScore { status, reason }) => DynamicUnit { efficiency: None, periods: None, status, reason },
    };
    let units: Vec<DynamicUnit> = refusals.into_iter().map(unit).collect();
    let notes = notes(panel, &units);
    Ok(DynamicScores { units, notes })
}

/// Options that the model cannot honor, and data that it cannot take.
fn check(panel: &Panel, options: &DynamicDea) -> Result<()> {
    for (names, what) in [(&options.inputs, "inputs"), (&options.outputs, "outputs")] {
        if names.is_empty() {
            return Err(Error::invalid(
                format!("no {what} are named"),
                format!("list the columns of {what}, for example `{what} = [\"a\", \"b\"]`"),
            ));
        }
    }
    if matches!(options.rts, Rts::Fdh | Rts::FdhPlus | Rts::Grs) {
        return Err(Error::invalid(
            "the dynamic model has no free disposal hull and no generalized returns to scale",
            "set `rts` to `vrs`, `crs`, `nirs` or `ndrs`",
        ));
    }
    let named: Vec<(Role, &String)> = options.variables().collect();
    if !named.iter().map(|v| v.0).eq(panel.roles()) {
        return Err(Error::length("the variables of the panel", panel.variables.len(), named.len()));
    }
    for (v, (_, name)) in named.iter().enumerate() {
        let values = panel.variables[v].1.iter().enumerate();
        let bad: Vec<usize> = values.filter(|(_, x)| !x.is_finite()).map(|(row, _)| row).collect();
        if !bad.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_column(*name).at_rows(bad));
        }
        if named[..v].iter().any(|other| other.1 == *name) {
            return Err(Error::invalid("is named twice among the variables", "name it once").at_column(*name));
        }
    }
    Ok(())
}

fn notes(panel: &Panel, units: &[DynamicUnit]) -> Vec<String> {
    let mut notes = Vec::new();
    let n = units.len();
    let refused = units.iter().filter(|u| u.status == Status::Refused).count();
    if refused > 0 {
        notes.push(format!(
            "{refused} of {n} units were refused (see `reason`); units whose data are outside the method do not span the \
             frontiers"
        ));
    }
    let measured = |v: usize| !matches!(panel.variables[v].0, Role::Free | Role::Fixed);
    let zero = |i: usize| {
        (0..panel.variables.len()).any(|v| measured(v) && (0..panel.periods).any(|t| panel.at(v, t, i) == 0.0))
    };
    let zeros = (0..n).filter(|&i| units[i].efficiency.is_some() && zero(i)).count();
    if zeros > 0 {
        notes.push(format!("{zeros} of {n} units have zeros: slacks of those are left out and not counted"));
    }
    if panel.periods > 1 {
        notes.push(
            "the split of the overall efficiency into periods need not be unique; it is that of one optimum".into(),
        );
    }
    notes
}
