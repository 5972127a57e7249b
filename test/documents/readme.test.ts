import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { ADMIN_KEY } from '../support/service';
import { useScenario } from '../support/scenario';

/**
 * The walk of README.md, as it is printed. Replaced are only the address and key of the service,
 * the port of the receiver, which may be taken here, and the second in which the receiver starts: a
 * busy machine takes longer.
 */
const scenario = useScenario();
const SHELL_TIMEOUT_MS = 120_000;
const ROOT = path.join(__dirname, '..', '..');

function commandsOf(section: string): string[] {
  const text = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const [, walk = ''] = new RegExp(`^## ${section}\\n([\\s\\S]*?)(?=^## )`, 'm').exec(text) ?? [];
  const blocks = [...walk.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language, block]) => (language === '' ? [block!] : []));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it(
  'the walk of README.md ends with a delivered notification',
  async () => {
    const [setUp, ...steps] = commandsOf('A walk through it');
    expect(setUp).toContain('KEY=$(cat .signpost/admin-key)\nAPI=http://127.0.0.1:8080\n');
    expect(steps).toHaveLength(6);
    const port = String(await freePort());
    expect(steps.join('')).toMatch(/^sleep 1$/m);
    const listening = `until (exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null; do sleep 0.1; done`;
    const script = [
      'set -euo pipefail',
      "trap 'kill $(jobs -p)' EXIT",
      setUp!.replace('$(cat .signpost/admin-key)', ADMIN_KEY).replace('http://127.0.0.1:8080', scenario.url),
      ...steps.map((step) => step.replaceAll('9000', port).replace(/^sleep 1$/m, listening)),
      // What a person sees without a command of the walk: the receiver prints the body.
      `until curl -s "$API/v1/notifications/$NOTIFICATION" -H "X-API-Key: $KEY" | grep -q '"status":"delivered"'; do sleep 0.2; done`,
    ].join('\n');
    const child = spawn('bash', ['-c', script], { cwd: ROOT, timeout: SHELL_TIMEOUT_MS });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    expect(output.match(/"code":"[a-z-]+"/g)).toBeNull();
    expect(output).toContain('"type":"payment.confirmed.v1","timestamp"');
  },
  SHELL_TIMEOUT_MS + 30_000,
);
