//! Cities over time: traits, digital development and its indicators, controls, innovation.

use super::facts::{NATION, Year};
use super::parameters::*;
use super::places::Place;
use super::{Cities, PilotStart, Scenario, ZONES, Zone};
use plim_stats::math::dist::normal_p;
use plim_stats::math::rng::Stream;

/// What the random numbers of a stream are for; one stream per city (or product) and purpose.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(super) enum Purpose {
    Traits = 1,
    Paths,
    Indicators,
    Innovation,
    Products,
    Basket,
    Growth,
    Demand,
    Outliers,
}

/// The stream of a purpose for a city code (or 0), the same whatever else is simulated.
pub(super) fn stream(seed: u64, purpose: Purpose, code: u32) -> Stream {
    Stream::new(seed, (purpose as u64) << 32 | u64::from(code))
}

/// Rounded to `digits` decimals, as a yearbook prints.
pub(super) fn round(x: f64, digits: i32) -> f64 {
    let scale = 10f64.powi(digits);
    (x * scale).round() / scale
}

/// Stationary AR(1) with persistence `rho` and standard deviation `sd`.
pub(super) fn cycle(s: &mut Stream, rho: f64, sd: f64, years: usize) -> Vec<f64> {
    let mut x = sd * s.normal();
    let innovation = sd * (1.0 - rho * rho).sqrt();
    let mut path = Vec::with_capacity(years);
    for _ in 0..years {
        path.push(x);
        x = rho * x + innovation * s.normal();
    }
    path
}

/// Expected efficiency E[exp(−u)] for half-normal u at digital development `d`.
pub(super) fn expected_efficiency(d: f64) -> f64 {
    let sigma = sigma_u(d);
    // 2Φ(−σ)·exp(σ²/2), and normal_p is the two-sided tail.
    (0.5 * sigma * sigma).exp() * normal_p(sigma)
}

fn sigma_u(d: f64) -> f64 {
    (0.5 * (LN_SU2 + LN_SU2_DIGITAL * (d - DIGITAL_CENTER))).exp()
}

/// One city: paths have one value per year.
#[derive(Debug, Clone)]
pub(super) struct City {
    pub place: Place,
    /// First year of its pilot zone.
    pub pilot: Option<i32>,
    /// First year of a zone in its province from which something spills over.
    pub neighbor: Option<i32>,
    /// The zones of the world, by when and how they work.
    pub scenario: Scenario,
    /// Post offices per million in 1984, standardized and in natural units.
    pub posts: f64,
    pub posts_natural: f64,
    /// Capability to make complex products: standardized mean, and path.
    pub capability_mean: f64,
    pub capability: Vec<f64>,
    /// Digital development: standardized mean.
    pub digital_mean: f64,
    /// Leanings of its markets towards Belt and Road countries and towards risk.
    pub leaning: [f64; 2],
    /// Log export intensity and log imports over exports.
    pub intensity: f64,
    pub imports: Vec<f64>,
    pub population: Vec<f64>,
    pub fdi: Vec<f64>,
    /// One path per control.
    pub controls: Vec<Vec<f64>>,
    pub digital: Vec<f64>,
    /// One path per indicator.
    pub indicators: Vec<Vec<f64>>,
    pub personnel: Vec<f64>,
    pub expenditure: Vec<f64>,
    pub patents: Vec<f64>,
    pub sales: Vec<f64>,
    /// exp(−u).
    pub efficiency: Vec<f64>,
}

impl City {
    /// Share of the full pilot effect in a year.
    pub fn phase(&self, year: i32) -> f64 {
        let since = |start: i32| (year >= start).then_some((year - start) as usize);
        let full = |age: usize| PHASE[age.min(PHASE.len() - 1)];
        match (self.pilot, self.neighbor) {
            (Some(start), _) if self.scenario == Scenario::Staggered => {
                let strength = if start <= STRONG_UNTIL { STRONG } else { WEAK };
                since(start).map_or(0.0, |age| strength * (full(age) + GROWING * age as f64))
            }
            (Some(start), _) => since(start).map_or(0.0, full),
            (None, Some(start)) => SPILLOVER * since(start).map_or(0.0, full),
            (None, None) => 0.0,
        }
    }

    /// Output, 100 million yuan.
    pub fn gdp(&self, t: usize) -> f64 {
        round(self.population[t] * self.controls[0][t].exp() / 1e4, 2)
    }
}

/// The years of the options.
pub(super) fn years(options: &Cities) -> Vec<Year> {
    NATION.into_iter().filter(|y| (options.first..=options.last).contains(&y.year)).collect()
}

/// The panel without its exports.
pub(super) fn panel(options: &Cities, places: Vec<Place>) -> Vec<City> {
    let years = years(options);
    let mut cities: Vec<City> = places.into_iter().map(|place| traits(options, place, &years)).collect();
    // The zones are on average no more capable, no better wired in 1984 and no more digital to begin with than
    // the rest: the first two work through trends, and an index that is convex in the third grows faster where it
    // is high. Common trends, which the pilot design assumes, shall hold for growth and for any index.
    standardize(&mut cities, |c| &mut c.capability_mean);
    standardize(&mut cities, |c| &mut c.posts);
    standardize(&mut cities, |c| &mut c.digital_mean);
    if options.scenario == Scenario::Spillovers {
        let zones: Vec<(&str, i32)> = cities.iter().filter_map(|c| Some((c.place.province.name, c.pilot?))).collect();
        for city in cities.iter_mut().filter(|c| c.pilot.is_none()) {
            let own = city.place.province.name;
            city.neighbor = zones.iter().filter(|(province, _)| *province == own).map(|(_, start)| *start).min();
        }
    }
    for city in &mut cities {
        paths(options.seed, city, &years);
        innovation(options.seed, city, &years);
    }
    cities
}

/// Mean 0 within and without the zones, standard deviation 1 over all.
fn standardize(cities: &mut [City], trait_of: impl Fn(&mut City) -> &mut f64) {
    for treated in [false, true] {
        let inside = |c: &City| c.pilot.is_some() == treated;
        let n = cities.iter().filter(|c| inside(c)).count() as f64;
        let mean = cities.iter_mut().filter(|c| inside(c)).map(|c| *trait_of(c)).sum::<f64>() / n;
        cities.iter_mut().filter(|c| inside(c)).for_each(|c| *trait_of(c) -= mean);
    }
    let variance = cities.iter_mut().map(|c| trait_of(c).powi(2)).sum::<f64>() / cities.len() as f64;
    cities.iter_mut().for_each(|c| *trait_of(c) /= variance.sqrt());
}

/// What a city is before time begins.
fn traits(options: &Cities, place: Place, years: &[Year]) -> City {
    let mut s = stream(options.seed, Purpose::Traits, place.code);
    let (rank, east) = (f64::from(place.rank()), f64::from(u8::from(place.east())));
    let delay = i32::from(options.pilot_start == PilotStart::NextYear);
    let approved = |z: &Zone| match options.scenario {
        Scenario::Staggered => STAGGERED[ZONES.iter().position(|other| other == z).unwrap_or(0)],
        _ => z.approved,
    };
    let pilot = place.zone.map(|z| approved(z) + delay);
    let posts = s.normal();
    let population = (5.8 + 0.45 * s.normal() + 0.45 * rank).exp();
    let fdi = 0.3 * rank + 0.6 * s.normal();
    let mut paths = |base: f64, trend: f64, rho: f64, sd: f64| -> Vec<f64> {
        let drift = |(y, c): (&Year, f64)| base + trend * f64::from(y.year - 2011) + c;
        years.iter().zip(cycle(&mut s, rho, sd, years.len())).map(drift).collect()
    };
    let population = paths(population.ln(), 0.006, 0.8, 0.01).iter().map(|x| round(x.exp(), 2)).collect();
    let fdi = paths(0.5 + fdi, 0.0, 0.6, 0.15).iter().map(|x| round(x.exp(), 3)).collect();
    let imports = paths(-0.4, 0.0, 0.6, 0.15);
    City {
        pilot,
        neighbor: None,
        scenario: options.scenario,
        posts,
        posts_natural: round((4.0 + 0.4 * posts).exp(), 1),
        digital_mean: 0.7 * rank + 0.5 * east + s.normal(),
        capability_mean: 0.5 * rank + 0.4 * east + s.normal(),
        leaning: [0.7 * s.normal() + if place.province.region == "west" { 0.4 } else { 0.0 }, 0.7 * s.normal()],
        intensity: 1.1 * east + 0.1 * rank + 0.6 * s.normal(),
        imports,
        population,
        fdi,
        place,
        capability: Vec::new(),
        controls: Vec::new(),
        digital: Vec::new(),
        indicators: Vec::new(),
        personnel: Vec::new(),
        expenditure: Vec::new(),
        patents: Vec::new(),
        sales: Vec::new(),
        efficiency: Vec::new(),
    }
}

/// Controls, digital development and its indicators.
fn paths(seed: u64, city: &mut City, years: &[Year]) {
    let n = years.len();
    let mut s = stream(seed, Purpose::Paths, city.place.code);
    let (rank, east) = (f64::from(city.place.rank()), f64::from(u8::from(city.place.east())));
    city.capability = cycle(&mut s, 0.9, 0.15, n).iter().map(|c| city.capability_mean + c).collect();
    let mut income = Vec::new();
    for control in CONTROLS {
        let base = control.mean + control.rank * rank + control.east * east + control.between * s.normal();
        let cycle = cycle(&mut s, 0.5, control.cycle, n);
        let value = |(y, c): (&Year, &f64)| round((base + control.trend * f64::from(y.year - 2011) + c).max(0.02), 4);
        city.controls.push(years.iter().zip(&cycle).map(value).collect());
        if income.is_empty() {
            income = cycle;
        }
    }
    let level = DIGITAL_CENTER + DIGITAL_BETWEEN * city.digital_mean;
    let own = cycle(&mut s, DIGITAL_RHO, DIGITAL_CYCLE, n);
    let users = standard_users();
    for (t, y) in years.iter().enumerate() {
        let trend = DIGITAL_TREND * f64::from(y.year - 2016) / 10.0;
        let history = DIGITAL_POSTS * city.posts * users(y.internet_users);
        let d = level + trend + history + DIGITAL_INCOME * income[t] + own[t] + PILOT * city.phase(y.year);
        city.digital.push(d);
    }
    let mut s = stream(seed, Purpose::Indicators, city.place.code);
    let noise = if city.scenario == Scenario::Noisy { NOISY } else { 1.0 };
    for indicator in INDICATORS {
        let city_error = indicator.persistent * s.normal();
        let mut noisy = |d: &f64| {
            let error = city_error + noise * indicator.transitory * s.normal();
            round(indicator.at(*d) * error.exp(), indicator.digits)
        };
        city.indicators.push(city.digital.iter().map(&mut noisy).collect());
    }
}

/// National internet users, standardized over 2011 to 2021 whichever years are asked for.
fn standard_users() -> impl Fn(f64) -> f64 {
    let n = NATION.len() as f64;
    let mean = NATION.iter().map(|y| y.internet_users).sum::<f64>() / n;
    let sd = (NATION.iter().map(|y| (y.internet_users - mean).powi(2)).sum::<f64>() / n).sqrt();
    move |users| (users - mean) / sd
}

/// R&D inputs and, below a Cobb-Douglas frontier by u, their two outputs.
fn innovation(seed: u64, city: &mut City, years: &[Year]) {
    let mut s = stream(seed, Purpose::Innovation, city.place.code);
    let n = years.len();
    let rank = f64::from(city.place.rank());
    let ln_people = city.population[0].ln() + 2.2 + 0.5 * rank + 0.5 * s.normal();
    let ln_cost = 2.9 + 0.35 * s.normal();
    let (people, cost) = (cycle(&mut s, 0.7, 0.12, n), cycle(&mut s, 0.7, 0.15, n));
    for (t, y) in years.iter().enumerate() {
        let age = f64::from(y.year - 2011);
        let ln_people = ln_people + 0.07 * age + people[t];
        city.personnel.push(round(ln_people.exp(), 0).max(1.0));
        city.expenditure.push(round((ln_people + ln_cost + 0.04 * age + cost[t]).exp(), 1).max(0.1));
    }
    let stock = stock(&city.expenditure);
    for (t, y) in years.iter().enumerate() {
        let age = f64::from(y.year - 2011);
        let u = sigma_u(city.digital[t]) * s.normal().abs();
        let mut output = |[labor, capital, growth]: [f64; 3], constant: f64| {
            let frontier = constant + labor * city.personnel[t].ln() + capital * stock[t].ln() + growth * age;
            round((frontier + SIGMA_V * s.normal() - u).exp(), 0).max(1.0)
        };
        city.patents.push(output(PATENTS, -1.2));
        city.sales.push(output(SALES, 3.0));
        city.efficiency.push((-u).exp());
    }
    if city.scenario == Scenario::Outliers {
        let mut s = stream(seed, Purpose::Outliers, city.place.code);
        for t in 0..n {
            if s.uniform() < OUTLIERS {
                city.patents[t] *= OUTLYING;
                city.sales[t] *= OUTLYING;
            }
        }
    }
}

/// R&D stock by perpetual inventory, K₀ = E₀/(g + δ) with g the mean growth of the flow E.
fn stock(flow: &[f64]) -> Vec<f64> {
    let growth = (flow[flow.len() - 1] / flow[0]).powf(1.0 / (flow.len() - 1) as f64) - 1.0;
    // A flow that shrinks by more than it depreciates has no steady state; the floor never binds in practice.
    let mut k = flow[0] / (growth + DELTA).max(0.01);
    let mut path = vec![k];
    for e in &flow[1..] {
        k = (1.0 - DELTA) * k + e;
        path.push(k);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_of_the_methods_canon() {
        // Methods notes, test 2.0.
        plim_golden::close_printed(
            &stock(&[10.0, 12.0, 15.0, 16.0]),
            &[31.288_416_77, 38.595_154_25, 47.805_881_12, 56.634_998_95],
            8,
            "K",
        );
    }

    #[test]
    fn expected_efficiency_is_the_mean_of_draws() {
        let mut s = Stream::new(5, 0);
        let sigma = sigma_u(1.8);
        let n = 200_000;
        let mean = (0..n).map(|_| (-sigma * s.normal().abs()).exp()).sum::<f64>() / f64::from(n);
        assert!((mean - expected_efficiency(1.8)).abs() < 2e-3, "{mean}");
    }
}
