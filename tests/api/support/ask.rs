use std::net::SocketAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use futures_util::Stream;
use poem::{
    Addr, Body, Endpoint, Request, Response,
    endpoint::BoxEndpoint,
    http::{self, HeaderMap, HeaderValue, Method, StatusCode, Uri, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use serde_json::Value;

use super::Pod;

/// A request in the making.
#[derive(Clone)]
pub struct Ask<'a> {
    pod: &'a Pod,
    pub method: Method,
    address: String,
    headers: HeaderMap,
    body: Vec<u8>,
    client: SocketAddr,
}

impl<'a> Ask<'a> {
    pub(super) fn new(pod: &'a Pod, method: Method, address: &str) -> Self {
        let client = "198.51.100.7:4000".parse().unwrap();
        let headers = HeaderMap::new();
        Self {
            pod,
            method,
            address: address.to_owned(),
            headers,
            body: Vec::new(),
            client,
        }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    /// A header that need not be text.
    pub fn header_bytes(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers
            .append(name, HeaderValue::from_bytes(value).unwrap());
        self
    }

    /// Sends the bearer token of this name; the small data set's tokens are `alice`, `bob`, ...
    pub fn by(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends a form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let form = form.extend_pairs(fields).finish();
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(form)
    }

    /// Shows a name and a password.
    pub fn basic(self, name: &str, password: &str) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{name}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    pub fn from(mut self, client: &str) -> Self {
        self.client = format!("{client}:4000").parse().unwrap();
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends a form with a file in its field `file`.
    pub fn file(self, name: &str, kind: &str, bytes: &[u8]) -> Self {
        self.parts(&[], &[("file", name, kind, bytes)])
    }

    /// Sends a form with fields and files: name of the field, name of the file, media type, content.
    pub fn parts(self, fields: &[(&str, &str)], files: &[(&str, &str, &str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend_from_slice(part.as_bytes());
        }
        for (field, name, kind, bytes) in files {
            let head = format!(
                "--edge\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                 content-type: {kind}\r\n\r\n"
            );
            body.extend_from_slice(&[head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend_from_slice(b"--edge--\r\n");
        self.header("content-type", "multipart/form-data; boundary=edge")
            .body(body)
    }

    pub async fn send(self) -> Answer {
        let endpoint = &self.pod.endpoint;
        self.send_to(endpoint).await
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks another process, of `Pod::twin`.
    pub async fn send_to(self, endpoint: &BoxEndpoint<'static, Response>) -> Answer {
        let mut response = self.response(endpoint).await;
        let bytes = response.take_body().into_vec().await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
            bytes,
        }
    }

    /// The body as it comes; who drops it hangs up.
    pub async fn open(self) -> impl Stream<Item = std::io::Result<impl AsRef<[u8]>>> + Unpin {
        let endpoint = &self.pod.endpoint;
        Box::pin(
            self.response(endpoint)
                .await
                .into_body()
                .into_bytes_stream(),
        )
    }

    async fn response(self, endpoint: &BoxEndpoint<'static, Response>) -> Response {
        let uri: Uri = self
            .address
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", self.address));
        let (mut parts, body) = http::Request::new(Body::from(self.body)).into_parts();
        (parts.method, parts.uri, parts.headers) = (self.method, uri, self.headers);
        let client = Addr::SocketAddr(self.client);
        let parts = (
            parts,
            LocalAddr(client.clone()),
            RemoteAddr(client),
            Scheme::HTTP,
        );
        let request = Request::from_parts(parts.into(), body);
        endpoint.get_response(request).await
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The `id`s of a page's rows.
    pub fn ids(&self) -> Vec<i64> {
        let body = self.json();
        let rows = body["results"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", self.text));
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
    }

    /// The `databaseId`s of the nodes of a root field's connection.
    pub fn node_ids(&self, field: &str) -> Vec<i64> {
        let body = self.json();
        let nodes = body["data"][field]["nodes"]
            .as_array()
            .unwrap_or_else(|| panic!("{}", self.text));
        nodes
            .iter()
            .map(|node| node["databaseId"].as_i64().unwrap())
            .collect()
    }
}
