//! The addresses in the settings: each fault is a sentence that says what to write.

use url::Url;

/// The address people use, as its origin: links are made by putting a path behind it, and passkeys and cookies belong to its host.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let url = web(text)?;
    if url.path() != "/" {
        return Err(format!("leave out the path {}: Balie answers at the root of its host alone, so give it a host of its own", url.path()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("leave out what begins with ? or #: write only scheme, host and port, such as https://help.example.com".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

/// The issuer of a provider: it is compared letter by letter with what the provider says of itself, so it is kept as it was written.
pub(super) fn issuer(text: &str) -> Result<(), String> {
    let url = web(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("leave out what begins with ? or #: an issuer has neither".to_owned());
    }
    Ok(())
}

fn web(text: &str) -> Result<Url, String> {
    const BEGIN: &str = "begin with http:// or https://";
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("there is a blank in it: write one address, such as https://help.example.com".to_owned());
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => BEGIN.to_owned(),
        other => format!("it is no address: {other}"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BEGIN.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("leave out the user and the password before the @".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port_and_nothing_more() {
        for (written, read) in [
            ("https://help.example", "https://help.example"),
            ("https://help.example/", "https://help.example"),
            ("HTTPS://Help.Example:443/", "https://help.example"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("http://[::1]:3000", "http://[::1]:3000"),
            ("https://hülfe.example", "https://xn--hlfe-0ra.example"),
        ] {
            assert_eq!(base_url(written).as_deref(), Ok(read), "{written}");
        }
        for (written, said) in [
            ("help", "begin with http"),
            ("help.example:443", "begin with http"),
            ("ftp://help.example", "begin with http"),
            ("https://sera.example/balie", "path /balie"),
            ("https://sera.example/balie/", "path /balie/"),
            ("https://sera.example//", "path //"),
            ("https://sera.example?x=1", "? or #"),
            ("https://sera.example/?", "? or #"),
            ("https://sera.example/#top", "? or #"),
            ("https://sera.example https://help.example", "a blank"),
            ("https://help. example", "a blank"),
            ("https://help.example\u{a0}", "a blank"),
            ("https://help\t.example", "a blank"),
            ("https://", "no address"),
            ("https://help.example:99999", "no address"),
            ("https://admin:secret@help.example", "the user and the password"),
        ] {
            let refused = base_url(written).expect_err(written);
            assert!(refused.contains(said), "{written}: {refused}");
        }
        assert_eq!(issuer("https://login.microsoftonline.com/0b9c1d9e/v2.0"), Ok(()));
        for wrong in ["login.example", "https://login.example/?tenant=x", "https://login.example /"] {
            assert!(issuer(wrong).is_err(), "{wrong}");
        }
    }
}
