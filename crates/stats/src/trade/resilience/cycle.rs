//! Resilience of a unit against its own past: volatility of growth, and the distance from a trend.

use super::filter::{hamilton_cycle, hp_cycle};
use super::{Form, Resilience, ResilienceMeasure};
use crate::trade::rounding::rounding;
use crate::trade::series::{Years, runs};
use crate::{Error, Result};

impl Resilience {
    /// Refuses what a measure of the unit's own path has no use for.
    pub(super) fn check_path(&self) -> Result<()> {
        let word = self.form.word();
        if self.compares() {
            return Err(Error::invalid(
                format!("`form = \"{word}\"` measures a unit against its own past, and a comparison is asked for"),
                "leave `nation` and `leave_one_out` out, or set `form = \"ratio\"`",
            ));
        }
        if self.resistance.is_some() || self.recovery.is_some() {
            return Err(Error::invalid(
                format!("`form = \"{word}\"` has no windows"),
                "leave `resistance` and `recovery` out, or set `form = \"ratio\"`",
            ));
        }
        let wrong = |message: String, remedy: &str| Err(Error::invalid(message, remedy));
        match self.form {
            Form::Hp if !(self.lambda > 0.0 && self.lambda.is_finite()) => {
                wrong(format!("`lambda` is {}", self.lambda), "give a positive number, such as 6.25 for years")
            }
            Form::Volatility if self.span < 2 => {
                wrong(format!("`span` is {}", self.span), "a standard deviation needs two growth rates or more")
            }
            Form::Hamilton if self.horizon == 0 || self.lags == 0 || self.horizon.max(self.lags) > 1000 => {
                wrong(format!("`horizon` is {} and `lags` is {}", self.horizon, self.lags), "give 1 to 1000 for both")
            }
            _ => Ok(()),
        }
    }
}

impl ResilienceMeasure {
    /// Fills in the measure of every run of consecutive years with exports.
    pub(super) fn along_paths(&mut self, options: &Resilience, years: &Years, value: &[f64]) -> Result<()> {
        let n = value.len();
        let blank = || vec![f64::NAN; n];
        let (mut main, mut level, mut down) = (blank(), blank(), blank());
        let mut short = 0;
        self.sample.zeros = value.iter().filter(|&&v| v == 0.0).count();
        for run in runs(years, |row| value[row] > 0.0) {
            let ln: Vec<f64> = run.rows.iter().map(|&row| value[row].ln()).collect();
            let cycle = match options.form {
                Form::Hp => hp_cycle(&ln, options.lambda),
                Form::Hamilton => hamilton_cycle(&ln, options.horizon, options.lags),
                _ => {
                    let growth: Vec<f64> = ln.windows(2).map(|w| w[1] - w[0]).collect();
                    short += usize::from(growth.len() < options.span);
                    for (j, g) in growth.windows(options.span).enumerate() {
                        let row = run.rows[j + options.span];
                        (level[row], down[row]) = deviations(g);
                        // Growth that is the same each year: ln of a value is off by ε of itself, and of its own size.
                        let size = ln[j..=j + options.span].iter().fold(1.0, |most: f64, v| most.max(1.0 + v.abs()));
                        if level[row] <= rounding(size, options.span) {
                            (level[row], down[row]) = (0.0, 0.0);
                        }
                        main[row] = if level[row] > 0.0 { 1.0 / level[row] } else { f64::NAN };
                        self.sample.undefined += usize::from(level[row] == 0.0);
                    }
                    continue;
                }
            };
            let Some(cycle) = cycle else {
                short += 1;
                continue;
            };
            for (&row, c) in run.rows.iter().zip(cycle) {
                (main[row], level[row]) = (-c.abs(), c);
            }
        }
        if level.iter().all(|v| v.is_nan()) {
            let (need, remedy) = match options.form {
                Form::Volatility => (options.span + 1, "take a shorter `span`"),
                Form::Hp => (super::filter::HP_LENGTH, "take more years"),
                _ => (
                    options.horizon + 2 * options.lags + super::filter::HAMILTON_FREE,
                    "set `form = \"hp\"`, or take more years",
                ),
            };
            return Err(Error::invalid(
                format!("no unit has {need} consecutive years with exports that vary"),
                format!("check `time`, or {remedy}"),
            ));
        }
        if short > 0 {
            self.notes.push(format!("{short} runs of consecutive years are too short: their measure is missing"));
        }
        if self.sample.zeros > 0 {
            self.notes.push(format!(
                "{} rows have zero exports and no logarithm: a series ends there and begins anew after",
                self.sample.zeros
            ));
        }
        if self.sample.undefined > 0 {
            self.notes.push(format!(
                "{} rows have growth without any variance: 1/volatility is missing",
                self.sample.undefined
            ));
        }
        self.resilience = Some(main);
        match options.form {
            Form::Volatility => (self.volatility, self.downside) = (Some(level), Some(down)),
            _ => self.cycle = Some(level),
        }
        Ok(())
    }
}

/// Standard deviation with n - 1, and the part of it from below the mean: their squares share one divisor, so that
/// the squares of both sides add up to the variance.
fn deviations(g: &[f64]) -> (f64, f64) {
    let n = g.len() as f64;
    let mean = g.iter().sum::<f64>() / n;
    let squares = |keep: fn(f64) -> bool| -> f64 {
        let sum: f64 = g.iter().map(|v| v - mean).filter(|d| keep(*d)).map(|d| d * d).sum();
        (sum / (n - 1.0)).sqrt()
    };
    (squares(|_| true), squares(|d| d < 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_add_up_to_the_variance() {
        let g = [0.1, -0.2, 0.05, 0.3];
        let up: Vec<f64> = g.iter().map(|v| -v).collect();
        let ((sd, down), (_, above)) = (deviations(&g), deviations(&up));
        assert!((down * down + above * above - sd * sd).abs() < 1e-16);
        assert_eq!(deviations(&[0.5, 0.5]), (0.0, 0.0));
    }
}
