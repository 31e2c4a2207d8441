//! The hand-checkable vectors of the methods canon, each through the command that a user would type.
//!
//! They are printed with 8 decimals (or fewer), so the comparison is to half a unit of the last one.

mod common;

use common::{coefficient, column, json, number, panel48};
use plim_golden::close_printed;

const INDICATORS: &str =
    "city,year,x1,x2,x3\nA,1,10,200,5\nA,2,14,260,4\nB,1,30,220,9\nB,2,35,300,7\nC,1,22,500,6\nC,2,25,640,3\n";

fn entropy(more: &[&str]) -> (Vec<f64>, Vec<f64>) {
    let mut args =
        vec!["measure", "entropy", "--unit", "city", "--time", "year", "--indicators", "x1,x2,x3", "--negative", "x3"];
    args.extend(more);
    let got = json(INDICATORS, &args);
    (column(&got, "weights", "weight"), column(&got, "rows", "score"))
}

#[test]
fn entropy_1_2() {
    let (w, s) = entropy(&[]);
    close_printed(&w, &[0.27345612, 0.50701027, 0.21953361], 8, "A weights");
    close_printed(&s, &[0.14635574, 0.29583542, 0.24181082, 0.46186360, 0.58671456, 0.89061755], 8, "A score");
    let (w, s) = entropy(&["--zeros", "shift:0.0001"]);
    close_printed(&w, &[0.27345916, 0.50702127, 0.21951957], 8, "B weights");
    close_printed(&s, &[0.14634638, 0.29582571, 0.24181375, 0.46186445, 0.58671650, 0.89061634], 8, "B score");
    let (w, _) = entropy(&["--zeros", "affine:0.0001"]);
    close_printed(&w, &[0.27345916, 0.50702127, 0.21951957], 8, "B' weights");
    let (w, _) = entropy(&["--zeros", "affine_low:0.01"]);
    close_printed(&w, &[0.27473757, 0.50494935, 0.22031308], 8, "B'' weights");
    let (w, s) = entropy(&["--normalize-scope", "year", "--share-scope", "year"]);
    close_printed(&w[..3], &[0.25445721, 0.50351292, 0.24202987], 8, "C weights 1");
    close_printed(&w[3..], &[0.27500656, 0.47380432, 0.25118912], 8, "C weights 2");
    close_printed(&s, &[0.24202987, 0.18839184, 0.28802474, 0.32488070, 0.83770965, 0.86904449], 8, "C score");
    let (w, s) = entropy(&["--share_scope", "year"]);
    close_printed(&w[3..], &[0.31001428, 0.55107231, 0.13891341], 8, "D weights 2");
    close_printed(&s, &[0.16135325, 0.24050969, 0.22645272, 0.48156245, 0.58645866, 0.87599429], 8, "D score");
    let (w, s) = entropy(&["--replicate", "ln_t"]);
    close_printed(&w, &[0.36442185, 0.24315950, 0.39241865], 8, "E weights");
    close_printed(&s, &[0.26161244, 0.41848115, 0.30259018, 0.55049159, 0.53692238, 0.85423126], 8, "E score");
}

#[test]
fn published_weights_are_audited() {
    let published = ["0.2735,0.5070,0.2195", "0.3644,0.2432,0.3924", "0.1,0.2,0.7"];
    for (weights, verdict) in published.into_iter().zip(["zeros = none", "replicate = ln_t", "none"]) {
        let args =
            ["audit", "weights", "--unit", "city", "--time", "year", "--indicators", "x1,x2,x3", "--negative", "x3"];
        let got = json(INDICATORS, &[&args[..], &["--weights", weights]].concat());
        assert!(got["verdict"].as_str().is_some_and(|v| v.contains(verdict)), "{weights}: {}", got["verdict"]);
    }
    let odd = INDICATORS.replace("C,1,22", "C,1,\u{c3}\u{a9}");
    let got = json(&odd, &["audit", "data", "--unit", "city", "--time", "year"]);
    assert!(got["counts"]["encoding"].as_u64() == Some(1), "{got}");
}

#[test]
fn entropy_details() {
    let args = ["measure", "entropy", "--indicators", "x1,x2,x3", "--direction", "x3:-1"];
    let got = json(INDICATORS, &args);
    close_printed(&column(&got, "weights", "entropy"), &[0.82809211, 0.68126854, 0.86199043], 8, "entropy");
    assert_eq!(got["method"], "entropy");
    assert_eq!(got["weights"][0]["name"], "x1");
}

#[test]
fn half_normal_frontier_at_given_parameters_2_1a() {
    let data = "x,y\n0,.9\n.5,1.1\n1,1.2\n1.5,1.9\n2,1.7\n";
    let got = json(data, &["fit", "sfa", "--formula", "y ~ x", "--at", "1.2,0.4,0.25,0.6"]);
    close_printed(&[number(&got["stats"]["loglik"], "loglik")], &[-0.4189020399], 10, "loglik");
    let te = column(&got, "rows", "efficiency");
    close_printed(&te, &[0.77014957, 0.77014957, 0.74504904, 0.84686140, 0.77014957], 8, "Battese-Coelli");
    let u: Vec<f64> = column(&got, "rows", "efficiency_jlms").iter().map(|e| -e.ln()).collect();
    close_printed(&u, &[0.27703358, 0.27703358, 0.31229477, 0.17517149, 0.27703358], 8, "JLMS");
}

#[test]
fn half_normal_frontier_at_its_maximum_2_1d() {
    let mut data = String::from("x,y\n");
    for i in 1..=20_i64 {
        let x = ((7 * i) % 20) as f64 / 10.0;
        let v = (((11 * i) % 19) - 9) as f64 / 30.0;
        let u = 1.2 * (((13 * i) % 17) as f64 / 17.0).powi(2);
        data.push_str(&format!("{x},{}\n", 1.0 + 0.5 * x + v - u));
    }
    let got = json(&data, &["fit", "sfa", "--formula", "y ~ x"]);
    let stat = |name: &str| number(&got["stats"][name], name);
    close_printed(&[stat("loglik")], &[-9.161763981], 9, "loglik");
    close_printed(&[stat("loglik_ols")], &[-9.23622657], 8, "loglik of OLS");
    close_printed(
        &[stat("lr"), stat("sigma2"), stat("gamma")],
        &[0.148925, 0.280071, 0.733870],
        6,
        "lr, sigma2, gamma",
    );
    close_printed(&[coefficient(&got, "(Intercept)", "estimate")], &[1.03554], 5, "b0");
    close_printed(&[coefficient(&got, "x", "estimate")], &[0.462404], 6, "b1");
}

const UNITS: &str = "unit,x,y\nA,2,2\nB,3,5\nC,6,8\nD,9,9\nE,5,3\n";

fn dea(more: &[&str], column_name: &str) -> Vec<f64> {
    let mut args = vec!["measure", "dea", "--unit", "unit", "--inputs", "x", "--outputs", "y"];
    args.extend(more);
    column(&json(UNITS, &args), "rows", column_name)
}

#[test]
fn envelopment_2_2a() {
    close_printed(&dea(&["--rts", "crs"], "efficiency"), &[0.6, 1.0, 0.8, 0.6, 0.36], 9, "CRS");
    close_printed(&dea(&[], "efficiency"), &[1.0, 1.0, 1.0, 1.0, 0.466667], 6, "VRS");
    close_printed(&dea(&["--rts", "nirs"], "efficiency"), &[0.6, 1.0, 1.0, 1.0, 0.36], 9, "NIRS");
    let scale = dea(&["--scale"], "scale_efficiency");
    close_printed(&scale, &[0.6, 1.0, 0.8, 0.6, 0.771429], 6, "scale efficiency");
    let crs = dea(&["--rts", "crs", "--orientation", "output"], "score");
    close_printed(&crs, &[1.666667, 1.0, 1.25, 1.666667, 2.777778], 6, "phi CRS");
    let vrs = dea(&["--orientation", "output"], "score");
    close_printed(&vrs, &[1.0, 1.0, 1.0, 1.0, 2.333333], 6, "phi VRS");
    let crs = dea(&["--rts", "crs", "--super-efficiency"], "efficiency");
    close_printed(&crs, &[0.6, 1.25, 0.8, 0.6, 0.36], 9, "super-efficiency CRS");
    let got =
        json(UNITS, &["measure", "dea", "--unit", "unit", "--inputs", "x", "--outputs", "y", "--super_efficiency"]);
    let vrs = column(&got, "rows", "efficiency");
    close_printed(&vrs[..3], &[1.5, 1.333333, 1.25], 6, "super-efficiency VRS");
    assert!(vrs[3].is_nan());
    assert_eq!(got["rows"][3]["status"], "infeasible");
    let rts = json(UNITS, &["measure", "dea", "--unit", "unit", "--inputs", "x", "--outputs", "y", "--scale"]);
    let rts: Vec<&str> =
        rts["rows"].as_array().unwrap().iter().map(|r| r["returns_to_scale"].as_str().unwrap()).collect();
    assert_eq!(rts, ["irs", "crs", "drs", "drs", "irs"]);
}

const EXPORTS: &str = "city,year,v\nA,0,100\nA,1,110\nA,2,104\nA,3,98\nA,4,108\nA,5,125\nB,0,50\nB,1,53\nB,2,52\nB,3,51\nB,4,51.5\nB,5,56\nC,0,20\nC,1,19\nC,2,21\nC,3,20.5\nC,4,21\nC,5,30\n";

#[test]
fn resilience_3() {
    let base = ["measure", "resilience", "--unit", "city", "--time", "year", "--value", "v"];
    let with = |more: &[&str]| json(EXPORTS, &[&base[..], more].concat());
    let ratio = column(&with(&[]), "rows", "resilience");
    assert!(ratio[0].is_nan() && ratio[6].is_nan() && ratio[12].is_nan());
    close_printed(&ratio[1..6], &[0.41666667, -0.98545455, -0.36153846, 0.57235622, -0.06845780], 8, "A");
    close_printed(&ratio[7..12], &[-0.15, 0.31320755, 0.54615385, -0.84893048, -0.48289034], 8, "B");
    close_printed(&ratio[13..], &[-1.70833333, 4.83157895, 0.43809524, -0.62416851, 1.53629977], 8, "C");
    let loo = column(&with(&["--nation", "leave_one_out"]), "rows", "resilience");
    close_printed(&loo[1..6], &[2.5, -4.92727273, -1.80769231, 6.29591837, -0.15466392], 8, "A, nation without A");
    let gap = column(&with(&["--form", "difference"]), "rows", "resilience");
    close_printed(&[gap[1]], &[0.1 - 0.07058824], 8, "difference");
    let window = with(&["--form", "window", "--resistance", "1:3", "--recovery", "3:5"]);
    let first = |name: &str| {
        let rows = window["rows"].as_array().unwrap();
        let of = |city: &str| rows.iter().find(|r| r["city"] == city).map(|r| number(&r[name], name)).unwrap();
        [of("A"), of("B"), of("C")]
    };
    close_printed(&first("resistance"), &[-0.58836364, 0.45056604, 2.14947368], 8, "resistance");
    close_printed(&first("recovery"), &[0.12527662, -0.59957477, 0.89274170], 8, "recovery");
    let share = column(&with(&[]), "variance_share", "share");
    assert!((share.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn cycles_and_episodes_3() {
    let keys = ["--unit", "city", "--time", "year", "--value", "v"];
    let with = |method: &str, more: &[&str]| json(EXPORTS, &[&["measure", method][..], &keys, more].concat());
    let cycle = column(&with("resilience", &["--form", "hp"]), "rows", "cycle");
    let want = [-0.01001524, 0.06755623, -0.00466951, -0.08783333, -0.03047353, 0.06543538];
    close_printed(&cycle[..6], &want, 8, "lambda 6.25");
    let cycle = column(&with("resilience", &["--form", "hp", "--lambda", "100"]), "rows", "cycle");
    let want = [0.00132796, 0.06908315, -0.01457459, -0.10228367, -0.03468134, 0.08112847];
    close_printed(&cycle[..6], &want, 8, "lambda 100");
    let volatility = column(&with("resilience", &["--form", "volatility"]), "rows", "volatility");
    close_printed(&[volatility[5]], &[0.09567224], 8, "sd of log growth");
    let got = with("episodes", &[]);
    let one = |name: &str| column(&got, "rows", name)[0];
    let found = ["depth", "loss_area", "recovery_ratio", "recovered", "trough"].map(one);
    close_printed(&found, &[-0.10909091, 0.18181818, 2.25, 4.11764706, 3.0], 8, "episode of A");
}

#[test]
fn mix_shift_share_and_counterfactual_3() {
    let data = "city,year,p,v\nA,0,x,70\nA,0,y,30\nA,1,x,60\nA,1,y,34\n\
        B,0,x,230\nB,0,y,170\nB,1,x,210\nB,1,y,176\n";
    let keys = ["--unit", "city", "--time", "year", "--product", "p", "--value", "v"];
    let mix = json(data, &[&["measure", "resilience"][..], &keys, &["--nation", "mix"]].concat());
    close_printed(&[column(&mix, "rows", "resilience")[1]], &[-0.09090909], 8, "R_mix");
    let parts = json(data, &[&["measure", "shift_share"][..], &keys].concat());
    let one = |name: &str| column(&parts, "rows", name)[0];
    close_printed(&["national", "mix", "residual"].map(one), &[-4.0, -1.5, -0.5], 8, "NG, IM, RS");

    let data = "city,year,p,v,w\nA,0,a,40,1000\nA,0,b,30,500\nA,0,c,20,800\nA,0,d,10,200\n\
        A,1,a,38,900\nA,1,b,33,520\nA,1,c,10,640\nA,1,d,12,230\n";
    let got = json(data, &[&["measure", "counterfactual"][..], &keys, &["--world-value", "w", "--cells"]].concat());
    let one = |name: &str| column(&got, "rows", name)[0];
    let found = ["expected", "actual", "resilience", "martin"].map(one);
    close_printed(&found, &[94.7, 93.0, -0.01811451, -0.32075472], 8, "counterfactual");
    let want = [-0.05128205, 0.09523810, -0.66666667, 0.18181818];
    close_printed(&column(&got, "cells", "dhs"), &want, 8, "DHS");
}

const MATRIX: &str = "c,p,v,gdp\n1,1,100,50\n1,2,80,50\n1,3,60,50\n1,4,40,50\n2,1,90,40\n2,2,10,40\n2,3,70,40\n2,4,1,40\n3,1,80,20\n3,2,60,20\n3,3,5,20\n3,4,0,20\n4,1,120,10\n4,2,2,10\n4,3,5,10\n4,4,0,10\n";

#[test]
fn complexity_4() {
    let got = json(
        MATRIX,
        &["measure", "complexity", "--unit", "c", "--product", "p", "--value", "v", "--cells", "--proximity"],
    );
    let eci = column(&got, "rows", "eci");
    close_printed(&eci, &[0.70069607, 1.21273755, -0.63447578, -1.27895783], 8, "ECI");
    let pci = column(&got, "products", "pci");
    close_printed(&pci, &[-1.27895783, 0.01000627, 1.21273755, 0.87934438], 8, "PCI");
    close_printed(&column(&got, "rows", "diversity"), &[3.0, 1.0, 2.0, 1.0], 8, "diversity");
    close_printed(&column(&got, "products", "ubiquity"), &[2.0, 2.0, 2.0, 1.0], 8, "ubiquity");
    close_printed(&[number(&got["stats"]["lambda2"], "lambda2")], &[0.76792437], 8, "lambda2");
    let rca = column(&got, "cells", "rca");
    close_printed(&rca[..4], &[0.66208791, 1.35902256, 1.10663265, 2.51916376], 8, "RCA");
    let density = column(&got, "cells", "density");
    close_printed(&density[..8], &[0.33333333, 0.8, 1.0, 1.0, 0.0, 0.2, 0.5, 0.25], 8, "density");
    let expy =
        json(MATRIX, &["measure", "expy", "--unit", "c", "--product", "p", "--value", "v", "--income_column", "gdp"]);
    close_printed(
        &column(&expy, "products", "prody"),
        &[24.95439588, 32.38607467, 40.39010961, 49.60674157],
        8,
        "PRODY",
    );
    close_printed(&column(&expy, "rows", "expy"), &[33.90714929, 31.85187596, 28.56183930, 25.67913545], 8, "EXPY");
    let loo = json(
        MATRIX,
        &[
            "measure",
            "expy",
            "--unit",
            "c",
            "--product",
            "p",
            "--value",
            "v",
            "--income-column",
            "gdp",
            "--leave-one-out",
        ],
    );
    close_printed(
        &column(&loo, "rows", "expy"),
        &[27.09602011, 29.79636166, 35.31533161, 35.06089872],
        8,
        "own income left out",
    );
}

#[test]
fn concentration_and_inertia_5() {
    let mut data = String::from("c,t,p,v\n");
    for (p, v) in [50, 30, 15, 5, 0, 0, 0, 0].iter().enumerate() {
        data.push_str(&format!("A,1,{p},{v}\n"));
    }
    let got =
        json(&data, &["measure", "concentration", "--unit", "c", "--time", "t", "--product", "p", "--value", "v"]);
    let one = |name: &str| column(&got, "rows", name)[0];
    let found = [
        "hhi",
        "hhi_normalized",
        "hhi_normalized_active",
        "unctad",
        "shannon",
        "theil",
        "theil_intensive",
        "theil_extensive",
    ];
    let want = [0.365, 0.27428571, 0.15333333, 0.38765600, 1.14212004, 0.93732150, 0.24417432, std::f64::consts::LN_2];
    close_printed(&found.map(one), &want, 8, "concentration");
    close_printed(&[one("products"), one("top1_share")], &[4.0, 0.5], 8, "counts");
    assert_eq!(number(&got["sample"]["zeros"], "zeros"), 4.0);

    let mut data = String::from("c,p,d,v\n");
    for (d, row) in [[10, 0, 5], [0, 20, 0], [30, 5, 0], [0, 0, 2]].iter().enumerate() {
        for (p, v) in row.iter().enumerate() {
            data.push_str(&format!("A,{p},{d},{v}\n"));
        }
    }
    let got =
        json(&data, &["measure", "concentration", "--unit", "c", "--product", "p", "--market", "d", "--value", "v"]);
    let one = |name: &str| column(&got, "rows", name)[0];
    let found = ["markets", "products", "cells", "value_per_market", "hhi_markets"].map(one);
    close_printed(&found, &[4.0, 3.0, 6.0, 18.0, 0.35763889], 8, "breadth and depth");

    let mut data = String::from("c,t,p,v\n");
    for (t, row) in [[40, 30, 20, 10, 0, 0], [50, 0, 24, 12, 8, 6]].iter().enumerate() {
        for (p, v) in row.iter().enumerate() {
            data.push_str(&format!("A,{t},{p},{v}\n"));
        }
    }
    let got = json(&data, &["measure", "inertia", "--unit", "c", "--time", "t", "--product", "p", "--value", "v"]);
    let last = |name: &str| *column(&got, "rows", name).last().unwrap();
    close_printed(&["similarity", "old_product_share", "retention"].map(last), &[0.7, 0.86, 0.75], 8, "inertia");
}

fn feols(more: &[&str]) -> [f64; 4] {
    let mut args = vec!["fit", "feols", "--formula", "y ~ x + w | i + t"];
    args.extend(more);
    let got = json(&panel48(), &args);
    [("x", "estimate"), ("w", "estimate"), ("x", "std_error"), ("w", "std_error")].map(|(n, f)| coefficient(&got, n, f))
}

#[test]
fn two_way_effects_6_1() {
    let b = [0.98184013, -0.27337518];
    let cases: [(&[&str], [f64; 2]); 7] = [
        (&["--vcov", "iid"], [0.14357280, 0.14196831]),
        (&["--vcov", "hc1"], [0.13313477, 0.13637354]),
        (&["--vcov", "cluster:i", "--ssc", "none"], [0.12676658, 0.15054318]),
        (&["--vcov", "cluster:i"], [0.14689928, 0.17445201]),
        (&[], [0.14689928, 0.17445201]),
        (&["--vcov", "cluster:i", "--ssc", "full"], [0.16173079, 0.19206534]),
        (&["--vcov", "cluster:i", "--ssc", "linearmodels"], [0.15288625, 0.18156190]),
    ];
    for (args, se) in cases {
        close_printed(&feols(args), &[b[0], b[1], se[0], se[1]], 8, &format!("{args:?}"));
    }
    close_printed(&feols(&["--vcov", "cluster:i+t", "--ssc", "none"])[2..], &[0.09673557, 0.12172664], 8, "two-way");
    let got = json(&panel48(), &["fit", "feols", "--formula", "y ~ x + w | i + t", "--vcov", "cluster:i"]);
    let p = ["x", "w"].map(|n| coefficient(&got, n, "p_value"));
    // The canon prints .16106708 for w; t(7) at its own b and se gives .16108708: two digits changed places there.
    close_printed(&p, &[0.00028161, 0.16108708], 8, "p-values");
    let stats = ["ssr", "r2_within", "r2"].map(|n| number(&got["stats"][n], n));
    // The last digit of R2 is cut in print, not rounded.
    close_printed(&stats, &[3.2999878465, 0.5939619733, 0.8443538198], 9, "ssr, R2");
    assert_eq!(got["nobs"], 48);
}

#[test]
fn mediation_6_4() {
    let args = ["fit", "mediation", "--formula", "y ~ x + w | i + t", "--treatment", "x", "--mediator", "m"];
    let got = json(&panel48(), &[&args[..], &["--steps", "three", "--vcov", "cluster:i"]].concat());
    let e = &got["effects"];
    let of = |path: &str, field: &str| number(&e[path][field], path);
    let found = [of("a", "estimate"), of("a", "std_error"), of("b", "estimate"), of("b", "std_error")];
    close_printed(&found, &[0.42679332, 0.03736230, 1.55446331, 0.43698794], 8, "paths a and b");
    let found =
        [of("total", "estimate"), of("direct", "estimate"), of("direct", "std_error"), of("indirect", "estimate")];
    close_printed(&found, &[0.98184013, 0.31840557, 0.25190326, 0.66343456], 8, "effects");
    close_printed(&[number(&e["share"], "share")], &[0.67570528], 8, "share");
    let z = ["sobel_z", "aroian_z", "goodman_z"].map(|n| number(&e[n], n));
    close_printed(&z, &[3.39635375, 3.38455189, 3.40827993], 8, "z");
    close_printed(&[of("indirect", "std_error")], &[0.19533730], 8, "Sobel");
    let two = json(&panel48(), &args);
    close_printed(&[number(&two["effects"]["a"]["estimate"], "a")], &[0.42679332], 8, "two steps");
    assert!(two["notes"].to_string().contains("two"), "{}", two["notes"]);
}

#[test]
fn moderation_6_5() {
    let args = ["fit", "moderation", "--formula", "y ~ x + w | i + t", "--treatment", "x", "--moderator", "w"];
    let got = json(&panel48(), &args);
    let b = ["x", "w", "x:w"].map(|n| coefficient(&got, n, "estimate"));
    close_printed(&b, &[0.97537877, -0.27381599, -0.16711327], 8, "centered");
    close_printed(&[coefficient(&got, "x:w", "std_error")], &[0.63016851], 8, "se of the interaction");
    let raw = json(&panel48(), &[&args[..], &["--center", "false"]].concat());
    let b = ["x", "w", "x:w"].map(|n| coefficient(&raw, n, "estimate"));
    close_printed(&b, &[1.08574316, -0.12132514, -0.16711327], 8, "raw");
    let slopes = column(&got, "slopes", "estimate");
    close_printed(&slopes[..3], &[1.04166526, 0.97537877, 0.90909229], 8, "slopes");
    let se = column(&got, "slopes", "std_error");
    close_printed(&se[..3], &[0.32132190, 0.14976247, 0.25801155], 8, "se of slopes");
}

#[test]
fn split_6_6() {
    let args = ["fit", "split", "--formula", "y ~ x + w | i + t", "--by", "g", "--unit", "i", "--vcov", "cluster:i"];
    let got = json(&panel48(), &args);
    let groups = got["groups"].as_array().expect("groups");
    let b: Vec<f64> = groups.iter().map(|g| coefficient(g, "x", "estimate")).collect();
    close_printed(&b, &[0.85103246, 1.16043345], 8, "subsamples");
    let x = got["between"].as_array().unwrap().iter().find(|r| r["name"] == "x").expect("x").clone();
    close_printed(&[number(&x["difference"], "difference")], &[-0.30940098], 8, "difference");
    close_printed(&[number(&x["statistic"], "statistic")], &[-1.81969821], 8, "stacked z");
    close_printed(&[number(&x["p_permutation"], "p")], &[0.45714286], 8, "exact permutation of units");
}

const STAGGERED: [[f64; 5]; 6] = [
    [0.95, 1.4, 2.15, 4.05, 5.3],
    [2.15, 2.65, 3.45, 5.05, 6.35],
    [3.0, 3.55, 3.4, 4.25, 4.45],
    [0.85, 1.45, 1.35, 2.25, 2.5],
    [2.05, 2.35, 2.3, 3.05, 3.15],
    [-0.1, 0.6, 0.25, 1.05, 1.2],
];

#[test]
fn difference_in_differences_6_7() {
    let mut data = String::from("i,t,y,g,d\n");
    for (i, row) in STAGGERED.iter().enumerate() {
        let cohort = [3, 3, 4, 4, 0, 0][i];
        for (t, y) in row.iter().enumerate() {
            let t = t + 1;
            let d = u8::from(cohort > 0 && t >= cohort);
            data.push_str(&format!(
                "{i},{t},{y},{},{d}\n",
                if cohort > 0 { cohort.to_string() } else { String::new() }
            ));
        }
    }
    let base = ["fit", "did", "--unit", "i", "--time", "t", "--placebo", "500"];
    let got = json(&data, &[&base[..], &["--formula", "y ~ 1 | i + t", "--cohort", "g"]].concat());
    close_printed(&[number(&got["coefficients"][0]["estimate"], "twfe")], &[0.7640625], 8, "TWFE by cohort");
    close_printed(&[number(&got["placebo"]["p_value"], "placebo")], &[0.23333333], 8, "90 assignments");
    let got = json(&data, &[&base[..], &["--formula", "y ~ d | i + t"]].concat());
    close_printed(&[coefficient(&got, "d", "estimate")], &[0.7640625], 8, "TWFE by treatment column");
    close_printed(&[number(&got["placebo"]["p_value"], "placebo")], &[0.23333333], 8, "90 assignments");
}

#[test]
fn perpetual_inventory_2_0() {
    let dir = common::folder(&[("d.csv", "c,t,e\nA,1,10\nA,2,12\nA,3,15\nA,4,16\n")]);
    let args = ["prepare", "rd_stock", "d.csv", "--unit", "c", "--time", "t", "--column", "e", "--into", "o.csv"];
    let out = common::plim(dir.path(), &args);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let csv = plim_golden::Csv::read(&dir.path().join("o.csv"));
    close_printed(&csv.num("e_stock"), &[31.28841677, 38.59515425, 47.80588112, 56.63499895], 8, "stock");
}
