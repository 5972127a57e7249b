import { t } from '@lingui/core/macro';
import type { PlayInbox } from '../../api/types';

/** The answer of an inbox in a few words. */
export const answerText = ({ status, delaySeconds }: PlayInbox['answer']): string =>
  delaySeconds === 0 ? `HTTP ${status}` : t`HTTP ${status} after ${delaySeconds} s`;
