//! What a mail says: the messages, what changed, why one gets it, and how to answer.
//!
//! Invariant: what is told was within the reader's rights at the moment of sending.

use super::template::{self, Kind, Values, current, escaped};
use crate::mail::{Cause, OutboundMessage, Part, reply_address, secret};
use crate::{Desk, Error, Result, attachments, hours, mail, zones};
use domain::accounts::{Language, Scope};
use domain::events::{Event, Happening};
use domain::notifications::{Pace, Paces, Why};
use domain::tickets::Ticket;
use domain::{Field, TicketId};
use i18n as w;
use std::fmt::Write;
use store::accounts::Account;
use store::conversation::Words;
use store::notifications::Due;

/// Earlier mails a new one refers to, at most: enough for every mailbox to thread by.
const THREAD: usize = 10;
/// Tickets and events of one digest, at most; the rest is on the screen.
const DIGEST: usize = 200;

/// One thing that happened, as the mail tells it.
struct Section {
    head: String,
    words: Option<Words>,
}

/// The mail of a delivery, or why there is nothing to tell any more.
pub(crate) async fn letter(desk: &Desk, due: &Due) -> Result<Result<OutboundMessage, &'static str>> {
    let Some(account) = store::accounts::by_id(desk.store(), due.person).await? else { return Ok(Err("there is no such person")) };
    if account.disabled {
        return Ok(Err("the account is disabled"));
    }
    if store::notifications::address_failure(desk.store(), due.person).await?.is_some() {
        return Ok(Err("the address takes no mail"));
    }
    let told = store::notifications::told_by(desk.store(), due.id).await?;
    let scope = scope_of(desk, &account).await?;
    let told: Vec<(Event, Why)> = told.into_iter().filter(|(event, _)| scope.is_staff() || event.what.is_public()).collect();
    match due.ticket {
        Some(ticket) => about(desk, due, &account, &scope, ticket, told).await,
        None => digest(desk, due, &account, &scope, told).await,
    }
}

/// What a person may see now.
async fn scope_of(desk: &Desk, account: &Account) -> Result<Scope> {
    let person = &account.person;
    if person.role.is_staff() {
        return Ok(Scope::Desk { hidden: store::departments::hidden_from(desk.store(), person.id).await? });
    }
    Ok(Scope::Own(person.id))
}

async fn about(
    desk: &Desk,
    due: &Due,
    account: &Account,
    scope: &Scope,
    id: TicketId,
    told: Vec<(Event, Why)>,
) -> Result<Result<OutboundMessage, &'static str>> {
    let Some((ticket, _)) = store::tickets::find(desk.store(), scope, id).await? else { return Ok(Err("they may not read the ticket any more")) };
    let is_alarm = told.iter().any(|(_, why)| *why == Why::OnCall);
    let first = told.first().map(|(_, why)| if is_alarm { Why::OnCall } else { *why });
    let Some(why) = first else { return Ok(Err("there is nothing to tell")) };
    let (l, person) = (account.language.unwrap_or_default(), &account.person);
    let settings = &desk.mail().settings;
    let secret = secret(desk).await?;
    let sender = sender(desk, &ticket).await?;
    let link = format!("{}/tickets/{id}", settings.base_url);

    let mut sections = vec![];
    for (event, _) in &told {
        sections.push(section(desk, scope, event, l).await?);
    }
    // Whoever is woken by a later step reads what it is about; a customer whose ticket has another urgency, what may be expected now.
    if is_alarm && !told.iter().any(|(event, _)| matches!(event.what, Happening::Opened { .. })) {
        let words = store::conversation::message(desk.store(), id, None).await?;
        sections.push(Section { head: w::did_open(l, &ticket.requester.name), words });
    }
    let expect = async || -> Result<String> {
        let (book, now) = (hours::book(desk).await?, desk.now());
        let (promise, zone) = (book.promised(&ticket, now), zones::around(&account.time_zone, now));
        Ok(w::when::promise(&promise, now, &zone, book.elsewhere(&account.time_zone, now).as_deref(), l))
    };
    if !scope.is_staff() && told.iter().any(|(event, _)| matches!(event.what, Happening::UrgencyChanged { .. })) {
        sections.push(Section { head: expect().await?, words: None });
    }
    // Who came in by mail alone cannot log in; and the address may be another's, who is not to get what someone made up in their name.
    let can_open = store::people::has_joined(desk.store(), person.id).await?;
    if why == Why::Receipt && !can_open {
        sections.iter_mut().for_each(|section| section.words = None);
    }
    let kind = match why {
        Why::Receipt => Kind::Receipt,
        _ if scope.is_staff() => Kind::Staff,
        _ => Kind::Update,
    };
    let expect = if why == Why::Receipt { expect().await? } else { String::new() };
    let values = Values { name: first_name(&person.name), number: id.to_string(), subject: ticket.subject.clone(), link: link.clone(), expect };
    let template = current(desk, kind, l).await?;
    let (text, html) = template.around(&values, &plain(&sections, &settings.base_url, l), &markup(&sections, &settings.base_url, l));
    let stop = matches!(why, Why::Cc | Why::Watcher)
        .then(|| format!("{}/mail/stop/{}", settings.base_url, reply_address::token(secret, reply_address::Purpose::Stop, id, person.id)));
    let take = match is_alarm && store::on_call::running(desk.store(), id).await?.is_some() {
        true => Some(format!("{}/on-call/take/{}", settings.base_url, reply_address::token(secret, reply_address::Purpose::Take, id, person.id))),
        false => None,
    };
    let foot = Foot { l, link: Some((&link, id)), can_open, take: take.as_deref(), why: why_words(why, l), stop: stop.as_deref() };
    let subject = template.subject(&values);
    // A telephone can be told to ring for these.
    let organisation = ticket.organisation.as_ref().map(|o| format!(" ({})", o.name)).unwrap_or_default();
    let subject = if is_alarm { format!("{}{organisation}", w::push_title(l, &subject)) } else { subject };
    let files = small_files(desk, &sections).await?;
    Ok(Ok(OutboundMessage {
        message_id: due.message_id.clone(),
        thread: store::notifications::thread(desk.store(), id, person.id, &due.message_id, THREAD).await?,
        from_name: from_name(&told, &sender.name),
        to_name: person.name.clone(),
        to: person.email.clone(),
        reply_to: reply_address::reply_address(secret, &sender.address, id, person.id),
        text: foot.plain(&text),
        html: foot.document(&subject, &html),
        files,
        cause: match why {
            Why::Receipt => Cause::Receipt,
            // What tells staff of a ticket is a notice, whoever wrote on it; a customer reads what was written to them.
            _ if !scope.is_staff() && told.iter().any(|(event, _)| is_written(event)) => Cause::Person,
            _ => Cause::Event,
        },
        list: format!("Ticket {id} <{id}.tickets.{}>", sender.domain()),
        stop,
        subject,
        sender,
    }))
}

async fn digest(desk: &Desk, due: &Due, account: &Account, scope: &Scope, told: Vec<(Event, Why)>) -> Result<Result<OutboundMessage, &'static str>> {
    if account.paces == Paces::all(Pace::Off) {
        return Ok(Err("they want no mail any more"));
    }
    let (l, settings) = (account.language.unwrap_or_default(), &desk.mail().settings);
    let (mut text, mut html, mut tickets) = (String::new(), String::new(), vec![]);
    for (event, _) in told.iter().take(DIGEST) {
        if !tickets.contains(&event.ticket) {
            tickets.push(event.ticket);
        }
    }
    let mut seen = 0;
    for id in tickets {
        let Some((ticket, _)) = store::tickets::find(desk.store(), scope, id).await? else { continue };
        seen += 1;
        let link = format!("{}/tickets/{id}", settings.base_url);
        // Writing to a string cannot fail.
        let _ = write!(text, "#{id} {}\n{link}\n", ticket.subject);
        let _ = write!(html, "<p><a href=\"{}\"><strong>#{id} {}</strong></a></p><ul>", escaped(&link), escaped(&ticket.subject));
        for (event, _) in told.iter().filter(|(event, _)| event.ticket == id) {
            let sentence = w::sentence(event, l);
            let _ = writeln!(text, "- {sentence}");
            let _ = write!(html, "<li>{}</li>", escaped(&sentence));
        }
        text.push('\n');
        html.push_str("</ul>");
    }
    if seen == 0 {
        return Ok(Err("there is nothing to tell"));
    }
    let sender = settings.sender.clone();
    let subject = w::mail_digest_subject(l, seen as i64);
    let head = w::mail_digest_head(l);
    let token = reply_address::token(secret(desk).await?, reply_address::Purpose::Stop, TicketId(0), account.person.id);
    let stop = format!("{}/mail/stop/{token}", settings.base_url);
    let foot = Foot { l, link: None, can_open: true, take: None, why: w::mail_why_digest(l), stop: Some(&stop) };
    Ok(Ok(OutboundMessage {
        message_id: due.message_id.clone(),
        from_name: sender.name.clone(),
        to_name: account.person.name.clone(),
        to: account.person.email.clone(),
        reply_to: sender.address.clone(),
        text: foot.plain(&format!("{head}\n\n{text}")),
        html: foot.document(&subject, &format!("<p>{}</p>{html}", escaped(head))),
        list: format!("Digest <digest.{}>", sender.domain()),
        stop: Some(stop.clone()),
        subject,
        sender,
        ..OutboundMessage::default()
    }))
}

/// Who the mail of a ticket is from: its department's mailbox, where it has one.
async fn sender(desk: &Desk, ticket: &Ticket) -> Result<mail::Mailbox> {
    let own = store::departments::sender(desk.store(), ticket.department.id).await?;
    Ok(own.and_then(|text| mail::Mailbox::parse(&text)).unwrap_or_else(|| desk.mail().settings.sender.clone()))
}

async fn section(desk: &Desk, scope: &Scope, event: &Event, l: Language) -> Result<Section> {
    let who = event.by.as_ref().map_or(w::balie(l), |by| by.name.as_str());
    let changed = (w::sentence(event, l), None);
    let (head, which) = match &event.what {
        Happening::Opened { .. } => (w::did_open(l, who), Some(None)),
        Happening::Replied { message, .. } => (w::mail_replied(l, who), Some(Some(*message))),
        Happening::Noted { message, .. } => (w::mail_noted(l, who), Some(Some(*message))),
        Happening::StatusChanged { .. } | Happening::Assigned { .. } | Happening::UrgencyChanged { .. } | Happening::DepartmentChanged { .. } => {
            changed
        }
        Happening::CcAdded { .. } | Happening::CcRemoved { .. } | Happening::Tagged { .. } | Happening::Untagged { .. } => changed,
        Happening::Continued { .. } | Happening::TargetNear { .. } | Happening::TargetMissed { .. } => changed,
        Happening::Alarmed { .. } | Happening::Acknowledged => changed,
    };
    let words = match which {
        Some(which) => store::conversation::message(desk.store(), event.ticket, which).await?,
        None => None,
    };
    Ok(Section { head, words: words.filter(|words| scope.is_staff() || !words.note) })
}

fn first_name(name: &str) -> String {
    name.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The one who did it, at this desk; the desk alone where it was several.
fn from_name(told: &[(Event, Why)], desk: &str) -> String {
    let mut names: Vec<&str> = told.iter().filter_map(|(event, _)| event.by.as_ref()).map(|by| by.name.as_str()).collect();
    names.dedup();
    match names[..] {
        [one] if !told.iter().any(|(_, why)| *why == Why::Receipt) => format!("{one} via {desk}"),
        _ => desk.to_owned(),
    }
}

/// Whether a person wrote something.
fn is_written(event: &Event) -> bool {
    event.by.is_some() && matches!(event.what, Happening::Opened { .. } | Happening::Replied { .. })
}

fn why_words(why: Why, l: Language) -> &'static str {
    match why {
        Why::Receipt => w::mail_why_receipt(l),
        Why::Requester => w::mail_why_requester(l),
        Why::Cc => w::mail_why_cc(l),
        Why::Assignee => w::mail_why_assignee(l),
        Why::Mentioned => w::mail_why_mentioned(l),
        Why::Watcher => w::mail_why_watcher(l),
        Why::Department => w::mail_why_department(l),
        Why::Lead => w::mail_why_lead(l),
        Why::OnCall => w::mail_why_on_call(l),
    }
}

fn plain(sections: &[Section], base: &str, l: Language) -> String {
    let mut out = String::new();
    for section in sections {
        // Writing to a string cannot fail.
        let _ = match &section.words {
            Some(words) => write!(out, "{}:\n\n{}\n\n", section.head, words.text.trim()),
            None => write!(out, "{}\n\n", section.head),
        };
        for (at, file) in section.words.iter().flat_map(|words| &words.files).enumerate() {
            let head = if at == 0 { format!("{}:\n", w::mail_attached(l)) } else { String::new() };
            let _ = writeln!(out, "{head}- {} {base}/files/{}", file.name.as_str(), file.id);
        }
        if !out.ends_with("\n\n") {
            out.push('\n');
        }
    }
    out
}

fn markup(sections: &[Section], base: &str, l: Language) -> String {
    let mut out = String::new();
    for section in sections {
        // Writing to a string cannot fail.
        let _ = write!(out, "<p class=\"head\">{}</p>", escaped(&section.head));
        let Some(words) = &section.words else { continue };
        // What came by mail may hold folded history and pictures that are fetched: here its words are enough.
        let html =
            if words.html.contains("<details") || words.html.contains("<img") { crate::text::to_html(&words.text) } else { words.html.clone() };
        let _ = write!(out, "<div class=\"said\">{html}</div>");
        if !words.files.is_empty() {
            let _ = write!(out, "<p class=\"files\">{}: ", w::mail_attached(l));
            for (at, file) in words.files.iter().enumerate() {
                let comma = if at == 0 { "" } else { ", " };
                let _ = write!(out, "{comma}<a href=\"{}/files/{}\">{}</a>", escaped(base), file.id, escaped(file.name.as_str()));
            }
            out.push_str("</p>");
        }
    }
    out
}

/// The files of the messages, where all of them together are small.
async fn small_files(desk: &Desk, sections: &[Section]) -> Result<Vec<Part>> {
    let files: Vec<_> = sections.iter().filter_map(|s| s.words.as_ref()).flat_map(|words| &words.files).collect();
    let size: u64 = files.iter().map(|f| u64::try_from(f.size).unwrap_or(0)).sum();
    if size > desk.mail().settings.attach_bytes {
        return Ok(vec![]);
    }
    let mut parts = vec![];
    for file in files {
        match attachments::read(desk, file, Field::Attachments).await {
            Ok((bytes, media_type)) => parts.push(Part { name: file.name.as_str().to_owned(), media_type, bytes }),
            // It is named in the mail with a link that says so: the mail itself goes out.
            Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(parts)
}

/// The end of a mail.
pub(super) struct Foot<'a> {
    pub l: Language,
    pub link: Option<(&'a str, TicketId)>,
    /// Whether its reader can log in and follow the link.
    pub can_open: bool,
    /// Where an alarm is taken on by one click.
    pub take: Option<&'a str>,
    pub why: &'a str,
    pub stop: Option<&'a str>,
}

impl Foot<'_> {
    pub fn plain(&self, text: &str) -> String {
        let mut out = format!("{}\n\n", text.trim());
        // Writing to a string cannot fail.
        if let Some(take) = self.take {
            let _ = writeln!(out, "{}: {take}", w::alarm_take(self.l));
        }
        if let Some((link, id)) = self.link {
            let open = if self.can_open { format!("{}: {link}\n", w::mail_open(self.l, id)) } else { String::new() };
            let _ = write!(out, "{open}{}\n\n", w::mail_reply_hint(self.l));
        }
        let _ = writeln!(out, "{}", self.why);
        if let Some(stop) = self.stop {
            let _ = writeln!(out, "{}: {stop}", w::mail_stop(self.l));
        }
        out
    }

    pub fn document(&self, subject: &str, html: &str) -> String {
        let open = self.link.map_or_else(String::new, |(link, id)| {
            let hint = escaped(w::mail_reply_hint(self.l));
            let button = format!("<p><a class=\"open\" href=\"{}\">{}</a></p>", escaped(link), escaped(&w::mail_open(self.l, id)));
            format!("{}<p class=\"small\">{hint}</p>", if self.can_open { button.as_str() } else { "" })
        });
        let take = self
            .take
            .map_or_else(String::new, |take| format!("<p><a class=\"open\" href=\"{}\">{}</a></p>", escaped(take), escaped(w::alarm_take(self.l))));
        let stop = self.stop.map_or_else(String::new, |stop| format!(" <a href=\"{}\">{}</a>", escaped(stop), escaped(w::mail_stop(self.l))));
        format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
             <meta name=\"supported-color-schemes\" content=\"light dark\"><title>{}</title><style>{STYLE}</style></head>\
             <body><table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr><td align=\"left\"><div class=\"mail\">{html}{take}{open}<p class=\"small\">{}{stop}</p></div></td></tr></table></body></html>",
            self.l.tag(),
            escaped(subject),
            escaped(self.why)
        )
    }
}

/// Colours that hold on white and on black, for programs that turn a mail dark and for those that do not.
const STYLE: &str = ":root{color-scheme:light dark}body{margin:0;font:15px/1.5 system-ui,'Segoe UI',Helvetica,Arial,sans-serif;color:#1f2328;background:#fff}\
.mail{max-width:640px;padding:20px}.head{font-weight:600;margin:20px 0 4px}.said{border-left:3px solid #c9d1d9;padding:0 0 0 14px;margin:0 0 12px}\
.said p{margin:0 0 10px}.said .spaced{white-space:pre-wrap}.open{display:inline-block;padding:8px 14px;border-radius:6px;background:#2f5fd0;color:#fff;text-decoration:none}.small{font-size:13px;color:#59636e}\
a{color:#2f5fd0}@media (prefers-color-scheme:dark){body{background:#14161a;color:#e6e8eb}.said{border-color:#3a4048}.small{color:#9aa4af}a{color:#8ab0ff}.open{background:#3f70e0;color:#fff}}";

/// How a mail would look, for the admin who writes its words.
pub(super) fn example(template: &template::Template, l: Language, base: &str) -> (String, String, String) {
    let id = TicketId(1042);
    let link = format!("{base}/tickets/{id}");
    let values = Values {
        name: "Marieke".to_owned(),
        number: id.to_string(),
        subject: w::mail_example_subject(l).to_owned(),
        expect: w::promise_reply(l, w::ahead_tomorrow(l, "9.30")),
        link: link.clone(),
    };
    let said = w::mail_example_text(l);
    let words = Words { id: domain::MessageId(0), note: false, text: said.to_owned(), html: crate::text::to_html(said), files: vec![] };
    let sections = [Section { head: w::mail_replied(l, "Sanne Dekker"), words: Some(words) }];
    let (text, html) = template.around(&values, &plain(&sections, base, l), &markup(&sections, base, l));
    let foot = Foot { l, link: Some((&link, id)), can_open: true, take: None, why: w::mail_why_requester(l), stop: None };
    let subject = template.subject(&values);
    (subject.clone(), foot.plain(&text), foot.document(&subject, &html))
}
