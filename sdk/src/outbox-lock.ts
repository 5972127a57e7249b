import { open, readFile, unlink } from 'node:fs/promises';
import path from 'node:path';

/**
 * Keeps a directory to one process. A lock that a process left behind when it died is taken over.
 *
 * @returns what gives it up
 * @throws Error where a process that runs has it
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = path.join(directory, 'lock');
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => unlink(file).catch(() => undefined);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(await readFile(file, 'utf8').catch(() => ''));
      if (isRunning(pid))
        throw new Error(`The outbox ${directory} belongs to process ${pid}, which runs.`, { cause: error });
      await unlink(file).catch(() => undefined);
    }
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
