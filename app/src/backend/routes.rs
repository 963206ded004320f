//! The document around every page, and the route table.

use super::Head;
use crate::{Reader, Returned, accounts, board, hours, i18n as w, mail, on_call, people, privacy, reports, tickets, ui};
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, StaticSegment, path};

/// The document with the page that was asked for. One type for all pages, so that they are compiled here and not where they are served.
pub fn document(head: &Head) -> AnyView {
    shell(head).into_any()
}

/// The pages, for listing their routes.
pub fn pages() -> AnyView {
    view! { <App/> }.into_any()
}

/// What stands around every page.
fn shell(head: &Head) -> impl IntoView + use<> {
    let reader = Reader::current();
    let theme = reader.theme.word();
    let told = serde_json::to_string(&reader).unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang=reader.language.tag() data-theme=theme data-room=reader.room() data-reader=told>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="preload" href="/fonts/archivo-latin.woff2" r#as="font" r#type="font/woff2" crossorigin=""/>
                {head.view(reader.is_staff())}
                {Returned::any().map(|returned| view! { <meta name="returned-to" content=returned.page.clone()/> })}
                <MetaTags/>
            </head>
            <body>
                <a class="skip" href="#inhoud">{w::skip_to_content(reader.language)}</a>
                <App/>
            </body>
        </html>
    }
}

/// The route table: every page there is.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <Routes fallback=ui::NotFound>
                <Route path=StaticSegment("") view=tickets::HomePage ssr=SsrMode::Async/>
                <Route path=path!("/log-in") view=accounts::LogInPage ssr=SsrMode::Async/>
                <Route path=path!("/log-in/forgot") view=accounts::ForgotPage ssr=SsrMode::Async/>
                <Route path=path!("/log-in/factor") view=accounts::FactorPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=accounts::SignUpPage ssr=SsrMode::Async/>
                <Route path=path!("/join/:token") view=accounts::JoinPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=accounts::AccountPage ssr=SsrMode::Async/>
                <Route path=path!("/account/address/:token") view=accounts::AddressPage ssr=SsrMode::Async/>
                <Route path=path!("/people") view=people::PeoplePage ssr=SsrMode::Async/>
                <Route path=path!("/people/import") view=people::ImportPage ssr=SsrMode::Async/>
                <Route path=path!("/people/:id") view=people::PersonPage ssr=SsrMode::Async/>
                <Route path=path!("/organisations") view=people::OrganisationsPage ssr=SsrMode::Async/>
                <Route path=path!("/organisations/:id") view=people::OrganisationPage ssr=SsrMode::Async/>
                <Route path=path!("/departments") view=people::DepartmentsPage ssr=SsrMode::Async/>
                <Route path=path!("/hours") view=hours::HoursPage ssr=SsrMode::Async/>
                <Route path=path!("/targets") view=hours::TargetsPage ssr=SsrMode::Async/>
                <Route path=path!("/reports") view=reports::ReportsPage ssr=SsrMode::Async/>
                <Route path=path!("/on-call") view=on_call::OnCallPage ssr=SsrMode::Async/>
                <Route path=path!("/on-call/take/:token") view=on_call::TakePage ssr=SsrMode::Async/>
                <Route path=path!("/security") view=people::SecurityPage ssr=SsrMode::Async/>
                <Route path=path!("/privacy") view=privacy::PrivacyPage ssr=SsrMode::Async/>
                <Route path=path!("/audit") view=people::AuditPage ssr=SsrMode::Async/>
                <Route path=path!("/tickets/new") view=tickets::NewTicketPage ssr=SsrMode::Async/>
                <Route path=path!("/tickets/:id") view=tickets::TicketPage ssr=SsrMode::Async/>
                <Route path=path!("/board") view=board::BoardPage ssr=SsrMode::Async/>
                <Route path=path!("/list") view=board::ListPage ssr=SsrMode::Async/>
                <Route path=path!("/mail") view=mail::MailPage ssr=SsrMode::Async/>
                <Route path=path!("/mail/words/:kind/:language") view=mail::MailWordsPage ssr=SsrMode::Async/>
                <Route path=path!("/mail/stop/:token") view=mail::StopPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
}
