import { Tabs as Radix } from 'radix-ui';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useSearchParams } from 'react-router';

/** What belongs to one tab: the content of its drawers. Filters stay, for tabs that share them. */
const OF_ONE_TAB = ['open', 'event', 'attempt'];

/** The room at both sides of the selected tab, in pixels, of which the fading edge takes a part. */
const EDGE_PX = 48;

/** Scrolls a row of tabs so that the selected one is in view. */
function useSelectedInView(selected: string) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const row = list.current!;
    const tab = row.querySelector<HTMLElement>('[data-state=active]');
    if (!tab) return;
    const start = tab.offsetLeft - row.offsetLeft - EDGE_PX;
    const end = start + tab.offsetWidth + 2 * EDGE_PX - row.clientWidth;
    // Not `scrollIntoView`, which would also scroll the page.
    if (row.scrollLeft > start) row.scrollLeft = start;
    else if (row.scrollLeft < end) row.scrollLeft = end;
  }, [selected]);
  return list;
}

/** Tabs. The selected one is kept in the address bar (`?tab=`). */
export function Tabs({ label, tabs }: { label: string; tabs: { id: string; title: string; content: ReactNode }[] }) {
  const [params, setParams] = useSearchParams();
  const chosen = tabs.find(({ id }) => id === params.get('tab')) ?? tabs[0]!;
  const list = useSelectedInView(chosen.id);
  return (
    <Radix.Root
      value={chosen.id}
      onValueChange={(id) => {
        const next = new URLSearchParams(window.location.search);
        for (const name of OF_ONE_TAB) next.delete(name);
        if (id === tabs[0]!.id) next.delete('tab');
        else next.set('tab', id);
        setParams(next, { preventScrollReset: true });
      }}
    >
      <Radix.List ref={list} className="tabs" aria-label={label}>
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

/** Tabs of a small part of a screen, which the address bar does not keep. @param first - its id */
export function LocalTabs({
  label,
  tabs,
  first,
  actions,
}: {
  label: string;
  tabs: { id: string; title: string; content: ReactNode }[];
  first: string;
  actions?: ReactNode;
}) {
  const [chosen, setChosen] = useState(first);
  return (
    <Radix.Root value={chosen} onValueChange={setChosen}>
      <div className="tabs-bar">
        <Radix.List className="tabs" aria-label={label}>
          {tabs.map(({ id, title }) => (
            <Radix.Trigger key={id} value={id} className="tab">
              {title}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {actions}
      </div>
      {tabs.map(({ id, content }) => (
        <Radix.Content key={id} value={id} className="tab-content" tabIndex={-1}>
          {content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
