//! The numbers behind the plots.

use super::plots::{Bar, meter};
use crate::i18n as w;
use crate::i18n::when::weekday;
use crate::ui::icon;
use domain::accounts::Language;
use domain::reports::{Figures, Share};
use domain::time::Span;
use leptos::prelude::*;

/// Below so many hundredths, a share wants a look.
const LOW: u32 = 90;

/// How long something took: "38 min", "5 u 20 min"; a dash where nothing did.
pub fn took(span: Option<Span>, l: Language) -> String {
    match span.map(|span| span.0.max(0) / 60_000) {
        None => "–".to_owned(),
        Some(minutes @ 0..60) => w::span_minutes(l, minutes),
        Some(minutes) => w::span_hours(l, minutes / 60, format!("{:02}", minutes % 60)),
    }
}

/// Bars as a table.
pub fn of_bars(bars: &[Bar], l: Language) -> impl IntoView + use<> {
    let rows: Vec<_> = bars
        .iter()
        .map(|bar| view! { <tr><th scope="row">{bar.name(l)}</th><td>{bar.opened}</td><td>{bar.solved}</td><td>{bar.backlog}</td></tr> })
        .collect();
    view! {
        <details class="numbers"><summary>{w::report_numbers(l)}</summary><div class="scroll" tabindex="0" role="group" aria-label=w::report_numbers(l)><table class="figures-table">
            <thead><tr><th scope="col">{w::report_period(l)}</th><th scope="col">{w::report_in(l)}</th><th scope="col">{w::report_out(l)}</th><th scope="col">{w::report_open(l)}</th></tr></thead>
            <tbody>{rows}</tbody></table></div></details>
    }
}

/// When tickets come in: a table that is its own plot.
pub fn heat(hours: &[Vec<u32>], l: Language) -> impl IntoView + use<> {
    let most = hours.iter().flatten().copied().max().unwrap_or_default().max(1);
    let head: Vec<_> = (0..24_u32)
        .map(|hour| {
            if hour % 3 == 0 {
                view! { <th scope="col">{hour}</th> }.into_any()
            } else {
                view! { <th scope="col"><span class="visually-hidden">{hour}</span></th> }.into_any()
            }
        })
        .collect();
    let rows: Vec<_> = hours
        .iter()
        .enumerate()
        .map(|(day, hours)| {
            let name = weekday(day as u8, l);
            let cells: Vec<_> = hours
                .iter()
                .enumerate()
                .map(|(hour, n)| {
                    let level = if *n == 0 { 0 } else { (n * 4).div_ceil(most) };
                    view! { <td data-l=level.to_string() title=w::report_hour(l, name, hour, n)>{(*n > 0).then(|| n.to_string())}</td> }
                })
                .collect();
            view! { <tr><th scope="row">{name.chars().take(2).collect::<String>()}</th>{cells}</tr> }
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label=w::report_heat(l)><table class="heat"><thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>
    }
}

/// A share as a bar and a number; what is low is marked by more than its colour.
pub fn share(share: Share, l: Language) -> impl IntoView + use<> {
    match share.percent() {
        None => view! { <span class="hint">{w::report_no_share(l)}</span> }.into_any(),
        Some(percent) => {
            let is_low = percent < LOW;
            view! {
                <div class="meter" data-low=is_low.then_some("")>{meter(percent)}<data value=percent.to_string()>{percent}"%"</data>{is_low.then(|| icon("arrow-down"))}</div>
                <span class="hint">{w::report_share_of(l, share.in_time, share.of)}</span>
            }
            .into_any()
        }
    }
}

/// Figures of one kind, a row for each.
pub fn of_groups(name: &'static str, rows: Vec<(String, Figures)>, l: Language) -> impl IntoView {
    let percent = |share: Share| share.percent().map_or("–".to_owned(), |percent| format!("{percent}%"));
    let rows: Vec<_> = rows
        .into_iter()
        .map(|(name, f)| {
            view! {
                <tr><th scope="row">{name}</th><td>{f.opened}</td><td>{f.solved}</td>
                    <td>{took(f.first_reply.median, l)}</td><td>{took(f.first_reply.p90, l)}</td><td>{percent(f.first_reply_share)}</td>
                    <td>{took(f.solution.median, l)}</td><td>{took(f.solution.p90, l)}</td><td>{percent(f.solution_share)}</td></tr>
            }
        })
        .collect();
    view! {
        <div class="scroll" tabindex="0" role="group" aria-label=name><table class="figures-table">
            <thead>
                <tr><td rowspan="2"></td><th scope="col" rowspan="2">{w::report_in(l)}</th><th scope="col" rowspan="2">{w::report_out(l)}</th><th scope="colgroup" colspan="3">{w::report_first_reply(l)}</th><th scope="colgroup" colspan="3">{w::report_solution(l)}</th></tr>
                <tr>{[0, 1].map(|_| view! { <th scope="col">{w::report_median(l)}</th><th scope="col">{w::report_p90(l)}</th><th scope="col">{w::report_in_time(l)}</th> })}</tr>
            </thead>
            <tbody>{rows}</tbody></table></div>
    }
}
