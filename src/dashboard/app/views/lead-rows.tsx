/** The rows themselves: only those that are seen are in the page, whatever the list holds. */
import { useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'
import { ask, messageOf } from '../api/client.ts'
import { type Column, type Row, rowsDocument, rowsShape } from '../api/records.ts'
import { type Condition, filterOf } from '../state/lead-filter.ts'
import { beat, noteAnswer, noteFailure } from '../state/live.ts'
import { address, setQuery } from '../state/route.ts'
import { createRowWindow, pageSize, type Start } from '../state/row-window.ts'
import { rowHeightPx, scaleOf } from '../state/scroll-scale.ts'
import type { KnownTable } from '../state/tables.ts'
import { Empty, Problem } from '../ui/parts.tsx'
import { counted, isEmpty, label, shown as shownText } from '../ui/text.ts'

/** Rows above and below what is seen, so that scrolling finds them there. */
const margin = 10
/** Who scrolls on within it is still on the way: what they pass is not asked for. */
const passingMs = 70

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
  const [scrolled, setScrolled] = useState(0)
  const [height, setHeight] = useState(600)
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [isLoaded, setLoaded] = useState(false)
  const [, redraw] = useReducer((times: number, _: undefined) => times + 1, 0)
  const names = shown.map(({ name }) => name).join(' ')
  const key = JSON.stringify([table.list, names, conditions, order, search])

  const columnsShown = useMemo(() => shown, [key])
  const rows = useMemo(() => {
    const document = rowsDocument(table, shown)
    const filter = filterOf(conditions, columns)
    const load = async (start: Start) => {
      try {
        const { page } = await ask(document, rowsShape, {
          first: pageSize,
          ...start,
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
    setScrolled(0)
    if (box.current !== null) box.current.scrollTop = 0
  }, [key])
  const total = rows.total()
  const scale = scaleOf(total, height - rowHeightPx)
  const first = scale.firstAt(scrolled)
  const from = Math.max(0, first - margin)
  const end = Math.min(total, first + Math.ceil(height / rowHeightPx) + margin)
  useEffect(() => {
    const show = () => {
      // What went wrong is shown by `load`; the next scroll or beat tries again.
      rows.show(from, Math.max(end, from + 1)).catch(noteFailure)
    }
    if (total === 0) {
      show()
      return undefined
    }
    const timer = setTimeout(show, passingMs)
    return () => clearTimeout(timer)
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

  const indexes = Array.from({ length: Math.max(0, end - from) }, (_, at) => from + at)
  const above = Math.max(0, scale.topOf(from, scrolled))
  const below = Math.max(0, scale.heightPx - above - indexes.length * rowHeightPx)
  return (
    <>
      <p aria-live="polite">{isLoaded ? counted(total, 'record') : 'Loading…'}</p>
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
        onScroll={(event) => setScrolled(event.currentTarget.scrollTop)}
      >
        <table aria-rowcount={total + 1} style={{ '--columns': String(shown.length) }}>
          <thead>
            <tr aria-rowindex={1}>
              {shown.map((column) => (
                <Heading key={column.name} column={column} order={order} />
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer heightPx={above} columns={shown.length} />
            {indexes.map((index) => (
              <ShownRow key={index} index={index} row={rows.at(index)} shown={columnsShown} />
            ))}
            <Spacer heightPx={below} columns={shown.length} />
          </tbody>
        </table>
      </section>
    </>
  )
}

/** Stands for rows that are not drawn. */
function Spacer({ heightPx, columns }: { heightPx: number; columns: number }) {
  if (heightPx === 0) return null
  return (
    <tr class="gap">
      <td colSpan={columns} class="spacer" style={{ height: `${heightPx}px` }} />
    </tr>
  )
}

/** Drawn anew only where it is another row, or has come: scrolling moves the others as they are. */
function ShownRow({ index, row, shown }: { index: number; row: Row | undefined; shown: readonly Column[] }) {
  return useMemo(
    () => (
      <tr aria-rowindex={index + 2}>
        <Cells row={row} shown={shown} />
      </tr>
    ),
    [index, row, shown],
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
