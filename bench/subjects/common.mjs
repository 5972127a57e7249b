/** Shared by the compared queues: the validation of an event, and the POST. */
import { Agent } from 'undici';
import { z } from 'zod';

export const eventSchema = z.strictObject({
  key: z.string().min(1),
  type: z.string().min(1),
  data: z.object({ paymentId: z.string(), amount: z.number().optional() }),
});

/** @returns a function that posts an event to a URL, and rejects unless the response is 2xx */
export function poster() {
  const agent = new Agent({ connections: 64 });
  return async (url, event) => {
    const { origin, pathname } = new URL(url);
    const response = await agent.request({
      origin,
      path: pathname,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-id': event.key },
      body: JSON.stringify(event),
    });
    await response.body.dump();
    if (response.statusCode >= 300) throw new Error(`status ${response.statusCode}`);
  };
}
