//! What the screens about mail ask of the server.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]

use crate::Problem;
use domain::mail::MailReason;
use domain::time::Moment;
use domain::{DepartmentId, IncomingId, Named, TicketId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// How mail stands, for admins.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Standing {
    pub aside: Vec<Aside>,
    /// Where the next page of those begins.
    pub before: Option<IncomingId>,
    pub waiting: i64,
    pub set_aside: i64,
    pub outgoing: i64,
    /// Mailboxes that cannot be read: name, reason, since when.
    pub failing: Vec<(String, String, Moment)>,
    /// The departments, and who their mails are from where it is not the desk.
    pub senders: Vec<(Named<DepartmentId>, String)>,
    /// Who mails are from otherwise.
    pub sender: String,
    /// Workers of this server that do not work, and how many events of the log it cannot read.
    pub workers: Vec<String>,
    pub passed_over: usize,
}

/// A mail that was set aside.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Aside {
    pub id: IncomingId,
    pub source: String,
    pub sender: String,
    pub subject: String,
    pub size: i64,
    pub at: Moment,
    pub reason: Option<MailReason>,
    pub ticket: Option<TicketId>,
}

/// The words of a mail, and how a mail with them looks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Words {
    pub subject: String,
    pub body: String,
    /// Subject, text and HTML of an example; `None` where the words have a fault.
    pub example: Option<(String, String, String)>,
}

/// The ticket whose mails a link stops, and whether there is anything left to stop.
#[server(endpoint = "stop_facts")]
pub async fn stop_facts(token: String) -> Result<(TicketId, bool), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::StopMail)?;
    let found = desk::notifications::stoppable(&desk, &token).await.map_err(backend::report)?;
    found.ok_or_else(|| backend::report(Refusal::NotFound.into()))
}

/// How mail stands; `before` is where the page of set-aside mails begins.
#[server(endpoint = "mail_desk")]
pub async fn mail_desk(#[server(default)] before: String) -> Result<Standing, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::AdministerMail)?;
    let standing = desk::mail::standing(&desk, &me, before.parse().ok()).await.map_err(backend::report)?;
    let aside = |mail: desk::mail::Incoming| Aside {
        id: mail.id,
        source: mail.source,
        sender: mail.sender.unwrap_or_default(),
        subject: mail.subject.unwrap_or_default(),
        size: mail.size,
        at: mail.received_at,
        reason: mail.reason,
        ticket: mail.ticket,
    };
    Ok(Standing {
        before: standing.aside.last().map(|mail| mail.id).filter(|_| standing.aside.len() >= 50),
        aside: standing.aside.into_iter().map(aside).collect(),
        waiting: standing.waiting,
        set_aside: standing.set_aside,
        outgoing: standing.outgoing,
        failing: standing.failing,
        senders: standing.senders.into_iter().map(|(department, sender)| (department, sender.unwrap_or_default())).collect(),
        sender: desk.mail().settings.sender.to_string(),
        workers: desk.workers().report().into_iter().filter(|worker| worker.fault().is_some()).map(|worker| worker.name).collect(),
        passed_over: desk.store().passed_over().count(),
    })
}

/// Gives a department an address of its own that its mails come from; the desk's where it is empty.
#[server(endpoint = "set_sender")]
pub async fn set_sender(department: String, #[server(default)] sender: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::AdministerMail)?;
    let department = department.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::mail::set_sender(&desk, &me, department, &sender).await.map_err(backend::report)?;
    backend::go("/mail?kept=1");
    Ok(())
}

/// Reads a mail again that was set aside.
#[server(endpoint = "reread_mail")]
pub async fn reread_mail(id: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::AdministerMail)?;
    let id = id.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::mail::reread(&desk, &me, id).await.map_err(backend::report)?;
    backend::go("/mail");
    Ok(())
}

/// Sends a mail of a ticket again.
#[server(endpoint = "resend_mail")]
pub async fn resend_mail(ticket: String, id: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ChangeTicket)?;
    let unknown = || backend::report(Refusal::NotFound.into());
    let (ticket, id) = (ticket.parse().map_err(|_| unknown())?, id.parse().map_err(|_| unknown())?);
    desk::notifications::resend(&desk, &me, ticket, id).await.map_err(backend::report)
}

/// Begins to watch a ticket, or ends it: `on` is anything, or empty.
#[server(endpoint = "watch")]
pub async fn watch(ticket: String, #[server(default)] on: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::Watch)?;
    let ticket = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::notifications::watch(&desk, &me, ticket, !on.is_empty()).await.map_err(backend::report)
}

/// Names someone for CC by address: a colleague of the requester reads along at once, anyone else is proposed.
#[server(endpoint = "name_for_cc")]
pub async fn name_for_cc(ticket: String, #[server(default)] address: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::someone(Action::ChangeCc)?;
    let ticket = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::tickets::name_for_cc(&desk, &me, ticket, &address).await.map_err(backend::report)?;
    Ok(())
}

/// Lets someone who was proposed read the ticket, or forgets them: `accept` is anything, or empty.
#[server(endpoint = "answer_proposal")]
pub async fn answer_proposal(ticket: String, address: String, #[server(default)] accept: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, me) = backend::someone(Action::ChangeCc)?;
    let ticket = ticket.parse().map_err(|_| backend::report(Refusal::NotFound.into()))?;
    desk::tickets::answer_proposal(&desk, &me, ticket, &address, !accept.is_empty()).await.map_err(backend::report)
}

/// The words of a mail as they are, or as they were typed, with an example.
#[server(endpoint = "mail_words")]
pub async fn mail_words(kind: String, language: String, #[server(default)] typed: Option<(String, String)>) -> Result<Words, Problem> {
    use crate::backend;
    use desk::notifications::{preview, template};
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::AdministerMail)?;
    let (kind, l) = backend::words_of(&kind, &language).map_err(backend::report)?;
    let read = async {
        let (subject, body) = match typed {
            Some(typed) => typed,
            None => {
                let words = template(&desk, &me, kind, l).await?;
                (words.subject, words.body)
            }
        };
        let example = preview(&desk, &me, l, &subject, &body).await.ok();
        Ok(Words { subject, body, example })
    };
    read.await.map_err(backend::report)
}

/// Changes the words of a mail, goes back to Balie's own (`how` is `own`), or sends an example to who asks (`try`).
#[server(endpoint = "set_mail_words")]
pub async fn set_mail_words(
    kind: String,
    language: String,
    #[server(default)] subject: String,
    #[server(default)] body: String,
    #[server(default)] how: String,
) -> Result<(), Problem> {
    use crate::backend;
    use desk::notifications::{reset_template, set_template};
    use domain::permissions::Action;
    use domain::{Fault, Field, Refusal};
    let (desk, me) = backend::agent(Action::AdministerMail)?;
    let (found, l) = backend::words_of(&kind, &language).map_err(backend::report)?;
    let done = match how.as_str() {
        "own" => reset_template(&desk, &me, found, l).await,
        "try" => match desk::mail::try_template(&desk, &me, l, &subject, &body).await.map_err(backend::report)? {
            Ok(()) => Ok(()),
            Err(reason) => {
                tracing::warn!(reason, "an example could not be sent");
                Err(Refusal::field(Field::Email, Fault::Unsent).into())
            }
        },
        _ => set_template(&desk, &me, found, l, &subject, &body).await,
    };
    done.map_err(backend::report)?;
    let said = if how == "try" { "tried" } else { "kept" };
    backend::go(&format!("/mail/words/{kind}/{language}?{said}=1"));
    Ok(())
}
