//! Mails that are about no ticket: the desk's own worries to admins, and a mail that was too large to its sender. Sent at once, past the queue: what they tell is on a screen too.

use super::letter::Foot;
use super::template::escaped;
use crate::mail::{Cause, Failure, OutboundMessage};
use crate::{Desk, Result};
use domain::EventNo;
use domain::accounts::{Language, Role};
use domain::time::{Moment, Zone};
use i18n as w;
use store::accounts::Account;

/// Tells admins what is wrong with a mailbox. Says whether one could be told.
pub(crate) async fn tell_admins(desk: &Desk, mailbox: &str, reason: &str) -> Result<bool> {
    let mut told = false;
    for admin in store::accounts::staff(desk.store()).await?.into_iter().filter(|person| person.role == Role::Admin) {
        let Some(account) = store::accounts::by_id(desk.store(), admin.id).await? else { continue };
        let l = account.language.unwrap_or_default();
        let link = format!("{}/mail", desk.mail().settings.base_url);
        told |= tell(desk, &account, &w::mailbox_fails(l, mailbox), &[reason, &link], w::mail_why_admin(l)).await?;
    }
    Ok(told)
}

/// Tells admins that nobody will be on call for a department from a moment on. Says whether a mail to one of them was taken.
pub(crate) async fn tell_of_gap(desk: &Desk, department: &str, from: Moment, zone: &Zone) -> Result<bool> {
    let mut told = false;
    for admin in store::accounts::staff(desk.store()).await?.into_iter().filter(|person| person.role == Role::Admin) {
        let Some(account) = store::accounts::by_id(desk.store(), admin.id).await? else { continue };
        let l = account.language.unwrap_or_default();
        let (link, when) = (format!("{}/on-call", desk.mail().settings.base_url), w::when::ahead(from, desk.now(), zone, l));
        told |= tell(desk, &account, &w::gap_subject(l, department), &[&w::gap_text(l, department, when), &link], w::mail_why_admin(l)).await?;
    }
    Ok(told)
}

/// Tells admins that events of the log could not be read, and were passed over.
pub(crate) async fn tell_of_unreadable(desk: &Desk, count: usize, first: EventNo) -> Result<()> {
    for admin in store::accounts::staff(desk.store()).await?.into_iter().filter(|person| person.role == Role::Admin) {
        let Some(account) = store::accounts::by_id(desk.store(), admin.id).await? else { continue };
        let l = account.language.unwrap_or_default();
        tell(desk, &account, w::log_unreadable_subject(l), &[&w::log_unreadable(l, count, first)], w::mail_why_admin(l)).await?;
    }
    Ok(())
}

/// Tells someone that a mail of theirs was too large.
pub(crate) async fn tell_too_large(desk: &Desk, account: &Account, subject: &str) -> Result<bool> {
    let (l, settings) = (account.language.unwrap_or_default(), &desk.mail().settings);
    let text = w::mail_too_large(l, subject, settings.max_mebibytes);
    tell(desk, account, w::mail_too_large_subject(l), &[&text, &settings.base_url], w::mail_why_sender(l)).await
}

/// Sends someone, who may have no account yet, a link to be used once. Says whether the next mail server took it.
pub(crate) async fn mail_link(desk: &Desk, l: Language, to: (&str, &str), subject: &str, text: &str, link: &str, why: &str) -> Result<bool> {
    let html = format!("<p>{}</p><p><a href=\"{link}\">{link}</a></p>", escaped(text).replace('\n', "<br>"));
    send(desk, l, to, subject, (&format!("{text}\n\n{link}"), &html), why).await
}

async fn tell(desk: &Desk, account: &Account, subject: &str, paragraphs: &[&str], why: &str) -> Result<bool> {
    let html: String = paragraphs.iter().map(|paragraph| format!("<p>{}</p>", escaped(paragraph))).collect();
    let to = (account.person.name.as_str(), account.person.email.as_str());
    send(desk, account.language.unwrap_or_default(), to, subject, (&paragraphs.join("\n\n"), &html), why).await
}

async fn send(desk: &Desk, l: Language, (name, address): (&str, &str), subject: &str, (text, html): (&str, &str), why: &str) -> Result<bool> {
    let sender = desk.mail().settings.sender.clone();
    let foot = Foot { l, link: None, can_open: true, take: None, why, stop: None };
    let letter = OutboundMessage {
        message_id: desk.mail().message_id()?,
        from_name: sender.name.clone(),
        to_name: name.to_owned(),
        to: address.to_owned(),
        reply_to: sender.address.clone(),
        subject: subject.to_owned(),
        text: foot.plain(text),
        html: foot.document(subject, html),
        cause: Cause::Receipt,
        list: format!("Balie <balie.{}>", sender.domain()),
        sender,
        ..OutboundMessage::default()
    };
    if let Err(Failure::Later(reason) | Failure::Never(reason)) = desk.mail().send(letter, desk.now()).await {
        tracing::warn!(reason, "a mail that is about no ticket could not be sent");
        return Ok(false);
    }
    Ok(true)
}
