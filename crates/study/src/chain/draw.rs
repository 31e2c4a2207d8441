//! Draws from tables: whole clusters with their rows in every table, copies told apart.

use crate::error::{Error, Result};
use crate::step::Step;
use indexmap::IndexMap;
use plim_stats::resample::scheme::Draw;
use plim_table::{Column, Data, MISSING, Table, Text};
use std::collections::HashMap;
use std::sync::Arc;

/// The clusters of the tables, and where their rows are.
pub(crate) struct Clusters {
    /// Column that clusters are the values of.
    pub by: String,
    /// Its values, in order of first appearance.
    pub labels: Vec<String>,
    /// Periods, ascending.
    pub periods: Vec<f64>,
    /// The tables that are drawn.
    tables: IndexMap<String, Layout>,
}

/// Where the clusters and periods of a table are.
struct Layout {
    /// Rows of each cluster.
    clusters: Vec<Vec<usize>>,
    /// Rows of each period, where the table has a time.
    periods: Vec<Vec<usize>>,
    time: Option<String>,
    /// Columns whose values lie within clusters: units, and effects of theirs. Each copy has its own.
    nested: Vec<String>,
}

/// Tables by name.
pub(crate) type Tables = IndexMap<String, Arc<Table>>;

/// The rows of tables that were drawn, among those of the originals.
pub(crate) type Taken = HashMap<String, Arc<[usize]>>;

impl Clusters {
    /// The clusters `by` of tables with these keys; `main` is the table that has them, `effects` are the effects and
    /// clusters that estimates name.
    pub fn new(
        tables: &Tables,
        keys: &IndexMap<String, (Option<String>, Option<String>)>,
        by: Option<&str>,
        effects: &[String],
    ) -> Result<Clusters> {
        let unit_of = |name: &str| keys.get(name).and_then(|(unit, _)| unit.clone());
        let has = |(name, table): &(&String, &Arc<Table>)| unit_of(name).is_some_and(|unit| table.has(&unit));
        let Some((main, table)) = tables.iter().filter(has).find(|(_, t)| by.is_none_or(|by| t.has(by))) else {
            return Err(Error::plan(
                "no table has units to draw",
                "name them: `unit` under [data], and `cluster` under [resample] for groups of them",
            ));
        };
        let unit = unit_of(main).unwrap_or_default();
        let by = by.unwrap_or(&unit).to_owned();
        let of_unit = cluster_of_unit(table, &unit, &by)?;
        let mut labels: IndexMap<String, u32> = IndexMap::new();
        for cluster in of_unit.values() {
            let next = labels.len() as u32;
            labels.entry(cluster.clone()).or_insert(next);
        }
        let mut periods: Vec<f64> = Vec::new();
        let mut layouts = IndexMap::new();
        for (name, table) in tables.iter().filter(has) {
            let unit = unit_of(name).unwrap_or_default();
            let column = table.column(&unit)?;
            let mut clusters = vec![Vec::new(); labels.len()];
            let codes = column.codes();
            let mut known: HashMap<u32, Option<u32>> = HashMap::new();
            for row in 0..table.rows() {
                let cluster = *known.entry(codes[row]).or_insert_with(|| {
                    let label = (codes[row] != MISSING).then(|| column.show(row))?;
                    of_unit.get(&label).and_then(|cluster| labels.get(cluster)).copied()
                });
                if let Some(cluster) = cluster {
                    clusters[cluster as usize].push(row);
                }
            }
            // A table of other units has none of these to draw.
            if clusters.iter().all(Vec::is_empty) {
                continue;
            }
            let time = keys.get(name).and_then(|(_, time)| time.clone()).filter(|t| table.has(t));
            if let Some(Ok(times)) = time.as_deref().map(|t| table.numbers(t)) {
                periods.extend(times.iter().filter(|t| !t.is_nan()));
                periods.sort_by(f64::total_cmp);
                periods.dedup();
            }
            let mut nested = vec![unit];
            for column in effects.iter().chain([&by]) {
                if !nested.contains(column) && table.has(column) && within(table.column(column)?, &clusters) {
                    nested.push(column.clone());
                }
            }
            layouts.insert(name.clone(), Layout { clusters, periods: Vec::new(), time, nested });
        }
        for (name, layout) in &mut layouts {
            if let (Some(time), Some(table)) = (&layout.time, tables.get(name)) {
                layout.periods = vec![Vec::new(); periods.len()];
                for (row, t) in table.numbers(time)?.iter().enumerate().filter(|(_, t)| !t.is_nan()) {
                    let at = periods.partition_point(|p| p < t);
                    layout.periods[at].push(row);
                }
            }
        }
        Ok(Clusters { by, labels: labels.into_keys().collect(), periods, tables: layouts })
    }

    /// Names of the tables that are drawn.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.tables.keys().map(String::as_str)
    }

    /// Clusters of the rows of a table, those that left it out of account as `None`.
    pub fn of_rows(&self, name: &str, rows: usize) -> Option<Vec<Option<u32>>> {
        let layout = self.tables.get(name)?;
        let mut of = vec![None; rows];
        for (g, members) in layout.clusters.iter().enumerate() {
            members.iter().for_each(|&row| of[row] = Some(g as u32));
        }
        Some(of)
    }

    /// The tables of a draw, and which rows of the originals they are made of.
    pub fn take(&self, tables: &Tables, draw: &Draw) -> Result<(Tables, Taken)> {
        let (mut out, mut taken) = (IndexMap::with_capacity(tables.len()), Taken::new());
        for (name, table) in tables {
            let layout = match (self.tables.get(name), draw) {
                (Some(layout), Draw::Clusters(_) | Draw::Periods(_)) => layout,
                _ => {
                    out.insert(name.clone(), table.clone());
                    continue;
                }
            };
            let (members, chosen) = match draw {
                Draw::Clusters(chosen) => (&layout.clusters, chosen),
                Draw::Periods(chosen) if layout.time.is_some() => (&layout.periods, chosen),
                _ => {
                    out.insert(name.clone(), table.clone());
                    continue;
                }
            };
            let rows: Arc<[usize]> = chosen.iter().flat_map(|&g| members[g as usize].iter().copied()).collect();
            // Of each row, how often its cluster or period came before.
            let mut times = vec![0u32; members.len()];
            let mut copies = Vec::with_capacity(rows.len());
            for &g in chosen {
                copies.extend(std::iter::repeat_n(times[g as usize], members[g as usize].len()));
                times[g as usize] += 1;
            }
            let mut columns = Vec::with_capacity(table.columns().len());
            for column in table.columns() {
                columns.push(match draw {
                    Draw::Clusters(_) if layout.nested.contains(&column.name) => copied(column, &rows, &copies),
                    // As many periods as there are follow one another as those of the data do; fewer keep their names.
                    Draw::Periods(chosen)
                        if layout.time.as_ref() == Some(&column.name) && chosen.len() == self.periods.len() =>
                    {
                        let place =
                            |(at, &g): (usize, &u32)| std::iter::repeat_n(self.periods[at], members[g as usize].len());
                        Column::number(&column.name, chosen.iter().enumerate().flat_map(place).collect())
                    }
                    _ => column.take(&rows),
                });
            }
            out.insert(name.clone(), Arc::new(Table::new(columns)?));
            taken.insert(name.clone(), rows);
        }
        Ok((out, taken))
    }
}

/// The cluster of each unit; a cluster that splits a unit is refused.
fn cluster_of_unit(table: &Table, unit: &str, by: &str) -> Result<IndexMap<String, String>> {
    let (units, clusters) = (table.column(unit)?, table.column(by)?);
    let (of_unit, of_cluster) = (units.codes(), clusters.codes());
    let mut first: HashMap<u32, usize> = HashMap::new();
    let mut out = IndexMap::new();
    for row in (0..table.rows()).filter(|&r| of_unit[r] != MISSING) {
        let before = *first.entry(of_unit[row]).or_insert(row);
        if of_cluster[row] != of_cluster[before] {
            let (label, a, b) = (units.show(row), clusters.show(before), clusters.show(row));
            return Err(Error::plan(
                format!("drawing by `{by}` splits units: `{unit}` {label} is in `{a}` and in `{b}`"),
                format!("draw whole units: cluster = \"{unit}\", or groups that hold them"),
            ));
        }
        if before == row && of_cluster[row] != MISSING {
            out.insert(units.show(row), clusters.show(row));
        }
    }
    Ok(out)
}

/// Whether each value of a column lies in one cluster.
fn within(column: &Column, clusters: &[Vec<usize>]) -> bool {
    let codes = column.codes();
    let mut home: HashMap<u32, usize> = HashMap::new();
    clusters.iter().enumerate().all(|(g, rows)| {
        rows.iter().filter(|&&r| codes[r] != MISSING).all(|&r| *home.entry(codes[r]).or_insert(g) == g)
    })
}

/// A column of values that lie within clusters, at `rows`: each further copy has values of its own.
fn copied(column: &Column, rows: &[usize], copies: &[u32]) -> Column {
    let mut made: HashMap<(u64, u32), u32> = HashMap::new();
    match &column.data {
        Data::Text(text) => {
            let mut levels = text.levels.clone();
            let mut of = |(&row, &copy): (&usize, &u32)| match (text.codes[row], copy) {
                (MISSING, _) => MISSING,
                (code, 0) => code,
                (code, copy) => *made.entry((u64::from(code), copy)).or_insert_with(|| {
                    levels.push(format!("{}#{}", text.levels[code as usize], copy + 1));
                    levels.len() as u32 - 1
                }),
            };
            let codes = rows.iter().zip(copies).map(&mut of).collect();
            Column { name: column.name.clone(), data: Data::Text(Text { codes, levels }) }
        }
        Data::Number(v) => {
            let most = v.iter().copied().filter(|x| x.is_finite()).fold(0.0, f64::max).ceil();
            let mut next = 0u32;
            let of = |(&row, &copy): (&usize, &u32)| match (v[row], copy) {
                (x, 0) => x,
                (x, _) if x.is_nan() => x,
                (x, copy) => {
                    let number = *made.entry((x.to_bits(), copy)).or_insert_with(|| {
                        next += 1;
                        next
                    });
                    most + f64::from(number)
                }
            };
            Column::number(&column.name, rows.iter().zip(copies).map(of).collect())
        }
    }
}

/// Effects and clusters that the estimates among `steps` name, interactions taken apart.
pub(crate) fn effects<'s>(steps: impl Iterator<Item = &'s Step>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for step in steps.filter(|s| s.entry.estimates) {
        let formulas = crate::formula::Formula::parse_set(&step.regression.formula).unwrap_or_default();
        out.extend(formulas.iter().flat_map(|f| &f.effects).flat_map(|e| e.columns.clone()));
        let clusters = step.regression.vcov.as_ref().map(|v| v.clusters()).unwrap_or_default();
        out.extend(clusters.iter().flat_map(|c| c.split('^').map(str::to_string)));
    }
    out.sort();
    out.dedup();
    out
}
