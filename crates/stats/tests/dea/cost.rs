//! Cost, revenue and profit efficiency.

use super::data::{columns, efficiencies, options, random, same, scores, vector};
use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Orientation, Rts, Units, dea};
use plim_stats::math::Mat;

const ALL_RTS: [Rts; 5] = [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs, Rts::Fdh];

fn priced(X: &Mat<f64>, Y: &Mat<f64>, P: &Mat<f64>, model: DeaModel, rts: Rts) -> DeaScores {
    let prices = (0..P.ncols()).map(|j| format!("p{j}")).collect();
    let o = Dea { model, prices, ..options(X, Y, rts, Orientation::Input) };
    dea(&Units::new(X, Y).unwrap().with_prices(P).unwrap(), &o).unwrap()
}

fn beside(A: &Mat<f64>, B: &Mat<f64>) -> Mat<f64> {
    let k = A.ncols();
    Mat::from_fn(A.nrows(), k + B.ncols(), |i, j| if j < k { A[(i, j)] } else { B[(i, j - k)] })
}

/// Coelli, Rao and Battese (1998, p. 166) by deaR: cost and technical efficiency under constant returns.
#[test]
fn coelli_1998() {
    let Some(path) = shared("golden/frontier/coelli1998_cost.csv") else { return };
    let csv = Csv::read(&path);
    let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let (X, Y) = (take(&["input1", "input2"]), take(&["output"]));
    let ours = priced(&X, &Y, &take(&["price_input1", "price_input2"]), DeaModel::Cost, Rts::Crs);
    close_printed(&efficiencies(&ours), &csv.num("cost_eff_crs"), 8, "cost efficiency");
    let technical: Vec<f64> = ours.units.iter().map(|u| u.parts.unwrap().technical).collect();
    close_printed(&technical, &csv.num("te_crs_io"), 8, "technical efficiency");
}

/// Benchmarking 0.33, `cost.opt`, `revenue.opt` and `profit.opt` on its pig farms, variable returns.
#[test]
fn pig_farms_of_benchmarking() {
    let (Some(path), Some(file)) =
        (shared("golden/r/dea.json"), shared("golden/r/package_data/Benchmarking_pigdata.csv"))
    else {
        return;
    };
    let want = &json(&path)["cases"]["cost_pig"]["result"];
    let csv = Csv::read(&file);
    let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let X = take(&["x1", "x2", "x3", "x4", "x5", "x6"]);
    let W = take(&["w1", "w2", "w3", "w4", "w5", "w6"]);
    let (Y, P) = (take(&["y2", "y4"]), take(&["p2", "p4"]));
    let relative = |ours: &DeaScores, field: &str| {
        for (got, want) in scores(ours).iter().zip(vector(&want[field])) {
            close(*got, want, 1e-8, field);
        }
    };
    let cost = priced(&X, &Y, &W, DeaModel::Cost, Rts::Vrs);
    relative(&cost, "cost");
    same(&efficiencies(&cost), &vector(&want["cost_eff"]), 1e-9, "cost efficiency");
    let revenue = priced(&X, &Y, &P, DeaModel::Revenue, Rts::Vrs);
    relative(&revenue, "rev");
    same(&efficiencies(&revenue), &vector(&want["rev_eff"]), 1e-9, "revenue efficiency");
    relative(&priced(&X, &Y, &beside(&W, &P), DeaModel::Profit, Rts::Vrs), "profit");
}

/// DataEnvelopmentAnalysis.jl, test/deacost.jl and test/dearevenue.jl: data sets 60 and 78, all returns to scale. (Set 57
/// is printed with three digits, sets 63 and 81 are about weakly disposable outputs.)
#[test]
fn cost_and_revenue_of_the_julia_package() {
    let Some(path) = shared("golden/frontier/dea_jl_expected.csv") else { return };
    let csv = Csv::read(&path);
    let X = columns(&[vec![5.0, 2.0, 4.0, 4.0, 7.0], vec![3.0, 4.0, 2.0, 8.0, 9.0]]);
    let Y = columns(&[vec![7.0, 10.0, 8.0, 5.0, 3.0], vec![4.0, 8.0, 10.0, 4.0, 6.0]]);
    let mut compared = 0;
    for (model, name, set, p) in [
        (DeaModel::Cost, "deacost(X, Y, W, rts = ", "X#60;", [2.0, 1.0]),
        (DeaModel::Revenue, "dearevenue(X, Y, P, rts = ", "X#78;", [3.0, 2.0]),
    ] {
        for (rts, word) in [(Rts::Crs, ":CRS)"), (Rts::Vrs, ":VRS)"), (Rts::Fdh, ":FDH)")] {
            let ours = priced(&X, &Y, &Mat::from_fn(5, 2, |_, j| p[j]), model, rts);
            for (i, call) in csv.text("call_options").iter().enumerate() {
                if *call != format!("{name}{word}") || !csv.text("latest_data_orders")[i].starts_with(set) {
                    continue;
                }
                let unit = &ours.units[csv.num("row")[i] as usize - 1];
                let got = match csv.text("selector")[i].as_str() {
                    ":Technical" => unit.parts.unwrap().technical,
                    ":Allocative" => unit.parts.unwrap().allocative,
                    _ => unit.efficiency.unwrap(),
                };
                let text = &csv.text("value")[i];
                let digits = text.split_once('.').map_or(0, |(_, d)| d.len()).max(4) as i32;
                close_printed(&[got], &[text.parse().unwrap()], digits, call);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 90);
}

/// DataEnvelopmentAnalysis.jl, test/deaprofit.jl, `monetary = true`: what each unit could earn more.
#[test]
fn profit_forgone_of_the_julia_package() {
    let X = columns(&[vec![1.0, 1.0, 0.75, 0.5, 0.5, 2.0, 2.75, 1.375], vec![1.0, 1.0, 1.5, 2.0, 2.0, 2.0, 3.5, 1.75]]);
    let Y = columns(&[vec![1.0, 5.0, 5.0, 2.0, 4.0, 4.0, 3.0, 4.5], vec![11.0, 3.0, 5.0, 9.0, 5.0, 2.0, 3.0, 3.5]]);
    let P = Mat::from_fn(8, 4, |_, j| [2.0, 1.0, 2.0, 1.0][j]);
    let ours = priced(&X, &Y, &P, DeaModel::Profit, Rts::Vrs);
    let money = |M: &Mat<f64>, i: usize| 2.0 * M[(i, 0)] + M[(i, 1)];
    let forgone: Vec<f64> = (0..8).map(|i| ours.units[i].score.unwrap() - money(&Y, i) + money(&X, i)).collect();
    same(&forgone, &[2.0, 2.0, 0.0, 2.0, 2.0, 8.0, 12.0, 4.0], 1e-12, "profit forgone");
    for (i, unit) in ours.units.iter().enumerate() {
        let inefficiency = forgone[i] / (money(&X, i) + money(&Y, i));
        close(unit.efficiency.unwrap(), 1.0 - inefficiency, 1e-12, "Nerlovian");
        let parts = unit.parts.unwrap();
        close((1.0 - parts.technical) + (1.0 - parts.allocative) + 1.0, 1.0 + inefficiency, 1e-12, "the parts add up");
        assert!(parts.technical <= 1.0 && parts.allocative <= 1.0 + 1e-12);
    }
}

/// DataEnvelopmentAnalysis.jl, test/deaprofitability.jl, data set 109, printed with three digits. (Its rows `:VRS` and
/// `:Scale` are of the generalized distance function.)
#[test]
fn profitability_of_the_julia_package() {
    let Some(path) = shared("golden/frontier/dea_jl_expected.csv") else { return };
    let csv = Csv::read(&path);
    let X = columns(&[vec![5.0, 2.0, 4.0, 4.0, 7.0], vec![3.0, 4.0, 2.0, 8.0, 9.0]]);
    let Y = columns(&[vec![7.0, 10.0, 8.0, 5.0, 3.0], vec![4.0, 8.0, 10.0, 4.0, 6.0]]);
    let P = Mat::from_fn(5, 4, |_, j| [2.0, 1.0, 3.0, 2.0][j]);
    let ours = priced(&X, &Y, &P, DeaModel::Profitability, Rts::Crs);
    let mut compared = 0;
    for (i, call) in csv.text("call_options").iter().enumerate() {
        if call != "deaprofitability(X, Y, W, P)" || !csv.text("latest_data_orders")[i].starts_with("X#109;") {
            continue;
        }
        let unit = &ours.units[csv.text("row")[i].parse::<usize>().unwrap() - 1];
        let got = match csv.text("selector")[i].as_str() {
            "" => unit.efficiency.unwrap(),
            ":CRS" => unit.parts.unwrap().technical,
            ":Allocative" => unit.parts.unwrap().allocative,
            _ => continue,
        };
        close_printed(&[got], &[csv.text("value")[i].parse().unwrap()], 3, call);
        compared += 1;
    }
    assert_eq!(compared, 15);
}

#[test]
fn the_best_return_to_the_dollar_is_a_unit_under_all_returns_to_scale() {
    let (X, Y) = random(56, 40, 2, 2);
    let (W, P) = random(57, 40, 2, 2);
    let units = Units::new(&X, &Y).unwrap();
    let all = |rts| priced(&X, &Y, &beside(&W, &P), DeaModel::Profitability, rts);
    let crs = all(Rts::Crs);
    for rts in ALL_RTS {
        for (i, (unit, constant)) in all(rts).units.iter().zip(&crs.units).enumerate() {
            let ratio = |v: &[f64]| (P[(i, 0)] * v[2] + P[(i, 1)] * v[3]) / (W[(i, 0)] * v[0] + W[(i, 1)] * v[1]);
            close(ratio(&unit.target(&units).unwrap()), unit.score.unwrap(), 1e-12, "ratio of the target");
            assert!((0..40).all(|j| ratio(&units.point(j)) <= unit.score.unwrap()));
            close(unit.efficiency.unwrap(), ratio(&units.point(i)) / unit.score.unwrap(), 1e-12, "efficiency");
            assert_eq!(unit.efficiency, constant.efficiency);
            let parts = unit.parts.unwrap();
            close(parts.technical * parts.allocative, unit.efficiency.unwrap(), 1e-9, "product");
            // Technical waste lowers the ratio in proportion, so prices can only add to it.
            assert!(parts.technical <= 1.0 && parts.allocative <= 1.0 + 1e-9, "{rts:?} {parts:?}");
        }
    }
}

#[test]
fn parts_multiply_and_neither_units_nor_price_level_matter() {
    let (X, Y) = random(51, 40, 3, 2);
    let (W, P) = random(52, 40, 3, 2);
    for (model, P) in [(DeaModel::Cost, W), (DeaModel::Revenue, P)] {
        for rts in ALL_RTS {
            let ours = priced(&X, &Y, &P, model, rts);
            for unit in &ours.units {
                let parts = unit.parts.unwrap();
                close(parts.technical * parts.allocative, unit.efficiency.unwrap(), 1e-9, "product");
                assert!(parts.allocative <= 1.0 + 1e-9 && parts.technical <= 1.0, "{model:?} {rts:?} {parts:?}");
            }
            // A quantity in other units has its price in other units; the level of prices is each unit's own affair.
            let factor = [1e9, 1e-9, 1e3];
            let quantity = |M: &Mat<f64>| Mat::from_fn(40, M.ncols(), |i, j| M[(i, j)] * factor[j]);
            let price = Mat::from_fn(40, P.ncols(), |i, j| P[(i, j)] / factor[j] * (1 + i) as f64);
            let (Xs, Ys) = if model == DeaModel::Cost { (quantity(&X), Y.clone()) } else { (X.clone(), quantity(&Y)) };
            same(&efficiencies(&priced(&Xs, &Ys, &price, model, rts)), &efficiencies(&ours), 1e-9, "units");
        }
    }
}

#[test]
fn the_target_costs_the_least_and_makes_enough() {
    let (X, Y) = random(53, 40, 2, 2);
    let (W, _) = random(54, 40, 2, 1);
    let units = Units::new(&X, &Y).unwrap();
    for rts in ALL_RTS {
        for (i, unit) in priced(&X, &Y, &W, DeaModel::Cost, rts).units.iter().enumerate() {
            let target = unit.target(&units).unwrap();
            close(W[(i, 0)] * target[0] + W[(i, 1)] * target[1], unit.score.unwrap(), 1e-9, "cost of the target");
            assert!((0..2).all(|r| target[2 + r] >= Y[(i, r)] * (1.0 - 1e-9)));
        }
    }
}

#[test]
fn profit_has_no_end_under_constant_returns() {
    let (X, Y) = (columns(&[vec![1.0, 2.0]]), columns(&[vec![1.0, 1.0]]));
    let P = |p: f64| Mat::from_fn(2, 2, |_, j| if j == 0 { 1.0 } else { p });
    let status = |p, rts| priced(&X, &Y, &P(p), DeaModel::Profit, rts).units[0].status;
    assert_eq!((status(2.0, Rts::Crs), status(2.0, Rts::Ndrs)), (Status::Unbounded, Status::Unbounded));
    let none = priced(&X, &Y, &P(0.5), DeaModel::Profit, Rts::Crs);
    assert_eq!((none.units[0].score, none.units[0].peers.len()), (Some(0.0), 0));
    assert_eq!(priced(&X, &Y, &P(2.0), DeaModel::Profit, Rts::Vrs).units[0].score, Some(1.0));
}

#[test]
fn prices_that_are_none_are_refused() {
    let (X, Y) = random(55, 12, 2, 1);
    let good = Mat::from_fn(12, 2, |_, _| 1.0);
    let P = Mat::from_fn(12, 2, |i, j| match (i, j) {
        (3, 0) => f64::NAN,
        (4, 1) => 0.0,
        (5, 1) => -1.0,
        _ => 1.0,
    });
    let (all, ours) = (priced(&X, &Y, &good, DeaModel::Cost, Rts::Vrs), priced(&X, &Y, &P, DeaModel::Cost, Rts::Vrs));
    for i in 0..12 {
        if (3..6).contains(&i) {
            assert_eq!((ours.units[i].status, ours.units[i].efficiency), (Status::Refused, None));
            assert!(ours.units[i].reason.as_ref().unwrap().contains("price"));
        } else {
            // Its quantities are data: it stays part of the technology.
            close(ours.units[i].score.unwrap(), all.units[i].score.unwrap(), 1e-9, "the others");
        }
    }
    let units = Units::new(&X, &Y).unwrap().with_prices(&good).unwrap();
    let base = Dea {
        model: DeaModel::Cost,
        prices: vec!["a".into(), "b".into()],
        ..options(&X, &Y, Rts::Vrs, Orientation::Input)
    };
    let message = |o: Dea| dea(&units, &o).unwrap_err().to_string();
    assert!(message(Dea { model: DeaModel::Radial, ..base.clone() }).contains("the model uses none"));
    assert!(message(Dea { model: DeaModel::Profit, ..base.clone() }).contains("needs 3"));
    assert!(message(Dea { model: DeaModel::Profitability, ..base.clone() }).contains("needs 3"));
    assert!(message(Dea { slacks: true, ..base.clone() }).contains("`slacks`"));
    assert!(message(Dea { scale: true, ..base.clone() }).contains("`scale`"));
    assert!(message(Dea { super_efficiency: true, ..base.clone() }).contains("`super_efficiency`"));
    assert!(message(Dea { orientation: Orientation::Output, ..base.clone() }).contains("orientation"));
    assert!(message(Dea { multipliers: true, ..base }).contains("`multipliers`"));
}
