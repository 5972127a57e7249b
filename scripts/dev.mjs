/**
 * `npm run dev`: runs the service and the web UI from their sources. A change of a source file
 * compiles it and restarts API and worker; a change of the UI reloads in the browser.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createServer } from 'vite';
import { checkNode, ensureInstalled, ROOT } from './toolchain.mjs';

const UI_PORT = 5173;
const COMPILED = /Found (\d+) errors?\. Watching/;

checkNode();
ensureInstalled();
const port = process.env.SIGNPOST_PORT || '8080';
const service = createService();
const compiler = watchSources((errors) => (errors === 0 ? service.restart() : undefined));
const ui = await serveUi();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop());

/** Runs `tsc --watch`, and calls back after each compilation. */
function watchSources(onCompiled) {
  const tsc = path.join(ROOT, 'node_modules', 'typescript-7', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text);
    const match = COMPILED.exec(text);
    if (match) onCompiled(Number(match[1]));
  });
  return child;
}

/**
 * The service as one process, which has the embedded Postgres and Temporal too. It restarts after
 * the process before has ended, once for all changes meanwhile.
 */
function createService() {
  let child;
  let restarting;
  let again = false;

  async function end() {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  async function restart() {
    do {
      again = false;
      await end();
      for (const script of ['bundle-workflows.mjs', 'bundle-cli.mjs']) await run(path.join('scripts', script));
    } while (again);
    // In a process group of its own, so that Ctrl-C arrives once, from stop().
    child = spawn(process.execPath, [path.join('dist', 'main.js')], { cwd: ROOT, stdio: 'inherit', detached: true });
  }

  return {
    end,
    restart() {
      if (restarting) again = true;
      else restarting = restart().finally(() => (restarting = undefined));
    },
  };
}

/** Serves the sources of the UI, with reload. Calls of the API go to the service. */
async function serveUi() {
  const target = `http://127.0.0.1:${port}`;
  const server = await createServer({
    root: path.join(ROOT, 'web'),
    configFile: path.join(ROOT, 'web', 'vite.config.ts'),
    logLevel: 'warn',
    server: { port: Number(process.env.SIGNPOST_DEV_UI_PORT || UI_PORT), proxy: { '/v1': target, '/docs': target } },
  });
  await server.listen();
  console.log(`web UI with reload: ${server.resolvedUrls.local[0]}`);
  return server;
}

function run(script) {
  return new Promise((resolve) =>
    spawn(process.execPath, [script], { cwd: ROOT, stdio: 'inherit' }).once('exit', resolve),
  );
}

async function stop() {
  compiler.kill();
  await Promise.all([service.end(), ui.close()]);
  process.exit(0);
}
