import { ApolloProvider } from '@apollo/client/react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { client } from './client';
import { comeBack, token } from './session';

await comeBack();
const isSignedIn = Boolean(await token());
createRoot(document.getElementById('root')!).render(
  <ApolloProvider client={client}>
    <App isSignedIn={isSignedIn} />
  </ApolloProvider>,
);
