//! The index of a tree: COINr's ASEM example step by step, weights, aggregations, refusals.

use plim_golden::{Csv, close, json, shared};
use plim_stats::index::composite::{Vintage, WeightLevel};
use plim_stats::index::impute::{Impute, Keys};
use plim_stats::index::presets::Preset;
use plim_stats::index::treat::{Rule, Treat, Treatment, kurtosis, skewness, treatment};
use plim_stats::index::{
    Aggregate, Basis, Convention, Index, Inputs, Normalize, NormalizeScope, Sensitivity, Sheet, SheetRow, Weighting,
    index, sensitivity,
};
use std::collections::HashMap;

struct Asem {
    sheet: Sheet,
    units: Vec<String>,
    codes: Vec<String>,
    x: Vec<Vec<f64>>,
    denominators: Vec<Option<Vec<f64>>>,
    groups: Vec<u32>,
}

/// The indicators of the ASEM example, without their directions, denominators or both when asked.
fn asem(denominate: bool) -> Option<Asem> {
    let (meta, data) = (shared("golden/indices/snap_asem_imeta.csv")?, shared("golden/indices/snap_asem_idata.csv")?);
    let (meta, data) = (Csv::read(&meta), Csv::read(&data));
    let rows: Vec<SheetRow> = (0..meta.text("iCode").len())
        .filter(|&i| ["Indicator", "Aggregate"].contains(&meta.text("Type")[i].as_str()))
        .map(|i| SheetRow {
            code: meta.text("iCode")[i].clone(),
            parent: meta.text("Parent")[i].clone(),
            direction: meta.text("Direction")[i].clone(),
            denominator: if denominate { meta.text("Denominator")[i].clone() } else { String::new() },
            weight: Some(1.0),
            ..SheetRow::default()
        })
        .collect();
    let sheet = Sheet::new(&rows).unwrap();
    let nodes: Vec<_> = sheet.leaves().into_iter().map(|l| sheet.nodes[l].clone()).collect();
    let regions = data.text("EurAsia_group");
    Some(Asem {
        units: data.text("uCode").to_vec(),
        codes: nodes.iter().map(|n| n.code.clone()).collect(),
        x: nodes.iter().map(|n| data.num(&n.code)).collect(),
        denominators: nodes.iter().map(|n| n.denominator.as_deref().map(|d| data.num(d))).collect(),
        groups: regions.iter().map(|r| u32::from(*r == regions[0])).collect(),
        sheet,
    })
}

impl Asem {
    fn run(&self, options: &Index) -> plim_stats::index::Composite {
        let x: Vec<&[f64]> = self.x.iter().map(Vec::as_slice).collect();
        let denominators: Vec<Option<&[f64]>> = self.denominators.iter().map(|d| d.as_deref()).collect();
        let keys = Keys { groups: Some(&self.groups), ..Keys::default() };
        index(options, &self.sheet, &Inputs { x: &x, denominators: &denominators, keys }, None).unwrap()
    }

    /// Every score against a table by unit code and column.
    fn compare(&self, got: &plim_stats::index::Composite, want: &HashMap<(String, String), f64>, rel: f64) {
        assert_eq!(got.scores.len(), 11);
        for (code, scores) in &got.scores {
            for (unit, score) in self.units.iter().zip(scores) {
                close(*score, want[&(unit.clone(), code.clone())], rel, &format!("{unit} {code}"));
            }
        }
    }
}

fn table(path: &str) -> Option<HashMap<(String, String), f64>> {
    let text = std::fs::read_to_string(shared(path)?).unwrap();
    let csv = Csv::parse(&text);
    let names: Vec<String> = text.lines().next()?.split(',').skip(1).map(|n| n.trim_matches('"').into()).collect();
    let mut all = HashMap::new();
    for name in names {
        for (unit, v) in csv.text("uCode").iter().zip(csv.num(&name)) {
            all.insert((unit.clone(), name.clone()), v);
        }
    }
    Some(all)
}

/// A data set of the R file as the table of [`table`].
fn r_table(case: &str) -> Option<HashMap<(String, String), f64>> {
    let file = json(&shared("golden/r/complexity_indices.json")?);
    let result = file["cases"][case]["result"].as_object().unwrap().clone();
    let units: Vec<String> = result["units"].as_array().unwrap().iter().map(|u| u.as_str().unwrap().into()).collect();
    let mut all = HashMap::new();
    for (name, values) in result.iter().filter(|(name, _)| *name != "units") {
        for (unit, v) in units.iter().zip(values.as_array().unwrap()) {
            all.insert((unit.clone(), name.clone()), v.as_f64().unwrap_or(f64::NAN));
        }
    }
    Some(all)
}

fn built() -> Index {
    Index { impute: Impute::GroupMean, treat: Treat::WinsorizeLog, scale: [0.0, 100.0], ..Index::default() }
}

#[test]
fn coinr_full_build_step_by_step() {
    let (Some(asem), Some(aggregated)) = (asem(true), table("golden/indices/snap_asem_aggregated.csv")) else { return };
    let got = asem.run(&built());
    asem.compare(&got, &aggregated, 1e-10);
    asem.compare(&got, &r_table("coinr_full_build").unwrap(), 1e-10);
    // The printed ranks of the vignette.
    let index = &got.scores.last().unwrap().1;
    let at = |unit: &str| index[asem.units.iter().position(|u| u == unit).unwrap()];
    for (unit, want) in [("CHE", 68.38), ("NLD", 64.82), ("DNK", 64.80), ("NOR", 64.47), ("BEL", 63.54), ("SWE", 63.00)]
    {
        assert!((at(unit) - want).abs() <= 0.005 + 1e-9, "{unit} {}", at(unit));
    }
    // Sixty-five values were missing, and fifteen indicators treated.
    assert_eq!(got.imputed.iter().map(|(_, n)| n).sum::<usize>(), 65);
    assert_eq!(got.treated.len(), 15);
    let weights = shared("golden/indices/snap_asem_effective_weights.csv").map(|p| Csv::read(&p)).unwrap();
    let want: HashMap<&String, f64> = weights.text("iCode").iter().zip(weights.num("EffWeight")).collect();
    for weight in &got.weights {
        close(weight.global, want[&weight.name], 1e-12, &weight.name);
    }
}

#[test]
fn coinr_rank_intervals_are_plausible() {
    let (Some(asem), Some(shipped)) = (asem(true), shared("golden/indices/snap_asem_ua_rankstats_shipped.csv")) else {
        return;
    };
    let shipped = Csv::read(&shipped);
    let x: Vec<&[f64]> = asem.x.iter().map(Vec::as_slice).collect();
    let denominators: Vec<Option<&[f64]>> = asem.denominators.iter().map(|d| d.as_deref()).collect();
    let keys = Keys { groups: Some(&asem.groups), ..Keys::default() };
    let options = Sensitivity {
        index: built(),
        normalizations: vec![Normalize::MinMax, Normalize::Z],
        conventions: vec![Convention::Equal],
        treatments: vec![Treat::Winsorize],
        exclude: false,
        resample: false,
        noise: 0.25,
        runs: 1280,
        ..Sensitivity::default()
    };
    let inputs = Inputs { x: &x, denominators: &denominators, keys };
    let found = sensitivity(&options, &asem.sheet, &inputs, 1).unwrap();
    let own: HashMap<&String, _> = asem.units.iter().zip(&found.ranks).collect();
    let (nominal, median) = (shipped.num("Nominal"), shipped.num("Median"));
    let mut gap = 0.0;
    for (i, unit) in shipped.text("uCode").iter().enumerate() {
        let got = own[unit].unwrap();
        assert_eq!(got.nominal, nominal[i], "{unit}");
        gap += (got.median - median[i]).abs() / median.len() as f64;
    }
    // Random draws of another design on 51 countries: the medians are less than a rank apart on average.
    assert!(gap < 1.0, "{gap}");
}

#[test]
fn coinr_treatment_of_each_indicator() {
    let (Some(before), Some(after)) =
        (table("golden/indices/snap_asem_imputed.csv"), table("golden/indices/snap_asem_treated.csv"))
    else {
        return;
    };
    let asem = asem(true).unwrap();
    let rule = Rule { skewness: 2.0, kurtosis: 3.5, most: 5 };
    for code in &asem.codes {
        let x: Vec<f64> = asem.units.iter().map(|u| before[&(u.clone(), code.clone())]).collect();
        let found = treatment(&x, Treat::WinsorizeLog, &rule).unwrap();
        for (unit, v) in asem.units.iter().zip(&x) {
            let got = found.map_or(*v, |t| t.apply(*v));
            close(got, after[&(unit.clone(), code.clone())], 1e-13, &format!("{unit} {code}"));
        }
    }
    // As the vignette prints them, before denominating: Flights and Goods.
    let moments = |code: &str| {
        let x = &asem.x[asem.codes.iter().position(|c| c == code).unwrap()];
        let x: Vec<f64> = x.iter().copied().filter(|v| !v.is_nan()).collect();
        (skewness(&x), kurtosis(&x))
    };
    for (code, want) in [("Flights", (2.103287, 4.508879)), ("Goods", (2.649973, 8.266610))] {
        let got = moments(code);
        assert!((got.0 - want.0).abs() < 1e-6 && (got.1 - want.1).abs() < 1e-6, "{code} {got:?}");
    }
}

#[test]
fn coinr_means_of_its_normalized_indicators() {
    let Some(mut asem) = asem(false) else { return };
    asem.sheet.nodes.iter_mut().for_each(|n| n.direction = plim_stats::index::Direction::Positive);
    let cases = [
        ("coinr_agg_a_amean", Aggregate::Arithmetic),
        ("coinr_agg_a_gmean", Aggregate::Geometric),
        ("coinr_agg_a_hmean", Aggregate::Harmonic),
    ];
    for (case, form) in cases {
        let want = r_table(case).unwrap();
        for (code, x) in asem.codes.iter().zip(&mut asem.x) {
            *x = asem.units.iter().map(|u| want[&(u.clone(), code.clone())]).collect();
        }
        // COINr takes means of what there is; here rows with gaps have no score, the others agree.
        let options = Index {
            basis: Basis { normalize: Some(Normalize::None), ..Basis::default() },
            aggregate: vec![form],
            ..Index::default()
        };
        let got = asem.run(&options);
        let mut seen = 0;
        for (code, scores) in &got.scores {
            for (unit, score) in asem.units.iter().zip(scores).filter(|(_, s)| !s.is_nan()) {
                close(*score, want[&(unit.clone(), code.clone())], 1e-10, &format!("{case} {unit} {code}"));
                seen += 1;
            }
        }
        assert!(seen > 100, "{case}: {seen}");
        assert!(got.notes.iter().any(|n| n.contains("lack an indicator")));
    }
}

#[test]
fn coinr_normalizations_of_each_indicator() {
    let Some(asem) = asem(false) else { return };
    let run = |code: &String, x: &Vec<f64>, normalize, top| {
        let mut sheet = Sheet::flat(std::slice::from_ref(code)).unwrap();
        sheet.nodes[0].direction = asem.sheet.nodes.iter().find(|n| n.code == *code).unwrap().direction;
        let options = Index {
            basis: Basis { normalize: Some(normalize), ..Basis::default() },
            scale: [0.0, top],
            ..Index::default()
        };
        index(&options, &sheet, &Inputs { x: &[x], denominators: &[None], keys: Keys::default() }, None).unwrap()
    };
    let compare = |got: &plim_stats::index::Composite, case: &str, code: &String| {
        let want = r_table(case).unwrap();
        for (unit, v) in asem.units.iter().zip(&got.scores[0].1).filter(|(_, v)| !v.is_nan()) {
            // Absolute near zero: COINr takes one less the distance to the best, which loses digits there.
            let w = want[&(unit.clone(), code.clone())];
            assert!((v - w).abs() <= 1e-12 * (1.0 + w.abs()), "{case} {unit} {code}: {v} {w}");
        }
    };
    let mut ranked = 0;
    for (code, x) in asem.codes.iter().zip(&asem.x) {
        compare(&run(code, x, Normalize::MinMax, 100.0), "coinr_n_minmax", code);
        // COINr's distance to the best over the range is min-max.
        compare(&run(code, x, Normalize::MinMax, 1.0), "coinr_n_dist2max", code);
        let mut sorted: Vec<f64> = x.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_by(f64::total_cmp);
        // Ties: COINr takes the lower rank, here both take the mean.
        if sorted.windows(2).all(|w| w[0] < w[1]) {
            let got = run(code, x, Normalize::Rank, sorted.len() as f64 - 1.0);
            compare(&got, "coinr_n_borda", code);
            assert!(got.vintage.is_none(), "ranks are among the rows at hand");
            ranked += 1;
        }
    }
    assert!(ranked > 10, "{ranked}");
}

pub const X: [[f64; 6]; 3] =
    [[10.0, 14.0, 30.0, 35.0, 22.0, 25.0], [200.0, 260.0, 220.0, 300.0, 500.0, 640.0], [5.0, 4.0, 9.0, 7.0, 6.0, 3.0]];

/// Two dimensions, one of two indicators and one of one.
pub fn rows() -> Vec<SheetRow> {
    let row = |code: &str, parent: &str, direction: &str| SheetRow {
        code: code.into(),
        parent: parent.into(),
        direction: direction.into(),
        ..SheetRow::default()
    };
    vec![row("x1", "net", "1"), row("x2", "net", ""), row("x3", "cost", "-1"), row("net", "", ""), row("cost", "", "")]
}

pub fn run_on(
    options: &Index,
    sheet: &Sheet,
    x: &[&[f64]],
    vintage: Option<&Vintage>,
) -> plim_stats::Result<plim_stats::index::Composite> {
    let none = vec![None; x.len()];
    let time = [1, 2, 1, 2, 1, 2];
    let keys = Keys { time: Some(&time[..x[0].len()]), ..Keys::default() };
    index(options, sheet, &Inputs { x, denominators: &none, keys }, vintage)
}

pub fn run(options: &Index) -> plim_stats::index::Composite {
    run_on(options, &Sheet::new(&rows()).unwrap(), &[&X[0], &X[1], &X[2]], None).unwrap()
}

pub fn by(method: Convention) -> Weighting {
    Weighting::by(method)
}

#[test]
fn weights_at_every_level() {
    // Equal within dimensions: a quarter, a quarter, a half.
    let got = run(&Index::default());
    let of = |got: &plim_stats::index::Composite, name: &str| {
        let w = got.weights.iter().find(|w| w.name == name).unwrap();
        (w.weight, w.global, w.level)
    };
    assert_eq!((of(&got, "x1"), of(&got, "x3"), of(&got, "net")), ((0.5, 0.25, 1), (1.0, 0.5, 1), (0.5, 0.5, 2)));
    // Entropy of all indicators together: methods.md 1.2 A, the dimension weighs the sum.
    let got = run(&Index { weighting: by(Convention::Entropy), ..Index::default() });
    for (name, want) in [("x1", 0.27345612), ("x2", 0.50701027), ("x3", 0.21953361), ("net", 0.27345612 + 0.50701027)] {
        assert!((of(&got, name).1 - want).abs() < 1.5e-8, "{name}");
    }
    let s = [0.14635574, 0.29583542, 0.24181082, 0.46186360, 0.58671456, 0.89061755];
    for (got, want) in got.scores.last().unwrap().1.iter().zip(s) {
        assert!((got - want).abs() < 1e-8);
    }
    // Within dimensions: the two of `net` among themselves, then the dimensions by their scores.
    let options =
        Index { weighting: by(Convention::Entropy), weight_level: Some(WeightLevel::Group), ..Index::default() };
    let group = run(&options);
    close(of(&group, "x1").0, 0.27345612 / (0.27345612 + 0.50701027), 2e-8, "ratio within a dimension is the same");
    close(of(&group, "net").0 + of(&group, "cost").0, 1.0, 1e-14, "dimensions");
    // By year, the weights of methods.md 1.2 D.
    let year = Index { weighting: by(Convention::Entropy), weight_scope: NormalizeScope::Year, ..Index::default() };
    let got = run(&year);
    let first = got.weights.iter().find(|w| w.name == "x2" && w.year == Some(2)).unwrap();
    assert!((first.global - 0.55107231).abs() < 1e-8);
    let s = [0.16135325, 0.24050969, 0.22645272, 0.48156245, 0.58645866, 0.87599429];
    got.scores.last().unwrap().1.iter().zip(s).for_each(|(g, w)| assert!((g - w).abs() < 1e-8));
}

#[test]
fn weights_of_a_base_year_at_every_level() {
    let base = NormalizeScope::Base(1);
    let sheet = Sheet::new(&rows()).unwrap();
    let first: Vec<Vec<f64>> = X.iter().map(|x| vec![x[0], x[2], x[4]]).collect();
    let first: Vec<&[f64]> = first.iter().map(Vec::as_slice).collect();
    for level in [WeightLevel::Leaf, WeightLevel::Group] {
        let alone = Index { weighting: by(Convention::ScatterDegree), weight_level: Some(level), ..Index::default() };
        let basis = Basis { normalize_scope: base, ..Basis::default() };
        let all = run(&Index { weight_scope: base, basis, ..alone.clone() });
        let none = vec![None; 3];
        let inputs = Inputs { x: &first, denominators: &none, keys: Keys::default() };
        let alone = index(&alone, &sheet, &inputs, None).unwrap();
        for (a, b) in all.weights.iter().zip(&alone.weights) {
            assert_eq!((&a.name, a.year), (&b.name, None));
            close(a.weight, b.weight, 1e-13, &a.name);
        }
        // One scatter of all indicators, or one of each dimension with two children.
        let parents: Vec<Option<&str>> = all.stats.iter().map(|s| s.parent.as_deref()).collect();
        assert_eq!(parents, if level == WeightLevel::Leaf { vec![None] } else { vec![Some("net"), Some("index")] });
        assert!(all.vintage.is_some(), "weights of a base year serve later rows too");
    }
}

#[test]
fn weights_of_the_sheet_and_of_a_list() {
    let mut sheet = rows();
    (sheet[0].weight, sheet[1].weight) = (Some(0.7), Some(0.3));
    let sheet = Sheet::new(&sheet).unwrap();
    let x: [&[f64]; 3] = [&X[0], &X[1], &X[2]];
    let given = Index { weighting: by(Convention::Given), ..Index::default() };
    let got = run_on(&given, &sheet, &x, None).unwrap();
    close(got.weights[0].global, 0.35, 1e-14, "0.7 of a half");
    assert!(run_on(&Index::default(), &sheet, &x, None).unwrap_err().to_string().contains("unequal weights"));
    let list =
        Index { weighting: Weighting { weights: vec![0.2, 0.3, 0.5], ..by(Convention::Given) }, ..Index::default() };
    let got = run(&list);
    close(got.weights.iter().find(|w| w.name == "net").unwrap().global, 0.5, 1e-14, "sum");
    // A list for all indicators scores as the flat index does.
    let flat = Sheet::flat(&["x1", "x2", "x3"].map(String::from)).unwrap();
    let mut flat_options = list.clone();
    flat_options.basis.negative = vec![];
    let mut turned = flat;
    turned.nodes[2].direction = plim_stats::index::Direction::Negative;
    let same = run_on(&flat_options, &turned, &x, None).unwrap();
    for (a, b) in got.scores.last().unwrap().1.iter().zip(&same.scores[0].1) {
        close(*a, *b, 1e-13, "arithmetic means of means");
    }
}

#[test]
fn every_aggregation_prefers_what_is_better_everywhere() {
    let forms = [
        Aggregate::Arithmetic,
        Aggregate::Geometric,
        Aggregate::Harmonic,
        Aggregate::GeneralizedMean,
        Aggregate::MazziottaPareto,
        Aggregate::Copeland,
        Aggregate::Topsis,
        Aggregate::Vikor,
    ];
    // Row 1 is better than row 0 in every indicator, row 5 is better than row 0 in all too.
    for form in forms {
        let power = if form == Aggregate::GeneralizedMean { 0.5 } else { 1.0 };
        let got = run(&Index { aggregate: vec![form], scale: [1.0, 100.0], power, ..Index::default() });
        let s = &got.scores.last().unwrap().1;
        assert!(s.iter().all(|v| v.is_finite()) && s[1] > s[0] && s[5] > s[0], "{form:?} {s:?}");
    }
    let zero = Index { aggregate: vec![Aggregate::Geometric], ..Index::default() };
    let sheet = Sheet::new(&rows()).unwrap();
    let error = run_on(&zero, &sheet, &[&X[0], &X[1], &X[2]], None).unwrap_err();
    assert!(error.to_string().contains("scale = [1, 100]") && !error.rows.is_empty(), "{error}");
}

#[test]
fn box_cox_and_logarithms() {
    // scipy.stats.boxcox(x) of the fifteen values: lambda.
    let x = [1.0, 1.2, 1.1, 0.9, 1.4, 1.3, 1.6, 2.0, 1.8, 1.05, 0.95, 3.5, 9.0, 30.0, 1.15];
    let rule = Rule { skewness: 2.0, kurtosis: 3.5, most: 5 };
    let Some(Treatment::BoxCox { lambda }) = treatment(&x, Treat::BoxCox, &rule).unwrap() else { panic!() };
    assert!((lambda - -1.1566329548).abs() < 1e-7, "{lambda}");
    let turned = x.map(|v| -v);
    let up = treatment(&x, Treat::Log, &rule).unwrap().unwrap();
    let down = treatment(&turned, Treat::Log, &rule).unwrap().unwrap();
    for v in x {
        close(up.apply(v), -down.apply(-v), 1e-14, "the tail below is the mirror image");
    }
    assert!(treatment(&turned, Treat::BoxCox, &rule).unwrap_err().to_string().contains("above zero"));
    assert_eq!(treatment(&[1.0; 9], Treat::Log, &rule).unwrap(), None);
    assert_eq!(treatment(&[], Treat::Log, &rule).unwrap(), None);
}

#[test]
fn sheets_that_are_no_trees_are_refused() {
    let refused = |change: &dyn Fn(&mut Vec<SheetRow>)| {
        let mut sheet = rows();
        change(&mut sheet);
        Sheet::new(&sheet).unwrap_err().to_string()
    };
    let cycle = refused(&|s| (s[3].parent, s[4].parent) = ("cost".into(), "net".into()));
    assert!(cycle.contains("cycle"), "{cycle}");
    assert!(refused(&|s| s[0].parent = "network".into()).contains("orphan"));
    assert!(refused(&|s| s[1].code = "x1".into()).contains("two rows"));
    assert!(refused(&|s| s[1].code = " ".into()).contains("no code"));
    let text = refused(&|s| s[0].direction = "positive".into());
    assert!(text.contains("`positive`") && text.contains("target=VALUE"), "{text}");
    assert!(refused(&|s| s[0].weight = Some(0.4)).contains("no weight"));
    assert!(refused(&|s| (s[0].weight, s[1].weight) = (Some(0.4), Some(0.5))).contains("sum to 0.9"));
    assert!(refused(&|s| (s[0].weight, s[1].weight) = (Some(0.6), Some(0.6))).contains("sum to 1.2"));
    let mut ones = rows();
    (ones[0].weight, ones[1].weight) = (Some(1.0), Some(1.0));
    assert!(Sheet::new(&ones).is_ok(), "1 each");
    assert!(refused(&|s| (s[0].weight, s[1].weight) = (Some(-1.0), Some(2.0))).contains("zero or more"));
    assert!(refused(&|s| s[0].low = Some(1.0)).contains("goalpost"));
    assert!(refused(&|s| s[0].transform = "ln".into()).contains("`ln`"));
    assert!(Sheet::new(&[]).is_err());
    let mut own = rows();
    own.push(SheetRow { code: "index".into(), ..SheetRow::default() });
    assert!(Sheet::new(&own).unwrap_err().to_string().contains("whole index"));
    // One row above all others is the index under its own code.
    let mut top = rows();
    top.iter_mut().filter(|r| r.parent.is_empty()).for_each(|r| r.parent = "digital".into());
    top.push(SheetRow { code: "digital".into(), ..SheetRow::default() });
    let sheet = Sheet::new(&top).unwrap();
    assert_eq!((sheet.nodes[sheet.root()].code.as_str(), sheet.nodes[sheet.root()].level), ("digital", 3));
    for preset in [Preset::Core, Preset::Extended] {
        let sheet = Sheet::new(&preset.rows()).unwrap();
        assert_eq!(sheet.leaves().len(), if preset == Preset::Core { 5 } else { 16 });
    }
}

#[test]
fn no_option_is_taken_and_ignored() {
    let sheet = Sheet::new(&rows()).unwrap();
    let refused = |options: Index| run_on(&options, &sheet, &[&X[0], &X[1], &X[2]], None).unwrap_err().to_string();
    for (name, options) in [
        (
            "weights",
            Index { weighting: Weighting { weights: vec![0.2, 0.3, 0.5], ..by(Convention::Sd) }, ..Index::default() },
        ),
        (
            "pairwise",
            Index { weighting: Weighting { pairwise: vec![1.0; 3], ..Weighting::default() }, ..Index::default() },
        ),
        ("power", Index { power: 2.0, ..Index::default() }),
        ("impute_group", Index { impute_group: Some("region".into()), impute: Impute::Linear, ..Index::default() }),
        ("skewness", Index { skewness: 1.0, ..Index::default() }),
        ("kurtosis", Index { kurtosis: 1.0, ..Index::default() }),
        ("winsorize_max", Index { winsorize_max: 2, treat: Treat::Log, ..Index::default() }),
    ] {
        let text = refused(options);
        assert!(text.contains(&format!("`{name}`")) && text.contains("or leave"), "{name}: {text}");
    }
    // What serves an alternative of the sensitivity analysis is in use.
    let index = Index { power: 0.5, scale: [1.0, 100.0], skewness: 1.0, ..Index::default() };
    let none = vec![None; 3];
    let inputs = Inputs { x: &[&X[0], &X[1], &X[2]], denominators: &none, keys: Keys::default() };
    let options = Sensitivity {
        aggregations: vec![Aggregate::Arithmetic, Aggregate::GeneralizedMean],
        runs: 1024,
        replications: 100,
        index,
        ..Sensitivity::default()
    };
    assert!(sensitivity(&options, &sheet, &inputs, 1).is_ok());
    let plain = Sensitivity { aggregations: vec![Aggregate::Arithmetic], ..options };
    assert!(sensitivity(&plain, &sheet, &inputs, 1).unwrap_err().to_string().contains("`power`"));
}

#[test]
fn steps_refuse_what_they_cannot_do() {
    let sheet = Sheet::new(&rows()).unwrap();
    let x: [&[f64]; 3] = [&X[0], &X[1], &X[2]];
    let refused = |options: Index| run_on(&options, &sheet, &x, None).unwrap_err().to_string();
    let dimensions = Index { dimensions: vec!["x1".into()], ..Index::default() };
    assert!(refused(dimensions).contains("no dimension"));
    assert!(refused(Index { scale: [1.0, 1.0], ..Index::default() }).contains("`scale`"));
    assert!(refused(Index { aggregate: vec![], ..Index::default() }).contains("`aggregate`"));
    let list = Weighting { weights: vec![0.5, 0.3, 0.1], ..by(Convention::Given) };
    assert!(refused(Index { weighting: list, ..Index::default() }).contains("sum to 0.9"));
    let ahp = Index { weighting: by(Convention::Ahp), weight_level: Some(WeightLevel::Group), ..Index::default() };
    assert!(refused(ahp).contains("all indicators"));
    let zero = [1.0, 2.0, 0.0, 1.0, 1.0, 1.0];
    let keys = Keys::default();
    let mut with = rows();
    with[0].denominator = "people".into();
    let tree = Sheet::new(&with).unwrap();
    let leaf = tree.leaves().iter().position(|&l| tree.nodes[l].code == "x1").unwrap();
    let mut denominators = [None; 3];
    denominators[leaf] = Some(zero.as_slice());
    let inputs = Inputs { x: &x, denominators: &denominators, keys };
    let error = index(&Index::default(), &tree, &inputs, None).unwrap_err();
    assert!(error.to_string().contains("`people` is zero") && error.rows == [2], "{error}");
    let below = [1.0, 2.0, 3.0, 1.0, -1.0, 1.0];
    denominators[leaf] = Some(below.as_slice());
    let inputs = Inputs { x: &x, denominators: &denominators, keys };
    let error = index(&Index::default(), &tree, &inputs, None).unwrap_err();
    assert!(error.to_string().contains("zero or less") && error.rows == [4], "{error}");
    with[0].denominator = String::new();
    with[2].transform = "log".into();
    let tree = Sheet::new(&with).unwrap();
    let below = [-5.0, 4.0, 9.0, 7.0, 6.0, 3.0];
    let error = run_on(&Index::default(), &tree, &[&X[0], &X[1], &below], None).unwrap_err();
    assert!(error.to_string().contains("logarithm"), "{error}");
}
