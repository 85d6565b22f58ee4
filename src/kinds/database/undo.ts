/** How a repair of a database would be taken back: exactly, from what its input says was there before. */
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { UndoPlan } from '../../engine/kind.ts'
import { stopFindings } from '../../targets/sqlite/users.ts'
import { draftOf, journalEvidence, type ModeChange, modeEvidence, type Order, orderOf } from './actions.ts'
import { type ApplyPorts, journalModeOf } from './apply.ts'
import { modeText } from './phrases.ts'
import { quarantineAt } from './quarantine.ts'
import { putBackFrom } from './recover.ts'

/** Reads the world, changes nothing. */
export async function planDatabaseUndo(ports: ApplyPorts, action: Action): Promise<UndoPlan> {
  const order = orderOf(action)
  const { name } = action.resource
  switch (order.verb) {
    case 'set-mode':
      return undoModes(ports, name, order.path, order.changes)
    case 'enable-wal':
      return undoJournal(ports, name, { verb: 'disable-wal', path: order.path }, 'wal', 'back to a rollback journal')
    case 'disable-wal':
      return undoJournal(ports, name, { verb: 'enable-wal', path: order.path }, 'delete', 'to WAL again')
    case 'create-database':
      return undoCreation(ports, name, order.path)
    case 'remove-database':
      return undoRemoval(ports, name, order.path)
    case 'salvage':
      return {
        is: 'by-hand',
        steps: `nothing of the database was changed; remove .trueup/quarantine/${order.quarantine} when it is not needed`,
      }
    case 'replace-damaged':
      return undoReplacement(ports, name, order.path, order.quarantine)
    case 'put-back':
      return { is: 'not-undoable', reason: 'the file is damaged, and its next look proposes a repair again' }
  }
}

/** The damaged file comes back as it was; what was written to the repaired one since goes with it into the quarantine. */
async function undoReplacement(ports: ApplyPorts, name: string, path: string, quarantine: string): Promise<UndoPlan> {
  const facts = await ports.files.facts(path)
  const back = facts === undefined ? undefined : putBackFrom(quarantineAt(ports.ownFolder, quarantine), facts)
  if (back === undefined) return { is: 'not-undoable', reason: `${path} is not the repaired file any more` }
  const draft = draftOf(
    name,
    { verb: 'put-back', path, quarantine },
    {
      summary: `Put the damaged file back at ${path}, and keep the repaired one in .trueup/quarantine/${quarantine}.`,
      risk: 'high',
      needsApproval: true,
      findings: stopFindings(ports.users.namesOf(name)),
      precondition: back.precondition,
      resolves: [],
      order: 0,
    },
  )
  return { is: 'undo', draft, conflicts: back.isWritten ? ['what was written since the repair'] : [] }
}

async function undoModes(
  ports: ApplyPorts,
  name: string,
  path: string,
  changes: readonly ModeChange[],
): Promise<UndoPlan> {
  const back: ModeChange[] = []
  const conflicts: string[] = []
  for (const change of changes) {
    const mode = await ports.files.modeOf(change.path)
    if (mode === change.to) back.push({ ...change, from: change.to, to: change.from })
    else if (mode !== undefined && mode !== change.from) conflicts.push(change.path)
  }
  if (back.length === 0) return { is: 'not-undoable', reason: 'no mode is as the action left it' }
  const steps = back.map((change) => `${change.path} back to ${modeText(change.to)}`)
  const draft = undoDraft(
    name,
    { verb: 'set-mode', path, changes: back },
    {
      summary: `Set the mode of ${steps.join(', ')}.`,
      risk: back.some((change) => (change.to & 0o077) !== 0) ? 'medium' : 'low',
      precondition: modeEvidence(back, ({ from }) => from),
    },
  )
  return { is: 'undo', draft, conflicts }
}

async function undoJournal(
  ports: ApplyPorts,
  name: string,
  order: Order,
  expected: string,
  how: string,
): Promise<UndoPlan> {
  const mode = await journalModeOf(ports, order.path)
  if (mode !== expected) return { is: 'not-undoable', reason: `the journal mode of ${order.path} is ${mode} now` }
  const draft = undoDraft(name, order, {
    summary: `Switch ${order.path} ${how}.`,
    risk: 'medium',
    precondition: journalEvidence(expected),
  })
  return { is: 'undo', draft, conflicts: [] }
}

async function undoCreation(ports: ApplyPorts, name: string, path: string): Promise<UndoPlan> {
  const mode = await journalModeOf(ports, path)
  if (mode === 'absent') return { is: 'not-undoable', reason: `${path} is gone already` }
  const view = await ports.databases.read(path)
  try {
    const things = view.db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get() ?? 0
    if (things > 0) return { is: 'not-undoable', reason: `${path} holds tables now; undo these first` }
  } finally {
    view.close()
  }
  const draft = undoDraft(
    name,
    { verb: 'remove-database', path },
    {
      summary: `Remove the empty database ${path}.`,
      risk: 'medium',
      precondition: journalEvidence(mode),
    },
  )
  return { is: 'undo', draft, conflicts: [] }
}

async function undoRemoval(ports: ApplyPorts, name: string, path: string): Promise<UndoPlan> {
  if ((await journalModeOf(ports, path)) !== 'absent') return { is: 'not-undoable', reason: `${path} is there again` }
  const draft = undoDraft(
    name,
    { verb: 'create-database', path },
    {
      summary: `Make the empty database ${path} again.`,
      risk: 'low',
      precondition: journalEvidence('absent'),
    },
  )
  return { is: 'undo', draft, conflicts: [] }
}

function undoDraft(
  name: string,
  order: Order,
  rest: Pick<ActionDraft, 'summary' | 'risk' | 'precondition'>,
): ActionDraft {
  return draftOf(name, order, { ...rest, resolves: [], order: 0 })
}
