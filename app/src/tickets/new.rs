//! The ticket form: labels in one column, answers in the other, nothing chosen beforehand, nothing typed ever lost.

use super::api::{self, Form};
use super::cc::{CcPicker, plain_cc};
use super::composer::Preview;
use super::draft::Draft;
use super::kept::KeptDrafts;
use super::promised::Promised;
use crate::attachments::Uploads;
use crate::ui::{self, Place, as_typed, fault, icon, portal, problem_page, urgency, urgency_meaning};
use crate::{Problem, Reader, Returned, i18n as w, when};
use domain::tickets::{MAX_LINK, MAX_STOPPED, MAX_SUBJECT, Urgency};
use domain::{Field, PersonId, Refusal};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use std::sync::Arc;

/// The name of the form's draft in the browser.
pub(super) fn draft_name(reader: &Reader) -> String {
    format!("balie-new-{}", reader.visitor.as_ref().map(|v| v.id.0).unwrap_or_default())
}

/// The form; who has no session logs in first and comes back.
#[component]
pub fn NewTicketPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/tickets/new"/> }.into_any();
    }
    let returned = Returned::of("open_ticket");
    ui::set_title(w::open_ticket(reader.language));
    Suspend::new(async move {
        match api::form_facts(returned.values("attachments"), returned.value("urgency"), returned.value("department")).await {
            Ok(form) => page(form, &returned, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(form: Form, returned: &Arc<Returned>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let problem = returned.problem.clone();
    let at = |field: Field| problem.as_ref().and_then(|p| p.at(field, l)).map(|_| "true");
    let value = |name: &str| returned.value(name);
    let chosen: Vec<PersonId> = returned.values("cc").iter().filter_map(|id| id.parse().ok()).collect();
    let (draft, picked, department) = (draft_name(reader), value("urgency"), value("department"));
    let email = reader.visitor.as_ref().map(|v| v.email.clone()).unwrap_or_default();
    let submission = Some(value("submission")).filter(|s| !s.is_empty()).unwrap_or(form.submission);
    let named: Vec<_> = form.departments.iter().map(|(named, _)| named.clone()).collect();
    let closed = when::closed(&form.closed, &named, reader);
    let fault_at = |field, id| fault(problem.as_ref(), field, id, l);
    let inner = view! {
            <main id="inhoud" class="portal form-page"><h1>{w::open_ticket(l)}</h1>
            <form class="form" method="post" action="/api/open_ticket" enctype="multipart/form-data" novalidate>
                <input type="hidden" name="submission" value=submission/>
                <KeptDrafts name=draft.clone()/>
                {problem.as_ref().map(|p| summary(p, l))}
                <div class="form-row"><div class="head"><label for="email">{w::email(l)}</label><p class="hint" id="email-hint">{w::email_hint(l)}</p></div>
                    <div class="body"><input class="input" id="email" type="email" value=email readonly aria-describedby="email-hint"/></div></div>

                <div class="form-row"><div class="head"><label for="cc">{w::add_cc(l)}" "<span class="optional">{w::optional(l)}</span></label><p class="hint" id="cc-hint">{w::cc_hint(l)}</p></div>
                    <div class="body"><CcPicker colleagues=form.colleagues.clone() chosen=chosen.clone() begun=value("cc_typed") fault=problem.as_ref().and_then(|p| p.at(Field::Cc, l)) draft=draft.clone()/>{plain_cc(&form.colleagues, &chosen)}</div></div>

                <fieldset class="form-row" aria-describedby="urgency-hint"><div class="head"><legend>{w::urgency(l)}</legend><p class="hint" id="urgency-hint">{w::urgency_hint(l)}</p></div>
                    <div class="body"><div class="choices" id="urgency" aria-invalid=at(Field::Urgency) aria-describedby="urgency-fault">
                        {Urgency::FORM.map(|u| view! {
                            <label><input type="radio" name="urgency" value=u.word() checked=picked == u.word() required/><span class="name">{urgency(u, l)}</span><span class="what">{urgency_meaning(u, l)}</span></label>
                        })}
                    </div>{fault_at(Field::Urgency, "urgency-fault")}
                    <div class="impact">
                        <div class="field"><label for="stopped">{w::stopped(l)}</label><input class="input" id="stopped" name="stopped" value=value("stopped") maxlength=MAX_STOPPED.to_string() autocomplete="off" aria-invalid=at(Field::Stopped) aria-describedby="stopped-fault stopped-hint"/>{fault_at(Field::Stopped, "stopped-fault")}<p class="hint" id="stopped-hint">{w::stopped_hint(l)}</p></div>
                        <div class="field"><label for="people">{w::people_stopped(l)}</label><input class="input" id="people" name="people" value=value("people") inputmode="numeric" maxlength="7" autocomplete="off" aria-invalid=at(Field::People) aria-describedby="people-fault"/>{fault_at(Field::People, "people-fault")}</div>
                    </div></div></fieldset>

                <div class="form-row"><div class="head"><label for="department">{w::department(l)}</label></div>
                    <div class="body"><select class="input select" id="department" name="department" required aria-invalid=at(Field::Department) aria-describedby="department-fault">
                        <option value="">{w::choose_department(l)}</option>
                        {form.departments.into_iter().map(|(d, _)| { let id = d.id.to_string(); view! { <option value=id.clone() selected=department == id>{d.name}</option> } }).collect_view()}
                    </select>{fault_at(Field::Department, "department-fault")}</div></div>

                <div class="form-row promise"><div class="head"><p class="label" id="promise-label">{w::promise_form(l)}</p></div>
                    <div class="body"><Promised promise=form.promise/>{(!form.closed.is_empty()).then(|| view! { <noscript><p class="hint">{closed}" "{w::board_some_closed_rule(l)}</p></noscript> })}</div></div>

                <div class="form-row"><div class="head"><label for="subject">{w::subject(l)}</label><p class="hint" id="subject-hint">{w::subject_hint(l)}</p></div>
                    <div class="body"><input class="input" id="subject" name="subject" value=value("subject") maxlength=MAX_SUBJECT.to_string() required autocomplete="off" aria-invalid=at(Field::Subject) aria-describedby="subject-fault subject-hint"/>{fault_at(Field::Subject, "subject-fault")}</div></div>

                <div class="form-row"><div class="head"><label for="description">{w::description(l)}</label><p class="hint" id="description-hint">{w::description_hint(l)}</p></div>
                    <div class="body"><div class="composer editor" aria-invalid=at(Field::Description)>
                        <Preview of="description".to_owned()/>
                        <textarea id="description" name="description" rows="8" required aria-invalid=at(Field::Description) aria-describedby="description-fault description-hint" inner_html=as_typed(&value("description"))></textarea>
                        <div class="tools"><span class="hint">{w::markdown_hint(l)}</span><span class="push"></span><Draft name=draft.clone()/></div>
                    </div>{fault_at(Field::Description, "description-fault")}</div></div>

                <div class="form-row"><div class="head"><label for="link">{w::link(l)}" "<span class="optional">{w::optional(l)}</span></label><p class="hint" id="link-hint">{w::link_hint(l)}</p></div>
                    <div class="body"><input class="input" id="link" name="link" type="url" inputmode="url" value=value("link") maxlength=MAX_LINK.to_string() aria-invalid=at(Field::Link) aria-describedby="link-fault link-hint"/>{fault_at(Field::Link, "link-fault")}</div></div>

                <div class="form-row" role="group" aria-labelledby="files-label" aria-describedby="files-hint"><div class="head"><p class="label" id="files-label">{w::attachments(l)}</p><p class="hint" id="files-hint">{w::attachments_hint(l, form.max_mebibytes)}</p></div>
                    <div class="body">
                        <div class="upload-field" id="attachments" aria-describedby="attachments-fault">
                            <Uploads kept=form.files max=form.max_mebibytes draft=draft/>
                            {fault_at(Field::Attachments, "attachments-fault")}
                        </div>
                        <label class="check"><input type="checkbox" id="screenshot" name="screenshot" value="on" checked=!value("screenshot").is_empty() aria-invalid=at(Field::ScreenshotCheck) aria-describedby="screenshot-fault"/><span>{w::screenshot_check(l)}</span></label>
                        {fault_at(Field::ScreenshotCheck, "screenshot-fault")}
                    </div></div>

                <div class="form-row foot"><div class="head"></div><div class="body">
                    <div class="submit"><button class="button" data-kind="primary">{w::submit(l)}</button></div>
                    <p class="hint script-only">{w::submit_hint(l)}</p>
                </div></div>
            </form></main>
    };
    portal(Place::Form, reader, inner)
}

/// What is still to be done, with a way to each field. It stands above them and has the focus.
fn summary(problem: &Problem, l: domain::accounts::Language) -> impl IntoView + use<> {
    let fields = problem.fields();
    let links: Vec<_> = fields.iter().filter_map(|f| place(*f, l)).collect();
    let text = match (problem, links.is_empty()) {
        (Problem::Refused(Refusal::Fields(_)), false) => w::still_to_do(l).to_owned(),
        _ => problem.sentence(l),
    };
    view! {
        <div class="error error-summary" role="alert" tabindex="-1" autofocus>{icon("circle-alert")}<span>{text}
            {links.into_iter().map(|(href, name)| view! { " "<a href=href>{name}</a> }).collect_view()}
        </span></div>
    }
}

fn place(field: Field, l: domain::accounts::Language) -> Option<(&'static str, &'static str)> {
    Some(match field {
        Field::Cc => ("#cc", w::add_cc(l)),
        Field::Urgency => ("#urgency", w::urgency(l)),
        Field::Stopped => ("#stopped", w::stopped(l)),
        Field::People => ("#people", w::people_stopped(l)),
        Field::Department => ("#department", w::department(l)),
        Field::Subject => ("#subject", w::subject(l)),
        Field::Description => ("#description", w::description_short(l)),
        Field::Link => ("#link", w::link(l)),
        Field::Attachments => ("#attachments", w::attachments(l)),
        Field::ScreenshotCheck => ("#screenshot", w::screenshot_short(l)),
        _ => return None,
    })
}
