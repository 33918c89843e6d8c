// Requests to /graphql: queries and mutations, and subscriptions as server-sent events.
import { send as fetchAs } from './session.js';

const PATH = '/graphql';

/** Tells of every answer, as an event `answer` with the answer as its detail. */
export const answers = new EventTarget();

/** GraphiQL's fetcher: a promise of an answer, or an iterable of them. */
export function send(parameters, { headers, documentAST } = {}) {
  return kind(parameters, documentAST) === 'subscription' ? events(parameters, headers) : answer(parameters, headers);
}

function kind({ operationName }, document) {
  const operations = document?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
  const found = operations.find(({ name }) => name?.value === operationName) ?? operations[0];
  return found?.operation;
}

function ask(parameters, headers, accept, signal) {
  return fetchAs(PATH, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify({ ...parameters, extensions: { cost: true } }),
    signal,
  });
}

async function answer(parameters, headers) {
  const response = await ask(parameters, headers, 'application/json');
  return tell(await response.json());
}

/** The answers of a subscription. To return from it ends the request at once, though no event may come. */
function events(parameters, headers) {
  const stop = new AbortController();
  const found = pull(parameters, headers, stop.signal);
  return {
    [Symbol.asyncIterator]() { return this; },
    next: () => found.next(),
    async return() {
      stop.abort();
      return { done: true, value: undefined };
    },
  };
}

async function* pull(parameters, headers, signal) {
  try {
    const response = await ask(parameters, headers, 'text/event-stream', signal);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
      yield tell(await response.json());
      return;
    }
    for await (const data of eventsOf(response.body)) yield tell(JSON.parse(data));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The data of each event `next`. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let read = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const all = (read + value).split('\n\n');
    read = all.pop();
    for (const event of all) {
      const [, data] = /^event: next\ndata: (.*)$/s.exec(event) ?? [];
      if (data) yield data;
    }
  }
}

function tell(detail) {
  answers.dispatchEvent(new CustomEvent('answer', { detail }));
  return detail;
}
