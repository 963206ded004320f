//! Mails that come in: to which ticket, in whose name, and what is never believed.

use crate::support::{World, on_both, png};
use desk::accounts::{Newcomer, add, log_in};
use desk::audit::Origin;
use desk::mail::{Mail, Mailbox, Settings, Signer, Source, Transport, ingest, once, receive, reply_address, secret};
use desk::notifications;
use desk::tickets::{Edit, Writing, edit, page, reply, settle};
use domain::accounts::{EmailAddress, Role};
use domain::events::Happening;
use domain::mail::MailReason;
use domain::tickets::Status;
use domain::time::Span;
use domain::{IncomingId, TicketId};
use store::mail::State;

pub const RELAY: &str = "mx.sera.example";

pub fn with_mail(mut world: World) -> World {
    let sender = Mailbox { name: "SERA".into(), address: "support@sera.example".into() };
    let settings = Settings { sender, relay: Some(RELAY.into()), max_mebibytes: 1, ..Settings::default() };
    world.desk = world.desk.clone().with_mail(Mail::new(settings, Transport::memory()));
    world
}

/// Takes a mail in; gives its number.
pub async fn comes_in(world: &World, mail: impl AsRef<[u8]>) -> IncomingId {
    let source = Source { name: "test", key: None, department: None, strangers: None };
    receive(&world.desk, &source, mail.as_ref().to_vec()).await.unwrap().expect("it is new")
}

pub async fn read(world: &World, mail: impl AsRef<[u8]>) -> store::mail::Incoming {
    let id = comes_in(world, mail).await;
    while ingest::once(&world.desk).await.unwrap() > 0 {}
    store::mail::find(world.desk.store(), id).await.unwrap().unwrap()
}

pub fn mail(from: &str, to: &str, rest: &str, text: &str) -> String {
    format!("From: {from}@x.example\r\nTo: {to}\r\n{rest}\r\n\r\n{text}\r\n")
}

pub fn believed(rest: &str) -> String {
    format!("Authentication-Results: {RELAY}; dmarc=pass header.from=x.example\r\n{rest}")
}

pub async fn reply_address(world: &World, ticket: TicketId, who: &str) -> String {
    reply_address::reply_address(secret(&world.desk).await.unwrap(), "support@sera.example", ticket, world.id(who))
}

pub async fn last(world: &World, id: TicketId) -> (String, String, Option<bool>) {
    let page = page(&world.desk, world.person("hanneke"), id).await.unwrap();
    let (message, _) = page.messages.last().unwrap();
    (message.author.name.clone(), message.html.clone(), message.mail.as_ref().map(|mail| mail.verified))
}

pub async fn messages(world: &World, id: TicketId) -> usize {
    page(&world.desk, world.person("hanneke"), id).await.unwrap().messages.len()
}

pub async fn status(world: &World, id: TicketId) -> Status {
    page(&world.desk, world.person("hanneke"), id).await.unwrap().ticket.status
}

#[tokio::test]
async fn an_answer_to_its_own_reply_address_lands_on_the_ticket_and_reopens_it() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Assignee(Some(world.id("sanne")))], None).await.unwrap();
        settle(&world.desk, &world.customer("marieke"), id).await.unwrap();
        let to = reply_address(&world, id, "marieke").await;
        let said = "Het gaat nog niet.\r\n\r\nOp ma 3 mrt. 2025 om 10:12 schreef Sanne <support@sera.example>:\r\n> Het is klaar.";
        let came = read(&world, mail("marieke", &to, "Subject: Re: Factuur", said)).await;
        assert_eq!((came.state, came.ticket), (State::Read, Some(id)), "{came:?}");
        let (author, html, verified) = last(&world, id).await;
        assert_eq!((author.as_str(), verified), ("marieke", Some(true)));
        assert!(html.contains("Het gaat nog niet.") && html.contains("<details") && html.contains("Het is klaar."), "{html}");
        let after = page(&world.desk, world.person("sanne"), id).await.unwrap();
        assert_eq!((after.ticket.status, after.ticket.assignee.unwrap().id), (Status::Open, world.id("sanne")));
    })
    .await;
}

#[tokio::test]
async fn a_mail_is_one_message_however_often_it_comes_and_is_read() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let to = reply_address(&world, id, "marieke").await;
        let text = mail("marieke", &to, "Subject: x", "Eén keer");
        read(&world, &text).await;
        let source = Source { name: "test", key: None, department: None, strangers: None };
        assert_eq!(receive(&world.desk, &source, text.clone().into_bytes()).await.unwrap(), None);
        // A crash after the message and before it was written down: it is read again.
        let change = world.desk.store().begin().await.unwrap();
        store::mail::settle(&change, IncomingId(1), State::SetAside, &Default::default()).await.unwrap();
        assert!(store::mail::reread(&change, IncomingId(1)).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(ingest::once(&world.desk).await.unwrap(), 1);
        assert_eq!(messages(&world, id).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_mail_opens_a_ticket_with_its_files_and_pictures() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let picture: String = base64(&png(4, 4));
        let body = format!(
            "--b\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>Zie <img src=\"cid:p1\"> en <img src=\"https://spy.example/x.png\" width=300></p><script>alert(1)</script>\r\n\
             --r\r\nContent-Type: image/png\r\nContent-ID: <p1>\r\nContent-Disposition: inline; filename=scherm.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}\r\n--r--\r\n\
             --b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"../../virus.exe\"\r\n\r\nMZ\r\n--b--"
        );
        let rest = "Subject: Fwd: Scherm is leeg\r\nMessage-ID: <first@x.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b";
        let came = read(&world, mail("marieke", "support@sera.example", rest, &body)).await;
        let id = came.ticket.expect("it is a ticket");
        let opened = page(&world.desk, world.person("marieke"), id).await.unwrap();
        assert_eq!((opened.ticket.subject.as_str(), opened.ticket.requester.id), ("Scherm is leeg", world.id("marieke")));
        let (message, files) = &opened.messages[0];
        assert!(files.is_empty() && message.html.contains("<img") && message.html.contains("/view\""), "it stands in the text: {}", message.html);
        assert!(!message.html.contains("<script") && !message.html.contains("src=\"https://spy"), "{}", message.html);
        assert!(message.html.contains("virus.exe"), "what was not taken over is said: {}", message.html);
        assert!(!message.mail.as_ref().unwrap().verified, "nothing proves it");

        // The answer to that mail, by somebody's mailbox that threads by references.
        let rest = "Subject: Re: iets anders\r\nReferences: <first@x.example>";
        assert_eq!(read(&world, mail("marieke", "support@sera.example", rest, "Nog iets")).await.ticket, Some(id));
        let rest = format!("Subject: Re: [#{id}] Scherm");
        assert_eq!(read(&world, mail("marieke", "support@sera.example", &rest, "En nog iets")).await.ticket, Some(id));
        assert_eq!(messages(&world, id).await, 3);
    })
    .await;
}

#[tokio::test]
async fn nobody_posts_as_staff_because_a_mail_says_so() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let to = reply_address(&world, id, "sanne").await;
        for (to, rest) in [
            ("support@sera.example".to_owned(), format!("Subject: [#{id}] x")),
            // Her own reply address, leaked in a mail that was sent on.
            (to.clone(), "Subject: x".to_owned()),
            (to.clone(), "Subject: x\r\nAuthentication-Results: elsewhere.example; dmarc=pass header.from=x.example".to_owned()),
        ] {
            let came = read(&world, mail("sanne", &to, &rest, &format!("Vals {rest}"))).await;
            assert_eq!((came.state, came.ticket), (State::SetAside, Some(id)), "{came:?}");
        }
        assert_eq!(messages(&world, id).await, 1);
        let came = read(&world, mail("sanne", &to, &believed("Subject: x"), "Echt")).await;
        assert_eq!(came.state, State::Read, "{came:?}");
        assert_eq!(last(&world, id).await.0, "sanne");
    })
    .await;
}

#[tokio::test]
async fn a_claimed_requester_is_marked_and_a_stranger_on_the_ticket_is_not_let_in() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let rest = format!("Subject: [#{id}] x");
        let came = read(&world, mail("marieke", "support@sera.example", &rest, "Misschien van haar")).await;
        assert_eq!((came.state, last(&world, id).await.2), (State::Read, Some(false)));
        let came = read(&world, mail("marieke", "support@sera.example", &believed(&rest), "Zeker van haar")).await;
        assert_eq!((came.state, last(&world, id).await.2), (State::Read, Some(true)));

        // Kees of another company knows the number: his mail is a ticket of his own.
        let came = read(&world, mail("kees", "support@sera.example", &rest, "Mag ik meelezen?")).await;
        assert!(came.state == State::Read && came.ticket != Some(id), "{came:?}");
        // And with her reply address, which she once sent on to him.
        let to = reply_address(&world, id, "marieke").await;
        let came = read(&world, mail("kees", &to, "Subject: x", "Via haar adres")).await;
        assert!(came.ticket != Some(id), "{came:?}");
        assert_eq!(messages(&world, id).await, 3);
        let came = read(&world, "From: niemand@elders.example\r\nSubject: x\r\n\r\nHallo\r\n").await;
        assert_eq!((came.state, came.ticket), (State::SetAside, None));
    })
    .await;
}

#[tokio::test]
async fn an_altered_token_or_one_of_who_lost_access_opens_nothing() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let other = world.open("kees", "Anders").await;
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::AddCc(world.id("ruud"))], None).await.unwrap();
        let old = reply_address(&world, id, "ruud").await;
        assert_eq!(read(&world, mail("ruud", &old, "Subject: x", "Ik lees mee")).await.ticket, Some(id));
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::RemoveCc(world.id("ruud"))], None).await.unwrap();
        let altered = old.replace(&format!("+{id}."), &format!("+{other}."));
        for (at, to) in [old, altered].iter().enumerate() {
            let came = read(&world, mail("ruud", to, "Subject: x", &format!("Nog steeds? {at}"))).await;
            assert!(came.ticket != Some(id) && came.ticket != Some(other), "{to}: {came:?}");
        }
        assert_eq!((messages(&world, id).await, messages(&world, other).await), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn what_a_machine_sends_never_reopens_and_a_mail_of_our_own_is_never_taken_in() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        settle(&world.desk, &world.customer("marieke"), id).await.unwrap();
        let to = reply_address(&world, id, "marieke").await;
        for rest in [
            "Subject: Automatisch antwoord: Factuur\r\nAuto-Submitted: auto-replied",
            "Subject: Schijf vol\r\nAuto-Submitted: auto-generated",
            "Subject: Vakantie\r\nPrecedence: bulk",
        ] {
            let came = read(&world, mail("marieke", &to, rest, "Ik ben er niet")).await;
            assert_eq!(came.state, State::Quiet, "{came:?}");
        }
        assert_eq!((status(&world, id).await, messages(&world, id).await), (Status::Closed, 1));
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_comes_back_is_told_and_an_address_that_is_none_gets_no_more() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        notifications::advance(&world.desk).await.unwrap();
        world.pass(Span::seconds(2));
        desk::mail::once(&world.desk).await.unwrap();
        let raw = String::from_utf8(world.desk.mail().transport().take().remove(0).raw).unwrap();
        let message_id = raw.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap();
        let report = |status: &str, action: &str| {
            format!(
                "From: MAILER-DAEMON@mx.x.example\r\nReturn-Path: <>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
                 --b\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; marieke@x.example\r\nAction: {action}\r\n\
                 Status: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\n\r\n--b--\r\n"
            )
        };
        let late = read(&world, report("4.4.1", "delayed")).await;
        assert_eq!((late.state, late.ticket), (State::Quiet, Some(id)), "{late:?}");
        let delivery = async || world.deliveries(id).await.remove(0);
        assert_eq!(delivery().await.state, notifications::State::Sent);
        let back = read(&world, report("5.1.1", "failed")).await;
        assert_eq!((back.state, back.ticket), (State::Quiet, Some(id)), "{back:?}");
        let delivery = delivery().await;
        assert!(delivery.state == notifications::State::Bounced && delivery.reason.unwrap().contains("no such user"));

        let words = Writing { text: "Hoor je dit?".into(), ..Writing::default() };
        reply(&world.desk, world.person("sanne"), id, &words).await.unwrap();
        notifications::advance(&world.desk).await.unwrap();
        world.pass(Span::seconds(2));
        desk::mail::once(&world.desk).await.unwrap();
        assert!(world.desk.mail().transport().take().is_empty());
    })
    .await;
}

#[tokio::test]
async fn being_named_in_a_mail_proposes_and_grants_nothing() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let to = reply_address(&world, id, "marieke").await;
        let came = read(
            &world,
            mail("marieke", &to, "Cc: Ruud <ruud@x.example>, Vreemde <v@elders.example>, sanne@x.example\r\nSubject: x", "Met Ruud erbij"),
        )
        .await;
        assert_eq!(came.ticket, Some(id));
        let proposed = store::mail::proposals(world.desk.store(), id).await.unwrap();
        assert_eq!(proposed.iter().map(|p| p.email.as_str()).collect::<Vec<_>>(), ["ruud@x.example", "v@elders.example"]);
        assert!(page(&world.desk, world.person("ruud"), id).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn an_agent_who_forwards_a_customers_mail_opens_a_ticket_in_their_name() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let text = "Ter info\r\n\r\nVan: Ruud <ruud@x.example>\r\nVerzonden: maandag 3 maart 2025 10:12\r\nAan: Sanne <sanne@x.example>\r\nOnderwerp: Printer doet niets\r\n\r\nHij knippert rood.";
        let forged = read(&world, mail("sanne", "support@sera.example", "Subject: FW: Printer doet niets", text)).await;
        assert_eq!((forged.state, forged.ticket), (State::SetAside, None), "{forged:?}");
        let came = read(&world, mail("sanne", "support@sera.example", &believed("Subject: FW: Printer doet niets"), text)).await;
        let opened = page(&world.desk, world.person("ruud"), came.ticket.unwrap_or_else(|| panic!("{came:?}"))).await.unwrap();
        assert_eq!((opened.ticket.subject.as_str(), opened.ticket.requester.id), ("Printer doet niets", world.id("ruud")));
        assert!(opened.messages[0].0.html.contains("knippert rood") && !opened.messages[0].0.html.contains("Ter info"));
        assert!(matches!(opened.history[0].what, Happening::Opened { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_set_aside_and_a_mail_that_was_can_be_read_after_a_fix() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let to = reply_address(&world, id, "marieke").await;
        for n in 0..25 {
            comes_in(&world, mail("marieke", &to, "Subject: x", &format!("Nummer {n}"))).await;
        }
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        assert_eq!(messages(&world, id).await, 21);
        assert_eq!(store::mail::counts(world.desk.store()).await.unwrap(), (0, 5));

        // Each new ticket is answered with a receipt: one who is only claimed gets no more than this many.
        for n in 0..25 {
            comes_in(&world, mail("kees", "support@sera.example", "Subject: x", &format!("Nummer {n}"))).await;
        }
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        assert_eq!(store::mail::counts(world.desk.store()).await.unwrap(), (0, 10));
        for n in 0..25 {
            comes_in(&world, mail("ruud", "support@sera.example", &believed("Subject: x"), &format!("Nummer {n}"))).await;
        }
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        assert_eq!(store::mail::counts(world.desk.store()).await.unwrap(), (0, 10), "who proved to be it is read");

        let stranger = read(&world, "From: nieuw@x.example\r\nSubject: Hallo\r\n\r\nIk ben nieuw\r\n").await;
        assert_eq!(stranger.state, State::SetAside);
        let new = Newcomer {
            name: "Nieuw".into(),
            email: "nieuw@x.example".into(),
            role: Role::Customer,
            organisation: Some("De Waal".into()),
            key_user: false,
            password: "een lange zin".into(),
        };
        add(&world.desk, &new).await.unwrap();
        let change = world.desk.store().begin().await.unwrap();
        assert!(store::mail::reread(&change, stranger.id).await.unwrap());
        change.commit().await.unwrap();
        assert_eq!(ingest::once(&world.desk).await.unwrap(), 1);
        let read = store::mail::find(world.desk.store(), stranger.id).await.unwrap().unwrap();
        assert_eq!(read.state, State::Read);
    })
    .await;
}

#[tokio::test]
async fn nothing_that_comes_in_holds_up_what_comes_after() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let source = Source { name: "test", key: None, department: None, strangers: None };
        assert!(receive(&world.desk, &source, vec![]).await.unwrap_err().refusal().is_some());
        assert!(receive(&world.desk, &source, vec![b'x'; (1 << 20) + 1]).await.unwrap_err().refusal().is_some());
        let deep = format!("{}\r\nhallo", "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n".repeat(300));
        let many = format!("From: marieke@x.example\r\nTo: {}\r\n\r\nx", "a@b.example, ".repeat(10_000));
        for odd in [b"\0\xff\xfe".to_vec(), deep.into_bytes(), many.into_bytes(), b"From: \"".to_vec(), b"Subject: =?x?q?=\r\n\r\n".to_vec()] {
            comes_in(&world, odd).await;
        }
        let good = read(&world, mail("marieke", "support@sera.example", "Subject: Goed", "Gewoon een mail")).await;
        assert_eq!(good.state, State::Read);
        assert_eq!(store::mail::counts(world.desk.store()).await.unwrap().0, 0);
    })
    .await;
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .map(|three| {
            let n = three.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - three.len()));
            let digits: String = (0..4).map(|at| char::from(DIGITS[(n >> (18 - 6 * at) & 63) as usize])).collect();
            format!("{}{}", &digits[..=three.len()], &"=="[..3 - three.len()])
        })
        .collect()
}

#[tokio::test]
async fn admins_see_what_was_set_aside_and_let_it_be_read_again() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let (hanneke, sanne) = (world.agent("hanneke"), world.agent("sanne"));
        let came = read(&world, mail("nobody", "support@sera.example", "Subject: Vreemd", "Dag.")).await;
        let standing = desk::mail::standing(&world.desk, &hanneke, None).await.unwrap();
        assert_eq!((standing.set_aside, standing.waiting, standing.aside.len()), (1, 0, 1));
        assert!(standing.aside[0].reason == Some(MailReason::NoAccount), "{:?}", standing.aside);
        assert!(String::from_utf8(desk::mail::source(&world.desk, &hanneke, came.id).await.unwrap()).unwrap().contains("Subject: Vreemd"));
        for refused in [desk::mail::standing(&world.desk, &sanne, None).await.err(), desk::mail::reread(&world.desk, &sanne, came.id).await.err()] {
            assert_eq!(refused.unwrap().refusal(), Some(&domain::Refusal::NotAllowed));
        }
        // What is on no ticket is there for admins alone.
        assert_eq!(desk::mail::source(&world.desk, &sanne, came.id).await.unwrap_err().refusal(), Some(&domain::Refusal::NotFound));
        let new = Newcomer {
            name: "nobody".into(),
            email: "nobody@x.example".into(),
            role: Role::Customer,
            organisation: Some("De Waal".into()),
            key_user: false,
            password: crate::support::PASSWORD.into(),
        };
        add(&world.desk, &new).await.unwrap();
        desk::mail::reread(&world.desk, &hanneke, came.id).await.unwrap();
        ingest::once(&world.desk).await.unwrap();
        let ticket = store::mail::find(world.desk.store(), came.id).await.unwrap().unwrap().ticket.unwrap();
        assert_eq!(page(&world.desk, world.person("sanne"), ticket).await.unwrap().ticket.subject, "Vreemd");
        assert!(desk::mail::source(&world.desk, &hanneke, came.id).await.is_ok());
        // An admin who is not in a closed department does not read its mail either.
        world.close_department(world.departments[0], &["sanne"]).await;
        let outside = world.renewed("hanneke").await.agent().unwrap();
        let closed = desk::mail::source(&world.desk, &outside, came.id).await.unwrap_err();
        assert_eq!(closed.refusal(), Some(&domain::Refusal::NotFound));
        let twice = desk::mail::reread(&world.desk, &hanneke, came.id).await.unwrap_err();
        assert_eq!(twice.refusal(), Some(&domain::Refusal::NotFound), "it is a ticket by now");
    })
    .await;
}

#[tokio::test]
async fn who_was_proposed_reads_along_once_staff_say_so_and_only_a_colleague() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let rest = "Cc: ruud@x.example, kees@x.example, ver@weg.example\r\nSubject: Samen";
        let id = read(&world, mail("marieke", "support@sera.example", rest, "Dag.")).await.ticket.unwrap();
        let proposed = async || -> Vec<String> {
            desk::tickets::proposals(&world.desk, world.person("sanne"), id).await.unwrap().into_iter().map(|p| p.email).collect()
        };
        assert_eq!(proposed().await, ["kees@x.example", "ruud@x.example", "ver@weg.example"]);
        let answer = async |address: &str, accept| desk::tickets::answer_proposal(&world.desk, world.person("sanne"), id, address, accept).await;
        assert!(page(&world.desk, world.person("ruud"), id).await.is_err());
        answer("ruud@x.example", true).await.unwrap();
        assert!(page(&world.desk, world.person("ruud"), id).await.is_ok());
        for stranger in ["kees@x.example", "ver@weg.example"] {
            assert!(answer(stranger, true).await.unwrap_err().refusal().unwrap().at(domain::Field::Cc).is_some(), "{stranger}");
        }
        answer("kees@x.example", false).await.unwrap();
        assert_eq!(proposed().await, ["ver@weg.example"]);
        assert_eq!(answer("ilse@x.example", true).await.unwrap_err().refusal(), Some(&domain::Refusal::NotFound), "nobody named them");
    })
    .await;
}

#[tokio::test]
async fn an_admin_tries_the_words_of_a_mail_on_themselves() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let hanneke = world.agent("hanneke");
        let sent =
            desk::mail::try_template(&world.desk, &hanneke, domain::accounts::Language::Nl, "Over #%number%", "Dag %name%,\n\n%content%").await;
        sent.unwrap().unwrap();
        let mails = world.desk.mail().transport().take();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "hanneke@x.example");
        let refused = desk::mail::try_template(&world.desk, &hanneke, domain::accounts::Language::Nl, "x", "zonder inhoud").await.unwrap_err();
        assert!(refused.refusal().unwrap().at(domain::Field::Message).is_some());
    })
    .await;
}

/// Takes a mail in that makes people known; gives what became of it.
pub async fn let_in(world: &World, mail: impl AsRef<[u8]>) -> store::mail::Incoming {
    let source = Source { name: "test", key: None, department: None, strangers: Some("Overig") };
    let id = receive(&world.desk, &source, mail.as_ref().to_vec()).await.unwrap().expect("it is new");
    while ingest::once(&world.desk).await.unwrap() > 0 {}
    store::mail::find(world.desk.store(), id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_mailbox_that_admits_strangers_makes_them_known_and_no_more_of_them_than_is_good() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let stranger = |n: usize, text: &str| {
            format!(
                "From: \"Vera\u{202e} Vreemd\" <vera{n}@elders.example>\r\nTo: support@sera.example\r\nSubject: Hallo {text}\r\n\r\nDag {text}\r\n"
            )
        };
        assert_eq!(read(&world, stranger(0, "a")).await.state, State::SetAside, "this mailbox admits nobody");
        let came = let_in(&world, stranger(0, "b")).await;
        let ticket = came.ticket.expect("a ticket");
        let (author, _, verified) = last(&world, ticket).await;
        assert_eq!((author.as_str(), verified), ("Vera Vreemd", Some(false)));
        let account = store::accounts::by_email(world.desk.store(), &EmailAddress::parse("vera0@elders.example").unwrap()).await.unwrap().unwrap();
        assert!(account.password_hash.is_none() && account.person.role == Role::Customer && account.person.organisation.unwrap().name == "Overig");
        // The receipt has an address to answer to; nobody can log in without a password.
        notifications::advance(&world.desk).await.unwrap();
        world.pass(Span::seconds(2));
        once(&world.desk).await.unwrap();
        let receipt = world.desk.mail().transport().take().into_iter().find(|mail| mail.to == "vera0@elders.example").unwrap();
        let receipt = String::from_utf8_lossy(&receipt.raw).into_owned();
        assert!(receipt.contains(&format!("support+{ticket}.")), "{receipt}");
        assert!(
            !receipt.contains("Dag b") && !receipt.contains(&format!("/tickets/{ticket}")),
            "what was made up in their name is not sent to them, nor a link they cannot follow: {receipt}"
        );
        assert!(log_in(&world.desk, "vera0@elders.example", "", &Origin::default()).await.is_err());

        // Who comes in by a provider has no password, and can follow a link all the same.
        let change = world.desk.store().begin().await.unwrap();
        store::mfa::identify(&change, "https://id.example", "vera", account.person.id, world.desk.now()).await.unwrap();
        change.commit().await.unwrap();
        let second = let_in(&world, stranger(0, "als bekende")).await.ticket.expect("a ticket");
        notifications::advance(&world.desk).await.unwrap();
        world.pass(Span::seconds(2));
        once(&world.desk).await.unwrap();
        let receipts = world.desk.mail().transport().take();
        let receipt = receipts.iter().map(|mail| String::from_utf8_lossy(&mail.raw)).find(|raw| raw.contains(&format!("/tickets/{second}")));
        assert!(receipt.is_some_and(|raw| raw.contains("als bekende")));
        let change = world.desk.store().begin().await.unwrap();
        store::mfa::forget_identities(&change, account.person.id).await.unwrap();
        change.commit().await.unwrap();

        // Nobody is made known who claims to be the desk.
        let to = reply_address::reply_address(secret(&world.desk).await.unwrap(), "support@sera.example", ticket, world.id("marieke"));
        for ours in ["support@sera.example", to.as_str()] {
            let claimed = let_in(&world, format!("From: {ours}\r\nTo: support@sera.example\r\nSubject: x {ours}\r\n\r\nDag\r\n")).await;
            assert!(claimed.state == State::SetAside && claimed.reason == Some(MailReason::OwnAddress));
        }

        // Each mail is answered with a receipt: someone else's address is not written to without end.
        for n in 0..3 {
            assert_eq!(let_in(&world, stranger(0, &n.to_string())).await.state, State::Read, "{n}");
        }
        let flood = let_in(&world, stranger(0, "te veel")).await;
        assert!(flood.state == State::SetAside && flood.reason == Some(MailReason::SenderFlood { most: 5 }));
        for n in 1..30 {
            assert_eq!(let_in(&world, stranger(n, "a")).await.state, State::Read, "{n}");
        }
        let crowd = let_in(&world, stranger(31, "a")).await;
        assert!(crowd.state == State::SetAside && crowd.reason == Some(MailReason::NewcomerFlood { most: 30 }), "{crowd:?}");
        // Later it is read again.
        world.pass(Span::hours(2));
        desk::mail::reread(&world.desk, &world.agent("hanneke"), crowd.id).await.unwrap();
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        assert_eq!(store::mail::find(world.desk.store(), crowd.id).await.unwrap().unwrap().state, State::Read);
    })
    .await;
}

#[tokio::test]
async fn a_signature_of_their_domain_proves_a_sender_where_no_relay_speaks() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let signer = Signer::new("s1", include_bytes!("../keys/rsa.pem")).unwrap();
        let (name, record) = signer.record("x.example");
        world.desk.mail().learn_key(&name, &record);
        let mail = |who: &str, text: &str| mail(who, "support@sera.example", &format!("Subject: Re: [#{id}] Factuur"), text).into_bytes();
        let unsigned = read(&world, mail("sanne", "Doe maar")).await;
        assert_eq!(unsigned.state, State::SetAside);
        let came = read(&world, signer.signed("x.example", mail("sanne", "Het is gedaan")).unwrap()).await;
        assert_eq!((came.state, came.ticket), (State::Read, Some(id)), "{came:?}");
        assert_eq!(last(&world, id).await.2, Some(true));
        // The relay has the first word: it saw more than we do.
        let doubted = [
            format!("Authentication-Results: {RELAY}; dmarc=fail header.from=x.example\r\n").into_bytes(),
            signer.signed("x.example", mail("sanne", "Of niet")).unwrap(),
        ]
        .concat();
        assert_eq!(read(&world, doubted).await.state, State::SetAside);
        // A signature of another domain is none.
        let other = signer.signed("z.example", mail("sanne", "Van elders")).unwrap();
        assert_eq!(read(&world, other).await.state, State::SetAside);
        // What a colleague once wrote to someone, sent on to that one's reply address, is not a reply to them.
        let theirs = reply_address(&world, id, "marieke").await;
        let other_ticket = world.open("marieke", "Iets anders").await;
        let replayed = [
            format!("Delivered-To: {theirs}\r\n").into_bytes(),
            signer.signed("x.example", crate::mail::mail("sanne", "marieke@x.example", "Subject: Privé", "Tot vanavond").into_bytes()).unwrap(),
        ]
        .concat();
        let came = read(&world, replayed).await;
        assert_eq!((came.state, messages(&world, id).await, messages(&world, other_ticket).await), (State::SetAside, 2, 1), "{came:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_added_to_a_mail_of_staff_does_not_bring_it_to_a_ticket() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        notifications::advance(&world.desk).await.unwrap();
        world.pass(Span::seconds(2));
        once(&world.desk).await.unwrap();
        let sent = String::from_utf8(world.desk.mail().transport().take().remove(0).raw).unwrap();
        let ours = sent.lines().find_map(|line| line.strip_prefix("Message-ID: ")).unwrap().to_owned();
        let signer = Signer::new("s1", include_bytes!("../keys/rsa.pem")).unwrap();
        let (name, record) = signer.record("x.example");
        world.desk.mail().learn_key(&name, &record);
        // A mail that Sanne once wrote to someone, as her mail server signs it: each header that is there, once.
        let private = "From: sanne@x.example\r\nTo: marieke@x.example\r\nSubject: Tot vanavond\r\n\r\nIk neem wijn mee.\r\n";
        let key = signer.signed_as_others_do("x.example", private.as_bytes());
        let plain = read(&world, &key).await;
        assert_eq!((plain.state, plain.ticket), (State::SetAside, None), "it belongs to no ticket: {plain:?}");
        for added in [format!("Subject: Re: [#{id}] Factuur\r\n"), format!("In-Reply-To: {ours}\r\n"), format!("References: {ours}\r\n")] {
            for relayed in ["", &format!("Authentication-Results: {RELAY}; dmarc=pass header.from=x.example\r\n")] {
                let replayed = [relayed.as_bytes(), added.as_bytes(), &key].concat();
                let came = read(&world, replayed).await;
                assert_eq!((came.state, messages(&world, id).await), (State::SetAside, 1), "{relayed}{added}{came:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_mail_to_two_of_our_addresses_is_one_message_and_a_list_of_ours_is_read() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let copy = |to: &str| {
            mail(
                "marieke",
                "support@sera.example, diamant@sera.example",
                &format!("Delivered-To: {to}\r\nMessage-ID: <1@x.example>\r\nSubject: Twee adressen"),
                "Dag",
            )
        };
        let first = read(&world, copy("support@sera.example")).await;
        let second = read(&world, copy("diamant@sera.example")).await;
        assert_eq!((first.state, second.state, first.ticket), (State::Read, State::Quiet, second.ticket));
        // One whose number someone else chose is not taken for theirs.
        let other = mail("ruud", "support@sera.example", "Message-ID: <1@x.example>\r\nSubject: Ook dit nummer", "Dag");
        assert_eq!(read(&world, other).await.state, State::Read);

        let by_list = mail("marieke", "support@sera.example", "List-Id: <support.sera.example>\r\nPrecedence: list\r\nSubject: Over de lijst", "Dag");
        assert_eq!(read(&world, by_list).await.state, State::Read);
        let letter = "List-Id: <nieuws.elders.example>\r\nSubject: Nieuwsbrief";
        assert_eq!(
            read(&world, format!("From: a@elders.example\r\nTo: support@sera.example\r\n{letter}\r\n\r\nKoop!\r\n")).await.state,
            State::SetAside,
            "on no ticket it would be seen by nobody"
        );
        let machine = mail("marieke", "support@sera.example", "Auto-Submitted: auto-generated\r\nSubject: Schijf vol", "95 %");
        assert_eq!(read(&world, machine).await.state, State::SetAside, "nobody would see it elsewhere");
    })
    .await;
}

#[tokio::test]
async fn a_page_of_html_without_end_is_shown_by_its_words() {
    on_both(async |world: World| {
        let mut world = with_mail(world);
        let settings = Settings { max_mebibytes: 10, ..world.desk.mail().settings.clone() };
        world.desk = world.desk.clone().with_mail(Mail::new(settings, Transport::memory()));
        let endless = format!("<p>Eerst dit.</p>{}", "<p>En nog een regel &amp; meer.</p>".repeat(60_000));
        let came = read(&world, mail("marieke", "support@sera.example", "Content-Type: text/html\r\nSubject: Lang", &endless)).await;
        let (_, html, _) = last(&world, came.ticket.unwrap()).await;
        assert!(html.contains("Eerst dit.") && html.contains("En nog een regel &amp; meer.") && html.len() < 1_200_000, "{}", html.len());
    })
    .await;
}

#[tokio::test]
async fn those_beside_a_mail_that_ends_the_program_are_read() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let mut all = vec![];
        for n in 0..4 {
            all.push(comes_in(&world, mail("marieke", "support@sera.example", "Subject: x", &format!("Nummer {n}"))).await);
        }
        // The second one ends the program each time it is read.
        for _ in 0..6 {
            let change = world.desk.store().begin().await.unwrap();
            let now = world.desk.now();
            assert_eq!(store::mail::lease(&change, now, now + Span::minutes(10), 50).await.unwrap().len(), 4);
            store::mail::count_try(&change, all[1]).await.unwrap();
            change.commit().await.unwrap();
            world.pass(Span::minutes(11));
        }
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        let mut states = vec![];
        for id in all {
            states.push(store::mail::find(world.desk.store(), id).await.unwrap().unwrap().state);
        }
        assert_eq!(states, [State::Read, State::SetAside, State::Read, State::Read]);
    })
    .await;
}

#[tokio::test]
async fn after_a_crash_another_reader_goes_on_soon() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let [one, two] = [
            comes_in(&world, mail("marieke", "support@sera.example", "Subject: Een", "Een")).await,
            comes_in(&world, mail("marieke", "support@sera.example", "Subject: Twee", "Twee")).await,
        ];
        // A reader took both, and says once more that it is there before it goes.
        let change = world.desk.store().begin().await.unwrap();
        let now = world.desk.now();
        assert_eq!(store::mail::lease(&change, now, now + Span::minutes(1), 50).await.unwrap(), [one, two]);
        change.commit().await.unwrap();
        world.pass(Span::seconds(50));
        let change = world.desk.store().begin().await.unwrap();
        store::mail::renew(&change, &[one, two], world.desk.now() + Span::minutes(1)).await.unwrap();
        change.commit().await.unwrap();
        world.pass(Span::seconds(50));
        assert_eq!(ingest::once(&world.desk).await.unwrap(), 0, "they are the other's");
        world.pass(Span::seconds(11));
        assert_eq!(ingest::once(&world.desk).await.unwrap(), 2);
        assert_eq!(store::mail::find(world.desk.store(), two).await.unwrap().unwrap().state, State::Read);
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_stands_in_the_html_is_shown() {
    on_both(async |world: World| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let world = with_mail(world);
        let html = format!("<p>Dit zie ik:</p><img alt=\"scherm\" src=\"data:image/png;base64,{}\">", STANDARD.encode(png(40, 30)));
        let came = read(&world, mail("marieke", "support@sera.example", "Subject: Scherm\r\nContent-Type: text/html; charset=utf-8", &html)).await;
        let (_, html, _) = last(&world, came.ticket.unwrap()).await;
        assert!(html.contains("Dit zie ik:") && html.contains("<img src=\"/files/") && html.contains("/view\""), "{html}");
    })
    .await;
}

#[tokio::test]
async fn a_mail_whose_bytes_are_away_holds_up_nothing() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let lost = comes_in(&world, mail("marieke", "support@sera.example", "Subject: Weg", "Dag")).await;
        let file = store::mail::find(world.desk.store(), lost).await.unwrap().unwrap().file;
        let path = find(&world.folder.path().join("mail"), &file).expect("its bytes are kept");
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let next = read(&world, mail("marieke", "support@sera.example", "Subject: Volgende", "Dag")).await;
        assert_eq!(next.state, State::Read);
        // It is back, and is read the next time.
        std::fs::write(&path, bytes).unwrap();
        world.pass(Span::minutes(2));
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        assert_eq!(store::mail::find(world.desk.store(), lost).await.unwrap().unwrap().state, State::Read);
    })
    .await;
}

/// The file of this name in a folder or those in it.
fn find(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => find(&path, name),
        path => path.file_name().is_some_and(|known| known.to_string_lossy().starts_with(name)).then_some(path),
    })
}
