//! Pages far from the beginning of a list, and rows by chance.
use std::{collections::HashSet, future::ready};

use futures_util::FutureExt;

use super::{Cut, Keyed, Listing};
use crate::{
    error::Result,
    random,
    store::{Reads, Sql, sql},
};

/// Pages from this row on are deep.
pub const FROM: i64 = 1_000;

/// In tables with so many IDs, IDs are drawn: so many at once at least and at most, and so often.
const MANY: i64 = 2_000;
const FEWEST: usize = 64;
const MOST_DRAWN: usize = 2_000;
const DRAWS: usize = 4;
/// How many rows are read at most where few are in the list, from each of two ends.
const MOST: i64 = 20_000;

impl Listing {
    /// A page that begins behind a row whose keys are known: clients read page after page, and each page leaves
    /// the keys of its last row to the next one, until the list changes. Only a client that does not come from the page
    /// before has the rows counted.
    pub(super) async fn deep_page(&self, db: &Reads, limit: i64, offset: i64) -> Result<Vec<i64>> {
        let before = self.row_at(offset - 1);
        let counted = || before.clone().all::<Keyed>(db).boxed();
        let before = db.cache().list(db, &before, counted).await?;
        let version = db.cache().version();
        let Some(before) = before.first() else {
            return Ok(Vec::new());
        };
        let cut = Cut {
            size: usize::try_from(limit).unwrap_or_default(),
            backwards: false,
            after: Some(before.keys.clone()),
            before: None,
        };
        let select = self.part(&cut);
        let rows = || select.clone().all::<Keyed>(db).boxed();
        let rows = db.cache().list(db, &select, rows).await?;
        let page = &rows[..rows.len().min(cut.size)];
        if let Some(last) = page.last().filter(|_| page.len() == cut.size) {
            let last = vec![last.clone()];
            let next = self.row_at(offset + limit - 1);
            // The last row of this page is that of the list as it is now only if nothing changed meanwhile.
            let border = || match db.cache().version() == version {
                true => ready(Ok(last)).boxed(),
                false => next.clone().all::<Keyed>(db).boxed(),
            };
            db.cache().list(db, &next, border).await?;
        }
        Ok(page.iter().map(|row| row.id).collect())
    }

    /// Selects the row at a place, from 0.
    fn row_at(&self, place: i64) -> Sql {
        let ordered = self.keyed().then(" order by ").append(self.order(false));
        ordered.then(" limit 1 offset ?").bind(place)
    }

    /// Rows by chance, in an order by chance: those of random IDs of the table. Where few rows of the table are in the
    /// list, they are read from a random one on.
    pub async fn sample(&self, db: &Reads, table: &'static str, count: i64) -> Result<Vec<i64>> {
        let end = |end| {
            sql("(select coalesce(")
                .then(end)
                .then(", 0) from ")
                .then(table)
        };
        let ends = sql("select ").append(end("min(id)")).then("), ");
        let ends = ends.append(end("max(id)")).then(")");
        let (first, last): (i64, i64) = ends.one(db).await?;
        let span = last - first + 1;
        let wanted = usize::try_from(count).unwrap_or_default();
        let mut found = match span < MANY {
            true => HashSet::new(),
            false => self.drawn(db, (first, span), wanted).await?,
        };
        if found.len() < wanted {
            let start = first + random::below(span);
            for (from, width) in [(start, last - start + 1), (first, start - first)] {
                found.extend(self.within(from, width, MOST).ids(db).await?);
            }
        }
        Ok(random::some_of(Vec::from_iter(found), wanted))
    }

    /// Rows of random IDs; too few, if few rows of the table are in the list.
    async fn drawn(
        &self,
        db: &Reads,
        (first, span): (i64, i64),
        wanted: usize,
    ) -> Result<HashSet<i64>> {
        let mut found = HashSet::new();
        let mut size = (wanted * 2).clamp(FEWEST, MOST_DRAWN);
        for _ in 0..DRAWS {
            let ids = (0..size).map(|_| first + random::below(span));
            let these = self.from.clone().then(" and ").then(self.id);
            let these = these.then(" in ?*").bind(Vec::from_iter(ids));
            let select = sql("select ").then(self.id).then(" ").append(these);
            found.extend(select.ids(db).await?);
            if found.len() >= wanted {
                break;
            }
            size = MOST_DRAWN;
        }
        Ok(found)
    }

    /// Selects so many rows with IDs of a range, by ID.
    fn within(&self, start: i64, width: i64, count: i64) -> Sql {
        let from = self
            .from
            .clone()
            .then(" and ")
            .then(self.id)
            .then(" >= ? and ");
        let from = from.bind(start).then(self.id).then(" < ?");
        let from = from.bind(start.saturating_add(width));
        let select = sql("select ").then(self.id).then(" ").append(from);
        select
            .then(" order by ")
            .then(self.id)
            .then(" limit ?")
            .bind(count)
    }
}
