import { run, type Host } from './program';

/** Runs the command line of this process, and sets its exit code. */
export function runProcess(host: Host): void {
  // A reader such as `head` closes the pipe when it has enough. That is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  void run(
    process.argv.slice(2),
    {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      async stdin() {
        const chunks: Buffer[] = [];
        for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks).toString('utf8');
      },
      env: process.env,
      interrupted() {
        const interruption = new AbortController();
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
        return interruption.signal;
      },
    },
    host,
  ).then((code) => {
    process.exitCode = code;
  });
}
