import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ReceiverTls } from '../../domain/private-settings';
import { Problem, type FieldError } from '../../domain/problems';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const MAX_CERTIFICATES = 20;

/**
 * Refuses TLS credentials with which no connection could be made.
 *
 * @throws Problem validation-failed with a pointer to each field that is wrong
 */
export function refuseFaultyTls(url: string, tls: ReceiverTls | null): void {
  if (!tls) return;
  const errors = faultsOf(tls);
  if (new URL(url).protocol !== 'https:') errors.push({ path: '/tls', message: 'requires an https URL' });
  if (errors.length === 0) return;
  throw new Problem('validation-failed', 'The TLS credentials are not usable.', { errors });
}

function faultsOf(tls: ReceiverTls): FieldError[] {
  const { clientCertificate, clientKey, caCertificate } = tls;
  const errors: FieldError[] = [];
  const fault = (field: keyof ReceiverTls | undefined, message: string) =>
    errors.push({ path: field ? `/tls/${field}` : '/tls', message });
  if (clientCertificate === undefined && clientKey === undefined && caCertificate === undefined)
    fault(undefined, 'must contain a client certificate or a CA certificate; null removes both');
  if (clientCertificate === undefined && clientKey !== undefined)
    fault('clientCertificate', 'is required with clientKey');
  if (clientCertificate !== undefined && clientKey === undefined)
    fault('clientKey', 'is required with clientCertificate');
  const certificates = readCertificates('clientCertificate', clientCertificate, fault);
  readCertificates('caCertificate', caCertificate, fault);
  const key = readKey(clientKey, fault);
  if (certificates[0] && key && !certificates[0].checkPrivateKey(key))
    fault('clientKey', 'is not the key of clientCertificate');
  if (errors.length === 0) checkContext(tls, fault);
  return errors;
}

type Fault = (field: keyof ReceiverTls | undefined, message: string) => void;

function readCertificates(
  field: 'clientCertificate' | 'caCertificate',
  pem: string | undefined,
  fault: Fault,
): X509Certificate[] {
  if (pem === undefined) return [];
  const blocks = pem.match(CERTIFICATE) ?? [];
  // A private key in this field would be shown in answers.
  if (blocks.length === 0 || pem.replace(CERTIFICATE, '').trim() !== '') {
    fault(field, 'expected certificates in PEM, and nothing else');
    return [];
  }
  if (blocks.length > MAX_CERTIFICATES) {
    fault(field, `at most ${MAX_CERTIFICATES} certificates`);
    return [];
  }
  try {
    const certificates = blocks.map((block) => new X509Certificate(block));
    const expired = certificates.find(({ validTo }) => Date.parse(validTo) < Date.now());
    if (expired) fault(field, `contains a certificate that expired on ${new Date(expired.validTo).toISOString()}`);
    return certificates;
  } catch {
    fault(field, 'contains a certificate that cannot be read');
    return [];
  }
}

function readKey(pem: string | undefined, fault: Fault): KeyObject | undefined {
  if (pem === undefined) return undefined;
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    fault('clientKey', 'expected a private key in PEM without a passphrase');
    return undefined;
  }
}

/** OpenSSL has further rules, for example about the length of keys. */
function checkContext({ clientCertificate, clientKey, caCertificate }: ReceiverTls, fault: Fault): void {
  try {
    createSecureContext({ ca: caCertificate });
  } catch {
    fault('caCertificate', 'is not accepted by OpenSSL');
  }
  try {
    createSecureContext({ cert: clientCertificate, key: clientKey });
  } catch {
    fault('clientCertificate', 'is not accepted by OpenSSL with its key: the key may be too short');
  }
}
