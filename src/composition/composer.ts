import {
  ComposeError,
  MAX_COMPOSED_BYTES,
  MAX_COMPOSE_MS,
  MAX_ROWS,
  type Composed,
  type Composer,
  type Composition,
  type QueryStep,
  type Transform,
} from '../domain/composing';
import { mergeObjects, withMember } from '../domain/json-text';
import { argumentSource, argumentValue } from '../domain/query-arguments';
import { placeIn, SqlTextError } from '../domain/sql-text';
import { checkSteps, queryOf } from './check-steps';
import type { DataSources } from './data-sources';
import type { TransformPool } from './transform-pool';
import { evaluate, syntaxFault } from './transforms';

/** Composes bodies from service definitions and transforms. */
export function createComposer(sources: DataSources, transforms: TransformPool): Composer {
  return {
    compose: (composition, withinMs) => compose(sources, transforms, composition, withinMs),
    async checkTransforms(placed, owner) {
      if (placed.length === 0) return [];
      const expressions = placed.map(({ transform }) => transform);
      const fault = await syntaxFault(transforms, owner, expressions, MAX_COMPOSE_MS);
      return fault ? [{ path: `${placed[fault.index]!.path}/expression`, message: fault.message }] : [];
    },
    async checkDefinition({ steps, transform }, schema, owner) {
      const faults = await checkSteps(sources, steps, schema, owner);
      const placed = transform ? [{ transform, path: '/transform' }] : [];
      return [...faults, ...(await this.checkTransforms(placed, owner))];
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
  // The definition may be newer than the event, so accepting the event could not decide this.
  if (event.chosenByCustomer && steps.length > 0)
    throw new ComposeError(
      "the customer chose the data of this event; the service definition looks up data of the product's events only",
    );
  let data = event.data;
  if (steps.length > 0) {
    data = '{}';
    for (const step of steps) data = await withStep(sources, step, data, composition, until - performance.now());
  }
  const variables = { event: factsOf(composition) };
  const transformed = (transform: Transform, input: Record<string, string>) =>
    evaluate(transforms, owner, transform, { ...variables, ...input }, until - performance.now());
  if (definition?.transform) data = await transformed(definition.transform, { $: data, data: event.data });
  // The subscription's transform sees only what would be sent, so it cannot read what the
  // definition left out.
  if (composition.transform) data = await transformed(composition.transform, { $: data });
  if (Buffer.byteLength(data) > MAX_COMPOSED_BYTES)
    throw new ComposeError(`the composed body is larger than ${MAX_COMPOSED_BYTES / 1024} KiB`);
  const takesSecret = ({ arguments: args }: QueryStep) =>
    args.some(({ from }) => argumentSource(from)?.kind === 'secret');
  return { data, whole: definition !== null, holdsSecret: steps.some(takesSecret) };
}

/** The facts about the event that an expression may use besides the data, as JSON text. */
function factsOf({ event, customerId }: Composition): string {
  const { id, type, timestamp, channels, user } = event;
  const facts = { id, type, timestamp, customerId, channels };
  return withMember(JSON.stringify(facts), 'user', user ?? 'null', 'last');
}

async function withStep(
  sources: DataSources,
  step: QueryStep,
  before: string,
  { event, secret, owner }: Composition,
  withinMs: number,
): Promise<string> {
  if (withinMs <= 0) throw new ComposeError('the queries take too long');
  const query = sourceQuery(sources, step);
  const values = query.parameters.map((argument) => argumentValue(argument, event.data, secret));
  // One row more than allowed, to find out whether there are more.
  const maxRows = step.as === undefined ? 1 : MAX_ROWS;
  const rows = await sources.rows(step.dataSource, owner, query, values, maxRows + 1, withinMs);
  if (rows.length > maxRows)
    throw new ComposeError(`the query on data source ${step.dataSource} returned more than ${maxRows} row(s)`);
  if (step.as !== undefined) return withMember(before, step.as, `[${rows.join(',')}]`, 'last');
  if (rows.length === 0) throw new ComposeError(`the query on data source ${step.dataSource} returned no row`);
  return mergeObjects([before, rows[0]!]);
}

/** The data source may now be a database of another kind than when the definition was saved. */
function sourceQuery(sources: DataSources, step: QueryStep) {
  try {
    return queryOf(step, sources.dialectOf(step.dataSource));
  } catch (error) {
    if (!(error instanceof SqlTextError)) throw error;
    throw new ComposeError(
      `the query on data source ${step.dataSource} is not one for it: ${placeIn(step.sql, error.offset)}: ${error.message}`,
    );
  }
}
