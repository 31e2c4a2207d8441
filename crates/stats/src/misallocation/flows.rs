//! Flows of a factor between places by gravity.
//!
//! The flow of R&D personnel or capital from place i to place j is not observed; it is taken to grow with what i has,
//! M_i, and with what draws it to j, A_j (wages for people, returns or finance for capital), and to fall with distance:
//!
//! ```text
//! log    flow_ij = ln M_i · ln A_j / d_ij^p
//! level  flow_ij = M_i · A_j / d_ij^p
//! inflow_j = Σ_i flow_ij,    outflow_i = Σ_j flow_ij,    net = inflow - outflow
//! ```
//!
//! with p = 2 as in physics. **Units matter in the log form**: doubling M adds ln 2 and does not scale the flow, and a
//! value below one would make it negative, which is refused. Sums are over the places of the same time.

use super::{nonnegative, periods};
use crate::math::Mat;
use crate::{Error, Factor, Kind, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Flows of a factor between places by gravity: inflow, outflow and their difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FactorFlows {
    /// Column of what a place can send: its R&D personnel, its R&D capital.
    pub mass: String,
    /// Column of what draws it to a place: wages, return on capital.
    pub attraction: String,
    /// Whether logarithms or the values themselves are multiplied.
    pub form: Form,
    /// Power of the distance.
    pub power: f64,
    /// Column of the latitude in degrees.
    pub lat: Option<String>,
    /// Column of the longitude in degrees.
    pub lon: Option<String>,
    /// Table of distances, one row for each pair of places, instead of `lat` and `lon`.
    pub distances: Option<String>,
    /// Column of the place of origin in the table of distances.
    pub origin: String,
    /// Column of the place of destination in the table of distances.
    pub destination: String,
    /// Column of the distance in the table of distances.
    pub distance: String,
}

impl Default for FactorFlows {
    fn default() -> Self {
        FactorFlows {
            mass: String::new(),
            attraction: String::new(),
            form: Form::Log,
            power: 2.0,
            lat: None,
            lon: None,
            distances: None,
            origin: "origin".into(),
            destination: "destination".into(),
            distance: "distance".into(),
        }
    }
}

/// What is multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Logarithms.
    #[default]
    Log,
    /// Values.
    Level,
}

/// Flows of every row.
#[derive(Debug, Clone, PartialEq)]
pub struct Flows {
    /// Σ over origins.
    pub inflow: Vec<f64>,
    /// Σ over destinations.
    pub outflow: Vec<f64>,
    /// Inflow less outflow.
    pub net_inflow: Vec<f64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Radius of the earth in kilometres: that of the spherical distance of `vcov = "conley"`.
const RADIUS: f64 = 6376.0;

/// Great-circle distances in kilometres between places of latitude and longitude in degrees, N × N.
pub fn great_circle(places: &[[f64; 2]]) -> Result<Mat<f64>> {
    let sound = |[lat, lon]: [f64; 2]| lat.abs() <= 90.0 && lon.abs() <= 360.0;
    if let Some(bad) = places.iter().find(|p| !sound(**p)) {
        return Err(Error::invalid(
            format!("latitude {} and longitude {} are no place on earth", bad[0], bad[1]),
            "give degrees, and `lat` and `lon` the right way round",
        ));
    }
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let km = |[lat1, lon1]: [f64; 2], [lat2, lon2]: [f64; 2]| {
        let cosines = lat1.to_radians().cos() * lat2.to_radians().cos();
        2.0 * RADIUS * (half(lat1 - lat2) + cosines * half(lon1 - lon2)).sqrt().min(1.0).asin()
    };
    Ok(Mat::from_fn(places.len(), places.len(), |i, j| km(places[i], places[j])))
}

/// Flows between the units; `distance[(i, j)]` is that from the unit of code i to that of code j, NaN where not known.
pub fn factor_flows(
    options: &FactorFlows,
    mass: &[f64],
    attraction: &[f64],
    unit: &Factor,
    time: &[i64],
    distance: &Mat<f64>,
) -> Result<Flows> {
    let n = mass.len();
    check(options, mass, attraction, unit, time, distance)?;
    let value = |v: f64| match options.form {
        Form::Log => v.ln(),
        Form::Level => v,
    };
    let mut out = Flows {
        inflow: vec![f64::NAN; n],
        outflow: vec![f64::NAN; n],
        net_inflow: vec![f64::NAN; n],
        notes: Vec::new(),
    };
    let by_time = periods(time, 0..n);
    let mut sizes = Vec::new();
    for (time, rows) in &by_time {
        if rows.len() < 2 {
            return Err(Error::invalid(
                format!("one place alone at time {time}: nothing flows"),
                "leave that time out with `where`",
            )
            .at_rows(rows.clone()));
        }
        sizes.push(rows.len());
        let sums: Vec<Result<(f64, f64)>> = rows
            .par_iter()
            .map(|&i| {
                let (mut inflow, mut outflow) = (0.0, 0.0);
                for &j in rows.iter().filter(|&&j| j != i) {
                    let (a, b) = (unit.codes[i] as usize, unit.codes[j] as usize);
                    if a == b {
                        return Err(Error::invalid(
                            format!("two rows of one `{}` at time {time}", unit.name),
                            "aggregate the repeated rows, or set `time`",
                        )
                        .at_rows([i, j]));
                    }
                    let (to, from) = (distance[(a, b)], distance[(b, a)]);
                    if !(to > 0.0 && from > 0.0 && to.is_finite() && from.is_finite()) {
                        return Err(Error::invalid(
                            format!("the distance between two places is {}", if to > 0.0 { from } else { to }),
                            "give every pair of different places a positive distance",
                        )
                        .at_rows([i, j]));
                    }
                    outflow += value(mass[i]) * value(attraction[j]) / to.powf(options.power);
                    inflow += value(mass[j]) * value(attraction[i]) / from.powf(options.power);
                }
                Ok((inflow, outflow))
            })
            .collect();
        for (&i, sums) in rows.iter().zip(sums) {
            let (inflow, outflow) = sums?;
            if !(inflow.is_finite() && outflow.is_finite()) {
                return Err(Error::new(Kind::Untrusted {
                    message: "a flow is beyond all numbers".into(),
                    remedy: "choose other units for `mass`, `attraction` or the distance".into(),
                })
                .at_rows([i]));
            }
            (out.inflow[i], out.outflow[i], out.net_inflow[i]) = (inflow, outflow, inflow - outflow);
        }
    }
    if let (Some(least), Some(most)) = (sizes.iter().min(), sizes.iter().max())
        && least < most
    {
        out.notes
            .push(format!("{least} to {most} places at a time: the sums of different times are over different places"));
    }
    Ok(out)
}

fn check(
    options: &FactorFlows,
    mass: &[f64],
    attraction: &[f64],
    unit: &Factor,
    time: &[i64],
    distance: &Mat<f64>,
) -> Result<()> {
    let n = mass.len();
    if unit.codes.len() != n || time.len() != n {
        return Err(Error::length("the unit or the time", unit.codes.len(), n));
    }
    if distance.nrows() < unit.levels as usize || distance.ncols() < unit.levels as usize {
        return Err(Error::length("the matrix of distances", distance.nrows(), unit.levels as usize));
    }
    if !(options.power.is_finite() && options.power >= 0.0) {
        return Err(Error::invalid(format!("`power` is {}", options.power), "set it to zero or more"));
    }
    for (name, values) in [(&options.mass, mass), (&options.attraction, attraction)] {
        nonnegative(name, values, n)?;
        let small: Vec<usize> = (0..n).filter(|&i| values[i] < 1.0).collect();
        if options.form == Form::Log && !small.is_empty() {
            return Err(Error::invalid(
                "a value is below one, so that its logarithm is negative and the flow has no meaning",
                "choose a unit in which all values are above one, or set `form = \"level\"`",
            )
            .at_column(name)
            .at_rows(small));
        }
    }
    Ok(())
}
