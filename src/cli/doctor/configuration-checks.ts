import { connect } from 'node:net';
import type { Config } from '../../config';
import { unknownSettings } from '../../config/unknown-settings';
import { createAddressGuard } from '../../delivery/address-guard';
import { VERSION } from '../../process/version';
import type { Check, Result } from './check';

type Env = Record<string, string | undefined>;

/** The oldest line of Node.js that still gets security fixes. */
const SUPPORTED_NODE = 22;
const PROXY_TIMEOUT_MS = 3000;
/**
 * Where cloud providers answer with credentials of the machine: the address, and its form behind
 * NAT64. The guard always refuses the others.
 */
const METADATA_ADDRESSES = ['169.254.169.254', '64:ff9b::a9fe:a9fe'];

/** Checks of what this process can see without Postgres and Temporal. */
export function configurationChecks(config: Config, env: Env): Check[] {
  return [
    {
      name: 'configuration',
      run() {
        const unknown = unknownSettings(env);
        return unknown.length > 0
          ? { status: 'warn', detail: unknown.join(' ') }
          : { status: 'ok', detail: `role ${config.role}` };
      },
    },
    { name: 'version', run: () => versionResult(process.versions.node) },
    { name: 'egress', run: () => egressResult(config) },
    ...(config.egressProxy ? [{ name: 'egress-proxy', run: () => proxyResult(config.egressProxy!) }] : []),
  ];
}

/** Judges the version of Node.js. */
export function versionResult(node: string): Result {
  const versions = `Signpost ${VERSION} on Node.js ${node}`;
  return Number(node.split('.')[0]) < SUPPORTED_NODE
    ? { status: 'warn', detail: `${versions}, which gets no more security fixes. Use 22 or 24.` }
    : { status: 'ok', detail: versions };
}

/** Judges which addresses deliveries may reach. */
export function egressResult({
  allowAddresses,
  denyAddresses,
  allowUrls,
  egressProxy,
}: Pick<Config, 'allowAddresses' | 'denyAddresses' | 'allowUrls' | 'egressProxy'>): Result {
  const guard = createAddressGuard(allowAddresses, undefined, { deniedCidrs: denyAddresses });
  const allowed = METADATA_ADDRESSES.filter((address) => guard.isAllowed(address));
  if (allowed.length > 0)
    return {
      status: 'fail',
      detail: `SIGNPOST_ALLOW_ADDRESSES lets deliveries reach ${allowed.join(' and ')}, where clouds give out credentials.`,
    };
  if (allowUrls.some((pattern) => /^https?:\/\/\*(?::\*)?\/?$/.test(pattern)))
    return { status: 'warn', detail: 'SIGNPOST_ALLOW_URLS approves every host: no URL waits for approval.' };
  const way = egressProxy ? 'through the proxy' : 'directly';
  return {
    status: 'ok',
    detail: `${way}; private addresses allowed: ${allowAddresses.join(', ') || 'none'}`,
  };
}

function proxyResult({ hostname, port, protocol }: URL): Promise<Result> {
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port || (protocol === 'https:' ? 443 : 80)) });
    const end = (result: Result) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(PROXY_TIMEOUT_MS, () =>
      end({ status: 'fail', detail: 'The proxy of SIGNPOST_EGRESS_PROXY does not answer.' }),
    );
    socket.once('connect', () => end({ status: 'ok', detail: `${host} accepts connections` }));
    socket.once('error', (error) =>
      end({ status: 'fail', detail: `The proxy of SIGNPOST_EGRESS_PROXY is unreachable: ${error.message}` }),
    );
  });
}
