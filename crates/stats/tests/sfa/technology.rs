//! Technologies: methods.md 2.1e, identities by arithmetic that shares nothing with the code, refusals.

use plim_golden::{close, close_printed};
use plim_stats::Error;
use plim_stats::frontier::technology::{
    Curvature, Distance, Form, Logs, Raw, Restriction, Shape, Squares, Technology, Trend, TrendOrigin,
};
use plim_stats::math::Mat;

fn translog() -> Shape {
    Shape { form: Form::Translog, trend: Trend::Interacted, trend_origin: TrendOrigin::Zero, ..Shape::default() }
}

fn column(name: &str, values: &[f64]) -> (String, Vec<f64>) {
    (name.into(), values.to_vec())
}

fn raw(k: &[f64], l: &[f64], t: &[f64]) -> Raw {
    Raw {
        outcome: column("ln_y", &vec![0.5; k.len()]),
        factors: vec![column("ln_k", k), column("ln_l", l)],
        outputs: Vec::new(),
        time: Some(t.to_vec()),
    }
}

/// Coefficients by the names of the terms.
fn beta(technology: &Technology, given: &[(&str, f64)]) -> Vec<f64> {
    let names = technology.names();
    assert!(given.iter().all(|(g, _)| names.iter().any(|n| n == g)), "{names:?}");
    names.iter().map(|n| given.iter().find(|(g, _)| g == n).map_or(0.0, |g| g.1)).collect()
}

const VECTOR: [(&str, f64); 7] = [
    ("ln_k", 0.4),
    ("ln_l", 0.5),
    ("ln_k^2", 0.05),
    ("ln_l^2", -0.02),
    ("ln_k:ln_l", 0.03),
    ("t:ln_k", 0.01),
    ("t:ln_l", -0.005),
];

/// methods.md, TEST 2.1e.
#[test]
fn elasticities_under_both_conventions() {
    for (squares, want) in [(Squares::Full, [0.574, 0.489, 1.063]), (Squares::Half, [0.514, 0.505, 1.019])] {
        let made = Technology::make(raw(&[1.2], &[0.8], &[3.0]), Shape { squares, ..translog() }).unwrap();
        let technology = made.technology;
        assert_eq!(technology.names()[5..], ["t", "t^2", "t:ln_k", "t:ln_l"]);
        assert_eq!(technology.quantities(), ["ln_k", "ln_l", "returns_to_scale", "technical_change"]);
        let point = &technology.points(&beta(&technology, &VECTOR)).unwrap()[0];
        close_printed(&point.values[..3], &want, 3, "elasticities");
        assert!(point.monotone);
    }
}

fn frontier(technology: &Technology, beta: &[f64]) -> f64 {
    technology.columns().iter().zip(beta).map(|((_, c), b)| b * c[0]).sum()
}

/// A central difference of a quadratic is exact but for rounding.
#[test]
fn elasticities_are_slopes_of_the_frontier_in_every_distance() {
    let at = [1.2, -0.8, 0.3, 0.9, 3.0];
    // Inputs k and l, outputs y (the outcome) and z, t.
    let make = |w: [f64; 5], distance: Distance, cost: bool| {
        let [k, l, y, z, t] = w;
        let input = distance == Distance::Input;
        let raw = Raw {
            outcome: column("a", &[if input { k } else { y }]),
            factors: if input { vec![column("l", &[l])] } else { vec![column("k", &[k]), column("l", &[l])] },
            outputs: if input { vec![column("y", &[y]), column("z", &[z])] } else { vec![column("z", &[z])] },
            time: Some(vec![t]),
        };
        Technology::make(raw, Shape { distance, cost, ..translog() }).unwrap()
    };
    for (distance, cost) in [(Distance::Output, false), (Distance::Input, false), (Distance::None, true)] {
        let made = make(at, distance, cost);
        let names = made.technology.names();
        let beta: Vec<f64> = (0..names.len()).map(|j| 0.3 * ((j * j + 1) as f64).sin()).collect();
        let point = made.technology.points(&beta).unwrap().remove(0);
        let value = |name: &str| {
            let at = made.technology.quantities().iter().position(|q| q == name);
            point.values[at.unwrap_or_else(|| panic!("{name}"))]
        };
        // ln of the distance: f less the outcome, up to the sign that makes f = -ln D_o.
        let whole = |w: [f64; 5]| {
            let made = make(w, distance, cost);
            match distance {
                Distance::None => frontier(&made.technology, &beta),
                _ => frontier(&made.technology, &beta) - made.outcome[0],
            }
        };
        let slope = |j: usize| {
            let mut moved = [at, at];
            moved[0][j] += 0.5;
            moved[1][j] -= 0.5;
            whole(moved[0]) - whole(moved[1])
        };
        match distance {
            // -ln D_o: inputs as they are, outputs with the other sign.
            Distance::Output => {
                [("k", 0, 1.0), ("l", 1, 1.0), ("a", 2, -1.0), ("z", 3, -1.0)]
                    .iter()
                    .for_each(|&(name, j, s)| close(value(name), s * slope(j), 1e-10, name));
                close(value("a") + value("z"), 1.0, 1e-12, "homogeneous in outputs");
                close(value("returns_to_scale"), slope(0) + slope(1), 1e-10, "scale");
            }
            Distance::Input => {
                [("a", 0, 1.0), ("l", 1, 1.0), ("y", 2, -1.0), ("z", 3, -1.0)]
                    .iter()
                    .for_each(|&(name, j, s)| close(value(name), s * slope(j), 1e-10, name));
                close(value("a") + value("l"), 1.0, 1e-12, "homogeneous in inputs");
                close(value("returns_to_scale"), -1.0 / (slope(2) + slope(3)), 1e-10, "scale");
            }
            Distance::None | Distance::Ray => {
                close(value("z"), slope(3), 1e-10, "output");
                close(value("returns_to_scale"), 1.0 / slope(3), 1e-10, "scale");
            }
        }
        close(value("technical_change"), if cost { -slope(4) } else { slope(4) }, 1e-10, "technical change");
    }
}

#[test]
fn rays_are_polar_coordinates() {
    let raw = |c: f64| Raw {
        outcome: column("y1", &[3.0 * c, 0.0]),
        factors: vec![column("k", &[2.0, 5.0])],
        outputs: vec![column("y2", &[4.0 * c, 2.0]), column("y3", &[12.0 * c, 0.0])],
        time: None,
    };
    let shape = Shape { form: Form::CobbDouglas, distance: Distance::Ray, logs: Logs::Take, ..Shape::default() };
    let made = Technology::make(raw(1.0), shape).unwrap();
    close(made.outcome[0], 13.0f64.ln(), 1e-14, "length");
    assert_eq!(made.technology.names(), ["ln_k", "theta_1", "theta_2"]);
    let angles = made.technology.columns();
    // y_m = length cos θ_m Π_{j<m} sin θ_j, also where an output is zero.
    for (i, y) in [(0, [3.0, 4.0, 12.0]), (1, [0.0, 2.0, 0.0])] {
        let (length, a, b) = (made.outcome[i].exp(), angles[1].1[i], angles[2].1[i]);
        let back = [length * a.cos(), length * a.sin() * b.cos(), length * a.sin() * b.sin()];
        back.iter().zip(y).for_each(|(got, want)| assert!((got - want).abs() < 1e-12, "{back:?}"));
    }
    let twice = Technology::make(raw(2.0), shape).unwrap();
    close(twice.technology.columns()[2].1[0], angles[2].1[0], 1e-14, "direction");
    close(twice.outcome[0], 26.0f64.ln(), 1e-14, "length");
}

#[test]
fn cobb_douglas_is_the_same_everywhere_and_its_curvature_is_known() {
    let shape = Shape { form: Form::CobbDouglas, trend: Trend::Linear, ..Shape::default() };
    let made = Technology::make(raw(&[0.1, 2.0, -3.0], &[1.0, 0.2, 0.7], &[1990.0, 1991.0, 1995.0]), shape).unwrap();
    assert_eq!(made.technology.columns()[2].1, [1.0, 2.0, 6.0]);
    // Concave with decreasing and constant returns, only quasi-concave with increasing ones, neither with a slope < 0.
    let cases = [
        (0.3, 0.5, Curvature::Concave, true),
        (0.4, 0.6, Curvature::Concave, true),
        (0.8, 0.7, Curvature::QuasiConcave, true),
        (1.4, -0.2, Curvature::Violated, false),
    ];
    for (k, l, curvature, monotone) in cases {
        for point in made.technology.points(&[k, l, 0.02]).unwrap() {
            assert_eq!((point.curvature, point.monotone), (curvature, monotone), "{k} {l}");
            close(point.values[2], k + l, 1e-14, "returns to scale");
            close(point.values[3], 0.02, 1e-14, "technical change");
        }
    }
}

/// The signs of the bordered Hessian, from differences of levels, say what the eigenvalues say.
#[test]
fn quasi_concavity_is_the_sign_of_the_bordered_hessian() {
    let shape = Shape { trend: Trend::None, trend_origin: TrendOrigin::First, ..translog() };
    for (bkl, want) in [(0.05, true), (-0.8, false)] {
        let made = Technology::make(raw(&[0.4], &[0.7], &[0.0]), shape).unwrap();
        let given = [("ln_k", 0.9), ("ln_l", 1.1), ("ln_k:ln_l", bkl), ("ln_k^2", 0.1)];
        let beta = beta(&made.technology, &given);
        let level = |x: f64, z: f64| {
            let made = Technology::make(raw(&[x.ln()], &[z.ln()], &[0.0]), shape).unwrap();
            frontier(&made.technology, &beta).exp()
        };
        let (x, z, h) = (0.4f64.exp(), 0.7f64.exp(), 1e-4);
        let (fx, fz) =
            ((level(x + h, z) - level(x - h, z)) / (2.0 * h), (level(x, z + h) - level(x, z - h)) / (2.0 * h));
        let f = level(x, z);
        let fxx = (level(x + h, z) - 2.0 * f + level(x - h, z)) / (h * h);
        let fzz = (level(x, z + h) - 2.0 * f + level(x, z - h)) / (h * h);
        let corners = level(x + h, z + h) - level(x + h, z - h) - level(x - h, z + h) + level(x - h, z - h);
        let bordered = 2.0 * fx * fz * corners / (4.0 * h * h) - fx * fx * fzz - fz * fz * fxx;
        assert!(bordered.abs() > 1e-3);
        let curvature = made.technology.points(&beta).unwrap()[0].curvature;
        assert_eq!(curvature != Curvature::Violated, bordered > 0.0);
        assert_eq!(curvature != Curvature::Violated, want);
    }
}

#[test]
fn errors_at_the_mean_are_those_of_the_delta_method() {
    let (k, l, t) = ([0.1, 1.4, 0.6], [0.3, -0.2, 1.1], [1.0, 2.0, 4.0]);
    let shape = Shape { cost: true, ..translog() };
    let raw = Raw { outputs: vec![column("ln_q", &[0.5, 0.1, 0.9])], ..raw(&k, &l, &t) };
    let technology = Technology::make(raw, shape).unwrap().technology;
    let p = technology.names().len();
    let beta: Vec<f64> = (0..p).map(|j| 0.4 + 0.1 * (j as f64).cos()).collect();
    let V = Mat::from_fn(p, p, |i, j| if i == j { 0.04 } else { 0.01 });
    let at = |beta: &[f64]| technology.at_mean(beta, None).iter().map(|c| c.estimate).collect::<Vec<_>>();
    let table = technology.at_mean(&beta, Some(&V));
    for (q, row) in table.iter().enumerate() {
        let slope = |j: usize| {
            let mut moved = [beta.clone(), beta.clone()];
            (moved[0][j], moved[1][j]) = (beta[j] + 1e-5, beta[j] - 1e-5);
            (at(&moved[0])[q] - at(&moved[1])[q]) / 2e-5
        };
        let g: Vec<f64> = (0..p).map(slope).collect();
        let variance: f64 = (0..p * p).map(|c| g[c / p] * V[(c / p, c % p)] * g[c % p]).sum();
        // Central differences: h² of the third derivative.
        close(row.std_error, variance.sqrt(), 1e-7, &row.name);
    }
}

#[test]
fn restrictions_leave_out_their_terms() {
    let technology = Technology::make(raw(&[1.0], &[2.0], &[3.0]), translog()).unwrap().technology;
    let names = |r: Restriction| technology.restricted(r).unwrap().names().join(" ");
    assert_eq!(names(Restriction::CobbDouglas), "ln_k ln_l t t^2 t:ln_k t:ln_l");
    assert_eq!(names(Restriction::NoTechnicalChange), "ln_k ln_l ln_k^2 ln_k:ln_l ln_l^2");
    assert_eq!(names(Restriction::HicksNeutral), "ln_k ln_l ln_k^2 ln_k:ln_l ln_l^2 t t^2");
    let neutral = technology.restricted(Restriction::HicksNeutral).unwrap();
    assert!(neutral.restricted(Restriction::HicksNeutral).is_err());
}

#[test]
fn what_has_no_meaning_is_refused_by_name() {
    let refused = |shape: Shape, change: &dyn Fn(&mut Raw)| -> Error {
        let mut raw = raw(&[1.0, 2.0], &[0.5, 3.0], &[1.0, 2.0]);
        change(&mut raw);
        Technology::make(raw, shape).unwrap_err()
    };
    let error = refused(Shape { logs: Logs::Take, ..translog() }, &|r| r.factors[1].1[1] = 0.0);
    assert_eq!((error.column.as_deref(), error.rows.as_slice()), (Some("ln_l"), &[1][..]));
    assert!(error.to_string().contains("row 2"), "{error}");
    let says = |shape: Shape, change: &dyn Fn(&mut Raw), word: &str| {
        let error = refused(shape, change).to_string();
        assert!(error.contains(word), "{error}");
    };
    let base = Shape { form: Form::CobbDouglas, ..Shape::default() };
    says(Shape { squares: Squares::Full, ..base }, &|_| (), "`squares`");
    says(Shape { trend_origin: TrendOrigin::Mean, ..base }, &|_| (), "`trend_origin`");
    says(translog(), &|r| r.time = None, "`time`");
    says(Shape { distance: Distance::Output, ..base }, &|_| (), "`outputs`");
    says(Shape { cost: true, ..base }, &|_| (), "`outputs`");
    says(base, &|r| r.outputs = vec![column("z", &[1.0, 2.0])], "`distance`");
    says(base, &|r| r.factors.clear(), "no factors");
    says(base, &|r| r.factors[0].0 = "ln_l".into(), "twice");
    says(Shape { trend: Trend::Linear, ..Shape::default() }, &|r| r.factors.clear(), "`trend`");
}
