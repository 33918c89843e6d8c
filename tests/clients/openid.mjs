// Signs in to the server through an OpenID provider, and says who that is and what the page says.
import assert from 'node:assert/strict';

import { Person } from './person.mjs';

const [base, name] = process.argv.slice(2);
assert.ok(name, 'usage: node openid.mjs BASE PERSON');

const person = new Person({ person: name });
const page = await person.signInElsewhere(base, '/settings');
const me = await (await person.fetch(`${base}/api/v1/users/me`)).json();
const title = page.html.match(/<h1>(.*?)<\/h1>/)?.[1];
console.log(JSON.stringify({ path: new URL(page.url).pathname, status: page.status, title, text: page.html, ...me }));
