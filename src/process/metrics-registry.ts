import { Registry } from 'prom-client';

/** A registry that renders the metrics of other sources beside its own. */
export class MetricsRegistry extends Registry {
  private readonly sources: (() => Promise<string>)[] = [];

  /** @param read - renders metrics of other names as text. It must not fail, nor take long */
  addSource(read: () => Promise<string>): void {
    this.sources.push(read);
  }

  override async metrics(): Promise<string> {
    const texts = await Promise.all([super.metrics(), ...this.sources.map((read) => read())]);
    return texts
      .filter((text) => text !== '')
      .map((text) => `${text.trimEnd()}\n`)
      .join('');
  }
}
