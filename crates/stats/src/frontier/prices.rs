//! The prices that attain an optimum: the face of dual solutions, by complementary slackness.

use crate::math::lp::{Own, Program, Solution, Variable};

/// What is less than this part of the terms of its row is rounding.
const NEGLIGIBLE: f64 = 1e-10;

/// A variable free of sign.
pub(super) fn free(cost: f64, column: Vec<f64>) -> Own {
    Own { cost, lower: f64::NEG_INFINITY, upper: f64::INFINITY, column }
}

/// Restricts the prices of `program` to those complementary to its optimum, all of which are optimal: columns in use
/// become free of sign, and so do slacks that are not zero. Returns the basis of the optimum in these terms.
pub(super) fn restrict_to_face(program: &mut Program, optimum: &Solution) -> Vec<Variable> {
    let columns = program.columns;
    let mut size = vec![0.0; columns.rows];
    for &(j, value) in &optimum.shared {
        size.iter_mut().enumerate().for_each(|(i, s)| *s += (value * columns.at(i, j)).abs());
    }
    let mut start = optimum.basis.clone();
    let mut set_free = |variable: Variable, column: Vec<f64>| {
        let own = Variable::Own(program.own.len());
        start.iter_mut().filter(|v| **v == variable).for_each(|v| *v = own);
        program.own.push(free(0.0, column));
    };
    for &(j, value) in &optimum.shared {
        let column: Vec<f64> = (0..columns.rows).map(|i| columns.at(i, j)).collect();
        if column.iter().zip(&size).any(|(a, size)| (value * a).abs() > NEGLIGIBLE * size) {
            set_free(Variable::Shared(j), column);
        }
    }
    for (i, &slack) in optimum.slack.iter().enumerate().filter(|&(i, &slack)| slack > NEGLIGIBLE * size[i]) {
        let mut column = vec![0.0; columns.rows];
        // Of the size of the slack, so that it means the same in any unit of measurement.
        column[i] = slack;
        set_free(Variable::Slack(i), column);
    }
    start
}
