//! Efficiency scores of units that turn inputs into outputs: from the columns of a table, and back to columns.

use super::numbers;
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use indexmap::IndexMap;
use plim_report::Measure;
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Unit, Units, dea};
use plim_stats::math::Mat;
use plim_table::{Column, Table};
use serde::Serialize;
use serde_json::{Value, json};

/// The columns that a model of efficiency names.
pub(super) struct Variables<'a> {
    pub(super) inputs: &'a [String],
    pub(super) outputs: &'a [String],
    pub(super) bads: &'a [String],
}

impl<'a> Variables<'a> {
    /// Names in the order of the variables of [`Units`].
    pub(super) fn all(&self) -> impl Iterator<Item = &'a String> {
        self.inputs.iter().chain(self.outputs).chain(self.bads)
    }
}

/// The rows that have all variables.
pub(super) struct Observed {
    /// Rows of the step's table, ascending.
    pub(super) rows: Vec<usize>,
    /// The same rows, as a table.
    pub(super) table: Table,
    /// Their values.
    pub(super) units: Units,
    /// What was left out.
    pub(super) notes: Vec<String>,
}

impl Observed {
    /// Reads the variables; `keys` are columns that must not be missing either.
    pub(super) fn new(cx: &Context, variables: &Variables, keys: &[&String]) -> Result<Self> {
        if variables.inputs.is_empty() || variables.outputs.is_empty() {
            return Err(Error::plan("`inputs` or `outputs` is empty", "name the columns of both"));
        }
        let names: Vec<&String> = variables.all().collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
            return Err(Error::plan(
                format!("`{twice}` is named twice among inputs, outputs and bads"),
                "name it once",
            ));
        }
        let kept = cx.kept();
        let [inputs, outputs, bads] = [variables.inputs, variables.outputs, variables.bads].map(|n| numbers(&kept, n));
        let (inputs, outputs, bads) = (inputs?, outputs?, bads?);
        let keys = keys.iter().map(|key| Ok(kept.column(key)?)).collect::<Result<Vec<_>>>()?;
        let complete = |i: &usize| {
            inputs.iter().chain(&outputs).chain(&bads).all(|c| !c[*i].is_nan())
                && keys.iter().all(|k| !k.is_missing(*i))
        };
        let rows: Vec<usize> = (0..kept.rows()).filter(complete).collect();
        if rows.is_empty() {
            return Err(Error::plan("no row has all inputs and outputs", "check the columns that the options name"));
        }
        let matrix = |columns: &[&[f64]]| Mat::from_fn(rows.len(), columns.len(), |i, j| columns[j][rows[i]]);
        let table = kept.take(&rows);
        let units = Units::with_bads(&matrix(&inputs), &matrix(&outputs), &matrix(&bads))
            .map_err(|e| Error::from(e).at_rows(&table))?;
        let mut notes = Vec::new();
        if rows.len() < cx.rows.len() {
            let what: String = keys.iter().map(|key| format!(" or `{}`", key.name)).collect();
            notes.push(format!("{} rows miss an input or output{what} and have no score", cx.rows.len() - rows.len()));
        }
        Ok(Observed { rows: rows.iter().map(|&r| cx.rows[r]).collect(), table, units, notes })
    }

    /// Reads the prices that the units face; a missing one costs its unit the score.
    pub(super) fn add_prices(&mut self, names: &[String]) -> Result<()> {
        let prices = numbers(&self.table, names)?;
        let P = Mat::from_fn(self.rows.len(), names.len(), |i, j| prices[j][i]);
        self.units = self.units.clone().with_prices(&P)?;
        Ok(())
    }

    /// Reads the group of each unit.
    pub(super) fn add_groups(&mut self, name: Option<&str>) -> Result<()> {
        if let Some(name) = name {
            self.units = self.units.clone().with_groups(&self.table.column(name)?.codes())?;
        }
        Ok(())
    }

    /// Scores with a frontier for each value of the column `by`, or one for all without it.
    pub(super) fn score_by(
        &mut self,
        by: Option<&str>,
        score: impl Fn(&Units) -> plim_stats::Result<DeaScores>,
    ) -> Result<Vec<Unit>> {
        self.each_by(by, |units, members| {
            let mut scores = score(units)?;
            let peers = scores.units.iter_mut().flat_map(|unit| &mut unit.peers);
            peers.for_each(|peer| peer.unit = members[peer.unit]);
            Ok((scores.units, scores.notes))
        })
    }

    /// What `judge` says of each unit and what a reader must know, for each value of the column `by` by itself.
    pub(super) fn each_by<T: Clone>(
        &mut self,
        by: Option<&str>,
        judge: impl Fn(&Units, &[usize]) -> plim_stats::Result<(Vec<T>, Vec<String>)>,
    ) -> Result<Vec<T>> {
        let mut all: Vec<Option<T>> = vec![None; self.rows.len()];
        for (value, members) in groups(by.map(|by| self.table.column(by)).transpose()?, self.rows.len()) {
            let (units, notes) = judge(&self.units.select(&members), &members)
                .map_err(|e| Error::from(e).at_rows(&self.table.take(&members)))?;
            units.into_iter().zip(&members).for_each(|(unit, &i)| all[i] = Some(unit));
            let of = value.map_or(String::new(), |value| format!("{value}: "));
            self.notes.extend(notes.into_iter().map(|note| format!("{of}{note}")));
        }
        Ok(all.into_iter().flatten().collect())
    }

    /// The outcome of a step: `columns`, one value a row, and the units that were refused.
    pub(super) fn outcome(self, cx: &Context, method: &str, units: &[Unit], columns: Vec<Column>) -> Outcome {
        let reasons: Vec<Option<&str>> = units.iter().map(|u| u.reason.as_deref()).collect();
        self.measured(cx, method, &reasons, columns)
    }

    /// The same from the reasons alone, one a row.
    pub(super) fn measured(
        self,
        cx: &Context,
        method: &str,
        reasons: &[Option<&str>],
        columns: Vec<Column>,
    ) -> Outcome {
        let mut measure = Measure { method: method.into(), notes: self.notes, ..Default::default() };
        let refused: Vec<Value> = (reasons.iter().enumerate())
            .filter_map(|(i, reason)| Some(json!({ "unit": label(cx, &self.table, i), "reason": (*reason)? })))
            .collect();
        if !refused.is_empty() {
            measure.more.insert("refused".into(), refused.into());
        }
        Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(self.rows) })
    }
}

/// Positions of each value of `by`, by order of first appearance; all of `rows` without it.
fn groups(by: Option<&Column>, rows: usize) -> Vec<(Option<String>, Vec<usize>)> {
    let Some(by) = by else { return vec![(None, (0..rows).collect())] };
    let codes = by.codes();
    let mut groups: IndexMap<u32, Vec<usize>> = IndexMap::new();
    for (i, &code) in codes.iter().enumerate() {
        groups.entry(code).or_default().push(i);
    }
    groups.into_values().map(|members| (Some(by.show(members[0])), members)).collect()
}

fn variables(dea: &Dea) -> Variables<'_> {
    Variables { inputs: &dea.inputs, outputs: &dea.outputs, bads: &dea.bads }
}

impl Method for Dea {
    fn border(&self) -> bool {
        true
    }

    fn columns(&self) -> Vec<String> {
        variables(self).all().chain(&self.prices).chain(&self.group).chain(&self.by).cloned().collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let mut names: Vec<String> = ["efficiency", "score", "status"].map(str::to_string).into();
        if self.scale {
            names.extend(["scale_efficiency", "returns_to_scale"].map(str::to_string));
        }
        if self.scale_elasticity {
            names.extend(["scale_elasticity_low", "scale_elasticity_high"].map(str::to_string));
        }
        if let Some(economic) = economic(self.model) {
            names.extend([economic, "technical_efficiency", "allocative_efficiency"].map(str::to_string));
        }
        if self.group.is_some() {
            names.extend(["group_efficiency", "technology_gap_ratio"].map(str::to_string));
        }
        if self.model == DeaModel::Directional || self.model == DeaModel::Mea {
            names.push("beta".into());
        }
        if self.model == DeaModel::Nddf || self.model == DeaModel::Mea {
            names.extend(variables(self).all().map(|c| format!("beta_{c}")));
        }
        names.push("peers".into());
        if self.slacks {
            names.push("slack_sum".into());
            names.extend(variables(self).all().map(|c| format!("slack_{c}")));
        }
        if self.multipliers {
            names.extend(variables(self).all().map(|c| format!("multiplier_{c}")));
            names.push("multiplier_scale".into());
        }
        if self.targets {
            names.extend(variables(self).all().map(|c| format!("target_{c}")));
        }
        names.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let keys: Vec<&String> = self.by.iter().chain(&self.group).collect();
        let mut observed = Observed::new(cx, &variables(self), &keys)?;
        observed.add_prices(&self.prices)?;
        observed.add_groups(self.group.as_deref())?;
        let units = observed.score_by(self.by.as_deref(), |units| dea(units, self))?;
        let mut columns = score_columns(&units);
        if self.scale {
            columns.push(number(&units, "scale_efficiency", |u| u.scale_efficiency));
            columns.push(Column::text("returns_to_scale", units.iter().map(|u| word(&u.returns_to_scale))));
        }
        if self.scale_elasticity {
            columns.push(number(&units, "scale_elasticity_low", |u| u.elasticity?.low));
            columns.push(number(&units, "scale_elasticity_high", |u| u.elasticity?.high));
        }
        if let Some(economic) = economic(self.model) {
            columns.push(number(&units, economic, |u| u.efficiency));
            columns.push(number(&units, "technical_efficiency", |u| Some(u.parts?.technical)));
            columns.push(number(&units, "allocative_efficiency", |u| Some(u.parts?.allocative)));
        }
        if self.group.is_some() {
            columns.push(number(&units, "group_efficiency", |u| u.group_efficiency));
            columns.push(number(&units, "technology_gap_ratio", |u| u.technology_gap_ratio));
        }
        if self.model == DeaModel::Directional || self.model == DeaModel::Mea {
            columns.push(number(&units, "beta", |u| u.score));
        }
        if self.model == DeaModel::Nddf || self.model == DeaModel::Mea {
            for (j, name) in variables(self).all().enumerate() {
                columns.push(number(&units, &format!("beta_{name}"), |u| u.betas.as_ref()?[j]));
            }
        }
        columns.push(peers(cx, &observed.table, &units));
        if self.slacks {
            columns.extend(slack_columns(&units, &variables(self)));
        }
        if self.multipliers {
            for (j, name) in variables(self).all().enumerate() {
                let weight = |u: &Unit| Some(u.multipliers.as_ref()?.weights[j]);
                columns.push(number(&units, &format!("multiplier_{name}"), weight));
            }
            columns.push(number(&units, "multiplier_scale", |u| Some(u.multipliers.as_ref()?.scale)));
        }
        if self.targets {
            for (j, name) in variables(self).all().enumerate() {
                let target = |u: &Unit| Some(u.target(&observed.units)?[j]);
                columns.push(number(&units, &format!("target_{name}"), target));
            }
        }
        Ok(observed.outcome(cx, "dea", &units, columns))
    }
}

/// What the efficiency of a model with prices is called.
fn economic(model: DeaModel) -> Option<&'static str> {
    match model {
        DeaModel::Cost => Some("cost_efficiency"),
        DeaModel::Revenue => Some("revenue_efficiency"),
        DeaModel::Profit => Some("profit_efficiency"),
        DeaModel::Profitability => Some("profitability_efficiency"),
        _ => None,
    }
}

/// A number of each unit as a column.
pub(super) fn number(units: &[Unit], name: &str, value: impl Fn(&Unit) -> Option<f64>) -> Column {
    Column::number(name, units.iter().map(|u| value(u).unwrap_or(f64::NAN)).collect())
}

/// `efficiency`, `score`, `status`.
pub(super) fn score_columns(units: &[Unit]) -> Vec<Column> {
    vec![
        number(units, "efficiency", |u| u.efficiency),
        number(units, "score", |u| u.score),
        Column::text("status", units.iter().map(|u| word(&u.status))),
    ]
}

/// `slack_sum` and `slack_COLUMN`.
pub(super) fn slack_columns(units: &[Unit], variables: &Variables) -> Vec<Column> {
    let mut columns = vec![number(units, "slack_sum", |u| Some(u.slacks.as_ref()?.iter().sum()))];
    for (j, name) in variables.all().enumerate() {
        columns.push(number(units, &format!("slack_{name}"), |u| Some(u.slacks.as_ref()?[j])));
    }
    columns
}

/// The word that a closed choice serializes to.
pub(super) fn word<T: Serialize>(value: &T) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_string)
}

/// How a row is called: its unit and time, else its number.
pub(super) fn label(cx: &Context, table: &Table, row: usize) -> String {
    let key = |name: &Option<String>| Some(table.column(name.as_deref()?).ok()?.show(row));
    match (key(&cx.unit), key(&cx.time)) {
        (Some(unit), Some(time)) => format!("{unit} {time}"),
        (Some(unit), None) => unit,
        _ => (row + 1).to_string(),
    }
}

/// Reference units of each unit with their weights: `B 2011 (0.4); C 2012 (0.6)`.
pub(super) fn peers(cx: &Context, table: &Table, units: &[Unit]) -> Column {
    let one = |p: &plim_stats::frontier::dea::Peer| format!("{} ({:.6})", label(cx, table, p.unit), p.lambda);
    let all = units.iter().map(|u| u.peers.iter().map(one).collect::<Vec<_>>().join("; "));
    Column::text("peers", all.map(|p| (!p.is_empty()).then_some(p)))
}
