//! Spatial weights: who is near whom, from places on earth or from a list.
//!
//! ```text
//! knn:K               1 for the K nearest of each unit (not symmetric); of equally near ones the earlier in the data
//! distance_band:KM    1 within the distance
//! inverse_distance:P  1 / d^P of all others; `inverse_distance:P:KM` within a distance only
//! neighbors           as the list says, 1 where it gives no weight
//! ```
//!
//! Distances are great circles in kilometres. Weights are divided by their sum over the neighbors of a unit
//! (row-standardized) unless asked otherwise; a unit without neighbors keeps none.

use crate::index::normalize::as_text;
use crate::math::Mat;
use crate::misallocation::flows::great_circle;
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How neighbors are chosen and weighed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Scheme {
    /// So many nearest units.
    Knn(usize),
    /// All within so many kilometres.
    DistanceBand(f64),
    /// All others by a power of the distance, within a distance in kilometres or everywhere (infinity).
    InverseDistance(f64, f64),
}

impl FromStr for Scheme {
    type Err = String;
    fn from_str(s: &str) -> std::result::Result<Self, String> {
        let wanted = || {
            format!(
                "`{s}` is no scheme of spatial weights; wanted knn:K, distance_band:KM, inverse_distance:POWER or inverse_distance:POWER:KM"
            )
        };
        let number = |t: &str| t.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0).ok_or_else(wanted);
        let mut parts = s.split(':');
        let scheme = match (parts.next(), parts.next(), parts.next()) {
            (Some("knn"), Some(k), None) => Scheme::Knn(k.trim().parse().ok().filter(|k| *k > 0).ok_or_else(wanted)?),
            (Some("distance_band"), Some(km), None) => Scheme::DistanceBand(number(km)?),
            (Some("inverse_distance"), None, None) => Scheme::InverseDistance(1.0, f64::INFINITY),
            (Some("inverse_distance"), Some(p), None) => Scheme::InverseDistance(number(p)?, f64::INFINITY),
            (Some("inverse_distance"), Some(p), Some(km)) => Scheme::InverseDistance(number(p)?, number(km)?),
            _ => return Err(wanted()),
        };
        if parts.next().is_some() { Err(wanted()) } else { Ok(scheme) }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scheme::Knn(k) => write!(f, "knn:{k}"),
            Scheme::DistanceBand(km) => write!(f, "distance_band:{km}"),
            Scheme::InverseDistance(p, km) if km.is_infinite() => write!(f, "inverse_distance:{p}"),
            Scheme::InverseDistance(p, km) => write!(f, "inverse_distance:{p}:{km}"),
        }
    }
}

as_text!(Scheme);

/// Who can be whose neighbor among all units; the weights of a time are those among the units that are there.
#[derive(Debug, Clone, PartialEq)]
pub enum Neighbors {
    /// By distance, N × N.
    Distances(Mat<f64>, Scheme),
    /// A list of (unit, neighbor, weight) for N units.
    List(usize, Vec<(usize, usize, f64)>),
}

impl Neighbors {
    /// Of places by latitude and longitude in degrees.
    pub fn of_places(places: &[[f64; 2]], scheme: Scheme) -> Result<Neighbors> {
        if let Scheme::Knn(k) = scheme
            && k >= places.len()
        {
            return Err(Error::invalid(
                format!("{k} nearest neighbors among {} units", places.len()),
                "ask for fewer than there are other units",
            ));
        }
        Ok(Neighbors::Distances(great_circle(places)?, scheme))
    }

    /// Of a list; a pair stands for one direction, a weight is positive.
    pub fn of_list(units: usize, mut pairs: Vec<(usize, usize, f64)>) -> Result<Neighbors> {
        if let Some(bad) = pairs.iter().position(|&(_, _, w)| !(w.is_finite() && w > 0.0)) {
            let e = Error::invalid("a weight of a pair of neighbors is not positive", "leave such pairs out");
            return Err(e.at_rows([bad]));
        }
        if let Some(bad) = pairs.iter().position(|&(a, b, _)| a == b) {
            return Err(Error::invalid("a unit is its own neighbor", "leave such pairs out").at_rows([bad]));
        }
        pairs.sort_by_key(|&(a, b, _)| (a, b));
        if pairs.windows(2).any(|w| (w[0].0, w[0].1) == (w[1].0, w[1].1)) {
            return Err(Error::invalid("a pair of neighbors is there twice", "keep one row for each pair"));
        }
        Ok(Neighbors::List(units, pairs))
    }

    /// Weights among the units of one time.
    pub fn at(&self, units: &[usize]) -> Result<Weights> {
        let n = units.len();
        let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
        match self {
            Neighbors::List(all, pairs) => {
                let mut place = vec![None; *all];
                units.iter().enumerate().for_each(|(i, &u)| place[u] = Some(i));
                for &(a, b, w) in pairs {
                    if let (Some(i), Some(j)) = (place[a], place[b]) {
                        rows[i].push((j, w));
                    }
                }
            }
            Neighbors::Distances(D, scheme) => {
                for i in 0..n {
                    let km = |j: usize| D[(units[i], units[j])];
                    let others = (0..n).filter(|&j| j != i);
                    rows[i] = match *scheme {
                        Scheme::Knn(k) => {
                            let mut near: Vec<usize> = others.collect();
                            near.sort_by(|&a, &b| km(a).total_cmp(&km(b)).then(units[a].cmp(&units[b])));
                            near.truncate(k);
                            near.into_iter().map(|j| (j, 1.0)).collect()
                        }
                        Scheme::DistanceBand(most) => others.filter(|&j| km(j) <= most).map(|j| (j, 1.0)).collect(),
                        Scheme::InverseDistance(power, most) => {
                            others.filter(|&j| km(j) <= most).map(|j| (j, km(j).powf(-power))).collect()
                        }
                    };
                    if let Some(&(j, _)) = rows[i].iter().find(|(_, w)| !w.is_finite()) {
                        return Err(Error::invalid(
                            "two units are at one place, so that the inverse of their distance has no end",
                            "give each its own place, or take nearest neighbors",
                        )
                        .at_rows([i, j]));
                    }
                }
            }
        }
        Weights::new(rows)
    }
}

/// Weights among n units, by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Neighbors of each unit with their weights.
    pub rows: Vec<Vec<(usize, f64)>>,
}

impl Weights {
    fn new(mut rows: Vec<Vec<(usize, f64)>>) -> Result<Weights> {
        if rows.iter().all(Vec::is_empty) {
            return Err(Error::new(Kind::Invalid {
                message: "no unit has a neighbor".into(),
                remedy: "widen the distance, or check the names in the list of neighbors".into(),
            }));
        }
        rows.iter_mut().for_each(|row| row.sort_by_key(|r| r.0));
        Ok(Weights { rows })
    }

    /// Divided by their sums by row.
    pub fn standardized(mut self) -> Weights {
        for row in &mut self.rows {
            let sum: f64 = row.iter().map(|r| r.1).sum();
            row.iter_mut().for_each(|r| r.1 /= sum);
        }
        self
    }

    /// Weighted sums over the neighbors (means, of standardized weights); NaN without neighbors.
    pub fn lag(&self, x: &[f64]) -> Vec<f64> {
        let of = |row: &Vec<(usize, f64)>| match row.is_empty() {
            true => f64::NAN,
            false => row.iter().map(|&(j, w)| w * x[j]).sum(),
        };
        self.rows.iter().map(of).collect()
    }

    /// Units without neighbors.
    pub fn islands(&self) -> usize {
        self.rows.iter().filter(|r| r.is_empty()).count()
    }

    /// S0 = Σ w, S1 = Σ (w_ij + w_ji)² / 2, S2 = Σ (w_i. + w_.i)².
    pub fn sums(&self) -> [f64; 3] {
        let n = self.rows.len();
        let (mut out, mut into) = (vec![0.0; n], vec![0.0; n]);
        let (mut squares, mut both) = (0.0, 0.0);
        for (i, row) in self.rows.iter().enumerate() {
            for &(j, w) in row {
                out[i] += w;
                into[j] += w;
                squares += w * w;
                // Rows are ascending in the neighbor.
                if let Ok(at) = self.rows[j].binary_search_by_key(&i, |r| r.0) {
                    both += w * self.rows[j][at].1;
                }
            }
        }
        let S2 = out.iter().zip(&into).map(|(a, b)| (a + b).powi(2)).sum();
        [out.iter().sum(), squares + both, S2]
    }
}
