//! Proof Key for Code Exchange (RFC 7636), S256 only.
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use subtle::ConstantTimeEq;

/// Whether a text is a valid challenge or verifier: 43 to 128 unreserved characters.
pub fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Whether a verifier matches a challenge.
pub fn verifies(verifier: &str, challenge: &str) -> bool {
    if !is_well_formed(verifier) {
        return false;
    }
    let verifier = PkceCodeVerifier::new(verifier.to_owned());
    let found = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    found.as_str().as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_verifies() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(verifies(verifier, challenge));
        assert!(!verifies(challenge, challenge) && !verifies("", challenge));
        assert!(!is_well_formed(&"a".repeat(42)) && !is_well_formed(&"a".repeat(129)));
    }
}
