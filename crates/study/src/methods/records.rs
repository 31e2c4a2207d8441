//! Steps that bring tables into the form that measures need: layouts of trade records, crosswalks, wide years.

use super::need;
use super::prepare::all_rows;
use crate::error::{Error, Result};
use crate::method::{Context, Method, Outcome};
use plim_table::Table;
use plim_table::crosswalk::{Crosswalk, Longer};
use plim_table::records::TradeRecords;

/// A new table that takes the name of the step.
fn made(cx: &Context, (table, notes): (Table, Vec<String>)) -> Result<Outcome> {
    let name = &cx.step.name;
    Ok(Outcome::Table(table, notes.into_iter().map(|note| format!("{name}: {note}")).collect()))
}

impl Method for TradeRecords {
    fn across(&self) -> bool {
        false
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        all_rows(cx)?;
        made(cx, self.apply(cx.table)?)
    }
}

impl Method for Crosswalk {
    fn across(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<String> {
        std::iter::once(self.column.clone()).chain(self.values.iter().cloned()).collect()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        all_rows(cx)?;
        for (value, name) in [(&self.column, "column"), (&self.from, "from"), (&self.to, "to")] {
            need(value, name)?;
        }
        let name = need(&self.table, "table")?;
        let crosswalk = cx.tables.iter().find(|(held, _)| held.as_str() == name).map(|(_, table)| table);
        let crosswalk =
            crosswalk.ok_or_else(|| Error::plan(format!("there is no table `{name}`"), "declare it under [data]"))?;
        made(cx, self.apply(cx.table, crosswalk)?)
    }
}

impl Method for Longer {
    fn across(&self) -> bool {
        false
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        all_rows(cx)?;
        made(cx, self.apply(cx.table)?)
    }
}
