/** The desired state: the file in an editor, and every generation of it with what changed between any two. */
import { useState } from 'preact/hooks'
import { ask } from '../api/client.ts'
import { type DesiredState, desiredState, type Generation, generations } from '../api/desired-state-shapes.ts'
import { documents } from '../api/documents.ts'
import { draft } from '../state/draft.ts'
import { useLive } from '../state/live.ts'
import { query, setQuery } from '../state/route.ts'
import { may, viewer } from '../state/viewer.ts'
import { Ago, Do, Empty, Live, Tag } from '../ui/parts.tsx'
import { Table } from '../ui/table.tsx'
import { moment } from '../ui/text.ts'
import { Difference } from './difference.tsx'
import { StateEditor } from './state-editor.tsx'

export function DesiredStateView() {
  const loaded = useLive('desired state', async () => {
    const [{ desiredState: file }, past] = await Promise.all([
      ask(documents.desiredState, desiredState),
      ask(documents.generations, generations),
    ])
    return { file, past: past.generations }
  })
  return (
    <>
      <h1>Desired state</h1>
      <Live of={loaded}>
        {({ file, past }) => (
          <>
            <p>
              Generation {file.generation} is in force, since {moment(file.acceptedAt)}.
              {file.problems.length > 0 &&
                ' The file as it is now has problems; it stays in force until they are mended.'}
            </p>
            {file.waiting !== null && (
              <p class="notice bad">
                A newer version waits for a person: {file.waiting}. <a href="/queue">To the queue</a>
              </p>
            )}
            <StateEditor file={file} lockedBecause={lockOf(file)} />
            <Generations newest={past.generations} hasMore={past.hasMore} file={file} />
          </>
        )}
      </Live>
    </>
  )
}

function lockOf({ textIsWhole }: DesiredState): string | undefined {
  if (!may('state.apply')) {
    return `The role ${viewer.value?.role ?? ''} reads the desired state and does not change it: that takes the right state.apply.`
  }
  return textIsWhole
    ? undefined
    : 'Something in the file is blacked out for you: what looks like a secret, or addresses of people that your role does not see. Saved from here it would be lost, so edit the file itself.'
}

interface GenerationsProps {
  readonly newest: readonly Generation[]
  readonly hasMore: boolean
  readonly file: DesiredState
}

/** What a generation is compared with besides other ones. */
const theFile = 'file'
const theDraft = 'draft'

function Generations({ newest, hasMore, file }: GenerationsProps) {
  const [older, setOlder] = useState<readonly Generation[]>([])
  const [isEnd, setEnd] = useState(!hasMore)
  const all = [...newest, ...older.filter(({ number }) => number < (newest.at(-1)?.number ?? 0))]
  const from = query.value.get('from')
  const to = query.value.get('to') ?? String(file.generation)
  const textOf = (which: string | null): string | undefined => {
    if (which === theFile) return file.text
    if (which === theDraft) return draft.value?.text
    return all.find(({ number }) => String(number) === which)?.text
  }
  const [before, after] = [textOf(from), textOf(to)]

  async function loadOlder() {
    const { generations: page } = await ask(documents.generations, generations, { before: all.at(-1)?.number })
    setOlder([...older, ...page.generations])
    setEnd(!page.hasMore)
    return undefined
  }

  return (
    <section aria-labelledby="generations">
      <h2 id="generations">Generations</h2>
      {all.length === 0 && <Empty>None is kept yet.</Empty>}
      {all.length > 0 && (
        <Table label="Generations" columns={['Number', 'Read', 'State']} hasActions>
          {all.map(({ number, at, state }, index) => (
            <tr key={number} class={String(number) === to && from !== null ? 'differs' : ''}>
              <th scope="row">{number}</th>
              <td>
                {moment(at)}{' '}
                <span class="quiet">
                  (<Ago at={at} />)
                </span>
              </td>
              <td>
                {number === file.generation ? <Tag word="in force" tone="converged" /> : <StateOf state={state} />}
              </td>
              <td>
                {all[index + 1] !== undefined && (
                  <button
                    type="button"
                    class="quiet link"
                    onClick={() => setQuery({ from: String(all[index + 1]?.number), to: String(number) })}
                  >
                    What it changed
                  </button>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {!isEnd && <Do work={loadOlder}>Older generations</Do>}
      <div class="toolbar">
        <Choice label="Compare" value={from ?? ''} all={all} onChoice={(value) => setQuery({ from: value })} />
        <Choice label="with" value={to} all={all} onChoice={(value) => setQuery({ to: value })} />
        {may('audit.read') && <a href="/audit">Who changed it: in the audit log</a>}
      </div>
      {before !== undefined && after !== undefined && (
        <Difference label={`From ${nameOf(from)} to ${nameOf(to)}`} before={before} after={after} />
      )}
    </section>
  )
}

function nameOf(which: string | null): string {
  if (which === theFile) return 'the file as it is now'
  return which === theDraft ? 'what you typed' : `generation ${which ?? ''}`
}

function StateOf({ state }: { state: string }) {
  if (state === 'WAITING') return <Tag word="waits for a person" tone="waiting" />
  return <Tag word={state === 'REJECTED' ? 'rejected' : 'earlier'} />
}

function Choice(options: {
  label: string
  value: string
  all: readonly Generation[]
  onChoice: (value: string) => void
}) {
  return (
    <label>
      {options.label}
      <select value={options.value} onChange={(event) => options.onChoice(event.currentTarget.value)}>
        <option value="">(choose)</option>
        <option value={theFile}>{nameOf(theFile)}</option>
        {draft.value !== undefined && <option value={theDraft}>{nameOf(theDraft)}</option>}
        {options.all.map(({ number }) => (
          <option key={number} value={String(number)}>
            {nameOf(String(number))}
          </option>
        ))}
      </select>
    </label>
  )
}
