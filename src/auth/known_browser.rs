//! Browsers that an account was used in before ("device cookies"). Their passwords are counted apart,
//! so that strangers who guess cannot keep the account's owner out.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::proof::Proof;

/// The cookie: user ID, a random name for the browser, and a MAC with the account's secret key. A new
/// password makes it worthless.
pub const COOKIE: &str = "known_browser";

/// The value of the cookie for a browser in which the user showed who they are.
pub fn issue(proof: Proof) -> String {
    let claim = format!("{}.{}", proof.user, crate::random::token());
    let mac = mac(proof, &claim).finalize().into_bytes();
    format!("{claim}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// The name of the browser, if the cookie is one of this account.
pub fn name(cookie: &str, proof: Proof) -> Option<&str> {
    let (claim, signature) = cookie.rsplit_once('.')?;
    let (user, name) = claim.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let is_valid =
        user.parse() == Ok(proof.user) && mac(proof, claim).verify_slice(&signature).is_ok();
    is_valid.then_some(name)
}

fn mac(proof: Proof, claim: &str) -> Hmac<Sha256> {
    let key = proof.stamp.as_bytes();
    let mut mac = Hmac::new_from_slice(key).expect("any key will do");
    mac.update(b"known browser:");
    mac.update(claim.as_bytes());
    mac
}
