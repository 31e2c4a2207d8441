//! What is refused, and with which words.

use crate::identities::{FAMILIES, simulated};
use plim_stats::glm::{BiasCorrection, Family, Glm};
use plim_stats::linear::Collinear;
use plim_stats::{Design, Error, Factor, Kind};

fn refused(design: &Design, family: Family) -> Error {
    Glm::new(family).fit(design).unwrap_err()
}

#[test]
fn outcomes_outside_the_support() {
    let mut design = simulated(Family::Poisson, 1);
    design.y[7] = -1.0;
    for family in [Family::Poisson, Family::NegativeBinomial(1.0)] {
        let error = refused(&design, family);
        assert_eq!((error.column.as_deref(), &error.rows[..]), (Some("y"), &[7][..]));
        assert!(error.to_string().contains("negative"), "{error}");
    }
    design.y[7] = 0.5;
    for family in [Family::Logit, Family::Probit, Family::Cloglog] {
        assert!(refused(&design, family).to_string().contains("neither 0 nor 1"));
    }
    design.y[7] = f64::NAN;
    assert_eq!(refused(&design, Family::Poisson).kind, Kind::NotFinite);
}

#[test]
fn outcomes_that_do_not_vary() {
    for family in FAMILIES {
        let mut design = simulated(family, 1);
        design.y.fill(1.0);
        let error = refused(&Design { fe: Vec::new(), ..design.clone() }, family);
        assert_eq!(error.kind, Kind::Constant, "{family:?}");
        design.y.fill(0.0);
        assert!(refused(&design, family).to_string().contains("no level of the fixed effects is left"));
    }
}

#[test]
fn offsets_that_are_not_finite() {
    let mut design = simulated(Family::Poisson, 1);
    design.offset = Some(vec![0.0; design.nobs()]);
    design.offset.as_mut().unwrap()[3] = f64::NEG_INFINITY;
    let error = refused(&design, Family::Poisson);
    assert_eq!((error.kind, error.column.as_deref()), (Kind::NotFinite, Some("offset")));
}

#[test]
fn regressors_that_the_effects_absorb() {
    let mut design = simulated(Family::Poisson, 1);
    let n = design.nobs();
    (0..n).for_each(|i| design.X[(i, 1)] = f64::from(design.fe[0].codes[i]));
    let fit = Glm::new(Family::Poisson).fit(&design).unwrap();
    assert_eq!(fit.dropped[0].name, "b");
    let strict = Glm { collinear: Collinear::Error, ..Glm::new(Family::Poisson) };
    assert_eq!(strict.fit(&design).unwrap_err().kind, Kind::Collinear { absorbed: true });
    (0..n).for_each(|i| design.X[(i, 0)] = f64::from(design.fe[1].codes[i]));
    assert_eq!(refused(&design, Family::Poisson).kind, Kind::NothingLeft);
}

#[test]
fn counts_without_overdispersion() {
    // Alternating 2 and 3 is less dispersed than Poisson: θ has no finite maximum.
    let mut design = simulated(Family::Poisson, 1);
    design.fe.clear();
    design.y.iter_mut().enumerate().for_each(|(i, y)| *y = 2.0 + (i % 2) as f64);
    let error = refused(&design, Family::NegativeBinomial(1.0));
    assert!(matches!(error.kind, Kind::Untrusted { .. }) && error.to_string().contains("fepois"), "{error}");
}

#[test]
fn a_correction_without_or_with_too_many_effects() {
    let design = simulated(Family::Logit, 1);
    let glm = Glm { bias_correction: BiasCorrection::Analytical, ..Glm::new(Family::Logit) };
    let none = Design { fe: Vec::new(), ..design.clone() };
    assert!(glm.fit(&none).unwrap_err().to_string().contains("one or two fixed effects"));
    let mut three = design;
    three.fe.push(Factor::from_keys("third", (0..three.nobs()).map(|i| i % 5)));
    assert!(glm.fit(&three).unwrap_err().to_string().contains("not 3"));
}
