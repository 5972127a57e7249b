import { z } from 'zod';
import { integer, setting, text } from './setting';

/** What the people with one value of the role claim may do. */
export interface RoleRule {
  /** A value of the claim, such as the name of a group. */
  value: string;
  role: 'admin' | 'product' | 'viewer';
  /** Set for `product`, and for a `viewer` of one product. */
  productId: string | null;
}

const LOOPBACK = /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(\/|$)/;
const ENTRY = /^(.+)=([^=]+)$/;
const ROLE = /^(?:(admin|viewer)|(product|viewer):([A-Za-z0-9._:-]{1,128}))$/;
/**
 * Part of the distinguished name of an LDAP group (RFC 4514 §3), at whose commas and equals signs
 * the text would be split: `cn=admin,dc=x=viewer` would make every `cn` an admin.
 */
const DISTINGUISHED = /^(cn|dc|ou|o|c|l|st|street|uid|dn)(=|$)/i;

function ruleOf(value: unknown, given: unknown): RoleRule | undefined {
  if (typeof value !== 'string' || typeof given !== 'string' || value === '') return undefined;
  const [role, alone, scoped, productId] = ROLE.exec(given) ?? [];
  if (role === undefined) return undefined;
  return { value, role: (alone ?? scoped) as RoleRule['role'], productId: productId ?? null };
}

function parseEntry(entry: string): RoleRule | undefined {
  const [, value = '', role] = ENTRY.exec(entry.trim()) ?? [];
  return DISTINGUISHED.test(value) ? undefined : ruleOf(value.trim(), role);
}

/** `[{"value": …, "role": …}]`, for values with any characters. */
function parseJson(text: string): (RoleRule | undefined)[] {
  try {
    const entries = JSON.parse(text) as unknown[];
    return entries.map((entry) => {
      const { value, role, ...rest } = (entry ?? {}) as Record<string, unknown>;
      return Object.keys(rest).length === 0 ? ruleOf(value, role) : undefined;
    });
  } catch {
    return [undefined];
  }
}

const rules = z
  .string()
  .transform((text) =>
    text.trim().startsWith('[')
      ? parseJson(text)
      : text
          .split(',')
          .filter((entry) => entry.trim() !== '')
          .map(parseEntry),
  )
  .refine((parsed) => parsed.length > 0 && parsed.every((rule) => rule !== undefined))
  .transform((parsed) => parsed as RoleRule[])
  .optional();

/** Settings of how people sign in to the web UI. */
export const SIGN_IN_SETTINGS = {
  SIGNPOST_SESSION_IDLE_MINUTES: setting(integer(5, 1440, 30), {
    default: '30',
    expected: 'minutes, 5 to 1440',
    meaning: 'A session of the web UI that nobody uses for this long ends.',
  }),
  SIGNPOST_SESSION_HOURS: setting(integer(1, 168, 12), {
    default: '12',
    expected: 'hours, 1 to 168',
    meaning: 'A session of the web UI ends after this time, however much it is used.',
  }),
  SIGNPOST_OIDC_ISSUER: setting(
    z
      .url({ protocol: /^https?$/ })
      .refine((url) => url.startsWith('https:') || LOOPBACK.test(url))
      .optional(),
    {
      default: 'none: people sign in with API keys',
      expected: 'an https URL, or an http URL of a loopback host',
      meaning:
        'Issuer of the OpenID provider at which people sign in to the web UI. Its metadata is read from `/.well-known/openid-configuration` below it.',
    },
  ),
  SIGNPOST_OIDC_CLIENT_ID: setting(text, {
    default: 'none',
    expected: 'the id of a client of the provider',
    meaning: 'Client id of Signpost at the provider.',
  }),
  SIGNPOST_OIDC_CLIENT_SECRET: setting(text, {
    default: 'none: a public client, protected by PKCE alone',
    expected: 'the secret of the client',
    meaning: 'Client secret of Signpost at the provider.',
    secret: true,
  }),
  SIGNPOST_OIDC_NAME: setting(z.string().min(1).max(60).default('single sign-on'), {
    default: 'single sign-on',
    expected: 'a name of 1 to 60 characters',
    meaning: 'Name of the provider on the sign-in page.',
  }),
  SIGNPOST_OIDC_SCOPES: setting(
    z
      .string()
      .regex(/^openid( [!#-[\]-~]+)*$/)
      .default('openid profile email'),
    {
      default: 'openid profile email',
      expected: '`openid`, followed by other scopes, separated by spaces',
      meaning: 'Scopes that Signpost asks for. Add the one that puts the role claim into the ID token.',
    },
  ),
  SIGNPOST_OIDC_ROLE_CLAIM: setting(z.string().min(1).default('groups'), {
    default: 'groups',
    expected: 'the name of a claim',
    meaning: 'Claim of the ID token that decides on the role: a text, or a list of texts.',
  }),
  SIGNPOST_OIDC_ROLES: setting(rules, {
    default: 'none; required with `SIGNPOST_OIDC_ISSUER`',
    expected:
      'entries `value=admin`, `value=product:<product>`, `value=viewer` or `value=viewer:<product>`, separated by commas; or JSON, `[{"value":"cn=ops,dc=example","role":"admin"}]`, which values with commas and distinguished names require',
    meaning:
      'The role for each value of the claim. The first entry that matches a person counts. A person whom no entry matches is refused.',
  }),
};

type SignInSettings = { [Name in keyof typeof SIGN_IN_SETTINGS]: z.output<(typeof SIGN_IN_SETTINGS)[Name]['schema']> };

/** The OpenID provider at which people sign in. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  /** Absent: a public client. */
  clientSecret?: string;
  name: string;
  scopes: string;
  roleClaim: string;
  roles: RoleRule[];
}

/** How people sign in to the web UI. */
export interface SignInConfig {
  sessionIdleSeconds: number;
  sessionLifeSeconds: number;
  /** Absent: people sign in with API keys only. */
  oidc?: OidcConfig;
}

/** For settings that {@link oidcFaults} found nothing in. */
export function signInConfig(settings: SignInSettings): SignInConfig {
  const { SIGNPOST_OIDC_ISSUER: issuer, SIGNPOST_OIDC_CLIENT_ID: clientId, SIGNPOST_OIDC_ROLES: roles } = settings;
  const lives = {
    sessionIdleSeconds: settings.SIGNPOST_SESSION_IDLE_MINUTES * 60,
    sessionLifeSeconds: settings.SIGNPOST_SESSION_HOURS * 3600,
  };
  if (issuer === undefined || clientId === undefined || roles === undefined) return lives;
  return {
    ...lives,
    oidc: {
      issuer,
      clientId,
      clientSecret: settings.SIGNPOST_OIDC_CLIENT_SECRET,
      name: settings.SIGNPOST_OIDC_NAME,
      scopes: settings.SIGNPOST_OIDC_SCOPES,
      roleClaim: settings.SIGNPOST_OIDC_ROLE_CLAIM,
      roles,
    },
  };
}

/** @returns one line for each broken rule between the settings of the provider */
export function oidcFaults(settings: SignInSettings, invalid: ReadonlySet<string>): string[] {
  const needed = ['SIGNPOST_OIDC_ISSUER', 'SIGNPOST_OIDC_CLIENT_ID', 'SIGNPOST_OIDC_ROLES'] as const;
  const faults: string[] = [];
  const isGiven = needed.some((name) => settings[name] !== undefined);
  for (const name of needed)
    if (isGiven && settings[name] === undefined && !invalid.has(name))
      faults.push(
        `${name} is not set, but required for sign-in by OpenID Connect: it must be ${SIGN_IN_SETTINGS[name].expected}.`,
      );
  return faults;
}
