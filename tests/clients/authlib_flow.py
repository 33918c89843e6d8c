# Proves that Authlib gets, uses, refreshes, inspects and revokes tokens, with its secret in the header and in the form.
import sys
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError

REDIRECT_URI = "http://127.0.0.1/callback"
SCOPE = "read:profile"


def step(text):
    print(f"authlib: {text}", flush=True)


def check(fine, complaint):
    if not fine:
        raise SystemExit(f"authlib: {complaint}")


class HiddenFields(HTMLParser):
    """The hidden fields of the form on a page that is sent to a path."""

    def __init__(self, page, path):
        super().__init__()
        self.path = path
        self.inside = False
        self.fields = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("action") == self.path
        if self.inside and tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"]] = given["value"]

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False


class Person:
    """A person at a browser."""

    def __init__(self, base):
        self.base = base
        self.browser = requests.Session()

    def submit(self, page, path, filled):
        check(page.status_code == 200, f"{page.url} answers {page.status_code}")
        fields = HiddenFields(page.text, path).fields
        answer = self.browser.post(urljoin(self.base, path), {**fields, **filled}, allow_redirects=False)
        check(answer.status_code == 303, f"POST {path} answers {answer.status_code}")
        return answer.headers["location"]

    def sign_in(self, username, password):
        page = self.browser.get(f"{self.base}/login")
        self.submit(page, "/login", {"username": username, "password": password})
        check("sessionid" in self.browser.cookies, "signing in opens no session")

    def authorise(self, url):
        location = self.submit(self.browser.get(url), "/authorize", {"allow": "true"})
        check(location.startswith(REDIRECT_URI), f"{location} is not at {REDIRECT_URI}")
        return location


def is_refused(ask, error):
    try:
        ask()
    except OAuthError as refused:
        check(refused.error == error, f"refused with {refused.error}, not {error}")
    else:
        raise SystemExit(f"authlib: not refused with {error}")


def flow(base, username, person, server, method):
    registration = {
        "name": f"Authlib with {method}",
        "scopes": SCOPE,
        "redirect_uris": REDIRECT_URI,
        "client_type": "confidential",
    }
    answer = requests.post(f"{base}/api/v1/oauth/apps", json=registration)
    check(answer.status_code == 201, f"registering answers {answer.status_code}: {answer.text}")
    app = answer.json()
    client = OAuth2Session(
        app["client_id"],
        app["client_secret"],
        token_endpoint_auth_method=method,
        revocation_endpoint_auth_method=method,
        scope=SCOPE,
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    )

    def me(token):
        header = {"authorization": f"Bearer {token}"}
        return requests.get(f"{base}/api/v1/users/me", headers=header)

    def inspect(token):
        answer = client.introspect_token(server["introspection_endpoint"], token)
        check(answer.status_code == 200, f"introspection answers {answer.status_code}")
        return answer.json()

    verifier = generate_token(48)
    url, state = client.create_authorization_url(server["authorization_endpoint"], code_verifier=verifier)
    back = person.authorise(url)
    check(parse_qs(urlsplit(back).query)["iss"] == [server["issuer"]], f"{back} does not say who answers")
    first = client.fetch_token(
        server["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    answer = client.get(f"{base}/api/v1/users/me")
    check(answer.json().get("username") == username, f"/users/me answers {answer.text}")
    step(f"{method}: a token by code and PKCE")

    second = client.refresh_token(server["token_endpoint"])
    check(second["refresh_token"] != first["refresh_token"], "the refresh token stays the same")
    check(me(first["access_token"]).status_code == 401, "the first token still works")
    again = first["refresh_token"]
    is_refused(lambda: client.refresh_token(server["token_endpoint"], again), "invalid_grant")
    answer = client.get(f"{base}/api/v1/users/me")
    check(answer.json().get("username") == username, f"/users/me answers {answer.text}")
    step(f"{method}: refreshed, once")

    told = inspect(second["access_token"])
    check(told["active"] and told["username"] == username, f"introspection tells {told}")
    step(f"{method}: inspected")

    answer = client.revoke_token(server["revocation_endpoint"], second["refresh_token"])
    check(answer.status_code == 200, f"revocation answers {answer.status_code}")
    check(me(second["access_token"]).status_code == 401, "a revoked token still works")
    check(inspect(second["access_token"]) == {"active": False}, "a revoked token is active")
    check(inspect(second["refresh_token"]) == {"active": False}, "a revoked refresh token is active")
    step(f"{method}: revoked")


def main():
    if len(sys.argv) != 4:
        raise SystemExit("usage: python3 authlib_flow.py BASE USERNAME PASSWORD")
    base, username, password = sys.argv[1:]
    server = requests.get(f"{base}/.well-known/oauth-authorization-server").json()
    person = Person(base)
    person.sign_in(username, password)
    step(f"{username} is signed in")
    for method in ("client_secret_basic", "client_secret_post"):
        flow(base, username, person, server, method)


if __name__ == "__main__":
    main()
