//! Coming in, getting back in, one's own account, and what staff do to people.

use crate::support::{PASSWORD, World, on_both};
use desk::accounts::{self, Agent, OrganisationChange, PersonChange, Session, log_in, session};
use desk::audit::Origin;
use desk::mail::Sent;
use desk::tickets::page;
use domain::accounts::{Language, Role};
use domain::audit::Deed;
use domain::time::Span;
use domain::{Fault, Field, PersonId, Refusal};
use std::time::Duration;

pub const NEW: &str = "een nieuwe lange zin";

/// The mails that go out until there are `many`; they are sent beside what asks for them.
pub async fn mails(world: &World, many: usize) -> Vec<Sent> {
    let mut sent = vec![];
    for _ in 0..200 {
        sent.extend(world.desk.mail().transport().take());
        if sent.len() >= many {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    sent.sort_by(|a, b| a.to.cmp(&b.to));
    sent
}

/// Nothing more goes out.
async fn silence(world: &World) {
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.desk.mail().transport().take().len(), 0);
}

/// The secret in the link of a mail.
pub fn secret(mail: &Sent, path: &str) -> String {
    let raw = String::from_utf8(mail.raw.clone()).unwrap().replace("=\r\n", "");
    let link = raw.split(path).nth(1).unwrap_or_else(|| panic!("{path} in {raw}"));
    link.chars().take_while(char::is_ascii_alphanumeric).collect()
}

pub fn change(name: &str, role: Role, organisation: &str) -> PersonChange {
    let email = format!("{}@x.example", name.to_lowercase().replace(' ', "."));
    PersonChange { name: name.into(), email, role, organisation: organisation.into(), key_user: false, departments: vec![] }
}

async fn accept(world: &World, secret: &str, name: &str, password: &str) -> desk::Result<Session> {
    let token = accounts::accept(&world.desk, secret, name, password, &Origin::default()).await?.session().unwrap();
    Ok(session(&world.desk, token.as_str()).await?.unwrap())
}

pub fn refused<T: std::fmt::Debug>(answer: desk::Result<T>) -> Refusal {
    answer.unwrap_err().refusal().expect("a refusal").clone()
}

pub async fn deeds(world: &World) -> Vec<Deed> {
    let all = desk::audit::entries(&world.desk, &world.agent("hanneke"), &desk::audit::Filter::default()).await.unwrap();
    all.into_iter().map(|entry| entry.deed).collect()
}

#[tokio::test]
async fn an_invitation_works_once_within_a_week_for_whom_it_was_sent_to() {
    on_both(async |world: World| {
        let sanne = world.agent("sanne");
        let id = accounts::invite(&world.desk, &sanne, &change("Jan Jansen", Role::Customer, "De Waal")).await.unwrap().0;
        let mail = mails(&world, 1).await.remove(0);
        assert_eq!(mail.to, "jan.jansen@x.example");
        let first = secret(&mail, "/join/");
        // Invited again: the first link is worth nothing.
        accounts::invite_again(&world.desk, &sanne, id).await.unwrap();
        let second = secret(&mails(&world, 1).await[0], "/join/");
        for wrong in [first.as_str(), "", "x", &second[..63], &format!("{second}0"), &"0".repeat(64)] {
            assert_eq!(refused(accept(&world, wrong, "Jan", NEW).await), Refusal::NotFound, "{wrong}");
        }
        assert_eq!(refused(accept(&world, &second, "Jan", "kort").await).at(Field::Password), Some(&Fault::TooShort(10)));
        assert_eq!(refused(accept(&world, &second, " \u{200b} ", NEW).await).at(Field::Name), Some(&Fault::Missing));
        let shown = accounts::asked(&world.desk, &second).await.unwrap().unwrap();
        assert_eq!((shown.email.as_str(), shown.name.as_str()), ("jan.jansen@x.example", "Jan Jansen"));
        // Raced: one has it.
        let (a, b) = tokio::join!(accept(&world, &second, "Jan van Jansen", NEW), accept(&world, &second, "Ander", NEW));
        assert!(a.is_ok() != b.is_ok(), "{a:?} {b:?}");
        let jan = a.or(b).unwrap();
        assert_eq!((jan.person().id, jan.role()), (id, Role::Customer));
        assert_eq!(jan.person().organisation.as_ref().unwrap().name, "De Waal");
        assert!(log_in(&world.desk, "Jan.Jansen@x.example", NEW, &Origin::default()).await.is_ok());
        assert_eq!(refused(accounts::invite_again(&world.desk, &sanne, id).await), Refusal::NotAllowed, "who is in is not invited");

        accounts::invite(&world.desk, &sanne, &change("Piet", Role::Customer, "De Waal")).await.unwrap();
        let late = secret(&mails(&world, 1).await[0], "/join/");
        world.pass(Span::days(7));
        assert_eq!(refused(accept(&world, &late, "Piet", NEW).await), Refusal::NotFound);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_checked_and_agents_do_not_invite_staff() {
    on_both(async |world: World| {
        let sanne = world.agent("sanne");
        let wrong = PersonChange { email: "geen adres".into(), organisation: "Bestaat niet".into(), ..change(" ", Role::Customer, "") };
        let faults = refused(accounts::invite(&world.desk, &sanne, &wrong).await);
        assert_eq!(faults.at(Field::Name), Some(&Fault::Missing));
        assert_eq!(faults.at(Field::Email), Some(&Fault::NotAnAddress));
        assert_eq!(faults.at(Field::Organisation), Some(&Fault::Unknown));
        let taken = PersonChange { email: "MARIEKE@X.example".into(), ..change("Marieke", Role::Customer, "De Waal") };
        assert_eq!(refused(accounts::invite(&world.desk, &sanne, &taken).await).at(Field::Email), Some(&Fault::Taken));
        for role in [Role::Agent, Role::Lead, Role::Admin] {
            assert_eq!(refused(accounts::invite(&world.desk, &sanne, &change("Nieuw", role, "")).await), Refusal::NotAllowed);
        }
        let injected = PersonChange { name: "Jan\r\nBcc: kees@x.example".into(), ..change("Jan", Role::Customer, "De Waal") };
        accounts::invite(&world.desk, &sanne, &injected).await.unwrap();
        let mail = String::from_utf8(mails(&world, 1).await.remove(0).raw).unwrap();
        assert!(!mail.lines().any(|line| line.starts_with("Bcc")), "{mail}");
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_a_link_that_ends_every_session() {
    on_both(async |world: World| {
        let (desk, ask) = (&world.desk, async |email: &str| accounts::ask_reset(&world.desk, email, Language::Nl, &Origin::default()).await);
        ask("Marieke@X.example").await.unwrap();
        let sent = mails(&world, 1).await;
        assert_eq!(sent[0].to, "marieke@x.example");
        // The same answer for who is not there, and no mail.
        ask("niemand@x.example").await.unwrap();
        assert_eq!(refused(ask("niemand").await).at(Field::Email), Some(&Fault::NotAnAddress));
        silence(&world).await;
        let link = secret(&sent[0], "/join/");
        accept(&world, &link, "", NEW).await.unwrap();
        assert!(accounts::renew(desk, world.person("marieke")).await.unwrap().is_none(), "what ran with the old password is over");
        assert!(log_in(desk, "marieke@x.example", PASSWORD, &Origin::default()).await.is_err());
        assert_eq!(refused(accept(&world, &link, "", NEW).await), Refusal::NotFound, "once");

        ask("ruud@x.example").await.unwrap();
        let late = secret(&mails(&world, 1).await[0], "/join/");
        world.pass(Span::minutes(30));
        assert_eq!(refused(accept(&world, &late, "", NEW).await), Refusal::NotFound, "half an hour");

        // Disabled between asking and choosing.
        ask("ilse@x.example").await.unwrap();
        let link = secret(&mails(&world, 1).await[0], "/join/");
        accounts::disable(desk, "ilse@x.example", true).await.unwrap();
        assert_eq!(refused(accept(&world, &link, "", NEW).await), Refusal::NotFound);
        ask("ilse@x.example").await.unwrap();
        silence(&world).await;

        // Nobody's mailbox is filled by who asks again and again.
        for _ in 0..9 {
            ask("kees@x.example").await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let sent = world.desk.mail().transport().take();
        assert_eq!(sent.len(), 5);
        // Nor does it make the link worthless that its owner has; with one the others are.
        accept(&world, &secret(&sent[0], "/join/"), "", NEW).await.unwrap();
        assert_eq!(refused(accept(&world, &secret(&sent[4], "/join/"), "", NEW).await), Refusal::NotFound);
    })
    .await;
}

#[tokio::test]
async fn who_has_an_address_of_an_organisation_that_lets_them_in_signs_up_alone() {
    on_both(async |world: World| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let open = OrganisationChange { name: "Open BV".into(), domains: "open.example, OPEN2.example".into(), sign_up: true, ..Default::default() };
        let id = accounts::save_organisation(desk, &sanne, None, &open).await.unwrap();
        accounts::sign_up(desk, "Nora Open", "Nora@Open2.example", Language::Nl, &Origin::default()).await.unwrap();
        let link = secret(&mails(&world, 1).await[0], "/join/");
        assert!(log_in(desk, "nora@open2.example", "", &Origin::default()).await.is_err(), "there is no account before the address is proven");
        let nora = accept(&world, &link, "Nora Open", NEW).await.unwrap();
        assert_eq!((nora.role(), nora.person().organisation.as_ref().map(|o| o.id)), (Role::Customer, Some(id)));

        // Once more: the answer is the same, the mail says there is one.
        accounts::sign_up(desk, "Nora Open", "nora@open2.example", Language::En, &Origin::default()).await.unwrap();
        let raw = String::from_utf8(mails(&world, 1).await.remove(0).raw).unwrap();
        assert!(raw.contains("/log-in/forgot") && !raw.contains("/join/"), "{raw}");
        for shut in ["jan@sub.open.example", "jan@open.example.evil.example", "jan@x.example"] {
            assert_eq!(
                refused(accounts::sign_up(desk, "Jan", shut, Language::Nl, &Origin::default()).await).at(Field::Email),
                Some(&Fault::NotOpen),
                "{shut}"
            );
        }
        // A Cyrillic letter that looks like ours.
        let alike = refused(accounts::sign_up(desk, "Jan", "jan@opеn.example", Language::Nl, &Origin::default()).await);
        assert_eq!(alike.at(Field::Email), Some(&Fault::NotAnAddress));
        // Shut between asking and choosing.
        accounts::sign_up(desk, "Otto", "otto@open.example", Language::Nl, &Origin::default()).await.unwrap();
        let link = secret(&mails(&world, 1).await[0], "/join/");
        accounts::save_organisation(desk, &sanne, Some(id), &OrganisationChange { sign_up: false, ..open }).await.unwrap();
        assert_eq!(refused(accept(&world, &link, "Otto", NEW).await), Refusal::NotFound);
    })
    .await;
}

#[tokio::test]
async fn an_address_is_changed_when_both_ends_have_said_yes() {
    on_both(async |world: World| {
        let (desk, marieke) = (&world.desk, world.person("marieke"));
        let ask = async |password: &str, email: &str| accounts::ask_address(desk, marieke, password, email).await;
        assert_eq!(refused(ask("verkeerd wachtwoord", "nieuw@x.example").await).at(Field::Password), Some(&Fault::WrongPassword));
        assert_eq!(refused(ask(PASSWORD, "nieuw").await).at(Field::Email), Some(&Fault::NotAnAddress));
        ask(PASSWORD, "Nieuw@x.example").await.unwrap();
        let sent = mails(&world, 2).await;
        assert_eq!(sent.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["marieke@x.example", "nieuw@x.example"]);
        let (old, new) = (secret(&sent[0], "/account/address/"), secret(&sent[1], "/account/address/"));
        let agree = async |secret: &str| accounts::agree_to_address(desk, secret, &Origin::default()).await;
        assert_eq!(accounts::moving_to(desk, &new).await.unwrap().as_deref(), Some("nieuw@x.example"));
        assert_eq!(refused(agree(&"0".repeat(64)).await), Refusal::NotFound);
        assert!(!agree(&new).await.unwrap() && !agree(&new).await.unwrap(), "one end is not enough, however often");
        assert!(log_in(desk, "nieuw@x.example", PASSWORD, &Origin::default()).await.is_err());
        assert!(agree(&old).await.unwrap());
        assert!(log_in(desk, "nieuw@x.example", PASSWORD, &Origin::default()).await.is_ok());
        assert!(log_in(desk, "marieke@x.example", PASSWORD, &Origin::default()).await.is_err());
        assert!(accounts::renew(desk, marieke).await.unwrap().is_none());
        assert_eq!(refused(agree(&old).await), Refusal::NotFound);

        // One that someone has: asked for it looks the same, and it is refused at the end.
        accounts::ask_address(desk, world.person("ruud"), PASSWORD, "kees@x.example").await.unwrap();
        let sent = mails(&world, 2).await;
        let (kees, ruud) = (secret(&sent[0], "/account/address/"), secret(&sent[1], "/account/address/"));
        assert!(!agree(&ruud).await.unwrap());
        assert_eq!(refused(agree(&kees).await).at(Field::Email), Some(&Fault::Taken));

        // A day.
        accounts::ask_address(desk, world.person("ilse"), PASSWORD, "ilse2@x.example").await.unwrap();
        let late = secret(&mails(&world, 2).await[0], "/account/address/");
        world.pass(Span::days(1));
        assert_eq!(refused(agree(&late).await), Refusal::NotFound);
    })
    .await;
}

#[tokio::test]
async fn links_asked_for_are_counted_whether_anyone_has_the_address_or_not() {
    on_both(async |world: World| {
        for email in ["kees@x.example", "niemand@x.example"] {
            for _ in 0..6 {
                accounts::ask_reset(&world.desk, email, Language::Nl, &Origin::default()).await.unwrap();
            }
            // They are counted after the answer.
            let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
            while accounts::ask_address(&world.desk, world.person("ruud"), PASSWORD, email).await.is_ok() {
                assert!(std::time::Instant::now() < until, "{email} is told apart");
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn another_password_of_ones_own_ends_the_other_sessions_and_guessing_ends() {
    on_both(async |world: World| {
        let (desk, marieke) = (&world.desk, world.person("marieke"));
        let elsewhere =
            log_in(desk, "marieke@x.example", PASSWORD, &Origin { device: "Firefox".into(), ..Origin::default() }).await.unwrap().session().unwrap();
        let own = accounts::own(desk, marieke).await.unwrap();
        assert_eq!(own.sessions.len(), 2);
        assert!(own.sessions.iter().any(|open| open.device == "Firefox"));
        assert_eq!(refused(accounts::change_password(desk, marieke, PASSWORD, "kort").await).at(Field::NewPassword), Some(&Fault::TooShort(10)));
        accounts::change_password(desk, marieke, PASSWORD, NEW).await.unwrap();
        assert!(session(desk, elsewhere.as_str()).await.unwrap().is_none());
        let here = accounts::renew(desk, marieke).await.unwrap().expect("the one that asked goes on");
        for _ in 0..10 {
            assert_eq!(refused(accounts::change_password(desk, &here, "fout", NEW).await).at(Field::Password), Some(&Fault::WrongPassword));
        }
        assert!(matches!(refused(accounts::change_password(desk, &here, NEW, NEW).await), Refusal::Throttled(_)));
    })
    .await;
}

#[tokio::test]
async fn sessions_are_ended_one_by_one_and_never_someone_elses() {
    on_both(async |world: World| {
        let (desk, marieke) = (&world.desk, world.person("marieke"));
        let elsewhere = log_in(desk, "marieke@x.example", PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        let other = session(desk, elsewhere.as_str()).await.unwrap().unwrap();
        assert_eq!(refused(accounts::end_own_session(desk, marieke, Some(world.person("kees").id())).await), Refusal::NotFound);
        assert!(accounts::renew(desk, world.person("kees")).await.unwrap().is_some());
        let mut ended = desk.store().notifier().ended();
        accounts::end_own_session(desk, marieke, Some(other.id())).await.unwrap();
        assert_eq!(ended.recv().await.unwrap(), other.id(), "its streams end");
        assert!(accounts::renew(desk, &other).await.unwrap().is_none() && accounts::renew(desk, marieke).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn a_zero_byte_that_is_asked_for_finds_nothing_and_breaks_nothing() {
    on_both(async |world: World| {
        let sanne = world.agent("sanne");
        assert!(accounts::organisations(&world.desk, &sanne, "", "\0").await.is_ok());
        let filter = accounts::Filter { email: Some("\0".into()), ..Default::default() };
        assert!(accounts::people(&world.desk, &sanne, &filter).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_change_of_role_or_place_ends_sessions_and_the_last_admin_stays() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let of = |key: &str, role: Role, organisation: &str| PersonChange {
            name: key.into(),
            email: format!("{key}@x.example"),
            ..change(key, role, organisation)
        };
        accounts::change_person(desk, &hanneke, world.id("sanne"), &of("sanne", Role::Lead, "")).await.unwrap();
        assert!(accounts::renew(desk, world.person("sanne")).await.unwrap().is_none(), "nothing goes on with old rights");
        for (who, id, to) in [("hanneke", "hanneke", Role::Agent), ("hanneke", "hanneke", Role::Customer)] {
            let answer = accounts::change_person(desk, &world.agent(who), world.id(id), &of(id, to, "De Waal")).await;
            assert_eq!(refused(answer).at(Field::Role), Some(&Fault::LastAdmin));
        }
        assert_eq!(refused(accounts::set_disabled(desk, &hanneke, world.id("hanneke"), true).await).at(Field::Role), Some(&Fault::LastAdmin));
        // An agent looks after customers, not after staff, roles or addresses.
        let daan = world.agent("daan");
        assert_eq!(refused(accounts::change_person(desk, &daan, world.id("sanne"), &of("sanne", Role::Lead, "")).await), Refusal::NotAllowed);
        assert_eq!(refused(accounts::change_person(desk, &daan, world.id("daan"), &of("daan", Role::Admin, "")).await), Refusal::NotAllowed);
        assert_eq!(refused(accounts::change_person(desk, &daan, world.id("ruud"), &of("ruud", Role::Agent, "")).await), Refusal::NotAllowed);
        let moved = PersonChange { email: "daan2@x.example".into(), ..of("ruud", Role::Customer, "De Waal") };
        assert_eq!(refused(accounts::change_person(desk, &daan, world.id("ruud"), &moved).await), Refusal::NotAllowed);
        assert_eq!(refused(accounts::set_disabled(desk, &daan, world.id("hanneke"), true).await), Refusal::NotAllowed);
        // To another organisation: what was open is over.
        accounts::change_person(desk, &daan, world.id("ruud"), &of("ruud", Role::Customer, "Koperslag")).await.unwrap();
        assert!(accounts::renew(desk, world.person("ruud")).await.unwrap().is_none());
        let said = deeds(&world).await;
        assert!(said.contains(&Deed::RoleChanged) && said.contains(&Deed::PersonChanged), "{said:?}");
    })
    .await;
}

#[tokio::test]
async fn a_department_of_ones_own_opens_at_once_and_is_told_to_the_streams() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let id = world.open("marieke", "Besloten").await;
        let mut told = desk.store().notifier().ended();
        world.close_department(world.departments[0], &[]).await;
        assert!(told.recv().await.is_ok(), "whoever looks at it loses sight of it");
        assert_eq!(refused(page(desk, &world.renewed("sanne").await, id).await.map(|_| ())), Refusal::NotFound);
        let member = PersonChange { departments: vec![world.departments[0]], ..change("sanne", Role::Agent, "") };
        accounts::change_person(desk, &world.agent("hanneke"), world.id("sanne"), &member).await.unwrap();
        assert!(page(desk, &world.renewed("sanne").await, id).await.is_ok());
        assert_eq!(
            refused(page(desk, &world.renewed("hanneke").await, id).await.map(|_| ())),
            Refusal::NotFound,
            "an admin is no member by being one"
        );
    })
    .await;
}

#[tokio::test]
async fn key_users_read_all_tickets_where_their_organisation_says_so_and_write_on_none_of_them() {
    on_both(async |world: World| {
        let (desk, sanne) = (&world.desk, world.agent("sanne"));
        let (its, other) = (world.open("ruud", "Van Ruud").await, world.open("kees", "Van Kees").await);
        let organisation = world.person("ruud").person().organisation.clone().unwrap();
        let mut shared = OrganisationChange { name: organisation.name, shared: true, ..Default::default() };
        let reads = async |who: &str, id| page(desk, &world.renewed(who).await, id).await.is_ok();
        assert!(!reads("marieke", its).await);
        accounts::save_organisation(desk, &sanne, Some(organisation.id), &shared).await.unwrap();
        assert!(reads("marieke", its).await && !reads("marieke", other).await && !reads("ilse", its).await);
        let marieke = world.renewed("marieke").await;
        let words = desk::tickets::Writing { text: "Ik lees mee".into(), ..Default::default() };
        assert_eq!(refused(desk::tickets::reply(desk, &marieke, its, &words).await.map(|_| ())), Refusal::NotFound);
        let shelf = desk::tickets::home(desk, &marieke.customer().unwrap(), 50).await.unwrap().organisation;
        assert!(shelf.iter().any(|line| line.id == its), "it stands on the home page");
        let others = desk::tickets::home(desk, &world.renewed("ilse").await.customer().unwrap(), 50).await.unwrap().organisation;
        assert!(others.is_empty(), "who is no key user sees nothing of it");
        shared.shared = false;
        accounts::save_organisation(desk, &sanne, Some(organisation.id), &shared).await.unwrap();
        assert!(!reads("marieke", its).await, "and no longer");
    })
    .await;
}

#[tokio::test]
async fn two_people_become_one_with_all_tickets_and_mail_to_the_old_address_finds_them() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let (ruuds, mariekes) = (world.open("ruud", "Van Ruud").await, world.open("marieke", "Van Marieke").await);
        desk::tickets::invite(desk, &world.customer("marieke"), mariekes, world.id("ruud")).await.unwrap();
        let merge = async |by: &Agent, keep: PersonId, other: &str| accounts::merge_people(desk, by, keep, other).await;
        assert_eq!(refused(merge(&world.agent("sanne"), world.id("marieke"), "ruud@x.example").await), Refusal::NotAllowed);
        for wrong in ["marieke@x.example", "sanne@x.example", "niemand@x.example"] {
            assert_eq!(refused(merge(&hanneke, world.id("marieke"), wrong).await).at(Field::Email), Some(&Fault::Unknown), "{wrong}");
        }
        let mut told = desk.store().notifier().ended();
        merge(&hanneke, world.id("marieke"), "Ruud@x.example").await.unwrap();
        let mut ended = vec![];
        while let Ok(Ok(session)) = tokio::time::timeout(Duration::from_millis(300), told.recv()).await {
            ended.push(session);
        }
        assert!(ended.iter().any(|session| session == world.person("sanne").id()), "every open board has another requester: {ended:?}");
        let marieke = world.renewed("marieke").await;
        for id in [ruuds, mariekes] {
            let shown = page(desk, &marieke, id).await.unwrap().ticket;
            assert_eq!((shown.requester.id, shown.cc.len()), (world.id("marieke"), 0));
        }
        assert!(accounts::renew(desk, world.person("ruud")).await.unwrap().is_none());
        assert!(log_in(desk, "ruud@x.example", PASSWORD, &Origin::default()).await.is_ok(), "the other address is theirs now, with their password");
        let email = domain::accounts::EmailAddress::parse("ruud@x.example").unwrap();
        assert_eq!(store::accounts::by_email(desk.store(), &email).await.unwrap().unwrap().person.id, world.id("marieke"));
        assert_eq!(accounts::card(desk, &hanneke, world.id("ruud")).await.unwrap().person.id, world.id("marieke"));
        let people = accounts::people(desk, &hanneke, &accounts::Filter::default()).await.unwrap();
        assert!(people.iter().all(|listed| listed.person.id != world.id("ruud")));
        assert_eq!(refused(merge(&hanneke, world.id("marieke"), "ruud@x.example").await).at(Field::Email), Some(&Fault::Unknown), "twice");
    })
    .await;
}

#[tokio::test]
async fn who_is_called_otherwise_is_found_by_that_name() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        world.open("marieke", "Van Marieke").await;
        let found = async |typed: &str| {
            assert_eq!(desk::jobs::once(desk).await, 0);
            desk::tickets::search(desk, &world.customer("marieke"), typed).await.unwrap().len()
        };
        assert_eq!((found("marieke").await, found("zebra").await), (1, 0));
        accounts::change_own(desk, world.person("marieke"), "Zebra Özdemir", "Europe/Amsterdam").await.unwrap();
        // Its subject has the old name still.
        assert_eq!(found("zebra").await, 1);
        let waal = accounts::organisation_by_name(desk, &hanneke, "De Waal").await.unwrap().unwrap();
        let renamed = accounts::OrganisationChange { name: "Élan Vrachten".into(), ..Default::default() };
        accounts::save_organisation(desk, &hanneke, Some(waal), &renamed).await.unwrap();
        assert_eq!((found("vrachten").await, found("waal").await), (1, 0));
        let other = accounts::organisation_by_name(desk, &hanneke, "Koperslag").await.unwrap().unwrap();
        accounts::merge_organisations(desk, &hanneke, other, "Élan Vrachten").await.unwrap();
        assert_eq!((found("koperslag").await, found("vrachten").await), (1, 0));

        // Letters whose case SQLite does not know.
        for typed in ["Özdemir", "özdemir", "ÖZDEMIR", "zebra ö"] {
            let filter = accounts::Filter { typed: typed.into(), ..Default::default() };
            assert_eq!(accounts::people(desk, &hanneke, &filter).await.unwrap().len(), 1, "{typed}");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_reads_a_closed_department_through_an_account_they_make() {
    on_both(async |world: World| {
        let desk = &world.desk;
        world.open("marieke", "Salaris").await;
        world.close_department(world.departments[0], &["sanne"]).await;
        let (inside, outside) = (world.renewed("sanne").await.agent().unwrap(), world.renewed("daan").await.agent().unwrap());
        let waal = accounts::organisation_by_name(desk, &inside, "De Waal").await.unwrap().unwrap();
        let shared = accounts::OrganisationChange { name: "De Waal".into(), shared: true, ..Default::default() };
        let puppet = |name: &str| PersonChange { key_user: true, ..change(name, Role::Customer, "De Waal") };
        assert_eq!(refused(accounts::invite(desk, &outside, &puppet("Pop")).await), Refusal::NotAllowed);
        assert_eq!(refused(accounts::save_organisation(desk, &outside, Some(waal), &shared).await), Refusal::NotAllowed);
        let (id, _) = accounts::invite(desk, &outside, &change("Pop", Role::Customer, "De Waal")).await.unwrap();
        assert_eq!(refused(accounts::change_person(desk, &outside, id, &puppet("Pop")).await), Refusal::NotAllowed);
        // Who reads them anyway may; and of an organisation that has none there anyone.
        accounts::change_person(desk, &inside, id, &puppet("Pop")).await.unwrap();
        accounts::save_organisation(desk, &inside, Some(waal), &shared).await.unwrap();
        accounts::invite(desk, &outside, &PersonChange { key_user: true, ..change("Andere Pop", Role::Customer, "Koperslag") }).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn who_is_someone_else_by_now_writes_nothing_that_would_be_nobodys() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let id = world.open("ruud", "Van Ruud").await;
        let (ruud, ilse) = (world.customer("ruud"), world.customer("ilse"));
        // Asked who they are, both are in; then one is merged, and one is disabled.
        accounts::merge_people(desk, &hanneke, world.id("marieke"), "ruud@x.example").await.unwrap();
        accounts::set_disabled(desk, &hanneke, world.id("ilse"), true).await.unwrap();
        for by in [&ruud, &ilse] {
            assert_eq!(refused(desk::tickets::open(desk, by, &world.form("Te laat"), None).await), Refusal::SignedOut);
        }
        let writing = desk::tickets::Writing { text: "Nog iets".into(), ..Default::default() };
        assert_eq!(refused(desk::tickets::reply(desk, ruud.session(), id, &writing).await), Refusal::SignedOut);
    })
    .await;
}

#[tokio::test]
async fn two_organisations_become_one_with_people_tickets_and_domains() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let id = world.open("kees", "Van Kees").await;
        let (waal, koper) =
            (world.person("marieke").person().organisation.clone().unwrap(), world.person("kees").person().organisation.clone().unwrap());
        let with = |name: &str, domains: &str| OrganisationChange { name: name.into(), domains: domains.into(), ..Default::default() };
        accounts::save_organisation(desk, &hanneke, Some(koper.id), &with("Koperslag", "koper.example")).await.unwrap();
        let taken = accounts::save_organisation(desk, &hanneke, Some(waal.id), &with("De Waal", "waal.example KOPER.example")).await;
        assert_eq!(refused(taken).at(Field::Domains), Some(&Fault::Taken));
        assert_eq!(
            refused(accounts::save_organisation(desk, &hanneke, Some(waal.id), &with("Koperslag", "geen_domein")).await).at(Field::Name),
            Some(&Fault::Taken)
        );
        for wrong in ["De Waal", "Niemand", ""] {
            assert_eq!(refused(accounts::merge_organisations(desk, &hanneke, waal.id, wrong).await).at(Field::Organisation), Some(&Fault::Unknown));
        }
        accounts::merge_organisations(desk, &hanneke, waal.id, "Koperslag").await.unwrap();
        let kees = world.renewed("kees").await;
        assert_eq!(kees.person().organisation.as_ref().unwrap().name, "De Waal");
        let shown = page(desk, &world.renewed("sanne").await, id).await.unwrap().ticket;
        assert_eq!(shown.organisation.unwrap().id, waal.id);
        assert_eq!(accounts::organisation(desk, &hanneke, waal.id).await.unwrap().domains, ["koper.example"]);
        assert_eq!(refused(accounts::organisation(desk, &hanneke, koper.id).await), Refusal::NotFound);
    })
    .await;
}

async fn exported(world: &World, filter: &desk::audit::Filter) -> String {
    let mut export = desk::audit::export(&world.desk, &world.agent("hanneke"), filter, Language::Nl).await.unwrap();
    let mut csv = String::new();
    while let Some(page) = export.next(&world.desk).await.unwrap() {
        csv += &page;
    }
    csv
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_from_where_and_is_kept_as_long_as_it_should() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let origin = Origin { address: Some("203.0.113.9".parse().unwrap()), device: "x".into(), time_zone: None };
        log_in(desk, "marieke@x.example", "verkeerd wachtwoord", &origin).await.err().unwrap();
        let filter = desk::audit::filter(desk, "deed=log_in_failed&who=marieke@x.example").await.unwrap();
        let found = desk::audit::entries(desk, &hanneke, &filter).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].about.as_str(), found[0].address.as_str(), found[0].by.as_str()), ("marieke@x.example", "203.0.113.9", ""));
        let of = async |query: &str| {
            let filter = desk::audit::filter(desk, query).await.unwrap();
            desk::audit::entries(desk, &hanneke, &filter).await.unwrap().len()
        };
        assert!(of("who=marieke@x.example").await >= 1 && of("who=niemand@x.example").await == 0 && of("who=x").await == 0);
        assert!(of("since=2000-01-01").await > 0 && of("until=2000-01-01").await == 0 && of("since=geen+dag").await > 0);

        let csv = exported(&world, &filter).await;
        assert!(
            csv.starts_with("\u{feff}when;who;what;about;before;after;address\r\n")
                && csv.matches('\u{feff}').count() == 1
                && csv.contains("203.0.113.9"),
            "{csv}"
        );
        assert!(deeds(&world).await.contains(&Deed::AuditExported));
        for wrong in ["", "0", "29", "-1", "99999999999999999999", "x"] {
            assert!(refused(desk::audit::keep_for(desk, &hanneke, wrong).await).at(Field::Setting).is_some(), "{wrong}");
        }
        desk::audit::keep_for(desk, &hanneke, "30").await.unwrap();
        world.pass(Span::days(31));
        assert_eq!(desk::jobs::once(desk).await, 0);
        assert!(deeds(&world).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_formula_in_a_name_is_none_in_the_export() {
    on_both(async |world: World| {
        let desk = &world.desk;
        accounts::change_own(desk, world.person("marieke"), "=cmd|'/c calc'!A0", "Europe/Amsterdam").await.unwrap();
        let csv = exported(&world, &desk::audit::Filter::default()).await;
        assert!(csv.contains("'=cmd") && !csv.contains(";=cmd"), "{csv}");
        assert_eq!(
            refused(accounts::change_own(desk, world.person("marieke"), "Marieke", "Mars/Olympus").await).at(Field::TimeZone),
            Some(&Fault::Unknown)
        );
    })
    .await;
}

#[tokio::test]
async fn whom_the_requester_names_reads_along_at_once_when_a_colleague_and_is_proposed_otherwise() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let id = world.open("marieke", "Samen").await;
        let name = async |who: &str, address: &str| desk::tickets::name_for_cc(desk, world.person(who), id, address).await;
        assert_eq!(refused(name("marieke", "ruud").await).at(Field::Cc), Some(&Fault::NotAnAddress));
        assert!(name("marieke", "RUUD@x.example").await.unwrap());
        assert!(page(desk, world.person("ruud"), id).await.is_ok(), "a colleague reads at once");
        for outside in ["kees@x.example", "sanne@x.example", "buiten@elders.example"] {
            assert!(!name("marieke", outside).await.unwrap());
        }
        assert!(page(desk, world.person("kees"), id).await.is_err(), "being named grants nothing");
        // Who reads along names nobody, sees no proposals and answers none.
        for who in ["ruud", "kees"] {
            assert!(name(who, "ilse@x.example").await.is_err() && desk::tickets::proposals(desk, world.person(who), id).await.is_err());
            assert!(desk::tickets::answer_proposal(desk, world.person(who), id, "kees@x.example", true).await.is_err());
        }
        let answer = async |address: &str, accept| desk::tickets::answer_proposal(desk, world.person("marieke"), id, address, accept).await;
        assert_eq!(refused(answer("kees@x.example", true).await).at(Field::Cc), Some(&Fault::Unknown), "of another organisation, whoever says so");
        answer("kees@x.example", false).await.unwrap();
        let left = desk::tickets::proposals(desk, world.person("marieke"), id).await.unwrap();
        assert_eq!(left.iter().map(|p| p.email.as_str()).collect::<Vec<_>>(), ["buiten@elders.example", "sanne@x.example"]);
        // Somebody invited since can be let in.
        let new = PersonChange { email: "buiten@elders.example".into(), ..change("Buiten", Role::Customer, "De Waal") };
        accounts::invite(desk, &world.agent("sanne"), &new).await.unwrap();
        answer("buiten@elders.example", true).await.unwrap();
        let shown = page(desk, world.person("marieke"), id).await.unwrap().ticket;
        assert_eq!(shown.cc.len(), 2);
        for at in 0..19 {
            name("marieke", &format!("a{at}@elders.example")).await.unwrap();
        }
        assert_eq!(refused(name("marieke", "nog@elders.example").await).at(Field::Cc), Some(&Fault::TooMany(20)));
    })
    .await;
}

#[tokio::test]
async fn who_is_taken_out_of_cc_opens_no_file_any_more_and_hears_that_it_is_gone() {
    on_both(async |world: World| {
        let desk = &world.desk;
        let file = world.upload("marieke", "a.txt", b"tekst").await.unwrap();
        let mut form = world.form("Met bestand");
        form.attachments = vec![file.clone()];
        let id = desk::tickets::open(desk, &world.customer("marieke"), &form, None).await.unwrap();
        desk::tickets::invite(desk, &world.customer("marieke"), id, world.id("ruud")).await.unwrap();
        let file = domain::AttachmentId::parse(&file).unwrap();
        let opens = async || desk::attachments::download(desk, world.person("ruud"), &file).await.is_ok();
        assert!(opens().await);
        let following = desk.clone();
        let follow = tokio::spawn(async move { desk::live::follow(&following).await });
        let mut head = desk.tail().head();
        head.wait_for(|n| n.0 > 0).await.unwrap();
        let before = desk.tail().position();
        desk::tickets::dismiss(desk, &world.customer("marieke"), id, world.id("ruud")).await.unwrap();
        head.wait_for(|n| *n > before).await.unwrap();
        assert!(!opens().await);
        let said = desk::live::read(desk, world.person("ruud"), before).await.unwrap();
        assert!(format!("{said:?}").contains("gone"), "{said:?}");
        follow.abort();
    })
    .await;
}

#[tokio::test]
async fn names_stand_in_one_order_and_are_found_without_capitals_and_accents() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let names = ["zoë Łukasik", "Ångström", "adri de Boer", "Éva Øst", "Émile", "Straße, Ida", "’t Hart", "Ijsbrand"];
        let change = desk.store().begin().await.unwrap();
        let staal = store::organisations::add(&change, "Staal & Zonen", &[], desk.now()).await.unwrap();
        change.commit().await.unwrap();
        for (n, name) in names.iter().enumerate() {
            let new = PersonChange {
                name: (*name).to_owned(),
                email: format!("n{n}@staal.example"),
                role: Role::Customer,
                organisation: "STAAL & ZONEN".to_owned(),
                key_user: false,
                departments: vec![],
            };
            accounts::invite(desk, &hanneke, &new).await.unwrap();
        }
        let of = |typed: &str| accounts::Filter { typed: typed.to_owned(), organisation: Some(staal), ..Default::default() };
        let listed = async |filter: &accounts::Filter| {
            accounts::people(desk, &hanneke, filter).await.unwrap().into_iter().map(|listed| listed.person).collect::<Vec<_>>()
        };
        let sorted = ["’t Hart", "adri de Boer", "Ångström", "Émile", "Éva Øst", "Ijsbrand", "Straße, Ida", "zoë Łukasik"];
        let all = listed(&of("")).await;
        assert_eq!(all.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), sorted);
        // A page goes on after each of them.
        for (at, person) in all.iter().enumerate() {
            let rest = listed(&accounts::Filter { after: Some((person.name.clone(), person.id)), ..of("") }).await;
            assert_eq!(rest, all[at + 1..], "{}", person.name);
        }
        for (typed, name) in [
            ("lukasik", "zoë Łukasik"),
            ("ZOE", "zoë Łukasik"),
            ("angstrom", "Ångström"),
            ("eva ost", "Éva Øst"),
            ("strasse", "Straße, Ida"),
            ("Stra\u{df}e", "Straße, Ida"),
            ("'t hart", "’t Hart"),
            ("Zoe\u{308}", "zoë Łukasik"),
        ] {
            assert_eq!(listed(&of(typed)).await.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), [name], "{typed}");
        }
        for nothing in ["%", "_", "!", "\\"] {
            assert!(listed(&of(nothing)).await.is_empty(), "{nothing}");
        }
        // In CC, and as staff.
        accounts::change_own(desk, world.person("ilse"), "Ilse Müßig", "Europe/Amsterdam").await.unwrap();
        for typed in ["mussig", "ILSE MU"] {
            let found = accounts::colleagues(desk, world.person("marieke"), typed).await.unwrap();
            assert_eq!(found.iter().map(|person| person.id).collect::<Vec<_>>(), [world.id("ilse")], "{typed}");
        }
        accounts::change_own(desk, world.person("sanne"), "Álvaro", "Europe/Amsterdam").await.unwrap();
        let staff = accounts::choices(desk, &hanneke).await.unwrap().staff;
        assert_eq!(staff.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Álvaro", "daan", "hanneke"]);
    })
    .await;
}

#[tokio::test]
async fn one_company_is_one_organisation_however_its_name_is_written() {
    on_both(async |world: World| {
        let (desk, hanneke) = (&world.desk, world.agent("hanneke"));
        let add = async |name: &str| {
            accounts::save_organisation(desk, &hanneke, None, &OrganisationChange { name: name.into(), ..Default::default() }).await
        };
        let id = add("Cafe\u{301}  Zuid").await.unwrap();
        assert_eq!(accounts::organisation(desk, &hanneke, id).await.unwrap().named.name, "Café Zuid", "composed");
        for same in ["Café Zuid", "CAFÉ ZUID", "Cafe\u{301} zuid", "cafe zuid", " Café Zuid\u{200b}"] {
            assert_eq!(refused(add(same).await).at(Field::Name), Some(&Fault::Taken), "{same}");
            assert_eq!(accounts::organisation_by_name(desk, &hanneke, same).await.unwrap(), Some(id), "{same}");
        }
        for other in ["Café Zuid+", "Café Zuid BV"] {
            add(other).await.unwrap();
        }
        // A name is written otherwise by its own change alone.
        let again = OrganisationChange { name: "CAFÉ ZUID".into(), ..Default::default() };
        accounts::save_organisation(desk, &hanneke, Some(id), &again).await.unwrap();
        assert_eq!(accounts::organisation(desk, &hanneke, id).await.unwrap().named.name, "CAFÉ ZUID");
        // Who belongs to it is not moved by how it is written, and stays logged in.
        let waal = accounts::PersonEdit { organisation: Some("DE WÁÁL".into()), ..Default::default() };
        accounts::change_person(desk, &hanneke, world.id("ruud"), waal).await.unwrap();
        assert_eq!(world.renewed("ruud").await.person().organisation.as_ref().unwrap().name, "De Waal");
        // From the command line, and of departments.
        let new = accounts::Newcomer {
            name: "Rene\u{301}e".into(),
            email: "renee@x.example".into(),
            role: Role::Customer,
            organisation: Some("cafe zuid".into()),
            key_user: false,
            password: PASSWORD.into(),
        };
        let renee = accounts::add(desk, &new).await.unwrap();
        let renee = accounts::card(desk, &hanneke, renee).await.unwrap().person;
        assert_eq!((renee.name.as_str(), renee.organisation.unwrap().id), ("Renée", id));
        assert_eq!(refused(accounts::save_department(desk, &hanneke, None, "dataDUIKER", false, false).await).at(Field::Name), Some(&Fault::Taken));
        let found = desk::board::organisation(desk, &hanneke, "cafe z").await.unwrap();
        assert_eq!(found.map(|named| named.id), Some(id));
        assert!(accounts::organisation_by_name(desk, &hanneke, "\0").await.unwrap().is_none());
    })
    .await;
}
