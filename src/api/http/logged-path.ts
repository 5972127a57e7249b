/** Ids that product lines choose may be derived from personal data. */
const CHOSEN_ID = /^(\/v1\/(?:customers|events)\/)(?!batch$)[^/]+/;

/** The path of a request as it is logged: without ids that callers chose. */
export function loggedPath(path: string): string {
  return path.replace(CHOSEN_ID, '$1:id');
}
