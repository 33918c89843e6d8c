//! The OAuth provider: RFC 6749 with PKCE, revocation, introspection, metadata and the device
//! grant, following the security practices of RFC 9700 (contract section 3).
pub mod authorize;
pub mod clients;
pub mod consents;
pub mod device;
pub mod grants;
mod lineage;
pub mod metadata;
mod pkce;
pub mod redirect;
mod refusal;
pub mod revocation;
pub mod scopes;
pub mod tokens;

pub use self::{
    lineage::{Parent, living},
    refusal::Refusal,
    revocation::{delete_application, delete_of_user, revoke_all, revoke_codes, revoke_user},
};

use crate::{app::App, error::Result, store::sql};

/// Client ID of this server's API explorers.
pub const EXPLORER: &str = "baleen-explorer";

/// Removes expired codes and tokens. Used ones are kept while their reuse must be detected.
pub async fn tidy(app: &App) -> Result<()> {
    /// Seconds for which an expired token is reported as expired, not as unknown.
    const REMEMBERED: i64 = 15 * 24 * 3600;
    /// Seconds for which an application without an owner is kept though nobody uses it.
    const UNUSED: i64 = 90 * 24 * 3600;
    let now = app.clock().now();
    for gone in [
        sql("delete from oauth_codes where expires <= ?").bind(now.plus_seconds(-3600)),
        sql("delete from oauth_device_codes where expires <= ?").bind(now.plus_seconds(-3600)),
        sql("delete from oauth_access_tokens where expires <= ?")
            .bind(now.plus_seconds(-REMEMBERED)),
        sql("delete from oauth_refresh_tokens where expires <= ?").bind(now),
        sql("delete from oauth_refresh_tokens where revoked <= ?")
            .bind(now.plus_seconds(-REMEMBERED)),
        sql("delete from oauth_families where used <= ?
             and not exists (select 1 from oauth_refresh_tokens r where r.family = oauth_families.family)
             and not exists (select 1 from oauth_access_tokens a where a.family = oauth_families.family)")
            .bind(now.plus_seconds(-REMEMBERED)),
        sql("delete from oauth_applications where user_id is null and updated <= ? and client_id <> ?
             and not exists (select 1 from oauth_consents c where c.application_id = oauth_applications.id)
             and not exists (select 1 from oauth_codes c where c.application_id = oauth_applications.id)
             and not exists (select 1 from oauth_device_codes c where c.application_id = oauth_applications.id)
             and not exists (select 1 from oauth_families f where f.application_id = oauth_applications.id)
             and not exists (select 1 from oauth_refresh_tokens t where t.application_id = oauth_applications.id)
             and not exists (select 1 from oauth_access_tokens t where t.application_id = oauth_applications.id)")
            .bind(now.plus_seconds(-UNUSED))
            .bind(EXPLORER),
    ] {
        gone.run(app.db()).await?;
    }
    Ok(())
}
