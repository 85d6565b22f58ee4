/** Small pieces that every view is made of. */
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { Action, Drift } from '../api/shapes.ts'
import { type Announcement, act } from '../state/announce.ts'
import { type Loaded, nowMs } from '../state/live.ts'
import { address } from '../state/route.ts'
import { Table } from './table.tsx'
import { ago, counted, isEmpty, keyText, moment, shown } from './text.ts'

/** One word with its colour; the word alone says it too. */
export function Tag({ word, tone }: { word: string; tone?: string }) {
  return <span class={`tag tone-${(tone ?? word).toLowerCase()}`}>{word.toLowerCase()}</span>
}

export function Ago({ at }: { at: string | null }) {
  if (at === null) return <span>never</span>
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at, nowMs.value)}
    </time>
  )
}

export function ResourceLink({ of }: { of: { kind: string; name: string } }) {
  return <a href={address('resources', of.kind, of.name)}>{keyText(of)}</a>
}

export function ActionLink({ id, children }: { id: string; children?: ComponentChildren }) {
  return <a href={address('actions', id)}>{children ?? <code>{id}</code>}</a>
}

/** A value; an empty one is told apart from a text. */
export function Value({ of }: { of: unknown }) {
  return <span class={isEmpty(of) ? 'value empty' : 'value'}>{shown(of)}</span>
}

/** A button that does something, and cannot be pressed twice while it does. */
export function Do(options: {
  work: () => Promise<Announcement | undefined>
  children: ComponentChildren
  tone?: 'main' | 'quiet' | 'danger'
  isDisabled?: boolean
  label?: string
}) {
  const [isBusy, setBusy] = useState(false)
  const underWay = useRef(false)
  const press = async () => {
    if (underWay.current) return
    underWay.current = true
    setBusy(true)
    await act(options.work)
    underWay.current = false
    setBusy(false)
  }
  return (
    <button
      type="button"
      class={options.tone ?? ''}
      // Not disabled while it works: who came by keyboard would be thrown back to the top of the page.
      disabled={options.isDisabled === true && !isBusy}
      aria-busy={isBusy}
      aria-label={options.label}
      onClick={() => void press()}
    >
      {options.children}
    </button>
  )
}

/** Shows data once it is there, what went wrong where it is not, and marks what is no longer fresh with its age. */
export function Live<Value>({ of, children }: { of: Loaded<Value>; children: (data: Value) => ComponentChildren }) {
  if (of.data === undefined) {
    return of.problem === undefined ? <p class="quiet">Loading…</p> : <Problem text={of.problem} again={of.reload} />
  }
  const isStale = of.problem !== undefined
  return (
    <>
      {isStale && (
        <Problem
          text={`${of.problem} What is shown is ${ago(new Date(of.loadedAtMs ?? 0).toISOString(), nowMs.value).replace(' ago', ' old')}.`}
          again={of.reload}
        />
      )}
      <div class={isStale ? 'stale' : ''}>{children(of.data)}</div>
    </>
  )
}

export function Problem({ text, again }: { text: string; again?: () => void }) {
  return (
    <div class="notice bad" role="alert">
      <p>{text}</p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  )
}

/** Nothing is there; says what to do next. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty-state">{children}</p>
}

/** As many say what it is about; the others are a press away, so that the buttons below stay in sight. */
const cellsShown = 6

/** The cells an action would change. */
export function Preview({ of }: { of: Action }) {
  if (of.preview.length === 0) return null
  const records = new Set(of.preview.map(({ key }) => key)).size
  const [first, others] = [of.preview.slice(0, cellsShown), of.preview.slice(cellsShown)]
  return (
    <>
      <Cells
        of={first}
        caption={
          records < of.affected.count
            ? `${counted(of.preview.length, 'cell')} as an example, of ${counted(of.affected.count, 'record')}`
            : `${counted(of.preview.length, 'cell')} of ${counted(records, 'record')}`
        }
      />
      {others.length > 0 && (
        <details>
          <summary>{counted(others.length, 'more cell')}</summary>
          <Cells of={others} />
        </details>
      )}
    </>
  )
}

function Cells({ of, caption }: { of: Action['preview']; caption?: string }) {
  return (
    <Table
      label={caption === undefined ? 'Before and after, the others' : 'Before and after'}
      columns={['Record', 'Field', 'Before', 'After']}
      {...(caption === undefined ? {} : { caption })}
    >
      {of.map(({ key, field, before, after }) => (
        <tr key={`${key} ${field}`}>
          <td class="key">{key}</td>
          <th scope="row">{field}</th>
          <td class="before">
            <Value of={before} />
          </td>
          <td class="after">
            <Value of={after} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

/** What is declared beside what is there. */
export function DriftTable({ drift, showResource }: { drift: readonly Drift[]; showResource: boolean }) {
  const columns = [
    'Severity',
    ...(showResource ? ['Resource'] : []),
    ...['What differs', 'Declared', 'Observed', 'Records'],
  ]
  return (
    <Table label="Drift" columns={columns}>
      {drift.map((one) => (
        <tr key={one.id}>
          <td>
            <Tag word={one.severity} />
          </td>
          {showResource && (
            <td>
              <ResourceLink of={one.resource} />
            </td>
          )}
          <th scope="row">
            {one.message}
            <small class="quiet">
              {' '}
              <code>{one.path}</code>
            </small>
            {one.byHand !== null && (
              <p>
                <b>To do:</b> {one.byHand}
              </p>
            )}
          </th>
          <td>{one.desired === null ? '' : <Value of={one.desired} />}</td>
          <td>{one.observed === null ? '' : <Value of={one.observed} />}</td>
          <td>{one.affected.count}</td>
        </tr>
      ))}
    </Table>
  )
}

/** A share as a bar with its number. */
export function Meter({ percent, target, label }: { percent: number; target?: number | null; label: string }) {
  const isLow = target !== undefined && target !== null && percent < target
  return (
    <span class={isLow ? 'meter low' : 'meter'}>
      <meter min={0} max={100} value={percent} aria-label={label} />
      <span>{Math.round(percent * 10) / 10} %</span>
      {target !== undefined && target !== null && (
        <small class="quiet"> of {Math.round(target * 10) / 10} % asked</small>
      )}
    </span>
  )
}
