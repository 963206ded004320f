//! API tokens: made, used, and worth nothing when their time is over.

use crate::support::{PASSWORD, on_both};
use desk::accounts::{TOKEN_PREFIX, by_token, make_token, revoke_token, tokens};
use desk::audit::Origin;
use domain::accounts::Role;
use domain::time::Span;
use domain::tokens::TokenScope;
use domain::{Fault, Field, Refusal};

fn words(scopes: &[TokenScope]) -> Vec<String> {
    scopes.iter().map(|scope| scope.word().to_owned()).collect()
}

#[tokio::test]
async fn a_token_works_until_it_expires_and_its_use_is_seen() {
    on_both(async |world| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let secret = make_token(desk, &sanne, PASSWORD, "ERP", &words(&[TokenScope::PeopleRead]), "30").await.unwrap();
        assert!(secret.starts_with(TOKEN_PREFIX) && secret.len() == TOKEN_PREFIX.len() + 64);
        let origin = Origin { address: Some("192.0.2.7".parse().unwrap()), ..Origin::default() };
        let by = by_token(desk, &secret, TokenScope::PeopleRead, &origin).await.unwrap();
        assert_eq!(by.session().person().id, world.id("sanne"));
        let used = async || tokens(desk, &sanne).await.unwrap()[0].clone();
        for _ in 0..200 {
            if used().await.used_at.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!((used().await.used_at, used().await.used_from.as_str()), (Some(desk.now()), "192.0.2.7"));
        let refused = async |secret: &str, scope| by_token(desk, secret, scope, &origin).await.unwrap_err().refusal().cloned().unwrap();
        assert_eq!(refused(&secret, TokenScope::PeopleWrite).await, Refusal::NotAllowed);
        assert_eq!(refused(&secret[..secret.len() - 1], TokenScope::PeopleRead).await, Refusal::SignedOut, "truncated");
        assert_eq!(refused(&secret.to_uppercase(), TokenScope::PeopleRead).await, Refusal::SignedOut);
        world.pass(Span::days(30));
        assert_eq!(refused(&secret, TokenScope::PeopleRead).await, Refusal::SignedOut);
        assert_eq!(tokens(desk, &sanne).await.unwrap().len(), 1, "it is still seen");
    })
    .await;
}

#[tokio::test]
async fn a_token_does_not_come_back_with_its_owner() {
    on_both(async |world| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let make = async || make_token(desk, &world.agent("sanne"), PASSWORD, "ERP", &words(&[TokenScope::PeopleRead]), "30").await.unwrap();
        let is_refused = async |secret: &str| {
            let answer = by_token(desk, secret, TokenScope::PeopleRead, &Origin::default()).await;
            answer.is_err_and(|error| error.refusal() == Some(&Refusal::SignedOut))
        };
        let secret = make().await;
        assert!(!is_refused(&secret).await);
        for disabled in [true, false] {
            desk::accounts::set_disabled(desk, &hanneke, world.id("sanne"), disabled).await.unwrap();
            assert!(is_refused(&secret).await, "{disabled}");
        }
        let secret = make().await;
        for role in [Role::Lead, Role::Agent] {
            let edit = desk::accounts::PersonEdit { role: Some(role), ..Default::default() };
            desk::accounts::change_person(desk, &hanneke, world.id("sanne"), edit).await.unwrap();
            assert!(is_refused(&secret).await, "{role:?}");
        }
        let secret = make().await;
        desk::accounts::reset_password(desk, "sanne@x.example", PASSWORD, false).await.unwrap();
        assert!(is_refused(&secret).await);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_said_at_its_field() {
    on_both(async |world| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let read = words(&[TokenScope::PeopleRead]);
        for (name, scopes, days, field, fault) in [
            ("", &read, "30", Field::Name, Fault::Missing),
            ("x", &vec![], "30", Field::Scopes, Fault::Missing),
            ("x", &vec!["alles".to_owned()], "30", Field::Scopes, Fault::Unknown),
            ("x", &read, "0", Field::Days, Fault::NotADay),
            ("x", &read, "731", Field::Days, Fault::NotADay),
            ("x", &read, "altijd", Field::Days, Fault::NotADay),
        ] {
            let refused = make_token(desk, &sanne, PASSWORD, name, scopes, days).await.unwrap_err();
            assert_eq!(refused.refusal().and_then(|refusal| refusal.at(field)), Some(&fault), "{name} {scopes:?} {days}");
        }
        let refused = make_token(desk, &sanne, "iets anders", "x", &read, "30").await.unwrap_err();
        assert_eq!(refused.refusal().and_then(|refusal| refusal.at(Field::Password)), Some(&Fault::WrongPassword));
        assert!(tokens(desk, &sanne).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_token_never_does_more_than_its_owner_may_now() {
    on_both(async |world| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let secret = make_token(desk, &sanne, PASSWORD, "x", &words(&TokenScope::ALL), "30").await.unwrap();
        let change = desk.store().begin().await.unwrap();
        store::people::set_place(&change, world.id("sanne"), domain::accounts::Role::Customer, None, false).await.unwrap();
        change.commit().await.unwrap();
        let refused = by_token(desk, &secret, TokenScope::PeopleRead, &Origin::default()).await.unwrap_err();
        assert_eq!(refused.refusal(), Some(&Refusal::NotAllowed));
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_away_anothers_token() {
    on_both(async |world| {
        let (desk, sanne, daan) = (&world.desk, world.agent("sanne"), world.agent("daan"));
        let secret = make_token(desk, &sanne, PASSWORD, "x", &words(&[TokenScope::PeopleRead]), "30").await.unwrap();
        let id = tokens(desk, &sanne).await.unwrap()[0].id;
        assert!(revoke_token(desk, &daan, id).await.is_err() && tokens(desk, &daan).await.unwrap().is_empty());
        by_token(desk, &secret, TokenScope::PeopleRead, &Origin::default()).await.unwrap();
        revoke_token(desk, &sanne, id).await.unwrap();
        assert!(by_token(desk, &secret, TokenScope::PeopleRead, &Origin::default()).await.is_err());
        assert!(revoke_token(desk, &sanne, id).await.is_err(), "twice");
    })
    .await;
}
