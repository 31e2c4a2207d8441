//! Figure of units by rank with the intervals of their scores.

use super::need;
use super::show::shown;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_report::caterpillar::{Ranked, caterpillar};
use plim_report::page::{Block, Figure as Drawn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Units from the highest score to the lowest with their intervals, one row a unit: `where = "year = 2021"`, say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Caterpillar {
    /// Column of the scores.
    pub column: String,
    /// Column of the lower bounds, such as `eff_conf_low`.
    pub low: Option<String>,
    /// Column of the upper bounds.
    pub high: Option<String>,
    /// How many of the highest to draw; all when 0.
    pub top: usize,
    /// Caption below the figure.
    pub title: String,
}

impl Method for Caterpillar {
    fn columns(&self) -> Vec<String> {
        [&self.column].into_iter().chain(&self.low).chain(&self.high).cloned().collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (kept, unit) = (cx.kept(), cx.need_unit()?);
        let values = kept.numbers(need(&self.column, "column")?)?;
        let bound = |name: &Option<String>| -> Result<Vec<f64>> {
            Ok(name.as_ref().map_or(Ok(vec![f64::NAN; values.len()]), |n| kept.numbers(n).map(<[f64]>::to_vec))?)
        };
        let (low, high, names) = (bound(&self.low)?, bound(&self.high)?, kept.column(unit)?);
        let mut units: Vec<Ranked> = (0..kept.rows())
            .filter(|&i| !values[i].is_nan())
            .map(|i| Ranked { name: names.show(i), value: values[i], low: low[i], high: high[i] })
            .collect();
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = units.iter().find(|u| !seen.insert(u.name.as_str())) {
            return Err(Error::plan(
                format!("`{unit}` {} has several rows", twice.name),
                "keep one row a unit with `where`, such as year = 2021",
            ));
        }
        if self.top > 0 {
            units.sort_by(|a, b| b.value.total_cmp(&a.value));
            units.truncate(self.top);
        }
        let label = cx.study.labels.get(&self.column).unwrap_or(&self.column);
        let scene = caterpillar(&units, label, cx.study.lang)?;
        let caption = if self.title.is_empty() { label.clone() } else { self.title.clone() };
        shown(vec![Block::Figure(Drawn { scene, caption })])
    }
}
