//! Reports: what is counted, when it is taken back, and who sees what of it.

use crate::support::{World, on_both};
use desk::reports::{Asked, Days, Reported, Table, advance, asked, csv, read};
use desk::tickets::{Edit, Writing};
use domain::TicketId;
use domain::accounts::{Language, Role};
use domain::tickets::{Status, Urgency};
use domain::time::Span;

async fn count(world: &World) {
    while advance(&world.desk).await.unwrap() > 0 {}
}

async fn report(world: &World, by: &str, asked: &Asked) -> Reported {
    count(world).await;
    read(&world.desk, &world.renewed(by).await.agent().unwrap(), asked).await.unwrap()
}

async fn say(world: &World, by: &str, ticket: TicketId) {
    let form = Writing { text: "Antwoord".into(), ..Default::default() };
    desk::tickets::reply(&world.desk, &world.renewed(by).await, ticket, &form).await.unwrap();
}

async fn edit(world: &World, ticket: TicketId, edit: Edit) {
    desk::tickets::edit(&world.desk, &world.agent("sanne"), ticket, &[edit], None).await.unwrap();
}

/// Opened, resolved and open at the end of the last day.
fn counts(reported: &Reported) -> (u32, u32, i64) {
    let report = &reported.report;
    assert_eq!(report.all.opened, report.days.iter().map(|day| day.opened).sum::<u32>());
    assert_eq!(report.all.opened, report.heat.iter().flatten().sum::<u32>());
    assert_eq!(report.all.solved, report.days.iter().map(|day| day.solved).sum::<u32>());
    (report.all.opened, report.all.solved, report.days.last().unwrap().backlog)
}

#[tokio::test]
async fn a_ticket_counts_as_its_log_says_whatever_happened_to_it_since() {
    on_both(async |world: World| {
        let all = Asked::default();
        let id = world.open("marieke", "Een").await;
        assert_eq!(counts(&report(&world, "sanne", &all).await), (1, 0, 1));
        world.pass(Span::minutes(20));
        say(&world, "sanne", id).await;
        edit(&world, id, Edit::Assignee(Some(world.id("daan")))).await;
        edit(&world, id, Edit::Status(Status::Resolved)).await;
        let solved = report(&world, "hanneke", &all).await;
        assert_eq!(counts(&solved), (1, 1, 0));
        let twenty = Some(Span::minutes(20));
        assert_eq!((solved.report.all.first_reply.median, solved.report.all.solution.median), (twenty, twenty));
        assert_eq!(solved.report.agents.iter().map(|group| (group.key, group.figures.solved)).collect::<Vec<_>>(), [(world.id("daan"), 1)]);
        // The next day it is reopened: it was not resolved after all; and then it is.
        world.pass(Span::days(1));
        edit(&world, id, Edit::Status(Status::Open)).await;
        assert_eq!(counts(&report(&world, "sanne", &all).await), (1, 0, 1));
        world.pass(Span::days(1));
        edit(&world, id, Edit::Status(Status::Resolved)).await;
        let again = report(&world, "sanne", &all).await;
        assert_eq!(counts(&again), (1, 1, 0));
        let days: Vec<i64> = again.report.days.iter().rev().take(4).map(|day| day.backlog).collect();
        assert_eq!(days, [0, 1, 0, 0], "open on the day it was reopened");
        assert_eq!((again.open, again.late), (0, 0));
        // Of one that was removed nothing is counted.
        desk::privacy::set_kept(&world.desk, &world.agent("hanneke"), &Status::ALL.iter().map(|s| (*s, "30".to_owned())).collect::<Vec<_>>())
            .await
            .unwrap();
        world.pass(Span::days(31));
        assert_eq!(desk::privacy::sweep(&world.desk).await.unwrap(), 1);
        count(&world).await;
        assert_eq!(counts(&read(&world.desk, &world.agent("sanne"), &Asked { days: Days::Last(90), ..all }).await.unwrap()), (0, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_counted_step_by_step_is_what_is_counted_from_scratch() {
    on_both(async |world: World| {
        for n in 0..9 {
            let id = world.open(["marieke", "kees", "ruud"][n % 3], "Vraag").await;
            count(&world).await;
            world.pass(Span::hours(5));
            if n % 2 == 0 {
                say(&world, "daan", id).await;
                edit(&world, id, Edit::Status([Status::Resolved, Status::Waiting, Status::Closed][n % 3])).await;
            }
            if n % 3 == 0 {
                edit(&world, id, Edit::Urgency(Urgency::High, Some("Het ligt stil".into()))).await;
            }
        }
        let all = Asked { days: Days::Last(90), ..Default::default() };
        let stepwise = report(&world, "hanneke", &all).await;
        let change = world.desk.store().begin().await.unwrap();
        store::notifications::set_cursor(&change, "reports", domain::EventNo(0)).await.unwrap();
        change.commit().await.unwrap();
        assert!(read(&world.desk, &world.agent("hanneke"), &all).await.unwrap().building.is_some());
        let whole = report(&world, "hanneke", &all).await;
        assert_eq!((whole.report, whole.building), (stepwise.report, None));
    })
    .await;
}

#[tokio::test]
async fn nobody_reads_of_a_department_that_is_closed_to_them_and_only_leads_compare_agents() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Besloten").await;
        edit(&world, id, Edit::Assignee(Some(world.id("daan")))).await;
        edit(&world, id, Edit::Status(Status::Resolved)).await;
        world.open("kees", "Van Kees").await;
        let own = Asked { organisation: world.person("kees").person().organisation.as_ref().map(|o| o.id), ..Default::default() };
        assert_eq!(counts(&report(&world, "sanne", &own).await).0, 1);
        let none = desk::reports::asked(&world.desk, "organisation=Zonder+weerga").await.unwrap();
        let none = report(&world, "hanneke", &none).await;
        assert_eq!((counts(&none), none.open, none.organisation.as_str()), ((0, 0, 0), 0, "Zonder weerga"), "one that there is not is not everyone");
        assert_eq!(report(&world, "sanne", &Asked::default()).await.report.agents, []);
        assert_eq!(report(&world, "hanneke", &Asked::default()).await.report.agents.len(), 1);
        world.close_department(world.departments[0], &["daan"]).await;
        let hidden = report(&world, "sanne", &Asked::default()).await;
        assert_eq!((counts(&hidden), hidden.open), ((0, 0, 0), 0));
        assert_eq!(counts(&report(&world, "daan", &Asked::default()).await).0, 2);
        // Two organisations that are one count as one.
        let hanneke = world.agent("hanneke");
        let keep = world.person("kees").person().organisation.clone().unwrap();
        desk::accounts::merge_organisations(&world.desk, &hanneke, keep.id, "De Waal").await.unwrap();
        let merged = report(&world, "daan", &Asked::default()).await;
        assert_eq!(merged.report.organisations.iter().map(|group| (group.key, group.figures.opened)).collect::<Vec<_>>(), [(Some(keep.id), 2)]);
        assert!(merged.organisations.values().eq(["Koperslag"].iter()));
    })
    .await;
}

#[tokio::test]
async fn whatever_is_asked_for_there_is_an_answer_and_names_are_no_formulas() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    world.open("marieke", "Een").await;
    let edit = desk::accounts::PersonEdit { role: Some(Role::Lead), ..Default::default() };
    desk::accounts::change_person(&world.desk, &world.agent("hanneke"), world.id("daan"), edit).await.unwrap();
    for query in [
        "",
        "?days=0",
        "days=-5&urgency=x&department=x&organisation=%",
        "days=99999999999",
        "from=2026-11-30&until=2020-01-01",
        "from=9999-12-31&until=9999-12-31",
        "from=0001-01-01&until=9999-12-31",
        "from=2024-02-29&until=2024-02-30",
    ] {
        let asked = asked(&world.desk, query).await.unwrap();
        let found = report(&world, "sanne", &asked).await;
        assert!((1..=desk::reports::MOST_DAYS).contains(&(found.end - found.first)), "{query}");
        assert_eq!(found.report.days.len() as i64, found.end - found.first, "{query}");
        for table in Table::ALL {
            assert!(csv(&found, table, Language::En).unwrap().lines().count() >= 1);
        }
    }
    desk::accounts::change_own(&world.desk, world.person("sanne"), "=1+1", "Europe/Amsterdam").await.unwrap();
    let id = world.open("marieke", "Twee").await;
    desk::tickets::edit(&world.desk, &world.agent("sanne"), id, &[Edit::Assignee(Some(world.id("sanne")))], None).await.unwrap();
    let found = report(&world, "hanneke", &Asked::default()).await;
    assert!(csv(&found, Table::Agents, Language::En).unwrap().contains("\n'=1+1,1,0,"));
    let file = desk::reports::export(&world.desk, &world.agent("hanneke"), &Asked::default(), Table::Days, Language::Nl).await.unwrap();
    assert_eq!(file, csv(&found, Table::Days, Language::Nl).unwrap());
    assert!(file.starts_with("\u{feff}day;opened;resolved;open_at_end\r\n"), "{file}");
    let filter = desk::audit::Filter { deed: Some(domain::audit::Deed::ReportExported), ..Default::default() };
    let written = desk::audit::entries(&world.desk, &world.agent("hanneke"), &filter).await.unwrap();
    assert!(written.len() == 1 && written[0].after.starts_with("days from="), "{written:?}");
    let refused = desk::reports::export(&world.desk, &world.agent("sanne"), &Asked::default(), Table::Agents, Language::Nl).await.unwrap_err();
    assert_eq!(refused.refusal(), Some(&domain::Refusal::NotAllowed));
    assert!(csv(&found, Table::Days, Language::En).unwrap().lines().last().unwrap().ends_with(",2,0,2"));
}
