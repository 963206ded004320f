//! Uploads: each file goes to the server the moment it is chosen, dropped or pasted, by itself, with its own progress; the form then only names it.

use crate::tickets::kept::{accept, key};
use crate::ui::{self, bytes, icon};
use crate::{Problem, Reader, i18n as w};
use domain::attachments::{ACCEPT, Attachment, FileName, Kind};
use gloo_file::{File, ObjectUrl};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::HashSet;
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, HtmlElement, HtmlFormElement, HtmlInputElement, ProgressEvent, XmlHttpRequest};

/// A file that was uploaded before, and came back with its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Kept {
    pub id: String,
    pub name: String,
    pub size: i64,
    pub image: bool,
}

impl From<Attachment> for Kept {
    fn from(file: Attachment) -> Self {
        Self { id: file.id.to_string(), name: file.name.as_str().to_owned(), size: file.size, image: file.image }
    }
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Busy {
        sent: f64,
    },
    /// Kept with a draft: whether the server still has it is being asked.
    Asked {
        id: String,
    },
    Done {
        id: String,
    },
    Failed {
        why: String,
        again: bool,
    },
}

#[derive(Clone)]
struct Row {
    key: u32,
    name: String,
    size: f64,
    image: bool,
    thumb: RwSignal<Option<String>>,
    state: RwSignal<State>,
    file: StoredValue<Option<File>, LocalStorage>,
    request: StoredValue<Option<XmlHttpRequest>, LocalStorage>,
}

/// The place in a form where files are chosen, dropped and pasted.
///
/// `draft` is the name under which the uploaded files are kept in this browser; `max` is the largest file in mebibytes.
#[island]
pub fn Uploads(kept: Vec<Kept>, max: u32, draft: String) -> impl IntoView {
    let l = Reader::current().language;
    let rows = RwSignal::new(kept.iter().enumerate().map(|(key, kept)| Row::kept(key as u32, kept)).collect::<Vec<_>>());
    let next = StoredValue::new(kept.len() as u32);
    let (over, set_over) = signal(false);
    let stopped = RwSignal::new(false);
    let said = RwSignal::new(String::new());
    let root = NodeRef::<leptos::html::Div>::new();

    let add = move |file: File| {
        let key = next.get_value();
        next.set_value(key + 1);
        let row = Row::chosen(key, file);
        rows.update(|rows| rows.push(row.clone()));
        send(row, max);
    };
    let begin = move |files: Vec<File>| {
        let names: Vec<String> = files.iter().map(File::name).collect();
        said.set(match names.as_slice() {
            [] => return,
            [name] => w::upload_begun(l, name),
            names => w::uploads_begun(l, names.len() as i64),
        });
        files.into_iter().for_each(add);
        changed(root);
    };
    let remove = move |row: Row| {
        if let Some(Some(request)) = row.request.try_update_value(Option::take) {
            let _ = request.abort();
        }
        if let State::Done { id } | State::Asked { id } = row.state.get_untracked() {
            leptos::task::spawn_local(async move {
                // Left where it is, it is swept away by itself.
                let _ = super::api::discard_upload(id).await;
            });
        }
        let at = rows.with_untracked(|rows| rows.iter().position(|other| other.key == row.key)).unwrap_or_default();
        rows.update(|rows| rows.retain(|other| other.key != row.key));
        said.set(w::upload_removed(l, &row.name));
        changed(root);
        set_timeout(move || focus_row(root, at), Duration::ZERO);
    };

    Effect::new(move |_| {
        let Some(form) = root.get().and_then(|root| root.closest("form").ok()?).and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        if kept.is_empty() {
            let kept = restore(&draft);
            let asked = kept.into_iter().map(|file| {
                let key = next.get_value();
                next.set_value(key + 1);
                let row = Row::kept(key, &file);
                row.state.set(State::Asked { id: file.id });
                row
            });
            let asked: Vec<Row> = asked.collect();
            rows.update(|rows| rows.extend(asked.iter().cloned()));
            ask(asked);
        }
        let draft = draft.clone();
        Effect::new(move |_| {
            let done: Vec<Kept> = rows.get().iter().filter_map(Row::done).collect();
            tick_screenshot(done.iter().any(|f| is_picture(&f.name)));
            ui::store(
                &format!("{}-files", key(&draft)),
                &if done.is_empty() { String::new() } else { serde_json::to_string(&done).unwrap_or_default() },
            );
        });
        send_after_uploads(&form, rows, stopped);
        announce(rows, said);
        // Wherever one is on the page: there is one place for files on it.
        ui::listen(&document(), "paste", move |event: ClipboardEvent| {
            let Some(data) = event.clipboard_data() else { return };
            let files = files_of(&data);
            // Cells of a sheet and text of a document bring a picture of themselves along: where text can be written, the text is meant.
            let is_text = is_text(&data, &files) && lands_in_text(&event);
            if !files.is_empty() && !is_text {
                event.prevent_default();
                begin(files);
            }
        });
        ui::listen(&form, "dragover", move |event: DragEvent| {
            event.prevent_default();
            set_over.set(true);
        });
        ui::listen(&form, "dragleave", move |_: DragEvent| set_over.set(false));
        ui::listen(&form, "drop", move |event: DragEvent| {
            event.prevent_default();
            set_over.set(false);
            begin(event.data_transfer().map(|data| files_of(&data)).unwrap_or_default());
        });
    });

    let choose = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
        begin(input.files().map(gloo_file::FileList::from).iter().flat_map(|files| files.iter()).cloned().collect());
        // The file went up already: sent again with the form it would come twice.
        input.set_value("");
    };
    view! {
        <div class="upload-area" node_ref=root>
            <div class="dropzone" data-over=move || over.get().then_some("")>
                <p>{w::drop_here(l)}" "<kbd>"Ctrl"</kbd>" "<kbd>"V"</kbd></p>
                <div class="actions">
                    <label class="button" data-size="small">{icon("folder-open")}{w::choose_files(l)}
                        <input class="visually-hidden" type="file" name="file" multiple accept=ACCEPT on:change=choose/>
                    </label>
                </div>
            </div>
            <p class="visually-hidden" role="status">{said}</p>
            <ul role="list" class="uploads" hidden=move || rows.with(Vec::is_empty)>
                <For each=move || rows.get() key=|row| row.key let:row>{upload_row(row, max, remove)}</For>
            </ul>
            {move || stopped.get().then(|| view! { <p class="error" role="alert">{icon("circle-alert")}<span>{w::files_not_there(l)}</span></p> })}
        </div>
    }
}

fn upload_row(row: Row, max: u32, remove: impl Fn(Row) + Copy + 'static) -> impl IntoView {
    let l = Reader::current().language;
    let (name, size) = (row.name.clone(), row.size);
    let word = move |state: &State| match state {
        State::Busy { sent } => format!("{}% · {}", percent(*sent, size), w::of_size(l, bytes(*sent as i64, l), bytes(size as i64, l))),
        State::Asked { .. } => bytes(size as i64, l),
        State::Done { .. } => format!("{} · {}", w::uploaded(l), bytes(size as i64, l)),
        State::Failed { why, .. } => why.clone(),
    };
    let state = row.state;
    let (again, gone, thumb) = (row.clone(), row.clone(), row.thumb);
    let is_unseen = {
        let row = row.clone();
        move || matches!(row.state.get(), State::Done { .. }) && is_picture(&row.name) && row.thumb.get().is_none()
    };
    view! {
        <li class="upload" data-state=move || match state.get() { State::Busy { .. } | State::Asked { .. } => "busy", State::Done { .. } => "done", State::Failed { .. } => "failed" }>
            <span class="thumb">{move || match thumb.get() {
                Some(address) => view! { <img src=address alt="" width="40" height="40"/> }.into_any(),
                None => icon("file-text").into_any(),
            }}</span>
            <div>
                <p class="file one-line">{name.clone()}</p>
                <p class="state">{move || matches!(state.get(), State::Done { .. }).then(|| icon("check"))}<span>{move || word(&state.get())}</span></p>
                {move || is_unseen().then(|| view! { <p class="state">{w::upload_unseen(l)}</p> })}
            </div>
            <div class="actions">
                {move || matches!(state.get(), State::Failed { again: true, .. }).then(|| {
                    let row = again.clone();
                    view! { <button type="button" class="button" data-size="small" on:click=move |_| send(row.clone(), max)>{icon("rotate-cw")}{w::again(l)}</button> }
                })}
                <button type="button" class="button" data-kind="quiet" data-icon-only="" data-size="small" aria-label=w::remove_file(l, &name) on:click=move |_| remove(gone.clone())>{icon("x")}</button>
            </div>
            {move || match state.get() {
                State::Busy { sent } => Some(view! { <progress class="progress" max="100" value=percent(sent, size).to_string() aria-label=name.clone()></progress> }.into_any()),
                State::Done { id } => Some(view! { <input type="hidden" name="attachments[]" value=id/> }.into_any()),
                State::Asked { .. } | State::Failed { .. } => None,
            }}
        </li>
    }
}

impl Row {
    fn kept(key: u32, kept: &Kept) -> Self {
        Self {
            key,
            name: kept.name.clone(),
            size: kept.size as f64,
            image: kept.image,
            thumb: RwSignal::new(kept.image.then(|| format!("/files/{}/thumb", kept.id))),
            state: RwSignal::new(State::Done { id: kept.id.clone() }),
            file: StoredValue::new_local(None),
            request: StoredValue::new_local(None),
        }
    }

    fn chosen(key: u32, file: File) -> Self {
        let image = file.raw_mime_type().starts_with("image/");
        // What the clipboard holds has no name of its own worth keeping.
        let name = if file.name().is_empty() { "schermafbeelding.png".to_owned() } else { file.name() };
        Self {
            key,
            name,
            size: file.size() as f64,
            image,
            thumb: RwSignal::new(None),
            state: RwSignal::new(State::Busy { sent: 0.0 }),
            file: StoredValue::new_local(Some(file)),
            request: StoredValue::new_local(None),
        }
    }

    fn id(&self) -> Option<String> {
        match self.state.get_untracked() {
            State::Done { id } | State::Asked { id } => Some(id),
            State::Busy { .. } | State::Failed { .. } => None,
        }
    }

    fn done(&self) -> Option<Kept> {
        match self.state.get() {
            State::Done { id } | State::Asked { id } => Some(Kept {
                id,
                name: self.name.clone(),
                size: self.size as i64,
                image: self.thumb.get().is_some_and(|t| !t.is_empty()) && self.image,
            }),
            _ => None,
        }
    }
}

/// Sends a file; what the server refuses is said at the file.
fn send(row: Row, max: u32) {
    let l = Reader::current().language;
    let fail = move |why: String, again: bool| ui::at_rest(move || row.state.set(State::Failed { why, again }));
    let Some(file) = row.file.get_value() else { return };
    if row.size > f64::from(max) * 1_048_576.0 {
        return fail(w::fault_too_large(l, max), false);
    }
    if row.image && row.thumb.get_untracked().is_none() {
        let address = ObjectUrl::from(file.clone());
        row.thumb.set(Some(address.to_string()));
        // Lives as long as the page shows it.
        std::mem::forget(address);
    }
    let Ok(request) = XmlHttpRequest::new() else { return fail(w::problem_unreachable(l).to_owned(), true) };
    let name = js_sys::encode_uri_component(&row.name);
    if request.open("POST", &format!("/uploads?name={name}")).is_err() {
        return fail(w::problem_unreachable(l).to_owned(), true);
    }
    row.state.set(State::Busy { sent: 0.0 });
    if let Ok(upload) = request.upload() {
        ui::listen(&upload, "progress", move |event: ProgressEvent| row.state.set(State::Busy { sent: event.loaded() }));
    }
    let answered = request.clone();
    ui::listen(&request, "load", move |_: ProgressEvent| {
        let text = answered.response_text().ok().flatten().unwrap_or_default();
        match serde_json::from_str::<Result<Attachment, Problem>>(&text) {
            Ok(Ok(file)) => {
                // The row is lower without its progress: it waits for what is pressed below.
                ui::at_rest(move || {
                    if !file.image {
                        row.thumb.set(None);
                    }
                    row.state.set(State::Done { id: file.id.to_string() });
                });
            }
            Ok(Err(problem)) => fail(problem.sentence(l), !matches!(problem, Problem::Refused(_))),
            Err(_) => fail(w::problem_unreachable(l).to_owned(), true),
        }
    });
    ui::listen(&request, "error", move |_: ProgressEvent| fail(w::upload_interrupted(l).to_owned(), true));
    row.request.set_value(Some(request.clone()));
    let blob: web_sys::Blob = AsRef::<web_sys::File>::as_ref(&file).clone().unchecked_into();
    if request.send_with_opt_blob(Some(&blob)).is_err() {
        fail(w::upload_interrupted(l).to_owned(), true);
    }
}

/// A form that is sent while files go up waits for them, and then goes by itself.
///
/// One that did not arrive stops it: the person sends it again or takes it away.
fn send_after_uploads(form: &HtmlFormElement, rows: RwSignal<Vec<Row>>, stopped: RwSignal<bool>) {
    let waits = std::rc::Rc::new(Cell::new(false));
    let busy = move || rows.get().iter().any(|row| matches!(row.state.get(), State::Busy { .. } | State::Asked { .. }));
    let failed = move || rows.get().iter().any(|row| matches!(row.state.get(), State::Failed { .. }));
    let (asked, target) = (waits.clone(), form.clone());
    ui::listen(form, "submit", move |event: web_sys::Event| {
        if untrack(failed) {
            event.prevent_default();
            stopped.set(true);
        } else if untrack(busy) {
            event.prevent_default();
            asked.set(true);
            let _ = target.set_attribute("aria-busy", "true");
        }
    });
    let form = form.clone();
    Effect::new(move |_| {
        let has_failed = failed();
        if !busy() && waits.replace(false) {
            let _ = form.remove_attribute("aria-busy");
            // Stops at the file by itself where one failed.
            let _ = form.request_submit();
        }
        if !has_failed {
            stopped.set(false);
        }
    });
}

/// Says what became of each upload, once: how far it is can be looked at.
fn announce(rows: RwSignal<Vec<Row>>, said: RwSignal<String>) {
    let l = Reader::current().language;
    // What was there before was said before.
    let told = StoredValue::new(rows.with_untracked(|rows| rows.iter().map(|row| row.key).collect::<HashSet<u32>>()));
    Effect::new(move |_| {
        for row in rows.get() {
            let news = match row.state.get() {
                State::Busy { .. } => None,
                // Of a draft: it was said when it was uploaded.
                State::Asked { .. } => {
                    told.update_value(|told| {
                        told.insert(row.key);
                    });
                    continue;
                }
                State::Done { .. } => Some(w::upload_done(l, &row.name)),
                State::Failed { why, .. } => Some(w::upload_failed(l, &row.name, why)),
            };
            let is_new = told.try_update_value(|told| if news.is_some() { told.insert(row.key) } else { !told.remove(&row.key) });
            if let Some(news) = news.filter(|_| is_new == Some(true)) {
                said.set(news);
            }
        }
    });
}

/// The files are others now: what was wrong with them may be mended.
fn changed(root: NodeRef<leptos::html::Div>) {
    root.get_untracked().iter().for_each(|root| ui::tell_changed(root));
}

/// After a file was removed the focus is at the next one, or where files are chosen.
fn focus_row(root: NodeRef<leptos::html::Div>, at: usize) {
    let Some(root) = root.get_untracked() else { return };
    let Ok(found) = root.query_selector_all(".upload .actions button:last-child") else { return };
    let next = found.item((at as u32).min(found.length().saturating_sub(1)));
    let next = next.and_then(|next| next.dyn_into::<HtmlElement>().ok());
    let choose = || root.query_selector("input[type=file]").ok()??.dyn_into().ok();
    if let Some(there) = next.or_else(choose) {
        let _ = there.focus();
    }
}

/// The screenshot check follows the images.
fn tick_screenshot(has_image: bool) {
    if let Some(check) = ui::find::<HtmlInputElement>("input[name=screenshot]").filter(|_| has_image) {
        check.set_checked(true);
        ui::tell_changed(&check);
    }
}

fn files_of(data: &DataTransfer) -> Vec<File> {
    data.files().map(|files| gloo_file::FileList::from(files).iter().cloned().collect()).unwrap_or_default()
}

/// Whether what is pasted is text that brings files along. Files alone may bring their names.
fn is_text(data: &DataTransfer, files: &[File]) -> bool {
    let text = data.get_data("text/plain").unwrap_or_default();
    let is_name = |line: &str| files.iter().any(|file| file.name() == line);
    text.lines().map(str::trim).any(|line| !line.is_empty() && !is_name(line))
}

/// Whether what is pasted lands where text is written.
fn lands_in_text(event: &ClipboardEvent) -> bool {
    let Some(element) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return false };
    element
        .matches("textarea, input:is(:not([type]), [type=text], [type=search], [type=url], [type=email], [type=tel]):not([readonly])")
        .unwrap_or(false)
}

fn is_picture(name: &str) -> bool {
    matches!(Kind::of(&FileName::clean(name)), Ok(Kind::Image(_)))
}

/// Asks whether the files that came back with a draft are still there: a form that names another one is refused.
fn ask(rows: Vec<Row>) {
    let l = Reader::current().language;
    let ids: Vec<String> = rows.iter().filter_map(Row::id).collect();
    if ids.is_empty() {
        return;
    }
    leptos::task::spawn_local(async move {
        let known = super::api::kept_uploads(ids).await;
        for row in rows {
            // It may have been taken away meanwhile.
            let Some(State::Asked { id }) = row.state.try_get_untracked() else { continue };
            row.state.set(match &known {
                Ok(known) if known.iter().all(|file| file.id.as_str() != id) => State::Failed { why: w::upload_gone(l).to_owned(), again: false },
                // Where nobody answers, the form finds out.
                _ => State::Done { id },
            });
        }
    });
}

fn restore(draft: &str) -> Vec<Kept> {
    accept();
    ui::stored(&format!("{}-files", key(draft))).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn percent(sent: f64, size: f64) -> u32 {
    if size > 0.0 { (sent / size * 100.0).clamp(0.0, 100.0) as u32 } else { 0 }
}
