//! Where the link in a mail leads that stops such mails: one button, and then that it is so.

use super::api::stop_facts;
use crate::ui::{self, bell, problem_page};
use crate::{Reader, i18n as w};
use domain::TicketId;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The page of one link.
#[component]
pub fn StopPage() -> impl IntoView {
    let reader = Reader::current();
    let token = use_params_map().read_untracked().get("token").unwrap_or_default();
    Suspend::new(async move {
        match stop_facts(token).await {
            Ok((ticket, left)) => page(ticket, left, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
}

fn page(ticket: TicketId, left: bool, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    // A digest is about no one ticket.
    let of_all = ticket == TicketId(0);
    let title = if of_all { w::stop_all_title(l).to_owned() } else { w::stop_mail_title(l, ticket) };
    ui::set_title(title.clone());
    view! {
        <main id="inhoud" class="notice-page">
            <a class="brand" href="/" aria-label="Balie">{bell()}<span>"Balie"</span></a>
            <h1>{title}</h1>
            {if left {
                view! {
                    <p>{if of_all { w::stop_all_why(l).to_owned() } else { w::stop_mail_why(l, ticket) }}</p>
                    <form method="post"><button class="button" data-kind="primary">{w::stop_mail_do(l)}</button></form>
                }.into_any()
            } else {
                view! { <p role="status">{if of_all { w::stop_all_done(l).to_owned() } else { w::stop_mail_done(l, ticket) }}</p> }.into_any()
            }}
        </main>
    }
}
