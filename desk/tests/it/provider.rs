//! Logging in at a provider, honest and otherwise.

use crate::support::{World, on_both};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use desk::accounts::{self, Provider, ProviderSettings, Session, session};
use desk::audit::Origin;
use domain::Refusal;
use domain::accounts::Role;
use domain::time::Span;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What the provider says of whoever comes next, and where it lies.
#[derive(Clone)]
struct Says {
    issuer: String,
    audience: Value,
    nonce: String,
    /// Seconds from now until it is over.
    lasts: i64,
    subject: String,
    /// Whether the ID token, which names no address, says that it is verified.
    verified: bool,
    /// What else the ID token says.
    more: Value,
    signed: Signed,
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

/// How the ID token is signed.
#[derive(Clone, Copy, PartialEq)]
enum Signed {
    Well,
    /// Not at all, as `alg: none` allows.
    Not,
    /// With the secret of the client, which everyone who runs it knows.
    BySecret,
    /// For claims that were changed since.
    ForOthers,
}

fn id_token(says: &Says) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let mut claims =
        json!({ "iss": says.issuer, "aud": says.audience, "exp": now + says.lasts, "iat": now, "sub": says.subject, "nonce": says.nonce });
    if says.verified {
        claims["email_verified"] = json!(true);
    }
    if let (Some(all), Value::Object(more)) = (claims.as_object_mut(), &says.more) {
        all.extend(more.clone());
    }
    let algorithm = match says.signed {
        Signed::Well | Signed::ForOthers => "RS256",
        Signed::Not => "none",
        Signed::BySecret => "HS256",
    };
    let part = |value: &Value| B64.encode(value.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": algorithm, "typ": "JWT", "kid": "1" })), part(&claims));
    let signed = match says.signed {
        Signed::ForOthers => format!("{text} "),
        _ => text.clone(),
    };
    let signature = match says.signed {
        Signed::Not => String::new(),
        Signed::BySecret => B64.encode(ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"geheim"), signed.as_bytes())),
        Signed::Well | Signed::ForOthers => B64.encode(key().sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, signed.as_bytes()).unwrap()),
    };
    format!("{text}.{signature}")
}

impl Fake {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Says {
            issuer: issuer.clone(),
            audience: json!("balie"),
            nonce: String::new(),
            lasts: 300,
            subject: "s1".into(),
            verified: false,
            more: json!({}),
            signed: Signed::Well,
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
            vouched_domains: vec![],
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
    let lies: [(&str, Lie); 13] = [
        ("no signature", Box::new(|says| says.signed = Signed::Not)),
        ("a signature with the secret of the client", Box::new(|says| says.signed = Signed::BySecret)),
        ("a signature of something else", Box::new(|says| says.signed = Signed::ForOthers)),
        ("an issuer that begins alike", Box::new(|says| says.issuer.push('/'))),
        ("an audience beside ours that we do not know", Box::new(|says| says.audience = json!(["balie", "another"]))),
        ("nobody as its audience", Box::new(|says| says.audience = json!([]))),
        ("no nonce", Box::new(|says| says.more = json!({ "nonce": null }))),
        ("nobody as who it is about", Box::new(|says| says.more = json!({ "sub": null }))),
        ("another issuer", Box::new(|says| says.issuer = "https://evil.example".into())),
        ("another audience", Box::new(|says| says.audience = json!("another"))),
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

/// What Microsoft Entra ID sends: the address in the ID token, nothing that says whether it is verified, and groups by their ids.
fn entra(subject: &str, email: &str, groups: &[&str]) -> impl Fn(&mut Says) + use<> {
    let more = json!({
        "email": email, "name": "Sanne Dekker", "preferred_username": email, "oid": "6d1d3c5e-0f6b-4b2a-9a39-0f6b1c2d3e4f", "tid": "0b9c1d9e-9b1a-4f65-8a0e-3f1f2a6f2b11",
        "ver": "2.0", "groups": groups,
    });
    let subject = subject.to_owned();
    move |says: &mut Says| {
        says.subject.clone_from(&subject);
        says.more = more.clone();
    }
}

const HELPDESK: &str = "3f2b6c1e-77aa-4c09-9a55-0d8f2f5f8a10";

#[tokio::test]
async fn addresses_of_a_provider_that_verifies_none_are_believed_where_their_domain_is_vouched_for() {
    on_both(async |mut world: World| {
        let fake = Fake::start().await;
        let with = |vouched: &[&str]| {
            let vouched_domains = vouched.iter().map(|domain| (*domain).to_owned()).collect();
            Provider::new(ProviderSettings { vouched_domains, ..fake.settings(&[(HELPDESK, Role::Agent)]) })
        };
        let plain = world.desk.clone();
        world.desk = plain.clone().with_provider(with(&[]));
        assert_eq!(refused(fake.trip(&world, entra("s1", "sanne@x.example", &[HELPDESK])).await), Refusal::NotAllowed, "off by default");
        world.desk = plain.clone().with_provider(with(&["sera.example"]));
        assert_eq!(refused(fake.trip(&world, entra("s1", "sanne@x.example", &[HELPDESK])).await), Refusal::NotAllowed, "another domain");
        world.desk = plain.clone().with_provider(with(&["x.example"]));
        let sanne = fake.trip(&world, entra("s1", "Sanne@X.example", &[HELPDESK])).await.unwrap();
        assert_eq!((sanne.person().id, sanne.role()), (world.id("sanne"), Role::Agent));
        let new = fake.trip(&world, entra("s2", "nieuw@x.example", &["other", HELPDESK])).await.unwrap();
        assert_eq!((new.role(), new.person().name.as_str()), (Role::Agent, "Sanne Dekker"));
        // A guest whose address says otherwise, no groups, too many of them, no address: outside.
        assert_eq!(refused(fake.trip(&world, entra("s3", "hanneke@x.example.evil.example", &[HELPDESK])).await), Refusal::NotAllowed);
        assert_eq!(refused(fake.trip(&world, entra("s4", "daan@x.example", &[])).await), Refusal::NotAllowed);
        let many = |says: &mut Says| {
            entra("s4", "daan@x.example", &[])(says);
            says.more.as_object_mut().unwrap().remove("groups");
            says.more["_claim_names"] = json!({ "groups": "src1" });
            says.info = json!({ "sub": "s4" });
        };
        assert_eq!(refused(fake.trip(&world, many).await), Refusal::NotAllowed);
        let nothing = |says: &mut Says| {
            entra("s5", "x", &[HELPDESK])(says);
            says.more.as_object_mut().unwrap().remove("email");
            says.info = json!({ "sub": "s5" });
        };
        assert_eq!(refused(fake.trip(&world, nothing).await), Refusal::NotAllowed);
        // Entra's own word that nobody has proved the domain counts more than whoever vouches; and its yes is enough without.
        let edov = |is: bool| {
            move |says: &mut Says| {
                entra("s6", "daan@x.example", &[HELPDESK])(says);
                says.more["xms_edov"] = json!(is);
            }
        };
        assert_eq!(refused(fake.trip(&world, edov(false)).await), Refusal::NotAllowed);
        world.desk = plain.clone().with_provider(with(&[]));
        assert_eq!(fake.trip(&world, edov(true)).await.unwrap().person().id, world.id("daan"));
        // Who is known by subject comes in, whatever is said of the address now.
        assert_eq!(fake.trip(&world, entra("s1", "elders@y.example", &[HELPDESK])).await.unwrap().person().id, world.id("sanne"));
    })
    .await;
}
