//! What was counted of similar questions, in a table.

use serde_json::Value;

use super::number;

/// A line for each route; nothing where nothing was counted.
pub(super) fn table(similar: &Value) -> Option<String> {
    let routes = similar["routes"].as_array().filter(|all| !all.is_empty())?;
    let name = |route: &Value| route["route"].as_str().unwrap_or_default().to_owned();
    let wide = routes.iter().map(|route| name(route).chars().count()).max();
    let wide = wide.unwrap_or(0).max("SIMILAR".len());
    let mut told = format!(
        "{:wide$}  {:>7}  {:>7}  {:>7}  {:>8}  {:>7}  {:>7}  {:>13}\n",
        "SIMILAR", "LOOKED", "REFUSED", "FOUND", "COMPARED", "WRONG", "RATE", "AT MOST (95%)"
    );
    for route in routes {
        let rate = route["wrong_percent"].as_f64();
        let at_most = route["wrong_at_most_percent"].as_f64();
        told += &format!(
            "{:wide$}  {:>7}  {:>7}  {:>7}  {:>8}  {:>7}  {:>7}  {:>13}\n",
            name(route),
            number(&route["looked"]),
            number(&route["refused"]),
            number(&route["found"]),
            number(&route["verified"]),
            number(&route["wrong"]),
            percent(rate),
            percent(at_most.filter(|_| rate.is_some())),
        );
    }
    Some(told)
}

/// Up, never down: a promise of at most so many must hold.
fn percent(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| {
        format!("{:.2}%", (value * 100.0 - 1e-6).max(0.0).ceil() / 100.0)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rate_is_told_only_where_answers_were_compared_and_never_too_low() {
        let route = |name: &str, verified: u64, rate: Option<f64>, at_most: f64| {
            json!({"route": name, "looked": 40, "refused": 3, "found": 12, "verified": verified, "wrong": 0,
                "wrong_percent": rate, "wrong_at_most_percent": at_most})
        };
        let routes = [
            route("fast", 12, Some(0.0), 24.2501),
            route("new", 0, None, 100.0),
        ];
        let told = table(&json!({ "routes": routes })).expect("a table");
        assert_eq!(
            told.lines().collect::<Vec<_>>(),
            [
                "SIMILAR   LOOKED  REFUSED    FOUND  COMPARED    WRONG     RATE  AT MOST (95%)",
                "fast          40        3       12        12        0    0.00%         24.26%",
                "new           40        3       12         0        0        –              –",
            ]
        );
        assert_eq!(table(&json!({"routes": []})), None);
        assert_eq!(table(&Value::Null), None);
    }
}
