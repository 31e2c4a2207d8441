use plim_golden::Csv;
use plim_stats::frontier::dea::{Orientation, Rts, Units};
use plim_stats::frontier::malmquist::{Malmquist, ProductivityModel, malmquist};
use plim_stats::math::Mat;
fn main() {
    let csv = Csv::read(std::path::Path::new("/tmp/dea/dea_panel.csv"));
    let (x, y) = (["x1", "x2", "x3"].map(|c| csv.num(c)), ["y1", "y2"].map(|c| csv.num(c)));
    let n = x[0].len();
    let units = Units::new(&Mat::from_fn(n, 3, |i, j| x[j][i]), &Mat::from_fn(n, 2, |i, j| y[j][i])).unwrap();
    let unit: Vec<u32> = csv.num("id").iter().map(|&v| v as u32).collect();
    let period: Vec<u32> = csv.num("t").iter().map(|&v| v as u32 - 2011).collect();
    for rts in [Rts::Vrs, Rts::Crs] {
        for model in [ProductivityModel::Radial, ProductivityModel::FarePrimont, ProductivityModel::HicksMoorsteen] {
            for _ in 0..3 {
                let o = Malmquist { rts, model, orientation: Orientation::Input, ..Malmquist::default() };
                let t = std::time::Instant::now();
                let r = malmquist(&units, &unit, &period, &o).unwrap();
                let v: Vec<f64> = r.changes.iter().filter_map(|c| c.index).collect();
                println!(
                    "{rts:?} {model:?} {:?} n {} mean {}",
                    t.elapsed(),
                    v.len(),
                    v.iter().sum::<f64>() / v.len() as f64
                );
            }
        }
    }
}
