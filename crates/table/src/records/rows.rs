//! Which rows are records of their own: exports of one product to one market, each flow once.

use super::Counts;
use super::layout::Names;
use super::source::Source;
use crate::table::{MISSING, Text};
use crate::{Column, Error, Result, Table};
use std::collections::{HashMap, HashSet};

/// The world as a market, in the spelling of one source or another; 0 is Comtrade's.
const WORLD: [&str; 5] = ["WLD", "W00", "ALL", "World", "0"];

/// Groups of countries that stand beside their members: WITS's European Union, and the World Bank's regions (Europe and
/// Central Asia, East Asia and Pacific, Latin America, Middle East, North America, South Asia, Africa south of the
/// Sahara). `OAS` and `UNS` are no groups: Other Asia and unspecified.
const GROUPS: [&str; 9] = ["EUN", "ECS", "EAS", "LCN", "MEA", "MNA", "NAC", "SAS", "SSF"];

/// All products together.
const PRODUCTS: [&str; 6] = ["TOTAL", "Total", "ALL", "AG2", "AG4", "AG6"];

/// Rows that count; the others are counted by reason.
pub(super) fn rows(table: &Table, names: &Names, source: &Source, counts: &mut Counts) -> Result<Vec<usize>> {
    let column = |name: &Option<String>| name.as_ref().map(|name| table.column(name)).transpose();
    let (flow, market, product) = (column(&source.flow)?, column(&source.market)?, column(&source.product)?);
    let exporter = table.column(&source.exporter)?;
    let group = |code: &str| GROUPS.contains(&code) || names.groups.contains(&code);
    // What a code means is asked once for each code, not for each record.
    let text = |column: Option<&Column>| column.map(Column::to_text);
    let (from, to, of, flow) = (exporter.to_text(), text(market), text(product), text(flow));
    let is_export = flow.as_ref().map(|flow| flow.test(|code| names.flow.1.contains(&code)));
    let is_world = to.as_ref().map(|to| to.test(|code| WORLD.contains(&code)));
    let to_group = to.as_ref().map(|to| to.test(group));
    let from_group = from.test(group);
    let is_total = of.as_ref().map(|of| of.test(|code| PRODUCTS.contains(&code)));
    let domestic = to.as_ref().filter(|_| names.domestic).map(|to| same(&from, to));
    let mut rows = Vec::with_capacity(table.rows());
    for i in 0..table.rows() {
        if is_export.as_ref().is_some_and(|is| !is(i)) {
            counts.add("records that are no exports left out");
        } else if is_world.as_ref().is_some_and(|is| is(i)) {
            counts.add("records of the world as a market left out");
        } else if to_group.as_ref().is_some_and(|is| is(i)) {
            let to = market.map(|market| market.show(i)).unwrap_or_default();
            counts.add(format!("records of {to} as a market, a group of countries, left out"));
        } else if is_total.as_ref().is_some_and(|is| is(i)) {
            counts.add("records of all products together left out");
        } else if domestic.as_ref().is_some_and(|is| is(i)) {
            counts.add("flows within a country left out");
        } else {
            if from_group(i) {
                let from = exporter.show(i);
                counts.add(format!("records of {from} as an exporter kept, a group whose members may be there too"));
            }
            rows.push(i);
        }
    }
    // Comtrade's months of a year have one `refYear`.
    let (period, revision) = (table.column("period").ok(), column(&source.revision)?);
    let keys =
        [table.column(&source.year)?, exporter].into_iter().chain(market).chain(product).chain(period).chain(revision);
    totals(table, names, &keys.map(Column::codes).collect::<Vec<_>>(), &mut rows, counts)?;
    match rows.is_empty() {
        true => Err(Error::invalid(
            "no record is left: all are imports, totals or flows within a country",
            "check `layout` and what the file holds",
        )),
        false => Ok(rows),
    }
}

/// Whether a row has the same text in both columns.
fn same(a: &Text, b: &Text) -> impl Fn(usize) -> bool {
    let places: HashMap<&str, u32> = b.levels.iter().zip(0..).map(|(level, code)| (level.as_str(), code)).collect();
    // A level that the other column lacks has a code that no row has.
    let of_level: Vec<u32> =
        a.levels.iter().map(|level| places.get(level.as_str()).copied().unwrap_or(MISSING - 1)).collect();
    move |i| of_level.get(a.codes[i] as usize).copied().unwrap_or(MISSING) == b.codes[i]
}

/// Leaves out the parts of a flow whose whole is there too: its value by mode of transport, customs regime and second
/// partner. A flow without its whole keeps all its parts.
fn totals(table: &Table, names: &Names, keys: &[Vec<u32>], rows: &mut Vec<usize>, counts: &mut Counts) -> Result<()> {
    let key = |i: usize| -> Vec<u32> { keys.iter().map(|codes| codes[i]).collect() };
    for (name, whole) in names.breakdowns.iter().filter(|(name, _)| table.has(name)) {
        let column = table.column(name)?;
        let (wholes, parts): (Vec<usize>, Vec<usize>) = rows.iter().partition(|&&i| column.show(i) == *whole);
        if wholes.is_empty() || parts.is_empty() {
            continue;
        }
        let wholes: HashSet<Vec<u32>> = wholes.into_iter().map(key).collect();
        let out: HashSet<usize> = parts.into_iter().filter(|&i| wholes.contains(&key(i))).collect();
        out.iter().for_each(|_| counts.add(format!("parts of flows by `{name}` left out beside their total")));
        rows.retain(|i| !out.contains(i));
    }
    Ok(())
}
