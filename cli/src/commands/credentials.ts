import type { ItemOf } from '@signpost/sdk';
import type { Command } from 'commander';
import type { Columns } from '../output';

/** What API keys and OAuth clients have in common. */
type Credential = Pick<ItemOf<'/v1/api-keys'>, 'name' | 'role' | 'productId' | 'segment' | 'customerId' | 'revokedAt'>;

/** The columns of a list of credentials after their id. */
export const CREDENTIAL_COLUMNS = {
  name: ({ name }) => name,
  role: ({ role }) => role,
  product: ({ productId }) => productId,
  segment: ({ segment }) => segment,
  customer: ({ customerId }) => customerId,
  revoked: ({ revokedAt }) => revokedAt,
} satisfies Columns<Credential>;

/** Options of the commands that create a credential. */
export interface CredentialOptions {
  name: string;
  role: string;
  product?: string;
  segment?: string;
  customer?: string;
}

/** Adds the options of a command that creates a credential, which the help calls a `noun`. */
export function addCredentialOptions(command: Command, noun: 'key' | 'client'): Command {
  return command
    .requiredOption('--name <name>', `name of the ${noun}`)
    .requiredOption('--role <role>', `role of the ${noun}: admin, product, producer, viewer or customer`)
    .option('--product <id>', `product of a ${noun} with the role product or producer`)
    .option('--segment <name>', 'in place of --product: the products that are in this segment')
    .option('--customer <id>', `customer of a ${noun} with the role customer`);
}
