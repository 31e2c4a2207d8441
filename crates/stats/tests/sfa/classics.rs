//! Panel frontiers without a distribution: every parameter by dense least squares in an independent script, models inside
//! other models, invariances, refusals.

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::sfa::{Data, Distribution, FirstStep, Frontier, Model, Panel, Sfa, SfaFit, sfa};
use plim_stats::linear::Ols;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::vcov::{Ssc, Vcov, vcov};
use plim_stats::{Design, Factor};

const MODELS: [Model; 3] = [Model::SchmidtSickles, Model::CornwellSchmidtSickles, Model::LeeSchmidt];

fn of(model: Model) -> Sfa {
    Sfa { model, ..Sfa::default() }
}

fn random() -> Sfa {
    Sfa { first_step: Some(FirstStep::Random), ..of(Model::SchmidtSickles) }
}

fn panel(y: Vec<f64>, x: &[[f64; 2]], unit: Vec<usize>, time: Vec<f64>) -> Data {
    let X = Mat::from_fn(y.len(), 3, |i, j| if j == 0 { 1.0 } else { x[i][j - 1] });
    let names = ["(Intercept)", "x1", "x2"].map(String::from).to_vec();
    Data { panel: Some(Panel { unit, time }), ..Data::new(y, X, names) }
}

fn efficiencies(fit: &SfaFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.efficiency.unwrap()).collect()
}

fn effects(fit: &SfaFit) -> &[f64] {
    assert_eq!(fit.columns[0].0, "effect");
    &fit.columns[0].1
}

fn all(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    got.iter().zip(want).enumerate().for_each(|(j, (g, w))| close(*g, *w, tolerance, &format!("{what} {j}")));
}

// --- golden -------------------------------------------------------------------------------------------------------

/// 43 rice farms over 8 years; with gaps, the rows where farm and year add up to a multiple of seven are left out.
fn rice(gaps: bool) -> Option<Data> {
    let csv = Csv::read(&shared("golden/frontier/riceProdPhil.csv")?);
    let (farm, year) = (csv.num("FMERCODE"), csv.num("YEARDUM"));
    let kept: Vec<usize> = (0..farm.len()).filter(|&i| !gaps || (farm[i] + year[i]) % 7.0 != 0.0).collect();
    let ln = |name: &str| kept.iter().map(|&i| csv.num(name)[i].ln()).collect::<Vec<f64>>();
    let columns = ["AREA", "LABOR", "NPK"].map(ln);
    let X = Mat::from_fn(kept.len(), 4, |i, j| if j == 0 { 1.0 } else { columns[j - 1][i] });
    let names = ["(Intercept)", "area", "labor", "npk"].map(String::from).to_vec();
    let unit = kept.iter().map(|&i| farm[i] as usize - 1).collect();
    let time = kept.iter().map(|&i| year[i]).collect();
    Some(Data { panel: Some(Panel { unit, time }), ..Data::new(ln("PROD"), X, names) })
}

/// Coefficients, standard errors, sigma_v, the first efficiencies, their mean.
fn agrees(fit: &SfaFit, coef: &[f64], se: &[f64], sigma_v: f64, first: &[f64], mean: f64, tolerance: f64) {
    let V = fit.covariance.as_ref().unwrap();
    let got: Vec<f64> = (0..coef.len()).map(|j| V[(j, j)].sqrt()).collect();
    all(&fit.coef, coef, tolerance, "coefficient");
    // Those of lee_schmidt are from a Hessian by differences in the script.
    all(&got, se, if fit.iterations > 0 { 2e-6 } else { tolerance }, "standard error");
    close(fit.stats.own["sigma_v"], sigma_v, tolerance, "sigma_v");
    all(&efficiencies(fit)[..first.len()], first, tolerance, "efficiency");
    close(fit.stats.mean_efficiency, mean, tolerance, "mean efficiency");
}

/// `python3 golden/sfa_relative.py` (NumPy 2.4.6): least squares with a dummy (or three polynomials of time)
/// for each farm, by `lstsq`. Here and below 12 digits were printed.
#[test]
fn fixed_and_quadratic_effects_on_rice() {
    let (Some(full), Some(gaps)) = (rice(false), rice(true)) else { return };
    let fit = sfa(&full, &of(Model::SchmidtSickles)).unwrap();
    let coef = [0.540709378981, 0.235391806042, 0.196255586312];
    let se = [0.0780638038599, 0.0684929645606, 0.0472072430407];
    let first = [0.623379666998, 0.891726825089, 0.608418062659, 0.811955815639];
    agrees(&fit, &coef, &se, 0.290512891515, &first, 0.7231661065, 1e-10);
    close(fit.stats.own["frontier_intercept"], -0.357106807172, 1e-10, "intercept of the frontier");
    let cost = sfa(&full, &Sfa { frontier: Frontier::Cost, ..of(Model::SchmidtSickles) }).unwrap();
    close(cost.stats.mean_efficiency, 0.538728693525, 1e-10, "cost");

    let fit = sfa(&full, &of(Model::CornwellSchmidtSickles)).unwrap();
    let coef = [0.574098667835, 0.263541244546, 0.164651049173];
    let se = [0.120389009584, 0.0822058304772, 0.0606165779357];
    let first = [0.666680660044, 0.578845101037, 0.638312113608, 0.687568652054];
    agrees(&fit, &coef, &se, 0.269269436115, &first, 0.66378957712, 1e-10);
    let cost = sfa(&full, &Sfa { frontier: Frontier::Cost, ..of(Model::CornwellSchmidtSickles) }).unwrap();
    close(cost.stats.mean_efficiency, 0.478894939629, 1e-10, "cost");

    let fit = sfa(&gaps, &of(Model::SchmidtSickles)).unwrap();
    let coef = [0.508039771615, 0.306182193243, 0.201073708463];
    let se = [0.0880169942736, 0.0773411078466, 0.0546846083515];
    let first = [0.589272143519, 0.782778102782, 0.554435791441, 0.708585263284];
    agrees(&fit, &coef, &se, 0.295291018298, &first, 0.664502898254, 1e-10);
    let fit = sfa(&gaps, &of(Model::CornwellSchmidtSickles)).unwrap();
    let coef = [0.474404020247, 0.376140855656, 0.175086680156];
    let se = [0.147889859746, 0.106018463331, 0.0715295983919];
    let first = [0.598769794159, 0.565801687628, 0.614260353831, 0.629970193539];
    agrees(&fit, &coef, &se, 0.283609113944, &first, 0.651663372234, 1e-10);
}

/// `python3 golden/sfa_relative.py` (SciPy 1.17.1): the likelihood with the whole covariance of each farm, maximized
/// over the variance ratio, which values of the likelihood give to the root of rounding only.
#[test]
fn random_effects_on_rice() {
    let (Some(full), Some(gaps)) = (rice(false), rice(true)) else { return };
    let fit = sfa(&full, &random()).unwrap();
    let coef = [-1.14985487136, 0.457102999964, 0.297937536807, 0.240726583368];
    let se = [0.266205426958, 0.0661997391333, 0.0637566796066, 0.0412192689029];
    agrees(&fit, &coef, &se, 0.290082984498, &[0.601102998369, 0.87069429883], 0.718120472513, 1e-6);
    close(fit.stats.own["sigma_w"], 0.158410147087, 1e-6, "sigma_w");
    let fit = sfa(&gaps, &random()).unwrap();
    let coef = [-1.43553980952, 0.392097619699, 0.352983313846, 0.255320422559];
    let se = [0.289122626262, 0.0727257081354, 0.0705911747396, 0.0450434663965];
    agrees(&fit, &coef, &se, 0.294883514689, &[], 0.707938379494, 1e-6);
}

/// `python3 golden/sfa_relative.py` (SciPy 1.17.1): `least_squares` over slopes, path and effects together from six
/// random starts, which agree.
#[test]
fn a_path_of_time_on_rice() {
    let (Some(full), Some(gaps)) = (rice(false), rice(true)) else { return };
    let fit = sfa(&full, &of(Model::LeeSchmidt)).unwrap();
    let coef = [
        0.556189917924,
        0.244821389619,
        0.214195553602,
        1.03619516649,
        0.817983223808,
        0.862083542933,
        0.98108414184,
        0.84088322802,
        1.11081978314,
        0.750549756789,
    ];
    let se = [
        0.0685133370129,
        0.0601050346467,
        0.0438121899955,
        0.0649311577685,
        0.0775831338778,
        0.0763268188681,
        0.0656080106156,
        0.0866161643867,
        0.0706423858789,
        0.0784145255269,
    ];
    let first = [0.540250709645, 0.777309427395, 0.515289248424, 0.747453797084];
    agrees(&fit, &coef, &se, 0.269991380564, &first, 0.672471274706, 1e-9);
    assert!(fit.gradient <= 1e-9 && fit.names[3..5] == ["lambda_2", "lambda_3"]);
    // From a falling path it goes to another minimum, which is higher; the script's six starts all agree on this one.
    assert!(fit.climbs == [2, 1, 0] && fit.notes[0].contains("2 ended on the lowest sum of squares"));
    let fit = sfa(&gaps, &of(Model::LeeSchmidt)).unwrap();
    let coef = [
        0.551129801799,
        0.284735582488,
        0.22545102004,
        1.03625326849,
        0.864390229808,
        0.908557994211,
        1.01828745551,
        0.850124290764,
        1.12145653597,
        0.796848925808,
    ];
    let se = [
        0.0819348415826,
        0.071245491658,
        0.0515080908505,
        0.0586667426381,
        0.0705101232072,
        0.0632129260918,
        0.0568511872975,
        0.0828764457424,
        0.0651033096278,
        0.0702453786206,
    ];
    let first = [0.515681067516, 0.665812064063, 0.468375869074, 0.659872459991];
    agrees(&fit, &coef, &se, 0.270258140337, &first, 0.611966376713, 1e-9);
}

// --- identities ---------------------------------------------------------------------------------------------------

/// Units with `years` rows each, one less for every third unit; α moves with x1.
fn simulated(units: usize, years: usize, noise: f64, seed: u64) -> Data {
    let mut draw = Stream::new(seed, 0);
    let (mut unit, mut time, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..units {
        let alpha = 2.0 - (0.5 * draw.normal()).abs();
        for t in 0..years - usize::from(i % 3 == 2) {
            let row = [draw.normal() + alpha, draw.normal()];
            unit.push(i);
            time.push(2000.0 + t as f64);
            y.push(alpha + 0.6 * row[0] + 0.3 * row[1] + noise * draw.normal());
            x.push(row);
        }
    }
    panel(y, &x, unit, time)
}

/// Pairs of units with the same regressors and opposite noise, free of what a quadratic could take up: with them slopes
/// are exact, λ = 1 is stationary, and no unit has a trend.
fn twins(units: usize) -> Data {
    let mut draw = Stream::new(3, 0);
    let (mut unit, mut time, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for pair in 0..units {
        let alpha = 1.0 + draw.normal().abs();
        let rows: Vec<[f64; 2]> = (0..5).map(|_| [draw.normal(), draw.normal()]).collect();
        // Orthogonal to 1, t, t² at t = 0, …, 4.
        let (a, b) = (0.1 * draw.normal(), 0.02 * draw.normal());
        let v = [-a + b, 2.0 * a - 4.0 * b, 6.0 * b, -2.0 * a - 4.0 * b, a + b];
        for (twin, sign) in [(0, 1.0), (1, -1.0)] {
            for t in 0..5 {
                unit.push(2 * pair + twin);
                time.push(t as f64);
                x.push(rows[t]);
                y.push(alpha + 0.6 * rows[t][0] + 0.3 * rows[t][1] + sign * v[t]);
            }
        }
    }
    panel(y, &x, unit, time)
}

#[test]
fn slopes_of_fixed_effects_are_the_within_estimator() {
    let data = simulated(30, 6, 0.2, 1);
    let fit = sfa(&data, &of(Model::SchmidtSickles)).unwrap();
    let (y, X, p) = (&data.y, &data.frontier.X, data.panel.as_ref().unwrap());
    let design = Design {
        y: y.clone(),
        X: Mat::from_fn(y.len(), 2, |i, j| X[(i, j + 1)]),
        names: data.frontier.names[1..].to_vec(),
        fe: vec![Factor::from_keys("unit", p.unit.iter().copied())],
        rows: (0..y.len()).collect(),
        ..Design::default()
    };
    let within = Ols::default().fit(&design).unwrap();
    all(&fit.coef, &within.coef, 1e-11, "slopes");
    for j in 0..2 {
        // Both divide by n - N - k.
        close(fit.covariance.as_ref().unwrap()[(j, j)], within.sigma2 * within.bread[(j, j)], 1e-10, "variance");
    }
    // Clusters of units, without a small-sample rule, are those of the within estimator; rows apart are refused.
    let clustered = Design { cluster: design.fe.clone(), fe: Vec::new(), ..design.clone() };
    let by_unit = Vcov::Cluster(vec!["unit".into()]);
    let spread = |fit: &SfaFit, options: &Sfa, how: &Vcov| fit.spread(&data, options, how, Ssc::None, &clustered, 1);
    let own = spread(&fit, &of(Model::SchmidtSickles), &by_unit).unwrap().unwrap().V;
    let theirs =
        vcov(&within, &by_unit, Ssc::None, &Design { cluster: design.fe.clone(), ..design.clone() }).unwrap().V;
    (0..2).for_each(|a| (0..2).for_each(|b| close(own[(a, b)], theirs[(a, b)], 1e-9, "clustered")));
    let error = spread(&fit, &of(Model::SchmidtSickles), &Vcov::Hc1).unwrap_err();
    assert!(error.to_string().contains("takes rows apart"), "{error}");
    // In the other models, where the errors are as assumed, it agrees with their own covariance but for sampling.
    for options in [random(), of(Model::CornwellSchmidtSickles), of(Model::LeeSchmidt)] {
        let fit = sfa(&data, &options).unwrap();
        let V = spread(&fit, &options, &by_unit).unwrap().unwrap().V;
        let own = fit.covariance.as_ref().unwrap();
        (0..2).for_each(|j| close(V[(j, j)].sqrt(), own[(j, j)].sqrt(), 0.5, "standard error"));
    }
    // Random effects that move with a regressor do bias it.
    let biased = sfa(&data, &random()).unwrap();
    assert!(biased.coef[1] > fit.coef[0] + 0.01);
}

#[test]
fn without_paths_of_time_all_models_are_one() {
    let data = twins(12);
    let simple = sfa(&data, &of(Model::SchmidtSickles)).unwrap();
    all(&simple.coef, &[0.6, 0.3], 1e-12, "slopes of twins are exact");
    for model in [Model::CornwellSchmidtSickles, Model::LeeSchmidt] {
        let fit = sfa(&data, &of(model)).unwrap();
        all(&fit.coef[..2], &simple.coef, 1e-9, "slopes");
        all(&efficiencies(&fit), &efficiencies(&simple), 1e-9, "efficiency");
        all(effects(&fit), effects(&simple), 1e-9, "effects");
    }
    let path = sfa(&data, &of(Model::LeeSchmidt)).unwrap();
    all(&path.coef[2..], &[1.0; 4], 1e-9, "path");
}

#[test]
fn the_best_unit_has_one_and_units_of_measurement_do_not_matter() {
    let data = simulated(20, 6, 0.2, 5);
    for model in MODELS {
        let fit = sfa(&data, &of(model)).unwrap();
        let scores = efficiencies(&fit);
        assert!(scores.iter().all(|&e| e > 0.0 && e <= 1.0) && scores.contains(&1.0), "{model:?}");
        assert!(fit.rows.iter().all(|r| r.efficiency_jlms.is_none() && r.conf_low.is_none()));
        assert!(fit.stats.loglik.is_nan() && fit.notes.iter().any(|n| n.contains("relative to the best unit")));
        // Times in other units, regressors scaled; a cost frontier of -y is a production frontier of y.
        let mut other = data.clone();
        other.panel.as_mut().unwrap().time.iter_mut().for_each(|t| *t = 10.0 * *t - 3.0);
        (0..data.nobs()).for_each(|i| other.frontier.X[(i, 1)] *= 1000.0);
        let again = sfa(&other, &of(model)).unwrap();
        all(&efficiencies(&again), &scores, 1e-7, "scaled");
        close(1000.0 * again.coef[0], fit.coef[0], 1e-8, "slope");
        let mut mirrored = data.clone();
        mirrored.y.iter_mut().for_each(|y| *y = -*y);
        let cost = sfa(&mirrored, &Sfa { frontier: Frontier::Cost, ..of(model) }).unwrap();
        all(&efficiencies(&cost), &scores, 1e-7, "mirrored");
        // What is added to every outcome of a year moves neither order nor slopes where units have their own level.
        if model == Model::CornwellSchmidtSickles {
            let mut lifted = data.clone();
            let time = &data.panel.as_ref().unwrap().time;
            lifted.y.iter_mut().zip(time).for_each(|(y, t)| *y += 0.1 * (t - 2000.0) - 0.02 * (t - 2000.0).powi(2));
            all(&efficiencies(&sfa(&lifted, &of(model)).unwrap()), &scores, 1e-8, "lifted");
        }
    }
}

#[test]
fn a_path_comes_back_with_honest_standard_errors() {
    // λ = 1, 0.8, 1.1, 0.7 over 200 replications of 60 units: standard errors against the spread of the estimates.
    let lambda = [1.0, 0.8, 1.1, 0.7];
    let (mut sums, mut squares, mut variances) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    let replications = 200;
    let truth = [0.6, 0.8, 1.1, 0.7];
    for replication in 0..replications {
        let mut draw = Stream::new(40, replication);
        let (mut unit, mut time, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for i in 0..60 {
            let alpha = draw.normal();
            for (t, l) in lambda.iter().enumerate() {
                let row = [draw.normal() + 0.5 * alpha, draw.normal()];
                unit.push(i);
                time.push(t as f64);
                y.push(0.6 * row[0] + 0.3 * row[1] + l * alpha + 0.4 * draw.normal());
                x.push(row);
            }
        }
        let options = Sfa { climbs: Some(1), ..of(Model::LeeSchmidt) };
        let fit = sfa(&panel(y, &x, unit, time), &options).unwrap();
        let V = fit.covariance.as_ref().unwrap();
        for (a, &j) in [0, 2, 3, 4].iter().enumerate() {
            let gap = fit.coef[j] - truth[a];
            sums[a] += gap;
            squares[a] += gap * gap;
            variances[a] += V[(j, j)];
        }
    }
    let size = replications as f64;
    for a in 0..4 {
        let (mean, spread) = (sums[a] / size, (squares[a] / size).sqrt());
        assert!(mean.abs() < 4.0 * spread / size.sqrt(), "{a}: {mean} {spread}");
        // The standard deviation of 200 draws is good to 5 %.
        close((variances[a] / size).sqrt(), spread, 0.2, "standard error");
    }
}

// --- refusals -----------------------------------------------------------------------------------------------------

#[test]
fn refusals() {
    let data = simulated(12, 6, 0.2, 6);
    let refused = |data: &Data, options: &Sfa| sfa(data, options).unwrap_err().to_string();
    for model in MODELS {
        for (options, word) in [
            (Sfa { distribution: Distribution::Exponential, ..of(model) }, "`distribution`"),
            (Sfa { at: Some(vec![1.0]), ..of(model) }, "`at`"),
            (Sfa { level: 0.9, ..of(model) }, "`level`"),
            (Sfa { draws: Some(50), ..of(model) }, "`draws`"),
        ] {
            let message = refused(&data, &options);
            assert!(message.contains(word), "{message}");
        }
        assert!(refused(&Data { panel: None, ..data.clone() }, &of(model)).contains("`unit` and `time`"));
    }
    let options = Sfa { climbs: Some(2), ..of(Model::SchmidtSickles) };
    assert!(refused(&data, &options).contains("`climbs`"));
    let options = Sfa { first_step: Some(FirstStep::Random), ..of(Model::LeeSchmidt) };
    assert!(refused(&data, &options).contains("`first_step`"));
    // A regressor that stays within units, and one that is a trend.
    let mut still = data.clone();
    let panel = data.panel.as_ref().unwrap();
    (0..data.nobs()).for_each(|i| still.frontier.X[(i, 2)] = panel.unit[i] as f64);
    let error = sfa(&still, &of(Model::SchmidtSickles)).unwrap_err();
    assert_eq!(error.column.as_deref(), Some("x2"));
    assert!(sfa(&still, &random()).is_ok());
    let mut trend = data.clone();
    (0..data.nobs()).for_each(|i| trend.frontier.X[(i, 2)] = (panel.time[i] - 1990.0).powi(2));
    let error = sfa(&trend, &of(Model::CornwellSchmidtSickles)).unwrap_err();
    assert!(error.column.as_deref() == Some("x2") && error.to_string().contains("quadratic"), "{error}");
    assert!(sfa(&trend, &of(Model::SchmidtSickles)).is_ok());
    // Short units.
    let short = simulated(12, 4, 0.2, 6);
    let error = sfa(&short, &of(Model::CornwellSchmidtSickles)).unwrap_err();
    assert!(error.to_string().contains("fewer than four rows") && !error.rows.is_empty(), "{error}");
    let short = simulated(4, 2, 0.2, 6);
    assert!(refused(&short, &of(Model::SchmidtSickles)).contains("one row"));
    assert!(refused(&short, &of(Model::LeeSchmidt)).contains("times for"));
    // Least squares, or clusters.
    let fit = sfa(&data, &of(Model::SchmidtSickles)).unwrap();
    let design = Design::default();
    let spread = |how: &Vcov| fit.spread(&data, &of(Model::SchmidtSickles), how, Ssc::default(), &design, 1);
    assert!(spread(&Vcov::Iid).unwrap().unwrap().label.contains("least squares"));
    assert!(spread(&Vcov::Hc1).unwrap_err().to_string().contains("cluster by the unit"));
}

#[test]
fn effects_without_variance_and_effects_that_vanish_are_refused() {
    // No unit effects at all, and means of units that differ less than chance: every unit has the same residuals.
    let mut data = simulated(10, 6, 0.2, 9);
    let panel = data.panel.clone().unwrap();
    let v = [0.2, -0.1, 0.05, -0.2, 0.15, -0.1];
    let X = data.frontier.X.clone();
    for i in 0..data.nobs() {
        data.y[i] = 0.6 * X[(i, 1)] + 0.3 * X[(i, 2)] + v[(panel.time[i] - 2000.0) as usize];
    }
    let error = sfa(&data, &random()).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("do not differ"), "{error}");
    // Effects that begin in the second year.
    let mut draw = Stream::new(8, 0);
    let alpha: Vec<f64> = (0..10).map(|_| draw.normal()).collect();
    for i in 0..data.nobs() {
        let later = if panel.time[i] > 2000.0 { alpha[panel.unit[i]] } else { 0.0 };
        data.y[i] = 0.6 * X[(i, 1)] + 0.3 * X[(i, 2)] + later + 1e-9 * draw.normal();
    }
    let error = sfa(&data, &of(Model::LeeSchmidt)).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("first time"), "{error}");
}
