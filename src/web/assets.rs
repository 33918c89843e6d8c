use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use bytes::Bytes;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, StatusCode},
};
use rust_embed::RustEmbed;

use crate::{
    hex::hex,
    rest::{
        door::not_found_page,
        encoding::{Packed, names},
    },
};

/// The files in `assets/`, built into the program.
#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Files;

/// Serves the files at `/assets/`; pages are served at their own addresses.
pub struct Assets;

pub const PREFIX: &str = "/assets/";
const PAGES: &str = "pages/";

/// The template of this name, such as `start.html`.
pub fn page(name: &str) -> Option<String> {
    let file = Files::get(&format!("{PAGES}{name}"))?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

/// The names of all templates.
#[cfg(test)]
pub fn pages() -> Vec<String> {
    let pages = Files::iter().filter_map(|path| path.strip_prefix(PAGES).map(str::to_owned));
    pages.collect()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}

/// Files of this size are packed as small as can be, once.
const LARGE: usize = 64 * 1024;

/// The large files that were asked for, by their tags.
static PACKED: LazyLock<Mutex<HashMap<String, Arc<Packed>>>> = LazyLock::new(Mutex::default);

fn packed(tag: &str, data: Bytes) -> Arc<Packed> {
    // A panic elsewhere cannot leave the files inconsistent.
    let mut packed = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let file = packed.entry(tag.to_owned());
    file.or_insert_with(|| Arc::new(Packed::of(data))).clone()
}

/// The file, or 304 if the client already has it.
fn answer(request: &Request) -> Option<Response> {
    let path = request.uri().path().strip_prefix(PREFIX)?;
    let file = (!path.starts_with(PAGES)).then(|| Files::get(path))??;
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let known = request
        .headers()
        .get("if-none-match")
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| names(known, &tag));
    let media_type = media_type(path);
    let is_text = !media_type.starts_with("font/") && !media_type.starts_with("image/");
    let mut response = match known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false if is_text && file.data.len() >= LARGE => {
            let data = Bytes::from(file.data.into_owned());
            packed(&tag, data).answer(request.headers(), media_type)
        }
        false => Response::builder()
            .content_type(media_type)
            .body(file.data.into_owned()),
    };
    let headers = response.headers_mut();
    headers.insert("etag", tag.parse().ok()?);
    let lasting = HeaderValue::from_static("public, max-age=300, must-revalidate");
    headers.insert("cache-control", lasting);
    Some(response)
}

impl Endpoint for Assets {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(answer(&request).unwrap_or_else(|| not_found_page().into_response()))
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn what_others_made_is_as_it_was_when_it_was_pinned() {
        let sums = Files::get("vendor/SHA256SUMS").unwrap();
        let sums = String::from_utf8(sums.data.into_owned()).unwrap();
        let mut listed = Vec::new();
        for line in sums.lines() {
            let (sum, path) = line.split_once("  ").unwrap();
            let file = Files::get(&format!("vendor/{path}")).unwrap_or_else(|| panic!("{path}"));
            let found = hex(Sha256::digest(&file.data));
            assert_eq!(found, sum, "{path}");
            listed.push(format!("vendor/{path}"));
        }
        let there = Files::iter().filter(|path| path.starts_with("vendor/"));
        let unlisted: Vec<_> = there
            .filter(|path| **path != *"vendor/SHA256SUMS" && !listed.contains(&path.to_string()))
            .collect();
        assert!(unlisted.is_empty(), "{unlisted:?}");
    }
}
