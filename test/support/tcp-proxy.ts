import net from 'node:net';

/** A TCP proxy in front of a server, whose connections can fail as those of a network do. */
export interface TcpProxy {
  /** The URL of the server through the proxy. */
  url: string;
  /** Breaks all connections without a word of the server. */
  cut(): void;
  /** Forwards nothing more on the connections that exist. New ones work. */
  freeze(): void;
  /** Drops what the server sends from now on; what clients send still arrives. */
  loseAnswers(): void;
  stop(): Promise<void>;
}

/** @param target - URL of the server, with its port */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<{ client: net.Socket; server: net.Socket }>();
  let losing = false;
  const proxy = net.createServer((client) => {
    const server = net.connect(Number(port), hostname);
    const pair = { client, server };
    pairs.add(pair);
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk) => void (losing || client.write(chunk)));
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.host = `127.0.0.1:${(proxy.address() as net.AddressInfo).port}`;
  const destroyAll = () => {
    for (const { client, server } of [...pairs]) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    url: url.toString(),
    cut() {
      losing = false;
      destroyAll();
    },
    freeze() {
      for (const { client, server } of pairs) {
        client.pause();
        server.pause();
      }
    },
    loseAnswers: () => void (losing = true),
    async stop() {
      destroyAll();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
