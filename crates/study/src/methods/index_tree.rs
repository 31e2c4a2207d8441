//! Composite indices from a tree of indicators: the sheet, the columns it names, an earlier vintage.

use super::index::{Read, named};
use super::{list, numbers};
use crate::error::{Error, Result};
use crate::made::column_name;
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::index::impute::Keys as RowKeys;
use plim_stats::index::sensitivity::RankStats;
use plim_stats::index::{Index, Inputs, Sensitivity, Sheet, SheetRow, Vintage, index, sensitivity};
use plim_table::{Column, Table};
use serde_json::{Map, Value, json};

/// A tree and the column of each indicator.
pub(super) struct Planned {
    pub sheet: Sheet,
    pub columns: Vec<String>,
}

/// The tree that the options ask for: of a file, of a set from the literature, or the plain list.
pub(super) fn planned(cx: &Context, options: &Index) -> Result<Planned> {
    let listed = &options.basis.indicators;
    let directed = !options.basis.negative.is_empty() || !options.basis.direction.is_empty();
    let rows = match (&options.indicator_sheet, options.preset) {
        (Some(_), Some(_)) => {
            return Err(Error::plan("`indicator_sheet` and `preset` are both given", "keep one of them"));
        }
        (Some(file), None) => sheet_rows(file, &(cx.read_text)(file)?)?,
        (None, Some(preset)) => preset.rows(),
        (None, None) if listed.is_empty() => {
            let remedy = "set `indicators`, `indicator_sheet` or `preset`";
            return Err(Error::plan("no indicators are named", remedy));
        }
        (None, None) => {
            let mut sheet = Sheet::flat(listed)?;
            let directions = options.basis.directions()?;
            let leaves = sheet.leaves();
            leaves.iter().zip(directions).for_each(|(&l, d)| sheet.nodes[l].direction = d);
            return Ok(Planned { sheet, columns: listed.clone() });
        }
    };
    if directed {
        let remedy = "write the directions into the sheet";
        return Err(Error::plan("`negative` and `direction` do not go with a sheet, which has its own", remedy));
    }
    let sheet = Sheet::new(&rows)?;
    let codes: Vec<String> = sheet.leaves().iter().map(|&l| sheet.nodes[l].code.clone()).collect();
    let columns = match (listed.len(), options.preset) {
        (0, _) => codes,
        (n, Some(_)) if n == codes.len() => listed.clone(),
        (n, Some(_)) => {
            return Err(Error::plan(
                format!("{n} `indicators` for a set of {}", codes.len()),
                format!("name a column for each of {}", codes.join(", ")),
            ));
        }
        _ => return Err(Error::plan("`indicators` and `indicator_sheet` are both given", "keep one of them")),
    };
    Ok(Planned { sheet, columns })
}

/// Rows of a sheet file: `[[indicator]]` of a `.toml`, else comma-separated text with a header.
fn sheet_rows(file: &str, text: &str) -> Result<Vec<SheetRow>> {
    let wrong = |why: String| Error::plan(format!("{file}: {why}"), "see `docs/methods/index.md` for the sheet");
    let rows: Vec<Vec<(String, String)>> = match file.to_lowercase().ends_with(".toml") {
        true => {
            let read: Map<String, Value> = toml::from_str(text).map_err(|e| wrong(e.message().trim().to_string()))?;
            let Some(Value::Array(rows)) = read.get("indicator") else {
                return Err(wrong("there is no [[indicator]]".into()));
            };
            let cell = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_string);
            let row = |row: &Value| row.as_object().map(|r| r.iter().map(|(k, v)| (k.clone(), cell(v))).collect());
            rows.iter().map(row).collect::<Option<_>>().ok_or_else(|| wrong("[[indicator]] is no table".into()))?
        }
        false => {
            let table = plim_table::csv::parse_text(text, file)?;
            let cell = |c: &Column, i: usize| if c.is_missing(i) { String::new() } else { c.show(i) };
            let row = |i: usize| table.columns().iter().map(|c| (c.name.clone(), cell(c, i))).collect();
            (0..table.rows()).map(row).collect()
        }
    };
    rows.into_iter().map(|row| sheet_row(row).map_err(|e| wrong(e.to_string()))).collect()
}

fn sheet_row(fields: Vec<(String, String)>) -> Result<SheetRow> {
    let mut row = SheetRow::default();
    for (key, text) in fields {
        let number = || match text.trim() {
            "" => Ok(None),
            t => match t.parse::<f64>() {
                Ok(v) if v.is_finite() => Ok(Some(v)),
                _ => Err(Error::plan(
                    format!("`{key}` is `{t}`, which is no number"),
                    "write a number or leave it empty",
                )),
            },
        };
        match key.trim().to_lowercase().as_str() {
            "code" => row.code = text.trim().into(),
            "name" => row.name = text,
            "parent" => row.parent = text.trim().into(),
            "direction" => row.direction = text,
            "unit" => row.unit = text,
            "denominator" => row.denominator = text,
            "transform" => row.transform = text,
            "weight" => row.weight = number()?,
            "low" => row.low = number()?,
            "high" => row.high = number()?,
            other => {
                let known = [
                    "code",
                    "name",
                    "parent",
                    "direction",
                    "unit",
                    "denominator",
                    "transform",
                    "weight",
                    "low",
                    "high",
                ];
                return Err(crate::schema::unknown_option(other, known.into_iter()));
            }
        }
    }
    Ok(row)
}

/// The vintage of an earlier run: of `plim measure index --json`, or of the step of this name in `results.json`.
fn vintage(cx: &Context, file: &str) -> Result<Vintage> {
    let text = (cx.read_text)(file)?;
    let wrong = |why: String| Error::plan(format!("{file}: {why}"), "name the results of an earlier run of `index`");
    let results: Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    let measures = results.get("measures").and_then(Value::as_object);
    let own = measures.and_then(|m| m.get(&cx.step.name)).and_then(|m| m.get("vintage"));
    let only = || {
        let mut all = measures?.values().filter_map(|m| m.get("vintage"));
        all.next().filter(|_| all.next().is_none())
    };
    let found = results.get("vintage").or(own).or_else(only);
    let found = found.filter(|v| !v.is_null()).ok_or_else(|| wrong("there is no `vintage` of this index".into()))?;
    serde_json::from_value(found.clone()).map_err(|e| {
        let remedy = "save it anew: run the earlier `index` again";
        Error::plan(format!("{file}: its `vintage` cannot be read: {e}"), remedy)
    })
}

/// Columns of the tree's indicators and of their denominators.
pub(super) type Data<'t> = (Vec<&'t [f64]>, Vec<Option<&'t [f64]>>);

impl Planned {
    /// The columns that the tree names.
    pub fn data<'t>(&self, table: &'t Table) -> Result<Data<'t>> {
        let x = numbers(table, &self.columns)?;
        let denominators = (self.sheet.leaves().iter())
            .map(|&l| Ok(self.sheet.nodes[l].denominator.as_deref().map(|d| table.numbers(d)).transpose()?))
            .collect::<Result<_>>()?;
        Ok((x, denominators))
    }
}

/// Codes of the groups for means of groups.
pub(super) fn groups(options: &Index, table: &Table) -> Result<Option<Vec<u32>>> {
    Ok(options.impute_group.as_deref().map(|g| table.column(g)).transpose()?.map(Column::codes))
}

impl Method for Index {
    fn columns(&self) -> Vec<String> {
        let own = match self.preset.filter(|_| self.basis.indicators.is_empty()) {
            Some(preset) => {
                let rows = preset.rows();
                let parent = |code: &str| rows.iter().any(|r| r.parent == code);
                rows.iter().filter(|r| !parent(&r.code)).map(|r| r.code.clone()).collect()
            }
            None => self.basis.indicators.clone(),
        };
        own.into_iter().chain(self.impute_group.clone()).collect()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let own = std::iter::once(step.to_string());
        own.chain(self.dimensions.iter().map(|d| column_name(step, 1, d))).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let planned = planned(cx, self)?;
        let read = Read::new(cx)?;
        let (x, denominators) = planned.data(&read.kept)?;
        let groups = groups(self, &read.kept)?;
        let keys = RowKeys { units: read.units.as_deref(), time: read.time.as_deref(), groups: groups.as_deref() };
        let inputs = Inputs { x: &x, denominators: &denominators, keys };
        let earlier = self.frozen.as_deref().map(|file| vintage(cx, file)).transpose()?;
        let found = index(self, &planned.sheet, &inputs, earlier.as_ref()).map_err(|e| read.at(e))?;
        let mut measure = Measure { method: "index".into(), notes: found.notes, ..Default::default() };
        let labels = planned
            .sheet
            .nodes
            .iter()
            .map(|n| json!({ "code": n.code, "name": n.name, "level": n.level, "unit": n.unit }));
        let imputed = found.imputed.iter().map(|(name, values)| json!({ "name": name, "values": values }));
        measure.more.insert("weights".into(), list(&found.weights));
        measure.more.insert("scales".into(), list(&found.scales));
        measure.more.insert("imputed".into(), imputed.collect());
        measure.more.insert("treated".into(), list(&found.treated));
        measure.more.insert("tree".into(), labels.collect());
        if !found.stats.is_empty() {
            measure.more.insert("stats".into(), named(&found.stats));
        }
        if let Some(vintage) = &found.vintage {
            measure.more.insert("vintage".into(), json!(vintage));
        }
        let (mut scores, mut columns) = (found.scores, Vec::new());
        if let Some((_, score)) = scores.pop() {
            columns.push(Column::number("score", score));
        }
        for code in &self.dimensions {
            // The index itself may be listed too; it has its column.
            if let Some((_, score)) = scores.iter().find(|(name, _)| name == code) {
                columns.push(Column::number(code.as_str(), score.clone()));
            }
        }
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(cx.rows.to_vec()) }))
    }
}

/// A column and what it holds.
type RankColumn = (&'static str, fn(&RankStats) -> f64);

/// Columns after the nominal score.
const RANKS: [RankColumn; 6] = [
    ("rank", |r| r.nominal),
    ("rank_low", |r| r.low),
    ("rank_median", |r| r.median),
    ("rank_high", |r| r.high),
    ("rank_mean", |r| r.mean),
    ("top", |r| r.top),
];

impl Method for Sensitivity {
    fn columns(&self) -> Vec<String> {
        self.index.columns()
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let own = std::iter::once(step.to_string());
        own.chain(RANKS.iter().map(|(name, _)| column_name(step, 1, name))).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let planned = planned(cx, &self.index)?;
        let read = Read::new(cx)?;
        let (x, denominators) = planned.data(&read.kept)?;
        let groups = groups(&self.index, &read.kept)?;
        let keys = RowKeys { units: read.units.as_deref(), time: read.time.as_deref(), groups: groups.as_deref() };
        let inputs = Inputs { x: &x, denominators: &denominators, keys };
        let found = sensitivity(self, &planned.sheet, &inputs, cx.seed).map_err(|e| read.at(e))?;
        let unit = |row: usize| match &cx.unit {
            Some(name) => read.kept.column(name).map_or(Value::Null, |c| c.show(row).into()),
            None => json!(row + 1),
        };
        let ranks = |rank: &plim_stats::index::sensitivity::RankShare| json!({ "unit": unit(rank.row), "rank": rank.rank, "share": rank.share });
        let pair = |p: &plim_stats::index::sensitivity::Pair| json!({ "a": unit(p.a), "b": unit(p.b), "probability": p.probability });
        let mut measure = Measure { method: "sensitivity".into(), notes: found.notes, ..Default::default() };
        measure.more.insert("factors".into(), list(&found.factors));
        measure.more.insert("indicators".into(), list(&found.indicators));
        measure.more.insert("stats".into(), json!(found.stats));
        if self.matrices {
            measure.more.insert("rank_frequency".into(), found.frequencies.iter().map(ranks).collect());
            measure.more.insert("pairs".into(), found.pairs.iter().map(pair).collect());
        }
        let of =
            |value: fn(&RankStats) -> f64| found.ranks.iter().map(|r| r.as_ref().map_or(f64::NAN, value)).collect();
        let mut columns = vec![Column::number("score", found.score)];
        columns.extend(RANKS.iter().map(|(name, value)| Column::number(*name, of(*value))));
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(cx.rows.to_vec()) }))
    }
}
