//! What stands around a page: the portal's bar, the desk's rail, the menu of the account, and pages that have nothing to show.

use super::{avatar, bell, icon};
use crate::accounts::zone;
use crate::{Problem, Reader, enhance, i18n as w, when};
use domain::Refusal;
use domain::accounts::{Language, Theme};
use domain::hours::Office;
use domain::tickets::Side;
use domain::time::Span;
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos::tachys::view::Position;

/// Where one is, for the mark in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Place {
    Home,
    Form,
    Ticket,
    Board,
    List,
    People,
    Reports,
    OnCall,
    Mail,
    Account,
}

/// Sets the title of the page in the browser's tab.
pub fn set_title(text: impl Into<String>) {
    // The head takes the text as it is: what a customer wrote must not end the title and go on as markup.
    let text = format!("{} · Balie", text.into()).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // A component without a place: it tells the head of the document.
    let _ = leptos_meta::Title(leptos_meta::TitleProps::builder().text(text).build());
}

/// A view as finished HTML, written in one go.
///
/// A page is rendered asynchronously, which boxes each part and copies it from buffer to buffer: that cost more than the page's query. Here everything that was
/// awaited is there already. Islands inside wake up as elsewhere; nothing else of a page is hydrated.
pub fn written(view: impl IntoView) -> InertElement {
    InertElement::new(view.into_view().to_html())
}

/// Views one after the other as finished HTML; none of them begins or ends in text. Each is written before the next is made, so that only one is in memory.
pub fn written_each<V: IntoView>(views: impl Iterator<Item = V>) -> InertElement {
    let mut html = String::new();
    views.for_each(|view| view.into_view().to_html_with_buf(&mut html, &mut Position::NextChild, true, false, vec![]));
    InertElement::new(html)
}

/// The portal's frame.
pub fn portal(place: Place, reader: &Reader, inner: impl IntoView) -> InertElement {
    portal_around(place, reader, written(inner))
}

fn portal_around(place: Place, reader: &Reader, inner: InertElement) -> InertElement {
    let l = reader.language;
    let here = |at: Place| (place == at).then_some("page");
    written(view! {
        <header class="portal-bar"><div class="inner">
            <a class="brand" href="/" aria-label="Balie">{bell()}<span>"Balie"</span></a>
            <nav aria-label=w::main_menu(l) class="wide-only"><a href="/" aria-current=here(Place::Home).unwrap_or("true")>{w::nav_tickets(l)}</a></nav>
            <div class="side">
                {account_menu(reader)}
                {(place != Place::Form && reader.visitor.is_some()).then(|| view! {
                    <a class="button" data-kind="primary" href="/tickets/new">{icon("plus")}{w::open_ticket(l)}</a>
                })}
            </div>
        </div></header>
        {inner}
        {zone::offer(reader)}
        <footer class="portal-foot">{language_forms(l)}</footer>
        <when::Times/>
        <enhance::Enhance/>
    })
}

/// The desk's frame.
pub fn desk_frame(place: Place, reader: &Reader, inner: impl IntoView) -> InertElement {
    desk_around(place, reader, written(inner))
}

fn desk_around(place: Place, reader: &Reader, inner: InertElement) -> InertElement {
    let l = reader.language;
    let item = |at: Place, href: &'static str, mark: &'static str, word: &'static str| {
        view! { <li><a class="item" href=href aria-current=(place == at).then_some("page")>{icon(mark)}<span>{word}</span></a></li> }
    };
    let needed = reader.visitor.as_ref().is_some_and(|v| v.is_needed);
    let mine = reader.visitor.as_ref().map(|v| format!("/board?assignee={}", v.id)).unwrap_or_default();
    written(view! {
        <div class="desk"><header class="rail">
            <a class="brand" href="/board" aria-label="Balie">{bell()}<span>"Balie"</span></a>
            <nav aria-label=w::main_menu(l)><ul>
                {item(Place::Board, "/board", "columns-3", w::nav_board(l))}
                {item(Place::List, "/list", "list", w::nav_list(l))}
                {item(Place::Reports, "/reports", "chart-no-axes-column", w::nav_reports(l))}
                {item(Place::OnCall, "/on-call", "bell", w::nav_on_call(l))}
                {item(Place::People, "/people", "users", w::nav_people(l))}
                {reader.is_admin().then(|| item(Place::Mail, "/mail", if needed { "circle-alert" } else { "mail" }, if needed { w::nav_mail_fails(l) } else { w::nav_mail(l) }))}
                <li class="phone-only">{account_menu(reader)}</li>
            </ul></nav>
            <nav aria-label=w::views(l) class="views"><h2>{w::views(l)}</h2><ul>
                <li><a class="item" href=mine>{icon("user")}<span>{w::view_mine(l)}</span></a></li>
                <li><a class="item" href="/board?assignee=nobody">{icon("user-x")}<span>{w::view_nobody(l)}</span></a></li>
                <li><a class="item" href="/board?urgency=high">{icon("circle-alert")}<span>{w::view_high(l)}</span></a></li>
            </ul></nav>
            <div class="foot wide-only">{reader.office.map(|office| stands(office, reader))}{account_menu(reader)}</div>
        </header>
        {inner}
        </div>
        {zone::offer(reader)}
        <when::Times/>
        <enhance::Enhance/>
    })
}

/// Whether the office is open, and until when.
fn stands(office: Office, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let (state, words) = match office {
        // Day and night.
        Office::Open(until) if until - reader.now > Span::days(60) => ("open", w::office_open(l).to_owned()),
        // One opens and another closes at other times: it is said of each where its tickets are.
        Office::Open(_) if reader.offices.differ(reader.now) => ("open", w::office_partly_open(l).to_owned()),
        Office::Open(until) => ("open", w::office_open_until(l, when::until(until, reader))),
        Office::Closed { until, .. } => ("closed", w::office_closed_until(l, when::until(until, reader))),
        Office::Never => ("closed", w::office_closed(l).to_owned()),
    };
    view! { <div class="line" data-live="office"><span class="dot" data-state=state></span><span class="text">{words}</span></div> }
}

/// The menu of one's account; a `details`, so that it opens without JavaScript.
fn account_menu(reader: &Reader) -> impl IntoView + use<> {
    let (l, theme) = (reader.language, reader.theme);
    let side = if reader.is_staff() { Side::Agent } else { Side::Customer };
    reader.visitor.clone().map(|visitor| {
        view! {
            <details class="menu-details">
                <summary class="button" data-kind="quiet" aria-label=w::account_menu(l, &visitor.name)>
                    {avatar(visitor.id, &visitor.name, side, "")}<span class="text wide-only">{visitor.name.clone()}</span>{icon("chevron-down")}
                </summary>
                <div class="menu">
                    <p class="group one-line">{visitor.email.clone()}</p>
                    <p class="group">{w::language(l)}</p>
                    {[(Language::Nl, "Nederlands"), (Language::En, "English")].map(|(language, name)| view! {
                        <form method="post" action="/api/prefer">
                            <button name="language" value=language.tag() lang=language.tag() aria-pressed=(language == l).to_string()>{icon(if language == l { "check" } else { "circle" })}{name}</button>
                        </form>
                    })}
                    <p class="group">{w::theme(l)}</p>
                    {[(Theme::System, w::theme_system(l)), (Theme::Light, w::theme_light(l)), (Theme::Dark, w::theme_dark(l))].map(|(choice, name)| view! {
                        <form method="post" action="/api/prefer">
                            <button name="theme" value=choice.word() aria-pressed=(choice == theme).to_string()>{icon(if choice == theme { "check" } else { "circle" })}{name}</button>
                        </form>
                    })}
                    <hr/>
                    <a href="/account">{icon("user")}{w::account(l)}</a>
                    <form method="post" action="/api/log_out"><button>{icon("log-out")}{w::log_out(l)}</button></form>
                </div>
            </details>
        }
    })
}

/// The other language, as a button in the foot.
pub fn language_forms(l: Language) -> impl IntoView {
    let (other, name) = if l == Language::Nl { (Language::En, "English") } else { (Language::Nl, "Nederlands") };
    view! {
        <form method="post" action="/api/prefer" class="language">
            <button class="link" name="language" value=other.tag() lang=other.tag()>{name}</button>
        </form>
    }
}

/// The page for an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    problem_page(&Problem::Refused(Refusal::NotFound))
}

/// A page that could not be shown, and why.
pub fn problem_page(problem: &Problem) -> impl IntoView + use<> {
    let reader = Reader::current();
    let l = reader.language;
    let title = match problem {
        Problem::Refused(Refusal::NotFound) => w::not_found_title(l),
        Problem::Refused(Refusal::NotAllowed) => w::not_allowed_title(l),
        _ => w::broken_title(l),
    };
    set_title(title);
    use_context::<NotFoundStatus>().iter().for_each(|status| (status.0)(problem));
    let home = if reader.is_staff() { "/board" } else { "/" };
    view! {
        <main id="inhoud" class="notice-page">
            <a class="brand" href=home aria-label="Balie">{bell()}<span>"Balie"</span></a>
            <h1>{title}</h1>
            <p>{problem.sentence(l)}</p>
            <a class="button" data-kind="primary" href=home>{w::to_start(l)}</a>
        </main>
    }
}

/// How a page says its status; the server gives it.
#[derive(Clone, Copy)]
pub struct NotFoundStatus(pub fn(&Problem));
