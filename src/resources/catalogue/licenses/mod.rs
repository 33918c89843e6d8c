//! Licenses that tracks are published under.
use std::sync::Arc;

use async_graphql::{ComplexObject, ID, SimpleObject};
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::{
        ids::{Kind, global},
        standard::fields,
    },
    guard::{Allowed, operations},
    load::weigh,
    rest::{
        answer::Answer,
        page::{Page, PageQuery},
        standard::routes,
    },
    store::sql,
};

operations! {
    "licenses", "Licenses that tracks are published under.";
    /// Lists licenses.
    ///
    /// All licenses known to the pod, sorted by code.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "licenses", params = Query;
    /// Returns a license.
    ///
    /// Unknown codes are answered with 404.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "license";
}

/// Maximum and default page size. There are a few hundred licenses, so that one page holds all.
const MOST: i64 = 1000;
type Query = PageQuery<MOST>;

/// A license under which tracks are published.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct License {
    /// Code of the license, such as `cc-by-4.0`.
    pub code: String,
    /// URL of the license text.
    pub url: String,
    /// Whether derivative works must use the same license.
    pub copyleft: bool,
    /// Whether commercial use is permitted.
    pub commercial: bool,
    /// Whether the author must be credited.
    pub attribution: bool,
    /// Whether derivative works are permitted.
    pub derivative: bool,
    /// Whether redistribution is permitted.
    pub redistribute: bool,
}

#[ComplexObject]
impl License {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::License, &self.code)
    }

    /// Display name.
    async fn name(&self) -> String {
        name(&self.code)
    }

    /// Linked-data ID (URI): the URL with the scheme `http`.
    async fn identifier(&self) -> String {
        identifier(&self.url)
    }
}

/// A license under which tracks are published.
#[derive(Clone, Debug, Serialize, poem_openapi::Object)]
#[oai(rename = "License")]
pub struct LicenseBody {
    /// Linked-data ID (URI): the URL with the scheme `http`.
    id: String,
    /// URL of the license text.
    url: String,
    /// Code of the license, such as `cc-by-4.0`.
    code: String,
    /// Display name.
    name: String,
    /// Whether redistribution is permitted.
    redistribute: bool,
    /// Whether derivative works are permitted.
    derivative: bool,
    /// Whether commercial use is permitted.
    commercial: bool,
    /// Whether the author must be credited.
    attribution: bool,
    /// Whether derivative works must use the same license.
    copyleft: bool,
}

impl From<License> for LicenseBody {
    fn from(license: License) -> Self {
        Self {
            id: identifier(&license.url),
            name: name(&license.code),
            url: license.url,
            code: license.code,
            redistribute: license.redistribute,
            derivative: license.derivative,
            commercial: license.commercial,
            attribution: license.attribution,
            copyleft: license.copyleft,
        }
    }
}

fn identifier(url: &str) -> String {
    url.replacen("https://", "http://", 1)
}

/// Derives a display name from a code, such as `cc-by-nc-2.5-scotland`: codes are regular.
fn name(code: &str) -> String {
    if code == "cc0-1.0" {
        return "CC0 - Public domain".to_owned();
    }
    let Some(terms) = code.strip_prefix("cc-") else {
        return code.replace("LAL-", "Licence Art Libre ");
    };
    let mut words = Vec::new();
    let mut rest = Vec::new();
    for part in terms.split('-') {
        match part {
            "by" => words.push("Attribution"),
            "nc" if rest.is_empty() => words.push("NonCommercial"),
            "nd" if rest.is_empty() => words.push("NoDerivatives"),
            "sa" if rest.is_empty() => words.push("ShareAlike"),
            version if rest.is_empty() => rest.push(version.to_owned()),
            country => rest.push(country.to_uppercase()),
        }
    }
    format!("Creative commons - {} {}", words.join("-"), rest.join(" "))
}

/// All licenses, sorted by code.
async fn every(reader: &Reader) -> Result<Arc<Vec<License>>> {
    let all = sql(
        "select code, url, copyleft, commercial, attribution, derivative, redistribute
        from licenses order by code",
    );
    all.kept(reader.db()).await
}

/// The license with this code.
pub async fn by_code(reader: &Reader, code: &str) -> Result<Option<License>> {
    // Boxed, as in `load.rs`.
    let every = Box::pin(every(reader)).await?;
    Ok(every.iter().find(|license| license.code == code).cloned())
}

weigh!(License: code, url);

async fn all(permit: &Allowed<List>) -> Result<Vec<License>> {
    Ok(every(permit).await?.to_vec())
}

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<LicenseBody>> {
    let (frame, rows) = query.0.cut(every(permit).await?.to_vec())?;
    Ok(frame.around(rows.into_iter().map(LicenseBody::from).collect()))
}

pub async fn retrieve(permit: &Allowed<Retrieve>, code: &str) -> Result<License> {
    by_code(permit, code).await?.ok_or(Error::NotFound)
}

routes! {
    "/api/v1/licenses";
    list: List = get "/" (query: Query) -> Answer<Page<LicenseBody>>;
    retrieve: Retrieve = get "/:code" <code> -> Answer<LicenseBody>;
}

fields! {
    Queries as "LicensesQueries";
    all licenses -> License = all;
    text license(code: "Code of the license, such as `cc-by-4.0`.") -> License = retrieve;
}
