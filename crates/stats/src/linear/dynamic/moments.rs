//! The equations of each unit after the transformation, and their instruments.

use super::{GmmPanel, Lags, Standard, Transform};
use crate::linear::INTERCEPT;
use crate::linear::panel::Units;
use crate::math::Mat;
use crate::{Design, Result};
use std::collections::{BTreeMap, HashMap};

/// The `gmm` variables in every row of the source table: instruments reach back to rows that the regression cannot use.
#[derive(Debug, Clone)]
pub struct Source {
    /// Unit of each row of the table.
    pub unit: Vec<u32>,
    /// Time of each row of the table.
    pub time: Vec<i64>,
    /// Name and values (NaN is missing) of each variable.
    pub variables: Vec<(String, Vec<f64>)>,
}

/// What an instrument is, for tests of groups of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// Lags of a `gmm` variable, for the transformed equation.
    Lag(usize),
    /// Changes of a `gmm` variable, for the equation in levels.
    Change(usize),
    /// A regressor that instruments itself.
    Standard(usize),
    /// The constant and time dummies.
    Time(usize),
}

/// One equation: a linear combination of observations.
#[derive(Debug, Clone)]
pub(super) struct Equation {
    /// The observations and their weights, in order of time.
    pub of: Vec<(usize, f64)>,
    /// Whether it is an observation itself, effect included.
    pub level: bool,
    /// Instruments that are not zero: column, value.
    pub z: Vec<(usize, f64)>,
    /// Outcome.
    pub y: f64,
    /// Regressors, k.
    pub x: Vec<f64>,
}

/// A first difference, for the tests of serial correlation.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    pub time: i64,
    pub y: f64,
    pub x: Vec<f64>,
}

/// The equations and differences of all units.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    /// Equations of each unit.
    pub units: Vec<Vec<Equation>>,
    /// First differences of each unit, in order of time.
    pub differences: Vec<Vec<Difference>>,
    /// Origin of each instrument, l.
    pub origins: Vec<Origin>,
    transform: Transform,
}

impl Moments {
    /// Builds them. `standard[j]` says whether regressor j instruments itself; `dummies[j]` whether it is the constant
    /// or a time dummy.
    pub fn new(
        design: &Design,
        source: &Source,
        ranges: &[Lags],
        standard: &[bool],
        dummies: &[bool],
        options: &GmmPanel,
    ) -> Result<Self> {
        let units = Units::of(design)?;
        let time = &design.panel.as_ref().expect("checked by `of`").time;
        let table = Lookup::new(source);
        let mut columns = Columns::default();
        let (mut all, mut differences) = (Vec::new(), Vec::new());
        for rows in &units.rows {
            let unit = source.unit[design.rows[rows[0]]];
            let mut equations: Vec<Equation> = Vec::new();
            for (of, date) in combinations(rows, time, options.transform) {
                let mut e = Equation::new(design, of, false);
                for (v, &(first, last)) in ranges.iter().enumerate() {
                    // A value of zero tells nothing; an instrument that is zero everywhere is none.
                    for (t, value) in table.back(unit, v, date - last, date - first).filter(|(_, x)| *x != 0.0) {
                        let lag = date - t;
                        let key = if options.collapse { (0, lag) } else { (date, lag) };
                        e.z.push((columns.at(Origin::Lag(v), key), value));
                    }
                }
                equations.push(e);
            }
            if options.transform == Transform::System {
                for &i in rows {
                    let mut e = Equation::new(design, vec![(i, 1.0)], true);
                    for (v, &(first, _)) in ranges.iter().enumerate() {
                        // The change that lag `first` of the transformed equation leaves over: Δy of the time before.
                        let date = time[i] - (first - 1).max(0);
                        let (now, before) = (table.get(unit, v, date), table.get(unit, v, date - 1));
                        if let (Some(now), Some(before)) = (now, before)
                            && now != before
                        {
                            let key = if options.collapse { (0, 0) } else { (time[i], 0) };
                            e.z.push((columns.at(Origin::Change(v), key), now - before));
                        }
                    }
                    equations.push(e);
                }
            }
            for e in &mut equations {
                for j in 0..e.x.len() {
                    let (origin, part) = match (dummies[j], standard[j], options.transform) {
                        (true, _, Transform::System) if !e.level => continue,
                        (true, ..) => (Origin::Time(j), 0),
                        (_, false, _) => continue,
                        _ if !e.level => (Origin::Standard(j), 0),
                        _ => match options.standard {
                            Standard::Separate => (Origin::Standard(j), 1),
                            Standard::Joint => (Origin::Standard(j), 0),
                            Standard::Difference => continue,
                        },
                    };
                    if e.x[j] != 0.0 {
                        e.z.push((columns.at(origin, (part, 0)), e.x[j]));
                    }
                }
            }
            differences.push(
                combinations(rows, time, Transform::Difference)
                    .into_iter()
                    .map(|(of, time)| {
                        let e = Equation::new(design, of, false);
                        Difference { time, y: e.y, x: e.x }
                    })
                    .collect(),
            );
            all.push(equations);
        }
        let (origins, order) = columns.sorted();
        for e in all.iter_mut().flatten() {
            e.z.iter_mut().for_each(|(c, _)| *c = order[*c]);
            e.z.sort_by_key(|&(c, _)| c);
        }
        Ok(Moments { units: all, differences, origins, transform: options.transform })
    }

    /// Equations, k regressors, l instruments.
    pub fn shape(&self) -> (usize, usize, usize) {
        let equations = self.units.iter().map(Vec::len).sum();
        let k = self.units.iter().flatten().next().map_or(0, |e| e.x.len());
        (equations, k, self.origins.len())
    }

    /// Σ Z_i'H_i Z_i with H_i the covariance that the transformation gives to independent errors, l × l.
    pub fn homoskedastic(&self) -> Mat<f64> {
        let l = self.origins.len();
        let mut A = Mat::<f64>::zeros(l, l);
        for equations in &self.units {
            for (p, a) in equations.iter().enumerate() {
                for b in &equations[p..] {
                    // Orthogonal deviations are orthogonal by construction: only an equation with itself counts.
                    let apart = self.transform == Transform::Orthogonal && !std::ptr::eq(a, b);
                    let h = if apart { 0.0 } else { covariance(&a.of, &b.of) };
                    if h == 0.0 {
                        continue;
                    }
                    for &(i, zi) in &a.z {
                        for &(j, zj) in &b.z {
                            A[(i, j)] += zi * h * zj;
                            if !std::ptr::eq(a, b) {
                                A[(j, i)] += zi * h * zj;
                            }
                        }
                    }
                }
            }
        }
        A
    }

    /// Z_i'v_i of each unit for a value per equation, N × l.
    pub fn sums(&self, v: impl Fn(&Equation) -> f64) -> Mat<f64> {
        let mut S = Mat::<f64>::zeros(self.units.len(), self.origins.len());
        for (i, equations) in self.units.iter().enumerate() {
            for e in equations {
                let value = v(e);
                e.z.iter().for_each(|&(c, z)| S[(i, c)] += z * value);
            }
        }
        S
    }
}

impl Equation {
    fn new(design: &Design, of: Vec<(usize, f64)>, level: bool) -> Self {
        let combine = |v: &dyn Fn(usize) -> f64| of.iter().map(|&(i, w)| w * v(i)).sum::<f64>();
        let y = combine(&|i| design.y[i]);
        let x = (0..design.X.ncols())
            // The weights of a transformation sum to zero; rounding must not leave something of the constant.
            .map(|j| if !level && design.names[j] == INTERCEPT { 0.0 } else { combine(&|i| design.X[(i, j)]) })
            .collect();
        Equation { of, level, z: Vec::new(), y, x }
    }

    /// y - x'b.
    pub fn residual(&self, b: &[f64]) -> f64 {
        self.y - self.x.iter().zip(b).map(|(x, b)| x * b).sum::<f64>()
    }
}

/// Each transformed equation of a unit's observations (in order of time), and the time that its lags count from.
fn combinations(rows: &[usize], time: &[i64], transform: Transform) -> Vec<(Vec<(usize, f64)>, i64)> {
    match transform {
        Transform::Difference | Transform::System => (rows.windows(2))
            .filter(|w| time[w[1]] - time[w[0]] == 1)
            .map(|w| (vec![(w[0], -1.0), (w[1], 1.0)], time[w[1]]))
            .collect(),
        // c (x_t - mean of the later), c = √(m/(m + 1)) with m of them; its first valid instrument is x_{t-1}, which
        // is lag 2 of the next time: the same count as for differences.
        Transform::Orthogonal => (0..rows.len().saturating_sub(1))
            .map(|p| {
                let m = (rows.len() - p - 1) as f64;
                let c = (m / (m + 1.0)).sqrt();
                let of = std::iter::once((rows[p], c)).chain(rows[p + 1..].iter().map(|&i| (i, -c / m)));
                (of.collect(), time[rows[p]] + 1)
            })
            .collect(),
    }
}

/// Inner product of two combinations of observations.
fn covariance(a: &[(usize, f64)], b: &[(usize, f64)]) -> f64 {
    a.iter().map(|(i, v)| b.iter().filter(|(j, _)| i == j).map(|(_, w)| v * w).sum::<f64>()).sum()
}

/// The variables by unit and time.
struct Lookup<'s> {
    source: &'s Source,
    /// Times and rows of each unit, in order of time.
    rows: HashMap<u32, Vec<(i64, usize)>>,
}

impl<'s> Lookup<'s> {
    fn new(source: &'s Source) -> Self {
        let mut rows: HashMap<u32, Vec<(i64, usize)>> = HashMap::new();
        for (row, (&unit, &time)) in source.unit.iter().zip(&source.time).enumerate() {
            rows.entry(unit).or_default().push((time, row));
        }
        rows.values_mut().for_each(|r| r.sort_unstable());
        Lookup { source, rows }
    }

    /// Times and values of variable `v` from `first` to `last`, where present.
    fn back(&self, unit: u32, v: usize, first: i64, last: i64) -> impl Iterator<Item = (i64, f64)> + '_ {
        let rows = self.rows.get(&unit).map_or(&[][..], Vec::as_slice);
        let values = &self.source.variables[v].1;
        let start = rows.partition_point(|&(t, _)| t < first);
        let end = rows.partition_point(|&(t, _)| t <= last);
        rows[start..end.max(start)].iter().map(|&(t, row)| (t, values[row])).filter(|(_, x)| x.is_finite())
    }

    fn get(&self, unit: u32, v: usize, time: i64) -> Option<f64> {
        self.back(unit, v, time, time).next().map(|(_, x)| x)
    }
}

/// The instruments met so far.
#[derive(Default)]
struct Columns {
    known: BTreeMap<(Origin, (i64, i64)), usize>,
}

impl Columns {
    fn at(&mut self, origin: Origin, key: (i64, i64)) -> usize {
        let next = self.known.len();
        *self.known.entry((origin, key)).or_insert(next)
    }

    /// The origins in a fixed order, and the place of each column there.
    fn sorted(self) -> (Vec<Origin>, Vec<usize>) {
        let mut order = vec![0; self.known.len()];
        let mut origins = Vec::with_capacity(order.len());
        for (place, ((origin, _), column)) in self.known.into_iter().enumerate() {
            order[column] = place;
            origins.push(origin);
        }
        (origins, order)
    }
}
