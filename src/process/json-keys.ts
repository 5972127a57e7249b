/**
 * Whether this Node reads some JSON keys wrongly. In V8 of Node 24 and 26, once a key with a
 * backslash was read, another key with an escape at the same place is read as that one
 * (https://github.com/nodejs/node/issues/63785). One tenant's event would change another's.
 */
export function misreadsKeys(parse: (text: string) => unknown = JSON.parse): boolean {
  parse('{"signpost":0,"\\\\":1}');
  return Object.keys(parse('{"signpost":0,"\\"":1}') as object)[1] !== '"';
}
