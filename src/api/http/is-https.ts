/** Whether clients reach a URL over TLS. */
export const isHttps = (url: string): boolean => url.startsWith('https:');
