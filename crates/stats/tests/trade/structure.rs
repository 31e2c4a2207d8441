//! Variety, margins, exposure, market network: methods.md 5, independent computations, identities, refusals.

use crate::of_records::{exposure, inertia, margins, network, variety};
use plim_golden::{close, close_printed};
use plim_stats::trade::exposure::{Known, Lookup, ShockBy};
use plim_stats::trade::margins::{MarginsRow, Reference, VarietyOf, World};
use plim_stats::trade::network::{Graph, Links, NetworkMeasure};
use plim_stats::trade::{Exposure, Margins, MarketNetwork, Records};
use plim_stats::{Error, Factor};

/// Records (unit, year, product, market, value); codes are those given.
fn records(rows: &[(u32, i64, u32, u32, f64)]) -> Records {
    let factor = |name: &str, codes: Vec<u32>| {
        let levels = codes.iter().max().map_or(0, |c| c + 1);
        Factor { name: name.into(), codes, levels }
    };
    Records {
        unit: factor("city", rows.iter().map(|r| r.0).collect()),
        time: rows.iter().map(|r| r.1).collect(),
        product: factor("hs", rows.iter().map(|r| r.2).collect()),
        market: Some(factor("to", rows.iter().map(|r| r.3).collect())),
        value: rows.iter().map(|r| r.4).collect(),
    }
}

/// One unit's baskets by year, a value for each product; one market.
fn years(baskets: &[(i64, &[f64])]) -> Records {
    let rows = baskets.iter().flat_map(|&(t, b)| b.iter().enumerate().map(move |(p, &v)| (0, t, p as u32, 0, v)));
    records(&rows.collect::<Vec<_>>())
}

const SECTORS: [u32; 8] = [0, 0, 0, 1, 1, 1, 2, 2];
const Z: [f64; 8] = [30.0, 20.0, 10.0, 15.0, 5.0, 0.0, 12.0, 8.0];

#[test]
fn methods_5_variety() {
    let m = variety(&years(&[(1, &Z)]), &SECTORS).unwrap();
    let r = &m.rows[0];
    close_printed(
        &[r.unrelated_variety, r.related_variety, r.variety],
        &[1.37095059, 1.23193449, 2.60288509],
        8,
        "bits",
    );
    assert_eq!((r.sectors, r.products, m.sectors), (3, 7, 3));
    assert_eq!(m.notes, ["8 products in 3 sectors"]);
}

#[test]
fn variety_adds_up_and_has_its_two_ends() {
    let data = years(&[(1, &Z), (2, &[8.0; 8]), (3, &[0.0; 8]), (4, &[0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0])]);
    let entropy = |x: &[f64]| -> f64 {
        let total: f64 = x.iter().sum();
        x.iter().filter(|v| **v > 0.0).map(|v| -(v / total) * (v / total).log2()).sum()
    };
    let of = |sector: &[u32]| variety(&data, sector).unwrap();
    let m = of(&SECTORS);
    close(m.rows[0].variety, entropy(&Z), 1e-14, "entropy of the products");
    close(m.rows[1].variety, 3.0, 1e-14, "eight equal products");
    assert!(m.rows[2].variety.is_nan() && m.rows[2].related_variety.is_nan() && m.rows[2].unrelated_variety.is_nan());
    assert!(m.notes.iter().any(|n| n.contains("1 rows export nothing")), "{:?}", m.notes);
    assert_eq!((m.rows[3].related_variety, m.rows[3].unrelated_variety), (0.0, 0.0), "a sole product");
    let one = of(&[5; 8]);
    assert_eq!(one.rows[0].unrelated_variety, 0.0);
    close(one.rows[0].related_variety, entropy(&Z), 1e-14, "one sector: all variety is related");
    assert!(one.notes[1].contains("unrelated variety is zero"), "{:?}", one.notes);
    let each = of(&[0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(each.rows[0].related_variety, 0.0);
    close(each.rows[0].unrelated_variety, entropy(&Z), 1e-14, "a sector each: all variety is unrelated");
    assert!(variety(&data, &[0; 3]).is_err(), "sectors of some products only");
}

#[test]
fn methods_5_hummels_klenow() {
    let x = [50.0, 30.0, 15.0, 5.0, 0.0, 0.0, 0.0, 0.0];
    let data = years(&[(1, &x)]);
    let world = |of: &[f64], totals| World {
        of: of.iter().enumerate().map(|(p, w)| ((1, (p as u32, 0)), *w)).collect(),
        totals,
    };
    let w = [200.0, 100.0, 300.0, 150.0, 250.0, 100.0, 50.0, 50.0];
    let options = Margins { reference: Reference::World, ..Margins::default() };
    let row = |world: &World| margins(&options, &data, Some(world)).unwrap().rows.remove(0);
    let r = row(&world(&w, None));
    close_printed(&[r.extensive_margin, r.intensive_margin, r.share], &[0.625, 0.13333333, 0.08333333], 8, "HK");
    close(r.extensive_margin * r.intensive_margin, r.share, 1e-15, "product");
    // Products that the records do not list enter through the totals.
    let wider = row(&world(&w, Some([(1, 2400.0)].into())));
    close(wider.extensive_margin, 750.0 / 2400.0, 1e-15, "totals");
    close(wider.intensive_margin, r.intensive_margin, 1e-15, "totals");
}

/// Three units, two years, two products and markets.
fn three() -> Records {
    records(&[
        (0, 1, 0, 0, 10.0),
        (0, 1, 1, 0, 5.0),
        (0, 2, 0, 0, 8.0),
        (0, 2, 0, 1, 4.0),
        (1, 1, 0, 0, 30.0),
        (1, 1, 0, 1, 20.0),
        (1, 2, 1, 1, 6.0),
        (2, 1, 2, 0, 7.0),
        (2, 2, 0, 0, 0.0),
    ])
}

#[test]
fn the_others_are_the_reference() {
    let m = margins(&Margins { market: Some("to".into()), ..Margins::default() }, &three(), None).unwrap();
    let at = |unit: u32, time: i64| m.rows.iter().find(|r| (r.unit, r.time) == (unit, time)).unwrap();
    // Unit 0 in year 1: of 57 exported by the others, 50 lie in its products 0 and 1.
    let r = at(0, 1);
    close(r.extensive_margin, 50.0 / 57.0, 1e-15, "extensive");
    close(r.intensive_margin, 15.0 / 50.0, 1e-15, "intensive");
    assert_eq!((r.products, r.markets, r.density, r.mean_value), (2, Some(1), Some(1.0), 7.5));
    // Unit 2 alone exports product 2: nobody to compare with.
    let r = at(2, 1);
    assert!(r.extensive_margin == 0.0 && r.intensive_margin.is_nan());
    close(r.share, 7.0 / 65.0, 1e-15, "share");
    assert!(at(2, 2).share.is_nan() && at(2, 2).extensive_margin.is_nan(), "nothing exported");
    // Nor do units 0 and 1 meet in a product in year 2.
    assert!(m.notes.iter().any(|n| n.contains("3 rows have no margin")), "{:?}", m.notes);
    assert!(m.notes.iter().any(|n| n.contains("1 rows export nothing")), "{:?}", m.notes);
    // With all as reference a unit's margins multiply to its share of all.
    let all = margins(&Margins { reference: Reference::All, ..Margins::default() }, &three(), None).unwrap();
    let shares: f64 = all.rows.iter().filter(|r| r.time == 1).map(|r| r.extensive_margin * r.intensive_margin).sum();
    close(shares, 1.0, 1e-15, "shares of all");
    // Pairs of product and market.
    let pairs = Margins { market: Some("to".into()), variety: VarietyOf::ProductMarket, ..Margins::default() };
    let m = margins(&pairs, &three(), None).unwrap();
    close(m.rows[0].extensive_margin, 30.0 / 57.0, 1e-15, "pairs");
    let r = &m.rows[1];
    close_printed(&[r.change, r.change_intensive, r.entry, r.exit], &[-3.0, -2.0, 4.0, 5.0], 12, "pairs");
}

#[test]
fn exports_are_the_product_of_their_counts() {
    for r in margins(&Margins { market: Some("to".into()), ..Margins::default() }, &three(), None).unwrap().rows {
        let exports: f64 = [15.0, 12.0, 50.0, 6.0, 7.0, 0.0][(2 * r.unit as usize) + (r.time as usize - 1)];
        if exports > 0.0 {
            let counts = (r.products * r.markets.unwrap()) as f64;
            close(counts * r.density.unwrap() * r.mean_value, exports, 1e-15, "counts");
        } else {
            assert!(r.mean_value.is_nan() && r.density.unwrap().is_nan());
        }
    }
}

const X0: [f64; 6] = [40.0, 30.0, 20.0, 10.0, 0.0, 0.0];
const X1: [f64; 6] = [50.0, 0.0, 24.0, 12.0, 8.0, 6.0];

#[test]
fn methods_5_entry_exit_and_feenstra() {
    let m = margins(&Margins { reference: Reference::All, ..Margins::default() }, &years(&[(1, &X0), (2, &X1)]), None);
    let r = &m.unwrap().rows[1];
    close_printed(&[r.change_intensive, r.entry, r.exit, r.feenstra], &[16.0, 14.0, 30.0, -0.20585205], 8, "change");
    close(r.change, r.change_intensive + r.entry - r.exit, 1e-15, "adds up");
}

#[test]
fn no_change_is_taken_across_a_gap_or_of_nothing() {
    let data = years(&[(1, &X0), (3, &X1), (4, &[0.0; 6]), (5, &X1), (6, &[0.0, 9.0, 0.0, 0.0, 0.0, 0.0])]);
    let m = margins(&Margins { reference: Reference::All, ..Margins::default() }, &data, None).unwrap();
    let of = |f: fn(&MarginsRow) -> f64| m.rows.iter().map(f).collect::<Vec<f64>>();
    let change = of(|r| r.change);
    assert!(change[0].is_nan() && change[1].is_nan(), "first, gap");
    assert_eq!(change[2..], [-100.0, 100.0, -91.0]);
    assert_eq!(of(|r| r.exit)[2], 100.0);
    assert!(of(|r| r.feenstra).iter().all(|f| f.is_nan()), "nothing continues");
    assert!(m.notes.iter().any(|n| n.contains("1 rows follow a gap")), "{:?}", m.notes);
}

#[test]
fn methods_5_similarities() {
    let m = inertia(&years(&[(1, &X0), (2, &X1)])).unwrap();
    let r = &m.rows[1];
    close_printed(&[r.similarity, r.cosine, r.jaccard], &[0.7, 0.82384153, 0.5], 8, "vector of methods 5");
    // 0.7 / 1.3 of shares; of values 2 (40 + 20 + 10) / 200.
    close(r.weighted_jaccard, 0.7 / 1.3, 1e-15, "weighted Jaccard");
    close(r.bray_curtis, 0.7, 1e-15, "Bray-Curtis");
    // Growth of every product alike changes Bray-Curtis only: 2 · 100 / (100 + 300).
    let grown: Vec<f64> = X0.iter().map(|x| 3.0 * x).collect();
    let r = inertia(&years(&[(1, &X0), (2, &grown)])).unwrap().rows.remove(1);
    for (got, what) in [(r.similarity, "similarity"), (r.cosine, "cosine"), (r.weighted_jaccard, "weighted")] {
        close(got, 1.0, 1e-15, what);
    }
    close(r.bray_curtis, 0.5, 1e-15, "Bray-Curtis");
}

#[test]
fn margins_refuse_what_they_cannot_measure() {
    let message = |options: &Margins, data: &Records, world: Option<&World>| -> Error {
        margins(options, data, world).unwrap_err()
    };
    let plain = Margins::default();
    let mut alone = years(&[(1, &X0)]);
    alone.market = None;
    let pairs = Margins { variety: VarietyOf::ProductMarket, ..plain.clone() };
    assert!(message(&pairs, &alone, None).to_string().contains("without `market`"));
    let by_world = Margins { reference: Reference::World, world_column: Some("w".into()), ..plain.clone() };
    assert!(message(&by_world, &alone, None).to_string().contains("world_column"));
    let world = |data: &Records, of: &[f64]| World::of_records(data, VarietyOf::Product, of).unwrap_err();
    assert_eq!(world(&alone, &[1.0, 1.0, -1.0, 1.0, 1.0, 1.0]).rows, [2]);
    assert_eq!(world(&alone, &[1.0, 1.0, f64::INFINITY, 1.0, 1.0, 1.0]).rows, [2]);
    // Two records of one product disagree about the world.
    let twice = records(&[(0, 1, 0, 0, 1.0), (1, 1, 0, 0, 2.0)]);
    let error = world(&twice, &[5.0, 6.0]);
    assert!(error.to_string().contains("two values, 5 and 6"), "{error}");
    // A sum beyond the range of doubles would make every share 0 or NaN.
    let huge = years(&[(1, &[1e308; 6])]);
    assert!(message(&plain, &huge, None).to_string().contains("more than a number can hold"));
    // A single unit has no others: its margins are missing, and it is said.
    let m = margins(&plain, &alone, None).unwrap();
    assert!(m.rows[0].share.is_nan() && m.rows[0].intensive_margin.is_nan());
    assert!(m.notes.iter().any(|n| n.contains("1 rows have no margin")), "{:?}", m.notes);
}

/// Markets × products of methods 5.
fn market_table() -> Records {
    let table = [[10.0, 0.0, 5.0], [0.0, 20.0, 0.0], [30.0, 5.0, 0.0], [0.0, 0.0, 2.0]];
    let cells = (0..12).map(|i| (0, 1, i as u32 % 3, i as u32 / 3, table[i / 3][i % 3]));
    records(&cells.collect::<Vec<_>>())
}

fn by_market(values: &[f64]) -> Lookup {
    let values = values.iter().enumerate().map(|(d, &v)| ((0, d as u32, 0), v)).collect();
    Lookup { by_market: true, values, ..Lookup::default() }
}

#[test]
fn methods_5_exposure() {
    let known = Known {
        members: Some(vec![(0, None, None), (2, Some(1), Some(1)), (1, Some(2), None), (3, None, Some(0))]),
        risk: Some(by_market(&[60.0, 75.0, 50.0, 80.0])),
        tariff: Some(by_market(&[0.05, 0.10, 0.02, 0.25])),
        shock: Some(by_market(&[0.1, -0.2, 0.05, 0.0])),
        covariance: Some([((0, 0), 0.04), ((1, 1), 0.01), ((2, 2), 0.09), ((3, 3), 0.16), ((0, 1), 0.01)].into()),
    };
    let options = Exposure { risk_top: Some(100.0), ..Exposure::default() };
    let m = exposure(&options, &market_table(), &known).unwrap();
    let r = &m.rows[0];
    let got = [r.group_share, r.tariff, r.risk, r.portfolio_variance, r.shock].map(Option::unwrap);
    close_printed(&got, &[0.69444444, 0.05486111, 40.13888889, 0.02505594, -0.01041667], 8, "vector of methods 5");
    for covered in [r.risk_covered, r.tariff_covered, r.shock_covered] {
        close(covered.unwrap(), 1.0, 1e-15, "covered");
    }
    assert_eq!(m.notes.len(), 1, "{:?}", m.notes);
    assert!(m.notes[0].contains("shares of the same year"));
}

#[test]
fn members_count_from_their_date_and_shares_stay_with_the_base() {
    // Market 1 joins in 2; the unit moves all its exports there in 3; unit 1 has no exports in the base year.
    let data = records(&[
        (0, 1, 0, 0, 3.0),
        (0, 1, 0, 1, 1.0),
        (0, 2, 0, 0, 3.0),
        (0, 2, 0, 1, 1.0),
        (0, 3, 0, 1, 5.0),
        (1, 2, 0, 0, 9.0),
        (1, 3, 0, 0, 0.0),
    ]);
    let shock = Lookup {
        by_market: true,
        by_time: true,
        values: [((0, 0, 2), 0.4), ((0, 1, 2), 0.8), ((0, 0, 3), 1.0)].into(),
        ..Lookup::default()
    };
    let known = Known { members: Some(vec![(1, Some(2), None)]), shock: Some(shock.clone()), ..Known::default() };
    let options = Exposure { base_years: vec![1], ..Exposure::default() };
    let m = exposure(&options, &data, &known).unwrap();
    let column = |f: fn(&plim_stats::trade::exposure::ExposureRow) -> Option<f64>| -> Vec<f64> {
        m.rows.iter().map(|r| f(r).unwrap()).collect()
    };
    let (group, shock_of, covered) = (column(|r| r.group_share), column(|r| r.shock), column(|r| r.shock_covered));
    assert_eq!(group[..4], [0.0, 0.25, 1.0, 0.0]);
    assert!(group[4].is_nan(), "nothing exported");
    assert!(shock_of[0].is_nan() && covered[0] == 0.0, "no shock of year 1 is known");
    close(shock_of[1], 0.75 * 0.4 + 0.25 * 0.8, 1e-15, "base shares");
    close(shock_of[2], 0.75, 1e-15, "a sum over what is known, with the shares of year 1");
    assert_eq!(covered[2], 0.75);
    assert!(shock_of[3].is_nan() && covered[3].is_nan(), "no base exports");
    assert!(m.notes[0].contains("of 1") && m.notes.iter().any(|n| n.contains("3 rows have no shock")), "{:?}", m.notes);
    // Units and order of the records do not matter.
    let mut cents = data.clone();
    cents.value.iter_mut().for_each(|v| *v *= 100.0);
    let again = exposure(&options, &cents, &known).unwrap();
    let same = |a: Option<f64>, b: Option<f64>| {
        let (a, b) = (a.unwrap(), b.unwrap());
        a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-14
    };
    assert!(m.rows.iter().zip(&again.rows).all(|(a, b)| same(a.shock, b.shock) && same(a.group_share, b.group_share)));
    // A risk known of one market only: the mean over what is covered.
    let risk = Lookup { values: [((0, 0, 0), 7.0)].into(), by_market: true, ..Lookup::default() };
    let m = exposure(&Exposure::default(), &data, &Known { risk: Some(risk), ..Known::default() }).unwrap();
    assert_eq!((m.rows[0].risk, m.rows[0].risk_covered), (Some(7.0), Some(0.75)));
    assert!(m.rows[2].risk.unwrap().is_nan() && m.rows[2].risk_covered == Some(0.0));
}

#[test]
fn exposure_refuses_what_it_cannot_measure() {
    let data = market_table();
    let message =
        |options: &Exposure, data: &Records, known: &Known| exposure(options, data, known).unwrap_err().to_string();
    let plain = Exposure { shock_by: ShockBy::Market, ..Exposure::default() };
    assert!(message(&plain, &data, &Known::default()).contains("nothing to be exposed to"));
    let risk = |v: f64| Known { risk: Some(by_market(&[v, 1.0, 1.0, 1.0])), ..Known::default() };
    assert!(message(&plain, &data, &risk(f64::INFINITY)).contains("finite"));
    let top = Exposure { risk_top: Some(100.0), ..plain.clone() };
    assert!(message(&top, &data, &risk(101.0)).contains("risk_top = 100"));
    let mut alone = data.clone();
    alone.market = None;
    assert!(message(&plain, &alone, &risk(1.0)).contains("set `market`"));
    let base = Exposure { base_years: vec![1999], ..plain.clone() };
    let shock = Known { shock: Some(by_market(&[0.1; 4])), ..Known::default() };
    assert!(message(&base, &data, &shock).contains("1999"));
    let twice = Exposure { base_years: vec![1, 1], ..plain.clone() };
    assert!(message(&twice, &data, &shock).contains("names 1 twice"));
    // What nothing would be done with.
    assert!(message(&base, &data, &risk(1.0)).contains("`base_years` makes the shares"));
    assert!(message(&top, &data, &shock).contains("`risk_top` turns a risk round"));
    let by = Exposure { shock_by: ShockBy::Product, ..Exposure::default() };
    assert!(message(&by, &data, &risk(1.0)).contains("`shock_by` is given"));
    // A correlation beyond one: short of no market's variance, but of no variables' either.
    let pairs = [((0, 0), 0.01), ((1, 1), 0.01), ((2, 2), 0.01), ((3, 3), 0.01), ((0, 2), -0.9)];
    let known = Known { covariance: Some(pairs.into()), ..Known::default() };
    assert!(message(&plain, &data, &known).contains("the variance -"));
    // Without the variance of a market the sum is unknown.
    let known = Known { covariance: Some([((0, 0), 0.01)].into()), ..Known::default() };
    let m = exposure(&plain, &data, &known).unwrap();
    assert!(m.rows[0].portfolio_variance.unwrap().is_nan());
    assert!(m.notes[0].contains("1 rows have no portfolio variance"), "{:?}", m.notes);
}

#[test]
fn methods_5_breadth_and_depth() {
    let options = MarketNetwork { product: Some("hs".into()), ..MarketNetwork::default() };
    let m = network(&options, &market_table()).unwrap();
    let r = &m.rows[0];
    assert_eq!((r.markets, r.products, r.cells), (4, Some(3), Some(6)));
    let got = [r.value_per_market, r.products_per_market.unwrap(), r.fill.unwrap(), r.value_per_cell.unwrap()];
    close_printed(&got, &[18.0, 1.5, 0.5, 12.0], 12, "vector of methods 5");
    assert_eq!((r.degree, r.strength), (1.0, 72.0));
    close(r.eigenvector, 0.5f64.sqrt(), 1e-14, "the middle of a star");
    assert_eq!(r.betweenness, Some(1.0));
    assert_eq!(
        m.markets.iter().map(|d| (d.units, d.strength)).collect::<Vec<_>>(),
        [(1, 15.0), (1, 20.0), (1, 35.0), (1, 2.0)]
    );
}

const TRADE: [[f64; 5]; 4] =
    [[10.0, 4.0, 0.0, 0.0, 2.0], [3.0, 0.0, 8.0, 0.0, 0.0], [0.0, 1.0, 5.0, 6.0, 0.0], [0.0, 0.0, 0.0, 7.0, 0.0]];

fn trade_network(options: &MarketNetwork) -> NetworkMeasure {
    let cells = (0..20).map(|i| (i as u32 / 5, 1, 0, i as u32 % 5, TRADE[i / 5][i % 5]));
    network(options, &records(&cells.collect::<Vec<_>>())).unwrap()
}

/// Expected numbers by a script of its own: shortest paths by enumeration, power iteration to 1e-14.
#[test]
fn centralities_by_brute_force() {
    let columns = |m: &NetworkMeasure| -> [Vec<f64>; 4] {
        [
            m.rows.iter().map(|r| r.eigenvector).collect(),
            m.rows.iter().map(|r| r.betweenness.unwrap()).collect(),
            m.markets.iter().filter_map(|d| d.eigenvector).collect(),
            m.markets.iter().filter_map(|d| d.betweenness).collect(),
        ]
    };
    let [e, b, em, bm] = columns(&trade_network(&MarketNetwork::default()));
    close_printed(&e, &[0.419500093342, 0.310270529515, 0.461834575707, 0.120252629416], 12, "eigenvector");
    close_printed(
        &em,
        &[0.331695546726, 0.400584479208, 0.350937427439, 0.264570438571, 0.190671299247],
        12,
        "eigenvector of markets",
    );
    close_printed(&b, &[0.357142857143, 0.125, 0.517857142857, 0.0], 12, "betweenness");
    close_printed(&bm, &[0.125, 0.303571428571, 0.178571428571, 0.25, 0.0], 12, "betweenness of markets");
    let by_value = MarketNetwork { links: Links::Value, ..MarketNetwork::default() };
    let [e, _, em, _] = columns(&trade_network(&by_value));
    close_printed(&e, &[0.521222171373, 0.374751218071, 0.2709796349, 0.120245624008], 12, "by value");
    close_printed(
        &em,
        &[0.528684087131, 0.196561971766, 0.363185054139, 0.205884073624, 0.086976387302],
        12,
        "markets by value",
    );
    let [e, b, em, bm] = columns(&trade_network(&MarketNetwork { graph: Graph::Markets, ..MarketNetwork::default() }));
    close_printed(&e, &[0.477300417677, 0.469959280549, 0.417673329877, 0.350541833899], 12, "of the markets");
    close_printed(&b, &[0.135416666667, 0.083333333333, 0.0625, 0.0], 12, "of the markets");
    close_printed(
        &em,
        &[0.469959280549, 0.559032552385, 0.469959280549, 0.350541833899, 0.350541833899],
        12,
        "projection",
    );
    close_printed(&bm, &[0.083333333333, 0.333333333333, 0.083333333333, 0.0, 0.0], 12, "projection");
    let [e, b, em, bm] = columns(&trade_network(&MarketNetwork { graph: Graph::Units, ..MarketNetwork::default() }));
    close_printed(&e, &[0.522720725644, 0.522720725644, 0.611628457355, 0.281845198855], 12, "projection on units");
    close_printed(&b, &[0.0, 0.0, 2.0 / 3.0, 0.0], 12, "projection on units");
    assert!(em.is_empty() && bm.is_empty());
}

#[test]
fn the_network_solved_on_either_side_is_one() {
    // Transposed, the markets are the larger side: units and markets change places.
    let cells = (0..20).map(|i| (i as u32 % 5, 1, 0, i as u32 / 5, TRADE[i / 5][i % 5]));
    let turned = network(&MarketNetwork::default(), &records(&cells.collect::<Vec<_>>())).unwrap();
    let m = trade_network(&MarketNetwork::default());
    for (row, market) in turned.rows.iter().zip(&m.markets) {
        close(row.eigenvector, market.eigenvector.unwrap(), 1e-13, "eigenvector");
        assert_eq!((row.betweenness, row.markets), (market.betweenness, market.units));
    }
}

#[test]
fn idle_units_parts_and_ties() {
    // Units 0 and 1 share markets 0 and 1; unit 2 has market 2 for itself; unit 3 exports nothing.
    let cells = [
        (0, 1, 0, 0, 1.0),
        (0, 1, 0, 1, 1.0),
        (1, 1, 0, 0, 1.0),
        (1, 1, 0, 1, 1.0),
        (2, 1, 0, 2, 1.0),
        (3, 1, 0, 0, 0.0),
    ];
    let m = network(&MarketNetwork::default(), &records(&cells)).unwrap();
    let e: Vec<f64> = m.rows.iter().map(|r| r.eigenvector).collect();
    close_printed(&e[..3], &[0.5, 0.5, 0.0], 12, "parts");
    assert!(e[3].is_nan() && m.rows[3].betweenness.unwrap().is_nan() && m.rows[3].value_per_market.is_nan());
    assert_eq!((m.rows[3].markets, m.rows[3].degree, m.rows[3].strength), (0, 0.0, 0.0));
    assert!(m.notes[0].contains("falls into parts") && m.notes[1].contains("1 rows export nothing"), "{:?}", m.notes);
    // Two equal parts: no leading one.
    let equal = network(&MarketNetwork::default(), &records(&[(0, 1, 0, 0, 1.0), (1, 1, 0, 1, 1.0)])).unwrap();
    assert!(equal.rows.iter().all(|r| r.eigenvector.is_nan()) && equal.notes[0].contains("not unique"));
    let mut without = records(&cells);
    without.market = None;
    assert!(network(&MarketNetwork::default(), &without).unwrap_err().to_string().contains("set `market`"));
    let quiet = MarketNetwork { betweenness: false, ..MarketNetwork::default() };
    assert!(network(&quiet, &records(&cells)).unwrap().rows[0].betweenness.is_none());
}
