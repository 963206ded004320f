//! Files of the build: the scripts, the style sheet, fonts and icons. A release has them in the executable; a folder can take their place.
//!
//! Invariant: a folder is read once, when the program starts. However many ask for its files, and however slowly they read, none is held open.

use crate::router::AppState;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path as Route, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use leptos::config::LeptosOptions;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The ways in which a file may be kept compressed beside itself, the best first: what comes after its name, and what it is called in a header.
const CODINGS: [(&str, &str); 2] = [("br", "br"), ("gz", "gzip")];

/// For how long a file is kept where it is used.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
const ASKED_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// The files in the executable, by their path in the site's folder.
pub type Embedded = &'static [(&'static str, &'static [u8])];

/// Where the files of the build are.
#[derive(Debug, Clone)]
pub enum Site {
    /// In the executable.
    Embedded(Embedded),
    /// In a folder.
    Folder(PathBuf),
}

impl Site {
    /// The hash in the names of the programs and the style sheet of this build; `None` where they are not there.
    pub fn hash(&self, package: &str) -> Option<String> {
        let of_style = |name: &str| Some(name.strip_prefix("balie.")?.strip_suffix(".css")?.to_owned());
        match self {
            Self::Embedded(files) => files.iter().find_map(|(path, _)| of_style(path.strip_prefix(package)?.strip_prefix('/')?)),
            Self::Folder(root) => std::fs::read_dir(root.join(package)).ok()?.flatten().find_map(|entry| of_style(entry.file_name().to_str()?)),
        }
    }

    /// The files at these places.
    fn read(&self, within: &[&str]) -> Assets {
        match self {
            Self::Embedded(files) => Assets::embedded(files),
            Self::Folder(root) => Assets::read(root, within),
        }
    }
}

/// A file, in memory.
#[derive(Debug)]
struct Asset {
    plain: Bytes,
    /// The same compressed, in the order of [`CODINGS`].
    compressed: [Option<Bytes>; CODINGS.len()],
    media_type: HeaderValue,
    tag: HeaderValue,
}

/// The files, by their path in the site's folder.
#[derive(Debug, Clone, Default)]
struct Assets(Arc<HashMap<String, Asset>>);

impl Assets {
    /// Reads a folder with all that is in it, or a file; what is not there is not in it.
    fn read(root: &Path, within: &[&str]) -> Self {
        let mut found = HashMap::new();
        for part in within {
            if let Err(error) = gather(root, &root.join(part), &mut found)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::error!(%error, part, "a file of the build could not be read");
            }
        }
        Self(Arc::new(found))
    }

    /// Files that are in the executable: nothing of them is copied.
    fn embedded(files: Embedded) -> Self {
        let bytes = |wanted: &str| files.iter().find(|(path, _)| *path == wanted).map(|(_, bytes)| Bytes::from_static(bytes));
        let mut found = HashMap::new();
        for (path, plain) in files.iter().filter(|(path, _)| !is_compressed(Path::new(path))) {
            let compressed = CODINGS.map(|(ending, _)| bytes(&format!("{path}.{ending}")));
            match Asset::new(Path::new(path), Bytes::from_static(plain), compressed) {
                Ok(asset) => drop(found.insert((*path).to_owned(), asset)),
                Err(error) => tracing::error!(%error, path, "a file of the build could not be read"),
            }
        }
        Self(Arc::new(found))
    }

    /// The answer to who asks for a file.
    fn answer(&self, path: &str, method: &Method, asked: &HeaderMap) -> Response {
        let Some(asset) = self.0.get(path) else { return StatusCode::NOT_FOUND.into_response() };
        let text = |name| asked.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut response = if text(header::IF_NONE_MATCH).split(',').any(|tag| tag.trim().trim_start_matches("W/") == asset.tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let (body, coding) = asset.best(text(header::ACCEPT_ENCODING));
            let length = HeaderValue::from(body.len());
            let mut response = Response::new(if *method == Method::HEAD { Body::empty() } else { Body::from(body.clone()) });
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, asset.media_type.clone());
            headers.insert(header::CONTENT_LENGTH, length);
            if let Some(coding) = coding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            }
            response
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, asset.tag.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

impl Asset {
    fn read(path: &Path) -> io::Result<Self> {
        let plain = Bytes::from(std::fs::read(path)?);
        let mut compressed = [const { None }; CODINGS.len()];
        for (kept, (ending, _)) in compressed.iter_mut().zip(CODINGS) {
            let mut beside = path.as_os_str().to_owned();
            beside.push(format!(".{ending}"));
            *kept = std::fs::read(PathBuf::from(beside)).ok().map(Bytes::from);
        }
        Self::new(path, plain, compressed)
    }

    fn new(path: &Path, plain: Bytes, compressed: [Option<Bytes>; CODINGS.len()]) -> io::Result<Self> {
        let digest: String = Sha256::digest(&plain).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let media_type = mime_guess::from_path(path).first_or_octet_stream();
        Ok(Self {
            plain,
            compressed,
            media_type: HeaderValue::from_str(media_type.as_ref()).map_err(io::Error::other)?,
            tag: HeaderValue::from_str(&format!("\"{digest}\"")).map_err(io::Error::other)?,
        })
    }

    /// The smallest that who asks can read, and how it is compressed.
    fn best(&self, accepted: &str) -> (&Bytes, Option<&'static str>) {
        let takes = |coding: &str| {
            accepted.split(',').any(|one| {
                let mut parts = one.split(';').map(str::trim);
                parts.next() == Some(coding) && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
            })
        };
        let kept = self.compressed.iter().zip(CODINGS).find_map(|(bytes, (_, coding))| Some((bytes.as_ref()?, coding)).filter(|_| takes(coding)));
        kept.map_or((&self.plain, None), |(bytes, coding)| (bytes, Some(coding)))
    }
}

/// Whether it is there as another way to read the file beside it.
fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| CODINGS.iter().any(|(coding, _)| ending == *coding))
}

/// Reads what is at a path, by names without the site's folder.
fn gather(root: &Path, path: &Path, found: &mut HashMap<String, Asset>) -> io::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            gather(root, &entry?.path(), found)?;
        }
        return Ok(());
    }
    if !is_compressed(path)
        && let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str)
    {
        found.insert(name.to_owned(), Asset::read(path)?);
    }
    Ok(())
}

/// The routes of these files.
pub fn routes(options: &LeptosOptions, site: &Site) -> Router<AppState> {
    let (site, package) = (site.clone(), options.site_pkg_dir.to_string());
    // While one works on them they change under the same program.
    let is_watched = std::env::var_os("LEPTOS_WATCH").is_some();
    let parts = [package.clone(), "fonts".into(), "icons.svg".into(), "favicon.svg".into(), "robots.txt".into(), "push.js".into()];
    let read = move || site.read(&parts.each_ref().map(String::as_str));
    let assets = if is_watched { None } else { Some(read()) };
    let serve = move |path: &str, kept: HeaderValue, request: &Request| {
        let assets = assets.clone().unwrap_or_else(&read);
        kept_for(kept, assets.answer(path, request.method(), request.headers()))
    };
    let one = |path: &'static str, kept: HeaderValue| {
        let serve = serve.clone();
        get(async move |request: Request| serve(path, kept, &request))
    };
    let all = |folder: String| {
        let serve = serve.clone();
        get(async move |Route(rest): Route<String>, request: Request| serve(&format!("{folder}/{rest}"), FOR_EVER, &request))
    };
    let worker = {
        let serve = serve.clone();
        // It asks the server for what its owner may; a browser looks for a newer one each time.
        get(async move |State(_): State<AppState>, request: Request| {
            let mut response = serve("push.js", ASKED_EACH_TIME, &request);
            let policy = HeaderValue::from_static("default-src 'none'; connect-src 'self'; img-src 'self'");
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            response
        })
    };
    Router::new()
        .route(&format!("/{package}/{{*rest}}"), all(package.clone()))
        .route("/fonts/{*rest}", all("fonts".to_owned()))
        .route("/icons.svg", one("icons.svg", FOR_EVER))
        .route("/favicon.svg", one("favicon.svg", A_DAY))
        .route("/robots.txt", one("robots.txt", A_DAY))
        .route("/push.js", worker)
}

/// Names of files change with their content, so most are kept for ever. What is not there is not kept.
fn kept_for(how: HeaderValue, mut response: Response) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, how);
        // The sprite is used by pages of ours; drawn by itself it must not run anything.
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("pkg/part")).unwrap();
        for (name, bytes) in
            [("pkg/balie.wasm", "plain"), ("pkg/balie.wasm.br", "br"), ("pkg/balie.wasm.gz", "gz"), ("pkg/part/a.css", "a {}"), ("secret", "x")]
        {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    fn asked(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[tokio::test]
    async fn a_file_comes_as_small_as_who_asks_can_read_it_also_once_it_is_gone_from_the_disk() {
        let folder = folder();
        let assets = Assets::read(folder.path(), &["pkg", "is-not-there"]);
        drop(folder);
        for (accepted, body, coding) in [
            ("", "plain", None),
            ("gzip, deflate, br", "br", Some("br")),
            ("gzip", "gz", Some("gzip")),
            ("br;q=0, gzip;q=0.5", "gz", Some("gzip")),
            ("zstd, *;q=0.1", "plain", None),
        ] {
            let response = assets.answer("pkg/balie.wasm", &Method::GET, &asked(&[(header::ACCEPT_ENCODING, accepted)]));
            let headers = response.headers().clone();
            assert_eq!(headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap()), coding, "{accepted}");
            assert_eq!(
                (&headers[header::CONTENT_TYPE], &headers[header::VARY]),
                (&HeaderValue::from_static("application/wasm"), &HeaderValue::from_static("accept-encoding"))
            );
            assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), body, "{accepted}");
        }
        assert_eq!(assets.answer("pkg/part/a.css", &Method::GET, &HeaderMap::new()).headers()[header::CONTENT_TYPE], "text/css");
        for none in ["secret", "pkg/balie.wasm.br", "pkg", "pkg/../secret", ""] {
            assert_eq!(assets.answer(none, &Method::GET, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{none}");
        }
    }

    #[tokio::test]
    async fn what_is_in_the_executable_is_served_as_from_a_folder_and_its_hash_is_known() {
        let site =
            Site::Embedded(&[("pkg/balie.0a1b.css", b"a {}"), ("pkg/balie.0a1b.css.br", b"br"), ("pkg/balie.0a1b.js", b"x"), ("robots.txt", b"r")]);
        assert_eq!(site.hash("pkg").as_deref(), Some("0a1b"));
        assert_eq!(site.hash("elsewhere"), None);
        let assets = site.read(&[]);
        for (accepted, body) in [("", "a {}"), ("br", "br")] {
            let response = assets.answer("pkg/balie.0a1b.css", &Method::GET, &asked(&[(header::ACCEPT_ENCODING, accepted)]));
            assert_eq!(response.headers()[header::CONTENT_TYPE], "text/css");
            assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), body);
        }
        assert_eq!(assets.answer("pkg/balie.0a1b.css.br", &Method::GET, &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
        let folder = folder();
        std::fs::write(folder.path().join("pkg/balie.77.css"), "b {}").unwrap();
        assert_eq!(Site::Folder(folder.path().to_owned()).hash("pkg").as_deref(), Some("77"));
    }

    #[tokio::test]
    async fn who_has_a_file_is_not_sent_it_again() {
        let folder = folder();
        let assets = Assets::read(folder.path(), &["pkg"]);
        let first = assets.answer("pkg/balie.wasm", &Method::HEAD, &HeaderMap::new());
        assert_eq!((first.status(), first.headers()[header::CONTENT_LENGTH].to_str().unwrap()), (StatusCode::OK, "5"));
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert!(to_bytes(first.into_body(), 100).await.unwrap().is_empty());
        for (shown, status) in [(tag.clone(), 304), (format!("\"x\", W/{tag}"), 304), ("\"x\"".to_owned(), 200)] {
            let again = assets.answer("pkg/balie.wasm", &Method::GET, &asked(&[(header::IF_NONE_MATCH, &shown)]));
            assert_eq!(again.status().as_u16(), status, "{shown}");
        }
    }
}
