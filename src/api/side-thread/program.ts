import { parentPort } from 'node:worker_threads';
import { Problem } from '../../domain/problems';
import { plainProblem, work, type JobKind, type PlainProblem } from './jobs';

/** The program of the side thread: does one job after the other. */

export interface JobRequest {
  kind: JobKind;
  task: unknown;
}

export type JobReply = { result: unknown } | { problem: PlainProblem } | { error: string };

function reply({ kind, task }: JobRequest): JobReply {
  try {
    return { result: (work[kind] as (task: unknown) => unknown)(task) };
  } catch (error) {
    if (error instanceof Problem) return { problem: plainProblem(error) };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort!.on('message', (request: JobRequest) => parentPort!.postMessage(reply(request)));
