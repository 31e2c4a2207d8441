//! The perpetual inventory: a stock of knowledge from the yearly flow of R&D expenditure.
//!
//! ```text
//! K_0 = E_0 / (g + δ),    K_t = (1 - δ) K_{t-1} + E_t
//! ```
//!
//! E is real expenditure, δ the rate of depreciation and g the growth of E before the first year, so that K_0 is the
//! stock of a path that had grown at g for ever. A unit starts in its first year of positive expenditure. Without a
//! given g it is the unit's own mean growth, (E_T / E_0)^(1/(T - t_0)) - 1 between its first and last years.
//!
//! Expenditure must be deflated first. The choice of g moves the first stocks a lot and later ones little: a share
//! (1 - δ)^t of K_0 is left after t years.
//!
//! Griliches, Z. (1980), "R&D and the productivity slowdown", American Economic Review 70(2).
//!
//! ```
//! use plim_stats::Factor;
//! use plim_stats::frontier::stock::{RdStock, rd_stock};
//! let unit = Factor::from_keys("city", ["a"; 4]);
//! let k = rd_stock(&[10.0, 12.0, 15.0, 16.0], &unit, &[2010, 2011, 2012, 2013], &RdStock::default()).unwrap();
//! assert!((k.stock[3] - 56.634_998_95).abs() < 1e-8);
//! ```

use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Knowledge stock by the perpetual inventory method, from yearly real R&D expenditure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RdStock {
    /// Column of real expenditure, one value per unit and year.
    pub column: String,
    /// Depreciation a year. 0.15 is usual for R&D; fixed capital takes 0.096 or 0.1096.
    pub delta: f64,
    /// Growth of expenditure before the first year; by default each unit's own mean growth over its years.
    pub growth: Option<f64>,
}

impl Default for RdStock {
    fn default() -> Self {
        RdStock { column: String::new(), delta: 0.15, growth: None }
    }
}

/// Stocks in the order of the rows, with a count of the rows that have none by reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RdStocks {
    /// Stock of each row; NaN where there is none.
    pub stock: Vec<f64>,
    /// Rows before the unit's first positive expenditure.
    pub before_start: usize,
    /// Rows from a gap in the years (or a missing value) on: the flow of the missing years is unknown.
    pub after_gap: usize,
    /// Rows of units with g + δ ≤ 0, whose path before the first year has no finite stock.
    pub shrinking: usize,
    /// Rows of units with a single usable year, whose growth cannot be measured.
    pub no_growth: usize,
}

impl RdStocks {
    /// What a reader must know, a sentence a reason.
    pub fn notes(&self) -> Vec<String> {
        let note = |rows: usize, why: &str| (rows > 0).then(|| format!("{rows} rows without a stock: {why}"));
        [
            note(self.before_start, "before the first positive expenditure of the unit"),
            note(self.after_gap, "after a gap in the years of the unit; `interpolate` the expenditure first"),
            note(self.shrinking, "expenditure shrinks faster than the stock depreciates; set `growth`"),
            note(self.no_growth, "a single year of expenditure has no growth; set `growth`"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Stocks from expenditure `flow`, rows in any order, each `unit` having at most one row a year.
pub fn rd_stock(flow: &[f64], unit: &Factor, year: &[i64], options: &RdStock) -> Result<RdStocks> {
    check(flow, unit, year, options)?;
    let mut stocks =
        RdStocks { stock: vec![f64::NAN; flow.len()], before_start: 0, after_gap: 0, shrinking: 0, no_growth: 0 };
    let mut rows: Vec<usize> = (0..flow.len()).collect();
    rows.sort_by_key(|&i| (unit.codes[i], year[i]));
    for path in rows.chunk_by(|&a, &b| unit.codes[a] == unit.codes[b]) {
        if let Some(pair) = path.windows(2).find(|w| year[w[0]] == year[w[1]]) {
            return Err(Error::invalid(
                format!("a unit has two rows in the year {}", year[pair[0]]),
                "aggregate to one row per unit and year first",
            )
            .at_rows(pair.to_vec()));
        }
        accumulate(path, flow, year, options, &mut stocks);
    }
    Ok(stocks)
}

fn check(flow: &[f64], unit: &Factor, year: &[i64], options: &RdStock) -> Result<()> {
    for (what, got) in [("the unit", unit.codes.len()), ("the year", year.len())] {
        if got != flow.len() {
            return Err(Error::length(what, got, flow.len()));
        }
    }
    if !(0.0..=1.0).contains(&options.delta) {
        return Err(Error::invalid(
            format!("`delta` is {}, wanted a rate from 0 to 1", options.delta),
            "15 % a year is `delta = 0.15`",
        ));
    }
    if let Some(g) = options.growth
        && !(g.is_finite() && g + options.delta > 0.0)
    {
        return Err(Error::invalid(
            format!("`growth` is {g} and `delta` {}: their sum must be positive", options.delta),
            "5 % a year is `growth = 0.05`",
        ));
    }
    let bad: Vec<usize> = (0..flow.len()).filter(|&i| flow[i] < 0.0 || flow[i].is_infinite()).collect();
    if !bad.is_empty() {
        let error = Error::invalid("expenditure is negative or infinite", "repair or drop these rows");
        return Err(error.at_column(&options.column).at_rows(bad));
    }
    Ok(())
}

/// One unit: `path` are its rows by year.
fn accumulate(path: &[usize], flow: &[f64], year: &[i64], options: &RdStock, stocks: &mut RdStocks) {
    let start = path.iter().position(|&i| flow[i] > 0.0).unwrap_or(path.len());
    stocks.before_start += start;
    let path = &path[start..];
    let Some(&first) = path.first() else { return };
    let usable = 1 + path.windows(2).take_while(|w| year[w[1]] == year[w[0]] + 1 && !flow[w[1]].is_nan()).count();
    let last = path[usable - 1];
    let growth = match options.growth {
        Some(g) => g,
        None if usable == 1 => {
            stocks.no_growth += path.len();
            return;
        }
        None => (flow[last] / flow[first]).powf(1.0 / (year[last] - year[first]) as f64) - 1.0,
    };
    if growth + options.delta <= 0.0 {
        stocks.shrinking += path.len();
        return;
    }
    let mut stock = flow[first] / (growth + options.delta);
    stocks.stock[first] = stock;
    for &i in &path[1..usable] {
        stock = (1.0 - options.delta) * stock + flow[i];
        stocks.stock[i] = stock;
    }
    stocks.after_gap += path.len() - usable;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(flow: &[f64], year: &[i64], options: &RdStock) -> RdStocks {
        rd_stock(flow, &Factor::from_keys("city", vec![0; flow.len()]), year, options).unwrap()
    }

    /// methods.md, TEST 2.0.
    #[test]
    fn four_years_by_hand() {
        let k = run(&[10.0, 12.0, 15.0, 16.0], &[1, 2, 3, 4], &RdStock::default());
        let want = [31.28841677, 38.59515425, 47.80588112, 56.63499895];
        plim_golden::close_printed(&k.stock, &want, 8, "stock");
        assert!(k.notes().is_empty());
    }

    #[test]
    fn starts_at_the_first_positive_year_and_stops_at_a_gap() {
        let given = RdStock { growth: Some(0.05), ..RdStock::default() };
        let k = run(&[0.0, 8.0, 9.0, 10.0], &[1, 2, 3, 5], &given);
        assert!(k.stock[0].is_nan() && k.stock[3].is_nan());
        plim_golden::close_printed(&k.stock[1..3], &[40.0, 43.0], 12, "stock");
        assert_eq!((k.before_start, k.after_gap), (1, 1));
        // A missing value is a gap; growth is measured on the years before it.
        let k = run(&[10.0, 11.0, f64::NAN, 12.0], &[1, 2, 3, 4], &RdStock::default());
        plim_golden::close_printed(&k.stock[..1], &[10.0 / 0.25], 12, "first stock");
        assert_eq!((k.after_gap, k.notes().len()), (2, 1));
    }

    #[test]
    fn paths_without_a_finite_past_have_no_stock() {
        let k = run(&[100.0, 50.0, 20.0], &[1, 2, 3], &RdStock::default());
        assert!(k.stock.iter().all(|v| v.is_nan()) && k.shrinking == 3);
        let k = run(&[5.0, 0.0], &[1, 2], &RdStock::default());
        assert_eq!(k.shrinking, 2, "growth of -100 %");
        let k = run(&[5.0], &[1], &RdStock::default());
        assert_eq!(k.no_growth, 1);
        let k = run(&[0.0, 0.0], &[1, 2], &RdStock::default());
        assert_eq!(k.before_start, 2);
    }

    #[test]
    fn order_and_units_of_money_do_not_matter() {
        let flow = [10.0, 3.0, 12.0, 4.0, 15.0, 6.0];
        let unit = Factor::from_keys("city", ["a", "b", "a", "b", "a", "b"]);
        let year = [1, 1, 2, 2, 3, 3];
        let k = rd_stock(&flow, &unit, &year, &RdStock::default()).unwrap().stock;
        let order = [4, 1, 5, 0, 2, 3];
        let millions: Vec<f64> = order.iter().map(|&i| 1e-6 * flow[i]).collect();
        let years: Vec<i64> = order.iter().map(|&i| year[i]).collect();
        let shuffled = rd_stock(&millions, &unit.at(&order), &years, &RdStock::default()).unwrap().stock;
        for (at, &i) in order.iter().enumerate() {
            plim_golden::close(1e6 * shuffled[at], k[i], 1e-14, "stock");
        }
    }

    #[test]
    fn wrong_requests_say_what_is_wrong() {
        let unit = Factor::from_keys("city", ["a", "a"]);
        let error = |flow: &[f64], year: &[i64], o: RdStock| rd_stock(flow, &unit, year, &o).unwrap_err().to_string();
        let o = RdStock { column: "rd".into(), ..RdStock::default() };
        assert!(error(&[1.0, -2.0], &[1, 2], o.clone()).starts_with("column `rd`: expenditure is negative"));
        assert!(error(&[1.0, 2.0], &[1, 1], o.clone()).contains("two rows in the year 1"));
        assert!(error(&[1.0], &[1], o.clone()).contains("has length 2, wanted 1"));
        assert!(error(&[1.0, 2.0], &[1, 2], RdStock { delta: 15.0, ..o.clone() }).contains("`delta = 0.15`"));
        assert!(error(&[1.0, 2.0], &[1, 2], RdStock { growth: Some(-0.2), ..o }).contains("must be positive"));
    }
}
