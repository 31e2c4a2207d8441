//! Identities, invariances and refusals.

use super::*;
use plim_stats::frontier::Status;
use plim_stats::frontier::dea::technology::{Scored, Standing};
use plim_stats::frontier::dea::{Disposability, Orientation, Radial, Rts};
use plim_stats::frontier::malmquist::{Decomposition, ProductivityModel, Reference};

#[test]
fn global_is_circular_and_every_split_multiplies_to_the_index() {
    let Some(panel) = synthetic() else { return };
    for decomposition in
        [Decomposition::Fgnz, Decomposition::RayDesli, Decomposition::Zofio, Decomposition::GrifellLovell]
    {
        let result = panel.run(&Malmquist { decomposition, ..Malmquist::default() });
        for c in result.changes.iter().filter(|c| c.status == Some(Status::Optimal)) {
            let parts = c.technical_change.unwrap()
                * c.pure_efficiency_change.unwrap()
                * c.scale_efficiency_change.unwrap()
                * c.scale_technical_change.unwrap_or(1.0);
            close(parts, c.index.unwrap(), 1e-12, "product of the parts");
        }
    }
    let options = Malmquist { technology: Reference::Global, ..Malmquist::default() };
    let chained = panel.run(&options);
    // Without the two periods between, against the same pooled reference, the index of a unit is its chain: units
    // that span the frontier stay in it under other names.
    let mut ends = Panel { units: panel.units.clone(), unit: panel.unit.clone(), period: panel.period.clone() };
    for i in 0..ends.unit.len() {
        match ends.period[i] {
            0 => {}
            3 => ends.period[i] = 1,
            middle => (ends.unit[i], ends.period[i]) = (1000 * middle + ends.unit[i], 0),
        }
    }
    let direct = ends.run(&options);
    for i in 150..200 {
        close(chained.changes[i].cumulative.unwrap(), direct.changes[i].index.unwrap(), 1e-10, "circular");
    }
}

#[test]
fn order_and_units_of_measurement_do_not_matter_and_a_missing_row_is_a_missing_index() {
    let Some(panel) = synthetic() else { return };
    let options = Malmquist { decomposition: Decomposition::RayDesli, ..Malmquist::default() };
    let result = panel.run(&options);
    let order: Vec<usize> = (0..200).map(|i| (i * 77) % 200).collect();
    let permuted = panel.select(&order).run(&options);
    for (k, &i) in order.iter().enumerate() {
        assert_eq!(permuted.changes[k].status, result.changes[i].status);
        if let Some(index) = result.changes[i].index {
            close(permuted.changes[k].index.unwrap(), index, 1e-9, "permuted");
        }
    }
    let scale = [1e9, 1e-9, 1e-9, 1e9];
    let column = |v: usize| panel.units.variable(v).iter().map(|x| x * scale[v]).collect::<Vec<_>>();
    let scaled =
        Panel::new(&[column(0), column(1)], &[column(2), column(3)], &[], panel.unit.clone(), panel.period.clone());
    for (a, b) in scaled.run(&options).changes.iter().zip(&result.changes) {
        assert_eq!(a.status, b.status);
        if let Some(index) = b.index {
            close(a.index.unwrap(), index, 1e-9, "scaled");
        }
    }
    // Unit 1 without period 1: no index in periods 1 and 2, and the chain starts again in period 3.
    let rows: Vec<usize> = (0..200).filter(|&i| i != 50).collect();
    let gap = panel.select(&rows).run(&Malmquist::default());
    assert_eq!(gap.changes[99].status, None);
    assert_eq!(gap.changes[149].cumulative, gap.changes[149].index);
    assert!(gap.notes[0].starts_with("51 rows"), "{:?}", gap.notes);
}

/// The splits that take both periods are geometric means of those that take one: reversed time gives the later one.
#[test]
fn ray_desli_is_the_mean_of_the_splits_of_single_periods() {
    let Some(panel) = synthetic() else { return };
    let of = |panel: &Panel, decomposition| panel.run(&Malmquist { decomposition, ..Malmquist::default() }).changes;
    let reversed = Panel {
        units: panel.units.clone(),
        unit: panel.unit.clone(),
        period: panel.period.iter().map(|&p| 3 - p).collect(),
    };
    let both = of(&panel, Decomposition::RayDesli);
    let (earlier, later) = (of(&panel, Decomposition::GrifellLovell), of(&reversed, Decomposition::GrifellLovell));
    let mut compared = 0;
    for i in 50..200 {
        let (Some(mean), Some(a), Some(b)) =
            (both[i].technical_change, earlier[i].technical_change, later[i - 50].technical_change)
        else {
            continue;
        };
        close(mean, (a / b).sqrt(), 1e-10, "technical change");
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

/// One input and one output: scale is the rest of the index, whichever side the split is oriented to.
#[test]
fn generalized_index_of_one_input_and_output_is_that_of_the_earlier_frontier() {
    for orientation in [Orientation::Output, Orientation::Input] {
        let options = Malmquist { decomposition: Decomposition::GrifellLovell, orientation, ..Malmquist::default() };
        let result = by_hand(false).run(&options);
        // D's later output, 11, is more than anyone's before.
        let d = if orientation == Orientation::Input { f64::NAN } else { 11.0 / 9.0 };
        all_close(&column(&result, |c| c.index), &[1.5, 1.2, 1.2, d, 5.0 / 3.0], 1e-10, "index");
    }
}

#[test]
fn biases_multiply_to_technical_change() {
    let Some(panel) = synthetic() else { return };
    for rts in [Rts::Crs, Rts::Vrs] {
        let result = panel.run(&Malmquist { decomposition: Decomposition::Bias, rts, ..Malmquist::default() });
        let mut compared = 0;
        for c in result.changes.iter().filter(|c| c.status == Some(Status::Optimal)) {
            let product = c.output_bias.unwrap() * c.input_bias.unwrap() * c.magnitude.unwrap();
            close(product, c.technical_change.unwrap(), 1e-12, "technical change");
            compared += 1;
        }
        assert!(compared > 100, "{compared}");
    }
}

/// Where a part is infeasible the others stay: the index under constant returns and efficiency always exist.
#[test]
fn infeasible_parts_leave_the_others() {
    let Some(panel) = synthetic() else { return };
    let whole = panel.run(&Malmquist::default());
    let result = panel.run(&Malmquist { decomposition: Decomposition::RayDesli, ..Malmquist::default() });
    let mut infeasible = 0;
    for (c, f) in result.changes.iter().zip(&whole.changes).skip(50) {
        assert_eq!((c.index, c.cumulative), (f.index, f.cumulative));
        assert_eq!(c.pure_efficiency_change, f.pure_efficiency_change);
        assert_eq!(c.technical_change.is_none(), c.status == Some(Status::Infeasible));
        infeasible += usize::from(c.technical_change.is_none());
    }
    assert!(infeasible > 0);
}

/// One input and one output under constant returns: productivity is y / x, and every index its ratio.
#[test]
fn quantity_indices_of_one_input_and_output() {
    for model in [ProductivityModel::HicksMoorsteen, ProductivityModel::FarePrimont] {
        let result = by_hand(false).run(&Malmquist { model, ..Malmquist::default() });
        all_close(&column(&result, |c| c.index), &[1.5, 1.2, 1.2, 11.0 / 9.0, 5.0 / 3.0], 1e-10, "index");
    }
}

/// Bjurek's (1996) ratios of Shephard distances, written out for each unit over frontiers of its two periods.
#[test]
fn hicks_moorsteen_as_ratios_of_distances() {
    let Some(panel) = synthetic() else { return };
    for rts in [Rts::Crs, Rts::Vrs] {
        let options = Malmquist { model: ProductivityModel::HicksMoorsteen, rts, ..Malmquist::default() };
        let result = panel.run(&options);
        let frontier = |s: usize, orientation| {
            let rows: Vec<usize> = (50 * s..50 * s + 50).collect();
            Radial::of(&panel.units.select(&rows), rts, orientation)
        };
        let output = [0, 1].map(|s| frontier(s, Orientation::Output));
        let input = [0, 1].map(|s| frontier(s, Orientation::Input));
        let mut compared = 0;
        for i in 0..50 {
            let at = |x: usize, y: usize| {
                let (x, y) = (panel.units.point(i + 50 * x), panel.units.point(i + 50 * y));
                vec![x[0], x[1], y[2], y[3]]
            };
            let made = |s: usize, y: usize| output[s].score(&at(s, y), Standing::Outside).map(|phi| 1.0 / phi);
            let used = |s: usize, x: usize| input[s].score(&at(x, s), Standing::Outside).map(|theta| 1.0 / theta);
            let quantities = || {
                let outputs = made(0, 1)? / made(0, 0)? * (made(1, 1)? / made(1, 0)?);
                let inputs = used(0, 1)? / used(0, 0)? * (used(1, 1)? / used(1, 0)?);
                Scored::Ok((outputs / inputs).sqrt())
            };
            let change = &result.changes[50 + i];
            match quantities() {
                Ok(want) => {
                    close(change.index.unwrap(), want, 1e-9, "index");
                    compared += 1;
                }
                Err(none) => assert_eq!((change.index, change.status), (None, Some(none.status))),
            }
        }
        assert!(compared > if rts == Rts::Crs { 49 } else { 20 }, "{compared}");
    }
}

/// Hicks-Moorsteen has no orientation, Färe-Primont is transitive, and both are proportional.
#[test]
fn quantity_indices_of_many() {
    let Some(panel) = synthetic() else { return };
    let under = |model, rts, orientation| panel.run(&Malmquist { model, rts, orientation, ..Malmquist::default() });
    for rts in [Rts::Crs, Rts::Vrs] {
        let [a, b] = [Orientation::Input, Orientation::Output]
            .map(|o| column(&under(ProductivityModel::HicksMoorsteen, rts, o), |c| c.index));
        assert_eq!(a.len(), 150);
        all_close(&a, &b, 1e-12, "orientation");

        let primont = under(ProductivityModel::FarePrimont, rts, Orientation::Output).changes;
        for i in 150..200 {
            let levels = primont[i].level.unwrap() / primont[i - 150].level.unwrap();
            close(primont[i].cumulative.unwrap(), levels, 1e-10, "transitive");
            let c = &primont[i];
            let product =
                c.technical_change.unwrap() * c.pure_efficiency_change.unwrap() * c.scale_efficiency_change.unwrap();
            close(product, c.index.unwrap(), 1e-12, "product of the parts");
        }
    }
    // Outputs twice as large with the same inputs double productivity; inputs twice as large halve it.
    let grown = |x: f64, y: f64| {
        let first: Vec<usize> = (0..50).chain(0..50).collect();
        let scaled = |v: usize, by: f64| {
            let column = panel.units.variable(v);
            first.iter().enumerate().map(|(k, &i)| if k < 50 { column[i] } else { by * column[i] }).collect::<Vec<_>>()
        };
        let (unit, period) = (0..100).map(|i| (i % 50, i / 50)).unzip();
        Panel::new(&[scaled(0, x), scaled(1, x)], &[scaled(2, y), scaled(3, y)], &[], unit, period)
    };
    for (x, y, want) in [(1.0, 2.0, 2.0), (2.0, 1.0, 0.5), (3.0, 3.0, 1.0)] {
        for model in [ProductivityModel::HicksMoorsteen, ProductivityModel::FarePrimont] {
            let result = grown(x, y).run(&Malmquist { model, rts: Rts::Crs, ..Malmquist::default() });
            all_close(&column(&result, |c| c.index), &[want; 50], 1e-9, "proportional");
        }
    }
}

// --- refusal --------------------------------------------------------------------------------------------------

#[test]
fn options_that_cannot_be_honored_are_refused_by_name() {
    let panel = by_hand(true);
    let says = |options: Malmquist, word: &str| {
        let error = malmquist(&panel.units, &panel.unit, &panel.period, &options).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    says(Malmquist::default(), "bads");
    says(Malmquist { orientation: Orientation::None, ..Malmquist::default() }, "orientation");
    let directional = Malmquist { model: ProductivityModel::Directional, ..Malmquist::default() };
    says(Malmquist { rts: Rts::Fdh, ..directional.clone() }, "constant or variable");
    says(Malmquist { technology: Reference::Window, window: 0, ..directional.clone() }, "window");
    says(Malmquist { disposability: Disposability::Kuosmanen, ..directional.clone() }, "kuosmanen");
    let zofio = Malmquist { rts: Rts::Vrs, decomposition: Decomposition::Zofio, ..directional.clone() };
    says(zofio, "no part of scale");
    let bias = Malmquist { decomposition: Decomposition::Bias, ..directional.clone() };
    says(bias, "radial distances");
    let plain = by_hand(false);
    let plain_says = |options: Malmquist, word: &str| {
        let error = malmquist(&plain.units, &plain.unit, &plain.period, &options).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    let pooled = Malmquist { technology: Reference::Global, ..Malmquist::default() };
    plain_says(Malmquist { decomposition: Decomposition::GrifellLovell, ..pooled.clone() }, "two periods");
    plain_says(Malmquist { model: ProductivityModel::HicksMoorsteen, ..pooled }, "single periods");
    plain_says(Malmquist { disposability: Disposability::Strong, ..Malmquist::default() }, "there are none");
    let split = Malmquist { decomposition: Decomposition::Zofio, ..Malmquist::default() };
    plain_says(Malmquist { model: ProductivityModel::FarePrimont, ..split }, "leave `decomposition` out");
    let twice = malmquist(&panel.units, &[0; 10], &panel.period, &directional).unwrap_err().to_string();
    assert!(twice.contains("two rows"), "{twice}");
}
