//! A ticket's page: one address, and the reader's side of the counter decides which room it is in.

use super::api;
use super::{desk_ticket, portal_ticket};
use crate::ui::{self, problem_page};
use crate::{Reader, Returned};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};

/// A ticket's page.
#[component]
pub fn TicketPage() -> impl IntoView {
    let reader = Reader::current();
    let id = use_params_map().read_untracked().get("id").unwrap_or_default();
    if reader.visitor.is_none() {
        let next: String = id.chars().filter(char::is_ascii_digit).collect();
        return view! { <Redirect path=format!("/log-in?next=/tickets/{next}")/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let (sent, before) = (query.get("sent").is_some(), query.get("before").unwrap_or_default());
    let returned = Returned::of("reply");
    Suspend::new(async move {
        match api::ticket_view(id, returned.values("attachments"), before).await {
            Ok(view) => {
                ui::set_title(format!("#{} {}", view.ticket.id, view.ticket.subject));
                if reader.is_staff() { desk_ticket::page(view, &reader).into_any() } else { portal_ticket::page(view, sent, &reader).into_any() }
            }
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}
