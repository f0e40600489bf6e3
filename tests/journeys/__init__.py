"""What people do in a browser, from the first page to the last."""
