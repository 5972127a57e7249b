import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import type { KnownHosts } from './known-hosts';
import { pacedScrapes } from './paced-scrapes';

/** Handles the requests of a server that has `GET /metrics` and nothing else. */
export function metricsListener(registry: Registry, isKnownHost: KnownHosts): RequestListener {
  const scrapes = pacedScrapes(registry);
  return (request, response) => {
    request.resume();
    if (!isKnownHost(request.headers.host)) {
      response.writeHead(421).end();
      return;
    }
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    scrapes.call().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}
