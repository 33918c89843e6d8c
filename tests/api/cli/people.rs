//! Accounts from the command line, and the link that makes a pod's first one.
use std::{fs, io::Write, path::Path, process::Stdio};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{ask, baleen, failing, folder, greeted, quiet, send};

/// What `baleen user` prints, with this on its standard input.
fn user(folder: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = baleen()
        .current_dir(folder)
        .arg("user")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut typed = child.stdin.take().unwrap();
    typed.write_all(input.as_bytes()).unwrap();
    drop(typed);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The row of somebody in `baleen user list`, in words.
fn listed(folder: &Path, name: &str) -> Vec<String> {
    let list = user(folder, &["list"], "");
    let row = list.lines().find(|line| line.starts_with(name)).unwrap();
    row.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn accounts_are_made_listed_and_given_permissions() {
    let folder = folder("people");
    let made = user(
        &folder,
        &["create", "ada", "--email", "ada@pod.test", "--admin"],
        "",
    );
    let drawn = made.split("password is ").nth(1).unwrap().trim();
    assert!(drawn.len() >= 16, "{made}");
    let made = user(
        &folder,
        &["create", "bob", "--password-stdin"],
        "correct horse\n",
    );
    assert_eq!(made, "Created account bob.\n");

    let ada = listed(&folder, "ada");
    assert_eq!(
        (&*ada[1], &*ada[2], &*ada[5]),
        ("everything", "yes", "ada@pod.test")
    );
    assert_eq!(listed(&folder, "bob")[1], "-");
    user(
        &folder,
        &[
            "permissions",
            "bob",
            "--library",
            "true",
            "--active",
            "false",
        ],
        "",
    );
    let bob = listed(&folder, "bob");
    assert_eq!((&*bob[1], &*bob[2]), ("library", "no"));

    user(
        &folder,
        &["set-password", "bob", "--password-stdin"],
        "battery staple\n",
    );
    let log = baleen().current_dir(&folder).arg("audit").output().unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    for deed in [
        ("user_accounts.create", "user ada"),
        ("user_accounts.create", "user bob"),
        ("user_accounts.update", "user bob"),
        ("user_accounts.set_password", "user bob"),
    ] {
        let is_told = |line: &str| line.contains(deed.0) && line.contains(deed.1);
        assert!(log.lines().any(is_told), "{deed:?}: {log}");
    }
    assert!(
        !log.contains("correct horse") && !log.contains("battery"),
        "{log}"
    );

    for (arguments, complaint) in [
        (["create", "ada"], "already exists"),
        (
            ["create", "a b"],
            "username: Enter 1 to 30 of the characters",
        ),
        (["set-password", "eve"], "No account is named"),
        (["permissions", "eve"], "No account is named"),
    ] {
        let told = failing(baleen().current_dir(&folder).arg("user").args(arguments));
        assert!(told.contains(complaint), "{arguments:?}: {told}");
    }
}

#[test]
fn a_new_password_counts_at_once() {
    let folder = folder("passwords");
    user(
        &folder,
        &["create", "ada", "--password-stdin"],
        "first password",
    );
    user(
        &folder,
        &["set-password", "ada", "--password-stdin"],
        "second password",
    );
    let (_server, greeting) = greeted(&mut quiet(&folder));
    let address = greeting.address();
    for (password, status) in [("first password", 401), ("second password", 200)] {
        let pair = BASE64_STANDARD.encode(format!("ada:{password}"));
        let header = format!("authorization: Basic {pair}");
        let answer = send(&address, "GET", "/api/v1/users/me", &[&header], "");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{password}: {answer}"
        );
    }
}

#[test]
fn a_pod_without_accounts_shows_where_to_make_the_first() {
    let folder = folder("first");
    let (server, greeting) = greeted(&mut quiet(&folder));
    let link = greeting.line("/setup?key=");
    let path = &link[link.find("/setup").unwrap()..];
    let page = ask(&greeting.address(), path);
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("name=\"password1\""),
        "{page}"
    );
    drop(server);

    user(&folder, &["create", "ada"], "");
    let (_server, greeting) = greeted(&mut quiet(&folder));
    assert!(
        !greeting.text().contains("/setup"),
        "somebody has an account"
    );
}

#[test]
fn a_pod_gets_another_host_name() {
    let folder = folder("renamed");
    user(
        &folder,
        &["create", "ada", "--password-stdin"],
        "correct horse\n",
    );
    let named = |host: &str| {
        let mut command = baleen();
        command
            .current_dir(&folder)
            .args(["--funkwhale-hostname", host]);
        command
    };
    let told = failing(named("music.test").args(["rename-host", "other.test"]));
    assert!(
        told.contains("nothing belongs to other.test; the accounts belong to"),
        "{told}"
    );
    let old = told.trim().rsplit(' ').next().unwrap().to_owned();
    let told = failing(named(&old).args(["rename-host", &old]));
    assert!(
        told.contains("is the host of the settings already"),
        "{told}"
    );

    let told = failing(baleen().current_dir(&folder).args(["rename-host", &old]));
    assert!(told.contains("set FUNKWHALE_HOSTNAME"), "{told}");
    let mut command = named("music.test");
    let log = fs::File::create(folder.join("log")).unwrap();
    drop(greeted(command.stderr(log)));
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains(&format!("baleen rename-host {old}")), "{log}");

    let output = named("music.test")
        .args(["rename-host", &old])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let expected = format!("1 accounts and channels of {old} belong to music.test now; ");
    assert!(told.starts_with(&expected), "{told}");
    let (server, greeting) = greeted(named("music.test").stderr(Stdio::null()));
    let key = BASE64_STANDARD.encode("ada:correct horse");
    let query = r#"{"query": "{ viewer { actor { fid inboxUrl isLocal } } }"}"#;
    let headers = [
        &*format!("authorization: Basic {key}"),
        "content-type: application/json",
    ];
    let told = send(&greeting.address(), "POST", "/graphql", &headers, query);
    let actor = "https://music.test/federation/actors/ada";
    let expected = format!(r#""fid":"{actor}","inboxUrl":"{actor}/inbox","isLocal":true"#);
    assert!(told.contains(&expected), "{told}");
    drop(server);
}
