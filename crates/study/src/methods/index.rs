//! Composite indices.

use super::trade::factor;
use super::{list, numbers};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::index::entropy::{Entropy, weighted_entropy};
use plim_stats::index::{
    Basis, Critic, IndexWeight, Pca, Scale, Scored, Stat, Topsis, WeightedIndex, pca_index, topsis, weighted_index,
};
use plim_table::Column;
use serde_json::{Map, Value, json};

impl Method for Entropy {
    fn weighs(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        self.indicators.clone()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        vec![step.into()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let x = numbers(&kept, &self.indicators)?;
        let times = cx.kept_times(&kept)?;
        let w: Option<Vec<f64>> = cx.draw.map(|w| cx.rows.iter().map(|&i| w[i]).collect());
        let index =
            weighted_entropy(self, &x, times.as_deref(), w.as_deref()).map_err(|e| Error::from(e).at_rows(&kept))?;
        let mut measure = Measure { method: "entropy".into(), notes: index.notes, ..Default::default() };
        measure.more.insert("weights".into(), list(&index.weights));
        measure.more.insert("goalposts".into(), list(&index.goalposts));
        Ok(Outcome::Columns(Measured {
            measure,
            columns: vec![Column::number("score", index.score)],
            keys: Keys::Rows(cx.rows.to_vec()),
        }))
    }
}

/// Columns of the indicators and the time, at the rows of the step.
pub(super) struct Read {
    pub kept: plim_table::Table,
    pub time: Option<Vec<i64>>,
    pub units: Option<Vec<u32>>,
}

impl Read {
    pub fn new(cx: &Context) -> Result<Self> {
        let kept = cx.kept();
        let time = cx.kept_times(&kept)?;
        let units = cx.unit.as_deref().map(|unit| kept.column(unit)).transpose()?.map(|c| factor(c).codes);
        Ok(Read { kept, time, units })
    }

    pub fn x(&self, basis: &Basis) -> Result<Vec<&[f64]>> {
        numbers(&self.kept, &basis.indicators)
    }

    pub fn at(&self, e: plim_stats::Error) -> Error {
        Error::from(e).at_rows(&self.kept)
    }
}

/// A measure of one column, the score, with its weights and scales.
pub(super) fn scored(
    cx: &Context,
    method: &str,
    score: Vec<f64>,
    weights: &[IndexWeight],
    scales: &[Scale],
    notes: Vec<String>,
) -> Measured {
    let mut measure = Measure { method: method.into(), notes, ..Default::default() };
    measure.more.insert("weights".into(), list(weights));
    measure.more.insert("scales".into(), list(scales));
    Measured { measure, columns: vec![Column::number("score", score)], keys: Keys::Rows(cx.rows.to_vec()) }
}

fn outcome(cx: &Context, method: &str, scored_index: Scored) -> Outcome {
    let Scored { score, weights, scales, stats, notes } = scored_index;
    let mut measured = scored(cx, method, score, &weights, &scales, notes);
    if !stats.is_empty() {
        measured.measure.more.insert("stats".into(), named(&stats));
    }
    Outcome::Columns(measured)
}

/// Each number under its name; a list with the years and dimensions where these have their own.
pub(super) fn named(stats: &[Stat]) -> Value {
    let mut all = Map::new();
    for stat in stats {
        let value = match (&stat.parent, stat.year) {
            (None, None) => json!(stat.value),
            (parent, year) => {
                let mut entry = Map::new();
                entry.extend(parent.as_ref().map(|p| ("parent".to_string(), json!(p))));
                entry.extend(year.map(|y| ("year".to_string(), json!(y))));
                entry.insert("value".into(), json!(stat.value));
                let mut list = all.remove(&stat.name).and_then(|v| v.as_array().cloned()).unwrap_or_default();
                list.push(Value::Object(entry));
                Value::Array(list)
            }
        };
        all.insert(stat.name.clone(), value);
    }
    Value::Object(all)
}

impl Method for WeightedIndex {
    fn columns(&self) -> Vec<String> {
        self.basis.indicators.clone()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        vec![step.into()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let read = Read::new(cx)?;
        let found = weighted_index(self, &read.x(&self.basis)?, read.time.as_deref(), read.units.as_deref(), cx.seed);
        Ok(outcome(cx, "weights", found.map_err(|e| read.at(e))?))
    }
}

impl Method for Critic {
    fn columns(&self) -> Vec<String> {
        self.basis.indicators.clone()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        vec![step.into()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let read = Read::new(cx)?;
        let found = weighted_index(&self.weighted(), &read.x(&self.basis)?, read.time.as_deref(), None, cx.seed);
        Ok(outcome(cx, "critic", found.map_err(|e| read.at(e))?))
    }
}

impl Method for Topsis {
    fn columns(&self) -> Vec<String> {
        self.basis.indicators.clone()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        vec![step.into()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let read = Read::new(cx)?;
        let found = topsis(self, &read.x(&self.basis)?, read.time.as_deref());
        Ok(outcome(cx, "topsis", found.map_err(|e| read.at(e))?))
    }
}

impl Method for Pca {
    fn columns(&self) -> Vec<String> {
        self.basis.indicators.clone()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        vec![step.into()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let read = Read::new(cx)?;
        let found = pca_index(self, &read.x(&self.basis)?, read.time.as_deref()).map_err(|e| read.at(e))?;
        let parts = &found.components;
        let eigenvalues = parts.eigenvalues.iter().enumerate().map(|(m, l)| json!({ "index": m + 1, "value": l }));
        let loadings = found.names.iter().enumerate().map(|(j, name)| {
            let mut row = Map::from_iter([("name".to_string(), Value::from(name.as_str()))]);
            row.extend((0..found.names.len()).map(|m| (format!("pc{}", m + 1), json!(parts.vectors[(j, m)]))));
            Value::Object(row)
        });
        let stats = json!({
            "eigenvalues": eigenvalues.collect::<Vec<_>>(),
            "loadings": loadings.collect::<Vec<_>>(),
            "components": parts.kept,
            "kmo": parts.kmo,
            "bartlett": parts.bartlett.map(|[statistic, df, p]| json!({ "statistic": statistic, "df": df, "p_value": p })),
        });
        let mut measured = scored(cx, "pca", found.score, &found.weights, &found.scales, found.notes);
        measured.measure.more.insert("stats".into(), stats);
        Ok(Outcome::Columns(measured))
    }
}
