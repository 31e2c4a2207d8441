//! Near units: Moran's I, and Markov chains by the class of the neighbors.

use super::cells::Labels;
use super::complete::{Complete, added};
use super::lookup::{codes_in, named_table};
use super::{list, need};
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_stats::Factor;
use plim_stats::distribution::markov::Chain;
use plim_stats::distribution::{Markov, markov};
use plim_stats::spatial::moran::Local;
use plim_stats::spatial::{Moran, Neighbors, Scheme, moran};
use plim_table::Column;
use serde_json::{Map, Value, json};

/// The options that say who is near.
struct Near<'o> {
    scheme: Option<Scheme>,
    lat: Option<&'o String>,
    lon: Option<&'o String>,
    neighbors: Option<&'o String>,
}

impl Near<'_> {
    /// Neighbors of the units of the rows; none where no option asks for them.
    fn of(&self, cx: &Context, complete: &Complete, unit: &Factor) -> Result<Option<Neighbors>> {
        match (self.scheme, self.lat, self.lon, self.neighbors) {
            (None, None, None, None) => Ok(None),
            (Some(scheme), Some(lat), Some(lon), None) => {
                let places = complete.places(lat, lon, unit)?;
                Ok(Some(Neighbors::of_places(&places, scheme).map_err(|e| complete.located(e))?))
            }
            (None, None, None, Some(name)) => listed(cx, complete, unit, name).map(Some),
            _ => Err(Error::plan(
                "who is near is not said, or twice",
                "set `spatial_weights` with `lat` and `lon`, such as spatial_weights = \"knn:4\", or the table `neighbors` alone",
            )),
        }
    }
}

/// Neighbors from a table of pairs; units that the data lack are passed over.
fn listed(cx: &Context, complete: &Complete, unit: &Factor, name: &str) -> Result<Neighbors> {
    let pairs = named_table(cx, name, "pairs of neighbors")?;
    let labels = Labels::of(complete.table.column(&unit.name)?, unit);
    let (from, to) = (pairs.column("origin")?, pairs.column("destination")?);
    let (from, to) = (codes_in(&labels, from)?, codes_in(&labels, to)?);
    let weight = if pairs.has("weight") { Some(pairs.numbers("weight")?) } else { None };
    let mut all = Vec::new();
    for r in 0..pairs.rows() {
        if let (Some(a), Some(b)) = (from[r], to[r]) {
            all.push((a as usize, b as usize, weight.map_or(1.0, |w| w[r])));
        }
    }
    Neighbors::of_list(unit.levels as usize, all).map_err(Error::from)
}

const LOCAL: [&str; 7] = ["local_moran", "z", "lag", "p_value", "p_adjusted", "quadrant", "cluster"];

impl Method for Moran {
    fn columns(&self) -> Vec<String> {
        std::iter::once(&self.value).chain(&self.lat).chain(&self.lon).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        added(step, &LOCAL.map(String::from))
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.value, "value")?;
        let complete = Complete::new(cx, &Method::columns(self), &[])?;
        let unit = complete.need_unit(cx)?;
        let near = Near {
            scheme: self.spatial_weights,
            lat: self.lat.as_ref(),
            lon: self.lon.as_ref(),
            neighbors: self.neighbors.as_ref(),
        };
        let neighbors = near.of(cx, &complete, unit)?.ok_or_else(|| {
            Error::plan(
                "it is not said who is near",
                "set `spatial_weights`, such as \"knn:4\", with `lat` and `lon`, or the table `neighbors`",
            )
        })?;
        let values = complete.table.numbers(&self.value)?;
        let found = moran(self, values, unit, &complete.time, &neighbors, cx.seed).map_err(|e| complete.located(e))?;
        let mut more = Map::new();
        more.insert("global".into(), list(&found.global));
        let number = |name: &str, part: fn(&Local) -> f64| Column::number(name, found.local.iter().map(part).collect());
        let words: Vec<Option<String>> = found.local.iter().map(|l| super::efficiency::word(&l.quadrant)).collect();
        let cluster = (found.local.iter().zip(&words))
            .map(|(l, word)| if l.p_value < self.level { word.clone() } else { Some("not_significant".into()) });
        let columns = vec![
            number(LOCAL[0], |l| l.moran),
            number(LOCAL[1], |l| l.z),
            number(LOCAL[2], |l| l.lag),
            number(LOCAL[3], |l| l.p_value),
            number(LOCAL[4], |l| l.p_adjusted),
            Column::text(LOCAL[5], words.iter().cloned()),
            Column::text(LOCAL[6], cluster),
        ];
        Ok(complete.outcome("moran", more, found.notes, columns))
    }
}

impl Method for Markov {
    fn columns(&self) -> Vec<String> {
        std::iter::once(&self.value).chain(&self.lat).chain(&self.lon).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let spatial = self.spatial_weights.is_some() || self.neighbors.is_some();
        let names = std::iter::once("state").chain(spatial.then_some("neighbor_state"));
        added(step, &names.map(String::from).collect::<Vec<_>>())
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.value, "value")?;
        cx.need_time()?;
        let complete = Complete::new(cx, &Method::columns(self), &[])?;
        let unit = complete.need_unit(cx)?;
        let near = Near {
            scheme: self.spatial_weights,
            lat: self.lat.as_ref(),
            lon: self.lon.as_ref(),
            neighbors: self.neighbors.as_ref(),
        };
        let neighbors = near.of(cx, &complete, unit)?;
        let values = complete.table.numbers(&self.value)?;
        let found = markov(self, values, unit, &complete.time, neighbors.as_ref()).map_err(|e| complete.located(e))?;
        let mut more = Map::new();
        let bound = |(time, bounds): &(Option<i64>, Vec<f64>)| match time {
            Some(time) => json!({ "time": time, "bounds": bounds }),
            None => json!({ "bounds": bounds }),
        };
        more.insert("bounds".into(), found.bounds.iter().map(bound).collect());
        more.insert("transitions".into(), json!(found.chain));
        let beside = |(s, chain): (usize, &Chain)| {
            let mut entry = super::object(chain);
            entry.insert("neighbor_state".into(), json!(s + 1));
            Value::Object(entry)
        };
        if !found.spatial.is_empty() {
            more.insert("spatial".into(), found.spatial.iter().enumerate().map(beside).collect());
        }
        more.insert("tests".into(), list(&found.tests));
        let mut columns = vec![Column::number("state", found.state)];
        columns.extend(found.neighbor_state.map(|s| Column::number("neighbor_state", s)));
        Ok(complete.outcome("markov", more, found.notes, columns))
    }
}
