"""What every page and endpoint shares: dispatching, forms, cookies, CSRF, addresses, pages, languages."""
