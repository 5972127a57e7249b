import {
  ComposeError,
  MAX_COMPOSED_BYTES,
  MAX_ROWS,
  type Composed,
  type Composer,
  type Composition,
  type QueryStep,
} from '../domain/composing';
import { mergeObjects, withMember } from '../domain/json-text';
import { argumentSource, argumentValue } from '../domain/query-arguments';
import { checkSteps, numberedQuery } from './check-steps';
import type { DataSources } from './data-sources';
import type { TransformPool } from './transform-pool';
import { evaluate, syntaxFault } from './transforms';

/** Composes bodies from service definitions and transforms. */
export function createComposer(sources: DataSources, transforms: TransformPool): Composer {
  return {
    compose: (composition, withinMs) => compose(sources, transforms, composition, withinMs),
    async checkTransform(transform, path) {
      const message = await syntaxFault(transforms, transform);
      return message === undefined ? [] : [{ path: `${path}/expression`, message }];
    },
    async checkDefinition(definition, schema) {
      const faults = await checkSteps(sources, definition.steps, schema);
      return definition.transform
        ? [...faults, ...(await this.checkTransform(definition.transform, '/transform'))]
        : faults;
    },
  };
}

async function compose(
  sources: DataSources,
  transforms: TransformPool,
  composition: Composition,
  withinMs: number,
): Promise<Composed> {
  const { definition, event, owner } = composition;
  const until = performance.now() + withinMs;
  const steps = definition?.steps ?? [];
  let data = event.data;
  if (steps.length > 0) {
    data = '{}';
    for (const step of steps) data = await withStep(sources, step, data, composition, until - performance.now());
  }
  const variables = { event: factsOf(composition) };
  if (definition?.transform)
    data = await evaluate(transforms, owner, definition.transform, { ...variables, $: data, data: event.data });
  // The subscription's transform sees only what would be sent, so it cannot read what the
  // definition left out.
  if (composition.transform) data = await evaluate(transforms, owner, composition.transform, { ...variables, $: data });
  if (Buffer.byteLength(data) > MAX_COMPOSED_BYTES)
    throw new ComposeError(`the composed body is larger than ${MAX_COMPOSED_BYTES / 1024} KiB`);
  const takesSecret = ({ arguments: args }: QueryStep) =>
    args.some(({ from }) => argumentSource(from)?.kind === 'secret');
  return { data, whole: definition !== null, holdsSecret: steps.some(takesSecret) };
}

/** The facts about the event that an expression may use besides the data, as JSON text. */
function factsOf({ event, customerId }: Composition): string {
  const { id, type, occurredAt, channels, user } = event;
  const facts = { id, type, timestamp: occurredAt.toISOString(), customerId, channels };
  return withMember(JSON.stringify(facts), 'user', user ?? 'null', 'last');
}

async function withStep(
  sources: DataSources,
  step: QueryStep,
  before: string,
  { event, secret }: Composition,
  withinMs: number,
): Promise<string> {
  if (withinMs <= 0) throw new ComposeError('the queries take too long');
  const query = numberedQuery(step);
  const values = query.names.map((name) =>
    argumentValue(
      step.arguments.find((argument) => argument.name === name)!,
      event.data,
      secret,
    ),
  );
  const source = { text: query.text, parameters: query.names.length };
  // One row more than allowed, to find out whether there are more.
  const maxRows = step.as === undefined ? 1 : MAX_ROWS;
  const rows = await sources.rows(step.dataSource, source, values, maxRows + 1, withinMs);
  if (rows.length > maxRows)
    throw new ComposeError(`the query on data source ${step.dataSource} returned more than ${maxRows} row(s)`);
  if (step.as !== undefined) return withMember(before, step.as, `[${rows.join(',')}]`, 'last');
  if (rows.length === 0) throw new ComposeError(`the query on data source ${step.dataSource} returned no row`);
  return mergeObjects([before, rows[0]!]);
}
