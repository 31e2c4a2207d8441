//! Episodes of contraction: from a peak down to a trough, and back to the old peak.
//!
//! Dates come from the analyst, from the nation (one chronology for all units), or from each unit's own path (Sensier,
//! Bristow and Healy 2016, "Measuring regional economic resilience across Europe", Spatial Economic Analysis 11(2)).
//! They are detected in the sense of Bry and Boschan (1971), in years: X turns down at a peak and up at a trough, peaks
//! and troughs alternate, a contraction lasts `min_phase` years at least, and so does the rise to the next peak unless
//! it regains the old one. A turn counts when X moves away from it by `min_depth` of its value at least: a dip that is
//! smaller is part of the expansion. Of equal values the last is the turn; values that differ by rounding are equal.
//!
//! With a peak at p, a trough at q, and the old peak recovered at r (X ≥ X_p again, linear between two years):
//!
//! ```text
//! depth            X_q / X_p - 1
//! duration         q - p
//! recovered        r;   recovery_time = r - q
//! loss_area        Σ max(0, 1 - X_t/X_p) over the years from p to r: the resilience triangle, in years of peak exports
//! recovery_ratio   (X_e - X_q) / (X_p - X_q),  e the next peak, or the last year
//! ```
//!
//! An episode whose old peak is not reached within the consecutive years of the unit is `censored`: r is missing, and
//! `loss_area` is what was lost so far.

mod turns;

pub use turns::{Turn, turns};

use super::resilience::Window;
use super::rounding::settled_levels;
use super::series::{Run, Years, matched, observed, runs};
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Contractions of exports: depth, duration, recovery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Episodes {
    /// The column of export values: one row a unit and year.
    pub value: String,
    /// Who dates the episodes: each `unit` by its own path, or the `nation` for all units.
    pub dating: Dating,
    /// The analyst's dates instead: years of peak and trough for all units, `PEAK:TROUGH`.
    pub contraction: Option<Window>,
    /// Last year that counts for recovery; by default the last of the data.
    pub end: Option<i64>,
    /// Fewest years of a contraction, and of a rise that does not regain the old peak.
    pub min_phase: usize,
    /// Smallest move away from a turn, as a share of its value: 0.05 ignores dips below 5 %.
    pub min_depth: f64,
}

impl Default for Episodes {
    fn default() -> Self {
        // One year is all that annual data can ask for; no dip is ignored unless the analyst says how small.
        Episodes {
            value: String::new(),
            dating: Dating::default(),
            contraction: None,
            end: None,
            min_phase: 1,
            min_depth: 0.0,
        }
    }
}

/// Whose path has the turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dating {
    /// Each unit's own.
    #[default]
    Unit,
    /// The nation's, for all units.
    Nation,
}

/// How an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The old peak was reached.
    Recovered,
    /// Exports turned up, the old peak was not reached in the data.
    Unrecovered,
    /// Exports still fall in the last year: the trough is the lowest so far.
    Falling,
    /// Under common dates: the unit lost nothing between peak and trough.
    NoLoss,
}

/// One episode of one unit, under the year of its peak; NaN is missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    /// Code of the unit.
    pub unit: u32,
    /// Year of the peak.
    pub peak: i64,
    /// Year of the trough.
    pub trough: i64,
    /// X_trough / X_peak - 1.
    pub depth: f64,
    /// Date at which the old peak is reached again.
    pub recovered: f64,
    /// Σ of the shortfalls from the old peak, in years of peak exports.
    pub loss_area: f64,
    /// Part of the fall that is made good at the next peak or in the last year.
    pub recovery_ratio: f64,
    /// How it ended.
    pub ending: Ending,
}

impl Episode {
    /// Whether the time of recovery is not known.
    pub fn censored(&self) -> bool {
        matches!(self.ending, Ending::Unrecovered | Ending::Falling)
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct EpisodeCount {
    /// Rows given.
    pub rows: usize,
    /// Rows whose value is missing.
    pub missing: usize,
    /// Units.
    pub units: usize,
    /// Units without an episode.
    pub without: usize,
    /// Episodes.
    pub episodes: usize,
    /// Episodes that are not over.
    pub censored: usize,
    /// Series that begin with a fall, whose peak was not seen: no episode.
    pub left_censored: usize,
    /// Under common dates: units not observed in every year from peak to trough, or zero at the peak.
    pub unobserved: usize,
}

/// Episodes of every unit.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodesMeasure {
    /// Episodes, in order of unit code and peak.
    pub episodes: Vec<Episode>,
    /// Peaks and troughs of the nation: year and whether it is a peak; empty unless the nation dates.
    pub nation: Vec<(i64, bool)>,
    /// Counts.
    pub sample: EpisodeCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Episodes of the units: `value` at (`unit`, `time`), NaN missing, at most one row each.
pub fn episodes(options: &Episodes, unit: &Factor, time: &[i64], value: &[f64]) -> Result<EpisodesMeasure> {
    if !(0.0..1.0).contains(&options.min_depth) {
        let remedy = "give a share from 0 to below 1, such as 0.05";
        return Err(Error::invalid(format!("`min_depth` is {}", options.min_depth), remedy));
    }
    if options.min_phase == 0 {
        return Err(Error::invalid("`min_phase` is 0", "a phase of annual data has one year or more"));
    }
    let mut years = observed(&options.value, unit, time, value)?;
    let given: Vec<u32> = years.values().flat_map(|units| units.keys().copied()).collect();
    if let Some(end) = options.end {
        years.retain(|&year, _| year <= end);
        if years.is_empty() {
            return Err(Error::invalid(format!("no value up to {end}, the `end`"), "give a year of the data"));
        }
    }
    let mut out = EpisodesMeasure {
        episodes: Vec::new(),
        nation: Vec::new(),
        sample: EpisodeCount {
            rows: value.len(),
            missing: value.iter().filter(|v| v.is_nan()).count(),
            units: given.iter().collect::<std::collections::BTreeSet<_>>().len(),
            ..Default::default()
        },
        notes: Vec::new(),
    };
    match (options.contraction, options.dating) {
        (Some(Window { from, to }), _) => {
            for year in [from, to] {
                if !years.contains_key(&year) {
                    return Err(Error::invalid(
                        format!("no value in {year}, a year of the contraction {from}:{to}"),
                        "take years of the data, not after `end`",
                    ));
                }
            }
            out.measure_common(&[(from, to, None, false)], &years, value);
        }
        (None, Dating::Nation) => {
            let (first, path) = nation(&years, value)?;
            let (found, left) = turns(&path, options.min_depth, options.min_phase);
            out.sample.left_censored = usize::from(left);
            out.nation = found.iter().map(|t| (first + t.at as i64, t.peak)).collect();
            let dates = contractions(&found)
                .map(|(p, q, next, falling)| {
                    let year = |at: usize| first + at as i64;
                    (year(p), year(q), next.map(year), falling)
                })
                .collect::<Vec<_>>();
            out.measure_common(&dates, &years, value);
        }
        (None, Dating::Unit) => {
            for run in runs(&years, |_| true) {
                let path = path(&run, value);
                let (found, left) = turns(&path, options.min_depth, options.min_phase);
                out.sample.left_censored += usize::from(left);
                for (p, q, next, falling) in contractions(&found) {
                    out.episodes.push(episode(&run, &path, [p, q], next, falling));
                }
            }
        }
    }
    out.count();
    Ok(out)
}

/// Values of a run, those that are the same but for rounding made one.
fn path(run: &Run, value: &[f64]) -> Vec<f64> {
    settled_levels(&run.rows.iter().map(|&row| value[row]).collect::<Vec<_>>(), 1)
}

/// Peak, trough, the peak after, and whether the trough is only the lowest so far.
type Contraction = (usize, usize, Option<usize>, bool);

/// The contractions among turns that alternate.
fn contractions(turns: &[Turn]) -> impl Iterator<Item = Contraction> + '_ {
    (0..turns.len()).filter(|&i| turns[i].peak).filter_map(|i| {
        let trough = turns.get(i + 1)?;
        Some((turns[i].at, trough.at, turns.get(i + 2).map(|t| t.at), !trough.confirmed))
    })
}

/// An episode of a run with values `x` (one a year).
fn episode(run: &Run, x: &[f64], [p, q]: [usize; 2], next: Option<usize>, falling: bool) -> Episode {
    let (peak, trough) = (x[p], x[q]);
    let year = |at: usize| run.from + at as i64;
    let base = Episode {
        unit: run.unit,
        peak: year(p),
        trough: year(q),
        depth: trough / peak - 1.0,
        recovered: f64::NAN,
        loss_area: 0.0,
        recovery_ratio: f64::NAN,
        ending: Ending::NoLoss,
    };
    if trough >= peak {
        return base;
    }
    // The first year after the trough with the old peak, or the end of the run.
    let back = (q + 1..x.len()).find(|&t| x[t] >= peak);
    let recovered = back.map_or(f64::NAN, |t| year(t - 1) as f64 + (peak - x[t - 1]) / (x[t] - x[t - 1]));
    let loss_area = x[p..back.unwrap_or(x.len())].iter().map(|v| (1.0 - v / peak).max(0.0)).sum();
    let end = x[next.unwrap_or(x.len() - 1)];
    let ending = match (back, falling) {
        (Some(_), _) => Ending::Recovered,
        (None, true) => Ending::Falling,
        (None, false) => Ending::Unrecovered,
    };
    Episode { recovered, loss_area, recovery_ratio: (end - trough) / (peak - trough), ending, ..base }
}

/// Index of the nation from its first year: growth between two years is that of the units observed in both.
fn nation(years: &Years, value: &[f64]) -> Result<(i64, Vec<f64>)> {
    let all: Vec<(&i64, &BTreeMap<u32, usize>)> = years.iter().collect();
    let (mut path, mut terms) = (vec![1.0], 0);
    for w in all.windows(2) {
        let ((from, then), (to, now)) = (w[0], w[1]);
        if to - from != 1 {
            return Err(Error::invalid(
                format!("no value between {from} and {to}, so that the nation has no path to date"),
                "take years without a gap, or set `dating = \"unit\"`",
            ));
        }
        let (pairs, _) = matched(then, now);
        let sum = |last: bool| pairs.iter().map(|&(a, b)| value[if last { b } else { a }]).sum::<f64>();
        let (before, after) = (sum(false), sum(true));
        if before <= 0.0 || after <= 0.0 {
            return Err(Error::invalid(
                format!("the units observed in both {from} and {to} export nothing in one of the two"),
                "the nation needs exports in every year",
            ));
        }
        path.push(path[path.len() - 1] * (after / before));
        terms += pairs.len();
    }
    // A step is off by the rounding of its two sums, a level by that of all steps.
    Ok((*all[0].0, settled_levels(&path, terms)))
}

impl EpisodesMeasure {
    /// Each unit over the same dates: peak, trough, next peak, and whether the nation still falls.
    fn measure_common(&mut self, dates: &[(i64, i64, Option<i64>, bool)], years: &Years, value: &[f64]) {
        let runs = runs(years, |_| true);
        let mut seen = 0;
        for run in &runs {
            let path = path(run, value);
            let at = |year: i64| usize::try_from(year - run.from).ok().filter(|&i| i < path.len());
            for &(p, q, next, falling) in dates {
                let (Some(p), Some(q)) = (at(p), at(q)) else { continue };
                if path[p] > 0.0 {
                    seen += 1;
                    self.episodes.push(episode(run, &path, [p, q], next.and_then(at), falling));
                }
            }
        }
        self.sample.unobserved = self.sample.units * dates.len() - seen;
    }

    fn count(&mut self) {
        self.episodes.sort_by_key(|e| (e.unit, e.peak));
        let with = self.episodes.chunk_by(|a, b| a.unit == b.unit).count();
        let sample = &mut self.sample;
        sample.episodes = self.episodes.len();
        sample.without = sample.units - with;
        sample.censored = self.episodes.iter().filter(|e| e.censored()).count();
        for (count, what) in [
            (sample.without, "units have no episode"),
            (sample.censored, "episodes have not recovered in the data: the date is missing, the loss is that so far"),
            (sample.left_censored, "series begin with a fall from a peak that is not seen: no episode"),
            (sample.unobserved, "units and contractions lack a year from peak to trough, or exports at the peak"),
        ] {
            if count > 0 {
                self.notes.push(format!("{count} {what}"));
            }
        }
    }
}
