//! Sigma convergence: whether the dispersion over units falls.
//!
//! At each time the standard deviation (ddof 1), that of the logarithm, the coefficient of variation, Gini's and Theil's
//! indices; of the chosen one the least-squares trend over time with its t test. The trend test takes the yearly figures
//! as independent, which they are not: read it as a description. The test between the first and the last year does not
//! need that. Of the units of both years, with F = s²_first / s²_last and r their correlation,
//!
//! ```text
//! t = (F - 1) √(N - 2) / (2 √(F (1 - r²)))        t with N - 2 degrees of freedom if the variances are equal
//! ```
//!
//! exact under normality (Pitman 1939; Morgan 1939), for one sample observed twice, where the F test is wrong. Barro and
//! Sala-i-Martin (1992), "Convergence", Journal of Political Economy 100(2), introduce σ beside β.

use super::{Weighted, by_time, sound, unique};
use crate::math::dist::t_p;
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Dispersion over units by time, its trend, and a test of the last time against the first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SigmaConvergence {
    /// Column whose dispersion is measured.
    pub value: String,
    /// The dispersion whose trend is tested: `sd_log`, `sd`, `cv`, `gini` or `theil`.
    ///
    /// That of the logarithm by default, which a common growth rate leaves alone.
    pub dispersion: Dispersion,
}

/// A measure of dispersion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dispersion {
    /// Standard deviation of the logarithm.
    #[default]
    SdLog,
    /// Standard deviation.
    Sd,
    /// Coefficient of variation.
    Cv,
    /// Gini coefficient.
    Gini,
    /// Theil's T.
    Theil,
}

/// Dispersion at one time; what the values do not allow is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct At {
    /// Time.
    pub time: i64,
    /// Units.
    pub units: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, ddof 1.
    pub sd: f64,
    /// Standard deviation of the logarithm; values must be positive.
    pub sd_log: Option<f64>,
    /// Standard deviation over the mean; the mean must be positive.
    pub cv: Option<f64>,
    /// Gini coefficient; values must not be negative.
    pub gini: Option<f64>,
    /// Theil's T; values must not be negative.
    pub theil: Option<f64>,
}

/// A statistic with its test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tested {
    /// What it is.
    pub name: String,
    /// Slope a time, or ratio of variances first over last.
    pub estimate: f64,
    /// t.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Two-sided.
    pub p_value: f64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispersions {
    /// By time.
    pub times: Vec<At>,
    /// `trend` (three times or more), `first_against_last`.
    pub tests: Vec<Tested>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl At {
    fn of(&self, dispersion: Dispersion) -> Option<f64> {
        match dispersion {
            Dispersion::SdLog => self.sd_log,
            Dispersion::Sd => Some(self.sd),
            Dispersion::Cv => self.cv,
            Dispersion::Gini => self.gini,
            Dispersion::Theil => self.theil,
        }
    }
}

/// Dispersion of `value` over units by time.
pub fn sigma_convergence(
    options: &SigmaConvergence,
    value: &[f64],
    unit: &Factor,
    time: &[i64],
) -> Result<Dispersions> {
    let n = time.len();
    sound(&options.value, value, n)?;
    unique(&unit.codes, time)?;
    let log = options.dispersion == SigmaConvergence::default().dispersion;
    let bad: Vec<usize> = (0..n).filter(|&i| value[i] <= 0.0).collect();
    if log && !bad.is_empty() {
        let e = Error::invalid(
            "a value is not positive, so that it has no logarithm",
            "set `dispersion = \"cv\"` or another, or drop these rows",
        );
        return Err(e.at_column(&options.value).at_rows(bad));
    }
    let periods = by_time(time);
    let mut times = Vec::new();
    for (&time, rows) in &periods {
        if rows.len() < 2 {
            let e = Error::invalid(format!("one unit alone at time {time} has no dispersion"), "leave that time out");
            return Err(e.at_rows(rows.clone()));
        }
        let x: Vec<f64> = rows.iter().map(|&i| value[i]).collect();
        let (mean, sd) = moments(&x);
        let least = x.iter().copied().fold(f64::INFINITY, f64::min);
        let w = (least >= 0.0 && mean > 0.0).then(|| Weighted::of(value, None, rows));
        times.push(At {
            time,
            units: rows.len(),
            mean,
            sd,
            sd_log: (least > 0.0).then(|| moments(&x.iter().map(|v| v.ln()).collect::<Vec<_>>()).1),
            cv: (mean > 0.0).then(|| sd / mean),
            gini: w.as_ref().map(Weighted::gini),
            theil: w.as_ref().map(Weighted::theil_t),
        });
    }
    let chosen: Option<Vec<f64>> = times.iter().map(|t| t.of(options.dispersion)).collect();
    let Some(chosen) = chosen else {
        return Err(Error::invalid(
            "the chosen dispersion is not defined for these values at every time",
            "set `dispersion = \"sd\"`, which negative values allow",
        )
        .at_column(&options.value));
    };
    let clock: Vec<f64> = times.iter().map(|t| t.time as f64).collect();
    let mut tests: Vec<Tested> = trend(&clock, &chosen).into_iter().collect();
    let mut notes = Vec::new();
    if let [Some((_, first)), Some((_, last))] = [periods.first_key_value(), periods.last_key_value()]
        && periods.len() > 1
    {
        let of = |i: usize| if log { value[i].ln() } else { value[i] };
        let early: HashMap<u32, f64> = first.iter().map(|&i| (unit.codes[i], of(i))).collect();
        let pairs: Vec<(f64, f64)> = last.iter().filter_map(|&i| Some((*early.get(&unit.codes[i])?, of(i)))).collect();
        tests.extend(pitman_morgan(&pairs));
        if pairs.len() < first.len().max(last.len()) {
            notes.push(format!("first and last time are compared over the {} units that both have", pairs.len()));
        }
    }
    let (least, most) = times.iter().fold((usize::MAX, 0), |(l, m), t| (l.min(t.units), m.max(t.units)));
    if least < most {
        notes.push(format!("{least} to {most} units at a time: dispersion also moves with who is there"));
    }
    Ok(Dispersions { times, tests, notes })
}

/// Mean and standard deviation (ddof 1).
fn moments(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    (mean, (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

/// Least-squares slope over time, of three times or more that do not lie on a line.
fn trend(clock: &[f64], y: &[f64]) -> Option<Tested> {
    let n = y.len();
    let (tm, ym) = (clock.iter().sum::<f64>() / n as f64, y.iter().sum::<f64>() / n as f64);
    let sxx: f64 = clock.iter().map(|t| (t - tm).powi(2)).sum();
    let slope = clock.iter().zip(y).map(|(t, v)| (t - tm) * (v - ym)).sum::<f64>() / sxx;
    let rss: f64 = clock.iter().zip(y).map(|(t, v)| (v - ym - slope * (t - tm)).powi(2)).sum();
    if n < 3 || rss <= 1e-28 * ym * ym * n as f64 {
        return None;
    }
    let statistic = slope / (rss / (n - 2) as f64 / sxx).sqrt();
    let df = n - 2;
    Some(Tested { name: "trend".into(), estimate: slope, statistic, df, p_value: t_p(statistic, df as f64) })
}

/// Equal variances of one sample observed twice.
fn pitman_morgan(pairs: &[(f64, f64)]) -> Option<Tested> {
    let n = pairs.len();
    if n < 3 {
        return None;
    }
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let ((mx, sx), (my, sy)) = (moments(&x), moments(&y));
    let F = (sx / sy).powi(2);
    let r = pairs.iter().map(|(a, b)| (a - mx) * (b - my)).sum::<f64>() / ((n - 1) as f64 * sx * sy);
    let rest = 1.0 - r * r;
    if !(F.is_finite() && F > 0.0 && rest > 1e-14) {
        return None;
    }
    let df = n - 2;
    let statistic = (F - 1.0) * (df as f64).sqrt() / (2.0 * (F * rest).sqrt());
    let name = "first_against_last".into();
    Some(Tested { name, estimate: F, statistic, df, p_value: t_p(statistic, df as f64) })
}
