/** A page that a browser arrived at. */
export interface Visited {
  url: string;
  status: number;
  headers: Headers;
  body: string;
}

/** What a browser does with cookies and redirects, for tests that look at each step. */
export class WebClient {
  /** By origin and name. A test may change them. */
  readonly cookies = new Map<string, Map<string, string>>();

  /** Makes one request, with the cookies of the origin. */
  async request(url: string, { method = 'GET', body, headers = {} }: RequestOptions = {}): Promise<Visited> {
    const { origin } = new URL(url);
    const jar = this.cookies.get(origin) ?? new Map<string, string>();
    this.cookies.set(origin, jar);
    const response = await fetch(url, {
      method,
      body,
      redirect: 'manual',
      headers: { ...headers, cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split('; ') as [string, ...string[]];
      const [name, ...value] = pair.split('=') as [string, ...string[]];
      const isGone = attributes.some((text) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(text));
      if (isGone) jar.delete(name);
      else jar.set(name, value.join('='));
    }
    return { url, status: response.status, headers: response.headers, body: await response.text() };
  }

  /** Follows redirects until there is a page, or until the next URL begins with `until`. */
  async visit(url: string, until?: string, options?: RequestOptions): Promise<Visited> {
    let page = await this.request(url, options);
    for (let hops = 0; hops < 10 && page.headers.has('location'); hops++) {
      const next = new URL(page.headers.get('location')!, page.url).href;
      if (until !== undefined && next.startsWith(until)) return { ...page, url: next };
      page = await this.request(next);
    }
    return page;
  }
}

interface RequestOptions {
  method?: string;
  body?: string;
  headers?: Record<string, string>;
}
