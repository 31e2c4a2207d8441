//! Measures of records, by way of their cells.

use plim_stats::Result;
use plim_stats::trade::complexity::{Beside, ComplexityMeasure};
use plim_stats::trade::concentration::ConcentrationMeasure;
use plim_stats::trade::counterfactual::{CounterfactualMeasure, World};
use plim_stats::trade::entries::EntriesMeasure;
use plim_stats::trade::exposure::{ExposureMeasure, Known};
use plim_stats::trade::expy::{ExpyMeasure, incomes, quality};
use plim_stats::trade::inertia::InertiaMeasure;
use plim_stats::trade::margins::{MarginsMeasure, World as Reference};
use plim_stats::trade::network::NetworkMeasure;
use plim_stats::trade::shift_share::ShiftShareMeasure;
use plim_stats::trade::variety::VarietyMeasure;
use plim_stats::trade::*;

pub fn complexity(options: &Complexity, records: &Records, beside: &Beside) -> Result<ComplexityMeasure> {
    plim_stats::trade::complexity(options, &records.cells()?, beside)
}

pub fn concentration(options: &Concentration, records: &Records) -> Result<ConcentrationMeasure> {
    plim_stats::trade::concentration(options, &records.cells()?)
}

pub fn counterfactual(options: &Counterfactual, records: &Records, world: &World) -> Result<CounterfactualMeasure> {
    plim_stats::trade::counterfactual(options, &records.cells()?, world)
}

pub fn entries(options: &Entries, records: &Records) -> Result<EntriesMeasure> {
    plim_stats::trade::entries(options, &records.cells()?)
}

pub fn exposure(options: &Exposure, records: &Records, known: &Known) -> Result<ExposureMeasure> {
    plim_stats::trade::exposure(options, &records.cells()?, known)
}

/// With the income and the quantity of each record.
pub fn expy(options: &Expy, records: &Records, income: &[f64], quantity: Option<&[f64]>) -> Result<ExpyMeasure> {
    let incomes = incomes(records, income)?;
    let quality = quantity.map(|q| quality(records, q)).transpose()?;
    plim_stats::trade::expy(options, &records.cells()?, &incomes, quality.as_ref())
}

pub fn inertia(records: &Records) -> Result<InertiaMeasure> {
    Ok(plim_stats::trade::inertia(&records.cells()?))
}

pub fn margins(options: &Margins, records: &Records, world: Option<&Reference>) -> Result<MarginsMeasure> {
    plim_stats::trade::margins(options, &records.cells()?, world)
}

pub fn network(options: &MarketNetwork, records: &Records) -> Result<NetworkMeasure> {
    plim_stats::trade::network(options, &records.cells()?)
}

pub fn shift_share(options: &ShiftShare, records: &Records) -> Result<ShiftShareMeasure> {
    plim_stats::trade::shift_share(options, &records.cells()?)
}

pub fn variety(records: &Records, sector: &[u32]) -> Result<VarietyMeasure> {
    plim_stats::trade::variety(&records.cells()?, sector)
}
