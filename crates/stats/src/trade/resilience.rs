//! Export resilience: growth of a unit measured against growth of the nation.
//!
//! With g_i the growth of unit i between two years and g_N that of the nation,
//!
//! ```text
//! ratio        R_i = (g_i - g_N) / |g_N|
//! difference   R_i = g_i - g_N
//! asinh        asinh of the ratio
//! ```
//!
//! R > 0 where the unit did better than the nation would have had it do. The ratio is the resistance and
//! recoverability of Martin (2012), "Regional economic resilience, hysteresis and recessionary shocks", Journal of
//! Economic Geography 12(1), and Martin, Sunley, Gardiner and Tyler (2016), Regional Studies 50(4): over a window
//! of contraction it is *resistance*, over one of expansion *recovery*, year by year it makes a panel.
//!
//! **The denominator.** In a year of national growth near zero the ratio explodes, and that year rules the
//! regression: if deviations g_i - g_N are alike in all years, year t has the share (1/g_t²) / Σ (1/g²) of the
//! variance. `variance_share` shows it; growth below 2 % in absolute value is noted. The difference has no
//! denominator, and with year effects the nation drops out of it.
//!
//! **Who is the nation.** Growth between two years adds up the units observed in both: a unit that enters or leaves
//! the data is not growth. Units seen in one of the two years only are counted. A zero is a value: a unit with
//! X = 0 in the first year counts in the nation but has no growth of its own. Growth is never taken across a
//! missing year. With `leave_one_out` each unit is measured against all the others, which matters when it is a
//! large part of the nation itself.

use super::sums_without_each;
use crate::index::normalize::as_text;
use crate::{Error, Factor, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// National growth below this, in absolute value, is noted as a small denominator.
const SMALL_GROWTH: f64 = 0.02;

/// Resilience of exports against the nation, by year and over dated windows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resilience {
    /// The column of export values: one row a unit and year.
    pub value: String,
    /// How growth is set against the nation's: `ratio`, `difference`, `asinh`, or `window` for windows only.
    ///
    /// The form serves the windows too; `window` measures them by the ratio.
    pub form: Form,
    /// Against whom: `all` units, the unit included, or `leave_one_out`.
    pub nation: Nation,
    /// Years of contraction, `FROM:TO`: growth between the two makes the column `resistance`.
    pub resistance: Option<Window>,
    /// Years of recovery, `FROM:TO`: growth between the two makes the column `recovery`.
    pub recovery: Option<Window>,
}

/// How growth is set against the nation's.
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
    /// Growth of the sum of all units (also under `leave_one_out`).
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
    /// Comparisons that are undefined because the nation's growth is zero or has no base.
    pub undefined: usize,
}

/// Resilience of every row, in the order of the data; NaN is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct ResilienceMeasure {
    /// Yearly measure under the later year; none under `form = window`.
    pub resilience: Option<Vec<f64>>,
    /// Measure over the window `resistance`, repeated on each row of the unit.
    pub resistance: Option<Vec<f64>>,
    /// Measure over the window `recovery`, repeated on each row of the unit.
    pub recovery: Option<Vec<f64>>,
    /// Growth of the nation, year by year and over the windows.
    pub nation: Vec<NationalGrowth>,
    /// Where the variance of the yearly measure comes from.
    pub variance_share: Vec<YearShare>,
    /// Counts.
    pub sample: ResilienceCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Resilience of the units: `value` at (`unit`, `time`), NaN missing, at most one row each.
pub fn resilience(options: &Resilience, unit: &Factor, time: &[i64], value: &[f64]) -> Result<ResilienceMeasure> {
    let years = observed(&options.value, unit, time, value)?;
    let n = value.len();
    let sample =
        ResilienceCount { rows: n, missing: value.iter().filter(|v| v.is_nan()).count(), ..Default::default() };
    let mut out = ResilienceMeasure {
        resilience: None,
        resistance: None,
        recovery: None,
        nation: Vec::new(),
        variance_share: Vec::new(),
        sample,
        notes: Vec::new(),
    };
    if options.form == Form::Window && options.resistance.is_none() && options.recovery.is_none() {
        return Err(Error::invalid(
            "`form = \"window\"` without a window",
            "set `resistance = \"FROM:TO\"`, `recovery = \"FROM:TO\"`, or both",
        ));
    }
    if options.form != Form::Window {
        let mut column = vec![f64::NAN; n];
        for (&to, now) in &years {
            if let Some(then) = to.checked_sub(1).and_then(|from| years.get(&from)) {
                let span = Span::new(Window { from: to - 1, to }, then, now);
                for (row, r) in out.compare(options, &span, value)? {
                    column[row] = r;
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
        out.resilience = Some(column);
    }
    for (window, recovery) in [(options.resistance, false), (options.recovery, true)] {
        let Some(window) = window else { continue };
        let at = |year: i64| {
            years.get(&year).ok_or_else(|| {
                Error::invalid(format!("no value in {year}, a year of the window {window}"), "take years of the data")
            })
        };
        let span = Span::new(window, at(window.from)?, at(window.to)?);
        let by_unit: BTreeMap<u32, f64> =
            out.compare(options, &span, value)?.into_iter().map(|(row, r)| (unit.codes[row], r)).collect();
        let column = unit.codes.iter().map(|code| by_unit.get(code).copied().unwrap_or(f64::NAN)).collect();
        *if recovery { &mut out.recovery } else { &mut out.resistance } = Some(column);
    }
    out.count_notes();
    Ok(out)
}

/// Row of each unit with a value, by year; refuses wrong lengths, negative values and rows of the same key.
fn observed(name: &str, unit: &Factor, time: &[i64], value: &[f64]) -> Result<BTreeMap<i64, BTreeMap<u32, usize>>> {
    let n = value.len();
    if unit.codes.len() != n || time.len() != n {
        let (what, got) = if time.len() != n { ("`time`", time.len()) } else { ("`unit`", unit.codes.len()) };
        return Err(Error::length(what, got, n));
    }
    let infinite: Vec<usize> = (0..n).filter(|&i| value[i].is_infinite()).collect();
    if !infinite.is_empty() {
        return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(infinite));
    }
    let negative: Vec<usize> = (0..n).filter(|&i| value[i] < 0.0).collect();
    if !negative.is_empty() {
        return Err(Error::invalid("an export value is negative; wanted zero or more", "correct or drop these rows")
            .at_column(name)
            .at_rows(negative));
    }
    let mut keys: BTreeMap<(i64, u32), usize> = BTreeMap::new();
    let mut years: BTreeMap<i64, BTreeMap<u32, usize>> = BTreeMap::new();
    for i in 0..n {
        if let Some(first) = keys.insert((time[i], unit.codes[i]), i) {
            return Err(Error::invalid(
                format!("two rows of one `{}` in {}", unit.name, time[i]),
                "add the values up by unit and year first, for example with a `sql` step",
            )
            .at_rows([first, i]));
        }
        if !value[i].is_nan() {
            years.entry(time[i]).or_default().insert(unit.codes[i], i);
        }
    }
    if years.is_empty() {
        return Err(Error::new(Kind::Empty { what: "the column of values".into() }).at_column(name));
    }
    Ok(years)
}

/// Two years and the rows of the units observed in both.
struct Span {
    window: Window,
    pairs: Vec<(usize, usize)>,
    unmatched: usize,
}

impl Span {
    fn new(window: Window, then: &BTreeMap<u32, usize>, now: &BTreeMap<u32, usize>) -> Self {
        let pairs: Vec<(usize, usize)> = now.iter().filter_map(|(u, &b)| Some((*then.get(u)?, b))).collect();
        let unmatched = then.len() + now.len() - 2 * pairs.len();
        Span { window, pairs, unmatched }
    }
}

impl ResilienceMeasure {
    /// The measure of each unit over a span, under the row of its later year; counts and notes go to `self`.
    fn compare(&mut self, options: &Resilience, span: &Span, value: &[f64]) -> Result<Vec<(usize, f64)>> {
        let Window { from, to } = span.window;
        let x0: Vec<f64> = span.pairs.iter().map(|&(a, _)| value[a]).collect();
        let x1: Vec<f64> = span.pairs.iter().map(|&(_, b)| value[b]).collect();
        let m = x0.len();
        if m < 2 && options.nation == Nation::LeaveOneOut {
            return Err(Error::invalid(
                format!("{m} unit observed in both {from} and {to}: there are no others to compare with"),
                "set `nation = \"all\"`, or take years with more units",
            ));
        }
        let growth = |x1: f64, x0: f64| if x0 > 0.0 { x1 / x0 - 1.0 } else { f64::NAN };
        let all = growth(x1.iter().sum(), x0.iter().sum());
        let nation: Vec<f64> = match options.nation {
            Nation::All => vec![all; m],
            Nation::LeaveOneOut => {
                sums_without_each(&x1).into_iter().zip(sums_without_each(&x0)).map(|(b, a)| growth(b, a)).collect()
            }
        };
        self.nation.push(NationalGrowth { from, to, growth: all, units: m });
        self.sample.unmatched += span.unmatched;
        self.guard(options, span.window, &nation);
        let mut out = Vec::with_capacity(m);
        for (i, &(_, row)) in span.pairs.iter().enumerate() {
            let (g, national) = (growth(x1[i], x0[i]), nation[i]);
            let ratio = if national == 0.0 { f64::NAN } else { (g - national) / national.abs() };
            let r = match options.form {
                Form::Difference => g - national,
                Form::Asinh => ratio.asinh(),
                Form::Ratio | Form::Window => ratio,
            };
            self.sample.zero_base += usize::from(x0[i] == 0.0);
            self.sample.undefined += usize::from(x0[i] > 0.0 && r.is_nan());
            out.push((row, r));
        }
        Ok(out)
    }

    /// Notes a small denominator.
    fn guard(&mut self, options: &Resilience, window: Window, nation: &[f64]) {
        let small = nation.iter().filter(|g| g.abs() < SMALL_GROWTH).count();
        if small == 0 || options.form == Form::Difference {
            return;
        }
        let Window { from, to } = window;
        let least = nation.iter().copied().fold(f64::INFINITY, |a, b| if b.abs() < a.abs() { b } else { a });
        let whom = match options.nation {
            Nation::All => String::new(),
            Nation::LeaveOneOut => format!(" for {small} of {} units (nearest zero)", nation.len()),
        };
        self.notes.push(format!(
            "national growth {from}-{to} is {:.2} %{whom}, below 2 % in absolute value: the ratio divides by it and is very large; see `variance_share`, or set `form = \"difference\"`",
            100.0 * least
        ));
    }

    /// Notes what was lost.
    fn count_notes(&mut self) {
        let ResilienceCount { unmatched, zero_base, undefined, .. } = self.sample;
        for (count, what) in [
            (
                unmatched,
                "comparisons of two years lack one of the two: the unit is left out, and out of the nation's growth between them",
            ),
            (zero_base, "comparisons start from zero exports: no growth, the measure is missing"),
            (
                undefined,
                "comparisons are undefined because the nation's growth is zero or has no base: the measure is missing",
            ),
        ] {
            if count > 0 {
                self.notes.push(format!("{count} {what}"));
            }
        }
    }
}

/// Part of each year in Σ (R - mean)², over the rows that have a measure; empty without variance.
fn variance_share(r: &[f64], time: &[i64]) -> Vec<YearShare> {
    let defined: Vec<usize> = (0..r.len()).filter(|&i| !r[i].is_nan()).collect();
    let mean = defined.iter().map(|&i| r[i]).sum::<f64>() / defined.len() as f64;
    let mut years: BTreeMap<i64, f64> = BTreeMap::new();
    for &i in &defined {
        *years.entry(time[i]).or_default() += (r[i] - mean).powi(2);
    }
    let total: f64 = years.values().sum();
    match total > 0.0 {
        true => years.into_iter().map(|(year, s)| YearShare { year, share: s / total }).collect(),
        false => Vec::new(),
    }
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

    #[test]
    fn variance_is_shared_out_by_year() {
        let shares = variance_share(&[1.0, -1.0, 3.0, -3.0, f64::NAN], &[1, 1, 2, 2, 3]);
        assert_eq!(shares, [YearShare { year: 1, share: 0.1 }, YearShare { year: 2, share: 0.9 }]);
    }
}
