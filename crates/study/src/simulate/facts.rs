//! Published series and lists that the simulated world borrows; everything else in it is drawn.

/// A year of the nation.
#[derive(Debug, Clone, Copy)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// Merchandise exports, billion US dollars (customs administration, rounded).
    pub exports: f64,
    /// Yuan per US dollar, average of the year (statistics bureau, rounded).
    pub yuan_per_dollar: f64,
    /// Internet users at the end of the **previous** year, million (CNNIC; for 2019 the figure of March 2020).
    pub internet_users: f64,
}

const fn year(year: i32, exports: f64, yuan_per_dollar: f64, internet_users: f64) -> Year {
    Year { year, exports, yuan_per_dollar, internet_users }
}

/// The nation, 2011 to 2021. Exports fell in 2015 and 2016 and stood still in 2019 (+0.5 %): dividing by the
/// nation's growth, as the ratio form of resilience does, makes 2019 outweigh all other years together.
pub const NATION: [Year; 11] = [
    year(2011, 1898.4, 6.4588, 457.0),
    year(2012, 2048.7, 6.3125, 513.0),
    year(2013, 2209.0, 6.1932, 564.0),
    year(2014, 2342.3, 6.1428, 618.0),
    year(2015, 2273.5, 6.2284, 649.0),
    year(2016, 2097.6, 6.6423, 688.0),
    year(2017, 2263.3, 6.7518, 731.0),
    year(2018, 2486.7, 6.6174, 772.0),
    year(2019, 2499.5, 6.8985, 829.0),
    year(2020, 2589.9, 6.8976, 904.0),
    year(2021, 3363.5, 6.4515, 989.0),
];

/// A market.
#[derive(Debug, Clone, Copy)]
pub struct Market {
    /// ISO 3166 code of three letters.
    pub code: &'static str,
    /// English name.
    pub name: &'static str,
    /// Chinese name.
    pub name_zh: &'static str,
    /// Whether it is on the list of 65 Belt and Road countries of 2015.
    pub belt_road: bool,
    /// Whether the World Bank had it as a high-income economy throughout 2015 to 2021.
    pub high_income: bool,
    /// Risk between 0 and 100, more is riskier. **Simulated**, no published rating.
    pub risk: f64,
    /// Log weight in the exports of an average city. Simulated, of a plausible size.
    pub weight: f64,
}

#[rustfmt::skip] // A table reads better as one.
const fn market(code: &'static str, name: &'static str, name_zh: &'static str, belt_road: bool, high_income: bool, risk: f64, weight: f64) -> Market {
    Market { code, name, name_zh, belt_road, high_income, risk, weight }
}

/// Twenty markets, ten of them Belt and Road countries.
pub const MARKETS: [Market; 20] = [
    market("USA", "United States", "美国", false, true, 52.0, 1.6),
    market("JPN", "Japan", "日本", false, true, 22.0, 0.9),
    market("KOR", "South Korea", "韩国", false, true, 30.0, 0.7),
    market("HKG", "Hong Kong", "中国香港", false, true, 34.0, 1.1),
    market("DEU", "Germany", "德国", false, true, 18.0, 0.6),
    market("NLD", "Netherlands", "荷兰", false, true, 20.0, 0.5),
    market("GBR", "United Kingdom", "英国", false, true, 38.0, 0.4),
    market("AUS", "Australia", "澳大利亚", false, true, 42.0, 0.2),
    market("MEX", "Mexico", "墨西哥", false, false, 58.0, 0.0),
    market("BRA", "Brazil", "巴西", false, false, 64.0, 0.0),
    market("VNM", "Vietnam", "越南", true, false, 40.0, 0.5),
    market("IND", "India", "印度", true, false, 55.0, 0.4),
    market("RUS", "Russia", "俄罗斯", true, false, 66.0, 0.0),
    market("SGP", "Singapore", "新加坡", true, true, 14.0, 0.3),
    market("MYS", "Malaysia", "马来西亚", true, false, 33.0, 0.2),
    market("THA", "Thailand", "泰国", true, false, 45.0, 0.2),
    market("IDN", "Indonesia", "印度尼西亚", true, false, 47.0, 0.1),
    market("ARE", "United Arab Emirates", "阿联酋", true, true, 24.0, 0.1),
    market("SAU", "Saudi Arabia", "沙特阿拉伯", true, true, 36.0, -0.2),
    market("KAZ", "Kazakhstan", "哈萨克斯坦", true, false, 56.0, -0.4),
];

/// A run of chapters of the Harmonized System that share a section.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// First chapter.
    pub first: u32,
    /// Last chapter.
    pub last: u32,
    /// Typical complexity of its products, in standard deviations. Simulated, in the order usually found.
    pub complexity: f64,
    /// Log weight in exports. Simulated.
    pub weight: f64,
}

const fn section(first: u32, last: u32, complexity: f64, weight: f64) -> Section {
    Section { first, last, complexity, weight }
}

/// The sections of the Harmonized System; chapter 77 is reserved, so that there are 96 products.
pub const SECTIONS: [Section; 21] = [
    section(1, 5, -1.2, -0.6),
    section(6, 15, -1.3, -0.6),
    section(16, 24, -0.6, -0.4),
    section(25, 27, -1.0, -0.3),
    section(28, 38, 0.9, 0.0),
    section(39, 40, 0.7, 0.5),
    section(41, 43, -0.7, -0.2),
    section(44, 46, -0.6, -0.2),
    section(47, 49, 0.4, -0.4),
    section(50, 60, -0.3, 0.1),
    section(61, 63, -1.0, 0.9),
    section(64, 67, -0.9, 0.4),
    section(68, 70, 0.1, 0.1),
    section(71, 71, -0.3, -0.2),
    section(72, 76, 0.3, 0.3),
    section(78, 83, 0.5, 0.2),
    section(84, 85, 1.6, 1.1),
    section(86, 89, 1.3, 0.3),
    section(90, 92, 1.5, 0.3),
    section(93, 96, 0.0, 0.5),
    section(97, 97, -0.2, -1.2),
];
