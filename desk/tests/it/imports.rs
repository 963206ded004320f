//! Importing people and organisations from a file.

use crate::people::{deeds, refused};
use crate::support::{World, on_both};
use desk::accounts;
use domain::audit::Deed;
use domain::{Fault, Field, Refusal};
use std::time::Duration;

pub async fn file(world: &World, text: &str) -> String {
    world.upload("hanneke", "mensen.csv", text.as_bytes()).await.unwrap()
}

/// Imports a file, and waits until it is over.
pub async fn import(world: &World, file: &str) -> desk::Result<()> {
    let hanneke = world.agent("hanneke");
    accounts::begin_import(&world.desk, &hanneke, file, &[]).await?;
    for _ in 0..1_000 {
        if let Some(done) = accounts::import_progress(&world.desk, &hanneke, file).and_then(|progress| progress.over) {
            assert_eq!(done, Ok(()));
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not end");
}

#[tokio::test]
async fn an_import_is_seen_row_by_row_before_anything_is_done_and_is_done_whole() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let text = "naam;e-mail;organisatie;key user;domeinen\nJan Jansen;JAN@nieuw.example;Nieuw BV;ja;nieuw.example\nmarieke;marieke@x.example;De Waal;ja;\nRuud Anders;ruud@x.example;De Waal;;\n;;Leeg BV;;leeg.example\n";
        let good = file(&world, text).await;
        let preview = accounts::preview_import(desk, &hanneke, &good, &[]).await.unwrap();
        assert_eq!((preview.rows, preview.add, preview.change, preview.same, preview.wrong, preview.organisations), (4, 2, 1, 1, 0, 2));
        assert!(store::organisations::by_name(desk.store(), "Nieuw BV").await.unwrap().is_none(), "looking changes nothing");

        let bad = file(&world, &format!("{text}Sanne;sanne@x.example;De Waal;;\nKees;kees;De Waal;;\nDubbel;jan@nieuw.example;De Waal;;\n,x;y\n")).await;
        let preview = accounts::preview_import(desk, &hanneke, &bad, &[]).await.unwrap();
        assert_eq!(preview.wrong, 4, "{:?}", preview.faulty);
        assert_eq!(refused(import(&world, &bad).await).at(Field::File), Some(&Fault::WrongRows));
        assert!(store::organisations::by_name(desk.store(), "Nieuw BV").await.unwrap().is_none(), "nothing is half done");

        import(&world, &good).await.unwrap();
        let jan = domain::accounts::EmailAddress::parse("jan@nieuw.example").unwrap();
        let jan = store::accounts::by_email(desk.store(), &jan).await.unwrap().unwrap();
        assert_eq!((jan.person.name.as_str(), jan.person.key_user, jan.password_hash), ("Jan Jansen", true, None));
        assert_eq!(jan.person.organisation.unwrap().name, "Nieuw BV");
        assert_eq!(world.renewed("ruud").await.person().name, "Ruud Anders");
        assert!(deeds(&world).await.contains(&Deed::PeopleImported));
        // Once more: the file is gone; the same rows again change nothing.
        assert_eq!(refused(accounts::preview_import(desk, &hanneke, &good, &[]).await).at(Field::File), Some(&Fault::Unknown));
        let again = accounts::preview_import(desk, &hanneke, &file(&world, text).await, &[]).await.unwrap();
        assert_eq!((again.add, again.change, again.same), (0, 0, 4));
        // Another file of hers.
        let another = file(&world, "naam,e-mail,organisatie\nA,a@nieuw.example,Nieuw BV\nB,b@nieuw.example,Derde BV\n").await;
        accounts::preview_import(desk, &hanneke, &another, &[]).await.unwrap();
        // Not an agent's, and not of someone else.
        assert_eq!(refused(accounts::preview_import(desk, &world.agent("sanne"), &another, &[]).await), Refusal::NotAllowed);
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_table_is_refused_with_a_sentence() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let hanneke = world.agent("hanneke");
    for (text, fault) in [("zomaar een tekst\n", Fault::NoColumns), ("naam;e-mail;organisatie\n", Fault::Missing)] {
        let file = file(&world, text).await;
        assert_eq!(refused(accounts::preview_import(&world.desk, &hanneke, &file, &[]).await).at(Field::File), Some(&fault));
        assert_eq!(refused(accounts::begin_import(&world.desk, &hanneke, &file, &[]).await).at(Field::File), Some(&fault));
    }
    for wrong in ["", "x", &"0".repeat(32)] {
        assert_eq!(refused(accounts::preview_import(&world.desk, &hanneke, wrong, &[]).await).at(Field::File), Some(&Fault::Unknown));
    }
}

#[tokio::test]
async fn a_file_that_does_not_say_who_is_a_key_user_takes_that_from_nobody() {
    on_both(async |world: World| {
        let text = "naam;e-mail;organisatie\nKees de Boer;kees@x.example;Koperslag\nNieuw;nieuw@x.example;Koperslag\n";
        import(&world, &file(&world, text).await).await.unwrap();
        let kees = world.renewed("kees").await;
        assert_eq!((kees.person().name.as_str(), kees.person().key_user), ("Kees de Boer", true), "and the session goes on");
        import(&world, &file(&world, "naam;e-mail;organisatie;key user\nKees de Boer;kees@x.example;Koperslag;\n").await).await.unwrap();
        assert!(accounts::renew(&world.desk, world.person("kees")).await.unwrap().is_none(), "a right that was taken ends the session");
        let filter = desk::audit::Filter { deed: Some(Deed::PersonChanged), person: Some(world.id("kees")), ..Default::default() };
        let written = desk::audit::entries(&world.desk, &world.agent("hanneke"), &filter).await.unwrap();
        let written: Vec<_> = written.iter().map(|entry| (entry.before.as_str(), entry.after.as_str())).collect();
        assert_eq!(written, [("customer, key user Koperslag", "customer Koperslag"), ("kees", "Kees de Boer")]);
    })
    .await;
}

#[tokio::test]
async fn of_two_imports_at_once_one_waits_its_turn() {
    on_both(async |world: World| {
        let text = "naam;e-mail;organisatie\nNieuw;nieuw@x.example;Koperslag\n";
        let (one, two) = (file(&world, text).await, file(&world, text).await);
        let hanneke = world.agent("hanneke");
        let (a, b) = tokio::join!(accounts::begin_import(&world.desk, &hanneke, &one, &[]), accounts::begin_import(&world.desk, &hanneke, &two, &[]));
        let lost = [a, b].into_iter().find_map(Result::err).expect("one of them waits");
        assert_eq!(lost.refusal(), Some(&Refusal::Throttled(10)));
    })
    .await;
}

#[tokio::test]
async fn an_import_whose_asker_is_gone_holds_up_no_other() {
    on_both(async |world: World| {
        let file = file(&world, "naam;e-mail;organisatie\nNieuw;nieuw@x.example;Koperslag\n").await;
        let hanneke = world.agent("hanneke");
        let gone = accounts::begin_import(&world.desk, &hanneke, &file, &[]);
        tokio::select! {
            biased;
            begun = gone => panic!("it was to be broken off: {begun:?}"),
            () = std::future::ready(()) => {}
        }
        assert!(accounts::import_progress(&world.desk, &hanneke, &file).is_some_and(|progress| progress.over.is_some_and(|over| over.is_err())));
        import(&world, &file).await.unwrap();
        let email = domain::accounts::EmailAddress::parse("nieuw@x.example").unwrap();
        let new = store::accounts::by_email(world.desk.store(), &email).await.unwrap().unwrap().person.id;
        let filter = desk::audit::Filter { person: Some(new), ..Default::default() };
        let written = desk::audit::entries(&world.desk, &hanneke, &filter).await.unwrap();
        assert_eq!(written.iter().map(|entry| (entry.deed, entry.after.as_str())).collect::<Vec<_>>(), [(Deed::PersonAdded, "customer Koperslag")]);
    })
    .await;
}

#[tokio::test]
async fn who_is_moved_by_a_file_leaves_the_cc_of_their_colleagues() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let mut ids = vec![];
        for subject in ["Een", "Twee"] {
            let id = world.open("marieke", subject).await;
            for colleague in ["ruud", "ilse"] {
                desk::tickets::invite(desk, &world.customer("marieke"), id, world.id(colleague)).await.unwrap();
            }
            ids.push(id);
        }
        let text = "naam;e-mail;organisatie\nRuud;ruud@x.example;Koperslag\nIlse de Wit;ilse@x.example;De Waal\n";
        import(&world, &file(&world, text).await).await.unwrap();
        for id in ids {
            let seen = desk::tickets::page(desk, world.person("sanne"), id).await.unwrap();
            assert_eq!(seen.ticket.cc.iter().map(|person| person.id).collect::<Vec<_>>(), [world.id("ilse")]);
            assert_eq!(seen.history.last().unwrap().by.as_ref().unwrap().id, world.id("hanneke"));
        }
    })
    .await;
}

#[tokio::test]
async fn an_import_opens_no_closed_department_by_its_key_users() {
    on_both(async |world: World| {
        world.open("marieke", "Besloten").await;
        world.close_department(world.departments[0], &["sanne"]).await;
        let hanneke = world.logged_in("hanneke").await.agent().unwrap();
        // One that is new, and one who is a key user elsewhere already.
        for text in ["naam;e-mail;organisatie;key user\nX;x@waal.example;De Waal;ja\n", "naam;e-mail;organisatie\nkees;kees@x.example;De Waal\n"] {
            let file = file(&world, text).await;
            accounts::begin_import(&world.desk, &hanneke, &file, &[]).await.unwrap();
            let over = async || accounts::import_progress(&world.desk, &hanneke, &file).and_then(|progress| progress.over);
            while over().await.is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert!(over().await.unwrap().is_err(), "{text}");
        }
        let new = domain::accounts::EmailAddress::parse("x@waal.example").unwrap();
        assert!(store::accounts::by_email(world.desk.store(), &new).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn who_became_staff_since_a_file_was_looked_at_is_not_made_a_customer_by_it() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let text = "naam;e-mail;organisatie\nNieuw;nieuw@x.example;Koperslag\nRuud van Smit;ruud@x.example;De Waal\n";
        let file = file(&world, text).await;
        let meanwhile = desk.store().begin().await.unwrap();
        store::people::locked(&meanwhile, world.id("ruud")).await.unwrap();
        store::people::set_place(&meanwhile, world.id("ruud"), domain::accounts::Role::Agent, None, false).await.unwrap();
        accounts::begin_import(desk, &hanneke, &file, &[]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        meanwhile.commit().await.unwrap();
        let over = async || accounts::import_progress(desk, &hanneke, &file).and_then(|progress| progress.over);
        for _ in 0..1_000 {
            if over().await.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(over().await.unwrap().is_err());
        assert_eq!(world.renewed("ruud").await.role(), domain::accounts::Role::Agent);
        let new = domain::accounts::EmailAddress::parse("nieuw@x.example").unwrap();
        assert!(store::accounts::by_email(desk.store(), &new).await.unwrap().is_none(), "nothing is half done");
    })
    .await;
}

#[tokio::test]
async fn columns_are_read_as_they_are_chosen_and_companies_are_known_however_they_are_written() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let text = "sep=;\n\nVoornaam;Achternaam;Werkmail;Bedrijf\nJan;Jansen;jan@nieuw.example;DE WAÁL\nPiet;de Wit;piet@nieuw.example;Cafe\u{301} Zuid\nEva;Smit;eva@nieuw.example;CAFÉ ZUID\n";
        let good = file(&world, text).await;
        let looked = accounts::preview_import(desk, &hanneke, &good, &[]).await.unwrap();
        let read: Vec<_> = looked.headings.iter().map(|heading| heading.column).collect();
        use accounts::Column::{Email, FirstName, LastName, Organisation};
        assert_eq!((read, looked.lacks_columns, looked.rows), (vec![Some(FirstName), Some(LastName), None, Some(Organisation)], true, 0));
        assert_eq!(looked.headings[2].example, "jan@nieuw.example");
        assert_eq!(refused(accounts::begin_import(desk, &hanneke, &good, &[]).await).at(Field::File), Some(&Fault::NoColumns));

        let chosen = [Some(FirstName), Some(LastName), Some(Email), Some(Organisation)];
        let looked = accounts::preview_import(desk, &hanneke, &good, &chosen).await.unwrap();
        assert_eq!((looked.lacks_columns, looked.add, looked.organisations), (false, 3, 1), "one new company");
        assert_eq!(looked.shown.iter().map(|row| (row.line, row.organisation.as_str())).collect::<Vec<_>>(), [(4, "De Waal"), (5, "Café Zuid"), (6, "Café Zuid")]);
        accounts::begin_import(desk, &hanneke, &good, &chosen).await.unwrap();
        let over = async || accounts::import_progress(desk, &hanneke, &good).and_then(|progress| progress.over);
        while over().await.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(over().await, Some(Ok(())));
        let of = async |email: &str| {
            let email = domain::accounts::EmailAddress::parse(email).unwrap();
            let person = store::accounts::by_email(desk.store(), &email).await.unwrap().unwrap().person;
            (person.name, person.organisation.unwrap().name)
        };
        assert_eq!(of("jan@nieuw.example").await, ("Jan Jansen".to_owned(), "De Waal".to_owned()));
        assert_eq!((of("piet@nieuw.example").await.1, of("eva@nieuw.example").await.1), ("Café Zuid".to_owned(), "Café Zuid".to_owned()));
        // The same again, written otherwise, changes nothing.
        let again = file(&world, &text.replace("DE WAÁL", "de waal").replace("CAFÉ", "café")).await;
        let looked = accounts::preview_import(desk, &hanneke, &again, &chosen).await.unwrap();
        assert_eq!((looked.add, looked.change, looked.same, looked.organisations), (0, 0, 3, 0));
    })
    .await;
}
