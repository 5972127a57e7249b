/** The topology of docker-compose.yml as processes of this machine. */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from '../toolchain.mjs';
import { findCaddy, startProxy } from './proxy.mjs';
import { ServiceProcess } from './service.mjs';

/**
 * Starts a proxy with TLS, two APIs, two workers, Postgres and the development server of Temporal.
 *
 * @param directory keeps all data, so that the next start finds it
 * @param httpsPort port of the proxy; 0 is any free one
 * @param settings further settings of the service
 */
export async function startTopology({ directory, httpsPort, settings: further = {}, print }) {
  const load = (file) => createRequire(import.meta.url)(path.join(ROOT, 'dist', 'embedded', file));
  const { freePort } = load('processes.js');
  const programs = load('temporal-binary.js');
  const unlock = load('lock.js').lockDataDir(directory);
  const started = [];
  const stop = async () => {
    for (const part of started.reverse()) await part.stop();
    unlock();
  };
  try {
    const keys = load('keys.js').ensureKeys({ dataDir: directory });
    const logs = path.join(directory, 'logs');
    mkdirSync(logs, { recursive: true, mode: 0o700 });
    const logFile = (name) => path.join(logs, `${name}.log`);

    print('starting Postgres and Temporal …');
    const postgres = await load('postgres.js').startPostgres({ directory: path.join(directory, 'postgres'), port: 0 });
    started.push(postgres);
    const cli = await programs.findTemporalCli(process.env.TEMPORAL_CLI_PATH, print);
    const temporal = await load('temporal.js').startTemporal(cli, path.join(directory, 'temporal'), 0);
    started.push(temporal);

    const ports = { http: await freePort(0), https: await freePort(httpsPort) };
    const url = `https://localhost:${ports.https}`;
    const settings = {
      SIGNPOST_PUBLIC_URL: url,
      SIGNPOST_MASTER_KEY: keys.masterKey.toString('base64'),
      SIGNPOST_TRUSTED_PROXIES: '127.0.0.1',
      // Receivers on this machine.
      SIGNPOST_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
      SIGNPOST_ALLOW_URLS: 'http://127.0.0.1:*,http://localhost:*',
      DATABASE_URL: postgres.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_UI_URL: temporal.uiUrl,
      ...further,
    };
    print('starting two APIs and two workers …');
    const services = [];
    for (const name of ['api-1', 'api-2', 'worker-1', 'worker-2']) {
      const role = name.split('-')[0];
      const [port, metricsPort] = [await freePort(0), await freePort(0)];
      const env = {
        ...settings,
        SIGNPOST_ROLE: role,
        SIGNPOST_PORT: String(port),
        SIGNPOST_METRICS_PORT: String(metricsPort),
        ...(role === 'api' && { SIGNPOST_ADMIN_KEY: keys.adminKey }),
      };
      const service = new ServiceProcess(name, { env, logFile: logFile(name), print });
      Object.assign(service, { role, port, metricsPort });
      services.push(service);
    }
    // One migrates, the others wait for it.
    started.push({ stop: () => Promise.all(services.map((service) => service.stop())) });
    await Promise.all(services.map((service) => service.start()));

    const caddy = await findCaddy(programs, print);
    const apiAddresses = services.filter(({ role }) => role === 'api').map(({ port }) => `127.0.0.1:${port}`);
    const proxy = await startProxy(caddy, { directory, logFile: logFile('proxy'), ports, url, apiAddresses });
    started.push(proxy);
    return { url, keys, postgres, temporal, services, proxy, logs, freePort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
