//! The two databases hold the same tables with the same columns.
use std::collections::BTreeMap;

use baleen::store::sql;

use crate::support::{Backend, Data, Pod};

type Tables = BTreeMap<String, Vec<String>>;

async fn tables(pod: &Pod, query: &'static str) -> Tables {
    let rows: Vec<(String, String)> = sql(query).all(pod.app.db()).await.unwrap();
    let mut tables = Tables::new();
    for (table, column) in rows {
        tables.entry(table).or_default().push(column);
    }
    tables
}

#[tokio::test]
async fn tables_and_columns_are_the_same() {
    let Some(postgres) = Pod::with(Backend::Postgres, Data::Nothing, &[]).await else {
        return;
    };
    let sqlite = Pod::with(Backend::Sqlite, Data::Nothing, &[])
        .await
        .unwrap();
    let of_sqlite = tables(
        &sqlite,
        "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c
        where m.type = 'table' and m.name not like 'sqlite_%' and m.name not like '%_search%'
          and m.name not like '_sqlx%' order by m.name, c.name",
    )
    .await;
    let of_postgres = tables(
        &postgres,
        "select table_name::text, column_name::text from information_schema.columns
        where table_schema = 'public' and table_name not like '\\_sqlx%' and column_name not in ('search', 'xact')
        order by table_name, column_name",
    )
    .await;
    assert!(of_sqlite.len() > 40);
    assert_eq!(of_sqlite, of_postgres);
}

#[tokio::test]
async fn lists_are_read_by_an_index() {
    let pod = Pod::with(Backend::Sqlite, Data::Small, &[]).await.unwrap();
    for query in [
        "explain query plan select t.id from tracks t order by t.creation_date desc, t.id desc limit 50",
        "explain query plan select t.id from tracks t order by t.title asc, t.id desc limit 50",
        "explain query plan select a.id from artists a order by a.name_folded asc, a.id desc limit 50",
        "explain query plan select al.id from albums al order by al.creation_date desc, al.id desc limit 50",
        "explain query plan select t.id from tracks t where t.creation_date <= '2024' and (t.creation_date < '2024'
         or (t.creation_date = '2024' and t.id < 7)) order by t.creation_date desc, t.id desc limit 50",
    ] {
        let rows: Vec<(i64, i64, i64, String)> = sql(query).all(pod.app.db()).await.unwrap();
        let plan: Vec<_> = rows.into_iter().map(|row| row.3).collect();
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{query}: {plan:?}");
    }
}
