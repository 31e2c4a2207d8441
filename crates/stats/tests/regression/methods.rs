//! Mediation, moderation, split samples and difference in differences.

use crate::data::{Data, panel48};
use crate::fixest::{cases, table};
use plim_golden::{close, close_printed};
use plim_stats::did::{Assignment, Did, DidOptions, did};
use plim_stats::effect::{MediationOptions, ModerationOptions, SplitOptions, Steps, mediation, moderation, split};
use plim_stats::linear::Regression;
use plim_stats::math::{Mat, dist::f_p, linalg::spd_inverse, rng::Stream};
use plim_stats::vcov::Ssc;
use plim_stats::{Design, Factor, Kind};

fn panel() -> Design {
    panel48().design("y", &["x", "w"], &["i", "t"], &[], None)
}

fn by_i() -> Regression {
    Regression { vcov: Some("cluster:i".parse().unwrap()), ..Regression::default() }
}

fn three(replications: usize) -> MediationOptions {
    MediationOptions { treatment: "x".into(), mediator: "m".into(), steps: Steps::Three, replications }
}

#[test]
fn methods_6_4_mediation() {
    let d = panel();
    let m = panel48().get("m");
    let out = mediation(&d, &m, &d.fe[0], &three(0), &by_i(), 1).unwrap();
    let e = &out.effects;
    let (b, direct, indirect) = (e.b.clone().unwrap(), e.direct.clone().unwrap(), e.indirect.clone().unwrap());
    close_printed(&[e.a.estimate, e.a.std_error], &[0.42679332, 0.03736230], 8, "a");
    close_printed(&[b.estimate, b.std_error], &[1.55446331, 0.43698794], 8, "b");
    close_printed(&[e.total.estimate], &[0.98184013], 8, "c");
    close_printed(&[direct.estimate, direct.std_error], &[0.31840557, 0.25190326], 8, "c'");
    close_printed(&[indirect.estimate, indirect.std_error], &[0.66343456, 0.19533730], 8, "ab");
    close_printed(&[e.share.unwrap()], &[0.67570528], 8, "share");
    let z = [e.sobel_z.unwrap(), e.aroian_z.unwrap(), e.goodman_z.unwrap()];
    close_printed(&z, &[3.39635375, 3.38455189, 3.40827993], 8, "z");
    close(e.total.estimate - direct.estimate, indirect.estimate, 1e-12, "c - c' = ab");
    assert!(out.reading.contains("only the indirect effect"), "{}", out.reading);
    assert!(out.notes.iter().any(|n| n.contains("exogenous")), "{:?}", out.notes);
    // Two steps say nothing of b.
    let two = MediationOptions { steps: Steps::Two, ..three(0) };
    let out = mediation(&d, &m, &d.fe[0], &two, &by_i(), 1).unwrap();
    assert!(out.effects.b.is_none() && out.effects.indirect.is_none() && out.outcome.is_none());
}

#[test]
fn the_bootstrap_is_of_clusters_and_of_the_seed() {
    let d = panel();
    let m = panel48().get("m");
    let run = |threads, seed| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| mediation(&d, &m, &d.fe[0], &three(199), &by_i(), seed)).unwrap().effects.bootstrap.unwrap()
    };
    let one = run(1, 5);
    assert_eq!(one, run(2, 5));
    assert_ne!(one, run(1, 6));
    assert!(one.conf_low < 0.66343456 && 0.66343456 < one.conf_high, "{one:?}");
    assert_eq!(one.replications + one.failed, 199);
}

#[test]
fn mediation_refusals() {
    let d = panel();
    let m = panel48().get("m");
    let absent = MediationOptions { treatment: "q".into(), ..three(0) };
    assert!(mediation(&d, &m, &d.fe[0], &absent, &by_i(), 1).unwrap_err().to_string().contains("`q`"));
    let itself = MediationOptions { mediator: "x".into(), ..three(0) };
    assert!(matches!(mediation(&d, &m, &d.fe[0], &itself, &by_i(), 1).unwrap_err().kind, Kind::Invalid { .. }));
    let mut holes = m.clone();
    holes[4] = f64::NAN;
    assert_eq!(mediation(&d, &holes, &d.fe[0], &three(0), &by_i(), 1).unwrap_err().kind, Kind::NotFinite);
    // A mediator that the effects absorb has no path.
    let fixed: Vec<f64> = panel48().get("i");
    let error = mediation(&d, &fixed, &d.fe[0], &three(0), &by_i(), 1).unwrap_err();
    assert!(error.column.as_deref() == Some("m") && error.to_string().contains("explain it"), "{error}");
}

#[test]
fn methods_6_5_moderation() {
    let d = panel();
    let w = panel48().get("w");
    let options = ModerationOptions { treatment: "x".into(), moderator: "w".into(), center: true };
    let out = moderation(&d, &w, &options, &by_i()).unwrap();
    let fit = &out.estimated.fit;
    assert_eq!(fit.names, ["x", "w", "x:w"]);
    close_printed(&fit.coef, &[0.97537877, -0.27381599, -0.16711327], 8, "centered");
    close_printed(&[out.estimated.coefficients[2].std_error], &[0.63016851], 8, "se of the product");
    let slopes: Vec<f64> = out.slopes.iter().flat_map(|s| [s.estimate, s.std_error]).collect();
    let want = [1.04166526, 0.32132190, 0.97537877, 0.14976247, 0.90909229, 0.25801155];
    close_printed(&slopes, &want, 8, "slopes");
    close_printed(&[out.slopes[0].value, out.slopes[1].value], &[0.26376065, 0.66041667], 8, "values");
    let raw = moderation(&d, &w, &ModerationOptions { center: false, ..options }, &by_i()).unwrap();
    close_printed(&raw.estimated.fit.coef, &[1.08574316, -0.12132514, -0.16711327], 8, "raw");
    // Slopes, bounds and fit do not depend on the centering.
    for (a, b) in out.line.iter().chain(&out.slopes).zip(raw.line.iter().chain(&raw.slopes)) {
        close(a.estimate, b.estimate, 1e-10, "slope");
        close(a.std_error, b.std_error, 1e-9, "se");
    }
    close(out.estimated.fit.ssr, raw.estimated.fit.ssr, 1e-12, "ssr");
    // At a bound the interval touches zero.
    let (low, high) = (out.johnson_neyman.low.unwrap(), out.johnson_neyman.high.unwrap());
    close(raw.johnson_neyman.low.unwrap(), low, 1e-8, "low");
    for bound in [low, high] {
        let j = |name: &str| fit.names.iter().position(|n| n == name).unwrap();
        let (V, m) = (&out.estimated.covariance.V, bound - out.slopes[1].value);
        let slope = fit.coef[j("x")] + m * fit.coef[j("x:w")];
        let se = (V[(0, 0)] + 2.0 * m * V[(0, 2)] + m * m * V[(2, 2)]).sqrt();
        close((slope / se).abs(), 2.364_624_251_592_784, 1e-9, "t at the bound"); // qt(.975, 7)
    }
}

#[test]
fn moderation_of_the_cities_and_refusals() {
    let (Some(cases), Some(city)) = (cases(), table("data/syn_city.csv")) else { return };
    let d = city.design("resil", &["de", "fdi", "open", "tech"], &["city", "year"], &[], None);
    let tech: Vec<f64> = d.rows.iter().map(|&r| city.get("tech")[r]).collect();
    let options = ModerationOptions { treatment: "de".into(), moderator: "tech".into(), center: true };
    let out = moderation(&d, &tech, &options, &Regression::default()).unwrap();
    let case = &cases["city_moderation"]["result"];
    let product = out.estimated.coefficient("de:tech").unwrap();
    close(product.estimate, case["coef"]["de:tech"].as_f64().unwrap(), 1e-8, "b3");
    close(product.std_error, case["se"]["de:tech"].as_f64().unwrap(), 1e-7, "se");
    let absent = ModerationOptions { treatment: "nothing".into(), ..options };
    assert!(moderation(&d, &tech, &absent, &Regression::default()).unwrap_err().to_string().contains("nothing"));
}

fn halves(d: &Design) -> (Factor, Vec<String>) {
    let codes = d.fe[0].codes.iter().map(|&c| u32::from(c >= 4)).collect();
    (Factor { name: "half".into(), codes, levels: 2 }, vec!["low".into(), "high".into()])
}

#[test]
fn methods_6_6_split_and_its_three_tests() {
    let d = panel();
    let (group, labels) = halves(&d);
    let options = SplitOptions { by: "half".into(), replications: 100 };
    let out = split(&d, &group, &labels, &d.fe[0], &options, &by_i(), 1).unwrap();
    let x: Vec<f64> = out.groups.iter().map(|g| g.estimated.coefficient("x").unwrap().estimate).collect();
    close_printed(&x, &[0.85103246, 1.16043345], 8, "groups");
    let b = &out.between[0];
    close_printed(&[b.difference, b.statistic], &[-0.30940098, -1.81969821], 8, "suest");
    close_printed(&[b.p_permutation.unwrap()], &[0.45714286], 8, "exact permutation");
    close_printed(&[b.p_permutation_one_sided.unwrap()], &[0.22857143], 8, "one-sided");
    let p = out.permutation.unwrap();
    assert!(p.exact && p.draws == 70 && p.undefined == 0);
    // The interacted regression under CR0 is suest.
    let plain = Regression { ssc: Ssc::None, ..by_i() };
    let out = split(&d, &group, &labels, &d.fe[0], &SplitOptions { replications: 0, ..options }, &plain, 1).unwrap();
    for b in &out.between {
        close(b.chow_std_error, b.std_error, 1e-12, "se");
        assert!(b.p_permutation.is_none());
    }
}

#[test]
fn split_refusals_and_remarks() {
    let d = panel();
    let (mut group, mut labels) = halves(&d);
    let options = SplitOptions { by: "half".into(), replications: 10 };
    // A unit in both groups cannot be permuted.
    group.codes[0] = 1;
    let out = split(&d, &group, &labels, &d.fe[0], &options, &by_i(), 1).unwrap();
    assert!(out.permutation.is_none() && out.notes.iter().any(|n| n.contains("both groups")), "{:?}", out.notes);
    group.codes.fill(0);
    group.levels = 1;
    labels.pop();
    let error = split(&d, &group, &labels, &d.fe[0], &options, &by_i(), 1).unwrap_err();
    assert!(error.to_string().contains("single value"), "{error}");
}

#[test]
fn random_permutations_are_of_the_seed() {
    let mut s = Stream::new(4, 0);
    let n = 240;
    let mut d = Data::default();
    d.set("i", (0..n).map(|k| (k / 6) as f64).collect());
    d.set("x", (0..n).map(|_| s.normal()).collect());
    d.set("y", (0..n).map(|k| d.get("x")[k] * if k < 120 { 1.0 } else { 2.0 } + s.normal()).collect());
    let design = d.design("y", &["x"], &["i"], &[], None);
    let group = Factor { name: "g".into(), codes: (0..n).map(|k| u32::from(k >= 120)).collect(), levels: 2 };
    let options = SplitOptions { by: "g".into(), replications: 99 };
    let labels = ["a".to_string(), "b".to_string()];
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| split(&design, &group, &labels, &design.fe[0], &options, &by_i(), 3)).unwrap().between
    };
    let (one, two) = (run(1), run(2));
    assert_eq!(one, two);
    assert_eq!(one[0].p_permutation, Some(0.01), "an effect twice as large is seen by none of 99 draws");
}

/// Six units, two for each cohort 3, 4 and never, five periods (methods 6.7).
fn six() -> (Design, Factor, Vec<f64>, Vec<f64>) {
    let y = [
        [0.95, 1.4, 2.15, 4.05, 5.3],
        [2.15, 2.65, 3.45, 5.05, 6.35],
        [3.0, 3.55, 3.4, 4.25, 4.45],
        [0.85, 1.45, 1.35, 2.25, 2.5],
        [2.05, 2.35, 2.3, 3.05, 3.15],
        [-0.1, 0.6, 0.25, 1.05, 1.2],
    ];
    // The rows of the notes are early, early, late, late, never, never.
    let cohort = [3.0, 3.0, 4.0, 4.0, 0.0, 0.0];
    let mut d = Data::default();
    let cells: Vec<(usize, usize)> = (0..6).flat_map(|i| (0..5).map(move |t| (i, t))).collect();
    d.set("y", cells.iter().map(|&(i, t)| y[i][t]).collect());
    d.set("i", cells.iter().map(|&(i, _)| i as f64).collect());
    d.set("t", cells.iter().map(|&(_, t)| t as f64 + 1.0).collect());
    let design = d.design("y", &[], &["i", "t"], &[], None);
    let unit = design.fe[0].clone();
    (design, unit, d.get("t"), cells.iter().map(|&(i, _)| cohort[i]).collect())
}

#[test]
fn methods_6_7_twfe_and_its_exact_placebo() {
    let (design, unit, time, cohort) = six();
    let options = DidOptions { placebo: 10, ..DidOptions::default() };
    let run = |assignment: &Assignment, options: &DidOptions| -> Did {
        did(&design, &unit, &time, assignment, options, &by_i(), 1).unwrap()
    };
    let out = run(&Assignment::Cohort(cohort.clone()), &options);
    close(out.estimated.coefficient("treat_post").unwrap().estimate, 0.7640625, 1e-12, "twfe");
    let placebo = out.placebo.unwrap();
    assert!(placebo.permutation.exact && placebo.permutation.draws == 90);
    close(placebo.permutation.p_value, 21.0 / 90.0, 1e-12, "p = .23333333");
    assert_eq!((out.treated_units, out.never_treated_units), (Some(4), Some(2)));
    assert!(out.notes.iter().any(|n| n.contains("Goodman-Bacon")));
    // The same from a 0/1 column.
    let d: Vec<f64> = time.iter().zip(&cohort).map(|(&t, &c)| f64::from(u8::from(c > 0.0 && t >= c))).collect();
    let column = Assignment::Indicator { name: "pilot".into(), values: d.clone() };
    let out = run(&column, &options);
    close(out.estimated.coefficient("pilot").unwrap().estimate, 0.7640625, 1e-12, "twfe");
    close(out.placebo.unwrap().permutation.p_value, 21.0 / 90.0, 1e-12, "p");
    // A design without effects gets unit and period.
    let mut bare = design.clone();
    bare.fe.clear();
    bare.cluster.push(unit.clone());
    let out = did(&bare, &unit, &time, &column, &DidOptions::default(), &by_i(), 1).unwrap();
    close(out.estimated.coefficient("pilot").unwrap().estimate, 0.7640625, 1e-12, "twfe");
    // A treatment that ends has no cohorts, but a two-way estimate.
    let mut ends = d;
    ends[4] = 0.0;
    let ends = Assignment::Indicator { name: "pilot".into(), values: ends };
    run(&ends, &DidOptions::default());
    let error = did(&design, &unit, &time, &ends, &options, &by_i(), 1).unwrap_err();
    assert!(error.to_string().contains("ends") && error.rows == [4], "{error}");
}

#[test]
fn event_studies_of_fixest() {
    let Some(cases) = cases() else { return };
    let Some(did_data) = table("package_data/fixest_base_did.csv") else { return };
    let compare = |out: &Did, case: &serde_json::Value, theirs: &dyn Fn(&str) -> String| {
        assert_eq!(out.estimated.coefficients.len(), case["coef"].as_object().unwrap().len());
        for c in &out.estimated.coefficients {
            let name = theirs(&c.name);
            close(c.estimate, case["coef"][&name].as_f64().unwrap_or_else(|| panic!("{name}")), 1e-8, &name);
            close(c.std_error, case["se"][&name].as_f64().unwrap(), 1e-7, &name);
        }
    };
    let options = DidOptions { event_study: true, ..DidOptions::default() };
    // Treated from period 6 on: event time -1 is period 5.
    let d = did_data.design("y", &["x1"], &["id", "period"], &[], None);
    let cohort = did_data.get("treat").iter().map(|t| 6.0 * t).collect();
    let (unit, time) = (d.fe[0].clone(), did_data.get("period"));
    let regression = Regression::default();
    let out = did(&d, &unit, &time, &Assignment::Cohort(cohort), &options, &regression, 1).unwrap();
    compare(&out, &cases["did_event"]["result"], &|n| match n.strip_prefix("event_time::") {
        Some(e) => format!("period::{}:treat", e.parse::<i64>().unwrap() + 6),
        None => n.into(),
    });
    // The joint test of the four leads, from fixest's coefficients and covariance.
    let test = &out.tests[0];
    assert_eq!((test.name.as_str(), test.df, test.df_residual), ("pre_trend", 4.0, Some(107.0)));
    let case = &cases["did_event"]["result"];
    let b: Vec<f64> = (1..5).map(|p| case["coef"][format!("period::{p}:treat")].as_f64().unwrap()).collect();
    let V = Mat::from_fn(4, 4, |i, j| case["vcov"]["data_by_row"][10 * (i + 1) + j + 1].as_f64().unwrap());
    let inverse = spd_inverse(&V, "V").unwrap();
    let W: f64 = (0..4).map(|i| (0..4).map(|j| b[i] * inverse[(i, j)] * b[j]).sum::<f64>()).sum();
    close(test.statistic, W / 4.0, 1e-7, "F");
    close(test.p_value, f_p(W / 4.0, 4.0, 107.0), 1e-6, "p");
    let Some(stagg) = table("package_data/fixest_base_stagg.csv") else { return };
    let d = stagg.design("y", &["x1"], &["id", "year"], &[], None);
    let cohort = Assignment::Cohort(stagg.get("year_treated"));
    let out = did(&d, &d.fe[0], &stagg.get("year"), &cohort, &options, &regression, 1).unwrap();
    compare(&out, &cases["stagg_twfe"]["result"], &|n| match n.strip_prefix("event_time::") {
        Some(e) => format!("time_to_treatment::{e}:treated"),
        None => n.into(),
    });
    // Binned end points leave fewer coefficients.
    let binned = DidOptions { leads: Some(3), lags: Some(2), ..options };
    let out = did(&d, &d.fe[0], &stagg.get("year"), &cohort, &binned, &regression, 1).unwrap();
    let names: Vec<&str> = out.estimated.fit.names.iter().map(String::as_str).collect();
    let want = ["event_time::-3", "event_time::-2", "event_time::0", "event_time::1", "event_time::2", "x1"];
    assert_eq!(names, want);
}

#[test]
fn event_study_refusals() {
    let (design, unit, time, cohort) = six();
    let ask = |cohort: &[f64], options: &DidOptions| {
        did(&design, &unit, &time, &Assignment::Cohort(cohort.to_vec()), options, &by_i(), 1)
    };
    let options = DidOptions { event_study: true, ..DidOptions::default() };
    let error = ask(&cohort, &DidOptions { reference: -9, ..options.clone() }).unwrap_err();
    assert!(error.to_string().contains("-9"), "{error}");
    let mut two = cohort.clone();
    two[1] = 5.0;
    assert!(ask(&two, &options).unwrap_err().to_string().contains("two cohorts"));
    let half: Vec<f64> = cohort.iter().map(|c| c + if *c > 0.0 { 0.5 } else { 0.0 }).collect();
    assert!(ask(&half, &options).unwrap_err().to_string().contains("whole"));
    // Nobody is treated, or dates are no times of the data.
    for dates in [0.0, 20_161_008.0] {
        let error = ask(&vec![dates; cohort.len()], &DidOptions::default()).unwrap_err();
        assert!(error.to_string().contains("no unit changes treatment between 1 and"), "{error}");
    }
}
