//! Which paths there are, and what may be done at each: read off the OpenAPI operations.
use poem::http::Method;
use poem_openapi::{OpenApi, registry::MetaApi};

use crate::{guard::Info, resources::operation_of};

/// One path.
pub struct Path {
    address: String,
    /// The operations at it, as `methods` are in order.
    operations: Vec<&'static Info>,
    segments: Vec<Segment>,
    methods: Vec<Method>,
    /// The first operation of the path; it says who may know of the path, and how it is served.
    pub info: &'static Info,
    /// The `Allow` header.
    pub allow: String,
}

enum Segment {
    Literal(String),
    Parameter,
}

/// Every path of the API.
pub struct Routes(Vec<Path>);

pub const JSON: &str = "application/json";

/// The order of an `Allow` header.
const METHODS: &[Method] = &[
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

impl Routes {
    /// The paths of this server.
    pub fn of_api() -> Self {
        Self::of(meta_of(&crate::resources::rest()))
    }

    fn of(apis: Vec<MetaApi>) -> Self {
        let mut paths: Vec<Path> = Vec::new();
        for path in apis.into_iter().flat_map(|api| api.paths) {
            let operations = path.operations.iter();
            let info = operations
                .clone()
                .find_map(|operation| operation_of(operation.operation_id?))
                .expect("every path has a guarded operation");
            let methods: Vec<_> = operations
                .map(|operation| operation.method.clone())
                .collect();
            let served = path
                .operations
                .iter()
                .filter_map(|operation| operation_of(operation.operation_id?));
            paths.push(Path {
                address: path.path.clone(),
                operations: served.collect(),
                segments: path.path.split('/').skip(1).map(Segment::of).collect(),
                allow: allow(&methods),
                methods,
                info,
            });
        }
        // A literal segment goes before a parameter: /libraries/fs-import is not a library.
        paths.sort_by_key(|path| {
            path.segments
                .iter()
                .filter(|part| part.is_parameter())
                .count()
        });
        Self(paths)
    }

    /// The path that `wanted`, without a slash at its end, names.
    pub fn find(&self, wanted: &str) -> Option<&Path> {
        let wanted: Vec<&str> = wanted.split('/').skip(1).collect();
        self.0.iter().find(|path| path.matches(&wanted))
    }

    /// Where an operation is: `GET /api/v1/artists`.
    pub fn addresses(&self, operation: &str) -> Vec<String> {
        let served = self.0.iter().flat_map(|path| {
            path.operations
                .iter()
                .zip(&path.methods)
                .map(move |(info, method)| (info, method, path))
        });
        let named = served.filter(|(info, ..)| info.name == operation);
        named
            .map(|(_, method, path)| format!("`{method} {}`", path.address))
            .collect()
    }
}

fn meta_of<A: OpenApi>(_: &A) -> Vec<MetaApi> {
    A::meta()
}

fn allow(methods: &[Method]) -> String {
    let mut names: Vec<&str> = METHODS
        .iter()
        .filter(|method| methods.contains(method))
        .map(Method::as_str)
        .collect();
    if methods.contains(&Method::GET) {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.join(", ")
}

impl Segment {
    fn of(text: &str) -> Self {
        if text.starts_with([':', '{']) {
            Self::Parameter
        } else {
            Self::Literal(text.to_owned())
        }
    }

    fn is_parameter(&self) -> bool {
        matches!(self, Self::Parameter)
    }
}

impl Path {
    fn matches(&self, wanted: &[&str]) -> bool {
        let fits = |(segment, part): (&Segment, &&str)| match segment {
            Segment::Literal(literal) => literal == part,
            Segment::Parameter => !part.is_empty(),
        };
        self.segments.len() == wanted.len() && self.segments.iter().zip(wanted).all(fits)
    }

    /// Whether the method is served; HEAD goes with GET.
    pub fn serves(&self, method: &Method) -> bool {
        let method = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.methods.contains(method)
    }

    /// The operation that a method performs.
    pub fn operation(&self, method: &Method) -> Option<&'static Info> {
        let place = self.methods.iter().position(|served| served == method)?;
        self.operations.get(place).copied()
    }

    /// How the original's framework calls what stands here: `Artist List`.
    pub fn title(&self) -> String {
        let (resource, action) = self
            .info
            .name
            .split_once('.')
            .unwrap_or((self.info.name, ""));
        let singular = resource.strip_suffix('s').unwrap_or(resource);
        let kind = match action {
            "list" | "create" => "List",
            "retrieve" | "delete" => "Instance",
            other => other,
        };
        format!("{} {}", capitalized(singular), capitalized(kind))
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
