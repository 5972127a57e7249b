import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';

/** Tabs. The selected one is kept in the address bar (`?tab=`). */
export function Tabs({ label, tabs }: { label: string; tabs: { id: string; title: string; content: ReactNode }[] }) {
  const [params, setParams] = useSearchParams();
  const chosen = tabs.find(({ id }) => id === params.get('tab')) ?? tabs[0]!;
  return (
    <Radix.Root
      value={chosen.id}
      onValueChange={(id) => setParams(id === tabs[0]!.id ? {} : { tab: id }, { replace: true })}
    >
      <Radix.List className="tabs" aria-label={label}>
        {tabs.map(({ id, title }) => (
          <Radix.Trigger key={id} value={id} className="tab">
            {title}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content value={chosen.id} className="tab-content" tabIndex={-1}>
        {chosen.content}
      </Radix.Content>
    </Radix.Root>
  );
}
