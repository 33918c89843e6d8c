//! Numbered pages: `{count, next, previous, results}` (contract section 1).
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::{
    Object,
    registry::MetaSchema,
    types::{ParseFromJSON, ToJSON, Type},
};
use serde::Serialize;

use super::{
    door::Asked,
    params::{Complaints, Docs, Order, Pairs, ParamDoc, Params, ordering_doc, read_ordering},
};
use crate::{
    context::Reader,
    error::{Error, Result},
    store::listing::Listing,
};

/// Default and maximum page size.
pub const PAGE_SIZE: i64 = 50;

/// A page of a list.
#[derive(Debug, Serialize, Object)]
pub struct Page<T: Type + ToJSON + ParseFromJSON + Send + Sync> {
    /// Total number of items on all pages.
    pub count: i64,
    /// URL of the next page; null on the last page.
    pub next: Option<String>,
    /// URL of the previous page; null on the first page.
    pub previous: Option<String>,
    /// The items of this page.
    pub results: Vec<T>,
}

/// The requested page, and what is needed to link to its neighbors.
#[derive(Clone, Debug)]
pub struct PageRequest {
    number: Number,
    size: i64,
    address: String,
    query: Pairs,
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Given(i64),
    Last,
    Wrong,
}

impl PageRequest {
    /// `most` is the maximum page size and the default.
    fn read(asked: &Asked, pairs: Pairs, most: i64) -> Self {
        let size = pairs
            .last("page_size")
            .and_then(|text| text.parse::<i64>().ok());
        let number = match pairs.last("page") {
            None | Some("") => Number::Given(1),
            Some("last") => Number::Last,
            Some(text) => text.parse().map_or(Number::Wrong, Number::Given),
        };
        Self {
            number,
            size: size
                .filter(|size| *size > 0)
                .map_or(most, |size| size.min(most)),
            address: asked.address.clone(),
            query: pairs,
        }
    }

    /// Reads the IDs of this page from the database.
    pub async fn read_ids(&self, reader: &Reader, listing: &Listing) -> Result<(Frame, Vec<i64>)> {
        let (frame, offset) = self.frame(listing.count(reader.db()).await?)?;
        Ok((frame, listing.page(reader.db(), self.size, offset).await?))
    }

    /// Cuts this page out of a complete list.
    pub fn cut<T>(&self, mut rows: Vec<T>) -> Result<(Frame, Vec<T>)> {
        let index = |number: i64| usize::try_from(number).unwrap_or_default();
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let (frame, offset) = self.frame(count)?;
        let mut page = rows.split_off(index(offset));
        page.truncate(index(self.size));
        Ok((frame, page))
    }

    /// The frame of this page in a list of `count` rows, and its offset.
    fn frame(&self, count: i64) -> Result<(Frame, i64)> {
        let pages = (count + self.size - 1).div_euclid(self.size).max(1);
        let number = match self.number {
            Number::Last => pages,
            Number::Given(number) if (1..=pages).contains(&number) => number,
            Number::Given(_) | Number::Wrong => return Err(Error::InvalidPage),
        };
        let frame = Frame {
            count,
            next: (number < pages).then(|| self.link(number + 1)),
            previous: (number > 1).then(|| self.link(number - 1)),
        };
        Ok((frame, (number - 1) * self.size))
    }

    /// Links as Funkwhale writes them: sorted keys, form-encoded values, no number for page 1.
    fn link(&self, number: i64) -> String {
        let mut query: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, value) in self.query.iter().filter(|(name, _)| *name != "page") {
            query.entry(name).or_default().push(value.to_owned());
        }
        if number > 1 {
            query.insert("page", vec![number.to_string()]);
        }
        let pairs = query.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| format!("{}={}", quoted(name), quoted(value)))
        });
        let text = pairs.collect::<Vec<_>>().join("&");
        let separator = if text.is_empty() { "" } else { "?" };
        format!("{}{separator}{text}", self.address)
    }
}

/// A page without its rows.
pub struct Frame {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
}

impl Frame {
    pub fn around<T: Type + ToJSON + ParseFromJSON + Send + Sync>(
        self,
        results: Vec<T>,
    ) -> Page<T> {
        Page {
            count: self.count,
            next: self.next,
            previous: self.previous,
            results,
        }
    }
}

/// Characters that `application/x-www-form-urlencoded` does not escape.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~')
    .remove(b' ');

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, FORM)
        .to_string()
        .replace(' ', "+")
}

/// The query parameters of a list: filter, ordering and page.
#[derive(Clone, Debug)]
pub struct ListQuery<F, O, const MOST: i64 = PAGE_SIZE> {
    pub filter: F,
    pub order: Vec<O>,
    pub page: PageRequest,
}

impl<F: Params, O: Order, const MOST: i64> Docs for ListQuery<F, O, MOST> {
    fn docs() -> Vec<ParamDoc> {
        let mut docs = F::docs();
        docs.push(ordering_doc::<O>());
        docs.extend(page_docs(MOST));
        docs
    }
}

impl<'a, F: Params + Send, O: Order + Send, const MOST: i64> FromRequest<'a>
    for ListQuery<F, O, MOST>
{
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        let mut complaints = Complaints::default();
        let filter = F::read(&pairs, &mut complaints);
        let order = read_ordering(&pairs, &mut complaints);
        complaints.check()?;
        Ok(Self {
            filter,
            order,
            page: PageRequest::read(Asked::of(request), pairs, MOST),
        })
    }
}

/// The query parameters of a list without filters.
pub struct PageQuery<const MOST: i64 = PAGE_SIZE>(pub PageRequest);

impl<const MOST: i64> Docs for PageQuery<MOST> {
    fn docs() -> Vec<ParamDoc> {
        page_docs(MOST)
    }
}

impl<'a, const MOST: i64> FromRequest<'a> for PageQuery<MOST> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let pairs = Pairs::parse(request.uri().query().unwrap_or_default())?;
        Ok(Self(PageRequest::read(Asked::of(request), pairs, MOST)))
    }
}

fn page_docs(most: i64) -> Vec<ParamDoc> {
    let mut size = MetaSchema::new_with_format("integer", "int64");
    size.default = Some(most.into());
    size.maximum = Some(most as f64);
    vec![
        ParamDoc {
            name: "page",
            about: "Page number from 1, or `last`; default 1. Unknown pages are answered with 404.",
            schema: MetaSchema::new("string"),
        },
        ParamDoc {
            name: "page_size",
            about: "Maximum number of items on a page. Larger values are reduced to the maximum.",
            schema: size,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str) -> PageRequest {
        let asked = Asked {
            head: false,
            address: "http://pod.test/api/v1/artists/".to_owned(),
        };
        PageRequest::read(&asked, Pairs::parse(query).unwrap(), PAGE_SIZE)
    }

    #[test]
    fn links_keep_the_query_with_its_keys_sorted() {
        let page = request("tag=b+c&q=%C3%B6&scope=actor:a@b&page=3&page_size=1000");
        assert_eq!(
            page.link(4),
            "http://pod.test/api/v1/artists/?page=4&page_size=1000&q=%C3%B6&scope=actor%3Aa%40b&tag=b+c"
        );
        assert_eq!(request("page=2").link(1), "http://pod.test/api/v1/artists/");
    }

    #[test]
    fn a_size_that_is_no_size_is_the_usual_one() {
        for query in [
            "page_size=0",
            "page_size=-1",
            "page_size=x",
            "page_size=900",
            "",
        ] {
            assert_eq!(request(query).size, PAGE_SIZE, "{query}");
        }
        assert_eq!(request("page_size=7").size, 7);
    }
}
