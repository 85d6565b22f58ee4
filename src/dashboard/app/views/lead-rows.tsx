/** The rows themselves: only those that are seen are in the page, whatever the list holds. */
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { ask, messageOf } from '../api/client.ts'
import { type Column, type Row, rowsDocument, rowsShape } from '../api/records.ts'
import { type Condition, filterOf } from '../state/lead-filter.ts'
import { beat, noteAnswer, noteFailure } from '../state/live.ts'
import { address, setQuery } from '../state/route.ts'
import { createRowWindow, pageSize } from '../state/row-window.ts'
import type { KnownTable } from '../state/tables.ts'
import { Empty, Problem } from '../ui/parts.tsx'
import { count, counted, isEmpty, label, shown as shownText } from '../ui/text.ts'

const rowHeightPx = 36
/** Rows above and below what is seen, so that scrolling finds them there. */
const margin = 12
/** Browsers do not draw elements taller than some 16 million pixels. */
const rowsMax = 400_000

export interface LeadRowsProps {
  readonly known: KnownTable
  readonly shown: readonly Column[]
  readonly conditions: readonly Condition[]
  readonly order: { readonly field: string; readonly direction: 'ASC' | 'DESC' } | undefined
  readonly search: string
}

export function LeadRows({ known, shown, conditions, order, search }: LeadRowsProps) {
  const { table, columns } = known
  const box = useRef<HTMLElement>(null)
  const [first, setFirst] = useState(0)
  const [height, setHeight] = useState(600)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [isLoaded, setLoaded] = useState(false)
  const [, redraw] = useReducer((times: number, _: undefined) => times + 1, 0)
  const names = shown.map(({ name }) => name).join(' ')
  const key = JSON.stringify([table.list, names, conditions, order, search])

  const rows = useMemo(() => {
    const document = rowsDocument(table, shown)
    const filter = filterOf(conditions, columns)
    const load = async (after: string | null) => {
      try {
        const { page } = await ask(document, rowsShape, {
          first: pageSize,
          ...(after === null ? {} : { after }),
          ...(filter === undefined ? {} : { filter }),
          ...(order === undefined ? {} : { orderBy: order }),
          ...(search.trim() === '' ? {} : { search }),
        })
        noteAnswer()
        setProblem(undefined)
        return page
      } catch (error) {
        noteFailure(error)
        setProblem(messageOf(error))
        throw error
      } finally {
        setLoaded(true)
      }
    }
    return createRowWindow<Row>(load, () => redraw(undefined))
  }, [key])

  useEffect(() => {
    setLoaded(false)
    setFirst(0)
    if (box.current !== null) box.current.scrollTop = 0
  }, [key])
  const end = first + Math.ceil(height / rowHeightPx) + margin
  const from = Math.max(0, first - margin)
  useEffect(() => {
    // What went wrong is shown by `load`; the next scroll or beat tries again.
    rows.show(from, end).catch(noteFailure)
  }, [rows, from, end])
  useEffect(
    () =>
      beat.subscribe(() => {
        if (beat.peek() > 0) rows.refresh().catch(noteFailure)
      }),
    [rows],
  )
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const total = rows.total()
  const length = Math.min(rows.reachable(), rowsMax)
  const last = Math.min(end, length)
  const indexes = Array.from({ length: Math.max(0, last - from) }, (_, at) => from + at)
  return (
    <>
      <p aria-live="polite">
        {isLoaded ? counted(total, 'record') : 'Loading…'}
        {total > rowsMax &&
          ` (the first ${count(rowsMax)} can be scrolled to; filter, or turn the order round, for the others)`}
      </p>
      {problem !== undefined && (
        <Problem
          text={problem}
          again={() => {
            rows.refresh().catch(noteFailure)
          }}
        />
      )}
      {isLoaded && total === 0 && problem === undefined && (
        <Empty>
          {conditions.length > 0 || search !== ''
            ? 'Nothing matches. Take a filter away, or search for fewer words.'
            : 'There are no records yet.'}
        </Empty>
      )}
      <section
        class="list"
        ref={box}
        aria-label={label(table.list)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
        tabIndex={0}
        onScroll={(event) => setFirst(Math.floor(event.currentTarget.scrollTop / rowHeightPx))}
      >
        <table aria-rowcount={total + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {shown.map((column) => (
                <Heading key={column.name} column={column} order={order} />
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer rows={from} columns={shown.length} />
            {indexes.map((index) => (
              <tr key={index} aria-rowindex={index + 2}>
                <Cells row={rows.at(index)} shown={shown} />
              </tr>
            ))}
            <Spacer rows={Math.max(0, length - last)} columns={shown.length} />
          </tbody>
        </table>
      </section>
    </>
  )
}

/** Stands for rows that are not drawn. */
function Spacer({ rows, columns }: { rows: number; columns: number }) {
  if (rows === 0) return null
  return (
    <tr class="gap">
      <td colSpan={columns} class="spacer" style={{ height: `${rows * rowHeightPx}px` }} />
    </tr>
  )
}

function Cells({ row, shown }: { row: Row | undefined; shown: readonly Column[] }) {
  if (row === undefined) return <td colSpan={shown.length}>…</td>
  return (
    <>
      {shown.map(({ name }, at) => {
        const text = isEmpty(row[name]) ? '' : shownText(row[name])
        return (
          <td key={name} title={text}>
            {at === 0 ? <a href={address('leads', row.id)}>{text === '' ? '(no name)' : text}</a> : text}
          </td>
        )
      })}
    </>
  )
}

function Heading({ column, order }: { column: Column; order: LeadRowsProps['order'] }) {
  const mine = order?.field === column.name ? order.direction : undefined
  if (!column.sortable) return <th scope="col">{label(column.name)}</th>
  const next = mine === undefined ? `${column.name}:ASC` : mine === 'ASC' ? `${column.name}:DESC` : null
  return (
    <th scope="col" aria-sort={mine === undefined ? 'none' : mine === 'ASC' ? 'ascending' : 'descending'}>
      <button type="button" class="sort" onClick={() => setQuery({ order: next })}>
        {label(column.name)} {mine === undefined ? '' : mine === 'ASC' ? '▲' : '▼'}
      </button>
    </th>
  )
}
