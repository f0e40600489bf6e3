// oidc-client-ts with the settings that its documentation begins with, and where a logout ends; a page without a server.
const users = new oidc.UserManager({
  authority: settings.ISSUER,
  client_id: settings.CLIENT_ID,
  redirect_uri: `${location.origin}/index.html`,
  post_logout_redirect_uri: `${location.origin}/index.html`,
});

function show(seen) {
  document.getElementById('seen').textContent = JSON.stringify(seen);
}

async function userinfo({ access_token }) {
  const { userinfo_endpoint } = await (await fetch(`${settings.ISSUER}/.well-known/openid-configuration`)).json();
  return (await fetch(userinfo_endpoint, { headers: { authorization: `Bearer ${access_token}` } })).json();
}

async function start() {
  const parameters = new URLSearchParams(location.search);
  if (parameters.has('code') || parameters.has('error')) {
    await users.signinCallback();
    history.replaceState({}, '', location.pathname);
  }
  const user = await users.getUser();
  show(user ? { profile: user.profile, userinfo: await userinfo(user) } : null);
}

async function renew() {
  const before = (await users.getUser()).access_token;
  const user = await users.signinSilent();
  show({ renewed: user.access_token !== before, userinfo: await userinfo(user) });
}

function failed(error) {
  show({ error: String(error) });
}

document.getElementById('login').onclick = () => users.signinRedirect().catch(failed);
document.getElementById('renew').onclick = () => renew().catch(failed);
document.getElementById('logout').onclick = () => users.signoutRedirect().catch(failed);
start().catch(failed);
