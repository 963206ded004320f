//! Logging in and out.

use crate::support::{PASSWORD, World, on_both};
use desk::accounts::{disable, log_in, log_out, reset_password, session};
use desk::audit::Origin;
use domain::Refusal;
use domain::time::Span;
use std::net::IpAddr;

fn from(address: Option<IpAddr>) -> Origin {
    Origin { address, ..Origin::default() }
}

#[tokio::test]
async fn every_failure_to_log_in_sounds_the_same() {
    on_both(async |world: World| {
        for (email, password) in [
            ("marieke@x.example", "verkeerd"),
            ("niemand@x.example", PASSWORD),
            ("geen adres", PASSWORD),
            ("marieke@x.example", ""),
            ("' OR 1=1 --", "x"),
        ] {
            let error = log_in(&world.desk, email, password, &Origin::default()).await.err().unwrap();
            assert_eq!(error.refusal(), Some(&Refusal::WrongCredentials), "{email}");
        }
        assert!(log_in(&world.desk, " MARIEKE@X.example ", PASSWORD, &Origin::default()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_account_waits_after_ten_failures_even_with_the_right_password() {
    on_both(async |world: World| {
        for _ in 0..10 {
            assert!(log_in(&world.desk, "marieke@x.example", "verkeerd", &Origin::default()).await.is_err());
        }
        let error = log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.err().unwrap();
        assert!(matches!(error.refusal(), Some(Refusal::Throttled(s)) if *s > 800), "{error:?}");
        assert!(log_in(&world.desk, "ruud@x.example", PASSWORD, &Origin::default()).await.is_ok());
        world.pass(Span::minutes(15));
        assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn guesses_that_come_at_once_are_counted_too() {
    on_both(async |world: World| {
        let guesses = (0..30).map(|n| {
            let desk = world.desk.clone();
            tokio::spawn(async move { log_in(&desk, "marieke@x.example", &format!("verkeerd-{n}"), &Origin::default()).await.err().unwrap() })
        });
        let guesses: Vec<_> = guesses.collect();
        let mut tried = 0;
        for guess in guesses {
            tried += usize::from(guess.await.unwrap().refusal() == Some(&Refusal::WrongCredentials));
        }
        assert_eq!(tried, 10);
    })
    .await;
}

#[tokio::test]
async fn an_address_waits_after_a_hundred_failures() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let address = Some(IpAddr::from([10, 0, 0, 7]));
    let change = world.desk.store().begin().await.unwrap();
    for _ in 0..100 {
        store::sessions::count_try(&change, "address:10.0.0.7", world.desk.now(), world.desk.now() - Span::minutes(15)).await.unwrap();
    }
    change.commit().await.unwrap();
    let error = log_in(&world.desk, "marieke@x.example", PASSWORD, &from(address)).await.err().unwrap();
    assert!(matches!(error.refusal(), Some(Refusal::Throttled(_))));
    assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &from(Some(IpAddr::from([10, 0, 0, 8])))).await.is_ok());
}

#[tokio::test]
async fn who_knows_an_address_cannot_keep_its_owner_out() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let (theirs, mine) = (Some(IpAddr::from([10, 0, 0, 7])), Some(IpAddr::from([10, 0, 0, 8])));
    for _ in 0..12 {
        log_in(&world.desk, "marieke@x.example", "verkeerd", &from(theirs)).await.err().unwrap();
    }
    assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &from(theirs)).await.is_err(), "from there it has to wait");
    assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &from(mine)).await.is_ok(), "from elsewhere it has not");
}

#[tokio::test]
async fn guesses_from_many_networks_keep_nobody_out_who_came_in_from_theirs_before() {
    on_both(async |world: World| {
        let usual = from(Some(IpAddr::from([10, 0, 0, 8])));
        let token = log_in(&world.desk, "marieke@x.example", PASSWORD, &usual).await.unwrap().session().unwrap();
        log_out(&world.desk, &session(&world.desk, token.as_str()).await.unwrap().unwrap()).await.unwrap();
        for network in 0..6 {
            for _ in 0..10 {
                log_in(&world.desk, "marieke@x.example", "verkeerd", &from(Some(IpAddr::from([10, 1, network, 1])))).await.err().unwrap();
            }
        }
        let elsewhere = log_in(&world.desk, "marieke@x.example", PASSWORD, &from(Some(IpAddr::from([10, 0, 0, 9])))).await.err().unwrap();
        assert!(matches!(elsewhere.refusal(), Some(Refusal::Throttled(_))), "a network that nobody knows has to wait");
        assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &usual).await.is_ok());
        // There it is still no more than ten guesses.
        for network in 0..6 {
            for _ in 0..10 {
                log_in(&world.desk, "marieke@x.example", "verkeerd", &from(Some(IpAddr::from([10, 1, network, 2])))).await.err().unwrap();
            }
        }
        for _ in 0..10 {
            log_in(&world.desk, "marieke@x.example", "verkeerd", &usual).await.err().unwrap();
        }
        let guessing = log_in(&world.desk, "marieke@x.example", PASSWORD, &usual).await.err().unwrap();
        assert!(matches!(guessing.refusal(), Some(Refusal::Throttled(_))));
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_by_logging_out_and_by_itself() {
    on_both(async |world: World| {
        let token = log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        let mine = session(&world.desk, token.as_str()).await.unwrap().unwrap();
        assert_ne!(mine.id(), token.as_str(), "the database must not hold the token");
        let mut ended = world.desk.store().notifier().ended();
        log_out(&world.desk, &mine).await.unwrap();
        assert_eq!(ended.recv().await.unwrap(), mine.id());
        assert!(session(&world.desk, token.as_str()).await.unwrap().is_none());

        let token = log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        world.pass(Span::days(14));
        assert!(session(&world.desk, token.as_str()).await.unwrap().is_none());
        for forged in ["", "x", &"0".repeat(64), &"0".repeat(5_000)] {
            assert!(session(&world.desk, forged).await.unwrap().is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn a_password_is_kept_as_argon2id_and_never_as_it_was_typed() {
    on_both(async |world: World| {
        let email = domain::accounts::EmailAddress::parse("marieke@x.example").unwrap();
        let stored = async || store::accounts::by_email(world.desk.store(), &email).await.unwrap().unwrap().password_hash.unwrap();
        let hash = stored().await;
        assert!(hash.starts_with("$argon2id$v=19$m=12288,t=3,p=1$") && !hash.contains(PASSWORD), "{hash}");
        let ruud = domain::accounts::EmailAddress::parse("ruud@x.example").unwrap();
        let other = store::accounts::by_email(world.desk.store(), &ruud).await.unwrap().unwrap().password_hash.unwrap();
        assert_ne!(hash, other, "the same password has another salt");
    })
    .await;
}

#[tokio::test]
async fn colleagues_are_ones_own_organisations_customers_key_users_first() {
    on_both(async |world: World| {
        let offered = async |who: &str, typed: &str| -> Vec<String> {
            desk::accounts::colleagues(&world.desk, world.person(who), typed).await.unwrap().into_iter().map(|p| p.name).collect()
        };
        assert_eq!(offered("ruud", "").await, ["marieke", "ilse"], "the key user first, though ilse comes first by name");
        assert_eq!(offered("marieke", "").await, ["ilse", "ruud"], "never oneself");
        assert_eq!(offered("marieke", "RUUD@x").await, ["ruud"]);
        for typed in ["kees", "sanne", "koperslag", "%", "_", "' OR 1=1 --"] {
            let found = offered("marieke", typed).await;
            assert!(found.iter().all(|name| name == "ilse" || name == "ruud"), "{typed}: {found:?}");
        }
        assert!(offered("kees", "").await.is_empty() && offered("sanne", "").await.is_empty());
        let stranger = desk::tickets::invite(&world.desk, &world.customer("marieke"), world.open("marieke", "CC").await, world.id("kees")).await;
        assert!(stranger.unwrap_err().refusal().unwrap().at(domain::Field::Cc).is_some());
    })
    .await;
}

#[tokio::test]
async fn an_account_that_is_disabled_or_has_another_password_has_no_sessions_and_the_last_admin_stays() {
    on_both(async |world: World| {
        let token = log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        disable(&world.desk, "Marieke@x.example", true).await.unwrap();
        assert!(session(&world.desk, token.as_str()).await.unwrap().is_none());
        assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.is_err());
        disable(&world.desk, "marieke@x.example", false).await.unwrap();
        assert!(session(&world.desk, token.as_str()).await.unwrap().is_none(), "what ended stays ended");
        let token = log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        reset_password(&world.desk, "marieke@x.example", "een andere zin", false).await.unwrap();
        assert!(session(&world.desk, token.as_str()).await.unwrap().is_none());
        assert!(log_in(&world.desk, "marieke@x.example", PASSWORD, &Origin::default()).await.is_err());
        assert!(log_in(&world.desk, "marieke@x.example", "een andere zin", &Origin::default()).await.is_ok());
        let refused = disable(&world.desk, "hanneke@x.example", true).await.err().unwrap();
        assert_eq!(refused.refusal(), Some(&Refusal::NotAllowed));
        assert!(log_in(&world.desk, "hanneke@x.example", PASSWORD, &Origin::default()).await.is_ok(), "nothing was changed");
    })
    .await;
}
