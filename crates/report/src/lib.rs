//! Tables, figures and the report page.
//!
//! | from | to | by |
//! |---|---|---|
//! | fits | [`table::Table`] | [`regression`], [`effects`], [`mediation`], [`split`], [`instruments`], [`sensitivity`] |
//! | columns, a measure | [`table::Table`] | [`describe`], [`agreement`] |
//! | a table | a medium | [`text`], [`markdown`], [`latex`], [`html`], [`docx`], [`xlsx`] |
//! | numbers | [`figure::Scene`] | [`plots`], [`density`], [`frontier`], [`paths`], [`specification`], [`contour`], [`scatter`], [`ranking`], [`heatmap`], [`radar`], [`sunburst`] |
//! | regions and numbers | [`figure::Scene`] | [`geojson`], [`choropleth`] |
//! | a scene | a medium | [`svg`], [`png`], [`pdf`] |
//! | all of it | one HTML file | [`page`] |
//!
//! Nothing here computes an estimate: numbers come from [`results`]. Nothing here opens a file.

pub mod agreement;
pub mod by_group;
pub mod chain;
pub mod choropleth;
pub mod contour;
mod covariance;
pub mod density;
pub mod describe;
mod dictionary;
pub mod docx;
pub mod effects;
pub mod escape;
pub mod figure;
pub mod fonts;
mod footer;
pub mod frontier;
pub mod geojson;
pub mod heatmap;
pub mod html;
pub mod instruments;
pub mod latex;
pub mod listing;
pub mod markdown;
pub mod mediation;
pub mod multiverse;
mod notes;
pub mod number;
pub mod page;
mod paint;
pub mod paths;
pub mod pdf;
mod phrasebook;
mod phrases;
pub mod plots;
pub mod png;
pub mod product_space;
pub mod radar;
pub mod ranking;
pub mod regression;
pub mod results;
pub mod scatter;
pub mod sensitivity;
pub mod specification;
pub mod split;
pub mod style;
pub mod sunburst;
pub mod svg;
pub mod table;
pub mod text;
pub mod treemap;
pub mod variants;
pub mod words;
pub mod xlsx;

pub use plim_stats::{Error, Result};
pub use results::{Fit, Measure, Results};
pub use words::Lang;
