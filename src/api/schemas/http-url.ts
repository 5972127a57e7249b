import { z } from 'zod';
import { canonicalUrl, type CanonicalUrlOptions } from '../../domain/canonical-url';
import { formatUrlPattern, parseUrlPattern, patternFault } from '../../domain/url-pattern';

const MAX_URL_LENGTH = 2048;

/** An http or https URL in a request. Becomes its one spelling. */
export function httpUrl(options?: CanonicalUrlOptions) {
  return z
    .string()
    .max(MAX_URL_LENGTH)
    .superRefine((text, context) => {
      const canonical = canonicalUrl(text, options);
      if ('fault' in canonical) context.addIssue({ code: 'custom', message: canonical.fault });
      else if (canonical.href.length > MAX_URL_LENGTH)
        context.addIssue({ code: 'custom', message: `expected at most ${MAX_URL_LENGTH} characters when encoded` });
    })
    .overwrite((text) => {
      const canonical = canonicalUrl(text, options);
      return 'href' in canonical ? canonical.href : text;
    });
}

/** A pattern of URLs in a request. Becomes its one spelling. */
export const urlPattern = z
  .string()
  .max(MAX_URL_LENGTH)
  .superRefine((text, context) => {
    const parsed = parseUrlPattern(text);
    const fault =
      parsed && !/^\s|\s$/u.test(text) ? patternFault(parsed) : 'expected scheme://host[:port][/path-prefix] or a host';
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  })
  .overwrite((text) => {
    const parsed = parseUrlPattern(text);
    return parsed ? formatUrlPattern(parsed) : text;
  });
