//! A step of a study: which method, on which rows, with which options.
//!
//! An option is declared in exactly one struct: [`Rows`] (every step), [`Regression`] (every method that
//! estimates on a design), or the method's own struct beside the method. A step's keys are dealt to the
//! three by name.

use crate::error::{Error, Result};
use crate::expression::Expr;
use crate::formula::Formula;
use crate::method::{Entry, Method, find};
use crate::schema::{self, OptionDoc};
use plim_stats::absorb::Singletons;
use plim_stats::linear::Collinear;
use plim_stats::vcov::{Distance, Kernel, Ssc, Vcov};
use plim_table::Table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which rows a step reads, and where its result goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rows {
    /// Table to read; the first declared by default.
    pub data: Option<String>,
    /// Table that receives the columns; the table read by default. Rows are matched by unit and time. What a query or
    /// an importer makes is a whole table, which takes the place of the one of this name.
    pub into: Option<String>,
    /// Column of the units; that of the table by default.
    pub unit: Option<String>,
    /// Column of the time; that of the table by default.
    pub time: Option<String>,
    /// Rows to keep, such as `year >= 2013 & region = "East"`.
    #[serde(rename = "where")]
    pub filter: Option<String>,
    /// Seed of this step's random draws; the study's by default.
    pub seed: Option<u64>,
}

/// Options of every method that estimates on a formula.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Regression {
    /// The model: `y ~ x1 + log(x2) | city + year`; several with `csw(x1, x2)`, `sw()` or `c(y1, y2) ~ …`.
    pub formula: String,
    /// A column for each value of which the models are estimated apart: a region, a group above and below the median.
    pub split: Option<String>,
    /// As `split`, and the full sample first.
    pub fsplit: Option<String>,
    /// Column of weights; every observation counts alike by default.
    pub weights: Option<String>,
    /// Part of the linear predictor with coefficient one: a column or an expression.
    pub offset: Option<String>,
    /// Covariance of the estimates: `iid`, `hc0` to `hc3`, `cluster:city`, `cluster:city+year`, `cluster:a^b`,
    /// `cr2:city`, `crv3:city`, `nw:LAG`, `dk:LAG`, `conley:KM`.
    ///
    /// By default clustered by the first fixed effect, `hc1` without one. `crv3` is the jackknife over clusters, `nw`
    /// and `dk` (Newey-West, Driscoll-Kraay) need `unit` and `time` and take the fourth root of the periods as lag when
    /// none is given, `conley` needs `lat` and `lon`.
    pub vcov: Option<Vcov>,
    /// Column of the latitude in degrees, for `vcov = "conley:KM"`.
    pub lat: Option<String>,
    /// Column of the longitude in degrees, for `vcov = "conley:KM"`.
    pub lon: Option<String>,
    /// Weights of pairs within the cut-off of `vcov = "conley:KM"`.
    pub conley_kernel: Kernel,
    /// Distance of `vcov = "conley:KM"`: on the sphere, or fixest's approximation by triangles.
    pub conley_distance: Distance,
    /// Small-sample rule, by the name of the program whose convention it is.
    pub ssc: Ssc,
    /// Groups of one observation: dropped (repeatedly) or kept.
    pub singletons: Singletons,
    /// Collinear regressors: dropped and named (the later in the formula goes), or an error.
    pub collinear: Collinear,
}

impl Regression {
    /// With kernel and distance in the covariance, which is where they belong; refused where they have no use.
    fn placed(mut self) -> Result<Self> {
        let spatial = matches!(self.vcov, Some(Vcov::Conley { .. }));
        if !spatial && (self.conley_kernel, self.conley_distance) != Default::default() {
            return Err(Error::plan(
                "`conley_kernel` and `conley_distance` belong to a spatial covariance",
                "set vcov = \"conley:200\", say, or leave them out",
            ));
        }
        if self.lat.is_some() != self.lon.is_some() {
            return Err(Error::plan("only one of `lat` and `lon` is given", "a place needs both"));
        }
        self.vcov = self.vcov.map(|v| v.spatial(self.conley_kernel, self.conley_distance));
        Ok(self)
    }
}

/// A step ready to run.
pub struct Step {
    /// Its name: that of the column, the fit, the table.
    pub name: String,
    /// Its place among the steps of the study.
    pub index: usize,
    /// The method.
    pub entry: &'static Entry,
    /// The method's own options.
    pub method: Box<dyn Method>,
    /// Which rows.
    pub rows: Rows,
    /// How to estimate; defaults for methods that do not.
    pub regression: Regression,
    /// All keys as given, for the record.
    pub given: Map<String, Value>,
}

impl Step {
    /// Whether it reads records, many of a unit and time: by what it is, or as it is set.
    pub fn on_records(&self) -> bool {
        self.entry.records || self.method.on_records()
    }

    /// Reads a step from its keys.
    pub fn read(mut keys: Map<String, Value>, index: usize) -> Result<Step> {
        let given = keys.clone();
        let Some(method) = keys.remove("method") else {
            return Err(Error::plan(format!("step {} has no `method`", index + 1), "add method = \"feols\", say"));
        };
        let Value::String(method) = method else {
            return Err(Error::plan(format!("step {}: `method` is not a text", index + 1), "write method = \"feols\""));
        };
        let name = match keys.remove("name") {
            None => method.clone(),
            Some(Value::String(name)) if !name.trim().is_empty() => name,
            Some(other) => return Err(Error::plan(format!("the step name {other} is not a text"), "quote it")),
        };
        let entry = find(&method).map_err(|e| e.at_step(&name))?;
        // `method` names the step's method; a method's own option of that name is written `using`.
        if let (Some(using), true) = (keys.remove("using"), (entry.options)().iter().any(|o| o.name == "method")) {
            keys.insert("method".into(), using);
        }
        let mut take = |docs: &[OptionDoc]| -> Map<String, Value> {
            let mut taken = Map::new();
            for doc in docs {
                if let Some(value) = keys.remove(&doc.name) {
                    taken.insert(doc.name.clone(), value);
                }
            }
            taken
        };
        let rows = schema::read(take(schema::options::<Rows>())).map_err(|e| e.at_step(&name))?;
        let regression = match entry.estimates {
            true => schema::read(take(schema::options::<Regression>()))
                .and_then(Regression::placed)
                .map_err(|e| e.at_step(&name))?,
            false => Regression::default(),
        };
        if let Some(unknown) = keys.keys().find(|k| entry.all_options().all(|o| o.name != **k)) {
            let known = entry.all_options().map(|o| o.name.as_str());
            return Err(schema::unknown_option(unknown, known).at_step(&name));
        }
        let method = (entry.read)(keys).map_err(|e| e.at_step(&name))?;
        Ok(Step { name, index, entry, method, rows, regression, given })
    }

    /// Every column that the options name, and what is wrong with the formulas among them. With a `table`, a weight or
    /// an offset that is one of its columns is not read as an expression.
    pub fn columns(&self, table: Option<&Table>) -> (Vec<String>, Vec<Error>) {
        let mut columns = self.method.columns();
        columns.retain(|c| !c.is_empty());
        let mut errors = Vec::new();
        let expressions = [&self.rows.filter, &self.regression.weights, &self.regression.offset];
        for text in expressions.into_iter().flatten() {
            match Expr::parse(text) {
                _ if table.is_some_and(|t| t.has(text)) => columns.push(text.clone()),
                Ok(expr) => expr.columns(&mut columns),
                Err(e) => errors.push(e),
            }
        }
        if self.entry.estimates {
            match Formula::parse_set(&self.regression.formula) {
                Ok(set) => set.iter().for_each(|formula| columns.extend(formula.columns())),
                Err(e) => errors.push(e),
            }
            columns.extend(self.regression.split.iter().chain(&self.regression.fsplit).cloned());
        }
        let clusters = self.regression.vcov.as_ref().map(|v| v.clusters()).unwrap_or_default();
        columns.extend(clusters.iter().flat_map(|c| c.split('^').map(str::to_string)));
        columns.extend([&self.regression.lat, &self.regression.lon].into_iter().flatten().cloned());
        (columns, errors)
    }
}
