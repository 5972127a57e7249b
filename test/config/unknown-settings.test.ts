import { unknownSettings } from '../../src/config/unknown-settings';

it('names the setting that a mistyped variable was meant to be', () => {
  expect(unknownSettings({ SIGNPOST_BRUST: 'off', SIGNPOST_TRUSTED_PROXY: '10.0.0.1', PATH: '/bin' })).toEqual([
    'SIGNPOST_BRUST is not a setting of Signpost and has no effect. Did you mean SIGNPOST_BURST?',
    'SIGNPOST_TRUSTED_PROXY is not a setting of Signpost and has no effect. Did you mean SIGNPOST_TRUSTED_PROXIES?',
  ]);
});

it('names no setting where none is near', () => {
  expect(unknownSettings({ SIGNPOST_COLOUR_OF_THE_HOUSE: 'red' })).toEqual([
    'SIGNPOST_COLOUR_OF_THE_HOUSE is not a setting of Signpost and has no effect.',
  ]);
});

it('takes settings, their files, data sources and variables of the command line as known', () => {
  const known = ['SIGNPOST_PORT', 'SIGNPOST_ADMIN_KEY_FILE', 'SIGNPOST_DATASOURCE_LEDGER_URL', 'SIGNPOST_API_KEY'];
  expect(unknownSettings(Object.fromEntries(known.map((name) => [name, 'x'])))).toEqual([]);
  expect(unknownSettings({ SIGNPOST_PORT_FILE: 'x' })).toHaveLength(1);
});
