//! The numbers of the simulated world, with the reason of each size.

/// Digital development in the middle of the period, in its own units.
pub const DIGITAL_CENTER: f64 = 2.0;
/// Standard deviation of cities' mean development.
pub const DIGITAL_BETWEEN: f64 = 0.23;
/// Rise of national digital development over the ten years from 2011.
pub const DIGITAL_TREND: f64 = 1.0;
/// Response of digital development to posts of 1984 (sd) times national internet users (sd): a strong instrument.
pub const DIGITAL_POSTS: f64 = 0.06;
/// Response to the cycle of income: makes the controls matter.
pub const DIGITAL_INCOME: f64 = 0.8;
/// Persistence of a city's own digital cycle.
pub const DIGITAL_RHO: f64 = 0.6;
/// Standard deviation of the cycle.
pub const DIGITAL_CYCLE: f64 = 0.08;
/// Effect of a pilot zone on digital development once phased in.
pub const PILOT: f64 = 0.40;
/// Share of the effect in the first, second and every later year of a zone.
pub const PHASE: [f64; 3] = [0.4, 0.8, 1.0];

/// Yearly error of the indicators in the noisy world, times that of the documented one.
pub const NOISY: f64 = 4.0;
/// Share of city-years whose innovation outputs are misreported, and how many times too high.
pub const OUTLIERS: f64 = 0.02;
/// As above.
pub const OUTLYING: f64 = 4.0;
/// First years of the zones, in their order, in the staggered world.
pub const STAGGERED: [i32; 8] = [2013, 2014, 2015, 2016, 2017, 2018, 2018, 2019];
/// Zones that begin until this year are strong, the others weak.
pub const STRONG_UNTIL: i32 = 2015;
/// Multiple of the effect.
pub const STRONG: f64 = 1.5;
/// Multiple of the effect.
pub const WEAK: f64 = 0.5;
/// What each year of a zone adds to its phase.
pub const GROWING: f64 = 0.15;
/// Share of a zone's effect that the other cities of its province get.
pub const SPILLOVER: f64 = 0.3;

/// Direct effect of digital development on resilience.
pub const DIRECT: f64 = 0.10;
/// Effect of allocation efficiency on resilience (path b).
pub const EFFICIENCY: f64 = 0.25;
/// Increase of the direct effect per standard deviation of capability (moderation).
pub const MODERATION: f64 = 0.03;
/// Differences of the direct effect between cities above and below the median.
pub const BY_FDI: f64 = 0.08;
/// As above, by exposure to risky markets.
pub const BY_RISK: f64 = -0.06;
/// As above, by the share of Belt and Road markets.
pub const BY_BELT_ROAD: f64 = 0.06;
/// Standard deviation of city growth that nothing explains.
pub const NOISE: f64 = 0.075;
/// Standard deviation of cities' average growth deviations.
pub const CITY_GROWTH: f64 = 0.02;

/// Log variance of inefficiency at the center of digital development.
pub const LN_SU2: f64 = -1.5;
/// Change of the log variance per unit of digital development: more digital, better allocated.
pub const LN_SU2_DIGITAL: f64 = -2.0;
/// Standard deviation of the noise about the frontier.
pub const SIGMA_V: f64 = 0.15;
/// Frontier of patents: elasticities of R&D personnel and R&D stock, growth per year.
pub const PATENTS: [f64; 3] = [0.55, 0.40, 0.02];
/// Frontier of new-product sales.
pub const SALES: [f64; 3] = [0.50, 0.45, 0.03];
/// Depreciation of the R&D stock.
pub const DELTA: f64 = 0.15;

/// A control variable: city mean + rank effect + trend + stationary cycle.
#[derive(Debug, Clone, Copy)]
pub struct Control {
    /// Name of the column.
    pub name: &'static str,
    /// Mean in 2011.
    pub mean: f64,
    /// What each rank of a city adds.
    pub rank: f64,
    /// What being in the east adds.
    pub east: f64,
    /// Standard deviation between cities.
    pub between: f64,
    /// Change per year.
    pub trend: f64,
    /// Standard deviation of the cycle.
    pub cycle: f64,
    /// Effect on resilience.
    pub effect: f64,
}

/// The controls; the first is the log of output per head, whose cycle moves digital development too.
pub const CONTROLS: [Control; 6] = [
    control("ln_gdp_pc", 10.35, 0.25, 0.3, 0.3, 0.07, 0.04, 0.25),
    control("industry_structure", 0.9, 0.15, 0.05, 0.15, 0.03, 0.05, -0.04),
    control("government", 0.19, -0.02, -0.03, 0.03, 0.002, 0.012, -0.30),
    control("finance", 2.0, 0.5, 0.1, 0.25, 0.06, 0.10, 0.02),
    control("human_capital", 4.4, 0.6, 0.1, 0.4, 0.02, 0.05, 0.05),
    control("urbanization", 0.50, 0.10, 0.06, 0.06, 0.011, 0.008, 0.40),
];

#[rustfmt::skip] // A table reads better as one.
#[expect(clippy::too_many_arguments, reason = "a row of a table")]
const fn control(name: &'static str, mean: f64, rank: f64, east: f64, between: f64, trend: f64, cycle: f64, effect: f64) -> Control {
    Control { name, mean, rank, east, between, trend, cycle, effect }
}

/// An indicator of digital development: level × link(slope·(D − center) + shift) × lognormal error.
#[derive(Debug, Clone, Copy)]
pub struct Indicator {
    /// Name of the column.
    pub name: &'static str,
    /// `Some(ceiling)` for a penetration rate that saturates, `None` for a quantity that grows exponentially.
    pub ceiling: Option<f64>,
    /// Level at the center (a logit where there is a ceiling, else the quantity itself).
    pub level: f64,
    /// Response to digital development.
    pub slope: f64,
    /// Standard deviation of the log error that stays with a city.
    pub persistent: f64,
    /// Standard deviation of the log error of a year.
    pub transitory: f64,
    /// Decimals in the yearbook.
    pub digits: i32,
}

/// The five indicators of Zhao, Zhang and Liang (2020).
pub const INDICATORS: [Indicator; 5] = [
    indicator("broadband", Some(60.0), -0.9, 0.9, 0.08, 0.03, 2),
    indicator("ict_employment", None, 1.3, 0.55, 0.12, 0.035, 3),
    indicator("telecom_per_head", None, 1150.0, 0.60, 0.10, 0.035, 1),
    indicator("mobile", Some(200.0), -0.1, 0.8, 0.05, 0.02, 2),
    indicator("digital_finance", Some(350.0), 0.0, 1.5, 0.03, 0.02, 2),
];

#[rustfmt::skip] // A table reads better as one.
const fn indicator(name: &'static str, ceiling: Option<f64>, level: f64, slope: f64, persistent: f64, transitory: f64, digits: i32) -> Indicator {
    Indicator { name, ceiling, level, slope, persistent, transitory, digits }
}

impl Indicator {
    /// The indicator at digital development `d`, before error.
    pub fn at(&self, d: f64) -> f64 {
        let x = self.slope * (d - DIGITAL_CENTER);
        match self.ceiling {
            Some(ceiling) => ceiling / (1.0 + (-self.level - x).exp()),
            None => self.level * x.exp(),
        }
    }
}
