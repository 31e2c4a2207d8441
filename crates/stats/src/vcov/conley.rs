//! Correlation over space (Conley 1999): Σ_i Σ_j K(d_ij/c) s_i s_j' over all pairs nearer than the cut-off c.
//!
//! Scores of the same place are summed first, so that a panel correlates each place with itself over all periods, as
//! fixest does. Places are then laid in bands of latitude as high as the cut-off; within a band they are sorted by
//! longitude, so that a place is compared with those of its own and the next band, inside a window of longitude: the
//! work grows with the pairs that are near, not with the square of the places.
//!
//! `uniform` weighs every pair within the cut-off by one, `triangular` by 1 - d/c. Neither is sure to give a positive
//! semidefinite meat on the sphere; [`super::vcov`] repairs it as it does several ways of clustering.

use crate::math::Mat;
use crate::{Error, Result};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Weights of pairs within the cut-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// One for every pair within the cut-off, as fixest.
    #[default]
    Uniform,
    /// 1 - distance/cut-off (Bartlett).
    Triangular,
}

/// How distance is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Great circle on a sphere of radius 6376 km, as fixest.
    #[default]
    Spherical,
    /// Pythagoras on degrees of 111 km, longitude shrunk by the cosine of the mean latitude: fixest's `triangular`.
    Triangular,
}

/// Radius of the sphere in kilometres. The mean radius is 6371; fixest's is kept, so that results agree.
const RADIUS: f64 = 6376.0;

/// Kilometres of a degree in the plane approximation.
const DEGREE: f64 = 111.0;

/// One place: latitude and longitude in degrees, the latter in [-180, 180), and its index among the sums.
#[derive(Clone, Copy)]
struct Place {
    lat: f64,
    lon: f64,
    sum: usize,
}

impl Distance {
    /// Kilometres between two places.
    fn km(self, a: Place, b: Place) -> f64 {
        let apart = (a.lon - b.lon).abs();
        match self {
            Distance::Spherical => {
                let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
                let cosines = a.lat.to_radians().cos() * b.lat.to_radians().cos();
                2.0 * RADIUS * (half(a.lat - b.lat) + cosines * half(apart)).sqrt().min(1.0).asin()
            }
            Distance::Triangular => {
                let shrink = (0.5 * (a.lat + b.lat)).to_radians().cos();
                DEGREE * (a.lat - b.lat).hypot(shrink * apart.min(360.0 - apart))
            }
        }
    }

    /// Degrees of latitude that places within `km` can be apart.
    fn height(self, km: f64) -> f64 {
        match self {
            Distance::Spherical => (km / RADIUS).to_degrees(),
            Distance::Triangular => km / DEGREE,
        }
    }

    /// Degrees of longitude that places within `km` can be apart where both cosines of latitude are at least `cosine`.
    fn width(self, km: f64, cosine: f64) -> f64 {
        let degrees = match self {
            Distance::Spherical => {
                let half = (0.5 * km / RADIUS).min(std::f64::consts::FRAC_PI_2).sin() / cosine;
                2.0 * half.min(1.0).asin().to_degrees()
            }
            Distance::Triangular => km / DEGREE / cosine,
        };
        // NaN and infinity at the pole: everywhere.
        if degrees < 179.0 { degrees } else { 180.0 }
    }
}

/// A window a little wider than the bound, so that rounding does not lose a pair at its edge.
const SLACK: f64 = 1.0 + 1e-9;

/// Conley meat, k × k; `rows` are the source rows that an error names.
pub(super) fn meat(
    scores: &Mat<f64>,
    places: &[[f64; 2]],
    km: f64,
    kernel: Kernel,
    distance: Distance,
    rows: &[usize],
) -> Result<Mat<f64>> {
    let wrong = |column: &str, bad: &dyn Fn(&[f64; 2]) -> bool, wanted: &str| {
        let rows: Vec<usize> = (0..places.len()).filter(|&i| bad(&places[i])).map(|i| rows[i]).collect();
        match rows.is_empty() {
            true => Ok(()),
            false => Err(Error::invalid(
                format!("{} {column}s are outside {wanted} degrees", rows.len()),
                "check the columns that `lat` and `lon` name, and their order",
            )
            .at_rows(rows)),
        }
    };
    wrong("latitude", &|p| p[0].is_nan() || p[0].abs() > 90.0, "-90 to 90")?;
    wrong("longitude", &|p| p[1].is_nan() || p[1].abs() > 360.0, "-360 to 360")?;
    let (places, sums) = by_place(scores, places);
    let near = Bands::new(places, distance.height(km) * SLACK);
    let k = scores.ncols();
    // Row a: half the place's own sum and the weighted sums of the places after it.
    let after: Vec<Vec<f64>> = (0..near.places.len())
        .into_par_iter()
        .map(|a| {
            let here = near.places[a];
            let mut total: Vec<f64> = sums[here.sum].iter().map(|v| 0.5 * v).collect();
            near.each_after(a, km, distance, &mut |there| {
                let d = distance.km(here, there);
                if d <= km {
                    let weight = if kernel == Kernel::Uniform { 1.0 } else { 1.0 - d / km };
                    total.iter_mut().zip(&sums[there.sum]).for_each(|(t, s)| *t += weight * s);
                }
            });
            total
        })
        .collect();
    let mut half = Mat::<f64>::zeros(k, k);
    for (place, total) in near.places.iter().zip(&after) {
        for j in 0..k {
            for i in 0..k {
                half[(i, j)] += sums[place.sum][i] * total[j];
            }
        }
    }
    Ok(Mat::from_fn(k, k, |i, j| half[(i, j)] + half[(j, i)]))
}

/// Distinct places, and the scores summed at each.
fn by_place(scores: &Mat<f64>, places: &[[f64; 2]]) -> (Vec<Place>, Vec<Vec<f64>>) {
    let mut seen = HashMap::new();
    let (mut distinct, mut sums) = (Vec::new(), Vec::<Vec<f64>>::new());
    for (i, &[lat, lon]) in places.iter().enumerate() {
        let lon = (lon + 180.0).rem_euclid(360.0) - 180.0;
        let sum = *seen.entry((lat.to_bits(), lon.to_bits())).or_insert_with(|| {
            distinct.push(Place { lat, lon, sum: sums.len() });
            sums.push(vec![0.0; scores.ncols()]);
            sums.len() - 1
        });
        sums[sum].iter_mut().enumerate().for_each(|(j, s)| *s += scores[(i, j)]);
    }
    (distinct, sums)
}

/// Places in bands of latitude, each sorted by longitude.
struct Bands {
    places: Vec<Place>,
    /// First place of each band, and one more for the end.
    starts: Vec<usize>,
    /// Band of each place.
    band: Vec<usize>,
    /// Smallest cosine of latitude in each band.
    cosine: Vec<f64>,
}

impl Bands {
    fn new(mut places: Vec<Place>, height: f64) -> Self {
        let south = places.iter().map(|p| p.lat).fold(f64::INFINITY, f64::min);
        // Bands lower than 1e-4 degrees (11 m) would only be many.
        let of = |p: &Place| ((p.lat - south) / height.max(1e-4)).floor() as usize;
        places.sort_by(|a, b| {
            let order = of(a).cmp(&of(b)).then(a.lon.total_cmp(&b.lon));
            order.then(a.lat.total_cmp(&b.lat))
        });
        let band: Vec<usize> = places.iter().map(of).collect();
        let count = band.last().map_or(0, |b| b + 1);
        let starts: Vec<usize> = (0..=count).map(|b| band.partition_point(|&x| x < b)).collect();
        let mut cosine = vec![1.0f64; count];
        places.iter().zip(&band).for_each(|(p, &b)| cosine[b] = cosine[b].min(p.lat.to_radians().cos()));
        Bands { places, starts, band, cosine }
    }

    /// Calls `visit` with every place after the `a`th that may be within `km` of it.
    fn each_after(&self, a: usize, km: f64, distance: Distance, visit: &mut dyn FnMut(Place)) {
        let here = self.places[a];
        let own = self.band[a];
        for band in [own, own + 1] {
            let Some(&end) = self.starts.get(band + 1) else { break };
            let from = if band == own { a + 1 } else { self.starts[band] };
            let part = &self.places[from..end];
            let width = distance.width(km, self.cosine[own].min(self.cosine[band])) * SLACK;
            if width >= 180.0 {
                part.iter().for_each(|&p| visit(p));
                continue;
            }
            let window = |low: f64, high: f64, visit: &mut dyn FnMut(Place)| {
                let first = part.partition_point(|p| p.lon < low);
                part[first..].iter().take_while(|p| p.lon <= high).for_each(|&p| visit(p));
            };
            window(here.lon - width, here.lon + width, visit);
            // Across the date line; the windows do not overlap, as they are less than a full turn.
            if here.lon - width < -180.0 {
                window(here.lon - width + 360.0, f64::INFINITY, visit);
            }
            if here.lon + width > 180.0 {
                window(f64::NEG_INFINITY, here.lon + width - 360.0, visit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::rng::Stream;

    /// All pairs, for comparison.
    fn brute(scores: &Mat<f64>, places: &[[f64; 2]], km: f64, kernel: Kernel, distance: Distance) -> Mat<f64> {
        let n = places.len();
        let at = |i: usize| Place { lat: places[i][0], lon: (places[i][1] + 180.0).rem_euclid(360.0) - 180.0, sum: i };
        Mat::from_fn(scores.ncols(), scores.ncols(), |p, q| {
            let pair = |i: usize, j: usize| {
                let d = distance.km(at(i), at(j));
                let weight = if kernel == Kernel::Uniform { 1.0 } else { 1.0 - d / km };
                if d <= km { weight * scores[(i, p)] * scores[(j, q)] } else { 0.0 }
            };
            (0..n).map(|i| (0..n).map(|j| pair(i, j)).sum::<f64>()).sum()
        })
    }

    #[test]
    fn windows_lose_no_pair_at_pole_and_date_line() {
        let mut s = Stream::new(5, 0);
        let n = 300;
        let places: Vec<[f64; 2]> = (0..n)
            .map(|i| match i % 3 {
                0 => [180.0 * s.uniform() - 90.0, 360.0 * s.uniform() - 180.0],
                1 => [90.0 - 8.0 * s.uniform(), 360.0 * s.uniform()],
                _ => [10.0 * s.uniform(), 175.0 + 10.0 * s.uniform()],
            })
            .collect();
        let scores = Mat::from_fn(n, 2, |_, _| s.normal());
        let rows: Vec<usize> = (0..n).collect();
        for km in [1.0, 150.0, 800.0, 5000.0, 25_000.0] {
            for kernel in [Kernel::Uniform, Kernel::Triangular] {
                for distance in [Distance::Spherical, Distance::Triangular] {
                    let got = meat(&scores, &places, km, kernel, distance, &rows).unwrap();
                    let want = brute(&scores, &places, km, kernel, distance);
                    for (i, j) in [(0, 0), (0, 1), (1, 1)] {
                        let gap = (got[(i, j)] - want[(i, j)]).abs();
                        assert!(gap < 1e-9 * (1.0 + want[(0, 0)].abs()), "{km} {kernel:?} {distance:?}: {gap}");
                    }
                }
            }
        }
    }
}
