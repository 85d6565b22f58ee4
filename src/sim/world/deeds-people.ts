/** People: the owner who changes what is declared, those who approve, reject, undo and suspend, and users of the API. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Action } from '../../engine/action.ts'
import { keyText } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import { SimulatedCrash } from '../edges/current.ts'
import { approveAs } from './approving.ts'
import { noteViolation } from './controller.ts'
import { type Declaration, startHour, textOf } from './declared.ts'
import { type Deed, oneOf, type Scene } from './deed.ts'

/** Ann is one person, at the terminal and over the API. */
const people = ['token:ann', 'local:ann', 'token:bob', 'token:cy'] as const

/** Something that goes on while time passes; what a dead process owes nobody waits for. */
function going(scene: Scene, what: string, work: unknown): void {
  Promise.resolve(work).then(
    () => scene.world.step(`${what} ended`),
    (error: unknown) => {
      if (error instanceof OperationalError) scene.world.step(`${what} refused ${error.code}`)
      else if (!(error instanceof SimulatedCrash)) noteViolation(error, scene.world)
    },
  )
}

/** What the process does at once for a person; it may die in it. */
function asked(scene: Scene, work: () => string | undefined): string | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof OperationalError) return `refused ${error.code}`
    noteViolation(error, scene.world)
    return 'the process died in it'
  }
}

function pendingOf({ controller }: Scene) {
  return controller?.workspace.engine.statuses.all().flatMap(({ actions }) => actions) ?? []
}

function changed(declaration: Declaration, { random }: Scene): Declaration {
  switch (Math.floor(random.next() * 10)) {
    case 0:
      return {
        ...declaration,
        mode: declaration.mode === 'observe' ? 'enforce' : 'observe',
      }
    case 1:
      return { ...declaration, medium: oneOf(['auto', 'approve', 'approve-twice'] as const, random) ?? 'auto' }
    case 2:
      return { ...declaration, high: declaration.high === 'approve' ? 'approve-twice' : 'approve' }
    case 3: {
      const conflicts = oneOf(['most_recent', 'local_wins', 'airtable_wins', 'manual'] as const, random)
      return { ...declaration, conflicts: conflicts ?? 'manual' }
    }
    case 4: {
      const deletions = oneOf(['approve', 'propagate', 'ignore'] as const, random)
      return { ...declaration, deletions: deletions ?? 'approve' }
    }
    case 5:
      return { ...declaration, blastRows: 2 + Math.floor(random.next() * 10) }
    case 6:
      return { ...declaration, deniedFrom: random.next() < 0.5 ? undefined : startHour + Math.floor(random.next() * 2) }
    case 7:
      return random.next() < 0.5
        ? { ...declaration, standardizes: !declaration.standardizes }
        : { ...declaration, hasCity: !declaration.hasCity }
    case 8:
      return { ...declaration, low: declaration.low === 'auto' ? 'approve' : 'auto' }
    default:
      return { ...declaration, round: declaration.round + 1 }
  }
}

/** Writes another desired state, which a controller that runs takes over soon. */
export function declare(scene: Scene, declaration: Declaration): void {
  const { world, controller } = scene
  world.declaration = declaration
  // Another declaration is another try.
  world.programs.failures.clear()
  world.programs.redeclared.set('service-collector', `round-${declaration.round}`)
  writeFileSync(join(world.folder, 'desired-state.yaml'), textOf(declaration))
  if (controller !== undefined)
    world.clock.after(100, () => {
      if (!controller.life.isDead) asked(scene, () => void controller.workspace.generations.reload())
    })
}

/** As another program; false where somebody holds the lock. */
function write({ world }: Scene, sql: string): boolean {
  try {
    world.agent.exec(sql)
  } catch (error) {
    if (error instanceof Database.SqliteError) return false
    throw error
  }
  world.noticed('main.db')
  return true
}

/** The restart of a program above all: nobody's edits change what it was planned on. */
function needingTwo(scene: Scene) {
  const all = pendingOf(scene).filter(({ gate }) => gate.approvalsNeeded > 1)
  const lasting = all.filter(({ action }) => action.resource.kind === 'service')
  return oneOf(lasting.length > 0 ? lasting : all, scene.random)
}

/** The owner declares that repairs of medium risk need two people. */
function askForTwo(scene: Scene): string | undefined {
  const { world } = scene
  const { round, medium } = world.declaration
  if (medium === 'approve-twice' && scene.random.next() < 0.5) return undefined
  declare(scene, { ...world.declaration, mode: 'enforce', medium: 'approve-twice', round: round + 1 })
  return 'two are asked for from now on'
}

/** Approves while the controller lives; it may refuse what is no longer asked. */
function approveOne(scene: Scene, { id }: { readonly id: string }, person: string): void {
  const { controller } = scene
  if (controller === undefined || controller.life.isDead) return
  asked(scene, () => {
    going(scene, 'approval', approveAs(person, id, scene, controller))
    return undefined
  })
}

/** A person has an action taken back as a whole, but for what was changed since. */
export function takeBack(scene: Scene, { id, summary }: Action, person: string): string | undefined {
  const { world, book, controller } = scene
  if (controller === undefined) return undefined
  book.undos.push({ of: id, person, atMs: world.clock.nowMs() })
  going(scene, 'undo', controller.port.undo({ of: { is: 'id', id }, actor: person }))
  return `${person} ${summary}`
}

export const peopleDeeds: readonly Deed[] = [
  {
    name: 'owner edits the desired state',
    weight: 7,
    do: (scene) => {
      const { world } = scene
      declare(scene, changed(world.declaration, scene))
      const { mode, conflicts, deletions, blastRows, deniedFrom } = world.declaration
      return `${mode} ${conflicts} ${deletions} ${blastRows} ${deniedFrom}`
    },
  },
  {
    name: 'person approves',
    weight: 18,
    do: (scene) => {
      const { controller, random } = scene
      const one = oneOf(
        pendingOf(scene).filter(({ gate }) => gate.decision !== 'auto'),
        random,
      )
      const person = oneOf(people, random)
      if (controller === undefined || one === undefined || person === undefined) return undefined
      return asked(scene, () => {
        going(scene, 'approval', approveAs(person, one.action.id, scene, controller))
        return `${person} ${one.action.summary}`
      })
    },
  },
  {
    name: 'two approvals, the second after the first has expired',
    weight: 5,
    do: (scene) => {
      const { world, random } = scene
      const one = needingTwo(scene)
      if (one === undefined) return askForTwo(scene)
      approveOne(scene, one.action, 'token:ann')
      const afterMs = world.declaration.expireAfterS * 1000 + Math.floor(random.next() * 5000)
      world.clock.after(afterMs, () => approveOne(scene, one.action, 'token:bob'))
      return one.action.summary
    },
  },
  {
    name: 'one person approves twice, at the terminal and over the API',
    weight: 3,
    do: (scene) => {
      const one = needingTwo(scene)
      if (one === undefined) return askForTwo(scene)
      approveOne(scene, one.action, 'token:ann')
      approveOne(scene, one.action, 'local:ann')
      return one.action.summary
    },
  },
  {
    name: 'two approvals, and between them what is approved goes and comes back',
    weight: 4,
    do: (scene) => {
      const { world } = scene
      const untidy = () => write(scene, 'UPDATE leads SET email = upper(email)')
      const approveAll = (person: string) => {
        for (const { action, gate } of pendingOf(scene))
          if (gate.approvalsNeeded > 1 && action.resource.kind === 'standardization') approveOne(scene, action, person)
      }
      if (scene.controller === undefined || !untidy()) return undefined
      askForTwo(scene)
      world.clock.after(4000, () => approveAll('token:ann'))
      world.clock.after(8000, () => write(scene, 'UPDATE leads SET email = lower(email)'))
      world.clock.after(14_000, untidy)
      world.clock.after(20_000, () => approveAll('token:bob'))
      return 'all addresses'
    },
  },
  {
    name: 'person rejects, and the owner asks for no approval of such any more',
    weight: 2,
    do: (scene) => {
      const { world, book, controller, random } = scene
      const one = oneOf(
        pendingOf(scene).filter(({ gate }) => gate.decision === 'approve' || gate.decision === 'approve-twice'),
        random,
      )
      if (controller === undefined || one === undefined) return undefined
      return asked(scene, () => {
        const { id } = one.action
        if (!controller.workspace.engine.reject({ actionId: id, actor: 'token:cy', reason: 'not now' }))
          return undefined
        book.rejected.set(id, 'token:cy')
        declare(scene, { ...world.declaration, low: 'auto', medium: 'auto', blastRows: 50 })
        return one.action.summary
      })
    },
  },
  {
    name: 'person rejects',
    weight: 2,
    do: (scene) => {
      const { book, controller, random } = scene
      const one = oneOf(
        pendingOf(scene).filter(({ gate }) => gate.decision === 'approve'),
        random,
      )
      const person = oneOf(people, random)
      if (controller === undefined || one === undefined || person === undefined) return undefined
      return asked(scene, () => {
        const { id } = one.action
        if (controller.workspace.engine.reject({ actionId: id, actor: person, reason: 'not now' }))
          book.rejected.set(id, person)
        return `${person} ${one.action.summary}`
      })
    },
  },
  {
    name: 'person undoes',
    weight: 3,
    sort: 'taking-back',
    do: (scene) => {
      const { controller, random } = scene
      if (controller === undefined) return undefined
      const done = controller.workspace.engine.ledger.records({ states: ['verified', 'succeeded'], limit: 30 })
      const record = oneOf(
        done.filter(({ action }) => action.cause !== 'undo'),
        random,
      )
      const person = oneOf(people, random)
      if (record === undefined || person === undefined) return undefined
      return takeBack(scene, record.action, person)
    },
  },
  {
    name: 'person suspends or resumes',
    weight: 2,
    do: (scene) => {
      const { controller, random } = scene
      if (controller === undefined) return undefined
      const status = oneOf(controller.workspace.engine.statuses.all(), random)
      if (status === undefined) return undefined
      const { key } = status.declared
      const name = keyText(key)
      return asked(scene, () => {
        if (controller.workspace.engine.ledger.suspended(key) !== undefined) {
          controller.port.resume({ resource: key, actor: 'token:ann' })
          return `resumes ${name}`
        }
        controller.port.suspend({ resource: key, actor: 'token:ann', reason: 'a pause' })
        return `suspends ${name}`
      })
    },
  },
  {
    name: 'person asks for a look',
    weight: 2,
    do: (scene) =>
      asked(scene, () => {
        scene.controller?.port.reconcile({ resource: undefined, actor: 'token:ann' })
        return 'at all'
      }),
  },
  {
    name: 'API changes a lead',
    weight: 6,
    do: (scene) => {
      const { world, book, controller, random } = scene
      const repository = controller?.leads.of('leads')
      const row = oneOf(
        world.agent.prepare<[], { id: string; full_name: string }>('SELECT id, full_name FROM leads ORDER BY id').all(),
        random,
      )
      if (repository === undefined || row === undefined) return undefined
      const value = Math.floor(random.next() * 1000)
      const edit = { side: 'local', by: 'API', name: row.full_name, field: 'score', value } as const
      book.unanswered.add(edit)
      const written = repository.update(row.id, { score: value }, { actor: 'token:ann', reason: 'call' })
      const answered = written.then(
        (result) => {
          book.unanswered.delete(edit)
          if (result.is === 'written' && !book.committed.has(edit)) book.edits.push(edit)
        },
        (error: unknown) => {
          if (error instanceof OperationalError) book.unanswered.delete(edit)
          throw error
        },
      )
      going(scene, 'API write', answered)
      return `${row.full_name} score = ${value}`
    },
  },
  {
    name: 'person has somebody erased',
    weight: 0.4,
    do: (scene) => {
      const { world, book, controller, random } = scene
      const repository = controller?.leads.of('leads')
      const row = oneOf(
        world.agent
          .prepare<[], { id: string; full_name: string; email: string | null }>(
            'SELECT id, full_name, email FROM leads ORDER BY id',
          )
          .all(),
        random,
      )
      if (repository === undefined || row?.email === undefined || row.email === null) return undefined
      const email = row.email.trim().toLowerCase()
      book.deleted.add(row.full_name)
      const erasing = repository.erase({ key: row.id, actor: 'token:ann', reason: 'asked for it', dryRun: false })
      going(
        scene,
        'erasure',
        erasing.then((outcome) => {
          if (outcome.is === 'erased') book.erased.add(email)
        }),
      )
      return row.full_name
    },
  },
]
