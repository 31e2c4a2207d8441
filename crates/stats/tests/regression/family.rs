//! Sets of models against each model alone.

use crate::data::Data;
use plim_golden::close;
use plim_stats::linear::{Collinear, Estimated, INTERCEPT, Model, Ols, Pool, Precision, Regression};
use plim_stats::math::rng::Stream;
use plim_stats::{Factor, Kind};

/// 61 cities over 7 years in 13 provinces: two outcomes, a treatment and eleven controls, some with gaps, some nearly
/// collinear, one a sum of others, one constant within cities.
fn panel() -> (Pool, Data) {
    let (cities, years) = (61, 7);
    let n = cities * years;
    let mut s = Stream::new(5, 0);
    let mut d = Data::default();
    d.set("city", (0..n).map(|k| (k / years) as f64).collect());
    d.set("year", (0..n).map(|k| (k % years) as f64).collect());
    d.set("prov", (0..n).map(|k| (k / years % 13) as f64).collect());
    for c in 1..=8 {
        d.set(&format!("c{c}"), (0..n).map(|k| s.normal() + 0.01 * (k / years) as f64).collect());
    }
    d.set("de", (0..n).map(|k| s.normal() + 0.1 * (k % years) as f64).collect());
    let (de, c1, c2) = (d.get("de"), d.get("c1"), d.get("c2"));
    d.set("sum", (0..n).map(|k| c1[k] + c2[k]).collect());
    d.set("square", de.iter().map(|v| (v + 20.0) * (v + 20.0)).collect());
    d.set("near", (0..n).map(|k| de[k] + 1e-5 * c1[k]).collect());
    d.set("fixed", (0..n).map(|k| ((k / years) as f64).sin()).collect());
    d.set("gap", (0..n).map(|k| if k % 17 == 3 { f64::NAN } else { s.normal() }).collect());
    d.set("y1", (0..n).map(|k| 0.3 * de[k] - 0.2 * c1[k] + 0.02 * (k / years) as f64 + s.normal()).collect());
    d.set("y2", (0..n).map(|k| if k % 101 == 7 { f64::NAN } else { 0.1 * de[k] + s.normal() }).collect());
    d.set("w", (0..n).map(|_| 0.5 + s.uniform()).collect());
    d.set(INTERCEPT, vec![1.0; n]);
    let names = [
        INTERCEPT, "de", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "sum", "square", "near", "fixed", "gap", "y1",
        "y2",
    ];
    let factor = |name: &str| Factor::from_keys(name, d.get(name).iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    let pool = Pool {
        variables: names.iter().map(|v| (v.to_string(), d.get(v))).collect(),
        fe: ["city", "year", "prov"].map(factor).to_vec(),
        cluster: ["prov", "city"].map(factor).to_vec(),
        rows: (0..n).collect(),
        ..Pool::default()
    };
    (pool, d)
}

fn model(pool: &Pool, outcome: &str, regressors: &[&str], fe: &[&str]) -> Model {
    let at = |name: &str| pool.variables.iter().position(|(v, _)| v == name).unwrap();
    Model {
        outcome: at(outcome),
        regressors: regressors.iter().map(|r| at(r)).collect(),
        fe: fe.iter().map(|f| pool.fe.iter().position(|g| g.name == *f).unwrap()).collect(),
    }
}

/// The model by itself.
fn alone(pool: &Pool, d: &Data, m: &Model, rules: &Regression) -> Result<Estimated, plim_stats::Error> {
    let name = |v: &usize| pool.variables[*v].0.as_str();
    let x: Vec<&str> = m.regressors.iter().map(name).collect();
    let fe: Vec<&str> = m.fe.iter().map(|&f| pool.fe[f].name.as_str()).collect();
    rules.run(&d.design(name(&m.outcome), &x, &fe, &["prov", "city"], pool.w.as_ref().map(|_| "w")))
}

fn same(a: &Estimated, b: &Estimated, what: &str) {
    assert_eq!(
        (&a.fit.names, &a.fit.dropped, &a.covariance.label),
        (&b.fit.names, &b.fit.dropped, &b.covariance.label)
    );
    assert_eq!((a.fit.residuals.len(), a.fit.singletons), (b.fit.residuals.len(), b.fit.singletons), "{what}");
    for (x, y) in a.coefficients.iter().zip(&b.coefficients) {
        close(x.estimate, y.estimate, 1e-12, what);
        close(x.std_error, y.std_error, 1e-12, what);
    }
    close(a.fit.r2(), b.fit.r2(), 1e-12, what);
    close(a.fit.ssr, b.fit.ssr, 1e-12, what);
}

#[test]
fn a_set_is_its_models_one_by_one() {
    let (mut pool, d) = panel();
    let sets: [&[&str]; 9] = [
        &["de"],
        &["de", "c1", "c2", "c3"],
        &["c1", "c2", "sum", "de"],
        &["sum", "c2", "c1"],
        &["de", "square"],
        &["de", "near", "c1", "c5"],
        &["de", "fixed", "c8"],
        &["de", "gap", "c7"],
        &["c8", "c7", "c6", "c5", "c4", "c3", "c2", "c1", "de"],
    ];
    let effects: [&[&str]; 5] = [&[], &["city"], &["city", "year"], &["year", "city"], &["prov", "year"]];
    for weighted in [false, true] {
        pool.w = weighted.then(|| d.get("w"));
        let mut models = Vec::new();
        for outcome in ["y1", "y2"] {
            for x in sets {
                for fe in effects {
                    let x: Vec<&str> = if fe.is_empty() { [&[INTERCEPT][..], x].concat() } else { x.to_vec() };
                    models.push(model(&pool, outcome, &x, fe));
                }
            }
        }
        for rules in [
            Regression::default(),
            Regression { vcov: Some("cluster:prov".parse().unwrap()), ..Regression::default() },
            Regression { ols: Ols { precision: Precision::Extended, ..Ols::default() }, ..Regression::default() },
        ] {
            for (m, got) in models.iter().zip(pool.run(&models, &rules)) {
                let want = alone(&pool, &d, m, &rules).unwrap();
                same(&got.unwrap(), &want, &format!("{m:?} {weighted}"));
            }
        }
    }
}

#[test]
fn a_model_that_fails_has_its_own_error() {
    let (pool, d) = panel();
    let rules = Regression { ols: Ols { collinear: Collinear::Error, ..Ols::default() }, ..Regression::default() };
    let models = [
        model(&pool, "y1", &["de"], &["city"]),
        model(&pool, "y1", &["fixed"], &["city"]),
        model(&pool, "y1", &["c1", "y1"], &["city"]),
        model(&pool, "y1", &["c1", "c2", "sum"], &["city"]),
        Model { outcome: 99, regressors: vec![0], fe: vec![] },
    ];
    let got = pool.run(&models, &rules);
    same(got[0].as_ref().unwrap(), &alone(&pool, &d, &models[0], &rules).unwrap(), "the first");
    let kind = |k: usize| got[k].as_ref().unwrap_err().kind.clone();
    assert_eq!(kind(1), Kind::Collinear { absorbed: true });
    assert!(matches!(kind(2), Kind::Invalid { .. }));
    assert_eq!(kind(3), Kind::Collinear { absorbed: false });
    assert!(matches!(kind(4), Kind::Invalid { .. }));
}

#[test]
fn two_threads_give_the_bits_of_one() {
    let (pool, _) = panel();
    let models: Vec<Model> =
        (2..10).map(|c| Model { outcome: 15, regressors: vec![1, c, 14], fe: vec![0, 1] }).collect();
    let on = |threads: usize| -> Vec<(Vec<f64>, Vec<f64>)> {
        let workers = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let fits = workers.install(|| pool.run(&models, &Regression::default()));
        fits.into_iter().map(|f| f.unwrap()).map(|f| (f.fit.coef.clone(), f.fit.residuals)).collect()
    };
    assert_eq!(on(1), on(2));
}
