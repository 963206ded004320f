//! Mail for admins: what was set aside and why, which mailboxes fail, and the words of the mails Balie writes.

use super::api::{self, Aside, Standing, Words};
use crate::ui::{self, Place, as_typed, bytes, desk_frame, fault, icon, number, problem_page, refused};
use crate::{Reader, Returned, i18n as w, when};
use domain::Field;
use domain::accounts::Language;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};

/// The mails that Balie writes, by the word of each.
const KINDS: [&str; 3] = ["receipt", "update", "staff"];

/// How mail stands.
#[component]
pub fn MailPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/mail"/> }.into_any();
    }
    let before = use_query_map().read_untracked().get("before").unwrap_or_default();
    ui::set_title(w::nav_mail(reader.language));
    Suspend::new(async move {
        match api::mail_desk(before).await {
            Ok(desk) => page(desk, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

/// What is wrong with this server.
fn trouble(text: String) -> impl IntoView {
    view! { <div class="banner" data-kind="error" role="alert">{icon("circle-alert")}<div class="text"><p>{text}</p></div></div> }
}

fn page(desk: Standing, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let notice = Returned::any().filter(|r| r.action != "set_sender").and_then(|r| r.problem.clone()).map(|p| p.sentence(l));
    let none = desk.aside.is_empty();
    let kept = use_query_map().read_untracked().get("kept").is_some() && notice.is_none();
    // A form that came back stands at its department.
    let typed = |department: String| Some(Returned::of("set_sender")).filter(|r| r.problem.is_some() && r.value("department") == department);
    let inner = view! {
        <main id="inhoud" class="mail-page">
            <h1>{w::nav_mail(l)}</h1>
            {notice.map(refused)}
            {desk.failing.into_iter().map(|(name, reason, since)| view! {
                <div class="banner" data-kind="error" role="alert">{icon("circle-alert")}<div class="text"><p><b>{w::mailbox_fails(l, &name)}</b>" "{reason}" · "{when::at_time(since, reader)}</p></div></div>
            }).collect_view()}
            {desk.workers.iter().map(|name| trouble(w::worker_down(l, name))).collect_view()}
            {(desk.passed_over > 0).then(|| trouble(w::log_passed_over(l, number(desk.passed_over as i64, l))))}
            <dl class="facts">
                <div><dt>{w::mail_waiting(l)}</dt><dd>{number(desk.waiting, l)}</dd></div>
                <div><dt>{w::mail_set_aside(l)}</dt><dd>{number(desk.set_aside, l)}</dd></div>
                <div><dt>{w::mail_outgoing(l)}</dt><dd>{number(desk.outgoing, l)}</dd></div>
            </dl>
            <section aria-labelledby="h-aside">
                <h2 id="h-aside">{w::mail_set_aside(l)}</h2>
                <p class="hint">{w::mail_set_aside_hint(l)}</p>
                {none.then(|| view! { <div class="empty">{icon("inbox")}<p>{w::mail_none_aside(l)}</p></div> })}
                <ul role="list" class="asides">{desk.aside.into_iter().map(|mail| aside(mail, reader)).collect_view()}</ul>
                {desk.before.map(|before| view! { <a class="more" href=format!("/mail?before={before}")>{w::older(l)}</a> })}
            </section>
            <section aria-labelledby="h-senders">
                <h2 id="h-senders">{w::mail_senders(l)}</h2>
                <p class="hint">{w::mail_senders_hint(l, &desk.sender)}</p>
                {kept.then(|| view! { <p role="status" class="hint">{w::mail_words_kept(l)}</p> })}
                <ul role="list" class="senders">{desk.senders.into_iter().map(|(department, sender)| view! {
                    <li><form method="post" action="/api/set_sender"><input type="hidden" name="department" value=department.id.to_string()/>
                        <label for=format!("sender-{}", department.id)>{department.name}</label>
                        {let returned = typed(department.id.to_string()); let at = format!("sender-fault-{}", department.id); view! {
                            <div class="field"><input class="input" id=format!("sender-{}", department.id) name="sender" value=returned.as_ref().map_or(sender, |r| r.value("sender")) placeholder=desk.sender.clone() maxlength="200"
                                aria-invalid=returned.is_some().then_some("true") autofocus=returned.is_some() aria-describedby=at.clone()/>
                                {returned.and_then(|r| r.problem.clone()).map(|p| view! { <p class="error" id=at>{icon("circle-alert")}<span>{p.at(Field::Email, l).unwrap_or_else(|| p.sentence(l))}</span></p> })}</div>
                        }}
                        <button class="button">{w::keep(l)}</button></form></li>
                }).collect_view()}</ul>
            </section>
            <section aria-labelledby="h-words">
                <h2 id="h-words">{w::mail_words(l)}</h2>
                <ul role="list" class="word-links">{KINDS.map(|kind| view! {
                    <li><span>{kind_name(kind, l)}</span>{[(Language::Nl, "Nederlands"), (Language::En, "English")].map(|(language, name)| view! {
                        <a class="button" data-size="small" href=format!("/mail/words/{kind}/{}", language.tag()) lang=language.tag()>{name}</a>
                    })}</li>
                })}</ul>
            </section>
        </main>
    };
    desk_frame(Place::Mail, reader, inner)
}

fn aside(mail: Aside, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let subject = if mail.subject.is_empty() { w::mail_no_subject(l).to_owned() } else { mail.subject };
    let sender = if mail.sender.is_empty() { w::mail_no_sender(l).to_owned() } else { mail.sender };
    view! {
        <li>
            <div class="what"><b class="one-line">{subject}</b><p class="hint one-line">{sender}" · "{when::at_time(mail.at, reader)}" · "{mail.source}" · "{bytes(mail.size, l)}
                {mail.ticket.map(|ticket| view! { " · "<a href=format!("/tickets/{ticket}")>"#"{ticket.to_string()}</a> })}</p>
                <p class="why">{icon("circle-alert")}<span>{mail.reason.map(|reason| w::mail_reason(&reason, l))}</span></p></div>
            <a class="button" data-size="small" href=format!("/mail/source/{}", mail.id)>{icon("file-text")}{w::mail_source(l)}</a>
            <form method="post" action="/api/reread_mail"><input type="hidden" name="id" value=mail.id.to_string()/><button class="button" data-size="small">{icon("rotate-cw")}{w::mail_reread(l)}</button></form>
        </li>
    }
}

fn kind_name(kind: &str, l: Language) -> &'static str {
    match kind {
        "receipt" => w::mail_kind_receipt(l),
        "update" => w::mail_kind_update(l),
        _ => w::mail_kind_staff(l),
    }
}

/// The words of one mail.
#[component]
pub fn MailWordsPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/mail"/> }.into_any();
    }
    let params = use_params_map().read_untracked().clone();
    let (kind, language) = (params.get("kind").unwrap_or_default(), params.get("language").unwrap_or_default());
    let query = use_query_map().read_untracked().clone();
    let done = match (query.get("kept"), query.get("tried")) {
        (Some(_), _) => Some(w::mail_words_kept(reader.language)),
        (_, Some(_)) => Some(w::mail_words_tried(reader.language)),
        _ => None,
    };
    ui::set_title(w::mail_words(reader.language));
    let returned = Returned::of("set_mail_words");
    Suspend::new(async move {
        let typed = returned.problem.is_some().then(|| (returned.value("subject"), returned.value("body")));
        match api::mail_words(kind.clone(), language.clone(), typed).await {
            Ok(words) => words_page(&kind, &language, words, done, &reader, &returned).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn words_page(kind: &str, language: &str, words: Words, done: Option<&'static str>, reader: &Reader, returned: &Returned) -> impl IntoView + use<> {
    let l = reader.language;
    let problem = returned.problem.as_ref();
    let at = |field: Field| problem.and_then(|p| p.at(field, l)).is_some().then_some("true");
    let other = problem.filter(|p| p.at(Field::Subject, l).is_none() && p.at(Field::Message, l).is_none()).map(|p| p.sentence(l));
    let done = done.filter(|_| problem.is_none());
    // A mail brings its own style, which the page's policy must know.
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    let inner = view! {
        <main id="inhoud" class="mail-page">
            <header class="dt-head"><a class="button" data-kind="quiet" data-icon-only="" data-size="small" href="/mail" aria-label=w::nav_mail(l)>{icon("arrow-left")}</a>
                <h1>{kind_name(kind, l)}" · "<span lang=language.to_owned()>{if language == "nl" { "Nederlands" } else { "English" }}</span></h1></header>
            {other.map(refused)}
            {done.map(|text| view! { <p role="status" class="hint">{text}</p> })}
            <div class="words-grid">
                <form method="post" action="/api/set_mail_words" class="words-form">
                    <input type="hidden" name="kind" value=kind.to_owned()/><input type="hidden" name="language" value=language.to_owned()/>
                    <div class="field"><label for="subject">{w::subject(l)}</label>
                        <input class="input" id="subject" name="subject" value=words.subject maxlength="200" required aria-invalid=at(Field::Subject) autofocus=at(Field::Subject).is_some() aria-describedby="subject-fault"/>{fault(problem, Field::Subject, "subject-fault", l)}</div>
                    <div class="field"><label for="body">{w::text(l)}</label>
                        <textarea class="input" id="body" name="body" rows="12" required aria-invalid=at(Field::Message) autofocus=at(Field::Message).is_some() aria-describedby="body-fault body-hint" inner_html=as_typed(&words.body)></textarea>{fault(problem, Field::Message, "body-fault", l)}
                        <p class="hint" id="body-hint">{w::mail_words_hint(l)}</p></div>
                    <div class="row"><button class="button" data-kind="primary">{w::keep(l)}</button>
                        <button class="button" name="how" value="try">{w::mail_words_try(l)}</button>
                        <button class="button" data-kind="quiet" name="how" value="own" formnovalidate="">{w::mail_words_own(l)}</button></div>
                </form>
                {words.example.map(|(subject, text, html)| view! {
                    <section class="example" aria-labelledby="h-example"><h2 id="h-example">{w::mail_example(l)}</h2>
                        <p><b>{subject}</b></p>
                        <iframe sandbox="" srcdoc=html.replace("<style>", &format!("<style nonce=\"{nonce}\">")) title=w::mail_example(l)></iframe>
                        <details><summary>{w::mail_as_text(l)}</summary><pre>{text}</pre></details>
                    </section>
                })}
            </div>
        </main>
    };
    desk_frame(Place::Mail, reader, inner)
}
