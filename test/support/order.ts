/** Requests in flight to one receiver, at most. Each may overtake the others. */
const IN_FLIGHT = 64;

/**
 * Expects that each was started before all but those in flight with it had been.
 *
 * @param accepted - ids in order of acceptance
 * @param started - the same ids, in the order in which their attempts started
 */
export function expectOrder(accepted: readonly string[], started: readonly string[]): void {
  const places = accepted.map((id) => started.indexOf(id));
  places.forEach((place, index) =>
    expect(places.slice(0, index).filter((before) => before > place).length).toBeLessThan(IN_FLIGHT),
  );
}
