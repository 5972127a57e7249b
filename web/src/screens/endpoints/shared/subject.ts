import { t } from '@lingui/core/macro';

/** What the pages of an endpoint say if there is none. */
export const SUBJECT = { one: t`Endpoint`, all: { text: t`All endpoints`, to: '/endpoints' } };
