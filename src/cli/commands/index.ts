import type { Command } from 'commander';
import type { Session } from '../../../cli/src/session';
import { addDoctor } from './doctor';
import { addMasterKey } from './master-key';
import { addService } from './service';

/** Adds the commands that run the service or open its database. */
export function addServerCommands(program: Command, session: Session): void {
  addService(program, session);
  addDoctor(program, session);
  const keys = program.commands.find((command) => command.name() === 'keys')!;
  addMasterKey(keys.description('Manage API keys, and rotate the master key'), session);
}
