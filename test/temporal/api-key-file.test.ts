import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApiKey } from '../../src/temporal/api-key';

/** The API key of Temporal, as it is read for each call. */
let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'signpost-api-key-'));
  file = path.join(directory, 'key');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('a key without a file stays as it is', () => {
  expect(new ApiKey('given', undefined).current()).toBe('given');
  expect(new ApiKey(undefined, undefined).current()).toBeUndefined();
});

it('a key that replaced another one in its file is used', () => {
  writeFileSync(file, 'first\n');
  const apiKey = new ApiKey(undefined, file);
  expect(apiKey.current()).toBe('first');
  writeFileSync(file, 'second\n');
  expect(apiKey.current()).toBe('second');
});

it('while the file cannot be read the last key stays, and the fault shows why, without the key', () => {
  writeFileSync(file, 'secret-key');
  const apiKey = new ApiKey('at-the-start', file);
  expect([apiKey.current(), apiKey.fault]).toEqual(['secret-key', undefined]);
  rmSync(file);
  expect([apiKey.current(), apiKey.fault]).toEqual(['secret-key', expect.stringContaining('TEMPORAL_API_KEY_FILE')]);
  expect(apiKey.fault).not.toContain('secret-key');
  writeFileSync(file, '');
  expect([apiKey.current(), apiKey.fault]).toEqual(['secret-key', expect.stringContaining('is empty')]);
  writeFileSync(file, 'another-key');
  expect([apiKey.current(), apiKey.fault]).toEqual(['another-key', undefined]);
});
