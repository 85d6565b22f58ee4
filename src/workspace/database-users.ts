/**
 * Stops the services that use a database while another file is put in its place. Each is stopped and started as an action
 * of its own, journaled like any other. While it is down its key is held, so that no look starts it; the hold ends with this
 * process, and the next look finds it down and starts it as declared.
 */
import type { DesiredState } from '../desired/schema.ts'
import type { ActionDraft } from '../engine/action.ts'
import type { Engine } from '../engine/engine.ts'
import { execute } from '../engine/executor.ts'
import type { Declared } from '../engine/resource.ts'
import { OperationalError } from '../errors.ts'
import type { ServiceDeclaration, ServiceKind } from '../kinds/service/index.ts'
import type { DatabaseUsers } from '../targets/sqlite/users.ts'
import { askedAction, endUnfinished } from './carry-out.ts'

export interface DatabaseUsersPorts {
  readonly services: ServiceKind
  readonly state: () => DesiredState
  /** Made after this, since its kinds ask it. */
  readonly engine: () => Engine
}

type DeclaredService = Declared<ServiceDeclaration>

/** Who stops and starts them in the journal. */
const actor = 'controller'

export function createDatabaseUsers({ services, state, engine }: DatabaseUsersPorts): DatabaseUsers {
  /** In one order for everybody, so that two who want the same do not wait for each other. */
  const usersOf = (database: string): readonly DeclaredService[] =>
    services
      .list(state())
      .filter((one) => isStoppable(one) && one.dependsOn.some(({ kind, name }) => isIn(database, kind, name, state())))
      .sort((one, other) => (one.key.name < other.key.name ? -1 : 1))

  async function carriedOut(declared: DeclaredService, draft: ActionDraft, signal: AbortSignal): Promise<void> {
    const { ledger, ports, newRunId } = engine()
    const { clock, log, lease, kindOf, deadlineMs, work } = ports()
    if (lease === undefined) throw new OperationalError('LEASE_HELD', 'this workspace was opened for reading only')
    const action = askedAction({ key: declared.key, draft, declared }, actor, engine())
    const by = { actor, runId: newRunId(), signal }
    const options = { ledger, clock, log, lease, kindOf, deadlineMs, work }
    await endUnfinished(action, by, options)
    const known = ledger.record(action.id)?.state
    if (known === undefined || known === 'superseded') ledger.plan(action)
    const execution = await execute(action, by, options)
    if (execution.is === 'succeeded') ledger.move('action.verified', action, by, { remaining: [] })
    else if (execution.is === 'stale')
      throw new OperationalError('ACTION_STALE', `${declared.key.name} changed this very moment`)
    else throw execution.error
  }

  async function start(declared: DeclaredService, signal: AbortSignal): Promise<void> {
    const { name } = declared.key
    try {
      const draft = await services.request(name, 'start', declared, actor)
      if (draft !== undefined) await carriedOut(declared, draft, signal)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      // Its own next look finds it down and goes on by its own rules.
      engine()
        .ports()
        .log.warn({ service: name, code: error.code, err: error.message }, 'a service was not started again at once')
    }
  }

  const aside: DatabaseUsers['aside'] = async (database, how, work) => {
    const stopped: DeclaredService[] = []
    const holding = (left: readonly DeclaredService[]): ReturnType<typeof work> => {
      const [first, ...rest] = left
      if (first === undefined) return work()
      return engine().alone(first.key, async () => {
        const pause = await services.requestPause(first, how.why)
        if (pause !== undefined) {
          await carriedOut(first, pause, how.signal)
          stopped.push(first)
        }
        try {
          return await holding(rest)
        } finally {
          if (how.again && stopped.includes(first)) await start(first, how.signal)
        }
      })
    }
    return holding(usersOf(database))
  }

  return {
    namesOf: (database) => usersOf(database).map(({ key }) => key.name),
    owns: (database, pid) => usersOf(database).some(({ key }) => services.owns(key.name, pid)),
    aside,
  }
}

function isStoppable({ spec, observeOnly }: DeclaredService): boolean {
  return !observeOnly && (spec.driver.is === 'command' || spec.driver.is === 'systemd')
}

function isIn(database: string, kind: string, name: string, { tables }: DesiredState): boolean {
  return kind === 'database' ? name === database : kind === 'table' && tables[name]?.database === database
}
