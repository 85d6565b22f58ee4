/** The output of a service, or of whichever run of a job is the newest, as it is written. */
import { OperationalError } from '../errors.ts'
import { followLog, type LogFollower } from '../targets/process/supervision/follow-log.ts'
import type { ProgramOutput } from '../targets/process/supervision/log-files.ts'
import type { Workspace } from './workspace.ts'

const everyMs = 300

/** The output of a service, or of the newest run of a job; undefined where there is none of that name. */
export async function outputOfProgram(
  name: string,
  { programs, generations }: Workspace,
): Promise<ProgramOutput | undefined> {
  const { state } = generations.inForce()
  const service = programs.services.list(state).find((one) => one.key.name === name)
  if (service !== undefined) return programs.services.output(service)
  const job = programs.jobs.list(state).find((one) => one.key.name === name)
  return job === undefined ? undefined : programs.jobs.output(job)
}

/** What is written from now on, piece by piece, until the signal is aborted. Throws NOT_FOUND. */
export async function* followProgram(name: string, workspace: Workspace, signal: AbortSignal): AsyncIterable<string> {
  const { clock } = workspace.engine.ports()
  let following: { readonly path: string; readonly follower: LogFollower } | undefined
  let isFirst = true
  while (!signal.aborted) {
    if (!isDeclared(name, workspace))
      throw new OperationalError('NOT_FOUND', `no service and no job is named ${name}`, {
        hint: 'See `trueup service list`.',
      })
    const output = await outputOfProgram(name, workspace)
    if (output !== undefined && output.path !== following?.path) {
      // A run that begins while it is followed is shown from its beginning.
      following = { path: output.path, follower: followLog(output.path, isFirst ? 'end' : 'beginning') }
    }
    isFirst = false
    const text = output === undefined ? '' : output.redact(following?.follower.read() ?? '')
    if (text !== '') yield text
    await clock.sleep(everyMs, signal)
  }
}

function isDeclared(name: string, { programs, generations }: Workspace): boolean {
  const { state } = generations.inForce()
  return [...programs.services.list(state), ...programs.jobs.list(state)].some((one) => one.key.name === name)
}
