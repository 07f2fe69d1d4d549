//! The figures, as a table for people and as JSON for programs.

use serde_json::{Value, json};

use crate::say;

/// One figure of the report.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) direct: Option<f64>,
    pub(crate) nginx: Option<f64>,
    pub(crate) signalbox: f64,
    /// Signalbox by nginx, the median over rounds.
    pub(crate) ratio: Option<f64>,
    /// The range of that ratio.
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) target: Target,
}

/// What a figure is held against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// At most as many times nginx.
    Ratio(f64),
    /// At most this.
    Most(f64),
    /// Told, not judged.
    None,
}

impl Figure {
    /// A figure of Signalbox alone.
    pub(crate) fn alone(name: &str, unit: &'static str, signalbox: f64, target: Target) -> Figure {
        Figure {
            name: name.to_owned(),
            unit,
            direct: None,
            nginx: None,
            signalbox,
            ratio: None,
            range: None,
            target,
        }
    }

    fn met(&self) -> Option<bool> {
        match self.target {
            Target::Ratio(most) => Some(self.ratio? <= most),
            Target::Most(most) => Some(self.signalbox <= most),
            Target::None => None,
        }
    }

    fn target(&self) -> String {
        match self.target {
            Target::Ratio(most) => format!("<= {most}x"),
            Target::Most(most) => format!("<= {most} {}", self.unit),
            Target::None => String::new(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit,
            "direct": self.direct,
            "nginx": self.nginx,
            "signalbox": self.signalbox,
            "ratio": self.ratio,
            "ratio_range": self.range,
            "target": self.target(),
            "met": self.met(),
        })
    }
}

/// Prints the table.
pub(crate) fn print(figures: &[Figure]) {
    let cell = |figure: Option<f64>| figure.map_or_else(String::new, rounded);
    say(format_args!(
        "\n{:<46}{:>9}{:>9}{:>10}  {:<20}{:<11}",
        "", "direct", "nginx", "signalbox", "ratio (range)", "target"
    ));
    for figure in figures {
        let ratio = match (figure.ratio, figure.range) {
            (Some(ratio), Some((low, high))) => format!("{ratio:.2} ({low:.2}-{high:.2})"),
            (Some(ratio), None) => format!("{ratio:.2}"),
            (None, _) => String::new(),
        };
        let met = match figure.met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        say(format_args!(
            "{:<46}{:>9}{:>9}{:>10}  {ratio:<20}{:<11}{met}",
            format!("{}, {}", figure.name, figure.unit),
            cell(figure.direct),
            cell(figure.nginx),
            rounded(figure.signalbox),
            figure.target(),
        ));
    }
}

/// The report as JSON.
pub(crate) fn json(figures: &[Figure], remarks: &[String], calls: &Value) -> Value {
    json!({
        "figures": figures.iter().map(Figure::json).collect::<Vec<_>>(),
        "system_calls_by_name": calls,
        "remarks": remarks,
    })
}

fn rounded(figure: f64) -> String {
    match figure.abs() {
        large if large >= 100.0 => format!("{figure:.0}"),
        middle if middle >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}
