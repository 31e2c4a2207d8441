//! Latent classes: integrals by mpmath, a maximum that scipy cannot better, recovery, identities, refusals.

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::sfa::{ClassOf, Columns, Data, Distribution, Model, Panel, Section, Sfa, SfaFit, sfa};
use plim_stats::frontier::technology::Form;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

fn of(classes: usize) -> Sfa {
    Sfa { model: Model::LatentClass, classes: Some(classes), ..Sfa::default() }
}

fn at(at: &[f64]) -> Sfa {
    Sfa { at: Some(at.to_vec()), ..of(2) }
}

fn efficiencies(fit: &SfaFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.efficiency.unwrap()).collect()
}

/// Five rows of three units.
fn five() -> Data {
    let X = Mat::from_fn(5, 2, |i, j| [1.0, 0.5 * i as f64][j]);
    let mut data = Data::new(vec![0.9, 1.1, 1.2, 1.9, 1.7], X, vec!["(Intercept)".into(), "x".into()]);
    data.panel = Some(Panel { unit: vec![0, 0, 1, 1, 2], time: vec![1.0, 2.0, 1.0, 2.0, 1.0] });
    data
}

/// Units with `years` rows: y = 1 + 0.8 x + v - u for the first class (two in three), 3 - 0.5 x + v - u for the second.
fn simulated(units: usize, years: usize) -> (Data, Vec<usize>) {
    let mut draw = Stream::new(21, 0);
    let (mut unit, mut time, mut x, mut y, mut class) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for g in 0..units {
        let c = usize::from(draw.uniform() > 2.0 / 3.0);
        for t in 0..years {
            let z = draw.normal();
            let (front, v, u) = if c == 0 { (1.0 + 0.8 * z, 0.15, 0.5) } else { (3.0 - 0.5 * z, 0.2, 0.6) };
            unit.push(g);
            time.push(t as f64);
            x.push(z);
            class.push(c);
            y.push(front + v * draw.normal() - (u * draw.normal()).abs());
        }
    }
    let X = Mat::from_fn(y.len(), 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    let data = Data::new(y, X, vec!["(Intercept)".into(), "x".into()]);
    (Data { panel: Some(Panel { unit, time }), ..data }, class)
}

// --- golden ---------------------------------------------------------------------------------------------------

/// ln L, P(1 | data), E[exp(-u) | data] and exp(-E[u | data]) by mpmath 1.3.0 (40 digits): densities as integrals over u.
#[test]
fn likelihood_and_scores_at_given_parameters() {
    let natural = [1.2, 0.4, 0.25, 0.6, 1.6, -0.1, 0.09, 0.5];
    let moved = Columns::new(5, true, &[("w".into(), vec![0.3, 0.3, -0.5, -0.5, 1.2])]);
    let with = |zeta: &[f64]| at(&natural.iter().chain(zeta).copied().collect::<Vec<_>>());
    let separated = Data { separating: Some(moved), ..five() };
    let cases = [
        (
            five(),
            with(&[0.3]),
            -1.6667517366813976,
            [0.8887775480230334, 0.6318989795232576, 0.4908229527717967, 0.9365478883330084, 0.8438622072636797],
            [0.763380045726761, 0.777004206864717, 0.7883494959151931, 0.852634844123862, 0.7945251345393943],
            [0.7515700285676277, 0.7667892687642776, 0.777537117788843, 0.8451579586562296, 0.7818618731551075],
        ),
        (
            separated.clone(),
            Sfa { distribution: Distribution::Exponential, ..with(&[0.3, 0.8]) },
            -1.8595166929303258,
            [0.847382160101988, 0.660475957112781, 0.3849495204461365, 0.902960838852361, 0.9277228805655716],
            [0.7552643433669584, 0.7723789202572962, 0.7941868018662778, 0.8693746096357171, 0.7902900846350843],
            [0.7389062800752217, 0.7592052794040645, 0.7817722497817982, 0.8621346142327441, 0.775840568038275],
        ),
        (
            separated,
            Sfa { class_of: ClassOf::Unit, ..with(&[0.3, 0.8]) },
            -1.5967922873891203,
            [0.9281549407494859, 0.9281549407494859, 0.8760128544837203, 0.8760128544837203, 0.9338413128086708],
            [0.7657767391830019, 0.7714874394008356, 0.7555929157624992, 0.8581428695260654, 0.780477979980795],
            [0.7538504717849895, 0.7597309458200797, 0.7426569027532586, 0.8507720697573002, 0.7680374837158807],
        ),
    ];
    for (data, options, loglik, probability, efficiency, jlms) in cases {
        let fit = sfa(&data, &options).unwrap();
        close(fit.stats.loglik, loglik, 1e-13, "ll");
        let names: Vec<&str> = fit.columns.iter().map(|c| c.0).collect();
        assert_eq!(names, ["class", "efficiency_class", "probability_1", "probability_2"]);
        for i in 0..5 {
            close(fit.columns[2].1[i], probability[i], 1e-12, "probability");
            close(fit.columns[3].1[i], 1.0 - probability[i], 1e-11, "probability");
            close(fit.rows[i].efficiency.unwrap(), efficiency[i], 1e-12, "efficiency");
            close(fit.rows[i].efficiency_jlms.unwrap(), jlms[i], 1e-12, "jlms");
            assert_eq!(fit.columns[0].1[i], if probability[i] > 0.5 { 1.0 } else { 2.0 });
            let row = &fit.rows[i];
            assert!(row.conf_low < row.efficiency && row.efficiency < row.conf_high && row.efficiency_mode.is_none());
        }
    }
}

/// Two classes of rice farms with exponential inefficiency. At these estimates an independent likelihood (numpy, scipy
/// 1.x log_ndtr and logsumexp) is -66.27846786031792; BFGS and Nelder-Mead from there find nothing higher than
/// -66.27846786031782, and 25 other starts of BFGS only this maximum and points where a class has no noise.
#[test]
fn scipy_finds_nothing_higher() {
    let Some(path) = shared("golden/frontier/riceProdPhil.csv") else { return };
    let csv = Csv::read(&path);
    let [y, area, labor, npk] = ["PROD", "AREA", "LABOR", "NPK"].map(|name| csv.num(name));
    let X = Mat::from_fn(y.len(), 4, |i, j| if j == 0 { 1.0 } else { [&area, &labor, &npk][j - 1][i].ln() });
    let names = ["(Intercept)", "lA", "lL", "lN"].map(String::from).to_vec();
    let data = Data::new(y.iter().map(|y| y.ln()).collect(), X, names);
    let fit = sfa(&data, &Sfa { distribution: Distribution::Exponential, climbs: Some(2), ..of(2) }).unwrap();
    close(fit.stats.loglik, -66.27846786031792, 1e-12, "ll");
    let coef = [
        -2.0868658713,
        0.2071162253,
        0.4725827946,
        0.3529365077,
        0.0838332280,
        0.8483883236,
        2.3660067988,
        1.0252453442,
        -0.3274966452,
        0.0473475538,
        0.0683188122,
        0.0305332320,
        0.9907939057,
    ];
    // Climbs end within 1e-9 of a standard error; gamma of the second class is 0.03, with one of 0.01.
    fit.coef.iter().zip(coef).zip(&fit.names).for_each(|((got, want), name)| close(*got, want, 1e-7, name));
    close(fit.stats.own["aic"], 2.0 * (13.0 + 66.27846786031792), 1e-12, "aic");
    close(fit.stats.own["bic"], 13.0 * 344f64.ln() + 2.0 * 66.27846786031792, 1e-12, "bic");
    // The score of the prior: its share is the mean of the posterior.
    close(fit.stats.own["share_1"], 1.0 / (1.0 + (-fit.coef[12]).exp()), 1e-9, "share");
    assert!(fit.stats.lr_p_value.is_nan() && fit.gradient <= 1e-9);
}

// --- recovery and identities ----------------------------------------------------------------------------------

#[test]
fn classes_are_found_and_the_largest_comes_first() {
    let (data, class) = simulated(100, 3);
    for class_of in [ClassOf::Row, ClassOf::Unit] {
        let fit = sfa(&data, &Sfa { class_of, climbs: Some(2), ..of(2) }).unwrap();
        let table = fit.table();
        let truth = [1.0, 0.8, 0.2725, 0.25 / 0.2725, 3.0, -0.5, 0.4, 0.9];
        for (j, want) in truth.iter().enumerate() {
            let (got, se) = (table[j].estimate, table[j].std_error);
            assert!((got - want).abs() < 4.0 * se && se < 0.3, "{}: {got} {want} {se}", table[j].name);
        }
        assert_eq!(fit.names[4], "class 2: (Intercept)");
        assert_eq!((&*fit.names[8], fit.parameters[8].section), ("class 1: (Intercept)", Section::Separating));
        assert!(fit.stats.own["share_1"] > 0.5);
        let right = fit.columns[0].1.iter().zip(&class).filter(|(got, want)| **got == (**want + 1) as f64).count();
        // Rows where the frontiers cross cannot be told apart; units have two rows elsewhere.
        let least = if class_of == ClassOf::Row { 0.9 } else { 0.99 };
        assert!(right as f64 > least * 300.0, "{right} of 300");
        let pooled = sfa(&data, &Sfa::default()).map(|f| f.stats.loglik);
        let ols = fit.stats.loglik_ols;
        assert!(fit.stats.own["bic"] < 4.0 * 300f64.ln() - 2.0 * pooled.unwrap_or(ols), "two classes by BIC");
        // At its own estimates.
        let again = sfa(&data, &Sfa { class_of, ..at(&fit.coef) }).unwrap();
        close(again.stats.loglik, fit.stats.loglik, 1e-12, "ll at the estimates");
        for (a, b) in efficiencies(&again).iter().zip(efficiencies(&fit)) {
            close(*a, b, 1e-10, "efficiency");
        }
    }
}

#[test]
fn equal_classes_are_one_and_names_of_classes_mean_nothing() {
    let one = [1.2, 0.4, 0.25, 0.6];
    let pooled = sfa(&five(), &Sfa { at: Some(one.to_vec()), ..Sfa::default() }).unwrap();
    let twice = sfa(&five(), &at(&[&one[..], &one[..], &[0.7]].concat())).unwrap();
    close(twice.stats.loglik, pooled.stats.loglik, 1e-13, "ll of equal classes");
    for (a, b) in twice.rows.iter().zip(&pooled.rows) {
        close(a.efficiency.unwrap(), b.efficiency.unwrap(), 1e-13, "efficiency");
        close(a.conf_low.unwrap(), b.conf_low.unwrap(), 1e-8, "lower end");
    }
    close(twice.columns[2].1[0], 1.0 / (1.0 + (-0.7f64).exp()), 1e-13, "the posterior is the prior");
    let other = [1.6, -0.1, 0.09, 0.5];
    let plain = sfa(&five(), &at(&[&one[..], &other[..], &[0.7]].concat())).unwrap();
    let exchanged = sfa(&five(), &at(&[&other[..], &one[..], &[-0.7]].concat())).unwrap();
    close(exchanged.stats.loglik, plain.stats.loglik, 1e-13, "ll of exchanged classes");
    close(exchanged.columns[3].1[2], plain.columns[2].1[2], 1e-13, "probability");
}

// --- refusals -------------------------------------------------------------------------------------------------

#[test]
fn what_has_no_meaning_is_refused() {
    let (data, _) = simulated(10, 3);
    let error = |data: &Data, options: Sfa| sfa(data, &options).map(|f| f.coef).unwrap_err().to_string();
    assert!(error(&data, of(1)).contains("model = \"pooled\""));
    assert!(error(&data, of(6)).contains("give 2 to 5"));
    assert!(error(&data, Sfa { classes: Some(2), ..Sfa::default() }).contains("`classes` is of latent classes"));
    assert!(error(&data, Sfa { class_of: ClassOf::Unit, ..Sfa::default() }).contains("`class_of`"));
    let w = Columns::new(30, true, &[("w".into(), data.y.clone())]);
    let separated = Data { separating: Some(w), ..data.clone() };
    assert!(error(&separated, Sfa::default()).contains("`separating`"));
    let message = error(&separated, Sfa { class_of: ClassOf::Unit, ..of(2) });
    assert!(message.contains("`w`") && message.contains("changes within a unit"), "{message}");
    let none = Data { panel: None, ..data.clone() };
    assert!(error(&none, Sfa { class_of: ClassOf::Unit, ..of(2) }).contains("needs units and times"));
    assert!(error(&data, of(5)).contains("use fewer `classes`"));
    let translog = Sfa { technology: Form::Translog, ..of(2) };
    assert!(error(&data, translog).contains("each class has its own"));
    let moved = Sfa { determinants_constant: false, ..of(2) };
    assert!(error(&data, moved).contains("no determinants are"));
}

/// Rows of one exact plane beside others: a class shrinks onto them.
#[test]
fn a_class_of_a_few_exact_rows_is_no_estimate() {
    let (mut data, _) = simulated(20, 3);
    for i in 0..20 {
        data.y[i] = 9.0 + 2.0 * data.frontier.X[(i, 1)];
    }
    let error = sfa(&data, &of(2)).map(|f| f.coef).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("shrinks onto"), "{error}");
}
