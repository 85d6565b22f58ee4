#!/usr/bin/env node
/** The process of the command line `trueup`: its umask, and how what a parse throws becomes output and exit status. */
import { type Command, CommanderError } from 'commander'
import { OperationalError } from '../errors.ts'
import { reportError } from './command.ts'
import { createProgram } from './program.ts'

// A reader that has seen enough (`trueup leads list | head`) closes the pipe; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const wantsJson = process.argv.includes('--json')

/** What commander refuses, with its suggestion as the next step. */
function usageError(message: string, program: Command): OperationalError {
  const [text = '', suggestion] = message.replace(/^error: /, '').split('\n')
  const command = program.commands.find((one) => process.argv.slice(2).includes(one.name()))
  const help = `See \`trueup ${command === undefined ? '' : `${command.name()} `}--help\`.`
  const meant = suggestion?.replace(/^\(|\)$/g, '')
  return new OperationalError('USAGE', text, { hint: meant === undefined ? help : `${meant} ${help}` })
}

// Whoever reads the output may stop reading (`trueup plan | head`); what is under way is ended all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

// Files that Trueup makes are their owner's alone.
process.umask(0o077)
const program = await createProgram({ wantsJson, only: process.argv[2] })
try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    const isHelp = error.exitCode === 0
    if (!isHelp && wantsJson) process.exitCode = reportError(usageError(error.message, program), true)
    else process.exitCode = isHelp ? 0 : 1
  } else process.exitCode = reportError(error, wantsJson)
}
