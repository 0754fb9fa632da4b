import type { Command, CommandGroup } from './command.ts'
import { assets } from './commands/assets.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly (Command | CommandGroup)[] = [assets]
