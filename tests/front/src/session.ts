import { UserManager } from 'oidc-client-ts';

export const pod: string = import.meta.env.VITE_POD;

/** The sign-in, kept for this tab. */
export const session = new UserManager({
  authority: pod,
  metadataUrl: `${pod}/.well-known/oauth-authorization-server`,
  client_id: import.meta.env.VITE_CLIENT_ID,
  redirect_uri: `${location.origin}/`,
  scope: 'read:libraries read:profile read:edits write:edits',
  loadUserInfo: false,
  automaticSilentRenew: false,
});

/** Exchanges a code in the URL for tokens. */
export async function comeBack() {
  if (!new URLSearchParams(location.search).has('code')) return;
  await session.signinCallback();
  history.replaceState(null, '', '/');
}

export async function token() {
  return (await session.getUser())?.access_token;
}

/** Gets a new access token; forgets the sign-in if the pod gives none. */
export async function renew() {
  try {
    await session.signinSilent();
    return true;
  } catch {
    await session.removeUser();
    return false;
  }
}
