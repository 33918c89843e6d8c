//! Licenses that tracks are published under.
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use poem_openapi::{OpenApi, param::Path};
use serde::Serialize;
use sqlx::FromRow;

use crate::{
    context::Reader,
    error::{Error, Result},
    graphql::connection::{answer, cost},
    guard::{AllowExt, Allowed, operations},
    load::weigh,
    rest::{
        answer::Answer,
        page::{Page, PageQuery},
    },
    store::sql,
};

operations! {
    "licenses";
    /// Lists licenses, by code.
    list: List = read Libraries, anonymous = Setting, throttle = List, graphql = "licenses", params = Query;
    /// Shows one license.
    retrieve: Retrieve = read Libraries, anonymous = Setting, throttle = Retrieve, graphql = "license";
}

/// There are a few hundred: one page can hold them all.
const MOST: i64 = 1000;
type Query = PageQuery<MOST>;

/// A license that tracks are published under.
#[derive(Clone, Debug, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct License {
    /// Its code, such as `cc-by-4.0`.
    pub code: String,
    /// Where its text is.
    pub url: String,
    /// Whether what is made from the work must be shared alike.
    pub copyleft: bool,
    /// Whether the work may be used commercially.
    pub commercial: bool,
    /// Whether the author must be named.
    pub attribution: bool,
    /// Whether the work may be changed.
    pub derivative: bool,
    /// Whether the work may be passed on.
    pub redistribute: bool,
}

#[ComplexObject]
impl License {
    /// Its name for people.
    async fn name(&self) -> String {
        name(&self.code)
    }

    /// Its identifier in linked data: the address without encryption.
    async fn identifier(&self) -> String {
        identifier(&self.url)
    }
}

/// A license that tracks are published under.
#[derive(Clone, Debug, Serialize, poem_openapi::Object)]
#[oai(rename = "License")]
pub struct LicenseBody {
    /// Its identifier in linked data.
    id: String,
    /// Where its text is.
    url: String,
    /// Its code, such as `cc-by-4.0`.
    code: String,
    /// Its name for people.
    name: String,
    /// Whether the work may be passed on.
    redistribute: bool,
    /// Whether the work may be changed.
    derivative: bool,
    /// Whether the work may be used commercially.
    commercial: bool,
    /// Whether the author must be named.
    attribution: bool,
    /// Whether what is made from the work must be shared alike.
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

/// The codes are regular: `cc-by-nc-2.5-scotland`.
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

/// Every license, by code.
async fn every(reader: &Reader) -> Result<Arc<Vec<License>>> {
    let all = sql(
        "select code, url, copyleft, commercial, attribution, derivative, redistribute
        from licenses order by code",
    );
    all.kept(reader.db()).await
}

/// The license with this code.
pub async fn by_code(reader: &Reader, code: &str) -> Result<Option<License>> {
    let every = every(reader).await?;
    Ok(every.iter().find(|license| license.code == code).cloned())
}

weigh!(License: code, url);

async fn list(permit: &Allowed<List>, query: &Query) -> Result<Page<LicenseBody>> {
    let (frame, rows) = query.0.cut(every(permit).await?.to_vec())?;
    Ok(frame.around(rows.into_iter().map(LicenseBody::from).collect()))
}

async fn retrieve(permit: &Allowed<Retrieve>, code: &str) -> Result<License> {
    by_code(permit, code).await?.ok_or(Error::NotFound)
}

pub struct Rest;

#[OpenApi(prefix_path = "/api/v1/licenses")]
impl Rest {
    #[oai(path = "/", method = "get")]
    async fn list(&self, permit: Allowed<List>, query: Query) -> Result<Answer<Page<LicenseBody>>> {
        list(&permit, &query).await.map(Answer)
    }

    #[oai(path = "/:code", method = "get")]
    async fn retrieve(
        &self,
        permit: Allowed<Retrieve>,
        code: Path<String>,
    ) -> Result<Answer<LicenseBody>> {
        retrieve(&permit, &code)
            .await
            .map(|license| Answer(license.into()))
    }
}

#[derive(Default)]
pub struct Queries;

#[Object(name = "LicensesQueries")]
impl Queries {
    #[graphql(complexity = "cost(400, child_complexity)")]
    async fn licenses(&self, ctx: &Context<'_>) -> Option<Result<Vec<License>>> {
        answer(async {
            let permit = ctx.allow::<List>().await?;
            Ok(every(&permit).await?.to_vec())
        })
        .await
    }

    async fn license(&self, ctx: &Context<'_>, code: String) -> Option<Result<License>> {
        answer(async { retrieve(&ctx.allow().await?, &code).await }).await
    }
}
