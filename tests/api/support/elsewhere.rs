//! A server of somebody else's, which the pod asks: what lies at which path, and what was asked for.
use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

type Shared<T> = Arc<Mutex<T>>;

pub struct Elsewhere {
    pub address: String,
    pages: Shared<HashMap<String, Page>>,
    heard: Shared<Vec<Heard>>,
}

#[derive(Clone)]
struct Page {
    status: u16,
    /// A line of the head, with its end.
    header: String,
    bytes: Vec<u8>,
}

/// A request, and the status of the answer.
#[derive(Clone, Debug)]
pub struct Heard {
    /// With the query.
    pub path: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Heard {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Elsewhere {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let there = Self {
            address,
            pages: Shared::default(),
            heard: Shared::default(),
        };
        let (pages, heard) = (there.pages.clone(), there.heard.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // Whoever hangs up has heard enough.
                _ = answer(&stream.unwrap(), &pages, &heard);
            }
        });
        there
    }

    /// Puts a page at a path; returns its address.
    pub fn put(&self, path: &str, page: impl Into<Vec<u8>>) -> String {
        self.answer(path, 200, page);
        format!("{}{path}", self.address)
    }

    /// Answers requests for a path, whatever their query, with a status.
    pub fn answer(&self, path: &str, status: u16, page: impl Into<Vec<u8>>) {
        self.tell(path, (status, ""), page);
    }

    /// The same with a header, such as `location: /there`.
    pub fn tell(&self, path: &str, (status, header): (u16, &str), page: impl Into<Vec<u8>>) {
        let end = if header.is_empty() { "" } else { "\r\n" };
        let page = Page {
            status,
            header: format!("{header}{end}"),
            bytes: page.into(),
        };
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    pub fn remove(&self, path: &str) {
        self.pages.lock().unwrap().remove(path);
    }

    /// The requests since they were looked at last.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// Their paths with the statuses of the answers.
    pub fn asked(&self) -> Vec<String> {
        let heard = self.heard().into_iter();
        heard
            .map(|heard| format!("{} {}", heard.path, heard.status))
            .collect()
    }
}

fn read(stream: &TcpStream) -> std::io::Result<Heard> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let path = lines.first().and_then(|line| line.split(' ').nth(1));
    let header = |line: &String| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_lowercase(), value.to_owned()))
    };
    let mut heard = Heard {
        path: path.unwrap_or_default().to_owned(),
        status: 0,
        headers: lines.iter().skip(1).filter_map(header).collect(),
        body: String::new(),
    };
    let length = heard
        .header("content-length")
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    heard.body = String::from_utf8_lossy(&body).into_owned();
    Ok(heard)
}

/// Answers one request: with an `ETag`, and with a range where one is asked for.
fn answer(
    mut stream: &TcpStream,
    pages: &Mutex<HashMap<String, Page>>,
    told: &Mutex<Vec<Heard>>,
) -> std::io::Result<()> {
    let mut heard = read(stream)?;
    let path = heard.path.split('?').next().unwrap_or_default();
    let page = pages.lock().unwrap().get(path).cloned();
    let nothing = || Page {
        status: 404,
        header: String::new(),
        bytes: b"No.".to_vec(),
    };
    let Page {
        status,
        header,
        bytes: page,
    } = page.unwrap_or_else(nothing);
    let sum = page
        .iter()
        .fold(7_u64, |sum, byte| sum.wrapping_mul(31) + u64::from(*byte));
    let tag = format!("\"{sum:x}\"");
    let range = heard.header("range").map(|range| {
        let (first, last) = range.trim_start_matches("bytes=").split_once('-').unwrap();
        (
            first.parse::<usize>().unwrap(),
            last.parse::<usize>().unwrap(),
        )
    });
    let (status, page, more) = match range {
        _ if status != 200 => (status, page, String::new()),
        Some((first, last)) => {
            let more = format!("content-range: bytes {first}-{last}/{}\r\n", page.len());
            (206, page[first..=last].to_vec(), more)
        }
        None if heard.header("if-none-match") == Some(&tag) => (304, Vec::new(), String::new()),
        None => (200, page, format!("etag: {tag}\r\nset-cookie: spy=1\r\n")),
    };
    heard.status = status;
    told.lock().unwrap().push(heard);
    let length = page.len();
    let head = format!(
        "HTTP/1.1 {status} So\r\ncontent-length: {length}\r\nconnection: close\r\n{header}{more}\r\n"
    );
    stream.write_all(&[head.into_bytes(), page].concat())
}
