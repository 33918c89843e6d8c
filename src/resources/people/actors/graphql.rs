//! The GraphQL fields of actors.
use async_graphql::{Context, ID};

use super::Actor;
use crate::{
    context::Cx,
    graphql::{
        ids::{Kind, global},
        nested::with_lists,
    },
    resources::library::{libraries::LibrariesOfActor, uploads::UploadsOfActor},
};

with_lists! {
    Actor {
        /// Global ID; opaque.
        #[graphql(name = "id")]
        pub(crate) async fn global_id(&self) -> ID {
            global(Kind::Actor, self.address())
        }

        /// Username with the domain, such as `alice@pod.example`.
        async fn full_username(&self) -> String {
            self.address()
        }

        /// URL that other pods send activities to which concern several actors of the pod.
        async fn shared_inbox_url(&self, ctx: &Context<'_>) -> Option<String> {
            self.shared_inbox(ctx.data_unchecked::<Cx>().reader())
        }

        /// Whether the actor belongs to this pod.
        async fn is_local(&self, ctx: &Context<'_>) -> bool {
            ctx.data_unchecked::<Cx>()
                .reader()
                .is_local_domain(&self.domain)
        }
    }
    libraries: LibrariesOfActor =
        "Libraries of the actor that you have access to, newest first, unless `orderBy` is given.";
    uploads: UploadsOfActor =
        "Uploads of the actor that are your own or that you can play, newest first, unless `orderBy` is \
         given.";
}
