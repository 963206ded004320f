//! The second step of logging in, and passkeys.

use crate::people::{NEW, deeds, mails, refused, secret};
use crate::support::{PASSWORD, World, on_both};
use desk::accounts::{self, log_in, session};
use desk::audit::Origin;
use domain::accounts::{Language, Role};
use domain::audit::Deed;
use domain::time::Span;
use domain::{Fault, Field, PersonId, Refusal};

/// The code that an app with this secret shows at the desk's moment, so many seconds later.
fn code(world: &World, secret: &str, later: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).with_account_name("x").with_issuer(Some("Balie")).build().unwrap();
    app.generate((world.desk.now().0 / 1_000 + later) as u64).to_string()
}

/// Logs in with the password alone; the token of the second step where one is asked for.
async fn half_in(world: &World, email: &str) -> Option<String> {
    match log_in(&world.desk, email, PASSWORD, &Origin::default()).await.unwrap() {
        accounts::LoggedIn::In(_) => None,
        accounts::LoggedIn::Step(token) => Some(token.as_str().to_owned()),
    }
}

async fn go_on(world: &World, token: &str, code: &str) -> desk::Result<Vec<String>> {
    accounts::go_on(&world.desk, token, None, code, &Origin::default()).await.map(|(_, codes)| codes)
}

#[tokio::test]
async fn a_code_of_an_app_is_asked_for_besides_the_password_and_counts_once() {
    on_both(async |world: World| {
        let (desk, sanne) = (&world.desk, world.person("sanne"));
        let app = accounts::set_up("sanne@x.example").unwrap();
        assert!(app.squares.len() > 20 && app.squares.iter().all(|row| row.len() == app.squares.len()));
        let add = async |password: &str, code: &str| accounts::add_own_app(desk, sanne, password, &app.secret, code).await;
        assert_eq!(refused(add("verkeerd", "").await).at(Field::Password), Some(&Fault::WrongPassword));
        assert_eq!(refused(add(PASSWORD, "000000").await).at(Field::Code), Some(&Fault::WrongCode));
        let codes = add(PASSWORD, &code(&world, &app.secret, 0)).await.unwrap();
        assert_eq!(codes.len(), 10);
        assert_eq!(refused(add(PASSWORD, &code(&world, &app.secret, 0)).await).at(Field::Code), Some(&Fault::Taken));

        let token = half_in(&world, "sanne@x.example").await.expect("the password alone is not enough");
        assert!(session(desk, &token).await.unwrap().is_none(), "what is in between is no session");
        // The code it was set up with was used; another of the past and one that is too old do not count.
        for wrong in [
            code(&world, &app.secret, 0),
            code(&world, &app.secret, -30),
            code(&world, &app.secret, 90),
            String::new(),
            "12345".into(),
            "abcdef".into(),
        ] {
            assert_eq!(refused(go_on(&world, &token, &wrong).await).at(Field::Code), Some(&Fault::WrongCode), "{wrong}");
        }
        // A clock that is half a minute off.
        let ahead = code(&world, &app.secret, 30);
        let (a, b) = tokio::join!(go_on(&world, &token, &ahead), go_on(&world, &token, &ahead));
        assert!(a.is_ok() != b.is_ok(), "of two at once one has it");
        let token = half_in(&world, "sanne@x.example").await.unwrap();
        assert!(go_on(&world, &token, &ahead).await.is_err(), "used twice");
        world.pass(Span::seconds(60));
        assert!(go_on(&world, &token, &code(&world, &app.secret, -30)).await.is_err(), "before the last one that was used");
        let spaced: String = code(&world, &app.secret, 0).chars().flat_map(|c| [c, ' ']).collect();
        go_on(&world, &token, &spaced).await.unwrap();
        assert_eq!(refused(go_on(&world, &token, &code(&world, &app.secret, 30)).await), Refusal::WrongCredentials, "the step is over");

        // A recovery code, once, however it is typed.
        let token = half_in(&world, "sanne@x.example").await.unwrap();
        go_on(&world, &token, &codes[0].to_uppercase().replace('-', " ")).await.unwrap();
        let token = half_in(&world, "sanne@x.example").await.unwrap();
        assert!(go_on(&world, &token, &codes[0]).await.is_err());
        assert_eq!(accounts::factors(desk, sanne).await.unwrap().recovery_codes, 9);
        let new = accounts::new_recovery_codes(desk, sanne, PASSWORD).await.unwrap();
        assert!(go_on(&world, &token, &codes[1]).await.is_err(), "the old ones are worth nothing");
        go_on(&world, &token, &new[0]).await.unwrap();

        // Ten minutes; and nothing that was mailed stands in for it.
        let token = half_in(&world, "sanne@x.example").await.unwrap();
        assert!(
            accounts::asked(desk, &token).await.unwrap().is_none() && accounts::accept(desk, &token, "x", NEW, &Origin::default()).await.is_err()
        );
        world.pass(Span::minutes(10));
        assert_eq!(refused(go_on(&world, &token, &code(&world, &app.secret, 0)).await), Refusal::WrongCredentials);
        accounts::ask_reset(desk, "sanne@x.example", Language::Nl, &Origin::default()).await.unwrap();
        let link = secret(&mails(&world, 1).await[0], "/join/");
        let entered = accounts::accept(desk, &link, "", NEW, &Origin::default()).await.unwrap();
        assert!(entered.session().is_none(), "another password does not make the second step needless");
    })
    .await;
}

#[tokio::test]
async fn guessing_codes_ends_after_a_few_tries() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let app = accounts::set_up("sanne@x.example").unwrap();
    accounts::add_own_app(&world.desk, world.person("sanne"), PASSWORD, &app.secret, &code(&world, &app.secret, 0)).await.unwrap();
    let token = half_in(&world, "sanne@x.example").await.unwrap();
    world.pass(Span::seconds(60));
    let mut last = None;
    for _ in 0..12 {
        // Each log-in begins another step: that is no way round.
        last = Some(refused(go_on(&world, &token, "000000").await));
    }
    assert!(matches!(last, Some(Refusal::Throttled(_))), "{last:?}");
    let filter = desk::audit::Filter { deed: Some(Deed::SecondStepFailed), person: Some(world.id("sanne")), ..Default::default() };
    let written = desk::audit::entries(&world.desk, &world.agent("hanneke"), &filter).await.unwrap();
    assert!((2..12).contains(&written.len()), "each guess that was looked at is written down: {}", written.len());
    let other = half_in(&world, "sanne@x.example").await.unwrap();
    assert!(matches!(refused(go_on(&world, &other, &code(&world, &app.secret, 0)).await), Refusal::Throttled(_)));
}

#[tokio::test]
async fn a_second_step_can_be_required_of_a_role_and_is_set_up_on_the_way_in() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let require = async |roles: &[Role]| accounts::require(desk, &hanneke, roles).await;
        assert_eq!(refused(require(&[Role::Agent, Role::Admin]).await).at(Field::Setting), Some(&Fault::OwnFirst));
        require(&[Role::Agent]).await.unwrap();
        assert!(accounts::renew(desk, world.person("sanne")).await.unwrap().is_none(), "who has none logs in anew");
        assert!(accounts::renew(desk, world.person("marieke")).await.unwrap().is_some());
        let token = half_in(&world, "daan@x.example").await.unwrap();
        let between = accounts::between(desk, &token, None).await.unwrap();
        let app = between.set_up.expect("there is one to set up");
        let enter = async |code: &str| accounts::go_on(desk, &token, Some(&app.secret), code, &Origin::default()).await;
        assert_eq!(enter("000000").await.err().unwrap().refusal().unwrap().at(Field::Code), Some(&Fault::WrongCode));
        let (begun, codes) = enter(&code(&world, &app.secret, 0)).await.unwrap();
        assert_eq!(codes.len(), 10);
        let daan = session(desk, begun.as_str()).await.unwrap().unwrap();
        assert_eq!(refused(accounts::remove_own_app(desk, &daan, PASSWORD).await), Refusal::NotAllowed, "it is required");
        // Who has one sets up no other on the way in.
        let token = half_in(&world, "daan@x.example").await.unwrap();
        let own = accounts::set_up("daan@x.example").unwrap();
        assert!(accounts::go_on(desk, &token, Some(&own.secret), &code(&world, &own.secret, 0), &Origin::default()).await.is_err());
        require(&[]).await.unwrap();
        accounts::remove_own_app(desk, &daan, PASSWORD).await.unwrap();
        assert!(half_in(&world, "daan@x.example").await.is_none());
        // An admin takes it away from who lost it.
        let app = accounts::set_up("x").unwrap();
        accounts::add_own_app(desk, &daan, PASSWORD, &app.secret, &code(&world, &app.secret, 0)).await.unwrap();
        assert_eq!(refused(accounts::reset_factors(desk, &world.agent("hanneke"), PersonId(-1)).await), Refusal::NotFound);
        accounts::reset_factors(desk, &hanneke, world.id("daan")).await.unwrap();
        assert!(half_in(&world, "daan@x.example").await.is_none());
        assert!(deeds(&world).await.contains(&Deed::FactorRemoved));
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_none_of_a_passkey_is_refused() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let (desk, marieke) = (&world.desk, world.person("marieke"));
    assert_eq!(refused(accounts::begin_passkey(desk, marieke, "fout").await).at(Field::Password), Some(&Fault::WrongPassword));
    let challenge = accounts::begin_passkey(desk, marieke, PASSWORD).await.unwrap();
    assert!(challenge.options.contains("\"localhost\"") && challenge.options.contains("\"residentKey\":\"required\""), "{}", challenge.options);
    // Answered by someone else, with nonsense, or twice.
    for (who, token) in [("kees", challenge.token.as_str()), ("marieke", &challenge.token), ("marieke", "x")] {
        let answer = accounts::add_passkey(desk, world.person(who), token, "x", "{}").await;
        assert_eq!(refused(answer).at(Field::Passkey), Some(&Fault::WrongCode), "{who}");
    }
    let ask = accounts::ask_passkey(desk, &Origin::default()).await.unwrap();
    for (token, answer) in [(ask.token.as_str(), "{}"), (&ask.token, "{}"), ("", ""), (&challenge.token, "x")] {
        let refusal = accounts::log_in_by_passkey(desk, token, answer, &Origin::default()).await.err().unwrap();
        assert_eq!(refusal.refusal().unwrap().at(Field::Passkey), Some(&Fault::WrongCode));
    }
}
