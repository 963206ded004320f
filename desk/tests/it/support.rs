//! A small world to tell stories in: two customers' organisations, staff, four departments, and a clock that is moved by hand.

use desk::accounts::{Agent, Customer, Newcomer, Session, add, log_in, session};
use desk::attachments::{Files, Upload};
use desk::audit::Origin;
use desk::{Clock, Desk};
use domain::accounts::Role;
use domain::tickets::TicketForm;
use domain::time::{Moment, Span};
use domain::{DepartmentId, PersonId, TicketId};
use std::collections::HashMap;
use std::future::Future;
use store::testing::{Fresh, KINDS, fresh};
use tempfile::TempDir;

pub use crate::samples::png;

pub const PASSWORD: &str = "een lange zin";

pub struct World {
    pub desk: Desk,
    pub clock: Clock,
    fresh: Fresh,
    pub departments: Vec<DepartmentId>,
    pub folder: TempDir,
    people: HashMap<&'static str, Session>,
}

/// Tells a story on every database.
pub async fn on_both<F: Future<Output = ()>>(story: impl Fn(World) -> F) {
    for kind in KINDS {
        story(World::new(fresh(kind).await).await).await;
    }
}

/// Does something with an empty desk on every database.
pub async fn on_both_empty<F: Future<Output = ()>>(story: impl Fn(Desk) -> F) {
    for kind in KINDS {
        let (fresh, folder) = (fresh(kind).await, tempfile::tempdir().unwrap());
        story(Desk::open(fresh.store.clone(), Files::open(folder.path(), 50).unwrap(), Clock::System)).await;
    }
}

impl World {
    pub async fn new(fresh: Fresh) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(Moment(1_795_000_000_000));
        let files = Files::open(folder.path(), 5).unwrap();
        // Pagers and push services of the tests are on this machine.
        let desk = Desk::open(fresh.store.clone(), files, clock.clone()).with_internal_hosts(vec!["127.0.0.1".parse().unwrap()]);
        let change = desk.store().begin().await.unwrap();
        let mut departments = vec![];
        for (position, name) in ["Dataduiker", "Datawijzer", "Business Design", "Alphens"].into_iter().enumerate() {
            departments.push(store::departments::add(&change, name, false, false, position as i32).await.unwrap());
        }
        change.commit().await.unwrap();
        let mut people = HashMap::new();
        for (key, role, organisation, key_user) in [
            ("marieke", Role::Customer, Some("De Waal"), true),
            ("ruud", Role::Customer, Some("De Waal"), false),
            ("ilse", Role::Customer, Some("De Waal"), false),
            ("kees", Role::Customer, Some("Koperslag"), true),
            ("sanne", Role::Agent, None, false),
            ("daan", Role::Agent, None, false),
            ("hanneke", Role::Admin, None, false),
        ] {
            let new = Newcomer {
                name: key.to_owned(),
                email: format!("{key}@x.example"),
                role,
                organisation: organisation.map(str::to_owned),
                key_user,
                password: PASSWORD.to_owned(),
            };
            add(&desk, &new).await.unwrap();
            let token = log_in(&desk, &new.email, PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
            people.insert(key, session(&desk, token.as_str()).await.unwrap().unwrap());
        }
        Self { desk, clock, fresh, departments, folder, people }
    }

    /// The desk as another node has it.
    pub fn another_node(&self) -> Desk {
        Desk::open(self.fresh.store.clone(), Files::open(self.folder.path(), 5).unwrap(), self.clock.clone())
    }

    /// The URL of its database.
    pub fn fresh_url(&self) -> &str {
        &self.fresh.url
    }

    pub fn person(&self, key: &str) -> &Session {
        &self.people[key]
    }
    pub fn id(&self, key: &str) -> PersonId {
        self.people[key].person().id
    }
    pub fn customer(&self, key: &str) -> Customer {
        self.people[key].customer().unwrap()
    }
    pub fn agent(&self, key: &str) -> Agent {
        self.people[key].agent().unwrap()
    }
    pub fn pass(&self, span: Span) {
        self.clock.advance(span);
    }

    /// A form with nothing wrong.
    pub fn form(&self, subject: &str) -> TicketForm {
        TicketForm {
            urgency: "medium".into(),
            department: self.departments[0].to_string(),
            subject: subject.into(),
            description: "Stap 1, stap 2".into(),
            stopped: "Het boeken".into(),
            people: "12".into(),
            ..Default::default()
        }
    }

    /// Opens a ticket in someone's name.
    pub async fn open(&self, key: &str, subject: &str) -> TicketId {
        desk::tickets::open(&self.desk, &self.customer(key), &self.form(subject), None).await.unwrap()
    }

    /// The mails of a ticket, newest first, as staff see them.
    pub async fn deliveries(&self, id: TicketId) -> Vec<desk::notifications::Delivery> {
        let ticket = desk::tickets::page(&self.desk, self.person("hanneke"), id).await.unwrap().ticket;
        desk::notifications::of_ticket(&self.desk, &self.agent("hanneke"), &ticket).await.unwrap().deliveries
    }

    /// A session of now, where the first one has ended.
    pub async fn logged_in(&self, key: &str) -> Session {
        let token = log_in(&self.desk, &format!("{key}@x.example"), PASSWORD, &Origin::default()).await.unwrap().session().unwrap();
        session(&self.desk, token.as_str()).await.unwrap().unwrap()
    }

    /// The session anew, with rights as they are now.
    pub async fn renewed(&self, key: &str) -> Session {
        desk::accounts::renew(&self.desk, self.person(key)).await.unwrap().unwrap()
    }

    pub async fn close_department(&self, department: DepartmentId, members: &[&str]) {
        let all = desk::accounts::departments(&self.desk).await.unwrap();
        let name = &all.iter().find(|d| d.named.id == department).unwrap().named.name;
        desk::accounts::save_department(&self.desk, &self.agent("hanneke"), Some(department), name, true, false).await.unwrap();
        let change = self.desk.store().begin().await.unwrap();
        for member in members {
            store::departments::join(&change, department, self.id(member)).await.unwrap();
        }
        change.commit().await.unwrap();
    }

    pub async fn upload(&self, key: &str, name: &str, bytes: &[u8]) -> desk::Result<String> {
        let mut upload = Upload::begin(&self.desk, self.person(key), name, Some(bytes.len() as u64)).await?;
        upload.write(bytes).await?;
        Ok(upload.finish().await?.id.to_string())
    }
}
