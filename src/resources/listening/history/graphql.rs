//! The GraphQL fields of the listening history.
use super::{
    List, Listening, ListeningFilter, ListeningOrder, listing, retrieve,
    write::{NewListening, create},
};
use crate::graphql::{
    ids::Kind,
    nested::nested,
    standard::{fields, mutations},
};

nested! {
    /// Listenings of a user that the caller may see.
    ListeningsOfUser: List(ListeningFilter, ListeningOrder) -> Listening = listing,
        where "v.user_id = ?";
}

fields! {
    Queries as "HistoryQueries";
    list listenings: List(ListeningFilter, ListeningOrder) -> Listening = listing;
    one listening(Kind::Listening) -> Listening = retrieve;
}

mutations! {
    Mutations as "HistoryMutations";
    change create_listening(NewListening) -> CreateListeningPayload { listening: Listening, "The new listening." } = create;
}
