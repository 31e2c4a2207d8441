//! Seconds of models of data envelopment analysis on a CSV (three inputs, two outputs):
//! `RAYON_NUM_THREADS=1 cargo run --release -p plim-stats --example dea_speed -- FILE MODEL...`, a model being radial, ram,
//! sbm or super_sbm; all under variable returns.

use plim_stats::frontier::dea::sbm::{Sbm, sbm};
use plim_stats::frontier::dea::{Dea, DeaModel, DeaScores, Units, dea};
use plim_stats::math::Mat;
use std::time::Instant;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let text = std::fs::read_to_string(args.next().ok_or("give a CSV file, then models")?)?;
    let row = |line: &str| line.split(',').map(|v| v.trim().parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(row).filter(|r| r.len() >= 5).collect();
    let take = |from: usize, k: usize| Mat::from_fn(rows.len(), k, |i, j| rows[i][from + j]);
    let units = Units::new(&take(0, 3), &take(3, 2))?;
    let names = |names: &[&str]| names.iter().map(|n| n.to_string()).collect::<Vec<_>>();
    let (inputs, outputs) = (names(&["x1", "x2", "x3"]), names(&["y1", "y2"]));
    for model in args {
        let envelopment = |model| Dea { inputs: inputs.clone(), outputs: outputs.clone(), model, ..Dea::default() };
        let slacks = |super_efficiency| Sbm {
            inputs: inputs.clone(),
            outputs: outputs.clone(),
            super_efficiency,
            ..Sbm::default()
        };
        let start = Instant::now();
        let scores: DeaScores = match model.as_str() {
            "radial" => dea(&units, &envelopment(DeaModel::Radial))?,
            "ram" => dea(&units, &envelopment(DeaModel::Ram))?,
            "sbm" => sbm(&units, &slacks(false))?,
            "super_sbm" => sbm(&units, &slacks(true))?,
            other => return Err(format!("no model {other}").into()),
        };
        let seconds = start.elapsed().as_secs_f64();
        let known: Vec<f64> = scores.units.iter().filter_map(|u| u.efficiency).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        println!("{model}: {} units, {} scored, mean {mean:.9}, {seconds:.4} s", rows.len(), known.len());
    }
    Ok(())
}
