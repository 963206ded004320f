//! Privacy: what is known of a person as a file, people made anonymous, tickets whose time is over.

use crate::mail::{believed, mail, read, with_mail};
use crate::support::{PASSWORD, World, on_both, png};
use desk::privacy::{begin_export, carry_on, dry_run, erase, export_file, export_progress, kept, name_of, set_kept, sweep, sweep_at_night};
use desk::tickets::Writing;
use domain::audit::Deed;
use domain::events::Happening;
use domain::tickets::Status;
use domain::time::{Moment, Span};
use domain::{Fault, Field, PersonId, Refusal, TicketId};
use std::io::Read;
use store::audit::Filter;
use tokio::io::AsyncReadExt;

async fn rename(world: &World, key: &str, name: &str) {
    desk::accounts::change_own(&world.desk, world.person(key), name, "Europe/Amsterdam").await.unwrap();
}

/// Everything that is said on a ticket and about it, as one text.
async fn everything(world: &World, id: TicketId) -> String {
    let page = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap();
    format!("{page:?}")
}

/// The session of someone with the name they have now.
async fn customer(world: &World, key: &str) -> desk::accounts::Customer {
    world.renewed(key).await.customer().unwrap()
}

async fn say(world: &World, key: &str, ticket: TicketId, text: &str) {
    let form = Writing { text: text.to_owned(), ..Default::default() };
    desk::tickets::reply(&world.desk, &world.renewed(key).await, ticket, &form).await.unwrap();
}

async fn audited(world: &World, deed: Deed) -> Vec<domain::audit::Entry> {
    let filter = Filter { deed: Some(deed), ..Default::default() };
    desk::audit::entries(&world.desk, &world.agent("hanneke"), &filter).await.unwrap()
}

/// Erases and waits until every text is done.
async fn erase_wholly(world: &World, key: &str) {
    let email = world.renewed(key).await.person().email.clone();
    erase(&world.desk, &world.agent("hanneke"), world.id(key), &email).await.unwrap();
    all_done(world).await;
}

async fn all_done(world: &World) {
    for _ in 0..500 {
        carry_on(&world.desk).await.unwrap();
        if desk::privacy::erasures(&world.desk, &world.agent("hanneke")).await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the erasure does not end");
}

#[tokio::test]
async fn an_erased_person_is_in_no_text_and_their_tickets_stay() {
    on_both(async |world| {
        rename(&world, "marieke", "Marieke Janssen").await;
        rename(&world, "marieke", "Marieke van Loon").await;
        rename(&world, "ruud", "Ruud Smit").await;
        let mut form = world.form("Vraag van Marieke van Loon");
        form.description = "Groet, Marieke (marieke@x.example), vroeger Marieke Janssen".into();
        form.cc = vec![world.id("ruud")];
        let own = desk::tickets::open(&world.desk, &customer(&world, "marieke").await, &form, None).await.unwrap();
        say(&world, "sanne", own, "Beste Marieke, Ruud leest mee.").await;
        let other = world.open("kees", "Van Kees").await;
        say(&world, "kees", other, "Marieke van Loon zei het ook, en marieke in het algemeen.").await;
        let file = world.upload("marieke", "foto Marieke van Loon.png", &png(1, 1)).await.unwrap();
        let reply = Writing { text: "Met foto".into(), attachments: vec![file], ..Default::default() };
        desk::tickets::reply(&world.desk, &world.renewed("marieke").await, own, &reply).await.unwrap();
        let anonymous = name_of(world.id("marieke"));

        erase_wholly(&world, "marieke").await;

        for id in [own, other] {
            let text = everything(&world, id).await;
            for gone in ["Marieke van Loon", "Marieke Janssen", "marieke@x.example"] {
                assert!(!text.contains(gone), "{gone} in {text}");
            }
            assert!(text.contains(&anonymous), "{text}");
        }
        let text = everything(&world, own).await;
        assert!(!text.contains("Marieke") && text.contains("Ruud leest mee"), "{text}");
        assert!(everything(&world, other).await.contains("marieke in het algemeen"), "elsewhere a single name is a word");
        // Found by what they are called now, and by what was said; not by what they were called.
        let found = async |typed: &str| {
            let filter = domain::board::Filter { text: Some(typed.to_owned()), ..Default::default() };
            let (board, _) = desk::board::snapshot(&world.desk, &world.agent("sanne"), &filter).await.unwrap();
            board.columns.iter().flat_map(|column| &column.cards).any(|card| card.id == own)
        };
        assert!(found("leest mee").await && !found("Loon").await && found("Anoniem").await);
        // The account is nobody's.
        let account = store::accounts::by_id(world.desk.store(), world.id("marieke")).await.unwrap().unwrap();
        assert!(account.erased && account.disabled && account.password_hash.is_none() && account.person.organisation.is_none());
        assert!(desk::accounts::renew(&world.desk, world.person("marieke")).await.unwrap().is_none(), "the session ended");
        let wrong = desk::accounts::log_in(&world.desk, "marieke@x.example", PASSWORD, &Default::default()).await;
        assert_eq!(wrong.err().unwrap().refusal(), Some(&Refusal::WrongCredentials));
        assert!(desk::accounts::set_disabled(&world.desk, &world.agent("hanneke"), world.id("marieke"), false).await.is_err(), "for good");
        // The address is free again.
        let new = desk::accounts::PersonChange {
            name: "Een ander".into(),
            email: "marieke@x.example".into(),
            role: domain::accounts::Role::Customer,
            organisation: "De Waal".into(),
            key_user: false,
            departments: vec![],
        };
        let again = desk::accounts::invite(&world.desk, &world.agent("hanneke"), &new).await.unwrap().0;
        assert_ne!(again, world.id("marieke"));
        assert_eq!(audited(&world, Deed::PersonErased).await[0].about, anonymous);
    })
    .await;
}

#[tokio::test]
async fn the_history_names_an_erased_person_no_more() {
    on_both(async |world| {
        let id = world.open("kees", "Toegewezen").await;
        let give = desk::tickets::Edit::Assignee(Some(world.id("daan")));
        desk::tickets::edit(&world.desk, &world.agent("sanne"), id, &[give], None).await.unwrap();
        rename(&world, "daan", "Iemand anders").await;
        erase_wholly(&world, "daan").await;
        let page = desk::tickets::page(&world.desk, world.person("hanneke"), id).await.unwrap();
        let named: Vec<String> = page
            .history
            .iter()
            .filter_map(|event| match &event.what {
                Happening::Assigned { to: Some(to), .. } => Some(to.name.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(named, [name_of(world.id("daan"))], "also by a name of long ago");
        assert_eq!(page.ticket.assignee.unwrap().name, name_of(world.id("daan")));
    })
    .await;
}

#[tokio::test]
async fn where_someone_belonged_is_no_name_of_theirs() {
    on_both(async |world| {
        let edit = desk::accounts::PersonEdit { organisation: Some("Koperslag".into()), ..Default::default() };
        desk::accounts::change_person(&world.desk, &world.agent("sanne"), world.id("ilse"), edit).await.unwrap();
        let id = world.open("kees", "Van een customer De Waal").await;
        erase(&world.desk, &world.agent("hanneke"), world.id("ilse"), "ilse@x.example").await.unwrap();
        all_done(&world).await;
        let text = everything(&world, id).await;
        assert!(text.contains("customer De Waal") && !text.contains(&name_of(world.id("ilse"))), "{text}");
    })
    .await;
}

#[tokio::test]
async fn every_name_they_ever_had_goes_however_it_was_changed() {
    on_both(async |world| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        rename(&world, "ruud", "Ruud van Smit").await;
        rename(&world, "ilse", "Ilse Brandsma").await;
        let id = world.open("kees", "Ruud van Smit, Ilse Brandsma en Ruud de Ander").await;
        // By an import, then by merging with someone who had another name and address.
        let text = "naam;e-mail;organisatie\nRuud de Ander;ruud@x.example;De Waal\n";
        crate::imports::import(&world, &crate::imports::file(&world, text).await).await.unwrap();
        desk::accounts::merge_people(desk, &hanneke, world.id("ruud"), "ilse@x.example").await.unwrap();
        // What the log says is gone by then.
        desk::audit::keep_for(desk, &hanneke, "30").await.unwrap();
        world.pass(Span::days(31));
        assert_eq!(desk::jobs::once(desk).await, 0);
        erase(desk, &hanneke, world.id("ruud"), "ruud@x.example").await.unwrap();
        all_done(&world).await;
        let text = everything(&world, id).await;
        assert!(!["Ruud", "Ilse", "Brandsma", "Smit", "Ander"].iter().any(|name| text.contains(name)), "{text}");
        let (names, emails) = store::privacy::former(desk.store(), world.id("ruud")).await.unwrap();
        assert!(names.is_empty() && emails.is_empty(), "what they were called is forgotten");
    })
    .await;
}

#[tokio::test]
async fn an_erasure_that_fails_does_not_hold_up_the_next() {
    on_both(async |world| {
        let world = with_mail(world);
        rename(&world, "marieke", "Marieke van Loon").await;
        rename(&world, "ruud", "Ruud van Smit").await;
        let sent = read(&world, mail("marieke", "support@sera.example", &believed("Subject: Hallo"), "Dag")).await;
        let id = world.open("ruud", "Van Ruud van Smit").await;
        // Its bytes cannot be removed: a folder stands in their place.
        let path = world.folder.path().join("mail").join(&sent.file[..2]).join(format!("{}.eml", sent.file));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let held = world.desk.hold_erasures().await;
        for key in ["marieke", "ruud"] {
            let email = world.renewed(key).await.person().email.clone();
            erase(&world.desk, &world.agent("hanneke"), world.id(key), &email).await.unwrap();
        }
        drop(held);
        for _ in 0..500 {
            let left = desk::privacy::erasures(&world.desk, &world.agent("hanneke")).await.unwrap();
            if left.iter().all(|erasure| erasure.person == world.id("marieke")) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(!everything(&world, id).await.contains("Smit"));
        drop(world.desk.hold_erasures().await);
        assert!(carry_on(&world.desk).await.is_err(), "and that it failed is told");
        std::fs::remove_dir(&path).unwrap();
        all_done(&world).await;
    })
    .await;
}

#[tokio::test]
async fn an_erasure_that_was_cut_off_goes_on() {
    on_both(async |world| {
        rename(&world, "ruud", "Ruud van Smit").await;
        let id = world.open("ruud", "Van Ruud van Smit").await;
        // As a crash leaves it: the account is anonymous, the texts are not.
        let held = world.desk.hold_erasures().await;
        erase(&world.desk, &world.agent("hanneke"), world.id("ruud"), "ruud@x.example").await.unwrap();
        carry_on(&world.desk).await.unwrap();
        assert!(everything(&world, id).await.contains("Ruud van Smit"));
        drop(held);
        assert_eq!(desk::jobs::once(&world.desk).await, 0);
        for _ in 0..500 {
            if !everything(&world, id).await.contains("Ruud van Smit") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(!everything(&world, id).await.contains("Ruud van Smit"));
    })
    .await;
}

#[tokio::test]
async fn nobody_is_erased_by_mistake_or_without_the_right() {
    on_both(async |world| {
        let (desk, admin) = (&world.desk, world.agent("hanneke"));
        let refused =
            async |by: &desk::accounts::Agent, id: PersonId, confirm: &str| erase(desk, by, id, confirm).await.unwrap_err().refusal().cloned();
        assert_eq!(refused(&world.agent("sanne"), world.id("ruud"), "ruud@x.example").await, Some(Refusal::NotAllowed));
        for wrong in ["", "ilse@x.example", "ruud"] {
            assert_eq!(refused(&admin, world.id("ruud"), wrong).await.unwrap().at(Field::Confirmation), Some(&Fault::OtherAddress), "{wrong}");
        }
        let last = refused(&admin, world.id("hanneke"), "hanneke@x.example").await.unwrap();
        assert_eq!(last.at(Field::Confirmation), Some(&Fault::LastAdmin));
        assert_eq!(refused(&admin, PersonId(99_999), "").await, Some(Refusal::NotFound));
        assert!(world.renewed("ruud").await.person().name == "ruud" && world.renewed("hanneke").await.person().name == "hanneke");
        erase_wholly(&world, "ruud").await;
        assert_eq!(refused(&admin, world.id("ruud"), "").await, Some(Refusal::NotFound), "twice");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_named_an_erased_person_is_no_more() {
    on_both(async |world| {
        let world = with_mail(world);
        rename(&world, "marieke", "Marieke van Loon").await;
        let before = read(
            &world,
            mail("marieke", "support@sera.example", &believed("Subject: Hallo van Marieke\r\nMessage-ID: <1@x.example>"), "Dag, Marieke van Loon"),
        )
        .await;
        let ticket = before.ticket.expect("it became a ticket");
        assert!(desk::mail::source(&world.desk, &world.agent("hanneke"), before.id).await.is_ok());
        assert!(everything(&world, ticket).await.contains("marieke@x.example"), "in the head of the mail");
        erase_wholly(&world, "marieke").await;
        let refused = desk::mail::source(&world.desk, &world.agent("hanneke"), before.id).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::NotFound));
        let after = store::mail::find(world.desk.store(), before.id).await.unwrap().unwrap();
        assert_eq!((after.sender, after.subject.unwrap()), (None, format!("Hallo van {}", name_of(world.id("marieke")))));
        let text = everything(&world, ticket).await;
        assert!(!text.contains("Marieke") && !text.contains("marieke@"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_no_row_has_is_swept_away_when_it_is_old() {
    on_both(async |world| {
        let world = with_mail(world);
        let kept = read(&world, mail("marieke", "support@sera.example", &believed("Subject: Blijft"), "x")).await;
        let path = |name: &str| world.folder.path().join("mail").join(&name[..2]).join(format!("{name}.eml"));
        let (left, young) = (format!("{}{}", &kept.file[..2], "a".repeat(62)), format!("{}{}", &kept.file[..2], "b".repeat(62)));
        let before = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
        for (name, is_old) in [(&kept.file, true), (&left, true), (&young, false)] {
            let file = std::fs::File::options().create(true).append(true).open(path(name)).unwrap();
            if is_old {
                file.set_modified(before).unwrap();
            }
        }
        for _ in 0..=255 {
            world.desk.jobs().runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(desk::jobs::once(&world.desk).await, 0);
        }
        assert_eq!([&kept.file, &left, &young].map(|name| path(name).exists()), [true, false, true]);
    })
    .await;
}

/// The names of what is in an export, and its JSON.
async fn unpacked(world: &World, key: &str) -> Vec<(String, Vec<u8>)> {
    let admin = world.agent("hanneke");
    begin_export(&world.desk, &admin, world.id(key)).await.unwrap();
    for _ in 0..500 {
        if export_progress(&world.desk, &admin, world.id(key)).await.unwrap().is_some_and(|progress| progress.over.is_some()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let (mut file, bytes) = export_file(&world.desk, &admin, world.id(key)).await.unwrap();
    let mut raw = vec![];
    file.read_to_end(&mut raw).await.unwrap();
    assert_eq!(raw.len() as u64, bytes);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(raw)).unwrap();
    (0..zip.len())
        .map(|n| {
            let mut entry = zip.by_index(n).unwrap();
            let mut content = vec![];
            entry.read_to_end(&mut content).unwrap();
            (entry.name().unwrap().to_string(), content)
        })
        .collect()
}

#[tokio::test]
async fn an_export_holds_everything_about_a_person_and_nothing_of_others() {
    on_both(async |world| {
        let own = world.open("marieke", "Eigen ticket").await;
        let file = world.upload("marieke", "a.png", &png(1, 1)).await.unwrap();
        let reply = Writing { text: "Met foto".into(), attachments: vec![file], ..Default::default() };
        desk::tickets::reply(&world.desk, world.person("marieke"), own, &reply).await.unwrap();
        let foreign = world.open("kees", "Van Kees").await;
        let pieces = unpacked(&world, "marieke").await;
        let names: Vec<&str> = pieces.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"person.json") && names.contains(&"audit.json"), "{names:?}");
        assert!(names.contains(&format!("tickets/{own}.json").as_str()) && !names.contains(&format!("tickets/{foreign}.json").as_str()), "{names:?}");
        let picture = pieces.iter().find(|(name, _)| name.ends_with("-a.png")).unwrap();
        assert_eq!(picture.1, png(1, 1));
        let whole: String = pieces.iter().map(|(_, content)| String::from_utf8_lossy(content).into_owned()).collect();
        assert!(whole.contains("Met foto") && whole.contains("marieke@x.example") && whole.contains("logged_in"));
        let account = store::accounts::by_id(world.desk.store(), world.id("marieke")).await.unwrap().unwrap();
        assert!(!whole.contains(account.password_hash.as_deref().unwrap()) && !whole.contains("kees@x.example"));
        // Only admins, and not after the person was erased.
        assert!(begin_export(&world.desk, &world.agent("sanne"), world.id("marieke")).await.is_err());
        assert!(export_progress(&world.desk, &world.agent("sanne"), world.id("marieke")).await.is_err());
        // Another node knows of no erasure but what the database says.
        let erased = erase(&world.another_node(), &world.agent("hanneke"), world.id("marieke"), "marieke@x.example").await;
        erased.unwrap();
        assert!(export_file(&world.desk, &world.agent("hanneke"), world.id("marieke")).await.is_err());
        assert!(begin_export(&world.desk, &world.agent("hanneke"), world.id("marieke")).await.is_err());
        assert_eq!(audited(&world, Deed::PersonExported).await.len(), 1);
    })
    .await;
}

fn days(wanted: &[(Status, &str)]) -> Vec<(Status, String)> {
    Status::ALL.iter().map(|status| (*status, wanted.iter().find(|(s, _)| s == status).map_or("", |(_, days)| days).to_owned())).collect()
}

#[tokio::test]
async fn tickets_whose_time_is_over_go_with_everything_that_hangs_on_them() {
    on_both(async |world| {
        let (desk, admin) = (&world.desk, world.agent("hanneke"));
        let old = world.open("marieke", "Oud").await;
        let file = world.upload("marieke", "a.png", &png(1, 1)).await.unwrap();
        let reply = Writing { text: "Met foto".into(), attachments: vec![file.clone()], ..Default::default() };
        desk::tickets::reply(desk, world.person("marieke"), old, &reply).await.unwrap();
        desk::notifications::advance(desk).await.unwrap();
        let settle = async |id| {
            desk::tickets::edit(desk, &world.agent("sanne"), id, &[desk::tickets::Edit::Status(Status::Resolved)], None).await.unwrap();
        };
        settle(old).await;
        world.pass(Span::days(40));
        let young = world.open("marieke", "Jong").await;
        settle(young).await;
        let open = world.open("marieke", "Loopt").await;
        world.pass(Span::days(20));
        let wanted = days(&[(Status::Resolved, "50")]);
        let due = dry_run(desk, &admin, &wanted).await.unwrap();
        assert_eq!(due.iter().map(|kept| kept.due).sum::<i64>(), 1);
        assert_eq!(sweep(desk).await.unwrap(), 0, "a trial removes nothing and keeps nothing");
        set_kept(desk, &admin, &wanted).await.unwrap();
        assert_eq!(kept(desk, &admin).await.unwrap().iter().map(|kept| kept.due).sum::<i64>(), 1);
        let path = world.folder.path().join(&file[..2]).join(&file);
        assert!(path.exists());
        assert_eq!(sweep(desk).await.unwrap(), 1);
        assert!(!path.exists(), "its file is gone");
        assert!(desk::tickets::page(desk, world.person("hanneke"), old).await.is_err());
        for id in [young, open] {
            assert!(desk::tickets::page(desk, world.person("hanneke"), id).await.is_ok());
        }
        assert_eq!(sweep(desk).await.unwrap(), 0, "once");
        // The counts of the board are right, and the log goes on.
        let all = domain::board::Filter { statuses: Status::ALL.to_vec(), ..Default::default() };
        let (board, _) = desk::board::snapshot(desk, &world.agent("sanne"), &all).await.unwrap();
        assert!(board.columns.iter().flat_map(|column| &column.cards).all(|card| card.id != old));
        assert_eq!(board.columns.iter().map(|column| column.total).sum::<i64>(), 2);
        world.open("kees", "Daarna").await;
        desk::notifications::advance(desk).await.unwrap();
        let removed = audited(&world, Deed::TicketsRemoved).await;
        assert_eq!((removed.len(), removed[0].about.as_str(), removed[0].before.as_str()), (1, old.to_string().as_str(), "resolved"));
    })
    .await;
}

#[tokio::test]
async fn tickets_go_at_night_only() {
    on_both(async |world| {
        let (desk, admin) = (&world.desk, world.agent("hanneke"));
        let id = world.open("marieke", "Oud").await;
        desk::tickets::edit(desk, &world.agent("sanne"), id, &[desk::tickets::Edit::Status(Status::Closed)], None).await.unwrap();
        set_kept(desk, &admin, &days(&[(Status::Closed, "30")])).await.unwrap();
        // Noon in Amsterdam, and a quarter past three.
        let noon = Moment(desk.now().0 / 86_400_000 * 86_400_000) + Span::days(60) + Span::hours(11);
        assert_eq!(sweep_at_night(&desk.at(noon)).await.unwrap(), 0);
        assert_eq!(sweep_at_night(&desk.at(noon + Span::hours(15) + Span::minutes(15))).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn days_that_are_none_are_said_at_their_field() {
    on_both(async |world| {
        let (desk, admin) = (&world.desk, world.agent("hanneke"));
        for wrong in ["29", "-1", "x", "36501", "1e9", "99999999999999999999"] {
            for refused in [
                set_kept(desk, &admin, &days(&[(Status::Closed, wrong)])).await.unwrap_err(),
                dry_run(desk, &admin, &days(&[(Status::Closed, wrong)])).await.unwrap_err(),
            ] {
                assert_eq!(refused.refusal().and_then(|refusal| refusal.at(Field::Kept(Status::Closed))), Some(&Fault::NotADay), "{wrong}");
            }
        }
        assert!(kept(desk, &admin).await.unwrap().iter().all(|kept| kept.days.is_none()), "nothing of it was kept");
        set_kept(desk, &admin, &days(&[(Status::Closed, "365"), (Status::Resolved, "90")])).await.unwrap();
        set_kept(desk, &admin, &days(&[(Status::Closed, "365")])).await.unwrap();
        let now: Vec<_> = kept(desk, &admin).await.unwrap().into_iter().filter_map(|kept| Some((kept.status, kept.days?))).collect();
        assert_eq!(now, [(Status::Closed, 365)], "empty is for ever");
        assert!(set_kept(desk, &world.agent("sanne"), &days(&[])).await.is_err());
    })
    .await;
}
