//! Markov chains of a distribution: transition probabilities between classes, by the class of the neighbors too.
//!
//! Units are put into k classes at each time, by quantiles or given bounds; n_ij counts the moves from class i to class j
//! over `horizon` times, and
//!
//! ```text
//! p_ij = n_ij / n_i.,   se = √(p_ij (1 - p_ij) / n_i.),   π = π P    the ergodic distribution
//! ```
//!
//! π exists once if exactly one set of classes is never left; it is found by Grassmann, Taksar and Heyman's elimination,
//! which subtracts nothing. The spatial chain (Rey 2001, "Spatial empirics for economic growth and convergence",
//! Geographical Analysis 33(3)) has a matrix for each class of the mean of the neighbors at the start of the move. That
//! matrices of subsamples s (classes of neighbors, periods) are all equal is tested by
//!
//! ```text
//! LR = 2 Σ_s Σ_ij n_ij(s) ln( p_ij(s) / p_ij ),   Q = Σ_s Σ_ij n_i(s) (p_ij(s) - p_ij)² / p_ij
//! ```
//!
//! both χ² with Σ_i (a_i - 1)(b_i - 1) degrees of freedom, a_i the subsamples that are ever in class i, b_i the classes
//! reached from it (Bickenbach and Bode 2003, "Evaluating the Markov property in studies of economic convergence",
//! International Regional Science Review 26(3)).

use super::{by_time, sound, unique};
use crate::math::Mat;
use crate::math::dist::chi2_p;
use crate::math::linalg::eigenvalues;
use crate::math::quantile::{QuantileType, quantile};
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Transition probabilities between classes of a column, also by the class of the neighbors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Markov {
    /// Column whose distribution moves.
    pub value: String,
    /// Number of classes, with bounds at quantiles of the values.
    pub classes: usize,
    /// Bounds between the classes instead, ascending; a value at a bound is in the class below.
    pub bounds: Vec<f64>,
    /// Rows over which quantiles are taken: all, or those of each time (then moves are moves in rank).
    pub scope: Scope,
    /// Whether values are first divided by their mean at the same time.
    pub relative: bool,
    /// Times from the start of a move to its end.
    pub horizon: i64,
    /// First times of later periods, such as 2016: whether the matrices of the periods are equal is tested.
    pub breaks: Vec<i64>,
    /// Convention of the quantiles.
    pub quantile_type: QuantileType,
    /// Neighbors for the spatial chain: `knn:K`, `distance_band:KM`, `inverse_distance:POWER`, or the table `neighbors`.
    pub spatial_weights: Option<crate::spatial::Scheme>,
    /// Column of the latitude in degrees.
    pub lat: Option<String>,
    /// Column of the longitude in degrees.
    pub lon: Option<String>,
    /// Table of neighbors, one row a pair, with columns `origin`, `destination` and perhaps `weight`.
    pub neighbors: Option<String>,
}

impl Default for Markov {
    fn default() -> Self {
        Markov {
            value: String::new(),
            // Four classes: low, middle low, middle high, high, as the field draws them.
            classes: 4,
            bounds: Vec::new(),
            scope: Scope::Pooled,
            relative: false,
            horizon: 1,
            breaks: Vec::new(),
            quantile_type: QuantileType::default(),
            spatial_weights: None,
            lat: None,
            lon: None,
            neighbors: None,
        }
    }
}

/// Rows over which quantiles are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All rows.
    #[default]
    Pooled,
    /// The rows of each time.
    Year,
}

/// A matrix of moves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chain {
    /// Moves, from the row's class to the column's.
    pub counts: Vec<Vec<usize>>,
    /// Their probabilities; a class that no unit starts from has none.
    pub probabilities: Vec<Option<Vec<f64>>>,
    /// Standard errors of the probabilities.
    pub std_errors: Vec<Option<Vec<f64>>>,
    /// The ergodic distribution, where there is exactly one.
    pub ergodic: Option<Vec<f64>>,
    /// (k - trace) / (k - 1): 0 where nobody moves, 1 where the class of today says nothing (Shorrocks 1978).
    pub mobility: Option<f64>,
    /// Times until half of the distance to the ergodic distribution is gone, from the second eigenvalue.
    pub half_life: Option<f64>,
}

/// A test of equal matrices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Homogeneity {
    /// `neighbors` or `periods`.
    pub name: String,
    /// Likelihood ratio.
    pub lr: f64,
    /// Its p-value.
    pub lr_p_value: f64,
    /// Pearson's Q.
    pub q: f64,
    /// Its p-value.
    pub q_p_value: f64,
    /// Degrees of freedom.
    pub df: usize,
}

/// The chains.
#[derive(Debug, Clone, PartialEq)]
pub struct Chains {
    /// Class of each row, from 1.
    pub state: Vec<f64>,
    /// Class of the mean of the row's neighbors, NaN without any.
    pub neighbor_state: Option<Vec<f64>>,
    /// Bounds between the classes: of all, or by time.
    pub bounds: Vec<(Option<i64>, Vec<f64>)>,
    /// The chain of all moves.
    pub chain: Chain,
    /// The chain for each class of neighbors.
    pub spatial: Vec<Chain>,
    /// Tests.
    pub tests: Vec<Homogeneity>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Chains of `value`; `lag` gives the neighbors' mean of a column of values at the rows of one time, for the spatial one.
pub fn markov(
    options: &Markov,
    value: &[f64],
    unit: &Factor,
    time: &[i64],
    neighbors: Option<&crate::spatial::Neighbors>,
) -> Result<Chains> {
    check(options, value, unit, time)?;
    let n = time.len();
    let periods = by_time(time);
    let mut y = value.to_vec();
    if options.relative {
        for (time, rows) in &periods {
            let mean = rows.iter().map(|&i| value[i]).sum::<f64>() / rows.len() as f64;
            if mean <= 0.0 {
                let e = Error::invalid(
                    format!("the mean at time {time} is {mean}, so that values relative to it have no order"),
                    "leave `relative` out",
                );
                return Err(e.at_column(&options.value));
            }
            rows.iter().for_each(|&i| y[i] = value[i] / mean);
        }
    }
    let bounds = bounds(options, &y, &periods)?;
    let of = |v: f64, time: i64| {
        let own = bounds.iter().find(|(t, _)| t.is_none_or(|t| t == time)).map_or(&[][..], |b| &b.1);
        own.partition_point(|b| *b < v)
    };
    let k = bounds[0].1.len() + 1;
    let state: Vec<usize> = (0..n).map(|i| of(y[i], time[i])).collect();
    let mut beside: Option<Vec<Option<usize>>> = None;
    let mut notes = Vec::new();
    if let Some(neighbors) = neighbors {
        let mut all = vec![None; n];
        for (&t, rows) in &periods {
            let units: Vec<usize> = rows.iter().map(|&i| unit.codes[i] as usize).collect();
            let own: Vec<f64> = rows.iter().map(|&i| y[i]).collect();
            let lag = neighbors.at(&units)?.standardized().lag(&own);
            rows.iter().zip(lag).for_each(|(&i, l)| all[i] = l.is_finite().then(|| of(l, t)));
        }
        let alone = all.iter().filter(|s| s.is_none()).count();
        if alone > 0 {
            notes.push(format!("{alone} rows have no neighbor and are not in the spatial chain"));
        }
        beside = Some(all);
    }
    let at: HashMap<(u32, i64), usize> = (0..n).map(|i| ((unit.codes[i], time[i]), i)).collect();
    let moves: Vec<(usize, usize)> =
        (0..n).filter_map(|i| Some((i, *at.get(&(unit.codes[i], time[i] + options.horizon))?))).collect();
    if moves.is_empty() {
        return Err(Error::invalid(
            format!("no unit is there at two times {} apart", options.horizon),
            "set `horizon` to the distance of the times in the data",
        ));
    }
    let count = |kept: &dyn Fn(usize) -> bool| {
        let mut counts = vec![vec![0usize; k]; k];
        moves.iter().filter(|m| kept(m.0)).for_each(|&(a, b)| counts[state[a]][state[b]] += 1);
        counts
    };
    let all = count(&|_| true);
    let mut tests = Vec::new();
    let spatial: Vec<Vec<Vec<usize>>> = match &beside {
        None => Vec::new(),
        Some(beside) => (0..k).map(|s| count(&|i| beside[i] == Some(s))).collect(),
    };
    if !spatial.is_empty() {
        tests.extend(homogeneity("neighbors", &spatial));
    }
    if !options.breaks.is_empty() {
        let period = |i: usize| options.breaks.iter().filter(|b| **b <= time[i]).count();
        let parts: Vec<_> = (0..=options.breaks.len()).map(|p| count(&|i| period(i) == p)).collect();
        tests.extend(homogeneity("periods", &parts));
    }
    let few = all.iter().filter(|row| (1..10).contains(&row.iter().sum::<usize>())).count();
    if few > 0 {
        notes.push(format!("{few} classes have fewer than ten moves: their probabilities say little"));
    }
    let chain = chain(all, options.horizon)?;
    if chain.ergodic.is_none() {
        notes.push("no ergodic distribution: a class has no move, or several sets of classes are never left".into());
    }
    let spatial = spatial.into_iter().map(|counts| self::chain(counts, options.horizon)).collect::<Result<_>>()?;
    Ok(Chains {
        state: state.iter().map(|s| *s as f64 + 1.0).collect(),
        neighbor_state: beside.map(|b| b.iter().map(|s| s.map_or(f64::NAN, |s| s as f64 + 1.0)).collect()),
        bounds,
        chain,
        spatial,
        tests,
        notes,
    })
}

fn check(options: &Markov, value: &[f64], unit: &Factor, time: &[i64]) -> Result<()> {
    sound(&options.value, value, time.len())?;
    unique(&unit.codes, time)?;
    if options.bounds.is_empty() && !(2..=20).contains(&options.classes) {
        return Err(Error::invalid(format!("`classes` is {}", options.classes), "set it to between 2 and 20"));
    }
    if options.bounds.iter().any(|b| !b.is_finite()) || options.bounds.windows(2).any(|w| w[0] >= w[1]) {
        return Err(Error::invalid("`bounds` are not ascending", "write them from the smallest to the largest"));
    }
    if options.bounds.len() > 19 {
        return Err(Error::invalid(format!("{} `bounds`", options.bounds.len()), "give at most 19"));
    }
    if options.horizon < 1 {
        return Err(Error::invalid(format!("`horizon` is {}", options.horizon), "set it to 1 or more"));
    }
    if options.breaks.windows(2).any(|w| w[0] >= w[1]) {
        return Err(Error::invalid("`breaks` are not ascending", "write the earlier time first"));
    }
    Ok(())
}

/// Bounds between classes, given or at quantiles.
fn bounds(
    options: &Markov,
    y: &[f64],
    periods: &std::collections::BTreeMap<i64, Vec<usize>>,
) -> Result<Vec<(Option<i64>, Vec<f64>)>> {
    if !options.bounds.is_empty() {
        return Ok(vec![(None, options.bounds.clone())]);
    }
    let k = options.classes;
    let of = |mut values: Vec<f64>, time: Option<i64>| {
        values.sort_by(f64::total_cmp);
        let cuts: Vec<f64> = (1..k).map(|q| quantile(&values, q as f64 / k as f64, options.quantile_type)).collect();
        let highest = values.last().copied().unwrap_or(f64::NAN);
        if cuts.windows(2).any(|w| w[0] >= w[1]) || cuts.last().is_some_and(|c| *c >= highest) {
            let when = time.map_or(String::new(), |t| format!(" at time {t}"));
            return Err(Error::invalid(
                format!("{k} classes have no bounds{when}: too many values are equal"),
                "take fewer `classes`, or give `bounds`",
            )
            .at_column(&options.value));
        }
        Ok((time, cuts))
    };
    match options.scope {
        Scope::Pooled => Ok(vec![of(y.to_vec(), None)?]),
        Scope::Year => periods.iter().map(|(&t, rows)| of(rows.iter().map(|&i| y[i]).collect(), Some(t))).collect(),
    }
}

/// Probabilities and what follows from them.
fn chain(counts: Vec<Vec<usize>>, horizon: i64) -> Result<Chain> {
    let k = counts.len();
    let probability = |row: &Vec<usize>| {
        let total: usize = row.iter().sum();
        (total > 0).then(|| row.iter().map(|&c| c as f64 / total as f64).collect::<Vec<f64>>())
    };
    let probabilities: Vec<Option<Vec<f64>>> = counts.iter().map(probability).collect();
    let error = |(row, p): (&Vec<usize>, &Option<Vec<f64>>)| {
        let total = row.iter().sum::<usize>() as f64;
        p.as_ref().map(|p| p.iter().map(|p| (p * (1.0 - p) / total).sqrt()).collect::<Vec<f64>>())
    };
    let std_errors = counts.iter().zip(&probabilities).map(error).collect();
    let full: Option<Vec<Vec<f64>>> = probabilities.iter().cloned().collect();
    let (mut ergodic, mut mobility, mut half_life) = (None, None, None);
    if let Some(P) = &full {
        ergodic = stationary(P);
        mobility = Some((k as f64 - (0..k).map(|i| P[i][i]).sum::<f64>()) / (k as f64 - 1.0));
        let found = eigenvalues(&Mat::from_fn(k, k, |i, j| P[i][j]))?;
        let mut sizes: Vec<f64> = found.iter().map(|[re, im]| re.hypot(*im)).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let second = sizes[1];
        if ergodic.is_some() && second > 0.0 && second < 1.0 - 1e-12 {
            half_life = Some(horizon as f64 * -std::f64::consts::LN_2 / second.ln());
        }
    }
    Ok(Chain { counts, probabilities, std_errors, ergodic, mobility, half_life })
}

/// The ergodic distribution, where exactly one set of classes is never left.
pub(crate) fn stationary(P: &[Vec<f64>]) -> Option<Vec<f64>> {
    let k = P.len();
    let mut reach = vec![vec![false; k]; k];
    for (i, row) in reach.iter_mut().enumerate() {
        row[i] = true;
        (0..k).filter(|&j| P[i][j] > 0.0).for_each(|j| row[j] = true);
    }
    for m in 0..k {
        let through = reach[m].clone();
        for row in reach.iter_mut().filter(|row| row[m]) {
            row.iter_mut().zip(&through).for_each(|(a, b)| *a |= b);
        }
    }
    // Classes that can be returned to from wherever they lead.
    let kept: Vec<usize> = (0..k).filter(|&i| (0..k).all(|j| !reach[i][j] || reach[j][i])).collect();
    let first = *kept.first()?;
    if kept.iter().any(|&j| !reach[first][j]) {
        return None;
    }
    let m = kept.len();
    let mut A: Vec<Vec<f64>> = kept.iter().map(|&i| kept.iter().map(|&j| P[i][j]).collect()).collect();
    for n in (1..m).rev() {
        let s: f64 = A[n][..n].iter().sum();
        for row in A.iter_mut().take(n) {
            row[n] /= s;
        }
        for i in 0..n {
            for j in 0..n {
                A[i][j] += A[i][n] * A[n][j];
            }
        }
    }
    let mut pi = vec![1.0; m];
    for n in 1..m {
        pi[n] = (0..n).map(|i| pi[i] * A[i][n]).sum();
    }
    let total: f64 = pi.iter().sum();
    let mut all = vec![0.0; k];
    kept.iter().zip(pi).for_each(|(&i, p)| all[i] = p / total);
    Some(all)
}

/// Whether the matrices of subsamples are equal; none where nothing can differ.
fn homogeneity(name: &str, parts: &[Vec<Vec<usize>>]) -> Option<Homogeneity> {
    let k = parts.first()?.len();
    let (mut lr, mut q, mut df) = (0.0, 0.0, 0);
    for i in 0..k {
        let pooled: Vec<usize> = (0..k).map(|j| parts.iter().map(|p| p[i][j]).sum()).collect();
        let total: usize = pooled.iter().sum();
        let there = parts.iter().filter(|p| p[i].iter().sum::<usize>() > 0).count();
        let reached = pooled.iter().filter(|c| **c > 0).count();
        df += there.saturating_sub(1) * reached.saturating_sub(1);
        for part in parts {
            let own = part[i].iter().sum::<usize>() as f64;
            for j in (0..k).filter(|&j| pooled[j] > 0 && own > 0.0) {
                let (p, here) = (pooled[j] as f64 / total as f64, part[i][j] as f64 / own);
                q += own * (here - p).powi(2) / p;
                if here > 0.0 {
                    lr += 2.0 * part[i][j] as f64 * (here / p).ln();
                }
            }
        }
    }
    let lr = f64::max(lr, 0.0);
    let p = |x: f64| chi2_p(x, df as f64);
    (df > 0).then(|| Homogeneity { name: name.into(), lr, lr_p_value: p(lr), q, q_p_value: p(q), df })
}
