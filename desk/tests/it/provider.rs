//! Logging in at a provider, honest and otherwise.

use crate::support::{World, on_both};
use desk::accounts::{self, Provider, ProviderSettings, Session, session};
use desk::audit::Origin;
use domain::Refusal;
use domain::accounts::Role;
use domain::time::Span;
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{Audience, EmptyAdditionalClaims, IssuerUrl, JsonWebKeyId, Nonce, PrivateSigningKey, StandardClaims, SubjectIdentifier};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the provider says of whoever comes next, and where it lies.
#[derive(Clone)]
struct Says {
    issuer: String,
    audience: String,
    nonce: String,
    /// Seconds from now until it is over.
    lasts: i64,
    subject: String,
    /// Whether the ID token, which names no address, says that it is verified.
    verified: bool,
    /// What the user info says.
    info: Value,
}

struct Fake {
    issuer: String,
    says: Arc<Mutex<Says>>,
}

fn key() -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(include_str!("provider.pem"), Some(JsonWebKeyId::new("1".into()))).unwrap()
}

fn id_token(says: &Says) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let at = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).unwrap();
    let claims = CoreIdTokenClaims::new(
        IssuerUrl::new(says.issuer.clone()).unwrap(),
        vec![Audience::new(says.audience.clone())],
        at(now + says.lasts),
        at(now),
        StandardClaims::new(SubjectIdentifier::new(says.subject.clone())).set_email_verified(says.verified.then_some(true)),
        EmptyAdditionalClaims {},
    )
    .set_nonce(Some(Nonce::new(says.nonce.clone())));
    CoreIdToken::new(claims, &key(), CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, None, None).unwrap().to_string()
}

impl Fake {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Says {
            issuer: issuer.clone(),
            audience: "balie".into(),
            nonce: String::new(),
            lasts: 300,
            subject: "s1".into(),
            verified: false,
            info: json!({}),
        };
        let says = Arc::new(Mutex::new(says));
        let (base, told) = (issuer.clone(), says.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (base, told) = (base.clone(), told.clone());
                tokio::spawn(async move {
                    let mut request = vec![0; 16_384];
                    let read = stream.read(&mut request).await.unwrap();
                    let request = String::from_utf8_lossy(&request[..read]).into_owned();
                    let says = told.lock().unwrap().clone();
                    let body = match request.split_whitespace().nth(1).unwrap_or_default() {
                        "/.well-known/openid-configuration" => json!({
                            "issuer": base, "authorization_endpoint": format!("{base}/auth"), "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/jwks"),
                            "userinfo_endpoint": format!("{base}/me"), "response_types_supported": ["code"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "none"],
                        }),
                        "/jwks" => serde_json::to_value(CoreJsonWebKeySet::new(vec![key().as_verification_key()])).unwrap(),
                        "/token" => json!({ "access_token": "a", "token_type": "Bearer", "id_token": id_token(&says) }),
                        _ => says.info.clone(),
                    };
                    let body = body.to_string();
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        Self { issuer, says }
    }

    fn settings(&self, roles: &[(&str, Role)]) -> ProviderSettings {
        ProviderSettings {
            issuer: self.issuer.clone(),
            client_id: "balie".into(),
            client_secret: Some("geheim".into()),
            name: "SERA".into(),
            claim: "groups".into(),
            roles: roles.iter().map(|(group, role)| ((*group).to_owned(), *role)).collect(),
            base_url: "http://127.0.0.1:3000".into(),
        }
    }

    /// Goes there and back, with what the provider says changed on the way.
    async fn trip(&self, world: &World, lie: impl FnOnce(&mut Says)) -> desk::Result<Session> {
        let (address, kept) = accounts::begin_trip(&world.desk, "/list", &Origin::default()).await?;
        let query = |name: &str| address.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap().to_owned();
        assert!(address.starts_with(&format!("{}/auth?", self.issuer)) && !query("code_challenge").is_empty());
        {
            let mut says = self.says.lock().unwrap();
            says.nonce = query("nonce");
            lie(&mut says);
        }
        let (token, next) = accounts::end_trip(&world.desk, kept.as_str(), &query("state"), "code", &Origin::default()).await?;
        assert_eq!(next, "/list");
        Ok(session(&world.desk, token.as_str()).await?.unwrap())
    }
}

fn refused<T>(answer: desk::Result<T>) -> Refusal {
    answer.err().expect("a refusal").refusal().expect("a refusal").clone()
}

async fn with_provider(mut world: World, roles: &[(&str, Role)]) -> (World, Fake) {
    let fake = Fake::start().await;
    world.desk = world.desk.clone().with_provider(Provider::new(fake.settings(roles)));
    (world, fake)
}

fn info(subject: &str, email: &str, verified: bool) -> Value {
    json!({ "sub": subject, "email": email, "email_verified": verified, "name": "Een Naam", "groups": [] })
}

#[tokio::test]
async fn an_account_is_linked_by_a_verified_address_and_by_issuer_and_subject_from_then_on() {
    on_both(async |world: World| {
        let (world, fake) = with_provider(world, &[]).await;
        assert_eq!(refused(fake.trip(&world, |says| says.info = info("s1", "marieke@x.example", false)).await), Refusal::NotAllowed, "not verified");
        let elsewhere = fake.trip(&world, |says| {
            says.verified = true;
            says.info = info("s1", "marieke@x.example", false);
        });
        assert_eq!(refused(elsewhere.await), Refusal::NotAllowed, "verified is said of no address");
        let marieke = fake.trip(&world, |says| says.info = info("s1", "MARIEKE@x.example", true)).await.unwrap();
        assert_eq!(marieke.person().id, world.id("marieke"));
        // The address has changed hands since: the subject counts.
        let again = fake.trip(&world, |says| says.info = info("s1", "kees@x.example", true)).await.unwrap();
        assert_eq!(again.person().id, world.id("marieke"));
        // And whoever has it now is someone else to the provider.
        let heir = fake.trip(&world, |says| {
            says.subject = "s9".into();
            says.info = info("s9", "marieke@x.example", true);
        });
        assert_eq!(refused(heir.await), Refusal::NotAllowed);
        // Nobody we know, of an organisation that lets nobody in.
        assert_eq!(
            refused(
                fake.trip(&world, |says| {
                    says.subject = "s2".into();
                    says.info = info("s2", "vreemd@elders.example", true);
                })
                .await
            ),
            Refusal::NotAllowed
        );
        let open = accounts::OrganisationChange { name: "Open".into(), domains: "open.example".into(), sign_up: true, ..Default::default() };
        accounts::save_organisation(&world.desk, &world.agent("sanne"), None, &open).await.unwrap();
        let new = fake.trip(&world, |says| {
            says.subject = "s3".into();
            says.info = info("s3", "nieuw@open.example", true);
        });
        let new = new.await.unwrap();
        assert_eq!((new.role(), new.person().name.as_str()), (Role::Customer, "Een Naam"));
        accounts::disable(&world.desk, "nieuw@open.example", true).await.unwrap();
        assert_eq!(refused(fake.trip(&world, |_| {}).await), Refusal::NotAllowed);
    })
    .await;
}

#[tokio::test]
async fn who_was_merged_into_another_does_not_log_in_as_them() {
    on_both(async |world: World| {
        let (world, fake) = with_provider(world, &[]).await;
        fake.trip(&world, |says| says.info = info("s1", "marieke@x.example", true)).await.unwrap();
        accounts::merge_people(&world.desk, &world.agent("hanneke"), world.id("ilse"), "marieke@x.example").await.unwrap();
        assert_eq!(refused(fake.trip(&world, |_| {}).await), Refusal::NotAllowed, "neither by the subject nor by the address");
        let ilse = fake.trip(&world, |says| says.info = info("s1", "ilse@x.example", true)).await.unwrap();
        assert_eq!(ilse.person().id, world.id("ilse"));
    })
    .await;
}

#[tokio::test]
async fn who_has_no_password_proves_who_they_are_by_a_log_in_of_just_now() {
    on_both(async |world: World| {
        let (world, fake) = with_provider(world, &[]).await;
        let open = accounts::OrganisationChange { name: "Open".into(), domains: "open.example".into(), sign_up: true, ..Default::default() };
        accounts::save_organisation(&world.desk, &world.agent("sanne"), None, &open).await.unwrap();
        let new = fake.trip(&world, |says| says.info = info("s1", "nieuw@open.example", true)).await.unwrap();
        assert!(accounts::card(&world.desk, &world.agent("sanne"), new.person().id).await.unwrap().joined);
        accounts::begin_passkey(&world.desk, &new, "").await.unwrap();
        world.pass(domain::time::Span::minutes(16));
        let late = refused(accounts::begin_passkey(&world.desk, &new, "").await);
        assert_eq!(late.at(domain::Field::LogIn), Some(&domain::Fault::TooLongAgo));
    })
    .await;
}

#[tokio::test]
async fn groups_give_and_take_the_roles_of_staff() {
    on_both(async |world: World| {
        let (world, fake) = with_provider(world, &[("helpdesk", Role::Agent), ("it", Role::Admin), ("klanten", Role::Customer)]).await;
        let of = |email: &'static str, groups: Value| {
            move |says: &mut Says| {
                says.subject = email.into();
                says.info = json!({ "sub": email, "email": email, "email_verified": true, "name": "Staf", "groups": groups });
            }
        };
        let new = fake.trip(&world, of("nieuw@staf.example", json!(["helpdesk", "other"]))).await.unwrap();
        assert_eq!(new.role(), Role::Agent);
        let risen = fake.trip(&world, of("nieuw@staf.example", json!(["helpdesk", "it"]))).await.unwrap();
        assert_eq!(risen.role(), Role::Admin, "the highest counts");
        assert!(accounts::renew(&world.desk, &new).await.unwrap().is_none(), "nothing goes on with the old role");
        assert_eq!(fake.trip(&world, of("nieuw@staf.example", json!("helpdesk"))).await.unwrap().role(), Role::Agent, "and what is taken is gone");
        assert_eq!(refused(fake.trip(&world, of("nieuw@staf.example", json!([]))).await), Refusal::NotAllowed, "no group, no staff");
        assert_eq!(refused(fake.trip(&world, of("sanne@x.example", json!(["other"]))).await), Refusal::NotAllowed);
        assert_eq!(
            refused(fake.trip(&world, of("sanne@x.example", json!(["klanten"]))).await),
            Refusal::NotAllowed,
            "a group of customers makes no staff"
        );
        // Hanneke is the last admin: her groups do not take that away.
        assert_eq!(refused(fake.trip(&world, of("hanneke@x.example", json!(["helpdesk"]))).await), Refusal::NotAllowed);
        assert_eq!(world.renewed("hanneke").await.role(), Role::Admin);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_says_what_it_should_not_is_not_believed() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let (world, fake) = with_provider(world, &[]).await;
    let honest = |says: &mut Says| says.info = info("s1", "marieke@x.example", true);
    fake.trip(&world, honest).await.unwrap();
    let truth = fake.says.lock().unwrap().clone();
    type Lie = Box<dyn Fn(&mut Says)>;
    let lies: [(&str, Lie); 5] = [
        ("another issuer", Box::new(|says| says.issuer = "https://evil.example".into())),
        ("another audience", Box::new(|says| says.audience = "another".into())),
        ("another nonce", Box::new(|says| says.nonce = "x".into())),
        ("a token that is over", Box::new(|says| says.lasts = -300)),
        ("the user info of someone else", Box::new(|says| says.info = info("s9", "marieke@x.example", true))),
    ];
    for (what, lie) in lies {
        *fake.says.lock().unwrap() = truth.clone();
        assert_eq!(refused(fake.trip(&world, |says| lie(says)).await), Refusal::WrongCredentials, "{what}");
    }
    *fake.says.lock().unwrap() = truth;
    fake.trip(&world, honest).await.expect("the truth goes on being believed");
}

#[tokio::test]
async fn what_comes_back_is_taken_once_soon_and_in_the_browser_it_began_in() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let (world, fake) = with_provider(world, &[]).await;
    let end = async |kept: &str, state: &str| accounts::end_trip(&world.desk, kept, state, "code", &Origin::default()).await;
    let state = |address: &str| address.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let nonce = |address: &str| address.split("nonce=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (address, kept) = accounts::begin_trip(&world.desk, "/", &Origin::default()).await.unwrap();
    {
        let mut says = fake.says.lock().unwrap();
        (says.nonce, says.info) = (nonce(&address), info("s1", "marieke@x.example", true));
    }
    for (kept, state) in [("", ""), ("", state(&address).as_str()), ("x", &state(&address)), (kept.as_str(), "x")] {
        assert_eq!(refused(end(kept, state).await), Refusal::WrongCredentials, "another browser");
    }
    end(kept.as_str(), &state(&address)).await.unwrap();
    assert_eq!(refused(end(kept.as_str(), &state(&address)).await), Refusal::WrongCredentials, "twice");
    let (address, kept) = accounts::begin_trip(&world.desk, "/", &Origin::default()).await.unwrap();
    world.pass(Span::minutes(15));
    assert_eq!(refused(end(kept.as_str(), &state(&address)).await), Refusal::WrongCredentials, "too late");
    // A link that was mailed is no trip.
    accounts::ask_reset(&world.desk, "marieke@x.example", domain::accounts::Language::Nl, &Origin::default()).await.unwrap();
    // A provider that is not there.
    let gone = ProviderSettings { issuer: "http://127.0.0.1:9".into(), ..fake.settings(&[]) };
    let desk = world.desk.clone().with_provider(Provider::new(gone));
    assert_eq!(refused(accounts::begin_trip(&desk, "/", &Origin::default()).await), Refusal::WrongCredentials);
}
