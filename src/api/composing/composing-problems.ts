import { ComposeError, DataSourceUnavailableError } from '../../domain/composing';
import { Problem } from '../../domain/problems';

/**
 * Turns composition errors into problems with the full error text. The caller may see it, because
 * the caller knows the sample.
 *
 * @throws Problem not-composed, data-source-unavailable
 */
export async function answeringComposeErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DataSourceUnavailableError)
      throw new Problem('data-source-unavailable', sentence(error.message), {
        headers: { 'retry-after': '5' },
        cause: error,
      });
    if (error instanceof ComposeError) throw new Problem('not-composed', sentence(error.inFull), { cause: error });
    throw error;
  }
}

function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}
