//! Two years compared: growth of the unit against the growth expected of it.

use super::{Against, Form, NationalGrowth, Resilience, ResilienceCount, ResilienceMeasure, Window, YearShare};
use crate::trade::rounding::settled;
use crate::trade::series::matched;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// National growth below this, in absolute value, is noted as a small denominator.
const SMALL_GROWTH: f64 = 0.02;

/// Two years and the rows of the units observed in both.
pub(super) struct Span {
    pub window: Window,
    /// Row in the first and in the last year.
    pub pairs: Vec<(usize, usize)>,
    pub unmatched: usize,
}

impl Span {
    pub(super) fn new(window: Window, then: &BTreeMap<u32, usize>, now: &BTreeMap<u32, usize>) -> Self {
        let (pairs, unmatched) = matched(then, now);
        Span { window, pairs, unmatched }
    }
}

/// x1/x0 - 1 of two sums of `terms` numbers each, zero where it is rounding; NaN without a base.
pub(in crate::trade) fn growth(x1: f64, x0: f64, terms: usize) -> f64 {
    if x0 > 0.0 { settled(x1 / x0 - 1.0, x1 / x0 + 1.0, terms) } else { f64::NAN }
}

impl ResilienceMeasure {
    /// Row of the later year, measure and growth expected of each unit over a span; counts and notes go to `self`.
    pub(super) fn compare(
        &mut self,
        options: &Resilience,
        span: &Span,
        value: &[f64],
        against: &Against,
    ) -> Result<Vec<(usize, f64, f64)>> {
        let Window { from, to } = span.window;
        let x0: Vec<f64> = span.pairs.iter().map(|&(a, _)| value[a]).collect();
        let x1: Vec<f64> = span.pairs.iter().map(|&(_, b)| value[b]).collect();
        let m = x0.len();
        if m < 2 && matches!(against, Against::Others) {
            return Err(Error::invalid(
                format!("{m} unit observed in both {from} and {to}: there are no others to compare with"),
                "set `nation = \"all\"`, or take years with more units",
            ));
        }
        let all = growth(x1.iter().sum(), x0.iter().sum(), m);
        let expected = against.expected(span, &x0, &x1, options.leave_one_out);
        self.nation.push(NationalGrowth { from, to, growth: all, units: m });
        self.sample.unmatched += span.unmatched;
        self.guard(options, span.window, &expected, against);
        let mut out = Vec::with_capacity(m);
        for (i, &(first, row)) in span.pairs.iter().enumerate() {
            let (g, e) = (growth(x1[i], x0[i], 1), expected[i]);
            let ratio = if e == 0.0 { f64::NAN } else { (g - e) / e.abs() };
            let r = match options.form {
                Form::Difference => g - e,
                Form::Asinh => ratio.asinh(),
                _ => ratio,
            };
            // Larger than a number can be.
            let r = if r.is_infinite() { f64::NAN } else { r };
            if against.ungrouped(first) {
                self.sample.ungrouped += 1;
            } else {
                self.sample.zero_base += usize::from(x0[i] == 0.0);
                self.sample.undefined += usize::from(x0[i] > 0.0 && r.is_nan());
            }
            out.push((row, r, e));
        }
        Ok(out)
    }

    /// Notes a small denominator.
    fn guard(&mut self, options: &Resilience, window: Window, expected: &[f64], against: &Against) {
        let small = expected.iter().filter(|g| g.abs() < SMALL_GROWTH).count();
        if small == 0 || options.form == Form::Difference {
            return;
        }
        let Window { from, to } = window;
        let least = expected.iter().copied().fold(f64::INFINITY, |a, b| if b.abs() < a.abs() { b } else { a });
        let (whose, whom) = match against {
            Against::All | Against::Weighted { .. } => ("national", String::new()),
            Against::Others => ("national", format!(" for {small} of {} units (nearest zero)", expected.len())),
            _ => ("expected", format!(" for {small} of {} units (nearest zero)", expected.len())),
        };
        self.notes.push(format!(
            "{whose} growth {from}-{to} is {:.2} %{whom}, below 2 % in absolute value: the ratio divides by it and is very large; see `variance_share`, or set `form = \"difference\"`",
            100.0 * least
        ));
    }

    /// Notes what was lost.
    pub(super) fn count_notes(&mut self, against: &Against) {
        let ResilienceCount { unmatched, zero_base, undefined, ungrouped, .. } = self.sample;
        let why = match against {
            Against::All | Against::Weighted { .. } | Against::Others => {
                "comparisons are undefined because the nation's growth is zero or has no base, or a growth is more than a number can be: the measure is missing"
            }
            Against::Group { .. } => {
                "comparisons are undefined because the group's growth is zero or has no base (a group of one without itself), or a growth is more than a number can be: the measure is missing"
            }
            Against::Mix { .. } => {
                "comparisons are undefined because expected growth is zero, or a product or market of the unit has no other unit (under `leave_one_out`), or a growth is more than a number can be: the measure is missing; coarser products help"
            }
        };
        for (count, what) in [
            (
                unmatched,
                "comparisons of two years lack one of the two: the unit is left out, and out of the nation's growth between them",
            ),
            (zero_base, "comparisons start from zero exports: no growth, the measure is missing"),
            (undefined, why),
            (ungrouped, "comparisons are of a unit without a group: the measure is missing"),
        ] {
            if count > 0 {
                self.notes.push(format!("{count} {what}"));
            }
        }
    }
}

/// Part of each year in Σ (R - mean)², over the rows that have a measure; empty without variance.
pub(super) fn variance_share(r: &[f64], time: &[i64]) -> Vec<YearShare> {
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
    fn variance_is_shared_out_by_year() {
        let shares = variance_share(&[1.0, -1.0, 3.0, -3.0, f64::NAN], &[1, 1, 2, 2, 3]);
        assert_eq!(shares, [YearShare { year: 1, share: 0.1 }, YearShare { year: 2, share: 0.9 }]);
    }
}
