/** How many attempts may be in flight in a lane of a process. */
export interface LaneLimits {
  slots: number;
  perCustomer: number;
  perSubscription: number;
}
