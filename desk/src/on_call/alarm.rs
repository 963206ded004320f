//! Alarms: when one begins and ends, and whom each step tells.

use super::rota::able;
use super::web_push;
use crate::accounts::Agent;
use crate::mail::reply_address;
use crate::tickets::TicketChange;
use crate::workers::{self, Rest, Worker};
use crate::{Desk, Result, hours};
use domain::accounts::Scope;
use domain::events::Happening;
use domain::hours::Office;
use domain::on_call::{Rota, Step};
use domain::tickets::Side;
use domain::{Refusal, TicketId};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use store::notifications::{Told, cursor, position, set_cursor};
use store::on_call::{self, Alarm, Signal};

/// The name under which the log is read.
pub(crate) const READER: &str = "on_call";
/// Events read at once.
const BATCH: u64 = 100;
/// How often it looks whether someone else is to be told.
const EVERY: Duration = Duration::from_secs(1);
/// Longer than this nothing is waited for: an answer that takes so long never comes.
const LIMIT: Duration = Duration::from_secs(10);

/// Reads the log as it grows and takes the steps that are due.
pub fn worker() -> Worker {
    let step = |desk: Desk| async move {
        while advance(&desk).await? > 0 {
            workers::beat();
        }
        tick(&desk).await?;
        Ok(Rest::Usual)
    };
    Worker::every("on_call", EVERY, LIMIT, step).woken_by_log()
}

/// What something that happened means for an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Begin,
    /// It is for others now.
    Restart,
    End,
}

/// Whether this is a reason to wake someone, or to let them sleep. Whoever has the ticket and did it themselves is awake.
fn turn(told: &Told, was_closed: bool) -> Option<Turn> {
    let assignee = told.around.assignee;
    let is_awake = assignee.is_some() && told.event.by.as_ref().map(|by| by.id) == assignee;
    let wakes = was_closed && told.around_the_clock && !is_awake;
    match &told.event.what {
        Happening::Opened { .. } | Happening::UrgencyChanged { .. } if wakes => Some(Turn::Begin),
        Happening::DepartmentChanged { .. } if wakes => Some(Turn::Restart),
        // It is not solved after all.
        Happening::StatusChanged { from, to } if from.is_settled() && to.runs() => wakes.then_some(Turn::Begin),
        Happening::Opened { .. } | Happening::UrgencyChanged { .. } | Happening::DepartmentChanged { .. } => {
            (!told.around_the_clock).then_some(Turn::End)
        }
        Happening::Assigned { to: Some(_), .. } | Happening::Acknowledged | Happening::Replied { side: Side::Agent, .. } => Some(Turn::End),
        Happening::StatusChanged { to, .. } if !to.runs() => Some(Turn::End),
        Happening::StatusChanged { .. } | Happening::Replied { .. } | Happening::Noted { .. } | Happening::Assigned { .. } => None,
        Happening::CcAdded { .. } | Happening::CcRemoved { .. } | Happening::Tagged { .. } | Happening::Untagged { .. } => None,
        Happening::Continued { .. } | Happening::TargetNear { .. } | Happening::TargetMissed { .. } | Happening::Alarmed { .. } => None,
    }
}

/// Reads the next events, and begins and ends alarms; gives how many events were read.
pub async fn advance(desk: &Desk) -> Result<usize> {
    let from = position(desk.store(), READER).await?;
    let batch = store::notifications::after(desk.store(), from, BATCH).await?;
    let Some(last) = batch.upto else { return Ok(0) };
    let book = hours::book(desk).await?;
    let is_closed = |department, at| !matches!(book.office(department, at), Office::Open(_));
    // In one order, so that two that change the same tickets at once do not wait for each other.
    let mut turns: BTreeMap<TicketId, Vec<Turn>> = BTreeMap::new();
    for one in &batch.events {
        let turn = turn(one, is_closed(one.department, one.event.at));
        // Where the office has opened since, they see it on the board.
        let is_over = turn == Some(Turn::Begin) && !is_closed(one.department, desk.now());
        turns.entry(one.event.ticket).or_default().extend(turn.filter(|_| !is_over));
    }
    let change = desk.store().begin().await?;
    if cursor(&change, READER).await? != from {
        // Another node was here first.
        return Ok(batch.len());
    }
    for (ticket, turns) in turns {
        for turn in turns {
            if turn != Turn::Begin {
                on_call::end(&change, ticket).await?;
            }
            if turn != Turn::End {
                on_call::begin(&change, ticket, desk.now()).await?;
            }
        }
    }
    set_cursor(&change, READER, last).await?;
    change.commit().await?;
    Ok(batch.len())
}

/// Takes the steps that are due; gives how many. One that fails holds up no other.
pub async fn tick(desk: &Desk) -> Result<usize> {
    let mut taken = 0;
    for ticket in on_call::due(desk.store(), desk.now(), BATCH).await? {
        workers::beat();
        match step(desk, ticket).await {
            Ok(is_taken) => taken += usize::from(is_taken),
            Err(error) => tracing::error!(%error, %ticket, "the next step of an alarm could not be taken; trying again"),
        }
    }
    Ok(taken)
}

/// The next step of an alarm; whether there was one.
async fn step(desk: &Desk, id: TicketId) -> Result<bool> {
    let now = desk.now();
    let mut tickets = TicketChange::begin(desk, None).await?;
    let found = tickets.find(&Scope::system(), id).await?;
    let change = tickets.change();
    // Another node was here first, or someone took it a moment ago.
    let Some(alarm) = on_call::locked(change, id).await?.filter(|alarm| alarm.next_at.is_some_and(|at| at <= now)) else { return Ok(false) };
    let Some(locked) = found.filter(|found| found.ticket.status.runs() && found.ticket.around_the_clock) else {
        on_call::end(change, id).await?;
        tickets.commit().await?;
        return Ok(false);
    };
    let ticket = &locked.ticket;
    let (book, department) = (hours::within(desk, change).await?, ticket.department.id);
    let of = on_call::rotas(change).await?.into_iter().find(|of| of.department == department);
    let rota = match &of {
        Some(of) => able(change, of).await?,
        None => Rota::default(),
    };
    let zone = book.hours(department).wall(now);
    let is_closed = !matches!(book.office(department, now), Office::Open(_));
    let Some((step, people)) = rota.step(alarm.steps, &alarm.people, rota.day(now, &zone)).filter(|_| is_closed) else {
        on_call::save_alarm(change, &Alarm { next_at: None, ..alarm }).await?;
        // What still waits to be sent would wake someone for what the office sees by now.
        if !is_closed {
            on_call::end(change, id).await?;
        }
        tickets.commit().await?;
        return Ok(false);
    };
    let mut to = on_call::active(change, department, &people).await?;
    if to.is_empty() {
        to = on_call::active(change, department, &on_call::everyone(change, department).await?).await?;
    }
    let told = alarm.people.iter().copied().chain(to.iter().map(|person| person.id)).collect();
    on_call::save_alarm(change, &Alarm { steps: alarm.steps + 1, people: told, next_at: Some(now + patience(&rota, step)), ..alarm }).await?;
    if let Some(of) = of.filter(|of| !of.hook.is_empty()) {
        let body = json!({
            "ticket": ticket.id, "subject": ticket.subject, "urgency": ticket.urgency.word(), "department": ticket.department.name,
            "organisation": ticket.organisation.as_ref().map(|o| &o.name), "step": step, "told": to.iter().map(|person| &person.name).collect::<Vec<_>>(),
            "link": format!("{}/tickets/{id}", desk.mail().settings.base_url), "at": crate::zones::written(now),
        });
        on_call::add_signal(change, &Signal { id: 0, ticket: id, department: of.department, browser: None, body: body.to_string(), tries: 0 }, now)
            .await?;
    }
    for person in &to {
        for browser in store::push_subscriptions::of(change, person.id, now).await? {
            let body = web_push::body(desk, &browser, ticket);
            on_call::add_signal(change, &Signal { id: 0, ticket: id, department, browser: Some(browser.id), body, tries: 0 }, now).await?;
        }
    }
    tickets.save(locked, vec![Happening::Alarmed { step, to }]).await?;
    tickets.commit().await?;
    Ok(true)
}

fn patience(rota: &Rota, step: Step) -> domain::time::Span {
    match step {
        Step::OnCall | Step::Next => rota.patience(),
        // All have been told: they are told again, but not so soon.
        Step::All => domain::time::Span(rota.patience().0 * 2),
    }
}

/// The alarm of a ticket that someone was shown, where one runs.
pub async fn running(desk: &Desk, _by: &Agent, ticket: TicketId) -> Result<Option<Alarm>> {
    Ok(on_call::running(desk.store(), ticket).await?)
}

/// The ticket of a link in a mail about an alarm, where it was sent to who asks. Programs that look at the links of a mail have no session, and other sites do not know it.
pub async fn of_link(desk: &Desk, by: &Agent, token: &str) -> Result<(TicketId, String)> {
    let secret = crate::mail::secret(desk).await?;
    let read = reply_address::read_token(secret, reply_address::Purpose::Take, token);
    let id = read.filter(|(_, person)| *person == by.session().person().id).map(|(ticket, _)| ticket).ok_or(Refusal::NotFound)?;
    let (ticket, _) = store::tickets::find(desk.store(), &by.session().scope(), id).await?.ok_or(Refusal::NotFound)?;
    Ok((id, ticket.subject))
}

/// Ends the alarm of a ticket: who asks has seen it and takes it on; where nobody handles it yet, they do from now on. Of two who do so at once, the first has it.
pub async fn acknowledge(desk: &Desk, by: &Agent, id: TicketId) -> Result<()> {
    let me = by.session().named();
    let mut change = TicketChange::begin(desk, Some(me.id)).await?;
    let mut locked = change.lock(&by.session().scope(), id).await?;
    let mut happened = vec![];
    if on_call::end(change.change(), id).await? {
        happened.push(Happening::Acknowledged);
    }
    if locked.ticket.assignee.is_none() && locked.ticket.status.runs() {
        happened.extend(locked.ticket.assign(Some(me), desk.now()));
    }
    change.save(locked, happened).await?;
    change.commit().await
}
