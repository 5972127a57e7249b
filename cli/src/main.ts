import { version } from '../package.json';
import { runProcess } from './process';

runProcess({ version });
