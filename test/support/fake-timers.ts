const FAKEABLE = [
  ...(['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const),
  ...(['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const),
];

/**
 * Fakes these clocks only, so that the connections to Postgres and to receivers go on.
 * `jest.useRealTimers` ends it.
 */
export function fakeOnly(...faked: (typeof FAKEABLE)[number][]): void {
  jest.useFakeTimers({ doNotFake: FAKEABLE.filter((api) => !faked.includes(api)) });
}
