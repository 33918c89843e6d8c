//! What queries cost, and how much of it is too much.
use poem::http::Method;
use serde_json::{Value, json};

use super::MODERN;
use crate::support::{Pod, on_both};

on_both! {
    async fn fragments_without_end_are_refused(pod: Pod) {
        let many = |name: usize| format!("...f{name} ").repeat(40);
        let chain: String = (0..20)
            .map(|index| format!("fragment f{index} on Query {{ {} }} ", many(index + 1)))
            .collect();
        for query in [
            "{ ...F } fragment F on Query { ...F }".to_owned(),
            "{ ...F } fragment F on Query { ...G } fragment G on Query { instance { name } ...F }".to_owned(),
            format!("{{ ...F }} fragment F on Query {{ {} }}", "...F ".repeat(60)),
            // The last one spreads what is not there: so nobody counts a field.
            format!("{{ ...f0 }} {chain}"),
        ] {
            let body = pod.graphql(&query).send().await.json();
            assert!(body["data"].is_null() && body["errors"].is_array(), "{body}");
        }
    }

    async fn nested_lists_run_a_constant_number_of_statements(pod: Pod) with ["--cache-mb", "0"] => {
        let mut counts = Vec::new();
        for first in [1, 5] {
            let before = pod.app.db().statements().get();
            let query = format!(
                "{{ artists(first: {first}, orderBy: [{{field: ID}}]) {{ nodes {{ albums {{ nodes {{ tags {{ name }} artist {{ name }} \
                 tracks {{ totalCount nodes {{ artist {{ name }} album {{ title }} uploads {{ library {{ name }} }} }} }} }} }} }} }} }}"
            );
            let answer = pod.graphql(&query).send().await.json();
            assert!(answer.get("errors").is_none(), "{answer}");
            counts.push(pod.app.db().statements().get() - before);
        }
        assert!(counts[1] <= counts[0] + 6 && counts[1] <= 16, "{counts:?}");
        let before = pod.app.db().statements().get();
        pod.get("/api/v1/tracks?page_size=2").send().await;
        let few = pod.app.db().statements().get() - before;
        pod.get("/api/v1/tracks").send().await;
        let many = pod.app.db().statements().get() - before - few;
        assert!(few <= 17 && many <= 17, "{few} and {many}");
    }

    async fn asking_for_the_schema_has_a_price_and_a_bound(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=16/h"] => {
        let ask = async |query: &str| pod.post("/graphql", &json!({"query": query})).send().await;
        let once = ask("{ __schema { queryType { name } } }").await;
        assert_eq!((once.status.as_u16(), once.header("x-ratelimit-remaining")), (200, Some("15")), "{}", once.text);
        let aliased: String = (0..11).map(|n| format!("a{n}: __schema {{ queryType {{ name }} }} ")).collect();
        let many = format!("{{ ...A }} fragment A on Query {{ {aliased} }}");
        let described: String = (0..1_900).map(|n| format!("a{n}: description ")).collect();
        let described = format!("{{ __type(name: \"Query\") {{ fields {{ args {{ {described} }} }} }} }}");
        for (query, complaint) in [
            (many.as_str(), "at most 10 times"),
            ("{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", "too much of the schema"),
            (described.as_str(), "too much of the schema"),
            ("{ ...A } fragment A on Query { __type(name: \"Track\") { ...T } } fragment T on __Type { fields { type { ...U } } }
              fragment U on __Type { fields { type { ...V } } } fragment V on __Type { fields { type { fields { type { fields { name } } } } } }", "too much of the schema"),
        ] {
            let refused = ask(query).await;
            assert!(refused.text.contains(complaint), "{}", refused.text);
        }
        // Code generators ask for all of it, which is one request.
        let whole = "{ __schema { types { kind name fields(includeDeprecated: true) { name args { name defaultValue type { kind name ofType { name } } } } inputFields { name } enumValues { name } possibleTypes { name } } directives { name args { name } } } }";
        assert!(ask(whole).await.json()["data"]["__schema"]["types"].is_array());
        let ten: String = (0..10).map(|n| format!("a{n}: __typename b{n}: __type(name: \"Track\") {{ name }} ")).collect();
        assert_eq!(ask(&format!("{{ {ten} }}")).await.status, 200);
        let late = ask("{ __schema { queryType { name } } }").await;
        assert_eq!(late.status, 429, "{}", late.text);
    }

    async fn every_document_is_counted(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=9/h"] => {
        let ask = async |query: &str| pod.post("/graphql", &json!({"query": query})).send().await;
        for (query, left) in [
            ("{", 8),
            ("{ nonsense }", 7),
            ("{ rateLimit { enabled } nonsense }", 6),
            ("{ ...A } fragment A on Query { ...A }", 5),
            ("{ __typename }", 4),
            ("{ instance { name } }", 3),
            ("{ a: __typename @include(if: 7) }", 2),
            ("query A { __typename } query A { __typename }", 1),
            ("{ instance { nonsense } }", 0),
        ] {
            let answer = ask(query).await;
            let told = left.to_string();
            assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (200, Some(told.as_str())), "{query}: {}", answer.text);
        }
        // So does what is no query at all.
        for body in ["", "null", "1", "[]", "[null]", "{\"query\": 7}"] {
            let answer = pod.ask(Method::POST, "/graphql").header("content-type", "application/json").body(body).send().await;
            assert_eq!(answer.status, 429, "{body}: {}", answer.text);
        }
        for query in ["{", "{ nonsense }", "{ instance { nonsense } }", "{ ...A } fragment A on Query { ...A }"] {
            let answer = ask(query).await;
            assert_eq!(answer.status, 429, "{query}: {}", answer.text);
            assert!(answer.header("retry-after").is_some(), "{query}");
        }
    }

    async fn what_would_cost_too_much_is_refused_before_it_runs(pod: Pod) {
        // The settings of the pod, which decide what is counted, are read once.
        pod.graphql("{ artist(databaseId: 1) { nonsense } }").send().await;
        let before = pod.app.db().statements().get();
        let deep = format!("{}{}", "{ artists { nodes { albums ", "{ nodes { artist { albums ".repeat(200));
        let aliases: String = (0..10_000).map(|index| format!("a{index}: __typename ")).collect();
        let wide = "{ artists { nodes { albums(first: 100) { nodes { tracks(first: 100) { nodes { libraries { name } } } } } } } }";
        let doubling: String = (0..40)
            .map(|index| format!("fragment f{index} on Query {{ ...f{next} ...f{next} }} ", next = index + 1))
            .collect();
        let cases = [
            ("nested", deep + &"}".repeat(803)),
            ("500 levels", format!("{}a{}", "{a".repeat(500), "}".repeat(500))),
            ("hidden lists", format!("{{ a(b: \"\"\" \" \"\"\", c: {}", "[".repeat(5_000))),
            ("nodes", format!("{{ nodes(ids: [{}]) {{ ... on Artist {{ albums(first: 100) {{ nodes {{ tracks {{ nodes {{ title }} }} }} }} }} }} }}", "\"a\" ".repeat(50))),
            ("overflow", format!("{{ artists {{ nodes {{ {}{}{} }} }} }}",
                "albums(first: 100) { nodes { tracks(first: 100) { nodes { artist { ".repeat(3), (0..100).map(|i| format!("x{i}: name ")).collect::<String>(), "} ".repeat(15))),
            ("aliases", format!("{{ {aliases} }}")),
            ("complexity", wide.to_owned()),
            ("texts", format!("{{ artists(first: 50) {{ nodes {{ {} }} }} }}",
                (0..50).map(|i| format!("x{i}: description {{ html }} ")).collect::<String>())),
            ("many small operations", "{a}".repeat(300_000)),
            ("many values", format!("{{ artists(filter: {{tag: [{}]}}) {{ totalCount }} }}", "\"a\" ".repeat(100_000))),
            ("long name", format!("{{ {} }}", "a".repeat(900_000))),
            ("operations", (0..400).map(|i| format!("query q{i} {{ ...f }} ")).collect::<String>()
                + &format!("fragment f on Query {{ artist(databaseId: 1) {{ {} }} }}", "name ".repeat(1_900))),
            ("undefined variables", (0..20).map(|i| format!("query q{i} {{ ...f }} ")).collect::<String>()
                + &format!("fragment f on Query {{ nodes(ids: [{}]) {{ id }} }}", (0..600).map(|i| format!("$v{i} ")).collect::<String>())),
            ("unused fragment", format!("{{ __typename }} fragment F on Artist {{ {} }}", "x:fid x:name ".repeat(6_000))),
            ("arguments", format!("{{ x: artist({}) {{ id }} }}", (0..20_000).map(|i| format!("a{i}: 1 ")).collect::<String>())),
            ("fragments", format!("{{ ...f0 }} {doubling} fragment f40 on Query {{ __typename }}")),
            ("depth", format!("{{ artists {{ nodes {{ albums {{ nodes {{ {} title {} }} }} }} }} }}", "tracks { nodes { album { ".repeat(6), "} } } ".repeat(6))),
        ];
        for (name, query) in cases {
            let answer = pod.graphql(&query).header("accept", MODERN).send().await;
            assert_eq!(answer.status, 400, "{name}: {:.200}", answer.text);
            assert!(answer.json()["errors"][0]["message"].is_string(), "{name}");
        }
        assert_eq!(pod.app.db().statements().get(), before);
    }

    async fn values_of_variables_have_a_weight_wherever_they_stand(pod: Pod) {
        let ask = async |query: &str, value: Value| {
            let body = json!({"query": query, "variables": {"v": value}});
            pod.post("/graphql", &body).header("accept", MODERN).send().await
        };
        let (uses, numbers) = ("$v ".repeat(400), json!(vec![0; 100_000]));
        let spread = "...F ".repeat(40);
        for query in [
            format!("query($v: [Int]) {{ __typename @skip(if: [{uses}]) }}"),
            format!("query($v: [String!]) {{ artists(filter: {{tag: [{uses}]}}) {{ totalCount }} }}"),
            format!("query($v: [ID!]!) {{ a {{ {spread} }} }} fragment F on Query {{ nodes(ids: $v) {{ id }} }}"),
            format!("mutation($v: [Int]) {{ updateUser(nonsense: [{uses}]) {{ viewer {{ id }} }} }}"),
        ] {
            let answer = ask(&query, numbers.clone()).await;
            assert!(answer.status == 400 && answer.text.contains("take more than 4 MiB"), "{query:.80}: {:.200}", answer.text);
        }
        let answer = ask("query($v: String!) { textPreview(text: $v) }", json!("a".repeat(5_000))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn what_nobody_can_pay_for_is_not_read(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=2/h"] => {
        let long = format!("{{ {} nonsense }}", "__typename ".repeat(900));
        for status in [200, 200, 429, 429] {
            let answer = pod.graphql(&long).send().await;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        }
        // What spends from another budget, and is short, is answered.
        assert_eq!(pod.graphql("{ artists { totalCount } }").send().await.status, 200);
    }

    async fn errors_without_end_are_told_in_part(pod: Pod) {
        let unknown: String = (0..1_500).map(|n| format!("n{n} ")).collect();
        let body = pod.graphql(&format!("{{ artist(databaseId: 1) {{ {unknown} }} }}")).send().await.json();
        let errors = body["errors"].as_array().unwrap();
        assert_eq!((errors.len(), &errors[100]["message"]), (101, &json!("There are 1400 more errors.")));
    }

    async fn every_root_field_spends_and_the_answer_says_so(pod: Pod) {
        let answer = pod.graphql("{ a: artists { totalCount } b: artists { totalCount } instance { name } }").send().await;
        let rows = answer.json()["extensions"]["rateLimits"].clone();
        let mut spent: Vec<_> = rows.as_array().unwrap().iter()
            .map(|row| (row["operation"].as_str().unwrap(), row["remaining"].as_i64().unwrap())).collect();
        spent.sort_unstable();
        assert_eq!(spent, [("artists.list", 9998), ("artists.list", 9999), ("instance.nodeinfo", 999)]);
        assert_eq!(answer.header("x-ratelimit-scope"), Some("anonymous-wildcard"));
    }
}
