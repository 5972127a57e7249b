import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Router, type Response } from 'express';
import expressStaticGzip from 'express-static-gzip';

/** Where the UI's pages are: the first segment of their paths, as in web/src/app.tsx. Everything else stays the API's to answer. */
export const UI_PLACES = [
  '',
  'sign-in',
  'portal',
  'endpoints',
  'logs',
  'activity',
  'recoveries',
  'catalog',
  'onboarding',
  'customers',
  'products',
  'allow-list',
  'credentials',
  'audit',
] as const;

const NONCE = '%NONCE%';
const UNBUILT = 'The admin UI is not built: run npm run build.\n';

/**
 * The admin UI at `/`: one page for all its places, and its files under `/assets`, compressed when it was built and kept by browsers for good, since a
 * changed file has another name.
 *
 * @param directory - what `npm run build` made of web/
 */
export function webUi(directory: string): Router {
  const router = Router();
  const file = path.join(directory, 'index.html');
  const page = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const [root, ...places] = UI_PLACES.map((place) => `/${place}`);
  router.get([root!, ...places.flatMap((place) => [place, `${place}/*rest`])], (_request, response) => {
    if (page === undefined) {
      response.status(503).type('text').send(UNBUILT);
      return;
    }
    const nonce = randomBytes(16).toString('base64');
    response.set('content-security-policy', policy(nonce)).set('cache-control', 'no-cache').type('html');
    response.send(page.replace(NONCE, nonce));
  });
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
  return router;
}

/** Everything comes from here, and nobody frames it. The nonce lets the one style through that holds the page still behind a dialog. */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
