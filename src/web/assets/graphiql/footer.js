// Below the response: the scopes that the query needs, what it cost, and what it found to see and hear.
import { answers } from './requests.js';

const { React, GraphiQL } = window;
const h = React.createElement;

/** Fields of pictures. */
const PICTURES = new Set(['cover', 'avatar']);
/** Covers and tracks that are shown. */
const MOST = 24;

export function footer() {
  const [answer, setAnswer] = React.useState(null);
  React.useEffect(() => {
    const heard = ({ detail }) => isForSchema(detail) || setAnswer(detail);
    answers.addEventListener('answer', heard);
    return () => answers.removeEventListener('answer', heard);
  }, []);
  return h('div', { className: 'below', role: 'region', 'aria-label': 'About the query' },
    h(Scopes), h(Cost, answer?.extensions), h(Media, { data: answer?.data }));
}

const isForSchema = (answer) => Boolean(answer?.data?.__schema);

/** The scopes that the root fields of the query need, as their descriptions say. */
function Scopes() {
  const { schema } = GraphiQL.React.useSchemaContext({ nonNull: true });
  const { tabs, activeTabIndex } = GraphiQL.React.useEditorContext({ nonNull: true });
  const query = tabs[activeTabIndex]?.query ?? '';
  const words = React.useMemo(() => (schema ? needed(schema, query) : []), [schema, query]);
  if (!words.length) return null;
  return h('p', null, 'Needs ', ...words.map((word) => h('code', { key: word, className: 'badge' }, word)));
}

function needed(schema, query) {
  const words = new Set();
  for (const { kind, field } of roots(query)) {
    const type = { query: schema.getQueryType(), mutation: schema.getMutationType(), subscription: schema.getSubscriptionType() }[kind];
    const [, word] = /Requires the scope `([^`]+)`/.exec(type?.getFields()[field]?.description ?? '') ?? [];
    if (word) words.add(word);
  }
  return [...words];
}

/** The root fields of the operations in a text: what stands one brace deep, outside of parentheses. */
function* roots(text) {
  const tokens = text.replace(/#.*/g, '').match(/"(?:\\.|[^"\\])*"|[\w$@]+|\.\.\.|[^\s\w]/g) ?? [];
  let [kind, depth, within] = ['query', 0, 0];
  for (const [index, token] of tokens.entries()) {
    if (token === '(') within += 1;
    else if (token === ')') within -= 1;
    else if (within) continue;
    else if (token === '{') depth += 1;
    else if (token === '}') depth -= 1;
    else if (!depth && /^(query|mutation|subscription|fragment)$/.test(token)) kind = token;
    else if (depth === 1 && /^\w+$/.test(token) && tokens[index + 1] !== ':') yield { kind, field: token };
    if (token === '}' && !depth) kind = 'query';
  }
}

/** What the last answer cost, and what is left. */
function Cost({ complexity, rateLimits = [] }) {
  const parts = [];
  if (complexity) parts.push(`Cost ${number(complexity.cost)} of ${number(complexity.limit)}`);
  for (const { scope, remaining, limit, resetAfter } of unique(rateLimits)) {
    parts.push(`${scope}: ${number(remaining)} of ${number(limit)} requests left${resetAfter ? `, all again in ${time(resetAfter)}` : ''}`);
  }
  return h('p', { role: 'status' }, parts.join(' · '));
}

/** The last row of each scope: a query may count several times against one. */
const unique = (rows) => [...new Map(rows.map((row) => [row.scope, row])).values()];
const number = (value) => value.toLocaleString('en');
const UNITS = [[7200, 3600, 'h'], [120, 60, 'min'], [0, 1, 's']];

function time(seconds) {
  const [, unit, name] = UNITS.find(([least]) => seconds >= least);
  return `${Math.round(seconds / unit)} ${name}`;
}

/** Covers to look at, and tracks to play. */
function Media({ data }) {
  const { pictures, tracks } = React.useMemo(() => found(data), [data]);
  const [playing, play] = React.useState(null);
  const [said, say] = React.useState('');
  if (!pictures.length && !tracks.length) return null;
  const start = (url) => { say(''); play(url); };
  return h('div', { className: 'media' },
    ...pictures.map((url) => h('img', { key: url, src: url, alt: 'Cover', width: 48, height: 48, loading: 'lazy' })),
    ...tracks.map(({ url, title }) => h('button', { key: url, type: 'button', onClick: () => start(url), 'aria-pressed': playing === url }, `▶ ${title}`)),
    playing && h('audio', { key: playing, src: playing, controls: true, autoPlay: true, onError: () => say('This track cannot be played here. Ask for listenUrl(signed: true), signed in.') }),
    said && h('p', { role: 'alert' }, said));
}

function found(data) {
  const [pictures, tracks] = [new Set(), new Map()];
  const visit = (value) => {
    if (!value || typeof value !== 'object') return;
    if (typeof value.listenUrl === 'string') tracks.set(value.listenUrl, value.title ?? 'Track');
    for (const [name, within] of Object.entries(value)) {
      if (PICTURES.has(name) && typeof within?.url === 'string') pictures.add(within.url);
      visit(within);
    }
  };
  visit(data);
  const rows = [...tracks].map(([url, title]) => ({ url, title }));
  return { pictures: [...pictures].slice(0, MOST), tracks: rows.slice(0, MOST) };
}
