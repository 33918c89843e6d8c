//! The GraphQL fields of policies.
use async_graphql::{ComplexObject, Context, ID, InputObject};

use super::{
    Create, InstancePolicy, InstancePolicyFilter, InstancePolicyOrder, List, Retrieve, Update,
    listing, retrieve,
    write::{NewPolicy, PolicyRules, PolicyTarget, PolicyTargetType, create, delete, update},
};
use crate::{
    error::{Error, Result},
    graphql::{
        ids::{Key, Kind, global, named},
        standard::{fields, mutations},
    },
    guard::{AllowExt, Allowed},
    resources::people::actors::Actor,
};

#[ComplexObject]
impl InstancePolicy {
    /// Global ID; opaque.
    #[graphql(name = "id")]
    pub(crate) async fn global_id(&self) -> ID {
        global(Kind::InstancePolicy, self.id)
    }

    /// The account that it is about; null if it is about a domain.
    async fn target_actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.target_actor_id).await
    }

    /// Whoever made it.
    async fn actor(&self, ctx: &Context<'_>) -> Result<Option<Actor>> {
        ctx.load::<Retrieve, Actor>(self.actor_id).await
    }
}

fields! {
    Queries as "InstancePoliciesQueries";
    list instance_policies: List(InstancePolicyFilter, InstancePolicyOrder) -> InstancePolicy = listing;
    one instance_policy(Kind::InstancePolicy) -> InstancePolicy = retrieve;
}

/// A policy to create. Give either a domain or an actor.
#[derive(Debug, InputObject)]
struct CreateInstancePolicyInput {
    /// The domain that it is about.
    domain: Option<String>,
    /// Global ID, or username with the domain, of the account that it is about.
    actor: Option<ID>,
    #[graphql(flatten)]
    rules: PolicyRules,
}

async fn made(
    permit: &Allowed<Create>,
    input: CreateInstancePolicyInput,
) -> Result<InstancePolicy> {
    let (kind, id) = match (input.domain, input.actor) {
        (Some(domain), None) => (PolicyTargetType::Domain, domain),
        (None, Some(actor)) => (PolicyTargetType::Actor, named(Kind::Actor, &actor)?),
        _ => {
            let complaint = "Give either `domain` or `actor`.";
            return Err(Error::field("non_field_errors", complaint));
        }
    };
    let new = NewPolicy {
        target: PolicyTarget { kind, id },
        rules: input.rules,
    };
    create(permit, new).await
}

/// What to change of a policy. Fields that are not given keep their values.
#[derive(Debug, InputObject)]
struct UpdateInstancePolicyInput {
    /// Global ID of the policy; its UUID and its numeric ID are accepted too.
    id: ID,
    #[graphql(flatten)]
    rules: PolicyRules,
}

async fn changed(
    permit: &Allowed<Update>,
    input: UpdateInstancePolicyInput,
) -> Result<InstancePolicy> {
    let key = Key::of(Kind::InstancePolicy, Some(input.id), None, None)?;
    update(permit, key, input.rules).await
}

mutations! {
    Mutations as "InstancePoliciesMutations";
    delete delete_instance_policy(DeleteInstancePolicyInput) -> DeleteInstancePolicyPayload = delete, of Kind::InstancePolicy;
    change create_instance_policy(CreateInstancePolicyInput) -> CreateInstancePolicyPayload { policy: InstancePolicy, "The new policy." } = made;
    change update_instance_policy(UpdateInstancePolicyInput) -> UpdateInstancePolicyPayload { policy: InstancePolicy, "The policy after the change." } = changed;
}
