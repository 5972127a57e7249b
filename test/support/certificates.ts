import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A certificate and its key, as PEM. */
export interface Certified {
  certificate: string;
  key: string;
}

/** A certificate authority of a test, made by openssl. */
export interface Authority extends Certified {
  /**
   * Issues a certificate for a name and 127.0.0.1.
   *
   * @param days - @default 1; a negative number gives one that has expired
   */
  issue(name: string, days?: number): Certified;
  /** Deletes its files. */
  remove(): void;
}

export function createAuthority(name: string): Authority {
  const directory = mkdtempSync(path.join(tmpdir(), 'signpost-ca-'));
  const file = (base: string) => path.join(directory, base);
  const read = (base: string) => readFileSync(file(base), 'utf8');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', `/CN=${name}`);
  let issued = 0;
  return {
    certificate: read('ca.pem'),
    key: read('ca.key'),
    issue(subject, days = 1) {
      const base = `issued-${++issued}`;
      openssl('req', '-new', ...newKey, '-keyout', `${base}.key`, '-out', `${base}.csr`, '-subj', `/CN=${subject}`);
      writeFileSync(file(`${base}.ext`), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
      openssl(
        ...['x509', '-req', '-in', `${base}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
        ...['-days', String(days), '-extfile', `${base}.ext`, '-out', `${base}.pem`],
      );
      return { certificate: read(`${base}.pem`), key: read(`${base}.key`) };
    },
    remove: () => rmSync(directory, { recursive: true }),
  };
}
