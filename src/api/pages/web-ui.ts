import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Router, type Request, type Response } from 'express';
import expressStaticGzip from 'express-static-gzip';
import { onlyReads } from '../http/methods';

/**
 * The first path segments of the UI's pages, as in web/src/app.tsx. All other paths belong to the
 * API.
 */
export const UI_PATHS = [
  '',
  'sign-in',
  'portal',
  'endpoints',
  'logs',
  'activity',
  'recoveries',
  'play',
  'catalog',
  'onboarding',
  'customers',
  'products',
  'allow-list',
  'credentials',
  'audit',
  'sessions',
] as const;

const PORTAL_PAGES = ['/portal', '/portal/*rest'];

/** What the policy of a page allows beside its own content. */
interface PageRules {
  images: string;
  frameAncestors: readonly string[];
}

const CLOSED: PageRules = { images: "'self' data:", frameAncestors: [] };
const NONCE = '%NONCE%';
const HEAD_END = '</head>';
const PORTAL = /^\/portal(?=\/|$)/;
const HAS_SESSION = /\bsignpost_(session|portal)=/;
const UNBUILT = 'The web UI is not built. Run npm run build.\n';

/**
 * The web UI at `/`: one HTML page for all its paths, and files under `/assets`. The build
 * compresses the files; browsers cache them permanently, since a changed file gets another name.
 *
 * @param directory - the output of the build of web/
 * @param frameAncestors - origins whose pages may show the portal in a frame
 */
export function webUi(directory: string, frameAncestors: readonly string[] = []): Router {
  const router = Router();
  const file = path.join(directory, 'index.html');
  const page = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const preloads = readPreloads(path.join(directory, 'preload.json'));
  const [root, ...paths] = UI_PATHS.map((segment) => `/${segment}`);
  const pages = [root!, ...paths.flatMap((prefix) => [prefix, `${prefix}/*rest`])];
  router.all([...pages, '/assets/*file', '/favicon.svg'], onlyReads());
  const send = (request: Request, response: Response, rules: PageRules = CLOSED) => {
    if (page === undefined) {
      response.status(503).type('text').send(UNBUILT);
      return;
    }
    const nonce = randomBytes(16).toString('base64');
    response.set('content-security-policy', policy(nonce, rules)).set('cache-control', 'no-cache').type('html');
    response.send(page.replace(NONCE, nonce).replace(HEAD_END, `${preloads(request)}${HEAD_END}`));
  };
  router.get(PORTAL_PAGES, (request, response) => {
    // The older header has no list of origins. A frame of its own origin would be all it allows.
    if (frameAncestors.length > 0) response.removeHeader('x-frame-options');
    send(request, response, { images: "'self' data: https:", frameAncestors });
  });
  router.get(pages, (request, response) => send(request, response));
  router.use(
    '/assets',
    expressStaticGzip(path.join(directory, 'assets'), {
      enableBrotli: true,
      orderPreference: ['br', 'gz'],
      serveStatic: {
        fallthrough: true,
        setHeaders: (response) =>
          void (response as Response).set('cache-control', 'public, max-age=31536000, immutable'),
      },
    }),
  );
  router.get('/favicon.svg', (_request, response, next) =>
    response.sendFile(path.join(directory, 'favicon.svg'), { maxAge: '1 day' }, (error) => error && next()),
  );
  router.use((request, response, next) => {
    if (!isMistypedAddress(request)) return next();
    response.status(404);
    send(request, response);
  });
  return router;
}

/**
 * Reads which files the screens need, from the build.
 *
 * @returns the links that have a browser load those of the opened screen, if it has a session:
 * without one, it shows the sign-in page
 */
function readPreloads(file: string): (request: Request) => string {
  if (!existsSync(file)) return () => '';
  const files = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>;
  const links = new Map(Object.entries(files).map(([address, names]) => [address, names.map(linkTo).join('')]));
  return ({ path: address, headers }) => {
    if (!HAS_SESSION.test(headers.cookie ?? '')) return '';
    return links.get(address.replace(PORTAL, '') || '/') ?? links.get('*') ?? '';
  };
}

const linkTo = (file: string) =>
  `<link rel="${file.endsWith('.css') ? 'stylesheet' : 'modulepreload'}" crossorigin href="/${file}">`;

/**
 * Whether a person opened an address that no route has. The UI says so in words, where a program
 * gets a problem.
 */
function isMistypedAddress(request: Request): boolean {
  if (request.method !== 'GET' || request.path.startsWith('/v1/') || request.path.startsWith('/assets/')) return false;
  return request.accepts(['json', 'html']) === 'html';
}

/**
 * Allows content from this origin only, except for images in portals. The nonce allows one inline
 * style, which stops the page from scrolling behind a dialog.
 */
function policy(nonce: string, { images, frameAncestors }: PageRules): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src ${images}`,
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frameAncestors.length > 0 ? frameAncestors.join(' ') : "'none'"}`,
  ].join('; ');
}
