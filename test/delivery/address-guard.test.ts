import type dns from 'node:dns';
import { BlockedAddressError, createAddressGuard, type Resolve } from '../../src/delivery/address-guard';

const refused = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  'unspecified and "this network"': ['0.0.0.0', '0.1.2.3', '::'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1'],
  'link-local and cloud metadata': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1', 'fd00:ec2::254'],
  'a zone of the link': ['fe80::1%eth0', 'fe80::1%1'],
  'carrier-grade NAT': ['100.64.0.1', '100.100.100.200', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  broadcast: ['255.255.255.255'],
  'reserved, documentation and benchmarking': [
    '192.0.0.1',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
    '2001:2::1',
    '3fff::1',
    '100::1',
  ],
  'IPv4-mapped': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::FFFF:169.254.169.254',
    '0:0:0:0:0:ffff:a00:1',
  ],
  'IPv4-translated': ['::ffff:0:127.0.0.1', '::ffff:0:a9fe:a9fe'],
  'IPv4-compatible': ['::127.0.0.1', '::7f00:1', '::10.0.0.1', '::a9fe:a9fe'],
  '6to4': ['2002:7f00:1::', '2002:a00:1::1', '2002:c0a8:101::1', '2002:a9fe:a9fe::1'],
  Teredo: ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001:0:7f00:1::'],
  NAT64: ['64:ff9b::127.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::10.0.0.1', '64:ff9b:1::8.8.8.8', '64:ff9b:1:7f00:1::'],
  ISATAP: ['2606:4700::5efe:a00:1', '2606:4700::200:5efe:10.0.0.1', '2606:4700:1:2:0:5efe:7f00:1'],
  'a metadata service at a public address': ['168.63.129.16', '::ffff:168.63.129.16', '64:ff9b::a83f:8110'],
  'site-local and what IANA has not given out': [
    'fec0::1',
    '4000::1',
    '64:ff9b:2::1',
    '::ffff:ffff:8.8.8.8',
    '5f00::1',
  ],
  'text that is no address of a socket': [
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '010.0.0.1',
    '8.8.8.8.',
    '[::1]',
  ],
};

describe('the address guard without an allow-list', () => {
  const guard = createAddressGuard([]);

  it.each(Object.entries(refused).flatMap(([kind, addresses]) => addresses.map((address) => [kind, address] as const)))(
    'refuses an address of kind %s: %s',
    (_kind, address) => expect(guard.isAllowed(address)).toBe(false),
  );

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '198.17.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
    '2606:4700::5efe:808:808',
    '2606:4700::1:5efe:a00:1',
    '168.63.129.17',
  ])('allows the public address %s', (address) => expect(guard.isAllowed(address)).toBe(true));

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://2130706433/',
    'http://%31%32%37.0.0.1/',
    'http://127。0。0。1/',
    'http://①②⑦.⓪.⓪.①/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:7f00:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[0:0:0:0:0:ffff:169.254.169.254]/',
    'http://[64:ff9b::7f00:1]/',
    'http://0/',
    'http://user:password@10.0.0.1:8080/hook',
  ])('refuses the literal address in %s before connecting', (url) =>
    expect(() => guard.check(new URL(url))).toThrow(BlockedAddressError),
  );

  it.each([
    'http://8.8.8.8:22/',
    'https://hooks.example.com:25/',
    'http://hooks.example.com:0/',
    'http://hooks.example.com:1023/',
  ])('refuses the port in %s', (url) => expect(() => guard.check(new URL(url))).toThrow(/^port \d+ is not allowed$/));

  it.each(['ftp://hooks.example.com/', 'file:///etc/passwd', 'ws://hooks.example.com/', 'data:text/plain,x'])(
    'refuses the scheme of %s',
    (url) => expect(() => guard.check(new URL(url))).toThrow('only http and https are allowed'),
  );

  it.each([
    'http://hooks.example.com/',
    'https://hooks.example.com/',
    'https://hooks.example.com:80/',
    'http://hooks.example.com:443/',
    'http://hooks.example.com:1024/',
    'https://hooks.example.com:65535/',
    'https://[2606:4700:4700::1111]/',
  ])('allows the URL %s', (url) => expect(() => guard.check(new URL(url))).not.toThrow());
});

describe('the address guard with an allow-list', () => {
  it('allows listed IPv4 ranges, also in their IPv6 forms, and no others', () => {
    const guard = createAddressGuard(['10.1.0.0/16']);
    const forms = [
      '10.1.2.3',
      '::ffff:10.1.2.3',
      '64:ff9b::10.1.2.3',
      '2002:a01:203::1',
      '::ffff:0:10.1.2.3',
      '::10.1.2.3',
    ];
    expect(forms.filter((address) => !guard.isAllowed(address))).toEqual([]);
    const others = ['10.2.0.1', '::ffff:10.2.0.1', '127.0.0.1', '::1', 'fd00::1', '::10.2.0.1'];
    expect(others.filter((address) => guard.isAllowed(address))).toEqual([]);
  });

  it('allows listed IPv6 ranges and no others', () => {
    const guard = createAddressGuard(['::1/128', 'fd00::/8']);
    expect(['::1', 'fd00:ec3::254'].every(guard.isAllowed)).toBe(true);
    expect(['::2', 'fc00::1', '127.0.0.1', 'fe80::1', 'fd00:ec2::254'].some(guard.isAllowed)).toBe(false);
  });

  it('reads a range of IPv4-mapped addresses as the IPv4 range', () => {
    const guard = createAddressGuard(['::ffff:10.0.0.0/104']);
    expect(guard.isAllowed('10.1.2.3')).toBe(true);
    expect(guard.isAllowed('::ffff:10.1.2.3')).toBe(true);
    expect(guard.isAllowed('11.1.2.3')).toBe(true); // public
    expect(guard.isAllowed('127.0.0.1')).toBe(false);
  });

  it('does not allow internal IPv4 addresses by the range ::/0', () => {
    const guard = createAddressGuard(['::/0']);
    expect(guard.isAllowed('::1')).toBe(true);
    expect(guard.isAllowed('::ffff:127.0.0.1')).toBe(false);
  });
});

describe('the policy of an installation', () => {
  it('refuses denied ranges even if they are public or allowed, in all their forms', () => {
    const guard = createAddressGuard(['10.0.0.0/8'], undefined, { deniedCidrs: ['10.1.0.0/16', '8.8.8.0/24'] });
    expect(['10.2.0.1', '8.8.4.4', '2002:808:404::1'].every(guard.isAllowed)).toBe(true);
    const denied = ['10.1.2.3', '::ffff:10.1.2.3', '8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'];
    expect(denied.filter(guard.isAllowed)).toEqual([]);
  });

  it('refuses the addresses of the machine itself unless they are allowed', () => {
    const ownAddresses = () => ['93.184.215.14', '2606:4700::14'];
    const guard = createAddressGuard([], undefined, { ownAddresses });
    expect(['93.184.215.14', '::ffff:93.184.215.14', '2606:4700::14'].filter(guard.isAllowed)).toEqual([]);
    expect(guard.isAllowed('93.184.215.15')).toBe(true);
    const open = createAddressGuard(['93.184.215.14/32'], undefined, { ownAddresses });
    expect(open.isAllowed('93.184.215.14')).toBe(true);
  });

  it('refuses http where only https is allowed', () => {
    const guard = createAddressGuard([], undefined, { httpsOnly: true });
    expect(() => guard.check(new URL('http://hooks.example.com/'))).toThrow('only https is allowed');
    expect(() => guard.check(new URL('https://hooks.example.com/'))).not.toThrow();
  });
});

describe('the fault of a URL that is written', () => {
  const fault = (guard: ReturnType<typeof createAddressGuard>, host: string) =>
    guard.faultOf(new URL(`http://${host}/`));

  it.each(['0.0.0.0', '255.255.255.255', '224.0.0.1', '192.0.2.1', '[::]', '[ff02::1]', '[2001:db8::1]', '[4000::1]'])(
    '%s is no address of a receiver, unless an operator allows it',
    (host) => {
      expect(fault(createAddressGuard([]), host)).toContain('is not an address of a receiver');
      expect(fault(createAddressGuard(['0.0.0.0/0', '::/0']), host)).toBeUndefined();
    },
  );

  it.each([
    '10.0.0.1',
    '127.0.0.1',
    '169.254.169.254',
    '[::1]',
    '[fd00::1]',
    '8.8.8.8',
    'hooks.example.com',
    'localhost:1',
  ])('%s may become reachable, so it can be written', (host) =>
    expect(fault(createAddressGuard([]), host)).toBeUndefined(),
  );

  it('is also an address that the operator denies', () => {
    const guard = createAddressGuard(['10.0.0.0/8'], undefined, { deniedCidrs: ['10.1.0.0/16'] });
    expect(fault(guard, '10.1.2.3')).toBe('10.1.2.3 is not an address of a receiver');
    expect(fault(guard, '10.2.2.3')).toBeUndefined();
  });

  it('is http where only https is allowed', () => {
    expect(fault(createAddressGuard([], undefined, { httpsOnly: true }), 'a.example')).toBe('expected https');
  });
});

describe('name resolution by the address guard', () => {
  const resolving =
    (...addresses: string[]): Resolve =>
    (_hostname, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  const lookup = (guard: ReturnType<typeof createAddressGuard>, options: dns.LookupOptions) =>
    new Promise((resolve, reject) => {
      guard.lookup('hooks.example.com', options, (error, address, family) =>
        error ? reject(error) : resolve(options.all ? address : { address, family }),
      );
    });

  it.each([
    ['10.0.0.1', '8.8.8.8'],
    ['8.8.8.8', '::1'],
    ['127.0.0.1', '10.0.0.1'],
    ['8.8.8.8', '168.63.129.16'],
  ])('refuses a name that has an internal address beside an allowed one: %s, %s', async (...addresses) => {
    const guard = createAddressGuard(['127.0.0.0/8'], resolving(...addresses));
    await expect(lookup(guard, { all: true })).rejects.toThrow(BlockedAddressError);
    await expect(lookup(guard, {})).rejects.toThrow('hooks.example.com has an address that is not allowed');
  });

  it('takes the allowed address of a name of this machine', async () => {
    const guard = createAddressGuard(['127.0.0.0/8'], resolving('::1', '127.0.0.1'));
    await expect(lookup(guard, {})).resolves.toEqual({ address: '127.0.0.1', family: 4 });
  });

  it('keeps the order of the addresses', async () => {
    const guard = createAddressGuard([], resolving('2606:4700::1', '8.8.8.8'));
    await expect(lookup(guard, { all: true })).resolves.toEqual([
      { address: '2606:4700::1', family: 6 },
      { address: '8.8.8.8', family: 4 },
    ]);
    await expect(lookup(guard, {})).resolves.toEqual({ address: '2606:4700::1', family: 6 });
  });

  it('fails as blocked if all addresses of the name are refused', async () => {
    const guard = createAddressGuard([], resolving('10.0.0.1', '::ffff:127.0.0.1'));
    await expect(lookup(guard, { all: true })).rejects.toThrow(BlockedAddressError);
    await expect(lookup(guard, {})).rejects.toThrow('hooks.example.com has no address that is allowed');
  });

  it("passes on the resolver's error for an unknown name", async () => {
    const failure = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const guard = createAddressGuard([], (_hostname, callback) => callback(failure, []));
    await expect(lookup(guard, { all: true })).rejects.toBe(failure);
  });

  it("uses the system's resolver by default", async () => {
    await expect(
      new Promise((resolve, reject) =>
        createAddressGuard([]).lookup('localhost', { all: true }, (error, addresses) =>
          error ? reject(error) : resolve(addresses),
        ),
      ),
    ).rejects.toThrow('localhost has no address that is allowed');
  });
});
