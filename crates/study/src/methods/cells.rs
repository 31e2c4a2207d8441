//! From the rows of a table, held or streamed from its file, to the cells that trade measures start from.

use super::{need, numbers, object};
use crate::error::{Error, Result};
use crate::expression::{Expr, Scope};
use crate::method::Context;
use plim_report::Measure;
use plim_report::listing::Listing;
use plim_stats::Factor;
use plim_stats::trade::cells::{Cells, CellsBuilder};
use plim_stats::trade::records::Records;
use plim_table::{Column, Data, Table};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Whole numbers below this are coded through a table, others by hashing.
const SMALL: usize = 1 << 22;

/// Cells, and the way back from codes to the columns they came from.
pub(crate) struct Coded {
    pub cells: Cells,
    /// Name and table of the units, one row for each code.
    pub unit: Labels,
    /// The same for products.
    pub product: Labels,
    /// The same for markets.
    pub market: Option<Labels>,
    /// Time column, where there is one.
    pub time: Option<String>,
    /// What was read.
    keys: Keys,
    /// Rows left out because a key or the value is missing.
    missing: usize,
}

/// The column behind a factor: row `code` is the label of that code.
pub(crate) struct Labels(pub Column);

impl Labels {
    /// The labels of a factor made of this column.
    pub fn of(column: &Column, factor: &Factor) -> Labels {
        let mut first = vec![usize::MAX; factor.levels as usize];
        for (i, &code) in factor.codes.iter().enumerate().rev() {
            first[code as usize] = i;
        }
        Labels(column.take(&first))
    }

    fn take(&self, codes: impl Iterator<Item = u32>) -> Column {
        self.0.take(&codes.map(|c| c as usize).collect::<Vec<_>>())
    }

    pub fn json(&self, code: u32) -> Value {
        match &self.0.data {
            Data::Number(v) => crate::run::number(v[code as usize]),
            Data::Text(t) => t.get(code as usize).map_or(Value::Null, Value::from),
        }
    }
}

/// A field of labels in a list: its name, the labels, the code of an object.
pub(crate) type Key<'a, T> = (&'a str, &'a Labels, fn(&T) -> u32);

/// The columns that say what a record is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Keys {
    unit: String,
    time: Option<String>,
    /// None where all records are of one product, and for wide data.
    product: Option<String>,
    market: Option<String>,
    value: String,
    /// Of wide data: the columns of values, one a product.
    columns: Vec<String>,
}

impl Keys {
    /// Every column to be read.
    fn names(&self) -> Vec<String> {
        let own =
            [Some(&self.unit), self.time.as_ref(), self.product.as_ref(), self.market.as_ref(), Some(&self.value)];
        let own = own.into_iter().flatten().filter(|name| !name.is_empty());
        own.chain(&self.columns).cloned().collect()
    }
}

/// Codes of the labels of a column, in order of first use.
struct Coder {
    name: String,
    labels: Option<Data>,
    /// Code of small whole numbers.
    small: Vec<u32>,
    numbers: HashMap<u64, u32>,
    texts: HashMap<String, u32>,
    /// Code of each level of the chunk at hand.
    levels: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

impl Coder {
    fn new(name: &str) -> Coder {
        Coder {
            name: name.into(),
            labels: None,
            small: Vec::new(),
            numbers: HashMap::new(),
            texts: HashMap::new(),
            levels: Vec::new(),
        }
    }

    /// Turns to the next chunk of the column, which must go on with the kind of values it began with.
    fn turn(&mut self, column: &Column) -> Result<()> {
        match (&column.data, &mut self.labels) {
            (Data::Text(text), None | Some(Data::Text(_))) => {
                self.levels.clear();
                self.levels.resize(text.levels.len(), UNSEEN);
                self.labels.get_or_insert(Data::Text(Default::default()));
            }
            (Data::Number(_), None | Some(Data::Number(_))) => _ = self.labels.get_or_insert(Data::Number(Vec::new())),
            _ => {
                return Err(Error::plan(
                    format!("`{}` begins with numbers and goes on with integers that no number can hold", self.name),
                    "store it as text",
                ));
            }
        }
        Ok(())
    }

    /// The code of a row that is not missing.
    fn code(&mut self, data: &Data, row: usize) -> u32 {
        match (data, &mut self.labels) {
            (Data::Number(values), Some(Data::Number(labels))) => {
                let (value, next) = (values[row] + 0.0, labels.len() as u32); // -0 is 0
                let code = if value >= 0.0 && value < SMALL as f64 && value.fract() == 0.0 {
                    let at = value as usize;
                    if at >= self.small.len() {
                        self.small.resize((at + 1).next_power_of_two(), UNSEEN);
                    }
                    let code = &mut self.small[at];
                    if *code == UNSEEN {
                        *code = next;
                    }
                    *code
                } else {
                    *self.numbers.entry(value.to_bits()).or_insert(next)
                };
                if code == next {
                    labels.push(value);
                }
                code
            }
            (Data::Text(text), Some(Data::Text(labels))) => {
                let level = &mut self.levels[text.codes[row] as usize];
                if *level == UNSEEN {
                    let (label, next) = (&text.levels[text.codes[row] as usize], labels.levels.len() as u32);
                    *level = *self.texts.entry(label.clone()).or_insert(next);
                    if *level == next {
                        labels.levels.push(label.clone());
                        labels.codes.push(next);
                    }
                }
                *level
            }
            _ => UNSEEN,
        }
    }

    fn labels(self) -> Labels {
        Labels(Column { name: self.name, data: self.labels.unwrap_or(Data::Number(Vec::new())) })
    }
}

/// Cells that steps of a run have made: the next step that asks for the same ones gets them.
#[derive(Default)]
pub struct Store(Mutex<HashMap<Made, Arc<Coded>>>);

/// A copy of a run makes its own cells: its tables may become others.
impl Clone for Store {
    fn clone(&self) -> Self {
        Store::default()
    }
}

/// Of which table, which rows (by their filter) and which columns cells were made.
type Made = (String, Option<String>, Keys);

impl Store {
    fn of(&self, cx: &Context, keys: Keys) -> Result<Arc<Coded>> {
        let made = (cx.source.to_string(), cx.step.rows.filter.clone(), keys);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(coded) = held.get(&made) {
            return Ok(coded.clone());
        }
        let coded = Arc::new(make(cx, made.2.clone())?);
        held.insert(made, coded.clone());
        Ok(coded)
    }

    /// Forgets what was made of a table, which has changed.
    pub fn forget(&mut self, table: &str) {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).retain(|made, _| made.0 != table);
    }
}

/// One record: the row of the chunk that it comes from, and its codes.
struct Found {
    row: usize,
    unit: u32,
    time: i64,
    product: u32,
    market: u32,
    value: f64,
}

/// Codes the rows of one chunk of a table after another.
struct Scan<'k> {
    keys: &'k Keys,
    unit: Coder,
    product: Option<Coder>,
    market: Option<Coder>,
    missing: usize,
}

impl<'k> Scan<'k> {
    fn new(keys: &'k Keys) -> Scan<'k> {
        let of = |name: &Option<String>| name.as_deref().map(Coder::new);
        Scan { keys, unit: Coder::new(&keys.unit), product: of(&keys.product), market: of(&keys.market), missing: 0 }
    }

    /// Hands on the records of these rows; rows without a key or the value are counted.
    fn chunk(
        &mut self,
        table: &Table,
        rows: impl Iterator<Item = usize>,
        mut each: impl FnMut(Found) -> plim_stats::Result<()>,
    ) -> Result<()> {
        let keys = self.keys;
        let column = |name: &Option<String>| name.as_deref().map(|n| table.column(n)).transpose();
        let (unit, product, market) = (table.column(&keys.unit)?, column(&keys.product)?, column(&keys.market)?);
        let time = keys.time.as_deref().map(|t| table.numbers(t)).transpose()?;
        let wide: Vec<&[f64]> = match keys.columns.is_empty() {
            true => vec![table.numbers(&keys.value)?],
            false => numbers(table, &keys.columns)?,
        };
        for (coder, column) in
            [(Some(&mut self.unit), Some(unit)), (self.product.as_mut(), product), (self.market.as_mut(), market)]
        {
            if let (Some(coder), Some(column)) = (coder, column) {
                coder.turn(column)?;
            }
        }
        for row in rows {
            let whole = [Some(unit), product, market].into_iter().flatten().all(|c| !c.is_missing(row));
            let when = time.map_or(0.0, |t| t[row]);
            if !whole || when.is_nan() || wide.iter().any(|v| v[row].is_nan()) {
                self.missing += 1;
                continue;
            }
            if when.fract() != 0.0 || when.abs() >= 1e9 {
                let line = table.line(row).map_or(String::new(), |l| format!(" in line {l}"));
                return Err(Error::plan(
                    format!("the time `{}`{line} is {when}", keys.time.as_deref().unwrap_or_default()),
                    "times are whole numbers, such as years",
                ));
            }
            let code = |coder: &mut Option<Coder>, column: Option<&Column>| match (coder, column) {
                (Some(coder), Some(column)) => coder.code(&column.data, row),
                _ => 0,
            };
            let (unit, product) = (self.unit.code(&unit.data, row), code(&mut self.product, product));
            let market = code(&mut self.market, market);
            for (j, values) in wide.iter().enumerate() {
                // Wide data have their products in the order of their columns.
                let product = if keys.columns.is_empty() { product } else { j as u32 };
                each(Found { row, unit, time: when as i64, product, market, value: values[row] }).map_err(|e| {
                    // What is wrong with the row itself stands in it; that there are too many of them does not.
                    if e.rows.is_empty() {
                        return Error::from(e);
                    }
                    let e = e.at_column(keys.columns.get(j).unwrap_or(&keys.value));
                    Error::from(plim_stats::Error { rows: vec![row], ..e }).at_rows(table)
                })?;
            }
        }
        Ok(())
    }

    fn labels(self) -> (Labels, Labels, Option<Labels>, usize) {
        let product = match self.product {
            Some(coder) => coder.labels(),
            None => Labels(Column::text("product", self.keys.columns.iter().map(|c| Some(c.as_str())))),
        };
        (self.unit.labels(), product, self.market.map(Coder::labels), self.missing)
    }
}

/// Cells of records in long form (`product`, `market`, `value`) or in wide form (`columns`, one a product); those that
/// an earlier step has made of the same columns and rows are not made again.
///
/// Without `product` all records are of one product.
pub(super) fn coded(
    cx: &Context,
    product: Option<&str>,
    market: Option<&str>,
    value: &str,
    columns: &[String],
) -> Result<Arc<Coded>> {
    let long = columns.is_empty();
    if !long {
        for (given, option) in [(product, "product"), (market, "market"), (Some(value), "value")] {
            if let Some(column) = given.filter(|column| !column.is_empty()) {
                return Err(Error::plan(
                    format!("`{option} = \"{column}\"` is of long data, and `columns` of wide data"),
                    format!("leave out `columns`, or `{option}`: each of `columns` is a product with its values"),
                ));
            }
        }
    }
    if let Some(twice) = (1..columns.len()).find(|&j| columns[..j].contains(&columns[j])) {
        return Err(Error::plan(
            format!("`columns` names `{}` twice, and each is a product", columns[twice]),
            "name it once",
        ));
    }
    let name = |given: Option<&str>, option: &str| -> Result<Option<String>> {
        given.filter(|_| long).map(|p| need(p, option).map(str::to_string)).transpose()
    };
    let keys = Keys {
        unit: cx.need_unit()?.to_string(),
        time: cx.time.clone(),
        product: name(product, "product")?,
        market: name(market, "market")?,
        value: if long { need(value, "value")?.to_string() } else { String::new() },
        columns: columns.to_vec(),
    };
    cx.cells.of(cx, keys)
}

fn make(cx: &Context, keys: Keys) -> Result<Coded> {
    let mut scan = Scan::new(&keys);
    let mut cells = CellsBuilder::bounded(cx.memory);
    let mut add = |f: Found| cells.push(f.unit, f.time, f.product, f.market, f.value);
    match cx.stream {
        None => scan.chunk(cx.table, cx.rows.iter().copied(), add)?,
        Some(stream) => {
            let filter = cx.step.rows.filter.as_deref().map(Expr::parse).transpose()?;
            let mut names = keys.names();
            filter.iter().for_each(|filter| filter.columns(&mut names));
            stream.each(&names, |table| {
                let mask = match &filter {
                    Some(filter) => Some(Scope { table, panel: None }.evaluate(filter)?),
                    None => None,
                };
                // A row whose condition is missing is not kept.
                let kept = |&i: &usize| mask.as_ref().is_none_or(|mask| mask[i] != 0.0 && !mask[i].is_nan());
                scan.chunk(table, (0..table.rows()).filter(kept), &mut add)
            })?;
        }
    }
    let (unit, product, market, missing) = scan.labels();
    if unit.0.is_empty() {
        let codes = [Some(&keys.unit), keys.product.as_ref(), keys.market.as_ref()];
        for name in codes.into_iter().flatten().filter(|name| cx.table.has(name)) {
            cx.table.has_codes(name)?;
        }
        return Err(Error::plan("no record has its keys and its value", "check the columns that the options name"));
    }
    let mut cells = cells.finish(market.is_some()).map_err(|e| match keys.columns.is_empty() {
        true => e.at_column(&keys.value),
        false => e,
    })?;
    (cells.units, cells.products) = (unit.0.len(), product.0.len().max(1));
    Ok(Coded { cells, unit, product, market, time: cx.time.clone(), keys, missing })
}

/// Records one by one, for what each of them says beside its keys and its value.
pub(crate) struct Listed {
    pub records: Records,
    /// Row of the step's table behind each record (of long data).
    pub rows: Vec<usize>,
}

impl Listed {
    /// A column of the step's table, one number for each record.
    pub fn numbers(&self, cx: &Context, column: &str) -> Result<Vec<f64>> {
        let values = cx.table.numbers(column)?;
        Ok(self.rows.iter().map(|&r| values[r]).collect())
    }

    /// An error about records, at the rows of the table that they came from.
    pub fn located(&self, cx: &Context, e: plim_stats::Error) -> Error {
        let rows = e.rows.iter().filter_map(|&i| self.rows.get(i).copied()).collect();
        Error::from(plim_stats::Error { rows, ..e }).at_rows(cx.table)
    }
}

/// What the digits of product codes say of a leading zero: codes that were read as numbers have an even number of
/// digits, or one less where they begin with zero.
fn lost_zeros(product: &Labels) -> Option<String> {
    let Data::Number(codes) = &product.0.data else { return None };
    let digits = |code: &f64| (code.fract() == 0.0 && *code >= 1.0).then(|| code.log10() as u32 + 1);
    let lengths: BTreeSet<u32> = codes.iter().map(digits).collect::<Option<_>>()?;
    let (&short, &long) = (lengths.first()?, lengths.last()?);
    let lost = lengths.len() == 2 && long == short + 1 && long % 2 == 0 && long >= 4;
    lost.then(|| {
        format!(
            "`{}` has codes of {short} and {long} digits: if these lost a leading zero, read them as text or by `trade_records`",
            product.0.name
        )
    })
}

impl Coded {
    /// The records behind the cells, under the same codes.
    pub fn list(&self, cx: &Context) -> Result<Listed> {
        let mut scan = Scan::new(&self.keys);
        let (mut unit, mut time, mut product, mut market) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut value, mut rows) = (Vec::new(), Vec::new());
        scan.chunk(cx.table, cx.rows.iter().copied(), |f| {
            unit.push(f.unit);
            time.push(f.time);
            product.push(f.product);
            market.push(f.market);
            value.push(f.value);
            rows.push(f.row);
            Ok(())
        })?;
        let factor = |name: &str, codes, labels: &Labels| Factor {
            name: name.into(),
            codes,
            levels: labels.0.len().max(1) as u32,
        };
        let records = Records {
            unit: factor(&self.unit.0.name, unit, &self.unit),
            time,
            product: factor(&self.product.0.name, product, &self.product),
            market: self.market.as_ref().map(|labels| factor(&labels.0.name, market, labels)),
            value,
        };
        Ok(Listed { records, rows })
    }

    /// Key columns for results by unit and time.
    pub fn keys(&self, rows: &[(u32, i64)]) -> Vec<Column> {
        let mut keys = vec![self.unit.take(rows.iter().map(|r| r.0))];
        if let Some(time) = &self.time {
            keys.push(Column::number(time, rows.iter().map(|r| r.1 as f64).collect()));
        }
        keys
    }

    /// A list whose objects begin with these labels and, where there is one, the time.
    pub fn listing<T>(&self, rows: &[T], keys: &[Key<T>], time: fn(&T) -> i64) -> Listing {
        let start = Listing::new(rows.len());
        let labeled = keys.iter().fold(start, |list, (name, labels, code)| {
            list.with(*name, crate::listing::field(labels.take(rows.iter().map(code))))
        });
        match &self.time {
            Some(name) => labeled.numbers(name, rows.iter().map(|row| time(row) as f64).collect()),
            None => labeled,
        }
    }

    /// An object of a short list: its keys, the time where there is one, then its own fields.
    pub fn keyed(&self, time: i64, keys: &[(&str, Value)], rest: Value) -> Value {
        let mut all: serde_json::Map<String, Value> = keys.iter().map(|(k, v)| (k.to_string(), v.clone())).collect();
        if let Some(name) = &self.time {
            all.insert(name.clone(), json!(time));
        }
        if let Value::Object(fields) = rest {
            all.extend(fields);
        }
        Value::Object(all)
    }

    /// A measure with its notes, `sample` and the count of incomplete records.
    pub fn measure(&self, method: &str, sample: &impl Serialize, mut notes: Vec<String>) -> Measure {
        let mut sample = object(sample);
        sample.entry("records").or_insert(json!(self.cells.count.records));
        if self.missing > 0 {
            sample.insert("missing".into(), json!(self.missing));
            notes.push(format!("{} records miss a key or their value and were left out", self.missing));
        }
        notes.extend(lost_zeros(&self.product));
        let mut measure = Measure { method: method.into(), notes, ..Default::default() };
        measure.more.insert("sample".into(), sample.into());
        measure
    }
}
