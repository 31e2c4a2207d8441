//! The methods: one list from which study file, command line, help and documentation take them.

use crate::error::{Error, Result};
use crate::formula::Formula;
use crate::methods::cells::Store;
use crate::schema::{self, OptionDoc};
use crate::step::{Regression, Rows, Step};
use crate::stream::Stream;
use plim_report::{Fit, Measure, Results};
use plim_table::{Panel, Table};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a method is for; the commands `plim measure` and `plim fit` take one kind each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Prepares columns or tables.
    Prepare,
    /// Adds columns: an index, a score, a trade measure.
    Measure,
    /// Yields a fit.
    Estimate,
    /// Yields a table, a figure or text for the report.
    Show,
}

/// A method's options, able to run.
pub trait Method: Send + Sync {
    /// Columns that the options name, which the data must have.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }

    /// Columns that the step will add, known before it runs.
    fn adds(&self, _step: &str) -> Vec<String> {
        Vec::new()
    }

    /// Names of earlier steps that this one shows.
    fn models(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether these options need records, many rows for one unit and time, of a method that else takes a panel.
    fn on_records(&self) -> bool {
        false
    }

    /// Whether these options can do without holding the table: it is then read from its file piece by piece.
    fn streams(&self) -> bool {
        false
    }

    /// Whether what a row gets depends on the rows of other units: then it changes with the sample.
    fn across(&self) -> bool {
        true
    }

    /// Whether it scores units against a border that the sample itself draws, for which the bootstrap of whole samples
    /// is known to fail.
    fn border(&self) -> bool {
        false
    }

    /// Whether it takes weights of the units, so that random weights can stand for a draw.
    fn weighs(&self) -> bool {
        false
    }

    /// Options that add inference to an estimate and do not change it, and what to set them to (nothing: leave out).
    fn inference(&self) -> &'static [(&'static str, Option<u64>)] {
        &[]
    }

    /// An option that lets a replication begin where the estimate of the sample is, and its value.
    fn warm(&self, _full: &Fit) -> Option<(&'static str, Value)> {
        None
    }

    /// Runs on the rows of the step.
    fn run(&self, cx: &Context) -> Result<Outcome>;

    /// Runs the models that one step declares together; methods that can share work between them do.
    fn run_all(&self, models: &[Context]) -> Vec<Result<Outcome>> {
        models.iter().map(|cx| self.run(cx)).collect()
    }
}

/// What a step sees.
#[derive(Clone)]
pub struct Context<'a> {
    /// The step itself.
    pub step: &'a Step,
    /// Name of the table that the step reads.
    pub source: &'a str,
    /// All rows of it; none of a table that is streamed.
    pub table: &'a Table,
    /// Its file, if it is streamed.
    pub stream: Option<&'a Stream>,
    /// Rows that `where` keeps, ascending.
    pub rows: &'a Arc<[usize]>,
    /// The model to estimate, for methods that take a formula and were given one.
    pub formula: Option<&'a Formula>,
    /// Column of the units.
    pub unit: Option<String>,
    /// Column of the time.
    pub time: Option<String>,
    /// Unit and time as a panel, when both are declared and the method wants one row for each.
    pub panel: Option<&'a Panel>,
    /// Seed of the step.
    pub seed: u64,
    /// All tables, for `sql`.
    pub tables: &'a indexmap::IndexMap<String, Arc<Table>>,
    /// Files of those among them that are streamed.
    pub streams: &'a indexmap::IndexMap<String, Stream>,
    /// Weights of the rows that a draw gives, if it gives weights.
    pub draw: Option<&'a [f64]>,
    /// Cells that steps have made of records.
    pub(crate) cells: &'a Store,
    /// Bytes that queries and cells may take, if they are bounded.
    pub memory: Option<usize>,
    /// Where queries run.
    pub engine: &'a plim_table::Engine,
    /// Results so far, for tables and figures.
    pub results: &'a Results,
    /// The study: labels, language.
    pub study: &'a crate::plan::Study,
    /// Reads a small file of the study as text.
    pub read_text: &'a (dyn Fn(&str) -> Result<String> + Sync),
}

impl Context<'_> {
    /// The rows that `where` keeps, as a table.
    pub fn kept(&self) -> Table {
        match self.rows.len() == self.table.rows() {
            true => self.table.clone(),
            false => self.table.take(self.rows),
        }
    }

    /// The unit column, or an error that says how to name it.
    pub fn need_unit(&self) -> Result<&str> {
        self.unit.as_deref().ok_or_else(|| Error::plan("the column of the units is not named", "set `unit`"))
    }

    /// The time column, or an error that says how to name it.
    pub fn need_time(&self) -> Result<&str> {
        self.time.as_deref().ok_or_else(|| Error::plan("the column of the time is not named", "set `time`"))
    }
}

/// What a step yields.
pub enum Outcome {
    /// Columns for a table, and what a measure has beside.
    Columns(Measured),
    /// A fit, with scores of the observations when it has some.
    Fit(Box<Fit>, Option<Measured>),
    /// The fits of the models that the step declares together.
    Fits(Vec<Fit>),
    /// A whole new table.
    Table(Table, Vec<String>),
    /// The step's table with prepared columns, and what a reader must know.
    Prepared(Table, Vec<String>),
    /// A table to write among the results, and the ending of its file.
    Saved(Table, &'static str),
    /// Pieces of the report; a heading starts a section.
    Shown {
        /// Heading of the section that begins.
        heading: Option<String>,
        /// Tables, figures, paragraphs.
        blocks: Vec<plim_report::page::Block>,
    },
}

/// Columns on their way into a table.
pub struct Measured {
    /// What the measure has beside its columns.
    pub measure: Measure,
    /// The columns; the first is the measure's main one and takes the step's name.
    pub columns: Vec<plim_table::Column>,
    /// Which rows they belong to.
    pub keys: Keys,
}

/// Which rows the columns of a measure belong to.
pub enum Keys {
    /// Rows of the table that the step read.
    Rows(Vec<usize>),
    /// Units and times of their own: the key columns, one row each.
    Columns(Vec<plim_table::Column>),
}

/// Reads the own options of a method.
pub type Reader = fn(Map<String, Value>) -> Result<Box<dyn Method>>;

/// A method in the list.
pub struct Entry {
    /// Name.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// One line about it.
    pub about: &'static str,
    /// Whether it takes the options of [`Regression`].
    pub estimates: bool,
    /// Whether its table may have many rows for one unit and time (trade records).
    pub records: bool,
    /// Its own options.
    pub options: fn() -> &'static [OptionDoc],
    /// Their schema.
    pub schema: fn() -> Map<String, Value>,
    /// Reads its own options.
    pub read: Reader,
}

impl Entry {
    /// Lists the method whose options are `O`.
    pub const fn of<O>(name: &'static str, role: Role, about: &'static str) -> Entry
    where
        O: Method + DeserializeOwned + Serialize + JsonSchema + Default + 'static,
    {
        Entry {
            name,
            role,
            about,
            estimates: matches!(role, Role::Estimate),
            records: false,
            options: schema::options::<O>,
            schema: schema::root::<O>,
            read: |keys| Ok(Box::new(schema::read::<O>(keys)?)),
        }
    }

    /// The method works on records: many rows for one unit and time.
    pub const fn on_records(mut self) -> Entry {
        self.records = true;
        self
    }

    /// Every option that a step of this method takes.
    pub fn all_options(&self) -> impl Iterator<Item = &'static OptionDoc> + Clone {
        let common = if self.estimates { schema::options::<Regression>() } else { &[] };
        common.iter().chain((self.options)()).chain(schema::options::<Rows>())
    }
}

/// The method of this name.
pub fn find(name: &str) -> Result<&'static Entry> {
    let methods = crate::methods::METHODS;
    methods.iter().find(|m| m.name == name).ok_or_else(|| {
        let near = plim_table::near(name, methods.iter().map(|m| m.name));
        let remedy = match near.is_empty() {
            false => format!("did you mean `{}`?", near.join("` or `")),
            true => format!("there are: {}", methods.iter().map(|m| m.name).collect::<Vec<_>>().join(", ")),
        };
        Error::plan(format!("no method `{name}`"), remedy)
    })
}
