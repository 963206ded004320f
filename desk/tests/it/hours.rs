//! What is due on a ticket, and that it is told once, in order, whoever looks and however late.

use crate::support::{World, on_both};
use desk::hours::{add_days, reckon_all, remove_day, save_target, save_week, tick};
use desk::tickets::{Edit, Writing, edit, note, page, reply};
use domain::audit::Deed;
use domain::board::Filter;
use domain::events::Happening;
use domain::hours::{Goal, Target};
use domain::tickets::{Due, Status, Urgency};
use domain::time::{Moment, Span};
use domain::{Fault, Field, Refusal, TicketId};

async fn due(world: &World, id: TicketId) -> Option<Due> {
    page(&world.desk, world.person("hanneke"), id).await.unwrap().ticket.due
}

async fn told(world: &World, id: TicketId) -> Vec<Happening> {
    let page = page(&world.desk, world.person("hanneke"), id).await.unwrap();
    let is_mark = |what: &Happening| matches!(what, Happening::TargetNear { .. } | Happening::TargetMissed { .. });
    page.history.into_iter().map(|event| event.what).filter(is_mark).collect()
}

async fn open(world: &World, urgency: &str, subject: &str) -> TicketId {
    let form = domain::tickets::TicketForm { urgency: urgency.into(), ..world.form(subject) };
    desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap()
}

fn week(open: &str) -> Vec<String> {
    [open, open, open, open, open, "", ""].map(str::to_owned).to_vec()
}

fn text(text: &str) -> Writing {
    Writing { text: text.into(), ..Writing::default() }
}

/// The world's clock stands at Wednesday 18 November 2026, 12:06:40 in Amsterdam; the usual office is open from 8:30 to 17:30.
fn at(world: &World, hours: i64) -> Moment {
    world.desk.now() + Span::hours(hours)
}

#[tokio::test]
async fn what_is_due_follows_what_happens() {
    on_both(|world| async move {
        let id = open(&world, "medium", "a").await;
        let first = due(&world, id).await.unwrap();
        assert_eq!((first.goal, first.at), (Goal::FirstReply, Some(at(&world, 4))));
        // A note is no answer.
        note(&world.desk, &world.agent("sanne"), id, &text("let op")).await.unwrap();
        assert_eq!(due(&world, id).await, Some(first));
        world.pass(Span::hours(1));
        reply(&world.desk, world.person("sanne"), id, &text("we kijken")).await.unwrap();
        // Two working days of nine hours since it was opened: Friday at the same time.
        let solution = due(&world, id).await.unwrap();
        assert_eq!((solution.goal, solution.at), (Goal::Solution, Some(at(&world, 47))));
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Status(Status::Waiting)], None).await.unwrap();
        let still = due(&world, id).await.unwrap();
        assert_eq!((still.at, still.left, still.still_since), (None, Some(Span::hours(17)), Some(world.desk.now())));
        world.pass(Span::hours(24));
        reply(&world.desk, world.person("marieke"), id, &text("en nu?")).await.unwrap();
        let next = due(&world, id).await.unwrap();
        assert_eq!((next.goal, next.at), (Goal::NextReply, Some(at(&world, 4))));
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Urgency(Urgency::High, Some("  alles staat\n stil ".into()))], None).await.unwrap();
        let urgent = due(&world, id).await.unwrap();
        assert_eq!((urgent.goal, urgent.at, urgent.around_the_clock), (Goal::NextReply, Some(at(&world, 1)), true));
        let history = page(&world.desk, world.person("marieke"), id).await.unwrap().history;
        assert!(history.iter().any(|e| matches!(&e.what, Happening::UrgencyChanged { reason: Some(reason), .. } if reason == "alles staat stil")));
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Status(Status::Resolved)], None).await.unwrap();
        assert_eq!(due(&world, id).await, None);
        reply(&world.desk, world.person("marieke"), id, &text("toch niet")).await.unwrap();
        assert_eq!(due(&world, id).await.map(|due| due.goal), Some(Goal::NextReply));
    })
    .await;
}

#[tokio::test]
async fn a_reason_that_is_too_long_is_refused_at_its_field() {
    on_both(|world| async move {
        let id = open(&world, "medium", "a").await;
        let refused = edit(&world.desk, &world.agent("sanne"), id, &[Edit::Urgency(Urgency::High, Some("x".repeat(301)))], None).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::field(Field::Reason, Fault::TooLong(300))));
    })
    .await;
}

#[tokio::test]
async fn what_stands_still_is_neither_near_nor_missed_because_its_target_became_shorter() {
    on_both(|world| async move {
        let id = open(&world, "high", "a").await;
        let answer = desk::tickets::Writing { text: "Ik kijk ernaar".into(), ..Default::default() };
        desk::tickets::reply(&world.desk, world.person("sanne"), id, &answer).await.unwrap();
        world.pass(Span::hours(4));
        let waits = [desk::tickets::Edit::Status(domain::tickets::Status::Waiting)];
        desk::tickets::edit(&world.desk, &world.agent("sanne"), id, &waits, None).await.unwrap();
        let shorter = domain::hours::Target { solution: "5 uur".parse().ok(), around_the_clock: true, ..Default::default() };
        save_target(&world.desk, &world.agent("hanneke"), domain::tickets::Urgency::High, None, None, Some(&shorter)).await.unwrap();
        reckon_all(&world.desk).await.unwrap();
        world.pass(Span::days(2));
        assert_eq!(tick(&world.desk).await.unwrap(), 0);
        assert_eq!(told(&world, id).await, []);
    })
    .await;
}

#[tokio::test]
async fn near_and_missed_are_told_once() {
    on_both(|world| async move {
        let id = open(&world, "high", "a").await;
        let missed_at = at(&world, 1);
        assert_eq!(tick(&world.desk).await.unwrap(), 0);
        world.pass(Span::minutes(45));
        // Two nodes look at once.
        let other = world.another_node();
        let (one, two) = tokio::join!(tick(&world.desk), tick(&other));
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(told(&world, id).await, [Happening::TargetNear { goal: Goal::FirstReply, due: missed_at }]);
        world.pass(Span::minutes(15));
        assert_eq!(tick(&world.desk).await.unwrap(), 1);
        assert_eq!(told(&world, id).await[1..], [Happening::TargetMissed { goal: Goal::FirstReply, due: missed_at }]);
        // The clock is set back, and comes by again.
        for span in [Span::minutes(-20), Span::minutes(5), Span::minutes(15), Span::minutes(1)] {
            world.pass(span);
            assert_eq!(tick(&world.desk).await.unwrap(), 0);
        }
        // What happens to it later changes nothing of that.
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Tag("x".into()), Edit::Assignee(Some(world.id("sanne")))], None).await.unwrap();
        assert_eq!(tick(&world.desk).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_passed_while_the_server_was_down_is_caught_up_in_order() {
    on_both(|world| async move {
        let slow = open(&world, "medium", "a").await;
        let quick = open(&world, "high", "b").await;
        let answered = open(&world, "high", "c").await;
        reply(&world.desk, world.person("sanne"), answered, &text("gezien")).await.unwrap();
        world.pass(Span::hours(5));
        assert_eq!(tick(&world.desk).await.unwrap(), 2);
        // That it was near is no news any more.
        assert!(matches!(told(&world, slow).await[..], [Happening::TargetMissed { goal: Goal::FirstReply, .. }]));
        assert!(matches!(told(&world, quick).await[..], [Happening::TargetMissed { goal: Goal::FirstReply, .. }]));
        assert!(told(&world, answered).await.is_empty());
        let n = async |id| page(&world.desk, world.person("hanneke"), id).await.unwrap().version;
        assert!(n(quick).await < n(slow).await);
        // Six of eight hours.
        world.pass(Span::hours(1));
        assert_eq!(tick(&world.desk).await.unwrap(), 2);
        assert!(matches!(told(&world, answered).await[..], [Happening::TargetNear { goal: Goal::Solution, .. }]));
    })
    .await;
}

#[tokio::test]
async fn other_hours_move_what_is_due_on_every_running_ticket() {
    on_both(|world| async move {
        let (admin, department) = (world.agent("hanneke"), world.departments[0]);
        let (open_one, settled) = (open(&world, "medium", "a").await, open(&world, "medium", "b").await);
        let urgent = open(&world, "high", "c").await;
        edit(&world.desk, &world.agent("sanne"), settled, &[Edit::Status(Status::Closed)], None).await.unwrap();
        let before = due(&world, urgent).await;
        // 12:06:40 in Amsterdam is 6:06:40 in New York; it opens there at 9.
        save_week(&world.desk, &admin, department, "America/New_York", &week("9-17"), &["christmas".into()]).await.unwrap();
        let reckoned = reckon_all(&world.desk).await.unwrap();
        assert_eq!((reckoned.upto, reckoned.generation), (reckoned.last, 2));
        let nine = Moment(1_795_010_400_000);
        assert_eq!(due(&world, open_one).await.unwrap().at, Some(nine + Span::hours(4)));
        assert_eq!((due(&world, settled).await, due(&world, urgent).await), (None, before));
        // A day that differs: today from 15:00 on.
        add_days(&world.desk, &admin, department, "2026-11-18", "", "15-17", "Inventaris").await.unwrap();
        reckon_all(&world.desk).await.unwrap();
        assert_eq!(due(&world, open_one).await.unwrap().at, Some(nine + Span::hours(24 + 2)));
        remove_day(&world.desk, &admin, department, "2026-11-18").await.unwrap();
        // Who saves a ticket meanwhile needs not wait for the background.
        edit(&world.desk, &world.agent("sanne"), open_one, &[Edit::Tag("x".into())], None).await.unwrap();
        assert_eq!(due(&world, open_one).await.unwrap().at, Some(nine + Span::hours(4)));
        let history = page(&world.desk, world.person("hanneke"), open_one).await.unwrap().beside.unwrap().retargets;
        assert_eq!(history.len(), 3);
        assert!(page(&world.desk, world.person("marieke"), open_one).await.unwrap().beside.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_target_of_an_organisation_goes_before_the_general_one_and_can_be_taken_back() {
    on_both(|world| async move {
        let admin = world.agent("hanneke");
        let id = open(&world, "low", "a").await;
        let usual = due(&world, id).await;
        let organisation = world.customer("marieke").organisation().id;
        let target = Target { first_reply: "30m".parse().ok(), ..Target::default() };
        save_target(&world.desk, &admin, Urgency::Low, None, Some(organisation), Some(&target)).await.unwrap();
        reckon_all(&world.desk).await.unwrap();
        assert_eq!(due(&world, id).await.unwrap().at, Some(world.desk.now() + Span::minutes(30)));
        save_target(&world.desk, &admin, Urgency::Low, None, Some(organisation), None).await.unwrap();
        reckon_all(&world.desk).await.unwrap();
        assert_eq!(due(&world, id).await, usual);
        let written = desk::audit::Filter { deed: Some(Deed::TargetsChanged), ..Default::default() };
        let written = desk::audit::entries(&world.desk, &admin, &written).await.unwrap();
        assert!(written.iter().all(|entry| entry.about == "low, De Waal") && written.len() == 2, "{written:?}");
        // In the history of what they are about, and of nothing else.
        let high = open(&world, "high", "b").await;
        save_target(&world.desk, &admin, Urgency::Low, None, None, Some(&target)).await.unwrap();
        save_week(&world.desk, &admin, world.departments[0], "Europe/Amsterdam", &["9-17", "", "", "", "", "", ""].map(str::to_owned), &[])
            .await
            .unwrap();
        let lines = async |id| page(&world.desk, world.person("hanneke"), id).await.unwrap().beside.unwrap().retargets.len();
        assert_eq!((lines(id).await, lines(high).await), (4, 0));
        assert_eq!(
            add_days(&world.desk, &admin, world.departments[0], "2025-03-05", "", "", "").await.unwrap_err().refusal().unwrap().at(Field::Date),
            Some(&Fault::Past)
        );
        let refused = save_target(&world.desk, &world.agent("sanne"), Urgency::Low, None, None, Some(&target)).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::NotAllowed));
    })
    .await;
}

#[tokio::test]
async fn hours_that_cannot_be_are_refused_where_they_were_typed() {
    on_both(|world| async move {
        let (admin, department) = (world.agent("hanneke"), world.departments[0]);
        let never = ["", "", "", "", "", "", ""].map(str::to_owned);
        let wrong = ["9-17 16-18", "9-9", "22-6", "x", "", "", ""].map(str::to_owned);
        let fields = |error: desk::Error| match error.refusal() {
            Some(Refusal::Fields(faults)) => faults.iter().map(|f| (f.field, f.fault.clone())).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let refused = save_week(&world.desk, &admin, department, "Mars/Olympus", &never, &[]).await.unwrap_err();
        assert_eq!(fields(refused), [(Field::Weekday(0), Fault::NeverOpen), (Field::TimeZone, Fault::Unknown)]);
        let refused = save_week(&world.desk, &admin, department, "Europe/Amsterdam", &wrong, &[]).await.unwrap_err();
        let faults = [Fault::Overlaps, Fault::EmptyInterval, Fault::CrossesMidnight, Fault::NotATime];
        assert_eq!(fields(refused), faults.into_iter().enumerate().map(|(at, fault)| (Field::Weekday(at as u8), fault)).collect::<Vec<_>>());
        for (from, until, open, field) in [
            ("2026-02-29", "", "", Field::Date),
            ("2026-12-24", "2026-12-23", "", Field::Until),
            ("2026-12-24", "2027-12-24", "", Field::Until),
            ("2026-12-24", "x", "", Field::Until),
            ("2026-12-24", "", "9-8", Field::Hours),
        ] {
            let refused = add_days(&world.desk, &admin, department, from, until, open, "").await.unwrap_err();
            assert_eq!(fields(refused)[0].0, field, "{from} {until} {open}");
        }
        let refused = add_days(&world.desk, &admin, department, "2026-12-24", "2026-12-23", "x", &"n".repeat(81)).await.unwrap_err();
        assert_eq!(
            fields(refused),
            [(Field::Until, Fault::EndsBefore), (Field::Hours, Fault::NotATime), (Field::Name, Fault::TooLong(80))],
            "all at once"
        );
        assert_eq!(reckon_all(&world.desk).await.unwrap().generation, 1, "what is refused changes nothing");
    })
    .await;
}

#[tokio::test]
async fn outside_office_hours_only_what_is_urgent_stands_on_top_and_staff_are_left_alone() {
    on_both(|world| async move {
        let low = open(&world, "low", "a").await;
        desk::notifications::advance(&world.desk).await.unwrap();
        // Half past eight in the evening.
        world.pass(Span::minutes(8 * 60 + 24));
        assert_eq!(desk::hours::book(&world.desk).await.unwrap().by_office(world.desk.now()), (vec![], world.departments.clone()));
        let (medium, high) = (open(&world, "medium", "b").await, open(&world, "high", "c").await);
        let (board, _) = desk::board::snapshot(&world.desk, &world.agent("sanne"), &Filter::default()).await.unwrap();
        let order: Vec<TicketId> = board.columns[0].cards.iter().map(|card| card.id).collect();
        assert_eq!(order, [high, medium, low]);
        assert_eq!(board.columns[0].cards.iter().filter(|card| card.is_asleep(&board.closed)).count(), 2);
        let change = world.desk.store().begin().await.unwrap();
        store::departments::join(&change, world.departments[0], world.id("daan")).await.unwrap();
        change.commit().await.unwrap();
        let late = open(&world, "medium", "d").await;
        while desk::notifications::advance(&world.desk).await.unwrap() > 0 {}
        let morning = world.desk.now() + Span::minutes(12 * 60) - Span::seconds(40);
        for (id, waits) in [(high, false), (late, true)] {
            for mail in world.deliveries(id).await {
                let is_staff = mail.person.id == world.id("daan");
                assert_eq!(mail.at >= morning, is_staff && waits, "{} {mail:?}", id);
            }
        }
        // It becomes urgent at night: then the mail that waited does so no longer.
        edit(&world.desk, &world.agent("sanne"), late, &[Edit::Urgency(Urgency::High, None)], None).await.unwrap();
        while desk::notifications::advance(&world.desk).await.unwrap() > 0 {}
        assert!(world.deliveries(late).await.iter().all(|mail| mail.at < morning));
    })
    .await;
}
