import { findDebianProgram, type DebianProgram } from './debian-packages';

/** PgBouncer of Debian, and the libraries that a machine may lack. */
const PACKAGES = ['pgbouncer', 'libc-ares2', 'libevent-2.1-7'];

/** How to start PgBouncer. */
export type PgBouncerProgram = DebianProgram;

/** @throws Error that says what to do, if it cannot be had */
export async function findPgBouncer(): Promise<PgBouncerProgram> {
  return findDebianProgram('usr/sbin/pgbouncer', 'PGBOUNCER_PATH', async () => PACKAGES);
}
