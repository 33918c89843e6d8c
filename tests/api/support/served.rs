use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
};

use baleen::{
    accounts::{self, New},
    app::App,
    config::Config,
    demo::{self, Plan},
    scope::Permissions,
    server,
    time::Clock,
};
use tokio::sync::oneshot;

use super::{Nobody, PASSWORD};

/// A server on a port of its own, with dora.
pub struct Served {
    pub app: App,
    pub base: String,
    _stop: oneshot::Sender<()>,
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Serves a new pod with these settings.
pub async fn served(name: &str, settings: &[&str]) -> Served {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("clients-{name}"));
    let _ = std::fs::remove_dir_all(&data);
    let bind = format!("127.0.0.1:{}", free_port());
    let mut arguments = vec![
        "--data",
        data.to_str().unwrap(),
        "--bind",
        &bind,
        "--throttling-enabled",
        "false",
    ];
    arguments.extend(settings);
    let app = App::build(Config::of(&arguments).unwrap(), Clock::system())
        .await
        .unwrap();
    let dora = New {
        username: "dora".to_owned(),
        email: "dora@people.test".to_owned(),
        password: PASSWORD.to_owned(),
        permissions: Permissions::default(),
        is_superuser: false,
    };
    accounts::create(&app, &dora).await.unwrap();
    start(app, format!("http://{bind}")).await
}

/// A demo pod with short pieces, on a port of its own, and alice, who may do everything.
pub async fn demo_pod(name: &str, settings: &[&str]) -> (Served, demo::Person) {
    let data = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("demo-{name}"));
    let _ = std::fs::remove_dir_all(&data);
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let port = port.to_string();
    let mut arguments = vec![
        "--data",
        data.to_str().unwrap(),
        "--bind",
        &port,
        "--funkwhale-hostname",
        &port,
        "--funkwhale-protocol",
        "http",
    ];
    arguments.extend(settings);
    let config = Config::of(&arguments).unwrap();
    let app = App::build(config, Clock::system()).await.unwrap();
    let plan = Plan {
        folder: data.join("music"),
        seconds: 8,
        writers: 2,
    };
    let people = demo::fill(&app, &plan, &mut Nobody).await.unwrap();
    let alice = people.into_iter().next().unwrap();
    (start(app, format!("http://{port}")).await, alice)
}

/// Serves a pod until what is answered is dropped.
async fn start(app: App, base: String) -> Served {
    // For the clients of tests; already chosen is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (_, stop) = listening(&app).await;
    Served {
        app,
        base,
        _stop: stop,
    }
}

/// Serves an app; returns its address, and what to drop so that it stops.
pub async fn listening(app: &App) -> (SocketAddr, oneshot::Sender<()>) {
    let (stop, told) = oneshot::channel();
    let (ready, is_ready) = oneshot::channel();
    let told = async { told.await.unwrap_or(()) };
    tokio::spawn(server::serve(app.clone(), told, move |address| {
        ready.send(address).unwrap();
    }));
    (is_ready.await.unwrap(), stop)
}
