import { encodeId } from '../../domain/ids';
import { answerContext } from '../access/idempotency';
import { sessionContext } from '../access/sessions';
import { privateSettingsContext } from '../subscriptions/private-settings';
import { signingKeyContext } from '../subscriptions/signing-keys';

/** A column that holds values sealed with the master key. */
export interface SealedPlace {
  /** As operators read it. */
  name: string;
  table: string;
  /** Columns that identify a row, with a value below all others of each. */
  id: Record<string, string | Buffer>;
  ciphertext: string;
  keyId: string;
  /** What the value of a row is sealed for. `owner` is that of the subscription, if it has one. */
  contextOf(row: { id: (string | Buffer)[]; owner: string | null }): string;
  /** Column with the subscription of the row, whose revision changes with it. */
  owner?: string;
}

const NO_UUID = '00000000-0000-0000-0000-000000000000';

function columnOfSubscriptions(
  name: string,
  ciphertext: string,
  contextOf: (subscriptionId: string) => string,
): SealedPlace {
  return {
    name,
    table: 'subscriptions',
    id: { id: NO_UUID },
    ciphertext,
    keyId: `${ciphertext}_sealed_by`,
    contextOf: ({ id: [uuid] }) => contextOf(encodeId('sub', uuid as string)),
  };
}

/** Every place with sealed values, except the check values of the keys themselves. */
export const SEALED_PLACES: readonly SealedPlace[] = [
  {
    name: 'secrets',
    table: 'subscription_secrets',
    id: { id: NO_UUID },
    ciphertext: 'ciphertext',
    keyId: 'key_id',
    contextOf: ({ owner }) => encodeId('sub', owner!),
    owner: 'subscription_id',
  },
  columnOfSubscriptions('signing keys', 'signing_key', signingKeyContext),
  columnOfSubscriptions('previous signing keys', 'old_signing_key', signingKeyContext),
  columnOfSubscriptions('private settings', 'private_settings', privateSettingsContext),
  {
    name: 'sessions',
    table: 'sessions',
    id: { token_hash: Buffer.alloc(0) },
    ciphertext: 'credential',
    keyId: 'credential_key_id',
    contextOf: ({ id: [tokenHash] }) => sessionContext(tokenHash as Buffer),
  },
  {
    name: 'kept answers',
    table: 'idempotency_keys',
    id: { principal_id: '', key: '' },
    ciphertext: 'answer',
    keyId: 'answer_key_id',
    contextOf: ({ id: [principalId, key] }) =>
      answerContext({ principalId: principalId as string, key: key as string }),
  },
];
