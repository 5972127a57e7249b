import { z } from 'zod';
import { printableText } from './schemas';
import { ENCRYPTION_ALGORITHMS, type BodyEncryption } from '../../domain/body-encryption';

const ALGORITHMS = [...new Set([...ENCRYPTION_ALGORITHMS.RSA, ...ENCRYPTION_ALGORITHMS.EC])];
/** RFC 7518 §6: the members that only a private or symmetric key has. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
/** Longer than any coordinate or exponent; enough for a modulus of 16384 bits. */
const MAX_MEMBER_LENGTH = 2800;
const MAX_KEY_ID_LENGTH = 256;

const base64url = z
  .string()
  .max(MAX_MEMBER_LENGTH)
  .regex(/^[A-Za-z0-9_-]+$/, 'expected base64url without padding');
const algorithm = z.enum(ALGORITHMS);

const common = {
  kid: printableText(MAX_KEY_ID_LENGTH, 1)
    .optional()
    .describe('Id of the key, which the receiver finds in the header `kid` of the JWE.'),
  use: z.literal('enc').optional(),
  alg: algorithm.optional(),
};

const keySchema = z.discriminatedUnion('kty', [
  z.strictObject({ kty: z.literal('RSA'), n: base64url, e: base64url, ...common }),
  z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: base64url, y: base64url, ...common }),
  z.strictObject({ kty: z.literal('OKP'), crv: z.literal('X25519'), x: base64url, ...common }),
]);

/** A private key must not be sent to anybody, so it deserves a message of its own. */
const publicKey = z
  .preprocess((given, context) => {
    if (typeof given !== 'object' || given === null) return given;
    const found = PRIVATE_MEMBERS.filter((member) => Object.hasOwn(given, member));
    for (const member of found)
      context.addIssue({
        code: 'custom',
        path: [member],
        message: 'is part of a private or symmetric key: send the public key only, and replace a key that was sent',
      });
    return found.length > 0 ? z.NEVER : given;
  }, keySchema)
  .describe('Public key of the receiver as JWK: RSA with at least 2048 bits, EC P-256, or X25519.');

const ALGORITHM_NOTE =
  'Key management algorithm. Default: `alg` of the key, else `RSA-OAEP-256` for RSA and `ECDH-ES+A256KW` for the others.';

/** The encryption of bodies in a request, with the algorithm filled in. */
export const encryptionInput = z
  .strictObject({ publicKey, algorithm: algorithm.optional().describe(ALGORITHM_NOTE) })
  .transform(({ publicKey: key, algorithm: given }, context): BodyEncryption => {
    const chosen = given ?? key.alg ?? ENCRYPTION_ALGORITHMS[key.kty][0];
    const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (key.alg !== undefined && key.alg !== chosen) fault(['algorithm'], `differs from alg of the key, ${key.alg}`);
    else if (!(ENCRYPTION_ALGORITHMS[key.kty] as readonly string[]).includes(chosen))
      fault(
        given === undefined ? ['publicKey', 'alg'] : ['algorithm'],
        `is not possible with a key of type ${key.kty}: use ${ENCRYPTION_ALGORITHMS[key.kty].join(' or ')}`,
      );
    return { publicKey: key, algorithm: chosen };
  });

/** The encryption of bodies in an answer. */
export const encryptionSchema = z.object({ publicKey: keySchema, algorithm }).meta({ id: 'BodyEncryption' });
