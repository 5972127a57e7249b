import { t } from '@lingui/core/macro';

/** What the pages say about an endpoint that does not exist. */
export const SUBJECT = { one: t`Endpoint`, all: { text: t`All endpoints`, to: '/endpoints' } };
