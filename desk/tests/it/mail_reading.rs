//! What is kept of mails whose words are not where readers look first.

use crate::mail::{mail, read, with_mail};
use crate::support::{World, on_both, png};
use base64::Engine as _;
use desk::mail::{reply_address, secret};
use desk::tickets::{page, settle};
use domain::TicketId;
use domain::accounts::Language;
use domain::tickets::Status;
use store::mail::State;

async fn to_ticket(world: &World, id: TicketId) -> String {
    reply_address::reply_address(secret(&world.desk).await.unwrap(), "support@sera.example", id, world.id("marieke"))
}

/// The last message of a ticket as its agent sees it, and the names of its files.
async fn last(world: &World, id: TicketId) -> (String, Vec<String>) {
    let page = page(&world.desk, world.person("hanneke"), id).await.unwrap();
    let (message, files) = page.messages.last().unwrap();
    (message.html.clone(), files.iter().map(|file| file.name.as_str().to_owned()).collect())
}

fn parts(kind: &str, parts: &[&str]) -> (String, String) {
    let body: String = parts.iter().map(|part| format!("--x\r\n{}\r\n", part.replace('\n', "\r\n"))).collect();
    (format!("MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary=x"), format!("{body}--x--"))
}

#[tokio::test]
async fn a_mail_inside_its_signature_is_shown_and_the_signature_is_not_vouched_for() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let signed = std::str::from_utf8(include_bytes!("../../../mime/tests/mails/signed-and-opaque.eml")).unwrap();
        let came = read(&world, signed.replace("marieke@klant.example>\r\nTo", "marieke@x.example>\r\nTo")).await;
        let (html, mut files) = last(&world, came.ticket.expect("it is a ticket")).await;
        files.sort();
        assert!(html.contains("De koffie is écht op.") && html.contains(i18n::mail_signature_unverified(Language::Nl)), "{html}");
        assert_eq!(files, ["lijst.csv", "smime.p7m"]);

        let sealed = base64::engine::general_purpose::STANDARD.encode(b"\x30\x82\x00\x05\x06\x03\x2a\x03\x04");
        let rest =
            "Subject: Geheim\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64";
        let came = read(&world, mail("marieke", "support@sera.example", rest, &sealed)).await;
        let (html, files) = last(&world, came.ticket.expect("it is a ticket")).await;
        assert!(html.contains(i18n::mail_encrypted(Language::Nl)), "{html}");
        assert_eq!(files, ["smime.p7m"]);
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_is_one_picture_has_no_history_as_its_words() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Scherm").await;
        let to = to_ticket(&world, id).await;
        let picture = base64::engine::general_purpose::STANDARD.encode(png(4, 4));
        let image = format!("Content-Type: image/png; name=foto.png\nContent-Disposition: inline; filename=foto.png\nContent-ID: <foto>\nContent-Transfer-Encoding: base64\n\n{picture}");
        let text = "Content-Type: text/plain\n\nOp ma 3 mrt. 2025 om 10:12 schreef Sanne <support@sera.example>:\n> Stuur een foto.";
        let page = "Content-Type: text/html\n\n<div><img src=\"cid:foto\"></div><blockquote type=\"cite\">Stuur een foto.</blockquote>";
        for (kind, all) in [("mixed", [image.as_str(), text]), ("related", [page, image.as_str()])] {
            let (fields, body) = parts(kind, &all);
            let came = read(&world, mail("marieke", &to, &format!("Subject: Re: Scherm\r\n{fields}"), &body)).await;
            assert_eq!((came.state, came.ticket), (State::Read, Some(id)));
            let (html, files) = last(&world, id).await;
            let (said, _) = html.split_once("<details").expect("history is folded");
            assert!(!said.contains("Stuur een foto") && (said.contains("<img") || said.contains(i18n::mail_picture_alone(Language::Nl))), "{html}");
            assert!(files.len() <= 1 && !html.contains(i18n::mail_no_text(Language::Nl)), "{html}");
            let shown = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap().messages.last().unwrap().0.id;
            let kept = store::conversation::message(world.desk.store(), id, Some(shown)).await.unwrap().unwrap();
            assert_eq!(kept.text, i18n::mail_picture_alone(Language::Nl));
        }
    })
    .await;
}

#[tokio::test]
async fn the_answer_of_a_calendar_reopens_nothing_and_what_somebody_writes_with_it_does() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Storing").await;
        settle(&world.desk, &world.customer("marieke"), id).await.unwrap();
        let to = to_ticket(&world, id).await;
        let status = async || page(&world.desk, world.person("hanneke"), id).await.unwrap().ticket.status;
        let calendar = "Content-Type: text/calendar; charset=utf-8; method=REPLY\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nSUMMARY:Storing bespreken\nATTENDEE;PARTSTAT=DECLINED:mailto:marieke@x.example\nEND:VEVENT\nEND:VCALENDAR";
        let answer = async |text: &str| {
            let (fields, body) = parts("alternative", &[&format!("Content-Type: text/plain\n\n{text}"), calendar]);
            read(&world, mail("marieke", &to, &format!("Subject: Afgewezen: Storing bespreken\r\n{fields}"), &body)).await
        };
        let came = answer("").await;
        assert_eq!((came.state, came.ticket, status().await), (State::Quiet, Some(id), Status::Closed), "{came:?}");
        let came = answer("Dan kan ik niet, en het is nog steeds stuk.").await;
        assert_eq!((came.state, status().await), (State::Read, Status::Open), "{came:?}");
        let (html, _) = last(&world, id).await;
        assert!(html.contains("Uitnodiging afgewezen: Storing bespreken") && html.contains("nog steeds stuk"), "{html}");
    })
    .await;
}

#[tokio::test]
async fn a_reaction_leaves_no_file() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Storing").await;
        let to = to_ticket(&world, id).await;
        let reaction = "Content-Type: text/vnd.google.email-reaction+json; charset=utf-8\n\n{\"emoji\":\"👍\",\"version\":1}";
        let (fields, body) = parts(
            "alternative",
            &["Content-Type: text/plain; charset=utf-8\n\n👍 Marieke", reaction, "Content-Type: text/html; charset=utf-8\n\n<p>👍 Marieke</p>"],
        );
        read(&world, mail("marieke", &to, &format!("Subject: Re: Storing\r\n{fields}"), &body)).await;
        let (html, files) = last(&world, id).await;
        assert_eq!((html.as_str(), files.len()), ("<p>👍 Marieke</p>", 0));
    })
    .await;
}

#[tokio::test]
async fn a_picture_that_the_html_names_and_does_not_show_is_a_file() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Scherm").await;
        let to = to_ticket(&world, id).await;
        let picture = base64::engine::general_purpose::STANDARD.encode(png(4, 4));
        let image = format!("Content-Type: image/png; name=foto.png\nContent-Disposition: inline; filename=foto.png\nContent-ID: <a>\nContent-Transfer-Encoding: base64\n\n{picture}");
        for page in ["<p>Zie beeld</p><!-- <img src=\"cid:a\"> -->", "<p>Zie beeld</p><table background=\"cid:a\"></table>"] {
            let (fields, body) = parts("related", &[&format!("Content-Type: text/html\n\n{page}"), &image]);
            let came = read(&world, mail("marieke", &to, &format!("Subject: Re: Scherm\r\n{fields}"), &body)).await;
            assert_eq!((came.state, came.ticket), (State::Read, Some(id)));
            let (html, files) = last(&world, id).await;
            assert!(html.contains("Zie beeld") && !html.contains("/view"), "{html}");
            assert_eq!(files, ["foto.png"], "{page}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_is_cut_says_so() {
    on_both(async |world: World| {
        let world = with_mail(world);
        let id = world.open("marieke", "Scherm").await;
        let to = to_ticket(&world, id).await;
        let cut = i18n::mail_cut(Language::Nl);
        let long = format!("Content-Type: text/plain\n\nHet log:\n{}", "regel van het log\n".repeat(9_000));
        let (fields, body) = parts("mixed", &[&long]);
        read(&world, mail("marieke", &to, &format!("Subject: Re: Scherm\r\n{fields}"), &body)).await;
        assert!(last(&world, id).await.0.contains(cut));
    })
    .await;
}
