/**
 * Settings of a Temporal server in which erased histories disappear within seconds instead of half
 * a minute. A workflow is deleted when the stored positions of the server's queues are past it.
 */
export const QUICK_DELETION = {
  'history.transferProcessorUpdateAckInterval': '"1s"',
  'history.visibilityProcessorUpdateAckInterval': '"1s"',
  'history.timerProcessorUpdateAckInterval': '"1s"',
};
