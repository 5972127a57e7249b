import { POWERFUL, WRITES } from './source';

const READING = new Set(
  'USAGE,SELECT,SHOW VIEW,SHOW DATABASES,EXECUTE,PROCESS,REPLICATION CLIENT,BINLOG MONITOR,SLAVE MONITOR'.split(','),
);
const STRONG = ['FILE', 'SUPER'];

/**
 * What a login can do beyond reading tables, by the lines of SHOW GRANTS.
 *
 * @returns the end of a sentence about it, `undefined` if it can only read
 */
export function powersOf(grants: readonly string[]): string | undefined {
  const given = grants.flatMap((line) => {
    const [, list, scope] = /^GRANT (.+?) ON (?:(?:TABLE|FUNCTION|PROCEDURE|PACKAGE) )?(\S+) TO /s.exec(line) ?? [];
    // Privileges on columns list them in parentheses.
    const names = list?.replace(/\([^)]*\)/g, '').split(',') ?? [];
    return names.map((name) => ({ name: name.trim().toUpperCase(), everywhere: scope === '*.*' }));
  });
  const isStrong = given.some(
    ({ name, everywhere }) => STRONG.includes(name) || (everywhere && /^ALL( PRIVILEGES)?$/.test(name)),
  );
  if (isStrong) return POWERFUL;
  return given.some(({ name }) => name !== 'PROXY' && !READING.has(name)) ? WRITES : undefined;
}
