//! Breadth and depth of the network of export markets.
//!
//! In each year units and markets are the two sides of a graph, linked where the unit exports to the market:
//!
//! ```text
//! breadth   markets, products, cells (served pairs of product and market), degree = markets / all markets of the year
//! depth     strength Σ_d x_d, value_per_market, value_per_cell, products_per_market = cells / markets,
//!           fill = cells / (markets × products)
//! position  eigenvector: score ∝ the sum of the scores of its neighbours;  betweenness: share of shortest paths
//! ```
//!
//! Degree is that of a two-sided graph (Borgatti and Everett 1997, "Network analysis of 2-mode data", Social Networks
//! 19). Eigenvector centrality has length one over both sides of the graph. `graph = "markets"` joins two markets by
//! the number of units that serve both and gives a unit the mean centrality of its markets, by exports; `graph =
//! "units"` joins two units by the number of markets they share.

use super::cells::{Basket, Cells, RecordCount};
use super::centrality::{betweenness, leading_eigenvector};
use crate::math::Mat;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest side of a graph whose eigenvectors are taken: the time grows with its cube.
const MOST: usize = 5000;

/// Breadth and depth of the market network, centrality of units and markets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MarketNetwork {
    /// The column of products; without it there are no columns on products.
    pub product: Option<String>,
    /// The column of markets.
    pub market: String,
    /// The column of values; records of one unit, year, product and market are added up.
    pub value: String,
    /// Where centrality is taken: the graph of units and markets (`bipartite`), or its projection on `markets` or
    /// `units`.
    pub graph: Graph,
    /// Weights of the links for the eigenvector: `binary`, or the `value` of exports. Betweenness counts links.
    pub links: Links,
    /// Whether to take betweenness, whose time grows with nodes times links.
    pub betweenness: bool,
}

impl Default for MarketNetwork {
    fn default() -> Self {
        MarketNetwork {
            product: None,
            market: String::new(),
            value: String::new(),
            graph: Graph::Bipartite,
            links: Links::Binary,
            betweenness: true,
        }
    }
}

/// The graph of centrality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Graph {
    /// Units and markets.
    #[default]
    Bipartite,
    /// Markets, joined where a unit serves both.
    Markets,
    /// Units, joined where they serve a market both.
    Units,
}

/// Weights of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Links {
    /// One.
    #[default]
    Binary,
    /// Exports.
    Value,
}

/// Network of one unit and time. Means are NaN (missing) where nothing was exported.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkRow {
    /// Code of the unit.
    #[serde(skip)]
    pub unit: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Markets served.
    pub markets: usize,
    /// Products exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products: Option<usize>,
    /// Pairs of product and market served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cells: Option<usize>,
    /// Markets served over all that any unit serves in the year.
    pub degree: f64,
    /// Exports.
    pub strength: f64,
    /// Mean exports a market.
    pub value_per_market: f64,
    /// Mean exports a served pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_per_cell: Option<f64>,
    /// Mean number of products a market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub products_per_market: Option<f64>,
    /// Served pairs over all pairs of the unit's products and markets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fill: Option<f64>,
    /// Eigenvector centrality.
    pub eigenvector: f64,
    /// Betweenness centrality, where asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub betweenness: Option<f64>,
}

/// A market in one year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarketRow {
    /// Code of the market.
    #[serde(skip)]
    pub market: u32,
    /// Year.
    #[serde(skip)]
    pub time: i64,
    /// Units that serve it.
    pub units: usize,
    /// Exports to it.
    pub strength: f64,
    /// Eigenvector centrality; none under `graph = "units"`.
    pub eigenvector: Option<f64>,
    /// Betweenness centrality.
    pub betweenness: Option<f64>,
}

/// The network of every year.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkMeasure {
    /// One row a unit and time, in order of unit code and time.
    pub rows: Vec<NetworkRow>,
    /// Markets that are served, by year.
    pub markets: Vec<MarketRow>,
    /// Records, duplicates and zeros.
    pub sample: RecordCount,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The market network of each year.
pub fn network(options: &MarketNetwork, cells: &Cells) -> Result<NetworkMeasure> {
    if cells.markets.is_none() {
        return Err(Error::invalid("a network of markets without the column of markets", "set `market`"));
    }
    let sample = cells.count;
    let (mut rows, mut markets, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for (time, held) in cells.by_year() {
        // A unit without exports is no node of the year.
        let (active, idle): (Vec<Basket>, Vec<Basket>) =
            held.into_iter().partition(|basket| basket.iter().any(|c| c.value > 0.0));
        let year = Year::new(&active);
        let scores = year.scores(options, time, &mut notes)?;
        let with_products = options.product.is_some();
        rows.extend(active.iter().enumerate().map(|(i, basket)| year.row(Some(i), basket, with_products, &scores)));
        rows.extend(idle.iter().map(|basket| year.row(None, basket, with_products, &scores)));
        markets.extend(year.market_rows(time, &scores));
    }
    rows.sort_by_key(|r: &NetworkRow| (r.unit, r.time));
    let nothing = rows.iter().filter(|r| r.markets == 0).count();
    for (count, what) in [
        (sample.duplicates, "records repeat a cell and were added to it"),
        (nothing, "rows export nothing: their means and centralities are missing, not zero"),
    ] {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    }
    Ok(NetworkMeasure { rows, markets, sample, notes })
}

/// Centralities of both sides; none where not taken.
struct Scores {
    units: Vec<f64>,
    markets: Option<Vec<f64>>,
    between_units: Option<Vec<f64>>,
    between_markets: Option<Vec<f64>>,
}

/// The graph of one year: units are positions in the year's baskets.
struct Year {
    units: usize,
    /// Codes of the served markets, ascending.
    markets: Vec<u32>,
    /// Position of the market and exports, of each unit.
    links: Vec<Vec<(usize, f64)>>,
}

impl Year {
    fn new(held: &[Basket]) -> Year {
        let served = |basket: &Basket| {
            let mut by_market: BTreeMap<u32, f64> = BTreeMap::new();
            basket.iter().filter(|c| c.value > 0.0).for_each(|c| *by_market.entry(c.market).or_default() += c.value);
            by_market
        };
        let served: Vec<BTreeMap<u32, f64>> = held.iter().map(served).collect();
        let mut markets: Vec<u32> = served.iter().flat_map(|s| s.keys().copied()).collect();
        markets.sort_unstable();
        markets.dedup();
        let at = |market: &u32| markets.partition_point(|m| m < market);
        let links = served.iter().map(|s| s.iter().map(|(m, v)| (at(m), *v)).collect()).collect();
        Year { units: held.len(), markets, links }
    }

    fn scores(&self, options: &MarketNetwork, time: i64, notes: &mut Vec<String>) -> Result<Scores> {
        let (n, m) = (self.units, self.markets.len());
        // The graph of both sides is solved on the smaller one.
        let by_markets = options.graph == Graph::Markets || options.graph == Graph::Bipartite && m < n;
        let side = if by_markets { m } else { n };
        if side > MOST {
            return Err(Error::invalid(
                format!("the graph of {time} has {side} nodes on a side, more than {MOST}"),
                "take `graph = \"markets\"`, or group units or markets more coarsely",
            ));
        }
        let B = self.weights(options.links);
        let mut W = if by_markets { B.transpose() * &B } else { &B * B.transpose() };
        if options.graph != Graph::Bipartite {
            (0..side).for_each(|i| W[(i, i)] = 0.0);
        }
        let (units, markets) = match leading_eigenvector(&W)? {
            Some((value, vector)) => {
                if vector.contains(&0.0) {
                    let what = "eigenvector centrality is zero outside the leading one";
                    notes.push(format!("{time}: the network falls into parts; {what}"));
                }
                self.both_sides(options.graph, by_markets, &B, value, vector)
            }
            None => {
                let what = "the leading eigenvector is not unique (equal parts, or no links)";
                notes.push(format!("{time}: {what}: eigenvector centrality is missing"));
                (vec![f64::NAN; n], (options.graph != Graph::Units).then(|| vec![f64::NAN; m]))
            }
        };
        let (between_units, between_markets) = match (options.betweenness, options.graph) {
            (false, _) => (None, None),
            (true, Graph::Bipartite) => {
                let mut all = betweenness(&self.joined());
                let markets = all.split_off(n);
                (Some(all), Some(markets))
            }
            (true, Graph::Markets) => {
                let of = betweenness(&projected(&W));
                (Some(self.means(&of)), Some(of))
            }
            (true, Graph::Units) => (Some(betweenness(&projected(&W))), None),
        };
        Ok(Scores { units, markets, between_units, between_markets })
    }

    /// Links as a matrix, units × markets, the largest value one.
    fn weights(&self, links: Links) -> Mat<f64> {
        let largest = self.links.iter().flatten().fold(0.0, |most: f64, l| most.max(l.1));
        let mut B = Mat::<f64>::zeros(self.units, self.markets.len());
        for (c, own) in self.links.iter().enumerate() {
            own.iter().for_each(|&(d, value)| B[(c, d)] = if links == Links::Value { value / largest } else { 1.0 });
        }
        B
    }

    /// Scores of units and markets from the vector of one side.
    fn both_sides(
        &self,
        graph: Graph,
        by_markets: bool,
        B: &Mat<f64>,
        value: f64,
        vector: Vec<f64>,
    ) -> (Vec<f64>, Option<Vec<f64>>) {
        match graph {
            Graph::Units => return (vector, None),
            Graph::Markets => return (self.means(&vector), Some(vector)),
            Graph::Bipartite => {}
        }
        // Singular vectors: the other side is B v over the singular value; each side has half of the squared length.
        let (n, m, root) = (self.units, self.markets.len(), (2.0 * value).sqrt());
        let half: Vec<f64> = vector.iter().map(|x| x / 2f64.sqrt()).collect();
        if by_markets {
            let units = (0..n).map(|c| (0..m).map(|d| B[(c, d)] * vector[d]).sum::<f64>() / root).collect();
            (units, Some(half))
        } else {
            let markets = (0..m).map(|d| (0..n).map(|c| B[(c, d)] * vector[c]).sum::<f64>() / root).collect();
            (half, Some(markets))
        }
    }

    /// Neighbours in the graph of both sides, units first.
    fn joined(&self) -> Vec<Vec<usize>> {
        let n = self.units;
        let mut links = vec![Vec::new(); n + self.markets.len()];
        for (c, own) in self.links.iter().enumerate() {
            own.iter().for_each(|&(d, _)| {
                links[c].push(n + d);
                links[n + d].push(c);
            });
        }
        links
    }

    /// Mean over the markets of each unit, by exports.
    fn means(&self, scores: &[f64]) -> Vec<f64> {
        let of = |links: &Vec<(usize, f64)>| {
            let total: f64 = links.iter().map(|l| l.1).sum();
            links.iter().map(|&(d, value)| value / total * scores[d]).sum()
        };
        self.links.iter().map(of).collect()
    }

    /// The row of a node, or of a unit that exports nothing.
    fn row(&self, node: Option<usize>, basket: &Basket, with_products: bool, scores: &Scores) -> NetworkRow {
        let (markets, products) = (node.map_or(0, |i| self.links[i].len()), basket.by_product().len());
        let cells = basket.iter().filter(|c| c.value > 0.0).count();
        let strength: f64 = basket.iter().map(|c| c.value).sum();
        // 0/0 of a unit that exports nothing is missing.
        let per = |x: f64, count: usize| x / count as f64;
        let of_node = |values: &[f64]| node.map_or(f64::NAN, |i| values[i]);
        NetworkRow {
            unit: basket.unit,
            time: basket.time,
            markets,
            products: with_products.then_some(products),
            cells: with_products.then_some(cells),
            degree: per(markets as f64, self.markets.len()),
            strength,
            value_per_market: per(strength, markets),
            value_per_cell: with_products.then(|| per(strength, cells)),
            products_per_market: with_products.then(|| per(cells as f64, markets)),
            fill: with_products.then(|| per(cells as f64, markets * products)),
            eigenvector: of_node(&scores.units),
            betweenness: scores.between_units.as_ref().map(|b| of_node(b)),
        }
    }

    fn market_rows(&self, time: i64, scores: &Scores) -> Vec<MarketRow> {
        let mut rows: Vec<MarketRow> = (self.markets.iter().enumerate())
            .map(|(d, &market)| MarketRow {
                market,
                time,
                units: 0,
                strength: 0.0,
                eigenvector: scores.markets.as_ref().map(|v| v[d]),
                betweenness: scores.between_markets.as_ref().map(|v| v[d]),
            })
            .collect();
        for &(d, value) in self.links.iter().flatten() {
            rows[d].units += 1;
            rows[d].strength += value;
        }
        rows
    }
}

/// Neighbours in a projection with the weights `W`.
fn projected(W: &Mat<f64>) -> Vec<Vec<usize>> {
    let n = W.nrows();
    (0..n).map(|i| (0..n).filter(|&j| i != j && W[(i, j)] > 0.0).collect()).collect()
}
