/** The open notifications of one status. */
export interface OpenOfStatus {
  count: number;
  /** When the oldest one was accepted or reopened; null if there is none. */
  oldestOpenedAt: Date | null;
}

/** The open notifications, by status, and how many of them are overdue. */
export interface OpenNotifications {
  byStatus: Record<string, OpenOfStatus>;
  overdue: number;
}
