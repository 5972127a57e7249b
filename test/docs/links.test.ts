import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');
const LINK = /\]\(([^)\s]+)\)/g;
const PAGES = [
  ...readdirSync(ROOT),
  ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`),
  'bench/README.md',
  'sdk/README.md',
].filter((file) => file.endsWith('.md'));

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = page.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading!
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/**
 * Links to other hosts are not checked.
 *
 * @returns the fault of a link, or undefined if there is none
 */
function brokenLink(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [file, anchor] = link.split('#') as [string, string?];
  const target = file === '' ? page : path.join(path.dirname(page), file);
  if (!existsSync(path.join(ROOT, target))) return `${page}: ${link} does not exist`;
  if (anchor === undefined || anchorsOf(readFileSync(path.join(ROOT, target), 'utf8')).includes(anchor))
    return undefined;
  return `${page}: ${link} has no such heading`;
}

it('every link between the documentation pages leads to an existing file and heading', () => {
  const links = PAGES.flatMap((page) =>
    [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(LINK)].map(([, link]) => ({ page, link: link! })),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(links.map(({ page, link }) => brokenLink(page, link)).filter((fault) => fault !== undefined)).toEqual([]);
});

it('docs/README.md lists every page for producers, receivers and operators', () => {
  const listed = [...readFileSync(path.join(ROOT, 'docs', 'README.md'), 'utf8').matchAll(LINK)].map(
    ([, link]) => `docs/${link!.split('#')[0]}`,
  );
  const pages = PAGES.filter((page) => /^docs\/(producers|receivers|operators)\//.test(page));
  expect(pages.length).toBeGreaterThan(8);
  expect(pages.filter((page) => !listed.includes(page))).toEqual([]);
});

it('every documentation page named in code and tests exists', () => {
  const sources = ['src', 'sdk/src', 'web/src', 'test', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|tsx|mjs|md)$/.test(file) && !file.includes('node_modules'))
      .map((file) => `${folder}/${file}`),
  );
  const named = [...PAGES, ...sources].flatMap((file) =>
    [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/(?<![\w/.])docs\/[\w/-]+\.(?:md|svg)\b/g)].map(
      ([page]) => ({ file, page }),
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter(({ page }) => !existsSync(path.join(ROOT, page)))).toEqual([]);
});
