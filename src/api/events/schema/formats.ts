import type { Ajv } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats';
import { spend } from './work';

/** Browsers and proxies accept no longer URLs. */
const MAX_URL_LENGTH = 2048;
const STEPS_PER_UNIT = 32;

/**
 * Replaces the format `url`, whose regular expression takes quadratic time. Those of the other
 * formats are linear; a test measures them.
 */
export function boundFormats(ajv: Ajv): void {
  const url = fullFormats.url as RegExp;
  ajv.addFormat('url', (text: string) => {
    if (text.length > MAX_URL_LENGTH) return false;
    spend(text.length ** 2 / STEPS_PER_UNIT);
    return url.test(text);
  });
}
