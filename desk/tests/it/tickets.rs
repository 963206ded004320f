//! Opening, answering, changing.

use crate::support::{World, on_both};
use desk::tickets::{Edit, Writing, edit, edit_all, note, open, page, reply, settle};
use domain::events::Happening;
use domain::tickets::{Side, Status, TicketForm, Urgency};
use domain::time::Span;
use domain::{Fault, Field, PersonId, Refusal, TicketId};

fn writing(text: &str) -> Writing {
    Writing { text: text.into(), ..Default::default() }
}

async fn status(world: &World, id: TicketId) -> Status {
    page(&world.desk, world.person("sanne"), id).await.unwrap().ticket.status
}

#[tokio::test]
async fn a_ticket_is_there_with_its_conversation_and_its_history() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Termijnstaat").await;
        let page = page(&world.desk, world.person("sanne"), id).await.unwrap();
        assert!(id.0 > 1_000, "people quote the number");
        assert_eq!((page.ticket.status, page.ticket.messages, page.messages.len()), (Status::New, 1, 1));
        assert!(matches!(page.history[..], [domain::events::Event { what: Happening::Opened { .. }, .. }]));
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_opens_one_ticket() {
    on_both(async |world: World| {
        let mut tasks = vec![];
        for _ in 0..8 {
            let (desk, by, form) = (world.desk.clone(), world.customer("marieke"), world.form("Dubbel"));
            tasks.push(tokio::spawn(async move { open(&desk, &by, &form, Some("key-1")).await.unwrap() }));
        }
        let mut ids = vec![];
        for task in tasks {
            ids.push(task.await.unwrap());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        let again = open(&world.desk, &world.customer("marieke"), &world.form("Dubbel"), Some("key-1")).await.unwrap();
        assert_eq!(again, ids[0]);
        let tallies = desk::board::tallies(&world.desk, &world.agent("sanne")).await.unwrap();
        assert_eq!(tallies, [(Status::New, 1)]);
    })
    .await;
}

#[tokio::test]
async fn another_persons_key_gives_nothing_away() {
    on_both(async |world: World| {
        let mine = open(&world.desk, &world.customer("marieke"), &world.form("Geheim"), Some("same")).await.unwrap();
        let other = open(&world.desk, &world.customer("kees"), &world.form("Ander"), Some("same")).await;
        assert!(other.is_err() || other.unwrap() != mine);
    })
    .await;
}

#[tokio::test]
async fn a_form_with_faults_keeps_nothing() {
    on_both(async |world: World| {
        let wrong = TicketForm {
            cc: vec![world.id("kees"), PersonId(-1)],
            link: "ftp://x".into(),
            attachments: vec!["0".repeat(32)],
            screenshot: true,
            ..Default::default()
        };
        let error = open(&world.desk, &world.customer("marieke"), &wrong, None).await.unwrap_err();
        let refusal = error.refusal().unwrap();
        for field in [
            Field::Cc,
            Field::Urgency,
            Field::Department,
            Field::Subject,
            Field::Description,
            Field::Link,
            Field::Attachments,
            Field::ScreenshotCheck,
        ] {
            assert!(refusal.at(field).is_some(), "{field:?}");
        }
        assert_eq!(store::events::head(world.desk.store()).await.unwrap().0, 0);
    })
    .await;
}

#[tokio::test]
async fn a_department_can_ask_for_a_screenshot() {
    on_both(async |world: World| {
        desk::accounts::save_department(&world.desk, &world.agent("hanneke"), Some(world.departments[0]), "Dataduiker", false, true).await.unwrap();
        let error = open(&world.desk, &world.customer("marieke"), &world.form("Zonder"), None).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().at(Field::ScreenshotCheck), Some(&Fault::ScreenshotRequired));
    })
    .await;
}

#[tokio::test]
async fn a_customers_reply_reopens_and_keeps_the_assignee() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Heropenen").await;
        let sanne = world.agent("sanne");
        edit(&world.desk, &sanne, id, &[Edit::Assignee(Some(world.id("daan")))], None).await.unwrap();
        for closed in [Status::Waiting, Status::Resolved, Status::Closed] {
            edit(&world.desk, &sanne, id, &[Edit::Status(closed)], None).await.unwrap();
            reply(&world.desk, world.person("marieke"), id, &writing("Nog niet goed")).await.unwrap();
            let ticket = page(&world.desk, world.person("sanne"), id).await.unwrap().ticket;
            assert_eq!((ticket.status, ticket.assignee.map(|a| a.id)), (Status::Open, Some(world.id("daan"))));
        }
    })
    .await;
}

#[tokio::test]
async fn a_reply_long_after_closing_goes_on_in_a_new_linked_ticket() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Oud").await;
        settle(&world.desk, &world.customer("marieke"), id).await.unwrap();
        world.pass(Span::days(61));
        let again = Writing { submission: Some("r-2".into()), ..writing("Het is er weer") };
        let next = reply(&world.desk, world.person("marieke"), id, &again).await.unwrap();
        assert_ne!(next, id);
        assert_eq!(reply(&world.desk, world.person("marieke"), id, &again).await.unwrap(), next, "sent twice, it is one ticket");
        assert_eq!(status(&world, id).await, Status::Closed);
        let page = page(&world.desk, world.person("marieke"), next).await.unwrap();
        assert_eq!((page.ticket.follows, page.ticket.subject.as_str(), page.messages.len()), (Some(id), "Oud", 1));
    })
    .await;
}

#[tokio::test]
async fn a_reply_on_an_outdated_view_is_held_back_and_says_what_changed() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Gelijk").await;
        let seen = page(&world.desk, world.person("daan"), id).await.unwrap().version;
        reply(&world.desk, world.person("marieke"), id, &writing("Ik vond nog iets")).await.unwrap();
        let late = Writing { seen: Some(seen), ..writing("Mijn antwoord") };
        let error = reply(&world.desk, world.person("daan"), id, &late).await.unwrap_err();
        let Some(Refusal::Outdated(events)) = error.refusal() else { panic!("{error:?}") };
        assert!(matches!(&events[0].what, Happening::Replied { side: Side::Customer, excerpt, .. } if excerpt == "Ik vond nog iets"));
        assert_eq!(page(&world.desk, world.person("daan"), id).await.unwrap().messages.len(), 2);
        reply(&world.desk, world.person("daan"), id, &Writing { seen: None, ..late }).await.unwrap();
        assert_eq!(page(&world.desk, world.person("daan"), id).await.unwrap().messages.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn of_two_agents_who_change_the_same_thing_the_second_sees_what_changed() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Botsing").await;
        let seen = Some(page(&world.desk, world.person("daan"), id).await.unwrap().version);
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Urgency(Urgency::High, None)], seen).await.unwrap();
        let error = edit(&world.desk, &world.agent("daan"), id, &[Edit::Urgency(Urgency::Low, None)], seen).await.unwrap_err();
        assert!(matches!(error.refusal(), Some(Refusal::Outdated(_))), "{error:?}");
        edit(&world.desk, &world.agent("daan"), id, &[Edit::Status(Status::Open)], seen).await.unwrap();
        let ticket = page(&world.desk, world.person("daan"), id).await.unwrap().ticket;
        assert_eq!((ticket.urgency, ticket.status), (Urgency::High, Status::Open));
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_is_sent_twice_is_there_once() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Eenmaal").await;
        let once = Writing { submission: Some("r-1".into()), ..writing("Hallo") };
        for _ in 0..3 {
            assert_eq!(reply(&world.desk, world.person("marieke"), id, &once).await.unwrap(), id);
        }
        assert_eq!(page(&world.desk, world.person("marieke"), id).await.unwrap().messages.len(), 2);
        // Back, changed, and sent again from the same form: that is another.
        let changed = Writing { submission: Some("r-1".into()), ..writing("Hallo, en nog iets") };
        reply(&world.desk, world.person("marieke"), id, &changed).await.unwrap();
        reply(&world.desk, world.person("sanne"), id, &once).await.unwrap();
        assert_eq!(page(&world.desk, world.person("marieke"), id).await.unwrap().messages.len(), 4, "neither is anybody else's");
    })
    .await;
}

#[tokio::test]
async fn every_property_can_be_changed_and_tells_what_happened() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Alles").await;
        let edits = [
            Edit::Status(Status::Waiting),
            Edit::Assignee(Some(world.id("daan"))),
            Edit::Urgency(Urgency::High, None),
            Edit::Department(world.departments[3]),
            Edit::AddCc(world.id("ruud")),
            Edit::Tag("Versie  8".into()),
            Edit::Untag("versie 8".into()),
            Edit::RemoveCc(world.id("ruud")),
            Edit::Assignee(None),
        ];
        for change in &edits {
            edit(&world.desk, &world.agent("sanne"), id, std::slice::from_ref(change), None).await.unwrap();
        }
        let history = page(&world.desk, world.person("sanne"), id).await.unwrap().history;
        assert_eq!(history.len(), 1 + edits.len());
        let wrong = [
            (Edit::AddCc(world.id("kees")), Field::Cc),
            (Edit::AddCc(world.id("sanne")), Field::Cc),
            (Edit::Assignee(Some(world.id("marieke"))), Field::Assignee),
            (Edit::Department(domain::DepartmentId(99)), Field::Department),
            (Edit::Tag(" ".into()), Field::Tag),
            (Edit::Tag("x".repeat(41)), Field::Tag),
        ];
        for (change, field) in wrong {
            let error = edit(&world.desk, &world.agent("sanne"), id, std::slice::from_ref(&change), None).await.unwrap_err();
            assert!(error.refusal().unwrap().at(field).is_some(), "{change:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn several_tickets_change_together_or_not_at_all() {
    on_both(async |world: World| {
        let (one, two) = (world.open("marieke", "Een").await, world.open("kees", "Twee").await);
        let sanne = world.agent("sanne");
        let edits = [Edit::Status(Status::Waiting), Edit::Assignee(Some(world.id("daan")))];
        let missing = edit_all(&world.desk, &sanne, &[one, TicketId(9), two], &edits).await.unwrap_err();
        assert_eq!(missing.refusal(), Some(&Refusal::NotFound));
        assert_eq!((status(&world, one).await, status(&world, two).await), (Status::New, Status::New));

        edit_all(&world.desk, &sanne, &[two, one, two], &edits).await.unwrap();
        for id in [one, two] {
            let page = page(&world.desk, world.person("sanne"), id).await.unwrap();
            assert_eq!((page.ticket.status, page.ticket.assignee.map(|a| a.id)), (Status::Waiting, Some(world.id("daan"))));
            assert_eq!(page.history.len(), 3);
        }

        world.close_department(world.departments[0], &["sanne"]).await;
        let given = edit_all(&world.desk, &sanne, &[one], &[Edit::Assignee(None), Edit::Assignee(Some(world.id("daan")))]).await.unwrap_err();
        assert!(given.refusal().unwrap().at(Field::Assignee).is_some(), "nobody gets what they may not see");
    })
    .await;
}

#[tokio::test]
async fn a_resolved_ticket_closes_after_a_week_of_silence() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Stil").await;
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Status(Status::Resolved)], None).await.unwrap();
        world.pass(Span::days(7));
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        assert_eq!(status(&world, id).await, Status::Resolved);
        world.pass(Span::seconds(1));
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        assert_eq!(status(&world, id).await, Status::Closed);
        assert!(page(&world.desk, world.person("sanne"), id).await.unwrap().history.last().unwrap().by.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_note_needs_words_and_changes_no_status() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Notitie").await;
        let error = note(&world.desk, &world.agent("sanne"), id, &writing("  ")).await.unwrap_err();
        assert_eq!(error.refusal().unwrap().at(Field::Message), Some(&Fault::Missing));
        note(&world.desk, &world.agent("sanne"), id, &writing("Onder ons")).await.unwrap();
        assert_eq!(status(&world, id).await, Status::New);
    })
    .await;
}

/// The second may look for the file when the first has just taken it: it still is the same submission, and no fault of the file.
#[tokio::test]
async fn what_is_sent_twice_at_once_with_a_file_is_there_once_and_nobody_is_refused() {
    on_both(async |world: World| {
        for n in 0..60_u64 {
            let file = world.upload("marieke", "a.txt", b"regel").await.unwrap();
            let form = TicketForm { attachments: vec![file], ..world.form("Met bestand") };
            let key = format!("key-{n}");
            let once = || {
                let (desk, by, form, key) = (world.desk.clone(), world.customer("marieke"), form.clone(), key.clone());
                tokio::spawn(async move { open(&desk, &by, &form, Some(&key)).await })
            };
            let first = once();
            tokio::time::sleep(std::time::Duration::from_micros(n * 53 % 3_000)).await;
            let second = once();
            let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap());
            assert_eq!(second.ok(), Some(first), "round {n}");

            let file = world.upload("marieke", "b.txt", b"regel").await.unwrap();
            let answer = Writing { attachments: vec![file], submission: Some(key.clone()), ..writing("Erbij") };
            let once = || {
                let (desk, by, answer) = (world.desk.clone(), world.person("marieke").clone(), answer.clone());
                tokio::spawn(async move { reply(&desk, &by, first, &answer).await })
            };
            let one = once();
            tokio::time::sleep(std::time::Duration::from_micros(n * 53 % 3_000)).await;
            let two = once();
            assert_eq!((one.await.unwrap().ok(), two.await.unwrap().ok()), (Some(first), Some(first)), "reply, round {n}");
            assert_eq!(page(&world.desk, world.person("marieke"), first).await.unwrap().messages.len(), 2);
        }
    })
    .await;
}

#[tokio::test]
async fn what_nobody_sees_is_not_kept_and_is_no_message() {
    on_both(async |world: World| {
        let form = domain::tickets::TicketForm { subject: "a\0\u{202e}b".into(), description: "c\0d\r\n".into(), ..world.form("") };
        let id = desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap();
        let refused = reply(&world.desk, world.person("marieke"), id, &writing(" \0\u{a0}\n")).await.unwrap_err();
        assert_eq!(refused.refusal().unwrap().at(Field::Message), Some(&Fault::Missing));
        let padded = format!("{}x", "\u{a0}".repeat(100_000));
        reply(&world.desk, world.person("marieke"), id, &writing(&padded)).await.unwrap();
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Tag("e\0f".into())], None).await.unwrap();
        let page = page(&world.desk, world.person("sanne"), id).await.unwrap();
        assert_eq!((page.ticket.subject.as_str(), page.ticket.tags.as_slice()), ("ab", &["ef".to_owned()][..]));
        let texts: Vec<&str> = page.messages.iter().map(|(message, _)| message.html.trim()).collect();
        assert_eq!(texts, ["<p>cd</p>", "<p>x</p>"]);
        assert!(desk::accounts::colleagues(&world.desk, world.person("marieke"), &format!("\0{}", "a".repeat(60_000))).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_conversation_without_end_is_found_by_its_beginning_and_by_what_was_said_last() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Lang").await;
        for n in 0..14 {
            let text = format!("woord{n} {}", "vulling ".repeat(6_000));
            reply(&world.desk, world.person("marieke"), id, &writing(&text)).await.unwrap();
        }
        let found = async |typed: &str| desk::tickets::search(&world.desk, &world.customer("marieke"), typed).await.unwrap().len();
        for typed in ["stap", "woord13", "woord12", "lang"] {
            assert_eq!(found(typed).await, 1, "{typed}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_note_and_a_tag_leave_no_trace_where_a_customer_looks() {
    on_both(async |world: World| {
        let (first, second) = (world.open("marieke", "Eerst").await, world.open("marieke", "Dan").await);
        let home = async || desk::tickets::home(&world.desk, &world.customer("marieke"), 50).await.unwrap().running;
        let before = home().await;
        world.pass(Span::days(1));
        note(&world.desk, &world.agent("sanne"), first, &writing("Onder ons")).await.unwrap();
        edit(&world.desk, &world.agent("sanne"), first, &[Edit::Tag("intern".into())], None).await.unwrap();
        assert_eq!(home().await, before);
        reply(&world.desk, world.person("sanne"), first, &writing("Antwoord")).await.unwrap();
        assert_eq!(home().await.iter().map(|line| line.id).collect::<Vec<_>>(), [first, second]);
    })
    .await;
}

#[tokio::test]
async fn a_ticket_that_moves_is_given_only_to_who_sees_it_there() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Salaris").await;
        world.close_department(world.departments[3], &["sanne"]).await;
        let inside = world.renewed("sanne").await.agent().unwrap();
        for order in [
            [Edit::Assignee(Some(world.id("daan"))), Edit::Department(world.departments[3])],
            [Edit::Department(world.departments[3]), Edit::Assignee(Some(world.id("daan")))],
        ] {
            let refused = desk::tickets::edit_all(&world.desk, &inside, &[id], &order).await.unwrap_err();
            assert_eq!(refused.refusal().unwrap().at(Field::Assignee), Some(&Fault::Unknown));
        }
    })
    .await;
}

#[tokio::test]
async fn a_whole_name_or_address_that_was_typed_is_in_cc_without_being_picked() {
    on_both(async |world: World| {
        let cc = async |typed: &str| {
            let form = TicketForm { cc_typed: typed.into(), ..world.form("Met CC") };
            let id = match open(&world.desk, &world.customer("marieke"), &form, None).await {
                Ok(id) => id,
                Err(refused) => return Err(refused.refusal().and_then(|r| r.at(Field::Cc)).cloned()),
            };
            let mut cc: Vec<PersonId> =
                page(&world.desk, world.person("sanne"), id).await.unwrap().ticket.cc.iter().map(|person| person.id).collect();
            cc.sort_unstable_by_key(|id| id.0);
            Ok(cc)
        };
        let (ruud, ilse) = (world.id("ruud"), world.id("ilse"));
        for typed in ["ruud", "Ruud ", " ruud@x.example", "RUUD@X.EXAMPLE", "ruud,", "ruud; ruud@x.example"] {
            assert_eq!(cc(typed).await, Ok(vec![ruud]), "{typed:?}");
        }
        assert_eq!(cc("ruud, ilse@x.example").await, Ok(vec![ruud, ilse]));
        assert_eq!(cc(" ").await, Ok(vec![]));
        for typed in ["ruu", "kees", "ruud, niemand", "%", "sanne@x.example"] {
            assert_eq!(cc(typed).await, Err(Some(Fault::Unknown)), "{typed:?}");
        }
        let change = world.desk.store().begin().await.unwrap();
        store::people::set_name(&change, ilse, "Ruud").await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(cc("ruud").await, Err(Some(Fault::Unknown)), "two of one name: which one?");
        assert_eq!(cc("ruud@x.example").await, Ok(vec![ruud]));
    })
    .await;
}
