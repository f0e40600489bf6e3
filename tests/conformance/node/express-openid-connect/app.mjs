// express-openid-connect: what its README shows, with a secret and therefore the code flow.
import process from 'node:process';

import express from 'express';
import { auth } from 'express-openid-connect';
import session from 'express-session';

const { ISSUER, URL: baseURL, CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET, PORT } = process.env;

const app = express();
app.use(auth({
  issuerBaseURL: ISSUER,
  baseURL,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  secret: COOKIE_SECRET,
  idpLogout: true,
  authRequired: false,
  authorizationParams: { response_type: 'code' },
  backchannelLogout: { store: new session.MemoryStore() },
}));

app.get('/', (request, response) => response.json(request.oidc.user ?? null));
app.get('/userinfo', async (request, response) => response.json(await request.oidc.fetchUserInfo()));

app.listen(Number(PORT), '127.0.0.1');
