// The peer: oidc-provider configured to do the same work as ours, with an interaction that logs a fixed account in.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import process from 'node:process';

import Provider, { errors } from 'oidc-provider';

import { redisAdapter } from './adapter.mjs';

const {
  PEER_PORT, PEER_REDIS_URL, PEER_CLIENT_SECRET, PEER_REDIRECT_URI, PEER_RESOURCE, PEER_COOKIE_SECRET,
} = process.env;
const issuer = `http://127.0.0.1:${PEER_PORT}`;

function key(type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: alg };
}

const provider = new Provider(issuer, {
  adapter: redisAdapter(PEER_REDIS_URL),
  jwks: { keys: [key('ec', { namedCurve: 'P-256' }, 'ES256')] },
  cookies: { keys: [PEER_COOKIE_SECRET] },
  clients: [{
    client_id: 'bench',
    client_secret: PEER_CLIENT_SECRET,
    redirect_uris: [PEER_REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'ES256',
    scope: 'openid profile offline_access api',
  }],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  scopes: ['openid', 'offline_access', 'profile', 'api'],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: '张三', preferred_username: id }),
  }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client, oneOf) => oneOf,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => {
        if (resource !== PEER_RESOURCE) throw new errors.InvalidTarget();
        return {
          scope: 'api', audience: PEER_RESOURCE, accessTokenTTL: 600, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } },
        };
      },
    },
  },
  // Refresh tokens that outlive the session and change at every use, as ours do.
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: () => false,
  rotateRefreshToken: () => true,
  ttl: {
    AccessToken: 600, AuthorizationCode: 60, ClientCredentials: 600, IdToken: 600, Grant: 86_400, Interaction: 600, RefreshToken: 86_400, Session: 86_400,
  },
});
provider.on('server_error', (ctx, error) => console.error(error));

async function consentTo(details) {
  const { params, session, prompt, grantId } = details;
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  for (const [resource, scopes] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  return grant.save();
}

async function interact(request, response) {
  const details = await provider.interactionDetails(request, response);
  const result = details.prompt.name === 'login'
    ? { login: { accountId: details.params.login_hint ?? 'zhangsan' } }
    : { consent: { grantId: await consentTo(details) } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

const answer = provider.callback();
const server = createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  return interact(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
server.keepAliveTimeout = 600_000;
server.listen(Number(PEER_PORT), '127.0.0.1');
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
