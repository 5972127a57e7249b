import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { typesModule } from '../../cli/src/json-schema-to-typescript';
import { installPacked, ROOT, type Project } from './packed';

const PAGES = ['docs/producers/sdk.md', 'sdk/README.md', 'docs/receivers/receiving.md'];

/** Names that the text around a snippet introduces. */
const PRELUDE = `
import type { EventTypes } from './event-types.js';
import type { Signpost } from '@signpost/sdk';
declare global {
  const signpost: Signpost;
  const baseUrl: string;
  const apiKey: string;
  const secret: string;
  const id: string;
  const data: EventTypes['payment.confirmed.v1'];
  const log: { error(context: object, message: string): void };
  const queue: { add(job: unknown): Promise<void> };
}
`;
/** Packages of the reader that are not installed here, as far as the snippets use them. */
const MODULES = `
declare module 'standardwebhooks' {
  export class Webhook {
    constructor(secret: string, options?: { format?: 'raw' });
    verify(payload: string | Buffer, headers: object): any;
  }
}
declare module 'jsonwebtoken' {
  const jwt: { verify(token: string, secret: string, options: { algorithms: string[] }): any };
  export default jwt;
}
declare module 'jose' {
  export function generateKeyPair(algorithm: string, options?: object): Promise<{ publicKey: object; privateKey: object }>;
  export function exportJWK(key: object): Promise<object>;
  export function importJWK(key: object, algorithm: string): Promise<object>;
  export function compactDecrypt(jwe: string, key: object, options?: object): Promise<{ plaintext: Uint8Array }>;
}
declare module 'fastify' {
  export default function fastify(): {
    route(options: object): unknown;
    register(plugin: (instance: any) => Promise<void>): unknown;
    listen(options: { port: number }): Promise<string>;
  };
}
declare module 'hono' {
  export class Hono {
    all(path: string, handler: (context: { req: { raw: Request } }) => Promise<Response>): void;
  }
}
`;
const SCHEMA = {
  type: 'object',
  required: ['paymentId', 'amount'],
  properties: { paymentId: { type: 'string' }, amount: { type: 'number' }, date: { type: 'string' } },
};

let sdk: Project;
beforeAll(() => {
  sdk = installPacked();
  writeFileSync(path.join(sdk.directory, 'prelude.ts'), PRELUDE);
  writeFileSync(path.join(sdk.directory, 'modules.d.ts'), MODULES);
  const types = typesModule([{ name: 'payment.confirmed.v1', description: '', schema: SCHEMA }]);
  writeFileSync(path.join(sdk.directory, 'event-types.ts'), types);
  // Snippets are ES modules.
  writeFileSync(path.join(sdk.directory, 'package.json'), '{"private":true,"type":"module"}');
}, 240_000);

const snippetsOf = (page: string) =>
  [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(/```(ts|js)\n(.*?)```/gs)].map(([, language, code]) => ({
    language: language!,
    code: code!,
  }));

it.each(PAGES)('every TypeScript and JavaScript snippet of %s compiles as a strict program', (page) => {
  const name = page.replaceAll(/[/.]/g, '-');
  const files = snippetsOf(page).map(({ language, code }, index) => {
    const file = `${name}-${index}.${language}`;
    // The page says to save it under this name, and later snippets import it.
    if (code.includes('hooks = receiver<EventTypes>')) writeFileSync(path.join(sdk.directory, 'receiver.ts'), code);
    // A file without imports is a module only with an export.
    writeFileSync(path.join(sdk.directory, file), `${code}\nexport {};\n`);
    return file;
  });
  expect(files.length).toBeGreaterThan(1);
  expect(
    sdk.compile(
      ['prelude.ts', 'modules.d.ts', ...files],
      [
        ...['--module', 'nodenext', '--skipLibCheck'],
        // JavaScript is checked as far as it can be without annotations.
        ...['--allowJs', '--checkJs', '--noImplicitAny', 'false'],
      ],
    ),
  ).toEqual({ status: 0, out: '' });
});
