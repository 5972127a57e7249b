import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import {
  ArrowLeft,
  BookText,
  Clock,
  LogOut,
  Menu as MenuIcon,
  Monitor,
  MonitorSmartphone,
  Moon,
  Sun,
  Waypoints,
  X,
} from 'lucide-react';
import { Suspense, useEffect, useState } from 'react';
import { NavLink, Outlet, ScrollRestoration, useLocation, useNavigate } from 'react-router';
import { useSession, useSignOut } from '../api/session';
import type { Role } from '../api/types';
import { Button, ButtonLink } from '../ui/button';
import { keepFocus } from '../ui/keep-focus';
import { Menu } from '../ui/menu';
import { Empty, PageSkeleton } from '../ui/states';
import { setZone, useZone, zoneName } from '../ui/zone';
import { ConnectionBanner } from './connection-banner';
import { Brand } from './brand';
import { mayOpen, navigationFor } from './navigation';
import { CommandMenu, PaletteButton, PaletteField } from './palette/command-menu';
import { Reauthenticate } from './reauthenticate';
import { SessionEnded } from './session-ended';
import { useTheme } from './theme';

/** The frame around every screen: navigation, account menu, content. */
export function Shell() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const { principal } = useSession();
  useSearchKey();
  useEffect(keepFocus, []);
  useEffect(() => {
    setOpen(false);
  }, [pathname]);
  return (
    <div className="shell">
      <a href="#main" className="skip-link">
        <Trans>Skip to content</Trans>
      </a>
      <header className="topbar">
        <Button
          variant="ghost"
          icon={open ? X : MenuIcon}
          label={open ? t`Close menu` : t`Open menu`}
          aria-expanded={open}
          aria-controls="sidebar"
          onClick={() => setOpen(!open)}
        />
        <Brand size={22} />
        <PaletteButton />
      </header>
      <Sidebar open={open} />
      {open && <div className="sidebar-veil" onClick={() => setOpen(false)} />}
      <main id="main" className="main" tabIndex={-1}>
        <ConnectionBanner />
        <Suspense fallback={<PageSkeleton />}>
          {mayOpen(principal.role, pathname) ? <Outlet /> : <Forbidden />}
        </Suspense>
      </main>
      <CommandMenu />
      <ScrollRestoration />
      <Reauthenticate />
      <SessionEnded />
    </div>
  );
}

function Forbidden() {
  return (
    <Empty title={t`You don’t have permission to see this page`}>
      <ButtonLink to="/">
        <Trans>Go to overview</Trans>
      </ButtonLink>
    </Empty>
  );
}

/** `/` leads to the search of the screen. */
function useSearchKey() {
  useEffect(() => {
    const handle = (event: KeyboardEvent) => {
      if (event.key !== '/' || (event.target as Element).closest?.('input, textarea, select, [role=dialog]')) return;
      const field = document.querySelector<HTMLInputElement>('main input[type=search]');
      if (!field) return;
      event.preventDefault();
      field.focus();
    };
    addEventListener('keydown', handle);
    return () => removeEventListener('keydown', handle);
  }, []);
}

function Sidebar({ open }: { open: boolean }) {
  const session = useSession();
  const { temporalUiUrl, returnUrl } = session;
  return (
    <aside id="sidebar" className={open ? 'sidebar sidebar-open' : 'sidebar'}>
      <div className="sidebar-head">
        <Brand size={24} />
      </div>
      <PaletteField />
      <nav aria-label={t`Main`} className="sidebar-nav">
        {navigationFor(session).map(({ title, items }) => (
          <div key={title} role="group" aria-label={title}>
            <div className="sidebar-group" aria-hidden>
              {title}
            </div>
            {items.map(({ path, title: text, icon: Icon }) => (
              <NavLink key={path} to={`/${path}`} end={path === ''} className="sidebar-link">
                <Icon size={17} aria-hidden />
                {text}
              </NavLink>
            ))}
          </div>
        ))}
      </nav>
      <div className="sidebar-foot">
        {returnUrl && (
          <a className="sidebar-link" href={returnUrl} target="_top">
            <ArrowLeft size={17} aria-hidden />
            <Trans>Back to {new URL(returnUrl).host}</Trans>
          </a>
        )}
        <a className="sidebar-link" href="/docs" target="_blank" rel="noreferrer">
          <BookText size={17} aria-hidden />
          <Trans>API reference</Trans>
        </a>
        {temporalUiUrl && (
          <a className="sidebar-link" href={temporalUiUrl} target="_blank" rel="noreferrer">
            <Waypoints size={17} aria-hidden />
            <Trans>Temporal UI</Trans>
          </a>
        )}
        <Account />
      </div>
    </aside>
  );
}

const THEMES = [
  { theme: 'system', text: t`Theme of the system`, icon: Monitor },
  { theme: 'light', text: t`Light`, icon: Sun },
  { theme: 'dark', text: t`Dark`, icon: Moon },
] as const;

const ZONES = [
  { zone: 'local', text: t`Times in local time` },
  { zone: 'utc', text: t`Times in UTC` },
] as const;

const ROLE_TEXTS: Record<Role, string> = {
  admin: t`admin`,
  product: t`product`,
  viewer: t`viewer`,
  producer: t`producer`,
  customer: t`customer`,
};

function Account() {
  const { principal, customerName, version } = useSession();
  const name = customerName ?? principal.name;
  const signOut = useSignOut();
  const navigate = useNavigate();
  const [chosen, setTheme] = useTheme();
  const chosenZone = useZone();
  return (
    <div className="account">
      <Menu
        label={t`Account`}
        trigger={
          <button type="button" className="account-button">
            <span className="avatar" aria-hidden>
              {name.slice(0, 1).toUpperCase()}
            </span>
            <span className="grow">
              <span className="account-name" title={name}>
                {name}
              </span>
              <span className="account-role">
                {ROLE_TEXTS[principal.role]}
                {(principal.productId ?? principal.segment) && ` · ${principal.productId ?? principal.segment}`}
              </span>
            </span>
          </button>
        }
        items={[
          ...THEMES.map(({ theme, text, icon }) => ({
            text,
            icon,
            chosen: theme === chosen,
            onSelect: () => setTheme(theme),
          })),
          ...ZONES.map(({ zone, text }, index) => ({
            text,
            icon: Clock,
            chosen: zone === chosenZone,
            separated: index === 0,
            onSelect: () => setZone(zone),
          })),
          principal.role !== 'customer' && {
            text: t`Sessions`,
            icon: MonitorSmartphone,
            separated: true,
            onSelect: () => void navigate('/sessions'),
          },
          {
            text: t`Sign out`,
            icon: LogOut,
            separated: principal.role === 'customer',
            onSelect: () => signOut.mutate(),
          },
        ]}
      />
      <div className="version">
        <Trans>
          version {version} · times in {zoneName()}
        </Trans>
      </div>
    </div>
  );
}
