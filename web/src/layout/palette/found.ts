import { t } from '@lingui/core/macro';
import { BookOpen, ScrollText, Users, Webhook } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Customer, EventType, Page, Subscription } from '../../api/types';
import type { Entry } from './entry';

const DEBOUNCE_MS = 150;
const SHOWN = 5;
const STALE_TIME_MS = 10_000;

/** Customers, endpoints and event types that match a text, and links to search the logs for it. */
export function useFound(text: string): { groups: { title: string; entries: Entry[] }[]; isLoading: boolean } {
  const q = useDebounced(text.trim());
  const { isCustomer } = usePermissions();
  const options = { enabled: q !== '', staleTime: STALE_TIME_MS };
  const query = { q, limit: SHOWN };
  const customers = useRead<Page<Customer>>('/v1/customers', query, { ...options, enabled: q !== '' && !isCustomer });
  const endpoints = useRead<Page<Subscription>>('/v1/subscriptions', query, options);
  const types = useRead<Page<EventType>>('/v1/event-types', query, options);
  const isLoading = text.trim() !== q || [customers, endpoints, types].some(({ isFetching }) => isFetching);
  if (text.trim() === '') return { groups: [], isLoading: false };
  const search = encodeURIComponent(text.trim());
  // What a shorter text had found is shown until the results arrive. Enter opens the first of them.
  const stillFits = (entries: Entry[]) =>
    isLoading ? entries.filter((entry) => contains(entry, text.trim())) : entries;
  return {
    isLoading,
    groups: [
      {
        title: t`Customers`,
        entries: stillFits(
          (customers.data?.items ?? []).map(({ id, name }) => ({
            key: `customer ${id}`,
            text: name,
            detail: id,
            icon: Users,
            run: `/customers/${encodeURIComponent(id)}`,
          })),
        ),
      },
      {
        title: t`Endpoints`,
        entries: stillFits(
          (endpoints.data?.items ?? []).map(({ id, name, customerId, url }) => ({
            key: `endpoint ${id}`,
            text: name,
            detail: isCustomer ? url : `${customerId} · ${url}`,
            icon: Webhook,
            run: `/endpoints/${id}`,
          })),
        ),
      },
      {
        title: t`Event types`,
        entries: stillFits(
          (types.data?.items ?? []).map(({ name, description }) => ({
            key: `type ${name}`,
            text: name,
            detail: description,
            icon: BookOpen,
            run: `/catalog/${encodeURIComponent(name)}`,
          })),
        ),
      },
      {
        title: t`Logs`,
        entries: [
          {
            key: 'search events',
            text: t`Search events for “${text.trim()}”`,
            icon: ScrollText,
            run: `/logs?tab=events&q=${search}`,
          },
          {
            key: 'search notifications',
            text: t`Search notifications for “${text.trim()}”`,
            icon: ScrollText,
            run: `/logs?q=${search}`,
          },
        ],
      },
    ],
  };
}

function contains({ text, detail = '' }: Entry, q: string): boolean {
  return `${text} ${detail}`.toLowerCase().includes(q.toLowerCase());
}

function useDebounced(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
