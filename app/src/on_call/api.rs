//! The server functions of rotas and alarms.

#![allow(missing_docs, reason = "the macro makes a struct with undocumented fields of each signature")]
#![allow(clippy::too_many_arguments, reason = "a form posts flat fields")]

use crate::Problem;
use domain::on_call::{Rota, Shift};
use domain::time::Zone;
use domain::{DepartmentId, Named, PersonId, TicketId};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The rota of one department.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct OnCall {
    pub departments: Vec<Named<DepartmentId>>,
    pub department: DepartmentId,
    pub zone: Zone,
    pub rota: Rota,
    pub hook: String,
    pub hook_secret: String,
    /// Whole weeks: the day since 1970-01-01, and who is on call from its hand-over on.
    pub days: Vec<(i64, Option<PersonId>)>,
    pub now: Option<PersonId>,
    pub today: i64,
    pub gaps: Vec<Shift>,
    pub staff: Vec<Named<PersonId>>,
    pub manages: bool,
    /// The key by which push services know this installation.
    pub push_key: String,
}

/// The rota of a department; of the first where none is named.
#[server(endpoint = "on_call_page")]
pub async fn on_call_page(#[server(default)] department: String) -> Result<OnCall, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    let department = if department.is_empty() { None } else { Some(backend::id(&department)?) };
    let shown = desk::on_call::shown(&desk, &me, department).await.map_err(backend::report)?;
    let desk::on_call::Shown { departments, department, zone, rota, hook, hook_secret, days, now, today, gaps, staff, manages } = shown;
    let push_key = desk::on_call::push_key(&desk).await.map_err(backend::report)?;
    Ok(OnCall { departments, department, zone, rota, hook, hook_secret, days, now, today, gaps, staff, manages, push_key })
}

/// Chooses the rota of a department; `turn` is `daily` or the number of the weekday on which weeks begin.
#[server(endpoint = "save_rota")]
pub async fn save_rota(
    department: String,
    #[server(default)] members: Vec<String>,
    #[server(default)] turn: String,
    #[server(default)] since: String,
    #[server(default)] handover: String,
    #[server(default)] wait: String,
    #[server(default)] hook: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::on_call::Turn;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ManageRotas)?;
    let members: Vec<PersonId> = members.iter().filter_map(|id| id.parse().ok()).collect();
    let turn = turn.parse().ok().filter(|day| *day < 7).map_or(Turn::Daily, Turn::Weekly);
    let id = backend::id(&department)?;
    desk::on_call::save_rota(&desk, &me, id, &members, turn, &since, &handover, &wait, &hook).await.map_err(backend::report)?;
    backend::go(&format!("/on-call?department={id}&kept=1"));
    Ok(())
}

/// Stands in on some days, or puts someone there.
#[server(endpoint = "add_swap")]
pub async fn add_swap(
    department: String,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] person: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    let id = backend::id(&department)?;
    // Where nobody is named it is oneself; `-` is nobody.
    let person = match person.as_str() {
        "" => Some(me.session().person().id),
        "-" => None,
        other => Some(backend::id(other)?),
    };
    desk::on_call::add_swap(&desk, &me, id, &from, &until, person).await.map_err(backend::report)?;
    backend::go(&format!("/on-call?department={id}&kept=1"));
    Ok(())
}

/// Says that one is away on some days, or someone else is.
#[server(endpoint = "add_away")]
pub async fn add_away(
    department: String,
    #[server(default)] from: String,
    #[server(default)] until: String,
    #[server(default)] person: String,
) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    let id = backend::id(&department)?;
    let person = if person.is_empty() { me.session().person().id } else { backend::id(&person)? };
    desk::on_call::add_away(&desk, &me, id, &from, &until, person).await.map_err(backend::report)?;
    backend::go(&format!("/on-call?department={id}&kept=1"));
    Ok(())
}

/// Takes a swap or an absence away.
#[server(endpoint = "remove_entry")]
pub async fn remove_entry(department: String, entry: String, at: u32, from: String) -> Result<(), Problem> {
    use crate::backend;
    use desk::on_call::Entry;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    let (id, entry) = (backend::id(&department)?, if entry == "away" { Entry::Away } else { Entry::Swap });
    desk::on_call::remove_entry(&desk, &me, id, entry, at as usize, &from).await.map_err(backend::report)?;
    backend::go(&format!("/on-call?department={id}&kept=1"));
    Ok(())
}

/// Makes a secret link to one's own calendar, which is shown once.
#[server(endpoint = "new_feed")]
pub async fn new_feed() -> Result<String, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    let path = desk::on_call::new_feed(&desk, &me).await.map_err(backend::report)?;
    backend::go("/on-call");
    Ok(format!("{}{path}", desk.mail().settings.base_url))
}

/// The ticket whose alarm a link of a mail takes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Taking {
    pub ticket: TicketId,
    pub subject: String,
}

/// What the link of a mail takes on; nothing changes by asking.
#[server(endpoint = "take_facts")]
pub async fn take_facts(token: String) -> Result<Taking, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ChangeTicket)?;
    let (ticket, subject) = desk::on_call::of_link(&desk, &me, &token).await.map_err(backend::report)?;
    Ok(Taking { ticket, subject })
}

/// Takes on what one was told of.
#[server(endpoint = "take_alarm")]
pub async fn take_alarm(ticket: TicketId) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::ChangeTicket)?;
    desk::on_call::acknowledge(&desk, &me, ticket).await.map_err(backend::report)?;
    backend::go(&format!("/tickets/{ticket}"));
    Ok(())
}

/// Tells this browser of alarms from now on; `subscription` is what it says of itself.
#[server(endpoint = "add_browser")]
pub async fn add_browser(subscription: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    desk::on_call::add_browser(&desk, &me, &subscription).await.map_err(backend::report)
}

/// Tells this browser no more.
#[server(endpoint = "remove_browser")]
pub async fn remove_browser(endpoint: String) -> Result<(), Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    desk::on_call::remove_browser(&desk, &me, &endpoint).await.map_err(backend::report)
}

/// Whether this browser is told.
#[server(endpoint = "browser_told")]
pub async fn browser_told(endpoint: String) -> Result<bool, Problem> {
    use crate::backend;
    use domain::permissions::Action;
    let (desk, me) = backend::agent(Action::SeeRotas)?;
    desk::on_call::is_told(&desk, &me, &endpoint).await.map_err(backend::report)
}
