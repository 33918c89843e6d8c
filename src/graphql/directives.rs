//! Directives that say in the schema what a field needs and what it spends.
use async_graphql::{
    TypeDirective,
    registry::{MetaDirectiveInvocation, Registry},
};

use crate::{caller::Anonymous, guard::Info, scope::Scope};

/// What a caller needs for a field.
#[TypeDirective(name = "auth", location = "FieldDefinition")]
pub fn auth(
    #[graphql(desc = "OAuth scope that a token must have; null: any token will do.")] scope: Option<
        String,
    >,
    #[graphql(
        desc = "Whether anonymous callers may ask: `always`, `by setting` (unless the pod requires \
        authentication), or `never`."
    )]
    anonymous: String,
) {
}

/// The rate limits that a field counts against; null: none.
#[TypeDirective(name = "rateLimit", location = "FieldDefinition")]
pub fn rate_limit(
    #[graphql(desc = "Throttling scope of anonymous callers.")] anonymous: Option<String>,
    #[graphql(desc = "Throttling scope of users.")] authenticated: Option<String>,
) {
}

/// Makes the directives known.
pub fn register(registry: &mut Registry) {
    TypeDirective::register(&auth, registry);
    TypeDirective::register(&rate_limit, registry);
}

/// What an operation needs and spends. A field below a root field spends nothing of its own.
pub fn of(info: &Info, is_root: bool) -> Vec<MetaDirectiveInvocation> {
    let anonymous = match info.anonymous {
        Anonymous::Always => "always",
        Anonymous::Setting => "by setting",
        Anonymous::Never => "never",
    };
    let scope = info.scope.map(|scope: Scope| scope.word().to_owned());
    let mut all = vec![auth::apply(scope, anonymous.to_owned())];
    if is_root {
        let name = |name: &str| (name != "none").then(|| name.to_owned());
        let (anonymous, authenticated) = info.throttle.scopes();
        all.push(rate_limit::apply(name(anonymous), name(authenticated)));
    }
    all
}
