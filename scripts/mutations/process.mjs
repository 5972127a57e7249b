/** Mutations of traces, and of the API key with which a process connects to Temporal. */
import { mutationsOf } from '../mutation.mjs';

const TRACES_TEST = ['test/process/open-telemetry.test.ts'];
const API_KEY_TEST = ['test/temporal/api-key-file.test.ts'];

export default [
  ...mutationsOf('src/process/open-telemetry.ts', TRACES_TEST, [
    ['OT1', 'a failed span has no error', "        fail(error instanceof Error ? error.name : 'unknown');\n", ''],
    [
      'OT2',
      'a span ends before its work',
      'if (result instanceof Promise) result.then(() => otelSpan.end(), failed);',
      'if (false) failed(undefined);',
    ],
    [
      'OT3',
      'a trace that is not sampled is exported',
      'sampled ? TraceFlags.SAMPLED : TraceFlags.NONE',
      'TraceFlags.SAMPLED',
    ],
    [
      'OT4',
      'the sampler ignores the trace of the caller',
      "name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root",
      'root',
    ],
    ['OT5', 'the id of a span that is known is used again', '      ids.next = undefined;\n', ''],
    ['OT6', 'a span has any number of links', 'links.slice(0, MAX_LINKS).flatMap', 'links.flatMap'],
    ['OT7', 'a process that ends waits for the collector', '        CLOSE_MS,\n', '        60_000,\n'],
    ['OT8', 'each export that fails is logged', 'if (suppressed === undefined) return;', ''],
    [
      'OT9',
      'the log shows what the collector answered',
      'return [name, code, text].filter',
      'if (true) return message;\n    return [name, code, text].filter',
    ],
    [
      'OT10',
      'work without a trace belongs to the trace around it',
      'return places.run(context && placeOf(context), work);',
      'return context ? places.run(placeOf(context), work) : work();',
    ],
    [
      'OT11',
      'an attribute of the resource replaces the name of the service',
      "      ...config.resourceAttributes,\n      'service.name': config.serviceName,\n",
      "      'service.name': config.serviceName,\n      ...config.resourceAttributes,\n",
    ],
    ['OT12', 'a traceparent is sampled although its span is not', '(traceFlags & TraceFlags.SAMPLED) !== 0', 'true'],
    ['OT13', 'a past span that failed looks well', 'if (failed) span.setStatus', 'if (false) span.setStatus'],
    ['OT14', 'a past span lasts until it is recorded', 'span.end(endedAt);', 'span.end();'],
    ['OT15', 'log lines have no trace', 'logFields: () => places.getStore()?.logFields ?? {}', 'logFields: () => ({})'],
  ]),
  ...mutationsOf('src/temporal/api-key.ts', API_KEY_TEST, [
    ['AK1', 'a key is lost while its file is replaced', 'this.last = value ?? this.last;', 'this.last = value;'],
    ['AK2', 'a file that cannot be read is not reported', '    this.fault = fault;\n', ''],
    ['AK4', 'a fault that has passed is still reported', 'this.fault = fault;', 'this.fault ??= fault;'],
    [
      'AK5',
      'a key that replaced another one is not used',
      'return this.last;\n  }\n',
      'return (this.first ??= this.last);\n  }\n',
    ],
  ]),
];
