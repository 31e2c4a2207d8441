//! Units of the reference data, made-up units, and comparisons.

use plim_golden::{Csv, shared};
use plim_stats::frontier::dea::{Dea, DeaScores, Orientation, Rts, Units};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use serde_json::Value;

pub const INFEASIBLE: f64 = f64::NAN;

pub fn dea(X: &Mat<f64>, Y: &Mat<f64>, options: &Dea) -> plim_stats::Result<DeaScores> {
    plim_stats::frontier::dea::dea(&Units::new(X, Y)?, options)
}

pub fn columns(columns: &[Vec<f64>]) -> Mat<f64> {
    Mat::from_fn(columns[0].len(), columns.len(), |i, j| columns[j][i])
}

pub fn options(X: &Mat<f64>, Y: &Mat<f64>, rts: Rts, orientation: Orientation) -> Dea {
    let names = |prefix: &str, k: usize| (0..k).map(|j| format!("{prefix}{j}")).collect();
    Dea { inputs: names("x", X.ncols()), outputs: names("y", Y.ncols()), rts, orientation, ..Dea::default() }
}

/// Scores, NaN where there is none.
pub fn scores(result: &DeaScores) -> Vec<f64> {
    result.units.iter().map(|u| u.score.unwrap_or(INFEASIBLE)).collect()
}

pub fn efficiencies(result: &DeaScores) -> Vec<f64> {
    result.units.iter().map(|u| u.efficiency.unwrap_or(INFEASIBLE)).collect()
}

/// Absolute gap at most `tolerance`; NaN stands for "no score" on both sides.
#[track_caller]
pub fn same(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let equal = (g.is_nan() && w.is_nan()) || (g - w).abs() <= tolerance;
        assert!(equal, "{what}[{i}]: got {g}, want {w}, gap {:.2e}", (g - w).abs());
    }
}

pub fn random(seed: u64, n: usize, m: usize, s: usize) -> (Mat<f64>, Mat<f64>) {
    let mut stream = Stream::new(seed, 0);
    let mut draw = |k: usize| Mat::from_fn(n, k, |_, _| (0.5 * stream.normal()).exp() * 10.0);
    (draw(m), draw(s))
}

/// The school sites of Charnes, Cooper and Rhodes (1981) with scores by Benchmarking 0.33, eight digits.
pub struct FollowThrough {
    pub X: Mat<f64>,
    pub Y: Mat<f64>,
    /// The table that the scores stand in.
    pub csv: Csv,
}

pub fn follow_through() -> Option<FollowThrough> {
    let csv = Csv::read(&shared("golden/frontier/charnes1981_follow_through.csv")?);
    let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
    let X = take(&["Education", "Occupation", "Parental", "Counseling", "Teachers"]);
    let Y = take(&["Reading", "Math", "Coopersmith"]);
    Some(FollowThrough { X, Y, csv })
}

/// X and Y of a case in golden/r/dea.json.
pub fn data(name: &str) -> Option<(Mat<f64>, Mat<f64>)> {
    let read = |file: &str, x: &[&str], y: &[&str]| {
        let csv = Csv::read(&shared(&format!("golden/r/{file}"))?);
        let take = |names: &[&str]| columns(&names.iter().map(|n| csv.num(n)).collect::<Vec<_>>());
        Some((take(x), take(y)))
    };
    match name {
        n if n.contains("charnes1981") => {
            read("package_data/Benchmarking_charnes1981.csv", &["x1", "x2", "x3", "x4", "x5"], &["y1", "y2", "y3"])
        }
        n if n.contains("milkProd") => {
            read("package_data/Benchmarking_milkProd.csv", &["energy", "vet", "cows"], &["milk"])
        }
        n if n.contains("syn_dea.csv") => read("data/syn_dea.csv", &["x1", "x2", "x3"], &["y1", "y2"]),
        n if n.contains("Tone2001") => {
            read("package_data/deaR_Tone2001.csv", &["Input1", "Input2"], &["Output1", "Output2"])
        }
        n if n.contains("Fortune500") => {
            read("package_data/deaR_Fortune500.csv", &["Assets", "Equity", "Employees"], &["Revenue", "Profit"])
        }
        n if n.contains("Power_plants") => {
            read("package_data/deaR_Power_plants.csv", &["X1", "X2", "X3", "X4"], &["Y1", "Y2"])
        }
        _ => None,
    }
}

/// A vector of the JSON file; infeasible units are "Inf", "-Inf" or null there.
pub fn vector(value: &Value) -> Vec<f64> {
    let number = |v: &Value| v.as_f64().unwrap_or(INFEASIBLE);
    match value {
        Value::Array(list) => list.iter().map(number).collect(),
        Value::Object(o) if o.contains_key("data_by_row") => vector(&o["data_by_row"]),
        Value::Object(o) => o.values().map(number).collect(),
        _ => panic!("not a vector: {value}"),
    }
}
