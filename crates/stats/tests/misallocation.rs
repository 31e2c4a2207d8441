//! Misallocation: the vectors of methods.md 2.3, identities, slopes against a regression on dummies, refusals.

use plim_golden::{close, close_printed};
use plim_stats::linear::Regression;
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::misallocation::coupling::Convention;
use plim_stats::misallocation::elasticity::{Estimated, Production, estimate};
use plim_stats::misallocation::flows::{Form, great_circle};
use plim_stats::misallocation::hsieh_klenow::{Industries, Reallocation, Status as Firm};
use plim_stats::misallocation::wedges::{Economy, Given, Outside, Sample, Status, Wedges};
use plim_stats::misallocation::*;
use plim_stats::{Design, Factor};

const Y: [f64; 3] = [100.0, 60.0, 40.0];
const K: [f64; 3] = [150.0, 120.0, 30.0];
const L: [f64; 3] = [40.0, 50.0, 10.0];

fn options(factors: &[&str]) -> Misallocation {
    Misallocation { output: "Y".into(), factors: factors.iter().map(|f| f.to_string()).collect(), ..Default::default() }
}

fn wedges(factors: &[&[f64]], given: &[Given]) -> Wedges {
    let names = ["K", "L", "D"];
    let economy = Economy { output: &Y, factors, unit: None, time: &[0; 3] };
    misallocation(&options(&names[..factors.len()]), economy, Some(given)).unwrap()
}

/// TEST 2.3a.
#[test]
fn wedges_of_two_factors() {
    let found = wedges(&[&K, &L], &[Given::Rows(&[0.4, 0.5, 0.3]), Given::Rows(&[0.6, 0.5, 0.7])]);
    close_printed(&found.totals[0].elasticities, &[0.41, 0.59], 8, "beta");
    close_printed(&found.gamma[0], &[1.025, 1.09333333, 0.68333333], 8, "gamma_K");
    close_printed(&found.gamma[1], &[0.78666667, 1.96666667, 0.42142857], 8, "gamma_L");
    close_printed(&found.tau[0], &[-0.02439024, -0.08536585, 0.46341463], 8, "tau_K");
    close_printed(&found.tau[1], &[0.27118644, -0.49152542, 1.37288136], 8, "tau_L");
    let common = wedges(&[&K, &L], &[Given::Common(0.4), Given::Common(0.6)]);
    close_printed(&common.gamma[0], &[1.0, 1.33333333, 0.5], 8, "gamma_K");
    close_printed(&common.gamma[1], &[0.8, 1.66666667, 0.5], 8, "gamma_L");
}

/// Shares know no units, and γ weighted by what is due is one.
#[test]
fn units_of_a_factor_and_the_invariant() {
    let given = [Given::Rows(&[0.4, 0.5, 0.3]), Given::Common(0.6)];
    let plain = wedges(&[&K, &L], &given);
    let scaled = wedges(&[&K.map(|k| 1e9 * k), &L.map(|l| 1e-9 * l)], &given);
    for f in 0..2 {
        for i in 0..3 {
            close(scaled.gamma[f][i], plain.gamma[f][i], 1e-14, "gamma");
        }
        let due = |i: usize| Y[i] / 200.0 * plain.elasticity[f][i] / plain.totals[0].elasticities[f];
        close((0..3).map(|i| due(i) * plain.gamma[f][i]).sum(), 1.0, 1e-14, "invariant");
    }
    // An allocation in proportion to what is due has no wedges.
    let none = wedges(&[&Y, &Y.map(|y| 7.0 * y)], &[Given::Common(0.3), Given::Common(0.6)]);
    assert!(none.weighted.iter().all(|w| w.abs() < 1e-15) && none.composite.iter().all(|c| (c - 1.0).abs() < 1e-15));
}

#[test]
fn zeros_are_typed_and_count_in_the_totals() {
    let economy = Economy { output: &[100.0, 0.0, 40.0], factors: &[&[0.0, 120.0, 30.0]], unit: None, time: &[0; 3] };
    let found = misallocation(&options(&["K"]), economy, Some(&[Given::Common(0.5)])).unwrap();
    assert_eq!(found.status, [Status::ZeroFactor, Status::ZeroOutput, Status::Defined]);
    assert_eq!(found.gamma[0][0], 0.0);
    assert!(found.tau[0][0].is_nan() && found.gamma[0][1].is_nan() && found.tau[0].iter().all(|t| !t.is_infinite()));
    close(found.gamma[0][2], 0.2 / (40.0 / 140.0), 1e-15, "a zero's factor is in the totals");
    close(found.totals[0].invariant[0], 1.0, 1e-15, "invariant");
}

#[test]
fn a_balanced_sample_adds_over_the_same_units() {
    let unit = Factor::from_keys("u", [0, 1, 2, 0, 1]);
    let economy = Economy {
        output: &[1.0, 2.0, 5.0, 3.0, 1.0],
        factors: &[&[2.0, 2.0, 9.0, 1.0, 1.0]],
        unit: Some(&unit),
        time: &[1, 1, 1, 2, 2],
    };
    let all = misallocation(&options(&["K"]), economy, Some(&[Given::Common(1.0)])).unwrap();
    assert_eq!((all.totals[0].units, all.totals[1].units), (3, 2));
    assert!(all.notes[0].contains("2 of 3 units") && all.notes[0].contains("balanced"), "{:?}", all.notes);
    let same = Misallocation { sample: Sample::Balanced, ..options(&["K"]) };
    let found = misallocation(&same, economy, Some(&[Given::Common(1.0)])).unwrap();
    assert_eq!(found.status[2], Status::Unbalanced);
    close(found.gamma[0][0], 0.5 / (1.0 / 3.0), 1e-15, "gamma");
    assert!(found.notes[0].starts_with("1 rows of 1 units"), "{:?}", found.notes);
    let nameless = Economy { unit: None, ..economy };
    assert!(misallocation(&same, nameless, Some(&[Given::Common(1.0)])).unwrap_err().to_string().contains("`unit`"));
}

#[test]
fn elasticities_outside_are_left_out_clamped_or_refused() {
    let economy = Economy { output: &Y, factors: &[&K, &L], unit: None, time: &[0; 3] };
    let given = [Given::Rows(&[0.4, -0.2, 0.3]), Given::Rows(&[0.6, 1.2, 0.7])];
    let run = |outside| misallocation(&Misallocation { outside, ..options(&["K", "L"]) }, economy, Some(&given));
    let left = run(Outside::LeaveOut).unwrap();
    assert_eq!(left.status, [Status::Defined, Status::Elasticity, Status::Defined]);
    assert_eq!(left.totals[0].units, 2);
    let clamped = run(Outside::Clamp).unwrap();
    assert_eq!((clamped.elasticity[0][1], clamped.elasticity[1][1]), (0.01, 0.99));
    assert_eq!(run(Outside::Error).unwrap_err().rows, [1]);
}

#[test]
fn refusals_of_wedges() {
    let economy = Economy { output: &Y, factors: &[&K, &L], unit: None, time: &[0; 3] };
    let two = options(&["K", "L"]);
    let say = |o: &Misallocation, e: Economy, given: Option<&[Given]>| misallocation(o, e, given).unwrap_err();
    let given = [Given::Common(0.4), Given::Common(0.6)];
    let negative = Economy { factors: &[&[1.0, -1.0, 2.0], &L], ..economy };
    let e = say(&two, negative, Some(&given));
    assert_eq!((e.column.as_deref(), &e.rows[..]), (Some("K"), &[1][..]));
    let nothing = Economy { factors: &[&[0.0; 3], &L], ..economy };
    assert!(say(&two, nothing, Some(&given)).to_string().contains("adds to zero"));
    assert!(say(&two, economy, Some(&given[..1])).to_string().contains("1 elasticities for 2 factors"));
    assert!(say(&two, economy, Some(&[Given::Common(1.4), Given::Common(0.6)])).to_string().contains("at most 1"));
    assert!(say(&options(&["K", "K"]), economy, Some(&given)).to_string().contains("twice"));
    let both = Misallocation { estimate: Some(Estimate::Common), ..two.clone() };
    assert!(say(&both, economy, Some(&given)).to_string().contains("keep one"));
    assert!(say(&both, economy, None).to_string().contains("`unit`"));
    assert!(say(&two, economy, None).to_string().contains("no elasticities"));
}

/// A panel of `units` by `years` with k factors and slopes of its own for each unit, a Cobb-Douglas function with
/// effects of units and times and noise.
struct World {
    output: Vec<f64>,
    factors: Vec<Vec<f64>>,
    slopes: Vec<Vec<f64>>,
    unit: Factor,
    time: Vec<i64>,
}

fn world(units: usize, years: usize, mean: &[f64], spread: f64, noise: f64) -> World {
    let mut s = Stream::new(20, 1);
    let k = mean.len();
    let slopes: Vec<Vec<f64>> = (0..units)
        .map(|_| {
            let mut b: Vec<f64> = mean[..k - 1].iter().map(|m| m + spread * s.normal()).collect();
            b.push(1.0 - b.iter().sum::<f64>());
            b
        })
        .collect();
    let shocks: Vec<f64> = (0..years).map(|t| 0.05 * t as f64 + 0.1 * s.normal()).collect();
    let mut factors = vec![Vec::new(); k];
    let (mut output, mut time, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    for (u, b) in slopes.iter().enumerate() {
        for (t, shock) in shocks.iter().enumerate() {
            let x: Vec<f64> = (0..k).map(|_| 1.0 + 0.6 * s.normal()).collect();
            let y: f64 = b.iter().zip(&x).map(|(b, x)| b * x).sum::<f64>() + 0.3 * u as f64 / units as f64 + shock;
            output.push((y + noise * s.normal()).exp());
            factors.iter_mut().zip(&x).for_each(|(f, x)| f.push(x.exp()));
            time.push(2010 + t as i64);
            codes.push(u as u32);
        }
    }
    World { output, factors, slopes, unit: Factor { name: "u".into(), codes, levels: units as u32 }, time }
}

impl World {
    fn estimate(&self, order: &[usize], whose: Estimate) -> Estimated {
        let factors: Vec<&[f64]> = order.iter().map(|&f| &self.factors[f][..]).collect();
        let names: Vec<String> = order.iter().map(|f| format!("F{f}")).collect();
        let data = Production { output: &self.output, factors: &factors, names: &names };
        estimate(data, &self.unit, &self.time, whose, Returns::Constant).unwrap()
    }
}

/// Slopes by unit are those of one regression on dummies of time and of unit times regressor.
#[test]
fn slopes_by_unit_are_a_regression_on_dummies() {
    let world = world(6, 8, &[0.3, 0.3, 0.4], 0.1, 0.1);
    let found = world.estimate(&[0, 1, 2], Estimate::Unit);
    let n = world.output.len();
    let ln = |v: &[f64], i: usize| (v[i] / world.factors[2][i]).ln();
    let mut columns: Vec<(String, Vec<f64>)> = (2011..2018)
        .map(|t| (format!("t{t}"), world.time.iter().map(|&s| f64::from(u8::from(s == t))).collect()))
        .collect();
    for u in 0..6 {
        for f in 0..2 {
            let of = |i| if world.unit.codes[i] == u { ln(&world.factors[f], i) } else { 0.0 };
            columns.push((format!("b{u}_{f}"), (0..n).map(of).collect()));
        }
    }
    let design = Design {
        y: (0..n).map(|i| ln(&world.output, i)).collect(),
        outcome: "y".into(),
        fe: vec![world.unit.clone()],
        rows: (0..n).collect(),
        ..Design::default()
    };
    let dense = Regression::default().run(&design.with_regressors(&columns)).unwrap();
    for u in 0..6 {
        for f in 0..2 {
            let want = dense.coefficient(&format!("b{u}_{f}")).unwrap().estimate;
            close(found.of_unit[u][f], want, 1e-9, "slope");
        }
        close(found.of_unit[u].iter().sum(), 1.0, 1e-14, "constant returns");
    }
}

/// Which factor the others are divided by does not matter.
#[test]
fn the_order_of_factors_does_not_matter() {
    let world = world(30, 11, &[0.3, 0.2, 0.5], 0.08, 0.1);
    for whose in [Estimate::Common, Estimate::Unit, Estimate::Shrunken] {
        let (a, b) = (world.estimate(&[0, 1, 2], whose), world.estimate(&[2, 0, 1], whose));
        for (a, b) in a.of_unit.iter().zip(&b.of_unit) {
            for (f, at) in [(0, 1), (1, 2), (2, 0)] {
                close(a[f], b[at], 1e-9, "elasticity");
            }
        }
    }
}

/// Shrunken slopes come nearer to the truth than each unit's own, and than one for all where units differ.
#[test]
fn shrinking_comes_nearer_to_the_truth() {
    let distance = |world: &World, whose| {
        let found = world.estimate(&[0, 1], whose);
        let gap = |(f, t): (&Vec<f64>, &Vec<f64>)| (f[0] - t[0]).powi(2);
        found.of_unit.iter().zip(&world.slopes).map(gap).sum::<f64>() / world.slopes.len() as f64
    };
    let different = world(200, 11, &[0.4, 0.6], 0.1, 0.3);
    let [common, own, shrunken] =
        [Estimate::Common, Estimate::Unit, Estimate::Shrunken].map(|w| distance(&different, w));
    assert!(shrunken < 0.8 * common && shrunken < 0.8 * own, "{common} {own} {shrunken}");
    let spread = different.estimate(&[0, 1], Estimate::Shrunken).spread.unwrap()[0];
    assert!((spread - 0.1).abs() < 0.02, "{spread}");
    // Alike: most of what seems a difference is noise, and is taken out.
    let alike = world(200, 11, &[0.4, 0.6], 0.0, 0.3);
    assert!(distance(&alike, Estimate::Shrunken) < 0.1 * distance(&alike, Estimate::Unit));
    // Without noise nothing is shrunken.
    let exact = world(20, 6, &[0.4, 0.6], 0.1, 0.0);
    assert!(distance(&exact, Estimate::Shrunken) < 1e-20);
}

#[test]
fn slopes_that_cannot_be_told_are_refused() {
    let short = world(5, 3, &[0.4, 0.6], 0.1, 0.1);
    let names = vec!["K".to_string(), "L".to_string()];
    let factors: Vec<&[f64]> = short.factors.iter().map(|f| &f[..]).collect();
    let say = |world: &World, factors: &[&[f64]]| {
        let data = Production { output: &world.output, factors, names: &names };
        estimate(data, &world.unit, &world.time, Estimate::Unit, Returns::Constant)
    };
    // Five units of three years: fifteen observations, ten for slopes, two for times.
    assert!(say(&short, &factors).is_ok());
    let long = world(5, 6, &[0.4, 0.6], 0.1, 0.1);
    let trend: Vec<f64> = (0..30).map(|i| long.factors[1][i] * (0.1 * (i % 6) as f64).exp()).collect();
    let message = match say(&long, &[&trend, &long.factors[1]]) {
        Err(e) => e.to_string(),
        Ok(found) => panic!("{:?}", found.of_unit),
    };
    assert!(message.contains("same path") || message.contains("absorb"), "{message}");
}

fn firms(options: &HsiehKlenow, industry: &[u32], time: &[i64], data: [&[f64]; 3]) -> plim_stats::Result<Reallocation> {
    let alpha = vec![0.4; time.len()];
    let industry = Factor::from_keys("industry", industry.iter());
    let [value_added, capital, labor] = data;
    hsieh_klenow(options, Industries { value_added, capital, labor, alpha: &alpha, industry: &industry, time })
}

/// TEST 2.3b.
#[test]
fn revenue_productivity_of_three_units() {
    let found = firms(&HsiehKlenow::default(), &[0; 3], &[0; 3], [&Y, &K, &L]).unwrap();
    close_printed(&found.tfpr, &[1.47342319, 0.84546717, 2.57757606], 8, "TFPR");
    close_printed(&[found.tfpr[0] / found.ln_tfpr[0].exp()], &[1.28878803], 8, "TFPRbar");
    close_printed(&found.tau_k, &[0.77777778, 1.77777778, 1.22222222], 8, "tau_K");
    close_printed(&found.tau_y, &[0.0, -1.08333333, 0.375], 8, "tau_Y");
    close_printed(&[found.aggregate[0].tfp_ratio], &[0.7948954049], 10, "TFP/TFP_e");
    close_printed(&[100.0 * found.aggregate[0].gain], &[25.802715], 6, "gain");
    // The CES aggregate of the units' own output over that of the efficient allocation.
    let output: f64 = Y.iter().sum::<f64>().powf(1.5);
    let tfp = output / (300f64.powf(0.4) * 100f64.powf(0.6));
    let efficient = found.tfpq.iter().map(|a| a * a).sum::<f64>().sqrt();
    close(found.aggregate[0].tfp_ratio, tfp / efficient, 1e-14, "direct");
}

#[test]
fn equal_wedges_have_nothing_to_gain_and_industries_multiply() {
    let scale = |v: &[f64; 3]| [v[0], 2.0 * v[0], 0.1 * v[0]];
    let even = firms(&HsiehKlenow::default(), &[0; 3], &[0; 3], [&scale(&Y), &scale(&K), &scale(&L)]).unwrap();
    assert!(even.aggregate[0].gain.abs() < 1e-14 && even.aggregate[0].tfpr.sd.unwrap() < 1e-14);
    // The same industry twice has the same ratio; R and the wage bill's unit do not touch it.
    let twice = |v: &[f64; 3]| [&v[..], &v[..]].concat();
    let data = [&twice(&Y)[..], &twice(&K)[..], &twice(&L)[..]];
    let options = HsiehKlenow { rental: 0.3, wage: 7.0, ..HsiehKlenow::default() };
    let both = firms(&options, &[0, 0, 0, 1, 1, 1], &[0; 6], data).unwrap();
    close_printed(&[both.aggregate[0].tfp_ratio, both.industries[1].tfp_ratio], &[0.7948954049; 2], 10, "ratio");
    assert_eq!(both.industries[1].share, 0.5);
}

#[test]
fn tails_bases_and_zeros() {
    let mut s = Stream::new(3, 0);
    let mut draw = || -> Vec<f64> { (0..400).map(|_| (0.8 * s.normal()).exp()).collect() };
    let data = [draw(), draw(), draw()];
    let time: Vec<i64> = (0..400).map(|i| 2010 + i / 200).collect();
    let run = |options: HsiehKlenow| firms(&options, &[0; 400], &time, [&data[0], &data[1], &data[2]]);
    let (all, trimmed) =
        (run(HsiehKlenow::default()).unwrap(), run(HsiehKlenow { trim: 0.01, ..Default::default() }).unwrap());
    let out = trimmed.status.iter().filter(|&&s| s == Firm::Trimmed).count();
    assert!((8..=16).contains(&out), "{out}");
    assert!(trimmed.notes[0].starts_with(&format!("{out} rows")), "{:?}", trimmed.notes);
    assert_eq!(trimmed.aggregate[0].units + trimmed.aggregate[1].units, 400 - out);
    assert!(
        trimmed.aggregate[0].gain < all.aggregate[0].gain && trimmed.aggregate[0].tfpr.sd < all.aggregate[0].tfpr.sd
    );
    let base = run(HsiehKlenow { base_time: Some(2010), ..Default::default() }).unwrap();
    assert_eq!(base.aggregate[0].relative_gain, Some(0.0));
    let want = (1.0 + all.aggregate[1].gain) / (1.0 + all.aggregate[0].gain) - 1.0;
    close(base.aggregate[1].relative_gain.unwrap(), want, 1e-14, "relative gain");
    for (wrong, word) in [
        (HsiehKlenow { base_time: Some(1999), ..Default::default() }, "1999"),
        (HsiehKlenow { base_time: Some(2010), base_gain: Some(0.4), ..Default::default() }, "keep one"),
        (HsiehKlenow { sigma: 1.0, ..Default::default() }, "sigma"),
        (HsiehKlenow { trim: 0.5, ..Default::default() }, "trim"),
    ] {
        assert!(run(wrong).unwrap_err().to_string().contains(word));
    }
    let zero = firms(&HsiehKlenow::default(), &[0; 3], &[0; 3], [&[0.0, 60.0, 40.0], &K, &L]).unwrap();
    assert_eq!(zero.status, [Firm::Zero, Firm::Defined, Firm::Defined]);
    assert!(zero.tfpr[0].is_nan() && zero.aggregate[0].units == 2);
    assert_eq!(firms(&HsiehKlenow::default(), &[0; 3], &[0; 3], [&[1.0, -60.0, 40.0], &K, &L]).unwrap_err().rows, [1]);
}

#[test]
fn what_flows_out_flows_in() {
    let distance = great_circle(&[[0.0, 0.0], [0.0, 90.0], [90.0, 0.0]]).unwrap();
    close(distance[(0, 1)], 6376.0 * std::f64::consts::FRAC_PI_2, 1e-14, "a quarter of the equator");
    let unit = Factor::from_keys("u", [0, 1, 2]);
    let flow =
        |options: &FactorFlows, mass: &[f64]| factor_flows(options, mass, &[2.0, 3.0, 4.0], &unit, &[1; 3], &distance);
    let found = flow(&FactorFlows::default(), &[10.0, 20.0, 30.0]).unwrap();
    close(found.inflow.iter().sum(), found.outflow.iter().sum(), 1e-14, "total");
    let km = distance[(0, 1)];
    close(found.inflow[0], (20f64.ln() + 30f64.ln()) * 2f64.ln() / (km * km), 1e-13, "inflow");
    assert_eq!(flow(&FactorFlows::default(), &[10.0, 0.5, 30.0]).unwrap_err().rows, [1]);
    assert!(flow(&FactorFlows { form: Form::Level, ..Default::default() }, &[10.0, 0.5, 30.0]).is_ok());
    assert!(great_circle(&[[116.4, 39.9]]).is_err());
    let unknown = Mat::from_fn(3, 3, |_, _| f64::NAN);
    let options = FactorFlows::default();
    let e = factor_flows(&options, &[10.0; 3], &[2.0; 3], &unit, &[1; 3], &unknown).unwrap_err();
    assert!(e.to_string().contains("distance"), "{e}");
}

#[test]
fn conventions_of_coupling() {
    let run = |convention, u: &[&[f64]]| {
        let subsystems = (0..u.len()).map(|j| format!("u{j}")).collect();
        coupling(&Coupling { subsystems, convention, ..Default::default() }, u).unwrap()
    };
    let u: [&[f64]; 3] = [&[0.8, 0.5, 0.0], &[0.2, 0.5, 0.0], &[0.3, 0.5, 0.0]];
    let [standard, unrooted, wang] = [Convention::Standard, Convention::Unrooted, Convention::Wang].map(|c| run(c, &u));
    close(unrooted.coupling[0], standard.coupling[0].powi(3), 1e-14, "unrooted");
    close(standard.coupling[0], 3.0 * 0.048f64.cbrt() / 1.3, 1e-14, "standard");
    close(wang.coupling[0], (0.6 * (0.2 * 0.3 / 0.64f64).sqrt()).sqrt(), 1e-14, "wang");
    for found in [&standard, &unrooted, &wang] {
        close(found.coupling[1], 1.0, 1e-15, "equal subsystems");
        close(found.coordination[1], 0.5f64.sqrt(), 1e-15, "D");
        assert!(found.coordination[2].is_nan() && found.notes[0].starts_with("1 rows"));
        assert_eq!(found.means, standard.means);
    }
    close(run(Convention::Wang, &u[..2]).coupling[0], 0.1f64.sqrt(), 1e-14, "wang of two");
    let weighted = Coupling { subsystems: vec!["a".into(), "b".into()], weights: vec![3.0, 1.0], ..Default::default() };
    close(coupling(&weighted, &u[..2]).unwrap().development[0], 0.65, 1e-15, "T");
    assert!(coupling(&weighted, &[&[1.2], &[0.1]]).unwrap_err().to_string().contains("between 0 and 1"));
    assert!(coupling(&weighted, &u[..1]).unwrap_err().to_string().contains("two"));
}
