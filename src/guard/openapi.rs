//! The OpenAPI document says of each route what its operation says.
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    marker::PhantomData,
    sync::{Mutex, PoisonError},
};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, MetaOperation, Registry},
};

use super::Info;
use crate::{caller::Anonymous, rest::params::ParamDoc, scope::Scope};

/// Every operation, by its name.
pub trait Table: Send + Sync + 'static {
    fn operation(name: &str) -> Option<&'static Info>;
}

/// Fills the OpenAPI document from the operations named in the handlers' signatures;
/// a handler without a permit stops the start.
pub struct Guarded<A, T> {
    api: A,
    table: PhantomData<T>,
}

impl<A, T> Guarded<A, T> {
    pub fn new(api: A) -> Self {
        Self {
            api,
            table: PhantomData,
        }
    }
}

impl<A: OpenApi, T: Table> OpenApi for Guarded<A, T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = A::meta();
        let mut named = BTreeSet::new();
        for path in apis.iter_mut().flat_map(|api| &mut api.paths) {
            for operation in &mut path.operations {
                let info = describe::<T>(&path.path, operation);
                operation.operation_id = Some(unique(info.name, &operation.method, &mut named));
            }
        }
        apis
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.api.add_routes(routes);
    }
}

/// The `operationId` of a route: the name of its operation; a further route of the same operation
/// has its method behind the name, since an `operationId` is unique.
fn unique(name: &'static str, method: &Method, named: &mut BTreeSet<&'static str>) -> &'static str {
    static FURTHER: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
    if named.insert(name) {
        return name;
    }
    let method = method.as_str().to_lowercase();
    let mut further = FURTHER.lock().unwrap_or_else(PoisonError::into_inner);
    let names = ["", "_alias"].map(|suffix| format!("{name}.{method}{suffix}"));
    let mut names = names
        .into_iter()
        .map(|name| -> &'static str { further.entry(name.clone()).or_insert_with(|| name.leak()) });
    let free = names.find(|name| named.insert(name));
    free.expect("an operation has three routes at most")
}

fn describe<T: Table>(path: &str, operation: &mut MetaOperation) -> &'static Info {
    let named: Vec<_> = operation
        .security
        .iter()
        .flat_map(|entry| entry.keys())
        .collect();
    let info = match named[..] {
        [name] => T::operation(name),
        _ => None,
    };
    let Some(info) = info else {
        panic!("{} {path} has no permit", operation.method)
    };
    operation.summary = Some(info.summary());
    operation.description = Some(info.description());
    operation.tags = vec![info.name.split('.').next().unwrap_or_default()];
    let scopes = info.scope.map(Scope::word).into_iter().collect();
    operation.security = vec![HashMap::from([("oauth2", scopes)])];
    if info.anonymous != Anonymous::Never {
        operation.security.push(HashMap::new());
    }
    for param in operation
        .params
        .iter_mut()
        .filter(|param| param.description.is_none())
    {
        param.description = Some(place(path, &param.name));
    }
    operation
        .params
        .extend((info.params)().into_iter().map(ParamDoc::into_meta));
    info
}

/// What a parameter of a path names: `ID of the track.` for `/api/v1/tracks/{id}`.
fn place(path: &str, parameter: &str) -> String {
    let word = match parameter {
        "id" => "ID",
        "uuid" => "UUID",
        "client_id" => "Client ID",
        "username" => "Username",
        "name" => "Name",
        "code" => "Code",
        "key" => "Key",
        other => other,
    };
    let segments: Vec<&str> = path.split('/').collect();
    let is_it = |segment: &&str| segment.trim_matches([':', '{', '}']) == parameter;
    let at = segments.iter().position(is_it).unwrap_or_default();
    let parent = at.checked_sub(1).map_or("", |before| segments[before]);
    let object = match parent.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => parent.trim_end_matches('s').to_owned(),
    };
    format!("{word} of the {object}.")
}
