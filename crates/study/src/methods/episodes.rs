//! Episodes of contraction from a panel, and survival of relations from records.

use super::cells::{Coded, Labels, coded};
use super::lookup::codes_in;
use super::trade::{factor, prefixed, record_columns};
use super::{list, need, object, times};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::trade::Records;
use plim_stats::trade::episodes::{Dating, Ending, Episode, Episodes, episodes};
use plim_stats::trade::survival::{AtRisk, Survival, survival};
use plim_table::Column;
use serde_json::{Value, json};

/// A number of an episode.
type Part = fn(&Episode) -> f64;

const PARTS: [(&str, Part); 8] = [
    ("depth", |e| e.depth),
    ("trough", |e| e.trough as f64),
    ("duration", |e| (e.trough - e.peak) as f64),
    ("recovered", |e| e.recovered),
    ("recovery_time", |e| e.recovered - e.trough as f64),
    ("loss_area", |e| e.loss_area),
    ("recovery_ratio", |e| e.recovery_ratio),
    ("censored", |e| f64::from(u8::from(e.censored()))),
];

fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Recovered => "recovered",
        Ending::Unrecovered => "unrecovered",
        Ending::Falling => "falling",
        Ending::NoLoss => "no_loss",
    }
}

impl Method for Episodes {
    fn columns(&self) -> Vec<String> {
        vec![self.value.clone()]
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names: Vec<&str> = PARTS.iter().map(|p| p.0).chain(["ending"]).collect();
        prefixed(step, &names)
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        let kept = cx.kept();
        let years = times(&kept, time)?;
        let value = kept.numbers(need(&self.value, "value")?)?;
        let unit_column = kept.column(unit)?;
        let units = factor(unit_column);
        let result = episodes(self, &units, &years, value).map_err(|e| Error::from(e).at_rows(&kept))?;
        let mut measure = Measure { method: "episodes".into(), notes: result.notes, ..Default::default() };
        if self.dating == Dating::Nation && self.contraction.is_none() {
            let turn =
                |&(year, peak): &(i64, bool)| json!({ "year": year, "turn": if peak { "peak" } else { "trough" } });
            measure.more.insert("nation".into(), result.nation.iter().map(turn).collect());
        }
        measure.more.insert("sample".into(), object(&result.sample).into());
        let found = &result.episodes;
        let mut first = vec![0; units.levels as usize];
        units.codes.iter().enumerate().rev().for_each(|(row, &code)| first[code as usize] = row);
        let keys = vec![
            unit_column.take(&found.iter().map(|e| first[e.unit as usize]).collect::<Vec<_>>()),
            Column::number(time, found.iter().map(|e| e.peak as f64).collect()),
        ];
        let mut columns: Vec<Column> =
            PARTS.iter().map(|(name, part)| Column::number(*name, found.iter().map(part).collect())).collect();
        columns.push(Column::text("ending", found.iter().map(|e| Some(word(e.ending)))));
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Columns(keys) }))
    }
}

impl Method for Survival {
    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &[])
    }

    fn adds(&self, step: &str) -> Vec<String> {
        prefixed(step, &["duration", "event", "spell", "left_censored"])
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &[])?;
        let mut listed = coded.list(cx)?;
        with_missing(self, cx, &coded, &mut listed.records)?;
        let result = survival(self, &listed.records)?;
        let mut measure = coded.measure("survival", &result.sample, result.notes);
        measure.more.insert("table".into(), list(&result.table));
        let units = coded.keys(&result.units.iter().map(|u| (u.unit, 0)).collect::<Vec<_>>());
        let by_unit = result.units.iter().enumerate().map(|(i, u)| coded.keyed_by(&units[0], i, json!(u)));
        measure.more.insert("units".into(), by_unit.collect::<Vec<Value>>().into());
        // Records without a value come last, and are in no row.
        let told = &result.at_risk[..listed.rows.len()];
        let numbers = |name: &str, part: fn(&AtRisk) -> f64| Column::number(name, told.iter().map(part).collect());
        let columns = vec![
            numbers("duration", |r| r.duration),
            numbers("event", |r| r.event),
            numbers("spell", |r| r.spell),
            numbers("left_censored", |r| r.left_censored),
        ];
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Rows(listed.rows) }))
    }
}

/// Adds the records whose value is missing, of relations that other records have: in their year it is not known whether
/// the relation is there.
fn with_missing(options: &Survival, cx: &Context, coded: &Coded, records: &mut Records) -> Result<()> {
    let value = cx.table.numbers(&options.value)?;
    let time = cx.table.numbers(cx.need_time()?)?;
    let missing: Vec<usize> =
        cx.rows.iter().copied().filter(|&row| value[row].is_nan() && time[row].fract() == 0.0).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let codes = |labels: &Labels| -> Result<Vec<Option<u32>>> { codes_in(labels, cx.table.column(&labels.0.name)?) };
    let (unit, product) = (codes(&coded.unit)?, codes(&coded.product)?);
    let market = coded.market.as_ref().map(codes).transpose()?;
    for row in missing {
        let of_market = market.as_ref().map_or(Some(0), |codes| codes[row]);
        let (Some(unit), Some(product), Some(market)) = (unit[row], product[row], of_market) else { continue };
        records.unit.codes.push(unit);
        records.time.push(time[row] as i64);
        records.product.codes.push(product);
        if let Some(factor) = &mut records.market {
            factor.codes.push(market);
        }
        records.value.push(f64::NAN);
    }
    Ok(())
}
