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

#[cfg(test)]
mod tests {
    use super::*;

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
