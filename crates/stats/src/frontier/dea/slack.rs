//! Slacks: what a point has beyond a target, and the ratio that they make.
//!
//! A slack is positive where the target is better: x_o - X'λ, Y'λ - y_o, b_o - B'λ. Under super-efficiency the target
//! is worse than the unit, and its slacks are negative.

use super::fractional::Affine;
use super::technology::{NEGLIGIBLE, Scored, Technology};
use super::{Disposability, Kind};
use crate::math::lp::{Program, Solution};

/// What each slack takes from the numerator and adds to the denominator of Tone's ratio, m + s + q:
///
/// ```text
/// ρ = (1 - (1/m) Σ s⁻/x) / (1 + (1/(s+q)) (Σ s⁺/y + Σ sᵇ/b))
/// ```
#[derive(Debug, Clone)]
pub struct Ratio {
    /// 1/(m x), zero for outputs.
    pub inputs: Vec<f64>,
    /// 1/((s+q) y) and 1/((s+q) b), zero for inputs.
    pub outputs: Vec<f64>,
}

impl Ratio {
    /// At values that the slacks are measured by, m + s + q. A slack of a value that is zero is left out and not
    /// counted, and so are undesirable outputs that are weakly disposable, which have no slack.
    pub fn new(kinds: &[Kind], disposability: Disposability, values: &[f64]) -> Self {
        let input = |kind: Kind| kind == Kind::Input;
        let weak = |kind: Kind| kind == Kind::Bad && disposability == Disposability::Weak;
        let counts = |i: usize| values[i] > 0.0 && !weak(kinds[i]);
        let number = |inputs: bool| (0..kinds.len()).filter(|&i| input(kinds[i]) == inputs && counts(i)).count() as f64;
        let of = |inputs: bool| {
            let k = number(inputs);
            let share = |i: usize| {
                if input(kinds[i]) == inputs && counts(i) { 1.0 / (k * values[i]) } else { 0.0 }
            };
            (0..kinds.len()).map(share).collect()
        };
        Ratio { inputs: of(true), outputs: of(false) }
    }

    /// ρ at these slacks; infinite where nothing is left of the denominator.
    pub fn at(&self, slacks: &[f64]) -> f64 {
        let (N, D) = (1.0 - dot(&self.inputs, slacks), 1.0 + dot(&self.outputs, slacks));
        if D > 0.0 { N / D } else { f64::INFINITY }
    }

    /// Numerator and denominator as functions of a program's slacks.
    pub fn affine(&self) -> (Affine, Affine) {
        let minus = self.inputs.iter().map(|w| -w).collect();
        let plus = self.outputs.clone();
        (
            Affine { constant: 1.0, slack: minus, own: Vec::new() },
            Affine { constant: 1.0, slack: plus, own: Vec::new() },
        )
    }
}

/// a'b.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// What `point` has beyond the unit `j` alone, m + s + q.
pub fn beyond(technology: &Technology, point: &[f64], j: usize) -> Vec<f64> {
    let slack = |(i, kind): (usize, &Kind)| match kind {
        Kind::Output => technology.at(i, j) - point[i],
        Kind::Input | Kind::Bad => point[i] - technology.at(i, j),
    };
    technology.kinds().iter().enumerate().map(slack).collect()
}

/// The units that dominate `point`, each with its slacks; undesirable outputs that are weakly disposable must be equal.
pub fn dominating<'a>(
    technology: &'a Technology,
    point: &'a [f64],
    disposability: Disposability,
) -> impl Iterator<Item = (usize, Vec<f64>)> + 'a {
    let fits = move |kind: &Kind, slack: f64| match (kind, disposability) {
        (Kind::Bad, Disposability::Weak) => slack == 0.0,
        _ => slack >= 0.0,
    };
    (0..technology.count())
        .map(|j| (j, beyond(technology, point, j)))
        .filter(move |(_, slacks)| technology.kinds().iter().zip(slacks).all(|(kind, &slack)| fits(kind, slack)))
}

/// The candidate with the smallest `value`, the first among equals.
pub fn least<'a>(
    candidates: impl Iterator<Item = (usize, Vec<f64>)> + 'a,
    value: impl Fn(&[f64]) -> f64 + 'a,
) -> Option<(usize, Vec<f64>, f64)> {
    let mut best: Option<(usize, Vec<f64>, f64)> = None;
    for (j, slacks) in candidates {
        let value = value(&slacks);
        if best.as_ref().is_none_or(|b| value < b.2) {
            best = Some((j, slacks, value));
        }
    }
    best
}

/// Second phase: with all slacks but those that are `free` held, the largest sum of these; and the target's program.
/// What is rounding is zero.
pub fn complete(
    technology: &Technology,
    point: &[f64],
    free: impl Fn(usize) -> bool,
    mut slacks: Vec<f64>,
) -> Scored<(Vec<f64>, Solution)> {
    let at = |i: usize| match technology.kinds()[i] {
        _ if free(i) => point[i],
        Kind::Output => point[i] + slacks[i],
        Kind::Input | Kind::Bad => point[i] - slacks[i],
    };
    let goal: Vec<f64> = (0..point.len()).map(at).collect();
    let mut program = technology.program(&goal);
    program.rows[..point.len()].iter_mut().for_each(|row| row.slack_cost = -1.0);
    let solution = technology.solve(&program, &[])?;
    for (i, slack) in slacks.iter_mut().enumerate() {
        *slack = if free(i) { solution.slack[i] } else { *slack };
        if *slack <= NEGLIGIBLE * technology.size(i, point) {
            *slack = 0.0;
        }
    }
    Ok((slacks, solution))
}

/// Lets the variables that `may` get worse do so, outputs down to zero: an own variable of `program` for each, in parts
/// of what is large there, so that a row keeps its size whatever its unit. Returns the variable, its own and the part.
pub fn worsen(
    technology: &Technology,
    program: &mut Program,
    point: &[f64],
    may: impl Fn(usize) -> bool,
) -> Vec<(usize, usize, f64)> {
    let one = |i: usize| {
        let size = technology.size(i, point);
        let (part, most) = match technology.kinds()[i] {
            Kind::Output => (size, point[i] / size),
            Kind::Input | Kind::Bad => (-size, f64::INFINITY),
        };
        (i, technology.add(program, 0.0, [0.0, most], &[(i, part)]), size)
    };
    (0..point.len()).filter(|&i| may(i) && technology.size(i, point) > 0.0).map(one).collect()
}

/// The single units but `skip` that a point can reach by getting worse where it `may`, each with its slacks.
pub fn reachable<'a>(
    technology: &'a Technology,
    point: &'a [f64],
    skip: Option<usize>,
    may: impl Fn(usize) -> bool + 'a,
) -> impl Iterator<Item = (usize, Vec<f64>)> + 'a {
    let worse = move |j: usize| {
        let slacks: Vec<f64> = beyond(technology, point, j).into_iter().map(|s| s.min(0.0)).collect();
        (0..slacks.len()).all(|i| slacks[i] == 0.0 || may(i)).then_some((j, slacks))
    };
    (0..technology.count()).filter(move |&j| Some(j) != skip).filter_map(worse)
}
