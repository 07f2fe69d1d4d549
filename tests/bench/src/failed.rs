//! Why a run has no figures.

/// One sentence for a person.
pub(crate) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The middle of a list of figures; NaN when it is empty.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    match figures.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => figures[odd / 2],
        even => f64::midpoint(figures[even / 2 - 1], figures[even / 2]),
    }
}
