//! Separated observations: found exactly where a linear program finds them, and never a huge coefficient.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use plim_golden::close;
use plim_stats::absorb::Singletons;
use plim_stats::glm::{Family, Glm};
use plim_stats::linear::INTERCEPT;
use plim_stats::math::{Mat, rng::Stream};
use plim_stats::{Design, Factor, Kind};

fn design(y: &[f64], X: &[&[f64]], fe: Vec<Factor>) -> Design {
    let n = y.len();
    Design {
        y: y.to_vec(),
        outcome: "y".into(),
        X: Mat::from_fn(n, X.len(), |i, j| X[j][i]),
        names: (0..X.len())
            .map(|j| if X[j].iter().all(|&v| v == 1.0) { INTERCEPT.into() } else { format!("x{j}") })
            .collect(),
        fe,
        rows: (0..n).collect(),
        ..Design::default()
    }
}

/// Observations i for which a direction z with the signs of the theorem has z_i ≠ 0: a linear program each.
fn oracle(design: &Design, family: Family) -> Vec<usize> {
    let n = design.nobs();
    let mut A: Vec<Vec<f64>> = (0..design.X.ncols()).map(|j| design.X.col_as_slice(j).to_vec()).collect();
    for f in &design.fe {
        A.extend((0..f.levels).map(|l| f.codes.iter().map(|&c| f64::from(u8::from(c == l))).collect()));
    }
    let movable = |i: usize| family.binary() || design.y[i] == 0.0;
    let sign = |i: usize| if design.y[i] > 0.0 { 1.0 } else { -1.0 };
    let separated = |target: usize| {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let gamma: Vec<_> = A.iter().map(|_| problem.add_var(0.0, (-1e3, 1e3))).collect();
        let t: Vec<_> = (0..n)
            .map(|i| problem.add_var(f64::from(u8::from(i == target)), (0.0, f64::from(u8::from(movable(i))))))
            .collect();
        for i in 0..n {
            let mut terms: Vec<_> = gamma.iter().zip(&A).map(|(g, a)| (*g, a[i])).collect();
            terms.push((t[i], -sign(i)));
            problem.add_constraint(terms, ComparisonOp::Eq, 0.0);
        }
        problem.solve().unwrap().into_solution().unwrap().objective() > 1e-6
    };
    (0..n).filter(|&i| movable(i) && separated(i)).collect()
}

#[test]
fn a_linear_program_finds_the_same_observations() {
    let mut seen = [0; 3];
    for family in [Family::Poisson, Family::Logit, Family::Probit, Family::Cloglog] {
        for seed in 0..40 {
            let mut rng = Stream::new(seed, 1);
            let n = 26;
            let zeros = 0.35 + 0.3 * rng.uniform();
            let draw = |rng: &mut Stream| match family.binary() {
                true => f64::from(u8::from(rng.uniform() > zeros)),
                false => {
                    if rng.uniform() < zeros {
                        0.0
                    } else {
                        1.0 + rng.below(4) as f64
                    }
                }
            };
            let y: Vec<f64> = (0..n).map(|_| draw(&mut rng)).collect();
            let x: Vec<Vec<f64>> = (0..3).map(|_| (0..n).map(|_| rng.below(3) as f64 - 1.0).collect()).collect();
            let rare: Vec<f64> = (0..n).map(|_| f64::from(u8::from(rng.uniform() < 0.12))).collect();
            let f = Factor::from_keys("f", (0..n).map(|_| rng.below(4)));
            let g = Factor::from_keys("g", (0..n).map(|_| rng.below(3)));
            let design = design(&y, &[&x[0], &x[1], &rare], vec![f, g]);
            let want = oracle(&design, family);
            let glm = Glm { singletons: Singletons::Keep, ..Glm::new(family) };
            match glm.fit(&design) {
                Ok(fit) => {
                    let gone: Vec<usize> = (0..n).filter(|i| fit.sample.binary_search(i).is_err()).collect();
                    assert_eq!(gone, want, "{family:?} {seed}");
                    assert!(fit.coef.iter().all(|b| b.abs() < 30.0), "{family:?} {seed}: {:?}", fit.coef);
                    assert!(fit.certificate < 1e-8);
                    seen[usize::from(!fit.separated.is_empty())] += 1;
                }
                // Nothing with two outcomes, or too little, is left when the separated ones go.
                Err(e) => {
                    assert!(n - want.len() < 14, "{family:?} {seed}: {e}, {} separated", want.len());
                    seen[2] += 1;
                }
            }
        }
    }
    println!("no separation, separation, nothing left: {seen:?}");
    assert!(seen[0] >= 20 && seen[1] >= 20, "{seen:?}");
}

#[test]
fn dropping_by_hand_gives_the_same_fit() {
    // x1 is one only where y is zero: its coefficient would run to -∞ (Santos Silva and Tenreyro 2010).
    let y = [0.0, 2.0, 3.0, 0.0, 5.0, 1.0, 0.0, 4.0];
    let x1 = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let x2 = [0.3, 1.1, 0.2, 0.5, 2.0, 0.4, 1.6, 1.2];
    let one = [1.0; 8];
    let whole = design(&y, &[&one, &x1, &x2], Vec::new());
    let fit = Glm::new(Family::Poisson).fit(&whole).unwrap();
    assert_eq!(fit.separated, [0, 6]);
    assert_eq!(fit.names, [INTERCEPT, "x2"]);
    assert_eq!(fit.dropped[0].name, "x1");
    let rest = whole.at(&[1, 2, 3, 4, 5, 7]);
    let rest =
        Design { X: Mat::from_fn(6, 2, |i, j| rest.X[(i, 2 * j)]), names: vec![INTERCEPT.into(), "x2".into()], ..rest };
    let by_hand = Glm::new(Family::Poisson).fit(&rest).unwrap();
    for j in 0..2 {
        close(fit.coef[j], by_hand.coef[j], 1e-10, "coefficient");
    }
    close(fit.loglik, by_hand.loglik, 1e-12, "loglik");
}

#[test]
fn complete_separation_is_refused() {
    let x: Vec<f64> = (0..12).map(|i| f64::from(i) - 5.5).collect();
    let y: Vec<f64> = x.iter().map(|&x| f64::from(u8::from(x > 0.0))).collect();
    for family in [Family::Logit, Family::Probit, Family::Cloglog] {
        let error = Glm::new(family).fit(&design(&y, &[&[1.0; 12], &x], Vec::new())).unwrap_err();
        assert!(matches!(error.kind, Kind::Invalid { .. }), "{error}");
        assert!(error.to_string().contains("12 observations are separated"), "{error}");
    }
}

#[test]
fn a_far_observation_is_not_separated() {
    // Its mean is e^-60, but the slope is pinned by the others.
    let x = [-120.0, 0.0, 1.0, 2.0, 3.0, 0.5, 1.5];
    let y = [0.0, 1.0, 1.0, 3.0, 4.0, 2.0, 1.0];
    let fit = Glm::new(Family::Poisson).fit(&design(&y, &[&[1.0; 7], &x], Vec::new())).unwrap();
    assert!(fit.separated.is_empty() && fit.certificate < 1e-10);
}
