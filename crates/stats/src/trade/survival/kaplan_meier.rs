//! The life table of Kaplan and Meier with Greenwood's errors.

use crate::math::dist::normal_quantile;
use serde::Serialize;

/// One duration of a life table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LifeRow {
    /// Duration, in years.
    pub duration: usize,
    /// Spells that last as long at least.
    pub at_risk: usize,
    /// Spells that end after it.
    pub failures: usize,
    /// Spells of this duration whose end is not known.
    pub censored: usize,
    /// Failures over spells at risk.
    pub hazard: f64,
    /// Ŝ: the share that lasts longer.
    pub survival: f64,
    /// Greenwood's standard error; none where nothing survives.
    pub std_error: Option<f64>,
    /// Lower bound of the 95 % interval, from ln(-ln Ŝ); none where Ŝ is 0 or 1.
    pub conf_low: Option<f64>,
    /// Upper bound.
    pub conf_high: Option<f64>,
}

/// The life table of spells (duration in years, whether it failed), a row for each duration that occurs.
///
/// ```
/// use plim_stats::trade::survival::kaplan_meier;
/// let table = kaplan_meier(&[(1, true), (1, true), (2, true), (3, false)]);
/// assert_eq!(table.iter().map(|r| r.survival).collect::<Vec<_>>(), [0.5, 0.25, 0.25]);
/// ```
pub fn kaplan_meier(spells: &[(usize, bool)]) -> Vec<LifeRow> {
    let mut sorted: Vec<(usize, bool)> = spells.to_vec();
    sorted.sort_unstable();
    let z = normal_quantile(0.975);
    let (mut at_risk, mut survival, mut greenwood) = (sorted.len(), 1.0, 0.0);
    let mut out = Vec::new();
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let failures = equal.iter().filter(|s| s.1).count();
        let (n, f) = (at_risk as f64, failures as f64);
        survival *= (n - f) / n;
        if failures < at_risk {
            greenwood += f / (n * (n - f));
        }
        let error = (survival > 0.0).then(|| survival * greenwood.sqrt());
        // ln(-ln Ŝ) ± z √Greenwood / |ln Ŝ|
        let bound = |sign: f64| -> Option<f64> {
            let ln: f64 = survival.ln();
            (survival > 0.0 && survival < 1.0).then(|| survival.powf((sign * z * greenwood.sqrt() / -ln).exp()))
        };
        out.push(LifeRow {
            duration: equal[0].0,
            at_risk,
            failures,
            censored: equal.len() - failures,
            hazard: f / n,
            survival,
            std_error: error,
            conf_low: bound(1.0),
            conf_high: bound(-1.0),
        });
        at_risk -= equal.len();
    }
    out
}
