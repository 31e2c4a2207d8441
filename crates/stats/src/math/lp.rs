//! Linear programs with few rows and many columns, by a dense bounded primal simplex.
//!
//! ```text
//! min  c'λ + d'o + e's     s.t.   A λ + E o + S s = b,    λ ≥ 0,   l ≤ o ≤ u,   s ≥ 0
//! ```
//!
//! λ belong to n [`Columns`] that a family of programs shares (the units of a data envelopment), o are the
//! program's [`Own`] variables (the score), and each [`Row`] has a slack s: S is +1 for ≤, -1 for ≥, and s = 0
//! for =. With m rows a step costs one pass over A and m² more, so thousands of programs of five to fifteen rows
//! are a matter of milliseconds.
//!
//! * Units do not matter: A is equilibrated once by rows and columns; each program scales its rows once more by
//!   its own right-hand sides and columns, and each basic column to largest entry one. Tolerances are in those terms.
//! * Phase one minimizes the sum of infeasibilities from whatever basis it is given; a good guess is never lost.
//! * Entering: most negative reduced cost, lowest index among equals; among preferred columns first, if any are named. Leaving: smallest ratio, largest pivot among
//!   equals, then lowest index. After a run of degenerate steps Bland's rule (1977) holds until the next real one.
//! * The explicit inverse is recomputed every [`REFRESH`] steps and before any verdict.
//!
//! A verdict is not the solver's word: [`certify`] checks it against the data as they came.
//!
//! ```
//! use plim_stats::math::lp::{Columns, Program, Row, Sense, Status, certify, solve};
//! // max 3a + 2b  s.t.  a + b ≤ 4,  a + 3b ≤ 6: a = 4, b = 0.
//! let columns = Columns::new(2, 2, vec![1.0, 1.0, 1.0, 3.0]);
//! let rows = vec![Row::new(Sense::AtMost, 4.0), Row::new(Sense::AtMost, 6.0)];
//! let program = Program { columns: &columns, cost: &[-3.0, -2.0], skip: None, own: vec![], rows };
//! let solution = solve(&program, &[]);
//! assert_eq!((solution.status, solution.objective), (Status::Optimal, -12.0));
//! assert_eq!(solution.dual, [-3.0, 0.0]);
//! assert!(certify(&program, &solution).holds());
//! ```
//!
//! G. B. Dantzig (1963), Linear Programming and Extensions; R. G. Bland (1977), "New finite pivoting rules for
//! the simplex method", Mathematics of Operations Research 2(2).

mod certificate;
mod pricing;
mod simplex;
mod wide;

pub use certificate::{Certificate, certify};
pub use simplex::{REFRESH, solve};

/// The columns that a family of programs shares, equilibrated once: scaled = R A C.
#[derive(Debug, Clone)]
pub struct Columns {
    /// m.
    pub rows: usize,
    /// n.
    pub count: usize,
    /// A as it came, row by row.
    raw: Vec<f64>,
    /// R A C, row by row: every column has largest entry one.
    scaled: Vec<f64>,
    /// R: one over the mean magnitude of the row.
    row_scale: Vec<f64>,
    /// C: one over the largest entry of the column of R A.
    column_scale: Vec<f64>,
    /// Columns to price first, ascending, and their part of `scaled`.
    preferred: Vec<usize>,
    preferred_scaled: Vec<f64>,
}

/// One over `x`, or one where there is nothing to scale by.
fn reciprocal(x: f64) -> f64 {
    if x > 0.0 && x.is_finite() { 1.0 / x } else { 1.0 }
}

impl Columns {
    /// From A, `rows` × `count`, given row by row; all finite.
    pub fn new(rows: usize, count: usize, raw: Vec<f64>) -> Self {
        assert_eq!(raw.len(), rows * count, "A is rows × count");
        let row = |i: usize| &raw[i * count..(i + 1) * count];
        let row_scale: Vec<f64> =
            (0..rows).map(|i| reciprocal(row(i).iter().map(|a| a.abs()).sum::<f64>() / count as f64)).collect();
        let largest = |j: usize| (0..rows).map(|i| (row_scale[i] * raw[i * count + j]).abs()).fold(0.0, f64::max);
        let column_scale: Vec<f64> = (0..count).map(|j| reciprocal(largest(j))).collect();
        let mut scaled = Vec::with_capacity(raw.len());
        for i in 0..rows {
            scaled.extend(row(i).iter().zip(&column_scale).map(|(a, c)| row_scale[i] * a * c));
        }
        let (preferred, preferred_scaled) = (Vec::new(), Vec::new());
        Columns { rows, count, raw, scaled, row_scale, column_scale, preferred, preferred_scaled }
    }

    /// Names the columns that are likely to be basic: they are priced first. It changes the road, not the optimum.
    pub fn prefer(&mut self, columns: impl IntoIterator<Item = usize>) {
        self.preferred = columns.into_iter().collect();
        self.preferred.sort_unstable();
        self.preferred.dedup();
        self.preferred_scaled.clear();
        for row in self.scaled.chunks_exact(self.count.max(1)) {
            self.preferred_scaled.extend(self.preferred.iter().map(|&j| row[j]));
        }
    }

    /// Entry of A as it came.
    pub fn at(&self, row: usize, column: usize) -> f64 {
        self.raw[row * self.count + column]
    }
}

/// Direction of a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Left side ≤ right side.
    AtMost,
    /// Left side ≥ right side.
    AtLeast,
    /// Left side = right side.
    Equal,
}

/// A constraint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Direction.
    pub sense: Sense,
    /// Right side.
    pub rhs: f64,
    /// Cost of its slack.
    pub slack_cost: f64,
}

impl Row {
    /// A constraint whose slack costs nothing.
    pub fn new(sense: Sense, rhs: f64) -> Self {
        Row { sense, rhs, slack_cost: 0.0 }
    }

    /// Coefficient of the slack.
    fn sign(&self) -> f64 {
        if self.sense == Sense::AtLeast { -1.0 } else { 1.0 }
    }
}

/// A variable that belongs to one program only.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    /// Cost.
    pub cost: f64,
    /// Lower bound, may be infinite.
    pub lower: f64,
    /// Upper bound, may be infinite, not below the lower one.
    pub upper: f64,
    /// Column, m.
    pub column: Vec<f64>,
}

/// A linear program; see the module. Minimizes.
#[derive(Debug, Clone)]
pub struct Program<'a> {
    /// Shared columns, m × n.
    pub columns: &'a Columns,
    /// Their costs, n, or empty for none.
    pub cost: &'a [f64],
    /// A shared column that this program may not use.
    pub skip: Option<usize>,
    /// Own variables, k.
    pub own: Vec<Own>,
    /// Constraints, m.
    pub rows: Vec<Row>,
}

/// A variable, for naming a basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// λ_j.
    Shared(usize),
    /// o_k.
    Own(usize),
    /// Slack of row i.
    Slack(usize),
}

/// Verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// An optimum was reached.
    Optimal,
    /// No point satisfies the constraints.
    Infeasible,
    /// The objective falls without end.
    Unbounded,
    /// The limit on steps was reached: no verdict.
    Stalled,
}

/// What the simplex found.
#[derive(Debug, Clone)]
pub struct Solution {
    /// Verdict; the numbers below mean something under [`Status::Optimal`] only, except the dual (see there).
    pub status: Status,
    /// Value of the objective.
    pub objective: f64,
    /// The λ that are basic, by index, with their values.
    pub shared: Vec<(usize, f64)>,
    /// Own variables, k.
    pub own: Vec<f64>,
    /// Slacks, m, nonnegative.
    pub slack: Vec<f64>,
    /// Dual prices, m: the change of the objective with the right side. When infeasible, the Farkas multipliers.
    pub dual: Vec<f64>,
    /// The basis, m, from which a related program can start.
    pub basis: Vec<Variable>,
    /// Steps taken.
    pub steps: usize,
}
