//! Who means no good: made-up addresses, zero bytes, and pagers that are inside one's own network.

use crate::support::{World, on_both};
use desk::audit::Origin;
use desk::{Desk, accounts, on_call};
use domain::accounts::{EmailAddress, Language};
use domain::on_call::Turn;
use domain::time::Span;
use domain::{Fault, Field, Refusal};
use sha2::{Digest, Sha256};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;

fn from(address: &str) -> Origin {
    Origin { address: Some(address.parse::<IpAddr>().unwrap()), device: String::new(), time_zone: None }
}

async fn ask(desk: &Desk, email: &str, address: &str) -> desk::Result<()> {
    accounts::ask_reset(desk, email, Language::Nl, &from(address)).await
}

/// Counts tries of a key.
async fn count(desk: &Desk, key: &str, times: usize) {
    let change = desk.store().begin().await.unwrap();
    for _ in 0..times {
        store::sessions::count_try(&change, key, desk.now(), desk.now() - Span::minutes(15)).await.unwrap();
    }
    change.commit().await.unwrap();
}

/// Whether something is kept of an address for which a link was asked.
async fn is_kept(desk: &Desk, email: &str) -> bool {
    let key: String = Sha256::digest(email).iter().map(|byte| format!("{byte:02x}")).collect();
    store::sessions::failures(desk.store(), &format!("link:{key}")).await.unwrap().is_some()
}

#[tokio::test]
async fn a_network_asks_for_so_many_passwords_and_not_for_more() {
    on_both(async |world: World| {
        let desk = &world.desk;
        count(desk, "forgot:10.0.0.7", 299).await;
        ask(desk, "een@x.example", "10.0.0.7").await.unwrap();
        let refused = ask(desk, "twee@x.example", "10.0.0.7").await.unwrap_err();
        assert!(matches!(refused.refusal(), Some(Refusal::Throttled(_))), "{refused}");
        assert!(ask(desk, "drie@x.example", "10.0.0.8").await.is_ok(), "another address is another network");
        // Of IPv6 a customer has a whole network, and may have many.
        count(desk, "forgot:2001:db8:1:2::/64", 300).await;
        assert!(ask(desk, "vier@x.example", "2001:db8:1:2:3:4:5:6").await.is_err());
        assert!(ask(desk, "vijf@x.example", "2001:db8:1:3::1").await.is_ok());
        count(desk, "forgot:2001:db8:1::/48", 3_000).await;
        assert!(ask(desk, "zes@x.example", "2001:db8:1:4::1").await.is_err());
        assert!(
            store::sessions::failures(desk.store(), "forgot:2001:db8:1:4::/64").await.unwrap().is_none(),
            "nothing is kept of each network in it"
        );
        assert!(ask(desk, "zeven@x.example", "2001:db8:2:4::1").await.is_ok());
        world.pass(Span::minutes(16));
        assert!(ask(desk, "acht@x.example", "10.0.0.7").await.is_ok(), "it passes");
        for known in ["een@x.example", "acht@x.example"] {
            for _ in 0..200 {
                if is_kept(desk, known).await {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            assert!(is_kept(desk, known).await);
        }
        world.pass(Span::hours(3));
        assert_eq!(desk::jobs::once(desk).await, 0);
        assert!(!is_kept(desk, "een@x.example").await && store::sessions::failures(desk.store(), "forgot:10.0.0.7").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn where_very_many_ask_nothing_is_kept_of_addresses_that_nobody_has() {
    let world = World::new(store::testing::fresh(store::Kind::Sqlite).await).await;
    let desk = &world.desk;
    count(desk, "forgot:all", 10_000).await;
    ask(desk, "verzonnen@x.example", "10.0.0.7").await.unwrap();
    ask(desk, "marieke@x.example", "10.0.0.8").await.unwrap();
    assert_eq!(crate::people::mails(&world, 1).await[0].to, "marieke@x.example", "who has an account gets a link");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(is_kept(desk, "marieke@x.example").await && !is_kept(desk, "verzonnen@x.example").await);
}

#[tokio::test]
async fn a_zero_byte_in_a_text_is_left_out_whichever_way_it_comes_in() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let organisation = store::organisations::by_name(desk.store(), "De\0 Waal").await.unwrap();
        assert!(organisation.is_some(), "a name is found without it");
        assert_eq!(accounts::organisation_by_name(desk, &hanneke, "De Waal\0").await.unwrap(), organisation);
        let change = desk.store().begin().await.unwrap();
        let id = store::organisations::add(&change, "Nul\0punt", &["nul\0punt.example".to_owned()], desk.now()).await.unwrap();
        let department = store::departments::add(&change, "Af\0deling", false, false, 9).await.unwrap();
        let email = EmailAddress::parse("nul@nulpunt.example").unwrap();
        let person = store::accounts::NewPerson {
            name: "Nu\0la".into(),
            email: email.clone(),
            role: domain::accounts::Role::Customer,
            organisation: Some(id),
            key_user: false,
            password_hash: None,
            time_zone: "Europe/Amsterdam".into(),
        };
        store::accounts::add_person(&change, &person, desk.now()).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(accounts::organisation(desk, &hanneke, id).await.unwrap().named.name, "Nulpunt");
        assert_eq!(store::accounts::by_email(desk.store(), &email).await.unwrap().unwrap().person.name, "Nula");
        let all = accounts::departments(desk).await.unwrap();
        assert_eq!(all.iter().find(|d| d.named.id == department).unwrap().named.name, "Afdeling");
        let new = accounts::PersonChange {
            name: "A\0nna".into(),
            email: "anna@x.example".into(),
            role: domain::accounts::Role::Customer,
            organisation: "De\0 Waal".into(),
            key_user: false,
            departments: vec![],
        };
        let (anna, _) = accounts::invite(desk, &hanneke, &new).await.unwrap();
        assert_eq!(accounts::card(desk, &hanneke, anna).await.unwrap().person.name, "Anna");
        let form = domain::tickets::TicketForm { description: "een\0 twee".into(), ..world.form("Nul\0 in het onderwerp") };
        let ticket = desk::tickets::open(desk, &world.customer("marieke"), &form, None).await.unwrap();
        assert_eq!(desk::tickets::page(desk, world.person("marieke"), ticket).await.unwrap().ticket.subject, "Nul in het onderwerp");
    })
    .await;
}

/// A server on this machine that counts who comes.
async fn counting() -> (u16, Arc<AtomicUsize>) {
    let (listener, came) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::<AtomicUsize>::default());
    let (port, count) = (listener.local_addr().unwrap().port(), came.clone());
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    (port, came)
}

#[tokio::test]
async fn a_pager_is_not_inside_ones_own_network_unless_the_operator_names_it() {
    on_both(async |world: World| {
        let (hanneke, (port, came)) = (world.agent("hanneke"), counting().await);
        let (named, closed) = (world.desk.clone(), world.desk.clone().with_internal_hosts(vec![]));
        let save = async |desk: &Desk, hook: &str| {
            on_call::save_rota(desk, &hanneke, world.departments[0], &[world.id("sanne")], Turn::Daily, "2026-11-28", "9:00", "10", hook).await
        };
        for inside in [
            "http://127.0.0.1/x",
            "http://localhost:8080/",
            "https://10.0.0.1",
            "http://[::1]:1/",
            "http://169.254.169.254/latest",
            "http://2130706433/",
        ] {
            let refused = save(&closed, inside).await.unwrap_err();
            assert_eq!(refused.refusal().unwrap().at(Field::Hook), Some(&Fault::Internal), "{inside}");
        }
        save(&closed, "https://pager.example/x").await.unwrap();
        // Named when it was saved, and no longer when it is to be told; by its address, and by a name that leads there.
        let by_name = world.desk.clone().with_internal_hosts(vec!["localhost".parse().unwrap()]);
        for (saved_by, hook) in [(&named, format!("http://127.0.0.1:{port}/")), (&by_name, format!("http://localhost:{port}/"))] {
            save(saved_by, &hook).await.unwrap();
            let form = domain::tickets::TicketForm { urgency: "high".into(), ..world.form("Alles ligt stil") };
            // A Saturday night.
            world.pass(domain::time::Moment(1_795_899_600_000) - world.desk.now());
            desk::tickets::open(&closed, &world.customer("marieke"), &form, None).await.unwrap();
            while on_call::advance(&closed).await.unwrap() > 0 {}
            on_call::tick(&closed).await.unwrap();
            assert_eq!(on_call::hand_over(&closed).await.unwrap(), 0);
            assert_eq!(came.load(Ordering::Relaxed), 0, "{hook} is not asked");
            world.pass(Span::seconds(30));
            on_call::hand_over(saved_by).await.unwrap();
            assert_eq!(came.swap(0, Ordering::Relaxed), 1, "{hook} is, where it is named");
            save(&closed, "").await.unwrap();
            on_call::hand_over(&closed).await.unwrap();
        }
    })
    .await;
}
