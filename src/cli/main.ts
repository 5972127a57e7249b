import { runProcess } from '../../cli/src/process';
import { VERSION } from '../process/version';
import { addServerCommands } from './commands/index';

runProcess({ version: VERSION, addCommands: addServerCommands });
