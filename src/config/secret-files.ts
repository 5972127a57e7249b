import { readFileSync } from 'node:fs';

type Env = Readonly<Record<string, string | undefined>>;

/** Suffix of the variable that names a file with the value of a secret setting. */
export const FILE_SUFFIX = '_FILE';

/**
 * Reads a secret from its environment variable, or from the file that the variable with `_FILE`
 * names: as secrets of Docker and Kubernetes come. One line break at the end of the file is not
 * part of the value.
 *
 * @returns the value, undefined if neither is set; or a fault, which never shows the value
 */
export function readSecret(env: Env, name: string): { value?: string; fault?: string } {
  const given = env[name];
  const file = env[name + FILE_SUFFIX];
  if (!file) return { value: given };
  if (given) return { fault: `${name} and ${name}${FILE_SUFFIX} are set: set one of them.` };
  const fault = (reason: string) => ({ fault: `${name}${FILE_SUFFIX} is ${JSON.stringify(file)}, which ${reason}.` });
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return value === '' ? fault('is empty') : { value };
  } catch (error) {
    return fault(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}
