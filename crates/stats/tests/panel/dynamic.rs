use super::data::{Data, panel48};
use super::design;
use plim_golden::{close, close_printed};
use plim_stats::linear::Collinear;
use plim_stats::linear::dynamic::{Covariance, GmmPanel, GmmPanelFit, Source, Transform, gmm_panel};

/// The data with a lag of y by unit, `l`.
fn with_lag(mut data: Data) -> Data {
    let (i, t, y) = (data.get("i"), data.get("t"), data.get("y"));
    let lag = (0..data.n)
        .map(|r| (0..data.n).find(|&s| i[s] == i[r] && t[s] == t[r] - 1.0).map_or(f64::NAN, |s| y[s]))
        .collect();
    data.set("l", lag);
    data
}

fn source(data: &Data, variables: &[&str]) -> Source {
    Source {
        unit: data.get("i").iter().map(|&i| i as u32).collect(),
        time: data.get("t").iter().map(|&t| t as i64).collect(),
        variables: variables.iter().map(|v| (v.to_string(), data.get(v))).collect(),
    }
}

fn fit(data: &Data, x: &[&str], gmm: &[&str], options: &GmmPanel) -> plim_stats::Result<GmmPanelFit> {
    let endogenous: Vec<String> = x.iter().filter(|x| **x == "l" || gmm.contains(x)).map(ToString::to_string).collect();
    gmm_panel(
        &design(data, "y", x),
        &source(data, gmm),
        &endogenous,
        None,
        options,
        Covariance::Robust,
        Collinear::Drop,
    )
}

fn estimates(fit: &GmmPanelFit) -> Vec<f64> {
    fit.coefficients.iter().map(|c| c.estimate).collect()
}

/// methods 6.3: collapsed lags 2 and 3 of y, Δx for itself, one step (cross-checked with pydynpd 0.2.2).
#[test]
fn reference_panel() {
    let data = with_lag(panel48());
    let options = GmmPanel { lags: "2:3".into(), collapse: true, steps: 1, ..GmmPanel::default() };
    let fit = fit(&data, &["l", "x"], &["y"], &options).unwrap();
    close_printed(&estimates(&fit), &[0.78313437, 1.70501227], 8, "methods 6.3");
    assert_eq!((fit.instruments, fit.units), (3, 8));
}

/// Arellano and Bover (1995): with all lags as instruments of a balanced panel, one-step estimates from differences
/// and from orthogonal deviations are the same.
#[test]
fn orthogonal_deviations_are_differences_with_all_lags() {
    let data = with_lag(panel48());
    let one = |transform| {
        let options = GmmPanel { transform, steps: 1, ..GmmPanel::default() };
        fit(&data, &["l"], &["y"], &options).unwrap()
    };
    let (a, b) = (one(Transform::Difference), one(Transform::Orthogonal));
    assert_eq!(a.instruments, b.instruments);
    close(a.coefficients[0].estimate, b.coefficients[0].estimate, 1e-10, "estimate");
    close(a.coefficients[0].std_error, b.coefficients[0].std_error, 1e-10, "standard error");
    close(a.hansen.statistic, b.hansen.statistic, 1e-9, "J");
    close(a.serial[0].unwrap().0, b.serial[0].unwrap().0, 1e-9, "ar1");
}

/// Exactly identified, the weights do not matter: one step is two steps, J is zero, Windmeijer corrects nothing.
#[test]
fn exactly_identified() {
    let data = with_lag(panel48());
    let with = |steps| {
        let options = GmmPanel { lags: "2".into(), collapse: true, steps, ..GmmPanel::default() };
        fit(&data, &["l", "x"], &["y"], &options).unwrap()
    };
    let (one, two) = (with(1), with(2));
    for (a, b) in one.coefficients.iter().zip(&two.coefficients) {
        close(a.estimate, b.estimate, 1e-9, "estimate");
        close(a.std_error, b.std_error, 1e-8, "standard error");
    }
    assert!(two.hansen.statistic < 1e-15 && two.hansen.p_value.is_nan());
}

#[test]
fn order_and_units_of_measurement_do_not_matter() {
    let plain = with_lag(panel48());
    let order: Vec<usize> = (0..48).map(|i| (i * 29 + 5) % 48).collect();
    let mut shuffled = Data::default();
    let mut scaled = plain.clone();
    for (name, column) in &plain.columns {
        shuffled.set(name, order.iter().map(|&r| column[r]).collect());
    }
    scaled.set("x", plain.get("x").iter().map(|x| x * 1e5).collect());
    for transform in [Transform::Difference, Transform::System, Transform::Orthogonal] {
        let options = GmmPanel { collapse: true, lags: "2:3".into(), transform, ..GmmPanel::default() };
        let of = |d: &Data| fit(d, &["l", "x"], &["y"], &options).unwrap();
        let (a, b, c) = (of(&plain), of(&shuffled), of(&scaled));
        for j in 0..a.coefficients.len() {
            let factor = if a.coefficients[j].name == "x" { 1e-5 } else { 1.0 };
            let (p, q, r) = (&a.coefficients[j], &b.coefficients[j], &c.coefficients[j]);
            close(q.estimate, p.estimate, 1e-9, "order");
            close(q.std_error, p.std_error, 1e-8, "order, se");
            close(r.estimate, factor * p.estimate, 1e-8, "scale");
            close(r.std_error, factor * p.std_error, 1e-7, "scale, se");
        }
        close(b.hansen.statistic, a.hansen.statistic, 1e-8, "order, J");
    }
}

/// The covariance of differences and levels in H: the system has one equation more for each level, and a constant.
#[test]
fn system_counts_levels_and_their_instruments() {
    let data = with_lag(panel48());
    let options = GmmPanel { transform: Transform::System, steps: 1, collapse: true, ..GmmPanel::default() };
    let fit = fit(&data, &["l", "x"], &["y"], &options).unwrap();
    // Lags 2 to 5 of y, its change, x in differences and in levels, the constant.
    assert_eq!(fit.instruments, 4 + 1 + 2 + 1);
    assert_eq!(fit.nobs, 40);
    assert_eq!(fit.coefficients[0].name, "(Intercept)");
    assert!(fit.tests.iter().any(|t| t.name == "difference_in_hansen:level" && t.df == 1.0));
}

#[track_caller]
fn refused(result: plim_stats::Result<GmmPanelFit>, words: &str) {
    match result {
        Ok(_) => panic!("accepted, wanted: {words}"),
        Err(e) => assert!(e.to_string().contains(words), "{e}"),
    }
}

#[test]
fn refusals() {
    let data = with_lag(panel48());
    let with = |change: fn(&mut GmmPanel)| {
        let mut options = GmmPanel::default();
        change(&mut options);
        options
    };
    refused(fit(&data, &["l", "x"], &["y"], &with(|o| o.steps = 3)), "use 1 or 2 steps");
    for wrong in ["4:2", "a", "-1:2", ":"] {
        let options = GmmPanel { lags: wrong.into(), ..GmmPanel::default() };
        refused(fit(&data, &["l", "x"], &["y"], &options), "is no range of lags");
    }
    refused(fit(&data, &["l", "x"], &["y"], &with(|o| o.lags = "2:3,2:4".into())), "2 ranges for 1 variables");
    refused(fit(&data, &["l"], &[], &GmmPanel::default()), "names no variable");
    // Both regressors instrumented by one lag of one variable.
    refused(
        gmm_panel(
            &design(&data, "y", &["l", "x"]),
            &source(&data, &["y"]),
            &["l".into(), "x".into()],
            None,
            &GmmPanel { lags: "2".into(), collapse: true, ..GmmPanel::default() },
            Covariance::Robust,
            Collinear::Drop,
        ),
        "cannot identify 2 coefficients",
    );
    // Every other time: no unit has neighbors.
    let sparse = panel48().filter(|r| r % 2 == 0);
    refused(fit(&sparse, &["x"], &["y"], &GmmPanel::default()), "neighboring times");
    let mut constant = data.clone();
    constant.set("c", data.get("i"));
    refused(fit(&constant, &["c"], &["y"], &GmmPanel::default()), "every regressor is collinear or absorbed");
    let mixed = fit(&constant, &["l", "c", "x"], &["y"], &GmmPanel::default()).unwrap();
    assert_eq!(mixed.dropped[0].name, "c");
    assert!(mixed.notes.iter().any(|n| n.contains("instruments for 8 units")), "{:?}", mixed.notes);
}
