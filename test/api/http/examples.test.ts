import type { z } from 'zod';
import { exampleOf } from '../../../src/api/openapi/examples';
import { declaredRoutes } from '../bad-input.routes';

/** The examples of request bodies in the OpenAPI document. */
const withBody = declaredRoutes().filter(({ body }) => body);

it.each(withBody.map((route) => [`${route.method} ${route.path}`, route] as const))(
  '%s has an example, which fits its schema',
  (_, route) => {
    const result = (route.body as z.ZodType).safeParse(exampleOf(route));
    expect(result.error?.issues).toBeUndefined();
  },
);
