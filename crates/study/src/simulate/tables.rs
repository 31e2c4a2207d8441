//! The simulated world as tables.

use super::facts::{MARKETS, Year};
use super::panel::{City, round};
use super::parameters::{CONTROLS, INDICATORS};
use super::trade::{Basket, Product, split};
use plim_table::{Column, Data, Result, Table, Text};

/// (Exports + imports) / output by city and year.
pub(super) fn openness(cities: &[City], exports: &[Vec<f64>], years: &[Year]) -> Vec<Vec<f64>> {
    let ratio = |city: &City, x: &[f64], t: usize| {
        let yuan = x[t] * (1.0 + city.imports[t].exp()) * years[t].yuan_per_dollar;
        round(yuan / (city.gdp(t) * 1e8), 4)
    };
    cities.iter().zip(exports).map(|(c, x)| (0..years.len()).map(|t| ratio(c, x, t)).collect()).collect()
}

/// City × year, cities by code.
pub(super) fn cities(
    cities: &[City],
    exports: &[Vec<f64>],
    openness: &[Vec<f64>],
    groups: &[[f64; 3]],
    open: &[f64],
    years: &[Year],
) -> Result<Table> {
    let number = |name: &str, value: &dyn Fn(usize, usize) -> f64| -> Column {
        let cells = (0..cities.len()).flat_map(|i| (0..years.len()).map(move |t| value(i, t)));
        Column::number(name, cells.collect())
    };
    let text = |name: &str, value: &dyn Fn(&City) -> &'static str| -> Column {
        Column::text(name, cities.iter().flat_map(|c| years.iter().map(move |_| Some(value(c)))))
    };
    let flag = |yes: bool| f64::from(u8::from(yes));
    let mut columns = vec![
        number("code", &|i, _| f64::from(cities[i].place.code)),
        text("city", &|c| c.place.name),
        text("city_zh", &|c| c.place.name_zh),
        text("province", &|c| c.place.province.name),
        text("province_zh", &|c| c.place.province.name_zh),
        text("region", &|c| c.place.province.region),
        number("year", &|_, t| f64::from(years[t].year)),
        number("municipality", &|i, _| flag(cities[i].place.rank() == 2)),
        number("major_city", &|i, _| flag(cities[i].place.rank() >= 1)),
        text("zone", &|c| c.place.zone.map_or("none", |z| z.name)),
        text("zone_zh", &|c| c.place.zone.map_or("无", |z| z.name_zh)),
        number("treated", &|i, _| flag(cities[i].pilot.is_some())),
        number("pilot_year", &|i, _| f64::from(cities[i].pilot.unwrap_or(0))),
        number("pilot", &|i, t| flag(cities[i].pilot.is_some_and(|start| years[t].year >= start))),
    ];
    for (j, indicator) in INDICATORS.iter().enumerate() {
        columns.push(number(indicator.name, &|i, t| cities[i].indicators[j][t]));
    }
    columns.extend([
        number("rd_personnel", &|i, t| cities[i].personnel[t]),
        number("rd_expenditure", &|i, t| cities[i].expenditure[t]),
        number("patents", &|i, t| cities[i].patents[t]),
        number("new_product_sales", &|i, t| cities[i].sales[t]),
        number("exports", &|i, t| exports[i][t]),
        number("population", &|i, t| cities[i].population[t]),
        number("gdp", &|i, t| cities[i].gdp(t)),
    ]);
    for (j, control) in CONTROLS.iter().enumerate() {
        columns.push(number(control.name, &|i, t| cities[i].controls[j][t]));
    }
    columns.extend([
        number("fdi", &|i, t| cities[i].fdi[t]),
        number("openness", &|i, t| openness[i][t]),
        number("high_fdi", &|i, _| groups[i][0]),
        number("high_openness", &|i, _| open[i]),
        number("high_risk", &|i, _| groups[i][1]),
        number("high_belt_road", &|i, _| groups[i][2]),
        number("posts_1984", &|i, _| cities[i].posts_natural),
        number("internet_users", &|_, t| years[t].internet_users),
    ]);
    Table::new(columns)
}

/// One row per city, year, product and market with trade, in that order.
pub(super) fn exports(
    cities: &[City],
    exports: &[Vec<f64>],
    baskets: &[Basket],
    products: &[Product],
    years: &[Year],
) -> Result<Table> {
    let rows: usize = baskets.iter().flat_map(|b| &b.years).map(Vec::len).sum();
    let [mut city, mut product, mut market] = [(); 3].map(|()| Vec::<u32>::with_capacity(rows));
    let [mut year, mut value] = [(); 2].map(|()| Vec::<f64>::with_capacity(rows));
    for (i, basket) in baskets.iter().enumerate() {
        for (t, cells) in basket.years.iter().enumerate() {
            city.extend(cells.iter().map(|_| i as u32));
            year.extend(cells.iter().map(|_| f64::from(years[t].year)));
            product.extend(cells.iter().map(|c| c.0 / MARKETS.len() as u32));
            market.extend(cells.iter().map(|c| c.0 % MARKETS.len() as u32));
            value.extend(split(exports[i][t], cells));
        }
    }
    Table::new(vec![
        coded("city", city, cities.iter().map(|c| c.place.name.to_string()).collect()),
        Column::number("year", year),
        coded("product", product, products.iter().map(|p| p.code.clone()).collect()),
        coded("market", market, MARKETS.iter().map(|m| m.code.to_string()).collect()),
        Column::number("value", value),
    ])
}

/// A text column from codes, with the levels in order of first appearance as [`Text`] wants them.
fn coded(name: &str, mut codes: Vec<u32>, names: Vec<String>) -> Column {
    let mut order: Vec<Option<u32>> = vec![None; names.len()];
    let mut levels = Vec::new();
    for code in &mut codes {
        let old = *code as usize;
        *code = *order[old].get_or_insert_with(|| {
            levels.push(names[old].clone());
            levels.len() as u32 - 1
        });
    }
    Column { name: name.into(), data: Data::Text(Text { codes, levels }) }
}

/// The markets.
pub(super) fn markets() -> Result<Table> {
    let text =
        |name: &str, value: fn(usize) -> &'static str| Column::text(name, (0..MARKETS.len()).map(|k| Some(value(k))));
    let number = |name: &str, value: fn(usize) -> f64| Column::number(name, (0..MARKETS.len()).map(value).collect());
    Table::new(vec![
        text("market", |k| MARKETS[k].code),
        text("market_en", |k| MARKETS[k].name),
        text("market_zh", |k| MARKETS[k].name_zh),
        number("belt_road", |k| f64::from(u8::from(MARKETS[k].belt_road))),
        number("high_income", |k| f64::from(u8::from(MARKETS[k].high_income))),
        number("risk", |k| MARKETS[k].risk),
    ])
}

/// What no study sees.
pub(super) fn latent(cities: &[City], years: &[Year]) -> Result<Table> {
    let number = |name: &str, value: fn(&City, usize) -> f64| -> Column {
        Column::number(name, cities.iter().flat_map(|c| (0..years.len()).map(move |t| value(c, t))).collect())
    };
    Table::new(vec![
        Column::text("city", cities.iter().flat_map(|c| years.iter().map(move |_| Some(c.place.name)))),
        Column::number("year", cities.iter().flat_map(|_| years.iter().map(|y| f64::from(y.year))).collect()),
        number("digital", |c, t| c.digital[t]),
        number("capability", |c, t| c.capability[t]),
        number("efficiency", |c, t| c.efficiency[t]),
    ])
}
