import { existsSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transformFileSync } from '@swc/core';
import { pino } from 'pino';
import { createComposer } from '../../src/composition/composer';
import { DataSources } from '../../src/composition/data-sources';
import { TransformPool, type TransformPoolOptions } from '../../src/composition/transform-pool';
import { ComposerBusyError, type Composer } from '../../src/domain/composing';
import { createMetrics } from '../../src/process/metrics';
import { fromSetup } from './environment';

const SOURCE = path.join(__dirname, '..', '..', 'src', 'composition', 'transform-child.ts');

/** The real composer. Its child processes run JavaScript compiled from the sources here. */
export interface TestComposer extends Composer {
  close(): Promise<void>;
}

/** Limits of the pool under test. */
export type TestLimits = Partial<
  Pick<TransformPoolOptions, 'kind' | 'processes' | 'maxWaiting' | 'timeoutMs' | 'metrics'>
>;

/**
 * @param dataSources - URLs by name
 * @param limits - @default those of the service
 */
export function startTestComposer(dataSources: Record<string, string> = {}, limits: TestLimits = {}): TestComposer {
  const log = pino({ level: 'silent' });
  const sources = new DataSources(dataSources, log);
  const defaults = { kind: 'delivery' as const, processes: 2, maxWaiting: 1000, metrics: createMetrics(), log };
  const pool = new TransformPool({ ...defaults, childFile: compiledChild(), ...limits });
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

/**
 * Does again what got no turn: on a busy machine a process may have no processor for all of its
 * time.
 */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ComposerBusyError) || tries === 10) throw error;
    }
  }
}
