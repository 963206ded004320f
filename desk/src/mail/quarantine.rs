//! Mail as admins see it: what was set aside and why, which mailboxes cannot be read, and the bytes of a mail as they came.

use super::{Failure, Mailbox, OutboundMessage, receive};
use crate::accounts::{Agent, random_hex};
use crate::audit::{self, Done};
use crate::notifications::preview;
use crate::{Desk, Result};
use domain::accounts::Language;
use domain::audit::Deed;
use domain::mail::MailReason;
use domain::permissions::Action;
use domain::time::Moment;
use domain::{DepartmentId, Fault, Field, IncomingId, Named, Refusal};
use store::mail::{Incoming, State};

/// Mails on one page.
const PAGE: u64 = 50;

/// How mail stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Mails that were set aside, newest first.
    pub aside: Vec<Incoming>,
    /// Mails that wait to be read, and how many were set aside in all.
    pub waiting: i64,
    #[allow(missing_docs)]
    pub set_aside: i64,
    /// Mails that wait to be sent.
    pub outgoing: i64,
    /// Mailboxes that cannot be read, with the reason and since when.
    pub failing: Vec<(String, String, Moment)>,
    /// The departments, and who their mails are from where it is not the desk.
    pub senders: Vec<(Named<DepartmentId>, Option<String>)>,
}

/// How many mails wait to be read, were set aside, and wait to be sent; for the measurements.
pub async fn queues(desk: &Desk) -> Result<(i64, i64, i64)> {
    let (waiting, set_aside) = store::mail::counts(desk.store()).await?;
    Ok((waiting, set_aside, store::notifications::waiting(desk.store()).await?))
}

/// How mail stands; the page of set-aside mails begins before one. For admins.
pub async fn standing(desk: &Desk, by: &Agent, before: Option<IncomingId>) -> Result<Standing> {
    by.session().require(Action::AdministerMail)?;
    let (waiting, set_aside, outgoing) = queues(desk).await?;
    let (scope, mut aside) = (by.session().scope(), store::mail::in_state(desk.store(), State::SetAside, before, PAGE).await?);
    for mail in &mut aside {
        let is_open = match (mail.ticket, mail.department) {
            (Some(ticket), _) => store::tickets::is_visible(desk.store(), &scope, ticket).await?,
            (None, Some(department)) => scope.opens(department),
            (None, None) => true,
        };
        // An admin who is not in a closed department does not read its mail; that there is one, and why, is told.
        if !is_open {
            let hidden = || "…".to_owned();
            (mail.sender, mail.subject) = (Some(hidden()), Some(hidden()));
            if let Some(MailReason::Doubtful { said }) = &mut mail.reason {
                *said = hidden();
            }
        }
    }
    Ok(Standing { aside, waiting, set_aside, outgoing, failing: store::mail::failing_mailboxes(desk.store()).await?, senders: senders(desk).await? })
}

async fn senders(desk: &Desk) -> Result<Vec<(Named<DepartmentId>, Option<String>)>> {
    let own = store::departments::senders(desk.store()).await?;
    let of = |id: DepartmentId| own.iter().find(|(department, _)| *department == id).map(|(_, sender)| sender.clone());
    Ok(store::departments::all(desk.store()).await?.into_iter().map(|department| (department.named.clone(), of(department.named.id))).collect())
}

/// Gives a department an address of its own that its mails come from, as `Name <address>`; the desk's where it is empty. For admins.
///
/// What is answered to that address has to reach a mailbox that is read.
pub async fn set_sender(desk: &Desk, by: &Agent, department: DepartmentId, sender: &str) -> Result<()> {
    by.session().require(Action::AdministerMail)?;
    let sender = domain::typed::line(sender);
    if !sender.is_empty() && (sender.len() > 200 || Mailbox::parse(&sender).is_none()) {
        return Err(Refusal::field(Field::Email, Fault::NotAnAddress).into());
    }
    let departments = store::departments::all(desk.store()).await?;
    let known = departments.iter().find(|known| known.named.id == department).ok_or(Refusal::NotFound)?;
    let was = store::departments::sender(desk.store(), department).await?.unwrap_or_default();
    let change = desk.store().begin().await?;
    store::departments::set_sender(&change, department, Some(sender.as_str()).filter(|sender| !sender.is_empty())).await?;
    if was != sender {
        audit::note(&change, by.session(), Done::new(Deed::SettingChanged, &known.named.name, None).changed(&was, &sender), desk.now()).await?;
    }
    Ok(change.commit().await?)
}

/// Lets a mail that was set aside be read again, as after a fix, or after its sender got an account. For admins.
pub async fn reread(desk: &Desk, by: &Agent, id: IncomingId) -> Result<()> {
    by.session().require(Action::AdministerMail)?;
    let change = desk.store().begin().await?;
    if !store::mail::reread(&change, id).await? {
        return Err(Refusal::NotFound.into());
    }
    change.commit().await?;
    desk.mail().arrived.notify_one();
    Ok(())
}

/// The bytes of a mail as they came: for staff who read the ticket it is on, and for admins what was set aside. What is of a department that is closed to them is not found.
pub async fn source(desk: &Desk, by: &Agent, id: IncomingId) -> Result<Vec<u8>> {
    by.session().require(Action::ReadMail)?;
    let mail = store::mail::find(desk.store(), id).await?.ok_or(Refusal::NotFound)?;
    let scope = by.session().scope();
    let is_open = match (mail.ticket, mail.department) {
        _ if !matches!(mail.state, State::Read | State::Quiet) && by.session().require(Action::AdministerMail).is_err() => false,
        (Some(ticket), _) => store::tickets::is_visible(desk.store(), &scope, ticket).await?,
        // A mail of no ticket that is not set aside is of before such mails were.
        (None, _) if by.session().require(Action::AdministerMail).is_err() => false,
        (None, Some(department)) => scope.opens(department),
        (None, None) => true,
    };
    if !is_open {
        return Err(Refusal::NotFound.into());
    }
    receive::raw(desk, &mail.file).await
}

/// Sends a mail with these words to who asks for it, as an example. Gives why it could not be sent. For admins.
pub async fn try_template(desk: &Desk, by: &Agent, l: Language, subject: &str, body: &str) -> Result<Result<(), String>> {
    let (subject, text, html) = preview(desk, by, l, subject, body).await?;
    let (settings, person) = (&desk.mail().settings, by.session().person());
    let letter = OutboundMessage {
        message_id: format!("{}@{}", &random_hex()?[..32], settings.sender.domain()),
        sender: settings.sender.clone(),
        from_name: settings.sender.name.clone(),
        to_name: person.name.clone(),
        to: person.email.clone(),
        reply_to: settings.sender.address.clone(),
        subject,
        text,
        html,
        list: format!("Balie <balie.{}>", settings.sender.domain()),
        ..OutboundMessage::default()
    };
    Ok(desk.mail().send(letter, desk.now()).await.map_err(|failure| match failure {
        Failure::Later(reason) | Failure::Never(reason) => reason,
    }))
}
