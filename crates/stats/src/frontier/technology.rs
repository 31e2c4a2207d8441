//! Cobb-Douglas and translog technologies: the regressors of a frontier, and what its coefficients say of production.
//!
//! ```text
//! f(w) = β_0 + Σ β_k w_k + Σ_k c β_kk w_k² + Σ_{k<l} β_kl w_k w_l,   c = ½ or 1;   w = ln x, t
//! ```
//!
//! (Christensen, Jorgenson and Lau 1973.) With f_k = ∂f/∂w_k, by the kind of frontier:
//!
//! | frontier | outcome | returns to scale | technical change |
//! |---|---|---|---|
//! | production | ln y = f(ln x) | Σ f_k | f_t |
//! | cost | ln C = f(ln prices, ln y) | 1/Σ f_m, outputs m | -f_t |
//! | output distance | ln y_1 = f(ln x, ln y_m/y_1), f = -ln D_o | Σ f_k, inputs k | f_t |
//! | input distance | -ln x_1 = f(ln x_k/x_1, ln y), f = ln D_i | -1/Σ f_m, outputs m | f_t |
//! | ray | ln ‖y‖ = f(ln x, θ) | Σ f_k, inputs k | f_t |
//!
//! In all of them e = outcome - f = v - u (cost: v + u), u = -ln D_o or ln D_i. Elasticities are signed so that they are
//! positive where the technology is monotone: those of an output in a distance function are ∂ln D_o/∂ln y_m and
//! -∂ln D_i/∂ln y_m. The ray frontier (Löthgren 1997) has angles, tan θ_m = √(Σ_{j>m} y_j²)/y_m, and takes zero outputs.
//!
//! Curvature in levels: with A_kl = f_kl + f_k f_l - δ_kl f_k, exp f is concave in x where A is negative semidefinite and
//! quasi-concave where A is so on the plane f'd = 0, which is what the signs of the bordered Hessian say.
//!
//! ```
//! use plim_stats::frontier::technology::{Form, Raw, Shape, Technology};
//! let (k, l) = (vec![0.1, 1.2, 0.4, 2.0], vec![0.8, 0.3, 1.5, 0.9]);
//! let raw = Raw {
//!     outcome: ("ln_y".into(), vec![0.0; 4]),
//!     factors: vec![("ln_k".into(), k), ("ln_l".into(), l)],
//!     ..Raw::default()
//! };
//! let made = Technology::make(raw, Shape { form: Form::Translog, ..Shape::default() }).unwrap();
//! assert_eq!(made.technology.names(), ["ln_k", "ln_l", "ln_k^2", "ln_k:ln_l", "ln_l^2"]);
//! ```

mod curvature;
mod options;

pub use curvature::Curvature;
pub use options::{Distance, Form, Logs, Restriction, Shape, Squares, Trend, TrendOrigin};

use crate::fit::Coefficient;
use crate::math::Mat;
use crate::{Error, Result};
use rayon::prelude::*;

/// What a technology is made of; every column n.
#[derive(Debug, Clone, Default)]
pub struct Raw {
    /// The outcome: output, cost, or what normalizes a distance.
    pub outcome: (String, Vec<f64>),
    /// Inputs; prices of a cost frontier.
    pub factors: Vec<(String, Vec<f64>)>,
    /// Outputs beside the outcome.
    pub outputs: Vec<(String, Vec<f64>)>,
    /// Times.
    pub time: Option<Vec<f64>>,
}

/// What a variable of f is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Factor,
    Output,
    Angle,
    Time,
}

#[derive(Debug, Clone)]
struct Variable {
    name: String,
    role: Role,
    values: Vec<f64>,
}

/// w_a, or w_a w_b with its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Term {
    Linear(usize),
    Product(usize, usize, f64),
}

/// A technology: the variables of f and its terms.
#[derive(Debug, Clone)]
pub struct Technology {
    shape: Shape,
    variables: Vec<Variable>,
    terms: Vec<Term>,
    /// What a distance is normalized by.
    numeraire: Option<String>,
    n: usize,
}

/// A technology with the outcome of its frontier.
#[derive(Debug, Clone)]
pub struct Made {
    /// The technology.
    pub technology: Technology,
    /// What f is fitted to, n.
    pub outcome: Vec<f64>,
}

/// c + a'∇f, or one over it.
struct Quantity {
    name: String,
    constant: f64,
    weights: Vec<f64>,
    inverse: bool,
}

/// What a technology says at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The numbers of [`Technology::quantities`].
    pub values: Vec<f64>,
    /// Whether every elasticity is positive.
    pub monotone: bool,
    /// Curvature.
    pub curvature: Curvature,
}

impl Technology {
    /// The technology of this shape.
    pub fn make(raw: Raw, shape: Shape) -> Result<Made> {
        shape.check_data(&raw)?;
        let n = raw.outcome.1.len();
        let ray = shape.distance == Distance::Ray;
        let (name, y) = raw.outcome;
        let (outcome_name, y) = if ray { (name, y) } else { logged(name, y, shape.logs)? };
        let named = |columns: Vec<(String, Vec<f64>)>, role: Role| -> Result<Vec<Variable>> {
            let logged = columns.into_iter().map(|(name, v)| logged(name, v, shape.logs));
            logged.map(|c| c.map(|(name, values)| Variable { name, role, values })).collect()
        };
        let mut factors = named(raw.factors, Role::Factor)?;
        let (outcome, outputs) = match shape.distance {
            Distance::None => (y, named(raw.outputs, Role::Output)?),
            Distance::Output => {
                let mut outputs = named(raw.outputs, Role::Output)?;
                normalize(&mut outputs, &outcome_name, &y);
                (y, outputs)
            }
            Distance::Input => {
                normalize(&mut factors, &outcome_name, &y);
                (y.iter().map(|v| -v).collect(), named(raw.outputs, Role::Output)?)
            }
            Distance::Ray => polar((outcome_name.clone(), y), raw.outputs, shape.logs)?,
        };
        let mut variables = factors;
        variables.extend(outputs);
        let logs = variables.len();
        if let (true, Some(time)) = (shape.trend != Trend::None, raw.time) {
            let origin = match shape.trend_origin {
                TrendOrigin::First => time.iter().copied().fold(f64::INFINITY, f64::min) - 1.0,
                TrendOrigin::Mean => time.iter().sum::<f64>() / n as f64,
                TrendOrigin::Zero => 0.0,
            };
            let values = time.iter().map(|t| t - origin).collect();
            variables.push(Variable { name: "t".into(), role: Role::Time, values });
        }
        let c = if shape.squares == Squares::Half { 0.5 } else { 1.0 };
        let mut terms: Vec<Term> = (0..logs).map(Term::Linear).collect();
        if shape.form == Form::Translog {
            let pairs = (0..logs).flat_map(|a| (a..logs).map(move |b| (a, b)));
            terms.extend(pairs.map(|(a, b)| Term::Product(a, b, if a == b { c } else { 1.0 })));
        }
        if shape.trend != Trend::None {
            terms.push(Term::Linear(logs));
        }
        if matches!(shape.trend, Trend::Quadratic | Trend::Interacted) {
            terms.push(Term::Product(logs, logs, c));
        }
        if shape.trend == Trend::Interacted {
            terms.extend((0..logs).map(|a| Term::Product(logs, a, 1.0)));
        }
        let numeraire = matches!(shape.distance, Distance::Output | Distance::Input).then_some(outcome_name);
        Ok(Made { technology: Technology { shape, variables, terms, numeraire, n }, outcome })
    }

    /// Rows.
    pub fn nobs(&self) -> usize {
        self.n
    }

    /// Names of the regressors, k.
    pub fn names(&self) -> Vec<String> {
        let name = |a: usize| &self.variables[a].name;
        let one = |term: &Term| match *term {
            Term::Linear(a) => name(a).clone(),
            Term::Product(a, b, _) if a == b => format!("{}^2", name(a)),
            Term::Product(a, b, _) => format!("{}:{}", name(a), name(b)),
        };
        self.terms.iter().map(one).collect()
    }

    /// The regressors by name, k times n.
    pub fn columns(&self) -> Vec<(String, Vec<f64>)> {
        let value = |a: usize, i: usize| self.variables[a].values[i];
        let one = |term: &Term| -> Vec<f64> {
            (0..self.n)
                .map(|i| match *term {
                    Term::Linear(a) => value(a, i),
                    Term::Product(a, b, c) => c * value(a, i) * value(b, i),
                })
                .collect()
        };
        self.names().into_iter().zip(self.terms.iter().map(one)).collect()
    }

    /// The technology under a restriction; an error where the restriction changes nothing or leaves nothing.
    pub fn restricted(&self, restriction: Restriction) -> Result<Technology> {
        let timed = |a: usize| self.variables[a].role == Role::Time;
        let keep = |term: &Term| match (restriction, *term) {
            (Restriction::CobbDouglas, Term::Product(a, b, _)) => timed(a) || timed(b),
            (Restriction::CobbDouglas, Term::Linear(_)) => true,
            (Restriction::NoTechnicalChange, Term::Linear(a)) => !timed(a),
            (Restriction::NoTechnicalChange, Term::Product(a, b, _)) => !timed(a) && !timed(b),
            (Restriction::HicksNeutral, Term::Product(a, b, _)) => timed(a) == timed(b),
            (Restriction::HicksNeutral, Term::Linear(_)) => true,
        };
        let terms: Vec<Term> = self.terms.iter().copied().filter(keep).collect();
        if terms.len() == self.terms.len() {
            return Err(Error::invalid(
                format!("the frontier satisfies `{}` as it is", restriction.name()),
                "leave it out of `tests`, or choose a technology and a trend that it restricts",
            ));
        }
        Ok(Technology { terms, ..self.clone() })
    }

    /// ∇f and the Hessian at w, for coefficients `beta` of the regressors, k.
    fn derivatives(&self, w: &[f64], beta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let q = w.len();
        let (mut gradient, mut hessian) = (vec![0.0; q], Mat::zeros(q, q));
        for (term, beta) in self.terms.iter().zip(beta) {
            match *term {
                Term::Linear(a) => gradient[a] += beta,
                Term::Product(a, b, c) => {
                    gradient[a] += beta * c * w[b];
                    gradient[b] += beta * c * w[a];
                    hessian[(a, b)] += beta * c;
                    hessian[(b, a)] += beta * c;
                }
            }
        }
        (gradient, hessian)
    }

    /// ∂(a'∇f)/∂β at w, k.
    fn slopes(&self, w: &[f64], weights: &[f64]) -> Vec<f64> {
        let one = |term: &Term| match *term {
            Term::Linear(a) => weights[a],
            Term::Product(a, b, c) => c * (weights[a] * w[b] + weights[b] * w[a]),
        };
        self.terms.iter().map(one).collect()
    }

    fn places(&self, role: Role) -> Vec<usize> {
        (0..self.variables.len()).filter(|&a| self.variables[a].role == role).collect()
    }

    fn all_quantities(&self) -> (Vec<Quantity>, usize) {
        let q = self.variables.len();
        let weigh = |places: &[usize], w: f64| -> Vec<f64> {
            let mut weights = vec![0.0; q];
            places.iter().for_each(|&a| weights[a] = w);
            weights
        };
        let (factors, outputs) = (self.places(Role::Factor), self.places(Role::Output));
        let of = |name: &str, constant: f64, weights: Vec<f64>, inverse: bool| Quantity {
            name: name.to_string(),
            constant,
            weights,
            inverse,
        };
        let one = |a: usize, sign: f64| {
            // The column as it was named, not the ratio.
            let name = &self.variables[a].name;
            let name = self.numeraire.as_ref().and_then(|x| name.strip_suffix(&format!("-{x}"))).unwrap_or(name);
            of(name, 0.0, weigh(&[a], sign), false)
        };
        let sign = if self.shape.cost { 1.0 } else { -1.0 };
        let mut all: Vec<Quantity> = factors.iter().map(|&a| one(a, 1.0)).collect();
        all.extend(outputs.iter().map(|&a| one(a, sign)));
        // By homogeneity the elasticities of a group sum to one.
        match (self.shape.distance, &self.numeraire) {
            (Distance::Output, Some(name)) => all.push(of(name, 1.0, weigh(&outputs, 1.0), false)),
            (Distance::Input, Some(name)) => all.push(of(name, 1.0, weigh(&factors, -1.0), false)),
            _ => (),
        }
        let elasticities = all.len();
        let scale = "returns_to_scale";
        all.push(match (self.shape.cost, self.shape.distance) {
            (true, _) => of(scale, 0.0, weigh(&outputs, 1.0), true),
            (false, Distance::Input) => of(scale, 0.0, weigh(&outputs, -1.0), true),
            (false, Distance::None | Distance::Output | Distance::Ray) => of(scale, 0.0, weigh(&factors, 1.0), false),
        });
        let time = self.places(Role::Time);
        if !time.is_empty() {
            all.push(of("technical_change", 0.0, weigh(&time, -sign), false));
        }
        (all, elasticities)
    }

    /// Names of the numbers at a point: elasticities by column, `returns_to_scale`, and with a trend `technical_change`.
    pub fn quantities(&self) -> Vec<String> {
        self.all_quantities().0.into_iter().map(|q| q.name).collect()
    }

    /// How many of the quantities are elasticities; they come first.
    pub fn elasticities(&self) -> usize {
        self.all_quantities().1
    }

    /// What the coefficients `beta` of the regressors (k) say at each row.
    pub fn points(&self, beta: &[f64]) -> Result<Vec<Point>> {
        let (quantities, elasticities) = self.all_quantities();
        (0..self.n)
            .into_par_iter()
            .map(|i| {
                let w: Vec<f64> = self.variables.iter().map(|v| v.values[i]).collect();
                let (gradient, hessian) = self.derivatives(&w, beta);
                let values: Vec<f64> = quantities.iter().map(|q| q.value(&gradient)).collect();
                let monotone = values[..elasticities].iter().all(|v| *v > 0.0);
                Ok(Point { monotone, curvature: self.curvature(&gradient, &hessian)?, values })
            })
            .collect()
    }

    /// The quantities where all logarithms and t are at their mean, with standard errors by the delta method under the
    /// covariance `V` of `beta`, k × k; NaN without one.
    pub fn at_mean(&self, beta: &[f64], V: Option<&Mat<f64>>) -> Vec<Coefficient> {
        let w: Vec<f64> = self.variables.iter().map(|v| v.values.iter().sum::<f64>() / self.n as f64).collect();
        let (gradient, _) = self.derivatives(&w, beta);
        let one = |q: &Quantity| {
            let value = q.value(&gradient);
            let slopes = self.slopes(&w, &q.weights);
            let chain = if q.inverse { value * value } else { 1.0 };
            let spread = |V: &Mat<f64>| -> f64 {
                let k = slopes.len();
                let sum = (0..k).flat_map(|i| (0..k).map(move |j| (i, j)));
                sum.map(|(i, j)| slopes[i] * V[(i, j)] * slopes[j]).sum()
            };
            let se = V.map_or(f64::NAN, |V| chain * spread(V).max(0.0).sqrt());
            Coefficient::new(&*q.name, value, se, None)
        };
        self.all_quantities().0.iter().map(one).collect()
    }

    fn curvature(&self, gradient: &[f64], hessian: &Mat<f64>) -> Result<Curvature> {
        let (factors, outputs) = (self.places(Role::Factor), self.places(Role::Output));
        let part = |places: &[usize]| curvature::Part::new(places, gradient, hessian);
        let (x, y) = (part(&factors), part(&outputs));
        Ok(match (self.shape.cost, self.shape.distance) {
            (true, _) => Curvature::when(x.concave()?, Curvature::Concave),
            (false, Distance::None | Distance::Ray) => match x.concave()? {
                true => Curvature::Concave,
                false => Curvature::when(x.quasi_concave()?, Curvature::QuasiConcave),
            },
            (false, Distance::Output) => Curvature::when(y.inverse_convex()? && x.quasi_concave()?, Curvature::Convex),
            (false, Distance::Input) => Curvature::when(x.concave()? && y.quasi_concave()?, Curvature::Concave),
        })
    }

    /// What a reader must know of the conventions.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.terms.iter().any(|t| matches!(t, Term::Product(a, b, _) if a == b)) {
            notes.push(match self.shape.squares {
                Squares::Half => "squares enter with 1/2: their coefficients are second derivatives".into(),
                Squares::Full => "squares enter without 1/2: their coefficients are half of second derivatives".into(),
            });
        }
        let other = |text: &str| format!("{text}; elasticities are signed to be positive where it is monotone");
        match (self.shape.distance, &self.numeraire) {
            (Distance::Output, Some(x)) => notes.push(other(&format!(
                "output distance normalized by `{x}`: {x} = f + v - u with f = -ln D_o, so inputs have positive and the \
                 other outputs negative coefficients"
            ))),
            (Distance::Input, Some(x)) => notes.push(other(&format!(
                "input distance normalized by `{x}`: -{x} = f + v - u with f = ln D_i, so inputs have positive and \
                 outputs negative coefficients"
            ))),
            (Distance::Ray, _) => notes.push(
                "ray frontier: the outcome is the log length of the output vector, theta its angles in radians; \
                 monotone and curvature are checked in the inputs"
                    .into(),
            ),
            _ => (),
        }
        if self.shape.cost {
            notes.push(
                "homogeneity of the cost frontier in prices is not imposed: divide costs and prices by one price"
                    .into(),
            );
        }
        if let Some(t) = self.variables.iter().find(|v| v.role == Role::Time) {
            let [low, high] =
                [f64::min, f64::max].map(|pick| t.values.iter().copied().reduce(pick).unwrap_or(f64::NAN));
            notes.push(match self.shape.trend_origin {
                TrendOrigin::First => format!("t runs from {low} at the first time to {high}"),
                TrendOrigin::Mean => "t is centered at the mean of the times".into(),
                TrendOrigin::Zero => "t is the time as given".into(),
            });
        }
        notes
    }
}

impl Quantity {
    fn value(&self, gradient: &[f64]) -> f64 {
        let sum = self.constant + self.weights.iter().zip(gradient).map(|(w, g)| w * g).sum::<f64>();
        if self.inverse { 1.0 / sum } else { sum }
    }
}

/// The name that a logarithm of this column has.
pub fn logged_name(name: &str, logs: Logs) -> String {
    match logs {
        Logs::Given => name.to_string(),
        Logs::Take => format!("ln_{name}"),
    }
}

/// The logarithm of a column, where it is to be taken.
fn logged(name: String, values: Vec<f64>, logs: Logs) -> Result<(String, Vec<f64>)> {
    if logs == Logs::Given {
        return Ok((name, values));
    }
    let bad: Vec<usize> = (0..values.len()).filter(|&i| values[i] <= 0.0).collect();
    if let Some(&first) = bad.first() {
        return Err(Error::invalid(
            format!("{} rows have no logarithm (the first is {} in row {})", bad.len(), values[first], first + 1),
            "drop them with `where`, or measure the column so that it is positive",
        )
        .at_column(name)
        .at_rows(bad));
    }
    Ok((logged_name(&name, logs), values.into_iter().map(f64::ln).collect()))
}

/// ln(x/numeraire).
fn normalize(columns: &mut [Variable], numeraire: &str, by: &[f64]) {
    for column in columns {
        column.name = format!("{}-{numeraire}", column.name);
        column.values.iter_mut().zip(by).for_each(|(v, by)| *v -= by);
    }
}

/// ln ‖y‖ and the angles of y, of which the outcome is the first component.
fn polar(
    outcome: (String, Vec<f64>),
    outputs: Vec<(String, Vec<f64>)>,
    logs: Logs,
) -> Result<(Vec<f64>, Vec<Variable>)> {
    let mut columns: Vec<(String, Vec<f64>)> = std::iter::once(outcome).chain(outputs).collect();
    for (name, values) in &mut columns {
        if logs == Logs::Given {
            values.iter_mut().for_each(|v| *v = v.exp());
        }
        let bad: Vec<usize> = (0..values.len()).filter(|&i| values[i].is_nan() || values[i] < 0.0).collect();
        if let Some(&first) = bad.first() {
            return Err(Error::invalid(
                format!("an output is {} in row {}", values[first], first + 1),
                "a ray frontier takes outputs that are zero or positive",
            )
            .at_column(name.clone())
            .at_rows(bad));
        }
    }
    let n = columns[0].1.len();
    let length = |i: usize, from: usize| columns[from..].iter().fold(0.0f64, |l, (_, v)| l.hypot(v[i]));
    let norm: Vec<f64> = (0..n).map(|i| length(i, 0)).collect();
    let bad: Vec<usize> = (0..n).filter(|&i| !(norm[i] > 0.0 && norm[i].is_finite())).collect();
    if let Some(&first) = bad.first() {
        return Err(Error::invalid(
            format!("all outputs are zero (or beyond all numbers) in row {}", first + 1),
            "drop such rows with `where`",
        )
        .at_rows(bad));
    }
    let angle = |m: usize| Variable {
        name: format!("theta_{}", m + 1),
        role: Role::Angle,
        values: (0..n).map(|i| length(i, m + 1).atan2(columns[m].1[i])).collect(),
    };
    let angles = (0..columns.len() - 1).map(angle).collect();
    Ok((norm.iter().map(|v| v.ln()).collect(), angles))
}
