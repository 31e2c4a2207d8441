//! Trade measures from long records or wide columns.

use super::cells::{Key, coded};
use super::lookup::{from_table, incomes};
use super::{need, object};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_stats::Factor;
use plim_stats::trade::cells::Cells;
use plim_stats::trade::complexity::{
    Beside, ByYear, CellComplexity, Complexity, Pair, complexity, populations, product_complexities,
};
use plim_stats::trade::concentration::{Concentration, ConcentrationRow, concentration};
use plim_stats::trade::entries::{Entries, entries};
use plim_stats::trade::exposure::Lookup;
use plim_stats::trade::expy::{Expy, expy, quality};
use plim_stats::trade::inertia::{Inertia, inertia};
use plim_stats::trade::records::Records;
use plim_table::Column;
use serde::Serialize;
use serde_json::{Value, json};

pub(super) fn factor(column: &Column) -> Factor {
    Factor::from_keys(column.name.clone(), column.codes())
}

/// Columns out of rows that serialize to objects of numbers: one column for each name, in order.
pub(super) fn columns_of<R: Serialize>(rows: &[R]) -> Vec<Column> {
    let objects: Vec<_> = rows.iter().map(object).collect();
    let mut names: Vec<&String> = Vec::new();
    for object in &objects {
        for name in object.keys() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let cell = |o: &serde_json::Map<String, Value>, name: &str| o.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
    names.iter().map(|name| Column::number(name.as_str(), objects.iter().map(|o| cell(o, name)).collect())).collect()
}

/// Columns that the option fields of records name.
pub(super) fn record_columns(product: &str, market: Option<&String>, value: &str, columns: &[String]) -> Vec<String> {
    let named = [product.to_string(), value.to_string()].into_iter().filter(|c| !c.is_empty());
    named.chain(market.cloned()).chain(columns.iter().cloned()).collect()
}

pub(super) fn prefixed(step: &str, names: &[&str]) -> Vec<String> {
    names.iter().enumerate().map(|(j, n)| crate::made::column_name(step, j, n)).collect()
}

impl Method for Concentration {
    fn across(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns)
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names = [
            "hhi",
            "hhi_normalized",
            "hhi_normalized_active",
            "unctad",
            "shannon",
            "theil",
            "theil_extensive",
            "theil_intensive",
            "products",
            "markets",
            "cells",
            "top1_share",
            "top5_share",
            "hhi_markets",
            "value_per_market",
        ];
        prefixed(step, &names)
    }

    fn streams(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
        let result = concentration(self, &coded.cells)?;
        let rows: &[ConcentrationRow] = &result.rows;
        let mut measure = coded.measure("concentration", &result.sample, result.notes.clone());
        measure.more.insert("universe".into(), json!(result.universe));
        let keys = coded.keys(&rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Inertia {
    fn across(&self) -> bool {
        false
    }

    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, self.market.as_ref(), &self.value, &self.columns)
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let names =
            ["similarity", "old_product_share", "retention", "cosine", "weighted_jaccard", "jaccard", "bray_curtis"];
        prefixed(step, &names)
    }

    fn streams(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let coded = coded(cx, Some(&self.product), self.market.as_deref(), &self.value, &self.columns)?;
        let result = inertia(&coded.cells);
        let measure = coded.measure("inertia", &result.sample, result.notes.clone());
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Entries {
    fn columns(&self) -> Vec<String> {
        record_columns(&self.product, None, &self.value, &[])
    }

    fn adds(&self, step: &str) -> Vec<String> {
        prefixed(step, &["density_gap", "entry_density", "rest_density", "entry_rate", "entries", "candidates"])
    }

    fn streams(&self) -> bool {
        true
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        cx.need_time()?;
        let coded = coded(cx, Some(&self.product), None, &self.value, &[])?;
        let result = entries(self, &coded.cells)?;
        let mut measure = coded.measure("entries", &coded.cells.count, result.notes);
        measure.more.insert("slope".into(), json!(result.slope));
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}

impl Method for Complexity {
    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, self.population.as_ref(), &self.value, &[]);
        all.extend(self.pci_column.clone().filter(|_| self.pci.is_none()));
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        use plim_stats::trade::complexity::Method;
        let mut names = match self.method {
            Method::Fitness => vec!["fitness", "diversity", "log_fitness"],
            Method::External => vec!["eci", "diversity", "coi", "covered"],
            Method::Eigen | Method::Reflections => vec!["eci", "diversity", "coi"],
        };
        if self.replications > 0 {
            names.extend(["rank", "rank_low", "rank_high"]);
        }
        prefixed(step, &names)
    }

    fn streams(&self) -> bool {
        self.population.is_none() && (self.pci_column.is_none() || self.pci.is_some())
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        let coded = coded(cx, Some(&self.product), None, &self.value, &[])?;
        // A number of each record, which the records of a unit, or a product, and year agree on.
        type Agreed = fn(&Records, &[f64]) -> plim_stats::Result<ByYear>;
        let of_records = |column: &String, agreed: Agreed| -> Result<ByYear> {
            let listed = coded.list(cx)?;
            let values = listed.numbers(cx, column)?;
            agreed(&listed.records, &values).map_err(|e| listed.located(cx, e.at_column(column)))
        };
        let beside = Beside {
            population: self.population.as_ref().map(|column| of_records(column, populations)).transpose()?,
            pci: match (&self.pci, &self.pci_column) {
                (Some(_), None) => return Err(Error::plan("`pci` without its column", "set `pci_column`")),
                (Some(table), Some(column)) => Some(pci_of(&from_table(cx, &coded, table, column)?, &coded.cells)),
                (None, Some(column)) => Some(of_records(column, product_complexities)?),
                (None, None) => None,
            },
            seed: cx.seed,
        };
        let result = complexity(self, &coded.cells, &beside)?;
        let mut measure = coded.measure("complexity", &coded.cells.count, result.notes);
        let products = &result.products;
        let listing = coded
            .listing(products, &[("product", &coded.product, |p| p.product)], |p| p.time)
            .optional("pci", products.iter().map(|p| p.pci))
            .numbers("ubiquity", products.iter().map(|p| p.ubiquity as f64).collect())
            .optional("complexity", products.iter().map(|p| p.complexity));
        measure.lists.insert("products".into(), listing);
        if self.cells {
            let cells = &result.cells;
            let keys: [Key<CellComplexity>; 2] =
                [(&coded.unit.0.name, &coded.unit, |c| c.unit), ("product", &coded.product, |c| c.product)];
            let listing = coded
                .listing(cells, &keys, |c| c.time)
                .numbers("rca", cells.iter().map(|c| c.rca).collect())
                .numbers("rsca", cells.iter().map(|c| c.rsca).collect())
                .optional("rpop", cells.iter().map(|c| c.rpop))
                .numbers("density", cells.iter().map(|c| c.density).collect())
                .optional("cog", cells.iter().map(|c| c.cog));
            measure.lists.insert("cells".into(), listing);
        }
        if self.proximity {
            let pairs = &result.proximity;
            let ends: [Key<Pair>; 2] = [("a", &coded.product, |p| p.a), ("b", &coded.product, |p| p.b)];
            let listing = coded.listing(pairs, &ends, |p| p.time);
            let listing = listing.numbers("value", pairs.iter().map(|p| p.value).collect());
            measure.lists.insert("proximity".into(), listing);
        }
        // One year has its eigenvalues under `stats`; several have theirs under `years`.
        match result.years.as_slice() {
            [only] => measure.more.insert("stats".into(), json!(only)),
            years => {
                let years = years.iter().map(|y| coded.keyed(y.time, &[], json!(y)));
                measure.more.insert("years".into(), years.collect())
            }
        };
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        let mut columns = columns_of(&result.rows);
        // The measure itself comes first: it takes the step's name.
        columns.sort_by_key(|c| !matches!(c.name.as_str(), "eci" | "fitness"));
        Ok(Outcome::Columns(Measured { measure, columns, keys: Keys::Columns(keys) }))
    }
}

/// PCI of the products of each year, as a table has them.
fn pci_of(known: &Lookup, cells: &Cells) -> ByYear {
    let mut years = ByYear::new();
    for (time, baskets) in cells.by_year() {
        let year = years.entry(time).or_default();
        for product in baskets.iter().flat_map(|basket| basket.cells).map(|cell| cell.product) {
            if let Some(&pci) = known.values.get(&known.key(product, 0, time)) {
                year.insert(product, pci);
            }
        }
    }
    years
}

impl Method for Expy {
    fn columns(&self) -> Vec<String> {
        let mut all = record_columns(&self.product, None, &self.value, &[]);
        if self.income.is_none() {
            all.push(self.income_column.clone());
        }
        all.extend(self.quantity.clone());
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let quality: &[&str] = if self.quantity.is_some() { &["expy_quality", "covered_quality"] } else { &[] };
        prefixed(step, &[&["expy", "covered"], quality].concat())
    }

    fn streams(&self) -> bool {
        self.income.is_some() && self.quantity.is_none()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        need(&self.income_column, "income_column")?;
        let coded = coded(cx, Some(&self.product), None, &self.value, &[])?;
        let income = incomes(self, cx, &coded)?;
        let quality = match &self.quantity {
            None => None,
            Some(column) => {
                let listed = coded.list(cx)?;
                let quality = quality(&listed.records, &listed.numbers(cx, column)?);
                Some(quality.map_err(|e| listed.located(cx, e.at_column(column)))?)
            }
        };
        let result = expy(self, &coded.cells, &income, quality.as_ref())?;
        let mut measure = coded.measure("expy", &coded.cells.count, result.notes);
        let products = &result.products;
        let listing = coded.listing(products, &[("product", &coded.product, |p| p.product)], |p| p.time);
        let listing = listing.numbers("prody", products.iter().map(|p| p.prody).collect());
        measure.lists.insert("products".into(), listing);
        let keys = coded.keys(&result.rows.iter().map(|r| (r.unit, r.time)).collect::<Vec<_>>());
        Ok(Outcome::Columns(Measured { measure, columns: columns_of(&result.rows), keys: Keys::Columns(keys) }))
    }
}
