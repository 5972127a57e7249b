import { Registry } from 'prom-client';
import { formatOpenMetrics, textToOpenMetrics, type MetricsFormat } from './metrics-format';

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

  /** Renders them as OpenMetrics, which has exemplars. */
  async openMetrics(): Promise<string> {
    const [own, ...texts] = await Promise.all([this.getMetricsAsJSON(), ...this.sources.map((read) => read())]);
    return `${formatOpenMetrics(own)}${texts.map(textToOpenMetrics).join('')}# EOF\n`;
  }

  render(format: MetricsFormat): Promise<string> {
    return format === 'openMetrics' ? this.openMetrics() : this.metrics();
  }
}
