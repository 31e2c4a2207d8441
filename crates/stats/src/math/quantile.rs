//! Sample quantiles under the two definitions that econometric packages use.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which definition of a sample quantile (Hyndman and Fan 1996).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QuantileType {
    /// Type 2: inverse of the empirical distribution, averaged at jumps (Stata).
    #[default]
    Stata,
    /// Type 7: linear interpolation of order statistics (NumPy, R).
    NumPy,
}

impl TryFrom<u8> for QuantileType {
    type Error = String;
    fn try_from(t: u8) -> Result<Self, String> {
        match t {
            2 => Ok(QuantileType::Stata),
            7 => Ok(QuantileType::NumPy),
            _ => Err(format!("quantile type {t} is not offered; wanted 2 (Stata) or 7 (NumPy)")),
        }
    }
}

impl Serialize for QuantileType {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u8(if *self == QuantileType::Stata { 2 } else { 7 })
    }
}

impl<'de> Deserialize<'de> for QuantileType {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        QuantileType::try_from(u8::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for QuantileType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "QuantileType".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "enum": [2, 7] })
    }
}

/// Quantile `p` of `sorted` (ascending, finite, not empty).
pub fn quantile(sorted: &[f64], p: f64, kind: QuantileType) -> f64 {
    let n = sorted.len();
    let at = |i: usize| sorted[i.min(n - 1)];
    match kind {
        QuantileType::Stata => {
            let h = n as f64 * p;
            let j = h.floor() as usize;
            // n p is rarely exact in binary; a hair above an integer is that integer.
            if (h - h.round()).abs() < 1e-9 {
                let j = h.round() as usize;
                match j {
                    0 => at(0),
                    j if j >= n => at(n - 1),
                    j => 0.5 * (at(j - 1) + at(j)),
                }
            } else {
                at(j)
            }
        }
        QuantileType::NumPy => {
            let h = (n - 1) as f64 * p;
            let j = h.floor() as usize;
            at(j) + (h - j as f64) * (at(j + 1) - at(j))
        }
    }
}

/// Quantile `p` of `sorted` (ascending, finite, not empty) with weights, one each and positive; [`quantile`] without.
///
/// With W the sum of the weights, type 2 is the least value up to which weights sum to p W, averaged with the next one
/// where they sum to it exactly. Type 7 interpolates at S_k = (k - 1) w_k + (n - 1) Σ_{j<k} w_j, at p S_n. Equal
/// weights give the unweighted quantile.
pub fn weighted_quantile(sorted: &[f64], weights: &[f64], p: f64, kind: QuantileType) -> f64 {
    if weights.is_empty() {
        return quantile(sorted, p, kind);
    }
    let n = sorted.len();
    let last = sorted[n - 1];
    match kind {
        QuantileType::Stata => {
            let total: f64 = weights.iter().sum();
            let mut sum = 0.0;
            for k in 0..n {
                sum += weights[k];
                if (sum - p * total).abs() < 1e-9 * total / n as f64 {
                    return 0.5 * (sorted[k] + sorted.get(k + 1).unwrap_or(&last));
                }
                if sum > p * total {
                    return sorted[k];
                }
            }
            last
        }
        QuantileType::NumPy => {
            let mut before = 0.0;
            let place = |k: usize, before: f64| k as f64 * weights[k] + (n - 1) as f64 * before;
            let mut places = Vec::with_capacity(n);
            for (k, w) in weights.iter().enumerate() {
                places.push(place(k, before));
                before += w;
            }
            let h = p * places[n - 1];
            let k = places.partition_point(|s| *s <= h).clamp(1, n - 1);
            let width = places[k] - places[k - 1];
            let share = if width > 0.0 { ((h - places[k - 1]) / width).clamp(0.0, 1.0) } else { 0.0 };
            sorted[k - 1] + share * (sorted[k] - sorted[k - 1])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_change_nothing_and_whole_weights_count_as_copies() {
        let x: Vec<f64> = (1..=10).map(|i| (i * i) as f64).collect();
        for p in [0.0, 0.05, 0.1, 0.25, 0.5, 0.77, 1.0] {
            for kind in [QuantileType::Stata, QuantileType::NumPy] {
                let weighted = weighted_quantile(&x, &[0.7; 10], p, kind);
                assert!((weighted - quantile(&x, p, kind)).abs() < 1e-9, "{p} {kind:?}");
            }
        }
        let copies = [1.0, 1.0, 1.0, 4.0, 9.0, 9.0];
        for p in [0.1, 0.5, 0.6, 0.9] {
            let weighted = weighted_quantile(&[1.0, 4.0, 9.0], &[3.0, 1.0, 2.0], p, QuantileType::Stata);
            assert_eq!(weighted, quantile(&copies, p, QuantileType::Stata), "{p}");
        }
    }

    #[test]
    fn squares_to_a_hundred() {
        // 1, 4, …, 100 by hand: type 7 and type 2.
        let x: Vec<f64> = (1..=10).map(|i| (i * i) as f64).collect();
        let q = |p, k| quantile(&x, p, k);
        assert!((q(0.05, QuantileType::NumPy) - 2.35).abs() < 1e-12);
        assert!((q(0.10, QuantileType::NumPy) - 3.7).abs() < 1e-12);
        assert!((q(0.25, QuantileType::NumPy) - 10.75).abs() < 1e-12);
        assert_eq!(q(0.05, QuantileType::Stata), 1.0);
        assert_eq!(q(0.10, QuantileType::Stata), 2.5);
        assert_eq!(q(0.25, QuantileType::Stata), 9.0);
        assert_eq!(q(1.0, QuantileType::Stata), 100.0);
    }
}
