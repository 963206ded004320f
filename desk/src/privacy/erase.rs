//! Making a person anonymous: the account at once, then the texts, ticket by ticket, so that nobody waits for it.

use super::redact::Redactor;
use crate::accounts::Agent;
use crate::audit::{self, Done};
use crate::{Desk, Result};
use domain::accounts::{Role, Scope};
use domain::audit::Deed;
use domain::permissions::Action;
use domain::{Fault, Field, PersonId, Refusal, TicketId};
use std::collections::BTreeSet;
use store::privacy::{self, Erasure};

/// The domain of the addresses of people who are no more; no mail ever goes there (RFC 2606, section 2).
pub const ADDRESS_DOMAIN: &str = "erased.invalid";
/// Tickets after which it is written down how far an erasure is.
const TELL_EVERY: usize = 100;

/// What someone is called from then on.
pub fn name_of(id: PersonId) -> String {
    format!("Anoniem {id}")
}

/// Makes a person anonymous for good: their account, and then, in the background, every text that names them. Their tickets stay. `confirm` is their address as it was typed.
/// Refuses another address at its field, and to leave no admin. For admins.
pub async fn erase(desk: &Desk, by: &Agent, id: PersonId, confirm: &str) -> Result<()> {
    by.session().require(Action::ManagePrivacy)?;
    let now = desk.now();
    let mut change = desk.store().begin().await?;
    let account = store::people::locked(&change, id).await?.filter(|account| !account.erased).ok_or(Refusal::NotFound)?;
    let person = account.person;
    if confirm.trim().to_lowercase() != person.email {
        return Err(Refusal::field(Field::Confirmation, Fault::OtherAddress).into());
    }
    let (mut names, mut emails) = privacy::former(&change, id).await?;
    names.push(person.name);
    emails.push(person.email);
    for known in [&mut names, &mut emails] {
        known.retain(|text| !text.trim().is_empty());
        known.sort_unstable();
        known.dedup();
    }
    let erasure = Erasure { person: id, names, emails, done: 0, total: 0 };
    privacy::anonymise(&change, &erasure, &name_of(id), ADDRESS_DOMAIN, crate::zones::DEFAULT, now).await?;
    if person.role == Role::Admin && store::accounts::admins(&change).await? == 0 {
        return Err(Refusal::field(Field::Confirmation, Fault::LastAdmin).into());
    }
    store::mfa::remove_all(&change, id).await?;
    store::mfa::forget_identities(&change, id).await?;
    store::on_call::forget(&change, id).await?;
    store::tokens::remove_all(&change, id).await?;
    store::one_time_tokens::revoke(&change, id).await?;
    store::sessions::end_all(&mut change, id, None).await?;
    audit::note(&change, by.session(), Done::new(Deed::PersonErased, &name_of(id), Some(id)), now).await?;
    change.commit().await?;
    super::export::forget(desk, id).await;
    let desk = desk.clone();
    tokio::spawn(async move {
        // Waits for who is at it: they may have looked just before this one was there.
        let _alone = desk.erasing().lock().await;
        if let Err(error) = finish_all(&desk).await {
            tracing::warn!(%error, "an erasure was interrupted; it will go on");
        }
    });
    Ok(())
}

/// The erasures that are not done, with how far each is. For admins.
pub async fn erasures(desk: &Desk, by: &Agent) -> Result<Vec<Erasure>> {
    by.session().require(Action::ManagePrivacy)?;
    Ok(privacy::erasures(desk.store()).await?)
}

/// Goes on with every erasure that is not done; nothing where that is being done already.
pub async fn carry_on(desk: &Desk) -> Result<()> {
    let Ok(_alone) = desk.erasing().try_lock() else { return Ok(()) };
    finish_all(desk).await
}

/// One that fails does not hold up the others; the last failure is told.
async fn finish_all(desk: &Desk) -> Result<()> {
    let mut outcome = Ok(());
    for erasure in privacy::erasures(desk.store()).await? {
        let finished = finish(desk, &erasure).await;
        outcome =
            finished.inspect_err(|error| tracing::error!(%error, person = %erasure.person, "an erasure failed; it will be tried again")).and(outcome);
    }
    outcome
}

/// Takes a person out of every text. Whatever was done of it before is found done.
async fn finish(desk: &Desk, erasure: &Erasure) -> Result<()> {
    let (id, store) = (erasure.person, desk.store());
    let address = format!("anoniem-{id}@{ADDRESS_DOMAIN}");
    let redactor = Redactor::new(id, name_of(id), address, &erasure.names, &erasure.emails);
    let needles = Redactor::needles(&erasure.names, &erasure.emails);
    let theirs: BTreeSet<TicketId> = privacy::tickets_of(store, id).await?.into_iter().collect();
    let mut all: Vec<TicketId> = privacy::mentioning(store, &needles).await?;
    all.extend(&theirs);
    all.sort_unstable();
    all.dedup();
    for (done, ticket) in all.iter().enumerate() {
        crate::workers::beat();
        if done.is_multiple_of(TELL_EVERY) {
            let change = store.begin().await?;
            privacy::set_progress(&change, id, done as i64, all.len() as i64).await?;
            change.commit().await?;
        }
        let changed = redact_ticket(desk, &redactor, *ticket, theirs.contains(ticket)).await?;
        // The raw mails of their own tickets, and of each where a text named them: they cannot be read as texts.
        if changed || theirs.contains(ticket) {
            strip(desk, &redactor, erasure, privacy::mails_of_ticket(store, *ticket).await?).await?;
        }
    }
    strip(desk, &redactor, erasure, privacy::mails_of(store, &erasure.emails, &needles).await?).await?;
    for (organisation, notes) in privacy::notes(store, &needles).await? {
        if let Some(without) = redactor.text(&notes) {
            let change = store.begin().await?;
            privacy::set_notes(&change, organisation, &without).await?;
            change.commit().await?;
        }
    }
    let change = store.begin().await?;
    privacy::end_erasure(&change, id).await?;
    Ok(change.commit().await?)
}

/// Takes a person out of the texts of a ticket; says whether they were in them.
async fn redact_ticket(desk: &Desk, redactor: &Redactor, id: TicketId, is_on_it: bool) -> Result<bool> {
    let change = desk.store().begin().await?;
    let everything = Scope::system();
    let Some((mut ticket, _)) = store::tickets::lock(&change, &everything, id).await? else { return Ok(false) };
    let texts = privacy::texts(&change, id, redactor.person()).await?;
    let on = redactor.on_ticket(is_on_it, &texts.others);
    let mut changed = false;
    for (message, text, html, head) in &texts.messages {
        let (new_text, new_html, new_head) = (on.text(text), on.text(html), head.as_deref().and_then(|head| on.text(head)));
        if new_text.is_some() || new_html.is_some() || new_head.is_some() {
            changed = true;
            let (text, html) = (new_text.as_deref().unwrap_or(text), new_html.as_deref().unwrap_or(html));
            privacy::set_message(&change, *message, text, html, new_head.as_deref()).await?;
        }
    }
    for (n, what) in &texts.events {
        if let Some(without) = on.happening(what) {
            changed = true;
            privacy::set_event(&change, *n, &without).await?;
        }
    }
    // What this version cannot read may name them all the same.
    for (n, text) in &texts.unread {
        if let Some(without) = on.text(text) {
            changed = true;
            privacy::set_unread(&change, *n, &without).await?;
        }
    }
    for (file, name) in &texts.files {
        if let Some(without) = on.text(name) {
            changed = true;
            privacy::set_file_name(&change, file, &without).await?;
        }
    }
    let (subject, link) = (on.text(&ticket.subject), ticket.link.as_deref().and_then(|link| on.text(link)));
    if subject.is_some() || link.is_some() {
        changed = true;
        ticket.subject = subject.unwrap_or(ticket.subject);
        ticket.link = link.or(ticket.link);
        privacy::set_ticket(&change, id, &ticket.subject, ticket.link.as_deref()).await?;
    }
    // What is searched for names its people.
    if changed || is_on_it {
        store::search::index(&change, &ticket).await?;
        change.commit().await?;
    }
    Ok(changed)
}

/// Removes the bytes of mails that came in, and takes the person out of who sent them and what they were about.
async fn strip(desk: &Desk, redactor: &Redactor, erasure: &Erasure, mails: Vec<privacy::Mail>) -> Result<()> {
    for (id, file, sender, subject) in mails {
        let sender = sender.filter(|sender| !erasure.emails.contains(sender));
        let on = redactor.on_ticket(true, &[]);
        let subject = subject.map(|subject| on.text(&subject).unwrap_or(subject));
        // The bytes first: what is interrupted is found again by its row.
        if !file.is_empty() {
            remove_mail(desk, &file).await?;
        }
        let change = desk.store().begin().await?;
        privacy::strip_mail(&change, id, sender.as_deref(), subject.as_deref()).await?;
        change.commit().await?;
    }
    Ok(())
}

async fn remove_mail(desk: &Desk, file: &str) -> Result<()> {
    match tokio::fs::remove_file(desk.files().mail_path(file)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Removes the bytes of mails that no row has any more; gives how many.
pub(crate) async fn remove_mails(desk: &Desk, files: &[String]) -> Result<usize> {
    let mut removed = 0;
    for some in files.chunks(500) {
        for file in privacy::unused_mails(desk.store(), some).await? {
            remove_mail(desk, &file).await?;
            removed += 1;
        }
    }
    Ok(removed)
}
