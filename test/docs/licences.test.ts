import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Licences that ask for no more than their text. CC-BY-4.0 is for a table of browser versions. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'Unlicense',
];
/** Packages whose lock entry names no licence, read in their files. */
const READ_BY_HAND: Record<string, string> = { 'node_modules/unionfs': 'Unlicense' };

interface Entry {
  dev?: boolean;
  link?: boolean;
  license?: string;
  integrity?: string;
}
const lock = JSON.parse(readFileSync(path.join(__dirname, '..', '..', 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Entry>;
};
const installed = Object.entries(lock.packages).filter(
  ([name, { link }]) => /(^|\/)node_modules\//.test(name) && !link,
);

it('every package that the service installs has a licence that allows its use', () => {
  const shipped = installed.filter(([, { dev }]) => !dev);
  expect(shipped.length).toBeGreaterThan(100);
  const others = shipped
    .map(([name, { license }]) => [name, license ?? READ_BY_HAND[name]] as const)
    .filter(([, licence]) => !ALLOWED.includes(licence ?? ''));
  expect(others).toEqual([]);
});

it('every package is pinned with a hash', () => {
  expect(installed.filter(([, { integrity }]) => !integrity?.startsWith('sha512-')).map(([name]) => name)).toEqual([]);
});
