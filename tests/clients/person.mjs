// A person at a browser, made of fetch and a cookie jar: signs in, and answers what applications ask.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plain(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal) return String.fromCodePoint(Number(decimal));
    return NAMED[name] ?? whole;
  });
}

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`));
  return found ? plain(found[1]) : '';
}

// The hidden fields of the form on a page that is sent to this path.
function hiddenFields(html, path) {
  const forms = html.match(/<form\b[\s\S]*?<\/form>/g) ?? [];
  const form = forms.find((form) => attribute(form.match(/<form[^>]*>/)[0], 'action') === path);
  assert.ok(form, `the page has no form for ${path}: ${html.replace(/\s+/g, ' ')}`);
  const inputs = form.match(/<input[^>]*>/g) ?? [];
  const hidden = inputs.filter((input) => attribute(input, 'type') === 'hidden');
  return Object.fromEntries(hidden.map((input) => [attribute(input, 'name'), attribute(input, 'value')]));
}

export class Person {
  #cookies = new Map();

  constructor(cookies = {}) {
    this.#cookies = new Map(Object.entries(cookies));
  }

  // The cookies as a browser sends them.
  get cookies() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  // The token against forged requests.
  get csrf() {
    return this.#cookies.get('csrftoken');
  }

  // One request; redirects are not followed.
  async fetch(url, form) {
    const cookie = this.cookies;
    const response = await fetch(url, {
      method: form ? 'POST' : 'GET',
      body: form && new URLSearchParams(form),
      headers: cookie ? { cookie } : {},
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (value && !/max-age=0\b/i.test(line)) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return response;
  }

  // Goes to a page of the server, and on to where it leads; stops before leaving the server.
  async #go(base, url) {
    for (let hops = 0; hops < 10; hops += 1) {
      const response = await this.fetch(url);
      const location = response.headers.get('location');
      if (!location) {
        const html = await response.text();
        assert.equal(response.status, 200, `${url} answers ${response.status}: ${html}`);
        return { html };
      }
      url = new URL(location, url).href;
      if (new URL(url).origin !== new URL(base).origin) return { left: url };
    }
    throw new Error(`${url} leads round and round`);
  }

  // Sends the form for a path, as a page shows it, with what the person fills in.
  async #submit(base, path, html, filled) {
    return this.fetch(new URL(path, base), { ...hiddenFields(html, path), ...filled });
  }

  // Signs in at an OpenID provider, which knows the person by a cookie; gives the page that follows.
  async signInElsewhere(base, next) {
    let url = `${base}/login/openid?next=${encodeURIComponent(next)}`;
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await this.fetch(url);
      const location = response.headers.get('location');
      if (!location) return { url, status: response.status, html: await response.text() };
      url = new URL(location, url).href;
    }
    throw new Error(`${url} leads round and round`);
  }

  async signIn(base, username, password) {
    const { html } = await this.#go(base, `${base}/login`);
    const answer = await this.#submit(base, '/login', html, { username, password });
    assert.equal(answer.status, 303, `signing in answers ${answer.status}`);
    assert.ok(this.#cookies.has('sessionid'), 'signing in opens no session');
  }

  // Allows what the authorisation request asks; gives the address that the application is told at.
  async authorise(base, url, redirectUri) {
    let { html, left } = await this.#go(base, url);
    if (html) {
      const answer = await this.#submit(base, '/authorize', html, { allow: 'true' });
      assert.equal(answer.status, 303, `authorising answers ${answer.status}`);
      left = answer.headers.get('location');
    }
    assert.ok(left.startsWith(redirectUri), `${left} is not at ${redirectUri}`);
    return new URL(left);
  }

  // Lets a device in, from the address that it shows.
  async connectDevice(base, url) {
    const { html } = await this.#go(base, url);
    const answer = await this.#submit(base, '/device', html, { allow: 'true' });
    assert.equal(answer.status, 200, `connecting the device answers ${answer.status}`);
  }
}

// Says why a script failed, without the sockets that libraries hang on their errors.
process.on('uncaughtException', (error) => {
  console.error(error.stack);
  if (error.cause) console.error(inspect(error.cause, { depth: 1 }));
  process.exit(1);
});

// Registers an application through the API.
export async function register(base, app) {
  const response = await fetch(`${base}/api/v1/oauth/apps`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(app),
  });
  assert.equal(response.status, 201, `registering answers ${response.status}: ${await response.clone().text()}`);
  return response.json();
}
