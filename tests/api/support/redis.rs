use std::{
    fs,
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::free_port;

/// A Redis of the test's own, which ends with it.
pub struct RedisServer {
    child: Child,
    pub port: u16,
    arguments: Vec<String>,
}

/// `None` where there is none; required where `BALEEN_TEST_REQUIRE_REDIS` is set.
fn is_there() -> bool {
    let found = Command::new("redis-server")
        .arg("--version")
        .output()
        .is_ok();
    let required = std::env::var_os("BALEEN_TEST_REQUIRE_REDIS").is_some();
    assert!(found || !required, "redis-server is required and not found");
    if !found {
        eprintln!("redis-server not found, rates on Redis are not tested");
    }
    found
}

impl RedisServer {
    pub fn start() -> Option<Self> {
        Self::with(&[])
    }

    fn with(more: &[&str]) -> Option<Self> {
        if !is_there() {
            return None;
        }
        // The bus of a cluster is 10,000 above: both must be free.
        let port = (0..100)
            .map(|_| free_port())
            .find(|port| *port < 50_000)
            .unwrap();
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{port}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let port_text = port.to_string();
        let mut arguments = vec![
            "--port",
            &port_text,
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
        ];
        arguments.push(folder.to_str().unwrap());
        arguments.extend(more);
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let server = Self {
            child: launch(&arguments),
            port,
            arguments,
        };
        server.wait();
        Some(server)
    }

    /// Three servers that are one cluster.
    pub fn cluster() -> Option<Vec<Self>> {
        let members: Option<Vec<Self>> = (0..3)
            .map(|_| Self::with(&["--cluster-enabled", "yes"]))
            .collect();
        let members = members?;
        let addresses = members
            .iter()
            .map(|member| format!("127.0.0.1:{}", member.port));
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(addresses)
            .arg("--cluster-yes")
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stdout)
        );
        for member in &members {
            eventually(|| {
                member
                    .ask(&["cluster", "info"])
                    .contains("cluster_state:ok")
            });
        }
        Some(members)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub fn ask(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(command)
            .output();
        String::from_utf8_lossy(&output.unwrap().stdout).into_owned()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn restart(&mut self) {
        self.child = launch(&self.arguments);
        self.wait();
    }

    fn wait(&self) {
        eventually(|| {
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
                && self.ask(&["ping"]).contains("PONG")
        });
    }
}

fn launch(arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.spawn().unwrap()
}

fn eventually(holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "it does not come to be");
        std::thread::yield_now();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
