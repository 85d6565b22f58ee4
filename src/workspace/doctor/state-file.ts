/** The desired state as a file: there, readable, valid, and written by nobody else. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { type PluginChannels, parseDesiredState } from '../../desired/load.ts'
import { problemText } from '../../desired/problem.ts'
import type { Environment } from '../../desired/references.ts'
import type { DesiredState } from '../../desired/schema.ts'
import { messageOf } from '../../errors.ts'
import { standardizeRules } from '../../values/rules/index.ts'
import { checksOf, type DoctorCheck } from './check.ts'

const { ok, warn, fail } = checksOf('file')

export interface FileFinding {
  readonly checks: readonly DoctorCheck[]
  /** Undefined where it is not valid. */
  readonly state: DesiredState | undefined
}

/** @param shownAs as the person named it. */
export function checkStateFile(options: {
  readonly file: string
  readonly shownAs: string
  readonly workspace: string
  readonly environment: Environment
  readonly pluginChannels: PluginChannels | undefined
}): FileFinding {
  const { file, shownAs } = options
  let bytes: Buffer
  let mode: number
  try {
    bytes = readFileSync(file)
    mode = statSync(file).mode & 0o777
  } catch (error) {
    const message = `${shownAs} cannot be read: ${messageOf(error)}`
    return {
      checks: [fail('readable', message, 'Pass --state FILE, set TRUEUP_STATE, or write one with `trueup init`.')],
      state: undefined,
    }
  }
  const parsed = parseDesiredState(bytes, { ...options, file: shownAs, rules: standardizeRules })
  return {
    checks: [...contentChecks(shownAs, parsed), modeCheck(shownAs, file, mode)],
    state: parsed.is === 'valid' ? parsed.state : undefined,
  }
}

function contentChecks(shownAs: string, parsed: ReturnType<typeof parseDesiredState>): readonly DoctorCheck[] {
  if (parsed.is === 'invalid') {
    const [first] = parsed.problems
    const more = parsed.problems.length - 1
    const told = first === undefined ? `${shownAs} is not valid` : problemText(first)
    return [
      fail(
        'valid',
        more > 0 ? `${told} (and ${more} more)` : told,
        `Mend what \`trueup validate --state ${shownAs}\` lists; nothing that needs the file was looked at.`,
      ),
    ]
  }
  const valid = ok('valid', `${shownAs} is valid`)
  const warnings = parsed.warnings.map((problem, index) =>
    warn(`warning.${index + 1}`, problemText(problem), 'Edit the line, or leave it where it is meant so.'),
  )
  return [valid, ...warnings]
}

function modeCheck(shownAs: string, file: string, mode: number): DoctorCheck {
  const shown = `0${mode.toString(8)}`
  if ((mode & 0o022) !== 0)
    return warn(
      'mode',
      `${shownAs} has mode ${shown}: others can write what Trueup carries out`,
      `chmod go-w ${shownAs}`,
    )
  try {
    accessSync(file, constants.W_OK)
  } catch {
    return warn(
      'mode',
      `${shownAs} (mode ${shown}) cannot be written by this user`,
      'Fine where it is deployed from elsewhere; the dashboard and the API cannot change it.',
    )
  }
  return ok('mode', `${shownAs} has mode ${shown}`)
}
