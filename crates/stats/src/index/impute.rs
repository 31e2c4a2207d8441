//! Missing values of an indicator filled in, and counted.
//!
//! None by default: an index of filled values says more than was seen. `group_mean` takes the mean of the same group (of
//! the same year, where there are years); `linear` interpolates in time within the unit, between two values that it has, and
//! never beyond them; `carried` repeats the unit's last value. What none of them can fill stays missing.

use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How missing values are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Impute {
    /// They are not.
    #[default]
    None,
    /// Mean of the group, in the same year.
    GroupMean,
    /// Linear in time within the unit.
    Linear,
    /// The unit's last value.
    Carried,
}

/// Who a row belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keys<'a> {
    /// Unit of each row.
    pub units: Option<&'a [u32]>,
    /// Time of each row.
    pub time: Option<&'a [i64]>,
    /// Group of each row, for means.
    pub groups: Option<&'a [u32]>,
}

/// Fills the missing values (NaN) of `x`; returns how many it filled.
pub fn impute(x: &mut [f64], how: Impute, keys: &Keys) -> Result<usize> {
    let need = |what: &str, remedy: &str| Error::invalid(format!("imputation needs {what}"), remedy.to_string());
    match how {
        Impute::None => Ok(0),
        Impute::GroupMean => {
            let groups =
                keys.groups.ok_or_else(|| need("the group of each row", "set `impute_group` to its column"))?;
            let key = |i: usize| (groups[i], keys.time.map_or(0, |t| t[i]));
            let mut sums: BTreeMap<(u32, i64), (f64, f64)> = BTreeMap::new();
            for (i, v) in x.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                let (sum, count) = sums.entry(key(i)).or_default();
                (*sum, *count) = (*sum + v, *count + 1.0);
            }
            Ok(fill(x, |i| sums.get(&key(i)).map(|(sum, count)| sum / count)))
        }
        Impute::Linear | Impute::Carried => {
            let (Some(units), Some(time)) = (keys.units, keys.time) else {
                return Err(need("the unit and the time of each row", "set `unit` and `time`"));
            };
            let mut known: BTreeMap<u32, BTreeMap<i64, f64>> = BTreeMap::new();
            for (i, v) in x.iter().enumerate().filter(|(_, v)| !v.is_nan()) {
                known.entry(units[i]).or_default().insert(time[i], *v);
            }
            Ok(fill(x, |i| {
                let own = known.get(&units[i])?;
                let (t0, v0) = own.range(..time[i]).next_back()?;
                if how == Impute::Carried {
                    return Some(*v0);
                }
                let (t1, v1) = own.range(time[i]..).next()?;
                Some(v0 + (v1 - v0) * (time[i] - t0) as f64 / (t1 - t0) as f64)
            }))
        }
    }
}

fn fill(x: &mut [f64], value: impl Fn(usize) -> Option<f64>) -> usize {
    let mut filled = 0;
    for (i, v) in x.iter_mut().enumerate().filter(|(_, v)| v.is_nan()) {
        if let Some(found) = value(i) {
            (*v, filled) = (found, filled + 1);
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_by_hand() {
        let (units, time, groups) = ([1, 1, 1, 1, 2, 2], [1, 2, 4, 5, 1, 2], [7, 7, 7, 7, 7, 7]);
        let keys = Keys { units: Some(&units), time: Some(&time), groups: Some(&groups) };
        let gap = [1.0, f64::NAN, 4.0, f64::NAN, f64::NAN, 3.0];
        let run = |how| {
            let mut x = gap;
            (impute(&mut x, how, &keys).unwrap(), x)
        };
        let (n, x) = run(Impute::Linear);
        assert!(n == 1 && x[1] == 2.0 && x[3].is_nan() && x[4].is_nan());
        let (n, x) = run(Impute::Carried);
        assert!(n == 2 && x[1] == 1.0 && x[3] == 4.0 && x[4].is_nan());
        let (n, x) = run(Impute::GroupMean);
        assert!(n == 2 && x[1] == 3.0 && x[3].is_nan() && x[4] == 1.0);
        assert!(impute(&mut gap.clone(), Impute::Linear, &Keys::default()).unwrap_err().to_string().contains("`unit`"));
        assert!(impute(&mut gap.clone(), Impute::GroupMean, &Keys::default()).is_err());
    }
}
