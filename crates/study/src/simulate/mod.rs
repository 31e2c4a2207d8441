//! A simulated world with known effects: Chinese cities that go digital and sell abroad.
//!
//! 289 cities over 2011–2021. Names, codes, pilot zones, national exports, exchange rate and internet users are
//! real; everything else is drawn, so that every number of a study can be held against the truth.
//!
//! For city i and year t, all random terms independent of each other:
//!
//! ```text
//! digital development   D  = α_i + 0.10·t + 0.06·posts_i·users_{t−1} + 0.8·ω_it + p_it + 0.40·phase_it
//!                       ω the cycle of log output per head, p ~ AR(1); phase 0.4, 0.8, 1 from the pilot year on
//! indicators            x_j = f_j(D)·exp(e_ij + e_ijt),   f logistic (rates) or exponential (quantities)
//! innovation            ln Y_k = β_0k + β_Lk ln L + β_Kk ln K + β_tk t + v_kt − u,   k = patents, new products
//!                       K by perpetual inventory of the expenditure, u ~ |N(0, σ²)|, ln σ² = −1.5 − 2(D − 2)
//! allocation efficiency A  = exp(−u)
//! export growth         g_it − G_t = (0.10 + 0.03 c_it + 0.08 F_i − 0.06 R_i + 0.06 B_i)·D + 0.25·A + γ'z
//!                                    + μ_i + λ_t + ε_it,   ε ~ N(0, 0.075²)
//! ```
//!
//! c is capability, for which the complexity index stands; F, R, B say whether a city's mean of FDI, of market risk
//! and of Belt and Road markets lies above the median (±½). μ_i takes out the city mean of all causes, so that
//! only regressions with city effects find them; λ_t is such that the exports-weighted sum gives the published
//! national growth G_t exactly. D works directly, through A (mediation), more where c is high (moderation) and
//! is raised by the pilot zones (difference in differences); 1984 posts × national users is a valid instrument.
//!
//! Records (city × product × market × year): the value of product p in market m has log share
//!
//! ```text
//! w_p + w_m + 0.25·c q_p − 2.5·(q_p − c − 0.3)₊ + a_m + taste_p·exp(−0.25 c) + taste_pm + cycle_pmt
//! ```
//!
//! with q the product's complexity and a_m the city's leaning towards Belt and Road and risky markets. The
//! terms in c q make the city × product matrix
//! log-supermodular and triangular (Hidalgo and Hausmann 2009), hence the complexity index meaningful. The cells with
//! the highest score trade, so that cells enter and leave. Values are whole dollars and add up to the city's
//! exports exactly.
//!
//! ```
//! use plim_study::simulate::{Cities, cities};
//! let world = cities(&Cities { cities: 40, records: 20, ..Cities::default() }).unwrap();
//! assert_eq!(world.cities.rows(), 40 * 11);
//! assert!(world.truth["baseline"]["total"].as_f64().unwrap() > 0.1);
//! ```

mod facts;
mod panel;
mod parameters;
mod places;
mod tables;
mod trade;
mod truth;
mod zones;

pub use zones::{ZONES, Zone};

use plim_table::{Error, Result, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the data-generating process: the same version and options give the same bits.
pub const VERSION: u32 = 1;

/// When a pilot zone begins to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PilotStart {
    /// In the year of its approval: Guizhou 2015, the others 2016.
    #[default]
    Approval,
    /// In the year after: Guizhou 2016, the others 2017.
    NextYear,
}

/// A complication of the world whose truth is known all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scenario {
    /// None: the documented world.
    #[default]
    Documented,
    /// Indicators with four times the yearly error: what an index does to a regression.
    Noisy,
    /// One city-year in fifty reports four times its patents and new products: what a frontier does with it.
    Outliers,
    /// Zones that begin from 2013 to 2019, the early ones stronger, all growing: what two-way effects do with it.
    Staggered,
    /// Cities of a province with a zone get three tenths of its effect: controls that are treated in part.
    Spillovers,
}

/// Options of the simulated cities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cities {
    /// Seed of all draws: the same seed gives the same world, to the bit.
    pub seed: u64,
    /// Number of cities, 20 to 289, spread over the country with its share of pilot cities.
    pub cities: usize,
    /// First year, not before 2011.
    pub first: i32,
    /// Last year, not after 2021, and at least two years after the first.
    pub last: i32,
    /// Export records per city and year, on average, 5 to 300.
    pub records: usize,
    /// Multiplies every effect on exports, 0 to 3: at 0 digital development does nothing, and a test that rejects errs.
    pub effect: f64,
    /// When a pilot zone begins to work.
    pub pilot_start: PilotStart,
    /// A complication: `noisy`, `outliers`, `staggered` or `spillovers`.
    pub scenario: Scenario,
}

impl Default for Cities {
    fn default() -> Self {
        Cities {
            seed: 1,
            cities: 289,
            first: 2011,
            last: 2021,
            records: 100,
            effect: 1.0,
            pilot_start: PilotStart::Approval,
            scenario: Scenario::Documented,
        }
    }
}

impl Cities {
    /// A world small enough to start from: 40 cities, a few records each.
    pub fn starter() -> Self {
        Cities { cities: 40, records: 40, ..Cities::default() }
    }

    fn delay(&self) -> i32 {
        match self.pilot_start {
            PilotStart::Approval => 0,
            PilotStart::NextYear => 1,
        }
    }

    fn check(&self) -> Result<()> {
        let wrong = |message: String, remedy: &str| Err(Error::invalid(message, remedy));
        if !(20..=289).contains(&self.cities) {
            return wrong(format!("`cities` is {}", self.cities), "choose 20 to 289: there are 289 places");
        }
        if self.first < 2011 || self.last > 2021 || self.last - self.first < 2 {
            let years = format!("`first` is {} and `last` is {}", self.first, self.last);
            return wrong(
                years,
                "choose at least three years within 2011 to 2021, for which national exports are known",
            );
        }
        if !(5..=300).contains(&self.records) {
            return wrong(format!("`records` is {}", self.records), "choose 5 to 300 records per city and year");
        }
        if !(0.0..=3.0).contains(&self.effect) {
            return wrong(
                format!("`effect` is {}", self.effect),
                "choose a multiple from 0 to 3 (1 is the documented world)",
            );
        }
        Ok(())
    }
}

/// A simulated world.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// City × year: indicators, innovation, exports, controls, groups, pilot zones.
    pub cities: Table,
    /// City × year × product × market: value in US dollars, adding up to `exports` of the cities exactly.
    pub exports: Table,
    /// Markets: names, Belt and Road, income, risk.
    pub markets: Table,
    /// What no study sees, city × year: digital development, capability, efficiency.
    pub latent: Table,
    /// Every true effect in words and numbers.
    pub truth: serde_json::Value,
}

/// Draws the world.
pub fn cities(options: &Cities) -> Result<Simulated> {
    options.check()?;
    let years = panel::years(options);
    let cities = panel::panel(options, places::sample(options.cities));
    let products = trade::products(options.seed);
    let baskets = trade::baskets(options.seed, options.records, &cities, &products, &years);

    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let fdi = trade::above_median(&cities.iter().map(|c| mean(&c.fdi)).collect::<Vec<_>>());
    let belt_road = trade::above_median(&baskets.iter().map(|b| b.exposure[0]).collect::<Vec<_>>());
    let risk = trade::above_median(&baskets.iter().map(|b| b.exposure[1]).collect::<Vec<_>>());
    let groups: Vec<[f64; 3]> = (0..cities.len()).map(|i| [fdi[i], risk[i], belt_road[i]]).collect();

    let exports = trade::exports(options.seed, options.effect, &cities, &groups, &years);
    let openness = tables::openness(&cities, &exports, &years);
    let open = trade::above_median(&openness.iter().map(|x| mean(x)).collect::<Vec<_>>());
    Ok(Simulated {
        cities: tables::cities(&cities, &exports, &openness, &groups, &open, &years)?,
        exports: tables::exports(&cities, &exports, &baskets, &products, &years)?,
        markets: tables::markets()?,
        latent: tables::latent(&cities, &years)?,
        truth: truth::truth(options, &cities, &groups, &open, &years),
    })
}

#[cfg(test)]
mod tests;
