//! Where mails go: nothing that a person may have written ends unseen, and no program is taken for a person, nor answered.

use crate::mail::{base64, believed, comes_in, last, let_in, mail, messages, read, reply_address, status, with_mail};
use crate::support::{World, on_both, png};
use desk::mail::{Sent, ingest, once};
use desk::notifications::{self, State as Delivered};
use desk::tickets::{Edit, Writing, edit, page, reply};
use domain::TicketId;
use domain::accounts::EmailAddress;
use domain::mail::MailReason;
use domain::tickets::Status;
use domain::time::Span;
use store::mail::State;

/// Hands over what is due; gives the mails.
async fn sent(world: &World) -> Vec<Sent> {
    while notifications::advance(&world.desk).await.unwrap() > 0 {}
    world.pass(Span::seconds(2));
    while once(&world.desk).await.unwrap() > 0 {}
    world.desk.mail().transport().take()
}

fn field(mail: &Sent, name: &str) -> Option<String> {
    let raw = String::from_utf8_lossy(&mail.raw).replace("\r\n ", " ");
    raw.split("\r\n\r\n").next()?.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

/// A ticket of Marieke's that is solved, and the last mail that she got about it.
async fn solved(world: &World) -> (TicketId, Sent) {
    let id = world.open("marieke", "Factuur").await;
    let writing = Writing { text: "Het is klaar.".into(), then: Some(Status::Resolved), ..Writing::default() };
    reply(&world.desk, world.person("sanne"), id, &writing).await.unwrap();
    let mails = sent(world).await;
    (id, mails.into_iter().rfind(|mail| mail.to == "marieke@x.example").expect("a mail to her"))
}

async fn has_account(world: &World, address: &str) -> bool {
    store::accounts::by_email(world.desk.store(), &EmailAddress::parse(address).unwrap()).await.unwrap().is_some()
}

#[tokio::test]
async fn what_a_person_may_have_written_reopens_whatever_exchange_puts_on_it() {
    on_both(async |world: World| {
        let world = with_mail(world);
        for rest in [
            "Subject: Automatische incasso klopt niet\r\nX-Auto-Response-Suppress: DR, OOF, AutoReply",
            "Subject: Absence de connexion\r\nX-Auto-Response-Suppress: All",
            "Subject: FW: Factuur\r\nX-MS-Exchange-Inbox-Rules-Loop: marieke@x.example",
            "Subject: FW: Factuur\r\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\r\nAuto-Submitted: auto-generated",
            "Subject: Re: Factuur\r\nList-Unsubscribe: <https://x.example/weg>",
        ] {
            world.pass(Span::hours(2));
            let (id, _) = solved(&world).await;
            let to = reply_address(&world, id, "marieke").await;
            let came = read(&world, mail("marieke", &to, rest, "Het gaat nog niet")).await;
            assert_eq!((came.state, came.ticket, status(&world, id).await), (State::Read, Some(id), Status::Open), "{rest}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_may_be_an_absence_note_reopens_nothing_and_is_before_the_eyes_of_admins() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let (id, _) = solved(&world).await;
        let to = reply_address(&world, id, "marieke").await;
        let aside = [
            "Subject: Im Urlaub bis 24.3.",
            "Subject: Vakantie",
            "Subject: Afwezig: Re: [#1] Factuur",
            "Subject: En congés",
            "Subject: Re: Factuur\r\nReturn-Path: <>",
            "Subject: Re: Factuur\r\nPrecedence: junk",
        ];
        for rest in aside {
            let came = read(&world, mail("marieke", &to, rest, "Ik ben er weer op 24 maart")).await;
            assert_eq!((came.state, came.ticket), (State::SetAside, Some(id)), "{rest}");
            assert_eq!(came.reason, Some(MailReason::Doubtful { said: "Ik ben er weer op 24 maart".into() }));
        }
        for rest in ["Subject: Im Urlaub\r\nReturn-Path: <>", "Subject: Vakantie\r\nAuto-Submitted: auto-replied"] {
            let came = read(&world, mail("marieke", &to, rest, "Ik ben er weer op 24 maart")).await;
            assert_eq!((came.state, came.ticket), (State::Quiet, Some(id)), "{rest}");
        }
        assert_eq!((status(&world, id).await, messages(&world, id).await), (Status::Resolved, 2));
        assert!(sent(&world).await.is_empty());
        let standing = desk::mail::standing(&world.desk, &world.agent("hanneke"), None).await.unwrap();
        assert_eq!(standing.aside.len(), aside.len());
        assert!(standing.aside.iter().all(|mail| matches!(&mail.reason, Some(MailReason::Doubtful { said }) if said.contains("24 maart"))));
        // Who answers keeps the subject, and a new ticket may be about anything.
        assert_eq!(read(&world, mail("marieke", &to, "Subject: Re: Vakantie", "Het gaat nog niet")).await.state, State::Read);
        assert_eq!(read(&world, mail("marieke", "support@sera.example", "Subject: Vakantie", "Mag ik vrij?")).await.state, State::Read);
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_a_program_is_on_its_ticket_whoever_it_is_from() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let (id, ours) = solved(&world).await;
        let ours = field(&ours, "Message-ID").unwrap();
        let note = |rest: &str| format!("From: receptie@klant.example\r\nTo: support@sera.example\r\nSubject: Wij zijn dicht\r\nAuto-Submitted: auto-replied\r\n{rest}\r\n\r\n<p>Tot maandag</p>\r\n");
        let came = let_in(&world, note(&format!("Content-Type: text/html\r\nIn-Reply-To: {ours}"))).await;
        assert_eq!((came.state, came.ticket, came.reason), (State::Quiet, Some(id), Some(MailReason::Absence { said: "Tot maandag".into() })));
        let shown = page(&world.desk, world.person("sanne"), id).await.unwrap().beside.unwrap().mail.quiet;
        assert_eq!((shown.len(), shown[0].id), (1, came.id));
        // On no ticket it would be seen by nobody.
        let came = let_in(&world, note("X: y")).await;
        assert_eq!((came.state, came.ticket), (State::SetAside, None));
        assert!(!has_account(&world, "receptie@klant.example").await && sent(&world).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn nothing_is_sent_in_answer_to_a_mail_without_a_sender() {
    on_both(async |world: World| {
        let world = with_mail(world);
        for from in ["marieke@x.example", "nieuw@elders.example", "postmaster@elders.example"] {
            for subject in ["Printer stuk", "Unzustellbar: Drucker", "Im Urlaub", "Re: [#99] Factuur"] {
                let came =
                    let_in(&world, format!("Return-Path: <>\r\nFrom: {from}\r\nTo: support@sera.example\r\nSubject: {subject}\r\n\r\nDag\r\n")).await;
                assert_eq!((came.state, came.ticket), (State::SetAside, None), "{from} {subject}: {came:?}");
            }
        }
        assert!(sent(&world).await.is_empty());
        assert!(!has_account(&world, "nieuw@elders.example").await && !has_account(&world, "postmaster@elders.example").await);
    })
    .await;
}

/// A report that a mail did not arrive, with this of the mail.
fn report(returned: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@relay.example\r\nTo: support@sera.example\r\nSubject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nSorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; marieke@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{returned}\r\n\r\nDag\r\n--b--\r\n"
    )
}

/// What Exchange writes where it makes no report.
fn exchange(subject: &str, text: &str) -> String {
    format!(
        "Return-Path: <>\r\nFrom: Systeembeheer <postmaster@x.example>\r\nTo: support@sera.example\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

#[tokio::test]
async fn a_bounce_finds_its_mail_by_what_is_left_of_it() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let failed = "      marieke@x.example am 12.03.2025 10:20\r\n            Die E-Mail-Adresse wurde nicht gefunden. <mx.x.example #5.1.1>";
        type Made<'m> = &'m dyn Fn(TicketId, &str, &str) -> String;
        let bounces: [(&str, bool, Made<'_>); 8] = [
            ("a relay named it anew", true, &|_, ours, _| report(&format!("Message-ID: <0107@relay.example>\r\nX-Balie: {ours}"))),
            ("its reply address is left", true, &|_, _, to| report(&format!("Message-ID: <0107@relay.example>\r\nReply-To: SERA <{to}>"))),
            ("it is answered", true, &|_, ours, _| {
                exchange("Unzustellbar: Rechnung", failed).replace("Subject:", &format!("In-Reply-To: <{ours}>\r\nSubject:"))
            }),
            ("German, and a copy below", true, &|_, ours, _| {
                exchange("Unzustellbar: Rechnung", &format!("{failed}\r\n\r\nMessage-ID:\r\n <{ours}>"))
            }),
            ("Dutch, and the reply address in it", true, &|_, _, to| {
                exchange("Onbestelbaar: Factuur", &format!("marieke@x.example op 12-3-2025 10:20\r\n #5.1.1\r\nBeantwoorden: {to}"))
            }),
            ("English, and its number", false, &|id, _, _| {
                exchange(&format!("Undeliverable: [#{id}] Factuur"), "Your message to marieke@x.example couldn't be delivered. #5.1.1")
            }),
            ("French, and its number", false, &|id, _, _| {
                exchange(&format!("Non remis : [#{id}] Factuur"), "marieke@x.example\r\n550 5.1.1 inconnu")
            }),
            ("sent to its reply address", true, &|_, _, to| {
                exchange("Undeliverable: Factuur", "marieke@x.example\r\n550 5.1.1").replace("support@sera.example", to)
            }),
        ];
        for (what, is_certain, bounce) in bounces {
            world.pass(Span::hours(2));
            let (id, ours) = solved(&world).await;
            let ours = field(&ours, "X-Balie").unwrap();
            let to = reply_address(&world, id, "marieke").await;
            let came = let_in(&world, bounce(id, &ours, &to)).await;
            assert_eq!((came.state, came.ticket), (State::Quiet, Some(id)), "{what}: {came:?}");
            assert!(matches!(came.reason, Some(MailReason::Bounced { .. })), "{what}: {came:?}");
            let delivery = world.deliveries(id).await.into_iter().find(|one| one.address == "marieke@x.example").unwrap();
            assert_eq!((delivery.state, status(&world, id).await), (Delivered::Bounced, Status::Resolved), "{what}");
            // Whoever knows a number alone stops nobody's mail.
            let failure = store::notifications::address_failure(world.desk.store(), world.id("marieke")).await.unwrap();
            assert_eq!(failure.is_some(), is_certain, "{what}: {failure:?}");
            read(&world, mail("marieke", "support@sera.example", &believed("Subject: Weer bereikbaar"), what)).await;
            sent(&world).await;
        }
        assert!(!has_account(&world, "postmaster@x.example").await);
    })
    .await;
}

#[tokio::test]
async fn a_bounce_that_is_nobodys_is_set_aside_and_makes_nothing() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let (id, _) = solved(&world).await;
        let forged = "support+1.1.0123456789abcdef@sera.example";
        for bounce in [
            report("Message-ID: <ander@elders.example>"),
            report(&format!("Message-ID: <ander@elders.example>\r\nReply-To: <{forged}>")),
            // An invitation is kept nowhere.
            report("Message-ID: <0123@sera.example>\r\nX-Balie: 0123@sera.example"),
            exchange(&format!("Undeliverable: [#{id}] Factuur"), "iemand@elders.example\r\n550 5.1.1"),
            exchange("Onbestelbaar: Factuur", "De mail kwam niet aan. 550 5.1.1"),
            "From: MAILER-DAEMON\r\nSubject: Oeps\r\n\r\nEr ging iets mis\r\n".to_owned(),
        ] {
            let came = let_in(&world, &bounce).await;
            assert_eq!((came.state, came.ticket), (State::SetAside, None), "{bounce}");
            assert!(matches!(came.reason, Some(MailReason::UnknownBounce { .. })), "{came:?}");
        }
        assert!(world.deliveries(id).await.iter().all(|one| one.state != Delivered::Bounced));
        assert!(sent(&world).await.is_empty() && !has_account(&world, "postmaster@x.example").await);
        // What a person asks help with is a ticket.
        let help = format!(
            "From: marieke@x.example\r\nTo: support@sera.example\r\nSubject: Wat is dit?\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nKunnen jullie kijken?\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--c--\r\n",
            report("Message-ID: <ander@elders.example>")
        );
        let came = read(&world, help).await;
        assert_eq!(came.state, State::Read, "{came:?}");
        assert!(last(&world, came.ticket.unwrap()).await.1.contains("Kunnen jullie kijken?"));
    })
    .await;
}

#[tokio::test]
async fn another_mail_with_the_same_number_is_another_mail() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let alarm = |to: &str, date: &str, text: &str| {
            mail(
                "marieke",
                "support@sera.example",
                &format!("Delivered-To: {to}\r\nMessage-ID: <melding.1@x.example>\r\nDate: {date}\r\nSubject: Storing"),
                text,
            )
        };
        let (monday, tuesday) = ("Mon, 10 Mar 2025 07:00:00 +0100", "Tue, 11 Mar 2025 07:00:00 +0100");
        let mut tickets = vec![];
        for (date, text) in [(monday, "Melder 12"), (tuesday, "Melder 12"), (tuesday, "Melder 31")] {
            let came = read(&world, alarm("support@sera.example", date, text)).await;
            assert_eq!(came.state, State::Read, "{date} {text}: {came:?}");
            // The same by way of another address, as the second of them too.
            let copy = read(&world, alarm("diamant@sera.example", date, text)).await;
            assert_eq!((copy.state, copy.ticket, copy.reason), (State::Quiet, came.ticket, Some(MailReason::Copy)));
            tickets.push(came.ticket);
        }
        tickets.dedup();
        assert_eq!(tickets.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn who_wrote_through_a_list_is_who_the_list_names_and_is_not_believed_for_it() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let group = |list: &str, who: &str, domain: &str| {
            format!(
                "Authentication-Results: mx.sera.example; dmarc=pass header.from={domain}\r\nFrom: \"'Iemand' via Helpdesk\" <{list}@{domain}>\r\nTo: {list}@{domain}\r\nX-Original-From: {who}\r\n\
                 List-Id: <{list}.{domain}>\r\nList-Post: <mailto:{list}@{domain}>\r\nPrecedence: list\r\nSubject: Printer {list}\r\n\r\nHij doet niets\r\n"
            )
        };
        for (list, domain) in [("support", "sera.example"), ("beheer", "x.example")] {
            let came = read(&world, group(list, "Marieke de Wit <marieke@x.example>", domain)).await;
            assert_eq!((came.state, came.sender.as_deref()), (State::Read, Some("marieke@x.example")), "{came:?}");
            let (author, _, verified) = last(&world, came.ticket.unwrap()).await;
            assert_eq!((author.as_str(), verified), ("marieke", Some(false)), "the list proves itself alone");
            // Nobody posts as staff because a list says so, though the domain of both is the same.
            let forged = read(&world, group(list, "Sanne <sanne@x.example>", domain)).await;
            assert_eq!((forged.state, forged.reason), (State::SetAside, Some(MailReason::StaffUnproven { name: "sanne".into() })));
        }
        // Everyone writes to the list that is the desk's own; on another, whom nobody knows sends to many.
        let new = let_in(&world, group("support", "Vera Vreemd <vera@elders.example>", "sera.example")).await;
        assert_eq!((new.state, last(&world, new.ticket.unwrap()).await.0.as_str()), (State::Read, "Vera Vreemd"));
        let many = let_in(&world, group("nieuws", "Wim <wim@elders.example>", "elders.example")).await;
        assert_eq!((many.state, has_account(&world, "wim@elders.example").await), (State::SetAside, false));
    })
    .await;
}

#[tokio::test]
async fn a_mail_of_the_desk_itself_is_known_and_one_of_another_desk_is_its_persons() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let (id, ours) = solved(&world).await;
        let own = field(&ours, "X-Balie").unwrap();
        let to = reply_address(&world, id, "marieke").await;
        // Sent on by a rule of her mailbox: as it was, or under a number of its own.
        let came = read(&world, &ours.raw).await;
        assert_eq!((came.state, came.ticket, came.reason), (State::Quiet, Some(id), Some(MailReason::OwnMail)));
        let came = read(&world, mail("marieke", &to, &format!("X-Balie: {own}\r\nMessage-ID: <9@x.example>\r\nSubject: Fw"), "Dag")).await;
        assert_eq!((came.state, came.ticket), (State::Quiet, Some(id)));
        // One about no ticket, as an invitation is.
        let came = read(&world, mail("marieke", &to, "X-Balie: 0123@sera.example\r\nSubject: Uitnodiging", "Dag")).await;
        assert_eq!((came.state, came.ticket, came.reason), (State::SetAside, None, Some(MailReason::OwnMail)));
        assert_eq!((status(&world, id).await, messages(&world, id).await), (Status::Resolved, 2));
        // Her own desk is of the same kind, and its people write from it.
        let theirs = "X-Balie: 7@desk.klant.example\r\nList-Id: Ticket 7 <7.tickets.klant.example>\r\nSubject: Re: Factuur";
        let came = read(&world, mail("marieke", &to, theirs, "Hier Tom, namens Marieke")).await;
        assert_eq!((came.state, came.ticket, status(&world, id).await), (State::Read, Some(id), Status::Open));
    })
    .await;
}

#[tokio::test]
async fn what_an_agent_typed_goes_out_as_a_persons_mail_and_all_else_as_a_programs() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Factuur").await;
        let receipt = sent(&world).await;
        let of = |mails: &[Sent], to: &str| mails.iter().filter(|mail| mail.to == to).map(|mail| field(mail, "Auto-Submitted")).collect::<Vec<_>>();
        assert_eq!(of(&receipt, "marieke@x.example"), [Some("auto-replied".to_owned())]);
        edit(&world.desk, &world.agent("daan"), id, &[Edit::Assignee(Some(world.id("daan")))], None).await.unwrap();
        reply(&world.desk, world.person("sanne"), id, &Writing { text: "Ik kijk.".into(), ..Writing::default() }).await.unwrap();
        let answer = sent(&world).await;
        assert_eq!(of(&answer, "marieke@x.example"), [None]);
        assert!(of(&answer, "daan@x.example").iter().all(Option::is_some), "what tells staff is a notice");
        assert!(answer.iter().all(|mail| field(mail, "X-Balie").is_some()));
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Urgency(domain::tickets::Urgency::Low, Some("minder erg".into()))], None).await.unwrap();
        assert_eq!(of(&sent(&world).await, "marieke@x.example"), [Some("auto-generated".to_owned())]);
    })
    .await;
}

/// A mail with so many logos in its text, and so many files.
fn with_pictures(logos: usize, files: &[String]) -> String {
    let picture = base64(&png(2, 2));
    let shown: String = (0..logos).map(|n| format!("<img src=\"cid:logo{n}@x\">")).collect();
    let mut body = format!(
        "--b\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>Zie de bestanden.</p>{shown}\r\n"
    );
    for n in 0..logos {
        body += &format!(
            "--r\r\nContent-Type: image/png; name=logo{n}.png\r\nContent-ID: <logo{n}@x>\r\nContent-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}\r\n"
        );
    }
    body += "--r--\r\n";
    for name in files {
        body += &format!("--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\nDag\r\n");
    }
    body + "--b--"
}

#[tokio::test]
async fn logos_leave_room_for_files_and_what_was_not_taken_over_is_opened_by_who_reads_the_ticket() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let files: Vec<String> = (0..20).map(|n| format!("meting{n}.txt")).chain(["te-veel.txt".into(), "virus.exe".into()]).collect();
        let (id, _) = solved(&world).await;
        let to = reply_address(&world, id, "marieke").await;
        let rest = |subject: &str| format!("Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b");
        let opened = read(&world, mail("marieke", "support@sera.example", &rest("Nieuw"), &with_pictures(25, &files))).await;
        let replied = read(&world, mail("marieke", &to, &rest("Antwoord"), &with_pictures(25, &files))).await;
        for came in [opened, replied] {
            let ticket = came.ticket.unwrap_or_else(|| panic!("{came:?}"));
            let shown = page(&world.desk, world.person("sanne"), ticket).await.unwrap();
            let (message, listed) = shown.messages.last().unwrap();
            let names: Vec<String> = listed.iter().map(|file| file.name.as_str().to_owned()).collect();
            assert!(names.len() == 20 && files[..20].iter().all(|name| names.contains(name)), "{names:?}");
            assert_eq!(message.html.matches("/view\"").count(), 25, "{}", message.html);
            assert!(message.html.contains("te-veel.txt, virus.exe") && !message.html.contains("logo"), "{}", message.html);
            // The pictures are the reader's to see, as the ticket is.
            let address = message.html.split("/files/").nth(1).unwrap().split('/').next().unwrap();
            let picture = domain::AttachmentId::parse(address).unwrap();
            for (who, may) in [("marieke", true), ("sanne", true), ("kees", false)] {
                assert_eq!(desk::attachments::download(&world.desk, world.person(who), &picture).await.is_ok(), may, "{who}");
            }
            let mark = message.mail.as_ref().unwrap().incoming;
            assert!(String::from_utf8(desk::mail::source(&world.desk, &world.agent("sanne"), mark).await.unwrap()).unwrap().contains("virus.exe"));
            assert!(
                !page(&world.desk, world.person("marieke"), ticket)
                    .await
                    .unwrap()
                    .messages
                    .iter()
                    .any(|(message, _)| message.mail.as_ref().is_some_and(|mail| !mail.head.is_empty()))
            );
        }
        // More than a mail needs is no room for a flood.
        let many = read(&world, mail("marieke", "support@sera.example", &rest("Behang"), &with_pictures(101, &[]))).await;
        assert!(last(&world, many.ticket.unwrap()).await.1.contains("logo100.png"));

        // A mail that was set aside is the admins', and one of a closed department its members'.
        let aside = read(&world, mail("sanne", &to, "Subject: Vals", "Doe maar")).await;
        assert_eq!(aside.state, State::SetAside);
        let refused = desk::mail::source(&world.desk, &world.agent("daan"), aside.id).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&domain::Refusal::NotFound));
        assert!(desk::mail::source(&world.desk, &world.agent("hanneke"), aside.id).await.is_ok());
        world.close_department(world.departments[0], &["sanne"]).await;
        let outside = world.renewed("daan").await.agent().unwrap();
        let note = read(&world, mail("marieke", &to, "Subject: Vakantie", "Privé")).await;
        let admin = world.renewed("hanneke").await.agent().unwrap();
        let shown = desk::mail::standing(&world.desk, &admin, None).await.unwrap().aside.into_iter().find(|mail| mail.id == note.id);
        let shown = shown.unwrap();
        assert_eq!(shown.reason, Some(MailReason::Doubtful { said: "…".into() }));
        assert_eq!((shown.sender.as_deref(), shown.subject.as_deref()), (Some("…"), Some("…")));
        assert_eq!(desk::mail::source(&world.desk, &outside, many.id).await.unwrap_err().refusal(), Some(&domain::Refusal::NotFound));
    })
    .await;
}

#[tokio::test]
async fn each_number_of_a_subject_is_tried_and_the_sender_decides() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let (theirs, hers) = (world.open("kees", "Van Kees").await, world.open("marieke", "Van Marieke").await);
        let subject = format!("Subject: FW: [#{theirs}] Re: [#{hers}] Factuur");
        assert_eq!(read(&world, mail("marieke", "support@sera.example", &subject, "Van haar")).await.ticket, Some(hers));
        assert_eq!(read(&world, mail("kees", "support@sera.example", &subject, "Van hem")).await.ticket, Some(theirs));
    })
    .await;
}

#[tokio::test]
async fn a_reason_of_an_earlier_version_is_shown_as_it_stands() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = comes_in(&world, mail("niemand", "support@sera.example", "Subject: Oud", "Dag")).await;
        while ingest::once(&world.desk).await.unwrap() > 0 {}
        let change = world.desk.store().begin().await.unwrap();
        store::mail::reread(&change, id).await.unwrap();
        store::mail::try_again(&change, id, world.desk.now(), "nobody with an account has this address").await.unwrap();
        change.commit().await.unwrap();
        let kept = store::mail::find(world.desk.store(), id).await.unwrap().unwrap();
        assert_eq!(kept.reason, Some(MailReason::Other { text: "nobody with an account has this address".into() }));
    })
    .await;
}
