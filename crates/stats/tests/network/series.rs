//! General series networks: a second solver on multiplier and transformed forms, identities, invariances, refusals.

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use plim_golden::close;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::sbm::{Sbm, sbm};
use plim_stats::frontier::dea::{Orientation, Radial, Rts, Units, technology::Standing};
use plim_stats::frontier::network::{Links, Network, NetworkDea, NetworkModel, NetworkUnit, network};
use plim_stats::frontier::two_stage::{Priority, two_stage};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

/// The second solver meets its constraints to 1e-8 only; ours are certified to 1e-9 from the data.
const SECOND: f64 = 1e-6;
/// Inputs, links and outputs of every kind: a stage with its own, one that is fed by two, one without own inputs.
const GENERAL: [&str; 3] = ["a: x1 + x2 -> z1 + z2 + y1", "b: z1 + x3 -> z3 + y2", "c: z2 + z3 -> y3"];
const CHAIN: [&str; 3] = ["a: x1 + x2 -> z1 + z2", "b: z1 + z2 -> w1", "c: w1 -> y1 + y2"];
const ORIENTATIONS: [Orientation; 3] = [Orientation::Input, Orientation::Output, Orientation::None];
const RETURNS: [Rts; 4] = [Rts::Crs, Rts::Vrs, Rts::Nirs, Rts::Ndrs];
const PRICED: [(NetworkModel, Rts); 5] = [
    (NetworkModel::Relational, Rts::Crs),
    (NetworkModel::Additive, Rts::Crs),
    (NetworkModel::Additive, Rts::Vrs),
    (NetworkModel::Additive, Rts::Nirs),
    (NetworkModel::Additive, Rts::Ndrs),
];

fn random(stream: &mut Stream, n: usize, k: usize) -> Mat<f64> {
    Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp() * 10.0)
}

fn options(stages: &[&str], model: NetworkModel, rts: Rts) -> NetworkDea {
    let stages = stages.iter().map(|s| s.to_string()).collect();
    NetworkDea { stages, model, rts, ..NetworkDea::default() }
}

fn graph(options: &NetworkDea) -> Network {
    Network::parse(&options.stages).unwrap()
}

fn run(values: &Mat<f64>, options: &NetworkDea) -> Vec<NetworkUnit> {
    network(values, options).unwrap().units
}

/// Every number of a unit: the whole's, then the stages', minus one where a stage has none.
fn numbers(unit: &NetworkUnit) -> Vec<f64> {
    let stages = unit.stages.as_ref().unwrap_or_else(|| panic!("{unit:?}"));
    std::iter::once(unit.efficiency.unwrap()).chain(stages.iter().map(|s| s.unwrap_or(-1.0))).collect()
}

fn agree(got: &[NetworkUnit], want: &[NetworkUnit], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len());
    for (o, (got, want)) in got.iter().zip(want).enumerate() {
        for (g, w) in numbers(got).into_iter().zip(numbers(want)) {
            close(g, w, tolerance, &format!("{what}, unit {o}"));
        }
    }
}

/// The multiplier form: E, or with E given the largest efficiency of a stage at prices that attain it.
fn multipliers(values: &Mat<f64>, options: &NetworkDea, o: usize, stage: Option<(usize, f64)>) -> f64 {
    let network = graph(options);
    let K = network.stages.len();
    let whole = |f: usize| options.model == NetworkModel::Additive || !network.flows[f].is_link();
    let bounds = match options.rts {
        Rts::Vrs => Some((f64::NEG_INFINITY, f64::INFINITY)),
        Rts::Nirs => Some((f64::NEG_INFINITY, 0.0)),
        Rts::Ndrs => Some((0.0, f64::INFINITY)),
        _ => None,
    };
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    // What is maximized is the value of what is made, so its share of the cost comes with the variable.
    let goal = |f: usize| match stage {
        None => network.flows[f].maker.is_some() && whole(f),
        Some((k, _)) => network.flows[f].maker == Some(k),
    };
    let cost = |f: usize| if goal(f) { values[(o, f)] } else { 0.0 };
    let price: Vec<Variable> =
        (0..network.flows.len()).map(|f| problem.add_var(cost(f), (0.0, f64::INFINITY))).collect();
    let is_goal = |k: usize| stage.is_none_or(|s| s.0 == k);
    let constant: Vec<Variable> =
        bounds.map_or(Vec::new(), |b| (0..K).map(|k| problem.add_var(f64::from(u8::from(is_goal(k))), b)).collect());
    let terms = |i: usize, sign: f64, of: &dyn Fn(usize) -> bool| -> Vec<(Variable, f64)> {
        (0..price.len()).filter(|&f| of(f)).map(|f| (price[f], sign * values[(i, f)])).collect()
    };
    for k in 0..K {
        for i in 0..values.nrows() {
            let mut row = terms(i, 1.0, &|f| network.flows[f].maker == Some(k));
            row.extend(terms(i, -1.0, &|f| network.flows[f].user == Some(k)));
            row.extend(constant.get(k).map(|&c| (c, 1.0)));
            problem.add_constraint(row, ComparisonOp::Le, 0.0);
        }
    }
    let one = terms(o, 1.0, &|f| match stage {
        None => network.flows[f].user.is_some() && whole(f),
        Some((k, _)) => network.flows[f].user == Some(k),
    });
    problem.add_constraint(one, ComparisonOp::Eq, 1.0);
    if let Some((_, overall)) = stage {
        // Held to E exactly, the second solver finds no prices in some cases.
        let mut row: Vec<(Variable, f64)> = Vec::new();
        for f in (0..price.len()).filter(|&f| whole(f)) {
            let flow = &network.flows[f];
            let made = if flow.maker.is_some() { 1.0 } else { 0.0 };
            let used = if flow.user.is_some() { overall * super::SLACK } else { 0.0 };
            row.push((price[f], values[(o, f)] * (made - used)));
        }
        row.extend(constant.iter().map(|&c| (c, 1.0)));
        problem.add_constraint(row, ComparisonOp::Ge, 0.0);
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

#[test]
fn the_multiplier_form_of_a_second_solver_agrees() {
    for (replication, (model, rts)) in PRICED.into_iter().enumerate() {
        for stages in [&GENERAL[..], &CHAIN] {
            let mut options = options(stages, model, rts);
            let values = random(&mut Stream::new(91, replication as u64), 18, graph(&options).flows.len());
            for first in 0..3 {
                options.priority = vec![["a", "b", "c"][first].into()];
                for (o, unit) in run(&values, &options).iter().enumerate() {
                    let what = format!("{model:?} {rts:?} {first} {o}");
                    let overall = unit.efficiency.unwrap_or_else(|| panic!("{what}: {unit:?}"));
                    close(overall, multipliers(&values, &options, o, None), 1e-8, &what);
                    if let Some(stage) = unit.stages.as_ref().unwrap()[first] {
                        close(stage, multipliers(&values, &options, o, Some((first, overall))), SECOND, &what);
                    }
                }
            }
        }
    }
}

/// ρ by the transformation of Charnes and Cooper: every variable times t > 0, with Σ w D t = 1; slacks and rows relative
/// to the unit's own values.
fn transformed(values: &Mat<f64>, options: &NetworkDea, o: usize) -> f64 {
    let network = graph(options);
    let (n, K) = (values.nrows(), network.stages.len());
    let total: f64 = if options.weights.is_empty() { K as f64 } else { options.weights.iter().sum() };
    let weight = |k: usize| options.weights.get(k).map_or(1.0, |w| *w) / total;
    let orientation = options.orientation.unwrap_or(Orientation::None);
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let nonnegative = (0.0, f64::INFINITY);
    let t = problem.add_var(1.0, nonnegative);
    let mut normalized = vec![(t, 1.0)];
    let lambda: Vec<Vec<Variable>> =
        (0..K).map(|_| (0..n).map(|_| problem.add_var(0.0, nonnegative)).collect()).collect();
    for (f, flow) in network.flows.iter().enumerate() {
        let value = values[(o, f)];
        let target = |k: usize, sign: f64| (0..n).map(|i| (lambda[k][i], sign * values[(i, f)] / value)).collect();
        let alike = network.flows.iter().filter(|g| (g.maker, g.user) == (flow.maker, flow.user)).count() as f64;
        let mut rows: Vec<Vec<(Variable, f64)>> = Vec::new();
        match (flow.maker, flow.user) {
            (Some(h), Some(k)) if options.links == Some(Links::Fixed) => {
                rows.extend([h, k].map(|k| [target(k, 1.0), vec![(t, -1.0)]].concat()));
            }
            (Some(h), Some(k)) => rows.push([target(h, 1.0), target(k, -1.0)].concat()),
            (None, Some(k)) => {
                let cost = if orientation == Orientation::Output { 0.0 } else { -weight(k) / alike };
                let slack = problem.add_var(cost, nonnegative);
                rows.push([target(k, 1.0), vec![(slack, 1.0), (t, -1.0)]].concat());
            }
            (Some(k), None) => {
                let slack = problem.add_var(0.0, nonnegative);
                if orientation != Orientation::Input {
                    normalized.push((slack, weight(k) / alike));
                }
                rows.push([target(k, 1.0), vec![(slack, -1.0), (t, -1.0)]].concat());
            }
            (None, None) => unreachable!(),
        }
        rows.into_iter().for_each(|row| problem.add_constraint(row, ComparisonOp::Eq, 0.0));
    }
    let sum = match options.rts {
        Rts::Vrs => Some(ComparisonOp::Eq),
        Rts::Nirs => Some(ComparisonOp::Le),
        Rts::Ndrs => Some(ComparisonOp::Ge),
        _ => None,
    };
    for (k, sense) in (0..K).filter_map(|k| Some((k, sum?))) {
        let row = lambda[k].iter().map(|&l| (l, 1.0)).chain([(t, -1.0)]).collect::<Vec<_>>();
        problem.add_constraint(row, sense, 0.0);
    }
    problem.add_constraint(normalized, ComparisonOp::Eq, 1.0);
    problem.solve().unwrap().into_solution().unwrap().objective()
}

#[test]
fn the_transformed_form_of_a_second_solver_agrees() {
    let mut below = 0;
    for (replication, rts) in RETURNS.into_iter().enumerate() {
        let mut options = options(&GENERAL, NetworkModel::Sbm, rts);
        let values = random(&mut Stream::new(92, replication as u64), 15, graph(&options).flows.len());
        for orientation in ORIENTATIONS {
            for (links, weights) in [(Links::Free, vec![]), (Links::Fixed, vec![]), (Links::Free, vec![3.0, 1.0, 0.5])]
            {
                (options.orientation, options.links, options.weights) = (Some(orientation), Some(links), weights);
                for (o, unit) in run(&values, &options).iter().enumerate() {
                    let got = unit.efficiency.unwrap_or_else(|| panic!("{options:?} {o}: {unit:?}"));
                    close(got, transformed(&values, &options, o), SECOND, &format!("{options:?} {o}"));
                    below += usize::from(got < 0.99);
                }
            }
        }
    }
    assert!(below >= 100, "only {below} units were inefficient");
}

#[test]
fn two_stages_with_links_alone_are_the_model_of_kao_and_hwang() {
    let mut s = Stream::new(93, 0);
    let (X, Z, Y) = (random(&mut s, 25, 2), random(&mut s, 25, 2), random(&mut s, 25, 2));
    let values = Mat::from_fn(25, 6, |i, j| [&X, &Z, &Y][j / 2][(i, j % 2)]);
    let mut options = options(&["a: x + v -> z + w", "b: z + w -> y + u"], NetworkModel::Relational, Rts::Crs);
    let flows: Vec<String> = graph(&options).columns().cloned().collect();
    assert_eq!(flows, ["x", "v", "z", "w", "y", "u"]);
    for (name, priority) in [("a", Priority::First), ("b", Priority::Second)] {
        options.priority = vec![name.into()];
        for (unit, want) in run(&values, &options).iter().zip(two_stage(&X, &Z, &Y, priority).unwrap()) {
            let [first, second] = want.stages.unwrap();
            let want = [want.efficiency.unwrap(), first, second];
            numbers(unit).iter().zip(want).for_each(|(g, w)| close(*g, w, 1e-9, name));
        }
    }
}

/// Without flows from outside in between, the relational whole is the product of its stages.
#[test]
fn a_chain_is_the_product_of_its_stages() {
    let options = options(&CHAIN, NetworkModel::Relational, Rts::Crs);
    for unit in run(&random(&mut Stream::new(94, 0), 30, 7), &options) {
        let all = numbers(&unit);
        close(all[1..].iter().product(), all[0], 1e-9, "product");
        assert!(all.iter().all(|e| *e > 0.0 && *e <= 1.0), "{all:?}");
    }
}

/// One stage is the radial model, whatever it is called, or the slacks-based one.
#[test]
fn one_stage_is_the_model_itself() {
    let mut s = Stream::new(95, 0);
    let (X, Y) = (random(&mut s, 30, 2), random(&mut s, 30, 2));
    let values = Mat::from_fn(30, 4, |i, j| if j < 2 { X[(i, j)] } else { Y[(i, j - 2)] });
    let units = Units::new(&X, &Y).unwrap();
    let stage = ["only: x1 + x2 -> y1 + y2"];
    for (model, rts) in PRICED {
        let radial = Radial::of(&units, rts, Orientation::Input);
        for (o, unit) in run(&values, &options(&stage, model, rts)).iter().enumerate() {
            let want = radial.score(&units.point(o), Standing::Outside).unwrap();
            numbers(unit).iter().for_each(|e| close(*e, want, 1e-9, &format!("{model:?} {rts:?} {o}")));
        }
    }
    for rts in RETURNS {
        for orientation in ORIENTATIONS {
            let names = |a: &str| vec![format!("{a}1"), format!("{a}2")];
            let plain = Sbm { inputs: names("x"), outputs: names("y"), rts, orientation, ..Sbm::default() };
            let want = sbm(&units, &plain).unwrap().units;
            let options = NetworkDea { orientation: Some(orientation), ..options(&stage, NetworkModel::Sbm, rts) };
            for (unit, want) in run(&values, &options).iter().zip(want) {
                numbers(unit).iter().for_each(|e| close(*e, want.efficiency.unwrap(), 1e-9, "SBM"));
            }
        }
    }
}

/// Without links stages stand alone: the input measure is the weighted mean of their own, the additive one of theirs.
#[test]
fn without_links_stages_stand_alone() {
    let mut s = Stream::new(96, 0);
    let values = random(&mut s, 20, 4);
    let base = options(&["a: x -> y", "b: v -> u"], NetworkModel::Sbm, Rts::Vrs);
    let options = NetworkDea { orientation: Some(Orientation::Input), weights: vec![2.0, 1.0], ..base };
    for (o, unit) in run(&values, &options).iter().enumerate() {
        let all = numbers(unit);
        close(all[0], (2.0 * all[1] + all[2]) / 3.0, 1e-12, "mean");
        for (k, stage) in [(0, all[1]), (1, all[2])] {
            let column = |j: usize| Mat::from_fn(20, 1, |i, _| values[(i, j)]);
            let units = Units::new(&column(k), &column(2 + k)).unwrap();
            let radial = Radial::of(&units, Rts::Vrs, Orientation::Input);
            close(stage, radial.score(&units.point(o), Standing::Outside).unwrap(), 1e-9, "alone");
        }
    }
}

fn each_model(values: &Mat<f64>, check: impl Fn(&NetworkDea, &[NetworkUnit])) {
    for (model, rts) in PRICED {
        let options = options(&GENERAL, model, rts);
        check(&options, &run(values, &options));
    }
    for (rts, orientation) in RETURNS.into_iter().zip([&ORIENTATIONS[..], &[Orientation::None]].concat()) {
        for links in [Links::Free, Links::Fixed] {
            let base = options(&GENERAL, NetworkModel::Sbm, rts);
            let options = NetworkDea { orientation: Some(orientation), links: Some(links), ..base };
            check(&options, &run(values, &options));
        }
    }
}

#[test]
fn units_of_measurement_do_not_matter() {
    let values = random(&mut Stream::new(97, 0), 25, 9);
    let scale = [1e9, 1e-9, 1.0, 1e-9, 1e9, 1e-9, 1e9, 1e-9, 1e9];
    let other = Mat::from_fn(25, 9, |i, j| scale[j] * values[(i, j)]);
    each_model(&values, |options, units| agree(&run(&other, options), units, 1e-9, &format!("{options:?}")));
}

#[test]
fn order_copies_and_dominated_units_do_not_matter() {
    let n = 20;
    let values = random(&mut Stream::new(98, 0), n, 9);
    let backward = Mat::from_fn(n, 9, |i, j| values[(n - 1 - i, j)]);
    // The unit that is added repeats the links of unit 0, uses more and makes less; a copy of unit 3 comes with it.
    let more = Mat::from_fn(n + 2, 9, |i, j| match i {
        i if i < n => values[(i, j)],
        i if i == n => values[(0, j)] * [1.5, 1.2, 1.1, 1.0, 1.0, 0.5, 1.0, 0.9, 0.8][j],
        _ => values[(3, j)],
    });
    let network = graph(&options(&GENERAL, NetworkModel::Sbm, Rts::Vrs));
    let columns: Vec<&str> = network.columns().map(String::as_str).collect();
    assert_eq!(columns, ["x1", "x2", "x3", "z1", "z2", "y1", "z3", "y2", "y3"]);
    let whole = |units: &[NetworkUnit]| units.iter().map(|u| u.efficiency.unwrap()).collect::<Vec<_>>();
    each_model(&values, |options, units| {
        let what = format!("{options:?}");
        let mut turned = run(&backward, options);
        turned.reverse();
        let same = |got: &[f64], want: &[f64]| got.iter().zip(want).for_each(|(g, w)| close(*g, *w, 1e-9, &what));
        same(&whole(&turned), &whole(units));
        let added = whole(&run(&more, options));
        same(&added[..n], &whole(units));
        same(&[added[n + 1]], &[added[3]]);
        assert!(added[n] <= added[0] * (1.0 + 1e-9), "{what}");
        if options.model != NetworkModel::Sbm {
            // The split by priority is one number too.
            agree(&turned, units, 1e-8, &what);
        }
    });
}

#[test]
fn fixed_links_and_smaller_technologies_are_never_less_efficient() {
    let values = random(&mut Stream::new(99, 0), 25, 9);
    let score = |rts, links| {
        let options = NetworkDea { links: Some(links), ..options(&GENERAL, NetworkModel::Sbm, rts) };
        run(&values, &options).iter().map(|u| u.efficiency.unwrap()).collect::<Vec<f64>>()
    };
    let below = |low: &[f64], high: &[f64]| low.iter().zip(high).all(|(l, h)| *l <= h + 1e-9);
    let [free, fixed] = [Links::Free, Links::Fixed].map(|links| score(Rts::Vrs, links));
    assert!(below(&free, &fixed) && free != fixed);
    assert!(below(&score(Rts::Crs, Links::Free), &free));
}

/// Whole numbers with zeros tie wherever they can.
#[test]
fn ties_and_zeros_cost_no_score() {
    for replication in 0..6 {
        let mut s = Stream::new(100, replication);
        let values = random(&mut s, 30, 9);
        let values = Mat::from_fn(30, 9, |i, j| (values[(i, j)] / 5.0).floor() + if j == 1 { 0.0 } else { 1.0 });
        each_model(&values, |options, units| {
            for (o, unit) in units.iter().enumerate() {
                assert_eq!(unit.status, Status::Optimal, "{replication} {options:?} {o}: {:?}", unit.reason);
                if options.model != NetworkModel::Sbm {
                    close(unit.efficiency.unwrap(), multipliers(&values, options, o, None), 1e-8, "tie");
                }
            }
        });
    }
}

#[test]
fn what_has_no_score_is_refused_and_spans_nothing() {
    let mut values = random(&mut Stream::new(101, 0), 14, 9);
    let rest = Mat::from_fn(13, 9, |i, j| values[(i + 1, j)]);
    values[(0, 8)] = 0.0;
    each_model(&rest, |options, alone| {
        let all = network(&values, options).unwrap();
        assert_eq!((all.units[0].status, all.units[0].efficiency), (Status::Refused, None));
        assert_eq!(all.units[0].reason.as_deref(), Some("all outputs of stage `c` are zero"));
        assert_eq!(all.units[1..], *alone);
        assert!(all.notes.iter().any(|note| note.starts_with("1 of 14 units were refused")), "{:?}", all.notes);
    });
    values[(0, 8)] = -1.0;
    let plain = options(&GENERAL, NetworkModel::Sbm, Rts::Vrs);
    assert_eq!(run(&values, &plain)[0].reason.as_deref(), Some("an input, link or output is negative"));
    values[(0, 8)] = f64::NAN;
    let error = network(&values, &plain).unwrap_err();
    assert_eq!((error.rows, error.column.as_deref()), (vec![0], Some("y3")));
}

#[test]
fn options_that_cannot_be_honored_are_refused() {
    let values = random(&mut Stream::new(102, 0), 10, 9);
    let refusal = |model, rts, change: &dyn Fn(&mut NetworkDea)| {
        let mut options = options(&GENERAL, model, rts);
        change(&mut options);
        network(&values, &options).unwrap_err().to_string()
    };
    let (sbm, additive) = (NetworkModel::Sbm, NetworkModel::Additive);
    for (message, what) in [
        (refusal(NetworkModel::Relational, Rts::Vrs, &|_| ()), "the relational model is one of constant returns"),
        (refusal(sbm, Rts::Fdh, &|_| ()), "a network has no free disposal hull"),
        (refusal(additive, Rts::Grs, &|_| ()), "a network has no free disposal hull"),
        (refusal(additive, Rts::Vrs, &|o| o.orientation = Some(Orientation::Output)), "`orientation` belongs to"),
        (refusal(additive, Rts::Vrs, &|o| o.links = Some(Links::Fixed)), "`links` belongs to"),
        (refusal(additive, Rts::Vrs, &|o| o.weights = vec![1.0; 3]), "`weights` belongs to"),
        (refusal(additive, Rts::Vrs, &|o| o.priority = vec!["d".into()]), "`d` in `priority` is no stage"),
        (refusal(additive, Rts::Vrs, &|o| o.priority = vec!["a".into(), "a".into()]), "is named twice"),
        (refusal(sbm, Rts::Vrs, &|o| o.priority = vec!["a".into()]), "`priority` means nothing"),
        (refusal(sbm, Rts::Vrs, &|o| o.weights = vec![1.0; 2]), "the weights of the stages"),
        (refusal(sbm, Rts::Vrs, &|o| o.weights = vec![1.0, 0.0, 1.0]), "a weight of a stage is not positive"),
        (refusal(sbm, Rts::Vrs, &|o| o.stages.truncate(2)), "the columns of the stages"),
    ] {
        assert!(message.contains(what), "{message}");
    }
}
