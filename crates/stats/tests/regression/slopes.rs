//! Slopes by level and values of the effects, against fixest 0.14.2 (R 4.2.2, shared/golden/r/fixest.json).

use crate::data::{Data, parquet};
use crate::fixest::{cases, check, table};
use plim_golden::{close, shared};
use plim_stats::absorb::{Absorber, Singletons};
use plim_stats::linear::{Ols, Prepared};
use plim_stats::vcov::{Ssc, vcov};
use plim_stats::{Design, Fit, Slope};
use std::path::Path;

fn same(name: &str) -> String {
    name.into()
}

/// The design with a slope of `x` for each level of its effect `e`.
fn with_slope(data: &Data, mut design: Design, e: usize, x: &str) -> Design {
    let column = data.get(x);
    let x_at = design.rows.iter().map(|&r| column[r]).collect();
    design.slopes.push(Slope { factor: design.fe[e].clone(), name: x.into(), x: x_at });
    design
}

#[test]
fn city_trends() {
    let (Some(cases), Some(city)) = (cases(), table("data/syn_city.csv")) else { return };
    let d = city.design("resil", &["de", "open"], &["city", "year"], &[], None);
    let fit =
        check(&cases["city_trend"]["result"], &with_slope(&city, d, 0, "year"), "cluster:city", Ssc::Fixest, &same);
    assert_eq!(fit.coef.len() + fit.effects_counted(), 590);
    // The years' effects span one trend of all cities and one constant.
    assert_eq!(fit.rank, Some(2 * 289 + 11 - 2));
}

#[test]
fn slopes_nested_in_the_clusters_count() {
    let (Some(cases), Some(did)) = (cases(), table("package_data/fixest_base_did.csv")) else { return };
    let d = did.design("y", &["treat:post"], &["id", "period"], &[], None);
    let d = with_slope(&did, d, 0, "period");
    let fit = check(&cases["did_varslope"]["result"], &d, "cluster:id", Ssc::Fixest, &same);
    assert_eq!(fit.coef.len() + fit.effects_counted(), 226);
    assert_eq!(fit.rank, Some(2 * 108 + 10 - 2));
    // The rule by the true rank counts two fewer than all.
    let exact = vcov(&fit, &"iid".parse().unwrap(), Ssc::ExactRank, &d).unwrap();
    assert_eq!((exact.K, fit.dof_residual()), (Some(225), 1080 - 225));
}

#[test]
fn trade_by_product_with_trends() {
    let (Some(cases), Some(path)) = (cases(), shared("data/fixest_trade_eu15_2007_2016.parquet")) else { return };
    let trade = parquet(&path);
    let d = trade.design("log(Euros)", &["log(dist_km)"], &["Product", "Origin"], &[], None);
    let d = with_slope(&trade, d, 0, "Year");
    let fit = check(&cases["trade_feols_varslope_year"]["result"], &d, "iid", Ssc::Fixest, &same);
    assert_eq!(fit.coef.len() + fit.effects_counted(), 55);
}

/// The text of a column, where each code first appears.
fn names(path: &Path, column: &str) -> Vec<String> {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut names: Vec<String> = Vec::new();
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let (_, field) = row.get_column_iter().find(|(name, _)| *name == column).unwrap();
        let text = field.to_string().trim_matches('"').trim_end_matches(".0").to_string();
        if !names.contains(&text) {
            names.push(text);
        }
    }
    names
}

#[test]
fn values_of_the_effects() {
    let (Some(cases), Some(path)) = (cases(), shared("data/fixest_trade_eu15_2007_2016.parquet")) else { return };
    let result = &cases["trade_fixef_values"]["result"];
    let effects = ["Origin", "Destination", "Year"];
    let d = parquet(&path).design("log(Euros)", &["log(dist_km)"], &effects, &[], None);
    let fit = Ols::default().fit(&d).unwrap();
    let rest: Vec<f64> = (0..d.nobs()).map(|i| d.y[i] - fit.coef[0] * d.X[(i, 0)]).collect();
    let values = Absorber::new(&d.fe, &[], None).unwrap().effects_of(&rest, &d.fe, &[]).unwrap();
    for (e, effect) in effects.iter().enumerate() {
        let want = result[format!("fixef_{effect}")].as_object().unwrap();
        let names = names(&path, effect);
        assert_eq!(want.len(), names.len());
        for (name, &got) in names.iter().zip(&values.constants[e]) {
            // fixest stops at 1e-6 on the coefficients of the effects; the size of all is that of the largest.
            let want = want[name].as_f64().unwrap();
            assert!((got - want).abs() < 1e-6, "{effect} {name}: {got} {want}");
        }
    }
}

#[test]
fn a_slope_alone_is_a_regressor_for_each_level() {
    let Some(city) = table("data/syn_city.csv") else { return };
    let few = city.filter(|i| city.get("city")[i] <= 12.0);
    let mut d = few.design("resil", &["de"], &["year"], &[], None);
    let plain = few.design("resil", &["open", "de"], &["year"], &[], None);
    let factor = few.factor("city", &d.rows);
    let open = few.get("open");
    let x: Vec<f64> = d.rows.iter().map(|&r| open[r]).collect();
    d.slopes.push(Slope { factor: factor.clone(), name: "open".into(), x: x.clone() });
    let mut columns = vec![("de".to_string(), d.X.col_as_slice(0).to_vec())];
    for level in 0..factor.levels {
        let of = |i: usize| if factor.codes[i] == level { x[i] } else { 0.0 };
        columns.push((format!("open {level}"), (0..d.nobs()).map(of).collect()));
    }
    let by_slopes = Ols::default().fit(&d).unwrap();
    let by_columns = Ols::default().fit(&plain.with_regressors(&columns)).unwrap();
    close(by_slopes.coef[0], by_columns.coef[0], 1e-11, "de");
    close(by_slopes.ssr, by_columns.ssr, 1e-11, "ssr");
    assert_eq!(by_slopes.dof_residual(), by_columns.dof_residual());
    let se = |fit, d: &Design| vcov(fit, &"hc1".parse().unwrap(), Ssc::ExactRank, d).unwrap().V[(0, 0)].sqrt();
    close(se(&by_slopes, &d), se(&by_columns, &plain), 1e-11, "se");
    let hc3 = |fit, d: &Design| vcov(fit, &"hc3".parse().unwrap(), Ssc::None, d).unwrap().V[(0, 0)].sqrt();
    close(hc3(&by_slopes, &d), hc3(&by_columns, &plain), 1e-10, "hc3, whose leverages count the slopes");
}

#[test]
fn a_regressor_that_the_slopes_span_is_absorbed() {
    let Some(city) = table("data/syn_city.csv") else { return };
    let d = city.design("resil", &["de", "year"], &["city"], &[], None);
    let fit = Ols::default().fit(&with_slope(&city, d, 0, "year")).unwrap();
    assert_eq!(fit.notes(), ["`year` dropped: absorbed by `city[[year]]`"]);
}

#[test]
fn prepared_designs_carry_their_slopes() {
    let Some(city) = table("data/syn_city.csv") else { return };
    let d = with_slope(&city, city.design("resil", &["de"], &["city", "year"], &[], None), 0, "year");
    let prepared = Prepared::new(&d, Singletons::Drop).unwrap();
    let mut columns = vec![d.slopes[0].x.clone()];
    let (before, certificate) = prepared.absorb(&mut columns).unwrap();
    assert!(certificate < 1e-13);
    assert!(columns[0].iter().all(|v| v.abs() < 1e-9), "the slope's own variable is absorbed");
    assert!(before[0] > 1.0);
}
