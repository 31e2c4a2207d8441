//! Moran's I: whether near units are alike, of all units and of each.
//!
//! With z the deviations from the mean of one time, m₂ = Σ z² / n and weights w ([`super::weights`]),
//!
//! ```text
//! I    = (n / S0) Σ_ij w_ij z_i z_j / Σ_i z_i²,     E I = -1 / (n - 1)
//! Var (normality)      = (n² S1 - n S2 + 3 S0²) / ((n² - 1) S0²) - E²
//! Var (randomization)  = [n ((n² - 3n + 3) S1 - n S2 + 3 S0²) - b₂ ((n² - n) S1 - 2n S2 + 6 S0²)]
//!                        / ((n - 1)(n - 2)(n - 3) S0²) - E²,      b₂ = m₄ / m₂²
//! I_i  = (z_i / m₂) Σ_j w_ij z_j,                   Σ_i I_i = S0 I
//! ```
//!
//! (Moran 1950; Cliff and Ord 1981; Anselin 1995, "Local indicators of spatial association", Geographical Analysis
//! 27(2)). Permutation p-values compare with `replications` random arrangements: of all values for I, two-sided by the
//! distance to E I; for I_i of the others while i stays, two-sided as twice the smaller tail (GeoDa and PySAL print the
//! smaller tail itself, half of this). Local tests are many: `p_adjusted` is that of Benjamini and Hochberg (1995) over
//! the units of a time.

use super::weights::{Neighbors, Scheme, Weights};
use crate::distribution::{by_time, sound, unique};
use crate::math::dist::normal_p;
use crate::math::rng::Stream;
use crate::{Error, Factor, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Moran's I by time and of each unit (LISA), with permutation tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Moran {
    /// Column whose values are compared with those of the neighbors.
    pub value: String,
    /// Who is near: `knn:K`, `distance_band:KM`, `inverse_distance:POWER`, or `inverse_distance:POWER:KM`.
    pub spatial_weights: Option<Scheme>,
    /// Column of the latitude in degrees.
    pub lat: Option<String>,
    /// Column of the longitude in degrees.
    pub lon: Option<String>,
    /// Table of neighbors instead, one row a pair, with columns `origin`, `destination` and perhaps `weight`.
    pub neighbors: Option<String>,
    /// Whether the weights of each unit's neighbors are divided by their sum.
    pub row_standardize: bool,
    /// Random arrangements of the permutation tests.
    pub replications: usize,
    /// Level below which a unit's p-value puts it into a `cluster`.
    pub level: f64,
}

impl Default for Moran {
    fn default() -> Self {
        Moran {
            value: String::new(),
            spatial_weights: None,
            lat: None,
            lon: None,
            neighbors: None,
            row_standardize: true,
            // 5 % of 999 + 1 is a whole number.
            replications: 999,
            level: 0.05,
        }
    }
}

/// Moran's I of one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Global {
    /// Time.
    pub time: i64,
    /// Units.
    pub units: usize,
    /// Units without neighbors.
    pub islands: usize,
    /// I.
    pub moran: f64,
    /// Its expectation if values were anywhere.
    pub expected: f64,
    /// Standard deviation under normality.
    pub sd_normal: f64,
    /// z under normality.
    pub z_normal: f64,
    /// Two-sided.
    pub p_normal: f64,
    /// Standard deviation under randomization; none for fewer than four units.
    pub sd_random: Option<f64>,
    /// z under randomization.
    pub z_random: Option<f64>,
    /// Two-sided.
    pub p_random: Option<f64>,
    /// Share of the arrangements as far from the expectation, the data's own among them.
    pub p_permutation: f64,
}

/// Where a unit lies in the scatter of values and neighbors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quadrant {
    /// High among high.
    HighHigh,
    /// Low among high.
    LowHigh,
    /// Low among low.
    LowLow,
    /// High among low.
    HighLow,
    /// Without neighbors.
    Island,
}

/// Moran's I of one unit at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// I_i, NaN without neighbors.
    pub moran: f64,
    /// Value in standard deviations from the mean.
    pub z: f64,
    /// Weighted sum (mean) of the neighbors' z.
    pub lag: f64,
    /// Its quadrant.
    pub quadrant: Quadrant,
    /// Permutation p-value.
    pub p_value: f64,
    /// Adjusted for testing all units of the time.
    pub p_adjusted: f64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Morans {
    /// By time.
    pub global: Vec<Global>,
    /// Of each row.
    pub local: Vec<Local>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Moran's I of `value`, by time.
pub fn moran(
    options: &Moran,
    value: &[f64],
    unit: &Factor,
    time: &[i64],
    neighbors: &Neighbors,
    seed: u64,
) -> Result<Morans> {
    let n = time.len();
    sound(&options.value, value, n)?;
    unique(&unit.codes, time)?;
    if !(1..=1_000_000).contains(&options.replications) {
        return Err(Error::invalid(
            format!("`replications` is {}", options.replications),
            "set it to between 1 and 1000000, such as 999",
        ));
    }
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(Error::invalid(format!("`level` is {}", options.level), "set it between 0 and 1, such as 0.05"));
    }
    let mut out = Morans { global: Vec::new(), local: Vec::new(), notes: Vec::new() };
    let mut local: Vec<Option<Local>> = vec![None; n];
    let mut islands = 0;
    for (t, (time, rows)) in by_time(time).into_iter().enumerate() {
        let x: Vec<f64> = rows.iter().map(|&i| value[i]).collect();
        let Some(z) = deviations(&x) else {
            return Err(Error::new(Kind::Constant).at_column(&options.value).at_rows(rows));
        };
        let units: Vec<usize> = rows.iter().map(|&i| unit.codes[i] as usize).collect();
        // The neighbors know the units by their place among those of this time.
        let mut w = neighbors.at(&units).map_err(|e| Error { rows: e.rows.iter().map(|&r| rows[r]).collect(), ..e })?;
        if options.row_standardize {
            w = w.standardized();
        }
        islands += w.islands();
        out.global.push(global(options, time, t as u64, &z, &w, seed)?);
        for (&i, own) in rows.iter().zip(locals(options, t as u64, &z, &w, seed)) {
            local[i] = Some(own);
        }
    }
    out.local = local.into_iter().flatten().collect();
    if islands > 0 {
        out.notes.push(format!("{islands} rows have no neighbor: they count in n and have no I of their own"));
    }
    let significant = out.local.iter().filter(|l| l.p_value < options.level).count();
    out.notes.push(format!(
        "{significant} of {n} units have p below {}, {} once adjusted for so many tests (Benjamini-Hochberg); about {} would without any pattern",
        options.level,
        out.local.iter().filter(|l| l.p_adjusted < options.level).count(),
        (options.level * n as f64).round()
    ));
    Ok(out)
}

/// Deviations from the mean in units of the standard deviation (ddof 0); none without spread.
fn deviations(x: &[f64]) -> Option<Vec<f64>> {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let sd = (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let size = x.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    (x.len() > 2 && sd > 1e-14 * size).then(|| x.iter().map(|v| (v - mean) / sd).collect())
}

/// Σ w z z.
fn cross(w: &Weights, z: &[f64]) -> f64 {
    w.rows.iter().zip(z).map(|(row, z_i)| z_i * row.iter().map(|&(j, w)| w * z[j]).sum::<f64>()).sum()
}

fn global(options: &Moran, time: i64, t: u64, z: &[f64], w: &Weights, seed: u64) -> Result<Global> {
    let n = z.len() as f64;
    let [S0, S1, S2] = w.sums();
    // Σ z² is n.
    let moran = cross(w, z) / S0;
    let expected = -1.0 / (n - 1.0);
    let normal = (n * n * S1 - n * S2 + 3.0 * S0 * S0) / ((n * n - 1.0) * S0 * S0) - expected * expected;
    let b2 = z.iter().map(|z| z.powi(4)).sum::<f64>() / n;
    let random = (n * ((n * n - 3.0 * n + 3.0) * S1 - n * S2 + 3.0 * S0 * S0)
        - b2 * ((n * n - n) * S1 - 2.0 * n * S2 + 6.0 * S0 * S0))
        / ((n - 1.0) * (n - 2.0) * (n - 3.0) * S0 * S0)
        - expected * expected;
    // With weights that are all alike, I is its expectation whatever the values: its variance is rounding.
    let sd = |v: f64| (v > 1e-15 && v.is_finite()).then(|| v.sqrt());
    let Some(sd_normal) = sd(normal) else {
        return Err(Error::invalid(
            format!("at time {time} the weights are such that Moran's I cannot vary"),
            "choose fewer neighbors: a unit must not have all others as equal neighbors",
        ));
    };
    let sd_random = sd(random);
    let z_normal = (moran - expected) / sd_normal;
    let z_random = sd_random.map(|s| (moran - expected) / s);
    let apart = (moran - expected).abs();
    let as_far: usize = (0..options.replications)
        .into_par_iter()
        .filter(|&r| {
            let mut shuffled = z.to_vec();
            Stream::new(seed, t << 32 | r as u64).shuffle(&mut shuffled);
            // A rounding below the data's own distance is the data's own arrangement.
            (cross(w, &shuffled) / S0 - expected).abs() >= apart * (1.0 - 1e-12)
        })
        .count();
    Ok(Global {
        time,
        units: z.len(),
        islands: w.islands(),
        moran,
        expected,
        sd_normal,
        z_normal,
        p_normal: normal_p(z_normal),
        sd_random,
        z_random,
        p_random: z_random.map(normal_p),
        p_permutation: (as_far + 1) as f64 / (options.replications + 1) as f64,
    })
}

fn locals(options: &Moran, t: u64, z: &[f64], w: &Weights, seed: u64) -> Vec<Local> {
    let n = z.len();
    let lag = w.lag(z);
    let p_values: Vec<f64> = (0..n)
        .into_par_iter()
        .map(|i| {
            if w.rows[i].is_empty() {
                return f64::NAN;
            }
            let mut others: Vec<f64> = (0..n).filter(|&j| j != i).map(|j| z[j]).collect();
            // Streams of the local tests have the highest bit of their number set.
            let mut stream = Stream::new(seed, 1 << 63 | t << 32 | i as u64);
            let (mut low, mut high) = (0usize, 0usize);
            let own = z[i] * lag[i];
            let slack = 1e-12 * own.abs();
            for _ in 0..options.replications {
                // The first places of a shuffle are as good as a draw without replacement.
                let mut sum = 0.0;
                for (place, &(_, weight)) in w.rows[i].iter().enumerate() {
                    let pick = place + stream.below(others.len() - place);
                    others.swap(place, pick);
                    sum += weight * others[place];
                }
                low += usize::from(z[i] * sum <= own + slack);
                high += usize::from(z[i] * sum >= own - slack);
            }
            let tail = low.min(high) + 1;
            (2.0 * tail as f64 / (options.replications + 1) as f64).min(1.0)
        })
        .collect();
    let adjusted = benjamini_hochberg(&p_values);
    let quadrant = |z: f64, lag: f64| match (z > 0.0, lag > 0.0) {
        _ if lag.is_nan() => Quadrant::Island,
        (true, true) => Quadrant::HighHigh,
        (false, true) => Quadrant::LowHigh,
        (false, false) => Quadrant::LowLow,
        (true, false) => Quadrant::HighLow,
    };
    (0..n)
        .map(|i| Local {
            moran: z[i] * lag[i],
            z: z[i],
            lag: lag[i],
            quadrant: quadrant(z[i], lag[i]),
            p_value: p_values[i],
            p_adjusted: adjusted[i],
        })
        .collect()
}

/// Step-up adjusted p-values; NaN stays NaN and counts as no test.
fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let m = order.len();
    let mut out = vec![f64::NAN; p.len()];
    let mut least = 1.0f64;
    for (k, i) in order.into_iter().enumerate() {
        least = least.min(p[i] * m as f64 / (m - k) as f64);
        out[i] = least;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_p_values_of_benjamini_and_hochberg() {
        // By hand: 0.01·4/1, min(0.02·4/2, 0.04·4/3), 0.04·4/3, 0.5.
        let found = benjamini_hochberg(&[0.5, 0.01, f64::NAN, 0.04, 0.02]);
        assert!(found[2].is_nan());
        for (a, b) in [(found[0], 0.5), (found[1], 0.04), (found[3], 0.16 / 3.0), (found[4], 0.04)] {
            assert!((a - b).abs() < 1e-15, "{found:?}");
        }
    }
}
