/** Mutations of what keeps expressions of customers apart, and of the exit codes of the CLI. */
import { mutationsOf } from '../mutation.mjs';

const ISOLATION_TEST = ['test/composition/isolation.test.ts'];

export default [
  ...mutationsOf('src/composition/transform-process.ts', ISOLATION_TEST, [
    ['Q7', 'an expression runs beside the secrets of the service', '      env: {},\n', ''],
    ['Q10', 'a process of expressions may read files', '        PERMISSION_FLAG,\n', ''],
  ]),
  ...mutationsOf(
    'src/composition/transform-process.ts',
    ['test/composition/transforms.test.ts'],
    [
      [
        'Q9',
        'an expression takes any amount of memory',
        '        `--max-old-space-size=${TRANSFORM_MEMORY_MB}`,\n',
        '',
      ],
    ],
  ),
  ...mutationsOf('src/composition/transform-pool.ts', ISOLATION_TEST, [
    ['Q8', 'one customer takes all processes', 'Math.max(1, processes - 1)', 'processes'],
    ['Q11', 'an evaluation whose process died is lost', "if (end === 'died' && !this.closed)", 'if (false)'],
    ['Q12', 'large data counts as small', 'Math.ceil(charactersOf(task) / CHARACTERS_PER_PLACE)', '1'],
  ]),
  ...mutationsOf('src/composition/transform-turns.ts', ISOLATION_TEST, [
    ['Q13', 'the subscriptions of a customer do not take turns', '      moveToBack(line, subscription);\n', ''],
    [
      'Q14',
      'the customer that comes last is refused',
      'const last = this.newestOf(this.largest(customer));',
      'const last = this.newestOf(customer);',
    ],
  ]),
  ...mutationsOf(
    'cli/src/program.ts',
    ['test/cli/exit-codes.test.ts'],
    [['E2', 'a role that does not allow the command ends with 1', '[401, 403].includes', '[401].includes']],
  ),
];
