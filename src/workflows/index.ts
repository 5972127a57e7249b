/** The workflows of the worker. Their names are wire names and never change meaning. */
export { deliverBurst } from './deliver-burst';
export { deliverNotification } from './deliver-notification';
export { eraseCustomer } from './erase-customer';
export { maintain } from './maintain';
export { recoverSubscription } from './recover-subscription';
export { settleSubscription } from './settle-subscription';
