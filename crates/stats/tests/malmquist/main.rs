//! Productivity over time against printed vectors and R packages, its identities, and its refusals.

mod golden;
mod identity;

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::dea::Units;
use plim_stats::frontier::malmquist::{Change, Malmquist, Productivity, malmquist};
use plim_stats::math::Mat;

/// A number of a change.
type Part = fn(&Change) -> Option<f64>;

/// Observations with their codes.
struct Panel {
    units: Units,
    unit: Vec<u32>,
    period: Vec<u32>,
}

impl Panel {
    fn new(x: &[Vec<f64>], y: &[Vec<f64>], b: &[Vec<f64>], unit: Vec<u32>, period: Vec<u32>) -> Self {
        let matrix = |c: &[Vec<f64>]| Mat::from_fn(unit.len(), c.len(), |i, j| c[j][i]);
        Panel { units: Units::with_bads(&matrix(x), &matrix(y), &matrix(b)).unwrap(), unit, period }
    }

    fn run(&self, options: &Malmquist) -> Productivity {
        malmquist(&self.units, &self.unit, &self.period, options).unwrap()
    }

    fn select(&self, rows: &[usize]) -> Panel {
        let take = |codes: &[u32]| rows.iter().map(|&i| codes[i]).collect();
        Panel { units: self.units.select(rows), unit: take(&self.unit), period: take(&self.period) }
    }
}

/// methods.md, TEST 2.2a and 2.2c, with the undesirable output of 2.2d.
fn by_hand(bads: bool) -> Panel {
    let x = vec![2.0, 3.0, 6.0, 9.0, 5.0, 2.0, 3.0, 5.0, 9.0, 4.0];
    let y = vec![2.0, 5.0, 8.0, 9.0, 3.0, 3.0, 6.0, 8.0, 11.0, 4.0];
    let b = vec![1.0, 2.0, 4.0, 7.0, 4.0, 1.0, 2.0, 3.0, 7.0, 3.0];
    let codes = (0..10).map(|i| (i % 5, i / 5));
    let (unit, period) = codes.unzip();
    Panel::new(&[x], &[y], if bads { std::slice::from_ref(&b) } else { &[] }, unit, period)
}

/// golden/r/data/syn_dea_panel.csv: 50 units, 4 periods, 2 inputs, 2 outputs, period by period.
fn synthetic() -> Option<Panel> {
    let csv = Csv::read(&shared("golden/r/data/syn_dea_panel.csv")?);
    let unit = csv.text("dmu").iter().map(|d| d[1..].parse().unwrap()).collect();
    let period = csv.num("t").iter().map(|&t| t as u32 - 1).collect();
    Some(Panel::new(&[csv.num("x1"), csv.num("x2")], &[csv.num("y1"), csv.num("y2")], &[], unit, period))
}

fn column(result: &Productivity, value: impl Fn(&Change) -> Option<f64>) -> Vec<f64> {
    result.changes.iter().filter(|c| c.status.is_some()).map(|c| value(c).unwrap_or(f64::NAN)).collect()
}

#[track_caller]
fn all_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (&g, &w)) in got.iter().zip(want).enumerate() {
        assert_eq!(g.is_nan(), w.is_nan(), "{what}[{i}]: got {g}, want {w}");
        if !w.is_nan() {
            close(g, w, tolerance, &format!("{what}[{i}]"));
        }
    }
}

/// The data of a deaR case, period by period.
fn dear_panel(name: &str) -> Option<Panel> {
    let package = |file: &str| Some(Csv::read(&shared(&format!("golden/r/package_data/deaR_{file}.csv"))?));
    match name {
        "syn" => synthetic(),
        "grifell" => {
            let csv = package("Grifell_Lovell_1999")?;
            let unit = csv.text("DMU").iter().map(|d| u32::from(d.as_bytes()[0])).collect();
            let period = csv.num("Year").iter().map(|&t| t as u32 - 1).collect();
            Some(Panel::new(&[csv.num("X")], &[csv.num("Y")], &[], unit, period))
        }
        _ => {
            let csv = package("Economy")?;
            let years = |what: &str| (2005..2010).flat_map(|t| csv.num(&format!("{what}{t}"))).collect::<Vec<_>>();
            let (x, y) = ([years("Capital"), years("Labor")], [years("GIOV")]);
            let (unit, period) = (0..155).map(|i| (i % 31, i / 31)).unzip();
            Some(Panel::new(&x, &y, &[], unit, period))
        }
    }
}
