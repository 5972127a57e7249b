/** Ids that product lines choose may be derived from personal data. */
const CHOSEN_ID = /^(\/v1\/(?:customers|events)\/)(?!batch$)[^/]+/;

/** The token of an inbox admits requests to it. */
const INBOX_TOKEN = /^(\/play\/in\/)[^/]+/;

/** The path of a request as it is logged: without ids that callers chose, and without tokens. */
export function loggedPath(path: string): string {
  return path.replace(CHOSEN_ID, '$1:id').replace(INBOX_TOKEN, '$1:token');
}
