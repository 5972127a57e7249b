import net from 'node:net';

/** A TCP proxy in front of a server, whose connections can fail as those of a network do. */
export interface TcpProxy {
  /** The URL of the server through the proxy. */
  url: string;
  port: number;
  /** Breaks all connections without a word of the server. */
  cut(): void;
  /** Forwards nothing more on the connections that exist. New ones work. */
  freeze(): void;
  /** Forwards nothing, on new connections either, until `restore`. */
  hang(): void;
  /** Forwards everything this much later, until `restore`. */
  slow(delayMs: number): void;
  restore(): void;
  /** Drops what the server sends from now on; what clients send still arrives. */
  loseAnswers(): void;
  stop(): Promise<void>;
}

/** @param target - URL of the server, with its port; a function if that changes */
export async function startTcpProxy(target: string | (() => string)): Promise<TcpProxy> {
  const currentTarget = () => new URL(typeof target === 'string' ? target : target());
  const pairs = new Set<{ client: net.Socket; server: net.Socket }>();
  let losing = false;
  let hanging = false;
  let delayMs = 0;
  let lastDelayMs = 0;

  function forward(from: net.Socket, to: net.Socket, isLost: () => boolean): void {
    // Bytes keep their order, also when the network is fast again: nothing passes what is late.
    let late = 0;
    from.on('data', (chunk) => {
      if (isLost()) return;
      if (delayMs === 0 && late === 0) return void to.write(chunk);
      late += 1;
      setTimeout(() => {
        late -= 1;
        to.write(chunk);
      }, delayMs || lastDelayMs);
    });
  }

  const proxy = net.createServer((client) => {
    const { hostname, port } = currentTarget();
    const server = net.connect(Number(port), hostname);
    const pair = { client, server };
    pairs.add(pair);
    forward(client, server, () => false);
    forward(server, client, () => losing);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.on('error', end).on('close', end);
      if (hanging) socket.pause();
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = currentTarget();
  const { port } = proxy.address() as net.AddressInfo;
  url.host = `127.0.0.1:${port}`;
  const each = (act: (socket: net.Socket) => void) => {
    for (const { client, server } of [...pairs]) [client, server].forEach(act);
  };
  const freeze = () => each((socket) => socket.pause());
  return {
    url: url.toString(),
    port,
    cut() {
      losing = false;
      each((socket) => socket.destroy());
    },
    freeze,
    hang() {
      hanging = true;
      freeze();
    },
    slow(later) {
      delayMs = lastDelayMs = later;
    },
    restore() {
      [hanging, delayMs] = [false, 0];
      each((socket) => socket.resume());
    },
    loseAnswers: () => void (losing = true),
    async stop() {
      each((socket) => socket.destroy());
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
