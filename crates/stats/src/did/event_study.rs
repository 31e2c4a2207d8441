//! Event study: an effect for each period since treatment.
//!
//! ```text
//! y_it = Σ_{e ≠ reference} δ_e 1(t - g_i = e) + γ'z_it + α_i + λ_t + u_it
//! ```
//!
//! g_i is the first treated period of i; units that are never treated within the sample have no indicator. The
//! leads (e < 0) are zero under parallel trends and no anticipation; their joint test is in `tests`. With cohorts
//! treated at different times and effects that differ between them, δ_e mixes effects of other event times
//! (Sun and Abraham 2021).

use super::options::Cohorts;
use crate::{Error, Factor, Result};

/// Name of the indicator of one event time.
pub fn name(event_time: i64) -> String {
    format!("event_time::{event_time}")
}

/// The event time in a name, if it is one.
pub fn event_time(name: &str) -> Option<i64> {
    name.strip_prefix("event_time::")?.parse().ok()
}

/// The indicators (name, n) in ascending event time, the reference left out.
pub(super) fn indicators(
    cohorts: &Cohorts,
    unit: &Factor,
    time: &[f64],
    reference: i64,
    leads: Option<u32>,
    lags: Option<u32>,
) -> Result<Vec<(String, Vec<f64>)>> {
    let mut at: Vec<Option<i64>> = Vec::with_capacity(time.len());
    for (i, &t) in time.iter().enumerate() {
        let g = cohorts.of_unit[unit.codes[i] as usize];
        if g.is_nan() {
            at.push(None);
            continue;
        }
        let e = t - g;
        if e != e.round() || e.abs() > 1e9 {
            return Err(Error::invalid(
                format!("the event time {e} is not a whole number of periods"),
                "give time and cohort in whole periods (years, or quarters counted through)",
            )
            .at_rows([i]));
        }
        let mut e = e as i64;
        if let Some(leads) = leads {
            e = e.max(-i64::from(leads));
        }
        if let Some(lags) = lags {
            e = e.min(i64::from(lags));
        }
        at.push(Some(e));
    }
    let mut times: Vec<i64> = at.iter().flatten().copied().collect();
    times.sort_unstable();
    times.dedup();
    if !times.contains(&reference) {
        let seen: Vec<String> = times.iter().map(ToString::to_string).collect();
        return Err(Error::invalid(
            format!("no observation has the reference event time {reference}; there are {}", seen.join(", ")),
            "set `reference` to one of them, before treatment",
        ));
    }
    Ok((times.into_iter().filter(|&e| e != reference))
        .map(|e| (name(e), at.iter().map(|&a| f64::from(u8::from(a == Some(e)))).collect()))
        .collect())
}
