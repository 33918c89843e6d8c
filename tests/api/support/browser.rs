use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// Chromium without a window, spoken to by the Chrome DevTools Protocol over pipes.
pub struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    last: u64,
    session: Option<String>,
    events: Vec<Value>,
}

const PROGRAMS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Nothing but what the page asks for.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1280,900",
    "--remote-debugging-pipe",
];

impl Browser {
    /// `None` where there is none; required where `BALEEN_TEST_REQUIRE_CHROMIUM` is set.
    pub fn start(name: &str) -> Option<Self> {
        let there = |program: &&&str| Command::new(program).arg("--version").output().is_ok();
        let Some(program) = PROGRAMS.iter().find(there) else {
            let required = std::env::var_os("BALEEN_TEST_REQUIRE_CHROMIUM").is_some();
            assert!(!required, "Chromium is required and not found");
            eprintln!("Chromium not found, the pages are not tested in a browser");
            return None;
        };
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{name}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let (to, from) = (folder.join("to"), folder.join("from"));
        let made = Command::new("mkfifo").arg(&to).arg(&from).status().unwrap();
        assert!(made.success());
        // Chromium reads from the descriptor 3 and writes to 4.
        let child = Command::new("sh")
            .args(["-c", "exec 3<\"$1\" 4>\"$2\"; shift 2; exec \"$@\"", "sh"])
            .args([&to, &from])
            .arg(program)
            .args(FLAGS)
            .arg(format!(
                "--user-data-dir={}",
                folder.join("profile").display()
            ))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(to).unwrap();
        let from = BufReader::new(File::open(from).unwrap());
        let mut browser = Self {
            child,
            to,
            from,
            last: 0,
            session: None,
            events: Vec::new(),
        };
        browser.attach();
        Some(browser)
    }

    fn attach(&mut self) {
        let page = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = self.call(
            "Target.attachToTarget",
            json!({"targetId": page["targetId"], "flatten": true}),
        );
        self.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Network", "Runtime", "Log"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Calls a method and waits for its answer; what happens meanwhile is kept.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let answer = self.try_call(method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The answer, or what the browser says against it.
    fn try_call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(b"\0").unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser has ended");
            let answer: Value = serde_json::from_slice(&bytes).unwrap();
            if answer["id"] == self.last {
                return match &answer["error"] {
                    Value::Null => Ok(answer["result"].clone()),
                    error => Err(error.clone()),
                };
            }
            self.events.push(answer);
        }
    }

    /// Opens a page, and waits until it is there.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.wait(&format!(
            "location.href.startsWith({url:?}) && document.readyState === 'complete'"
        ));
    }

    /// Types into a field of the page, as it stands there afterwards.
    pub fn fill(&mut self, field: &str, text: &str) {
        self.eval(&format!(
            "document.querySelector({field:?}).value = {text:?}"
        ));
    }

    /// Presses a button that leads to another page, and waits for what is there.
    pub fn submit(&mut self, button: &str, there: &str) {
        self.eval(&format!(
            "[...document.querySelectorAll('main button')].find((button) => button.textContent === {button:?}).click()"
        ));
        self.wait(there);
    }

    /// The value of an expression, or of what it promises.
    pub fn eval(&mut self, expression: &str) -> Value {
        let answer = self.try_eval(expression);
        answer.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The same; it fails where the browser leaves the page meanwhile.
    fn try_eval(&mut self, expression: &str) -> Result<Value, Value> {
        let params = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.try_call("Runtime.evaluate", params)?;
        let failed = &answer["exceptionDetails"];
        assert!(failed.is_null(), "{expression}: {failed}");
        Ok(answer["result"]["value"].clone())
    }

    /// Waits until an expression is true, on this page or on those that follow.
    pub fn wait(&mut self, expression: &str) {
        let waiting = format!(
            "new Promise((found, missed) => {{
               const end = Date.now() + 60000;
               const look = () => {{
                 let value;
                 try {{ value = {expression}; }} catch {{}}
                 if (value) found(true);
                 else if (Date.now() > end) missed(new Error('it does not come to be'));
                 else setTimeout(look, 30);
               }};
               look();
             }})"
        );
        let end = Instant::now() + Duration::from_secs(90);
        while let Err(left) = self.try_eval(&waiting) {
            assert!(Instant::now() < end, "{expression}: {left}");
        }
    }

    /// Presses a key as a keyboard does.
    pub fn press(&mut self, key: &str, code: &str, modifiers: u32, number: u32) {
        for kind in ["keyDown", "keyUp"] {
            let text = if key == "Enter" && modifiers == 0 {
                "\r"
            } else {
                ""
            };
            self.call(
                "Input.dispatchKeyEvent",
                json!({"type": kind, "key": key, "code": code, "modifiers": modifiers, "text": text,
                    "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number}),
            );
        }
    }

    /// Keeps a picture of the page where `BALEEN_TEST_SCREENSHOTS` says.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("BALEEN_TEST_SCREENSHOTS") else {
            return;
        };
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}));
        let bytes = BASE64_STANDARD.decode(shot["data"].as_str().unwrap());
        let folder = PathBuf::from(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), bytes.unwrap()).unwrap();
    }

    fn heard(&self, method: &str) -> impl Iterator<Item = &Value> {
        let method = method.to_owned();
        let named = self
            .events
            .iter()
            .filter(move |event| event["method"] == *method);
        named.map(|event| &event["params"])
    }

    /// Every address that was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.heard("Network.requestWillBeSent")
            .map(|event| event["request"]["url"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Every answer: address and status.
    pub fn answers(&self) -> Vec<(String, u64)> {
        self.heard("Network.responseReceived")
            .map(|event| &event["response"])
            .map(|answer| {
                (
                    answer["url"].as_str().unwrap().to_owned(),
                    answer["status"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    /// Bytes that came over the network.
    pub fn bytes(&self) -> u64 {
        let loaded = self.heard("Network.loadingFinished");
        let bytes = loaded.map(|event| event["encodedDataLength"].as_f64().unwrap_or(0.0));
        bytes.sum::<f64>() as u64
    }

    /// Shows pages in a window of this size, and in this colour scheme.
    pub fn show_in(&mut self, width: u32, height: u32, scheme: &str) {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": scheme}));
    }

    /// What the page complains of: errors, exceptions, and what its policy kept it from.
    pub fn complaints(&self) -> Vec<String> {
        let thrown = self.heard("Runtime.exceptionThrown").map(Value::to_string);
        let logged = self
            .heard("Log.entryAdded")
            .filter(|event| event["entry"]["level"] == "error")
            .map(|event| event["entry"]["text"].to_string());
        thrown.chain(logged).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
