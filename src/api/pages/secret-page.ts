import express, { Router } from 'express';
import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { insertAudit } from '../../store/access/audit';
import type { Sealer } from '../../store/db/crypto';
import type { Database } from '../../store/db/database';
import { raiseSecretRevealed } from '../../store/operational/raising';
import { openSecretLink } from '../../store/subscriptions/secret-links';
import { actorOf } from '../http/caller';
import { methodNotAllowed } from '../http/methods';
import { parseOrThrow } from '../http/parse-input';
import { clientAddress } from '../limits/client-address';
import type { Limits } from '../limits/limits';
import { sha256 } from '../../domain/sha256';

export const SECRET_PAGE_PATH = '/secret';

const BODY_LIMIT_BYTES = 1024;
const body = z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'is not the token of a secret link') });

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Your webhook secret</title>
<link rel="stylesheet" href="${SECRET_PAGE_PATH}/page.css">
</head>
<body>
<main>
<h1>Your webhook secret</h1>
<p id="message" role="status">The webhook notifications that you receive are signed with this secret. This page shows it only once: continue when you can store it.</p>
<p id="endpoint"></p>
<pre id="secret" hidden></pre>
<button id="show" type="button">Show the secret</button>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script src="${SECRET_PAGE_PATH}/page.js"></script>
</body>
</html>
`;

/** Like the web UI, whose files this page cannot use: it must work where the UI is not built. */
const STYLE = `:root {
  color-scheme: light dark;
  --surface: light-dark(#ffffff, #161b22);
  --border: light-dark(#dde1e7, #2a333e);
  --text: light-dark(#161a20, #e9ecf0);
  --accent: light-dark(#3547c8, #98a5ff);
}
* { box-sizing: border-box }
body { margin: 0; background: light-dark(#f6f7f9, #0e1116); color: var(--text); font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif }
main { max-width: 520px; margin: 14vh auto 0; padding: 28px; border: 1px solid var(--border); border-radius: 8px; background: var(--surface) }
@media (max-width: 560px) { main { margin: 16px; padding: 20px } }
h1 { margin: 0 0 12px; font-size: 20px; line-height: 1.3 }
p { margin: 0 0 12px; overflow-wrap: anywhere }
p:empty { display: none }
pre { margin: 0; padding: 10px 12px; border: 1px solid var(--border); border-radius: 6px; background: light-dark(#f0f2f5, #1d242d); white-space: pre-wrap; overflow-wrap: anywhere; user-select: all }
button { min-height: 34px; padding: 5px 12px; border: 0; border-radius: 6px; background: var(--accent); color: light-dark(#ffffff, #10131f); font: inherit; font-weight: 550; cursor: pointer }
button:disabled { opacity: 0.6; cursor: default }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
`;

/**
 * Removes the token from the address bar once it is used, so that nobody keeps a link that no
 * longer works.
 */
const SCRIPT = `const element = (id) => document.getElementById(id);
element('show').addEventListener('click', async () => {
  element('show').disabled = true;
  try {
    const response = await fetch('${SECRET_PAGE_PATH}', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: location.hash.slice(1) }),
    });
    const answer = await response.json();
    if (!response.ok && response.status >= 500) throw new Error(answer.detail);
    history.replaceState(null, '', location.pathname);
    element('show').hidden = true;
    if (!response.ok) {
      element('message').textContent = answer.status === 404 ? answer.detail : 'The link is incomplete. Copy all of it.';
      return;
    }
    element('message').textContent = 'Store it now. It will not be shown again.';
    element('endpoint').textContent = answer.name + ', for ' + answer.url;
    element('secret').textContent = answer.secret;
    element('secret').hidden = false;
  } catch {
    element('message').textContent = 'The service could not be reached. Try again.';
    element('show').disabled = false;
  }
});
`;

/** Dependencies of the page. */
interface SecretPageDeps {
  db: Database;
  sealer: Sealer;
  limits: Pick<Limits, 'admit'>;
}

/**
 * The page behind a secret link. Opening it changes nothing, so a link preview is harmless: only
 * the click, a POST with the token, uses the link. The page is not part of the API. Its only
 * credential is the token.
 */
export function secretPage({ db, sealer, limits }: SecretPageDeps): Router {
  const router = Router();
  for (const [path, type, text] of [
    [SECRET_PAGE_PATH, 'html', PAGE],
    [`${SECRET_PAGE_PATH}/page.css`, 'css', STYLE],
    [`${SECRET_PAGE_PATH}/page.js`, 'text/javascript', SCRIPT],
  ] as const) {
    router.get(path, (_request, response) => {
      response.set('cache-control', 'no-store').type(type).send(text);
    });
    if (path !== SECRET_PAGE_PATH) router.all(path, methodNotAllowed(['get']));
  }
  router.post(SECRET_PAGE_PATH, express.json({ limit: BODY_LIMIT_BYTES }), async (request, response) => {
    response.set('cache-control', 'no-store');
    const { token } = parseOrThrow(body, request.body ?? {}, '');
    const opened = await db.transaction(async (executor) => {
      const link = await openSecretLink(executor, sealer, sha256(token));
      if (!link) return undefined;
      const { subscriptionId, subscriptionName: name, customerId, productId, url, secret } = link;
      const holder = actorOf({ id: 'secret-link', name: 'holder of a link', productId, customerId }, request, response);
      await insertAudit(executor, holder, 'secret.link-open', subscriptionId);
      await raiseSecretRevealed(executor, subscriptionId, holder, 'link');
      return { name, url, secret };
    });
    if (!opened) {
      await limits.admit('failedCredentials', clientAddress(request));
      throw new Problem('not-found', 'The link was used, has expired, or its secret was rotated. Ask for a new link.');
    }
    response.json(opened);
  });
  router.all(SECRET_PAGE_PATH, methodNotAllowed(['get', 'post']));
  return router;
}
