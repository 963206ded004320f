//! The calendar of an agent, for other programs: an iCalendar file behind a secret link.

use super::rota::able;
use crate::accounts::{Agent, hex, random_hex};
use crate::{Desk, Result, hours};
use domain::permissions::Action;
use domain::time::Moment;
use icalendar::{Calendar, Component, Event, EventLike};
use sha2::{Digest, Sha256};
use store::on_call;

/// Days of the calendar: a month back, half a year ahead.
const BACK: i64 = 31;
const AHEAD: i64 = 183;

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Gives who asks another secret link; the one before is worth nothing. Gives its path.
pub async fn new_feed(desk: &Desk, by: &Agent) -> Result<String> {
    by.session().require(Action::SeeRotas)?;
    let secret = random_hex()?;
    let change = desk.store().begin().await?;
    on_call::set_feed(&change, by.session().person().id, &hash(&secret)).await?;
    change.commit().await?;
    Ok(format!("/on-call/{secret}/calendar.ics"))
}

/// When the owner of a secret link is on call, as an iCalendar file (RFC 5545); `None` where it is no link of ours, or of someone who may no longer log in.
pub async fn calendar(desk: &Desk, secret: &str) -> Result<Option<String>> {
    if secret.len() != 64 {
        return Ok(None);
    }
    let Some(person) = on_call::of_feed(desk.store(), &hash(secret)).await? else { return Ok(None) };
    let (book, now) = (hours::book(desk).await?, desk.now());
    let departments = store::departments::all(desk.store()).await?;
    let mut calendar = Calendar::new();
    calendar.name("Balie");
    for of in on_call::rotas(desk.store()).await? {
        let hours = book.hours(of.department);
        let zone = crate::zones::between(&hours.zone, now - domain::time::Span::days(BACK + 9), now + domain::time::Span::days(AHEAD + 9));
        let rota = able(desk.store(), &of).await?;
        let today = rota.day(now, &zone);
        let name = departments.iter().find(|d| d.named.id == of.department).map_or("", |d| d.named.name.as_str());
        for shift in rota.shifts(today - BACK, today + AHEAD, &zone).into_iter().filter(|shift| shift.person == Some(person)) {
            let (Some(from), Some(until)) = (utc(shift.from), utc(shift.until)) else { continue };
            let event = Event::new()
                .uid(&format!("{}-{}@balie", of.department, shift.from.0))
                .summary(&format!("Balie: {name}"))
                .starts(from)
                .ends(until)
                .done();
            calendar.push(event);
        }
    }
    Ok(Some(calendar.to_string()))
}

fn utc(at: Moment) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::from_timestamp_millis(at.0)
}
