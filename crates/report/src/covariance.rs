//! The covariance of a fit in the words of journals: "clustered by city", "聚类到城市层面的稳健标准误".
//!
//! Fits state it in full, `cluster:city (ssc fixest: K = 11 …, t with 39 degrees of freedom)`. A table says the first part
//! in words; the small-sample rule stands in `results.json`, among the methods of the report, and in the table's notes
//! where `conventions` asks for it.

use crate::words::Lang;

/// What follows "standard errors" in English, and the whole noun in Chinese; a covariance that is not known stands for
/// itself.
pub(crate) fn words(vcov: &str, lang: Lang, label: impl Fn(&str) -> String) -> String {
    let head = vcov.split(" (").next().unwrap_or_default().trim();
    let (name, argument) = head.split_once(':').map_or((head, ""), |(n, a)| (n, a.trim()));
    let ways: Vec<String> = argument.split('+').map(|way| crossed(way, &label)).collect();
    let lagged = |key: &str, with_lag: &str| match argument {
        "" => lang.say(key).to_owned(),
        lag => lang.with(with_lag, lag),
    };
    match name {
        "iid" => lang.say("errors_iid").into(),
        "hc0" | "hc1" | "hc2" | "hc3" => lang.with("errors_hc", &name.to_uppercase()),
        "cluster" => lang.with("errors_cluster", &ways.join(lang.say("and"))),
        "cr2" => lang.with("errors_cr2", &ways.join(lang.say("and"))),
        "crv3" => lang.with("errors_crv3", &ways.join(lang.say("and"))),
        "nw" => lagged("errors_nw", "errors_nw_lags"),
        "dk" => lagged("errors_dk", "errors_dk_lags"),
        "conley" => lang.with("errors_conley", argument.split(" km").next().unwrap_or(argument)),
        "Windmeijer" => lang.say("errors_windmeijer").into(),
        "robust, clustered by unit" => lang.say("errors_unit").into(),
        "inverse Hessian of the log-likelihood" => lang.say("errors_hessian").into(),
        "inverse outer product of the gradients" => lang.say("errors_opg").into(),
        _ => match head.strip_prefix("bootstrap of ") {
            Some(of) => lang.with("errors_bootstrap", of),
            None => lang.with("errors_other", head),
        },
    }
}

/// A way of clustering by its label; of `a^b` those of both.
fn crossed(way: &str, label: impl Fn(&str) -> String) -> String {
    let one = |name: &str| match label(name) {
        // Within a sentence `city` reads better than a label that is only its capital.
        label if label.eq_ignore_ascii_case(name) => name.to_owned(),
        label => label,
    };
    way.split('^').map(|name| one(name.trim())).collect::<Vec<_>>().join(" × ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_covariance_in_words() {
        let label = |name: &str| match name {
            "city" => "City".into(),
            "prov" => "Province".into(),
            other => other.to_owned(),
        };
        let say = |vcov: &str, lang| words(vcov, lang, label);
        let long = "cluster:city (ssc fixest: K = 11 (1 regressor + 10 of year), G = 40, t with 39 degrees of freedom)";
        assert_eq!(say(long, Lang::En), "clustered by city");
        assert_eq!(say("cluster:城市 (ssc fixest: …)", Lang::Zh), "聚类到城市层面的稳健标准误");
        assert_eq!(say("cluster:prov^year+city", Lang::En), "clustered by Province × year and city");
        assert_eq!(say("hc1 (ssc fixest: K = 2)", Lang::En), "robust to heteroskedasticity (HC1)");
        assert_eq!(say("hc3", Lang::Zh), "异方差稳健标准误（HC3）");
        assert_eq!(say("nw:3 (…)", Lang::En), "of Newey and West with 3 lags");
        assert_eq!(say("dk", Lang::Zh), "Driscoll–Kraay标准误");
        assert_eq!(say("conley:500 km, uniform kernel (…)", Lang::En), "of Conley within 500 km");
        assert_eq!(say("Windmeijer (2 steps), normal", Lang::Zh), "经Windmeijer修正的稳健标准误");
        assert_eq!(say("a new one (x)", Lang::En), "by a new one");
    }
}
