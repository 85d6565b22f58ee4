#!/usr/bin/env node
/** The process of the command line `trueup`: its umask, and how what a parse throws becomes output and exit status. */
import { CommanderError } from 'commander'
import { OperationalError } from '../errors.ts'
import { reportError } from './command.ts'
import { createProgram } from './program.ts'

// A reader that has seen enough (`trueup leads list | head`) closes the pipe; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

// Files that Trueup makes are their owner's alone.
process.umask(0o077)
try {
  await createProgram().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    const isHelp = error.exitCode === 0
    if (!isHelp && process.argv.includes('--json')) {
      process.exitCode = reportError(new OperationalError('USAGE', error.message.replace(/^error: /, '')), true)
    } else process.exitCode = isHelp ? 0 : 1
  } else process.exitCode = reportError(error, process.argv.includes('--json'))
}
