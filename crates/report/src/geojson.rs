//! Regions from a GeoJSON file that the user brings (RFC 7946): names and outlines.
//!
//! Outside material is bounded and checked before anything is drawn of it: text, regions and corners have a largest
//! number; a corner is a longitude and a latitude in degrees; an outline has four corners at least and ends where it
//! begins. What breaks these is refused with the region and the number of the outline.

use crate::{Error, Result};
use serde_json::Value;

/// Bytes of the text at most.
pub const MOST_BYTES: usize = 64 << 20;
/// Regions at most.
pub const MOST_REGIONS: usize = 20_000;
/// Corners at most, over all regions.
pub const MOST_CORNERS: usize = 2_000_000;

/// Outlines, each a closed line of longitude and latitude.
pub type Outlines = Vec<Vec<(f64, f64)>>;

/// A region: what the property gives as its name, and its outlines, holes among them.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Name.
    pub name: String,
    /// Outlines.
    pub outlines: Outlines,
}

/// The polygons of a feature collection, named by a property.
///
/// ```
/// let square = r#"{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"name": "A"},
///     "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}}]}"#;
/// let regions = plim_report::geojson::regions(square, "name")?;
/// assert_eq!((regions[0].name.as_str(), regions[0].outlines[0].len()), ("A", 4));
/// # Ok::<(), plim_report::Error>(())
/// ```
pub fn regions(text: &str, property: &str) -> Result<Vec<Region>> {
    if text.len() > MOST_BYTES {
        return Err(Error::invalid(
            format!("the map has {} MB of text, and {} are read", text.len() >> 20, MOST_BYTES >> 20),
            "simplify its outlines: a page shows few of them",
        ));
    }
    let map: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|e| Error::invalid(format!("the map is not JSON: {e}"), "bring a GeoJSON file"))?;
    if map.get("type").and_then(Value::as_str) != Some("FeatureCollection") {
        return Err(Error::invalid(
            "the map is not a GeoJSON feature collection",
            "bring a file with {\"type\": \"FeatureCollection\", \"features\": [...]}; TopoJSON must be converted",
        ));
    }
    let features = map.get("features").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if features.is_empty() || features.len() > MOST_REGIONS {
        return Err(Error::invalid(
            format!("the map has {} regions; wanted 1 to {MOST_REGIONS}", features.len()),
            "bring a map of the units",
        ));
    }
    let mut corners = 0;
    features.iter().enumerate().map(|(i, feature)| region(feature, i, property, &mut corners)).collect()
}

fn region(feature: &Value, i: usize, property: &str, corners: &mut usize) -> Result<Region> {
    let properties = feature.get("properties").and_then(Value::as_object);
    let name = match properties.and_then(|p| p.get(property)) {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Number(code)) => code.to_string(),
        _ => {
            let known = properties.map_or(String::new(), |p| {
                let names: Vec<&str> = p.keys().take(12).map(String::as_str).collect();
                format!("; it has: {}", names.join(", "))
            });
            return Err(Error::invalid(
                format!("region {} of the map has no property `{property}` that is a text or a number", i + 1),
                format!("name the property with the units' names in `property`{known}"),
            ));
        }
    };
    let broken =
        |what: String| Error::invalid(format!("`{name}` of the map: {what}"), "repair the map, or bring another one");
    let geometry = feature.get("geometry").filter(|g| !g.is_null());
    let kind = geometry.and_then(|g| g.get("type")).and_then(Value::as_str);
    let coordinates = geometry.and_then(|g| g.get("coordinates")).and_then(Value::as_array);
    let polygons: Vec<&Value> = match (kind, coordinates) {
        // A region without a geometry is a name without a place: kept, and not drawn.
        (None, _) if geometry.is_none() => Vec::new(),
        (Some("Polygon"), Some(_)) => geometry.and_then(|g| g.get("coordinates")).into_iter().collect(),
        (Some("MultiPolygon"), Some(all)) => all.iter().collect(),
        (kind, _) => {
            let kind = kind.unwrap_or("nothing known");
            return Err(broken(format!(
                "its geometry is {kind}, and Polygon or MultiPolygon with coordinates is wanted"
            )));
        }
    };
    let mut outlines = Vec::new();
    for polygon in polygons {
        let rings = polygon.as_array().ok_or_else(|| broken("a polygon is not a list of outlines".into()))?;
        for ring in rings {
            let number = outlines.len() + 1;
            let points = ring.as_array().ok_or_else(|| broken(format!("outline {number} is not a list")))?;
            *corners += points.len();
            if *corners > MOST_CORNERS {
                return Err(Error::invalid(
                    format!("the map has more than {MOST_CORNERS} corners"),
                    "simplify its outlines: a page shows few of them",
                ));
            }
            let outline: Vec<(f64, f64)> = points
                .iter()
                .map(|p| {
                    let at = |k: usize| p.get(k).and_then(Value::as_f64);
                    at(0).zip(at(1)).filter(|(lon, lat)| lon.abs() <= 180.0 + 1e-6 && lat.abs() <= 90.0 + 1e-6)
                })
                .collect::<Option<_>>()
                .ok_or_else(|| {
                    broken(format!(
                        "outline {number} has a corner that is no longitude and latitude in degrees (projected maps must be converted)"
                    ))
                })?;
            if outline.len() < 4 || outline.first() != outline.last() {
                return Err(broken(format!("outline {number} has {} corners or does not close", outline.len())));
            }
            outlines.push(outline);
        }
    }
    Ok(Region { name, outlines })
}
