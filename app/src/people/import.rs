//! Importing people and organisations: choosing a file, seeing what each row would do, and watching it happen.

use super::api::{self, ImportRow, ImportStage, Importing, Outcome};
use crate::ui::{self, Place, desk_frame, icon, number, problem_page};
use crate::{Problem, Reader, Returned, i18n as w};
use domain::Refusal;
use domain::accounts::Language;
use domain::import::Column;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_query_map;

/// Importing people, for admins.
#[component]
pub fn ImportPage() -> impl IntoView {
    let reader = Reader::current();
    if reader.visitor.is_none() {
        return view! { <Redirect path="/log-in?next=/people/import"/> }.into_any();
    }
    let query = use_query_map().read_untracked().clone();
    let (file, columns) = (query.get("file").unwrap_or_default(), query.get_all("column").unwrap_or_default());
    ui::set_title(w::import_title(reader.language));
    Suspend::new(async move {
        match api::import_facts(file.clone(), columns).await {
            Ok(facts) => page(facts, &file, None, &reader).into_any(),
            // What cannot be read is said above the form for another file.
            Err(problem @ Problem::Refused(Refusal::Fields(_))) => page(ImportStage::Nothing, "", Some(problem), &reader).into_any(),
            Err(problem) => problem_page(&problem).into_any(),
        }
    })
    .into_any()
}

fn page(facts: ImportStage, file: &str, problem: Option<Problem>, reader: &Reader) -> impl IntoView + use<> {
    let l = reader.language;
    let problem = problem.or_else(|| Returned::any().and_then(|returned| returned.problem.clone()));
    let inner = match facts {
        ImportStage::Nothing => choose(l).into_any(),
        ImportStage::Preview(preview) => look(*preview, file, l).into_any(),
        ImportStage::Running(running) => view! { <div data-live="import">{watch(&running, l)}</div> }.into_any(),
    };
    let inner = view! {
        <main id="inhoud" class="people-page">
            <header class="head"><a class="button" data-kind="quiet" data-icon-only="" data-size="small" href="/people" aria-label=w::people(l)>{icon("arrow-left")}</a><h1>{w::import_title(l)}</h1></header>
            {problem.map(|p| ui::refused(p.sentence(l)))}
            {inner}
        </main>
    };
    desk_frame(Place::People, reader, inner)
}

fn choose(l: Language) -> impl IntoView {
    view! {
        <form method="post" action="/api/upload_import" enctype="multipart/form-data" class="form panel settings">
            <p>{w::import_how(l)}</p>
            <p class="hint">{w::import_columns(l)}</p>
            <pre class="sample">"naam;e-mail;organisatie;key user;domeinen\nMarieke van Loon;m.vanloon@dewaalbouw.example;Bouwbedrijf De Waal;ja;dewaalbouw.example"</pre>
            <div class="field"><label for="file">{w::import_file(l)}</label><input class="input" id="file" type="file" name="file" accept=".csv,.txt,text/csv" required/></div>
            <div class="row"><button class="button" data-kind="primary">{icon("eye")}{w::import_look(l)}</button></div>
        </form>
    }
}

fn look(preview: api::ImportPreview, file: &str, l: Language) -> impl IntoView + use<> {
    let read = (!preview.lacks_columns).then(|| outcome(&preview, file, l));
    view! {
        {preview.lacks_columns.then(|| view! { <div class="banner" data-kind="error" role="alert">{icon("circle-alert")}<div class="text"><p>{w::fault_columns(l)}</p></div></div> })}
        {columns(preview.columns, file, l)}
        {read}
        <p><a class="button" href="/people/import">{w::import_other(l)}</a></p>
    }
}

fn column_word(column: Column, l: Language) -> &'static str {
    match column {
        Column::Name => w::name(l),
        Column::FirstName => w::import_first_name(l),
        Column::Infix => w::import_infix(l),
        Column::LastName => w::import_last_name(l),
        Column::Email => w::email(l),
        Column::Organisation => w::organisation(l),
        Column::KeyUser => w::import_key_user(l),
        Column::Domains => w::domains(l),
    }
}

/// What each column is read as, to be chosen otherwise: then the file is looked at again.
fn columns(columns: Vec<api::ImportColumn>, file: &str, l: Language) -> impl IntoView + use<> {
    let rows = columns.into_iter().enumerate().map(|(at, column)| {
        let id = format!("column-{at}");
        let options: Vec<_> = std::iter::once(("", w::import_unused(l)))
            .chain(Column::ALL.map(|one| (one.word(), column_word(one, l))))
            .map(|(word, name)| view! { <option value=word selected=column.read_as == word>{name}</option> })
            .collect();
        view! {
            <tr><td><label for=id.clone()>{column.heading}</label></td><td class="muted">{column.example}</td><td><select class="select input" id=id name="column">{options}</select></td></tr>
        }
    });
    view! {
        <form method="get" action="/people/import" class="panel settings" aria-labelledby="h-columns"><h2 id="h-columns">{w::import_columns_title(l)}</h2><p class="hint">{w::import_columns_hint(l)}</p>
            <input type="hidden" name="file" value=file.to_owned()/>
            <div class="table-wrap" tabindex="0" role="group" aria-label=w::import_columns_title(l)><table class="table">
                <thead><tr><th>{w::import_column(l)}</th><th>{w::import_example(l)}</th><th>{w::import_read_as(l)}</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody></table></div>
            <div class="row"><button class="button">{icon("eye")}{w::import_look_again(l)}</button></div>
        </form>
    }
}

/// What the import would do.
fn outcome(preview: &api::ImportPreview, file: &str, l: Language) -> impl IntoView + use<> {
    let figure = |n: usize, word: &'static str| view! { <div><dt>{word}</dt><dd>{number(n as i64, l)}</dd></div> };
    let (is_wrong, is_idle) = (preview.wrong > 0, preview.add + preview.change + preview.organisations == 0);
    let (more, any) = (preview.rows - preview.wrong > preview.shown.len(), !preview.shown.is_empty());
    let faulty = preview.wrong > preview.faulty.len();
    let chosen: Vec<_> =
        preview.columns.iter().map(|column| view! { <input type="hidden" name="columns[]" value=column.read_as.clone()/> }).collect();
    view! {
        <dl class="figures">{figure(preview.add, w::import_add(l))}{figure(preview.change, w::import_change(l))}{figure(preview.same, w::import_same(l))}{figure(preview.organisations, w::import_organisations(l))}{figure(preview.wrong, w::import_wrong(l))}</dl>
        {is_wrong.then(|| view! {
            <section class="panel settings" aria-labelledby="h-wrong"><h2 id="h-wrong">{w::import_wrong_title(l)}</h2><p class="hint">{w::import_wrong_hint(l)}</p>{table(preview.faulty.clone(), l)}
                {faulty.then(|| view! { <p class="hint">{w::import_more(l)}</p> })}</section>
        })}
        {(!is_wrong).then(|| view! {
            <form method="post" action="/api/begin_import"><input type="hidden" name="file" value=file.to_owned()/>{chosen}
                <button class="button" data-kind="primary" disabled=is_idle>{icon("upload")}{if is_idle { w::import_nothing(l) } else { w::import(l) }}</button></form>
        })}
        {any.then(|| view! { <section class="panel settings" aria-labelledby="h-rows"><h2 id="h-rows">{w::import_rows(l)}</h2>{table(preview.shown.clone(), l)}{more.then(|| view! { <p class="hint">{w::import_more(l)}</p> })}</section> })}
    }
}

fn table(rows: Vec<ImportRow>, l: Language) -> impl IntoView {
    view! {
        <div class="table-wrap" tabindex="0" role="group" aria-label=w::import_rows(l)><table class="table">
            <thead><tr><th>{w::import_line(l)}</th><th>{w::import_outcome(l)}</th><th>{w::name(l)}</th><th>{w::email(l)}</th><th>{w::organisation(l)}</th><th>{w::domains(l)}</th></tr></thead>
            <tbody>{rows.into_iter().map(|row| {
                let sentences = Problem::sentences(&row.faults, l);
                let was = |was: Option<String>| was.map(|was| view! { <p class="hint">{w::import_was(l, was)}</p> });
                view! {
                    <tr><td class="muted">{row.line.to_string()}</td>
                        <td>{match row.outcome {
                            Outcome::Add => view! { <span class="badge">{w::import_add(l)}</span> }.into_any(),
                            Outcome::Change => view! { <span class="badge">{w::import_change(l)}</span> }.into_any(),
                            Outcome::Same => view! { <span class="muted">{w::import_same(l)}</span> }.into_any(),
                            Outcome::Wrong => view! { <ul class="error" role="list">{sentences.into_iter().map(|sentence| view! { <li>{icon("circle-alert")}<span>{sentence}</span></li> }).collect_view()}</ul> }.into_any(),
                        }}</td>
                        <td>{row.name}{row.key_user.then(|| view! { " "<span class="tag">{w::key_user(l)}</span> })}{was(row.was.0)}{was(row.was_key_user.then(|| w::key_user(l).to_owned()))}</td><td>{row.email}</td>
                        <td>{row.organisation}{row.is_new_organisation.then(|| view! { " "<span class="tag">{w::import_new(l)}</span> })}{was(row.was.1)}</td><td>{row.domains}</td></tr>
                }
            }).collect_view()}</tbody></table></div>
    }
}

/// Looks again every second by itself, with or without JavaScript.
fn watch(running: &Importing, l: Language) -> impl IntoView + use<> {
    let (done, all) = (running.done, running.all);
    match &running.over {
        None => view! {
            {ui::look_again()}
            <section class="panel settings" aria-live="polite"><p>{w::import_running(l, all as i64, number(done as i64, l))}</p><progress class="progress-bar" value=done.to_string() max=all.max(1).to_string()>{w::import_running(l, all as i64, number(done as i64, l))}</progress></section>
        }
        .into_any(),
        Some(None) => view! {
            <section class="panel settings"><p role="status" class="done">{icon("check")}<span>{w::import_done(l, all as i64)}</span></p><p class="hint">{w::import_done_hint(l)}</p>
                <div class="row"><a class="button" data-kind="primary" href="/people">{w::people(l)}</a></div></section>
        }
        .into_any(),
        Some(Some(_)) => view! {
            <div class="banner" data-kind="error" role="alert">{icon("circle-alert")}<div class="text"><p>{w::import_failed(l)}</p></div></div>
            <p><a class="button" href="/people/import">{w::import_other(l)}</a></p>
        }
        .into_any(),
    }
}
