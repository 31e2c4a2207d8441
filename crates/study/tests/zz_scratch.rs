use plim_study::single::{Single, run};
use serde_json::json;
#[test]
fn scratch() {
    let file = std::path::Path::new("/work/shared/golden/r/data/syn_city.csv");
    for (f, v) in [
        ("resil ~ de + fdi | city + year", "crv3:city"),
        ("resil ~ de + fdi | city + year", "crv3:prov"),
        ("resil ~ de + fdi", "crv3:prov"),
        ("resil ~ de + fdi | city + prov^year", "crv3:city"),
    ] {
        let o = json!({"formula": f, "vcov": v, "where": "prov <= 12 & open = open"});
        let t = std::time::Instant::now();
        let Single::Fit(fit) = run("feols", file, o.as_object().unwrap().clone()).unwrap() else { panic!() };
        println!(
            "{v} {} {:?} {:?}",
            fit.nobs,
            fit.coefficients.iter().map(|c| (c.name.clone(), c.std_error)).collect::<Vec<_>>(),
            t.elapsed()
        );
    }
    for (f, v) in
        [("resil ~ de + fdi | city + year", "cluster:city"), ("resil ~ de + fdi | city + prov^year", "cluster:city")]
    {
        let t = std::time::Instant::now();
        let o = json!({"formula": f, "vcov": v, "wild_bootstrap": "de"});
        let Single::Fit(fit) = run("feols", file, o.as_object().unwrap().clone()).unwrap() else { panic!() };
        println!("{} {:?}", fit.more["wild_bootstrap"], t.elapsed());
        let t = std::time::Instant::now();
        let o = json!({"formula": f, "vcov": "crv3:city"});
        let Single::Fit(fit) = run("feols", file, o.as_object().unwrap().clone()).unwrap() else { panic!() };
        println!("{} {:?}", fit.vcov, t.elapsed());
    }
    let t = std::time::Instant::now();
    let o = json!({"formula": "resil ~ de + fdi | city + year", "unit": "city", "time": "year", "permutation": "pilot", "replications": 999});
    match run("feols", file, o.as_object().unwrap().clone()) {
        Ok(Single::Fit(fit)) => println!("{} {:?}", fit.more["permutation"], t.elapsed()),
        Err(e) => println!("{e}"),
        _ => {}
    }
    let o = json!({"formula": "resil ~ de + pilot + fdi | city + year", "unit": "city", "time": "year", "permutation": "pilot", "replications": 999, "bands": true});
    match run("feols", file, o.as_object().unwrap().clone()) {
        Ok(Single::Fit(fit)) => println!("{} {} {:?}", fit.more["permutation"], fit.more["bands"], t.elapsed()),
        Err(e) => println!("{e}"),
        _ => {}
    }
}
#[test]
fn conley_speed() {
    use plim_stats::math::{Mat, rng::Stream};
    use plim_stats::{
        Design,
        linear::Ols,
        vcov::{Ssc, vcov},
    };
    let n = 100_000;
    let mut s = Stream::new(1, 0);
    let design = Design {
        y: (0..n).map(|_| s.normal()).collect(),
        outcome: "y".into(),
        X: Mat::from_fn(n, 3, |_, j| if j == 0 { 1.0 } else { s.normal() }),
        names: vec!["(Intercept)".into(), "a".into(), "b".into()],
        rows: (0..n).collect(),
        ..Design::default()
    };
    let mut design = design;
    design.place = Some((0..n).map(|_| [20.0 + 30.0 * s.uniform(), 75.0 + 55.0 * s.uniform()]).collect());
    let fit = Ols::default().fit(&design).unwrap();
    for km in [20, 50, 200] {
        let t = std::time::Instant::now();
        let c = vcov(&fit, &format!("conley:{km}").parse().unwrap(), Ssc::Fixest, &design).unwrap();
        println!("{km} {} {:?}", c.V[(1, 1)].sqrt(), t.elapsed());
    }
}
