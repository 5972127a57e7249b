import { Client, type Dispatcher } from 'undici';

/**
 * A client of one connection at a time, which knows whether the connection is reused. A receiver
 * may close an idle connection at the moment in which the next request is sent over it.
 */
export class ReusableClient extends Client {
  private isUsed = false;

  constructor(origin: string | URL, options?: Client.Options) {
    super(origin, options);
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
