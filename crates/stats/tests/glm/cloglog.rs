//! Complementary log-log: Newton's method in 40 digits (golden/resilience.py), the life table, separated durations.

use plim_golden::close_printed;
use plim_stats::glm::{Family, Glm, covariance};
use plim_stats::linear::INTERCEPT;
use plim_stats::math::Mat;
use plim_stats::trade::survival::kaplan_meier;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor};

/// 12 relations in 5 years each: no event at durations 2 and 3.
fn at_risk() -> (Vec<f64>, Vec<f64>, Vec<u32>) {
    let rows = (0..12u32).flat_map(|i| (1..=5u32).map(move |d| (i, d)));
    let y = rows.clone().map(|(i, d)| f64::from(u8::from((7 * i * i + 3 * d).is_multiple_of(5)))).collect();
    let x = rows.clone().map(|(i, d)| f64::from((5 * i + 2 * d) % 7) / 7.0).collect();
    (y, x, rows.map(|(_, d)| d).collect())
}

#[test]
fn hazard_with_effects_of_duration() {
    let (y, x, duration) = at_risk();
    let absorbed = Design {
        X: Mat::from_fn(60, 1, |i, _| x[i]),
        names: vec!["x".into()],
        fe: vec![Factor::from_keys("duration", duration.iter().copied())],
        y: y.clone(),
        outcome: "event".into(),
        rows: (0..60).collect(),
        ..Design::default()
    };
    let fit = Glm::new(Family::Cloglog).fit(&absorbed).unwrap();
    close_printed(&fit.coef, &[-0.55864923097381], 12, "slope");
    close_printed(&[fit.loglik], &[-22.394628839652], 11, "loglik: durations without an event add nothing");
    let error = |fit, design| covariance(fit, &Vcov::Iid, Ssc::None, design).unwrap().V;
    close_printed(&[error(&fit, &absorbed)[(0, 0)].sqrt()], &[1.0572286776009], 11, "observed information");
    assert_eq!(fit.removed, [("duration".to_string(), 2)]);

    // The same with dummies, where they have a finite maximum.
    let seen: Vec<usize> = (0..60).filter(|&i| ![2, 3].contains(&duration[i])).collect();
    let dummy = |i: usize, d: u32| f64::from(u8::from(duration[seen[i]] == d));
    let explicit = Design {
        X: Mat::from_fn(seen.len(), 4, |i, j| if j == 0 { x[seen[i]] } else { dummy(i, [1, 4, 5][j - 1]) }),
        names: ["x", "d1", "d4", "d5"].map(String::from).to_vec(),
        y: seen.iter().map(|&i| y[i]).collect(),
        outcome: "event".into(),
        rows: (0..seen.len()).collect(),
        ..Design::default()
    };
    let fit = Glm::new(Family::Cloglog).fit(&explicit).unwrap();
    let want = [-0.55864923097381, -0.40385867037395, -0.69788579532778, -1.0014357162809];
    close_printed(&fit.coef, &want, 12, "slope and durations");
    let V = error(&fit, &explicit);
    let errors: Vec<f64> = (0..4).map(|j| V[(j, j)].sqrt()).collect();
    let want = [1.0572286776009, 0.5949650960707, 0.62010932073944, 0.72892721603029];
    close_printed(&errors, &want, 11, "standard errors");
}

#[test]
fn without_regressors_the_hazard_is_that_of_the_life_table() {
    // Spells of 1 to 4 years, expanded into years at risk.
    let spells = [(1, true), (1, false), (2, true), (2, true), (3, true), (3, false), (4, true), (4, false)];
    let years: Vec<(usize, bool)> =
        spells.iter().flat_map(|&(d, failed)| (1..=d).map(move |age| (age, failed && age == d))).collect();
    let table = kaplan_meier(&spells);
    for row in &table {
        let at: Vec<f64> = years.iter().filter(|y| y.0 == row.duration).map(|y| f64::from(u8::from(y.1))).collect();
        let design = Design {
            X: Mat::from_fn(at.len(), 1, |_, _| 1.0),
            names: vec![INTERCEPT.into()],
            rows: (0..at.len()).collect(),
            y: at,
            outcome: "event".into(),
            ..Design::default()
        };
        let fit = Glm::new(Family::Cloglog).fit(&design).unwrap();
        assert!((Family::Cloglog.mean(fit.coef[0]) - row.hazard).abs() < 1e-13, "{row:?}");
        // The constant is ln(-ln(1 - h)): the life table's log cumulative hazard of the year.
        assert!((fit.coef[0] - (-(-row.hazard).ln_1p()).ln()).abs() < 1e-11);
    }
}
