//! Misallocation of factors, from the columns of a table and back: wedges, revenue productivity, flows, coupling.

use super::complete::{Complete, added, factor};
use super::efficiency::word;
use super::lookup::named_table;
use super::{list, need, numbers};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_stats::Factor;
use plim_stats::math::Mat;
use plim_stats::misallocation::flows::great_circle;
use plim_stats::misallocation::wedges::{Economy, Given};
use plim_stats::misallocation::{
    Coupling, Elasticity, FactorFlows, HsiehKlenow, Misallocation, coupling, factor_flows, hsieh_klenow, misallocation,
};
use plim_table::Column;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

fn words<S: Serialize>(status: &[S]) -> Column {
    Column::text("status", status.iter().map(|s| word(s)))
}

/// The columns of `misallocation`, in their order.
fn wedge_columns(factors: &[String]) -> Vec<String> {
    let of = |what: &'static str| factors.iter().map(move |f| format!("{what}_{f}"));
    let whole = ["misallocation", "composite", "mean_abs_tau"].map(String::from);
    let each = of("gamma").chain(of("tau")).chain(of("abs_tau")).chain(of("abs_ln_gamma")).chain(of("elasticity"));
    whole.into_iter().chain(each).chain(["status".to_string()]).collect()
}

impl Method for Misallocation {
    fn columns(&self) -> Vec<String> {
        let own = self.elasticities.iter().filter_map(Elasticity::column).map(String::from);
        std::iter::once(self.output.clone()).chain(self.factors.iter().cloned()).chain(own).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        added(step, &wedge_columns(&self.factors))
    }

    fn models(&self) -> Vec<String> {
        self.fit.iter().cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.output, "output")?;
        let mut read = vec![self.output.clone()];
        read.extend(self.factors.iter().cloned());
        let complete = Complete::new(cx, &read, &[])?;
        let table = &complete.table;
        let factors = numbers(table, &self.factors)?;
        let given: Option<Vec<Given>> = match (&self.fit, self.elasticities.is_empty()) {
            (Some(_), false) => {
                return Err(Error::plan("both `fit` and `elasticities` are given", "keep one of them"));
            }
            (Some(name), true) => Some(coefficients(self, cx, name)?.into_iter().map(Given::Common).collect()),
            (None, true) => None,
            (None, false) => {
                let one = |e: &Elasticity| match (e.value(), e.column()) {
                    (Some(v), _) => Ok(Given::Common(v)),
                    (None, name) => Ok(Given::Rows(table.numbers(name.unwrap_or_default())?)),
                };
                Some(self.elasticities.iter().map(one).collect::<Result<_>>()?)
            }
        };
        let economy = Economy {
            output: table.numbers(&self.output)?,
            factors: &factors,
            unit: complete.unit.as_ref(),
            time: &complete.time,
        };
        let wedges = misallocation(self, economy, given.as_deref()).map_err(|e| complete.located(e))?;
        let mut values = vec![wedges.weighted, wedges.composite, wedges.mean_abs_tau];
        let made = |f: fn(f64) -> f64, of: &[Vec<f64>]| -> Vec<Vec<f64>> {
            of.iter().map(|v| v.iter().map(|&v| f(v)).collect()).collect()
        };
        let abs_tau = made(f64::abs, &wedges.tau);
        // ln of zero is no number to regress on.
        let abs_ln = made(|g| if g > 0.0 { g.ln().abs() } else { f64::NAN }, &wedges.gamma);
        values.extend(wedges.gamma.into_iter().chain(wedges.tau).chain(abs_tau).chain(abs_ln).chain(wedges.elasticity));
        let names = wedge_columns(&self.factors);
        let mut columns: Vec<Column> = names.iter().zip(values).map(|(name, v)| Column::number(name, v)).collect();
        columns.push(words(&wedges.status));
        let mut more = Map::new();
        more.insert("totals".into(), list(&wedges.totals));
        if let Some(found) = &wedges.estimated {
            more.insert("production".into(), list(&found.common));
            more.insert("production_nobs".into(), json!(found.nobs));
            if let Some(spread) = &found.spread {
                more.insert("between_sd".into(), list(spread));
            }
        }
        Ok(complete.outcome("misallocation", more, wedges.notes, columns))
    }
}

/// Elasticities from the coefficients of an earlier fit.
fn coefficients(options: &Misallocation, cx: &Context, step: &str) -> Result<Vec<f64>> {
    let found = match &cx.results.fits(&[step.to_string()])?[..] {
        [(_, fit)] => *fit,
        several => {
            return Err(Error::plan(
                format!("`{step}` has {} models", several.len()),
                "estimate the production function in a step of its own",
            ));
        }
    };
    if !options.terms.is_empty() && options.terms.len() != options.factors.len() {
        return Err(Error::plan(
            format!("{} `terms` for {} factors", options.terms.len(), options.factors.len()),
            "name one coefficient for each factor",
        ));
    }
    let names = || found.coefficients.iter().map(|c| c.name.as_str());
    let of = |(j, factor): (usize, &String)| {
        let forms = match options.terms.get(j) {
            Some(term) => vec![term.clone()],
            None => ["", "log(", "ln(", "ln_", "ln", "log_"]
                .map(|prefix| format!("{prefix}{factor}{}", if prefix.ends_with('(') { ")" } else { "" }))
                .to_vec(),
        };
        let row = found.coefficients.iter().find(|c| forms.contains(&c.name)).ok_or_else(|| {
            Error::plan(
                format!("`{step}` has no coefficient that is the elasticity of `{factor}`"),
                format!("name it in `terms`; there are: {}", names().collect::<Vec<_>>().join(", ")),
            )
        })?;
        // A square or a product of the factor: the coefficient is its elasticity at one point only.
        let mentions =
            |name: &&str| *name != row.name && words_of(name).any(|w| w == factor || forms.iter().any(|f| f == w));
        match names().find(mentions) {
            Some(other) => Err(Error::plan(
                format!("`{factor}` is also in the coefficient `{other}` of `{step}`: its elasticity differs by row"),
                "name the columns of elasticities by row in `elasticities`",
            )),
            None => Ok(row.estimate),
        }
    };
    options.factors.iter().enumerate().map(of).collect()
}

/// The names in the name of a coefficient: `log(K):log(L)` has log, K, log, L.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty())
}

const PRODUCTIVITY: [&str; 7] = ["ln_tfpr", "ln_tfpq", "tfpr", "tfpq", "tau_k", "tau_y", "status"];

impl Method for HsiehKlenow {
    fn columns(&self) -> Vec<String> {
        let alpha = self.alpha.as_ref().and_then(Elasticity::column).map(String::from);
        let own = [&self.value_added, &self.capital, &self.labor].into_iter().cloned();
        own.chain(self.industry.clone()).chain(alpha).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        added(step, &PRODUCTIVITY.map(String::from))
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        for (name, option) in [(&self.value_added, "value_added"), (&self.capital, "capital"), (&self.labor, "labor")] {
            need(name, option)?;
        }
        let Some(alpha) = &self.alpha else {
            return Err(Error::plan(
                "`alpha` is not given",
                "set the capital share, such as alpha = 0.4, or its column",
            ));
        };
        let mut read = vec![self.value_added.clone(), self.capital.clone(), self.labor.clone()];
        read.extend(alpha.column().map(String::from));
        let keys: Vec<&str> = self.industry.as_deref().into_iter().collect();
        let complete = Complete::new(cx, &read, &keys)?;
        let table = &complete.table;
        let n = table.rows();
        let share = match (alpha.value(), alpha.column()) {
            (Some(v), _) => vec![v; n],
            (None, name) => table.numbers(name.unwrap_or_default())?.to_vec(),
        };
        let industry = match &self.industry {
            Some(name) => factor(table, name)?,
            None => Factor::from_keys("industry", (0..n).map(|_| 0)),
        };
        let data = plim_stats::misallocation::hsieh_klenow::Industries {
            value_added: table.numbers(&self.value_added)?,
            capital: table.numbers(&self.capital)?,
            labor: table.numbers(&self.labor)?,
            alpha: &share,
            industry: &industry,
            time: &complete.time,
        };
        let found = hsieh_klenow(self, data).map_err(|e| complete.located(e))?;
        let name_of = |code: u32| -> Value {
            let row = industry.codes.iter().position(|&c| c == code);
            let column = self.industry.as_deref().and_then(|name| table.column(name).ok());
            row.zip(column).map_or(Value::Null, |(i, c)| json!(c.show(i)))
        };
        let industries: Vec<Value> = (found.industries.iter())
            .map(|e| {
                let mut row = super::object(e);
                row.insert("industry".into(), e.industry.map_or(Value::Null, name_of));
                Value::Object(row)
            })
            .collect();
        let mut more = Map::new();
        more.insert("aggregate".into(), list(&found.aggregate));
        more.insert("industries".into(), industries.into());
        let values = [found.ln_tfpr, found.ln_tfpq, found.tfpr, found.tfpq, found.tau_k, found.tau_y];
        let mut columns: Vec<Column> =
            PRODUCTIVITY.iter().zip(values).map(|(name, v)| Column::number(*name, v)).collect();
        columns.push(words(&found.status));
        Ok(complete.outcome("hsieh_klenow", more, found.notes, columns))
    }
}

const FLOWS: [&str; 3] = ["inflow", "outflow", "net_inflow"];

impl Method for FactorFlows {
    fn columns(&self) -> Vec<String> {
        let place = self.lat.iter().chain(&self.lon);
        [&self.mass, &self.attraction].into_iter().chain(place).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        added(step, &FLOWS.map(String::from))
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_unit()?;
        need(&self.mass, "mass")?;
        need(&self.attraction, "attraction")?;
        let complete = Complete::new(cx, &Method::columns(self), &[])?;
        let table = &complete.table;
        let unit = complete.unit.as_ref().expect("the unit is named");
        let distance = distances(self, cx, &complete, unit)?;
        let [mass, attraction] = [table.numbers(&self.mass)?, table.numbers(&self.attraction)?];
        let found = factor_flows(self, mass, attraction, unit, &complete.time, &distance);
        let found = found.map_err(|e| complete.located(e))?;
        let values = [found.inflow, found.outflow, found.net_inflow];
        let columns = FLOWS.iter().zip(values).map(|(name, v)| Column::number(*name, v)).collect();
        Ok(complete.outcome("factor_flows", Map::new(), found.notes, columns))
    }
}

/// Distances between the units, from places on earth or from a table of pairs.
fn distances(options: &FactorFlows, cx: &Context, complete: &Complete, unit: &Factor) -> Result<Mat<f64>> {
    let table = &complete.table;
    match (&options.lat, &options.lon, &options.distances) {
        (Some(lat), Some(lon), None) => {
            let places = complete.places(lat, lon, unit)?;
            great_circle(&places).map_err(|e| complete.located(e))
        }
        (None, None, Some(name)) => {
            let pairs = named_table(cx, name, "distances")?;
            let own = table.column(cx.need_unit()?)?;
            let codes: HashMap<String, usize> =
                unit.codes.iter().enumerate().map(|(i, &code)| (own.show(i), code as usize)).collect();
            let (from, to) = (pairs.column(&options.origin)?, pairs.column(&options.destination)?);
            let km = pairs.numbers(&options.distance)?;
            let N = unit.levels as usize;
            let mut D = Mat::from_fn(N, N, |_, _| f64::NAN);
            for (r, &km) in km.iter().enumerate() {
                let (Some(&i), Some(&j)) = (codes.get(&from.show(r)), codes.get(&to.show(r))) else { continue };
                if !D[(i, j)].is_nan() && D[(i, j)] != km {
                    return Err(pairs
                        .content(
                            Some(&options.distance),
                            vec![r],
                            "a pair has two distances",
                            "keep one row for each pair",
                        )
                        .into());
                }
                D[(i, j)] = km;
            }
            // A pair that is given one way only is as far the other way.
            for i in 0..N {
                for j in 0..N {
                    if D[(i, j)].is_nan() {
                        D[(i, j)] = D[(j, i)];
                    }
                }
            }
            Ok(D)
        }
        _ => Err(Error::plan(
            "the places are not given, or twice",
            "name the columns `lat` and `lon`, or the table `distances` of pairs",
        )),
    }
}

const COORDINATION: [&str; 3] = ["coordination", "coupling", "development"];

impl Method for Coupling {
    fn columns(&self) -> Vec<String> {
        self.subsystems.clone()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        added(step, &COORDINATION.map(String::from))
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let complete = Complete::new(cx, &self.subsystems, &[])?;
        let found = coupling(self, &numbers(&complete.table, &self.subsystems)?).map_err(|e| complete.located(e))?;
        let mut more = Map::new();
        let mean = |(convention, mean): &(_, f64)| json!({ "convention": word(convention), "coordination": mean });
        more.insert("means".into(), found.means.iter().map(mean).collect());
        more.insert("weights".into(), list(&found.weights));
        let values = [found.coordination, found.coupling, found.development];
        let columns = COORDINATION.iter().zip(values).map(|(name, v)| Column::number(*name, v)).collect();
        Ok(complete.outcome("coupling", more, found.notes, columns))
    }
}
