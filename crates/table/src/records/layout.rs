//! What the columns of a source are called, and in what unit its values are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose files these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Columns as the options name them: customs records.
    #[default]
    Columns,
    /// CEPII's BACI: t, i, j, k, v, q; thousand dollars, HS6.
    Baci,
    /// UN Comtrade, present form.
    Comtrade,
    /// UN Comtrade, the form before 2023.
    ComtradeOld,
    /// World Bank WITS; thousand dollars.
    Wits,
    /// Growth Lab Atlas, present form.
    Atlas,
    /// Growth Lab Atlas, the form of the Dataverse.
    AtlasOld,
    /// Open Trade Statistics.
    OpenTradeStatistics,
    /// Input-output flows by industry, as WIOD's; million dollars.
    IndustryFlows,
}

/// Columns of a layout; empty where it has none. A `*` in the product's name stands for its classification.
pub(super) struct Names {
    pub(super) year: &'static str,
    pub(super) exporter: &'static str,
    pub(super) market: &'static str,
    pub(super) product: &'static str,
    pub(super) value: &'static [&'static str],
    pub(super) quantity: &'static str,
    pub(super) revision: &'static str,
    /// Column of the direction of trade, and how it spells exports.
    pub(super) flow: (&'static str, &'static [&'static str]),
    pub(super) scale: f64,
    pub(super) digits: Option<usize>,
    /// Columns that divide one flow (by transport, customs regime, second partner), and what they call the whole.
    pub(super) breakdowns: &'static [(&'static str, &'static str)],
    /// Codes of groups of countries beside those that all layouts share.
    pub(super) groups: &'static [&'static str],
    /// Whether flows within a country stand beside trade.
    pub(super) domestic: bool,
}

/// What the `*` of a pattern stands for in a name that fits it.
pub(super) fn fits<'a>(pattern: &str, name: &'a str) -> Option<&'a str> {
    match pattern.split_once('*') {
        Some((head, tail)) => name.strip_prefix(head)?.strip_suffix(tail).filter(|middle| !middle.is_empty()),
        None => (pattern == name).then_some(""),
    }
}

const NONE: Names = Names {
    year: "",
    exporter: "",
    market: "",
    product: "",
    value: &[],
    quantity: "",
    revision: "",
    flow: ("", &[]),
    scale: 1.0,
    digits: None,
    breakdowns: &[],
    groups: &[],
    domestic: false,
};

impl Layout {
    pub(super) fn names(self) -> Names {
        match self {
            Layout::Columns => NONE,
            Layout::Baci => Names {
                year: "t",
                exporter: "i",
                market: "j",
                product: "k",
                value: &["v"],
                quantity: "q",
                scale: 1e3,
                digits: Some(6),
                ..NONE
            },
            Layout::Comtrade => Names {
                year: "refYear",
                exporter: "reporterCode",
                market: "partnerCode",
                product: "cmdCode",
                value: &["primaryValue"],
                quantity: "qty",
                revision: "classificationCode",
                flow: ("flowCode", &["X"]),
                breakdowns: &[("partner2Code", "0"), ("motCode", "0"), ("customsCode", "C00"), ("mosCode", "0")],
                // The European Union and ASEAN.
                groups: &["97", "975"],
                ..NONE
            },
            Layout::ComtradeOld => Names {
                year: "Year",
                exporter: "Reporter ISO",
                market: "Partner ISO",
                product: "Commodity Code",
                value: &["Trade Value (US$)"],
                revision: "Classification",
                flow: ("Trade Flow", &["Export", "Exports"]),
                ..NONE
            },
            Layout::Wits => Names {
                year: "Year",
                exporter: "ReporterISO3",
                market: "PartnerISO3",
                product: "ProductCode",
                value: &["TradeValue in 1000 USD"],
                revision: "Nomenclature",
                flow: ("TradeFlowName", &["Export", "Gross Exp."]),
                scale: 1e3,
                ..NONE
            },
            Layout::Atlas => Names {
                year: "year",
                exporter: "country_iso3_code",
                market: "partner_iso3_code",
                product: "product_*_code",
                value: &["export_value"],
                ..NONE
            },
            Layout::AtlasOld => Names {
                year: "year",
                exporter: "location_code",
                market: "partner_code",
                product: "*_product_code",
                value: &["export_value"],
                ..NONE
            },
            Layout::OpenTradeStatistics => Names {
                year: "year",
                exporter: "reporter_iso",
                market: "partner_iso",
                product: "commodity_code",
                value: &["trade_value_usd_exp"],
                ..NONE
            },
            Layout::IndustryFlows => Names {
                year: "year",
                exporter: "origin",
                market: "dest",
                product: "industry",
                value: &["intermediate_musd", "final_musd"],
                scale: 1e6,
                // Industries have names or numbers, no levels.
                digits: Some(0),
                domestic: true,
                ..NONE
            },
        }
    }
}
