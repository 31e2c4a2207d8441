//! Leaving one out: the same as fitting without it, the jackknife, what cannot be left out.

use crate::data::Data;
use crate::panel;
use plim_golden::close;
use plim_stats::linear::Regression;
use plim_stats::math::Mat;
use plim_stats::sensitivity::{Group, LeaveOneOut, leave_one_out};
use plim_stats::vcov::{Ssc, vcov};
use plim_stats::{Design, Factor};

/// The values of a column that are whole numbers from zero.
fn group(data: &Data, by: &str) -> Group {
    let codes: Vec<u32> = data.get(by).iter().map(|&v| v as u32).collect();
    let most = codes.iter().max().map_or(0, |m| m + 1);
    Group { by: by.into(), codes, labels: (0..most).map(|g| g.to_string()).collect() }
}

fn options(controls: bool) -> LeaveOneOut {
    LeaveOneOut { treatment: "x".into(), controls, ..LeaveOneOut::default() }
}

fn design(data: &Data) -> Design {
    data.design("y", &["x", "w", "z"], &["i", "t"], &["i"], Some("a"))
}

#[test]
fn equals_fitting_without_it() {
    let data = panel();
    let groups = [group(&data, "i"), group(&data, "t"), group(&data, "region")];
    let rules = Regression { vcov: Some("cluster:i".parse().unwrap()), ..Regression::default() };
    let out = leave_one_out(&design(&data), &groups, &options(true), &rules).unwrap();
    assert_eq!(out.each.len(), 26 + 9 + 5 + 2);
    for left in &out.each {
        let found = left.coefficient.unwrap();
        let again = match left.by.as_str() {
            "control" => {
                let kept = if left.value == "w" { "z" } else { "w" };
                data.design("y", &["x", kept], &["i", "t"], &["i"], Some("a"))
            }
            by => {
                let (column, value) = (data.get(by), left.value.parse::<f64>().unwrap());
                design(&data.filter(|i| column[i] != value))
            }
        };
        let want = rules.run(&again).unwrap();
        let c = want.coefficient("x").unwrap();
        assert_eq!(left.nobs, want.fit.residuals.len());
        close(found.estimate, c.estimate, 1e-12, &left.value);
        close(found.std_error, c.std_error, 1e-12, &left.value);
        close(found.p_value, c.p_value, 1e-10, &left.value);
    }
    // What is summed up is in the lines.
    for r in &out.ranges {
        let lines: Vec<_> = out.each.iter().filter(|l| l.by == r.by).collect();
        let estimates = || lines.iter().map(|l| l.coefficient.unwrap().estimate);
        assert_eq!(r.values, lines.len());
        assert_eq!(r.low.unwrap(), estimates().fold(f64::INFINITY, f64::min));
        assert_eq!(r.high.unwrap(), estimates().fold(f64::NEG_INFINITY, f64::max));
        let most = r.most_influential.as_ref().unwrap().coefficient.unwrap().change.abs();
        assert!(lines.iter().all(|l| l.coefficient.unwrap().change.abs() <= most));
        assert_eq!((r.sign_changes, r.failed), (0, 0));
    }
}

/// The squared changes add up to the jackknife's covariance, which comes from one fit.
#[test]
fn the_changes_are_those_of_the_jackknife() {
    let data = panel();
    let d = design(&data);
    let out = leave_one_out(&d, &[group(&data, "i")], &options(false), &Regression::default()).unwrap();
    let sum: f64 = out.each.iter().map(|l| l.coefficient.unwrap().change.powi(2)).sum();
    let V = vcov(&out.estimated.fit, &"crv3:i".parse().unwrap(), Ssc::None, &d).unwrap().V;
    close(sum, V[(0, 0)], 1e-9, "crv3");
}

/// One observation carries the sign and one the significance; another has the only variation of x in its group.
#[test]
fn what_hangs_on_one_value_is_counted() {
    let x = [0.0, 0.1, 0.2, -0.1, -0.2, 0.05, 9.0];
    let y = [0.0, -0.3, -0.4, 0.2, 0.5, -0.1, 30.0];
    let d = Design {
        y: y.to_vec(),
        outcome: "y".into(),
        X: Mat::from_fn(7, 2, |i, j| if j == 0 { 1.0 } else { x[i] }),
        names: vec!["(Intercept)".into(), "x".into()],
        rows: (0..7).collect(),
        ..Design::default()
    };
    let labels: Vec<String> = ["a", "b", "c", "d", "e", "f", "g"].map(String::from).into();
    let each = Group { by: "row".into(), codes: (0..7).collect(), labels };
    let iid = Regression { vcov: Some("iid".parse().unwrap()), ..Regression::default() };
    let out = leave_one_out(&d, std::slice::from_ref(&each), &options(false), &iid).unwrap();
    let r = &out.ranges[0];
    assert_eq!(r.most_influential.as_ref().unwrap().value, "g");
    assert_eq!((r.sign_changes, r.lose_significance, r.gain_significance), (1, 0, 0));
    // A missing value is never left out.
    let some = Group { codes: [1, 2, 2, 2, 2, 2, 0].into(), labels: vec!["last".into(), "first".into()], ..each };
    let out = leave_one_out(&d, &[some], &options(false), &iid).unwrap();
    assert_eq!(out.each.iter().map(|l| l.nobs).collect::<Vec<_>>(), [6, 6]);
    // x varies in one half only: without it there is no estimate, and the line says why.
    let x = [1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 5.0];
    let flat = Design { X: Mat::from_fn(7, 2, |i, j| if j == 0 { 1.0 } else { x[i] }), ..d };
    let half = Group { by: "half".into(), codes: [0, 0, 0, 0, 1, 1, 1].into(), labels: vec!["0".into(), "1".into()] };
    let out = leave_one_out(&flat, &[half], &options(false), &iid).unwrap();
    assert!(out.each[1].coefficient.is_none() && out.each[1].reason.as_ref().unwrap().contains("linear combination"));
    assert_eq!(out.ranges[0].failed, 1);
    assert!(out.notes.iter().any(|n| n.contains("1 of 2 values of `half`")));
}

#[test]
fn what_has_no_answer_is_refused() {
    let data = panel();
    let d = data.design("y", &["x"], &["i"], &[], None);
    let says = |groups: &[Group], options: &LeaveOneOut, what: &str| {
        let e = leave_one_out(&d, groups, options, &Regression::default()).unwrap_err().to_string();
        assert!(e.contains(what), "{e}");
    };
    says(&[], &options(true), "nothing to leave out");
    says(&[group(&data, "t")], &LeaveOneOut { treatment: "v".into(), ..options(false) }, "`treatment` names `v`");
    let short = Group { by: "t".into(), codes: vec![0], labels: vec!["0".into()] };
    says(&[short], &options(false), "`t` has length 1");
    let n = d.nobs();
    let many = Factor::from_keys("row", 0..n).codes;
    let many = Group { by: "row".into(), codes: many, labels: (0..10_001).map(|i| i.to_string()).collect() };
    says(&[many], &options(false), "`row` has 10001 values");
}
