import path from 'node:path';
import { SideThread, type SideThreadOptions } from '../../src/api/side-thread/side-thread';

/** The real side thread. It runs the sources here. */
export function startTestSideThread(
  metrics: SideThreadOptions['metrics'],
  options: Partial<SideThreadOptions> = {},
): SideThread {
  return new SideThread({ metrics, file: path.join(__dirname, 'side-thread-program.mjs'), ...options });
}
