//! Mails that were read wrong once: each of `tests/mails`, through the desk.

use crate::mail::{RELAY, read, reply_address, status, with_mail};
use crate::support::{World, on_both};
use desk::mail::once;
use desk::notifications;
use desk::tickets::{Writing, page, reply};
use domain::TicketId;
use domain::tickets::Status;
use domain::time::Span;
use serde::Deserialize;
use store::mail::{Incoming, State};

#[derive(Debug, Deserialize)]
struct Case {
    file: String,
    #[serde(rename = "kind")]
    _kind: String,
    expected: Expected,
}

/// What is to become of a mail; a key that is not known here is a fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    on_ticket: Option<String>,
    new_ticket: Option<bool>,
    automatic: Option<bool>,
    bounce: Option<bool>,
    visible_text: Option<String>,
    folded_contains: Option<String>,
    subject: Option<String>,
    from_name: Option<String>,
    from_email: Option<String>,
    #[serde(default)]
    attachments: Vec<String>,
}

/// A ticket that is solved, and what stands for the placeholders of a mail about it.
struct Solved {
    id: TicketId,
    message_id: String,
    reply_address: String,
}

impl Solved {
    async fn new(world: &World) -> Self {
        let id = world.open("marieke", "Aanmelden lukt niet").await;
        let writing = Writing { text: "Dag Marieke,\n\nProbeer het nog eens.".into(), then: Some(Status::Resolved), ..Writing::default() };
        reply(&world.desk, world.person("sanne"), id, &writing).await.unwrap();
        let sent = sent(world).await;
        let last = sent.iter().rfind(|mail| mail.to == "marieke@x.example").expect("a mail to the customer");
        let raw = String::from_utf8(last.raw.clone()).unwrap();
        let message_id = raw.lines().find_map(|line| line.strip_prefix("Message-ID: <")).unwrap().trim_end_matches('>').to_owned();
        Self { id, message_id, reply_address: reply_address(world, id, "marieke").await }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{{TICKET_NUMBER}}", &self.id.to_string())
            .replace("{{REPLY_ADDRESS}}", &self.reply_address)
            .replace("{{MESSAGE_ID}}", &self.message_id)
            .replace("{{CUSTOMER}}", "marieke@x.example")
            .replace("{{DESK}}", "support@sera.example")
    }
}

async fn sent(world: &World) -> Vec<desk::mail::Sent> {
    while notifications::advance(&world.desk).await.unwrap() > 0 {}
    world.pass(Span::seconds(2));
    while once(&world.desk).await.unwrap() > 0 {}
    world.desk.mail().transport().take()
}

#[tokio::test]
async fn mails_that_were_read_wrong_once_are_read_right() {
    on_both(async |world: World| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mails");
        let cases: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(format!("{folder}/expect.json")).unwrap()).unwrap();
        let files = std::fs::read_dir(folder).unwrap().flatten().filter(|file| file.path().extension().is_some_and(|kind| kind == "eml")).count();
        assert!(cases.len() >= 14 && cases.len() == files, "each mail is expected once: {files}");
        let number = |case: &Case| case.file.chars().take_while(char::is_ascii_digit).collect::<String>();
        let world = with_mail(world);
        let mut faults = vec![];
        for together in cases.chunk_by(|one, next| number(one) == number(next)) {
            // More than an hour lies between them, and whoever wrote has an address that takes mail.
            world.pass(Span::hours(2));
            read(
                &world,
                crate::mail::mail(
                    "marieke",
                    "support@sera.example",
                    &format!("Authentication-Results: {RELAY}; dmarc=pass header.from=x.example\r\nSubject: {}", together[0].file),
                    "Dag",
                ),
            )
            .await;
            sent(&world).await;
            let solved = Solved::new(&world).await;
            let mut opened = vec![];
            for case in together {
                // However the file's lines end here, a mail's do so.
                let text = std::fs::read_to_string(format!("{folder}/{}", case.file)).unwrap().replace("\r\n", "\n");
                let raw = solved.fill(&text).replace('\n', "\r\n");
                let came = read(&world, &raw).await;
                if let Err(fault) = check(&world, &solved, &case.expected, &raw, &came, &opened).await {
                    faults.push(format!("{}: {fault}", case.file));
                }
                opened.extend(came.ticket);
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    })
    .await;
}

async fn check(world: &World, solved: &Solved, expected: &Expected, raw: &str, came: &Incoming, opened: &[TicketId]) -> Result<(), String> {
    let is = |right: bool, what: &str, found: &dyn std::fmt::Debug| if right { Ok(()) } else { Err(format!("{what}: {found:?}")) };
    let letter = mime::read(raw.as_bytes());
    let mails = sent(world).await;
    let receipts = mails.iter().filter(|mail| mail.to == "marieke@x.example").count();
    let delivery = world.deliveries(solved.id).await.into_iter().find(|one| one.address == "marieke@x.example");
    let has_bounced = delivery.is_some_and(|one| one.state == notifications::State::Bounced);
    if let Some(number) = &expected.on_ticket {
        is(came.ticket.map(|id| id.to_string()) == Some(solved.fill(number)), "on_ticket", came)?;
    }
    if let Some(automatic) = expected.automatic {
        is(automatic == (came.state != State::Read), "automatic", came)?;
        is(!automatic || receipts == 0 && status(world, solved.id).await == Status::Resolved, "automatic, and something was sent or reopened", came)?;
    }
    if let Some(bounce) = expected.bounce {
        is(letter.bounce.is_some() == bounce && has_bounced == bounce, "bounce", &letter.bounce)?;
    }
    let is_new = came.state == State::Read && came.ticket != Some(solved.id) && came.ticket.is_none_or(|id| !opened.contains(&id));
    if let Some(new) = expected.new_ticket {
        is(new == is_new && receipts == usize::from(new), "new_ticket", came)?;
    }
    if let Some(name) = &expected.from_name {
        is(letter.from.as_ref().is_some_and(|from| from.name == *name), "from_name", &letter.from)?;
    }
    if let Some(email) = &expected.from_email {
        is(came.sender == Some(solved.fill(email)), "from_email", came)?;
    }
    let Some(ticket) = came.ticket.filter(|_| came.state == State::Read) else {
        let is_message =
            expected.visible_text.is_some() || expected.folded_contains.is_some() || expected.subject.is_some() || !expected.attachments.is_empty();
        return is(!is_message, "it is no message", came);
    };
    let shown = page(&world.desk, world.person("sanne"), ticket).await.unwrap();
    let (message, files) = shown.messages.last().unwrap();
    let (visible, folded) = unfolded(&message.html);
    if let Some(text) = &expected.visible_text {
        is(lines(text) == lines(&visible), "visible_text", &lines(&visible))?;
    }
    if let Some(text) = &expected.folded_contains {
        is(folded.contains(text) && !visible.contains(text), "folded_contains", &message.html)?;
    }
    if let Some(subject) = &expected.subject {
        is(shown.ticket.subject == *subject, "subject", &shown.ticket.subject)?;
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    is(expected.attachments.iter().all(|name| names.contains(&name.as_str())), "attachments", &names)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|line| !line.is_empty()).collect()
}

/// The text of a message that is seen at once, and that which is folded.
fn unfolded(html: &str) -> (String, String) {
    let (mut texts, mut depth) = ([String::new(), String::new()], 0_usize);
    for piece in html.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        let name = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        match (name, tag.starts_with('/')) {
            ("details", false) => depth += 1,
            ("details", true) => depth -= 1,
            ("br" | "p" | "div" | "li" | "tr" | "blockquote" | "h1" | "h2" | "h3" | "pre", _) => texts[usize::from(depth > 0)].push('\n'),
            _ => {}
        }
        let plain =
            text.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
        texts[usize::from(depth > 0)].push_str(&plain);
    }
    let [visible, folded] = texts;
    (visible, folded)
}
