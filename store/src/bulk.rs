//! Writing many tickets at once, for measurements: the rows that the normal path would have written, many to a statement.
//!
//! Invariants: what happens to a ticket is decided by the rules of `domain`; the log has no gap and the tallies are what counting gives; no setting is made less safe.
//! Tickets come one after another, so that within a few days the moments of the log are not in the order of its numbers.

use crate::change::Change;
use crate::connect::Store;
use crate::error::{Error, Result};
use crate::row::Row;
use crate::search;
use domain::accounts::{EmailAddress, Role, Theme};
use domain::events::Happening;
use domain::tickets::{Side, Status, Ticket, Urgency};
use domain::time::{Moment, Span};
use domain::{DepartmentId, EventNo, MessageId, Named, OrganisationId, PersonId, TicketId};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use std::collections::BTreeMap;

/// Tickets in one transaction.
const BATCH: u64 = 5_000;
/// Values bound in one statement; SQLite takes 32,766 and PostgreSQL 65,535.
const VALUES: usize = 8_000;
/// Page cache of the SQLite writer while it writes in bulk, and otherwise, in KiB.
const CACHE: [&str; 2] = ["PRAGMA cache_size = -131072", "PRAGMA cache_size = -2048"];
/// Running and settled tickets of the known customer, and messages of their long conversation.
const RUNNING: usize = 50;
const SETTLED: u64 = 30;
const CONVERSATION: u32 = 20;
const AGENTS: u64 = 20;

/// What words are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Text {
    Subject,
    Message,
    Person,
    Organisation,
}

/// Where words come from: the store has none.
pub struct Words<'a> {
    /// Writes a text.
    pub draw: &'a mut (dyn FnMut(Text, &mut Random) -> String + Send),
    /// Makes the HTML of a message.
    pub html: fn(&str) -> String,
}

/// An account that a measurement logs in with.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct Known {
    pub name: String,
    pub email: EmailAddress,
    pub password_hash: String,
}

/// What to write.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many tickets in all; those that are not on the board are closed.
    pub tickets: u64,
    /// How many of them are new, open, waiting and resolved.
    pub board: [u64; 4],
    /// When it is. The tickets were opened in the two years before.
    pub now: Moment,
    /// The same seed gives the same tickets.
    pub seed: u64,
    /// The names of the departments.
    pub departments: Vec<String>,
    /// Everyone's time zone.
    pub time_zone: String,
    /// A customer with 50 running tickets, as far as the board has them.
    pub customer: Known,
    /// A member of staff; the other agents have the same password.
    pub agent: Known,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Seeded {
    pub customer: PersonId,
    pub agent: PersonId,
    /// The known customer's ticket with 20 messages.
    pub conversation: Option<TicketId>,
    pub first: TicketId,
    pub last: TicketId,
    pub organisations: u64,
    pub events: i64,
}

/// Writes it all into a database that nobody else writes to; `told` hears how many tickets are done. [`Error::Taken`] where the known accounts are there already.
pub async fn seed(store: &Store, plan: &Plan, words: &mut Words<'_>, told: &mut (dyn FnMut(u64) + Send)) -> Result<Seeded> {
    cache(store, CACHE[0]).await?;
    let done = fill(store, plan, words, told).await;
    cache(store, CACHE[1]).await?;
    done
}

async fn cache(store: &Store, pragma: &str) -> Result<()> {
    let change = store.begin().await?;
    if !change.is_postgres() {
        change.db().execute_unprepared(pragma).await?;
    }
    change.commit().await
}

async fn fill(store: &Store, plan: &Plan, words: &mut Words<'_>, told: &mut (dyn FnMut(u64) + Send)) -> Result<Seeded> {
    let mut random = Random::new(plan.seed);
    let change = store.begin().await?;
    let cast = Cast::write(&change, plan, words, &mut random).await?;
    change.commit().await?;

    let fates = Fates::of(plan, &mut random);
    let mut seeded = Seeded {
        customer: cast.customer.id,
        agent: cast.agents[0].id,
        conversation: None,
        first: TicketId(0),
        last: TicketId(0),
        organisations: cast.organisations.len() as u64,
        events: 0,
    };
    let mut from = 0;
    while from < plan.tickets {
        let upto = plan.tickets.min(from + BATCH);
        let change = store.begin().await?;
        let mut batch = Batch::begin(&change).await?;
        for index in from..upto {
            let (fate, opened_at) = (fates.of_ticket(index), fates.opened_at(plan, index, &mut random));
            let id = batch.ticket(&cast, fate, opened_at, words, &mut random)?;
            seeded.first = if index == 0 { id } else { seeded.first };
            seeded.last = id;
            seeded.conversation = seeded.conversation.or((fate.messages == CONVERSATION).then_some(id));
        }
        seeded.events = batch.finish(&change).await?;
        change.commit().await?;
        told(upto);
        from = upto;
    }
    Ok(seeded)
}

struct Company {
    named: Named<OrganisationId>,
    people: Vec<Named<PersonId>>,
}

/// Everyone there is.
struct Cast {
    departments: Vec<Named<DepartmentId>>,
    agents: Vec<Named<PersonId>>,
    customer: Named<PersonId>,
    /// The known customer's company comes first and is drawn for no other ticket.
    organisations: Vec<Company>,
    zipf: Zipf,
}

impl Cast {
    async fn write(change: &Change, plan: &Plan, words: &mut Words<'_>, random: &mut Random) -> Result<Self> {
        let mut rows = [
            Rows::new("department", &["id", "name", "closed", "screenshot", "position"]),
            Rows::new("organisation", &["id", "name", "domains", "created_at"]),
            Rows::new("person", &["id", "name", "email", "role", "organisation_id", "key_user", "password_hash", "theme", "time_zone", "created_at"]),
            Rows::new("department_member", &["department_id", "person_id"]),
        ];
        let (mut department, mut company, mut person) =
            (next_id(change, "department").await?, next_id(change, "organisation").await?, next_id(change, "person").await?);
        let born = plan.now - Span::days(740);
        let mut departments = vec![];
        for (at, name) in plan.departments.iter().enumerate() {
            rows[0].push([department.into(), name.as_str().into(), false.into(), false.into(), (at as i32).into()]);
            departments.push(Named::new(DepartmentId(department), name));
            department += 1;
        }
        let mut add = |rows: &mut Rows, name: String, email: String, role: Role, company: Option<i64>, key: bool, hash: Option<&str>| {
            let named = Named::new(PersonId(person), name.as_str());
            let (hash, zone) = (hash.map(str::to_owned), plan.time_zone.as_str());
            rows.push([
                person.into(),
                name.into(),
                email.into(),
                role.word().into(),
                company.into(),
                key.into(),
                hash.into(),
                Theme::default().word().into(),
                zone.into(),
                born.0.into(),
            ]);
            person += 1;
            named
        };
        let known = &plan.agent;
        let mut agents =
            vec![add(&mut rows[2], known.name.clone(), known.email.as_str().to_owned(), Role::Agent, None, false, Some(&known.password_hash))];
        for n in 1..AGENTS {
            agents.push(add(
                &mut rows[2],
                (words.draw)(Text::Person, random),
                format!("agent{n}@balie.example"),
                Role::Agent,
                None,
                false,
                Some(&known.password_hash),
            ));
        }
        for (at, agent) in agents.iter().enumerate() {
            rows[3].push([departments[at % departments.len()].id.0.into(), agent.id.0.into()]);
        }
        let count = (plan.tickets / 500).max(20);
        let (mut organisations, mut customer) = (vec![], None);
        for n in 0..=count {
            let named = Named::new(OrganisationId(company), (words.draw)(Text::Organisation, random));
            rows[1].push([company.into(), named.name.as_str().into(), format!("org{n}.example").into(), born.0.into()]);
            let mut people = vec![];
            if n == 0 {
                let known = &plan.customer;
                people.push(add(
                    &mut rows[2],
                    known.name.clone(),
                    known.email.as_str().to_owned(),
                    Role::Customer,
                    Some(company),
                    true,
                    Some(&known.password_hash),
                ));
                customer = people.first().cloned();
            }
            for k in 0..4 + random.below(7) {
                people.push(add(
                    &mut rows[2],
                    (words.draw)(Text::Person, random),
                    format!("p{k}@org{n}.example"),
                    Role::Customer,
                    Some(company),
                    k == 0,
                    None,
                ));
            }
            organisations.push(Company { named, people });
            company += 1;
        }
        for rows in &mut rows {
            rows.write(change).await?;
        }
        for (table, next) in [("department", department), ("organisation", company), ("person", person)] {
            ids_used(change, table, next - 1).await?;
        }
        let customer = customer.ok_or(Error::Unreadable("known customer"))?;
        Ok(Self { departments, agents, customer, organisations, zipf: Zipf::new(count as usize, 1.1) })
    }
}

/// What becomes of one ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fate {
    status: Status,
    messages: u32,
    /// Whether it is the known customer's.
    known: bool,
}

/// What becomes of every ticket: the last ones are on the board.
struct Fates {
    closed: u64,
    board: Vec<Fate>,
}

impl Fates {
    fn of(plan: &Plan, random: &mut Random) -> Self {
        let mut board: Vec<Fate> = [Status::New, Status::Open, Status::Waiting, Status::Resolved]
            .into_iter()
            .zip(plan.board)
            .flat_map(|(status, n)| (0..n).map(move |_| Fate { status, messages: 3, known: false }))
            .collect();
        for at in (1..board.len()).rev() {
            board.swap(at, random.below(at as u64 + 1) as usize);
        }
        board.truncate(usize::try_from(plan.tickets).unwrap_or(usize::MAX));
        board.iter_mut().filter(|f| !f.status.is_settled()).take(RUNNING).for_each(|f| f.known = true);
        if let Some(fate) = board.iter_mut().find(|f| f.known && f.status == Status::Open) {
            fate.messages = CONVERSATION;
        }
        Self { closed: plan.tickets - board.len() as u64, board }
    }

    fn of_ticket(&self, index: u64) -> Fate {
        let every = (self.closed / SETTLED).max(1);
        match index.checked_sub(self.closed) {
            Some(at) => self.board[at as usize],
            None => Fate { status: Status::Closed, messages: 3, known: index.is_multiple_of(every) && index / every < SETTLED },
        }
    }

    /// The closed ones over two years until a fortnight ago, the others in the last fortnight.
    fn opened_at(&self, plan: &Plan, index: u64, random: &mut Random) -> Moment {
        let (begin, length, at, of) = match index.checked_sub(self.closed) {
            Some(at) => (Span::days(14), Span::days(14).0 - Span::hours(3).0, at, self.board.len() as u64),
            None => (Span::days(730), Span::days(716).0 - Span::days(3).0, index, self.closed),
        };
        let step = length / of.max(1) as i64;
        plan.now - begin + Span(step * at as i64 + random.below(step.unsigned_abs().max(1)) as i64)
    }
}

/// Many tickets on their way into the tables.
struct Batch {
    ticket: i64,
    message: i64,
    event: i64,
    tickets: Rows,
    cc: Rows,
    messages: Rows,
    search: Rows,
    events: Rows,
    tally: BTreeMap<(i64, i16), i64>,
}

impl Batch {
    async fn begin(change: &Change) -> Result<Self> {
        // Held until the commit, as a single change holds it.
        let head = if change.is_postgres() { "SELECT n FROM log_head WHERE id = 1 FOR UPDATE" } else { "SELECT n FROM log_head WHERE id = 1" };
        Ok(Self {
            ticket: next_id(change, "ticket").await?,
            message: next_id(change, "message").await?,
            event: number(change, head).await? + 1,
            tickets: Rows::new(
                "ticket",
                &[
                    "id",
                    "subject",
                    "status",
                    "urgency",
                    "department_id",
                    "organisation_id",
                    "requester_id",
                    "assignee_id",
                    "tags",
                    "opened_at",
                    "updated_at",
                    "settled_at",
                    "settled",
                    "messages",
                    "files",
                    "last_word",
                    "version",
                ],
            ),
            cc: Rows::new("ticket_cc", &["ticket_id", "person_id"]),
            messages: Rows::new("message", &["id", "ticket_id", "author_id", "note", "text", "html", "created_at"]),
            search: if change.is_postgres() {
                Rows::new("ticket_search", &["ticket_id", "public", "staff"])
            } else {
                Rows::new("ticket_search", &["rowid", "subject", "replies", "notes", "people", "access"])
            },
            events: Rows::new("event", &["n", "at", "ticket_id", "by_id", "public", "what"]),
            tally: BTreeMap::new(),
        })
    }

    fn ticket(&mut self, cast: &Cast, fate: Fate, opened_at: Moment, words: &mut Words<'_>, random: &mut Random) -> Result<TicketId> {
        let company = if fate.known { &cast.organisations[0] } else { &cast.organisations[1 + cast.zipf.draw(random)] };
        let requester = if fate.known { &cast.customer } else { random.pick(&company.people) }.clone();
        let second = random.pick(&company.people);
        let cc = if random.below(7) == 0 && second.id != requester.id { vec![second.clone()] } else { vec![] };
        let agent = random.pick(&cast.agents).clone();
        let mut ticket = Ticket {
            id: TicketId(self.ticket),
            subject: (words.draw)(Text::Subject, random),
            link: None,
            status: Status::New,
            urgency: [Urgency::Question, Urgency::Low, Urgency::Low, Urgency::Medium, Urgency::Medium, Urgency::High][random.below(6) as usize],
            department: random.pick(&cast.departments).clone(),
            organisation: Some(company.named.clone()),
            requester: requester.clone(),
            assignee: None,
            cc,
            tags: vec![],
            opened_at,
            updated_at: opened_at,
            settled_at: None,
            messages: 1,
            files: 0,
            last_word: Side::Customer,
            follows: None,
        };
        self.ticket += 1;
        let pace = if fate.status == Status::Closed { Span::minutes(1_000) } else { Span::minutes(if fate.messages > 3 { 6 } else { 30 }) };
        let mut at = opened_at;
        let mut pause = |random: &mut Random| {
            at = at + Span(60_000 + random.below(pace.0.unsigned_abs()) as i64);
            at
        };
        let (text, _) = self.message(ticket.id, requester.id, opened_at, words, random);
        let mut replies = text;
        let opened =
            Happening::Opened { subject: ticket.subject.clone(), urgency: ticket.urgency, department: ticket.department.clone(), follows: None };
        self.happened(ticket.id, requester.id, opened_at, &[opened])?;
        if fate.status != Status::New {
            let at = pause(random);
            let assigned = ticket.assign(Some(agent.clone()), at);
            self.happened(ticket.id, agent.id, at, assigned.as_slice())?;
        }
        for n in 1..fate.messages {
            let at = pause(random);
            // Nobody has answered a new ticket: its customer has written again.
            let (side, author) = if fate.status == Status::New || n % 2 == 0 { (Side::Customer, requester.id) } else { (Side::Agent, agent.id) };
            let (text, message) = self.message(ticket.id, author, at, words, random);
            let happened = ticket.reply(side, message, &text, 0, at);
            self.happened(ticket.id, author, at, &happened)?;
            replies.push('\n');
            replies.push_str(&text);
        }
        if ticket.status != fate.status {
            let at = pause(random);
            let moved = ticket.set_status(fate.status, at);
            self.happened(ticket.id, agent.id, at, moved.as_slice())?;
        }
        self.row(&ticket, &replies);
        Ok(ticket.id)
    }

    fn message(&mut self, ticket: TicketId, author: PersonId, at: Moment, words: &mut Words<'_>, random: &mut Random) -> (String, MessageId) {
        let (text, id) = ((words.draw)(Text::Message, random), self.message);
        self.messages.push([
            id.into(),
            ticket.0.into(),
            author.0.into(),
            false.into(),
            text.as_str().into(),
            (words.html)(&text).into(),
            at.0.into(),
        ]);
        self.message += 1;
        (text, MessageId(id))
    }

    fn happened(&mut self, ticket: TicketId, by: PersonId, at: Moment, happened: &[Happening]) -> Result<()> {
        for what in happened {
            let text = serde_json::to_string(what).map_err(|_| Error::Unreadable("happening"))?;
            self.events.push([self.event.into(), at.0.into(), ticket.0.into(), by.0.into(), what.is_public().into(), text.into()]);
            self.event += 1;
        }
        Ok(())
    }

    fn row(&mut self, t: &Ticket, replies: &str) {
        let (organisation, assignee) = (t.organisation.as_ref().map(|o| o.id.0), t.assignee.as_ref().map(|a| a.id.0));
        self.tickets.push([
            t.id.0.into(),
            t.subject.as_str().into(),
            t.status.code().into(),
            t.urgency.code().into(),
            t.department.id.0.into(),
            organisation.into(),
            t.requester.id.0.into(),
            assignee.into(),
            t.tags.join("\n").into(),
            t.opened_at.0.into(),
            t.updated_at.0.into(),
            t.settled_at.map(|at| at.0).into(),
            t.status.is_settled().into(),
            (t.messages as i32).into(),
            (t.files as i32).into(),
            t.last_word.code().into(),
            EventNo(self.event - 1).0.into(),
        ]);
        for person in &t.cc {
            self.cc.push([t.id.0.into(), person.id.0.into()]);
        }
        if self.search.columns.len() == 3 {
            let public = format!("{} {} {replies} {}", t.id, t.subject, search::people(t));
            self.search.push([t.id.0.into(), public.as_str().into(), public.as_str().into()]);
        } else {
            self.search.push([
                t.id.0.into(),
                format!("{} {}", t.id, t.subject).into(),
                replies.into(),
                "".into(),
                search::people(t).into(),
                search::access(t).into(),
            ]);
        }
        *self.tally.entry((t.department.id.0, t.status.code())).or_default() += 1;
    }

    /// Writes it; gives the last number of the log.
    async fn finish(mut self, change: &Change) -> Result<i64> {
        for rows in [&mut self.tickets, &mut self.cc, &mut self.messages, &mut self.search, &mut self.events] {
            rows.write(change).await?;
        }
        for ((department, status), n) in self.tally {
            let sql =
                "INSERT INTO tally (department_id, status, n) VALUES ($1, $2, $3) ON CONFLICT (department_id, status) DO UPDATE SET n = tally.n + $3";
            change.run(sql, [department.into(), status.into(), n.into()]).await?;
        }
        ids_used(change, "ticket", self.ticket - 1).await?;
        ids_used(change, "message", self.message - 1).await?;
        change.run("UPDATE log_head SET n = $1 WHERE id = 1", [(self.event - 1).into()]).await?;
        Ok(self.event - 1)
    }
}

/// Rows of one table, written many at a time.
struct Rows {
    table: &'static str,
    columns: &'static [&'static str],
    values: Vec<Value>,
}

impl Rows {
    fn new(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, values: vec![] }
    }

    fn push<const N: usize>(&mut self, row: [Value; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.values.extend(row);
    }

    async fn write(&mut self, change: &Change) -> Result<()> {
        let width = self.columns.len();
        let mut values = std::mem::take(&mut self.values).into_iter();
        loop {
            let chunk: Vec<Value> = values.by_ref().take(VALUES / width * width).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            let rows: Vec<String> = (0..chunk.len() / width).map(|row| self.places(change.is_postgres(), row * width)).collect();
            let sql = format!("INSERT INTO {} ({}) VALUES {}", self.table, self.columns.join(", "), rows.join(", "));
            let backend = if change.is_postgres() { DbBackend::Postgres } else { DbBackend::Sqlite };
            change.db().execute_raw(Statement::from_sql_and_values(backend, sql, chunk)).await?;
        }
    }

    /// The places of one row. SQLite looks named places up one by one, which with thousands of them is slow: there they have no names.
    fn places(&self, postgres: bool, from: usize) -> String {
        let place = |at: usize| match (postgres, self.columns[at]) {
            (false, _) => "?".to_owned(),
            (true, "public" | "staff") if self.table == "ticket_search" => format!("to_tsvector('simple', ${})", from + at + 1),
            (true, _) => format!("${}", from + at + 1),
        };
        format!("({})", (0..self.columns.len()).map(place).collect::<Vec<_>>().join(", "))
    }
}

async fn number(change: &Change, sql: impl Into<String>) -> Result<i64> {
    let row = change.db().query_one_raw(change.sql(sql, [])).await?;
    Row::new(row.as_ref().ok_or(Error::Unreadable("number"))?).next()
}

/// The id that the database would give next.
async fn next_id(change: &Change, table: &str) -> Result<i64> {
    let sql = if change.is_postgres() {
        format!("SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
    } else {
        format!("SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0) + 1")
    };
    number(change, sql).await
}

/// Lets the database go on after an id; SQLite sees by itself which were used.
async fn ids_used(change: &Change, table: &str, last: i64) -> Result<()> {
    if change.is_postgres() {
        number(change, format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")).await?;
    }
    Ok(())
}

/// Numbers that look random and are the same every time (splitmix64, Steele and others 2014).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins a row of numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// A number below another; 0 below 0.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.any()) * u128::from(end)) >> 64) as u64
    }

    /// One of a list that is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

/// Draws places of a list by Zipf's law: place k comes up in proportion to 1 / k^exponent.
#[derive(Debug, Clone)]
pub struct Zipf(Vec<f64>);

impl Zipf {
    /// The law for so many places.
    pub fn new(places: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        Self(
            (1..=places.max(1))
                .map(|k| {
                    sum += (k as f64).powf(-exponent);
                    sum
                })
                .collect(),
        )
    }

    /// A place, from 0.
    pub fn draw(&self, random: &mut Random) -> usize {
        let total = self.0.last().copied().unwrap_or(1.0);
        let at = (random.any() >> 11) as f64 / (1_u64 << 53) as f64 * total;
        self.0.partition_point(|sum| *sum <= at).min(self.0.len() - 1)
    }
}
