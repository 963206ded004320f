//! Files from spreadsheets, and for them, as a browser without script sends and gets them.

use crate::support::{Server, get, post};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;

/// Uploads a file to be imported, and gives where it is looked at.
async fn upload(server: &Server, cookie: &str, text: &str) -> String {
    let body =
        format!("--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"mensen.csv\"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n--X--\r\n");
    let request = Request::post("/api/upload_import")
        .header(header::COOKIE, cookie)
        .header(header::HOST, "help.example")
        .header("sec-fetch-site", "same-origin")
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=X")
        .body(Body::from(body))
        .unwrap();
    let answer = server.answer(request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location().to_owned()
}

/// What each select of a page has chosen.
fn chosen(page: &str) -> Vec<String> {
    let selects = page.split("<select").skip(1).map(|rest| rest.split("</select>").next().unwrap_or_default());
    let option = |select: &str| {
        let options = select.split("<option").skip(1).find(|option| option.split('>').next().is_some_and(|tag| tag.contains(" selected")))?;
        Some(options.split("value=\"").nth(1)?.split('"').next()?.to_owned())
    };
    selects.map(|select| option(select).unwrap_or_default()).collect()
}

#[tokio::test]
async fn the_columns_of_an_import_are_told_and_can_be_chosen_without_script() {
    let server = Server::start(&[]).await;
    let admin = server.log_in("hanneke").await;
    let at = upload(&server, &admin, "Wie;Adres;Bedrijf\r\nPia;pia@import.example;Import BV").await;
    let page = server.answer(get(&at, &admin)).await.text;
    assert_eq!(chosen(&page), ["", "", "organisation"]);
    assert!(page.contains("Er ontbreken kolommen") && page.contains("pia@import.example"), "with an example: {page}");
    assert!(!page.contains("/api/begin_import"));

    let at = format!("{at}&column=name&column=email&column=organisation");
    let page = server.answer(get(&at, &admin)).await.text;
    assert_eq!(chosen(&page), ["name", "email", "organisation"]);
    assert!(page.contains("/api/begin_import") && page.contains("Import BV"), "{page}");
    // What was looked at is what is imported.
    let hidden: Vec<&str> = page.split("name=\"columns[]\" value=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(hidden, ["name", "email", "organisation"]);
    let file = at.split("file=").nth(1).unwrap().split('&').next().unwrap();
    let form = format!("file={file}&columns%5B%5D=name&columns%5B%5D=email&columns%5B%5D=organisation");
    let begun = server.answer(post("/api/begin_import", &admin, &form)).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    let mut tries = 0;
    while !server.answer(get("/people?typed=PIA", &admin)).await.text.contains("pia@import.example") {
        tries += 1;
        assert!(tries < 500, "she is not there");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn exports_open_in_the_spreadsheet_of_their_reader() {
    let server = Server::start(&[]).await;
    let admin = server.log_in("hanneke").await;
    for (path, dutch, english) in [
        ("/reports/export?table=days", "day;opened;resolved;open_at_end\r\n", "day,opened,resolved,open_at_end\r\n"),
        ("/audit/export", "when;who;what;about;before;after;address\r\n", "when,who,what,about,before,after,address\r\n"),
    ] {
        for (language, headings) in [("nl", dutch), ("en-GB", english)] {
            let mut request = get(path, &admin);
            request.headers_mut().insert(header::ACCEPT_LANGUAGE, language.parse().unwrap());
            let bytes = server.ask(request).await.into_body().collect().await.unwrap().to_bytes();
            let expected = [b"\xef\xbb\xbf", headings.as_bytes()].concat();
            assert!(bytes.starts_with(&expected), "{path} {language}: {}", String::from_utf8_lossy(&bytes));
        }
    }
}
