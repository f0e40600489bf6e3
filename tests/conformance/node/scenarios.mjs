// What an independent client sees of the provider. Its own checks (signature, iss, aud, nonce, max_age, at_hash,
// RFC 9207) are on in every scenario; a scenario returns what the test looks at beyond them.
import * as client from 'openid-client';

import { Browser } from './browser.mjs';

async function authentication({ auth_method, client_secret, private_jwk }) {
  switch (auth_method) {
    case 'client_secret_basic': return client.ClientSecretBasic(client_secret);
    case 'client_secret_post': return client.ClientSecretPost(client_secret);
    case 'none': return client.None();
    case 'private_key_jwt': {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
      const key = await crypto.subtle.importKey('jwk', private_jwk, algorithm, false, ['sign']);
      return client.PrivateKeyJwt({ key, kid: private_jwk.kid });
    }
    default: throw new Error(`unknown authentication method ${auth_method}`);
  }
}

async function discover(settings) {
  const metadata = { id_token_signed_response_alg: settings.id_token_alg };
  const config = await client.discovery(
    new URL(settings.issuer), settings.client_id, metadata, await authentication(settings),
    { execute: [client.allowInsecureRequests], algorithm: settings.discovery },
  );
  // The token comes over TLS in production; this checks its signature against /jwks all the same.
  client.enableNonRepudiationChecks(config);
  return config;
}

async function ask(settings, config, extra = {}) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
    maxAge: 300,
  };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: settings.redirect_uri,
    scope: 'openid profile phone offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    max_age: String(checks.maxAge),
    ...extra,
  });
  return { url, checks };
}

/** Callbacks by GET are given as a URL, by form_post as the Request that the browser makes. */
function exchange(config, callback, checks) {
  return client.authorizationCodeGrant(config, callback.method === 'POST' ? callback : new URL(callback.url), checks);
}

async function logIn(settings, config, extra) {
  const browser = new Browser(settings.issuer);
  const { url, checks } = await ask(settings, config, extra);
  const callback = await browser.logIn(url, settings.account);
  const method = callback.method;
  return { browser, method, tokens: await exchange(config, callback, checks) };
}

/** The error that something ends in; null when it does not. */
async function errorOf(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    // A 401 with WWW-Authenticate is an error of its own kind, whatever the body says (RFC 6749 §5.2).
    const said = error.response?.bodyUsed === false ? await error.response.json() : {};
    return error.error ?? error.cause?.error ?? said.error ?? error.code ?? error.message;
  }
}

export async function discovery(settings) {
  const config = await discover(settings);
  return { metadata: config.serverMetadata(), pkce: config.serverMetadata().supportsPKCE() };
}

export async function code(settings) {
  const config = await discover(settings);
  const { tokens } = await logIn(settings, config, settings.parameters);
  const claims = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const stranger = await errorOf(client.fetchUserInfo(config, tokens.access_token, 'somebody else'));
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const again = await client.fetchUserInfo(config, refreshed.access_token, claims.sub);
  return {
    claims,
    userinfo,
    stranger,
    same_userinfo: JSON.stringify(userinfo) === JSON.stringify(again),
    rotated: refreshed.refresh_token !== undefined && refreshed.refresh_token !== tokens.refresh_token,
    token_type: tokens.token_type,
    expires_in: tokens.expires_in,
    scope: tokens.scope,
    refreshed_claims: refreshed.claims() ?? null,
  };
}

export async function introspectionAndRevocation(settings) {
  const config = await discover(settings);
  const { tokens } = await logIn(settings, config);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const before = await client.tokenIntrospection(config, refreshed.access_token);
  const refreshBefore = await client.tokenIntrospection(config, refreshed.refresh_token);
  await client.tokenRevocation(config, refreshed.refresh_token);
  return {
    before,
    refresh_before: refreshBefore,
    access_after: await client.tokenIntrospection(config, refreshed.access_token),
    refresh_after: await client.tokenIntrospection(config, refreshed.refresh_token),
    refreshing: await errorOf(client.refreshTokenGrant(config, refreshed.refresh_token)),
    userinfo: await errorOf(client.fetchUserInfo(config, refreshed.access_token, tokens.claims().sub)),
    unknown: await errorOf(client.tokenRevocation(config, 'a token nobody ever had')),
  };
}

export async function publicRevocation(settings) {
  const config = await discover(settings);
  const { tokens } = await logIn(settings, config);
  await client.tokenRevocation(config, tokens.refresh_token);
  return { refreshing: await errorOf(client.refreshTokenGrant(config, tokens.refresh_token)) };
}

export async function formPost(settings) {
  const config = await discover(settings);
  const { method, tokens } = await logIn(settings, config, { response_mode: 'form_post' });
  return { method, claims: tokens.claims() };
}

export async function clientCredentials(settings) {
  const config = await discover(settings);
  const tokens = await client.clientCredentialsGrant(config);
  const about = await client.tokenIntrospection(config, tokens.access_token);
  return { token_type: tokens.token_type, refresh_token: tokens.refresh_token ?? null, about };
}

export async function singleSignOnAndLogout(settings) {
  const config = await discover(settings);
  // Without offline_access what was given ends with the session (Back-Channel Logout 1.0 §2.7).
  const scope = settings.scope ?? 'openid profile';
  const { browser, tokens } = await logIn(settings, config, { scope });
  const silent = await ask(settings, config, { prompt: 'none' });
  const quiet = await exchange(config, (await browser.open(silent.url)).callback, silent.checks);
  const state = client.randomState();
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: settings.post_logout_redirect_uri, state,
  });
  let here = await browser.open(url);
  const confirmation = here.forms?.find((form) => form.buttons.some(([name]) => name === 'decision'));
  if (confirmation) here = await browser.submit(confirmation, { decision: 'logout' });
  const after = await ask(settings, config, { prompt: 'none' });
  const refused = await browser.open(after.url);
  return {
    same_session: quiet.claims().sid === tokens.claims().sid,
    same_login: quiet.claims().auth_time === tokens.claims().auth_time,
    returned_to: here.callback?.url ?? null,
    page: here.html ?? null,
    state,
    silent_after: await errorOf(exchange(config, refused.callback, after.checks)),
    userinfo_after: await errorOf(client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)),
    refresh_after: tokens.refresh_token && await errorOf(client.refreshTokenGrant(config, tokens.refresh_token)),
  };
}

export async function refusals(settings) {
  const config = await discover(settings);
  const browser = new Browser(settings.issuer);
  const first = await ask(settings, config);
  const wrongVerifier = { ...first.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  const wrong = await errorOf(exchange(config, await browser.logIn(first.url, settings.account), wrongVerifier));

  const second = await ask(settings, config);
  const callback = (await browser.open(second.url)).callback;
  const tokens = await exchange(config, callback, second.checks);
  const replay = await errorOf(exchange(config, callback, second.checks));
  const familyAfterReplay = await errorOf(client.refreshTokenGrant(config, tokens.refresh_token));

  const third = await ask(settings, config);
  const otherNonce = { ...third.checks, expectedNonce: client.randomNonce() };
  const nonce = await errorOf(exchange(config, (await browser.open(third.url)).callback, otherNonce));

  const stranger = await discover({ ...settings, auth_method: 'client_secret_basic', client_secret: 'wrong' });
  return {
    wrong_verifier: wrong,
    replay,
    family_after_replay: familyAfterReplay,
    nonce,
    wrong_secret: await errorOf(client.clientCredentialsGrant(stranger)),
  };
}
