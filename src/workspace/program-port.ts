/** What the API and the command line ask of services and jobs, answered by their kinds and carried out by the engine. */
import type { ProgramPort, ProgramRequestName, ProgramRequestOutcome } from '../api/program-port.ts'
import type { EffectContext } from '../engine/kind.ts'
import type { ResourceKey } from '../engine/resource.ts'
import { OperationalError } from '../errors.ts'
import { jobKindName, jobViewOf } from '../kinds/job/index.ts'
import { serviceKindName, serviceViewOf } from '../kinds/service/index.ts'
import { type Figure, figure, type MetricName } from '../metrics/catalogue.ts'
import { type Asked, carryOut } from './carry-out.ts'
import { followProgram, outputOfProgram } from './program-output.ts'
import type { Workspace } from './workspace.ts'

export interface ProgramPortOptions {
  readonly workspace: Workspace
  /** Called when a resource should be looked at. */
  readonly wake: (key: ResourceKey) => void
}

/** What a person may ask of a program. */
export const programRequests = ['restart', 'start', 'stop', 'run'] as const satisfies readonly ProgramRequestName[]

/** Names of the services that run and that Trueup may end: declared ones, and those that are not declared any more. */
export async function runningServices({ programs, generations }: Workspace): Promise<readonly string[]> {
  const { state } = generations.inForce()
  const declared = programs.services.list(state)
  const running = declared.map(({ key }) => key.name).filter((name) => programs.services.isRunning(name))
  return [...running, ...programs.services.undeclared(new Set(declared.map(({ key }) => key.name)))]
}

const full = { is: 'full' } as const

export function createProgramPort({ workspace, wake }: ProgramPortOptions): ProgramPort {
  const { services, jobs } = workspace.programs
  const state = () => workspace.generations.inForce().state
  const context = (): EffectContext => ({ signal: AbortSignal.timeout(60_000), progress: () => undefined })

  const serviceViews: ProgramPort['services'] = () =>
    Promise.all(
      services.list(state()).map(async (one) => serviceViewOf(one, await services.observe(one, full, context()))),
    )
  const jobViews: ProgramPort['jobs'] = () =>
    Promise.all(
      jobs.list(state()).map(async (one) => {
        const token = jobs.pingToken(one)
        return {
          ...jobViewOf(one, await jobs.observe(one, full, context())),
          pingPath: token === undefined ? null : `/ping/${token}`,
        }
      }),
    )

  return {
    services: serviceViews,
    jobs: jobViews,
    output: async (name, bytesMax) => (await outputOfProgram(name, workspace))?.tail(bytesMax),
    follow: (name, signal) => followProgram(name, workspace, signal),
    async request({ name, request, actor }) {
      try {
        const found = await draftFor(name, request, actor, workspace)
        if (found === undefined)
          return { is: 'unchanged', message: request === 'stop' ? `${name} does not run` : `${name} runs already` }
        const outcome = await requested(found, actor, workspace)
        wake(found.key)
        return outcome
      } catch (error) {
        if (!(error instanceof OperationalError)) throw error
        return { is: error.code === 'NOT_FOUND' ? 'not-found' : 'refused', message: error.message }
      }
    },
    ping: (token, outcome) => jobs.ping(token, outcome, jobs.list(state())) !== undefined,
    figures: async () => [...serviceFigures(await serviceViews()), ...jobFigures(await jobViews())],
  }
}

async function draftFor(
  name: string,
  request: ProgramRequestName,
  actor: string,
  { programs, generations }: Workspace,
): Promise<Asked | undefined> {
  const { state } = generations.inForce()
  if (request === 'run') {
    const declared = programs.jobs.list(state).find((one) => one.key.name === name)
    if (declared === undefined) throw new OperationalError('NOT_FOUND', `no job is named ${name}`)
    return { key: declared.key, draft: programs.jobs.request(declared, actor), declared }
  }
  const declared = programs.services.list(state).find((one) => one.key.name === name)
  const draft = await programs.services.request(name, request, declared, actor)
  return draft === undefined ? undefined : { key: { kind: serviceKindName, name }, draft, declared }
}

async function requested(asked: Asked, actor: string, workspace: Workspace): Promise<ProgramRequestOutcome> {
  const { programs } = workspace
  const kind = asked.key.kind === jobKindName ? programs.jobs : programs.services
  const done = await carryOut(asked, kind, actor, workspace)
  if (done.is === 'held') return done
  const { actionId, execution } = done
  switch (execution.is) {
    case 'succeeded':
      return { is: 'requested', actionId, message: asked.draft.summary }
    case 'stale':
      return { is: 'refused', message: 'it changed this very moment; ask again' }
    default:
      return { is: 'refused', message: execution.error.message }
  }
}

function serviceFigures(views: Awaited<ReturnType<ProgramPort['services']>>): readonly Figure[] {
  const of = (name: MetricName, value: (view: (typeof views)[number]) => number) =>
    views.flatMap((view) => figure(name, value(view), { service: view.name }))
  return [
    ...of('service_up', (view) => (view.state === 'running' ? 1 : 0)),
    ...of('service_memory_bytes', (view) => view.memoryBytes),
    ...of('service_cpu_seconds_total', (view) => view.cpuMs / 1000),
    ...of('service_processes', (view) => view.processes),
    ...of('service_starts_total', (view) => view.starts),
    ...of('service_crashes_total', (view) => view.crashes),
  ]
}

function jobFigures(views: Awaited<ReturnType<ProgramPort['jobs']>>): readonly Figure[] {
  return views.flatMap(({ name, state, lastSuccessAtMs }) => [
    ...figure('job_state', 1, { job: name, state }),
    ...figure('job_last_success_timestamp_seconds', lastSuccessAtMs === null ? undefined : lastSuccessAtMs / 1000, {
      job: name,
    }),
  ])
}
