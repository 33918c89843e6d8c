//! The Subsonic tokens of accounts, as they are stored.
use crate::{app::App, error::Result, seal::Seal, store::sql};

/// Seals tokens that an earlier version has written as they are.
pub async fn tidy(app: &App) -> Result<()> {
    let written =
        sql("select id, subsonic_api_token from users where subsonic_api_token is not null");
    let written: Vec<(i64, String)> = written.all(app.db()).await?;
    for (user, token) in written {
        if Seal::is_sealed(&token) {
            continue;
        }
        sql("update users set subsonic_api_token = ? where id = ? and subsonic_api_token = ?")
            .bind(app.seal().sealed(&token))
            .bind(user)
            .bind(token)
            .run(app.db())
            .await?;
    }
    Ok(())
}
