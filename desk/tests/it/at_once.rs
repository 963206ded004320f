//! What two do at once, and what is looked at again in the change that does it.

use crate::people::{NEW, change, refused};
use crate::support::{PASSWORD, World, on_both};
use desk::accounts::{self, OrganisationChange, PersonEdit, log_in};
use desk::audit::Origin;
use domain::accounts::Role;
use domain::time::Moment;
use domain::{Fault, Field, Refusal};
use std::time::Duration;
use store::mfa::Passkey;

/// A passkey that is there, as far as the database knows.
async fn passkey(world: &World, key: &str, id: &str) {
    let row = Passkey { id: id.into(), person: world.id(key), name: id.into(), credential: "{}".into(), created_at: Moment(1), used_at: None };
    let change = world.desk.store().begin().await.unwrap();
    store::mfa::add_passkey(&change, &row).await.unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn who_logs_in_while_their_password_is_changed_or_they_are_disabled_is_not_in_afterwards() {
    on_both(async |world: World| {
        let (desk, nowhere) = (&world.desk, Origin::default());
        // Its password is right when it is looked at; looking takes a while.
        let later = async |what: desk::Result<()>| what.unwrap();
        let entering = log_in(desk, "ruud@x.example", PASSWORD, &nowhere);
        let resetting = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            later(accounts::reset_password(desk, "ruud@x.example", NEW, false).await).await;
        };
        let _ = tokio::join!(entering, resetting);
        assert_eq!(store::sessions::of(desk.store(), world.id("ruud"), desk.now()).await.unwrap(), []);
        let entering = log_in(desk, "ilse@x.example", PASSWORD, &nowhere);
        let disabling = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            later(accounts::set_disabled(desk, &world.agent("sanne"), world.id("ilse"), true).await).await;
        };
        let _ = tokio::join!(entering, disabling);
        assert_eq!(store::sessions::of(desk.store(), world.id("ilse"), desk.now()).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn two_admins_cannot_disable_each_other() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let edit = PersonEdit { role: Some(Role::Admin), ..Default::default() };
        accounts::change_person(desk, &world.agent("hanneke"), world.id("daan"), edit).await.unwrap();
        let token = log_in(desk, "daan@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        let daan = accounts::session(desk, token.as_str()).await.unwrap().unwrap().agent().unwrap();
        let hanneke = world.agent("hanneke");
        let (a, b) = tokio::join!(
            accounts::set_disabled(desk, &hanneke, world.id("daan"), true),
            accounts::set_disabled(desk, &daan, world.id("hanneke"), true)
        );
        let lost = [a, b].into_iter().find_map(Result::err).expect("one of them stays");
        assert_eq!(lost.refusal().unwrap().at(Field::Role), Some(&Fault::LastAdmin));
    })
    .await;
}

#[tokio::test]
async fn of_two_last_passkeys_that_are_removed_at_once_one_stays() {
    on_both(async |world: World| {
        let (desk, daan) = (&world.desk, world.person("daan"));
        passkey(&world, "daan", "a").await;
        passkey(&world, "daan", "b").await;
        passkey(&world, "hanneke", "c").await;
        let codes = accounts::new_recovery_codes(desk, daan, PASSWORD).await.unwrap();
        accounts::require(desk, &world.agent("hanneke"), &[Role::Agent]).await.unwrap();
        let remove = async |id: &str| accounts::remove_passkey(desk, daan, PASSWORD, id).await;
        let (a, b) = tokio::join!(remove("a"), remove("b"));
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        // Not required any more: it may go, and what stands in for it goes with it.
        accounts::require(desk, &world.agent("hanneke"), &[]).await.unwrap();
        let last = accounts::passkeys(desk, daan).await.unwrap().remove(0).id;
        remove(&last).await.unwrap();
        assert_eq!(accounts::factors(desk, daan).await.unwrap().recovery_codes, 0);
        accounts::require(desk, &world.agent("hanneke"), &[Role::Agent]).await.unwrap();
        let accounts::LoggedIn::Step(token) = log_in(desk, "daan@x.example", PASSWORD, &Origin::default()).await.unwrap() else {
            panic!("it is required")
        };
        let by_code = accounts::go_on(desk, token.as_str(), None, &codes[0], &Origin::default()).await.err().unwrap();
        assert_eq!(by_code.refusal().unwrap().at(Field::Code), Some(&Fault::WrongCode));
    })
    .await;
}

#[tokio::test]
async fn changes_of_other_fields_at_once_do_not_undo_each_other() {
    on_both(async |world: World| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let edit = async |edit: PersonEdit| accounts::change_person(desk, &sanne, world.id("ruud"), edit).await.unwrap();
        tokio::join!(
            edit(PersonEdit { name: Some("Ruud van Smit".into()), ..Default::default() }),
            edit(PersonEdit { key_user: Some(true), ..Default::default() }),
            edit(PersonEdit { disabled: Some(true), ..Default::default() }),
        );
        let ruud = accounts::card(desk, &sanne, world.id("ruud")).await.unwrap();
        assert!(ruud.person.name == "Ruud van Smit" && ruud.person.key_user && ruud.disabled, "{ruud:?}");
        // Nothing of a change is done where a part of it is refused.
        let both = PersonEdit { name: Some("Anders".into()), role: Some(Role::Agent), ..Default::default() };
        assert_eq!(refused(accounts::change_person(desk, &sanne, world.id("ruud"), both).await), Refusal::NotAllowed);
        assert_eq!(accounts::card(desk, &sanne, world.id("ruud")).await.unwrap().person.name, "Ruud van Smit");
    })
    .await;
}

#[tokio::test]
async fn two_organisations_of_one_name_at_once_are_one() {
    on_both(async |world: World| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let new = OrganisationChange { name: "Tweemaal".into(), ..Default::default() };
        let add = async || accounts::save_organisation(desk, &sanne, None, &new).await;
        let (a, b) = tokio::join!(add(), add());
        let lost = [a, b].into_iter().find_map(Result::err).expect("one of them is second");
        assert_eq!(lost.refusal().unwrap().at(Field::Name), Some(&Fault::Taken));
    })
    .await;
}

#[tokio::test]
async fn right_and_wrong_passwords_at_once_do_not_wait_for_each_other() {
    on_both(async |world: World| {
        let (desk, here) = (&world.desk, Origin { address: Some("203.0.113.9".parse().unwrap()), ..Origin::default() });
        let tries = (0..8).map(|n| {
            let (desk, here) = (desk.clone(), here.clone());
            let password = if n % 4 == 0 { "fout, helaas" } else { PASSWORD };
            tokio::spawn(async move { log_in(&desk, "ruud@x.example", password, &here).await.map(|_| ()) })
        });
        for (n, tried) in tries.collect::<Vec<_>>().into_iter().enumerate() {
            match tried.await.unwrap() {
                Ok(()) => assert!(n % 4 > 0),
                Err(error) => assert_eq!(error.refusal(), Some(&Refusal::WrongCredentials), "{n}: {error}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_waits_for_a_second_connection_while_it_holds_one() {
    // A pool of one: whoever reads from it within a change waits for themselves.
    let world = World::new(store::testing::fresh(store::Kind::Postgres).await).await;
    let alone = store::Store::connect(world.fresh_url(), 1).await.unwrap();
    let files = desk::attachments::Files::open(world.folder.path(), 5).unwrap();
    let desk = &desk::Desk::open(alone, files, world.clock.clone());
    let (hanneke, daan) = (world.agent("hanneke"), world.person("daan"));
    let done = async {
        passkey(&world, "daan", "a").await;
        accounts::new_recovery_codes(desk, daan, PASSWORD).await.unwrap();
        assert!(log_in(desk, "daan@x.example", PASSWORD, &Origin::default()).await.unwrap().session().is_none());
        accounts::remove_passkey(desk, daan, PASSWORD, "a").await.unwrap();
        let other = log_in(desk, "daan@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        let other = accounts::session(desk, other.as_str()).await.unwrap().unwrap();
        accounts::end_own_session(desk, daan, Some(other.id())).await.unwrap();
        let member = accounts::PersonChange { departments: vec![world.departments[0]], ..change("daan", Role::Agent, "") };
        accounts::change_person(desk, &hanneke, world.id("daan"), &member).await.unwrap();
        accounts::invite(desk, &hanneke, &change("Nieuw", Role::Customer, "De Waal")).await.unwrap();
        accounts::save_department(desk, &hanneke, Some(world.departments[0]), "Anders", true, false).await.unwrap();
        let organisation = OrganisationChange { name: "Nieuw".into(), domains: "nieuw.example".into(), ..Default::default() };
        accounts::save_organisation(desk, &hanneke, None, &organisation).await.unwrap();
        accounts::require(desk, &hanneke, &[]).await.unwrap();
        accounts::merge_people(desk, &hanneke, world.id("marieke"), "ilse@x.example").await.unwrap();
        let kept = domain::tickets::Status::ALL.iter().map(|status| (*status, "90".to_owned())).collect::<Vec<_>>();
        desk::privacy::set_kept(desk, &hanneke, &kept).await.unwrap();
        desk::privacy::erase(desk, &hanneke, world.id("ruud"), "ruud@x.example").await.unwrap();
        assert_eq!(desk::jobs::once(desk).await, 0);
    };
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("it waits for itself");
}
