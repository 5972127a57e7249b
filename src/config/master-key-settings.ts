import { z } from 'zod';
import { MASTER_KEY_BYTES } from '../domain/master-key';
import { setting, type Setting } from './setting';

const masterKey = z
  .string()
  .transform((value) => Buffer.from(value, 'base64'))
  .refine((key) => key.length === MASTER_KEY_BYTES)
  .optional();
const expected = `base64 of ${MASTER_KEY_BYTES} bytes (openssl rand -base64 ${MASTER_KEY_BYTES})`;

/** Settings of the key that seals secrets, and of its rotation. */
export const MASTER_KEY_SETTINGS = {
  SIGNPOST_MASTER_KEY: setting(masterKey, {
    default: 'generated once into the data directory with embedded Postgres; otherwise required',
    expected,
    meaning: 'Key that encrypts secrets at rest.',
    secret: true,
  }),
  SIGNPOST_MASTER_KEY_PREVIOUS: setting(masterKey, {
    default: 'none',
    expected,
    meaning:
      'The other master key during a rotation. What it sealed can be opened, and its access tokens are valid; nothing new is sealed with it.',
    secret: true,
  }),
} satisfies Record<string, Setting<unknown>>;
