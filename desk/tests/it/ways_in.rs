//! The ways in, tried by who should not come in by them: passkeys, codes, links, tokens and feeds, on one node and on two.

use crate::authenticator::{Authenticator, Says};
use crate::people::{NEW, mails, refused, secret};
use crate::support::{PASSWORD, World, on_both};
use desk::accounts::{self, LoggedIn, Session, log_in, session};
use desk::attachments::Files;
use desk::audit::Origin;
use desk::{Desk, on_call};
use domain::accounts::{Language, Role};
use domain::time::Span;
use domain::{Fault, Field, Refusal};
use store::Store;

fn nobody() -> Origin {
    Origin::default()
}

/// A node of its own on the same database, with its own connections.
async fn second_node(world: &World) -> Desk {
    let store = Store::connect(world.fresh_url(), 4).await.unwrap();
    Desk::open(store, Files::open(world.folder.path(), 5).unwrap(), world.clock.clone())
}

async fn with_passkey(world: &World, who: &str, n: u8) -> Authenticator {
    let mut authenticator = Authenticator::new(n);
    let challenge = accounts::begin_passkey(&world.desk, world.person(who), PASSWORD).await.unwrap();
    let answer = authenticator.register(&challenge.options);
    accounts::add_passkey(&world.desk, world.person(who), &challenge.token, "Telefoon", &answer).await.unwrap();
    authenticator
}

async fn enter(desk: &Desk, authenticator: &mut Authenticator) -> desk::Result<Session> {
    let challenge = accounts::ask_passkey(desk, &nobody()).await?;
    let answer = authenticator.log_in(&challenge.options);
    let token = accounts::log_in_by_passkey(desk, &challenge.token, &answer, &nobody()).await?;
    Ok(session(desk, token.as_str()).await?.unwrap())
}

#[tokio::test]
async fn a_passkey_lets_in_whose_it_is_and_nothing_it_did_not_say() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let (mut marieke, mut kees) = (with_passkey(&world, "marieke", 1).await, with_passkey(&world, "kees", 2).await);
        assert_eq!(enter(desk, &mut marieke).await.unwrap().person().id, world.id("marieke"));
        let honest = marieke.says.clone();
        type Lie = Box<dyn Fn(&mut Says)>;
        let handle = kees.handle().to_owned();
        let lies: [(&str, Lie); 8] = [
            ("another site", Box::new(|says| says.origin = "https://evil.example".into())),
            ("a site that looks alike", Box::new(|says| says.origin = "http://localhost.evil.example:3000".into())),
            ("a key of another site", Box::new(|says| says.rp = "evil.example".into())),
            ("nobody was there", Box::new(|says| says.flags = 4)),
            ("who it was was not seen", Box::new(|says| says.flags = 1)),
            ("the answer to another question", Box::new(|says| says.kind = "webauthn.create")),
            ("a signature of something else", Box::new(|says| says.forged = true)),
            ("the name of someone else", Box::new(move |says| says.handle = Some(handle.clone()))),
        ];
        for (what, lie) in lies {
            marieke.says = honest.clone();
            lie(&mut marieke.says);
            assert_eq!(enter(desk, &mut marieke).await.err().unwrap().refusal().unwrap().at(Field::Passkey), Some(&Fault::WrongCode), "{what}");
        }
        marieke.says = honest;
        // A key that nobody knows; and one that another makes with the same id.
        assert!(enter(desk, &mut Authenticator::new(9)).await.is_err());
        let mut copy = Authenticator::new(1);
        let challenge = accounts::begin_passkey(desk, world.person("ruud"), PASSWORD).await.unwrap();
        let answer = copy.register(&challenge.options);
        assert!(accounts::add_passkey(desk, world.person("ruud"), &challenge.token, "x", &answer).await.is_err(), "the id is taken");
        assert!(enter(desk, &mut copy).await.is_err());
        // What is gone, or of someone who may not come in, lets nobody in.
        accounts::disable(desk, "kees@x.example", true).await.unwrap();
        assert!(enter(desk, &mut kees).await.is_err());
        accounts::disable(desk, "kees@x.example", false).await.unwrap();
        let again = enter(desk, &mut kees).await.unwrap();
        let own = accounts::passkeys(desk, &again).await.unwrap();
        accounts::remove_passkey(desk, &again, PASSWORD, &own[0].id).await.unwrap();
        assert!(enter(desk, &mut kees).await.is_err());
        assert!(enter(desk, &mut marieke).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_a_passkey_is_taken_once_soon_and_for_its_own_challenge() {
    on_both(async |world: World| {
        let (desk, other) = (&world.desk, second_node(&world).await);
        let mut marieke = with_passkey(&world, "marieke", 1).await;
        let ask = async || accounts::ask_passkey(desk, &nobody()).await.unwrap();
        let by = async |desk: &Desk, token: &str, answer: &str| accounts::log_in_by_passkey(desk, token, answer, &nobody()).await.is_ok();
        for _ in 0..5 {
            let challenge = ask().await;
            let answer = marieke.log_in(&challenge.options);
            let (a, b) = tokio::join!(by(desk, &challenge.token, &answer), by(&other, &challenge.token, &answer));
            assert!(a != b, "of two nodes one takes it: {a} {b}");
            assert!(!by(desk, &challenge.token, &answer).await && !by(desk, &ask().await.token, &answer).await, "and nobody again");
        }
        let late = ask().await;
        let answer = marieke.log_in(&late.options);
        world.pass(Span::minutes(5));
        assert!(!by(desk, &late.token, &answer).await);
        // What was asked for adding one lets nobody in, and the other way round.
        let adding = accounts::begin_passkey(desk, world.person("marieke"), PASSWORD).await.unwrap();
        let answer = marieke.log_in(&adding.options);
        assert!(!by(desk, &adding.token, &answer).await);
        let entering = ask().await;
        assert!(accounts::add_passkey(desk, world.person("marieke"), &entering.token, "x", "{}").await.is_err());
        // One that counts was copied where its count goes back.
        marieke.says.counter = 7;
        assert!(enter(desk, &mut marieke).await.is_ok());
        for counter in [7, 6, 0] {
            marieke.says.counter = counter;
            assert!(enter(desk, &mut marieke).await.is_err(), "{counter}");
        }
        marieke.says.counter = 8;
        assert!(enter(desk, &mut marieke).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_code_of_an_app_counts_on_one_node_alone() {
    on_both(async |world: World| {
        let (desk, other) = (&world.desk, second_node(&world).await);
        let app = accounts::set_up("sanne@x.example").unwrap();
        let secret = totp_rs::Secret::try_from_base32(&app.secret).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("x").with_issuer(Some("Balie")).build().unwrap();
        let code = || totp.generate((world.desk.now().0 / 1_000) as u64).to_string();
        let codes = accounts::add_own_app(desk, world.person("sanne"), PASSWORD, &app.secret, &code()).await.unwrap();
        let half = async |desk: &Desk| match log_in(desk, "sanne@x.example", PASSWORD, &nobody()).await.unwrap() {
            LoggedIn::In(_) => panic!("a second step is asked for"),
            LoggedIn::Step(token) => token.as_str().to_owned(),
        };
        let go_on = async |desk: &Desk, token: &str, code: &str| accounts::go_on(desk, token, None, code, &nobody()).await.is_ok();
        for (round, kept) in codes.iter().take(6).enumerate() {
            world.pass(Span::seconds(30));
            let (here, there) = (half(desk).await, half(&other).await);
            // Each node has a step of its own that it could go on with: the code is what counts.
            let typed = if round < 4 { code() } else { kept.clone() };
            let (a, b) = tokio::join!(go_on(desk, &here, &typed), go_on(&other, &there, &typed));
            assert!(a != b, "round {round}: {a} {b}");
            assert!(!go_on(&other, &half(desk).await, &typed).await, "nor later");
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_for_another_password_is_worth_nothing_once_something_else_was_done() {
    on_both(async |world: World| {
        let (desk, other) = (&world.desk, second_node(&world).await);
        let link = async |who: &str| {
            accounts::ask_reset(desk, &format!("{who}@x.example"), Language::Nl, &nobody()).await.unwrap();
            secret(&mails(&world, 1).await[0], "/join/")
        };
        let accept = async |desk: &Desk, link: &str| accounts::accept(desk, link, "", NEW, &nobody()).await.map(|_| ());
        // Two nodes at once.
        let raced = link("ruud").await;
        let (a, b) = tokio::join!(accept(desk, &raced), accept(&other, &raced));
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        // The password was changed by its owner, the account merged into another, disabled in between.
        let after_change = link("marieke").await;
        let me = world.logged_in("marieke").await;
        accounts::change_password(desk, &me, PASSWORD, "nog een andere zin").await.unwrap();
        assert_eq!(refused(accept(desk, &after_change).await), Refusal::NotFound);
        let merged = link("ilse").await;
        accounts::merge_people(desk, &world.agent("hanneke"), world.id("marieke"), "ilse@x.example").await.unwrap();
        assert_eq!(refused(accept(desk, &merged).await), Refusal::NotFound);
        // It is no other kind of secret, and none of them is it.
        let daan = link("daan").await;
        assert!(session(desk, &daan).await.unwrap().is_none() && accounts::between(desk, &daan, None).await.is_err());
        assert_eq!(accounts::moving_to(desk, &daan).await.unwrap(), None);
        assert_eq!(on_call::calendar(desk, &daan).await.unwrap(), None);
        let begun = log_in(desk, "sanne@x.example", PASSWORD, &nobody()).await.unwrap().session().unwrap();
        for wrong in [begun.as_str(), &daan.to_uppercase(), &format!(" {daan}")] {
            assert_eq!(refused(accept(desk, wrong).await), Refusal::NotFound, "{wrong}");
        }
        accept(desk, &daan).await.unwrap();
        // A role that changed takes it along.
        let link = link("sanne").await;
        let demoted = accounts::PersonChange {
            name: "sanne".into(),
            email: "sanne@x.example".into(),
            role: Role::Customer,
            organisation: "De Waal".into(),
            key_user: false,
            departments: vec![],
        };
        accounts::change_person(desk, &world.agent("hanneke"), world.id("sanne"), &demoted).await.unwrap();
        accept(desk, &link).await.ok();
        let customer = log_in(desk, "sanne@x.example", NEW, &nobody()).await;
        assert!(customer.is_err() || session(desk, customer.unwrap().session().unwrap().as_str()).await.unwrap().unwrap().agent().is_err());
    })
    .await;
}

#[tokio::test]
async fn the_link_of_a_calendar_ends_with_what_its_owner_is_and_opens_nothing_else() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let of = async |who: &str| on_call::new_feed(desk, &world.agent(who)).await.unwrap().split('/').nth(2).unwrap().to_owned();
        let (sanne, daan) = (of("sanne").await, of("daan").await);
        assert!(on_call::calendar(desk, &daan).await.unwrap().is_some());
        assert!(session(desk, &sanne).await.unwrap().is_none());
        assert!(accounts::by_token(desk, &format!("balie_{sanne}"), domain::tokens::TokenScope::ALL[0], &nobody()).await.is_err());
        assert!(accounts::asked(desk, &sanne).await.unwrap().is_none());
        for wrong in [sanne.to_uppercase(), format!("{sanne} "), "0".repeat(64)] {
            assert_eq!(on_call::calendar(desk, &wrong).await.unwrap(), None, "{wrong}");
        }
        if desk.store().kind() == store::Kind::Sqlite {
            let rows = format!("{:?}", store::testing::contents(desk.store()).await);
            assert!(!rows.contains(&sanne) && !rows.contains(&daan), "only its hash is kept");
        }
        accounts::disable(desk, "sanne@x.example", true).await.unwrap();
        assert_eq!(on_call::calendar(desk, &sanne).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_was_put_back_locks_nobody_out() {
    on_both(async |world: World| {
        let desk = &world.desk;
        world.pass(Span::days(2));
        for _ in 0..12 {
            log_in(desk, "kees@x.example", "verkeerd", &nobody()).await.err().unwrap();
        }
        assert!(matches!(log_in(desk, "kees@x.example", PASSWORD, &nobody()).await.err().unwrap().refusal(), Some(Refusal::Throttled(_))));
        world.pass(Span::days(-2));
        let begun = log_in(desk, "kees@x.example", PASSWORD, &nobody()).await.unwrap().session().unwrap();
        assert!(session(desk, begun.as_str()).await.unwrap().is_some());
        // Guessing goes on to be counted by the clock of now.
        for _ in 0..12 {
            log_in(desk, "kees@x.example", "verkeerd", &nobody()).await.err().unwrap();
        }
        assert!(matches!(log_in(desk, "kees@x.example", PASSWORD, &nobody()).await.err().unwrap().refusal(), Some(Refusal::Throttled(seconds)) if *seconds <= 901));
        world.pass(Span::minutes(15));
        assert!(log_in(desk, "kees@x.example", PASSWORD, &nobody()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn on_the_first_visit_the_clock_is_the_browsers_and_promises_say_by_which_they_are_read() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let new_york = Origin { time_zone: Some("America/New_York".into()), ..Origin::default() };
        let open = accounts::OrganisationChange { name: "Open BV".into(), domains: "open.example".into(), sign_up: true, ..Default::default() };
        accounts::save_organisation(desk, &world.agent("sanne"), None, &open).await.unwrap();
        accounts::sign_up(desk, "Nora", "nora@open.example", Language::Nl, &new_york).await.unwrap();
        let link = secret(&mails(&world, 1).await[0], "/join/");
        let token = accounts::accept(desk, &link, "Nora", NEW, &new_york).await.unwrap().session().unwrap();
        let nora = session(desk, token.as_str()).await.unwrap().unwrap();
        assert_eq!(nora.time_zone(), "America/New_York");
        // A later visit from elsewhere changes nothing by itself.
        let tokyo = Origin { time_zone: Some("Asia/Tokyo".into()), ..Origin::default() };
        let token = log_in(desk, "nora@open.example", NEW, &tokyo).await.unwrap().session().unwrap();
        let nora = session(desk, token.as_str()).await.unwrap().unwrap();
        assert_eq!(nora.time_zone(), "America/New_York");
        let invited = accounts::PersonChange {
            name: "Jan".into(),
            email: "jan@x.example".into(),
            role: Role::Customer,
            organisation: "De Waal".into(),
            key_user: false,
            departments: vec![],
        };
        accounts::invite(desk, &world.agent("sanne"), &invited).await.unwrap();
        let link = secret(&mails(&world, 1).await[0], "/join/");
        let token = accounts::accept(desk, &link, "Jan", NEW, &new_york).await.unwrap().session().unwrap();
        assert_eq!(session(desk, token.as_str()).await.unwrap().unwrap().time_zone(), "America/New_York");
        // Who came without saying goes by the default, until a visit that says.
        assert_eq!(world.person("kees").time_zone(), desk::zones::DEFAULT);
        log_in(desk, "kees@x.example", PASSWORD, &tokyo).await.unwrap();
        assert_eq!(world.logged_in("kees").await.time_zone(), "Asia/Tokyo");
        assert!(accounts::change_time_zone(desk, &nora, "Mars/Olympus").await.is_err());
        accounts::change_time_zone(desk, &nora, "Europe/London").await.unwrap();
        assert_eq!(accounts::renew(desk, &nora).await.unwrap().unwrap().time_zone(), "Europe/London");
        accounts::change_time_zone(desk, &nora, "America/New_York").await.unwrap();

        // The receipt promises by the reader's clock, and names it; in Amsterdam no clock is named.
        let mut texts = vec![];
        for who in [accounts::renew(desk, &nora).await.unwrap().unwrap(), world.person("marieke").clone()] {
            desk::tickets::open(desk, &who.customer().unwrap(), &world.form("Traag"), None).await.unwrap();
            while desk::notifications::advance(desk).await.unwrap() > 0 {}
            world.pass(Span::minutes(5));
            while desk::mail::once(desk).await.unwrap() > 0 {}
            let address = who.person().email.clone();
            let mails = desk.mail().transport().take();
            let mail = mails.iter().find(|mail| mail.to == address).expect("a receipt");
            texts.push(String::from_utf8(mail.raw.clone()).unwrap().replace("=\r\n", ""));
        }
        assert!(texts[0].contains("(tijd van New York)"), "{}", texts[0]);
        assert!(texts[1].contains("Je hoort uiterlijk") && !texts[1].contains("tijd van"), "{}", texts[1]);
    })
    .await;
}
