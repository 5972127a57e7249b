import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection to a server that can fail as networks do. */
export interface Network {
  port: number;
  /** Ends all connections with a reset. New ones work. */
  cut(): void;
  /** Forwards nothing, and ends nothing, until `restore`. New connections are accepted and hang. */
  freeze(): void;
  /** Forwards everything this much later, until `restore`. */
  slow(delayMs: number): void;
  restore(): void;
  stop(): Promise<void>;
}

/** @param target - port on 127.0.0.1, which may change while the server is restarted */
export async function startNetwork(target: () => number): Promise<Network> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  let frozen = false;

  function forward(from: Socket, to: Socket): void {
    sockets.add(from);
    from.on('data', (chunk: Buffer) => {
      if (delayMs > 0) setTimeout(() => to.write(chunk), delayMs);
      else to.write(chunk);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
    if (frozen) from.pause();
  }

  const server = createServer((client) => {
    const upstream = connect(target(), '127.0.0.1');
    forward(client, upstream);
    forward(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.pause();
    },
    slow(later) {
      delayMs = later;
    },
    restore() {
      delayMs = 0;
      frozen = false;
      for (const socket of sockets) socket.resume();
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
