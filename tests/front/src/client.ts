import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { relayStylePagination } from '@apollo/client/utilities';
import { from, switchMap, throwError } from 'rxjs';
import { pod, renew, token } from './session';

const authorised = new SetContextLink(async ({ headers }) => {
  const bearer = await token();
  return bearer ? { headers: { ...headers, authorization: `Bearer ${bearer}` } } : { headers };
});

/** The code of the first error, such as `THROTTLED`. */
export function code(error: unknown) {
  return CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : undefined;
}

/** Seconds to wait before another request. */
export function wait(error: unknown) {
  return CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.retryAfter : undefined;
}

/** Sends a request again with a new token when its own has expired. */
const renewing = new ErrorLink(({ error, operation, forward }) => {
  if (code(error) !== 'TOKEN_EXPIRED') return;
  return from(renew()).pipe(switchMap((isNew) => (isNew ? forward(operation) : throwError(() => error))));
});

export const client = new ApolloClient({
  link: ApolloLink.from([renewing, authorised, new HttpLink({ uri: `${pod}/graphql` })]),
  cache: new InMemoryCache({
    typePolicies: { Query: { fields: { tracks: relayStylePagination(['filter', 'orderBy']) } } },
  }),
});
