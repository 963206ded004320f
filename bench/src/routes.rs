//! What is asked of the server, by route and field: the only place that names them. They follow `app/src/*/api.rs` and `server/src/router.rs`.

/// How a browser asks for a page.
pub const HTML: &str = "text/html";
/// How a script asks for data.
pub const JSON: &str = "application/json";

/// Logging in, its fields, and the page that has the form.
pub const LOG_IN: &str = "/api/log_in";
#[allow(missing_docs)]
pub const EMAIL: &str = "email";
#[allow(missing_docs)]
pub const PASSWORD: &str = "password";
/// The page with the log-in form, which anyone may see.
pub const LOG_IN_PAGE: &str = "/log-in";

/// The pages that are measured.
pub const LIST: &str = "/list";
#[allow(missing_docs)]
pub const BOARD: &str = "/board";
#[allow(missing_docs)]
pub const HOME: &str = "/";

/// A ticket's page.
pub fn ticket_page(ticket: i64) -> String {
    format!("/tickets/{ticket}")
}

/// The ticket form; it is answered with the way to the ticket.
pub const OPEN: &str = "/api/open_ticket";

/// The fields of the ticket form.
pub fn open_fields<'a>(department: &'a str, subject: &'a str, submission: &'a str) -> [(&'static str, &'a str); 6] {
    let text = "Het scherm met de orders blijft leeg sinds vanochtend.\n\nDe voorraad klopt nog wel, de facturen niet meer.";
    [("urgency", "low"), ("department", department), ("subject", subject), ("description", text), ("link", ""), ("submission", submission)]
}

/// The ticket that an answer leads to.
pub fn ticket_of(location: &str) -> Option<i64> {
    location.split_once("/tickets/")?.1.split(['?', '#', '/']).next()?.parse().ok()
}

/// The board as data; it takes the filter's query.
pub const BOARD_DATA: &str = "/api/board_snapshot";
#[allow(missing_docs)]
pub const BOARD_FIELDS: [(&str, &str); 1] = [("query", "")];

/// A change of one ticket.
pub const CHANGE: &str = "/api/change_ticket";

/// The fields that move a ticket to a status.
pub fn status_fields<'a>(ticket: &'a str, status: &'a str) -> [(&'static str, &'a str); 3] {
    [("ticket", ticket), ("what", "status"), ("to", status)]
}

/// The event stream after an event.
pub fn live(after: i64) -> String {
    format!("/live?after={after}")
}

/// Where a file is sent to.
pub fn upload(name: &str) -> String {
    format!("/uploads?name={name}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_answer_leads_to_its_ticket() {
        assert_eq!(super::ticket_of("/tickets/1042?sent=x#latest"), Some(1042));
        assert_eq!(super::ticket_of("http://127.0.0.1:3000/tickets/7"), Some(7));
        assert_eq!(super::ticket_of("/tickets/new"), None);
    }
}
