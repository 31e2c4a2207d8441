//! Growth of total factor productivity from the columns of a fitted frontier, under the later period.

use super::malmquist::periods;
use super::numbers;
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::frontier::tfp_growth::{Growth, Observation, TfpGrowth, tfp_growth};
use plim_table::Column;

/// A number of a change.
type Part = fn(&Growth) -> f64;

/// Columns by name, those of the step of the fit filled in.
struct Named {
    elasticities: Vec<String>,
    technical_change: Option<String>,
    efficiency: Option<String>,
}

fn named(options: &TfpGrowth) -> Named {
    let of = |rest: &str| options.frontier.as_ref().map(|step| format!("{step}_{rest}"));
    let elasticities = match options.elasticities.is_empty() {
        true => options.factors.iter().filter_map(|name| of(&format!("elasticity_{name}"))).collect(),
        false => options.elasticities.clone(),
    };
    let technical_change = match options.no_trend {
        true => None,
        false => options.technical_change.clone().or_else(|| of("technical_change")),
    };
    Named { elasticities, technical_change, efficiency: options.efficiency.clone().or(options.frontier.clone()) }
}

impl Method for TfpGrowth {
    fn columns(&self) -> Vec<String> {
        let Named { elasticities, technical_change, efficiency } = named(self);
        let lists = self.factors.iter().chain(&self.shares).chain(&self.output).cloned();
        lists.chain(elasticities).chain(technical_change).chain(efficiency).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = ["tfp_growth", "technical_change", "efficiency_change", "scale", "allocative"];
        let noise = self.output.as_ref().map(|_| "noise");
        names.into_iter().chain(noise).enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        let names = named(self);
        let k = self.factors.len();
        if k == 0 {
            return Err(Error::plan("`factors` is not given", "name the columns of the logarithms of the factors"));
        }
        for (option, count) in [("elasticities", names.elasticities.len()), ("shares", self.shares.len())] {
            if count != k && !(option == "shares" && count == 0) {
                let remedy = "give one column for each factor, or name the step of the fit in `frontier`";
                return Err(Error::plan(format!("`{option}` has {count} columns for {k} factors"), remedy));
            }
        }
        let Some(efficiency) = &names.efficiency else {
            return Err(Error::plan(
                "`efficiency` is not given",
                "name its column, or the step of the fit in `frontier`",
            ));
        };
        if self.no_trend == names.technical_change.is_some() || (self.no_trend && self.technical_change.is_some()) {
            return Err(Error::plan(
                "technical change is not said: either `technical_change`, `frontier` or `no_trend`",
                "name the column of technical change, or set no_trend = true for a frontier without a trend",
            ));
        }
        let kept = cx.kept();
        let read: Vec<String> = Method::columns(self);
        let values = numbers(&kept, &read)?;
        let (units, times) = (kept.column(unit)?, kept.column(time)?);
        let complete =
            |i: &usize| values.iter().all(|v| v[*i].is_finite()) && !units.is_missing(*i) && !times.is_missing(*i);
        let rows: Vec<usize> = (0..kept.rows()).filter(complete).collect();
        if rows.is_empty() {
            return Err(Error::plan("no row has all the columns", "check the columns that the options name"));
        }
        let table = kept.take(&rows);
        let list = |names: &[String]| numbers(&table, names);
        let (x, e, shares) = (list(&self.factors)?, list(&names.elasticities)?, list(&self.shares)?);
        let (te, output) = (table.numbers(efficiency)?, self.output.as_ref().map(|o| table.numbers(o)).transpose()?);
        let technical = names.technical_change.as_ref().map(|c| table.numbers(c)).transpose()?;
        let pick = |columns: &[&[f64]], i: usize| columns.iter().map(|c| c[i]).collect::<Vec<f64>>();
        let observations: Vec<Observation> = (0..rows.len())
            .map(|i| Observation {
                factors: pick(&x, i),
                elasticities: pick(&e, i),
                technical_change: technical.map_or(0.0, |t| t[i]),
                efficiency: te[i],
                shares: (!shares.is_empty()).then(|| pick(&shares, i)),
                output: output.map(|o| o[i]),
            })
            .collect();
        let growth = tfp_growth(&observations, &table.column(unit)?.codes(), &periods(&table, time)?)
            .map_err(|e| Error::from(e).at_rows(&table))?;
        let parts: [(&str, Part); 5] = [
            ("tfp_growth", |g| g.tfp_growth),
            ("technical_change", |g| g.technical_change),
            ("efficiency_change", |g| g.efficiency_change),
            ("scale", |g| g.scale),
            ("allocative", |g| g.allocative),
        ];
        let values = |part: &dyn Fn(&Growth) -> f64| growth.iter().map(|g| g.as_ref().map_or(f64::NAN, part)).collect();
        let mut columns: Vec<Column> = parts.iter().map(|(name, part)| Column::number(*name, values(part))).collect();
        if self.output.is_some() {
            columns.push(Column::number("noise", values(&|g| g.noise.unwrap_or(f64::NAN))));
        }
        let mut notes = Vec::new();
        if rows.len() < kept.rows() {
            notes.push(format!("{} rows miss a column and are left out", kept.rows() - rows.len()));
        }
        let first = growth.iter().filter(|g| g.is_none()).count();
        notes.push(format!("{first} rows have no observation of their unit in the period before"));
        let measure = Measure { method: "tfp_growth".into(), notes, ..Default::default() };
        let rows = rows.iter().map(|&r| cx.rows[r]).collect();
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(rows) }))
    }
}
