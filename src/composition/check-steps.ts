import { ComposeError, type EvaluationOwner, type QueryArgument, type QueryStep } from '../domain/composing';
import type { FieldError } from '../domain/problems';
import { argumentSource, argumentValue, mayHaveField } from '../domain/query-arguments';
import type { SqlDialect } from '../domain/sql-dialects';
import { bindParameters, placeIn, SqlTextError, type ParameterQuery } from '../domain/sql-text';
import type { DataSources } from './data-sources';

/**
 * Checks the steps of a service definition.
 *
 * @returns the errors, each with a pointer to its field and, for SQL, the line and column
 *
 * @throws DataSourceUnavailableError, ComposerBusyError
 */
export async function checkSteps(
  sources: DataSources,
  steps: readonly QueryStep[],
  schema: object | null,
  owner: EvaluationOwner,
): Promise<FieldError[]> {
  const faults: FieldError[] = [];
  const usedNames = new Set<string>();
  for (const [index, step] of steps.entries()) {
    const path = `/steps/${index}`;
    faults.push(
      ...step.arguments.flatMap((argument, position) => argumentFaults(step, argument, position, path, schema)),
    );
    const columns = await columnsOf(sources, owner, step, path);
    if ('message' in columns) faults.push(columns);
    else faults.push(...nameFaults(step, columns.columns, usedNames, path));
  }
  return faults;
}

function argumentFaults(
  step: QueryStep,
  argument: QueryArgument,
  index: number,
  path: string,
  schema: object | null,
): FieldError[] {
  const { name, from, type } = argument;
  const pointer = `${path}/arguments/${index}`;
  const faults: FieldError[] = [];
  if (step.arguments.findIndex((other) => other.name === name) < index)
    faults.push({ path: `${pointer}/name`, message: `the argument ${name} is defined twice` });
  const source = argumentSource(from);
  if (!source)
    faults.push({
      path: `${pointer}/from`,
      message: 'expected $data.<field>, $secret, or a value without a leading $',
    });
  else if (source.kind === 'data' && !mayHaveField(schema, source.path))
    faults.push({ path: `${pointer}/from`, message: `the event type has no argument ${source.path.join('.')}` });
  else if (source.kind === 'literal' && !hasItsType(argument))
    faults.push({ path: `${pointer}/from`, message: `is not of type ${type}` });
  return faults;
}

function hasItsType(literal: QueryArgument): boolean {
  try {
    argumentValue(literal, '{}', () => '');
    return true;
  } catch (error) {
    if (error instanceof ComposeError) return false;
    throw error;
  }
}

async function columnsOf(
  sources: DataSources,
  owner: EvaluationOwner,
  step: QueryStep,
  path: string,
): Promise<{ columns: string[] } | FieldError> {
  const fault = (message: string, place?: string): FieldError => ({
    path: `${path}/sql`,
    message: place === undefined ? message : `${place}: ${message}`,
  });
  if (!sources.has(step.dataSource))
    return { path: `${path}/dataSource`, message: `there is no data source ${step.dataSource}` };
  let query: StepQuery;
  try {
    query = queryOf(step, sources.dialectOf(step.dataSource));
  } catch (error) {
    if (error instanceof SqlTextError) return fault(error.message, placeIn(step.sql, error.offset));
    throw error;
  }
  const unused = step.arguments.findIndex(({ name }) => !query.names.includes(name));
  if (unused >= 0) return { path: `${path}/arguments/${unused}/name`, message: 'is not used in the SQL' };
  const checked = await sources.check(step.dataSource, owner, query);
  if ('columns' in checked) return checked;
  const { message, offset, line } = checked;
  if (offset !== undefined) return fault(message, placeIn(step.sql, query.sourceOffset(offset)));
  return fault(message, line === undefined ? undefined : `line ${line}`);
}

/** Every field of the body needs a name of its own, and comes from one column. */
function nameFaults(step: QueryStep, columns: readonly string[], usedNames: Set<string>, path: string): FieldError[] {
  const faults: FieldError[] = [];
  const addName = (name: string, names: Set<string>, pointer: string) => {
    if (name === '?column?' || name === '')
      faults.push({ path: pointer, message: 'a column has no name; name it with AS' });
    else if (names.has(name)) faults.push({ path: pointer, message: `the name ${name} is used twice` });
    names.add(name);
  };
  if (columns.length === 0) faults.push({ path: `${path}/sql`, message: 'the query has no columns' });
  if (step.as !== undefined) addName(step.as, usedNames, `${path}/as`);
  const names = step.as === undefined ? usedNames : new Set<string>();
  for (const column of columns) addName(column, names, `${path}/sql`);
  return faults;
}

/** A step's query with the parameters of its data source. */
export type StepQuery = ParameterQuery & { parameters: QueryArgument[] };

/** @throws SqlTextError, but not for a definition that was saved for the same kind of database */
export function queryOf(step: QueryStep, dialect: SqlDialect): StepQuery {
  const argument = (name: string) => step.arguments.find((candidate) => candidate.name === name);
  const query = bindParameters(step.sql, dialect, (name) => argument(name)?.type);
  return { ...query, parameters: query.names.map((name) => argument(name)!) };
}
