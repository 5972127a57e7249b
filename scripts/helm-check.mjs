/**
 * `npm run helm:check`: lints the Helm chart, renders it with each file of its `ci` folder, and
 * holds the manifests to the schemas of Kubernetes. Skips what it has no program or schema for, and
 * says which and why. With `--fetch` it builds helm with Go, and takes the schemas from the Python
 * index.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkNode, ensureInstalled, ROOT } from './toolchain.mjs';

const HELM_VERSION = 'v3.18.6';
const SCHEMAS_PACKAGE = 'kubernetes-validate==1.37.0';
const KUBERNETES = '1.34.0';
const CHART = path.join(ROOT, 'deploy', 'helm', 'signpost');
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'signpost');
/** Of the Prometheus operator, whose schemas are not those of Kubernetes. */
const FOREIGN_KINDS = new Set(['ServiceMonitor']);

checkNode();
ensureInstalled();
const fetches = process.argv.includes('--fetch');
const helm = findHelm();
if (helm === undefined) {
  console.log('helm:check SKIPPED: helm is not on PATH. Install it, set HELM_PATH, or add -- --fetch, which needs Go.');
  process.exit(0);
}
const schemas = findSchemas();
if (schemas === undefined)
  console.log('schemas SKIPPED: those of Kubernetes are not in the cache. Add -- --fetch, which needs pip.');
const validate = schemas && (await createValidator(schemas));
let faults = 0;
for (const name of readdirSync(path.join(CHART, 'ci'))) {
  const values = ['--values', path.join(CHART, 'ci', name)];
  must(helm, ['lint', '--strict', CHART, ...values]);
  const text = must(helm, [
    'template',
    'signpost',
    CHART,
    '--namespace',
    'webhooks',
    '--kube-version',
    KUBERNETES,
    ...values,
  ]);
  const { parseAllDocuments } = await import('yaml');
  const manifests = parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
  console.log(`${name}: ${manifests.length} manifests`);
  for (const manifest of manifests) for (const fault of validate?.(manifest) ?? []) report(manifest, fault);
}
if (faults === 0) console.log(`helm:check passed${validate ? `, with the schemas of Kubernetes ${KUBERNETES}` : ''}`);
process.exit(faults === 0 ? 0 : 1);

function report({ kind, metadata }, { instancePath, message, params }) {
  faults += 1;
  console.error(`${kind} ${metadata.name}: ${instancePath} ${message} ${JSON.stringify(params)}`);
}

/** @returns the faults of a manifest by the schema of its kind */
async function createValidator(definitions) {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const document = JSON.parse(definitions);
  delete document.$schema;
  ajv.addSchema(document, 'kubernetes');
  const kinds = Object.keys(document.$defs);
  return (manifest) => {
    const { apiVersion, kind } = manifest;
    if (FOREIGN_KINDS.has(kind)) return [];
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
    const name = kinds.find((one) => one.endsWith(`.${group.split('.')[0]}.${version}.${kind}`));
    if (name === undefined)
      return [{ instancePath: '', message: 'is of an unknown kind', params: { apiVersion, kind } }];
    const check = ajv.getSchema(`kubernetes#/$defs/${name}`);
    return check(manifest) ? [] : check.errors;
  };
}

function findHelm() {
  const built = path.join(CACHE, `helm-${HELM_VERSION}`, 'helm');
  const onPath = spawnSync('helm', ['version'], { stdio: 'ignore' }).status === 0 ? 'helm' : undefined;
  const found = process.env.HELM_PATH ?? onPath ?? (existsSync(built) ? built : undefined);
  if (found !== undefined || !fetches) return found;
  console.log(`building helm ${HELM_VERSION} …`);
  must('go', ['install', `helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`], { ...process.env, GOBIN: path.dirname(built) });
  return built;
}

/** The definitions of all kinds, as one JSON schema. */
function findSchemas() {
  const file = path.join(CACHE, `kubernetes-${KUBERNETES}.json`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  if (!fetches) return undefined;
  const work = mkdtempSync(path.join(os.tmpdir(), 'signpost-schemas-'));
  must('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', work, SCHEMAS_PACKAGE]);
  const member = `kubernetes_validate/kubernetes-json-schema/v${KUBERNETES}-local-strict/_definitions.json`;
  const script = 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))';
  const text = must('python3', ['-c', script, path.join(work, readdirSync(work)[0]), member]);
  rmSync(work, { recursive: true });
  mkdirSync(CACHE, { recursive: true });
  writeFileSync(file, text);
  return text;
}

function must(command, args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 64 << 20 });
  if (status === 0) return stdout;
  console.error(`${command} ${args[0]} failed:\n${error?.message ?? `${stdout}${stderr}`}`);
  process.exit(1);
}
