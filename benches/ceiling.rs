//! The ceiling of the benchmarks: a poem server that sends fixed bytes and does nothing else.
//! `ceiling PORT FOLDER` serves each file of the folder under its name, from memory.
use std::{env, fs};

use poem::{Response, Route, endpoint::make_sync, get, listener::TcpListener};

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own, without settings"
)]
fn main() {
    let arguments: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [port, folder] = &arguments[..] else {
        println!("ceiling PORT FOLDER: scripts/bench/api starts it");
        return;
    };
    let mut routes = Route::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("the folder can be read").path();
        let body = bytes::Bytes::from(fs::read(&path).expect("the file can be read"));
        let name = path
            .file_name()
            .expect("a file has a name")
            .to_string_lossy();
        let answer = move |_| {
            Response::builder()
                .content_type("application/json")
                .body(body.clone())
        };
        routes = routes.at(
            format!("/{name}"),
            get(make_sync(answer)).post(make_sync(|_| "")),
        );
    }
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"));
    tokio::runtime::Runtime::new()
        .expect("threads can be started")
        .block_on(poem::Server::new(listener).run(routes))
        .expect("the port is free");
}
