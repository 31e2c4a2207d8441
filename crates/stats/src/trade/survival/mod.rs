//! Survival of export relations: how long a unit keeps selling a product to a market.
//!
//! A *relation* is a unit, a product and (where known) a market; a *spell* is its years of positive exports without
//! interruption. A relation that stops and comes back has several spells.
//!
//! ```text
//! Ŝ(d) = Π_{e ≤ d} (1 - f_e / n_e)          Kaplan and Meier (1958), J. Am. Stat. Assoc. 53
//! Var  = Ŝ² Σ f_e / (n_e (n_e - f_e))       Greenwood (1926)
//! ```
//!
//! with n_e the spells that last e years at least and f_e those that end after e. Intervals are those of ln(-ln Ŝ),
//! which stay between 0 and 1. Besedeš and Prusa (2006), "Ins, outs, and the duration of trade", Canadian Journal of
//! Economics 39(1), brought it to trade.
//!
//! **What is known.** A spell fails when the unit is observed (has any record) in the years after and the relation is
//! not among them. A spell that reaches the unit's last year, or the year before a gap of the unit, is right-censored;
//! one that begins in the unit's first year, or after a gap, is left-censored: its age is not known. `left_censored =
//! drop` leaves those out (their hazard belongs to an unknown age); `keep` counts them from the first year seen. A
//! record whose value is missing tells neither life nor death: that year of the relation is not observed, as if the
//! unit were not.
//!
//! **Gaps.** With `gap = g` an absence of up to g years in which the unit was observed does not end a spell (short
//! absences are often a matter of reporting): the two parts are one spell, whose length counts the years between. A
//! spell is then known to have failed after g + 1 absent years only.
//!
//! The columns are those of a discrete-time hazard model (Hess and Persson 2012, "The duration of trade revisited",
//! Empirical Economics 43): one row for each year at risk, `event` one in the last year of a spell that fails. A
//! complementary log-log regression of `event` with effects of `duration` is Prentice and Gloeckler's (1978) grouped
//! proportional hazard: `fit cloglog --formula "event ~ x | duration"`.

mod kaplan_meier;

pub use kaplan_meier::{LifeRow, kaplan_meier};

use super::cells::RecordCount;
use super::records::Records;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Survival of export relations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Survival {
    /// The column of products.
    pub product: String,
    /// The column of markets; without it a relation is a unit and a product.
    pub market: Option<String>,
    /// The column of values; a relation is alive in a year whose values add up to more than zero.
    pub value: String,
    /// Years of absence that do not end a spell: 0 or 1 are usual.
    pub gap: usize,
    /// Spells that were alive when the unit was first seen: `drop` them from the life table, or `keep` them from then on.
    pub left_censored: LeftCensored,
    /// Duration, in years, at which the survival of each unit is listed.
    pub horizon: usize,
}

impl Default for Survival {
    fn default() -> Self {
        // The first year is where most relations end; a spell of unknown age has no place in a life table.
        Survival {
            product: String::new(),
            market: None,
            value: String::new(),
            gap: 0,
            left_censored: LeftCensored::Drop,
            horizon: 1,
        }
    }
}

/// What is done with spells whose beginning was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftCensored {
    /// Leave them out.
    #[default]
    Drop,
    /// Count their age from the first year seen.
    Keep,
}

/// A spell of one relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// Code of the unit.
    pub unit: u32,
    /// First year.
    pub from: i64,
    /// Last year with exports.
    pub to: i64,
    /// Which spell of its relation, from 1.
    pub number: usize,
    /// Whether its end was seen.
    pub failed: bool,
    /// Whether its beginning was not seen.
    pub left_censored: bool,
}

impl Spell {
    /// Years from the first to the last, bridged gaps included.
    pub fn duration(&self) -> usize {
        (self.to - self.from) as usize + 1
    }
}

/// What one record says of its relation; NaN is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AtRisk {
    /// Age of the spell in this year, from 1.
    pub duration: f64,
    /// 1 in the last year of a spell that fails, else 0.
    pub event: f64,
    /// Which spell of its relation, from 1.
    pub spell: f64,
    /// 1 where the beginning of the spell was not seen.
    pub left_censored: f64,
}

const NOT_AT_RISK: AtRisk = AtRisk { duration: f64::NAN, event: f64::NAN, spell: f64::NAN, left_censored: f64::NAN };

/// Survival in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct UnitSurvival {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Spells in the life table.
    pub spells: usize,
    /// Those that failed.
    pub failures: usize,
    /// Ŝ at the horizon; missing where no spell is seen that long.
    pub survival: Option<f64>,
    /// Greenwood's standard error.
    pub std_error: Option<f64>,
    /// Shortest duration with Ŝ of one half or less, where there is one.
    pub median: Option<usize>,
}

/// What the records were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SurvivalCount {
    /// Records read.
    pub records: usize,
    /// Records added to an earlier one of the same cell.
    pub duplicates: usize,
    /// Records whose value is zero.
    pub zeros: usize,
    /// Relations that were ever alive.
    pub relations: usize,
    /// Their spells.
    pub spells: usize,
    /// Spells whose end was seen.
    pub failures: usize,
    /// Spells whose beginning was not seen.
    pub left_censored: usize,
    /// Absences that were bridged.
    pub bridged: usize,
    /// Years in them: at risk, but without a record.
    pub bridged_years: usize,
    /// Years of relations whose value is missing: not observed.
    pub unobserved: usize,
}

/// Survival of the relations of the records.
#[derive(Debug, Clone, PartialEq)]
pub struct SurvivalMeasure {
    /// One for each record, in order of the data; the first record of a cell carries it.
    pub at_risk: Vec<AtRisk>,
    /// Every spell, in order of unit, product, market and year.
    pub spells: Vec<Spell>,
    /// Life table of all units.
    pub table: Vec<LifeRow>,
    /// Survival by unit, in order of unit code.
    pub units: Vec<UnitSurvival>,
    /// Counts.
    pub sample: SurvivalCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A relation in a year in which it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Alive {
    /// Unit, product and market.
    relation: (u32, u32, u32),
    time: i64,
}

/// Spells, life tables and years at risk of the relations of the records; duplicate records are added up, and a record
/// whose value is missing makes its year one that is not observed.
pub fn survival(options: &Survival, records: &Records) -> Result<SurvivalMeasure> {
    if options.gap > 100 || options.horizon == 0 {
        return Err(Error::invalid(
            format!("`gap` is {} and `horizon` is {}", options.gap, options.horizon),
            "give a gap of 0 to 100 years and a horizon of one year or more",
        ));
    }
    let cells = records.with_value()?.cells()?;
    let RecordCount { records: read, duplicates, zeros } = cells.count;
    let mut sample = SurvivalCount { records: read, duplicates, zeros, ..Default::default() };
    let mut seen: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    cells.baskets().for_each(|basket| seen.entry(basket.unit).or_default().push(basket.time));
    let alive = cells.baskets().flat_map(|basket| {
        let alive = basket.cells.iter().filter(|c| c.value > 0.0);
        alive.map(move |c| Alive { relation: (basket.unit, c.product, c.market), time: basket.time })
    });
    let mut alive: Vec<Alive> = alive.collect();
    if alive.is_empty() {
        return Err(Error::invalid("no value is positive, so that no relation was ever alive", "check `value`"));
    }
    alive.sort_unstable();
    let unknown: BTreeSet<Alive> = (0..records.value.len())
        .filter(|&r| records.value[r].is_nan())
        .map(|r| alive_in(records, r))
        .filter(|year| alive.binary_search(year).is_err())
        .collect();
    let mut spells: Vec<Spell> = Vec::new();
    let mut years: Vec<AtRisk> = Vec::with_capacity(alive.len());
    for cells in alive.chunk_by(|a, b| a.relation == b.relation) {
        sample.relations += 1;
        let relation = cells[0].relation;
        let of_relation = |time: i64| Alive { relation, time };
        sample.unobserved += unknown.range(of_relation(i64::MIN)..=of_relation(i64::MAX)).count();
        let observed = &seen[&relation.0];
        let is_seen = |year| observed.binary_search(&year).is_ok() && !unknown.contains(&of_relation(year));
        let times: Vec<i64> = cells.iter().map(|c| c.time).collect();
        let found = split(relation.0, &times, is_seen, options.gap, &mut sample);
        let mut at = 0;
        for spell in &found {
            while at < times.len() && times[at] <= spell.to {
                years.push(AtRisk {
                    duration: (times[at] - spell.from + 1) as f64,
                    event: f64::from(u8::from(spell.failed && times[at] == spell.to)),
                    spell: spell.number as f64,
                    left_censored: f64::from(u8::from(spell.left_censored)),
                });
                at += 1;
            }
        }
        spells.extend(found);
    }
    sample.spells = spells.len();
    sample.failures = spells.iter().filter(|s| s.failed).count();
    sample.left_censored = spells.iter().filter(|s| s.left_censored).count();
    let counted: Vec<Spell> =
        (spells.iter().copied()).filter(|s| options.left_censored == LeftCensored::Keep || !s.left_censored).collect();
    if counted.is_empty() {
        return Err(Error::invalid(
            format!("each of the {} spells was alive when its unit was first seen: no age is known", spells.len()),
            "take more years, or set `left_censored = \"keep\"`",
        ));
    }
    let life = |spells: &[Spell]| kaplan_meier(&spells.iter().map(|s| (s.duration(), s.failed)).collect::<Vec<_>>());
    let units = counted.chunk_by(|a, b| a.unit == b.unit).map(|spells| in_unit(spells, &life(spells), options.horizon));
    Ok(SurvivalMeasure {
        at_risk: to_records(records, &alive, &years),
        table: life(&counted),
        units: units.collect(),
        notes: notes(options, &sample),
        sample,
        spells,
    })
}

/// The spells of a relation alive in `times` (ascending), observed in the years that are `seen`.
fn split(unit: u32, times: &[i64], seen: impl Fn(i64) -> bool, gap: usize, sample: &mut SurvivalCount) -> Vec<Spell> {
    let is_seen = |year: Option<i64>| year.is_some_and(&seen);
    let mut out: Vec<Spell> = Vec::new();
    for &t in times {
        let absent = out.last().map(|s| t - s.to - 1);
        if let (Some(spell), Some(absent)) = (out.last_mut(), absent) {
            // An absence counts as one only in years in which the unit was observed.
            if absent <= gap as i64 && (spell.to + 1..t).all(|y| is_seen(Some(y))) {
                sample.bridged += usize::from(absent > 0);
                sample.bridged_years += absent as usize;
                spell.to = t;
                continue;
            }
        }
        // As to the beginning: if the absent years before are too few to tell, the spell may be older.
        let left_censored = !(1..=gap as i64 + 1).all(|back| is_seen(t.checked_sub(back)));
        out.push(Spell { unit, from: t, to: t, number: out.len() + 1, failed: false, left_censored });
    }
    for spell in &mut out {
        spell.failed = (1..=gap as i64 + 1).all(|ahead| is_seen(spell.to.checked_add(ahead)));
    }
    out
}

fn in_unit(spells: &[Spell], table: &[LifeRow], horizon: usize) -> UnitSurvival {
    // Ŝ is a step function up to the longest duration seen, and beyond it only where nothing is left.
    let longest = table.last().map_or(0, |r| r.duration);
    let row = table.iter().rev().find(|r| r.duration <= horizon);
    let known = |r: &&LifeRow| horizon <= longest || r.survival == 0.0;
    UnitSurvival {
        unit: spells[0].unit,
        spells: spells.len(),
        failures: spells.iter().filter(|s| s.failed).count(),
        survival: row.map_or(Some(1.0), |r| Some(r).filter(known).map(|r| r.survival)),
        // Before the first end Ŝ is one, and Greenwood's sum is empty.
        std_error: row.map_or(Some(0.0), |r| Some(r).filter(known).and_then(|r| r.std_error)),
        median: table.iter().find(|r| r.survival <= 0.5).map(|r| r.duration),
    }
}

/// What a record would be alive as.
fn alive_in(records: &Records, r: usize) -> Alive {
    let market = records.market.as_ref().map_or(0, |m| m.codes[r]);
    Alive { relation: (records.unit.codes[r], records.product.codes[r], market), time: records.time[r] }
}

/// The years at risk under the first record of their cell; `alive` is in order of relation and year, as `years` are.
fn to_records(records: &Records, alive: &[Alive], years: &[AtRisk]) -> Vec<AtRisk> {
    let mut used = vec![false; years.len()];
    (0..records.value.len())
        .map(|r| match alive.binary_search(&alive_in(records, r)) {
            Ok(i) if !used[i] && !records.value[r].is_nan() => {
                used[i] = true;
                years[i]
            }
            _ => NOT_AT_RISK,
        })
        .collect()
}

fn notes(options: &Survival, sample: &SurvivalCount) -> Vec<String> {
    let left = match options.left_censored {
        LeftCensored::Drop => "spells were alive when their unit was first seen and are not in the life table",
        LeftCensored::Keep => "spells were alive when their unit was first seen: their age counts from then on",
    };
    let bridged = format!(
        "absences of up to {} years are bridged; their {} years are at risk and have no row for a hazard model",
        options.gap, sample.bridged_years
    );
    [
        (sample.left_censored, left),
        (sample.bridged, bridged.as_str()),
        (
            sample.unobserved,
            "years of relations miss their value: they are not observed, spells before them are censored and those after them left-censored",
        ),
        (sample.duplicates, "records repeat a cell: the first one carries its columns"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect()
}
