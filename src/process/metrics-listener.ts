import type { RequestListener } from 'node:http';
import type { KnownHosts } from './known-hosts';
import type { MetricsRegistry } from './metrics-registry';
import { pacedScrapes } from './paced-scrapes';

/** Handles the requests of a server that has `GET /metrics` and nothing else. */
export function metricsListener(registry: MetricsRegistry, isKnownHost: KnownHosts): RequestListener {
  const scrape = pacedScrapes(registry);
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
    scrape(request.headers.accept).then(
      ({ text, contentType }) => response.writeHead(200, { 'content-type': contentType, vary: 'accept' }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}
