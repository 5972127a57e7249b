export const isPattern = (entry: string) => entry.includes('*');

/** Returns whether the entries match a type. `*` matches one segment, or one or more at the end. */
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
