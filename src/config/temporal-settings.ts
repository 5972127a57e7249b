import { z } from 'zod';
import { DEPLOYMENT_SETTINGS } from './deployment-settings';
import { setting, text } from './setting';

/** Which Temporal the service uses, and how it connects to it. */
export const TEMPORAL_SETTINGS = {
  TEMPORAL_ADDRESS: setting(
    z
      .string()
      .regex(/^[^\s/:]+(:\d+)?$/)
      .optional(),
    { default: 'embedded', expected: 'host:port', meaning: 'Address of your own Temporal service.' },
  ),
  TEMPORAL_NAMESPACE: setting(z.string().min(1).default('default'), {
    default: 'default',
    expected: 'an existing namespace',
    meaning: 'Temporal namespace.',
  }),
  TEMPORAL_API_KEY: setting(text, {
    default: 'none',
    expected: 'an API key',
    meaning:
      'API key for Temporal Cloud. One in a file is read again every 30 seconds, so it can be replaced without a restart.',
    secret: true,
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'Client certificate for mutual TLS with Temporal.',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'Private key of the client certificate.',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: setting(text, {
    default: 'none',
    expected: 'a PEM file',
    meaning: 'CA certificate of the Temporal service. Setting it turns TLS on.',
  }),
  TEMPORAL_TLS_SERVER_NAME: setting(text, {
    default: 'from the address',
    expected: 'a host name',
    meaning: 'Host name expected in the certificate of the Temporal service.',
  }),
  ...DEPLOYMENT_SETTINGS,
  TEMPORAL_UI_URL: setting(z.url({ protocol: /^https?$/ }).optional(), {
    default: "the embedded server's",
    expected: 'an http or https URL',
    meaning: 'URL at which operators reach the Temporal UI. Used in links.',
  }),
  TEMPORAL_CLI_PATH: setting(text, {
    default: 'found or downloaded',
    expected: 'the path of the `temporal` command',
    meaning: 'Path of the Temporal CLI, which runs the embedded server.',
  }),
};
