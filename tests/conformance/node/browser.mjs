// A person at a browser without a browser: cookies by hand, redirects followed as long as they stay on the provider.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#34': '"', '#39': "'", '#x27': "'" };

function unescape(text) {
  return text.replace(/&(#?\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
}

function attributes(tag) {
  const found = {};
  for (const [, name, value = ''] of tag.matchAll(/([\w-]+)(?:="([^"]*)")?/g)) found[name] = unescape(value);
  return found;
}

function readForms(html, base) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head, inner]) => {
    const { action, method = 'get' } = attributes(head);
    const fields = {};
    const buttons = [];
    for (const [, kind, rest] of inner.matchAll(/<(input|button)\b([^>]*)>/g)) {
      const { name, value = '', type = kind === 'button' ? 'submit' : 'text' } = attributes(rest);
      if (name && type === 'submit') buttons.push([name, value]);
      else if (name) fields[name] = value;
    }
    return { action: new URL(action || base, base), method: method.toUpperCase(), fields, buttons };
  });
}

export class Browser {
  #cookies = new Map();

  constructor(origin) {
    this.origin = origin;
  }

  /** Opens an address; gives a page {url, status, html, forms} or where the provider sent us {callback: Request}. */
  async open(url) {
    return this.#go(new URL(url, this.origin), {});
  }

  async submit(form, fields) {
    const body = new URLSearchParams({ ...form.fields, ...fields });
    return this.#go(form.action, { method: 'POST', body, headers: { origin: this.origin } });
  }

  /** Opens an authorization request and does what the pages ask for until the provider lets go. */
  async logIn(url, { username, password }) {
    let here = await this.open(url);
    for (const answer of [{ username, password }, { decision: 'allow' }]) {
      if (here.callback) break;
      const form = here.forms.find((each) => Object.keys(answer).some((name) => has(each, name)));
      if (form) here = await this.submit(form, answer);
    }
    if (!here.callback) throw new Error(`stuck at ${here.url} (${here.status}): ${here.html}`);
    return here.callback;
  }

  async #go(url, request) {
    for (let step = 0; step < 12; step += 1) {
      const headers = { accept: 'text/html', cookie: this.#cookieHeader(), ...request.headers };
      const response = await fetch(url, { ...request, headers, redirect: 'manual' });
      this.#keep(response.headers.getSetCookie());
      const location = response.headers.get('location');
      if (!location) return this.#page(url, response.status, await response.text());
      const next = new URL(location, url);
      if (next.origin !== this.origin) return { callback: new Request(next) };
      url = next;
      request = {};
    }
    throw new Error('the redirects never end');
  }

  #page(url, status, html) {
    const forms = readForms(html, url);
    const away = forms.find((form) => form.method === 'POST' && form.action.origin !== this.origin);
    if (!away) return { url, status, html, forms };
    return { callback: new Request(away.action, { method: 'POST', body: new URLSearchParams(away.fields) }) };
  }

  #keep(lines) {
    for (const line of lines) {
      const [pair, ...flags] = line.split(';').map((part) => part.trim());
      const [name] = pair.split('=', 1);
      if (flags.some((flag) => /^max-age=0$/i.test(flag))) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(name.length + 1));
    }
  }

  #cookieHeader() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

function has(form, name) {
  return name in form.fields || form.buttons.some(([button]) => button === name);
}
