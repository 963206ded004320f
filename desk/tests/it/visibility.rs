//! What is not yours does not exist.

use crate::support::{World, on_both, png};
use desk::tickets::{Edit, Writing, edit, home, invite, leave, note, page, reply, search, settle};
use domain::accounts::Scope;
use domain::board::Filter;
use domain::events::Happening;
use domain::{AttachmentId, Refusal};

fn is_not_found<T>(result: desk::Result<T>) -> bool {
    matches!(result.err().as_ref().and_then(desk::Error::refusal), Some(Refusal::NotFound))
}

#[tokio::test]
async fn another_organisations_ticket_is_not_there() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Geheim onderwerp").await;
        let kees = world.customer("kees");
        let writing = Writing { text: "x".into(), ..Default::default() };
        assert!(is_not_found(page(&world.desk, world.person("kees"), id).await));
        assert!(is_not_found(reply(&world.desk, world.person("kees"), id, &writing).await));
        assert!(is_not_found(settle(&world.desk, &kees, id).await));
        assert!(is_not_found(leave(&world.desk, &kees, id).await));
        assert!(search(&world.desk, &kees, "geheim").await.unwrap().is_empty());
        assert!(search(&world.desk, &kees, &id.to_string()).await.unwrap().is_empty());
        assert!(home(&world.desk, &kees, 9).await.unwrap().running.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_colleague_sees_a_ticket_only_while_in_cc() {
    on_both(async |world: World| {
        let id = world.open("ruud", "Eigen").await;
        assert!(is_not_found(page(&world.desk, world.person("marieke"), id).await), "not even a key user");
        invite(&world.desk, &world.customer("ruud"), id, world.id("marieke")).await.unwrap();
        assert_eq!(home(&world.desk, &world.customer("marieke"), 9).await.unwrap().cc.len(), 1);
        assert_eq!(search(&world.desk, &world.customer("marieke"), "eigen").await.unwrap().len(), 1);
        reply(&world.desk, world.person("marieke"), id, &Writing { text: "Ik lees mee".into(), ..Default::default() }).await.unwrap();
        let refused = invite(&world.desk, &world.customer("marieke"), id, world.id("ilse")).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::NotAllowed), "only the requester invites");
        let refused = settle(&world.desk, &world.customer("marieke"), id).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::NotAllowed), "only the requester says that it is solved");
        leave(&world.desk, &world.customer("marieke"), id).await.unwrap();
        assert!(is_not_found(page(&world.desk, world.person("marieke"), id).await));
        assert!(search(&world.desk, &world.customer("marieke"), "eigen").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_moves_to_another_organisation_leaves_the_cc_of_the_one_before() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let (id, own) = (world.open("ruud", "Van De Waal").await, world.open("marieke", "Zelf").await);
        invite(desk, &world.customer("ruud"), id, world.id("marieke")).await.unwrap();
        invite(desk, &world.customer("ruud"), id, world.id("ilse")).await.unwrap();
        let moves = async |organisation: &str| {
            let edit = desk::accounts::PersonEdit { organisation: Some(organisation.into()), ..Default::default() };
            desk::accounts::change_person(desk, &world.agent("sanne"), world.id("marieke"), edit).await.unwrap();
        };
        moves("De Waal").await;
        assert_eq!(page(desk, world.person("sanne"), id).await.unwrap().ticket.cc.len(), 2, "nothing changed");
        moves("Koperslag").await;
        let seen = page(desk, world.person("sanne"), id).await.unwrap();
        assert_eq!(seen.ticket.cc.iter().map(|person| person.id).collect::<Vec<_>>(), [world.id("ilse")]);
        let last = seen.history.last().unwrap();
        assert!(matches!(&last.what, Happening::CcRemoved { person } if person.id == world.id("marieke")), "{last:?}");
        assert_eq!(last.by.as_ref().unwrap().id, world.id("sanne"));
        let sees = async |id| store::tickets::is_visible(desk.store(), &Scope::Own(world.id("marieke")), id).await.unwrap();
        assert!(!sees(id).await);
        assert!(sees(own).await, "what they asked themselves stays theirs");
    })
    .await;
}

#[tokio::test]
async fn nobody_of_one_organisation_gets_into_the_cc_of_another() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let (id, own) = (world.open("marieke", "Van De Waal").await, world.open("ruud", "Ook").await);
        invite(desk, &world.customer("marieke"), id, world.id("ruud")).await.unwrap();
        let moved = world.customer("marieke");
        let edit = desk::accounts::PersonEdit { organisation: Some("Koperslag".into()), ..Default::default() };
        desk::accounts::change_person(desk, &world.agent("sanne"), world.id("marieke"), edit).await.unwrap();
        let fault = async |result: desk::Result<()>| result.unwrap_err().refusal().and_then(|refusal| refusal.at(domain::Field::Cc).cloned());
        // A request that was on its way when they moved.
        let stale = desk::tickets::open(desk, &moved, &world.form("Nog even"), None).await.unwrap_err();
        assert_eq!(stale.refusal(), Some(&Refusal::SignedOut));
        assert!(fault(invite(desk, &world.customer("ruud"), own, world.id("marieke")).await).await.is_some());
        // Their old ticket is of De Waal still, and nobody of Koperslag reads it.
        let marieke = world.logged_in("marieke").await;
        assert!(fault(invite(desk, &marieke.customer().unwrap(), id, world.id("kees")).await).await.is_some());
        // What goes on in a new ticket is of Koperslag, and nobody of De Waal reads that.
        settle(desk, &marieke.customer().unwrap(), id).await.unwrap();
        world.pass(domain::time::Span::days(61));
        let next = reply(desk, &marieke, id, &Writing { text: "Het is er weer".into(), ..Default::default() }).await.unwrap();
        let next = page(desk, world.person("sanne"), next).await.unwrap().ticket;
        assert_eq!((next.follows, next.organisation.unwrap().name.as_str(), next.cc.len()), (Some(id), "Koperslag", 0));
    })
    .await;
}

#[tokio::test]
async fn notes_and_their_files_never_reach_a_customer() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Gewoon").await;
        let file = world.upload("sanne", "intern.png", &png(2, 2)).await.unwrap();
        let writing = Writing { text: "Dit is een struisvogel".into(), attachments: vec![file.clone()], ..Default::default() };
        note(&world.desk, &world.agent("sanne"), id, &writing).await.unwrap();
        edit(&world.desk, &world.agent("sanne"), id, &[Edit::Tag("lastig".into())], None).await.unwrap();
        let theirs = page(&world.desk, world.person("marieke"), id).await.unwrap();
        assert_eq!((theirs.messages.len(), theirs.history.len()), (1, 1));
        assert!(search(&world.desk, &world.customer("marieke"), "struisvogel").await.unwrap().is_empty());
        let file = AttachmentId::parse(&file).unwrap();
        assert!(is_not_found(desk::attachments::download(&world.desk, world.person("marieke"), &file).await));
        assert!(desk::attachments::download(&world.desk, world.person("daan"), &file).await.is_ok());
        let found = Filter { text: Some("struisvogel".into()), ..Default::default() };
        let list = desk::board::page(&world.desk, &world.agent("daan"), &found, Default::default(), false, None).await.unwrap();
        assert_eq!(list.cards.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_closed_department_is_closed_everywhere() {
    on_both(async |world: World| {
        let file = world.upload("marieke", "a.png", &png(2, 2)).await.unwrap();
        let form = domain::tickets::TicketForm { attachments: vec![file.clone()], ..world.form("Salaris") };
        let id = desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap();
        world.close_department(world.departments[0], &["sanne"]).await;
        let (inside, outside) = (world.renewed("sanne").await, world.renewed("daan").await);
        assert!(page(&world.desk, &inside, id).await.is_ok());
        assert!(is_not_found(page(&world.desk, &outside, id).await));
        let agent = outside.agent().unwrap();
        assert!(is_not_found(edit(&world.desk, &agent, id, &[Edit::Assignee(None)], None).await));
        let file = AttachmentId::parse(&file).unwrap();
        assert!(is_not_found(desk::attachments::download(&world.desk, &outside, &file).await));
        for text in [None, Some("salaris".to_owned()), Some(id.to_string())] {
            let filter = Filter { text, ..Default::default() };
            assert!(desk::board::page(&world.desk, &agent, &filter, Default::default(), false, None).await.unwrap().cards.is_empty());
            let (board, _) = desk::board::snapshot(&world.desk, &agent, &filter).await.unwrap();
            assert!(board.columns.iter().all(|c| c.cards.is_empty() && c.total == 0));
        }
        assert!(desk::board::tallies(&world.desk, &agent).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn search_finds_number_subject_text_and_people_and_fears_no_syntax() {
    on_both(async |world: World| {
        let id = world.open("marieke", "Koperskeuzelijst blijft leeg").await;
        reply(
            &world.desk,
            world.person("sanne"),
            id,
            &Writing { text: "Welk bouwnummer? Zie W-00412/2 en Export.csv van versie 8.2.1, groet Özgür".into(), ..Default::default() },
        )
        .await
        .unwrap();
        let agent = world.agent("daan");
        let found = async |typed: &str| {
            let filter = Filter { text: Some(typed.to_owned()), ..Default::default() };
            desk::board::page(&world.desk, &agent, &filter, Default::default(), false, None).await.unwrap().cards.len()
        };
        for typed in [
            "koperskeuzelijst",
            "LEEG",
            "bouwnumm",
            "leeg bouwnummer",
            "marieke",
            "waal",
            "W-00412",
            "00412/2",
            "export.csv",
            "8.2.1",
            "özgür",
            "ozgur",
            &id.to_string(),
            &format!("#{id}"),
        ] {
            assert_eq!(found(typed).await, 1, "{typed}");
        }
        for typed in ["niets", "leeg niets", "\"", "* OR 1=1", "NEAR(", "a:b", "'; DROP TABLE ticket; --", "%", "\u{202e}", "हिन", "aⒶb"] {
            assert_eq!(found(typed).await, 0, "{typed}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_ticket_is_found_by_addresses_names_of_files_and_numbers_however_they_are_typed() {
    on_both(async |world: World| {
        let mut form = world.form("Straße in Łódź, Søren & Æblegård");
        form.description = "Contract KX-4711/02, factuur 202400815".to_owned();
        form.link = "https://erp.example/orders/ord99aa".to_owned();
        form.attachments = vec![world.upload("marieke", "Offerte_2026-0042 Móntage.txt", b"x").await.unwrap()];
        form.cc = vec![world.id("ilse")];
        let id = desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap();
        let hidden = Writing {
            text: "Onder ons".into(),
            attachments: vec![world.upload("sanne", "inkoopprijs.txt", b"x").await.unwrap()],
            ..Default::default()
        };
        note(&world.desk, &world.agent("sanne"), id, &hidden).await.unwrap();
        let late =
            Writing { text: "Hierbij".into(), attachments: vec![world.upload("sanne", "werkbon-88.txt", b"x").await.unwrap()], ..Default::default() };
        reply(&world.desk, world.person("sanne"), id, &late).await.unwrap();

        let customers = async |typed: &str| search(&world.desk, &world.customer("marieke"), typed).await.unwrap().len();
        let staffs = async |typed: &str| {
            let filter = Filter { text: Some(typed.to_owned()), ..Default::default() };
            desk::board::page(&world.desk, &world.agent("daan"), &filter, Default::default(), false, None).await.unwrap().cards.len()
        };
        for typed in [
            "marieke@x.example",
            "ILSE@X.example",
            "marieke@x",
            "Offerte_2026-0042 Móntage.txt",
            "offerte 2026-0042",
            "montage.txt",
            "werkbon-88",
            "KX-4711/02",
            "kx471102",
            "KX 4711",
            "2024-00815",
            "ord99aa",
            "strasse",
            "STRASSE lodz",
            "soren aeblegard",
        ] {
            assert_eq!((customers(typed).await, staffs(typed).await), (1, 1), "{typed}");
        }
        assert_eq!((customers("inkoopprijs.txt").await, staffs("inkoopprijs.txt").await), (0, 1), "a file of a note is of staff");
        for typed in ["kees@x.example", "KX-4712", "offerte_2026-0043"] {
            assert_eq!((customers(typed).await, staffs(typed).await), (0, 0), "{typed}");
        }
        // Another address is found as soon as the job was there.
        assert_eq!(staffs("ilse.dewit@elders.example").await, 0);
        let moved = desk::accounts::PersonEdit { email: Some("ilse.dewit@elders.example".into()), ..Default::default() };
        desk::accounts::change_person(&world.desk, &world.agent("hanneke"), world.id("ilse"), moved).await.unwrap();
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        assert_eq!(staffs("ilse.dewit@elders.example").await, 1);
    })
    .await;
}
