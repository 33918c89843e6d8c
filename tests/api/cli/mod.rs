//! The program as people start it.
mod databases;
mod folders;
mod people;
mod secrets;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("cli")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub fn baleen() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_baleen"));
    command.env_clear();
    command
}

pub fn failing(command: &mut Command) -> String {
    let output: Output = command.output().unwrap();
    assert!(!output.status.success(), "it should fail");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        !told.contains("panicked") && !told.contains("backtrace"),
        "{told}"
    );
    told
}

/// A server that ends with its test.
pub struct Server(pub Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Tells it to stop, and waits until it has.
    pub fn stop(&mut self) {
        let kill = Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

/// What a server says once it is ready.
pub struct Greeting(Vec<String>);

impl Greeting {
    fn line(&self, about: &str) -> &str {
        self.0.iter().find(|line| line.contains(about)).unwrap()
    }

    pub fn address(&self) -> String {
        let link = self.line("REST API").split("http://").nth(1).unwrap();
        link.split('/').next().unwrap().to_owned()
    }

    fn text(&self) -> String {
        self.0.join("\n")
    }
}

/// The program in a folder, without its log.
fn quiet(folder: &Path) -> Command {
    let mut command = baleen();
    command.current_dir(folder).stderr(Stdio::null());
    command
}

/// A server on a port of its own, once it is ready.
pub fn greeted(command: &mut Command) -> (Server, Greeting) {
    let mut child = command
        .args(["--bind", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut said = Vec::new();
    for line in lines.by_ref() {
        let last = line.contains("baleen --help");
        said.push(line);
        if last {
            break;
        }
    }
    // What follows is read so that the server never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    (Server(child), Greeting(said))
}

fn ask(address: &str, path: &str) -> String {
    send(address, "GET", path, &[], "")
}

fn send(address: &str, method: &str, path: &str, headers: &[&str], body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    write!(stream, "{head}\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_with_no_configuration_and_stops_when_told() {
    let folder = folder("plain");
    let (mut server, greeting) = greeted(&mut quiet(&folder));
    let address = greeting.address();
    assert!(ask(&address, "/api/v1/instance/nodeinfo/2.0").contains("\"nodeName\":"));
    assert!(
        ask(&address, "/api/v1/artists").starts_with("HTTP/1.1 401"),
        "a new pod is closed to strangers"
    );
    assert!(folder.join("data/baleen.db").is_file());
    server.stop();
}

/// Whether a process was started so that it ignores that its terminal closes. Only Linux tells.
fn ignores_hangup(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// A reader that goes away, a terminal that closes, and an address that is every address.
#[test]
fn it_works_as_pipes_terminals_and_addresses_are() {
    let folder = folder("unread");
    let mut child = quiet(&folder)
        .arg("migrate")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );

    // Where these tests themselves ignore it, so does what they start.
    if !ignores_hangup("self") {
        let (mut server, _) = greeted(&mut quiet(&folder));
        let hung_up = Command::new("kill")
            .args(["-HUP", &server.0.id().to_string()])
            .status();
        assert!(hung_up.unwrap().success());
        assert_eq!(server.0.wait().unwrap().code(), Some(0));
    }

    // `nohup` has it ignore that its terminal closes.
    let mut kept = Command::new("nohup");
    kept.env_clear().current_dir(&folder).stderr(Stdio::null());
    let (mut server, _) = greeted(kept.arg(env!("CARGO_BIN_EXE_baleen")));
    assert!(cfg!(not(target_os = "linux")) || ignores_hangup(&server.0.id().to_string()));
    server.stop();

    let command = &mut quiet(&folder);
    let mut child = command
        .args(["--bind", "[::]:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.any(|line| line.unwrap().contains("baleen --help"));
    let _server = Server(child);
    assert!(ready, "it serves every address");
}

#[test]
fn yes_and_no_are_read_as_django_reads_them_and_empty_is_unset() {
    let folder = folder("words");
    for word in ["True", "yes", "ON", "1", "false", "No", "off", "0", ""] {
        let mut command = quiet(&folder);
        command
            .env("THROTTLING_ENABLED", word)
            .env("BALEEN_CACHE_MB", "")
            .env("CACHE_URL", "")
            .env("FUNKWHALE_HOSTNAME", "")
            .arg("migrate");
        assert!(command.status().unwrap().success(), "{word:?}");
    }
    let told = failing(
        baleen()
            .current_dir(&folder)
            .env("THROTTLING_ENABLED", "perhaps")
            .arg("migrate"),
    );
    assert!(
        told.contains("perhaps") && told.contains("throttling-enabled"),
        "{told}"
    );
    let command = &mut quiet(&folder);
    let (_server, greeting) = greeted(command.env("FUNKWHALE_HOSTNAME", "pod.example"));
    let link = greeting.line("Set it up");
    assert!(link.contains("https://pod.example/setup?key="), "{link}");
}

#[cfg(unix)]
#[test]
fn what_it_writes_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("private");
    let (mut server, _) = greeted(&mut quiet(&folder));
    let mode = |name: &str| {
        let found = fs::metadata(folder.join(name)).unwrap();
        found.permissions().mode() & 0o777
    };
    assert_eq!((mode("data"), mode("data/baleen.db")), (0o700, 0o600));
    server.stop();
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(folder.join("data/baleen.db"), open).unwrap();
    assert!(quiet(&folder).arg("migrate").status().unwrap().success());
    assert_eq!(mode("data/baleen.db"), 0o600);
}

#[test]
fn what_keeps_it_from_starting_is_said_in_one_line() {
    let folder = folder("failing");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().to_string();
    let told = failing(
        baleen()
            .current_dir(&folder)
            .args(["--bind", &port, "--log", "error"]),
    );
    assert!(
        told.contains(&format!("cannot listen on {port}")) && told.contains("--bind"),
        "{told}"
    );
    assert_eq!(told.trim().lines().count(), 1, "{told}");

    for url in [
        "postgres://u:s3cret@h:notaport/n",
        "u:s3cret@h/n",
        "postgres://h/n?user=u&password=s3cret&sslmode=nonsense",
        "mysql://h/n?password=s3cret",
    ] {
        let told =
            failing(
                baleen()
                    .current_dir(&folder)
                    .args(["--database-url", url, "--log", "error"]),
            );
        assert!(
            told.contains("DATABASE_URL") && !told.contains("s3cret"),
            "{told}"
        );
    }

    for (arguments, complaint) in [
        (
            ["--database-url", "mysql://u:secret@h/n"],
            "DATABASE_URL must start with sqlite: or postgres://",
        ),
        (
            ["--database-url", "postgres://u:secret@127.0.0.1:1/n"],
            "cannot reach PostgreSQL at postgres://u:****@127.0.0.1:1/n",
        ),
        (
            ["--data", "/proc/baleen"],
            "cannot make the folder /proc/baleen",
        ),
        (
            ["--bind", "nonsense"],
            "invalid value 'nonsense' for '--bind",
        ),
        (
            ["--throttling-rates", "zzz=1/h"],
            "\"zzz\" is not a throttling scope",
        ),
        (
            ["--funkwhale-hostname", "http://a"],
            "a host name such as music.example.org",
        ),
        (
            ["--config", "missing.toml"],
            "cannot read the configuration file missing.toml",
        ),
    ] {
        let told = failing(baleen().current_dir(&folder).args(arguments));
        assert!(told.contains(complaint), "{arguments:?}: {told}");
        assert!(!told.contains("secret"), "{told}");
    }
}

#[test]
fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let folder = folder("layers");
    fs::write(
        folder.join("baleen.toml"),
        "funkwhale_hostname = \"file.test\"\nfunkwhale_protocol = \"http\"\n",
    )
    .unwrap();
    let server = |command: &mut Command| {
        let printed = command
            .current_dir(&folder)
            .args(["openapi", "--config", "baleen.toml"])
            .output()
            .unwrap();
        let document: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
        document["servers"][0]["url"].as_str().unwrap().to_owned()
    };
    assert_eq!(server(&mut baleen()), "http://file.test");
    assert_eq!(
        server(baleen().env("FUNKWHALE_HOSTNAME", "env.test")),
        "http://env.test"
    );
    let both = &mut baleen();
    both.env("FUNKWHALE_HOSTNAME", "env.test")
        .args(["--funkwhale-hostname", "flag.test"]);
    assert_eq!(server(both), "http://flag.test");

    fs::write(folder.join("wrong.toml"), "funkwhale_hostnam = \"a\"\n").unwrap();
    let told = failing(
        baleen()
            .current_dir(&folder)
            .args(["--config", "wrong.toml"]),
    );
    assert!(
        told.contains("wrong.toml has the key \"funkwhale_hostnam\", which is not a setting"),
        "{told}"
    );
    fs::write(folder.join("bad.toml"), "num_proxies = \"many\"\n").unwrap();
    let told = failing(baleen().current_dir(&folder).args(["--config", "bad.toml"]));
    assert!(
        told.contains("many") && told.contains("--num-proxies"),
        "{told}"
    );
}

#[test]
fn help_names_every_setting() {
    let help = String::from_utf8(baleen().arg("--help").output().unwrap().stdout).unwrap();
    for name in [
        "BALEEN_BIND",
        "BALEEN_DATA",
        "DATABASE_URL",
        "FUNKWHALE_HOSTNAME",
        "THROTTLING_RATES",
        "NUM_PROXIES",
    ] {
        assert!(help.contains(name), "{name}");
    }
}
