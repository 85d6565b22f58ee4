/** Runs and their actions, newest first, with undo. */
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import { documents } from '../api/documents.ts'
import * as shapes from '../api/shapes.ts'
import { type Loaded, useLive } from '../state/live.ts'
import { query, setQuery } from '../state/route.ts'
import { type Run, runsOf } from '../state/runs.ts'
import { may } from '../state/viewer.ts'
import { ActionLink, Ago, Do, Empty, Live, ResourceLink, Tag } from '../ui/parts.tsx'
import { counted, keyText, moment, reversal, stateText } from '../ui/text.ts'
import { canBeUndone } from './action.tsx'
import { undoActions } from './undo.ts'

const pageSize = 50
const planned = ['planned', 'approved']
const carriedOut = ['intended', 'checkpointed', 'dispatched', 'succeeded', 'verified', 'failed', 'unknown', 'undone']
const choices: Readonly<Record<string, readonly string[]>> = {
  '': [...planned, ...carriedOut, 'rejected'],
  done: ['verified', 'succeeded'],
  waiting: planned,
  failed: ['failed', 'unknown'],
  undone: ['undone'],
  rejected: ['rejected'],
  overtaken: ['superseded'],
}
const choiceTexts: Readonly<Record<string, string>> = {
  '': 'what happened and what waits',
  overtaken: 'planned, then overtaken by a newer plan',
}

export function Timeline() {
  const run = query.value.get('run')
  const which = query.value.get('state') ?? ''
  const of = query.value.get('of') ?? ''
  const [kind = '', name = ''] = of.split('/')
  const state = choices[which]
  const by = { ...(state === undefined ? {} : { state }), ...(name === '' ? {} : { kind, name }) }
  const newest: Loaded<{ actions: readonly shapes.JournaledAction[] }> = useLive(
    `timeline ${run} ${which} ${of}`,
    () =>
      run === null ? ask(documents.timeline, shapes.actions, by) : ask(documents.run, shapes.actions, { runId: run }),
  )
  const declared = useLive('declared', () => ask(documents.declared, shapes.declared)).data?.resources ?? []
  const [older, setOlder] = useState<readonly shapes.JournaledAction[]>([])
  const [isEnd, setEnd] = useState(false)
  useEffect(() => {
    setOlder([])
    setEnd(false)
  }, [run, which, of])

  async function loadOlder(after: readonly shapes.JournaledAction[]) {
    const before = after.at(-1)?.id
    const { actions } = await ask(documents.timeline, shapes.actions, {
      before,
      ...by,
    })
    setOlder([...older, ...actions])
    setEnd(actions.length < pageSize)
    return undefined
  }

  return (
    <>
      <h1>Timeline</h1>
      <div class="toolbar">
        {run === null && (
          <label>
            Of
            <select value={of} onChange={(event) => setQuery({ of: event.currentTarget.value })}>
              <option value="">everything</option>
              {choicesOf(declared, of).map((one) => (
                <option key={one} value={one}>
                  {one.startsWith('rows/') ? `${one}: edits and merges by people` : one}
                </option>
              ))}
            </select>
          </label>
        )}
        {run === null ? (
          <label>
            Show
            <select value={which} onChange={(event) => setQuery({ state: event.currentTarget.value })}>
              {Object.keys(choices).map((name) => (
                <option key={name} value={name}>
                  {choiceTexts[name] ?? name}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <p>
            Only the run {run}. <a href="/timeline">All runs</a>
          </p>
        )}
      </div>
      <Live of={newest}>
        {({ actions }) => {
          const known = new Set(actions.map(({ id }) => id))
          const all = [...actions, ...older.filter(({ id }) => !known.has(id))]
          return (
            <>
              {all.length === 0 && <Empty>No actions here yet. They appear as soon as something is planned.</Empty>}
              {runsOf(all).map((one) => (
                <RunOf key={`${one.id} ${one.actions[0]?.id}`} run={one} />
              ))}
              {run === null && actions.length >= pageSize && !isEnd && (
                <Do work={() => loadOlder(all)}>Older actions</Do>
              )}
            </>
          )
        }}
      </Live>
    </>
  )
}

/** What is declared, the rows of its tables, and what the address asks for. */
function choicesOf(declared: readonly { kind: string; name: string }[], of: string): readonly string[] {
  const rows = declared.filter(({ kind }) => kind === 'table').map(({ name }) => `rows/${name}`)
  return [...new Set([...declared.map(keyText), ...rows, ...(of === '' ? [] : [of])])].sort()
}

function RunOf({ run }: { run: Run }) {
  const [first] = run.actions
  const { id } = run
  const isDone = run.actions.some(canBeUndone)
  return (
    <section class="run">
      <header>
        <h2>{id === null || first === undefined ? 'Not carried out' : <Ago at={first.changedAt} />}</h2>
        <span class="quiet">
          {first !== undefined && <time title={moment(first.changedAt)}>{moment(first.changedAt)}</time>},{' '}
          {counted(run.actions.length, 'action')}
          {id !== null && (
            <>
              {' '}
              in <a href={`/timeline?run=${encodeURIComponent(id)}`}>{id}</a>
            </>
          )}
        </span>
        {id !== null && isDone && run.actions.length > 1 && may('state.reconcile') && (
          <Do work={() => undoActions(id, `All that the run ${id} did: ${counted(run.actions.length, 'action')}.`)}>
            Undo the run
          </Do>
        )}
      </header>
      <ActionRows actions={run.actions} showResource />
    </section>
  )
}

/** Actions of the journal one below the other; also the history of a resource. */
export function ActionRows({
  actions,
  showResource,
}: {
  actions: readonly shapes.JournaledAction[]
  showResource: boolean
}) {
  return (
    <ul class="rows">
      {actions.map((action) => (
        <li key={action.id}>
          <Tag word={stateText(action.state)} tone={action.state} />
          <span class="grow">
            <ActionLink id={action.id}>{action.summary}</ActionLink>
            <small class="quiet">
              {' '}
              <Ago at={action.changedAt} />
              {showResource && (
                <>
                  {' '}
                  · <ResourceLink of={action.resource} />
                </>
              )}{' '}
              · {reversal(action.reversible)}
            </small>
          </span>
          {canBeUndone(action) && (
            <Do label={`Undo: ${action.summary}`} work={() => undoActions(action.id, action.summary)}>
              Undo
            </Do>
          )}
        </li>
      ))}
    </ul>
  )
}
