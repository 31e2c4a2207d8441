//! Metafrontiers of stochastic frontiers: an independent script, optimality, groups that are one, mirrored data, the
//! spread of redrawn frontiers, refusals.

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::Status;
use plim_stats::frontier::sfa::{Columns, Data, Frontier, Model, Panel, Sfa, sfa};
use plim_stats::frontier::sfa_metafrontier::{Enveloped, SfaMetafrontier, SfaMetafrontierFit, sfa_metafrontier};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Result};

fn labels(count: usize) -> Vec<String> {
    (0..count).map(|j| format!("g{j}")).collect()
}

fn of(envelope: Enveloped) -> SfaMetafrontier {
    SfaMetafrontier { envelope, replications: 0, ..SfaMetafrontier::default() }
}

fn fit(data: &Data, groups: &[usize], options: &SfaMetafrontier) -> Result<SfaMetafrontierFit> {
    let count = groups.iter().max().map_or(0, |m| m + 1);
    sfa_metafrontier(data, groups, &labels(count), options, None, 7)
}

/// 43 rice farms over 8 years, farms with even and odd numbers.
fn rice() -> Option<(Data, Vec<usize>)> {
    let csv = Csv::read(&shared("golden/frontier/riceProdPhil.csv")?);
    let columns = ["AREA", "LABOR", "NPK"].map(|name| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<f64>>());
    let (farm, year) = (csv.num("FMERCODE"), csv.num("YEARDUM"));
    let X = Mat::from_fn(farm.len(), 4, |i, j| if j == 0 { 1.0 } else { columns[j - 1][i] });
    let names = ["(Intercept)", "area", "labor", "npk"].map(String::from).to_vec();
    let y = csv.num("PROD").iter().map(|v| v.ln()).collect();
    let panel = Some(Panel { unit: farm.iter().map(|f| *f as usize - 1).collect(), time: year });
    Some((Data { panel, ..Data::new(y, X, names) }, farm.iter().map(|f| *f as usize % 2).collect()))
}

/// Two or three groups with intercepts and slopes of their own.
fn simulated(n: usize, count: usize, seed: u64) -> (Data, Vec<usize>) {
    let mut draw = Stream::new(seed, 0);
    let x: Vec<[f64; 2]> = (0..n).map(|_| [draw.normal(), 5.0 + draw.normal()]).collect();
    let groups: Vec<usize> = (0..n).map(|i| i % count).collect();
    let y = (0..n)
        .map(|i| {
            let j = groups[i] as f64;
            let frontier = 1.0 - 0.4 * j + (0.3 + 0.1 * j) * x[i][0] + (0.4 + 0.03 * j) * x[i][1];
            frontier + 0.1 * draw.normal() - 0.4 * draw.normal().abs()
        })
        .collect();
    let X = Mat::from_fn(n, 3, |i, j| if j == 0 { 1.0 } else { x[i][j - 1] });
    (Data::new(y, X, ["(Intercept)", "x1", "x2"].map(String::from).to_vec()), groups)
}

fn ratios(fit: &SfaMetafrontierFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.technology_gap_ratio.unwrap()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

// --- golden -------------------------------------------------------------------------------------------------------

/// `python3 golden/sfa_metafrontier.py` (SciPy 1.17.1): half-normal maxima by BFGS and a root of the gradient, `linprog`
/// (HiGHS), SLSQP with its active set solved again. Linear and quadratic program end on the same vertex here.
#[test]
fn metafrontiers_of_rice_farms() {
    let Some((data, groups)) = rice() else { return };
    let beta = [-0.7892788212, 0.4008733893, 0.2958675047, 0.2602977419];
    for (envelope, objective) in [(Enveloped::Linear, 20.89216406), (Enveloped::Quadratic, 1.671592759)] {
        let fit = fit(&data, &groups, &of(envelope)).unwrap();
        fit.coef.iter().zip(beta).for_each(|(b, want)| close(*b, want, 1e-8, "beta"));
        let [value, certificate] = fit.objective.unwrap();
        close(value, objective, 1e-8, "objective");
        assert!(certificate <= 1e-9, "{certificate}");
        let first = [0.93298161, 0.94092161, 0.94634092];
        ratios(&fit).iter().zip(first).for_each(|(r, want)| close(*r, want, 1e-7, "gap"));
        close(fit.groups[0].means[2], 0.9338683948366698, 1e-8, "mean gap of the even farms");
        close(fit.groups[1].means[2], 0.9490076068095512, 1e-8, "mean gap of the odd farms");
        let efficiency: Vec<f64> = fit.rows.iter().map(|r| r.efficiency.unwrap()).collect();
        close(mean(&efficiency), 0.68222029997644, 1e-8, "mean efficiency");
        close(fit.loglik, -84.73555033584485, 1e-10, "ll of the groups");
        let common = fit.common.unwrap();
        close(common.lr, 2.934279481914018, 1e-8, "LR");
        assert!(common.df == 6 && common.p_value > 0.8);
    }
    let fit = fit(&data, &groups, &of(Enveloped::Stochastic)).unwrap();
    let beta = [-0.9379920804, 0.3784892194, 0.3187995054, 0.2662854944, 0.0019137142563240906, 0.8225386211401332];
    fit.coef.iter().zip(beta).for_each(|(b, want)| close(*b, want, 1e-7, "beta"));
    close(fit.second.as_ref().unwrap().0.stats.loglik, 724.2448479739926, 1e-10, "ll");
    close(mean(&ratios(&fit)), 0.969693590439634, 1e-8, "mean gap");
    let efficiency: Vec<f64> = fit.rows.iter().map(|r| r.efficiency.unwrap()).collect();
    close(mean(&efficiency), 0.7025723038941325, 1e-8, "mean efficiency");
}

// --- identities ---------------------------------------------------------------------------------------------------

/// x_i'β of every observation.
fn frontier(data: &Data, beta: &[f64], i: usize) -> f64 {
    (0..data.frontier.X.ncols()).map(|j| data.frontier.X[(i, j)] * beta[j]).sum()
}

#[test]
fn an_envelope_lies_above_and_nothing_closer_does() {
    let (data, groups) = simulated(150, 3, 1);
    let mut draw = Stream::new(2, 0);
    for envelope in [Enveloped::Linear, Enveloped::Quadratic] {
        let fit = fit(&data, &groups, &of(envelope)).unwrap();
        let g: Vec<f64> = (0..150).map(|i| frontier(&data, &fit.groups[groups[i]].fit.coef, i)).collect();
        let gaps = |beta: &[f64]| -> Vec<f64> { (0..150).map(|i| frontier(&data, beta, i) - g[i]).collect() };
        let objective = |beta: &[f64]| -> f64 {
            gaps(beta).iter().map(|gap| if envelope == Enveloped::Linear { *gap } else { gap * gap }).sum()
        };
        assert!(gaps(&fit.coef).iter().all(|&gap| gap > -1e-9));
        assert!(gaps(&fit.coef).iter().filter(|gap| gap.abs() < 1e-9).count() >= 1);
        let best = objective(&fit.coef);
        close(fit.objective.unwrap()[0], best, 1e-9, "objective");
        // Another direction, lifted until it envelops again, is never closer.
        for _ in 0..500 {
            let mut beta: Vec<f64> = fit.coef.iter().map(|b| b + 0.05 * draw.normal()).collect();
            beta[0] += gaps(&beta).iter().fold(0.0, |m: f64, gap| m.max(-gap));
            assert!(objective(&beta) >= best - 1e-9);
        }
        for (row, ratio) in fit.rows.iter().zip(ratios(&fit)) {
            assert!(ratio > 0.0 && ratio <= 1.0 && row.status == Status::Optimal);
            close(row.efficiency.unwrap(), row.group_efficiency.unwrap() * ratio, 1e-14, "product");
        }
    }
}

#[test]
fn group_frontiers_are_those_of_sfa() {
    let (data, groups) = simulated(150, 3, 1);
    let all = fit(&data, &groups, &of(Enveloped::Linear)).unwrap();
    let members: Vec<usize> = (0..150).filter(|i| groups[*i] == 1).collect();
    let y = members.iter().map(|&i| data.y[i]).collect();
    let X = Mat::from_fn(50, 3, |i, j| data.frontier.X[(members[i], j)]);
    let one = sfa(&Data::new(y, X, data.frontier.names.clone()), &Sfa::default()).unwrap();
    assert_eq!(all.groups[1].fit.coef, one.coef);
    members.iter().zip(&one.rows).for_each(|(&i, row)| assert_eq!(all.rows[i].group_efficiency, row.efficiency));
    let total: f64 = all.groups.iter().map(|g| g.fit.stats.loglik).sum();
    close(all.loglik, total, 1e-14, "loglik");
    assert!(all.common.unwrap().p_value < 1e-3);
}

/// Groups with the same data have the same frontier, which is the metafrontier.
#[test]
fn twins_have_no_gap() {
    let (half, _) = simulated(80, 1, 3);
    let X = Mat::from_fn(160, 3, |i, j| half.frontier.X[(i / 2, j)]);
    let data = Data::new((0..160).map(|i| half.y[i / 2]).collect(), X, half.frontier.names.clone());
    let groups: Vec<usize> = (0..160).map(|i| i % 2).collect();
    for envelope in [Enveloped::Linear, Enveloped::Quadratic] {
        let fit = fit(&data, &groups, &of(envelope)).unwrap();
        ratios(&fit).iter().for_each(|r| close(*r, 1.0, 1e-9, "gap"));
        fit.coef.iter().zip(&fit.groups[0].fit.coef).for_each(|(a, b)| close(*a, *b, 1e-8, "beta"));
        assert!(fit.common.unwrap().lr.abs() < 1e-6);
    }
    // Nothing is left for a stochastic one.
    let error = fit(&data, &groups, &of(Enveloped::Stochastic)).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("stochastic metafrontier"), "{error}");
}

#[test]
fn a_cost_frontier_is_a_production_frontier_upside_down() {
    let real = rice();
    // The simulated groups lie on the envelope, so that a stochastic one has no noise there.
    let envelopes: &[Enveloped] = match real {
        Some(_) => &[Enveloped::Linear, Enveloped::Quadratic, Enveloped::Stochastic],
        None => &[Enveloped::Linear, Enveloped::Quadratic],
    };
    let (data, groups) = real.unwrap_or_else(|| simulated(120, 2, 4));
    let (n, k) = (data.nobs(), data.frontier.X.ncols());
    let mut mirrored = data.clone();
    mirrored.y.iter_mut().for_each(|y| *y = -*y);
    for &envelope in envelopes {
        let up = fit(&data, &groups, &of(envelope)).unwrap();
        let down = fit(&mirrored, &groups, &SfaMetafrontier { frontier: Frontier::Cost, ..of(envelope) }).unwrap();
        ratios(&up).iter().zip(ratios(&down)).for_each(|(a, b)| close(*a, b, 1e-8, "gap"));
        (0..k).for_each(|j| close(up.coef[j], -down.coef[j], 1e-7, "beta"));
    }
    // Scales of regressors do not matter.
    let mut scaled = data.clone();
    (0..n).for_each(|i| scaled.frontier.X[(i, 2)] = 1e4 * scaled.frontier.X[(i, 2)] + 1e5);
    for envelope in [Enveloped::Linear, Enveloped::Quadratic] {
        let (a, b) = (fit(&data, &groups, &of(envelope)).unwrap(), fit(&scaled, &groups, &of(envelope)).unwrap());
        ratios(&a).iter().zip(ratios(&b)).for_each(|(a, b)| close(*a, b, 1e-7, "scaled"));
    }
}

#[test]
fn panels_keep_their_units() {
    let Some((data, groups)) = rice() else { return };
    let panel = fit(&data, &groups, &SfaMetafrontier { model: Model::PittLee, ..of(Enveloped::Linear) }).unwrap();
    assert!(panel.groups.iter().all(|g| g.fit.names.contains(&"gamma".to_string())));
    // A farm keeps its inefficiency within its group.
    let unit = &data.panel.as_ref().unwrap().unit;
    for i in 1..unit.len() {
        if let Some(before) = (0..i).find(|&b| unit[b] == unit[i]) {
            assert_eq!(panel.rows[before].group_efficiency, panel.rows[i].group_efficiency);
        }
    }
}

#[test]
fn redrawn_group_frontiers_give_standard_errors() {
    let (data, groups) = simulated(300, 2, 5);
    let draws = |replications, seed| {
        let options = SfaMetafrontier { replications, ..of(Enveloped::Linear) };
        let fit = sfa_metafrontier(&data, &groups, &labels(2), &options, None, seed).unwrap();
        fit.covariance.unwrap()
    };
    let (V, again, other) = (draws(400, 1), draws(400, 1), draws(400, 2));
    assert!((0..3).all(|j| V[(j, j)] == again[(j, j)] && V[(j, j)] > 0.0 && V[(j, j)] != other[(j, j)]));
    // 400 draws: 4 % each.
    (0..3).for_each(|j| close(V[(j, j)].sqrt(), other[(j, j)].sqrt(), 0.2, "standard error"));
    // The higher group is the metafrontier nearly everywhere, and its standard errors are those.
    let mut apart = data.clone();
    (0..300).filter(|i| groups[*i] == 0).for_each(|i| apart.y[i] += 5.0);
    let options = SfaMetafrontier { replications: 400, ..of(Enveloped::Quadratic) };
    let fit = sfa_metafrontier(&apart, &groups, &labels(2), &options, None, 3).unwrap();
    let own = fit.groups[0].fit.covariance.as_ref().unwrap();
    let V = fit.covariance.as_ref().unwrap();
    for j in 0..3 {
        assert!((fit.coef[j] - fit.groups[0].fit.coef[j]).abs() < 1.0);
        assert!(V[(j, j)].is_finite() && own[(j, j)] > 0.0);
    }
}

#[test]
fn a_stochastic_gap_comes_back() {
    // Groups whose frontiers lie below the metafrontier by a half-normal gap, beside normal noise, drawn once each.
    let mut draw = Stream::new(6, 0);
    let (count, each) = (50, 300);
    let gaps: Vec<f64> = (0..count).map(|_| 0.5 * draw.normal().abs()).collect();
    let noise: Vec<f64> = (0..count).map(|_| 0.1 * draw.normal()).collect();
    let n = count * each;
    let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
    let groups: Vec<usize> = (0..n).map(|i| i / each).collect();
    let y = (0..n)
        .map(|i| {
            let frontier = 2.0 + 0.6 * x[i] + noise[groups[i]] - gaps[groups[i]];
            frontier + 0.15 * draw.normal() - 0.5 * draw.normal().abs()
        })
        .collect();
    let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    let data = Data::new(y, X, ["(Intercept)", "x"].map(String::from).to_vec());
    let fit = fit(&data, &groups, &of(Enveloped::Stochastic)).unwrap();
    close(fit.coef[1], 0.6, 0.03, "slope");
    let wanted: Vec<f64> = groups.iter().map(|&g| (-gaps[g]).exp()).collect();
    // Fifty gaps have a mean good to 0.03.
    assert!((mean(&ratios(&fit)) - mean(&wanted)).abs() < 0.08, "{} {}", mean(&ratios(&fit)), mean(&wanted));
    let design = Design {
        y: data.y.clone(),
        X: data.frontier.X.clone(),
        names: data.frontier.names.clone(),
        rows: (0..n).collect(),
        cluster: vec![plim_stats::Factor::from_keys("group", groups.iter().copied())],
        ..Design::default()
    };
    let spread = |how: &Vcov| fit.spread(how, Ssc::default(), &design).unwrap().unwrap().V;
    let (robust, clustered) = (spread(&Vcov::Hc0), spread(&Vcov::Cluster(vec!["group".into()])));
    assert!(robust[(0, 0)] > 0.0 && clustered[(0, 0)] > robust[(0, 0)]);
}

#[test]
fn what_moves_the_gap() {
    let (mut data, groups) = simulated(600, 3, 8);
    let mut draw = Stream::new(9, 0);
    let z: Vec<f64> = (0..600).map(|_| draw.normal()).collect();
    // Group frontiers that differ by z: a regressor of theirs, and what moves the gap.
    data.frontier.X = Mat::from_fn(600, 4, |i, j| if j == 3 { z[i] } else { data.frontier.X[(i, j)] });
    data.frontier.names.push("z".into());
    (0..600).for_each(|i| data.y[i] -= 0.2 * groups[i] as f64 * z[i]);
    let gap = Columns::new(600, true, &[("z".into(), z)]);
    let options = SfaMetafrontier { gap_determinants: vec!["z".into()], ..of(Enveloped::Stochastic) };
    match sfa_metafrontier(&data, &groups, &labels(3), &options, Some(gap.clone()), 1) {
        Ok(fit) => assert!(fit.names.len() > fit.groups[0].fit.names.len()),
        Err(error) => assert!(error.kind.untrusted(), "{error}"),
    }
    let error = sfa_metafrontier(&data, &groups, &labels(3), &of(Enveloped::Linear), Some(gap), 1).unwrap_err();
    assert!(error.to_string().contains("gap_determinants"));
}

// --- refusals -----------------------------------------------------------------------------------------------------

#[test]
fn refusals() {
    let (data, groups) = simulated(240, 3, 1);
    let error = fit(&data, &[0; 240], &of(Enveloped::Linear)).unwrap_err();
    assert!(error.to_string().contains("two or more values"), "{error}");
    let error = fit(&data, &groups[1..], &of(Enveloped::Linear)).unwrap_err();
    assert!(error.to_string().contains("the groups"), "{error}");
    for model in [Model::Tfe, Model::WithinMle, Model::WangHo, Model::SchmidtSickles] {
        let error = fit(&data, &groups, &SfaMetafrontier { model, ..of(Enveloped::Linear) }).unwrap_err();
        assert!(error.to_string().contains("no intercept"), "{error}");
    }
    let error = fit(&data, &groups, &SfaMetafrontier { replications: 1, ..of(Enveloped::Linear) }).unwrap_err();
    assert!(error.to_string().contains("`replications`"), "{error}");
    // A group with the wrong skewness is named.
    let mut wrong = data.clone();
    for i in (0..240).filter(|i| groups[*i] == 2) {
        wrong.y[i] = -data.y[i];
    }
    let error = fit(&wrong, &groups, &of(Enveloped::Linear)).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("in group `g2`"), "{error}");
    // A regressor that is constant within a group.
    let mut still = data.clone();
    (0..240).filter(|i| groups[*i] == 1).for_each(|i| still.frontier.X[(i, 2)] = 1.0);
    let error = fit(&still, &groups, &of(Enveloped::Linear)).unwrap_err();
    assert!(error.column.as_deref() == Some("x2") && error.to_string().contains("in group `g1`"), "{error}");
    // Too few rows.
    let mut few = groups.clone();
    few.iter_mut().enumerate().for_each(|(i, g)| *g = usize::from(i < 4));
    let error = fit(&data, &few, &of(Enveloped::Linear)).unwrap_err();
    assert!(error.to_string().contains("in group `g1`"), "{error}");
}
