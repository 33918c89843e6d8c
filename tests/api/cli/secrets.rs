//! What must never be read in a log.
use super::{baleen, folder, greeted, send};

#[test]
fn tokens_keys_and_passwords_are_not_logged() {
    let folder = folder("secrets");
    let log = folder.join("log");
    let written = std::fs::File::create(&log).unwrap();
    let mut command = baleen();
    command
        .current_dir(&folder)
        .args(["--log", "debug", "--log-format", "json"])
        .stderr(written);
    let (mut server, greeting) = greeted(&mut command);
    let address = greeting.address();
    let bearer = "authorization: Bearer s3cret-bearer";
    let form = "content-type: application/x-www-form-urlencoded";
    for (method, path, header, body) in [
        ("GET", "/api/v1/tracks?token=s3cret-query", bearer, ""),
        (
            "GET",
            "/api/v1/auth/registration/account-confirm-email/s3cret-key/",
            bearer,
            "",
        ),
        ("GET", "/setup?key=s3cret-setup", bearer, ""),
        (
            "GET",
            "/authorize?client_id=x&state=s3cret-state",
            bearer,
            "",
        ),
        (
            "POST",
            "/api/v1/users/login",
            form,
            "username=ada&password=s3cret-password",
        ),
        (
            "POST",
            "/api/v1/oauth/token",
            form,
            "grant_type=authorization_code&client_id=x&client_secret=s3cret&code=s3cret-code",
        ),
    ] {
        let answer = send(&address, method, path, &[header], body);
        assert!(answer.starts_with("HTTP/1.1 "), "{method} {path}: {answer}");
    }
    server.stop();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("/api/v1/oauth/token"),
        "requests are logged: {log}"
    );
    let told = log.lines().find(|line| line.contains("s3cret"));
    assert_eq!(told, None);
}
