//! Against clubSandwich: CR0 to CR3 of provinces (shared/golden/r/plm.json, case `city_CR2`).

use crate::Data;
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
    for (name, how, ssc, factor) in [
        ("CR0", "cluster:prov", Ssc::None, 1.0),
        ("CR1S", "cluster:prov", Ssc::Fixest, 1.0),
        ("CR2", "cr2:prov", Ssc::Fixest, 1.0),
        ("CR3", "crv3:prov", Ssc::None, 1.0),
        ("CR3", "crv3:prov", Ssc::Plm, 1.0),
        // The jackknife's own factor.
        ("CR3", "crv3:prov", Ssc::Fixest, (29.0f64 / 30.0).sqrt()),
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
