use std::collections::BTreeMap;

use poem::http::Method;

use super::{Answer, Ask, PASSWORD, Pod};

/// A browser without scripts: it keeps cookies, and sends forms as the pages make them.
pub struct Visitor<'a> {
    pod: &'a Pod,
    pub cookies: BTreeMap<String, String>,
}

impl<'a> Visitor<'a> {
    /// All cookies, as they are sent.
    pub fn cookie_line(&self) -> String {
        let cookies = self.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        cookies.join("; ")
    }

    pub fn new(pod: &'a Pod) -> Self {
        Self {
            pod,
            cookies: BTreeMap::new(),
        }
    }

    /// A browser that somebody of `Pod::person` is signed in with.
    pub async fn of(pod: &'a Pod, username: &str) -> Self {
        let mut visitor = Self::new(pod);
        let answer = visitor.sign_in(username, PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        visitor
    }

    pub async fn sign_in(&mut self, username: &str, password: &str) -> Answer {
        self.get("/login").await;
        let fields = [("username", username), ("password", password)];
        self.submit("/login", &fields).await
    }

    pub async fn get(&mut self, address: &str) -> Answer {
        self.send(self.pod.get(address)).await
    }

    /// Sends a form, with the token against forged requests that the page has.
    pub async fn submit(&mut self, address: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.cookies.get("csrftoken").cloned().unwrap_or_default();
        let fields = [fields, &[("csrfmiddlewaretoken", token.as_str())]].concat();
        self.send(self.pod.ask(Method::POST, address).form(&fields))
            .await
    }

    /// Sends what scripts of a page send.
    pub async fn script(&mut self, ask: Ask<'a>) -> Answer {
        let token = self.cookies.get("csrftoken").cloned().unwrap_or_default();
        self.send(ask.header("x-csrftoken", &token)).await
    }

    pub async fn send(&mut self, ask: Ask<'a>) -> Answer {
        let answer = ask.header("cookie", &self.cookie_line()).send().await;
        for set in answer.headers.get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }
}

impl Answer {
    /// Where a browser is sent on to.
    pub fn location(&self) -> &str {
        self.header("location")
            .unwrap_or_else(|| panic!("{} {}", self.status, self.text))
    }

    /// A parameter of the address that a browser is sent on to.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.location().split_once('?')?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// What stands in a page between two texts.
    pub fn between(&self, start: &str, end: &str) -> String {
        let rest = self
            .text
            .split_once(start)
            .unwrap_or_else(|| panic!("no {start:?} in {}", self.text))
            .1;
        rest.split_once(end).unwrap().0.to_owned()
    }
}
