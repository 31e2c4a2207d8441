//! The wild cluster bootstrap against regressing again, permutation against counting, step-down p-values.

use crate::{Data, panel};
use plim_golden::{Csv, close, json, shared};
use plim_stats::absorb::Singletons;
use plim_stats::linear::Ols;
use plim_stats::resample::permutation::permutation;
use plim_stats::resample::wild::{Weights, Wild, WildResult, romano_wolf, wild_bootstrap};
use plim_stats::vcov::{Ssc, cluster_at, vcov};
use plim_stats::{Design, Fit};

fn bootstrap(design: &Design, cluster: &str, names: &[&str], options: &Wild) -> Vec<WildResult> {
    let fit = Ols::default().fit(design).unwrap();
    let c = vcov(&fit, &format!("cluster:{cluster}").parse().unwrap(), Ssc::Fixest, design).unwrap();
    let positions: Vec<usize> = names.iter().map(|n| fit.names.iter().position(|m| m == n).unwrap()).collect();
    let clusters = cluster_at(&fit, design, cluster).unwrap();
    wild_bootstrap(&fit, design, &clusters, &positions, c.factor, options).unwrap()
}

/// R's quantile of type 7.
fn quantile(mut v: Vec<f64>, p: f64) -> f64 {
    v.sort_by(f64::total_cmp);
    let h = p * (v.len() - 1) as f64;
    let low = h.floor() as usize;
    v[low] + (h - low as f64) * (v[(low + 1).min(v.len() - 1)] - v[low])
}

#[test]
fn all_sign_vectors_of_ten_provinces() {
    let (Some(path), Some(city)) = (shared("golden/r/misc.json"), shared("golden/r/data/syn_city.csv")) else { return };
    let case = &json(&path)["cases"]["wcr_enum_city_region"]["result"];
    let want = |name: &str| case[name].as_f64().unwrap();
    let data = Data::from_csv(&Csv::read(&city));
    let all = data.design("resil", &["(Intercept)", "de", "fdi"], &[], &["prov"], None);
    let prov = data.get("prov");
    let design = all.at(&(0..all.nobs()).filter(|&i| prov[all.rows[i]] <= 10.0).collect::<Vec<_>>());
    let one = bootstrap(&design, "prov", &["de"], &Wild::default()).remove(0);
    let t = &one.test;
    assert!(t.enumerated && t.replications == 1024 && t.clusters == 10);
    close(t.statistic, want("t"), 1e-8, "t");
    assert_eq!(t.p_value, want("p_wcr_symmetric_weak"));
    assert_eq!(t.p_strict, want("p_wcr_symmetric_strict"));
    // Strict tails are zero; ours counts the sample's own draw, as the weak symmetric one does.
    assert_eq!((want("p_wcr_equal_tail"), t.p_equal_tail), (0.0, 2.0 / 1024.0));
    for (level, p) in [("50%", 0.5), ("90%", 0.9), ("95%", 0.95), ("99%", 0.99)] {
        let got = quantile(one.draws.iter().map(|t| t.abs()).collect(), p);
        close(got, case["q_abs_t_wcr"][level].as_f64().unwrap(), 1e-8, level);
    }
    let free = bootstrap(&design, "prov", &["de"], &Wild { impose_null: false, ..Wild::default() }).remove(0);
    assert_eq!(free.test.p_strict, want("p_wcu_symmetric_strict"));
}

/// t* of one draw by regressing again, everything absorbed anew.
fn again(design: &Design, cluster: &str, position: usize, v: &[f64], null: f64) -> f64 {
    let regressors = design.regressors();
    let mut restricted = design.with_regressors(
        &regressors.iter().enumerate().filter(|(j, _)| *j != position).map(|(_, r)| r.clone()).collect::<Vec<_>>(),
    );
    let x = &regressors[position].1;
    restricted.y.iter_mut().zip(x).for_each(|(y, x)| *y -= null * x);
    let fit = Ols::default().fit(&restricted).unwrap();
    let clusters = design.cluster(cluster).unwrap();
    let mut drawn = design.clone();
    for i in 0..design.nobs() {
        let u = fit.residuals[i];
        drawn.y[i] = design.y[i] - u + v[clusters.codes[i] as usize] * u;
    }
    let fit = Ols::default().fit(&drawn).unwrap();
    let c = vcov(&fit, &format!("cluster:{cluster}").parse().unwrap(), Ssc::Fixest, &drawn).unwrap();
    (fit.coef[position] - null) / c.V[(position, position)].sqrt()
}

#[test]
fn a_draw_is_a_regression_with_effects_across_the_clusters() {
    for (fe, weights) in [(vec!["i", "t"], Some("a")), (vec!["t"], None), (vec!["i"], Some("a"))] {
        let design = panel(1).design("y", &["x", "w"], &fe, &["region"], weights);
        let results = bootstrap(&design, "region", &["x", "w"], &Wild::default());
        for (position, result) in results.iter().enumerate() {
            assert!(result.test.enumerated && result.draws.len() == 32);
            for draw in [0usize, 5, 11, 22, 30] {
                let v: Vec<f64> = (0..5).map(|g| if draw >> g & 1 == 1 { 1.0 } else { -1.0 }).collect();
                close(result.draws[draw], again(&design, "region", position, &v, 0.0), 1e-8, &format!("{fe:?} {draw}"));
            }
            // Five clusters: p is never below 2/32, so that no interval of 95 % is bounded.
            assert_eq!((result.test.conf_low, result.test.conf_high), (None, None));
        }
    }
}

#[test]
fn the_interval_inverts_the_test() {
    let design = panel(2).design("y", &["x", "w"], &["i", "t"], &["i"], None);
    let options = Wild { replications: 999, seed: 3, ..Wild::default() };
    let one = bootstrap(&design, "i", &["x"], &options).remove(0);
    let (low, high) = (one.test.conf_low.unwrap(), one.test.conf_high.unwrap());
    let b = Ols::default().fit(&design).unwrap().coef[0];
    assert!(low < b && b < high && !one.test.enumerated && one.test.replications == 999);
    // At the end of the interval p is just at or below 5 %: the test of y - high x says so by itself.
    for (null, beyond) in [(low, low - 1e-6), (high, high + 1e-6)] {
        let mut moved = design.clone();
        for i in 0..design.nobs() {
            moved.y[i] -= beyond * design.X[(i, 0)];
        }
        let p = bootstrap(&moved, "i", &["x"], &options).remove(0).test.p_value;
        assert!((0.045..=0.05).contains(&p), "{null}: {p}");
    }
    // Same seed, same bits; Webb and Mammen agree with Rademacher roughly.
    assert_eq!(bootstrap(&design, "i", &["x"], &options).remove(0).draws, one.draws);
    for weights in [Weights::Webb, Weights::Mammen] {
        let other = bootstrap(&design, "i", &["x"], &Wild { weights, ..options.clone() }).remove(0);
        assert!((other.test.conf_high.unwrap() - high).abs() < 0.3 * (high - low), "{weights:?}");
    }
}

#[test]
fn webb_has_more_draws_than_signs() {
    let design = panel(3).design("y", &["x", "w"], &["t"], &["region"], None);
    let webb = bootstrap(&design, "region", &["x"], &Wild { weights: Weights::Webb, ..Wild::default() }).remove(0);
    assert!(webb.test.enumerated && webb.test.replications == 6usize.pow(5));
    let few = bootstrap(&design, "region", &["x"], &Wild { replications: 20, ..Wild::default() }).remove(0);
    assert!(!few.test.enumerated && few.test.replications == 20);
}

#[test]
fn stepping_down() {
    let design = panel(4).design("y", &["x", "w", "e"], &["i", "t"], &["i"], None);
    let options = Wild { replications: 499, seed: 9, ..Wild::default() };
    let results = bootstrap(&design, "i", &["x", "w", "e"], &options);
    let adjusted = romano_wolf(&results).unwrap();
    for (result, p) in results.iter().zip(&adjusted) {
        assert!(*p >= result.test.p_value, "{p} {}", result.test.p_value);
    }
    // The largest statistic is compared with the largest of each draw, the smallest with its own.
    let largest = (0..3).max_by(|&a, &b| results[a].test.statistic.abs().total_cmp(&results[b].test.statistic.abs()));
    let s = largest.unwrap();
    let bound = results[s].test.statistic.abs();
    let hits = (0..499).filter(|&b| results.iter().any(|r| r.draws[b].abs() >= bound)).count();
    assert_eq!(adjusted[s], (1 + hits) as f64 / 500.0);
    assert_eq!(romano_wolf(&results[1..2]).unwrap(), [results[1].test.p_value]);
    assert!(romano_wolf(&[results[0].clone(), bootstrap(&design, "i", &["w"], &Wild::default()).remove(0)]).is_err());
}

#[test]
fn paths_change_hands() {
    // Eight units, two periods; d starts in the second period in three of them: 56 arrangements.
    let mut data = Data::default();
    data.set("i", (0..16).map(|r| f64::from(r / 2)).collect());
    data.set("t", (0..16).map(|r| f64::from(r % 2)).collect());
    let d = |r: usize| f64::from(u8::from(r % 2 == 1 && [1, 4, 6].contains(&(r / 2))));
    data.set("d", (0..16).map(d).collect());
    data.set("y", (0..16).map(|r| 0.7 * d(r) + ((r * r * 7) % 13) as f64 * 0.1).collect());
    let design = data.design("y", &["d"], &["i", "t"], &["i"], None);
    let time: Vec<i64> = (0..16).map(|r| r % 2).collect();
    let unit = design.cluster("i").unwrap().clone();
    let run = |unit| permutation(&design, "d", unit, Some(&time), Singletons::Drop, 999, 1);
    let p = run(&unit).unwrap().permutation;
    assert!(p.exact && p.draws == 56);
    // With two periods the estimate is a difference of mean changes: count by hand.
    let y = data.get("y");
    let change = |u: usize| y[2 * u + 1] - y[2 * u];
    let effect = |set: u32| {
        let mean = |inside: bool| {
            let of: Vec<f64> = (0..8).filter(|u| (set >> u & 1 == 1) == inside).map(change).collect();
            of.iter().sum::<f64>() / of.len() as f64
        };
        mean(true) - mean(false)
    };
    let own = effect(1 << 1 | 1 << 4 | 1 << 6);
    close(Ols::default().fit(&design).unwrap().coef()[0], own, 1e-12, "estimate");
    let all: Vec<u32> = (0..256).filter(|s: &u32| s.count_ones() == 3).collect();
    let hits = all.iter().filter(|&&s| effect(s).abs() >= own.abs() * (1.0 - 1e-9)).count();
    assert_eq!(p.p_value, hits as f64 / 56.0);
    // Rows that differ within a unit at one time, and regressors that are not there, are refused.
    let one = plim_stats::Factor::from_keys("all", [0; 16]);
    assert!(run(&one).unwrap_err().to_string().contains("differs within one unit"));
    assert!(permutation(&design, "z", &unit, None, Singletons::Drop, 9, 1).is_err());
    let lacking = design.at(&(1..16).collect::<Vec<_>>());
    let unit = lacking.cluster("i").unwrap().clone();
    let e = permutation(&lacking, "d", &unit, Some(&time[1..]), Singletons::Keep, 9, 1).unwrap_err();
    assert!(e.to_string().contains("lacks periods"), "{e}");
}
