import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Router, type Response } from 'express';
import expressStaticGzip from 'express-static-gzip';

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
  'catalog',
  'onboarding',
  'customers',
  'products',
  'allow-list',
  'credentials',
  'audit',
  'sessions',
] as const;

const NONCE = '%NONCE%';
const UNBUILT = 'The web UI is not built. Run npm run build.\n';

/**
 * The web UI at `/`: one HTML page for all its paths, and files under `/assets`. The build
 * compresses the files; browsers cache them permanently, since a changed file gets another name.
 *
 * @param directory - the output of the build of web/
 */
export function webUi(directory: string): Router {
  const router = Router();
  const file = path.join(directory, 'index.html');
  const page = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  const [root, ...paths] = UI_PATHS.map((segment) => `/${segment}`);
  router.get([root!, ...paths.flatMap((prefix) => [prefix, `${prefix}/*rest`])], (_request, response) => {
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

/**
 * Allows content from this origin only, and no framing. The nonce allows one inline style, which
 * stops the page from scrolling behind a dialog.
 */
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
