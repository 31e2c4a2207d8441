//! Resilience from a panel, or from records where the mix of products or markets counts.

use super::cells::coded;
use super::trade::{factor, prefixed, record_columns};
use super::{list, need, object, times};
use crate::error::{Error, Result};
use crate::method::{Context, Keys, Measured, Method, Outcome};
use plim_report::Measure;
use plim_stats::Factor;
use plim_stats::trade::Mix;
use plim_stats::trade::resilience::{
    Against, Form, Nation, Resilience, ResilienceMeasure, resilience, resilience_against,
};
use plim_table::Column;

impl Method for Resilience {
    fn across(&self) -> bool {
        !self.form.own_path()
    }

    fn columns(&self) -> Vec<String> {
        let product = self.product.clone().unwrap_or_default();
        let mut all = record_columns(&product, self.market.as_ref(), &self.value, &self.columns);
        all.extend(self.group.clone());
        all
    }

    fn adds(&self, step: &str) -> Vec<String> {
        let compared = !self.form.own_path();
        let all = [
            ("resilience", self.form != Form::Window),
            ("resistance", compared && self.resistance.is_some()),
            ("recovery", compared && self.recovery.is_some()),
            ("expected", compared && self.form != Form::Window && matches!(self.nation, Nation::Group | Nation::Mix)),
            ("volatility", self.form == Form::Volatility),
            ("downside", self.form == Form::Volatility),
            ("cycle", matches!(self.form, Form::Hp | Form::Hamilton)),
        ];
        let names: Vec<&str> = all.into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
        prefixed(step, &names)
    }

    /// A mix needs the records behind the totals.
    fn on_records(&self) -> bool {
        self.nation == Nation::Mix && self.columns.is_empty()
    }

    /// National growth counts units by their weights.
    fn weighs(&self) -> bool {
        self.nation == Nation::All && !self.leave_one_out
    }

    fn streams(&self) -> bool {
        self.on_records()
    }

    fn run(&self, cx: &Context) -> Result<Outcome> {
        check(self)?;
        let (unit, time) = (cx.need_unit()?, cx.need_time()?);
        if self.nation == Nation::Mix {
            return of_records(self, cx);
        }
        let kept = cx.kept();
        let time = times(&kept, time)?;
        let value = kept.numbers(need(&self.value, "value")?)?;
        let unit = factor(kept.column(unit)?);
        let draw: Option<Vec<f64>> = cx.draw.map(|w| cx.rows.iter().map(|&i| w[i]).collect());
        let result = match (&self.group, &draw) {
            (None, Some(w)) => resilience_against(self, &unit, &time, value, &Against::Weighted { w }),
            (None, None) => resilience(self, &unit, &time, value),
            (Some(name), _) => {
                // Missing is no group: a code beyond the levels.
                let codes = kept.column(name)?.codes();
                let levels = codes.iter().filter(|&&c| c != plim_table::MISSING).max().map_or(0, |&c| c + 1);
                let group = Factor { name: name.clone(), codes, levels };
                resilience_against(self, &unit, &time, value, &Against::Group { group: &group })
            }
        };
        let result = result.map_err(|e| Error::from(e).at_rows(&kept))?;
        let measure = Measure { method: "resilience".into(), notes: result.notes.clone(), ..Default::default() };
        Ok(outcome(result, measure, Keys::Rows(cx.rows.to_vec())))
    }
}

/// Refuses options that this comparison has no use for, and those it lacks.
fn check(options: &Resilience) -> Result<()> {
    let mixed = options.product.is_some() || options.market.is_some() || !options.columns.is_empty();
    match (options.nation, mixed, options.group.is_some()) {
        (Nation::Mix, false, _) => {
            Err(Error::plan("`nation = \"mix\"` without products or markets", "set `product`, `market` or `columns`"))
        }
        (Nation::Group, _, false) => Err(Error::plan("`nation = \"group\"` without groups", "set `group` to a column")),
        (Nation::Mix, _, false) | (Nation::Group, false, _) | (_, false, false) => Ok(()),
        (nation, true, _) if nation != Nation::Mix => Err(Error::plan(
            "`product`, `market` and `columns` serve `nation = \"mix\"`",
            "leave them out, or set `nation = \"mix\"`",
        )),
        _ => Err(Error::plan("`group` serves `nation = \"group\"`", "leave it out, or set `nation = \"group\"`")),
    }
}

/// A measure against the mix of products or markets.
fn of_records(options: &Resilience, cx: &Context) -> Result<Outcome> {
    // Markets alone take the place of products.
    let (product, market) = match (&options.product, &options.market) {
        (None, Some(market)) => (Some(market.as_str()), None),
        (product, market) => (product.as_deref(), market.as_deref()),
    };
    let coded = coded(cx, product, market, &options.value, &options.columns)?;
    let mix = Mix::new(&coded.cells);
    let against = Against::Mix { mix: &mix };
    let result = resilience_against(options, &mix.unit, &mix.time, &mix.value, &against)?;
    let mut notes = result.notes.clone();
    if coded.cells.count.duplicates > 0 {
        notes.push(format!("{} records repeat a cell and were added to it", coded.cells.count.duplicates));
    }
    let measure = coded.measure("resilience", &result.sample, notes);
    Ok(outcome(result, measure, Keys::Columns(coded.keys(&mix.keys()))))
}

fn outcome(result: ResilienceMeasure, mut measure: Measure, keys: Keys) -> Outcome {
    measure.more.insert("variance_share".into(), list(&result.variance_share));
    measure.more.insert("nation".into(), list(&result.nation));
    measure.more.entry("sample".to_string()).or_insert_with(|| object(&result.sample).into());
    let parts = [
        ("resilience", result.resilience),
        ("resistance", result.resistance),
        ("recovery", result.recovery),
        ("expected", result.expected),
        ("volatility", result.volatility),
        ("downside", result.downside),
        ("cycle", result.cycle),
    ];
    let columns = parts.into_iter().filter_map(|(name, v)| Some(Column::number(name, v?))).collect();
    Outcome::Columns(Measured { measure, columns, keys })
}
