import type { Branding } from '../../domain/branding';
import type { Executor } from '../db/database';

/** The columns of `products` that hold its branding. */
export interface BrandingRow {
  branding_name: string | null;
  branding_logo_url: string | null;
  branding_accent_color: string | null;
}

export function toBranding(row: BrandingRow): Branding {
  return { name: row.branding_name, logoUrl: row.branding_logo_url, accentColor: row.branding_accent_color };
}

/** What a portal shows of its customer, and how it looks. */
export interface PortalLook {
  customerName: string;
  /** null for a customer that all products share. */
  branding: Branding | null;
}

/** @returns undefined if the customer does not exist */
export async function findPortalLook(db: Executor, customerId: string): Promise<PortalLook | undefined> {
  const { rows } = await db.query<BrandingRow & { name: string; product_id: string | null }>({
    text: `select c.name, c.product_id, p.branding_name, p.branding_logo_url, p.branding_accent_color
           from customers c left join products p on p.id = c.product_id where c.id = $1`,
    values: [customerId],
  });
  const [row] = rows;
  return row && { customerName: row.name, branding: row.product_id === null ? null : toBranding(row) };
}
