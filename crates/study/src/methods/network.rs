//! Network data envelopment as columns.

use super::efficiency::{Observed, Variables, word};
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_stats::frontier::dea::Units;
use plim_stats::frontier::network::{Network, NetworkDea, NetworkUnit, network};
use plim_stats::math::Mat;
use plim_table::Column;

impl Method for NetworkDea {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        // Stages that do not parse are an error of the run, which says where.
        let flows = Network::parse(&self.stages).map_or(Vec::new(), |n| n.columns().cloned().collect());
        flows.into_iter().chain(self.by.clone()).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let stages = Network::parse(&self.stages).map_or(Vec::new(), |network| network.stages);
        let names = names(&stages);
        names.iter().enumerate().map(|(j, name)| crate::made::column_name(step, j, name)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let stages = Network::parse(&self.stages)?;
        // What comes from outside, then what stages make.
        let flows: Vec<String> = stages.columns().cloned().collect();
        let (from_outside, made) = flows.split_at(stages.from_outside());
        let variables = Variables { inputs: from_outside, outputs: made, bads: &[] };
        let mut observed = Observed::new(cx, &variables, &self.by.iter().collect::<Vec<_>>())?;
        let judge = |units: &Units, _: &[usize]| {
            let values = Mat::from_fn(units.count(), flows.len(), |i, j| units.at(j, i));
            network(&values, self).map(|scores| (scores.units, scores.notes))
        };
        let units = observed.each_by(self.by.as_deref(), judge)?;
        let number = |name: &str, value: &dyn Fn(&NetworkUnit) -> Option<f64>| {
            Column::number(name, units.iter().map(|u| value(u).unwrap_or(f64::NAN)).collect())
        };
        let mut columns = vec![number("efficiency", &|u| u.efficiency)];
        for (k, name) in stages.stages.iter().enumerate() {
            columns.push(number(&format!("efficiency_{name}"), &|u| u.stages.as_ref()?[k]));
        }
        columns.push(Column::text("status", units.iter().map(|u| word(&u.status))));
        let reasons: Vec<Option<&str>> = units.iter().map(|u| u.reason.as_deref()).collect();
        Ok(observed.measured(cx, "network_dea", &reasons, columns))
    }
}

/// `efficiency`, `efficiency_STAGE`, `status`.
fn names(stages: &[String]) -> Vec<String> {
    let of_stages = stages.iter().map(|name| format!("efficiency_{name}"));
    std::iter::once("efficiency".to_string()).chain(of_stages).chain(["status".to_string()]).collect()
}
