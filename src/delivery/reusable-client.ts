import { Client, type buildConnector, type Dispatcher } from 'undici';
import { ResponseStart } from './response-start';

/**
 * A client of one connection at a time, which knows whether the connection is reused, and how the
 * response begins. A receiver may close an idle connection at the moment in which the next request
 * is sent over it.
 */
export class ReusableClient extends Client {
  private isUsed = false;
  /** The response to the last request; undefined before the first connection. */
  response: ResponseStart | undefined;
  /**
   * The first error of the connection. After a TLS alert the connection ends, and undici reports
   * only that: with TLS 1.3, a receiver refuses a client certificate after the handshake.
   */
  connectionError: Error | undefined;

  constructor(origin: string | URL, options: Client.Options & { connect: buildConnector.connector }) {
    super(origin, {
      ...options,
      connect: (target, callback) =>
        options.connect(target, (...[error, socket]) => {
          if (!socket) return callback(error!, null);
          this.response = new ResponseStart(socket);
          this.connectionError = undefined;
          socket.once('error', (cause: Error) => (this.connectionError ??= cause));
          callback(null, socket);
        }),
    });
    this.on('connect', () => (this.isUsed = false));
  }

  /**
   * Called when a request is about to be written.
   *
   * @returns whether its connection has served another request before
   */
  startRequest(): boolean {
    const isReused = this.isUsed;
    this.isUsed = true;
    this.response?.expect();
    return isReused;
  }

  override dispatch(
    options: Dispatcher.DispatchOptions & { connection?: { client?: ReusableClient } },
    handler: Dispatcher.DispatchHandler,
  ): boolean {
    if (options.connection) options.connection.client = this;
    return super.dispatch(options, handler);
  }
}
