"""Authlib in a Flask application with private_key_jwt, as its documentation shows it."""

import os
from pathlib import Path
from typing import Any

from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from flask import Flask, jsonify, redirect, session

URL = os.environ["URL"]

app = Flask(__name__)
app.secret_key = os.environ["COOKIE_SECRET"]
provider = OAuth(app).register(
    "provider",
    client_id=os.environ["CLIENT_ID"],
    client_secret=Path(os.environ["CLIENT_KEY"]).read_text(),
    client_auth_methods=[PrivateKeyJWT()],
    client_kwargs={"scope": "openid profile email", "token_endpoint_auth_method": "private_key_jwt"},
    server_metadata_url=f"{os.environ['ISSUER']}/.well-known/openid-configuration",
)


@app.get("/")
def home() -> Any:
    """Who is logged in."""
    return jsonify(session.get("user"))


@app.get("/login")
def login() -> Any:
    """Off to the provider."""
    return provider.authorize_redirect(f"{URL}/callback")


@app.get("/callback")
def callback() -> Any:
    """Back from the provider; the ID token was verified when the code was exchanged."""
    token = provider.authorize_access_token()
    session["user"] = provider.userinfo(token=token)
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.get("/logout")
def logout() -> Any:
    """Out of the application and of the provider."""
    session.pop("user", None)
    return provider.logout_redirect(f"{URL}/", session.pop("id_token", None))


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
