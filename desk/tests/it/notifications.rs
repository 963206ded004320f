//! Who gets which mail, and what it says.

use crate::on_call::{look, rota, to_saturday_night, urgent};
use crate::support::{World, on_both};
use desk::mail::{Mail, Mailbox, Sent, Settings, Transport, once};
use desk::notifications::{self, State};
use desk::tickets::{Edit, Writing, edit, note, reply};
use desk::{Desk, mail};
use domain::TicketId;
use domain::notifications::{Pace, Paces};
use domain::tickets::Status;
use domain::time::Span;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

fn sender() -> Mailbox {
    Mailbox { name: "SERA Support".into(), address: "support@sera.example".into() }
}

/// Reads the log, lets the moment of gathering pass, and gives the mails that go out.
async fn mails(world: &World) -> Vec<Sent> {
    while notifications::advance(&world.desk).await.unwrap() > 0 {}
    world.pass(Span::seconds(2));
    while once(&world.desk).await.unwrap() > 0 {}
    let mut sent = world.desk.mail().transport().take();
    sent.sort_by(|a, b| a.to.cmp(&b.to));
    sent
}

fn to(sent: &[Sent]) -> Vec<&str> {
    sent.iter().map(|mail| mail.to.split('@').next().unwrap()).collect()
}

/// The mail with its transfer encodings undone, as far as these tests need.
fn text(mail: &Sent) -> String {
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    raw.replace("=\r\n", "").replace("=3D", "=").replace("=C3=AB", "ë")
}

fn header(mail: &Sent, name: &str) -> Option<String> {
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    let head = raw.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
}

async fn said(world: &World, who: &str, id: TicketId, words: &str) {
    let writing = Writing { text: words.into(), ..Writing::default() };
    reply(&world.desk, world.person(who), id, &writing).await.unwrap();
}

fn with_mail(mut world: World, transport: Transport) -> World {
    world.desk = world.desk.clone().with_mail(Mail::new(Settings { sender: sender(), ..Settings::default() }, transport));
    world
}

async fn members(world: &World, people: &[&str]) {
    let change = world.desk.store().begin().await.unwrap();
    for person in people {
        store::departments::join(&change, world.departments[0], world.id(person)).await.unwrap();
    }
    change.commit().await.unwrap();
}

#[tokio::test]
async fn a_ticket_is_acknowledged_answered_and_answered_back_by_mails_that_thread() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        members(&world, &["sanne"]).await;
        let id = world.open("marieke", "Factuur").await;
        let first = mails(&world).await;
        assert_eq!(to(&first), ["marieke", "sanne"]);
        assert!(text(&first[0]).contains(&format!("#{id}")) && header(&first[0], "Auto-Submitted").unwrap() == "auto-replied", "{}", text(&first[0]));
        assert_eq!(header(&first[0], "Subject").unwrap(), format!("[#{id}] Factuur"));

        said(&world, "sanne", id, "Het ligt aan de **koppeling**.").await;
        let second = mails(&world).await;
        assert_eq!(to(&second), ["marieke"]);
        let answer = &second[0];
        assert!(text(answer).contains("Het ligt aan de **koppeling**.") && text(answer).contains("<strong>koppeling</strong>"), "{}", text(answer));
        assert_eq!(header(answer, "In-Reply-To"), header(&first[0], "Message-ID"));
        let reply_to = header(answer, "Reply-To").unwrap();
        let address = reply_to.split('<').nth(1).unwrap().trim_end_matches('>');
        let secret = mail::secret(&world.desk).await.unwrap();
        assert_eq!(mail::reply_address::read_reply_address(secret, address), Some((id, world.id("marieke"))));
        assert_eq!(header(answer, "From").unwrap(), "\"sanne via SERA Support\" <support@sera.example>");

        said(&world, "marieke", id, "Dank!").await;
        assert_eq!(to(&mails(&world).await), ["sanne"], "her department, as nobody has taken it");
    })
    .await;
}

#[tokio::test]
async fn what_happens_close_together_is_one_mail_and_nobody_is_told_twice() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        let id = world.open("marieke", "Factuur").await;
        mails(&world).await;
        said(&world, "sanne", id, "Eerste antwoord").await;
        said(&world, "sanne", id, "Tweede antwoord").await;
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Status(Status::Resolved)], None).await.unwrap();
        let (one, other) = (world.desk.clone(), world.desk.clone());
        let (a, b) = tokio::join!(notifications::advance(&one), notifications::advance(&other));
        a.unwrap();
        b.unwrap();
        let sent = mails(&world).await;
        assert_eq!(to(&sent), ["marieke"]);
        for words in ["Eerste antwoord", "Tweede antwoord", "Opgelost"] {
            assert!(text(&sent[0]).contains(words), "{words} is not in {}", text(&sent[0]));
        }
        assert!(mails(&world).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn whoever_is_woken_reads_what_it_is_about_by_a_subject_that_a_telephone_can_ring_for() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        rota(&world, &["sanne", "daan"], "").await;
        to_saturday_night(&world);
        let id = urgent(&world, "high").await;
        look(&world).await;
        let of = |sent: &[Sent], who: &str| sent.iter().find(|mail| mail.to.starts_with(who)).cloned();
        let first = of(&mails(&world).await, "sanne").unwrap();
        let subject = format!("Dringend: [#{id}] Alles ligt stil (De Waal)");
        assert_eq!(header(&first, "Subject").unwrap(), subject);
        // Ten minutes later it wakes another, who has not heard of it yet.
        world.pass(Span::minutes(10));
        look(&world).await;
        let next = of(&mails(&world).await, "daan").unwrap();
        assert_eq!(header(&next, "Subject").unwrap(), subject);
        assert!(text(&next).contains("Stap 1, stap 2") && text(&next).contains("Niemand pakte het op"), "{}", text(&next));
    })
    .await;
}

#[tokio::test]
async fn a_customer_whose_ticket_becomes_less_urgent_is_told_what_to_expect_now() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        to_saturday_night(&world);
        let id = urgent(&world, "high").await;
        mails(&world).await;
        let lower = Edit::Urgency(domain::tickets::Urgency::Medium, Some("Boeken kan via de webversie".into()));
        edit(&world.desk, &world.agent("daan"), id, &[lower], None).await.unwrap();
        let sent = mails(&world).await;
        let told = sent.iter().find(|mail| mail.to.starts_with("marieke")).map(text).unwrap();
        assert!(told.contains("Boeken kan via de webversie") && told.contains("Ons kantoor is nu gesloten"), "{told}");
    })
    .await;
}

#[tokio::test]
async fn a_note_reaches_staff_who_are_named_and_no_customer() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        let id = world.open("marieke", "Factuur").await;
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::AddCc(world.id("ruud"))], None).await.unwrap();
        mails(&world).await;
        let words = Writing { text: "Geheim, @daan kijk jij? @marieke @ruud".into(), ..Writing::default() };
        note(&world.desk, &world.agent("sanne"), id, &words).await.unwrap();
        let sent = mails(&world).await;
        assert_eq!(to(&sent), ["daan"]);
        assert!(text(&sent[0]).contains("Geheim"));
        said(&world, "sanne", id, "Openbaar").await;
        for mail in mails(&world).await {
            assert!(!text(&mail).contains("Geheim"), "{}", text(&mail));
        }
    })
    .await;
}

#[tokio::test]
async fn who_lost_the_right_to_read_before_the_mail_went_out_gets_none() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        let id = world.open("marieke", "Factuur").await;
        let sanne = world.agent("sanne");
        edit(&world.desk, &sanne, id, &[Edit::AddCc(world.id("ruud"))], None).await.unwrap();
        said(&world, "sanne", id, "Voor wie het mag lezen").await;
        while notifications::advance(&world.desk).await.unwrap() > 0 {}
        edit(&world.desk, &sanne, id, &[Edit::RemoveCc(world.id("ruud"))], None).await.unwrap();
        assert_eq!(to(&mails(&world).await), ["marieke"]);
        let ruud = world.deliveries(id).await.into_iter().find(|d| d.person.id == world.id("ruud")).unwrap();
        assert_eq!(ruud.state, State::Dropped);
        assert!(ruud.reason.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_digest_comes_once_a_day_and_off_is_off() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        let (one, two) = (world.open("marieke", "Een").await, world.open("marieke", "Twee").await);
        edit(&world.desk, &world.agent("sanne"), one, &[Edit::AddCc(world.id("ruud"))], None).await.unwrap();
        mails(&world).await;
        notifications::set_paces(&world.desk, world.person("marieke"), &Paces::all(Pace::Digest)).await.unwrap();
        notifications::set_paces(&world.desk, world.person("ruud"), &Paces::all(Pace::Off)).await.unwrap();
        said(&world, "sanne", one, "Eerste").await;
        said(&world, "sanne", two, "Tweede").await;
        assert!(mails(&world).await.is_empty());
        world.pass(Span::hours(25));
        let sent = mails(&world).await;
        assert_eq!(to(&sent), ["marieke"]);
        assert!(
            text(&sent[0]).contains("Een") && text(&sent[0]).contains("Tweede") && header(&sent[0], "List-Unsubscribe").is_some(),
            "{}",
            text(&sent[0])
        );
        world.pass(Span::hours(25));
        assert!(mails(&world).await.is_empty());
    })
    .await;
}

/// What a mail server does with the next mails, in order; after that it takes them.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Defers,
    Refuses,
    /// Takes the mail, and is gone before it says so.
    ForgetsToAnswer,
}

/// A mail server that talks just enough SMTP; gives its port and the mails it took.
fn mail_server(moods: Vec<Mood>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, moods) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(moods.into_iter())));
    let all = taken.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut out, all, moods) = (stream.unwrap(), all.clone(), moods.clone());
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut lines = BufReader::new(out.try_clone()?).lines();
                out.write_all(b"220 here\r\n")?;
                while let Some(Ok(line)) = lines.next() {
                    let answer = match line.split(' ').next().unwrap_or_default() {
                        "EHLO" => "250 here",
                        "RCPT" => match moods.lock().unwrap().next() {
                            Some(Mood::Defers) => "451 4.7.1 greylisted",
                            Some(Mood::Refuses) => "550 5.1.1 no such user",
                            Some(Mood::ForgetsToAnswer) => {
                                out.write_all(b"250 ok\r\n")?;
                                lines.next();
                                out.write_all(b"354 go\r\n")?;
                                all.lock()
                                    .unwrap()
                                    .push(lines.by_ref().map_while(Result::ok).take_while(|l| l != ".").collect::<Vec<_>>().join("\n"));
                                return Ok(());
                            }
                            None => "250 ok",
                        },
                        "DATA" => {
                            out.write_all(b"354 go\r\n")?;
                            all.lock().unwrap().push(lines.by_ref().map_while(Result::ok).take_while(|l| l != ".").collect::<Vec<_>>().join("\n"));
                            "250 taken"
                        }
                        "QUIT" => "221 bye",
                        _ => "250 ok",
                    };
                    out.write_all(format!("{answer}\r\n").as_bytes())?;
                }
                Ok(())
            });
        }
    });
    (port, taken)
}

async fn delivery(world: &World, id: TicketId) -> notifications::Delivery {
    world.deliveries(id).await.remove(0)
}

fn on_port(world: World, port: u16) -> World {
    with_mail(world, Transport::parse(&format!("smtp://127.0.0.1:{port}?tls=none")).unwrap())
}

fn message_id(mail: &str) -> &str {
    mail.lines().find(|line| line.starts_with("Message-ID: ")).unwrap()
}

#[tokio::test]
async fn a_server_that_defers_is_tried_again_and_one_that_refuses_is_not() {
    on_both(async |world: World| {
        let (port, taken) = mail_server(vec![Mood::Defers, Mood::Defers]);
        let world = on_port(world, port);
        let id = world.open("marieke", "Uitgesteld").await;
        mails(&world).await;
        let waits = delivery(&world, id).await;
        assert!(waits.state == State::Waiting && waits.reason.as_ref().unwrap().contains("greylisted"), "{waits:?}");
        assert_eq!(once(&world.desk).await.unwrap(), 0, "not before its time");
        world.pass(Span::minutes(2));
        mails(&world).await;
        world.pass(Span::minutes(6));
        mails(&world).await;
        assert_eq!((delivery(&world, id).await.state, taken.lock().unwrap().len()), (State::Sent, 1));

        let (port, taken) = mail_server(vec![Mood::Refuses]);
        let world = on_port(world, port);
        let id = world.open("marieke", "Geweigerd").await;
        mails(&world).await;
        let refused = delivery(&world, id).await;
        assert!(refused.state == State::GivenUp && refused.reason.as_ref().unwrap().contains("5.1.1"), "{refused:?}");
        assert!(taken.lock().unwrap().is_empty());

        // An agent sends it again.
        notifications::resend(&world.desk, &world.agent("daan"), id, refused.id).await.unwrap();
        mails(&world).await;
        assert_eq!((delivery(&world, id).await.state, taken.lock().unwrap().len()), (State::Sent, 1));
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_may_have_been_taken_is_repeated_word_for_word_under_its_own_id() {
    on_both(async |world: World| {
        let (port, taken) = mail_server(vec![Mood::ForgetsToAnswer]);
        let world = on_port(world, port);
        let id = world.open("marieke", "Twee keer").await;
        mails(&world).await;
        assert_eq!(delivery(&world, id).await.state, State::Waiting);
        // What happens meanwhile is another mail: the repeated one would be folded away with it.
        said(&world, "sanne", id, "Intussen").await;
        mails(&world).await;
        world.pass(Span::minutes(2));
        mails(&world).await;
        let taken = taken.lock().unwrap();
        assert_eq!(taken.len(), 3);
        assert_eq!(message_id(&taken[0]), message_id(&taken[2]));
        assert_ne!(message_id(&taken[0]), message_id(&taken[1]));
        assert!(taken[1].contains("Intussen") && !taken[2].contains("Intussen"));
    })
    .await;
}

#[tokio::test]
async fn a_sender_that_died_with_a_mail_in_its_hands_is_followed_by_another() {
    on_both(async |world: World| {
        let world = with_mail(world, Transport::memory());
        world.open("marieke", "Halverwege").await;
        notifications::advance(&world.desk).await.unwrap();
        world.pass(Span::seconds(2));
        let (now, change) = (world.desk.now(), world.desk.store().begin().await.unwrap());
        assert_eq!(store::notifications::lease(&change, now, now + Span::minutes(10), 10).await.unwrap().len(), 1);
        change.commit().await.unwrap();
        assert_eq!(once(&world.desk).await.unwrap(), 0, "it is with someone");
        world.pass(Span::minutes(11));
        assert_eq!(to(&mails(&world).await), ["marieke"]);
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_for_days_and_then_given_up_visibly() {
    on_both(async |world: World| {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let world = on_port(world, port);
        let id = world.open("marieke", "Weg").await;
        let mut tries = 0;
        for _ in 0..30 {
            mails(&world).await;
            tries = delivery(&world, id).await.tries;
            world.pass(Span::hours(25));
        }
        let given_up = delivery(&world, id).await;
        assert_eq!((given_up.state, tries), (State::GivenUp, 10), "{given_up:?}");
        let _: &Desk = &world.desk;
    })
    .await;
}
