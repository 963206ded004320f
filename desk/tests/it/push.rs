//! Web push: what reaches a browser, and what becomes of one that is gone.

use crate::support::{PASSWORD, World, on_both};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use desk::on_call;
use domain::on_call::Turn;
use domain::time::{Moment, Span};
use domain::{Fault, Field, TicketId};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use web_push_native::p256::SecretKey;
use web_push_native::{Auth, decrypt};

/// A browser with its push service, which answers as it is told.
struct Browser {
    endpoint: String,
    secret: SecretKey,
    status: Arc<Mutex<&'static str>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

/// The headers and the body of a message.
type Heard = (String, Vec<u8>);

const AUTH: [u8; 16] = [7; 16];

impl Browser {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/push/abc", listener.local_addr().unwrap());
        let (status, heard) = (Arc::new(Mutex::new("201 Created")), Arc::<Mutex<Vec<Heard>>>::default());
        let (answers, hears) = (status.clone(), heard.clone());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![];
                let (head, body) = loop {
                    let mut part = vec![0; 16_384];
                    let read = stream.read(&mut part).await.unwrap();
                    request.extend(&part[..read]);
                    if let Some(at) = request.windows(4).position(|end| end == b"\r\n\r\n") {
                        let head = String::from_utf8_lossy(&request[..at]).into_owned();
                        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
                        if request.len() >= at + 4 + length {
                            break (head, request[at + 4..].to_vec());
                        }
                    }
                };
                hears.lock().unwrap().push((head, body));
                let answer = format!("HTTP/1.1 {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", *answers.lock().unwrap());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { endpoint, secret: SecretKey::from_slice(&[9; 32]).unwrap(), status, heard }
    }

    fn subscription(&self) -> String {
        let key = BASE64.encode(self.secret.public_key().to_sec1_bytes());
        serde_json::json!({ "endpoint": self.endpoint, "expirationTime": null, "keys": { "p256dh": key, "auth": BASE64.encode(AUTH) } }).to_string()
    }

    fn answer(&self, status: &'static str) {
        *self.status.lock().unwrap() = status;
    }

    fn heard(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// The headers and the text of the last message.
    fn last(&self) -> (String, serde_json::Value) {
        let (head, body) = self.heard.lock().unwrap().last().unwrap().clone();
        let text = decrypt(body, &self.secret, &Auth::from(AUTH)).unwrap();
        (head, serde_json::from_slice(&text).unwrap())
    }
}

/// An urgent ticket on a Saturday night, of which Sanne is told.
async fn alarm(world: &World) -> TicketId {
    let members = [world.id("sanne")];
    on_call::save_rota(&world.desk, &world.agent("hanneke"), world.departments[0], &members, Turn::Daily, "2026-11-28", "9:00", "10", "")
        .await
        .unwrap();
    world.pass(Moment(1_795_899_600_000) - world.desk.now());
    another(world).await
}

async fn another(world: &World) -> TicketId {
    let form = domain::tickets::TicketForm { urgency: "high".into(), ..world.form("Alles ligt stil") };
    let id = desk::tickets::open(&world.desk, &world.customer("marieke"), &form, None).await.unwrap();
    while on_call::advance(&world.desk).await.unwrap() > 0 {}
    on_call::tick(&world.desk).await.unwrap();
    id
}

async fn handed_over(world: &World) -> usize {
    on_call::hand_over(&world.desk).await.unwrap()
}

#[tokio::test]
async fn who_is_on_call_hears_it_in_their_browser_and_nobody_on_the_way_reads_it() {
    on_both(async |world: World| {
        let (desk, sanne, browser) = (&world.desk, world.agent("sanne"), Browser::open().await);
        on_call::add_browser(desk, &sanne, &browser.subscription()).await.unwrap();
        assert_eq!((browser.heard(), browser.last().1["tag"].as_str()), (1, Some("on")), "it is tried at once");
        assert!(on_call::is_told(desk, &sanne, &browser.endpoint).await.unwrap());
        assert!(!on_call::is_told(desk, &world.agent("daan"), &browser.endpoint).await.unwrap(), "another's is not one's own");
        let id = alarm(&world).await;
        assert_eq!((handed_over(&world).await, handed_over(&world).await), (1, 0), "once");
        let (head, told) = browser.last();
        assert!(told["title"].as_str().unwrap().ends_with("Alles ligt stil") && told["ticket"] == id.0, "{told}");
        assert!(told["link"].as_str().unwrap().ends_with(&format!("/tickets/{id}")));
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned();
        assert_eq!((header("content-encoding"), header("urgency"), header("topic")), ("aes128gcm".into(), "high".into(), format!("ticket-{id}")));
        // Who sends is proven to this push service alone, for a while (RFC 8292).
        let proof = header("authorization");
        let (token, key) = proof.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, on_call::push_key(&world.another_node()).await.unwrap(), "each node has the same key");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let is_signed = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, BASE64.decode(key).unwrap());
        is_signed.verify(signed.as_bytes(), &BASE64.decode(signature).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&BASE64.decode(signed.split_once('.').unwrap().1).unwrap()).unwrap();
        let left = claims["exp"].as_i64().unwrap() - desk.now().0 / 1_000;
        assert!(browser.endpoint.starts_with(claims["aud"].as_str().unwrap()) && (1..=86_400).contains(&left), "{claims}");
        assert!(claims["sub"].as_str().unwrap().starts_with("mailto:"));
        // Taken by someone: what was not handed over yet is not any more.
        browser.answer("503 Service Unavailable");
        let waits = another(&world).await;
        assert_eq!(handed_over(&world).await, 0);
        on_call::acknowledge(desk, &world.agent("daan"), waits).await.unwrap();
        browser.answer("201 Created");
        world.pass(Span::minutes(5));
        assert_eq!(handed_over(&world).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_browser_that_is_gone_is_forgotten_and_one_that_cannot_be_reached_is_tried_again() {
    on_both(async |world: World| {
        let (desk, sanne, browser) = (&world.desk, world.agent("sanne"), Browser::open().await);
        on_call::add_browser(desk, &sanne, &browser.subscription()).await.unwrap();
        browser.answer("500 Internal Server Error");
        alarm(&world).await;
        assert_eq!((handed_over(&world).await, handed_over(&world).await), (0, 0), "not at once again");
        assert_eq!(browser.heard(), 2);
        browser.answer("201 Created");
        world.pass(Span::seconds(30));
        assert_eq!(handed_over(&world).await, 1);
        browser.answer("410 Gone");
        another(&world).await;
        assert_eq!(handed_over(&world).await, 0);
        assert!(!on_call::is_told(desk, &sanne, &browser.endpoint).await.unwrap());
        let heard = browser.heard();
        world.pass(Span::hours(1));
        another(&world).await;
        assert_eq!((handed_over(&world).await, browser.heard()), (0, heard), "it is asked no more");
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_told_as_long_as_its_session_lasts() {
    on_both(async |world: World| {
        let (desk, browser) = (&world.desk, Browser::open().await);
        on_call::add_browser(desk, &world.agent("daan"), &browser.subscription()).await.unwrap();
        // The next one at the same machine: the browser is theirs now.
        let sanne = world.renewed("sanne").await.agent().unwrap();
        on_call::add_browser(desk, &sanne, &browser.subscription()).await.unwrap();
        assert!(!on_call::is_told(desk, &world.agent("daan"), &browser.endpoint).await.unwrap());
        assert!(on_call::is_told(desk, &sanne, &browser.endpoint).await.unwrap());
        on_call::remove_browser(desk, &world.agent("daan"), &browser.endpoint).await.unwrap();
        assert!(on_call::is_told(desk, &sanne, &browser.endpoint).await.unwrap(), "nobody takes another's away");
        alarm(&world).await;
        desk::accounts::reset_password(desk, "sanne@x.example", PASSWORD, false).await.unwrap();
        let heard = browser.heard();
        assert_eq!((handed_over(&world).await, browser.heard()), (0, heard), "every session has ended");
    })
    .await;
}

#[tokio::test]
async fn who_is_told_no_longer_because_their_session_ran_out_gets_a_mail() {
    on_both(async |world: World| {
        let (desk, browser) = (&world.desk, Browser::open().await);
        on_call::add_browser(desk, &world.agent("sanne"), &browser.subscription()).await.unwrap();
        world.pass(domain::time::Span::days(15));
        for _ in 0..2 {
            assert_eq!(desk::jobs::once(desk).await, 0);
        }
        let sent = crate::people::mails(&world, 1).await;
        assert_eq!(sent[0].to, "sanne@x.example");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(desk.mail().transport().take().is_empty(), "once");
    })
    .await;
}

#[tokio::test]
async fn to_whom_a_department_is_closed_hears_nothing_of_it() {
    on_both(async |world: World| {
        let (desk, browser) = (&world.desk, Browser::open().await);
        on_call::add_browser(desk, &world.agent("sanne"), &browser.subscription()).await.unwrap();
        let heard = browser.heard();
        world.close_department(world.departments[0], &["daan", "hanneke"]).await;
        let id = alarm(&world).await;
        handed_over(&world).await;
        assert_eq!(browser.heard(), heard, "she stands on its rota, but may not read it any more");
        let page = desk::tickets::page(desk, &world.renewed("daan").await, id).await.unwrap();
        let told = page.history.iter().find_map(|event| match &event.what {
            domain::events::Happening::Alarmed { to, .. } => Some(to.iter().map(|person| person.id).collect::<Vec<_>>()),
            _ => None,
        });
        assert_eq!(told.unwrap(), [world.id("daan"), world.id("hanneke")], "its members are told instead");
        // Closed after she was told, while her push service could not be reached.
        let (other, browser) = (world.departments[1], Browser::open().await);
        on_call::add_browser(desk, &world.agent("sanne"), &browser.subscription()).await.unwrap();
        on_call::save_rota(desk, &world.agent("hanneke"), other, &[world.id("sanne")], Turn::Daily, "2026-11-28", "9:00", "10", "").await.unwrap();
        browser.answer("503 Service Unavailable");
        let form = domain::tickets::TicketForm { urgency: "high".into(), department: other.to_string(), ..world.form("Alles ligt stil") };
        desk::tickets::open(desk, &world.customer("marieke"), &form, None).await.unwrap();
        while on_call::advance(desk).await.unwrap() > 0 {}
        on_call::tick(desk).await.unwrap();
        handed_over(&world).await;
        let heard = browser.heard();
        assert_eq!(heard, 2, "it was tried");
        world.close_department(other, &["daan"]).await;
        browser.answer("201 Created");
        world.pass(Span::minutes(2));
        handed_over(&world).await;
        assert_eq!(browser.heard(), heard);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_browser_is_refused() {
    on_both(async |world: World| {
        let (desk, sanne, browser) = (&world.desk, world.agent("sanne"), Browser::open().await);
        let right = browser.subscription();
        let key = right.split("p256dh\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        for wrong in [
            "".to_owned(),
            "{}".to_owned(),
            right.replace("http://", "file:///"),
            right.replace("http://", "ftp://"),
            right.replace(&key, "AAAA"),
            right.replace(&key, &key.replace(&key[..8], "AAAAAAAA")),
            right.replace(&BASE64.encode(AUTH), "AAAA"),
            right.replace("/push/abc", &"x".repeat(3_000)),
        ] {
            let refused = on_call::add_browser(desk, &sanne, &wrong).await.unwrap_err();
            assert_eq!(refused.refusal().and_then(|refusal| refusal.at(Field::Browser)), Some(&Fault::Unknown), "{wrong}");
        }
        assert_eq!(browser.heard(), 0, "nothing is sent to such an address");
        // Nor is another machine of the network it stands in asked, where it is served without encryption.
        for (base, host) in [("http://127.0.0.1:3000", "10.0.0.1"), ("http://10.0.0.5:3000", "127.0.0.1"), ("http://desk.internal", "x.internal")] {
            let settings = desk::mail::Settings { base_url: base.into(), ..Default::default() };
            let inside = world.desk.clone().with_mail(desk::mail::Mail::new(settings, desk::mail::Transport::Memory(Default::default())));
            let wrong = right.replace(&right[right.find("http://").unwrap()..right.find("/push/").unwrap()], &format!("http://{host}"));
            let refused = on_call::add_browser(&inside, &sanne, &wrong).await.unwrap_err();
            assert_eq!(refused.refusal().and_then(|refusal| refusal.at(Field::Browser)), Some(&Fault::Unknown), "{base} {host}");
        }
        // Served to the world, it asks no other machine than those of push services.
        let settings = desk::mail::Settings { base_url: "https://help.example".into(), ..Default::default() };
        let open = world.desk.clone().with_mail(desk::mail::Mail::new(settings, desk::mail::Transport::Memory(Default::default())));
        for host in [
            "127.0.0.1",
            "10.0.0.1",
            "localhost",
            "x.internal",
            "fcm.googleapis.com.evil.example",
            "evilfcm.googleapis.com",
            "fcm.googleapis.com:8443",
        ] {
            let wrong = right.replace(&right[right.find("http://").unwrap()..right.find("/push/").unwrap()], &format!("https://{host}"));
            let refused = on_call::add_browser(&open, &sanne, &wrong).await.unwrap_err();
            assert_eq!(refused.refusal().and_then(|refusal| refusal.at(Field::Browser)), Some(&Fault::Unknown), "{wrong}");
        }
        browser.answer("403 Forbidden");
        let refused = on_call::add_browser(desk, &sanne, &right).await.unwrap_err();
        assert_eq!(refused.refusal().unwrap().at(Field::Browser), Some(&Fault::Unsent));
        assert!(!on_call::is_told(desk, &sanne, &browser.endpoint).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_link_of_a_mail_takes_an_alarm_on_for_whom_it_was_sent_to() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let id = alarm(&world).await;
        while desk::notifications::advance(desk).await.unwrap() > 0 {}
        world.pass(Span::seconds(2));
        while desk::mail::once(desk).await.unwrap() > 0 {}
        let mails = desk.mail().transport().take();
        let mail = mails.iter().find(|mail| mail.to == "sanne@x.example").unwrap();
        let text = String::from_utf8(mail.raw.clone()).unwrap().replace("=\r\n", "");
        let token: String = text.split("/on-call/take/").nth(1).unwrap().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        let of = async |key: &str, token: &str| on_call::of_link(desk, &world.agent(key), token).await;
        assert_eq!(of("sanne", &token).await.unwrap().0, id);
        assert!(on_call::running(desk, &world.agent("sanne"), id).await.unwrap().is_some(), "looking at it takes nothing on");
        assert!(of("daan", &token).await.is_err(), "it is another's");
        for wrong in ["", "x", &token[..token.len() - 1], &token.replacen(&id.to_string(), "1", 1)] {
            assert!(of("sanne", wrong).await.is_err(), "{wrong}");
        }
        on_call::acknowledge(desk, &world.agent("sanne"), id).await.unwrap();
        assert!(on_call::running(desk, &world.agent("sanne"), id).await.unwrap().is_none());
    })
    .await;
}
