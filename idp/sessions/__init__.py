"""The single sign-on session, the systems that joined it, and its end at every one of them."""
