import { t } from '@lingui/core/macro';
import {
  Activity,
  BookOpen,
  Boxes,
  ClipboardCheck,
  FlaskConical,
  KeyRound,
  LayoutDashboard,
  ListChecks,
  RotateCcw,
  ScrollText,
  ShieldCheck,
  Users,
  Webhook,
  type LucideIcon,
} from 'lucide-react';
import type { Role, Session } from '../api/types';

export interface NavItem {
  /** The first path segment, without a slash. */
  path: string;
  title: string;
  icon: LucideIcon;
  /** Absent: visible to every role. */
  roles?: readonly Role[];
  /** Absent: part of every installation. */
  feature?: Session['features'][number];
}

const STAFF: readonly Role[] = ['admin', 'product', 'viewer'];
const WRITERS: readonly Role[] = ['admin', 'product'];

/** The navigation in groups. A customer's portal shows only the groups without roles. */
export const NAVIGATION: readonly { title: string; items: readonly NavItem[] }[] = [
  {
    title: t`Deliveries`,
    items: [
      { path: '', title: t`Overview`, icon: LayoutDashboard },
      { path: 'endpoints', title: t`Endpoints`, icon: Webhook },
      { path: 'logs', title: t`Logs`, icon: ScrollText },
      { path: 'activity', title: t`Activity`, icon: Activity },
      { path: 'recoveries', title: t`Recoveries`, icon: RotateCcw },
      { path: 'play', title: t`Play`, icon: FlaskConical, feature: 'play' },
    ],
  },
  {
    title: t`Catalog`,
    items: [{ path: 'catalog', title: t`Event catalog`, icon: BookOpen }],
  },
  {
    title: t`Setup`,
    items: [
      { path: 'onboarding', title: t`Onboarding`, icon: ListChecks, roles: WRITERS },
      { path: 'customers', title: t`Customers`, icon: Users, roles: STAFF },
      { path: 'products', title: t`Products`, icon: Boxes, roles: STAFF },
      { path: 'allow-list', title: t`Allow-list`, icon: ShieldCheck, roles: STAFF },
    ],
  },
  {
    title: t`Security`,
    items: [
      { path: 'credentials', title: t`Credentials`, icon: KeyRound, roles: ['admin'] },
      { path: 'audit', title: t`Audit log`, icon: ClipboardCheck, roles: WRITERS },
    ],
  },
];

/** Whether a role may open a page. Pages outside of the navigation are open to all. */
export function mayOpen(role: Role, pathname: string): boolean {
  const first = pathname.split('/')[1] ?? '';
  const item = NAVIGATION.flatMap(({ items }) => items).find(({ path }) => path === first);
  return !item?.roles || item.roles.includes(role);
}

/** Returns the groups and pages that a role may open, of those that the installation has. */
export function navigationFor({
  principal: { role },
  features,
}: Pick<Session, 'principal' | 'features'>): readonly { title: string; items: readonly NavItem[] }[] {
  return NAVIGATION.map(({ title, items }) => ({
    title,
    items: items.filter(
      ({ roles, feature }) => (!roles || roles.includes(role)) && (!feature || features.includes(feature)),
    ),
  })).filter(({ items }) => items.length > 0);
}
