use std::{net::TcpListener, path::PathBuf};

use baleen::{
    accounts::{self, New},
    app::App,
    config::Config,
    scope::Permissions,
    server,
    time::Clock,
};
use tokio::sync::oneshot;

use super::PASSWORD;

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
    // For the clients of tests; already chosen is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
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
    let (stop, told) = oneshot::channel();
    let (ready, is_ready) = oneshot::channel();
    let told = async { told.await.unwrap_or(()) };
    tokio::spawn(server::serve(app.clone(), told, move |_| {
        ready.send(()).unwrap()
    }));
    is_ready.await.unwrap();
    Served {
        app,
        base: format!("http://{bind}"),
        _stop: stop,
    }
}
