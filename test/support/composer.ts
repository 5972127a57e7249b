import { existsSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformFileSync } from '@swc/core';
import { pino } from 'pino';
import { createComposer } from '../../src/composition/composer';
import { DataSources } from '../../src/composition/data-sources';
import { TransformPool } from '../../src/composition/transform-pool';
import type { Composer } from '../../src/domain/composing';
import { fromSetup } from './environment';

const SOURCE = path.join(__dirname, '..', '..', 'src', 'composition', 'transform-child.ts');

/** The real composer. Its child processes run JavaScript compiled from the sources here. */
export interface TestComposer extends Composer {
  close(): Promise<void>;
}

/** @param dataSources - URLs by name @param transformTimeoutMs - @default that of the service */
export function startTestComposer(dataSources: Record<string, string> = {}, transformTimeoutMs?: number): TestComposer {
  const sources = new DataSources(dataSources, pino({ level: 'silent' }));
  const pool = new TransformPool(compiledChild(), transformTimeoutMs);
  return {
    ...createComposer(sources, pool),
    async close() {
      pool.close();
      await sources.close();
    },
  };
}

/** The path of transform-child.ts compiled to JavaScript, once for all test files. */
export function compiledChild(): string {
  const directory = fromSetup('directory');
  const file = path.join(directory, 'transform-child.js');
  if (existsSync(file)) return file;
  const { code } = transformFileSync(SOURCE, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
    swcrc: false,
  });
  // Another test file may compile concurrently, so the file appears by a rename, complete.
  const own = path.join(mkdtempSync(path.join(directory, 'child-')), 'transform-child.js');
  writeFileSync(own, code);
  renameSync(own, file);
  return file;
}
