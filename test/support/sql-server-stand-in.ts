import net from 'node:net';

/**
 * Speaks just enough of the protocol of SQL Server (MS-TDS 7.4, without TLS) to log a driver in and
 * return results that a test makes up. It knows no SQL: only a real server can show that a
 * statement is right.
 */
export interface SqlServerStandIn {
  url: string;
  /** The texts of the requests, with their parameters. */
  readonly requests: string[];
  /** How often a client cancelled a request. */
  readonly attentions: number;
  stop(): Promise<void>;
}

export type Answer =
  | { columns: Buffer[]; rows: Iterable<Buffer[]>; second?: boolean }
  | { error: { number: number; message: string; line: number; severity?: number } }
  | 'hang';

const MESSAGE = { batch: 0x01, rpc: 0x03, response: 0x04, attention: 0x06, login: 0x10, prelogin: 0x12 };
const PACKET_BYTES = 4096;
const HEADER_BYTES = 8;

/** @param answer - called with the text of each request after the login */
export async function startSqlServerStandIn(answer: (request: string) => Answer): Promise<SqlServerStandIn> {
  const requests: string[] = [];
  let attentions = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    let [received, message] = [Buffer.alloc(0), Buffer.alloc(0)];
    const state = { over: true };
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= HEADER_BYTES && received.length >= received.readUInt16BE(2)) {
        const length = received.readUInt16BE(2);
        message = Buffer.concat([message, received.subarray(HEADER_BYTES, length)]);
        const [type, isLast] = [received[0], (received[1]! & 1) === 1];
        received = received.subarray(length);
        if (!isLast) continue;
        void respond(type!, message);
        message = Buffer.alloc(0);
      }
    });

    async function respond(type: number, body: Buffer): Promise<void> {
      if (type === MESSAGE.prelogin) return send(PRELOGIN);
      if (type === MESSAGE.login) return send(Buffer.concat([LOGIN_ACK, done(0xfd, 0)]));
      if (type === MESSAGE.batch) return send(done(0xfd, 0));
      if (type === MESSAGE.attention) {
        attentions++;
        // Ends the response, also one that has not begun, and confirms in another message.
        if (!state.over) send(done(0xfd, 0x02));
        state.over = true;
        return send(done(0xfd, 0x20));
      }
      // The text begins at an odd or an even byte.
      const request = body.toString('utf16le') + body.subarray(1).toString('utf16le');
      requests.push(request);
      state.over = false;
      const given = answer(request);
      if (given === 'hang') return;
      if ('error' in given) {
        state.over = true;
        return send(Buffer.concat([errorToken(given.error), done(0xfe, 0x02)]));
      }
      let tokens = columnTokens(given.columns);
      for (const row of given.rows) {
        tokens = Buffer.concat([tokens, Buffer.from([0xd1]), ...row]);
        if (tokens.length < PACKET_BYTES) continue;
        write(tokens, false);
        tokens = Buffer.alloc(0);
        // Lets a cancellation in.
        await new Promise((resolve) => setImmediate(resolve));
        if (state.over || socket.destroyed) return;
      }
      write(tokens, false);
      if (given.second) write(Buffer.concat([done(0xff, 0x11), columnTokens(given.columns)]), false);
      state.over = true;
      send(Buffer.concat([done(0xff, 0x11), Buffer.from([0x79, 0, 0, 0, 0]), done(0xfe, 0)]));
    }

    const send = (tokens: Buffer) => write(tokens, true);

    function write(tokens: Buffer, ends: boolean): void {
      const room = PACKET_BYTES - HEADER_BYTES;
      for (let offset = 0; offset < tokens.length; offset += room) {
        const part = tokens.subarray(offset, offset + room);
        const header = Buffer.from([
          MESSAGE.response,
          ends && offset + room >= tokens.length ? 1 : 0,
          0,
          0,
          0,
          0,
          1,
          0,
        ]);
        header.writeUInt16BE(part.length + HEADER_BYTES, 2);
        socket.write(Buffer.concat([header, part]));
      }
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `mssql://reader:secret@127.0.0.1:${port}/ledger?encrypt=false`,
    requests,
    get attentions() {
      return attentions;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const ucs2 = (text: string) => Buffer.from(text, 'utf16le');
const shortText = (text: string) => Buffer.concat([Buffer.from([text.length]), ucs2(text)]);
const longText = (text: string) => Buffer.concat([u16(text.length), ucs2(text)]);

/** Version 16, encryption not supported, no instance, no thread, no MARS. */
const PRELOGIN = (() => {
  const options = [[16, 0, 0, 0, 0, 0], [2], [0], [0, 0, 0, 0], [0]];
  let offset = 5 * options.length + 1;
  const table = options.flatMap((data, token) => {
    const entry = [token, 0, offset, 0, data.length];
    offset += data.length;
    return entry;
  });
  return Buffer.from([...table, 0xff, ...options.flat()]);
})();

const LOGIN_ACK = (() => {
  const body = Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), shortText('stand-in'), Buffer.from([16, 0, 0, 0])]);
  return Buffer.concat([Buffer.from([0xad]), u16(body.length), body]);
})();

const done = (token: number, status: number) => Buffer.concat([Buffer.from([token]), u16(status), Buffer.alloc(10)]);

function errorToken(error: { number: number; message: string; line: number; severity?: number }): Buffer {
  const body = Buffer.concat([
    u32(error.number),
    Buffer.from([1, error.severity ?? 16]),
    longText(error.message),
    shortText('stand-in'),
    shortText(''),
    u32(error.line),
  ]);
  return Buffer.concat([Buffer.from([0xaa]), u16(body.length), body]);
}

const columnTokens = (columns: Buffer[]) => Buffer.concat([Buffer.from([0x81]), u16(columns.length), ...columns]);

/** A column: its name and its type, as the protocol writes it. */
const column = (name: string, ...type: number[]) => Buffer.concat([u32(0), u16(1), Buffer.from(type), shortText(name)]);
const sized = (bytes: Buffer) => Buffer.concat([Buffer.from([bytes.length]), bytes]);

const reversed = (value: bigint, bytes: number) =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex').reverse();

/** Columns and their values, by type. */
export const TDS = {
  nvarchar: (name: string) => column(name, 0xe7, 0x40, 0x1f, 9, 4, 0xd0, 0, 0x34),
  bigint: (name: string) => column(name, 0x26, 8),
  int: (name: string) => column(name, 0x26, 4),
  bit: (name: string) => column(name, 0x68, 1),
  decimal: (name: string, scale: number) => column(name, 0x6a, 17, 38, scale),
  datetime2: (name: string) => column(name, 0x2a, 7),
  varbinary: (name: string) => column(name, 0xa5, 8, 0),
  variant: (name: string) => column(name, 0x62, 0, 0, 0, 0),
  text: (text: string) => Buffer.concat([u16(text.length * 2), ucs2(text)]),
  bytes: (bytes: Buffer) => Buffer.concat([u16(bytes.length), bytes]),
  whole: (value: bigint, bytes: number) => sized(reversed(BigInt.asUintN(bytes * 8, value), bytes)),
  digits: (value: bigint) =>
    sized(Buffer.concat([Buffer.from([value < 0n ? 0 : 1]), reversed(value < 0n ? -value : value, 16)])),
  /** In 100 ns since midnight, and days since 0001-01-01. */
  time: (ticks: bigint, days: number) => sized(Buffer.concat([reversed(ticks, 5), reversed(BigInt(days), 3)])),
  null: Buffer.from([0]),
  nullText: Buffer.from([0xff, 0xff]),
};
