//! Targets: how soon a reply and a solution are due, by urgency, and where that is otherwise.

use super::api::{self, TargetTable};
use super::page::progress;
use crate::people::{notices, tabs};
use crate::ui::{self, Place, desk_frame, icon, problem_page};
use crate::{Reader, Returned, i18n as w};
use domain::accounts::Language;
use domain::hours::{Goal, TargetRule, Term, Unit};
use domain::tickets::Urgency;
use domain::{DepartmentId, Field, Named};
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// Targets, for admins.
#[component]
pub fn TargetsPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/targets"/> }.into_any();
    }
    let kept = use_query_map().read_untracked().get("kept").map(|_| w::kept(reader.language));
    ui::set_title(w::targets(reader.language));
    Suspend::new(async move {
        match api::targets_page().await {
            Ok(table) => page(table, kept, &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(table: TargetTable, kept: Option<&'static str>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let TargetTable { rules, departments, reckoning } = table;
    let (general, others): (Vec<_>, Vec<_>) = rules.into_iter().partition(|(rule, _)| rule.department.is_none() && rule.organisation.is_none());
    let name = move |id: DepartmentId, departments: &[Named<DepartmentId>]| {
        departments.iter().find(|d| d.id == id).map(|d| d.name.clone()).unwrap_or_default()
    };
    let fields: Vec<Field> = Goal::ALL.into_iter().map(Field::Target).chain([Field::Department, Field::Organisation, Field::Urgency]).collect();
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><h1>{w::targets(l)}</h1></header>
            {tabs("/targets", reader)}
            {notices(&["save_target"], &fields, kept, l)}
            {progress(reckoning, l)}
            <p class="hint">{w::targets_hint(l)}</p>
            {[Urgency::High, Urgency::Medium, Urgency::Low, Urgency::Question].iter().filter_map(|urgency| general.iter().find(|(rule, _)| rule.urgency == *urgency)).map(|(rule, _)| view! {
                <section class="panel settings" aria-labelledby=format!("h-{}", rule.urgency.word())>
                    <h2 id=format!("h-{}", rule.urgency.word())>{ui::urgency(rule.urgency, l)}</h2>{form(rule, None, &[], l)}</section>
            }).collect_view()}
            <section class="panel settings" aria-labelledby="h-others"><header><h2 id="h-others">{w::targets_others(l)}</h2><p class="hint">{w::targets_others_hint(l)}</p></header>
                {others.is_empty().then(|| view! { <p class="hint">{w::targets_others_none(l)}</p> })}
                <ul role="list" class="rows">{others.into_iter().map(|(rule, organisation)| {
                    let department = rule.department.map(|id| name(id, &departments));
                    let of = [department, organisation.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ");
                    let terms: Vec<String> = Goal::ALL.into_iter().filter_map(|goal| Some(format!("{}: {}", w::goal_title(goal, l), term(rule.target.of(goal)?, l)))).collect();
                    view! {
                        <li><div class="what"><b>{of}</b>" "{ui::urgency(rule.urgency, l)}<p class="hint">{terms.join(" · ")}{rule.target.around_the_clock.then(|| format!(" · {}", w::targets_around(l)))}</p></div>
                            <form method="post" action="/api/save_target"><input type="hidden" name="urgency" value=rule.urgency.word()/><input type="hidden" name="department" value=rule.department.map(|d| d.to_string()).unwrap_or_default()/>
                                <input type="hidden" name="organisation" value=organisation.unwrap_or_default()/><input type="hidden" name="remove" value="1"/>
                                <button class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=w::targets_remove(l)>{icon("x")}</button></form></li>
                    }
                }).collect_view()}</ul>
                <h3>{w::targets_add(l)}</h3>
                {form(&TargetRule { urgency: Urgency::Medium, department: None, organisation: None, target: Default::default() }, Some("new"), &departments, l)}
            </section>
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

/// "4 uur", "2 dagen".
fn term(term: Term, l: Language) -> String {
    match (term.unit(), term.n()) {
        (Unit::Minutes, n) => w::term_minutes(l, n.into()),
        (Unit::Hours, n) => w::term_hours(l, n.into()),
        (Unit::Days, n) => w::term_days(l, n.into()),
    }
}

/// The terms of an urgency; of a new rule also what it is for.
fn form(rule: &TargetRule, new: Option<&'static str>, departments: &[Named<DepartmentId>], l: Language) -> impl IntoView + use<> {
    let urgency = rule.urgency;
    let key = new.unwrap_or(urgency.word());
    let returned = Some(Returned::of("save_target")).filter(|r| r.problem.is_some() && r.value("of") == key);
    let problem = returned.as_ref().and_then(|r| r.problem.clone());
    let value = |goal: Goal| returned.as_ref().map_or_else(|| rule.target.of(goal).map(|t| term(t, l)).unwrap_or_default(), |r| r.value(goal.word()));
    let around = returned.as_ref().map_or(rule.target.around_the_clock, |r| !r.value("around_the_clock").is_empty());
    let typed = |name: &str| returned.as_ref().map(|r| r.value(name)).unwrap_or_default();
    let fault = |at: Field| problem.as_ref().and_then(|p| p.at(at, l));
    let goals: Vec<_> = Goal::ALL.into_iter().map(|goal| (goal, value(goal), fault(Field::Target(goal)))).collect();
    let (chosen, organisation, organisation_fault) = (typed("department"), typed("organisation"), fault(Field::Organisation));
    let picked = if returned.is_some() { typed("urgency") } else { urgency.word().to_owned() };
    view! {
        <form method="post" action="/api/save_target" class="form target"><input type="hidden" name="of" value=key/>
            {if new.is_some() {
                view! {
                    <div class="row">
                        <div class="field"><label for="new-urgency">{w::urgency(l)}</label><select class="select input" id="new-urgency" name="urgency">
                            {Urgency::FORM.map(|u| view! { <option value=u.word() selected=picked == u.word()>{w::urgency_word(u, l)}</option> })}</select></div>
                        <div class="field"><label for="new-department">{w::department(l)}</label><select class="select input" id="new-department" name="department"><option value="">{w::targets_every(l)}</option>
                            {departments.iter().map(|d| { let id = d.id.to_string(); view! { <option value=id.clone() selected=chosen == id>{d.name.clone()}</option> } }).collect_view()}</select></div>
                        <div class="field"><label for="new-organisation">{w::organisation(l)}</label><input class="input" id="new-organisation" name="organisation" value=organisation autocomplete="off" aria-invalid=organisation_fault.is_some().then_some("true") autofocus=organisation_fault.is_some() aria-describedby="new-organisation-fault"/>
                            {organisation_fault.map(|sentence| view! { <p class="error" id="new-organisation-fault">{icon("circle-alert")}<span>{sentence}</span></p> })}</div>
                    </div>
                }.into_any()
            } else {
                view! { <input type="hidden" name="urgency" value=urgency.word()/> }.into_any()
            }}
            <div class="row">{goals.into_iter().map(|(goal, value, fault)| {
                let (id, fault_id) = (format!("{key}-{}", goal.word()), format!("{key}-{}-fault", goal.word()));
                view! {
                    <div class="field"><label for=id.clone()>{w::goal_title(goal, l)}</label>
                        <input class="input" id=id name=goal.word() value=value maxlength="20" autocomplete="off" aria-invalid=fault.is_some().then_some("true") autofocus=fault.is_some() aria-describedby=fault.is_some().then(|| fault_id.clone())/>
                        {fault.map(|sentence| view! { <p class="error" id=fault_id>{icon("circle-alert")}<span>{sentence}</span></p> })}</div>
                }
            }).collect_view()}</div>
            <label class="check"><input type="checkbox" name="around_the_clock" value="1" checked=around/><span>{w::targets_around_check(l)}</span></label>
            <div class="row"><button class="button">{if new.is_some() { w::add(l) } else { w::keep(l) }}</button></div>
        </form>
    }
}
