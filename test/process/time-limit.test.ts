import net, { type AddressInfo } from 'node:net';
import { TimeLimit, within } from '../../src/process/time-limit';
import { pause } from '../support/pause';

const LIMIT_MS = 100;
const PAUSE_MS = 250;

/** Two ends of a TCP connection. */
async function startConnection() {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const near = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const far = await new Promise<net.Socket>((resolve) => server.once('connection', resolve));
  return {
    near,
    far,
    close() {
      for (const socket of [near, far]) socket.destroy();
      server.close();
    },
  };
}

it('what arrived during a pause of the process is read before its time is over', async () => {
  const { near, far, close } = await startConnection();
  const arrived = new Promise<string>((resolve) => near.once('data', (chunk) => resolve(chunk.toString())));
  const answer = within(LIMIT_MS, arrived, () => 'nothing');
  far.write('the answer');
  pause(PAUSE_MS);
  expect(await answer).toBe('the answer');
  close();
});

it('the time is over if nothing has arrived', async () => {
  const never = new Promise<string>(() => undefined);
  const answer = within(LIMIT_MS, never, () => 'nothing');
  pause(PAUSE_MS);
  expect(await answer).toBe('nothing');
  await expect(within(1, never, () => Promise.reject(new Error('late')))).rejects.toThrow('late');
});

it('a limit that is cleared after its time, by what was read, has no effect', async () => {
  const { near, far, close } = await startConnection();
  const onOver = jest.fn();
  const limit = new TimeLimit(LIMIT_MS, onOver);
  const read = new Promise<void>((resolve) => near.once('data', () => (limit.clear(), resolve())));
  far.write('x');
  pause(PAUSE_MS);
  await read;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(onOver).not.toHaveBeenCalled();
  close();
});
