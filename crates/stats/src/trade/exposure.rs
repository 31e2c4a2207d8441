//! What a unit's exports are exposed to through where they go and what they are.
//!
//! With s_d the share of market d in the exports of a unit and year, s_pd that of product p in market d:
//!
//! ```text
//! group_share          Σ_{d∈G(t)} s_d                          exports to a group of markets, by dates of membership
//! risk                 Σ_d s_d risk_dt
//! tariff               Σ_pd s_pd τ_pdt
//! shock                Σ_k s_k g_kt                            shift-share, k a market, a product or a pair
//! portfolio_variance   Σ_d Σ_e s_d s_e Σ_de                    variance of demand, s′Σs
//! ```
//!
//! Shares of the same year answer to the tariff or the shock whose effect they are to carry: a cell that a tariff
//! closed has a share of zero. `base_years` takes the shares of `tariff` and `shock` from years before (Bartik 1991,
//! "Who benefits from state and local economic development policies?"; Goldsmith-Pinkham, Sorkin and Swift 2020,
//! "Bartik instruments: what, when, why, and how", American Economic Review 110(8)). Where what is known does not cover
//! all exports, `risk` and `tariff` are means over the part that it covers, and `shock` stays a sum, because its
//! regressions control for the sum of the shares, `shock_covered` (Borusyak, Hull and Jaravel 2022, "Quasi-experimental
//! shift-share research designs", Review of Economic Studies 89(1)).

use super::cells::{Cell, Cells, RecordCount};
use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Exposure of exports to groups of markets, risk, tariffs and shocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Exposure {
    /// The column of products; not needed for what belongs to markets only.
    pub product: Option<String>,
    /// The column of markets; not needed for a shock by product.
    pub market: Option<String>,
    /// The column of values; records of one unit, year, product and market are added up.
    pub value: String,
    /// Markets that are members of the group at all times; makes the column `group_share`.
    pub markets: Vec<String>,
    /// The table of members with dates: the column of markets named as in the records, `member_from` and `member_to`.
    ///
    /// A market may have several lines. An empty date is open: always, or still.
    pub members: Option<String>,
    /// The column of the first year of membership in `members`.
    pub member_from: String,
    /// The column of the last year of membership in `members`.
    pub member_to: String,
    /// The column of the risk of a market and year; makes the columns `risk` and `risk_covered`.
    pub risk_column: Option<String>,
    /// The table that has it, with the keys that it is named by (of market and time, as in the records); left out when
    /// the records have it.
    pub risk: Option<String>,
    /// Top of the scale where a high number means safe: risk is then the top less the number.
    pub risk_top: Option<f64>,
    /// The column of the tariff of a product in a market and year; makes the columns `tariff` and `tariff_covered`.
    pub tariff_column: Option<String>,
    /// The table that has it, with its keys (of product, market and time); left out when the records have it.
    pub tariff: Option<String>,
    /// The column of the shock, such as the growth of a market; makes the columns `shock` and `shock_covered`.
    pub shock_column: Option<String>,
    /// The table that has it, with its keys (of product, market and time); left out when the records have it.
    pub shock: Option<String>,
    /// What a shock of the records belongs to: a `market`, a `product`, or a `product_market` pair, each by year.
    pub shock_by: ShockBy,
    /// The table of variances and covariances of markets, in columns `a`, `b` and `covariance`; makes the column
    /// `portfolio_variance`.
    ///
    /// A pair is given once or in both orders; one that is not given is zero.
    pub covariance: Option<String>,
    /// Years whose exports, added up, make the shares of `tariff` and `shock`; by default those of the same year.
    pub base_years: Vec<i64>,
}

impl Default for Exposure {
    fn default() -> Self {
        Exposure {
            product: None,
            market: None,
            value: String::new(),
            markets: Vec::new(),
            members: None,
            member_from: "from".into(),
            member_to: "to".into(),
            risk_column: None,
            risk: None,
            risk_top: None,
            tariff_column: None,
            tariff: None,
            shock_column: None,
            shock: None,
            shock_by: ShockBy::Market,
            covariance: None,
            base_years: Vec::new(),
        }
    }
}

/// What a shock belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShockBy {
    /// A market.
    #[default]
    Market,
    /// A product.
    Product,
    /// A product in a market.
    ProductMarket,
}

/// A number for each product, market and time, or for fewer of these keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lookup {
    /// Whether the number differs between products.
    pub by_product: bool,
    /// Whether it differs between markets.
    pub by_market: bool,
    /// Whether it differs between years.
    pub by_time: bool,
    /// The numbers by codes of product and market and year, 0 for a key that does not matter.
    pub values: BTreeMap<(u32, u32, i64), f64>,
}

impl Lookup {
    /// The key of a product, market and year.
    pub fn key(&self, product: u32, market: u32, time: i64) -> (u32, u32, i64) {
        (
            if self.by_product { product } else { 0 },
            if self.by_market { market } else { 0 },
            if self.by_time { time } else { 0 },
        )
    }

    /// Share-weighted sum over the cells and the share covered, at a time.
    fn weigh(&self, shares: &[(Cell, f64)], time: i64) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for (cell, share) in shares {
            if let Some(x) = self.values.get(&self.key(cell.product, cell.market, time)) {
                sums[0] += share * x;
                sums[1] += share;
            }
        }
        // Nothing exported is no exposure known, not one of zero.
        if shares.is_empty() { [f64::NAN; 2] } else { sums }
    }
}

/// When a market is a member: its code, first and last year; none is open.
pub type Membership = (u32, Option<i64>, Option<i64>);

/// What is known of markets and products beside the records.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// Members of the group.
    pub members: Option<Vec<Membership>>,
    /// Risk, by market.
    pub risk: Option<Lookup>,
    /// Tariffs.
    pub tariff: Option<Lookup>,
    /// Shocks.
    pub shock: Option<Lookup>,
    /// Variances and covariances by pairs of market codes, the smaller code first.
    pub covariance: Option<BTreeMap<(u32, u32), f64>>,
}

/// Exposure of one unit and time; NaN (missing) where it is undefined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExposureRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Share of exports that goes to members of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_share: Option<f64>,
    /// Mean risk of the markets, by exports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<f64>,
    /// Share of exports whose risk is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_covered: Option<f64>,
    /// Mean tariff, by exports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tariff: Option<f64>,
    /// Share of exports whose tariff is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tariff_covered: Option<f64>,
    /// Shift-share exposure: the sum of shares times shocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shock: Option<f64>,
    /// Share of exports whose shock is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shock_covered: Option<f64>,
    /// Variance of the portfolio of markets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portfolio_variance: Option<f64>,
}

/// Exposure of every unit and time.
#[derive(Debug, Clone, PartialEq)]
pub struct ExposureMeasure {
    /// One row a unit and time, in order of unit code and time.
    pub rows: Vec<ExposureRow>,
    /// Records, duplicates and zeros.
    pub sample: RecordCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Exposure of each unit and time of the cells to what is known.
pub fn exposure(options: &Exposure, cells: &Cells, known: &Known) -> Result<ExposureMeasure> {
    check(options, cells.markets.is_some(), known)?;
    let sample = cells.count;
    let base = base(options, cells)?;
    let mut rows = Vec::new();
    for basket in cells.baskets() {
        let (unit, time) = (basket.unit, basket.time);
        let own = shares(&basket);
        let before = base.as_ref().map_or(own.as_slice(), |base| base.get(&unit).map_or(&[], Vec::as_slice));
        let mean = |[sum, covered]: [f64; 2]| sum / covered;
        let risk = known.risk.as_ref().map(|l| l.weigh(&own, time));
        // Σ s (top - x) over what is covered.
        let risk = risk.map(|[sum, covered]| [options.risk_top.map_or(sum, |top| top * covered - sum), covered]);
        let tariff = known.tariff.as_ref().map(|l| l.weigh(before, time));
        let shock = known.shock.as_ref().map(|l| l.weigh(before, time));
        rows.push(ExposureRow {
            unit,
            time,
            group_share: known.members.as_ref().map(|m| group_share(&own, m, time)),
            risk: risk.map(mean),
            risk_covered: risk.map(|r| r[1]),
            tariff: tariff.map(mean),
            tariff_covered: tariff.map(|r| r[1]),
            // Nothing known is no shock known: a sum of nothing would read as a shock of zero.
            shock: shock.map(|r| if r[1] > 0.0 { r[0] } else { f64::NAN }),
            shock_covered: shock.map(|r| r[1]),
            portfolio_variance: match &known.covariance {
                Some(covariance) => Some(variance(&own, covariance)?),
                None => None,
            },
        });
    }
    let notes = notes(options, &rows, &sample);
    Ok(ExposureMeasure { rows, sample, notes })
}

fn check(options: &Exposure, with_markets: bool, known: &Known) -> Result<()> {
    let all = [
        known.members.is_some(),
        known.risk.is_some(),
        known.tariff.is_some(),
        known.shock.is_some(),
        known.covariance.is_some(),
    ];
    if all == [false; 5] {
        return Err(Error::invalid(
            "there is nothing to be exposed to",
            "set `markets` or `members`, `risk_column`, `tariff_column`, `shock_column` or `covariance`",
        ));
    }
    let with_shares = known.tariff.is_some() || known.shock.is_some();
    for (unused, what, remedy) in [
        (
            options.risk_top.is_some() && known.risk.is_none(),
            "`risk_top` turns a risk round, and there is none",
            "set `risk_column`, or leave it out",
        ),
        (
            !options.base_years.is_empty() && !with_shares,
            "`base_years` makes the shares of tariffs and shocks, and there are none",
            "set `tariff_column` or `shock_column`, or leave it out",
        ),
        (
            options.shock_by != ShockBy::Market && known.shock.is_none(),
            "`shock_by` is given, and there is no shock",
            "set `shock_column`, or leave it out",
        ),
    ] {
        if unused {
            return Err(Error::invalid(what, remedy));
        }
    }
    let by_market = [known.risk.as_ref(), known.tariff.as_ref(), known.shock.as_ref()];
    let of_markets = known.members.is_some() || known.covariance.is_some();
    if !with_markets && (of_markets || by_market.into_iter().flatten().any(|l| l.by_market)) {
        return Err(Error::invalid("what belongs to markets needs the column of markets", "set `market`"));
    }
    for (lookup, name) in
        by_market.into_iter().zip([&options.risk_column, &options.tariff_column, &options.shock_column])
    {
        if lookup.is_some_and(|l| l.values.values().any(|v| !v.is_finite())) {
            return Err(Error::new(Kind::NotFinite).at_column(name.as_deref().unwrap_or_default()));
        }
    }
    if let (Some(top), Some(risk)) = (options.risk_top, &known.risk)
        && let Some(above) = risk.values.values().find(|v| top - **v < 0.0 || !top.is_finite())
    {
        return Err(Error::invalid(
            format!("`risk_top = {top}` and a score of {above}"),
            "give the top of the scale of scores",
        )
        .at_column(options.risk_column.as_deref().unwrap_or_default()));
    }
    Ok(())
}

/// Positive cells with their shares.
type Shares = Vec<(Cell, f64)>;

/// Those of a basket.
fn shares(basket: &[Cell]) -> Shares {
    let total: f64 = basket.iter().map(|c| c.value).sum();
    basket.iter().filter(|c| c.value > 0.0).map(|c| (*c, c.value / total)).collect()
}

/// Shares of each unit over the base years together; none without base years.
fn base(options: &Exposure, cells: &Cells) -> Result<Option<BTreeMap<u32, Shares>>> {
    if options.base_years.is_empty() {
        return Ok(None);
    }
    for (i, year) in options.base_years.iter().enumerate() {
        if options.base_years[..i].contains(year) {
            return Err(Error::invalid(format!("`base_years` names {year} twice"), "name each year once"));
        }
        if !cells.baskets().any(|b| b.time == *year) {
            return Err(Error::invalid(
                format!("the base year {year} is not in the data"),
                "name years of the data in `base_years`",
            ));
        }
    }
    let mut all: BTreeMap<u32, BTreeMap<(u32, u32), Cell>> = BTreeMap::new();
    for basket in cells.baskets().filter(|b| options.base_years.contains(&b.time)) {
        let unit = all.entry(basket.unit).or_default();
        for cell in basket.iter() {
            let sum = unit.entry((cell.product, cell.market));
            sum.and_modify(|c| c.value += cell.value).or_insert(*cell);
        }
    }
    let of = |cells: BTreeMap<(u32, u32), Cell>| shares(&cells.into_values().collect::<Vec<_>>());
    Ok(Some(all.into_iter().map(|(unit, cells)| (unit, of(cells))).collect()))
}

fn group_share(shares: &[(Cell, f64)], members: &[Membership], time: i64) -> f64 {
    let during = |m: &Membership| m.1.is_none_or(|from| from <= time) && m.2.is_none_or(|to| time <= to);
    let member = |market: u32| members.iter().any(|m| m.0 == market && during(m));
    match shares.is_empty() {
        true => f64::NAN,
        false => shares.iter().filter(|(cell, _)| member(cell.market)).map(|s| s.1).sum::<f64>() + 0.0,
    }
}

/// s′Σs; NaN where a market has no variance, refused where it is negative.
fn variance(shares: &[(Cell, f64)], covariance: &BTreeMap<(u32, u32), f64>) -> Result<f64> {
    let mut markets: BTreeMap<u32, f64> = BTreeMap::new();
    shares.iter().for_each(|(cell, share)| *markets.entry(cell.market).or_default() += share);
    if markets.is_empty() || markets.keys().any(|&d| !covariance.contains_key(&(d, d))) {
        return Ok(f64::NAN);
    }
    let (mut sum, mut size) = (0.0, 0.0);
    for (&d, s) in &markets {
        for (&e, r) in &markets {
            let term = s * r * covariance.get(&(d.min(e), d.max(e))).copied().unwrap_or(0.0);
            sum += term;
            size += f64::abs(term);
        }
    }
    if sum < -1e-12 * size {
        return Err(Error::new(Kind::Untrusted {
            message: format!("the covariances give a portfolio the variance {sum}"),
            remedy: "they are not those of any variables; estimate them all from the same years".into(),
        }));
    }
    Ok(sum.max(0.0))
}

fn notes(options: &Exposure, rows: &[ExposureRow], sample: &RecordCount) -> Vec<String> {
    let mut notes = Vec::new();
    if rows.iter().any(|r| r.shock.is_some() || r.tariff.is_some()) {
        notes.push(match options.base_years.as_slice() {
            [] => "shares of the same year, which answer to tariffs and shocks: `base_years` holds them fixed".into(),
            [year] => format!("shares of tariffs and shocks: of {year}"),
            years => format!("shares of tariffs and shocks: of {} base years together", years.len()),
        });
    }
    let partly = |of: fn(&ExposureRow) -> Option<f64>| {
        rows.iter().filter_map(of).filter(|covered| *covered < 1.0 - 1e-12).count()
    };
    let absent = |of: fn(&ExposureRow) -> Option<f64>| rows.iter().filter_map(of).filter(|v| v.is_nan()).count();
    for (count, what) in [
        (partly(|r| r.risk_covered), "rows export where risk is not known: `risk` is the mean over `risk_covered`"),
        (partly(|r| r.tariff_covered), "rows have unknown tariffs: `tariff` is the mean over `tariff_covered`"),
        (partly(|r| r.shock_covered), "rows have unknown shocks: `shock` sums over `shock_covered`"),
        (absent(|r| r.group_share), "rows have no share of the group: nothing exported"),
        (absent(|r| r.risk), "rows have no risk: nothing exported, or no risk known"),
        (absent(|r| r.tariff), "rows have no tariff: nothing exported (in the base years), or no tariff known"),
        (absent(|r| r.shock), "rows have no shock: nothing exported (in the base years), or no shock known"),
        (
            absent(|r| r.portfolio_variance),
            "rows have no portfolio variance: a market without a variance, or no exports",
        ),
        (sample.duplicates, "records repeat a cell and were added to it"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    notes
}
