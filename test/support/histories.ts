import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { erasureWorkflowId } from '../../src/domain/erasure';
import { notificationWorkflowId } from '../../src/domain/types';
import { VERSION } from '../../src/process/version';
import { workflowBundlePath } from './temporal';

const { History } = temporal.api.history.v1;

/** A history that was fetched, or read from a file. */
export interface NamedHistory {
  /** The test or file it comes from, for failure messages. */
  name: string;
  workflowId: string;
  history: temporal.api.history.v1.IHistory;
}

const SAVED = path.join(__dirname, '..', 'replay', 'histories');

/**
 * Replays histories with the current workflow code.
 *
 * @returns one line for each that does not replay, with the reason
 */
export async function replayAll(histories: NamedHistory[]): Promise<string[]> {
  const failures: string[] = [];
  const replays = Worker.runReplayHistories(
    { workflowBundle: { codePath: workflowBundlePath() } },
    histories.map(({ workflowId, history }) => ({ workflowId, history })),
  );
  let index = 0;
  for await (const { error } of replays) {
    if (error) failures.push(`${histories[index]!.name}: ${error.message}`);
    index += 1;
  }
  return failures;
}

/**
 * The histories saved by earlier releases: `<version>/<test>@<id>.pb`, in Temporal's
 * encoding.
 */
export function savedHistories(): NamedHistory[] {
  return readdirSync(SAVED, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.pb'))
    .map((file) => ({
      name: file,
      workflowId: workflowIdOf(path.basename(file, '.pb').split('@')[1]!),
      history: History.decode(readFileSync(path.join(SAVED, file))),
    }));
}

function workflowIdOf(id: string): string {
  return id.startsWith('ers_') ? erasureWorkflowId(id) : notificationWorkflowId(id);
}

/**
 * Saves histories under the current version if SIGNPOST_SAVE_HISTORIES is set, once per release.
 */
export function saveHistories(histories: NamedHistory[]): void {
  if (!process.env.SIGNPOST_SAVE_HISTORIES) return;
  const directory = path.join(SAVED, VERSION);
  mkdirSync(directory, { recursive: true });
  for (const { name, workflowId, history } of histories) {
    const title = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 100);
    writeFileSync(path.join(directory, `${title}@${path.basename(workflowId)}.pb`), History.encode(history).finish());
  }
}
