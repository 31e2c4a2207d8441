//! Designs from columns, by hand: what the formula language does in `study`.

use plim_golden::Csv;
use plim_stats::math::Mat;
use plim_stats::{Design, Factor};
use std::collections::BTreeMap;

/// Named columns of numbers; categories are numbers too.
#[derive(Clone, Default)]
pub struct Data {
    pub columns: BTreeMap<String, Vec<f64>>,
    pub n: usize,
}

impl Data {
    /// The columns of a file; text becomes codes in order of first appearance.
    pub fn from_csv(csv: &Csv) -> Data {
        let mut data = Data::default();
        for name in &csv.names {
            let text = csv.text(name);
            let numeric = text.iter().all(|s| s.is_empty() || s == "NA" || s.parse::<f64>().is_ok());
            let column = match numeric {
                true => csv.num(name),
                false => Factor::from_keys("", text.iter()).codes.iter().map(|&c| f64::from(c)).collect(),
            };
            data.set(name, column);
        }
        data
    }

    pub fn set(&mut self, name: &str, column: Vec<f64>) {
        self.n = column.len();
        self.columns.insert(name.into(), column);
    }

    /// A column; `a*b` is a product, `log a` a logarithm.
    pub fn get(&self, name: &str) -> Vec<f64> {
        if let Some(column) = self.columns.get(name) {
            return column.clone();
        }
        if name == "(Intercept)" {
            return vec![1.0; self.n];
        }
        if let Some((a, b)) = name.split_once(':') {
            return self.get(a).iter().zip(self.get(b)).map(|(x, y)| x * y).collect();
        }
        if let Some(inner) = name.strip_prefix("log(").and_then(|s| s.strip_suffix(')')) {
            return self.get(inner).iter().map(|x| x.ln()).collect();
        }
        panic!("no column {name}")
    }

    /// A factor; `a^b` is an interaction.
    pub fn factor(&self, name: &str, rows: &[usize]) -> Factor {
        let of = |name: &str| {
            let v = self.get(name);
            Factor::from_keys(name, rows.iter().map(|&r| v[r].to_bits()))
        };
        match name.split_once('^') {
            Some((a, b)) => of(a).interact(&of(b)),
            None => of(name),
        }
    }

    /// `y ~ x | fe`, with clusters and weights, on the rows where nothing is missing.
    pub fn design(&self, y: &str, x: &[&str], fe: &[&str], cluster: &[&str], weights: Option<&str>) -> Design {
        let mut x: Vec<&str> = x.to_vec();
        if fe.is_empty() && !x.contains(&"(Intercept)") {
            x.insert(0, "(Intercept)");
        }
        let columns: Vec<Vec<f64>> = x.iter().map(|n| self.get(n)).collect();
        let y_column = self.get(y);
        let w = weights.map(|w| self.get(w));
        let rows: Vec<usize> = (0..self.n)
            .filter(|&i| {
                let keys = fe.iter().flat_map(|f| f.split('^'));
                y_column[i].is_finite()
                    && columns.iter().all(|c| c[i].is_finite())
                    && w.as_ref().is_none_or(|w| w[i].is_finite() && w[i] > 0.0)
                    && keys.into_iter().all(|k| self.get(k)[i].is_finite())
            })
            .collect();
        Design {
            y: rows.iter().map(|&r| y_column[r]).collect(),
            outcome: y.into(),
            X: Mat::from_fn(rows.len(), x.len(), |i, j| columns[j][rows[i]]),
            names: x.iter().map(ToString::to_string).collect(),
            fe: fe.iter().map(|f| self.factor(f, &rows)).collect(),
            cluster: cluster.iter().map(|f| self.factor(f, &rows)).collect(),
            w: w.map(|w| rows.iter().map(|&r| w[r]).collect()),
            rows: rows.into(),
            ..Design::default()
        }
    }

    /// The rows where `keep` holds.
    pub fn filter(&self, keep: impl Fn(usize) -> bool) -> Data {
        let rows: Vec<usize> = (0..self.n).filter(|&i| keep(i)).collect();
        let mut out = Data { n: rows.len(), ..Data::default() };
        for (name, column) in &self.columns {
            out.columns.insert(name.clone(), rows.iter().map(|&r| column[r]).collect());
        }
        out
    }
}

/// The reference panel of 48 rows (methods 6.0).
pub fn panel48() -> Data {
    let cells: Vec<(i64, i64)> = (1..=8).flat_map(|i| (1..=6).map(move |t| (i, t))).collect();
    let column = |f: &dyn Fn(i64, i64) -> f64| cells.iter().map(|&(i, t)| f(i, t)).collect::<Vec<f64>>();
    let z = |i: i64, t: i64| ((5 * i + 2 * t + i * t * t) % 11) as f64 / 10.0;
    let v = |i: i64, t: i64| ((3 * i * i + 7 * t + i * t) % 17) as f64 / 20.0;
    let w = |i: i64, t: i64| ((7 * i + 5 * t + 3 * i * t) % 13) as f64 / 10.0;
    let e = |i: i64, t: i64| ((11 * i + 4 * t + 2 * i * t * t) % 19) as f64 / 20.0;
    let x = |i, t| z(i, t) + v(i, t);
    let m = |i: i64, t: i64| 0.4 * x(i, t) + 0.2 * w(i, t) + ((2 * i * i + 3 * t + 5 * i * t) % 7) as f64 / 20.0;
    let mut d = Data::default();
    d.set("i", column(&|i, _| i as f64));
    d.set("t", column(&|_, t| t as f64));
    d.set("z", column(&z));
    d.set("x", column(&x));
    d.set("w", column(&w));
    d.set("m", column(&m));
    d.set(
        "y",
        column(&|i, t| {
            1.0 + 0.5 * x(i, t) + 0.6 * m(i, t) - 0.3 * w(i, t)
                + 0.1 * i as f64
                + 0.2 * t as f64
                + 0.5 * v(i, t)
                + e(i, t)
        }),
    );
    d
}

/// The columns of a Parquet file; text becomes codes in order of first appearance.
pub fn parquet(path: &std::path::Path) -> Data {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    let reader = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let mut columns: BTreeMap<String, (Vec<f64>, Vec<String>)> = BTreeMap::new();
    for row in reader.get_row_iter(None).unwrap() {
        for (name, field) in row.unwrap().get_column_iter() {
            let (numbers, text) = columns.entry(name.clone()).or_default();
            match field {
                Field::Double(v) => numbers.push(*v),
                Field::Int(v) => numbers.push(f64::from(*v)),
                Field::Long(v) => numbers.push(*v as f64),
                Field::Str(s) => text.push(s.clone()),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    let mut data = Data::default();
    for (name, (numbers, text)) in columns {
        let coded = Factor::from_keys("", text.iter()).codes.iter().map(|&c| f64::from(c)).collect();
        data.set(&name, if text.is_empty() { numbers } else { coded });
    }
    data
}
