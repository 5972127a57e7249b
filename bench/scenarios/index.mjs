/** The scenarios, in the order in which they run. */
import { burst } from './burst.mjs';
import { closed } from './closed.mjs';
import { fanout } from './fanout.mjs';
import { isolation } from './isolation.mjs';
import { ladder } from './ladder.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { oneeach } from './oneeach.mjs';
import { processes } from './processes.mjs';
import { table } from './table.mjs';

export const SCENARIOS = [closed, fanout, latency, oneeach, burst, isolation, ladder, table, memory, processes];
