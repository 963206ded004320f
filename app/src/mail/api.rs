//! What the screens about mail ask of the server.

use crate::Problem;
use domain::TicketId;
use leptos::prelude::*;

/// The ticket whose mails a link stops, and whether there is anything left to stop.
#[server(endpoint = "stop_facts")]
pub async fn stop_facts(token: String) -> Result<(TicketId, bool), Problem> {
    use crate::backend;
    use domain::Refusal;
    use domain::permissions::Action;
    let (desk, _) = backend::anyone(Action::StopMail)?;
    let found = desk::notifications::stoppable(&desk, &token).await.map_err(backend::report)?;
    found.ok_or_else(|| backend::report(Refusal::NotFound.into()))
}
