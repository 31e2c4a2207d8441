//! Against pyfixest and clubSandwich: CR0 to CR3 of provinces (shared/golden/r/plm.json, case `city_CR2`).

use crate::Data;
use crate::data::panel48;
use plim_golden::{Csv, close, json, shared};
use plim_stats::linear::Ols;
use plim_stats::vcov::{Ssc, vcov};

#[test]
fn club_sandwich() {
    let (Some(path), Some(city)) = (shared("golden/r/plm.json"), shared("golden/r/data/syn_city.csv")) else { return };
    let case = &json(&path)["cases"]["city_CR2"]["result"];
    let mut data = Data::from_csv(&Csv::read(&city));
    for region in [1.0, 2.0, 3.0] {
        let dummy = data.get("prov").iter().map(|p| f64::from(u8::from(p % 4.0 == region))).collect();
        data.set(&format!("factor(region0){region}"), dummy);
    }
    let x = ["(Intercept)", "de", "fdi", "open", "factor(region0)1", "factor(region0)2", "factor(region0)3"];
    let design = data.design("resil", &x, &[], &["prov"], None);
    let fit = Ols::default().fit(&design).unwrap();
    let n = design.nobs() as f64;
    for (name, how, ssc, factor) in [
        ("CR0", "cluster:prov", Ssc::None, 1.0),
        ("CR1S", "cluster:prov", Ssc::Fixest, 1.0),
        ("CR2", "cr2:prov", Ssc::Fixest, 1.0),
        ("CR3", "crv3:prov", Ssc::None, 1.0),
        ("CR3", "crv3:prov", Ssc::Plm, 1.0),
        // The factor of clusters, as pyfixest has it.
        ("CR3", "crv3:prov", Ssc::Fixest, ((n - 1.0) / (n - 7.0) * 30.0 / 29.0).sqrt()),
    ] {
        let c = vcov(&fit, &how.parse().unwrap(), ssc, &design).unwrap();
        for (j, term) in x.iter().enumerate() {
            close(fit.coef[j], case["coef"][term].as_f64().unwrap(), 1e-8, term);
            let want = case[name]["se"][term].as_f64().unwrap() * factor;
            close(c.V[(j, j)].sqrt(), want, 1e-8, &format!("{name} {term}"));
        }
        assert_eq!(c.df, 29.0);
    }
}

/// pyfixest 0.60.0 on the panel of the notes, `pf.feols("y ~ x + w | t", panel, vcov={"CRV3": "i"})`, and without `t`.
#[test]
fn crv3_of_pyfixest() {
    for (fe, want) in [
        (&["t"][..], &[0.20575001306811097, 0.31835651690547573][..]),
        (&[], &[0.2821707608959582, 0.24577192810748041, 0.33795334071391747]),
    ] {
        let design = panel48().design("y", &["x", "w"], fe, &["i"], None);
        let fit = Ols::default().fit(&design).unwrap();
        let c = vcov(&fit, &"crv3:i".parse().unwrap(), Ssc::Fixest, &design).unwrap();
        for (j, want) in want.iter().enumerate() {
            close(c.V[(j, j)].sqrt(), *want, 1e-8, &fit.names[j]);
        }
    }
}
