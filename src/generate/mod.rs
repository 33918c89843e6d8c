//! Generates the data set of a Funkwhale pod of any size, for benchmarks and experiments. The same
//! seed gives the same pod.
mod rows;
mod words;

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use serde_json::Value;

use crate::error::Startup;

/// The size of the pod, and the seed of its random choices.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub tracks: u64,
    pub seed: u64,
}

/// The access token of the user `user1`, with the scopes `read write`.
pub const ACCESS_TOKEN: &str = "generated-access-token-of-user1";
/// The refresh token that belongs to it.
pub const REFRESH_TOKEN: &str = "generated-refresh-token-of-user1";
/// The OAuth client that both belong to.
pub const CLIENT_ID: &str = "generated-client";
/// The password of every user.
pub const PASSWORD: &str = "generated-password";
/// The stored hash of the password.
const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$wz4JdfP9ZHIrOzgr3fmUew$e7moL2xzDQxYN2pqZNEDe8Xxir0v0pHfM3U6Xgv67TA";
/// The host name of the pod.
pub const HOST: &str = "pod.example";

/// Writes one `.jsonl` file for each kind of row, as `baleen import funkwhale` reads them; returns
/// the number of rows.
pub fn write(plan: Plan, folder: &Path) -> Result<u64, Startup> {
    let failed = |error| Startup::caused(format!("cannot write to {}", folder.display()), error);
    fs::create_dir_all(folder).map_err(failed)?;
    let mut total = 0;
    for (kind, rows) in rows::all(plan) {
        total += write_file(&folder.join(format!("{kind}.jsonl")), rows).map_err(failed)?;
    }
    Ok(total)
}

fn write_file(path: &Path, rows: Box<dyn Iterator<Item = Value>>) -> std::io::Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut count = 0;
    for row in rows {
        serde_json::to_writer(&mut file, &row)?;
        file.write_all(b"\n")?;
        count += 1;
    }
    file.flush()?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash};

    use super::*;

    #[test]
    fn the_password_is_the_one_that_is_told() {
        let hash = PasswordHash::new(PASSWORD_HASH).unwrap();
        assert!(
            Argon2::default()
                .verify_password(PASSWORD.as_bytes(), &hash)
                .is_ok()
        );
    }
}
