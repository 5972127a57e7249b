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
    title: 'Deliveries',
    items: [
      { path: '', title: 'Overview', icon: LayoutDashboard },
      { path: 'endpoints', title: 'Endpoints', icon: Webhook },
      { path: 'logs', title: 'Logs', icon: ScrollText },
      { path: 'activity', title: 'Activity', icon: Activity },
      { path: 'recoveries', title: 'Recoveries', icon: RotateCcw },
      { path: 'play', title: 'Play', icon: FlaskConical, feature: 'play' },
    ],
  },
  {
    title: 'Catalog',
    items: [{ path: 'catalog', title: 'Event catalog', icon: BookOpen }],
  },
  {
    title: 'Setup',
    items: [
      { path: 'onboarding', title: 'Onboarding', icon: ListChecks, roles: WRITERS },
      { path: 'customers', title: 'Customers', icon: Users, roles: STAFF },
      { path: 'products', title: 'Products', icon: Boxes, roles: STAFF },
      { path: 'allow-list', title: 'Allow-list', icon: ShieldCheck, roles: STAFF },
    ],
  },
  {
    title: 'Security',
    items: [
      { path: 'credentials', title: 'Credentials', icon: KeyRound, roles: ['admin'] },
      { path: 'audit', title: 'Audit log', icon: ClipboardCheck, roles: WRITERS },
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
