//! What a frontier is fitted to.

use crate::math::Mat;
use crate::{Error, Kind, Result};
use std::collections::HashMap;

/// Named columns.
#[derive(Debug, Clone)]
pub struct Columns {
    /// n × k.
    pub X: Mat<f64>,
    /// k.
    pub names: Vec<String>,
}

impl Columns {
    /// These columns (each n), after the constant unless `constant` is false.
    pub fn new(n: usize, constant: bool, columns: &[(String, Vec<f64>)]) -> Self {
        let shift = usize::from(constant);
        let X = Mat::from_fn(n, columns.len() + shift, |i, j| if j < shift { 1.0 } else { columns[j - shift].1[i] });
        let ones = constant.then(|| "(Intercept)".to_string());
        Columns { X, names: ones.into_iter().chain(columns.iter().map(|c| c.0.clone())).collect() }
    }

    fn check(&self, n: usize, what: &str) -> Result<()> {
        if self.X.nrows() != n {
            return Err(Error::length(what, self.X.nrows(), n));
        }
        if self.names.len() != self.X.ncols() {
            return Err(Error::length(format!("the names of {what}"), self.names.len(), self.X.ncols()));
        }
        for (j, name) in self.names.iter().enumerate() {
            let bad: Vec<usize> = (0..n).filter(|&i| !self.X[(i, j)].is_finite()).collect();
            if !bad.is_empty() {
                return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad));
            }
        }
        Ok(())
    }
}

/// Regressors of the frontier that move with the noise.
#[derive(Debug, Clone)]
pub struct Endogenous {
    /// Their names among the regressors, p.
    pub names: Vec<String>,
    /// The instruments that are no regressors, p or more.
    pub instruments: Columns,
}

/// Outcome, frontier, and what moves inefficiency and noise.
#[derive(Debug, Clone)]
pub struct Data {
    /// Outcome, n.
    pub y: Vec<f64>,
    /// Regressors of the frontier, the constant first.
    pub frontier: Columns,
    /// What moves the mean of inefficiency before truncation (or its scale), the constant first if it has one.
    pub determinants: Option<Columns>,
    /// What moves ln σ_u², the constant first.
    pub u_variance: Option<Columns>,
    /// What moves ln σ_v², the constant first.
    pub v_variance: Option<Columns>,
    /// What moves the log odds of no inefficiency, the constant first.
    pub zero_probability: Option<Columns>,
    /// What moves the log odds of the classes, the constant first.
    pub separating: Option<Columns>,
    /// Which rows have an outcome, and what moves that.
    pub selection: Option<Selection>,
    /// Who and when each row is; panel models need it.
    pub panel: Option<Panel>,
    /// Which regressors are endogenous, and their instruments.
    pub endogenous: Option<Endogenous>,
}

/// Which rows have an outcome.
#[derive(Debug, Clone)]
pub struct Selection {
    /// 1 where the outcome is seen, 0 elsewhere, n.
    pub selected: Vec<f64>,
    /// What moves that, the constant first.
    pub columns: Columns,
}

/// Who and when each row is.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Unit of each row, n: 0, 1, ... in order of appearance.
    pub unit: Vec<usize>,
    /// Time of each row, n.
    pub time: Vec<f64>,
}

impl Panel {
    /// The rows of each unit in the order of time; a unit that has a time twice is refused.
    pub fn spells(&self) -> Result<Vec<Vec<usize>>> {
        let units = self.unit.iter().max().map_or(0, |m| m + 1);
        let mut spells = vec![Vec::new(); units];
        self.unit.iter().enumerate().for_each(|(i, &u)| spells[u].push(i));
        for spell in &mut spells {
            spell.sort_by(|&a, &b| self.time[a].total_cmp(&self.time[b]));
            if let Some(w) = spell.windows(2).find(|w| self.time[w[0]] == self.time[w[1]]) {
                return Err(
                    Error::invalid("a unit has a time twice", "aggregate or drop the duplicates").at_rows(w.to_vec())
                );
            }
        }
        Ok(spells)
    }
}

impl Data {
    /// A frontier of these regressors (n × k, the constant first) without anything else.
    pub fn new(y: Vec<f64>, X: Mat<f64>, names: Vec<String>) -> Self {
        let frontier = Columns { X, names };
        Data {
            y,
            frontier,
            determinants: None,
            u_variance: None,
            v_variance: None,
            zero_probability: None,
            separating: None,
            selection: None,
            panel: None,
            endogenous: None,
        }
    }

    /// Rows.
    pub fn nobs(&self) -> usize {
        self.y.len()
    }

    /// These rows; the units of the panel are numbered anew.
    pub(crate) fn select(&self, rows: &[usize]) -> Data {
        self.at(rows, &vec![0; rows.len()])
    }

    /// The rows of a draw; a unit is another one in each of its copies.
    pub(super) fn at(&self, rows: &[usize], copies: &[usize]) -> Data {
        let of = |c: &Columns| Columns {
            X: Mat::from_fn(rows.len(), c.X.ncols(), |i, j| c.X[(rows[i], j)]),
            names: c.names.clone(),
        };
        let mut units = HashMap::new();
        let mut unit = |key: (usize, usize)| {
            let next = units.len();
            *units.entry(key).or_insert(next)
        };
        Data {
            y: rows.iter().map(|&i| self.y[i]).collect(),
            frontier: of(&self.frontier),
            determinants: self.determinants.as_ref().map(of),
            u_variance: self.u_variance.as_ref().map(of),
            v_variance: self.v_variance.as_ref().map(of),
            zero_probability: self.zero_probability.as_ref().map(of),
            separating: self.separating.as_ref().map(of),
            selection: self.selection.as_ref().map(|s| Selection {
                selected: rows.iter().map(|&i| s.selected[i]).collect(),
                columns: of(&s.columns),
            }),
            panel: self.panel.as_ref().map(|p| Panel {
                unit: rows.iter().zip(copies).map(|(&i, &copy)| unit((copy, p.unit[i]))).collect(),
                time: rows.iter().map(|&i| p.time[i]).collect(),
            }),
            endogenous: self
                .endogenous
                .as_ref()
                .map(|e| Endogenous { names: e.names.clone(), instruments: of(&e.instruments) }),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let n = self.nobs();
        let X = &self.frontier.X;
        self.frontier.check(n, "the regressors")?;
        if X.ncols() == 0 || (0..n).any(|i| X[(i, 0)] != 1.0) {
            return Err(Error::invalid("a frontier needs its constant as the first regressor", "leave `- 1` out"));
        }
        let bad: Vec<usize> = (0..n).filter(|&i| !self.y[i].is_finite()).collect();
        if !bad.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_rows(bad));
        }
        let parts = [
            (&self.determinants, "the determinants"),
            (&self.u_variance, "the columns of `u_variance`"),
            (&self.v_variance, "the columns of `v_variance`"),
            (&self.zero_probability, "the columns of `zero_probability`"),
            (&self.separating, "the columns of `separating`"),
        ];
        for (columns, what) in parts {
            if let Some(columns) = columns {
                columns.check(n, what)?;
            }
        }
        if let Some(endogenous) = &self.endogenous {
            endogenous.instruments.check(n, "the instruments")?;
        }
        if let Some(Selection { selected, columns }) = &self.selection {
            columns.check(n, "the columns of `selection`")?;
            if selected.len() != n {
                return Err(Error::length("`selected`", selected.len(), n));
            }
            let bad: Vec<usize> = (0..n).filter(|&i| selected[i] != 0.0 && selected[i] != 1.0).take(5).collect();
            if !bad.is_empty() {
                return Err(Error::invalid(
                    "`selected` is neither 0 nor 1",
                    "give 1 where the outcome is seen, else 0",
                )
                .at_rows(bad));
            }
        }
        match &self.panel {
            Some(p) if p.unit.len() != n || p.time.len() != n => Err(Error::length("the panel", p.unit.len(), n)),
            Some(p) if p.time.iter().any(|t| !t.is_finite()) => Err(Error::new(Kind::NotFinite).at_column("time")),
            _ => Ok(()),
        }
    }

    /// The panel, or an error that says how to have one.
    pub(super) fn need_panel(&self) -> Result<&Panel> {
        self.panel
            .as_ref()
            .ok_or_else(|| Error::invalid("a panel model needs units and times", "set `unit` and `time`"))
    }
}
