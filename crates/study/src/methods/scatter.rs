//! The scatter of two columns, such as complexity and income.

use super::figures::{at_most, groups};
use super::need;
use super::show::shown;
use crate::error::Result;
use crate::method::{Context, Method, Outcome};
use plim_report::page::{Block, Figure as Drawn};
use plim_report::scatter::{Group, Look, Point, scatter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Scatter of two columns, with the line of least squares and its 95 % band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Scatter {
    /// Column of the horizontal axis.
    pub x: String,
    /// Column of the vertical axis.
    pub y: String,
    /// Column of groups, told apart by color and mark; one color by default.
    pub by: Option<String>,
    /// Column of names; unit and time by default.
    pub label: Option<String>,
    /// Whether points are named where there is room, those farthest from the line first.
    pub names: bool,
    /// Whether the line of least squares through all points is drawn, with its band.
    pub line: bool,
    /// Caption below the figure.
    pub title: String,
}

impl Default for Scatter {
    fn default() -> Self {
        Scatter {
            x: String::new(),
            y: String::new(),
            by: None,
            label: None,
            names: true,
            line: true,
            title: String::new(),
        }
    }
}

impl Method for Scatter {
    fn columns(&self) -> Vec<String> {
        let named = [&self.x, &self.y].into_iter().filter(|c| !c.is_empty()).cloned();
        named.chain(self.by.clone()).chain(self.label.clone()).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let kept = cx.kept();
        let (x, y) = (kept.numbers(need(&self.x, "x")?)?, kept.numbers(need(&self.y, "y")?)?);
        let names = self.label.as_deref().map(|c| kept.column(c)).transpose()?;
        let name = |i: usize| match names {
            Some(column) => column.show(i),
            None => super::efficiency::label(cx, &kept, i),
        };
        let parts = match &self.by {
            Some(by) => groups(cx, &kept, by)?,
            None => vec![(String::new(), (0..kept.rows()).collect())],
        };
        at_most(6, parts.len(), self.by.as_deref().unwrap_or_default())?;
        let point = |i: usize| Point { at: (x[i], y[i]), name: name(i) };
        let groups: Vec<Group> = (parts.into_iter())
            .map(|(name, rows)| Group { name, points: rows.into_iter().map(point).collect() })
            .collect();
        let label = |column: &String| cx.study.labels.get(column).cloned().unwrap_or_else(|| column.clone());
        let (x, y) = (label(&self.x), label(&self.y));
        let look = Look { x: &x, y: &y, names: self.names, line: self.line, lang: cx.study.lang };
        shown(vec![Block::Figure(Drawn { scene: scatter(&groups, &look)?, caption: self.title.clone() })])
    }
}
