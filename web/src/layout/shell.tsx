import {
  ArrowLeft,
  BookText,
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
import { NavLink, Outlet, useLocation, useNavigate } from 'react-router';
import { useSession, useSignOut } from '../api/session';
import { Button } from '../ui/button';
import { Menu } from '../ui/menu';
import { Skeleton } from '../ui/states';
import { Logo } from './logo';
import { navigationFor } from './navigation';
import { Reauthenticate } from './reauthenticate';
import { useTheme } from './theme';

/** The frame around every screen: navigation, account menu, content. */
export function Shell() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  useEffect(() => {
    setOpen(false);
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <div className="shell">
      <a href="#main" className="skip-link">
        Skip to content
      </a>
      <header className="topbar">
        <Button
          variant="ghost"
          icon={open ? X : MenuIcon}
          label={open ? 'Close menu' : 'Open menu'}
          aria-expanded={open}
          aria-controls="sidebar"
          onClick={() => setOpen(!open)}
        />
        <Logo size={22} />
        <strong>Signpost</strong>
      </header>
      <Sidebar open={open} />
      {open && <div className="sidebar-veil" onClick={() => setOpen(false)} />}
      <main id="main" className="main" tabIndex={-1}>
        <Suspense fallback={<Skeleton lines={6} />}>
          <Outlet />
        </Suspense>
      </main>
      <Reauthenticate />
    </div>
  );
}

function Sidebar({ open }: { open: boolean }) {
  const { principal, temporalUiUrl, returnUrl } = useSession();
  return (
    <aside id="sidebar" className={open ? 'sidebar sidebar-open' : 'sidebar'}>
      <div className="sidebar-head">
        <Logo />
        <div>
          <strong>Signpost</strong>
          <div className="sidebar-sub">
            {principal.role === 'customer' ? `${principal.customerId} · webhooks` : 'Webhook notifications'}
          </div>
        </div>
      </div>
      <nav aria-label="Main" className="sidebar-nav">
        {navigationFor(principal.role).map(({ title, items }) => (
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
          <a className="sidebar-link" href={returnUrl}>
            <ArrowLeft size={17} aria-hidden />
            Back to {new URL(returnUrl).host}
          </a>
        )}
        <a className="sidebar-link" href="/docs" target="_blank" rel="noreferrer">
          <BookText size={17} aria-hidden />
          API reference
        </a>
        {temporalUiUrl && (
          <a className="sidebar-link" href={temporalUiUrl} target="_blank" rel="noreferrer">
            <Waypoints size={17} aria-hidden />
            Temporal UI
          </a>
        )}
        <Account />
      </div>
    </aside>
  );
}

const THEMES = [
  { theme: 'system', text: 'System', icon: Monitor },
  { theme: 'light', text: 'Light', icon: Sun },
  { theme: 'dark', text: 'Dark', icon: Moon },
] as const;

function Account() {
  const { principal, version } = useSession();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const [chosen, setTheme] = useTheme();
  return (
    <div className="account">
      <Menu
        label="Account"
        trigger={
          <button type="button" className="account-button">
            <span className="avatar" aria-hidden>
              {principal.name.slice(0, 1).toUpperCase()}
            </span>
            <span className="grow">
              <span className="truncate account-name">{principal.name}</span>
              <span className="account-role">
                {principal.role}
                {principal.productId && ` · ${principal.productId}`}
              </span>
            </span>
          </button>
        }
        items={[
          ...THEMES.map(({ theme, text, icon }) => ({
            text: theme === chosen ? `${text} ✓` : text,
            icon,
            onSelect: () => setTheme(theme),
          })),
          principal.role !== 'customer' && {
            text: 'Sessions',
            icon: MonitorSmartphone,
            onSelect: () => void navigate('/sessions'),
          },
          { text: 'Sign out', icon: LogOut, onSelect: () => signOut.mutate() },
        ]}
      />
      <div className="version">version {version}</div>
    </div>
  );
}
