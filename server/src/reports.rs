//! The numbers of a report as a file.

use crate::files::{allowed, confine, refused};
use crate::router::AppState;
use app::backend::Asking;
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use desk::reports::Table;
use domain::Refusal;
use domain::permissions::Action;

/// `GET /reports/export?table=…`: one table of the report that the page would show, as CSV; for staff, the one of agents for who may compare them.
pub async fn export(State(state): State<AppState>, Extension(asking): Extension<Asking>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let read = async {
        let agent = allowed(&asking, Action::ReadReports)?.agent()?;
        let word = query.split('&').find_map(|pair| pair.strip_prefix("table=")).unwrap_or_default();
        let table = Table::from_word(word).ok_or(Refusal::NotFound)?;
        let asked = desk::reports::asked(&state.desk, &query).await?;
        Ok::<_, desk::Error>((table, desk::reports::export(&state.desk, &agent, &asked, table, asking.reads()).await?))
    };
    match read.await {
        Err(error) => refused(&error, &asking),
        Ok((table, csv)) => {
            let mut response = csv.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{}.csv\"", table.word())) {
                headers.insert(header::CONTENT_DISPOSITION, name);
            }
            confine(headers);
            response
        }
    }
}
