/** A supervised process of the service, as systemd or Kubernetes would run it. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../toolchain.mjs';

const READY_TIMEOUT_MS = 120_000;
const RESTART_AFTER_MS = 1000;

export class ServiceProcess {
  #child;
  #stopping = false;
  #log;

  /**
   * @param name such as `api-1`
   * @param env the settings, without the environment of this process
   * @param print called when the process ended by itself
   */
  constructor(name, { env, logFile, print }) {
    this.name = name;
    this.env = env;
    this.logFile = logFile;
    this.print = print;
    this.#log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Starts the process, and again whenever it ends without stop(). Resolves when it is ready. */
  start() {
    const child = spawn(process.execPath, [path.join('dist', 'main.js')], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // In a process group of its own, so that Ctrl-C arrives once, from stop().
      detached: true,
    });
    this.#child = child;
    child.stderr.on('data', (text) => this.#log.write(text));
    child.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    this.ready = this.#readiness(child);
    this.ready.catch(() => undefined);
    void child.ended.then((outcome) => this.#restart(child, outcome));
    return this.ready;
  }

  /** Kills the process as a power loss would. The supervision starts it again. */
  kill9() {
    this.#child.kill('SIGKILL');
  }

  /** Stops the process with SIGTERM. @returns the exit code, 0 after a clean stop */
  async stop() {
    this.#stopping = true;
    this.#child.kill('SIGTERM');
    return this.#child.ended;
  }

  /** Starts the process after stop(). Resolves when it is ready. */
  resume() {
    this.#stopping = false;
    return this.start();
  }

  /** Stops the process, and starts it again. Resolves with the exit code when it is ready. */
  async replace() {
    const code = await this.stop();
    await this.resume();
    return code;
  }

  async #restart(child, outcome) {
    if (this.#stopping || child !== this.#child) return;
    this.print(`${this.name} ended with ${outcome}; it starts again`);
    await sleep(RESTART_AFTER_MS);
    if (!this.#stopping) await this.start().catch(() => undefined);
  }

  /** The service prints `ready` on a line of its own. */
  async #readiness(child) {
    let output = '';
    const isReady = new Promise((resolve) =>
      child.stdout.setEncoding('utf8').on('data', (text) => {
        this.#log.write(text);
        if (/^ready$/m.test((output += text))) resolve('ready');
      }),
    );
    const deadline = new AbortController();
    const late = sleep(READY_TIMEOUT_MS, 'late', { signal: deadline.signal }).catch(() => undefined);
    const first = await Promise.race([isReady, child.ended, late]);
    deadline.abort();
    if (first !== 'ready') throw new Error(`${this.name} did not become ready (log: ${this.logFile})`);
  }
}
