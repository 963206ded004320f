//! Demo data: an ERP company with three customers, told through the same use cases as real life.

use crate::accounts::{self, Newcomer, Session};
use crate::attachments::Upload;
use crate::tickets::{self, Edit, Writing};
use crate::{Desk, Error, Result, hours, on_call, zones};
use domain::accounts::{EmailAddress, Role};
use domain::hours::{Holiday, Interval};
use domain::on_call::Turn;
use domain::tickets::{Status, TicketForm, Urgency};
use domain::time::{Moment, Span, write_date};
use domain::{DepartmentId, PersonId};
use serde::Deserialize;
use std::collections::HashMap;
use std::io;

/// The password of every demo account.
pub const PASSWORD: &str = "balie-demo";

const CONTENT: &str = include_str!("../demo/demo.json");

/// An account to log in with.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct DemoAccount {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub organisation: Option<String>,
    pub key_user: bool,
}

#[derive(Deserialize)]
struct Content {
    organisations: Vec<Organisation>,
    departments: Vec<Department>,
    people: Vec<Person>,
    tickets: Vec<Ticket>,
}

#[derive(Deserialize)]
struct Organisation {
    key: String,
    name: String,
    domains: Vec<String>,
}

#[derive(Deserialize)]
struct Department {
    key: String,
    name: String,
}

#[derive(Deserialize)]
struct Person {
    key: String,
    name: String,
    email: String,
    role: Role,
    organisation: Option<String>,
    #[serde(default)]
    key_user: bool,
    #[serde(default)]
    departments: Vec<String>,
}

#[derive(Deserialize)]
struct Ticket {
    requester: String,
    #[serde(default)]
    cc: Vec<String>,
    urgency: Urgency,
    #[serde(default)]
    stopped: String,
    #[serde(default)]
    people: String,
    department: String,
    subject: String,
    link: Option<String>,
    opened_minutes_ago: i64,
    description: String,
    #[serde(default)]
    attachments: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    minutes_after: i64,
    by: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
enum What {
    Reply {
        text: String,
        #[serde(default)]
        attachments: Vec<String>,
    },
    Note {
        text: String,
        #[serde(default)]
        attachments: Vec<String>,
    },
    Assign {
        to: String,
    },
    Urgency {
        to: Urgency,
    },
    Status {
        to: Status,
    },
    Department {
        to: String,
    },
    Tag {
        tags: Vec<String>,
    },
}

fn content() -> Result<Content> {
    serde_json::from_str(CONTENT).map_err(|error| Error::Files(io::Error::other(error)))
}

/// The accounts there are after [`fill`].
pub fn accounts() -> Result<Vec<DemoAccount>> {
    let content = content()?;
    let name = |key: &Option<String>| content.organisations.iter().find(|o| Some(&o.key) == key.as_ref()).map(|o| o.name.clone());
    Ok(content
        .people
        .iter()
        .map(|p| DemoAccount {
            name: p.name.clone(),
            email: p.email.clone(),
            role: p.role,
            organisation: name(&p.organisation),
            key_user: p.key_user,
        })
        .collect())
}

/// Whether the database has nobody in it yet.
pub async fn is_empty(desk: &Desk) -> Result<bool> {
    Ok(store::accounts::is_empty(desk.store()).await?)
}

/// Fills an empty database; `told` hears how far it is, in tickets of all tickets.
pub async fn fill(desk: &Desk, mut told: impl FnMut(usize, usize)) -> Result<()> {
    let content = content()?;
    let now = desk.now();
    // Everything that happened, in the order of the clock, so that the log is in that order too.
    let mut moments: Vec<(Moment, usize, Option<usize>)> = vec![];
    for (at, ticket) in content.tickets.iter().enumerate() {
        let opened = now - Span::minutes(ticket.opened_minutes_ago);
        moments.push((opened, at, None));
        moments.extend(ticket.steps.iter().enumerate().map(|(step, s)| (opened + Span::minutes(s.minutes_after), at, Some(step))));
    }
    moments.sort();
    let before = desk.at(moments.first().map_or(now, |first| first.0) - Span::days(1));
    let cast = people(&before, &content).await?;
    keep_holidays(&before, &cast, &content).await?;
    be_on_call(&before, &cast, &content).await?;
    let mut opened = HashMap::new();
    for (at, index, step) in moments {
        let (desk, ticket) = (desk.at(at), &content.tickets[index]);
        hours::tick(&desk).await?;
        match step {
            None => {
                opened.insert(index, open(&desk, &cast, ticket).await?);
                told(opened.len(), content.tickets.len());
            }
            Some(step) => act(&desk, &cast, opened[&index], &ticket.steps[step]).await?,
        }
    }
    hours::tick(desk).await?;
    // It happened long ago: nobody is told of it now.
    crate::notifications::skip(desk).await
}

/// Every department keeps the Dutch holidays.
async fn keep_holidays(desk: &Desk, cast: &Cast, content: &Content) -> Result<()> {
    let admin = content.people.iter().find(|p| p.role == Role::Admin).ok_or_else(|| missing("person", "admin"))?;
    let (by, week) = (cast.session(&admin.key)?.agent()?, domain::hours::Week::default());
    let week: Vec<String> = (0..7).map(|day| Interval::write_day(week.day(day))).collect();
    let holidays = Holiday::ALL.map(|holiday| holiday.word().to_owned());
    for department in cast.departments.values() {
        hours::save_week(desk, &by, *department, zones::DEFAULT, &week, &holidays).await?;
    }
    Ok(())
}

/// Where there is more than one agent, they are on call in turn.
async fn be_on_call(desk: &Desk, cast: &Cast, content: &Content) -> Result<()> {
    let admin = content.people.iter().find(|p| p.role == Role::Admin).ok_or_else(|| missing("person", "admin"))?;
    let (by, since) = (cast.session(&admin.key)?.agent()?, write_date(desk.now().0.div_euclid(86_400_000)));
    for department in &content.departments {
        let agents = content.people.iter().filter(|p| p.role == Role::Agent && p.departments.contains(&department.key));
        let members = agents.map(|p| cast.person(&p.key)).collect::<Result<Vec<_>>>()?;
        if members.len() > 1 {
            on_call::save_rota(desk, &by, cast.department(&department.key)?, &members, Turn::Weekly(0), &since, "9:00", "10", "").await?;
        }
    }
    Ok(())
}

struct Cast {
    people: HashMap<String, PersonId>,
    sessions: HashMap<String, Session>,
    departments: HashMap<String, DepartmentId>,
}

impl Cast {
    fn session(&self, key: &str) -> Result<&Session> {
        self.sessions.get(key).ok_or_else(|| missing("person", key))
    }
    fn person(&self, key: &str) -> Result<PersonId> {
        self.people.get(key).copied().ok_or_else(|| missing("person", key))
    }
    fn department(&self, key: &str) -> Result<DepartmentId> {
        self.departments.get(key).copied().ok_or_else(|| missing("department", key))
    }
}

fn missing(what: &str, key: &str) -> Error {
    Error::Files(io::Error::other(format!("the demo data names a {what} it does not have: {key}")))
}

async fn people(desk: &Desk, content: &Content) -> Result<Cast> {
    let change = desk.store().begin().await?;
    let mut cast = Cast { people: HashMap::new(), sessions: HashMap::new(), departments: HashMap::new() };
    for organisation in &content.organisations {
        store::organisations::add(&change, &organisation.name, &organisation.domains, desk.now()).await?;
    }
    for (position, department) in content.departments.iter().enumerate() {
        let id = store::departments::add(&change, &department.name, false, false, position as i32).await?;
        cast.departments.insert(department.key.clone(), id);
    }
    change.commit().await?;
    for person in &content.people {
        let organisation = content.organisations.iter().find(|o| Some(&o.key) == person.organisation.as_ref()).map(|o| o.name.clone());
        let new = Newcomer {
            name: person.name.clone(),
            email: person.email.clone(),
            role: person.role,
            organisation,
            key_user: person.key_user,
            password: PASSWORD.to_owned(),
        };
        let id = accounts::add(desk, &new).await?;
        let change = desk.store().begin().await?;
        // They live where the desk does, whichever browser they are tried out in.
        store::people::set_time_zone(&change, id, crate::zones::DEFAULT).await?;
        for department in &person.departments {
            store::departments::join(&change, cast.department(department)?, id).await?;
        }
        change.commit().await?;
        cast.people.insert(person.key.clone(), id);
        let email = EmailAddress::parse(&person.email).ok_or_else(|| missing("address", &person.email))?;
        let account = store::accounts::by_email(desk.store(), &email).await?.ok_or_else(|| missing("person", &person.key))?;
        cast.sessions.insert(person.key.clone(), Session::of_demo(account));
    }
    Ok(cast)
}

async fn open(desk: &Desk, cast: &Cast, ticket: &Ticket) -> Result<domain::TicketId> {
    let by = cast.session(&ticket.requester)?;
    let attachments = upload(desk, by, &ticket.attachments).await?;
    let form = TicketForm {
        cc: ticket.cc.iter().map(|key| cast.person(key)).collect::<Result<_>>()?,
        cc_typed: String::new(),
        urgency: ticket.urgency.word().to_owned(),
        department: cast.department(&ticket.department)?.to_string(),
        subject: ticket.subject.clone(),
        description: ticket.description.clone(),
        link: ticket.link.clone().unwrap_or_default(),
        screenshot: false,
        stopped: ticket.stopped.clone(),
        people: ticket.people.clone(),
        attachments,
    };
    tickets::open(desk, &by.customer()?, &form, None).await
}

async fn act(desk: &Desk, cast: &Cast, id: domain::TicketId, step: &Step) -> Result<()> {
    let by = cast.session(&step.by)?;
    match &step.what {
        What::Reply { text, attachments } => {
            let writing = Writing { text: text.clone(), attachments: upload(desk, by, attachments).await?, ..Default::default() };
            tickets::reply(desk, by, id, &writing).await.map(|_| ())
        }
        What::Note { text, attachments } => {
            let writing = Writing { text: text.clone(), attachments: upload(desk, by, attachments).await?, ..Default::default() };
            tickets::note(desk, &by.agent()?, id, &writing).await
        }
        What::Assign { to } => tickets::edit(desk, &by.agent()?, id, &[Edit::Assignee(Some(cast.person(to)?))], None).await,
        What::Urgency { to } => tickets::edit(desk, &by.agent()?, id, &[Edit::Urgency(*to, None)], None).await,
        What::Status { to } => tickets::edit(desk, &by.agent()?, id, &[Edit::Status(*to)], None).await,
        What::Department { to } => tickets::edit(desk, &by.agent()?, id, &[Edit::Department(cast.department(to)?)], None).await,
        What::Tag { tags } => {
            for tag in tags {
                tickets::edit(desk, &by.agent()?, id, &[Edit::Tag(tag.clone())], None).await?;
            }
            Ok(())
        }
    }
}

async fn upload(desk: &Desk, by: &Session, names: &[String]) -> Result<Vec<String>> {
    let mut ids = vec![];
    for name in names {
        let bytes = file(name).ok_or_else(|| missing("file", name))?;
        let mut upload = Upload::begin(desk, by, name, Some(bytes.len() as u64)).await?;
        upload.write(bytes).await?;
        ids.push(upload.finish().await?.id.to_string());
    }
    Ok(ids)
}

include!(concat!(env!("OUT_DIR"), "/demo_files.rs"));
