/** Every workflow of the worker. The names are wire names: they never change meaning. */
export { deliverBurst } from './deliver-burst';
export { deliverNotification } from './deliver-notification';
export { maintain } from './maintain';
export { recoverSubscription } from './recover-subscription';
export { settleSubscription } from './settle-subscription';
