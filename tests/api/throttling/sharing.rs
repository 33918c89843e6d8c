//! Rates that several processes share on Redis, and what happens without it.
use futures_util::future::join_all;
use serde_json::json;

use super::pod;
use crate::support::RedisServer;

#[tokio::test]
async fn processes_that_share_a_redis_share_the_budgets() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let url = redis.url();
    let pod = pod(&[
        "--cache-url",
        &url,
        "--throttling-rates",
        "anonymous-list=100/h",
    ])
    .await;
    let (_second, second) = pod.twin().await;
    let (_third, third) = pod.twin().await;
    let ask = async |number: usize| {
        let ask = pod.get("/api/v1/tags?name=none");
        match number % 3 {
            0 => ask.send().await.status,
            1 => ask.send_to(&second).await.status,
            _ => ask.send_to(&third).await.status,
        }
    };
    let statuses = join_all((0..192).map(ask)).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        100
    );
}

#[tokio::test]
async fn a_cluster_of_redis_counts_as_one() {
    let Some(members) = RedisServer::cluster() else {
        return;
    };
    let urls: Vec<_> = members
        .iter()
        .map(|member| format!("redis://127.0.0.1:{}", member.port))
        .collect();
    let url = urls.join(",");
    let pod = pod(&[
        "--cache-url",
        &url,
        "--throttling-rates",
        "anonymous-list=2/m",
    ])
    .await;
    for client in 1..=12 {
        let client = format!("203.0.113.{client}");
        let query = "{ tags { totalCount } instance { name } }";
        assert_eq!(pod.graphql(query).from(&client).send().await.status, 200);
        assert_eq!(
            pod.get("/api/v1/tags").from(&client).send().await.status,
            200
        );
        assert_eq!(
            pod.get("/api/v1/tags").from(&client).send().await.status,
            429
        );
    }
    let held: Vec<_> = members
        .iter()
        .map(|member| member.ask(&["dbsize"]).trim().parse::<i64>().unwrap())
        .collect();
    assert_eq!(held.iter().sum::<i64>(), 24);
    assert!(held.iter().all(|count| *count > 0), "{held:?}");
}

#[tokio::test]
async fn what_a_dead_part_of_a_cluster_counts_is_all_that_is_not_shared() {
    let Some(mut members) = RedisServer::cluster() else {
        return;
    };
    for member in &members {
        member.ask(&["config", "set", "cluster-require-full-coverage", "no"]);
    }
    let urls: Vec<_> = members.iter().map(RedisServer::url).collect();
    let url = urls.join(",").replace("/0", "");
    let pod = pod(&["--cache-url", &url]).await;
    members[2].kill();
    let size = |member: &RedisServer| member.ask(&["dbsize"]).trim().parse::<i64>().unwrap();
    for client in 1..=30 {
        let client = format!("203.0.113.{client}");
        let answer = pod.get("/api/v1/tags").from(&client).send().await;
        assert_eq!(answer.status, 200);
    }
    let held = [size(&members[0]), size(&members[1])];
    assert!(held.iter().all(|count| *count > 3), "{held:?}");
}

#[tokio::test]
async fn without_redis_each_process_counts_by_itself_until_it_is_back() {
    let Some(mut redis) = RedisServer::start() else {
        return;
    };
    let url = redis.url();
    let pod = pod(&[
        "--cache-url",
        &url,
        "--throttling-rates",
        "anonymous-list=3/m",
    ])
    .await;
    let ask = async || pod.get("/api/v1/tags?name=none").send().await;
    for _ in 0..3 {
        assert_eq!(ask().await.status, 200);
    }
    assert_eq!(ask().await.status, 429);
    redis.kill();
    // Counted anew, and still limited.
    let statuses = join_all((0..20).map(|_| ask())).await;
    assert_eq!(
        statuses
            .iter()
            .filter(|answer| answer.status == 200)
            .count(),
        3
    );
    redis.restart();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while redis.ask(&["dbsize"]).trim() == "0" {
        assert!(std::time::Instant::now() < end, "it is not asked again");
        ask().await;
    }
}

#[tokio::test]
async fn a_server_under_load_does_not_take_redis_for_away() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let url = redis.url();
    let rates = "anonymous-list=100/h";
    let pod = pod(&["--cache-url", &url, "--throttling-rates", rates]).await;
    let asked = (0..2_000).map(|_| pod.get("/api/v1/tags").send());
    let answers = join_all(asked).await;
    let passed = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(passed.count(), 100);
}

#[tokio::test]
async fn budgets_are_looked_at_once_a_request() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let url = redis.url();
    let pod = pod(&["--cache-url", &url]).await;
    let fields: String = (0..40)
        .map(|n| format!(" a{n}: rateLimit {{ ident {{ identifier }} }}"))
        .collect();
    let answer = pod.graphql(&format!("{{{fields} }}")).send().await;
    assert_eq!(
        answer.json()["data"].as_object().unwrap().len(),
        40,
        "{}",
        answer.text
    );
    let told = redis.ask(&["info", "commandstats"]);
    let calls = told
        .lines()
        .find(|line| line.starts_with("cmdstat_evalsha:calls="));
    let calls: u32 = calls
        .unwrap()
        .split(['=', ','])
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    // The first is answered that the script is not there yet.
    assert!(calls <= 2, "{told}");
}

#[tokio::test]
async fn what_redis_refuses_for_one_caller_is_shared_for_the_others() {
    let Some(redis) = RedisServer::start() else {
        return;
    };
    let url = redis.url();
    let rates = "anonymous-list=2/m";
    let pod = pod(&["--cache-url", &url, "--throttling-rates", rates]).await;
    redis.ask(&[
        "lpush",
        "baleen:throttle:{anonymous:203.0.113.1}:anonymous-list",
        "odd",
    ]);
    let ask = async |from: &str| pod.get("/api/v1/tags").from(from).send().await.status;
    for (odd, other) in [(200, 200), (200, 200), (429, 429)] {
        assert_eq!(ask("203.0.113.1").await, odd);
        assert_eq!(ask("203.0.113.2").await, other);
    }
    let shared = redis.ask(&[
        "exists",
        "baleen:throttle:{anonymous:203.0.113.2}:anonymous-list",
    ]);
    assert_eq!(shared.trim(), "1");
}

#[tokio::test]
async fn without_redis_requests_wait_where_the_pod_wants_it_exact() {
    let Some(mut redis) = RedisServer::start() else {
        return;
    };
    let url = redis.url();
    let pod = pod(&["--cache-url", &url, "--throttling-without-redis", "false"]).await;
    assert_eq!(pod.get("/api/v1/tags").send().await.status, 200);
    redis.kill();
    let refused = pod.get("/api/v1/tags").send().await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    let twin = pod.graphql("{ tags { totalCount } }").send().await;
    assert_eq!(
        (twin.status.as_u16(), twin.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(
        refused.json(),
        json!({"detail": "Rate limits cannot be checked right now. Try again in a moment."})
    );
    let twin = pod.graphql("{ tags { totalCount } }").send().await.json();
    assert_eq!(twin["errors"][0]["extensions"]["code"], "UNAVAILABLE");
}
