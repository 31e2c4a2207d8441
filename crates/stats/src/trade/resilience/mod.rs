//! Export resilience: growth of a unit measured against growth it would have had, or against its own past.
//!
//! With g_i the growth of unit i between two years and e_i the growth expected of it,
//!
//! ```text
//! ratio        R_i = (g_i - e_i) / |e_i|
//! difference   R_i = g_i - e_i
//! asinh        asinh of the ratio
//!
//! e_i          nation = all: Σ_j X_j1 / Σ_j X_j0 - 1;   group: the same over the units of i's group
//!              nation = mix: Σ_k g_Nk X_ik0 / X_i0, each product or market k with the growth it has in the nation
//! ```
//!
//! R > 0 where the unit did better than expected. The ratio is the resistance and recoverability of Martin (2012),
//! "Regional economic resilience, hysteresis and recessionary shocks", Journal of Economic Geography 12(1), and
//! Martin, Sunley, Gardiner and Tyler (2016), Regional Studies 50(4): over a window of contraction it is
//! *resistance*, over one of expansion *recovery*, year by year it makes a panel.
//!
//! | file | what |
//! |---|---|
//! | `growth` | two years compared, the guard of the denominator, the share of each year in the variance |
//! | `against` | the growth expected: nation, group, mix |
//! | `cycle` | forms without a nation: volatility of log growth, Hodrick-Prescott and Hamilton cycles |
//! | `filter` | the two filters |
//!
//! **The denominator.** In a year of national growth near zero the ratio explodes, and that year rules the
//! regression: if deviations g_i - e_i are alike in all years, year t has the share (1/g_t²) / Σ (1/g²) of the
//! variance. `variance_share` shows it; growth below 2 % in absolute value is noted. The difference has no
//! denominator, and with year effects the nation drops out of it.
//!
//! **Who is the nation.** Growth between two years adds up the units observed in both: a unit that enters or leaves
//! the data is not growth. Units seen in one of the two years only are counted. A zero is a value: a unit with
//! X = 0 in the first year counts in the nation but has no growth of its own. Growth is never taken across a
//! missing year. With `leave_one_out` each unit is measured against all the others, which matters when it is a
//! large part of the nation itself.

mod against;
mod cycle;
mod filter;
pub(super) mod growth;

pub use against::Against;
pub use filter::{HAMILTON_FREE, HP_LENGTH, hamilton_cycle, hp_cycle};

use super::series::observed;
use crate::index::normalize::as_text;
use crate::{Error, Factor, Result};
use growth::{Span, variance_share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Resilience of exports: against the nation by year and over dated windows, or against the unit's own path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resilience {
    /// The column of export values: one row a unit and year, or records under `nation = "mix"`.
    pub value: String,
    /// How growth is measured: `ratio`, `difference` or `asinh` against the nation, `window` for windows only, `volatility`, `hp` or `hamilton` against the unit's own path.
    ///
    /// The form serves the windows too; `window` measures them by the ratio.
    pub form: Form,
    /// Against whom: `all` units, the unit included, `leave_one_out`, the units of its `group`, or its `mix` of products or markets.
    pub nation: Nation,
    /// Under `nation = "group"` or `"mix"`: the unit itself does not count in the growth it is measured against.
    pub leave_one_out: bool,
    /// The column of groups (province, region) under `nation = "group"`; that of the first of two years counts.
    pub group: Option<String>,
    /// The column of products under `nation = "mix"`.
    pub product: Option<String>,
    /// The column of markets under `nation = "mix"`; with `product` each pair of both grows by itself.
    pub market: Option<String>,
    /// Under `nation = "mix"` with wide data, instead of `product` and `value`: the columns of values, one a product.
    pub columns: Vec<String>,
    /// Years of contraction, `FROM:TO`: growth between the two makes the column `resistance`.
    pub resistance: Option<Window>,
    /// Years of recovery, `FROM:TO`: growth between the two makes the column `recovery`.
    pub recovery: Option<Window>,
    /// Smoothness of the trend under `form = "hp"`: 6.25 for years, 1600 for quarters.
    pub lambda: f64,
    /// Growth rates in the rolling window of `form = "volatility"`, the last one that of the row's year.
    pub span: usize,
    /// Years ahead under `form = "hamilton"`.
    pub horizon: usize,
    /// Lagged values in the regression under `form = "hamilton"`.
    pub lags: usize,
}

impl Default for Resilience {
    fn default() -> Self {
        Resilience {
            value: String::new(),
            form: Form::default(),
            nation: Nation::default(),
            leave_one_out: false,
            group: None,
            product: None,
            market: None,
            columns: Vec::new(),
            resistance: None,
            recovery: None,
            // Ravn and Uhlig (2002): 1600 / 4⁴.
            lambda: 6.25,
            span: 5,
            // Hamilton (2018): two years ahead on the lags of one year.
            horizon: 2,
            lags: 1,
        }
    }
}

/// How growth is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Deviation over the absolute growth of the nation, each year.
    #[default]
    Ratio,
    /// Deviation itself, each year.
    Difference,
    /// Inverse hyperbolic sine of the ratio, each year: tames the near-zero denominators.
    Asinh,
    /// The ratio over `resistance` and `recovery` only; no yearly measure.
    Window,
    /// One over the standard deviation of log growth in a rolling window; no nation.
    Volatility,
    /// Minus the distance of ln X from its Hodrick-Prescott trend; no nation.
    Hp,
    /// Minus the distance of ln X from its forecast by Hamilton's regression; no nation.
    Hamilton,
}

impl Form {
    /// Whether the measure is of the unit's own path, without a nation.
    pub fn own_path(self) -> bool {
        matches!(self, Form::Volatility | Form::Hp | Form::Hamilton)
    }

    fn word(self) -> &'static str {
        match self {
            Form::Ratio => "ratio",
            Form::Difference => "difference",
            Form::Asinh => "asinh",
            Form::Window => "window",
            Form::Volatility => "volatility",
            Form::Hp => "hp",
            Form::Hamilton => "hamilton",
        }
    }
}

/// Against whom a unit is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nation {
    /// The sum of all units.
    #[default]
    All,
    /// The sum of all other units.
    LeaveOneOut,
    /// The sum of the units of its group.
    Group,
    /// Its own products or markets, each with the growth that it has in the sum of all units.
    Mix,
}

/// Two years, the first before the second, written `FROM:TO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// First year.
    pub from: i64,
    /// Last year.
    pub to: i64,
}

impl FromStr for Window {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let years = s.split_once(':').and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
        match years {
            Some((from, to)) if from < to => Ok(Window { from, to }),
            _ => Err(format!("`{s}` is not a window; wanted FROM:TO with FROM before TO, as in 2013:2014")),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.to)
    }
}

as_text!(Window);

/// Growth of the nation between two years, over the units observed in both.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct NationalGrowth {
    /// First year.
    pub from: i64,
    /// Last year.
    pub to: i64,
    /// Growth of the sum of all units (also under `leave_one_out`, `group` and `mix`).
    pub growth: f64,
    /// Units observed in both years.
    pub units: usize,
}

/// Part of one year in the variance of the yearly measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct YearShare {
    /// Year.
    pub year: i64,
    /// Its squared deviations from the overall mean over those of all years; the shares sum to one.
    pub share: f64,
}

/// What happened to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ResilienceCount {
    /// Rows given.
    pub rows: usize,
    /// Rows whose value is missing.
    pub missing: usize,
    /// Comparisons of two years in which a unit was observed in one only.
    pub unmatched: usize,
    /// Comparisons whose first value is zero: no growth of the unit.
    pub zero_base: usize,
    /// Values that are undefined: expected growth is zero or has no base, or growth has no variance.
    pub undefined: usize,
    /// Comparisons of a unit without a group.
    pub ungrouped: usize,
    /// Rows of zero exports, which have no logarithm; counted in the forms that take one.
    pub zeros: usize,
}

/// Resilience of every row, in the order of the data; NaN is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResilienceMeasure {
    /// Yearly measure under the later year; none under `form = window`.
    pub resilience: Option<Vec<f64>>,
    /// Measure over the window `resistance`, repeated on each row of the unit.
    pub resistance: Option<Vec<f64>>,
    /// Measure over the window `recovery`, repeated on each row of the unit.
    pub recovery: Option<Vec<f64>>,
    /// Growth expected of the unit, where it is not that of the nation.
    pub expected: Option<Vec<f64>>,
    /// Standard deviation of log growth over the rolling window.
    pub volatility: Option<Vec<f64>>,
    /// Its part from growth below the mean of the window.
    pub downside: Option<Vec<f64>>,
    /// ln X off its trend or forecast.
    pub cycle: Option<Vec<f64>>,
    /// Growth of the nation, year by year and over the windows.
    pub nation: Vec<NationalGrowth>,
    /// Where the variance of the yearly measure comes from.
    pub variance_share: Vec<YearShare>,
    /// Counts.
    pub sample: ResilienceCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl Resilience {
    /// Whether another comparison than with all units is asked for.
    fn compares(&self) -> bool {
        self.nation != Nation::All || self.leave_one_out
    }

    /// Refuses what another form would use.
    fn check_unused(&self) -> Result<()> {
        let usual = Resilience::default();
        for (option, given, form) in [
            ("lambda", self.lambda != usual.lambda, Form::Hp),
            ("span", self.span != usual.span, Form::Volatility),
            ("horizon", self.horizon != usual.horizon, Form::Hamilton),
            ("lags", self.lags != usual.lags, Form::Hamilton),
        ] {
            if given && self.form != form {
                let (form, own) = (form.word(), self.form.word());
                return Err(Error::invalid(
                    format!("`{option}` serves `form = \"{form}\"`, and the form is `{own}`"),
                    format!("leave it out, or set `form = \"{form}\"`"),
                ));
            }
        }
        Ok(())
    }
}

/// Resilience of the units: `value` at (`unit`, `time`), NaN missing, at most one row each.
pub fn resilience(options: &Resilience, unit: &Factor, time: &[i64], value: &[f64]) -> Result<ResilienceMeasure> {
    let against = match (options.nation, options.leave_one_out) {
        (Nation::LeaveOneOut, _) | (Nation::All, true) => Against::Others,
        (Nation::All, false) => Against::All,
        (Nation::Group, _) => {
            return Err(Error::invalid("`nation = \"group\"` without groups", "set `group` to a column"));
        }
        (Nation::Mix, _) => {
            return Err(Error::invalid(
                "`nation = \"mix\"` without products or markets",
                "set `product`, `market` or `columns`",
            ));
        }
    };
    resilience_against(options, unit, time, value, &against)
}

/// As [`resilience`], against a group or a mix.
pub fn resilience_against(
    options: &Resilience,
    unit: &Factor,
    time: &[i64],
    value: &[f64],
    against: &Against,
) -> Result<ResilienceMeasure> {
    options.check_unused()?;
    let years = observed(&options.value, unit, time, value)?;
    let n = value.len();
    let mut out = ResilienceMeasure::default();
    out.sample.rows = n;
    out.sample.missing = value.iter().filter(|v| v.is_nan()).count();
    if options.form.own_path() {
        options.check_path()?;
        out.along_paths(options, &years, value)?;
        return Ok(out);
    }
    if options.form == Form::Window && options.resistance.is_none() && options.recovery.is_none() {
        return Err(Error::invalid(
            "`form = \"window\"` without a window",
            "set `resistance = \"FROM:TO\"`, `recovery = \"FROM:TO\"`, or both",
        ));
    }
    if options.form != Form::Window {
        let (mut column, mut expected) = (vec![f64::NAN; n], vec![f64::NAN; n]);
        for (&to, now) in &years {
            if let Some(then) = to.checked_sub(1).and_then(|from| years.get(&from)) {
                let span = Span::new(Window { from: to - 1, to }, then, now);
                for (row, r, e) in out.compare(options, &span, value, against)? {
                    (column[row], expected[row]) = (r, e);
                }
            }
        }
        if out.nation.is_empty() {
            return Err(Error::invalid(
                "no two consecutive years in the data, so that there is no yearly growth",
                "check `time`, or set `form = \"window\"` with `resistance = \"FROM:TO\"`",
            ));
        }
        out.variance_share = variance_share(&column, time);
        if let Some(most) = out.variance_share.iter().max_by(|a, b| a.share.total_cmp(&b.share)) {
            let (year, share) = (most.year, 100.0 * most.share);
            out.notes
                .push(format!("{share:.1} % of the variance of the measure come from {year}; see `variance_share`"));
        }
        out.resilience = Some(column);
        out.expected = matches!(against, Against::Group { .. } | Against::Mix { .. }).then_some(expected);
    }
    for (window, recovery) in [(options.resistance, false), (options.recovery, true)] {
        let Some(window) = window else { continue };
        let at = |year: i64| {
            years.get(&year).ok_or_else(|| {
                Error::invalid(format!("no value in {year}, a year of the window {window}"), "take years of the data")
            })
        };
        let span = Span::new(window, at(window.from)?, at(window.to)?);
        let compared = out.compare(options, &span, value, against)?;
        let by_unit: BTreeMap<u32, f64> = compared.into_iter().map(|(row, r, _)| (unit.codes[row], r)).collect();
        let column = unit.codes.iter().map(|code| by_unit.get(code).copied().unwrap_or(f64::NAN)).collect();
        *if recovery { &mut out.recovery } else { &mut out.resistance } = Some(column);
    }
    out.count_notes(against);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_read_and_write_the_same_text() {
        assert_eq!("2013:2014".parse::<Window>().unwrap().to_string(), "2013:2014");
        for bad in ["2014:2013", "2013", "2013:2013", "a:b"] {
            assert!(bad.parse::<Window>().is_err(), "{bad}");
        }
    }
}
