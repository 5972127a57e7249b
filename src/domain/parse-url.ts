/**
 * Parses a URL. `URL.canParse` of Node 20 is not used: once it is compiled it misreads texts of
 * Latin-1 characters, so that it refuses `https://bücher.example` and accepts what `new URL`
 * rejects.
 *
 * @returns undefined if the text is no URL
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
