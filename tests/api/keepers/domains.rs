//! Domains of other pods.
use baleen::store::sql;
use poem::http::Method;
use serde_json::{Value, json};

use super::{KEEPER, appoint, last_deed, query, read};
use crate::support::{Pod, on_both};

const DOMAINS: &str = "/api/v1/manage/federation/domains";

/// The names of a list.
fn names(list: &Value) -> Vec<&str> {
    let results = list["results"].as_array().unwrap().iter();
    results
        .map(|domain| domain["name"].as_str().unwrap())
        .collect()
}

/// A second domain, beside that of the data.
async fn meet(pod: &Pod) {
    let made = sql("insert into domains (name, creation_date) values ('near.test', ?)");
    let made = made.bind(pod.app.clock().now().plus_seconds(-5));
    made.run(pod.app.db()).await.unwrap();
}

on_both! {
    async fn domains_are_listed_found_and_made_known(pod: Pod) {
        appoint(&pod).await;
        meet(&pod).await;
        let all = read(&pod, &format!("{DOMAINS}?ordering=name")).await;
        let known = names(&all);
        assert!(known.len() > 1 && !known.contains(&"pod.test"), "{all}");
        let first = known[0];
        let one = read(&pod, &format!("{DOMAINS}/{first}")).await;
        assert_eq!(one, all["results"][0]);
        let there = sql("select count(*) from actors where domain = ?").bind(first).number(pod.app.db()).await.unwrap();
        assert_eq!(one["actors_count"], there);
        assert_eq!(names(&read(&pod, &format!("{DOMAINS}?q={}", &first[..4])).await).len(), known.iter().filter(|name| name.contains(&first[..4])).count());
        assert_eq!(names(&read(&pod, &format!("{DOMAINS}?name={first}")).await), [first]);
        let twin = query(&pod, &format!("{{ domain(name: \"{first}\") {{ id name actorsCount outboxActivitiesCount isAllowed instancePolicy {{ databaseId }} }} domains(filter: {{name: \"{first}\"}}) {{ nodes {{ name }} }} }}")).await;
        assert_eq!((&twin["domain"]["actorsCount"], &twin["domains"]["nodes"][0]["name"]), (&json!(there), &json!(first)));
        let node = query(&pod, &format!("{{ node(id: {}) {{ ... on Domain {{ name }} }} }}", twin["domain"]["id"])).await;
        assert_eq!(node["node"]["name"], first);
        for gone in ["pod.test", "zzz.example"] {
            assert_eq!(pod.get(&format!("{DOMAINS}/{gone}")).by(KEEPER).send().await.status, 404, "{gone}");
        }

        let made = pod.post(DOMAINS, &json!({"name": "New.Example", "allowed": true})).by(KEEPER).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!((&made.json()["name"], &made.json()["allowed"], &made.json()["nodeinfo"]), (&json!("new.example"), &json!(true), &json!({})));
        assert_eq!(last_deed(&pod).await, json!(["domains.create", "domain new.example", {"allowed": true}]));
        assert_eq!(names(&read(&pod, &format!("{DOMAINS}?allowed=true")).await), ["new.example"]);
        assert_eq!(names(&read(&pod, &format!("{DOMAINS}?ordering=-creation_date")).await)[0], "new.example");
        let sorted = read(&pod, DOMAINS).await;
        assert!(names(&sorted).is_sorted(), "{sorted}");
        for (name, why) in [("new.example", "This domain is known already."), ("", "Enter a domain, such as pod.example."), ("a b", "Enter a domain, such as pod.example."), ("x.example/path", "Enter a domain, such as pod.example.")] {
            let refused = pod.post(DOMAINS, &json!({"name": name})).by(KEEPER).send().await;
            assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"name": [why]})), "{name}");
        }
        let twin = query(&pod, "mutation { createDomain(input: {name: \"other.example:8443\"}) { domain { id name isAllowed } } }").await;
        let other = &twin["createDomain"]["domain"];
        assert_eq!((&other["name"], &other["isAllowed"]), (&json!("other.example:8443"), &Value::Null));
        // A policy can be about it now.
        let policy = json!({"target": {"type": "domain", "id": "new.example"}, "block_all": true});
        let policy = pod.post("/api/v1/manage/moderation/instance-policies", &policy).by(KEEPER).send().await.json();
        assert_eq!(read(&pod, &format!("{DOMAINS}/new.example")).await["instance_policy"], policy["id"]);
    }

    async fn the_allow_list_is_kept(pod: Pod) {
        appoint(&pod).await;
        meet(&pod).await;
        let all = read(&pod, &format!("{DOMAINS}?ordering=name")).await;
        let known = names(&all);
        let (first, second) = (known[0], known[1]);
        let one = format!("{DOMAINS}/{first}");
        let changed = pod.tell(Method::PATCH, &one, &json!({"allowed": true})).by(KEEPER).send().await.json();
        assert_eq!((&changed["name"], &changed["allowed"]), (&json!(first), &json!(true)));
        assert_eq!(last_deed(&pod).await, json!(["domains.update", format!("domain {first}"), {"allowed": true, "objects": [first]}]));
        let acted = pod.post(&format!("{DOMAINS}/action"), &json!({"action": "allow_list_add", "objects": [second, "zzz.example"]})).by(KEEPER).send().await;
        assert_eq!(acted.json(), json!({"updated": 1, "action": "allow_list_add", "result": null}), "{}", acted.text);
        assert_eq!(names(&read(&pod, &format!("{DOMAINS}?allowed=true&ordering=name")).await), [first, second]);
        let acted = pod.post(&format!("{DOMAINS}/action"), &json!({"action": "allow_list_remove", "objects": "all", "filters": {"allowed": true}})).by(KEEPER).send().await;
        assert_eq!(acted.json()["updated"], 2, "{}", acted.text);
        assert_eq!(names(&read(&pod, &format!("{DOMAINS}?allowed=false")).await).len(), 2);
        let id = query(&pod, &format!("{{ domain(name: \"{first}\") {{ id }} }}")).await["domain"]["id"].clone();
        let twin = query(&pod, &format!("mutation {{ updateDomain(input: {{id: {id}, isAllowed: false}}) {{ domain {{ isAllowed }} }} }}")).await;
        assert_eq!(twin["updateDomain"]["domain"]["isAllowed"], false);
        let odd = pod.post(&format!("{DOMAINS}/action"), &json!({"action": "zzz", "objects": [first]})).by(KEEPER).send().await;
        assert_eq!(odd.json(), json!({"action": ["zzz is not a valid action. Pick one of purge, allow_list_add, allow_list_remove."]}));
    }

    async fn what_came_from_a_domain_is_counted_and_purged(pod: Pod) {
        appoint(&pod).await;
        let (domain, held): (String, i64) = sql(
            "select a.domain, count(*) from uploads u join libraries l on l.id = u.library_id join actors a on a.id = l.actor_id
             where a.domain <> 'pod.test' group by a.domain order by count(*) desc limit 1",
        ).one(pod.app.db()).await.unwrap();
        let stats = read(&pod, &format!("{DOMAINS}/{domain}/stats")).await;
        assert_eq!(stats["uploads"], held);
        let twin = query(&pod, &format!("{{ domainStats(name: \"{domain}\") {{ uploads libraries }} }}")).await;
        assert_eq!((&twin["domainStats"]["uploads"], &twin["domainStats"]["libraries"]), (&json!(held), &stats["libraries"]));
        let everything = sql("select count(*) from uploads").number(pod.app.db()).await.unwrap();
        // The pod itself is no domain of another pod.
        let action = format!("{DOMAINS}/action");
        let own = pod.post(&action, &json!({"action": "purge", "objects": ["pod.test"]})).by(KEEPER).send().await;
        assert_eq!((own.status.as_u16(), own.json()), (400, json!({"non_field_errors": ["No object matching your request"]})));
        let purged = pod.post(&action, &json!({"action": "purge", "objects": [domain]})).by(KEEPER).send().await;
        assert_eq!(purged.json(), json!({"updated": 1, "action": "purge", "result": null}), "{}", purged.text);
        pod.work().await;
        let stats = read(&pod, &format!("{DOMAINS}/{domain}/stats")).await;
        assert_eq!((&stats["uploads"], &stats["libraries"]), (&json!(0), &json!(0)));
        assert_eq!(sql("select count(*) from uploads").number(pod.app.db()).await.unwrap(), everything - held);
    }

    async fn a_domain_that_says_nothing_is_told_so(pod: Pod) {
        appoint(&pod).await;
        let made = pod.post(DOMAINS, &json!({"name": "127.0.0.1:9"})).by(KEEPER).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        let asked = read(&pod, &format!("{DOMAINS}/127.0.0.1:9/nodeinfo")).await;
        assert_eq!(asked, json!({"status": "error", "payload": null, "error": "the address is not one of http or https with a public host"}));
        let id = query(&pod, "{ domain(name: \"127.0.0.1:9\") { id } }").await["domain"]["id"].clone();
        let twin = query(&pod, &format!("mutation {{ refreshDomain(input: {{id: {id}}}) {{ problem domain {{ nodeinfo nodeinfoFetchDate }} }} }}")).await;
        assert_eq!(twin["refreshDomain"]["problem"], "the address is not one of http or https with a public host");
        assert_eq!(twin["refreshDomain"]["domain"], json!({"nodeinfo": {}, "nodeinfoFetchDate": null}));
    }
}
