//! What a regression sees: columns of numbers and coded factors, no names of files, no missing values.

use crate::math::Mat;
use crate::{Error, Result};
use std::sync::Arc;

/// A categorical variable: `codes[i]` in `0..levels`, every level present.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Name as the formula writes it (`city`, `prov^year`).
    pub name: String,
    /// Level of each observation.
    pub codes: Vec<u32>,
    /// Number of levels.
    pub levels: u32,
}

impl Factor {
    /// Codes any hashable keys in order of first appearance.
    pub fn from_keys<K: std::hash::Hash + Eq>(name: impl Into<String>, keys: impl IntoIterator<Item = K>) -> Self {
        let mut seen = std::collections::HashMap::new();
        let codes = keys
            .into_iter()
            .map(|key| {
                let next = seen.len() as u32;
                *seen.entry(key).or_insert(next)
            })
            .collect();
        Factor { name: name.into(), codes, levels: seen.len() as u32 }
    }

    /// The factor at the observations `rows`, recoded so that every level is present.
    pub fn at(&self, rows: &[usize]) -> Self {
        // As `from_keys`, by table instead of hash: codes are small already.
        let mut new = vec![u32::MAX; self.levels as usize];
        let mut levels = 0;
        let codes = rows.iter().map(|&r| {
            let slot = &mut new[self.codes[r] as usize];
            if *slot == u32::MAX {
                *slot = levels;
                levels += 1;
            }
            *slot
        });
        Factor { codes: codes.collect(), name: self.name.clone(), levels }
    }

    /// Whether every level occurs.
    pub fn compact(&self) -> bool {
        let mut seen = vec![false; self.levels as usize];
        self.codes.iter().for_each(|&c| seen[c as usize] = true);
        seen.into_iter().all(|s| s)
    }

    /// The interaction `self^other`: one level for each pair that occurs.
    pub fn interact(&self, other: &Factor) -> Self {
        let name = format!("{}^{}", self.name, other.name);
        Factor::from_keys(name, self.codes.iter().zip(&other.codes).map(|(&a, &b)| (a, b)))
    }

    /// Whether each level of `self` lies inside one level of `outer`.
    pub fn nested_in(&self, outer: &Factor) -> bool {
        let mut of = vec![u32::MAX; self.levels as usize];
        self.codes.iter().zip(&outer.codes).all(|(&inner, &out)| {
            let slot = &mut of[inner as usize];
            if *slot == u32::MAX {
                *slot = out;
            }
            *slot == out
        })
    }
}

/// A slope of its own for each level of an effect: `city[year]` is the effect `city` and this slope, `city[[year]]`
/// this slope alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// The levels.
    pub factor: Factor,
    /// Name of the variable whose slope varies.
    pub name: String,
    /// The variable, n.
    pub x: Vec<f64>,
}

impl Slope {
    /// The slope at the observations `rows`, levels recoded.
    pub fn at(&self, rows: &[usize]) -> Self {
        Slope { factor: self.factor.at(rows), name: self.name.clone(), x: rows.iter().map(|&i| self.x[i]).collect() }
    }

    /// `city[[year]]`, as the formula writes it.
    pub fn label(&self) -> String {
        format!("{}[[{}]]", self.factor.name, self.name)
    }
}

/// Instruments for the first `endogenous` regressors.
#[derive(Debug, Clone)]
pub struct Instruments {
    /// How many regressors are endogenous; they are the first of X.
    pub endogenous: usize,
    /// Excluded instruments, n × l.
    pub Z: Mat<f64>,
    /// Their names, l.
    pub names: Vec<String>,
}

/// Which unit at which time each observation is.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelKeys {
    /// The unit.
    pub unit: Factor,
    /// The time, in whole periods.
    pub time: Vec<i64>,
}

/// One regression: `y` on `X`, absorbing `fe` and `slopes`, weighted by `w`.
#[derive(Debug, Clone)]
pub struct Design {
    /// Outcome, n.
    pub y: Vec<f64>,
    /// Name of the outcome.
    pub outcome: String,
    /// Regressors, n × k, without a constant when `fe` is not empty; endogenous ones first.
    pub X: Mat<f64>,
    /// What rounding took from columns of X (position, n), where that is known: powers of a variable.
    pub low: Vec<(usize, Vec<f64>)>,
    /// Names of the regressors, k; a constant is `(Intercept)`.
    pub names: Vec<String>,
    /// Absorbed fixed effects, in formula order.
    pub fe: Vec<Factor>,
    /// Absorbed slopes, in formula order.
    pub slopes: Vec<Slope>,
    /// Instruments, where the formula has a third part.
    pub iv: Option<Instruments>,
    /// Clusters that the covariance may ask for, by name.
    pub cluster: Vec<Factor>,
    /// Weights, n; positive.
    pub w: Option<Vec<f64>>,
    /// Part of the linear predictor with coefficient one, n.
    pub offset: Option<Vec<f64>>,
    /// Unit and time, where declared.
    pub panel: Option<PanelKeys>,
    /// Latitude and longitude in degrees, where declared.
    pub place: Option<Vec<[f64; 2]>>,
    /// Observation → row of the source table: the way back.
    pub rows: Arc<[usize]>,
}

impl Default for Design {
    /// No observations: a design is written with its own fields and the rest from here.
    fn default() -> Self {
        Design {
            y: Vec::new(),
            outcome: String::new(),
            X: Mat::new(),
            low: Vec::new(),
            names: Vec::new(),
            fe: Vec::new(),
            slopes: Vec::new(),
            iv: None,
            cluster: Vec::new(),
            w: None,
            offset: None,
            panel: None,
            place: None,
            rows: Arc::default(),
        }
    }
}

impl Design {
    /// Observations.
    pub fn nobs(&self) -> usize {
        self.y.len()
    }

    /// Checks shapes and finiteness once, so that kernels need not.
    pub fn check(&self) -> Result<()> {
        let n = self.y.len();
        if n == 0 {
            return Err(Error::new(crate::Kind::Empty { what: "the estimation sample".into() }));
        }
        if self.X.nrows() != n {
            return Err(Error::length("X", self.X.nrows(), n));
        }
        if self.names.len() != self.X.ncols() {
            return Err(Error::length("the names of X", self.names.len(), self.X.ncols()));
        }
        let finite = |name: &str, column: &mut dyn Iterator<Item = f64>| -> Result<()> {
            let bad: Vec<usize> =
                column.enumerate().filter(|(_, v)| !v.is_finite()).map(|(i, _)| self.rows[i]).collect();
            match bad.is_empty() {
                true => Ok(()),
                false => Err(Error::new(crate::Kind::NotFinite).at_column(name).at_rows(bad)),
            }
        };
        if self.rows.len() != n {
            return Err(Error::length("the row index", self.rows.len(), n));
        }
        finite(&self.outcome, &mut self.y.iter().copied())?;
        for (j, name) in self.names.iter().enumerate() {
            finite(name, &mut (0..n).map(|i| self.X[(i, j)]))?;
        }
        if let Some(iv) = &self.iv {
            if iv.Z.nrows() != n {
                return Err(Error::length("Z", iv.Z.nrows(), n));
            }
            if iv.names.len() != iv.Z.ncols() {
                return Err(Error::length("the names of Z", iv.names.len(), iv.Z.ncols()));
            }
            for (j, name) in iv.names.iter().enumerate() {
                finite(name, &mut iv.Z.col_as_slice(j).iter().copied())?;
            }
        }
        for (j, low) in &self.low {
            if *j >= self.X.ncols() || low.len() != n {
                return Err(Error::length("the low part of X", low.len(), n));
            }
        }
        for slope in &self.slopes {
            if slope.x.len() != n {
                return Err(Error::length(format!("`{}`", slope.label()), slope.x.len(), n));
            }
            finite(&slope.name, &mut slope.x.iter().copied())?;
        }
        if let Some(offset) = &self.offset {
            if offset.len() != n {
                return Err(Error::length("the offset", offset.len(), n));
            }
            finite("offset", &mut offset.iter().copied())?;
        }
        for factor in self.fe.iter().chain(&self.cluster).chain(self.slopes.iter().map(|s| &s.factor)) {
            if factor.codes.len() != n {
                return Err(Error::length(format!("`{}`", factor.name), factor.codes.len(), n));
            }
        }
        if let Some(w) = &self.w {
            if w.len() != n {
                return Err(Error::length("weights", w.len(), n));
            }
            let bad: Vec<usize> = (0..n).filter(|&i| !(w[i].is_finite() && w[i] > 0.0)).map(|i| self.rows[i]).collect();
            if !bad.is_empty() {
                return Err(
                    Error::invalid("weights must be positive and finite", "drop rows of zero weight").at_rows(bad)
                );
            }
        }
        Ok(())
    }

    /// The design at the observations `keep` (which may repeat), factors recoded.
    pub fn at(&self, keep: &[usize]) -> Self {
        Design {
            y: keep.iter().map(|&i| self.y[i]).collect(),
            outcome: self.outcome.clone(),
            X: Mat::from_fn(keep.len(), self.X.ncols(), |i, j| self.X[(keep[i], j)]),
            low: self.low.iter().map(|(j, v)| (*j, keep.iter().map(|&i| v[i]).collect())).collect(),
            names: self.names.clone(),
            fe: self.fe.iter().map(|f| f.at(keep)).collect(),
            slopes: self.slopes.iter().map(|s| s.at(keep)).collect(),
            iv: self.iv.as_ref().map(|iv| Instruments {
                endogenous: iv.endogenous,
                Z: Mat::from_fn(keep.len(), iv.Z.ncols(), |i, j| iv.Z[(keep[i], j)]),
                names: iv.names.clone(),
            }),
            cluster: self.cluster.iter().map(|f| f.at(keep)).collect(),
            w: self.w.as_ref().map(|w| keep.iter().map(|&i| w[i]).collect()),
            offset: self.offset.as_ref().map(|o| keep.iter().map(|&i| o[i]).collect()),
            panel: self
                .panel
                .as_ref()
                .map(|p| PanelKeys { unit: p.unit.at(keep), time: keep.iter().map(|&i| p.time[i]).collect() }),
            place: self.place.as_ref().map(|p| keep.iter().map(|&i| p[i]).collect()),
            rows: keep.iter().map(|&i| self.rows[i]).collect(),
        }
    }

    /// The cluster factor of this name.
    pub fn cluster(&self, name: &str) -> Result<&Factor> {
        self.cluster.iter().chain(&self.fe).find(|f| f.name == name).ok_or_else(|| {
            Error::invalid(format!("no cluster variable `{name}` in the design"), "name a column of the data")
        })
    }

    /// Whether something is absorbed, so that the model has no constant of its own.
    pub fn absorbs(&self) -> bool {
        !self.fe.is_empty() || !self.slopes.is_empty()
    }

    /// What rounding took from regressor j, where it is known.
    pub fn low(&self, j: usize) -> Option<&[f64]> {
        self.low.iter().find(|(at, _)| *at == j).map(|(_, v)| &v[..])
    }

    /// Position of a regressor.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The design with these regressors (name, n) instead of its own.
    pub fn with_regressors(&self, regressors: &[(String, Vec<f64>)]) -> Self {
        Design {
            y: self.y.clone(),
            outcome: self.outcome.clone(),
            X: Mat::from_fn(self.y.len(), regressors.len(), |i, j| regressors[j].1[i]),
            low: Vec::new(),
            names: regressors.iter().map(|(name, _)| name.clone()).collect(),
            fe: self.fe.clone(),
            slopes: self.slopes.clone(),
            iv: None,
            cluster: self.cluster.clone(),
            w: self.w.clone(),
            offset: self.offset.clone(),
            panel: self.panel.clone(),
            place: self.place.clone(),
            rows: self.rows.clone(),
        }
    }

    /// The regressors as (name, n).
    pub fn regressors(&self) -> Vec<(String, Vec<f64>)> {
        self.names.iter().enumerate().map(|(j, n)| (n.clone(), self.X.col_as_slice(j).to_vec())).collect()
    }
}
