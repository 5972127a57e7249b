import { api, at } from '../../api/client';
import type { AttemptDetail, Role } from '../../api/types';
import { mayOpen } from '../../layout/navigation';

const ID = /^(evt|ntf|sub|att|key|cli|prt|rec|chg)_[0-9a-hjkmnp-tv-z]{26}$/;

/** Whether a text is an id whose page can be opened. */
export const isId = (text: string) => ID.test(text.trim());

/**
 * The page of an id. An attempt opens with its notification.
 *
 * @returns null if the text is no id, or the role has no page for it
 */
export async function pageOfId(text: string, role: Role): Promise<string | null> {
  const id = text.trim();
  switch (ID.exec(id)?.[1]) {
    case 'evt':
      return `/logs?tab=events&event=${id}`;
    case 'ntf':
      return `/logs?open=${id}`;
    case 'sub':
      return `/endpoints/${id}`;
    case 'att': {
      const { notificationId } = await api.get<AttemptDetail>(at`/v1/attempts/${id}`);
      return `/logs?open=${notificationId}`;
    }
    case 'rec':
      return `/recoveries?open=${id}`;
    case 'key':
    case 'cli':
      return mayOpen(role, '/credentials') ? '/credentials' : null;
    case 'prt':
    case 'chg':
      return mayOpen(role, '/audit') ? `/audit?object=${id}` : null;
    default:
      return null;
  }
}
