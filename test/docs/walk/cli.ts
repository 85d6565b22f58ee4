/** Asks the command line in this process whether it would take a command. Nothing is carried out. */
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { createProgram } from '../../../src/cli/program.ts'

/** What it has against the words of a command; undefined where it would carry it out. */
export async function refusalOf(args: readonly string[]): Promise<string | undefined> {
  const program = await createProgram({ wantsJson: true, only: args[0] })
  silence(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? undefined : error.message
  }
}

function silence(command: Command): void {
  command.configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
  if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(() => undefined)
  for (const one of command.commands) silence(one)
}
