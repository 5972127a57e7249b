import { z } from 'zod';
import { list, setting } from './setting';

/** The settings of the names under which clients reach the API. */
export const HOST_SETTINGS = {
  SIGNPOST_PUBLIC_URL: setting(
    z
      .url({ protocol: /^https?$/ })
      // The pages behind links load their parts from the root of the host.
      .regex(/^[^:]+:\/\/[^/?#]+\/?$/)
      .optional(),
    {
      default: 'from host and port',
      expected: 'an http or https URL without a path',
      meaning: 'URL at which clients reach the API. Used in links.',
    },
  ),
  SIGNPOST_ALLOWED_HOSTS: setting(
    list((entry) => entry === '*' || /^[\w-]+(\.[\w-]+)*\.?$/.test(entry)),
    {
      default: 'none',
      expected: 'host names without a port, separated by commas, or `*` for any',
      meaning:
        'Further names under which clients may reach the API. Addresses, `localhost`, names without a dot, `SIGNPOST_HOST` and the host of `SIGNPOST_PUBLIC_URL` are always allowed. Requests for another host get 421.',
    },
  ),
};
