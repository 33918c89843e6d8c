//! Which database a command works on, and which it leaves alone.
use std::{fs, path::Path, process::Stdio};

use super::{baleen, failing, folder, greeted, quiet, send};
use crate::support::Apart;

#[test]
fn only_what_fills_a_pod_makes_one_and_never_among_the_tables_of_another_program() {
    let folder = folder("none");
    let told = failing(baleen().current_dir(&folder).args(["user", "list"]));
    assert!(told.contains("there is no pod in"), "{told}");
    assert!(!folder.join("data/baleen.db").exists());
    for (name, table) in [("other.db", "recipes"), ("funkwhale.db", "music_track")] {
        let file = folder.join(name);
        let url = format!("sqlite:{}", file.display());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
            let options = SqliteConnectOptions::new()
                .filename(&file)
                .create_if_missing(true);
            let mut there = options.connect().await.unwrap();
            let made = format!("create table {table} (id integer)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(made))
                .execute(&mut there)
                .await
                .unwrap();
            there.close().await.unwrap();
        });
        let told = failing(
            baleen()
                .current_dir(&folder)
                .args(["migrate", "--database-url", &url]),
        );
        assert!(
            told.contains("belongs to another program") && told.contains(table),
            "{told}"
        );
        assert_eq!(
            told.contains("baleen import funkwhale"),
            table == "music_track",
            "{told}"
        );
    }
}

/// A backup beside the log of a crash is not mixed with it.
#[test]
fn a_log_that_belongs_to_another_database_is_noticed() {
    let folder = folder("crash");
    assert!(quiet(&folder).arg("migrate").status().unwrap().success());
    let (database, log) = (
        folder.join("data/baleen.db"),
        folder.join("data/baleen.db-wal"),
    );
    fs::copy(&database, folder.join("backup.db")).unwrap();
    let crash = || {
        let (mut server, greeting) = greeted(&mut quiet(&folder));
        let name = format!("ann{}", server.0.id());
        let mut create = quiet(&folder);
        create.args([
            "user",
            "create",
            &name,
            "--email",
            &format!("{name}@x.test"),
        ]);
        assert!(create.stdout(Stdio::null()).status().unwrap().success());
        let app = r#"{"name": "Player"}"#;
        let made = send(
            &greeting.address(),
            "POST",
            "/api/v1/oauth/apps",
            &["content-type: application/json"],
            app,
        );
        assert!(made.contains("201 Created"), "{made}");
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        assert!(fs::metadata(&log).unwrap().len() > 0);
    };
    crash();
    // After a crash the log is read, as it should be.
    crash();
    fs::copy(folder.join("backup.db"), &database).unwrap();
    let told = failing(baleen().current_dir(&folder).args(["user", "list"]));
    assert!(
        told.contains("a backup was restored beside the log of a crash"),
        "{told}"
    );
    fs::remove_file(&log).unwrap();
    fs::remove_file(folder.join("data/baleen.db-shm")).unwrap();
    // What is written to the restored one belongs to it, whoever writes it and however it ends.
    crash();
    let (mut server, _) = greeted(&mut quiet(&folder));
    server.stop();
}

/// What was written is in the file itself once the program ended, whoever else looks into it just then.
#[test]
fn the_file_holds_everything_when_the_program_has_ended() {
    let (folder, copy) = (folder("looked-at"), folder("copied"));
    assert!(quiet(&folder).arg("migrate").status().unwrap().success());
    let database = folder.join("data/baleen.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let looks = runtime.block_on(looking(&database));
    let made = quiet(&folder)
        .args(["user", "create", "ann", "--email", "ann@x.test"])
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    fs::create_dir(copy.join("data")).unwrap();
    fs::copy(&database, copy.join("data/baleen.db")).unwrap();
    drop(looks);
    let listed = quiet(&copy).args(["user", "list"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("ann@x.test"), "{listed}");
}

/// Another program that has the database open.
async fn looking(database: &Path) -> sqlx::SqliteConnection {
    use sqlx::{ConnectOptions, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new()
        .filename(database)
        .read_only(true);
    let mut there = options.connect().await.unwrap();
    sqlx::query("select count(*) from users")
        .fetch_one(&mut there)
        .await
        .unwrap();
    there
}

/// Nothing is left of a dry run, neither where the pod would be nor among temporary files.
#[test]
fn a_dry_run_leaves_nothing() {
    let folder = folder("dry");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pod");
    let run = |arguments: &[&str]| {
        let mut command = baleen();
        command.current_dir(&folder).env("TMPDIR", &folder);
        command.args(["import", "funkwhale"]).arg(&data);
        command.args(arguments).output().unwrap()
    };
    let dry = run(&["--dry-run"]);
    assert!(dry.status.success(), "{dry:?}");
    assert!(
        String::from_utf8(dry.stdout)
            .unwrap()
            .contains("everything can be imported")
    );
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    assert!(run(&[]).status.success());
    let full = run(&["--dry-run"]);
    let told = String::from_utf8(full.stderr).unwrap();
    assert!(
        !full.status.success() && told.contains("the database is not empty"),
        "{told}"
    );
}

/// On PostgreSQL, extensions may have put tables and views of theirs into an empty database.
#[tokio::test]
async fn what_extensions_bring_is_nobodys() {
    let Some(database) = Apart::new().await else {
        return;
    };
    // A table of an extension, as PostGIS has one, and a view.
    database
        .run(
            "create table systems (id integer); create view statements as select 1 as one;
             alter extension plpgsql add table systems",
        )
        .await;
    let migrate = || {
        let mut command = baleen();
        command.args(["migrate", "--database-url", &database.url]);
        command
    };
    database.run("create table recipes (id integer)").await;
    let told = failing(&mut migrate());
    assert!(told.contains("it has the table recipes"), "{told}");
    database.run("drop table recipes").await;
    assert!(migrate().status().unwrap().success());
}

/// Three servers that a supervisor starts at once find one database.
#[test]
fn first_starts_at_once_take_turns() {
    let folder = folder("turns");
    let starts: Vec<_> = (0..3)
        .map(|_| {
            quiet(&folder)
                .arg("migrate")
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for start in starts {
        let done = start.wait_with_output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

#[test]
fn a_newer_schema_is_left_alone() {
    let folder = folder("newer");
    assert!(
        baleen()
            .current_dir(&folder)
            .arg("migrate")
            .output()
            .unwrap()
            .status
            .success()
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let url = format!("sqlite:{}", folder.join("data/baleen.db").display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
            values (9999, 'later', true, x'00', 0)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection.close().await.unwrap();
    });
    let told = failing(baleen().current_dir(&folder).arg("migrate"));
    assert!(
        told.contains("the database has schema 9999") && told.contains("newer baleen"),
        "{told}"
    );
}
