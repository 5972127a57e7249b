/** The part of an `AbortSignal` that a request uses. */
export interface AbortSource {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Aborts all requests of a process. An `AbortSignal` would do, but to add and remove its listeners
 * takes longer the more requests are under way.
 */
export class CutOff implements AbortSource {
  private readonly listeners = new Set<() => void>();
  private isOver = false;

  get aborted(): boolean {
    return this.isOver;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.isOver = true;
    for (const listener of [...this.listeners]) listener();
  }
}
