import type { Ui } from './browser';
import { ADMIN_KEY } from './service';

export const PARCEL_SENT = 'parcel.sent.v1';
/** A number with more digits than JavaScript keeps, and one with a zero that it drops. */
export const PARCEL_DATA = '{"ref":12345678901234567890,"amount":125.50}';

/**
 * Registers a hook that creates a product, an event type and three customers in the service of a
 * file.
 *
 * @returns calls that create endpoints of the customer `tyrell` and post events to them
 */
export function useParcels(ui: Ui) {
  /** Calls with a body whose numbers are sent as they are written. */
  async function callWithText(method: string, route: string, body?: string): Promise<string> {
    const response = await fetch(ui.service.url + route, {
      method,
      headers: { 'x-api-key': ADMIN_KEY, 'content-type': 'application/json' },
      body,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} ${response.status}: ${text}`);
    return text;
  }

  /** The endpoint listens to a channel of its own, so that tests do not share events. */
  async function createEndpoint(name: string, settings: Record<string, unknown> = {}): Promise<string> {
    const body = await ui.service.must('POST', '/v1/subscriptions', {
      customerId: 'tyrell',
      name,
      url: ui.receiver.url(`/${name}`),
      eventTypes: [PARCEL_SENT],
      channels: [name],
      retrySchedule: [],
      ...settings,
    });
    return body.id;
  }

  async function post(channel: string, data = PARCEL_DATA): Promise<{ id: string; notification: string }> {
    const event = `{"type":"${PARCEL_SENT}","customerId":"tyrell","channels":["${channel}"],"data":${data}}`;
    const body = JSON.parse(await callWithText('POST', '/v1/events', event));
    return { id: body.id, notification: body.notifications[0]?.id };
  }

  beforeAll(async () => {
    await ui.service.must('POST', '/v1/products', { id: 'parcels', name: 'Parcels', enabled: true });
    await callWithText(
      'PUT',
      `/v1/event-types/${PARCEL_SENT}`,
      `{"productId":"parcels","description":"A parcel was sent.","sample":${PARCEL_DATA}}`,
    );
    for (const id of ['tyrell-sarl', 'tyrell-ltd', 'tyrell'])
      await ui.service.must('POST', '/v1/customers', {
        id,
        name: id === 'tyrell' ? 'Tyrell Corporation' : id,
        productId: 'parcels',
      });
  });
  return { callWithText, createEndpoint, post };
}
