/**
 * Adds a member to the JSON text of an object and removes an existing one of the same name. The
 * text of the other members stays as it is: numbers keep their digits, and members keep their
 * order.
 *
 * @param object - valid JSON text of an object
 * @param value - valid JSON text
 */
export function withMember(object: string, name: string, value: string, position: 'first' | 'last'): string {
  const members = Object.hasOwn(JSON.parse(object) as object, name)
    ? membersOf(object)
        .filter((member) => member.name !== name)
        .map(({ text }) => text)
        .join(',')
    : object.trim().slice(1, -1).trim();
  const added = `${JSON.stringify(name)}:${value}`;
  if (members === '') return `{${added}}`;
  return position === 'first' ? `{${added},${members}}` : `{${members},${added}}`;
}

/**
 * Finds the value at a path in the JSON text of an object.
 *
 * @returns the value's own JSON text, or `undefined` if there is none
 */
export function valueAt(object: string, path: readonly string[]): string | undefined {
  let value: string | undefined = object;
  for (const name of path) {
    if (!value.trim().startsWith('{')) return undefined;
    const member: Member | undefined = membersOf(value).findLast((one) => one.name === name);
    if (!member) return undefined;
    value = member.text.slice(MEMBER_NAME.exec(member.text)![0].length).replace(/^\s*:/, '').trim();
  }
  return value;
}

/**
 * Joins the members of all objects in order. Duplicate names are kept, so callers must avoid them.
 */
export function mergeObjects(objects: readonly string[]): string {
  return `{${objects
    .map((object) => object.trim().slice(1, -1).trim())
    .filter((members) => members !== '')
    .join(',')}}`;
}

const MEMBER_NAME = /^"(?:[^"\\]|\\.)*"/s;
/** A string, a bracket, a comma, or a run of anything else. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^"{}[\],]+/gs;

interface Member {
  name: string;
  text: string;
}

/** The members of an object in order, each with its name and its text (`"name": value`). */
function membersOf(object: string): Member[] {
  const texts: string[] = [];
  let depth = 0;
  let text = '';
  for (const [token] of object.matchAll(TOKEN)) {
    if (token === '}' || token === ']') depth--;
    const endsMember = (depth === 1 && token === ',') || (depth === 0 && token === '}');
    if (endsMember) {
      texts.push(text.trim());
      text = '';
    } else if (depth > 0) text += token;
    if (token === '{' || token === '[') depth++;
  }
  return texts
    .filter((member) => member !== '')
    .map((member) => ({ name: JSON.parse(MEMBER_NAME.exec(member)![0]) as string, text: member }));
}
