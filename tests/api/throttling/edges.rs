//! Ways round the rates that are none, and what is told where little ran.
use futures_util::future::join_all;
use poem::http::Method;
use serde_json::json;

use super::{number, pod};
use crate::support::{PASSWORD, Visitor};

#[tokio::test]
async fn a_line_that_is_no_text_does_not_hide_what_the_proxy_added() {
    let settings = [
        "--throttling-rates",
        "anonymous-list=1/m",
        "--num-proxies",
        "1",
    ];
    let pod = pod(&settings).await;
    for (line, status) in [
        (&b"203.0.113.1"[..], 200),
        (b"\xff, 203.0.113.1", 429),
        (b"\xff,203.0.113.2", 200),
        (b"203.0.113.2", 429),
    ] {
        let ask = pod
            .get("/api/v1/tags")
            .header_bytes("x-forwarded-for", line);
        assert_eq!(ask.send().await.status, status, "{line:?}");
    }
}

#[tokio::test]
async fn one_right_password_many_times_at_once_is_looked_at_once() {
    let pod = pod(&["--throttling-rates", "login=2/h"]).await;
    pod.person("dora").await;
    let me = |password: &str| pod.get("/api/v1/users/me").basic("dora", password);
    let answers = join_all((0..20).map(|_| me(PASSWORD).send())).await;
    assert!(answers.iter().all(|answer| answer.status == 200));

    assert_eq!(me("one").send().await.status, 401);
    let wrong = join_all((0..20).map(|_| me("two").send())).await;
    assert!(wrong.iter().all(|answer| answer.status == 401));
    pod.wait(2);
    for refused in [
        me(PASSWORD).send().await,
        pod.graphql("{ tags { totalCount } }")
            .basic("dora", "x")
            .send()
            .await,
    ] {
        assert_eq!(refused.status, 429);
        assert_eq!(
            number(&refused, "retry-after"),
            Some(3598),
            "{}",
            refused.text
        );
        assert_eq!(refused.header("x-ratelimit-scope"), Some("login"));
    }
}

#[tokio::test]
async fn an_account_of_ones_own_buys_no_guesses_at_others() {
    let pod = pod(&["--throttling-rates", "login=3/h,signup=3/h"]).await;
    let guess = |number: usize| {
        let fields = [
            ("username", "carol"),
            ("password", &*format!("guess {number}")),
        ];
        pod.ask(Method::POST, "/api/v1/users/login").form(&fields)
    };
    let sign_up = |number: usize| {
        let new = json!({"username": format!("new{number}"), "email": "no", "password1": "x", "password2": "x"});
        pod.post("/api/v1/auth/registration/", &new)
    };
    let mut browser = Visitor::new(&pod);
    browser.get("/login").await;
    for number in 0..3 {
        let guessed = browser.script(guess(number).by("alice")).await;
        assert_eq!(guessed.status, 400, "{}", guessed.text);
        // The pod is closed; the attempt counts.
        assert_eq!(sign_up(number).by("alice").send().await.status, 403);
    }
    assert_eq!(browser.script(guess(4).by("bob")).await.status, 429);
    assert_eq!(sign_up(4).by("bob").send().await.status, 429);
    let query = "mutation { signUp(input: {username: \"a\", email: \"b\", password1: \"c\", password2: \"c\"}) { outcome } }";
    assert_eq!(pod.graphql(query).by("bob").send().await.status, 429);
    let told = pod.get("/api/v1/rate-limit").by("bob").send().await.json();
    let scopes = told["scopes"].as_array().unwrap();
    let login = scopes.iter().find(|scope| scope["id"] == "login").unwrap();
    assert_eq!(login["remaining"], 0, "{told}");
}

#[tokio::test]
async fn nodes_are_reserved_like_the_operations_they_are() {
    let pod = pod(&["--throttling-rates", "anonymous-retrieve=2/m"]).await;
    let ids = json!(["QWxidW06MQ", "QWxidW06Mg", "QWxidW06Mw"]);
    let sent = json!({"query": "query($ids: [ID!]!) { nodes(ids: $ids) { id } tags { totalCount } }", "variables": {"ids": ids}});
    let body = pod.post("/graphql", &sent).send().await.json();
    let told = body["errors"][0]["message"].as_str().unwrap();
    assert!(
        body["data"].is_null() && told.contains("asks 3 times for anonymous-retrieve"),
        "{body}"
    );

    let query = "{ nodes(ids: [\"QWxidW06MQ\"]) { id ... on Album { same: id } } node(id: \"QWxidW06MQ\") { id } }";
    let body = pod.graphql(query).send().await.json();
    assert_eq!(body["data"]["node"]["id"], "QWxidW06MQ", "{body}");
    assert_eq!(
        body["data"]["nodes"][0],
        json!({"id": "QWxidW06MQ", "same": "QWxidW06MQ"})
    );
    assert_eq!(
        body["extensions"]["rateLimits"].as_array().unwrap().len(),
        2
    );
    let answer = pod
        .graphql("{ node(id: \"QWxidW06MQ\") { id } }")
        .send()
        .await;
    assert_eq!(answer.status, 429, "{}", answer.text);
}

#[tokio::test]
async fn a_null_that_is_an_answer_is_no_refusal() {
    let pod = pod(&["--throttling-rates", "anonymous-list=1/m"]).await;
    let query = "{ node(id: \"QWxidW06OTk5OTk5\") { id } tags { totalCount } }";
    assert_eq!(pod.graphql(query).send().await.status, 200);
    let second = pod.graphql(query).send().await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert_eq!(
        second.json()["errors"][0]["extensions"]["code"],
        "THROTTLED"
    );
}

#[tokio::test]
async fn what_was_spent_for_a_wrong_argument_is_told() {
    let pod = pod(&["--throttling-rates", "anonymous-retrieve=2/m"]).await;
    let query = json!({"query": "{ album(uuid: \"x\") { id } }"});
    let answer = pod.post("/graphql", &query).send().await;
    assert_eq!(
        number(&answer, "x-ratelimit-remaining"),
        Some(1),
        "{}",
        answer.text
    );
    let batch = pod.post("/graphql", &json!([query, query])).send().await;
    assert_eq!(
        number(&batch, "x-ratelimit-remaining"),
        Some(0),
        "{}",
        batch.text
    );
    assert_eq!(
        batch.json()[0]["extensions"]["rateLimits"][0]["remaining"],
        0
    );
}
