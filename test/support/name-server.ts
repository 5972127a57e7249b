import dgram from 'node:dgram';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import dnsPacket, { type Answer as ResourceRecord, type Packet } from 'dns-packet';

/** What the server answers for a name. Other names do not exist. */
export type NameAnswer =
  | 'silence'
  | 'servfail'
  | {
      a?: string[];
      aaaa?: string[];
      /** The addresses are those of this name. */
      cname?: string;
      ttlSeconds?: number;
      delayMs?: number;
      /** Query types that get no answer. */
      silent?: ('A' | 'AAAA')[];
      /** Answers over UDP are cut off, so the client must ask again over TCP. */
      truncated?: boolean;
    };

/** A real DNS server, over UDP and TCP on the same port. */
export interface NameServer {
  /** For `dns.setServers`. */
  address: string;
  answers: Map<string, NameAnswer>;
  /** Queries so far, as `<type> <name>`. */
  queries: string[];
  /** Queries over TCP so far. */
  readonly tcpQueries: number;
  close(): Promise<void>;
}

const RCODE_SERVFAIL = 2;
const RCODE_NXDOMAIN = 3;

/** Starts a name server on a free port of 127.0.0.1. `*.hang.test` never gets an answer. */
export async function startNameServer(answers: Record<string, NameAnswer>): Promise<NameServer> {
  const zone = new Map(Object.entries(answers));
  const queries: string[] = [];
  let tcpQueries = 0;

  async function answer(query: Packet, overUdp: boolean): Promise<Packet | undefined> {
    const { name, type } = query.questions![0]! as { name: string; type: 'A' | 'AAAA' };
    queries.push(`${type} ${name}`);
    const found = name.endsWith('.hang.test') ? 'silence' : zone.get(name.toLowerCase());
    const reply: Packet = {
      id: query.id,
      type: 'response',
      questions: query.questions,
      flags: dnsPacket.RECURSION_AVAILABLE,
    };
    if (found === undefined) return { ...reply, flags: reply.flags! | RCODE_NXDOMAIN };
    if (found === 'servfail') return { ...reply, flags: reply.flags! | RCODE_SERVFAIL };
    if (found === 'silence' || found.silent?.includes(type)) return undefined;
    if (found.delayMs) await delay(found.delayMs);
    if (found.truncated && overUdp) return { ...reply, flags: reply.flags! | dnsPacket.TRUNCATED_RESPONSE };
    const ttl = found.ttlSeconds ?? 30;
    const owner = found.cname ?? name;
    const records: ResourceRecord[] = found.cname ? [{ name, type: 'CNAME', ttl, data: found.cname }] : [];
    for (const address of (type === 'A' ? found.a : found.aaaa) ?? [])
      records.push({ name: owner, type, ttl, data: address });
    return { ...reply, answers: records };
  }

  const tcp = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      tcpQueries += 1;
      void answer(dnsPacket.streamDecode(bytes), false).then(
        (reply) => reply && socket.end(dnsPacket.streamEncode(reply)),
      );
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address() as AddressInfo;

  const udp = dgram.createSocket('udp4');
  udp.on('message', (bytes, client) => {
    void answer(dnsPacket.decode(bytes), true).then((reply) => {
      if (reply) udp.send(dnsPacket.encode(reply), client.port, client.address, () => undefined);
    });
  });
  await new Promise<void>((resolve, reject) => udp.once('error', reject).bind(port, '127.0.0.1', resolve));

  return {
    address: `127.0.0.1:${port}`,
    answers: zone,
    queries,
    get tcpQueries() {
      return tcpQueries;
    },
    async close() {
      await new Promise<void>((resolve) => udp.close(resolve));
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}
