//! The web socket of the REST API, which tells what happens.
use std::net::SocketAddr;

use baleen::store::sql;
use futures_util::StreamExt;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::{Pod, Visitor, listening, on_both};

/// On a free port; imports are worked on when a story wants it.
const SERVED: [&str; 4] = ["--bind", "127.0.0.1:0", "--workers", "0"];

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket with these headers; the status of a refusal.
    async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let url = format!("ws://{address}/api/v1/activity");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(Error::Http(refused)) => Err(refused.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn by(address: SocketAddr, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        Self::open(address, &[("authorization", &bearer)])
            .await
            .unwrap()
    }

    /// The next message; the code of a close message as a number.
    async fn next(&mut self) -> Value {
        loop {
            let message = timeout(std::time::Duration::from_secs(20), self.0.next());
            match message.await.expect("something comes").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(Some(frame)) => return json!(u16::from(frame.code)),
                _ => {}
            }
        }
    }
}

async fn like(pod: &Pod, token: &str, track: i64) {
    let liked = pod
        .post("/api/v1/favorites/tracks", &json!({"track": track}))
        .by(token)
        .send()
        .await;
    assert_eq!(liked.status, StatusCode::CREATED, "{}", liked.text);
}

on_both! {
    async fn what_people_like_and_hear_is_told_to_those_who_may_see_it(pod: Pod) with crate::live::SERVED => {
        let (address, _stop) = listening(&pod.app).await;
        let (mut alice, mut bob) = (Socket::by(address, "alice").await, Socket::by(address, "bob").await);
        // Alice shows what she keeps to nobody, bob to everybody.
        sql("update users set privacy_level = 'me' where username = 'alice'").run(pod.app.db()).await.unwrap();
        like(&pod, "alice", 1).await;
        sql("insert into listenings (user_id, track_id, creation_date) select id, 1, ? from users where username = 'bob'")
            .bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        let own = alice.next().await;
        assert_eq!((&own["type"], &own["object"]["local_id"], &own["actor"]["local_id"]), (&json!("Like"), &json!(1), &json!("alice")));
        let list = pod.get("/api/v1/activity").by("alice").send().await.json();
        assert!(list["results"].as_array().unwrap().contains(&own), "as the list has it");
        for socket in [&mut alice, &mut bob] {
            let told = socket.next().await;
            assert_eq!((&told["type"], &told["actor"]["local_id"]), (&json!("Listen"), &json!("bob")), "{told}");
        }
    }

    async fn owners_hear_of_their_imports_and_notifications(pod: Pod) with crate::live::SERVED => {
        let (address, _stop) = listening(&pod.app).await;
        let (mut alice, mut bob) = (Socket::by(address, "alice").await, Socket::by(address, "bob").await);
        let library = pod.post("/api/v1/libraries", &json!({"name": "Mine", "privacy_level": "me"})).by("alice").send().await.json();
        let library = library["uuid"].as_str().unwrap();
        let file = ("audio_file", "broken.mp3", "audio/mpeg", &b"this is no music"[..]);
        let sent = pod.ask(Method::POST, "/api/v1/uploads").by("alice").parts(&[("library", library)], &[file]).send().await;
        pod.work().await;
        let tried = pod.get(&format!("/api/v1/uploads/{}", sent.json()["uuid"].as_str().unwrap())).by("alice").send().await;
        assert_eq!(tried.json()["import_status"], "errored", "{}", tried.text);
        let told = alice.next().await;
        assert_eq!((&told["type"], &told["old_status"], &told["new_status"]), (&json!("import.status_updated"), &json!("pending"), &json!("errored")));
        assert_eq!(told["upload"]["uuid"], sent.json()["uuid"]);
        pod.person("dora").await;
        let ask = pod.post("/api/v1/federation/follows/library", &json!({"target": library}));
        let asked = ask.basic("dora", crate::support::PASSWORD).send().await;
        assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.text);
        let told = alice.next().await;
        assert_eq!((&told["type"], &told["item"]["activity"]["type"]), (&json!("inbox.item_added"), &json!("Follow")), "{told}");
        // Nothing of that was bob's; what comes next is.
        like(&pod, "alice", 4).await;
        sql("update users set privacy_level = 'everyone' where username = 'alice'").run(pod.app.db()).await.unwrap();
        like(&pod, "alice", 6).await;
        let mut told = bob.next().await;
        if told["object"]["local_id"] == 4 {
            told = bob.next().await;
        }
        assert_eq!(told["object"]["local_id"], 6, "{told}");
    }

    async fn moderators_hear_of_what_waits_for_them(pod: Pod) with crate::live::SERVED => {
        let (address, _stop) = listening(&pod.app).await;
        sql("update users set permission_moderation = true where username = 'alice'").run(pod.app.db()).await.unwrap();
        pod.prefer("users", "registration_enabled", "True").await;
        pod.prefer("moderation", "signup_approval_enabled", "True").await;
        let (mut alice, mut bob) = (Socket::by(address, "app-alice").await, Socket::by(address, "bob").await);
        let report = json!({"type": "other", "summary": "Look", "target": {"type": "artist", "id": 1}});
        let made = pod.post("/api/v1/moderation/reports", &report).by("alice").send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let told = alice.next().await;
        assert_eq!((&told["type"], &told["report"]["uuid"], &told["unresolved_count"]), (&json!("report.created"), &made.json()["uuid"], &json!(1)), "{told}");
        let new = json!({"username": "ina", "email": "ina@new.test", "password1": "averylongpw-77", "password2": "averylongpw-77"});
        assert!(pod.post("/api/v1/auth/registration/", &new).send().await.status.is_success());
        let told = alice.next().await;
        assert_eq!((&told["type"], &told["user_request"]["submitter"]["preferred_username"]), (&json!("user_request.created"), &json!("ina")), "{told}");
        // Others hear what is for them.
        like(&pod, "alice", 1).await;
        sql("update users set privacy_level = 'everyone' where username = 'alice'").run(pod.app.db()).await.unwrap();
        like(&pod, "alice", 2).await;
        assert_eq!(bob.next().await["type"], "Like");
    }

    async fn the_socket_is_for_people_of_the_pod_and_ends_with_their_credentials(pod: Pod) with crate::live::SERVED => {
        let (address, _stop) = listening(&pod.app).await;
        assert_eq!(Socket::open(address, &[]).await.err(), Some(403));
        assert_eq!(Socket::open(address, &[("authorization", "Bearer expired")]).await.err(), Some(401));
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let cookie = dora.cookie_line();
        // A page of another site opens sockets with the cookies of its visitors.
        let alien = [("cookie", cookie.as_str()), ("origin", "https://evil.test")];
        assert_eq!(Socket::open(address, &alien).await.err(), Some(403));
        let own = [("cookie", cookie.as_str()), ("origin", "http://pod.test")];
        let mut socket = Socket::open(address, &own).await.unwrap();
        assert_eq!(dora.submit("/logout", &[]).await.status, StatusCode::SEE_OTHER);
        like(&pod, "alice", 1).await;
        assert_eq!(socket.next().await, json!(1008));
        // The same address answers other requests as before.
        let list = pod.get("/api/v1/activity").by("alice").send().await;
        assert_eq!(list.json()["results"][0]["object"]["local_id"], 1);
    }
}
