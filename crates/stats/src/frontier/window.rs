//! Window analysis: data envelopment with a frontier for each run of successive periods.
//!
//! With periods 1..T and windows of width w, window k holds all observations of periods k..k+w-1, each of them a unit of
//! its own:
//!
//! ```text
//! θ_k(i, t)   radial efficiency of unit i in period t against the observations of window k,   k ≤ t ≤ k+w-1
//! mean        θ̄(i, t) = average of θ_k(i, t) over the windows that hold t
//! range       max_k θ_k(i, t) - min_k θ_k(i, t)
//! ```
//!
//! A window has w times as many units as a period, so that few units can be told apart; the frontier is taken to stand
//! still within it. A large range says that it does not. Width one is a frontier for each period, width T one for all.
//! Periods at the ends are in fewer windows than those in the middle.
//!
//! Charnes, A., C. T. Clark, W. W. Cooper and B. Golany (1985), "A developmental study of data envelopment analysis in
//! measuring the efficiency of maintenance units in the U.S. air forces", Annals of Operations Research 2.

use super::Status;
use super::dea::{Dea, Orientation, Rts, Unit, Units, dea};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Window analysis: efficiency against the frontiers of overlapping runs of periods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WindowDea {
    /// Columns of inputs, nonnegative; less is better.
    pub inputs: Vec<String>,
    /// Columns of outputs, nonnegative; more is better.
    pub outputs: Vec<String>,
    /// Periods in a window. Three by default, as most applications have.
    pub width: usize,
    /// Returns to scale of the frontier. Variable by default: cities and countries differ in size.
    pub rts: Rts,
    /// What is scaled to reach the frontier: all inputs down, or all outputs up.
    pub orientation: Orientation,
}

impl Default for WindowDea {
    fn default() -> Self {
        WindowDea {
            inputs: Vec::new(),
            outputs: Vec::new(),
            width: 3,
            rts: Rts::default(),
            orientation: Orientation::default(),
        }
    }
}

/// Scores of one observation; without an optimum the numbers are `None`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowUnit {
    /// Efficiency in each window that holds the observation, earliest first.
    pub windows: Vec<f64>,
    /// Their mean.
    pub efficiency: Option<f64>,
    /// Largest less smallest.
    pub range: Option<f64>,
    /// What became of it.
    pub status: Status,
    /// Why it was refused.
    pub reason: Option<String>,
}

impl WindowUnit {
    /// From the scores in all windows: one that has no score leaves none, for a mean of the rest is of other frontiers.
    fn new(scores: Vec<Unit>) -> Self {
        match scores.iter().find(|unit| unit.status != Status::Optimal) {
            Some(without) => {
                let (status, reason) = (without.status, without.reason.clone());
                WindowUnit { windows: Vec::new(), efficiency: None, range: None, status, reason }
            }
            None => {
                let windows: Vec<f64> = scores.iter().filter_map(|unit| unit.efficiency).collect();
                let mean = windows.iter().sum::<f64>() / windows.len() as f64;
                let (least, most) = windows.iter().fold((f64::INFINITY, 0.0), |(a, b), &e| (e.min(a), e.max(b)));
                let (efficiency, range) = (Some(mean.clamp(least, most)), Some(most - least));
                WindowUnit { windows, efficiency, range, status: Status::Optimal, reason: None }
            }
        }
    }
}

/// Scores of all observations, in row order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowScores {
    /// One per row.
    pub units: Vec<WindowUnit>,
    /// First and last time of each window.
    pub windows: Vec<[i64; 2]>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Scores every observation in every window that holds its time.
///
/// Periods are the times that occur, in order: a time that no row has is no period and leaves no gap.
pub fn window_dea(units: &Units, times: &[i64], options: &WindowDea) -> Result<WindowScores> {
    let n = units.count();
    if times.len() != n {
        return Err(Error::length("the times", times.len(), n));
    }
    let mut periods = times.to_vec();
    periods.sort_unstable();
    periods.dedup();
    let width = options.width;
    if !(1..=periods.len().max(1)).contains(&width) {
        return Err(Error::invalid(
            format!("`width` is {width}, and the data have {} periods", periods.len()),
            format!("give a width from 1 to {}", periods.len().max(1)),
        ));
    }
    let (inputs, outputs) = (options.inputs.clone(), options.outputs.clone());
    let radial = Dea { inputs, outputs, rts: options.rts, orientation: options.orientation, ..Dea::default() };
    let mut scores: Vec<Vec<Unit>> = vec![Vec::with_capacity(width); n];
    let mut windows = Vec::new();
    let mut notes: Vec<(String, usize)> = Vec::new();
    for run in periods.windows(width) {
        let (first, last) = (run[0], run[width - 1]);
        let members: Vec<usize> = (0..n).filter(|&i| (first..=last).contains(&times[i])).collect();
        let window = dea(&units.select(&members), &radial).map_err(|mut e| {
            e.rows.iter_mut().for_each(|row| *row = members[*row]);
            e
        })?;
        members.iter().zip(window.units).for_each(|(&i, unit)| scores[i].push(unit));
        windows.push([first, last]);
        for note in window.notes {
            match notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, count)) => *count += 1,
                None => notes.push((note, 1)),
            }
        }
    }
    let count = windows.len();
    let notes = notes.into_iter().map(|(note, of)| format!("in {of} of {count} windows: {note}")).collect();
    Ok(WindowScores { units: scores.into_iter().map(WindowUnit::new).collect(), windows, notes })
}
