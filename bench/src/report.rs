//! Figures, the bars they are held against, and how both are printed.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::path::Path;

use crate::Outcome;

/// How a figure is held against its bar.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// It must be this much or more.
    AtLeast(f64),
    /// It must be this much or less.
    AtMost(f64),
}

/// One measured number.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Figure {
    pub what: String,
    pub value: f64,
    pub unit: &'static str,
    pub bar: Option<Bar>,
}

impl Figure {
    /// A number with its bar.
    pub fn new(what: impl Into<String>, value: f64, unit: &'static str, bar: Option<Bar>) -> Self {
        Self { what: what.into(), value, unit, bar }
    }

    /// Whether the bar is met, where there is one.
    pub fn is_met(&self) -> Option<bool> {
        self.bar.map(|bar| match bar {
            Bar::AtLeast(least) => self.value >= least,
            Bar::AtMost(most) => self.value <= most,
        })
    }
}

/// Latencies in microseconds.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet; up to two minutes, to three digits.
    pub fn new() -> Outcome<Self> {
        Ok(Self(Histogram::new_with_bounds(1, 120_000_000, 3)?))
    }

    /// Adds one.
    pub fn add(&mut self, micros: u128) {
        self.0.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX).max(1));
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency, in milliseconds, that this share in percent is not above.
    pub fn at(&self, percent: f64) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.value_at_percentile(percent) as f64 / 1_000.0 }
    }

    /// All that is told of them.
    pub fn summary(&self) -> Summary {
        Summary { p50_ms: self.at(50.0), p90_ms: self.at(90.0), p99_ms: self.at(99.0), p999_ms: self.at(99.9), max_ms: self.0.max() as f64 / 1_000.0 }
    }
}

/// Latencies in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Summary {
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub p999_ms: f64,
    pub max_ms: f64,
}

/// Prints a result as JSON.
pub fn print(result: &impl Serialize) {
    match serde_json::to_string_pretty(result) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("the result cannot be written: {error}"),
    }
}

/// Writes figures, with whether each bar is met, and the details they came from.
pub fn write(path: &Path, figures: &[Figure], details: &serde_json::Value) -> Outcome<()> {
    let rows: Vec<_> =
        figures.iter().map(|f| serde_json::json!({ "what": f.what, "value": f.value, "unit": f.unit, "bar": f.bar, "met": f.is_met() })).collect();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(&serde_json::json!({ "machine": machine(), "figures": rows, "details": details }))?;
    Ok(std::fs::write(path, text + "\n")?)
}

/// The figures as a Markdown table.
pub fn table(figures: &[Figure]) -> String {
    let mut out = "| what | measured | bar | met |\n|---|---|---|---|\n".to_owned();
    for figure in figures {
        let bar = match figure.bar {
            Some(Bar::AtLeast(n)) => format!("at least {} {}", number(n), figure.unit),
            Some(Bar::AtMost(n)) => format!("at most {} {}", number(n), figure.unit),
            None => "–".to_owned(),
        };
        let met = figure.is_met().map_or("–", |met| if met { "yes" } else { "**no**" });
        out.push_str(&format!("| {} | {} {} | {bar} | {met} |\n", figure.what, number(figure.value), figure.unit));
    }
    out
}

/// Processor, cores and memory of this machine.
fn machine() -> serde_json::Value {
    let read = |path: &str, key: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix(key).map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned())).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    serde_json::json!({ "processor": read("/proc/cpuinfo", "model name"), "cores": cores, "memory": read("/proc/meminfo", "MemTotal") })
}

/// Three digits that matter, thousands apart.
fn number(n: f64) -> String {
    if n.abs() < 100.0 {
        let text = format!("{n:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{:.0}", n.abs());
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0.0 { format!("-{out}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_or_not() {
        let figures = [
            Figure::new("a", 2_345.6, "requests/s", Some(Bar::AtLeast(2_000.0))),
            Figure::new("b", 15.04, "ms", Some(Bar::AtMost(15.0))),
            Figure::new("c", 0.5, "s", None),
        ];
        let table = table(&figures);
        assert!(table.contains("| a | 2,346 requests/s | at least 2,000 requests/s | yes |"), "{table}");
        assert!(table.contains("| b | 15.04 ms | at most 15 ms | **no** |") && table.contains("| c | 0.5 s | – | – |"), "{table}");
    }
}
