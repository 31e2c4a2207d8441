//! The figure of a frontier: the units of a `dea` step with one input and one output.

use super::figures::{at_most, groups};
use super::need;
use super::show::shown;
use crate::error::{Error, Result};
use crate::made::column_name;
use crate::method::{Context, Method, Outcome};
use crate::schema;
use plim_report::frontier::{self, Frontier, Group, Returns, Unit};
use plim_report::page::{Block, Figure as Drawn};
use plim_stats::frontier::dea::{Dea, DeaModel, Orientation, Rts};
use plim_table::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The frontier of one input and one output, with the units below it.
///
/// The returns to scale, the groups with a frontier of their own, and the scores are those of the `dea` step. `where`
/// chooses which units and which of its frontiers are shown; all units of the step span them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FrontierFigure {
    /// The `dea` step whose frontier is drawn, by its name.
    pub measure: String,
    /// Column whose values color the units; the column `by` of the step when it has one.
    pub color: Option<String>,
    /// Whether a line leads from each inefficient unit to its target on the frontier.
    pub projections: bool,
    /// Whether efficient units are named, where there is room.
    pub names: bool,
    /// Caption below the figure.
    pub title: String,
}

impl Default for FrontierFigure {
    fn default() -> Self {
        FrontierFigure { measure: String::new(), color: None, projections: false, names: true, title: String::new() }
    }
}

impl Method for FrontierFigure {
    fn columns(&self) -> Vec<String> {
        self.color.iter().cloned().collect()
    }

    fn models(&self) -> Vec<String> {
        vec![self.measure.clone()]
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let name = need(&self.measure, "measure")?;
        let dea = declared(cx, name)?;
        let (input, output) = self.plane(name, &dea)?;
        let all = scored(cx.table, name)?;
        let spans = |rows: &mut dyn Iterator<Item = usize>| -> Result<Frontier> {
            let (x, y) = (cx.table.numbers(input)?, cx.table.numbers(output)?);
            Ok(Frontier::of(&rows.map(|i| (x[i], y[i])).collect::<Vec<_>>(), returns(&dea))?)
        };
        let shown_rows: Vec<usize> = cx.rows.iter().copied().filter(|i| all.binary_search(i).is_ok()).collect();
        let kept = cx.table.take(&shown_rows);
        let color = dea.by.as_ref().or(self.color.as_ref());
        let parts = match color {
            Some(by) => groups(cx, &kept, by)?,
            None => vec![(String::new(), (0..kept.rows()).collect())],
        };
        at_most(6, parts.len(), color.map_or("", String::as_str))?;
        let mut drawn = Vec::new();
        for (label, rows) in parts {
            let units = rows.iter().map(|&i| self.unit(cx, &kept, i, &dea, name)).collect::<Result<_>>()?;
            let frontier = match &dea.by {
                Some(by) => {
                    let column = cx.table.column(by)?;
                    let value = column.show(shown_rows[rows[0]]);
                    Some(spans(&mut all.iter().copied().filter(|&i| column.show(i) == value))?)
                }
                None => None,
            };
            drawn.push(Group { name: label, units, frontier });
        }
        let common = match dea.by {
            Some(_) => None,
            None => Some(spans(&mut all.iter().copied())?),
        };
        let label = |column: &str| cx.study.labels.get(column).cloned().unwrap_or_else(|| column.to_string());
        let (input, output) = (label(input), label(output));
        let look = frontier::Look { input: &input, output: &output, names: self.names, lang: cx.study.lang };
        let scene = frontier::frontier(&drawn, common.as_ref(), &look)?;
        shown(vec![Block::Figure(Drawn { scene, caption: self.title.clone() })])
    }
}

impl FrontierFigure {
    /// The input and the output, when a plane can hold the technology of the step and what is to be drawn.
    fn plane<'d>(&self, name: &str, dea: &'d Dea) -> Result<(&'d str, &'d str)> {
        let ([input], [output], []) = (&dea.inputs[..], &dea.outputs[..], &dea.bads[..]) else {
            return Err(Error::plan(
                format!(
                    "`{name}` has {} inputs, {} outputs and {} undesirable outputs, and a plane has room for one input \
                     and one output",
                    dea.inputs.len(),
                    dea.outputs.len(),
                    dea.bads.len()
                ),
                "add a `dea` step with one of each for the figure, or draw the scores with `density`",
            ));
        };
        if dea.rts == Rts::FdhPlus {
            return Err(Error::plan(
                format!("`{name}` scales single units (`rts = \"fdh+\"`), whose frontier the figure does not draw"),
                "add a `dea` step with another `rts` for the figure",
            ));
        }
        if let (Some(color), Some(by)) = (&self.color, &dea.by)
            && color != by
        {
            return Err(Error::plan(
                format!(
                    "`color` is `{color}`, but `{name}` has a frontier for each `{by}`, which the colors tell apart"
                ),
                "leave `color` out",
            ));
        }
        if self.projections && dea.model != DeaModel::Radial {
            return Err(Error::plan(
                format!("`projections` follow a radial score, which `{name}` has not"),
                "leave `projections` out, or draw a step with `model = \"radial\"`",
            ));
        }
        Ok((input, output))
    }

    /// A unit as the step scored it.
    fn unit(&self, cx: &Context, kept: &Table, i: usize, dea: &Dea, step: &str) -> Result<Unit> {
        let number = |column: &str| -> Result<f64> { Ok(kept.numbers(column)?[i]) };
        let (x, y) = (number(&dea.inputs[0])?, number(&dea.outputs[0])?);
        let efficiency = number(step)?;
        // A super-efficiency without a score is that of a unit which nothing else can reach.
        let efficient = if efficiency.is_nan() { dea.super_efficiency } else { efficiency >= 1.0 - 1e-9 };
        let target = (self.projections && !efficient && !efficiency.is_nan()).then(|| match dea.orientation {
            Orientation::Output => (x, y / efficiency),
            _ => (x * efficiency, y),
        });
        Ok(Unit { at: (x, y), name: super::efficiency::label(cx, kept, i), efficient, target })
    }
}

/// The options of an earlier `dea` step.
fn declared(cx: &Context, name: &str) -> Result<Dea> {
    let named =
        |key: &str, step: &serde_json::Map<String, serde_json::Value>| Some(step.get(key)?.as_str()?.to_string());
    let step =
        (cx.study.step.iter()).find(|s| named("name", s).or_else(|| named("method", s)).as_deref() == Some(name));
    match step {
        Some(step) if named("method", step).as_deref() == Some("dea") => {
            let own = schema::options::<Dea>();
            let keys = step.iter().filter(|(key, _)| own.iter().any(|o| o.name == **key));
            schema::read(keys.map(|(k, v)| (k.clone(), v.clone())).collect())
        }
        _ => Err(Error::plan(format!("`{name}` is not a `dea` step"), "name an earlier step with method = \"dea\"")),
    }
}

/// Rows that span the frontier of the step: those that it read and did not refuse.
fn scored(table: &Table, step: &str) -> Result<Vec<usize>> {
    let status = table.column(&column_name(step, 2, "status"))?;
    Ok((0..table.rows()).filter(|&i| !status.is_missing(i) && status.show(i) != "refused").collect())
}

fn returns(dea: &Dea) -> Returns {
    Returns::Combined(match dea.rts {
        // A plane that `fdh+` has no line for is refused in `plane`.
        Rts::Fdh | Rts::FdhPlus => return Returns::Disposal,
        Rts::Vrs => [1.0, 1.0],
        Rts::Crs => [0.0, f64::INFINITY],
        Rts::Nirs => [0.0, 1.0],
        Rts::Ndrs => [1.0, f64::INFINITY],
        Rts::Grs => dea.grs,
    })
}
