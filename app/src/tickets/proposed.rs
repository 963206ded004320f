//! Who was named for CC and does not read along yet.

use crate::ui::{escaped, icon};
use crate::{Reader, i18n as w};
use domain::{Named, OrganisationId, TicketId};
use leptos::prelude::*;

/// Each may be let in, or forgotten; staff can invite who has no account.
pub(super) fn proposed(
    ticket: TicketId,
    people: Vec<(String, String)>,
    organisation: Option<&Named<OrganisationId>>,
    reader: &Reader,
) -> impl IntoView + use<> {
    let l = reader.language;
    let organisation = organisation.map(|o| escaped(&o.name)).unwrap_or_default();
    let is_staff = reader.is_staff();
    view! {
        <h2>{w::cc_proposed(l)}</h2>
        {is_staff.then(|| view! { <p class="hint">{w::cc_proposed_hint(l)}</p> })}
        <ul role="list" class="persons">{people.into_iter().map(|(name, address)| {
            let shown = if name.is_empty() { address.clone() } else { name.clone() };
            let invite = format!("/people/new?organisation={organisation}&name={}&email={}", escaped(&name), escaped(&address));
            view! {
                <li><span class="one-line" title=address.clone()>{shown.clone()}</span>
                    {is_staff.then(|| view! { <a class="button" data-kind="quiet" data-icon-only="" data-size="small" href=invite aria-label=w::cc_invite(l, &shown)>{icon("user-plus")}</a> })}
                    {[("1", "check", w::cc_accept(l, &shown)), ("", "x", w::cc_forget(l, &shown))].map(|(accept, mark, word)| view! {
                        <form method="post" action="/api/answer_proposal" data-quiet=""><input type="hidden" name="ticket" value=ticket.to_string()/><input type="hidden" name="address" value=address.clone()/><input type="hidden" name="accept" value=accept/>
                            <button class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=word>{icon(mark)}</button></form>
                    })}</li>
            }
        }).collect_view()}</ul>
    }
}
