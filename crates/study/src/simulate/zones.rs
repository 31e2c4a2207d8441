//! The eight national big-data comprehensive pilot zones and the cities in them.
//!
//! Sources of the dates: Guizhou, construction from September 2015 (action outline of the State Council,
//! Guo-Fa [2015] No. 50, 31 August 2015); the other seven, letter Fa-Gai-Gao-Ji [2016] No. 2123 of
//! 8 October 2016 (NDRC, MIIT, CAC). Cities carry their GB/T 2260 codes.
//!
//! Scope: the Pearl River Delta zone is its nine cities (PRD-9), which gives 57 treated units, municipalities
//! included. Papers that count all 21 cities of Guangdong have 69. Jiyuan (Henan) and the leagues of Inner
//! Mongolia are not prefecture-level cities and not counted.

/// A pilot zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// English name.
    pub name: &'static str,
    /// Chinese name.
    pub name_zh: &'static str,
    /// Year of the approval.
    pub approved: i32,
    /// GB/T 2260 codes of its cities, as inclusive ranges.
    pub members: &'static [(u32, u32)],
}

/// The zones in the order of their approval.
pub const ZONES: [Zone; 8] = [
    Zone { name: "Guizhou", name_zh: "贵州", approved: 2015, members: &[(520_100, 520_600)] },
    Zone {
        name: "Beijing-Tianjin-Hebei",
        name_zh: "京津冀",
        approved: 2016,
        members: &[(110_000, 110_000), (120_000, 120_000), (130_100, 131_100)],
    },
    Zone {
        name: "Pearl River Delta",
        name_zh: "珠江三角洲",
        approved: 2016,
        members: &[
            (440_100, 440_100), // Guangzhou
            (440_300, 440_400), // Shenzhen, Zhuhai
            (440_600, 440_700), // Foshan, Jiangmen
            (441_200, 441_300), // Zhaoqing, Huizhou
            (441_900, 442_000), // Dongguan, Zhongshan
        ],
    },
    Zone { name: "Shanghai", name_zh: "上海", approved: 2016, members: &[(310_000, 310_000)] },
    Zone { name: "Henan", name_zh: "河南", approved: 2016, members: &[(410_100, 411_700)] },
    Zone { name: "Chongqing", name_zh: "重庆", approved: 2016, members: &[(500_000, 500_000)] },
    Zone { name: "Shenyang", name_zh: "沈阳", approved: 2016, members: &[(210_100, 210_100)] },
    Zone { name: "Inner Mongolia", name_zh: "内蒙古", approved: 2016, members: &[(150_100, 150_900)] },
];

/// The zone of a city.
pub fn zone(code: u32) -> Option<&'static Zone> {
    ZONES.iter().find(|z| z.members.iter().any(|&(first, last)| (first..=last).contains(&code)))
}
