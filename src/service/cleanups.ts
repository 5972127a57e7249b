/**
 * Steps that stop what was started. They run in reverse order, so a part stops before the parts it
 * uses.
 */
export class Cleanups {
  private readonly steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  /** Runs each step once; later calls run only what was added since. */
  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }
}
