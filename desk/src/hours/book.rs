//! The hours of every department and all targets, as they are at a moment, ready to reckon with.

use crate::{Desk, Result, zones};
use domain::hours::{Calendar, Goal, Office, Offices, Promise, Targets, Timetable};
use domain::reports::{By, Fact};
use domain::tickets::{Clock, Due, Tick, Ticket, Urgency};
use domain::time::{Moment, Span, Zone};
use domain::{DepartmentId, OrganisationId};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use store::Change;
use store::hours::Plan;

/// How far ahead it is known when departments are open: the longest target, many times over.
const DAYS_AHEAD: i64 = 11 * 366;
/// How far back at most: nothing that runs is older.
const DAYS_BACK: i64 = 30 * 366;
/// How long a book is used before it is written anew.
const FRESH: Span = Span::days(30);

/// When one department is open.
#[derive(Debug, Clone)]
pub struct Hours {
    /// The name of its time zone.
    pub zone: String,
    /// Its week, holidays and dates that differ.
    pub calendar: Calendar,
    /// When it is open, as moments.
    pub timetable: Timetable,
    /// How many minutes a working day is.
    day: i64,
}

impl Hours {
    fn new(zone: &str, calendar: Calendar, from: Moment, until: Moment) -> Self {
        let days = |at: Moment| at.0.div_euclid(86_400_000);
        let timetable = Timetable::new(&calendar, &zones::between(zone, from, until), days(from), days(until));
        Self { zone: zone.to_owned(), day: calendar.week.working_day(), calendar, timetable }
    }

    /// What its clock on the wall shows around a moment.
    pub fn wall(&self, now: Moment) -> Zone {
        zones::around(&self.zone, now)
    }
}

/// The hours of every department and all targets.
#[derive(Debug)]
pub struct Book {
    pub(crate) generation: i64,
    written_at: Moment,
    from: Moment,
    own: HashMap<DepartmentId, Hours>,
    usual: Hours,
    departments: Vec<DepartmentId>,
    targets: Targets,
}

impl Book {
    fn of(plan: Plan, now: Moment) -> Self {
        let oldest = plan.oldest.unwrap_or(now).min(now - Span::days(400));
        let from = Moment((oldest - Span::days(1)).0.max((now - Span::days(DAYS_BACK)).0));
        let until = now + Span::days(DAYS_AHEAD);
        let own = plan.offices.into_iter().map(|office| (office.department, Hours::new(&office.zone, office.calendar, from, until))).collect();
        let usual = Hours::new(zones::DEFAULT, Calendar::default(), from, until);
        Self { generation: plan.generation, written_at: now, from, own, usual, departments: plan.departments, targets: Targets::new(plan.rules) }
    }

    fn serves(&self, now: Moment) -> bool {
        (self.from + Span::days(370)..self.written_at + FRESH).contains(&now)
    }

    /// The hours of a department: its own, or the usual ones.
    pub fn hours(&self, department: DepartmentId) -> &Hours {
        self.own.get(&department).unwrap_or(&self.usual)
    }

    /// The opening times around a moment, for a screen.
    pub fn offices(&self, now: Moment) -> Offices {
        let around = |hours: &Hours| hours.timetable.between_moments(now - Span::days(7), now + Span::days(62));
        Offices { usual: around(&self.usual), own: self.own.iter().map(|(department, hours)| (*department, around(hours))).collect() }
    }

    /// All targets.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// How the office of a department stands.
    pub fn office(&self, department: DepartmentId, now: Moment) -> Office {
        self.hours(department).timetable.office(now)
    }

    /// How the offices of all departments stand together.
    pub fn office_of_all(&self, now: Moment) -> Office {
        Office::together(self.departments.iter().map(|department| self.office(*department, now)))
    }

    /// The departments whose office is open, and those whose office is not.
    pub fn by_office(&self, now: Moment) -> (Vec<DepartmentId>, Vec<DepartmentId>) {
        self.departments.iter().copied().partition(|department| matches!(self.office(*department, now), Office::Open(_)))
    }

    /// The place whose clock a reader goes by, where that of an office shows another time in the weeks to come.
    pub fn elsewhere(&self, zone: &str, now: Moment) -> Option<String> {
        let departments = self.departments.iter().map(|department| self.hours(*department).zone.as_str());
        departments.into_iter().any(|office| !zones::is_same_clock(office, zone, now)).then(|| i18n::when::place(zones::known(zone)))
    }

    /// Reckons what is due on a ticket; gives when something is to be told of it.
    pub fn reckon(&self, ticket: &mut Ticket) -> Option<Tick> {
        let hours = self.hours(ticket.department.id);
        let target = self.targets.of(ticket.urgency, ticket.department.id, ticket.organisation.as_ref().map(|o| o.id));
        ticket.reckon(&target, &hours.timetable, hours.day)
    }

    /// What a ticket counts for in reports, by the hours and targets of now.
    pub fn fact(&self, now: domain::reports::Now, log: &[domain::events::Event]) -> Fact {
        let hours = self.hours(now.department);
        let target = self.targets.of(now.urgency, now.department, now.organisation);
        Fact::of(now, log, By { target: &target, timetable: &hours.timetable, working_day: hours.day })
    }

    /// What is promised for a ticket that is opened now.
    pub fn promise(&self, urgency: Urgency, department: DepartmentId, organisation: Option<OrganisationId>, now: Moment) -> Promise {
        let clock = Clock { asked_at: Some(now), ..Clock::default() };
        let (hours, target) = (self.hours(department), self.targets.of(urgency, department, organisation));
        let due = clock.reckon(now, &target, &hours.timetable, hours.day).due;
        self.promise_of(department, due.as_ref(), target.around_the_clock, now)
    }

    /// What is promised for a ticket that is there.
    pub fn promised(&self, ticket: &Ticket, now: Moment) -> Promise {
        self.promise_of(ticket.department.id, ticket.due.as_ref(), ticket.around_the_clock, now)
    }

    fn promise_of(&self, department: DepartmentId, due: Option<&Due>, around_the_clock: bool, now: Moment) -> Promise {
        let reply_by = due.filter(|due| due.goal != Goal::Solution).and_then(|due| due.at);
        Promise { around_the_clock, office: self.office(department, now), reply_by }
    }

    /// What is due by a clock: what, when something is to be told, and whether it is counted around the clock.
    pub(crate) fn reckon_running(&self, running: &store::hours::Running) -> (Option<Due>, Option<Tick>, bool) {
        let hours = self.hours(running.department);
        let target = self.targets.of(running.urgency, running.department, running.organisation);
        let reckoning = running.clock.reckon(running.opened_at, &target, &hours.timetable, hours.day);
        (reckoning.due, reckoning.next, target.around_the_clock)
    }
}

/// The last book that was read.
#[derive(Debug, Default)]
pub struct Shelf(RwLock<Option<Arc<Book>>>);

impl Shelf {
    fn get(&self) -> Option<Arc<Book>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn at(&self, generation: i64, now: Moment) -> Option<Arc<Book>> {
        self.get().filter(|book| book.generation == generation && book.serves(now))
    }

    fn put(&self, plan: Plan, now: Moment) -> Arc<Book> {
        let book = Arc::new(Book::of(plan, now));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(book.clone());
        book
    }
}

/// The book by which a change of tickets is to be reckoned; it holds until the change ends.
pub(crate) async fn within(desk: &Desk, change: &Change) -> Result<Arc<Book>> {
    match desk.books().at(store::hours::generation(change).await?, desk.now()) {
        Some(book) => Ok(book),
        None => Ok(desk.books().put(store::hours::plan_in(change).await?, desk.now())),
    }
}

/// The book as this node last saw it, for a screen.
pub async fn book(desk: &Desk) -> Result<Arc<Book>> {
    if let Some(book) = desk.books().get().filter(|book| book.serves(desk.now())) {
        return Ok(book);
    }
    refresh(desk).await
}

/// The book as it is now.
pub(crate) async fn refresh(desk: &Desk) -> Result<Arc<Book>> {
    match desk.books().at(store::hours::reckoned(desk.store()).await?.generation, desk.now()) {
        Some(book) => Ok(book),
        None => Ok(desk.books().put(store::hours::plan(desk.store()).await?, desk.now())),
    }
}
