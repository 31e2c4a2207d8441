//! Correlation over time: Newey and West (1987) within units, Driscoll and Kraay (1998) across them as well.
//!
//! With scores s_it and Bartlett weights w_l = 1 - l/(L + 1), l = 0 … L,
//!
//! ```text
//! nw    Σ_i Σ_t [ s_it s_it' + Σ_l w_l (s_it s_i,t-l' + s_i,t-l s_it') ]
//! dk    the same of S_t = Σ_i s_it: one series of sums
//! ```
//!
//! Time is a value, not a position: a period that a unit lacks is a gap, and l counts units of the time column.
//! Newey-West wants long series and no correlation between units; Driscoll-Kraay wants many periods, and allows any
//! correlation between units. Both are positive semidefinite, gaps or not, since a missing score may stand as zero.

use crate::math::Mat;
use crate::{Error, PanelKeys, Result};

/// ⌊T^(1/4)⌋ for T distinct periods, as fixest and plm take it.
pub fn default_lag(periods: usize) -> usize {
    // The root of a fourth power must not fall below the whole number by rounding.
    ((periods as f64).powf(0.25) + 1e-9).floor() as usize
}

/// Scores by unit and time, and how far apart the periods are.
pub(super) struct Periods {
    /// Distinct periods.
    pub count: usize,
    /// Lags that enter.
    pub lag: usize,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

impl Periods {
    /// Counts the periods of `panel` and fixes the lag.
    pub fn new(panel: &PanelKeys, lag: Option<usize>) -> Result<Self> {
        let mut times = panel.time.clone();
        times.sort_unstable();
        times.dedup();
        let count = times.len();
        if count < 2 {
            return Err(Error::invalid(
                "the sample has a single period, so that nothing is correlated over time",
                "set `vcov = \"hc1\"`, or a cluster",
            ));
        }
        let lag = lag.unwrap_or_else(|| default_lag(count));
        if lag >= count {
            return Err(Error::invalid(
                format!("{lag} lags do not fit in {count} periods"),
                format!("ask for at most {} lags", count - 1),
            ));
        }
        let mut warnings = Vec::new();
        let step = times.windows(2).map(|w| w[1] - w[0]).min().unwrap_or(1);
        if step > 1 && lag > 0 {
            warnings.push(format!(
                "the closest periods are {step} apart, and lags count units of the time column: {lag} lags reach {lag}"
            ));
        }
        Ok(Periods { count, lag, warnings })
    }
}

/// Bartlett meat of `series`, each sorted by time: (time, scores k).
fn bartlett(series: &[(i64, Vec<f64>)], lag: usize, meat: &mut Mat<f64>) {
    let k = meat.nrows();
    for (at, (t, s)) in series.iter().enumerate() {
        // Σ_l w_l s_{t-l}, the score itself by half: the transpose is added at the end.
        let mut past: Vec<f64> = s.iter().map(|v| 0.5 * v).collect();
        for (then, earlier) in series[..at].iter().rev() {
            // Times may lie far apart: the distance of i64 extremes would overflow.
            let Some(apart) = t.checked_sub(*then).and_then(|l| usize::try_from(l).ok()).filter(|l| *l <= lag) else {
                break;
            };
            let weight = 1.0 - apart as f64 / (lag as f64 + 1.0);
            past.iter_mut().zip(earlier).for_each(|(p, e)| *p += weight * e);
        }
        for j in 0..k {
            for i in 0..k {
                meat[(i, j)] += s[i] * past[j];
            }
        }
    }
}

/// M + M'.
fn with_transpose(meat: &Mat<f64>) -> Mat<f64> {
    Mat::from_fn(meat.nrows(), meat.ncols(), |i, j| meat[(i, j)] + meat[(j, i)])
}

fn row(scores: &Mat<f64>, i: usize) -> impl Iterator<Item = f64> + '_ {
    (0..scores.ncols()).map(move |j| scores[(i, j)])
}

/// Newey-West meat, k × k; `rows` are the source rows that an error names.
pub(super) fn newey_west(scores: &Mat<f64>, panel: &PanelKeys, lag: usize, rows: &[usize]) -> Result<Mat<f64>> {
    let mut units: Vec<Vec<(i64, usize)>> = vec![Vec::new(); panel.unit.levels as usize];
    for (i, (&u, &t)) in panel.unit.codes.iter().zip(&panel.time).enumerate() {
        units[u as usize].push((t, i));
    }
    let mut meat = Mat::<f64>::zeros(scores.ncols(), scores.ncols());
    for mut unit in units {
        unit.sort_unstable();
        if let Some(twice) = unit.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(Error::invalid(
                format!("a unit of `{}` is observed twice at time {}", panel.unit.name, twice[0].0),
                "Newey-West wants one row for each unit and time: aggregate, or set `vcov = \"dk\"`",
            )
            .at_rows([rows[twice[0].1], rows[twice[1].1]]));
        }
        let series: Vec<(i64, Vec<f64>)> = unit.iter().map(|&(t, i)| (t, row(scores, i).collect())).collect();
        bartlett(&series, lag, &mut meat);
    }
    Ok(with_transpose(&meat))
}

/// Driscoll-Kraay meat, k × k.
pub(super) fn driscoll_kraay(scores: &Mat<f64>, time: &[i64], lag: usize) -> Mat<f64> {
    let mut sums = std::collections::BTreeMap::<i64, Vec<f64>>::new();
    for (i, &t) in time.iter().enumerate() {
        let sum = sums.entry(t).or_insert_with(|| vec![0.0; scores.ncols()]);
        sum.iter_mut().zip(row(scores, i)).for_each(|(a, b)| *a += b);
    }
    let mut meat = Mat::<f64>::zeros(scores.ncols(), scores.ncols());
    bartlett(&sums.into_iter().collect::<Vec<_>>(), lag, &mut meat);
    with_transpose(&meat)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Factor;

    #[test]
    fn a_gap_is_a_gap() {
        // One unit at 1, 2, 4: with one lag only 1 and 2 are neighbours, weight one half.
        let scores = Mat::from_fn(3, 1, |i, _| [1.0, 2.0, 4.0][i]);
        let panel = PanelKeys { unit: Factor::from_keys("i", [0, 0, 0]), time: vec![1, 2, 4] };
        let M = newey_west(&scores, &panel, 1, &[0, 1, 2]).unwrap();
        assert_eq!(M[(0, 0)], 1.0 + 4.0 + 16.0 + 2.0 * 0.5 * 2.0);
        assert_eq!(driscoll_kraay(&scores, &panel.time, 1)[(0, 0)], M[(0, 0)]);
        assert_eq!((default_lag(10), default_lag(16), default_lag(17)), (1, 2, 2));
    }
}
