import { ConfigError, loadConfig } from '../../src/config';

/** The faults that the settings are refused for; empty if they are valid. */
export function faultsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message.split('\n');
  }
  return [];
}
