//! Long or wide trade records: unit, time, product, market, value.

use super::cells::{Cells, CellsBuilder, refused};
use crate::{Error, Factor, Kind, Result};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Trade records, one value each; all columns have the length of `value`.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// Exporter: city, country, firm.
    pub unit: Factor,
    /// Year; any constant where there is none.
    pub time: Vec<i64>,
    /// Product; its levels are the products of the data.
    pub product: Factor,
    /// Destination, where known.
    pub market: Option<Factor>,
    /// Value, zero or more; [`survival`](super::survival()) takes missing ones too.
    pub value: Vec<f64>,
}

impl Records {
    /// Records out of wide data: one row a unit and time, one column a product (`columns`: name and values).
    pub fn from_columns(unit: &Factor, time: &[i64], columns: &[(&str, &[f64])]) -> Result<Records> {
        let n = time.len();
        if unit.codes.len() != n {
            return Err(Error::length(format!("`{}`", unit.name), unit.codes.len(), n));
        }
        for (name, column) in columns {
            if column.len() != n {
                return Err(Error::length("the product column", column.len(), n).at_column(*name));
            }
            check_values(column).map_err(|e| e.at_column(*name))?;
        }
        let k = columns.len();
        let row = |j: usize| j / k;
        Ok(Records {
            unit: Factor { codes: (0..n * k).map(|j| unit.codes[row(j)]).collect(), ..unit.clone() },
            time: (0..n * k).map(|j| time[row(j)]).collect(),
            product: Factor {
                name: "product".into(),
                codes: (0..n * k).map(|j| (j % k) as u32).collect(),
                levels: k as u32,
            },
            market: None,
            value: (0..n * k).map(|j| columns[j % k].1[row(j)]).collect(),
        })
    }

    /// Checks lengths, codes and values; a value that is missing, infinite or negative is refused.
    pub fn check(&self) -> Result<()> {
        self.check_keys()?;
        check_values(&self.value)
    }

    fn check_keys(&self) -> Result<()> {
        let n = self.value.len();
        if n == 0 {
            return Err(Error::new(Kind::Empty { what: "the list of records".into() }));
        }
        if self.time.len() != n {
            return Err(Error::length("`time`", self.time.len(), n));
        }
        for factor in [Some(&self.unit), Some(&self.product), self.market.as_ref()].into_iter().flatten() {
            if factor.codes.len() != n {
                return Err(Error::length(format!("`{}`", factor.name), factor.codes.len(), n));
            }
            let missing: Vec<usize> = (0..n).filter(|&i| factor.codes[i] >= factor.levels).collect();
            if !missing.is_empty() {
                return Err(Error::new(Kind::NotFinite).at_column(&factor.name).at_rows(missing));
            }
        }
        Ok(())
    }

    /// The records that have a value.
    pub fn with_value(&self) -> Result<Cow<'_, Records>> {
        self.check_keys()?;
        let kept: Vec<usize> = (0..self.value.len()).filter(|&i| !self.value[i].is_nan()).collect();
        if kept.len() == self.value.len() {
            return Ok(Cow::Borrowed(self));
        }
        let factor = |f: &Factor| Factor {
            name: f.name.clone(),
            codes: kept.iter().map(|&i| f.codes[i]).collect(),
            levels: f.levels,
        };
        Ok(Cow::Owned(Records {
            unit: factor(&self.unit),
            time: kept.iter().map(|&i| self.time[i]).collect(),
            product: factor(&self.product),
            market: self.market.as_ref().map(factor),
            value: kept.iter().map(|&i| self.value[i]).collect(),
        }))
    }

    /// The cells that the records add up to.
    pub fn cells(&self) -> Result<Cells> {
        self.check()?;
        let market = |i: usize| self.market.as_ref().map_or(0, |m| m.codes[i]);
        let mut cells = CellsBuilder::default();
        for (i, &value) in self.value.iter().enumerate() {
            cells.push(self.unit.codes[i], self.time[i], self.product.codes[i], market(i), value)?;
        }
        let mut cells = cells.finish(self.market.is_some())?;
        // Levels count that no record has: the universe of products may be larger than what is exported.
        (cells.units, cells.products) = (self.unit.levels as usize, self.product.levels as usize);
        cells.markets = self.market.as_ref().map(|m| m.levels as usize);
        Ok(cells)
    }

    /// [`Records::one_value`] of a column that must be positive; `what` is its name in a message.
    pub fn one_positive<K: Ord>(
        &self,
        what: &str,
        values: &[f64],
        key: impl Fn(usize) -> K,
        of: &str,
    ) -> Result<BTreeMap<K, f64>> {
        let bad: Vec<usize> = (0..values.len()).filter(|&i| values[i] <= 0.0).collect();
        if !bad.is_empty() {
            let e = Error::invalid(format!("{what} must be positive"), "leave it empty where it is unknown");
            return Err(e.at_rows(bad));
        }
        self.one_value(values, key, of)
    }

    /// What a column says of each key, missing values aside; an infinite value, and two values of one key, are refused.
    ///
    /// `key` gives the key of a record, and `of` names such keys in the message: "a unit and year".
    pub fn one_value<K: Ord>(&self, values: &[f64], key: impl Fn(usize) -> K, of: &str) -> Result<BTreeMap<K, f64>> {
        if values.len() != self.value.len() {
            return Err(Error::length("the column", values.len(), self.value.len()));
        }
        let bad: Vec<usize> = (0..values.len()).filter(|&i| values[i].is_infinite()).collect();
        if !bad.is_empty() {
            return Err(Error::new(Kind::NotFinite).at_rows(bad));
        }
        let mut first: BTreeMap<K, usize> = BTreeMap::new();
        for i in (0..values.len()).filter(|&i| !values[i].is_nan()) {
            let at = *first.entry(key(i)).or_insert(i);
            if values[at] != values[i] {
                return Err(Error::invalid(
                    format!("{of} has two values, {} and {}", values[at], values[i]),
                    format!("give one value to {of}"),
                )
                .at_rows([at, i]));
            }
        }
        Ok(first.into_iter().map(|(key, i)| (key, values[i])).collect())
    }
}

fn check_values(values: &[f64]) -> Result<()> {
    match values.iter().find_map(|&v| refused(v)) {
        None => Ok(()),
        Some(e) => {
            let alike = |v: f64| refused(v).is_some_and(|other| other.kind == e.kind);
            Err(e.clone().at_rows((0..values.len()).filter(|&i| alike(values[i])).collect::<Vec<_>>()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::cells::RecordCount;

    #[test]
    fn records_of_one_cell_add_up_and_are_counted() {
        let records = Records {
            unit: Factor::from_keys("city", ["b", "b", "a", "b"]),
            time: vec![1, 1, 1, 1],
            product: Factor::from_keys("hs", ["x", "y", "x", "x"]),
            market: None,
            value: vec![2.0, 0.0, 5.0, 3.0],
        };
        let cells = records.cells().unwrap();
        let values: Vec<f64> = cells.baskets().flat_map(|b| b.cells).map(|c| c.value).collect();
        let count = RecordCount { records: 4, duplicates: 1, zeros: 1 };
        assert_eq!((values, cells.count), (vec![5.0, 0.0, 5.0], count));
        let by_product: Vec<_> = cells.baskets().map(|b| b.by_product()).collect();
        assert_eq!(by_product, [vec![(0, 5.0)], vec![(0, 5.0)]]);
    }

    #[test]
    fn wide_rows_become_records() {
        let unit = Factor::from_keys("city", ["a", "b"]);
        let wide = Records::from_columns(&unit, &[7, 8], &[("x", &[1.0, 2.0]), ("y", &[3.0, 4.0])]).unwrap();
        assert_eq!(
            (wide.value, wide.time, wide.unit.codes),
            (vec![1.0, 3.0, 2.0, 4.0], vec![7, 7, 8, 8], vec![0, 0, 1, 1])
        );
        let error = Records::from_columns(&unit, &[7, 8], &[("x", &[1.0, -2.0])]).unwrap_err();
        assert_eq!((error.column.as_deref(), error.rows.as_slice()), (Some("x"), [1].as_slice()));
    }
}
