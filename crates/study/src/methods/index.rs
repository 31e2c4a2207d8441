//! Composite indices.

use super::{list, numbers};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::index::entropy::{Entropy, entropy};
use plim_table::Column;

impl Method for Entropy {
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
        let index = entropy(self, &x, times.as_deref()).map_err(|e| Error::from(e).at_rows(&kept))?;
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
