//! On call: whom an urgent ticket outside office hours wakes, in which order, and what ends it.

use crate::support::{World, on_both};
use desk::on_call::{self, Entry};
use desk::tickets::{Edit, Writing};
use domain::events::Happening;
use domain::on_call::{Step, Turn};
use domain::tickets::{Status, Urgency};
use domain::time::{Moment, Span};
use domain::{Fault, Field, PersonId, Refusal, TicketId};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::test]
async fn a_pager_has_an_address_of_bounded_length() {
    on_both(async |world: World| {
        let (hanneke, hook) = (world.agent("hanneke"), format!("https://pager.example/{}", "a".repeat(2_000)));
        let saved =
            on_call::save_rota(&world.desk, &hanneke, world.departments[0], &[], Turn::Daily, "2026-11-28", "9:00", "10", &hook).await.unwrap_err();
        assert_eq!(saved.refusal().unwrap().at(Field::Hook), Some(&Fault::TooLong(2_000)));
    })
    .await;
}

#[tokio::test]
async fn what_a_rota_became_is_written_down_without_the_password_of_its_pager() {
    on_both(async |world: World| {
        let written = async || {
            let filter = desk::audit::Filter { deed: Some(domain::audit::Deed::RotaChanged), ..Default::default() };
            desk::audit::entries(&world.desk, &world.agent("hanneke"), &filter).await.unwrap()
        };
        rota(&world, &["sanne"], "https://balie:geheim@pager.example/alarm").await;
        let first = written().await.remove(0);
        assert_eq!(first.before, "", "there was none");
        assert!(first.after.contains("members: sanne") && first.after.contains("hook: https://balie:***@pager.example/alarm"), "{first:?}");
        rota(&world, &["sanne", "daan"], "").await;
        assert!(written().await.iter().all(|entry| !entry.before.contains("geheim") && !entry.after.contains("geheim")));
    })
    .await;
}

/// Opens an urgent ticket.
pub async fn urgent(world: &World, urgency: &str) -> TicketId {
    let form = domain::tickets::TicketForm { urgency: urgency.into(), ..world.form("Alles ligt stil") };
    desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap()
}

/// Until the office is closed: Saturday 28 November 2026 at 22:00 in Amsterdam.
pub fn to_saturday_night(world: &World) {
    world.pass(Moment(1_795_899_600_000) - world.desk.now());
}

pub async fn look(world: &World) {
    while on_call::advance(&world.desk).await.unwrap() > 0 {}
    on_call::tick(&world.desk).await.unwrap();
}

/// Who was told so far, step by step.
async fn told(world: &World, id: TicketId) -> Vec<(Step, Vec<PersonId>)> {
    look(world).await;
    let page = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap();
    let step = |what: &Happening| match what {
        Happening::Alarmed { step, to } => Some((*step, to.iter().map(|person| person.id).collect())),
        _ => None,
    };
    page.history.iter().filter_map(|event| step(&event.what)).collect()
}

pub async fn rota(world: &World, members: &[&str], hook: &str) {
    let members: Vec<PersonId> = members.iter().map(|key| world.id(key)).collect();
    let department = world.departments[0];
    on_call::save_rota(&world.desk, &world.agent("hanneke"), department, &members, Turn::Daily, "2026-11-28", "9:00", "10", hook).await.unwrap();
}

#[tokio::test]
async fn an_urgent_ticket_at_night_wakes_one_then_the_next_then_all_until_someone_takes_it() {
    on_both(async |world: World| {
        rota(&world, &["sanne", "daan"], "").await;
        to_saturday_night(&world);
        let (sanne, daan) = (world.id("sanne"), world.id("daan"));
        let id = urgent(&world, "high").await;
        assert_eq!(told(&world, id).await, [(Step::OnCall, vec![sanne])]);
        assert_eq!(told(&world, id).await.len(), 1, "not twice");
        // By mail at once, though she wants none on other days.
        let off = domain::notifications::Paces::all(domain::notifications::Pace::Off);
        desk::notifications::set_paces(&world.desk, world.person("sanne"), &off).await.unwrap();
        while desk::notifications::advance(&world.desk).await.unwrap() > 0 {}
        assert!(world.deliveries(id).await.iter().any(|mail| mail.person.id == sanne));
        world.pass(Span::minutes(10));
        assert_eq!(told(&world, id).await[1..], [(Step::Next, vec![daan])]);
        world.pass(Span::minutes(10));
        // Two nodes look at once.
        let other = world.another_node();
        let (a, b) = tokio::join!(on_call::tick(&world.desk), on_call::tick(&other));
        assert_eq!(a.unwrap() + b.unwrap(), 1);
        assert_eq!(told(&world, id).await[2..], [(Step::All, vec![sanne, daan])]);
        // One click, by anyone who sees the ticket; twice is once.
        assert!(on_call::running(&world.desk, &world.agent("daan"), id).await.unwrap().is_some());
        for _ in 0..2 {
            on_call::acknowledge(&world.desk, &world.agent("daan"), id).await.unwrap();
        }
        assert!(on_call::running(&world.desk, &world.agent("daan"), id).await.unwrap().is_none());
        world.pass(Span::hours(1));
        assert_eq!(told(&world, id).await.len(), 3);
        let page = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap();
        assert_eq!(page.ticket.assignee.unwrap().id, daan);
        assert_eq!(page.history.iter().filter(|event| event.what == Happening::Acknowledged).count(), 1);
        // Nobody is told of it whom it does not concern.
        assert!(world.deliveries(id).await.iter().all(|mail| mail.person.id != world.id("kees")));
        let closed = on_call::acknowledge(&world.desk, &world.agent("sanne"), TicketId(99_999)).await.unwrap_err();
        assert_eq!(closed.refusal(), Some(&Refusal::NotFound));
    })
    .await;
}

#[tokio::test]
async fn only_what_cannot_wait_wakes_someone_and_whatever_takes_it_lets_them_sleep() {
    on_both(async |world: World| {
        rota(&world, &["sanne"], "").await;
        // During office hours the board is enough: Friday 27 November 2026 at 10:00 in Amsterdam.
        world.pass(Moment(1_795_770_000_000) - world.desk.now());
        let by_day = urgent(&world, "high").await;
        assert_eq!(told(&world, by_day).await, []);
        to_saturday_night(&world);
        let low = urgent(&world, "low").await;
        assert_eq!(told(&world, low).await, []);
        // It turns out to be urgent after all, and then not.
        let weigh = async |urgency, reason: &str| {
            let edit = Edit::Urgency(urgency, Some(reason.into()));
            desk::tickets::edit(&world.desk, &world.agent("daan"), low, &[edit], None).await.unwrap();
        };
        weigh(domain::tickets::Urgency::High, "Het ligt stil").await;
        assert_eq!(told(&world, low).await.len(), 1);
        weigh(domain::tickets::Urgency::Low, "Toch niet").await;
        world.pass(Span::hours(1));
        assert_eq!(told(&world, low).await.len(), 1);
        let answered = urgent(&world, "high").await;
        look(&world).await;
        let reply = Writing { text: "Ik kijk ernaar".into(), ..Default::default() };
        desk::tickets::reply(&world.desk, world.person("sanne"), answered, &reply).await.unwrap();
        world.pass(Span::hours(1));
        assert_eq!(told(&world, answered).await.len(), 1);
        // The office opens: they see it there.
        let waits = urgent(&world, "high").await;
        assert_eq!(told(&world, waits).await.len(), 1);
        world.pass(Moment(1_796_029_200_000) - world.desk.now());
        assert_eq!(told(&world, waits).await.len(), 1, "Monday at ten");
        assert!(on_call::running(&world.desk, &world.agent("sanne"), waits).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn what_is_not_solved_after_all_or_is_for_others_wakes_who_is_on_call_for_it() {
    on_both(async |world: World| {
        let edit = async |key: &str, id, edit| desk::tickets::edit(&world.desk, &world.agent(key), id, &[edit], None).await.unwrap();
        rota(&world, &["sanne"], "").await;
        to_saturday_night(&world);
        let id = urgent(&world, "high").await;
        assert_eq!(told(&world, id).await.len(), 1);
        // To another department, which has no rota: its admins hear it at once, and not as a second step.
        edit("hanneke", id, Edit::Department(world.departments[1])).await;
        assert_eq!(told(&world, id).await[1..], [(Step::All, vec![world.id("hanneke")])]);
        edit("hanneke", id, Edit::Department(world.departments[0])).await;
        assert_eq!(told(&world, id).await[2..], [(Step::OnCall, vec![world.id("sanne")])]);
        // Whoever has it may be asleep.
        edit("daan", id, Edit::Assignee(Some(world.id("daan")))).await;
        edit("hanneke", id, Edit::Department(world.departments[1])).await;
        assert_eq!(told(&world, id).await[3..], [(Step::All, vec![world.id("hanneke")])]);
        edit("hanneke", id, Edit::Department(world.departments[0])).await;
        assert_eq!(told(&world, id).await[4..], [(Step::OnCall, vec![world.id("sanne")])]);
        edit("daan", id, Edit::Status(Status::Resolved)).await;
        world.pass(Span::hours(2));
        assert_eq!(told(&world, id).await.len(), 5);
        // A settled one that turns out to have been urgent wakes nobody.
        let calm = urgent(&world, "low").await;
        edit("daan", calm, Edit::Status(Status::Resolved)).await;
        edit("daan", calm, Edit::Urgency(Urgency::High, Some("Achteraf".into()))).await;
        assert_eq!(told(&world, calm).await, []);
        // The customer: it is broken again. Whoever has the ticket may be asleep.
        let again = Writing { text: "Het ligt weer stil".into(), ..Default::default() };
        desk::tickets::reply(&world.desk, world.person("marieke"), id, &again).await.unwrap();
        assert_eq!(told(&world, id).await[5..], [(Step::OnCall, vec![world.id("sanne")])]);
    })
    .await;
}

#[tokio::test]
async fn of_two_who_take_an_alarm_at_once_the_first_has_it() {
    on_both(async |world: World| {
        rota(&world, &["sanne", "daan"], "").await;
        to_saturday_night(&world);
        for _ in 0..5 {
            let id = urgent(&world, "high").await;
            look(&world).await;
            let other = world.another_node();
            let (sanne, daan) = (world.agent("sanne"), world.agent("daan"));
            let (a, b) = tokio::join!(on_call::acknowledge(&world.desk, &sanne, id), on_call::acknowledge(&other, &daan, id));
            assert!(a.is_ok() && b.is_ok());
            let page = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap();
            let by: Vec<PersonId> = page.history.iter().filter(|e| e.what == Happening::Acknowledged).map(|e| e.by.as_ref().unwrap().id).collect();
            assert_eq!(by, [page.ticket.assignee.unwrap().id]);
        }
    })
    .await;
}

#[tokio::test]
async fn who_cannot_be_woken_is_passed_over_and_a_rota_of_such_people_is_a_gap() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        rota(&world, &["sanne", "daan"], "").await;
        to_saturday_night(&world);
        desk::accounts::disable(desk, "sanne@x.example", true).await.unwrap();
        let shown = on_call::shown(desk, &hanneke, Some(world.departments[0])).await.unwrap();
        assert_eq!((shown.now, shown.gaps.len()), (Some(world.id("daan")), 0));
        let id = urgent(&world, "high").await;
        assert_eq!(told(&world, id).await, [(Step::OnCall, vec![world.id("daan")])]);
        assert_eq!(on_call::warn_of_gaps(desk).await.unwrap(), 0);
        desk::accounts::disable(desk, "daan@x.example", true).await.unwrap();
        let shown = on_call::shown(desk, &hanneke, Some(world.departments[0])).await.unwrap();
        assert_eq!((shown.now, shown.gaps.len()), (None, 1));
        // Told once, and of one that goes on every week.
        let mut warned = 0;
        for _ in 0..15 {
            warned += on_call::warn_of_gaps(desk).await.unwrap();
            world.pass(Span::days(1));
        }
        assert!((2..=3).contains(&warned), "{warned}");
    })
    .await;
}

#[tokio::test]
async fn nobody_on_the_rota_is_no_reason_that_nobody_is_told() {
    on_both(async |world: World| {
        to_saturday_night(&world);
        let id = urgent(&world, "high").await;
        assert_eq!(told(&world, id).await, [(Step::All, vec![world.id("hanneke")])], "no rota and no members: admins");
        rota(&world, &["sanne", "daan"], "").await;
        let add = on_call::add_swap(&world.desk, &world.agent("hanneke"), world.departments[0], "2026-11-28", "", None).await;
        add.unwrap();
        let gap = urgent(&world, "high").await;
        assert_eq!(told(&world, gap).await, [(Step::All, vec![world.id("sanne"), world.id("daan")])], "a gap wakes everyone");
        // It ends by itself after a while, and then it is quiet.
        for _ in 0..20 {
            world.pass(Span::minutes(20));
            look(&world).await;
        }
        assert_eq!(told(&world, gap).await.len(), 6, "two steps of all instead of one, then four more");
    })
    .await;
}

#[tokio::test]
async fn admins_hear_of_a_gap_before_it_happens_once() {
    on_both(async |world: World| {
        let desk = &world.desk;
        rota(&world, &["sanne"], "").await;
        let today = desk::zones::written(desk.now() + Span::days(3));
        on_call::add_away(desk, &world.agent("sanne"), world.departments[0], &today[..10], "", world.id("sanne")).await.unwrap();
        assert_eq!(on_call::warn_of_gaps(desk).await.unwrap(), 1);
        let mail = desk.mail().transport().take();
        assert_eq!(mail.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["hanneke@x.example"]);
        assert_eq!(on_call::warn_of_gaps(desk).await.unwrap(), 0);
        // Mended: quiet; and another one later is told again.
        on_call::remove_entry(desk, &world.agent("sanne"), world.departments[0], Entry::Away, 0, &today[..10]).await.unwrap();
        assert_eq!(on_call::warn_of_gaps(desk).await.unwrap(), 0);
        let far = desk::zones::written(desk.now() + Span::days(20));
        on_call::add_away(desk, &world.agent("sanne"), world.departments[0], &far[..10], "", world.id("sanne")).await.unwrap();
        assert_eq!(on_call::warn_of_gaps(desk).await.unwrap(), 0, "not yet");
        world.pass(Span::days(14));
        assert_eq!(on_call::warn_of_gaps(desk).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn agents_change_what_is_theirs_and_what_is_wrong_is_said_at_its_field() {
    on_both(async |world: World| {
        let (desk, department) = (&world.desk, world.departments[0]);
        let (hanneke, sanne) = (world.agent("hanneke"), world.agent("sanne"));
        let wrong = on_call::save_rota(desk, &hanneke, department, &[world.id("kees")], Turn::Daily, "x", "25:00", "0", "ftp://x").await.unwrap_err();
        let wrong = wrong.refusal().unwrap();
        for (field, fault) in [
            (Field::Members, Fault::Unknown),
            (Field::Handover, Fault::NotATime),
            (Field::Wait, Fault::NotANumber),
            (Field::Date, Fault::NotADate),
            (Field::Hook, Fault::NotALink),
        ] {
            assert_eq!(wrong.at(field), Some(&fault));
        }
        let not_hers = on_call::save_rota(desk, &sanne, department, &[], Turn::Daily, "2026-11-28", "9:00", "10", "").await.unwrap_err();
        assert_eq!(not_hers.refusal(), Some(&Refusal::NotAllowed));
        rota(&world, &["sanne", "daan"], "").await;
        let swap = async |by: &desk::accounts::Agent, from: &str, until: &str, who| on_call::add_swap(desk, by, department, from, until, who).await;
        assert!(swap(&sanne, "2026-12-01", "", Some(world.id("daan"))).await.is_err(), "nobody is put there by a colleague");
        assert!(swap(&sanne, "2026-12-01", "", None).await.is_err());
        for (from, until, field, fault) in [
            ("", "", Field::Date, Fault::NotADate),
            ("2026-02-30", "", Field::Date, Fault::NotADate),
            ("2026-12-02", "2026-12-01", Field::Until, Fault::EndsBefore),
            ("2026-12-01", "2028-12-01", Field::Until, Fault::TooMany(366)),
        ] {
            let refused = swap(&sanne, from, until, Some(world.id("sanne"))).await.unwrap_err();
            assert_eq!(refused.refusal().unwrap().at(field), Some(&fault));
        }
        swap(&sanne, "2026-12-01", "2026-12-03", Some(world.id("sanne"))).await.unwrap();
        let remove = async |by, at, from: &str| on_call::remove_entry(desk, by, department, Entry::Swap, at, from).await;
        let daan = world.agent("daan");
        assert!(remove(&daan, 0, "2026-12-01").await.is_err(), "not another's");
        assert_eq!(remove(&sanne, 0, "2026-12-02").await.unwrap_err().refusal(), Some(&Refusal::NotFound), "another one than was shown");
        let (a, b) = tokio::join!(remove(&sanne, 0, "2026-12-01"), remove(&sanne, 0, "2026-12-01"));
        assert!(a.is_ok() != b.is_ok());
        // A department that is closed to them is not there.
        world.close_department(department, &["daan"]).await;
        let closed = world.renewed("sanne").await.agent().unwrap();
        assert!(
            on_call::shown(desk, &closed, Some(department)).await.is_err()
                && on_call::shown(desk, &world.renewed("daan").await.agent().unwrap(), Some(department)).await.is_ok()
        );
    })
    .await;
}

#[tokio::test]
async fn a_calendar_is_read_by_its_secret_link_alone() {
    on_both(async |world: World| {
        let desk = &world.desk;
        rota(&world, &["sanne", "daan"], "").await;
        let secret = |path: &str| path.split('/').nth(2).unwrap().to_owned();
        let first = secret(&on_call::new_feed(desk, &world.agent("sanne")).await.unwrap());
        let calendar = on_call::calendar(desk, &first).await.unwrap().unwrap();
        assert!(
            calendar.starts_with("BEGIN:VCALENDAR")
                && calendar.contains("SUMMARY:Balie: Dataduiker")
                && calendar.contains("DTSTART:20261128T080000Z"),
            "{calendar}"
        );
        assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 107, "every other day of 214");
        let second = secret(&on_call::new_feed(desk, &world.agent("sanne")).await.unwrap());
        for wrong in [first.as_str(), "", "x", &second[..63]] {
            assert_eq!(on_call::calendar(desk, wrong).await.unwrap(), None, "{wrong}");
        }
        desk::accounts::disable(desk, "sanne@x.example", true).await.unwrap();
        assert_eq!(on_call::calendar(desk, &second).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_pager_hears_of_it_signed_and_again_where_it_failed() {
    on_both(async |world: World| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/alarm", listener.local_addr().unwrap());
        rota(&world, &["sanne"], &hook).await;
        let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
        tokio::spawn(async move {
            for status in ["503 Service Unavailable", "204 No Content"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![];
                let mut part = vec![0; 16_384];
                while !String::from_utf8_lossy(&request).contains("\"at\"") {
                    let read = stream.read(&mut part).await.unwrap();
                    request.extend(&part[..read]);
                }
                stream.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
                heard.send(String::from_utf8_lossy(&request).into_owned()).unwrap();
            }
        });
        to_saturday_night(&world);
        let id = urgent(&world, "high").await;
        look(&world).await;
        assert_eq!(on_call::hand_over(&world.desk).await.unwrap(), 0, "it did not take it");
        assert_eq!(on_call::hand_over(&world.desk).await.unwrap(), 0, "not at once again");
        world.pass(Span::seconds(30));
        assert_eq!(on_call::hand_over(&world.desk).await.unwrap(), 1);
        world.pass(Span::minutes(5));
        assert_eq!(on_call::hand_over(&world.desk).await.unwrap(), 0, "once");
        let first = tokio::time::timeout(Duration::from_secs(5), hears.recv()).await.unwrap().unwrap();
        let (head, body) = first.split_once("\r\n\r\n").unwrap();
        let shown = on_call::shown(&world.desk, &world.agent("hanneke"), Some(world.departments[0])).await.unwrap();
        assert!(head.contains(&format!("x-balie-signature: {}", signed(&shown.hook_secret, body))), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!((body["ticket"].as_i64(), body["told"][0].as_str(), body["step"].as_str()), (Some(id.0), Some("sanne"), Some("on_call")));
        // Only who chooses the pager sees its secret.
        assert_eq!(on_call::shown(&world.desk, &world.agent("sanne"), None).await.unwrap().hook_secret, "");
    })
    .await;
}

fn signed(secret: &str, body: &str) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let bytes = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body.as_bytes()).finalize().into_bytes();
    format!("sha256={}", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[tokio::test]
async fn an_erased_agent_is_in_no_alarm_any_more() {
    on_both(async |world: World| {
        rota(&world, &["sanne"], "").await;
        to_saturday_night(&world);
        let id = urgent(&world, "high").await;
        look(&world).await;
        desk::privacy::erase(&world.desk, &world.agent("hanneke"), world.id("sanne"), "sanne@x.example").await.unwrap();
        for _ in 0..500 {
            desk::privacy::carry_on(&world.desk).await.unwrap();
            if desk::privacy::erasures(&world.desk, &world.agent("hanneke")).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let page = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap();
        assert!(!format!("{:?}", page.history).contains("sanne"));
        // Who can no longer log in is not told; then everyone who can is.
        world.pass(Span::hours(1));
        assert_eq!(told(&world, id).await.last().unwrap().1, [world.id("hanneke")]);
    })
    .await;
}
