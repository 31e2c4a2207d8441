//! The simplex against a second solver, microlp, on random programs of every kind, and on programs known to cycle.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::close;
use plim_stats::math::lp::{Columns, Own, Program, Row, Sense, Status, Variable, certify, solve};
use plim_stats::math::rng::Stream;

struct Case {
    columns: Columns,
    cost: Vec<f64>,
    own: Vec<Own>,
    rows: Vec<Row>,
    skip: Option<usize>,
}

impl Case {
    /// Small integers make ties and degenerate vertices; `wide` spreads the units of rows and columns over 1e±6.
    fn random(stream: &mut Stream, wide: bool) -> Case {
        let (m, n, k) = (1 + stream.below(6), 1 + stream.below(30), stream.below(3));
        let integer = |s: &mut Stream| s.below(7) as f64 - 2.0;
        let unit = |s: &mut Stream| if wide { 10f64.powf(12.0 * s.uniform() - 6.0) } else { 1.0 };
        let row_unit: Vec<f64> = (0..m).map(|_| unit(stream)).collect();
        let column_unit: Vec<f64> = (0..n).map(|_| unit(stream)).collect();
        let mut raw = Vec::new();
        for i in 0..m {
            raw.extend((0..n).map(|j| integer(stream) * row_unit[i] * column_unit[j]));
        }
        let own = (0..k)
            .map(|_| {
                let lower = [0.0, -2.0, f64::NEG_INFINITY][stream.below(3)];
                let upper = [f64::INFINITY, 3.0, f64::INFINITY][stream.below(3)];
                let column = row_unit.iter().map(|u| integer(stream) * u).collect();
                Own { cost: integer(stream), lower, upper, column }
            })
            .collect();
        let rows = row_unit
            .iter()
            .map(|u| {
                let sense = [Sense::AtMost, Sense::AtMost, Sense::AtLeast, Sense::Equal][stream.below(4)];
                Row { sense, rhs: (stream.below(9) as f64) * u, slack_cost: stream.below(2) as f64 / u }
            })
            .collect();
        // A column without entries has no unit: any negative cost on it, however small, makes the program unbounded.
        let cost = (column_unit.iter().enumerate())
            .map(|(j, u)| if (0..m).all(|i| raw[i * n + j] == 0.0) { 0.0 } else { (integer(stream) + 1.0) * u })
            .collect();
        let skip = (stream.below(3) == 0).then(|| stream.below(n));
        Case { columns: Columns::new(m, n, raw), cost, own, rows, skip }
    }

    fn program(&self) -> Program<'_> {
        let (own, rows) = (self.own.clone(), self.rows.clone());
        Program { columns: &self.columns, cost: &self.cost, skip: self.skip, own, rows }
    }

    /// The same program as microlp sees it, slacks written out because they may cost.
    fn oracle(&self) -> Result<f64, microlp::Error> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let infinity = f64::INFINITY;
        let upper = |j| if self.skip == Some(j) { 0.0 } else { infinity };
        let shared: Vec<_> = self.cost.iter().enumerate().map(|(j, &c)| problem.add_var(c, (0.0, upper(j)))).collect();
        let own: Vec<_> = self.own.iter().map(|o| problem.add_var(o.cost, (o.lower, o.upper))).collect();
        for (i, row) in self.rows.iter().enumerate() {
            let mut terms: Vec<_> = shared.iter().enumerate().map(|(j, &v)| (v, self.columns.at(i, j))).collect();
            terms.extend(own.iter().zip(&self.own).map(|(&v, o)| (v, o.column[i])));
            match row.sense {
                Sense::AtMost => terms.push((problem.add_var(row.slack_cost, (0.0, infinity)), 1.0)),
                Sense::AtLeast => terms.push((problem.add_var(row.slack_cost, (0.0, infinity)), -1.0)),
                Sense::Equal => {}
            }
            problem.add_constraint(terms, ComparisonOp::Eq, row.rhs);
        }
        Ok(problem.solve()?.into_solution().expect("no time limit was set").objective())
    }
}

#[test]
fn random_programs_agree_with_a_second_solver() {
    let mut seen = [0; 3];
    for replication in 0..4000 {
        let case = Case::random(&mut Stream::new(20, replication), false);
        let program = case.program();
        let ours = solve(&program, &[]);
        let what = format!("program {replication}");
        match (case.oracle(), ours.status) {
            (Ok(want), Status::Optimal) => {
                assert!(
                    (ours.objective - want).abs() <= 1e-8 * (1.0 + want.abs()),
                    "{what}: {} {want}",
                    ours.objective
                );
                assert!(certify(&program, &ours).holds(), "{what}: {:?} {ours:?}", certify(&program, &ours));
                seen[0] += 1;
            }
            (Err(microlp::Error::Infeasible), Status::Infeasible) => {
                assert!(certify(&program, &ours).holds(), "{what}: {:?}", certify(&program, &ours));
                seen[1] += 1;
            }
            (Err(microlp::Error::Unbounded), Status::Unbounded) => seen[2] += 1,
            (oracle, status) => panic!("{what}: oracle {oracle:?}, ours {status:?}"),
        }
    }
    assert!(seen.iter().all(|&count| count > 300), "optimal, infeasible, unbounded: {seen:?}");
}

#[test]
fn units_spread_over_twelve_decades_keep_the_certificate() {
    let mut optimal = 0;
    for replication in 0..4000 {
        let case = Case::random(&mut Stream::new(21, replication), true);
        let program = case.program();
        let ours = solve(&program, &[]);
        assert_ne!(ours.status, Status::Stalled, "program {replication}");
        if matches!(ours.status, Status::Optimal | Status::Infeasible) {
            let certificate = certify(&program, &ours);
            assert!(certificate.holds(), "program {replication}: {certificate:?} {ours:?} {program:?}");
            optimal += usize::from(ours.status == Status::Optimal);
        }
    }
    assert!(optimal > 1000, "{optimal}");
}

/// Beale's example (1955), on which the most negative reduced cost with the lowest index cycles forever.
#[test]
fn beale_does_not_cycle() {
    let raw = vec![0.25, -60.0, -0.04, 9.0, 0.5, -90.0, -0.02, 3.0, 0.0, 0.0, 1.0, 0.0];
    let columns = Columns::new(3, 4, raw);
    let rows = [0.0, 0.0, 1.0].map(|b| Row::new(Sense::AtMost, b)).to_vec();
    let program = Program { columns: &columns, cost: &[-0.75, 150.0, -0.02, 6.0], skip: None, own: vec![], rows };
    let solution = solve(&program, &[]);
    assert_eq!(solution.status, Status::Optimal);
    close(solution.objective, -0.05, 1e-12, "Beale");
}

#[test]
fn a_basis_carries_over_and_a_bad_one_does_no_harm() {
    let cases = (0..2000).map(|r| Case::random(&mut Stream::new(22, r), false));
    let mut carried = 0;
    for case in cases.filter(|c| c.rows.len() > 3) {
        let program = case.program();
        let first = solve(&program, &[]);
        let own_at_upper = case.own.iter().zip(&first.own).any(|(o, &x)| x == o.upper);
        if first.status != Status::Optimal || own_at_upper {
            continue;
        }
        let again = solve(&program, &first.basis);
        assert_eq!((again.status, again.steps), (Status::Optimal, 0));
        // A singular guess: the same column throughout.
        let bad = solve(&program, &vec![Variable::Shared(0); program.rows.len()]);
        assert!((bad.objective - first.objective).abs() <= 1e-9 * (1.0 + first.objective.abs()));
        carried += 1;
    }
    assert!(carried > 100, "{carried}");
}

#[test]
fn a_false_claim_is_not_certified() {
    let columns = Columns::new(1, 2, vec![1.0, 2.0]);
    let rows = vec![Row::new(Sense::AtLeast, 4.0)];
    let program = Program { columns: &columns, cost: &[1.0, 3.0], skip: None, own: vec![], rows };
    let right = solve(&program, &[]);
    assert!(certify(&program, &right).holds());
    let mut worse = right.clone();
    (worse.shared, worse.objective) = (vec![(1, 2.0)], 6.0);
    assert!(!certify(&program, &worse).holds(), "feasible, not optimal");
    let mut outside = right.clone();
    (outside.shared, outside.objective) = (vec![(0, 3.9)], 3.9);
    assert!(!certify(&program, &outside).holds(), "not feasible");
    let mut liar = right;
    liar.status = Status::Infeasible;
    assert!(!certify(&program, &liar).holds(), "feasible, not infeasible");
}
