import { t } from '@lingui/core/macro';
import { BookText, LogOut, Monitor, Moon, Plus, Sun } from 'lucide-react';
import { usePermissions, useSession, useSignOut } from '../../api/session';
import { navigationFor } from '../navigation';
import { useTheme } from '../theme';
import type { Entry } from './entry';

/** The pages and commands of the role whose names contain all words of a text. */
export function useCommands(q: string): { title: string; entries: Entry[] }[] {
  const session = useSession();
  const { manageEndpoints } = usePermissions();
  const signOut = useSignOut();
  const [, setTheme] = useTheme();
  const pages = navigationFor(session)
    .flatMap(({ items }) => items)
    .map(({ path, title, icon }): Entry => ({ key: `page ${path}`, text: title, icon, run: `/${path}` }));
  const commands: (Entry | false)[] = [
    manageEndpoints && { key: 'new endpoint', text: t`New endpoint`, icon: Plus, run: '/endpoints/new' },
    {
      key: 'docs',
      text: t`API reference`,
      icon: BookText,
      run: () => void window.open('/docs', '_blank', 'noreferrer'),
    },
    { key: 'theme light', text: t`Theme: light`, icon: Sun, run: () => setTheme('light') },
    { key: 'theme dark', text: t`Theme: dark`, icon: Moon, run: () => setTheme('dark') },
    { key: 'theme system', text: t`Theme: system`, icon: Monitor, run: () => setTheme('system') },
    { key: 'sign out', text: t`Sign out`, icon: LogOut, run: () => signOut.mutate() },
  ];
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const named = ({ text }: Entry) => words.every((word) => text.toLowerCase().includes(word));
  return [
    { title: t`Pages`, entries: pages.filter(named) },
    { title: t`Commands`, entries: commands.filter((entry) => entry !== false).filter(named) },
  ];
}
