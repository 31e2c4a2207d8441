//! Long trade records (unit, time, product, market, value) and the cells they add up to.

use crate::{Error, Factor, Kind, Result};
use serde::Serialize;
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
    /// Value, zero or more.
    pub value: Vec<f64>,
}

/// Value of one (unit, time, product, market), the records of the same cell added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Code of the unit.
    pub unit: u32,
    /// Year.
    pub time: i64,
    /// Code of the product.
    pub product: u32,
    /// Code of the market; 0 where markets are not known.
    pub market: u32,
    /// Value.
    pub value: f64,
}

/// What the records were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RecordCount {
    /// Records read.
    pub records: usize,
    /// Records added to an earlier one of the same unit, time, product and market.
    pub duplicates: usize,
    /// Records whose value is zero.
    pub zeros: usize,
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
        check_values(&self.value)
    }

    /// The cells, sorted by unit, time, product and market.
    pub fn cells(&self) -> Result<(Vec<Cell>, RecordCount)> {
        self.check()?;
        let market = |i: usize| self.market.as_ref().map_or(0, |m| m.codes[i]);
        let cell = |i: usize| Cell {
            unit: self.unit.codes[i],
            time: self.time[i],
            product: self.product.codes[i],
            market: market(i),
            value: self.value[i],
        };
        let mut cells: Vec<Cell> = (0..self.value.len()).map(cell).collect();
        let key = |c: &Cell| (c.unit, c.time, c.product, c.market);
        // Stable, so that duplicates add up in the order of the data.
        cells.sort_by_key(key);
        cells.dedup_by(|next, first| {
            let same = key(next) == key(first);
            if same {
                first.value += next.value;
            }
            same
        });
        // Shares of an infinite sum would be zero or missing without a word.
        if !self.value.iter().sum::<f64>().is_finite() {
            return Err(Error::new(Kind::Untrusted {
                message: "the trade values add up to more than a number can hold".into(),
                remedy: "give them in a larger unit".into(),
            }));
        }
        let records = self.value.len();
        let zeros = self.value.iter().filter(|&&v| v == 0.0).count();
        let count = RecordCount { records, duplicates: records - cells.len(), zeros };
        Ok((cells, count))
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

/// The cells of one unit and time after another, of cells sorted as [`Records::cells`] sorts them.
pub fn baskets(cells: &[Cell]) -> impl Iterator<Item = &[Cell]> {
    cells.chunk_by(|a, b| (a.unit, a.time) == (b.unit, b.time))
}

/// Where the basket of the year before is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearBefore {
    /// The basket is the first of its unit.
    First,
    /// The year before is not in the data, an earlier one is.
    Gap,
    /// At this position among the baskets.
    At(usize),
}

/// For each basket, in the order of [`baskets`], that of the year before: there is no comparison across a gap.
pub fn with_year_before(held: &[&[Cell]]) -> impl Iterator<Item = YearBefore> {
    (0..held.len()).map(move |i| {
        let now = held[i][0];
        match i.checked_sub(1).map(|j| (j, held[j][0])).filter(|(_, b)| b.unit == now.unit) {
            None => YearBefore::First,
            Some((j, b)) if b.time.checked_add(1) == Some(now.time) => YearBefore::At(j),
            Some(_) => YearBefore::Gap,
        }
    })
}

/// Positive totals by product of one basket: code and value, codes ascending.
pub fn by_product(basket: &[Cell]) -> Vec<(u32, f64)> {
    basket
        .chunk_by(|a, b| a.product == b.product)
        .map(|cells| (cells[0].product, cells.iter().map(|c| c.value).sum()))
        .filter(|&(_, value)| value > 0.0)
        .collect()
}

fn check_values(values: &[f64]) -> Result<()> {
    let at = |wrong: &dyn Fn(f64) -> bool| -> Vec<usize> { (0..values.len()).filter(|&i| wrong(values[i])).collect() };
    let bad = at(&|v| !v.is_finite());
    if !bad.is_empty() {
        return Err(Error::new(Kind::NotFinite).at_rows(bad));
    }
    let bad = at(&|v| v < 0.0);
    if !bad.is_empty() {
        return Err(Error::invalid("a trade value is negative; wanted zero or more", "correct or drop these records")
            .at_rows(bad));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_one_cell_add_up_and_are_counted() {
        let records = Records {
            unit: Factor::from_keys("city", ["b", "b", "a", "b"]),
            time: vec![1, 1, 1, 1],
            product: Factor::from_keys("hs", ["x", "y", "x", "x"]),
            market: None,
            value: vec![2.0, 0.0, 5.0, 3.0],
        };
        let (cells, count) = records.cells().unwrap();
        let values: Vec<f64> = cells.iter().map(|c| c.value).collect();
        assert_eq!((values, count), (vec![5.0, 0.0, 5.0], RecordCount { records: 4, duplicates: 1, zeros: 1 }));
        assert_eq!(baskets(&cells).map(by_product).collect::<Vec<_>>(), [vec![(0, 5.0)], vec![(0, 5.0)]]);
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
