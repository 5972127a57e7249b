import path from 'node:path';
import { Router } from 'express';
import { PROBLEMS } from '../../domain/problems';
import { onlyReads } from '../http/methods';

/** Found by path: importing the package for its path would evaluate all of Swagger UI. */
const SWAGGER_UI = path.dirname(require.resolve('swagger-ui-dist/package.json'));
/** The files that the page needs. The package also has a demo page. */
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js'];

const HEAD =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">';

/**
 * The API reference at /docs, rendered by Swagger UI from /openapi.json, and the list of problem
 * codes at /docs/errors. All files are served from here.
 */
export function docsPage(): Router {
  const router = Router();
  const errors = errorsPage();
  router.all(['/docs', '/docs/start.js', '/docs/errors', '/docs/assets/*file'], onlyReads());
  router.get('/docs', (_request, response) => {
    response
      .type('html')
      .send(
        `${HEAD}<title>Signpost API</title><link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>` +
          '<body><div id="swagger-ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>',
      );
  });
  router.get('/docs/start.js', (_request, response) => {
    response
      .type('text/javascript')
      .send(
        "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: false });\n",
      );
  });
  router.get('/docs/errors', (_request, response) => {
    response.type('html').send(errors);
  });
  for (const file of ASSETS) {
    router.get(`/docs/assets/${file}`, (_request, response) => {
      response.sendFile(path.join(SWAGGER_UI, file), { maxAge: '1 day' });
    });
  }
  return router;
}

function errorsPage(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, [status, title]]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}.</td></tr>`,
  );
  return (
    `${HEAD}<title>Signpost problem codes</title></head><body><h1>Problem codes</h1>` +
    '<p>Errors are <code>application/problem+json</code> (RFC 9457) with one of these codes in <code>code</code>.</p>' +
    `<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table></body></html>`
  );
}
