//! The 289 cities: real names and codes (GB/T 2260), nothing else about them is real.
//!
//! All 293 prefecture-level cities and the four municipalities of 2021 less the six of Tibet, Sansha and
//! Danzhou, which city panels usually leave out. Cities of one English name carry their province.

use super::zones::{Zone, zone};

/// A city.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// GB/T 2260 code of six digits.
    pub code: u32,
    /// English name, unique.
    pub name: &'static str,
    /// Chinese name.
    pub name_zh: &'static str,
    /// Its province, autonomous region or municipality.
    pub province: &'static Province,
    /// Its big-data pilot zone.
    pub zone: Option<&'static Zone>,
}

/// A unit of province level.
#[derive(Debug, PartialEq)]
pub struct Province {
    code: u32,
    /// English name.
    pub name: &'static str,
    /// Chinese name.
    pub name_zh: &'static str,
    /// One of the four economic regions of the statistics bureau: east, central, west, northeast.
    pub region: &'static str,
}

const fn province(code: u32, name: &'static str, name_zh: &'static str, region: &'static str) -> Province {
    Province { code, name, name_zh, region }
}

static PROVINCES: [Province; 30] = [
    province(11, "Beijing", "北京", "east"),
    province(12, "Tianjin", "天津", "east"),
    province(13, "Hebei", "河北", "east"),
    province(14, "Shanxi", "山西", "central"),
    province(15, "Inner Mongolia", "内蒙古", "west"),
    province(21, "Liaoning", "辽宁", "northeast"),
    province(22, "Jilin", "吉林", "northeast"),
    province(23, "Heilongjiang", "黑龙江", "northeast"),
    province(31, "Shanghai", "上海", "east"),
    province(32, "Jiangsu", "江苏", "east"),
    province(33, "Zhejiang", "浙江", "east"),
    province(34, "Anhui", "安徽", "central"),
    province(35, "Fujian", "福建", "east"),
    province(36, "Jiangxi", "江西", "central"),
    province(37, "Shandong", "山东", "east"),
    province(41, "Henan", "河南", "central"),
    province(42, "Hubei", "湖北", "central"),
    province(43, "Hunan", "湖南", "central"),
    province(44, "Guangdong", "广东", "east"),
    province(45, "Guangxi", "广西", "west"),
    province(46, "Hainan", "海南", "east"),
    province(50, "Chongqing", "重庆", "west"),
    province(51, "Sichuan", "四川", "west"),
    province(52, "Guizhou", "贵州", "west"),
    province(53, "Yunnan", "云南", "west"),
    province(61, "Shaanxi", "陕西", "west"),
    province(62, "Gansu", "甘肃", "west"),
    province(63, "Qinghai", "青海", "west"),
    province(64, "Ningxia", "宁夏", "west"),
    province(65, "Xinjiang", "新疆", "west"),
];

/// Sub-provincial cities that are not capitals: Dalian, Ningbo, Xiamen, Qingdao, Shenzhen.
const SUBPROVINCIAL: [u32; 5] = [210_200, 330_200, 350_200, 370_200, 440_300];

impl Place {
    /// Rank: 2 for a municipality, 1 for a capital or sub-provincial city, else 0.
    pub fn rank(&self) -> u32 {
        match self.code {
            c if c % 10_000 == 0 => 2,
            // In GB/T 2260 the capital is the first city of its province.
            c if c % 10_000 == 100 || SUBPROVINCIAL.contains(&c) => 1,
            _ => 0,
        }
    }

    /// Whether the city is in the eastern region.
    pub fn east(&self) -> bool {
        self.province.region == "east"
    }
}

/// All 289 cities by code.
pub fn all() -> Vec<Place> {
    let place = |line: &'static str| {
        let mut cells = line.split(',');
        let code: u32 = cells.next()?.parse().ok()?;
        let (name, name_zh) = (cells.next()?, cells.next()?);
        let province = PROVINCES.iter().find(|p| p.code == code / 10_000)?;
        Some(Place { code, name, name_zh, province, zone: zone(code) })
    };
    include_str!("places.csv").lines().skip(1).filter_map(place).collect()
}

/// `n` of the cities by code, spread evenly over the country, with the pilot share of the whole.
pub fn sample(n: usize) -> Vec<Place> {
    let (pilot, other): (Vec<Place>, Vec<Place>) = all().into_iter().partition(|p| p.zone.is_some());
    let treated = (n * pilot.len()).div_ceil(pilot.len() + other.len());
    let spread =
        |places: Vec<Place>, k: usize| -> Vec<Place> { (0..k).map(|i| places[i * places.len() / k].clone()).collect() };
    let mut places = spread(pilot, treated);
    places.extend(spread(other, n - treated));
    places.sort_by_key(|p| p.code);
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_country_is_complete() {
        let places = all();
        assert_eq!(places.len(), 289);
        assert_eq!(places.iter().filter(|p| p.zone.is_some()).count(), 57);
        let names: HashSet<&str> = places.iter().map(|p| p.name).collect();
        assert_eq!(names.len(), 289);
        assert!(places.windows(2).all(|w| w[0].code < w[1].code));
        // 4 municipalities; 26 capitals and the five other sub-provincial cities.
        let ranks: Vec<u32> = places.iter().map(Place::rank).collect();
        assert_eq!(ranks.iter().filter(|&&r| r == 2).count(), 4);
        assert_eq!(ranks.iter().filter(|&&r| r == 1).count(), 31);
    }

    #[test]
    fn a_sample_keeps_the_pilot_share() {
        let places = sample(40);
        assert_eq!(places.len(), 40);
        assert_eq!(places.iter().filter(|p| p.zone.is_some()).count(), 8);
    }
}
