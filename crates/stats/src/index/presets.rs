//! Indicator sets that the literature on the digital economy shares.
//!
//! `core` are the five city-level indicators of Zhao, Zhang and Liang (2020), 数字经济、创业活跃度与高质量发展, Management
//! World 36(10), all positive; the paper aggregates them by principal components, most followers by entropy. `extended` is
//! the kind of province-level set that followed: the same indicators and those most often added, in the four dimensions
//! that most papers use. Papers differ in the additions: say which set was used.

use super::sheet::SheetRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A set of indicators by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Five indicators of cities.
    Core,
    /// Sixteen indicators of provinces in four dimensions.
    Extended,
}

/// Code, label, unit.
type Row = (&'static str, &'static str, &'static str);

const CORE: [Row; 5] = [
    ("internet_penetration", "Internet penetration 互联网普及率", "broadband users per 100 persons"),
    ("ict_employment", "ICT employment 相关从业人员", "share of unit employees"),
    ("telecom_output", "Telecom output 相关产出", "telecom business per person, yuan"),
    ("mobile_penetration", "Mobile penetration 移动电话普及率", "mobile subscribers per 100 persons"),
    ("digital_finance", "Digital inclusive finance 数字普惠金融指数", "index of Peking University, from 2011"),
];

/// Dimension with its label and what belongs to it.
type Dimension = (&'static str, &'static str, &'static [Row]);

const EXTENDED: [Dimension; 4] = [
    (
        "digital_infrastructure",
        "Digital infrastructure 数字基础设施",
        &[
            CORE[0],
            CORE[3],
            ("broadband_ports", "Broadband ports 互联网宽带接入端口", "ten thousand"),
            ("optical_cable", "Optical cable 光缆线路长度", "km"),
            ("domain_names", "Domain names 域名数", "ten thousand"),
            ("ipv4_addresses", "IPv4 addresses IPv4地址数", "ten thousand"),
        ],
    ),
    (
        "digital_industrialisation",
        "Digital industrialisation 数字产业化",
        &[
            CORE[1],
            CORE[2],
            ("software_firms", "AI and software firms 人工智能与软件企业数", "firms"),
            ("postal_business", "Postal and express business 邮政快递业务量", "hundred million yuan"),
        ],
    ),
    (
        "industrial_digitalisation",
        "Industrial digitalisation 产业数字化",
        &[CORE[4], ("ecommerce_sales", "E-commerce sales 电子商务销售额", "hundred million yuan")],
    ),
    (
        "digital_environment",
        "Digital innovation and environment 数字创新与环境",
        &[
            ("digital_patents", "Digital patents 数字经济专利", "patents"),
            ("digital_words", "Attention of government 政府工作报告数字词频", "words per report"),
            ("digital_government", "Digital government 数字政府得分", "score"),
            ("tencent_index", "Tencent digital index 腾讯数字指数", "score"),
        ],
    ),
];

impl Preset {
    /// The sheet.
    pub fn rows(self) -> Vec<SheetRow> {
        let indicator = |(code, name, unit): Row, parent: &str| SheetRow {
            code: code.into(),
            name: name.into(),
            parent: parent.into(),
            direction: "1".into(),
            unit: unit.into(),
            ..SheetRow::default()
        };
        match self {
            Preset::Core => CORE.iter().map(|row| indicator(*row, "")).collect(),
            Preset::Extended => (EXTENDED.iter())
                .flat_map(|(code, name, members)| {
                    let dimension = SheetRow { code: (*code).into(), name: (*name).into(), ..SheetRow::default() };
                    members.iter().map(move |row| indicator(*row, code)).chain([dimension])
                })
                .collect(),
        }
    }
}
