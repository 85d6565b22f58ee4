/** Records of a declared table: search, filters, order, and as many rows as there are; one record by its own address. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import { conditionsOf, conditionText, operatorText } from '../state/lead-filter.ts'
import { useLive } from '../state/live.ts'
import { query, segments, setQuery } from '../state/route.ts'
import { type KnownTable, loadTable, typeOfId } from '../state/tables.ts'
import { may, viewer } from '../state/viewer.ts'
import { Empty, Live } from '../ui/parts.tsx'
import { label } from '../ui/text.ts'
import { LeadDetail } from './lead.tsx'
import { FilterForm } from './lead-filter-form.tsx'
import { LeadRows } from './lead-rows.tsx'

/** How many columns are shown where nobody chose. */
const columnsShown = 8
const typingMs = 350

export function Leads() {
  const id = segments.value[1]
  const type = id === undefined ? query.value.get('table') : typeOfId(id)
  if (!may('leads.read')) return <Empty>The role {viewer.value?.role} does not read leads.</Empty>
  return <OfTable type={type} id={id} key={`${type} ${id === undefined}`} />
}

function OfTable({ type, id }: { type: string | null; id: string | undefined }) {
  const loaded = useLive(`table ${type}`, () => loadTable(type))
  return (
    <Live of={loaded}>
      {(known) => {
        if (known === undefined) return <Empty>No table is declared. Add one to desired-state.yaml.</Empty>
        return id === undefined ? <List known={known} /> : <LeadDetail id={id} known={known} key={id} />
      }}
    </Live>
  )
}

function List({ known }: { known: KnownTable }) {
  const { table, tables, columns } = known
  const asked = query.value
  const chosen = asked.getAll('column')
  const shown = columns.filter(({ name, is }, at) =>
    chosen.length > 0 ? chosen.includes(name) : is !== 'json' && at < columnsShown,
  )
  const conditions = conditionsOf(asked.getAll('where'), columns)
  const texts = conditions.map(conditionText)
  const [field = '', direction = 'ASC'] = (asked.get('order') ?? '').split(':')
  const order = columns.some(({ name, sortable }) => sortable && name === field)
    ? { field, direction: direction === 'DESC' ? ('DESC' as const) : ('ASC' as const) }
    : undefined
  return (
    <>
      <h1>{label(table.list)}</h1>
      <div class="toolbar">
        {tables.length > 1 && (
          <label>
            Table
            <select
              value={table.type}
              onChange={(event) =>
                setQuery({ table: event.currentTarget.value, where: null, order: null, column: null })
              }
            >
              {tables.map((one) => (
                <option key={one.type} value={one.type}>
                  {label(one.list)}
                </option>
              ))}
            </select>
          </label>
        )}
        {table.searchable && <Search />}
        <FilterForm columns={columns} onAdd={(one) => setQuery({ where: [...texts, conditionText(one)] })} />
        <details class="picker">
          <summary>Columns</summary>
          <div>
            {columns.map(({ name }) => (
              <label class="check" key={name}>
                <input
                  type="checkbox"
                  checked={shown.some((one) => one.name === name)}
                  onChange={() => {
                    const now = shown.map((one) => one.name)
                    setQuery({ column: now.includes(name) ? now.filter((one) => one !== name) : [...now, name] })
                  }}
                />
                {label(name)}
              </label>
            ))}
          </div>
        </details>
      </div>
      {conditions.length > 0 && (
        <ul class="chips" aria-label="Filters">
          {conditions.map((one) => {
            const text = conditionText(one)
            const words = `${label(one.field)} ${operatorText(one.operator)} ${one.value}`.trim()
            return (
              <li key={text}>
                {words}{' '}
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Remove the filter: ${words}`}
                  onClick={() => setQuery({ where: texts.filter((other) => other !== text) })}
                >
                  ×
                </button>
              </li>
            )
          })}
        </ul>
      )}
      {may('state.apply') && (
        <p class="quiet">
          Is a field missing? <a href="/desired-state#add-field">Add a field…</a>
        </p>
      )}
      <LeadRows known={known} shown={shown} conditions={conditions} order={order} search={asked.get('search') ?? ''} />
    </>
  )
}

function Search() {
  const inAddress = query.value.get('search') ?? ''
  const [text, setText] = useState(inAddress)
  useEffect(() => setText(inAddress), [inAddress])
  const later = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    return (next: string) => {
      clearTimeout(timer)
      timer = setTimeout(() => setQuery({ search: next }), typingMs)
    }
  }, [])
  return (
    <label>
      Search
      <input
        type="search"
        value={text}
        placeholder={'words, prefix* or "phrases"'}
        onInput={(event) => {
          setText(event.currentTarget.value)
          later(event.currentTarget.value)
        }}
      />
    </label>
  )
}
