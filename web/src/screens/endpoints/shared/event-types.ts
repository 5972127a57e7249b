/** Whether an entry stands for types rather than naming one. */
export const isPattern = (entry: string) => entry.includes('*');

/** Whether a type is among the entries: `*` is one segment of a name, at the end one or more. */
export function receives(entries: readonly string[], type: string): boolean {
  return entries.some((entry) => {
    if (!isPattern(entry)) return entry === type;
    const wanted = entry.split('.');
    const given = type.split('.');
    const open = wanted.at(-1) === '*';
    if (open ? given.length < wanted.length : given.length !== wanted.length) return false;
    return wanted.every((segment, index) => segment === '*' || segment === given[index]);
  });
}
