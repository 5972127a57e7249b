import { readSecret } from '../config/secret-files';

const NAME = 'TEMPORAL_API_KEY';

/**
 * The API key of Temporal. One that comes from a file is read again, so that a key can be replaced
 * before it expires without a restart. While the file cannot be read, the last key stays.
 */
export class ApiKey {
  /** Why the file could not be read the last time. It never shows the key. */
  fault: string | undefined;

  constructor(
    private last: string | undefined,
    private readonly file: string | undefined,
  ) {}

  /** Reads the key again. @returns undefined without a key */
  current(): string | undefined {
    if (this.file === undefined) return this.last;
    const { value, fault } = readSecret({ [`${NAME}_FILE`]: this.file }, NAME);
    this.fault = fault;
    this.last = value ?? this.last;
    return this.last;
  }
}
