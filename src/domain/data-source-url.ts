import { parseUrl } from './parse-url';

/** The databases that service definitions can read. */
export type DatabaseKind = 'postgres' | 'mysql' | 'mssql';

const KINDS: Readonly<Record<string, DatabaseKind>> = {
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
  'mysql:': 'mysql',
  'mariadb:': 'mysql',
  'mssql:': 'mssql',
  'sqlserver:': 'mssql',
};
/** Options in the query of a URL, and their values. The driver of Postgres has its own. */
const OPTIONS: Readonly<Record<Exclude<DatabaseKind, 'postgres'>, Record<string, RegExp>>> = {
  mysql: { 'ssl-mode': /^(disabled|required|verify-identity)$/ },
  mssql: { encrypt: /^(true|false)$/, trustServerCertificate: /^(true|false)$/ },
};

/** Where a MySQL or SQL Server is, by its URL. */
export interface ServerAddress {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  options: Readonly<Record<string, string>>;
}

/** @throws TypeError if the URL is not that of a database that service definitions can read */
export function databaseOf(url: string): DatabaseKind {
  const kind = KINDS[parseUrl(url)?.protocol ?? ''];
  if (kind === undefined) throw new TypeError('not the URL of a data source');
  return kind;
}

export const isDataSourceScheme = (scheme: string) => Object.hasOwn(KINDS, `${scheme.toLowerCase()}:`);

/** Whether a URL names a data source, with options that its kind has. */
export function isDataSourceUrl(url: string): boolean {
  const parsed = parseUrl(url);
  if (!parsed) return false;
  const { protocol, hostname, searchParams } = parsed;
  const kind = KINDS[protocol];
  if (kind === undefined || kind === 'postgres') return kind !== undefined;
  const options = [...searchParams];
  return (
    hostname !== '' &&
    isDecodable(url) &&
    options.every(([name, value], index) => {
      const isFirst = options.findIndex(([other]) => other === name) === index;
      return isFirst && Object.hasOwn(OPTIONS[kind], name) && OPTIONS[kind][name]!.test(value);
    })
  );
}

/** @throws URIError for one that {@link isDataSourceUrl} refuses */
export function serverAddress(url: string, defaultPort: number): ServerAddress {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  return {
    host: decodeURIComponent(hostname.replace(/^\[(.*)\]$/, '$1')),
    port: port === '' ? defaultPort : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    options: Object.fromEntries(searchParams),
  };
}

function isDecodable(url: string): boolean {
  try {
    serverAddress(url, 0);
    return true;
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}
