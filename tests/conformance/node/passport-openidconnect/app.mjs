// passport-openidconnect as its README shows it, and a setting by which it asks /userinfo: names and addresses are not
// in our ID tokens. It knows no logout at the provider: /logout is what an application writes for itself.
import process from 'node:process';

import express from 'express';
import session from 'express-session';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';

const { ISSUER, URL: baseURL, CLIENT_ID, CLIENT_SECRET, COOKIE_SECRET, PORT } = process.env;

passport.use(new OpenIDConnectStrategy({
  issuer: ISSUER,
  authorizationURL: `${ISSUER}/authorize`,
  tokenURL: `${ISSUER}/token`,
  userInfoURL: `${ISSUER}/userinfo`,
  clientID: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  callbackURL: `${baseURL}/callback`,
  scope: ['profile', 'email'],
  skipUserProfile: false,
}, (issuer, profile, context, idToken, done) => done(null, { ...profile, idToken })));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: COOKIE_SECRET, resave: false, saveUninitialized: false }));
app.use(passport.session());

app.get('/', ({ user }, response) => {
  response.json(user ? { sub: user.id, name: user.displayName, email: user.emails[0].value } : null);
});
app.get('/login', passport.authenticate('openidconnect'));
app.get('/callback', passport.authenticate('openidconnect', { failureMessage: true, successRedirect: '/' }));
app.get('/logout', (request, response, next) => {
  const hint = request.user.idToken;
  request.logout((error) => {
    if (error) return next(error);
    const parameters = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: `${baseURL}/` });
    return response.redirect(`${ISSUER}/end_session?${parameters}`);
  });
});

app.listen(Number(PORT), '127.0.0.1');
