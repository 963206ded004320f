//! Plots as SVG, drawn by numbers alone: no script, and no style but classes.

use crate::i18n as w;
use crate::i18n::when::month;
use domain::accounts::Language;
use domain::reports::Day;
use domain::time::{date, weekday};
use leptos::prelude::*;

/// From so many days on, a bar is a week; from so many, a month.
const WEEKS: usize = 120;
const MONTHS: usize = 1_100;

/// Days that are drawn as one bar.
pub struct Bar {
    first: i64,
    days: i64,
    pub opened: u32,
    pub solved: u32,
    pub backlog: i64,
}

impl Bar {
    /// What it is called.
    pub fn name(&self, l: Language) -> String {
        let (year, m, day) = date(self.first);
        match self.days {
            1 => format!("{day} {}", month(m, l)),
            7 => w::report_week_of(l, format!("{day} {} {year}", month(m, l))),
            _ => format!("{} {year}", month(m, l)),
        }
    }
}

/// The bars of these days: a day each, or weeks or months where they are many.
pub fn bars(days: &[Day]) -> Vec<Bar> {
    let mut bars: Vec<Bar> = vec![];
    for day in days {
        let begins = match days.len() {
            0..WEEKS => true,
            WEEKS..MONTHS => weekday(day.number) == 0,
            _ => date(day.number).2 == 1,
        };
        match bars.last_mut() {
            Some(bar) if !begins => {
                bar.opened += day.opened;
                bar.solved += day.solved;
                bar.backlog = day.backlog;
            }
            _ => bars.push(Bar {
                first: day.number,
                days: if days.len() < WEEKS {
                    1
                } else if days.len() < MONTHS {
                    7
                } else {
                    30
                },
                opened: day.opened,
                solved: day.solved,
                backlog: day.backlog,
            }),
        }
    }
    bars
}

/// A round number that is no less: the top of a scale.
fn round(most: i64) -> i64 {
    let mut step = 1;
    loop {
        for n in [1, 2, 5] {
            if n * step * 2 >= most {
                return n * step * 2;
            }
        }
        step *= 10;
    }
}

const WIDTH: f64 = 960.0;

/// The names under the bars: so few that they do not touch.
fn names(bars: &[Bar], y: u32, l: Language) -> impl IntoView + use<> {
    let every = bars.len().div_ceil(8).max(1);
    let step = WIDTH / bars.len() as f64;
    let shown: Vec<_> = bars
        .iter()
        .enumerate()
        .filter(|(n, _)| n % every == every / 2)
        .map(|(n, bar)| {
            let (year, m, day) = date(bar.first);
            let text = if bar.days > 7 { format!("{} {year}", month(m, l)) } else { format!("{day} {}", month(m, l)) };
            view! { <text x=(step * (n as f64 + 0.5)).round().to_string() y=y.to_string() text-anchor="middle">{text}</text> }
        })
        .collect();
    shown
}

/// What came in, upwards, and what was resolved, downwards.
pub fn flow(bars: &[Bar], label: String, l: Language) -> impl IntoView + use<> {
    let top = round(bars.iter().map(|bar| i64::from(bar.opened.max(bar.solved))).max().unwrap_or(1).max(2));
    let (step, scale) = (WIDTH / bars.len().max(1) as f64, 96.0 / top as f64);
    let weekends: Vec<_> = bars
        .iter()
        .enumerate()
        .filter(|(_, bar)| bar.days == 1 && weekday(bar.first) >= 5)
        .map(|(n, _)| view! { <rect class="we" x=format!("{:.1}", step * n as f64) y="20" width=format!("{step:.1}") height="184"/> })
        .collect();
    let drawn: Vec<_> = bars
        .iter()
        .enumerate()
        .map(|(n, bar)| {
            let (x, width) = (format!("{:.1}", step * (n as f64 + 0.18)), format!("{:.1}", step * 0.64));
            let (up, down) = (f64::from(bar.opened) * scale, f64::from(bar.solved) * scale);
            view! {
                <g><title>{w::report_bar(l, bar.name(l), bar.opened, bar.solved)}</title>
                    <rect class="in" x=x.clone() y=format!("{:.1}", 119.0 - up) width=width.clone() height=format!("{up:.1}")/>
                    <rect class="out" x=x y="121" width=width height=format!("{down:.1}")/></g>
            }
        })
        .collect();
    view! {
        <svg class="flow" viewBox="0 0 1000 236" role="img" aria-label=label>
            {weekends}
            <path class="grid" d="M0 71H960M0 23H960M0 169H960M0 217H960"/>
            <text x="968" y="75">{top / 2}</text><text x="968" y="27">{top}</text><text x="968" y="173">{top / 2}</text><text x="968" y="221">{top}</text>
            {drawn}
            <path class="axis" d="M0 120H960"/>
            {names(bars, 234, l)}
        </svg>
    }
}

/// How many tickets were open, as a line over a filled area.
pub fn backlog(bars: &[Bar], today: i64, label: String, l: Language) -> impl IntoView + use<> {
    let known: Vec<&Bar> = bars.iter().filter(|bar| bar.first <= today).collect();
    let top = round(known.iter().map(|bar| bar.backlog).max().unwrap_or(1).max(2));
    let (step, scale) = (WIDTH / bars.len().max(1) as f64, 150.0 / top as f64);
    let at = |n: usize, bar: &Bar| (step * (n as f64 + 0.5), 170.0 - bar.backlog.max(0) as f64 * scale);
    let points: Vec<String> = known.iter().enumerate().map(|(n, bar)| at(n, bar)).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    let line = format!("M{}", points.join("L"));
    let ends = format!("V170H{:.1}Z", step / 2.0);
    let marks: Vec<_> = known
        .iter()
        .enumerate()
        .map(|(n, bar)| {
            let (x, y) = at(n, bar);
            view! { <g class="point"><title>{format!("{}: {}", bar.name(l), bar.backlog)}</title>
                <rect class="hit" x=format!("{:.1}", x - step / 2.0) y="20" width=format!("{step:.1}") height="150"/><circle cx=format!("{x:.1}") cy=format!("{y:.1}") r="3"/></g> }
        })
        .collect();
    view! {
        <svg class="flow" viewBox="0 0 1000 190" role="img" aria-label=label>
            <path class="grid" d="M0 20H960M0 95H960"/>
            <text x="968" y="24">{top}</text><text x="968" y="99">{top / 2}</text>
            {(!points.is_empty()).then(|| view! { <path class="area" d=format!("{line}{ends}")/><path class="line" d=line.clone()/> })}
            {marks}
            <path class="axis" d="M0 170H960"/>
            {names(bars, 186, l)}
        </svg>
    }
}

/// Of how many hundredths a share is.
pub fn meter(percent: u32) -> impl IntoView {
    view! {
        <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"/><rect class="val" width=percent.to_string() height="8"/></svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(many: usize) -> Vec<Day> {
        (0..many as i64).map(|n| Day { number: 20_000 + n, opened: 1, solved: 2, backlog: n }).collect()
    }

    #[test]
    fn no_ticket_is_lost_when_days_are_drawn_together() {
        for many in [1, 30, 119, 120, 365, 1_099, 1_100, 3_660] {
            let drawn = bars(&days(many));
            assert_eq!(drawn.iter().map(|bar| bar.opened as usize).sum::<usize>(), many);
            assert_eq!(drawn.last().unwrap().backlog, many as i64 - 1, "the last day counts");
            assert!(drawn.len() <= 160, "{many}");
        }
    }

    #[test]
    fn a_scale_ends_on_a_round_number() {
        assert_eq!([1, 2, 3, 11, 20, 21, 99, 101, 1_001].map(round), [2, 2, 4, 20, 20, 40, 100, 200, 2_000]);
    }
}
