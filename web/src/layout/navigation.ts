import {
  Activity,
  BookOpen,
  Boxes,
  ClipboardCheck,
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
import type { Role } from '../api/types';

export interface Place {
  /** The first path segment, without a slash. */
  path: string;
  title: string;
  icon: LucideIcon;
  /** Absent: visible to every role. */
  roles?: readonly Role[];
}

const STAFF: readonly Role[] = ['admin', 'product', 'viewer'];
const WRITERS: readonly Role[] = ['admin', 'product'];

/** The navigation in groups. A customer's portal shows only the groups without roles. */
export const PLACES: readonly { title: string; places: readonly Place[] }[] = [
  {
    title: 'Deliveries',
    places: [
      { path: '', title: 'Overview', icon: LayoutDashboard },
      { path: 'endpoints', title: 'Endpoints', icon: Webhook },
      { path: 'logs', title: 'Logs', icon: ScrollText },
      { path: 'activity', title: 'Activity', icon: Activity },
      { path: 'recoveries', title: 'Recoveries', icon: RotateCcw },
    ],
  },
  {
    title: 'Catalog',
    places: [{ path: 'catalog', title: 'Event catalog', icon: BookOpen }],
  },
  {
    title: 'Setup',
    places: [
      { path: 'onboarding', title: 'Onboarding', icon: ListChecks, roles: WRITERS },
      { path: 'customers', title: 'Customers', icon: Users, roles: STAFF },
      { path: 'products', title: 'Products', icon: Boxes, roles: STAFF },
      { path: 'allow-list', title: 'Allow-list', icon: ShieldCheck, roles: STAFF },
    ],
  },
  {
    title: 'Security',
    places: [
      { path: 'credentials', title: 'Credentials', icon: KeyRound, roles: ['admin'] },
      { path: 'audit', title: 'Audit log', icon: ClipboardCheck, roles: WRITERS },
    ],
  },
];

/** Returns the groups and pages that a role may open. */
export function placesFor(role: Role): readonly { title: string; places: readonly Place[] }[] {
  return PLACES.map(({ title, places }) => ({
    title,
    places: places.filter(({ roles }) => !roles || roles.includes(role)),
  })).filter(({ places }) => places.length > 0);
}
