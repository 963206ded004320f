//! A card on the board.

use crate::ui::{self, avatar, icon, nobody};
use crate::{Reader, due, i18n as w};
use domain::accounts::Language;
use domain::board::{COLUMNS, Card};
use domain::tickets::{Side, Status};
use domain::{Named, PersonId, TicketId};
use leptos::prelude::*;

/// Who changed a card just now, as a sentence.
pub(super) type Changed = Option<String>;

/// The card whose menu is open: two hundred menus that nobody opens would be most of the page.
pub(super) type OpenMenu = RwSignal<Option<TicketId>>;

/// A card.
pub(super) fn card(
    card: &Card,
    changed: Changed,
    menu: OpenMenu,
    staff: StoredValue<Vec<Named<PersonId>>>,
    reader: &Reader,
) -> impl IntoView + use<> {
    let l = reader.language;
    let id = card.id;
    let settled = card.status.is_settled();
    let organisation = card.organisation.as_ref().map_or(card.requester.name.clone(), |o| o.name.clone());
    let files = card.files;
    let assignee = card.assignee.as_ref().map(|a| a.id);
    let (time, fuse) = card.due.filter(|_| !settled).map(|due| due::fuse(&due, card.department.id, reader)).unzip();
    let on_menu = move |open: bool| match (open, menu.get_untracked() == Some(id)) {
        (true, false) => menu.set(Some(id)),
        (false, true) => menu.set(None),
        _ => {}
    };
    let version = card.version;
    let is_changed = changed.is_some();
    let status = card.status;
    view! {
        <article class="card" data-card=id.to_string() data-version=version.to_string() data-status=status.word() data-time=time data-unread=card.awaits_us().then_some("") data-settled=settled.then_some("") data-changed=is_changed.then_some("")>
            <div class="top"><span class="stub number">{format!("#{id}")}</span><span class="org one-line">{organisation}</span>{ui::urgency(card.urgency, l)}</div>
            <a class="subject two-lines" href=format!("/tickets/{id}") id=format!("c{id}") draggable="false">{card.subject.clone()}</a>
            <div class="foot">
                {due::left(card, reader)}
                <span class="marks">
                    {card.awaits_us().then(|| view! { <span class="unread" title=w::awaits_us(l)><span class="visually-hidden">{w::awaits_us(l)}</span></span> })}
                    {(files > 0).then(|| view! { <span title=w::card_files(l, files)>{icon("paperclip")}<span class="visually-hidden">{w::attachments(l)}": "</span>{files}</span> })}
                </span>
                {match &card.assignee {
                    Some(agent) => avatar(agent.id, &agent.name, Side::Agent, "small"),
                    None => nobody(l),
                }}
                <details class="card-menu script-only" on:toggle=move |event| on_menu(event_target::<web_sys::HtmlDetailsElement>(&event).open())>
                    <summary aria-label=w::card_menu(l, id)>{icon("ellipsis")}</summary>
                    {move || (menu.get() == Some(id)).then(|| staff.with_value(|staff| menu_of(id, status, assignee, staff, l)))}
                </details>
            </div>
            {changed.map(|text| view! { <div class="changed">{icon("arrow-right")}<span>{text}</span></div> })}
            {fuse}
        </article>
    }
}

fn menu_of(id: TicketId, status: Status, assignee: Option<PersonId>, staff: &[Named<PersonId>], l: Language) -> impl IntoView + use<> {
    let staff: Vec<_> = staff.iter().map(|p| (p.id.to_string(), p.name.clone(), assignee == Some(p.id))).collect();
    view! {
        <div class="menu">
            <p class="group">{w::move_to(l)}</p>
            {COLUMNS.into_iter().chain([Status::Closed]).map(|to| view! {
                <button type="button" aria-pressed=(to == status).to_string() data-move=to.word()>{icon(if to == status { "check" } else { "circle" })}{w::status_word(to, l)}</button>
            }).collect_view()}
            <div class="field">
                <label class="group" for=format!("a{id}")>{w::agent(l)}</label>
                <select class="select input" data-size="small" id=format!("a{id}") data-take=""><option value="" selected=assignee.is_none()>{w::nobody(l)}</option>
                    {staff.into_iter().map(|(value, name, chosen)| view! { <option value=value selected=chosen>{name}</option> }).collect_view()}</select>
            </div>
        </div>
    }
}
